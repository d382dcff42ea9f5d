-- People: written from verified evidence, and looked at when two may be one.

-- A name as it compares: capital letters of A to Z, whatever accents, spaces and signs it is written with.
create function internal.plain_name(p_name text) returns text
	language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
	return (select regexp_replace(upper(normalize(p_name, nfd)), '[^A-Z]', '', 'g'));
end $$;

-- Writes the person of an enrolment, new or as the document has them now.
create function internal.write_person(p_enrolment centre.enrolment, p_person jsonb) returns centre.person
	language plpgsql set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
	n centre.person := jsonb_populate_record(null::centre.person, p_person);
	p centre.person;
begin
	insert into centre.person (country, civil_number, document_number, surname, given_names, sex, birth_date, birth_stated,
			nationality, tax_claim, enrolment)
		values (p_enrolment.country, p_enrolment.civil_number, n.document_number, n.surname, n.given_names, n.sex, n.birth_date,
			coalesce(n.birth_stated, n.birth_date::text), n.nationality,
			case when p_enrolment.document_kind <> 'citizen-card' then nullif(p_person ->> 'tax_number', '') end, p_enrolment.id)
		on conflict do nothing returning * into p;
	if not found then
		select * into p from centre.person where country = p_enrolment.country and (civil_number = p_enrolment.civil_number
			or p_enrolment.civil_number is null and civil_number is null and document_number = p_enrolment.document_number)
			for no key update;
		update centre.person set document_number = n.document_number, surname = n.surname, given_names = n.given_names, sex = n.sex,
			birth_date = n.birth_date, birth_stated = coalesce(n.birth_stated, n.birth_date::text), nationality = n.nationality,
			tax_claim = case when p_enrolment.document_kind <> 'citizen-card' then nullif(p_person ->> 'tax_number', '') end,
			enrolment = p_enrolment.id
			where id = p.id returning * into p;
	end if;
	return p;
end $$;

-- Somebody else's living key with the same NIF, claimed or proven, and the same name, birth date and nationality is for
-- an operator to look at: they may be one person. Nobody is stopped, and the desk hears nothing.
create function internal.review(p_register bigint, p_person centre.person, p_tax_number text) returns void
	language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
	insert into centre.review (key, other)
		select p_register, k.register from centre.person q join centre.key k on k.person = q.id and k.living
		where q.birth_date = p_person.birth_date and q.nationality = p_person.nationality and q.id <> p_person.id
			and p_tax_number in (q.tax_claim, k.tax_number)
			and internal.plain_name(q.surname) = internal.plain_name(p_person.surname)
			and internal.plain_name(q.given_names) = internal.plain_name(p_person.given_names);
end $$;
