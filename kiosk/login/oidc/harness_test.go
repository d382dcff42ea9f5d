package oidc_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"crypto/ed25519"

	"github.com/jackc/pgx/v5/pgxpool"

	"balcao/kiosk"
	"balcao/kiosk/central/cluster"
	"balcao/kiosk/central/schema"
	"balcao/kiosk/evidence"
	"balcao/kiosk/kiosktest"
	"balcao/kiosk/login"
	"balcao/kiosk/login/oidc"
	"balcao/kiosk/registrar"
	"balcao/kiosk/signin"
)

func TestMain(m *testing.M) { cluster.TestMain(m) }

// signingKeys is a folder of keys, made once.
var signingKeys = sync.OnceValue(func() string {
	dir, err := os.MkdirTemp("", "signing")
	if err != nil {
		panic(err)
	}
	first, err := rsa.GenerateKey(rand.Reader, 3072)
	if err != nil {
		panic(err)
	}
	second, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	writeKey(dir, "2026-01-01.pem", first)
	writeKey(dir, "2026-01-01-es256.pem", second)
	return dir
})

func writeKey(dir, name string, key any) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)
	}
	if err != nil {
		panic(err)
	}
}

// pages stand for ui/web: they write what a page shows as JSON, and read forms.
type pages struct{}

func (pages) Browser(w http.ResponseWriter, r *http.Request) string {
	if c, err := r.Cookie("visit"); err == nil {
		return c.Value
	}
	value := login.NewToken()
	http.SetCookie(w, &http.Cookie{Name: "visit", Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	return value
}

func (pages) Show(w http.ResponseWriter, _ *http.Request, page login.Page) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(page)
}

func (pages) Read(r *http.Request, _ login.Page) (login.Action, error) {
	switch r.PostFormValue("do") {
	case "sign_in":
		return login.SignIn{Identifier: r.PostFormValue("name"), PIN: []byte(r.PostFormValue("pin"))}, nil
	case "code":
		return login.EnterCode{Code: []byte(r.PostFormValue("code"))}, nil
	case "send":
		return login.SendCode{Channel: kiosk.Channel(r.PostFormValue("channel"))}, nil
	case "consent":
		return login.Consent{Refused: r.PostForm["refused"]}, nil
	case "cancel":
		return login.Cancel{}, nil
	}
	return nil, login.ErrBrowser
}

func (pages) Fail(w http.ResponseWriter, _ *http.Request, err error) {
	for is, status := range map[error]int{login.ErrRequest: 400, login.ErrBrowser: 403, login.ErrGone: 410, login.ErrSignedOut: 410, login.ErrBusy: 503, login.ErrUnavailable: 503} {
		if errors.Is(err, is) {
			w.WriteHeader(status)
			return
		}
	}
	w.WriteHeader(500)
	_, _ = fmt.Fprintln(w, err)
}

func (pages) Session(r *http.Request) string {
	if c, err := r.Cookie("session"); err == nil {
		return c.Value
	}
	return ""
}

func (pages) SignedIn(w http.ResponseWriter, token string) {
	http.SetCookie(w, &http.Cookie{Name: "session", Value: token, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
}

func (pages) SignedOut(w http.ResponseWriter) {
	http.SetCookie(w, &http.Cookie{Name: "session", Path: "/", MaxAge: -1})
}

func (pages) Language(http.ResponseWriter, *http.Request, kiosk.Language, []kiosk.Language) kiosk.Language {
	return kiosk.Portuguese
}

// bench is a sign-in service of a test's own, with a registrar that sends its codes.
type bench struct {
	*testing.T
	office *kiosktest.Office
	issuer string
	stop   func()         // the instance at hand
	hasher *signin.Hasher // its
	start  func() (stop func())
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{T: t, office: kiosktest.NewOffice(t)}
	b.office.OpenCentre(t.Context(), t)
	b.office.NewRegistrar(t.Context(), t, 2, "", func(cfg *registrar.Config) {
		cfg.Verifier = evidence.Verifier{Examiner: kiosktest.Examiner(t, nil)}
	}).Start(t.Context(), t)
	for name, value := range map[string]int{"pin_hash_memory_kib": 7168, "pin_hash_passes": 1, "code_resend_after_seconds": 0} {
		b.check(schema.Set(t.Context(), b.office.DB.Admin(), name, value))
	}
	address := "127.0.0.1:0"
	b.start = func() func() {
		l, err := net.Listen("tcp", address)
		b.check(err)
		address = l.Addr().String() // the next instance is reached at the same
		b.issuer = "http://" + address
		cfg, err := pgxpool.ParseConfig(b.office.DB.Login())
		b.check(err)
		cfg.MaxConns = 12
		pool, err := pgxpool.NewWithConfig(context.Background(), cfg)
		b.check(err)
		b.hasher, err = signin.NewHasher(kiosktest.Pepper(), 2, 40)
		b.check(err)
		checker := signin.New(pool, b.hasher)
		engine := login.New(pool, checker, []ed25519.PublicKey{b.office.Records.Public().(ed25519.PublicKey)})
		keys, err := oidc.LoadKeys(signingKeys())
		b.check(err)
		p, err := oidc.New(oidc.Config{Issuer: b.issuer, Database: pool, Engine: engine, Keys: keys, Subjects: make([]byte, oidc.SubjectKeyLength), Pages: pages{}})
		b.check(err)
		mux := http.NewServeMux()
		for _, route := range oidc.Routes {
			mux.Handle(route, p)
		}
		server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mux.ServeHTTP(w, r.WithContext(login.WithSource(r.Context(), []byte(r.Header.Get("X-Test-Source")))))
		})}
		go func() { _ = server.Serve(l) }()
		return sync.OnceFunc(func() { _ = server.Close(); checker.Wait(); pool.Close() })
	}
	b.stop = b.start()
	t.Cleanup(func() { b.stop() })
	return b
}

// kill ends the instance at hand, and another takes its place.
func (b *bench) kill() {
	b.stop()
	http.DefaultClient.CloseIdleConnections() // a POST on one that the instance closed is not sent again
	b.stop = b.start()
}

func (b *bench) check(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// service is one at which people sign in.
type service struct {
	b                    *bench
	id, secret, redirect string
}

func (b *bench) service(id string, change func(*schema.Client)) service {
	b.Helper()
	c := schema.Client{ID: id, Name: "Portal " + id, RedirectURIs: []string{"https://" + id + ".example/cb"}, LogoutURIs: []string{"https://" + id + ".example/bye"},
		Auth: "client_secret_basic", Claims: schema.Claims}
	if change != nil {
		change(&c)
	}
	secret, err := schema.AddClient(b.Context(), b.office.DB.Admin(), c)
	b.check(err)
	return service{b, id, secret, c.RedirectURIs[0]}
}

type holder = kiosktest.Holder

func (b *bench) holder() holder {
	b.Helper()
	return b.office.NewHolder(b.Context(), b)
}

// browser is somebody's, which follows no redirect by itself.
type browser struct {
	b *bench
	*http.Client
	source string // from where, as the service is told
}

func (b *bench) browser() *browser {
	jar, err := cookiejar.New(nil)
	b.check(err)
	// Each request has a connection of its own: instances come and go.
	return &browser{b, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, "home"}
}

// answered is an answer, read.
type answered struct {
	status int
	to     *url.URL // of a redirect
	at     string
	header http.Header
	body   []byte
}

func (br *browser) ask(method, target string, form url.Values) answered {
	br.b.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(br.b.Context(), method, target, body)
	br.b.check(err)
	r.Header.Set("X-Test-Source", br.source)
	r.Header.Set("Accept", "text/html")
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	answer, err := br.Do(r)
	br.b.check(err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	br.b.check(err)
	to, _ := answer.Location()
	return answered{answer.StatusCode, to, target, answer.Header, text}
}

func (br *browser) get(target string) answered { return br.ask(http.MethodGet, target, nil) }

// page follows redirects to a page of the service, and reads it.
func (br *browser) page(a answered) (page login.Page, at string) {
	br.b.Helper()
	for a.to != nil && strings.HasPrefix(a.to.String(), br.b.issuer) {
		a = br.get(a.to.String())
	}
	if a.status != http.StatusOK {
		br.b.Fatalf("%s: no page but %d %s %v", a.at, a.status, a.body, a.to)
	}
	br.b.check(json.Unmarshal(a.body, &page))
	return page, a.at
}

// do posts what a person does on a page.
func (br *browser) do(at, what string, more ...string) answered {
	br.b.Helper()
	form := url.Values{"do": {what}}
	for i := 0; i+1 < len(more); i += 2 {
		form.Add(more[i], more[i+1])
	}
	return br.ask(http.MethodPost, at, form)
}

// toConsent signs in until what goes is shown.
func (br *browser) toConsent(start string, h holder) (page login.Page, at string) {
	br.b.Helper()
	page, at = br.page(br.get(start))
	if page.Step == login.StepSignIn {
		before := len(br.b.office.SMS.To(h.Phone, kiosktest.CodeMessage))
		page, at = br.page(br.do(at, "sign_in", "name", h.Phone, "pin", h.PIN))
		if page.Step != login.StepCode {
			br.b.Fatalf("behind the PIN: %+v", page)
		}
		code := br.b.office.SMS.NextCode(br.b.Context(), br.b, h.Phone, before)
		page, at = br.page(br.do(at, "code", "code", code))
	}
	if page.Step != login.StepConsent {
		br.b.Fatalf("behind the code: %+v", page)
	}
	return page, at
}

// signIn signs in and lets all go but what is refused. It returns to where the browser was sent.
func (br *browser) signIn(start string, h holder, refused ...string) *url.URL {
	br.b.Helper()
	_, at := br.toConsent(start, h)
	var more []string
	for _, claim := range refused {
		more = append(more, "refused", claim)
	}
	a := br.do(at, "consent", more...)
	if a.to == nil {
		br.b.Fatalf("behind consent: %d %s", a.status, a.body)
	}
	return a.to
}

// challenge is a PKCE verifier and its challenge.
func challenge() (verifier, hashed string) {
	verifier = login.NewToken()
	sum := sha256.Sum256([]byte(verifier))
	return verifier, base64.RawURLEncoding.EncodeToString(sum[:])
}

// request are the parameters of an authorization request, and more or others of them.
func (s service) request(hashed string, more ...string) url.Values {
	v := url.Values{"client_id": {s.id}, "redirect_uri": {s.redirect}, "response_type": {"code"}, "scope": {"openid profile email"},
		"state": {"st4te"}, "nonce": {"n0nce"}, "code_challenge": {hashed}, "code_challenge_method": {"S256"}}
	for i := 0; i+1 < len(more); i += 2 {
		if more[i+1] == "" {
			v.Del(more[i])
		} else {
			v.Set(more[i], more[i+1])
		}
	}
	return v
}

func (s service) start(hashed string, more ...string) string {
	return s.b.issuer + "/authorize?" + s.request(hashed, more...).Encode()
}

// call posts to an endpoint as the service, and reads the JSON of the answer.
func (s service) call(path string, form url.Values) (int, map[string]any) {
	s.b.Helper()
	r, err := http.NewRequestWithContext(s.b.Context(), http.MethodPost, s.b.issuer+path, strings.NewReader(form.Encode()))
	s.b.check(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if s.secret != "" {
		r.SetBasicAuth(url.QueryEscape(s.id), url.QueryEscape(s.secret))
	}
	return s.b.json(r)
}

func (b *bench) json(r *http.Request) (int, map[string]any) {
	b.Helper()
	answer, err := http.DefaultClient.Do(r)
	b.check(err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	b.check(err)
	var said map[string]any
	if len(text) > 0 {
		if err := json.Unmarshal(text, &said); err != nil {
			b.Fatalf("%s: %d %s", r.URL.Path, answer.StatusCode, text)
		}
	}
	return answer.StatusCode, said
}

func (s service) redeem(to *url.URL, verifier string) (int, map[string]any) {
	s.b.Helper()
	return s.call("/token", url.Values{"grant_type": {"authorization_code"}, "code": {to.Query().Get("code")}, "redirect_uri": {s.redirect}, "code_verifier": {verifier}})
}

func (b *bench) userinfo(token any) (int, map[string]any) {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, b.issuer+"/userinfo", nil)
	b.check(err)
	r.Header.Set("Authorization", fmt.Sprint("Bearer ", token))
	return b.json(r)
}

// claims are those of an ID token, unverified.
func claims(t testing.TB, token any) (all map[string]any) {
	t.Helper()
	parts := strings.Split(fmt.Sprint(token), ".")
	if len(parts) != 3 {
		t.Fatalf("no ID token: %v", token)
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err == nil {
		err = json.Unmarshal(raw, &all)
	}
	if err != nil {
		t.Fatal(err)
	}
	return all
}
