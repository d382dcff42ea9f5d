package ui

import "balcao/kiosk"

// citizenPage names what the citizen's screen shows.
type citizenPage string

const (
	citizenMessage citizenPage = "message" // something to read, nothing to do
	citizenCode    citizenPage = "code"
	citizenPIN     citizenPage = "pin"
	citizenReview  citizenPage = "review"
	citizenCardPIN citizenPage = "card_pin"
)

// citizenModel is everything the citizen's screen shows. Key changes whenever something new is asked
// for: what was typed is then wiped.
type citizenModel struct {
	Language kiosk.Language
	Key      string
	Page     citizenPage
	Title    string
	Text     string
	Sign     sign // beside a message
	Pictures []picture
	Points   []line  // more lines of a message
	Greeting *action // to people who do not read the language that the screen begins in
	Notice   line
	Input    inputModel
	Fields   []field
	Kept     []field // what is kept, what is not: title and text
	Rights   string
	Actions  []action
	GiveBack *action
	Warned   *overlayModel // stands over the page, and takes the keys
	Keypad   keypadModel
}

// sign is the big picture of a message.
type sign int

const (
	signNone sign = iota
	signCard
	signWait
	signDone
)

type keypadModel struct{ OK, Delete string }

// inputModel is what a field of digits has to know.
type inputModel struct {
	Min, Max int
	Auto     bool // submitted with the last digit
	Masked   bool
	Locked   bool            // being compared, expired or locked
	Policy   kiosk.PINPolicy // rules shown as they are met, with a first PIN only
	Rules    []ruleText
	Label    string // for a screen reader, of how many digits were typed
}

type ruleText struct {
	Rule kiosk.PINRule
	Text string
}

func presentCitizen(p present) citizenModel {
	p.words = words{p.state.CitizenLanguage}
	m := citizenModel{Language: p.state.CitizenLanguage, Page: citizenMessage}
	p.citizenPage(&m)
	m.Keypad = keypadModel{OK: p.text("citizen.keypad.ok"), Delete: p.text("citizen.keypad.delete")}
	if p.oneScreen {
		m.GiveBack = &action{Text: p.text("action.give_back"), Key: "F2", Event: kiosk.HandOver{}}
	}
	if p.state.IdleSoon && (p.state.HandedOver || !p.oneScreen && citizensTurn(p.state)) {
		m.Warned = p.idleWarning()
	}
	return m
}

func (p present) citizenPage(m *citizenModel) {
	s := p.state
	switch {
	case s.ConfirmCancel, s.Problem != nil && s.Case != 0 && s.Problem.Code != kiosk.ProblemCardPINWrong:
		p.message(m, "problem", signWait)
	case s.Step == kiosk.StepDocument && s.Document.Access.Opening && !s.Document.Access.NoChip:
		p.message(m, "opening", signCard)
	case s.Step == kiosk.StepDocument && s.Document.Access.Asked:
		p.showWhatIsPrinted(m)
	case s.Step == kiosk.StepDocument && s.Document.Reading:
		p.message(m, "reading", signCard)
	case s.Step == kiosk.StepEligibility:
		p.showWhatWasBrought(m)
	case s.Step == kiosk.StepIdentity:
		p.message(m, "identity", signWait)
		if p.state.Document.PhotoAbsent && (p.travel() || !p.state.Document.PhotoUnshown()) { // a Citizen Card still shows it in print
			p.message(m, "no_photo", signWait)
		}
		if p.travel() {
			m.Points = []line{{p.text("citizen.next"), toneQuiet}}
		}
	case s.Step == kiosk.StepContact:
		p.citizenContact(m)
	case s.Step == kiosk.StepPIN:
		p.citizenPIN(m)
	case s.Step == kiosk.StepReview:
		p.citizenReview(m)
	case s.Step == kiosk.StepDone:
		p.citizenDone(m)
	default:
		p.message(m, "welcome", signNone)
		m.Pictures = []picture{pictureCard, pictureCover, pictureResidence}
		m.Points = []line{{p.text("citizen.welcome.bring"), tonePlain}, {p.text("citizen.welcome.language"), toneQuiet}}
		m.Greeting = p.inOtherLanguage()
		if p.state.LeftBehind != 0 {
			m.Points = append([]line{{p.text("citizen.welcome.left_behind"), toneCare}}, m.Points...)
		}
	}
}

func (p present) message(m *citizenModel, name string, s sign) {
	m.Key, m.Sign = name, s
	m.Title, m.Text = p.said("citizen."+name+".title", nil), p.said("citizen."+name+".text", nil)
	if s == signCard && p.travel() {
		m.Sign, m.Pictures = signNone, []picture{p.documentPicture()}
	}
}

// inOtherLanguage greets people who do not read the language that the screen begins in.
func (p present) inOtherLanguage() *action {
	other := otherLanguage(p.lang)
	return &action{Text: words{other}.text("citizen.here"), Key: "F12", Event: kiosk.LanguageChosen{Citizen: true, Language: other}}
}

func (p present) documentPicture() picture {
	switch p.kind() {
	case kiosk.ResidencePermit, kiosk.ResidenceCard:
		return pictureResidence
	default:
		return pictureCover
	}
}

// showWhatIsPrinted asks the person to show the clerk what opens the chip, and where it is: in their language,
// because they know their document and at times not ours.
func (p present) showWhatIsPrinted(m *citizenModel) {
	access := p.state.Document.Access
	name := string(access.Kind)
	if access.NoChip {
		name = "no_chip"
	}
	p.message(m, name, signNone)
	var where []string
	m.Pictures, where = p.whereItIs()
	m.Points = plainLines(where)
}

// showWhatWasBrought lists what the clerk asks for.
func (p present) showWhatWasBrought(m *citizenModel) {
	p.message(m, "bring", signNone)
	rule, _ := kiosk.RuleFor(p.kind())
	var asked []string
	if requires(rule, kiosk.RequireTaxNumber) {
		asked = append(asked, p.text("citizen.bring.tax_number"))
	}
	switch {
	case len(rule.Alternatives) > 0:
		asked = append(asked, p.text("citizen.bring.either"))
	case requires(rule, kiosk.RequireAddress):
		asked = append(asked, p.text("citizen.bring.address"))
	}
	if requires(rule, kiosk.RequireIndependence) {
		asked = append(asked, p.text("citizen.bring.independence"))
	}
	m.Points = bullets(asked)
	m.Points = append(m.Points, line{p.text("citizen.next"), toneQuiet})
}

func (p present) citizenContact(m *citizenModel) {
	awaited := p.state.Contact.Awaited
	if failed := p.state.Contact.Failed; failed != "" {
		c := p.channel(failed)
		p.message(m, "failed."+string(c.Stopped()), signWait)
		m.Text = p.format("citizen.failed."+string(c.Stopped())+".text", values{"Contact": contactText(c.Value)})
		return
	}
	if awaited == "" {
		if p.state.Contact.Settled && !p.state.Contact.Correcting {
			p.message(m, "confirmed", signDone)
			return
		}
		p.message(m, "contact", signWait)
		return
	}
	c := p.channel(awaited)
	m.Page = citizenCode
	m.Key = "code/" + string(awaited) + "/" + c.SentAt.String()
	m.Title = p.text("citizen.code.title")
	m.Text = p.format("citizen.code.text_"+string(awaited), values{"Contact": contactText(c.Value)})
	left := c.ExpiresAt.Sub(p.centreNow())
	m.Input = inputModel{Min: 6, Max: 6, Auto: true, Locked: c.Checking || c.Sending, Label: "citizen.pin.field"}
	m.Points = []line{{p.format("citizen.code.expires", values{"Time": countdown(left)}), toneQuiet}, {p.text("citizen.code.missing"), toneQuiet}}
	if other := p.channel(otherChannel(awaited)); other.Stopped() != kiosk.ContactOK { // why this one is asked for instead
		what := p.text("citizen.failed." + string(other.Stopped()) + ".title")
		m.Points = append([]line{{p.format("citizen.code.instead", values{"What": what, "Contact": contactText(other.Value)}), toneCare}}, m.Points...)
	}
	switch {
	case c.Checking:
		m.Notice = line{p.text("citizen.code.checking"), toneQuiet}
	case c.Problem == kiosk.CodeWrong:
		m.Notice = line{p.contactProblem(c), toneBad}
	case c.Problem == kiosk.CodeLost:
		m.Notice = line{p.text("citizen.code.lost"), toneBad}
	}
}

func (p present) citizenPIN(m *citizenModel) {
	state := p.state.PIN
	switch state.Phase {
	case kiosk.PINSealing:
		p.message(m, "sealing", signWait)
		return
	case kiosk.PINSealed:
		p.message(m, "sealed", signDone)
		return
	}
	m.Page, m.Key = citizenPIN, "pin/"+string(state.Phase)
	m.Input = inputModel{Min: state.Policy.MinDigits, Max: state.Policy.MaxDigits, Masked: true, Label: "citizen.pin.field"}
	if state.Phase == kiosk.PINRepeat {
		m.Title, m.Text = p.text("citizen.pin.title_repeat"), p.text("citizen.pin.text_repeat")
		return
	}
	m.Title, m.Text = p.text("citizen.pin.title"), p.text("citizen.pin.text")
	m.Input.Policy, m.Input.Rules = state.Policy, p.rules(state.Policy)
	switch {
	case state.Changed:
		m.Notice = line{p.text("citizen.pin.changed"), toneBad}
	case state.Mismatch:
		m.Notice = line{p.text("citizen.pin.mismatch"), toneBad}
	case state.Refused:
		m.Notice = line{p.text("citizen.pin.refused"), toneBad}
	case state.Outdated:
		m.Notice = line{p.text("citizen.pin.outdated"), toneCare}
	}
}

func (p present) rules(policy kiosk.PINPolicy) []ruleText {
	length := "length"
	if policy.MinDigits == policy.MaxDigits {
		length = "length_exact"
	}
	return []ruleText{
		{kiosk.PINLength, p.format("pin.rule."+length, values{"Min": policy.MinDigits, "Max": policy.MaxDigits})},
		{kiosk.PINPersonal, p.text("pin.rule.personal")},
		{kiosk.PINPattern, p.text("pin.rule.pattern")},
	}
}

func (p present) citizenReview(m *citizenModel) {
	review := p.state.Review
	switch review.Phase {
	case kiosk.ReviewCard:
		p.message(m, "card", signCard)
	case kiosk.ReviewCardPIN:
		p.cardPIN(m)
	case kiosk.ReviewSigning:
		if p.state.Document.Signing == kiosk.SigningDesk {
			p.message(m, "binding", signWait)
			return
		}
		p.message(m, "signing", signCard)
		if p.state.Document.Pinpad { // it asks for the PIN while the card is to sign
			p.message(m, "pinpad", signCard)
			m.Points = []line{p.cardPINTries()}
		}
	case kiosk.ReviewBinding:
		p.message(m, "binding", signWait)
		if review.Waiting {
			m.Text = p.text("citizen.binding.waiting") // instead of how little it takes
		}
	default:
		p.everythingRight(m)
	}
}

func (p present) cardPIN(m *citizenModel) {
	if p.state.Document.Pinpad {
		p.message(m, "pinpad", signCard)
		m.Text = p.text("citizen.pinpad.again")
		m.Points = []line{p.cardPINTries()}
		m.Actions = []action{{Text: p.text("action.retry"), Key: "Enter", Main: true, Event: kiosk.Agreed{}}}
		return
	}
	m.Page, m.Key = citizenCardPIN, "card_pin"
	m.Title, m.Text = p.text("citizen.card_pin.title"), p.text("citizen.card_pin.text")
	m.Notice = p.cardPINTries()
	m.Input = inputModel{Min: 4, Max: 8, Masked: true, Label: "citizen.card_pin.field"}
}

// cardPINTries says how many tries the card's PIN has left, once one was lost.
func (p present) cardPINTries() line {
	tries := p.state.Document.PINTries
	counted := values{"Count": tries}
	switch {
	case p.state.Review.PINWrong:
		return line{p.format("citizen.card_pin.wrong", counted), toneBad}
	case tries == 1:
		return line{p.format("citizen.card_pin.tries", counted), toneCare}
	case tries == 2:
		return line{p.format("citizen.card_pin.tries", counted), toneQuiet}
	default:
		return line{}
	}
}

func (p present) everythingRight(m *citizenModel) {
	person := p.identity()
	login, second := p.contacts()
	m.Page, m.Key = citizenReview, "review"
	m.Title = p.text("citizen.review.title")
	key := "citizen.review.document_value"
	if person.Kind.Travel() {
		key += "_issuer"
	}
	document := p.format(key, values{
		"Kind": p.text("document.kind." + string(person.Kind)), "Number": person.DocumentNumber, "Until": p.longDate(person.ValidUntil),
		"Issuer": p.country(person.Country),
	})
	m.Fields = []field{{p.text("citizen.review.name"), p.fullName(person)}, {p.text("citizen.review.document"), document}}
	m.Fields = append(m.Fields, p.brought("citizen.review.", p.longDate)...)
	m.Fields = append(m.Fields, field{p.text("citizen.review.login"), p.format("citizen.review.login_value", values{"Contact": login})})
	if second != "" {
		m.Fields = append(m.Fields, field{p.text("citizen.review.second"), second})
	}
	kept := p.said("citizen.review.kept_text", nil)
	if p.state.Document.Access.NoChip {
		kept = p.text("citizen.review.kept_text") // there is nothing that a State signed
	}
	if person.Kind.Travel() && p.level() != levelKey(kiosk.LevelNone) {
		level := "citizen.review.level_high" // a signature that does not come about ends the case
		if p.level() == string(kiosk.LevelSubstantial) {
			level = "citizen.review.level_less"
		}
		m.Fields = append(m.Fields, field{p.text("citizen.review.level"), p.text(level)})
	}
	m.Kept = []field{
		{p.text("citizen.review.kept"), kept},
		{p.text("citizen.review.not_kept"), p.text("citizen.review.not_kept_text")},
	}
	m.Rights = p.text("citizen.review.rights")
	if p.state.Review.Disputed {
		m.Key = "review/disputed"
		m.Title = p.text("citizen.disputed.title")
		m.Notice = line{p.text("citizen.disputed.text"), toneCare}
		return
	}
	m.Actions = []action{
		{Text: p.text("action.agree"), Key: "Enter", Main: true, Event: kiosk.Agreed{}},
		{Text: p.text("action.something_wrong"), Key: "F8", Event: kiosk.SomethingWrong{}},
	}
}

func (p present) citizenDone(m *citizenModel) {
	m.Key, m.Sign, m.Title = "done", signDone, p.text("citizen.done.title")
	if p.state.Receipt != nil {
		m.Text = p.format("citizen.done.text", values{"Login": contactText(p.state.Receipt.Login)})
	}
	for _, key := range []string{"never", "lost", "card"} {
		m.Points = append(m.Points, line{p.text("citizen.done." + key), tonePlain})
	}
}
