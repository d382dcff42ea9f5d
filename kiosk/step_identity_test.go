package kiosk_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"balcao/kiosk"
)

// nobody fails when the screens still show a person.
func (d *desk) nobody() *desk {
	d.t.Helper()
	doc := d.state.Document
	if doc.Identity != nil || doc.Photo != nil || d.state.Receipt != nil || d.state.Contact != (kiosk.ContactState{}) {
		d.t.Fatalf("a person is still shown in step %v", d.state.Step)
	}
	return d
}

func (d *desk) slot(reader int, want kiosk.Slot) *desk {
	d.t.Helper()
	if got := d.state.Status.Readers[reader-1].Slot; got != want {
		d.t.Fatalf("reader %d: got %q, want %q", reader, got, want)
	}
	return d
}

func TestReading(t *testing.T) {
	t.Run("IdentityAtOnce", func(t *testing.T) {
		d := newDesk(t).do(kiosk.CardInserted{Reader: 2}).at(kiosk.StepDocument).slot(2, kiosk.SlotReading)
		d.do(kiosk.InCase{Case: 1, Event: kiosk.Activity{Key: "activity.read_identity"}}, kiosk.InCase{Case: 1, Event: kiosk.IdentityRead{Identity: anna(), PINTries: 2, Pinpad: true}})
		d.at(kiosk.StepIdentity).do(kiosk.InCase{Case: 1, Event: kiosk.PINTriesRead{TriesLeft: 1}})
		var names []kiosk.CheckName
		for _, c := range d.state.Document.Checks {
			names = append(names, c.Name)
			if c.Result != kiosk.Pending {
				t.Errorf("%s: got %q before it was answered", c.Name, c.Result)
			}
		}
		if diff := cmp.Diff(kiosk.ExpectedChecks(kiosk.CitizenCard), names); diff != "" {
			t.Errorf("checks (-want +got):\n%s", diff)
		}
		doc := d.state.Document
		if doc.PINTries != 1 || !doc.Pinpad || !doc.CardPresent || doc.Activity != "activity.read_identity" {
			t.Errorf("document: got %+v", doc)
		}
	})

	t.Run("FailedCheckRefusesAndKeepsTheList", func(t *testing.T) {
		d := newDesk(t).do(kiosk.CardInserted{Reader: 1}, kiosk.InCase{Case: 1, Event: kiosk.IdentityRead{Identity: anna()}})
		unknown := kiosk.Check{Name: kiosk.CheckRevocation, Result: kiosk.Unknown, Reason: kiosk.ReasonRevocationUnknown}
		forged := kiosk.Check{Name: kiosk.CheckCertificate, Result: kiosk.Failed, Reason: kiosk.ReasonChainUntrusted}
		d.do(kiosk.InCase{Case: 1, Event: kiosk.CheckDone{Check: unknown}}).problem("revocation_unknown", true).nobody().asked()
		d.do(kiosk.InCase{Case: 1, Event: kiosk.CheckDone{Check: forged}}).problem("chain_untrusted", true)
		d.do(kiosk.InCase{Case: 1, Event: kiosk.DocumentRefused{Reason: kiosk.ReasonRevocationUnknown}}).problem("revocation_unknown", true)
		d.asked(kiosk.Forget{Case: 1}).at(kiosk.StepIdentity).nobody()
		if got, _ := d.state.Document.Check(kiosk.CheckCertificate); got != forged {
			t.Errorf("certificate check: got %+v", got)
		}
		d.do(kiosk.InCase{Case: 1, Event: kiosk.IdentityRead{Identity: anna()}}).nobody()
		d.do(kiosk.CardRemoved{Reader: 1}).at(kiosk.StepDocument).problem("", false).asked()
	})

	t.Run("FaultAfterARefusalLetsTheCardGo", func(t *testing.T) {
		d := newDesk(t).do(kiosk.CardInserted{Reader: 1}, kiosk.InCase{Case: 1, Event: kiosk.IdentityRead{Identity: anna()}})
		d.do(kiosk.InCase{Case: 1, Event: kiosk.CheckDone{Check: kiosk.Check{Name: kiosk.CheckAge, Result: kiosk.Failed, Reason: kiosk.ReasonUnderAge}}})
		d.do(kiosk.InCase{Case: 1, Event: kiosk.CommandFailed{Problem: kiosk.Problem{Code: kiosk.ProblemInternal, Fatal: true}}})
		d.asked(kiosk.Forget{Case: 1}).problem("under_age", true).nobody()
	})

	t.Run("NoStaysNo", func(t *testing.T) {
		d := newDesk(t).do(kiosk.CardInserted{Reader: 1})
		d.do(
			kiosk.InCase{Case: 1, Event: kiosk.CheckDone{Check: kiosk.Check{Name: kiosk.CheckAge, Result: kiosk.Failed, Reason: kiosk.ReasonUnderAge}}},
			kiosk.InCase{Case: 1, Event: kiosk.CheckDone{Check: kiosk.Check{Name: kiosk.CheckAge, Result: kiosk.Passed}}},
		)
		d.problem("under_age", true)
		if got, _ := d.state.Document.Check(kiosk.CheckAge); got.Result != kiosk.Failed {
			t.Errorf("the check shows %q", got.Result)
		}
	})

	t.Run("EveryReasonRefuses", func(t *testing.T) {
		for _, reason := range []kiosk.Reason{
			kiosk.ReasonUnknownCard, kiosk.ReasonMalformed, kiosk.ReasonSilent, kiosk.ReasonSODInvalid, kiosk.ReasonSODUnreadable, kiosk.ReasonSODUntrusted,
			kiosk.ReasonDataAltered, kiosk.ReasonChainUntrusted, kiosk.ReasonCertificateExpired, kiosk.ReasonCertificatePurpose,
			kiosk.ReasonCertificateRevoked, kiosk.ReasonCertificateSuspended, kiosk.ReasonRevocationUnknown, kiosk.ReasonPersonMismatch,
			kiosk.ReasonDocumentExpired, kiosk.ReasonUnderAge, kiosk.ReasonPINBlocked,
		} {
			d := newDesk(t).do(kiosk.CardInserted{Reader: 1}, kiosk.InCase{Case: 1, Event: kiosk.DocumentRefused{Reason: reason}})
			d.problem(kiosk.ProblemCode(reason), true).nobody().asked(kiosk.ReadDocument{Case: 1, Reader: 1}, kiosk.Forget{Case: 1})
		}
	})

	t.Run("UnansweredIsNotYes", func(t *testing.T) {
		for skip := range passes(1) {
			d := newDesk(t).do(kiosk.CardInserted{Reader: 1}, kiosk.InCase{Case: 1, Event: kiosk.IdentityRead{Identity: anna()}})
			d.do(slices.Delete(passes(1), skip, skip+1)...)
			d.do(kiosk.InCase{Case: 1, Event: kiosk.DocumentComplete{}}).problem(kiosk.ProblemInternal, true).nobody().asked(kiosk.Forget{Case: 1})
		}
	})

	t.Run("NobodyWithoutAPhotographShownOrAbsent", func(t *testing.T) {
		d := newDesk(t).do(kiosk.CardInserted{Reader: 1}, kiosk.InCase{Case: 1, Event: kiosk.IdentityRead{Identity: anna()}})
		d.do(passes(1)...).do(kiosk.PersonConfirmed{}).at(kiosk.StepIdentity)
		d.do(kiosk.InCase{Case: 1, Event: kiosk.DocumentComplete{}}, kiosk.PersonConfirmed{}).at(kiosk.StepIdentity)
		d.do(kiosk.InCase{Case: 1, Event: kiosk.PhotoRead{}}, kiosk.PersonConfirmed{}).at(kiosk.StepContact)
		if !d.state.Document.PhotoAbsent {
			t.Error("the missing photograph is not said to be missing")
		}
	})

	t.Run("Mismatch", func(t *testing.T) {
		d := newDesk(t).identified().do(kiosk.PersonMismatch{})
		d.problem(kiosk.ProblemNotThePerson, true).nobody().asked(kiosk.Forget{Case: 1})
		d.do(kiosk.NextPerson{}).at(kiosk.StepDocument).problem("", false).asked()
	})

	t.Run("MismatchAfterGoingBack", func(t *testing.T) {
		d := newDesk(t).opened().do(kiosk.Back{}, kiosk.PersonMismatch{})
		d.asked(kiosk.Abandon{Case: 1, Reason: kiosk.ProblemNotThePerson}, kiosk.Forget{Case: 1}).nobody()
	})

	t.Run("RetryReadsARefusedDocumentAgain", func(t *testing.T) {
		d := newDesk(t).do(kiosk.CardInserted{Reader: 1}, kiosk.InCase{Case: 1, Event: kiosk.DocumentRefused{Reason: kiosk.ReasonRevocationUnknown}})
		d.do(kiosk.Retry{}).asked(kiosk.ReadDocument{Case: 2, Reader: 1}).problem("", false)
	})

	t.Run("FailedReadingStartsAgain", func(t *testing.T) {
		d := newDesk(t).do(kiosk.CardInserted{Reader: 1})
		d.do(kiosk.InCase{Case: 1, Event: kiosk.DocumentFailed{Problem: kiosk.Problem{Code: kiosk.ProblemReaderBusy}}})
		d.problem(kiosk.ProblemReaderBusy, false).asked(kiosk.Forget{Case: 1})
		d.do(kiosk.Continue{}).asked(kiosk.ReadDocument{Case: 2, Reader: 1}).problem("", false)
	})

	t.Run("FatalFailure", func(t *testing.T) {
		d := newDesk(t).do(kiosk.CardInserted{Reader: 1}, kiosk.InCase{Case: 1, Event: kiosk.DocumentFailed{Problem: kiosk.Problem{Code: kiosk.ProblemInternal, Fatal: true}}})
		d.problem(kiosk.ProblemInternal, true).do(kiosk.CardRemoved{Reader: 1}, kiosk.Retry{}).problem("", false).at(kiosk.StepDocument).asked()
	})

	t.Run("FailureAfterARefusalChangesNothing", func(t *testing.T) {
		d := newDesk(t).do(kiosk.CardInserted{Reader: 1}, kiosk.InCase{Case: 1, Event: kiosk.CheckDone{Check: kiosk.Check{Name: kiosk.CheckAge, Result: kiosk.Failed, Reason: kiosk.ReasonUnderAge}}})
		d.do(kiosk.InCase{Case: 1, Event: kiosk.DocumentFailed{Problem: kiosk.Problem{Code: kiosk.ProblemReaderBusy}}}).problem("under_age", true).asked(kiosk.Forget{Case: 1})
		d.do(kiosk.CardInserted{Reader: 2}).asked(kiosk.ReadDocument{Case: 2, Reader: 2}).problem("", false)
	})

	t.Run("OtherDocument", func(t *testing.T) {
		d := newDesk(t).identified().do(kiosk.CardInserted{Reader: 2}).asked()
		d.do(kiosk.OtherDocument{}).asked(kiosk.Forget{Case: 1}, kiosk.ReadDocument{Case: 2, Reader: 2}).nobody()
	})
}

func TestCardMoves(t *testing.T) {
	t.Run("PulledDuringReading", func(t *testing.T) {
		d := newDesk(t).do(kiosk.CardInserted{Reader: 1}, kiosk.InCase{Case: 1, Event: kiosk.IdentityRead{Identity: anna()}})
		d.do(kiosk.InCase{Case: 1, Event: kiosk.Activity{Key: "activity.read_certificate"}}, kiosk.CardRemoved{Reader: 1})
		d.asked(kiosk.Forget{Case: 1}).at(kiosk.StepIdentity).nobody().slot(1, kiosk.SlotRemoved)
		want := &kiosk.Problem{Code: "card_removed", Reader: 1, Activity: "activity.read_certificate"}
		if diff := cmp.Diff(want, d.state.Problem); diff != "" {
			t.Errorf("problem (-want +got):\n%s", diff)
		}
		d.do(kiosk.InCase{Case: 1, Event: kiosk.DocumentRefused{Reason: kiosk.ReasonRemoved}}).problem("card_removed", false)
		d.do(kiosk.Retry{}).asked()
		d.do(kiosk.CardInserted{Reader: 1}).asked(kiosk.ReadDocument{Case: 2, Reader: 1}).problem("", false)
		d.do(kiosk.InCase{Case: 1, Event: kiosk.IdentityRead{Identity: anna()}}).at(kiosk.StepDocument).nobody()
	})

	t.Run("PulledUnnoticedByTheWatcher", func(t *testing.T) {
		d := newDesk(t).do(kiosk.CardInserted{Reader: 1}, kiosk.InCase{Case: 1, Event: kiosk.DocumentRefused{Reason: kiosk.ReasonRemoved}})
		d.problem("card_removed", false).do(kiosk.CardInserted{Reader: 1}).asked(kiosk.ReadDocument{Case: 2, Reader: 1})
	})

	t.Run("HeldByThePersonMeanwhile", func(t *testing.T) {
		d := newDesk(t).opened().do(kiosk.CardRemoved{Reader: 1}).at(kiosk.StepContact).problem("", false).slot(1, kiosk.SlotRemoved)
		d.do(kiosk.CardInserted{Reader: 2}).asked(kiosk.RecogniseAgain{Case: 1, Reader: 2}).slot(2, kiosk.SlotReading)
		d.do(kiosk.InCase{Case: 1, Event: kiosk.CardReturned{Reader: 2}}).slot(2, kiosk.SlotCitizen).slot(1, kiosk.SlotEmpty)
		if !d.state.Document.CardPresent || d.state.Document.Reader != 2 {
			t.Errorf("document: got %+v", d.state.Document)
		}
	})

	t.Run("AnotherCardIsNotAccepted", func(t *testing.T) {
		d := newDesk(t).opened().do(kiosk.CardRemoved{Reader: 1}, kiosk.CardInserted{Reader: 2})
		d.do(kiosk.InCase{Case: 1, Event: kiosk.SignFailed{Reason: kiosk.ReasonCardChanged}}).problem("card_changed", false).slot(2, kiosk.SlotUnknown)
		d.do(kiosk.Retry{}).problem("card_changed", false)
		d.do(kiosk.CardRemoved{Reader: 2}).problem("", false).at(kiosk.StepContact)
		d.do(kiosk.CardInserted{Reader: 1}, kiosk.InCase{Case: 1, Event: kiosk.CardReturned{Reader: 1}}).slot(1, kiosk.SlotCitizen)
	})

	t.Run("RightCardBesideTheWrongOne", func(t *testing.T) {
		d := newDesk(t).opened().do(kiosk.CardRemoved{Reader: 1}, kiosk.CardInserted{Reader: 2})
		d.do(kiosk.InCase{Case: 1, Event: kiosk.SignFailed{Reason: kiosk.ReasonCardChanged}}, kiosk.CardInserted{Reader: 1}, kiosk.InCase{Case: 1, Event: kiosk.CardReturned{Reader: 1}})
		d.problem("", false).slot(1, kiosk.SlotCitizen)
	})

	t.Run("AnswerAboutACardThatLeft", func(t *testing.T) {
		d := newDesk(t).opened().do(kiosk.CardRemoved{Reader: 1}, kiosk.CardInserted{Reader: 1}, kiosk.CardRemoved{Reader: 1}, kiosk.InCase{Case: 1, Event: kiosk.CardReturned{Reader: 1}})
		if d.state.Document.CardPresent {
			t.Error("a card that left counts as present")
		}
	})

	t.Run("Mute", func(t *testing.T) {
		d := newDesk(t).do(kiosk.CardUnresponsive{Reader: 2}).problem(kiosk.ProblemCardUnresponsive, false).slot(2, kiosk.SlotUnresponsive)
		if got := d.state.Problem.Reader; got != 2 {
			t.Errorf("reader: got %d, want 2", got)
		}
		d.do(kiosk.CardRemoved{Reader: 2}).problem("", false).slot(2, kiosk.SlotEmpty)
		d.do(kiosk.CardUnresponsive{Reader: 2}, kiosk.CardInserted{Reader: 1}).problem("", false).asked(kiosk.ReadDocument{Case: 1, Reader: 1})
	})

	t.Run("PutBackUpsideDown", func(t *testing.T) {
		d := newDesk(t).do(kiosk.CardInserted{Reader: 1}, kiosk.CardRemoved{Reader: 1}, kiosk.CardUnresponsive{Reader: 1})
		d.problem(kiosk.ProblemCardUnresponsive, false).do(kiosk.CardRemoved{Reader: 1}).problem("card_removed", false)
	})

	t.Run("SecondCardWaits", func(t *testing.T) {
		d := newDesk(t).identified().do(kiosk.CardInserted{Reader: 2}).asked().slot(2, kiosk.SlotCard)
		d.do(kiosk.CardRemoved{Reader: 2}).at(kiosk.StepIdentity).problem("", false)
	})

	t.Run("ReaderUnplugged", func(t *testing.T) {
		d := newDesk(t).do(kiosk.CardInserted{Reader: 2})
		d.do(kiosk.ReaderRemoved{Reader: 2}).problem("card_removed", false).asked(kiosk.Forget{Case: 1})
	})
}

func TestService(t *testing.T) {
	t.Run("StoppedOnAnEmptyDesk", func(t *testing.T) {
		d := newDesk(t).do(kiosk.ServiceChanged{Problem: kiosk.ProblemServiceStopped}).problem(kiosk.ProblemServiceStopped, false)
		d.do(kiosk.ServiceChanged{}).problem("", false)
	})
	t.Run("RestartedDuringReading", func(t *testing.T) {
		d := newDesk(t).do(kiosk.CardInserted{Reader: 1}, kiosk.ServiceChanged{Problem: kiosk.ProblemServiceStopped})
		d.problem(kiosk.ProblemServiceStopped, false).do(kiosk.ServiceChanged{}).problem("card_removed", false)
		d.do(kiosk.CardInserted{Reader: 1}).asked(kiosk.ReadDocument{Case: 2, Reader: 1}).problem("", false)
	})
	t.Run("FailedReadingIsTheServices", func(t *testing.T) {
		stopped := kiosk.Problem{Code: kiosk.ProblemServiceStopped}
		d := newDesk(t).do(kiosk.CardInserted{Reader: 1}, kiosk.InCase{Case: 1, Event: kiosk.DocumentFailed{Problem: stopped}}, kiosk.ReaderRemoved{Reader: 1}, kiosk.ServiceChanged{Problem: stopped.Code})
		d.problem(kiosk.ProblemServiceStopped, false).do(kiosk.ReaderAdded{Reader: 1}).problem("card_removed", false)
	})
	t.Run("RestartedWhileNotNeeded", func(t *testing.T) {
		d := newDesk(t).opened().do(kiosk.ServiceChanged{Problem: kiosk.ProblemServiceStopped}).problem("", false).at(kiosk.StepContact)
		d.do(kiosk.ServiceChanged{}, kiosk.CardInserted{Reader: 1}).asked(kiosk.RecogniseAgain{Case: 1, Reader: 1})
	})
	t.Run("StoppedWhileTheCardIsNeeded", func(t *testing.T) {
		d := newDesk(t).reviewing().do(kiosk.Agreed{}, kiosk.ServiceChanged{Problem: kiosk.ProblemServiceStopped})
		d.problem(kiosk.ProblemServiceStopped, false)
		d.do(kiosk.ServiceChanged{}, kiosk.CardInserted{Reader: 1}, kiosk.InCase{Case: 1, Event: kiosk.CardReturned{Reader: 1}}).problem("", false)
		if got := d.state.Review.Phase; got != kiosk.ReviewCardPIN {
			t.Errorf("phase: got %q", got)
		}
	})
}

func TestClockSkew(t *testing.T) {
	skewed := kiosk.CentreChanged{Centre: kiosk.CentreStatus{Health: kiosk.HealthGood, Skew: -6 * time.Minute}}
	d := newDesk(t).do(skewed).problem(kiosk.ProblemClockSkew, false)
	d.do(kiosk.CardInserted{Reader: 1}).asked().at(kiosk.StepDocument).problem(kiosk.ProblemClockSkew, false)
	d.do(kiosk.CentreChanged{Centre: kiosk.CentreStatus{Health: kiosk.HealthGood, Skew: 5 * time.Minute}})
	d.asked(kiosk.ReadDocument{Case: 1, Reader: 1}).problem("", false)
	d.do(skewed).problem("", false)
	d.do(kiosk.Cancel{}).problem(kiosk.ProblemClockSkew, false)
	d.do(kiosk.CentreChanged{Centre: kiosk.CentreStatus{Health: kiosk.HealthDown}}).problem(kiosk.ProblemClockSkew, false)
}
