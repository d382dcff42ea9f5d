package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"balcao/cmd/internal/version"
	"balcao/mock-pcsc/bench"
	"balcao/mock-pcsc/inbox"
)

// usageError is a command line that makes no sense.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

// command is one subcommand. Run gets what is left after its flags were read.
type command struct {
	name, arguments, summary string
	// more is printed by --help after the flags.
	more string
	// define adds the flags and returns what to run.
	define func(*flag.FlagSet) func(ctx context.Context, args []string, stdout, stderr io.Writer) error
	// least and most bound the arguments.
	least, most int
}

func commands() []command {
	return []command{
		serveCommand(), listCommand(), insertCommand(), removeCommand(), statusCommand(), inboxCommand(), lineCommand(),
	}
}

func dispatch(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	all := commands()
	if len(args) == 0 {
		_, _ = io.WriteString(stderr, usage(all))
		return &usageError{"a command is needed"}
	}
	if slices.Contains([]string{"help", "-h", "-help", "--help"}, args[0]) {
		_, err := io.WriteString(stdout, usage(all))
		return err
	}
	if slices.Contains([]string{"version", "-version", "--version"}, args[0]) {
		_, err := fmt.Fprintln(stdout, version.Line())
		return err
	}
	i := slices.IndexFunc(all, func(c command) bool { return c.name == args[0] })
	if i < 0 {
		return &usageError{fmt.Sprintf("no command %q; mock-pcsc help lists them", args[0])}
	}
	return all[i].run(ctx, args[1:], stdout, stderr)
}

func (c command) run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet(c.name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	do := c.define(flags)
	// Flags may stand between and after the arguments: insert CARD --wait 1m.
	var rest []string
	for {
		if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
			if _, err := io.WriteString(stdout, c.help(flags)); err != nil {
				return err
			}
			return flag.ErrHelp
		} else if err != nil {
			return c.wrong(err.Error())
		}
		if flags.NArg() == 0 {
			break
		}
		rest, args = append(rest, flags.Arg(0)), flags.Args()[1:]
	}
	if len(rest) < c.least || len(rest) > c.most {
		return c.wrong(fmt.Sprintf("%d arguments", len(rest)))
	}
	return do(ctx, rest, stdout, stderr)
}

func (c command) wrong(what string) error {
	return &usageError{fmt.Sprintf("%s: %s; usage: mock-pcsc %s", c.name, what, strings.TrimSpace(c.name+" "+c.arguments))}
}

func (c command) help(flags *flag.FlagSet) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Usage: mock-pcsc %s\n\n%s.\n", strings.TrimSpace(c.name+" "+c.arguments), c.summary)
	flags.VisitAll(func(f *flag.Flag) {
		value, text := flag.UnquoteUsage(f)
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "0" {
			text += " (" + f.DefValue + ")"
		}
		fmt.Fprintf(&b, "  --%-18s %s\n", strings.TrimSpace(f.Name+" "+value), text)
	})
	if c.more != "" {
		fmt.Fprintf(&b, "\n%s\n", strings.TrimSpace(c.more))
	}
	return b.String()
}

func usage(all []command) string {
	var b strings.Builder
	b.WriteString("Usage: mock-pcsc COMMAND\n\nThe test bench: emulated cards, a phone and a mailbox.\n\n")
	for _, c := range all {
		fmt.Fprintf(&b, "  %-28s %s\n", strings.TrimSpace(c.name+" "+c.short()), c.summary)
	}
	fmt.Fprintf(&b, `
mock-pcsc COMMAND --help tells more, mock-pcsc -version which it is. All but serve and list use the running bench and find it by
themselves; %s names its control socket when it is in another place.

Exit codes: 0 done; 1 refused, or nothing arrived in time; 2 wrong command line; 3 no bench is running.
`, bench.Environment)
	return b.String()
}

// short is the arguments without flags.
func (c command) short() string {
	var words []string
	for word := range strings.FieldsSeq(c.arguments) {
		if strings.HasPrefix(word, "[-") {
			break
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

// misbehaviour lists the recipients that fail on purpose.
func misbehaviour() string {
	var b strings.Builder
	b.WriteString("Recipients that fail on purpose (\"first attempt\": those within a minute after it pass):\n")
	for _, m := range inbox.Misbehaviour {
		fmt.Fprintf(&b, "  %-13s %s\n", m.Who, m.What)
	}
	return b.String()
}
