package kiosktest

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"net"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"balcao/assets/testpki"
	"balcao/kiosk/central"
	"balcao/kiosk/central/cluster"
	"balcao/kiosk/central/door"
)

// Door is a door of the centre's on this computer.
type Door struct {
	Address string // host:port
	Stop    func() // tells the streams, finishes the calls
	Metrics []prometheus.Collector

	cfg door.Config
}

// NewDoor opens a door to the office's database.
func (o *Office) NewDoor(ctx context.Context, t testing.TB) *Door {
	t.Helper()
	certificate, err := testpki.FS.ReadFile("tls/smtp.crt") // a server's, of localhost
	check(t, err)
	key, err := testpki.FS.ReadFile("tls/smtp.key")
	check(t, err)
	pair, err := tls.X509KeyPair(certificate, key)
	check(t, err)
	d := &Door{Address: "127.0.0.1:0", cfg: door.Config{
		Database: o.DB.Centre(), Certificate: pair, Desks: cluster.DeskPool(), Limits: door.DefaultLimits,
		Staff:     StaffTrust(t),
		Records:   []ed25519.PublicKey{o.Records.Public().(ed25519.PublicKey)},
		LogOrigin: "balcao.example/log",
		Log:       slog.New(slog.NewJSONHandler(o.Log, nil)),
	}}
	d.Start(ctx, t)
	return d
}

// StaffAuthority is who issued the staff cards of the fixtures.
func StaffAuthority(t testing.TB) *x509.Certificate {
	t.Helper()
	text, err := testpki.FS.ReadFile("staff/staff-ca.crt")
	check(t, err)
	block, _ := pem.Decode(text)
	authority, err := x509.ParseCertificate(block.Bytes)
	check(t, err)
	return authority
}

// Start opens a door that was stopped, at its address.
func (d *Door) Start(ctx context.Context, t testing.TB) {
	t.Helper()
	opened, err := door.New(d.cfg)
	check(t, err)
	d.Metrics = opened.Metrics()
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", d.Address)
	check(t, err)
	d.Address = l.Addr().String()
	d.Stop = Run(ctx, t, nil, func(ctx context.Context) error { return opened.Serve(ctx, l) })
}

// Dial is how a desk of any name reaches doors at some addresses, host:port; without any, the office's.
func (o *Office) Dial(t testing.TB, name string, addresses ...string) *central.Centre {
	t.Helper()
	if len(addresses) == 0 {
		addresses = []string{o.Door.Address}
	}
	cfg := central.Config{Certificate: o.DB.Desk(name), Roots: Roots(t), Timeout: LifeTime}
	for _, address := range addresses {
		cfg.URLs = append(cfg.URLs, "https://"+address)
	}
	c, err := central.Dial(cfg)
	check(t, err)
	t.Cleanup(c.Close)
	return c
}

// Roots are of the doors' certificates.
func Roots(t testing.TB) *x509.CertPool {
	t.Helper()
	authority, err := testpki.FS.ReadFile("tls/ca.crt")
	check(t, err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	return roots
}
