-- What the centre's worker may do, of which travel documents need more than 003 has.

-- take_job: the next job that is due and that no one else holds, or no row. payload:
--   send_code       {channel, value, language, send_no, expires_at, code_row}
--   chip_challenge  {}, and chip_dg14
--   verify          {desk, opened_at, document_kind, country, civil_number, document_number, tax_number, typed,
--                    contacts: [{channel, value, proof, confirmed_at}]}, the challenge, the evidence as desk.bind took it,
--                    and chip_state and chip_dg14 where a challenge to the chip was made
--   welcome         {channel, value, language, register, valid_until}
-- A job whose enrolment has ended meanwhile, or whose code has expired or was sent, is closed and not
-- handed out.
drop function registrar.take_job();
create function registrar.take_job(out job bigint, out kind text, out enrolment uuid, out attempts integer, out payload jsonb,
	out challenge bytea, out jws jsonb, out identity bytea, out sod bytea, out sealed_pin bytea, out proof bytea,
	out chip_state bytea, out chip_dg14 bytea)
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
		case j.kind
			when 'send_code' then
				select jsonb_build_object('channel', c.channel, 'value', c.value, 'language', c.language,
					'send_no', c.send_no, 'expires_at', c.expires_at, 'code_row', c.id) into payload
				from cmd.one_time_code c join cmd.enrolment e on e.id = c.enrolment
				where c.id = j.code and e.state = 'open' and c.value is not null
					and c.used_at is null and c.delivery = 'queued' and c.expires_at > clock_timestamp();
			when 'chip_challenge' then
				select '{}', c.dg14 into payload, chip_dg14
				from cmd.chip_challenge c join cmd.enrolment e on e.id = c.enrolment
				where c.enrolment = j.enrolment and c.state = 'queued' and e.state = 'open';
			when 'verify' then
				select jsonb_build_object('desk', e.desk, 'opened_at', e.opened_at,
					'document_kind', e.document_kind, 'country', e.country, 'civil_number', e.civil_number,
					'document_number', e.document_number, 'tax_number', e.tax_number, 'typed', e.typed,
					'contacts', (select jsonb_agg(jsonb_build_object('channel', p.channel, 'value', p.value,
							'proof', p.id, 'confirmed_at', p.confirmed_at) order by p.channel desc)
						from cmd.contact_proof p where p.enrolment = e.id)),
					e.challenge, v.jws, v.identity, v.sod, v.sealed_pin, v.proof, c.private, c.dg14
					into payload, challenge, jws, identity, sod, sealed_pin, proof, chip_state, chip_dg14
				from cmd.enrolment e join cmd.evidence v on v.enrolment = e.id
					left join cmd.chip_challenge c on c.enrolment = e.id and c.state = 'ready'
				where e.id = j.enrolment and e.state = 'pending';
			when 'welcome' then
				select jsonb_build_object('channel', c.channel, 'value', c.value,
					'language', coalesce((select o.language from cmd.one_time_code o where o.enrolment = e.id
						order by o.sent_at desc limit 1), 'pt'),
					'register', k.register, 'valid_until', k.valid_until) into payload
				from cmd.enrolment e join cmd.key k on k.register = e.key
					join cmd.key_contact c on c.key = k.register and c.channel = j.channel
				where e.id = j.enrolment and k.living;
		end case;
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

-- chip_challenge_made: what the desk sends to the chip, and what the centre keeps to verify the answer with; both
-- null when the chip has no key for it. Said again it changes nothing: the first one is what the desk was told.
create function registrar.chip_challenge_made(enrolment uuid, to_send bytea, private bytea) returns void
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
	e cmd.enrolment;
begin
	perform cmd.enter();
	if ($2 is null) <> ($3 is null) or octet_length($2) not between 1 and 16384 or octet_length($3) not between 1 and 65536 then
		perform cmd.refuse('BK005', 'invalid');
	end if;
	select * into e from cmd.enrolment x where x.id = $1 for no key update;
	if e.state is distinct from 'open' then
		perform cmd.refuse('BK009', 'wrong_state');
	end if;
	update cmd.chip_challenge c set state = case when $2 is null then 'unsupported' else 'ready' end, to_send = $2, private = $3
		where c.enrolment = $1 and c.state = 'queued';
	perform cmd.tell_desk($1, 'chip');
end $$;

-- job_failed: gives up. A message is marked failed and its desk told; an enrolment whose evidence
-- could not be judged is refused for that code; a chip is asked nothing.
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
	elsif j.kind = 'chip_challenge' then
		update cmd.chip_challenge set state = 'unsupported' where enrolment = j.enrolment and state = 'queued';
		perform cmd.tell_desk(j.enrolment, 'chip');
	elsif j.kind = 'verify' then
		perform registrar.refuse(j.enrolment, $2);
	end if;
end $$;

create or replace function registrar.settings() returns jsonb
	language sql stable security definer set search_path = pg_catalog, pg_temp as $$
	select cmd.rules()
$$;

-- activate: the evidence was verified; makes the key. person: {surname, given_names, birth_date (the latest it can
-- be), nationality, and, where known, country, civil_number, document_number, sex, tax_number, birth_stated}.
-- valid_until is the last day of the key: the document's, for nationals plus the setting national_grace_days.
-- evidence: what was found, kept with the JWS. kept: of a travel document DG1 and the chip's public keys, or null.
-- Unique indexes decide between two desks:
--   'active'          register is the key's number; also when called again
--   'already_active'  the person, or somebody with their NIF, has a living key; the enrolment is refused, the desk told
--   'contact_taken'   a contact belongs to another's key; the enrolment is refused, the desk told
-- People are never joined for having one NIF: it may have been typed.
drop function registrar.activate(uuid, jsonb, text, text, jsonb, date);
create function registrar.activate(enrolment uuid, person jsonb, pin_hash text, level text, evidence jsonb, valid_until date,
	kept bytea, out outcome text, out register bigint)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	e cmd.enrolment;
	p bigint;
	tax text := nullif($2 ->> 'tax_number', '');
	born date := ($2 ->> 'birth_date')::date;
	stated text := coalesce($2 ->> 'birth_stated', to_char(($2 ->> 'birth_date')::date, 'YYYY-MM-DD'));
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
		or coalesce($2 ->> 'country', e.country) is distinct from e.country
		or coalesce(e.document_number, $2 ->> 'document_number') is distinct from $2 ->> 'document_number'
		or coalesce(e.tax_number, tax) is distinct from tax then
		perform cmd.refuse('BK010', 'person_mismatch');
	end if;

	if e.civil_number is not null then
		insert into cmd.person as q (country, civil_number, document_number, surname, given_names, sex, birth_date, birth_stated,
				nationality, tax_number)
			values (e.country, e.civil_number, $2 ->> 'document_number', $2 ->> 'surname', $2 ->> 'given_names', $2 ->> 'sex',
				born, stated, $2 ->> 'nationality', tax)
			on conflict (country, civil_number) do update set document_number = excluded.document_number,
				surname = excluded.surname, given_names = excluded.given_names, sex = excluded.sex,
				birth_date = excluded.birth_date, birth_stated = excluded.birth_stated,
				nationality = excluded.nationality, tax_number = excluded.tax_number
			returning q.id into p;
	else
		insert into cmd.person as q (country, document_number, surname, given_names, sex, birth_date, birth_stated,
				nationality, tax_number)
			values (e.country, e.document_number, $2 ->> 'surname', $2 ->> 'given_names', $2 ->> 'sex',
				born, stated, $2 ->> 'nationality', tax)
			on conflict (country, document_number) where civil_number is null do update set
				surname = excluded.surname, given_names = excluded.given_names, sex = excluded.sex,
				birth_date = excluded.birth_date, birth_stated = excluded.birth_stated,
				nationality = excluded.nationality, tax_number = excluded.tax_number
			returning q.id into p;
	end if;
	if not cmd.is_tax_number(tax) then
		tax := null;
	end if;
	perform cmd.lapse_for(p, $1, tax);

	begin
		insert into cmd.key as k (person, state, level, pin_hash, valid_until, enrolment, tax_number)
			values (p, 'active', $4, $3, $6, $1, tax) returning k.register into register;
		insert into cmd.key_contact (key, channel, value, proof, proven_at)
			select register, c.channel, c.value, c.id, c.confirmed_at from cmd.contact_proof c
			where c.enrolment = $1 order by c.channel;
	exception when unique_violation then
		get stacked diagnostics violated = constraint_name;
		outcome := case violated
			when 'key_one_living' then 'already_active'
			when 'key_one_tax_number' then 'already_active'
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
	update cmd.evidence v set verification = $5, kept = $7 where v.enrolment = $1;
	update cmd.enrolment x set key = activate.register where x.id = $1;
	perform cmd.enqueue('welcome', $1, null, c.channel) from cmd.key_contact c where c.key = activate.register;
	perform cmd.end_enrolment($1, 'active', null);
end $$;

grant execute on all functions in schema registrar to balcao_registrar;
