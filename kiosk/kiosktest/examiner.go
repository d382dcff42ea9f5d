// Package kiosktest is the office around what is tested or measured: a database with registrars and a desk, the
// authorities of the emulated cards with a service for their revocation, a desk's key, and what would leave by SMS or
// e-mail. Only tests and cmd/bench import it.
package kiosktest

import (
	"context"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"balcao/assets/testpki"
	"balcao/kiosk/examine"
	"balcao/kiosk/trust"
	"balcao/kiosk/trust/country"
	"balcao/mock-pcsc/pki"
	"balcao/mock-pcsc/revocation"
)

// NewExaminer trusts the test authorities, and asks about the revocation of issued certificates a service of its own,
// whatever address they name. Close ends the service.
func NewExaminer(issued []pki.Issued) (e *examine.Examiner, closeAll func(), err error) {
	folder, err := os.MkdirTemp("", "balcao-trust")
	if err != nil {
		return nil, nil, fmt.Errorf("making a trust folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	anchors, err := fs.Sub(testpki.FS, "trust")
	if err != nil {
		return nil, nil, fmt.Errorf("finding the test authorities: %w", err)
	}
	if err := os.CopyFS(folder, anchors); err != nil {
		return nil, nil, fmt.Errorf("filling a trust folder: %w", err)
	}
	store, err := trust.Load(folder)
	if err != nil {
		return nil, nil, err
	}
	countries, err := country.Load(folder)
	if err != nil {
		return nil, nil, err
	}
	service := httptest.NewServer(revocation.New(pki.New(), issued))
	transport := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, service.Listener.Addr().String())
	}}
	client := &http.Client{Transport: transport}
	return &examine.Examiner{
			Trust: store, Revocation: &trust.Revocation{HTTP: client},
			Countries: countries, CountryRevocation: &country.Revocation{Authorities: countries, HTTP: client},
		}, func() {
			transport.CloseIdleConnections()
			service.Close()
		}, nil
}

// Examiner is NewExaminer for a test.
func Examiner(t testing.TB, issued []pki.Issued) *examine.Examiner {
	t.Helper()
	e, closeAll, err := NewExaminer(issued)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(closeAll)
	return e
}
