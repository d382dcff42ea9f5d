-- From verified evidence to a key.

create function registrar.activate(p_enrolment uuid, p_person jsonb, p_pin_hash text, p_level text, p_evidence jsonb,
	p_valid_until date, p_kept bytea, out outcome text, out register bigint)
	language plpgsql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
#variable_conflict use_column
declare
	e centre.enrolment;
	a centre.approval;
	p centre.person;
	tax text := nullif(p_person ->> 'tax_number', '');
	proven text;
	violated text;
begin
	-- As calls of the desk do, the desk first: whoever suspends it waits for this key, or this waits for them.
	perform from centre.desk d where d.name = (select x.desk from centre.enrolment x where x.id = p_enrolment) for no key update;
	-- Then the staff, for the same reason, and the enrolment.
	perform from centre.staff f where f.number in (
			select unnest(array[s.staff, s.admitted_by]) from centre.enrolment x join centre.shift s on s.id = x.shift where x.id = p_enrolment
			union all
			select a.decided_by from centre.approval a where a.enrolment = p_enrolment) order by f.number for share;
	select * into e from centre.enrolment where id = p_enrolment for no key update;
	select * into a from centre.approval x where x.enrolment = p_enrolment;
	if e.state = 'active' then
		outcome := 'active';
		register := e.key;
		return;
	elsif e.state = 'refused' and e.refusal in ('already_active', 'contact_taken', 'desk_suspended', 'staff_suspended', 'waiting_case') then
		outcome := e.refusal;
		return;
	elsif not coalesce(e.state = 'pending' or e.state = 'waiting' and a.jws is not null, false) then
		perform internal.refuse('BK009', 'wrong_state');
	elsif coalesce(p_person ->> 'civil_number', e.civil_number) is distinct from e.civil_number
		or coalesce(p_person ->> 'country', e.country) is distinct from e.country
		or coalesce(e.document_number, p_person ->> 'document_number') is distinct from p_person ->> 'document_number'
		or coalesce(e.tax_number, tax) is distinct from tax then
		perform internal.refuse('BK010', 'person_mismatch');
	end if;
	if exists (select from centre.desk d where d.name = e.desk and d.state <> 'active') then
		outcome := 'desk_suspended';
	elsif not internal.shift_stands(e.shift) or not internal.shift_stands(a.shift) then
		outcome := 'staff_suspended';
	else
		outcome := internal.in_the_way(e);
	end if;
	if outcome is null then
		if e.document_kind = 'citizen-card' and internal.is_tax_number(tax) then
			proven := tax;
		end if;
		begin -- what is refused leaves nothing of this block
			p := internal.write_person(e, p_person);
			perform internal.lapse_for(p.id, p_enrolment, proven);
			insert into centre.key as k (person, state, level, pin_hash, valid_until, enrolment, tax_number)
				values (p.id, 'active', p_level, p_pin_hash, p_valid_until, p_enrolment, proven) returning k.register into register;
			insert into centre.key_contact (key, channel, value, proof, proven_at)
				select activate.register, c.channel, c.value, c.id, c.confirmed_at from centre.contact_proof c
				where c.enrolment = p_enrolment order by c.channel;
			insert into centre.key_event (key, to_state, reason, desk, enrolment)
				values (activate.register, 'active', 'enrolled', e.desk, p_enrolment);
			perform internal.review(activate.register, p, tax);
		exception when unique_violation then
			get stacked diagnostics violated = constraint_name;
			outcome := case
				when violated in ('key_one_living', 'key_one_tax_number') then 'already_active'
				when violated = 'key_contact_one_person' then 'contact_taken'
			end;
			if outcome is null then
				raise exception 'activation violated %', violated using errcode = 'BK092';
			end if;
		end;
	end if;
	if outcome is not null then
		register := null;
		perform internal.end_enrolment(p_enrolment, 'refused', outcome);
		return;
	end if;
	outcome := 'active';
	update centre.approval x set decision = 'approved' where x.enrolment = p_enrolment;
	update centre.evidence v set verification = p_evidence, kept = p_kept where v.enrolment = p_enrolment;
	update centre.enrolment x set key = activate.register where x.id = p_enrolment;
	perform internal.enqueue('welcome', p_enrolment, null, c.channel) from centre.key_contact c where c.key = activate.register;
	perform internal.end_enrolment(p_enrolment, 'active', null);
end $$;
comment on function registrar.activate is 'The evidence was verified; makes the key. p_person: {surname, given_names, birth_date (the latest it can be), nationality, and,
where known, country, civil_number, document_number, sex, tax_number, birth_stated}. p_valid_until is the last day of the key: the document''s,
for nationals plus the setting national_grace_days. p_evidence: what was found, kept with the JWS. p_kept: of a travel document DG1 and
the chip''s public keys, or null. outcome: active (register is the key''s number; also when called again); already_active (the person, or who
proved the same NIF, has a living key); contact_taken (a contact belongs to another''s key, or case that waits); waiting_case (of the same
person); desk_suspended (or revoked); staff_suspended (or the card revoked: who opened or approved it). All but active end the enrolment, tell the desk, and leave nothing of the person.';
