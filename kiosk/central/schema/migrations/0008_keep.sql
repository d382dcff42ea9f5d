-- Delivery, retention, and what is stored about a person.

create table centre.message (
	job        bigint primary key references centre.job on delete cascade,
	enrolment  uuid references centre.enrolment,
	kind       text not null, -- the job's
	channel    text not null check (channel in ('sms', 'email')),
	state      text not null default 'queued' check (state in ('queued', 'sent', 'delivered', 'failed')),
	reason     text check (reason in ('unknown_number', 'mailbox_unknown', 'domain_unknown', 'mailbox_full', 'switched_off', 'barred',
		'spam', 'refused', 'unavailable', 'too_late', 'other')),
	message_id text,
	reference  integer, -- of one that may have left without an answer, and to whom: see registrar.message_unsure
	contact    bytea,
	unsure_at  timestamptz,
	queued_at  timestamptz not null default clock_timestamp(),
	sent_at    timestamptz,
	ended_at   timestamptz, -- delivered or failed
	check (state <> 'failed' or reason is not null),
	check ((reference is null) = (unsure_at is null) and (reference is null) = (contact is null))
);
create index message_enrolment on centre.message (enrolment);
create index message_id on centre.message (message_id) where message_id is not null;
create index message_unsure on centre.message (reference) where reference is not null;
create index message_queued on centre.message (channel, queued_at) where state = 'queued';
create index message_day on centre.message (queued_at);
comment on table centre.message is 'How far each message came, whatever it is about: one row for each job that is a message. Of a queued one reason says what its
last try met.';

insert into centre.message (job, enrolment, kind, channel, state, reason, message_id, queued_at, sent_at)
	select j.id, j.enrolment, j.kind, coalesce(j.channel, c.channel), s.state, case when s.state = 'failed' then 'other' end, c.message_id,
		j.created_at, case when s.state in ('sent', 'delivered') then j.ended_at end
	from centre.job j left join centre.one_time_code c on c.id = j.code,
		lateral (select coalesce(c.delivery, case j.state when 'done' then 'sent' when 'failed' then 'failed' else 'queued' end) as state) s
	where j.kind in ('send_code', 'welcome') and coalesce(j.channel, c.channel) in ('sms', 'email');

alter table centre.receipt add column reason text;

alter table centre.alert drop constraint alert_kind_check, add constraint alert_kind_check check (kind in
	('contact_contested', 'log_gap', 'log_late', 'log_fork', 'log_witness', 'sms_waits', 'email_waits'));
insert into centre.setting (name, value, lowest, highest, note) values
	('message_alarm_seconds', '120', 10, 86400, 'messages of a channel that wait for longer, though they could leave, are an alarm');

insert into centre.setting (name, value, lowest, highest, note) values
	('keep_key_days',    '2557', 1, 36525, 'all of a key is deleted so long after its end (DL 12/2021: 7 years); with a person''s last key the person'),
	('keep_visit_days',    '90', 1,  3650, 'a visit without a key is deleted so long after its end: its counts are of no use any more'),
	('keep_job_days',      '90', 1,  3650, 'that a message left, and how far it came, is known for so long'),
	('keep_search_days', '1095', 1, 36525, 'who looked for whose key is known for so long'),
	('expiry_first_days',  '30', 0,   365, 'the holder of a key is told so long before its end; 0: not'),
	('expiry_second_days',  '7', 0,   365, 'and again'),
	('expiry_last_days',    '1', 0,   365, 'and again');

create table centre.deletion (
	id     bigint generated always as identity primary key,
	at     timestamptz not null default clock_timestamp(),
	rule   text not null check (rule in ('key', 'visit', 'job', 'search')),
	n      integer not null check (n > 0), -- how many
	key    bigint,                         -- of the rule key: which, and
	person bigint,                         -- whose, when it was their last
	actor  text not null default session_user,
	txid   xid8 not null default pg_current_xact_id(),
	check ((rule = 'key') = (key is not null)),
	check (person is null or key is not null)
);
create index deletion_txid on centre.deletion (txid);
comment on table centre.deletion is 'That something was deleted because its time was over, and when; not what it was. Only beside a row of here can history be
deleted, see internal.refuse_change.';

create index key_event_ended on centre.key_event (at) where to_state in ('cancelled', 'expired');
create index enrolment_ended on centre.enrolment (ended_at) where state in ('refused', 'abandoned', 'expired');
create index job_ended on centre.job (ended_at) where state in ('done', 'failed');
create index enrolment_subject on centre.enrolment (subject) where subject is not null;
create index search_found on centre.search using gin (found);
create index search_at on centre.search (at);

-- What refers to one another goes in one transaction, in whatever order.
alter table centre.person alter constraint person_enrolment_fkey deferrable;
alter table centre.enrolment alter constraint enrolment_activation_fkey deferrable;

create table centre.expiry_notice (
	key         bigint references centre.key,
	valid_until date,
	days        integer,
	at          timestamptz not null default clock_timestamp(),
	primary key (key, valid_until, days)
);
comment on table centre.expiry_notice is 'That the holder of a key was told of its end, so many days before. A key that is renewed has another end.';
