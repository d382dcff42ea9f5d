package theme_test

import (
	"image/color"
	"math"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"

	"balcao/ui/theme"
)

// luminance and contrast as in WCAG 2.1, "relative luminance" and "contrast ratio".
func luminance(c color.Color) float64 {
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

func contrast(a, b color.Color) float64 {
	la, lb := luminance(a), luminance(b)
	return (math.Max(la, lb) + 0.05) / (math.Min(la, lb) + 0.05)
}

func TestTextHasContrast(t *testing.T) {
	for look, least := range map[theme.Look]float64{theme.Light: 4.5, theme.Dark: 4.5, theme.Contrast: 7} { // WCAG 2.1 §1.4.3, §1.4.6
		textHasContrast(t, look, least)
	}
}

func textHasContrast(t *testing.T, look theme.Look, least float64) {
	check := func(a, b theme.Colour, least float64) {
		t.Helper()
		if got := contrast(a.In(look), b.In(look)); got < least {
			t.Errorf("look %d: %v on %v: contrast %.2f, want at least %.1f", look, a.In(look), b.In(look), got, least)
		}
	}
	for _, surface := range []theme.Colour{theme.Surface, theme.Page, theme.Selected, theme.Chosen} {
		for _, ink := range []theme.Colour{theme.Ink, theme.InkSoft, theme.InkFaint, theme.Green, theme.Red, theme.Blue, theme.SelectedOn} {
			check(ink, surface, least)
		}
	}
	for _, fill := range []theme.Colour{theme.Blue, theme.BlueDeep, theme.Green, theme.Amber, theme.Red, theme.RedOn} {
		check(theme.White, fill, least)
	}
	for _, pair := range [][2]theme.Colour{
		{theme.HeaderInk, theme.Header}, {theme.HeaderInk, theme.HeaderChip}, {theme.RedOn, theme.RedSurface}, {theme.AmberOn, theme.AmberSoft},
		{theme.Green, theme.GreenSoft}, {theme.Amber, theme.Surface}, {theme.Amber, theme.Page}, {theme.Ink, theme.Halo}, {theme.Off, theme.Page}, {theme.Off, theme.Surface},
	} {
		check(pair[0], pair[1], least)
	}
	for _, pair := range [][2]theme.Colour{{theme.FieldEdge, theme.Surface}, {theme.Ring, theme.FieldEdge}, {theme.Ring, theme.Page}, {theme.Ring, theme.Surface}} {
		check(pair[0], pair[1], 3) // WCAG 2.1 §1.4.11
	}
}

func newWindow(t *testing.T, content fyne.CanvasObject) fyne.Window {
	t.Helper()
	app := test.NewTempApp(t)
	app.Settings().SetTheme(theme.Theme(1, theme.Light))
	w := test.NewTempWindow(t, content)
	w.Resize(fyne.NewSize(600, 300))
	return w
}

func key(name fyne.KeyName) *fyne.KeyEvent { return &fyne.KeyEvent{Name: name} }

func TestButton(t *testing.T) {
	t.Run("KeysPress", func(t *testing.T) {
		pressed := 0
		b := theme.NewButton("Continuar", "Enter", theme.Primary, func() { pressed++ })
		newWindow(t, b).Canvas().Focus(b)
		for _, name := range []fyne.KeyName{fyne.KeyReturn, fyne.KeyEnter, fyne.KeySpace, fyne.KeyA, fyne.KeyEscape} {
			b.TypedKey(key(name))
		}
		if got, want := pressed, 3; got != want {
			t.Errorf("pressed %d times, want %d", got, want)
		}
	})
	t.Run("KeepsFocus", func(t *testing.T) {
		b := theme.NewButton("Continuar", "", theme.Plain, func() {})
		w := newWindow(t, b)
		test.Tap(b)
		if got := w.Canvas().Focused(); got != fyne.Focusable(b) {
			t.Errorf("focused %v after a tap, want the button", got)
		}
	})
	t.Run("HeldKeyPressesOnce", func(t *testing.T) {
		var first, second int
		next := theme.NewButton("Depois", "", theme.Plain, func() { second++ })
		var w fyne.Window
		b := theme.NewButton("Antes", "", theme.Plain, func() { first++; w.Canvas().Focus(next) })
		w = newWindow(t, container.NewVBox(b, next))
		w.Canvas().Focus(b)
		// As Fyne's driver does it: down and typed, then typed again for each repeat.
		b.KeyDown(key(fyne.KeyReturn))
		b.TypedKey(key(fyne.KeyReturn))
		for range 5 {
			w.Canvas().Focused().TypedKey(key(fyne.KeyReturn))
		}
		if first != 1 || second != 0 {
			t.Errorf("a held Return pressed %d and %d times, want 1 and 0", first, second)
		}
		next.KeyUp(key(fyne.KeyReturn))
		next.KeyDown(key(fyne.KeyReturn))
		next.TypedKey(key(fyne.KeyReturn))
		if second != 1 {
			t.Errorf("the next Return pressed %d times, want 1", second)
		}
		next.KeyUp(key(fyne.KeyReturn))
	})
	t.Run("Disabled", func(t *testing.T) {
		pressed := 0
		b := theme.NewButton("Continuar", "", theme.Danger, func() { pressed++ })
		newWindow(t, b)
		b.Disable()
		test.Tap(b)
		b.TypedKey(key(fyne.KeyReturn))
		b.Enable()
		test.Tap(b)
		if got, want := pressed, 1; got != want {
			t.Errorf("pressed %d times, want %d", got, want)
		}
	})
	t.Run("SizeAndText", func(t *testing.T) {
		b := theme.NewButton("Sim", "", theme.Plain, nil)
		newWindow(t, b)
		short := b.MinSize()
		if short.Height < 52 {
			t.Errorf("height %v, want at least 52", short.Height)
		}
		b.SetText("Um texto muito mais comprido")
		b.SetKey("F10")
		if got := b.MinSize(); got.Width <= short.Width {
			t.Errorf("width %v after a longer text, want more than %v", got.Width, short.Width)
		}
		b.Press() // no action: nothing to do, and no panic
	})
}

func TestText(t *testing.T) {
	long := strings.Repeat("palavra ", 40) + strings.Repeat("x", 300)
	t.Run("Wraps", func(t *testing.T) {
		text := theme.Body(long).Wrap()
		w := newWindow(t, container.NewVBox(text))
		w.Resize(fyne.NewSize(400, 600))
		if got := text.MinSize(); got.Width > 400 || got.Height < 100 {
			t.Errorf("min size %v, want several lines within 400", got)
		}
		if w.Content().MinSize().Width > 400 {
			t.Error("wrapped text widens the window")
		}
	})
	t.Run("KeepsWhatBelongsTogether", func(t *testing.T) {
		newWindow(t, container.NewVBox())
		width := fyne.MeasureText("Mourão PIN", 15, fyne.TextStyle{}).Width + 2
		for text, want := range map[string]string{"Mourão PIN 1234": "Mourão PIN", "Mourão PIN\u00a01234": "Mourão"} {
			value := theme.Value(text).Wrap()
			value.Resize(fyne.NewSize(width, 100))
			if got := test.WidgetRenderer(value).Objects()[0].(*canvas.Text).Text; got != want {
				t.Errorf("first line %q, want %q", got, want)
			}
		}
	})
	t.Run("ScalesWithTheTheme", func(t *testing.T) {
		text := theme.Title("Título")
		newWindow(t, text)
		before := text.MinSize()
		fyne.CurrentApp().Settings().SetTheme(theme.Theme(1.5, theme.Light))
		text.Refresh()
		if got := text.MinSize(); got.Height <= before.Height*1.3 {
			t.Errorf("height %v at 1.5, want about 1.5 × %v", got.Height, before.Height)
		}
	})
	t.Run("ForeignTheme", func(t *testing.T) {
		test.NewTempApp(t)
		if got := theme.Title("Título").MinSize(); got.Height < 20 {
			t.Errorf("height %v under a foreign theme, want the default size", got.Height)
		}
	})
}

func TestShapesDraw(t *testing.T) {
	tick := theme.TickIcon(theme.Pending)
	content := theme.Panel(theme.Rows(8, theme.Heading("Verificações"),
		theme.Columns(8, theme.Dot(theme.Green), theme.Small("Leitor 1")),
		theme.Columns(8, tick, theme.NumberIcon(2, true), theme.BigTick(theme.Passed)),
		theme.Notice(theme.Red, theme.Value("O que aconteceu"))))
	w := newWindow(t, content)
	before := w.Canvas().Capture()
	for _, result := range []theme.Result{theme.Passed, theme.Failed, theme.Unknown, theme.Absent} {
		tick.SetResult(result)
	}
	if got, want := tick.Result(), theme.Absent; got != want {
		t.Errorf("result %q, want %q", got, want)
	}
	if before.Bounds() != w.Canvas().Capture().Bounds() {
		t.Error("a status changed the size of the page")
	}
}
