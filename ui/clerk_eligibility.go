package ui

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"balcao/kiosk"
	"balcao/ui/present"
	"balcao/ui/theme"
)

// eligibilityPage is the second half of the step Identity: what is needed besides the document. What is typed stands
// in its fields and leaves as a whole after each change.
type eligibilityPage struct {
	send func(kiosk.Event)
	seek func(fyne.CanvasObject)    // brings what has the focus into the window
	goTo func(field fyne.Focusable) // gives it the focus

	taxNumber, declaration *askedView
	number                 *digitField
	answer                 *choice
	spelling               *spellingView
	papers                 [2]*paperView
	either, keys           *theme.Text
	numbers                *form // of other services: in place of the rest while it is open
	numbersNote            *theme.Text
	numbersOpen            bool
	main, beside           fyne.CanvasObject // the rest, and the numbers
	object                 fyne.CanvasObject

	model present.EligibilityModel
	open  bool
	asked bool           // the clerk wants to go on: the answer says where something is missing
	from  fyne.Focusable // where they were then: who goes on typing, or elsewhere, before the answer comes is left there
}

// askedView is a field with its label above and what is said of it below.
type askedView struct {
	label, hint *theme.Text
	content     *fyne.Container
}

func newAskedView(field fyne.CanvasObject, hintLines float32) *askedView {
	v := &askedView{label: theme.NewText("", theme.SizeLabel, fyne.TextStyle{}, theme.InkSoft).Wrap(), hint: theme.Small("").Wrap()}
	v.content = rows(5, v.label, field, container.New(noticeRoom{lines: hintLines, size: theme.SizeSmall}, v.hint))
	return v
}

func (v *askedView) show(m present.AskedModel) {
	v.label.SetText(m.Label)
	say(v.hint, m.Hint)
	reveal(v.content, m.Asked)
}

// paperView is a paper that the clerk sees: its kind, who issued it, when.
type paperView struct {
	model          present.PaperModel
	label, hint    *theme.Text
	kind           *choice
	issuer, issued *entry
	names          [2]*theme.Text
	content        *fyne.Container
}

func newEligibilityPage(keys *keyboard, send func(kiosk.Event), seek func(fyne.CanvasObject), goTo func(fyne.Focusable), opened func()) *eligibilityPage {
	p := &eligibilityPage{send: send, seek: seek, goTo: goTo, either: theme.Small("").Wrap(), keys: theme.Small("").In(theme.InkFaint).Wrap()}
	p.number = newNumberField(keys, present.TaxDigits, p.changed)
	p.answer = newListedChoice(keys, p.changed, func() { seek(p.answer) })
	p.taxNumber = newAskedView(container.NewHBox(p.number), 1)
	p.declaration = newAskedView(p.answer, 1)
	for i := range p.papers {
		p.papers[i] = newPaperView(keys, p.changed, seek, opened)
	}
	p.spelling = newSpellingView(keys, p.changed, seek)
	left := theme.Panel(rows(8, p.taxNumber.content, p.declaration.content, p.spelling.content))
	right := theme.Panel(rows(8, p.papers[0].content, p.papers[1].content, p.either))
	p.numbers, p.numbersNote = newForm(keys, seek, p.changed, func(string, kiosk.Secret) {}), theme.Small("").Wrap()
	p.numbers.opened = opened
	p.main, p.beside = sideBySide(18, 860, []float32{500, 462}, left, right), theme.Panel(rows(14, p.numbers.content, p.numbersNote))
	p.beside.Hide()
	p.object = rows(10, p.main, p.beside, p.keys)
	return p
}

func newPaperView(keys *keyboard, changed func(), seek func(fyne.CanvasObject), opened func()) *paperView {
	v := &paperView{
		label: theme.NewText("", theme.SizeLabel, fyne.TextStyle{Bold: true}, theme.InkSoft).Wrap(), hint: theme.Small("").Wrap(),
		issuer: newEntry(keys, changed), issued: newEntry(keys, changed),
	}
	v.kind = newNumberedChoice(keys, changed, func() { seek(v.kind) }, opened)
	for _, e := range []*entry{v.issuer, v.issued} {
		e.focused = func() { seek(e) }
	}
	for i := range v.names {
		v.names[i] = theme.NewText("", theme.SizeLabel, fyne.TextStyle{}, theme.InkSoft).Wrap()
	}
	v.content = rows(4, v.label, v.kind,
		columns(12, []float32{3, 2}, rows(4, v.names[0], v.issuer), rows(4, v.names[1], v.issued)), container.New(noticeRoom{lines: 1, size: theme.SizeSmall}, v.hint))
	return v
}

func (v *paperView) show(m present.PaperModel, issuer, issued, choose string) {
	v.model = m
	v.label.SetText(m.Label)
	v.names[0].SetText(issuer)
	v.names[1].SetText(issued)
	options := make([]present.OptionModel, len(m.Names))
	for i, name := range m.Names {
		options[i].Text = name
	}
	v.kind.offer(m.Label, choose, options)
	say(v.hint, m.Hint)
	reveal(v.content, m.Requirement != "")
}

func (v *paperView) put(seen kiosk.Seen) {
	v.kind.put(slices.Index(v.model.Kinds, seen.Kind))
	v.issuer.put(seen.Issuer)
	issued := ""
	if !seen.Issued.IsZero() {
		issued = present.Words{}.ShortDate(seen.Issued)
	}
	v.issued.put(issued)
}

func (v *paperView) seen() kiosk.Seen {
	s := kiosk.Seen{Issuer: strings.TrimSpace(v.issuer.Text), Issued: present.ParseDay(v.issued.Text)}
	if v.kind.chosen >= 0 && v.kind.chosen < len(v.model.Kinds) {
		s.Kind = v.model.Kinds[v.kind.chosen]
	}
	return s
}

func (p *eligibilityPage) content() fyne.CanvasObject { return p.object }

func (p *eligibilityPage) show(m present.ClerkModel) {
	entering := !p.open || p.model.Case != m.Eligibility.Case
	p.open, p.model = false, m.Eligibility
	p.taxNumber.show(m.Eligibility.TaxNumber)
	p.number.configure(present.InputModel{Min: present.TaxDigits, Max: present.TaxDigits}, func(n int) string {
		return present.Words{Language: m.Language}.Format(m.Eligibility.TaxNumber.Name, present.Values{"Count": n})
	})
	p.declaration.show(m.Eligibility.Declaration)
	p.answer.offer(m.Eligibility.Declaration.Label, "", m.Eligibility.Declaration.Options)
	p.spelling.show(m.Eligibility)
	for i, paper := range p.papers {
		var model present.PaperModel
		if i < len(m.Eligibility.Papers) {
			model = m.Eligibility.Papers[i]
		}
		paper.show(model, m.Eligibility.Issuer, m.Eligibility.Issued, m.Eligibility.Choose)
	}
	p.either.SetText(m.Eligibility.Either)
	if p.numbersNote.SetText(m.Eligibility.NumbersNote); entering {
		p.numbers.asks, p.numbersOpen = "", false
		p.turn()
	}
	p.numbers.show(m.Eligibility.Numbers, m.Language)
	p.keys.SetText(m.Eligibility.Keys)
	if entering || m.Page != present.PageEligibility {
		p.put(m.Eligibility.Entered)
	}
	p.open = m.Page == present.PageEligibility
	p.seekFault()
}

// put fills the fields, or with nothing entered empties them.
func (p *eligibilityPage) put(e kiosk.Eligibility) {
	p.number.put(e.TaxNumber)
	p.answer.put(slices.Index(present.Independences, e.Independence))
	p.spelling.put(e.Spelling)
	for _, paper := range p.papers {
		switch paper.model.Requirement {
		case kiosk.RequireResidence:
			paper.put(e.Residence)
		case kiosk.RequireAddress:
			paper.put(e.Address)
		default:
			paper.put(kiosk.Seen{})
		}
	}
}

// entered reads the fields.
func (p *eligibilityPage) entered() kiosk.Eligibility {
	e := kiosk.Eligibility{TaxNumber: p.number.text(), Spelling: p.spelling.spelling()}
	if p.answer.chosen >= 0 {
		e.Independence = present.Independences[p.answer.chosen]
	}
	for _, paper := range p.papers {
		switch paper.model.Requirement {
		case kiosk.RequireResidence:
			e.Residence = paper.seen()
		case kiosk.RequireAddress:
			e.Address = paper.seen()
		}
	}
	return present.Numbers(e, p.numbers.values())
}

// turn shows the numbers of other services, or the rest.
func (p *eligibilityPage) turn() {
	reveal(p.beside, p.numbersOpen)
	reveal(p.main, !p.numbersOpen)
}

// toggle does so when it is asked for, and the cursor goes along.
func (p *eligibilityPage) toggle() {
	p.numbersOpen = !p.numbersOpen
	p.turn()
	p.goTo(p.first())
}

func (p *eligibilityPage) changed() {
	if p.open {
		p.asked = false
		p.number.keys.touched()
		p.send(kiosk.EligibilityEntered{Eligibility: p.entered()})
	}
}

// fields are those that can be filled in, in the order of the page.
func (p *eligibilityPage) fields() []fyne.Focusable {
	var all []fyne.Focusable
	if p.model.TaxNumber.Asked {
		all = append(all, p.number)
	}
	if p.model.Declaration.Asked {
		all = append(all, p.answer)
	}
	if p.model.Spelling.Asked {
		all = append(all, p.spelling.surname, p.spelling.givenNames)
	}
	for _, paper := range p.papers {
		if paper.model.Requirement != "" {
			all = append(all, paper.kind, paper.issuer, paper.issued)
		}
	}
	return all
}

func (p *eligibilityPage) first() fyne.Focusable {
	if p.numbersOpen {
		return p.numbers.first()
	}
	if all := p.fields(); len(all) > 0 {
		return all[0]
	}
	return nil
}

// press takes Enter to the next field, and behind the last one on; and gives the number its keys.
func (p *eligibilityPage) press(key fyne.KeyName, focused fyne.Focusable, onward func()) bool {
	if focused == fyne.Focusable(p.number) && (key == fyne.KeyBackspace || key == fyne.KeyDelete) {
		p.number.delete()
		return true
	}
	if p.numbersOpen {
		return p.numbers.press(key, focused, p.goTo, p.toggle)
	}
	if key != fyne.KeyReturn && key != fyne.KeyEnter {
		return false
	}
	all := p.fields()
	switch at := slices.Index(all, focused); {
	case at < 0 && len(all) > 0:
		p.goTo(all[0])
	case at < len(all)-1:
		p.goTo(all[at+1])
	default:
		onward()
	}
	return true
}

// seekFault puts the cursor where something is missing, when the clerk wanted to go on and did nothing since.
func (p *eligibilityPage) seekFault() {
	if !p.open || p.number.keys.focused() != p.from {
		p.asked = false
	}
	if !p.asked || !p.model.Refused {
		return
	}
	p.asked = false
	if field := p.fieldOf(p.model.Fault); field != nil {
		p.numbersOpen = p.numbers.has(field)
		p.turn()
		p.goTo(field)
	}
}

// onward is told when the clerk wants to go on. Of a page that is refused already nothing new may come.
func (p *eligibilityPage) onward() {
	p.asked, p.from = p.open, p.number.keys.focused()
	p.seekFault()
}

func (p *eligibilityPage) fieldOf(fault kiosk.Fault) fyne.Focusable {
	switch fault.Requirement {
	case kiosk.RequireTaxNumber:
		return p.number
	case kiosk.RequireIndependence:
		return p.answer
	case kiosk.RequireSpelling:
		return p.spelling.fieldOf(fault.Spelling)
	}
	for _, name := range []string{present.FieldSocial, present.FieldHealth} {
		if string(fault.Requirement) == name {
			return p.numbers.slots[name].field()
		}
	}
	for _, paper := range p.papers {
		if paper.model.Requirement == fault.Requirement {
			return paper.fieldOf(fault.Paper)
		}
	}
	return nil
}

func (v *paperView) fieldOf(fault kiosk.PaperFault) fyne.Focusable {
	switch fault {
	case kiosk.PaperIssuer, kiosk.PaperIssuerLong:
		return v.issuer
	case kiosk.PaperDate, kiosk.PaperNoSuchDay, kiosk.PaperAncient, kiosk.PaperFuture:
		return v.issued
	}
	return v.kind
}
