package theme

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// Fyne asks an object for its least size before it tells it its width, so a wrapped text is too short
// in a VBox the first time. These give each object its width first and ask for its height afterwards.

// HeightAt gives the object a width and returns the height it then needs.
func HeightAt(object fyne.CanvasObject, width float32) float32 {
	object.Resize(fyne.NewSize(width, object.MinSize().Height))
	return object.MinSize().Height
}

// Rows stacks objects, each as wide as the container, with a gap between them.
func Rows(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(RowsLayout(gap), objects...)
}

// RowsLayout is the layout of Rows: the gap.
type RowsLayout float32

// Layout implements fyne.Layout.
func (l RowsLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	var y float32
	for _, object := range objects {
		if !object.Visible() {
			continue
		}
		height := HeightAt(object, size.Width)
		object.Move(fyne.NewPos(0, y))
		object.Resize(fyne.NewSize(size.Width, height))
		y += height + float32(l)
	}
}

// MinSize implements fyne.Layout.
func (l RowsLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var size fyne.Size
	shown := 0
	for _, object := range objects {
		if !object.Visible() {
			continue
		}
		least := object.MinSize()
		size.Width = fyne.Max(size.Width, least.Width)
		size.Height += least.Height
		shown++
	}
	if shown > 1 {
		size.Height += float32(l) * float32(shown-1)
	}
	return size
}
