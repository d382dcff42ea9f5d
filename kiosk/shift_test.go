package kiosk_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"balcao/kiosk"
)

var (
	rita   = kiosk.Staff{Number: "F0417", Name: "Rita Neves"}
	marta  = kiosk.Staff{Number: "F0102", Name: "Marta Reis"}
	signIn = map[string]kiosk.Role{rita.Number: kiosk.RoleClerk, marta.Number: kiosk.RoleSupervisor}
)

func staffPIN() kiosk.StaffPINTyped { return kiosk.StaffPINTyped{PIN: kiosk.Secret("470926")} }

// newShift is a desk that asks for a shift, with one reader for everything or a third one for staff cards.
func newShift(t *testing.T, own bool) *desk {
	t.Helper()
	settings := kiosk.Settings{DeskName: "Balcão 07", ShiftRequired: true, StaffReader: own}
	d := &desk{t: t, session: kiosk.NewSession(settings, noon)}
	d.do(kiosk.ReaderAdded{Reader: 1, Name: "A"}, kiosk.ReaderAdded{Reader: 2, Name: "B"})
	if own {
		d.do(kiosk.ReaderAdded{Reader: 3, Name: "Staff", Staff: true})
	}
	return d.do(kiosk.CentreChanged{Centre: kiosk.CentreStatus{Health: kiosk.HealthGood}, Delivery: kiosk.HealthGood})
}

// staffReader is where a staff card goes.
func (d *desk) staffReader() int {
	if d.state.Shift.OwnReader {
		return 3
	}
	return 1
}

// card puts a staff card in, of the shift or another.
func (d *desk) card(who kiosk.Staff, ofShift bool) *desk {
	d.t.Helper()
	n := d.staffReader()
	d.do(kiosk.CardInserted{Reader: n}).asked(kiosk.ReadStaffCard{Reader: n})
	return d.do(kiosk.StaffCardRead{Reader: n, Holder: who, TriesLeft: 3, OfShift: ofShift})
}

// signedIn brings the desk to an open shift. Where there is one reader, the staff card is out again.
func (d *desk) signedIn(who kiosk.Staff) *desk {
	d.t.Helper()
	d.card(who, false).shift(kiosk.ShiftCard).do(staffPIN())
	d.asked(kiosk.SignIn{Reader: d.staffReader(), PIN: kiosk.Secret("470926")}).shift(kiosk.ShiftSigning)
	who.Role = signIn[who.Number]
	d.do(kiosk.SignedIn{Staff: who, EndsAt: noon.Add(8 * time.Hour)}).shift(kiosk.ShiftOpen)
	if !d.state.Shift.OwnReader {
		d.do(kiosk.CardRemoved{Reader: d.staffReader()}).shift(kiosk.ShiftOpen)
	}
	return d
}

func (d *desk) shift(want kiosk.ShiftPhase) *desk {
	d.t.Helper()
	if got := d.state.Shift; got.Phase != want {
		d.t.Fatalf("shift: got %+v, want %q", got, want)
	}
	return d
}

// why fails unless the shift shows that problem.
func (d *desk) why(want kiosk.ProblemCode) *desk {
	d.t.Helper()
	if got := d.state.Shift; got.Problem != want {
		d.t.Fatalf("shift: got %+v, want problem %q", got, want)
	}
	return d
}

// hidden fails when anything of a case is in the state.
func (d *desk) hidden(kept bool) *desk {
	d.t.Helper()
	s := d.state
	if s.Shift.KeptCase != kept || s.Shift.WipeAt.IsZero() == kept {
		d.t.Fatalf("kept %v until %v, want %v", s.Shift.KeptCase, s.Shift.WipeAt, kept)
	}
	if s.Case != 0 || s.Step != kiosk.StepDocument || s.Document.Identity != nil || s.Document.Photo != nil || s.Contact != (kiosk.ContactState{}) ||
		s.Receipt != nil || s.Approval.Case != nil || s.Review != (kiosk.ReviewState{}) {
		d.t.Fatalf("a locked desk shows %+v", s)
	}
	return d
}

func (d *desk) unlock() *desk {
	d.t.Helper()
	d.do(staffPIN()).asked(kiosk.UnlockShift{Reader: d.staffReader(), PIN: kiosk.Secret("470926")}).shift(kiosk.ShiftSigning)
	return d.do(kiosk.Unlocked{}).shift(kiosk.ShiftOpen)
}

func (d *desk) wait(after time.Duration) *desk {
	return d.do(kiosk.Tick{Now: d.state.Now.Add(after)})
}

func TestShift_SignIn(t *testing.T) {
	t.Run("NoCaseWithoutIt", func(t *testing.T) {
		d := newShift(t, true).shift(kiosk.ShiftNone)
		for _, e := range []kiosk.Event{kiosk.CardInserted{Reader: 1}, kiosk.NoChip{}, kiosk.AccessTyped{Kind: kiosk.AccessMRZ, Text: theZone},
			kiosk.ErrandChosen{Name: "check"}, kiosk.Retry{}, kiosk.Continue{}} {
			if d.do(e); len(d.commands) > 0 || d.state.Case != 0 {
				t.Errorf("%T: case %d, asked %v", e, d.state.Case, d.commands)
			}
		}
		d.signedIn(rita)
		if d.state.Case != 1 {
			t.Error("the card that waited was not read")
		}
	})
	t.Run("OneReader", func(t *testing.T) {
		d := newShift(t, false).signedIn(rita)
		d.do(kiosk.CardInserted{Reader: 1}).asked(kiosk.ReadDocument{Case: 1, Reader: 1})
	})
	t.Run("StaffCardLeftInIsNoDocument", func(t *testing.T) {
		d := newShift(t, false).card(rita, false).do(staffPIN(), kiosk.SignedIn{Staff: rita, EndsAt: noon.Add(time.Hour)})
		if d.shift(kiosk.ShiftOpen); d.state.Case != 0 || d.state.LeftBehind != 0 || d.state.Status.Readers[0].Slot != kiosk.SlotStaff {
			t.Errorf("got case %d, left %d, %v", d.state.Case, d.state.LeftBehind, d.state.Status.Readers)
		}
	})
	t.Run("Refused", func(t *testing.T) {
		for _, code := range []kiosk.ProblemCode{kiosk.ProblemStaffSuspended, kiosk.ProblemStaffLocked, kiosk.ProblemSignInInvalid} {
			newShift(t, true).card(rita, false).do(staffPIN(), kiosk.SignInRefused{Code: code}).shift(kiosk.ShiftCard).why(code).
				do(staffPIN()).shift(kiosk.ShiftSigning).why("")
		}
	})
	t.Run("CentreDown", func(t *testing.T) {
		newShift(t, true).card(rita, false).do(staffPIN(), kiosk.SignInFailed{Problem: kiosk.ProblemCentreDown}).shift(kiosk.ShiftCard).why(kiosk.ProblemCentreDown)
	})
	t.Run("WrongPIN", func(t *testing.T) {
		d := newShift(t, true).card(rita, false).do(staffPIN(), kiosk.StaffPINRefused{TriesLeft: 1}).shift(kiosk.ShiftCard)
		if !d.state.Shift.PINWrong || d.state.Shift.TriesLeft != 1 {
			t.Errorf("got %+v", d.state.Shift)
		}
		d.do(staffPIN(), kiosk.StaffPINRefused{}).why(kiosk.ProblemStaffPINBlocked).do(staffPIN()).asked()
	})
	t.Run("ImpossiblePINIsNotTried", func(t *testing.T) {
		for _, pin := range []string{"", "12345", "123456789"} {
			typed := kiosk.Secret(pin)
			newShift(t, true).card(rita, false).do(kiosk.StaffPINTyped{PIN: typed}).asked()
			if diff := cmp.Diff(kiosk.Secret(make([]byte, len(pin))), typed, cmp.Comparer(func(a, b kiosk.Secret) bool { return string(a) == string(b) })); diff != "" {
				t.Errorf("%q was not wiped", pin)
			}
		}
	})
	t.Run("PINWithLetters", func(t *testing.T) {
		newShift(t, true).card(rita, false).do(kiosk.StaffPINTyped{PIN: kiosk.Secret("Ab-45678")}).shift(kiosk.ShiftSigning)
	})
	t.Run("NotWithWhatWasTypedElsewhere", func(t *testing.T) {
		d := newShift(t, true).signedIn(rita).do(kiosk.ShiftEnded{Problem: kiosk.ProblemNoShift})
		d.do(kiosk.StaffCardRead{Reader: 3, Holder: rita, TriesLeft: 3}).shift(kiosk.ShiftCard)
		stray := staffPIN()
		if d.do(stray).asked().shift(kiosk.ShiftCard); string(stray.PIN) == "470926" {
			t.Error("what was typed was not wiped")
		}
		d.do(kiosk.Tick{Now: d.state.Now.Add(3 * time.Second)}, staffPIN()).shift(kiosk.ShiftSigning)
		newShift(t, true).signedIn(rita).do(kiosk.ShiftEnded{Problem: kiosk.ProblemNoShift}, kiosk.CardRemoved{Reader: 3}).
			card(rita, false).do(staffPIN()).shift(kiosk.ShiftSigning)
	})
	t.Run("NotWithAWrongClock", func(t *testing.T) {
		d := newShift(t, true).card(rita, false)
		d.do(kiosk.CentreChanged{Centre: kiosk.CentreStatus{Health: kiosk.HealthGood, Skew: time.Hour}})
		d.do(staffPIN()).asked().shift(kiosk.ShiftCard).why(kiosk.ProblemClockSkew)
		d.do(kiosk.CentreChanged{Centre: kiosk.CentreStatus{Health: kiosk.HealthGood}}).do(staffPIN()).shift(kiosk.ShiftSigning)
	})
	t.Run("NoStaffCard", func(t *testing.T) {
		newShift(t, true).do(kiosk.CardInserted{Reader: 3}, kiosk.StaffCardFailed{Reader: 3, Problem: kiosk.ProblemNotStaffCard}).
			shift(kiosk.ShiftNone).why(kiosk.ProblemNotStaffCard).do(kiosk.CardRemoved{Reader: 3}).do(kiosk.CardInserted{Reader: 3}).why("")
	})
	t.Run("PulledWhileSigning", func(t *testing.T) {
		d := newShift(t, true).card(rita, false).do(staffPIN(), kiosk.CardRemoved{Reader: 3}).shift(kiosk.ShiftSigning)
		d.do(kiosk.SignedIn{Staff: rita, EndsAt: noon.Add(time.Hour)}).shift(kiosk.ShiftLocked)
		newShift(t, true).card(rita, false).do(staffPIN(), kiosk.CardRemoved{Reader: 3}, kiosk.SignInFailed{Problem: kiosk.ProblemStaffCardFailed}).
			shift(kiosk.ShiftNone).why(kiosk.ProblemStaffCardFailed)
	})
	t.Run("AuditorBeginsNothing", func(t *testing.T) {
		auditor := kiosk.Staff{Number: "F0900", Name: "A", Role: kiosk.RoleAuditor}
		d := newShift(t, true).card(auditor, false).do(staffPIN(), kiosk.SignedIn{Staff: auditor, EndsAt: noon.Add(time.Hour)}, kiosk.CardInserted{Reader: 1})
		d.problem(kiosk.ProblemNotAllowed, false)
		if d.state.Case != 0 {
			t.Error("an auditor began a case")
		}
	})
	t.Run("Forgotten", func(t *testing.T) {
		d := newShift(t, true).do(kiosk.CardForgotten{})
		if !d.state.Shift.Forgotten || d.do(kiosk.Cancel{}).state.Shift.Forgotten {
			t.Error("typing a number does not begin or end")
		}
		d.do(kiosk.CardForgotten{}, kiosk.ForgottenNumberTyped{Number: " F0417 "}).card(marta, false).do(staffPIN())
		d.asked(kiosk.SignIn{Reader: 3, PIN: kiosk.Secret("470926"), Admits: "F0417"})
		clerk := rita
		clerk.Role = kiosk.RoleClerk
		d.do(kiosk.SignedIn{Staff: clerk, AdmittedBy: marta.Number, EndsAt: noon.Add(8 * time.Hour)}).shift(kiosk.ShiftOpen)
		d.do(kiosk.CardRemoved{Reader: 3}).shift(kiosk.ShiftOpen) // the supervisor takes theirs along
		if got := d.state.IdleAt; !got.Equal(noon.Add(2 * time.Minute)) {
			t.Errorf("locks at %v, want two minutes: no card is held", got)
		}
		d.signing().do(kiosk.InCase{Case: 1, Event: kiosk.Signed{Check: kiosk.Check{Result: kiosk.Passed}}}).asked(kiosk.Bind{Case: 1})
	})
}

func TestShift_Lock(t *testing.T) {
	t.Run("CardOutKeepsTheCase", func(t *testing.T) {
		d := newShift(t, true).signedIn(rita).reviewing()
		photo := d.state.Document.Photo
		d.do(kiosk.CardRemoved{Reader: 3}).shift(kiosk.ShiftLocked).hidden(true).asked()
		clear(photo.Data) // as a screen does
		d.wait(119*time.Second).card(rita, true).shift(kiosk.ShiftLocked).unlock().at(kiosk.StepReview)
		if got := string(d.state.Document.Photo.Data); got != "face" || !d.state.Contact.Settled {
			t.Errorf("came back with the photograph %q", got)
		}
	})
	t.Run("TwoMinutesLaterItIsGone", func(t *testing.T) {
		d := newShift(t, true).signedIn(rita).reviewing().do(kiosk.CardRemoved{Reader: 3})
		d.wait(2*time.Minute).asked(kiosk.Abandon{Case: 1, Reason: ""}, kiosk.Forget{Case: 1}).hidden(false).shift(kiosk.ShiftLocked)
		d.card(rita, true).unlock().at(kiosk.StepDocument).problem(kiosk.ProblemIdle, false)
	})
	t.Run("AnotherNeverContinuesIt", func(t *testing.T) {
		d := newShift(t, true).signedIn(rita).reviewing().do(kiosk.CardRemoved{Reader: 3}).card(marta, false).hidden(true).do(staffPIN())
		d.asked(kiosk.SignIn{Reader: 3, PIN: kiosk.Secret("470926")})
		who := marta
		who.Role = kiosk.RoleSupervisor
		d.do(kiosk.SignedIn{Staff: who, EndsAt: noon.Add(time.Hour)}).shift(kiosk.ShiftOpen).at(kiosk.StepDocument)
		d.asked(kiosk.Abandon{Case: 1}, kiosk.Forget{Case: 1}, kiosk.ListCases{})
	})
	t.Run("NothingLeavesBehindIt", func(t *testing.T) {
		d := newShift(t, true).signedIn(rita).identified().do(kiosk.PersonConfirmed{}, kiosk.ContactEntered{Channel: kiosk.SMS, Text: "912 345 678"}, kiosk.LockScreen{})
		d.do(kiosk.InCase{Case: 1, Event: kiosk.Opened{ExpiresAt: noon.Add(time.Hour)}}).asked().hidden(true)
		for _, e := range []kiosk.Event{kiosk.Continue{}, kiosk.ContactEntered{Channel: kiosk.SMS, Text: "913 345 678"}, kiosk.Cancel{}, kiosk.CancelConfirmed{},
			kiosk.SignOut{}, kiosk.CardInserted{Reader: 2}, kiosk.OtherDocument{}, kiosk.NextPerson{}, kiosk.HandOver{ToCitizen: true}} {
			d.do(e).asked().hidden(true)
		}
		d.do(kiosk.StaffCardRead{Reader: 3, Holder: rita, TriesLeft: 3, OfShift: true}).unlock().at(kiosk.StepContact)
		d.asked(kiosk.SendCode{Case: 1, Number: 1, Channel: kiosk.SMS, Value: annasPhone, Language: kiosk.Portuguese})
	})
	t.Run("FirstEntryOfAPINIsNotKept", func(t *testing.T) {
		first := kiosk.Secret(goodPIN)
		d := newShift(t, true).signedIn(rita).settled().do(kiosk.Continue{}, kiosk.PINTyped{PIN: first}, kiosk.LockScreen{}).hidden(true)
		if string(first) == goodPIN {
			t.Error("the first entry is kept")
		}
		typed := kiosk.Secret(goodPIN)
		if d.do(kiosk.PINTyped{PIN: typed}); string(typed) == goodPIN {
			t.Error("a PIN that was typed at a locked desk is kept")
		}
	})
	for _, tt := range []struct {
		name string
		own  bool
		idle time.Duration
	}{{"OwnReader", true, 10 * time.Minute}, {"OneReader", false, 2 * time.Minute}} {
		t.Run("Idle"+tt.name, func(t *testing.T) {
			d := newShift(t, tt.own).signedIn(rita).identified()
			if !d.state.IdleAt.Equal(noon.Add(tt.idle)) {
				t.Errorf("locks at %v", d.state.IdleAt)
			}
			d.wait(tt.idle - time.Minute).shift(kiosk.ShiftOpen).wait(time.Minute).shift(kiosk.ShiftLocked).hidden(true)
			newShift(t, tt.own).signedIn(rita).wait(tt.idle).shift(kiosk.ShiftLocked).hidden(false)
		})
	}
	t.Run("DecidedBehindIt", func(t *testing.T) {
		d := newShift(t, true).signedIn(rita).signing().do(kiosk.InCase{Case: 1, Event: kiosk.Signed{Check: kiosk.Check{Result: kiosk.Passed}}}).
			asked(kiosk.StaffSign{Case: 1, Reader: 3}).do(kiosk.InCase{Case: 1, Event: kiosk.StaffSigned{}}).asked(kiosk.Bind{Case: 1})
		d.do(kiosk.CardRemoved{Reader: 3}).wait(3 * time.Minute).asked().hidden(true) // the centre decides
		d.card(rita, true).unlock().phase(kiosk.ReviewBinding).do(kiosk.LockScreen{}, kiosk.InCase{Case: 1, Event: kiosk.KeyActive{Register: 7}}).hidden(true)
		d.wait(time.Minute).do(kiosk.StaffCardRead{Reader: 3, Holder: rita, TriesLeft: 3, OfShift: true}).unlock().at(kiosk.StepDone)
	})
	t.Run("SignedBehindIt", func(t *testing.T) {
		d := newShift(t, true).signedIn(rita).signing().do(kiosk.CardRemoved{Reader: 3})
		d.do(kiosk.InCase{Case: 1, Event: kiosk.Signed{Check: kiosk.Check{Result: kiosk.Passed}}}).asked()
		d.card(rita, true).unlock().asked(kiosk.StaffSign{Case: 1, Reader: 3})
	})
	t.Run("WrongPINAtTheLock", func(t *testing.T) {
		d := newShift(t, true).signedIn(rita).identified().do(kiosk.CardRemoved{Reader: 3}).card(rita, true).do(staffPIN(), kiosk.StaffPINRefused{TriesLeft: 2})
		d.shift(kiosk.ShiftLocked).hidden(true).unlock().at(kiosk.StepIdentity)
	})
}

func TestShift_End(t *testing.T) {
	t.Run("EightHours", func(t *testing.T) {
		d := newShift(t, true).signedIn(rita)
		for range 48 {
			d.wait(10*time.Minute - time.Second).do(kiosk.StillHere{})
		}
		d.identified().wait(9 * time.Minute).shift(kiosk.ShiftOpen).at(kiosk.StepIdentity)
		d.do(kiosk.CardInserted{Reader: 2}, kiosk.Cancel{}, kiosk.CancelConfirmed{}).shift(kiosk.ShiftNone).why(kiosk.ProblemShiftOver)
		d.asked(kiosk.Forget{Case: 1}, kiosk.EndShift{}, kiosk.ReadStaffCard{Reader: 3})
		if d.state.Case != 0 {
			t.Error("a case began when the shift was over")
		}
	})
	t.Run("SignOut", func(t *testing.T) {
		newShift(t, true).signedIn(rita).do(kiosk.SignOut{}).shift(kiosk.ShiftNone).asked(kiosk.EndShift{}, kiosk.ReadStaffCard{Reader: 3})
		newShift(t, true).signedIn(rita).identified().do(kiosk.SignOut{}).shift(kiosk.ShiftOpen).asked()
	})
	t.Run("ByTheCentre", func(t *testing.T) {
		d := newShift(t, true).signedIn(rita).opened().do(kiosk.ShiftEnded{Problem: kiosk.ProblemStaffSuspended})
		d.shift(kiosk.ShiftNone).why(kiosk.ProblemStaffSuspended).hidden(false)
		d.do(kiosk.StaffCardRead{Reader: 3, Holder: rita, TriesLeft: 3}).shift(kiosk.ShiftCard).why(kiosk.ProblemStaffSuspended)
	})
	t.Run("ReaderVanishes", func(t *testing.T) {
		newShift(t, true).signedIn(rita).identified().do(kiosk.ReaderRemoved{Reader: 3}).shift(kiosk.ShiftLocked).hidden(true)
	})
}

func TestShift_StaffSignsLast(t *testing.T) {
	signed := kiosk.InCase{Case: 1, Event: kiosk.Signed{Check: kiosk.Check{Result: kiosk.Passed}}}
	swap := func(t *testing.T) *desk {
		d := newShift(t, false).signedIn(rita).signing().do(signed).phase(kiosk.ReviewStaffCard).asked()
		return d.do(kiosk.CardRemoved{Reader: 1}).phase(kiosk.ReviewStaffCard).problem("", false)
	}
	t.Run("Swap", func(t *testing.T) {
		d := swap(t).card(rita, true).phase(kiosk.ReviewStaffPIN).do(staffPIN()).phase(kiosk.ReviewSigning)
		d.asked(kiosk.StaffSign{Case: 1, Reader: 1, PIN: kiosk.Secret("470926")})
		d.do(kiosk.InCase{Case: 1, Event: kiosk.StaffSigned{}}).asked(kiosk.Bind{Case: 1}).do(kiosk.InCase{Case: 1, Event: kiosk.KeyActive{Register: 7}}).at(kiosk.StepDone)
		d.do(kiosk.CardRemoved{Reader: 1}).at(kiosk.StepDone) // the clerk's own: the receipt stays
	})
	t.Run("AnotherStaffCard", func(t *testing.T) {
		swap(t).card(marta, false).phase(kiosk.ReviewStaffCard).why(kiosk.ProblemOtherStaffCard).do(staffPIN()).asked().
			do(kiosk.CardRemoved{Reader: 1}).why("").card(rita, true).phase(kiosk.ReviewStaffPIN)
	})
	t.Run("PINWithLetters", func(t *testing.T) {
		newShift(t, true).card(rita, false).do(kiosk.StaffPINTyped{PIN: kiosk.Secret("Ab-45678")}).shift(kiosk.ShiftSigning)
	})
	t.Run("NotWithAWrongClock", func(t *testing.T) {
		d := newShift(t, true).card(rita, false)
		d.do(kiosk.CentreChanged{Centre: kiosk.CentreStatus{Health: kiosk.HealthGood, Skew: time.Hour}})
		d.do(staffPIN()).asked().shift(kiosk.ShiftCard).why(kiosk.ProblemClockSkew)
		d.do(kiosk.CentreChanged{Centre: kiosk.CentreStatus{Health: kiosk.HealthGood}}).do(staffPIN()).shift(kiosk.ShiftSigning)
	})
	t.Run("NoStaffCard", func(t *testing.T) {
		swap(t).do(kiosk.CardInserted{Reader: 1}, kiosk.StaffCardFailed{Reader: 1, Problem: kiosk.ProblemNotStaffCard}).
			phase(kiosk.ReviewStaffCard).why(kiosk.ProblemNotStaffCard)
	})
	t.Run("PulledBeforeThePIN", func(t *testing.T) {
		swap(t).card(rita, true).do(kiosk.CardRemoved{Reader: 1}).phase(kiosk.ReviewStaffCard)
	})
	t.Run("WrongPIN", func(t *testing.T) {
		d := swap(t).card(rita, true).do(staffPIN(), kiosk.StaffPINRefused{TriesLeft: 2}).phase(kiosk.ReviewStaffPIN)
		if !d.state.Shift.PINWrong || d.state.Shift.TriesLeft != 2 {
			t.Errorf("got %+v", d.state.Shift)
		}
		d.do(staffPIN(), kiosk.StaffPINRefused{}).shift(kiosk.ShiftNone).why(kiosk.ProblemStaffPINBlocked).hidden(false)
		d.asked(kiosk.StaffSign{Case: 1, Reader: 1, PIN: kiosk.Secret("470926")}, kiosk.Abandon{Case: 1}, kiosk.Forget{Case: 1}, kiosk.EndShift{}, kiosk.ReadStaffCard{Reader: 1})
	})
	t.Run("Locked", func(t *testing.T) {
		d := swap(t).do(kiosk.LockScreen{}).hidden(true).card(rita, true).unlock().phase(kiosk.ReviewStaffCard).asked(kiosk.ReadStaffCard{Reader: 1})
		d.do(kiosk.StaffCardRead{Reader: 1, Holder: rita, TriesLeft: 3, OfShift: true}).phase(kiosk.ReviewStaffPIN)
	})
	t.Run("BackAndCancel", func(t *testing.T) {
		swap(t).do(kiosk.Back{}).at(kiosk.StepPIN)
		swap(t).do(kiosk.Cancel{}, kiosk.CancelConfirmed{}).at(kiosk.StepDocument).asked(kiosk.Abandon{Case: 1}, kiosk.Forget{Case: 1})
	})
	t.Run("OwnReaderAsksForThePINWhenTheCardForgotIt", func(t *testing.T) {
		d := newShift(t, true).signedIn(rita).signing().do(signed).phase(kiosk.ReviewSigning).asked(kiosk.StaffSign{Case: 1, Reader: 3})
		d.do(kiosk.InCase{Case: 1, Event: kiosk.StaffSignFailed{Problem: kiosk.ProblemStaffCardFailed}}).asked(kiosk.ReadStaffCard{Reader: 3})
		d.do(kiosk.StaffCardRead{Reader: 3, Holder: rita, TriesLeft: 3, OfShift: true}).phase(kiosk.ReviewStaffPIN).why(kiosk.ProblemStaffCardFailed)
		d.do(staffPIN()).asked(kiosk.StaffSign{Case: 1, Reader: 3, PIN: kiosk.Secret("470926")})
	})
	t.Run("PulledAndFoundSilentFirst", func(t *testing.T) {
		d := newShift(t, true).signedIn(rita).signing().do(signed, kiosk.InCase{Case: 1, Event: kiosk.StaffSignFailed{Problem: kiosk.ProblemStaffCardFailed}},
			kiosk.StaffCardFailed{Reader: 3, Problem: kiosk.ProblemStaffCardFailed}).phase(kiosk.ReviewStaffCard)
		d.do(kiosk.CardRemoved{Reader: 3}).hidden(true).card(rita, true).unlock().asked(kiosk.StaffSign{Case: 1, Reader: 3})
	})
	t.Run("PulledWhileItSigns", func(t *testing.T) {
		d := newShift(t, true).signedIn(rita).signing().do(signed, kiosk.CardRemoved{Reader: 3}, kiosk.InCase{Case: 1, Event: kiosk.StaffSignFailed{Problem: kiosk.ProblemStaffCardFailed}})
		d.hidden(true).card(rita, true).unlock().asked(kiosk.StaffSign{Case: 1, Reader: 3})
	})
	t.Run("Pending", func(t *testing.T) {
		d := swap(t).card(rita, true).do(staffPIN(), kiosk.InCase{Case: 1, Event: kiosk.StaffSigned{}}, kiosk.InCase{Case: 1, Event: kiosk.KeyPending{}}).at(kiosk.StepDone)
		if got := d.state.Receipt; !got.Pending || got.Register != 0 || got.Person == "" {
			t.Errorf("got %+v", got)
		}
	})
}

// The mark shows nowhere, and goes with the evidence.
func TestDoubt(t *testing.T) {
	bound := func(d *desk) *desk {
		return d.do(kiosk.InCase{Case: d.state.Case, Event: kiosk.Signed{Check: kiosk.Check{Result: kiosk.Passed}}})
	}
	d := newDesk(t).signing()
	before := d.state
	if d.do(kiosk.Doubt{}).asked(); !cmp.Equal(before, d.state, cmp.AllowUnexported(kiosk.CentreStatus{})) {
		t.Errorf("the mark shows:\n%s", cmp.Diff(before, d.state))
	}
	bound(d).asked(kiosk.Bind{Case: 1, Marked: true})
	t.Run("NotOfTheNextPerson", func(t *testing.T) {
		d := newDesk(t).do(kiosk.Doubt{}).opened().do(kiosk.Doubt{}, kiosk.Cancel{}, kiosk.CancelConfirmed{}, kiosk.CardRemoved{Reader: 1})
		bound(d.signing()).asked(kiosk.Bind{Case: 2})
	})
	t.Run("StaysWhenTheDocumentSlips", func(t *testing.T) {
		d := newDesk(t).do(kiosk.CardInserted{Reader: 1}, kiosk.Doubt{}, kiosk.CardRemoved{Reader: 1})
		bound(d.signing()).asked(kiosk.Bind{Case: 2, Marked: true})
	})
}
