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
