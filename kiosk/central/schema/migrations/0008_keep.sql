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
