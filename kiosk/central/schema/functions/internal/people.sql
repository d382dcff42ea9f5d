-- People: written from verified evidence, and looked at when two may be one.

-- A name as it compares: capital letters of A to Z, whatever accents, spaces and signs it is written with.
create function internal.plain_name(p_name text) returns text
	language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
	return (select regexp_replace(upper(normalize(p_name, nfd)), '[^A-Z]', '', 'g'));
end $$;

-- Writes the person of an enrolment, new or as the document has them now: of the key that it is about, if any.
create function internal.write_person(p_enrolment centre.enrolment, p_person jsonb) returns centre.person
	language plpgsql set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
	n centre.person := jsonb_populate_record(null::centre.person, p_person);
	p centre.person;
begin
	n.birth_stated := coalesce(n.birth_stated, n.birth_date::text);
	if p_enrolment.subject is null then
		insert into centre.person (country, civil_number, document_number, surname, given_names, sex, birth_date, birth_stated, nationality, enrolment)
			values (p_enrolment.country, p_enrolment.civil_number, n.document_number, n.surname, n.given_names, n.sex, n.birth_date,
				n.birth_stated, n.nationality, p_enrolment.id)
			on conflict do nothing returning * into p;
		if found then
			return p;
		end if;
	end if;
	select * into p from centre.person x where case when p_enrolment.subject is not null
			then x.id = (select k.person from centre.key k where k.register = p_enrolment.subject)
			else x.country = p_enrolment.country and (x.civil_number = p_enrolment.civil_number
				or p_enrolment.civil_number is null and x.civil_number is null and x.document_number = p_enrolment.document_number) end
		for no key update;
	update centre.person set country = p_enrolment.country, document_number = n.document_number, surname = n.surname, given_names = n.given_names, sex = n.sex,
		birth_date = n.birth_date, birth_stated = n.birth_stated, nationality = n.nationality, enrolment = p_enrolment.id
		where id = p.id returning * into p;
	return p;
end $$;

-- Keeps numbers of a person, [{kind, value, source, paper}]: what is better proven is not replaced by what is less.
create function internal.write_numbers(p_person bigint, p_enrolment centre.enrolment, p_numbers jsonb) returns void
	language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
	rank text[] := '{said,paper,chip}';
begin
	insert into centre.person_number as x (person, kind, value, source, paper, seen_by, enrolment)
		select distinct on (n.kind) p_person, n.kind, n.value, n.source, nullif(n.paper, ''),
			case n.source when 'paper' then (select s.staff from centre.shift s where s.id = p_enrolment.shift) end, p_enrolment.id
		from jsonb_to_recordset(p_numbers) n(kind text, value text, source text, paper text)
		order by n.kind, array_position(rank, n.source) desc
		on conflict (person, kind) do update set value = excluded.value, source = excluded.source, paper = excluded.paper,
			seen_by = excluded.seen_by, enrolment = excluded.enrolment, at = excluded.at
		where array_position(rank, excluded.source) >= array_position(rank, x.source);
end $$;

-- Somebody else's living key with the same NIF, claimed or proven, and the same name, birth date and nationality is for
-- an operator to look at: they may be one person. Nobody is stopped, and the desk hears nothing.
create function internal.review(p_register bigint, p_person centre.person) returns void
	language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
	insert into centre.review (key, other)
		select p_register, k.register from centre.person_number n join centre.person_number o on (o.kind, o.value) = ('nif', n.value)
			join centre.person q on q.id = o.person join centre.key k on k.person = q.id and k.living
		where n.person = p_person.id and n.kind = 'nif' and q.id <> p_person.id
			and q.birth_date = p_person.birth_date and q.nationality = p_person.nationality
			and internal.plain_name(q.surname) = internal.plain_name(p_person.surname)
			and internal.plain_name(q.given_names) = internal.plain_name(p_person.given_names)
		on conflict do nothing;
end $$;
