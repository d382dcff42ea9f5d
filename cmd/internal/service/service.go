// Package service is what the programs without windows have in common as processes.
package service

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"balcao/cmd/internal/guarded"
	"balcao/cmd/internal/installed"
	"balcao/cmd/internal/version"
)

// Exit codes.
const (
	ExitOK    = 0
	ExitError = 1
	ExitUsage = 2
)

// Main closes the process's memory, runs the program, and exits with the code that it returns. The context ends with
// SIGTERM or SIGINT.
func Main(name string, run func(ctx context.Context, args []string, stdout, stderr io.Writer) int) {
	if err := guarded.Memory(); err != nil {
		_, _ = fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(ExitError)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// Flags parses -config, of which NAME.toml is the default where programs are installed, -check-config and -version. When ok is false
// the program ends with the exit code.
func Flags(name, usage string, args []string, stderr io.Writer) (config string, check bool, exit int, ok bool) {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { _, _ = fmt.Fprint(stderr, usage) }
	flags.StringVar(&config, "config", installed.Path(name+".toml"), "configuration `file`")
	flags.BoolVar(&check, "check-config", false, "only check the configuration")
	version.Flag(flags)
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return "", false, ExitOK, false
	case err != nil:
		return "", false, ExitUsage, false
	case flags.NArg() > 0:
		flags.Usage()
		return "", false, ExitUsage, false
	}
	return config, check, ExitOK, true
}
