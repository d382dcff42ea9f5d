package ui_test

import (
	"math"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"balcao/kiosk"
	"balcao/ui"
	"balcao/ui/theme"
)

// strokes are the widths and colours of the edges that a widget draws.
func strokes(o fyne.CanvasObject) (all []canvas.Rectangle) {
	switch o := o.(type) {
	case *canvas.Rectangle:
		if o.StrokeWidth > 0 {
			all = append(all, *o)
		}
	case *fyne.Container:
		for _, child := range o.Objects {
			all = append(all, strokes(child)...)
		}
	case fyne.Widget:
		for _, child := range test.WidgetRenderer(o).Objects() {
			all = append(all, strokes(child)...)
		}
	}
	return all
}

// TestFocusIsSeen: whatever takes the focus changes an edge by at least 3:1, against what it was and against what is
// beside it (WCAG 2.1 §1.4.11).
func TestFocusIsSeen(t *testing.T) {
	d := newDesk(t, ui.Options{})
	for name, state := range map[string]kiosk.State{
		"contact": contact(kiosk.Portuguese), "bring": bring(kiosk.Portuguese), "pin": pin(kiosk.PINFirst)(kiosk.Portuguese),
		"welcome": idle(kiosk.Portuguese), "zone": half(kiosk.Portuguese),
	} {
		d.Show(state)
		for _, w := range []fyne.Window{d.Clerk(), d.Citizen()} {
			seen := map[fyne.Focusable]bool{}
			for range 12 {
				w.Canvas().FocusNext()
				field := w.Canvas().Focused()
				if field == nil || seen[field] {
					continue
				}
				seen[field] = true
				object := field.(fyne.CanvasObject)
				w.Canvas().Unfocus()
				without := strokes(object)
				w.Canvas().Focus(field)
				with := strokes(object)
				best := 0.0
				for i := range with {
					before := with[i].StrokeColor
					if i < len(without) {
						before = without[i].StrokeColor
					}
					if _, _, _, alpha := before.RGBA(); alpha == 0 {
						before = theme.Surface
					}
					best = max(best, min(ratio(with[i].StrokeColor, before), ratio(with[i].StrokeColor, theme.Page)))
				}
				if best < 3 {
					t.Errorf("%s: %T: the focus changes an edge by %.2f:1", name, field, best)
				}
			}
			if len(seen) == 0 && (w == d.Citizen()) == (name == "pin" || name == "welcome") {
				t.Errorf("%s: nothing takes the focus", name)
			}
		}
	}
}

// TestTitlesFollowTheLanguage: each window's title is in the language of whoever reads it.
func TestTitlesFollowTheLanguage(t *testing.T) {
	d := newDesk(t, ui.Options{})
	state := idle(kiosk.Portuguese)
	state.CitizenLanguage = kiosk.English
	d.Show(state)
	if clerk, citizen := d.Clerk().Title(), d.Citizen().Title(); clerk != "Balcão · Chave Móvel Digital" || citizen != "Balcão · Your screen" {
		t.Errorf("the windows are called %q and %q", clerk, citizen)
	}
}

// TestErrorsHaveASign: what is wrong is not said by its colour alone (WCAG 2.1 §1.4.1).
func TestErrorsHaveASign(t *testing.T) {
	d := newDesk(t, ui.Options{})
	reds := 0
	for _, screen := range screens {
		d.Show(screen.state(kiosk.Portuguese))
		for _, w := range []fyne.Window{d.Clerk(), d.Citizen()} {
			walkTexts(w.Content(), func(text *theme.Text, signed, red bool) {
				if !red {
					return
				}
				reds++
				if !signed {
					t.Errorf("%s: %q is red and has no sign", screen.name, text.Text())
				}
			})
		}
	}
	if reds < 10 {
		t.Errorf("found %d red texts", reds)
	}
}

// walkTexts visits the texts that can be seen, but for those of a check, whose sign stands beside its name.
func walkTexts(o fyne.CanvasObject, visit func(text *theme.Text, signed, red bool)) {
	if !o.Visible() {
		return
	}
	switch o := o.(type) {
	case *theme.Text:
		signed, red := false, false
		for _, child := range test.WidgetRenderer(o).Objects() {
			switch child := child.(type) {
			case *theme.Circle:
				signed = true
			case *canvas.Text:
				red = red || child.Text != "" && child.Color == theme.Red.Now()
			}
		}
		visit(o, signed, red)
	case *fyne.Container:
		circle := false
		for _, child := range o.Objects {
			inner := []fyne.CanvasObject{child}
			if c, ok := child.(*fyne.Container); ok {
				inner = c.Objects
			}
			for _, child := range inner {
				_, is := child.(*theme.Circle)
				circle = circle || is && child.Visible()
			}
		}
		for _, child := range o.Objects {
			walkTexts(child, func(text *theme.Text, signed, red bool) { visit(text, signed || circle, red) })
		}
	case fyne.Widget:
		for _, child := range test.WidgetRenderer(o).Objects() {
			walkTexts(child, visit)
		}
	}
}

// TestChecks: what passed is one line, opened by its key; what did not pass stands first.
func TestChecksFoldAway(t *testing.T) {
	d := newDesk(t, ui.Options{})
	d.Show(identity(kiosk.Portuguese))
	placed := func(text string) (found bool) {
		eachPlaced(d.ClerkPage(), func(c *canvas.Text, _ fyne.Position) { found = found || c.Text == text })
		return found
	}
	if !placed("13 verificações certas") || placed("Identidade igual à assinada") {
		t.Error("the checks that passed are not one line")
	}
	press(d.Clerk(), fyne.KeyF7)
	if !placed("Identidade igual à assinada") {
		t.Error("F7 does not show all checks")
	}
	d.Show(identityUnsure(kiosk.Portuguese))
	if !placed("Identidade igual à assinada") || !placed("Certificado não revogado") {
		t.Error("a check that did not pass does not show the others")
	}
}

// TestChecksKeepApart: the circles of a short list of checks do not touch.
func TestChecksKeepApart(t *testing.T) {
	d := newDesk(t, ui.Options{})
	d.Show(identityLoading(kiosk.Portuguese))
	var above, below float32
	eachPlaced(d.ClerkPage(), func(c *canvas.Text, at fyne.Position) {
		switch c.Text {
		case "Fotografia igual à assinada":
			above = at.Y
		case "Certificado não revogado":
			below = at.Y
		}
	})
	if apart := below - above; apart < 22+8 { // a circle and room
		t.Errorf("two checks are %v apart", apart)
	}
}

// TestSmallestWindow: the steps, by their numbers only, end above the status bar, at every text size.
func TestSmallestWindow(t *testing.T) {
	for _, scale := range []float32{1, 1.5} {
		d := newDesk(t, ui.Options{TextScale: scale})
		d.Show(identity(kiosk.Portuguese))
		d.Clerk().Resize(d.Clerk().Content().MinSize())
		var last, bar float32
		eachPlaced(d.Clerk().Content(), func(c *canvas.Text, at fyne.Position) {
			switch c.Text {
			case "Concluído":
				t.Errorf("at %v a narrow window spends its width on the names of steps", scale)
			case "6":
				last = at.Y + c.MinSize().Height
			case "SMS e e-mail":
				bar = at.Y
			}
		})
		if last == 0 || bar == 0 || last >= bar {
			t.Errorf("at %v the steps end at %v, the status bar's text begins at %v", scale, last, bar)
		}
	}
}

// TestChosenOptionMovesNothing: choosing an answer does not break its line elsewhere, whatever the width.
func TestChosenOptionMovesNothing(t *testing.T) {
	d := newDesk(t, ui.Options{TextScale: 1.5})
	d.Show(bring(kiosk.Portuguese))
	answer := d.Declaration()
	for width := float32(700); width < 1000; width += 4 {
		d.Clerk().Resize(fyne.NewSize(width, 800))
		answer.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDelete})
		before := answer.(fyne.CanvasObject).MinSize()
		answer.TypedKey(&fyne.KeyEvent{Name: fyne.KeyRight})
		if after := answer.(fyne.CanvasObject).MinSize(); before != after {
			t.Fatalf("in a window of %v the answers need %v, and once one is chosen %v", width, before, after)
		}
	}
}

// TestStatusBarShowsAll: lights that grow longer break into another line, and the bar with its clock stays in the window.
func TestStatusBarShowsAll(t *testing.T) {
	d := newDesk(t, ui.Options{})
	d.Clerk().Resize(fyne.NewSize(800, 660))
	for _, state := range []kiosk.State{idle(kiosk.Portuguese), centreDown(kiosk.Portuguese), idle(kiosk.Portuguese)} {
		d.Show(state)
		found := 0
		eachPlaced(d.Clerk().Content(), func(c *canvas.Text, at fyne.Position) {
			if c.Text != "23-11-2026 10:42" && !strings.HasPrefix(c.Text, "SMS e e-mail") {
				return
			}
			found++
			if end := at.Y + c.MinSize().Height; end > 660 {
				t.Errorf("%q ends at %v in a window of 660", c.Text, end)
			}
		})
		if found != 2 {
			t.Errorf("found %d of clock and last light", found)
		}
	}
}

// TestLargeTextBreaksNoNumber: at the largest text a telephone number and an address stay whole.
func TestLargeTextBreaksNoNumber(t *testing.T) {
	d := newDesk(t, ui.Options{TextScale: 1.5})
	d.Clerk().Resize(fyne.NewSize(1280, 770))
	for _, c := range []struct {
		state kiosk.State
		whole string
	}{
		{review(kiosk.ReviewReading)(kiosk.Portuguese), "+351\u00a0912\u00a0345\u00a0678"},
		{review(kiosk.ReviewReading)(kiosk.Portuguese), "anabela@exemplo.pt"},
		{done(kiosk.Portuguese), "+351\u00a0912\u00a0345\u00a0678"},
	} {
		d.Show(c.state)
		whole := false
		eachPlaced(d.ClerkPage(), func(text *canvas.Text, _ fyne.Position) { whole = whole || strings.Contains(text.Text, c.whole) })
		if !whole {
			t.Errorf("%s: %q is broken or missing", c.state.Step, c.whole)
		}
	}
}

// TestWideMonitor: on a wide monitor the clerk's page is a column in the middle of what the steps leave.
func TestWideMonitor(t *testing.T) {
	d := newDesk(t, ui.Options{})
	d.Show(contact(kiosk.Portuguese))
	d.Clerk().Resize(fyne.NewSize(2560, 1440))
	width, steps := d.ClerkPage().Size().Width, float32(236)
	var left, right float32
	eachPlaced(d.Clerk().Content(), func(c *canvas.Text, at fyne.Position) {
		if c.Text == "Confirme o contacto" {
			left, right = at.X-steps, 2560-at.X-width
		}
	})
	if left == 0 || width > 1240 || math.Abs(float64(left-right)) > 1 {
		t.Errorf("the page is %v wide, with %v at its left and %v at its right", width, left, right)
	}
}
