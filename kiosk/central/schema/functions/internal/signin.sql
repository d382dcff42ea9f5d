-- Signing in: how a key is found, what is counted, and what follows from it.
--
-- Whoever locks more than one row locks a key, then its counters, then a try.

-- A stored hash, taken apart.
create function internal.pin_parts(p_hash text, out memory integer, out passes integer, out lanes integer, out salt bytea, out digest bytea)
	language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
declare
	part text[] := string_to_array(p_hash, '$');
	cost text[] := regexp_match(part[4], '^m=([0-9]{1,9}),t=([0-9]{1,9}),p=([0-9]{1,9})$');
begin
	if part[2] = 'argon2id-sha256' and part[3] = 'v=19' then -- another form has no digest, so no PIN is right
		memory := cost[1]; passes := cost[2]; lanes := cost[3];
		salt := internal.unpadded(part[5]);
		digest := internal.unpadded(part[6]);
	end if;
end $$;

-- What a caller's output is stored as.
create function internal.pin_text(p_memory integer, p_passes integer, p_lanes integer, p_salt bytea, p_output bytea) returns text
	language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
	return format('$argon2id-sha256$v=19$m=%s,t=%s,p=%s$%s$%s', p_memory, p_passes, p_lanes,
		rtrim(encode(p_salt, 'base64'), '='), rtrim(encode(sha256(p_output), 'base64'), '='));
end $$;

create function internal.is_sign_in_name(p_kind text, p_value text, p_pending boolean default false) returns boolean
	language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
	return coalesce(case p_kind
		when 'phone' then internal.is_contact('sms', p_value)
		when 'email' then internal.is_contact('email', p_value)
		when 'passport' then p_value ~ '^[A-Z]{1,3}:[0-9A-Z]{1,22}$'
		when 'register' then p_pending and p_value ~ '^[1-9][0-9]{0,17}$' end, false);
end $$;

-- The living key of whoever is named, or null.
create function internal.sign_in_key(p_kind text, p_value text) returns bigint
	language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
	return (select c.key from centre.key_contact c where c.channel = case p_kind when 'phone' then 'sms' when 'email' then 'email' end
			and c.mailbox = centre.mailbox(p_value) and c.living
		union all
		select k.register from centre.person p join centre.key k on k.person = p.id and k.living
			where p_kind = 'passport' and p.civil_number is null and p.country = split_part(p_value, ':', 1)
				and p.document_number = split_part(p_value, ':', 2)
		limit 1);
end $$;

-- A number below p_most, always the same for a hash.
create function internal.drawn(p_hash bytea, p_most bigint) returns bigint
	language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
	return ('x' || encode(substr(p_hash, 1, 7), 'hex'))::bit(56)::bigint % greatest(p_most, 1);
end $$;

-- A living key whose cost of hashing is shown for an unknown identifier: a cost that few keys have would tell the two apart.
create function internal.sign_in_model(p_named bytea) returns bigint
	language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
	n bigint := 1 + internal.drawn(p_named, (select max(register) from centre.key));
begin
	return coalesce((select register from centre.key where living and register >= n order by register limit 1),
		(select register from centre.key where living order by register limit 1));
end $$;

-- Locks the counters of a key.
create function internal.sign_in_counters(p_key bigint) returns centre.sign_in
	language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
	s centre.sign_in;
begin
	select * into s from centre.sign_in where key = p_key for update;
	if not found then
		insert into centre.sign_in (key) values (p_key) on conflict do nothing;
		select * into s from centre.sign_in where key = p_key for update;
	end if;
	if s.locked_until <= clock_timestamp() then
		s.locked_until := null;
		s.pin_wrong := 0;
	end if;
	return s;
end $$;

create function internal.sign_in_count(p_counters centre.sign_in) returns void
	language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
	update centre.sign_in set pin_wrong = p_counters.pin_wrong, lock_step = p_counters.lock_step, locked_until = p_counters.locked_until,
			followed = p_counters.followed, code_wrong = p_counters.code_wrong, last_success_at = p_counters.last_success_at,
			last_failure_at = p_counters.last_failure_at, last_channel = p_counters.last_channel
		where key = p_counters.key;
end $$;

-- The next, longer lock. Wrong PINs alone do not block a key, because anybody can type them, unless the operator has set pin_final.
create function internal.sign_in_lock(p_counters centre.sign_in) returns centre.sign_in
	language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
	p_counters.lock_step := p_counters.lock_step + 1;
	p_counters.locked_until := case
		when p_counters.lock_step > 3 and internal.setting('pin_final') = 1 then 'infinity'::timestamptz
		else clock_timestamp() + make_interval(secs => internal.setting('pin_lock_'
			|| (array['first', 'second', 'third'])[least(p_counters.lock_step, 3)] || '_seconds'))
	end;
	return p_counters;
end $$;

-- Tries of a key whose outcome is still to come. One that nobody settles within a minute was lost with its caller, and counts.
create function internal.sign_in_open(p_key bigint, p_but uuid default null) returns integer
	language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
	return (select count(*)::integer from centre.sign_in_try where key = p_key and state = 'begun' and admitted
		and made_at > clock_timestamp() - interval '1 minute' and id is distinct from p_but);
end $$;

-- Whether a key signs in given the right PIN and code, or is activated. Of a lock that is over, column state may still say locked.
create function internal.may_sign_in(p_key centre.key, p_counters centre.sign_in, p_pending boolean default false) returns boolean
	language plpgsql stable set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
	return coalesce(p_key.state = any (case when p_pending then '{pending}' else '{active,locked}' end::text[]) and p_counters.locked_until is null
		and p_key.valid_until >= current_date, false);
end $$;

-- Has the state of a key follow its counters; its holder is told. Done apart from the answer to whoever guesses, because
-- it takes its time, and nobody who is unknown has a key.
create function internal.sign_in_follow(p_key bigint) returns void
	language plpgsql set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
	k centre.key;
	s centre.sign_in;
	event bigint;
begin
	select * into k from centre.key where register = p_key for no key update;
	if not found then
		return;
	end if;
	s := internal.sign_in_counters(p_key);
	if s.locked_until is not distinct from s.followed and (s.locked_until is not null or k.state <> 'locked') then
		return;
	elsif s.locked_until is null then
		event := internal.change_key(p_key, 'lock_ended');
	elsif s.locked_until = 'infinity' then
		event := internal.change_key(p_key, 'block', 'wrong_pins');
	else
		event := internal.change_key(p_key, 'lock', p_told => jsonb_build_object('until', s.locked_until));
	end if;
	s.followed := s.locked_until;
	perform internal.sign_in_count(s);
end $$;

-- The key that was signed in to at an enrolment.
create function internal.tried(p_enrolment uuid) returns bigint
	language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
	return (select x.key from centre.sign_in_try x where x.enrolment = p_enrolment and x.state = 'signed_in' order by x.made_at desc limit 1);
end $$;

create function internal.locked_until(p_register bigint) returns timestamptz
	language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
	return (select nullif(s.locked_until, 'infinity') from centre.sign_in s where s.key = p_register);
end $$;

-- A desk that proved the holder gives a key all its tries back.
create function internal.sign_in_anew() returns trigger
	language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
	update centre.sign_in set pin_wrong = 0, lock_step = 0, locked_until = null, followed = null, code_wrong = 0 where key = new.key;
	update centre.sign_in_try set state = 'over' where key = new.key and state in ('begun', 'code');
	return null;
end $$;
create trigger sign_in_anew after insert on centre.key_event for each row
	when (new.cause in ('activate', 'pin', 'unblock', 'reactivate')) execute function internal.sign_in_anew();

-- A code is on its way to a contact that is another's by now.
create function internal.sign_in_elsewhere() returns trigger
	language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
	update centre.sign_in_try set state = 'over' where key = new.key and state = 'code';
	return null;
end $$;
create trigger sign_in_elsewhere after insert on centre.key_event for each row
	when (new.cause in ('phone', 'email')) execute function internal.sign_in_elsewhere();

-- What was left undone by callers that were killed, locks that are over, and what is a day old. Call it every minute.
create function internal.sign_in_sweep() returns void
	language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
	t timestamptz := clock_timestamp();
	n bigint;
	i uuid;
begin
	update centre.sign_in_try set state = 'no' where state = 'begun' and made_at < t - interval '1 minute';
	for i in select id from centre.sign_in_try where not settled and made_at < t - interval '1 minute' order by key, id loop
		perform login.settle(i);
	end loop;
	for n in select key from centre.sign_in where locked_until is not null and key > 0
			and (locked_until is distinct from followed or locked_until <= t) order by key loop
		perform internal.sign_in_follow(n);
	end loop;
	-- Their messages before them: at hundreds of codes a second they would be more than all else by keep_job_days.
	delete from centre.job j using centre.sign_in_try x join centre.sign_in_code c on c.try = x.id
		where x.made_at < t - interval '1 day' and j.about = c.id and j.enrolment is null and j.state in ('done', 'failed');
	delete from centre.sign_in_try where made_at < t - interval '1 day';
	delete from centre.desk_try where made_at < t - interval '1 day';
	delete from centre.sign_in where key < 0 and last_failure_at < t - interval '1 day';
end $$;

-- What a registrar is told: of a desk's try, the PIN and whom it names, until it was compared.
create function internal.job_try(p_job centre.job) returns jsonb
	language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
	return (select jsonb_build_object('try', d.id, 'kind', d.kind, 'value', d.value, 'desk', p_job.desk, 'sealed_pin', translate(encode(d.sealed_pin, 'base64'), E'\n', ''))
		from centre.desk_try d where d.id = p_job.about and d.state = 'queued' and d.sealed_pin is not null and d.value is not null);
end $$;

create function internal.job_sign_in_code(p_job centre.job) returns jsonb
	language plpgsql stable set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
	return (select jsonb_build_object('code', c.id, 'channel', c.channel, 'value', coalesce(c.value, o.value), 'proves', c.value is not null,
			'language', c.language, 'expires_at', c.expires_at)
		from centre.sign_in_code c left join centre.key_contact o on o.key = c.key and o.channel = c.channel and o.living
		where c.id = p_job.about and (c.value is not null or o.value is not null) and c.used_at is null and c.expires_at > clock_timestamp());
end $$;

create function internal.job_rehash(p_job centre.job) returns jsonb
	language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
	return (select jsonb_build_object('rehash', h.id, 'register', k.register, 'version', k.version,
			'record', translate(encode(internal.newest_record(k.register), 'base64'), E'\n', ''),
			'pin_sha256', translate(encode(sha256(convert_to(h.pin_hash, 'UTF8')), 'base64'), E'\n', ''))
		from centre.pin_rehash h join centre.key k on k.register = h.key
		where h.id = p_job.about and k.version = h.version and k.state = 'active');
end $$;

create function internal.failed_try(p_job centre.job, p_code text) returns void
	language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
	update centre.desk_try set state = 'failed', value = null, sealed_pin = null where id = p_job.about and state = 'queued';
	perform internal.tell_desk(p_job.enrolment, 'try');
end $$;

create function internal.failed_rehash(p_job centre.job, p_code text) returns void
	language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
	delete from centre.pin_rehash where id = p_job.about;
end $$;
