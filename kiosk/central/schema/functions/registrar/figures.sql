-- Figures for those who watch the centre. They name nobody: kinds, states and counts.

create function registrar.figures(out figure text, out label text, out state text, out value double precision) returns setof record
	language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	t timestamptz := clock_timestamp();
	size bigint := (select c.size from centre.log_checkpoint c order by c.size desc, c.id desc limit 1); -- that is signed
begin
	return query
	select 'jobs', j.kind, j.state, count(*)::float8 from centre.job j where j.state in ('queued', 'running') group by j.kind, j.state
	union all
	-- Also one whose lease ended: its registrar is gone.
	select 'job_overdue', j.kind, '', extract(epoch from t - min(j.due_at))::float8 from centre.job j
		where j.state in ('queued', 'running') and j.due_at < t group by j.kind
	union all
	select 'job_oldest', j.kind, '', extract(epoch from t - min(j.created_at))::float8 from centre.job j
		where j.state in ('queued', 'running') group by j.kind
	union all
	select 'messages', m.channel, 'queued', count(*)::float8 from centre.message m where m.state = 'queued' group by m.channel
	union all
	select 'messages', m.channel, m.state, count(*)::float8 from centre.message m
		where m.state <> 'queued' and m.queued_at > t - interval '1 hour' group by m.channel, m.state
	union all
	select 'message_oldest', m.channel, '', extract(epoch from t - min(m.queued_at))::float8 from centre.message m where m.state = 'queued' group by m.channel
	union all
	select 'registrars', '', '', count(*)::float8 from centre.worker w
		where w.seen > t - make_interval(secs => internal.setting('worker_fresh_seconds'))
	union all
	select x.figure, '', '', x.value from (select count(*)::float8, coalesce(extract(epoch from t - min(a.opened_at)), 0)::float8
			from centre.enrolment e join centre.approval a on a.enrolment = e.id where e.state = 'waiting') c(n, oldest),
		lateral (values ('cases', c.n), ('case_oldest', c.oldest)) x(figure, value)
	union all
	select 'alerts', '', '', count(*)::float8 from centre.watch_alert a where a.applied_at is null
	union all
	select 'alarms', a.kind, '', count(*)::float8 from centre.alert a where a.at > t - interval '1 hour' group by a.kind
	union all
	select 'desks', d.state, '', count(*)::float8 from internal.desks_heard() d where d.state <> 'revoked' group by d.state
	union all
	select x.figure, '', '', x.value from (select count(*)::float8, coalesce(extract(epoch from t - min(l.at)), 0)::float8
			from centre.log_leaf l where l.number is null) c(n, late),
		lateral (values ('log_waiting', c.n), ('log_late', c.late)) x(figure, value)
	union all
	-- Leaves behind the newest checkpoint, and any without a number: the first of them.
	select 'log_unsigned', '', '', coalesce(extract(epoch from t - least(
		(select l.at from centre.log_leaf l where l.number >= coalesce(size, 0) order by l.number limit 1),
		(select min(l.at) from centre.log_leaf l where l.number is null))), 0)::float8
	union all
	select 'log_checkpoint', '', '', extract(epoch from t - max(c.at))::float8 from centre.log_checkpoint c having max(c.at) is not null
	union all
	-- A checkpoint has the log's signature in one line that begins with a dash, and one for each witness.
	select 'log_witness', '', '', coalesce(extract(epoch from t - min(c.at) filter (where c.id > c.cosigned)), 0)::float8
		from (select n.id, n.at, max(n.id) filter (where n.note ~ E'\n— [^\n]+\n— ') over () as cosigned
			from (select x.id, x.at, x.note from centre.log_checkpoint x order by x.id desc limit 1000) n) c
		having max(c.cosigned) is not null
	union all
	select 'retention', r.rule, '', (select count(*) from internal.due(r.rule, 1000))::float8 from unnest('{key,visit,job,search}'::text[]) r(rule)
	union all
	-- What an owner without pg_read_all_stats sees of standbys says nothing.
	select 'standbys', s.state, '', count(r.sync_state)::float8 from unnest('{sync,async}'::text[]) s(state)
		left join pg_stat_replication r on r.state = 'streaming' and (r.sync_state in ('sync', 'quorum')) = (s.state = 'sync')
		where pg_has_role('pg_read_all_stats', 'usage') group by s.state
	union all
	select 'standby_lag', '', '', max(pg_wal_lsn_diff(pg_current_wal_lsn(), r.replay_lsn))::float8 from pg_stat_replication r
		where pg_has_role('pg_read_all_stats', 'usage') having max(r.replay_lsn) is not null
	union all
	select 'archive_fails', '', '', case when a.last_failed_time > coalesce(a.last_archived_time, '-infinity') then 1 else 0 end::float8
		from pg_stat_archiver a where current_setting('archive_mode') <> 'off';
end $$;
comment on function registrar.figures is 'How the centre does, for monitoring: figure, its labels (a kind, a channel, a rule; a state), and the value. Times are in
seconds. Rows that nothing is known of are not there.';
