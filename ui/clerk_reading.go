package ui

import (
	"bytes"
	"image/png"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"balcao/ui/present"
	"balcao/ui/theme"
)

// Pages that are only read: what is stored, the day's figures, a paper.

// storedPage is what is stored about a person, table by table.
type storedPage struct {
	problem  optional
	line     *theme.Text
	sections *list[sectionView, present.SectionModel]
	object   fyne.CanvasObject
}

type sectionView struct {
	heading *theme.Text
	fields  *list[fieldRow, present.Field]
}

func newStoredPage() *storedPage {
	p := &storedPage{problem: optional{newProblemView()}, line: theme.Body("").Wrap()}
	p.sections = newList(16,
		func() (sectionView, fyne.CanvasObject) {
			v := sectionView{theme.Heading("").Wrap(), newFields(6, 220, nil)}
			return v, theme.PanelPadded(16, rows(10, v.heading, v.fields.content))
		},
		func(v sectionView, m present.SectionModel) {
			v.heading.SetText(m.Heading)
			v.fields.show(m.Fields)
		})
	p.object = rows(16, p.problem.content, p.line, p.sections.content)
	return p
}

func (p *storedPage) content() fyne.CanvasObject { return p.object }

func (p *storedPage) show(m present.ClerkModel) {
	p.problem.show(m.Sections.Problem)
	say(p.line, m.Sections.Line)
	p.sections.show(m.Sections.Sections)
}

// tablePage is a table to read.
type tablePage struct {
	problem optional
	line    *theme.Text
	table   *table
	object  fyne.CanvasObject
}

func newTablePage(shares ...float32) *tablePage {
	p := &tablePage{problem: optional{newProblemView()}, line: theme.Body("").Wrap(), table: newTable(shares...)}
	p.object = rows(16, p.problem.content, theme.Panel(rows(10, p.line, p.table.content)))
	return p
}

func (p *tablePage) content() fyne.CanvasObject { return p.object }

func (p *tablePage) show(m present.ClerkModel) {
	p.problem.show(m.Table.Problem)
	say(p.line, m.Table.Line)
	p.table.show(m.Table.Heads, m.Table.Lines)
}

// paperPage shows a page of a paper, as large as the window is wide.
type paperPage struct {
	image  *canvas.Image
	shown  []byte
	object fyne.CanvasObject
}

func newPaperPage() *paperPage {
	p := &paperPage{image: &canvas.Image{FillMode: canvas.ImageFillContain}}
	p.object = theme.PanelPadded(8, fyne.CanvasObject(newSheet(p.image)))
	return p
}

func (p *paperPage) content() fyne.CanvasObject { return p.object }

// show draws the page. What is no picture leaves the sheet empty.
func (p *paperPage) show(m present.ClerkModel) {
	if bytes.Equal(p.shown, m.Paper.Picture) {
		return
	}
	if p.image.Image != nil {
		wipeImage(p.image.Image) // it may name a person
	}
	p.shown, p.image.Image = m.Paper.Picture, nil
	if picture, err := png.Decode(bytes.NewReader(m.Paper.Picture)); err == nil {
		p.image.Image = picture
	}
	p.image.Refresh()
}
