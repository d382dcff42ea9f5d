package schema

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Errors of the desks' rows.
var (
	ErrDeskExists  = errors.New("there is a desk of this name with another certificate; use rotate")
	ErrNoDesk      = errors.New("there is no desk of this name")
	ErrDeskRevoked = errors.New("this desk was revoked for good; add one under another name")
	ErrCertificate = errors.New("the certificate's common name is not the desk's name")
	// ErrDeskCertificate: with it the desk would be left without any.
	ErrDeskCertificate = errors.New("this certificate of the desk is ending or has ended; make a new one")
)

// Desk is a desk as the centre knows it.
type Desk struct {
	Name         string
	State        string // active, suspended or revoked
	AddedAt      time.Time
	Certificates []Certificate // of TLS clients, oldest first
}

// fingerprint reads a certificate (DER) that must be in the desk's name.
func fingerprint(name string, cert []byte) ([]byte, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	parsed, err := x509.ParseCertificate(cert)
	if err != nil {
		return nil, errors.New("the desk's certificate is not DER of one certificate")
	}
	if parsed.Subject.CommonName != name {
		return nil, ErrCertificate
	}
	sum := sha256.Sum256(cert)
	return sum[:], nil
}

// AddDesk makes a desk with its client certificate (DER), whose common name is the desk's. Repeated with the same
// certificate it changes nothing. Errors: ErrName, ErrCertificate, ErrDeskExists, ErrDeskRevoked.
func AddDesk(ctx context.Context, adminDSN, name string, cert []byte) error {
	return inTx(ctx, adminDSN, func(tx pgx.Tx) error { return AddDeskIn(ctx, tx, name, cert) })
}

// AddDeskIn is AddDesk within a transaction of an administrator's.
func AddDeskIn(ctx context.Context, tx pgx.Tx, name string, cert []byte) error {
	sum, err := fingerprint(name, cert)
	if err != nil {
		return err
	}
	tag, err := tx.Exec(ctx, `insert into centre.desk (name) values ($1) on conflict do nothing`, name)
	if err != nil {
		return fmt.Errorf("adding a desk: %w", redact(err))
	}
	if tag.RowsAffected() == 0 {
		if _, err := lockDesk(ctx, tx, name); err != nil {
			return err
		}
		var same bool
		const has = `select exists (select from centre.desk_certificate where desk = $1 and fingerprint = $2)`
		if err := tx.QueryRow(ctx, has, name, sum).Scan(&same); err != nil {
			return fmt.Errorf("adding a desk: %w", redact(err))
		}
		if !same {
			return ErrDeskExists
		}
		return nil
	}
	return addCertificate(ctx, tx, "desk", name, sum, nil)
}

// SuspendDesk cuts a desk off from its next call until ResumeDesk; its open streams are told to end. Its open enrolments
// are abandoned, which it could no longer do itself, and its shift ends; of those that are bound, registrar.apply makes
// no key. Errors: ErrNoDesk, ErrDeskRevoked.
func SuspendDesk(ctx context.Context, adminDSN, name string) error {
	return inTx(ctx, adminDSN, func(tx pgx.Tx) error { return setState(ctx, tx, name, "suspended") })
}

// ResumeDesk lets a suspended desk go on. Errors: ErrNoDesk, ErrDeskRevoked.
func ResumeDesk(ctx context.Context, adminDSN, name string) error {
	return inTx(ctx, adminDSN, func(tx pgx.Tx) error { return setState(ctx, tx, name, "active") })
}

// RevokeDesk cuts a desk off for good, with all its certificates, as SuspendDesk does for a time. Error: ErrNoDesk.
func RevokeDesk(ctx context.Context, adminDSN, name string) error {
	return inTx(ctx, adminDSN, func(tx pgx.Tx) error {
		if err := setState(ctx, tx, name, "revoked"); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `update centre.desk_certificate set revoked = true where desk = $1`, name); err != nil {
			return fmt.Errorf("revoking a desk's certificates: %w", redact(err))
		}
		return nil
	})
}

// RotateDesk gives a desk its next certificate (DER). The ones before it end after the overlap, at once when it is
// zero. Repeated with the same certificate it changes nothing but the overlap.
// Errors: ErrName, ErrCertificate, ErrNoDesk, ErrDeskRevoked, ErrDeskCertificate.
func RotateDesk(ctx context.Context, adminDSN, name string, cert []byte, overlap time.Duration) error {
	sum, err := fingerprint(name, cert)
	if err != nil {
		return err
	}
	return inTx(ctx, adminDSN, func(tx pgx.Tx) error {
		if _, err := lockDesk(ctx, tx, name); err != nil {
			return err
		}
		if err := addCertificate(ctx, tx, "desk", name, sum, nil); err != nil {
			return err
		}
		if err := endOthers(ctx, tx, "desk", name, sum, overlap); err != nil {
			return err
		}
		if overlap > 0 {
			return nil
		}
		return tellGone(ctx, tx, name) // streams that began with the old one
	})
}

// lockDesk returns the state of a desk that was not revoked.
func lockDesk(ctx context.Context, tx pgx.Tx, name string) (state string, err error) {
	err = tx.QueryRow(ctx, `select state from centre.desk where name = $1 for no key update`, name).Scan(&state)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return "", ErrNoDesk
	case err != nil:
		return "", fmt.Errorf("looking for the desk: %w", redact(err))
	case state == "revoked":
		return state, ErrDeskRevoked
	}
	return state, nil
}

func setState(ctx context.Context, tx pgx.Tx, name, to string) error {
	state, err := lockDesk(ctx, tx, name)
	if errors.Is(err, ErrDeskRevoked) && to == state {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `update centre.desk set state = $2 where name = $1`, name, to); err != nil {
		return fmt.Errorf("changing a desk: %w", redact(err))
	}
	if to == "active" {
		return nil
	}
	_, err = tx.Exec(ctx, `select internal.end_enrolment(id, 'abandoned', 'desk_suspended') from centre.enrolment
		where desk = $1 and state = 'open'`, name)
	if err != nil {
		return fmt.Errorf("ending a desk's open enrolments: %w", redact(err))
	}
	_, err = tx.Exec(ctx, `select internal.end_shifts(array(select id from centre.shift where desk = $1 and ended_at is null))`, name)
	if err != nil {
		return fmt.Errorf("ending a desk's shift: %w", redact(err))
	}
	return tellGone(ctx, tx, name)
}

// tellGone has the door end the streams of a desk.
func tellGone(ctx context.Context, tx pgx.Tx, name string) error {
	_, err := tx.Exec(ctx, `select pg_notify('desk_events', json_build_object('desk', $1::text, 'kind', 'gone')::text)`, name)
	if err != nil {
		return fmt.Errorf("ending a desk's streams: %w", redact(err))
	}
	return nil
}

// Desks lists the desks by name.
func Desks(ctx context.Context, adminDSN string) ([]Desk, error) {
	return list[Desk](ctx, adminDSN, "the desks", `select name, state, added_at, `+certificatesOf("desk", "name")+` from centre.desk o order by name`)
}
