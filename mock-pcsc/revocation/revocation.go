// Package revocation answers for the certificates of the test PKI: OCSP (RFC 6960), CRLs (RFC 5280)
// and the certificates of issuers, over HTTP on loopback.
package revocation

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Addr is where the certificates of the test PKI say that their status is found.
const Addr = "127.0.0.1:35980"

// Serve runs h on addr until ctx ends. Ready, if not nil, is called once with the bound address.
func Serve(ctx context.Context, addr string, h http.Handler, ready func(net.Addr)) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("listening for OCSP and CRL requests: %w", err)
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	if ready != nil {
		ready(l.Addr())
	}
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving OCSP and CRLs: %w", err)
	}
	return nil
}
