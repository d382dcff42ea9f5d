package web

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"balcao/kiosk"
)

// browser is Debian's Chromium with a page, and a host that serves every screen at /screen/<name>.
type browser struct {
	*testing.T
	ctx  context.Context
	host *httptest.Server

	mu   sync.Mutex
	sent []string // addresses that were asked for anything
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/screen/{name}", func(w http.ResponseWriter, r *http.Request) {
		find(t, r.PathValue("name")).serve(t, w, r)
	})
	mux.Handle("/", newPages(t, &fake{}).Handler())
	host := httptest.NewTLSServer(mux)
	t.Cleanup(host.Close)
	return openBrowser(t, host)
}

// openBrowser starts Chromium. Its sandbox wants what containers do not give; here it opens only what a test serves.
func openBrowser(t *testing.T, host *httptest.Server) *browser {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath("chromium"), chromedp.NoSandbox, chromedp.Flag("ignore-certificate-errors", true))
	allocator, stop := chromedp.NewExecAllocator(t.Context(), options...)
	ctx, closed := chromedp.NewContext(allocator)
	t.Cleanup(func() { closed(); stop() })
	b := &browser{T: t, ctx: ctx, host: host}
	sent := chromedp.Events(ctx, network.RequestWillBeSent)
	go func() {
		for event, err := range sent {
			if err != nil {
				return
			}
			b.mu.Lock()
			b.sent = append(b.sent, event.Request.URL)
			b.mu.Unlock()
		}
	}()
	command(b, network.Enable, network.EnableParams{})
	return b
}

// do carries out what finds nothing.
func (b *browser) do(actions ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	for _, action := range actions {
		found(b, action)
	}
}

// found is what an action finds.
func found[T any](b *browser, action chromedp.Action[T]) T {
	b.Helper()
	value, err := chromedp.Run(b.ctx, action)
	if err != nil {
		b.Fatalf("Debian's chromium is needed here: %v", err)
	}
	return value
}

// js is what an expression is in the page: by the debugger, since its policy allows no script.
func js[T any](b *browser, expression string) T {
	b.Helper()
	return found(b, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

func command[P, R any](b *browser, c cdp.Command[P, R], params P) {
	b.Helper()
	found(b, func(ctx context.Context, t *chromedp.Target) (R, error) { return cdp.Call(ctx, t, c, params) })
}

// show opens a screen.
func (b *browser) show(name string, l kiosk.Language, width int64, text int) {
	b.Helper()
	b.do(chromedp.EmulateViewport(width, 800), chromedp.Navigate(b.host.URL+"/screen/"+name+"?lang="+string(l)))
	js[chromedp.Void](b, fmt.Sprintf(`document.documentElement.style.fontSize = "%d%%"`, text))
}

// overflow is by how much a page is wider than its window, and what is; "" when it is not.
func (b *browser) overflow() string {
	b.Helper()
	return js[string](b, `(() => {
		const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth
		if (wide <= 0) return ""
		const out = [...document.querySelectorAll("*")].filter(e => e.getBoundingClientRect().right > innerWidth + .5)
		return wide + " px: " + out.map(e => e.tagName + " " + e.className + " " + e.textContent.trim().slice(0, 40)).slice(-2).join(" | ")
	})()`)
}

// picture leaves a picture of the page in the folder of pictures, when there is one.
func (b *browser) picture(name string) {
	b.Helper()
	folder := os.Getenv("BALCAO_SCREENS")
	if folder == "" {
		return
	}
	if err := os.MkdirAll(folder, 0o750); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "web-"+name+".png"), found(b, chromedp.FullScreenshot(100)), 0o600); err != nil {
		b.Fatal(err)
	}
}

// axe is npm's axe-core.
var axe = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "axe")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	install := exec.Command("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "axe-core@4.14.1")
	install.Dir = folder
	if out, err := install.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm is needed here: %w\n%s", err, out)
	}
	source, err := os.ReadFile(filepath.Join(folder, "node_modules/axe-core/axe.min.js"))
	return string(source), err
})

// violations are what axe-core finds, by the rules of WCAG 2.2 AA and its own of good practice.
func (b *browser) violations() []string {
	b.Helper()
	source, err := axe()
	if err != nil {
		b.Fatal(err)
	}
	js[chromedp.Void](b, source+";0")
	return js[[]string](b, `axe.run(document, {resultTypes: ["violations"],
		runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], rules: {"target-size": {enabled: true}}})
		.then(r => r.violations.map(v => v.id + ": " + v.nodes.map(n => n.html + " " + n.failureSummary).join(" | ")))`)
}

// emulate has the page shown as to somebody who asked for a look.
func (b *browser) emulate(feature, value string) {
	b.Helper()
	command(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: feature, Value: value}}})
}

// different are pages of which each has a form of its own: the others are no more than another line of text.
var different = []string{"sign-in-no", "code-too_soon", "consent", "stopped-level", "key", "end-unsure", "pin-pattern", "stored", "activate-wrong", "not-me-wrong"}

// TestAccessible: axe-core finds nothing on any page, and on those that differ neither wide, with text twice as large, in
// the dark nor with more contrast; no page is wider than its window; and none asks another host for anything.
func TestAccessible(t *testing.T) {
	b := newBrowser(t)
	check := func(name, look string, l kiosk.Language, width int64, text int) {
		b.show(name, l, width, text)
		for _, violation := range b.violations() {
			t.Errorf("%s, %s: %s", name, look, violation)
		}
		if wide := b.overflow(); wide != "" {
			t.Errorf("%s, %s: %s", name, look, wide)
		}
		b.picture(name + "-" + look)
	}
	for _, s := range screens() {
		check(s.name, "360", kiosk.Portuguese, 360, 100)
		if slices.Contains(different, s.name) {
			check(s.name, "1280", kiosk.Portuguese, 1280, 100)
			check(s.name, "200", kiosk.Portuguese, 360, 200)
		}
	}
	for feature, value := range map[string]string{"prefers-color-scheme": "dark", "prefers-contrast": "more"} {
		b.emulate(feature, value)
		for _, name := range []string{"sign-in-no", "sign-in-unspelled", "code-code_wrong", "consent", "key", "end-unsure", "stored"} {
			check(name, value, kiosk.English, 360, 100)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, address := range b.sent {
		if !strings.HasPrefix(address, b.host.URL+"/") {
			t.Errorf("asked of another: %s", address)
		}
	}
	if len(b.sent) < len(screens()) {
		t.Errorf("only %d requests were seen", len(b.sent))
	}
}

// TestNarrow: no page is wider than 320 pixels (WCAG 2.2 §1.4.10), in any language.
func TestNarrow(t *testing.T) {
	b := newBrowser(t)
	for _, l := range kiosk.Languages {
		for _, s := range screens() {
			if l != kiosk.Portuguese && !slices.Contains(different, s.name) {
				continue
			}
			b.show(s.name, l, 320, 100)
			if wide := b.overflow(); wide != "" {
				t.Errorf("%s, %s: %s", s.name, l, wide)
			}
		}
		for _, name := range []string{"sign-in-no", "code-too_soon", "consent", "key"} {
			b.show(name, l, 360, 100)
			b.picture(name + "-" + string(l))
		}
	}
}

// TestTargets: what is pressed is 44 pixels high (WCAG 2.2 §2.5.5, which is more than AA asks), and the keyboard goes from
// top to bottom.
func TestTargets(t *testing.T) {
	b := newBrowser(t)
	for _, s := range screens() {
		b.show(s.name, kiosk.Portuguese, 360, 100)
		small := js[[]string](b, `[...document.querySelectorAll("a, button, summary, label:has(input[type=checkbox]), .field input")]
			.filter(e => e.getBoundingClientRect().height < 44).map(e => e.outerHTML)`)
		jumps := js[[]string](b, `(() => {
			let last = -1
			return [...document.querySelectorAll("a, button, summary, input:not([type=hidden])")].filter(e => {
				const box = e.getBoundingClientRect(), jumps = e.tabIndex !== 0 || box.bottom < last
				last = box.top
				return jumps
			}).map(e => e.outerHTML)
		})()`)
		if len(small) > 0 || len(jumps) > 0 {
			t.Errorf("%s: small: %v; out of order: %v", s.name, small, jumps)
		}
	}
}
