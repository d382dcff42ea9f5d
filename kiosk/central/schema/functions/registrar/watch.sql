-- The registrars' part of watching: rules that compare, what policy and supervisors decided, and forgetting.

-- What a rule of the round measures, of everyone to whom it applies.
create function internal.watch_round(p_at timestamptz, p_rule centre.watch_rule,
	out subject bytea, out desk text, out staff text, out value numeric)
	returns setof record
	language plpgsql stable set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	lasts interval := make_interval(secs => p_rule.window_seconds);
	known interval; -- of the 28 days before, those of which there are counters
begin
	if p_rule.measure = 'mean' then
		known := least(p_at - lasts - (select min(x.slot) from centre.watch_count x where x.per = p_rule.per), interval '28 days');
	end if;
	return query with c as (
		select case p_rule.per when 'staff' then convert_to(x.staff, 'UTF8') when 'desk' then convert_to(x.desk, 'UTF8') else x.who end as who,
			x.desk, x.staff, x.what, x.slot, x.other, x.n
		from centre.watch_count x
		where x.per = case p_rule.per when 'staff' then 'desk' else p_rule.per end
			and (x.what = any (p_rule.what || p_rule.of) or p_rule.measure = 'sigma') -- desks and staff that did none of it are compared as well
			and x.slot <= p_at
			and x.slot > p_at - lasts - case p_rule.measure when 'mean' then interval '28 days' else '0' end
			and (p_rule.per <> 'staff' or x.staff <> '')
	), m as (
		select c.who, coalesce(sum(c.n) filter (where c.slot > p_at - lasts and c.what = any (p_rule.what)), 0)::numeric as n,
			coalesce(sum(c.n) filter (where c.slot > p_at - lasts and c.what = any (p_rule.of)), 0) as of,
			coalesce(sum(c.n) filter (where c.slot <= p_at - lasts), 0) as before,
			count(distinct nullif(c.other, '')) as others, count(distinct c.slot) as slots,
			case when min(c.desk) = max(c.desk) and p_rule.per in ('desk', 'staff', 'series') then min(c.desk) else '' end as desk,
			case when min(c.staff) = max(c.staff) and p_rule.per in ('staff', 'series') then min(c.staff) else '' end as staff
		from c group by c.who
	), p as (
		select m.*, count(*) over () - 1 as peers, sum(m.n) over () - m.n as sum, sum(m.n * m.n) over () - m.n * m.n as squares from m
	)
	select p.who, p.desk, p.staff, case p_rule.measure
			when 'count' then p.n
			when 'share' then case when p.of >= p_rule.least then p.n / nullif(p.of, 0) end
			when 'missing' then case when p.of >= p_rule.least then 1 - p.n / nullif(p.of, 0) end
			-- With less than a week known nothing is usual yet.
			when 'mean' then case when p.n >= p_rule.least and known >= interval '7 days'
				then p.n / greatest(p.before * p_rule.window_seconds / extract(epoch from known), 1) end
			-- Of fewer than five others nothing follows; what few do varies by its square root at least.
			when 'sigma' then case when p.n >= p_rule.least and p.peers >= 5 then (p.n - p.sum / p.peers)
				/ greatest(sqrt(greatest(p.squares / p.peers - (p.sum / p.peers) ^ 2, 0)), sqrt(p.sum / p.peers), 1) end
			when 'days' then case when p.others >= p_rule.least then p.slots end
		end
	from p;
end $$;

-- The rules of the round at a time.
create function internal.watch_tick(p_at timestamptz) returns void
	language plpgsql set search_path = pg_catalog, pg_temp set timezone = 'UTC' set enable_seqscan = off as $$
declare
	r centre.watch_rule;
	m record;
begin
	for r in select x.* from centre.watch_rule x where x.runs = 'tick' and x.enabled order by x.name loop
		for m in select * from internal.watch_round(p_at, r) x where x.value > r.most order by x.subject limit 100 loop
			perform internal.watch_raise(p_at, r, null, array[m.subject], m.value, m.desk, m.staff, null);
		end loop;
	end loop;
	delete from centre.watch_count c where c.slot < p_at - interval '40 days';
	delete from centre.watch_count c where c.per not in ('desk', 'prefix') and c.slot < p_at - interval '9 days';
	delete from centre.watch_hold h where h.until < p_at;
	delete from centre.watch_key k where k.week < p_at - interval '90 days';
	update centre.watch_alert a set who = null, key = null, rows = null where a.opened_at < p_at - interval '90 days' and a.who is not null;
end $$;

create function internal.suspend_desk(p_desk text) returns void
	language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
	update centre.desk set state = 'suspended' where name = p_desk and state = 'active';
	if not found then
		return;
	end if;
	perform internal.end_enrolment(e.id, 'abandoned', 'desk_suspended') from centre.enrolment e where e.desk = p_desk and e.state = 'open';
	perform internal.end_shifts(array(select s.id from centre.shift s where s.desk = p_desk and s.ended_at is null));
	perform pg_notify('desk_events', json_build_object('desk', p_desk, 'kind', 'gone')::text);
end $$;

-- Does what policy or a supervisor decided about an alert.
create function internal.watch_act(p_alert centre.watch_alert, p_act text, p_reason text) returns void
	language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
	case p_act
		when 'suspend_key' then perform internal.change_key(p_alert.key, 'alert', p_reason); -- where its state allows that
		when 'suspend_desk' then perform internal.suspend_desk(p_alert.desk);
		when 'suspend_clerk' then perform internal.cut_off(p_alert.staff);
		when 'no_suspicion' then delete from centre.watch_hold h where h.who = p_alert.who;
		else null;
	end case;
end $$;

create function registrar.watch() returns void
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
	t timestamptz := clock_timestamp();
	a centre.watch_alert;
begin
	for a in select * from centre.watch_alert x where x.acted_at is null and x.applied_at is null and x.act like 'suspend_%'
		order by x.opened_at for no key update skip locked loop
		perform internal.watch_act(a, a.act, 'policy');
		update centre.watch_alert set acted_at = t where id = a.id;
	end loop;
	update centre.watch_state set ticked = t where ticked <= t - make_interval(mins => internal.setting('watch_minutes'));
	if found then
		perform internal.watch_tick(t);
	end if;
end $$;
comment on function registrar.watch is 'Does what policy says of new alerts, and every watch_minutes looks at the rules that compare, and forgets. Call it every minute.';

create function registrar.alert_decisions(out alert uuid, out jws bytea, out fingerprint bytea, out staff text, out role text, out shift uuid,
	out at timestamptz)
	returns setof record
	language sql stable security definer set search_path = pg_catalog, pg_temp as $$
	select a.id, a.jws, s.fingerprint, a.decided_by, s.role, a.shift, a.decided_at
		from centre.watch_alert a join centre.shift s on s.id = a.shift where a.applied_at is null and a.jws is not null
		order by a.decided_at limit 100
$$;
comment on function registrar.alert_decisions is 'What supervisors signed about alerts and no registrar has verified yet.';

create function registrar.alert_decided(p_alert uuid, p_decision text, p_reason text) returns void
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
	a centre.watch_alert;
	t timestamptz := clock_timestamp();
begin
	select * into a from centre.watch_alert x where x.id = p_alert for no key update;
	if a.jws is null or a.applied_at is not null then
		return; -- another registrar's, or decided anew
	elsif p_decision is null then
		update centre.watch_alert set decision = null, reason = null, jws = null, shift = null, decided_by = null, decided_at = null
			where id = p_alert;
	else
		update centre.watch_alert set decision = p_decision, reason = p_reason, applied_at = t, quiet_until = t + case p_decision
			when 'watch_7_days' then interval '7 days' else make_interval(days => internal.setting('watch_quiet_days')) end
			where id = p_alert;
		perform internal.watch_act(a, p_decision, 'supervisor');
	end if;
	perform internal.tell_supervisors();
end $$;
comment on function registrar.alert_decided is 'The statement holds and says this: it is done. Both null: it does not hold, and the alert is open again.';
