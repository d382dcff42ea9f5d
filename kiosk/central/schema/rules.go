package schema

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"balcao/kiosk"
)

// Setting is a rule of the centre that is a whole number, with the bounds that the database holds it to.
type Setting struct {
	Name            string
	Value           int
	Lowest, Highest int
	Note            string // what it is, and in which unit
}

// Errors of the rules that an operator keeps.
var (
	ErrNoSetting   = errors.New("there is no such setting")
	ErrNoExtension = errors.New("there is no extension of this name")
	ErrExtension   = errors.New("an extension has a name of 1 to 80 characters, kinds of documents, " +
		"and three days in order: expired from, expired to, until")
	ErrExtensionExists = errors.New("there is an extension of this name already; remove it first")
)

// RangeError says that a setting cannot have a value.
type RangeError struct{ Setting Setting }

func (e *RangeError) Error() string {
	return fmt.Sprintf("%s is between %d and %d", e.Setting.Name, e.Setting.Lowest, e.Setting.Highest)
}

// Settings lists the centre's settings by name.
func Settings(ctx context.Context, adminDSN string) ([]Setting, error) {
	conn, err := dial(ctx, adminDSN)
	if err != nil {
		return nil, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	rows, err := conn.Query(ctx, `select name, value::integer, lowest::integer, highest::integer, note from cmd.setting order by name`)
	if err != nil {
		return nil, fmt.Errorf("reading the settings: %w", redact(err))
	}
	settings, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Setting])
	if err != nil {
		return nil, fmt.Errorf("reading the settings: %w", redact(err))
	}
	return settings, nil
}

// Set changes a setting. The error is ErrNoSetting or a *RangeError when that cannot be. It holds for what begins
// from then on; desks hear of it when they next ask for the rules.
func Set(ctx context.Context, adminDSN, name string, value int) error {
	conn, err := dial(ctx, adminDSN)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		s := Setting{Name: name}
		const find = `select lowest::integer, highest::integer from cmd.setting where name = $1 for update`
		switch err := tx.QueryRow(ctx, find, name).Scan(&s.Lowest, &s.Highest); {
		case errors.Is(err, pgx.ErrNoRows):
			return ErrNoSetting
		case err != nil:
			return fmt.Errorf("reading a setting: %w", redact(err))
		case value < s.Lowest || value > s.Highest:
			return &RangeError{Setting: s}
		}
		if _, err := tx.Exec(ctx, `update cmd.setting set value = to_jsonb($2::integer) where name = $1`, name, value); err != nil {
			return fmt.Errorf("changing a setting: %w", redact(err))
		}
		return nil
	})
}

// Extensions lists the laws that let expired documents count as valid, by name.
func Extensions(ctx context.Context, adminDSN string) ([]kiosk.Extension, error) {
	conn, err := dial(ctx, adminDSN)
	if err != nil {
		return nil, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	rows, err := conn.Query(ctx, `select name, kinds, expired_from, expired_to, until from cmd.legal_extension order by name`)
	if err != nil {
		return nil, fmt.Errorf("reading the extensions: %w", redact(err))
	}
	extensions, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (x kiosk.Extension, err error) {
		var from, to, until time.Time
		err = row.Scan(&x.Name, &x.Kinds, &from, &to, &until)
		x.From, x.To, x.Until = kiosk.DateOf(from), kiosk.DateOf(to), kiosk.DateOf(until)
		return x, err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the extensions: %w", redact(err))
	}
	return extensions, nil
}

// AddExtension adds a law. The error is ErrExtension when it cannot be one, ErrExtensionExists when there is one of
// its name.
func AddExtension(ctx context.Context, adminDSN string, x kiosk.Extension) error {
	conn, err := dial(ctx, adminDSN)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	_, err = conn.Exec(ctx, `insert into cmd.legal_extension (name, kinds, expired_from, expired_to, until)
		values ($1, coalesce($2::text[], '{}'), $3::text::date, $4::text::date, $5::text::date)`,
		x.Name, x.Kinds, x.From.String(), x.To.String(), x.Until.String())
	var pgErr *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &pgErr) && pgErr.Code == "23505": // unique_violation
		return ErrExtensionExists
	// check_violation; invalid_datetime_format, of a day that is missing or partly unknown; datetime_field_overflow
	case errors.As(err, &pgErr) && (pgErr.Code == "23514" || pgErr.Code == "22007" || pgErr.Code == "22008"):
		return ErrExtension
	}
	return fmt.Errorf("adding an extension: %w", redact(err))
}

// RemoveExtension removes a law; keys that it let be made stay. The error is ErrNoExtension when there is none.
func RemoveExtension(ctx context.Context, adminDSN, name string) error {
	conn, err := dial(ctx, adminDSN)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	tag, err := conn.Exec(ctx, `delete from cmd.legal_extension where name = $1`, name)
	if err != nil {
		return fmt.Errorf("removing an extension: %w", redact(err))
	}
	if tag.RowsAffected() == 0 {
		return ErrNoExtension
	}
	return nil
}
