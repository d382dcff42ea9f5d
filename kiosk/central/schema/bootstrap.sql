-- What only a superuser can do, once per database and harmless to repeat: roles, schemas, and closing
-- what PostgreSQL leaves open to everybody. The migrations run after it as balcao_owner.

do $$
declare
	r text;
begin
	foreach r in array '{balcao_owner,balcao_desk,balcao_registrar}'::text[] loop
		begin
			if not exists (select from pg_roles where rolname = r) then
				execute format('create role %I nologin', r);
			end if;
		exception when duplicate_object or unique_violation then
			null; -- another database of the same server was created at the same time
		end;
	end loop;
end $$;

-- Nobody but our groups connects, nobody makes temporary tables (a desk with its own tables could fill
-- the disk, or lay a table in the way of a careless function).
do $$
begin
	execute format('revoke all on database %I from public', current_database());
	execute format('grant connect on database %I to balcao_owner, balcao_desk, balcao_registrar', current_database());
end $$;
revoke all on schema public from public;

create schema if not exists crypto;
create extension if not exists pgcrypto with schema crypto;
revoke all on schema crypto from public;
revoke all on all functions in schema crypto from public;
grant usage on schema crypto to balcao_owner;
grant execute on all functions in schema crypto to balcao_owner;

create schema if not exists cmd authorization balcao_owner;
create schema if not exists desk authorization balcao_owner;
create schema if not exists registrar authorization balcao_owner;

-- What later migrations create is closed as well until they grant it.
alter default privileges for role balcao_owner revoke execute on functions from public;
alter default privileges for role balcao_owner revoke usage on types from public;

-- The owner's functions see how long a desk's transaction has been open, and end it (cmd.end_stuck_desks). The
-- second power reaches no superuser.
grant pg_read_all_stats, pg_signal_backend to balcao_owner;

-- Everybody may write large objects, hold advisory locks and run anonymous PL/pgSQL by default. The
-- first fills the disk, the second would stop the functions that lock contacts, the third makes every
-- probing cheaper. LISTEN and NOTIFY cannot be taken away; their payloads are hints without content.
do $$
declare
	f regprocedure;
begin
	for f in
		select p.oid::regprocedure from pg_proc p
		where p.pronamespace = 'pg_catalog'::regnamespace
			and (p.proname ~ '^lo_' or p.proname in ('loread', 'lowrite') or p.proname ~ '^pg_(try_)?advisory_')
	loop
		execute format('revoke execute on function %s from public', f);
		execute format('grant execute on function %s to balcao_owner', f);
	end loop;
end $$;
revoke usage on language plpgsql, sql from public;
grant usage on language plpgsql, sql to balcao_owner;
