package schema

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Finding is one rule of the audit and what breaks it.
type Finding struct {
	Rule      string
	Offenders []string // objects and roles, never rows; empty when the rule holds
	Cure      string
}

// OK reports whether the rule holds.
func (f Finding) OK() bool { return len(f.Offenders) == 0 }

// ours are the schemas that are not PostgreSQL's own.
const ours = `n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast') and n.nspname !~ '^pg_(toast_)?temp_'`

// clients selects the logins of the door and of the sign-in service, the group of the registrars and every login that is a
// member of one of them; superusers may do everything and are no clients.
const clients = `not g.rolsuper and exists (select from pg_roles c
	where c.rolname in ('balcao_centre', 'balcao_login', 'balcao_registrar') and pg_has_role(g.oid, c.oid, 'member'))`

// mayCall holds where a client may call the functions of a schema.
const mayCall = `exists (select from pg_roles r where pg_has_role(g.oid, r.oid, 'member') and (r.rolname, n.nspname) in
	(('balcao_centre', 'desk'), ('balcao_login', 'login'), ('balcao_registrar', 'registrar'), ('balcao_registrar', 'login')))`

// doors are the logins that anybody's requests come through: each has these limits, which a query compares.
const (
	doors  = `('balcao_centre', 'balcao_login')`
	limits = `'{statement_timeout=5s,lock_timeout=2s,idle_in_transaction_session_timeout=5s,temp_file_limit=16MB,log_parameter_max_length=0,plan_cache_mode=force_generic_plan}'::text[]`
)

// rules of the audit. Each query returns what breaks the rule.
var rules = []struct{ rule, cure, sql string }{
	{
		"the door and registrars read no table, view or sequence",
		"revoke the rights that were granted on them",
		`select g.rolname || ' on ' || c.oid::regclass from pg_class c join pg_namespace n on n.oid = c.relnamespace,
			pg_roles g
		where ` + clients + ` and ` + ours + ` and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
			and (case when c.relkind = 'S' then has_sequence_privilege(g.oid, c.oid, 'select, usage, update')
				else has_table_privilege(g.oid, c.oid, 'select, insert, update, delete, truncate, references, trigger')
					or has_any_column_privilege(g.oid, c.oid, 'select, insert, update, references') end)`,
	},
	{
		"the door calls the functions of schema desk, the sign-in service those of schema login, registrars those of schemas registrar and login, and no other",
		"revoke execute on them from public and from the group",
		`select g.rolname || ' on ' || p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace,
			pg_roles g
		where ` + clients + ` and ` + ours + `
			and not ` + mayCall + `
			and has_function_privilege(g.oid, p.oid, 'execute')`,
	},
	{
		"every function that runs with the owner's rights belongs to balcao_owner and fixes its search_path",
		"run kioskctl db migrate; drop functions that no migration made",
		`select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
		where ` + ours + ` and (p.prosecdef or n.nspname in ('centre', 'internal', 'desk', 'login', 'registrar')) and (
			p.proowner <> 'balcao_owner'::regrole
			or not coalesce(p.proconfig @> '{"search_path=pg_catalog, pg_temp"}', false))`,
	},
	{
		"nobody but our roles connects to the database or makes temporary tables in it",
		"run kioskctl db create again",
		`select 'public: ' || a.privilege_type from pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
		where d.datname = current_database() and a.grantee = 0
		union all
		select g.rolname || ': ' || r.what from pg_roles g, unnest('{create,temporary}'::text[]) r(what)
		where ` + clients + ` and has_database_privilege(g.oid, current_database(), r.what)`,
	},
	{
		"nobody but the owner creates objects in any schema",
		"revoke create on the schema",
		`select g.rolname || ' in ' || n.nspname from pg_namespace n, pg_roles g
		where ` + clients + ` and has_schema_privilege(g.oid, n.oid, 'create')`,
	},
	{
		"the doors write no large objects and nothing into the WAL, hold no advisory locks and run no anonymous code",
		"run kioskctl db create again",
		`select p.oid::regprocedure::text from pg_proc p
		where p.pronamespace = 'pg_catalog'::regnamespace
			and (p.proname ~ '^lo_' or p.proname in ('loread', 'lowrite', 'pg_logical_emit_message')
				or p.proname ~ '^pg_(try_)?advisory_')
			and exists (select from pg_roles r where r.rolname in ` + doors + ` and has_function_privilege(r.oid, p.oid, 'execute'))
		union all
		select 'language ' || l.lanname from pg_language l where l.lanname = 'plpgsql'
			and exists (select from pg_roles r where r.rolname in ` + doors + ` and has_language_privilege(r.oid, l.oid, 'usage'))`,
	},
	{
		"a registrar is a member of its group only, a door of none, and none has power of its own",
		"make a new role with kioskctl db registrar, and drop this one",
		`select r.rolname::text from pg_roles r
		where r.rolname <> 'balcao_registrar' and r.rolname not in ` + doors + ` and not r.rolsuper
			and exists (select from pg_roles c where c.rolname in ('balcao_centre', 'balcao_login', 'balcao_registrar') and pg_has_role(r.oid, c.oid, 'member'))
			and (r.rolcreaterole or r.rolcreatedb or r.rolreplication or r.rolbypassrls or r.rolconnlimit < 0
				or exists (select from pg_roles c where c.rolname in ` + doors + ` and pg_has_role(r.oid, c.oid, 'member'))
				or (select count(*) from pg_auth_members m where m.member = r.oid) <> 1)
		union all
		select r.rolname::text from pg_roles r
		where (r.rolname in ('balcao_owner', 'balcao_registrar') or r.rolname in ` + doors + `)
			and (r.rolcanlogin <> (r.rolname in ` + doors + `) or r.rolsuper or r.rolcreaterole or r.rolcreatedb
				or r.rolreplication or r.rolbypassrls or exists (select from pg_auth_members m where m.member = r.oid
					and not (r.rolname = 'balcao_owner' and m.roleid = 'pg_read_all_stats'::regrole)))`,
	},
	{
		"the doors' logins have their limits, and no settings but those",
		"run kioskctl db create again",
		`select d.rolname || ' ' || c from pg_roles d, unnest(` + limits + `) c
		where d.rolname in ` + doors + ` and not coalesce(d.rolconfig @> array[c], false)
		union all
		select d.rolname || ' ' || c from pg_roles d join pg_db_role_setting s on s.setrole = d.oid, unnest(s.setconfig) c
		where d.rolname in ` + doors + ` and (s.setdatabase <> 0 or c <> all (` + limits + `))
			and s.setdatabase in (0, (select oid from pg_database where datname = current_database()))
		union all
		select rolname || ' connections' from pg_roles where rolname in ` + doors + ` and rolconnlimit <> 60`,
	},
	{
		"history can only be added to, and keys change only as centre.transition says",
		"run kioskctl db migrate",
		`select t.name from unnest('{key_event_append_only,key_event_no_truncate,key_changed,key_no_delete,
			key_recorded,key_record_append_only,key_record_no_truncate,person_event_append_only,person_event_no_truncate,person_made,person_changed,
			search_append_only,cause_fixed,transition_fixed,reason_fixed,errand_fixed}'::text[]) t(name)
		where not exists (select from pg_trigger x join pg_class c on c.oid = x.tgrelid and c.relnamespace = 'centre'::regnamespace
			where x.tgname = t.name and x.tgenabled = 'O')`,
	},
}

// Check compares the database's version with this program's and audits who may do what. The first
// finding is about the version; when the schema is absent or of another version it is the only one.
func Check(ctx context.Context, adminDSN string) (findings []Finding, err error) {
	err = WithAdmin(ctx, adminDSN, func(conn *pgx.Conn) error {
		version, err := checkVersion(ctx, conn)
		if err != nil {
			return err
		}
		findings = []Finding{version}
		if !version.OK() {
			return nil
		}
		for _, r := range rules {
			rows, err := conn.Query(ctx, r.sql)
			if err != nil {
				return fmt.Errorf("auditing that %s: %w", r.rule, redact(err))
			}
			offenders, err := pgx.CollectRows(rows, pgx.RowTo[string])
			if err != nil {
				return fmt.Errorf("auditing that %s: %w", r.rule, redact(err))
			}
			findings = append(findings, Finding{Rule: r.rule, Offenders: offenders, Cure: r.cure})
		}
		return nil
	})
	return findings, err
}

func checkVersion(ctx context.Context, conn *pgx.Conn) (Finding, error) {
	want := Version()
	f := Finding{Rule: fmt.Sprintf("the schema is at version %d", want), Cure: "run kioskctl db migrate"}
	var exists bool
	if err := conn.QueryRow(ctx, `select to_regclass('`+versionTable+`') is not null`).Scan(&exists); err != nil {
		return f, fmt.Errorf("looking for the schema: %w", redact(err))
	}
	if !exists {
		f.Offenders, f.Cure = []string{"there is none in this database"}, "run kioskctl db create"
		return f, nil
	}
	var got int
	if err := conn.QueryRow(ctx, `select version from `+versionTable).Scan(&got); err != nil {
		return f, fmt.Errorf("reading the schema version: %w", redact(err))
	}
	if got != want {
		f.Offenders = []string{fmt.Sprintf("version %d", got)}
	}
	return f, nil
}
