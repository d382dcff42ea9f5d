-- Activating a key on the web, and "this was not me". An activation goes so:
--
--   begin, pin          with p_pending: the key is found by phone or e-mail where its code went, by a document, or by its number
--   activation          compares the code that was sent
--   activation_contact, activation_code
--                       of a code that came by post: a contact, and the code that proves it
--   activate            a registrar verifies the codes again and signs the record, see change_state
--
-- Codes are compared only behind the right PIN. Wrong ones are counted by network and all together.

create function login.activation(p_attempt uuid, p_try uuid, p_code text, p_source bytea, out refusal text, out tries_left integer, out needs_contact boolean)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	code text := internal.plain_code(p_code);
	t timestamptz := clock_timestamp();
	x centre.sign_in_try;
	y centre.long_code_try;
	a centre.activation;
begin
	select * into x from centre.sign_in_try where id = p_try and pending;
	if not found then
		perform internal.refuse('BK001', 'unknown_try');
	elsif p_attempt is null or octet_length(p_source) > 64 then
		perform internal.refuse('BK005', 'invalid');
	end if;
	select * into y from centre.long_code_try where id = p_attempt;
	if found and y.try is distinct from p_try then
		perform internal.refuse('BK004', 'conflict');
	elsif not found then
		perform internal.web_codes_left('activation_wrong', p_source);
		perform from centre.key k where k.register = x.key for no key update;
		select * into a from centre.activation v where v.key = x.key and v.ended_at is null for no key update;
		select * into x from centre.sign_in_try where id = p_try for update;
		tries_left := greatest(internal.setting('activation_tries') - coalesce(a.wrong, 0), 0);
		if x.state in ('begun', 'no') then -- as a wrong code has it, and nothing is compared
			refusal := 'code_wrong'; tries_left := null; a := null;
		elsif not internal.pending_stands(x) then
			refusal := 'ended';
		elsif a.id is null or a.mac is null or t >= a.expires_at then
			refusal := 'code_expired';
		elsif tries_left = 0 then
			refusal := 'code_locked';
		elsif crypto.hmac(convert_to(code, 'UTF8'), a.code_key, 'sha256') <> a.mac then
			update centre.activation v set wrong = v.wrong + 1 where v.id = a.id;
			tries_left := tries_left - 1;
			refusal := case when tries_left > 0 then 'code_wrong' else 'code_locked' end;
		elsif a.channel <> 'letter' and internal.contact_taken(null, a.channel, a.value) then
			refusal := 'taken';
		else
			update centre.sign_in_try set activation = a.id where id = p_try;
		end if;
		if refusal in ('code_wrong', 'code_locked') then
			perform internal.web_code_wrong('activation_wrong', p_source);
		end if;
		insert into centre.long_code_try as z (id, activation, at, refusal, tries_left, try)
			values (p_attempt, a.id, t, refusal, tries_left, p_try) returning z.* into y;
	end if;
	refusal := y.refusal;
	tries_left := y.tries_left;
	if refusal is null then
		needs_contact := (select v.channel = 'letter' from centre.activation v where v.id = y.activation);
	end if;
end $$;
comment on function login.activation is 'Compares the activation code of a try whose PIN was right. needs_contact: it came by post, so a contact is to be proven. refusal: code_wrong (also, without
tries_left, where the PIN was not right); code_expired (or there is none); code_locked (activation_tries were wrong: a desk sends another); taken (right, but the contact is
another person''s); ended (the try took sign_in_seconds, or the key was changed or locked meanwhile). BK011: too many wrong ones from p_source, or from everywhere.';

create function login.activation_contact(p_try uuid, p_send uuid, p_channel text, p_value text, p_language text,
	out refusal text, out sent_at timestamptz, out expires_at timestamptz, out resend_at timestamptz, out sends_left integer)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	t timestamptz := clock_timestamp();
	x centre.sign_in_try;
	c centre.sign_in_code;
	contact bytea := internal.contact_hash(p_channel, p_value);
	used record;
begin
	if not coalesce(p_send is not null and p_channel in ('sms', 'email') and internal.is_contact(p_channel, p_value) and internal.is_language(p_language), false) then
		perform internal.refuse('BK005', 'invalid');
	end if;
	perform from centre.key k where k.register = (select y.key from centre.sign_in_try y where y.id = p_try) for no key update;
	select * into x from centre.sign_in_try where id = p_try and pending for update;
	if not found then
		perform internal.refuse('BK001', 'unknown_try');
	end if;
	select * into c from centre.sign_in_code where id = p_send;
	if found then
		if (c.try, c.channel, c.value) is distinct from (p_try, p_channel, p_value) then
			perform internal.refuse('BK004', 'conflict');
		end if;
		sent_at := c.sent_at; expires_at := c.expires_at; resend_at := c.resend_at; sends_left := c.sends_left;
		return;
	end if;
	select count(*) as sends, max(y.sent_at) as last_sent into used from centre.sign_in_code y
		where y.key = x.key and y.channel = p_channel and y.sent_at > t - make_interval(secs => internal.setting('code_window_seconds'));
	sends_left := greatest(1 + internal.setting('code_resends') - used.sends, 0);
	resend_at := greatest(used.last_sent + make_interval(secs => internal.setting('code_resend_after_seconds')), internal.held('contact', contact));
	refusal := case
		when not internal.pending_stands(x) or not exists (select from centre.activation a where a.id = x.activation and a.ended_at is null and a.channel = 'letter') then 'ended'
		when p_channel = 'sms' and (internal.destination(p_value)).allowed is not true then 'destination_off'
		when sends_left = 0 then 'resends_used'
		when t < resend_at then 'too_soon'
		when not internal.tally('codes', internal.setting('centre_codes_per_hour')) then 'resends_used'
	end;
	if refusal is not null then
		return;
	end if;
	sends_left := sends_left - 1;
	sent_at := t;
	expires_at := least(t + make_interval(secs => internal.setting('code_' || p_channel || '_seconds')), x.made_at + make_interval(secs => internal.setting('sign_in_seconds')));
	resend_at := t + make_interval(secs => internal.setting('code_resend_after_seconds'));
	insert into centre.sign_in_code (id, try, key, channel, value, language, sent_at, expires_at, resend_at, sends_left)
		values (p_send, p_try, x.key, p_channel, p_value, p_language, sent_at, expires_at, resend_at, sends_left);
	perform internal.enqueue('sign_in_code', null, null, p_channel, p_send);
	perform internal.seen('code_sent', null, null, x.key, contact, x.source);
end $$;
comment on function login.activation_contact is 'Queues a code for a contact that is to be the key''s. Whose it is already is said to who proves it. The answers are those of login.send_code.';

create function login.activation_code(p_try uuid, p_attempt uuid, p_code text, out refusal text, out tries_left integer)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	t timestamptz := clock_timestamp();
	x centre.sign_in_try;
	c centre.sign_in_code;
	a centre.sign_in_attempt;
begin
	if not coalesce(p_attempt is not null and p_code ~ '^[0-9]{4,10}$', false) then
		perform internal.refuse('BK005', 'invalid');
	end if;
	perform from centre.key k where k.register = (select y.key from centre.sign_in_try y where y.id = p_try) for no key update;
	select * into x from centre.sign_in_try where id = p_try and pending for update;
	if not found then
		perform internal.refuse('BK001', 'unknown_try');
	end if;
	select * into a from centre.sign_in_attempt where id = p_attempt;
	if found then
		if a.try <> p_try then
			perform internal.refuse('BK004', 'conflict');
		end if;
		refusal := a.refusal; tries_left := a.tries_left;
		return;
	elsif (select count(*) from centre.sign_in_attempt y where y.try = p_try) >= 100 then
		perform internal.refuse('BK011', 'too_many');
	end if;
	select * into c from centre.sign_in_code y where y.try = p_try order by y.mac is null, y.sent_at desc limit 1;
	if not found then
		perform internal.refuse('BK006', 'no_code');
	end if;
	-- Of the key and not of the try: a new try brings no new ones.
	tries_left := greatest(internal.setting('code_tries') - (select count(*) from centre.sign_in_attempt y join centre.sign_in_try z on z.id = y.try
		where z.key = x.key and z.made_at > t - interval '1 hour' and y.refusal in ('code_wrong', 'over')), 0);
	if not internal.pending_stands(x) then
		refusal := 'ended';
	elsif tries_left = 0 then
		refusal := 'over';
	elsif c.used_at is not null or t >= c.expires_at then
		refusal := 'code_expired';
	elsif crypto.hmac(convert_to(p_code, 'UTF8'), c.mac_key, 'sha256') is distinct from c.mac or c.mac is null then
		tries_left := tries_left - 1;
		refusal := case when tries_left > 0 then 'code_wrong' else 'over' end;
		perform internal.seen('code_wrong', null, null, x.key, internal.contact_hash(c.channel, c.value), x.source);
	else
		update centre.sign_in_code set used_at = t where id = c.id;
		if internal.contact_taken(null, c.channel, c.value) then
			refusal := 'taken';
		else
			update centre.sign_in_try set contact = c.id where id = p_try;
			perform internal.seen('code_confirmed', null, null, x.key, internal.contact_hash(c.channel, c.value), x.source);
		end if;
	end if;
	insert into centre.sign_in_attempt (id, try, refusal, tries_left) values (p_attempt, p_try, refusal, tries_left);
end $$;
comment on function login.activation_code is 'Compares the code that proves a contact. refusal: code_wrong; code_expired (or used; does not count); over (code_tries of this key were wrong within
the hour); taken (right, but the contact is another person''s); ended.';

create function login.activate(p_try uuid, p_id uuid, p_code text, p_contact_code text default null, out refusal text)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	code text := internal.plain_code(p_code);
	x centre.sign_in_try;
	a centre.own_act;
begin
	if p_id is null or p_contact_code !~ '^[0-9]{4,10}$' then
		perform internal.refuse('BK005', 'invalid');
	end if;
	perform from centre.key k where k.register = (select y.key from centre.sign_in_try y where y.id = p_try) for no key update;
	select * into x from centre.sign_in_try where id = p_try and pending for update;
	if not found then
		perform internal.refuse('BK001', 'unknown_try');
	end if;
	select * into a from centre.own_act where id = p_id;
	if found then
		if (a.try, a.kind) is distinct from (p_try, 'activate') then
			perform internal.refuse('BK004', 'conflict');
		end if;
		return;
	elsif exists (select from centre.own_act y where y.key = x.key and y.state = 'queued') then
		refusal := 'waiting';
	elsif not internal.pending_stands(x) or not exists (select from centre.activation v where v.id = x.activation and v.ended_at is null
			and (v.channel <> 'letter' or x.contact is not null)) then
		refusal := 'ended';
	else
		insert into centre.own_act (id, try, key, kind, state, version, code, contact_code)
			select p_id, p_try, k.register, 'activate', 'queued', k.version, code, p_contact_code from centre.key k where k.register = x.key;
		perform internal.enqueue('own_act', null, null, null, p_id);
	end if;
end $$;
comment on function login.activate is 'Has a registrar activate the key, see login.change_state. p_code, and of a letter p_contact_code, are what was given before: the registrar computes them again.
refusal: waiting (another change is not done yet); ended (nothing of it was given, or as login.activation).';

create function login.not_me(p_attempt uuid, p_code text, p_source bytea, out refusal text, out state text)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	code text := internal.plain_code(p_code);
	t timestamptz := clock_timestamp();
	y centre.long_code_try;
	n centre.notice;
begin
	if p_attempt is null or octet_length(p_source) > 64 then
		perform internal.refuse('BK005', 'invalid');
	end if;
	select * into y from centre.long_code_try where id = p_attempt;
	if found and (y.desk is not null or y.try is not null) then
		perform internal.refuse('BK004', 'conflict');
	elsif not found then
		perform internal.web_codes_left('not_me_wrong', p_source);
		n := internal.not_me(code);
		if n.id is null then
			refusal := 'code_wrong';
			perform internal.web_code_wrong('not_me_wrong', p_source);
		else
			perform internal.change_key(n.key, 'not_me'); -- one that is suspended or over stays so
			state := (select k.state from centre.key k where k.register = n.key);
		end if;
		insert into centre.long_code_try as z (id, at, refusal, key, state) values (p_attempt, t, refusal, n.key, state) returning z.* into y;
	end if;
	refusal := y.refusal;
	state := y.state;
end $$;
comment on function login.not_me is 'As desk.not_me. BK011: too many wrong ones from p_source, or from everywhere.';
