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
	language plpgsql set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
	at_desk text := coalesce(p_desk, '');
	by_staff text := coalesce(p_staff, '');
	shard integer := case when p_desk is not null and session_user = 'balcao_centre' then 0 else 1 + pg_backend_pid() % 64 end;
	sign_in boolean := p_what in ('unknown_identifier', 'pin_wrong', 'signed_in', 'signed_in_high', 'tried');
	-- Unknown identifiers are counted as keys are, so that both cost the same.
	key_subject bytea := case when p_key is not null then convert_to(p_key::text, 'UTF8') when sign_in then p_contact end;
	s record;
	r centre.watch_rule;
	names bytea[];
	other bytea;
	who bytea;
	value numeric;
begin
	for s in
		select x.per, x.subject, x.other, x.slot from (values
			('contact', case when not sign_in then p_contact end, p_person, interval '1 minute'),
			('document', p_document, null, interval '1 minute'),
			('key', key_subject, null, interval '1 minute'),
			('series', convert_to(by_staff || ' ' || p_series, 'UTF8'), p_document, interval '1 day'),
			('source', p_source, coalesce(key_subject, p_contact), interval '1 minute'),
			('prefix', convert_to(p_prefix, 'UTF8'), null, interval '1 hour'),
			('desk', case when p_desk is not null then ''::bytea end, null, interval '1 hour')
		) x(per, subject, other, slot) where x.subject is not null
	loop
		names := internal.watch_names(p_at, s.per, s.subject);
		who := names[1];
		other := '';
		if cardinality(names) = 2 and exists (select from centre.watch_count c where c.per = s.per and c.who = names[2]
				and c.slot > p_at - interval '9 days') then
			who := names[2];
		end if;
		if s.other is not null then
			other := crypto.hmac(s.other, who, 'sha256');
		end if;
		insert into centre.watch_count as c (per, who, slot, what, desk, staff, other, shard)
			values (s.per, who, date_bin(s.slot, p_at, 'epoch'), p_what, at_desk, by_staff, other, shard)
			on conflict on constraint watch_count_pkey do update set n = c.n + 1;
		for r in select x.* from centre.watch_rule x where x.runs = 'call' and x.enabled and x.per = s.per and p_what = any (x.what) loop
			value := internal.watch_measure(p_at, r, names, p_what);
			if value > r.most then
				perform internal.watch_raise(p_at, r, s.subject, names, value, at_desk, by_staff, coalesce(p_key, p_holder));
			end if;
		end loop;
	end loop;
end $$;

-- What a rule of the calls measures of one subject.
create function internal.watch_measure(p_at timestamptz, p_rule centre.watch_rule, p_names bytea[], p_what text) returns numeric
	language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
	since timestamptz := p_at - make_interval(secs => p_rule.window_seconds);
	met integer;
begin
	if p_rule.measure = 'last' and p_what <> p_rule.what[cardinality(p_rule.what)] then
		return null;
	elsif p_rule.measure in ('last', 'all') then
		select count(distinct c.what) into met from centre.watch_count c
			where c.per = p_rule.per and c.who = any (p_names) and c.slot > since and c.slot <= p_at and c.what = any (p_rule.what);
		return met - cardinality(p_rule.what) + 1; -- above 0 when none is missing
	elsif p_rule.measure = 'desks' then -- where the first was seen more often than the second
		return (select count(*) from (select from centre.watch_count c
			where c.per = p_rule.per and c.who = any (p_names) and c.slot > since and c.slot <= p_at and c.what = any (p_rule.what)
			group by c.desk having sum(case when c.what = p_rule.what[1] then c.n else -c.n end) > 0) d);
	end if;
	return (select case p_rule.measure when 'count' then sum(c.n) else count(distinct nullif(c.other, '')) end from centre.watch_count c
		where c.per = p_rule.per and c.who = any (p_names) and c.slot > since and c.slot <= p_at and c.what = any (p_rule.what));
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

-- Counts what is seen now. p_what: code_sent, code_wrong, code_confirmed, pin_wrong, signed_in (p_extra high: of the high level,
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
