package window

import (
	"fmt"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"balcao/mock-pcsc/bench"
	"balcao/mock-pcsc/fixtures"
	"balcao/ui/theme"
)

// slotPanel is one slot of the reader.
type slotPanel struct {
	number   int
	occupied bool

	dot     *theme.Circle
	state   *theme.Text
	card    *theme.Text
	detail  *theme.Text
	button  *theme.Button
	content fyne.CanvasObject
}

// slotKeys are the keys of the list that do what a slot's button does when the slot is empty.
var slotKeys = map[int]string{1: "Enter", 2: "2"}

func newSlotPanel(number int, press func()) *slotPanel {
	s := &slotPanel{
		number: number,
		dot:    theme.Dot(theme.Edge),
		state:  theme.Small(""),
		card:   theme.Value("").Bold().Lines(2),
		detail: theme.Small("").In(theme.InkFaint).Lines(2),
		button: theme.NewButton("", "", theme.Plain, press),
	}
	head := container.NewBorder(nil, nil, theme.Heading(fmt.Sprintf("Slot %d", number)), theme.Columns(8, s.dot, s.state))
	// As high as two lines of title and two of details: the fixtures must not jump when a card comes.
	room := canvas.NewRectangle(theme.Clear)
	room.SetMinSize(fyne.NewSize(0, 82))
	s.content = theme.PanelPadded(14, container.NewBorder(head, s.button, nil, nil,
		container.NewStack(room, theme.Rows(0, s.card, s.detail))))
	return s
}

// show draws the slot. The entry is that of the card in it.
func (s *slotPanel) show(status bench.SlotStatus, entry fixtures.Entry) {
	s.occupied = status.State != bench.Empty
	s.card.SetText(status.Title)
	s.detail.SetText(status.Reason)
	switch status.State {
	case bench.Inserted:
		s.dot.SetColour(theme.Green)
		s.state.SetText("in the reader")
		s.detail.SetText(holderAndPIN(entry))
	case bench.Waiting:
		s.dot.SetColour(theme.Amber)
		s.state.SetText("waiting for the reader")
		s.detail.SetText("Nothing takes it at " + status.Addr + " yet. Is pcscd running?")
	default:
		s.dot.SetColour(theme.Edge)
		s.state.SetText("empty")
		s.card.SetText("—")
	}
	if s.occupied {
		s.button.SetText("Take out")
		s.button.SetKey(map[int]string{1: "Del", 2: "Shift+Del"}[s.number])
	} else {
		s.button.SetText("Insert")
		s.button.SetKey(slotKeys[s.number])
	}
	s.content.Refresh() // what is beside and below them moves with the texts
}

// holderAndPIN is what a tester has to type or to compare while the card is in.
func holderAndPIN(e fixtures.Entry) string {
	var parts []string
	if e.Holder != "" {
		parts = append(parts, e.Holder)
	}
	if e.PIN != "" {
		parts = append(parts, "PIN\u00a0"+e.PIN)
	}
	if e.CAN != "" {
		parts = append(parts, "CAN\u00a0"+e.CAN)
	}
	if e.Kind == fixtures.KindStaff {
		parts = append(parts, "taking it out locks the shift")
	}
	return strings.Join(parts, " · ")
}
