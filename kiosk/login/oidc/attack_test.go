package oidc_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/uuid"

	"balcao/kiosk/central/schema"
	"balcao/kiosk/kiosktest"
	"balcao/kiosk/login"
)

// TestRedirects: answers go where a service is registered to have them, compared whole, and nobody is sent elsewhere even
// with an error (RFC 9700 §4.1).
func TestRedirects(t *testing.T) {
	b := newBench(t)
	web := b.service("portal", nil)
	own := b.service("desktop", func(c *schema.Client) {
		c.Loopback, c.Sector, c.RedirectURIs, c.LogoutURIs = true, "desktop.example", []string{"http://127.0.0.1/cb", "https://desktop.example/cb"}, nil
	})
	_, hashed := challenge()
	br := b.browser()
	for _, tt := range []struct {
		s    service
		uri  string
		good bool
	}{
		{web, "https://portal.example/cb", true},
		{web, "https://portal.example/cb/", false},
		{web, "https://portal.example/cb/x", false},
		{web, "https://portal.example/cb?x=1", false},
		{web, "https://portal.example/cb#x", false},
		{web, "https://portal.example/CB", false},
		{web, "https://portal.example/x/../cb", false},
		{web, "https://portal.example/%63b", false},
		{web, "https://portal.example:8443/cb", false},
		{web, "https://portal.example.evil.example/cb", false},
		{web, "https://evil.example/cb?https://portal.example/cb", false},
		{web, "https://portal.example@evil.example/cb", false},
		{web, "https://evil.example\\@portal.example/cb", false},
		{web, "http://portal.example/cb", false},
		{web, "HTTPS://portal.example/cb", false},
		{web, "//portal.example/cb", false},
		{web, "javascript:alert(1)", false},
		{web, "http://127.0.0.1:8080/cb", false},
		{web, "", false},
		{own, "http://127.0.0.1:49152/cb", true},
		{own, "http://127.0.0.1/cb", true},
		{own, "https://desktop.example/cb", true},
		{own, "https://desktop.example:49152/cb", false},
		{own, "http://127.0.0.1:49152/cb/x", false},
		{own, "http://127.0.0.1:49152/cb?x", false},
		{own, "http://127.0.0.1:49152", false},
		{own, "http://127.0.0.1:@evil.example/cb", false},
		{own, "http://127.0.0.1:80@evil.example/cb", false},
		{own, "http://127.0.0.2:49152/cb", false},
		{own, "http://localhost:49152/cb", false},
		{own, "http://[::1]:49152/cb", false},
		{own, "https://127.0.0.1:49152/cb", false},
		{own, "http://127.0.0.1.evil.example:49152/cb", false},
	} {
		a := br.get(tt.s.start(hashed, "redirect_uri", tt.uri))
		if inside := a.to != nil && strings.HasPrefix(a.to.String(), b.issuer+"/authorize/"); inside != tt.good || !tt.good && (a.status != http.StatusBadRequest || a.to != nil) {
			t.Errorf("%s: %d %v", tt.uri, a.status, a.to)
		}
		if status, said := tt.s.call("/par", tt.s.request(hashed, "redirect_uri", tt.uri)); (status == http.StatusCreated) != tt.good {
			t.Errorf("%s pushed: %d %v", tt.uri, status, said)
		}
	}
	for name, q := range map[string]url.Values{
		"an unknown service": web.request(hashed, "client_id", "nobody"),
		"two redirects":      {"client_id": {"portal"}, "redirect_uri": {web.redirect, "https://evil.example/"}, "response_type": {"code"}},
	} {
		if a := br.get(b.issuer + "/authorize?" + q.Encode()); a.status != http.StatusBadRequest {
			t.Errorf("%s: %d %v", name, a.status, a.to)
		}
	}
}

// TestRequests: what weakens a request is refused, and the service is told which of its requests it was.
func TestRequests(t *testing.T) {
	b := newBench(t)
	s, other := b.service("portal", nil), b.service("other", nil)
	b.service("pushes", func(c *schema.Client) { c.RequirePAR = true })
	_, hashed := challenge()
	br := b.browser()
	for _, tt := range []struct{ name, parameter, value, want string }{
		{"no PKCE", "code_challenge", "", "invalid_request"},
		{"plain PKCE", "code_challenge_method", "plain", "invalid_request"},
		{"a method that is not named is plain", "code_challenge_method", "", "invalid_request"},
		{"half a challenge", "code_challenge", hashed[:42], "invalid_request"},
		{"implicit", "response_type", "token", "unsupported_response_type"},
		{"hybrid", "response_type", "code id_token", "unsupported_response_type"},
		{"none", "response_type", "none", "unsupported_response_type"},
		{"into the fragment", "response_mode", "fragment", "invalid_request"},
		{"as a form", "response_mode", "form_post", "invalid_request"},
		{"by reference", "request_uri", "https://evil.example/request", "request_uri_not_supported"},
	} {
		a := br.get(s.start(hashed, tt.parameter, tt.value))
		if a.to == nil || a.to.Query().Get("error") != tt.want || a.to.Query().Get("iss") != b.issuer || a.to.Query().Get("code") != "" ||
			!strings.HasPrefix(a.to.String(), s.redirect+"?") {
			t.Errorf("%s: %d %v", tt.name, a.status, a.to)
		}
		if status, said := s.call("/par", s.request(hashed, tt.parameter, tt.value)); status != http.StatusBadRequest || said["request_uri"] != nil {
			t.Errorf("%s, pushed: %d %v", tt.name, status, said)
		}
	}
	if a := br.get(b.issuer + "/authorize?" + s.request(hashed, "client_id", "pushes").Encode()); a.status != http.StatusBadRequest {
		t.Errorf("not pushed: %d %v", a.status, a.to)
	}
	// Of a pushed request nothing can be filled in, or taken by another.
	push := func() string {
		status, said := s.call("/par", s.request(hashed, "scope", "openid", "state", "", "nonce", ""))
		if status != http.StatusCreated {
			t.Fatalf("pushed: %d %v", status, said)
		}
		return said["request_uri"].(string)
	}
	uri := push()
	begin := func(id, uri string) answered {
		return br.get(b.issuer + "/authorize?" + url.Values{"client_id": {id}, "request_uri": {uri}, "scope": {"openid email"}, "state": {"evil"},
			"nonce": {"evil"}, "redirect_uri": {"https://evil.example/"}, "prompt": {"none"}}.Encode())
	}
	page, at := br.page(begin("portal", uri))
	if page.Step != login.StepSignIn || page.Return != s.redirect {
		t.Errorf("pushed: %+v", page)
	}
	if back := br.do(at, "cancel").to; back.Query().Has("state") || !strings.HasPrefix(back.String(), s.redirect) {
		t.Errorf("filled in: %s", back)
	}
	if a := begin("portal", uri); a.status != http.StatusGone {
		t.Errorf("a pushed request twice: %d %v", a.status, a.to)
	}
	if a := begin("other", push()); a.status != http.StatusBadRequest || a.to != nil {
		t.Errorf("another's pushed request: %d %v", a.status, a.to)
	}
	if status, said := other.call("/par", s.request(hashed)); status != http.StatusUnauthorized {
		t.Errorf("pushed for another: %d %v", status, said)
	}
}

// TestCodes: a code is good once, for the service and the request that it was made for (RFC 9700 §4.5).
func TestCodes(t *testing.T) {
	b := newBench(t)
	h, s, other := b.holder(), b.service("portal", nil), b.service("other", nil)
	br := b.browser()
	for _, tt := range []struct {
		name   string
		by     service
		change url.Values
	}{
		{"without a verifier", s, url.Values{"code_verifier": nil}},
		{"another verifier", s, url.Values{"code_verifier": {login.NewToken()}}},
		{"the challenge for a verifier", s, url.Values{"code_verifier": {"challenge"}}},
		{"another redirect", s, url.Values{"redirect_uri": {"https://portal.example/cb2"}}},
		{"no redirect", s, url.Values{"redirect_uri": nil}},
		{"another service", other, nil},
		{"another grant", s, url.Values{"grant_type": {"refresh_token"}}},
	} {
		verifier, hashed := challenge()
		to := br.signIn(s.start(hashed), h)
		form := url.Values{"grant_type": {"authorization_code"}, "code": {to.Query().Get("code")}, "redirect_uri": {s.redirect}, "code_verifier": {verifier}}
		for name, value := range tt.change {
			if form[name] = value; fmt.Sprint(value) == "[challenge]" {
				form[name] = []string{hashed}
			}
		}
		status, said := tt.by.call("/token", form)
		if status != http.StatusBadRequest || said["access_token"] != nil {
			t.Errorf("%s: %d %v", tt.name, status, said)
		}
		if tt.name == "another grant" {
			continue
		}
		if status, said := s.redeem(to, verifier); status != http.StatusBadRequest || said["error"] != "invalid_grant" {
			t.Errorf("%s, and then the right one: %d %v", tt.name, status, said)
		}
	}
	// Injected into somebody's session at the service: their verifier is another.
	mine, hashed := challenge()
	theirs, _ := challenge()
	stolen := br.signIn(s.start(hashed), h)
	if status, said := s.redeem(stolen, theirs); status != http.StatusBadRequest {
		t.Errorf("injected: %d %v", status, said)
	}
	// Used again: what the first use began ends.
	to := br.signIn(s.start(hashed), h)
	_, tokens := s.redeem(to, mine)
	if status, _ := b.userinfo(tokens["access_token"]); status != http.StatusOK {
		t.Errorf("userinfo: %d", status)
	}
	if status, said := s.redeem(to, mine); status != http.StatusBadRequest || said["error"] != "invalid_grant" {
		t.Errorf("again: %d %v", status, said)
	}
	if status, _ := b.userinfo(tokens["access_token"]); status != http.StatusUnauthorized {
		t.Errorf("userinfo, when the code was used again: %d", status)
	}
	// By many at once.
	to = br.signIn(s.start(hashed), h)
	var good sync.Map
	var all sync.WaitGroup
	for i := range 12 {
		all.Go(func() {
			if status, said := s.redeem(to, mine); status == http.StatusOK {
				good.Store(i, said["access_token"])
			}
		})
	}
	all.Wait()
	n := 0
	good.Range(func(_, token any) bool {
		if n++; n > 1 {
			t.Error("a code was good twice")
		}
		if status, _ := b.userinfo(token); status != http.StatusUnauthorized {
			t.Errorf("userinfo, when twelve used a code: %d", status)
		}
		return true
	})
	// The last page is posted twice: one code.
	_, at := br.toConsent(s.start(hashed), h)
	codes := 0
	for range 2 {
		if a := br.do(at, "consent"); a.to != nil && a.to.Query().Has("code") {
			codes++
		}
	}
	if codes != 1 {
		t.Errorf("a visit gave %d codes", codes)
	}
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, b.issuer+"/userinfo?access_token="+fmt.Sprint(tokens["access_token"]), nil)
	if status, _ := b.json(r); status != http.StatusUnauthorized {
		t.Errorf("a token in the URL: %d", status)
	}
}

// TestClients: who calls is the service, and an assertion says so once, to us alone.
func TestClients(t *testing.T) {
	b := newBench(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	b.check(err)
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	b.check(err)
	public := jose.JSONWebKey{Key: key.Public(), KeyID: "k1", Algorithm: "ES256", Use: "sig"}
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{public}})
	b.check(err)
	s := b.service("signs", func(c *schema.Client) { c.Auth, c.JWKS = "private_key_jwt", set })
	secret := b.service("secret", nil)
	_, hashed := challenge()
	sign := func(alg jose.SignatureAlgorithm, key any, change map[string]any) string {
		t.Helper()
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", "k1"))
		b.check(err)
		claims := map[string]any{"iss": "signs", "sub": "signs", "aud": b.issuer, "jti": uuid.NewString(), "iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix()}
		for name, value := range change {
			if claims[name] = value; value == nil {
				delete(claims, name)
			}
		}
		text, err := jwt.Signed(signer).Claims(claims).Serialize()
		b.check(err)
		return text
	}
	push := func(assertion string) int {
		form := s.request(hashed)
		form.Set("client_assertion", assertion)
		form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		status, _ := s.call("/par", form)
		return status
	}
	once := sign(jose.ES256, key, nil)
	if status := push(once); status != http.StatusCreated {
		t.Fatalf("an assertion: %d", status)
	}
	head, rest, _ := strings.Cut(once, ".")
	none := "eyJhbGciOiJub25lIn0." + rest[:strings.LastIndex(rest, ".")+1]
	for name, assertion := range map[string]string{
		"used before":         once,
		"for several":         sign(jose.ES256, key, map[string]any{"aud": []string{b.issuer, "https://evil.example"}}),
		"for another":         sign(jose.ES256, key, map[string]any{"aud": "https://evil.example"}),
		"for nobody":          sign(jose.ES256, key, map[string]any{"aud": nil}),
		"over":                sign(jose.ES256, key, map[string]any{"exp": time.Now().Add(-5 * time.Minute).Unix()}),
		"for ever":            sign(jose.ES256, key, map[string]any{"exp": time.Now().Add(48 * time.Hour).Unix()}),
		"without an end":      sign(jose.ES256, key, map[string]any{"exp": nil}),
		"without a number":    sign(jose.ES256, key, map[string]any{"jti": nil}),
		"about another":       sign(jose.ES256, key, map[string]any{"sub": "secret"}),
		"of another":          sign(jose.ES256, key, map[string]any{"iss": "secret", "sub": "secret"}),
		"signed by another":   sign(jose.ES256, stranger, nil),
		"with the public key": sign(jose.HS256, set, nil),
		"not signed":          none,
		"altered":             head + "x." + rest,
		"empty":               "",
	} {
		if status := push(assertion); status != http.StatusUnauthorized {
			t.Errorf("an assertion %s: %d", name, status)
		}
	}
	// An instance that starts anew knows what was used.
	b.kill()
	if status := push(once); status != http.StatusUnauthorized {
		t.Errorf("an assertion used before, at another instance: %d", status)
	}
	for name, x := range map[string]service{
		"another secret": {b, "secret", login.NewToken(), ""}, "no secret": {b, "secret", "", ""}, "another's secret": {b, "signs", secret.secret, ""}, "nobody": {b, "nobody", "x", ""},
	} {
		if status, said := x.call("/token", url.Values{"grant_type": {"authorization_code"}, "client_id": {x.id}, "code": {"x"}}); status != http.StatusUnauthorized || said["error"] != "invalid_client" {
			t.Errorf("%s: %d %v", name, status, said)
		}
	}
	if status, _ := secret.call("/par?client_id=secret", secret.request(hashed)); status != http.StatusBadRequest {
		t.Errorf("parameters in the URL: %d", status)
	}
	b.check(schema.SuspendClient(t.Context(), b.office.DB.Admin(), "secret"))
	if status, _ := secret.call("/par", secret.request(hashed)); status != http.StatusUnauthorized {
		t.Errorf("a service that is suspended: %d", status)
	}
	if a := b.browser().get(secret.start(hashed)); a.status != http.StatusBadRequest {
		t.Errorf("a service that is suspended: %d", a.status)
	}
}

// TestBrowsers: a visit is one browser's, and a session one sign-in's.
func TestBrowsers(t *testing.T) {
	b := newBench(t)
	h, s := b.holder(), b.service("portal", nil)
	_, hashed := challenge()
	thief, victim := b.browser(), b.browser()
	_, at := thief.page(thief.get(s.start(hashed)))
	if a := victim.get(at); a.status != http.StatusForbidden {
		t.Errorf("another's visit opened: %d", a.status)
	}
	if a := victim.do(at, "sign_in", "name", h.Phone, "pin", h.PIN); a.status != http.StatusForbidden {
		t.Errorf("signed in to another's visit: %d", a.status)
	}
	// A form of another site's.
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, at, strings.NewReader(url.Values{"do": {"cancel"}}.Encode()))
	b.check(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	answer, err := thief.Do(r)
	b.check(err)
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusForbidden {
		t.Errorf("another site's form: %d", answer.StatusCode)
	}
	// A session that somebody put into the browser is not the one that is signed in.
	known := login.NewToken()
	site, _ := url.Parse(b.issuer)
	victim.Jar.SetCookies(site, []*http.Cookie{{Name: "session", Value: known, Path: "/"}})
	victim.signIn(s.start(hashed), h)
	for _, c := range victim.Jar.Cookies(site) {
		if c.Name == "session" && c.Value == known {
			t.Error("signed in to a session that was there before")
		}
	}
	thief.Jar.SetCookies(site, []*http.Cookie{{Name: "session", Value: known, Path: "/"}})
	if page, _ := thief.page(thief.get(s.start(hashed))); page.Step != login.StepSignIn {
		t.Error("somebody else's session is signed in")
	}
	// What ends a key ends its sessions and grants.
	verifier, hashed := challenge()
	_, tokens := s.redeem(victim.signIn(s.start(hashed), h), verifier)
	late := victim.signIn(s.start(hashed), h)
	_, err = b.office.Admin.Exec(t.Context(), `select internal.change_key($1, 'suspend', 'request')`, h.Register)
	b.check(err)
	if status, _ := b.userinfo(tokens["access_token"]); status != http.StatusUnauthorized {
		t.Errorf("userinfo of a frozen key: %d", status)
	}
	if status, said := s.redeem(late, verifier); status != http.StatusBadRequest || said["error"] != "invalid_grant" {
		t.Errorf("a code of a frozen key: %d %v", status, said)
	}
	if page, _ := victim.page(victim.get(s.start(hashed))); page.Step != login.StepSignIn {
		t.Errorf("a session of a frozen key: %s", page.Step)
	}
}

// TestEnumeration: nobody is told whether somebody has a key, and a key's PIN cannot be tried from however many places. Their
// times are compared in kiosk/signin.
func TestEnumeration(t *testing.T) {
	b := newBench(t)
	wrong, locked, suspended, s := b.holder(), b.holder(), b.holder(), b.service("portal", nil)
	_, hashed := challenge()
	_, err := b.office.Admin.Exec(t.Context(), `select internal.change_key($1, 'suspend', 'request')`, suspended.Register)
	b.check(err)
	try := func(br *browser, name, pin string) answered {
		_, at := br.page(br.get(s.start(hashed)))
		a := br.do(at, "sign_in", "name", name, "pin", pin)
		for a.to != nil {
			a = br.get(a.to.String())
		}
		return a
	}
	for i := range 3 {
		br := b.browser()
		br.source = fmt.Sprint("place ", i)
		try(br, locked.Phone, "000000")
	}
	seen := map[string][]byte{}
	for name, phone := range map[string]string{"wrong": wrong.Phone, "locked": locked.Phone, "suspended": suspended.Phone, "unknown": "+351969999999"} {
		a := try(b.browser(), phone, "000000")
		seen[name] = bytes.ReplaceAll(a.body, []byte(phone), []byte("+351"))
		if a.status != http.StatusOK || !bytes.Equal(seen[name], seen["wrong"]) && seen["wrong"] != nil {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	for i := range 30 { // the right PIN, from thirty networks
		br := b.browser()
		br.source = fmt.Sprint("network ", i)
		if a := try(br, locked.Phone, locked.PIN); !bytes.Equal(bytes.ReplaceAll(a.body, []byte(locked.Phone), []byte("+351")), seen["wrong"]) {
			t.Fatalf("a locked key let somebody in: %s", a.body)
		}
	}
	if list := b.office.SMS.To(locked.Phone, kiosktest.CodeMessage); len(list) > 0 {
		t.Error("a code was sent")
	}
}

// TestBusy: over capacity nothing is counted, and browsers and services are told when to come again.
func TestBusy(t *testing.T) {
	b := newBench(t)
	h, s := b.holder(), b.service("portal", nil)
	_, hashed := challenge()
	br := b.browser()
	_, at := br.page(br.get(s.start(hashed)))
	for {
		place, err := b.hasher.Reserve()
		if err != nil {
			break
		}
		defer place.Leave()
	}
	if a := br.do(at, "sign_in", "name", h.Phone, "pin", h.PIN); a.status != http.StatusServiceUnavailable {
		t.Errorf("over capacity: %d", a.status)
	}
	var tries int
	b.check(b.office.Admin.QueryRow(t.Context(), `select count(*) from centre.sign_in_try`).Scan(&tries))
	if page, _ := br.page(br.get(at)); tries != 0 || page.Step != login.StepSignIn {
		t.Errorf("%d tries were counted, and the visit is at %s", tries, page.Step)
	}
}
