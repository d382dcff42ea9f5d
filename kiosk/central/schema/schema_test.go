package schema_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"balcao/kiosk/central/cluster"
	"balcao/kiosk/central/schema"
)

func mustConnect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	return conn
}

func mustNames(t *testing.T, conn *pgx.Conn, sql string) []string {
	t.Helper()
	rows, err := conn.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// wantDenied runs a statement that must fail for want of privilege.
func wantDenied(t *testing.T, conn *pgx.Conn, sql string, args ...any) {
	t.Helper()
	_, err := conn.Exec(t.Context(), sql, args...)
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) || pgErr.Code != "42501" {
		t.Errorf("%s: error = %v, want insufficient privilege", sql, err)
	}
}

const ours = `n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')`

// TestDoorReadsNothing tries everything there is, as each group's login role.
func TestDoorReadsNothing(t *testing.T) {
	t.Parallel()
	db := cluster.NewDatabase(t)
	admin := mustConnect(t, db.Admin())
	relations := mustNames(t, admin, `select format('%I.%I', n.nspname, c.relname) from pg_class c
		join pg_namespace n on n.oid = c.relnamespace
		where c.relkind in ('r', 'v', 'm', 'p', 'f', 'S') and `+ours)
	if len(relations) < 15 {
		t.Fatalf("found only %d relations", len(relations))
	}
	for role, dsn := range map[string]string{"desk": db.Centre(), "login": db.Login(), "registrar": db.Registrar()} {
		t.Run(role, func(t *testing.T) {
			conn := mustConnect(t, dsn)
			for _, r := range relations {
				wantDenied(t, conn, "select * from "+r)
			}
			for _, r := range mustNames(t, admin, `select format('%I.%I', n.nspname, c.relname) from pg_class c
				join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'r' and `+ours) {
				wantDenied(t, conn, "delete from "+r)
				wantDenied(t, conn, "copy "+r+" to stdout")
			}
		})
	}
}

// TestDoorCallsOnlyItsFunctions asks the catalogue about every function and calls some as well.
func TestDoorCallsOnlyItsFunctions(t *testing.T) {
	t.Parallel()
	db := cluster.NewDatabase(t)
	for group, dsn := range map[string]string{"desk": db.Centre(), "login": db.Login(), "registrar": db.Registrar()} {
		t.Run(group, func(t *testing.T) {
			conn := mustConnect(t, dsn)
			executable := mustNames(t, conn, `select n.nspname || '.' || p.proname from pg_proc p
				join pg_namespace n on n.oid = p.pronamespace
				where `+ours+` and has_function_privilege(p.oid, 'execute')`)
			if len(executable) < 6 {
				t.Errorf("may call only %v", executable)
			}
			for _, f := range executable {
				if !strings.HasPrefix(f, group+".") && (group != "registrar" || !strings.HasPrefix(f, "login.")) {
					t.Errorf("may call %s", f)
				}
			}
		})
	}
	door := mustConnect(t, db.Centre())
	for _, sql := range []string{
		`select crypto.gen_random_bytes(8)`,
		`select internal.setting('code_tries')`,
		`select internal.end_enrolment(gen_random_uuid(), 'active', null)`,
		`select * from registrar.take_job('x')`,
		`select registrar.apply(gen_random_uuid(), '{}', '', 'high', '{}', current_date, null)`,
		`select registrar.chip_challenge_made(gen_random_uuid(), 'x', 'x')`,
		`select private from centre.chip_challenge`,
		`select lo_create(0)`,
		`select lo_from_bytea(0, 'x')`,
		`select pg_advisory_lock(1)`,
		`select pg_logical_emit_message(false, 'x', repeat('x', 1000))::text`,
		`select pg_read_file('/etc/passwd')`,
		`select pg_terminate_backend(pg_backend_pid())::text from pg_ls_dir('.')`,
		`do $$ begin null; end $$`,
		`set role balcao_owner`,
		`set role balcao_registrar`,
		`set role balcao_admin`,
		`set session authorization balcao_admin`,
		`create table public.t ()`,
		`create temporary table t ()`,
		`create schema s`,
		`create table desk.t ()`,
		`create extension hstore schema desk`,
		`copy (select 1) to program 'true'`,
		`alter role balcao_centre connection limit -1`,
		`alter role balcao_registrar superuser`,
		`create role x`,
		`set temp_file_limit = -1`,
		`set log_statement = 'all'`,
		`set session_replication_role = replica`,
		`table pg_authid`,
		`table pg_shadow`,
		`table pg_statistic`,
		`table pg_largeobject`,
		`table pg_hba_file_rules`,
		`table pg_user_mapping`,
		`select pg_ls_dir('.')`,
		`select pg_read_binary_file('global/pg_control')`,
		`select pg_logical_emit_message(true, 'x', 'x') from pg_ls_waldir()`,
		`select pg_reload_conf()`,
		`select pg_switch_wal()`,
		`select pg_create_logical_replication_slot('x', 'test_decoding')`,
		`copy (select 1) to '/tmp/balcao'`,
		`copy desk.t from program 'id'`,
		`load 'plpgsql'`,
		`create function desk.f() returns int language sql as 'select 1'`,
		`create operator desk.= (leftarg = text, rightarg = text, function = texteq)`,
		`create cast (text as uuid) with inout`,
		`create extension dblink schema desk`,
		`create extension postgres_fdw schema desk`,
		`create foreign data wrapper x`,
		`create publication x for all tables`,
		`create event trigger x on ddl_command_start execute function internal.refuse_change()`,
		`create trigger x before insert on centre.person for each row execute function internal.refuse_change()`,
		`create rule x as on select to centre.person do instead nothing`,
		`create view desk.v as select 1`,
		`create materialized view public.v as select 1`,
		`alter function desk.hello(bytea) set search_path = public`,
		`alter default privileges for role balcao_owner grant select on tables to public`,
		`alter system set log_statement = 'all'`,
		`alter database postgres set search_path = public`,
		`grant balcao_owner to current_user`,
		`grant select on centre.person to current_user`,
		`reassign owned by balcao_owner to current_user`,
		`comment on table centre.person is 'x'`,
		`analyze centre.person, pg_authid`,
		`explain analyze select * from centre.person`,
		`select * from centre.setting for update`,
		`select centre.person from centre.person`,
		`declare c cursor for select * from centre.person`,
		`select query_to_xml('select * from centre.person', true, true, '')`,
		`select schema_to_xml('centre', true, true, '')`,
		`select table_to_xml('centre.person', true, true, '')`,
		`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'balcao_admin' and pid <> pg_backend_pid()`,
	} {
		wantDenied(t, door, sql)
	}
}

// What the door sees of others without being denied anything: nothing of a person.
func TestDoorSeesNobody(t *testing.T) {
	t.Parallel()
	db := cluster.NewDatabase(t)
	admin := mustConnect(t, db.Admin())
	if _, err := admin.Exec(t.Context(), `
		insert into centre.person (country, civil_number, surname, given_names, birth_date, birth_stated, nationality)
			select 'UTO', n::text, 'Segredo', 'Ana', '1990-01-01', '1990-01-01', 'UTO' from generate_series(1, 500) n;
		analyze centre.person;
		set application_name = 'segredo'; select 'Segredo'`); err != nil {
		t.Fatal(err)
	}
	door := mustConnect(t, db.Centre())
	for sql, want := range map[string]string{
		`select count(*)::text from pg_stats where schemaname in ('centre', 'crypto')`:                                              "0",
		`select count(*)::text from pg_stats_ext`:                                                                                   "0",
		`select count(*)::text from pg_stat_activity where query ilike '%segredo%' and usename <> current_user`:                     "0",
		`select count(*)::text from pg_stat_activity where client_addr is not null and usename <> current_user`:                     "0",
		`select count(*)::text from pg_prepared_xacts`:                                                                              "0",
		`select count(*)::text from information_schema.columns where table_schema = 'centre'`:                                       "0",
		`select coalesce(max(setting), '0') from pg_settings where name = 'max_prepared_transactions'`:                              "0",
		`select count(*)::text from pg_available_extensions where installed_version is not null and name !~ '^(pgcrypto|plpgsql)$'`: "0",
		`select coalesce(string_agg(passwd, ''), '') from pg_user where passwd <> '********'`:                                       "",
	} {
		var got string
		if err := door.QueryRow(t.Context(), sql).Scan(&got); err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", sql, got, err, want)
		}
	}
	if _, err := door.Exec(t.Context(), `begin; prepare transaction 'x'`); err == nil {
		t.Error("a transaction was prepared")
	}
}

// TestLaterObjectsAreClosed makes what a later migration might and forgets to close it.
func TestLaterObjectsAreClosed(t *testing.T) {
	t.Parallel()
	db := cluster.NewDatabase(t)
	admin := mustConnect(t, db.Admin())
	_, err := admin.Exec(t.Context(), `set role balcao_owner;
		create table desk.later (x int);
		create view desk.later_view as select 1 as x;
		create sequence desk.later_seq;
		create function desk.later() returns int language sql as 'select 1'`)
	if err != nil {
		t.Fatal(err)
	}
	door := mustConnect(t, db.Centre())
	for _, sql := range []string{`select * from desk.later`, `select * from desk.later_view`,
		`select nextval('desk.later_seq')`, `select desk.later()`} {
		wantDenied(t, door, sql)
	}
}

func TestDoorCannotReachOtherDatabases(t *testing.T) {
	t.Parallel()
	db := cluster.NewDatabase(t)
	for _, other := range []string{"postgres", "template1"} {
		config, err := pgx.ParseConfig(db.Centre())
		if err != nil {
			t.Fatal(err)
		}
		config.Database = other
		_, err = pgx.ConnectConfig(t.Context(), config)
		var pgErr *pgconn.PgError
		if !errors.As(err, &pgErr) || pgErr.Code != "42501" {
			t.Errorf("connecting to %s: %v, want insufficient privilege", other, err)
		}
	}
}

func TestDoorIsLimited(t *testing.T) {
	t.Parallel()
	db := cluster.NewDatabase(t)
	door := mustConnect(t, db.Centre())
	for setting, want := range map[string]string{"statement_timeout": "5s", "lock_timeout": "2s",
		"idle_in_transaction_session_timeout": "5s", "temp_file_limit": "16MB", "log_parameter_max_length": "0", "plan_cache_mode": "force_generic_plan"} {
		var got string
		if err := door.QueryRow(t.Context(), "select current_setting($1)", setting).Scan(&got); err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("%s = %s, want %s", setting, got, want)
		}
	}
	var limit int
	if err := door.QueryRow(t.Context(), "select rolconnlimit from pg_roles where rolname = session_user").Scan(&limit); err != nil {
		t.Fatal(err)
	}
	if limit != 60 {
		t.Errorf("connection limit = %d, want 60", limit)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	broken := func(t *testing.T, db *cluster.Database) []string {
		t.Helper()
		findings, err := schema.Check(t.Context(), db.Admin())
		if err != nil {
			t.Fatal(err)
		}
		var rules []string
		for _, f := range findings {
			if !f.OK() {
				rules = append(rules, fmt.Sprint(f.Rule, ": ", f.Offenders))
			}
		}
		return rules
	}
	t.Run("OK", func(t *testing.T) {
		t.Parallel()
		if got := broken(t, cluster.NewDatabase(t)); len(got) > 0 {
			t.Errorf("a new database: %v", got)
		}
	})
	for name, sql := range map[string]string{
		"TableGranted":    `grant select on centre.person to balcao_centre`,
		"LoginGranted":    `grant select on centre.secret to registrar_1`,
		"ColumnGranted":   `grant select (surname) on centre.person to public`,
		"SequenceGranted": `grant usage on sequence centre.key_register_seq to balcao_centre`,
		"FunctionGranted": `grant execute on function registrar.settings() to balcao_centre`,
		"StrangeDefiner": `create function desk.x() returns int language sql security definer as 'select 1';
			revoke all on function desk.x() from public`,
		"PublicConnects": `do $$ begin execute format('grant connect on database %I to public', current_database()); end $$`,
		"CreateGranted":  `grant create on schema desk to balcao_centre`,
		"LargeObjects":   `grant execute on function lo_create(oid) to public`,
		"Log":            `grant execute on function pg_logical_emit_message(boolean, text, bytea) to public`,
		"AnonymousCode":  `grant usage on language plpgsql to public`,
		"LoginReadsOnly": `do $$ begin execute format('alter role balcao_centre in database %I set default_transaction_read_only = on',
			current_database()); end $$`,
		"TriggerOff":       `alter table centre.key_event disable trigger key_event_append_only`,
		"EventTriggerOff":  `alter table centre.person disable trigger person_changed`,
		"VersionTableBack": `update centre.schema_version set version = 1`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := cluster.NewDatabase(t)
			if _, err := mustConnect(t, db.Admin()).Exec(t.Context(), sql); err != nil {
				t.Fatal(err)
			}
			if got := broken(t, db); len(got) != 1 {
				t.Errorf("%d rules broken, want 1: %v", len(got), got)
			}
		})
	}
}
