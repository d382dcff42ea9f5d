package login

import (
	"slices"
	"strings"

	"balcao/kiosk"
	"balcao/kiosk/record"
)

// Claims are the names of what a service may ask for, in the order in which the person reads them. The first stands for
// given_name and family_name too.
var Claims = []string{
	"name", "birthdate", "nationalities", "document", "email", "phone_number", "pt_nic", "pt_nif", "pt_niss", "pt_nsns",
}

// Standing is the claim under which another is shown and refused: itself, as a rule; "" where there is none such.
func Standing(claim string) string {
	switch claim {
	case "given_name", "family_name":
		return "name"
	case "email_verified":
		return "email"
	case "phone_number_verified":
		return "phone_number"
	}
	if slices.Contains(Claims, claim) {
		return claim
	}
	return ""
}

// Number is a number by which portals know a person. Source is "proven" or "shown".
type Number struct {
	Kind   kiosk.NumberKind `json:"kind"`
	Value  string           `json:"value"`
	Source string           `json:"source"`
}

// Sources of a number.
const (
	Proven = "proven" // a chip that proved genuine says it
	Shown  = "shown"  // it stood on a paper that a clerk saw
)

// Holder is who is signed in, as a registrar signed it.
type Holder struct {
	Person  int64 // the centre's identifier: it goes nowhere as it is
	Record  record.Record
	Numbers []Number
}

// row is a claim as the person reads it: a value as it goes, a list's with blanks between.
func (h Holder) row(a Asked, shown bool) Row {
	r := Row{Claim: a.Claim, Essential: a.Essential}
	p := h.Record.Person
	switch a.Claim {
	case "name":
		r.Value = strings.TrimSpace(p.GivenNames + " " + p.Surname)
	case "birthdate":
		r.Value = p.BirthDate
	case "nationalities":
		r.Value = p.Nationality
	case "document":
		if p.DocumentNumber != "" {
			r.Value = strings.Join([]string{h.documentKind(), p.Country, p.DocumentNumber}, " ")
		}
	case "email":
		r.Value = h.contact(kiosk.Email)
	case "phone_number":
		r.Value = h.contact(kiosk.SMS)
	case "pt_nic":
		r.Value = p.CivilNumber
	default:
		kind, is := strings.CutPrefix(a.Claim, "pt_")
		if is {
			n := h.number(kiosk.NumberKind(kind), shown)
			r.Value, r.Source = n.Value, n.Source
		}
	}
	return r
}

// values are a claim as a service receives it, with those that go with it; none where nothing is known.
func (h Holder) values(claim string, shown bool) map[string]any {
	r := h.row(Asked{Claim: claim}, shown)
	if r.Value == "" {
		return nil
	}
	p := h.Record.Person
	switch claim {
	case "name":
		v := map[string]any{"name": r.Value}
		for name, part := range map[string]string{"given_name": p.GivenNames, "family_name": p.Surname} {
			if part != "" {
				v[name] = part
			}
		}
		return v
	case "birthdate":
		if len(r.Value) != len("2006-01-02") { // OIDC Core §5.1 knows whole dates, and years
			return map[string]any{claim: r.Value[:min(4, len(r.Value))]}
		}
	case "nationalities": // OpenID Connect for Identity Assurance §4.1: codes of ICAO 9303-3
		return map[string]any{claim: strings.Fields(r.Value)}
	case "document":
		return map[string]any{claim: map[string]string{"type": h.documentKind(), "country": p.Country, "number": p.DocumentNumber}}
	case "email", "phone_number":
		return map[string]any{claim: r.Value, claim + "_verified": true}
	}
	if r.Source == Shown { // whoever takes such numbers is told each time
		return map[string]any{claim: r.Value, claim + "_source": Shown}
	}
	return map[string]any{claim: r.Value}
}

// documentKind is as far as the record tells.
func (h Holder) documentKind() string {
	if h.Record.Person.CivilNumber != "" {
		return "citizen_card"
	}
	return "travel_document"
}

func (h Holder) contact(channel kiosk.Channel) string {
	for _, c := range h.Record.Contacts {
		if c.Channel == string(channel) {
			return c.Value
		}
	}
	return ""
}

// number is a number of a kind: that of the record, which a registrar signed, before those of the database.
func (h Holder) number(kind kiosk.NumberKind, shown bool) Number {
	if kind == kiosk.NumberTax && h.Record.TaxNumber != "" {
		return Number{kind, h.Record.TaxNumber, Proven}
	}
	for _, n := range h.Numbers {
		if n.Kind == kind && (n.Source == Proven || n.Source == Shown && shown) {
			return n
		}
	}
	return Number{}
}

// Values are the claims that were let go, as a service receives them.
func (h Holder) Values(given []string, shown bool) map[string]any {
	all := map[string]any{}
	for _, claim := range given {
		for name, value := range h.values(claim, shown) {
			all[name] = value
		}
	}
	return all
}
