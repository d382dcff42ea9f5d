-- What the centre keeps. Nobody but balcao_owner reads or writes a table: the door (balcao_centre) calls the
-- functions of schema desk, the registrars those of schema registrar, and these run with the owner's rights.
--
-- Rules of this schema:
--   * every identifier that a client may repeat is a UUID which the client made (UUIDv7);
--   * times are the clock's (clock_timestamp), never the transaction's;
--   * whatever was proven wrong or given up loses the person and keeps the count;
--   * what a table needs of a function stands here; all other functions are made anew at every migration.

-- A mailbox is one, whatever case it is written in and whatever is added behind a plus (RFC 5233).
create function centre.mailbox(p_value text) returns text
	language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
	return (select regexp_replace(lower(p_value), '^([^@+]+)[+][^@]*@', '\1@'));
end $$;

create table centre.setting (
	name    text primary key check (name ~ '^[a-z][a-z_]*$'),
	value   jsonb not null,
	lowest  numeric not null,
	highest numeric not null,
	note    text not null,
	constraint setting_range check (jsonb_typeof(value) = 'number' and value::numeric between lowest and highest)
);
insert into centre.setting (name, value, lowest, highest, note) values
	('enrolment_seconds',       '7200',  60, 86400, 'how long an enrolment stays open'),
	('code_sms_seconds',         '300',  30,   600, 'life of a code sent by SMS (NIST SP 800-63A: at most 10 min)'),
	('code_email_seconds',       '900',  30, 86400, 'life of a code sent by e-mail (NIST SP 800-63A: at most 24 h)'),
	('code_tries',                 '3',   1,    10, 'wrong codes before the contact is locked'),
	('code_resends',               '3',   0,    10, 'resends within the window'),
	('code_window_seconds',      '900',  60, 86400, 'window over which tries and resends of a contact count'),
	('code_resend_after_seconds', '30',   0,   600, 'wait before a code is sent again to the same contact'),
	('min_age',                   '16',   0,    21, 'completed years'),
	('pin_min',                    '6',   4,     8, 'digits'),
	('pin_max',                    '8',   4,     8, 'digits'),
	('pin_hash_memory_kib',    '19456', 7168, 262144, 'Argon2id (RFC 9106): memory of one hash of a PIN'),
	('pin_hash_passes',            '2',   1,    16, 'Argon2id: passes over that memory'),
	('pin_hash_lanes',             '1',   1,     4, 'Argon2id: lanes'),
	('national_grace_days',       '30',   0,   365, 'a national''s key outlives the document by so many days'),
	('clock_skew_seconds',       '300',   1,  3600, 'a desk whose clock differs by more opens no case'),
	('desk_opens_per_hour',      '100',   1, 1000000, 'enrolments that a desk opens and that become no key'),
	('desk_codes_per_hour',      '200',   1, 1000000, 'codes that a desk asks for in such enrolments'),
	('centre_opens_per_hour',  '20000',   1, 10000000, 'enrolments that all desks open together'),
	('centre_codes_per_hour',  '40000',   1, 10000000, 'codes that all desks ask for together'),
	('prefix_codes_per_hour',   '2000',   1, 10000000, 'codes by SMS to a prefix of centre.destination that has no limit of its own'),
	('job_lease_seconds',         '30',  30,   600, 'a job whose registrar is silent for longer is another''s'),
	('desk_jobs',                  '4',   1,    64, 'jobs of one desk at work at a time, so that slow ones leave room for other desks'),
	('worker_fresh_seconds',      '60',   5,  3600, 'a registrar not heard of for longer counts as gone'),
	('typed_mrz',                  '0',   0, 2, 'a machine-readable zone typed without a chip: 0 refused, 1 with a second clerk, 2 allowed'),
	('accompanied_allowed',        '0',   0, 1, 'people under an accompaniment measure: 0 not eligible, 1 eligible');
comment on table centre.setting is 'Rules that are whole numbers (kioskctl db set).';

-- It leaves no function.
create table centre.secret (
	only_row boolean primary key default true check (only_row),
	key      bytea not null check (octet_length(key) = 32)
);
insert into centre.secret (key) values (crypto.gen_random_bytes(32));
comment on table centre.secret is 'One random key: contacts are counted by their HMAC under it, so that a limit outlives the contact it protects.';

create table centre.legal_extension (
	name         text primary key check (length(name) between 1 and 80 and name !~ '[[:cntrl:]]'),
	kinds        text[] not null check (cardinality(kinds) > 0
		and kinds <@ '{citizen-card,passport,residence-permit,residence-card}'::text[]),
	expired_from date not null check (isfinite(expired_from)),
	expired_to   date not null check (isfinite(expired_to)),
	until        date not null check (isfinite(until)),
	check (expired_from <= expired_to and expired_to <= until)
);
comment on table centre.legal_extension is 'Laws that let documents count as valid beyond the day printed on them (kioskctl db extension).';

create table centre.desk (
	name     text primary key check (name ~ '^[a-z][a-z0-9_-]{1,47}$'),
	state    text not null default 'active' check (state in ('active', 'suspended', 'revoked')),
	added_at timestamptz not null default clock_timestamp()
);
comment on table centre.desk is 'Who may call the functions of schema desk (kioskctl desk). A revoked desk never comes back.';

create table centre.desk_certificate (
	fingerprint bytea primary key check (octet_length(fingerprint) = 32),
	desk        text not null references centre.desk,
	added_at    timestamptz not null default clock_timestamp(),
	ends_at     timestamptz,
	revoked     boolean not null default false
);
create index desk_certificate_desk on centre.desk_certificate (desk);
comment on table centre.desk_certificate is 'TLS client certificates of desks by the SHA-256 of their DER; ends_at is set when another follows.';

create table centre.person (
	id              bigint generated always as identity primary key,
	country         text not null check (country ~ '^[A-Z]{1,3}$'), -- "D" is Germany's in an MRZ
	civil_number    text,
	document_number text,
	surname         text not null,
	given_names     text not null,
	sex             text,
	birth_date      date not null, -- the latest that birth_stated can mean
	birth_stated    text not null check (birth_stated ~ '^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$'),
	nationality     text not null,
	tax_claim       text check (tax_claim ~ '^[1-9][0-9]{8}$'),
	created_at      timestamptz not null default clock_timestamp(),
	check (civil_number is not null or document_number is not null)
);
create unique index person_civil on centre.person (country, civil_number);
create unique index person_document on centre.person (country, document_number) where civil_number is null;
create index person_birth on centre.person (birth_date);
comment on table centre.person is 'People with a key. A travel document names its holder by country and number (ICAO 9303-3 §4.2.2).';
comment on column centre.person.tax_claim is 'A NIF that was typed. It proves nothing, blocks nobody and is given to no service.';

create table centre.key (
	register     bigint generated always as identity primary key,
	person       bigint not null references centre.person,
	state        text not null check (state in
		('pending', 'active', 'suspended', 'locked', 'blocked', 'cancelled', 'expired')),
	living       boolean generated always as
		(state in ('pending', 'active', 'suspended', 'locked', 'blocked')) stored,
	level        text not null check (level in ('substantial', 'high')),
	pin_hash     text not null check (pin_hash like '$argon2id$%'),
	valid_until  date not null,
	enrolment    uuid not null unique,
	tax_number   text check (tax_number ~ '^[1-9][0-9]{8}$'),
	activated_at timestamptz not null default clock_timestamp()
);
create unique index key_one_living on centre.key (person) where living;
create unique index key_one_tax_number on centre.key (tax_number) where living;
create index key_ends on centre.key (valid_until) where living;
comment on table centre.key is 'Keys. The indexes decide between two desks: one person, one living key.';
comment on column centre.key.tax_number is 'A NIF that a Citizen Card proved.';

create table centre.key_contact (
	key       bigint not null references centre.key,
	channel   text not null check (channel in ('sms', 'email')),
	value     text not null,
	mailbox   text generated always as (centre.mailbox(value)) stored,
	living    boolean not null default true, -- follows the key, see internal.key_changed
	proof     uuid not null,
	proven_at timestamptz not null,
	primary key (key, channel)
);
create unique index key_contact_one_person on centre.key_contact (channel, mailbox) where living;
comment on table centre.key_contact is 'Where a key''s holder is reached. One phone, one mailbox: one person.';

create table centre.key_event (
	id         bigint generated always as identity primary key,
	key        bigint not null references centre.key,
	at         timestamptz not null default clock_timestamp(),
	from_state text,
	to_state   text not null,
	reason     text not null check (reason ~ '^[a-z_]{1,40}$'),
	actor      text not null default session_user,
	desk       text,
	enrolment  uuid
);
create index key_event_key on centre.key_event (key);
comment on table centre.key_event is 'Every change of a key, for ever.';

create table centre.enrolment (
	id              uuid primary key,
	desk            text not null references centre.desk,
	state           text not null default 'open' check (state in
		('open', 'pending', 'active', 'refused', 'abandoned', 'expired')),
	refusal         text,
	document_kind   text not null,
	country         text, -- this and the numbers are wiped when the enrolment ends; the person keeps them
	civil_number    text,
	document_number text,
	tax_number      text,
	typed           boolean not null, -- the machine-readable zone was typed: there is no chip
	challenge       bytea not null check (octet_length(challenge) = 32),
	opened_at       timestamptz not null,
	expires_at      timestamptz not null,
	bound_at        timestamptz,
	ended_at        timestamptz,
	key             bigint references centre.key
);
create index enrolment_open on centre.enrolment (expires_at) where state = 'open';
create index enrolment_desk on centre.enrolment (desk, opened_at) where state <> 'active';
comment on table centre.enrolment is 'Visits at a desk. One that ended keeps identifiers, states and counts.';

create table centre.one_time_code (
	id         uuid primary key,  -- the client's
	enrolment  uuid not null references centre.enrolment,
	desk       text not null,
	channel    text not null check (channel in ('sms', 'email')),
	value      text,              -- wiped with the enrolment
	contact    bytea,             -- keyed hash of the mailbox, see centre.secret; outlives it by a day
	language   text not null,
	send_no    integer not null,
	sends_left integer not null,  -- as answered, so that a repeated call gets the same answer
	tries_left integer not null,
	sent_at    timestamptz not null,
	expires_at timestamptz not null,
	resend_at  timestamptz not null,
	key        bytea,             -- random, made by the registrar for this row
	mac        bytea,             -- HMAC-SHA-256(key, code); null until the code exists
	used_at    timestamptz,
	delivery   text not null default 'queued' check (delivery in ('queued', 'sent', 'delivered', 'failed')),
	message_id text,
	unique (enrolment, channel, send_no)
);
create index one_time_code_contact on centre.one_time_code (contact, sent_at);
create index one_time_code_desk on centre.one_time_code (desk, sent_at);
create index one_time_code_known on centre.one_time_code (sent_at) where contact is not null;
create index one_time_code_message on centre.one_time_code (message_id);
comment on table centre.one_time_code is 'Codes that were asked for. The code itself is nowhere.';

create table centre.code_attempt (
	id           uuid primary key,  -- the client's
	enrolment    uuid not null references centre.enrolment,
	channel      text not null,
	code         uuid not null references centre.one_time_code,
	at           timestamptz not null,
	counts       boolean not null, -- it was wrong
	refusal      text,             -- this and the next are the answer, for a repeated call
	tries_left   integer not null,
	proof        uuid,
	confirmed_at timestamptz
);
create index code_attempt_enrolment on centre.code_attempt (enrolment, channel);
create index code_attempt_code on centre.code_attempt (code) where counts;
comment on table centre.code_attempt is 'Codes that were tried.';

create table centre.contact_proof (
	id           uuid primary key default gen_random_uuid(),
	enrolment    uuid not null references centre.enrolment,
	channel      text not null check (channel in ('sms', 'email')),
	value        text, -- wiped with the enrolment
	confirmed_at timestamptz not null,
	unique (enrolment, channel)
);
comment on table centre.contact_proof is 'Contacts whose possession a code proved.';

create table centre.chip_challenge (
	enrolment uuid primary key references centre.enrolment,
	dg14      bytea, -- the chip's public keys, as the desk read them; wiped with the enrolment
	state     text not null default 'queued' check (state in ('queued', 'ready', 'unsupported')),
	to_send   bytea, -- wiped with the enrolment
	private   bytea, -- stays beside a proof that can be verified with nothing else
	check ((state = 'ready') or to_send is null and private is null)
);
comment on table centre.chip_challenge is 'A question of the centre to a chip. The desk is given what is to be sent, never the private half.';

create table centre.evidence (
	enrolment    uuid primary key references centre.enrolment,
	content_hash bytea not null, -- of all parts: tells a repetition from another content
	jws          bytea,
	identity     bytea,          -- dropped when the enrolment ends, as is the PIN
	sod          bytea,
	sealed_pin   bytea,
	proof        bytea,          -- what the chip answered, behind one byte that says to what; empty when it cannot
	kept         bytea,          -- of a travel document, for good: DG1 and the chip's public keys, as read
	verification jsonb           -- what the registrar found, with certificates and revocation answers
);
comment on table centre.evidence is 'What a desk bound. Of a key stays what a court needs to verify it once more.';

create table centre.job (
	id         bigint generated always as identity primary key,
	kind       text not null check (kind in ('send_code', 'verify', 'welcome', 'chip_challenge')),
	enrolment  uuid not null references centre.enrolment,
	desk       text not null,
	code       uuid references centre.one_time_code,
	channel    text,
	state      text not null default 'queued' check (state in ('queued', 'running', 'done', 'failed')),
	worker     text,             -- who took it last
	attempts   integer not null default 0,
	due_at     timestamptz not null default clock_timestamp(), -- of a running one: when its lease ends
	taken_at   timestamptz,
	error      text check (error ~ '^[a-z0-9_.]{0,60}$'),
	created_at timestamptz not null default clock_timestamp(),
	ended_at   timestamptz
);
create index job_due on centre.job (due_at, desk) where state in ('queued', 'running');
create index job_desk on centre.job (desk, due_at, id) where state in ('queued', 'running');
create index job_turn on centre.job (desk, taken_at);
comment on table centre.job is 'The registrars'' queue, see registrar.take_job.';

create table centre.receipt (
	message_id text primary key,
	delivered  boolean not null,
	at         timestamptz not null default clock_timestamp()
);
comment on table centre.receipt is 'Delivery receipts that came before the message they speak of was recorded.';

create table centre.worker (
	name  text primary key,
	seen  timestamptz not null,
	sms   text not null check (sms in ('good', 'poor', 'down')),
	email text not null check (email in ('good', 'poor', 'down'))
);
comment on table centre.worker is 'Registrars and how their channels do.';

create table centre.tally (
	what  text,
	slot  timestamptz,
	shard integer,
	n     integer not null,
	primary key (what, slot, shard)
);
comment on table centre.tally is 'What all desks did together, by slots of five minutes and by who counted; see internal.count_up.';

create table centre.alert (
	id      bigint generated always as identity primary key,
	at      timestamptz not null default clock_timestamp(),
	kind    text not null check (kind in ('contact_contested')),
	desk    text not null,
	others  text[] not null,
	contact bytea
);
create index alert_contact on centre.alert (contact, at);
comment on table centre.alert is 'What an operator should look at (kioskctl db alerts): a desk met a contact that other desks were busy with.';

create table centre.destination (
	prefix   text primary key check (prefix ~ '^[1-9][0-9]{0,9}$'),
	allowed  boolean not null,
	per_hour integer check (per_hour > 0),
	note     text not null default ''
);
comment on table centre.destination is 'Where codes go by SMS (kioskctl db destination): the longest prefix of a number decides, and none means no.';

-- ITU-T E.164, assigned country codes: countries and areas are on.
insert into centre.destination (prefix, allowed)
	select regexp_split_to_table('1 7 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66
		81 82 84 86 90 91 92 93 94 95 98 211 212 213 216 218 220 221 222 223 224 225 226 227 228 229 230 231 232 233 234 235 236
		237 238 239 240 241 242 243 244 245 246 247 248 249 250 251 252 253 254 255 256 257 258 260 261 262 263 264 265 266 267
		268 269 290 291 297 298 299 350 351 352 353 354 355 356 357 358 359 370 371 372 373 374 375 376 377 378 379 380 381 382
		383 385 386 387 389 420 421 423 500 501 502 503 504 505 506 507 508 509 590 591 592 593 594 595 596 597 598 599 670 672
		673 674 675 676 677 678 679 680 681 682 683 685 686 687 688 689 690 691 692 850 852 853 855 856 880 886 960 961 962 963
		964 965 966 967 968 970 971 972 973 974 975 976 977 992 993 994 995 996 998', '\s+'), true;
update centre.destination set per_hour = 40000 where prefix = '351';
-- Services that are nobody's phone, and ranges whose owner earns by what is sent to them.
insert into centre.destination (prefix, allowed, note)
	select unnest(string_to_array(d.prefixes, ' ')), d.allowed, d.note from (values
		('800 808 979',                       false, 'international freephone, shared-cost and premium-rate services'),
		('870 881 882 883',                   false, 'satellite and international networks'),
		('878 888',                           false, 'universal personal numbers; telecommunications for disaster relief'),
		('351607 351608 351646 351648',       false, 'Portugal: premium rate'),
		('351760 351761 351762',              false, 'Portugal: fixed price for each call'),
		('351707 351708 351808 351809',       false, 'Portugal: shared cost'),
		('1900',                              false, 'North America: premium rate'),
		('4470 4476 448 449',                 false, 'United Kingdom: personal numbers, pagers, shared cost, premium rate'),
		('447624',                            true,  'Isle of Man: mobile phones within the pagers'' range'),
		('3381 3382 3389',                    false, 'France: shared cost, premium rate'),
		('49137 49180 49900',                 false, 'Germany: votes, shared cost, premium rate'),
		('34803 34806 34807 34901 34902 34905', false, 'Spain: premium rate, shared cost, votes'),
		('39199 39892 39895 39899',           false, 'Italy: premium rate'),
		('31900 31906 31909',                 false, 'Netherlands: premium rate'),
		('3290',                              false, 'Belgium: premium rate'),
		('41900 41901 41906',                 false, 'Switzerland: premium rate')
	) d(prefixes, allowed, note);
