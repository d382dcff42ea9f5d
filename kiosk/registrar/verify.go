package registrar

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"balcao/kiosk"
	"balcao/kiosk/evidence"
	"balcao/kiosk/seal"
	"balcao/kiosk/signin"
	"balcao/kiosk/transcript"
)

// Reasons of a refusal that are this package's own. The others are package evidence's and, of the
// centre itself, "already_active", "contact_taken" and "desk_suspended".
const (
	RefusedSeal = "pin_unreadable" // not sealed to this centre, or for another enrolment
	RefusedPIN  = "pin_refused"    // against the rules for PINs, which the desk has to apply
)

// verifyJob is the payload of a verify job: what the centre knows of the enrolment.
type verifyJob struct {
	Desk           string             `json:"desk"`
	OpenedAt       time.Time          `json:"opened_at"`
	Kind           kiosk.DocumentKind `json:"document_kind"`
	Country        string             `json:"country"`
	CivilNumber    string             `json:"civil_number"`    // of a Citizen Card
	DocumentNumber string             `json:"document_number"` // of any other document
	TaxNumber      string             `json:"tax_number"`
	Typed          bool               `json:"typed"`
	Certificates   []string           `json:"desk_certificates"` // of the desk, SHA-256 in hexadecimal
	Contacts       []struct {
		Channel     kiosk.Channel `json:"channel"`
		Value       string        `json:"value"`
		Proof       uuid.UUID     `json:"proof"`
		ConfirmedAt time.Time     `json:"confirmed_at"`
	} `json:"contacts"`
	errandJob
	staffJob
}

// expect is what the evidence is held against.
func (w *Worker) expect(j *job, p verifyJob, rules kiosk.Rules) evidence.Expect {
	e := evidence.Expect{
		Enrolment: j.Enrolment, Challenge: j.Challenge, Desk: p.Desk, OpenedAt: p.OpenedAt,
		Kind: p.Kind, Country: p.Country, CivilNumber: p.CivilNumber, DocumentNumber: p.DocumentNumber, TaxNumber: p.TaxNumber,
		Typed: p.Typed, ChipState: w.keys.openChip(j.Enrolment, j.ChipState), ChipDG14: j.ChipDG14, Rules: rules, DeskAuthority: w.cfg.DeskAuthority,
		StaffTrust: w.cfg.StaffTrust,
	}
	for _, text := range p.Certificates {
		if f, ok := fingerprint(text); ok {
			e.DeskCertificates = append(e.DeskCertificates, f)
		}
	}
	for _, c := range p.Contacts {
		e.Contacts = append(e.Contacts, kiosk.ProvenContact{Channel: c.Channel, Value: c.Value, Proof: c.Proof, At: c.ConfirmedAt})
	}
	p.errandJob.expect(&e, w.records)
	p.staffJob.expect(&e)
	return e
}

// subject names the person to whose PIN a hash belongs, by what they are found by.
func (p verifyJob) subject() string {
	if p.CivilNumber != "" {
		return p.Country + ":" + p.CivilNumber
	}
	return p.Country + ":document:" + p.DocumentNumber
}

// person is what the centre keeps of the person; country and civil number it has from the enrolment,
// which the evidence was held against.
type person struct {
	Surname        string `json:"surname"`
	GivenNames     string `json:"given_names"`
	BirthDate      string `json:"birth_date"`   // the latest that it can be
	BirthStated    string `json:"birth_stated"` // as stated, perhaps without day or month
	Nationality    string `json:"nationality"`
	Sex            string `json:"sex,omitempty"`
	DocumentNumber string `json:"document_number,omitempty"`
	TaxNumber      string `json:"tax_number,omitempty"` // of a Citizen Card; with any other document it was typed and is a claim

	Numbers []transcript.Number `json:"numbers,omitempty"`
}

// finding is what was found, kept beside the evidence.
type finding struct {
	VerifiedAt time.Time      `json:"verified_at"`
	Level      kiosk.Level    `json:"level"`
	Extension  string         `json:"extension,omitempty"` // the law by which the document counted
	Checks     []findingCheck `json:"checks"`
	// DocumentUntil is the day until which the document counts; a national's key outlives it.
	DocumentUntil string `json:"document_until"`
}

type findingCheck struct {
	Name   kiosk.CheckName `json:"name"`
	Result kiosk.Result    `json:"result"`
	Reason kiosk.Reason    `json:"reason,omitempty"` // why it is absent
	Source string          `json:"source,omitempty"`
	At     time.Time       `json:"at"`
}

// verify verifies the evidence of an enrolment from scratch and turns it into a key, or has it wait for a supervisor. A
// decide job, once one has decided, is the same with what they signed.
func (w *Worker) verify(ctx context.Context, j *job) (record, error) {
	var p verifyJob
	if err := json.Unmarshal(j.Payload, &p); err != nil {
		return nil, unreadable()
	}
	if p.Shift == nil { // desks cannot open one: somebody at the database took it away
		return w.refused(j, evidence.RefusedNoStaff), nil
	}
	rules, cost, err := readRules(ctx, w.cfg.DB)
	if err != nil {
		return nil, &trouble{code: "database", cause: err}
	}
	defer j.Evidence.Wipe()
	expected := w.expect(j, p, rules)
	defer clear(expected.ChipState)
	verified, err := w.cfg.Verifier.Verify(ctx, j.Evidence, expected)
	if err != nil {
		return w.refusal(ctx, j, err)
	}
	w.at("verified")
	switch {
	case verified.Decision == kiosk.DecisionRefused:
		return w.declined(j, string(verified.Declined)), nil
	case verified.Decision == "" && len(verified.Reasons) > 0:
		return w.waiting(j, verified), nil
	}
	id := verified.Identity
	if expected.Errand == "" && id.BirthDate.AgeOn(kiosk.DateOf(w.cfg.Now())) < rules.MinAge {
		return w.refused(j, string(kiosk.ReasonUnderAge)), nil
	}
	a := application{
		enrolment: j.Enrolment,
		person: person{
			Surname: id.Surname, GivenNames: id.GivenNames, Nationality: id.Nationality, Sex: id.Sex,
			BirthDate: id.BirthDate.Latest().String(), BirthStated: id.BirthDate.String(),
			DocumentNumber: id.DocumentNumber, TaxNumber: id.TaxNumber, Numbers: verified.Numbers,
		},
		level:      string(verified.Level),
		evidence:   w.findingOf(verified),
		validUntil: validUntil(verified.ValidUntil, id.Nationality, rules.NationalGrace),
		kept:       verified.Kept,
		reason:     verified.Transcript.Reason,
	}
	if evidence.Errands[cmp.Or(expected.Errand, transcript.Enrol)].PIN {
		hash, refused, err := w.newPIN(ctx, j, p, cost, kiosk.PolicyFor(id, contactsOf(expected), rules.PINMin, rules.PINMax))
		switch {
		case err != nil:
			return nil, err
		case refused != "":
			return w.refused(j, refused), nil
		}
		a.pinHash = &hash
	}
	next := w.record(j, p, expected, a)
	state := bytes.Clone(expected.ChipState)
	return func(ctx context.Context, tx pgx.Tx) error {
		defer clear(state)
		outcome, register, version, err := apply(ctx, tx, a)
		if err != nil {
			return err
		}
		if outcome == outcomeActive {
			if next != nil {
				if before := expected.Record; before != nil && version != before.Version+1 {
					return &trouble{code: "overtaken"} // its PIN was hashed anew meanwhile; the newest record is asked for again
				}
				next.Register, next.Version = register, version
				if err := w.sign(ctx, tx, *next); err != nil {
					return err
				}
			}
			if err := chipProven(ctx, tx, j.Enrolment, state); err != nil {
				return err
			}
		}
		w.at("activated")
		w.logOutcome(ctx, j, outcome)
		return nil
	}, nil
}

// newPIN opens and hashes the PIN that was chosen: the hash as centre.key has it, or why the PIN is refused.
func (w *Worker) newPIN(ctx context.Context, j *job, p verifyJob, c signin.Cost, policy kiosk.PINPolicy) (hash, refused string, err error) {
	pin, err := seal.Open(w.cfg.Identity, j.Enrolment, j.Evidence.SealedPIN)
	if err != nil {
		return "", RefusedSeal, nil
	}
	defer clear(pin)
	if !policy.Valid(pin) {
		return "", RefusedPIN, nil
	}
	h, err := w.hash(ctx, c, p.subject(), pin)
	if err != nil {
		return "", "", err
	}
	return h.String(), "", nil
}

// hash waits for its turn: each hash takes memory and a core for a moment.
func (w *Worker) hash(ctx context.Context, c signin.Cost, person string, pin []byte) (signin.Hash, error) {
	place, err := w.pins.Reserve()
	if err != nil {
		return signin.Hash{}, &trouble{code: "busy"}
	}
	defer place.Leave()
	h, err := place.New(ctx, c, person, pin)
	if err != nil {
		return signin.Hash{}, &trouble{code: "busy", cause: err}
	}
	w.at("hashed")
	return h, nil
}

// refusal turns a verifier's error into a refusal, or into trouble when the evidence may yet be good:
// "I do not know" is never a yes, but neither is it a no while a responder may come back.
func (w *Worker) refusal(ctx context.Context, j *job, err error) (record, error) {
	r, ok := errors.AsType[*evidence.Refusal](err)
	switch {
	case ctx.Err() != nil:
		return nil, &trouble{code: "timeout"}
	case !ok:
		return nil, &trouble{code: "internal"}
	case r.Temporary:
		return nil, &trouble{code: r.Reason}
	case undecided(r.Reason):
		return w.reopened(j, r.Reason), nil
	}
	return w.refused(j, r.Reason), nil
}

func (w *Worker) refused(j *job, reason string) record {
	return func(ctx context.Context, tx pgx.Tx) error {
		if err := refuse(ctx, tx, j.Enrolment, reason); err != nil {
			return err
		}
		w.logOutcome(ctx, j, reason)
		return nil
	}
}

// logOutcome lets an operator find out what became of an enrolment: the screens at the desk say of most
// refusals only that the evidence was not accepted. The verifier's own words stay out; the reason is a
// word from a list.
func (w *Worker) logOutcome(ctx context.Context, j *job, outcome string) {
	w.cfg.Log.InfoContext(ctx, "judged an enrolment", "enrolment", j.Enrolment, "outcome", outcome)
	if outcome != outcomeActive && outcome != "waiting" {
		outcome = "refused"
	}
	w.metrics.judged.WithLabelValues(outcome).Inc()
}

func (w *Worker) findingOf(v *evidence.Verified) finding {
	f := finding{VerifiedAt: w.cfg.Now().UTC(), Level: v.Level, Extension: v.Transcript.Eligibility.Extension,
		DocumentUntil: validUntil(v.ValidUntil, "", 0)}
	for _, c := range v.Checks {
		f.Checks = append(f.Checks, findingCheck{Name: c.Name, Result: c.Result, Reason: c.Reason, Source: c.Source, At: c.At.UTC()})
	}
	return f
}

// validUntil is the last day of the key: the one until which the document counts; a national's outlives it by some days
// (Portaria 77/2018), in which the document can be renewed without losing the key.
func validUntil(last kiosk.Date, nationality string, nationalDays int) string {
	until := time.Date(last.Year, last.Month, last.Day, 0, 0, 0, 0, time.UTC)
	if nationality == "PRT" {
		until = until.AddDate(0, 0, nationalDays)
	}
	return until.Format(time.DateOnly)
}
