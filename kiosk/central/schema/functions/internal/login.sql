-- Who is signed in on the web, and what they may do.

-- When a row of so many seconds is over: on a full minute, so that few rows of a minute have a time of their own.
create function internal.row_end(p_life integer) returns timestamptz
	language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
	return date_bin('1 minute', clock_timestamp() + make_interval(secs => p_life) + interval '59.999999 seconds', 'epoch');
end $$;

-- Names how a key is, but for what anybody can bring about by guessing: the newest event of another cause.
create function internal.epoch(p_register bigint) returns bigint
	language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
	return (select max(e.id) from centre.key_event e left join centre.cause c on c.name = e.cause where e.key = p_register and c.passes is not true);
end $$;

-- The try of who is signed in on the web, or BK019. A stranger's wrong PINs, which lock a key, sign nobody out; wrong codes
-- behind the right PIN do. p_fresh: not older than login_fresh_seconds. p_act: the key is locked, since it is to be changed.
create function internal.signed_in(p_try uuid, p_fresh boolean default false, p_act boolean default false) returns centre.sign_in_try
	language plpgsql set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
	x centre.sign_in_try;
	k centre.key;
begin
	select * into x from centre.sign_in_try where id = p_try;
	if p_act then
		perform from centre.key where register = x.key for no key update;
	end if;
	select * into k from centre.key where register = x.key;
	if not coalesce(x.state = 'signed_in' and x.enrolment is null and not x.pending
		and x.signed_at > clock_timestamp() - make_interval(secs => internal.setting('login_' || case when p_fresh then 'fresh' else 'session' end || '_seconds'))
		and k.state in ('active', 'locked') and k.valid_until >= current_date and x.epoch = internal.epoch(x.key), false) then
		perform internal.refuse('BK019', 'not_signed_in');
	end if;
	return x;
end $$;

-- Deletes what is over. Call it every minute.
create function internal.login_sweep() returns void
	language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
	old timestamptz := clock_timestamp() - interval '1 day';
begin
	delete from centre.login_row where id = any (array(select id from centre.login_row where expires_at <= clock_timestamp()
		order by expires_at limit 50000 for update skip locked));
	update centre.own_act set state = 'failed', pin_hash = null, code = null, contact_code = null where state = 'queued' and at < old;
	delete from centre.own_act where at < old;
	delete from centre.long_code_try where desk is null and at < old;
end $$;

-- Whether a try about a pending key still leads to its activation.
create function internal.pending_stands(p_try centre.sign_in_try) returns boolean
	language plpgsql stable set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
	return p_try.state = 'code' and clock_timestamp() < p_try.made_at + make_interval(secs => internal.setting('sign_in_seconds'))
		and coalesce((select internal.may_sign_in(k, s, true) from centre.key k left join centre.sign_in s on s.key = k.register where k.register = p_try.key), false);
end $$;

-- The pending key of whoever is named as at login.begin, or null.
create function internal.pending_key(p_kind text, p_value text) returns bigint
	language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
	return (select a.key from centre.activation a where a.channel = case p_kind when 'phone' then 'sms' when 'email' then 'email' end
			and centre.mailbox(a.value) = centre.mailbox(p_value) and a.ended_at is null and a.key is not null
		union all
		select k.register from centre.person p join centre.key k on k.person = p.id and k.living
			where p_kind = 'passport' and p.country = split_part(p_value, ':', 1)
				and p.civil_number = case when p_value ~ '^PRT:[0-9]{9}$' then substr(p_value, 5, 8) else split_part(p_value, ':', 2) end
		union all
		select k.register from centre.person p join centre.key k on k.person = p.id and k.living
			where p_kind = 'passport' and p.country = split_part(p_value, ':', 1) and p.document_number = split_part(p_value, ':', 2) and p.civil_number is null
		union all
		select k.register from centre.key k where p_kind = 'register' and k.register = case when p_kind = 'register' then p_value::bigint end and k.living
		limit 1);
end $$;

-- Whether policy has a sign-in wait: of this key, or of who is unknown as of one, or from this network.
create function internal.sign_in_held(p_key bigint, p_named bytea, p_source bytea) returns boolean
	language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
	return greatest(internal.held('key', coalesce(convert_to(p_key::text, 'UTF8'), p_named)), internal.held('source', p_source)) is not null;
end $$;

-- Counts one more within the hour, or false at the limit. Calls at the same time do not see one another, so it is passed by
-- a few, as many as there are connections: unlike internal.count_up nobody waits for anybody.
create function internal.tally(p_what text, p_most integer) returns boolean
	language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
	if internal.counted(p_what) >= p_most then
		return false;
	end if;
	insert into centre.tally as x (what, slot, shard, n)
		values (p_what, date_bin('5 minutes', clock_timestamp(), 'epoch'), pg_backend_pid() % 64, 1)
		on conflict (what, slot, shard) do update set n = x.n + 1;
	return true;
end $$;

-- Refuses where too many long codes were wrong within the hour, from this network or all together.
create function internal.web_codes_left(p_what text, p_source bytea) returns void
	language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
	t timestamptz := clock_timestamp();
begin
	if internal.counted('web ' || p_what) >= internal.setting('web_codes_in_all')
		or p_source is not null and (select coalesce(sum(c.n), 0) from centre.watch_count c where c.per = 'source' and c.what = p_what
			and c.slot > t - interval '1 hour' and c.who = any (internal.watch_names(t, 'source', p_source))) >= internal.setting('web_codes_of_a_source') then
		perform internal.refuse('BK011', 'too_many');
	end if;
end $$;

create function internal.web_code_wrong(p_what text, p_source bytea) returns void
	language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
	perform internal.tally('web ' || p_what, 2147483647);
	perform internal.seen(p_what, null, null, null, null, p_source);
end $$;

-- Uses up the notice that brought a "this was not me" code; null when none did.
create function internal.not_me(p_code text) returns centre.notice
	language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
	n centre.notice;
begin
	select * into n from centre.notice x where x.mac is not null and x.used_at is null and x.expires_at > clock_timestamp()
		and crypto.hmac(convert_to(p_code, 'UTF8'), x.code_key, 'sha256') = x.mac limit 1 for no key update;
	update centre.notice x set used_at = clock_timestamp() where x.id = n.id;
	return n;
end $$;
