package schema_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"balcao/kiosk/central/cluster"
	"balcao/kiosk/central/schema"
)

// catalogue is everything that makes a schema: columns, constraints, indexes, functions, triggers, comments and rights.
const catalogue = `
	select format('column %s.%s %s %s %s %s', attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull, attidentity,
		(select pg_get_expr(adbin, adrelid) from pg_attrdef where adrelid = attrelid and adnum = attnum))
		from pg_attribute where attnum > 0 and not attisdropped and attrelid in (select oid from ours)
	union all select format('constraint %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) from pg_constraint where conrelid in (select oid from ours)
	union all select 'index ' || pg_get_indexdef(indexrelid) from pg_index where indrelid in (select oid from ours)
	union all select 'trigger ' || pg_get_triggerdef(oid) from pg_trigger where tgrelid in (select oid from ours) and not tgisinternal
	union all select format('function %s %s', pg_get_functiondef(oid), proacl) from pg_proc where pronamespace in (select oid from spaces)
	union all select format('rights %s %s %s', relname, relowner::regrole, relacl) from pg_class where oid in (select oid from ours)
	union all select format('rights %s %s %s', nspname, nspowner::regrole, nspacl) from pg_namespace where oid in (select oid from spaces)
	union all select format('comment %s %s', coalesce(objoid::regclass::text, ''), description) from pg_description where objoid in (select oid from ours)
	union all select format('comment %s %s', objoid::regprocedure, description) from pg_description where objoid in (select oid from pg_proc where pronamespace in (select oid from spaces))
	order by 1`

func catalogueOf(t *testing.T, conn *pgx.Conn) []string {
	t.Helper()
	return mustNames(t, conn, `with spaces as (select oid from pg_namespace where nspname in ('centre', 'internal', 'desk', 'registrar', 'crypto')
		and nspname <> 'crypto'), ours as (select oid from pg_class where relnamespace in (select oid from spaces))`+catalogue)
}

// atVersion is a database that is at an earlier version, as programs of then left it, and an administrator's connection.
func atVersion(t *testing.T, version int) (*cluster.Database, *pgx.Conn) {
	t.Helper()
	old := cluster.NewDatabase(t)
	admin := mustConnect(t, old.Admin())
	if _, err := admin.Exec(t.Context(), `drop schema centre cascade; drop schema internal, desk, registrar cascade`); err != nil {
		t.Fatal(err)
	}
	if err := schema.Create(t.Context(), old.Admin(), old.Name); err != nil { // roles, schemas and rights, as Create makes them
		t.Fatal(err)
	}
	if _, err := admin.Exec(t.Context(), `drop schema centre cascade; create schema centre authorization balcao_owner`); err != nil {
		t.Fatal(err)
	}
	if from, to, err := schema.MigrateTo(t.Context(), admin, version); from != 0 || to != version || err != nil {
		t.Fatalf("to version %d: from %d to %d, %v", version, from, to, err)
	}
	return old, admin
}

// A database that was at an earlier version and at work becomes what a new one is, and keeps what is in it.
func TestUpgradedIsFresh(t *testing.T) {
	t.Parallel()
	old, admin := atVersion(t, 1)
	if _, err := admin.Exec(t.Context(), `
		insert into centre.desk (name) values ('loja_1');
		insert into centre.enrolment (id, desk, state, document_kind, typed, challenge, opened_at, expires_at)
			select gen_random_uuid(), 'loja_1', 'active', 'citizen-card', false, sha256('x'), now(), now() from generate_series(1, 2);
		insert into centre.person (country, civil_number, surname, given_names, birth_date, birth_stated, nationality)
			values ('PRT', '12345678', 'de Teste', 'Inês', '1990-02-28', '1990-02-28', 'PRT'), ('PRT', '12345679', 'Sem', 'Chave', '1990-02-28', '1990', 'PRT');
		insert into centre.key (person, state, level, pin_hash, valid_until, enrolment)
			select 1, (array['expired', 'active'])[n], 'high', '$argon2id$x', '2030-01-01', id
			from (select row_number() over (order by id) as n, id from centre.enrolment) e`); err != nil {
		t.Fatal(err)
	}
	if from, to, err := schema.Migrate(t.Context(), old.Admin()); from != 1 || to != schema.Version() || err != nil {
		t.Fatalf("upgraded from %d to %d, %v", from, to, err)
	}
	if diff := cmp.Diff(catalogueOf(t, mustConnect(t, cluster.NewDatabase(t).Admin())), catalogueOf(t, admin)); diff != "" {
		t.Errorf("upgraded is not fresh:\n%s", diff)
	}
	got := strings.Join(mustNames(t, admin, `select concat_ws(' ', p.civil_number, e.what, k.state) from centre.person_event e
		join centre.person p on p.id = e.person and p.enrolment is not distinct from e.enrolment
		left join centre.key k on k.enrolment = e.enrolment order by p.id`), ", ")
	if want := "12345678 made active, 12345679 made"; got != want {
		t.Errorf("people of before: %s, want %s", got, want)
	}
}

// Keys of before have their numbers, their history and a place in the table of transitions; the log is told what the upgrade changed.
func TestUpgradeKeepsKeys(t *testing.T) {
	t.Parallel()
	old, admin := atVersion(t, 4)
	if _, err := admin.Exec(t.Context(), `
		insert into centre.desk (name) values ('loja_1');
		insert into centre.enrolment (id, desk, state, document_kind, typed, challenge, opened_at, expires_at)
			select gen_random_uuid(), 'loja_1', 'active', 'passport', false, sha256('x'), now(), now() from generate_series(1, 3) n;
		insert into centre.person (country, civil_number, document_number, surname, given_names, birth_date, birth_stated, nationality, tax_claim) values
			('PRT', '12345678', null, 'de Teste', 'Inês', '1990-02-28', '1990-02-28', 'PRT', null),
			('UTO', null, 'L1', 'Erik', 'Bo', '1990-02-28', '1990-02-28', 'UTO', '400000008'),
			('UTO', null, 'L2', 'Sem', 'Nada', '1990-02-28', '1990-02-28', 'UTO', null);
		insert into centre.key (person, state, level, pin_hash, valid_until, enrolment, tax_number)
			select n, (array['active', 'active', 'expired'])[n], 'high', '$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA', '2099-01-01', id, case n when 1 then '400000016' end
			from (select row_number() over (order by id) as n, id from centre.enrolment) e;
		insert into centre.key_event (key, to_state, reason, desk, enrolment) select register, 'active', 'enrolled', 'loja_1', enrolment from centre.key order by register;
		insert into centre.key_event (key, from_state, to_state, reason) values (3, 'active', 'expired', 'validity_ended');
		insert into centre.key_record (key, version, record) select register, 1, 'r' from centre.key;
		insert into centre.log_leaf (kind, op, row, columns) select 'person', 'insert', id::text, 'x' from centre.person`); err != nil {
		t.Fatal(err)
	}
	if _, _, err := schema.Migrate(t.Context(), old.Admin()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(catalogueOf(t, mustConnect(t, cluster.NewDatabase(t).Admin())), catalogueOf(t, admin)); diff != "" {
		t.Errorf("upgraded is not fresh:\n%s", diff)
	}
	for what, q := range map[string][2]string{
		"numbers":            {`select concat_ws(' ', person, kind, value, source) from centre.person_number order by person`, "1 nif 400000016 chip, 2 nif 400000008 said"},
		"history":            {`select t ->> 'cause' || ' ' || (t ->> 'from') || ' ' || (t ->> 'to') from jsonb_array_elements(internal.key_told(3) -> 'timeline') t`, "expire active expired, enrol none active"},
		"leaves of people":   {`select row || ' ' || op from centre.log_leaf where kind = 'person' order by id`, "1 insert, 2 insert, 3 insert, 2 update"},
		"a claim is hidden":  {`select (hidden like '%tax_claim%')::text from centre.log_leaf where kind = 'person' and op = 'update'`, "false"},
		"subjects of PINs":   {`select internal.pin_subject_of(register) from centre.key order by register`, "PRT:12345678, UTO:document:L1, UTO:document:L2"},
		"nothing is left":    {`select count(*)::text from centre.log_again`, "0"},
		"it can change":      {`select coalesce(internal.change_key(1, 'suspend', 'request')::text, 'not')`, "5"},
		"what is over stays": {`select coalesce(internal.change_key(3, 'suspend', 'request')::text, 'not')`, "not"},
	} {
		if got := strings.Join(mustNames(t, admin, q[0]), ", "); got != q[1] {
			t.Errorf("%s: %s, want %s", what, got, q[1])
		}
	}
}

func TestCreateAndMigrateAtOnce(t *testing.T) {
	t.Parallel()
	db := cluster.NewDatabase(t)
	admin := mustConnect(t, db.Admin())
	before := catalogueOf(t, admin)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			from, to, err := schema.Migrate(t.Context(), db.Admin())
			if err != nil || from != to || to != schema.Version() {
				t.Errorf("Migrate of a current database = %d, %d, %v", from, to, err)
			}
		})
	}
	wg.Wait()
	if err := schema.Create(t.Context(), db.Admin(), db.Name); err != nil {
		t.Errorf("Create of what exists: %v", err)
	}
	// Functions that nobody knows any more go, those that somebody changed are themselves again.
	if _, err := admin.Exec(t.Context(), `create function desk.left_behind() returns integer language sql as 'select 1';
		create or replace function registrar.settings() returns jsonb language sql as 'select null::jsonb'`); err != nil {
		t.Fatal(err)
	}
	if _, _, err := schema.Migrate(t.Context(), db.Admin()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, catalogueOf(t, admin)); diff != "" {
		t.Errorf("migrating what is current changed it:\n%s", diff)
	}
	if _, err := admin.Exec(t.Context(), `update centre.schema_version set version = 99`); err != nil {
		t.Fatal(err)
	}
	if _, _, err := schema.Migrate(t.Context(), db.Admin()); err == nil {
		t.Error("Migrate of a newer database: no error")
	}
}

// Whoever reads the database is told what each table and function is.
func TestEverythingIsExplained(t *testing.T) {
	t.Parallel()
	admin := mustConnect(t, cluster.NewDatabase(t).Admin())
	for _, missing := range mustNames(t, admin, `
		select oid::regclass::text from pg_class where relkind = 'r' and relnamespace = 'centre'::regnamespace and obj_description(oid, 'pg_class') is null
		union all select oid::regprocedure::text from pg_proc
			where pronamespace in ('desk'::regnamespace, 'registrar'::regnamespace) and obj_description(oid, 'pg_proc') is null
		union all select p.oid::regprocedure || ' ' || a from pg_proc p, unnest(p.proargnames[:p.pronargs]) a
			where p.pronamespace in ('internal'::regnamespace, 'desk'::regnamespace, 'registrar'::regnamespace) and a !~ '^p_'`) {
		t.Errorf("%s has no comment, or not the name of a parameter", missing)
	}
}

func TestAddLogin(t *testing.T) {
	t.Parallel()
	db := cluster.NewDatabase(t)
	add := func(name, password string) error {
		return schema.AddLogin(t.Context(), db.Admin(), schema.Login{Name: name, Password: password})
	}
	for _, name := range []string{"", "a", "Loja", "1loja", "loja 1", "loja;drop", "pg_x", "balcao_owner",
		"balcao_registrar", "postgres", "public", strings.Repeat("a", 49)} {
		if err := add(name, ""); !errors.Is(err, schema.ErrName) {
			t.Errorf("AddLogin(%q) = %v, want ErrName", name, err)
		}
	}
	if err := add(cluster.Admin, ""); err == nil {
		t.Error("AddLogin of a superuser: no error")
	}
	for range 2 {
		if err := add("registrar_twice", `it's "quoted" \ %I`); err != nil {
			t.Fatalf("AddLogin: %v", err)
		}
	}
	config, err := pgx.ParseConfig(db.Admin())
	if err != nil {
		t.Fatal(err)
	}
	config.User, config.Password = "registrar_twice", `it's "quoted" \ %I`
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatalf("logging in with the password: %v", err)
	}
	var timeout string
	if err := conn.QueryRow(t.Context(), `select current_setting('lock_timeout')`).Scan(&timeout); err != nil || timeout != "2s" {
		t.Errorf("lock_timeout = %s, %v, want 2s", timeout, err)
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
