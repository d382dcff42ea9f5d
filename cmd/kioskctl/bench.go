package main

import (
	"context"
	"io"

	"balcao/cmd/kioskctl/measure"
)

// runBench measures what a desk and a centre cost on this machine.
func runBench(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return measure.Run(ctx, args, stdout, stderr)
}
