-- Cases that a supervisor decides, and the signed record of a key. All is said in the transaction that ends the job.

create function registrar.wait_for_approval(p_enrolment uuid, p_reasons text[], p_level text, p_checks jsonb, out outcome text)
	language plpgsql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
	e centre.enrolment;
begin
	select * into e from centre.enrolment where id = p_enrolment for no key update;
	if e.state = 'waiting' then
		outcome := 'waiting';
		return;
	elsif e.state = 'refused' and e.refusal in ('already_active', 'contact_taken', 'waiting_case', 'key_changed') then
		outcome := e.refusal;
		return;
	elsif e.state is distinct from 'pending' then
		perform internal.refuse('BK009', 'wrong_state');
	end if;
	outcome := internal.in_the_way(e);
	if outcome is null then
		begin
			update centre.enrolment set state = 'waiting',
				expires_at = clock_timestamp() + make_interval(hours => internal.setting('approval_hours')) where id = p_enrolment;
			insert into centre.approval (enrolment, reasons, level, checks) values (p_enrolment, p_reasons, p_level, p_checks);
		exception when unique_violation then -- of the same person, at the same moment
			outcome := 'waiting_case';
		end;
	end if;
	if outcome is not null then
		perform internal.end_enrolment(p_enrolment, 'refused', outcome);
		return;
	end if;
	outcome := 'waiting';
	perform internal.tell_desk(p_enrolment, 'key');
	perform internal.tell_supervisors();
end $$;
comment on function registrar.wait_for_approval is 'The evidence was verified, and a supervisor decides. p_reasons: of typed, revocation, extension, photo, level, doubt, renewal; the desk is
told none. p_level, and p_checks, an array, are what a supervisor is shown. The case waits approval_hours and keeps its evidence; nobody else gets its person or contacts
meanwhile. outcome: waiting (also when called again); already_active, contact_taken, waiting_case (the person''s, elsewhere), key_changed: then it was refused.';

create function registrar.reopen(p_enrolment uuid) returns void
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
	perform from centre.enrolment e where e.id = p_enrolment and e.state = 'waiting' for no key update;
	if not found then
		perform internal.refuse('BK009', 'wrong_state');
	end if;
	update centre.approval set shift = null, leased_until = null, jws = null, decided_at = null, decided_by = null, decided_role = null
		where enrolment = p_enrolment;
	perform internal.tell_supervisors();
end $$;
comment on function registrar.reopen is 'What was handed over as a supervisor''s decision is none, or could not be judged: the case waits again.';

create function registrar.decline(p_enrolment uuid, p_reason text) returns void
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
	e centre.enrolment;
begin
	select * into e from centre.enrolment where id = p_enrolment for no key update;
	if e.state = 'refused' and e.refusal = 'declined' then
		return;
	end if;
	update centre.approval set decision = 'refused', reason = p_reason where enrolment = p_enrolment and jws is not null;
	if not found or e.state <> 'waiting' then
		perform internal.refuse('BK009', 'wrong_state');
	end if;
	perform internal.end_enrolment(p_enrolment, 'refused', 'declined');
end $$;
comment on function registrar.decline is 'A supervisor refused the case: not_the_person, document_doubtful, not_eligible, under_pressure or other. The desk hears
declined, and no reason.';

create function registrar.record(p_register bigint, p_version integer, p_record bytea) returns void
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
	insert into centre.key_record (key, version, record)
		select k.register, k.version, p_record from centre.key k where k.register = p_register and k.version = p_version
		on conflict do nothing;
	if not found and not exists (select from centre.key_record r where r.key = p_register and r.version = p_version) then
		perform internal.refuse('BK009', 'wrong_state');
	end if;
end $$;
comment on function registrar.record is 'The signed record of a version of a key, in the transaction that made the version. The first one stays.';
