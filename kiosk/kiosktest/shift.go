package kiosktest

import (
	"context"
	"crypto/x509"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"balcao/kiosk/central"
	"balcao/kiosk/central/schema"
	"balcao/kiosk/examine/examinetest"
	"balcao/kiosk/transcript"
	"balcao/kiosk/trust/staff"
	"balcao/mock-pcsc/fixtures"
	"balcao/mock-pcsc/pki"
)

// Clerks are the staff cards of the fixtures with which desks are opened here.
var Clerks = []string{"clerk", "clerk-2"}

// StaffTrust believes the staff cards of the fixtures.
func StaffTrust(t testing.TB) *staff.Trust {
	t.Helper()
	return staff.New([]*x509.Certificate{StaffAuthority(t)}, nil)
}

// Employ registers the holders of some staff cards of the fixtures at a centre, by an administrator's connections: of all that
// are in a register, without any.
func Employ(ctx context.Context, admin *pgxpool.Pool, cards ...string) error {
	for _, s := range fixtures.Staff() {
		if len(cards) > 0 && !slices.Contains(cards, s.Name) || s.State == fixtures.StaffUnregistered {
			continue
		}
		err := pgx.BeginFunc(ctx, admin, func(tx pgx.Tx) error {
			return schema.AddStaffIn(ctx, tx, schema.Staff{Number: s.Number, Name: s.FullName, Role: s.Role}, s.Certificate)
		})
		if err == nil && s.State == fixtures.StaffSuspended {
			err = schema.SuspendStaff(ctx, admin.Config().ConnString(), s.Number)
		}
		if err != nil {
			return fmt.Errorf("registering the staff card %s: %w", s.Name, err)
		}
	}
	return nil
}

// Shift is a clerk who is signed in at a desk. The key of their card signs without a card and without its PIN.
type Shift struct {
	ID    uuid.UUID
	Staff string   // the clerk's number
	Chain [][]byte // of the card
	examinetest.SoftCard
}

// SignIn opens a shift at a desk with a staff card of the fixtures, whose holder the centre knows.
func SignIn(ctx context.Context, desk *central.Centre, card string) (Shift, error) {
	s := Shift{ID: uuid.Must(uuid.NewV7())}
	certificate, err := pki.StaffCertificate(card)
	if err != nil {
		return s, err
	}
	s.Chain = [][]byte{certificate}
	if s.Key, err = pki.New().StaffKey(card); err != nil {
		return s, err
	}
	begun, err := desk.BeginShift(ctx, s.ID)
	if err != nil {
		return s, fmt.Errorf("beginning a shift: %w", err)
	}
	jws, err := transcript.SignSignIn(ctx, transcript.SignIn{Shift: s.ID, Challenge: begun.Challenge, Desk: desk.Desk(), At: time.Now()}, s.Chain, s)
	if err != nil {
		return s, fmt.Errorf("signing in: %w", err)
	}
	signed, err := desk.SignIn(ctx, s.ID, jws)
	if err == nil && signed.Refusal != "" {
		err = fmt.Errorf("refused: %s", signed.Refusal)
	}
	if err != nil {
		return s, fmt.Errorf("signing in: %w", err)
	}
	s.Staff = signed.Staff
	return s, nil
}

// SignIn registers the clerk of the fixtures, where they are not yet, and signs them in at a desk.
func (o *Office) SignIn(ctx context.Context, t testing.TB, desk *central.Centre) Shift {
	t.Helper()
	if !o.employed {
		check(t, Employ(ctx, o.Admin, Clerks...))
		o.employed = true
	}
	s, err := SignIn(ctx, desk, Clerks[0])
	check(t, err)
	return s
}
