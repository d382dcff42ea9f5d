// Package metrics serves the figures of a program to Prometheus, at /metrics and nowhere else. They are collected from
// memory: a scrape asks no database. A program is given no certificate for it, so its address is this computer's or one of
// a network that the operator keeps to themselves.
package metrics

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// How long a scrape may take, and how many there may be at a time.
const (
	scrapeTime = 5 * time.Second
	scrapes    = 4
)

// Check reports what is wrong with an address of a configuration. It is host:port; all addresses of a computer are named
// as such (0.0.0.0 or [::]), so that nobody opens them by leaving the host out. Empty means that nothing is served.
func Check(address string) error {
	if address == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(address)
	if err == nil && host == "" {
		err = errors.New("name the host too: 127.0.0.1, or an address that only Prometheus reaches")
	}
	return err
}

// Serve answers at an address, as Check has it, until stop is called. Besides the collectors it serves those of the Go
// runtime and of the process. The address that it listens at is logged.
func Serve(ctx context.Context, address string, log *slog.Logger, own ...prometheus.Collector) (stop func(), err error) {
	if address == "" {
		return func() {}, nil
	}
	registry := prometheus.NewRegistry()
	for _, c := range append(own, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})) {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("metrics: %w", err)
		}
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: scrapes, Timeout: scrapeTime}))
	server := &http.Server{
		Handler: mux, ReadTimeout: scrapeTime, WriteTimeout: 2 * scrapeTime, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 8 << 10,
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), // addresses, anybody's to cause
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.ErrorContext(ctx, "metrics are served no more", "cause", err.Error())
		}
	}()
	log.InfoContext(ctx, "serving metrics", "address", listener.Addr().String())
	return func() { _ = server.Close(); <-ended }, nil
}
