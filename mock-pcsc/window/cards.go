package window

import (
	"fmt"
	"strings"
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"balcao/mock-pcsc/fixtures"
	"balcao/ui/theme"
)

// cardList is the fixtures: one focus for all cards, one of them chosen.
type cardList struct {
	widget.BaseWidget

	insert func(card string, slot int)
	remove func(slot int)
	// onChoose hears of each change of the chosen card, and onSeek of what is looked for.
	onChoose func(fixtures.Entry)
	onSeek   func(text string)
	// shift tells whether Shift is down: key events do not say.
	shift func() bool

	rows    []*cardRow
	groups  []int // index of each group's first row
	current int
	sought  string // letters typed: part of the name of the card that is looked for
	focused bool
	places  map[string]int // slot of each card that is in one
	scroll  *container.Scroll
	frame   *canvas.Rectangle
}

var (
	_ fyne.Focusable      = (*cardList)(nil)
	_ fyne.Shortcutable   = (*cardList)(nil)
	_ desktop.Mouseable   = (*cardRow)(nil)
	_ fyne.DoubleTappable = (*cardRow)(nil)
)

func newCardList(entries []fixtures.Entry, insert func(string, int), remove func(int)) *cardList {
	l := &cardList{
		insert: insert, remove: remove, shift: shiftIsDown, onChoose: func(fixtures.Entry) {}, onSeek: func(string) {},
	}
	l.ExtendBaseWidget(l)
	list := theme.Rows(0)
	heading := ""
	for i, e := range entries {
		if h := groupOf(e); h != heading {
			heading = h
			l.groups = append(l.groups, i)
			list.Add(theme.Padded(14, 8, theme.Small(heading).Bold().Wrap()))
		}
		row := newCardRow(e, func() { l.choose(i); l.takeFocus() }, func() { l.insert(e.Name, 1) })
		l.rows = append(l.rows, row)
		list.Add(row)
	}
	if len(entries) == 0 {
		list.Add(theme.Padded(14, 14, theme.Value("There are no fixtures.")))
	}
	l.scroll = container.NewVScroll(list)
	l.frame = canvas.NewRectangle(theme.Clear)
	l.frame.CornerRadius, l.frame.StrokeWidth, l.frame.StrokeColor = 10, 1, theme.Border
	l.frame.FillColor = theme.Surface
	l.draw()
	return l
}

func groupOf(e fixtures.Entry) string {
	group := "CARDS"
	switch e.Kind {
	case fixtures.KindStaff:
		return "STAFF CARDS"
	case fixtures.KindPassport, fixtures.KindResidencePermit, fixtures.KindResidenceCard:
		group = "PASSPORTS AND RESIDENCE DOCUMENTS"
	}
	if e.RefusedFor == "" {
		return "GOOD " + group
	}
	return group + " THAT ARE REFUSED"
}

// chosen is the entry that Enter inserts; the zero Entry in an empty fixtures.
func (l *cardList) chosen() fixtures.Entry {
	if len(l.rows) == 0 {
		return fixtures.Entry{}
	}
	return l.rows[l.current].entry
}

// entry is the one with a name; the zero Entry when there is none.
func (l *cardList) entry(name string) fixtures.Entry {
	for _, row := range l.rows {
		if row.entry.Name == name {
			return row.entry
		}
	}
	return fixtures.Entry{}
}

func (l *cardList) choose(i int) {
	if len(l.rows) == 0 {
		return
	}
	l.current = max(0, min(i, len(l.rows)-1))
	l.draw()
	l.reveal(l.rows[l.current])
	l.onChoose(l.chosen())
}

// leap goes to the first card of the next group, or backwards: of this one, then of the one before.
func (l *cardList) leap(forward bool) {
	target := 0
	for _, first := range l.groups {
		if forward && first > l.current {
			l.choose(first)
			return
		}
		if first < l.current {
			target = first
		}
	}
	if !forward {
		l.choose(target)
	}
}

// seek chooses the next card, from the current one on, whose name has the letters typed so far. Letters that lead
// nowhere are not taken.
func (l *cardList) seek(letters string) {
	for i := range l.rows {
		at := (l.current + i) % len(l.rows)
		if strings.Contains(l.rows[at].entry.Name, letters) {
			l.sought = letters
			l.choose(at)
			l.onSeek(letters)
			return
		}
	}
}

func (l *cardList) stopSeeking() {
	l.sought = ""
	l.onSeek("")
}

// reveal scrolls just so far that the row is seen, and its group's heading above the first row.
func (l *cardList) reveal(row *cardRow) {
	top, bottom := row.Position().Y, row.Position().Y+row.Size().Height
	if row == l.rows[0] {
		top = 0
	}
	switch view := l.scroll.Size().Height; {
	case top < l.scroll.Offset.Y:
		l.scroll.ScrollToOffset(fyne.NewPos(0, top))
	case bottom > l.scroll.Offset.Y+view:
		l.scroll.ScrollToOffset(fyne.NewPos(0, bottom-view))
	}
}

func (l *cardList) showPlaces(places map[string]int) {
	l.places = places
	l.draw()
	l.scroll.Content.Refresh() // a title beside a place may take another line
}

func (l *cardList) draw() {
	for i, row := range l.rows {
		row.draw(i == l.current, l.focused, l.places[row.entry.Name])
	}
	l.frame.StrokeWidth, l.frame.StrokeColor = 1, theme.Border
	if l.focused {
		l.frame.StrokeWidth, l.frame.StrokeColor = 3, theme.Ring
	}
	l.frame.Refresh()
}

func (l *cardList) takeFocus() {
	if c := fyne.CurrentApp().Driver().CanvasForObject(l); c != nil {
		c.Focus(l)
	}
}

// FocusGained implements fyne.Focusable.
func (l *cardList) FocusGained() { l.focused = true; l.draw() }

// FocusLost implements fyne.Focusable.
func (l *cardList) FocusLost() { l.focused = false; l.draw() }

// TypedRune implements fyne.Focusable: a digit is the slot to insert into, letters look for a name.
func (l *cardList) TypedRune(r rune) {
	switch r = unicode.ToLower(r); {
	case r == '1' || r == '2':
		l.insertChosen(int(r - '0'))
	case r >= 'a' && r <= 'z' || r == '-' && l.sought != "":
		l.seek(l.sought + string(r))
	}
}

// TypedKey implements fyne.Focusable.
func (l *cardList) TypedKey(ev *fyne.KeyEvent) {
	const page = 6
	if ev.Name != fyne.KeyReturn && ev.Name != fyne.KeyEnter && !typesRune(ev.Name) {
		l.stopSeeking()
	}
	switch ev.Name {
	case fyne.KeyUp:
		l.choose(l.current - 1)
	case fyne.KeyDown:
		l.choose(l.current + 1)
	case fyne.KeyPageUp:
		l.choose(l.current - page)
	case fyne.KeyPageDown:
		l.choose(l.current + page)
	case fyne.KeyLeft:
		l.leap(false)
	case fyne.KeyRight:
		l.leap(true)
	case fyne.KeyHome:
		l.choose(0)
	case fyne.KeyEnd:
		l.choose(len(l.rows) - 1)
	case fyne.KeyReturn, fyne.KeyEnter:
		l.insertChosen(l.slotOfKey())
	case fyne.KeyDelete, fyne.KeyBackspace:
		l.remove(l.slotOfKey())
	}
}

// typesRune says whether a key comes as a rune too: those keep looking for a name.
func typesRune(key fyne.KeyName) bool { return len(key) == 1 }

func (l *cardList) slotOfKey() int {
	if l.shift() {
		return 2
	}
	return 1
}

// insertChosen does nothing for a card that is in the slot already: a held Enter would take it out and
// put it in again with each repeat.
func (l *cardList) insertChosen(slot int) {
	if len(l.rows) > 0 && l.places[l.chosen().Name] != slot {
		l.insert(l.chosen().Name, slot)
	}
}

// TypedShortcut implements fyne.Shortcutable: Shift+Del comes as the shortcut to cut, and Ctrl+C copies what is
// printed on the chosen document.
func (l *cardList) TypedShortcut(s fyne.Shortcut) {
	switch s := s.(type) {
	case *fyne.ShortcutCut:
		if l.shift() {
			l.remove(2)
		}
	case *fyne.ShortcutCopy:
		if lines := l.chosen().MRZ; len(lines) > 0 && s.Clipboard != nil {
			s.Clipboard.SetContent(strings.Join(lines, "\n"))
		}
	}
}

func shiftIsDown() bool {
	d, ok := fyne.CurrentApp().Driver().(desktop.Driver)
	return ok && d.CurrentKeyModifiers()&fyne.KeyModifierShift != 0
}

// CreateRenderer implements fyne.Widget.
func (l *cardList) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.NewStack(l.frame, theme.Padded(4, 4, l.scroll)))
}

// cardRow is one card.
type cardRow struct {
	widget.BaseWidget

	entry       fixtures.Entry
	choose, use func()

	back    *canvas.Rectangle
	title   *theme.Text
	place   *theme.Text
	content fyne.CanvasObject
}

func newCardRow(e fixtures.Entry, choose, use func()) *cardRow {
	r := &cardRow{entry: e, choose: choose, use: use}
	r.ExtendBaseWidget(r)
	r.back = canvas.NewRectangle(theme.Clear)
	r.back.CornerRadius = 8
	r.title = theme.Value(e.Title).Wrap()
	r.place = theme.Small("").Bold().In(theme.Green)
	lines := theme.Rows(0, container.NewBorder(nil, nil, nil, r.place, r.title))
	if e.Holder != "" {
		lines.Add(theme.Small(e.Holder).Wrap())
	}
	lines.Add(theme.Small(facts(e)).In(theme.InkFaint).Wrap())
	if e.RefusedFor != "" {
		lines.Add(theme.Small("Refused: " + inWords(e.RefusedFor)).In(theme.RedOn).Wrap())
	}
	r.content = container.NewStack(r.back, theme.Padded(14, 6, lines))
	return r
}

// facts is what a tester needs to know before inserting.
func facts(e fixtures.Entry) string {
	var list []string
	switch e.Generation {
	case "1":
		list = append(list, "Cartão de Cidadão, 1.ª geração")
	case "2024":
		list = append(list, "Cartão de Cidadão, 2024")
	default:
		list = append(list, strings.ReplaceAll(e.Kind, "-", " "))
		if e.Generation != "" {
			list = append(list, e.Generation)
		}
	}
	if e.Key == "none" {
		list = append(list, "no proof of originality")
	} else if e.Key != "" {
		list = append(list, e.Key)
	}
	if e.PIN != "" {
		list = append(list, "PIN "+e.PIN)
	}
	if e.CAN != "" {
		list = append(list, "CAN "+e.CAN)
	}
	if e.Level == fixtures.LevelSubstantial {
		list = append(list, "level substantial")
	}
	return strings.Join(append(list, e.Name), " · ")
}

func (r *cardRow) draw(chosen, focused bool, slot int) {
	fill := theme.Clear
	if chosen {
		fill = theme.Selected
	}
	if chosen && focused {
		fill = theme.Halo
	}
	if r.back.FillColor != fill {
		r.back.FillColor = fill
		r.back.Refresh()
	}
	r.title.SetBold(chosen)
	place := ""
	if slot > 0 {
		place = fmt.Sprintf("in slot %d", slot)
	}
	if r.place.Text() != place {
		r.place.SetText(place)
		r.content.Refresh() // gives the place its room
	}
}

// MouseDown implements desktop.Mouseable: choose. A tap would come only after the time in which it
// could still become a double tap.
func (r *cardRow) MouseDown(*desktop.MouseEvent) { r.choose() }

// MouseUp implements desktop.Mouseable.
func (r *cardRow) MouseUp(*desktop.MouseEvent) {}

// DoubleTapped implements fyne.DoubleTappable: insert in slot 1.
func (r *cardRow) DoubleTapped(*fyne.PointEvent) { r.choose(); r.use() }

// CreateRenderer implements fyne.Widget.
func (r *cardRow) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(r.content) }
