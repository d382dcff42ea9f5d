package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"balcao/kiosk"
	"balcao/ui/present"
	"balcao/ui/theme"
)

// spellingView is where the clerk types whole names that the document may have cut off.
type spellingView struct {
	names               [2]*theme.Text
	hint                *theme.Text
	surname, givenNames *entry
	content             *fyne.Container
}

func newSpellingView(keys *keyboard, changed func(), seek func(fyne.CanvasObject)) *spellingView {
	v := &spellingView{hint: theme.Small("").Wrap(), surname: newEntry(keys, changed), givenNames: newEntry(keys, changed)}
	for _, e := range []*entry{v.surname, v.givenNames} {
		e.focused = func() { seek(e) }
	}
	for i := range v.names {
		v.names[i] = theme.NewText("", theme.SizeLabel, fyne.TextStyle{}, theme.InkSoft).Wrap()
	}
	v.content = rows(5, columns(12, []float32{1, 1}, rows(4, v.names[0], v.surname), rows(4, v.names[1], v.givenNames)),
		container.New(noticeRoom{lines: 2, size: theme.SizeSmall}, v.hint))
	return v
}

func (v *spellingView) show(m present.EligibilityModel) {
	say(v.hint, m.Spelling.Hint)
	reveal(v.content, m.Spelling.Asked)
	v.names[0].SetText(m.Surname)
	v.names[1].SetText(m.GivenNames)
}

func (v *spellingView) put(s kiosk.Spelling) {
	v.surname.put(s.Surname)
	v.givenNames.put(s.GivenNames)
}

func (v *spellingView) spelling() kiosk.Spelling {
	return kiosk.Spelling{Surname: v.surname.Text, GivenNames: v.givenNames.Text}
}

func (v *spellingView) fieldOf(fault kiosk.SpellingFault) fyne.Focusable {
	if fault == kiosk.SpellingGivenNames {
		return v.givenNames
	}
	return v.surname
}
