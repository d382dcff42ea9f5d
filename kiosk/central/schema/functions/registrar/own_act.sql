create function registrar.own_act(p_act uuid, p_version integer, p_channel text, p_value text, p_proven_at timestamptz,
	out register bigint, out version integer)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	a centre.own_act;
	k centre.key;
	x centre.sign_in_try;
begin
	-- The key before the rest, as whoever changes it at the same time locks them.
	perform from centre.key y where y.register = (select o.key from centre.own_act o where o.id = p_act) for no key update;
	select * into a from centre.own_act where id = p_act and state = 'queued' for update;
	select * into k from centre.key y where y.register = a.key;
	begin -- an exception takes back all of this block
		if k.version = p_version and a.version = p_version and a.kind = 'pin' and k.state in ('active', 'locked') then
			perform internal.change_key(k.register, 'pin', 'request', p_set => jsonb_build_object('pin_hash', a.pin_hash));
			register := k.register;
		elsif k.version = p_version and a.version = p_version and a.kind = 'activate' and k.state = 'pending' then
			select * into x from centre.sign_in_try where id = a.try;
			if exists (select from centre.activation v where v.id = x.activation and v.ended_at is null
				and (v.channel = p_channel and v.value = p_value or v.channel = 'letter' and exists (select from centre.sign_in_code c
					where c.id = x.contact and c.used_at is not null and (c.channel, c.value) = (p_channel, p_value)))) then
				perform internal.change_key(k.register, 'activate', 'request');
				perform internal.end_activation(k.register, x.activation);
				insert into centre.key_contact (key, channel, value, proof, proven_at) values (k.register, p_channel, p_value, p_act, p_proven_at);
				perform internal.notify(k.register, null, 'welcome');
				register := k.register;
			end if;
		end if;
	exception when unique_violation then -- the contact is another's by now
		register := null;
	end;
	version := (select y.version from centre.key y where y.register = own_act.register);
	update centre.own_act set state = case when own_act.register is null then 'failed' else 'done' end, pin_hash = null, code = null, contact_code = null
		where id = a.id;
end $$;
comment on function registrar.own_act is 'Does what a holder asked for on the web: another PIN, or the activation of a key whose contact is then p_channel and p_value, proven at
p_proven_at by what p_act, which becomes its proof, stood for. The record of the version that it returns follows in the same transaction; null when the key was changed meanwhile, or
the contact is another''s by now.';
