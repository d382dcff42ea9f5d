package window

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"balcao/mock-pcsc/fixtures"
	"balcao/ui/theme"
)

// documentPanel shows what is printed on the chosen document: whoever plays the clerk has to type it.
type documentPanel struct {
	zone    *theme.Text
	number  *theme.Text
	content fyne.CanvasObject
}

func newDocumentPanel() *documentPanel {
	p := &documentPanel{
		zone:   theme.NewText("", theme.SizeSmall, fyne.TextStyle{Monospace: true}, theme.Ink),
		number: theme.Small(""),
	}
	// As high as three lines: the fixtures must not jump when another card is chosen.
	room := canvas.NewRectangle(theme.Clear)
	room.SetMinSize(fyne.NewSize(0, 48))
	p.content = theme.PanelPadded(10, theme.Rows(0, p.number, container.NewStack(room, p.zone)))
	return p
}

// show draws what is printed on a card.
func (p *documentPanel) show(e fixtures.Entry) {
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
