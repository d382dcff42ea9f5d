package window

import (
	"regexp"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"balcao/mock-pcsc/inbox"
	"balcao/ui/look"
)

// shownMessages are enough to see what just happened; mock-pcsc inbox has the rest.
const shownMessages = 20

// codePattern is what a citizen would type: six digits that stand alone.
var codePattern = regexp.MustCompile(`\b[0-9]{6}\b`)

// messageList is the phone and the mailbox, newest first. The keyboard scrolls it.
type messageList struct {
	widget.BaseWidget

	shown  int64 // ID of the newest message shown
	list   *fyne.Container
	scroll *container.Scroll
	frame  *canvas.Rectangle
}

var _ fyne.Focusable = (*messageList)(nil)

func newMessageList() *messageList {
	m := &messageList{shown: -1, list: look.Rows(12), frame: canvas.NewRectangle(look.Clear)}
	m.ExtendBaseWidget(m)
	m.scroll = container.NewVScroll(m.list)
	m.frame.CornerRadius = 10
	m.frame.StrokeColor = look.Ring
	m.show(nil)
	return m
}

func (m *messageList) show(messages []inbox.Message) {
	newest := int64(0)
	if len(messages) > 0 {
		newest = messages[len(messages)-1].ID
	}
	if newest == m.shown {
		return
	}
	m.shown = newest
	m.list.RemoveAll()
	for i := len(messages) - 1; i >= 0 && i >= len(messages)-shownMessages; i-- {
		m.list.Add(messagePanel(messages[i]))
	}
	if len(messages) == 0 {
		m.list.Add(look.PanelPadded(16, look.Value("Nothing has arrived yet. Every number and every address arrives here.").Wrap()))
	}
	m.list.Add(misbehaviour())
	m.scroll.ScrollToTop()
}

func messagePanel(m inbox.Message) fyne.CanvasObject {
	channel := "SMS"
	if m.Channel == inbox.Email {
		channel = "E-mail"
	}
	content := look.Rows(4,
		container.NewBorder(nil, nil, nil, look.Small(m.At.Format(time.TimeOnly)), look.Small(channel+" to "+m.To).Bold().Wrap()))
	if m.Subject != "" {
		content.Add(look.Value(m.Subject).Bold().Wrap())
	}
	if code := codePattern.FindString(m.Text); code != "" {
		content.Add(look.Code(code))
	}
	content.Add(look.Value(m.Text).Wrap())
	return look.PanelPadded(16, content)
}

func misbehaviour() fyne.CanvasObject {
	rows := look.Rows(4, look.Small("Fails on purpose").Bold())
	for _, m := range inbox.Misbehaviour {
		rows.Add(look.Small(m.Who + " – " + m.What).In(look.InkFaint).Wrap())
	}
	return look.Padded(16, 4, rows)
}

// FocusGained implements fyne.Focusable.
func (m *messageList) FocusGained() { m.frame.StrokeWidth = 3; m.frame.Refresh() }

// FocusLost implements fyne.Focusable.
func (m *messageList) FocusLost() { m.frame.StrokeWidth = 0; m.frame.Refresh() }

// TypedRune implements fyne.Focusable.
func (m *messageList) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (m *messageList) TypedKey(ev *fyne.KeyEvent) {
	const line = 40
	by := map[fyne.KeyName]float32{
		fyne.KeyUp: -line, fyne.KeyDown: line,
		fyne.KeyPageUp: -m.scroll.Size().Height, fyne.KeyPageDown: m.scroll.Size().Height,
	}[ev.Name]
	switch {
	case ev.Name == fyne.KeyHome:
		m.scroll.ScrollToTop()
	case ev.Name == fyne.KeyEnd:
		m.scroll.ScrollToBottom()
	case by != 0:
		most := fyne.Max(0, m.list.MinSize().Height-m.scroll.Size().Height)
		m.scroll.ScrollToOffset(fyne.NewPos(0, fyne.Max(0, fyne.Min(most, m.scroll.Offset.Y+by))))
	}
}

// CreateRenderer implements fyne.Widget.
func (m *messageList) CreateRenderer() fyne.WidgetRenderer {
	head := look.Padded(4, 0, look.Heading("Phone and mailbox"))
	return widget.NewSimpleRenderer(container.NewStack(m.frame,
		look.Padded(6, 4, container.NewBorder(look.Padded(0, 4, head), nil, nil, nil, m.scroll))))
}
