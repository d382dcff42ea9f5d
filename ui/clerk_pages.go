package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"balcao/kiosk"
	"balcao/ui/present"
	"balcao/ui/theme"
)

// documentPage says which documents can be inserted or laid down, and how.
type documentPage struct {
	names, guides [3]*theme.Text
	need          *theme.Text
	needs         *list[*theme.Text, present.Line]
	notice        *problemView
	person        fyne.CanvasObject // gives way to a notice
	object        fyne.CanvasObject
}

func newDocumentPage() *documentPage {
	p := &documentPage{
		need: theme.Heading(""), notice: newProblemView(),
		needs: newLines(8, func() *theme.Text { return theme.Body("") }),
	}
	var panels [3]fyne.CanvasObject
	for i, drawn := range []present.Picture{present.PictureCard, present.PictureCover, present.PictureResidence} {
		p.names[i], p.guides[i] = theme.Heading("").Wrap(), theme.Value("").In(theme.InkSoft).Wrap()
		panels[i] = theme.Panel(rows(8, container.NewCenter(newPicture(drawn, 1, nil)), p.names[i], p.guides[i]))
	}
	p.person = theme.Panel(rows(10, p.need, p.needs.content))
	p.object = rows(18, p.notice.content, columns(18, []float32{1, 1, 1}, panels[:]...), p.person)
	return p
}

func (p *documentPage) content() fyne.CanvasObject { return p.object }

func (p *documentPage) show(m present.ClerkModel) {
	for i, document := range m.Document.Documents {
		p.names[i].SetText(document.Label)
		p.guides[i].SetText(document.Value)
	}
	p.need.SetText(m.Document.Need)
	p.needs.show(present.Bullets(m.Document.Needs))
	if m.Document.Notice != nil {
		p.notice.show(*m.Document.Notice)
	}
	reveal(p.notice.content, m.Document.Notice != nil)
	reveal(p.person, m.Document.Notice == nil && m.Document.Need != "")
}

// preflightPage is the list of what a day's work needs.
type preflightPage struct {
	needs  *checkList
	object fyne.CanvasObject
}

func newPreflightPage() *preflightPage {
	p := &preflightPage{needs: newChecks()}
	p.object = theme.Panel(p.needs.content)
	return p
}

func (p *preflightPage) content() fyne.CanvasObject { return p.object }

func (p *preflightPage) show(m present.ClerkModel) { p.needs.show(m.Needs) }

// readingPage says what is being read until there is a person to show. The checks wait for the page
// that follows within a second: a list that is gone before it was read only disturbs.
type readingPage struct {
	now      *theme.Text
	pictures *pictures
	object   fyne.CanvasObject
}

func newReadingPage() *readingPage {
	p := &readingPage{now: theme.Body("").Wrap(), pictures: newPictures(1.2, nil, present.PictureCard, present.PictureCover)}
	p.object = theme.Panel(centred(34, []float32{0, 1}, theme.Padded(12, 8, p.pictures.content), p.now))
	return p
}

func (p *readingPage) content() fyne.CanvasObject { return p.object }

func (p *readingPage) show(m present.ClerkModel) {
	p.now.SetText(m.Reading.Now)
	drawn := present.PictureCard
	if m.Reading.Travel {
		drawn = present.PictureCover
	}
	p.pictures.show([]present.Picture{drawn})
}

// pinPage shows how far the citizen is, and never a digit: there is none in this window's model.
type pinPage struct {
	phases  *checkList
	notice  *theme.Text
	explain *theme.Text
	object  fyne.CanvasObject
}

func newPINPage() *pinPage {
	p := &pinPage{phases: newChecks(), notice: theme.Body("").Wrap(), explain: theme.Label("").Wrap()}
	p.object = rows(18, theme.Panel(p.phases.content), theme.Panel(rows(8, p.notice, p.explain)))
	return p
}

func (p *pinPage) content() fyne.CanvasObject { return p.object }

func (p *pinPage) show(m present.ClerkModel) {
	p.phases.show(m.PIN.Phases)
	say(p.notice, m.PIN.Notice)
	p.explain.SetText(m.PIN.Explain)
}

// reviewPage shows what will be bound and where the citizen is.
type reviewPage struct {
	fields *list[fieldRow, present.Field]
	phases *checkList
	now    *theme.Text
	notice *theme.Text
	pin    *staffPINView
	lay    *pictures // what to lay on the reader again
	object fyne.CanvasObject
}

func newReviewPage(keys *keyboard, send func(kiosk.Event)) *reviewPage {
	p := &reviewPage{
		pin:    newStaffPINView(keys, send),
		fields: newFields(12, 134, nil), phases: newChecks(), lay: newPictures(0.6, nil, present.PictureCard, present.PictureCover, present.PictureResidence),
		now: theme.Body("").Wrap(), notice: theme.Body("").Wrap(),
	}
	p.object = rows(18, // what happens now comes first: large text leaves the rest below the fold
		theme.Panel(centred(22, []float32{0, 1}, p.lay.content, rows(8, p.now, p.pin.content, p.notice))),
		sideBySide(18, 860, []float32{530, 432}, theme.Panel(p.fields.content), theme.Panel(p.phases.content)))
	return p
}

func (p *reviewPage) content() fyne.CanvasObject { return p.object }

func (p *reviewPage) show(m present.ClerkModel) {
	p.fields.show(m.Review.Fields)
	p.phases.show(m.Review.Phases)
	say(p.now, m.Review.Now)
	p.lay.show(m.Review.Pictures)
	say(p.notice, m.Review.Notice)
	p.pin.show(m)
}

// first is the boxes for the PIN of the staff card, when that signs.
func (p *reviewPage) first() fyne.Focusable { return p.pin.first() }

// donePage is the receipt on the screen.
type donePage struct {
	state    *theme.Text
	tag      *theme.Tag
	stateRow fyne.CanvasObject
	fields   *list[fieldRow, present.Field]
	notices  *list[*theme.Text, present.Line]
	printed  *theme.Text
	tell     *theme.Text
	tips     *list[*theme.Text, present.Line]
	object   fyne.CanvasObject
}

func newDonePage() *donePage {
	p := &donePage{
		fields: newFields(12, 134, nil), tell: theme.Heading(""),
		tips:  newLines(4, func() *theme.Text { return theme.Body("") }),
		state: theme.Label("").Wrap(), tag: theme.NewTag(), printed: theme.Small("").Wrap(),
		notices: newLines(6, func() *theme.Text { return theme.Small("") }),
	}
	p.stateRow = columns(16, []float32{-134, 1}, p.state, p.tag.Content)
	p.object = sideBySide(18, 860, []float32{1, 1}, theme.Panel(rows(12, p.stateRow, p.fields.content, p.notices.content, p.printed)), theme.Panel(rows(6, p.tell, p.tips.content)))
	return p
}

func (p *donePage) content() fyne.CanvasObject { return p.object }

func (p *donePage) show(m present.ClerkModel) {
	p.state.SetText(m.Receipt.State)
	p.tag.Show(m.Receipt.Tag.Text, theme.Result(m.Receipt.Tag.Meant))
	reveal(p.stateRow, m.Receipt.Tag.Text != "")
	p.fields.show(m.Receipt.Fields)
	p.notices.show(m.Receipt.Notices)
	reveal(p.notices.content, len(m.Receipt.Notices) > 0)
	say(p.printed, m.Receipt.Printed)
	p.tell.SetText(m.Receipt.Tell)
	p.tips.show(present.PlainLines(m.Receipt.Tips))
}

// errorPage is what happened, what it means, what to do; and which checks said no.
type errorPage struct {
	problem *problemView
	checks  *checkList
	panel   fyne.CanvasObject
	object  fyne.CanvasObject
}

func newErrorPage() *errorPage {
	p := &errorPage{problem: newProblemView(), checks: newChecks()}
	p.panel = theme.Panel(p.checks.content)
	p.object = rows(18, p.problem.content, p.panel)
	return p
}

func (p *errorPage) content() fyne.CanvasObject { return p.object }

func (p *errorPage) show(m present.ClerkModel) {
	p.problem.show(m.Problem)
	p.checks.show(m.Problem.Checks)
	reveal(p.panel, len(m.Problem.Checks) > 0)
}
