package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"balcao/ui/theme"
)

// tiles is how a choice shows its answers side by side, each in a frame: column by column, or line by line.
type tiles struct {
	columns int  // where there is room for them
	low     bool // with less room inside, for many answers beside other things
	across  bool // read line by line instead of column by column

	all    []tile
	layout *tilesLayout
	object *fyne.Container
}

// tile is one answer.
type tile struct {
	frame       *canvas.Rectangle
	text, means *theme.Text
	content     fyne.CanvasObject
}

const leastTile = 170 // wide, in the design's text size

func newTile(low bool) tile {
	t := tile{frame: canvas.NewRectangle(theme.Surface), text: theme.Value("").Bold().Wrap(), means: theme.Small("").In(theme.InkFaint).Wrap()}
	t.frame.CornerRadius = 10
	x, y := float32(16), float32(9)
	if low {
		x, y = 14, 8
	}
	t.content = container.NewStack(t.frame, theme.Padded(x, y, rows(1, t.text, t.means)))
	return t
}

// show draws the answers of a choice and returns what they are drawn on.
func (t *tiles) show(c *choice) fyne.CanvasObject {
	if t.object == nil || len(t.all) != len(c.options) {
		t.layout = &tilesLayout{tiles: t}
		t.object, t.all = container.New(t.layout), nil
		for range c.options {
			one := newTile(t.low)
			t.all = append(t.all, one)
			t.object.Add(one.content)
		}
	}
	for i, one := range t.all {
		one.text.SetText(c.options[i].Text)
		one.means.SetText(c.options[i].Means)
		reveal(one.means, c.options[i].Means != "")
		one.frame.FillColor, one.frame.StrokeColor, one.frame.StrokeWidth = theme.Surface, theme.Border, theme.Stroke(1)
		switch chosen := i == c.chosen; {
		case chosen && c.focused:
			one.frame.FillColor, one.frame.StrokeColor, one.frame.StrokeWidth = theme.Chosen, theme.Ring, theme.Stroke(3)
		case chosen:
			one.frame.FillColor, one.frame.StrokeColor, one.frame.StrokeWidth = theme.Chosen, theme.Blue, theme.Stroke(2)
		case c.focused && c.chosen < 0 && i == 0: // the arrows begin here
			one.frame.StrokeColor, one.frame.StrokeWidth = theme.Ring, theme.Stroke(3)
		}
		one.frame.Refresh()
	}
	return t.object
}

// steps is by how many answers the next one below and the next one beside are away.
func (t *tiles) steps(answers int) (down, beside int) {
	switch {
	case t.layout == nil || t.layout.columns < 2:
		return 1, 1
	case t.across && answers <= t.layout.columns:
		return 1, 1
	case t.across:
		return t.layout.columns, 1
	}
	return 1, perColumn(answers, t.layout.columns)
}

// place is where a tile begins, and how high it is.
func (t *tiles) place(i int) (from, height float32) {
	if i >= len(t.all) {
		return 0, 0
	}
	return t.all[i].content.Position().Y, t.all[i].content.Size().Height
}

// at is the tile at a place, -1 for none.
func (t *tiles) at(position fyne.Position) int {
	for i, one := range t.all {
		from, size := one.content.Position(), one.content.Size()
		if position.X >= from.X && position.Y >= from.Y && position.X < from.X+size.Width && position.Y < from.Y+size.Height {
			return i
		}
	}
	return -1
}

// cell is where an answer stands.
func (t *tiles) cell(i, rows, columns int) (row, column int) {
	if t.across {
		return i / columns, i % columns
	}
	return i % rows, i / rows
}

func perColumn(answers, columns int) int { return (answers + columns - 1) / columns }

// tilesLayout sets tiles in columns of one width, which are filled one after the other. It remembers its height at the
// width given last.
type tilesLayout struct {
	tiles   *tiles
	columns int
	height  float32
}

// Layout implements fyne.Layout. Tiles of one row are equally high.
func (l *tilesLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	gapX, gapY := float32(16), float32(8)
	if l.tiles.low {
		gapX, gapY = 8, 6
	}
	answers := len(l.tiles.all)
	const edge = 2 // for the ring around a tile
	size.Width -= 2 * edge
	l.columns = max(1, l.tiles.columns)
	for l.columns > 1 && (size.Width-gapX*float32(l.columns-1))/float32(l.columns) < leastTile*textScale() {
		l.columns--
	}
	width := (size.Width - gapX*float32(l.columns-1)) / float32(l.columns)
	each := max(1, perColumn(answers, l.columns))
	heights := make([]float32, each)
	for i := range answers {
		row, _ := l.tiles.cell(i, each, l.columns)
		heights[row] = max(heights[row], theme.HeightAt(objects[i], width))
	}
	tops := make([]float32, each+1)
	tops[0] = edge
	for row, height := range heights {
		tops[row+1] = tops[row] + height + gapY
	}
	x := func(column int) float32 { return edge + float32(column)*(width+gapX) }
	for i := range answers {
		row, column := l.tiles.cell(i, each, l.columns)
		objects[i].Move(fyne.NewPos(x(column), tops[row]))
		objects[i].Resize(fyne.NewSize(width, heights[row]))
	}
	l.height = tops[each] - gapY + edge
}

// MinSize implements fyne.Layout.
func (l *tilesLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(leastTile*textScale(), max(l.height, 0))
}
