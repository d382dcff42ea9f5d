package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"balcao/assets/i18n"
	"balcao/assets/i18n/fonts"
	"balcao/kiosk"
	"balcao/kiosk/delivery"
)

const languagesUsage = `Usage: kioskctl languages [TAG]

Prints how many texts each language has, on screens and in messages, how many of them nobody has read whose language it
is, and which package this computer lacks to draw it. With a TAG (fr, uk, zh-Hans) it lists what is unread: name, mark,
text. Who has read a text adds its mark to assets/i18n/reviewed.json; when the text changes it is unread again.
`

func runLanguages(_ context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("kioskctl languages", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { _, _ = fmt.Fprint(stderr, languagesUsage) }
	if err := flags.Parse(args); err != nil {
		return mistake(err, exitUsage)
	}
	only := kiosk.Language(flags.Arg(0))
	if flags.NArg() > 1 || only != "" && !slices.Contains(kiosk.Languages, only) {
		_, _ = fmt.Fprintf(stderr, "kioskctl languages: one of %v\n", kiosk.Languages)
		return exitUsage
	}
	for _, l := range kiosk.Languages {
		if only != "" && l != only {
			continue
		}
		messages, err := delivery.Supplied(string(l))
		if err != nil {
			return fail(stderr, flags.Name(), err)
		}
		texts := i18n.Reviews(string(l))
		for _, name := range slices.Sorted(maps.Keys(messages)) {
			texts = append(texts, i18n.Review(string(l), name, messages[name]))
		}
		unread := slices.DeleteFunc(slices.Clone(texts), func(r i18n.Reading) bool { return r.Read })
		if only != "" {
			for _, r := range unread {
				_, _ = fmt.Fprintf(stdout, "%s\t%s\t%s\n", r.Name, i18n.Mark(r.Text), strconv.Quote(r.Text))
			}
			continue
		}
		drawn := ""
		if missing := fonts.Missing(l.Name()); len(missing) > 0 {
			drawn = fmt.Sprintf(", not offered: this computer lacks %v", missing)
		}
		_, _ = fmt.Fprintf(stdout, "%-8s %d texts, %d unread%s  %s\n", l, len(texts), len(unread), drawn, l.Name())
	}
	return exitOK
}
