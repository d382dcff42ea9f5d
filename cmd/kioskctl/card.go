package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"balcao/cardreader"
	"balcao/cardreader/mrz"
	"balcao/cardreader/travel"
	"balcao/cmd/internal/installed"
	"balcao/kiosk"
	"balcao/kiosk/desk"
	"balcao/kiosk/examine"
	"balcao/kiosk/trust"
	"balcao/kiosk/trust/country"
	"balcao/kiosk/trust/fetch"
	"balcao/kiosk/trust/icao"
)

// Exit codes of `kioskctl card` besides exitOK (genuine) and exitError.
const (
	exitNoCard  = 2
	exitRefused = 3
)

type cardFlags struct {
	reader   string
	trust    string
	json     bool
	pinStdin bool
	noPhoto  bool
	timeout  time.Duration
	mrz      lines
	can      string
	anchors  lines
	private  bool
	held     func(bool) // told when another program holds the card
}

// belief adds the flags that say whom to believe and whom to ask.
func (f *cardFlags) belief(flags *flag.FlagSet) {
	flags.StringVar(&f.trust, "trust", "", "trust folder; otherwise $BALCAO_TRUST or "+systemTrust)
	flags.Var(&f.anchors, "anchor", "file of a country signing certificate to trust instead of those in the trust folder; may be repeated")
	private, _ := strconv.ParseBool(os.Getenv("BALCAO_ALLOW_PRIVATE_REVOCATION"))
	flags.BoolVar(&f.private, "allow-private-revocation", private,
		"ask OCSP responders and fetch lists on this computer and in private networks too, and through the proxy of the environment; otherwise $BALCAO_ALLOW_PRIVATE_REVOCATION")
}

// patience is how long another program may hold the card before that is the answer.
const patience = 30 * time.Second

// lines is a flag that may be given several times.
type lines []string

func (l *lines) String() string { return strings.Join(*l, "\n") }

// Set implements flag.Value.
func (l *lines) Set(text string) error {
	*l = append(*l, text)
	return nil
}

// runCard reads one card, prints what it says and what was verified, and judges it.
func runCard(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var f cardFlags
	flags := flag.NewFlagSet("card", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&f.reader, "reader", "", "number (from 1) or part of the name of the reader; otherwise the first with a card")
	f.belief(flags)
	flags.BoolVar(&f.json, "json", false, "print JSON")
	flags.BoolVar(&f.pinStdin, "pin-stdin", false, "read the card's authentication PIN from standard input and let the card sign a random challenge")
	flags.BoolVar(&f.noPhoto, "no-photo", false, "leave the photograph on the card")
	flags.Var(&f.mrz, "mrz", "a line of the machine-readable zone that is printed on a travel document; once for each line")
	flags.StringVar(&f.can, "can", "", "the card access number that is printed on a document, six digits")
	flags.DurationVar(&f.timeout, "timeout", 10*time.Second, "how long the card may take for one command")
	if err := flags.Parse(args); err != nil {
		return mistake(err, exitError)
	}
	if err := f.checkPrinted(); err != nil {
		return fail(stderr, "kioskctl card", err)
	}
	verifier, err := newExaminer(f)
	if err != nil {
		return fail(stderr, "kioskctl card", err)
	}
	var pin kiosk.Secret
	if f.pinStdin {
		if pin, err = readPIN(stdin); err != nil {
			return fail(stderr, "kioskctl card", err)
		}
		defer pin.Wipe()
	}
	f.held = func(held bool) {
		if held {
			_, _ = fmt.Fprintln(stderr, "kioskctl card: another program holds the card; waiting until it lets go")
		}
	}
	report, err := examineCard(ctx, f, verifier, pin)
	if err != nil {
		return failCard(stderr, err)
	}
	if err := report.write(stdout, f.json); err != nil {
		return fail(stderr, "kioskctl card", err)
	}
	return report.exit()
}

// errNoCard says that no reader has a card in it.
var errNoCard = errors.New("no reader has a card in it; insert one, or run kioskctl doctor")

func failCard(stderr io.Writer, err error) int {
	fail(stderr, "kioskctl card", err)
	if errors.Is(err, errNoCard) || errors.Is(err, cardreader.ErrServiceGone) || errors.Is(err, cardreader.ErrStuck) || errors.Is(err, cardreader.ErrUnresponsive) || errors.Is(err, errNoReader) {
		return exitNoCard
	}
	return exitError
}

var errNoReader = errors.New("no such reader; kioskctl doctor lists them")

// checkPrinted refuses what cannot be printed on a document, before a chip is asked: a chip gets slower with each
// wrong try.
func (f cardFlags) checkPrinted() error {
	if len(f.mrz) > 0 {
		if _, err := mrz.Parse(f.mrz.String(), time.Now()); err != nil {
			return fmt.Errorf("--mrz: %w", err)
		}
	}
	if f.can != "" && (len(f.can) != 6 || strings.Trim(f.can, "0123456789") != "") {
		return errors.New("--can: not six digits")
	}
	return nil
}

// newExaminer takes the trust folder that is named or that is in its place. With anchors of its own for States, it
// does without a folder.
func newExaminer(f cardFlags) (*examine.Examiner, error) {
	dir := trustFolder(f.trust)
	store, err := trust.Load(dir)
	if err != nil && (len(f.anchors) == 0 || f.trust != "") {
		return nil, fmt.Errorf("trust folder %s: %w (kioskctl trust import fills it; --trust names another)", dir, err)
	}
	countries, err := loadCountries(dir, f.anchors)
	if err != nil {
		return nil, err
	}
	asking := fetch.Client(f.private)
	return &examine.Examiner{
		Trust: store, Revocation: &trust.Revocation{HTTP: asking},
		Countries: countries, CountryRevocation: &country.Revocation{Authorities: countries, HTTP: asking},
	}, nil
}

func loadCountries(dir string, anchors []string) (*country.Authorities, error) {
	if len(anchors) == 0 {
		countries, err := country.Load(dir)
		if err != nil {
			return nil, fmt.Errorf("trust folder %s: %w", dir, err)
		}
		return countries, nil
	}
	var certificates []*icao.Certificate
	for _, path := range anchors {
		c, err := country.ReadCertificate(path)
		if err != nil {
			return nil, fmt.Errorf("--anchor: %w", err)
		}
		certificates = append(certificates, c)
	}
	return country.New(certificates)
}

// systemTrust is where an installed desk keeps its anchors.
var systemTrust = installed.Path("trust")

// trustFolder is the folder that a flag or else the environment names, or the installed one.
func trustFolder(named string) string {
	return cmp.Or(named, os.Getenv("BALCAO_TRUST"), systemTrust)
}

// readPIN takes the first line without leaving a copy behind. An empty one is no mistake yet: a document
// that is refused, or that has no PIN, needs none.
func readPIN(stdin io.Reader) (kiosk.Secret, error) {
	line := make([]byte, 0, 64)
	defer func() { clear(line[:cap(line)]) }()
	r := bufio.NewReaderSize(stdin, 16)
	for len(line) < cap(line) {
		b, err := r.ReadByte()
		if err != nil || b == '\n' {
			break
		}
		line = append(line, b)
	}
	pin := bytes.TrimSpace(line)
	if len(pin) > 0 && (len(pin) < 4 || len(pin) > 8) {
		return nil, errors.New("the PIN on standard input is not 4 to 8 digits")
	}
	return kiosk.Secret(bytes.Clone(pin)), nil
}

// errNoPIN says that a good card was to sign and no PIN came.
var errNoPIN = errors.New("the card signs only with its PIN: give it on standard input, or leave --pin-stdin out")

// errPrinted says that a chip opens only with what is printed on its document.
var errPrinted = errors.New("the chip opens with what is printed on the document: give --mrz for each line, or --can")

// hintMRZ is for a chip that was given a number and has none.
const hintMRZ = "This chip does not open with a card access number: give --mrz for each line of its machine-readable zone."

// secret is what the chip is opened with, of what was given.
func (f cardFlags) secret(locked *desk.LockedChip) (desk.AccessSecret, error) {
	given := map[kiosk.AccessKind]string{kiosk.AccessMRZ: f.mrz.String(), kiosk.AccessCAN: f.can}
	for _, kind := range locked.Accepts {
		if given[kind] != "" {
			return desk.NewAccessSecret(kind, given[kind]), nil
		}
	}
	if f.can != "" {
		return desk.AccessSecret{}, travel.ErrPasswordKind
	}
	return desk.AccessSecret{}, errPrinted
}

// readersLike lists the readers of a number, from 1, or with a part in their names; when it is empty, all that are not left
// aside.
func readersLike(ctx context.Context, which string) (wanted []string, err error) {
	names, err := cardreader.List(ctx)
	if err != nil {
		return nil, err
	}
	choice := readDeskConfig(systemKiosk).choice()
	if n, err := strconv.Atoi(which); err == nil && n >= 1 && n <= len(names) {
		return names[n-1 : n], nil // digits are in most names
	}
	for _, name := range names {
		if which == "" && choice.Aside(name) == "" || which != "" && strings.Contains(strings.ToLower(name), strings.ToLower(which)) {
			wanted = append(wanted, name)
		}
	}
	if len(wanted) == 0 {
		return nil, errNoReader
	}
	return wanted, nil
}

// connect opens the named reader's card, or the first there is.
func connect(ctx context.Context, f cardFlags) (desk.CardSession, string, error) {
	wanted, err := readersLike(ctx, f.reader)
	if err != nil {
		return nil, "", err
	}
	pcsc := desk.PCSC{Dialer: cardreader.Dialer{Timeout: f.timeout, Patience: patience}}
	for _, name := range wanted {
		session, err := pcsc.Connect(ctx, name, f.held)
		if errors.Is(err, cardreader.ErrRemoved) {
			continue
		}
		return session, name, err
	}
	return nil, "", errNoCard
}
