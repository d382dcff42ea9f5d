package kiosk

import (
	"slices"
	"strings"
)

// Requirement is something that a person has to bring besides a genuine document.
type Requirement string

// Requirements of Portaria 77/2018 for people without a Citizen Card.
const (
	RequireTaxNumber      Requirement = "tax_number"   // NIF, typed once and kept with the person
	RequireAddress        Requirement = "address"      // proof of address, seen by the clerk
	RequireResidence      Requirement = "residence"    // proof of residence, where the document is none
	RequireIndependence   Requirement = "independence" // the person says that they are under no accompaniment measure
	RequireSocialSecurity Requirement = "niss"         // NISS; in no rule and never missing, but wrong it may be
	RequireHealthNumber   Requirement = "nsns"         // of the SNS; likewise
	RequireSpelling       Requirement = "spelling"     // whole names where the document may cut them off; in no rule and never missing, but wrong it may be
)

// Rule is what a kind of document needs. Rules are data: what decides about people must be readable by
// those who answer for it.
type Rule struct {
	Kind         DocumentKind
	Issuers      []string        // ISO 3166-1 alpha-3; empty: any State
	Mandatory    []Requirement   // all of these
	Alternatives [][]Requirement // and one of each of these
}

// DocumentRules are those of facts and law for each kind of document. A kind that is not listed may not enrol.
var DocumentRules = []Rule{
	{Kind: CitizenCard, Issuers: []string{"PRT"}},
	{Kind: Passport, Mandatory: []Requirement{RequireTaxNumber, RequireIndependence},
		Alternatives: [][]Requirement{{RequireResidence, RequireAddress}}},
	{Kind: ResidencePermit, Issuers: []string{"PRT"},
		Mandatory: []Requirement{RequireTaxNumber, RequireIndependence, RequireAddress}},
	{Kind: ResidenceCard, Issuers: []string{"PRT"},
		Mandatory: []Requirement{RequireTaxNumber, RequireIndependence, RequireAddress}},
}

// RuleFor returns the rule for a kind, and false when there is none.
func RuleFor(kind DocumentKind) (Rule, bool) {
	i := slices.IndexFunc(DocumentRules, func(r Rule) bool { return r.Kind == kind })
	if i < 0 {
		return Rule{}, false
	}
	return DocumentRules[i], true
}

// Accepts reports whether a document of the kind from that State may enrol.
func Accepts(kind DocumentKind, issuer string) bool {
	rule, known := RuleFor(kind)
	return known && (len(rule.Issuers) == 0 || slices.Contains(rule.Issuers, issuer))
}

// SeenKind is a kind of paper that a clerk has seen.
type SeenKind string

// Papers that prove an address, and those that prove residence.
const (
	SeenUtilityBill    SeenKind = "utility_bill"
	SeenLease          SeenKind = "lease"
	SeenParish         SeenKind = "parish_certificate" // atestado da junta de freguesia
	SeenTaxRecord      SeenKind = "tax_record"
	SeenBankStatement  SeenKind = "bank_statement"
	SeenEURegistration SeenKind = "eu_registration" // certificado de registo de cidadão da UE
	SeenResidenceTitle SeenKind = "residence_title"
	SeenVisa           SeenKind = "visa"
	SeenApplication    SeenKind = "residence_application"
)

// Papers that show a number of another service.
const (
	SeenServiceCard   SeenKind = "service_card"   // of the service itself
	SeenServiceLetter SeenKind = "service_letter" // a letter or a declaration of the service
	SeenOldCard       SeenKind = "old_card"       // an earlier document that states it
)

// AddressPapers and ResidencePapers list what may be recorded for each, in the order offered.
var (
	AddressPapers   = []SeenKind{SeenUtilityBill, SeenLease, SeenParish, SeenTaxRecord, SeenBankStatement}
	ResidencePapers = []SeenKind{SeenEURegistration, SeenResidenceTitle, SeenVisa, SeenApplication}
)

// Seen records that the clerk saw a paper: its kind, who issued it and when. Never a copy, never its number.
type Seen struct {
	Kind   SeenKind
	Issuer string // as written on it, at most MaxIssuer characters
	Issued Date   // as typed: it may be a day that is in no calendar
}

// IsZero reports whether nothing was seen.
func (s Seen) IsZero() bool { return s == Seen{} }

// MaxIssuer is how many characters the name of a paper's issuer may have.
const MaxIssuer = 60

// Independence is what the person declares about accompaniment measures (Código Civil art. 138).
type Independence string

// What the person declares.
const (
	IndependenceUnasked Independence = ""
	Independent         Independence = "independent" // under no measure
	Accompanied         Independence = "accompanied" // under one: not eligible here
)

// Eligibility is what was brought and declared besides the document.
type Eligibility struct {
	TaxNumber    string // NIF, nine digits
	Address      Seen
	Residence    Seen
	Independence Independence
	Spelling     Spelling // whole names where the document may cut them off; empty when nobody spelled them

	TaxSource      NumberSource // of TaxNumber; "" as NumberSaid
	TaxPaper       SeenKind     // with NumberPaper
	SocialSecurity NumberClaim  // NISS, eleven digits; asked for and not needed
	HealthNumber   NumberClaim  // número de utente of the SNS, nine digits; asked for and not needed
}

// Fault is a requirement that is not met, and why.
type Fault struct {
	Requirement Requirement
	Missing     bool          // nothing was entered; otherwise what was entered cannot be
	Paper       PaperFault    // of a paper that was entered
	Spelling    SpellingFault // of names that were entered
}

// PaperFault is what cannot be of a paper as it was entered: its field, and why.
type PaperFault string

// What cannot be of a paper, in the order of its fields.
const (
	PaperKind       PaperFault = "kind"        // none of those that are listed
	PaperIssuer     PaperFault = "issuer"      // nobody is named
	PaperIssuerLong PaperFault = "issuer_long" // more than MaxIssuer characters
	PaperDate       PaperFault = "date"        // none, or only part of one
	PaperNoSuchDay  PaperFault = "no_such_day" // 31 November
	PaperAncient    PaperFault = "ancient"     // of a year before FirstYear, such as 0202
	PaperFuture     PaperFault = "future"
)

// FirstYear is the earliest year of a paper: nobody is alive for whom one was made before it.
const FirstYear = 1900

// Faults lists what of the rule is not met on a day, the first to ask for first. Alternatives count as one,
// named by their first.
func (r Rule) Faults(e Eligibility, today Date) []Fault {
	var faults []Fault
	for _, req := range r.Mandatory {
		if f, ok := e.fault(req, today); !ok {
			faults = append(faults, f)
		}
	}
	for _, any := range r.Alternatives {
		met := slices.ContainsFunc(any, func(req Requirement) bool { _, ok := e.fault(req, today); return ok })
		entered := slices.IndexFunc(any, func(req Requirement) bool { f, ok := e.fault(req, today); return !ok && !f.Missing })
		switch {
		case entered >= 0:
			f, _ := e.fault(any[entered], today) // something impossible was entered: better said than passed over
			faults = append(faults, f)
		case !met && len(any) > 0:
			faults = append(faults, Fault{Requirement: any[0], Missing: true})
		}
	}
	return faults
}

// fault says whether one requirement is met.
func (e Eligibility) fault(req Requirement, today Date) (Fault, bool) {
	missing, good := true, false
	switch req {
	case RequireTaxNumber:
		missing, good = e.TaxNumber == "", CheckTaxNumber(e.TaxNumber)
	case RequireAddress:
		return e.Address.fault(req, AddressPapers, today)
	case RequireResidence:
		return e.Residence.fault(req, ResidencePapers, today)
	case RequireIndependence:
		missing, good = e.Independence == IndependenceUnasked, e.Independence == Independent
	}
	return Fault{Requirement: req, Missing: missing}, good
}

// fault says whether such a paper can exist: of a listed kind, by somebody, and not of the future.
func (s Seen) fault(req Requirement, kinds []SeenKind, today Date) (Fault, bool) {
	if s.IsZero() {
		return Fault{Requirement: req, Missing: true}, false
	}
	issuer := strings.TrimSpace(s.Issuer)
	var fault PaperFault
	switch {
	case !slices.Contains(kinds, s.Kind):
		fault = PaperKind
	case issuer == "":
		fault = PaperIssuer
	case len([]rune(issuer)) > MaxIssuer:
		fault = PaperIssuerLong
	case s.Issued.IsZero() || s.Issued.Partial():
		fault = PaperDate
	case !s.Issued.exists():
		fault = PaperNoSuchDay
	case s.Issued.Year < FirstYear:
		fault = PaperAncient
	case today.Before(s.Issued):
		fault = PaperFuture
	}
	return Fault{Requirement: req, Paper: fault}, fault == ""
}

// CheckTaxNumber reports whether a NIF has nine digits and the check digit that they ask for: weights 9 to 2,
// eleven less the sum modulo eleven, 10 and 11 written as 0 (Decreto-Lei 14/2013).
func CheckTaxNumber(nif string) bool {
	if len(nif) != 9 || strings.ContainsFunc(nif, func(r rune) bool { return r < '0' || r > '9' }) || nif[0] == '0' {
		return false
	}
	sum := 0
	for i := range 8 {
		sum += int(nif[i]-'0') * (9 - i)
	}
	check := 11 - sum%11
	if check >= 10 {
		check = 0
	}
	return int(nif[8]-'0') == check
}

// numbers are those that were brought, of which the tax number is one when the document does not state it.
func (e Eligibility) numbers(tax bool) []NumberFact {
	claims := []struct {
		kind  NumberKind
		claim NumberClaim
	}{
		{NumberTax, NumberClaim{e.TaxNumber, e.TaxSource, e.TaxPaper}},
		{NumberSocialSecurity, e.SocialSecurity},
		{NumberHealth, e.HealthNumber},
	}
	var facts []NumberFact
	for _, c := range claims {
		if c.claim.Value == "" || c.kind == NumberTax && !tax {
			continue
		}
		fact := NumberFact{Kind: string(c.kind), Value: c.claim.Value, Source: string(NumberSaid)}
		if c.claim.Source == NumberPaper {
			fact.Source, fact.Paper = string(NumberPaper), string(c.claim.Paper)
		}
		facts = append(facts, fact)
	}
	return facts
}

// numberFaults are those of numbers that are not asked of everybody, and that of a paper which no number is on.
func (e Eligibility) numberFaults() []Fault {
	var faults []Fault
	paper := func(source NumberSource, kind SeenKind) bool {
		return source != NumberPaper || slices.Contains(NumberPapers, kind)
	}
	if e.TaxNumber != "" && !paper(e.TaxSource, e.TaxPaper) {
		faults = append(faults, Fault{Requirement: RequireTaxNumber, Paper: PaperKind})
	}
	for _, n := range []struct {
		requirement Requirement
		claim       NumberClaim
		valid       func(string) bool
	}{
		{RequireSocialSecurity, e.SocialSecurity, CheckSocialSecurity}, {RequireHealthNumber, e.HealthNumber, CheckHealthNumber},
	} {
		switch {
		case n.claim.Value == "":
		case !n.valid(n.claim.Value):
			faults = append(faults, Fault{Requirement: n.requirement})
		case !paper(n.claim.Source, n.claim.Paper):
			faults = append(faults, Fault{Requirement: n.requirement, Paper: PaperKind})
		}
	}
	return faults
}
