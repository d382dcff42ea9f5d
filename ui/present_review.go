package ui

import (
	"slices"
	"strings"

	"balcao/kiosk"
)

type reviewModel struct {
	Fields   []field
	Phases   []checkRow
	Now      line // what is going on, in words
	Notice   line // what went wrong or needs care
	Pictures []picture
}

// reviewOrder lists the phases as the clerk sees them; waiting for the card belongs to the PIN. Only a Citizen
// Card has one.
var reviewOrder = []kiosk.ReviewPhase{
	kiosk.ReviewReading, kiosk.ReviewCardPIN, kiosk.ReviewSigning, kiosk.ReviewBinding,
}

var reviewOrderWithoutPIN = []kiosk.ReviewPhase{kiosk.ReviewReading, kiosk.ReviewSigning, kiosk.ReviewBinding}

// signed is a text in the words of what signs: the card, the document's chip, or the desk for its clerk.
func (p present) signed(key string, phase kiosk.ReviewPhase, v values) string {
	signing := p.state.Document.Signing
	switch {
	case signing == kiosk.SigningPIN:
	case phase == kiosk.ReviewSigning, phase == kiosk.ReviewCard, phase == "":
		key += "_" + string(signing)
	}
	return p.format(key, v)
}

// taxNumber is the document's, or the one that was typed.
func (p present) taxNumber() string {
	if number := p.identity().TaxNumber; number != "" {
		return number
	}
	return p.state.Eligible.Entered.TaxNumber
}

// brought lists what the person brought besides the document, named by keys that begin alike, with dates as
// the reader's page writes them.
func (p present) brought(names string, date func(kiosk.Date) string) []field {
	entered := p.state.Eligible.Entered
	var fields []field
	if number := p.taxNumber(); number != "" {
		fields = append(fields, field{p.text(names + "tax_number"), grouped(number)})
	}
	if !entered.Residence.IsZero() {
		fields = append(fields, field{p.text(names + "residence"), p.seen(entered.Residence, date)})
	}
	if !entered.Address.IsZero() {
		fields = append(fields, field{p.text(names + "address"), p.seen(entered.Address, date)})
	}
	return fields
}

// documentIssued names the document, and the State that issued it where that is not clear.
func (p present) documentIssued(person kiosk.Identity) string {
	if !person.Kind.Travel() {
		return p.documentName(person)
	}
	return p.format("format.from_issuer", values{"Document": p.documentName(person), "Issuer": p.country(person.Country)})
}

// levelText says the level, and why it is not higher.
func (p present) levelText() string {
	text := p.said("level."+p.level(), nil)
	switch missing := p.missing(); {
	case p.level() != string(kiosk.LevelSubstantial):
	case p.state.Document.Access.NoChip:
		text += ". " + p.text("assurance.why_no_chip")
	case len(missing) > 0:
		text += ". " + p.format("assurance.why_missing", values{"Checks": strings.Join(missing, "; ")})
	}
	return text
}

func (p present) review(m *clerkModel) {
	m.Subtitle = p.signed("review.subtitle", "", nil)
	person, state := p.identity(), p.state
	login, second := p.contacts()
	m.Review.Fields = []field{
		{p.text("review.person"), p.fullName(person)},
		{p.text("review.document"), p.documentIssued(person)},
	}
	if person.Kind.Travel() {
		m.Review.Fields = append(m.Review.Fields, p.brought("review.", p.shortDate)...)
	}
	m.Review.Fields = append(m.Review.Fields, field{p.text("review.login"), p.format("review.login_value", values{"Contact": login})})
	if second != "" {
		m.Review.Fields = append(m.Review.Fields, field{p.text("review.second"), second})
	}
	if second := state.Eligible.Entered.SecondClerk; second != "" {
		m.Review.Fields = append(m.Review.Fields, field{p.text("review.second_clerk"), second})
	}
	m.Review.Fields = append(m.Review.Fields, field{p.text("review.level"), p.levelText()})
	m.Review.Phases = p.reviewPhases()
	if !state.Review.Disputed {
		m.Review.Now = line{p.reviewNow(), tonePlain}
	}
	m.Review.Notice = p.reviewNotice()
	if phase := state.Review.Phase; state.Document.Signing == kiosk.SigningChip && (phase == kiosk.ReviewCard || phase == kiosk.ReviewSigning) {
		m.Review.Pictures = []picture{p.documentPicture()}
	}

	m.Actions = p.handOver()
	switch {
	case len(m.Actions) > 0:
	case state.Review.Disputed:
		m.Actions = p.remedies()
		return
	case state.Review.Phase == kiosk.ReviewCardPIN && state.Document.Pinpad:
		m.Actions = []action{{Text: p.text("action.retry"), Key: "Enter", Main: true, Event: kiosk.Continue{}}}
	default:
		m.Actions = []action{{Text: p.text(awaited(state)), Main: true}}
	}
	if state.MayCancel() {
		m.Actions = append(m.Actions, p.back())
	} else {
		m.Note = p.text("review.no_cancel")
	}
}

// remedies are what the clerk can do about what the person says is wrong.
func (p present) remedies() []action {
	actions := []action{
		{Text: p.text("action.show_again"), Key: "Enter", Main: true, Event: kiosk.Continue{}},
		p.correct(kiosk.StepContact, "F3"),
	}
	if slices.Contains(p.state.Errand.Steps, kiosk.StepEligibility) {
		actions = append(actions, p.correct(kiosk.StepEligibility, "F4"))
	}
	return actions
}

func (p present) correct(step kiosk.Step, key string) action {
	return action{Text: p.text("action.correct_" + string(step)), Key: key, Event: kiosk.Correct{Step: step}}
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

func (p present) reviewPhases() []checkRow {
	current, order := p.state.Review.Phase, reviewOrder
	if current == kiosk.ReviewCard {
		current = kiosk.ReviewCardPIN
	}
	if p.state.Document.Signing != kiosk.SigningPIN {
		order = reviewOrderWithoutPIN
		if current == kiosk.ReviewCardPIN {
			current = kiosk.ReviewSigning
		}
	}
	reached := 0
	for i, phase := range order {
		if phase == current {
			reached = i
		}
	}
	var rows []checkRow
	for i, phase := range order {
		row := checkRow{Text: p.signed("review.line."+string(phase), phase, nil), Current: i == reached}
		if i < reached {
			row.Result = kiosk.Passed
		}
		if i == reached && i == 0 && p.state.Review.Disputed {
			row.Result, row.Current = kiosk.Unknown, false
		}
		rows = append(rows, row)
	}
	return rows
}

func (p present) reviewNow() string {
	phase := p.state.Review.Phase
	if phase == "" {
		phase = kiosk.ReviewReading
	}
	key := "review.phase." + string(phase)
	reader := values{"Reader": p.state.Document.Reader}
	if p.state.Document.Signing != kiosk.SigningPIN {
		return p.signed(key, phase, reader)
	}
	if p.state.Document.Pinpad && (phase == kiosk.ReviewCardPIN || phase == kiosk.ReviewSigning) {
		key += "_reader"
	}
	return p.format(key, reader)
}

// lastTry reports whether a wrong PIN would block the card.
func (p present) lastTry() bool {
	return p.state.Document.Signing == kiosk.SigningPIN && p.state.Document.PINTries == 1
}

func (p present) reviewNotice() line {
	review := p.state.Review
	switch {
	case p.state.Document.Held:
		return line{p.said("reading.held", nil), toneCare}
	case review.Disputed:
		return line{p.text("review.disputed"), toneCare}
	case review.PINWrong:
		return line{p.format("review.card_pin_wrong", values{"Count": p.state.Document.PINTries}), toneBad}
	case p.lastTry() && review.Phase != kiosk.ReviewBinding:
		return line{p.text("review.last_try"), toneCare}
	case review.Waiting:
		return line{p.text("review.waiting"), toneCare}
	default:
		return line{}
	}
}
