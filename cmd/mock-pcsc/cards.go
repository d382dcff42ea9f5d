package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"balcao/mock-pcsc/bench"
	"balcao/mock-pcsc/fixtures"
)

type runner = func(ctx context.Context, args []string, stdout, stderr io.Writer) error

func listCommand() command {
	return command{
		name: "list", arguments: "[--json]", summary: "Show the cards of the fixtures; no bench needs to run",
		more: "With --json also what is printed on passports and residence documents: mrz opens their chips, as can does.",
		define: func(flags *flag.FlagSet) runner {
			asJSON := flags.Bool("json", false, "an array of objects: name, kind, generation, key, pin, refused_for (empty: a good card), level, mrz (lines as printed), can, title, holder")
			return func(_ context.Context, _ []string, stdout, _ io.Writer) error {
				cards, err := fixtures.Open()
				if err != nil {
					return fmt.Errorf("opening the fixtures: %w", err)
				}
				entries := cards.All()
				if *asJSON {
					if entries == nil {
						entries = []fixtures.Entry{} // an array, even so
					}
					return printJSON(stdout, entries)
				}
				return printEntries(stdout, entries)
			}
		},
	}
}

func printEntries(w io.Writer, entries []fixtures.Entry) error {
	lines := []string{"NAME\tKIND\tGENERATION\tKEY\tPIN\tCAN\tREFUSED FOR\tTITLE\n"}
	for _, e := range entries {
		refused := e.RefusedFor
		if refused == "" {
			refused = "-"
		}
		lines = append(lines, strings.Join([]string{e.Name, e.Kind, e.Generation, e.Key, e.PIN, e.CAN, refused, e.Title}, "\t")+"\n")
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, err := io.WriteString(table, strings.Join(lines, ""))
	return errors.Join(err, table.Flush())
}

func insertCommand() command {
	return command{
		name: "insert", arguments: "CARD [SLOT] [--wait 5s]", least: 1, most: 2,
		summary: "Put a card of the fixtures into a slot (1), in place of what is there",
		more: "Returns when the reader has seen the card. When there is no reader in time, the card goes back.\n" +
			"A staff card in the slot goes out, which locks the shift that it opened: insert clerk 2 brings it back.",
		define: func(flags *flag.FlagSet) runner {
			wait := flags.Duration("wait", 5*time.Second, "how `long` to wait for the reader")
			return func(ctx context.Context, args []string, stdout, _ io.Writer) error {
				slot, err := slotArgument(args[1:])
				if err != nil {
					return err
				}
				before := staffIn(ctx, slot)
				if err := bench.Insert(ctx, args[0], slot, *wait); err != nil {
					return err
				}
				_, err = fmt.Fprintf(stdout, "%s is in slot %d\n%s", args[0], slot, locks(before))
				return err
			}
		},
	}
}

func removeCommand() command {
	return command{
		name: "remove", arguments: "[SLOT]", most: 1, summary: "Take the card out of a slot (1)",
		define: func(*flag.FlagSet) runner {
			return func(ctx context.Context, args []string, stdout, _ io.Writer) error {
				slot, err := slotArgument(args)
				if err != nil {
					return err
				}
				before := staffIn(ctx, slot)
				card, err := bench.Remove(ctx, slot)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(stdout, "%s is out of slot %d\n%s", card, slot, locks(before))
				return err
			}
		},
	}
}

// staffIn is the name of the staff card in a slot, empty when there is none.
func staffIn(ctx context.Context, slot int) string {
	status, err := bench.CurrentStatus(ctx)
	if err != nil { // the command itself says so
		return ""
	}
	for _, s := range status.Slots {
		if s.Slot == slot && s.Kind == fixtures.KindStaff {
			return s.Card
		}
	}
	return ""
}

// locks says what it means that a staff card went out.
func locks(staff string) string {
	if staff == "" {
		return ""
	}
	return fmt.Sprintf("%s went out: a shift locks when its card leaves a reader of staff cards\n", staff)
}

func slotArgument(args []string) (int, error) {
	if len(args) == 0 {
		return 1, nil
	}
	slot, err := strconv.Atoi(args[0])
	if err != nil {
		return 0, &usageError{fmt.Sprintf("slot %q is not a number; use 1 or 2", args[0])}
	}
	return slot, nil
}

func lineCommand() command {
	return command{
		name: "line", arguments: "SPEED", least: 1, most: 1,
		summary: "Set the speed of the card line for cards inserted from now on: full, or bits per second such as 250k",
		define: func(*flag.FlagSet) runner {
			return func(ctx context.Context, args []string, _, _ io.Writer) error {
				if _, err := bench.ParseLine(args[0]); err != nil {
					return &usageError{err.Error()}
				}
				return bench.SetLine(ctx, args[0])
			}
		},
	}
}

func statusCommand() command {
	return command{
		name: "status", arguments: "[--json]", summary: "Show what is in the slots and where the bench listens",
		define: func(flags *flag.FlagSet) runner {
			asJSON := flags.Bool("json", false, "one object: slots, line, messages, smpp, smtp, http")
			return func(ctx context.Context, _ []string, stdout, _ io.Writer) error {
				status, err := bench.CurrentStatus(ctx)
				if err != nil {
					return err
				}
				if *asJSON {
					return printJSON(stdout, status)
				}
				_, err = io.WriteString(stdout, statusText(status))
				return err
			}
		},
	}
}

func statusText(status bench.Status) string {
	var b strings.Builder
	for _, s := range status.Slots {
		fmt.Fprintf(&b, "slot %d   %s\n", s.Slot, describe(s))
	}
	fmt.Fprintf(&b, "line     %s\nSMPP     %s\nSMTP     %s\nHTTP     %s\nmessages %d\n",
		status.Line, status.SMPP, status.SMTP, status.HTTP, status.Messages)
	return b.String()
}

func describe(s bench.SlotStatus) string {
	text := string(s.State)
	if s.Card != "" {
		text = s.Card + " (" + string(s.State) + ")"
	}
	if s.Reason != "" {
		text += ": " + s.Reason
	}
	return text
}

func printJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}
