package ui

import (
	"strings"

	"fyne.io/fyne/v2"

	"balcao/kiosk"
	"balcao/ui/present"
	"balcao/ui/theme"
)

// staffPINView is the boxes for the PIN of a staff card. What is typed is wiped as digitField does, and whenever
// something else is asked for.
type staffPINView struct {
	label, notice *theme.Text
	field         *digitField
	model         present.StaffPINModel
	language      kiosk.Language
	asks          string
	content       *fyne.Container
}

func newStaffPINView(keys *keyboard, send func(kiosk.Event)) *staffPINView {
	v := &staffPINView{label: theme.NewText("", theme.SizeLabel, fyne.TextStyle{}, theme.InkSoft).Wrap(), notice: theme.Value("").Wrap()}
	v.field = newDigitField(keys, func() { say(v.notice, v.model.Notice) }, func(pin kiosk.Secret) { send(kiosk.StaffPINTyped{PIN: pin}) })
	v.field.refused = func() {
		missing := present.Words{Language: v.language}.Format("staff_pin.missing", present.Values{"Count": v.model.Input.Min - v.field.n})
		say(v.notice, present.Line{Text: missing, Tone: present.ToneBad})
	}
	v.content = rows(9, v.label, left(v.field), v.notice)
	return v
}

func (v *staffPINView) show(m present.ClerkModel) {
	if v.asks != m.Asks || !m.StaffPIN.Asked {
		v.field.wipe()
	}
	v.asks, v.model, v.language = m.Asks, m.StaffPIN, m.Language
	v.label.SetText(m.StaffPIN.Label)
	v.field.configure(m.StaffPIN.Input, func(n int) string {
		return present.Words{Language: m.Language}.Format(m.StaffPIN.Input.Label, present.Values{"Count": n})
	})
	say(v.notice, m.StaffPIN.Notice)
	reveal(v.content, m.StaffPIN.Asked)
}

// first is the boxes while they are to be filled.
func (v *staffPINView) first() fyne.Focusable {
	if !v.model.Asked || v.model.Input.Locked {
		return nil
	}
	return v.field
}

// signInView is the sign-in and the lock.
type signInView struct {
	fields, kept *list[fieldRow, present.Field]
	lines        *list[*theme.Text, present.Line]
	number       *askedView
	entry        *entry
	pin          *staffPINView
	problem      optional
	aside        *theme.Text
	lights       *list[lightView, present.Light]
	object       fyne.CanvasObject
	asked        bool // for the number
	asks         string
}

func newSignInView(keys *keyboard, send func(kiosk.Event)) *signInView {
	v := &signInView{
		fields: newFields(12, 134, nil), kept: newFields(10, 84, nil), lines: newLines(8, func() *theme.Text { return theme.Body("") }),
		pin: newStaffPINView(keys, send), problem: optional{newProblemView()}, aside: theme.Heading("").Wrap(),
	}
	v.entry = newEntry(keys, func() {})
	v.number = newAskedView(columns(0, []float32{-220}, v.entry), 0)
	v.lights = newList(10,
		func() (lightView, fyne.CanvasObject) {
			l := lightView{theme.Dot(theme.Green), theme.Value("").Wrap()}
			return l, columns(9, []float32{0, 1}, l.dot, l.text)
		},
		func(l lightView, light present.Light) {
			l.text.SetText(light.Text)
			l.dot.SetColour(ink(light.Tone))
		})
	v.object = rows(16, v.problem.content, sideBySide(16, 760, []float32{2, 1},
		theme.Panel(rows(14, v.fields.content, v.lines.content, v.number.content, v.pin.content)),
		theme.Panel(rows(12, v.aside, v.kept.content, v.lights.content))))
	return v
}

func (v *signInView) content() fyne.CanvasObject { return v.object }

func (v *signInView) show(m present.ClerkModel) {
	if v.asks != m.Asks {
		v.entry.put("")
	}
	v.asks, v.asked = m.Asks, m.SignIn.Number != ""
	v.fields.show(m.SignIn.Fields)
	reveal(v.fields.content, len(m.SignIn.Fields) > 0)
	v.lines.show(m.SignIn.Lines)
	reveal(v.lines.content, len(m.SignIn.Lines) > 0)
	v.number.show(present.AskedModel{Asked: v.asked, Label: m.SignIn.Number})
	v.pin.show(m)
	v.problem.show(m.SignIn.Problem)
	v.aside.SetText(m.SignIn.Aside)
	v.kept.show(m.SignIn.Kept)
	reveal(v.kept.content, len(m.SignIn.Kept) > 0)
	v.lights.show(m.SignIn.Lights)
}

func (v *signInView) first() fyne.Focusable {
	if v.asked {
		return v.entry
	}
	return v.pin.first()
}

// typed is the number that was typed.
func (v *signInView) typed() string { return strings.TrimSpace(v.entry.Text) }
