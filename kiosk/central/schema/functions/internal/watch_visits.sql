-- What watching sees of visits, by triggers: no call can leave it out.

-- A document, or the person whom it names, as a counter may have it: nobody finds the number by trying.
create function internal.watch_document(p_enrolment centre.enrolment) returns bytea
	language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
	return (select crypto.hmac(convert_to('document:' || p_enrolment.country || ':' || coalesce(p_enrolment.civil_number, p_enrolment.document_number),
		'UTF8'), s.key, 'sha256') from centre.secret s);
end $$;

create function internal.watch_enrolment() returns trigger
	language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
	t timestamptz := clock_timestamp();
	by_staff text := (select s.staff from centre.shift s where s.id = new.shift);
	hour integer := extract(hour from t at time zone 'Europe/Lisbon');
begin
	if tg_op = 'INSERT' then
		perform internal.seen_at(t, 'opened', new.desk, by_staff, null, null, null, internal.watch_document(new), null, null,
			case when new.document_kind <> 'citizen-card' then new.country || ' ' || left(new.document_number, -3) end, null);
		if hour < internal.setting('work_begins_hour') or hour >= internal.setting('work_ends_hour') then
			perform internal.seen_at(t, 'opened_after_hours', new.desk, by_staff, null, null, null, null, null, null, null, null);
		end if;
	else
		perform internal.seen_at(t, 'ended', new.desk, by_staff, null, null, null, internal.watch_document(old), null, null, null, null);
	end if;
	return null;
end $$;
create trigger watch_opened after insert on centre.enrolment for each row execute function internal.watch_enrolment();
create trigger watch_ended after update of state on centre.enrolment for each row
	when (old.state in ('open', 'pending', 'waiting') and new.state not in ('open', 'pending', 'waiting')) execute function internal.watch_enrolment();

create function internal.watch_code() returns trigger
	language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
	e centre.enrolment;
	c centre.one_time_code;
	by_staff text;
begin
	if tg_table_name = 'one_time_code' then
		c := new;
	else
		select * into c from centre.one_time_code x where x.id = new.code;
	end if;
	select * into e from centre.enrolment x where x.id = c.enrolment;
	by_staff := (select s.staff from centre.shift s where s.id = e.shift);
	if tg_table_name = 'one_time_code' then
		perform internal.seen_at(clock_timestamp(), 'code_sent', e.desk, by_staff, null, c.contact, null, null, internal.watch_document(e),
			case when c.channel = 'sms' then (internal.destination(c.value)).prefix end, null,
			(select k.key from centre.key_contact k where k.channel = c.channel and k.mailbox = centre.mailbox(c.value) and k.living));
	elsif new.counts or new.refusal is null or new.refusal = 'taken' then
		perform internal.seen_at(clock_timestamp(), case when new.counts then 'code_wrong' when new.refusal = 'taken' then 'code_taken' else 'code_confirmed' end,
			e.desk, by_staff, null, c.contact, null, null, internal.watch_document(e), null, null, null);
	end if;
	return null;
end $$;
create trigger watch_sent after insert on centre.one_time_code for each row when (new.contact is not null) execute function internal.watch_code();
create trigger watch_tried after insert on centre.code_attempt for each row execute function internal.watch_code();

-- An unblocking is one by whatever errand; what only time or a count did is nobody's doing.
create function internal.watch_key_event() returns trigger
	language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
	e jsonb := to_jsonb(new);
	cause text := coalesce(e ->> 'cause', e ->> 'reason');
	by_staff text := coalesce(e ->> 'staff', (select s.staff from centre.enrolment x join centre.shift s on s.id = x.shift where x.id = new.enrolment));
	what text;
begin
	foreach what in array case
		when new.from_state is null or new.from_state = 'none' then '{key_made}'::text[]
		when cause in ('phone', 'email') then '{changed_contact}'
		when cause = 'pin' and new.from_state in ('locked', 'blocked') then '{changed_unblock,changed_pin}'
		when cause = 'pin' then '{changed_pin}'
		when cause = 'unblock' then '{changed_unblock}'
		when cause in ('renew', 'reactivate', 'suspend', 'word', 'not_me', 'cancel') then array['changed_' || cause]
		else '{}' end
	loop
		perform internal.seen_at(clock_timestamp(), what, new.desk, by_staff, new.key, null, null, null, null, null, null, null);
	end loop;
	return null;
end $$;
create trigger watch_changed after insert on centre.key_event for each row execute function internal.watch_key_event();

create function internal.watch_search() returns trigger
	language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
	s jsonb := to_jsonb(new);
begin
	perform internal.seen_at(clock_timestamp(), 'search', s ->> 'desk', coalesce(s ->> 'staff',
		(select x.staff from centre.shift x where x.id = (s ->> 'shift')::uuid)), null, null, null, null, null, null, null, null);
	return null;
end $$;
do $$
begin
	if to_regclass('centre.search') is not null then
		create trigger watch_searched after insert on centre.search for each row execute function internal.watch_search();
	end if;
end $$;
