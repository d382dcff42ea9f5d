-- What becomes of enrolments and keys, whoever caused it.

-- The check digit of a NIF: weights 9 to 2, eleven less the sum modulo eleven, 10 and 11 written as 0
-- (Decreto-Lei 14/2013).
create function internal.is_tax_number(p_number text) returns boolean
	language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
	return (select case when p_number ~ '^[1-9][0-9]{8}$' then (
			select right(p_number, 1)::integer = case when s % 11 < 2 then 0 else 11 - s % 11 end
			from (select sum(substr(p_number, i, 1)::integer * (10 - i)) from generate_series(1, 8) i) d(s))
		else false end);
end $$;

-- Has the answer wait until a standby has whatever this transaction may have read, as a change does. What somebody committed and
-- gave up waiting for, or a server that crashed had, is seen before it is anywhere else, and could be lost after it was told.
create function internal.kept() returns void
	language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
	perform pg_logical_emit_message(true, 'balcao', '');
end $$;

-- Queues work: of an enrolment, or with null of none. Commits that announce something wait for one another until each is on the disk
-- (PreCommit_Notify of PostgreSQL locks the server's queue), which one disk does some hundred times a second. Codes to sign in with can be as
-- many as that: registrars find them by looking.
create function internal.enqueue(p_kind text, p_enrolment uuid, p_code uuid default null, p_channel text default null, p_about uuid default null)
	returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
	insert into centre.job (kind, enrolment, desk, code, channel, about) values (p_kind, p_enrolment,
		coalesce((select e.desk from centre.enrolment e where e.id = p_enrolment), ''), p_code, p_channel, p_about);
	if p_kind <> 'sign_in_code' or p_enrolment is not null then
		perform pg_notify('registrar_work', '');
	end if;
end $$;

-- Locks a job that is the worker's to settle and returns it: one that is settled already comes back as it is.
create function internal.leased(p_job bigint, p_worker text) returns centre.job
	language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
	j centre.job;
begin
	select * into j from centre.job where id = p_job and worker = p_worker for update;
	if not found or j.state = 'queued' then
		perform internal.refuse('BK014', 'lease_lost');
	end if;
	return j;
end $$;

-- Tells the desk that something about its enrolment changed. It is a hint: the desk asks for the status.
create function internal.tell_desk(p_enrolment uuid, p_kind text) returns void
	language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
	perform pg_notify('desk_events', json_build_object('desk', e.desk, 'enrolment', e.id, 'kind', p_kind)::text)
		from centre.enrolment e where e.id = p_enrolment;
end $$;

-- Ends an enrolment and forgets the person: what is left are identifiers, states and counts. Of one that became
-- a key the signatures stay, and what they and the chip's proof are verified with.
create function internal.end_enrolment(p_enrolment uuid, p_state text, p_refusal text) returns void
	language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
	keep boolean := p_state = 'active';
	proven centre.evidence;
begin
	update centre.approval set checks = null where enrolment = p_enrolment;
	if found then
		perform internal.tell_supervisors();
	end if;
	update centre.enrolment set state = p_state, refusal = p_refusal, ended_at = clock_timestamp(),
		country = null, civil_number = null, document_number = null, tax_number = null where id = p_enrolment;
	update centre.one_time_code set value = null, key = null, mac = null where enrolment = p_enrolment;
	update centre.contact_proof set value = null where enrolment = p_enrolment;
	perform internal.drop_activation(p_enrolment);
	select * into proven from centre.evidence where enrolment = p_enrolment;
	if keep then
		proven := internal.packed(proven);
	end if;
	update centre.evidence set identity = null, sealed_pin = null, jws = case when keep then proven.jws end, payload = proven.payload, signed = proven.signed,
		content = proven.content, sod = case when keep then proven.sod end, sod_at = proven.sod_at, proof = case when keep then proof end where enrolment = p_enrolment;
	-- An answer to the centre's own key is worth nothing without it; 2 is that kind of proof.
	update centre.chip_challenge c set dg14 = null, to_send = null, private = case when keep and exists (
			select from centre.evidence v where v.enrolment = p_enrolment and substr(v.proof, 1, 1) = decode('02', 'hex'))
			then c.private end
		where c.enrolment = p_enrolment;
	perform internal.tell_desk(p_enrolment, 'key');
end $$;

-- What a registrar signed of an active key, as it is now.
create function internal.active_record(p_key bigint) returns bytea
	language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
	return (select r.record from centre.key k join centre.key_record r on r.key = k.register and r.version = k.version
		where k.register = p_key and k.state in ('pending', 'active', 'locked', 'blocked'));
end $$;

-- Keys past their last day that stand in the way of a new one, of the same person, under the same proven NIF or
-- holding one of the enrolment's contacts, are expired now rather than at the next round of registrar.expire.
create function internal.lapse_for(p_person bigint, p_enrolment uuid, p_tax_number text) returns void
	language plpgsql set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
	k centre.key;
begin
	for k in
		select * from centre.key where living and valid_until < current_date and register in (
			select x.register from centre.key x where x.living and x.person = p_person
			union all
			select x.register from centre.key x where x.living and x.tax_number = p_tax_number
			union all
			select c.key from centre.key_contact c join centre.contact_proof p
				on p.channel = c.channel and centre.mailbox(p.value) = c.mailbox
				where p.enrolment = p_enrolment and c.living)
		order by register for update
	loop
		perform internal.change_key(k.register, 'expire', 'validity_ended');
	end loop;
end $$;
