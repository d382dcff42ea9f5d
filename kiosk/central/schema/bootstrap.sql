-- What only a superuser can do, once per database and harmless to repeat: roles, schemas, and closing
-- what PostgreSQL leaves open to everybody. The migrations run after it as balcao_owner.

-- balcao_owner owns everything and logs in nowhere. balcao_centre is the login of the door (cmd/centre), balcao_login that
-- of the service at which people sign in, balcao_registrar the group of the registrars' logins.
do $$
declare
	-- A log of statements pairs no person with a service, whatever an operator has logged. The last is no limit: every statement finds its rows by an index, whatever the values, so it is planned once.
	limits text[] := '{statement_timeout=5s,lock_timeout=2s,idle_in_transaction_session_timeout=5s,temp_file_limit=16MB,log_parameter_max_length=0,plan_cache_mode=force_generic_plan}';
	l text;
	r text;
begin
	begin
		if not exists (select from pg_roles where rolname = 'balcao_owner') then
			create role balcao_owner nologin;
		end if;
		if not exists (select from pg_roles where rolname = 'balcao_registrar') then
			create role balcao_registrar nologin;
		end if;
		if not exists (select from pg_roles where rolname = 'balcao_centre') then
			create role balcao_centre login;
		end if;
		if not exists (select from pg_roles where rolname = 'balcao_login') then
			create role balcao_login login;
		end if;
	exception when duplicate_object or unique_violation then
		null; -- another database of the same server was created at the same time
	end;
	foreach r in array '{balcao_centre,balcao_login}'::text[] loop
		-- A role may change its own settings; this takes back what was set with a stolen log-in.
		execute format('alter role %I in database %I reset all', r, current_database());
		if not exists (select from pg_roles
			where rolname = r and rolconnlimit = 60 and rolconfig @> limits and rolconfig <@ limits) then
			execute format('alter role %I connection limit 60', r);
			execute format('alter role %I reset all', r);
			foreach l in array limits loop
				execute format('alter role %I set %I = %L', r, split_part(l, '=', 1), split_part(l, '=', 2));
			end loop;
		end if;
	end loop;
end $$;

-- How standbys do, for registrar.figures.
grant pg_read_all_stats to balcao_owner;

revoke all on schema public from public;

create schema if not exists crypto;
create extension if not exists pgcrypto with schema crypto;
revoke all on schema crypto from public;
revoke all on all functions in schema crypto from public;
grant usage on schema crypto to balcao_owner;
grant execute on all functions in schema crypto to balcao_owner;

create schema if not exists centre authorization balcao_owner;
create schema if not exists internal authorization balcao_owner;
create schema if not exists desk authorization balcao_owner;
create schema if not exists registrar authorization balcao_owner;
create schema if not exists login authorization balcao_owner;
grant usage on schema desk to balcao_centre;
grant usage on schema registrar to balcao_registrar;
grant usage on schema login to balcao_login, balcao_registrar;

-- What later migrations create is closed as well until they grant it.
alter default privileges for role balcao_owner revoke execute on functions from public;
alter default privileges for role balcao_owner revoke usage on types from public;

-- Everybody may write large objects, write into the WAL (pg_logical_emit_message), hold advisory locks and run
-- anonymous PL/pgSQL by default. The first two fill the disk, the third would stop the functions that count, the
-- last makes every probing cheaper. LISTEN and NOTIFY cannot be taken away; their payloads are hints without content.
do $$
declare
	f regprocedure;
begin
	for f in
		select p.oid::regprocedure from pg_proc p
		where p.pronamespace = 'pg_catalog'::regnamespace
			and (p.proname ~ '^lo_' or p.proname in ('loread', 'lowrite', 'pg_logical_emit_message')
				or p.proname ~ '^pg_(try_)?advisory_')
	loop
		execute format('revoke execute on function %s from public', f);
		execute format('grant execute on function %s to balcao_owner', f);
	end loop;
end $$;
revoke usage on language plpgsql, sql from public;
grant usage on language plpgsql, sql to balcao_owner;
