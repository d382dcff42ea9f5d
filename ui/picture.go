package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"balcao/ui/present"
	"balcao/ui/theme"
)

// Pictures of documents, drawn and not photographed: they show nobody's document and no State's, and where on
// it to look.

// pictureHeight is a drawing's height at scale 1; widths follow from the documents' own shapes.
const pictureHeight = 112

// newPicture draws one, the given number of times as large as pictureHeight.
func newPicture(p present.Picture, scale float32, zoom *theme.Zoom) fyne.CanvasObject {
	height := pictureHeight * scale
	card := drawing{width: height * 1.586, height: height, zoom: zoom} // ISO/IEC 7810 ID-1
	page := drawing{width: height * 1.42, height: height, zoom: zoom}  // ID-3, lying
	switch p {
	case present.PictureCard:
		card.body(theme.Selected, theme.Blue)
		card.rectangle(0.13, 0.36, 0.2, 0.26, theme.Gold, 5)
		return card.done()
	case present.PictureCover:
		return coverPicture(drawing{width: height / 1.42, height: height, zoom: zoom})
	case present.PictureResidence:
		card.body(theme.GreenSoft, theme.Green)
		return card.done()
	case present.PicturePassport:
		page.body(theme.Surface, theme.Blue)
		page.portrait(0.06, 0.12, 0.24, 0.46)
		page.writing(0.37, 0.14, 0.5, 4, 0.115)
		page.marked(0.03, 0.66, 0.94, 0.29)
		page.zone(0.06, 0.71, 0.88, 2, 24)
		return page.done()
	case present.PictureCardBack:
		card.body(theme.Surface, theme.Green)
		card.writing(0.06, 0.12, 0.5, 3, 0.1)
		card.marked(0.03, 0.52, 0.94, 0.42)
		card.zone(0.06, 0.57, 0.88, 3, 20)
		return card.done()
	default:
		card.body(theme.Surface, theme.Green)
		card.portrait(0.06, 0.2, 0.24, 0.58)
		card.writing(0.37, 0.2, 0.5, 3, 0.13)
		card.marked(0.62, 0.68, 0.33, 0.22)
		card.zone(0.665, 0.755, 0.25, 1, 6)
		return card.done()
	}
}

// drawing collects shapes whose places are given in parts of its width and height.
type drawing struct {
	width, height float32
	zoom          *theme.Zoom
	shapes        []fyne.CanvasObject
}

func (d *drawing) done() fyne.CanvasObject {
	l := drawn{size: fyne.NewSize(d.width, d.height), zoom: d.zoom}
	for _, shape := range d.shapes {
		l.at, l.sizes = append(l.at, shape.Position()), append(l.sizes, shape.Size())
	}
	return container.New(l, d.shapes...)
}

// drawn keeps a drawing's shapes where they were drawn, zoomed.
type drawn struct {
	size  fyne.Size
	at    []fyne.Position
	sizes []fyne.Size
	zoom  *theme.Zoom
}

func (l drawn) Layout(objects []fyne.CanvasObject, _ fyne.Size) {
	for i, object := range objects {
		object.Move(fyne.NewPos(l.zoom.Of(l.at[i].X), l.zoom.Of(l.at[i].Y)))
		object.Resize(fyne.NewSize(l.zoom.Of(l.sizes[i].Width), l.zoom.Of(l.sizes[i].Height)))
	}
}

func (l drawn) MinSize([]fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(l.zoom.Of(l.size.Width), l.zoom.Of(l.size.Height))
}

// Colours of pictures, never of a text or a background.
func (d *drawing) rectangle(x, y, width, height float32, fill theme.Colour, radius float32) *canvas.Rectangle {
	r := canvas.NewRectangle(fill)
	r.CornerRadius = radius
	r.Move(fyne.NewPos(x*d.width, y*d.height))
	r.Resize(fyne.NewSize(width*d.width, height*d.height))
	d.shapes = append(d.shapes, r)
	return r
}

func (d *drawing) body(fill, edge theme.Colour) {
	r := d.rectangle(0, 0, 1, 1, fill, 10)
	r.StrokeColor, r.StrokeWidth = edge, 2
}

// portrait is where the photograph is: head and shoulders.
func (d *drawing) portrait(x, y, width, height float32) {
	d.rectangle(x, y, width, height, theme.Halo, 4)
	head := canvas.NewCircle(theme.FieldEdge)
	size := height * d.height * 0.42
	middle := (x + width/2) * d.width
	head.Move(fyne.NewPos(middle-size/2, (y+height*0.14)*d.height))
	head.Resize(fyne.NewSquareSize(size))
	d.shapes = append(d.shapes, head)
	d.rectangle(x+width*0.16, y+height*0.64, width*0.68, height*0.36, theme.FieldEdge, 6)
}

// writing is print that does not matter here.
func (d *drawing) writing(x, y, width float32, lines int, step float32) {
	for i := range lines {
		length := width
		if i%2 == 1 {
			length *= 0.7
		}
		d.rectangle(x, y+float32(i)*step, length, 0.045, theme.Border, 2)
	}
}

// marked frames what matters.
func (d *drawing) marked(x, y, width, height float32) {
	r := d.rectangle(x, y, width, height, theme.Selected, 5)
	r.StrokeColor, r.StrokeWidth = theme.Red, 3
}

// zone is lines of characters of one width.
func (d *drawing) zone(x, y, width float32, lines, characters int) {
	const high = 0.07
	step := width / float32(characters)
	for line := range lines {
		for i := range characters {
			d.rectangle(x+float32(i)*step, y+float32(line)*high*1.7, step*0.6, high, theme.Ink, 1)
		}
	}
}

// coverPicture draws a passport's cover, which is the colour that the Union's States agreed on; its sign is a ring in gold.

func coverPicture(d drawing) fyne.CanvasObject {
	d.rectangle(0, 0, 1, 1, theme.Maroon, 7)
	ring := canvas.NewCircle(theme.Clear)
	ring.StrokeColor, ring.StrokeWidth = theme.Gold, 2
	size := d.width * 0.4
	ring.Move(fyne.NewPos((d.width-size)/2, d.height*0.3))
	ring.Resize(fyne.NewSquareSize(size))
	d.shapes = append(d.shapes, ring)
	return d.done()
}

// pictures shows some of the drawings, side by side.
type pictures struct {
	drawn   map[present.Picture]fyne.CanvasObject
	content *fyne.Container
}

func newPictures(scale float32, zoom *theme.Zoom, which ...present.Picture) *pictures {
	p := &pictures{drawn: map[present.Picture]fyne.CanvasObject{}, content: theme.Columns(18)}
	for _, one := range which {
		object := container.NewCenter(newPicture(one, scale, zoom))
		object.Hide()
		p.drawn[one] = object
		p.content.Add(object)
	}
	return p
}

func (p *pictures) show(shown []present.Picture) {
	for one, object := range p.drawn {
		visible := false
		for _, s := range shown {
			visible = visible || s == one
		}
		reveal(object, visible)
	}
	reveal(p.content, len(shown) > 0)
}
