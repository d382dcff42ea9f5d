package ui

import (
	"cmp"
	"strconv"
	"strings"

	"balcao/kiosk"
)

// checkRow is one check or one phase: its result, what it is, who answered in what time, and when it
// is not a yes, what that means to the clerk.
type checkRow struct {
	Result  kiosk.Result
	Text    string
	Detail  string
	Remedy  string
	Current bool // this is going on now
}

type identityModel struct {
	Fields    []field
	Photo     *kiosk.Photo
	PhotoNote string // instead of the photograph
	Checks    []checkRow
	Right     string // how many of them passed
	All       string // how all of them are shown
	Level     line
	Why       string
}

func (p present) identityPage(m *clerkModel) {
	document, person := p.state.Document, p.identity()
	m.Subtitle = p.text("identity.subtitle")
	m.Identity = identityModel{
		Fields: p.identityFields(person),
		Photo:  document.Photo,
		Checks: p.checks(),
		Level:  line{p.said("assurance."+p.level(), nil), levelTone(p.level())},
		Why:    p.why(),
	}
	right := 0
	for _, check := range document.Checks {
		if check.Result == kiosk.Passed {
			right++
		}
	}
	m.Identity.Right = p.format("identity.checks_right", values{"Count": right})
	m.Identity.All = p.format("identity.checks_all", values{"Key": checksKey})
	switch {
	case document.Access.NoChip:
		m.Identity.PhotoNote = p.text("identity.photo_printed")
		m.Subtitle = p.text("identity.subtitle_no_chip")
	case document.PhotoUnshown():
		m.Identity.PhotoNote = p.text("identity.photo_unshown")
		m.Subtitle, m.Care = p.text("identity.subtitle_unshown"), true
	case document.PhotoAbsent:
		m.Identity.PhotoNote = p.text("identity.photo_none")
		m.Subtitle, m.Care = p.said("identity.photo_absent", nil), true
	case document.Photo == nil:
		m.Identity.PhotoNote = p.text("identity.photo_reading") + "\n" + strconv.Itoa(document.PhotoPercent) + " %"
	}
	m.Actions = []action{
		{Text: p.text("action.confirm_person"), Key: "F10", Main: true},
		{Text: p.text("action.mismatch"), Key: "F8", Event: kiosk.PersonMismatch{}},
	}
	if document.Complete {
		m.Actions[0].Event = kiosk.PersonConfirmed{}
	}
	m.Actions = append(m.Actions, p.typeAgain()...)
}

func (p present) identityFields(person kiosk.Identity) []field {
	born := p.shortDate(person.BirthDate)
	if person.BirthPrinted != "" {
		born = person.BirthPrinted + "\n" + p.text("identity.birth_printed")
	} else if !person.BirthDate.IsZero() {
		age := person.BirthDate.AgeOn(kiosk.DateOf(p.state.Now))
		born += " · " + p.format("format.age", values{"Count": age})
	}
	fields := []field{{p.text("identity.surname"), stated(person.Surname)}, {p.text("identity.given_names"), stated(person.GivenNames)}}
	if person.NameSource == kiosk.NameCut {
		fields = append(fields, field{p.text("identity.name_whole"), p.text("identity.name_cut")})
	}
	if person.Transliterated() {
		fields = append(fields, field{p.text("identity.in_mrz"), mrzName(person)})
	}
	fields = append(fields,
		field{p.text("identity.birth"), born},
		field{p.text("identity.nationality"), p.country(person.Nationality)},
		field{p.text("identity.document"), p.text("document.kind."+string(person.Kind)) + "\n" + person.DocumentNumber})
	if person.Kind.Travel() {
		fields = append(fields, field{p.text("identity.issuer"), p.country(person.Country)})
	}
	fields = append(fields, field{p.text("identity.valid_until"), p.shortDate(person.ValidUntil)})
	if person.TaxNumber != "" {
		fields = append(fields, field{p.text("identity.tax_number"), grouped(person.TaxNumber)})
	}
	return fields
}

// stated is what a document states, or a dash where it states nothing: nobody has to have a surname.
func stated(text string) string { return cmp.Or(text, "—") }

// mrzName writes the names as the machine-readable zone orders them: the surname first.
func mrzName(person kiosk.Identity) string {
	if person.MRZGivenNames == "" || person.MRZSurname == "" {
		return person.MRZSurname + person.MRZGivenNames
	}
	return person.MRZSurname + ", " + person.MRZGivenNames
}

// fullName is the name as people are shown it before they agree: with a remark where it may be cut off.
func (p present) fullName(person kiosk.Identity) string {
	if person.NameSource == kiosk.NameCut {
		return person.FullName() + "\n" + p.text("identity.name_cut")
	}
	return person.FullName()
}

func (p present) documentName(person kiosk.Identity) string {
	if person.Kind == "" {
		return ""
	}
	return p.text("document.kind."+string(person.Kind)) + " " + person.DocumentNumber
}

// onceSigned is what level says of a document that lacks nothing but the card's signature. Calling that
// "substantial" would be true and would worry every clerk about every good card.
const onceSigned = "once_signed"

// level names the level that was reached, or the higher one that the signature will bring.
func (p present) level() string {
	document := p.state.Document
	comes := document.Signing != kiosk.SigningDesk // a desk's declaration brings nothing higher
	if document.Complete && comes && document.Assurance.Level == kiosk.LevelSubstantial && len(p.missing()) == 0 {
		return onceSigned
	}
	return levelKey(document.Assurance.Level)
}

func levelTone(level string) tone {
	switch level {
	case onceSigned, string(kiosk.LevelHigh):
		return toneGood
	case string(kiosk.LevelSubstantial):
		return toneCare
	default:
		return toneQuiet
	}
}

// missing names the checks without which the level is not high, but for the key: that one comes with
// the signature, for every card.
func (p present) missing() []string { return p.checkNames(p.state.Document.Assurance.Missing) }

func (p present) checkNames(checks []kiosk.CheckName) []string {
	var names []string
	for _, name := range checks {
		if name != kiosk.CheckKey {
			names = append(names, p.said("check."+string(name), nil))
		}
	}
	return names
}

// why says why the level is what it is.
func (p present) why() string {
	if !p.state.Document.Complete {
		return p.text("assurance.why_pending")
	}
	missing := p.missing()
	switch {
	case p.state.Document.Access.NoChip:
		return p.text("assurance.why_no_chip")
	case len(missing) == 0 && p.state.Document.Signing == kiosk.SigningDesk:
		return p.text("assurance.why_desk")
	case len(missing) == 0:
		return p.said("assurance.why_high", nil)
	}
	return p.format("assurance.why_missing", values{"Checks": strings.Join(missing, "; ")})
}

func (p present) checks() []checkRow {
	var rows []checkRow
	for _, check := range p.state.Document.Checks {
		row := checkRow{Result: check.Result, Text: p.said("check."+string(check.Name), nil)}
		switch check.Result {
		case kiosk.Pending:
			row.Detail = p.text("check_state.pending")
			if check.Name == kiosk.CheckKey {
				row.Detail = p.said("check_state.at_signature", nil)
			}
		case kiosk.Absent:
			row.Detail = p.text("check_state.absent")
			if check.Reason != "" {
				row.Detail = p.text("check_state.not_offered")
			}
		default:
			row.Detail = p.sourceAndTime(check)
		}
		if check.Result == kiosk.Unknown && check.Source == "" {
			row.Detail = p.text("check_state.unknown")
		}
		if check.Reason != "" && check.Result != kiosk.Pending && check.Result != kiosk.Passed {
			row.Remedy = p.said("reason."+string(check.Reason), nil)
		}
		rows = append(rows, row)
	}
	return rows
}

func (p present) sourceAndTime(check kiosk.Check) string {
	var parts []string
	if check.Source != "" {
		parts = append(parts, p.source(check.Source))
	}
	if took := p.seconds(check.Took); took != "" {
		parts = append(parts, took)
	}
	return strings.Join(parts, " · ")
}

func registerText(register int64) string { return grouped(strconv.FormatInt(register, 10)) }
