-- Calls of a desk about keys without their holder's document.

create function desk.search(p_certificate bytea, p_shift uuid, p_search uuid, p_kind text, p_value text, p_country text, p_reason text, out key jsonb)
	returns setof jsonb
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	caller text := internal.lock_desk(p_certificate);
	s centre.shift := internal.live_shift(caller, p_shift, '{clerk,supervisor}');
	x centre.search;
	hash bytea := internal.contact_hash(coalesce(p_kind || ' ' || p_country, p_kind), p_value);
begin
	if not coalesce(p_search is not null and p_kind in ('phone', 'email', 'nif', 'document', 'register') and length(p_value) between 1 and 254
		and p_reason in ('holder_present', 'holder_phone', 'authority', 'supervisor_check', 'other')
		and (p_kind <> 'document' or p_country ~ '^[A-Z]{1,3}$') and (p_kind <> 'register' or p_value ~ '^[0-9]{1,18}$'), false) then
		perform internal.refuse('BK005', 'invalid');
	end if;
	select * into x from centre.search y where y.id = p_search;
	if not found then
		if (select count(*) from centre.search y where y.desk = caller and y.kind <> 'look' and y.at > clock_timestamp() - interval '1 hour')
			>= internal.setting('searches_per_hour') then
			perform internal.refuse('BK011', 'too_many');
		end if;
		insert into centre.search as y (id, desk, staff, kind, value, reason, found) values (p_search, caller, s.staff, p_kind, hash, p_reason,
			internal.keys_found(p_kind, p_value, p_country)) returning y.* into x;
	elsif (x.desk, x.staff, x.kind, x.value, x.reason) is distinct from (caller, s.staff, p_kind, hash, p_reason) then
		perform internal.refuse('BK004', 'conflict');
	end if;
	return query select internal.key_told(f.register) || jsonb_build_object('initials', internal.initials(p.given_names || ' ' || p.surname))
		from unnest(x.found) with ordinality f(register, n) join centre.key k on k.register = f.register join centre.person p on p.id = k.person
		order by f.n;
end $$;
comment on function desk.search is 'Keys by phone, email, nif, document (p_country issued it) or register, living ones first, five at most: as desk.open_enrolment tells a key, with the
holder''s initials for a name. Each search is logged with its reason: holder_present, holder_phone, authority, supervisor_check, other.';

create function desk.suspend_by_word(p_certificate bytea, p_shift uuid, p_search uuid, p_register bigint, p_birth_date text, p_number text,
	p_reason text, out refusal text, out register bigint, out state text)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	caller text := internal.lock_desk(p_certificate);
	s centre.shift := internal.live_shift(caller, p_shift, '{clerk,supervisor}');
	k centre.key;
begin
	if not exists (select from centre.search x where x.id = p_search and x.desk = caller and p_register = any (x.found))
		or not exists (select from centre.reason r where r.cause = 'word' and r.reason = p_reason) then
		perform internal.refuse('BK005', 'invalid');
	end if;
	select * into k from centre.key x where x.register = p_register for no key update;
	if exists (select from centre.word_try w where w.search = p_search and w.key = p_register and w.good) then
		register := k.register; -- said again
		state := k.state;
		return;
	end if;
	refusal := case
		when not exists (select from centre.transition t where t.cause = 'word' and t.from_state = k.state) then 'wrong_state'
		when (select count(*) from centre.word_try w where w.key = p_register and not w.good and w.at > clock_timestamp() - interval '1 hour')
			>= internal.setting('word_tries') then 'code_locked'
		when not exists (select from centre.person p where p.id = k.person and p.birth_stated = p_birth_date and (internal.setting('word_asks') = 1
			or upper(p_number) in (p.document_number, p.civil_number) or p.country = 'PRT' and p_number ~ '^[0-9]{8,9}$' and left(p_number, 8) = p.civil_number
			or exists (select from centre.person_number n where n.person = p.id and n.kind = 'nif' and n.value = p_number))) then 'not_confirmed'
	end;
	if refusal is null or refusal = 'not_confirmed' then
		insert into centre.word_try (key, search, good) values (p_register, p_search, refusal is null);
	end if;
	if refusal is not null then
		return;
	end if;
	perform internal.change_key(p_register, 'word', p_reason, null, p_shift, caller);
	register := p_register;
	select x.state into state from centre.key x where x.register = p_register;
end $$;
comment on function desk.suspend_by_word is 'Suspends a key that p_search found at its holder''s word, without a document: they know the birth date, as the document states it, and by the setting
word_asks the number of the document or the NIF. refusal: not_confirmed; code_locked (word_tries were wrong within the hour); wrong_state.';

create function desk.not_me(p_certificate bytea, p_shift uuid, p_attempt uuid, p_code text, out refusal text, out register bigint, out state text)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	caller text := internal.lock_desk(p_certificate);
	s centre.shift := internal.live_shift(caller, p_shift, '{clerk,supervisor}');
	code text := internal.plain_code(p_code);
	t timestamptz := clock_timestamp();
	y centre.long_code_try;
	n centre.notice;
begin
	if p_attempt is null then
		perform internal.refuse('BK005', 'invalid');
	end if;
	select * into y from centre.long_code_try where id = p_attempt;
	if found and (y.desk, y.enrolment) is distinct from (caller, null) then
		perform internal.refuse('BK004', 'conflict');
	elsif not found then
		if (select count(*) from centre.long_code_try x where x.desk = caller and x.enrolment is null and x.refusal is not null
			and x.at > t - interval '1 hour') >= internal.setting('not_me_tries') then
			perform internal.refuse('BK011', 'too_many');
		end if;
		n := internal.not_me(code);
		if n.id is null then
			refusal := 'code_wrong';
		else
			perform internal.change_key(n.key, 'not_me', null, null, p_shift, caller); -- one that is suspended or over stays so
			register := n.key;
			select k.state into state from centre.key k where k.register = n.key;
		end if;
		insert into centre.long_code_try as x (id, desk, at, refusal, key, state) values (p_attempt, caller, t, refusal, register, state) returning x.* into y;
	end if;
	refusal := y.refusal;
	register := y.key;
	state := y.state;
end $$;
comment on function desk.not_me is 'Freezes at once the key whose holder was told of a change that was not theirs, by the one-use code from the notice. register and state: what it is now.
refusal: code_wrong (also used or too old). not_me_tries wrong ones at a desk within the hour are BK011.';
