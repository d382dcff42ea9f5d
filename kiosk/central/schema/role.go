package schema

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/jackc/pgx/v5"
)

// Groups that a login role can be a member of.
const (
	DeskGroup      = "balcao_desk"
	RegistrarGroup = "balcao_registrar"
)

// Login is a role that logs in: a desk or a registrar. Its name is also the common name of its TLS
// client certificate.
type Login struct {
	Name     string
	Group    string // DeskGroup or RegistrarGroup
	Password string // empty: it logs in with its certificate only
}

// The channel "desk_<name>" is an identifier of at most 63 bytes.
var loginName = regexp.MustCompile(`^[a-z][a-z0-9_-]{1,47}$`)

// reserved are names with a meaning of their own in PostgreSQL or here.
var reserved = regexp.MustCompile(`^(pg_|balcao_(owner|desk|registrar)$|postgres$|public$|none$)`)

// ErrName says that a role cannot have this name.
var ErrName = errors.New("a name is 2 to 48 lower-case letters, digits, _ or -, begins with a letter, and is not reserved")

// CheckName returns ErrName unless name can be that of a desk or registrar.
func CheckName(name string) error {
	if !loginName.MatchString(name) || reserved.MatchString(name) {
		return ErrName
	}
	return nil
}

// AddLogin makes a login role, or gives an existing one its membership and limits again. A role that
// has any other membership or power is refused: nothing may be gained by being a desk as well.
func AddLogin(ctx context.Context, adminDSN string, login Login) error {
	if err := CheckName(login.Name); err != nil {
		return err
	}
	if login.Group != DeskGroup && login.Group != RegistrarGroup {
		return fmt.Errorf("%q is not a group of logins", login.Group)
	}
	conn, err := dial(ctx, adminDSN)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return addLogin(ctx, tx, login) })
}

func addLogin(ctx context.Context, tx pgx.Tx, login Login) error {
	var exists, powerful bool
	err := tx.QueryRow(ctx, `
		select count(*) > 0, coalesce(bool_or(r.rolsuper or r.rolcreaterole or r.rolcreatedb or r.rolreplication
			or r.rolbypassrls or exists (select from pg_auth_members m
				where m.member = r.oid and m.roleid <> $2::regrole)), false)
		from pg_roles r where r.rolname = $1`, login.Name, login.Group).Scan(&exists, &powerful)
	if err != nil {
		return fmt.Errorf("looking for the role: %w", redact(err))
	}
	if powerful {
		return fmt.Errorf("role %s exists and may do more than a member of %s", login.Name, login.Group)
	}
	name, group := pgx.Identifier{login.Name}.Sanitize(), pgx.Identifier{login.Group}.Sanitize()
	statements := []string{"grant " + group + " to " + name}
	if !exists {
		statements = append([]string{"create role " + name + " login"}, statements...)
	}
	statements = append(statements, "alter role "+name+" login inherit")
	statements = append(statements, limits(login.Group, name)...)
	for _, statement := range statements {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return fmt.Errorf("making the role: %w", redact(err))
		}
	}
	if login.Password == "" {
		return nil
	}
	// ALTER ROLE takes no parameters; the server quotes the password for us, so that it is never part
	// of a statement's text that we send.
	const setPassword = `select set_config('balcao.password', $1, true)` //nolint:gosec // there is none in it
	if _, err := tx.Exec(ctx, setPassword, login.Password); err != nil {
		return fmt.Errorf("setting the password: %w", redact(err))
	}
	_, err = tx.Exec(ctx, `do $$ begin
		execute format('alter role %I password %L', '`+login.Name+`', current_setting('balcao.password'));
	end $$`)
	if err != nil {
		return fmt.Errorf("setting the password: %w", redact(err))
	}
	return nil
}

// limits keeps one login from using the server up. A role may lift the timeouts for its session, not
// the number of its connections nor the size of its temporary files; those two are the hard ones.
func limits(group, name string) []string {
	alter := "alter role " + name
	if group == RegistrarGroup {
		return []string{
			alter + " connection limit 64",
			alter + " set idle_in_transaction_session_timeout = '2min'", // a job is worked inside its transaction
		}
	}
	return []string{
		alter + " connection limit 24",
		alter + " set statement_timeout = '10s'",
		alter + " set lock_timeout = '5s'",
		alter + " set idle_in_transaction_session_timeout = '10s'",
		alter + " set temp_file_limit = '16MB'",
	}
}
