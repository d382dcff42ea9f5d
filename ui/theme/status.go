package theme

import (
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

// Result is what a status circle shows. The words are those that checks use, so that a page may
// convert instead of translate; a word that is not known here shows as Pending.
type Result string

// Results of a check or a step.
const (
	Pending Result = ""        // empty grey ring
	Passed  Result = "passed"  // tick on green
	Failed  Result = "failed"  // cross on red
	Unknown Result = "unknown" // exclamation mark on amber
	Absent  Result = "absent"  // dash on grey
)

// Dot is the small round light of a status bar. It never stands without words: colour alone tells
// one man in twelve nothing (WCAG 2.1 §1.4.1).
func Dot(colour Colour) *Circle { return newCircle(10, colour) }

// TickIcon is the circle beside a check.
func TickIcon(result Result) *Circle {
	c := newCircle(22, Clear)
	c.result, c.isTick = result, true
	return c
}

// NumberIcon is the circle beside a step: its number, in a blue ring when current, in a grey one
// when still to come. SetResult turns it into a tick or a cross.
func NumberIcon(number int, current bool) *Circle {
	c := newCircle(28, Clear)
	c.isTick, c.number, c.current = true, number, current
	return c
}

// BigTick is the circle of a page that says how it all ended.
func BigTick(result Result) *Circle {
	c := newCircle(64, Clear)
	c.result, c.isTick = result, true
	return c
}

// Circle is a status circle: a dot, a tick, a number. The signs are drawn, not written: which
// fonts have a tick depends on the machine.
type Circle struct {
	widget.BaseWidget

	diameter float32
	colour   Colour
	isTick   bool
	result   Result
	number   int
	current  bool
	zoom     *Zoom
}

func newCircle(diameter float32, colour Colour) *Circle {
	c := &Circle{diameter: diameter, colour: colour}
	c.ExtendBaseWidget(c)
	return c
}

// Zoomed sets what enlarges the circle besides the text size, with which it grows, and returns it.
func (c *Circle) Zoomed(zoom *Zoom) *Circle { c.zoom = zoom; return c }

// size is the diameter as drawn: a sign stands beside a text, and is as hard to see.
func (c *Circle) size() float32 { return c.zoom.Of(c.diameter * textScale(c.Theme())) }

// SetColour changes a Dot's colour.
func (c *Circle) SetColour(colour Colour) {
	if c.colour != colour {
		c.colour = colour
		c.Refresh()
	}
}

// SetResult changes what the circle says; Pending shows a NumberIcon's number again.
func (c *Circle) SetResult(result Result) {
	if c.result != result {
		c.result = result
		c.Refresh()
	}
}

// SetCurrent changes a NumberIcon's ring.
func (c *Circle) SetCurrent(current bool) {
	if c.current != current {
		c.current = current
		c.Refresh()
	}
}

// Result returns what the circle says.
func (c *Circle) Result() Result { return c.result }

// CreateRenderer implements fyne.Widget.
func (c *Circle) CreateRenderer() fyne.WidgetRenderer {
	c.ExtendBaseWidget(c)
	r := &circleRenderer{circle: c}
	r.rebuild()
	return r
}

type circleRenderer struct {
	circle  *Circle
	objects []fyne.CanvasObject
}

func (r *circleRenderer) Destroy() {}

func (r *circleRenderer) Objects() []fyne.CanvasObject { return r.objects }

func (r *circleRenderer) MinSize() fyne.Size { return fyne.NewSquareSize(r.circle.size()) }

func (r *circleRenderer) Layout(fyne.Size) { r.rebuild() }

func (r *circleRenderer) Refresh() {
	r.rebuild()
	canvas.Refresh(r.circle)
}

func (r *circleRenderer) rebuild() {
	c := r.circle
	disc := canvas.NewCircle(c.colour)
	size, diameter := c.Size(), c.size()
	// In the middle of what it was given, whatever row it stands in.
	at := fyne.NewPos((size.Width-diameter)/2, (size.Height-diameter)/2)
	disc.Move(at)
	disc.Resize(fyne.NewSquareSize(diameter))
	r.objects = []fyne.CanvasObject{disc}
	if !c.isTick {
		return
	}
	stroke := fyne.Max(2, diameter/14)
	draw := func(x1, y1, x2, y2 float32) {
		line := canvas.NewLine(White)
		line.StrokeWidth = stroke
		line.Position1 = at.AddXY(x1*diameter, y1*diameter)
		line.Position2 = at.AddXY(x2*diameter, y2*diameter)
		r.objects = append(r.objects, line)
	}
	switch c.result {
	case Passed:
		disc.FillColor = Green
		draw(0.29, 0.52, 0.44, 0.67)
		draw(0.44, 0.67, 0.72, 0.35)
	case Failed:
		disc.FillColor = Red
		draw(0.34, 0.34, 0.66, 0.66)
		draw(0.66, 0.34, 0.34, 0.66)
	case Unknown:
		disc.FillColor = Amber
		draw(0.5, 0.26, 0.5, 0.57)
		draw(0.5, 0.66, 0.5, 0.75)
	case Absent:
		disc.FillColor = Off
		draw(0.32, 0.5, 0.68, 0.5)
	default:
		r.ring(disc)
	}
}

func (r *circleRenderer) ring(disc *canvas.Circle) {
	c := r.circle
	edge, ink := Edge, InkFaint
	if c.current {
		edge, ink = Blue, Blue
	}
	disc.FillColor, disc.StrokeColor, disc.StrokeWidth = Surface, edge, Stroke(2)
	if c.number == 0 {
		return
	}
	number := canvas.NewText(strconv.Itoa(c.number), ink.Now())
	number.TextStyle, number.TextSize = bold, c.size()*12/28 // in the circle's proportion
	number.Alignment = fyne.TextAlignCenter
	number.Move(disc.Position())
	number.Resize(disc.Size())
	r.objects = append(r.objects, number)
}
