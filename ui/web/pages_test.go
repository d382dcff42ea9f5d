package web

import (
	"bytes"
	"flag"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"balcao/assets/i18n"
	"balcao/kiosk"
	"balcao/ui/theme"
)

var update = flag.Bool("update", false, "write testdata anew")

// shown is a screen in a language.
func shown(t *testing.T, s screen, l kiosk.Language) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/visit?lang="+string(l), nil)
	s.serve(t, w, r)
	want := s.status
	if want == 0 {
		want = http.StatusOK
	}
	if w.Code != want {
		t.Errorf("%s: status %d, want %d", s.name, w.Code, want)
	}
	return w
}

var (
	tag     = regexp.MustCompile(`<(title|label|p|h1|h2|button|a|b|li|dt|dd|summary|span|small|legend|input)\b[^>]*>`)
	anyTag  = regexp.MustCompile(`<[^>]*>`)
	footers = regexp.MustCompile(`(?s)<footer>.*</footer>|<header>.*</header>`)
	hint    = regexp.MustCompile(`aria-invalid="true"`)
)

// said is what a page says, a line each.
func said(page string) string {
	page = hint.ReplaceAllString(footers.ReplaceAllString(page, ""), ">[!]<input ")
	var lines []string
	for line := range strings.SplitSeq(tag.ReplaceAllString(page, "\n"), "\n") {
		line = strings.TrimSpace(html.UnescapeString(anyTag.ReplaceAllString(line, "")))
		if line = strings.TrimSuffix(line, ">"); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// TestWhatThePagesSay compares what every page says with testdata; go test -update writes it.
func TestWhatThePagesSay(t *testing.T) {
	for _, l := range []kiosk.Language{kiosk.Portuguese, kiosk.English} {
		var all strings.Builder
		for _, s := range screens() {
			fmt.Fprintf(&all, "== %s\n%s\n\n", s.name, said(shown(t, s, l).Body.String()))
		}
		file := "testdata/pages-" + string(l) + ".txt"
		if *update {
			if err := os.WriteFile(file, []byte(all.String()), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		kept, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(kept), all.String()); diff != "" {
			t.Errorf("%s (-kept +now):\n%s", l, diff)
		}
	}
}

// TestEveryLanguage: whatever a page says is in the language's own catalogue, and every text of pages is said somewhere.
func TestEveryLanguage(t *testing.T) {
	raw := regexp.MustCompile(`[ >](web|citizen|errand|key|stored|pin)\.[a-z_]+\b|\{\{|<no value>`)
	for _, l := range kiosk.Languages {
		asked := map[string]bool{}
		stop := i18n.Observe(func(lang, key string) {
			asked[key] = true
			if lang != string(l) || !i18n.Has(lang, key) {
				t.Errorf("%s: no text for %s (%s)", l, key, lang)
			}
		})
		for _, s := range screens() {
			page := shown(t, s, l).Body.String()
			if !strings.Contains(page, `<html lang="`+string(l)+`">`) {
				t.Errorf("%s, %s: the page says it is of another language", l, s.name)
			}
			if found := raw.FindString(page); found != "" {
				t.Errorf("%s, %s: shows %s", l, s.name, found)
			}
		}
		stop()
		for _, key := range i18n.Keys(string(l)) {
			if strings.HasPrefix(key, "web.") && !asked[key] {
				t.Errorf("%s: no page says %s", l, key)
			}
		}
	}
}

// TestWhoReadsWhat: a language that was chosen comes before the service's, and that before the browser's.
func TestWhoReadsWhat(t *testing.T) {
	p := newPages(t, &fake{})
	for _, tt := range []struct {
		name, query, cookie, accept string
		visit                       kiosk.Language
		asked                       []kiosk.Language
		want                        kiosk.Language
	}{
		{name: "nothing", want: "pt"},
		{name: "browser", accept: "xx, uk;q=0.9", want: "uk"},
		{name: "browser's Chinese", accept: "zh-CN", want: "zh-Hans"},
		{name: "browser's regional", accept: "fr-CA,en;q=0.5", want: "fr"},
		{name: "unknown", accept: "xx", want: "pt"},
		{name: "no header at all", accept: "\x00", want: "pt"},
		{name: "service", accept: "fr", asked: []kiosk.Language{"xx", "hi"}, want: "hi"},
		{name: "visit", visit: "ne", asked: []kiosk.Language{"hi"}, want: "ne"},
		{name: "chosen before", cookie: "bn", visit: "ne", want: "bn"},
		{name: "chosen now", query: "?lang=es", cookie: "bn", want: "es"},
		{name: "chosen, but there is none", query: "?lang=../x", cookie: "<b>", accept: "ru", want: "ru"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/"+tt.query, nil)
		r.Header.Set("Accept-Language", tt.accept)
		r.AddCookie(&http.Cookie{Name: languageCookie, Value: tt.cookie})
		if got := p.Language(httptest.NewRecorder(), r, tt.visit, tt.asked); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// TestColours: the style sheet has the colours of the desk's windows, in each of their looks.
func TestColours(t *testing.T) {
	roles := map[string]theme.Colour{
		"header": theme.Header, "header-ink": theme.HeaderInk, "page": theme.Page, "surface": theme.Surface, "blue": theme.Blue, "blue-deep": theme.BlueDeep,
		"white": theme.White, "ring": theme.Ring, "border": theme.Border, "edge": theme.Edge, "field-edge": theme.FieldEdge, "ink": theme.Ink,
		"ink-soft": theme.InkSoft, "ink-faint": theme.InkFaint, "green": theme.Green, "green-soft": theme.GreenSoft, "amber-on": theme.AmberOn,
		"amber-soft": theme.AmberSoft, "red-on": theme.RedOn, "red-surface": theme.RedSurface,
	}
	for i, block := range bytes.SplitN(look, []byte(":root {"), 5)[1:4] {
		found := regexp.MustCompile(`--([a-z-]+): #([0-9a-f]{6});`).FindAllSubmatch(block[:bytes.IndexByte(block, '}')], -1)
		if len(found) != len(roles) {
			t.Errorf("look %d has %d colours, want %d", i, len(found), len(roles))
		}
		for _, match := range found {
			c := roles[string(match[1])].In(theme.Look(i))
			if want := fmt.Sprintf("%02x%02x%02x", c.R, c.G, c.B); string(match[2]) != want {
				t.Errorf("look %d: --%s is #%s, want #%s", i, match[1], match[2], want)
			}
		}
	}
}
