package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"balcao/kiosk"
	"balcao/kiosk/central/schema"
)

// dbSettings prints the centre's rules.
func dbSettings(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return dbList(ctx, dbUsage, "db settings", "There are no settings.", args, stdout, stderr, schema.Settings, func(s schema.Setting) string {
		return fmt.Sprintf("%s\t%d\t%d–%d\t%s", s.Name, s.Value, s.Lowest, s.Highest, s.Note)
	})
}

// dbSet changes one of them.
func dbSet(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fs, dsn := adminFlags("db set", dbUsage, stderr)
	leading, exit, ok := parseNamed(fs, dsn, 2, args, stderr)
	if !ok {
		return exit
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

// dbDestination keeps where codes go by SMS.
func dbDestination(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		_, _ = fmt.Fprint(stderr, dbUsage)
		return exitUsage
	}
	leading, rest := names(args)
	fs, dsn := adminFlags("db destination", dbUsage, stderr)
	perHour := fs.Int("per-hour", -1, "")
	if exit, ok := parseAdmin(fs, dsn, rest, stderr); !ok {
		return exit
	}
	switch {
	case len(leading) == 1 && leading[0] == "list":
		destinations, err := schema.Destinations(ctx, *dsn)
		if err != nil {
			return fail(stderr, fs.Name(), err)
		}
		return printTable(stdout, stderr, fs.Name(), destinations, func(d schema.Destination) string {
			return fmt.Sprintf("+%s\t%s\t%s\t%s", d.Prefix, map[bool]string{true: "on", false: "off"}[d.Allowed], perHourText(d.PerHour), d.Note)
		})
	case len(leading) == 3 && leading[0] == "set" && (leading[2] == "on" || leading[2] == "off"):
		d := schema.Destination{Prefix: strings.TrimPrefix(leading[1], "+"), Allowed: leading[2] == "on", PerHour: *perHour}
		if err := schema.SetDestination(ctx, *dsn, d); err != nil {
			return fail(stderr, fs.Name(), err)
		}
		_, _ = fmt.Fprintf(stdout, "+%s is %s.\n", d.Prefix, leading[2])
		return exitOK
	}
	_, _ = fmt.Fprint(stderr, dbUsage)
	return exitUsage
}

func perHourText(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d an hour", n)
}

func dbAlerts(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return dbList(ctx, dbUsage, "db alerts", "No alert in the last ninety days.", args, stdout, stderr, schema.Alerts, func(a schema.Alert) string {
		return fmt.Sprintf("%s\t%s\t%s\tothers: %s", a.At.UTC().Format(time.RFC3339), a.Kind, a.Desk, strings.Join(a.Others, ", "))
	})
}

func dbReviews(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return dbList(ctx, dbUsage, "db reviews", "No pair of living keys waits for a review.", args, stdout, stderr, schema.Reviews, func(r schema.Review) string {
		return fmt.Sprintf("%s\tkey %d\tkey %d", r.At.UTC().Format(time.RFC3339), r.Key, r.Other)
	})
}

// dbList is a command that prints a list, or that it is empty, and has no arguments of its own.
func dbList[T any](ctx context.Context, usage, name, empty string, args []string, stdout, stderr io.Writer,
	read func(context.Context, string) ([]T, error), line func(T) string) int {
	fs, dsn := adminFlags(name, usage, stderr)
	if exit, ok := parseAdmin(fs, dsn, args, stderr); !ok {
		return exit
	}
	rows, err := read(ctx, *dsn)
	if err != nil {
		return fail(stderr, fs.Name(), err)
	}
	if len(rows) == 0 {
		_, _ = fmt.Fprintln(stdout, empty)
		return exitOK
	}
	return printTable(stdout, stderr, fs.Name(), rows, line)
}

func printTable[T any](stdout, stderr io.Writer, command string, rows []T, line func(T) string) int {
	table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		_, _ = fmt.Fprintln(table, line(row))
	}
	if err := table.Flush(); err != nil {
		return fail(stderr, command, err)
	}
	return exitOK
}
