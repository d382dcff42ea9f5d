// Centre is the centre's door: desks call it by HTTPS with their certificates, and it asks the database. Any number
// may run beside each other.
//
//	centre -config FILE -check-config say what is wrong with the configuration
//	centre -config FILE               answer until SIGTERM or SIGINT
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"

	"balcao/cmd/internal/metrics"
	"balcao/cmd/internal/service"
	"balcao/kiosk/central/door"
)

const exitOK, exitError, exitUsage = service.ExitOK, service.ExitError, service.ExitUsage

const usage = `Usage: centre -config FILE [-check-config]
       centre -version

It prints "ready ADDRESS" when it answers. /healthz says whether it does, /readyz whether the database does too.
`

func main() { service.Main("centre", run) }

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	path, check, exit, ok := service.Flags("centre", usage, args, stderr)
	if !ok {
		return exit
	}
	cfg, err := loadConfig(path)
	if err == nil && !check {
		log := slog.New(slog.NewJSONHandler(stderr, nil))
		err = serve(ctx, cfg, log, func(l net.Addr) { _, _ = fmt.Fprintln(stdout, "ready", l) })
	}
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "centre: %v\n", err)
		return exitError
	}
	return exitOK
}

// serve answers until ctx ends. ready is called once, with the address.
func serve(ctx context.Context, cfg config, log *slog.Logger, ready func(net.Addr)) error {
	d, err := door.New(door.Config{Database: cfg.Database, Certificate: cfg.certificate, Desks: cfg.desks,
		Staff: cfg.staff, Records: cfg.records, LogOrigin: cfg.logOrigin, Limits: cfg.Limits, Log: log})
	if err != nil {
		return err
	}
	stop, err := metrics.Serve(ctx, cfg.Metrics, log, d.Metrics()...)
	if err != nil {
		return err
	}
	defer stop()
	l, err := door.Listen(ctx, cfg.Listen)
	if err != nil {
		return err
	}
	log.InfoContext(ctx, "answering", "address", l.Addr().String())
	ready(l.Addr())
	err = d.Serve(ctx, l)
	log.InfoContext(context.WithoutCancel(ctx), "stopped")
	return err
}
