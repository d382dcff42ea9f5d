-- Calls of a desk about one-time codes.

create function desk.send_code(p_certificate bytea, p_enrolment uuid, p_send uuid, p_channel text, p_value text, p_language text,
	out refusal text, out sent_at timestamptz, out expires_at timestamptz, out resend_at timestamptz,
	out sends_left integer, out tries_left integer, out tries integer)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	e centre.enrolment := internal.own_enrolment(p_certificate, p_enrolment);
	t timestamptz := clock_timestamp();
	c centre.one_time_code;
	counted bytea; -- the contact, as the counters know it
	used record;
	sends integer;
	pause integer := internal.setting('code_resend_after_seconds');
	d centre.destination;
	what text[] := '{codes}';
	most integer[] := array[internal.setting('centre_codes_per_hour')];
begin
	tries := internal.setting('code_tries');
	select * into c from centre.one_time_code where id = p_send;
	if found then
		if (c.enrolment, c.channel, coalesce(c.value, p_value)) is distinct from (p_enrolment, p_channel, p_value) then
			perform internal.refuse('BK004', 'conflict');
		elsif c.value is null then -- forgotten at the enrolment's end
			perform internal.refuse('BK002', 'enrolment_ended');
		end if;
		sent_at := c.sent_at; expires_at := c.expires_at; resend_at := c.resend_at;
		sends_left := c.sends_left; tries_left := c.tries_left;
		return;
	elsif e.state <> 'open' then
		perform internal.refuse('BK002', 'enrolment_ended');
	end if;
	-- What is proven here is not told of the change; so it is what the errand is for, and nothing else.
	if p_send is null or not internal.is_language(p_language) or not internal.is_contact(p_channel, p_value)
		or not exists (select from centre.errand x where x.name = e.errand and x.needs_contact in ('any', p_channel)) then
		perform internal.refuse('BK005', 'invalid');
	end if;

	counted := internal.contact_hash(p_channel, p_value);
	used := internal.contact_use(e.desk, counted);
	tries_left := greatest(tries - greatest(internal.wrong_tries(p_enrolment, p_channel), used.wrong), 0);
	select count(*) into sends from centre.one_time_code x where x.enrolment = p_enrolment and x.channel = p_channel
		and x.sent_at > t - make_interval(secs => internal.setting('code_window_seconds'));
	sends_left := greatest(1 + internal.setting('code_resends') - greatest(sends, used.sends), 0);
	if internal.fruitless_codes(e.desk) >= internal.setting('desk_codes_per_hour') then
		sends_left := 0;
	end if;
	-- What other desks did with the contact makes this one wait longer between its own sends, two minutes at most.
	pause := least(pause * (1 + used.others), greatest(pause, 120));
	resend_at := greatest(used.last_sent + make_interval(secs => pause), internal.held('contact', counted));
	if p_channel = 'sms' then
		d := internal.destination(p_value);
		what := what || ('codes +' || d.prefix);
		most := most || coalesce(d.per_hour, internal.setting('prefix_codes_per_hour'));
	end if;
	refusal := case
		when t >= e.expires_at then 'enrolment_expired'
		when p_channel = 'sms' and d.allowed is not true then 'destination_off'
		when tries_left = 0 then 'code_locked'
		when sends_left = 0 then 'resends_used'
		when t < resend_at then 'too_soon'
		when not internal.count_up(what, most) then 'centre_busy'
	end;
	if refusal is not null then
		return;
	end if;
	sends_left := sends_left - 1;
	sent_at := t;
	expires_at := t + make_interval(secs => internal.setting('code_' || p_channel || '_seconds'));
	resend_at := t + make_interval(secs => pause);
	insert into centre.one_time_code (id, enrolment, desk, channel, value, contact, language, send_no,
			sends_left, tries_left, sent_at, expires_at, resend_at)
		values (p_send, p_enrolment, e.desk, p_channel, p_value, counted, p_language,
			1 + (select coalesce(max(x.send_no), 0) from centre.one_time_code x where x.enrolment = p_enrolment and x.channel = p_channel),
			sends_left, tries_left, sent_at, expires_at, resend_at);
	perform internal.enqueue('send_code', p_enrolment, p_send, p_channel);
end $$;
comment on function desk.send_code is 'Queues a one-time code for a contact. refusal, with nothing done:
enrolment_expired; destination_off (no codes are sent there);
code_locked (wrong codes of this enrolment''s channel, or of this desk at this contact, have used up the tries);
resends_used (one send and code_resends resends within the window, of this enrolment''s channel or of this desk to this contact; or the desk''s own limit);
too_soon (before resend_at); centre_busy (the limit of the whole centre or of the number''s prefix).';

create function desk.confirm_code(p_certificate bytea, p_enrolment uuid, p_attempt uuid, p_channel text, p_code text,
	out refusal text, out tries_left integer, out proof uuid, out confirmed_at timestamptz)
	language plpgsql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
#variable_conflict use_column
declare
	e centre.enrolment := internal.own_enrolment(p_certificate, p_enrolment);
	t timestamptz := clock_timestamp();
	a centre.code_attempt;
	c centre.one_time_code;
	wrong boolean := false;
begin
	select * into a from centre.code_attempt where id = p_attempt;
	if found then
		if (a.enrolment, a.channel) is distinct from (p_enrolment, p_channel) then
			perform internal.refuse('BK004', 'conflict');
		end if;
		refusal := a.refusal; tries_left := a.tries_left; proof := a.proof; confirmed_at := a.confirmed_at;
		return;
	elsif e.state <> 'open' then
		perform internal.refuse('BK002', 'enrolment_ended');
	elsif not coalesce(p_attempt is not null and p_channel in ('sms', 'email') and p_code ~ '^[0-9]{4,10}$', false) then
		perform internal.refuse('BK005', 'invalid');
	elsif t >= e.expires_at then
		perform internal.refuse('BK003', 'enrolment_expired');
	elsif (select count(*) from centre.code_attempt x where x.enrolment = p_enrolment) >= 100 then
		-- Each is remembered for its repetition, also one that compared nothing; no visit comes near so many.
		perform internal.refuse('BK011', 'too_many');
	end if;
	-- The newest code counts; while it does not exist yet, the one before it still does.
	select * into c from centre.one_time_code where enrolment = p_enrolment and channel = p_channel
		order by mac is null, send_no desc limit 1;
	if not found then
		perform internal.refuse('BK006', 'no_code');
	end if;
	tries_left := internal.setting('code_tries')
		- greatest(internal.wrong_tries(p_enrolment, p_channel), (internal.contact_use(e.desk, c.contact)).wrong);
	if tries_left <= 0 then
		refusal := 'code_locked';
	elsif c.used_at is not null or t >= c.expires_at then
		refusal := 'code_expired';
	elsif crypto.hmac(convert_to(p_code, 'UTF8'), c.key, 'sha256') is distinct from c.mac or c.mac is null then
		wrong := true;
		tries_left := tries_left - 1;
		refusal := case when tries_left > 0 then 'code_wrong' else 'code_locked' end;
	else
		update centre.one_time_code set used_at = t where id = c.id;
		if internal.contact_taken(p_enrolment, p_channel, c.value) then
			refusal := 'taken';
		else
			confirmed_at := t;
			insert into centre.contact_proof as p (enrolment, channel, value, confirmed_at) values (p_enrolment, p_channel, c.value, t)
				on conflict (enrolment, channel) do update
				set id = gen_random_uuid(), value = excluded.value, confirmed_at = excluded.confirmed_at
				returning p.id into proof;
			perform internal.drop_activation(p_enrolment); -- it was in place of a contact
		end if;
	end if;
	tries_left := greatest(tries_left, 0);
	insert into centre.code_attempt (id, enrolment, channel, code, at, counts, refusal, tries_left, proof, confirmed_at)
		values (p_attempt, p_enrolment, p_channel, c.id, t, wrong, refusal, tries_left, proof, confirmed_at);
end $$;
comment on function desk.confirm_code is 'Compares a code. proof and confirmed_at name the centre''s record of a right one. refusal:
code_wrong (tries_left says how often more); code_expired (or already used; does not count as a try); code_locked (no tries left);
taken (right, but the contact belongs to another person''s key, or case that waits: said only to who proved possession).';
