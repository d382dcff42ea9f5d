package ui

import (
	"time"

	"balcao/assets/i18n"
	"balcao/kiosk"
)

// A presenter turns a State into what a window shows, as plain values: no widget, no colour, no
// clock of its own. The views only copy these into widgets. Equal models need no drawing.

// action is one button: what it says, which key presses it, and what it sends.
type action struct {
	Text  string
	Key   string // as printed on the keyboard: "Enter", "Esc", "F10"
	Main  bool   // the one obvious action
	Grave bool   // ends something that cannot be got back
	Event kiosk.Event
	Send  kiosk.Channel // instead of an event: ask for a code to what is typed for this channel
	Put   string        // instead of an event: what to write in place of the e-mail address that is typed
}

// live reports whether pressing does anything. A button that is not live says what is awaited.
func (a action) live() bool { return a.Event != nil || a.Send != "" || a.Put != "" }

// field is a datum with its name.
type field struct{ Label, Value string }

// tone is how a line speaks: its colour, never only its colour.
type tone int

const (
	toneQuiet tone = iota
	tonePlain
	toneGood
	toneCare
	toneBad
)

// line is a sentence and how it speaks.
type line struct {
	Text string
	Tone tone
}

// railState is how a step stands.
type railState int

const (
	railAhead railState = iota
	railCurrent
	railDone
	railError
)

type railItem struct {
	Number int
	Title  string
	State  railState
}

// light is one entry of the status bar.
type light struct {
	Text string
	Tone tone
}

// present is what every presenter works from. The session sends a new State each time a clock on a
// screen has to move, so State.Now is all the time there is.
type present struct {
	words
	state     kiosk.State
	oneScreen bool
}

// kind is what document is at hand, as far as it is known.
func (p present) kind() kiosk.DocumentKind {
	if document := p.state.Document; document.Kind != "" || document.Identity == nil {
		return document.Kind
	}
	return p.state.Document.Identity.Kind
}

// travel reports whether it is a travel document. Of one that was refused only the checks are left, which
// tell by their names.
func (p present) travel() bool {
	document := p.state.Document
	if kind := p.kind(); kind != "" {
		return kind.Travel()
	}
	_, has := document.Check(kiosk.CheckOriginal)
	return has || document.Access.Asked
}

// said is a text in the words of travel documents, where it has such and one is at hand: it lies on a reader
// where a card stands in one, has no PIN, and was signed by any State.
func (p present) said(key string, v values) string {
	if special := key + "_travel"; p.travel() && i18n.Has(string(p.lang), special) {
		key = special
	}
	return p.format(key, v)
}

// documentWord names the document at hand, or its kind as far as it is known.
func (p present) documentWord() string {
	kind := p.kind()
	switch {
	case kind != "":
		return p.text("document.kind." + string(kind))
	case p.travel():
		return p.text("error.travel_document")
	}
	return p.text("document.kind." + string(kiosk.CitizenCard))
}

// centreNow is the centre's clock, by which codes are sent and expire.
func (p present) centreNow() time.Time { return p.state.Now.Add(-p.state.Status.Centre.Skew) }

func (p present) rail(failed bool) []railItem {
	items := make([]railItem, len(p.state.Errand.Steps))
	for i, step := range p.state.Errand.Steps {
		item := railItem{Number: i + 1, Title: p.text("step." + string(step))}
		switch {
		case p.state.Past(step) || p.state.Step == kiosk.StepDone:
			item.State = railDone
		case step == p.state.Step && failed:
			item.State = railError
		case step == p.state.Step:
			item.State = railCurrent
		}
		items[i] = item
	}
	return items
}

func (p present) lights() []light {
	status := p.state.Status
	var lights []light
	if status.Service != "" {
		lights = append(lights, light{p.text("status.service." + string(status.Service)), toneBad})
	} else {
		for _, reader := range status.Readers {
			content := p.text("status.slot." + string(reader.Slot))
			if reader.Slot == kiosk.SlotTravel && p.kind().Travel() {
				content = lowerFirst(p.documentWord())
			}
			text := p.format("status.reader", values{"Number": reader.Number, "Content": content})
			lights = append(lights, light{text, slotTone(reader.Slot)})
		}
	}
	centre := p.format("status.centre."+healthKey(status.Centre.Health),
		values{"Milliseconds": milliseconds(status.Centre.RoundTrip)})
	delivery := p.text("status.delivery." + healthKey(status.Delivery))
	return append(lights, light{centre, healthTone(status.Centre.Health)}, light{delivery, healthTone(status.Delivery)})
}

func slotTone(slot kiosk.Slot) tone {
	switch slot {
	case kiosk.SlotRemoved, kiosk.SlotMute, kiosk.SlotUnknown:
		return toneBad
	case kiosk.SlotCard, kiosk.SlotReading:
		return toneCare
	default:
		return toneGood
	}
}

func healthTone(health kiosk.Health) tone {
	switch health {
	case kiosk.HealthGood:
		return toneGood
	case kiosk.HealthDown:
		return toneBad
	default:
		return toneCare
	}
}

// login and second are the proven contacts: the telephone first, because it is what most services
// ask for.
func (p present) contacts() (login, second string) {
	var proven []string
	for _, channel := range []kiosk.ChannelState{p.state.Contact.Phone, p.state.Contact.Email} {
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

func (p present) identity() kiosk.Identity {
	if p.state.Document.Identity == nil {
		return kiosk.Identity{}
	}
	return *p.state.Document.Identity
}

// citizensTurn reports whether the desk waits for the citizen's hands.
func citizensTurn(s kiosk.State) bool {
	if s.ConfirmCancel || s.Problem != nil {
		return false
	}
	switch s.Step {
	case kiosk.StepContact:
		return s.Contact.Awaited != ""
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
