package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"

	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/html"

	"balcao/cmd/internal/process"
	"balcao/kiosk/central/cluster"
	"balcao/kiosk/central/deskca"
	"balcao/kiosk/central/schema"
	"balcao/kiosk/evidence"
	"balcao/kiosk/kiosktest"
	"balcao/kiosk/login"
	"balcao/kiosk/login/oidc"
	"balcao/kiosk/registrar"
)

// asLogin has the test's own binary be the sign-in service, so that it can be a process of its own.
const asLogin = "BALCAO_TEST_LOGIN"

func TestMain(m *testing.M) {
	if os.Getenv(asLogin) != "" {
		main()
	}
	cluster.TestMain(m)
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// try runs the program to its end.
func try(t *testing.T, args ...string) (code int, stderr string) {
	t.Helper()
	var errs bytes.Buffer
	code = run(t.Context(), args, io.Discard, &errs)
	return code, errs.String()
}

// site is a folder with a configuration and what it names.
type site struct {
	dir, config, issuer string
	roots               *x509.CertPool
}

// newSite makes one. more is added to the configuration.
func newSite(t *testing.T, database string, records ed25519.PublicKey, more string) site {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	address := l.Addr().String()
	check(t, l.Close())
	s := site{dir: t.TempDir(), roots: x509.NewCertPool(), issuer: "https://" + address}
	services, err := deskca.New()
	check(t, err)
	s.roots.AddCert(services.Certificate())
	pair, err := services.Server("127.0.0.1")
	check(t, err)
	_, _, err = pair.Write(s.dir, "login")
	check(t, err)
	der, err := x509.MarshalPKIXPublicKey(records)
	check(t, err)
	key, err := rsa.GenerateKey(rand.Reader, 3072)
	check(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	check(t, err)
	check(t, os.Mkdir(filepath.Join(s.dir, "signing"), 0o700))
	for name, text := range map[string][]byte{
		"record.pub":             pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}),
		"signing/2026-01-01.pem": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
		"pepper":                 kiosktest.Pepper(), "subjects": bytes.Repeat([]byte{1}, oidc.SubjectKeyLength),
		"login.toml": fmt.Appendf(nil, `
listen = %q
issuer = %q
certificate = "login.crt"
key = "login.key"
database = %q
pepper = "pepper"
record_keys = ["record.pub"]
signing_keys = "signing"
subject_key = "subjects"
%s`, address, s.issuer, database, more),
	} {
		check(t, os.WriteFile(filepath.Join(s.dir, name), text, 0o600))
	}
	s.config = filepath.Join(s.dir, "login.toml")
	return s
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{"-nonsense"}, {"-config", "x", "extra"}} {
		if code, errs := try(t, args...); code != exitUsage || !strings.Contains(errs, "Usage: login") {
			t.Errorf("%v: exit %d, %q", args, code, errs)
		}
	}
	if code, errs := try(t, "-help"); code != exitOK || !strings.Contains(errs, "/readyz") {
		t.Errorf("-help: exit %d, %q", code, errs)
	}
}

func TestCheckConfig(t *testing.T) {
	const socket = "host=/run/postgresql user=balcao_login dbname=balcao"
	public, _, err := ed25519.GenerateKey(nil)
	check(t, err)
	good := newSite(t, socket, public, "trusted_proxies = [\"10.0.0.0/8\"]\n")
	if code, errs := try(t, "-config", good.config, "-check-config"); code != exitOK {
		t.Fatalf("a good configuration: exit %d: %s", code, errs)
	}
	text, err := os.ReadFile(good.config)
	check(t, err)
	handed := regexp.MustCompile(`(?m)^(pepper|subject_key) = .*\n`).ReplaceAll(text, nil)
	check(t, os.WriteFile(good.config, handed, 0o600))
	if code, errs := try(t, "-config", good.config, "-check-config"); code != exitError || !strings.Contains(errs, "pepper:") || !strings.Contains(errs, "subject_key:") {
		t.Errorf("without two keys: exit %d: %s", code, errs)
	}
	t.Setenv("CREDENTIALS_DIRECTORY", good.dir)
	if code, errs := try(t, "-config", good.config, "-check-config"); code != exitOK {
		t.Errorf("with two keys as systemd's credentials: exit %d: %s", code, errs)
	}
	bad := newSite(t, "host=db.example dbname=balcao password=hunter2", public, "colour = 1\nmetrics = \":9466\"\nat_once = 0\nwaiting = -1\nconnections = 0\nvisits_per_minute = 0\ntrusted_proxies = [\"x\"]\n")
	for _, name := range []string{"pepper", "signing/2026-01-01.pem", "login.key", "login.toml"} {
		check(t, os.Chmod(filepath.Join(bad.dir, name), 0o644)) //nolint:gosec // which is what is tested
	}
	check(t, os.WriteFile(filepath.Join(bad.dir, "subjects"), []byte("short"), 0o600))
	check(t, os.Remove(filepath.Join(bad.dir, "record.pub")))
	code, errs := try(t, "-config", bad.config, "-check-config")
	for _, want := range []string{"colour", "metrics:", "key:", "pepper:", "signing_keys:", "subject_key:", "record_keys:", "trusted_proxies:", "database:", "at_once:", "waiting:", "connections:", "visits_per_minute:"} {
		if !strings.Contains(errs, want) {
			t.Errorf("%q is missing in %s", want, errs)
		}
	}
	if code != exitError || strings.Contains(errs, "hunter2") {
		t.Errorf("exit %d, %s", code, errs)
	}
	for issuer, want := range map[string]bool{"https://entrar.example": true, "https://entrar.example/": false, "https://entrar.example/x": false, "http://entrar.example": false,
		"http://127.0.0.1:8444": true, "http://[::1]:8444": true, "http://localhost:1": false, "entrar.example": false, "https://a@entrar.example": false, "": false} {
		if got := checkIssuer(issuer) == nil; got != want {
			t.Errorf("issuer %q: %v", issuer, got)
		}
	}
}

// TestSources: a network is told by its hash, and what a proxy says is believed of proxies that are trusted only.
func TestSources(t *testing.T) {
	alone := config{}
	from, err := newSources(kiosktest.Pepper(), alone.proxies)
	check(t, err)
	ask := func(s *sources, peer, forwarded string) string {
		r := &http.Request{RemoteAddr: peer, Header: http.Header{}}
		if forwarded != "" {
			r.Header.Set("X-Forwarded-For", forwarded)
		}
		return string(s.of(r))
	}
	home := ask(from, "192.0.2.7:1", "")
	if len(home) != 32 || home != ask(from, "192.0.2.200:9", "198.51.100.1") || home == ask(from, "192.0.3.7:1", "") || strings.Contains(home, "192") {
		t.Error("not a network")
	}
	if ask(from, "[2001:db8:1:2::1]:1", "") != ask(from, "[2001:db8:1:3::1]:1", "") || ask(from, "[2001:db8:1::1]:1", "") == ask(from, "[2001:db8:2::1]:1", "") {
		t.Error("not a network of IPv6")
	}
	c := config{TrustedProxies: []string{"10.0.0.0/8"}}
	_ = c.load()
	proxied, err := newSources(kiosktest.Pepper(), c.proxies)
	check(t, err)
	for _, forwarded := range []string{"192.0.2.1", "203.0.113.9, 192.0.2.1", "192.0.2.1, 10.0.0.2"} {
		if ask(proxied, "10.0.0.1:1", forwarded) != home {
			t.Errorf("behind a proxy that says %s", forwarded)
		}
	}
	if ask(proxied, "192.0.2.7:1", "203.0.113.9") != home {
		t.Error("somebody who is no proxy is believed")
	}
}

// TestLimit: a network begins so many visits within a minute, and another is not told apart from one that did not.
func TestLimit(t *testing.T) {
	l := &limit{most: 3}
	at := time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)
	for i := range 5 {
		if got := l.allows([]byte("home"), at); got != (i < 3) {
			t.Errorf("visit %d: %v", i, got)
		}
	}
	if !l.allows([]byte("office"), at) || !l.allows([]byte("home"), at.Add(time.Minute)) {
		t.Error("another network, or minute, is refused")
	}
}

// start has a process of the service answer.
func start(t *testing.T, s site) *process.Process {
	t.Helper()
	p, err := process.Start([]string{asLogin + "=1"}, os.Args[0], "-config", s.config)
	check(t, err)
	t.Cleanup(func() { _ = p.Stop(time.Second) })
	check(t, p.AwaitReady(t.Context()))
	return p
}

// browser is a person's, at the real pages.
type browser struct {
	*testing.T
	*http.Client
	at   *url.URL
	page *html.Node
}

func (s site) browser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	check(t, err)
	return &browser{T: t, Client: &http.Client{Jar: jar, Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: s.roots, MinVersion: tls.VersionTLS12}},
		CheckRedirect: func(r *http.Request, _ []*http.Request) error {
			if !strings.HasPrefix(r.URL.String(), s.issuer) {
				return http.ErrUseLastResponse
			}
			return nil
		}}}
}

// go on to an answer; what it returns is where a service would be, when it leads there.
func (b *browser) went(answer *http.Response, err error) *url.URL {
	b.Helper()
	check(b.T, err)
	defer answer.Body.Close()
	if to, err := answer.Location(); err == nil {
		return to
	}
	text, err := io.ReadAll(answer.Body)
	check(b.T, err)
	if answer.StatusCode != http.StatusOK {
		b.Fatalf("%s: %d %s", answer.Request.URL, answer.StatusCode, text)
	}
	b.at = answer.Request.URL
	b.page, err = html.Parse(bytes.NewReader(text))
	check(b.T, err)
	return nil
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// send fills in the form that does something, and sends it.
func (b *browser) send(do string, fields map[string]string) *url.URL {
	b.Helper()
	for n := range b.page.Descendants() {
		if n.Type != html.ElementNode || n.Data != "form" {
			continue
		}
		form := url.Values{}
		for f := range n.Descendants() {
			if f.Type == html.ElementNode && f.Data == "input" && attribute(f, "name") != "" {
				form.Add(attribute(f, "name"), attribute(f, "value"))
			}
		}
		if form.Get("do") != do {
			continue
		}
		for name, value := range fields {
			form.Set(name, value)
		}
		r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, b.at.String(), strings.NewReader(form.Encode()))
		check(b.T, err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", b.at.Scheme+"://"+b.at.Host)
		answer, err := b.Do(r)
		return b.went(answer, err)
	}
	var text strings.Builder
	_ = html.Render(&text, b.page)
	b.Fatalf("no form does %s: %s", do, text.String())
	return nil
}

// TestServe has two processes beside each other sign somebody in at the real pages, kills one in between, and looks at
// what was logged.
func TestServe(t *testing.T) {
	office := kiosktest.NewOffice(t)
	office.OpenCentre(t.Context(), t)
	office.NewRegistrar(t.Context(), t, 2, "", func(cfg *registrar.Config) {
		cfg.Verifier = evidence.Verifier{Examiner: kiosktest.Examiner(t, nil)}
	}).Start(t.Context(), t)
	s := newSite(t, office.DB.Login(), office.Records.Public().(ed25519.PublicKey), "metrics = \"127.0.0.1:0\"\n")
	secret, err := schema.AddClient(t.Context(), office.DB.Admin(), schema.Client{ID: "portal-zq", Name: "Portal", RedirectURIs: []string{"https://portal.example/cb"},
		Auth: "client_secret_basic", Claims: schema.Claims})
	check(t, err)
	h := office.NewHolder(t.Context(), t)
	first := start(t, s)
	b := s.browser(t)
	verifier := login.NewToken()
	sum := sha256.Sum256([]byte(verifier))
	ask := url.Values{"client_id": {"portal-zq"}, "redirect_uri": {"https://portal.example/cb"}, "response_type": {"code"}, "scope": {"openid profile"}, "state": {"x"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"}}
	answer, err := b.Get(s.issuer + "/authorize?" + ask.Encode())
	b.went(answer, err)
	b.send("sign_in", map[string]string{"identifier": h.Phone, "pin": "000000"})
	b.send("sign_in", map[string]string{"identifier": h.Phone, "pin": h.PIN})
	code := office.SMS.NextCode(t.Context(), t, h.Phone, 0)
	// It is killed; another one at the same place goes on.
	check(t, first.Cmd.Process.Kill())
	<-first.Done
	second := start(t, s)
	b.send("code", map[string]string{"code": code})
	back := b.send("consent", nil)
	if back == nil || back.Query().Get("code") == "" || back.Query().Get("iss") != s.issuer {
		t.Fatalf("back at %v", back)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.issuer+"/token", strings.NewReader(url.Values{"grant_type": {"authorization_code"},
		"code": {back.Query().Get("code")}, "redirect_uri": {"https://portal.example/cb"}, "code_verifier": {verifier}}.Encode()))
	check(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth("portal-zq", url.QueryEscape(secret))
	answer, err = b.Do(r)
	check(t, err)
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("token: %d", answer.StatusCode)
	}
	for _, path := range []string{"/healthz", "/readyz", "/.well-known/openid-configuration", "/"} {
		answer, err := b.Get(s.issuer + path)
		check(t, err)
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			t.Errorf("%s: %d", path, answer.StatusCode)
		}
	}
	check(t, second.Cmd.Process.Signal(syscall.SIGTERM))
	<-second.Done
	if second.Err != nil {
		t.Errorf("stopped: %v", second.Err)
	}
	var log strings.Builder
	for _, p := range []*process.Process{first, second} {
		for _, line := range p.Said() {
			log.WriteString(line.Text + "\n")
		}
	}
	if !strings.Contains(log.String(), `"route":"POST /authorize/{id}","status":303`) {
		t.Errorf("nothing was logged:\n%s", log.String())
	}
	visit := strings.TrimPrefix(b.at.Path, "/authorize/")
	for _, secret := range []string{"portal", h.Phone, h.Phone[4:], h.Email, h.PIN, code, secret, verifier, back.Query().Get("code"), visit, "000000"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log has %q", secret)
		}
	}
}

// TestDatabaseGone: without the database nobody is signed in, and browsers are told to come again.
func TestDatabaseGone(t *testing.T) {
	public, _, err := ed25519.GenerateKey(nil)
	check(t, err)
	s := newSite(t, "host=/nonexistent user=balcao_login dbname=balcao", public, "")
	start(t, s)
	b := s.browser(t)
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 503, "/authorize?client_id=portal": 503} {
		answer, err := b.Get(s.issuer + path)
		check(t, err)
		_ = answer.Body.Close()
		if answer.StatusCode != want || want == 503 && path != "/readyz" && answer.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %d %v", path, answer.StatusCode, answer.Header)
		}
	}
}
