package load

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"balcao/kiosk/central"
	"balcao/kiosk/central/schema"
	"balcao/kiosk/examine/examinetest"
	"balcao/kiosk/transcript"
	"balcao/mock-pcsc/fixtures"
	"balcao/mock-pcsc/pki"
)

// Clerks are the staff cards of the fixtures with which desks are opened here.
var Clerks = []string{"clerk", "clerk-2"}

// Employ registers the clerks at a centre, by an administrator's connection string.
func Employ(ctx context.Context, admin string) error {
	for _, s := range fixtures.Staff() {
		if !slices.Contains(Clerks, s.Name) {
			continue
		}
		if err := schema.AddStaff(ctx, admin, schema.Staff{Number: s.Number, Name: s.FullName, Role: s.Role}, s.Certificate); err != nil {
			return fmt.Errorf("registering a staff card: %w", err)
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

// SignIn opens a shift at a desk with one of Clerks, whom the centre knows.
func SignIn(ctx context.Context, desk *central.Centre, clerk string) (Shift, error) {
	s := Shift{ID: uuid.Must(uuid.NewV7())}
	certificate, err := pki.StaffCertificate(clerk)
	if err != nil {
		return s, err
	}
	s.Chain = [][]byte{certificate}
	if s.Key, err = pki.New().StaffKey(clerk); err != nil {
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
	if err != nil || signed.Refusal != "" {
		return s, Fault("signing in", signed.Refusal, err)
	}
	s.Staff = signed.Staff
	return s, nil
}
