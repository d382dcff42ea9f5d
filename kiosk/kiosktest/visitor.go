package kiosktest

import (
	"context"
	"crypto"
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"filippo.io/age"
	"github.com/google/uuid"

	"balcao/cardreader/citizencard"
	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/desk"
	"balcao/kiosk/examine"
	"balcao/kiosk/seal"
	"balcao/kiosk/transcript"
	"balcao/mock-pcsc/citizen"
	"balcao/mock-pcsc/pki"
)

// Visitor is somebody whose card was read and whose PIN was given: what a desk's own computer does before its first call.
// All evidence of theirs is real: the card's certificate, SOD and signature.
type Visitor struct {
	Enrolment uuid.UUID
	Phone     string

	who       kiosk.Identity
	assurance kiosk.Assurance
	read      desk.Reading
	card      *citizencard.Card
	sealed    []byte // the PIN
}

// VisitorPIN is of every visitor's card.
const VisitorPIN = "1234"

// VisitorPlan orders the card of visitor n: one of the first generation, one of 2024, in turn.
func VisitorPlan(n int) citizen.Plan {
	from, until := time.Date(2024, 7, 1, 0, 0, 0, 0, time.UTC), time.Date(2034, 7, 1, 0, 0, 0, 0, time.UTC)
	p := citizen.Plan{
		Name: fmt.Sprintf("visitor-%d", n), Generation: citizen.First, Key: "RSA-2048", CardKey: "rsa2048-1",
		Person: citizen.Person{
			Number: 99_000_000 + 37*n, Surname: "Medida Inventada", GivenNames: "Pessoa", Sex: "F", Height: "1,65",
			Birth: time.Date(1950, 3, 7+n, 0, 0, 0, 0, time.UTC), Mother: [2]string{"Medida", "Mãe"}, Father: [2]string{"Inventado", "Pai"},
		},
		PIN: VisitorPIN, From: from, Until: until, CertificateFrom: from, CertificateUntil: until,
	}
	if n%2 == 1 {
		p.Generation, p.Key, p.CardKey = citizen.Y2024, "P-256", "p256-1"
	}
	return p
}

// VisitorPhone is the phone of visitor n, of a million. Its last two digits differ: numbers that end in four of one digit are
// those with which the bench's message centre misbehaves (mock-pcsc/inbox).
func VisitorPhone(n int) string { return fmt.Sprintf("+35191%06d%d", n, 9-n%10) }

// Admit reads the card of visitor n as a desk does, and seals their PIN.
func Admit(ctx context.Context, authorities *pki.PKI, examiner *examine.Examiner, centre age.Recipient, n int) (Visitor, error) {
	c, err := citizen.Make(authorities, VisitorPlan(n))
	if err != nil {
		return Visitor{}, err
	}
	session := Laid{Card: c}
	c.PowerOn()
	reader := desk.Reader{Examiner: examiner, Emit: func(kiosk.CaseEvent) {}, SkipPhoto: true}
	read, outcome := reader.Read(ctx, session)
	if outcome.Err != nil || len(outcome.Verdict.Reasons) > 0 {
		return Visitor{}, fmt.Errorf("reading the card of visitor %d: %v, %w", n, outcome.Verdict.Reasons, outcome.Err)
	}
	v := Visitor{who: outcome.Verdict.Identity, assurance: outcome.Verdict.Assurance, read: read,
		Phone: VisitorPhone(n), Enrolment: uuid.Must(uuid.NewV7())}
	if v.card, err = citizencard.Open(ctx, session); err == nil {
		err = v.card.VerifyPIN(ctx, []byte(VisitorPIN))
	}
	if err != nil {
		return v, fmt.Errorf("presenting the PIN: %w", err)
	}
	if v.sealed, err = seal.PIN(centre, v.Enrolment, []byte("482913")); err != nil {
		return v, fmt.Errorf("sealing: %w", err)
	}
	return v, nil
}

// Asks is what a desk asks of the centre for an enrolment; *central.Centre is one.
type Asks interface {
	Open(context.Context, uuid.UUID, central.Person) (central.Opened, error)
	SendCode(context.Context, uuid.UUID, central.CodeRequest) (central.CodeSent, error)
	ConfirmCode(context.Context, uuid.UUID, central.Attempt) (central.Confirmed, error)
	Bind(context.Context, uuid.UUID, transcript.Evidence, bool) (central.Status, error)
}

// OpenDesk is a desk at which a clerk is signed in.
type OpenDesk struct {
	Asks
	Name        string
	Certificate tls.Certificate
	Shift       Shift
}

// Enrol takes a visitor from the challenge, which the card signs, to the binding. code returns what arrives at their phone.
func (v Visitor) Enrol(ctx context.Context, d OpenDesk, code func(ctx context.Context) (string, error)) error {
	opened, err := d.Open(ctx, v.Enrolment, central.Person{Document: v.who.Kind, Country: v.who.Country, CivilNumber: v.who.CivilNumber, Shift: d.Shift.ID})
	if err := refused("opening", opened.Refusal, err); err != nil {
		return err
	}
	sent, err := d.SendCode(ctx, v.Enrolment, central.CodeRequest{ID: uuid.Must(uuid.NewV7()), Channel: kiosk.SMS, Value: v.Phone, Language: kiosk.Portuguese})
	if err := refused("asking for a code", sent.Refusal, err); err != nil {
		return err
	}
	typed, err := code(ctx)
	if err != nil {
		return fmt.Errorf("waiting for a code: %w", err)
	}
	confirmed, err := d.ConfirmCode(ctx, v.Enrolment, central.Attempt{ID: uuid.Must(uuid.NewV7()), Channel: kiosk.SMS, Code: []byte(typed)})
	if err := refused("confirming a code", confirmed.Refusal, err); err != nil {
		return err
	}
	contact := kiosk.ProvenContact{Channel: kiosk.SMS, Value: v.Phone, Proof: confirmed.Proof, At: confirmed.At}
	evidence := transcript.Evidence{Identity: v.read.Files.Identity, SOD: v.read.Files.SOD, SealedPIN: v.sealed}
	t := transcript.Statement{
		Enrolment: v.Enrolment, Challenge: opened.Challenge, Desk: d.Name, OpenedAt: opened.OpenedAt,
		Facts: kiosk.TranscriptFacts{
			Identity: v.who, Contacts: []kiosk.ProvenContact{contact}, PhotoCompared: true, Language: kiosk.Portuguese,
			Assurance: v.assurance, At: time.Now(),
		},
		Access: transcript.AccessContact, Evidence: evidence, Shift: d.Shift.ID, Staff: d.Shift.Staff,
	}.Transcript()
	evidence.JWS, err = transcript.Sign(ctx, t, v.read.Chain, cardSigner{v.card})
	if err == nil {
		evidence.JWS, err = transcript.Countersign(evidence.JWS, d.Certificate.PrivateKey.(crypto.Signer), d.Certificate.Certificate) //nolint:forcetypeassert // of package deskca
	}
	if err == nil {
		evidence.JWS, err = transcript.AddStaff(ctx, evidence.JWS, d.Shift.Chain, d.Shift)
	}
	if err != nil {
		return fmt.Errorf("signing: %w", err)
	}
	if _, err := d.Bind(ctx, v.Enrolment, evidence, false); err != nil {
		return fmt.Errorf("binding: %w", err)
	}
	return nil
}

func refused(what string, word central.Refusal, err error) error {
	if err == nil && word != "" {
		err = errors.New(string(word))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// cardSigner is a card as package transcript wants it.
type cardSigner struct{ card *citizencard.Card }

// SignDigest implements transcript.Signer.
func (s cardSigner) SignDigest(ctx context.Context, digest []byte) ([]byte, error) {
	return s.card.Sign(ctx, digest)
}
