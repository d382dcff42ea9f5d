package registrar

import (
	"cmp"
	"crypto/ed25519"
	"crypto/sha256"

	"balcao/kiosk"
	"balcao/kiosk/evidence"
	keyrecord "balcao/kiosk/record"
	"balcao/kiosk/transcript"
)

// errandJob is what a verify or decide job says of the errand and of the key that it is about.
type errandJob struct {
	Errand     string         `json:"errand"`
	Register   int64          `json:"register"`
	Version    int            `json:"version"`
	Record     []byte         `json:"record"` // base64, of that version
	Activation *activationSet `json:"activation"`
}

// activationSet is where an activation code is to go.
type activationSet struct {
	Channel kiosk.Channel        `json:"channel"`
	Value   string               `json:"value"`
	Address *kiosk.PostalAddress `json:"address"`
}

// expect adds what the evidence has to say of the errand. A record that no registrar signed for this version of this key is
// none.
func (p errandJob) expect(e *evidence.Expect, records []ed25519.PublicKey) {
	if p.Errand == transcript.Enrol || p.Errand == "" {
		if a := p.Activation; a != nil {
			e.Activation = &transcript.Activation{Channel: a.Channel, Value: a.Value}
			if a.Address != nil {
				e.Activation.Address = transcript.HashAddress(*a.Address)
			}
		}
		return
	}
	e.Errand, e.Register = p.Errand, p.Register
	if r, err := keyrecord.Verify(p.Record, records...); err == nil && r.Version == p.Version && r.Register == p.Register {
		e.Record = &r
	}
}

// contactsOf are the contacts of the key once the errand is done, as far as a PIN must not repeat them.
func contactsOf(e evidence.Expect) []kiosk.ProvenContact {
	all := e.Contacts
	if e.Record != nil {
		for _, c := range e.Record.Contacts {
			all = append(all, kiosk.ProvenContact{Channel: kiosk.Channel(c.Channel), Value: c.Value})
		}
	}
	return all
}

// record is what sign-in will trust of the key once the errand is done: of a new key all that was proven, of another what a
// registrar signed before with what was proven now. Its number and version are known once it is done. It is nil where the
// errand takes from the key, or leaves it as it is.
func (w *Worker) record(j *job, p verifyJob, expected evidence.Expect, a application) *keyrecord.Record {
	name := cmp.Or(expected.Errand, transcript.Enrol)
	errand := evidence.Errands[name]
	if !errand.Records {
		return nil
	}
	r := keyrecord.Record{State: outcomeActive, Reason: name}
	switch {
	case expected.Record != nil:
		r = *expected.Record
		r.State, r.Reason = outcomeActive, name
	case expected.Activation != nil:
		r.State, r.Reason = "pending", "contact_later"
	default:
		r.Reason = "enrolled"
	}
	jws := sha256.Sum256(j.Evidence.JWS)
	r.At, r.Enrolment, r.Evidence = w.cfg.Now(), j.Enrolment, jws[:]
	if errand.Renews {
		r.Person = keyrecord.Person{
			Country: p.Country, CivilNumber: p.CivilNumber, DocumentNumber: a.person.DocumentNumber,
			Surname: a.person.Surname, GivenNames: a.person.GivenNames, BirthDate: a.person.BirthStated,
			Nationality: a.person.Nationality, Sex: a.person.Sex,
		}
		r.Level, r.ValidUntil = a.level, a.validUntil
	}
	if expected.Record == nil && p.Kind == kiosk.CitizenCard && kiosk.CheckTaxNumber(a.person.TaxNumber) {
		r.TaxNumber = a.person.TaxNumber // as registrar.apply has it: what a card proved
	}
	if a.pinHash != nil {
		r.V, r.PINHash, r.PIN = keyrecord.Version, "", keyrecord.PINOf(*a.pinHash)
	}
	r.Contacts = replaced(r.Contacts, p)
	return &r
}

// replaced are contacts with those that were proven now, each in place of the one of its channel.
func replaced(before []keyrecord.Contact, p verifyJob) (after []keyrecord.Contact) {
	proven := map[string]bool{}
	for _, c := range p.Contacts {
		proven[string(c.Channel)] = true
		after = append(after, keyrecord.Contact{Channel: string(c.Channel), Value: c.Value, Proof: c.Proof, ProvenAt: c.ConfirmedAt})
	}
	for _, c := range before {
		if !proven[c.Channel] {
			after = append(after, c)
		}
	}
	return after
}
