package window_test

import (
	"context"
	"errors"
	"flag"
	"image/png"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"balcao/mock-pcsc/bench"
	"balcao/mock-pcsc/fixtures"
	"balcao/mock-pcsc/inbox"
	"balcao/mock-pcsc/window"
	"balcao/ui/theme"
)

var picture = flag.String("picture", "", "write the window as a PNG to this file")

// fakeBench takes every card at once, except "stuck", which waits for ever.
type fakeBench struct {
	box *inbox.Inbox

	mu      sync.Mutex
	status  bench.Status
	changed chan struct{}
	done    chan string // one word for each finished insert or remove
}

func newFake() *fakeBench {
	return &fakeBench{
		box: inbox.New(50), changed: make(chan struct{}), done: make(chan string, 10),
		status: bench.Status{
			Line: "250k", Addresses: bench.Addresses{SMPP: "127.0.0.1:25981", SMTP: "127.0.0.1:25982", HTTP: "127.0.0.1:35980"},
			Slots: []bench.SlotStatus{{Slot: 1, State: bench.Empty}, {Slot: 2, State: bench.Empty}},
		},
	}
}

func (f *fakeBench) Entries() []fixtures.Entry {
	return []fixtures.Entry{
		{Name: "cc1-rsa2048", Kind: "citizen-card", Generation: "1", Key: "RSA-2048", PIN: "1234", Title: "First generation, RSA-2048, name with diacritics"},
		{Name: "cc2024", Kind: "citizen-card", Generation: "2024", Key: "P-256", PIN: "2580", Title: "2024 generation, P-256"},
		{
			Name: "passport-pace", Kind: "passport", Generation: "PACE-GM", Key: "CA-ECDH-brainpoolP256r1", Title: "Passport, PACE",
			Level: "high", CAN: "123456", Holder: "Anna Maria Eriksson Fable",
			MRZ: []string{"P<UTOERIKSSON<FABLE<<ANNA<MARIA<<<<<<<<<<<<<", "UT99001006UTO9208175F3403048<<<<<<<<<<<<<<00"},
		},
		{Name: "stuck", Kind: "citizen-card", Generation: "2024", Key: "P-256", PIN: "1234", RefusedFor: "certificate_revoked", Title: "Authentication certificate revoked: key compromised"},
		{Name: "bank", Kind: "bank-card", RefusedFor: "unknown_card", Title: "A bank card"},
	}
}

func (f *fakeBench) Inbox() *inbox.Inbox { return f.box }

func (f *fakeBench) Status() (bench.Status, <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.status
	s.Slots = append([]bench.SlotStatus(nil), s.Slots...)
	return s, f.changed
}

func (f *fakeBench) set(slot int, s bench.SlotStatus) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s.Slot = slot
	f.status.Slots[slot-1] = s
	close(f.changed)
	f.changed = make(chan struct{})
}

func (f *fakeBench) Insert(ctx context.Context, card string, slot int) error {
	if card == "stuck" {
		f.set(slot, bench.SlotStatus{State: bench.Waiting, Card: card, Title: card, Reason: "connection refused"})
		f.done <- "waiting"
		<-ctx.Done()
		return ctx.Err()
	}
	if card == "bank" {
		f.done <- "refused"
		return errors.New("no such thing")
	}
	for _, e := range f.Entries() {
		if e.Name == card {
			f.set(slot, bench.SlotStatus{State: bench.Inserted, Card: card, Title: e.Title})
		}
	}
	f.done <- "insert " + card
	return nil
}

func (f *fakeBench) Remove(slot int) (string, error) {
	f.set(slot, bench.SlotStatus{State: bench.Empty})
	f.done <- "remove"
	return "", nil
}

// shown is a window whose updates the test runs itself: the test is the UI goroutine.
type shown struct {
	t       *testing.T
	bench   *fakeBench
	window  *window.Window
	canvas  fyne.Canvas
	resize  func(fyne.Size)
	updates chan func()
}

func show(t *testing.T) *shown {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(theme.Theme(1, theme.Light))
	s := &shown{t: t, bench: newFake(), updates: make(chan func(), 100)}
	s.window = window.New(s.bench, func(f func()) { s.updates <- f })
	w := test.NewTempWindow(t, s.window.Content())
	w.Resize(window.Size)
	s.canvas, s.resize = w.Canvas(), w.Resize
	s.canvas.Focus(s.window.First())
	return s
}

// update shows the bench as it is now.
func (s *shown) update() {
	status, _ := s.bench.Status()
	messages, _ := s.bench.box.Messages(inbox.Filter{})
	s.window.Show(status, messages)
}

func (s *shown) press(names ...fyne.KeyName) {
	for _, name := range names {
		s.canvas.Focused().TypedKey(&fyne.KeyEvent{Name: name})
	}
}

// done waits for an insert or remove and shows what it changed.
func (s *shown) done() string {
	s.t.Helper()
	select {
	case what := <-s.bench.done:
		s.update()
		return what
	case <-time.After(10 * time.Second):
		s.t.Fatal("nothing was inserted or removed")
		return ""
	}
}

func (s *shown) card(slot int) string {
	status, _ := s.bench.Status()
	return status.Slots[slot-1].Card
}

func TestKeyboard(t *testing.T) {
	s := show(t)
	s.press(fyne.KeyDown, fyne.KeyReturn)
	if got := s.done(); got != "insert cc2024" || s.card(1) != "cc2024" {
		t.Errorf("Down, Return: %s, slot 1 has %q; want cc2024", got, s.card(1))
	}
	s.press(fyne.KeyHome)
	s.canvas.Focused().TypedRune('2')
	if got := s.done(); got != "insert cc1-rsa2048" || s.card(2) != "cc1-rsa2048" {
		t.Errorf("Home, 2: %s, slot 2 has %q; want cc1-rsa2048", got, s.card(2))
	}
	s.press(fyne.KeyDelete)
	if got := s.done(); got != "remove" || s.card(1) != "" {
		t.Errorf("Del: %s, slot 1 has %q; want it empty", got, s.card(1))
	}
	s.press(fyne.KeyDelete) // an empty slot: nothing to do
	s.press(fyne.KeyEnd, fyne.KeyDown, fyne.KeyPageDown, fyne.KeyUp, fyne.KeyEnter)
	if got := s.done(); got != "waiting" {
		t.Errorf("the third card: %s, want it waiting", got)
	}
}

// TestSeek goes to a card by its group and by letters of its name.
func TestSeek(t *testing.T) {
	for name, c := range map[string]struct {
		keys  []fyne.KeyName
		typed string
		want  string
	}{
		"NextGroup":     {[]fyne.KeyName{fyne.KeyRight}, "", "insert passport-pace"},
		"GroupAfter":    {[]fyne.KeyName{fyne.KeyRight, fyne.KeyRight}, "", "waiting"},
		"LastGroup":     {[]fyne.KeyName{fyne.KeyRight, fyne.KeyRight, fyne.KeyRight}, "", "waiting"},
		"Back":          {[]fyne.KeyName{fyne.KeyEnd, fyne.KeyLeft, fyne.KeyLeft}, "", "insert passport-pace"},
		"Letters":       {nil, "pace", "insert passport-pace"},
		"Capitals":      {nil, "PASSPORT-P", "insert passport-pace"},
		"WrongLetter":   {nil, "paxce", "insert passport-pace"},
		"Anew":          {[]fyne.KeyName{fyne.KeyEnd, fyne.KeyEscape}, "stuc", "waiting"},
		"FromTheBottom": {[]fyne.KeyName{fyne.KeyEnd}, "rsa", "insert cc1-rsa2048"},
	} {
		t.Run(name, func(t *testing.T) {
			s := show(t)
			s.press(c.keys...)
			for _, r := range c.typed {
				s.canvas.Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyName(r)}) // both come for a letter
				s.canvas.Focused().TypedRune(r)
			}
			s.press(fyne.KeyReturn)
			if got := s.done(); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// TestPrinted shows and copies what has to be typed to open a chip.
func TestPrinted(t *testing.T) {
	s := show(t)
	lines := strings.Join(s.bench.Entries()[2].MRZ, "\n")
	copied := func() string {
		board := test.NewClipboard()
		s.canvas.Focused().(fyne.Shortcutable).TypedShortcut(&fyne.ShortcutCopy{Clipboard: board})
		return board.Content()
	}
	if got := copied(); got != "" || s.shows(lines) {
		t.Errorf("%q copied of a card on which nothing is printed", got)
	}
	s.press(fyne.KeyDown, fyne.KeyDown)
	if got := copied(); got != lines {
		t.Errorf("got %q copied, want %q", got, lines)
	}
	if !s.shows(lines) || !s.shows("Printed on it · CAN\u00a0123456 · Ctrl+C copies the MRZ") {
		t.Error("what is printed is not on the window")
	}
}

// shows says whether a text is on the window.
func (s *shown) shows(text string) (found bool) {
	walk(s.canvas.Content(), func(o fyne.CanvasObject) {
		if t, ok := o.(*theme.Text); ok && t.Text() == text {
			found = true
		}
	})
	return found
}

func TestTabReachesEverything(t *testing.T) {
	s := show(t)
	seen := map[fyne.Focusable]bool{}
	for range 10 {
		seen[s.canvas.Focused()] = true
		s.canvas.(interface{ FocusNext() }).FocusNext()
	}
	if got, want := len(seen), 4; got != want {
		t.Errorf("Tab reaches %d things, want %d: two slots, the fixtures, the messages", got, want)
	}
	for f := range seen {
		f.TypedKey(&fyne.KeyEvent{Name: fyne.KeyPageDown})
		f.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEnd})
		f.TypedKey(&fyne.KeyEvent{Name: fyne.KeyHome})
	}
}

func TestRun(t *testing.T) {
	s := show(t)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); s.window.Run(ctx) }()
	(<-s.updates)() // the first drawing
	s.bench.box.Add(inbox.Message{Channel: inbox.SMS, To: "+351912345678", Text: "O seu código é 123456."})
	(<-s.updates)()
	s.press(fyne.KeyDown, fyne.KeyDown, fyne.KeyDown, fyne.KeyReturn)
	if got := <-s.bench.done; got != "waiting" {
		t.Errorf("got %s, want the card waiting", got)
	}
	(<-s.updates)()
	cancel()
	<-ended // although a card was still waiting for its reader
}

func TestMouse(t *testing.T) {
	s := show(t)
	var row fyne.CanvasObject
	walk(s.canvas.Content(), func(o fyne.CanvasObject) {
		if _, ok := o.(fyne.DoubleTappable); ok && row == nil {
			row = o
		}
	})
	s.press(fyne.KeyEnd)
	row.(desktop.Mouseable).MouseDown(nil)
	row.(fyne.DoubleTappable).DoubleTapped(nil)
	if got := s.done(); got != "insert cc1-rsa2048" {
		t.Errorf("double click: %s, want the first card", got)
	}
	var buttons []*theme.Button
	walk(s.canvas.Content(), func(o fyne.CanvasObject) {
		if b, ok := o.(*theme.Button); ok {
			buttons = append(buttons, b)
		}
	})
	test.Tap(buttons[0])
	if got := s.done(); got != "remove" {
		t.Errorf("the button of a full slot: %s, want remove", got)
	}
	test.Tap(buttons[1])
	if got := s.done(); got != "insert cc1-rsa2048" || s.card(2) == "" {
		t.Errorf("the button of an empty slot: %s, want insert", got)
	}
}

// walk visits what is drawn.
func walk(o fyne.CanvasObject, visit func(fyne.CanvasObject)) {
	visit(o)
	switch o := o.(type) {
	case *fyne.Container:
		for _, child := range o.Objects {
			walk(child, visit)
		}
	case fyne.Widget:
		for _, child := range test.WidgetRenderer(o).Objects() {
			walk(child, visit)
		}
	}
}

func TestErrorsAreShown(t *testing.T) {
	s := show(t)
	s.press(fyne.KeyEnd, fyne.KeyReturn)
	s.done()
	(<-s.updates)()
	if !s.shows("no such thing") {
		t.Error("the error is not on the window")
	}
}

// TestSlotsKeepTheirTextsApart: long titles and reasons neither cover each other nor the button, in the page and
// in the strip.
func TestSlotsKeepTheirTextsApart(t *testing.T) {
	for name, size := range map[string]fyne.Size{"page": window.Size, "small": fyne.NewSize(960, 640), "strip": fyne.NewSize(1900, 248)} {
		t.Run(name, func(t *testing.T) {
			s := show(t)
			long := strings.Repeat("A title that is longer than any card's ", 4)
			s.bench.set(1, bench.SlotStatus{State: bench.Inserted, Card: "passport-pace", Title: long})
			s.bench.set(2, bench.SlotStatus{State: bench.Waiting, Card: "cc2024", Title: long, Addr: "127.0.0.1:35963"})
			s.update()
			s.resize(size)
			type placed struct {
				what     string
				from, to fyne.Position
			}
			var all []placed
			var visit func(o fyne.CanvasObject, at fyne.Position)
			visit = func(o fyne.CanvasObject, at fyne.Position) {
				if !o.Visible() {
					return
				}
				at = at.Add(o.Position())
				switch o := o.(type) {
				case *theme.Text:
					if o.Text() != "" {
						all = append(all, placed{o.Text(), at, at.Add(o.MinSize())})
					}
				case *theme.Button:
					all = append(all, placed{o.Text(), at, at.Add(o.Size())})
				case *fyne.Container:
					for _, child := range o.Objects {
						visit(child, at)
					}
				}
			}
			visit(s.canvas.Content(), fyne.Position{})
			for i, a := range all {
				for _, b := range all[i+1:] {
					if a.from.X < b.to.X && b.from.X < a.to.X && a.from.Y < b.to.Y-1 && b.from.Y < a.to.Y-1 {
						t.Errorf("%.30q and %.30q overlap: %v to %v, %v to %v", a.what, b.what, a.from, a.to, b.from, b.to)
					}
				}
			}
			if len(all) < 8 {
				t.Errorf("found %d texts and buttons", len(all))
			}
		})
	}
}

// TestPlacesAreSeenWhole: where an inserted card is stands whole beside its title, however narrow the list is.
func TestPlacesAreSeenWhole(t *testing.T) {
	for name, size := range map[string]fyne.Size{"page": window.Size, "strip": fyne.NewSize(1900, 248), "narrow": fyne.NewSize(1366, 248)} {
		t.Run(name, func(t *testing.T) {
			s := show(t)
			s.resize(size)
			s.bench.set(1, bench.SlotStatus{State: bench.Inserted, Card: "cc1-rsa2048", Title: "A card"})
			s.bench.set(2, bench.SlotStatus{State: bench.Inserted, Card: "passport-pace", Title: "A passport"})
			s.update()
			seen := 0
			var visit func(o fyne.CanvasObject, right float32)
			visit = func(o fyne.CanvasObject, right float32) { // right is how far the parent reaches from o's left
				width := min(right, o.Size().Width)
				var parts []fyne.CanvasObject
				switch o := o.(type) {
				case *theme.Text:
					if strings.HasPrefix(o.Text(), "in slot") {
						seen++
						if o.MinSize().Width > width {
							t.Errorf("%q needs %v and has %v", o.Text(), o.MinSize().Width, width)
						}
					}
				case *fyne.Container:
					parts = o.Objects
				case fyne.Widget:
					parts = test.WidgetRenderer(o).Objects()
				}
				for _, part := range parts {
					visit(part, width-part.Position().X)
				}
			}
			visit(s.canvas.Content(), size.Width)
			if seen != 2 {
				t.Errorf("found %d places", seen)
			}
		})
	}
}

func TestPicture(t *testing.T) {
	s := show(t)
	s.press(fyne.KeyDown, fyne.KeyDown)
	for _, r := range "pass" {
		s.canvas.Focused().TypedRune(r)
	}
	s.bench.set(1, bench.SlotStatus{State: bench.Inserted, Card: "passport-pace", Title: "Passport, PACE"})
	s.bench.set(2, bench.SlotStatus{State: bench.Waiting, Card: "cc2024", Title: "2024 generation, P-256", Reason: "connecting to the virtual reader: connection refused"})
	s.bench.box.Add(inbox.Message{Channel: inbox.SMS, To: "+351912345678", Text: "Chave Móvel Digital: o seu código é 123456. Válido 15 minutos. Não o diga a ninguém."})
	s.bench.box.Add(inbox.Message{Channel: inbox.Email, To: "ana@example.org", Subject: "O seu código", Text: "Olá,\n\no código é 654321.\n\nChave Móvel Digital"})
	s.update()
	if got := s.canvas.Content().MinSize(); got.Width > 1000 || got.Height > 700 {
		t.Errorf("the window needs %v, want it to fit 1000×700", got)
	}
	image := s.canvas.Capture()
	if *picture == "" {
		return
	}
	f, err := os.Create(*picture)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, image); err != nil {
		t.Fatal(err)
	}
}
