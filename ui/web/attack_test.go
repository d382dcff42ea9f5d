package web

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"balcao/kiosk"
	"balcao/kiosk/login"
)

// TestForms: what a browser was not sent, at this path and to it, is done by nobody.
func TestForms(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*http.Request)
		status int
	}{
		{"its own", func(*http.Request) {}, http.StatusOK},
		{"of another site", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, http.StatusForbidden},
		{"of a neighbour", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") }, http.StatusForbidden},
		{"of another origin, from an old browser", func(r *http.Request) {
			r.Header.Del("Sec-Fetch-Site")
			r.Header.Set("Origin", "https://evil.example")
		}, http.StatusForbidden},
		{"of a browser without cookies", func(r *http.Request) { r.Header.Del("Cookie") }, http.StatusSeeOther},
		{"of a browser that knows another's", func(r *http.Request) {
			r.Header.Set("Cookie", sessionCookie+"="+somebody+"; "+browserCookie+"="+somebody)
		}, http.StatusForbidden},
		{"of a browser with a cookie that is none", func(r *http.Request) {
			r.Header.Set("Cookie", sessionCookie+"="+somebody+"; "+browserCookie+"=x")
		}, http.StatusForbidden},
		{"for another page", func(r *http.Request) { *r = *sendsFor("/key/freeze", "/key/end", url.Values{}) }, http.StatusForbidden},
		{"with no token", func(r *http.Request) { *r = *withBody(r, "sure=yes") }, http.StatusForbidden},
		{"of another kind", func(r *http.Request) { r.Header.Set("Content-Type", "multipart/form-data; boundary=x") }, http.StatusBadRequest},
		{"plain", func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, http.StatusBadRequest},
		{"spelled wrong", func(r *http.Request) { *r = *withBody(r, "token=%zz") }, http.StatusBadRequest},
		{"cut off", func(r *http.Request) { *r = *withBody(r, "token=%a") }, http.StatusBadRequest},
		{"too long", func(r *http.Request) { *r = *withBody(r, "a="+strings.Repeat("b", maxForm)) }, http.StatusBadRequest},
	} {
		own := &fake{session: somebody}
		r := sendsFor("/key/freeze", "/key/freeze", url.Values{})
		tt.change(r)
		w := httptest.NewRecorder()
		newPages(t, own).Handler().ServeHTTP(w, r)
		if done := own.done != nil; w.Code != tt.status || done != (tt.status == http.StatusOK) {
			t.Errorf("%s: %d, done: %v", tt.name, w.Code, own.done)
		}
	}
}

// sendsFor sends to one path a form that was made for another.
func sendsFor(path, made string, values url.Values) *http.Request {
	r := sends(nil, made, values)
	r.URL.Path = path
	return r
}

func withBody(r *http.Request, body string) *http.Request {
	sent := httptest.NewRequest(r.Method, r.URL.Path, strings.NewReader(body))
	sent.Header = r.Header
	return sent
}

// TestLooking: nothing is done by an address alone.
func TestLooking(t *testing.T) {
	own := &fake{session: somebody, page: login.Page{Step: login.StepSignIn}}
	for _, path := range []string{"/", "/key", "/key/freeze", "/key/end?sure=yes", "/key/pin", "/key/stored", "/key/stored.pdf", "/sign-out", "/activate", "/not-me", "/?cancel"} {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.AddCookie(&http.Cookie{Name: sessionCookie, Value: somebody})
		w := httptest.NewRecorder()
		newPages(t, own).Handler().ServeHTTP(w, r)
		if own.done != nil || own.action != nil || w.Code >= http.StatusBadRequest {
			t.Errorf("%s: %d, done: %v %v", path, w.Code, own.done, own.action)
		}
	}
}

// TestSignedIn: whoever signs in is known by a token that nobody knew before, what was before ends, and the way goes on
// within these pages.
func TestSignedIn(t *testing.T) {
	for to, want := range map[string]string{
		"": "/key", "to=pin": "/key/pin", "again&to=end": "/key/end", "to=//evil.example": "/key", "to=https://evil.example": "/key", "to=../x": "/key", "to=pin%0d%0aX:y": "/key",
	} {
		own := &fake{page: login.Page{Step: login.StepDone}}
		r := sendsFor("/", "/", url.Values{"do": {"sign_in"}, "identifier": {"912345678"}, "pin": {"482913"}})
		r.URL.RawQuery = to
		w := httptest.NewRecorder()
		newPages(t, own).Handler().ServeHTTP(w, r)
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != want {
			t.Errorf("%s: %d to %q, want %q", to, w.Code, w.Header().Get("Location"), want)
		}
		cookies := w.Result().Cookies()
		i := slices.IndexFunc(cookies, func(c *http.Cookie) bool { return c.Name == sessionCookie })
		if i < 0 || cookies[i].Value == somebody || cookies[i].Value != own.session || !slices.Equal(own.done, []string{"sign out " + somebody}) {
			t.Fatalf("%s: %v, done %v", to, cookies, own.done)
		}
		if c := cookies[i]; !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.MaxAge != 0 {
			t.Errorf("the cookie is %v", c)
		}
	}
}

// TestNobody: who has not signed in, or too long ago, is asked to, and comes back.
func TestNobody(t *testing.T) {
	for _, tt := range []struct {
		path, session string
		stale         bool
		want          string
	}{
		{"/key", "", false, "/"},
		{"/key", somebody, false, "/"},
		{"/key/stored", somebody, false, "/?to=stored"},
		{"/key/stored.pdf", somebody, false, "/"},
		{"/key/pin", "", false, "/?to=pin"},
		{"/key/pin", somebody, true, "/?again&to=pin"},
		{"/key/end", somebody, true, "/?again&to=end"},
	} {
		own := &fake{stale: tt.stale}
		if tt.stale {
			own.session = somebody
		}
		r := httptest.NewRequest(http.MethodGet, tt.path, nil)
		r.AddCookie(&http.Cookie{Name: sessionCookie, Value: tt.session})
		w := httptest.NewRecorder()
		newPages(t, own).Handler().ServeHTTP(w, r)
		if got := w.Header().Get("Location"); w.Code != http.StatusSeeOther || got != tt.want {
			t.Errorf("%s: %d %q, want %q", tt.path, w.Code, got, tt.want)
		}
	}
}

// TestHeaders: every answer is sent under the policy, also those of errors, the PDF and the style sheet.
func TestHeaders(t *testing.T) {
	policies := map[string]int{}
	for _, s := range append(screens(), screen{name: "pdf", path: "/key/stored.pdf"}, screen{name: "style", path: style}) {
		w := httptest.NewRecorder()
		s.serve(t, w, httptest.NewRequest(http.MethodGet, "/visit", nil))
		h := w.Header()
		for name, want := range map[string]string{
			"Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Cross-Origin-Opener-Policy": "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "no-store",
		} {
			if got := h.Get(name); got != want && (s.name != "style" || name != "Cache-Control") {
				t.Errorf("%s: %s is %q", s.name, name, got)
			}
		}
		policies[h.Get("Content-Security-Policy")]++
		if asks := strings.Contains(w.Body.String(), `type="password"`) || strings.Contains(w.Body.String(), "one-time-code"); asks && !strings.Contains(h.Get("Content-Security-Policy"), "form-action 'self';") {
			t.Errorf("%s asks for a secret, under %s", s.name, h.Get("Content-Security-Policy"))
		}
		if w.Code == http.StatusServiceUnavailable && h.Get("Retry-After") == "" {
			t.Errorf("%s does not say when to come again", s.name)
		}
		for _, sign := range []string{"<script", "<style", " style=", " on", "javascript:", "http://", "https://"} {
			if page := w.Body.String(); sign != " on" && s.name != "pdf" && s.name != "style" && strings.Contains(page, sign) {
				t.Errorf("%s: has %q", s.name, sign)
			}
		}
	}
	const before, after = "default-src 'none'; style-src 'self'; form-action ", "; frame-ancestors 'none'; base-uri 'none'"
	if len(policies) != 2 || policies[before+"'self'"+after] == 0 || policies[before+"'self' https:"+after] == 0 {
		t.Errorf("policies: %v", policies)
	}
	for address, want := range map[string]string{
		"https://a.example/cb": "'self' https:", "http://127.0.0.1:9/cb": "'self' https: http:", "pt.example.app:/cb": "'self' https: pt.example.app:",
		"": "'self' https:", "a b; script-src *:": "'self' https:", "javascript:alert(1)": "'self' https:",
	} {
		if got := formsTo(address); got != want {
			t.Errorf("%q: %s", address, got)
		}
	}
}

// TestStrangersWords: what a service or a person is called is text, whatever it is.
func TestStrangersWords(t *testing.T) {
	const evil = `"><script>alert(1)</script>{{.}}<a href='x`
	for _, page := range []login.Page{
		{Step: login.StepSignIn, Service: evil, Typed: evil, Country: evil}, {Step: login.StepCode, Service: evil, Channel: kiosk.SMS, Contact: evil, Other: kiosk.Email},
		{Step: login.StepConsent, Service: evil, Rows: []login.Row{{Claim: evil, Value: evil}, {Claim: "nationalities", Value: evil}}}, {Step: login.StepStopped, Service: evil},
	} {
		w := httptest.NewRecorder()
		newPages(t, &fake{}).Show(w, httptest.NewRequest(http.MethodGet, "/visit?lang="+url.QueryEscape(evil), nil), page)
		if text := w.Body.String(); strings.Contains(text, "<script") || strings.Contains(text, "<a href='x") {
			t.Errorf("%s: %s", page.Step, text)
		}
	}
}

// TestRead: what each page sends is that action, and nothing is left of a PIN in what was read.
func TestRead(t *testing.T) {
	rows := login.Page{Rows: []login.Row{{Claim: "name"}, {Claim: "email"}, {Claim: "pt_nif"}}}
	for _, tt := range []struct{ form, want string }{
		{"do=sign_in&identifier=%2B351+912&pin=48 29-13&country=UKR", "login.SignIn{+351 912 UKR 482913}"},
		{"do=sign_in&pin=%D9%A4", "login.SignIn{  ٤}"},
		{"do=code&code=123+456", "login.EnterCode{123456}"},
		{"do=send&channel=email", "login.SendCode{email}"},
		{"do=consent&send=email&send=other", "login.Consent{[name pt_nif]}"},
		{"do=consent", "login.Consent{[name email pt_nif]}"},
		{"do=cancel", "login.Cancel{}"},
		{"do=else", ErrForm.Error()},
		{"", ErrForm.Error()},
	} {
		f := &form{raw: []byte(tt.form), values: map[string][][]byte{}}
		if !f.parse(f.raw) {
			t.Fatal(tt.form)
		}
		action, err := f.action(rows)
		got := fmt.Sprintf("%T%s", action, action)
		if err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s: %s, want %s", tt.form, got, tt.want)
		}
		if f.wipe(); bytes.Trim(f.raw, "\x00") != nil && len(bytes.Trim(f.raw, "\x00")) > 0 {
			t.Errorf("left: %q", f.raw)
		}
	}
}

// FuzzForm: forms are read as net/url reads them, and nothing else is.
func FuzzForm(f *testing.F) {
	for _, seed := range []string{"a=b&c=d", "a=%20+%2b&a=2", "&&=", "%zz=1", "a=%", "a;b=c", "ä=é&%C3%A4=1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		want, err := url.ParseQuery(text)
		got := &form{values: map[string][][]byte{}}
		if ok := got.parse([]byte(text)); strings.Contains(text, ";") {
			return // net/url refuses these, browsers escape them
		} else if ok != (err == nil) {
			t.Fatalf("%v, want %v", ok, err)
		} else if !ok {
			return
		}
		for name, values := range want {
			for i, value := range values {
				if len(got.values[name]) != len(values) || string(got.values[name][i]) != value {
					t.Errorf("%q: %q, want %q", name, got.values[name], values)
				}
			}
		}
	})
}
