package present

import (
	"slices"
	"strings"

	"balcao/kiosk"
)

// EligibilityModel is what a person without a Citizen Card brings besides the document, as a page to fill in. Which
// Of it is asked follows the rule for the document's kind.
type EligibilityModel struct {
	Case        kiosk.CaseID
	Entered     kiosk.Eligibility
	TaxNumber   AskedModel
	Declaration AskedModel
	Spelling    AskedModel
	Surname     string // names of the fields of a spelling
	GivenNames  string
	Papers      []PaperModel
	Either      string // which of the papers are alternatives, in words
	Keys        string // how the page is worked
	Choose      string // in a choice without an answer
	Issuer      string // names of a paper's fields
	Issued      string
	Numbers     FormModel // of other services, on a page of their own
	NumbersNote string
	Refused     bool
	Fault       kiosk.Fault // the first that is not met, once Refused
}

// AskedModel is one thing that is asked.
type AskedModel struct {
	Asked   bool
	Label   string
	Name    string // for a screen reader: a key of the catalogue
	Hint    Line
	Options []OptionModel
}

// OptionModel is a possible answer, with what it means.
type OptionModel struct{ Text, Means string }

// PaperModel is a paper that the clerk sees: the kinds there are, and what was entered.
type PaperModel struct {
	Requirement kiosk.Requirement
	Label       string
	Kinds       []kiosk.SeenKind
	Names       []string
	Hint        Line
}

// Independences are the answers to the question for accompaniment, as they are offered.
var Independences = []kiosk.Independence{kiosk.Independent, kiosk.Accompanied}

func (p Presenter) eligibility(m *ClerkModel) {
	eligible := p.State.Eligible
	rule, _ := kiosk.RuleFor(p.kind())
	m.Subtitle = p.Format("eligibility.subtitle", Values{"Document": p.documentName(p.identity())})
	m.Eligibility = EligibilityModel{
		Case: p.State.Case, Entered: eligible.Entered, Refused: eligible.Refused,
		Keys: p.Text("eligibility.keys"), Choose: p.Text("eligibility.choose"), Issuer: p.Text("eligibility.issuer"), Issued: p.Text("eligibility.issued"),
	}
	if eligible.Refused && len(eligible.Faults) > 0 {
		m.Eligibility.Fault = eligible.Faults[0]
	}
	if requires(rule, kiosk.RequireTaxNumber) {
		m.Eligibility.TaxNumber = AskedModel{
			Asked: true, Label: p.Text("eligibility.tax_number"), Name: "eligibility.tax_number_field",
			Hint: p.taxNumberHint(),
		}
	}
	if requires(rule, kiosk.RequireIndependence) {
		m.Eligibility.Declaration = AskedModel{Asked: true, Label: p.Text("eligibility.independence"), Hint: p.faultLine(kiosk.RequireIndependence)}
		for _, answer := range Independences {
			key := "independence." + string(answer)
			m.Eligibility.Declaration.Options = append(m.Eligibility.Declaration.Options, OptionModel{p.Text(key), p.Text(key + "_means")})
		}
	}
	if p.identity().NameSource == kiosk.NameCut {
		m.Eligibility.Surname, m.Eligibility.GivenNames = p.Text("eligibility.spelling_surname"), p.Text("eligibility.spelling_given_names")
		m.Eligibility.Spelling = AskedModel{Asked: true, Hint: p.spellingHint()}
	}
	p.papers(&m.Eligibility, rule)
	m.Eligibility.Numbers, m.Eligibility.NumbersNote = p.numbers(), p.Text("eligibility.numbers_note")
	m.Actions = []Action{{Text: p.Text("action.continue"), Key: "F10", Main: true, Event: kiosk.Continue{}}, p.back(),
		{Text: p.Text("action.numbers"), Key: "F6", Event: NumbersAsked{}}}
}

// NumbersAsked is no event of the session's: it shows the numbers of other services, or hides them again.
type NumbersAsked struct{ kiosk.StillHere }

// Names of the numbers' fields, and of their sources'.
const (
	FieldTaxSource    = "source_nif"
	FieldSocial       = "niss"
	FieldSocialSource = "source_niss"
	FieldHealth       = "nsns"
	FieldHealthSource = "source_nsns"
)

// numbers asks how the NIF is known, and for what else portals find people by.
func (p Presenter) numbers() FormModel {
	entered := p.State.Eligible.Entered
	source := func(name string, from kiosk.NumberSource, paper kiosk.SeenKind) FormField {
		field := FormField{Name: name, Label: p.Text("eligibility.source"), Compact: true, Narrow: true, None: p.Text("eligibility.source_said")}
		field.Values, field.Options = []string{string(kiosk.NumberSaid)}, []OptionModel{{Text: p.Text("eligibility.source_said")}}
		for _, kind := range kiosk.NumberPapers {
			field.Values, field.Options = append(field.Values, string(kind)), append(field.Options, OptionModel{Text: p.Text("seen." + string(kind))})
		}
		field.Value = string(kiosk.NumberSaid)
		if from == kiosk.NumberPaper {
			field.Value = string(paper)
		}
		return field
	}
	number := func(name string, claim kiosk.NumberClaim, digits int, check func(string) bool) FormField {
		field := FormField{Name: name, Label: p.Text("eligibility.number_" + name), Value: claim.Value}
		switch typed := claim.Value; {
		case typed == "":
		case len(typed) == digits && check(typed):
			field.Hint = Line{p.Text("eligibility." + name + "_right"), ToneGood}
		case len(typed) >= digits || p.State.Eligible.Refused:
			field.Hint = Line{p.Text("eligibility." + name + "_wrong"), ToneBad}
		}
		return field
	}
	tax := source(FieldTaxSource, entered.TaxSource, entered.TaxPaper)
	tax.Label, tax.Narrow = p.Text("eligibility.source_nif"), false
	return FormModel{Asks: "eligibility", Fields: []FormField{tax,
		number(FieldSocial, entered.SocialSecurity, 11, kiosk.CheckSocialSecurity), source(FieldSocialSource, entered.SocialSecurity.Source, entered.SocialSecurity.Paper),
		number(FieldHealth, entered.HealthNumber, 9, kiosk.CheckHealthNumber), source(FieldHealthSource, entered.HealthNumber.Source, entered.HealthNumber.Paper),
	}}
}

// Numbers is what stands in the fields of numbers, in what was entered.
func Numbers(e kiosk.Eligibility, form map[string]string) kiosk.Eligibility {
	from := func(value string) (kiosk.NumberSource, kiosk.SeenKind) {
		if value == "" || value == string(kiosk.NumberSaid) {
			return kiosk.NumberSaid, ""
		}
		return kiosk.NumberPaper, kiosk.SeenKind(value)
	}
	claim := func(name, source string) kiosk.NumberClaim {
		value := strings.Join(strings.Fields(form[name]), "")
		if value == "" {
			return kiosk.NumberClaim{}
		}
		origin, paper := from(form[source])
		return kiosk.NumberClaim{Value: value, Source: origin, Paper: paper}
	}
	if source, paper := from(form[FieldTaxSource]); e.TaxNumber != "" && source == kiosk.NumberPaper {
		e.TaxSource, e.TaxPaper = source, paper
	}
	e.SocialSecurity, e.HealthNumber = claim(FieldSocial, FieldSocialSource), claim(FieldHealth, FieldHealthSource)
	return e
}

// requires reports whether a rule asks for something, be it as one of several.
func requires(rule kiosk.Rule, req kiosk.Requirement) bool {
	if slices.Contains(rule.Mandatory, req) {
		return true
	}
	return slices.ContainsFunc(rule.Alternatives, func(any []kiosk.Requirement) bool { return slices.Contains(any, req) })
}

func (p Presenter) papers(m *EligibilityModel, rule kiosk.Rule) {
	for _, asked := range []struct {
		req   kiosk.Requirement
		kinds []kiosk.SeenKind
	}{{kiosk.RequireResidence, kiosk.ResidencePapers}, {kiosk.RequireAddress, kiosk.AddressPapers}} {
		if !requires(rule, asked.req) {
			continue
		}
		paper := PaperModel{Requirement: asked.req, Label: p.Text("eligibility." + string(asked.req)), Kinds: asked.kinds}
		for _, kind := range asked.kinds {
			paper.Names = append(paper.Names, p.Text("seen."+string(kind)))
		}
		paper.Hint = p.faultLine(asked.req)
		m.Papers = append(m.Papers, paper)
	}
	m.Either = p.Text("eligibility.seen")
	if len(rule.Alternatives) > 0 {
		m.Either = p.Text("eligibility.either") + " " + m.Either
	}
}

// taxNumberHint says whether the number can be one as soon as it has nine digits.
func (p Presenter) taxNumberHint() Line {
	eligible := p.State.Eligible
	typed := eligible.Entered.TaxNumber
	switch {
	case eligible.Opened != "" && len(typed) == TaxDigits && typed != eligible.Opened && kiosk.CheckTaxNumber(typed):
		return Line{p.Text("eligibility.tax_number_another"), ToneCare}
	case len(typed) == TaxDigits && kiosk.CheckTaxNumber(typed):
		return Line{p.Text("eligibility.tax_number_right"), ToneGood}
	case len(typed) == TaxDigits:
		return Line{p.Text("eligibility.tax_number_wrong"), ToneBad}
	}
	return p.orFault(kiosk.RequireTaxNumber, Line{p.Text("eligibility.tax_number_hint"), ToneQuiet})
}

// spellingHint says whether the names agree with the document as soon as they do, and shows them whole.
func (p Presenter) spellingHint() Line {
	if person := p.State.Person(); person.NameSource == kiosk.NameTyped {
		return Line{p.Format("eligibility.spelling_right", Values{"Name": person.FullName()}), ToneGood}
	}
	return p.orFault(kiosk.RequireSpelling, Line{p.Text("eligibility.spelling_hint"), ToneQuiet})
}

const TaxDigits = 9

// faultLine says what is not met, once the clerk wanted to go on.
func (p Presenter) faultLine(req kiosk.Requirement) Line { return p.orFault(req, Line{}) }

func (p Presenter) orFault(req kiosk.Requirement, otherwise Line) Line {
	eligible := p.State.Eligible
	if !eligible.Refused {
		return otherwise
	}
	i := slices.IndexFunc(eligible.Faults, func(f kiosk.Fault) bool { return f.Requirement == req })
	if i < 0 {
		return otherwise
	}
	fault, name := eligible.Faults[i], string(req)+"_wrong"
	switch {
	case fault.Missing:
		name = string(req) + "_missing"
	case fault.Paper != "":
		name = "paper_" + string(fault.Paper)
	case fault.Spelling != "":
		name = "spelling_" + string(fault.Spelling)
	}
	return Line{p.Format("fault."+name, Values{
		"Date": p.ShortDate(p.paper(req).Issued), "Most": kiosk.MaxIssuer, "MostName": kiosk.MaxName, "Printed": mrzName(p.identity()),
	}), ToneBad}
}

// paper is what was entered of a paper.
func (p Presenter) paper(req kiosk.Requirement) kiosk.Seen {
	if req == kiosk.RequireResidence {
		return p.State.Eligible.Entered.Residence
	}
	return p.State.Eligible.Entered.Address
}

// seen writes a paper as it is recorded.
func (p Presenter) seen(paper kiosk.Seen, date func(kiosk.Date) string) string {
	return p.Format("seen.line", Values{
		"Kind": p.Text("seen." + string(paper.Kind)), "Issuer": paper.Issuer, "Issued": date(paper.Issued),
	})
}
