package ui

import (
	"fyne.io/fyne/v2"

	"balcao/kiosk"
	"balcao/ui/present"
	"balcao/ui/theme"
)

// wrapped lets a list's rows stand side by side.
func wrapped[R, V any](gap float32, l *list[R, V]) *list[R, V] {
	l.content.Layout = &flowLayout{gap: gap, between: gap / 2}
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
			chip := theme.Padded(14, 5, centred(10, []float32{0, 0}, v.key, v.text))
			v.area = newTapArea(theme.Framed(theme.Selected, theme.Blue, 8, 1, chip), func() {})
			return v, v.area
		},
		func(v correctionView, a present.Action) {
			v.text.SetText(a.Text)
			v.key.SetText(a.Key)
			v.area.tap = func() { do(a) }
			v.area.Refresh()
		}))
}
