package schema

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Certificate is one of a desk or of a staff card.
type Certificate struct {
	Fingerprint string // SHA-256 of the DER, in hexadecimal
	AddedAt     time.Time
	EndsAt      time.Time // when another follows; zero when none does
	Revoked     bool
}

// The tables of certificates are alike: those of a "desk" and of "staff", whose name they also give to the column of the
// owner. Only of staff the certificate itself is kept.

// addCertificate gives a certificate, of this SHA-256, to its owner, whose it may be already. Errors: ErrDeskCertificate,
// ErrStaffCard when it is another's, ends or was revoked.
func addCertificate(ctx context.Context, tx pgx.Tx, owners, owner string, sum, der []byte) error {
	into, args := `(fingerprint, `+owners+`) values ($2, $1)`, []any{owner, sum}
	if owners == "staff" {
		into, args = `(fingerprint, staff, certificate) values ($2, $1, $3)`, append(args, der)
	}
	if _, err := tx.Exec(ctx, `insert into centre.`+owners+`_certificate `+into+` on conflict do nothing`, args...); err != nil {
		return fmt.Errorf("adding a certificate of a %s: %w", owners, redact(err))
	}
	var theirs bool
	lives := `select ` + owners + ` = $1 and ends_at is null and not revoked from centre.` + owners + `_certificate where fingerprint = $2`
	if err := tx.QueryRow(ctx, lives, owner, sum).Scan(&theirs); err != nil {
		return fmt.Errorf("looking for a certificate of a %s: %w", owners, redact(err))
	}
	switch {
	case theirs:
		return nil
	case owners == "staff":
		return ErrStaffCard
	}
	return ErrDeskCertificate
}

// endOthers ends an owner's other certificates after the overlap.
func endOthers(ctx context.Context, tx pgx.Tx, owners, owner string, sum []byte, overlap time.Duration) error {
	_, err := tx.Exec(ctx, `update centre.`+owners+`_certificate
		set ends_at = least(ends_at, clock_timestamp() + make_interval(secs => $3)) where `+owners+` = $1 and fingerprint <> $2`,
		owner, sum, overlap.Seconds())
	if err != nil {
		return fmt.Errorf("ending certificates of a %s: %w", owners, redact(err))
	}
	return nil
}

// certificatesOf is a column with the certificates of each owner in the table o, in the form of []Certificate in JSON.
func certificatesOf(owners, key string) string {
	return `(select coalesce(json_agg(json_build_object('Fingerprint', encode(c.fingerprint, 'hex'), 'AddedAt', c.added_at,
		'EndsAt', c.ends_at, 'Revoked', c.revoked) order by c.added_at), '[]')
		from centre.` + owners + `_certificate c where c.` + owners + ` = o.` + key + `)`
}
