-- Try your key: the calls of a desk at which somebody signs in. A registrar compares the PIN.

create function internal.own_try(p_certificate bytea, p_enrolment uuid, p_try uuid) returns centre.desk_try
	language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
	e centre.enrolment := internal.own_enrolment(p_certificate, p_enrolment);
	d centre.desk_try;
begin
	select * into d from centre.desk_try where id = p_try and enrolment = p_enrolment;
	if not found then
		perform internal.refuse('BK001', 'unknown_try');
	elsif e.state <> 'open' then
		perform internal.refuse('BK002', 'enrolment_ended');
	elsif clock_timestamp() >= e.expires_at then
		perform internal.refuse('BK003', 'enrolment_expired');
	end if;
	return d;
end $$;

create function internal.try_told(p_try uuid, out state text, out delivery text)
	language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
	select coalesce((select x.state from centre.sign_in_try x where x.id = p_try and d.state = 'code'), d.state),
			(select m.state from centre.sign_in_code c join centre.job j on j.about = c.id join centre.message m on m.job = j.id
				where c.try = p_try order by c.sent_at desc limit 1)
		into state, delivery from centre.desk_try d where d.id = p_try;
end $$;

create function desk.try(p_certificate bytea, p_enrolment uuid, p_try uuid, p_kind text, p_value text, p_sealed_pin bytea,
	out state text, out delivery text)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	e centre.enrolment := internal.own_enrolment(p_certificate, p_enrolment);
	t timestamptz := clock_timestamp();
	d centre.desk_try;
	named text := nullif(p_value, '');
	hash bytea := sha256(convert_to(p_kind || ':' || p_value || ':', 'UTF8') || p_sealed_pin);
begin
	select * into d from centre.desk_try where id = p_try;
	if found then
		if (d.enrolment, d.content) is distinct from (p_enrolment, hash) then
			perform internal.refuse('BK004', 'conflict');
		end if;
	else
		if not coalesce(p_try is not null and octet_length(p_sealed_pin) between 1 and 4096, false)
			or not exists (select from centre.errand r where r.name = e.errand and r.needs_try)
			or (named is null) <> (e.subject is not null) and e.errand <> 'renew' then
			perform internal.refuse('BK005', 'invalid');
		elsif e.state <> 'open' then
			perform internal.refuse('BK002', 'enrolment_ended');
		elsif t >= e.expires_at then
			perform internal.refuse('BK003', 'enrolment_expired');
		elsif (select count(*) from centre.desk_try y where y.enrolment = p_enrolment) >= internal.setting('sign_in_tries_of_a_visit') then
			perform internal.refuse('BK011', 'too_many');
		end if;
		named := coalesce(named, case p_kind
			when 'passport' then (select p.country || ':' || p.document_number from centre.key k join centre.person p on p.id = k.person
				where k.register = e.subject and p.civil_number is null)
			else (select c.value from centre.key_contact c where c.key = e.subject
				and c.channel = case p_kind when 'phone' then 'sms' when 'email' then 'email' end) end);
		if not internal.is_sign_in_name(p_kind, named) then
			perform internal.refuse('BK005', 'invalid');
		end if;
		insert into centre.desk_try (id, enrolment, kind, value, sealed_pin, content, made_at)
			values (p_try, p_enrolment, p_kind, named, p_sealed_pin, hash, t);
		perform internal.enqueue('try', p_enrolment, null, null, p_try);
	end if;
	select x.state, x.delivery into state, delivery from internal.try_told(p_try) x;
end $$;
comment on function desk.try is 'Has a PIN compared, sealed for this enrolment, in an errand that signs in. p_value is empty where the key at hand is meant; with renew it may name
another (p_kind: phone, email, passport, as login.begin has them). state: queued (a registrar tells the desk, kind try), no (the centre does not say why), failed (it is typed
again, as another try), code, signed_in, over.';

create function desk.try_status(p_certificate bytea, p_enrolment uuid, p_try uuid, out state text, out delivery text)
	language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	caller text := internal.desk_of(p_certificate);
begin
	if not exists (select from centre.desk_try d join centre.enrolment e on e.id = d.enrolment
			where d.id = p_try and e.id = p_enrolment and e.desk = caller) then
		perform internal.refuse('BK001', 'unknown_try');
	end if;
	select x.state, x.delivery into state, delivery from internal.try_told(p_try) x;
end $$;
comment on function desk.try_status is 'How far a try is, and the newest code''s delivery.';

create function desk.try_code(p_certificate bytea, p_enrolment uuid, p_try uuid, p_send uuid, p_channel text, p_language text,
	out refusal text, out sent_at timestamptz, out expires_at timestamptz, out resend_at timestamptz, out sends_left integer, out tries_left integer)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
	perform internal.own_try(p_certificate, p_enrolment, p_try);
	select x.* into refusal, sent_at, expires_at, resend_at, sends_left, tries_left
		from login.send_code(p_try, p_send, p_channel, p_language) x;
end $$;
comment on function desk.try_code is 'As login.send_code.';

create function desk.try_attempt(p_certificate bytea, p_enrolment uuid, p_try uuid, p_attempt uuid, p_code text,
	out refusal text, out tries_left integer, out register bigint, out record bytea)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
	perform internal.own_try(p_certificate, p_enrolment, p_try);
	select x.* into refusal, tries_left, register, record from login.code(p_try, p_attempt, p_code) x;
end $$;
comment on function desk.try_attempt is 'As login.code.';
