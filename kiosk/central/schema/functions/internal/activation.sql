-- Activation codes, for keys whose contact could not be proven on the spot.

-- Whether a contact has the one form in which it is dialled or mailed: E.164, and a dot-atom at a domain of lower-case ASCII
-- letters (RFC 5322 §3.2.3, RFC 5891). Another spelling of a mailbox would be counted, and bound to a person, as another.
create function internal.is_contact(p_channel text, p_value text) returns boolean
	language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
	return coalesce(length(p_value) <= 254 and (
		p_channel = 'sms' and p_value ~ '^[+][1-9][0-9]{6,14}$'
		or p_channel = 'email' and position('@' in p_value) <= 65
			and p_value ~ '^[A-Za-z0-9!#$%&''*+/=?^_`{|}~-]+([.][A-Za-z0-9!#$%&''*+/=?^_`{|}~-]+)*@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?[.])+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$'),
		false);
end $$;

create function internal.is_language(p_language text) returns boolean
	language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
	return coalesce(p_language ~ '^[a-z]{2}(-[A-Z][a-z]{3})?$', false);
end $$;

-- A long code as it compares: ten of the digits and capital letters that look like no other, however it was written.
create function internal.plain_code(p_code text) returns text
	language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
declare
	code text := upper(regexp_replace(p_code, '[ -]', '', 'g'));
begin
	if not coalesce(code ~ '^[2-9A-HJKMNP-Z]{10}$', false) then
		perform internal.refuse('BK005', 'invalid');
	end if;
	return code;
end $$;

create function internal.is_address(p_address jsonb) returns boolean
	language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
	return coalesce(jsonb_typeof(p_address) = 'object' and (select bool_and(x.key in ('name', 'street', 'more', 'lines', 'postcode', 'town', 'country')
			and length(x.value) <= 400 and x.value !~ '[\x01-\x1f]') from jsonb_each_text(p_address) x)
		and p_address ->> 'name' <> '' and p_address ->> 'town' <> '', false);
end $$;

create function internal.activation_life(p_channel text) returns interval
	language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
	return make_interval(secs => internal.setting('activation_' || p_channel || '_seconds'));
end $$;

-- Ends the codes of a key, which one code was given for or another replaces; where they went is forgotten.
create function internal.end_activation(p_register bigint, p_used uuid default null) returns void
	language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
	update centre.letter set address = null where key = p_register and address is not null;
	update centre.activation set ended_at = clock_timestamp(), used = (id = p_used) is true, value = null, code_key = null, mac = null
		where key = p_register and ended_at is null;
end $$;

-- Whether the code that was given at an enrolment counts no more: another replaced it, or the key had it already.
create function internal.activation_over(p_enrolment centre.enrolment) returns boolean
	language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
	return exists (select from centre.activation a where a.id = p_enrolment.activation and a.ended_at is not null);
end $$;

create function internal.job_activation(p_job centre.job) returns jsonb
	language plpgsql stable set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
	return (select jsonb_build_object('activation', a.id, 'register', a.key, 'send_no', a.send_no, 'channel', a.channel, 'value', a.value,
			'language', a.language, 'expires_at', coalesce(a.expires_at, clock_timestamp() + internal.activation_life(a.channel)))
		from centre.activation a where a.id = p_job.about and a.ended_at is null and coalesce(a.expires_at, 'infinity') > clock_timestamp());
end $$;

-- Takes back what was asked for before there was a key.
create function internal.drop_activation(p_enrolment uuid) returns void
	language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
	i uuid := (select a.id from centre.activation a where a.enrolment = p_enrolment and a.key is null); -- of most there is none
begin
	if i is not null then
		delete from centre.letter where activation = i;
		delete from centre.activation where id = i;
	end if;
end $$;

-- Asks for an activation code: of a key that there will be or, at an errand about a pending key, in place of the code before.
create function internal.ask_activation(p_enrolment centre.enrolment, p_send uuid, p_channel text, p_value text, p_address jsonb, p_language text,
	out refusal text, out expires_at timestamptz)
	language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	t timestamptz := clock_timestamp();
	a centre.activation;
	n integer := 1;
	said text := coalesce(p_value, '');
begin
	if not coalesce(p_send is not null and internal.is_language(p_language)
		and case p_channel when 'letter' then said = '' and internal.is_address(p_address)
			else p_address is null and internal.is_contact(p_channel, said) end, false) then
		perform internal.refuse('BK005', 'invalid');
	end if;
	select * into a from centre.activation where id = p_send;
	if found then
		if (a.enrolment, a.channel, coalesce(a.value, said)) is distinct from (p_enrolment.id, p_channel, said) then
			perform internal.refuse('BK004', 'conflict');
		end if;
		expires_at := coalesce(a.expires_at, a.made_at + internal.activation_life(p_channel));
		return;
	elsif p_enrolment.state <> 'open' then
		perform internal.refuse('BK002', 'enrolment_ended');
	end if;
	perform from centre.key k where k.register = p_enrolment.subject for no key update;
	refusal := case
		when t >= p_enrolment.expires_at then 'enrolment_expired'
		when internal.errand_refusal(p_enrolment.errand, p_enrolment.subject) is not null then 'wrong_state'
		when p_channel = 'sms' and (internal.destination(said)).allowed is not true then 'destination_off'
		when p_enrolment.subject is not null and (select count(*) from centre.activation x where x.key = p_enrolment.subject
			and x.made_at > t - interval '24 hours') >= internal.setting('activation_sends') then 'resends_used'
		when p_channel <> 'letter' and not internal.count_up('{codes}', array[internal.setting('centre_codes_per_hour')]) then 'centre_busy'
	end;
	if refusal is not null then
		return;
	end if;
	if p_enrolment.subject is null then
		perform internal.drop_activation(p_enrolment.id);
	else
		select 1 + coalesce(max(x.send_no), 0) into n from centre.activation x where x.key = p_enrolment.subject;
		perform internal.end_activation(p_enrolment.subject);
		update centre.enrolment set activation = null where id = p_enrolment.id; -- what was given is worth nothing any more
	end if;
	insert into centre.activation (id, enrolment, key, channel, value, language, send_no, made_at)
		values (p_send, p_enrolment.id, p_enrolment.subject, p_channel, said, p_language, n, t);
	insert into centre.letter (activation, key, address) select p_send, p_enrolment.subject, p_address where p_channel = 'letter';
	if p_enrolment.subject is not null then
		perform internal.enqueue('activation', p_enrolment.id, null, p_channel, p_send);
	end if;
	expires_at := t + internal.activation_life(p_channel);
end $$;
