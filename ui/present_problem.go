package ui

import "balcao/kiosk"

// problemModel is the three parts of every error, and the support's reference.
type problemModel struct {
	WhatLabel, What   string
	MeansLabel, Means string
	NextLabel, Next   string
	Reference         string
	Checks            []checkRow // those that were not a yes
}

// parts writes a problem's three parts.
func (p present) parts(problem kiosk.Problem) problemModel {
	v := values{"Reader": problem.Reader, "Activity": "", "Count": problem.TriesLeft}
	if problem.Activity != "" {
		v["Activity"] = p.text(problem.Activity)
	}
	key := "problem." + string(problem.Code)
	m := problemModel{
		WhatLabel: p.text("error.what"), What: p.said(key+".what", v),
		MeansLabel: p.text("error.means"), Means: p.said(key+".means", v),
		NextLabel: p.text("error.next"), Next: p.said(key+".next", v),
	}
	if forged(problem.Code) { // the person waits for the document: what happens to it comes first
		m.WhatLabel, m.What, m.MeansLabel, m.Means, m.NextLabel, m.Next = m.NextLabel, m.Next, m.WhatLabel, m.What, m.MeansLabel, m.Means
	}
	if problem.Reference != "" {
		m.Reference = p.format("error.reference", values{"Reference": problem.Reference})
	}
	return m
}

func (p present) problem(m *clerkModel) {
	problem := kiosk.Problem{Code: p.state.Status.Service}
	if p.state.Problem != nil {
		problem = *p.state.Problem
	}
	m.Title = p.said("problem."+string(problem.Code)+".title", nil)
	m.Subtitle = p.text("step." + string(p.state.Step))
	if p.state.Step != kiosk.StepDocument { // before, it may be any card, or none
		m.Subtitle = p.format("error.subtitle", values{"Step": m.Subtitle, "Document": p.documentWord()})
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
		m.Cancel = &action{Text: p.text("action.next_person"), Key: "Esc", Event: kiosk.NextPerson{}}
	}
}

// problemActions: what the clerk can do. Where the cure is in the reader or in the service, the main
// button only says what the desk waits for, because it goes on by itself.
func (p present) problemActions(problem kiosk.Problem) []action {
	other := action{Text: p.text("action.other_document"), Key: "F5", Event: kiosk.OtherDocument{}}
	var actions []action
	again := action{Text: p.text("action.retry"), Key: "Enter", Main: true, Event: kiosk.Retry{}}
	switch {
	case problem.Fatal && worthAnotherTry(problem.Code):
		actions = []action{again}
	case forged(problem.Code):
		return []action{{Text: p.text("action.supervisor_told"), Key: "F10", Main: true, Event: kiosk.NextPerson{}}}
	case problem.Fatal:
		actions = []action{{Text: p.text("action.next_person"), Key: "Enter", Main: true, Event: kiosk.NextPerson{}}}
		if problem.Code == kiosk.ProblemNotThePerson || problem.Code == kiosk.ProblemAccompanied {
			return actions
		}
	case remark(problem.Code):
		actions = []action{{Text: p.text("action.next_person"), Key: "Enter", Main: true, Event: kiosk.NextPerson{}}}
	case problem.Code.OfService():
		actions = []action{{Text: p.text("action.waiting_reader"), Main: true}}
	case awaitsCard(problem.Code):
		actions = []action{{Text: p.text("action.waiting_card"), Main: true}}
	default:
		actions = []action{again}
	}
	if p.state.Case != 0 && (problem.Fatal || p.state.Examining()) {
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
	return code == kiosk.ProblemCardMute
}
