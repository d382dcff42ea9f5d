-- Calls of a desk about who is signed in. The door has verified what a card signed; here is judged whose card it is.

create function desk.begin_shift(p_certificate bytea, p_shift uuid, out challenge bytea, out expires_at timestamptz)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	caller text := internal.lock_desk(p_certificate);
	s centre.shift;
begin
	if p_shift is null then
		perform internal.refuse('BK005', 'invalid');
	end if;
	delete from centre.shift where desk = caller and signed_at is null and id <> p_shift; -- nobody signs these any more
	insert into centre.shift (id, desk, challenge, challenge_until)
		values (p_shift, caller, crypto.gen_random_bytes(32), clock_timestamp() + interval '2 minutes') on conflict do nothing;
	s := internal.own_shift(caller, p_shift);
	challenge := s.challenge;
	expires_at := s.challenge_until;
end $$;
comment on function desk.begin_shift is 'Gives the challenge that a staff card signs to sign in, 32 bytes, good for two minutes. What this desk began before and nobody
signed is void.';

create function desk.sign_in(p_certificate bytea, p_shift uuid, p_fingerprint bytea, p_challenge bytea, p_jws bytea,
	p_clerk text default null, out refusal text, out staff text, out name text, out role text, out ends_at timestamptz,
	out tries_left integer, out admitted_by text)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	caller text := internal.lock_desk(p_certificate);
	t timestamptz := clock_timestamp();
	s centre.shift := internal.own_shift(caller, p_shift);
	c centre.staff_certificate;
	signer centre.staff;
	clerk centre.staff;
begin
	if not coalesce(octet_length(p_fingerprint) = 32 and octet_length(p_challenge) = 32
		and octet_length(p_jws) between 1 and 65536, false) then
		perform internal.refuse('BK005', 'invalid');
	elsif s.ended_at is not null then
		perform internal.refuse('BK015', 'no_shift');
	elsif s.signed_at is not null and s.sign_in <> p_jws then
		perform internal.refuse('BK004', 'conflict');
	elsif s.signed_at is null then
		select * into c from centre.staff_certificate x where x.fingerprint = p_fingerprint;
		select * into signer from centre.staff f where f.number = c.staff;
		select * into clerk from centre.staff f where f.number = p_clerk;
		tries_left := internal.sign_in_tries(caller, signer.number);
		refusal := case
			when signer.number is null then 'staff_unknown'
			when signer.state <> 'active' then 'staff_suspended'
			when c.revoked or c.ends_at <= t then 'staff_revoked'
			when tries_left = 0 then 'staff_locked'
			when p_challenge <> s.challenge or t >= s.challenge_until then 'sign_in_invalid'
			when p_clerk is null then null
			when signer.role <> 'supervisor' then 'not_supervisor'
			when clerk.number is null or clerk.role = 'auditor' or clerk.number = signer.number then 'clerk_unknown'
			when clerk.state <> 'active' then 'staff_suspended'
		end;
		if p_challenge <> s.challenge and refusal = 'sign_in_invalid' then
			tries_left := internal.sign_in_failed(p_shift, caller, signer.number);
		end if;
		if refusal is not null then
			if signer.number is null then
				tries_left := null;
			end if;
			return;
		end if;
		perform internal.end_shifts(array(select x.id from centre.shift x
			where x.desk = caller and x.signed_at is not null and x.ended_at is null));
		update centre.shift x set staff = coalesce(p_clerk, signer.number), role = case when p_clerk is null then signer.role else 'clerk' end,
			fingerprint = p_fingerprint, sign_in = p_jws, signed_at = t,
			ends_at = t + make_interval(hours => internal.setting('shift_hours')),
			admitted_by = case when p_clerk is not null then signer.number end,
			admitted_role = case when p_clerk is not null then signer.role end, admission = case when p_clerk is not null then p_jws end
			where x.id = p_shift returning x.* into s;
		delete from centre.sign_in_failure x where x.desk = caller and (x.staff = signer.number or signer.role = 'supervisor');
	end if;
	staff := s.staff;
	select f.name into name from centre.staff f where f.number = s.staff;
	role := s.role;
	ends_at := s.ends_at;
	tries_left := internal.sign_in_tries(caller, s.staff);
	admitted_by := s.admitted_by;
end $$;
comment on function desk.sign_in is 'Signs in whose card signed the challenge of begin_shift; with p_clerk, the supervisor whose card it is admits that clerk, who
forgot theirs. Ends the shift before at this desk. p_jws is kept as proof. refusal: staff_unknown (no such card), staff_suspended, staff_revoked
(the card was, or another followed), staff_locked (wrong sign-ins at this desk; a supervisor''s sign-in here ends that), sign_in_invalid (another
challenge, which counts as a wrong one, or too late), not_supervisor (who admits), clerk_unknown. tries_left is null for a card that nobody knows.
An auditor signs in and opens nothing. Who is admitted works as a clerk.';

create function desk.sign_in_failed(p_certificate bytea, p_shift uuid, p_failure uuid, p_fingerprint bytea,
	out refusal text, out tries_left integer)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	caller text := internal.lock_desk(p_certificate);
	who text;
	f centre.sign_in_failure;
begin
	if not coalesce(p_failure is not null and octet_length(p_fingerprint) = 32, false) then
		perform internal.refuse('BK005', 'invalid');
	end if;
	perform internal.own_shift(caller, p_shift);
	select c.staff into who from centre.staff_certificate c where c.fingerprint = p_fingerprint;
	select * into f from centre.sign_in_failure x where x.id = p_failure;
	if who is null then
		refusal := 'staff_unknown';
		return;
	elsif (f.desk, f.staff) <> (caller, who) then
		perform internal.refuse('BK004', 'conflict');
	end if;
	tries_left := internal.sign_in_failed(p_failure, caller, who);
	refusal := case when tries_left = 0 then 'staff_locked' end;
end $$;
comment on function desk.sign_in_failed is 'Counts a wrong PIN or a signature that does not hold, once for each p_failure. refusal: staff_unknown, staff_locked.';

create function desk.end_shift(p_certificate bytea, p_shift uuid) returns void
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
	caller text := internal.lock_desk(p_certificate);
begin
	perform internal.own_shift(caller, p_shift);
	perform internal.end_shifts(array[p_shift]);
end $$;
comment on function desk.end_shift is 'Signs out. One that has ended stays as it is.';
