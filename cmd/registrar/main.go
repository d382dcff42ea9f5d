// Registrar is the centre's worker: it sends one-time codes, verifies the evidence of enrolments, and
// has keys activated. Any number may run beside each other.
//
//	registrar keygen DIR                 make the keys, once
//	registrar -config FILE -check-config say what is wrong with the configuration
//	registrar -config FILE               work until SIGTERM or SIGINT
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"balcao/cmd/internal/guarded"
	"balcao/cmd/internal/version"
)

// Exit codes.
const (
	exitOK    = 0
	exitError = 1
	exitUsage = 2
)

const usage = `Usage: registrar -config FILE [-check-config]
       registrar keygen DIR
       registrar -version

keygen writes DIR/identity.age (opens PINs) and DIR/pepper (codes, PIN hashes), and prints the
recipient that desks seal PINs to. Where the configuration does not name them they are looked for
in $CREDENTIALS_DIRECTORY (systemd LoadCredential=).
`

func main() {
	if err := guarded.Memory(); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "registrar:", err)
		os.Exit(exitError)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 && args[0] == "keygen" {
		return report(keygen(args[1:], stdout), stderr)
	}
	flags := flag.NewFlagSet("registrar", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { _, _ = fmt.Fprint(stderr, usage) }
	path := flags.String("config", "/etc/balcao/registrar.toml", "configuration `file`")
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
	if err == nil && *check {
		err = cfg.checkTrust()
	}
	if err != nil || *check {
		return report(err, stderr)
	}
	log := slog.New(slog.NewJSONHandler(stderr, nil))
	ready := func() { _, _ = fmt.Fprintln(stdout, "ready") }
	return report(serve(ctx, cfg, log, ready), stderr)
}

// errUsage says that the command line is wrong; the usage was not shown yet.
var errUsage = errors.New("wrong arguments")

func report(err error, stderr io.Writer) int {
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errUsage):
		_, _ = fmt.Fprint(stderr, usage)
		return exitUsage
	}
	_, _ = fmt.Fprintf(stderr, "registrar: %v\n", err)
	return exitError
}
