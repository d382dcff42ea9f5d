package e2e

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// hello calls the centre's door with a certificate, as an outsider's program would, and returns the status and, of a
// problem, its code.
func (c *centre) hello(t testing.TB, cert, key string) (status int, code string) {
	t.Helper()
	own, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	authority, err := os.ReadFile(c.env["BALCAO_CENTRE_CA"])
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{own}}}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: patience}
	answer, err := client.Post(c.env["BALCAO_CENTRE_URL"]+"/v1/hello", "", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var problem struct{ Code string }
	body, err := io.ReadAll(answer.Body)
	if err == nil {
		err = json.Unmarshal(body, &problem)
	}
	if err != nil {
		t.Fatalf("the door's answer: %v", err)
	}
	return answer.StatusCode, problem.Code
}

// wantHello sees what the door says to a certificate: "" when it deals with its desk.
func (c *centre) wantHello(t testing.TB, when, cert, key, want string) {
	t.Helper()
	wantStatus := http.StatusOK
	if want != "" {
		wantStatus = http.StatusForbidden
	}
	if status, code := c.hello(t, cert, key); status != wantStatus || code != want {
		t.Errorf("%s: the door answers %d %q, want %d %q", when, status, code, wantStatus, want)
	}
}

// TestSuspendedDesk suspends the desk with a case at each step: both screens say so, the centre refuses the next call,
// no key comes of it and no enrolment stays open. Resumed, the desk goes on without being started anew.
func TestSuspendedDesk(t *testing.T) {
	c := startDemo(t)
	registrar := c.adopt(t, "registrar")
	d := startDesk(t, c, startScreen(t))
	v := person("cc2024", "2580", 1)
	// Each row goes on from where the one before it ends.
	steps := []struct {
		name string
		walk func()
		// ended is the state of the case's enrolment, "" when it had none.
		ended string
	}{
		{"document", func() {}, ""},
		{"contact", func() {
			d.insert(t, c, v.card)
			d.confirmPerson(t)
		}, "abandoned"},
		{"code", func() { d.typeContact(t, v) }, "abandoned"},
		{"pin", func() { d.typeCode(t, v, c.receivedCode(t, v)) }, "abandoned"},
		{"review", func() { d.choosePIN(t, v) }, "abandoned"},
		{"binding", func() {
			d.agree(t, v)
			registrar.kill()
			d.typeCardPIN(t, v)
			d.awaits(t, "review=binding")
			c.awaitCount(t, "pending", 1)
		}, "refused"},
	}
	for i, step := range steps {
		v = person("cc2024", "2580", i) // of whom no code was asked yet
		for _, before := range steps[:i+1] {
			before.walk()
		}
		c.run(t, "kioskctl", "desk", "suspend", c.env["BALCAO_DESK"])
		d.awaits(t, "problem=desk_suspended", "identity=false")
		c.wantHello(t, step.name, c.env["BALCAO_DESK_CERT"], c.env["BALCAO_DESK_KEY"], "desk_suspended")
		d.screen.picture(t, "suspended-"+step.name)
		if step.name == "binding" {
			c.start(t, "registrar")
			c.awaitCount(t, "refused", 1)
		}
		if i > 0 {
			c.mock(t, "remove")
		}
		var keys, unfinished, ended int
		c.ask(t, `select (select count(*) from centre.key), count(*) filter (where state in ('open', 'pending')),
			count(*) filter (where state = $1 and refusal = 'desk_suspended') from centre.enrolment`,
			[]any{step.ended}, &keys, &unfinished, &ended)
		if keys != 0 || unfinished != 0 || step.ended != "" && ended == 0 {
			t.Errorf("%s: got %d keys, %d enrolments not ended and %d %s; want none, none and one", step.name, keys, unfinished, ended, step.ended)
		}
		c.run(t, "kioskctl", "desk", "resume", c.env["BALCAO_DESK"])
		d.awaits(t, "step=document", "case=0", "problem=", "away=false", "shift=card", "holder=true") // the shift was ended
		d.screen.xdo(t, "sleep", "3")                                                                 // what is typed at once was meant for the page before
		d.typeStaffPIN(t, c)
		d.awaits(t, "shift=open")
	}
	v = person("cc2024", "2580", len(steps))
	d.enrol(t, c, v)
	c.count(t, "active", 1)
}

// TestRotatedDesk gives the desk its next certificate: both hold in the overlap, a desk works with either, and what is
// revoked is cut off for good.
func TestRotatedDesk(t *testing.T) {
	c := startDemo(t)
	s := startScreen(t)
	cert, key := c.env["BALCAO_DESK_CERT"], c.env["BALCAO_DESK_KEY"]
	rotate := func(overlap string) (cert, key string) {
		said := c.run(t, "kioskctl", "desk", "rotate", c.env["BALCAO_DESK"], "--overlap", overlap, "--out", c.env["BALCAO_LOGS"],
			"--ca", filepath.Join(c.env["BALCAO_LOGS"], "desk-ca"))
		files := regexp.MustCompile(`= "([^"]+)"`).FindAllStringSubmatch(said, -1)
		return files[0][1], files[1][1]
	}
	d := startDesk(t, c, s)
	nextCert, nextKey := rotate("1h")
	c.wantHello(t, "the old one, in the overlap", cert, key, "")
	c.wantHello(t, "the next one", nextCert, nextKey, "")
	c.mock(t, "insert", "cc2024")
	d.awaits(t, "step=identity", "checked=true")
	d.confirmPerson(t) // with the old one
	c.mock(t, "remove")
	d.stop(t)

	raw, err := os.ReadFile(c.env["BALCAO_KIOSK_CONFIG"])
	if err != nil {
		t.Fatal(err)
	}
	config := strings.NewReplacer(cert, nextCert, key, nextKey).Replace(string(raw))
	if err := os.WriteFile(c.env["BALCAO_KIOSK_CONFIG"], []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	d = startDesk(t, c, s)
	c.mock(t, "insert", "cc2024")
	d.awaits(t, "step=identity", "checked=true")
	d.confirmPerson(t) // with the next one
	c.mock(t, "remove")

	lastCert, lastKey := rotate("0s")
	d.awaits(t, "problem=desk_suspended", "identity=false") // whose certificate ended
	c.wantHello(t, "the old one, after the overlap", cert, key, "not_a_desk")
	c.wantHello(t, "the next one, after the overlap", nextCert, nextKey, "not_a_desk")
	c.wantHello(t, "the last one", lastCert, lastKey, "")
	c.run(t, "kioskctl", "desk", "revoke", c.env["BALCAO_DESK"])
	c.wantHello(t, "revoked", lastCert, lastKey, "not_a_desk")
	if said, code := c.kioskctl(t, 0, "desk", "resume", c.env["BALCAO_DESK"]); code == 0 {
		t.Errorf("a revoked desk is resumed: %s", said)
	}
}
