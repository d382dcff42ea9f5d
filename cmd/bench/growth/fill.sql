-- Multiplies enrolments that really happened inside the database. scale.take keeps those that ended since it was last
-- called, as a block with numbers from 1 on; scale.fill adds so many copies of a block. A copy is another person with
-- other numbers, contacts, hashes and identifiers, enrolled earlier; what it was proven with has the same size.
-- It leaves rows of the real enrolments alone, but numbers the log's leaves that wait. For a superuser whose triggers and foreign keys are off
-- (session_replication_role = replica); scale.broken says afterwards which references lead nowhere.

create schema scale;

-- At 4,000 a day 12 million keys are made in eight years.
create function scale.apart() returns interval language sql immutable as $$ select interval '21.6 seconds' $$;

-- Another identifier. One of version 7 is as old as its copy.
create function scale.other(p_id uuid, n bigint, p_age interval) returns uuid language sql immutable as $$
	select case when substr(p_id::text, 15, 1) = '7'
		then overlay(overlay(md5(p_id::text || n) placing lpad(to_hex(('x' || left(p_id::text, 8))::bit(32)::bigint - (extract(epoch from p_age) / 65.536)::bigint), 8, '0') from 1)
			placing '7' from 13)::uuid
		else md5(p_id::text || n)::uuid end $$;
create function scale.other(p_hash bytea, n bigint) returns bytea language sql immutable as $$ select sha256(p_hash || int8send(n)) $$;

-- PIN_OUTPUT of a key is what its holder's Argon2id would give.
create function scale.pin_output(p_key bigint) returns bytea language sql immutable as $$ select sha256(convert_to('pin ' || p_key, 'UTF8')) $$;
create function scale.pin_hash(p_key bigint) returns text language sql immutable as $$
	select '$argon2id-sha256$v=19$m=19456,t=2,p=1$' || rtrim(encode(substr(sha256(int8send(p_key)), 1, 16), 'base64'), '=') || '$'
		|| rtrim(encode(sha256(scale.pin_output(p_key)), 'base64'), '=') $$;

-- Whose number a column has.
create table scale.numbered (tbl text, col text, space text, primary key (tbl, col));
insert into scale.numbered values
	('person', 'id', 'person'), ('key', 'person', 'person'), ('person_event', 'person', 'person'), ('person_number', 'person', 'person'),
	('key', 'register', 'key'), ('key_contact', 'key', 'key'), ('key_event', 'key', 'key'), ('key_record', 'key', 'key'), ('enrolment', 'key', 'key'),
	('sign_in', 'key', 'key'),
	('person_event', 'id', 'person_event'), ('key_event', 'id', 'key_event'), ('job', 'id', 'job'), ('message', 'job', 'job'),
	('log_leaf', 'id', 'log_leaf'), ('log_leaf', 'number', 'log_leaf');

-- Where the rows of an enrolment are: $1 visits, $2 keys, $3 persons. nth is the copy's number, age how much older it is.
create table scale.source (tbl text primary key, rows text, kept text default 'true');
insert into scale.source (tbl, rows, kept) values
	('person', 'id = any ($3)', 'true'), ('person_event', 'person = any ($3)', 'true'), ('person_number', 'person = any ($3)', 'true'),
	('key', 'register = any ($2)', 'true'), ('key_contact', 'key = any ($2)', 'true'), ('key_event', 'key = any ($2)', 'true'),
	('key_record', 'key = any ($2)', 'true'), ('enrolment', 'id = any ($1)', 'true'), ('one_time_code', 'enrolment = any ($1)', 'true'),
	('code_attempt', 'enrolment = any ($1)', 'true'), ('contact_proof', 'enrolment = any ($1)', 'true'), ('chip_challenge', 'enrolment = any ($1)', 'true'),
	('evidence', 'enrolment = any ($1)', 'true'),
	('watch_count', 'per in (''contact'', ''key'', ''source'', ''document'') and slot > (select coalesce(max(b.at), ''-infinity'') from scale.block b)', 'age < interval ''9 days'''),
	-- Setting keep_job_days.
	('job', 'enrolment = any ($1)', 'age < interval ''90 days'''), ('message', 'enrolment = any ($1)', 'age < interval ''90 days'''),
	('log_leaf', 'subject = any (select ''person '' || p from unnest($3) p) or kind = ''key_event'' and row = any (select e.id::text from centre.key_event e where e.key = any ($2))', 'true'),
	('log_key', 'subject = any (select ''person '' || p from unnest($3) p)', 'true');

-- What a column has in a copy; of the others identifiers are other ones, times earlier, the rest the same.
create table scale.rule (tbl text, col text, copy text, primary key (tbl, col));
insert into scale.rule values
	('person', 'civil_number', 'case when x.civil_number is not null then (100000000 + <id>)::text end'),
	('person', 'document_number', 'case when x.civil_number is null then ''S'' || lpad((<id>)::text, 8, ''0'') else lpad((<id>)::text, 8, ''0'') || '' 7 ZZ1'' end'),
	('person', 'birth_date', 'date ''1930-01-01'' + ((<id>) % 27000)::integer'),
	('person', 'birth_stated', '(date ''1930-01-01'' + ((<id>) % 27000)::integer)::text'),
	('person', 'surname', 'x.surname || '' '' || substr(md5((<id>)::text), 1, 6)'),
	('person_number', 'value', 'left((100000000 + <person>)::text || ''0000'', length(x.value))'),
	('key', 'pin_hash', 'scale.pin_hash(<register>)'),
	('key', 'pin_subject', 'case when x.pin_subject is not null then ''PRT:'' || (100000000 + <person>) end'),
	('key', 'tax_number', 'case when x.tax_number is not null then (100000000 + <register>)::text end'),
	('key_contact', 'value', 'case x.channel when ''sms'' then ''+3519'' || lpad((<key>)::text, 8, ''0'') else ''pessoa'' || (<key>) || ''@exemplo.example'' end'),
	('enrolment', 'challenge', 'scale.other(x.challenge, nth)'), ('enrolment', 'shift', 'x.shift'),
	('one_time_code', 'contact', 'case when age < interval ''1 day'' then scale.other(x.contact, nth) end'),
	('one_time_code', 'message_id', 'x.message_id || ''-'' || nth'), ('message', 'message_id', 'x.message_id || ''-'' || nth'),
	('watch_count', 'who', 'scale.other(x.who, nth)'), ('watch_count', 'other', 'case when x.other = '''' then '''' else scale.other(x.other, nth) end'),
	('evidence', 'content_hash', 'scale.other(x.content_hash, nth)'),
	('log_leaf', 'sealed', 'scale.other(x.sealed, nth)'), ('log_key', 'key', 'scale.other(x.key, nth)'),
	('log_leaf', 'subject', '''person '' || (substr(x.subject, 8)::bigint + {{person}})'),
	('log_key', 'subject', '''person '' || (substr(x.subject, 8)::bigint + {{person}})'),
	('log_leaf', 'row', 'case when x.kind in (''person'', ''person_number'') then (split_part(x.row, ''/'', 1)::bigint + {{person}})::text
		when x.kind in (''person_event'', ''key_event'') then (x.row::bigint + case x.kind when ''person_event'' then {{person_event}} else {{key_event}} end)::text
		when x.kind in (''key'', ''key_contact'', ''key_record'') then (split_part(x.row, ''/'', 1)::bigint + {{key}})::text
		else x.row end || case when strpos(x.row, ''/'') > 0 then ''/'' || split_part(x.row, ''/'', 2) else '''' end');

create table scale.block (name text primary key, visits integer not null, copies bigint not null default 0, at timestamptz not null default clock_timestamp());
create table scale.space (block text, name text, count bigint not null, primary key (block, name));
create table scale.taken (visit uuid primary key);

-- What follows the newest row of a space.
create function scale.top(p_space text) returns bigint language plpgsql as $$
declare
	top bigint;
begin
	execute format('select coalesce(max(%I), 0) from centre.%I', case p_space when 'key' then 'register' else 'id' end, p_space) into top;
	return top;
end $$;

create function scale.take(p_block text) returns integer language plpgsql as $$
declare
	visits uuid[] := array(select e.id from centre.enrolment e where e.state = 'active' and e.errand = 'enrol' and not exists (select from scale.taken t where t.visit = e.id));
	keys bigint[] := array(select k.register from centre.key k where k.enrolment = any (visits));
	persons bigint[] := array(select k.person from centre.key k where k.enrolment = any (visits));
	s record;
	c record;
begin
	insert into scale.taken select unnest(visits);
	for s in select * from scale.source loop
		execute format('create table scale.%I as select * from centre.%I where %s', p_block || '_' || s.tbl, s.tbl, s.rows) using visits, keys, persons;
		execute format('analyze scale.%I', p_block || '_' || s.tbl);
	end loop;
	execute format('update scale.%I set number = id', p_block || '_log_leaf');
	for s in select distinct n.space, case n.space when 'key' then 'register' else 'id' end as id from scale.numbered n loop
		execute format('create temp table ranks on commit drop as select %1$I as was, row_number() over (order by %1$I) as rank from scale.%2$I', s.id, p_block || '_' || s.space);
		execute format('insert into scale.space select %L, %L, count(*) from ranks', p_block, s.space);
		if s.space = 'person' or s.space = 'key' or s.space like '%event' then -- first in the names of the log's rows
			execute format('update scale.%I x set row = r.rank || case when strpos(x.row, ''/'') > 0 then ''/'' || split_part(x.row, ''/'', 2) else '''' end
				from ranks r where split_part(x.row, ''/'', 1) = r.was::text and x.kind = any (%L)', p_block || '_log_leaf', case s.space
				when 'person' then '{person,person_number}' when 'key' then '{key,key_contact,key_record}' else format('{%s}', s.space) end);
		end if;
		if s.space = 'person' then
			execute format('update scale.%I x set subject = ''person '' || r.rank from ranks r where x.subject = ''person '' || r.was', p_block || '_log_leaf');
			execute format('update scale.%I x set subject = ''person '' || r.rank from ranks r where x.subject = ''person '' || r.was', p_block || '_log_key');
		end if;
		for c in select * from scale.numbered n where n.space = s.space and to_regclass('scale.' || p_block || '_' || n.tbl) is not null loop
			execute format('update scale.%I x set %I = r.rank from ranks r where x.%2$I = r.was', p_block || '_' || c.tbl, c.col);
		end loop;
		drop table ranks;
	end loop;
	insert into scale.block values (p_block, cardinality(visits));
	return cardinality(visits);
end $$;

-- How much higher the numbers of copies are, whose first is p_first.
create function scale.shifts(p_block text, p_first bigint) returns jsonb language sql as $$
	select jsonb_object_agg(x.name, format('(%s + (nth - %s) * %s)', scale.top(x.name), p_first, x.count)) || jsonb_build_object('leaf_number',
		format('(%s + (nth - %s) * %s)', (select coalesce(max(l.number), -1) from centre.log_leaf l), p_first, max(x.count) filter (where x.name = 'log_leaf')))
	from scale.space x where x.block = p_block $$;

-- Adds the rows of one table of copies p_first to p_last of a block.
create function scale.fill(p_block text, p_first bigint, p_last bigint, p_shifts jsonb, p_table text) returns void language plpgsql as $$
declare
	visits integer := (select b.visits from scale.block b where b.name = p_block);
	c record;
	copy text;
	names text := '';
	copies text := '';
	space record;
	numbering record;
begin
	for c in select a.attname, a.atttypid::regtype::text as type from pg_attribute a
			where a.attrelid = ('centre.' || p_table)::regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' order by a.attnum loop
		select r.copy into copy from scale.rule r where r.tbl = p_table and r.col = c.attname;
		if not found then
			select format('x.%I + {{%s}}', c.attname, case when c.attname = 'number' then 'leaf_number' else n.space end) into copy
				from scale.numbered n where n.tbl = p_table and n.col = c.attname;
		end if;
		if not found then
			copy := case c.type when 'uuid' then format('scale.other(x.%I, nth, age)', c.attname) when 'timestamp with time zone' then format('x.%I - age', c.attname)
				else format('x.%I', c.attname) end;
		end if;
		for numbering in select * from scale.numbered n where n.tbl = p_table loop
			copy := replace(copy, '<' || numbering.col || '>', format('x.%I + {{%s}}', numbering.col, numbering.space));
		end loop;
		for space in select * from jsonb_each_text(p_shifts) loop
			copy := replace(copy, '{{' || space.key || '}}', space.value);
		end loop;
		names := names || ', ' || quote_ident(c.attname);
		copies := copies || ', ' || copy;
	end loop;
	execute format('insert into centre.%I (%s) overriding system value
		select %s from generate_series($1, $2) nth, lateral (select nth * $3 * scale.apart()) a(age), scale.%I x where %s order by nth',
		p_table, substr(names, 3), substr(copies, 3), p_block || '_' || p_table, (select s.kept from scale.source s where s.tbl = p_table)) using p_first, p_last, visits;
end $$;

-- After the last fill: the log's numbers and hashes, counters of who signed in, and where the numbers go on.
create function scale.settle() returns void language plpgsql as $$
declare
	leaves bigint;
	c record;
begin
	update centre.log_leaf l set number = x.number from (select id, (select coalesce(max(y.number), -1) from centre.log_leaf y) + row_number() over (order by id) as number
		from centre.log_leaf where number is null) x where l.id = x.id;
	select max(l.number) + 1 into leaves from centre.log_leaf l;
	-- How many hashes a tree of so many leaves has (golang.org/x/mod/sumdb/tlog): 2 n less the number of ones in n.
	insert into centre.log_hash (index, hash) select i, sha256(int8send(i))
		from generate_series((select coalesce(max(h.index), -1) + 1 from centre.log_hash h), 2 * leaves - bit_count(leaves::bit(64)) - 1) i;
	update centre.log_state set size = leaves;
	insert into centre.sign_in (key, last_success_at, last_channel) select k.register, clock_timestamp() - interval '2 hours', 'sms' from centre.key k on conflict do nothing;
	for c in select n.tbl, n.col, pg_get_serial_sequence('centre.' || n.tbl, n.col) as sequence from scale.numbered n loop
		continue when c.sequence is null;
		execute format('select setval(%L, (select max(%I) from centre.%I))', c.sequence, c.col, c.tbl);
	end loop;
end $$;

-- References that lead nowhere.
create function scale.broken() returns setof text language plpgsql as $$
declare
	k record;
	n bigint;
begin
	for k in select c.conname, c.conrelid::regclass as child, c.confrelid::regclass as parent, a.attname as col, b.attname as ref
			from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1] join pg_attribute b on b.attrelid = c.confrelid and b.attnum = c.confkey[1]
			where c.contype = 'f' and c.connamespace = 'centre'::regnamespace and cardinality(c.conkey) = 1
				and c.conrelid in (select ('centre.' || s.tbl)::regclass from scale.source s) loop
		execute format('select count(*) from %s x where x.%I is not null and not exists (select from %s y where y.%I = x.%2$I)', k.child, k.col, k.parent, k.ref) into n;
		if n > 0 then
			return next k.conname || ' ' || n;
		end if;
	end loop;
end $$;
