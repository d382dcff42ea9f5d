package ui

import (
	"slices"

	"fyne.io/fyne/v2"
	"github.com/google/uuid"

	"balcao/kiosk"
	"balcao/ui/present"
	"balcao/ui/theme"
)

// optional is a problem that a page shows when there is one.
type optional struct{ *problemView }

func (o optional) show(m *present.ProblemModel) {
	if m != nil {
		o.problemView.show(*m)
	}
	reveal(o.content, m != nil)
}

// casesPage lists the enrolments that wait for a supervisor. The one that is chosen stays so while others come and go.
type casesPage struct {
	choice  *choice
	ids     []uuid.UUID
	chosen  uuid.UUID
	line    *theme.Text
	problem optional
	object  fyne.CanvasObject
}

func newCasesPage(keys *keyboard, seek func(fyne.CanvasObject, float32, float32)) *casesPage {
	p := &casesPage{line: theme.Body("").Wrap(), problem: optional{newProblemView()}}
	p.choice = newListedChoice(keys, func() {
		p.chosen = p.id()
		p.choice.seek(seek)
	}, func() {})
	p.object = rows(16, p.problem.content, theme.Panel(rows(8, p.line, p.choice)))
	return p
}

func (p *casesPage) content() fyne.CanvasObject { return p.object }

func (p *casesPage) show(m present.ClerkModel) {
	p.ids = m.Cases.IDs
	p.choice.offer(m.Cases.Label, "", m.Cases.Options)
	at := slices.Index(p.ids, p.chosen)
	if at < 0 && len(p.ids) > 0 {
		at = 0
	}
	p.choice.put(at)
	p.chosen = p.id()
	reveal(p.choice, len(p.ids) > 0)
	say(p.line, m.Cases.Line)
	p.problem.show(m.Cases.Problem)
}

// id is the case that is chosen, the zero UUID for none.
func (p *casesPage) id() uuid.UUID {
	if i := p.choice.chosen; i >= 0 && i < len(p.ids) {
		return p.ids[i]
	}
	return uuid.UUID{}
}

func (p *casesPage) first() fyne.Focusable {
	if len(p.ids) == 0 {
		return nil
	}
	return p.choice
}

// casePage is one of them.
type casePage struct {
	heading, checked *theme.Text
	reasons          *list[fieldRow, present.Field]
	fields, level    *list[fieldRow, present.Field]
	checks           *checkList
	problem          optional
	object           fyne.CanvasObject
}

func newCasePage() *casePage {
	p := &casePage{
		heading: theme.Heading(""), checked: theme.Heading(""), checks: newChecks(), problem: optional{newProblemView()},
		fields: newFields(10, 118, nil), level: newFields(0, 118, nil),
	}
	p.reasons = newList(8,
		func() (fieldRow, fyne.CanvasObject) {
			row := fieldRow{theme.Value("").In(theme.Amber).Bold().Wrap(), theme.Value("").Wrap()}
			row.label.SetSign(theme.Unknown)
			return row, rows(2, row.label, row.value)
		},
		func(row fieldRow, f present.Field) {
			row.label.SetText(f.Label)
			row.value.SetText(f.Value)
		})
	p.object = rows(16, p.problem.content, sideBySide(16, 860, []float32{544, 420},
		theme.Panel(rows(14, rows(6, p.heading, p.reasons.content), p.fields.content)),
		theme.Panel(rows(10, p.checked, p.checks.content, p.level.content))))
	return p
}

func (p *casePage) content() fyne.CanvasObject { return p.object }

func (p *casePage) show(m present.ClerkModel) {
	p.heading.SetText(m.OpenCase.Heading)
	p.reasons.show(m.OpenCase.Reasons)
	p.fields.show(m.OpenCase.Fields)
	p.checked.SetText(m.OpenCase.Checked)
	p.checks.show(m.OpenCase.Checks)
	p.level.show(m.OpenCase.Level)
	p.problem.show(m.OpenCase.Problem)
}

// decisionPage is what is decided about it: why it is refused, the supervisor's signature, what became of it.
type decisionPage struct {
	fields  *list[fieldRow, present.Field]
	reasons *choice
	line    *theme.Text
	pin     *staffPINView
	problem optional
	object  fyne.CanvasObject
}

func newDecisionPage(keys *keyboard, send func(kiosk.Event), seek func(fyne.CanvasObject, float32, float32)) *decisionPage {
	p := &decisionPage{fields: newFields(10, 134, nil), line: theme.Body("").Wrap(), pin: newStaffPINView(keys, send), problem: optional{newProblemView()}}
	p.reasons = newListedChoice(keys, func() { p.reasons.seek(seek) }, func() {})
	p.object = rows(16, p.problem.content, theme.Panel(rows(14, p.fields.content, p.line, p.reasons, p.pin.content)))
	return p
}

func (p *decisionPage) content() fyne.CanvasObject { return p.object }

func (p *decisionPage) show(m present.ClerkModel) {
	p.fields.show(m.Decision.Fields)
	if len(m.Decision.Reasons) == 0 { // what nobody chose is not recorded as chosen
		p.reasons.put(-1)
	}
	p.reasons.offer(m.Decision.Label, "", m.Decision.Reasons)
	reveal(p.reasons, len(m.Decision.Reasons) > 0)
	say(p.line, m.Decision.Line)
	p.pin.show(m)
	p.problem.show(m.Decision.Problem)
}

func (p *decisionPage) first() fyne.Focusable {
	if p.reasons.Visible() {
		return p.reasons
	}
	return p.pin.first()
}

// reason is why the case is refused, "" while none is chosen.
func (p *decisionPage) reason() kiosk.RefusalReason {
	if i := p.reasons.chosen; i >= 0 && i < len(kiosk.RefusalReasons) {
		return kiosk.RefusalReasons[i]
	}
	return ""
}
