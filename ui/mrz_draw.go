package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"balcao/kiosk"
	"balcao/ui/theme"
)

// How a zone is drawn: its lines in characters of one width, and under each group what is known of it, by
// colour and by sign. Characters still to come are dots.

const (
	mrzCell = 20   // width of a character at scale 1, where there is room
	mrzEdge = 10   // between frame and characters
	mrzMark = 14   // room under a line for its marks
	mrzTall = 1.75 // height of a character beside its width
)

var mrzStyle = fyne.TextStyle{Monospace: true}

// CreateRenderer implements fyne.Widget.
func (f *mrzField) CreateRenderer() fyne.WidgetRenderer {
	f.ExtendBaseWidget(f)
	r := &mrzRenderer{field: f}
	r.rebuild()
	return r
}

type mrzRenderer struct {
	field   *mrzField
	size    float32 // of the text
	cell    float32 // width of a character
	objects []fyne.CanvasObject
}

func (r *mrzRenderer) Destroy() {}

func (r *mrzRenderer) Objects() []fyne.CanvasObject { return r.objects }

// MinSize is as high as the zone is at the width it was given last.
func (r *mrzRenderer) MinSize() fyne.Size {
	r.measure()
	return fyne.NewSize(300, float32(r.lines())*r.lineHeight()+2*mrzEdge)
}

func (r *mrzRenderer) Layout(fyne.Size) { r.rebuild() }

func (r *mrzRenderer) Refresh() {
	r.rebuild()
	canvas.Refresh(r.field)
}

func (r *mrzRenderer) lines() int { return max(2, r.field.model.Shape.Lines) }

func (r *mrzRenderer) lineHeight() float32 { return r.cell*mrzTall + mrzMark }

// measure finds the text's size: the setting's, or what the widest line leaves. How wide its characters are
// then is asked, because fonts round.
func (r *mrzRenderer) measure() {
	const many, wide = "0000000000", 0.602 // a character's width beside its height
	r.size = mrzCell * textScale() / wide
	cell := func() float32 { return fyne.MeasureText(many, r.size, mrzStyle).Width / float32(len(many)) }
	r.cell = cell()
	columns := max(r.field.model.Shape.Width, 30)
	if room := r.field.Size().Width - 2*mrzEdge; room > 0 && r.cell*float32(columns) > room {
		r.size *= room / float32(columns) / r.cell
		r.cell = cell()
	}
}

func (r *mrzRenderer) rebuild() {
	r.measure()
	r.objects = r.objects[:0:0]
	r.frame()
	texts := r.texts()
	for line := range r.lines() {
		var text string
		if line < len(texts) {
			text = texts[line]
		}
		r.line(line, text)
	}
	if r.current() {
		for _, group := range r.field.model.Groups {
			r.mark(group)
		}
	}
	r.cursor()
}

// texts are the lines as they stand in the field.
func (r *mrzRenderer) texts() []string {
	var lines []string
	begin := 0
	for i := range r.field.n {
		if r.field.typed[i] == '\n' {
			lines = append(lines, string(r.field.typed[begin:i]))
			begin = i + 1
		}
	}
	return append(lines, string(r.field.typed[begin:r.field.n]))
}

// current reports whether the groups are those of what stands here.
func (r *mrzRenderer) current() bool {
	f := r.field
	return f.n > 0 && (f.model.Text == f.text() || f.model.Text != "" && f.keepsAll())
}

// keepsAll reports whether the field shows the lines that were understood, which need not be as they were
// typed.
func (f *mrzField) keepsAll() bool {
	return f.keeps(f.model.Lines) && f.counted(f.n) == length(f.model.Lines)
}

func length(lines []string) int {
	n := 0
	for _, line := range lines {
		n += len(line)
	}
	return n
}

func (r *mrzRenderer) frame() {
	box := canvas.NewRectangle(theme.Surface)
	box.CornerRadius, box.StrokeWidth, box.StrokeColor = 8, theme.Stroke(2), theme.FieldEdge
	if r.field.focused {
		box.StrokeWidth, box.StrokeColor = theme.Stroke(3), theme.Ring
	}
	if r.field.locked {
		box.FillColor = theme.Page
	}
	box.Resize(r.field.Size())
	r.objects = append(r.objects, box)
}

// at is where a character stands.
func (r *mrzRenderer) at(line, column int) fyne.Position {
	return fyne.NewPos(mrzEdge+float32(column)*r.cell, mrzEdge/2+float32(line)*r.lineHeight())
}

// line writes the characters, those of a wrong group on red, and dots for those to come.
func (r *mrzRenderer) line(line int, text string) {
	written := 0
	if r.current() {
		for _, group := range r.field.model.Groups {
			if group.Line != line || group.From < written || group.From >= len(text) {
				continue
			}
			r.write(line, written, text[written:group.From], false)
			end := min(group.To, len(text))
			r.write(line, group.From, text[group.From:end], group.State == kiosk.MRZWrong)
			written = end
		}
	}
	r.write(line, written, text[min(written, len(text)):], false)
	for column := len(text); column < r.field.model.Shape.Width; column++ {
		dot := canvas.NewCircle(theme.FieldEdge)
		dot.Move(r.at(line, column).AddXY(r.cell/2-1.5, r.cell*mrzTall/2))
		dot.Resize(fyne.NewSquareSize(3))
		r.objects = append(r.objects, dot)
	}
}

func (r *mrzRenderer) write(line, column int, text string, wrong bool) {
	if text == "" {
		return
	}
	size := fyne.NewSize(float32(len(text))*r.cell, r.cell*mrzTall)
	ink := theme.Ink
	if wrong {
		back := canvas.NewRectangle(theme.RedSurface)
		back.CornerRadius = 3
		back.Move(r.at(line, column))
		back.Resize(size)
		r.objects = append(r.objects, back)
		ink = theme.RedOn
	}
	t := canvas.NewText(text, ink.Now())
	t.TextStyle, t.TextSize = mrzStyle, r.size
	t.Move(r.at(line, column))
	t.Resize(size)
	r.objects = append(r.objects, t)
}

// mark says under a group how it stands: a tick, a cross, or nothing yet.
func (r *mrzRenderer) mark(group kiosk.MRZGroup) {
	if group.Line >= r.lines() {
		return
	}
	from := r.at(group.Line, group.From).AddXY(2, r.cell*mrzTall+1)
	width := float32(group.To-group.From)*r.cell - 4
	middle := fyne.NewPos(from.X+width/2, from.Y+6)
	switch group.State {
	case kiosk.MRZRight:
		r.stroke(theme.Green, 2, from, from.AddXY(width, 0))
		r.stroke(theme.Green, 2, middle.AddXY(-4, 0), middle.AddXY(-1, 3))
		r.stroke(theme.Green, 2, middle.AddXY(-1, 3), middle.AddXY(4, -3))
	case kiosk.MRZWrong:
		r.stroke(theme.Red, 3, from, from.AddXY(width, 0))
		r.stroke(theme.Red, 2.5, middle.AddXY(-3, -2), middle.AddXY(3, 4))
		r.stroke(theme.Red, 2.5, middle.AddXY(3, -2), middle.AddXY(-3, 4))
	default:
		r.stroke(theme.Edge, 1, from, from.AddXY(width, 0))
	}
}

func (r *mrzRenderer) stroke(colour theme.Colour, width float32, from, to fyne.Position) {
	line := canvas.NewLine(colour)
	line.StrokeWidth, line.Position1, line.Position2 = theme.Stroke(width), from, to
	r.objects = append(r.objects, line)
}

func (r *mrzRenderer) cursor() {
	f := r.field
	if !f.focused || f.locked {
		return
	}
	line, column := f.place(f.at)
	if line >= r.lines() { // behind the last line, which was ended
		line, column = r.lines()-1, f.model.Shape.Width
	}
	at := r.at(line, column)
	r.stroke(theme.Blue, 2, at.AddXY(-1, 1), at.AddXY(-1, r.cell*mrzTall-1))
}
