package schema

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

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
	return list[Setting](ctx, adminDSN, "the settings",
		`select name, value::integer, lowest::integer, highest::integer, note from centre.setting order by name`)
}

// Set changes a setting. The error is ErrNoSetting or a *RangeError when that cannot be. It holds for what begins
// from then on; desks hear of it when they next ask for the rules.
func Set(ctx context.Context, adminDSN, name string, value int) error {
	return inTx(ctx, adminDSN, func(tx pgx.Tx) error {
		s := Setting{Name: name}
		const find = `select lowest::integer, highest::integer from centre.setting where name = $1 for update`
		switch err := tx.QueryRow(ctx, find, name).Scan(&s.Lowest, &s.Highest); {
		case errors.Is(err, pgx.ErrNoRows):
			return ErrNoSetting
		case err != nil:
			return fmt.Errorf("reading a setting: %w", redact(err))
		case value < s.Lowest || value > s.Highest:
			return &RangeError{Setting: s}
		}
		if _, err := tx.Exec(ctx, `update centre.setting set value = to_jsonb($2::integer) where name = $1`, name, value); err != nil {
			return fmt.Errorf("changing a setting: %w", redact(err))
		}
		return nil
	})
}

// Extensions lists the laws that let expired documents count as valid, by name.
func Extensions(ctx context.Context, adminDSN string) ([]kiosk.Extension, error) {
	type law struct {
		Name            string
		Kinds           []kiosk.DocumentKind
		From, To, Until time.Time
	}
	laws, err := list[law](ctx, adminDSN, "the extensions",
		`select name, kinds, expired_from, expired_to, until from centre.legal_extension order by name`)
	if err != nil {
		return nil, err
	}
	var extensions []kiosk.Extension
	for _, l := range laws {
		extensions = append(extensions, kiosk.Extension{Name: l.Name, Kinds: l.Kinds,
			From: kiosk.DateOf(l.From), To: kiosk.DateOf(l.To), Until: kiosk.DateOf(l.Until)})
	}
	return extensions, nil
}

// AddExtension adds a law. The error is ErrExtension when it cannot be one, ErrExtensionExists when there is one of
// its name.
func AddExtension(ctx context.Context, adminDSN string, x kiosk.Extension) error {
	return inTx(ctx, adminDSN, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `insert into centre.legal_extension (name, kinds, expired_from, expired_to, until)
			values ($1, coalesce($2::text[], '{}'), $3::text::date, $4::text::date, $5::text::date)`,
			x.Name, x.Kinds, x.From.String(), x.To.String(), x.Until.String())
		switch {
		case err == nil:
			return nil
		case hasCode(err, "23505"): // unique_violation
			return ErrExtensionExists
		// check_violation; invalid_datetime_format, of a day that is missing or partly unknown; datetime_field_overflow
		case hasCode(err, "23514", "22007", "22008"):
			return ErrExtension
		}
		return fmt.Errorf("adding an extension: %w", redact(err))
	})
}

// RemoveExtension removes a law; keys that it let be made stay. The error is ErrNoExtension when there is none.
func RemoveExtension(ctx context.Context, adminDSN, name string) error {
	return inTx(ctx, adminDSN, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `delete from centre.legal_extension where name = $1`, name)
		if err != nil {
			return fmt.Errorf("removing an extension: %w", redact(err))
		}
		if tag.RowsAffected() == 0 {
			return ErrNoExtension
		}
		return nil
	})
}
