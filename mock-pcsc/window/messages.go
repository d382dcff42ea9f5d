package window

import (
	"regexp"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"balcao/mock-pcsc/inbox"
	"balcao/ui/theme"
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
	m := &messageList{shown: -1, list: theme.Rows(12), frame: canvas.NewRectangle(theme.Clear)}
	m.ExtendBaseWidget(m)
	m.scroll = container.NewVScroll(m.list)
	m.frame.CornerRadius = 10
	m.frame.StrokeColor = theme.Ring
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
		m.list.Add(theme.PanelPadded(16, theme.Value("Nothing has arrived yet. Every number and every address arrives here.").Wrap()))
	}
	m.list.Add(misbehaviour())
	m.scroll.ScrollToTop()
}

func messagePanel(m inbox.Message) fyne.CanvasObject {
	channel := "SMS"
	if m.Channel == inbox.Email {
		channel = "E-mail"
	}
	content := theme.Rows(4,
		container.NewBorder(nil, nil, nil, theme.Small(m.At.Format(time.TimeOnly)), theme.Small(channel+" to "+m.To).Bold().Wrap()))
	if m.Subject != "" {
		content.Add(theme.Value(m.Subject).Bold().Wrap())
	}
	if code := codePattern.FindString(m.Text); code != "" {
		content.Add(theme.Code(code))
	}
	content.Add(theme.Value(m.Text).Wrap())
	return theme.PanelPadded(16, content)
}

func misbehaviour() fyne.CanvasObject {
	rows := theme.Rows(4, theme.Small("Fails on purpose").Bold())
	for _, m := range inbox.Misbehaviour {
		rows.Add(theme.Small(m.Who + " – " + m.What).In(theme.InkFaint).Wrap())
	}
	return theme.Padded(16, 4, rows)
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
	head := theme.Padded(4, 0, theme.Heading("Phone and mailbox"))
	return widget.NewSimpleRenderer(container.NewStack(m.frame,
		theme.Padded(6, 4, container.NewBorder(theme.Padded(0, 4, head), nil, nil, nil, m.scroll))))
}
