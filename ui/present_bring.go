package ui

import (
	"slices"

	"balcao/kiosk"
)

// bringModel is what a person without a Citizen Card brings besides the document, as a page to fill in. Which
// of it is asked follows the rule for the document's kind.
type bringModel struct {
	Case        kiosk.CaseID
	Entered     kiosk.Eligibility
	TaxNumber   askedModel
	Declaration askedModel
	Second      askedModel
	Papers      []paperModel
	Either      string // which of the papers are alternatives, in words
	Keys        string // how the page is worked
	Choose      string // in a choice without an answer
	Issuer      string // names of a paper's fields
	Issued      string
	Refused     bool
	Fault       kiosk.Fault // the first that is not met, once Refused
}

// askedModel is one thing that is asked.
type askedModel struct {
	Asked   bool
	Label   string
	Name    string // for a screen reader: a key of the catalogue
	Hint    line
	Options []optionModel
}

// optionModel is a possible answer, with what it means.
type optionModel struct{ Text, Means string }

// paperModel is a paper that the clerk sees: the kinds there are, and what was entered.
type paperModel struct {
	Requirement kiosk.Requirement
	Label       string
	Kinds       []kiosk.SeenKind
	Names       []string
	Hint        line
}

// independences are the answers to the question for accompaniment, as they are offered.
var independences = []kiosk.Independence{kiosk.Independent, kiosk.Accompanied}

func (p present) bring(m *clerkModel) {
	eligible := p.state.Eligible
	rule, _ := kiosk.RuleFor(p.kind())
	m.Subtitle = p.format("bring.subtitle", values{"Document": p.documentName(p.identity())})
	m.Bring = bringModel{
		Case: p.state.Case, Entered: eligible.Entered, Refused: eligible.Refused,
		Keys: p.text("bring.keys"), Choose: p.text("bring.choose"), Issuer: p.text("bring.issuer"), Issued: p.text("bring.issued"),
	}
	if eligible.Refused && len(eligible.Faults) > 0 {
		m.Bring.Fault = eligible.Faults[0]
	}
	if requires(rule, kiosk.RequireTaxNumber) {
		m.Bring.TaxNumber = askedModel{
			Asked: true, Label: p.text("bring.tax_number"), Name: "bring.tax_number_field",
			Hint: p.taxNumberHint(),
		}
	}
	if requires(rule, kiosk.RequireIndependence) {
		m.Bring.Declaration = askedModel{Asked: true, Label: p.text("bring.independence"), Hint: p.faultLine(kiosk.RequireIndependence)}
		for _, answer := range independences {
			key := "independence." + string(answer)
			m.Bring.Declaration.Options = append(m.Bring.Declaration.Options, optionModel{p.text(key), p.text(key + "_means")})
		}
	}
	if eligible.Second {
		m.Bring.Second = askedModel{
			Asked: true, Label: p.text("bring.second_clerk"),
			Hint: p.orFault(kiosk.RequireSecondClerk, line{p.text("bring.second_clerk_hint"), toneQuiet}),
		}
	}
	p.papers(&m.Bring, rule)
	m.Actions = []action{{Text: p.text("action.continue"), Key: "F10", Main: true, Event: kiosk.Continue{}}, p.back()}
}

// requires reports whether a rule asks for something, be it as one of several.
func requires(rule kiosk.Rule, req kiosk.Requirement) bool {
	if slices.Contains(rule.Mandatory, req) {
		return true
	}
	return slices.ContainsFunc(rule.Alternatives, func(any []kiosk.Requirement) bool { return slices.Contains(any, req) })
}

func (p present) papers(m *bringModel, rule kiosk.Rule) {
	for _, asked := range []struct {
		req   kiosk.Requirement
		kinds []kiosk.SeenKind
	}{{kiosk.RequireResidence, kiosk.ResidencePapers}, {kiosk.RequireAddress, kiosk.AddressPapers}} {
		if !requires(rule, asked.req) {
			continue
		}
		paper := paperModel{Requirement: asked.req, Label: p.text("bring." + string(asked.req)), Kinds: asked.kinds}
		for _, kind := range asked.kinds {
			paper.Names = append(paper.Names, p.text("seen."+string(kind)))
		}
		paper.Hint = p.faultLine(asked.req)
		m.Papers = append(m.Papers, paper)
	}
	m.Either = p.text("bring.seen")
	if len(rule.Alternatives) > 0 {
		m.Either = p.text("bring.either") + " " + m.Either
	}
}

// taxNumberHint says whether the number can be one as soon as it has nine digits.
func (p present) taxNumberHint() line {
	eligible := p.state.Eligible
	typed := eligible.Entered.TaxNumber
	switch {
	case eligible.Opened != "" && len(typed) == taxDigits && typed != eligible.Opened && kiosk.CheckTaxNumber(typed):
		return line{p.text("bring.tax_number_another"), toneCare}
	case len(typed) == taxDigits && kiosk.CheckTaxNumber(typed):
		return line{p.text("bring.tax_number_right"), toneGood}
	case len(typed) == taxDigits:
		return line{p.text("bring.tax_number_wrong"), toneBad}
	}
	return p.orFault(kiosk.RequireTaxNumber, line{p.text("bring.tax_number_hint"), toneQuiet})
}

const taxDigits = 9

// faultLine says what is not met, once the clerk wanted to go on.
func (p present) faultLine(req kiosk.Requirement) line { return p.orFault(req, line{}) }

func (p present) orFault(req kiosk.Requirement, otherwise line) line {
	eligible := p.state.Eligible
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
	}
	return line{p.format("fault."+name, values{"Date": p.shortDate(p.paper(req).Issued), "Most": kiosk.MaxIssuer}), toneBad}
}

// paper is what was entered of a paper.
func (p present) paper(req kiosk.Requirement) kiosk.Seen {
	if req == kiosk.RequireResidence {
		return p.state.Eligible.Entered.Residence
	}
	return p.state.Eligible.Entered.Address
}

// seen writes a paper as it is recorded.
func (p present) seen(paper kiosk.Seen, date func(kiosk.Date) string) string {
	return p.format("seen.line", values{
		"Kind": p.text("seen." + string(paper.Kind)), "Issuer": paper.Issuer, "Issued": date(paper.Issued),
	})
}
