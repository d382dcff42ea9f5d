package kiosk_test

import (
	"reflect"
	"time"

	"github.com/google/uuid"

	"balcao/kiosk"
)

const secretStaffPIN = "47092638"

// layouts of the staff card in random walks.
const (
	noShifts = iota
	oneReader
	ownReader
)

// shut reports whether nobody may work at the desk.
func shut(s kiosk.State) bool { return s.Shift.Phase != "" && s.Shift.Phase != kiosk.ShiftOpen }

// signsIn is what a member of staff would do next at a desk that is shut.
func (w *world) signsIn() kiosk.Event {
	shift := w.state.Shift
	if shift.Holder != (kiosk.Staff{}) {
		return pick[kiosk.Event](w, w.staffPIN(), w.staffPIN(), w.staffPIN(), kiosk.CardRemoved{Reader: shift.Reader}, kiosk.CardForgotten{})
	}
	return pick[kiosk.Event](w, w.staffCard(), w.staffCard(), w.staffCard(), w.insert(), kiosk.CardForgotten{}, kiosk.ForgottenNumberTyped{Number: rita.Number}, kiosk.Cancel{})
}

func (w *world) staffPIN() kiosk.Event {
	return kiosk.StaffPINTyped{PIN: kiosk.Secret(secretStaffPIN)}
}

func (w *world) staffCard() kiosk.Event {
	if w.layout == ownReader {
		return kiosk.CardInserted{Reader: 3}
	}
	return w.insert()
}

// staffNoise is any event of a shift.
func (w *world) staffNoise() kiosk.Event {
	id := kiosk.CaseID(w.below(int(w.behind.Case) + 2))
	return pick(w, []kiosk.Event{
		w.staffCard(), kiosk.CardRemoved{Reader: 3}, kiosk.LockScreen{}, kiosk.SignOut{}, kiosk.CardForgotten{}, kiosk.Doubt{}, kiosk.Unlocked{}, w.staffPIN(),
		kiosk.ForgottenNumberTyped{Number: rita.Number}, kiosk.ShiftEnded{Problem: kiosk.ProblemStaffSuspended}, kiosk.StaffPINTyped{PIN: kiosk.Secret("1")},
		kiosk.StaffPINRefused{TriesLeft: w.below(3)}, kiosk.SignInFailed{Problem: kiosk.ProblemCentreDown}, kiosk.CasesChanged{}, w.cases(),
		kiosk.SignedIn{Staff: w.member(), EndsAt: w.now.Add(time.Hour)}, kiosk.ReaderRemoved{Reader: 3}, kiosk.ReaderAdded{Reader: 3, Name: "S", Staff: w.layout == ownReader},
		kiosk.StaffCardRead{Reader: 1 + w.below(3), Holder: w.member(), TriesLeft: w.below(4), OfShift: w.below(2) == 0},
		kiosk.StaffCardFailed{Reader: 1 + w.below(3), Problem: kiosk.ProblemNotStaffCard},
		kiosk.InCase{Case: id, Event: kiosk.StaffSigned{}}, kiosk.InCase{Case: id, Event: kiosk.StaffSignFailed{Problem: kiosk.ProblemStaffCardFailed}},
		kiosk.InCase{Case: id, Event: kiosk.KeyPending{}}, kiosk.InCase{Case: id, Event: kiosk.CaseRefused{Code: kiosk.ProblemCaseGone}},
		kiosk.InCase{Case: id, Event: kiosk.DecisionSigned{}}, kiosk.InCase{Case: id, Event: kiosk.DecisionWaiting{}}, kiosk.InCase{Case: id, Event: kiosk.Decided{}},
		kiosk.PreflightAsked{}, kiosk.PreflightClosed{}, kiosk.DeskLooked{Number: w.below(3)},
		kiosk.CaseChosen{ID: waitingID}, kiosk.DecisionChosen{Decision: kiosk.DecisionApproved}, kiosk.DecisionChosen{Decision: "perhaps"}, kiosk.ErrandChosen{Name: "approve"},
	}...)
}

func (w *world) member() kiosk.Staff {
	who := pick(w, rita, marta)
	who.Role = signIn[who.Number]
	return who
}

func (w *world) cases() kiosk.CasesListed {
	if !w.mostly() {
		return kiosk.CasesListed{Problem: kiosk.ProblemCentreDown}
	}
	return kiosk.CasesListed{Cases: []kiosk.WaitingCase{waiting()}}
}

// decides is what a supervisor would do next.
func (w *world) decides() kiosk.Event {
	switch w.state.Approval.Phase {
	case kiosk.ApprovalList:
		return pick[kiosk.Event](w, kiosk.CaseChosen{ID: waitingID}, kiosk.CaseChosen{ID: waitingID}, kiosk.CaseChosen{ID: uuid.New()}, kiosk.Retry{}, kiosk.Cancel{})
	case kiosk.ApprovalStaffCard:
		return w.staffCard()
	case kiosk.ApprovalStaffPIN:
		return w.staffPIN()
	case kiosk.ApprovalDecided:
		return kiosk.Continue{}
	}
	return pick[kiosk.Event](w, kiosk.DecisionChosen{Decision: kiosk.DecisionApproved}, kiosk.DecisionChosen{Decision: kiosk.DecisionRefused},
		kiosk.DecisionChosen{Decision: kiosk.DecisionRefused, Reason: kiosk.RefuseOther}, kiosk.Back{}, w.tick())
}

// staffAnswer is what a runner sends back for a command of the shift, nil for another command.
func (w *world) staffAnswer(c kiosk.Command, good bool) kiosk.Event {
	switch c := c.(type) {
	case kiosk.ReadStaffCard:
		if !good {
			return kiosk.StaffCardFailed{Reader: c.Reader, Problem: kiosk.ProblemNotStaffCard}
		}
		who := pick(w, rita, marta)
		return kiosk.StaffCardRead{Reader: c.Reader, Holder: who, TriesLeft: 3, OfShift: who.Number == w.state.Shift.Staff.Number}
	case kiosk.LookAtDesk:
		if !good {
			return kiosk.DeskLooked{Number: c.Number, Needs: []kiosk.Readiness{{Need: kiosk.NeedTrust, Result: kiosk.Unknown, Lack: kiosk.LackLists}}}
		}
		return kiosk.DeskLooked{Number: c.Number, Needs: []kiosk.Readiness{{Need: kiosk.NeedTrust, Result: kiosk.Passed}}}
	case kiosk.SignIn:
		if !good {
			return pick[kiosk.Event](w, kiosk.StaffPINRefused{TriesLeft: 2}, kiosk.StaffPINRefused{}, kiosk.SignInRefused{Code: kiosk.ProblemStaffLocked}, kiosk.SignInFailed{Problem: kiosk.ProblemCentreDown})
		}
		who := kiosk.SignedIn{Staff: w.state.Shift.Holder, EndsAt: w.now.Add(8 * time.Hour)}
		if c.Admits != "" {
			who.Staff, who.AdmittedBy = rita, marta.Number
		}
		if who.Staff.Number == "" {
			who.Staff = rita
		}
		who.Staff.Role = signIn[who.Staff.Number]
		return who
	case kiosk.UnlockShift:
		if !good {
			return pick[kiosk.Event](w, kiosk.StaffPINRefused{TriesLeft: 1}, kiosk.SignInFailed{Problem: kiosk.ProblemStaffCardFailed})
		}
		return kiosk.Unlocked{}
	case kiosk.StaffSign:
		if !good {
			return pick[kiosk.Event](w, kiosk.StaffPINRefused{TriesLeft: 1}, kiosk.InCase{Case: c.Case, Event: kiosk.StaffSignFailed{Problem: kiosk.ProblemStaffCardFailed}}, w.failed(c.Case))
		}
		return kiosk.InCase{Case: c.Case, Event: kiosk.StaffSigned{}}
	case kiosk.ListCases:
		return w.cases()
	case kiosk.TakeCase:
		if !good {
			return pick[kiosk.Event](w, kiosk.InCase{Case: c.Case, Event: kiosk.CaseRefused{Code: kiosk.ProblemCaseLeased}}, w.failed(c.Case))
		}
		open := leased(w.now.Add(5 * time.Minute))
		open.Person = marked()
		return kiosk.InCase{Case: c.Case, Event: kiosk.CaseTaken{Case: open}}
	case kiosk.Decide:
		switch {
		case !good:
			return pick[kiosk.Event](w, kiosk.StaffPINRefused{TriesLeft: 1}, kiosk.InCase{Case: c.Case, Event: kiosk.StaffSignFailed{Problem: kiosk.ProblemStaffCardFailed}},
				kiosk.InCase{Case: c.Case, Event: kiosk.CaseRefused{Code: kiosk.ProblemCaseGone}}, w.failed(c.Case))
		case w.state.Approval.Phase == kiosk.ApprovalSigning:
			w.asked = append(w.asked, c) // its second answer
			return kiosk.InCase{Case: c.Case, Event: kiosk.DecisionSigned{}}
		}
		w.decided++
		return kiosk.InCase{Case: c.Case, Event: kiosk.Decided{Outcome: kiosk.CaseOutcome{Active: true}}}
	}
	return nil
}

// checkShift: nothing of a person is drawn at a desk that is shut, and nothing about one leaves it; a case stays with whose
// shift it began in; the quiet mark shows nowhere.
func (w *world) checkShift(before kiosk.State, e kiosk.Event, commands []kiosk.Command) {
	s := w.state
	if _, ok := e.(kiosk.Doubt); ok && (!reflect.DeepEqual(before, s) || len(commands) > 0) {
		w.fail("the mark shows")
	}
	if w.layout == noShifts {
		return
	}
	if shut(s) {
		if s.Case != 0 || s.Step != kiosk.StepDocument {
			w.fail("after %T a case is shown at a desk that is shut", e)
		}
		if found := search(reflect.ValueOf(s), personal); found != "" {
			w.fail("after %T a desk that is shut shows somebody at %s", e, found)
		}
		if kept := w.behind.Case != 0; kept != s.Shift.KeptCase {
			w.fail("after %T a case is kept: %v, and the screens say %v", e, kept, s.Shift.KeptCase)
		}
		if s.Shift.KeptCase && s.Now.After(s.Shift.WipeAt) && w.behind.Review.Phase != kiosk.ReviewBinding && w.behind.Approval.Phase != kiosk.ApprovalDeciding {
			w.fail("after %T a case is kept behind the lock for too long", e)
		}
		if s.Shift.KeptCase {
			w.locked++
		}
	}
	if w.behind.Case != w.caseOf {
		w.caseOf, w.clerk = w.behind.Case, s.Shift.Staff.Number
		if w.caseOf != 0 && shut(s) {
			w.fail("after %T a case began at a desk that is shut", e)
		}
	}
	if w.caseOf != 0 && s.Shift.Staff.Number != w.clerk {
		w.fail("after %T %s goes on with the case of %s", e, s.Shift.Staff.Number, w.clerk)
	}
	for _, c := range commands {
		switch c.(type) {
		case kiosk.ReadStaffCard, kiosk.SignIn, kiosk.UnlockShift, kiosk.EndShift, kiosk.Abandon, kiosk.Forget, kiosk.ReleaseCase, kiosk.LookAtDesk:
		default:
			if shut(s) {
				w.fail("after %T, %T leaves a desk that is shut", e, c)
			}
		}
	}
}
