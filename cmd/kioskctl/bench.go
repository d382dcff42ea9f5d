package main

import (
	"context"
	"io"
)

// runBench measures; see package balcao/cmd/kioskctl/measure.
func runBench(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return exitError
}
