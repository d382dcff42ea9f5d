package kiosk_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"balcao/kiosk"
)

func (d *desk) phase(want kiosk.ReviewPhase) *desk {
	d.t.Helper()
	if got := d.state.Review.Phase; d.state.Step != kiosk.StepReview || got != want {
		d.t.Fatalf("phase: got %v %q, want %q", d.state.Step, got, want)
	}
	return d
}

func cardPIN() kiosk.CardPINTyped { return kiosk.CardPINTyped{PIN: kiosk.Secret("1234")} }

func TestReview(t *testing.T) {
	t.Run("CardHeldByThePerson", func(t *testing.T) {
		d := newDesk(t).reviewing().do(kiosk.CardRemoved{Reader: 1}, kiosk.Agreed{}).phase(kiosk.ReviewCard).problem("", false)
		d.do(kiosk.CardInserted{Reader: 1}).asked(kiosk.RecogniseAgain{Case: 1, Reader: 1}).phase(kiosk.ReviewCard)
		d.do(kiosk.InCase{Case: 1, Event: kiosk.CardReturned{Reader: 1}}).phase(kiosk.ReviewCardPIN)
	})
	t.Run("Disputed", func(t *testing.T) {
		d := newDesk(t).reviewing().do(kiosk.HandOver{ToCitizen: true}, kiosk.SomethingWrong{}).phase(kiosk.ReviewReading)
		if !d.state.Review.Disputed || d.state.HandedOver {
			t.Errorf("got disputed %v, handed over %v", d.state.Review.Disputed, d.state.HandedOver)
		}
		d.do(kiosk.Back{}).at(kiosk.StepPIN).do(kiosk.Back{}).at(kiosk.StepContact)
		if !d.state.Contact.Settled {
			t.Error("what was proven is lost")
		}
	})
	t.Run("WrongCardPIN", func(t *testing.T) {
		d := newDesk(t).signing().do(kiosk.InCase{Case: 1, Event: kiosk.CardPINRefused{TriesLeft: 2}}).phase(kiosk.ReviewCardPIN).asked()
		if !d.state.Review.PINWrong || d.state.Document.PINTries != 2 {
			t.Errorf("got wrong %v, tries %d", d.state.Review.PINWrong, d.state.Document.PINTries)
		}
		d.do(cardPIN()).phase(kiosk.ReviewSigning)
		d.do(kiosk.InCase{Case: 1, Event: kiosk.CardPINRefused{}}).problem("pin_blocked", true).nobody()
		d.asked(kiosk.Abandon{Case: 1, Reason: "pin_blocked"}, kiosk.Forget{Case: 1})
	})
	t.Run("ImpossibleCardPINIsNotTried", func(t *testing.T) {
		for _, pin := range []string{"", "123", "123456789", "12a4"} {
			newDesk(t).reviewing().do(kiosk.Agreed{}).do(kiosk.CardPINTyped{PIN: kiosk.Secret(pin)}).asked().phase(kiosk.ReviewCardPIN)
		}
	})
	t.Run("Pinpad", func(t *testing.T) {
		d := newDesk(t).do(kiosk.CardInserted{Reader: 1}, kiosk.InCase{Case: 1, Event: kiosk.IdentityRead{Identity: anna(), PINTries: 3, Pinpad: true}})
		d.do(passes(1)...).do(
			kiosk.InCase{Case: 1, Event: kiosk.PhotoRead{Photo: &kiosk.Photo{}}}, kiosk.InCase{Case: 1, Event: kiosk.DocumentComplete{}}, kiosk.PersonConfirmed{}, kiosk.InCase{Case: 1, Event: kiosk.Opened{}},
			enterPhone, phoneQueued(3), typedCode(), confirmed(kiosk.SMS), kiosk.Continue{},
			kiosk.PINTyped{PIN: kiosk.Secret(goodPIN)}, kiosk.PINTyped{PIN: kiosk.Secret(goodPIN)}, kiosk.InCase{Case: 1, Event: kiosk.PINWasSealed{}},
		)
		sign := kiosk.Sign{Case: 1, Transcript: d.transcript()}
		sign.Transcript.Assurance = kiosk.Assurance{}
		d.do(kiosk.Agreed{}).asked(sign).phase(kiosk.ReviewSigning)
		d.do(kiosk.InCase{Case: 1, Event: kiosk.CardPINRefused{TriesLeft: 2}}).asked().phase(kiosk.ReviewCardPIN)
		d.do(cardPIN()).asked()
		d.do(kiosk.Agreed{}).asked(sign)
		d.do(kiosk.CardRemoved{Reader: 1}, kiosk.InCase{Case: 1, Event: kiosk.SignFailed{Reason: kiosk.ReasonRemoved}}, kiosk.CardInserted{Reader: 1})
		d.do(kiosk.InCase{Case: 1, Event: kiosk.CardReturned{Reader: 1, Pinpad: true}}).asked(sign)
		d.do(kiosk.InCase{Case: 1, Event: kiosk.CommandFailed{Problem: kiosk.Problem{Code: kiosk.ProblemReaderBusy}}}).phase(kiosk.ReviewCardPIN)
		d.do(kiosk.Retry{}).problem("", false).asked(sign)
		d.do(kiosk.InCase{Case: 1, Event: kiosk.SignFailed{Reason: kiosk.ReasonRemoved}}, kiosk.CardRemoved{Reader: 1}, kiosk.CardInserted{Reader: 2})
		d.do(kiosk.InCase{Case: 1, Event: kiosk.CardReturned{Reader: 2}}).asked().phase(kiosk.ReviewCardPIN) // this one has no keypad
		d.do(cardPIN()).phase(kiosk.ReviewSigning)
	})
	t.Run("PulledWhileSigning", func(t *testing.T) {
		d := newDesk(t).signing().do(kiosk.CardRemoved{Reader: 1}).phase(kiosk.ReviewSigning)
		d.do(kiosk.InCase{Case: 1, Event: kiosk.SignFailed{Reason: kiosk.ReasonRemoved}}).phase(kiosk.ReviewCard).problem("", false)
		d.do(kiosk.CardInserted{Reader: 1}, kiosk.InCase{Case: 1, Event: kiosk.CardReturned{Reader: 1}}).phase(kiosk.ReviewCardPIN)
	})
	t.Run("PulledBeforeTheWatcherNoticed", func(t *testing.T) {
		d := newDesk(t).signing().do(kiosk.InCase{Case: 1, Event: kiosk.SignFailed{Reason: kiosk.ReasonRemoved}}).phase(kiosk.ReviewCardPIN)
		d.do(kiosk.CardRemoved{Reader: 1}).phase(kiosk.ReviewCard)
	})
	t.Run("ChangedWhileSigning", func(t *testing.T) {
		d := newDesk(t).signing().do(kiosk.InCase{Case: 1, Event: kiosk.SignFailed{Reason: kiosk.ReasonCardChanged}}).phase(kiosk.ReviewCard)
		d.problem("card_changed", false).slot(1, kiosk.SlotUnknown)
		d.do(kiosk.CardRemoved{Reader: 1}).problem("", false).phase(kiosk.ReviewCard)
	})
	t.Run("FoundToBeAnotherCardBeforeThePIN", func(t *testing.T) {
		d := newDesk(t).reviewing().do(kiosk.Agreed{}, kiosk.InCase{Case: 1, Event: kiosk.SignFailed{Reason: kiosk.ReasonCardChanged}})
		d.problem("card_changed", false).phase(kiosk.ReviewCard).do(cardPIN()).asked()
	})
	t.Run("BankCardInstead", func(t *testing.T) {
		d := newDesk(t).reviewing().do(kiosk.CardRemoved{Reader: 1}, kiosk.Agreed{}, kiosk.CardInserted{Reader: 1})
		d.do(kiosk.InCase{Case: 1, Event: kiosk.SignFailed{Reason: kiosk.ReasonUnknownCard}}).problem("card_changed", false).phase(kiosk.ReviewCard)
	})
	t.Run("SignedJustBeforeItWasPulled", func(t *testing.T) {
		d := newDesk(t).signing().do(kiosk.CardRemoved{Reader: 1})
		d.do(kiosk.InCase{Case: 1, Event: kiosk.Signed{Check: kiosk.Check{Result: kiosk.Passed}}}).asked(kiosk.Bind{Case: 1}).phase(kiosk.ReviewBinding)
	})
	t.Run("Clone", func(t *testing.T) {
		d := newDesk(t).signing().do(kiosk.InCase{Case: 1, Event: kiosk.SignFailed{Reason: kiosk.ReasonKeyMismatch}}).problem("key_mismatch", true).nobody()
		if check, _ := d.state.Document.Check(kiosk.CheckKey); check.Result != kiosk.Failed || check.Reason != kiosk.ReasonKeyMismatch {
			t.Errorf("check: got %+v", check)
		}
		d.asked(kiosk.Abandon{Case: 1, Reason: "key_mismatch"}, kiosk.Forget{Case: 1})
	})
	t.Run("SignatureThatProvesNothing", func(t *testing.T) {
		d := newDesk(t).signing().do(kiosk.InCase{Case: 1, Event: kiosk.Signed{Check: kiosk.Check{Result: kiosk.Unknown}}})
		d.problem(kiosk.ProblemInternal, true).asked(kiosk.Abandon{Case: 1, Reason: kiosk.ProblemInternal}, kiosk.Forget{Case: 1})
	})
	t.Run("TechnicalFailure", func(t *testing.T) {
		d := newDesk(t).signing().do(kiosk.InCase{Case: 1, Event: kiosk.CommandFailed{Problem: kiosk.Problem{Code: kiosk.ProblemReaderBusy}}})
		d.phase(kiosk.ReviewCardPIN).problem(kiosk.ProblemReaderBusy, false).do(cardPIN()).phase(kiosk.ReviewSigning).problem("", false)
	})
	t.Run("ServiceStopsWhileSigning", func(t *testing.T) {
		stopped := kiosk.Problem{Code: kiosk.ProblemServiceStopped}
		d := newDesk(t).signing().do(kiosk.InCase{Case: 1, Event: kiosk.CommandFailed{Problem: stopped}}, kiosk.ReaderRemoved{Reader: 1}, kiosk.ServiceChanged{Problem: stopped.Code})
		d.phase(kiosk.ReviewCard).problem(kiosk.ProblemServiceStopped, false)
		d.do(kiosk.ReaderAdded{Reader: 1}).problem("", false)
		d.do(kiosk.CardInserted{Reader: 1}, kiosk.InCase{Case: 1, Event: kiosk.CardReturned{Reader: 1}}).phase(kiosk.ReviewCardPIN)
	})
	t.Run("RecognisingFails", func(t *testing.T) {
		d := newDesk(t).reviewing().do(kiosk.CardRemoved{Reader: 1}, kiosk.CardInserted{Reader: 1})
		d.do(kiosk.InCase{Case: 1, Event: kiosk.CommandFailed{Problem: kiosk.Problem{Code: kiosk.ProblemReaderBusy}}}).problem(kiosk.ProblemReaderBusy, false)
		d.do(kiosk.Retry{}).asked(kiosk.RecogniseAgain{Case: 1, Reader: 1})
	})
}

func TestBinding(t *testing.T) {
	t.Run("NoWayBack", func(t *testing.T) {
		d := newDesk(t).signing().do(kiosk.Cancel{}, kiosk.InCase{Case: 1, Event: kiosk.Signed{Check: kiosk.Check{Result: kiosk.Passed}}})
		if d.state.ConfirmCancel {
			t.Error("still asks whether to cancel")
		}
		d.do(kiosk.CancelConfirmed{}, kiosk.Cancel{}, kiosk.CancelConfirmed{}, kiosk.Back{}, kiosk.OtherDocument{}, kiosk.NextPerson{}, kiosk.CardRemoved{Reader: 1})
		d.asked().phase(kiosk.ReviewBinding).later(time.Hour).phase(kiosk.ReviewBinding)
	})
	t.Run("Waiting", func(t *testing.T) {
		d := newDesk(t).binding().do(kiosk.InCase{Case: 1, Event: kiosk.BindWaiting{}})
		if !d.state.Review.Waiting || !d.state.Review.BindSince.Equal(noon) {
			t.Errorf("review: got %+v", d.state.Review)
		}
	})
	t.Run("FailureIsRepeatedNotEnded", func(t *testing.T) {
		d := newDesk(t).binding().do(centreDown).problem(kiosk.ProblemCentreDown, false).phase(kiosk.ReviewBinding)
		d.do(centreUp).asked(kiosk.Bind{Case: 1}).problem("", false)
	})
	t.Run("DefiniteErrorEnds", func(t *testing.T) {
		failed := kiosk.InCase{Case: 1, Event: kiosk.CommandFailed{Problem: kiosk.Problem{Code: kiosk.ProblemInternal, Reference: "7", Fatal: true}}}
		newDesk(t).binding().do(failed).problem(kiosk.ProblemInternal, true).nobody().asked(kiosk.Forget{Case: 1})
	})
	t.Run("Refused", func(t *testing.T) {
		for _, code := range []kiosk.ProblemCode{kiosk.ProblemAlreadyActive, kiosk.ProblemContactTaken, kiosk.ProblemNotProven} {
			d := newDesk(t).binding().do(kiosk.InCase{Case: 1, Event: kiosk.KeyRefused{Code: code}}).problem(code, true).nobody().asked(kiosk.Forget{Case: 1})
			d.do(kiosk.Retry{}).problem("", false).asked(kiosk.ReadDocument{Case: 2, Reader: 1}) // the card still there begins again
		}
	})
	t.Run("LowerLevelSaysWhy", func(t *testing.T) {
		d := newDesk(t).binding().do(kiosk.InCase{Case: 1, Event: kiosk.KeyActive{Level: kiosk.LevelSubstantial}})
		want := kiosk.Assurance{Level: kiosk.LevelSubstantial, Missing: []kiosk.CheckName{kiosk.CheckKey}}
		if diff := cmp.Diff(want, d.state.Receipt.Assurance); diff != "" {
			t.Errorf("assurance (-want +got):\n%s", diff)
		}
	})
}
