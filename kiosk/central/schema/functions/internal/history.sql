-- Triggers: history is only ever added to, whoever changes what it is about.

create function internal.refuse_change() returns trigger
	language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
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

-- A key moves only along the arrows of its states, whoever moves it; the end is the end. What changes of it
-- is a new version of the key, but that it expired: its record says until when it is valid.
create function internal.key_changed() returns trigger
	language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
	if new.person <> old.person or new.register <> old.register then
		raise exception 'a key does not change hands' using errcode = 'BK091';
	end if;
	new.version := old.version + case when new.state <> 'expired' and (new.state, new.level, new.pin_hash, new.valid_until, new.tax_number,
		new.enrolment, new.activated_at) is distinct from (old.state, old.level, old.pin_hash, old.valid_until, old.tax_number,
		old.enrolment, old.activated_at) then 1 else 0 end;
	if new.state = old.state then
		return new;
	end if;
	if not (old.state, new.state) in (
		('pending', 'active'), ('pending', 'cancelled'), ('pending', 'expired'),
		('active', 'suspended'), ('active', 'locked'), ('active', 'blocked'), ('active', 'cancelled'), ('active', 'expired'),
		('suspended', 'active'), ('suspended', 'cancelled'), ('suspended', 'expired'),
		('locked', 'active'), ('locked', 'blocked'), ('locked', 'suspended'), ('locked', 'cancelled'), ('locked', 'expired'),
		('blocked', 'active'), ('blocked', 'cancelled'), ('blocked', 'expired'))
	then
		raise exception 'a key does not go from % to %', old.state, new.state using errcode = 'BK091';
	end if;
	update centre.key_contact set living = new.state not in ('cancelled', 'expired') where key = new.register;
	return new;
end $$;
create trigger key_changed before update on centre.key for each row execute function internal.key_changed();

-- What sign-in trusts is the record of a key's newest version, so no transaction leaves a version without. It runs at the
-- commit, when no function is at work any more whose rights it could have.
create function internal.key_recorded() returns trigger
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
	if exists (select from centre.key k where k.register = new.register and k.state <> 'expired' and not exists (
			select from centre.key_record r where r.key = k.register and r.version = k.version)) then
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
