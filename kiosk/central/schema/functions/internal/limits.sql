-- What is counted, and against what.

create function internal.contact_hash(p_channel text, p_value text) returns bytea
	language sql stable set search_path = pg_catalog, pg_temp as $$
	select crypto.hmac(convert_to(p_channel || ':' || centre.mailbox(p_value), 'UTF8'), key, 'sha256') from centre.secret
$$;

-- How often a desk opened enrolments, or asked for codes, within the hour without a key coming of it. A desk at
-- work never gets near these limits; one that asks who is enrolled, or has messages sent to strangers, soon does.
create function internal.fruitless_opens(p_desk text) returns integer
	language sql stable set search_path = pg_catalog, pg_temp as $$
	select count(*)::integer from centre.enrolment
	where desk = p_desk and state <> 'active' and opened_at > clock_timestamp() - interval '1 hour'
$$;

create function internal.fruitless_codes(p_desk text) returns integer
	language sql stable set search_path = pg_catalog, pg_temp as $$
	select count(*)::integer from centre.one_time_code c join centre.enrolment e on e.id = c.enrolment
	where c.desk = p_desk and e.state <> 'active' and c.sent_at > clock_timestamp() - interval '1 hour'
$$;

-- Counts one more of each thing, or none and false when any has reached its limit within the hour. Exact: until the
-- caller's transaction ends nobody else counts the same. A minute that began before the hour counts whole. All callers
-- name what is counted for the centre first, so that they wait for each other in one order.
create function internal.count_up(p_what text[], p_most integer[]) returns boolean
	language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
	t timestamptz;
begin
	perform pg_advisory_xact_lock(hashtextextended(w, 2)) from unnest(p_what) w;
	t := clock_timestamp();
	if exists (select from unnest(p_what, p_most) u(what, most) where u.most <= (select coalesce(sum(x.n), 0)
		from centre.tally x where x.what = u.what and x.minute > t - interval '61 minutes')) then
		return false;
	end if;
	insert into centre.tally as x (what, minute, n) select w, date_trunc('minute', t), 1 from unnest(p_what) w
		on conflict (what, minute) do update set n = x.n + 1;
	return true;
end $$;

-- Where a number's codes go: the row of the longest prefix.
create function internal.destination(p_value text) returns centre.destination
	language sql stable set search_path = pg_catalog, pg_temp as $$
	select d from centre.destination d where d.prefix in (select substr(p_value, 2, n) from generate_series(1, 10) n)
	order by length(d.prefix) desc limit 1
$$;

-- Wrong tries of an enrolment on a channel, whatever contact and code they were about.
create function internal.wrong_tries(p_enrolment uuid, p_channel text) returns integer
	language sql stable set search_path = pg_catalog, pg_temp as $$
	select count(*)::integer from centre.code_attempt where enrolment = p_enrolment and channel = p_channel and counts
$$;

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
