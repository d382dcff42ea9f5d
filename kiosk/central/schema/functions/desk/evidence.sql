-- Calls of a desk about what proves the person.

create function desk.chip_challenge(p_certificate bytea, p_enrolment uuid, p_dg14 bytea, out state text, out challenge bytea)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	e centre.enrolment := internal.own_enrolment(p_certificate, p_enrolment);
	c centre.chip_challenge;
begin
	if coalesce(octet_length(p_dg14), 0) not between 1 and 16384 or e.document_kind = 'citizen-card' or e.typed then
		perform internal.refuse('BK005', 'invalid');
	end if;
	select * into c from centre.chip_challenge where enrolment = p_enrolment;
	if e.state not in ('open', 'pending', 'waiting') or e.state <> 'open' and c.enrolment is null then
		perform internal.refuse('BK002', 'enrolment_ended');
	elsif c.enrolment is null then
		if clock_timestamp() >= e.expires_at then
			perform internal.refuse('BK003', 'enrolment_expired');
		end if;
		insert into centre.chip_challenge as x (enrolment, dg14) values (p_enrolment, p_dg14) returning x.* into c;
		perform internal.enqueue('chip_challenge', p_enrolment);
	elsif c.dg14 is distinct from p_dg14 then
		perform internal.refuse('BK004', 'conflict');
	end if;
	state := c.state;
	challenge := c.to_send;
end $$;
comment on function desk.chip_challenge is 'A question to the chip for which the centre holds the private key (chip authentication, ICAO 9303-11 §6.2), so that
only the chip can make the answer that goes with the evidence. p_dg14 is the chip''s EF.DG14 as read; one enrolment has one chip. state:
queued (a registrar makes it and tells the desk, kind chip); ready (challenge is what the desk sends to the chip); unsupported.';

create function desk.bind(p_certificate bytea, p_enrolment uuid, p_jws bytea, p_identity bytea, p_sod bytea, p_sealed_pin bytea,
	p_proof bytea, p_marked boolean default false, out state text, out refusal text, out register bigint, out active_at timestamptz, out valid_until date,
	out level text, out delivery_sms text, out delivery_email text, out record bytea, out key jsonb, out leaf jsonb)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	e centre.enrolment := internal.own_enrolment(p_certificate, p_enrolment);
	r centre.errand;
	tried bigint := internal.tried(p_enrolment);
	hash bytea;
begin
	select * into r from centre.errand x where x.name = e.errand;
	p_sealed_pin := coalesce(p_sealed_pin, '');
	p_sod := coalesce(p_sod, '');
	p_proof := coalesce(p_proof, '');
	hash := sha256(sha256(p_jws) || sha256(p_identity) || sha256(p_sod) || sha256(p_sealed_pin) || sha256(p_proof));
	if not coalesce(octet_length(p_jws) between 1 and 262144 and octet_length(p_identity) between 1 and 65536
		and octet_length(p_sod) <= 65536 and (octet_length(p_sod) = 0) = e.typed
		and octet_length(p_sealed_pin) <= 4096 and (octet_length(p_sealed_pin) > 0) = r.needs_pin and r.binds and octet_length(p_proof) <= 4096
		and (octet_length(p_proof) = 0 or not e.typed and e.document_kind <> 'citizen-card'), false) then
		perform internal.refuse('BK005', 'invalid');
	elsif e.bound_at is not null then
		if not exists (select from centre.evidence v where v.enrolment = p_enrolment and v.content_hash = hash) then
			perform internal.refuse('BK004', 'conflict');
		end if;
	elsif e.state <> 'open' then
		perform internal.refuse('BK002', 'enrolment_ended');
	elsif clock_timestamp() >= e.expires_at then
		perform internal.refuse('BK003', 'enrolment_expired');
	elsif r.needs_contact <> '' and not exists (select from centre.contact_proof p where p.enrolment = p_enrolment and r.needs_contact in ('any', p.channel))
		and not exists (select from centre.activation a where e.errand = 'enrol' and a.enrolment = p_enrolment and a.key is null) then
		perform internal.refuse('BK007', 'no_contact');
	elsif r.needs_code and (e.activation is null or internal.activation_over(e)) or r.needs_try and (tried is null or tried <> e.subject)
		or e.errand <> 'enrol' and coalesce(e.subject, tried) is null then
		perform internal.refuse('BK008', 'not_proven');
	else
		insert into centre.evidence (enrolment, content_hash, jws, identity, sod, sealed_pin, proof, marked)
			values (p_enrolment, hash, p_jws, p_identity, p_sod, p_sealed_pin, p_proof, coalesce(p_marked, false));
		update centre.enrolment x set state = 'pending', bound_at = clock_timestamp(), subject = coalesce(e.subject, tried),
			subject_event = coalesce(e.subject_event, internal.newest_event(tried)) where x.id = p_enrolment;
		perform internal.enqueue('verify', p_enrolment);
	end if;
	select s.* into state, refusal, register, active_at, valid_until, level, delivery_sms, delivery_email, record, key, leaf
		from desk.enrolment_status(p_certificate, p_enrolment) s;
end $$;
comment on function desk.bind is 'Hands over the evidence and queues its verification; answers the status. With another content than before it is BK004.
p_sod is empty or null when the document was typed, and only then; p_proof when there is none; p_sealed_pin when the errand has none chosen. Contact, activation code and
sign-in are there as the errand needs them (centre.errand); an enrolment has a contact or an activation.
p_marked, the clerk''s doubt, has the case wait for a supervisor and shows in no answer.';
