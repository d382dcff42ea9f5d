-- What is the same for many is kept once: headers of signatures, in which the certificates of desk, staff and authorities stand, and the certificates
-- of those who sign documents. The rows of before are converted by functions/internal/content.sql.

create table centre.content (
	id      integer generated always as identity primary key,
	hash    bytea not null unique,
	bytes   bytea not null,
	used_at timestamptz not null default clock_timestamp(), -- it was in use on that day
	check (hash = sha256(bytes))
);
comment on table centre.content is 'What the evidence of many has in common, each once. What nothing refers to any more is deleted, see internal.sweep_content.';

alter table centre.evidence add column payload bytea, add column signed bytea[], add column content integer[], add column sod_at integer,
	add check ((payload is null) = (signed is null) and (payload is null or jws is null and content is not null)),
	add check (sod_at is null or sod is not null and content is not null);
comment on column centre.evidence.jws is 'Until the enrolment became a key; then it is put together of the next three by internal.whole.';
comment on column centre.evidence.payload is 'What the JWS signs.';
comment on column centre.evidence.signed is 'Of each signature the certificate that stands first in its header, empty where the whole header is kept once, and the signature.';
comment on column centre.evidence.content is 'Of each signature the header without that certificate; last, with sod_at, the certificates within sod: centre.content.';
comment on column centre.evidence.sod_at is 'The octet, from 1 on, before which the certificates within sod belong.';
create index evidence_content on centre.evidence using gin (content);

-- What is deleted is found by whatever refers to it: without these all of a table is read for each row that goes.
create index key_person on centre.key (person);
create index person_enrolment on centre.person (enrolment) where enrolment is not null;
create index enrolment_activation on centre.enrolment (activation) where activation is not null;
create index activation_enrolment on centre.activation (enrolment);
create index job_enrolment on centre.job (enrolment) where enrolment is not null;
create index job_code on centre.job (code) where code is not null;
create index code_attempt_any on centre.code_attempt (code);
drop index centre.code_attempt_code; -- of the wrong ones only
create index letter_key on centre.letter (key) where key is not null;
create index long_code_try_key on centre.long_code_try (key) where key is not null;
create index long_code_try_activation on centre.long_code_try (activation) where activation is not null;
create index review_other on centre.review (other);
create index word_try_search on centre.word_try (search);

-- LZ4, where the server was built with it, finds nothing in what is random, and says so at once.
do $$
declare
	c text;
begin
	foreach c in array '{jws,payload,sod,verification}'::text[] loop
		execute format('alter table centre.evidence alter column %I set compression lz4', c);
	end loop;
exception when feature_not_supported then
	null;
end $$;
