-- Travel documents: passports and residence documents, read by their chip or typed.
--
--   * A travel document has no civil number. Its holder is known by (country, document_number), which names one
--     document of all that a State issues (ICAO 9303-3 §4.2.2), and by the NIF, which a renewed passport or a
--     second document does not change: one NIF, one living key, whatever document it came from.
--   * A chip proves that it is no copy. Where it does so by chip authentication the key pair is the centre's, so
--     that a desk cannot make the proof up: see desk.chip_challenge.
--   * What the centre keeps of such a document is what a court needs to verify the SOD and that proof once more.
--
-- Here are the tables and what both sides use; 004/desk.sql and 004/registrar.sql are what each may call.

alter table cmd.person
	drop constraint person_country_check,
	add constraint person_country_check check (country ~ '^[A-Z]{1,3}$'), -- "D" is Germany's in an MRZ
	-- The birth date as the document states it, which may lack day or month; birth_date is the latest it can be.
	add column birth_stated text check (birth_stated ~ '^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$');
update cmd.person set birth_stated = to_char(birth_date, 'YYYY-MM-DD');

-- The NIF stands with the key as well, where an index can decide between two desks. It is there only when it can
-- be one, so that cards with nothing but zeros in its place do not stand in each other's way.
alter table cmd.key add column tax_number text check (tax_number ~ '^[1-9][0-9]{8}$');

alter table cmd.enrolment
	add column document_number text, -- wiped with the country, as is the next
	add column tax_number text,
	add column typed boolean not null default false; -- the machine-readable zone was typed: there is no chip

alter table cmd.evidence
	add column proof bytea, -- what the chip answered, behind one byte that says to what; empty when it cannot
	add column kept bytea;  -- of a travel document, for good: DG1 and the chip's public keys, as read

alter table cmd.job
	drop constraint job_kind_check,
	add constraint job_kind_check check (kind in ('send_code', 'verify', 'welcome', 'chip_challenge'));

-- A question of the centre to a chip. The desk is given what is to be sent, never the private half.
create table cmd.chip_challenge (
	enrolment    uuid primary key references cmd.enrolment,
	dg14         bytea, -- the chip's public keys, as the desk read them; wiped with the enrolment
	state        text not null default 'queued' check (state in ('queued', 'ready', 'unsupported')),
	to_send      bytea, -- wiped with the enrolment
	private      bytea, -- stays beside a proof that can be verified with nothing else
	check ((state = 'ready') or to_send is null and private is null)
);

-- Laws that let documents count as valid beyond the day printed on them. An operator keeps it
-- (kioskctl db extension); it is read as kiosk.Extension.
create table cmd.legal_extension (
	name         text primary key check (length(name) between 1 and 80 and name !~ '[[:cntrl:]]'),
	kinds        text[] not null check (cardinality(kinds) > 0
		and kinds <@ '{citizen-card,passport,residence-permit,residence-card}'::text[]),
	expired_from date not null check (isfinite(expired_from)),
	expired_to   date not null check (isfinite(expired_to)),
	until        date not null check (isfinite(until)),
	check (expired_from <= expired_to and expired_to <= until)
);

insert into cmd.setting (name, value, lowest, highest, note) values
	('typed_mrz',           '0', 0, 2, 'a machine-readable zone typed without a chip: 0 refused, 1 with a second clerk, 2 allowed'),
	('accompanied_allowed', '0', 0, 1, 'people under an accompaniment measure: 0 not eligible, 1 eligible');

-- The check digit of a NIF: weights 9 to 2, eleven less the sum modulo eleven, 10 and 11 written as 0
-- (Decreto-Lei 14/2013).
create function cmd.is_tax_number(wanted text) returns boolean
	language sql immutable set search_path = pg_catalog, pg_temp as $$
	select case when wanted ~ '^[1-9][0-9]{8}$' then (
		select right(wanted, 1)::integer = case when s % 11 < 2 then 0 else 11 - s % 11 end
		from (select sum(substr(wanted, i, 1)::integer * (10 - i)) from generate_series(1, 8) i) d(s))
	else false end
$$;

-- Of keys that share a NIF already, which no rule forbade before, the oldest has it.
update cmd.key k set tax_number = p.tax_number from cmd.person p
	where p.id = k.person and cmd.is_tax_number(p.tax_number) and k.register = (
		select min(x.register) from cmd.key x join cmd.person y on y.id = x.person
		where x.living and y.tax_number = p.tax_number);
create unique index key_one_tax_number on cmd.key (tax_number) where living;

-- The settings, and under "extensions" the laws.
create function cmd.rules() returns jsonb
	language sql stable set search_path = pg_catalog, pg_temp as $$
	select (select jsonb_object_agg(s.name, s.value) from cmd.setting s) || jsonb_build_object('extensions',
		(select coalesce(jsonb_agg(jsonb_build_object('name', x.name, 'kinds', x.kinds, 'from', x.expired_from,
			'to', x.expired_to, 'until', x.until) order by x.name), '[]') from cmd.legal_extension x))
$$;

-- Whether a person has a living key, by any number that names them.
create function cmd.has_key(in_country text, by_civil_number text, by_document_number text, by_tax_number text) returns boolean
	language sql stable set search_path = pg_catalog, pg_temp as $$
	select exists (select from cmd.person p join cmd.key k on k.person = p.id
			where p.country = in_country and p.civil_number = by_civil_number
			and k.living and k.valid_until >= current_date)
		or exists (select from cmd.person p join cmd.key k on k.person = p.id
			where p.country = in_country and p.civil_number is null and p.document_number = by_document_number
			and k.living and k.valid_until >= current_date)
		or exists (select from cmd.key k
			where k.tax_number = by_tax_number and k.living and k.valid_until >= current_date)
$$;

-- Ends an enrolment and forgets the person: what is left are identifiers, states and counts. Of one that became
-- a key the signatures stay, and what they and the chip's proof are verified with.
create or replace function cmd.end_enrolment(wanted uuid, to_state text, why text) returns void
	language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
	update cmd.enrolment set state = to_state, refusal = why, ended_at = clock_timestamp(),
		country = null, civil_number = null, document_number = null, tax_number = null where id = wanted;
	update cmd.one_time_code set value = null, key = null, mac = null where enrolment = wanted;
	update cmd.code_attempt set mac = null where enrolment = wanted;
	update cmd.contact_proof set value = null where enrolment = wanted;
	update cmd.evidence set identity = null, sealed_pin = null,
		jws = case when to_state = 'active' then jws end,
		sod = case when to_state = 'active' then sod end,
		proof = case when to_state = 'active' then proof end,
		kept = case when to_state = 'active' then kept end
	where enrolment = wanted;
	-- An answer to the centre's own key is worth nothing without it; 2 is that kind of proof.
	update cmd.chip_challenge c set dg14 = null, to_send = null,
		private = case when to_state = 'active' and exists (select from cmd.evidence v
			where v.enrolment = wanted and substr(v.proof, 1, 1) = decode('02', 'hex')) then c.private end
	where c.enrolment = wanted;
	perform cmd.tell_desk(wanted, 'key');
end $$;

-- Keys past their last day that stand in the way of a new one, of the same person, under the same NIF or holding
-- one of the enrolment's contacts, are expired now rather than at the next round of registrar.expire.
drop function cmd.lapse_for(bigint, uuid);
create function cmd.lapse_for(of_person bigint, wanted uuid, of_tax_number text) returns void
	language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
	k cmd.key;
begin
	for k in
		select * from cmd.key where living and valid_until < current_date and register in (
			select x.register from cmd.key x where x.living and x.person = of_person
			union all
			select x.register from cmd.key x where x.living and x.tax_number = of_tax_number
			union all
			select c.key from cmd.key_contact c join cmd.contact_proof p
				on p.channel = c.channel and lower(p.value) = c.normalised
				where p.enrolment = wanted and c.living)
		order by register for update
	loop
		update cmd.key set state = 'expired' where register = k.register;
		insert into cmd.key_event (key, from_state, to_state, reason) values (k.register, k.state, 'expired', 'validity_ended');
	end loop;
end $$;

{{ template "004/desk.sql" . }}
{{ template "004/registrar.sql" . }}

---- create above / drop below ----

-- What is undone is the form of things. Where a key came from a document that version 3 has no place for, such
-- as one of "D", it fails and changes nothing.
drop function registrar.activate(uuid, jsonb, text, text, jsonb, date, bytea);
drop function registrar.chip_challenge_made(uuid, bytea, bytea);
drop function desk.bind(uuid, jsonb, bytea, bytea, bytea, bytea);
drop function desk.chip_challenge(uuid, bytea);
drop function desk.open_enrolment(uuid, text, text, text, text, text, boolean);
drop function cmd.lapse_for(bigint, uuid, text);
drop function cmd.has_key(text, text, text, text);

{{ template "004/before.sql" . }}

drop function cmd.rules();
delete from cmd.setting where name in ('typed_mrz', 'accompanied_allowed');
drop table cmd.legal_extension;
drop table cmd.chip_challenge;
delete from cmd.job where kind = 'chip_challenge';
alter table cmd.job
	drop constraint job_kind_check,
	add constraint job_kind_check check (kind in ('send_code', 'verify', 'welcome'));
alter table cmd.evidence drop column proof, drop column kept;
alter table cmd.enrolment drop column document_number, drop column tax_number, drop column typed;
alter table cmd.key drop column tax_number;
drop function cmd.is_tax_number(text);
alter table cmd.person
	drop column birth_stated,
	drop constraint person_country_check,
	add constraint person_country_check check (country ~ '^[A-Z]{3}$');
