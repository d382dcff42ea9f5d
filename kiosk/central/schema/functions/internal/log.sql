-- What is logged, and how. The bytes are documented in kiosk/ledger, which reads them again without these functions.

-- The primary key of a row, of one or two columns.
create function internal.log_row_name(p_row jsonb, p_key text) returns text
	language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
	return (p_row ->> split_part(p_key, ',', 1)) || coalesce('/' || (p_row ->> nullif(split_part(p_key, ',', 2), '')), '');
end $$;

-- Logs a row. p_key: the columns of its primary key; p_open: those that are not personal, '*' for all; p_left: those that
-- are not logged; p_subject: what kind of subject the personal ones are sealed for, and the column that names it. A row
-- without subject yet is not logged. Lists are separated by commas.
create function internal.log_row(p_table text, p_op text, p_row jsonb, p_was jsonb,
	p_key text, p_open text, p_left text, p_subject text) returns void
	language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
	l centre.log_leaf;
	left_out text[] := string_to_array(p_left, ',');
	open_names text[] := string_to_array(p_open, ',');
	field text := split_part(p_subject, ':', 2);
	personal text;
	k bytea;
begin
	if p_op = 'update' and (p_row - left_out)::text = (p_was - left_out)::text then -- 5.0 is not 5
		return;
	end if;
	if p_subject <> '' then
		l.subject := p_row ->> field;
		if l.subject is null then
			return;
		end if;
		if p_op = 'update' and p_was ->> field is null then
			p_op := 'insert';
		end if;
		if p_subject like 'key:%' then
			select 'person ' || x.person into l.subject from centre.key x where x.register = l.subject::bigint;
		else
			l.subject := split_part(p_subject, ':', 1) || ' ' || l.subject;
		end if;
		select x.key into k from centre.log_key x where x.subject = l.subject;
		if not found then
			insert into centre.log_key as x (subject) values (l.subject) on conflict (subject) do update set subject = excluded.subject
				returning x.key into k;
		end if;
	end if;
	select coalesce(string_agg(e.line, '') filter (where e.open), ''), string_agg(e.line, '') filter (where not e.open),
			string_agg(e.key, ',') filter (where not e.open)
		into l.columns, personal, l.hidden
		from (select c.key, c.key || coalesce(' ' || octet_length(c.value) || ':' || c.value, ' -') || E'\n',
				p_open = '*' or c.key = any (open_names)
			from jsonb_each_text(p_row) c where c.key <> all (left_out) order by c.key collate "C") e(key, line, open);
	insert into centre.log_leaf (kind, op, row, columns, subject, hidden, sealed) values (p_table, p_op,
		internal.log_row_name(p_row, p_key), l.columns, l.subject, l.hidden, crypto.hmac(convert_to(personal, 'UTF8'), k, 'sha256'));
	perform pg_notify('log_work', '');
end $$;

create function internal.log_change() returns trigger
	language plpgsql set search_path = pg_catalog, pg_temp set timezone = 'UTC' set bytea_output = 'hex' as $$
begin
	perform internal.log_row(tg_table_name, lower(tg_op), to_jsonb(case when tg_op = 'DELETE' then old else new end),
		case when tg_op = 'UPDATE' then to_jsonb(old) end, tg_argv[0], tg_argv[1], tg_argv[2], tg_argv[3]);
	return null;
end $$;

-- A leaf gets its number once, and nothing else ever.
create function internal.log_leaf_changed() returns trigger
	language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
	if tg_op = 'DELETE' or old.number is not null or to_jsonb(old) - 'number' <> to_jsonb(new) - 'number' then
		raise exception 'history is only ever added to' using errcode = 'BK090';
	end if;
	return new;
end $$;
create trigger log_leaf_append_only before update or delete on centre.log_leaf
	for each row execute function internal.log_leaf_changed();
create trigger log_leaf_no_truncate before truncate on centre.log_leaf
	for each statement execute function internal.refuse_change();

-- A key of the log that is deleted is a person forgotten: the log says when.
create trigger log_log_key after delete on centre.log_key
	for each row execute function internal.log_change('subject', '*', 'key,made_at', '');

-- What is logged. A row that has no leaf when this is made, because logging of its table begins, is found now.
do $$
declare
	t record;
begin
	set local timezone = 'UTC';
	set local bytea_output = 'hex';
	for t in select * from (values
		('setting', 'name', '*', '', ''),
		('destination', 'prefix', '*', '', ''),
		('legal_extension', 'name', '*', '', ''),
		('trust', 'id', '*', '', ''),
		('deletion', 'id', '*', '', ''),
		('client', 'id', '*', '', ''),
		('desk', 'name', '*', '', ''),
		('desk_certificate', 'fingerprint', '*', '', ''),
		('staff', 'number', 'number,role,state,added_at', '', 'staff:number'),
		('staff_certificate', 'fingerprint', 'fingerprint,staff,added_at,ends_at,revoked', '', 'staff:staff'),
		('shift', 'id', 'id,desk,begun_at,staff,fingerprint,signed_at,ends_at,ended_at,admitted_by', '', 'staff:staff'),
		('person', 'id', 'id,created_at,enrolment', '', 'person:id'),
		('person_event', 'id', 'id,person,at,what,actor,enrolment', '', 'person:person'),
		('person_number', 'person,kind', 'person,kind,source,paper,seen_by,enrolment,at', '', 'person:person'),
		('cause', 'name', '*', '', ''),
		('transition', 'cause,from_state', '*', '', ''),
		('reason', 'cause,reason', '*', '', ''),
		('errand', 'name', '*', '', ''),
		('search', 'id', '*', '', ''),
		('activation', 'id', 'id,enrolment,key,channel,language,send_no,made_at,expires_at,ended_at,used', 'code_key,mac,wrong', 'key:key'),
		('letter', 'activation', 'activation,key,made_at,printed_at,printed_by,copies,reason', '', 'key:key'),
		('notice', 'id', 'id,key,event,kind,channel,language,made_at,expires_at,used_at', 'code_key,mac', 'key:key'),
		('watch_rule', 'name', '*', '', ''),
		('watch_alert', 'id', 'id,number,rule,act,acted_at,decision,reason,decided_at,decided_by,applied_at',
			'who,key,desk,staff,value,rows,opened_at,seen_at,shift,jws,quiet_until', ''),
		('key', 'register', 'register,person,state,living,level,valid_until,enrolment,activated_at,version', 'change', 'person:person'),
		('key_contact', 'key,channel', 'key,channel,living,proof,proven_at', '', 'key:key'),
		('key_event', 'id', '*', '', ''),
		('key_record', 'key,version', 'key,version,made_at', '', 'key:key'),
		('review', 'id', '*', '', ''),
		('approval', 'enrolment', 'enrolment,reasons,opened_at,decision,reason,decided_at,decided_by',
			'checks,shift,leased_until', 'enrolment:enrolment')
	) v(name, key, open, left_out, subject) loop
		execute format('create trigger log_%1$s after insert or update or delete on centre.%1$I
			for each row execute function internal.log_change(%2$L, %3$L, %4$L, %5$L)', t.name, t.key, t.open, t.left_out, t.subject);
		execute format('create trigger log_no_truncate before truncate on centre.%I
			for each statement execute function internal.refuse_change()', t.name);
		execute format('select internal.log_row(%1$L, ''found'', to_jsonb(x), null, %2$L, %3$L, %4$L, %5$L) from centre.%1$I x
			where not exists (select from centre.log_leaf l where l.kind = %1$L and l.row = internal.log_row_name(to_jsonb(x), %2$L))',
			t.name, t.key, t.open, t.left_out, t.subject);
		execute format('select internal.log_row(%1$L, ''update'', to_jsonb(x), to_jsonb(x) || ''{"log_again": true}'', %2$L, %3$L, %4$L, %5$L) from centre.%1$I x
			join centre.log_again a on a.kind = %1$L and a.row = internal.log_row_name(to_jsonb(x), %2$L)', t.name, t.key, t.open, t.left_out, t.subject);
	end loop;
	delete from centre.log_again;
end $$;
