// Kioskctl is for the people who run Balcão: it reads and judges a card, tells why a reader does not
// work, keeps trust anchors, and sets up databases and desks.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"balcao/cmd/internal/service"
	"balcao/cmd/internal/version"
)

// Exit codes that all commands share. A command may give code 3 a meaning of its own.
const exitOK, exitError, exitUsage = service.ExitOK, service.ExitError, service.ExitUsage

const usage = `Usage: kioskctl COMMAND [flags]

  card     read the card in the reader, print its holder and every check (exit 0 genuine, 3 refused, 2 no card)
  document examine files that were read from a travel document's chip (exit 0 genuine, 3 refused, 2 no such files)
  doctor   say what is wrong with readers, the smart-card service and the trust folder
  support  write one file with what whoever helps with this desk needs, and nothing of a person
  trust    import FILE…: add CA certificates to the trust folder; list, hosts: show it
  db       create | migrate | check | centre | login | registrar | server: the centre's database and who logs in to it;
           settings | set | extension | destination | alerts | reviews: the centre's rules, and what to look at
  desk     add | suspend | resume | rotate | revoke | list: the desks and their TLS client certificates
  staff    add | suspend | resume | renew | revoke | list: who may sign in at a desk, and their cards
  client   add | rotate | suspend | resume | list: services at which people sign in; key: what signs for them
  status   one page: how the centre does, and what to do (exit 0 all is well, 3 something is not)
  messages which messages wait, and how those of the last day fared (exit 3 when some wait too long)
  languages what of each language's texts nobody has read whose language it is
  retention [run]: for how long data is kept, what of it is due, and delete that
  alerts   list | rules | rule: what watches for misuse, and what policy does by itself
  audit    compare everything that is logged with the log (exit 0 as it was logged, 3 tampered with)
  log      checkpoint | prove | verify: what the log signed, and proofs that something is in it
  witness  cosign a log's checkpoints, from another computer
  evidence export | verify | audit: all that proves an enrolment, in one file and verified without a network

kioskctl COMMAND --help tells more; kioskctl -version says which it is.
`

func main() {
	service.Main("kioskctl", func(ctx context.Context, args []string, stdout, stderr io.Writer) int {
		return run(ctx, args, os.Stdin, stdout, stderr)
	})
}

// mistake is the exit code when flags could not be parsed; asking for help is none.
func mistake(err error, code int) int {
	if errors.Is(err, flag.ErrHelp) {
		return exitOK
	}
	return code
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	versions := func(_ context.Context, _ []string, stdout, _ io.Writer) int {
		_, _ = fmt.Fprintln(stdout, version.Line())
		return exitOK
	}
	return oneOf(ctx, "kioskctl", usage, map[string]command{
		"card": func(ctx context.Context, args []string, stdout, stderr io.Writer) int {
			return runCard(ctx, args, stdin, stdout, stderr)
		},
		"document": runDocument, "doctor": runDoctor, "support": runSupport, "trust": runTrust, "db": runDB, "desk": runDesk, "staff": runStaff, "client": runClient,
		"status": runStatus, "messages": runMessages, "languages": runLanguages, "retention": runRetention, "alerts": runAlerts,
		"audit": runAudit, "log": runLog, "witness": runWitness, "evidence": runEvidence,
		"version": versions, "-version": versions, "--version": versions,
	}, args, stdout, stderr)
}
