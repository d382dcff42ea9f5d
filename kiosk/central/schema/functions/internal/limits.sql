-- What is counted, and against what. Rows are found by their index also where the planner, which does not know how short an hour is,
-- would rather read the table.

create function internal.contact_hash(p_channel text, p_value text) returns bytea
	language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
	return (select crypto.hmac(convert_to(p_channel || ':' || centre.mailbox(p_value), 'UTF8'), key, 'sha256') from centre.secret);
end $$;

-- How often a desk opened enrolments or looked at keys, or asked for codes, within the hour without a key coming of it. A desk at
-- work never gets near these limits; one that asks who is enrolled, or has messages sent to strangers, soon does.
create function internal.fruitless_opens(p_desk text) returns integer
	language plpgsql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off as $$
begin
	return (select count(*)::integer from centre.enrolment
		where desk = p_desk and state <> 'active' and opened_at > clock_timestamp() - interval '1 hour')
		+ (select count(*)::integer from centre.search where desk = p_desk and kind = 'look' and at > clock_timestamp() - interval '1 hour');
end $$;

create function internal.fruitless_codes(p_desk text) returns integer
	language plpgsql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off as $$
begin
	return (select count(*)::integer from centre.one_time_code c, lateral (select x.state from centre.enrolment x where x.id = c.enrolment offset 0) e
		where c.desk = p_desk and e.state <> 'active' and c.sent_at > clock_timestamp() - interval '1 hour');
end $$;

-- What was counted within the hour: of the slots of five minutes that have begun since, and the one in which it began.
create function internal.counted(p_what text) returns integer
	language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
	return (select coalesce(sum(x.n), 0) from centre.tally x
		where x.what = p_what and x.slot > clock_timestamp() - interval '65 minutes');
end $$;

-- Counts one more of each thing, or none and false when any has reached its limit within the hour. Exact, and yet no
-- call waits for the disk of another, which the calls of all desks would do one after the other:
--   * Far from the limit many count at once. What they count is not seen before they commit; but they are at most 60,
--     the connections of balcao_centre, so 64 that are left are enough for all. Each adds to a row of its own backend.
--   * Near it one counts at a time, when all who counted at once have ended: the exclusive lock waits for the shared ones.
-- Which of the two it is, is looked at before the lock and, with it, again. Who held the shared lock and came near
-- meanwhile gives up (the door answers 503, and the desk asks again): two who wanted more than they share would wait
-- for one another. So would two who lock in another order; it is that of the names.
create function internal.count_up(p_what text[], p_most integer[]) returns boolean
	language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
	u record;
	near boolean;
	left_over integer;
begin
	for u in select * from unnest(p_what, p_most) x(what, most) order by x.what loop
		near := u.most - internal.counted(u.what) < 64;
		if near then
			perform pg_advisory_xact_lock(hashtextextended(u.what, 2));
		else
			perform pg_advisory_xact_lock_shared(hashtextextended(u.what, 2));
		end if;
		left_over := u.most - internal.counted(u.what);
		if left_over <= 0 then
			return false;
		elsif left_over < 64 and not near then
			raise exception 'the limit came near' using errcode = 'serialization_failure';
		end if;
	end loop;
	insert into centre.tally as x (what, slot, shard, n)
		select w, date_bin('5 minutes', clock_timestamp(), 'epoch'), pg_backend_pid() % 64, 1 from unnest(p_what) w order by w
		on conflict (what, slot, shard) do update set n = x.n + 1;
	return true;
end $$;

-- Where a number's codes go: the row of the longest prefix.
create function internal.destination(p_value text) returns centre.destination
	language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
	return (select d from centre.destination d where d.prefix in (select substr(p_value, 2, n) from generate_series(1, 10) n)
		order by length(d.prefix) desc limit 1);
end $$;

-- Wrong tries of an enrolment on a channel, whatever contact and code they were about.
create function internal.wrong_tries(p_enrolment uuid, p_channel text) returns integer
	language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
	return (select count(*)::integer from centre.code_attempt where enrolment = p_enrolment and channel = p_channel and counts);
end $$;

-- What was done with a contact within the window: codes that this desk sent and wrong tries at them; and both
-- together of other desks. Only its own lock a desk out: others' lengthen its wait, and an operator hears of them.
create function internal.contact_use(p_desk text, p_contact bytea,
	out sends integer, out wrong integer, out last_sent timestamptz, out others integer)
	language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
	since timestamptz := clock_timestamp() - make_interval(secs => internal.setting('code_window_seconds'));
	who text[];
begin
	select count(*) filter (where c.desk = p_desk), coalesce(sum(w.n) filter (where c.desk = p_desk), 0),
			max(c.sent_at) filter (where c.desk = p_desk), coalesce(sum(1 + w.n) filter (where c.desk <> p_desk), 0),
			array_agg(distinct c.desk) filter (where c.desk <> p_desk)
		into sends, wrong, last_sent, others, who
		from centre.one_time_code c, lateral (select count(*) from centre.code_attempt a where a.code = c.id and a.counts) w(n)
		where c.contact = p_contact and c.sent_at > since;
	if others > 0 and not exists (select from centre.alert a where a.contact = p_contact and a.at > since) then
		insert into centre.alert (kind, desk, others, contact) values ('contact_contested', p_desk, who, p_contact);
	end if;
end $$;
