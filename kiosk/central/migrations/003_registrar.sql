-- What the centre's worker may do. Any number of registrars may run.
--
-- A job is worked inside the transaction that took it: take_job locks it, job_done or job_failed ends
-- it, job_retry puts it off, commit publishes. When the worker dies the server rolls back and the job is
-- free at once. What has to be known before the job ends is said on another connection: code_ready, before
-- the message leaves.

-- take_job: the next job that is due and that no one else holds, or no row. payload, bytes in base64:
--   send_code  {channel, value, language, send_no, expires_at, code_row}
--   verify     {challenge, desk, opened_at, document_kind, country, civil_number,
--               contacts: [{channel, value, proof, confirmed_at}], evidence, identity, sod, sealed_pin}
--   welcome    {channel, value, language, register, valid_until}
-- A job whose enrolment has ended meanwhile, or whose code has expired or was sent, is closed and not
-- handed out.
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

-- base64 without the line breaks of encode().
create function cmd.base64(bytes bytea) returns text
	language sql immutable set search_path = pg_catalog, pg_temp as $$
	select translate(encode(bytes, 'base64'), E'\n', '')
$$;

create function registrar.job_done(job bigint) returns void
	language sql security definer set search_path = pg_catalog, pg_temp as $$
	update cmd.job set state = 'done', ended_at = clock_timestamp() where id = $1 and state = 'queued'
$$;

-- job_retry: puts the job off, in the transaction that holds it. code is a word for the operator
-- (^[a-z0-9_.]{0,60}$), never an error text: those may name people.
create function registrar.job_retry(job bigint, retry_at timestamptz, code text) returns void
	language sql security definer set search_path = pg_catalog, pg_temp as $$
	update cmd.job set attempts = attempts + 1, due_at = $2, error = $3 where id = $1 and state = 'queued'
$$;

-- job_failed: gives up. A message is marked failed and its desk told; an enrolment whose evidence
-- could not be judged is refused for that code.
create function registrar.job_failed(job bigint, code text) returns void
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

-- next_due: when the next job is due, null when there is none. It may be in the past: then another
-- registrar holds it.
create function registrar.next_due() returns timestamptz
	language sql stable security definer set search_path = pg_catalog, pg_temp as $$
	select min(due_at) from cmd.job where state = 'queued'
$$;

create function registrar.settings() returns jsonb
	language sql stable security definer set search_path = pg_catalog, pg_temp as $$
	select jsonb_object_agg(name, value) from cmd.setting
$$;

-- code_ready: the MAC of the code, under a key made for this row. Call it on a connection of its own,
-- so that it is committed before the message leaves. A retried send gives the same code again, with
-- the same or another key. false: the code is not wanted any more, send nothing.
create function registrar.code_ready(code_row uuid, key bytea, mac bytea) returns boolean
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
	if $2 is null or octet_length($2) < 16 or $3 is null or octet_length($3) <> 32 then
		perform cmd.refuse('BK005', 'invalid');
	end if;
	-- A row that is being tried keeps its first key: tries already recorded were made under it.
	update cmd.one_time_code c set key = coalesce(c.key, $2), mac = case when c.key is null then $3 else c.mac end
		where c.id = $1 and c.value is not null and c.used_at is null;
	return found;
end $$;

-- message_sent: the message of this job has left, under this id (null when the channel has none).
create function registrar.message_sent(job bigint, message_id text) returns void
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
	j cmd.job;
	early boolean;
begin
	perform cmd.enter();
	select * into j from cmd.job where id = $1;
	if j.kind is distinct from 'send_code' then
		return;
	end if;
	if $2 is not null then
		-- Against the receipt that arrives before this commits: it waits here, or is found below.
		perform pg_advisory_xact_lock(hashtextextended($2, 1));
		delete from cmd.receipt r where r.message_id = $2 returning r.delivered into early;
	end if;
	update cmd.one_time_code c set message_id = $2,
		delivery = case early when true then 'delivered' when false then 'failed' else 'sent' end
		where c.id = j.code;
	perform cmd.tell_desk(j.enrolment, 'delivery');
end $$;

-- receipt: what became of a message. One that is not known yet is kept for message_sent.
create function registrar.receipt(message_id text, delivered boolean) returns void
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
	e uuid;
begin
	perform cmd.enter();
	if $1 is null or length($1) not between 1 and 200 or $2 is null then
		perform cmd.refuse('BK005', 'invalid');
	end if;
	perform pg_advisory_xact_lock(hashtextextended($1, 1));
	update cmd.one_time_code c set delivery = case when $2 then 'delivered' else 'failed' end
		where c.id = (select x.id from cmd.one_time_code x where x.message_id = $1 order by x.sent_at desc limit 1)
		returning c.enrolment into e;
	if found then
		perform cmd.tell_desk(e, 'delivery');
	else
		insert into cmd.receipt as r (message_id, delivered) values ($1, $2)
			on conflict on constraint receipt_pkey do update set delivered = excluded.delivered, at = excluded.at;
	end if;
end $$;

-- activate: the evidence was verified; makes the key. person: {surname, given_names, birth_date,
-- nationality, and, where known, country, civil_number, document_number, sex, tax_number}. valid_until
-- is the last day of the key: the document's, for nationals plus the setting national_grace_days.
-- evidence: what was found, kept with the JWS. Unique indexes decide between two desks:
--   'active'          register is the key's number; also when called again
--   'already_active'  the person has a living key;        the enrolment is refused, the desk told
--   'contact_taken'   a contact belongs to another's key; the enrolment is refused, the desk told
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

-- refuse: the evidence did not hold. reason: a kiosk.Reason or ProblemCode. Repeating it changes
-- nothing; an active enrolment is not refused any more.
create function registrar.refuse(enrolment uuid, reason text) returns void
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
	e cmd.enrolment;
begin
	perform cmd.enter();
	if $2 is null or $2 !~ '^[a-z0-9_.]{1,60}$' then
		perform cmd.refuse('BK005', 'invalid');
	end if;
	select * into e from cmd.enrolment x where x.id = $1 for no key update;
	if e.state = 'refused' then
		return;
	elsif e.state is distinct from 'pending' then
		perform cmd.refuse('BK009', 'wrong_state');
	end if;
	perform cmd.end_enrolment($1, 'refused', $2);
end $$;

-- heartbeat: this registrar lives and so do its channels: 'good', 'poor' or 'down'. Registrars are told
-- apart by application_name.
create function registrar.heartbeat(sms text, email text) returns void
	language sql security definer set search_path = pg_catalog, pg_temp as $$
	insert into cmd.worker as w (name, seen, sms, email)
		values (session_user || '/' || current_setting('application_name'), clock_timestamp(), $1, $2)
		on conflict (name) do update set seen = excluded.seen, sms = excluded.sms, email = excluded.email
$$;

-- expire: ends enrolments that were open too long, keys past their last day and stuck sessions of desks,
-- forgets contact hashes that no limit needs any more. Returns how many enrolments and keys ended. Call it every minute.
create function registrar.expire() returns integer
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
	i uuid;
	k cmd.key;
	n integer := 0;
	old timestamptz := clock_timestamp() - interval '1 day';
begin
	perform cmd.enter();
	perform cmd.end_stuck_desks();
	for i in
		select id from cmd.enrolment where state = 'open' and expires_at <= clock_timestamp()
		order by id for no key update skip locked
	loop
		perform cmd.end_enrolment(i, 'expired', null);
		n := n + 1;
	end loop;
	for k in
		select * from cmd.key where living and valid_until < current_date order by register for update skip locked
	loop
		update cmd.key set state = 'expired' where register = k.register;
		insert into cmd.key_event (key, from_state, to_state, reason) values (k.register, k.state, 'expired', 'validity_ended');
		n := n + 1;
	end loop;
	update cmd.one_time_code c set contact = null
		from cmd.enrolment e where e.id = c.enrolment and e.ended_at < old and c.contact is not null;
	update cmd.code_attempt a set contact = null
		from cmd.enrolment e where e.id = a.enrolment and e.ended_at < old and a.contact is not null;
	delete from cmd.receipt where at < old;
	delete from cmd.worker where seen < old;
	return n;
end $$;

grant usage on schema registrar to balcao_registrar;
grant execute on all functions in schema registrar to balcao_registrar;

---- create above / drop below ----

drop function registrar.expire();
drop function registrar.heartbeat(text, text);
drop function registrar.refuse(uuid, text);
drop function registrar.activate(uuid, jsonb, text, text, jsonb, date);
drop function registrar.receipt(text, boolean);
drop function registrar.message_sent(bigint, text);
drop function registrar.code_ready(uuid, bytea, bytea);
drop function registrar.settings();
drop function registrar.next_due();
drop function registrar.job_failed(bigint, text);
drop function registrar.job_retry(bigint, timestamptz, text);
drop function registrar.job_done(bigint);
drop function cmd.base64(bytea);
drop function registrar.take_job();
revoke usage on schema registrar from balcao_registrar;
