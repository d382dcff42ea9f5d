package present

import (
	"slices"
	"strings"

	"balcao/kiosk"
)

type reviewModel struct {
	Fields   []Field
	Phases   []CheckRow
	Now      Line // what is going on, in words
	Notice   Line // what went wrong or needs care
	Pictures []Picture
}

// reviewOrder lists the phases as the clerk sees them; waiting for the card belongs to the PIN. Only a Citizen
// Card has one.
var reviewOrder = []kiosk.ReviewPhase{
	kiosk.ReviewReading, kiosk.ReviewCardPIN, kiosk.ReviewSigning, kiosk.ReviewBinding,
}

var reviewOrderWithoutPIN = []kiosk.ReviewPhase{kiosk.ReviewReading, kiosk.ReviewSigning, kiosk.ReviewBinding}

// staffSigns reports whether the staff card takes the document's place in the reader to sign last.
func (p Presenter) staffSigns() bool {
	shift := p.State.Shift
	return shift.Phase == kiosk.ShiftOpen && !shift.OwnReader && shift.AdmittedBy == ""
}

// staffSigning reports whether the clerk is about to.
func staffSigning(s kiosk.State) bool {
	return s.Review.Phase == kiosk.ReviewStaffCard || s.Review.Phase == kiosk.ReviewStaffPIN
}

// signed is a text in the words of what signs: the card, the document's chip, or the desk for its clerk.
func (p Presenter) signed(key string, phase kiosk.ReviewPhase, v Values) string {
	signing := p.State.Document.Signing
	switch {
	case signing == kiosk.SigningPIN:
	case phase == kiosk.ReviewSigning, phase == kiosk.ReviewCard, phase == "":
		key += "_" + string(signing)
	}
	return p.Format(key, v)
}

// brought lists what the person brought besides the document, named by keys that begin alike, with dates as
// the reader's page writes them.
func (p Presenter) brought(names string, date func(kiosk.Date) string) []Field {
	entered := p.State.Eligible.Entered
	var fields []Field
	if number := p.State.Person().TaxNumber; number != "" {
		fields = append(fields, Field{p.Text(names + "tax_number"), grouped(number)})
	}
	if !entered.Residence.IsZero() {
		fields = append(fields, Field{p.Text(names + "residence"), p.seen(entered.Residence, date)})
	}
	if !entered.Address.IsZero() {
		fields = append(fields, Field{p.Text(names + "address"), p.seen(entered.Address, date)})
	}
	return fields
}

// documentIssued names the document, and the State that issued it where that is not clear.
func (p Presenter) documentIssued(person kiosk.Identity) string {
	if !person.Kind.Travel() {
		return p.documentName(person)
	}
	return p.Format("format.from_issuer", Values{"Document": p.documentName(person), "Issuer": p.Country(person.Country)})
}

// levelText says the level, and why it is not higher.
func (p Presenter) levelText() string {
	text := p.said("level."+p.level(), nil)
	switch missing := p.missing(); {
	case p.level() != string(kiosk.LevelSubstantial):
	case p.State.Document.Access.NoChip:
		text += ". " + p.Text("assurance.why_no_chip")
	case len(missing) > 0:
		text += ". " + p.Format("assurance.why_missing", Values{"Checks": strings.Join(missing, "; ")})
	}
	return text
}

func (p Presenter) review(m *ClerkModel) {
	m.Subtitle = p.signed("review.subtitle", "", nil)
	person, state := p.State.Person(), p.State
	login, second := p.contacts()
	m.Review.Fields = []Field{
		{p.Text("review.person"), p.fullName(person)},
		{p.Text("review.document"), p.documentIssued(person)},
	}
	if person.Kind.Travel() {
		m.Review.Fields = append(m.Review.Fields, p.brought("review.", p.ShortDate)...)
	}
	switch later := state.Contact.Later; {
	case p.changes():
		m.Review.Fields = append(m.Review.Fields, p.changeFields("review.")...)
	case later.Set:
		m.Review.Fields = append(m.Review.Fields, Field{p.Text("key.code"), p.laterText(later, "review.")})
	default:
		m.Review.Fields = append(m.Review.Fields, Field{p.Text("review.login"), p.Format("review.login_value", Values{"Contact": login})})
	}
	if second != "" && !p.changes() {
		m.Review.Fields = append(m.Review.Fields, Field{p.Text("review.second"), second})
	}
	m.Review.Fields = append(m.Review.Fields, Field{p.Text("review.level"), p.levelText()})
	m.Review.Phases = p.reviewPhases()
	if !state.Review.Disputed {
		m.Review.Now = Line{p.reviewNow(), TonePlain}
	}
	m.Review.Notice = p.reviewNotice()
	if phase := state.Review.Phase; state.Document.Signing == kiosk.SigningChip && (phase == kiosk.ReviewCard || phase == kiosk.ReviewSigning) {
		m.Review.Pictures = []Picture{p.documentPicture()}
	}

	if staffSigning(state) {
		m.Title, m.Subtitle = p.Text("review.title_staff"), p.Text("review.subtitle_staff")
		m.Review.Pictures = []Picture{PictureCard}
	}
	m.Actions = p.handOver()
	switch {
	case len(m.Actions) > 0:
	case state.Review.Disputed:
		m.Actions = p.remedies()
		return
	case state.Review.Phase == kiosk.ReviewCardPIN && state.Document.Pinpad:
		m.Actions = []Action{{Text: p.Text("action.retry"), Key: "Enter", Main: true, Event: kiosk.Continue{}}}
	case state.Review.Phase == kiosk.ReviewStaffPIN:
		m.StaffPIN = p.staffPIN("sign_in.pin")
		m.Actions = []Action{{Text: p.Text("action.sign"), Key: "Enter", Main: true, Event: kiosk.StaffPINTyped{}}}
		return
	case state.Review.Phase == kiosk.ReviewStaffCard:
		m.Actions = []Action{{Text: p.Text("action.waiting_staff_card"), Main: true}}
		return
	default:
		m.Actions = []Action{{Text: p.Text(awaited(state)), Main: true}}
	}
	if state.MayCancel() {
		m.Actions = append(m.Actions, p.back())
	} else {
		m.Note = p.Text("review.no_cancel")
	}
}

// remedies are what the clerk can do about what the person says is wrong.
func (p Presenter) remedies() []Action {
	actions := []Action{
		{Text: p.Text("action.show_again"), Key: "Enter", Main: true, Event: kiosk.Continue{}},
		p.correct(kiosk.StepContact, "F3"),
	}
	if p.State.Errand.Has(kiosk.StepEligibility) {
		actions = append(actions, p.correct(kiosk.StepEligibility, "F4"))
	}
	return actions
}

func (p Presenter) correct(step kiosk.Step, key string) Action {
	return Action{Text: p.Text("action.correct_" + string(step)), Key: key, Event: kiosk.Correct{Step: step}}
}

// awaited is the key of what the clerk waits for.
func awaited(s kiosk.State) string {
	chip := s.Document.Signing == kiosk.SigningChip
	switch s.Review.Phase {
	case kiosk.ReviewCard, kiosk.ReviewSigning:
		switch {
		case chip && s.Review.Phase == kiosk.ReviewCard:
			return "action.waiting_document"
		case chip:
			return "action.waiting_chip"
		case s.Document.Signing == kiosk.SigningDesk:
			return "action.waiting_centre"
		}
		return "action.waiting_card"
	case kiosk.ReviewBinding:
		return "action.waiting_centre"
	default:
		return "action.waiting_person"
	}
}

func (p Presenter) reviewPhases() []CheckRow {
	current, order := p.State.Review.Phase, reviewOrder
	switch current {
	case kiosk.ReviewCard:
		current = kiosk.ReviewCardPIN
	case kiosk.ReviewStaffPIN:
		current = kiosk.ReviewStaffCard
	}
	if p.State.Document.Signing != kiosk.SigningPIN {
		order = reviewOrderWithoutPIN
		if current == kiosk.ReviewCardPIN {
			current = kiosk.ReviewSigning
		}
	}
	if p.staffSigns() {
		order = slices.Insert(slices.Clone(order), len(order)-1, kiosk.ReviewStaffCard)
	}
	reached := 0
	for i, phase := range order {
		if phase == current {
			reached = i
		}
	}
	var rows []CheckRow
	for i, phase := range order {
		row := CheckRow{Text: p.signed("review.line."+string(phase), phase, nil), Current: i == reached}
		if i < reached {
			row.Result = kiosk.Passed
		}
		if i == reached && i == 0 && p.State.Review.Disputed {
			row.Result, row.Current = kiosk.Unknown, false
		}
		rows = append(rows, row)
	}
	return rows
}

func (p Presenter) reviewNow() string {
	phase := p.State.Review.Phase
	if phase == "" {
		phase = kiosk.ReviewReading
	}
	key := "review.phase." + string(phase)
	reader := Values{"Reader": p.State.Document.Reader}
	if phase == kiosk.ReviewStaffCard {
		return p.said(key, reader)
	}
	if p.State.Document.Signing != kiosk.SigningPIN {
		return p.signed(key, phase, reader)
	}
	if p.State.Document.Pinpad && (phase == kiosk.ReviewCardPIN || phase == kiosk.ReviewSigning) {
		key += "_reader"
	}
	return p.Format(key, reader)
}

// lastTry reports whether a wrong PIN would block the card.
func (p Presenter) lastTry() bool {
	return p.State.Document.Signing == kiosk.SigningPIN && p.State.Document.PINTries == 1
}

func (p Presenter) reviewNotice() Line {
	review := p.State.Review
	switch {
	case p.State.Document.Held:
		return Line{p.said("reading.held", nil), ToneCare}
	case p.State.Shift.Problem != "" && staffSigning(p.State):
		parts := p.parts(kiosk.Problem{Code: p.State.Shift.Problem, Reader: p.State.Shift.Reader})
		return Line{parts.What + " " + parts.Next, ToneBad}
	case review.Disputed:
		return Line{p.Text("review.disputed"), ToneCare}
	case review.PINWrong:
		return Line{p.Format("review.card_pin_wrong", Values{"Count": p.State.Document.PINTries}), ToneBad}
	case staffSigning(p.State):
		return Line{p.Text("review.staff_why"), ToneQuiet}
	case p.lastTry() && review.Phase != kiosk.ReviewBinding:
		return Line{p.Text("review.last_try"), ToneCare}
	case review.Waiting:
		return Line{p.Text("review.waiting"), ToneCare}
	default:
		return Line{}
	}
}

// changes reports whether the errand at hand changes a key that there is.
func (p Presenter) changes() bool { return p.State.Errand.Name != kiosk.Errands[0].Name }

// whatChanges is what the person agrees to when their key changes.
func (p Presenter) whatChanges(m *CitizenModel) {
	p.Words = Words{p.State.CitizenLanguage}
	m.Text = p.ofErrand("before")
	m.Fields = append(m.Fields, p.changeFields("citizen.review.")...)
	m.Rights = p.Text("citizen.review.not_asked")
}

// changeFields are the key that changes, what it gets that is new, and why.
func (p Presenter) changeFields(names string) []Field {
	fields := []Field{{p.Text(names + "change"), p.ofErrand("title")}}
	if key := p.State.Key.Key; key != nil {
		fields = append(fields, Field{p.Text(names + "key"), p.Format("key.register", Values{"Register": registerText(key.Register)})})
	}
	for _, channel := range []kiosk.Channel{kiosk.SMS, kiosk.Email} {
		if c := p.channel(channel); c.Confirmed() {
			fields = append(fields, Field{p.Text(names + "new_" + string(channel)), contactText(c.Value)})
		}
	}
	if reason := p.State.Key.Reason; reason != "" {
		fields = append(fields, Field{p.Text(names + "reason"), p.Text("key.reason." + string(reason))})
	}
	return fields
}

// laterText says where an activation code went.
func (p Presenter) laterText(later kiosk.LaterState, names string) string {
	value := contactText(later.Value)
	if later.Channel == kiosk.Letter && later.Address != nil {
		value = later.Address.Town
	}
	return p.Format(names+"activation_"+string(later.Channel), Values{"Contact": value})
}
