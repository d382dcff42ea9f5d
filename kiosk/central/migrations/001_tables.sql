-- What the centre keeps. No desk and no registrar reads or writes a table: they call the functions of
-- 002 and 003, which belong to balcao_owner and run with its rights.
--
-- Rules of this schema:
--   * every identifier that a client may repeat is a UUID which the client made (UUIDv7);
--   * times are the clock's (clock_timestamp), never the transaction's: a desk could otherwise open a
--     transaction early and use a code that has expired since;
--   * whatever was proven wrong or given up loses the person and keeps the count.

create table cmd.setting (
	name    text primary key check (name ~ '^[a-z][a-z_]*$'),
	value   jsonb not null,
	lowest  numeric not null,
	highest numeric not null,
	note    text not null,
	constraint setting_range check (
		jsonb_typeof(value) = 'number' and value::numeric between lowest and highest
	)
);

insert into cmd.setting (name, value, lowest, highest, note) values
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
	('national_grace_days',       '30',   0,   365, 'a national''s key outlives the document by so many days'),
	('clock_skew_seconds',       '300',   1,  3600, 'a desk whose clock differs by more opens no case'),
	('desk_opens_per_hour',      '100',   1, 1000000, 'enrolments that a desk opens and that become no key'),
	('desk_codes_per_hour',      '200',   1, 1000000, 'codes that a desk asks for in such enrolments'),
	('desk_transaction_seconds',  '30',  10,   600, 'a desk''s transaction that is older is ended, whatever it does'),
	('worker_fresh_seconds',      '60',   5,  3600, 'a registrar not heard of for longer counts as gone');

-- One random key of this database. Contacts are counted by their HMAC under it, so that a limit
-- outlives the wiping of the contact it protects. It leaves no function.
create table cmd.secret (
	only_row boolean primary key default true check (only_row),
	key      bytea not null check (octet_length(key) = 32)
);
insert into cmd.secret (key) values (crypto.gen_random_bytes(32));

create table cmd.person (
	id              bigint generated always as identity primary key,
	country         text not null check (country ~ '^[A-Z]{3}$'),
	civil_number    text,
	document_number text,
	surname         text not null,
	given_names     text not null,
	sex             text,
	birth_date      date not null,
	nationality     text not null,
	tax_number      text,
	created_at      timestamptz not null default clock_timestamp(),
	check (civil_number is not null or document_number is not null)
);
create unique index person_civil on cmd.person (country, civil_number);
create unique index person_document on cmd.person (country, document_number) where civil_number is null;

create table cmd.key (
	register     bigint generated always as identity primary key,
	person       bigint not null references cmd.person,
	state        text not null check (state in
		('pending', 'active', 'suspended', 'locked', 'blocked', 'cancelled', 'expired')),
	living       boolean generated always as
		(state in ('pending', 'active', 'suspended', 'locked', 'blocked')) stored,
	level        text not null check (level in ('substantial', 'high')),
	pin_hash     text not null check (pin_hash like '$argon2id$%'),
	valid_until  date not null,
	enrolment    uuid not null unique,
	activated_at timestamptz not null default clock_timestamp()
);
create unique index key_one_living on cmd.key (person) where living;

create table cmd.key_contact (
	key        bigint not null references cmd.key,
	channel    text not null check (channel in ('sms', 'email')),
	value      text not null,
	normalised text generated always as (lower(value)) stored,
	living     boolean not null default true, -- follows the key, see cmd.key_changed
	proof      uuid not null,
	proven_at  timestamptz not null,
	primary key (key, channel)
);
-- One phone, one e-mail address: one person.
create unique index key_contact_one_person on cmd.key_contact (channel, normalised) where living;

-- Every change of a key, for ever: what, why, who, where, when.
create table cmd.key_event (
	id         bigint generated always as identity primary key,
	key        bigint not null references cmd.key,
	at         timestamptz not null default clock_timestamp(),
	from_state text,
	to_state   text not null,
	reason     text not null check (reason ~ '^[a-z_]{1,40}$'),
	actor      text not null default session_user,
	desk       text,
	enrolment  uuid
);
create index key_event_key on cmd.key_event (key);

create table cmd.enrolment (
	id            uuid primary key,
	desk          text not null,
	state         text not null default 'open' check (state in
		('open', 'pending', 'active', 'refused', 'abandoned', 'expired')),
	refusal       text,
	document_kind text not null,
	country       text,  -- these two are wiped when the enrolment ends; the person keeps them
	civil_number  text,
	challenge     bytea not null check (octet_length(challenge) = 32),
	xid           xid8 not null default pg_current_xact_id(), -- see desk.open_enrolment
	opened_at     timestamptz not null,
	expires_at    timestamptz not null,
	bound_at      timestamptz,
	ended_at      timestamptz,
	key           bigint references cmd.key
);
create index enrolment_open on cmd.enrolment (expires_at) where state = 'open';
create index enrolment_desk on cmd.enrolment (desk, opened_at) where state <> 'active';

create table cmd.one_time_code (
	id          uuid primary key,  -- the client's send_id
	enrolment   uuid not null references cmd.enrolment,
	channel     text not null check (channel in ('sms', 'email')),
	value       text,              -- wiped with the enrolment
	contact     bytea,             -- keyed hash of the value, see cmd.secret; outlives it by the window
	language    text not null,
	send_no     integer not null,
	sends_left  integer not null,  -- as answered, so that a repeated call gets the same answer
	tries_left  integer not null,
	sent_at     timestamptz not null,
	expires_at  timestamptz not null,
	resend_at   timestamptz not null,
	key         bytea,             -- random, made by the registrar for this row
	mac         bytea,             -- HMAC-SHA-256(key, code); null until the code exists
	used_at     timestamptz,
	delivery    text not null default 'queued' check (delivery in ('queued', 'sent', 'delivered', 'failed')),
	message_id  text,
	unique (enrolment, channel, send_no)
);
create index one_time_code_contact on cmd.one_time_code (contact, sent_at);
create index one_time_code_message on cmd.one_time_code (message_id);

-- A try is committed before it is judged, see desk.confirm_code. A row without outcome is a try whose
-- answer nobody has fetched; it counts as a wrong one.
create table cmd.code_attempt (
	id        uuid primary key,  -- the client's attempt_id
	enrolment uuid not null references cmd.enrolment,
	channel   text not null,
	code      uuid not null references cmd.one_time_code,
	contact   bytea,
	mac       bytea,
	xid       xid8 not null default pg_current_xact_id(),
	at        timestamptz not null,
	counts    boolean not null default true, -- false once it proved right
	refusal   text,
	tries_left integer,
	proof     uuid,
	confirmed_at timestamptz
);
create index code_attempt_enrolment on cmd.code_attempt (enrolment, channel);
create index code_attempt_contact on cmd.code_attempt (contact, at);

create table cmd.contact_proof (
	id           uuid primary key default gen_random_uuid(),
	enrolment    uuid not null references cmd.enrolment,
	channel      text not null check (channel in ('sms', 'email')),
	value        text,  -- wiped with the enrolment
	confirmed_at timestamptz not null,
	unique (enrolment, channel)
);

create table cmd.evidence (
	enrolment    uuid primary key references cmd.enrolment,
	content_hash bytea not null,  -- of all four parts: tells a repetition from another content
	jws          jsonb,
	identity     bytea,           -- dropped at activation and at refusal
	sod          bytea,
	sealed_pin   bytea,           -- dropped at activation and at refusal
	verification jsonb            -- what the registrar found, with certificates and revocation answers
);

create table cmd.job (
	id         bigint generated always as identity primary key,
	kind       text not null check (kind in ('send_code', 'verify', 'welcome')),
	enrolment  uuid not null references cmd.enrolment,
	code       uuid references cmd.one_time_code,
	channel    text,
	state      text not null default 'queued' check (state in ('queued', 'done', 'failed')),
	attempts   integer not null default 0,
	due_at     timestamptz not null default clock_timestamp(),
	error      text check (error ~ '^[a-z0-9_.]{0,60}$'),
	created_at timestamptz not null default clock_timestamp(),
	ended_at   timestamptz
);
create index job_due on cmd.job (due_at, id) where state = 'queued';
create index job_code on cmd.job (code);

-- Delivery receipts that came before the message they speak of was recorded.
create table cmd.receipt (
	message_id text primary key,
	delivered  boolean not null,
	at         timestamptz not null default clock_timestamp()
);

create table cmd.worker (
	name  text primary key,
	seen  timestamptz not null,
	sms   text not null check (sms in ('good', 'poor', 'down')),
	email text not null check (email in ('good', 'poor', 'down'))
);

create function cmd.refuse_change() returns trigger
	language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
	raise exception 'the history of keys is only ever added to' using errcode = 'BK090';
end $$;
create trigger key_event_append_only before update or delete on cmd.key_event
	for each row execute function cmd.refuse_change();
create trigger key_event_no_truncate before truncate on cmd.key_event
	for each statement execute function cmd.refuse_change();

-- A key moves only along the arrows of its states, whoever moves it; the end is the end.
create function cmd.key_changed() returns trigger
	language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
	if new.person <> old.person or new.register <> old.register then
		raise exception 'a key does not change hands' using errcode = 'BK091';
	end if;
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
	update cmd.key_contact set living = new.state not in ('cancelled', 'expired') where key = new.register;
	return new;
end $$;
create trigger key_changed before update on cmd.key for each row execute function cmd.key_changed();

create function cmd.setting_number(wanted text) returns integer
	language sql stable set search_path = pg_catalog, pg_temp as $$
	select value::integer from cmd.setting where name = wanted
$$;

-- Refusals that are not a normal outcome: class BK, the message is a stable word, never a datum.
--   BK001 unknown_enrolment    no such enrolment, or another desk's: it does not say which
--   BK002 enrolment_ended      it has been bound, refused, abandoned: this cannot be done any more
--   BK003 enrolment_expired    it was open for too long
--   BK004 conflict             the same identifier with another content
--   BK005 invalid              an argument outside its domain
--   BK006 no_code              no code was asked for on this channel
--   BK007 no_contact           binding without a proven contact
--   BK008 isolation            a transaction that is not read committed
--   BK009 wrong_state          (registrar) the enrolment is not waiting for this
--   BK010 person_mismatch      (registrar) the evidence speaks of another person than the enrolment
--   BK011 too_many             this desk opened too many enrolments that became no key
create function cmd.refuse(code text, word text) returns void
	language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
	raise exception using errcode = code, message = word;
end $$;

-- The limits on tries and sends count rows that other transactions committed a moment ago. With a
-- snapshot older than the lock they would not be seen, so anything but read committed is refused.
create function cmd.enter() returns text
	language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
	if current_setting('transaction_isolation') <> 'read committed' then
		perform cmd.refuse('BK008', 'isolation');
	end if;
	return session_user;
end $$;

-- Locks and returns an enrolment of the calling desk.
create function cmd.own_enrolment(wanted uuid) returns cmd.enrolment
	language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
	caller text := cmd.enter();
	e cmd.enrolment;
begin
	select * into e from cmd.enrolment where id = wanted and desk = caller for no key update;
	if not found then
		perform cmd.refuse('BK001', 'unknown_enrolment');
	end if;
	return e;
end $$;

create function cmd.contact_hash(channel text, value text) returns bytea
	language sql stable set search_path = pg_catalog, pg_temp as $$
	select crypto.hmac(convert_to(channel || ':' || lower(value), 'UTF8'), key, 'sha256') from cmd.secret
$$;

-- Wrong or unanswered tries that count against a new one: those of the enrolment and channel, and
-- those of the contact within the window, whichever are more. A new code resets neither.
create function cmd.tries_used(wanted uuid, on_channel text, of_contact bytea) returns integer
	language sql stable set search_path = pg_catalog, pg_temp as $$
	select greatest(
		(select count(*) from cmd.code_attempt a
			where a.enrolment = wanted and a.channel = on_channel and a.counts),
		(select count(*) from cmd.code_attempt a
			where a.contact = of_contact and a.counts
			and a.at > clock_timestamp() - make_interval(secs => cmd.setting_number('code_window_seconds')))
	)::integer
$$;

create function cmd.enqueue(kind text, enrolment uuid, code uuid default null, channel text default null) returns void
	language sql set search_path = pg_catalog, pg_temp as $$
	insert into cmd.job (kind, enrolment, code, channel) values (kind, enrolment, code, channel);
	select pg_notify('registrar_work', '');
$$;

-- Tells the desk that something about its enrolment changed. The payload is a hint, no more: any role
-- may notify, so a desk that hears one asks desk.enrolment_status.
create function cmd.tell_desk(wanted uuid, what text) returns void
	language sql set search_path = pg_catalog, pg_temp as $$
	select pg_notify('desk_' || e.desk, json_build_object('enrolment', e.id, 'kind', what)::text)
	from cmd.enrolment e where e.id = wanted
$$;

-- Ends an enrolment and forgets the person: what is left are identifiers, states and counts.
create function cmd.end_enrolment(wanted uuid, to_state text, why text) returns void
	language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
	update cmd.enrolment set state = to_state, refusal = why, ended_at = clock_timestamp(),
		country = null, civil_number = null where id = wanted;
	update cmd.one_time_code set value = null, key = null, mac = null where enrolment = wanted;
	update cmd.code_attempt set mac = null where enrolment = wanted;
	update cmd.contact_proof set value = null where enrolment = wanted;
	update cmd.evidence set identity = null, sealed_pin = null,
		jws = case when to_state = 'active' then jws end,
		sod = case when to_state = 'active' then sod end
	where enrolment = wanted;
	perform cmd.tell_desk(wanted, 'key');
end $$;

-- How often a desk opened enrolments, or asked for codes, within the hour without a key coming of it. A desk at
-- work never gets near these limits; one that asks who is enrolled, or has messages sent to strangers,
-- soon does.
create function cmd.fruitless_opens(of_desk text) returns integer
	language sql stable set search_path = pg_catalog, pg_temp as $$
	select count(*)::integer from cmd.enrolment
	where desk = of_desk and state <> 'active' and opened_at > clock_timestamp() - interval '1 hour'
$$;

create function cmd.fruitless_codes(of_desk text) returns integer
	language sql stable set search_path = pg_catalog, pg_temp as $$
	select count(*)::integer from cmd.one_time_code c join cmd.enrolment e on e.id = c.enrolment
	where e.desk = of_desk and e.state <> 'active' and c.sent_at > clock_timestamp() - interval '1 hour'
		and e.opened_at > clock_timestamp() - interval '1 hour' - make_interval(secs => cmd.setting_number('enrolment_seconds'))
$$;

-- Ends sessions of desks in this database whose transaction has been open for too long. A desk can lift
-- its own time limits, and a transaction that never ends keeps its locks on contacts, keeps dead rows
-- from being cleared and keeps the queue of notices from shrinking, for everybody.
create function cmd.end_stuck_desks() returns integer
	language sql set search_path = pg_catalog, pg_temp as $$
	select count(pg_terminate_backend(a.pid))::integer from pg_stat_activity a join pg_roles r on r.oid = a.usesysid
	where a.datname = current_database() and not r.rolsuper and pg_has_role(r.oid, 'balcao_desk', 'member')
		and a.xact_start < clock_timestamp() - make_interval(secs => cmd.setting_number('desk_transaction_seconds'))
$$;

-- Keys past their last day, of one person or holding one of the enrolment's contacts, are expired now
-- rather than at the next round of registrar.expire: they must not stand in the way of a new one.
create function cmd.lapse_for(of_person bigint, wanted uuid) returns void
	language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
	k cmd.key;
begin
	for k in
		select * from cmd.key where living and valid_until < current_date and (person = of_person
			or register in (
				select c.key from cmd.key_contact c join cmd.contact_proof p
				on p.channel = c.channel and lower(p.value) = c.normalised
				where p.enrolment = wanted and c.living))
		order by register for update
	loop
		update cmd.key set state = 'expired' where register = k.register;
		insert into cmd.key_event (key, from_state, to_state, reason) values (k.register, k.state, 'expired', 'validity_ended');
	end loop;
end $$;

---- create above / drop below ----

drop function cmd.lapse_for(bigint, uuid);
drop function cmd.end_stuck_desks();
drop function cmd.fruitless_codes(text);
drop function cmd.fruitless_opens(text);
drop function cmd.end_enrolment(uuid, text, text);
drop function cmd.tell_desk(uuid, text);
drop function cmd.enqueue(text, uuid, uuid, text);
drop function cmd.tries_used(uuid, text, bytea);
drop function cmd.contact_hash(text, text);
drop function cmd.own_enrolment(uuid);
drop function cmd.enter();
drop function cmd.refuse(text, text);
drop function cmd.setting_number(text);
drop table cmd.worker, cmd.receipt, cmd.job, cmd.evidence, cmd.contact_proof, cmd.code_attempt,
	cmd.one_time_code, cmd.enrolment, cmd.key_event, cmd.key_contact, cmd.key, cmd.person,
	cmd.secret, cmd.setting;
drop function cmd.key_changed();
drop function cmd.refuse_change();
