package schema

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Errors of the staff's rows.
var (
	ErrStaff = errors.New("a member of staff has a number of 1 to 20 letters, digits or -, a name of 1 to 200 characters, " +
		"and the role clerk, supervisor or auditor")
	ErrStaffExists = errors.New("there is a member of staff of this number with another name, role or card; use renew for another card")
	ErrNoStaff     = errors.New("there is no member of staff of this number")
	ErrStaffCard   = errors.New("this certificate is another member of staff's, or is ending or was revoked; use another card")
	ErrNoStaffCard = errors.New("no member of staff has a card of this fingerprint")
)

// Staff is a member of staff as the centre knows them.
type Staff struct {
	Number, Name string
	Role         string // clerk, supervisor or auditor
	State        string // active or suspended
	AddedAt      time.Time
	Certificates []Certificate // of their cards, oldest first
}

// AddStaff makes a member of staff, with the certificate of their card (DER). State and Certificates of s are not read.
// Repeated with the same it changes nothing. Errors: ErrStaff, ErrStaffExists, ErrStaffCard.
func AddStaff(ctx context.Context, adminDSN string, s Staff, cert []byte) error {
	return inTx(ctx, adminDSN, func(tx pgx.Tx) error { return AddStaffIn(ctx, tx, s, cert) })
}

// AddStaffIn is AddStaff within a transaction of an administrator's.
func AddStaffIn(ctx context.Context, tx pgx.Tx, s Staff, cert []byte) error {
	sum, err := cardFingerprint(cert)
	if err != nil {
		return err
	}
	tag, err := tx.Exec(ctx, `insert into centre.staff (number, name, role) values ($1, $2, $3) on conflict do nothing`, s.Number, s.Name, s.Role)
	switch {
	case hasCode(err, "23514"): // check_violation
		return ErrStaff
	case err != nil:
		return fmt.Errorf("adding a member of staff: %w", redact(err))
	case tag.RowsAffected() > 0:
		return addCertificate(ctx, tx, "staff", s.Number, sum, cert)
	}
	var same bool
	err = tx.QueryRow(ctx, `select exists (select from centre.staff f join centre.staff_certificate c on c.staff = f.number
		where (f.number, f.name, f.role, c.fingerprint) = ($1, $2, $3, $4))`, s.Number, s.Name, s.Role, sum).Scan(&same)
	if err != nil {
		return fmt.Errorf("adding a member of staff: %w", redact(err))
	} else if !same {
		return ErrStaffExists
	}
	return nil
}

// SuspendStaff ends what a member of staff has opened, at once, and lets them sign in no more until ResumeStaff. Of what
// is bound registrar.apply makes no key meanwhile. Error: ErrNoStaff.
func SuspendStaff(ctx context.Context, adminDSN, number string) error {
	return inTx(ctx, adminDSN, func(tx pgx.Tx) error {
		if err := cutOff(ctx, tx, number, nil); err != nil {
			return err
		}
		return staffIs(ctx, tx, number, "suspended")
	})
}

// ResumeStaff lets a suspended member of staff sign in again, also where wrong sign-ins had locked them out.
// Error: ErrNoStaff.
func ResumeStaff(ctx context.Context, adminDSN, number string) error {
	return inTx(ctx, adminDSN, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `with one as (update centre.staff set state = 'active' where number = $1)
			delete from centre.sign_in_failure where staff = $1`, number)
		if err != nil {
			return fmt.Errorf("changing a member of staff: %w", redact(err))
		}
		return staffIs(ctx, tx, number, "active")
	})
}

// RenewStaff gives a member of staff their next card, by its certificate (DER). Those before it end after the overlap, at
// once when it is zero. Repeated with the same certificate it changes nothing but the overlap.
// Errors: ErrNoStaff, ErrStaffCard.
func RenewStaff(ctx context.Context, adminDSN, number string, cert []byte, overlap time.Duration) error {
	sum, err := cardFingerprint(cert)
	if err != nil {
		return err
	}
	return inTx(ctx, adminDSN, func(tx pgx.Tx) error {
		if err := staffIs(ctx, tx, number, ""); err != nil {
			return err
		}
		if err := addCertificate(ctx, tx, "staff", number, sum, cert); err != nil {
			return err
		}
		return endOthers(ctx, tx, "staff", number, sum, overlap)
	})
}

// RevokeStaffCard ends what was opened with a card, at once, and lets nobody sign in with it any more. The fingerprint is
// as StaffList tells it. Error: ErrNoStaffCard.
func RevokeStaffCard(ctx context.Context, adminDSN, fingerprint string) error {
	sum, err := hex.DecodeString(fingerprint)
	if err != nil {
		return ErrNoStaffCard
	}
	return inTx(ctx, adminDSN, func(tx pgx.Tx) error {
		var number string
		err := tx.QueryRow(ctx, `select staff from centre.staff_certificate where fingerprint = $1`, sum).Scan(&number)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return ErrNoStaffCard
		case err != nil:
			return fmt.Errorf("looking for a card: %w", redact(err))
		}
		return cutOff(ctx, tx, number, sum)
	})
}

// cutOff ends what a member of staff has opened: all of it or, with a fingerprint, what that card signed.
func cutOff(ctx context.Context, tx pgx.Tx, number string, sum []byte) error {
	if _, err := tx.Exec(ctx, `select internal.cut_off($1, $2)`, number, sum); err != nil {
		return fmt.Errorf("cutting off a member of staff: %w", redact(err))
	}
	return nil
}

// staffIs wants a member of staff to be there, in a state when it is not empty.
func staffIs(ctx context.Context, tx pgx.Tx, number, state string) error {
	var found bool
	const sql = `select exists (select from centre.staff where number = $1 and $2 in (state, ''))`
	if err := tx.QueryRow(ctx, sql, number, state).Scan(&found); err != nil {
		return fmt.Errorf("looking for a member of staff: %w", redact(err))
	} else if !found {
		return ErrNoStaff
	}
	return nil
}

func cardFingerprint(cert []byte) ([]byte, error) {
	if _, err := x509.ParseCertificate(cert); err != nil {
		return nil, errors.New("the card's certificate is not DER of one certificate")
	}
	sum := sha256.Sum256(cert)
	return sum[:], nil
}

// StaffList lists the staff by number, with their cards.
func StaffList(ctx context.Context, adminDSN string) ([]Staff, error) {
	return list[Staff](ctx, adminDSN, "the staff",
		`select number, name, role, state, added_at, `+certificatesOf("staff", "number")+` from centre.staff o order by number`)
}
