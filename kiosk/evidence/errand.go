package evidence

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"balcao/cardreader/citizencard"
	"balcao/kiosk"
	"balcao/kiosk/examine"
	"balcao/kiosk/transcript"
)

// Reasons of a Refusal that are about what the person came for.
const (
	RefusedErrand     = "errand_mismatch"     // for another errand, or for none that there is
	RefusedKey        = "key_mismatch"        // about another key, or about the key of somebody else
	RefusedRecord     = "record_missing"      // no registrar signed the key as it is
	RefusedActivation = "activation_mismatch" // with an activation code to somewhere else
	RefusedNumber     = "number_invalid"      // numbers that are none, or not the chip's
)

// Errand is what an errand's evidence has to have, beside the document, the signatures and the photograph that all have.
// The centre's table errand says the same of what a desk must send.
type Errand struct {
	Contact kiosk.Channel // that was proven: of this channel, AnyContact, or "" for none
	PIN     bool          // a new one was chosen
	Renews  bool          // person, level and validity become the document's
	Records bool          // it gives something, so that there is a new record of the key
}

// AnyContact is a contact on either channel.
const AnyContact kiosk.Channel = "any"

// Errands are those that end with evidence, by their names.
var Errands = map[string]Errand{
	transcript.Enrol: {Contact: AnyContact, PIN: true, Renews: true, Records: true},
	"activate":       {Contact: AnyContact, Records: true},
	"phone":          {Contact: kiosk.SMS, Records: true},
	"email":          {Contact: kiosk.Email, Records: true},
	"pin":            {PIN: true, Records: true},
	"unblock":        {Records: true},
	"reactivate":     {Records: true},
	"renew":          {Renews: true, Records: true},
	"suspend":        {},
	"cancel":         {},
	"stored":         {},
}

// enrols reports whether the visit makes a key.
func (expect Expect) enrols() bool { return expect.errandName() == transcript.Enrol }

func (expect Expect) errandName() string { return cmp.Or(expect.Errand, transcript.Enrol) }

func (expect Expect) errand() Errand { return Errands[expect.errandName()] }

// matchErrand compares what the person came for, as it was signed, with the centre's word.
func (v *verification) matchErrand() error {
	expect, name := v.expect, v.expect.errandName()
	if _, known := Errands[name]; !known || v.Errand != name && (v.Errand != "" || name != transcript.Enrol) || v.Errand == transcript.Enrol {
		return refuse(RefusedErrand, nil)
	}
	switch {
	case v.Register != expect.Register || expect.enrols() != (expect.Register == 0):
		return refuse(RefusedKey, errors.New("another key than the visit's"))
	case !expect.enrols() && expect.Record == nil:
		return refuse(RefusedRecord, nil)
	case !expect.enrols() && expect.Record.Register != expect.Register:
		return refuse(RefusedRecord, errors.New("the record of another key"))
	case !sameActivation(v.Activation, expect.Activation) || v.Activation != nil && !expect.enrols():
		return refuse(RefusedActivation, nil)
	}
	return nil
}

func sameActivation(a, b *transcript.Activation) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Channel == b.Channel && a.Value == b.Value && slices.Equal(a.Address, b.Address) && (a.Channel == kiosk.Letter) == (len(a.Address) > 0)
}

// provenContacts reports whether the contacts that were proven are those that the errand is about.
func (v *verification) provenContacts() bool {
	switch want := v.expect.errand().Contact; want {
	case AnyContact:
		return len(v.Contacts) > 0 || v.Activation != nil
	case "":
		return len(v.Contacts) == 0
	default:
		return len(v.Contacts) == 1 && v.Contacts[0].Channel == want
	}
}

// sealsPIN reports whether there is a sealed PIN where one was chosen, and nowhere else.
func (v *verification) sealsPIN() bool {
	if v.expect.errand().PIN {
		return hashes(v.SealedPIN, v.sent.SealedPIN)
	}
	return len(v.SealedPIN) == 0 && len(v.sent.SealedPIN) == 0
}

// matchHolder decides whether a document is that of the key's holder, as a registrar signed who that is: by the number under
// which the person is known. A renewal comes with a document of another number, which the holder's sign-in vouches for: see
// agrees.
func (v *verification) matchHolder(id kiosk.Identity) error {
	r := v.expect.Record
	if v.expect.enrols() || v.expect.errand().Renews && (id.Kind.Travel() || r.Person.CivilNumber == "") {
		return nil
	}
	same := r.Person.Country == id.Country
	if id.Kind.Travel() {
		same = same && r.Person.CivilNumber == "" && r.Person.DocumentNumber == id.DocumentNumber
	} else {
		same = same && examine.SameCivilNumber(r.Person.CivilNumber, id.CivilNumber)
	}
	if !same {
		return refuse(RefusedKey, errors.New("the key of somebody else"))
	}
	return nil
}

// agrees reports whether a new document says of its holder what the key's record does: name, birth date and nationality.
func (v *verification) agrees(id kiosk.Identity) bool {
	p := v.expect.Record.Person
	return examine.SameName(p.Surname, id.Surname) && examine.SameName(p.GivenNames, id.GivenNames) &&
		p.BirthDate == id.BirthDate.String() && p.Nationality == id.Nationality
}

// numbers are those of the person by which portals know them: from the chip, and what was shown or said beside it. Numbers that
// were signed as the chip's have to be the chip's.
func (v *verification) numbers(id kiosk.Identity) ([]transcript.Number, error) {
	var chip []transcript.Number
	if !id.Kind.Travel() {
		card, err := citizencard.ParseIdentity(string(id.Generation), v.sent.Identity)
		if err != nil {
			return nil, refuse(RefusedForm, err)
		}
		for _, n := range []transcript.Number{{Kind: "nif", Value: card.TaxNumber}, {Kind: "niss", Value: card.SocialSecurity}, {Kind: "nsns", Value: card.HealthNumber}} {
			if n.Source = "chip"; checkNumber(n) {
				chip = append(chip, n)
			}
		}
	}
	all := slices.Clone(chip)
	for _, n := range v.Numbers {
		kind := func(o transcript.Number) bool { return o.Kind == n.Kind }
		switch at := slices.IndexFunc(all, kind); {
		case !v.expect.errand().Renews:
			return nil, refuse(RefusedNumber, errors.New("in an errand that asks for none"))
		case !checkNumber(n) || n.Kind == "nif" && n.Value != id.TaxNumber:
			return nil, refuse(RefusedNumber, fmt.Errorf("of kind %q", n.Kind))
		case at >= 0 && (at >= len(chip) || all[at] != n):
			return nil, refuse(RefusedNumber, errors.New("twice, or not the chip's"))
		case at < 0 && n.Source == "chip":
			return nil, refuse(RefusedNumber, errors.New("not on the chip"))
		case at < 0:
			all = append(all, n)
		}
	}
	if id.TaxNumber != "" && !slices.ContainsFunc(all, func(n transcript.Number) bool { return n.Kind == "nif" }) {
		all = append(all, transcript.Number{Kind: "nif", Value: id.TaxNumber, Source: "said"})
	}
	return all, nil
}

// checkNumber reports whether a number can be one of its kind, and says where it is from.
func checkNumber(n transcript.Number) bool {
	valid := false
	switch n.Kind {
	case "nif":
		valid = kiosk.CheckTaxNumber(n.Value)
	case "niss":
		valid = kiosk.CheckSocialSecurity(n.Value)
	case "nsns":
		valid = kiosk.CheckHealthNumber(n.Value)
	}
	switch n.Source {
	case "chip", "said":
		return valid && n.Paper == ""
	case "paper":
		return valid && slices.Contains(kiosk.NumberPapers, kiosk.SeenKind(n.Paper))
	}
	return false
}
