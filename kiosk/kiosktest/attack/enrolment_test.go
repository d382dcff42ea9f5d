package attack_test

import (
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"balcao/cardreader/citizencard"
	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/examine"
	"balcao/kiosk/kiosktest"
	"balcao/kiosk/seal"
	"balcao/kiosk/transcript"
	"balcao/mock-pcsc/fixtures"
)

// citizen is a Citizen Card in the reader, with its holder's PIN.
type citizen struct {
	*citizencard.Card
	pin    string
	files  citizencard.Files
	chain  [][]byte
	holder kiosk.Identity
}

func (s *system) citizen(name string) *citizen {
	s.t.Helper()
	entries := s.fixtures.Entries()
	i := slices.IndexFunc(entries, func(e fixtures.Entry) bool { return e.Name == name })
	emulated, err := s.fixtures.Card(name)
	s.check(err)
	emulated.PowerOn()
	c := &citizen{pin: entries[i].PIN}
	c.Card, err = citizencard.Open(s.ctx, kiosktest.Laid{Card: emulated})
	s.check(err)
	c.files.Generation = c.Generation()
	c.files.Identity, err = c.ReadIdentity(s.ctx)
	s.check(err)
	c.files.SOD, err = c.ReadSOD(s.ctx)
	s.check(err)
	c.files.Certificate, err = c.ReadCertificate(s.ctx)
	s.check(err)
	c.files.Issuers, err = c.ReadIssuers(s.ctx)
	s.check(err)
	c.chain = append([][]byte{c.files.Certificate}, c.files.Issuers...)
	c.holder, err = examine.IdentityOf(c.files)
	s.check(err)
	return c
}

func (c *citizen) SignDigest(ctx context.Context, digest []byte) ([]byte, error) {
	if err := c.VerifyPIN(ctx, []byte(c.pin)); err != nil {
		return nil, err
	}
	return c.Sign(ctx, digest)
}

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

var lastPhone atomic.Int64

// enrolment is one at a desk, with a phone that is proven.
type enrolment struct {
	*system
	shift
	id     uuid.UUID
	card   *citizen
	opened central.Opened
	proof  kiosk.ProvenContact
	sealed []byte

	taxNumber string

	errand, reason string // of one about a key, which is about
	about          int64
	later          *kiosk.ActivationFacts
}

// enrol opens an enrolment for the holder of a Citizen Card and proves a phone.
func (s *system) enrol(in shift, card *citizen) *enrolment {
	s.t.Helper()
	e := s.open(in, central.Person{Document: kiosk.CitizenCard, Country: "PRT", CivilNumber: card.holder.CivilNumber, Shift: in.id})
	own := *card
	e.card = &own
	return e
}

func (s *system) open(in shift, who central.Person) *enrolment {
	s.t.Helper()
	e := &enrolment{system: s, shift: in, id: newID(), taxNumber: who.TaxNumber}
	var err error
	e.opened, err = in.desk.Open(s.ctx, e.id, who)
	s.check(err)
	if e.opened.Refusal != "" {
		s.t.Fatalf("opening: %s", e.opened.Refusal)
	}
	e.prove()
	e.sealed, err = seal.PIN(s.Identity.Recipient(), e.id, []byte("482913"))
	s.check(err)
	return e
}

// prove proves a phone that is nobody's yet.
func (e *enrolment) prove() {
	e.t.Helper()
	phone := fmt.Sprintf("+35192%07d", lastPhone.Add(1))
	_, err := e.desk.SendCode(e.ctx, e.id, central.CodeRequest{ID: newID(), Channel: kiosk.SMS, Value: phone, Language: kiosk.Portuguese})
	e.check(err)
	answer, err := e.desk.ConfirmCode(e.ctx, e.id, central.Attempt{ID: newID(), Channel: kiosk.SMS, Code: kiosk.Secret(e.SMS.Code(e.ctx, e.t, phone))})
	e.check(err)
	e.proof = kiosk.ProvenContact{Channel: kiosk.SMS, Value: phone, Proof: answer.Proof, At: answer.At}
}

func (e *enrolment) statement(who kiosk.Identity, access string, sent transcript.Evidence) transcript.Statement {
	var proven []kiosk.ProvenContact
	if e.proof.Channel != "" {
		proven = append(proven, e.proof)
	}
	return transcript.Statement{
		Enrolment: e.id, Challenge: e.opened.Challenge, Desk: e.desk.Desk(), OpenedAt: e.opened.OpenedAt,
		Facts: kiosk.TranscriptFacts{
			Errand: e.errand, Key: e.about, Reason: e.reason, Activation: e.later,
			Identity: who, Contacts: proven, PhotoCompared: true, Language: kiosk.Portuguese,
			Assurance: kiosk.Assurance{Level: kiosk.LevelHigh}, At: time.Now(),
		},
		Access: access, Evidence: sent, Shift: e.shift.id, Staff: e.who.number, Admission: e.admission,
	}
}

// transcript is what an honest desk has signed.
func (e *enrolment) transcript() transcript.Transcript {
	sent := transcript.Evidence{Identity: e.card.files.Identity, SOD: e.card.files.SOD, SealedPIN: e.sealed}
	return e.statement(e.card.holder, transcript.AccessContact, sent).Transcript()
}

// signed is a transcript signed by the citizen's card, the desk and, where the shift is not admitted, a staff card.
func (e *enrolment) signed(t transcript.Transcript, by *member) []byte {
	e.t.Helper()
	jws, err := transcript.Sign(e.ctx, t, e.card.chain, e.card)
	e.check(err)
	key := e.DB.Desk(e.desk.Desk())
	jws, err = transcript.Countersign(jws, key.PrivateKey.(crypto.Signer), key.Certificate)
	e.check(err)
	if by != nil {
		jws, err = transcript.AddStaff(e.ctx, jws, by.chain, by)
		e.check(err)
	}
	return jws
}

// honest is what an honest desk binds.
func (e *enrolment) honest() []byte {
	e.t.Helper()
	by := e.who
	if e.admission != nil {
		by = nil
	}
	return e.signed(e.transcript(), by)
}

func (e *enrolment) bind(jws []byte, doubt bool) {
	e.t.Helper()
	_, err := e.desk.Bind(e.ctx, e.id, transcript.Evidence{JWS: jws, Identity: e.card.files.Identity, SOD: e.card.files.SOD, SealedPIN: e.sealed}, doubt)
	e.check(err)
}

// state is the enrolment's in the database.
func (e *enrolment) state() (state, refusal string) {
	e.t.Helper()
	e.check(e.Admin.QueryRow(e.ctx, `select state, coalesce(refusal, '') from centre.enrolment where id = $1`, e.id).Scan(&state, &refusal))
	return state, refusal
}

// ends waits for the end, which has to be this one: "active", or why it is refused. Nothing but "active" leaves a key.
func (e *enrolment) ends(name, want string) {
	e.t.Helper()
	var state, refusal string
	e.until("the enrolment ends", func() bool {
		state, refusal = e.state()
		return state != "open" && state != "pending" && state != "waiting"
	})
	if got := refusal + map[bool]string{true: "active"}[state == "active"]; got != want {
		e.t.Errorf("%s: got %s for %q, want %s\n%s", name, state, refusal, want, e.Log)
	}
	if n := scalar[int](e.system, `select count(*) from centre.key where enrolment = $1`, e.id); (n == 1) != (want == "active" && e.errand == "") {
		e.t.Errorf("%s: %d keys", name, n)
	}
}

// waits waits until a supervisor has to decide, and nobody has.
func (e *enrolment) waits() {
	e.t.Helper()
	e.until("the case waits", func() bool {
		state, refusal := e.state()
		if state != "pending" && state != "waiting" {
			e.t.Fatalf("got %s for %q, want waiting\n%s", state, refusal, e.Log)
		}
		return state == "waiting" && scalar[bool](e.system, `select jws is null from centre.approval where enrolment = $1`, e.id)
	})
}

// reopens waits until a registrar found that what was handed over decides nothing.
func (e *enrolment) reopens() {
	e.t.Helper()
	e.waits()
	if !e.Log.Holds("a decision does not hold") {
		e.t.Error("the registrar's log does not say that a decision was none")
	}
}

// approval is a supervisor's yes to an enrolment.
func (e *enrolment) approval(in shift) transcript.Approval {
	e.t.Helper()
	return transcript.Approval{Enrolment: e.id, Transcript: payloadHash(e.t, scalar[[]byte](e.system, `select jws from centre.evidence where enrolment = $1`, e.id)),
		Decision: string(kiosk.DecisionApproved), Shift: in.id, Desk: in.desk.Desk(), At: time.Now()}
}

// decide takes the case, signs and hands over.
func (e *enrolment) decide(in shift, a transcript.Approval, by *member) central.Refusal {
	e.t.Helper()
	taken, err := in.desk.TakeCase(e.ctx, in.id, e.id)
	e.check(err)
	if taken.Refusal != "" {
		return taken.Refusal
	}
	jws, err := transcript.SignApproval(e.ctx, a, by.chain, by)
	e.check(err)
	d, err := in.desk.Decide(e.ctx, in.id, e.id, jws)
	e.check(err)
	return d.Refusal
}

// payloadHash is the SHA-256 hash of what a JWS signs.
func payloadHash(t *testing.T, jws []byte) transcript.Bytes {
	t.Helper()
	var sent struct{ Payload string }
	err := json.Unmarshal(jws, &sent)
	payload, err2 := base64.RawURLEncoding.DecodeString(sent.Payload)
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(payload)
	return sum[:]
}

// forget ends the keys of everybody, so that the same card can enrol again.
func (s *system) forget() {
	s.t.Helper()
	s.exec(`delete from centre.key_contact`)
	s.exec(`update centre.key set state = 'expired', change = '{"cause": "expire", "reason": "validity_ended"}' where state = 'active'`)
}
