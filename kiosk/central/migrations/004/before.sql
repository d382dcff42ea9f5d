-- The functions of version 3 that version 4 has in another form, as 001 to 003 made them.

create or replace function cmd.end_enrolment(wanted uuid, to_state text, why text) returns void
	language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
	update cmd.enrolment set state = to_state, refusal = why, ended_at = clock_timestamp(),
		country = null, civil_number = null where id = wanted;
	update cmd.one_time_code set value = null, key = null, mac = null where enrolment = wanted;
	update cmd.code_attempt set mac = null where enrolment = wanted;
	update cmd.contact_proof set value = null where enrolment = wanted;
	update cmd.evidence set identity = null, sealed_pin = null,
		jws = case when to_state = 'active' then jws end,
		sod = case when to_state = 'active' then sod end
	where enrolment = wanted;
	perform cmd.tell_desk(wanted, 'key');
end $$;

create function cmd.lapse_for(of_person bigint, wanted uuid) returns void
	language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
	k cmd.key;
begin
	for k in
		select * from cmd.key where living and valid_until < current_date and (person = of_person
			or register in (
				select c.key from cmd.key_contact c join cmd.contact_proof p
				on p.channel = c.channel and lower(p.value) = c.normalised
				where p.enrolment = wanted and c.living))
		order by register for update
	loop
		update cmd.key set state = 'expired' where register = k.register;
		insert into cmd.key_event (key, from_state, to_state, reason) values (k.register, k.state, 'expired', 'validity_ended');
	end loop;
end $$;

create or replace function desk.hello(out now timestamptz, out schema_version integer, out settings jsonb, out delivery text)
	language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
	sms integer;
	email integer;
begin
	now := clock_timestamp();
	select v.version into schema_version from cmd.schema_version v;
	select jsonb_object_agg(s.name, s.value) into settings from cmd.setting s;
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

create function desk.open_enrolment(id uuid, document_kind text, country text, civil_number text,
	out challenge bytea, out opened_at timestamptz, out expires_at timestamptz, out refusal text)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	caller text := cmd.enter();
	t timestamptz := clock_timestamp();
	e cmd.enrolment;
	number text := $4;
begin
	if $1 is null or $2 is null or $3 is null or $4 is null
		or $2 !~ '^[a-z][a-z-]{1,30}$' or $3 !~ '^[A-Z]{3}$' or $4 !~ '^[0-9A-Z]{1,30}$' then
		perform cmd.refuse('BK005', 'invalid');
	end if;
	-- A Portuguese civil number is written with its check digit or without. It is one person.
	if $3 = 'PRT' then
		if $4 !~ '^[0-9]{8,9}$' then
			perform cmd.refuse('BK005', 'invalid');
		end if;
		number := left($4, 8);
	end if;
	select * into e from cmd.enrolment x where x.id = $1 for no key update;
	if not found then
		if cmd.fruitless_opens(caller) >= cmd.setting_number('desk_opens_per_hour') then
			perform cmd.refuse('BK011', 'too_many');
		end if;
		insert into cmd.enrolment (id, desk, document_kind, country, civil_number, challenge, opened_at, expires_at)
			values ($1, caller, $2, $3, number, crypto.gen_random_bytes(32), t,
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
	elsif (e.document_kind, e.country, e.civil_number) is distinct from ($2, $3, number) then
		perform cmd.refuse('BK004', 'conflict');
	elsif e.xid = pg_current_xact_id() then
		refusal := 'recorded';
		return;
	elsif e.state = 'open' and exists (select from cmd.person p join cmd.key k on k.person = p.id
		where p.country = $3 and p.civil_number = number and k.living and k.valid_until >= current_date) then
		perform cmd.end_enrolment($1, 'refused', 'already_active');
		refusal := 'already_active';
		return;
	end if;
	challenge := e.challenge;
	opened_at := e.opened_at;
	expires_at := e.expires_at;
end $$;

create function desk.bind(enrolment uuid, evidence jsonb, identity bytea, sod bytea, sealed_pin bytea,
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
	if $3 is null or $4 is null or $5 is null or octet_length($2::text) > 262144
		or octet_length($3) not between 1 and 65536 or octet_length($4) not between 1 and 65536
		or octet_length($5) not between 1 and 4096 then
		perform cmd.refuse('BK005', 'invalid');
	end if;
	hash := sha256(sha256(convert_to($2::text, 'UTF8')) || sha256($3) || sha256($4) || sha256($5));
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
		insert into cmd.evidence (enrolment, content_hash, jws, identity, sod, sealed_pin)
			values ($1, hash, $2, $3, $4, $5);
		update cmd.enrolment x set state = 'pending', bound_at = clock_timestamp() where x.id = $1;
		perform cmd.enqueue('verify', $1);
	end if;
	select s.state, s.refusal, s.register, s.active_at, s.valid_until, s.level, s.delivery_sms, s.delivery_email
		into state, refusal, register, active_at, valid_until, level, delivery_sms, delivery_email
		from desk.enrolment_status($1) s;
end $$;

drop function registrar.take_job();
create function registrar.take_job(out job bigint, out kind text, out enrolment uuid, out attempts integer, out payload jsonb)
	returns setof record
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	j cmd.job;
begin
	perform cmd.enter();
	loop
		select * into j from cmd.job x
			where x.state = 'queued' and x.due_at <= clock_timestamp()
			order by x.due_at, x.id limit 1
			for update skip locked;
		if not found then
			return;
		end if;
		payload := case j.kind
			when 'send_code' then (
				select jsonb_build_object('channel', c.channel, 'value', c.value, 'language', c.language,
					'send_no', c.send_no, 'expires_at', c.expires_at, 'code_row', c.id)
				from cmd.one_time_code c join cmd.enrolment e on e.id = c.enrolment
				where c.id = j.code and e.state = 'open' and c.value is not null
					and c.used_at is null and c.delivery = 'queued' and c.expires_at > clock_timestamp())
			when 'verify' then (
				select jsonb_build_object('challenge', cmd.base64(e.challenge), 'desk', e.desk, 'opened_at', e.opened_at,
					'document_kind', e.document_kind, 'country', e.country, 'civil_number', e.civil_number,
					'contacts', (select jsonb_agg(jsonb_build_object('channel', p.channel, 'value', p.value,
							'proof', p.id, 'confirmed_at', p.confirmed_at) order by p.channel desc)
						from cmd.contact_proof p where p.enrolment = e.id),
					'evidence', v.jws, 'identity', cmd.base64(v.identity), 'sod', cmd.base64(v.sod),
					'sealed_pin', cmd.base64(v.sealed_pin))
				from cmd.enrolment e join cmd.evidence v on v.enrolment = e.id
				where e.id = j.enrolment and e.state = 'pending')
			when 'welcome' then (
				select jsonb_build_object('channel', c.channel, 'value', c.value,
					'language', coalesce((select o.language from cmd.one_time_code o where o.enrolment = e.id
						order by o.sent_at desc limit 1), 'pt'),
					'register', k.register, 'valid_until', k.valid_until)
				from cmd.enrolment e join cmd.key k on k.register = e.key
					join cmd.key_contact c on c.key = k.register and c.channel = j.channel
				where e.id = j.enrolment and k.living)
		end;
		if payload is not null then
			job := j.id; kind := j.kind; enrolment := j.enrolment; attempts := j.attempts;
			return next;
			return;
		end if;
		if j.kind = 'send_code' then
			update cmd.one_time_code c set delivery = 'failed' where c.id = j.code and c.delivery = 'queued';
		end if;
		update cmd.job x set state = 'failed', error = 'overtaken', ended_at = clock_timestamp() where x.id = j.id;
	end loop;
end $$;

create or replace function registrar.job_failed(job bigint, code text) returns void
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
	j cmd.job;
begin
	update cmd.job set state = 'failed', error = $2, attempts = attempts + 1, ended_at = clock_timestamp()
		where id = $1 and state = 'queued' returning * into j;
	if not found then
		return;
	end if;
	if j.kind = 'send_code' then
		update cmd.one_time_code set delivery = 'failed' where id = j.code;
		perform cmd.tell_desk(j.enrolment, 'delivery');
	elsif j.kind = 'verify' then
		perform registrar.refuse(j.enrolment, $2);
	end if;
end $$;

create or replace function registrar.settings() returns jsonb
	language sql stable security definer set search_path = pg_catalog, pg_temp as $$
	select jsonb_object_agg(name, value) from cmd.setting
$$;

create function registrar.activate(enrolment uuid, person jsonb, pin_hash text, level text, evidence jsonb, valid_until date,
	out outcome text, out register bigint)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	e cmd.enrolment;
	p bigint;
	violated text;
begin
	perform cmd.enter();
	select * into e from cmd.enrolment x where x.id = $1 for no key update;
	if e.state = 'active' then
		outcome := 'active';
		register := e.key;
		return;
	elsif e.state = 'refused' and e.refusal in ('already_active', 'contact_taken') then
		outcome := e.refusal;
		return;
	elsif e.state is distinct from 'pending' then
		perform cmd.refuse('BK009', 'wrong_state');
	elsif coalesce($2 ->> 'civil_number', e.civil_number) is distinct from e.civil_number
		or coalesce($2 ->> 'country', e.country) is distinct from e.country then
		perform cmd.refuse('BK010', 'person_mismatch');
	end if;

	insert into cmd.person as q (country, civil_number, document_number, surname, given_names, sex, birth_date, nationality, tax_number)
		values (e.country, e.civil_number, $2 ->> 'document_number', $2 ->> 'surname', $2 ->> 'given_names', $2 ->> 'sex',
			($2 ->> 'birth_date')::date, $2 ->> 'nationality', nullif($2 ->> 'tax_number', ''))
		on conflict (country, civil_number) do update set document_number = excluded.document_number,
			surname = excluded.surname, given_names = excluded.given_names, sex = excluded.sex,
			birth_date = excluded.birth_date, nationality = excluded.nationality, tax_number = excluded.tax_number
		returning q.id into p;
	perform cmd.lapse_for(p, $1);

	begin
		insert into cmd.key as k (person, state, level, pin_hash, valid_until, enrolment)
			values (p, 'active', $4, $3, $6, $1) returning k.register into register;
		insert into cmd.key_contact (key, channel, value, proof, proven_at)
			select register, c.channel, c.value, c.id, c.confirmed_at from cmd.contact_proof c
			where c.enrolment = $1 order by c.channel;
	exception when unique_violation then
		get stacked diagnostics violated = constraint_name;
		outcome := case violated
			when 'key_one_living' then 'already_active'
			when 'key_contact_one_person' then 'contact_taken'
		end;
		if outcome is null then
			raise exception 'activation violated %', violated using errcode = 'BK092';
		end if;
		register := null;
		perform cmd.end_enrolment($1, 'refused', outcome);
		return;
	end;

	outcome := 'active';
	insert into cmd.key_event (key, to_state, reason, desk, enrolment) values (register, 'active', 'enrolled', e.desk, $1);
	update cmd.evidence v set verification = $5 where v.enrolment = $1;
	update cmd.enrolment x set key = activate.register where x.id = $1;
	perform cmd.enqueue('welcome', $1, null, c.channel) from cmd.key_contact c where c.key = activate.register;
	perform cmd.end_enrolment($1, 'active', null);
end $$;

grant execute on all functions in schema desk to balcao_desk;
grant execute on all functions in schema registrar to balcao_registrar;
