package kiosktest

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"path/filepath"
	"testing"

	"balcao/kiosk/central/deskca"
)

// Desk is what a desk signs with, and the authority that issued its certificate.
type Desk struct {
	Authority *x509.Certificate
	Key       *ecdsa.PrivateKey
	Chain     [][]byte // DER, without the authority

	ca *deskca.Authority
}

// NewDesk makes an authority of desks, and the key of a desk of that name.
func NewDesk(t testing.TB, name string) *Desk {
	t.Helper()
	dir := t.TempDir()
	ca, err := deskca.Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	authority, err := deskca.LoadCertificate(filepath.Join(dir, deskca.CertificateFile))
	if err != nil {
		t.Fatal(err)
	}
	return (&Desk{Authority: authority, ca: ca}).Named(t, name)
}

// Named is a desk of another name and the same authority.
func (d *Desk) Named(t testing.TB, name string) *Desk {
	t.Helper()
	login, err := d.ca.Login(name)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(login.Certificate, login.Key)
	if err != nil {
		t.Fatal(err)
	}
	return &Desk{Authority: d.Authority, Key: pair.PrivateKey.(*ecdsa.PrivateKey), Chain: pair.Certificate, ca: d.ca}
}
