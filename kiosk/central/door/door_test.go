package door_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"balcao/kiosk/central"
	"balcao/kiosk/central/cluster"
	"balcao/kiosk/central/deskca"
	"balcao/kiosk/central/door"
	"balcao/kiosk/trust/staff"
)

func TestMain(m *testing.M) { cluster.TestMain(m) }

// limits of the doors of tests: many run beside each other, and PostgreSQL lets only so many connections in.
var limits = door.Limits{Calls: 4, Streams: 64, Connections: 256, PerAddress: 256}

// bench is a database, a desk of it, and doors to it.
type bench struct {
	*testing.T
	db      *cluster.Database
	admin   *pgxpool.Pool
	roots   *x509.CertPool
	own     deskca.Pair // of the doors
	desk    tls.Certificate
	log     *logBuffer         // of the door opened last
	dated   authority          // believed beside the desks' own
	staff   authority          // of staff cards
	signs   ed25519.PrivateKey // of a registrar: key records
	trust   *staff.Trust       // of the doors that are opened next, as the next
	records []ed25519.PublicKey
	shifts  map[string]string // of person, by desk
	urls    []string
	metrics *prometheus.Registry // of the door opened last
	stop    []func() error       // ends a door in order
}

// newBench opens as many doors to a new database as there are limits.
func newBench(t *testing.T, doors ...door.Limits) *bench {
	t.Helper()
	ca := must(deskca.New())(t)
	b := &bench{T: t, db: cluster.NewDatabase(t), roots: x509.NewCertPool(), shifts: map[string]string{}, own: must(ca.Server("127.0.0.1"))(t)}
	b.roots.AddCert(ca.Certificate())
	b.admin = must(pgxpool.New(t.Context(), b.db.Admin()))(t)
	b.db.Pool = b.admin
	t.Cleanup(b.admin.Close)
	b.desk, b.dated, b.staff = b.db.Desk("loja_1"), newAuthority(t), newAuthority(t)
	b.trust = staff.New([]*x509.Certificate{b.staff.cert}, nil)
	b.signs = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	b.records = []ed25519.PublicKey{b.signs.Public().(ed25519.PublicKey)}
	for _, l := range doors {
		b.open(b.db.Centre(), l)
	}
	return b
}

// open opens a door and waits until it is ready.
func (b *bench) open(database string, l door.Limits) {
	b.Helper()
	log := &logBuffer{}
	b.log = log
	desks := cluster.DeskPool()
	desks.AddCert(b.dated.cert)
	d := must(door.New(door.Config{Database: database, Certificate: must(b.own.TLS())(b.T), Desks: desks,
		Staff: b.trust, Records: b.records,
		Limits: l, Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))}))(b.T)
	b.metrics = prometheus.NewRegistry()
	for _, c := range d.Metrics() {
		b.metrics.MustRegister(c)
	}
	listener := must(door.Listen(b.Context(), "127.0.0.1:0"))(b.T)
	ctx, cancel := context.WithCancel(context.WithoutCancel(b.Context()))
	ended := make(chan error, 1)
	go func() { ended <- d.Serve(ctx, listener) }()
	stop := sync.OnceValue(func() error { cancel(); return <-ended })
	b.Cleanup(func() {
		if err := stop(); err != nil {
			b.Error(err)
		}
		if b.Failed() {
			b.Log(log.String())
		}
	})
	b.urls, b.stop = append(b.urls, "https://"+listener.Addr().String()), append(b.stop, stop)
	b.until("the door is ready", func() bool { return b.ready(len(b.urls)-1) == http.StatusNoContent })
}

func (b *bench) ready(door int) int {
	status, _, _ := b.try(b.client(nil), http.MethodGet, b.urls[door]+"/readyz", "", "")
	return status
}

// logBuffer is safe for concurrent use.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}
func (l *logBuffer) String() string { l.mu.Lock(); defer l.mu.Unlock(); return l.b.String() }

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// until waits for something that happens soon.
func (b *bench) until(what string, is func() bool) {
	b.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			b.Fatal("not in 20 s: " + what)
		}
	}
}

func (b *bench) exec(sql string, args ...any) {
	b.Helper()
	if _, err := b.admin.Exec(b.Context(), sql, args...); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) count(sql string, args ...any) (n int) {
	b.Helper()
	if err := b.admin.QueryRow(b.Context(), sql, args...).Scan(&n); err != nil {
		b.Fatal(err)
	}
	return n
}

// client is a desk's, or a stranger's without a certificate.
func (b *bench) client(cert *tls.Certificate) *http.Client {
	c := &tls.Config{RootCAs: b.roots, MinVersion: tls.VersionTLS12}
	if cert != nil {
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return cert, nil }
	}
	transport := &http.Transport{TLSClientConfig: c, MaxIdleConnsPerHost: 16}
	b.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 30 * time.Second}
}

// try makes a request; media "" sends none. The status is 0 when there is no answer.
func (b *bench) try(c *http.Client, method, url, media, body string) (int, http.Header, string) {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), method, url, strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	if media != "" {
		r.Header.Set("Content-Type", media)
	}
	answer, err := c.Do(r)
	if err != nil {
		return 0, nil, err.Error()
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, nil, err.Error()
	}
	return answer.StatusCode, answer.Header, string(text)
}

// put is a call of the desk's that succeeds.
func (b *bench) put(c *http.Client, path, body string) string {
	b.Helper()
	status, _, text := b.try(c, http.MethodPut, b.urls[0]+path, central.MediaJSON, body)
	if status/100 != 2 {
		b.Fatalf("PUT %s: %d %s", path, status, text)
	}
	return text
}

// wantProblem checks that an answer is a problem and which.
func wantProblem(t *testing.T, what string, status int, h http.Header, body string, want int, code string) {
	t.Helper()
	var p central.Problem
	if err := json.Unmarshal([]byte(body), &p); err != nil || status != want || p.Status != want || p.Code != code ||
		p.Type != "about:blank" || p.Title != http.StatusText(want) || h.Get("Content-Type") != central.MediaProblem {
		t.Errorf("%s: %d %q, want %d %s", what, status, body, want, code)
	}
	passes := code == central.FailedBusy || code == central.FailedUnavailable || code == central.RefusedTooMany
	if (h.Get("Retry-After") != "") != passes {
		t.Errorf("%s: Retry-After is %q", what, h.Get("Retry-After"))
	}
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// Bodies that the door takes.
const (
	anEmail = `{"channel":"email","value":"ana@balcao.example","language":"pt"}`
	aTry    = `{"channel":"email","code":"MTIzNDU2"}`
)

// person is a body with which a desk opens an enrolment, within the shift of a clerk who signs in for it.
func (b *bench) person(c *http.Client) string {
	b.Helper()
	_, _, text := b.try(c, http.MethodPost, b.urls[0]+"/v1/hello", "", "")
	var desk struct{ Desk string }
	if err := json.Unmarshal([]byte(text), &desk); err != nil {
		b.Fatal(err)
	}
	shift, known := b.shifts[desk.Desk]
	if !known {
		shift = b.shift(c, desk.Desk, b.employ("at-"+strings.ReplaceAll(desk.Desk, "_", "-"), "clerk"))
		b.shifts[desk.Desk] = shift
	}
	return `{"document_kind":"citizen-card","country":"PRT","civil_number":"12345678","shift":"` + shift + `"}`
}

// enrolment opens one and returns its path.
func (b *bench) enrolment(c *http.Client) string {
	b.Helper()
	path := "/v1/enrolments/" + newID()
	b.put(c, path, b.person(c))
	return path
}

// authority is a certification authority that can date what it issues as it likes.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "others"}, IsCA: true,
		BasicConstraintsValid: true, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t)
	der := must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))(t)
	return authority{must(x509.ParseCertificate(der))(t), key}
}

func (a authority) desk(t *testing.T, name string, ends time.Time) *tls.Certificate {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, NotBefore: time.Now().Add(-time.Hour), NotAfter: ends}
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t)
	der := must(x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key))(t)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
