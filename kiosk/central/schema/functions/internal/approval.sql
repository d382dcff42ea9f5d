-- Cases that wait for a supervisor.

-- Whether a case is a member of staff's own: they opened it, or admitted who did.
create function internal.own_case(p_shift uuid, p_staff text) returns boolean
	language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
	return exists (select from centre.shift s where s.id = p_shift and p_staff in (s.staff, s.admitted_by));
end $$;

create function internal.case_refusal(p_enrolment centre.enrolment, p_case centre.approval, p_shift centre.shift) returns text
	language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
	return case
		when p_case.enrolment is null or internal.standing(p_enrolment) <> 'waiting' or p_case.jws is not null then 'gone'
		when internal.own_case(p_enrolment.shift, p_shift.staff) then 'own_case'
	end;
end $$;

-- Where an enrolment stands: one that is open, or waits without a decision, past its time is expired already.
create function internal.standing(p_enrolment centre.enrolment) returns text
	language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
	return case when clock_timestamp() >= p_enrolment.expires_at and (p_enrolment.state = 'open' or p_enrolment.state = 'waiting'
			and exists (select from centre.approval a where a.enrolment = p_enrolment.id and a.jws is null))
		then 'expired' else p_enrolment.state end;
end $$;

-- Whether another case of the same person waits for a supervisor.
create function internal.has_waiting(p_enrolment uuid, p_country text, p_civil_number text, p_document_number text) returns boolean
	language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
	return exists (select from centre.enrolment e where e.state = 'waiting' and e.id <> p_enrolment
				and e.country = p_country and e.civil_number = p_civil_number)
		or exists (select from centre.enrolment e where e.state = 'waiting' and e.id <> p_enrolment and e.civil_number is null
				and e.country = p_country and e.document_number = p_document_number and p_civil_number is null);
end $$;

-- Whether a contact is another's: of a living key that the visit is not about, or of a case that waits.
create function internal.contact_taken(p_enrolment uuid, p_channel text, p_value text) returns boolean
	language plpgsql stable set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
	return exists (select from centre.key_contact k join centre.key y on y.register = k.key where k.channel = p_channel
			and k.mailbox = centre.mailbox(p_value) and k.living and y.valid_until >= current_date
			and y.register is distinct from (select x.subject from centre.enrolment x where x.id = p_enrolment))
		or exists (select from centre.contact_proof p join centre.enrolment e on e.id = p.enrolment where p.channel = p_channel
			and centre.mailbox(p.value) = centre.mailbox(p_value) and p.value is not null and e.state = 'waiting' and e.id is distinct from p_enrolment);
end $$;

-- Why an errand is not open to a key or, with null, to a person without one.
create function internal.errand_refusal(p_errand text, p_register bigint) returns text
	language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
	return (select case
			when 'none' = any (x.offered_in) then case when p_register is not null then 'already_active' end
			when p_register is null then 'no_key'
			when k.state <> all (x.offered_in) then 'wrong_state' end
		from centre.errand x left join centre.key k on k.register = p_register where x.name = p_errand);
end $$;

-- What keeps an enrolment from becoming a key, or an errand from changing one, or either from waiting for that, for as long as
-- it is so. A key that changed since, but by what anybody may cause, is not what the holder was shown.
create function internal.in_the_way(p_enrolment centre.enrolment) returns text
	language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
	return case
		when p_enrolment.errand = 'enrol' and internal.key_of(p_enrolment.country, p_enrolment.civil_number, p_enrolment.document_number) is not null
			then 'already_active'
		when p_enrolment.errand <> 'enrol' and (internal.errand_refusal(p_enrolment.errand, p_enrolment.subject) is not null
			or internal.activation_over(p_enrolment)
			or exists (select from centre.key_event v join centre.cause c on c.name = v.cause
				where v.key = p_enrolment.subject and v.id > p_enrolment.subject_event and not c.passes)) then 'key_changed'
		when internal.has_waiting(p_enrolment.id, p_enrolment.country, p_enrolment.civil_number, p_enrolment.document_number)
			then 'waiting_case'
		when exists (select from centre.contact_proof c where c.enrolment = p_enrolment.id
			and internal.contact_taken(p_enrolment.id, c.channel, c.value)) then 'contact_taken'
	end;
end $$;

-- What a registrar is told of who opened an enrolment.
create function internal.shift_told(p_shift uuid) returns jsonb
	language plpgsql stable set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
	return (select jsonb_build_object('id', s.id, 'staff', s.staff, 'role', s.role,
			'fingerprint', encode(s.fingerprint, 'hex'), 'signed_at', s.signed_at,
			'admitted_by', s.admitted_by, 'admitted_role', s.admitted_role, 'admission', translate(encode(s.admission, 'base64'), E'\n', ''),
			'admitted_fingerprint', case when s.admitted_by is not null then encode(s.fingerprint, 'hex') end)
		from centre.shift s where s.id = p_shift);
end $$;

-- What a registrar is told of what a supervisor signed.
create function internal.approval_told(p_enrolment uuid) returns jsonb
	language plpgsql stable set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
	return (select jsonb_build_object('jws', translate(encode(a.jws, 'base64'), E'\n', ''), 'staff', a.decided_by,
			'role', a.decided_role, 'fingerprint', encode(s.fingerprint, 'hex'), 'at', a.decided_at, 'reasons', a.reasons)
		from centre.approval a join centre.shift s on s.id = a.shift where a.enrolment = p_enrolment and a.jws is not null);
end $$;
