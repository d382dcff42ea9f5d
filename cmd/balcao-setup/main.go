// Balcao-setup writes the configuration of a desk, a door, a registrar or a login service. It asks what cannot be guessed, puts
// certificates and keys where they belong, and lets the program itself judge the result; what that refuses is undone.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"strings"

	"balcao/cmd/internal/service"
	"balcao/cmd/internal/version"
)

const usage = `Usage: balcao-setup desk|centre|registrar|login [--from DIR] [--answers FILE] [--KEY VALUE…] [--replace]

Writes /etc/balcao/kiosk.toml, centre.toml, registrar.toml or login.toml, and lets the program check it as the user that it runs as. It
asks for what is neither on the command line nor in the answers file, unless standard input is no terminal. Certificates
and keys are looked for in DIR, the current folder when not said, under the names that kioskctl and registrar keygen give
them, copied to /etc/balcao, and made readable for whom they are meant. What is there already and in DIR is not, stays. Whom
documents are believed by, a desk and a registrar have to know before: kioskctl trust import.

Nothing that is there is replaced without a question (or --replace), and what is replaced stays beside it as NAME.old. When
the program refuses the configuration, all is as before.

desk       --name TEXT          what clerks and receipts call it: "Loja de Cidadão das Laranjeiras · Balcão 07"
           --centre URL,URL     the centre's doors: https://centre.example.pt:8443
           --recipient age1…    whom PINs are sealed to; registrar keygen printed it
           --desk NAME          the desk's name at the centre: DIR has NAME.crt and NAME.key (kioskctl desk add NAME)
           [--staff-reader TEXT] part of the name of the reader that is the staff's alone
           DIR: NAME.crt, NAME.key, service-ca.crt
centre     --hosts HOST,HOST    all servers of the database
           DIR: balcao_centre.crt, balcao_centre.key, centre.crt, centre.key, server-ca.crt, desk-ca.crt, staff-ca.crt,
           record.pub, log.pub
registrar  --registrar NAME     its role in the database: DIR has NAME.crt and NAME.key (kioskctl db registrar NAME)
           --hosts HOST,HOST    all servers of the database
           --sms HOST:PORT      the message centre, SMPP 3.4 with TLS
           --sms-id TEXT        the system identifier there
           --sms-source TEXT    the sender that phones show
           --mail HOST:PORT     the mail relay, SMTP with STARTTLS
           --mail-from ADDRESS  the sender of e-mail
           [--mail-user NAME]   the user there, if it wants one
           DIR: NAME.crt, NAME.key, server-ca.crt, desk-ca.crt, staff-ca.crt, smpp-password, with --mail-user smtp-password,
           and keys/ of registrar keygen
login      --issuer URL         by which browsers and services know it, for ever: https://entrar.example.pt
           --hosts HOST,HOST    all servers of the database
           [--proxies NET,NET]  proxies and balancers before it, as 10.0.0.0/8
           DIR: balcao_login.crt, balcao_login.key, server-ca.crt, record.pub, keys/pepper of registrar keygen, keys/subjects,
           signing/ of kioskctl client key; login.crt and login.key, without which it listens on this computer alone, for a
           proxy here

In DIR, service-ca/ca.crt does for service-ca.crt and server-ca.crt, desk-ca/ca.crt for desk-ca.crt, and the folder keys has
record.pub and log.pub. The answers file has lines KEY = "VALUE" (TOML).

  --etc DIR       the folder of configurations, when not /etc/balcao
  --user NAME     the user that the program runs as, when not balcao-desk, balcao-centre, balcao-registrar or balcao-login
`

func main() {
	service.Main("balcao-setup", func(ctx context.Context, args []string, stdout, stderr io.Writer) int {
		info, err := os.Stdin.Stat()
		terminal := err == nil && info.Mode()&os.ModeCharDevice != 0
		return run(ctx, args, asker{lines: bufio.NewScanner(os.Stdin), out: stdout, terminal: terminal}, stdout, stderr)
	})
}

// errUsage says that the command line is wrong.
var errUsage = errors.New("wrong command line; balcao-setup --help tells more")

func run(ctx context.Context, args []string, ask asker, stdout, stderr io.Writer) int {
	err := setup(ctx, args, ask, stdout)
	switch {
	case err == nil:
		return service.ExitOK
	case errors.Is(err, flag.ErrHelp):
		_, _ = fmt.Fprint(stdout, usage)
		return service.ExitOK
	}
	_, _ = fmt.Fprintf(stderr, "balcao-setup: %v\n", err)
	if errors.Is(err, errUsage) {
		return service.ExitUsage
	}
	return service.ExitError
}

func setup(ctx context.Context, args []string, ask asker, stdout io.Writer) error {
	if len(args) > 0 && (args[0] == "-version" || args[0] == "--version") {
		_, _ = fmt.Fprintln(stdout, version.Line())
		return nil
	}
	if len(args) == 0 || strings.HasPrefix(args[0], "-") || args[0] == "help" {
		if len(args) == 0 {
			return errUsage
		}
		return flag.ErrHelp
	}
	r, ok := roles[args[0]]
	if !ok {
		return fmt.Errorf("there is no %q: %w", args[0], errUsage)
	}
	flags := flag.NewFlagSet("balcao-setup "+args[0], flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	from := flags.String("from", ".", "")
	answersFile := flags.String("answers", "", "")
	flags.BoolVar(&ask.replace, "replace", false, "")
	etc := flags.String("etc", "/etc/balcao", "")
	name := flags.String("user", "balcao-"+args[0], "")
	said := map[string]*string{}
	for _, q := range r.questions {
		said[q.key] = flags.String(q.key, "", "")
	}
	if err := flags.Parse(args[1:]); err != nil || flags.NArg() > 0 {
		return errors.Join(err, errUsage)
	}
	owner, err := user.Lookup(*name)
	if err != nil {
		return fmt.Errorf("user %s is not there: install the package, or name another user (--user)", *name)
	}
	answers, err := ask.all(r.questions, said, *answersFile)
	if err != nil {
		return err
	}
	folder, err := filepath.Abs(*etc)
	if err != nil {
		return err
	}
	p := placement{etc: folder, from: *from, owner: owner}
	defer p.wipe()
	if err := p.find(r.files(answers, p)); err != nil {
		return err
	}
	p.add(r.config, []byte(r.toml(answers, p)), false, false)
	if err := ask.mayReplace(p.replaced()); err != nil {
		return err
	}
	if err := p.write(); err != nil {
		return errors.Join(err, p.undo())
	}
	if err := check(ctx, r, p, stdout); err != nil {
		return errors.Join(fmt.Errorf("%w\nThe configuration was refused; everything is as it was before", err), p.undo())
	}
	_, _ = fmt.Fprintf(stdout, "%s is in place, and %s accepts it.\n%s", filepath.Join(folder, r.config), r.program, r.next)
	return nil
}
