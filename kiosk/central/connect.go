package central

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"time"
)

// newClient returns a client of HTTP/1.1 over TLS 1.3. In HTTP/2 a request would pass through buffers that net/http
// keeps and nobody can wipe, and evidence on its way would hold up the notices behind it; a desk makes one call at a
// time, so a second connection for the events is all that it costs.
func newClient(own tls.Certificate, roots *x509.CertPool) *http.Client {
	var http1 http.Protocols
	http1.SetHTTP1(true)
	dialer := &net.Dialer{Timeout: 3 * time.Second}
	config := &tls.Config{
		MinVersion: tls.VersionTLS13, RootCAs: roots,
		// Whatever authorities the door names: it says no itself.
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &own, nil },
	}
	transport := &http.Transport{
		DialTLSContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return dialTLS(ctx, dialer, config, network, address)
		},
		Protocols: &http1, MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute, DisableCompression: true,
		MaxResponseHeaderBytes: 16 << 10,
	}
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func dialTLS(ctx context.Context, dialer *net.Dialer, config *tls.Config, network, address string) (net.Conn, error) {
	raw, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	config = config.Clone()
	if config.ServerName, _, err = net.SplitHostPort(address); err != nil {
		_ = raw.Close()
		return nil, err
	}
	conn := tls.Client(raw, config)
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = raw.Close() // the handshake's error matters
		return nil, err
	}
	return wiping{conn}, nil
}

// wiping is a connection that overwrites what it has sent, where io.Writer says to leave it: the only buffer that is
// written to it is net/http's own, whose contents nobody needs afterwards and which keeps codes and numbers otherwise
// until the next request. crypto/tls encrypts in place.
type wiping struct{ net.Conn }

// Write sends p and overwrites it.
func (w wiping) Write(p []byte) (int, error) {
	defer clear(p)
	return w.Conn.Write(p)
}
