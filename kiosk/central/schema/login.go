package schema

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/jackc/pgx/v5"
)

// Roles of the centre's own programs.
const (
	CentreLogin    = "balcao_centre"    // the login of the door
	LoginService   = "balcao_login"     // the login of the service at which people sign in (kiosk/signin)
	RegistrarGroup = "balcao_registrar" // the group of the registrars' logins
)

// Login is a role that logs in: CentreLogin, LoginService, or a registrar. Its name is also the common name of its TLS client
// certificate.
type Login struct {
	Name     string
	Password string // empty: it logs in with its certificate only
}

var loginName = regexp.MustCompile(`^[a-z][a-z0-9_-]{1,47}$`)

// reserved are names with a meaning of their own in PostgreSQL or here.
var reserved = regexp.MustCompile(`^(pg_|balcao_(owner|centre|login|registrar)$|postgres$|public$|none$)`)

// ErrName says that a role cannot have this name.
var ErrName = errors.New("a name is 2 to 48 lower-case letters, digits, _ or -, begins with a letter, and is not reserved")

// CheckName returns ErrName unless name can be that of a desk or registrar.
func CheckName(name string) error {
	if !loginName.MatchString(name) || reserved.MatchString(name) {
		return ErrName
	}
	return nil
}

// AddLogin makes the login role of a registrar, or gives an existing one its membership and limits again; of
// CentreLogin and LoginService, which Create made, it sets the password. A role that has any other membership or power is refused:
// nothing may be gained by being a registrar as well.
func AddLogin(ctx context.Context, adminDSN string, login Login) error {
	ours := login.Name == CentreLogin || login.Name == LoginService
	if !ours {
		if err := CheckName(login.Name); err != nil {
			return err
		}
	}
	return inTx(ctx, adminDSN, func(tx pgx.Tx) error {
		if !ours {
			if err := addRegistrar(ctx, tx, login.Name); err != nil {
				return err
			}
		}
		return setPassword(ctx, tx, login)
	})
}

func addRegistrar(ctx context.Context, tx pgx.Tx, role string) error {
	var exists, powerful bool
	err := tx.QueryRow(ctx, `
		select count(*) > 0, coalesce(bool_or(r.rolsuper or r.rolcreaterole or r.rolcreatedb or r.rolreplication
			or r.rolbypassrls or exists (select from pg_auth_members m
				where m.member = r.oid and m.roleid <> $2::regrole)), false)
		from pg_roles r where r.rolname = $1`, role, RegistrarGroup).Scan(&exists, &powerful)
	if err != nil {
		return fmt.Errorf("looking for the role: %w", redact(err))
	}
	if powerful {
		return fmt.Errorf("role %s exists and may do more than a registrar", role)
	}
	name := pgx.Identifier{role}.Sanitize()
	alter := "alter role " + name
	statements := []string{
		"grant " + RegistrarGroup + " to " + name,
		alter + " login inherit connection limit 64",
		alter + " set lock_timeout = '2s'",
		alter + " set plan_cache_mode = force_generic_plan", // every statement finds its rows by an index, whatever the values
		alter + " set idle_in_transaction_session_timeout = '30s'",
	}
	if !exists {
		statements = append([]string{"create role " + name + " login"}, statements...)
	}
	for _, statement := range statements {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return fmt.Errorf("making the role: %w", redact(err))
		}
	}
	return nil
}

func setPassword(ctx context.Context, tx pgx.Tx, login Login) error {
	if login.Password == "" {
		return nil
	}
	// ALTER ROLE takes no parameters; the server quotes the password for us, so that it is never part
	// of a statement's text that we send.
	const setPassword = `select set_config('balcao.password', $1, true)` //nolint:gosec // there is none in it
	if _, err := tx.Exec(ctx, setPassword, login.Password); err != nil {
		return fmt.Errorf("setting the password: %w", redact(err))
	}
	_, err := tx.Exec(ctx, `do $$ begin
		execute format('alter role %I password %L', '`+login.Name+`', current_setting('balcao.password'));
	end $$`)
	if err != nil {
		return fmt.Errorf("setting the password: %w", redact(err))
	}
	return nil
}
