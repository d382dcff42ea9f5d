-- What holders do on the web. What makes a new version of a key waits for a registrar, who signs its record.

-- Begins an act of who is signed in, with their key locked; the try is null when the act was begun before.
create function internal.own_act(p_try uuid, p_id uuid, p_kind text, p_fresh boolean) returns centre.sign_in_try
	language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
	a centre.own_act;
	x centre.sign_in_try;
begin
	if p_id is null then
		perform internal.refuse('BK005', 'invalid');
	end if;
	select * into a from centre.own_act where id = p_id;
	if not found then
		x := internal.signed_in(p_try, p_fresh, true);
		insert into centre.own_act (id, try, key, kind, state, version) select p_id, p_try, k.register, p_kind,
			case when p_kind = 'pin' then 'queued' else 'done' end, k.version from centre.key k where k.register = x.key;
	elsif (a.try, a.kind) is distinct from (p_try, p_kind) then
		perform internal.refuse('BK004', 'conflict');
	end if;
	return x;
end $$;

-- The state of the key that an act was about.
create function internal.acted_on(p_id uuid) returns text
	language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
	return (select k.state from centre.own_act a join centre.key k on k.register = a.key where a.id = p_id);
end $$;

-- What a registrar is told: of another PIN the text of its hash, of an activation what proved it, which it computes again itself.
create function internal.job_own_act(p_job centre.job) returns jsonb
	language plpgsql stable set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
	return (select jsonb_build_object('act', a.id, 'kind', a.kind, 'register', k.register, 'version', k.version,
			'record', translate(encode(internal.newest_record(k.register), 'base64'), E'\n', ''),
			'pin_sha256', translate(encode(sha256(convert_to(a.pin_hash, 'UTF8')), 'base64'), E'\n', ''),
			'send_no', v.send_no, 'code', a.code, 'contact', c.id, 'contact_code', a.contact_code,
			'channel', coalesce(c.channel, v.channel), 'value', coalesce(c.value, v.value), 'proven_at', coalesce(c.used_at, a.at))
		from centre.own_act a join centre.key k on k.register = a.key left join centre.sign_in_try x on x.id = a.try
			left join centre.activation v on v.id = x.activation and v.ended_at is null
			left join centre.sign_in_code c on c.id = x.contact and v.channel = 'letter'
		where a.id = p_job.about and a.state = 'queued' and k.version = a.version and case a.kind when 'pin' then k.state in ('active', 'locked')
			else k.state = 'pending' and v.id is not null and (v.channel <> 'letter' or c.used_at is not null) end);
end $$;

create function internal.failed_own_act(p_job centre.job, p_code text) returns void
	language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
	update centre.own_act set state = 'failed', pin_hash = null, code = null, contact_code = null where id = p_job.about and state = 'queued';
end $$;
