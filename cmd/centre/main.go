// Centre is the centre's door: desks call it by HTTPS with their certificates, and it asks the database. Any number
// may run beside each other.
//
//	centre -config FILE -check-config say what is wrong with the configuration
//	centre -config FILE               answer until SIGTERM or SIGINT
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"

	"balcao/cmd/internal/guarded"
	"balcao/cmd/internal/version"
	"balcao/kiosk/central/door"
)

// Exit codes.
const (
	exitOK    = 0
	exitError = 1
	exitUsage = 2
)

const usage = `Usage: centre -config FILE [-check-config]
       centre -version

It prints "ready ADDRESS" when it answers. /healthz says whether it does, /readyz whether the database does too.
`

func main() {
	if err := guarded.Memory(); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "centre:", err)
		os.Exit(exitError)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("centre", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { _, _ = fmt.Fprint(stderr, usage) }
	path := flags.String("config", "/etc/balcao/centre.toml", "configuration `file`")
	check := flags.Bool("check-config", false, "only check the configuration")
	version.Flag(flags)
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil || flags.NArg() > 0:
		flags.Usage()
		return exitUsage
	}
	cfg, err := loadConfig(*path)
	if err == nil && !*check {
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
	d, err := door.New(door.Config{Database: cfg.Database, Certificate: cfg.certificate, Desks: cfg.desks, Limits: cfg.Limits, Log: log})
	if err != nil {
		return err
	}
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
