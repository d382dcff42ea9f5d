-- The queue. Any number of registrars may run, each under a name of its own (p_worker).
--
-- take_job leases a job and commits by itself. Its work is settled later, in one short transaction that begins with
-- job_done, job_retry or job_failed; what else the work was is said in the same transaction, behind it. A worker
-- that dies is succeeded when the lease ends, or at once by itself when it begins again.

create function registrar.begin(p_worker text) returns void
	language sql security definer set search_path = pg_catalog, pg_temp as $$
	update centre.job set state = 'queued', worker = null, due_at = clock_timestamp() where worker = p_worker and state = 'running';
	select pg_notify('registrar_work', '');
$$;
comment on function registrar.begin is 'A registrar starts: what its name held from an earlier life is free.';

create function registrar.take_job(p_worker text, out job bigint, out kind text, out enrolment uuid, out attempts integer,
	out payload jsonb, out challenge bytea, out jws bytea, out identity bytea, out sod bytea, out sealed_pin bytea,
	out proof bytea, out chip_state bytea, out chip_dg14 bytea)
	returns setof record
	language plpgsql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
#variable_conflict use_column
declare
	most integer := internal.setting('desk_jobs');
	t timestamptz;
	d text;
	busy text; -- a desk of which somebody else is just taking a job
	holding boolean := false;
	j centre.job;
begin
	if p_worker is null or length(p_worker) not between 1 and 100 then
		perform internal.refuse('BK005', 'invalid');
	end if;
	-- A lease that a crash of the server loses is a job that is taken again: the disk is not waited for.
	perform set_config('synchronous_commit', 'off', true);
	loop
		t := clock_timestamp();
		j := null;
		busy := null;
		-- Fair between desks: first one with the fewest jobs at work, then the one that waited longest for its turn.
		-- None has more at work than desk_jobs, so two do not take jobs of one desk at a time: whoever comes second looks
		-- at the next desk first. A job that somebody has locked is passed by.
		for d in
			select x.desk from (select y.desk, min(y.due_at) from centre.job y
					where y.state in ('queued', 'running') and y.due_at <= t group by y.desk) x(desk, since),
				lateral (select count(*) from centre.job y where y.desk = x.desk and y.state = 'running' and y.due_at > t) w(working),
				lateral (select max(y.taken_at) from centre.job y where y.desk = x.desk) l(latest)
			where w.working < most order by w.working, l.latest nulls first, x.since
		loop
			if not pg_try_advisory_xact_lock(hashtextextended(d, 3)) then
				busy := coalesce(busy, d);
				continue;
			end if;
			holding := true;
			-- Seen with the lock: what others took before.
			continue when (select count(*) from centre.job y where y.desk = d and y.state = 'running' and y.due_at > t) >= most;
			select * into j from centre.job x where x.desk = d and x.state in ('queued', 'running') and x.due_at <= t
				order by x.due_at, x.id limit 1 for update skip locked;
			exit when found;
		end loop;
		-- Nobody waits who holds a desk, so no two wait for one another.
		if j.id is null and busy is not null and not holding then
			perform pg_advisory_xact_lock(hashtextextended(busy, 3));
			holding := true;
			continue;
		elsif j.id is null then
			return;
		end if;
		case j.kind
			when 'send_code' then
				select jsonb_build_object('channel', c.channel, 'value', c.value, 'language', c.language,
					'send_no', c.send_no, 'expires_at', c.expires_at, 'code_row', c.id) into payload
				from centre.one_time_code c join centre.enrolment e on e.id = c.enrolment
				where c.id = j.code and e.state = 'open' and c.value is not null
					and exists (select from centre.desk d where d.name = e.desk and d.state = 'active')
					and c.used_at is null and c.delivery = 'queued' and c.expires_at > t;
			when 'chip_challenge' then
				select '{}', c.dg14 into payload, chip_dg14
				from centre.chip_challenge c join centre.enrolment e on e.id = c.enrolment
				where c.enrolment = j.enrolment and c.state = 'queued' and e.state = 'open';
			when 'verify', 'decide' then
				select jsonb_build_object('desk', e.desk, 'opened_at', e.opened_at,
					'document_kind', e.document_kind, 'country', e.country, 'civil_number', e.civil_number,
					'document_number', e.document_number, 'tax_number', e.tax_number, 'typed', e.typed,
					'contacts', (select jsonb_agg(jsonb_build_object('channel', p.channel, 'value', p.value,
							'proof', p.id, 'confirmed_at', p.confirmed_at) order by p.channel desc)
						from centre.contact_proof p where p.enrolment = e.id),
					'desk_certificates', (select coalesce(jsonb_agg(encode(d.fingerprint, 'hex')), '[]')
						from centre.desk_certificate d where d.desk = e.desk and not d.revoked),
					'errand', e.errand, 'register', e.subject, 'version', (select k.version from centre.key k where k.register = e.subject),
					'record', translate(encode(internal.newest_record(e.subject), 'base64'), E'\n', ''), 'subject', internal.pin_subject_of(e.subject),
					'activation', (select jsonb_strip_nulls(jsonb_build_object('id', a.id, 'channel', a.channel, 'value', nullif(a.value, ''), 'address', l.address,
							'language', a.language)) from centre.activation a left join centre.letter l on l.activation = a.id
						where a.enrolment = e.id and a.key is null),
					'marked', v.marked, 'shift', internal.shift_told(e.shift), 'approval', internal.approval_told(e.id)),
					e.challenge, v.jws, v.identity, v.sod, v.sealed_pin, v.proof, c.private, c.dg14
					into payload, challenge, jws, identity, sod, sealed_pin, proof, chip_state, chip_dg14
				from centre.enrolment e join centre.evidence v on v.enrolment = e.id
					left join centre.chip_challenge c on c.enrolment = e.id and c.state = 'ready'
				where e.id = j.enrolment and case j.kind when 'verify' then e.state = 'pending' else e.state = 'waiting'
					and exists (select from centre.approval a where a.enrolment = e.id and a.jws is not null) end;
			when 'welcome' then
				select jsonb_build_object('channel', c.channel, 'value', c.value,
					'language', coalesce((select o.language from centre.one_time_code o where o.enrolment = e.id
						order by o.sent_at desc limit 1), 'pt'),
					'register', k.register, 'valid_until', k.valid_until) into payload
				from centre.enrolment e join centre.key k on k.register = e.key
					join centre.key_contact c on c.key = k.register and c.channel = j.channel
				where e.id = j.enrolment and k.living;
			else
				execute format('select internal.%I($1)', 'job_' || j.kind) using j into payload;
		end case;
		if payload is not null then
			update centre.job x set state = 'running', worker = p_worker, attempts = x.attempts + 1, taken_at = t,
				due_at = t + make_interval(secs => internal.setting('job_lease_seconds')) where x.id = j.id;
			job := j.id; kind := j.kind; enrolment := j.enrolment; attempts := j.attempts;
			return next;
			return;
		end if;
		if j.kind = 'send_code' then
			update centre.one_time_code c set delivery = 'failed' where c.id in (select x.id from centre.one_time_code x
				where x.id = j.code and x.delivery = 'queued' for no key update skip locked);
		end if;
		update centre.job x set state = 'failed', error = 'overtaken', ended_at = t where x.id = j.id;
	end loop;
end $$;
comment on function registrar.take_job is 'The next job that is due, or no row; it is this worker''s for job_lease_seconds. attempts: how often it was taken before. payload:
send_code {channel, value, language, send_no, expires_at, code_row};
chip_challenge {}, and chip_dg14;
verify {desk, opened_at, document_kind, country, civil_number, document_number, tax_number, typed, errand, register (the key it is about, and its) version,
record (base64, what a registrar signed of that version), subject (whom its PIN''s hash names), activation: {id, channel, value, address, language},
contacts: [{channel, value, proof, confirmed_at}], desk_certificates: [SHA-256 in hex], marked,
shift: null or {id, staff, role, fingerprint (hex, of the card that signed), signed_at, admitted_by, admitted_role, admission (base64),
admitted_fingerprint}; roles as they were at sign-in}, the challenge, the evidence as desk.bind took it,
and chip_state and chip_dg14 where a challenge to the chip was made;
decide: the same, and in payload approval: {jws (base64), staff, role, fingerprint, at, reasons};
welcome {channel, value, language, register, valid_until};
any other kind: what internal.job_KIND tells of it, and internal.failed_KIND is told of its failure.
A job whose enrolment has ended meanwhile, or whose code has expired, was sent or is of a desk that was cut off, is closed and not handed out.';

create function registrar.job_done(p_job bigint, p_worker text) returns void
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
	if (internal.leased(p_job, p_worker)).state = 'running' then
		update centre.job set state = 'done', ended_at = clock_timestamp() where id = p_job;
	end if;
end $$;
comment on function registrar.job_done is 'Ends a job. BK014 when the lease is another''s by now: then the transaction must be rolled back.';

create function registrar.job_retry(p_job bigint, p_worker text, p_retry_at timestamptz, p_code text, p_counts boolean default true) returns void
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
	if (internal.leased(p_job, p_worker)).state = 'running' then
		update centre.job set state = 'queued', worker = null, due_at = p_retry_at, error = p_code,
			attempts = attempts - (not p_counts)::integer where id = p_job;
	end if;
end $$;
comment on function registrar.job_retry is 'Puts a job off. p_code is a word for the operator (^[a-z0-9_.]{0,60}$), never an error text: those may name people.
p_counts: it was an attempt; else the job is as if it had not been taken.';

create function registrar.job_failed(p_job bigint, p_worker text, p_code text) returns void
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
	j centre.job := internal.leased(p_job, p_worker);
begin
	if j.state <> 'running' then
		return;
	end if;
	update centre.job set state = 'failed', error = p_code, ended_at = clock_timestamp() where id = p_job;
	if j.kind = 'send_code' then
		update centre.one_time_code set delivery = 'failed' where id = j.code;
		perform internal.tell_desk(j.enrolment, 'delivery');
	elsif j.kind = 'chip_challenge' then
		update centre.chip_challenge set state = 'unsupported' where enrolment = j.enrolment and state = 'queued';
		perform internal.tell_desk(j.enrolment, 'chip');
	elsif j.kind = 'verify' then
		perform registrar.refuse(j.enrolment, p_code);
	elsif j.kind = 'decide' then
		perform registrar.reopen(j.enrolment);
	elsif to_regprocedure('internal.failed_' || j.kind || '(centre.job,text)') is not null then
		execute format('select internal.%I($1, $2)', 'failed_' || j.kind) using j, p_code;
	end if;
end $$;
comment on function registrar.job_failed is 'Gives a job up. A message is marked failed and its desk told; an enrolment whose evidence could not be judged is
refused for that code; a case that a supervisor decided waits again; a chip is asked nothing.';

create function registrar.next_due() returns timestamptz
	language sql stable security definer set search_path = pg_catalog, pg_temp as $$
	select min(due_at) from centre.job where state in ('queued', 'running')
$$;
comment on function registrar.next_due is 'When the next job is due, or the next lease ends; null when there is neither.';
