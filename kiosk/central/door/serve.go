package door

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// How long a connection may do nothing, and how much it may say before it said what it wants.
const (
	headerTime  = 5 * time.Second // for TLS, and for the header of a request
	idleTime    = time.Minute
	headerBytes = 8 << 10
	stopTime    = 10 * time.Second // for the calls at hand, when the door closes
	pingTime    = 15 * time.Second
)

// server is the HTTP server with all its bounds.
func (d *Door) server() *http.Server {
	return &http.Server{
		Handler: d.Handler(),
		// net/http would answer "OPTIONS *" itself, and wait without end for its body.
		DisableGeneralOptionsHandler: true,
		TLSConfig: &tls.Config{
			MinVersion:   tls.VersionTLS13,
			Certificates: []tls.Certificate{d.cfg.Certificate},
			ClientAuth:   tls.VerifyClientCertIfGiven, // the two paths about health need none
			ClientCAs:    d.cfg.Desks,
		},
		ReadHeaderTimeout: headerTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    headerBytes,
		ErrorLog:          log.New(panics{d.cfg.Log, d.figures}, "", 0),
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams:          deskInside + deskStreams,
			MaxReceiveBufferPerConnection: 1 << 20,
			MaxReceiveBufferPerStream:     256 << 10,
			SendPingTimeout:               pingTime,
			PingTimeout:                   pingTime,
			WriteByteTimeout:              writeTime,
		},
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			if t, is := c.(*tls.Conn); is {
				ctx = context.WithValue(ctx, connectionKey{}, t.NetConn())
			}
			return ctx
		},
	}
}

// Serve answers at a listener until ctx ends: then /readyz says no, the streams end, the calls at hand are answered,
// and the listener and the pool are closed.
func (d *Door) Serve(ctx context.Context, l net.Listener) error {
	defer d.pool.Close()
	listening, deaf := context.WithCancel(context.WithoutCancel(ctx))
	var line sync.WaitGroup
	line.Go(func() { d.hub.listen(listening, d.pool.Config().ConnConfig) })
	defer line.Wait()
	defer deaf()

	server := d.server()
	ended := make(chan error, 1)
	go func() {
		ended <- server.ServeTLS(&doorway{Listener: l, limits: d.cfg.Limits, figures: d.figures, held: map[any]int{}}, "", "")
	}()
	select {
	case err := <-ended:
		return fmt.Errorf("answering desks: %w", err)
	case <-ctx.Done():
	}
	d.hub.stop()
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	err := server.Shutdown(closing)
	if err != nil {
		_ = server.Close() // it is late; the calls are idempotent
	}
	if serveErr := <-ended; !errors.Is(serveErr, http.ErrServerClosed) {
		err = errors.Join(err, serveErr)
	}
	if err != nil {
		return fmt.Errorf("closing the door: %w", err)
	}
	return nil
}

// panics logs what net/http says of a handler that broke. The rest of what it says, of connections that failed,
// has addresses in it and is anybody's to cause: of that TLS handshakes are counted.
type panics struct {
	log     *slog.Logger
	figures *figures
}

func (p panics) Write(text []byte) (int, error) {
	if _, what, is := bytes.Cut(text, []byte("panic serving ")); is {
		_, what, _ = bytes.Cut(what, []byte(": ")) // the address
		p.log.Error("a handler broke", "stack", string(what))
	} else if bytes.Contains(text, []byte("TLS handshake error")) {
		p.figures.handshakes.Inc()
	}
	return len(text), nil
}
