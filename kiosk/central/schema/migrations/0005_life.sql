-- The life of a key: states, errands, activation, notices, searches.

insert into centre.setting (name, value, lowest, highest, note) values
	('activation_sms_seconds',        '600',  60,     600, 'life of an activation code sent by SMS (NIST SP 800-63A-4: at most 10 min)'),
	('activation_email_seconds',    '86400',  60,   86400, 'life of an activation code sent by e-mail (at most 24 h)'),
	('activation_letter_seconds', '1814400', 3600, 1814400, 'life of an activation code sent by post (at most 21 days)'),
	('activation_tries',                '5',   1,      10, 'wrong tries at one activation code'),
	('activation_sends',                '3',   1,      20, 'activation codes of one key within 24 hours'),
	('pending_days',                   '90',   1,     365, 'a key that nobody activates ends so long after its last code'),
	('letter_keep_days',                '7',   0,      30, 'a letter can be printed again, and its address is kept, for so long after it was printed'),
	('not_me_hours',                   '72',   1,     168, 'life of a "this was not me" code (NIST SP 800-63B-4)'),
	('not_me_tries',                   '20',   1,    1000, 'wrong "this was not me" codes at one desk within the hour'),
	('searches_per_hour',              '30',   1,   10000, 'searches for a key at one desk'),
	('word_asks',                       '2',   1,       2, 'a key is suspended at its holder''s word with: 1 the birth date, 2 also the number of the document or the NIF'),
	('word_tries',                      '3',   1,     100, 'wrong answers about one key within the hour'),
	('stored_minutes',                 '10',   1,     120, 'what is stored about a person can be looked at for so long');

create table centre.cause (
	name    text primary key check (name ~ '^[a-z_]{1,40}$'),
	records boolean not null,
	passes  boolean not null,
	notice  text check (notice ~ '^[a-z_]{1,40}$')
);
comment on table centre.cause is 'Why keys change.';
comment on column centre.cause.records is 'It makes a new version of the key, which needs a record. The others change the state only: they take away, or end a lock.';
comment on column centre.cause.passes is 'Anybody can bring it about by guessing: an errand that was opened before it still applies.';
comment on column centre.cause.notice is 'What the holder is told.';
insert into centre.cause (name, records, passes, notice) values
	('enrol',       true,  false, null), ('enrol_later', true, false, null), ('activate', true, false, 'notice_activated'),
	('phone',       true,  false, 'notice_phone'), ('email', true, false, 'notice_email'), ('pin', true, false, 'notice_pin'),
	('unblock',     true,  false, 'notice_unblocked'), ('reactivate', true, false, 'notice_reactivated'), ('renew', true, false, 'notice_renewed'),
	('suspend',     false, false, 'notice_suspended'), ('word', false, false, 'notice_suspended'), ('not_me', false, false, 'notice_suspended'),
	('alert',       false, false, 'notice_suspended'), ('cancel', false, false, 'notice_cancelled'), ('expire', false, false, null),
	('lock',        false, true,  'locked'), ('lock_ended', false, true, null), ('block', false, true, 'blocked');

create table centre.transition (
	cause      text references centre.cause,
	from_state text check (from_state in ('none', 'pending', 'active', 'suspended', 'locked', 'blocked')),
	to_state   text not null check (to_state in ('pending', 'active', 'suspended', 'locked', 'blocked', 'cancelled', 'expired')),
	primary key (cause, from_state)
);
comment on table centre.transition is 'What a key may do, and nothing else: a trigger refuses every other change. none is the state before the first.';
insert into centre.transition (cause, from_state, to_state)
	select c, unnest(string_to_array(f, ' ')), t from (values
		('enrol', 'none', 'active'), ('enrol_later', 'none', 'pending'), ('activate', 'pending', 'active'),
		('pin', 'active locked blocked', 'active'), ('unblock', 'locked blocked', 'active'), ('reactivate', 'suspended', 'active'),
		('suspend', 'active locked blocked', 'suspended'), ('word', 'active locked blocked', 'suspended'),
		('not_me', 'active locked blocked', 'suspended'), ('alert', 'active locked blocked', 'suspended'),
		('cancel', 'pending active suspended locked blocked', 'cancelled'), ('expire', 'pending active suspended locked blocked', 'expired'),
		('lock', 'active locked', 'locked'), ('lock_ended', 'locked', 'active'), ('block', 'active locked', 'blocked')) v(c, f, t)
	union all
	select c, s, s from unnest('{phone,email,renew}'::text[]) c, unnest('{active,locked,blocked}'::text[]) s;

create table centre.reason (
	cause  text references centre.cause,
	reason text check (reason ~ '^[a-z_]{1,40}$'),
	primary key (cause, reason)
);
comment on table centre.reason is 'The reasons that each cause may have. Where there is one, it need not be said.';
insert into centre.reason (cause, reason)
	values ('enrol', 'enrolled'), ('enrol_later', 'contact_later'), ('lock_ended', 'time_over'), ('lock', 'wrong_pins'), ('not_me', 'not_me')
	union all
	select c.c, r.r from (values
		('activate phone email pin unblock renew', 'request'), ('suspend word', 'request phone_lost pin_known document_lost misuse'),
		('reactivate', 'request recovered'), ('cancel', 'request unused misuse'), ('alert', 'policy supervisor'),
		('block', 'wrong_pins wrong_codes'), ('expire', 'validity_ended never_activated')) v(c, r),
		regexp_split_to_table(v.c, ' ') c(c), regexp_split_to_table(v.r, ' ') r(r);

create table centre.errand (
	name          text primary key check (name ~ '^[a-z_]{1,40}$'),
	cause         text references centre.cause,
	needs_contact text not null default '' check (needs_contact in ('', 'any', 'sms', 'email')),
	needs_pin     boolean not null default false,
	needs_code    boolean not null default false,
	needs_try     boolean not null default false,
	renews        boolean not null default false,
	binds         boolean not null default true,
	offered_in    text[] not null,
	position      integer not null unique
);
comment on table centre.errand is 'What a visit can be for.';
comment on column centre.errand.cause is 'Of the change that it makes; null where it makes none.';
comment on column centre.errand.renews is 'Person, level and validity are those of the document shown.';
comment on column centre.errand.binds is 'It ends with evidence.';
comment on column centre.errand.offered_in is 'States of the key; none when there is no key yet.';
insert into centre.errand (position, name, cause, needs_contact, needs_pin, needs_code, needs_try, renews, binds, offered_in) values
	(1,  'enrol',      'enrol',      'any',   true,  false, false, true,  true,  '{none}'),
	(2,  'activate',   'activate',   'any',   false, true,  false, false, true,  '{pending}'),
	(3,  'phone',      'phone',      'sms',   false, false, false, false, true,  '{active,locked,blocked}'),
	(4,  'email',      'email',      'email', false, false, false, false, true,  '{active,locked,blocked}'),
	(5,  'pin',        'pin',        '',      true,  false, false, false, true,  '{active,locked,blocked}'),
	(6,  'unblock',    'unblock',    '',      false, false, false, false, true,  '{locked,blocked}'),
	(7,  'reactivate', 'reactivate', '',      false, false, false, false, true,  '{suspended}'),
	(8,  'suspend',    'suspend',    '',      false, false, false, false, true,  '{active,locked,blocked}'),
	(9,  'cancel',     'cancel',     '',      false, false, false, false, true,  '{pending,active,suspended,locked,blocked}'),
	(10, 'renew',      'renew',      '',      false, false, true,  true,  true,  '{active,locked,blocked}'),
	(11, 'try',        null,         '',      false, false, true,  false, false, '{active,locked,blocked}'),
	(12, 'stored',     null,         '',      false, false, false, false, true,  '{pending,active,suspended,locked,blocked}');

-- A key says in the change itself why it changes; the trigger takes that away again and writes the event.
alter table centre.key add column change jsonb check (change is null), add column pin_subject text check (length(pin_subject) between 1 and 80);
comment on column centre.key.change is 'Of an insert or update: {cause, reason, enrolment, desk, staff}. It is null at rest.';
comment on column centre.key.pin_subject is 'Whom the hash of the PIN names; null: the person as they are found, see internal.pin_subject.';
create index key_pending on centre.key (register) where state = 'pending';
-- The event is written before the row of a new key is there.
alter table centre.key_event add column cause text references centre.cause, add column staff text,
	alter constraint key_event_key_fkey deferrable initially deferred;
comment on column centre.key_event.cause is 'Null: of before causes were written; it was enrol or expire.';

alter table centre.enrolment add column errand text not null default 'enrol' references centre.errand,
	add column subject bigint references centre.key, add column subject_event bigint, add column activation uuid;
comment on column centre.enrolment.subject is 'The key that the errand is about.';
comment on column centre.enrolment.subject_event is 'The newest event of that key when the errand was opened: after others it does not apply.';
comment on column centre.enrolment.activation is 'The activation whose code was given here.';
create index enrolment_key on centre.enrolment (key) where key is not null;
create index enrolment_visits on centre.enrolment (desk, opened_at);
drop index centre.enrolment_desk;

alter table centre.approval drop constraint approval_reasons_check, add constraint approval_reasons_check check (cardinality(reasons) > 0
	and reasons <@ '{typed,revocation,extension,photo,level,doubt,renewal}'::text[]);

create table centre.visit_times (
	enrolment uuid primary key references centre.enrolment,
	seconds   jsonb not null check (jsonb_typeof(seconds) = 'object' and length(seconds::text) <= 2000)
);
comment on table centre.visit_times is 'How long each step of a visit took at the desk, in seconds.';

create table centre.person_number (
	person    bigint references centre.person,
	kind      text check (kind in ('nif', 'niss', 'nsns')),
	value     text not null check (value ~ '^[0-9]{9,11}$'),
	source    text not null check (source in ('chip', 'paper', 'said')),
	paper     text check (paper ~ '^[a-z_]{1,40}$'),
	seen_by   text,
	enrolment uuid,
	at        timestamptz not null default clock_timestamp(),
	primary key (person, kind),
	check ((source = 'paper') = (paper is not null))
);
create index person_number_value on centre.person_number (kind, value);
comment on table centre.person_number is 'Numbers by which portals find a person: NIF, NISS (social security) and NSNS (health). Only what a chip said is proven; what was shown
on a paper says which and who saw it. None blocks anybody.';
insert into centre.person_number (person, kind, value, source, enrolment, at)
	select p.id, 'nif', coalesce(k.tax_number, p.tax_claim), case when k.tax_number is null then 'said' else 'chip' end, p.enrolment, p.created_at
	from centre.person p left join lateral (select x.tax_number from centre.key x where x.person = p.id and x.tax_number is not null
		order by x.register desc limit 1) k on true
	where coalesce(k.tax_number, p.tax_claim) is not null;

create index person_any_document on centre.person (country, document_number);

create table centre.log_again (
	kind text,
	row  text,
	primary key (kind, row)
);
comment on table centre.log_again is 'Logged rows that a migration changed: functions/internal/log.sql gives them a leaf, in its transaction, and empties this.';
insert into centre.log_again (kind, row) select 'person', id::text from centre.person where tax_claim is not null
	and exists (select from centre.log_leaf l where l.kind = 'person' and l.row = id::text);
alter table centre.person drop column tax_claim;

create table centre.activation (
	id         uuid primary key, -- the desk's
	enrolment  uuid not null references centre.enrolment,
	key        bigint references centre.key,
	channel    text not null check (channel in ('sms', 'email', 'letter')),
	value      text, -- of a letter it is empty; wiped when the code is given, replaced or ends
	language   text not null,
	send_no    integer not null default 1,
	made_at    timestamptz not null default clock_timestamp(),
	code_key   bytea,
	mac        bytea, -- HMAC-SHA-256(code_key, code); null until a registrar made the code
	expires_at timestamptz,
	wrong      integer not null default 0,
	ended_at   timestamptz, -- given or replaced
	used       boolean not null default false,
	unique (key, send_no)
);
create unique index activation_one_open on centre.activation (key) where ended_at is null and key is not null;
create unique index activation_asked on centre.activation (enrolment) where key is null;
comment on table centre.activation is 'Activation codes of keys whose contact could not be proven on the spot. The code itself is nowhere. key is null until there is one.';
alter table centre.enrolment add foreign key (activation) references centre.activation;

create table centre.letter (
	activation uuid primary key references centre.activation,
	key        bigint references centre.key,
	address    jsonb, -- {name, street, more, postcode, town, country}; deleted letter_keep_days after it was printed
	made_at    timestamptz not null default clock_timestamp(),
	printed_at timestamptz,
	printed_by text,
	copies     integer not null default 0,
	reason     text check (reason in ('printer_failed', 'damaged', 'returned', 'not_arrived'))
);
create index letter_waiting on centre.letter (made_at) where printed_at is null;
create index letter_address on centre.letter (printed_at) where address is not null;
comment on table centre.letter is 'Letters with an activation code. Each is printed once; again with a reason.';

create table centre.notice (
	id         uuid primary key default gen_random_uuid(),
	key        bigint not null references centre.key,
	event      bigint references centre.key_event,
	kind       text not null check (kind ~ '^[a-z_]{1,40}$'),
	channel    text not null check (channel in ('sms', 'email')),
	value      text, -- wiped with its code
	language   text not null,
	params     jsonb not null default '{}',
	made_at    timestamptz not null default clock_timestamp(),
	code_key   bytea,
	mac        bytea, -- of the "this was not me" code, HMAC-SHA-256(code_key, code); null until a registrar made it
	expires_at timestamptz,
	used_at    timestamptz
);
create index notice_key on centre.notice (key, made_at);
create index notice_event on centre.notice (event);
create index notice_living on centre.notice (expires_at) where mac is not null and used_at is null;
create index notice_value on centre.notice (made_at) where value is not null;
comment on table centre.notice is 'What the holders of keys are told, each on one contact that was theirs before the change, with a one-use code that freezes the key.';

create table centre.long_code_try (
	id         uuid primary key, -- the desk's
	desk       text not null references centre.desk,
	enrolment  uuid references centre.enrolment,   -- of an activation code; else it is a "this was not me" code
	activation uuid references centre.activation,
	at         timestamptz not null default clock_timestamp(),
	refusal    text,
	tries_left integer,
	key        bigint references centre.key,
	state      text
);
create index long_code_try_desk on centre.long_code_try (desk, at) where refusal is not null and enrolment is null;
create index long_code_try_enrolment on centre.long_code_try (enrolment);
comment on table centre.long_code_try is 'Activation and "this was not me" codes that were tried, with the answer for a repeated call.';

create table centre.search (
	id     uuid primary key, -- the desk's
	at     timestamptz not null default clock_timestamp(),
	desk   text not null references centre.desk,
	staff  text not null,
	kind   text not null check (kind in ('phone', 'email', 'nif', 'document', 'register', 'look')),
	value  bytea not null,   -- keyed hash, see centre.secret
	reason text not null check (reason in ('holder_present', 'holder_phone', 'authority', 'supervisor_check', 'other')),
	found  bigint[] not null
);
create index search_desk on centre.search (desk, at);
comment on table centre.search is 'Who looked for whose key, and why. look is the key of the document that lies on the desk.';

create table centre.word_try (
	id     bigint generated always as identity primary key,
	key    bigint not null references centre.key,
	search uuid not null references centre.search,
	at     timestamptz not null default clock_timestamp(),
	good   boolean not null
);
create index word_try_key on centre.word_try (key, at);
comment on table centre.word_try is 'Answers of who asked to suspend a key at their word.';

alter table centre.job drop constraint job_kind_check, add constraint job_kind_check check (kind ~ '^[a-z_]{1,30}$'),
	alter column enrolment drop not null, add column about uuid;
create index job_about on centre.job (about);
comment on column centre.job.about is 'Of kinds that internal.job_KIND tells of: what they are about.';
comment on column centre.job.desk is 'For the turn: empty for what no desk asked for.';
