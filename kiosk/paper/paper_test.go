package paper_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"balcao/kiosk"
	"balcao/kiosk/paper"
)

var at = time.Date(2026, 11, 30, 11, 9, 0, 0, time.UTC)

func press(t testing.TB) *paper.Press {
	t.Helper()
	p, err := paper.NewPress(paper.FontFolder)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// tool runs one of Debian's programs on a file and returns what it says.
func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).Output() // zbarimg complains of a missing D-Bus, and reads all the same
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// file writes a paper where other programs read it, and where BALCAO_SCREENS says for looking at.
func file(t *testing.T, doc paper.PDF) string {
	t.Helper()
	folder := t.TempDir()
	if to := os.Getenv("BALCAO_SCREENS"); to != "" {
		folder = to
		if err := os.MkdirAll(to, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	name := filepath.Join(folder, strings.ReplaceAll(t.Name(), "/", "-")+".pdf")
	if err := os.WriteFile(name, doc.Data, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestLetter(t *testing.T) {
	letter := paper.Letter{
		To:   []string{"Conceição d'Assunção Guimarães Simões", "Travessa do Ídolo Fictício, 12, 3.º Esq.", "0000-000 AMAUROTA"},
		From: "Chave Móvel Digital · Apartado 0 · 0000-000 Amaurota", Code: "K7M2P-Q9XWR", Until: at.AddDate(0, 0, 21), Support: "300 003 990", Place: "Amaurota", Web: "https://entrar.example.pt",
	}
	for language, want := range map[kiosk.Language]string{
		"pt": "It works once", "en": "It works once", "fr": "", "hi": "It works once", "zh-Hans": "It works once",
	} {
		t.Run(string(language), func(t *testing.T) {
			letter.Language = language
			doc, err := press(t).Letter(letter, at)
			if err != nil {
				t.Fatal(err)
			}
			if doc.Pages != 1 {
				t.Errorf("%d pages, want 1", doc.Pages)
			}
			name := file(t, doc)
			tool(t, "qpdf", "--check", name)
			text := tool(t, "pdftotext", "-layout", name, "-")
			for _, part := range append([]string{"Conceição d'Assunção Guimarães Simões", "3.º Esq.", "K7M2P-Q9XWR", "21-12-2026", "300 003 990", "entrar.example.pt"}, want) {
				if !strings.Contains(text, part) {
					t.Errorf("the letter does not say %q:\n%s", part, text)
				}
			}
			if got := codeIn(t, name); got != letter.Code {
				t.Errorf("the QR code says %q, want %q", got, letter.Code)
			}
			inWindow(t, name, "Conceição")
			inWindow(t, name, "AMAUROTA")
		})
	}
	letter.To[0] = "শেখ"
	if _, err := press(t).Letter(letter, at); !errors.Is(err, paper.ErrScript) {
		t.Errorf("a name whose letters cannot be joined: %v, want ErrScript", err)
	}
}

// inWindow holds a word against the window of DL and C6/5 envelopes (DIN 5008 form B): 20 to 105 mm, 45 to 90 mm, with 5 mm
// by which a letter slides in the envelope.
func inWindow(t *testing.T, name, word string) {
	t.Helper()
	const mm = 72 / 25.4
	box := regexp.MustCompile(`<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">` + word + `<`)
	found := box.FindStringSubmatch(tool(t, "pdftotext", "-bbox", name, "-"))
	if found == nil {
		t.Fatalf("%q is not on the letter", word)
	}
	for i, limit := range []struct{ from, to float64 }{{20, 100}, {50, 85}, {20, 100}, {50, 85}} {
		v, err := strconv.ParseFloat(found[i+1], 64)
		if v /= mm; err != nil || v < limit.from-0.2 || v > limit.to {
			t.Errorf("%q lies at %.1f mm, not within %v to %v", word, v, limit.from, limit.to)
		}
	}
}

// codeIn reads the QR code as a telephone would.
func codeIn(t *testing.T, name string) string {
	t.Helper()
	picture := filepath.Join(t.TempDir(), "page")
	tool(t, "pdftoppm", "-png", "-singlefile", "-r", "150", name, picture)
	return strings.TrimSpace(tool(t, "zbarimg", "-q", "--raw", picture+".png"))
}

// TestFonts: everything that is set is embedded, in part, and can be read back.
func TestFonts(t *testing.T) {
	doc, err := press(t).Make(paper.Paper{Title: "paper.stored.title", Sections: []paper.Section{{Rows: []paper.Row{
		{Key: "paper.name", Value: "Ξένη Їжак Ñandú Đặng Şahin", Strong: true},
	}}}}, at)
	if err != nil {
		t.Fatal(err)
	}
	name := file(t, doc)
	lines := strings.Split(strings.TrimSpace(tool(t, "pdffonts", name)), "\n")[2:]
	if len(lines) < 2 {
		t.Fatalf("fonts: %q", lines)
	}
	for _, line := range lines {
		if f := strings.Fields(line); len(f) < 8 || f[len(f)-5] != "yes" || f[len(f)-3] != "yes" {
			t.Errorf("not embedded, or without the letters' names: %s", line)
		}
	}
	if text := tool(t, "pdftotext", name, "-"); !strings.Contains(text, "Ξένη Їжак Ñandú Đặng Şahin") {
		t.Errorf("the name cannot be read back:\n%s", text)
	}
	if info := tool(t, "pdfinfo", name); !strings.Contains(info, "A4") {
		t.Errorf("pdfinfo:\n%s", info)
	}
}

func TestWipe(t *testing.T) {
	doc, err := press(t).Make(paper.Paper{Title: "paper.stored.title"}, at)
	if err != nil {
		t.Fatal(err)
	}
	data := doc.Data
	if doc.Wipe(); !bytes.Equal(data, make([]byte, len(data))) || doc.Data != nil {
		t.Error("the paper is still there")
	}
}
