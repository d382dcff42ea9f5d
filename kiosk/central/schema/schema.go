// Package schema makes, migrates and audits the centre's database, and keeps what an operator decides: desks,
// rules, destinations. It is for operators' programs and tests; nobody else changes a schema.
//
// Create needs a superuser of the server, because it closes what PostgreSQL leaves open to everybody
// (large objects, advisory locks, temporary tables). Everything else belongs to the role balcao_owner,
// which nobody logs in as. CentreLogin, the door's login, may call the functions of schema desk, members of
// RegistrarGroup those of schemas registrar and login, LoginService those of schema login, and none anything else.
package schema

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

//go:embed bootstrap.sql
var bootstrapSQL string

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
	conn, err := pgx.ConnectConfig(ctx, config)
	for n := 0; n < 50 && hasCode(err, "3D000"); n++ { // invalid_catalog_name: a standby that has not followed yet, and pgx asks no other
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
		conn, err = pgx.ConnectConfig(ctx, config)
	}
	if err != nil {
		return fmt.Errorf("connecting to the database: %w", redact(err))
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, bootstrapSQL); err != nil {
		return fmt.Errorf("preparing the database: %w", redact(err))
	}
	if _, err := conn.Exec(ctx, Seal(dbname)); err != nil {
		return fmt.Errorf("closing the database: %w", redact(err))
	}
	_, _, err = migrate(ctx, conn, Version())
	return err
}

func createDatabase(ctx context.Context, config *pgx.ConnConfig, dbname string) error {
	conn, err := connect(ctx, config)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	_, err = conn.Exec(ctx, "create database "+pgx.Identifier{dbname}.Sanitize()+" encoding 'UTF8' template template0")
	if hasCode(err, "42P04") { // duplicate_database
		return nil
	}
	if err != nil {
		return fmt.Errorf("creating the database: %w", redact(err))
	}
	return nil
}

// Seal is SQL that closes a database to everybody but our roles, also for temporary tables: they could fill the disk, or lie in
// the way of a careless function. Create does it; a database cloned from a template needs it again, for CREATE DATABASE …
// TEMPLATE copies everything but these rights.
func Seal(database string) string {
	name := pgx.Identifier{database}.Sanitize()
	return "revoke all on database " + name + " from public; grant connect on database " + name +
		" to balcao_owner, balcao_centre, balcao_login, balcao_registrar"
}

// WithAdmin does something on a connection of its own, as an administrator. Errors do not quote the connection string.
func WithAdmin(ctx context.Context, dsn string, do func(*pgx.Conn) error) error {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return errors.New("the connection string is not valid")
	}
	conn, err := connect(ctx, config)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	return do(conn)
}

// inTx does something in a transaction on a connection of its own.
func inTx(ctx context.Context, dsn string, do func(pgx.Tx) error) error {
	return WithAdmin(ctx, dsn, func(conn *pgx.Conn) error { return pgx.BeginFunc(ctx, conn, do) })
}

// list reads rows by the order of their columns.
func list[T any](ctx context.Context, dsn, what, sql string) (rows []T, err error) {
	err = WithAdmin(ctx, dsn, func(conn *pgx.Conn) error {
		found, err := conn.Query(ctx, sql)
		if err == nil {
			rows, err = pgx.CollectRows(found, pgx.RowToStructByPos[T])
		}
		if err != nil {
			return fmt.Errorf("reading %s: %w", what, redact(err))
		}
		return nil
	})
	return rows, err
}

func connect(ctx context.Context, config *pgx.ConnConfig) (*pgx.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		// pgx does not put the password into this error.
		return nil, fmt.Errorf("connecting to the database: %w", redact(err))
	}
	return conn, nil
}

// hasCode reports whether an error is the server's, with one of these SQLSTATEs.
func hasCode(err error, codes ...string) bool {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		for _, code := range codes {
			if pgErr.Code == code {
				return true
			}
		}
	}
	return false
}

// redact leaves out of a server's error what names values, because its detail quotes rows.
func redact(err error) error {
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) {
		return err
	}
	return fmt.Errorf("%s (SQLSTATE %s)", pgErr.Message, pgErr.Code)
}
