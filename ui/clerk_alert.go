package ui

import (
	"slices"

	"fyne.io/fyne/v2"

	"balcao/kiosk"
	"balcao/ui/present"
	"balcao/ui/theme"
)

// alertPage is an alert: what was counted beside what may be decided, then why, and the supervisor's signature.
type alertPage struct {
	problem       optional
	seen          *table
	didLabel, did *theme.Text
	label         *theme.Text
	choice        *choice
	decisions     []kiosk.AlertDecision
	fields        *list[fieldRow, present.Field]
	why, line     *theme.Text
	reasons       *choice
	pin           *staffPINView
	facts, sign   fyne.CanvasObject
	object        fyne.CanvasObject
}

func newAlertPage(keys *keyboard, send func(kiosk.Event), seek func(fyne.CanvasObject, float32, float32)) *alertPage {
	p := &alertPage{
		problem: optional{newProblemView()}, seen: newTable(2, 3.4, 2, 4.6), didLabel: theme.Heading("").Wrap(), did: theme.Value("").Wrap(), label: theme.Heading("").Wrap(),
		fields: newFields(10, 134, nil), why: theme.Heading("").Wrap(), line: theme.Body("").Wrap(), pin: newStaffPINView(keys, send),
	}
	p.choice = newTiles(keys, &tiles{columns: 1}, func() { p.choice.seek(seek) }, func() {})
	p.reasons = newListedChoice(keys, func() { p.reasons.seek(seek) }, func() {})
	p.facts = sideBySide(16, 860, []float32{604, 360}, theme.Panel(p.seen.content), theme.Panel(rows(6, p.didLabel, p.did, theme.Padded(0, 4, p.label), p.choice)))
	p.sign = theme.Panel(rows(14, p.fields.content, p.line, rows(6, p.why, p.reasons), p.pin.content))
	p.object = rows(16, p.problem.content, p.facts, p.sign)
	return p
}

func (p *alertPage) content() fyne.CanvasObject { return p.object }

func (p *alertPage) show(m present.ClerkModel) {
	alert := m.Alert
	p.problem.show(alert.Problem)
	p.seen.show(alert.Heads, alert.Lines)
	p.didLabel.SetText(alert.DidLabel)
	p.did.SetText(alert.Did)
	p.label.SetText(alert.Label)
	if !slices.Equal(p.decisions, alert.Decisions) { // what nobody chose is not recorded as chosen
		p.choice.put(-1)
	}
	p.decisions = alert.Decisions
	p.choice.offer(alert.Label, "", alert.Options)
	reveal(p.facts, len(alert.Decisions) > 0)
	p.fields.show(alert.Fields)
	say(p.line, alert.Line)
	if len(alert.Reasons) == 0 {
		p.reasons.put(-1)
	}
	p.why.SetText(alert.Why)
	p.reasons.offer(alert.Why, "", alert.Reasons)
	reveal(p.why, alert.Why != "")
	reveal(p.reasons, len(alert.Reasons) > 0)
	p.pin.show(m)
	reveal(p.sign, len(alert.Fields) > 0)
}

func (p *alertPage) first() fyne.Focusable {
	switch {
	case len(p.decisions) > 0:
		return p.choice
	case p.reasons.Visible():
		return p.reasons
	}
	return p.pin.first()
}

// decided puts what is chosen into the event; false while nothing is.
func (p *alertPage) decided(e kiosk.AlertDecided) (kiosk.AlertDecided, bool) {
	if e.Decision == "" {
		if i := p.choice.chosen; i >= 0 && i < len(p.decisions) {
			e.Decision = p.decisions[i]
		}
		return e, e.Decision != ""
	}
	if i := p.reasons.chosen; i >= 0 && i < len(kiosk.AlertReasons) {
		e.Reason = kiosk.AlertReasons[i]
	}
	return e, e.Reason != ""
}
