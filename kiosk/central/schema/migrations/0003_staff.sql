-- Who did it: staff and their cards, shifts, cases that wait for a supervisor, and the signed record of each key.

insert into centre.setting (name, value, lowest, highest, note) values
	('shift_hours',              '8', 1,   12, 'a sign-in at a desk holds for so long; the case at hand may be finished'),
	('sign_in_tries',            '5', 1,   10, 'wrong sign-ins of one member of staff at one desk before a supervisor has to sign in there'),
	('approval_hours',          '72', 1,  720, 'a case waits for a supervisor for so long'),
	('approval_lease_seconds', '300', 60, 3600, 'a case that a supervisor looks at is theirs for so long'),
	('revocation_unknown',       '0', 0,    1, 'nobody says whether a certificate was revoked: 0 refused, 1 a supervisor decides'),
	('approve_extension',        '1', 0,    1, 'a document that counts by a law only: 1 a supervisor decides, 0 nobody has to'),
	('approve_photo',            '1', 0,    1, 'a photograph that cannot be shown: 1 a supervisor decides, 0 nobody has to'),
	('level_asked',              '0', 0,    1, 'what is below it a supervisor decides: 0 nothing is, 1 high');
update centre.setting set note = 'a machine-readable zone typed without a chip: 0 refused, 1 a supervisor decides, 2 allowed'
	where name = 'typed_mrz';

create table centre.staff (
	number   text primary key check (number ~ '^[0-9A-Za-z-]{1,20}$'),
	name     text not null check (length(name) between 1 and 200 and name !~ '[[:cntrl:]]'),
	role     text not null check (role in ('clerk', 'supervisor', 'auditor')),
	state    text not null default 'active' check (state in ('active', 'suspended')),
	added_at timestamptz not null default clock_timestamp()
);
comment on table centre.staff is 'Who may sign in at a desk, and what they may do there (kioskctl staff).';

create table centre.staff_certificate (
	fingerprint bytea primary key,
	staff       text not null references centre.staff,
	certificate bytea not null check (octet_length(certificate) between 1 and 16384),
	added_at    timestamptz not null default clock_timestamp(),
	ends_at     timestamptz,
	revoked     boolean not null default false,
	check (fingerprint = sha256(certificate))
);
create index staff_certificate_staff on centre.staff_certificate (staff);
comment on table centre.staff_certificate is 'Certificates of staff cards, DER; ends_at is set when another follows. That a certificate is a staff card''s at all, door
and registrar know from files of their own.';

create table centre.shift (
	id              uuid primary key, -- the desk's
	desk            text not null references centre.desk,
	challenge       bytea not null check (octet_length(challenge) = 32),
	begun_at        timestamptz not null default clock_timestamp(),
	challenge_until timestamptz not null,
	staff           text references centre.staff,
	role            text, -- at sign-in: who was admitted without their card works as a clerk
	fingerprint     bytea references centre.staff_certificate, -- of the card that signed
	sign_in         bytea,                                     -- what it signed, JWS
	signed_at       timestamptz,
	ends_at         timestamptz,
	ended_at        timestamptz, -- before its time
	admitted_by     text references centre.staff,
	admitted_role   text, -- theirs then
	admission       bytea,
	check ((signed_at is null) = (staff is null) and (signed_at is null) = (role is null) and (signed_at is null) = (fingerprint is null)
		and (signed_at is null) = (sign_in is null) and (signed_at is null) = (ends_at is null)),
	check ((admitted_by is null) = (admission is null) and (admitted_by is null) = (admitted_role is null) and admitted_by <> staff and admission = sign_in)
);
create unique index shift_one_live on centre.shift (desk) where signed_at is not null and ended_at is null;
create index shift_unsigned on centre.shift (desk) where signed_at is null;
comment on table centre.shift is 'Who is signed in at a desk, since when and for how long. Of who forgot their card, a supervisor''s card signed (admitted_by).';

create table centre.sign_in_failure (
	id    uuid primary key,
	desk  text not null references centre.desk,
	staff text not null references centre.staff,
	at    timestamptz not null default clock_timestamp()
);
create index sign_in_failure_desk on centre.sign_in_failure (desk, staff);
comment on table centre.sign_in_failure is 'Wrong sign-ins since the last good one. They count at one desk: a stolen one locks nobody out elsewhere.';

alter table centre.enrolment add column shift uuid references centre.shift,
	drop constraint enrolment_state_check, add constraint enrolment_state_check check (state in
		('open', 'pending', 'waiting', 'active', 'refused', 'abandoned', 'expired'));
comment on column centre.enrolment.shift is 'Who opened it.';
-- One person waits once.
create unique index enrolment_waiting_civil on centre.enrolment (country, civil_number) where state = 'waiting';
create unique index enrolment_waiting_document on centre.enrolment (country, document_number)
	where state = 'waiting' and civil_number is null;
drop index centre.enrolment_open;
create index enrolment_open on centre.enrolment (expires_at) where state in ('open', 'waiting');
create index enrolment_shift on centre.enrolment (shift) where state = 'open';
create index contact_proof_mailbox on centre.contact_proof (channel, centre.mailbox(value)) where value is not null;

alter table centre.evidence add column marked boolean not null default false;
comment on column centre.evidence.marked is 'The clerk pressed the quiet key: a supervisor decides, and the desk is told nothing of it.';

create table centre.approval (
	enrolment    uuid primary key references centre.enrolment,
	reasons      text[] not null check (cardinality(reasons) > 0
		and reasons <@ '{typed,revocation,extension,photo,level,doubt}'::text[]),
	level        text not null check (level in ('substantial', 'high')), -- as the registrar found it
	checks       jsonb, -- what a supervisor is shown; wiped when the enrolment ends
	opened_at    timestamptz not null default clock_timestamp(),
	shift        uuid references centre.shift, -- who has the case, until leased_until; or who decided it
	leased_until timestamptz,
	decision     text check (decision in ('approved', 'refused')),
	reason       text check (reason in ('not_the_person', 'document_doubtful', 'not_eligible', 'under_pressure', 'other')),
	decided_at   timestamptz,
	decided_by   text references centre.staff,
	decided_role text, -- theirs then
	jws          bytea, -- what they signed; decision and reason are written when a registrar has verified it
	check ((jws is null) = (decided_at is null) and (jws is null) = (decided_by is null) and (jws is null) = (decided_role is null)),
	check (decision is null or jws is not null),
	check ((decision = 'refused') = (reason is not null) or decision is null and reason is null)
);
comment on table centre.approval is 'Cases that policy, or a clerk''s doubt, puts before a supervisor: never who opened the case, nor who admitted them.';

alter table centre.job drop constraint job_kind_check, add constraint job_kind_check
	check (kind in ('send_code', 'verify', 'welcome', 'chip_challenge', 'decide'));

alter table centre.key add column version integer not null default 1 check (version > 0);
comment on column centre.key.version is 'Counts its changes; what sign-in trusts is the record of this version.';

create table centre.key_record (
	key     bigint not null references centre.key,
	version integer not null,
	record  bytea not null check (octet_length(record) between 1 and 65536),
	made_at timestamptz not null default clock_timestamp(),
	primary key (key, version)
);
comment on table centre.key_record is 'What sign-in trusts of each version of a key, signed by a registrar with a key that no database holds.';
