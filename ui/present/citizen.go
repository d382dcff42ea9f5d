package present

import (
	"slices"

	"balcao/kiosk"
)

// CitizenPage names what the citizen's screen shows.
type CitizenPage string

const (
	CitizenMessage CitizenPage = "message" // something to read, nothing to do
	CitizenCode    CitizenPage = "code"
	CitizenPIN     CitizenPage = "pin"
	CitizenReview  CitizenPage = "review"
	CitizenCardPIN CitizenPage = "card_pin"

	CitizenActivation CitizenPage = "activation"
	CitizenTryPIN     CitizenPage = "try_pin"
	CitizenTryCode    CitizenPage = "try_code"
)

// CitizenModel is everything the citizen's screen shows. Key changes whenever something new is asked
// for: what was typed is then wiped.
type CitizenModel struct {
	Language kiosk.Language
	Key      string
	Page     CitizenPage
	Title    string
	Text     string
	Sign     sign // beside a message
	Pictures []Picture
	Points   []Line // more lines of a message
	Names    bool   // of the languages stand on the page: people look for their own before they read anything
	Notice   Line
	Input    InputModel
	Fields   []Field
	Kept     []Field // what is kept, what is not: title and text
	Rights   string
	Actions  []Action
	GiveBack *Action
	Warned   *OverlayModel // stands over the page, and takes the keys
	Keypad   KeypadModel
}

// sign is the big picture of a message.
type sign int

const (
	SignNone sign = iota
	SignCard
	SignWait
	SignDone
)

// KeypadModel is the words on the keypad, and its signs where they are not the digits.
type KeypadModel struct{ OK, Delete, Letters string }

// InputModel is what a field of digits has to know.
type InputModel struct {
	Min, Max int
	Auto     bool   // submitted with the last digit
	Letters  bool   // and signs are taken besides digits
	Alphabet string // only these signs are taken, in either case; "" for digits
	Group    int    // so many boxes stand together; 0 for all
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

// Citizen computes the citizen's window.
func Citizen(p Presenter) CitizenModel {
	p.Words = Words{p.State.CitizenLanguage}
	m := CitizenModel{Language: p.State.CitizenLanguage, Page: CitizenMessage}
	p.citizenPage(&m)
	m.Keypad = KeypadModel{OK: p.Text("citizen.keypad.ok"), Delete: p.Text("citizen.keypad.delete"), Letters: m.Input.Alphabet}
	if p.OneScreen {
		m.GiveBack = &Action{Text: p.Text("action.give_back"), Key: "F2", Event: kiosk.HandOver{}}
	}
	if p.State.IdleSoon && !Closed(p.State) && (p.State.HandedOver || !p.OneScreen && CitizensTurn(p.State)) {
		m.Warned = p.idleWarning()
	}
	return m
}

func (p Presenter) citizenPage(m *CitizenModel) {
	s := p.State
	switch {
	case Closed(s) && s.Shift.Staff.Number != "":
		p.message(m, "locked", SignWait)
	case Closed(s):
		p.message(m, "not_open", SignNone)
	case s.ConfirmCancel, s.Problem != nil && s.Case != 0 && !forPerson(s.Problem.Code):
		p.message(m, "problem", SignWait)
	case s.Away:
		p.message(m, "away", SignCard)
	case s.Step == kiosk.StepDocument && s.Document.Access.Opening && !s.Document.Access.NoChip:
		p.message(m, "opening", SignCard)
	case typing(s):
		p.showWhatIsPrinted(m)
	case s.Step == kiosk.StepDocument && s.Document.Reading:
		p.message(m, "reading", SignCard)
	case s.Step == kiosk.StepEligibility:
		p.showWhatWasBrought(m)
	case s.Step == kiosk.StepIdentity:
		p.message(m, "identity", SignWait)
		if p.State.Document.PhotoAbsent && (p.travel() || !p.State.Document.PhotoUnshown()) { // a Citizen Card still shows it in print
			p.message(m, "no_photo", SignWait)
		}
		if p.travel() {
			m.Points = []Line{{p.ofErrand("next"), ToneQuiet}}
		}
	case s.Step == kiosk.StepContact:
		p.citizenContact(m)
	case s.Step == kiosk.StepPIN:
		p.citizenPIN(m)
	case s.Step == kiosk.StepReview:
		p.citizenReview(m)
	case s.Step == kiosk.StepDone:
		p.citizenDone(m)
	case s.Step == kiosk.StepActivation:
		p.citizenActivation(m)
	case s.Step == kiosk.StepTry:
		p.citizenTry(m)
	case s.Step == kiosk.StepKey && s.Document.Identity != nil:
		p.tellsFirst(m)
	case s.Step == kiosk.StepStored:
		p.citizenStored(m)
	case slices.Contains([]kiosk.Step{kiosk.StepSearch, kiosk.StepWord, kiosk.StepNotMe, kiosk.StepKey}, s.Step):
		p.message(m, "at_work", SignWait)
	case s.Step == kiosk.StepReport:
		p.message(m, "not_open", SignNone)
	case approving(s):
		p.message(m, "not_open", SignNone)
	case s.Status.Centre.Suspended:
		p.message(m, "closed", SignNone)
	default:
		m.Key, m.Title, m.Text = "welcome", p.Text("citizen.welcome.title"), p.ofErrand("welcome")
		m.Pictures = []Picture{PictureCard, PictureCover, PictureResidence}
		m.Points = []Line{{p.Text("citizen.welcome.bring"), TonePlain}}
		m.Names = true
		if p.State.LeftBehind != 0 {
			m.Points = append([]Line{{p.Text("citizen.welcome.left_behind"), ToneCare}}, m.Points...)
		}
	}
}

// forPerson holds for problems that the person mends: their page says how.
func forPerson(code kiosk.ProblemCode) bool {
	return code == kiosk.ProblemCardPINWrong || code == kiosk.ProblemCardAway
}

func (p Presenter) message(m *CitizenModel, name string, s sign) {
	m.Key, m.Sign = name, s
	m.Title, m.Text = p.said("citizen."+name+".title", nil), p.said("citizen."+name+".text", nil)
	if s == SignCard && p.travel() {
		m.Sign, m.Pictures = SignNone, []Picture{p.documentPicture()}
	}
}

func (p Presenter) documentPicture() Picture {
	switch p.kind() {
	case kiosk.ResidencePermit, kiosk.ResidenceCard:
		return PictureResidence
	default:
		return PictureCover
	}
}

// showWhatIsPrinted asks the person to show the clerk what opens the chip, and where it is: in their language,
// because they know their document and at times not ours.
func (p Presenter) showWhatIsPrinted(m *CitizenModel) {
	access := p.State.Document.Access
	name := string(access.Kind)
	if access.NoChip {
		name = "no_chip"
	}
	p.message(m, name, SignNone)
	var where []string
	m.Pictures, where = p.whereItIs()
	m.Points = PlainLines(where)
}

// showWhatWasBrought lists what the clerk asks for.
func (p Presenter) showWhatWasBrought(m *CitizenModel) {
	p.message(m, "eligibility", SignNone)
	rule, _ := kiosk.RuleFor(p.kind())
	var asked []string
	if requires(rule, kiosk.RequireTaxNumber) {
		asked = append(asked, p.Text("citizen.eligibility.tax_number"))
	}
	switch {
	case len(rule.Alternatives) > 0:
		asked = append(asked, p.Text("citizen.eligibility.either"))
	case requires(rule, kiosk.RequireAddress):
		asked = append(asked, p.Text("citizen.eligibility.address"))
	}
	if requires(rule, kiosk.RequireIndependence) {
		asked = append(asked, p.Text("citizen.eligibility.independence"))
	}
	m.Points = Bullets(asked)
	m.Points = append(m.Points, Line{p.ofErrand("next"), ToneQuiet})
}

func (p Presenter) citizenContact(m *CitizenModel) {
	awaited := p.State.Contact.Awaited
	if failed := p.State.Contact.Failed; failed != "" {
		c := p.channel(failed)
		p.message(m, "failed."+string(c.Stopped()), SignWait)
		m.Text = p.Format("citizen.failed."+string(c.Stopped())+".text", Values{"Contact": contactText(c.Value)})
		return
	}
	if later := p.State.Contact.Later; later.Channel != "" {
		p.message(m, "later_way", SignWait)
		if later.Set {
			p.message(m, "later_set", SignDone)
		}
		return
	}
	if awaited == "" {
		if p.State.Contact.Settled && !p.State.Contact.Correcting {
			p.message(m, "confirmed", SignDone)
			return
		}
		p.message(m, "contact", SignWait)
		return
	}
	c := p.channel(awaited)
	m.Page = CitizenCode
	m.Key = "code/" + string(awaited) + "/" + c.SentAt.String()
	m.Title = p.Text("citizen.code.title")
	m.Text = p.Format("citizen.code.text_"+string(awaited), Values{"Contact": contactText(c.Value)})
	left := c.ExpiresAt.Sub(p.centreNow())
	m.Input = InputModel{Min: 6, Max: 6, Auto: true, Locked: c.Checking || c.Sending, Label: "citizen.pin.field"}
	m.Points = []Line{{p.Format("citizen.code.expires", Values{"Time": countdown(left)}), ToneQuiet}, {p.Text("citizen.code.missing"), ToneQuiet}}
	if other := p.channel(otherChannel(awaited)); other.Stopped() != kiosk.ContactOK { // why this one is asked for instead
		what := p.Text("citizen.failed." + string(other.Stopped()) + ".title")
		m.Points = append([]Line{{p.Format("citizen.code.instead", Values{"What": what, "Contact": contactText(other.Value)}), ToneCare}}, m.Points...)
	}
	switch {
	case c.Checking:
		m.Notice = Line{p.Text("citizen.code.checking"), ToneQuiet}
	case c.Problem == kiosk.CodeWrong:
		m.Notice = Line{p.contactProblem(c), ToneBad}
	case c.Problem == kiosk.CodeLost:
		m.Notice = Line{p.Text("citizen.code.lost"), ToneBad}
	}
}

func (p Presenter) citizenPIN(m *CitizenModel) {
	state := p.State.PIN
	switch state.Phase {
	case kiosk.PINSealing:
		p.message(m, "sealing", SignWait)
		return
	case kiosk.PINSealed:
		p.message(m, "sealed", SignDone)
		return
	}
	m.Page, m.Key = CitizenPIN, "pin/"+string(state.Phase)
	m.Input = InputModel{Min: state.Policy.MinDigits, Max: state.Policy.MaxDigits, Masked: true, Label: "citizen.pin.field"}
	if state.Phase == kiosk.PINRepeat {
		m.Title, m.Text = p.Text("citizen.pin.title_repeat"), p.Text("citizen.pin.text_repeat")
		return
	}
	m.Title, m.Text = p.Text("citizen.pin.title"), p.Text("citizen.pin.text")
	m.Input.Policy, m.Input.Rules = state.Policy, p.rules(state.Policy)
	switch {
	case state.Changed:
		m.Notice = Line{p.Text("citizen.pin.changed"), ToneBad}
	case state.Mismatch:
		m.Notice = Line{p.Text("citizen.pin.mismatch"), ToneBad}
	case state.Refused:
		m.Notice = Line{p.Text("citizen.pin.refused"), ToneBad}
	case state.Forgotten:
		m.Notice = Line{p.Text("citizen.pin.forgotten"), ToneCare}
	case state.Outdated:
		m.Notice = Line{p.Text("citizen.pin.outdated"), ToneCare}
	}
}

func (p Presenter) rules(policy kiosk.PINPolicy) []ruleText {
	length := "length"
	if policy.MinDigits == policy.MaxDigits {
		length = "length_exact"
	}
	return []ruleText{
		{kiosk.PINLength, p.Format("pin.rule."+length, Values{"Min": policy.MinDigits, "Max": policy.MaxDigits})},
		{kiosk.PINPersonal, p.Text("pin.rule.personal")},
		{kiosk.PINPattern, p.Text("pin.rule.pattern")},
	}
}
