package kiosk_test

import (
	"bytes"
	"math/bits"
	"slices"
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
		if w.behind.Document.Reading {
			return w.reads(w.behind.Case)
		}
	}
	good := w.mostly()
	if e := w.staffAnswer(c, good); e != nil {
		w.asked = append(w.asked[:i:i], w.asked[i+1:]...)
		return e
	}
	if e := w.lifeAnswer(c, good); e != nil {
		w.asked = append(w.asked[:i:i], w.asked[i+1:]...)
		return e
	}
	if _, bind := c.(kiosk.Bind); good || !bind {
		w.asked = append(w.asked[:i:i], w.asked[i+1:]...)
	}
	switch c := c.(type) {
	case kiosk.RecogniseAgain:
		if good {
			return kiosk.InCase{Case: c.Case, Event: kiosk.CardReturned{Reader: c.Reader}}
		}
		return kiosk.InCase{Case: c.Case, Event: kiosk.SignFailed{Reason: kiosk.ReasonCardChanged}}
	case kiosk.OpenEnrolment:
		if good {
			return kiosk.InCase{Case: c.Case, Event: kiosk.Opened{ExpiresAt: w.now.Add(time.Hour)}}
		}
		return kiosk.InCase{Case: c.Case, Event: kiosk.OpenRefused{Code: kiosk.ProblemAlreadyActive}}
	case kiosk.SendCode:
		if good {
			return w.codeQueued(c.Case, c.Channel)
		}
		return kiosk.InCase{Case: c.Case, Event: kiosk.CodeRefused{Channel: c.Channel, Problem: pick(w, kiosk.ResendsUsed, kiosk.DestinationOff, kiosk.CentreBusy)}}
	case kiosk.ConfirmCode:
		if good {
			return kiosk.InCase{Case: c.Case, Event: kiosk.CodeAnswered{Channel: c.Channel, Proof: proof, At: w.now, TriesLeft: 3}}
		}
		return kiosk.InCase{Case: c.Case, Event: kiosk.CodeAnswered{Channel: c.Channel, Problem: pick(w, kiosk.CodeWrong, kiosk.CodeLocked, kiosk.ContactTaken), TriesLeft: 2}}
	case kiosk.SealPIN:
		if good {
			return kiosk.InCase{Case: c.Case, Event: kiosk.PINWasSealed{}}
		}
		return w.failed(c.Case)
	case kiosk.Sign:
		if good {
			return kiosk.InCase{Case: c.Case, Event: kiosk.Signed{Check: kiosk.Check{Name: kiosk.CheckKey, Result: kiosk.Passed}}}
		}
		return pick[kiosk.Event](w, kiosk.InCase{Case: c.Case, Event: kiosk.CardPINRefused{TriesLeft: 2}}, kiosk.InCase{Case: c.Case, Event: kiosk.CardPINRefused{}},
			kiosk.InCase{Case: c.Case, Event: kiosk.SignFailed{Reason: kiosk.ReasonRemoved}}, kiosk.InCase{Case: c.Case, Event: kiosk.SignFailed{Reason: kiosk.ReasonKeyMismatch}}, w.failed(c.Case))
	case kiosk.Bind:
		if good {
			return kiosk.InCase{Case: c.Case, Event: kiosk.KeyActive{Register: 7, ActiveAt: w.now, Level: kiosk.LevelHigh}}
		}
		return pick[kiosk.Event](w, kiosk.InCase{Case: c.Case, Event: kiosk.KeyRefused{Code: pick(w, kiosk.ProblemNotProven, kiosk.ProblemDeskSuspended)}}, kiosk.InCase{Case: c.Case, Event: kiosk.BindWaiting{}}, w.failed(c.Case), suspended)
	}
	return kiosk.Tick{Now: w.now}
}

func (w *world) failed(id kiosk.CaseID) kiosk.InCase {
	return kiosk.InCase{Case: id, Event: kiosk.CommandFailed{Channel: pick(w, "", kiosk.SMS), Problem: kiosk.Problem{Code: kiosk.ProblemCentreDown}}}
}

func (w *world) codeQueued(id kiosk.CaseID, c kiosk.Channel) kiosk.InCase {
	return kiosk.InCase{Case: id, Event: kiosk.CodeQueued{
		Channel: c, SentAt: w.now, ExpiresAt: w.now.Add(5 * time.Minute),
		ResendAt: w.now.Add(30 * time.Second), SendsLeft: 3, TriesLeft: 3, Tries: 3,
	}}
}

// reads is the next report of a card being read: the first one that is missing.
func (w *world) reads(id kiosk.CaseID) kiosk.Event {
	doc := w.behind.Document
	if !w.mostly() {
		return pick[kiosk.Event](w, kiosk.InCase{Case: id, Event: kiosk.CheckDone{Check: kiosk.Check{Name: kiosk.CheckRevocation, Result: kiosk.Unknown, Reason: kiosk.ReasonRevocationUnknown}}},
			kiosk.InCase{Case: id, Event: kiosk.DocumentRefused{Reason: kiosk.ReasonSilent}}, kiosk.InCase{Case: id, Event: kiosk.DocumentComplete{}},
			kiosk.InCase{Case: id, Event: kiosk.DocumentFailed{Problem: kiosk.Problem{Code: kiosk.ProblemReaderBusy}}}, w.failed(id))
	}
	travels := id%2 == 0
	switch {
	case travels && !doc.Access.Asked && doc.Kind == "":
		return kiosk.InCase{Case: id, Event: kiosk.DocumentRecognised{Kind: pick(w, "", kiosk.Passport), Accepts: []kiosk.AccessKind{kiosk.AccessMRZ, kiosk.AccessCAN}}}
	case doc.Access.Opening && w.below(8) == 0:
		return kiosk.InCase{Case: id, Event: kiosk.AccessRefused{}}
	case doc.Identity == nil && (travels || doc.Access.Asked):
		return kiosk.InCase{Case: id, Event: kiosk.IdentityRead{Identity: traveller()}}
	case doc.Identity == nil:
		return kiosk.InCase{Case: id, Event: kiosk.IdentityRead{Identity: marked(), PINTries: 3, Pinpad: w.below(4) == 0}}
	case doc.Photo == nil && !doc.PhotoAbsent && doc.Access.NoChip:
		return kiosk.InCase{Case: id, Event: kiosk.PhotoRead{}}
	case doc.Photo == nil && !doc.PhotoAbsent:
		return kiosk.InCase{Case: id, Event: kiosk.PhotoRead{Photo: &kiosk.Photo{Kind: kiosk.PNG, Data: []byte("face of Marcadora")}}}
	}
	for _, c := range doc.Checks {
		if c.Result == kiosk.Pending && c.Name != kiosk.CheckKey {
			result := kiosk.Passed
			if c.Name == kiosk.CheckChipAuthenticity && doc.Access.NoChip {
				result = kiosk.Absent
			}
			return kiosk.InCase{Case: id, Event: kiosk.CheckDone{Check: kiosk.Check{Name: c.Name, Result: result}}}
		}
	}
	complete := kiosk.DocumentComplete{Assurance: kiosk.Assurance{Level: kiosk.LevelSubstantial, Missing: []kiosk.CheckName{kiosk.CheckKey}}}
	switch {
	case doc.Access.NoChip:
		complete.Signing = kiosk.SigningDesk
	case doc.Access.Asked:
		complete.Signing = pick(w, kiosk.SigningChip, kiosk.SigningChip, kiosk.SigningDesk)
	}
	return kiosk.InCase{Case: id, Event: complete}
}

// brings is what a person with a passport brings.
func (w *world) brings() kiosk.EligibilityEntered {
	paper := kiosk.Seen{Kind: kiosk.SeenLease, Issuer: "Senhoria Zelosa", Issued: kiosk.Date{Year: 2026, Month: time.March, Day: 2}}
	return kiosk.EligibilityEntered{Eligibility: kiosk.Eligibility{
		TaxNumber: pick(w, "400000008", "400000008", "400 000 008", "40"), Address: paper,
		Independence: pick(w, kiosk.Independent, kiosk.Independent, kiosk.Independent, kiosk.Accompanied, ""),
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
	if shut(s) {
		return w.signsIn()
	}
	if s.Problem != nil {
		return pick[kiosk.Event](w, kiosk.Retry{}, kiosk.NextPerson{}, w.insert(), w.remove(), w.centreUp())
	}
	if (s.Step == kiosk.StepContact || s.Step == kiosk.StepPIN) && !w.mostly() { // whoever goes takes the card along
		if s.Document.CardPresent {
			return kiosk.CardRemoved{Reader: s.Document.Reader}
		}
		w.now = w.now.Add(90 * time.Second)
		return kiosk.Tick{Now: w.now}
	}
	if e := w.lifeSensible(); e != nil {
		return e
	}
	switch s.Step {
	case kiosk.StepDocument:
		if s.Case == 0 && len(s.Offered()) > len(kiosk.Errands) && w.below(4) == 0 {
			return kiosk.ErrandChosen{Name: "approve"}
		}
		if s.Case == 0 && s.Errand.Name == "enrol" && w.below(3) > 0 {
			return kiosk.ErrandChosen{Name: pick(w, pick(w, kiosk.Life...).Name, "renew", "unblock", "unblock", "pin", "email", "email", "phone", "phone", "not_me", "not_me", "not_me", "suspend", "suspend", "search", "stored", "stored", "cancel")}
		}
		if s.Document.Access.Asked && !s.Document.Reading {
			return pick[kiosk.Event](w, w.types(), w.types(), kiosk.Continue{}, kiosk.Continue{}, w.insert())
		}
		return pick[kiosk.Event](w, w.insert(), w.insert(), w.insert(), kiosk.NoChip{}, w.chooses())
	case kiosk.StepIdentity:
		return kiosk.PersonConfirmed{}
	case kiosk.StepEligibility:
		return pick[kiosk.Event](w, w.brings(), kiosk.Continue{})
	case kiosk.StepContact:
		switch {
		case (s.Contact.Settled || s.Contact.Later.Set) && w.mostly():
			return kiosk.Continue{}
		case s.Errand.MakesKey() && (s.Contact.Later.Channel != "" || w.below(8) == 0):
			return w.later()
		case s.Contact.Awaited != "" && w.mostly():
			return kiosk.CodeTyped{Code: kiosk.Secret(secretCode)}
		}
		return w.contact()
	case kiosk.StepPIN:
		return kiosk.PINTyped{PIN: kiosk.Secret(pick(w, secretPIN, secretPIN, secretPIN, secretOther, secretWeak))}
	case kiosk.StepReview:
		switch s.Review.Phase {
		case kiosk.ReviewStaffCard:
			return pick[kiosk.Event](w, w.staffCard(), w.staffCard(), w.remove())
		case kiosk.ReviewStaffPIN:
			return w.staffPIN()
		}
		return pick[kiosk.Event](w, kiosk.Agreed{}, kiosk.CardPINTyped{PIN: kiosk.Secret(secretCardPIN)}, w.insert())
	case kiosk.StepCases, kiosk.StepCase, kiosk.StepDecision:
		return w.decides()
	}
	return pick[kiosk.Event](w, kiosk.NextPerson{}, w.tick(), w.insert())
}

// chooses is one of the errands, seldom another than enrolling, and now and then one that there is not.
func (w *world) chooses() kiosk.Event {
	return pick[kiosk.Event](w, kiosk.ErrandsAsked{}, kiosk.ErrandChosen{Name: "enrol"}, kiosk.ErrandChosen{Name: "check"}, kiosk.ErrandChosen{Name: "approve"}, kiosk.ErrandChosen{Name: "dance"})
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
	if w.layout != noShifts && w.below(3) == 0 {
		return w.staffNoise()
	}
	id := w.behind.Case
	if w.below(2) == 0 {
		id = kiosk.CaseID(w.below(int(id) + 2))
	}
	if w.below(4) == 0 {
		return w.lifeNoise(id)
	}
	channel := pick(w, kiosk.SMS, kiosk.Email, "pigeon")
	reason := pick(w, kiosk.ReasonRemoved, kiosk.ReasonCardChanged, kiosk.ReasonSilent, kiosk.ReasonUnknownCard)
	return pick(w, []kiosk.Event{
		w.tick(), w.insert(), w.remove(), kiosk.CardUnresponsive{Reader: w.reader()}, w.tick(), w.insert(), w.remove(), w.centreUp(),
		kiosk.ServiceChanged{Problem: pick(w, "", "", kiosk.ProblemServiceStopped)},
		kiosk.ReaderAdded{Reader: 1, Name: "A"}, kiosk.ReaderAdded{Reader: 2, Name: "B"},
		kiosk.ReaderRemoved{Reader: w.reader()}, kiosk.ReaderAdded{Reader: w.reader()},
		kiosk.CentreChanged{Centre: kiosk.CentreStatus{Health: pick(w, kiosk.HealthDown, kiosk.HealthPoor), Skew: time.Duration(w.below(9)) * time.Minute}}, suspended,
		kiosk.InCase{Case: id, Event: kiosk.Activity{Key: "activity.read_photo"}}, kiosk.InCase{Case: id, Event: kiosk.CardHeld{Held: w.below(2) == 0}},
		kiosk.InCase{Case: id, Event: kiosk.IdentityRead{Identity: marked()}},
		kiosk.InCase{Case: id, Event: kiosk.CheckDone{Check: kiosk.Check{Name: kiosk.CheckAge, Result: pick(w, kiosk.Passed, kiosk.Failed, kiosk.Pending, "maybe")}}},
		kiosk.InCase{Case: id, Event: kiosk.PhotoProgress{Percent: 150}},
		kiosk.InCase{Case: id, Event: kiosk.PhotoRead{}}, kiosk.InCase{Case: id, Event: kiosk.DocumentComplete{}}, kiosk.InCase{Case: id, Event: kiosk.DocumentRefused{Reason: reason}},
		kiosk.InCase{Case: id, Event: kiosk.DocumentFailed{Problem: kiosk.Problem{Code: kiosk.ProblemReaderBusy}}},
		kiosk.InCase{Case: id, Event: kiosk.CardReturned{Reader: w.reader()}},
		kiosk.InCase{Case: id, Event: kiosk.DocumentRecognised{Kind: kiosk.CitizenCard}}, kiosk.InCase{Case: id, Event: kiosk.AccessRefused{}}, kiosk.NoChip{}, w.types(),
		kiosk.AccessAgain{}, w.brings(), kiosk.EligibilityEntered{},
		kiosk.PersonConfirmed{}, kiosk.PersonMismatch{}, w.contact(), kiosk.ContactDrafted{Channel: channel, Text: "marca@exem"}, kiosk.ContactEntered{Channel: channel, Text: "912 345 678"},
		kiosk.Resend{Channel: channel}, kiosk.Continue{}, kiosk.StillHere{}, kiosk.Back{}, kiosk.NewPIN{}, kiosk.Correct{Step: kiosk.StepContact}, kiosk.Correct{Step: kiosk.StepEligibility}, kiosk.Retry{}, kiosk.OtherDocument{},
		kiosk.Cancel{}, kiosk.CancelConfirmed{}, kiosk.CancelDismissed{}, kiosk.NextPerson{}, kiosk.HandOver{ToCitizen: true},
		kiosk.HandOver{}, kiosk.LanguageChosen{Citizen: true, Language: kiosk.English}, kiosk.LanguageChosen{Language: "tlh"},
		kiosk.CodeTyped{Code: kiosk.Secret(secretCode)}, kiosk.CodeTyped{}, kiosk.PINTyped{PIN: kiosk.Secret(secretPIN)}, kiosk.PINTyped{},
		kiosk.Agreed{}, kiosk.SomethingWrong{}, kiosk.CardPINTyped{PIN: kiosk.Secret(secretCardPIN)}, kiosk.CardPINTyped{PIN: kiosk.Secret("1")},
		kiosk.InCase{Case: id, Event: kiosk.Opened{}}, kiosk.InCase{Case: id, Event: kiosk.OpenRefused{Code: kiosk.ProblemAlreadyActive}}, w.codeQueued(id, channel),
		kiosk.InCase{Case: id, Event: kiosk.CodeRefused{Channel: channel, Problem: kiosk.TooSoon}},
		kiosk.InCase{Case: id, Event: kiosk.DeliveryChanged{Channel: channel, Delivery: kiosk.DeliveryDelivered}},
		kiosk.InCase{Case: id, Event: kiosk.CodeAnswered{Channel: channel, Proof: uuid.UUID{}, At: w.now}}, kiosk.InCase{Case: id, Event: kiosk.PINWasSealed{}},
		kiosk.InCase{Case: id, Event: kiosk.CardPINRefused{TriesLeft: 1}}, kiosk.InCase{Case: id, Event: kiosk.Signed{}}, kiosk.InCase{Case: id, Event: kiosk.SignFailed{Reason: reason}}, kiosk.InCase{Case: id, Event: kiosk.RulesChanged{}},
		kiosk.InCase{Case: id, Event: kiosk.BindWaiting{}}, kiosk.InCase{Case: id, Event: kiosk.KeyActive{}}, kiosk.InCase{Case: id, Event: kiosk.KeyRefused{Code: kiosk.ProblemNotProven}},
		kiosk.InCase{Case: id, Event: kiosk.CommandFailed{Channel: channel, Problem: kiosk.Problem{Code: kiosk.ProblemInternal, Fatal: w.below(2) == 0}}},
		w.chooses(), nil,
	}...)
}

// isLate reports whether the event is an answer about a case that is not the present one.
func isLate(e kiosk.Event, current kiosk.CaseID) bool {
	answer, ok := e.(kiosk.InCase)
	return ok && (current == 0 || answer.Case != current)
}

// content is what the event says, whatever case it is about.
func content(e kiosk.Event) any {
	if answer, ok := e.(kiosk.InCase); ok {
		return answer.Event
	}
	return e
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
	case kiosk.ActivationTyped:
		e.Code = bytes.Clone(e.Code)
		return e, e.Code
	case kiosk.NotMeTyped:
		e.Code = bytes.Clone(e.Code)
		return e, e.Code
	case kiosk.TryPINTyped:
		e.PIN = bytes.Clone(e.PIN)
		return e, e.PIN
	case kiosk.TryCodeTyped:
		e.Code = bytes.Clone(e.Code)
		return e, e.Code
	case kiosk.StaffPINTyped:
		e.PIN = bytes.Clone(e.PIN)
		return e, e.PIN
	case kiosk.InCase:
		switch answer := e.Event.(type) {
		case kiosk.DocumentComplete:
			answer.Assurance.Missing = slices.Clone(answer.Assurance.Missing)
			e.Event = answer
		case kiosk.DocumentRecognised:
			answer.Accepts = slices.Clone(answer.Accepts)
			e.Event = answer
		}
		return e, nil
	}
	return e, nil
}

// spoil overwrites the slices of an event that was handed over: the session must not lean on them.
func spoil(e kiosk.Event) {
	switch e := content(e).(type) {
	case kiosk.DocumentComplete:
		clear(e.Assurance.Missing)
	case kiosk.DocumentRecognised:
		clear(e.Accepts)
	}
}

// needsHands reports whether an event is of hands at work, which a desk that is shut does not hear.
func needsHands(e kiosk.Event) bool {
	switch e.(type) {
	case kiosk.EligibilityEntered, kiosk.PersonConfirmed, kiosk.Agreed, kiosk.SomethingWrong, kiosk.Back:
		return true
	}
	return false
}
