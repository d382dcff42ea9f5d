package present

import "balcao/kiosk"

func (p Presenter) citizenReview(m *CitizenModel) {
	review := p.State.Review
	switch review.Phase {
	case kiosk.ReviewCard:
		p.message(m, "card", SignCard)
	case kiosk.ReviewCardPIN:
		p.cardPIN(m)
	case kiosk.ReviewSigning:
		if p.State.Document.Signing == kiosk.SigningDesk {
			p.message(m, "binding", SignWait)
			return
		}
		p.message(m, "signing", SignCard)
		if p.State.Document.Pinpad { // it asks for the PIN while the card is to sign
			p.message(m, "pinpad", SignCard)
			m.Points = []Line{p.cardPINTries()}
		}
	case kiosk.ReviewStaffCard, kiosk.ReviewStaffPIN:
		p.message(m, "staff", SignWait)
	case kiosk.ReviewBinding:
		p.message(m, "binding", SignWait)
		if review.Waiting {
			m.Text = p.Text("citizen.binding.waiting") // instead of how little it takes
		}
	default:
		p.everythingRight(m)
	}
}

func (p Presenter) cardPIN(m *CitizenModel) {
	if p.State.Document.Pinpad {
		p.message(m, "pinpad", SignCard)
		m.Text = p.Text("citizen.pinpad.again")
		m.Points = []Line{p.cardPINTries()}
		m.Actions = []Action{{Text: p.Text("action.retry"), Key: "Enter", Main: true, Event: kiosk.Agreed{}}}
		return
	}
	m.Page, m.Key = CitizenCardPIN, "card_pin"
	m.Title, m.Text = p.Text("citizen.card_pin.title"), p.Text("citizen.card_pin.text")
	m.Notice = p.cardPINTries()
	m.Input = InputModel{Min: 4, Max: 8, Masked: true, Label: "citizen.card_pin.field"}
}

// cardPINTries says how many tries the card's PIN has left, once one was lost.
func (p Presenter) cardPINTries() Line {
	tries := p.State.Document.PINTries
	counted := Values{"Count": tries}
	switch {
	case p.State.Review.PINWrong:
		return Line{p.Format("citizen.card_pin.wrong", counted), ToneBad}
	case tries == 1:
		return Line{p.Format("citizen.card_pin.tries", counted), ToneCare}
	case tries == 2:
		return Line{p.Format("citizen.card_pin.tries", counted), ToneQuiet}
	default:
		return Line{}
	}
}

func (p Presenter) everythingRight(m *CitizenModel) {
	person := p.State.Person()
	login, second := p.contacts()
	m.Page, m.Key = CitizenReview, "review"
	m.Title = p.Text("citizen.review.title")
	key := "citizen.review.document_value"
	if person.Kind.Travel() {
		key += "_issuer"
	}
	document := p.Format(key, Values{
		"Kind": p.Text("document.kind." + string(person.Kind)), "Number": person.DocumentNumber, "Until": p.longDate(person.ValidUntil),
		"Issuer": p.Country(person.Country),
	})
	m.Fields = []Field{{p.Text("citizen.review.name"), p.fullName(person)}, {p.Text("citizen.review.document"), document}}
	if p.changes() {
		p.whatChanges(m)
		p.agrees(m)
		return
	}
	m.Fields = append(m.Fields, p.brought("citizen.review.", p.longDate)...)
	if later := p.State.Contact.Later; later.Set {
		m.Fields = append(m.Fields, Field{p.Text("citizen.review.activation"), p.laterText(later, "citizen.review.")})
	} else {
		m.Fields = append(m.Fields, Field{p.Text("citizen.review.login"), p.Format("citizen.review.login_value", Values{"Contact": login})})
	}
	if second != "" {
		m.Fields = append(m.Fields, Field{p.Text("citizen.review.second"), second})
	}
	kept := p.said("citizen.review.kept_text", nil)
	if p.State.Document.Access.NoChip {
		kept = p.Text("citizen.review.kept_text") // there is nothing that a State signed
	}
	if person.Kind.Travel() && p.level() != levelKey(kiosk.LevelNone) {
		level := "citizen.review.level_high" // a signature that does not come about ends the case
		if p.level() == string(kiosk.LevelSubstantial) {
			level = "citizen.review.level_less"
		}
		m.Fields = append(m.Fields, Field{p.Text("citizen.review.level"), p.Text(level)})
	}
	m.Kept = []Field{
		{p.Text("citizen.review.kept"), kept},
		{p.Text("citizen.review.not_kept"), p.Text("citizen.review.not_kept_text")},
	}
	m.Rights = p.Text("citizen.review.rights")
	p.agrees(m)
}

// agrees asks whether all of the page is right.
func (p Presenter) agrees(m *CitizenModel) {
	if p.State.Review.Disputed {
		m.Key = "review/disputed"
		m.Title = p.Text("citizen.disputed.title")
		m.Notice = Line{p.Text("citizen.disputed.text"), ToneCare}
		return
	}
	m.Actions = []Action{
		{Text: p.Text("action.agree"), Key: "Enter", Main: true, Event: kiosk.Agreed{}},
		{Text: p.Text("action.something_wrong"), Key: "F8", Event: kiosk.SomethingWrong{}},
	}
}
