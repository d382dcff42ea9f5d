package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"balcao/ui/present"
	"balcao/ui/theme"
)

// messageView is a page to read: a big sign and a few lines.
type messageView struct {
	card, wait fyne.CanvasObject
	tick       fyne.CanvasObject
	pictures   *pictures
	signs      fyne.CanvasObject
	points     *list[*theme.Text, present.Line]
	content    fyne.CanvasObject
}

func newMessageView(zoom, small *theme.Zoom) *messageView {
	v := &messageView{
		card:   newPicture(present.PictureCard, 1.2, zoom),
		wait:   newWaitSign(zoom),
		tick:   theme.BigTick(theme.Passed).Zoomed(zoom),
		points: newLines(12, func() *theme.Text { return citizenText(theme.Ink, zoom) }),
		pictures: newPictures(1.5, small, present.PictureCard, present.PictureCover, present.PictureResidence,
			present.PicturePassport, present.PictureCardBack, present.PictureCAN),
	}
	v.pictures.content.Layout = &flowLayout{gap: 18, between: 9}
	v.signs = zoomedPadding(zoom, 0, 10, rows(0, left(v.card), left(v.wait), left(v.tick), v.pictures.content))
	v.content = zoomedRows(zoom, 30, v.signs, v.points.content)
	return v
}

// left keeps an object at its own width, at the left.
func left(object fyne.CanvasObject) fyne.CanvasObject { return container.NewHBox(object) }

func (v *messageView) show(m present.CitizenModel) {
	message := m.Page == present.CitizenMessage
	reveal(v.card, message && m.Sign == present.SignCard)
	reveal(v.wait, message && m.Sign == present.SignWait)
	reveal(v.tick, message && m.Sign == present.SignDone)
	if message {
		v.points.show(m.Points)
		v.pictures.show(m.Pictures)
		reveal(v.signs, m.Sign != present.SignNone || len(m.Pictures) > 0)
	} else {
		v.points.show(nil)
		v.pictures.show(nil)
	}
}

// newWaitSign draws three dots: somebody else is at work. They do not move: an animation would keep
// the processor busy for as long as anybody waits.
func newWaitSign(zoom *theme.Zoom) fyne.CanvasObject {
	dots := drawing{width: 90, height: 24, zoom: zoom}
	for i, colour := range []theme.Colour{theme.Blue, theme.FieldEdge, theme.Edge} {
		dot := canvas.NewCircle(colour)
		dot.Move(fyne.NewPos(float32(i)*34, 0))
		dot.Resize(fyne.NewSquareSize(20))
		dots.shapes = append(dots.shapes, dot)
	}
	return dots.done()
}

// citizenReviewView is what will be bound, and what is kept.
type citizenReviewView struct {
	fields  *list[fieldRow, present.Field]
	kept    [2]fieldRow
	halves  fyne.CanvasObject
	rights  *theme.Text
	content fyne.CanvasObject
}

func newCitizenReviewView(zoom *theme.Zoom) *citizenReviewView {
	v := &citizenReviewView{rights: theme.Body("").Zoomed(zoom).Wrap()}
	v.fields = newList(10,
		func() (fieldRow, fyne.CanvasObject) {
			row := fieldRow{citizenText(theme.InkFaint, zoom).Wrap(), citizenText(theme.Ink, zoom).Bold().Wrap()}
			return row, columns(16, []float32{27, 73}, row.label, row.value)
		},
		func(row fieldRow, f present.Field) {
			row.label.SetText(f.Label)
			row.value.SetText(f.Value)
		})
	var halves [2]fyne.CanvasObject
	for i := range v.kept {
		v.kept[i] = fieldRow{theme.Heading("").Zoomed(zoom).Wrap(), theme.Body("").Zoomed(zoom).Wrap()}
		halves[i] = rows(3, v.kept[i].label, v.kept[i].value)
	}
	v.halves = sideBySide(28, 640, []float32{1, 1}, halves[0], halves[1])
	note := theme.Tinted(theme.Page, rows(12, v.halves, v.rights))
	v.content = zoomedRows(zoom, 16, v.fields.content, note)
	return v
}

func (v *citizenReviewView) show(m present.CitizenModel) {
	v.fields.show(m.Fields)
	reveal(v.halves, len(m.Kept) > 0)
	for i := range v.kept {
		var f present.Field
		if i < len(m.Kept) {
			f = m.Kept[i]
		}
		v.kept[i].label.SetText(f.Label)
		v.kept[i].value.SetText(f.Value)
	}
	v.rights.SetText(m.Rights)
}
