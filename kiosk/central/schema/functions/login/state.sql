-- What the login service keeps, see centre.login_row; and the services that it knows.

create function login.put(p_id bytea, p_sealed bytea, p_life integer) returns void
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
	if not coalesce(octet_length(p_id) = 32 and octet_length(p_sealed) <= 65536 and p_life between 1 and 86400, false) then
		perform internal.refuse('BK005', 'invalid');
	end if;
	insert into centre.login_row as r (id, sealed, expires_at) values (p_id, p_sealed, internal.row_end(p_life))
		on conflict (id) do update set sealed = excluded.sealed, expires_at = excluded.expires_at;
end $$;
comment on function login.put is 'Keeps a row, or what is in it now, for p_life seconds from now, rounded up to the minute. One that was taken stays so.';

create function login.get(p_id bytea) returns bytea
	language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
	return (select sealed from centre.login_row where id = p_id and expires_at > clock_timestamp());
end $$;
comment on function login.get is 'A row; null when there is none, or its time is over.';

create function login.take(p_id bytea, out sealed bytea, out first boolean)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
	update centre.login_row r set taken = true where r.id = p_id and not r.taken and r.expires_at > clock_timestamp() returning r.sealed into sealed;
	first := found;
	if not first then
		select r.sealed into sealed from centre.login_row r where r.id = p_id and r.expires_at > clock_timestamp();
	end if;
end $$;
comment on function login.take is 'As get. first: nobody took it before, which one caller only is told, however many ask at the same time. It stays there, so that whoever
comes second is known by it.';

create function login.drop(p_id bytea) returns void
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
	delete from centre.login_row where id = p_id;
end $$;
comment on function login.drop is 'Deletes a row.';

create function login.once(p_id bytea, p_life integer) returns boolean
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
	if not coalesce(octet_length(p_id) = 32 and p_life between 1 and 86400, false) then
		perform internal.refuse('BK005', 'invalid');
	end if;
	insert into centre.login_row (id, sealed, expires_at, taken) values (p_id, '', internal.row_end(p_life), true) on conflict do nothing;
	return found;
end $$;
comment on function login.once is 'Remembers an identifier for p_life seconds; false when it was there, of whatever kind.';

create function login.client(p_id text) returns jsonb
	language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
	return (select jsonb_build_object('id', c.id, 'name', c.name, 'sector', c.sector, 'redirect_uris', c.redirect_uris, 'loopback', c.loopback,
			'logout_uris', c.logout_uris, 'auth', c.auth, 'jwks', c.jwks, 'claims', c.claims, 'accepts_shown', c.accepts_shown,
			'id_token_alg', c.id_token_alg, 'require_par', c.require_par,
			'secrets', array_remove(array[encode(c.secret, 'hex'), case when c.former_until > clock_timestamp() then encode(c.former, 'hex') end], null))
		from centre.client c where c.id = p_id and c.state = 'active');
end $$;
comment on function login.client is 'A service as it is registered: {id, name, sector, redirect_uris, loopback, logout_uris, auth, secrets: [SHA-256 in hex], jwks, claims,
accepts_shown, id_token_alg, require_par}; null when it is unknown or suspended.';

create function login.settings() returns jsonb
	language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
	return internal.rules();
end $$;
comment on function login.settings is 'The rules, as desk.hello tells them.';

create function login.holder(p_try uuid, out person bigint, out record bytea, out level text, out numbers jsonb, out epoch text)
	language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
	x centre.sign_in_try := internal.signed_in(p_try);
begin
	select k.person, k.level, k.register || '.' || k.version || '.' || x.epoch, r.record,
			(select coalesce(jsonb_agg(jsonb_build_object('kind', n.kind, 'value', n.value, 'source', case n.source when 'chip' then 'proven' else 'shown' end)
				order by n.kind), '[]') from centre.person_number n where n.person = k.person and n.source in ('chip', 'paper'))
		into person, level, epoch, record, numbers
		from centre.key k join centre.key_record r on r.key = k.register and r.version = k.version where k.register = x.key;
end $$;
comment on function login.holder is 'Who is signed in: record is what a registrar signed of the key, which the caller verifies; numbers those that may not stand there,
[{kind, value, source}], source proven (a chip said it) or shown (on a paper). epoch is another once the key was changed. BK019 not_signed_in: no such try, it is older than
login_session_seconds, or the key was changed or ended since.';
