package theme

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
)

// Tag is a word in a rounded area whose colour says how it is meant: the state of something.
type Tag struct {
	back    *canvas.Rectangle
	text    *Text
	Content fyne.CanvasObject
}

// NewTag makes an empty one.
func NewTag() *Tag {
	t := &Tag{back: canvas.NewRectangle(Page), text: Small("").Bold()}
	t.back.CornerRadius = 12
	t.Content = container.NewHBox(container.NewStack(t.back, Padded(10, 3, t.text)))
	return t
}

// Show says the word, and how it is meant: Passed, Unknown for what needs care, Failed, or anything else for none of them.
func (t *Tag) Show(word string, meant Result) {
	fill, ink := Page, InkSoft
	switch meant {
	case Passed:
		fill, ink = GreenSoft, Green
	case Unknown:
		fill, ink = AmberSoft, AmberOn
	case Failed:
		fill, ink = RedSurface, RedOn
	}
	t.text.SetText(word)
	t.text.SetColour(ink)
	if t.back.FillColor != fill {
		t.back.FillColor = fill
		t.back.Refresh()
	}
}
