package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"

	"balcao/cardreader"
)

// runDoctor says what is wrong with readers and the smart-card service, and the cure. It exits with 1
// when something is.
func runDoctor(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("doctor", flag.ContinueOnError)
	flags.SetOutput(stderr)
	asJSON := flags.Bool("json", false, "print JSON")
	if err := flags.Parse(args); err != nil {
		return mistake(err, exitUsage)
	}
	findings := cardreader.Diagnose(ctx)
	code := exitOK
	for _, f := range findings {
		if !f.OK {
			code = exitError
		}
	}
	if *asJSON {
		e := json.NewEncoder(stdout)
		e.SetIndent("", "  ")
		if err := e.Encode(findings); err != nil {
			return fail(stderr, "kioskctl doctor", err)
		}
		return code
	}
	for _, f := range findings {
		mark := "✓"
		if !f.OK {
			mark = "✗"
		}
		_, _ = fmt.Fprintf(stdout, "%s %s\n", mark, f.Title)
		if f.Cause != "" {
			_, _ = fmt.Fprintf(stdout, "    Why:  %s\n    Cure: %s\n", f.Cause, f.Cure)
		}
	}
	return code
}
