-- Who calls, and how a call is refused.

create function internal.setting(p_name text) returns integer
	language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
	return (select value::integer from centre.setting where name = p_name);
end $$;

-- Refusals that are not a normal outcome: class BK, the message is a stable word, never a datum.
--   BK001 unknown_enrolment    no such enrolment, or another desk's: it does not say which
--   BK002 enrolment_ended      it has been bound, refused, abandoned: this cannot be done any more
--   BK003 enrolment_expired    it was open for too long
--   BK004 conflict             the same identifier with another content
--   BK005 invalid              an argument outside its domain
--   BK006 no_code              no code was asked for on this channel
--   BK007 no_contact           binding without a proven contact
--   BK008 not_proven           binding without the activation code, or the sign-in, that the errand needs
--   BK009 wrong_state          (registrar) the enrolment is not waiting for this
--   BK010 person_mismatch      (registrar) the evidence speaks of another person than the enrolment
--   BK011 too_many             this desk, or all together, opened too many enrolments within the hour; or one enrolment's
--                              codes were tried too often
--   BK012 not_a_desk           the certificate is unknown, ended or revoked
--   BK013 desk_suspended
--   BK014 lease_lost           (registrar) the job is another worker's by now
--   BK015 no_shift             nobody is signed in: the shift is unknown or another desk's, has ended, or is somebody's who
--                              was suspended or whose card was revoked
--   BK016 not_allowed          who is signed in has not the role for this
--   BK019 not_signed_in        (login) nobody is signed in by this try, or not any more
create function internal.refuse(p_code text, p_word text) returns void
	language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
	raise exception using errcode = p_code, message = p_word;
end $$;

-- The desk of a client certificate.
create function internal.desk_of(p_certificate bytea) returns text
	language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
	d centre.desk;
begin
	select x.* into d from centre.desk x join centre.desk_certificate c on c.desk = x.name
		where c.fingerprint = p_certificate and not c.revoked and coalesce(c.ends_at, 'infinity') > clock_timestamp();
	if not found or d.state = 'revoked' then
		perform internal.refuse('BK012', 'not_a_desk');
	elsif d.state = 'suspended' then
		perform internal.refuse('BK013', 'desk_suspended');
	end if;
	return d.name;
end $$;

-- The same, and one call of a desk at a time from here to the end of its transaction: what is counted for a desk
-- is counted exactly, and a slow call delays nobody else.
create function internal.lock_desk(p_certificate bytea) returns text
	language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
	d text := internal.desk_of(p_certificate);
begin
	perform from centre.desk where name = d for no key update;
	return internal.desk_of(p_certificate); -- it may have been suspended while this call waited
end $$;

-- Locks and returns an enrolment of the calling desk.
create function internal.own_enrolment(p_certificate bytea, p_enrolment uuid) returns centre.enrolment
	language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
	d text := internal.lock_desk(p_certificate);
	e centre.enrolment;
begin
	select * into e from centre.enrolment where id = p_enrolment and desk = d for no key update;
	if not found then
		perform internal.refuse('BK001', 'unknown_enrolment');
	elsif not internal.shift_stands(e.shift) then
		perform internal.refuse('BK015', 'no_shift');
	end if;
	return e;
end $$;

-- The settings, and under "extensions" the laws.
create function internal.rules() returns jsonb
	language plpgsql stable set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
	return (select (select jsonb_object_agg(s.name, s.value) from centre.setting s) || jsonb_build_object('extensions',
			(select coalesce(jsonb_agg(jsonb_build_object('name', x.name, 'kinds', x.kinds, 'from', x.expired_from,
				'to', x.expired_to, 'until', x.until) order by x.name), '[]') from centre.legal_extension x)));
end $$;
