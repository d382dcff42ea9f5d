-- The log's sequencer, see kiosk/ledger. Any registrar with the log's key may be it; the lease keeps the others from
-- trying, the size under its lock keeps two from numbering the same leaf.

create function registrar.log_lease(p_worker text, out mine boolean, out free_at timestamptz, out size bigint, out note text)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	s centre.log_state;
	t timestamptz := clock_timestamp();
begin
	if not coalesce(length(p_worker) between 1 and 100, false) then
		perform internal.refuse('BK005', 'invalid');
	end if;
	select * into s from centre.log_state for update;
	mine := s.holder is null or s.holder = p_worker or s.until < t;
	if mine then
		update centre.log_state set holder = p_worker, until = t + interval '10 seconds';
	end if;
	free_at := s.until;
	size := s.size;
	note := (select c.note from centre.log_checkpoint c order by c.size desc, c.id desc limit 1);
end $$;
comment on function registrar.log_lease is 'Makes this registrar the one that numbers, for ten seconds, unless another is: then until when. Also the size of the tree and the
newest checkpoint.';

create function registrar.log_waiting(p_most integer, out id bigint, out number bigint, out at timestamptz, out kind text,
	out op text, out "row" text, out actor text, out subject text, out hidden text, out sealed bytea, out columns text)
	returns setof record
	language sql security definer set search_path = pg_catalog, pg_temp as $$
	select l.id, l.number, l.at, l.kind, l.op, l.row, l.actor, l.subject, l.hidden, l.sealed, l.columns
		from centre.log_leaf l where l.number is null order by l.id limit p_most
$$;
comment on function registrar.log_waiting is 'Committed leaves without a number.';

create function registrar.log_hashes(p_indexes bigint[], out index bigint, out hash bytea) returns setof record
	language sql security definer set search_path = pg_catalog, pg_temp as $$
	select h.index, h.hash from centre.log_hash h where h.index = any (p_indexes)
$$;
comment on function registrar.log_hashes is 'Hashes of the tree.';

create function registrar.log_number(p_worker text, p_size bigint, p_ids bigint[], p_first bigint, p_hashes bytea[]) returns void
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
	n bigint := cardinality(p_ids);
begin
	update centre.log_state set size = size + n, until = clock_timestamp() + interval '10 seconds'
		where holder = p_worker and size = p_size;
	if not found then
		perform internal.refuse('BK014', 'lease_lost');
	end if;
	update centre.log_leaf l set number = p_size + i.n - 1 from unnest(p_ids) with ordinality i(id, n)
		where l.id = i.id and l.number is null;
	if (select count(*) from centre.log_leaf l where l.number >= p_size) <> n then
		perform internal.refuse('BK009', 'wrong_state');
	end if;
	insert into centre.log_hash (index, hash) select p_first + h.n - 1, h.hash from unnest(p_hashes) with ordinality h(hash, n);
end $$;
comment on function registrar.log_number is 'The leaves get the numbers from p_size on, and the tree the hashes from index p_first on.';

create function registrar.log_signed(p_size bigint, p_note text) returns void
	language sql security definer set search_path = pg_catalog, pg_temp as $$
	insert into centre.log_checkpoint (size, note) values (p_size, p_note)
$$;
comment on function registrar.log_signed is 'The tree of this size was signed.';

create function registrar.log_cosigned(p_size bigint, p_note text, p_line text) returns void
	language sql security definer set search_path = pg_catalog, pg_temp as $$
	update centre.log_checkpoint set note = note || p_line
		where size = p_size and starts_with(note, p_note) and position(p_line in note) = 0
$$;
comment on function registrar.log_cosigned is 'A witness cosigned this checkpoint, with these lines.';

create function registrar.log_alarm(p_kind text) returns void
	language sql security definer set search_path = pg_catalog, pg_temp as $$
	insert into centre.alert (kind) select p_kind where not exists (select from centre.alert a
		where a.kind = p_kind and a.at > clock_timestamp() - interval '1 hour')
$$;
comment on function registrar.log_alarm is 'Tells an operator, once an hour.';

create function registrar.log_watch() returns setof text
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
	s bigint := (select size from centre.log_state);
	k text;
begin
	-- For where a change was made an hour is enough, after a day.
	delete from centre.log_checkpoint c where c.at between clock_timestamp() - interval '26 hours' and clock_timestamp() - interval '24 hours'
		and exists (select from centre.log_checkpoint d where d.id > c.id and date_trunc('hour', d.at) = date_trunc('hour', c.at)
			and d.at < clock_timestamp() - interval '24 hours');
	for k in
		select 'log_late' where exists (select from centre.log_leaf where number is null and at < clock_timestamp() - interval '60 seconds')
		union all
		select 'log_gap' where least(s, 10000) <> (select count(*) from centre.log_leaf where number >= s - 10000)
			or (select max(number) from centre.log_leaf) >= s
	loop
		perform registrar.log_alarm(k);
		return next k;
	end loop;
end $$;
comment on function registrar.log_watch is 'What is wrong with the log, as far as a look at its end tells: leaves without a number for a minute, numbers without a leaf.
It is an alarm as well. Of the checkpoints older than a day, one an hour stays.';

create function registrar.trust_seen(p_digest bytea) returns void
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
	if p_digest is distinct from (select t.digest from centre.trust t where t.actor = session_user order by t.id desc limit 1) then
		insert into centre.trust (digest) values (p_digest);
	end if;
end $$;
comment on function registrar.trust_seen is 'The SHA-256 of the trust folder that this registrar begins with; logged when it is another than the last time.';
