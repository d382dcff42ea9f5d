// Package window is the test bench on screen: the fixtures of cards, the two slots, and the phone and
// mailbox with what arrived. It draws with Fyne and starts nothing: cmd/mock-pcsc makes the
// application, tests make one without a screen.
//
// Everything works from the keyboard. The list of cards has it at first; Tab goes on to the slots'
// buttons and the messages.
package window

import (
	"context"
	"errors"
	"sync"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"balcao/mock-pcsc/bench"
	"balcao/mock-pcsc/fixtures"
	"balcao/mock-pcsc/inbox"
	"balcao/ui/theme"
)

// Bench is what the window shows and uses; *bench.Bench with two slots is one.
type Bench interface {
	Entries() []fixtures.Entry
	Insert(ctx context.Context, card string, slot int) error
	Remove(slot int) (card string, err error)
	Status() (bench.Status, <-chan struct{})
	Inbox() *inbox.Inbox
}

// Size is the window's at first.
var Size = fyne.NewSize(1180, 800)

// Window is the bench's window. Its methods but Run are for the UI goroutine.
type Window struct {
	bench    Bench
	dispatch func(func())

	cards    *cardList
	document *documentPanel
	heading  *theme.Text // of the fixtures, with what is looked for in it
	slots    [2]*slotPanel
	messages *messageList
	facts    *theme.Text
	notice   *theme.Text

	ctx    context.Context // of Run: what the window starts ends with it
	cancel context.CancelFunc
	work   sync.WaitGroup
}

// New makes the window's content. Dispatch runs a function on the UI goroutine (fyne.Do).
func New(b Bench, dispatch func(func())) *Window {
	w := &Window{
		bench: b, dispatch: dispatch,
		facts:  theme.Small("").In(theme.HeaderInk),
		notice: theme.Small("").In(theme.RedOn).Wrap(),
	}
	w.ctx, w.cancel = context.WithCancel(context.Background())
	w.cards = newCardList(b.Entries(), w.insert, w.remove)
	w.document, w.heading = newDocumentPanel(), theme.Heading(fixturesHeading)
	w.cards.onChoose = w.document.show
	w.cards.onSeek = func(text string) {
		if text != "" {
			text = " · " + text + "…"
		}
		w.heading.SetText(fixturesHeading + text)
	}
	w.document.show(w.cards.chosen())
	w.messages = newMessageList()
	for i := range w.slots {
		w.slots[i] = newSlotPanel(i+1, func() { w.press(i + 1) })
	}
	return w
}

const fixturesHeading = "Fixtures"

// Content is what the window shows.
func (w *Window) Content() fyne.CanvasObject {
	header := theme.Fill(theme.Header, theme.Padded(24, 16, container.NewBorder(nil, nil,
		theme.Heading("Balcão · test bench").In(theme.HeaderInk), nil, w.facts.Aligned(fyne.TextAlignTrailing))))
	keys := theme.Small("Up, Down, Left, Right or a name choose · Enter into slot 1 · Shift+Enter or 2 into slot 2 · Del takes out · Tab goes on")
	footer := theme.Fill(theme.Surface, theme.Padded(24, 8, container.NewBorder(nil, nil, keys, nil, w.notice)))
	return theme.Fill(theme.Page, container.New(parts{}, header, footer,
		w.slots[0].content, w.slots[1].content, w.heading, w.cards, w.document.content, w.messages))
}

// First is what has the keyboard at first.
func (w *Window) First() fyne.Focusable { return w.cards }

// TypedKey is for keys that nobody has the focus for: the list takes them.
func (w *Window) TypedKey(ev *fyne.KeyEvent) { w.cards.TypedKey(ev) }

// Run shows each change until ctx ends, and returns when nothing started by the window is left. It
// sleeps while nothing changes.
func (w *Window) Run(ctx context.Context) {
	stop := context.AfterFunc(ctx, w.cancel)
	defer stop()
	defer w.work.Wait()
	defer w.cancel()
	for ctx.Err() == nil {
		status, changed := w.bench.Status()
		messages, arrived := w.bench.Inbox().Messages(inbox.Filter{})
		w.dispatch(func() { w.Show(status, messages) })
		select {
		case <-changed:
		case <-arrived:
		case <-ctx.Done():
		}
	}
}

// Show draws what the bench holds.
func (w *Window) Show(status bench.Status, messages []inbox.Message) {
	w.facts.SetText("SMPP " + status.SMPP + "   ·   SMTP " + status.SMTP + "   ·   OCSP " + status.HTTP +
		"   ·   card line " + status.Line)
	places := map[string]int{}
	for i, s := range status.Slots {
		w.slots[i].show(s, w.cards.entry(s.Card))
		if s.Card != "" {
			places[s.Card] = s.Slot
		}
	}
	w.cards.showPlaces(places)
	w.messages.show(messages)
}

// press is the button of a slot: take out what is in, or insert what is chosen.
func (w *Window) press(slot int) {
	if w.slots[slot-1].occupied {
		w.remove(slot)
		return
	}
	w.insert(w.cards.chosen().Name, slot)
}

// insert puts a card in without making the window wait for the reader.
func (w *Window) insert(card string, slot int) {
	w.background(func(ctx context.Context) error {
		err := w.bench.Insert(ctx, card, slot)
		if ctx.Err() != nil || errors.Is(err, bench.ErrTakenOut) {
			return nil // the window is closing, or the one at the window changed their mind
		}
		return err
	})
}

func (w *Window) remove(slot int) {
	if !w.slots[slot-1].occupied {
		return
	}
	w.background(func(context.Context) error {
		_, err := w.bench.Remove(slot)
		return err
	})
}

func (w *Window) background(do func(context.Context) error) {
	w.notice.SetText("")
	if w.ctx.Err() != nil {
		return
	}
	w.work.Go(func() {
		if err := do(w.ctx); err != nil {
			w.dispatch(func() { w.notice.SetText(err.Error()) })
		}
	})
}
