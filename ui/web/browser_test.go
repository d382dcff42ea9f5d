package web

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"balcao/kiosk"
)

// TestConsentSaysWhatIsNotSent: without a script, what is unticked is said not to be sent, to eyes and to screen readers.
func TestConsentSaysWhatIsNotSent(t *testing.T) {
	b := newBrowser(t)
	b.show("consent", kiosk.Portuguese, 360, 100)
	row := chromedp.CSS(".claim:has([value=email])")
	before := found(b, chromedp.Text(row))
	b.do(chromedp.Click(chromedp.CSS(".claim [value=email]")))
	after := found(b, chromedp.Text(row))
	if !strings.Contains(before, "ines@exemplo.pt") || strings.Contains(before, "não enviado") ||
		strings.Contains(after, "ines@exemplo.pt") || !strings.Contains(after, "não enviado") {
		t.Errorf("%q, then %q", before, after)
	}
	b.picture("consent-refused")
}

// TestFormsLeadOut: the answer of consent leads to the service and from there to another host of its owner's, and that of
// a page that asks for a PIN leads nowhere but here: Chromium holds forms to their policy through every redirect.
func TestFormsLeadOut(t *testing.T) {
	arrived := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<h1>arrived</h1>")) }))
	defer arrived.Close()
	loopback := httptest.NewServer(arrived.Config.Handler)
	defer loopback.Close()
	service := httptest.NewTLSServer(http.RedirectHandler(arrived.URL, http.StatusFound))
	defer service.Close()
	ways := []struct {
		name, screen, to string
		arrives          bool
	}{
		{"consent", "consent", service.URL, true},
		{"consent, to a loopback", "consent", loopback.URL, true},
		{"turning back", "cancel", service.URL, true},
		{"PIN", "sign-in", service.URL, false},
		{"code", "code", service.URL, false},
	}
	host := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		way, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
		switch {
		case err != nil:
			serveStyle(w, r)
		case r.Method == http.MethodPost:
			http.Redirect(w, r, ways[way].to, http.StatusSeeOther)
		default:
			s := find(t, ways[way].screen)
			s.page.Return = ways[way].to
			s.serve(t, w, r)
		}
	}))
	defer host.Close()
	b := openBrowser(t, host)
	command(b, log.Enable, cdp.Empty{})
	for i, tt := range ways {
		b.do(chromedp.Navigate(host.URL + "/" + strconv.Itoa(i)))
		ctx, stop := context.WithCancel(b.ctx)
		told := chromedp.Events(ctx, log.EntryAdded)
		why := make(chan string, 1)
		go func() {
			for event, err := range told {
				if err != nil {
					return
				}
				if strings.Contains(event.Entry.Text, "Content Security Policy") {
					why <- event.Entry.Text
					stop()
					return
				}
			}
		}()
		js[chromedp.Void](b, `document.querySelector("button.main").click()`)
		_, err := chromedp.Run(ctx, chromedp.WaitVisible(chromedp.Search(`//h1[text()="arrived"]`)))
		stop()
		if (err == nil) != tt.arrives {
			t.Errorf("%s: %v, want arrived %v", tt.name, err, tt.arrives)
		}
		if !tt.arrives {
			if text := <-why; !strings.Contains(text, "form-action 'self'") {
				t.Errorf("%s: %s", tt.name, text)
			}
		}
	}
}

// TestAttackersPage: a page of somebody else's can neither frame these pages nor send their forms, though it is of a
// neighbour's, whose requests bring the cookies along.
func TestAttackersPage(t *testing.T) {
	own := &fake{session: somebody}
	host := httptest.NewTLSServer(newPages(t, own).Handler())
	defer host.Close()
	evil := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		if r.URL.Path == "/frame" {
			_, _ = fmt.Fprintf(w, `<iframe src="%s/key" width=400 height=400></iframe>`, host.URL)
			return
		}
		_, _ = fmt.Fprintf(w, `<form method=post action="%s/key/freeze"><input name=token value=x><button>Win</button></form>`, host.URL)
	}))
	defer evil.Close()
	b := openBrowser(t, host)
	yes := true
	for _, name := range []string{sessionCookie, browserCookie} {
		command(b, network.SetCookie, network.SetCookieParams{Name: name, Value: somebody, URL: host.URL, Path: "/", Secure: &yes, HTTPOnly: &yes, SameSite: network.CookieSameSiteLax})
	}
	b.do(chromedp.Navigate(host.URL + "/key?lang=pt"))
	if title := found(b, chromedp.Title()); title != "A minha chave – Chave Móvel Digital" {
		t.Fatalf("nobody is signed in: %q", title)
	}
	failed := chromedp.Events(b.ctx, network.LoadingFailed)
	b.do(chromedp.Navigate(evil.URL + "/frame"))
	for event, err := range failed {
		if err != nil || event.ErrorText != "net::ERR_BLOCKED_BY_RESPONSE" {
			t.Errorf("in a frame: %+v, %v", event, err)
		}
		break
	}
	b.do(chromedp.Navigate(evil.URL+"/form"), chromedp.Click(chromedp.CSS("button")), chromedp.WaitVisible(chromedp.CSS("main")))
	if said := found(b, chromedp.Text(chromedp.CSS("h1"))); said != "Não aceitámos este pedido" || own.done != nil {
		t.Errorf("%q, done: %v", said, own.done)
	}
}

// TestByKeyboard signs in without a mouse: the first field has the keyboard, and what is typed arrives without the blanks
// that people put into numbers.
func TestByKeyboard(t *testing.T) {
	own := &fake{page: find(t, "sign-in").page}
	own.page.Service = ""
	host := httptest.NewTLSServer(newPages(t, own).Handler())
	defer host.Close()
	b := openBrowser(t, host)
	b.do(chromedp.Navigate(host.URL+"/?to=pin"), chromedp.KeyEvent("+351 912 345 678\t482 913"))
	if _, err := chromedp.RunResponse(b.ctx, chromedp.KeyEvent("\r")); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%s at %s", own.action, strings.TrimPrefix(found(b, chromedp.Location()), host.URL)); got != "{+351 912 345 678  482913} at /?to=pin" {
		t.Errorf("sent: %s", got)
	}
}
