package kiosktest

import (
	"crypto/tls"
	"testing"

	"balcao/kiosk/central/deskca"
)

// NewDesk makes the certificate and key of a desk of that name, by an authority of desks that no centre knows.
func NewDesk(t testing.TB, name string) tls.Certificate {
	t.Helper()
	ca, err := deskca.New()
	check(t, err)
	login, err := ca.Login(name)
	check(t, err)
	pair, err := login.TLS()
	check(t, err)
	return pair
}
