-- The log: what kiosk/ledger says. Functions and triggers are in functions/internal/log.sql.

create table centre.log_leaf (
	id      bigint generated always as identity primary key,
	at      timestamptz not null default clock_timestamp(),
	kind    text not null, -- the table
	op      text not null check (op in ('found', 'insert', 'update', 'delete')),
	row     text not null, -- its primary key
	actor   text not null default session_user,
	columns text not null,
	subject text,
	hidden  text,          -- the names of the columns under the seal
	sealed  bytea check (octet_length(sealed) = 32),
	number  bigint check (number >= 0),
	check ((subject is null) = (sealed is null) and (subject is null) = (hidden is null))
);
create unique index log_leaf_number on centre.log_leaf (number) where number is not null;
create index log_leaf_row on centre.log_leaf (kind, row);
create index log_leaf_waiting on centre.log_leaf (id) where number is null;
comment on table centre.log_leaf is 'Every change of what is logged, written by triggers in the transaction of the change; numbered by one registrar.';

create table centre.log_key (
	subject text primary key,
	key     bytea not null default crypto.gen_random_bytes(32) check (octet_length(key) = 32),
	made_at timestamptz not null default clock_timestamp()
);
comment on table centre.log_key is 'Under what the log seals what is personal of one subject. Deleting a row, which is logged, makes the log forget the person.';

create table centre.log_hash (
	index bigint primary key check (index >= 0),
	hash  bytea not null check (octet_length(hash) = 32)
);
comment on table centre.log_hash is 'Hashes of the tree, numbered as golang.org/x/mod/sumdb/tlog does (StoredHashIndex).';

create table centre.log_state (
	only_row boolean primary key default true check (only_row),
	size     bigint not null default 0,
	holder   text,        -- the registrar that numbers
	until    timestamptz  -- when another may
);
insert into centre.log_state default values;
comment on table centre.log_state is 'How many leaves have a number, and which registrar gives them.';

create table centre.log_checkpoint (
	id   bigint generated always as identity primary key,
	at   timestamptz not null default clock_timestamp(),
	size bigint not null,
	note text not null check (octet_length(note) <= 65536)
);
create index log_checkpoint_size on centre.log_checkpoint (size);
create index log_checkpoint_at on centre.log_checkpoint (at);
comment on table centre.log_checkpoint is 'What registrars signed and witnesses cosigned: C2SP tlog-checkpoint.';

create table centre.trust (
	id     bigint generated always as identity primary key,
	at     timestamptz not null default clock_timestamp(),
	actor  text not null default session_user,
	digest bytea not null check (octet_length(digest) = 32)
);
create index trust_actor on centre.trust (actor, id);
comment on table centre.trust is 'The trust anchors that each registrar began with, where they are not those of its last beginning.';

alter table centre.alert alter column desk set default '', alter column others set default '{}',
	drop constraint alert_kind_check, add constraint alert_kind_check check (kind in
		('contact_contested', 'log_gap', 'log_late', 'log_fork', 'log_witness')),
	add check ((kind = 'contact_contested') = (desk <> ''));
comment on table centre.alert is 'What an operator should look at (kioskctl db alerts): a desk met a contact that other desks were busy with; or the log: leaves
are missing, wait for their number, the tree is not what was signed, a witness refuses it.';
