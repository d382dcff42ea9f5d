package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"

	"balcao/ui/theme"
)

// rows stacks objects, each as wide as the container.
func rows(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return theme.Rows(gap, objects...)
}

// columnsLayout sets objects side by side. A column with a share gets that part of what is left by
// those with none, which are as wide as they need to be; or, for a negative share, a width for labels,
// which grows with the text.
type columnsLayout struct {
	gap    float32
	shares []float32
	middle bool // each object at half height instead of as high as the row
}

func columns(gap float32, shares []float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(columnsLayout{gap: gap, shares: shares}, objects...)
}

// centred is columns for one line of text and signs, on one axis.
func centred(gap float32, shares []float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(columnsLayout{gap: gap, shares: shares, middle: true}, objects...)
}

func (l columnsLayout) widths(objects []fyne.CanvasObject, width float32) []float32 {
	widths := make([]float32, len(objects))
	left := width - l.gap*float32(max(0, visible(objects)-1))
	var shares float32
	for i, object := range objects {
		switch share := l.shares[i]; {
		case !object.Visible():
		case share > 0:
			shares += share
		case share < 0:
			widths[i] = -share * textScale()
		default:
			widths[i] = object.MinSize().Width
		}
		left -= widths[i]
	}
	for i, object := range objects {
		if object.Visible() && l.shares[i] > 0 {
			widths[i] = fyne.Max(0, left*l.shares[i]/shares)
		}
	}
	return widths
}

func (l columnsLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	var x float32
	for i, width := range l.widths(objects, size.Width) {
		object := objects[i]
		if !object.Visible() {
			continue
		}
		height := theme.HeightAt(object, width)
		object.Move(fyne.NewPos(x, 0))
		if l.middle {
			object.Move(fyne.NewPos(x, (size.Height-height)/2))
			object.Resize(fyne.NewSize(width, height))
		} else {
			object.Resize(fyne.NewSize(width, size.Height))
		}
		x += width + l.gap
	}
}

func (l columnsLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	size := fyne.NewSize(l.gap*float32(max(0, visible(objects)-1)), 0)
	for i, object := range objects {
		if !object.Visible() {
			continue
		}
		least := object.MinSize()
		switch share := l.shares[i]; {
		case share < 0:
			size.Width -= share * textScale()
		default:
			size.Width += least.Width
		}
		size.Height = fyne.Max(size.Height, least.Height)
	}
	return size
}

func visible(objects []fyne.CanvasObject) int {
	n := 0
	for _, object := range objects {
		if object.Visible() {
			n++
		}
	}
	return n
}

// adaptiveLayout is columns where there is room for them, and rows where large text leaves none.
type adaptiveLayout struct {
	columnsLayout
	least   float32 // width for columns, in the design's text size
	stacked bool
}

func sideBySide(gap, least float32, shares []float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(&adaptiveLayout{columnsLayout: columnsLayout{gap: gap, shares: shares}, least: least}, objects...)
}

// Layout implements fyne.Layout.
func (l *adaptiveLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	l.stacked = size.Width < l.least*textScale()
	if l.stacked {
		theme.RowsLayout(l.gap).Layout(objects, size)
		return
	}
	l.columnsLayout.Layout(objects, size)
}

// MinSize implements fyne.Layout.
func (l *adaptiveLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	if l.stacked {
		return theme.RowsLayout(l.gap).MinSize(objects)
	}
	return l.columnsLayout.MinSize(objects)
}

// textScale is the text size setting: the theme's text beside the design's 15 pixels.
func textScale() float32 { return current().Size(theme.SizeText) / 15 }

// flowLayout sets objects in a row that breaks where it is full: large text makes four buttons wider than a
// window. It remembers the width it was given last, because its height depends on it.
type flowLayout struct {
	gap, between float32 // between objects, and between rows
	least        float32 // height of an object, at the least
	end          bool    // the last object stands at the right end
	width        float32
}

// place returns the widest object's width and the height of all rows.
func (l *flowLayout) place(objects []fyne.CanvasObject, width float32, move bool) fyne.Size {
	var x, y, high, widest float32
	for i, object := range objects {
		if !object.Visible() {
			continue
		}
		least := object.MinSize().Max(fyne.NewSize(0, l.least))
		if x > 0 && width > 0 && x+least.Width > width {
			x, y = 0, y+high+l.between
		}
		if move {
			at := fyne.NewPos(x, y)
			if l.end && i == len(objects)-1 {
				at.X = fyne.Max(x, width-least.Width)
			}
			object.Move(at)
			object.Resize(least)
		}
		x += least.Width + l.gap
		high, widest = fyne.Max(high, least.Height), fyne.Max(widest, least.Width)
	}
	return fyne.NewSize(widest, y+high)
}

// Layout implements fyne.Layout.
func (l *flowLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	l.width = size.Width
	l.place(objects, size.Width, true)
}

// MinSize implements fyne.Layout: as wide as the widest object, as high as at the width given last.
func (l *flowLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return l.place(objects, l.width, false)
}

// pageLayout is a page: the first object scrolls in what the second, the buttons, leave.
type pageLayout struct{ gap float32 }

// scrollPage returns a container whose body scrolls when it is higher than the window allows.
func scrollPage(gap float32, body fyne.CanvasObject, buttons *fyne.Container) (*fyne.Container, *container.Scroll) {
	scroll := container.NewVScroll(body)
	return container.New(pageLayout{gap}, scroll, buttons), scroll
}

func (l pageLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	scroll, row := objects[0].(*container.Scroll), objects[1].(*fyne.Container)
	var under float32
	if flow, ok := row.Layout.(*flowLayout); ok {
		under = flow.place(row.Objects, size.Width, false).Height
	}
	row.Move(fyne.NewPos(0, size.Height-under))
	row.Resize(fyne.NewSize(size.Width, under))
	body := size.Height - under
	if under > 0 {
		body -= l.gap
	}
	theme.HeightAt(scroll.Content, size.Width)
	scroll.Move(fyne.NewPos(0, 0))
	scroll.Resize(fyne.NewSize(size.Width, fyne.Max(0, body)))
	scroll.Refresh()
}

func (l pageLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return objects[0].MinSize().Max(fyne.NewSize(520, 400))
}

// edgeLayout is a border layout without gaps: top, bottom and left of those given, the rest for the
// last object. Fyne's leaves the theme's padding between them, which shows as a line.
type edgeLayout struct{ top, bottom, left fyne.CanvasObject }

// edges puts the content between the objects, any of which may be nil.
func edges(top, bottom, left, content fyne.CanvasObject) *fyne.Container {
	all := container.New(edgeLayout{top, bottom, left})
	for _, object := range []fyne.CanvasObject{top, bottom, left, content} {
		if object != nil {
			all.Add(object)
		}
	}
	return all
}

func (l edgeLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	var x, y float32
	if l.top != nil && l.top.Visible() {
		y = theme.HeightAt(l.top, size.Width)
		l.top.Move(fyne.NewPos(0, 0))
		l.top.Resize(fyne.NewSize(size.Width, y))
	}
	end := size.Height
	if l.bottom != nil && l.bottom.Visible() {
		height := theme.HeightAt(l.bottom, size.Width)
		end -= height
		l.bottom.Move(fyne.NewPos(0, end))
		l.bottom.Resize(fyne.NewSize(size.Width, height))
	}
	if l.left != nil && l.left.Visible() {
		x = l.left.MinSize().Width
		l.left.Move(fyne.NewPos(0, y))
		l.left.Resize(fyne.NewSize(x, end-y))
	}
	content := objects[len(objects)-1]
	content.Move(fyne.NewPos(x, y))
	content.Resize(fyne.NewSize(fyne.Max(0, size.Width-x), fyne.Max(0, end-y)))
}

func (l edgeLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	size := objects[len(objects)-1].MinSize()
	if l.left != nil && l.left.Visible() {
		size = fyne.NewSize(size.Width+l.left.MinSize().Width, fyne.Max(size.Height, l.left.MinSize().Height))
	}
	for _, object := range []fyne.CanvasObject{l.top, l.bottom} {
		if object != nil && object.Visible() {
			least := object.MinSize()
			size = fyne.NewSize(fyne.Max(size.Width, least.Width), size.Height+least.Height)
		}
	}
	return size
}

// fixed gives its objects one size at least.
type fixed fyne.Size

func (f fixed) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, object := range objects {
		object.Resize(size)
		object.Move(fyne.NewPos(0, 0))
	}
}

func (f fixed) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.Size(f) }

func sized(width, height float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(fixed(fyne.NewSize(width, height)), objects...)
}

// zoomed is a layout whose lengths zoom enlarges: make is given by how much.
type zoomed struct {
	zoom *theme.Zoom
	make func(by float32) fyne.Layout
}

func (z zoomed) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	z.make(z.zoom.Of(1)).Layout(objects, size)
}

func (z zoomed) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return z.make(z.zoom.Of(1)).MinSize(objects)
}

func zoomedRows(zoom *theme.Zoom, gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(zoomed{zoom, func(by float32) fyne.Layout { return theme.RowsLayout(gap * by) }}, objects...)
}

func zoomedPadding(zoom *theme.Zoom, x, y float32, content fyne.CanvasObject) *fyne.Container {
	return container.New(zoomed{zoom, func(by float32) fyne.Layout {
		return layout.NewCustomPaddedLayout(y*by, y*by, x*by, x*by)
	}}, content)
}

func current() fyne.Theme { return fyne.CurrentApp().Settings().Theme() }

// noticeRoom keeps the height of some lines of a text, whether it says something or not, so that nothing moves when it does.
type noticeRoom struct {
	lines float32
	size  fyne.ThemeSizeName
	zoom  *theme.Zoom // nil: none
}

func (r noticeRoom) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	objects[0].Resize(fyne.NewSize(size.Width, theme.HeightAt(objects[0], size.Width)))
}

func (r noticeRoom) MinSize(objects []fyne.CanvasObject) fyne.Size {
	room := fyne.NewSize(0, r.zoom.Of(r.lines*lineHeight*current().Size(r.size)))
	if !objects[0].Visible() {
		return room
	}
	return objects[0].MinSize().Max(room)
}

// newSheet gives a picture the height of a sheet of paper (ISO 216) at its width, up to a width that can be read well.
func newSheet(picture fyne.CanvasObject) *fyne.Container {
	return container.New(&sheetLayout{}, picture)
}

type sheetLayout struct{ height float32 }

const sheetMost = 820 // wide

// Layout implements fyne.Layout.
func (l *sheetLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	width := fyne.Min(size.Width, sheetMost)
	l.height = width * 1.4142
	objects[0].Move(fyne.NewPos((size.Width-width)/2, 0))
	objects[0].Resize(fyne.NewSize(width, l.height))
}

// MinSize implements fyne.Layout.
func (l *sheetLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(300, l.height) }
