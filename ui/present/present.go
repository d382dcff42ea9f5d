// Package present turns a kiosk.State into what the two windows show, as plain values: no widget, no colour, no
// clock of its own. The views of package ui only copy these into widgets; equal models need no drawing. Clerk and
// Citizen are where it begins.
package present

import (
	"time"

	"balcao/assets/i18n"
	"balcao/kiosk"
)

// Action is one button: what it says, which key presses it, and what it sends.
type Action struct {
	Text  string
	Key   string // as printed on the keyboard: "Enter", "Esc", "F10"
	Main  bool   // the one obvious action
	Grave bool   // ends something that cannot be got back
	Event kiosk.Event
	Send  kiosk.Channel // instead of an event: ask for a code to what is typed for this channel
	Put   string        // instead of an event: what to write in place of the e-mail address that is typed
}

// Live reports whether pressing does anything. A button that is not live says what is awaited.
func (a Action) Live() bool { return a.Event != nil || a.Send != "" || a.Put != "" }

// Field is a datum with its name.
type Field struct{ Label, Value string }

// Tone is how a line speaks: its colour, never only its colour.
type Tone int

const (
	ToneQuiet Tone = iota
	TonePlain
	ToneGood
	ToneCare
	ToneBad
)

// Line is a sentence and how it speaks.
type Line struct {
	Text string
	Tone Tone
}

// railState is how a step stands.
type railState int

const (
	railAhead railState = iota
	RailCurrent
	RailDone
	RailError
)

// RailItem is one step in the list at the left.
type RailItem struct {
	Number int
	Title  string
	State  railState
}

// Light is one entry of the status bar.
type Light struct {
	Text string
	Tone Tone
}

// Presenter is what every presenter works from. The session sends a new State each time a clock on a
// screen has to move, so State.Now is all the time there is.
type Presenter struct {
	Words
	State     kiosk.State
	OneScreen bool
}

// kind is what document is at hand, as far as it is known.
func (p Presenter) kind() kiosk.DocumentKind {
	if document := p.State.Document; document.Kind != "" || document.Identity == nil {
		return document.Kind
	}
	return p.State.Document.Identity.Kind
}

// travel reports whether it is a travel document. Of one that was refused only the checks are left, which
// tell by their names.
func (p Presenter) travel() bool {
	document := p.State.Document
	if kind := p.kind(); kind != "" {
		return kind.Travel()
	}
	_, has := document.Check(kiosk.CheckChipAuthenticity)
	return has || document.Access.Asked
}

// said is a text in the words of travel documents, where it has such and one is at hand: it lies on a reader
// where a card stands in one, has no PIN, and was signed by any State.
func (p Presenter) said(key string, v Values) string {
	if special := key + "_travel"; p.travel() && i18n.Has(i18n.Languages[0], special) {
		key = special
	}
	return p.Format(key, v)
}

// documentWord names the document at hand, or its kind as far as it is known.
func (p Presenter) documentWord() string {
	kind := p.kind()
	switch {
	case kind != "":
		return p.Text("document.kind." + string(kind))
	case p.travel():
		return p.Text("error.travel_document")
	}
	return p.Text("document.kind." + string(kiosk.CitizenCard))
}

// centreNow is the centre's clock, by which codes are sent and expire.
func (p Presenter) centreNow() time.Time { return p.State.Now.Add(-p.State.Status.Centre.Skew) }

func (p Presenter) rail(failed bool) []RailItem {
	items := make([]RailItem, len(p.State.Errand.Steps))
	for i, step := range p.State.Errand.Steps {
		item := RailItem{Number: i + 1, Title: p.Text("step." + string(step))}
		switch {
		case p.State.Past(step) || p.State.Step == kiosk.StepDone || p.State.Approval.Phase == kiosk.ApprovalDecided:
			item.State = RailDone
		case step == p.State.Step && failed:
			item.State = RailError
		case step == p.State.Step:
			item.State = RailCurrent
		}
		items[i] = item
	}
	return items
}

func (p Presenter) lights() []Light {
	status := p.State.Status
	var lights []Light
	if status.Service != "" {
		lights = append(lights, Light{p.Text("status.service." + string(status.Service)), ToneBad})
	} else {
		for _, reader := range status.Readers {
			content := p.said("status.slot."+string(reader.Slot), nil)
			if reader.Slot == kiosk.SlotTravel && p.kind().Travel() {
				content = lowerFirst(p.documentWord())
			}
			text := p.Format("status.reader", Values{"Number": reader.Number, "Content": content})
			lights = append(lights, Light{text, slotTone(reader.Slot)})
		}
	}
	centre := p.Format("status.centre."+healthKey(status.Centre.Health),
		Values{"Milliseconds": milliseconds(status.Centre.RoundTrip)})
	if status.Centre.Suspended {
		centre = p.Text("status.centre.suspended")
	}
	delivery := p.Text("status.delivery." + healthKey(status.Delivery))
	return append(lights, Light{centre, healthTone(status.Centre.Health)}, Light{delivery, healthTone(status.Delivery)})
}

func slotTone(slot kiosk.Slot) Tone {
	switch slot {
	case kiosk.SlotRemoved, kiosk.SlotUnresponsive, kiosk.SlotUnknown:
		return ToneBad
	case kiosk.SlotCard, kiosk.SlotReading:
		return ToneCare
	default:
		return ToneGood
	}
}

func healthTone(health kiosk.Health) Tone {
	switch health {
	case kiosk.HealthGood:
		return ToneGood
	case kiosk.HealthDown:
		return ToneBad
	default:
		return ToneCare
	}
}

// login and second are the proven contacts: the telephone first, because it is what most services
// ask for.
func (p Presenter) contacts() (login, second string) {
	var proven []string
	for _, channel := range []kiosk.ChannelState{p.State.Contact.Phone, p.State.Contact.Email} {
		if channel.Confirmed() {
			proven = append(proven, contactText(channel.Value))
		}
	}
	switch len(proven) {
	case 0:
		return "", ""
	case 1:
		return proven[0], ""
	default:
		return proven[0], proven[1]
	}
}

func (p Presenter) identity() kiosk.Identity {
	if p.State.Document.Identity == nil {
		return kiosk.Identity{}
	}
	return *p.State.Document.Identity
}

// CitizensTurn reports whether the desk waits for the citizen's hands.
func CitizensTurn(s kiosk.State) bool {
	if s.ConfirmCancel || s.Problem != nil || Closed(s) {
		return false
	}
	switch s.Step {
	case kiosk.StepContact:
		return s.Contact.Awaited != ""
	case kiosk.StepActivation:
		a := s.Activation
		return !a.Proven && !a.Checking && a.Problem != kiosk.CodeLocked && a.Problem != kiosk.CodeExpired && (a.Later.Channel == "" || a.Later.Set)
	case kiosk.StepTry:
		return s.Try.Phase == kiosk.TryPIN || s.Try.Phase == kiosk.TryCode || s.Try.Phase == kiosk.TryChecking || s.Try.Phase == kiosk.TrySending || s.Try.Phase == kiosk.TryComparing
	case kiosk.StepPIN:
		return s.PIN.Phase != kiosk.PINSealed // while it is being sealed the keyboard must not wander
	case kiosk.StepReview:
		typesPIN := s.Document.Signing == kiosk.SigningPIN && !s.Document.Pinpad
		return s.Review.Phase == kiosk.ReviewReading && !s.Review.Disputed ||
			(s.Review.Phase == kiosk.ReviewCardPIN || s.Review.Phase == kiosk.ReviewSigning) && typesPIN
	default:
		return false
	}
}

func PlainLines(texts []string) []Line {
	lines := make([]Line, len(texts))
	for i, text := range texts {
		lines[i] = Line{text, TonePlain}
	}
	return lines
}

func Bullets(texts []string) []Line {
	lines := PlainLines(texts)
	for i := range lines {
		lines[i].Text = "· " + lines[i].Text
	}
	return lines
}
