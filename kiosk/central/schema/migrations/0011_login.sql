-- The login service: what it keeps between two requests, the services that have people sign in, and what holders do on the web.

insert into centre.setting (name, value, lowest, highest, note) values
	('login_session_seconds',    '900',  60,   3600, 'a sign-in on the web opens the holder''s own pages, and lets a service read what was agreed to, for so long'),
	('login_fresh_seconds',      '300',  30,    900, 'to change the PIN or end the key, the sign-in may not be older'),
	('login_level_sms',            '2',   1,      3, 'the level that a code by SMS reaches: 1 low, 2 substantial, 3 high. Substantial: a phone number can be taken over at its operator'),
	('login_level_email',          '1',   1,      3, 'the same by e-mail. Low: a mailbox opens with a password, and with whatever restores that'),
	('web_codes_of_a_source',     '20',   1,  10000, 'wrong activation, or "this was not me", codes from one network within the hour'),
	('web_codes_in_all',        '2000',   1, 1000000, 'such codes from everywhere within the hour');

create table centre.login_row (
	id         bytea primary key check (octet_length(id) = 32),
	sealed     bytea not null check (octet_length(sealed) <= 65536),
	expires_at timestamptz not null,
	taken      boolean not null default false
) with (fillfactor = 70);
create index login_row_over on centre.login_row (expires_at);
comment on table centre.login_row is 'What the login service keeps between two requests: found by the hash of a token, sealed under a key made from that token, which only a
browser or a service has. Whose a row is, of which service, and what it is at all, is within the seal (Law 37/2014 article 2(9)).';
comment on column centre.login_row.expires_at is 'On a full minute.';

create table centre.client (
	id             text primary key check (id ~ '^[a-z0-9][a-z0-9._-]{1,62}$'),
	name           text not null check (length(name) between 1 and 100 and name !~ '[[:cntrl:]]'),
	state          text not null default 'active' check (state in ('active', 'suspended')),
	sector         text not null check (length(sector) between 1 and 253 and sector !~ '[[:cntrl:][:space:]]'),
	redirect_uris  text[] not null check (cardinality(redirect_uris) between 1 and 20),
	loopback       boolean not null default false,
	logout_uris    text[] not null default '{}' check (cardinality(logout_uris) <= 20),
	auth           text not null check (auth in ('client_secret_basic', 'client_secret_post', 'private_key_jwt')),
	secret         bytea check (octet_length(secret) = 32),
	former         bytea check (octet_length(former) = 32),
	former_until   timestamptz,
	jwks           jsonb check (jsonb_typeof(jwks -> 'keys') = 'array'),
	claims         text[] not null,
	accepts_shown  boolean not null default false,
	id_token_alg   text not null default 'RS256' check (id_token_alg in ('RS256', 'ES256')),
	require_par    boolean not null default false,
	added_at       timestamptz not null default clock_timestamp(),
	check ((auth = 'private_key_jwt') = (jwks is not null) and (auth = 'private_key_jwt') = (secret is null)),
	check ((former is null) = (former_until is null))
);
comment on table centre.client is 'Services at which people sign in (kioskctl client). No other table names one.';
comment on column centre.client.sector is 'Services of one sector know a person by the same identifier, others by another.';
comment on column centre.client.loopback is 'Redirects to any port of the computer itself (RFC 8252 §7.3).';
comment on column centre.client.secret is 'SHA-256 of 32 random bytes; former: of the one before, until former_until.';
comment on column centre.client.accepts_shown is 'Numbers that were seen on a paper are given too, and marked so.';

alter table centre.sign_in_try add column pending boolean not null default false, add column signed_at timestamptz, add column epoch bigint,
	add column activation uuid, add column contact uuid;
comment on column centre.sign_in_try.pending is 'It is about a key that waits for its activation.';
comment on column centre.sign_in_try.epoch is 'As internal.epoch was at sign-in: once that differs, nobody is signed in any more.';
comment on column centre.sign_in_try.activation is 'Whose code was given.';
comment on column centre.sign_in_try.contact is 'The code that proved a new contact.';

alter table centre.sign_in_code add column value text;
comment on column centre.sign_in_code.value is 'A contact that is to be proven; null: the key''s own.';

-- Activation codes and "this was not me" codes on the web are nobody's desk.
alter table centre.long_code_try alter column desk drop not null, add column try uuid references centre.sign_in_try on delete cascade;
create index long_code_try_try on centre.long_code_try (try) where try is not null;
create index long_code_try_web on centre.long_code_try (at) where desk is null;
create index activation_value on centre.activation (channel, centre.mailbox(value)) where ended_at is null and key is not null;

create table centre.own_act (
	id       uuid primary key, -- the caller's
	try      uuid not null,
	key      bigint not null references centre.key,
	kind     text not null check (kind in ('freeze', 'end', 'pin', 'activate')),
	state    text not null check (state in ('queued', 'done', 'failed')),
	at       timestamptz not null default clock_timestamp(),
	version  integer,
	pin_hash text check (pin_hash like '$argon2id-sha256$%'),
	code     text,
	contact_code text
);
create index own_act_key on centre.own_act (key);
create index own_act_at on centre.own_act (at);
comment on table centre.own_act is 'What holders did on the web, for a day. What a registrar signs a record for waits here for it, with what it verifies; that goes when it is
done.';
