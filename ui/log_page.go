package ui

import (
	"unicode"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"

	"balcao/kiosk"
	"balcao/ui/present"
	"balcao/ui/theme"
)

// Log is the desk's own log, as the log page shows it. It may be called from the UI goroutine only.
type Log interface {
	// Lines are the last lines, the oldest first.
	Lines() []present.LogLine
	// Follow says whether UI.LogChanged is to be called when lines come.
	Follow(on bool)
}

// logKey opens and closes the log page. Fyne makes no shortcut of a key with Shift alone.
var logKey = &desktop.CustomShortcut{KeyName: fyne.KeyF12, Modifier: fyne.KeyModifierControl}

// longestSearch bounds what is looked for, in characters: more than a reference number has.
const longestSearch = 40

// logPage shows the log over the clerk's page, never the citizen's. It takes every key while it is up.
type logPage struct {
	log    Log
	window func() fyne.Window
	words  func() present.Words
	aside  func() []kiosk.AsideReader

	title, subtitle, search, empty *theme.Text
	left                           *list[*theme.Text, present.Line]
	rows                           *list[logRowView, present.LogRow]
	scroll                         *container.Scroll
	actions                        *actionRow
	content                        fyne.CanvasObject

	up       bool
	warnings bool
	wanted   string
	shown    []present.LogRow
}

// logRowView is one line: when, how grave, what.
type logRowView struct{ time, level, text *theme.Text }

func newLogPage(keys *keyboard, log Log, window func() fyne.Window, words func() present.Words) *logPage {
	p := &logPage{
		log: log, window: window, words: words, title: theme.Title("").Wrap(), subtitle: theme.Subtitle("").Wrap(),
		search: theme.Value("").Lines(1), empty: theme.Label("").Wrap(),
	}
	p.left = newLines(2, func() *theme.Text { return theme.Small("") })
	p.rows = newList(5,
		func() (logRowView, fyne.CanvasObject) {
			row := logRowView{theme.Small(""), theme.Small("").Bold(), theme.Small("").In(theme.Ink).Wrap()}
			return row, columns(14, []float32{-62, -76, 1}, rows(0, row.time), rows(0, row.level), row.text) // beside its first line
		},
		func(row logRowView, r present.LogRow) {
			row.time.SetText(r.Time)
			row.level.SetText(r.Level)
			row.level.SetColour(ink(r.Tone))
			row.text.SetText(r.Text)
		})
	p.actions = newActionRow(keys, 12, 52, p.do)
	frame, scroll := scrollPage(14, theme.Padded(12, 8, rows(0, p.empty, p.rows.content)), p.actions.content)
	p.scroll = scroll
	head := theme.Padded(0, 14, rows(8, p.title, p.subtitle, p.left.content, p.search))
	p.content = theme.Fill(theme.Page, theme.Padded(32, 20, edges(head, nil, nil, frame)))
	return p
}

// toggle opens the page, or closes it.
func (p *logPage) toggle() {
	if p.up {
		p.close()
		return
	}
	if p.log == nil {
		return
	}
	p.up, p.warnings, p.wanted, p.shown = true, false, "", nil
	p.log.Follow(true)
	screen := p.window().Canvas()
	screen.Overlays().Add(p.content)
	p.content.Resize(screen.Size())
	p.draw()
	p.scroll.ScrollToBottom()
}

// close takes the page away, and what was looked for.
func (p *logPage) close() {
	if !p.up {
		return
	}
	p.up, p.wanted = false, ""
	p.log.Follow(false)
	screen := p.window().Canvas()
	screen.Unfocus()
	screen.Overlays().Remove(p.content)
	p.rows.show(nil)
	p.search.SetText("")
}

// draw shows the lines that there are now. Whoever reads the newest goes on seeing the newest; whoever has scrolled up
// stays where they are.
func (p *logPage) draw() {
	m := present.Log(p.words(), p.aside(), p.log.Lines(), p.warnings, p.wanted)
	atEnd := p.scroll.Offset.Y >= p.scroll.Content.MinSize().Height-p.scroll.Size().Height-1
	p.title.SetText(m.Title)
	p.subtitle.SetText(m.Subtitle)
	p.left.show(m.Aside)
	reveal(p.left.content, len(m.Aside) > 0)
	p.search.SetText(m.Search)
	p.empty.SetText(m.Empty)
	reveal(p.empty, m.Empty != "")
	p.rows.show(m.Rows)
	p.shown = m.Rows
	p.actions.show(m.Actions, nil, "")
	p.content.Refresh()
	if atEnd {
		p.scroll.ScrollToBottom()
	}
}

// do carries out a button.
func (p *logPage) do(a present.Action) {
	switch a.Event.(type) {
	case present.LogClosed:
		p.close()
		return
	case present.LogCopied:
		fyne.CurrentApp().Clipboard().SetContent(present.LogReference(p.log.Lines(), p.wanted))
		return
	case present.LogFiltered:
		p.warnings = !p.warnings
	}
	p.draw()
	p.scroll.ScrollToBottom()
}

// press takes every key while the page is up, and reports whether it is.
func (p *logPage) press(key fyne.KeyName) bool {
	if !p.up {
		return false
	}
	switch key {
	case fyne.KeyEscape:
		p.close()
	case fyne.KeyDown, fyne.KeyUp, fyne.KeyPageDown, fyne.KeyPageUp:
		scrollBy(p.scroll, key)
	case fyne.KeyEnd:
		p.scroll.ScrollToBottom()
	case fyne.KeyHome:
		p.scroll.ScrollToTop()
	case fyne.KeyBackspace:
		_, last := utf8.DecodeLastRuneInString(p.wanted)
		p.look(p.wanted[:len(p.wanted)-last])
	case fyne.KeyF4:
		p.do(present.Action{Event: present.LogCopied{}})
	case fyne.KeyF7:
		p.do(present.Action{Event: present.LogFiltered{}})
	}
	return true
}

// character looks for more while the page is up, and reports whether it is.
func (p *logPage) character(r rune) bool {
	if p.up && unicode.IsPrint(r) && utf8.RuneCountInString(p.wanted) < longestSearch {
		p.look(p.wanted + string(r))
	}
	return p.up
}

func (p *logPage) look(text string) {
	p.wanted = text
	p.draw()
	p.scroll.ScrollToBottom()
}

// LogChanged says that the log has more lines. It must be called on the UI goroutine.
func (u *UI) LogChanged() {
	if u.clerk.log.up {
		u.clerk.log.draw()
	}
}

// toggleLog opens the log page where the clerk has the keyboard, and closes it.
func (u *UI) toggleLog() {
	if u.drawn && !u.personHolds() && u.clerk.shown.Overlay == nil {
		u.clerk.menu.close()
		u.clerk.log.toggle()
	}
}

// hideLog closes the log page when something else has to be seen there: a question over the page, or the person's page.
func (u *UI) hideLog() {
	if u.personHolds() || u.clerk.shown.Overlay != nil {
		u.clerk.log.close()
	}
}
