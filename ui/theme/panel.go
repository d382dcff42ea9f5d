package theme

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
)

const panelPadding = 20

// Panel is a rounded card around its content.
func Panel(content fyne.CanvasObject) *fyne.Container {
	return PanelPadded(panelPadding, content)
}

// PanelPadded is a Panel with another distance between edge and content.
func PanelPadded(padding float32, content fyne.CanvasObject) *fyne.Container {
	return Framed(Surface, Border, panelRadius, 1, Padded(padding, padding, content))
}

// Notice is a Panel with a stripe of a colour at its left: an error or a warning in full.
func Notice(colour Colour, content fyne.CanvasObject) *fyne.Container {
	stripe := canvas.NewRectangle(colour)
	stripe.TopLeftCornerRadius, stripe.BottomLeftCornerRadius = panelRadius, panelRadius
	stripe.SetMinSize(fyne.NewSize(5, 0))
	return Framed(Surface, Border, panelRadius, 1,
		container.NewHBox(stripe),
		Padded(panelPadding+5, panelPadding, content),
	)
}

// Tinted is a rounded area of a colour without an edge, around its content.
func Tinted(colour Colour, content fyne.CanvasObject) *fyne.Container {
	return Framed(colour, Clear, panelRadius, 1, Padded(panelPadding, 16, content))
}

// Framed is a rounded area with an edge behind its contents, which lie over each other.
func Framed(fill, edge Colour, radius, width float32, contents ...fyne.CanvasObject) *fyne.Container {
	r := canvas.NewRectangle(fill)
	r.CornerRadius, r.StrokeColor = radius, edge
	return container.New(frame{r, width}, append([]fyne.CanvasObject{r}, contents...)...)
}

// frame is a stack's layout that looks how wide the edge is in the theme: Fyne lays all out again when that changes.
type frame struct {
	edge  *canvas.Rectangle
	width float32
}

func (f frame) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	f.edge.StrokeWidth = Stroke(f.width)
	layout.NewStackLayout().Layout(objects, size)
}

func (frame) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return layout.NewStackLayout().MinSize(objects)
}

// Padded keeps a distance around its content: x left and right, y above and below.
func Padded(x, y float32, content fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedLayout(y, y, x, x), content)
}

// Columns sets objects side by side, each as wide as it needs, with a gap between them.
func Columns(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedHBoxLayout(gap), objects...)
}

// Fill is a plain area of a colour behind its content, from edge to edge.
func Fill(colour Colour, content fyne.CanvasObject) *fyne.Container {
	return container.NewStack(canvas.NewRectangle(colour), content)
}
