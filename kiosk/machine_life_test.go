package kiosk_test

import (
	"time"

	"github.com/google/uuid"

	"balcao/kiosk"
)

// secretActivation is a code of an activation or a notice; nothing else in a test's data contains it.
const secretActivation = "K7M2P9QRTX"

// The errands of a key that there is, in random walks.

// someKey is a key in a state in which much may be done.
func (w *world) someKey() *kiosk.Key {
	key := &kiosk.Key{
		Register: 7, State: pick(w, kiosk.StatusActive, kiosk.StatusActive, kiosk.StatusBlocked, kiosk.StatusSuspended, kiosk.StatusPending),
		Contacts: []kiosk.MaskedContact{{Channel: kiosk.SMS, Value: "+351 912 ••• 678"}},
		Offered:  []string{"stored", "try"}, Initials: "I. M.",
	}
	switch key.State {
	case kiosk.StatusPending:
		key.Offered = append(key.Offered, "activate", "cancel")
	case kiosk.StatusSuspended:
		key.Offered = append(key.Offered, "reactivate", "cancel")
	default:
		key.Offered = append(key.Offered, "unblock", "pin", "phone", "email", "renew", "suspend", "cancel", "dance")
	}
	return key
}

// lifeAnswer is what a runner sends back for a command about a key that there is, nil for another command.
func (w *world) lifeAnswer(c kiosk.Command, good bool) kiosk.Event {
	in := func(id kiosk.CaseID, e kiosk.CaseEvent) kiosk.Event { return kiosk.InCase{Case: id, Event: e} }
	switch c := c.(type) {
	case kiosk.ReadKey:
		if !good {
			return pick[kiosk.Event](w, in(c.Case, kiosk.KeyRead{}), w.failed(c.Case))
		}
		return in(c.Case, kiosk.KeyRead{Key: w.someKey()})
	case kiosk.SetActivation:
		if !good {
			return pick[kiosk.Event](w, in(c.Case, kiosk.ActivationRefused{Problem: kiosk.DestinationOff}), w.failed(c.Case))
		}
		return in(c.Case, kiosk.ActivationSet{ExpiresAt: w.now.Add(time.Hour)})
	case kiosk.ConfirmActivation:
		answer := kiosk.ActivationAnswered{TriesLeft: 4, At: w.now}
		if !good {
			answer.Problem = pick(w, kiosk.CodeWrong, kiosk.CodeExpired, kiosk.CodeLocked)
		} else if w.below(2) == 0 {
			answer.Channel, answer.Contact, answer.Proof = kiosk.SMS, annasPhone, proof
		}
		return in(c.Case, answer)
	case kiosk.CheckPIN:
		return in(c.Case, kiosk.TryAnswered{Problem: pick(w, kiosk.TryOK, kiosk.TryOK, kiosk.TryOK, kiosk.TryOK, kiosk.TryOK, kiosk.TryNo, kiosk.TryLost)})
	case kiosk.SendTryCode:
		if !good {
			return in(c.Case, kiosk.TryCodeSent{Problem: pick(w, kiosk.TryNotSent, kiosk.TryBlocked)})
		}
		return in(c.Case, kiosk.TryCodeSent{ExpiresAt: w.now.Add(time.Hour), SendsLeft: 3, TriesLeft: 3})
	case kiosk.CheckTryCode:
		return in(c.Case, kiosk.TryCodeAnswered{Problem: pick(w, kiosk.TryOK, kiosk.TryOK, kiosk.TryOK, kiosk.TryOK, kiosk.TryOK, kiosk.TryCodeWrong, kiosk.TryEnded), Register: 7})
	case kiosk.Search:
		if !good {
			return pick[kiosk.Event](w, in(c.Case, kiosk.SearchRefused{Code: kiosk.ProblemTooMany}), w.failed(c.Case))
		}
		return in(c.Case, kiosk.Searched{ID: proof, Found: []kiosk.Key{*w.someKey()}})
	case kiosk.SuspendByWord:
		if !good {
			return pick[kiosk.Event](w, in(c.Case, kiosk.WordRefused{Wrong: true}), w.failed(c.Case))
		}
		return in(c.Case, kiosk.WordTaken{})
	case kiosk.NotMe:
		if !good {
			return pick[kiosk.Event](w, in(c.Case, kiosk.NotMeAnswered{Wrong: true}), w.failed(c.Case))
		}
		return in(c.Case, kiosk.NotMeAnswered{Register: 7, State: kiosk.StatusSuspended})
	case kiosk.ReadStored:
		if !good {
			return pick[kiosk.Event](w, in(c.Case, kiosk.StoredRead{Problem: kiosk.ProblemInternal}), w.failed(c.Case))
		}
		row := []kiosk.StoredField{{Name: "surname", Value: "Marcadora"}}
		return in(c.Case, kiosk.StoredRead{Sections: []kiosk.StoredSection{{Name: "person", Rows: [][]kiosk.StoredField{row}}}})
	case kiosk.ReadReport:
		return kiosk.ReportRead{Day: c.Day, Errands: []kiosk.ReportErrand{{Errand: "enrol", Outcome: "active", Count: 3}}}
	case kiosk.PrintReceipt:
		return pick[kiosk.Event](w, in(c.Case, kiosk.Printed{}), in(c.Case, kiosk.PrintShown{Pages: [][]byte{[]byte("Marcadora")}}))
	}
	return nil
}

// lifeSensible is what the clerk or the person would do next in a step of a key that there is, nil in another step.
func (w *world) lifeSensible() kiosk.Event {
	s := w.state
	switch s.Step {
	case kiosk.StepKey:
		if s.Key.ReasonMissing {
			return kiosk.ReasonChosen{Reason: pick(w, kiosk.ReasonRequest, kiosk.ReasonRequest, kiosk.ReasonPhoneLost, "whim")}
		}
		if len(s.Key.Offered) > 0 && w.below(8) == 0 {
			return kiosk.KeyChosen{Errand: pick(w, s.Key.Offered...)}
		}
		return kiosk.Continue{}
	case kiosk.StepActivation:
		return pick[kiosk.Event](w, w.activationCode(), w.activationCode(), w.activationCode(), kiosk.LaterChosen{Channel: kiosk.SMS}, kiosk.LaterEntered{Text: annasPhone})
	case kiosk.StepTry:
		switch s.Try.Phase {
		case kiosk.TryNaming:
			return kiosk.TryNamed{By: kiosk.ByPhone, Text: pick(w, "", annasPhone), Channel: kiosk.SMS}
		case kiosk.TryPIN:
			return kiosk.TryPINTyped{PIN: kiosk.Secret(secretPIN)}
		case kiosk.TryCode:
			return pick[kiosk.Event](w, kiosk.TryCodeTyped{Code: kiosk.Secret(secretCode)}, kiosk.TryCodeTyped{Code: kiosk.Secret(secretCode)}, kiosk.TryResend{Channel: kiosk.Email})
		case kiosk.TrySignedIn:
			return kiosk.Continue{}
		}
		return pick[kiosk.Event](w, kiosk.Cancel{}, kiosk.CancelConfirmed{})
	case kiosk.StepSearch:
		if len(s.Search.Found) > 0 {
			return kiosk.FoundChosen{Register: 7}
		}
		return w.searches()
	case kiosk.StepWord:
		return kiosk.WordGiven{BirthDate: marked().BirthDate, Number: pick(w, "99000588", "")}
	case kiosk.StepNotMe:
		return kiosk.NotMeTyped{Code: kiosk.Secret(secretActivation)}
	case kiosk.StepStored, kiosk.StepReport:
		return pick[kiosk.Event](w, kiosk.Continue{}, kiosk.PrintAsked{What: pick(w, kiosk.PrintStored, kiosk.PrintReport)}, kiosk.PrintTurned{By: 1}, kiosk.PrintClosed{}, kiosk.Retry{}, kiosk.Cancel{})
	case kiosk.StepDone:
		return pick[kiosk.Event](w, kiosk.NextPerson{}, kiosk.NextPerson{}, kiosk.UndoChosen{}, kiosk.PrintAsked{What: kiosk.PrintOfReceipt}, w.tick(), w.insert())
	}
	return nil
}

func (w *world) activationCode() kiosk.Event {
	return kiosk.ActivationTyped{Code: kiosk.Secret(pick(w, secretActivation, secretActivation, secretActivation, "K7M2P-9QRTX", "K7M2P"))}
}

func (w *world) searches() kiosk.Event {
	return kiosk.SearchAsked{
		Kind: pick(w, kiosk.SearchPhone, kiosk.SearchTax, kiosk.SearchRegister), Text: pick(w, annasPhone, "400000004", "7"),
		Reason: pick(w, kiosk.SearchHolderPhone, kiosk.SearchHolderPhone, ""),
	}
}

// later is what a clerk enters who says that no contact can be proven now.
func (w *world) later() kiosk.Event {
	letter := kiosk.PostalAddress{Name: "Invisível Marcadora", Lines: []string{"Rua Zelosa 1", ""}, Postcode: "1000-001", Town: "Lisboa", Country: "PRT"}
	return pick[kiosk.Event](w, kiosk.LaterChosen{Channel: kiosk.Letter}, kiosk.LaterChosen{Channel: kiosk.SMS}, kiosk.LaterChosen{},
		kiosk.LaterEntered{Text: annasPhone, Address: letter}, kiosk.LaterEntered{Text: annasPhone, Address: letter}, kiosk.LaterEntered{})
}

// lifeNoise is any event about a key that there is.
func (w *world) lifeNoise(id kiosk.CaseID) kiosk.Event {
	in := func(e kiosk.CaseEvent) kiosk.Event { return kiosk.InCase{Case: id, Event: e} }
	return pick(w, []kiosk.Event{
		kiosk.KeyChosen{Errand: "cancel"}, kiosk.ReasonChosen{Reason: kiosk.ReasonRequest}, w.activationCode(), w.searches(), w.later(),
		kiosk.FoundChosen{Register: 7}, kiosk.WordGiven{}, kiosk.NotMeTyped{Code: kiosk.Secret(secretActivation)}, kiosk.UndoChosen{},
		kiosk.PrintAsked{What: kiosk.PrintForm}, kiosk.PrintTurned{By: -1}, kiosk.PrintClosed{},
		kiosk.TryNamed{By: kiosk.ByEmail, Channel: kiosk.Email}, kiosk.TryPINTyped{PIN: kiosk.Secret(secretPIN)}, kiosk.TryCodeTyped{Code: kiosk.Secret(secretCode)},
		in(kiosk.KeyRead{}), in(kiosk.KeyRead{Key: w.someKey()}), in(kiosk.OpenRefused{Code: pick(w, kiosk.ProblemWrongState, kiosk.ProblemNoKey)}),
		in(kiosk.ActivationSet{}), in(kiosk.ActivationAnswered{}), in(kiosk.Searched{ID: proof, Found: []kiosk.Key{*w.someKey()}}), in(kiosk.WordTaken{}),
		in(kiosk.NotMeAnswered{}), in(kiosk.StoredRead{}), in(kiosk.Printed{}), in(kiosk.PrintShown{}), in(kiosk.TryAnswered{}), in(kiosk.TryCodeAnswered{}),
		kiosk.ReportRead{Day: kiosk.DateOf(w.now)},
	}...)
}

// lifeCommand complains about a command of a key that there is; known reports whether it is one.
func (o *observer) lifeCommand(c kiosk.Command, after kiosk.State) (complaint string, known bool) {
	at := func(step kiosk.Step, id kiosk.CaseID) string {
		if after.Step != step && after.Shift.Phase != kiosk.ShiftLocked {
			return "asked in another step"
		}
		return wrongCase(id, after.Case)
	}
	opened := func(id kiosk.CaseID) string {
		if !o.opened {
			return "asked without an enrolment"
		}
		return wrongCase(id, o.reading)
	}
	switch c := c.(type) {
	case kiosk.ReadKey:
		if !o.complete || !o.confirmed || !o.allPassed() {
			return "shows the key of a person nobody verified", true
		}
		return at(kiosk.StepKey, c.Case), true
	case kiosk.SetActivation:
		o.laterTo = c.Activation.Channel
		return opened(c.Case), true
	case kiosk.ConfirmActivation:
		return opened(c.Case), true
	case kiosk.CheckPIN:
		return opened(c.Case), true
	case kiosk.SendTryCode:
		return opened(c.Case), true
	case kiosk.CheckTryCode:
		return opened(c.Case), true
	case kiosk.Search:
		if c.Reason == "" {
			return "searches without a reason", true
		}
		return at(kiosk.StepSearch, c.Case), true
	case kiosk.SuspendByWord:
		if c.Reason == "" || c.Search == uuid.Nil || c.BirthDate.IsZero() {
			return "suspends for nothing", true
		}
		return at(kiosk.StepWord, c.Case), true
	case kiosk.NotMe:
		return at(kiosk.StepNotMe, c.Case), true
	case kiosk.ReadStored:
		if !o.decided {
			return "shows what is stored about somebody whose evidence did not hold", true
		}
		return at(kiosk.StepStored, c.Case), true
	case kiosk.PrintReceipt:
		return wrongCase(c.Case, after.Case), true
	}
	return "", false
}

// due complains about a signature, or evidence, from which something is missing that the errand asks for.
func (o *observer) due(contacts int, later bool) string {
	errand, known := errandNamed(o.errand)
	switch {
	case !known || !o.agreed:
		return "over what nobody agreed to"
	case errand.Has(kiosk.StepPIN) && !o.sealed:
		return "without a sealed PIN"
	case errand.Has(kiosk.StepContact) && contacts == 0 && !(later && errand.MakesKey() && o.laterSet):
		return "without a contact"
	case errand.Has(kiosk.StepActivation) && !o.activated:
		return "without an activation code"
	case errand.Has(kiosk.StepTry) && !o.signedIn:
		return "without a sign-in"
	}
	return ""
}

func errandNamed(name string) (kiosk.Errand, bool) {
	for _, errands := range [][]kiosk.Errand{kiosk.Errands, kiosk.Life} {
		for _, errand := range errands {
			if errand.Name == name {
				return errand, true
			}
		}
	}
	return kiosk.Errand{}, false
}
