package kiosk_test

import (
	"bytes"
	"math/bits"
	"reflect"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"balcao/kiosk"
)

// draw chooses an event: mostly one that somebody would send now, otherwise any.
func (w *world) draw() kiosk.Event {
	switch n := w.below(64); {
	case n < 32 && len(w.asked) > 0:
		return w.answer()
	case n < 60:
		return w.sensible()
	default:
		return w.noise()
	}
}

// below draws a number from 0 to n-1, each as likely: rapid's own ranges prefer their ends, which ends
// nearly every case before it gets anywhere.
func (w *world) below(n int) int {
	number := 0
	for range bits.Len(uint(n)) + 2 {
		number <<= 1
		if rapid.Bool().Draw(w.T, "bit") {
			number++
		}
	}
	return number % n
}

func pick[T any](w *world, values ...T) T { return values[w.below(len(values))] }

// mostly is true fifteen times in sixteen.
func (w *world) mostly() bool { return w.below(16) > 0 }

// answer is what a runner sends back for one of the last commands.
func (w *world) answer() kiosk.Event {
	i := len(w.asked) - 1
	if !w.mostly() {
		i = w.below(len(w.asked))
	}
	c := w.asked[i]
	switch c.(type) {
	case kiosk.ReadDocument, kiosk.Unlock, kiosk.ReadTyped:
		if w.state.Document.Reading {
			return w.reads(w.state.Case)
		}
	}
	good := w.mostly()
	if _, bind := c.(kiosk.Bind); good || !bind {
		w.asked = append(w.asked[:i:i], w.asked[i+1:]...)
	}
	switch c := c.(type) {
	case kiosk.RecogniseAgain:
		if good {
			return kiosk.CardReturned{Case: c.Case, Reader: c.Reader}
		}
		return kiosk.SignFailed{Case: c.Case, Reason: kiosk.ReasonCardChanged}
	case kiosk.OpenEnrolment:
		if good {
			return kiosk.Opened{Case: c.Case, ExpiresAt: w.now.Add(time.Hour)}
		}
		return kiosk.OpenRefused{Case: c.Case, Code: kiosk.ProblemAlreadyActive}
	case kiosk.SendCode:
		if good {
			return w.codeQueued(c.Case, c.Channel)
		}
		return kiosk.CodeRefused{Case: c.Case, Channel: c.Channel, Problem: kiosk.ResendsUsed}
	case kiosk.ConfirmCode:
		if good {
			return kiosk.CodeAnswered{Case: c.Case, Channel: c.Channel, Proof: proof, At: w.now, TriesLeft: 3}
		}
		return kiosk.CodeAnswered{Case: c.Case, Channel: c.Channel, Problem: pick(w, kiosk.CodeWrong, kiosk.CodeLocked, kiosk.ContactTaken), TriesLeft: 2}
	case kiosk.SealPIN:
		if good {
			return kiosk.PINWasSealed{Case: c.Case}
		}
		return w.failed(c.Case)
	case kiosk.Sign:
		if good {
			return kiosk.Signed{Case: c.Case, Check: kiosk.Check{Name: kiosk.CheckKey, Result: kiosk.Passed}}
		}
		return pick[kiosk.Event](w, kiosk.CardPINRefused{Case: c.Case, TriesLeft: 2}, kiosk.CardPINRefused{Case: c.Case},
			kiosk.SignFailed{Case: c.Case, Reason: kiosk.ReasonRemoved}, kiosk.SignFailed{Case: c.Case, Reason: kiosk.ReasonKeyMismatch}, w.failed(c.Case))
	case kiosk.Bind:
		if good {
			return kiosk.KeyActive{Case: c.Case, Register: 7, ActiveAt: w.now, Level: kiosk.LevelHigh}
		}
		return pick[kiosk.Event](w, kiosk.KeyRefused{Case: c.Case, Code: kiosk.ProblemNotProven}, kiosk.BindWaiting{Case: c.Case}, w.failed(c.Case))
	}
	return kiosk.Tick{Now: w.now}
}

func (w *world) failed(id kiosk.CaseID) kiosk.CommandFailed {
	return kiosk.CommandFailed{Case: id, Channel: pick(w, "", kiosk.SMS), Problem: kiosk.Problem{Code: kiosk.ProblemCentreDown}}
}

func (w *world) codeQueued(id kiosk.CaseID, c kiosk.Channel) kiosk.CodeQueued {
	return kiosk.CodeQueued{
		Case: id, Channel: c, SentAt: w.now, ExpiresAt: w.now.Add(5 * time.Minute),
		ResendAt: w.now.Add(30 * time.Second), SendsLeft: 3, TriesLeft: 3, Tries: 3,
	}
}

// reads is the next report of a card being read: the first one that is missing.
func (w *world) reads(id kiosk.CaseID) kiosk.Event {
	doc := w.state.Document
	if !w.mostly() {
		return pick[kiosk.Event](w, kiosk.CheckDone{Case: id, Check: kiosk.Check{Name: kiosk.CheckRevocation, Result: kiosk.Unknown, Reason: kiosk.ReasonRevocationUnknown}},
			kiosk.DocumentRefused{Case: id, Reason: kiosk.ReasonSilent}, kiosk.DocumentComplete{Case: id},
			kiosk.DocumentFailed{Case: id, Problem: kiosk.Problem{Code: kiosk.ProblemReaderBusy}}, w.failed(id))
	}
	travels := id%2 == 0
	switch {
	case travels && !doc.Access.Asked && doc.Kind == "":
		return kiosk.DocumentRecognised{Case: id, Kind: pick(w, "", kiosk.Passport), Accepts: []kiosk.AccessKind{kiosk.AccessMRZ, kiosk.AccessCAN}}
	case doc.Access.Opening && w.below(8) == 0:
		return kiosk.AccessRefused{Case: id}
	case doc.Identity == nil && (travels || doc.Access.Asked):
		return kiosk.IdentityRead{Case: id, Identity: traveller()}
	case doc.Identity == nil:
		return kiosk.IdentityRead{Case: id, Identity: marked(), PINTries: 3, Pinpad: w.below(4) == 0}
	case doc.Photo == nil && !doc.PhotoAbsent && doc.Access.NoChip:
		return kiosk.PhotoRead{Case: id}
	case doc.Photo == nil && !doc.PhotoAbsent:
		return kiosk.PhotoRead{Case: id, Photo: &kiosk.Photo{Kind: kiosk.PNG, Data: []byte("face of Marcadora")}}
	}
	for _, c := range doc.Checks {
		if c.Result == kiosk.Pending && c.Name != kiosk.CheckKey {
			result := kiosk.Passed
			if c.Name == kiosk.CheckOriginal && doc.Access.NoChip {
				result = kiosk.Absent
			}
			return kiosk.CheckDone{Case: id, Check: kiosk.Check{Name: c.Name, Result: result}}
		}
	}
	complete := kiosk.DocumentComplete{Case: id, Assurance: kiosk.Assurance{Level: kiosk.LevelSubstantial, Missing: []kiosk.CheckName{kiosk.CheckKey}}}
	switch {
	case doc.Access.NoChip:
		complete.Signing = kiosk.SigningDesk
	case doc.Access.Asked:
		complete.Signing = pick(w, kiosk.SigningChip, kiosk.SigningChip, kiosk.SigningDesk)
	}
	return complete
}

// brings is what a person with a passport brings.
func (w *world) brings() kiosk.EligibilityEntered {
	paper := kiosk.Seen{Kind: kiosk.SeenLease, Issuer: "Senhoria Zelosa", Issued: kiosk.Date{Year: 2026, Month: time.March, Day: 2}}
	return kiosk.EligibilityEntered{Eligibility: kiosk.Eligibility{
		TaxNumber: pick(w, "400000008", "400000008", "400 000 008", "40"), Address: paper,
		Independence: pick(w, kiosk.Independent, kiosk.Independent, kiosk.Independent, kiosk.Accompanied, ""),
		SecondClerk:  pick(w, "Zelosa", "Zelosa", ""),
	}}
}

// types is what a clerk types.
func (w *world) types() kiosk.AccessTyped {
	return pick(w, kiosk.AccessTyped{Kind: kiosk.AccessMRZ, Text: theZone}, kiosk.AccessTyped{Kind: kiosk.AccessCAN, Text: "683105"},
		kiosk.AccessTyped{Kind: kiosk.AccessMRZ, Text: "P<UTO"}, kiosk.AccessTyped{Kind: kiosk.AccessCAN, Text: "6831o5"})
}

// sensible is what the clerk or the citizen would do next.
func (w *world) sensible() kiosk.Event {
	s := w.state
	if s.Problem != nil {
		return pick[kiosk.Event](w, kiosk.Retry{}, kiosk.NextPerson{}, w.insert(), w.remove(), w.centreUp())
	}
	switch s.Step {
	case kiosk.StepDocument:
		if s.Document.Access.Asked && !s.Document.Reading {
			return pick[kiosk.Event](w, w.types(), w.types(), kiosk.Continue{}, kiosk.Continue{}, w.insert())
		}
		return pick[kiosk.Event](w, w.insert(), w.insert(), w.insert(), kiosk.NoChip{})
	case kiosk.StepIdentity:
		if s.Eligible.Asked {
			return pick[kiosk.Event](w, w.brings(), kiosk.Continue{})
		}
		return kiosk.PersonConfirmed{}
	case kiosk.StepContact:
		switch {
		case s.Contact.Settled && w.mostly():
			return kiosk.Continue{}
		case s.Contact.Awaited != "" && w.mostly():
			return kiosk.CodeTyped{Code: kiosk.Secret(secretCode)}
		}
		return w.contact()
	case kiosk.StepPIN:
		return kiosk.PINTyped{PIN: kiosk.Secret(pick(w, secretPIN, secretPIN, secretPIN, secretOther, secretWeak))}
	case kiosk.StepReview:
		return pick[kiosk.Event](w, kiosk.Agreed{}, kiosk.CardPINTyped{PIN: kiosk.Secret(secretCardPIN)}, w.insert())
	}
	return pick[kiosk.Event](w, kiosk.NextPerson{}, w.tick(), w.insert())
}

func (w *world) contact() kiosk.Event {
	if w.below(3) == 0 {
		return kiosk.ContactEntered{Channel: kiosk.Email, Text: pick(w, "marca@exemplo.pt", "marca@exemplo.test", "marca@", "")}
	}
	return kiosk.ContactEntered{Channel: kiosk.SMS, Text: pick(w, "912 345 678", "+351912345678", "+351912345679", "912 345 678 000", "")}
}

func (w *world) reader() int         { return 1 + w.below(2) }
func (w *world) insert() kiosk.Event { return kiosk.CardInserted{Reader: w.reader()} }
func (w *world) remove() kiosk.Event { return kiosk.CardRemoved{Reader: w.reader()} }

func (w *world) centreUp() kiosk.Event {
	rules := kiosk.UsualRules()
	rules.TypedMRZ, rules.Accompanied = pick(w, kiosk.TypedAllowed, kiosk.TypedSecond, kiosk.TypedRefused), w.below(4) == 0
	rules.PINMin, rules.MinAge = pick(w, 6, 6, 6, 8), pick(w, 16, 16, 16, 18)
	return kiosk.CentreChanged{Centre: kiosk.CentreStatus{Health: kiosk.HealthGood}, Delivery: kiosk.HealthGood, Rules: rules}
}

// tick lets some seconds pass, seldom a quarter of an hour.
func (w *world) tick() kiosk.Event {
	seconds := w.below(40)
	if !w.mostly() {
		seconds = 900
	}
	w.now = w.now.Add(time.Duration(seconds) * time.Second)
	return kiosk.Tick{Now: w.now}
}

// noise is any event of any case.
func (w *world) noise() kiosk.Event {
	id := w.state.Case
	if w.below(2) == 0 {
		id = kiosk.CaseID(w.below(int(id) + 2))
	}
	channel := pick(w, kiosk.SMS, kiosk.Email, "pigeon")
	reason := pick(w, kiosk.ReasonRemoved, kiosk.ReasonCardChanged, kiosk.ReasonSilent, kiosk.ReasonUnknownCard)
	return pick(w, []kiosk.Event{
		w.tick(), w.insert(), w.remove(), kiosk.CardMute{Reader: w.reader()}, w.tick(), w.insert(), w.remove(), w.centreUp(),
		kiosk.ServiceChanged{Problem: pick(w, "", "", kiosk.ProblemServiceStopped)},
		kiosk.ReadersChanged{Readers: []kiosk.ReaderStatus{{Number: 1, Name: "A"}, {Number: 2, Name: "B"}}},
		kiosk.ReadersChanged{Readers: []kiosk.ReaderStatus{{Number: w.reader(), Name: "A", Slot: kiosk.SlotMute}}},
		kiosk.CentreChanged{Centre: kiosk.CentreStatus{Health: pick(w, kiosk.HealthDown, kiosk.HealthPoor), Skew: time.Duration(w.below(9)) * time.Minute}},
		kiosk.Activity{Case: id, Key: "activity.read_photo"}, kiosk.CardHeld{Case: id, Held: w.below(2) == 0},
		kiosk.IdentityRead{Case: id, Identity: marked()},
		kiosk.CheckDone{Case: id, Check: kiosk.Check{Name: kiosk.CheckAge, Result: pick(w, kiosk.Passed, kiosk.Failed, kiosk.Pending, "maybe")}},
		kiosk.PhotoProgress{Case: id, Percent: 150},
		kiosk.PhotoRead{Case: id}, kiosk.DocumentComplete{Case: id}, kiosk.DocumentRefused{Case: id, Reason: reason},
		kiosk.DocumentFailed{Case: id, Problem: kiosk.Problem{Code: kiosk.ProblemReaderBusy}},
		kiosk.CardReturned{Case: id, Reader: w.reader()},
		kiosk.DocumentRecognised{Case: id, Kind: kiosk.CitizenCard}, kiosk.AccessRefused{Case: id}, kiosk.NoChip{}, w.types(),
		kiosk.AccessAgain{}, w.brings(), kiosk.EligibilityEntered{},
		kiosk.PersonConfirmed{}, kiosk.PersonMismatch{}, w.contact(), kiosk.ContactEntered{Channel: channel, Text: "912 345 678"},
		kiosk.Resend{Channel: channel}, kiosk.Continue{}, kiosk.StillHere{}, kiosk.Back{}, kiosk.NewPIN{}, kiosk.Correct{Step: kiosk.StepContact}, kiosk.Correct{Step: kiosk.StepIdentity}, kiosk.Retry{}, kiosk.OtherDocument{},
		kiosk.Cancel{}, kiosk.CancelConfirmed{}, kiosk.CancelDismissed{}, kiosk.NextPerson{}, kiosk.HandOver{ToCitizen: true},
		kiosk.HandOver{}, kiosk.LanguageChosen{Citizen: true, Language: kiosk.English}, kiosk.LanguageChosen{Language: "tlh"},
		kiosk.CodeTyped{Code: kiosk.Secret(secretCode)}, kiosk.CodeTyped{}, kiosk.PINTyped{PIN: kiosk.Secret(secretPIN)}, kiosk.PINTyped{},
		kiosk.Agreed{}, kiosk.SomethingWrong{}, kiosk.CardPINTyped{PIN: kiosk.Secret(secretCardPIN)}, kiosk.CardPINTyped{PIN: kiosk.Secret("1")},
		kiosk.Opened{Case: id}, kiosk.OpenRefused{Case: id, Code: kiosk.ProblemAlreadyActive}, w.codeQueued(id, channel),
		kiosk.CodeRefused{Case: id, Channel: channel, Problem: kiosk.TooSoon},
		kiosk.DeliveryChanged{Case: id, Channel: channel, Delivery: kiosk.DeliveryDelivered},
		kiosk.CodeAnswered{Case: id, Channel: channel, Proof: uuid.UUID{}, At: w.now}, kiosk.PINWasSealed{Case: id},
		kiosk.CardPINRefused{Case: id, TriesLeft: 1}, kiosk.Signed{Case: id}, kiosk.SignFailed{Case: id, Reason: reason}, kiosk.RulesChanged{Case: id},
		kiosk.BindWaiting{Case: id}, kiosk.KeyActive{Case: id}, kiosk.KeyRefused{Case: id, Code: kiosk.ProblemNotProven},
		kiosk.CommandFailed{Case: id, Channel: channel, Problem: kiosk.Problem{Code: kiosk.ProblemInternal, Fatal: w.below(2) == 0}},
		nil,
	}...)
}

// isLate reports whether the event names a case that is not the present one.
func isLate(e kiosk.Event, current kiosk.CaseID) bool {
	if e == nil {
		return false
	}
	field := reflect.ValueOf(e).FieldByName("Case")
	return field.IsValid() && (current == 0 || field.Uint() != uint64(current))
}

// copyEvent returns an equal event with slices of its own, and the secret in it.
func copyEvent(e kiosk.Event) (kiosk.Event, kiosk.Secret) {
	switch e := e.(type) {
	case kiosk.CodeTyped:
		e.Code = bytes.Clone(e.Code)
		return e, e.Code
	case kiosk.PINTyped:
		e.PIN = bytes.Clone(e.PIN)
		return e, e.PIN
	case kiosk.CardPINTyped:
		e.PIN = bytes.Clone(e.PIN)
		return e, e.PIN
	case kiosk.ReadersChanged:
		e.Readers = append([]kiosk.ReaderStatus(nil), e.Readers...)
		return e, nil
	case kiosk.DocumentComplete:
		e.Assurance.Missing = append([]kiosk.CheckName(nil), e.Assurance.Missing...)
		return e, nil
	case kiosk.DocumentRecognised:
		e.Accepts = append([]kiosk.AccessKind(nil), e.Accepts...)
		return e, nil
	}
	return e, nil
}

// spoil overwrites the slices of an event that was handed over: the session must not lean on them.
func spoil(e kiosk.Event) {
	switch e := e.(type) {
	case kiosk.ReadersChanged:
		clear(e.Readers)
	case kiosk.DocumentComplete:
		clear(e.Assurance.Missing)
	case kiosk.DocumentRecognised:
		clear(e.Accepts)
	}
}
