package schema

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
)

// files holds the tables as numbered migrations, which are only ever added to, and all functions, which every
// migration drops and makes anew.
//
//go:embed migrations/*.sql functions/*/*.sql
var files embed.FS

const versionTable = "centre.schema_version"

// dropFunctions also drops the triggers that call them; they stand with their functions.
const dropFunctions = `do $$
declare
	f text;
begin
	for f in select p.oid::regprocedure from pg_proc p
		where p.pronamespace in ('internal'::regnamespace, 'desk'::regnamespace, 'login'::regnamespace, 'registrar'::regnamespace)
	loop
		execute format('drop function if exists %s cascade', f);
	end loop;
end $$`

const grantFunctions = `grant execute on all functions in schema desk to balcao_centre;
	grant execute on all functions in schema login to balcao_login, balcao_registrar;
	grant execute on all functions in schema registrar to balcao_registrar`

// Version returns the schema version that this program's migrations lead to.
func Version() int {
	return len(mustFiles("migrations"))
}

// mustFiles are the contents of an embedded folder in the order of their names.
func mustFiles(folder string) []string {
	names, err := fs.Glob(files, folder+"/*.sql")
	if err != nil {
		panic(err)
	}
	var contents []string
	for _, name := range names {
		content, err := files.ReadFile(name)
		if err != nil {
			panic(err)
		}
		contents = append(contents, string(content))
	}
	return contents
}

// Migrate brings the database up to this program's version and returns the versions before and after.
// Several may run at once; one does the work. What fails changes nothing.
func Migrate(ctx context.Context, adminDSN string) (from, to int, err error) {
	err = WithAdmin(ctx, adminDSN, func(conn *pgx.Conn) error {
		if err := addSchemas(ctx, conn); err != nil {
			return err
		}
		from, to, err = migrate(ctx, conn, Version())
		return err
	})
	return from, to, err
}

// addSchemas does the bootstrap again in a database that an earlier version of it made, before there was a schema login.
func addSchemas(ctx context.Context, conn *pgx.Conn) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		const look = `select to_regnamespace('centre') is not null and to_regnamespace('login') is null from pg_advisory_xact_lock(hashtextextended('balcao_migrate', 0))`
		var missing bool
		if err := tx.QueryRow(ctx, look).Scan(&missing); err != nil {
			return fmt.Errorf("looking for the schemas: %w", redact(err))
		}
		if !missing {
			return nil
		}
		for _, step := range []string{bootstrapSQL, Seal(conn.Config().Database)} {
			if _, err := tx.Exec(ctx, step); err != nil {
				return fmt.Errorf("preparing the database: %w", redact(err))
			}
		}
		return nil
	})
}

func migrate(ctx context.Context, conn *pgx.Conn, to int) (from, reached int, err error) {
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		const prepare = `set local role balcao_owner; set local timezone = 'UTC'; set local check_function_bodies = off;
			set local client_min_messages = warning; select pg_advisory_xact_lock(hashtextextended('balcao_migrate', 0));
			create table if not exists ` + versionTable + ` (version integer not null);
			comment on table ` + versionTable + ` is 'How many migrations were made.'`
		if _, err := tx.Exec(ctx, prepare); err != nil {
			return fmt.Errorf("preparing to migrate: %w", redact(err))
		}
		if err := tx.QueryRow(ctx, `select coalesce(max(version), 0) from `+versionTable).Scan(&from); err != nil {
			return fmt.Errorf("reading the schema version: %w", redact(err))
		}
		if from > to {
			return fmt.Errorf("the database is at version %d, newer than this program's %d", from, to)
		}
		steps := append([]string{dropFunctions}, mustFiles("migrations")[from:to]...)
		if to == Version() { // the functions are those of the newest tables
			steps = append(append(steps, mustFiles("functions/*")...), grantFunctions)
		}
		for _, step := range steps {
			if _, err := tx.Exec(ctx, step); err != nil {
				return fmt.Errorf("migrating: %w", redact(err))
			}
		}
		const note = `with gone as (delete from ` + versionTable + `) insert into ` + versionTable + ` select %d`
		if _, err := tx.Exec(ctx, fmt.Sprintf(note, to)); err != nil {
			return fmt.Errorf("writing the schema version: %w", redact(err))
		}
		return nil
	})
	if err != nil {
		return from, from, err
	}
	return from, to, nil
}
