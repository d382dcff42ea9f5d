-- What a desk may do, of which travel documents need more than 002 has.

create or replace function desk.hello(out now timestamptz, out schema_version integer, out settings jsonb, out delivery text)
	language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
	sms integer;
	email integer;
begin
	now := clock_timestamp();
	select v.version into schema_version from cmd.schema_version v;
	settings := cmd.rules();
	-- The best of what the registrars that are alive report: a message needs only one of them.
	select min(array_position('{good,poor,down}'::text[], w.sms)), min(array_position('{good,poor,down}'::text[], w.email))
		into sms, email
		from cmd.worker w
		where w.seen > clock_timestamp() - make_interval(secs => cmd.setting_number('worker_fresh_seconds'));
	delivery := case
		when sms = 1 and email = 1 then 'good'
		when coalesce(sms, 3) = 3 and coalesce(email, 3) = 3 then 'down'
		else 'poor'
	end;
end $$;

-- open_enrolment: gives the challenge that card, chip or desk will sign. THE SAME CALL IS MADE TWICE, in two
-- transactions: the first opens the enrolment and answers refusal 'recorded'; the second, and any later one,
-- answers
--   null              challenge, opened_at and expires_at
--   'already_active'  the person has a living key; the enrolment has ended and the other columns are null
-- Why twice: "does this person have a key?" is answered only to an enrolment that is committed, so that
-- whoever asks about many people leaves a row for each and meets the limit (BK011). One call asks about one
-- person, by all their numbers.
--   'no_chip'         typed, and the setting typed_mrz refuses that; nothing was opened
-- A Citizen Card has a civil number; every other document has a document number, as the machine-readable zone
-- has it without fillers, and a NIF.
drop function desk.open_enrolment(uuid, text, text, text);
create function desk.open_enrolment(id uuid, document_kind text, country text, civil_number text, document_number text,
	tax_number text, typed boolean,
	out challenge bytea, out opened_at timestamptz, out expires_at timestamptz, out refusal text)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	caller text := cmd.enter();
	t timestamptz := clock_timestamp();
	e cmd.enrolment;
	number text := $4;
begin
	if $1 is null or $2 is null or $3 is null or $7 is null
		or $2 !~ '^[a-z][a-z-]{1,30}$' or $3 !~ '^[A-Z]{1,3}$'
		or ($2 = 'citizen-card') <> ($4 is not null) or ($2 = 'citizen-card') <> ($5 is null) then
		perform cmd.refuse('BK005', 'invalid');
	end if;
	if $6 is not null and not cmd.is_tax_number($6) then
		perform cmd.refuse('BK005', 'invalid');
	end if;
	if $2 = 'citizen-card' then
		if $7 or $3 !~ '^[A-Z]{3}$' or $4 !~ '^[0-9A-Z]{1,30}$' or $3 = 'PRT' and $4 !~ '^[0-9]{8,9}$' then
			perform cmd.refuse('BK005', 'invalid');
		end if;
		-- A Portuguese civil number is written with its check digit or without. It is one person.
		if $3 = 'PRT' then
			number := left($4, 8);
		end if;
	elsif $5 !~ '^[0-9A-Z]{1,22}$' or $6 is null then
		perform cmd.refuse('BK005', 'invalid');
	end if;
	select * into e from cmd.enrolment x where x.id = $1 for no key update;
	if not found then
		if $7 and coalesce(cmd.setting_number('typed_mrz'), 0) = 0 then
			refusal := 'no_chip';
			return;
		elsif cmd.fruitless_opens(caller) >= cmd.setting_number('desk_opens_per_hour') then
			perform cmd.refuse('BK011', 'too_many');
		end if;
		insert into cmd.enrolment (id, desk, document_kind, country, civil_number, document_number, tax_number, typed,
				challenge, opened_at, expires_at)
			values ($1, caller, $2, $3, number, $5, $6, $7, crypto.gen_random_bytes(32), t,
				t + make_interval(secs => cmd.setting_number('enrolment_seconds')))
			on conflict do nothing;
		select * into e from cmd.enrolment x where x.id = $1 for no key update;
	end if;
	if e.desk <> caller then
		perform cmd.refuse('BK001', 'unknown_enrolment');
	elsif e.state = 'refused' and e.refusal = 'already_active' and e.bound_at is null then
		refusal := 'already_active';
		return;
	elsif e.state not in ('open', 'pending') then
		perform cmd.refuse('BK002', 'enrolment_ended');
	elsif (e.document_kind, e.country, e.civil_number, e.document_number, e.tax_number, e.typed)
		is distinct from ($2, $3, number, $5, $6, $7) then
		perform cmd.refuse('BK004', 'conflict');
	elsif e.xid = pg_current_xact_id() then
		refusal := 'recorded';
		return;
	elsif e.state = 'open' and cmd.has_key($3, number, $5, $6) then
		perform cmd.end_enrolment($1, 'refused', 'already_active');
		refusal := 'already_active';
		return;
	end if;
	challenge := e.challenge;
	opened_at := e.opened_at;
	expires_at := e.expires_at;
end $$;

-- chip_challenge: a question to the chip for which the centre holds the private key (chip authentication, ICAO
-- 9303-11 §6.2), so that only the chip can make the answer that goes with the evidence. dg14 is the chip's EF.DG14
-- as read. state:
--   'queued'       a registrar makes it and tells the desk (kind 'chip'); ask again
--   'ready'        challenge is what the desk sends to the chip
--   'unsupported'  dg14 has no key for it
-- One enrolment has one chip: another dg14 is BK004. That the chip's State signed this dg14 is for the registrar
-- to find out, from the evidence.
create function desk.chip_challenge(enrolment uuid, dg14 bytea, out state text, out challenge bytea)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	e cmd.enrolment := cmd.own_enrolment($1);
	c cmd.chip_challenge;
begin
	if $2 is null or octet_length($2) not between 1 and 16384 or e.document_kind = 'citizen-card' or e.typed then
		perform cmd.refuse('BK005', 'invalid');
	end if;
	select * into c from cmd.chip_challenge x where x.enrolment = $1;
	if e.state not in ('open', 'pending') or e.state = 'pending' and c.enrolment is null then
		perform cmd.refuse('BK002', 'enrolment_ended');
	elsif c.enrolment is null then
		if clock_timestamp() >= e.expires_at then
			perform cmd.refuse('BK003', 'enrolment_expired');
		end if;
		insert into cmd.chip_challenge as x (enrolment, dg14) values ($1, $2) returning x.* into c;
		perform cmd.enqueue('chip_challenge', $1);
	elsif c.dg14 is distinct from $2 then
		perform cmd.refuse('BK004', 'conflict');
	end if;
	state := c.state;
	challenge := c.to_send;
end $$;

-- bind: hands over the evidence and queues its verification. Repeated with the same content it answers
-- the status; with another content it is BK004. sod is empty when the document was typed, and only then; proof is
-- empty when there is none.
drop function desk.bind(uuid, jsonb, bytea, bytea, bytea);
create function desk.bind(enrolment uuid, evidence jsonb, identity bytea, sod bytea, sealed_pin bytea, proof bytea,
	out state text, out refusal text, out register bigint, out active_at timestamptz, out valid_until date,
	out level text, out delivery_sms text, out delivery_email text)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	e cmd.enrolment := cmd.own_enrolment($1);
	hash bytea;
begin
	-- A JWS has texts only. A number of six characters, 1e9999, has ten thousand digits when it is written
	-- out, so numbers are looked for before anything is.
	if $2 is null or jsonb_typeof($2) <> 'object' or jsonb_path_exists($2, '$.** ? (@.type() == "number")') then
		perform cmd.refuse('BK005', 'invalid');
	end if;
	if $3 is null or $4 is null or $5 is null or $6 is null or octet_length($2::text) > 262144
		or octet_length($3) not between 1 and 65536 or octet_length($4) > 65536 or (octet_length($4) = 0) <> e.typed
		or octet_length($5) not between 1 and 4096 or octet_length($6) > 4096
		or octet_length($6) > 0 and (e.typed or e.document_kind = 'citizen-card') then
		perform cmd.refuse('BK005', 'invalid');
	end if;
	hash := sha256(sha256(convert_to($2::text, 'UTF8')) || sha256($3) || sha256($4) || sha256($5) || sha256($6));
	if e.bound_at is not null then
		if not exists (select from cmd.evidence v where v.enrolment = $1 and v.content_hash = hash) then
			perform cmd.refuse('BK004', 'conflict');
		end if;
	elsif e.state <> 'open' then
		perform cmd.refuse('BK002', 'enrolment_ended');
	elsif clock_timestamp() >= e.expires_at then
		perform cmd.refuse('BK003', 'enrolment_expired');
	elsif not exists (select from cmd.contact_proof p where p.enrolment = $1) then
		perform cmd.refuse('BK007', 'no_contact');
	else
		insert into cmd.evidence (enrolment, content_hash, jws, identity, sod, sealed_pin, proof)
			values ($1, hash, $2, $3, $4, $5, $6);
		update cmd.enrolment x set state = 'pending', bound_at = clock_timestamp() where x.id = $1;
		perform cmd.enqueue('verify', $1);
	end if;
	select s.state, s.refusal, s.register, s.active_at, s.valid_until, s.level, s.delivery_sms, s.delivery_email
		into state, refusal, register, active_at, valid_until, level, delivery_sms, delivery_email
		from desk.enrolment_status($1) s;
end $$;

grant execute on all functions in schema desk to balcao_desk;
