-- How far messages came. Each job that is a message has one row of centre.message, which follows it.

create function internal.message_queued() returns trigger
	language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
	via text := coalesce(new.channel, (select c.channel from centre.one_time_code c where c.id = new.code));
begin
	if via in ('sms', 'email') then -- a letter is printed
		insert into centre.message (job, enrolment, kind, channel) values (new.id, new.enrolment, new.kind, via);
	end if;
	return null;
end $$;
create trigger message_queued after insert on centre.job for each row
	when (new.kind in ('send_code', 'sign_in_code', 'welcome', 'activation', 'notify')) execute function internal.message_queued();

-- A message whose job is given up does not leave any more. One that was of no use any more may have left in a life that a
-- crash ended: a code that was typed did.
create function internal.message_failed() returns trigger
	language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
	used boolean := exists (select from centre.one_time_code c where c.id = new.code and c.used_at is not null);
begin
	update centre.message m set state = case when used then 'delivered' else 'failed' end, ended_at = clock_timestamp(), contact = null,
		reference = null, unsure_at = null,
		reason = case when not used then coalesce(m.reason, case when new.error in ('overtaken', 'code_expired') then 'too_late' else 'other' end) end
		where m.job = new.id and m.state = 'queued';
	return null;
end $$;
create trigger message_failed after update of state on centre.job for each row
	when (new.state = 'failed' and old.state <> 'failed') execute function internal.message_failed();

-- Writes down what a receipt says of a message, and tells the desk. What was delivered stays so, whatever comes behind.
create function internal.message_ended(p_job bigint, p_delivered boolean, p_reason text) returns void
	language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
	m centre.message;
begin
	update centre.message x set state = case when p_delivered then 'delivered' else 'failed' end, ended_at = clock_timestamp(),
		reason = case when not p_delivered then coalesce(p_reason, 'other') end
		where x.job = p_job and x.state <> 'delivered' returning * into m;
	if not found then
		return;
	end if;
	update centre.one_time_code c set delivery = m.state where c.id = (select j.code from centre.job j where j.id = p_job);
	if m.enrolment is not null then
		perform internal.tell_desk(m.enrolment, 'delivery');
	end if;
end $$;
