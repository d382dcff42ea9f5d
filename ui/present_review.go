package ui

import "balcao/kiosk"

type reviewModel struct {
	Fields []field
	Phases []checkRow
	Now    line // what is going on, in words
	Notice line // what went wrong or needs care
}

// reviewOrder lists the phases as the clerk sees them; waiting for the card belongs to the PIN.
var reviewOrder = []kiosk.ReviewPhase{
	kiosk.ReviewReading, kiosk.ReviewCardPIN, kiosk.ReviewSigning, kiosk.ReviewBinding,
}

func (p present) review(m *clerkModel) {
	m.Subtitle = p.text("review.subtitle")
	person, state := p.identity(), p.state
	login, second := p.contacts()
	m.Review.Fields = []field{
		{p.text("review.person"), person.FullName()},
		{p.text("review.document"), p.documentName(person)},
		{p.text("review.login"), p.format("review.login_value", values{"Contact": login})},
	}
	if second != "" {
		m.Review.Fields = append(m.Review.Fields, field{p.text("review.second"), second})
	}
	m.Review.Fields = append(m.Review.Fields, field{p.text("review.level"), p.text("level." + p.level())})
	m.Review.Phases = p.reviewPhases()
	m.Review.Now = line{p.reviewNow(), tonePlain}
	m.Review.Notice = p.reviewNotice()

	m.Actions = p.handOver()
	switch {
	case len(m.Actions) > 0:
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

// awaited is the key of what the clerk waits for.
func awaited(s kiosk.State) string {
	switch s.Review.Phase {
	case kiosk.ReviewCard, kiosk.ReviewSigning:
		return "action.waiting_card"
	case kiosk.ReviewBinding:
		return "action.waiting_centre"
	default:
		return "action.waiting_person"
	}
}

func (p present) reviewPhases() []checkRow {
	current := p.state.Review.Phase
	if current == kiosk.ReviewCard {
		current = kiosk.ReviewCardPIN
	}
	reached := 0
	for i, phase := range reviewOrder {
		if phase == current {
			reached = i
		}
	}
	var rows []checkRow
	for i, phase := range reviewOrder {
		row := checkRow{Text: p.text("review.line." + string(phase)), Current: i == reached}
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
	if p.state.Document.Pinpad && (phase == kiosk.ReviewCardPIN || phase == kiosk.ReviewSigning) {
		key += "_reader"
	}
	return p.format(key, values{"Reader": p.state.Document.Reader})
}

func (p present) reviewNotice() line {
	review := p.state.Review
	switch {
	case review.Disputed:
		return line{p.text("review.disputed"), toneCare}
	case review.PINWrong:
		return line{p.format("review.card_pin_wrong", values{"Count": p.state.Document.PINTries}), toneBad}
	case review.Waiting:
		return line{p.text("review.waiting"), toneCare}
	default:
		return line{}
	}
}
