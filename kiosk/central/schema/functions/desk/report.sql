-- Calls of a desk about what was done, and what is stored.

create function desk.took(p_certificate bytea, p_enrolment uuid, p_times jsonb) returns void
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
	caller text := internal.desk_of(p_certificate);
begin
	if not exists (select from centre.enrolment where id = p_enrolment and desk = caller) then
		perform internal.refuse('BK001', 'unknown_enrolment');
	elsif not coalesce(jsonb_typeof(p_times) = 'object' and length(p_times::text) <= 2000, false)
		or exists (select from jsonb_each(p_times) x where x.key !~ '^[a-z_]{1,40}$' or jsonb_typeof(x.value) <> 'number' or x.value::numeric not between 0 and 86400) then
		perform internal.refuse('BK005', 'invalid');
	end if;
	insert into centre.visit_times (enrolment, seconds) values (p_enrolment, p_times) on conflict do nothing;
end $$;
comment on function desk.took is 'How long each step of a visit took, {step: seconds}. The first answer stays.';

create function desk.report(p_certificate bytea, p_shift uuid, p_day date, out errands jsonb)
	language plpgsql stable security definer set search_path = pg_catalog, pg_temp set timezone = 'Europe/Lisbon' as $$
#variable_conflict use_column
declare
	caller text := internal.desk_of(p_certificate);
begin
	perform internal.live_shift(caller, p_shift, '{clerk,supervisor,auditor}');
	if p_day is null or not isfinite(p_day) then
		perform internal.refuse('BK005', 'invalid');
	end if;
	with visits as (
		select e.id, e.errand, case when e.state = 'refused' then coalesce(e.refusal, 'refused') else internal.standing(e) end outcome,
			extract(epoch from e.ended_at - e.opened_at) seconds
		from centre.enrolment e where e.desk = caller and e.opened_at >= p_day::timestamptz and e.opened_at < (p_day + 1)::timestamptz),
	steps as (
		select v.errand, v.outcome, t.key step, percentile_cont(0.5) within group (order by t.value::numeric) median
		from visits v join centre.visit_times x on x.enrolment = v.id, jsonb_each_text(x.seconds) t group by v.errand, v.outcome, t.key)
	select coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object('errand', g.errand, 'outcome', g.outcome, 'n', g.n, 'median_seconds', g.median,
			'steps', (select jsonb_object_agg(s.step, s.median) from steps s where (s.errand, s.outcome) = (g.errand, g.outcome)))) order by g.errand, g.outcome), '[]')
		into errands
		from (select v.errand, v.outcome, count(*) n, round(percentile_cont(0.5) within group (order by v.seconds)::numeric, 1) median
			from visits v group by v.errand, v.outcome) g;
end $$;
comment on function desk.report is 'A day of this desk, in Lisbon''s time, without anybody''s name: [{errand, outcome, n, median_seconds, steps: {step: median seconds}}]. outcome: the
enrolment''s state or why it was refused.';

create function desk.stored(p_certificate bytea, p_enrolment uuid, out stored jsonb)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	e centre.enrolment := internal.own_enrolment(p_certificate, p_enrolment);
begin
	if e.errand <> 'stored' or e.state <> 'active' or e.ended_at < clock_timestamp() - make_interval(mins => internal.setting('stored_minutes')) then
		perform internal.refuse('BK002', 'enrolment_ended');
	end if;
	stored := internal.stored(e.key);
end $$;
comment on function desk.stored is 'What is stored about a person, for stored_minutes after the evidence of an errand of that name held.';
