-- What the work of a job was.

create function registrar.settings() returns jsonb
	language sql stable security definer set search_path = pg_catalog, pg_temp as $$
	select internal.rules()
$$;
comment on function registrar.settings is 'The rules, as desk.hello tells them.';

create function registrar.code_ready(p_code_row uuid, p_key bytea, p_mac bytea) returns boolean
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
	if not coalesce(octet_length(p_key) >= 16 and octet_length(p_mac) = 32, false) then
		perform internal.refuse('BK005', 'invalid');
	end if;
	update centre.one_time_code c set key = coalesce(c.key, p_key), mac = case when c.key is null then p_mac else c.mac end
		where c.id = p_code_row and c.value is not null and c.used_at is null;
	return found;
end $$;
comment on function registrar.code_ready is 'The MAC of a code, HMAC-SHA-256 under a key made for this row, before its message leaves. A retried send gives the same code
again; the first key stays. false: the code is not wanted any more, send nothing.';

create function registrar.chip_challenge_made(p_enrolment uuid, p_to_send bytea, p_private bytea) returns void
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
	e centre.enrolment;
begin
	if (p_to_send is null) <> (p_private is null) or octet_length(p_to_send) not between 1 and 16384
		or octet_length(p_private) not between 1 and 65536 then
		perform internal.refuse('BK005', 'invalid');
	end if;
	select * into e from centre.enrolment where id = p_enrolment for no key update;
	if e.state is distinct from 'open' then
		perform internal.refuse('BK009', 'wrong_state');
	end if;
	update centre.chip_challenge c set state = case when p_to_send is null then 'unsupported' else 'ready' end,
		to_send = p_to_send, private = p_private where c.enrolment = p_enrolment and c.state = 'queued';
	perform internal.tell_desk(p_enrolment, 'chip');
end $$;
comment on function registrar.chip_challenge_made is 'What the desk sends to the chip, and what the centre keeps to verify the answer with, sealed; both null when the chip has no key for
it. Said again it changes nothing: the first one is what the desk was told.';

create function registrar.chip_proven(p_enrolment uuid, p_private bytea) returns void
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
	update centre.chip_challenge c set private = p_private from centre.enrolment e
		where c.enrolment = p_enrolment and e.id = p_enrolment and e.state = 'active' and c.private is not null;
end $$;
comment on function registrar.chip_proven is 'The enrolment is a key: what the chip''s answer was verified with, unsealed, so that anybody can verify it again.';

create function registrar.refuse(p_enrolment uuid, p_reason text) returns void
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
	e centre.enrolment;
begin
	if not coalesce(p_reason ~ '^[a-z0-9_.]{1,60}$', false) then
		perform internal.refuse('BK005', 'invalid');
	end if;
	select * into e from centre.enrolment where id = p_enrolment for no key update;
	if e.state = 'refused' then
		return;
	elsif e.state is null or e.state not in ('pending', 'waiting') then
		perform internal.refuse('BK009', 'wrong_state');
	end if;
	perform internal.end_enrolment(p_enrolment, 'refused', p_reason);
end $$;
comment on function registrar.refuse is 'The evidence did not hold, for a kiosk.Reason or ProblemCode. Repeating it changes nothing; an active enrolment is not refused any more.';

create function registrar.heartbeat(p_worker text, p_sms text, p_email text) returns void
	language sql security definer set search_path = pg_catalog, pg_temp as $$
	insert into centre.worker as w (name, seen, sms, email) values (p_worker, clock_timestamp(), p_sms, p_email)
		on conflict (name) do update set seen = excluded.seen, sms = excluded.sms, email = excluded.email
$$;
comment on function registrar.heartbeat is 'This registrar lives and so do its channels: good, poor or down.';

create function registrar.expire() returns integer
	language plpgsql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
	i uuid;
	k centre.key;
	n integer := 0;
	old timestamptz := clock_timestamp() - interval '1 day';
begin
	for i in
		select e.id from centre.enrolment e where e.state in ('open', 'waiting') and e.expires_at <= clock_timestamp()
			and internal.standing(e) = 'expired' order by e.id for no key update skip locked
	loop
		perform internal.end_enrolment(i, 'expired', null);
		n := n + 1;
	end loop;
	for k in
		select * from centre.key where living and valid_until < current_date order by register for update skip locked
	loop
		perform internal.change_key(k.register, 'expire', 'validity_ended');
		n := n + 1;
	end loop;
	for k in
		select * from centre.key y where y.state = 'pending' and (select max(coalesce(a.expires_at, a.made_at)) from centre.activation a
			where a.key = y.register) < clock_timestamp() - make_interval(days => internal.setting('pending_days')) order by y.register for update skip locked
	loop
		perform internal.change_key(k.register, 'expire', 'never_activated');
		n := n + 1;
	end loop;
	update centre.letter set address = null
		where address is not null and printed_at < clock_timestamp() - make_interval(days => internal.setting('letter_keep_days'));
	update centre.notice set value = null, code_key = null, mac = null where value is not null
		and made_at < clock_timestamp() - 2 * make_interval(hours => internal.setting('not_me_hours'));
	update centre.one_time_code c set contact = null where c.id = any (array(
		select x.id from centre.one_time_code x where x.contact is not null and x.sent_at < old
			and (select e.ended_at < old from centre.enrolment e where e.id = x.enrolment) for no key update of x skip locked));
	update centre.alert set contact = null where at < old and contact is not null;
	delete from centre.alert where at < old - interval '89 days';
	delete from centre.receipt where at < old;
	delete from centre.worker where seen < old;
	delete from centre.tally where slot < old;
	perform internal.sign_in_sweep();
	perform internal.login_sweep();
	return n;
end $$;
comment on function registrar.expire is 'Ends enrolments that were open, or waited, too long and keys past their last day, forgets what no limit needs any more. Returns how many
enrolments and keys ended. Call it every minute.';
