-- What a registrar did for those who sign in. All is said in the transaction that ends the job.

create function registrar.try_compared(p_try uuid, p_outcome text) returns void
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
	d centre.desk_try;
begin
	update centre.desk_try set state = p_outcome, value = null, sealed_pin = null where id = p_try and state = 'queued' returning * into d;
	if not found then
		return;
	end if;
	-- The key before the try, as whoever settles it at the same time locks them.
	perform from centre.key k where k.register = (select x.key from centre.sign_in_try x where x.id = p_try) for no key update;
	update centre.sign_in_try set enrolment = d.enrolment where id = p_try and state = 'code';
	perform internal.tell_desk(d.enrolment, 'try');
	perform login.settle(p_try);
end $$;
comment on function registrar.try_compared is 'What login.pin said of a desk''s try: code or no; or failed, when its PIN cannot be read.';

create function registrar.sign_in_code_ready(p_code uuid, p_key bytea, p_mac bytea) returns boolean
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
	if not coalesce(octet_length(p_key) >= 16 and octet_length(p_mac) = 32, false) then
		perform internal.refuse('BK005', 'invalid');
	end if;
	update centre.sign_in_code c set mac_key = coalesce(c.mac_key, p_key), mac = case when c.mac_key is null then p_mac else c.mac end
		where c.id = p_code and c.used_at is null;
	return found;
end $$;
comment on function registrar.sign_in_code_ready is 'As registrar.code_ready, of a code to sign in with.';

create function registrar.rehash(p_rehash uuid, p_version integer, out register bigint, out version integer)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	h centre.pin_rehash;
	k centre.key;
begin
	delete from centre.pin_rehash where id = p_rehash returning * into h;
	select * into k from centre.key x where x.register = h.key for no key update;
	if h.version = p_version and k.version = p_version and k.state = 'active' then
		perform internal.change_key(k.register, 'rehash', p_set => jsonb_build_object('pin_hash', h.pin_hash));
		select x.register, x.version into register, version from centre.key x where x.register = k.register;
	end if;
end $$;
comment on function registrar.rehash is 'Puts the new hash of a PIN in place of the old one. The record of the version that it returns follows in the same transaction; null when the
key was changed meanwhile.';
