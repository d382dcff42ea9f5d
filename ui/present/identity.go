package present

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"balcao/kiosk"
)

// ChecksKey shows all checks, or only what needs to be seen of them.
const ChecksKey = "F7"

// CheckRow is one check or one phase: its result, what it is, who answered in what time, and when it
// is not a yes, what that means to the clerk.
type CheckRow struct {
	Result  kiosk.Result
	Text    string
	Detail  string
	Remedy  string
	Current bool // this is going on now
}

// IdentityModel is the page of the person and the checks.
type IdentityModel struct {
	Fields    []Field
	Photo     *kiosk.Photo
	PhotoNote string // instead of the photograph
	Checks    []CheckRow
	Right     string // how many of them passed
	All       string // how all of them are shown
	Level     Line
	Why       string
}

func (p Presenter) identityPage(m *ClerkModel) {
	document, person := p.State.Document, p.identity()
	m.Subtitle = p.Text("identity.subtitle")
	m.Identity = IdentityModel{
		Fields: p.identityFields(person),
		Photo:  document.Photo,
		Checks: p.checks(),
		Level:  Line{p.said("assurance."+p.level(), nil), levelTone(p.level())},
		Why:    p.why(),
	}
	right := 0
	for _, check := range document.Checks {
		if check.Result == kiosk.Passed {
			right++
		}
	}
	m.Identity.Right = p.Format("identity.checks_right", Values{"Count": right})
	m.Identity.All = p.Format("identity.checks_all", Values{"Key": ChecksKey})
	switch {
	case document.Access.NoChip:
		m.Identity.PhotoNote = p.Text("identity.photo_printed")
		m.Subtitle = p.Text("identity.subtitle_no_chip")
	case document.PhotoUnshown():
		m.Identity.PhotoNote = p.Text("identity.photo_unshown")
		m.Subtitle, m.Care = p.Text("identity.subtitle_unshown"), true
	case document.PhotoAbsent:
		m.Identity.PhotoNote = p.Text("identity.photo_none")
		m.Subtitle, m.Care = p.said("identity.photo_absent", nil), true
	case document.Photo == nil:
		m.Identity.PhotoNote = p.Text("identity.photo_reading") + "\n" + strconv.Itoa(document.PhotoPercent) + " %"
	}
	m.Actions = []Action{
		{Text: p.Text("action.confirm_person"), Key: "F10", Main: true},
		{Text: p.Text("action.mismatch"), Key: "F8", Event: kiosk.PersonMismatch{}},
	}
	if steps := p.State.Errand.Steps; len(steps) > 0 && steps[len(steps)-1] == kiosk.StepIdentity {
		m.Actions[0].Text = p.Text("action.checked")
	}
	if document.Complete && !p.State.Errand.Has(kiosk.StepReview) {
		p.unsigned(&m.Identity)
	}
	if document.Complete {
		m.Actions[0].Event = kiosk.PersonConfirmed{}
	}
	m.Actions = append(m.Actions, p.typeAgain()...)
}

// unsigned says what is known in an errand that never asks the document to prove its key: a chip may have proven
// itself to the desk, and a Citizen Card's does so only with its PIN.
func (p Presenter) unsigned(m *IdentityModel) {
	key, _ := p.State.Document.Check(kiosk.CheckKey)
	chip, proves := p.State.Document.Check(kiosk.CheckChipAuthenticity)
	switch {
	case key.Result != kiosk.Pending:
	case !proves:
		m.Level, m.Why = Line{p.Text("identity.unsigned"), ToneCare}, p.Text("identity.unsigned_why")
	case chip.Result == kiosk.Passed && p.level() == onceSigned:
		m.Level, m.Why = Line{p.Text("identity.original"), ToneGood}, p.Text("identity.original_why")
	}
}

func (p Presenter) identityFields(person kiosk.Identity) []Field {
	born := p.ShortDate(person.BirthDate)
	if person.BirthPrinted != "" {
		born = person.BirthPrinted + "\n" + p.Text("identity.birth_printed")
	} else if !person.BirthDate.IsZero() {
		age := person.BirthDate.AgeOn(kiosk.DateOf(p.State.Now))
		born += " · " + p.Format("format.age", Values{"Count": age})
	}
	fields := []Field{{p.Text("identity.surname"), stated(person.Surname)}, {p.Text("identity.given_names"), stated(person.GivenNames)}}
	if person.NameSource == kiosk.NameCut {
		fields = append(fields, Field{p.Text("identity.name_whole"), p.Text("identity.name_cut")})
	}
	if person.Transliterated() {
		fields = append(fields, Field{p.Text("identity.in_mrz"), mrzName(person)})
	}
	fields = append(fields,
		Field{p.Text("identity.birth"), born},
		Field{p.Text("identity.nationality"), p.Country(person.Nationality)},
		Field{p.Text("identity.document"), p.Text("document.kind."+string(person.Kind)) + "\n" + person.DocumentNumber})
	if person.Kind.Travel() {
		fields = append(fields, Field{p.Text("identity.issuer"), p.Country(person.Country)})
	}
	fields = append(fields, Field{p.Text("identity.valid_until"), p.ShortDate(person.ValidUntil)})
	if person.TaxNumber != "" {
		fields = append(fields, Field{p.Text("identity.tax_number"), grouped(person.TaxNumber)})
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

// fullName is the name as people are shown it before they agree: with a remark where it may be cut off, or where
// the document does not state it whole.
func (p Presenter) fullName(person kiosk.Identity) string {
	if person.NameSource == kiosk.NameWhole {
		return person.FullName()
	}
	return person.FullName() + "\n" + p.Text("identity.name_"+string(person.NameSource))
}

func (p Presenter) documentName(person kiosk.Identity) string {
	if person.Kind == "" {
		return ""
	}
	return p.Text("document.kind."+string(person.Kind)) + " " + person.DocumentNumber
}

// onceSigned is what level says of a document that lacks nothing but the card's signature. Calling that
// "substantial" would be true and would worry every clerk about every good card.
const onceSigned = "once_signed"

// level names the level that was reached, or the higher one that the signature will bring.
func (p Presenter) level() string {
	document := p.State.Document
	comes := document.Signing != kiosk.SigningDesk // a desk's declaration brings nothing higher
	if document.Complete && comes && document.Assurance.Level == kiosk.LevelSubstantial && !p.lacks() {
		return onceSigned
	}
	return levelKey(document.Assurance.Level)
}

func levelTone(level string) Tone {
	switch level {
	case onceSigned, string(kiosk.LevelHigh):
		return ToneGood
	case string(kiosk.LevelSubstantial):
		return ToneCare
	default:
		return ToneQuiet
	}
}

// missing names the checks without which the level is not high, but for the key: that one comes with
// the signature, for every card.
// lacks reports whether the level lacks more than the card's signature.
func (p Presenter) lacks() bool {
	return slices.ContainsFunc(p.State.Document.Assurance.Missing, func(name kiosk.CheckName) bool { return name != kiosk.CheckKey })
}

func (p Presenter) missing() []string { return p.checkNames(p.State.Document.Assurance.Missing) }

func (p Presenter) checkNames(checks []kiosk.CheckName) []string {
	var names []string
	for _, name := range checks {
		if name != kiosk.CheckKey {
			names = append(names, p.said("check."+string(name), nil))
		}
	}
	return names
}

// why says why the level is what it is.
func (p Presenter) why() string {
	if !p.State.Document.Complete {
		return p.Text("assurance.why_pending")
	}
	missing := p.missing()
	switch {
	case p.State.Document.Access.NoChip:
		return p.Text("assurance.why_no_chip")
	case len(missing) == 0 && p.State.Document.Signing == kiosk.SigningDesk:
		return p.Text("assurance.why_desk")
	case len(missing) == 0:
		return p.said("assurance.why_high", nil)
	}
	return p.Format("assurance.why_missing", Values{"Checks": strings.Join(missing, "; ")})
}

func (p Presenter) checks() []CheckRow {
	var rows []CheckRow
	for _, check := range p.State.Document.Checks {
		row := CheckRow{Result: check.Result, Text: p.said("check."+string(check.Name), nil)}
		switch check.Result {
		case kiosk.Pending:
			row.Detail = p.Text("check_state.pending")
			switch {
			case check.Name != kiosk.CheckKey:
			case p.State.Errand.Has(kiosk.StepReview):
				row.Detail = p.said("check_state.at_signature", nil)
			default:
				row.Detail = p.Text("check_state.not_asked")
			}
		case kiosk.Absent:
			row.Detail = p.Text("check_state.absent")
			if check.Reason != "" {
				row.Detail = p.Text("check_state.not_offered")
			}
		default:
			row.Detail = p.sourceAndTime(check)
		}
		if check.Result == kiosk.Unknown && check.Source == "" {
			row.Detail = p.Text("check_state.unknown")
		}
		if check.Reason != "" && check.Result != kiosk.Pending && check.Result != kiosk.Passed {
			row.Remedy = p.said("reason."+string(check.Reason), nil)
		}
		rows = append(rows, row)
	}
	return rows
}

func (p Presenter) sourceAndTime(check kiosk.Check) string {
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
