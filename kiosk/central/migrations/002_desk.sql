-- What a desk may do. A desk is its login role (session_user) and sees its own enrolments only.
--
-- Every function may be called again with the same identifiers and answers the same: a desk that lost
-- an answer asks again. Normal outcomes come back in the column refusal; what a correct desk never
-- does is an error of class BK, see 001.

-- hello: the clock, the schema's version, the rules, and how delivery does.
create function desk.hello(out now timestamptz, out schema_version integer, out settings jsonb, out delivery text)
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

-- open_enrolment: gives the challenge that the card will sign. THE SAME CALL IS MADE TWICE, in two
-- transactions: the first opens the enrolment and answers refusal 'recorded'; the second, and any later one,
-- answers
--   null              challenge, opened_at and expires_at
--   'already_active'  the person has a living key; the enrolment has ended and the other columns are null
-- Why twice: "does this person have a key?" is answered only to an enrolment that is committed, so that
-- whoever asks about many people leaves a row for each and meets the limit (BK011).
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

-- send_code: queues a one-time code for a contact. refusal, with nothing done:
--   'enrolment_expired'
--   'code_locked'   wrong codes have used up the tries of this enrolment's channel or of this contact
--   'resends_used'  one send and code_resends resends within the window, counted for both as well; or
--                   the desk's own limit, see cmd.fruitless_codes
--   'too_soon'      before resend_at of the last send to this contact; resend_at says when
create function desk.send_code(enrolment uuid, send_id uuid, channel text, value text, language text,
	out refusal text, out sent_at timestamptz, out expires_at timestamptz, out resend_at timestamptz,
	out sends_left integer, out tries_left integer, out tries integer)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	e cmd.enrolment := cmd.own_enrolment($1);
	c cmd.one_time_code;
	t timestamptz;
	counted bytea; -- the contact, as the counters know it
	locked boolean;
	since timestamptz;
	sends integer;
	resends integer := cmd.setting_number('code_resends');
begin
	tries := cmd.setting_number('code_tries');
	select * into c from cmd.one_time_code x where x.id = $2;
	if found then
		if c.enrolment <> $1 or c.channel <> $3 or c.value is distinct from $4 then
			perform cmd.refuse('BK004', 'conflict');
		end if;
		sent_at := c.sent_at; expires_at := c.expires_at; resend_at := c.resend_at;
		sends_left := c.sends_left; tries_left := c.tries_left;
		return;
	end if;
	if e.state <> 'open' then
		perform cmd.refuse('BK002', 'enrolment_ended');
	end if;
	-- Contacts come in the one form in which they are dialled or mailed: E.164, and a dot-atom at a domain of
	-- lower-case ASCII letters (RFC 5322 §3.2.3, RFC 5891). Another spelling of a mailbox would be
	-- counted, and bound to a person, as another mailbox.
	if $2 is null or $5 is null or $5 !~ '^[a-z]{2}$' or $4 is null or not (
		$3 = 'sms' and $4 ~ '^[+][1-9][0-9]{6,14}$'
		or $3 = 'email' and length($4) <= 254 and position('@' in $4) <= 65
			and $4 ~ '^[A-Za-z0-9!#$%&''*+/=?^_`{|}~-]+([.][A-Za-z0-9!#$%&''*+/=?^_`{|}~-]+)*@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?[.])+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$')
	then
		perform cmd.refuse('BK005', 'invalid');
	end if;

	counted := cmd.contact_hash($3, $4);
	-- Every counter of a contact is under its lock, whichever enrolment it comes from. It is taken only
	-- when there is something to decide: a desk that asks about thousands of contacts in one transaction would
	-- fill the server's table of locks.
	foreach locked in array '{false,true}'::boolean[] loop
		if locked then
			perform pg_advisory_xact_lock(hashtextextended(encode(counted, 'hex'), 0));
		end if;
		t := clock_timestamp();
		since := t - make_interval(secs => cmd.setting_number('code_window_seconds'));
		tries_left := tries - cmd.tries_used($1, $3, counted);
		select greatest(
			(select count(*) from cmd.one_time_code x where x.enrolment = $1 and x.channel = $3 and x.sent_at > since),
			(select count(*) from cmd.one_time_code x where x.contact = counted and x.sent_at > since))
			into sends;
		sends_left := greatest(1 + resends - sends, 0);
		if cmd.fruitless_codes(e.desk) >= cmd.setting_number('desk_codes_per_hour') then
			sends_left := 0;
		end if;
		select max(x.resend_at) into resend_at from cmd.one_time_code x where x.contact = counted;

		refusal := case
			when t >= e.expires_at then 'enrolment_expired'
			when tries_left <= 0 then 'code_locked'
			when sends_left = 0 then 'resends_used'
			when t < resend_at then 'too_soon'
		end;
		tries_left := greatest(tries_left, 0);
		if refusal is not null then
			return;
		end if;
	end loop;
	sends_left := sends_left - 1;
	sent_at := t;
	expires_at := t + make_interval(secs => cmd.setting_number('code_' || $3 || '_seconds'));
	resend_at := t + make_interval(secs => cmd.setting_number('code_resend_after_seconds'));
	insert into cmd.one_time_code (id, enrolment, channel, value, contact, language, send_no,
			sends_left, tries_left, sent_at, expires_at, resend_at)
		values ($2, $1, $3, $4, counted, $5,
			1 + (select coalesce(max(x.send_no), 0) from cmd.one_time_code x where x.enrolment = $1 and x.channel = $3),
			sends_left, tries_left, sent_at, expires_at, resend_at);
	perform cmd.enqueue('send_code', $1, $2, $3);
end $$;

-- confirm_code: compares a code. THE SAME CALL IS MADE TWICE, in two transactions: the first records
-- the try and answers refusal 'recorded'; the second, and any later one, answers
--   null            right: proof and confirmed_at name the centre's record of it
--   'code_wrong'    tries_left says how often more
--   'code_expired'  or already used: ask for a new one; does not count as a try
--   'code_locked'   no tries left
--   'taken'         right, but the contact belongs to another person's key. Said only to who proved
--                   possession, so that nobody can ask whose phone is enrolled.
-- Why twice: a caller may roll back. If one call both judged and counted, a stolen desk could try every
-- code and roll each count back. So the answer exists only once the try is committed: the row is
-- visible and of another transaction.
create function desk.confirm_code(enrolment uuid, attempt_id uuid, channel text, code text,
	out refusal text, out tries_left integer, out proof uuid, out confirmed_at timestamptz)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	e cmd.enrolment := cmd.own_enrolment($1);
	a cmd.code_attempt;
	c cmd.one_time_code;
	t timestamptz;
	tries integer := cmd.setting_number('code_tries');
begin
	select * into a from cmd.code_attempt x where x.id = $2;
	if found and (a.enrolment <> $1 or a.channel is distinct from $3) then
		perform cmd.refuse('BK004', 'conflict');
	elsif found and a.refusal is not null or a.proof is not null then
		refusal := a.refusal; tries_left := a.tries_left; proof := a.proof; confirmed_at := a.confirmed_at;
		return;
	elsif a.xid = pg_current_xact_id() then
		refusal := 'recorded'; tries_left := a.tries_left;
		return;
	elsif e.state <> 'open' then
		perform cmd.refuse('BK002', 'enrolment_ended');
	end if;

	if a.id is null then
		if $2 is null or $3 is null or $3 not in ('sms', 'email') or $4 is null or $4 !~ '^[0-9]{4,10}$' then
			perform cmd.refuse('BK005', 'invalid');
		elsif clock_timestamp() >= e.expires_at then
			perform cmd.refuse('BK003', 'enrolment_expired');
		end if;
		-- The newest code counts; while it does not exist yet, the one before it still does.
		select * into c from cmd.one_time_code x where x.enrolment = $1 and x.channel = $3
			order by x.mac is null, x.send_no desc limit 1;
		if not found then
			perform cmd.refuse('BK006', 'no_code');
		end if;
		perform pg_advisory_xact_lock(hashtextextended(encode(c.contact, 'hex'), 0));
		t := clock_timestamp();
		tries_left := tries - cmd.tries_used($1, $3, c.contact);
		a.refusal := case
			when tries_left <= 0 then 'code_locked'
			when c.used_at is not null or t >= c.expires_at then 'code_expired'
		end;
		tries_left := greatest(tries_left - case when a.refusal is null then 1 else 0 end, 0);
		-- The typed code is kept as what the registrar keeps of the right one; without a key there is
		-- no right one yet.
		insert into cmd.code_attempt (id, enrolment, channel, code, contact, mac, at, counts, refusal, tries_left)
			values ($2, $1, $3, c.id, c.contact, crypto.hmac(convert_to($4, 'UTF8'), c.key, 'sha256'), t,
				a.refusal is null, a.refusal, tries_left);
		refusal := coalesce(a.refusal, 'recorded');
		return;
	end if;

	select * into c from cmd.one_time_code x where x.id = a.code;
	t := clock_timestamp();
	if a.mac is null or a.mac is distinct from c.mac then
		refusal := case when a.tries_left > 0 then 'code_wrong' else 'code_locked' end;
		tries_left := a.tries_left;
		update cmd.code_attempt x set refusal = confirm_code.refusal, mac = null where x.id = $2;
		return;
	end if;
	tries_left := least(a.tries_left + 1, tries);
	if c.used_at is not null then
		refusal := 'code_expired';
	elsif exists (select from cmd.key_contact k join cmd.key y on y.register = k.key
		where k.channel = $3 and k.normalised = lower(c.value) and k.living and y.valid_until >= current_date) then
		refusal := 'taken';
	else
		confirmed_at := t;
		insert into cmd.contact_proof as p (enrolment, channel, value, confirmed_at) values ($1, $3, c.value, t)
			on conflict (enrolment, channel) do update
			set id = gen_random_uuid(), value = excluded.value, confirmed_at = excluded.confirmed_at
			returning p.id into proof;
	end if;
	update cmd.one_time_code x set used_at = coalesce(x.used_at, t) where x.id = c.id;
	update cmd.code_attempt x set counts = false, mac = null, refusal = confirm_code.refusal,
		tries_left = confirm_code.tries_left, proof = confirm_code.proof, confirmed_at = confirm_code.confirmed_at
		where x.id = $2;
end $$;

-- enrolment_status: where an enrolment stands. An open one past its time reads 'expired'.
create function desk.enrolment_status(enrolment uuid,
	out state text, out refusal text, out register bigint, out active_at timestamptz, out valid_until date,
	out level text, out delivery_sms text, out delivery_email text)
	language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	e cmd.enrolment;
begin
	select * into e from cmd.enrolment x where x.id = $1 and x.desk = session_user;
	if not found then
		perform cmd.refuse('BK001', 'unknown_enrolment');
	end if;
	state := case when e.state = 'open' and clock_timestamp() >= e.expires_at then 'expired' else e.state end;
	refusal := e.refusal;
	select k.register, k.activated_at, k.valid_until, k.level into register, active_at, valid_until, level
		from cmd.key k where k.register = e.key;
	select c.delivery into delivery_sms from cmd.one_time_code c
		where c.enrolment = $1 and c.channel = 'sms' order by c.send_no desc limit 1;
	select c.delivery into delivery_email from cmd.one_time_code c
		where c.enrolment = $1 and c.channel = 'email' order by c.send_no desc limit 1;
end $$;

-- bind: hands over the evidence and queues its verification. Repeated with the same content it answers
-- the status; with another content it is BK004.
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

-- abandon: ends an open enrolment; the centre forgets the person. One that has ended stays as it is;
-- one that was bound cannot be taken back here.
create function desk.abandon(enrolment uuid, reason text) returns void
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
	e cmd.enrolment := cmd.own_enrolment($1);
begin
	-- A word from a list, never free text: it stays when the person is forgotten.
	if $2 !~ '^[a-z_]{0,40}$' then
		perform cmd.refuse('BK005', 'invalid');
	elsif e.state in ('pending', 'active') then
		perform cmd.refuse('BK002', 'enrolment_ended');
	elsif e.state = 'open' then
		perform cmd.end_enrolment($1, 'abandoned', nullif($2, ''));
	end if;
end $$;

grant usage on schema desk to balcao_desk;
grant execute on all functions in schema desk to balcao_desk;

---- create above / drop below ----

drop function desk.abandon(uuid, text);
drop function desk.bind(uuid, jsonb, bytea, bytea, bytea);
drop function desk.enrolment_status(uuid);
drop function desk.confirm_code(uuid, uuid, text, text);
drop function desk.send_code(uuid, uuid, text, text, text);
drop function desk.open_enrolment(uuid, text, text, text);
drop function desk.hello();
revoke usage on schema desk from balcao_desk;
