package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"balcao/kiosk"
	"balcao/ui/present"
	"balcao/ui/theme"
)

// wrapLayout sets objects in a row that breaks where it is full. It remembers the width it was given last,
// because its height depends on it.
type wrapLayout struct{ gap, width float32 }

// Layout implements fyne.Layout.
func (l *wrapLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	l.width = size.Width
	l.place(objects, func(object fyne.CanvasObject, at fyne.Position, least fyne.Size) {
		object.Move(at)
		object.Resize(least)
	})
}

func (l *wrapLayout) place(objects []fyne.CanvasObject, put func(fyne.CanvasObject, fyne.Position, fyne.Size)) fyne.Size {
	var at fyne.Position
	var all fyne.Size
	for _, object := range objects {
		if !object.Visible() {
			continue
		}
		least := object.MinSize()
		if at.X > 0 && l.width > 0 && at.X+least.Width > l.width {
			at = fyne.NewPos(0, all.Height+l.gap/2)
		}
		put(object, at, least)
		all = all.Max(fyne.NewSize(at.X+least.Width, at.Y+least.Height))
		at.X += least.Width + l.gap
	}
	return all
}

// MinSize implements fyne.Layout.
func (l *wrapLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var widest float32
	size := l.place(objects, func(_ fyne.CanvasObject, _ fyne.Position, least fyne.Size) { widest = max(widest, least.Width) })
	size.Width = widest
	return size
}

// wrapped lets a list's rows stand side by side.
func wrapped[R, V any](gap float32, l *list[R, V]) *list[R, V] {
	l.content.Layout = &wrapLayout{gap: gap}
	return l
}

// markView says how a group of a zone stands, in words too.
type markView struct {
	icon *theme.Circle
	text *theme.Text
}

func newMarks() *list[markView, present.CheckRow] {
	return wrapped(22, newList(0,
		func() (markView, fyne.CanvasObject) {
			v := markView{theme.TickIcon(theme.Pending), theme.Value("")}
			return v, centred(8, []float32{0, 0}, v.icon, v.text)
		},
		func(v markView, row present.CheckRow) {
			v.icon.SetResult(theme.Result(row.Result))
			text := row.Text
			if row.Detail != "" {
				text += ": " + row.Detail
			}
			v.text.SetText(text)
			v.text.SetColour(theme.Ink)
			if row.Result == kiosk.Failed {
				v.text.SetColour(theme.Red)
			}
		}))
}

// correctionView is a correction and the key that applies it.
type correctionView struct {
	text, key *theme.Text
	area      *tapArea
}

func newCorrections(do func(present.Action)) *list[correctionView, present.Action] {
	return wrapped(12, newList(0,
		func() (correctionView, fyne.CanvasObject) {
			v := correctionView{text: theme.Value("").Bold(), key: theme.NewText("", theme.SizeKey, fyne.TextStyle{}, theme.InkSoft)}
			back := canvas.NewRectangle(theme.Selected)
			back.CornerRadius, back.StrokeColor, back.StrokeWidth = 8, theme.Blue, 1
			chip := theme.Padded(14, 5, centred(10, []float32{0, 0}, v.key, v.text))
			v.area = newTapArea(container.NewStack(back, chip), func() {})
			return v, v.area
		},
		func(v correctionView, a present.Action) {
			v.text.SetText(a.Text)
			v.key.SetText(a.Key)
			v.area.tap = func() { do(a) }
			v.area.Refresh()
		}))
}
