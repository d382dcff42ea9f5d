package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"balcao/mock-pcsc/bench"
	"balcao/mock-pcsc/inbox"
)

func inboxCommand() command {
	return command{
		name: "inbox", arguments: "[--to WHO] [--after ID] [--wait 10s] [--json]",
		summary: "Print the messages that arrived, oldest first",
		more: `
With --wait it returns as soon as there is at least one message, at once when there is one already.
To wait for the next message, give the ID of the last one seen with --after.
Exit code 1 when there was none in time.

` + misbehaviour(),
		define: func(flags *flag.FlagSet) runner {
			to := flags.String("to", "", "only messages to this phone number or address (`WHO`)")
			after := flags.Int64("after", 0, "only messages that came after the one with this `ID`")
			wait := flags.Duration("wait", 0, "how `long` to wait for the first message")
			asJSON := flags.Bool("json", false, "an array of objects: id, channel, from, to, subject, text, at")
			return func(ctx context.Context, _ []string, stdout, _ io.Writer) error {
				messages, err := bench.Messages(ctx, inbox.Filter{To: *to, After: *after}, *wait)
				if err != nil {
					return err
				}
				if *asJSON {
					err = printJSON(stdout, append([]inbox.Message{}, messages...))
				} else {
					err = printMessages(stdout, messages)
				}
				if err == nil && len(messages) == 0 && *wait > 0 {
					return nothingArrived(*to, *wait)
				}
				return err
			}
		},
	}
}

func nothingArrived(to string, wait time.Duration) error {
	if to == "" {
		return fmt.Errorf("nothing arrived within %v", wait)
	}
	return fmt.Errorf("nothing arrived for %s within %v; mock-pcsc inbox shows what arrived for others", to, wait)
}

func printMessages(w io.Writer, messages []inbox.Message) error {
	var b strings.Builder
	for i, m := range messages {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "%d  %s  %s  %s -> %s\n", m.ID, m.At.Format(time.TimeOnly), m.Channel, m.From, m.To)
		if m.Subject != "" {
			fmt.Fprintln(&b, m.Subject)
		}
		fmt.Fprintln(&b, strings.TrimRight(m.Text, "\n"))
	}
	_, err := io.WriteString(w, b.String())
	return err
}
