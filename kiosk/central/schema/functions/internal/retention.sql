-- What is deleted because its time is over. The periods are settings; the rules are here.

-- Deletes the rows of a table in which a column has one of these values, and before them whatever refers to them, however far.
-- A row that is referred to in a circle needs a reference that is deferrable. Of a person nothing is deleted but by name.
create function internal.delete_rows(p_table regclass, p_column text, p_values text[], p_path regclass[] default '{}') returns integer
	language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
	c record;
	referred text[];
	-- Compared as what it is, or no index finds it.
	type text := (select format_type(a.atttypid, a.atttypmod) from pg_attribute a where a.attrelid = p_table and a.attname = p_column);
	n integer;
begin
	for c in
		select k.conrelid::regclass as child, a.attname as child_column, b.attname as parent_column, cardinality(k.conkey) as columns
		from pg_constraint k join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
			join pg_attribute b on b.attrelid = k.confrelid and b.attnum = k.confkey[1]
		where k.contype = 'f' and k.confrelid = p_table order by k.conname
	loop
		if c.child = 'centre.person'::regclass or c.child = any (p_path || p_table) then
			continue; -- a circle
		elsif c.columns <> 1 then
			raise exception 'a reference of several columns from %', c.child using errcode = 'BK094';
		end if;
		execute format('select array_agg(distinct %I::text) from %s where %I = any ($1::%s[])', c.parent_column, p_table, p_column, type) into referred using p_values;
		if referred is not null then
			perform internal.delete_rows(c.child, c.child_column, referred, p_path || p_table);
		end if;
	end loop;
	execute format('delete from %s where %I = any ($1::%s[])', p_table, p_column, type) using p_values;
	get diagnostics n = row_count;
	return n;
end $$;

-- Forgets a key, and with a person's last key the person.
create function internal.forget_key(p_register bigint) returns void
	language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
	who bigint := (select k.person from centre.key k where k.register = p_register for update);
	last_one boolean := not exists (select from centre.key k where k.person = who and k.register <> p_register);
	visits text[] := array(select e.id::text from centre.enrolment e where e.key = p_register or e.subject = p_register);
begin
	perform from centre.person p where p.id = who for update;
	set constraints all deferred;
	insert into centre.deletion (rule, n, key, person) values ('key', 1, p_register, case when last_one then who end);
	perform internal.delete_rows('centre.job', 'id', array(select j.id::text from centre.job j where j.about in (
		select n.id from centre.notice n where n.key = p_register union all select a.id from centre.activation a where a.key = p_register)));
	delete from centre.sign_in_try where key = p_register; -- these two have no foreign key: they also count unknown identifiers
	delete from centre.sign_in where key = p_register;
	if last_one then
		perform internal.delete_rows('centre.person', 'id', array[who::text]);
	else
		update centre.person p set enrolment = null where p.id = who and p.enrolment::text = any (visits);
		perform internal.delete_rows('centre.key', 'register', array[p_register::text]);
	end if;
	perform internal.delete_rows('centre.enrolment', 'id', visits);
	-- Last, because the deletions above are logged under these keys. Without them nobody can read what the log says of the person.
	delete from centre.log_key l where l.subject = any (array(
		select 'enrolment ' || v from unnest(visits) v union all select 'person ' || who where last_one));
end $$;

-- What is due under each rule now. The last column is what is to be done with: the key, or nothing.
create function internal.due(p_rule text, p_most integer) returns table (id text)
	language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
	before timestamptz := clock_timestamp() - make_interval(days => internal.setting('keep_' || p_rule || '_days'));
begin
	case p_rule
		when 'key' then
			return query select e.key::text from centre.key_event e join centre.key k on k.register = e.key and not k.living
				where e.to_state in ('cancelled', 'expired') and e.at < before order by e.at limit p_most;
		when 'visit' then
			return query select e.id::text from centre.enrolment e
				where e.state in ('refused', 'abandoned', 'expired') and e.ended_at < before
					-- Its code is the key's: another visit may have used it, and the two go together.
					and not exists (select from centre.activation a where a.enrolment = e.id and a.key is not null)
				order by e.ended_at limit p_most;
		when 'job' then
			return query select j.id::text from centre.job j where j.state in ('done', 'failed') and j.ended_at < before order by j.ended_at limit p_most;
		when 'search' then
			return query select s.id::text from centre.search s where s.at < before order by s.at limit p_most;
	end case;
end $$;

-- Deletes what is due under a rule, at most so much, and returns how much that was.
create function internal.keep_rule(p_rule text, p_most integer) returns integer
	language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
	ids text[] := array(select d.id from internal.due(p_rule, p_most) d);
	i text;
begin
	if cardinality(ids) = 0 then
		return 0;
	elsif p_rule = 'key' then
		foreach i in array ids loop
			perform internal.forget_key(i::bigint);
		end loop;
		return cardinality(ids);
	end if;
	set constraints all deferred;
	insert into centre.deletion (rule, n) values (p_rule, cardinality(ids));
	perform internal.delete_rows(case p_rule when 'visit' then 'centre.enrolment' else 'centre.' || p_rule end::regclass, 'id', ids);
	delete from centre.log_key l where l.subject = any (array(select 'enrolment ' || v from unnest(ids) v where p_rule = 'visit'));
	return cardinality(ids);
end $$;

-- Whether history may be deleted: what this transaction says that it deletes.
create function internal.may_forget(p_table text, p_row jsonb) returns boolean
	language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
	return exists (select from centre.deletion d where d.txid = pg_current_xact_id()
		and (d.rule = p_table and d.key is null or d.person = (p_row ->> 'person')::bigint
			or d.key = (p_row ->> case p_table when 'key' then 'register' else 'key' end)::bigint));
end $$;
