package door_test

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"gopkg.in/yaml.v3"

	"balcao/kiosk/central"
	"balcao/kiosk/central/cluster"
	"balcao/kiosk/central/schema"
	"balcao/kiosk/transcript"
)

// TestProblems provokes each problem that one call can meet.
func TestProblems(t *testing.T) {
	t.Parallel()
	b := newBench(t, limits)
	desk, other := b.client(&b.desk), b.db.Desk("loja_2")
	open, expired, ended, another := b.enrolment(desk), b.enrolment(desk), b.enrolment(desk), b.enrolment(b.client(&other))
	b.exec(`update centre.enrolment set opened_at = opened_at - interval '3 hours', expires_at = opened_at where id = $1`,
		strings.TrimPrefix(expired, "/v1/enrolments/"))
	b.put(desk, ended+"/abandonment", `{"reason":"cancelled"}`)
	send := open + "/codes/" + newID()
	b.put(desk, send, anEmail)
	aPerson := b.person(desk)
	evidence := `{"jws":"e30=","identity":"e30=","sod":"e30=","sealed_pin":"e30="}`
	media := central.MediaJSON
	for _, test := range []struct {
		name, method, path, media, body string
		status                          int
		code                            string
	}{
		{"no such path", "GET", "/v1/people", "", "", 404, "invalid"},
		{"no such path either", "GET", "/", "", "", 404, "invalid"},
		{"another method", "DELETE", open, "", "", 405, "invalid"},
		{"another method of a path without identifiers", "GET", "/v1/hello", "", "", 405, "invalid"},
		{"no UUID", "GET", "/v1/enrolments/1", "", "", 400, "invalid"},
		{"capitals", "GET", "/v1/enrolments/" + strings.ToUpper(newID()), "", "", 400, "invalid"},
		{"a random UUID", "GET", "/v1/enrolments/6ba7b810-9dad-41d1-80b4-00c04fd430c8", "", "", 400, "invalid"},
		{"no UUID of a code", "PUT", open + "/codes/1", media, anEmail, 400, "invalid"},
		{"no media type", "PUT", open, "", aPerson, 415, "invalid"},
		{"another media type", "PUT", open, "text/plain", aPerson, 415, "invalid"},
		{"no JSON", "PUT", open, media, "civil_number=12345678", 400, "invalid"},
		{"an unknown member", "PUT", open, media, `{"name":"Ana"}`, 400, "invalid"},
		{"a body where none belongs", "GET", open, media, `{}`, 413, "invalid"},
		{"a body of hello", "POST", "/v1/hello", media, `{}`, 413, "invalid"},
		{"too long", "PUT", open, media, strings.Repeat(" ", 1025), 413, "invalid"},
		{"outside its domain", "PUT", "/v1/enrolments/" + newID(), media, `{"document_kind":"citizen-card","country":"PRT"}`, 422, "invalid"},
		{"unknown", "GET", "/v1/enrolments/" + newID(), "", "", 404, "unknown_enrolment"},
		{"another desk's", "GET", another, "", "", 404, "unknown_enrolment"},
		{"another desk's, opened", "PUT", another, media, aPerson, 404, "unknown_enrolment"},
		{"another person", "PUT", open, media, strings.Replace(aPerson, "12345678", "87654321", 1), 409, "conflict"},
		{"another contact", "PUT", send, media, strings.Replace(anEmail, "ana", "eva", 1), 409, "conflict"},
		{"ended", "PUT", ended + "/codes/" + newID(), media, anEmail, 409, "enrolment_ended"},
		{"expired", "PUT", expired + "/attempts/" + newID(), media, aTry, 410, "enrolment_expired"},
		{"no code", "PUT", open + "/attempts/" + newID(), media, strings.Replace(aTry, "email", "sms", 1), 422, "no_code"},
		{"no contact", "PUT", open + "/evidence", media, evidence, 422, "no_contact"},
		{"no chip in a Citizen Card", "PUT", open + "/chip-challenge", media, `{"dg14":"e30="}`, 422, "invalid"},
	} {
		status, h, body := b.try(desk, test.method, b.urls[0]+test.path, test.media, test.body)
		wantProblem(t, test.name, status, h, body, test.status, test.code)
		if allow := h.Get("Allow"); (status == 405) != (allow != "") {
			t.Errorf("%s: Allow is %q", test.name, allow)
		}
	}

	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, b.urls[0]+open, io.MultiReader(strings.NewReader(aPerson)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", media)
	answer, err := desk.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text := must(io.ReadAll(answer.Body))(t)
	wantProblem(t, "no length", answer.StatusCode, answer.Header, string(text), 411, "invalid")

	if err := schema.Set(t.Context(), b.db.Admin(), "desk_opens_per_hour", 1); err != nil {
		t.Fatal(err)
	}
	status, h, body := b.try(desk, "PUT", b.urls[0]+"/v1/enrolments/"+newID(), media, aPerson)
	wantProblem(t, "too many", status, h, body, 429, "too_many")

	b.exec(`revoke execute on all functions in schema desk from balcao_centre`)
	status, h, body = b.try(desk, "POST", b.urls[0]+"/v1/hello", "", "")
	wantProblem(t, "a fault of ours", status, h, body, 500, "internal")
}

// TestWho: what the certificate decides.
func TestWho(t *testing.T) {
	t.Parallel()
	b := newBench(t, limits)
	hello := func(what string, cert *tls.Certificate, want int, code string) {
		t.Helper()
		status, h, body := b.try(b.client(cert), "POST", b.urls[0]+"/v1/hello", "", "")
		if code != "" {
			wantProblem(t, what, status, h, body, want, code)
		} else if status != want {
			t.Errorf("%s: %d %s, want %d", what, status, body, want)
		}
	}
	done := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	hello("a desk", &b.desk, 200, "")
	hello("nobody", nil, 401, "no_certificate")
	for _, call := range []string{"GET /v1/events", "GET /v1/enrolments/" + newID(), "PUT /v1/enrolments/" + newID() + "/evidence"} {
		method, path, _ := strings.Cut(call, " ")
		status, h, body := b.try(b.client(nil), method, b.urls[0]+path, "", "")
		wantProblem(t, call+" of nobody", status, h, body, 401, "no_certificate")
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		if status, _, body := b.try(b.client(nil), "GET", b.urls[0]+path, "", ""); status != http.StatusNoContent {
			t.Errorf("%s of nobody: %d %s", path, status, body)
		}
	}

	foreign := newAuthority(t).desk(t, "loja_1", time.Now().Add(time.Hour))
	hello("a desk of another authority", foreign, 0, "") // TLS refuses it

	hello("an expired certificate", b.dated.desk(t, "loja_3", time.Now().Add(-time.Minute)), 0, "") // and this
	ending := b.dated.desk(t, "loja_3", time.Now().Add(3*time.Second).Truncate(time.Second))
	done(schema.AddDesk(t.Context(), b.db.Admin(), "loja_3", ending.Certificate[0]))
	client := b.client(ending)
	if status, _, body := b.try(client, "POST", b.urls[0]+"/v1/hello", "", ""); status != http.StatusOK {
		t.Errorf("a certificate that ends soon: %d %s", status, body)
	}
	b.until("a certificate that ended while its connection was open is refused", func() bool {
		status, _, _ := b.try(client, "POST", b.urls[0]+"/v1/hello", "", "")
		return status == http.StatusUnauthorized
	})

	// loja_9 is registered elsewhere: the authority vouches for it, this database does not know it.
	elsewhere := cluster.NewDatabase(t).Desk("loja_9")
	hello("a stranger of our authority", &elsewhere, 403, "not_a_desk")

	done(schema.SuspendDesk(t.Context(), b.db.Admin(), "loja_1"))
	hello("a suspended desk", &b.desk, 403, "desk_suspended")
	done(schema.ResumeDesk(t.Context(), b.db.Admin(), "loja_1"))
	hello("a desk that is back", &b.desk, 200, "")
	done(schema.RevokeDesk(t.Context(), b.db.Admin(), "loja_1"))
	hello("a revoked desk", &b.desk, 403, "not_a_desk")

	old := &tls.Config{RootCAs: b.roots, MaxVersion: tls.VersionTLS12, Certificates: []tls.Certificate{b.desk}} //nolint:gosec // that it is refused
	if c, err := tls.Dial("tcp", strings.TrimPrefix(b.urls[0], "https://"), old); err == nil {
		_ = c.Close()
		t.Error("TLS 1.2 was accepted")
	}
}

// TestBodies: a body of the longest that a call takes is taken, one byte more is not, for each call.
func TestBodies(t *testing.T) {
	t.Parallel()
	b := newBench(t, limits)
	desk := b.client(&b.desk)
	open, shift := b.enrolment(desk), "/v1/shifts/"+newID()
	b.put(desk, shift, "")
	for _, call := range []struct {
		path string
		most int
	}{
		{open, 1 << 10}, {open + "/codes/" + newID(), 1 << 10}, {open + "/attempts/" + newID(), 1 << 10},
		{open + "/chip-challenge", 24 << 10}, {open + "/evidence", 528 << 10}, {open + "/abandonment", 1 << 10},
		{shift + "/sign-in", 64 << 10}, {shift + "/failures/" + newID(), 1 << 10}, {shift + "/cases/" + newID() + "/decision", 64 << 10},
	} {
		path, most := call.path, call.most
		body := "{}" + strings.Repeat(" ", most-2)
		status, h, text := b.try(desk, "PUT", b.urls[0]+path, central.MediaJSON, body+" ")
		wantProblem(t, "too long for "+path, status, h, text, 413, "invalid")
		if status, h, text = b.try(desk, "PUT", b.urls[0]+path, central.MediaJSON, body); !strings.HasSuffix(path, "/abandonment") {
			wantProblem(t, "of nothing to "+path, status, h, text, 422, "invalid")
		} else if status != http.StatusNoContent {
			t.Errorf("the longest abandonment: %d %s", status, text)
		}
	}

	// The longest evidence that the database takes fits.
	open = b.enrolment(desk)
	bytes := func(n int) string { return base64.StdEncoding.EncodeToString(make([]byte, n)) }
	evidence := `{"jws":"` + bytes(262144) + `","identity":"` + bytes(65536) + `","sod":"` + bytes(65536) +
		`","sealed_pin":"` + bytes(4096) + `"}`
	status, h, text := b.try(desk, "PUT", b.urls[0]+open+"/evidence", central.MediaJSON, evidence)
	wantProblem(t, "the longest evidence", status, h, text, 422, "no_contact")
}

// TestRepeats: the same call again has the same answer and does nothing.
func TestRepeats(t *testing.T) {
	t.Parallel()
	b := newBench(t, limits, limits)
	desk := b.client(&b.desk)
	path := "/v1/enrolments/" + newID()
	for _, call := range []struct{ path, body string }{
		{path, b.person(desk)}, {path + "/codes/" + newID(), anEmail}, {path + "/attempts/" + newID(), aTry},
		{path + "/abandonment", `{"reason":"cancelled"}`},
	} {
		first := b.put(desk, call.path, call.body)
		var same sync.WaitGroup
		for i := range 8 { // and at the same time, at both doors
			same.Go(func() {
				status, _, again := b.try(desk, "PUT", b.urls[i%2]+call.path, central.MediaJSON, call.body)
				if status/100 != 2 || again != first {
					t.Errorf("%s again: %d %s, want %s", call.path, status, again, first)
				}
			})
		}
		same.Wait()
	}
	if got := b.count(`select count(*) from centre.enrolment`); got != 1 {
		t.Errorf("%d enrolments", got)
	}
	if got := b.count(`select count(*) from centre.one_time_code`); got != 1 {
		t.Errorf("%d codes", got)
	}
}

// TestConnections: a certificate has so many and an address, and what is too much finds the door shut; when some end,
// others come in.
func TestConnections(t *testing.T) {
	t.Parallel()
	l := limits
	l.PerAddress = 40
	b := newBench(t, l)
	b.until("there is room", func() bool { return b.ready(0) == http.StatusNoContent })
	hello := func(c *tls.Conn) int {
		if _, err := io.WriteString(c, "POST /v1/hello HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"); err != nil {
			return 0
		}
		answer, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			return 0
		}
		defer answer.Body.Close()
		_, _ = io.Copy(io.Discard, answer.Body)
		return answer.StatusCode
	}
	var held []*tls.Conn
	for range 32 {
		c := b.raw(&b.desk)
		if status := hello(c); status != http.StatusOK {
			t.Fatalf("connection %d: %d", len(held), status)
		}
		held = append(held, c)
	}
	if status := hello(b.raw(&b.desk)); status != http.StatusTooManyRequests {
		t.Errorf("connection 33 of a certificate: %d", status)
	}
	other := b.db.Desk("loja_2")
	refused := 0
	for range 20 {
		c, err := tls.Dial("tcp", strings.TrimPrefix(b.urls[0], "https://"), &tls.Config{RootCAs: b.roots, Certificates: []tls.Certificate{other}})
		if err != nil || hello(c) == 0 {
			refused++
			continue
		}
		held = append(held, c)
	}
	if len(held) > l.PerAddress || refused < 20-(l.PerAddress-32) {
		t.Errorf("%d connections of one address, %d refused", len(held), refused)
	}
	for _, c := range held {
		_ = c.Close()
	}
	b.until("there is room again", func() bool {
		status, _, _ := b.try(b.client(&b.desk), "POST", b.urls[0]+"/v1/hello", "", "")
		return status == http.StatusOK
	})
}

// TestRequiredMembers: a call without a member that openapi.yaml requires is refused, and one without another is not.
func TestRequiredMembers(t *testing.T) {
	t.Parallel()
	b := newBench(t, limits)
	desk := b.client(&b.desk)
	var doc struct {
		Components struct {
			Schemas map[string]struct{ Required []string }
		}
	}
	if err := yaml.Unmarshal(must(os.ReadFile("openapi.yaml"))(t), &doc); err != nil {
		t.Fatal(err)
	}
	card, passport := b.enrolment(desk), "/v1/enrolments/"+newID()
	b.put(desk, passport, strings.Replace(b.person(desk), `"citizen-card","country":"PRT","civil_number":"12345678"`,
		`"passport","country":"USA","document_number":"C01234567","tax_number":"123456789"`, 1))
	b.put(desk, card+"/codes/"+newID(), anEmail)
	boss := b.employ("F0102", "supervisor")
	s := b.begin(desk)
	shift, said := "/v1/shifts/"+s.Shift.String(), func(request any) string { return string(must(json.Marshal(request))(t)) }
	signIn := said(central.SignIn{JWS: boss.signIn(t, s)})
	decision := said(central.Decision{JWS: boss.approval(t, transcript.Approval{Enrolment: uuid.Must(uuid.NewV7()), Transcript: make([]byte, 32),
		Decision: "approved", Shift: s.Shift, Desk: s.Desk, At: s.At})})
	for _, call := range []struct {
		schema, path, body string
		whole              string // what a whole one comes to: a problem, or ""
	}{
		{"Person", "", b.person(desk), ""},
		{"CodeRequest", card + "/codes/", `{"channel":"sms","value":"+351912345678","language":"pt"}`, ""},
		{"Attempt", card + "/attempts/", aTry, ""},
		{"Chip", passport + "/chip-challenge", `{"dg14":"e30="}`, ""},
		{"Evidence", card + "/evidence", `{"jws":"e30=","identity":"e30=","sod":"e30=","sealed_pin":"e30="}`, "no_contact"},
		{"Abandonment", passport + "/abandonment", `{"reason":"cancelled"}`, ""},
		{"SignIn", shift + "/sign-in", signIn, ""},
		{"SignInFailure", shift + "/failures/", `{"fingerprint":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}`, ""},
		{"Decision", shift + "/cases/" + newID() + "/decision", decision, ""},
	} {
		put := func(body string) string {
			path := call.path
			if path == "" {
				path = "/v1/enrolments/" + newID()
			} else if strings.HasSuffix(path, "/") {
				path += newID()
			}
			_, _, text := b.try(desk, "PUT", b.urls[0]+path, central.MediaJSON, body)
			var p central.Problem
			if text != "" {
				if err := json.Unmarshal([]byte(text), &p); err != nil {
					t.Fatal(err)
				}
			}
			return p.Code
		}
		for _, member := range doc.Components.Schemas[call.schema].Required {
			var some map[string]any
			if err := json.Unmarshal([]byte(call.body), &some); err != nil {
				t.Fatal(err)
			}
			if _, said := some[member]; !said {
				t.Errorf("%s.%s is required and not in the whole body", call.schema, member)
			}
			delete(some, member)
			if code := put(string(must(json.Marshal(some))(t))); code != central.RefusedInvalid {
				t.Errorf("%s without %s: %q, want invalid", call.schema, member, code)
			}
		}
		if code := put(call.body); code != call.whole {
			t.Errorf("a whole %s: %q, want %q", call.schema, code, call.whole)
		}
	}
}

// raw is a connection of a desk's on which anything may be written.
func (b *bench) raw(cert *tls.Certificate) *tls.Conn {
	b.Helper()
	config := &tls.Config{RootCAs: b.roots, MinVersion: tls.VersionTLS13}
	if cert != nil {
		config.Certificates = []tls.Certificate{*cert}
	}
	c, err := tls.Dial("tcp", strings.TrimPrefix(b.urls[0], "https://"), config)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.Close() })
	return c
}

// TestHeaderFlood: a header that does not end is cut off.
func TestHeaderFlood(t *testing.T) {
	t.Parallel()
	b := newBench(t, limits)
	c := b.raw(nil)
	go func() {
		_, _ = io.WriteString(c, "GET /healthz HTTP/1.1\r\nHost: x\r\n")
		for _, err := io.WriteString(c, "X: "+strings.Repeat("y", 1000)+"\r\n"); err == nil; {
			_, err = io.WriteString(c, "X: "+strings.Repeat("y", 1000)+"\r\n")
		}
	}()
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("status %d", answer.StatusCode)
	}
}

// TestSlowBodies: calls whose bodies do not come hold no place. There is one place.
func TestSlowBodies(t *testing.T) {
	t.Parallel()
	l := limits
	l.Calls = 1
	b := newBench(t, l)
	var slow []*tls.Conn
	for range 16 {
		c := b.raw(&b.desk)
		if _, err := io.WriteString(c, "PUT /v1/enrolments/"+newID()+" HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"+
			"Content-Length: 100\r\n\r\n{"); err != nil {
			t.Fatal(err)
		}
		slow = append(slow, c)
	}
	other := b.db.Desk("loja_2")
	b.enrolment(b.client(&other))
	b.until("the slow desk has as many calls under way as it may", func() bool {
		status, _, body := b.try(b.client(&b.desk), "POST", b.urls[0]+"/v1/hello", "", "")
		return status == http.StatusTooManyRequests && strings.Contains(body, central.FailedBusy)
	})
	for _, c := range slow {
		answer, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		text := must(io.ReadAll(answer.Body))(t)
		wantProblem(t, "slow", answer.StatusCode, answer.Header, string(text), 408, "unavailable")
	}
	b.enrolment(b.client(&b.desk))
}

// TestUnwantedBodies: a body that nobody asked for and that does not come holds no connection, whoever answers: an
// endpoint, the mux (a path that is not clean) or net/http (an asterisk).
func TestUnwantedBodies(t *testing.T) {
	t.Parallel()
	b := newBench(t, limits)
	var reading sync.WaitGroup
	for _, request := range []string{"POST /v1/hello", "POST /nowhere", "GET /healthz", "POST //v1/hello", "POST /v1/../x", "OPTIONS *"} {
		c := b.raw(nil)
		if _, err := io.WriteString(c, request+" HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"); err != nil {
			t.Fatal(err)
		}
		if err := c.SetReadDeadline(time.Now().Add(25 * time.Second)); err != nil { // the body's time is 10 s
			t.Fatal(err)
		}
		reading.Go(func() {
			if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%s: the connection is still open", request)
			}
		})
	}
	reading.Wait()
}

// TestNamelessLeaveNoLine: whoever has no certificate writes nothing into the log of a centre at work.
func TestNamelessLeaveNoLine(t *testing.T) {
	t.Parallel()
	b := newBench(t, limits)
	for _, call := range [][2]string{{"GET", "/healthz"}, {"GET", "/readyz"}, {"POST", "/v1/hello"}, {"GET", "/nowhere"}} {
		b.try(b.client(nil), call[0], b.urls[0]+call[1], "", "")
	}
	b.try(b.client(&b.desk), "POST", b.urls[0]+"/v1/hello", "", "") // asking is no news either
	b.try(b.client(&b.desk), "PUT", b.urls[0]+"/v1/enrolments/"+newID()+"/abandonment", "application/json", `{"reason":"cancelled"}`)
	var lines []string
	b.until("the desk's call is in the log", func() bool {
		lines = nil
		for line := range strings.Lines(b.log.String()) {
			if strings.Contains(line, "msg=call") && !strings.Contains(line, "level=DEBUG") {
				lines = append(lines, line)
			}
		}
		return len(lines) > 0 && strings.Contains(lines[len(lines)-1], "desk=loja_1")
	})
	if len(lines) != 1 {
		t.Errorf("lines: %q", lines)
	}
}
