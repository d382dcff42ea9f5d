package theme

import (
	"strings"
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"github.com/go-text/typesetting/segmenter"

	"balcao/assets/i18n/fonts"
)

// scriptFont is a font of the machine. Fyne would look for one by itself, in the weight and for the country that come
// first: Chinese in thin Japanese characters.
type scriptFont struct {
	script *fonts.Script
	bold   bool
}

// Name implements fyne.Resource.
func (f *scriptFont) Name() string {
	if f.bold {
		return "Noto Sans " + f.script.Name + " Bold"
	}
	return "Noto Sans " + f.script.Name
}

// Content implements fyne.Resource: it is read when it is drawn with for the first time, and then kept by Fyne.
func (f *scriptFont) Content() []byte {
	content, err := f.script.Read(f.bold)
	if err != nil {
		fyne.LogError("reading a font", err)
	}
	return content
}

var scriptFonts = func() map[*fonts.Script][2]*scriptFont {
	all := make(map[*fonts.Script][2]*scriptFont)
	for _, s := range fonts.Scripts {
		all[s] = [2]*scriptFont{{s, false}, {s, true}}
	}
	return all
}()

// run is the part of a line that one font draws; nil is the theme's.
type run struct {
	text string
	font fyne.Resource
}

// dotted writes Cyrillic і as Latin i: Fyne's fonts put the dot on it by a rule that its painter does not follow, and it
// would be drawn without. The two look alike.
var dotted = strings.NewReplacer("і", "i")

// runs divides a line by script. Figures and most signs are the theme's, so that a number looks the same in every language.
func runs(line string, style fyne.TextStyle) []run {
	line = dotted.Replace(line)
	var all []run
	var last *fonts.Script
	begun, decided := 0, false
	end := func(at int) {
		if at > begun {
			r := run{text: line[begun:at]}
			if last != nil && last.There() {
				if r.font = scriptFonts[last][0]; style.Bold {
					r.font = scriptFonts[last][1]
				}
			}
			all = append(all, r)
		}
		begun = at
	}
	for at, letter := range line {
		script := fonts.Of(letter)
		if script == nil && goesWith(letter) {
			continue
		}
		if script != last && decided {
			end(at)
		}
		last, decided = script, true
	}
	end(len(line))
	return all
}

// goesWith holds for what is drawn in the font of the letters before it: spaces, marks, quotes and dashes of all scripts.
func goesWith(sign rune) bool {
	return sign == ' ' || sign == '।' || sign == '॥' || sign >= 0x2000 && sign <= 0x206F || unicode.Is(unicode.M, sign)
}

// measureRun is the size of a run, and how far under its top the line stands on which letters stand.
func measureRun(r run, size float32, style fyne.TextStyle) (fyne.Size, float32) {
	return fyne.CurrentApp().Driver().RenderedTextSize(r.text, size, style, r.font)
}

// measureLine is how wide a line is.
func measureLine(line string, size float32, style fyne.TextStyle) float32 {
	var width float32
	for _, r := range runs(line, style) {
		of, _ := measureRun(r, size, style)
		width += of.Width
	}
	return width
}

// line is one line of a text, drawn with as many fonts as it has scripts. It is as high as a line of the theme's font,
// whatever is in it: Noto's scripts fit, and lines of two languages stand alike.
type line struct {
	parts []*canvas.Text
	at    []fyne.Position // of each part in the line
	size  fyne.Size
}

func newLine(text string, size float32, style fyne.TextStyle, colour Colour) line {
	var l line
	room, base := measureRun(run{text: " "}, size, style)
	l.size.Height = room.Height
	for _, r := range runs(text, style) {
		part := canvas.NewText(r.text, colour.Now())
		part.TextSize, part.TextStyle, part.FontSource = size, style, r.font
		of, stands := measureRun(r, size, style)
		l.parts, l.at = append(l.parts, part), append(l.at, fyne.NewPos(l.size.Width, base-stands))
		part.Resize(of)
		l.size.Width += of.Width
	}
	return l
}

func (l line) move(to fyne.Position) {
	for i, part := range l.parts {
		part.Move(to.Add(l.at[i]))
	}
}

// words divides a line at its spaces, and Chinese, which has none, where a line may end (Unicode Standard Annex #14).
// A word that follows the one before it without a space says so.
func words(line string) (all []word) {
	for _, text := range strings.FieldsFunc(line, breakable) {
		if !strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
			all = append(all, word{text: text})
			continue
		}
		var s segmenter.Segmenter
		s.InitWithString(text)
		for i, parts := 0, s.LineIterator(); parts.Next(); i++ {
			all = append(all, word{string(parts.Line().Text), i > 0})
		}
	}
	return all
}

type word struct {
	text   string
	joined bool // no space before it
}

// after is what a line that ends with the text reads with the word behind it.
func (w word) after(text string) string {
	if text == "" || w.joined {
		return text + w.text
	}
	return text + " " + w.text
}

// clusters divides a word into what is read as one sign each, which no line's end may tear.
func clusters(text string) (all []string) {
	var s segmenter.Segmenter
	s.InitWithString(text)
	for signs := s.GraphemeIterator(); signs.Next(); {
		all = append(all, string(signs.Grapheme().Text))
	}
	return all
}
