-- What became of messages.

create function registrar.message_sent(p_job bigint, p_message_id text) returns void
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
	r centre.receipt;
	e uuid;
begin
	-- If a crash of the server loses this, the job is there as before and the message is sent again: the same one.
	perform set_config('synchronous_commit', 'off', true);
	if p_message_id is not null then
		-- Against the receipt that arrives before this commits: it waits here, or is found below.
		perform pg_advisory_xact_lock(hashtextextended(p_message_id, 1));
	end if;
	update centre.message m set state = 'sent', sent_at = clock_timestamp(), message_id = p_message_id, reason = null,
		reference = null, contact = null, unsure_at = null
		where m.job = p_job and m.state = 'queued' returning m.enrolment into e;
	if not found then
		return;
	end if;
	update centre.one_time_code c set delivery = 'sent', message_id = p_message_id
		where c.id = (select j.code from centre.job j where j.id = p_job);
	delete from centre.receipt x where x.message_id = p_message_id returning * into r;
	if found then
		perform internal.message_ended(p_job, r.delivered, r.reason);
	elsif e is not null then
		perform internal.tell_desk(e, 'delivery');
	end if;
end $$;
comment on function registrar.message_sent is 'The message of this job has left, under this id (null when the channel has none).';

create function registrar.message_trouble(p_job bigint, p_reason text) returns void
	language sql security definer set search_path = pg_catalog, pg_temp as $$
	update centre.message set reason = p_reason where job = p_job and state = 'queued'
$$;
comment on function registrar.message_trouble is 'What the last try of a message met: a kiosk.FailReason. It is why the message failed, when there is no other try.';

create function registrar.message_unsure(p_job bigint, p_reference integer, p_value text) returns void
	language sql security definer set search_path = pg_catalog, pg_temp as $$
	update centre.message m set reference = p_reference, contact = internal.contact_hash(m.channel, p_value), unsure_at = clock_timestamp()
		where m.job = p_job and m.state = 'queued'
$$;
comment on function registrar.message_unsure is 'The message may have left, under this reference (user_message_reference, SMPP 3.4 §5.3.2.17), but nobody said so. A receipt with it,
from that phone, ends it; without one it is sent again.';

create function registrar.receipt(p_message_id text, p_delivered boolean, p_reason text default null, p_reference integer default null,
	p_phone text default null) returns void
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
	n bigint;
begin
	if not coalesce(length(p_message_id) between 1 and 200 and p_delivered is not null, false) then
		perform internal.refuse('BK005', 'invalid');
	end if;
	perform pg_advisory_xact_lock(hashtextextended(p_message_id, 1));
	n := (select m.job from centre.message m where m.message_id = p_message_id order by m.queued_at desc limit 1);
	if n is null and p_reference is not null and p_phone is not null then
		-- A receipt shows that a message whose sending was never confirmed did leave. Its job is done, unless a registrar works on it.
		update centre.message m set message_id = p_message_id, sent_at = m.unsure_at, reference = null, contact = null, unsure_at = null
			where m.job = (select x.job from centre.message x where x.reference = p_reference and x.state = 'queued'
				and x.contact = internal.contact_hash('sms', p_phone) and x.unsure_at > clock_timestamp() - interval '1 day' limit 1)
			returning m.job into n;
		update centre.job j set state = 'done', ended_at = clock_timestamp() where j.id = n and j.state = 'queued';
	end if;
	if n is not null then
		perform internal.message_ended(n, p_delivered, p_reason);
	else
		insert into centre.receipt as r (message_id, delivered, reason) values (p_message_id, p_delivered, p_reason)
			on conflict on constraint receipt_pkey do update set delivered = excluded.delivered, reason = excluded.reason, at = excluded.at;
	end if;
end $$;
comment on function registrar.receipt is 'What became of a message; p_reason, a kiosk.FailReason, why it did not arrive. One that is not known yet is kept for message_sent.';

create function registrar.messages_watch() returns integer
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
	via text;
	n integer := 0;
begin
	for via in
		select distinct m.channel from centre.message m
			where m.state = 'queued' and m.queued_at < clock_timestamp() - make_interval(secs => internal.setting('message_alarm_seconds'))
				and not exists (select from centre.alert a where a.kind = m.channel || '_waits' and a.at > clock_timestamp() - interval '1 hour')
	loop
		insert into centre.alert (kind) values (via || '_waits');
		n := n + 1;
	end loop;
	return n;
end $$;
comment on function registrar.messages_watch is 'Tells an operator, once an hour, of a channel whose messages wait for too long. Call it every minute.';
