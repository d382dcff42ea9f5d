-- Looking for keys.

create function internal.keys_found(p_kind text, p_value text, p_country text) returns bigint[]
	language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
	return array(select k.register from centre.key k where k.register in (
			select c.key from centre.key_contact c where c.channel = case p_kind when 'phone' then 'sms' else p_kind end
				and p_kind in ('phone', 'email') and c.living and c.mailbox = centre.mailbox(p_value)
			union all
			select y.register from centre.person_number n join centre.key y on y.person = n.person
				where p_kind = 'nif' and n.kind = 'nif' and n.value = p_value
			union all
			select y.register from centre.person p join centre.key y on y.person = p.id
				where p_kind = 'document' and p.country = p_country and p.document_number = p_value
			union all
			select y.register from centre.person p join centre.key y on y.person = p.id
				where p_kind = 'document' and p.country = p_country and p.civil_number = case when p_country = 'PRT' then left(p_value, 8) else p_value end
			union all
			select y.register from centre.key y where p_kind = 'register' and y.register = case when p_kind = 'register' then p_value::bigint end)
		order by k.living desc, k.register desc limit 5);
end $$;

create function internal.initials(p_name text) returns text
	language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
	return (select string_agg(upper(left(w, 1)) || '.', ' ') from regexp_split_to_table(trim(p_name), '\s+') w where w <> '');
end $$;

-- The key of the document that lies on a desk. It counts as an enrolment that came to nothing does: who asks for one
-- document after the other soon gets no answer.
create function internal.look(p_desk text, p_look uuid, p_shift centre.shift, p_country text, p_civil_number text, p_document_number text) returns jsonb
	language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
	register bigint := internal.key_of(p_country, p_civil_number, p_document_number);
	document bytea := internal.contact_hash('document ' || p_country, coalesce(p_civil_number, p_document_number));
	x centre.search;
begin
	select * into x from centre.search where id = p_look;
	if found and (x.desk, x.kind, x.value) is distinct from (p_desk, 'look', document) then
		perform internal.refuse('BK004', 'conflict');
	elsif not found then
		if internal.fruitless_opens(p_desk) >= internal.setting('desk_opens_per_hour') then
			perform internal.refuse('BK011', 'too_many');
		end if;
		insert into centre.search (id, desk, staff, kind, value, reason, found) values (p_look, p_desk, p_shift.staff, 'look', document,
			'holder_present', array_remove(array[register], null));
	end if;
	return internal.key_told(register);
end $$;
