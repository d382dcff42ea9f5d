package central_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/central/cluster"
	"balcao/kiosk/central/schema"
	"balcao/kiosk/evidence"
	"balcao/kiosk/kiosktest"
	"balcao/kiosk/registrar"
	"balcao/kiosk/transcript"
)

func TestMain(m *testing.M) { cluster.TestMain(m) }

// bench is a test's own centre: a database, a door and a desk that calls it.
type bench struct {
	*kiosktest.Office
	t     *testing.T
	shift uuid.UUID // at the office's desk
}

func newBench(t *testing.T) *bench {
	t.Helper()
	t.Parallel()
	b := &bench{Office: kiosktest.NewOffice(t), t: t}
	b.OpenCentre(t.Context(), t)
	b.shift = b.SignIn(t.Context(), t, b.Centre).ID
	return b
}

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

var people atomic.Int64

// person is somebody else each time, with a Citizen Card.
func (b *bench) person() central.Person {
	return central.Person{Shift: b.shift, Document: kiosk.CitizenCard, Country: "PRT", CivilNumber: civilNumber(10_000_000 + people.Add(1))}
}

// civilNumber is a number with its check digit.
func civilNumber(n int64) string {
	digits := fmt.Sprint(n)
	sum := 0
	for i, d := range digits {
		sum += int(d-'0') * (len(digits) + 1 - i)
	}
	check := 11 - sum%11
	if check > 9 {
		check = 0
	}
	return fmt.Sprintf("%s%d", digits, check)
}

func phone() string { return fmt.Sprintf("+3519%08d", 12_000_000+people.Add(1)) }

func must[T any](v T, err error) func(testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}

func wantRefused(t *testing.T, err error, code string) {
	t.Helper()
	var refused *central.Refused
	if !errors.As(err, &refused) {
		t.Fatalf("error = %v, want refused %s", err, code)
	}
	if got, want := refused.Code, code; got != want {
		t.Errorf("refused for %q, want %q", got, want)
	}
}

var someEvidence = transcript.Evidence{JWS: []byte(`{"payload":"dGhlLXRyYW5zY3JpcHQ","signatures":[]}`), Identity: []byte("identity"),
	SOD: []byte("sod"), SealedPIN: []byte("sealed")}

// Every call, as a case makes them, through the real door, and each of them twice: the answer is the same, and nothing
// was done twice.
func TestWholePath(t *testing.T) {
	b := newBench(t)
	ctx, cancel := context.WithTimeout(t.Context(), kiosktest.LifeTime)
	defer cancel()
	c := b.Centre
	b.NewRegistrar(ctx, t, 1, "", func(cfg *registrar.Config) {
		cfg.Verifier = evidence.Verifier{Examiner: kiosktest.Examiner(t, nil)}
	}).Start(ctx, t)

	h := must(c.Hello(ctx))(t)
	if h.Version != central.Version || h.Desk != kiosktest.DeskName || h.Rules.PINMin != 6 || h.SchemaVersion == 0 {
		t.Errorf("Hello: got %+v", h)
	}
	if h.Skew.Abs() > time.Second || h.RoundTrip <= 0 || h.Now.Location() != time.UTC {
		t.Errorf("Hello: skew on one computer %v, round trip %v, now %v", h.Skew, h.RoundTrip, h.Now)
	}
	id, who := newID(), b.person()
	o := must(c.Open(ctx, id, who))(t)
	if again := must(c.Open(ctx, id, who))(t); len(o.Challenge) != 32 || string(again.Challenge) != string(o.Challenge) || !again.OpenedAt.Equal(o.OpenedAt) {
		t.Errorf("Open: got %+v, then %+v", o, again)
	}
	to := phone()
	r := central.CodeRequest{ID: newID(), Channel: kiosk.SMS, Value: to, Language: kiosk.English}
	s := must(c.SendCode(ctx, id, r))(t)
	want := central.CodeSent{SentAt: s.SentAt, ExpiresAt: s.SentAt.Add(5 * time.Minute), ResendAt: s.SentAt.Add(30 * time.Second), SendsLeft: 3, TriesLeft: 3, Tries: 3}
	if again := must(c.SendCode(ctx, id, r))(t); s != want || again != s {
		t.Errorf("SendCode: got %+v, then %+v, want %+v", s, again, want)
	}
	code := b.SMS.Code(ctx, t, to)
	wrong := central.Attempt{ID: newID(), Channel: kiosk.SMS, Code: []byte("000000")}
	for range 2 {
		if a := must(c.ConfirmCode(ctx, id, wrong))(t); a.Refusal != central.CodeWrong || a.TriesLeft != 2 {
			t.Errorf("ConfirmCode of a wrong code: got %+v", a)
		}
	}
	right := central.Attempt{ID: newID(), Channel: kiosk.SMS, Code: []byte(code)}
	a := must(c.ConfirmCode(ctx, id, right))(t)
	if again := must(c.ConfirmCode(ctx, id, right))(t); a.Refusal != "" || a.Proof == uuid.Nil || a.At.IsZero() || again != a {
		t.Errorf("ConfirmCode: got %+v, then %+v", a, again)
	}
	if st := must(c.Bind(ctx, id, someEvidence, false))(t); st.State != central.StatePending && st.State != central.StateRefused {
		t.Errorf("Bind: got %+v", st)
	}
	if _, err := c.Bind(ctx, id, transcript.Evidence{JWS: []byte(`{}`), Identity: []byte("i"), SealedPIN: []byte("s")}, false); err == nil {
		t.Error("Bind of something else: no error")
	}
	for must(c.Status(ctx, id))(t).State != central.StateRefused { // by the registrar, which believes nothing
		if ctx.Err() != nil {
			t.Fatal(ctx.Err())
		}
	}
	for range 2 {
		gone := newID()
		must(c.Open(ctx, gone, b.person()))(t)
		if err := errors.Join(c.Abandon(ctx, gone, "cancelled"), c.Abandon(ctx, gone, "cancelled")); err != nil {
			t.Errorf("Abandon: %v", err)
		}
		if st := must(c.Status(ctx, gone))(t); st.State != central.StateAbandoned || st.Refusal != "cancelled" {
			t.Errorf("after Abandon: %+v", st)
		}
	}
}

// The chip of a travel document is challenged; while no registrar is there, the challenge waits.
func TestChipChallenge(t *testing.T) {
	b := newBench(t)
	id := newID()
	who := central.Person{Shift: b.shift, Document: kiosk.Passport, Country: "UTO", DocumentNumber: "L898902C3", TaxNumber: "123456789"}
	must(b.Centre.Open(t.Context(), id, who))(t)
	for range 2 {
		if q := must(b.Centre.ChipChallenge(t.Context(), id, make([]byte, 300)))(t); q.State != central.ChipQueued || q.Challenge != nil {
			t.Errorf("got %+v", q)
		}
	}
	_, err := b.Centre.ChipChallenge(t.Context(), id, make([]byte, 301))
	wantRefused(t, err, central.RefusedConflict)
}

// What the database refuses arrives as its word.
func TestRefused(t *testing.T) {
	b := newBench(t)
	ctx, c := t.Context(), b.Centre
	id := newID()
	must(c.Open(ctx, id, b.person()))(t)
	ended := newID()
	must(c.Open(ctx, ended, b.person()))(t)
	if err := c.Abandon(ctx, ended, "cancelled"); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		call func() error
		code string
	}{
		"unknown":        {func() error { _, err := c.Status(ctx, newID()); return err }, central.RefusedUnknown},
		"another person": {func() error { _, err := c.Open(ctx, id, b.person()); return err }, central.RefusedConflict},
		"ended": {func() error {
			_, err := c.SendCode(ctx, ended, central.CodeRequest{ID: newID(), Channel: kiosk.SMS, Value: phone(), Language: kiosk.English})
			return err
		}, central.RefusedEnded},
		"no code": {func() error {
			_, err := c.ConfirmCode(ctx, id, central.Attempt{ID: newID(), Channel: kiosk.SMS, Code: []byte("123456")})
			return err
		}, central.RefusedNoCode},
		"no contact":   {func() error { _, err := c.Bind(ctx, id, someEvidence, false); return err }, central.RefusedNoContact},
		"no word":      {func() error { return c.Abandon(ctx, id, "Maria da Silva") }, central.RefusedInvalid},
		"no person":    {func() error { _, err := c.Open(ctx, newID(), central.Person{Document: "pigeon"}); return err }, central.RefusedInvalid},
		"another's":    {func() error { _, err := b.Dial(t, "loja_2").Status(ctx, id); return err }, central.RefusedUnknown},
		"nobody's key": {func() error { _, err := dial(t, kiosktest.NewDesk(t, "loja_1"), b.Door.Address).Hello(ctx); return err }, central.RefusedDesk},
	} {
		err := test.call()
		wantRefused(t, err, test.code)
		if err != nil && strings.ContainsAny(strings.TrimPrefix(err.Error(), "asking the centre to "), "0123456789@M") {
			t.Errorf("%s: the error says too much: %v", name, err)
		}
	}
}

// A suspended desk is refused at its next call, whatever it is, and works on when it is resumed; a revoked one never.
func TestSuspended(t *testing.T) {
	b := newBench(t)
	ctx, c := t.Context(), b.Centre
	id := newID()
	must(c.Open(ctx, id, b.person()))(t)
	calls := map[string]func() error{
		"hello":   func() error { _, err := c.Hello(ctx); return err },
		"open":    func() error { _, err := c.Open(ctx, newID(), b.person()); return err },
		"status":  func() error { _, err := c.Status(ctx, id); return err },
		"chip":    func() error { _, err := c.ChipChallenge(ctx, id, make([]byte, 300)); return err },
		"bind":    func() error { _, err := c.Bind(ctx, id, someEvidence, false); return err },
		"abandon": func() error { return c.Abandon(ctx, id, "cancelled") },
		"send": func() error {
			_, err := c.SendCode(ctx, id, central.CodeRequest{ID: newID(), Channel: kiosk.SMS, Value: phone(), Language: kiosk.English})
			return err
		},
		"confirm": func() error {
			_, err := c.ConfirmCode(ctx, id, central.Attempt{ID: newID(), Channel: kiosk.SMS, Code: []byte("123456")})
			return err
		},
	}
	change := func(how func(context.Context, string, string) error) {
		t.Helper()
		if err := how(ctx, b.DB.Admin(), kiosktest.DeskName); err != nil {
			t.Fatal(err)
		}
	}
	change(schema.SuspendDesk)
	for _, call := range calls {
		wantRefused(t, call(), central.RefusedSuspended)
	}
	change(schema.ResumeDesk)
	if st := must(c.Status(ctx, id))(t); st.State != central.StateAbandoned || st.Refusal != central.RefusedSuspended {
		t.Errorf("resumed: %+v", st)
	}
	change(schema.RevokeDesk)
	for _, call := range calls {
		wantRefused(t, call(), central.RefusedDesk)
	}
}

// dial is how a desk with some certificate reaches doors at some addresses.
func dial(t testing.TB, own tls.Certificate, addresses ...string) *central.Centre {
	t.Helper()
	cfg := central.Config{Certificate: own, Roots: kiosktest.Roots(t), Timeout: time.Second}
	for _, address := range addresses {
		cfg.URLs = append(cfg.URLs, "https://"+address)
	}
	c := must(central.Dial(cfg))(t)
	t.Cleanup(c.Close)
	return c
}

// Everything that is missing or wrong is said at once, and nothing of it repeated: it may be a connection string.
func TestDial(t *testing.T) {
	good := central.Config{URLs: []string{"https://a.example", "https://b.example:8443/"}, Certificate: kiosktest.NewDesk(t, "loja_1"), Roots: kiosktest.Roots(t)}
	if c, err := central.Dial(good); err != nil || c.Desk() != "loja_1" {
		t.Errorf("good: got %v", err)
	}
	for name, spoil := range map[string]func(*central.Config){
		"no address":     func(c *central.Config) { c.URLs = nil },
		"no roots":       func(c *central.Config) { c.Roots = nil },
		"no certificate": func(c *central.Config) { c.Certificate.Certificate = nil },
		"no key":         func(c *central.Config) { c.Certificate.PrivateKey = nil },
		"http":           func(c *central.Config) { c.URLs[1] = "http://secret-word.example" },
		"a path":         func(c *central.Config) { c.URLs[1] = "https://secret-word.example/v1" },
		"a user":         func(c *central.Config) { c.URLs[1] = "https://u:secret-word@a.example" },
		"a query":        func(c *central.Config) { c.URLs[1] = "https://a.example?secret-word" },
		"no host":        func(c *central.Config) { c.URLs[1] = "https://:443" },
		"PostgreSQL":     func(c *central.Config) { c.URLs[1] = "postgres://u:secret-word@h:port/" },
		"words":          func(c *central.Config) { c.URLs[1] = "host=a password=secret-word" },
	} {
		bad := good
		bad.URLs = append([]string{}, good.URLs...)
		spoil(&bad)
		if _, err := central.Dial(bad); err == nil || strings.Contains(err.Error(), "secret-word") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
