package ui_test

import (
	"math"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"balcao/kiosk"
	"balcao/ui"
)

// placedText finds a visible text of the citizen's window.
func placedText(t *testing.T, d *desk, text string) (found *canvas.Text, at fyne.Position) {
	t.Helper()
	eachPlaced(d.Citizen().Content(), func(c *canvas.Text, where fyne.Position) {
		if c.Text == text {
			found, at = c, where
		}
	})
	if found == nil {
		t.Fatalf("%q is not shown", text)
	}
	return found, at
}

// TestCitizenZooms: the citizen's texts grow with the window, and the keypad stays beside the boxes; in a window
// that stands upright it is under them.
func TestCitizenZooms(t *testing.T) {
	for _, c := range []struct {
		name    string
		size    fyne.Size
		zoom    float32
		upright bool
	}{
		{"design", fyne.NewSize(1024, 768), 1, false},
		{"full HD", fyne.NewSize(1920, 1080), 1.4, false},
		{"2560x1440", fyne.NewSize(2560, 1440), 1.85, false},
		{"small", fyne.NewSize(960, 640), 1, false},
		{"tablet", fyne.NewSize(768, 1024), 1.25, true},
		{"demo", fyne.NewSize(624, 756), 0.9, true},
		{"demo on a small monitor", fyne.NewSize(480, 658), 0.8, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDesk(t, ui.Options{})
			d.Show(pin(kiosk.PINFirst)(kiosk.Portuguese))
			d.Citizen().Resize(c.size)
			title, titleAt := placedText(t, d, "Escolha o seu PIN")
			if got := title.TextSize / 38; math.Abs(float64(got-c.zoom)) > 0.01 {
				t.Errorf("the title is zoomed by %v, want %v", got, c.zoom)
			}
			_, one := placedText(t, d, "1")
			_, okAt := placedText(t, d, "OK")
			if right := okAt.X - titleAt.X; right > 1024*c.zoom {
				t.Errorf("the keypad ends %v from the boxes", right)
			}
			if beside := one.X > titleAt.X+300*c.zoom; beside == c.upright {
				t.Errorf("keypad beside the boxes: %v", beside)
			}
			if by := d.CitizenScrolls(); by > 0 && c.name != "small" {
				t.Errorf("the page is %v too high", by)
			}
		})
	}
}

// TestKeypadStaysInPlace: from the page of the code to those of the PINs the keys stay where the hand is, and the
// boxes too at the design's text size.
func TestKeypadStaysInPlace(t *testing.T) {
	for _, scale := range []float32{1, 1.5} {
		d := newDesk(t, ui.Options{TextScale: scale})
		for _, size := range []fyne.Size{{Width: 1024, Height: 768}, {Width: 1920, Height: 1080}, {Width: 624, Height: 756}} {
			if scale > 1 && size.Width < size.Height {
				continue // the keypad is under texts as long as they are
			}
			d.Citizen().Resize(size)
			var boxes, key fyne.Position
			for i, state := range []func(kiosk.Language) kiosk.State{
				contactSent, pin(kiosk.PINFirst), pin(kiosk.PINRepeat), review(kiosk.ReviewCardPIN),
			} {
				d.Show(state(kiosk.English))
				_, one := placedText(t, d, "1")
				if i > 0 && (one != key || scale == 1 && d.CitizenBoxes() != boxes) {
					t.Errorf("text %v, %v, page %d: boxes at %v and keys at %v, before at %v and %v", scale, size, i, d.CitizenBoxes(), one, boxes, key)
				}
				boxes, key = d.CitizenBoxes(), one
			}
		}
	}
}

// TestErrorsMoveNothing: the boxes stay where they are when an error comes.
func TestErrorsMoveNothing(t *testing.T) {
	d := newDesk(t, ui.Options{})
	for name, states := range map[string][2]kiosk.State{
		"code": {contactSent(kiosk.Portuguese), contactWrong(kiosk.Portuguese)}, "card PIN": {review(kiosk.ReviewCardPIN)(kiosk.Portuguese), reviewPINWrong(kiosk.Portuguese)},
		"PIN": {pin(kiosk.PINFirst)(kiosk.Portuguese), pinMismatch(kiosk.Portuguese)},
	} {
		d.Show(states[0])
		before := d.CitizenBoxes()
		d.Show(states[1])
		if after := d.CitizenBoxes(); before != after {
			t.Errorf("%s: the boxes moved from %v to %v", name, before, after)
		}
	}
}

// TestAgreesOnlyToWhatWasSeen: with large text the end of the review is below the fold, and Enter shows it first.
func TestAgreesOnlyToWhatWasSeen(t *testing.T) {
	d := newDesk(t, ui.Options{TextScale: 1.5})
	d.Show(reviewLong(kiosk.Portuguese))
	d.now = d.now.Add(ui.SettleTime)
	enter := func() { press(d.Citizen(), fyne.KeyReturn) }
	placedText(t, d, "Há mais em baixo ↓")
	for range 9 {
		d.now = d.now.Add(ui.SettleTime)
		enter()
		if len(d.events) > 0 {
			break
		}
		if d.CitizenEnded() {
			placedText(t, d, "Concordo")
		}
	}
	if len(d.events) != 1 || d.events[0] != (kiosk.Agreed{}) || !d.CitizenEnded() {
		t.Errorf("events %v, end shown: %v", d.events, d.CitizenEnded())
	}
}

// TestPINKeysShowNoPointer: a key that looked another way under the pointer would tell which was pressed last.
func TestPINKeysShowNoPointer(t *testing.T) {
	d := newDesk(t, ui.Options{})
	d.Show(pin(kiosk.PINFirst)(kiosk.Portuguese))
	keys := 0
	for _, key := range d.KeypadKeys() {
		if _, hovers := key.(desktop.Hoverable); hovers {
			t.Error("a key of the keypad changes under the pointer")
		}
		before := test.WidgetRenderer(key.(fyne.Widget)).Objects()[0].(*canvas.Rectangle).FillColor
		test.Tap(key.(fyne.Tappable))
		if after := test.WidgetRenderer(key.(fyne.Widget)).Objects()[0].(*canvas.Rectangle).FillColor; after != before {
			t.Error("a key stays tinted")
		}
		keys++
	}
	if keys != 12 {
		t.Errorf("%d keys", keys)
	}
}

// TestWarningZooms: what stands over the citizen's page is as large as the page.
func TestWarningZooms(t *testing.T) {
	d := newDesk(t, ui.Options{})
	d.Citizen().Resize(fyne.NewSize(1920, 1080))
	d.Show(forgotten(kiosk.Portuguese))
	var title float32
	eachPlaced(d.Citizen().Canvas().Overlays().Top(), func(c *canvas.Text, _ fyne.Position) {
		if c.Text == "Ainda está aí alguém?" {
			title = c.TextSize
		}
	})
	if want := float32(26 * 1.4); math.Abs(float64(title-want)) > 0.1 {
		t.Errorf("the warning's title is %v high, want %v", title, want)
	}
}
