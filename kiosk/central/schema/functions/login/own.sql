-- What holders see of their own key on the web, and do with it. All of it is BK019 where nobody is signed in by p_try, see
-- login.holder. Each change is told to the holder as one at a desk is, and ends the sign-in. p_id is the caller's, so that each may be repeated.

create function login.own_key(p_try uuid) returns jsonb
	language plpgsql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
	x centre.sign_in_try := internal.signed_in(p_try);
begin
	return (select jsonb_build_object('state', k.state, 'level', k.level, 'valid_until', k.valid_until,
			'contacts', (select coalesce(jsonb_agg(jsonb_build_object('channel', c.channel, 'masked', internal.masked(c.channel, c.value)) order by c.channel desc), '[]')
				from centre.key_contact c where c.key = k.register),
			'last', (select jsonb_strip_nulls(jsonb_build_object('at', s.last_success_at, 'channel', s.last_channel, 'failed_at', s.last_failure_at))
				from centre.sign_in s where s.key = k.register),
			'history', (select coalesce(jsonb_agg(jsonb_build_object('at', v.at, 'to_state', v.to_state, 'cause', coalesce(v.cause,
					case when v.from_state is null then 'enrol' else 'expire' end), 'reason', v.reason, 'desk', v.desk) order by v.id desc), '[]')
				from (select * from centre.key_event y where y.key = k.register order by y.id desc limit 50) v))
		from centre.key k where k.register = x.key);
end $$;
comment on function login.own_key is 'The key of who is signed in: {state, level, valid_until, contacts: [{channel, masked}], last: {at, channel, failed_at}, history: [{at, to_state, cause,
reason, desk}]}, the newest event first, 50 at most; desk is null of what was done on the web, or by the centre.';

create function login.stored(p_try uuid) returns jsonb
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
	x centre.sign_in_try := internal.signed_in(p_try);
begin
	return internal.stored(x.key);
end $$;
comment on function login.stored is 'What is stored about who is signed in, as desk.stored.';

create function login.freeze(p_try uuid, p_id uuid, p_reason text default 'request', out state text)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
	x centre.sign_in_try;
begin
	if not exists (select from centre.reason r where (r.cause, r.reason) = ('suspend', p_reason)) then
		perform internal.refuse('BK005', 'invalid');
	end if;
	x := internal.own_act(p_try, p_id, 'freeze', false);
	if x.id is not null then
		perform internal.change_key(x.key, 'suspend', p_reason);
	end if;
	state := internal.acted_on(p_id);
end $$;
comment on function login.freeze is 'Suspends the key at once. p_reason: of the list of cause suspend. state: what the key is now.';

create function login.end_key(p_try uuid, p_id uuid, out state text)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
	x centre.sign_in_try := internal.own_act(p_try, p_id, 'end', true);
begin
	if x.id is not null then
		perform internal.change_key(x.key, 'cancel', 'request');
	end if;
	state := internal.acted_on(p_id);
end $$;
comment on function login.end_key is 'Ends the key for good; the sign-in is not older than login_fresh_seconds. state: what the key is now.';

create function login.new_pin(p_try uuid, out subject text, out memory integer, out passes integer, out lanes integer)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
	x centre.sign_in_try := internal.signed_in(p_try, true);
begin
	subject := internal.pin_subject_of(x.key);
	memory := internal.setting('pin_hash_memory_kib'); passes := internal.setting('pin_hash_passes'); lanes := internal.setting('pin_hash_lanes');
end $$;
comment on function login.new_pin is 'With what another PIN is hashed, as login.begin tells it of the PIN that there is; the sign-in is not older than login_fresh_seconds.';

create function login.change_pin(p_try uuid, p_id uuid, p_salt bytea, p_memory integer, p_passes integer, p_lanes integer, p_output bytea, out refusal text)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	x centre.sign_in_try;
begin
	if not coalesce(octet_length(p_salt) = 16 and octet_length(p_output) = 32, false) or (p_memory, p_passes, p_lanes) is distinct from
			(internal.setting('pin_hash_memory_kib'), internal.setting('pin_hash_passes'), internal.setting('pin_hash_lanes')) then
		perform internal.refuse('BK005', 'invalid');
	elsif exists (select from centre.own_act a join centre.sign_in_try y on y.key = a.key where y.id = p_try and a.state = 'queued' and a.id <> p_id) then
		refusal := 'waiting';
		return;
	end if;
	x := internal.own_act(p_try, p_id, 'pin', true);
	if x.id is not null then
		update centre.own_act set pin_hash = internal.pin_text(p_memory, p_passes, p_lanes, p_salt, p_output) where id = p_id;
		perform internal.enqueue('own_act', null, null, null, p_id);
	end if;
end $$;
comment on function login.change_pin is 'Another PIN, hashed under subject and cost of login.new_pin with a salt of the caller''s (16 bytes). A registrar signs the record that
goes with it; until then the old one holds, see login.change_state. refusal: waiting (another change of this key is not done yet).';

create function login.change_state(p_id uuid) returns text
	language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
	return (select case when a.state = 'queued' and exists (select from centre.job j where j.about = a.id and j.state = 'failed') then 'failed' else a.state end
		from centre.own_act a where a.id = p_id);
end $$;
comment on function login.change_state is 'How far change_pin or activate is: queued, done or failed (the key was changed meanwhile, or a contact is another''s by now); null: there was none.';
