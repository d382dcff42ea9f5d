-- Watching for misuse: rules over counters that end by themselves. A counter's subject (a contact, a key, a document, where
-- a sign-in came from) is an HMAC under the key of its week; nothing here names a person, or a service that one used.

insert into centre.setting (name, value, lowest, highest, note) values
	('watch_minutes',      '5', 1, 1440, 'the rules that compare desks, staff and sources are looked at so often'),
	('watch_quiet_days',  '30', 1,   90, 'an alert that was no suspicion is not opened again for so long, unless it doubles'),
	('work_begins_hour',   '7', 0,   23, 'what desks open before this hour in Lisbon is after hours'),
	('work_ends_hour',    '21', 1,   24, 'and from this hour on');

create table centre.watch_key (
	week date primary key,
	key  bytea not null default crypto.gen_random_bytes(32) check (octet_length(key) = 32)
);
comment on table centre.watch_key is 'Under what the subjects of a week''s counters are hidden. It is deleted after 90 days, and they say nothing any more.';

create table centre.watch_count (
	per   text not null check (per in ('contact', 'key', 'source', 'document', 'series', 'prefix', 'desk')),
	who   bytea not null,
	slot  timestamptz not null,
	what  text not null check (what ~ '^[a-z_]{1,40}$'),
	desk  text not null default '',
	staff text not null default '',
	other bytea not null default '', -- of a contact: the person; of a source: the identifier; of a series: the document
	shard integer not null default 0,
	n     integer not null default 1,
	primary key (per, who, slot, what, desk, staff, other, shard)
);
create index watch_count_slot on centre.watch_count using brin (slot); -- of the round: a call never takes it
comment on table centre.watch_count is 'Rolling counters, see internal.seen_at: how often what was seen of whom, where, by slots of time. Of contacts, keys, sources and
documents they are kept 9 days, of desks and prefixes 40, of series 9.';

create table centre.watch_rule (
	name           text primary key check (name ~ '^[a-z][a-z0-9_]{1,40}$'),
	number         integer not null,
	per            text not null check (per in ('contact', 'key', 'source', 'document', 'series', 'prefix', 'desk', 'staff')),
	measure        text not null check (measure in ('count', 'others', 'desks', 'all', 'last', 'share', 'missing', 'mean', 'sigma', 'days')),
	what           text[] not null check (cardinality(what) > 0),
	of             text[] not null default '{}',
	window_seconds integer not null check (window_seconds between 60 and 691200),
	most           numeric not null,
	least          integer not null default 0,
	runs           text not null check (runs in ('call', 'tick')),
	act            text not null default 'none' check (act in ('none', 'hold', 'suspend_key', 'suspend_desk', 'suspend_clerk')),
	hold_seconds   integer not null default 0 check (hold_seconds between 0 and 604800),
	enabled        boolean not null default true,
	note           text not null,
	check ((act = 'hold') = (hold_seconds > 0)),
	check (act not in ('suspend_desk', 'suspend_clerk') or per in ('desk', 'staff', 'series')),
	check (act <> 'suspend_key' or per in ('contact', 'key')),
	check ((measure in ('share', 'missing')) = (cardinality(of) > 0)),
	check (measure not in ('share', 'missing', 'mean', 'sigma', 'days') or runs = 'tick'),
	check (per not in ('desk', 'staff', 'prefix') or runs = 'tick')
);
comment on table centre.watch_rule is 'What is an alert: the measure over the window exceeds most (kioskctl alerts rules). count: how often; others: how many persons,
identifiers or documents; desks: at how many at once; all: each of what was seen; last: the last of what, after all the others; share: what
among of, and missing: one less it, of at least least; mean: times the mean of the 28 days before, and at least least; sigma: standard deviations above the
other staff, and at least least; days: on how many days, and at least least others.';
insert into centre.watch_rule (name, number, per, measure, what, of, window_seconds, most, least, runs, act, hold_seconds, note) values
	('codes_often',      1, 'contact',  'count',   '{code_sent}', '{}', 900, 4, 0, 'call', 'hold', 120,
		'more codes to one contact than a desk may send'),
	('codes_day',        1, 'contact',  'count',   '{code_sent}', '{}', 86400, 10, 0, 'call', 'hold', 3600,
		'as login.gov: ten codes a day to a contact'),
	('code_guesses',     2, 'contact',  'count',   '{code_wrong}', '{}', 86400, 6, 0, 'call', 'hold', 3600,
		'wrong codes of more than two visits in a day'),
	('pin_guesses',      3, 'key',      'count',   '{pin_wrong}', '{}', 86400, 8, 0, 'call', 'none', 0,
		'a key locked three times in a day'),
	('source_burst',     4, 'source',   'others',  '{unknown_identifier,pin_wrong,pin_right}', '{}', 600, 20, 0, 'call', 'hold', 600,
		'identifiers tried from one network (/24 or /48)'),
	('source_hour',      4, 'source',   'others',  '{unknown_identifier,pin_wrong,pin_right}', '{}', 3600, 100, 0, 'call', 'hold', 3600,
		'identifiers tried from one network (/24 or /48)'),
	('enumeration',      5, 'source',   'share',   '{unknown_identifier}', '{unknown_identifier,pin_wrong,pin_right}', 86400, 0.5, 50, 'tick', 'hold', 3600,
		'whoever asks who has a key meets mostly nobody'),
	('contact_persons',  6, 'contact',  'others',  '{code_sent}', '{}', 172800, 2, 0, 'call', 'hold', 120,
		'one phone for many people; a couple that shares one is told so and comes with another'),
	('changed_then_high', 7, 'key',     'last',    '{changed_contact,signed_in_high}', '{}', 86400, 0, 0, 'call', 'hold', 86400,
		'a new contact, and a signature or a sign-in of the high level within a day'),
	('takeover',         8, 'key',      'all',     '{changed_unblock,changed_pin,changed_contact}', '{}', 604800, 0, 0, 'call', 'none', 0,
		'unblocked, a new PIN and a new contact within a week'),
	('pumping',          9, 'prefix',   'mean',    '{code_sent}', '{}', 86400, 5, 50, 'tick', 'none', 0,
		'codes to a prefix that earns by them'),
	('unanswered',      10, 'staff',    'missing', '{code_confirmed,code_wrong}', '{code_sent}', 86400, 0.8, 20, 'tick', 'none', 0,
		'codes sent that nobody enters'),
	('source_unanswered', 10, 'source', 'missing', '{code_confirmed,code_wrong}', '{code_sent}', 86400, 0.8, 20, 'tick', 'hold', 3600,
		'codes sent that nobody enters'),
	('peers_keys',      13, 'staff',    'sigma',   '{key_made}', '{}', 86400, 3, 20, 'tick', 'none', 0,
		'one member of staff makes far more keys than the others'),
	('peers_changes',   13, 'staff',    'sigma',   '{changed_contact,changed_pin,changed_unblock}', '{}', 86400, 3, 15, 'tick', 'none', 0,
		'one member of staff changes far more keys than the others'),
	('peers_search',    13, 'staff',    'sigma',   '{search}', '{}', 86400, 3, 15, 'tick', 'none', 0,
		'one member of staff looks up far more people than the others'),
	('after_hours',     13, 'staff',    'count',   '{opened_after_hours}', '{}', 604800, 2, 0, 'tick', 'none', 0,
		'cases opened when desks are closed'),
	('one_series',      13, 'series',   'days',    '{opened}', '{}', 604800, 2, 6, 'tick', 'none', 0,
		'foreigners'' documents of one series at one member of staff, on more days than a group needs'),
	('two_desks',       16, 'document', 'desks',   '{opened,ended}', '{}', 900, 1, 0, 'call', 'none', 0,
		'one document at a desk while another has it');

create table centre.watch_alert (
	id          uuid primary key,
	number      bigint generated always as identity unique,
	rule        text not null references centre.watch_rule,
	who         bytea,       -- as its counters have it; forgotten with the key
	key         bigint,
	desk        text not null default '',
	staff       text not null default '',
	value       numeric not null,
	rows        jsonb,       -- the counters that led to it
	opened_at   timestamptz not null,
	seen_at     timestamptz not null,
	act         text not null, -- by policy
	acted_at    timestamptz,
	decision    text check (decision in ('no_suspicion', 'watch_7_days', 'suspend_key', 'suspend_desk', 'suspend_clerk')),
	reason      text check (reason in ('explained', 'expected', 'unclear', 'misuse', 'other')),
	decided_at  timestamptz,
	decided_by  text references centre.staff,
	shift       uuid references centre.shift,
	jws         bytea,       -- what the supervisor signed
	applied_at  timestamptz, -- a registrar verified it, and what it decides was done
	quiet_until timestamptz,
	check ((jws is null) = (decision is null) and (jws is null) = (reason is null) and (jws is null) = (decided_at is null)
		and (jws is null) = (decided_by is null) and (jws is null) = (shift is null))
);
create index watch_alert_open on centre.watch_alert (opened_at) where applied_at is null;
create index watch_alert_who on centre.watch_alert (who);
comment on table centre.watch_alert is 'Cases for supervisors that a rule opened. Subject, key and counters are forgotten 90 days after.';

create table centre.watch_hold (
	per   text not null,
	who   bytea not null,
	until timestamptz not null,
	primary key (per, who)
);
comment on table centre.watch_hold is 'What policy has wait, see internal.held.';

create table centre.watch_state (
	only_row boolean primary key default true check (only_row),
	ticked   timestamptz not null default '-infinity'
);
insert into centre.watch_state default values;
comment on table centre.watch_state is 'When the rules of the registrars'' round were looked at last.';
