package kiosktest

import (
	"crypto/tls"
	"testing"
	"time"

	"balcao/kiosk/central/deskca"
	"balcao/kiosk/desk"
)

// Hurried is a desk that waits as little as tests like to.
var Hurried = desk.Pace{
	FirstRetry: time.Millisecond, LastRetry: 5 * time.Millisecond, Overdue: 20 * time.Millisecond,
	Abandon: 10 * time.Second, Farewell: 5 * time.Second, ChipChallenge: 10 * time.Second, Rules: time.Second, Look: 5 * time.Second,
}

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
