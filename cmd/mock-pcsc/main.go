// Mock-pcsc is the test bench: emulated cards in a virtual reader, a message centre and a mail server
// whose messages can be read, and an OCSP responder for the cards' certificates.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"balcao/mock-pcsc/bench"
)

// Exit codes.
const (
	exitOK      = 0
	exitFailed  = 1 // refused, or nothing arrived in time
	exitUsage   = 2
	exitNoBench = 3 // no bench is running
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run runs one command and returns its exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	err := dispatch(ctx, args, stdout, stderr)
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return exitOK
	}
	_, _ = fmt.Fprintf(stderr, "mock-pcsc: %v\n", err)
	var wrong *usageError
	switch {
	case errors.As(err, &wrong):
		return exitUsage
	case errors.Is(err, bench.ErrNotRunning):
		return exitNoBench
	default:
		return exitFailed
	}
}
