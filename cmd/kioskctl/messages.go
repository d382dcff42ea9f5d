package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"balcao/kiosk/central/schema"
)

const messagesUsage = `Usage: kioskctl messages

Prints which messages wait, since when, and what keeps them; how those of the last day fared, and why some failed; and
which registrars send them. Exit 3 when some wait for longer than two minutes or no registrar can send.

The connection string of a superuser is --dsn, or better BALCAO_ADMIN_DSN.
`

// exitWaits is the exit status of "kioskctl messages" when a message waits for too long, or no registrar can send it.
const exitWaits = 3

// messagePatience is for how long a message may wait before that is trouble.
const messagePatience = 2 * time.Minute

func runMessages(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fs, dsn := adminFlags("messages", messagesUsage, stderr)
	if exit, ok := parseAdmin(fs, dsn, args, stderr); !ok {
		return exit
	}
	queues, err := schema.Queues(ctx, *dsn)
	if err != nil {
		return fail(stderr, fs.Name(), err)
	}
	senders, err := schema.Senders(ctx, *dsn)
	if err != nil {
		return fail(stderr, fs.Name(), err)
	}
	now := time.Now()
	exit := exitOK
	if len(queues) == 0 {
		_, _ = fmt.Fprintln(stdout, "No message waits, and none was queued within a day.")
	}
	able := map[string]bool{}
	for _, s := range senders {
		able["sms"] = able["sms"] || s.SMS != "down" && now.Sub(s.Seen) < messagePatience
		able["email"] = able["email"] || s.Email != "down" && now.Sub(s.Seen) < messagePatience
	}
	for _, q := range queues {
		if q.Waiting > 0 && (now.Sub(*q.Since) > messagePatience || !able[q.Channel]) {
			exit = exitWaits
		}
	}
	code := printTable(stdout, stderr, fs.Name(), queues, func(q schema.Queue) string { return queueLine(q, now) })
	if len(senders) == 0 {
		_, _ = fmt.Fprintln(stdout, "No registrar was heard of within a day: nothing leaves.")
	} else if code == exitOK {
		code = printTable(stdout, stderr, fs.Name(), senders, func(s schema.Sender) string {
			return fmt.Sprintf("registrar %s\tsms %s, e-mail %s\theard of %s ago", s.Name, s.SMS, s.Email, now.Sub(s.Seen).Round(time.Second))
		})
	}
	if code != exitOK {
		return code
	}
	return exit
}

func queueLine(q schema.Queue, now time.Time) string {
	waits := "none waits"
	if q.Waiting > 0 {
		waits = fmt.Sprintf("%d wait, the oldest for %s", q.Waiting, now.Sub(*q.Since).Round(time.Second))
		if next := q.NextTry.Sub(now).Round(time.Second); next > 0 {
			waits += fmt.Sprintf(", next try in %s", next)
		}
		if q.Trouble != "" {
			waits += " (" + q.Trouble + ")"
		}
	}
	day := fmt.Sprintf("last day: sent %d, delivered %d, failed %d", q.Sent, q.Delivered, q.Failed)
	if q.Reasons != "" {
		day += " (" + q.Reasons + ")"
	}
	return fmt.Sprintf("%s\t%s\t%s\t%s", q.Channel, q.Kind, waits, day)
}
