package window

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"balcao/mock-pcsc/drawer"
	"balcao/ui/look"
)

// documentPanel shows what is printed on the chosen document: whoever plays the clerk has to type it.
type documentPanel struct {
	zone    *look.Text
	number  *look.Text
	content fyne.CanvasObject
}

func newDocumentPanel() *documentPanel {
	p := &documentPanel{
		zone:   look.NewText("", look.SizeSmall, fyne.TextStyle{Monospace: true}, look.Ink),
		number: look.Small(""),
	}
	// As high as three lines: the drawer must not jump when another card is chosen.
	room := canvas.NewRectangle(look.Clear)
	room.SetMinSize(fyne.NewSize(0, 48))
	p.content = look.PanelPadded(10, look.Rows(0, p.number, container.NewStack(room, p.zone)))
	return p
}

// show draws what is printed on a card.
func (p *documentPanel) show(e drawer.Entry) {
	p.zone.SetText(strings.Join(e.MRZ, "\n"))
	switch {
	case len(e.MRZ) == 0:
		p.number.SetText("Nothing is printed on it that opens it")
	case e.CAN == "":
		p.number.SetText("Printed on it · Ctrl+C copies the MRZ")
	default:
		p.number.SetText("Printed on it · CAN\u00a0" + e.CAN + " · Ctrl+C copies the MRZ")
	}
}
