// Package schema makes, migrates and audits the centre's database. It is for operators' programs and
// tests; a desk and a registrar never change a schema, they only compare its version.
//
// Create needs a superuser of the server, because it closes what PostgreSQL leaves open to everybody
// (large objects, advisory locks, temporary tables). Everything else belongs to the role balcao_owner,
// which nobody logs in as. Login roles are members of one of two groups that own nothing:
// balcao_desk may call the functions of schema desk, balcao_registrar those of schema registrar.
package schema

import (
	"context"
	_ "embed"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/tern/v2/migrate"

	"balcao/kiosk/central/migrations"
)

// versionTable is where tern keeps the number of the last migration. desk.hello reads it.
const versionTable = "cmd.schema_version"

//go:embed bootstrap.sql
var bootstrapSQL string

// sealSQL closes a database to everybody but our groups. It is apart from the bootstrap because
// CREATE DATABASE … TEMPLATE copies everything but these rights.
const sealSQL = `do $$
begin
	execute format('revoke all on database %I from public', current_database());
	execute format('grant connect on database %I to balcao_owner, balcao_desk, balcao_registrar', current_database());
end $$`

// Version returns the schema version that this program's migrations lead to.
func Version() (int32, error) {
	files, err := migrate.FindMigrations(migrations.FS)
	if err != nil {
		return 0, fmt.Errorf("listing migrations: %w", err)
	}
	return int32(len(files)), nil
}

// Create makes the database when it does not exist, its roles and schemas, and migrates it. It may be
// repeated. adminDSN names a superuser and any database of the server.
func Create(ctx context.Context, adminDSN, dbname string) error {
	config, err := pgx.ParseConfig(adminDSN)
	if err != nil {
		return errors.New("the connection string is not valid") // the cause would quote it
	}
	if err := createDatabase(ctx, config, dbname); err != nil {
		return err
	}
	config = config.Copy()
	config.Database = dbname
	conn, err := connect(ctx, config)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, bootstrapSQL); err != nil {
		return fmt.Errorf("preparing the database: %w", redact(err))
	}
	if err := Seal(ctx, conn); err != nil {
		return err
	}
	_, _, err = migrateConn(ctx, conn)
	return err
}

func createDatabase(ctx context.Context, config *pgx.ConnConfig, dbname string) error {
	conn, err := connect(ctx, config)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	_, err = conn.Exec(ctx, "create database "+pgx.Identifier{dbname}.Sanitize()+" encoding 'UTF8' template template0")
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) && pgErr.Code == "42P04" { // duplicate_database
		return nil
	}
	if err != nil {
		return fmt.Errorf("creating the database: %w", redact(err))
	}
	return nil
}

// Seal closes the database of this connection to everybody but the groups. Create does it; a database
// cloned from a template needs it again.
func Seal(ctx context.Context, conn *pgx.Conn) error {
	if _, err := conn.Exec(ctx, sealSQL); err != nil {
		return fmt.Errorf("closing the database: %w", redact(err))
	}
	return nil
}

// Migrate brings the database up to this program's version and returns the versions before and after.
// Several may run at once; one does the work.
func Migrate(ctx context.Context, adminDSN string) (from, to int32, err error) {
	conn, err := dial(ctx, adminDSN)
	if err != nil {
		return 0, 0, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	return migrateConn(ctx, conn)
}

func migrateConn(ctx context.Context, conn *pgx.Conn) (from, to int32, err error) {
	if _, err := conn.Exec(ctx, "set role balcao_owner"); err != nil {
		return 0, 0, fmt.Errorf("becoming the owner of the schema: %w", redact(err))
	}
	defer func() {
		_, resetErr := conn.Exec(ctx, "reset role")
		err = errors.Join(err, redact(resetErr))
	}()
	m, err := loadMigrations(ctx, conn)
	if err != nil {
		return 0, 0, err
	}
	if from, err = m.GetCurrentVersion(ctx); err != nil {
		return 0, 0, fmt.Errorf("reading the schema version: %w", redact(err))
	}
	to = int32(len(m.Migrations))
	if from > to {
		return from, from, fmt.Errorf("the database is at version %d, newer than this program's %d", from, to)
	}
	if err := m.Migrate(ctx); err != nil {
		return from, from, fmt.Errorf("migrating: %w", redact(err))
	}
	return from, to, nil
}

func loadMigrations(ctx context.Context, conn *pgx.Conn) (*migrate.Migrator, error) {
	m, err := migrate.NewMigrator(ctx, conn, versionTable)
	if err != nil {
		return nil, fmt.Errorf("reading the schema version: %w", redact(err))
	}
	if err := m.LoadMigrations(migrations.FS); err != nil {
		return nil, fmt.Errorf("loading migrations: %w", err)
	}
	return m, nil
}

func dial(ctx context.Context, dsn string) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, errors.New("the connection string is not valid")
	}
	return connect(ctx, config)
}

func connect(ctx context.Context, config *pgx.ConnConfig) (*pgx.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		// pgx does not put the password into this error.
		return nil, fmt.Errorf("connecting to the database: %w", redact(err))
	}
	return conn, nil
}

// redact leaves out of a server's error what names values, because its detail quotes rows.
func redact(err error) error {
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) {
		return err
	}
	return fmt.Errorf("%s (SQLSTATE %s)", pgErr.Message, pgErr.Code)
}
