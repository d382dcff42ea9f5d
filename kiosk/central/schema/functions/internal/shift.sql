-- Who is signed in at a desk.

create function internal.own_shift(p_desk text, p_shift uuid) returns centre.shift
	language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
	s centre.shift;
begin
	select * into s from centre.shift where id = p_shift and desk = p_desk;
	if not found then
		perform internal.refuse('BK015', 'no_shift');
	end if;
	return s;
end $$;

-- Whether nobody of a shift was suspended and its card was not revoked. An enrolment without a shift has nobody.
create function internal.shift_stands(p_shift uuid) returns boolean
	language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
	return not exists (select from centre.shift s join centre.staff_certificate c on c.fingerprint = s.fingerprint
		join centre.staff f on f.number in (s.staff, s.admitted_by) where s.id = p_shift and (f.state <> 'active' or c.revoked));
end $$;

-- Who was admitted without their card works as a clerk, whatever else they are.
create function internal.shift_role(p_shift centre.shift) returns text
	language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
	return (select case when p_shift.admitted_by is null then f.role else 'clerk' end from centre.staff f where f.number = p_shift.staff);
end $$;

-- The shift under which something new may begin at a desk, of one of these roles.
create function internal.live_shift(p_desk text, p_shift uuid, p_roles text[]) returns centre.shift
	language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
	s centre.shift := internal.own_shift(p_desk, p_shift);
	t timestamptz := clock_timestamp();
begin
	if s.signed_at is null or s.ended_at is not null or t >= s.ends_at or not internal.shift_stands(p_shift)
		or exists (select from centre.staff_certificate c where c.fingerprint = s.fingerprint and c.ends_at <= t) then
		perform internal.refuse('BK015', 'no_shift');
	elsif internal.shift_role(s) <> all (p_roles) then
		perform internal.refuse('BK016', 'not_allowed');
	end if;
	return s;
end $$;

-- Ends shifts before their time, if they have not ended. What they were looking at is free.
create function internal.end_shifts(p_shifts uuid[]) returns void
	language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
	update centre.shift set ended_at = clock_timestamp() where id = any (p_shifts) and ended_at is null;
	update centre.approval set shift = null, leased_until = null where shift = any (p_shifts) and jws is null;
end $$;

create function internal.sign_in_tries(p_desk text, p_staff text) returns integer
	language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
	return (select greatest(internal.setting('sign_in_tries') - count(*), 0)::integer from centre.sign_in_failure
		where desk = p_desk and staff = p_staff);
end $$;

-- Counts a wrong sign-in and returns how many tries are left.
create function internal.sign_in_failed(p_failure uuid, p_desk text, p_staff text) returns integer
	language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
	if internal.sign_in_tries(p_desk, p_staff) > 0 then -- or nobody could fill a disk with more
		insert into centre.sign_in_failure (id, desk, staff) values (p_failure, p_desk, p_staff) on conflict do nothing;
	end if;
	return internal.sign_in_tries(p_desk, p_staff);
end $$;

-- Suspends a member of staff or, with a fingerprint, revokes one card: what was opened under it ends, and the desks are told.
create function internal.cut_off(p_staff text, p_fingerprint bytea default null) returns void
	language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
	theirs uuid[];
begin
	-- As calls of desks do, the desks first.
	perform from centre.desk d where d.name in (select s.desk from centre.shift s where s.ended_at is null
		and (p_staff in (s.staff, s.admitted_by) or s.fingerprint = p_fingerprint)) order by d.name for no key update;
	perform from centre.staff f where f.number = p_staff for no key update;
	if p_fingerprint is null then
		update centre.staff set state = 'suspended' where number = p_staff;
	else
		update centre.staff_certificate set revoked = true where fingerprint = p_fingerprint and staff = p_staff;
	end if;
	theirs := array(select s.id from centre.shift s where case when p_fingerprint is null
		then p_staff in (s.staff, s.admitted_by) else s.fingerprint = p_fingerprint end);
	perform internal.end_enrolment(e.id, 'abandoned', 'staff_suspended') from centre.enrolment e
		where e.state = 'open' and e.shift = any (theirs);
	perform pg_notify('desk_events', json_build_object('desk', s.desk, 'kind', 'shift')::text) from centre.shift s
		where s.id = any (theirs) and s.ended_at is null;
	perform internal.end_shifts(theirs);
end $$;

-- Tells every desk at which a supervisor is signed in that the waiting cases are others than before.
create function internal.tell_supervisors() returns void
	language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
	perform pg_notify('desk_events', json_build_object('desk', s.desk, 'kind', 'case')::text) from centre.shift s
		where s.signed_at is not null and s.ended_at is null and s.ends_at > clock_timestamp()
			and internal.shift_role(s) = 'supervisor';
end $$;
