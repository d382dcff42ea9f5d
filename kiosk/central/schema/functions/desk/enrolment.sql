-- Calls of a desk about a visit as a whole. p_certificate is always the SHA-256 of the client certificate.
-- Each may be repeated with the same identifiers and answers the same. Expected negative answers come back in the
-- column refusal; what a correct desk never does is an error of class BK, see internal/callers.sql.

create function desk.hello(p_certificate bytea,
	out now timestamptz, out desk text, out schema_version integer, out rules jsonb, out delivery text)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
	sms integer;
	email integer;
begin
	desk := internal.desk_of(p_certificate);
	perform internal.desk_heard(desk);
	now := clock_timestamp();
	select v.version into schema_version from centre.schema_version v;
	rules := internal.rules();
	-- The best of what the registrars that are alive report: a message needs only one of them.
	select min(array_position('{good,poor,down}'::text[], w.sms)), min(array_position('{good,poor,down}'::text[], w.email))
		into sms, email from centre.worker w
		where w.seen > clock_timestamp() - make_interval(secs => internal.setting('worker_fresh_seconds'));
	delivery := case
		when sms = 1 and email = 1 then 'good'
		when coalesce(sms, 3) = 3 and coalesce(email, 3) = 3 then 'down'
		else 'poor'
	end;
end $$;
comment on function desk.hello is 'The clock, the calling desk, the schema''s version, the rules, and how delivery does: good, poor or down.';

create function desk.open_enrolment(p_certificate bytea, p_enrolment uuid, p_document_kind text, p_country text,
	p_civil_number text, p_document_number text, p_tax_number text, p_typed boolean, p_shift uuid default null,
	p_errand text default 'enrol',
	out refusal text, out challenge bytea, out opened_at timestamptz, out expires_at timestamptz, out key jsonb)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	caller text := internal.lock_desk(p_certificate);
	t timestamptz := clock_timestamp();
	card boolean := p_document_kind = 'citizen-card';
	-- A Portuguese civil number is written with its check digit or without. It is one person.
	civil text := case when p_country = 'PRT' then left(p_civil_number, 8) else p_civil_number end;
	e centre.enrolment;
	r centre.errand;
	about bigint;
	sought boolean; -- a key is not found by the document, and a sign-in may name it
begin
	select * into r from centre.errand x where x.name = p_errand;
	if not coalesce(p_enrolment is not null and p_typed is not null and p_shift is not null and (r.name is not null or p_errand = 'key')
		and p_document_kind ~ '^[a-z][a-z-]{1,30}$' and p_country ~ '^[A-Z]{1,3}$'
		and (p_tax_number is null or internal.is_tax_number(p_tax_number))
		and case when card then p_document_number is null and not p_typed and p_country ~ '^[A-Z]{3}$'
				and p_civil_number ~ '^[0-9A-Z]{1,30}$' and (p_country <> 'PRT' or p_civil_number ~ '^[0-9]{8,9}$')
			else p_civil_number is null and p_document_number ~ '^[0-9A-Z]{1,22}$'
				and (p_tax_number is not null or p_errand <> 'enrol') end, false)
	then
		perform internal.refuse('BK005', 'invalid');
	end if;
	if p_errand = 'key' then
		key := internal.look(caller, p_enrolment, internal.live_shift(caller, p_shift, '{clerk,supervisor}'), p_country, civil, p_document_number);
		refusal := case when key is null then 'no_key' end;
		return;
	end if;
	select * into e from centre.enrolment where id = p_enrolment for no key update;
	if not found then
		if p_typed and internal.setting('typed_mrz') = 0 then
			refusal := 'no_chip';
			return;
		elsif internal.fruitless_opens(caller) >= internal.setting('desk_opens_per_hour')
			or not internal.count_up('{opens}', array[internal.setting('centre_opens_per_hour')]) then
			perform internal.refuse('BK011', 'too_many');
		end if;
		perform internal.live_shift(caller, p_shift, '{clerk,supervisor}');
		insert into centre.enrolment (id, desk, document_kind, country, civil_number, document_number, tax_number, typed,
				shift, errand, challenge, opened_at, expires_at)
			values (p_enrolment, caller, p_document_kind, p_country, civil, p_document_number, p_tax_number, p_typed,
				p_shift, p_errand, crypto.gen_random_bytes(32), t, t + make_interval(secs => internal.setting('enrolment_seconds')))
			on conflict do nothing; -- another desk's, at the same moment
		select * into e from centre.enrolment where id = p_enrolment for no key update;
	end if;
	if e.desk <> caller then
		perform internal.refuse('BK001', 'unknown_enrolment');
	elsif not internal.shift_stands(e.shift) then
		perform internal.refuse('BK015', 'no_shift');
	elsif e.state = 'refused' and e.refusal in ('already_active', 'waiting_case', 'no_key', 'wrong_state') and e.bound_at is null then
		refusal := e.refusal;
		return;
	elsif e.state not in ('open', 'pending', 'waiting') then
		perform internal.refuse('BK002', 'enrolment_ended');
	elsif (e.document_kind, e.country, e.civil_number, e.document_number, e.tax_number, e.typed, e.shift, e.errand)
		is distinct from (p_document_kind, p_country, civil, p_document_number, p_tax_number, p_typed, p_shift, p_errand) then
		perform internal.refuse('BK004', 'conflict');
	elsif e.state = 'open' then
		about := coalesce(internal.key_of(p_country, civil, p_document_number), case when r.needs_try then internal.tried(p_enrolment) end);
		sought := r.needs_try and about is null and civil is null;
		refusal := case
			when not sought then internal.errand_refusal(p_errand, about)
		end;
		if refusal is null and internal.has_waiting(p_enrolment, p_country, civil, p_document_number) then
			refusal := 'waiting_case';
		end if;
		if refusal is not null then
			perform internal.end_enrolment(p_enrolment, 'refused', refusal);
			return;
		elsif e.subject is null and about is not null and p_errand <> 'enrol' then
			update centre.enrolment x set subject = about, subject_event = internal.newest_event(about)
				where x.id = p_enrolment returning x.* into e;
		end if;
	end if;
	challenge := e.challenge;
	opened_at := e.opened_at;
	expires_at := e.expires_at;
	key := internal.key_told(e.subject);
end $$;
comment on function desk.open_enrolment is 'Gives the challenge that card, chip or desk will sign, 32 bytes. A Citizen Card has a civil number;
every other document has its number, as the machine-readable zone has it without fillers, and a NIF, which is a claim.
p_shift is who is signed in, a clerk or a supervisor. p_errand: of centre.errand, or "key" to look at the key of the document''s holder, which opens nothing.
Where no key is found by a travel document, and the errand needs a try, that will name the key. key is what the
errand is about, or null: see internal.key_told.
refusal: already_active (the person has a living key), no_key (they have none), wrong_state (the errand is not offered in the key''s state) or waiting_case (a supervisor
decides about them), and the enrolment has ended; no_chip (typed, and the setting typed_mrz refuses that; nothing was opened).';

create function desk.enrolment_status(p_certificate bytea, p_enrolment uuid,
	out state text, out refusal text, out register bigint, out active_at timestamptz, out valid_until date,
	out level text, out delivery_sms text, out delivery_email text, out record bytea, out key jsonb, out leaf jsonb)
	language plpgsql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
#variable_conflict use_column
declare
	caller text := internal.desk_of(p_certificate);
	e centre.enrolment;
begin
	select * into e from centre.enrolment where id = p_enrolment and desk = caller;
	if not found then
		perform internal.refuse('BK001', 'unknown_enrolment');
	end if;
	state := internal.standing(e);
	refusal := e.refusal;
	select k.register, k.activated_at, k.valid_until, k.level into register, active_at, valid_until, level
		from centre.key k where k.register = e.key and (select x.cause is not null from centre.errand x where x.name = e.errand);
	record := internal.active_record(e.key);
	if e.state = 'active' then
		perform internal.kept();
		key := internal.key_told(e.key);
		select to_jsonb(l) into leaf from centre.key_event v join centre.log_leaf l on l.kind = 'key_event' and l.row = v.id::text
			where v.key = e.key and v.enrolment = e.id order by l.id limit 1;
	end if;
	select c.delivery into delivery_sms from centre.one_time_code c
		where c.enrolment = p_enrolment and c.channel = 'sms' order by c.send_no desc limit 1;
	select c.delivery into delivery_email from centre.one_time_code c
		where c.enrolment = p_enrolment and c.channel = 'email' order by c.send_no desc limit 1;
end $$;
comment on function desk.enrolment_status is 'Where an enrolment stands. One that is open, or waits, past its time reads expired. register is of the key that this visit
made or changed. record is what
sign-in trusts of the key, as a registrar signed it: without a good one the key is none. key: see internal.key_told; leaf: the row of centre.log_leaf
that says what this visit changed; both once it has.';

create function desk.abandon(p_certificate bytea, p_enrolment uuid, p_reason text) returns void
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
	e centre.enrolment := internal.own_enrolment(p_certificate, p_enrolment);
begin
	-- A word from a list, never free text: it stays when the person is forgotten.
	if p_reason !~ '^[a-z_]{0,40}$' then
		perform internal.refuse('BK005', 'invalid');
	elsif e.state in ('pending', 'waiting', 'active') then
		perform internal.refuse('BK002', 'enrolment_ended');
	elsif e.state = 'open' then
		perform internal.end_enrolment(p_enrolment, 'abandoned', nullif(p_reason, ''));
	end if;
end $$;
comment on function desk.abandon is 'Ends an open enrolment; the centre forgets the person. One that has ended stays as it is, one that was bound is BK002.';
