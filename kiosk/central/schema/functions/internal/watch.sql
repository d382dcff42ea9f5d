-- Watching for misuse, see migration 0007: what is seen is counted, and where a rule is broken a case for supervisors opens.

-- The key of a week, made when it is first needed.
create function internal.watch_key(p_at timestamptz) returns bytea
	language plpgsql set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
	w date := date_trunc('week', p_at);
	k bytea := (select x.key from centre.watch_key x where x.week = w);
begin
	if k is null then
		insert into centre.watch_key as x (week) values (w) on conflict (week) do update set week = excluded.week returning x.key into k;
	end if;
	return k;
end $$;

-- A subject as counters have it: under the key of the week, and of the week before. Desks, staff and prefixes are their names.
create function internal.watch_names(p_at timestamptz, p_per text, p_subject bytea) returns bytea[]
	language plpgsql set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
	before bytea;
begin
	if p_per in ('desk', 'staff', 'prefix') then
		return array[p_subject];
	end if;
	p_subject := convert_to(p_per || ':', 'UTF8') || p_subject;
	before := (select x.key from centre.watch_key x where x.week = date_trunc('week', p_at)::date - 7);
	return array[crypto.hmac(p_subject, internal.watch_key(p_at), 'sha256')]
		|| case when before is null then '{}' else array[crypto.hmac(p_subject, before, 'sha256')] end;
end $$;

-- Counts something at a time, and opens alerts whose rule it breaks. Subjects that are null are not counted. A subject that
-- the week before knew less than nine days ago keeps that week's name: a window across the change of key is one.
-- No two calls wait for one another: a counter belongs to the desk whose calls come one at a time, or to a backend.
create function internal.seen_at(p_at timestamptz, p_what text, p_desk text, p_staff text, p_key bigint, p_contact bytea,
	p_source bytea, p_document bytea, p_person bytea, p_prefix text, p_series text, p_holder bigint) returns void
	language plpgsql set search_path = pg_catalog, pg_temp set timezone = 'UTC' set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
declare
	sign_in boolean := p_what in ('unknown_identifier', 'pin_wrong', 'pin_right', 'signed_in', 'signed_in_high', 'tried');
	-- Unknown identifiers are counted as keys are, so that both cost the same.
	key_subject bytea := case when p_key is not null then convert_to(p_key::text, 'UTF8') when sign_in then p_contact end;
	pers text[] := '{contact,document,key,series,source,prefix,desk}';
	subjects bytea[] := array[case when not sign_in then p_contact end, p_document, key_subject,
		convert_to(p_staff || ' ' || p_series, 'UTF8'), p_source, convert_to(p_prefix, 'UTF8'), case when p_desk is not null then ''::bytea end];
	others bytea[] := array[p_person, null, null, p_document, coalesce(key_subject, p_contact), null, null];
	slots interval[] := '{1 minute,1 minute,1 minute,1 day,1 minute,1 hour,1 hour}';
	names bytea[] := array_fill(null::bytea, array[7]);
	before bytea[] := array_fill(null::bytea, array[7]);
	whos bytea[] := array_fill(null::bytea, array[7]);
	monday date := date_trunc('week', p_at);
	this_week bytea;
	last_week bytea;
	hidden bytea;
	r centre.watch_rule;
	value numeric;
begin
	this_week := (select k.key from centre.watch_key k where k.week = monday);
	last_week := (select k.key from centre.watch_key k where k.week = monday - 7);
	if this_week is null then
		this_week := internal.watch_key(p_at);
	end if;
	for i in 1 .. 7 loop
		continue when subjects[i] is null;
		if i > 5 then -- names of desks and prefixes of numbers are not personal
			names[i] := subjects[i];
			whos[i] := subjects[i];
			continue;
		end if;
		hidden := convert_to(pers[i] || ':', 'UTF8') || subjects[i];
		names[i] := crypto.hmac(hidden, this_week, 'sha256');
		whos[i] := names[i];
		if last_week is not null then
			before[i] := crypto.hmac(hidden, last_week, 'sha256');
			if exists (select from centre.watch_count c where c.per = pers[i] and c.who = before[i] and c.slot > p_at - interval '9 days') then
				whos[i] := before[i];
			end if;
		end if;
		if others[i] is not null then
			others[i] := crypto.hmac(others[i], whos[i], 'sha256');
		end if;
	end loop;
	insert into centre.watch_count as c (per, who, slot, what, desk, staff, other, shard)
		select x.per, x.who, date_bin(x.slot, p_at, 'epoch'), p_what, coalesce(p_desk, ''), coalesce(p_staff, ''), coalesce(x.other, ''),
			case when p_desk is not null and session_user = 'balcao_centre' then 0 else 1 + pg_backend_pid() % 64 end
		from unnest(pers, whos, slots, others) x(per, who, slot, other) where x.who is not null
		on conflict on constraint watch_count_pkey do update set n = c.n + 1;
	for r in select x.* from centre.watch_rule x where p_what = any (x.what) and x.runs = 'call' and x.enabled loop
		for i in 1 .. 5 loop
			continue when pers[i] <> r.per or subjects[i] is null;
			value := internal.watch_measure(p_at, r, array[names[i], before[i]], p_what);
			if value > r.most then
				perform internal.watch_raise(p_at, r, subjects[i], array_remove(array[names[i], before[i]], null), value, coalesce(p_desk, ''),
					coalesce(p_staff, ''), coalesce(p_key, p_holder));
			end if;
		end loop;
	end loop;
end $$;

-- What a rule of the calls measures of one subject.
-- Counters are found by their index, also while the planner believes that there are none yet.
create function internal.watch_measure(p_at timestamptz, p_rule centre.watch_rule, p_names bytea[], p_what text) returns numeric
	language plpgsql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
declare
	since timestamptz := p_at - make_interval(secs => p_rule.window_seconds);
	met integer;
begin
	if p_rule.measure = 'last' and p_what <> p_rule.what[cardinality(p_rule.what)] then
		return null;
	elsif p_rule.measure in ('last', 'all') then
		select count(distinct c.what) into met from unnest(p_names) w(who), lateral (select * from centre.watch_count x where x.per = p_rule.per and x.who = w.who
				and x.slot > since and x.slot <= p_at offset 0) c
			where c.what = any (p_rule.what);
		return met - cardinality(p_rule.what) + 1; -- above 0 when none is missing
	elsif p_rule.measure = 'desks' then -- where the first was seen more often than the second
		return (select count(*) from (select from unnest(p_names) w(who), lateral (select * from centre.watch_count x where x.per = p_rule.per and x.who = w.who
				and x.slot > since and x.slot <= p_at offset 0) c
			where c.what = any (p_rule.what)
			group by c.desk having sum(case when c.what = p_rule.what[1] then c.n else -c.n end) > 0) d);
	end if;
	return (select case p_rule.measure when 'count' then sum(c.n) else count(distinct nullif(c.other, '')) end from unnest(p_names) w(who), lateral (select * from centre.watch_count x where x.per = p_rule.per and x.who = w.who
				and x.slot > since and x.slot <= p_at offset 0) c
		where c.what = any (p_rule.what));
end $$;

-- The counters that led to an alert, the newest 50: what came of each visit, where, by whom.
create function internal.watch_rows(p_at timestamptz, p_rule centre.watch_rule, p_names bytea[]) returns jsonb
	language plpgsql stable set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
	return (select coalesce(jsonb_agg(jsonb_build_object('at', x.at, 'desk', x.desk, 'staff', x.staff, 'what', x.what, 'n', x.n)
			order by x.at), '[]')
		from (select c.slot as at, c.desk, c.staff, c.what, sum(c.n) as n from centre.watch_count c
			where c.slot > p_at - make_interval(secs => p_rule.window_seconds) and c.slot <= p_at and case p_rule.per
				when 'staff' then c.per = 'desk' and c.staff = convert_from(p_names[1], 'UTF8') and c.what = any (p_rule.what || p_rule.of)
				when 'desk' then c.per = 'desk' and c.desk = convert_from(p_names[1], 'UTF8') and c.what = any (p_rule.what || p_rule.of)
				else c.per = p_rule.per and c.who = any (p_names) end
			group by c.slot, c.desk, c.staff, c.what order by c.slot desc limit 50) x);
end $$;

-- Opens an alert, or brings the open one up to date. One that was decided stays so for a while, unless it doubles.
create function internal.watch_raise(p_at timestamptz, p_rule centre.watch_rule, p_subject bytea, p_names bytea[], p_value numeric,
	p_desk text, p_staff text, p_key bigint) returns void
	language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
	a centre.watch_alert;
	every bytea[] := p_names;
	t bigint := floor(extract(epoch from clock_timestamp()) * 1000);
begin
	if p_rule.per not in ('desk', 'staff', 'prefix') then -- as it was called in the weeks before
		every := every || array(select crypto.hmac(convert_to(p_rule.per || ':', 'UTF8') || p_subject, k.key, 'sha256') from centre.watch_key k);
	end if;
	perform pg_advisory_xact_lock(hashtextextended(p_rule.name || encode(p_names[1], 'hex'), 5)); -- one opens it
	select * into a from centre.watch_alert x where x.rule = p_rule.name and x.who = any (every)
		and (x.applied_at is null or x.quiet_until > p_at) order by x.opened_at desc limit 1 for no key update;
	if a.applied_at is not null and a.value * 2 > p_value then
		return;
	end if;
	if p_rule.act = 'hold' then
		insert into centre.watch_hold as h (per, who, until) values (p_rule.per, p_names[1], p_at + make_interval(secs => p_rule.hold_seconds))
			on conflict on constraint watch_hold_pkey do update set until = greatest(h.until, excluded.until);
	end if;
	if a.applied_at is null and a.id is not null then
		update centre.watch_alert x set value = greatest(x.value, p_value), seen_at = p_at, rows = internal.watch_rows(p_at, p_rule, p_names),
			key = coalesce(x.key, p_key) where x.id = a.id;
		return;
	end if;
	insert into centre.watch_alert (id, rule, who, key, desk, staff, value, rows, opened_at, seen_at, act, acted_at)
		values (encode(substr(int8send(t), 3) || set_byte(set_byte(crypto.gen_random_bytes(10), 0, 112 + floor(random() * 16)::integer),
				2, 128 + floor(random() * 64)::integer), 'hex')::uuid, -- version 7
			p_rule.name, p_names[1], p_key, p_desk, p_staff, p_value, internal.watch_rows(p_at, p_rule, p_names), p_at, p_at, p_rule.act,
			case when p_rule.act = 'hold' then p_at end);
	perform internal.tell_supervisors();
end $$;

-- Until when policy has a subject wait; null when it does not.
create function internal.held(p_per text, p_subject bytea) returns timestamptz
	language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
	return (select max(h.until) from centre.watch_hold h where h.per = p_per and h.until > clock_timestamp()
		and h.who = any (internal.watch_names(clock_timestamp(), p_per, p_subject)));
end $$;

-- Counts what is seen now. p_what: code_sent, code_wrong, code_confirmed, pin_wrong, pin_right, signed_in (p_extra high: of the high level,
-- or a signature), unknown_identifier, and what the triggers below see. p_contact and p_source are keyed hashes or
-- networks; nothing says which service was used.
create function internal.seen(p_what text, p_desk text, p_staff text, p_key bigint, p_contact bytea, p_source bytea, p_extra text default null)
	returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
	perform internal.seen_at(clock_timestamp(), case
			when p_what = 'signed_in' and p_desk is not null then 'tried' -- by the holder, who sits there
			when p_what = 'signed_in' and p_extra = 'high' then 'signed_in_high'
			else p_what end, p_desk, p_staff, p_key, p_contact, p_source, null, null, null, null, null);
end $$;
