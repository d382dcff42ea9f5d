-- Long codes, and the letters that bring some of them.

create function registrar.activation_ready(p_activation uuid, p_key bytea, p_mac bytea) returns boolean
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
	if not coalesce(octet_length(p_key) >= 16 and octet_length(p_mac) = 32, false) then
		perform internal.refuse('BK005', 'invalid');
	end if;
	update centre.activation a set code_key = coalesce(a.code_key, p_key), mac = case when a.code_key is null then p_mac else a.mac end,
		expires_at = coalesce(a.expires_at, case when a.channel <> 'letter' then clock_timestamp() + internal.activation_life(a.channel) end)
		where a.id = p_activation and a.ended_at is null;
	return found;
end $$;
comment on function registrar.activation_ready is 'The MAC of an activation code, HMAC-SHA-256 under a key made for this row, before its message leaves; its life begins, of a letter
when that is printed. The first one stays. false: the code is not wanted any more, send nothing.';

create function registrar.notice_ready(p_notice uuid, p_key bytea, p_mac bytea) returns boolean
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
	if not coalesce(octet_length(p_key) >= 16 and octet_length(p_mac) = 32, false) then
		perform internal.refuse('BK005', 'invalid');
	end if;
	update centre.notice n set code_key = coalesce(n.code_key, p_key), mac = case when n.code_key is null then p_mac else n.mac end,
		expires_at = coalesce(n.expires_at, clock_timestamp() + make_interval(hours => internal.setting('not_me_hours')))
		where n.id = p_notice and n.event is not null and n.value is not null;
	return found;
end $$;
comment on function registrar.notice_ready is 'The MAC of a "this was not me" code, as activation_ready. false: the notice brings none, or was forgotten.';

create function registrar.letters(out letter uuid, out register bigint, out send_no integer, out language text, out address jsonb,
	out made_at timestamptz, out copies integer, out reason text)
	returns setof record
	language sql stable security definer set search_path = pg_catalog, pg_temp as $$
	select a.id, a.key, a.send_no, a.language, l.address, l.made_at, l.copies, l.reason
		from centre.letter l join centre.activation a on a.id = l.activation
		where l.printed_at is null and l.address is not null and a.mac is not null and a.ended_at is null order by l.made_at
$$;
comment on function registrar.letters is 'Letters to print, the oldest first. The code is derived from register and send_no, as in job activation.';

create function registrar.letter_printed(p_letter uuid) returns timestamptz
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
	until timestamptz;
begin
	update centre.letter set printed_at = clock_timestamp(), printed_by = session_user, copies = copies + 1,
		address = case when internal.setting('letter_keep_days') > 0 then address end
		where activation = p_letter and printed_at is null and address is not null;
	if found then
		update centre.activation a set expires_at = coalesce(a.expires_at, clock_timestamp() + internal.activation_life('letter'))
			where a.id = p_letter and a.ended_at is null returning a.expires_at into until;
	end if;
	return until;
end $$;
comment on function registrar.letter_printed is 'Said before a letter is printed, so that none is printed twice. Until when its code lives; null: it was printed, or is not wanted any
more: do not print it.';

create function registrar.letter_reprint(p_letter uuid, p_reason text) returns boolean
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
	if not coalesce(p_reason in ('printer_failed', 'damaged', 'returned', 'not_arrived'), false) then
		perform internal.refuse('BK005', 'invalid');
	end if;
	update centre.letter l set printed_at = null, reason = p_reason where l.activation = p_letter and l.printed_at is not null and l.address is not null
		and exists (select from centre.activation a where a.id = p_letter and a.ended_at is null);
	return found;
end $$;
comment on function registrar.letter_reprint is 'Puts a printed letter back into the queue: for printer_failed, damaged, returned or not_arrived. false: it was not printed, its code is
not wanted any more, or its address was deleted: a desk sends another code.';
