package ui_test

import (
	"image/color"
	"math"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"balcao/kiosk"
	"balcao/ui"
	"balcao/ui/theme"
)

// ratio is the contrast ratio of WCAG 2.1.
func ratio(a, b color.Color) float64 {
	luminance := func(c color.Color) float64 {
		linear := func(v uint32) float64 {
			s := float64(v) / 0xFFFF
			if s <= 0.04045 {
				return s / 12.92
			}
			return math.Pow((s+0.055)/1.055, 2.4)
		}
		r, g, b, _ := c.RGBA()
		return 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
	}
	la, lb := luminance(a), luminance(b)
	return (math.Max(la, lb) + 0.05) / (math.Min(la, lb) + 0.05)
}

// painted is a text with what was painted under it, walking in painting order: each opaque rectangle
// or circle that covers the text's middle is what it is read on.
type painted struct {
	at   fyne.Position
	size fyne.Size
	fill color.Color
}

func (p painted) covers(at fyne.Position) bool {
	return at.X >= p.at.X && at.Y >= p.at.Y && at.X <= p.at.X+p.size.Width && at.Y <= p.at.Y+p.size.Height
}

// eachText calls f with every visible text and the colour under it.
func eachText(object fyne.CanvasObject, f func(text *canvas.Text, under color.Color)) {
	var under []painted
	var walk func(o fyne.CanvasObject, at fyne.Position)
	add := func(o fyne.CanvasObject, at fyne.Position, fill color.Color) {
		if _, _, _, alpha := fill.RGBA(); alpha == 0xFFFF {
			under = append(under, painted{at, o.Size(), fill})
		}
	}
	walk = func(o fyne.CanvasObject, at fyne.Position) {
		if !o.Visible() {
			return
		}
		at = at.Add(o.Position())
		switch o := o.(type) {
		case *canvas.Rectangle:
			add(o, at, o.FillColor)
		case *canvas.Circle:
			add(o, at, o.FillColor)
		case *canvas.Text:
			middle := at.AddXY(fyne.Min(o.MinSize().Width, o.Size().Width)/2, o.Size().Height/2)
			for i := len(under) - 1; i >= 0; i-- {
				if under[i].covers(middle) {
					f(o, under[i].fill)
					return
				}
			}
		case *fyne.Container:
			for _, child := range o.Objects {
				walk(child, at)
			}
		case fyne.Widget:
			for _, child := range test.WidgetRenderer(o).Objects() {
				walk(child, at)
			}
		}
	}
	walk(object, fyne.Position{})
}

// TestEveryTextHasContrast measures what is drawn, on every screen: at least 4.5:1 (WCAG 2.1 §1.4.3), and 7:1 in the look
// that is for it (§1.4.6).
func TestEveryTextHasContrast(t *testing.T) {
	for look, least := range map[theme.Look]float64{theme.Light: 4.5, theme.Dark: 4.5, theme.Contrast: 7} {
		everyTextHasContrast(t, look, least)
	}
}

func everyTextHasContrast(t *testing.T, look theme.Look, least float64) {
	d := newDesk(t, ui.Options{Look: look})
	texts, low := 0, map[string]bool{}
	measure := func(name string, content fyne.CanvasObject) {
		eachText(content, func(text *canvas.Text, under color.Color) {
			texts++
			if got := ratio(text.Color, under); text.Text != "" && got < least && !low[text.Text] {
				low[text.Text] = true
				t.Errorf("look %d, %s: %q has contrast %.2f, want at least %.1f", look, name, text.Text, got, least)
			}
		})
	}
	for _, screen := range screens {
		d.Show(screen.state(kiosk.Portuguese))
		for _, window := range []fyne.Window{d.Clerk(), d.Citizen()} {
			measure(screen.name, window.Content())
		}
	}
	d.Show(idle(kiosk.Portuguese))
	for _, window := range []fyne.Window{d.Clerk(), d.Citizen()} {
		press(window, fyne.KeyF12)
		measure("menu", window.Canvas().Overlays().Top())
	}
	if texts < 500 {
		t.Errorf("measured %d texts; the walk does not reach the screens", texts)
	}
}

// TestNothingLeavesTheWindow looks for texts that end right of their window, in both languages and the
// text sizes of the setting, with the longest names.
func TestNothingLeavesTheWindow(t *testing.T) {
	for _, scale := range []float32{1, 1.5} {
		d := newDesk(t, ui.Options{TextScale: scale})
		for _, language := range []kiosk.Language{kiosk.Portuguese, kiosk.English} {
			for _, screen := range screens {
				d.Show(screen.state(language))
				for _, window := range []fyne.Window{d.Clerk(), d.Citizen()} {
					least := window.Content().MinSize()
					if size := window.Canvas().Size(); least.Width > size.Width || least.Height > size.Height {
						t.Errorf("%s at %v: needs %v, the window has %v", screen.name, scale, least, size)
					}
					eachPlaced(window.Content(), func(text *canvas.Text, at fyne.Position) {
						if end := at.X + text.MinSize().Width; text.Alignment == fyne.TextAlignLeading && end > window.Canvas().Size().Width {
							t.Errorf("%s at %v: %q ends at %v", screen.name, scale, text.Text, end)
						}
					})
				}
			}
		}
	}
}

// eachPlaced calls f with every visible text and where it stands.
func eachPlaced(object fyne.CanvasObject, f func(*canvas.Text, fyne.Position)) {
	var walk func(o fyne.CanvasObject, at fyne.Position)
	walk = func(o fyne.CanvasObject, at fyne.Position) {
		if !o.Visible() {
			return
		}
		at = at.Add(o.Position())
		switch o := o.(type) {
		case *canvas.Text:
			f(o, at)
		case *fyne.Container:
			for _, child := range o.Objects {
				walk(child, at)
			}
		case fyne.Widget:
			for _, child := range test.WidgetRenderer(o).Objects() {
				walk(child, at)
			}
		}
	}
	walk(object, fyne.Position{})
}
