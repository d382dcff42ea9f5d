-- A key: how it changes, how it is found, what is told of it.

-- Changes a key for a cause, tells its holder, and returns the event; null when its state does not allow that. p_set: of
-- {pin_hash, pin_subject, level, valid_until}. Whoever calls has locked the desk before, if there is one, and the enrolment.
create function internal.change_key(p_register bigint, p_cause text, p_reason text default null, p_enrolment uuid default null,
	p_shift uuid default null, p_desk text default null, p_set jsonb default '{}', p_told jsonb default '{}') returns bigint
	language plpgsql set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
	k centre.key;
	s centre.shift;
	t text;
	event bigint;
begin
	select * into k from centre.key where register = p_register for no key update;
	select x.to_state into t from centre.transition x where x.cause = p_cause and x.from_state = k.state;
	if not found then
		return null;
	end if;
	select * into s from centre.shift where id = p_shift;
	update centre.key set state = t, pin_hash = coalesce(p_set ->> 'pin_hash', pin_hash), pin_subject = coalesce(p_set ->> 'pin_subject', pin_subject),
		level = coalesce(p_set ->> 'level', level), valid_until = coalesce((p_set ->> 'valid_until')::date, valid_until),
		change = jsonb_build_object('cause', p_cause, 'reason', p_reason, 'enrolment', p_enrolment,
			'desk', coalesce(p_desk, s.desk, (select e.desk from centre.enrolment e where e.id = p_enrolment)), 'staff', s.staff)
		where register = p_register;
	event := internal.newest_event(p_register);
	perform internal.notify(p_register, event, c.notice, p_enrolment, p_told) from centre.cause c where c.name = p_cause and c.notice is not null;
	return event;
end $$;

create function internal.newest_event(p_register bigint) returns bigint
	language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
	return (select max(id) from centre.key_event where key = p_register);
end $$;

-- The living key of a document's holder. A NIF does not count: it may be anybody's who typed it.
create function internal.key_of(p_country text, p_civil_number text, p_document_number text) returns bigint
	language plpgsql stable set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
	return (select k.register from centre.person p join centre.key k on k.person = p.id
			where p.country = p_country and p.civil_number = p_civil_number and k.living and k.valid_until >= current_date
		union all
		select k.register from centre.person p join centre.key k on k.person = p.id
			where p.country = p_country and p.civil_number is null and p.document_number = p_document_number and p_civil_number is null
				and k.living and k.valid_until >= current_date);
end $$;

-- Whom the hash of a PIN names: the document's holder as they were found when the PIN was chosen.
create function internal.pin_subject(p_country text, p_civil_number text, p_document_number text) returns text
	language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
	return p_country || coalesce(':' || p_civil_number, ':document:' || p_document_number);
end $$;

create function internal.pin_subject_of(p_register bigint) returns text
	language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
	return (select coalesce(k.pin_subject, internal.pin_subject(p.country, p.civil_number, p.document_number))
		from centre.key k join centre.person p on p.id = k.person where k.register = p_register);
end $$;

-- What a registrar signed of the newest version of a key.
create function internal.newest_record(p_register bigint) returns bytea
	language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
	return (select r.record from centre.key k join centre.key_record r on r.key = k.register and r.version = k.version where k.register = p_register);
end $$;

-- A contact as a clerk is shown it: of a phone the country code (ITU-T E.164) and three digits at each end, of an address
-- the first letter and the domain.
create function internal.masked(p_channel text, p_value text) returns text
	language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
	return case p_channel
		when 'email' then left(p_value, 1) || '•••' || substr(p_value, position('@' in p_value))
		when 'sms' then (select m[1] || ' ' || case when length(m[2]) > 7 then left(m[2], 3) || ' ' else '' end || '••• ' || right(m[2], 3)
			from coalesce(regexp_match(p_value, '^([+](?:1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]))(.*)$'),
				regexp_match(p_value, '^([+][0-9]{3})(.*)$')) m)
		else '' end;
end $$;

-- Of the notices of a change, the state of the one that got furthest.
create function internal.notice_state(p_event bigint) returns text
	language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
	return coalesce((select ('{delivered,sent,queued,failed}'::text[])[min(array_position('{delivered,sent,queued,failed}', m.state))]
		from centre.notice n join centre.job j on j.about = n.id join centre.message m on m.job = j.id where n.event = p_event), 'none');
end $$;

-- A key as a clerk is shown it.
create function internal.key_told(p_register bigint) returns jsonb
	language plpgsql stable set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
	return (select jsonb_build_object('register', k.register, 'state', k.state, 'since', e.at, 'reason', e.reason, 'level', k.level,
			'valid_until', k.valid_until, 'locked_until', case when k.state = 'locked' then internal.locked_until(k.register) end,
			'pending', (select jsonb_build_object('channel', a.channel, 'value', internal.masked(a.channel, a.value), 'expires_at', a.expires_at)
				from centre.activation a where a.key = k.register and a.ended_at is null and k.state = 'pending'),
			'contacts', (select coalesce(jsonb_agg(jsonb_build_object('channel', c.channel, 'value', internal.masked(c.channel, c.value),
				'proven_at', c.proven_at) order by c.channel desc), '[]') from centre.key_contact c where c.key = k.register),
			'numbers', (select coalesce(jsonb_agg(jsonb_build_object('kind', n.kind, 'source', n.source) order by n.kind), '[]')
				from centre.person_number n where n.person = k.person),
			'offered', (select coalesce(jsonb_agg(x.name order by x.position), '[]') from centre.errand x where k.state = any (x.offered_in)),
			'timeline', (select coalesce(jsonb_agg(jsonb_build_object('at', v.at, 'cause', coalesce(v.cause, case when v.from_state is null then 'enrol' else 'expire' end),
					'from', coalesce(v.from_state, 'none'), 'to', v.to_state, 'reason', v.reason, 'desk', v.desk, 'staff', v.staff,
					'leaf', (select l.number from centre.log_leaf l where l.kind = 'key_event' and l.row = v.id::text order by l.id limit 1),
					'notice', internal.notice_state(v.id)) order by v.id desc), '[]')
				from (select * from centre.key_event y where y.key = k.register order by y.id desc limit 50) v))
		from centre.key k left join centre.key_event e on e.id = (select max(y.id) from centre.key_event y
			where y.key = k.register and y.from_state is distinct from y.to_state)
		where k.register = p_register);
end $$;
