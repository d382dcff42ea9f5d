-- Triggers: history is only ever added to, whoever changes what it is about; until its time is over, see internal.forget_key.

create function internal.refuse_change() returns trigger
	language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
	if tg_op = 'DELETE' and internal.may_forget(tg_table_name, to_jsonb(old)) then
		return old;
	end if;
	raise exception 'history is only ever added to' using errcode = 'BK090';
end $$;
create trigger key_event_append_only before update or delete on centre.key_event
	for each row execute function internal.refuse_change();
create trigger key_event_no_truncate before truncate on centre.key_event
	for each statement execute function internal.refuse_change();
create trigger person_event_append_only before update or delete on centre.person_event
	for each row execute function internal.refuse_change();
create trigger person_event_no_truncate before truncate on centre.person_event
	for each statement execute function internal.refuse_change();

create trigger key_record_append_only before update or delete on centre.key_record
	for each row execute function internal.refuse_change();
create trigger key_record_no_truncate before truncate on centre.key_record
	for each statement execute function internal.refuse_change();

-- A key changes only as centre.transition says, whoever changes it; no row leads out of expired or cancelled. Each change says in the column
-- "change" why, and is an event. A cause without record changes nothing but the state, and makes no version.
create function internal.key_changed() returns trigger
	language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
	said jsonb := new.change;
	c centre.cause;
	was text := 'none';
	why text;
begin
	new.change := null;
	select * into c from centre.cause where name = said ->> 'cause';
	if tg_op = 'UPDATE' then
		was := old.state;
		if said is null and to_jsonb(new) - 'living' = to_jsonb(old) - 'living' then -- that is computed later
			return new;
		elsif (new.person, new.register, new.enrolment, new.activated_at) is distinct from (old.person, old.register, old.enrolment, old.activated_at)
			or not c.records and (new.level, new.pin_hash, new.pin_subject, new.valid_until, new.tax_number)
				is distinct from (old.level, old.pin_hash, old.pin_subject, old.valid_until, old.tax_number) then
			raise exception 'a key does not change so' using errcode = 'BK091';
		end if;
		new.version := old.version + c.records::integer;
	end if;
	why := coalesce(said ->> 'reason', (select min(r.reason) from centre.reason r where r.cause = c.name having count(*) = 1));
	if not exists (select from centre.transition t where (t.cause, t.from_state, t.to_state) = (c.name, was, new.state))
		or not exists (select from centre.reason r where (r.cause, r.reason) = (c.name, why)) then
		raise exception 'a key does not go from % to % so', was, new.state using errcode = 'BK091';
	end if;
	insert into centre.key_event (key, from_state, to_state, cause, reason, desk, staff, enrolment)
		values (new.register, nullif(was, 'none'), new.state, c.name, why, said ->> 'desk', said ->> 'staff', (said ->> 'enrolment')::uuid);
	if new.state in ('cancelled', 'expired') then
		update centre.key_contact set living = false where key = new.register and living;
		perform internal.end_activation(new.register);
	end if;
	return new;
end $$;
create trigger key_changed before insert or update on centre.key for each row execute function internal.key_changed();

-- A key is never deleted: what holds its person is, see retention.
create trigger key_no_delete before delete on centre.key for each row execute function internal.refuse_change();

-- What sign-in trusts is the record of a key's newest version, so no transaction leaves a version without. It runs at the
-- commit, when no function is at work any more whose rights it could have.
create function internal.key_recorded() returns trigger
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
	if (tg_op = 'INSERT' or new.version <> old.version) and exists (select from centre.key k where k.register = new.register
			and not exists (select from centre.key_record r where r.key = k.register and r.version = k.version)) then
		raise exception 'a key without the record of its version' using errcode = 'BK093';
	end if;
	return null;
end $$;
create constraint trigger key_recorded after insert or update on centre.key deferrable initially deferred
	for each row execute function internal.key_recorded();

create function internal.person_changed() returns trigger
	language plpgsql set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
	insert into centre.person_event (person, what, was, enrolment) values (new.id,
		case tg_op when 'INSERT' then 'made' else 'changed' end,
		case tg_op when 'UPDATE' then (select jsonb_object_agg(o.key, o.value) from jsonb_each(to_jsonb(old)) o
			where o.value is distinct from to_jsonb(new) -> o.key) end,
		new.enrolment);
	return null;
end $$;
create trigger person_made after insert on centre.person for each row execute function internal.person_changed();
create trigger person_changed after update on centre.person for each row when (old.* is distinct from new.*)
	execute function internal.person_changed();

create trigger search_append_only before update or delete on centre.search
	for each row execute function internal.refuse_change();

-- What keys may do is fixed: only a migration changes it.
do $$
declare
	t text;
begin
	foreach t in array '{cause,transition,reason,errand}'::text[] loop
		execute format('create trigger %1$s_fixed before insert or update or delete on centre.%1$I for each row execute function internal.refuse_change()', t);
	end loop;
end $$;
