package theme_test

import (
	"image"
	"image/color"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"
	"golang.org/x/image/font/sfnt"

	"balcao/assets/i18n/fonts"
	"balcao/ui/theme"
)

// TestFonts: the machine's fonts are those that are meant, in both weights.
func TestFonts(t *testing.T) {
	for _, script := range fonts.Scripts {
		for i, weight := range []string{"Regular", "Bold"} {
			raw, err := script.Read(i == 1)
			if err != nil {
				t.Fatalf("%s: %v (package %s)", script.Name, err, script.Package)
			}
			font, err := sfnt.Parse(raw)
			if err != nil {
				t.Fatalf("%s %s: %v", script.Name, weight, err)
			}
			name, _ := font.Name(nil, sfnt.NameIDFull)
			want := map[string]string{"Han": "Noto Sans CJK SC"}[script.Name]
			if want == "" {
				want = "Noto Sans " + script.Name
			}
			if name != want+" "+weight && name != want {
				t.Errorf("got %q, want %q", name, want+" "+weight)
			}
			for _, sign := range " “”’…—" + map[string]string{"Han": "，。：；！？（）《》、", "Devanagari": "।॥", "Bengali": "।৳"}[script.Name] {
				if glyph, err := font.GlyphIndex(nil, sign); err != nil || glyph == 0 {
					t.Errorf("%s has no %q", name, sign)
				}
			}
		}
	}
}

// parts are the pieces of a text as they are drawn, a line feed between lines.
func parts(o fyne.CanvasObject) []string {
	var all []string
	y := float32(-1)
	for _, object := range test.WidgetRenderer(o.(fyne.Widget)).Objects() {
		part, ok := object.(*canvas.Text)
		if !ok {
			continue
		}
		if middle := part.Position().Y + part.Size().Height/2; y >= 0 && middle-y > 12 {
			all = append(all, "\n")
			y = middle
		} else if y < 0 {
			y = middle
		}
		name := ""
		if part.FontSource != nil {
			name = strings.TrimPrefix(part.FontSource.Name(), "Noto Sans ") + ":"
		}
		all = append(all, name+part.Text)
	}
	return all
}

func TestTextOfManyScripts(t *testing.T) {
	for _, c := range []struct {
		name  string
		text  *theme.Text
		width float32
		want  []string
	}{
		{"latin and cyrillic", theme.Value("PIN Ваш ключ актив"), 400, []string{"PIN Ваш ключ актив"}},
		{"devanagari", theme.Value("अपना PIN चुनें।"), 400, []string{"Devanagari:अपना ", "PIN ", "Devanagari:चुनें।"}},
		{"bengali", theme.Value("৬টি বাংলা: “কোড”"), 400, []string{"Bengali:৬টি বাংলা", ": “", "Bengali:কোড”"}},
		{"bold Chinese", theme.Title("请输入PIN"), 400, []string{"Han Bold:请输入", "PIN"}},
		{"an arrow", theme.Value("नीचे और है ↓"), 400, []string{"Devanagari:नीचे और है ", "↓"}},
		{"begins with a sign", theme.Value("“确认” 6"), 400, []string{"Han:“确认” ", "6"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			newWindow(t, container.NewWithoutLayout(c.text))
			c.text.Resize(fyne.NewSize(c.width, 100))
			if got := parts(c.text); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestChineseBreaks: a line may end between two characters, but not before a full stop, nor after an opening quote.
func TestChineseBreaks(t *testing.T) {
	text := theme.Value("我们会向您发送一个验证码，用来确认这是您的号码。“请勿”告诉任何人。").Wrap()
	newWindow(t, container.NewWithoutLayout(text))
	for width := float32(40); width < 400; width += 3 {
		text.Resize(fyne.NewSize(width, 400))
		lines := strings.Split(strings.ReplaceAll(strings.Join(parts(text), ""), "Han:", ""), "\n")
		if width < 200 && len(lines) < 3 {
			t.Errorf("%v wide: only %d lines", width, len(lines))
		}
		for _, line := range lines {
			if line != "" && strings.ContainsAny(string([]rune(line)[:1]), "，。”") || strings.HasSuffix(line, "“") {
				t.Errorf("%v wide: the line %q", width, line)
			}
		}
	}
}

// TestScriptsAreShaped: letters that join are drawn joined, vowel signs stand before their consonant, and nothing is
// drawn as the box that stands for a missing character.
func TestScriptsAreShaped(t *testing.T) {
	for _, c := range []struct{ joined, apart string }{
		{"क्ष", "क\u200c्\u200cष"}, {"हिन्दी", "ह\u200cिन\u200c्द\u200cी"}, {"ন্দ", "ন\u200c্\u200cদ"}, {"ক্ষ", "ক\u200c্\u200cষ"},
		{"і", "ı"}, {"ї", "ı"}, {"й", "и"}, {"ё", "е"}, {"ґ", "г"}, {"î", "ı"}, {"ç", "c"}, {"ñ", "n"},
	} {
		if a, b := drawn(t, c.joined), drawn(t, c.apart); slices.Equal(a.Pix, b.Pix) {
			t.Errorf("%q is drawn like %q", c.joined, c.apart)
		}
	}
	for _, l := range []string{"中", "文", "ह", "বা", "ї", "Ж"} {
		if slices.Equal(drawn(t, l).Pix, drawn(t, "\U000F0000").Pix) {
			t.Errorf("%q is drawn as a box", l)
		}
	}
}

func drawn(t *testing.T, text string) *image.NRGBA {
	t.Helper()
	object := theme.Title(text)
	w := newWindow(t, container.NewWithoutLayout(object))
	w.Resize(fyne.NewSize(120, 60))
	object.Resize(fyne.NewSize(120, 60))
	picture := image.NewNRGBA(image.Rect(0, 0, 120, 60))
	shot := w.Canvas().Capture()
	for y := range 60 {
		for x := range 120 {
			picture.Set(x, y, shot.At(x, y))
		}
	}
	if !slices.ContainsFunc(picture.Pix, func(v byte) bool { return v < 0x80 }) {
		t.Errorf("%q is not drawn (%v)", text, color.Black)
	}
	return picture
}
