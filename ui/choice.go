package ui

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"balcao/ui/present"
	"balcao/ui/theme"
)

// choice is one of a few answers, chosen with the arrow keys or with an answer's first letter. It begins
// without any: what nobody chose is not recorded as chosen. Fyne's select opens a menu that keys do not reach
// well, and forgets the focus.
type choice struct {
	widget.BaseWidget

	keys    *keyboard
	changed func()
	gained  func() // told when the focus comes
	label   string // for a screen reader
	none    string // shown while nothing is chosen
	options []present.OptionModel
	chosen  int    // -1 for none
	listed  bool   // all answers are shown, each with what it means
	tiles   *tiles // they are shown as tiles; nil for a list
	opened  func() // of answers that are shown, with their numbers, while it has the focus: told when that changes
	focused bool
}

var (
	_ fyne.Focusable  = (*choice)(nil)
	_ fyne.Tappable   = (*choice)(nil)
	_ fyne.Accessible = (*choice)(nil)
	_ desktop.Keyable = (*choice)(nil)
)

// newChoice shows the answer that is chosen; newListedChoice shows them all.
func newChoice(keys *keyboard, changed, gained func()) *choice {
	c := &choice{keys: keys, changed: changed, gained: gained, chosen: -1}
	c.ExtendBaseWidget(c)
	return c
}

func newListedChoice(keys *keyboard, changed, gained func()) *choice {
	c := newChoice(keys, changed, gained)
	c.listed = true
	return c
}

// newNumberedChoice shows them all with their numbers while it has the focus, and then the one that is chosen.
func newNumberedChoice(keys *keyboard, changed, gained, opened func()) *choice {
	c := newChoice(keys, changed, gained)
	c.opened = opened
	return c
}

// newTiles shows each answer as a tile of its own, in columns where there is room for them.
func newTiles(keys *keyboard, tiles *tiles, changed, gained func()) *choice {
	c := newListedChoice(keys, changed, gained)
	c.tiles = tiles
	return c
}

// open reports whether all answers are shown.
func (c *choice) open() bool { return c.listed || c.numbered() && c.focused }

func (c *choice) numbered() bool { return c.opened != nil }

// offer says what can be chosen; it keeps what is.
func (c *choice) offer(label, none string, options []present.OptionModel) {
	c.label, c.none, c.options = label, none, options
	if c.chosen >= len(options) {
		c.chosen = -1
	}
	c.Refresh()
}

// put chooses without telling anybody.
func (c *choice) put(chosen int) {
	if c.chosen != chosen {
		c.chosen = chosen
		c.Refresh()
	}
}

func (c *choice) choose(chosen int) {
	c.keys.touched()
	if c.chosen == chosen {
		return
	}
	c.put(chosen)
	c.changed()
}

// step goes to the next answer, or the one before, and stays at the last.
func (c *choice) step(by int) {
	if c.chosen < 0 {
		c.choose(0)
		return
	}
	c.choose(min(max(c.chosen+by, 0), len(c.options)-1))
}

// seek brings the answer that is chosen into the window, of those that are listed.
func (c *choice) seek(seek func(object fyne.CanvasObject, from, height float32)) {
	if c.tiles != nil {
		from, height := c.tiles.place(max(0, c.chosen))
		seek(c, from, height)
		return
	}
	row := c.Size().Height / float32(max(1, len(c.options)))
	seek(c, float32(max(0, c.chosen))*row, row)
}

// FocusGained implements fyne.Focusable.
func (c *choice) FocusGained() {
	c.focused = true
	c.turn()
	c.gained()
}

// FocusLost implements fyne.Focusable.
func (c *choice) FocusLost() {
	c.focused = false
	c.turn()
}

// turn shows the focus, and what is shown only with it.
func (c *choice) turn() {
	c.Refresh()
	if c.numbered() {
		c.opened()
	}
}

// KeyDown implements desktop.Keyable.
func (c *choice) KeyDown(ev *fyne.KeyEvent) { c.keys.down(ev, nil) }

// KeyUp implements desktop.Keyable.
func (c *choice) KeyUp(ev *fyne.KeyEvent) { c.keys.up(ev, nil) }

// TypedRune implements fyne.Focusable: a number chooses its answer, a letter the next that begins with it.
func (c *choice) TypedRune(r rune) { c.keys.rune(r, c.character) }

func (c *choice) character(r rune) {
	if at := int(r - '1'); c.numbered() && at >= 0 && at < min(len(c.options), 9) {
		c.choose(at)
		return
	}
	for i := range c.options {
		at := (c.chosen + 1 + i) % len(c.options)
		text := c.options[at].Text
		if i := strings.IndexFunc(text, func(one rune) bool { return unicode.IsLetter(one) || unicode.IsDigit(one) }); i > 0 {
			text = text[i:] // behind a quotation mark, which no keyboard has
		}
		if first, _ := utf8.DecodeRuneInString(text); unicode.ToLower(first) == unicode.ToLower(r) {
			c.choose(at)
			return
		}
	}
}

// TypedKey implements fyne.Focusable. Deleting leaves no answer, which a slip of the hand may need.
func (c *choice) TypedKey(ev *fyne.KeyEvent) { c.keys.key(ev, c.key) }

func (c *choice) key(ev *fyne.KeyEvent) {
	down, beside := 1, 1
	if c.tiles != nil {
		down, beside = c.tiles.steps(len(c.options))
	}
	switch ev.Name {
	case fyne.KeyDown, fyne.KeySpace:
		c.step(down)
	case fyne.KeyUp:
		c.step(-down)
	case fyne.KeyRight:
		c.step(beside)
	case fyne.KeyLeft:
		c.step(-beside)
	case fyne.KeyBackspace, fyne.KeyDelete:
		c.choose(-1)
	default:
		c.keys.typed(ev)
	}
}

// Tapped implements fyne.Tappable: an answer of those that are shown, or the next one.
func (c *choice) Tapped(ev *fyne.PointEvent) {
	shown := c.open()
	if canvas := fyne.CurrentApp().Driver().CanvasForObject(c); canvas != nil {
		canvas.Focus(c)
	}
	switch {
	case len(c.options) == 0:
	case c.tiles != nil:
		if at := c.tiles.at(ev.Position); at >= 0 && at < len(c.options) {
			c.choose(at)
		}
	case shown:
		c.choose(min(int(ev.Position.Y/(c.Size().Height/float32(len(c.options)))), len(c.options)-1))
	case !c.numbered():
		c.choose((c.chosen + 1) % len(c.options))
	}
}

// AccessibilityLabel implements fyne.Accessible.
func (c *choice) AccessibilityLabel() string { return c.label + ": " + c.text() }

// AccessibilityRole implements fyne.Accessible.
func (c *choice) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

func (c *choice) text() string {
	if c.chosen < 0 || c.chosen >= len(c.options) {
		return c.none
	}
	return c.options[c.chosen].Text
}

// CreateRenderer implements fyne.Widget.
func (c *choice) CreateRenderer() fyne.WidgetRenderer {
	c.ExtendBaseWidget(c)
	r := &choiceRenderer{choice: c, frame: canvas.NewRectangle(theme.Surface)}
	r.frame.CornerRadius = 8
	r.update()
	return r
}

// choiceRenderer draws a field with the answer and how many there are, or a row for each answer.
type choiceRenderer struct {
	choice  *choice
	frame   *canvas.Rectangle
	content fyne.CanvasObject // one of the next two
	one     fyne.CanvasObject
	all     fyne.CanvasObject
	rows    []answerRow
	line    *theme.Text
	count   *theme.Text
	before  *chevron
	after   *chevron
}

// answerRow is one of the answers listed.
type answerRow struct {
	ring, dot   *canvas.Circle
	text, means *theme.Text
}

func (r *choiceRenderer) Destroy() {}

func (r *choiceRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.frame, r.content}
}

func (r *choiceRenderer) MinSize() fyne.Size { return r.content.MinSize() }

func (r *choiceRenderer) Layout(size fyne.Size) {
	r.frame.Resize(size)
	r.content.Resize(size)
}

func (r *choiceRenderer) Refresh() {
	r.update()
	r.Layout(r.choice.Size())
	canvas.Refresh(r.choice)
}

func (r *choiceRenderer) update() {
	c := r.choice
	r.frame.StrokeColor, r.frame.StrokeWidth = theme.FieldEdge, theme.Stroke(2)
	if c.focused {
		r.frame.StrokeColor, r.frame.StrokeWidth = theme.Ring, theme.Stroke(3)
	}
	switch {
	case c.tiles != nil:
		r.content = c.tiles.show(c)
		r.frame.StrokeColor, r.frame.FillColor = theme.Clear, theme.Clear // each tile has its own
	case c.open():
		r.list()
	default:
		r.field()
	}
}

func (r *choiceRenderer) field() {
	c := r.choice
	if r.line == nil {
		r.line, r.count = theme.Value("").Sized(theme.SizeHeading).Wrap(), theme.Small("").In(theme.InkFaint)
		r.before, r.after = newChevron(-1), newChevron(1)
		r.one = theme.Padded(12, 9, centred(10, []float32{1, 0, 0, 0}, r.line, r.before.content, r.count, r.after.content))
	}
	r.content = r.one
	r.line.SetText(c.text())
	r.line.SetColour(theme.Ink)
	if c.chosen < 0 {
		r.line.SetColour(theme.InkFaint)
	}
	r.count.SetText(strconv.Itoa(c.chosen+1) + "/" + strconv.Itoa(len(c.options)))
	r.before.show(c.chosen > 0)
	r.after.show(c.chosen < len(c.options)-1)
}

// chevron points to the next answer or the one before. It is drawn, because fonts do not agree on arrows.
type chevron struct {
	lines   [2]*canvas.Line
	content *fyne.Container
}

func newChevron(direction float32) *chevron {
	c := &chevron{content: sized(10, 14)}
	tip, back := 5+3*direction, 5-3*direction
	strokes := container.NewWithoutLayout()
	for i, y := range []float32{1, 13} {
		c.lines[i] = canvas.NewLine(theme.Blue)
		c.lines[i].StrokeWidth = 2
		c.lines[i].Position1, c.lines[i].Position2 = fyne.NewPos(back, y), fyne.NewPos(tip, 7)
		strokes.Add(c.lines[i])
	}
	c.content.Add(strokes)
	return c
}

// show draws it boldly where there is somewhere to go.
func (c *chevron) show(open bool) {
	for _, line := range c.lines {
		line.StrokeColor = theme.Edge
		if open {
			line.StrokeColor = theme.Blue
		}
	}
}

func (r *choiceRenderer) list() {
	c := r.choice
	if r.all == nil || len(r.rows) != len(c.options) {
		all := rows(0)
		r.rows = nil
		for range c.options {
			row := newAnswerRow()
			r.rows = append(r.rows, row)
			sign := sized(20, 20, row.ring)
			sign.Add(sized(20, 20, row.dot))
			all.Add(theme.Padded(12, 6, columns(12, []float32{0, 1}, sign, rows(2, row.text, row.means))))
		}
		r.all = all
	}
	r.content = r.all
	for i, row := range r.rows {
		row.text.SetText(c.options[i].Text)
		if c.numbered() {
			row.text.SetText(strconv.Itoa(i+1) + "   " + c.options[i].Text)
		}
		row.means.SetText(c.options[i].Means)
		reveal(row.means, c.options[i].Means != "")
		chosen := i == c.chosen
		row.ring.StrokeColor = theme.FieldEdge
		if chosen {
			row.ring.StrokeColor = theme.Blue
		}
		reveal(row.dot, chosen)
	}
}

func newAnswerRow() answerRow {
	row := answerRow{
		ring: canvas.NewCircle(theme.Surface), dot: canvas.NewCircle(theme.Blue),
		text: theme.Value("").Wrap(), means: theme.Small("").In(theme.InkFaint).Wrap(),
	}
	row.ring.StrokeWidth = 2
	return row
}
