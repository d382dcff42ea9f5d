-- Calls of a desk about activation codes.

create function desk.set_activation(p_certificate bytea, p_enrolment uuid, p_send uuid, p_channel text, p_value text, p_address jsonb,
	p_language text, out refusal text, out expires_at timestamptz)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	e centre.enrolment := internal.own_enrolment(p_certificate, p_enrolment);
begin
	if e.errand <> 'enrol' or exists (select from centre.contact_proof p where p.enrolment = p_enrolment) then
		perform internal.refuse('BK005', 'invalid');
	elsif coalesce(p_channel, '') = '' then
		if e.state <> 'open' then
			perform internal.refuse('BK002', 'enrolment_ended');
		end if;
		perform internal.drop_activation(p_enrolment);
		return;
	end if;
	select s.* into refusal, expires_at from internal.ask_activation(e, p_send, p_channel, p_value, p_address, p_language) s;
end $$;
comment on function desk.set_activation is 'Where the activation code goes of a key whose contact cannot be proven on the spot: before desk.bind, in place of a contact. The
key will be pending, and the code leaves when it is made. p_channel: sms, email (p_value) or letter (p_address: {name, street, more, postcode, town, country}); none takes it back.
Another p_send replaces it. expires_at: if it left now. refusal: destination_off, enrolment_expired.';

create function desk.resend_activation(p_certificate bytea, p_enrolment uuid, p_send uuid, p_channel text, p_value text, p_address jsonb,
	p_language text, out refusal text, out expires_at timestamptz)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	e centre.enrolment := internal.own_enrolment(p_certificate, p_enrolment);
begin
	if not (select x.needs_code from centre.errand x where x.name = e.errand) then
		perform internal.refuse('BK005', 'invalid');
	end if;
	select s.* into refusal, expires_at from internal.ask_activation(e, p_send, p_channel, p_value, p_address, p_language) s;
end $$;
comment on function desk.resend_activation is 'Ends the activation code of a key and sends another, as set_activation. refusal: destination_off, enrolment_expired, wrong_state (the key is
pending no more), resends_used (activation_sends within a day), centre_busy.';

create function desk.confirm_activation(p_certificate bytea, p_enrolment uuid, p_attempt uuid, p_code text, out refusal text, out tries_left integer,
	out channel text, out contact text, out proof uuid, out confirmed_at timestamptz)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	e centre.enrolment := internal.own_enrolment(p_certificate, p_enrolment);
	code text := internal.plain_code(p_code);
	t timestamptz := clock_timestamp();
	y centre.long_code_try;
	a centre.activation;
begin
	select * into y from centre.long_code_try where id = p_attempt;
	if found and y.enrolment is distinct from p_enrolment then
		perform internal.refuse('BK004', 'conflict');
	elsif not found then
		if e.state <> 'open' then
			perform internal.refuse('BK002', 'enrolment_ended');
		elsif p_attempt is null or not (select x.needs_code from centre.errand x where x.name = e.errand) then
			perform internal.refuse('BK005', 'invalid');
		elsif t >= e.expires_at then
			perform internal.refuse('BK003', 'enrolment_expired');
		elsif (select count(*) from centre.long_code_try x where x.enrolment = p_enrolment) >= 100 then
			perform internal.refuse('BK011', 'too_many');
		end if;
		perform from centre.key k where k.register = e.subject for no key update;
		select * into a from centre.activation x where x.key = e.subject and x.ended_at is null for no key update;
		tries_left := greatest(internal.setting('activation_tries') - coalesce(a.wrong, 0), 0);
		if a.id is null or a.mac is null or t >= a.expires_at then
			refusal := 'code_expired';
		elsif tries_left = 0 then
			refusal := 'code_locked';
		elsif crypto.hmac(convert_to(code, 'UTF8'), a.code_key, 'sha256') <> a.mac then
			update centre.activation x set wrong = x.wrong + 1 where x.id = a.id;
			tries_left := tries_left - 1;
			refusal := case when tries_left > 0 then 'code_wrong' else 'code_locked' end;
		elsif a.channel <> 'letter' and internal.contact_taken(p_enrolment, a.channel, a.value) then
			refusal := 'taken';
		else
			update centre.enrolment set activation = a.id where id = p_enrolment;
			insert into centre.contact_proof as p (enrolment, channel, value, confirmed_at)
				select p_enrolment, a.channel, a.value, t where a.channel <> 'letter'
				on conflict (enrolment, channel) do update set id = gen_random_uuid(), value = excluded.value, confirmed_at = excluded.confirmed_at;
		end if;
		insert into centre.long_code_try as x (id, desk, enrolment, activation, at, refusal, tries_left)
			values (p_attempt, e.desk, p_enrolment, a.id, t, refusal, tries_left) returning x.* into y;
	end if;
	refusal := y.refusal;
	tries_left := y.tries_left;
	if refusal is null then
		select p.channel, p.value, p.id, p.confirmed_at into channel, contact, proof, confirmed_at from centre.contact_proof p
			join centre.activation x on x.id = y.activation and p.enrolment = p_enrolment and p.channel = x.channel;
	end if;
end $$;
comment on function desk.confirm_activation is 'Compares an activation code: ten characters, in whatever case, with spaces or hyphens. A right one is remembered for this enrolment; the one
that came by SMS or e-mail proves that contact (channel, contact, proof, confirmed_at). It is used up when the key becomes active. refusal: code_wrong; code_expired (or
there is none); code_locked (activation_tries were wrong: another code is sent); taken (right, but the contact is another person''s).';
