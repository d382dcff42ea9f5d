package ui

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"balcao/kiosk"
	"balcao/ui/present"
	"balcao/ui/theme"
)

// accessPage is where the clerk types what a chip opens with, or what stands in place of a chip, beside a
// picture of where it is printed.
type accessPage struct {
	send func(kiosk.Event)

	label, notice *theme.Text
	mrz           *mrzField
	can           *digitField
	marks         *list[markView, present.CheckRow]
	corrections   *list[correctionView, present.Action]
	heading       *theme.Text
	guide         *list[*theme.Text, present.Line]
	pictures      *pictures
	object        fyne.CanvasObject

	model   present.AccessModel
	open    bool
	filling bool // what changes is not the clerk's typing
	entered bool // Enter was pressed behind what is not understood yet
}

func newAccessPage(keys *keyboard, send func(kiosk.Event), do func(present.Action)) *accessPage {
	p := &accessPage{
		send: send, label: theme.NewText("", theme.SizeLabel, fyne.TextStyle{}, theme.InkSoft).Wrap(), notice: theme.Value("").Wrap(),
		heading: theme.Heading(""), guide: newLines(6, func() *theme.Text { return theme.Body("") }),
		pictures: newPictures(1, nil, present.PicturePassport, present.PictureCardBack, present.PictureCAN),
		marks:    newMarks(), corrections: newCorrections(do),
	}
	p.mrz = newMRZField(keys, p.typed)
	p.can = newDigitField(keys, p.typed, func(code kiosk.Secret) { code.Wipe() })
	p.object = rows(12,
		theme.Panel(rows(7, p.label, p.mrz, container.NewHBox(p.can), p.marks.content, p.corrections.content, p.notice)),
		theme.Panel(centred(30, []float32{0, 1}, p.pictures.content, rows(6, p.heading, p.guide.content))))
	return p
}

func (p *accessPage) content() fyne.CanvasObject { return p.object }

func (p *accessPage) show(m present.ClerkModel) {
	before := p.model
	entering := !p.open || before.Case != m.Access.Case || before.Kind != m.Access.Kind
	p.open, p.model = m.Page == present.PageAccess, m.Access
	p.filling = true
	p.label.SetText(m.Access.Label)
	p.fields(m, entering)
	p.marks.show(m.Access.Marks)
	p.corrections.show(m.Access.Corrections)
	say(p.notice, m.Access.Notice)
	p.heading.SetText(m.Access.Heading)
	p.guide.show(present.PlainLines(m.Access.Guide))
	p.pictures.show(m.Access.Pictures)
	p.filling = false
	if m.Access.Wrong > before.Wrong && !entering {
		p.mrz.seek()
	}
	p.goOn()
}

// fields shows the one that is typed into. The other is wiped: what was typed there comes back with the
// state.
func (p *accessPage) fields(m present.ClerkModel, entering bool) {
	access := m.Access
	name := func(n int) string {
		return present.Words{Language: m.Language}.Format(access.Name, present.Values{"Count": n})
	}
	p.mrz.name = name
	zone := p.open && access.Kind == kiosk.AccessMRZ
	can := p.open && access.Kind == kiosk.AccessCAN
	reveal(p.mrz, zone)
	reveal(p.can, can)
	switch {
	case !zone:
		p.mrz.wipe()
		p.mrz.show(present.MRZModel{First: -1}, false)
	case entering:
		p.mrz.put(access.MRZ.Text)
		p.mrz.show(access.MRZ, access.Locked)
		if access.Wrong > 0 {
			p.mrz.seek()
		}
	default:
		p.mrz.show(access.MRZ, access.Locked)
	}
	p.can.configure(present.InputModel{Min: present.CanDigits, Max: present.CanDigits, Locked: access.Locked}, name)
	switch {
	case !can:
		p.can.wipe()
	case entering:
		p.can.put(access.CAN)
	}
}

// typed tells the session what stands in the field.
func (p *accessPage) typed() {
	p.entered = false
	if p.open && !p.filling {
		p.send(kiosk.AccessTyped{Kind: p.model.Kind, Text: p.text()})
	}
}

func (p *accessPage) text() string {
	if p.model.Kind == kiosk.AccessCAN {
		return p.can.text()
	}
	return p.mrz.text()
}

// put takes the place of what was typed: a correction, or nothing.
func (p *accessPage) put(e kiosk.AccessTyped) {
	p.entered = false
	switch {
	case e.Kind != p.model.Kind:
	case e.Kind == kiosk.AccessCAN:
		p.filling = true
		p.can.put(e.Text)
		p.filling = false
	default:
		p.mrz.put(e.Text)
	}
}

// swipe takes what a document reader typed, whatever was being typed. The Enter at its end goes on when the answer
// says that everything is right.
func (p *accessPage) swipe(text string) {
	if !p.open || p.model.Locked {
		return
	}
	if p.model.Kind == kiosk.AccessCAN {
		p.send(kiosk.AccessTyped{Kind: kiosk.AccessMRZ, Text: text})
	} else {
		p.mrz.swipe(text)
	}
	p.entered = strings.HasSuffix(text, "\n")
}

// press gives the field its keys. Enter goes on when everything is there; inside a zone it begins the next
// line. Who is faster than the session goes on with its answer.
func (p *accessPage) press(key fyne.KeyName) bool {
	if !p.open || p.model.Locked {
		return false
	}
	if key != fyne.KeyReturn && key != fyne.KeyEnter {
		if p.model.Kind == kiosk.AccessCAN {
			return p.can.press(key)
		}
		return p.mrz.press(key)
	}
	current := p.current()
	switch {
	case current && p.model.Ready:
		return false // the page's main button
	case p.model.Kind == kiosk.AccessMRZ && current && p.model.MRZ.Complete:
		p.mrz.seek() // something in it is wrong
	case p.model.Kind == kiosk.AccessMRZ:
		p.mrz.breakLine()
	}
	p.entered = true
	return true
}

// current reports whether the session has answered what stands in the field.
func (p *accessPage) current() bool {
	if p.model.Kind == kiosk.AccessCAN {
		return p.model.CAN == p.can.text()
	}
	return p.model.MRZ.Text == p.mrz.text() || p.mrz.keepsAll() && p.mrz.n > 0
}

func (p *accessPage) goOn() {
	if p.open && p.entered && p.current() {
		p.entered = false
		if p.model.Ready {
			p.send(kiosk.Continue{})
		}
	}
}

// digit takes characters that are typed while a button has the focus.
func (p *accessPage) digit(r rune) {
	switch {
	case !p.open:
	case p.model.Kind == kiosk.AccessCAN:
		p.can.enter(r)
	default:
		p.mrz.enter(r)
	}
}

// first is where the page begins.
func (p *accessPage) first() fyne.Focusable {
	if p.model.Kind == kiosk.AccessCAN {
		return p.can
	}
	return p.mrz
}
