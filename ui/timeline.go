package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"balcao/ui/present"
	"balcao/ui/theme"
)

// momentView is one point of a timeline.
type momentView struct{ what, why, where *theme.Text }

// newTimeline lists what happened, the latest first, along a line.
func newTimeline() *list[momentView, present.MomentModel] {
	return newList(0,
		func() (momentView, fyne.CanvasObject) {
			v := momentView{theme.Value("").Bold(), theme.Value("").Wrap(), theme.Small("").In(theme.InkFaint).Wrap()}
			text := theme.Padded(0, 6, rows(2, columns(0, []float32{0, 1}, v.what, v.why), v.where))
			return v, container.New(momentLayout{}, canvas.NewRectangle(theme.Border), canvas.NewCircle(theme.Blue), text)
		},
		func(v momentView, m present.MomentModel) {
			v.what.SetText(m.What)
			why := m.Why
			if why != "" {
				why = "\u00a0· " + why
			}
			v.why.SetText(why)
			v.where.SetText(m.Where)
		})
}

// momentLayout sets a line, a dot on it, and what they stand for beside them.
type momentLayout struct{}

const momentX, momentDot = 26, 10

// Layout implements fyne.Layout.
func (momentLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	objects[0].Move(fyne.NewPos(momentDot/2, 0))
	objects[0].Resize(fyne.NewSize(2, size.Height))
	objects[1].Move(fyne.NewPos(1, 6+(lineHeight*15*textScale()-momentDot)/2))
	objects[1].Resize(fyne.NewSquareSize(momentDot))
	objects[2].Move(fyne.NewPos(momentX, 0))
	objects[2].Resize(fyne.NewSize(size.Width-momentX, size.Height))
	theme.HeightAt(objects[2], size.Width-momentX)
}

// MinSize implements fyne.Layout.
func (momentLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return objects[2].MinSize().AddWidthHeight(momentX, 0)
}
