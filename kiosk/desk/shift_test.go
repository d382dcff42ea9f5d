package desk_test

import (
	"strings"
	"testing"

	"balcao/kiosk"
	"balcao/kiosk/central/schema"
	"balcao/kiosk/desk"
	"balcao/kiosk/kiosktest"
)

// newStaffed is a desk that wants a shift, with a centre whose staff have the cards of the fixtures: with a reader for
// them alone, or with one for everything.
func newStaffed(t *testing.T, own bool) *running {
	t.Helper()
	b := newBench(t)
	b.slots.Spare = 0
	return b.startEmpty(func(cfg *desk.Config) {
		cfg.Settings.ShiftRequired = true
		if own {
			cfg.StaffReader = "serviço"
		} else {
			b.slots.Readers = 2
		}
	})
}

func (d *running) staffReader() int {
	if d.slots.Readers == 3 {
		return 3
	}
	return 1
}

func shiftIs(phase kiosk.ShiftPhase) func(kiosk.State) bool {
	return func(s kiosk.State) bool { return s.Shift.Phase == phase }
}

// pinAsked reports whether the PIN of a staff card is asked for at a desk that is shut.
func pinAsked(s kiosk.State) bool {
	return (s.Shift.Phase == kiosk.ShiftCard || s.Shift.Phase == kiosk.ShiftLocked) && s.Shift.Holder.Number != ""
}

func staffPIN() kiosk.Event { return kiosk.StaffPINTyped{PIN: kiosk.Secret("123456")} }

// staffIn puts a staff card in.
func (d *running) staffIn(name string) {
	d.t.Helper()
	c, err := d.fixtures.Card(name)
	d.check(err)
	d.fresh().slots.Insert(d.staffReader(), c)
}

// unlock types the PIN of the staff card, which is in its reader at a desk that is shut.
func (d *running) unlock() kiosk.State {
	d.t.Helper()
	d.until("PIN asked for", pinAsked)
	d.do(staffPIN())
	return d.until("shift open", shiftIs(kiosk.ShiftOpen))
}

// signIn opens a shift. Where there is one reader the card is out again.
func (d *running) signIn(name string) kiosk.State {
	d.t.Helper()
	d.staffIn(name)
	d.until(name+"'s PIN asked for", pinAsked)
	d.do(staffPIN())
	s := d.until("shift open", shiftIs(kiosk.ShiftOpen))
	if d.staffReader() != 3 {
		d.slots.Remove(d.staffReader())
		d.until("staff card out", func(s kiosk.State) bool { return s.Status.Readers[0].Slot == kiosk.SlotEmpty })
	}
	return s
}

// A clerk signs in, enrols, is called away with their card in mid-case, and comes back. The registrar takes the key only
// with the signature of the card.
func TestShift_OwnReader(t *testing.T) {
	d := newStaffed(t, true)
	s := d.signIn("clerk")
	if s.Shift.Staff.Number != "F0417" || s.Shift.Staff.Role != kiosk.RoleClerk || s.Shift.EndsAt.Sub(s.Now).Hours() < 7.9 {
		t.Errorf("got %+v", s.Shift)
	}
	d.read("cc2024")
	d.confirmPerson()
	d.askForCode(kiosk.SMS)
	d.typeCode()
	d.fresh().slots.Remove(3)
	d.until("locked", func(s kiosk.State) bool {
		return s.Shift.Phase == kiosk.ShiftLocked && s.Shift.KeptCase && s.Document.Photo == nil
	})
	d.staffIn("clerk")
	d.until("PIN asked for", pinAsked)
	d.do(staffPIN())
	d.until("where the case was left", func(s kiosk.State) bool { return s.Contact.Settled })
	d.choosePIN()
	d.agree()
	s = d.finish()
	if s.Receipt.Pending || s.Receipt.Assurance.Level != kiosk.LevelHigh {
		t.Errorf("got %+v", s.Receipt)
	}
	if n := d.count(`select count(*) from centre.enrolment e join centre.shift s on s.id = e.shift where s.staff = 'F0417' and e.state = 'active'`); n != 1 {
		t.Errorf("%d enrolments of the clerk's", n)
	}
	d.stop()
	if n := d.count(`select count(*) from centre.shift where ended_at is null and signed_at is not null`); n != 0 {
		t.Errorf("%d shifts are open after the desk has shut", n)
	}
}

// Where there is one reader, the cards are swapped at the end, and the staff card signs with its PIN.
func TestShift_OneReader(t *testing.T) {
	d := newStaffed(t, false)
	d.signIn("supervisor") // RSA
	d.toSigning("cc1-rsa2048", kiosk.Email)
	d.typeCardPIN()
	d.until("staff card wanted", phase(kiosk.ReviewStaffCard))
	d.slots.Remove(1)
	d.staffIn("clerk")
	d.until("another's", func(s kiosk.State) bool { return s.Shift.Problem == kiosk.ProblemOtherStaffCard })
	d.slots.Remove(1)
	d.staffIn("supervisor")
	d.until("its PIN asked for", phase(kiosk.ReviewStaffPIN))
	d.do(kiosk.StaffPINTyped{PIN: kiosk.Secret("999999")})
	d.until("wrong", func(s kiosk.State) bool { return s.Shift.PINWrong && s.Review.Phase == kiosk.ReviewStaffPIN })
	d.do(staffPIN())
	d.until("key active", done)
	d.oneKey()
	if n := d.count(`select count(*) from centre.sign_in_failure`); n != 1 {
		t.Errorf("the centre counted %d wrong PINs, want 1", n)
	}
}

// Who may not sign in learns why, and no shift opens.
func TestShift_Refused(t *testing.T) {
	d := newStaffed(t, true)
	for name, want := range map[string]kiosk.ProblemCode{
		"clerk-suspended": kiosk.ProblemStaffSuspended, "clerk-expired": kiosk.ProblemStaffCardExpired, "clerk-blocked": kiosk.ProblemStaffPINBlocked,
		"clerk-other-pki": kiosk.ProblemStaffUnknown, "staff-blank": kiosk.ProblemStaffCertificate, "cc2024": kiosk.ProblemNotStaffCard,
	} {
		d.part(name, func() {
			d.staffIn(name)
			s := d.until("read", func(s kiosk.State) bool { return pinAsked(s) || s.Shift.Problem != "" })
			if s.Shift.Problem == "" {
				d.do(staffPIN())
			}
			s = d.until("refused", func(s kiosk.State) bool { return s.Shift.Problem != "" })
			if s.Shift.Problem != want || s.Shift.Phase == kiosk.ShiftOpen {
				d.t.Errorf("got %+v, want %s", s.Shift, want)
			}
			d.fresh().slots.Remove(3)
			d.until("nobody", shiftIs(kiosk.ShiftNone))
		})
	}
	if n := d.count(`select count(*) from centre.shift where signed_at is not null`); n != 0 {
		t.Errorf("%d shifts were opened", n)
	}
}

// A centre that is away costs no try of the PIN, and is not needed to unlock.
func TestShift_CentreAway(t *testing.T) {
	d := newStaffed(t, true)
	d.staffIn("clerk")
	d.until("PIN asked for", pinAsked)
	d.centre.fail("begin", before)
	d.do(staffPIN())
	s := d.until("centre away", func(s kiosk.State) bool { return s.Shift.Problem == kiosk.ProblemCentreDown })
	if s.Shift.TriesLeft != 3 {
		t.Errorf("it cost a try: %+v", s.Shift)
	}
	d.do(staffPIN())
	d.until("shift open", shiftIs(kiosk.ShiftOpen))
	// The desk is unlocked without the centre.
	for _, name := range []string{"hello", "begin", "sign in"} {
		d.centre.fail(name, before, before, before, before, before, before, before, before)
	}
	d.do(kiosk.LockScreen{})
	d.until("PIN asked for", pinAsked)
	d.do(staffPIN())
	d.until("unlocked", shiftIs(kiosk.ShiftOpen))
}

// The centre ends the shift of somebody who is suspended, at once and whatever the desk is at.
func TestShift_SuspendedInMidCase(t *testing.T) {
	d := newStaffed(t, true)
	d.signIn("clerk")
	d.read("cc2024")
	d.check(schema.SuspendStaff(d.ctx, d.DB.Admin(), "F0417"))
	d.until("shut", func(s kiosk.State) bool { return s.Shift.Problem == kiosk.ProblemNoShift && s.Case == 0 })
	d.untilForgotten(1)
	d.returns("clerk")
	d.until("suspended", func(s kiosk.State) bool { return s.Shift.Problem == kiosk.ProblemStaffSuspended })
}

// A clerk whose card is at home is admitted by a supervisor, whose signature stands in the evidence.
func TestShift_ForgottenCard(t *testing.T) {
	d := newStaffed(t, true)
	d.do(kiosk.CardForgotten{}, kiosk.ForgottenNumberTyped{Number: "F0417"})
	s := d.signIn("supervisor")
	if s.Shift.Staff.Number != "F0417" || s.Shift.AdmittedBy != "F0102" {
		t.Errorf("got %+v", s.Shift)
	}
	d.fresh().slots.Remove(3)
	d.until("still open", func(s kiosk.State) bool { return s.Shift.Reader == 0 && s.Shift.Phase == kiosk.ShiftOpen })
	d.toSigning("cc2024", kiosk.Email)
	d.finish()
	d.oneKey()
}

// What a clerk marks quietly waits, and a supervisor decides it, at the same desk.
func TestApproval(t *testing.T) {
	d := newStaffed(t, true)
	d.signIn("clerk")
	d.toSigning("cc2024", kiosk.Email)
	d.do(kiosk.Doubt{})
	d.typeCardPIN()
	s := d.until("pending", done)
	if !s.Receipt.Pending || s.Receipt.Register != 0 {
		t.Errorf("got %+v", s.Receipt)
	}
	d.noKey()
	d.takeOut()
	d.takesOver("supervisor")
	s = d.takesCase()
	open := s.Approval.Case
	if open.Clerk.Number != "F0417" || open.Person.Surname == "" || len(open.Contacts) != 1 || len(open.Checks) == 0 || len(open.Reasons) != 1 ||
		open.Reasons[0] != kiosk.ApproveDoubt || open.Level != kiosk.LevelHigh || open.LeasedUntil.Before(s.Now) {
		t.Errorf("got %d contacts, %d checks, reasons %v, level %q, until %v", len(open.Contacts), len(open.Checks), open.Reasons, open.Level, open.LeasedUntil)
	}
	d.centre.fail("decide", before, after)
	d.do(kiosk.DecisionChosen{Decision: kiosk.DecisionApproved})
	s = d.until("decided", func(s kiosk.State) bool { return s.Approval.Phase == kiosk.ApprovalDecided })
	if !s.Approval.Outcome.Active || s.Approval.Outcome.Register == 0 || s.Approval.Case != nil {
		t.Errorf("got %+v", s.Approval)
	}
	d.oneKey()
	d.do(kiosk.Continue{})
	d.until("nothing waits", func(s kiosk.State) bool { return s.Step == kiosk.StepCases && s.Shift.Waiting == 0 })
	d.do(kiosk.Cancel{})
	d.until("empty", empty)
}

// returns puts the staff card in anew where the centre ended its shift: a PIN typed at once may be meant for the page before.
func (d *running) returns(name string) {
	d.t.Helper()
	d.until("shift over", pinAsked)
	d.fresh().slots.Remove(3)
	d.until("card out", shiftIs(kiosk.ShiftNone))
	d.staffIn(name)
	d.until("PIN asked for", pinAsked)
	d.do(staffPIN())
}

// takesOver has another member of staff sign in.
func (d *running) takesOver(name string) {
	d.t.Helper()
	d.fresh().slots.Remove(3)
	d.until("locked", shiftIs(kiosk.ShiftLocked))
	d.signIn(name)
}

// takesCase walks a supervisor to the one case that waits.
func (d *running) takesCase() kiosk.State {
	d.t.Helper()
	d.do(kiosk.ErrandChosen{Name: "approve"})
	s := d.until("listed", func(s kiosk.State) bool {
		return s.Step == kiosk.StepCases && len(s.Approval.Cases) == 1 && !s.Approval.Listing && s.Shift.Waiting == 1
	})
	d.do(kiosk.CaseChosen{ID: s.Approval.Cases[0].ID})
	return d.until("taken", func(s kiosk.State) bool { return s.Step == kiosk.StepCase })
}

// A document without a chip waits for a supervisor, who gives the case back, takes it again and refuses.
func TestApproval_Refused(t *testing.T) {
	d := newStaffed(t, true)
	d.exec(`update centre.setting set value = '1' where name = 'typed_mrz'`)
	d.signIn("clerk")
	d.until("rules known", func(s kiosk.State) bool { return s.TypedMRZ })
	d.do(kiosk.NoChip{}, kiosk.AccessTyped{Kind: kiosk.AccessMRZ, Text: strings.Join(d.entry("passport-bac").MRZ, "\n")}, kiosk.Continue{}).untilRead()
	d.bring(nil)
	d.toReview(kiosk.SMS)
	d.do(kiosk.Agreed{})
	d.until("pending", func(s kiosk.State) bool { return done(s) && s.Receipt.Pending })
	d.do(kiosk.NextPerson{})
	d.takesOver("supervisor")
	d.takesCase()
	d.do(kiosk.Cancel{})
	d.until("given back", func(s kiosk.State) bool { return s.Step == kiosk.StepCases })
	d.do(kiosk.Cancel{})
	d.until("empty", empty)
	s := d.takesCase()
	if got := s.Approval.Case; got.Reasons[0] != kiosk.ApproveTyped || got.Eligibility.Address.Issuer == "" || got.Person.DocumentNumber == "" {
		t.Errorf("got reasons %v, issuer %q", got.Reasons, got.Eligibility.Address.Issuer)
	}
	d.do(kiosk.DecisionChosen{Decision: kiosk.DecisionRefused}, kiosk.DecisionChosen{Decision: kiosk.DecisionRefused, Reason: kiosk.RefuseDocument})
	s = d.until("decided", func(s kiosk.State) bool { return s.Approval.Phase == kiosk.ApprovalDecided })
	if s.Approval.Outcome != (kiosk.CaseOutcome{}) || s.Approval.Reason != kiosk.RefuseDocument {
		t.Errorf("got %+v", s.Approval)
	}
	d.noKey()
}

// A staff card that is pulled at any command, while it signs in or while it signs a case, leaves a desk that goes on with
// the card when it is back.
func TestShift_CardPulledAtEachCommand(t *testing.T) {
	d := newStaffed(t, true)
	pulled := func(n int) { d.slots.Interfere(kiosktest.At(n, kiosktest.Hook{Before: d.slots.Pull})) }
	signedIn := false
	for n := 1; !signedIn; n++ {
		pulled(n)
		d.staffIn("clerk")
		gone := func() bool { d.slots.Lock(); defer d.slots.Unlock(); return d.slots.Cards[3] == nil }
		if s := d.until("read, or pulled", func(s kiosk.State) bool { return pinAsked(s) || gone() }); pinAsked(s) {
			d.do(staffPIN())
		}
		s := d.until("open, or nobody", func(s kiosk.State) bool {
			return s.Shift.Phase == kiosk.ShiftOpen || s.Shift.Phase == kiosk.ShiftNone && s.Shift.Reader == 0 && gone()
		})
		if signedIn = s.Shift.Phase == kiosk.ShiftOpen; n > 40 {
			t.Fatal("no sign-in came about")
		}
	}
	d.slots.Interfere(nil)
	d.toSigning("cc2024", kiosk.Email)
	d.slots.Interfere(func(int) kiosktest.Hook { // the first command after the person's card has signed is the staff card's
		return kiosktest.Hook{Before: func(number int) {
			if number == 3 {
				d.slots.Pull(3)
			}
		}}
	})
	d.typeCardPIN()
	d.until("locked", shiftIs(kiosk.ShiftLocked))
	d.slots.Interfere(nil)
	d.staffIn("clerk")
	d.until("PIN asked for", pinAsked)
	d.do(staffPIN())
	d.until("key active", done)
	d.oneKey()
}
