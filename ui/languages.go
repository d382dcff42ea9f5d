package ui

import (
	"fmt"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"balcao/assets/i18n/fonts"
	"balcao/kiosk"
	"balcao/ui/present"
	"balcao/ui/theme"
)

// Languages lists the languages whose letters this machine can draw, in the order of a menu. What is missing says
// kioskctl doctor.
func Languages() []kiosk.Language {
	return slices.DeleteFunc(slices.Clone(kiosk.Languages), func(l kiosk.Language) bool { return len(fonts.Missing(l.Name())) > 0 })
}

// languageMenu offers languages over a page, each under its own name: with arrow keys and Enter, with its number, or by
// touch. The person's has one list, the clerk's a second one for the clerk's own screen, and a third for the look of both.
type languageMenu struct {
	window  func() fyne.Window
	title   *theme.Text
	lists   []*languageList
	looks   *lookSwitch
	up      bool
	content fyne.CanvasObject
}

type languageList struct {
	citizen   bool
	numbered  bool
	languages []kiosk.Language
	looks     bool // in place of languages
	title     *theme.Text
	pills     []*pill
}

// lookSwitch is the look of both windows, and what changes it.
type lookSwitch struct {
	now theme.Look
	set func(theme.Look)
}

// menuColumns is how many names stand in a row.
const menuColumns = 2

func newLanguageMenu(keys *keyboard, zoom *theme.Zoom, window func() fyne.Window, send func(kiosk.Event), looks *lookSwitch, lists ...*languageList) *languageMenu {
	m := &languageMenu{window: window, title: theme.Title("").Zoomed(zoom).Wrap(), lists: lists, looks: looks}
	all := rows(14, m.title)
	for _, list := range lists {
		list.title = theme.Label("").Zoomed(zoom)
		grid := container.New(gridLayout{columns: menuColumns, gap: 12, zoom: zoom})
		add := func(choose func()) {
			p := newPill(keys, zoom, func() { m.close(); choose() })
			list.pills = append(list.pills, p)
			grid.Add(p)
		}
		for _, l := range list.languages {
			add(func() { send(kiosk.LanguageChosen{Citizen: list.citizen, Language: l}) })
		}
		if list.looks {
			grid.Layout = gridLayout{columns: len(theme.Looks), gap: 12, zoom: zoom}
			for i := range theme.Looks {
				add(func() { looks.set(theme.Look(i)) })
			}
		}
		all.Add(rows(8, list.title, grid))
	}
	scrim := canvas.NewRectangle(theme.Scrim)
	m.content = container.New(middleLayout{width: 560, zoom: zoom}, newTapArea(scrim, m.close), theme.PanelPadded(32, all))
	return m
}

// open shows the menu in the words of a language, with the two that the screens show now.
func (m *languageMenu) open(w present.Words, citizen kiosk.Language) {
	m.title.SetText(w.Text("languages.title"))
	if m.looks != nil {
		m.title.SetText(w.Text("languages.title_looks"))
	}
	var first *pill
	for _, list := range m.lists {
		name := ""
		if len(m.lists) > 1 {
			name = w.Text("languages.this_screen")
			if list.citizen {
				name = w.Text("languages.person")
			}
		}
		if list.looks {
			name = w.Text("languages.look")
			for i, look := range theme.Looks {
				list.pills[i].show(w.Text("languages.look_"+look), m.looks.now == theme.Look(i))
			}
		}
		list.title.SetText(name)
		reveal(list.title, name != "")
		for i, l := range list.languages {
			text := l.Name()
			if list.numbered {
				text = string(numberOf(i)) + "  " + text
			}
			chosen := list.citizen && l == citizen || !list.citizen && l == w.Language
			list.pills[i].show(text, chosen)
			if list.citizen && (first == nil || chosen) {
				first = list.pills[i]
			}
		}
	}
	screen := m.window().Canvas()
	if !m.up {
		m.up = true
		screen.Overlays().Add(m.content)
		m.content.Resize(screen.Size())
	}
	screen.Focus(first)
}

// numberOf is the figure that chooses a name: 1 to 9, and 0 for the tenth.
func numberOf(i int) rune { return '0' + rune((i+1)%10) }

// close takes the menu away. Fyne does not tell what has the focus in it that it lost it, so the ring would still be there
// when the menu is opened again.
func (m *languageMenu) close() {
	if m.up {
		m.up = false
		screen := m.window().Canvas()
		screen.Unfocus()
		screen.Overlays().Remove(m.content)
	}
}

// press takes every key while the menu is up, and reports whether it is.
func (m *languageMenu) press(key fyne.KeyName) bool {
	if !m.up {
		return false
	}
	switch key {
	case fyne.KeyEscape, fyne.KeyF12:
		m.close()
	case fyne.KeyRight:
		m.step(1)
	case fyne.KeyLeft:
		m.step(-1)
	case fyne.KeyDown:
		m.step(menuColumns)
	case fyne.KeyUp:
		m.step(-menuColumns)
	}
	return true
}

// step puts the focus on another name, and leaves it where there is none.
func (m *languageMenu) step(by int) {
	var all []*pill
	for _, list := range m.lists {
		all = append(all, list.pills...)
	}
	screen := m.window().Canvas()
	at := slices.IndexFunc(all, func(p *pill) bool { return screen.Focused() == fyne.Focusable(p) })
	if next := at + by; next >= 0 && next < len(all) {
		screen.Focus(all[next])
	}
}

// digit takes a figure while the menu is up, and reports whether it is.
func (m *languageMenu) digit(r rune) bool {
	if !m.up {
		return false
	}
	for _, list := range m.lists {
		for i, p := range list.pills {
			if list.citizen && numberOf(i) == r {
				p.choose()
				return true
			}
		}
	}
	return true
}

// gridLayout sets objects of one size in so many columns.
type gridLayout struct {
	columns int
	gap     float32
	zoom    *theme.Zoom
}

func (l gridLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	gap, high := l.zoom.Of(l.gap), l.high(objects)
	width := (size.Width - gap*float32(l.columns-1)) / float32(l.columns)
	for i, object := range objects {
		object.Move(fyne.NewPos(float32(i%l.columns)*(width+gap), float32(i/l.columns)*(high+gap)))
		object.Resize(fyne.NewSize(width, high))
	}
}

func (l gridLayout) high(objects []fyne.CanvasObject) (high float32) {
	for _, object := range objects {
		high = fyne.Max(high, object.MinSize().Height)
	}
	return high
}

func (l gridLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	gap := l.zoom.Of(l.gap)
	var widest float32
	for _, object := range objects {
		widest = fyne.Max(widest, object.MinSize().Width)
	}
	in := (len(objects) + l.columns - 1) / l.columns
	return fyne.NewSize(float32(l.columns)*(widest+gap)-gap, float32(in)*(l.high(objects)+gap)-gap)
}

// globe is the sign of the button that opens the menu, for who does not read its text. Fyne colours what is filled in a
// picture, and this is drawn in lines.
func globe(in theme.Colour) fyne.Resource {
	now := in.Now()
	ink := fmt.Sprintf("#%02x%02x%02x", now.R, now.G, now.B)
	return fyne.NewStaticResource("globe"+ink+".svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" `+
		`stroke="`+ink+`" stroke-width="1.6"><circle cx="12" cy="12" r="10"/><path d="M2 12h20M4 6.5c5 3 11 3 16 0M4 17.5c5-3 11-3 16 0`+
		`M12 2c-7 6-7 14 0 20M12 2c7 6 7 14 0 20"/></svg>`))
}
