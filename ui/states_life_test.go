package ui_test

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"balcao/kiosk"
)

// errandOf is the errand of a name, or that of supervisors.
func errandOf(name string) kiosk.Errand {
	all := append(slices.Concat(kiosk.Errands, kiosk.Life), kiosk.Approve, kiosk.Alerts, kiosk.Word)
	return all[slices.IndexFunc(all, func(e kiosk.Errand) bool { return e.Name == name })]
}

// life is a state within an errand of a key that there is.
func life(name string, step kiosk.Step, changes ...func(*kiosk.State)) func(kiosk.Language) kiosk.State {
	return func(l kiosk.Language) kiosk.State {
		s := identity(l)
		s.Errand, s.Step = errandOf(name), step
		if !s.Errand.Has(kiosk.StepDocument) {
			s.Document = kiosk.DocumentState{}
			s.Status.Readers[0].Slot = kiosk.SlotEmpty
		}
		s.Key = kiosk.KeyState{Phase: kiosk.KeyShown, Key: blockedKey(), Choosing: name}
		for _, change := range changes {
			change(&s)
		}
		return s
	}
}

func leaf(n int64) *int64 { return &n }

func activeKey() *kiosk.Key {
	return &kiosk.Key{
		Register: 20418, State: kiosk.StatusActive, Since: today.AddDate(0, -9, -20), Level: kiosk.LevelHigh, ValidUntil: kiosk.Date{Year: 2034, Month: 2, Day: 19},
		Contacts: []kiosk.MaskedContact{
			{Channel: kiosk.SMS, Value: "+351 912 ••• 678", ProvenAt: today.AddDate(0, -9, -20)}, {Channel: kiosk.Email, Value: "i•••@exemplo.pt", ProvenAt: today.AddDate(0, -5, -11)},
		},
		Numbers: []kiosk.NumberOf{{Kind: kiosk.NumberTax, Source: kiosk.NumberChip}, {Kind: kiosk.NumberSocialSecurity, Source: kiosk.NumberPaper}, {Kind: kiosk.NumberHealth, Source: kiosk.NumberSaid}},
		Offered: []string{"phone", "email", "pin", "suspend", "cancel", "stored", "try"},
		Timeline: []kiosk.KeyEvent{
			{At: today.AddDate(0, -5, -11), Cause: "email", From: kiosk.StatusActive, To: kiosk.StatusActive, Reason: kiosk.ReasonRequest, Desk: "Saldanha · Balcão 03", Staff: "F0388", Leaf: leaf(60114), Notice: kiosk.DeliveryDelivered},
			{At: today.AddDate(0, -9, -20), Cause: "enrol", To: kiosk.StatusActive, Desk: "Laranjeiras · Balcão 07", Staff: "F0417", Leaf: leaf(51207), Notice: "none"},
		},
	}
}

func blockedKey() *kiosk.Key {
	k := activeKey()
	k.State, k.Reason, k.Since = kiosk.StatusBlocked, "wrong_codes", today.Add(-12*time.Hour)
	k.Offered = []string{"unblock", "pin", "cancel"}
	k.Timeline = slices.Insert(k.Timeline, 0, kiosk.KeyEvent{At: k.Since, Cause: "block", From: kiosk.StatusActive, To: kiosk.StatusBlocked, Reason: "wrong_codes", Notice: kiosk.DeliveryFailed})
	return k
}

func pendingKey() *kiosk.Key {
	k := activeKey()
	k.State, k.Contacts, k.Offered = kiosk.StatusPending, nil, []string{"activate", "cancel"}
	k.Pending = &kiosk.PendingCode{Channel: kiosk.Letter, Value: "Lisboa", ExpiresAt: today.AddDate(0, 0, 12)}
	k.Timeline = []kiosk.KeyEvent{{At: k.Since, Cause: "enrol_later", To: kiosk.StatusPending, Desk: "Laranjeiras · Balcão 07", Staff: "F0417", Leaf: leaf(51207), Notice: kiosk.DeliverySent}}
	return k
}

// oldKey has a long history, and all that a page of a key can show.
func oldKey() *kiosk.Key {
	k := activeKey()
	k.State, k.Reason, k.Since, k.LockedUntil = kiosk.StatusLocked, "wrong_pins", today.Add(-4*time.Minute), today.Add(26*time.Minute)
	k.Offered = []string{"unblock", "phone", "email", "pin", "suspend", "cancel", "renew", "stored", "try"}
	for i := range 12 {
		k.Timeline = append(k.Timeline, kiosk.KeyEvent{At: today.AddDate(-1, -i, 0), Cause: "reactivate", From: kiosk.StatusSuspended, To: kiosk.StatusActive, Reason: kiosk.ReasonRecovered, Desk: "Loja de Cidadão das Laranjeiras · Balcão 07", Staff: "FUNC-2026-000417", Leaf: leaf(int64(1204118 - i)), Notice: kiosk.DeliveryDelivered})
	}
	return k
}

// keyIs shows another key on its page.
func keyIs(key func() *kiosk.Key, choosing string) func(*kiosk.State) {
	return func(s *kiosk.State) {
		s.Key.Key, s.Key.Choosing = key(), choosing
		s.Key.Offered, s.Key.ReasonMissing = s.Key.Key.Offered, len(kiosk.Reasons[choosing]) > 0
		if choosing == "" {
			s.Key.Choosing = s.Key.Offered[0]
		}
	}
}

func keyPhase(phase kiosk.KeyPhase) func(*kiosk.State) {
	return func(s *kiosk.State) {
		s.Key = kiosk.KeyState{Phase: phase}
		if phase == kiosk.KeyNone {
			s.Key.Offered, s.Key.Choosing, s.Key.Problem = []string{"enrol", "renew"}, "enrol", kiosk.ProblemNoKey
		}
	}
}

// busy is what a supervisor's desk offers after a morning.
func busy(l kiosk.Language) kiosk.State {
	s := shift(marta, errands)(l)
	s.Today = kiosk.DayFigures{Known: true, Enrolments: 14, Median: 160 * time.Second, Others: 6}
	return s
}

func later(channel kiosk.Channel, changes ...func(*kiosk.LaterState)) func(kiosk.Language) kiosk.State {
	return func(l kiosk.Language) kiosk.State {
		s := contact(l)
		s.Contact = kiosk.ContactState{Later: kiosk.LaterState{Channel: channel}}
		for _, change := range changes {
			change(&s.Contact.Later)
		}
		return s
	}
}

func typedAddress(l *kiosk.LaterState) {
	l.Address = &kiosk.PostalAddress{Name: "ANNA MARIA ERIKSSON", Lines: []string{"Rua da Senhora da Saúde 12, 3.º esq."}, Postcode: "1100-01", Town: "Lisboa", Country: "PRT"}
	l.Fault = "postcode"
}

func laterSet(l *kiosk.LaterState) {
	typedAddress(l)
	l.Address.Postcode, l.Fault, l.Set, l.ExpiresAt = "1100-001", "", true, today.AddDate(0, 0, 21)
}

func laterWrong(l *kiosk.LaterState) { l.Text, l.Problem = "ana.exemplo.pt", kiosk.EmailAtMissing }

func activating(change func(*kiosk.ActivationState)) func(*kiosk.State) {
	return func(s *kiosk.State) {
		s.Key.Key = pendingKey()
		s.Activation = kiosk.ActivationState{TriesLeft: -1, Channel: kiosk.Letter}
		change(&s.Activation)
	}
}

func tries(phase kiosk.TryPhase, problem kiosk.TryProblem) func(*kiosk.State) {
	return func(s *kiosk.State) {
		s.Key.Key = activeKey()
		s.Try = kiosk.TryState{Phase: phase, Problem: problem, By: kiosk.ByPhone, Channel: kiosk.SMS, TriesLeft: 2, SendsLeft: 2}
		if phase == kiosk.TryCode {
			s.Try.ExpiresAt, s.Try.ResendAt, s.Try.Delivery = today.Add(8*time.Minute), today.Add(20*time.Second), kiosk.DeliverySent
		}
	}
}

func noKeyAtHand(s *kiosk.State) { s.Key = kiosk.KeyState{} }

func storedOf(s *kiosk.State) {
	s.Key.Key = activeKey()
	s.Stored = kiosk.StoredState{At: today}
	for _, name := range []string{"person", "document", "contact", "key_event"} {
		section := kiosk.StoredSection{Name: name}
		for i := range 3 {
			section.Rows = append(section.Rows, []kiosk.StoredField{
				{Name: "value", Value: []string{"INÊS CONCEIÇÃO GUIMARÃES SIMÕES", "+351912345678", "1988-03-04"}[i]}, {Name: "proven_at", Value: "2026-02-03 09:41"}, {Name: "desk", Value: ""},
			})
		}
		s.Stored.Sections = append(s.Stored.Sections, section)
	}
	s.Stored.Sections = append(s.Stored.Sections, kiosk.StoredSection{Name: "letter"})
}

func searchFound(s *kiosk.State) {
	one, two := *activeKey(), *blockedKey()
	one.Initials, two.Initials, two.Register = "I. C. G. S.", "M. A. S.", 31887
	s.Search = kiosk.SearchState{Kind: kiosk.SearchPhone, Text: "912 345 678", Reason: kiosk.SearchHolderPhone, Searched: true, Found: []kiosk.Key{one, two}}
}

func reported(s *kiosk.State) {
	s.Report = kiosk.ReportState{Day: kiosk.DateOf(today), Errands: []kiosk.ReportErrand{
		{Errand: "enrol", Outcome: "active", Count: 14, Median: 160 * time.Second, Steps: []kiosk.ReportStepTime{
			{Step: kiosk.StepIdentity, Median: 22 * time.Second}, {Step: kiosk.StepContact, Median: 61 * time.Second}, {Step: kiosk.StepPIN, Median: 31 * time.Second}, {Step: kiosk.StepReview, Median: 40 * time.Second}}},
		{Errand: "enrol", Outcome: "abandoned", Count: 2, Median: 70 * time.Second, Steps: []kiosk.ReportStepTime{{Step: kiosk.StepIdentity, Median: 22 * time.Second}}},
		{Errand: "unblock", Outcome: "active", Count: 4, Median: 58 * time.Second},
	}}
}

// changed is the end of an errand.
func changed(name string, changes ...func(*kiosk.Receipt)) func(kiosk.Language) kiosk.State {
	return func(l kiosk.Language) kiosk.State {
		s := done(l)
		s.Errand = errandOf(name)
		key := activeKey()
		r := *s.Receipt
		s.Receipt = &r
		r.Errand, r.Key, r.Register = name, key, key.Register
		s.Receipt.Errand, s.Receipt.Key, s.Receipt.Register = name, key, key.Register
		for _, change := range changes {
			change(s.Receipt)
		}
		return s
	}
}

// told are the messages of a visit, as far as they came.
func told(from func(kiosk.Language) kiosk.State) func(kiosk.Language) kiosk.State {
	return func(l kiosk.Language) kiosk.State {
		s := from(l)
		s.Messages = []kiosk.Message{
			{Kind: kiosk.MessageCode, Channel: kiosk.SMS, Delivery: kiosk.DeliveryDelivered}, {Kind: kiosk.MessageNotice, Channel: kiosk.SMS, Delivery: kiosk.DeliveryDelivered},
			{Kind: kiosk.MessageNotice, Channel: kiosk.Email, Delivery: kiosk.DeliveryFailed, Reason: kiosk.FailMailboxFull},
		}
		return s
	}
}

func suspended(r *kiosk.Receipt) {
	r.Key.State, r.Undo, r.Key.Timeline[0].Notice = kiosk.StatusSuspended, "reactivate", kiosk.DeliveryFailed
}

func endedKey(r *kiosk.Receipt) { r.Key.State, r.Key.Offered = kiosk.StatusCancelled, nil }

func activatedLater(l kiosk.Language) kiosk.State {
	s := done(l)
	s.Receipt = &kiosk.Receipt{Person: s.Receipt.Person, Register: 20419, DeskTime: s.Receipt.DeskTime, WipeAt: s.Receipt.WipeAt, Activation: kiosk.ActivationSent{Channel: kiosk.Letter, ExpiresAt: today.AddDate(0, 0, 21)}}
	return s
}

// changes is the review of an errand that changes a key.
func changes(name string, reason kiosk.KeyReason) func(kiosk.Language) kiosk.State {
	return func(l kiosk.Language) kiosk.State {
		s := review(kiosk.ReviewReading)(l)
		s.Errand = errandOf(name)
		s.Key = kiosk.KeyState{Phase: kiosk.KeyShown, Key: activeKey(), Choosing: name, Reason: reason}
		if name != "phone" {
			s.Contact = kiosk.ContactState{}
		} else {
			s.Contact.Email = kiosk.ChannelState{}
		}
		return s
	}
}

func printed(phase kiosk.PrintPhase) func(kiosk.Language) kiosk.State {
	return func(l kiosk.Language) kiosk.State {
		s := done(l)
		s.Print = kiosk.PrintState{What: kiosk.PrintOfReceipt, Phase: phase}
		if phase == kiosk.PrintOnPage {
			s.Print.Pages = [][]byte{face(), face()}
		}
		return s
	}
}

// waits is a document that is awaited for an errand.
func waits(name string) func(kiosk.Language) kiosk.State {
	return func(l kiosk.Language) kiosk.State {
		s := idle(l)
		s.Errand = errandOf(name)
		return s
	}
}

// alerts is a supervisor's errand.
func alertsOf(step kiosk.Step, phase kiosk.ApprovalPhase, changes ...func(*kiosk.AlertsState)) func(kiosk.Language) kiosk.State {
	return func(l kiosk.Language) kiosk.State {
		s := shift(marta, idle)(l)
		s.Errand, s.Step, s.Case = kiosk.Alerts, step, 5
		s.Alerts = kiosk.AlertsState{Phase: phase}
		if step == kiosk.StepAlert {
			s.Alerts.Open = contactAlert()
		}
		for _, change := range changes {
			change(&s.Alerts)
		}
		return s
	}
}

func contactAlert() *kiosk.Alert {
	return &kiosk.Alert{
		AlertRow: kiosk.AlertRow{ID: uuid.UUID{1}, Number: 311, Rule: "contact_persons", RuleNumber: 6, Count: 4, Window: 48 * time.Hour, OpenedAt: today.Add(-10 * time.Minute)},
		Did:      "hold", HeldFor: 2 * time.Minute,
		Seen: []kiosk.AlertSeen{
			{At: today.Add(-46 * time.Hour), Desk: "Saldanha · Balcão 03", Staff: "F0388", What: "code_sent", N: 1}, {At: today.Add(-28 * time.Hour), Desk: "Saldanha · Balcão 03", Staff: "F0388", What: "code_sent", N: 3},
			{At: today.Add(-20 * time.Hour), Desk: "Odivelas · Balcão 11", Staff: "F0417", What: "code_sent", N: 1}, {At: today.Add(-11 * time.Minute), Desk: "Laranjeiras · Balcão 07", Staff: "FUNC-2026-000417", What: "code_sent", N: 1},
		},
		MayDecide: []kiosk.AlertDecision{kiosk.AlertNoSuspicion, kiosk.AlertWatch, kiosk.AlertSuspendKey},
	}
}

func waitingAlerts(s *kiosk.AlertsState) {
	s.Alerts = []kiosk.AlertRow{contactAlert().AlertRow,
		{ID: uuid.UUID{2}, Number: 312, Rule: "unanswered", RuleNumber: 10, Count: 86, Window: 24 * time.Hour, OpenedAt: today.Add(-3 * time.Hour), Desk: "Odivelas · Balcão 11", Staff: "F0388"},
		{ID: uuid.UUID{3}, Number: 313, Rule: "two_desks", RuleNumber: 16, Count: 2, Window: 15 * time.Minute, OpenedAt: today.Add(-2 * time.Minute)}}
}

func watches(s *kiosk.AlertsState) { s.Decision, s.Reason = kiosk.AlertWatch, "unclear" }

var lifeScreens = []screen{
	{"9-alerts", alertsOf(kiosk.StepAlerts, kiosk.ApprovalList, waitingAlerts)}, {"9-alerts-none", alertsOf(kiosk.StepAlerts, kiosk.ApprovalList)},
	{"9-alert", alertsOf(kiosk.StepAlert, kiosk.ApprovalCase)}, {"9-alert-why", alertsOf(kiosk.StepAlert, kiosk.ApprovalWhy, watches, func(s *kiosk.AlertsState) { s.Reason = "" })},
	{"9-alert-pin", alertsOf(kiosk.StepAlert, kiosk.ApprovalStaffPIN, watches)}, {"9-alert-deciding", alertsOf(kiosk.StepAlert, kiosk.ApprovalDeciding, watches)},
	{"9-alert-decided", alertsOf(kiosk.StepAlert, kiosk.ApprovalDecided, watches)},
	{"1-errands-busy", busy}, {"1-waits-unblock", waits("unblock")}, {"1-waits-key", waits("key")},
	{"8-key-blocked", life("key", kiosk.StepKey, keyIs(blockedKey, ""))}, {"8-key-active", life("key", kiosk.StepKey, keyIs(activeKey, ""))},
	{"8-key-pending", life("key", kiosk.StepKey, keyIs(pendingKey, ""))}, {"8-key-reading", life("key", kiosk.StepKey, keyPhase(kiosk.KeyReading))},
	{"8-key-none", life("key", kiosk.StepKey, keyPhase(kiosk.KeyNone))}, {"8-key-suspend", life("key", kiosk.StepKey, keyIs(activeKey, "suspend"))},
	{"8-key-cancel", life("key", kiosk.StepKey, keyIs(activeKey, "cancel"))},
	{"8-later", later(kiosk.SMS)}, {"8-later-wrong", later(kiosk.Email, laterWrong)}, {"8-later-set", later(kiosk.Letter, laterSet)},
	{"8-activation", life("activate", kiosk.StepActivation, activating(func(*kiosk.ActivationState) {}))},
	{"8-activation-wrong", life("activate", kiosk.StepActivation, activating(func(a *kiosk.ActivationState) { a.Problem, a.TriesLeft = kiosk.CodeWrong, 3 }))},
	{"8-activation-locked", life("activate", kiosk.StepActivation, activating(func(a *kiosk.ActivationState) { a.Problem = kiosk.CodeLocked }))},
	{"8-activation-proven", life("activate", kiosk.StepActivation, activating(func(a *kiosk.ActivationState) { a.Proven = true }))},
	{"8-activation-again", life("activate", kiosk.StepActivation, activating(func(a *kiosk.ActivationState) { a.Later.Channel = kiosk.SMS }))},
	{"8-try", life("try", kiosk.StepTry, tries(kiosk.TryNaming, ""))}, {"8-try-renew", life("renew", kiosk.StepTry, noKeyAtHand, func(s *kiosk.State) { s.Try.Problem = kiosk.TryUnspelled })},
	{"8-try-pin", life("try", kiosk.StepTry, tries(kiosk.TryPIN, ""))}, {"8-try-no", life("try", kiosk.StepTry, tries(kiosk.TryPIN, kiosk.TryNo))},
	{"8-try-checking", life("try", kiosk.StepTry, tries(kiosk.TryChecking, ""))}, {"8-try-code", life("try", kiosk.StepTry, tries(kiosk.TryCode, ""))},
	{"8-try-code-wrong", life("try", kiosk.StepTry, tries(kiosk.TryCode, kiosk.TryCodeWrong))}, {"8-try-done", life("try", kiosk.StepTry, tries(kiosk.TrySignedIn, ""))},
	{"8-try-over", life("try", kiosk.StepTry, tries(kiosk.TryOver, kiosk.TryBlocked))},
	{"8-stored-reading", life("stored", kiosk.StepStored, func(s *kiosk.State) { s.Stored.Reading = true })},
	{"8-search", life("search", kiosk.StepSearch)}, {"8-search-none", life("search", kiosk.StepSearch, func(s *kiosk.State) { s.Search.Searched = true })},
	{"8-search-key", life("search", kiosk.StepKey, keyIs(activeKey, ""), func(s *kiosk.State) {
		s.Key.Key.Initials, s.Key.Offered, s.Key.Choosing = "I. C. G. S.", []string{"word"}, "word"
	})},
	{"8-word", life("word", kiosk.StepWord, func(s *kiosk.State) { s.Word.NumberAsked = true })}, {"8-word-wrong", life("word", kiosk.StepWord, func(s *kiosk.State) { s.Word.Wrong = true })},
	{"8-not-me", life("not_me", kiosk.StepNotMe)}, {"8-not-me-wrong", life("not_me", kiosk.StepNotMe, func(s *kiosk.State) { s.NotMe.Wrong = true })},
	{"8-report", life("report", kiosk.StepReport, reported)}, {"8-report-none", life("report", kiosk.StepReport, func(s *kiosk.State) { s.Report.Day = kiosk.DateOf(today) })},
	{"8-review-phone", changes("phone", "")}, {"8-review-suspend", changes("suspend", kiosk.ReasonPhoneLost)},
	{"8-done-suspended", changed("suspend", suspended)}, {"8-done-cancelled", changed("cancel", endedKey)}, {"8-done-phone", told(changed("phone"))},
	{"8-done-not-me", changed("not_me", suspended, func(r *kiosk.Receipt) { r.Person, r.DeskTime, r.Undo = "", 0, "" })}, {"8-done-later", activatedLater},
	{"8-done-printing", printed(kiosk.PrintRunning)}, {"8-done-printed", printed(kiosk.PrintDone)}, {"8-done-unprinted", printed(kiosk.PrintFailed)},
}

// longScreens are those that are longer than a window of the design's size: they scroll.
var longScreens = []screen{
	{"8-key-old", life("key", kiosk.StepKey, keyIs(oldKey, ""))}, {"8-later-letter", later(kiosk.Letter, typedAddress)},
	{"8-stored", life("stored", kiosk.StepStored, storedOf)}, {"8-search-found", life("search", kiosk.StepSearch, searchFound)}, {"8-paper", printed(kiosk.PrintOnPage)},
}
