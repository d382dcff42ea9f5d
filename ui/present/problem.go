package present

import "balcao/kiosk"

// ProblemModel is the three parts of every error, and the support's reference.
type ProblemModel struct {
	WhatLabel, What   string
	MeansLabel, Means string
	NextLabel, Next   string
	Reference         string
	Checks            []CheckRow // those that were not a yes
}

// parts writes a problem's three parts.
func (p Presenter) parts(problem kiosk.Problem) ProblemModel {
	v := Values{"Reader": problem.Reader, "Activity": "", "Count": problem.TriesLeft}
	if problem.Activity != "" {
		v["Activity"] = p.Text(problem.Activity)
	}
	key := "problem." + string(problem.Code)
	m := ProblemModel{
		WhatLabel: p.Text("error.what"), What: p.said(key+".what", v),
		MeansLabel: p.Text("error.means"), Means: p.said(key+".means", v),
		NextLabel: p.Text("error.next"), Next: p.said(key+".next", v),
	}
	if forged(problem.Code) { // the person waits for the document: what happens to it comes first
		m.WhatLabel, m.What, m.MeansLabel, m.Means, m.NextLabel, m.Next = m.NextLabel, m.Next, m.WhatLabel, m.What, m.MeansLabel, m.Means
	}
	if problem.Reference != "" {
		m.Reference = p.Format("error.reference", Values{"Reference": problem.Reference})
	}
	return m
}

func (p Presenter) problem(m *ClerkModel) {
	problem := kiosk.Problem{Code: p.State.Status.Service}
	if p.State.Problem != nil {
		problem = *p.State.Problem
	}
	m.Title = p.said("problem."+string(problem.Code)+".title", nil)
	m.Subtitle = p.Text("step." + string(p.State.Step))
	if p.State.Step != kiosk.StepDocument { // before, it may be any card, or none
		m.Subtitle = p.Format("error.subtitle", Values{"Step": m.Subtitle, "Document": p.documentWord()})
	}
	m.Problem = p.parts(problem)
	for _, row := range p.checks() {
		if row.Result == kiosk.Failed || row.Result == kiosk.Unknown {
			m.Problem.Checks = append(m.Problem.Checks, row)
		}
	}
	m.Actions = p.problemActions(problem)
	if problem.Fatal && !forged(problem.Code) || remark(problem.Code) {
		m.Escape = kiosk.NextPerson{}
	}
	if problem.Fatal && worthAnotherTry(problem.Code) {
		m.Cancel = &Action{Text: p.Text("action.next_person"), Key: "Esc", Event: kiosk.NextPerson{}}
	}
}

// problemActions: what the clerk can do. Where the cure is in the reader or in the service, the main
// button only says what the desk waits for, because it goes on by itself.
func (p Presenter) problemActions(problem kiosk.Problem) []Action {
	other := Action{Text: p.Text("action.other_document"), Key: "F5", Event: kiosk.OtherDocument{}}
	var actions []Action
	again := Action{Text: p.Text("action.retry"), Key: "Enter", Main: true, Event: kiosk.Retry{}}
	switch {
	case problem.Fatal && worthAnotherTry(problem.Code):
		actions = []Action{again}
	case forged(problem.Code):
		return []Action{{Text: p.Text("action.supervisor_told"), Key: "F10", Main: true, Event: kiosk.NextPerson{}}}
	case problem.Fatal:
		actions = []Action{{Text: p.Text("action.next_person"), Key: "Enter", Main: true, Event: kiosk.NextPerson{}}}
		if problem.Code == kiosk.ProblemNotThePerson || problem.Code == kiosk.ProblemAccompanied || problem.Code == kiosk.ProblemDeskSuspended {
			return actions
		}
	case remark(problem.Code):
		actions = []Action{{Text: p.Text("action.next_person"), Key: "Enter", Main: true, Event: kiosk.NextPerson{}}}
	case problem.Code.OfService():
		actions = []Action{{Text: p.Text("action.waiting_reader"), Main: true}}
	case problem.Code == kiosk.ProblemDeskSuspended && p.State.Status.Centre.Suspended:
		actions = []Action{{Text: p.Text("action.waiting_centre"), Main: true}}
	case problem.Code == kiosk.ProblemNotAllowed: // a role that opens nothing: all there is to do is to make room for another
		actions = []Action{{Text: p.Text("action.end_shift"), Key: "F11", Main: true, Event: kiosk.SignOut{}}}
	case awaitsCard(problem.Code):
		waiting := "action.waiting_card"
		if p.travel() {
			waiting = "action.waiting_document"
		}
		actions = []Action{{Text: p.Text(waiting), Main: true}}
	default:
		actions = []Action{again}
	}
	if p.State.Case != 0 && (problem.Fatal || p.State.Examining()) {
		actions = append(actions, other)
	}
	return actions
}

// worthAnotherTry holds for refusals that say little about the document: a service that did not
// answer, dirty contacts, a slip on the way. The card is then read again where it lies.
func worthAnotherTry(code kiosk.ProblemCode) bool {
	switch kiosk.Reason(code) {
	case kiosk.ReasonRevocationUnknown, kiosk.ReasonSilent, kiosk.ReasonMalformed, kiosk.ReasonRefused, kiosk.ReasonSODUnreadable,
		kiosk.ReasonAccessDenied, kiosk.ReasonAccessFailed, kiosk.ReasonPrintedMismatch:
		return true
	}
	switch code {
	case kiosk.ProblemInternal, kiosk.ProblemNotProven, kiosk.ProblemExpired, kiosk.ProblemReaderBusy, kiosk.ProblemCentreDown:
		return true
	}
	return false
}

// forged holds for what only a copy or a forgery shows. Such a page is not left with the key that leaves others.
func forged(code kiosk.ProblemCode) bool {
	switch kiosk.Reason(code) {
	case kiosk.ReasonKeyMismatch, kiosk.ReasonDataAltered, kiosk.ReasonSODInvalid, kiosk.ReasonPersonMismatch:
		return true
	}
	return false
}

// remark holds for what is said on an empty desk: nothing is left that could be tried again.
func remark(code kiosk.ProblemCode) bool {
	return code == kiosk.ProblemIdle || code == kiosk.ProblemNoChip
}

// awaitsCard holds for problems that the card itself ends when it comes (back).
func awaitsCard(code kiosk.ProblemCode) bool {
	switch kiosk.Reason(code) {
	case kiosk.ReasonRemoved, kiosk.ReasonCardChanged, kiosk.ReasonUnknownCard:
		return true
	}
	return code == kiosk.ProblemCardUnresponsive || code == kiosk.ProblemCardAway
}
