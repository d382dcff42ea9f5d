package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/net/netutil"

	"balcao/cmd/internal/metrics"
	"balcao/kiosk/login"
	"balcao/kiosk/login/oidc"
	"balcao/kiosk/paper"
	"balcao/kiosk/primary"
	"balcao/kiosk/signin"
	"balcao/ui/web"
)

// How long a request may take to arrive, to be answered, and the next one to come; and how long those that are being
// answered have when the service stops.
const (
	headTime  = 5 * time.Second
	readTime  = 15 * time.Second
	writeTime = 45 * time.Second // a PIN waits for its turn
	idleTime  = time.Minute
	stopTime  = 20 * time.Second
)

// serve answers until ctx ends. ready is called once, with the address.
func serve(ctx context.Context, cfg config, log *slog.Logger, ready func(net.Addr)) error {
	pepper, err := readSecret(cfg.Pepper, signin.PepperLength)
	if err != nil {
		return fmt.Errorf("reading the pepper: %w", err)
	}
	defer clear(pepper)
	subjects, err := readSecret(cfg.SubjectKey, oidc.SubjectKeyLength)
	if err != nil {
		return fmt.Errorf("reading the key of subjects: %w", err)
	}
	defer clear(subjects)
	hasher, err := signin.NewHasher(pepper, cfg.AtOnce, cfg.Waiting)
	if err != nil {
		return err
	}
	defer hasher.Close()
	from, err := newSources(pepper, cfg.proxies)
	if err != nil {
		return err
	}
	connections, err := primary.Config(cfg.Database)
	if err != nil {
		return err
	}
	pool, err := pgxpool.NewWithConfig(ctx, connections)
	if err != nil {
		return errors.New("the database cannot be used as the connection string says")
	}
	defer pool.Close()
	checker := signin.New(pool, hasher)
	defer checker.Wait()
	engine := login.New(pool, checker, cfg.records)
	press, err := paper.NewPress(paper.FontFolder)
	if err != nil {
		log.WarnContext(ctx, "what is stored is on the page only, and no PDF", "cause", err.Error())
		press = nil
	}
	pages, err := web.New(web.Options{Own: engine, Source: from.of, Press: press, Log: log})
	if err != nil {
		return err
	}
	provider, err := oidc.New(oidc.Config{Issuer: cfg.Issuer, Database: pool, Engine: engine, Keys: cfg.keys, Subjects: subjects, Pages: pages})
	if err != nil {
		return err
	}
	begins := (&limit{most: cfg.VisitsPerMinute, busy: pages.Fail}).of(from, provider)
	figures := newFigures(hasher)
	stop, err := metrics.Serve(ctx, cfg.Metrics, log, figures.collectors()...)
	if err != nil {
		return err
	}
	defer stop()
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", cfg.Listen)
	if err != nil {
		return err
	}
	address := l.Addr()
	l = netutil.LimitListener(l, cfg.Connections)
	if cfg.certificate != nil {
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{*cfg.certificate}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}})
	}
	server := &http.Server{
		Handler: from.tell(figures.watch(log, routes(provider, begins, pages.Handler(), pool))), ReadHeaderTimeout: headTime, ReadTimeout: readTime, WriteTimeout: writeTime,
		IdleTimeout: idleTime, MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), // addresses, anybody's to cause
	}
	log.InfoContext(ctx, "answering", "address", address.String())
	ready(address)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err = <-ended:
	case <-ctx.Done():
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
		defer cancel()
		if err = server.Shutdown(last); err != nil {
			err = errors.Join(err, server.Close())
		}
		<-ended
	}
	log.InfoContext(context.WithoutCancel(ctx), "stopped")
	return err
}

// routes are all that is answered.
func routes(provider, begins, pages http.Handler, pool *pgxpool.Pool) *http.ServeMux {
	mux := http.NewServeMux()
	for _, pattern := range oidc.Routes {
		if strings.HasSuffix(pattern, " /authorize") {
			mux.Handle(pattern, begins)
			continue
		}
		mux.Handle(pattern, provider)
	}
	mux.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), headTime)
		defer cancel()
		if _, err := pool.Exec(ctx, `select login.settings()`); err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	mux.Handle("/", pages)
	return mux
}
