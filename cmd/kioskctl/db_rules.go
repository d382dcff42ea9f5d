package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"balcao/kiosk"
	"balcao/kiosk/central/schema"
)

// dbSettings prints the centre's rules.
func dbSettings(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fs, dsn := adminFlags("db settings", dbUsage, stderr)
	if exit, ok := parseAdmin(fs, dsn, args, stderr); !ok {
		return exit
	}
	settings, err := schema.Settings(ctx, *dsn)
	if err != nil {
		return fail(stderr, fs.Name(), err)
	}
	table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	for _, s := range settings {
		_, _ = fmt.Fprintf(table, "%s\t%d\t%d–%d\t%s\n", s.Name, s.Value, s.Lowest, s.Highest, s.Note)
	}
	if err := table.Flush(); err != nil {
		return fail(stderr, fs.Name(), err)
	}
	return exitOK
}

// dbSet changes one of them.
func dbSet(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	leading, rest := names(args)
	fs, dsn := adminFlags("db set", dbUsage, stderr)
	if exit, ok := parseAdmin(fs, dsn, rest, stderr); !ok {
		return exit
	}
	if len(leading) != 2 {
		_, _ = fmt.Fprint(stderr, dbUsage)
		return exitUsage
	}
	value, err := strconv.Atoi(leading[1])
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "%s: %q is not a whole number\n", fs.Name(), leading[1])
		return exitUsage
	}
	if err := schema.Set(ctx, *dsn, leading[0], value); err != nil {
		return fail(stderr, fs.Name(), err)
	}
	_, _ = fmt.Fprintf(stdout, "%s is %d.\n", leading[0], value)
	return exitOK
}

// dbExtension keeps the laws that let expired documents count as valid.
func dbExtension(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		_, _ = fmt.Fprint(stderr, dbUsage)
		return exitUsage
	}
	command, args := args[0], args[1:]
	leading, rest := names(args)
	fs, dsn := adminFlags("db extension "+command, dbUsage, stderr)
	wanted := 1
	var do func() error
	switch command {
	case "list":
		wanted, do = 0, func() error { return listExtensions(ctx, *dsn, stdout) }
	case "add":
		x := extensionFlags(fs)
		do = func() error {
			x.Name = leading[0]
			return schema.AddExtension(ctx, *dsn, *x)
		}
	case "remove":
		do = func() error { return schema.RemoveExtension(ctx, *dsn, leading[0]) }
	case "help", "-h", "--help":
		_, _ = fmt.Fprint(stdout, dbUsage)
		return exitOK
	default:
		_, _ = fmt.Fprintf(stderr, "kioskctl db extension: no command %q\n\n%s", command, dbUsage)
		return exitUsage
	}
	if exit, ok := parseAdmin(fs, dsn, rest, stderr); !ok {
		return exit
	}
	if len(leading) != wanted {
		_, _ = fmt.Fprint(stderr, dbUsage)
		return exitUsage
	}
	if err := do(); err != nil {
		return fail(stderr, fs.Name(), err)
	}
	return exitOK
}

// extensionFlags are the parts of an extension. What is left out is missed by the database.
func extensionFlags(fs *flag.FlagSet) *kiosk.Extension {
	x := &kiosk.Extension{}
	fs.Func("kinds", "", func(list string) error {
		x.Kinds = nil
		for kind := range strings.SplitSeq(list, ",") {
			x.Kinds = append(x.Kinds, kiosk.DocumentKind(kind))
		}
		return nil
	})
	fs.TextVar(&x.From, "expired-from", kiosk.Date{}, "")
	fs.TextVar(&x.To, "expired-to", kiosk.Date{}, "")
	fs.TextVar(&x.Until, "until", kiosk.Date{}, "")
	return x
}

func listExtensions(ctx context.Context, dsn string, stdout io.Writer) error {
	extensions, err := schema.Extensions(ctx, dsn)
	if err != nil {
		return err
	}
	for _, x := range extensions {
		kinds := make([]string, len(x.Kinds))
		for i, kind := range x.Kinds {
			kinds[i] = string(kind)
		}
		_, _ = fmt.Fprintf(stdout, "%s\n  %s that expired from %s to %s count as valid until %s\n",
			x.Name, strings.Join(kinds, ", "), x.From, x.To, x.Until)
	}
	if len(extensions) == 0 {
		_, _ = fmt.Fprintln(stdout, "No law lets an expired document count as valid.")
	}
	return nil
}
