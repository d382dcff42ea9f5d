package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// web is Debian's Chromium on a screen: the browser of somebody who has a key.
type web struct {
	testing.TB
	ctx    context.Context
	screen *screen
	close  func()
}

// openWeb opens it. Its sandbox wants what containers do not give; here it opens only what the demonstration serves.
func openWeb(t testing.TB, s *screen) *web {
	t.Helper()
	t.Setenv("DISPLAY", s.display)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath("chromium"), chromedp.NoSandbox, chromedp.VisibleWindow)
	allocator, stop := chromedp.NewExecAllocator(t.Context(), options...)
	ctx, closed := chromedp.NewContext(allocator)
	w := &web{t, ctx, s, func() { closed(); stop() }}
	t.Cleanup(w.close)
	if _, err := chromedp.Run(ctx, chromedp.Navigate("about:blank")); err != nil { // the browser lives as long as the context of the first action
		t.Fatal(err)
	}
	// The desk's windows have the keyboard: its page is told that it has it.
	seen(w, func(ctx context.Context, t *chromedp.Target) (cdp.Empty, error) {
		return cdp.Call(ctx, t, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	})
	return w
}

func seen[T any](w *web, action chromedp.Action[T]) T {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, action)
	if err != nil {
		if shown, err := chromedp.Run(w.ctx, chromedp.FullScreenshot(100)); err == nil {
			_ = os.WriteFile(filepath.Join(w.screen.dir, "login-failed.png"), shown, 0o600)
		}
		w.Fatal(err)
	}
	return value
}

func (w *web) do(actions ...chromedp.Action[chromedp.Void]) {
	w.Helper()
	for _, action := range actions {
		seen(w, action)
	}
}

// has waits until something is on the page.
func (w *web) has(css string) {
	w.Helper()
	w.do(chromedp.WaitVisible(chromedp.CSS(css)))
}

// text is what something on the page says.
func (w *web) text(css string) string {
	w.Helper()
	return seen(w, chromedp.Text(chromedp.CSS(css)))
}

// fill types into fields, each in place of what stands there, and sends them with Enter.
func (w *web) fill(fields ...string) {
	w.Helper()
	for i := 0; i < len(fields); i += 2 {
		w.has("#" + fields[i])
		seen(w, chromedp.Evaluate[chromedp.Void](fmt.Sprintf("{ const field = document.getElementById(%q); field.focus(); field.select() }", fields[i])))
		w.do(chromedp.KeyEvent(fields[i+1]))
	}
	w.sent(chromedp.KeyEvent("\r"))
}

// sent carries out what leads to another page, and waits for it.
func (w *web) sent(actions ...chromedp.Action[chromedp.Void]) {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, actions...); err != nil {
		w.Fatal(err)
	}
}

// picture shows the page narrow and wide.
func (w *web) picture(name string) {
	w.Helper()
	for _, width := range []int64{360, 1280} {
		w.do(chromedp.EmulateViewport(width, 800))
		file := filepath.Join(w.screen.dir, fmt.Sprintf("login-%s-%d.png", name, width))
		if err := os.WriteFile(file, seen(w, chromedp.FullScreenshot(100)), 0o600); err != nil {
			w.Fatal(err)
		}
	}
}

// enter goes from the portal to the sign-in page.
func (w *web) enter(c *centre) {
	w.Helper()
	w.do(chromedp.Navigate(c.env["BALCAO_PORTAL_URL"] + "/"))
	w.sent(chromedp.Click(chromedp.CSS("a.main")))
	w.has("#pin")
}

// toldOf are words of the messages that say so, in the demonstration's language (kiosk/delivery/messages).
var toldOf = map[string]*regexp.Regexp{"locked": regexp.MustCompile(`fica fechada durante`), "blocked": regexp.MustCompile(`foi bloqueada`)}

// TestWalkSignIn: somebody makes a key at the desk by keyboard and signs in with it at a service, in a browser. Wrong PINs
// lock the key for a while, and wrong codes block it until the desk unblocks it; its holder is told.
func TestWalkSignIn(t *testing.T) {
	c := startDemo(t)
	s := startScreen(t)
	d := startDesk(t, c, s)
	v := ines
	v.shots = ""
	phone := &mailbox{to: v.to}
	d.enrol(t, c, v)
	phone.next(t, c, sixDigits)
	c.run(t, "kioskctl", "db", "set", "code_resend_after_seconds", "0")
	var one int
	c.ask(t, `update centre.setting set lowest = 1, value = '5' where name = 'pin_lock_first_seconds' returning 1`, nil, &one) // in earnest minutes
	w := openWeb(t, s)

	w.enter(c)
	w.picture("1-sign-in")
	w.fill("identifier", v.contact, "pin", v.pin)
	w.has("#code")
	w.picture("2-code")
	w.fill("code", phone.next(t, c, sixDigits))
	w.has("button.main")
	w.do(chromedp.Click(chromedp.CSS("input[value=birthdate]"))) // not to be sent
	w.picture("3-consent")
	w.sent(chromedp.Click(chromedp.CSS("button.main")))
	w.has("#sub")
	w.picture("4-arrived")
	for claim, want := range map[string]string{"phone_number": v.to, "acr": "http://eidas.europa.eu/LoA/substantial", "amr": `["pin","otp","sms","mfa"]`} {
		if got := w.text("#" + claim); got != want {
			t.Errorf("%s: %q, want %q", claim, got, want)
		}
	}
	var name, number string
	c.ask(t, `select p.given_names || ' ' || p.surname, p.civil_number from centre.person p`, nil, &name, &number)
	if w.text("#name") != name || !strings.Contains(number, w.text("#pt_nic")) {
		t.Errorf("another name or number arrived than the centre has")
	}
	if there := seen(w, chromedp.Evaluate[bool](`document.getElementById("birthdate") !== null`)); there {
		t.Error("the date of birth arrived, which was refused")
	}
	w.sent(chromedp.Click(chromedp.CSS("main button")))
	w.has("a.main")

	w.enter(c) // signed out, so that it asks again
	for range 3 {
		w.fill("identifier", v.contact, "pin", "990011")
		w.has("#problem")
	}
	w.fill("identifier", v.contact, "pin", v.pin)
	w.has("#problem")
	w.picture("5-wrong")
	phone.next(t, c, toldOf["locked"])
	c.keyIs(t, "locked")
	c.ask(t, `select 1 from (select pg_sleep(extract(epoch from max(locked_until) - clock_timestamp())) from centre.sign_in) x`, nil, &one) // its end
	w.fill("identifier", v.contact, "pin", v.pin)
	w.has("#code")
	phone.next(t, c, sixDigits)
	for range 2 {
		w.fill("code", "000000")
		w.has("#code-error")
	}
	w.picture("6-code-wrong")
	w.fill("code", "000000")
	w.picture("7-blocked")
	phone.next(t, c, toldOf["blocked"])
	c.keyIs(t, "blocked")

	d.screen.xdo(t, "windowactivate", "--sync", d.windows[clerkTitle])
	d.toKey(t, c, v)
	d.begin(t, "unblock", nil)
	d.conclude(t, v, "unblock", "step=done")
	c.keyIs(t, "active")
	d.leaves(t, c)

	w.enter(c)
	w.fill("identifier", v.contact, "pin", v.pin)
	w.has("#code")
	w.fill("code", phone.next(t, c, sixDigits))
	w.has("button.main")
}
