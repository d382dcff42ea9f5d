// Registrar is the centre's worker: it sends one-time codes, verifies the evidence of enrolments, and
// has keys activated. Any number may run beside each other.
//
//	registrar keygen DIR [ORIGIN]        make the keys, once
//	registrar letters -config FILE …     print letters with activation codes
//	registrar -config FILE -check-config say what is wrong with the configuration
//	registrar -config FILE               work until SIGTERM or SIGINT
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"balcao/cmd/internal/service"
)

const exitOK, exitError, exitUsage = service.ExitOK, service.ExitError, service.ExitUsage

const usage = `Usage: registrar -config FILE [-check-config]
       registrar keygen DIR [ORIGIN]
       registrar letters -config FILE list|print|reprint
       registrar -version

keygen writes DIR/identity.age (opens PINs), DIR/pepper (codes, PIN hashes), DIR/record.key (signs what sign-in trusts) with
DIR/record.pub (for doors and audits), DIR/log.key (signs the log) with DIR/log.pub (for audits and witnesses), and prints
the recipient that desks seal PINs to. ORIGIN is the log's name for others, as example.org/balcao; without it one is made up.
Where the configuration does not name them they are looked for
in $CREDENTIALS_DIRECTORY (systemd LoadCredential=).
`

func main() { service.Main("registrar", run) }

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 && args[0] == "keygen" {
		return report(keygen(args[1:], stdout), stderr)
	}
	if len(args) > 0 && args[0] == "letters" {
		err := letters(ctx, args[1:], stdout)
		if errors.Is(err, errUsage) {
			_, _ = fmt.Fprint(stderr, lettersUsage)
			return exitUsage
		}
		return report(err, stderr)
	}
	path, check, exit, ok := service.Flags("registrar", usage, args, stderr)
	if !ok {
		return exit
	}
	cfg, err := loadConfig(path)
	if err == nil && check {
		err = cfg.checkTrust()
	}
	if err != nil || check {
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
