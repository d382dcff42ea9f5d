package evidence_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"balcao/kiosk"
	"balcao/kiosk/evidence"
	"balcao/kiosk/examine"
	"balcao/kiosk/record"
	"balcao/kiosk/transcript"
)

// recordOf is what a registrar signed of the key of an enrolment's holder.
func recordOf(id kiosk.Identity) *record.Record {
	return &record.Record{
		V: record.Version, Register: 4711, Version: 3, State: "active", Level: "high", PIN: []byte{1},
		Person: record.Person{
			Country: id.Country, CivilNumber: id.CivilNumber, DocumentNumber: id.DocumentNumber, Surname: id.Surname, GivenNames: id.GivenNames,
			BirthDate: id.BirthDate.String(), Nationality: id.Nationality,
		},
	}
}

// errand makes the enrolment of a Citizen Card one of another errand, honest in all that it needs.
func (e *enrolment) errand(t testing.TB, name string) {
	t.Helper()
	id, err := examine.IdentityOf(e.files)
	if err != nil {
		t.Fatal(err)
	}
	needs := evidence.Errands[name]
	e.expect.Errand, e.expect.Register, e.expect.Record = name, 4711, recordOf(id)
	e.expect.Contacts = slices.DeleteFunc(e.expect.Contacts, func(c kiosk.ProvenContact) bool {
		return needs.Contact == "" || needs.Contact != evidence.AnyContact && c.Channel != needs.Contact
	})
	e.transcript = transcriptFor(t, e.files, e.expect)
	e.transcript.Errand, e.transcript.Register, e.transcript.Reason = name, 4711, "request"
	if !needs.PIN {
		e.transcript.SealedPIN, e.sent.SealedPIN = nil, nil
	}
}

func wantRefusal(t *testing.T, err error, want string) {
	t.Helper()
	if r, is := errors.AsType[*evidence.Refusal](err); !is || r.Reason != want || r.Temporary {
		t.Errorf("got %v, want %s", err, want)
	}
}

// Evidence of each errand holds, and not as that of any other.
func TestErrands(t *testing.T) {
	for name := range evidence.Errands {
		if name == transcript.Enrol {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := mustEnrolment(t)
			e.errand(t, name)
			got, err := e.bind(t)
			if err != nil || len(got.Reasons) > 0 || got.Transcript.Reason != "request" {
				t.Fatalf("got %+v, %v", got, err)
			}
			for other := range evidence.Errands {
				if other != name {
					e.expect.Errand = other
					_, err := e.bind(t)
					wantRefusal(t, err, evidence.RefusedErrand)
				}
			}
			e.expect.Errand = "unheard_of"
			_, err = e.bind(t)
			wantRefusal(t, err, evidence.RefusedErrand)
		})
	}
}

// One thing wrong at a time; each is refused for what it is.
func TestErrands_Refused(t *testing.T) {
	proof := func(e *enrolment, c kiosk.Channel, value string) {
		p := kiosk.ProvenContact{Channel: c, Value: value, Proof: uuid.MustParse("0199a1b2-0000-7000-8000-00000000000c"), At: e.expect.OpenedAt}
		e.expect.Contacts = append(e.expect.Contacts, p)
		e.transcript.Contacts = append(e.transcript.Contacts, transcript.Contact{Channel: c, Value: value, Proof: p.Proof, ConfirmedAt: p.At})
	}
	letter := kiosk.PostalAddress{Name: "Maria", Lines: []string{"Rua da Prata 1"}, Postcode: "1100-001", Town: "Lisboa", Country: "PRT"}
	to := func(a kiosk.PostalAddress) *transcript.Activation {
		return &transcript.Activation{Channel: kiosk.Letter, Address: transcript.HashAddress(a)}
	}
	for name, tt := range map[string]struct {
		errand, want string // want "": it holds
		change       func(e *enrolment)
	}{
		"an enrolment that says so": {"enrol", evidence.RefusedErrand, func(e *enrolment) { e.transcript.Errand = "enrol" }},
		"an enrolment with a key":   {"enrol", evidence.RefusedKey, func(e *enrolment) { e.transcript.Register, e.expect.Register = 4711, 4711 }},
		"signed for nothing":        {"cancel", evidence.RefusedErrand, func(e *enrolment) { e.transcript.Errand = "" }},
		"signed for another key":    {"cancel", evidence.RefusedKey, func(e *enrolment) { e.transcript.Register = 4712 }},
		"signed for no key":         {"cancel", evidence.RefusedKey, func(e *enrolment) { e.transcript.Register, e.expect.Register = 0, 0 }},
		"another's key":             {"phone", evidence.RefusedKey, func(e *enrolment) { e.expect.Record.Person.CivilNumber = "123456789" }},
		"a key of another State":    {"phone", evidence.RefusedKey, func(e *enrolment) { e.expect.Record.Person.Country = "ESP" }},
		"a key of a passport's":     {"phone", evidence.RefusedKey, func(e *enrolment) { e.expect.Record.Person.CivilNumber = "" }},
		"another's key, renewed":    {"renew", evidence.RefusedKey, func(e *enrolment) { e.expect.Record.Person.CivilNumber = "123456789" }},
		"no record":                 {"unblock", evidence.RefusedRecord, func(e *enrolment) { e.expect.Record = nil }},
		"the record of another key": {"unblock", evidence.RefusedRecord, func(e *enrolment) { e.expect.Record.Register = 4712 }},
		"a phone for an e-mail": {"email", evidence.RefusedContact, func(e *enrolment) {
			e.expect.Contacts, e.transcript.Contacts = nil, nil
			proof(e, kiosk.SMS, "+351910000001")
		}},
		"no phone":                   {"phone", evidence.RefusedContact, func(e *enrolment) { e.expect.Contacts, e.transcript.Contacts = nil, nil }},
		"two phones":                 {"phone", evidence.RefusedContact, func(e *enrolment) { proof(e, kiosk.SMS, "+351910000009") }},
		"a contact beside a PIN":     {"pin", evidence.RefusedContact, func(e *enrolment) { proof(e, kiosk.SMS, "+351910000009") }},
		"nothing proven":             {"activate", evidence.RefusedContact, func(e *enrolment) { e.expect.Contacts, e.transcript.Contacts = nil, nil }},
		"no PIN":                     {"pin", evidence.RefusedPIN, func(e *enrolment) { e.transcript.SealedPIN, e.sent.SealedPIN = nil, nil }},
		"a PIN where none is chosen": {"unblock", evidence.RefusedPIN, func(e *enrolment) { e.sent.SealedPIN = sealedPIN }},
		"a PIN signed where none is": {"unblock", evidence.RefusedPIN, func(e *enrolment) { e.transcript.SealedPIN = hash(sealedPIN) }},
		"a letter in place of a contact": {"enrol", "", func(e *enrolment) {
			e.expect.Contacts, e.transcript.Contacts = nil, nil
			e.expect.Activation, e.transcript.Activation = to(letter), to(letter)
		}},
		"no contact and no letter": {"enrol", evidence.RefusedContact, func(e *enrolment) { e.expect.Contacts, e.transcript.Contacts = nil, nil }},
		"a letter to somewhere else": {"enrol", evidence.RefusedActivation, func(e *enrolment) {
			other := letter
			other.Lines = []string{"Rua da Prata 2"}
			e.expect.Activation, e.transcript.Activation = to(other), to(letter)
		}},
		"a letter that nobody agreed to": {"enrol", evidence.RefusedActivation, func(e *enrolment) { e.expect.Activation = to(letter) }},
		"a letter to no address": {"enrol", evidence.RefusedActivation, func(e *enrolment) {
			none := &transcript.Activation{Channel: kiosk.Letter}
			e.expect.Activation, e.transcript.Activation = none, none
		}},
		"a code to another phone": {"enrol", evidence.RefusedActivation, func(e *enrolment) {
			e.expect.Activation = &transcript.Activation{Channel: kiosk.SMS, Value: "+351910000009"}
			e.transcript.Activation = &transcript.Activation{Channel: kiosk.SMS, Value: "+351910000001"}
		}},
		"a letter beside another errand": {"cancel", evidence.RefusedActivation, func(e *enrolment) { e.expect.Activation, e.transcript.Activation = to(letter), to(letter) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := mustEnrolment(t)
			if tt.errand != transcript.Enrol {
				e.errand(t, tt.errand)
			}
			tt.change(e)
			if _, err := e.bind(t); tt.want != "" {
				wantRefusal(t, err, tt.want)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

// A supervisor looks at what was had with a better document, and at a new document that says somebody else's name.
func TestErrands_FourEyes(t *testing.T) {
	for name, tt := range map[string]struct {
		errand string
		change func(r *record.Record)
		want   []kiosk.ApprovalReason
	}{
		"renewed":                      {"renew", func(*record.Record) {}, nil},
		"written otherwise":            {"renew", func(r *record.Record) { r.Person.Surname = strings.ToUpper(r.Person.Surname) }, nil},
		"another surname":              {"renew", func(r *record.Record) { r.Person.Surname = "Outra" }, []kiosk.ApprovalReason{kiosk.ApproveRenewal}},
		"another given name":           {"renew", func(r *record.Record) { r.Person.GivenNames = "Outra" }, []kiosk.ApprovalReason{kiosk.ApproveRenewal}},
		"another birth date":           {"renew", func(r *record.Record) { r.Person.BirthDate = "1999-01-01" }, []kiosk.ApprovalReason{kiosk.ApproveRenewal}},
		"another nationality":          {"renew", func(r *record.Record) { r.Person.Nationality = "BRA" }, []kiosk.ApprovalReason{kiosk.ApproveRenewal}},
		"another surname, not renewed": {"phone", func(r *record.Record) { r.Person.Surname = "Outra" }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := mustEnrolment(t)
			e.errand(t, tt.errand)
			tt.change(e.expect.Record)
			got, err := e.bind(t)
			if err != nil || !slices.Equal(got.Reasons, tt.want) {
				t.Errorf("got %v, %v, want %v", got, err, tt.want)
			}
		})
	}
}

// A travel document is the key's by its number; one of another number only renews, and a weaker one does not change what a
// stronger one made.
func TestErrands_Travel(t *testing.T) {
	for name, tt := range map[string]struct {
		errand  string
		change  func(c *travelCase, r *record.Record)
		refused string
		want    []kiosk.ApprovalReason
	}{
		"the same document":    {"unblock", func(*travelCase, *record.Record) {}, "", nil},
		"another document":     {"unblock", func(_ *travelCase, r *record.Record) { r.Person.DocumentNumber = "L00000001" }, evidence.RefusedKey, nil},
		"another State's":      {"unblock", func(_ *travelCase, r *record.Record) { r.Person.Country = "ESP" }, evidence.RefusedKey, nil},
		"a Citizen Card's key": {"unblock", func(_ *travelCase, r *record.Record) { r.Person.CivilNumber = "990005887" }, evidence.RefusedKey, nil},
		"a new document":       {"renew", func(_ *travelCase, r *record.Record) { r.Person.DocumentNumber = "L00000001" }, "", nil},
		"a new document, a new name": {"renew", func(_ *travelCase, r *record.Record) {
			r.Person.DocumentNumber, r.Person.Surname = "L00000001", "OUTRA"
		}, "", []kiosk.ApprovalReason{kiosk.ApproveRenewal}},
		"typed":             {"unblock", func(c *travelCase, _ *record.Record) { c.typed(t) }, "", []kiosk.ApprovalReason{kiosk.ApproveLevel}},
		"typed, as before":  {"unblock", func(c *travelCase, r *record.Record) { c.typed(t); r.Level = "substantial" }, "", nil},
		"typed, to suspend": {"suspend", func(c *travelCase, _ *record.Record) { c.typed(t); c.expect.Doubt = true }, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			c := mustTravelCase(t)
			id, err := examine.TravelIdentity(c.files, c.expect.OpenedAt)
			if err != nil {
				t.Fatal(err)
			}
			r := recordOf(id)
			c.brought, c.expect.TaxNumber, c.expect.Contacts = kiosk.Eligibility{}, "", nil
			c.expect.Errand, c.expect.Register, c.expect.Record = tt.errand, 4711, r
			c.expect.Shift = nil
			c.withoutPIN = true
			c.transcript = func(t *transcript.Transcript) { t.Errand, t.Register = tt.errand, 4711 }
			tt.change(c, r)
			got, err := c.bind(t)
			if tt.refused != "" {
				wantRefusal(t, err, tt.refused)
			} else if err != nil || !slices.Equal(got.Reasons, tt.want) {
				t.Errorf("got %v, %v, want %v", got, err, tt.want)
			}
		})
	}
}

func number(kind, value, source, paper string) transcript.Number {
	return transcript.Number{Kind: kind, Value: value, Source: source, Paper: paper}
}

// Numbers are the chip's, or are said to come from somewhere; none is a number that cannot be.
func TestNumbers(t *testing.T) {
	tax := transcript.Number{Kind: "nif", Value: "299999998", Source: "said"}
	for name, tt := range map[string]struct {
		said []transcript.Number
		want []transcript.Number // nil: refused
	}{
		"none":               {nil, []transcript.Number{tax}},
		"shown":              {[]transcript.Number{number("nif", "299999998", "paper", "tax_record")}, []transcript.Number{number("nif", "299999998", "paper", "tax_record")}},
		"three":              {[]transcript.Number{number("niss", "11234567892", "said", ""), number("nsns", "123456789", "said", "")}, []transcript.Number{number("niss", "11234567892", "said", ""), number("nsns", "123456789", "said", ""), tax}},
		"another NIF":        {[]transcript.Number{number("nif", "400000012", "said", "")}, nil},
		"twice":              {[]transcript.Number{number("niss", "11234567892", "said", ""), number("niss", "11234567892", "said", "")}, nil},
		"too short":          {[]transcript.Number{number("niss", "1123456789", "said", "")}, nil},
		"no such kind":       {[]transcript.Number{number("iban", "11234567892", "said", "")}, nil},
		"a chip without one": {[]transcript.Number{number("niss", "11234567892", "chip", "")}, nil},
		"no paper":           {[]transcript.Number{number("niss", "11234567892", "paper", "")}, nil},
		"a paper, and said":  {[]transcript.Number{number("niss", "11234567892", "said", "service_card")}, nil},
		"from nowhere":       {[]transcript.Number{number("niss", "11234567892", "", "")}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c := mustTravelCase(t)
			c.transcript = func(t *transcript.Transcript) { t.Numbers = tt.said }
			got, err := c.bind(t)
			if tt.want == nil {
				wantRefusal(t, err, evidence.RefusedNumber)
			} else if err != nil || !slices.Equal(got.Numbers, tt.want) {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
	e := mustEnrolment(t)
	e.errand(t, "unblock")
	e.transcript.Numbers = []transcript.Number{{Kind: "niss", Value: "11234567892", Source: "said"}}
	_, err := e.bind(t)
	wantRefusal(t, err, evidence.RefusedNumber)
}
