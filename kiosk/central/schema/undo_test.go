package schema_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"balcao/kiosk/central"
	"balcao/kiosk/central/cluster"
	"balcao/kiosk/central/schema"
)

// form is everything that a migration makes, as the catalogue writes it: functions with their bodies and rights,
// tables with their columns, constraints, indexes and triggers.
func form(t *testing.T, conn *pgx.Conn) []string {
	t.Helper()
	return mustNames(t, conn, `
		select 'function ' || pg_get_functiondef(p.oid) || coalesce(p.proacl::text, '') from pg_proc p
			join pg_namespace n on n.oid = p.pronamespace where n.nspname in ('cmd', 'desk', 'registrar')
		union all
		select 'column ' || c.oid::regclass || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' '
				|| a.attnotnull || coalesce(pg_get_expr(d.adbin, d.adrelid), '') from pg_class c
			join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
			left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
			where n.nspname = 'cmd' and a.attnum > 0 and not a.attisdropped
		union all
		select 'constraint ' || k.conrelid::regclass || ' ' || k.conname || ' ' || pg_get_constraintdef(k.oid) from pg_constraint k
			join pg_namespace n on n.oid = k.connamespace where n.nspname = 'cmd'
		union all
		select 'index ' || i.indexdef from pg_indexes i where i.schemaname = 'cmd'
		union all
		select 'trigger ' || pg_get_triggerdef(g.oid) from pg_trigger g join pg_class c on c.oid = g.tgrelid
			join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'cmd' and not g.tgisinternal
		union all
		select 'setting ' || s::text from cmd.setting s
		order by 1`)
}

// Each migration undoes what it did: one that is taken back leaves what was there before it.
func TestMigrationsAreUndone(t *testing.T) {
	t.Parallel()
	db := cluster.NewDatabase(t)
	admin := mustConnect(t, db.Admin())
	if err := schema.MigrateTo(t.Context(), admin, 0); err != nil {
		t.Fatal(err)
	}
	for version := int32(1); version <= central.SchemaVersion; version++ {
		if version > 1 {
			before := form(t, admin)
			for _, to := range []int32{version, version - 1} {
				if err := schema.MigrateTo(t.Context(), admin, to); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(before, form(t, admin)); diff != "" {
				t.Errorf("migration %d, done and undone (- before, + after):\n%s", version, diff)
			}
		}
		if err := schema.MigrateTo(t.Context(), admin, version); err != nil {
			t.Fatal(err)
		}
	}
}

// A database of version 3 that people have keys in comes to version 4 with all of them.
func TestMigratingAnOldCentre(t *testing.T) {
	t.Parallel()
	db := cluster.NewDatabase(t)
	admin := mustConnect(t, db.Admin())
	if err := schema.MigrateTo(t.Context(), admin, 3); err != nil {
		t.Fatal(err)
	}
	// Two have one NIF, which nothing forbade; one has zeros in its place.
	_, err := admin.Exec(t.Context(), `
		insert into cmd.person (country, civil_number, surname, given_names, birth_date, nationality, tax_number)
			select 'PRT', '9900000' || n, 'Antigo', 'Rui', '1980-02-29', 'PRT', x
			from unnest('{403456789,403456789,000000000,400000008}'::text[]) with ordinality as u(x, n);
		insert into cmd.key (person, state, level, pin_hash, valid_until, enrolment)
			select id, 'active', 'high', '$argon2id$x', '2040-01-01', gen_random_uuid() from cmd.person order by id`)
	if err != nil {
		t.Fatal(err)
	}
	if from, to, err := schema.Migrate(t.Context(), db.Admin()); err != nil || from != 3 || to != central.SchemaVersion {
		t.Fatalf("Migrate = %d, %d, %v", from, to, err)
	}
	got := mustNames(t, admin, `select coalesce(k.tax_number, 'none') || ' ' || p.birth_stated || ' ' || k.living
		from cmd.key k join cmd.person p on p.id = k.person order by k.register`)
	want := []string{"403456789 1980-02-29 true", "none 1980-02-29 true", "none 1980-02-29 true", "400000008 1980-02-29 true"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("keys after the migration (- want, + got):\n%s", diff)
	}
}
