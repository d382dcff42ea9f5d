-- Calls of a desk about cases that wait for a supervisor, who is signed in there with their own card.

create function desk.cases(p_certificate bytea, p_shift uuid, out enrolment uuid, out opened_at timestamptz, out desk text,
	out staff text, out name text, out reasons text[], out leased_to text)
	returns setof record
	language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	s centre.shift := internal.live_shift(internal.desk_of(p_certificate), p_shift, '{supervisor}');
begin
	return query select e.id, a.opened_at, e.desk, f.number, f.name, a.reasons, l.staff
		from centre.enrolment e join centre.approval a on a.enrolment = e.id
			left join centre.shift o on o.id = e.shift
			left join centre.staff f on f.number = o.staff
			left join centre.shift l on l.id = a.shift and a.leased_until > clock_timestamp()
		where e.state = 'waiting' and a.jws is null and e.expires_at > clock_timestamp() and not internal.own_case(e.shift, s.staff)
		order by a.opened_at limit 100;
end $$;
comment on function desk.cases is 'Cases that wait for a supervisor and that this one may decide, the oldest first, 100 at most. leased_to is the number of who
looks at it now.';

create function desk.take_case(p_certificate bytea, p_shift uuid, p_enrolment uuid, out refusal text, out jws bytea, out level text, out checks jsonb,
	out reasons text[], out opened_at timestamptz, out desk text, out staff text, out name text, out leased_until timestamptz)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	s centre.shift := internal.live_shift(internal.lock_desk(p_certificate), p_shift, '{supervisor}');
	e centre.enrolment;
	a centre.approval;
begin
	select * into e from centre.enrolment x where x.id = p_enrolment for no key update;
	select * into a from centre.approval x where x.enrolment = p_enrolment for no key update;
	refusal := internal.case_refusal(e, a, s);
	if refusal is null and a.shift <> p_shift and a.leased_until > clock_timestamp() then
		refusal := 'leased';
	end if;
	if refusal is not null then
		return;
	end if;
	leased_until := clock_timestamp() + make_interval(secs => internal.setting('approval_lease_seconds'));
	update centre.approval x set shift = p_shift, leased_until = take_case.leased_until where x.enrolment = p_enrolment;
	select v.jws, a.level, a.checks, a.reasons, a.opened_at, e.desk into jws, level, checks, reasons, opened_at, desk
		from centre.evidence v where v.enrolment = p_enrolment;
	select f.number, f.name into staff, name from centre.shift o join centre.staff f on f.number = o.staff where o.id = e.shift;
end $$;
comment on function desk.take_case is 'Takes a case for approval_lease_seconds, and anew when it is repeated: jws is what desk and card signed, level and checks what the
registrar found. refusal: gone (decided, ended, or there never was one), own_case (who opened it, or admitted who did), leased (another looks at it).';

create function desk.release_case(p_certificate bytea, p_shift uuid, p_enrolment uuid) returns void
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
	perform internal.own_shift(internal.lock_desk(p_certificate), p_shift);
	update centre.approval set shift = null, leased_until = null where enrolment = p_enrolment and shift = p_shift and jws is null;
end $$;
comment on function desk.release_case is 'Gives a case back. One that is not this shift''s stays as it is.';

create function desk.decide(p_certificate bytea, p_shift uuid, p_enrolment uuid, p_fingerprint bytea, p_jws bytea,
	out refusal text)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	s centre.shift := internal.live_shift(internal.lock_desk(p_certificate), p_shift, '{supervisor}');
	e centre.enrolment;
	a centre.approval;
begin
	if not coalesce(octet_length(p_jws) between 1 and 65536, false) then
		perform internal.refuse('BK005', 'invalid');
	end if;
	select * into e from centre.enrolment x where x.id = p_enrolment for no key update;
	select * into a from centre.approval x where x.enrolment = p_enrolment for no key update;
	if a.jws = p_jws and a.shift = p_shift then
		return;
	end if;
	refusal := internal.case_refusal(e, a, s);
	if refusal is null and a.shift is distinct from p_shift then
		refusal := 'leased';
	elsif refusal is null and p_fingerprint is distinct from s.fingerprint then
		refusal := 'decision_invalid';
	end if;
	if refusal is not null then
		return;
	end if;
	update centre.approval x set jws = p_jws, decided_at = clock_timestamp(), decided_by = s.staff, decided_role = internal.shift_role(s)
		where x.enrolment = p_enrolment;
	perform internal.enqueue('decide', p_enrolment);
	perform internal.tell_supervisors();
end $$;
comment on function desk.decide is 'Hands over what a supervisor signed about a case that they took; a registrar verifies it, and all the evidence once more. Also when
the lease has ended, unless another has taken the case. p_fingerprint is of the card that the door saw to have
signed it. refusal: as take_case; leased: it is not this shift''s; decision_invalid: another card signed it than signed in.';

create function desk.case_status(p_certificate bytea, p_shift uuid, p_enrolment uuid,
	out state text, out refusal text, out register bigint, out record bytea)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	s centre.shift := internal.live_shift(internal.desk_of(p_certificate), p_shift, '{supervisor}');
	e centre.enrolment;
	a centre.approval;
begin
	select * into a from centre.approval x where x.enrolment = p_enrolment;
	select * into e from centre.enrolment x where x.id = a.enrolment;
	if not found then
		perform internal.refuse('BK001', 'unknown_enrolment');
	end if;
	state := case
		when e.state = 'waiting' and a.jws is not null then 'deciding'
		when e.state = 'active' or internal.standing(e) = 'waiting' then e.state
		else 'refused'
	end;
	refusal := case when state = 'refused' then coalesce(e.refusal, 'expired') end;
	if state = 'active' then
		perform internal.kept();
	end if;
	register := e.key;
	record := internal.active_record(e.key);
end $$;
comment on function desk.case_status is 'What became of a case: waiting, deciding (a registrar verifies the decision), active (register is the key''s number, record
as enrolment_status tells it), refused.';
