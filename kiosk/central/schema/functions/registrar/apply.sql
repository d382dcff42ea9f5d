-- From verified evidence to a key, or to a change of one.

create function registrar.apply(p_enrolment uuid, p_person jsonb, p_pin_hash text, p_level text, p_evidence jsonb,
	p_valid_until date, p_kept bytea, p_reason text default null, out outcome text, out register bigint, out version integer)
	language plpgsql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
#variable_conflict use_column
declare
	e centre.enrolment;
	a centre.approval;
	r centre.errand;
	p centre.person;
	tax text := nullif(p_person ->> 'tax_number', '');
	proven text;
	later centre.activation;
	whose text; -- PIN it is, which outlives the number of a document
	violated text;
begin
	-- The desk is locked first, as in the desk's own calls: its suspension comes before this change or after it, never between.
	perform from centre.desk d where d.name = (select x.desk from centre.enrolment x where x.id = p_enrolment) for no key update;
	-- Then the staff, for the same reason, the enrolment, and its key.
	perform from centre.staff f where f.number in (
			select unnest(array[s.staff, s.admitted_by]) from centre.enrolment x join centre.shift s on s.id = x.shift where x.id = p_enrolment
			union all
			select a.decided_by from centre.approval a where a.enrolment = p_enrolment) order by f.number for share;
	select * into e from centre.enrolment where id = p_enrolment for no key update;
	perform from centre.key k where k.register = e.subject for no key update;
	select * into a from centre.approval x where x.enrolment = p_enrolment;
	select * into r from centre.errand x where x.name = e.errand;
	if e.state = 'active' then
		outcome := 'active';
		register := e.key;
		version := (select k.version from centre.key k where k.register = e.key);
		return;
	elsif e.state = 'refused' and e.refusal in ('already_active', 'contact_taken', 'desk_suspended', 'staff_suspended', 'waiting_case', 'key_changed') then
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
		begin -- an exception takes back all of this block
			whose := case when r.needs_pin then internal.pin_subject(e.country, e.civil_number, e.document_number) else internal.pin_subject_of(e.subject) end;
			if r.renews then
				p := internal.write_person(e, p_person);
				perform internal.write_numbers(p.id, e, coalesce(p_person -> 'numbers', '[]') || case when tax is null then '[]' else
					jsonb_build_array(jsonb_build_object('kind', 'nif', 'value', tax, 'source', case e.document_kind when 'citizen-card' then 'chip' else 'said' end)) end);
			end if;
			if e.errand = 'enrol' then
				perform internal.lapse_for(p.id, p_enrolment, proven);
				select * into later from centre.activation x where x.enrolment = p_enrolment and x.key is null;
				insert into centre.key as k (person, state, level, pin_hash, pin_subject, valid_until, enrolment, tax_number, change)
					values (p.id, case when later.id is null then 'active' else 'pending' end, p_level, p_pin_hash,
						whose, p_valid_until, p_enrolment, proven,
						jsonb_build_object('cause', case when later.id is null then 'enrol' else 'enrol_later' end, 'enrolment', p_enrolment,
							'desk', e.desk, 'staff', (select s.staff from centre.shift s where s.id = e.shift)))
					returning k.register into register;
				update centre.activation set key = apply.register where id = later.id;
				update centre.letter set key = apply.register where activation = later.id;
				perform internal.enqueue('activation', p_enrolment, null, later.channel, later.id) where later.id is not null;
				perform internal.review(apply.register, p);
			else
				register := e.subject;
				if r.cause is not null and internal.change_key(e.subject, r.cause, p_reason, p_enrolment, e.shift, e.desk, jsonb_strip_nulls(
						case when r.needs_pin then jsonb_build_object('pin_hash', p_pin_hash, 'pin_subject', whose) else '{}' end
						|| case when r.renews then jsonb_build_object('level', p_level, 'valid_until', p_valid_until, 'pin_subject', whose) else '{}' end)) is null then
					raise exception 'the key does not change so' using errcode = 'BK009';
				end if;
				if e.activation is not null then
					perform internal.end_activation(e.subject, e.activation);
				end if;
			end if;
			if r.needs_contact <> '' then
				insert into centre.key_contact as x (key, channel, value, proof, proven_at)
					select apply.register, c.channel, c.value, c.id, c.confirmed_at from centre.contact_proof c
					where c.enrolment = p_enrolment and r.needs_contact in ('any', c.channel) order by c.channel
					on conflict (key, channel) do update set value = excluded.value, proof = excluded.proof, proven_at = excluded.proven_at;
			end if;
		exception when unique_violation then
			get stacked diagnostics violated = constraint_name;
			outcome := case
				when violated in ('key_one_living', 'key_one_tax_number', 'person_document') then 'already_active'
				when violated = 'key_contact_one_person' then 'contact_taken'
			end;
			if outcome is null then
				raise exception 'applying violated %', violated using errcode = 'BK092';
			end if;
		end;
	end if;
	if outcome is not null then
		register := null;
		perform internal.end_enrolment(p_enrolment, 'refused', outcome);
		return;
	end if;
	outcome := 'active';
	version := (select k.version from centre.key k where k.register = apply.register);
	update centre.approval x set decision = 'approved' where x.enrolment = p_enrolment;
	update centre.evidence v set verification = p_evidence, kept = p_kept where v.enrolment = p_enrolment;
	update centre.enrolment x set key = apply.register where x.id = p_enrolment;
	-- A contact proven for the first time gets the welcome message.
	perform internal.enqueue('welcome', p_enrolment, null, c.channel) from centre.key_contact c
		where e.errand in ('enrol', 'activate') and c.key = apply.register;
	perform internal.end_enrolment(p_enrolment, 'active', null);
end $$;
comment on function registrar.apply is 'The evidence was verified; makes the key, or does what the errand does to one. p_person: {surname, given_names, birth_date (the latest
it can be), nationality, and, where known, country, civil_number, document_number, sex, tax_number, birth_stated, numbers: [{kind, value, source, paper}]}.
p_pin_hash is null where no PIN was chosen. p_valid_until is the last day of the key: the document''s,
for nationals plus the setting national_grace_days. p_evidence: what was found, kept with the JWS. p_kept: of a travel document DG1 and
the chip''s public keys, or null. p_reason: of the list of the errand''s cause. outcome: active (done: register is the key''s number, version the one that needs a
record now; also when called again); already_active (the person, or who
proved the same NIF, has a living key); contact_taken (a contact belongs to another''s key, or case that waits); waiting_case (of the same
person); key_changed (it is not as it was when the errand was opened); desk_suspended (or revoked); staff_suspended (or the card revoked: who opened or
approved it). All but active end the enrolment, tell the desk, and leave nothing of the person.';
