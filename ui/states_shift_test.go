package ui_test

import (
	"time"

	"github.com/google/uuid"

	"balcao/kiosk"
)

var (
	rita  = kiosk.Staff{Number: "F0417", Name: "Rita Neves", Role: kiosk.RoleClerk}
	marta = kiosk.Staff{Number: "F0102", Name: "Marta Reis", Role: kiosk.RoleSupervisor}
	// longest is a name of the length that people in Portugal have.
	longest = kiosk.Staff{Number: "FUNC-2026-000417", Name: "Maria da Conceição Vasconcelos Figueiredo", Role: kiosk.RoleSupervisor}
)

// holder is what a card says of whose it is.
func holder(s kiosk.Staff) kiosk.Staff { return kiosk.Staff{Number: s.Number, Name: s.Name} }

// shift is a state with somebody signed in.
func shift(staff kiosk.Staff, from func(kiosk.Language) kiosk.State) func(kiosk.Language) kiosk.State {
	return func(l kiosk.Language) kiosk.State {
		s := from(l)
		s.Shift = kiosk.ShiftState{Phase: kiosk.ShiftOpen, OwnReader: true, Reader: 2, Holder: holder(staff), TriesLeft: -1, Staff: staff, EndsAt: today.Add(7 * time.Hour), Waiting: -1}
		s.Status.Readers[1].Slot = kiosk.SlotStaff
		if staff.Role == kiosk.RoleSupervisor {
			s.Shift.Waiting = 2
		}
		return s
	}
}

// one is the same where the staff card has no reader of its own: it is at the clerk's neck now.
func one(from func(kiosk.Language) kiosk.State) func(kiosk.Language) kiosk.State {
	return func(l kiosk.Language) kiosk.State {
		s := shift(rita, from)(l)
		s.Shift.OwnReader, s.Shift.Reader, s.Shift.Holder = false, 0, kiosk.Staff{}
		s.Status.Readers[1].Slot = kiosk.SlotEmpty
		return s
	}
}

// signIn is an empty desk at which nobody is signed in.
func signIn(change func(*kiosk.ShiftState)) func(kiosk.Language) kiosk.State {
	return func(l kiosk.Language) kiosk.State {
		s := idle(l)
		s.Shift = kiosk.ShiftState{Phase: kiosk.ShiftNone, OwnReader: true, TriesLeft: -1, Waiting: -1}
		if change != nil {
			change(&s.Shift)
		}
		if s.Shift.Reader != 0 {
			s.Status.Readers[s.Shift.Reader-1].Slot = kiosk.SlotStaff
		}
		return s
	}
}

// cardOf is somebody's card in reader 2, whose PIN is asked for.
func cardOf(staff kiosk.Staff, changes ...func(*kiosk.ShiftState)) func(*kiosk.ShiftState) {
	return func(s *kiosk.ShiftState) {
		s.Phase, s.Reader, s.Holder, s.TriesLeft = kiosk.ShiftCard, 2, holder(staff), 3
		for _, change := range changes {
			change(s)
		}
	}
}

func pinWrong(s *kiosk.ShiftState) { s.PINWrong, s.TriesLeft = true, 1 }

func signing(s *kiosk.ShiftState) { s.Phase = kiosk.ShiftSigning }

func sharedReader(s *kiosk.ShiftState) { s.OwnReader = false }

func typingNumber(s *kiosk.ShiftState) { s.Forgotten = true }

func admitting(s *kiosk.ShiftState) { s.Forgotten, s.Admits = true, "F0417" }

func refusedFor(code kiosk.ProblemCode) func(*kiosk.ShiftState) {
	return func(s *kiosk.ShiftState) { s.Problem = code }
}

// deskLocked is a desk whose card was taken out in the middle of a case.
func deskLocked(changes ...func(*kiosk.ShiftState)) func(kiosk.Language) kiosk.State {
	return signIn(func(s *kiosk.ShiftState) {
		s.Staff, s.EndsAt, s.KeptCase, s.WipeAt = rita, today.Add(7*time.Hour), true, today.Add(84*time.Second)
		for _, change := range changes {
			change(s)
		}
		s.Phase = kiosk.ShiftLocked
	})
}

func nothingKept(s *kiosk.ShiftState) { s.KeptCase, s.WipeAt = false, time.Time{} }

func admitted(s *kiosk.ShiftState) { s.AdmittedBy = "F0102" }

func staffReview(phase kiosk.ReviewPhase, changes ...func(*kiosk.State)) func(kiosk.Language) kiosk.State {
	return func(l kiosk.Language) kiosk.State {
		s := one(review(phase))(l)
		if phase == kiosk.ReviewStaffPIN {
			s.Shift.Reader, s.Shift.Holder, s.Shift.TriesLeft = 1, holder(rita), 3
			s.Status.Readers[0].Slot = kiosk.SlotStaff
		}
		for _, change := range changes {
			change(&s)
		}
		return s
	}
}

// travels makes the document one that lies on a reader.
func travels(s *kiosk.State) {
	t := travelReview(passport, s.Review.Phase)(s.ClerkLanguage)
	s.Document, s.Eligible = t.Document, t.Eligible
}

func otherCard(s *kiosk.State) {
	s.Shift.Problem = kiosk.ProblemOtherStaffCard
}

func pending(l kiosk.Language) kiosk.State {
	s := shift(rita, done)(l)
	s.Receipt = &kiosk.Receipt{Pending: true, Person: s.Receipt.Person, Login: s.Receipt.Login, DeskTime: s.Receipt.DeskTime, WipeAt: s.Receipt.WipeAt}
	return s
}

// approve is a supervisor's errand.
func approve(step kiosk.Step, phase kiosk.ApprovalPhase, changes ...func(*kiosk.ApprovalState)) func(kiosk.Language) kiosk.State {
	return func(l kiosk.Language) kiosk.State {
		s := shift(marta, idle)(l)
		s.Errand, s.Step = kiosk.Approve, step
		s.Approval = kiosk.ApprovalState{Phase: phase}
		if step != kiosk.StepCases {
			s.Case, s.Approval.Case = 4, openCase()
		}
		for _, change := range changes {
			change(&s.Approval)
		}
		return s
	}
}

func waitingCases(s *kiosk.ApprovalState) {
	s.Cases = []kiosk.WaitingCase{
		{ID: uuid.UUID{1}, Desk: "Saldanha · Balcão 03", Clerk: longest, OpenedAt: today.Add(-50 * time.Hour), Reasons: []kiosk.ApprovalReason{kiosk.ApproveExtension, kiosk.ApprovePhoto, kiosk.ApproveLevel}},
		{ID: uuid.UUID{2}, Desk: "Laranjeiras · Balcão 07", Clerk: rita, OpenedAt: today.Add(-6 * time.Minute), Reasons: []kiosk.ApprovalReason{kiosk.ApproveTyped}},
		{ID: uuid.UUID{3}, Desk: "Laranjeiras · Balcão 08", Clerk: rita, OpenedAt: today.Add(-2 * time.Minute), Reasons: []kiosk.ApprovalReason{kiosk.ApproveDoubt}, LeasedTo: "F0388"},
	}
}

func openCase() *kiosk.OpenCase {
	typed := typedIdentity(kiosk.Portuguese)
	return &kiosk.OpenCase{
		WaitingCase: kiosk.WaitingCase{ID: uuid.UUID{2}, Desk: "Laranjeiras · Balcão 07", Clerk: rita, OpenedAt: today.Add(-6 * time.Minute), Reasons: []kiosk.ApprovalReason{kiosk.ApproveTyped, kiosk.ApproveDoubt}},
		LeasedUntil: today.Add(5 * time.Minute), Person: *typed.Document.Identity, Checks: typed.Document.Checks, Level: kiosk.LevelSubstantial,
		Eligibility: kiosk.Eligibility{TaxNumber: "123456789", Address: lease, Independence: kiosk.Independent},
		Contacts:    []kiosk.ProvenContact{{Channel: kiosk.SMS, Value: "+351912345678", At: today.Add(-9 * time.Minute)}},
	}
}

func approves(s *kiosk.ApprovalState) { s.Decision = kiosk.DecisionApproved }

func refuses(s *kiosk.ApprovalState) {
	s.Decision, s.Reason = kiosk.DecisionRefused, kiosk.RefuseDocument
}

func outcome(o kiosk.CaseOutcome) func(*kiosk.ApprovalState) {
	return func(s *kiosk.ApprovalState) { s.Case, s.Outcome = nil, o }
}

func leaseOver(s *kiosk.ApprovalState) { s.Problem = kiosk.ProblemLeaseOver }

var shiftScreens = []screen{
	{"0-sign-in", signIn(nil)}, {"0-sign-in-card", signIn(cardOf(rita))}, {"0-sign-in-wrong", signIn(cardOf(rita, sharedReader, pinWrong))},
	{"0-sign-in-signing", signIn(cardOf(rita, signing))}, {"0-sign-in-locked", signIn(cardOf(rita, refusedFor(kiosk.ProblemStaffLocked)))},
	{"0-sign-in-other", signIn(refusedFor(kiosk.ProblemNotStaffCard))},
	{"0-sign-in-unknown", signIn(cardOf(longest, refusedFor(kiosk.ProblemStaffUnknown)))}, {"0-forgotten", signIn(typingNumber)},
	{"0-forgotten-unknown", signIn(func(s *kiosk.ShiftState) { typingNumber(s); s.Problem = kiosk.ProblemClerkUnknown })},
	{"0-admits", signIn(admitting)}, {"0-admits-card", signIn(cardOf(marta, admitting))},
	{"0-locked", deskLocked()}, {"0-locked-card", deskLocked(cardOf(rita))}, {"0-locked-another", deskLocked(cardOf(marta))}, {"0-locked-empty", deskLocked(nothingKept)},
	{"0-locked-admitted", deskLocked(admitted)},
	{"1-shift", shift(rita, idle)}, {"1-shift-supervisor", shift(marta, idle)}, {"1-shift-errands", shift(marta, errands)}, {"1-shift-long", shift(longest, idle)},
	{"1-preflight", preflight(false)}, {"1-preflight-looking", preflight(true)}, {"1-preflight-lacking", preflight(false, missing...)},
	{"1-preflight-failed", preflight(false, kiosk.Readiness{Need: kiosk.NeedReaders, Result: kiosk.Failed, Problem: kiosk.ProblemNoReader},
		kiosk.Readiness{Need: kiosk.NeedDelivery, Result: kiosk.Failed, Lack: kiosk.LackMessages})},
	{"5-review-staff-card", staffReview(kiosk.ReviewStaffCard)}, {"5-review-staff-card-travel", staffReview(kiosk.ReviewStaffCard, travels)},
	{"5-review-staff-other", staffReview(kiosk.ReviewStaffCard, otherCard)}, {"5-review-staff-pin", staffReview(kiosk.ReviewStaffPIN)},
	{"6-pending", pending},
	{"7-cases", approve(kiosk.StepCases, kiosk.ApprovalList, waitingCases)}, {"7-cases-none", approve(kiosk.StepCases, kiosk.ApprovalList)},
	{"7-cases-lost", approve(kiosk.StepCases, kiosk.ApprovalList, waitingCases, leaseOver)},
	{"7-case", approve(kiosk.StepCase, kiosk.ApprovalCase)}, {"7-refuse", approve(kiosk.StepDecision, kiosk.ApprovalWhy)},
	{"7-decision-card", approve(kiosk.StepDecision, kiosk.ApprovalStaffCard, approves)}, {"7-decision-pin", approve(kiosk.StepDecision, kiosk.ApprovalStaffPIN, refuses)},
	{"7-decision-signing", approve(kiosk.StepDecision, kiosk.ApprovalSigning, approves)}, {"7-decision-deciding", approve(kiosk.StepDecision, kiosk.ApprovalDeciding, approves)},
	{"7-approved", approve(kiosk.StepDecision, kiosk.ApprovalDecided, approves, outcome(kiosk.CaseOutcome{Active: true, Register: 1204119}))},
	{"7-refused", approve(kiosk.StepDecision, kiosk.ApprovalDecided, refuses, outcome(kiosk.CaseOutcome{}))},
	{"7-not-active", approve(kiosk.StepDecision, kiosk.ApprovalDecided, approves, outcome(kiosk.CaseOutcome{Refusal: kiosk.ProblemContactTaken}))},
}

// preflight is the list of what a day needs, in which needs replace those that are good.
func preflight(looking bool, changes ...kiosk.Readiness) func(kiosk.Language) kiosk.State {
	return func(l kiosk.Language) kiosk.State {
		s := shift(rita, idle)(l)
		needs := []kiosk.Readiness{
			{Need: kiosk.NeedReaders, Result: kiosk.Passed, Count: 2}, {Need: kiosk.NeedCentre, Result: kiosk.Passed, Off: 6 * time.Millisecond},
			{Need: kiosk.NeedClock, Result: kiosk.Passed}, {Need: kiosk.NeedDelivery, Result: kiosk.Passed},
		}
		if !looking {
			needs = append(needs, kiosk.Readiness{Need: kiosk.NeedCertificates, Result: kiosk.Passed, Until: today.AddDate(1, 4, 2)},
				kiosk.Readiness{Need: kiosk.NeedTrust, Result: kiosk.Passed, Until: today.AddDate(0, 0, 41)}, kiosk.Readiness{Need: kiosk.NeedScreen, Result: kiosk.Passed},
				kiosk.Readiness{Need: kiosk.NeedPrinter, Result: kiosk.Passed, Names: []string{"Balcao-07"}})
		}
		for _, change := range changes {
			for i := range needs {
				if needs[i].Need == change.Need {
					needs[i] = change
				}
			}
		}
		s.Preflight = kiosk.PreflightState{Shown: true, Looking: looking, Needs: needs}
		return s
	}
}

// missing has a bit of everything.
var missing = []kiosk.Readiness{
	{Need: kiosk.NeedClock, Result: kiosk.Unknown, Lack: kiosk.LackTime, Off: -97 * time.Second},
	{Need: kiosk.NeedCertificates, Result: kiosk.Unknown, Lack: kiosk.LackDeskSoon, Until: today.AddDate(0, 0, 9)},
	{Need: kiosk.NeedTrust, Result: kiosk.Unknown, Lack: kiosk.LackLists, Names: []string{"DE", "UTO"}},
	{Need: kiosk.NeedScreen, Result: kiosk.Unknown, Lack: kiosk.LackSecondScreen},
	{Need: kiosk.NeedPrinter, Result: kiosk.Unknown, Lack: kiosk.LackRunningPrinter, Names: []string{"Balcao-07"}},
}
