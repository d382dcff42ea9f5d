package registrar

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"github.com/google/uuid"

	"balcao/kiosk"
	"balcao/kiosk/evidence"
)

// staffJob is what a verify or decide job says of staff. All of it is the database's word; that the certificates are staff
// cards', and what they signed, is verified.
type staffJob struct {
	Marked bool       `json:"marked"` // the clerk pressed the quiet key
	Shift  *shiftJob  `json:"shift"`
	Decide *decideJob `json:"approval"`
}

type shiftJob struct {
	ID           uuid.UUID  `json:"id"`
	Staff        string     `json:"staff"`
	Role         kiosk.Role `json:"role"`        // this and AdmittedRole as they were at sign-in
	Fingerprint  string     `json:"fingerprint"` // SHA-256 in hexadecimal of the card that signed: the supervisor's when admitted
	SignedAt     time.Time  `json:"signed_at"`
	AdmittedBy   string     `json:"admitted_by"`
	AdmittedRole kiosk.Role `json:"admitted_role"`
	Admission    []byte     `json:"admission"` // base64
}

type decideJob struct {
	JWS         []byte                 `json:"jws"` // base64
	Staff       string                 `json:"staff"`
	Role        kiosk.Role             `json:"role"`
	Fingerprint string                 `json:"fingerprint"`
	At          time.Time              `json:"at"`
	Reasons     []kiosk.ApprovalReason `json:"reasons"` // as the supervisor saw them
}

// fingerprint reads SHA-256 in hexadecimal. What is none belongs to no certificate.
func fingerprint(text string) (f [sha256.Size]byte, ok bool) {
	raw, err := hex.DecodeString(text)
	if ok = err == nil && len(raw) == len(f); ok {
		copy(f[:], raw)
	}
	return f, ok
}

func staffCard(number string, role kiosk.Role, text string) evidence.StaffCard {
	f, _ := fingerprint(text)
	return evidence.StaffCard{Number: number, Role: role, Fingerprint: f}
}

// expect adds what staff have to have signed.
func (s staffJob) expect(e *evidence.Expect) {
	e.Doubt = s.Marked
	if shift := s.Shift; shift != nil {
		e.Shift = &evidence.Shift{ID: shift.ID, Card: staffCard(shift.Staff, shift.Role, shift.Fingerprint), SignedAt: shift.SignedAt}
		if shift.AdmittedBy != "" || len(shift.Admission) > 0 {
			e.Shift.Admission = shift.Admission
			e.Shift.AdmittedBy = staffCard(shift.AdmittedBy, shift.AdmittedRole, shift.Fingerprint)
			e.Shift.Card.Fingerprint = [sha256.Size]byte{}
		}
	}
	if d := s.Decide; d != nil {
		e.Decision = &evidence.Decision{JWS: d.JWS, By: staffCard(d.Staff, d.Role, d.Fingerprint), At: d.At, Seen: d.Reasons}
	}
}

// undecided reports whether it is the supervisor's statement that does not hold: then the case waits for another.
func undecided(reason string) bool {
	return slices.Contains([]string{evidence.RefusedApproval, evidence.RefusedSamePerson}, reason)
}
