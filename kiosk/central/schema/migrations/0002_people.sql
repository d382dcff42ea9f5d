-- Every change of a person becomes known, and people that may be one person are shown to an operator.

alter table centre.person add column enrolment uuid references centre.enrolment;
comment on column centre.person.enrolment is 'The enrolment that the data come from.';
update centre.person p set enrolment = (select k.enrolment from centre.key k join centre.enrolment e on e.id = k.enrolment
	where k.person = p.id order by k.register desc limit 1);

create table centre.person_event (
	id        bigint generated always as identity primary key,
	person    bigint not null references centre.person,
	at        timestamptz not null default clock_timestamp(),
	what      text not null check (what in ('made', 'changed')),
	was       jsonb, -- the columns that changed, as they were
	actor     text not null default session_user,
	enrolment uuid
);
create index person_event_person on centre.person_event (person);
insert into centre.person_event (person, at, what, enrolment)
	select id, created_at, 'made', enrolment from centre.person order by id;
comment on table centre.person_event is 'Every change of a person, for ever; written by a trigger.';

create table centre.review (
	id         bigint generated always as identity primary key,
	at         timestamptz not null default clock_timestamp(),
	key        bigint not null references centre.key,
	other      bigint not null references centre.key,
	closed_at  timestamptz,
	unique (key, other),
	check (key <> other)
);
comment on table centre.review is 'Two living keys with the same NIF, claimed or proven, name, birth date and nationality: perhaps one person. It suspends nothing.';
