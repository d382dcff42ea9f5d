package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"
)

// How long a door has to answer, and from when on before its end a certificate is told of.
const (
	doorTime   = 5 * time.Second
	endingSoon = 21 * 24 * time.Hour
)

// doorRoots are the authorities of doors; nil are this computer's.
func doorRoots(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s has no certificate in PEM", file)
	}
	return roots, nil
}

// statusDoors asks doors whether they hear the database, and until when their certificates are good.
func statusDoors(ctx context.Context, urls []string, roots *x509.CertPool) part {
	p := part{Name: "doors"}
	if len(urls) == 0 {
		p.well("not asked: name them with --door, or in BALCAO_DOORS")
	}
	for _, url := range urls {
		ends, status, err := askDoor(ctx, url, roots)
		var invalid *tls.CertificateVerificationError
		switch {
		case errors.As(err, &invalid):
			p.unwell("make it a new certificate (kioskctl db server HOST --as centre), or name its authority with --ca", "%s: its certificate is not good: %v", url, invalid.Err)
		case err != nil:
			p.unwell("systemctl status balcao-centre on that server; journalctl -u balcao-centre", "%s: does not answer: %v", url, err)
		case status != http.StatusNoContent:
			p.unwell("see database; from that server, psql with the connection string of centre.toml says what is in the way",
				"%s: answers, and hears no database that takes writes (%d)", url, status)
		default:
			p.is(time.Until(ends) > endingSoon, "make it a new certificate: kioskctl db server HOST --as centre; then start it again",
				"%s: ready; its certificate ends on %s", url, day(ends))
		}
	}
	return p
}

func askDoor(ctx context.Context, url string, roots *x509.CertPool) (ends time.Time, status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, doorTime)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/readyz", nil)
	if err != nil {
		return ends, 0, err
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS13}}
	defer transport.CloseIdleConnections()
	answer, err := transport.RoundTrip(r)
	if err != nil {
		return ends, 0, err
	}
	defer answer.Body.Close()
	if answer.TLS == nil {
		return ends, 0, errors.New("it does not speak TLS: the URL begins with https")
	}
	return answer.TLS.PeerCertificates[0].NotAfter, answer.StatusCode, nil
}
