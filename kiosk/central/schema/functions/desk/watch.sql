-- Calls of a desk about alerts, which a supervisor decides who is signed in there with their own card.

-- How an alert is shown: 85 of share 0.85, and what somebody did rather than by how much it is unlike the others.
create function internal.alert_count(p_measure text, p_value numeric, p_rows jsonb) returns integer
	language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
	return least(round(case
		when p_measure in ('share', 'missing') then p_value * 100
		when p_measure = 'sigma' then (select sum((x ->> 'n')::integer) from jsonb_array_elements(p_rows) x)
		else p_value end), 2000000000)::integer;
end $$;

-- What a supervisor may decide about an alert: what there is can be suspended.
create function internal.alert_may(p_alert centre.watch_alert) returns text[]
	language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
	return '{no_suspicion,watch_7_days}'::text[]
		|| case when exists (select from centre.key k where k.register = p_alert.key and k.state in ('active', 'locked', 'blocked'))
			then '{suspend_key}'::text[] else '{}' end
		|| case when exists (select from centre.desk d where d.name = p_alert.desk and d.state = 'active') then '{suspend_desk}'::text[] else '{}' end
		|| case when exists (select from centre.staff f where f.number = p_alert.staff and f.state = 'active') then '{suspend_clerk}'::text[] else '{}' end;
end $$;

create function desk.alerts(p_certificate bytea, p_shift uuid, out id uuid, out number bigint, out rule text, out rule_number integer,
	out count integer, out window_seconds integer, out opened_at timestamptz, out desk text, out staff text)
	returns setof record
	language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	s centre.shift := internal.live_shift(internal.desk_of(p_certificate), p_shift, '{supervisor}');
begin
	return query select a.id, a.number, a.rule, r.number, internal.alert_count(r.measure, a.value, a.rows), r.window_seconds, a.opened_at, a.desk, a.staff
		from centre.watch_alert a join centre.watch_rule r on r.name = a.rule
		where a.applied_at is null and a.jws is null and a.staff <> s.staff order by a.opened_at limit 100;
end $$;
comment on function desk.alerts is 'Alerts that this supervisor may decide, the oldest first, 100 at most: nobody decides about what they did themselves.';

create function desk.alert(p_certificate bytea, p_shift uuid, p_alert uuid, out refusal text, out number bigint, out rule text,
	out rule_number integer, out count integer, out window_seconds integer, out opened_at timestamptz, out desk text, out staff text,
	out did text, out held_seconds integer, out seen jsonb, out may text[])
	language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	s centre.shift := internal.live_shift(internal.desk_of(p_certificate), p_shift, '{supervisor}');
	a centre.watch_alert;
	r centre.watch_rule;
begin
	select * into a from centre.watch_alert x where x.id = p_alert;
	if a.id is null or a.jws is not null or a.applied_at is not null then
		refusal := 'gone';
		return;
	elsif a.staff = s.staff then
		refusal := 'own_case';
		return;
	end if;
	select * into r from centre.watch_rule x where x.name = a.rule;
	number := a.number; rule := a.rule; rule_number := r.number; window_seconds := r.window_seconds; opened_at := a.opened_at;
	count := internal.alert_count(r.measure, a.value, a.rows);
	desk := a.desk; staff := a.staff; seen := a.rows; may := internal.alert_may(a);
	did := case when a.acted_at is not null then a.act end;
	held_seconds := case when did = 'hold' then r.hold_seconds end;
end $$;
comment on function desk.alert is 'An alert and the counters that led to it, [{at, desk, staff, what, n}]. did: what policy did by itself; may: what can be decided.
refusal: gone (decided, or none); own_case (it is about this supervisor).';

create function desk.decide_alert(p_certificate bytea, p_shift uuid, p_alert uuid, p_fingerprint bytea, p_decision text, p_reason text,
	p_jws bytea, out refusal text)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	s centre.shift := internal.live_shift(internal.lock_desk(p_certificate), p_shift, '{supervisor}');
	a centre.watch_alert;
begin
	if not coalesce(octet_length(p_jws) between 1 and 65536, false) then
		perform internal.refuse('BK005', 'invalid');
	end if;
	select * into a from centre.watch_alert x where x.id = p_alert for no key update;
	if a.jws = p_jws and a.shift = p_shift then
		return;
	end if;
	refusal := case
		when a.id is null or a.jws is not null or a.applied_at is not null then 'gone'
		when a.staff = s.staff then 'own_case'
		when p_fingerprint is distinct from s.fingerprint or not coalesce(p_decision = any (internal.alert_may(a))
			and p_reason in ('explained', 'expected', 'unclear', 'misuse', 'other'), false) then 'decision_invalid'
	end;
	if refusal is not null then
		return;
	end if;
	update centre.watch_alert x set decision = p_decision, reason = p_reason, jws = p_jws, shift = p_shift, decided_by = s.staff,
		decided_at = clock_timestamp() where x.id = p_alert;
	perform pg_notify('registrar_work', '');
	perform internal.tell_supervisors();
end $$;
comment on function desk.decide_alert is 'Hands over what a supervisor signed about an alert; a registrar verifies it and does it. p_fingerprint, decision and reason are as the door
read them in what the card signed. refusal: as desk.alert; decision_invalid: another card signed, or it cannot be decided.';
