-- What holders of keys are told.

-- The language in which a key's holder was written to last.
create function internal.language_of(p_register bigint) returns text
	language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
	return coalesce((select x.language from (
		select c.language, c.sent_at from centre.one_time_code c join centre.enrolment e on e.id = c.enrolment where e.key = p_register
		union all
		select a.language, a.made_at from centre.activation a where a.key = p_register) x(language, at) order by x.at desc limit 1), 'pt');
end $$;

-- Tells the holder of a key on each of its contacts, as they are now: but for those that were proven at p_enrolment. So what
-- replaces a contact tells before. Of what somebody did, those hear as well that were replaced within not_me_hours: else who
-- replaces one after the other is soon the only one who hears. p_event, the change that it is about, has the notice bring a
-- "this was not me" code.
create function internal.notify(p_register bigint, p_event bigint, p_kind text, p_enrolment uuid default null, p_params jsonb default '{}') returns void
	language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
	n centre.notice;
begin
	for n in
		insert into centre.notice (key, event, kind, channel, value, language, params)
			select p_register, p_event, p_kind, c.channel, c.value, internal.language_of(p_register), p_params from (
				select x.channel, x.value, x.mailbox from centre.key_contact x where x.key = p_register
				union
				select x.channel, x.value, centre.mailbox(x.value) from centre.notice x join centre.key_event v on v.id = x.event
					where x.key = p_register and x.value is not null and x.made_at > clock_timestamp() - make_interval(hours => internal.setting('not_me_hours'))
						and (v.cause, x.channel) in (('phone', 'sms'), ('email', 'email'))
						and exists (select from centre.key_event y join centre.cause z on z.name = y.cause where y.id = p_event and not z.passes)) c
			where not exists (select from centre.contact_proof p where p.enrolment = p_enrolment
				and p.channel = c.channel and centre.mailbox(p.value) = c.mailbox)
			order by c.channel, c.value returning *
	loop
		perform internal.enqueue('notify', p_enrolment, null, n.channel, n.id);
	end loop;
end $$;

-- What a registrar is told of a notice: null when it was forgotten.
create function internal.job_notify(p_job centre.job) returns jsonb
	language plpgsql stable set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
	return (select jsonb_build_object('notice', n.id, 'kind', n.kind, 'channel', n.channel, 'value', n.value, 'language', n.language,
			'register', n.key, 'valid_until', k.valid_until, 'params', n.params, 'coded', n.event is not null,
			'mac_expires', coalesce(n.expires_at, clock_timestamp() + make_interval(hours => internal.setting('not_me_hours'))))
		from centre.notice n join centre.key k on k.register = n.key where n.id = p_job.about and n.value is not null);
end $$;
