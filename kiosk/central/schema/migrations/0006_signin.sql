-- Signing in: what is counted, tries, their codes, and the form in which a PIN's hash is kept.

insert into centre.setting (name, value, lowest, highest, note) values
	('pin_tries',                     '3',  1,     10, 'wrong PINs in a row before a key is locked for a time'),
	('pin_lock_first_seconds',      '300', 60,  86400, 'how long the first lock lasts'),
	('pin_lock_second_seconds',    '1800', 60, 604800, 'the second, when nobody signed in between'),
	('pin_lock_third_seconds',    '86400', 60, 604800, 'the third and all that follow'),
	('pin_final',                     '0',  0,      1, 'after the third lock: 0 another one each time, 1 blocked until a desk; with 1 a stranger''s guessing ends a key'),
	('sign_in_code_tries',            '3',  1,     10, 'wrong codes, each after the right PIN, before a key is blocked until a desk'),
	('sign_in_seconds',             '900', 60,   3600, 'from the PIN to the code'),
	('sign_in_tries_of_a_visit',     '10',  1,    100, 'PINs that are tried in one visit at a desk');

-- The database compares the SHA-256 of what the caller computed (Argon2id, RFC 9106) and keeps nothing that a caller could
-- hand in. Argon2's output is 256 random bits to whoever does not know it, so that one pass over it is enough.
alter table centre.key drop constraint key_pin_hash_check;
update centre.key k set pin_hash = '$argon2id-sha256$' || split_part(k.pin_hash, '$', 3) || '$' || split_part(k.pin_hash, '$', 4)
		|| '$' || split_part(k.pin_hash, '$', 5) || '$'
		|| rtrim(encode(sha256(decode(split_part(k.pin_hash, '$', 6) || '=', 'base64')), 'base64'), '=')
	where k.pin_hash ~ '^[$]argon2id[$]v=19[$]m=[0-9]+,t=[0-9]+,p=[0-9]+[$][A-Za-z0-9+/]+[$][A-Za-z0-9+/]{43}$';
alter table centre.key add constraint key_pin_hash_check check (pin_hash like '$argon2id%');
comment on column centre.key.pin_hash is '$argon2id-sha256$v=19$m=KiB,t=passes,p=lanes$salt$SHA-256 of the output, base64 without padding.';
insert into centre.log_again (kind, row) select 'key', register::text from centre.key
	where exists (select from centre.log_leaf l where l.kind = 'key' and l.row = register::text) on conflict do nothing;
create index key_living on centre.key (register) where living;

insert into centre.cause (name, records, passes) values ('rehash', true, true);
insert into centre.transition (cause, from_state, to_state) values ('rehash', 'active', 'active');
insert into centre.reason (cause, reason) values ('rehash', 'settings_changed');

create table centre.sign_in (
	key             bigint primary key, -- its register; below 0: what is counted of those who are unknown
	pin_wrong       integer not null default 0,
	lock_step       integer not null default 0, -- locks since the last sign-in
	locked_until    timestamptz, -- infinity: until a desk
	followed        timestamptz, -- the lock of which the key's state and its holder have heard
	code_wrong      integer not null default 0,
	last_success_at timestamptz,
	last_failure_at timestamptz,
	last_channel    text check (last_channel in ('sms', 'email'))
);
create index sign_in_locked on centre.sign_in (locked_until) where locked_until is not null;
comment on table centre.sign_in is 'Counters of each key, which are overwritten: no list of who signed in when, and nothing of where. A PIN that is begun counts as
wrong until it was right, which makes pin_wrong 0; a sign-in makes code_wrong and lock_step 0; a desk that unblocks the key or
takes a new PIN makes all three 0. A new code, a new try, a restart change none of them.';

create table centre.sign_in_try (
	id        uuid primary key, -- the caller's
	key       bigint not null,  -- as in centre.sign_in
	model     bigint,           -- whose hash was shown and is compared: the key's, or of one that stands in for who is unknown
	named     bytea not null,   -- keyed hash of the identifier: the same try names the same
	source    bytea,            -- until whoever watches was told of all that it asked for
	made_at  timestamptz not null,
	admitted  boolean not null, -- there was a try left
	state     text not null default 'begun' check (state in ('begun', 'no', 'code', 'signed_in', 'over')),
	settled   boolean not null default false,
	enrolment uuid references centre.enrolment -- at a desk
);
create index sign_in_try_key on centre.sign_in_try (key, made_at);
create index sign_in_try_enrolment on centre.sign_in_try (enrolment) where enrolment is not null;
create index sign_in_try_age on centre.sign_in_try (made_at);
create index sign_in_try_unsettled on centre.sign_in_try (made_at) where not settled;
comment on table centre.sign_in_try is 'PINs that are being compared, and what follows; for a day.';

create table centre.sign_in_code (
	id         uuid primary key, -- the caller's
	try        uuid not null references centre.sign_in_try on delete cascade,
	key        bigint not null references centre.key,
	channel    text not null check (channel in ('sms', 'email')),
	language   text not null,
	sent_at    timestamptz not null,
	expires_at timestamptz not null,
	resend_at  timestamptz not null,
	sends_left integer not null, -- as answered
	mac_key    bytea,            -- random, made by the registrar for this row
	mac        bytea,            -- HMAC-SHA-256(mac_key, code); null until the code exists
	used_at    timestamptz
);
create index sign_in_code_key on centre.sign_in_code (key, channel, sent_at);
create index sign_in_code_try on centre.sign_in_code (try);
comment on table centre.sign_in_code is 'Codes to sign in with, as in centre.one_time_code; for a day.';

create table centre.sign_in_attempt (
	id         uuid primary key, -- the caller's
	try        uuid not null references centre.sign_in_try on delete cascade,
	refusal    text,             -- this and the next are the answer, for a repeated call
	tries_left integer not null
);
create index sign_in_attempt_try on centre.sign_in_attempt (try);
comment on table centre.sign_in_attempt is 'Codes that were tried.';

create table centre.desk_try (
	id         uuid primary key, -- the desk's; also of the try that the registrar begins
	enrolment  uuid not null references centre.enrolment,
	kind       text not null check (kind in ('phone', 'email', 'passport')),
	value      text,  -- this and the PIN go when it was compared
	sealed_pin bytea,
	content    bytea not null, -- tells a repetition from another content
	state      text not null default 'queued' check (state in ('queued', 'no', 'failed', 'code')),
	made_at    timestamptz not null
);
create index desk_try_enrolment on centre.desk_try (enrolment);
comment on table centre.desk_try is 'Try your key: a PIN that a desk sealed for the registrar.';

create table centre.pin_rehash (
	key      bigint primary key references centre.key,
	id       uuid not null unique, -- the try's
	version  integer not null,     -- of the key that it was made for
	pin_hash text not null check (pin_hash like '$argon2id-sha256$%')
);
comment on table centre.pin_rehash is 'A PIN that was right, hashed at the cost of today''s settings, until a registrar has signed the record that goes with it.';
