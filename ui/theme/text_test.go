package theme_test

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"

	"balcao/ui/theme"
)

// lines are the lines that a text is broken into.
func lines(o fyne.CanvasObject) (broken []string) {
	for _, object := range test.WidgetRenderer(o.(fyne.Widget)).Objects() {
		if line, ok := object.(*canvas.Text); ok {
			broken = append(broken, line.Text)
		}
	}
	return broken
}

func TestTextBreaks(t *testing.T) {
	for _, c := range []struct {
		name, text string
		width      float32
		most       int
		want       []string
	}{
		{"at a hyphen, not inside a name", "Corte-Real", 62, 0, []string{"Corte-", "Real"}},
		{"at spaces", "Ana Maria Corte-Real", 90, 0, []string{"Ana Maria", "Corte-Real"}},
		{"at most two lines", "one two three four five six", 62, 2, []string{"one two", "three…"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := theme.Value(c.text).Wrap()
			if c.most > 0 {
				text.Lines(c.most)
			}
			newWindow(t, container.NewWithoutLayout(text))
			text.Resize(fyne.NewSize(c.width, 100))
			if got := lines(text); len(got) != len(c.want) || got[0] != c.want[0] || got[len(got)-1] != c.want[len(c.want)-1] {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestSignsGrowWithTheText: circles and dots are as hard to see as letters.
func TestSignsGrowWithTheText(t *testing.T) {
	app := test.NewTempApp(t)
	for name, circle := range map[string]*theme.Circle{
		"step": theme.NumberIcon(1, true), "check": theme.TickIcon(theme.Passed), "dot": theme.Dot(theme.Green),
	} {
		app.Settings().SetTheme(theme.Theme(1, theme.Light))
		circle.Refresh()
		small := circle.MinSize().Width
		app.Settings().SetTheme(theme.Theme(1.5, theme.Light))
		circle.Refresh()
		if got, want := circle.MinSize().Width, 1.5*small; got != want {
			t.Errorf("%s at text 1.5 is %v wide, want %v", name, got, want)
		}
	}
}
