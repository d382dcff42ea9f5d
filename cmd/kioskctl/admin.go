package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

// command carries out what the first word behind "kioskctl", "kioskctl db" and so on names.
type command func(ctx context.Context, args []string, stdout, stderr io.Writer) int

// oneOf carries out the one of several commands that the first argument names.
func oneOf(ctx context.Context, name, usage string, commands map[string]command, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		_, _ = fmt.Fprint(stderr, usage)
		return exitUsage
	}
	if do, ok := commands[args[0]]; ok {
		return do(ctx, args[1:], stdout, stderr)
	}
	switch args[0] {
	case "help", "-h", "--help":
		_, _ = fmt.Fprint(stdout, usage)
		return exitOK
	}
	_, _ = fmt.Fprintf(stderr, "%s: no command %q\n\n%s", name, args[0], usage)
	return exitUsage
}

// newFlags makes a command's flag set.
func newFlags(name, usage string, stderr io.Writer) *flag.FlagSet {
	fs := flag.NewFlagSet("kioskctl "+name, flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() { _, _ = fmt.Fprint(stderr, usage) }
	return fs
}

// adminFlags makes a flag set with the administrator's connection string.
func adminFlags(name, usage string, stderr io.Writer) (*flag.FlagSet, *string) {
	fs := newFlags(name, usage, stderr)
	return fs, fs.String("dsn", os.Getenv("BALCAO_ADMIN_DSN"), "")
}

// parseAdmin parses flags and wants a connection string, unless dsn is nil, and nothing else. ok is false when the command
// ends here, with that exit code.
func parseAdmin(fs *flag.FlagSet, dsn *string, args []string, stderr io.Writer) (exit int, ok bool) {
	if err := fs.Parse(args); err != nil {
		return mistake(err, exitUsage), false
	}
	if fs.NArg() > 0 {
		_, _ = fmt.Fprintf(stderr, "%s: what is %q?\n", fs.Name(), fs.Arg(0))
		return exitUsage, false
	}
	if dsn != nil && *dsn == "" {
		_, _ = fmt.Fprintf(stderr, "%s: set BALCAO_ADMIN_DSN to the connection string of a superuser\n", fs.Name())
		return exitUsage, false
	}
	return exitOK, true
}

// names splits leading arguments that are not flags from the rest.
func names(args []string) (leading, rest []string) {
	for i, a := range args {
		if strings.HasPrefix(a, "-") {
			return args[:i], args[i:]
		}
	}
	return args, nil
}

// parseNamed parses n arguments and the flags behind them, as parseAdmin does.
func parseNamed(fs *flag.FlagSet, dsn *string, n int, args []string, stderr io.Writer) (leading []string, exit int, ok bool) {
	leading, rest := names(args)
	if exit, ok := parseAdmin(fs, dsn, rest, stderr); !ok {
		return nil, exit, false
	}
	if len(leading) != n {
		fs.Usage()
		return nil, exitUsage, false
	}
	return leading, exitOK, true
}

// changeOne is a command that changes the row which its argument names.
func changeOne(name, usage string, change func(ctx context.Context, dsn, which string) error, done string) command {
	return func(ctx context.Context, args []string, stdout, stderr io.Writer) int {
		fs, dsn := adminFlags(name, usage, stderr)
		leading, exit, ok := parseNamed(fs, dsn, 1, args, stderr)
		if !ok {
			return exit
		}
		if err := change(ctx, *dsn, leading[0]); err != nil {
			return fail(stderr, fs.Name(), err)
		}
		_, _ = fmt.Fprintf(stdout, done, leading[0])
		return exitOK
	}
}

func fail(stderr io.Writer, command string, err error) int {
	_, _ = fmt.Fprintf(stderr, "%s: %v\n", command, err)
	return exitError
}
