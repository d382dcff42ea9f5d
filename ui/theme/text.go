package theme

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

// Text is text without a frame around it: one line, or as many as fit the width once Wrap was
// called. Fyne's Label is not used because its inset cannot be taken off, and would put every text
// 8 pixels beside the panel's edge it should stand on.
type Text struct {
	widget.BaseWidget

	text   string
	size   fyne.ThemeSizeName
	style  fyne.TextStyle
	colour Colour
	align  fyne.TextAlign
	wrap   bool
	most   int // lines; 0 for as many as there are
	zoom   *Zoom
	sign   Result // before the first line; Pending for none
}

var (
	_ fyne.Widget     = (*Text)(nil)
	_ fyne.Accessible = (*Text)(nil)
)

// NewText makes text of a size of this package's, in a colour.
func NewText(text string, size fyne.ThemeSizeName, style fyne.TextStyle, colour Colour) *Text {
	t := &Text{text: text, size: size, style: style, colour: colour}
	t.ExtendBaseWidget(t)
	return t
}

var bold = fyne.TextStyle{Bold: true}

// Title is the heading of a page.
func Title(text string) *Text { return NewText(text, SizeTitle, bold, Ink) }

// Subtitle stands under a title and explains it.
func Subtitle(text string) *Text { return NewText(text, SizeText, fyne.TextStyle{}, InkFaint) }

// Heading is the heading of a panel or a paragraph in it.
func Heading(text string) *Text { return NewText(text, SizeHeading, bold, Ink) }

// Body is running text.
func Body(text string) *Text { return NewText(text, SizeHeading, fyne.TextStyle{}, Ink) }

// Label names a value or a field.
func Label(text string) *Text { return NewText(text, SizeText, fyne.TextStyle{}, InkFaint) }

// Value is a datum beside its label.
func Value(text string) *Text { return NewText(text, SizeText, fyne.TextStyle{}, Ink) }

// Small is for status bars and times.
func Small(text string) *Text { return NewText(text, SizeSmall, fyne.TextStyle{}, InkSoft) }

// Code is digits to read and type, in big monospace.
func Code(text string) *Text {
	return NewText(text, SizeCode, fyne.TextStyle{Monospace: true}, Ink)
}

// Wrap breaks the text at the width it is given, and returns it.
func (t *Text) Wrap() *Text { t.wrap = true; return t }

// Lines breaks the text as Wrap does, into at most so many lines: what is left out shows as "…".
func (t *Text) Lines(most int) *Text { t.wrap, t.most = true, most; return t }

// Aligned sets the alignment, and returns the text.
func (t *Text) Aligned(align fyne.TextAlign) *Text { t.align = align; return t }

// In sets the colour at construction, and returns the text.
func (t *Text) In(colour Colour) *Text { t.colour = colour; return t }

// Zoomed sets what enlarges the text besides the theme, and returns it.
func (t *Text) Zoomed(zoom *Zoom) *Text { t.zoom = zoom; return t }

// Bold makes the text bold, and returns it.
func (t *Text) Bold() *Text { t.style.Bold = true; return t }

// Sized sets the size at construction, and returns the text.
func (t *Text) Sized(size fyne.ThemeSizeName) *Text { t.size = size; return t }

// Text returns what is shown.
func (t *Text) Text() string { return t.text }

// SetText shows another text. Showing the same again costs nothing.
func (t *Text) SetText(text string) {
	if t.text != text {
		t.text = text
		t.Refresh()
	}
}

// SetColour shows the text in another colour.
func (t *Text) SetColour(colour Colour) {
	if t.colour != colour {
		t.colour = colour
		t.Refresh()
	}
}

// SetSign sets a sign before the text, Pending for none: colour alone tells many nothing (WCAG 2.1 §1.4.1).
func (t *Text) SetSign(sign Result) {
	if t.sign != sign {
		t.sign = sign
		t.Refresh()
	}
}

// SetBold changes the weight.
func (t *Text) SetBold(b bool) {
	if t.style.Bold != b {
		t.style.Bold = b
		t.Refresh()
	}
}

// Natural is the width of the longest line, unbroken.
func (t *Text) Natural() float32 {
	var widest float32
	for _, line := range strings.Split(t.text, "\n") {
		widest = fyne.Max(widest, measureLine(line, t.zoom.Of(textSize(t.Theme(), t.size)), t.style))
	}
	return widest
}

// AccessibilityLabel implements fyne.Accessible.
func (t *Text) AccessibilityLabel() string { return t.text }

// AccessibilityRole implements fyne.Accessible.
func (t *Text) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// CreateRenderer implements fyne.Widget.
func (t *Text) CreateRenderer() fyne.WidgetRenderer {
	t.ExtendBaseWidget(t)
	r := &textRenderer{text: t}
	r.rebuild(t.Size().Width)
	return r
}

type textRenderer struct {
	text   *Text
	width  float32 // that the lines were broken for
	lines  []line
	parts  []fyne.CanvasObject // of the lines
	sign   *Circle
	indent float32 // of the lines, for the sign
	min    fyne.Size
}

func (r *textRenderer) Destroy() {}

func (r *textRenderer) Objects() []fyne.CanvasObject {
	if r.sign == nil {
		return r.parts
	}
	return append(r.parts[:len(r.parts):len(r.parts)], r.sign)
}

func (r *textRenderer) MinSize() fyne.Size { return r.min }

func (r *textRenderer) Refresh() {
	r.rebuild(r.text.Size().Width)
	r.place(r.text.Size())
	canvas.Refresh(r.text)
}

func (r *textRenderer) Layout(size fyne.Size) {
	if r.text.wrap && size.Width != r.width {
		before := r.min
		r.rebuild(size.Width)
		if r.min != before {
			// The number of lines depends on the width, which the parent decides knowing only the
			// old height: asking for a repaint makes the canvas lay the parents out again.
			canvas.Refresh(r.text)
		}
	}
	r.place(size)
}

func (r *textRenderer) rebuild(width float32) {
	t := r.text
	size := t.zoom.Of(textSize(t.Theme(), t.size))
	r.signs(size)
	lines := strings.Split(t.text, "\n")
	if t.wrap && width > 0 {
		measure := func(s string) float32 { return measureLine(s, size, t.style) }
		lines = breakLines(lines, width-r.indent, measure)
		if t.most > 0 && len(lines) > t.most {
			lines = lines[:t.most]
			last := []rune(lines[t.most-1])
			for len(last) > 0 && measure(string(last)+"…") > width-r.indent {
				last = last[:len(last)-1]
			}
			lines[t.most-1] = strings.TrimRight(string(last), " ,·-") + "…"
		}
	}
	r.width, r.lines, r.parts, r.min = width, r.lines[:0:0], r.parts[:0:0], fyne.Size{}
	for _, text := range lines {
		l := newLine(text, size, t.style, t.colour)
		r.lines = append(r.lines, l)
		for _, part := range l.parts {
			r.parts = append(r.parts, part)
		}
		r.min.Width = fyne.Max(r.min.Width, l.size.Width)
		r.min.Height += l.size.Height
	}
	r.min.Width += r.indent
	if t.wrap {
		r.min.Width = 0 // it takes what it is given
	}
}

// place puts a single line in the middle of its height, so that small text stands in the middle beside
// big; several lines begin at the top.
func (r *textRenderer) place(size fyne.Size) {
	var y float32
	if !r.text.wrap {
		y = fyne.Max(0, (size.Height-r.min.Height)/2)
	}
	for i, line := range r.lines {
		height := line.size.Height
		if i == 0 && r.sign != nil {
			r.sign.Move(fyne.NewPos(0, y))
			r.sign.Resize(fyne.NewSize(r.sign.size(), height))
		}
		x, left := r.indent, size.Width-r.indent-line.size.Width
		switch r.text.align {
		case fyne.TextAlignCenter:
			x += left / 2
		case fyne.TextAlignTrailing:
			x += left
		}
		line.move(fyne.NewPos(x, y))
		y += height
	}
}

// signs makes the sign, as high as the letters.
func (r *textRenderer) signs(size float32) {
	r.sign, r.indent = nil, 0
	if r.text.sign == Pending || r.text.text == "" {
		return
	}
	r.sign = TickIcon(r.text.sign)
	r.sign.diameter = size * 1.1 / textScale(r.text.Theme())
	r.indent = size * 1.6
}

// breakLines breaks each line at spaces so that its width is at most the one given; a word wider
// than that (an address, a digest) is broken where it must be.
func breakLines(lines []string, width float32, measure func(string) float32) []string {
	var broken []string
	for _, line := range lines {
		current := ""
		for _, word := range words(line) {
			if candidate := word.after(current); measure(candidate) <= width {
				current = candidate
				continue
			}
			if current != "" {
				broken = append(broken, current)
			}
			head, rest := "", word.text
			for measure(rest) > width {
				head, rest = cut(rest, width, measure)
				if rest == "" {
					rest = head
					break
				}
				broken = append(broken, head)
			}
			current = rest
		}
		broken = append(broken, current)
	}
	return broken
}

// breakable leaves out U+00A0: "52 anos" and "PIN 1234" stay together where the text says so.
func breakable(r rune) bool { return r == ' ' || r == '\t' }

// cut takes from the word as many signs as fit, but at least one; up to a hyphen where one fits, so that
// Corte-Real is not broken inside Real.
func cut(word string, width float32, measure func(string) float32) (head, rest string) {
	signs := clusters(word)
	n := len(signs)
	for n > 1 && measure(strings.Join(signs[:n], "")) > width {
		n--
	}
	for hyphen := n; hyphen > 1; hyphen-- {
		if signs[hyphen-1] == "-" {
			n = hyphen
			break
		}
	}
	return strings.Join(signs[:n], ""), strings.Join(signs[n:], "")
}
