-- Signing in, for the login service and the registrars. It goes so:
--
--   begin      counts a try and shows salt and cost
--   pin        compares what the caller computed of them: code, or no
--   settle     after the answer: locks the key, tells its holder. Always called; what is missed is made up for within minutes
--   send_code  as often as it takes
--   code       compares a code: signed in
--
-- begin, pin and the caller's work take the same time and give the same answers whether somebody is unknown, locked,
-- suspended or wrong: each does the same with the same tables. Nobody is told a hash. Each call may be repeated with the
-- same identifiers and answers the same.

create function login.begin(p_try uuid, p_kind text, p_value text, p_source bytea default null, p_pending boolean default false,
	out salt bytea, out memory integer, out passes integer, out lanes integer, out subject text)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	t timestamptz := clock_timestamp();
	named bytea;
	k bigint;
	stand_in bigint;
	s centre.sign_in;
	x centre.sign_in_try;
	held boolean;
	lost boolean;
	admitted boolean;
begin
	if p_try is null or p_pending is null or not internal.is_sign_in_name(p_kind, p_value, p_pending) or octet_length(p_source) > 64 then
		perform internal.refuse('BK005', 'invalid');
	end if;
	named := internal.contact_hash(p_kind, p_value);
	k := case when p_pending then internal.pending_key(p_kind, p_value) else internal.sign_in_key(p_kind, p_value) end;
	stand_in := internal.sign_in_model(named);
	s := internal.sign_in_counters(coalesce(k, -1 - internal.drawn(named, 4096)));
	select * into x from centre.sign_in_try where id = p_try;
	if found and (x.named, x.pending) <> (named, p_pending) then
		perform internal.refuse('BK004', 'conflict');
	elsif not found then
		held := internal.sign_in_held(k, named, p_source);
		admitted := not held and s.locked_until is null and s.pin_wrong < internal.setting('pin_tries');
		lost := not admitted and not held and s.locked_until is null and internal.sign_in_open(s.key) = 0;
		if admitted then
			s.pin_wrong := s.pin_wrong + 1;
		elsif lost then -- by callers that did not come back: they may have been told the outcome, so they count
			s := internal.sign_in_lock(s);
		end if;
		perform internal.sign_in_count(s);
		insert into centre.sign_in_try (id, key, model, named, source, made_at, admitted, pending)
			values (p_try, s.key, coalesce(k, stand_in), named, p_source, t, admitted, p_pending);
	else
		k := case when x.key > 0 then x.key end;
		stand_in := x.model;
	end if;
	select h.salt, h.memory, h.passes, h.lanes, internal.pin_subject_of(y.register) into salt, memory, passes, lanes, subject
		from centre.key y, internal.pin_parts(y.pin_hash) h where y.register = coalesce(k, stand_in);
	if k is null or salt is null then
		named := crypto.hmac(named, (select key from centre.secret), 'sha256');
		salt := substr(named, 1, coalesce(octet_length(salt), 16));
		memory := coalesce(memory, internal.setting('pin_hash_memory_kib'));
		passes := coalesce(passes, internal.setting('pin_hash_passes'));
		lanes := coalesce(lanes, internal.setting('pin_hash_lanes'));
		subject := 'PRT:' || lpad(internal.drawn(substr(named, 17), 100000000)::text, 8, '0');
	end if;
end $$;
comment on function login.begin is 'Counts a try, under an identifier of the caller''s, and shows what the hash of the PIN is computed with. p_kind: phone (E.164), email,
passport (country and number as in the machine-readable zone, a colon between). p_source: who asks, as the caller knows them (a network): what policy has wait, a network or a key, is answered as a wrong PIN is. p_pending: it
is about a key that waits for its activation, which is found by where its code went, by the civil number as well (passport), or by its own number (register).
memory in KiB. Of who is unknown all of it is made up, and always the same. The PIN is hashed under subject, see kiosk/signin.';

create function login.pin(p_try uuid, p_output bytea, out outcome text, out channels text[], out masked text[], out memory integer, out passes integer, out lanes integer)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	t timestamptz := clock_timestamp();
	x centre.sign_in_try;
	s centre.sign_in;
	k centre.key;
	h record;
	open_tries integer;
	is_right boolean;
	may boolean;
begin
	if coalesce(octet_length(p_output), 0) not between 16 and 64 then
		perform internal.refuse('BK005', 'invalid');
	end if;
	select * into x from centre.sign_in_try where id = p_try;
	if not found then
		perform internal.refuse('BK001', 'unknown_try');
	end if;
	s := internal.sign_in_counters(x.key);
	select * into x from centre.sign_in_try where id = p_try for update;
	select * into k from centre.key where register = x.model;
	select * into h from internal.pin_parts(k.pin_hash);
	open_tries := internal.sign_in_open(x.key, p_try);
	is_right := coalesce(h.digest = sha256(p_output), false);
	may := internal.may_sign_in(k, s, x.pending);
	if x.state = 'begun' then
		if is_right and may and x.admitted and x.key > 0 and x.made_at > t - interval '1 minute' then
			x.state := 'code';
			s.pin_wrong := open_tries;
		else
			x.state := 'no';
			s.last_failure_at := t;
			if x.admitted and s.locked_until is null and open_tries = 0 and s.pin_wrong >= internal.setting('pin_tries') then
				s := internal.sign_in_lock(s);
			end if;
		end if;
		perform internal.sign_in_count(s);
		update centre.sign_in_try set state = x.state where id = p_try;
	end if;
	outcome := case when x.state in ('code', 'signed_in') then 'code' else 'no' end;
	if x.state = 'code' then
		if x.pending then
			channels := array(select a.channel from centre.activation a where a.key = x.key and a.ended_at is null);
		else
			select array_agg(c.channel order by c.channel desc), array_agg(internal.masked(c.channel, c.value) order by c.channel desc)
				into channels, masked from centre.key_contact c where c.key = x.key;
		end if;
		if not x.pending and (h.memory, h.passes, h.lanes) is distinct from
			(internal.setting('pin_hash_memory_kib'), internal.setting('pin_hash_passes'), internal.setting('pin_hash_lanes')) then
			memory := internal.setting('pin_hash_memory_kib'); passes := internal.setting('pin_hash_passes'); lanes := internal.setting('pin_hash_lanes');
		end if;
	end if;
end $$;
comment on function login.pin is 'Compares Argon2''s output for a try. outcome: code (right: a code comes next, on one of channels, masked as a clerk is shown
them; of a pending key: the activation code, which went there), or no: wrong, unknown, locked, blocked,
suspended, or nobody''s turn; it does not say which. memory, passes and lanes are given with code where the hash is of another cost than the settings: see rehash.';

create function login.settle(p_try uuid) returns void
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
	x centre.sign_in_try;
begin
	select * into x from centre.sign_in_try where id = p_try;
	if not found or x.settled or x.state = 'begun' then
		return;
	end if;
	perform internal.sign_in_follow(x.key);
	update centre.sign_in_try set settled = true, source = case when state = 'code' then source end where id = p_try and not settled;
	if found then
		perform internal.seen(case when x.state <> 'no' then 'pin_right' when x.key > 0 then 'pin_wrong' else 'unknown_identifier' end,
			(select e.desk from centre.enrolment e where e.id = x.enrolment), null, case when x.key > 0 then x.key end, x.named, x.source);
	end if;
end $$;
comment on function login.settle is 'What follows from a PIN that was compared, after its answer was given.';

create function login.rehash(p_try uuid, p_salt bytea, p_memory integer, p_passes integer, p_lanes integer, p_output bytea) returns void
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
	x centre.sign_in_try;
begin
	select * into x from centre.sign_in_try where id = p_try;
	if not coalesce(octet_length(p_salt) = 16 and octet_length(p_output) = 32 and x.state in ('code', 'signed_in'), false)
		or (p_memory, p_passes, p_lanes) is distinct from
			(internal.setting('pin_hash_memory_kib'), internal.setting('pin_hash_passes'), internal.setting('pin_hash_lanes'))
		or exists (select from centre.key k, internal.pin_parts(k.pin_hash) h where k.register = x.key
			and (h.memory, h.passes, h.lanes) = (p_memory, p_passes, p_lanes)) then
		perform internal.refuse('BK005', 'invalid');
	end if;
	insert into centre.pin_rehash (key, id, version, pin_hash)
		select k.register, p_try, k.version, internal.pin_text(p_memory, p_passes, p_lanes, p_salt, p_output) from centre.key k
		where k.register = x.key
		on conflict (key) do update set id = excluded.id, version = excluded.version, pin_hash = excluded.pin_hash
			where pin_rehash.version <> excluded.version;
	if found then
		perform internal.enqueue('rehash', null, null, null, p_try);
	end if;
end $$;
comment on function login.rehash is 'The same PIN under the same subject, hashed with a new salt at the cost that pin gave. A registrar signs the record that goes with it,
and then it takes the place of the old hash.';

create function login.send_code(p_try uuid, p_send uuid, p_channel text, p_language text,
	out refusal text, out sent_at timestamptz, out expires_at timestamptz, out resend_at timestamptz, out sends_left integer, out tries_left integer)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	t timestamptz := clock_timestamp();
	x centre.sign_in_try;
	s centre.sign_in;
	k centre.key;
	c centre.sign_in_code;
	contact text;
	used record;
begin
	if not coalesce(p_send is not null and p_channel in ('sms', 'email') and internal.is_language(p_language), false) then
		perform internal.refuse('BK005', 'invalid');
	end if;
	select * into x from centre.sign_in_try where id = p_try and not pending;
	if not found then
		perform internal.refuse('BK001', 'unknown_try');
	end if;
	s := internal.sign_in_counters(x.key);
	tries_left := greatest(internal.setting('sign_in_code_tries') - s.code_wrong, 0);
	select * into c from centre.sign_in_code where id = p_send;
	if found then
		if (c.try, c.channel) is distinct from (p_try, p_channel) then
			perform internal.refuse('BK004', 'conflict');
		end if;
		sent_at := c.sent_at; expires_at := c.expires_at; resend_at := c.resend_at; sends_left := c.sends_left;
		return;
	end if;
	select * into x from centre.sign_in_try where id = p_try for update;
	select * into k from centre.key where register = x.key;
	select count(*) as sends, max(y.sent_at) as last_sent into used from centre.sign_in_code y
		where y.key = x.key and y.channel = p_channel and y.sent_at > t - make_interval(secs => internal.setting('code_window_seconds'));
	select y.value into contact from centre.key_contact y where y.key = x.key and y.channel = p_channel;
	sends_left := greatest(1 + internal.setting('code_resends') - used.sends, 0);
	resend_at := greatest(used.last_sent + make_interval(secs => internal.setting('code_resend_after_seconds')),
		internal.held('contact', internal.contact_hash(p_channel, contact)));
	refusal := case
		when tries_left = 0 or k.state = 'blocked' then 'over'
		when x.state <> 'code' or t >= x.made_at + make_interval(secs => internal.setting('sign_in_seconds'))
			or not internal.may_sign_in(k, s) then 'ended'
		when contact is null then 'no_contact'
		when p_channel = 'sms' and (internal.destination(contact)).allowed is not true then 'destination_off'
		when sends_left = 0 then 'resends_used'
		when t < resend_at then 'too_soon'
	end;
	if refusal is not null then
		return;
	end if;
	sends_left := sends_left - 1;
	sent_at := t;
	expires_at := least(t + make_interval(secs => internal.setting('code_' || p_channel || '_seconds')),
		x.made_at + make_interval(secs => internal.setting('sign_in_seconds')));
	resend_at := t + make_interval(secs => internal.setting('code_resend_after_seconds'));
	insert into centre.sign_in_code (id, try, key, channel, language, sent_at, expires_at, resend_at, sends_left)
		values (p_send, p_try, x.key, p_channel, p_language, sent_at, expires_at, resend_at, sends_left);
	perform internal.enqueue('sign_in_code', x.enrolment, null, p_channel, p_send);
	perform internal.seen('code_sent', null, null, x.key, internal.contact_hash(p_channel, contact), x.source);
end $$;
comment on function login.send_code is 'Queues a code for a try whose PIN was right. refusal, with nothing done: over (the key is blocked by wrong codes); ended (the try took
sign_in_seconds, or the key was changed or locked meanwhile); no_contact (none on that channel); destination_off; resends_used (of the key, on that channel, within the window);
too_soon (before resend_at). tries_left: wrong codes that the key still has, whatever is sent.';

create function login.code(p_try uuid, p_attempt uuid, p_code text,
	out refusal text, out tries_left integer, out register bigint, out record bytea)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	t timestamptz := clock_timestamp();
	x centre.sign_in_try;
	s centre.sign_in;
	k centre.key;
	c centre.sign_in_code;
	a centre.sign_in_attempt;
begin
	if not coalesce(p_attempt is not null and p_code ~ '^[0-9]{4,10}$', false) then
		perform internal.refuse('BK005', 'invalid');
	end if;
	select * into x from centre.sign_in_try where id = p_try and not pending;
	if not found then
		perform internal.refuse('BK001', 'unknown_try');
	end if;
	perform internal.sign_in_follow(x.key); -- a lock that is over
	select * into k from centre.key where register = x.key for no key update;
	s := internal.sign_in_counters(x.key);
	select * into x from centre.sign_in_try where id = p_try for update;
	select * into a from centre.sign_in_attempt where id = p_attempt;
	if found then
		if a.try <> p_try then
			perform internal.refuse('BK004', 'conflict');
		end if;
		refusal := a.refusal; tries_left := a.tries_left;
	else
		if (select count(*) from centre.sign_in_attempt y where y.try = p_try) >= 100 then
			perform internal.refuse('BK011', 'too_many');
		end if;
		-- The newest code counts; while it does not exist yet, the one before it still does.
		select * into c from centre.sign_in_code y where y.try = p_try order by y.mac is null, y.sent_at desc limit 1;
		if not found and x.state = 'code' then
			perform internal.refuse('BK006', 'no_code');
		end if;
		tries_left := greatest(internal.setting('sign_in_code_tries') - s.code_wrong, 0);
		if tries_left = 0 or k.state = 'blocked' then
			refusal := 'over';
		elsif x.state <> 'code' or t >= x.made_at + make_interval(secs => internal.setting('sign_in_seconds')) or not internal.may_sign_in(k, s) then
			refusal := 'ended';
		elsif c.used_at is not null or t >= c.expires_at then
			refusal := 'code_expired';
		elsif crypto.hmac(convert_to(p_code, 'UTF8'), c.mac_key, 'sha256') is distinct from c.mac or c.mac is null then
			s.code_wrong := s.code_wrong + 1;
			s.last_failure_at := t;
			tries_left := tries_left - 1;
			refusal := case when tries_left > 0 then 'code_wrong' else 'over' end;
			perform internal.sign_in_count(s);
			perform internal.seen('code_wrong', null, null, x.key, null, x.source);
			if tries_left = 0 then
				perform internal.change_key(x.key, 'block', 'wrong_codes');
				update centre.sign_in_try set state = 'over' where id = p_try;
			end if;
		else
			update centre.sign_in_code set used_at = t where id = c.id;
			update centre.sign_in_try set state = 'signed_in', source = null, signed_at = t, epoch = internal.epoch(x.key) where id = p_try;
			s.code_wrong := 0;
			s.lock_step := 0;
			s.last_success_at := t;
			s.last_channel := c.channel;
			perform internal.sign_in_count(s);
			perform internal.seen('code_confirmed', null, null, x.key, null, x.source);
			perform internal.seen('signed_in', (select e.desk from centre.enrolment e where e.id = x.enrolment), null, x.key, null, null,
				case when k.level = 'high' and internal.setting('login_level_' || c.channel) = 3 then 'high' end);
		end if;
		insert into centre.sign_in_attempt (id, try, refusal, tries_left) values (p_attempt, p_try, refusal, tries_left);
	end if;
	if refusal is null then
		register := x.key;
		record := internal.newest_record(x.key);
	end if;
end $$;
comment on function login.code is 'Compares a code. Without a refusal the person is signed in: register is the key''s, record what a registrar signed of it, which the caller
verifies. refusal: code_wrong (tries_left says how often more, whatever is sent); code_expired (or used; does not count); over (the key is blocked until a desk unblocks it);
ended (the try took sign_in_seconds, or the key was changed or locked meanwhile).';
