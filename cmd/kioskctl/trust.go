package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"balcao/kiosk/trust"
	"balcao/kiosk/trust/country"
)

var trustUsage = `Usage: kioskctl trust import FILE…              add CA certificates of the Citizen Card (DER or PEM);
                                                self-signed ones become anchors
       kioskctl trust import LIST.ml --root ROOT.cer
                                                add the country signing certificates of a master list (DER, PEM,
                                                base64, or LDIF of the ICAO PKD), signed under a country signing
                                                certificate that you have from elsewhere
       kioskctl trust import --country FILE…    add single country signing certificates, of passports and residence
                                                documents; a CA of that kind looks like any other, so say so
       kioskctl trust list                      show anchors, intermediates and countries, with SHA-256 fingerprints
       kioskctl trust hosts                     show whom a desk asks about revocation (host:port), for firewalls

  --dir DIR      trust folder; otherwise $BALCAO_TRUST or ` + systemTrust + `
  --json         print JSON
  --dry-run      country signing certificates: only say what would be done
  --remove-gone  master list: remove what the folder has and the list has not. Without it that is only shown

Compare the fingerprint of each root with the one that the State publishes before you import it. Revocation lists of
countries (*.crl) go into DIR/csca-crl; without one they are fetched from the address in a document signer's certificate.
Exit code 1 when a certificate was refused or a file of the folder is left out.
`

// trustOptions are the flags of "kioskctl trust".
type trustOptions struct {
	dir, root                         string
	country, dryRun, json, removeGone bool
}

// runTrust keeps the folder that decides whom the kiosk believes.
func runTrust(_ context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		_, _ = fmt.Fprint(stderr, trustUsage)
		return exitUsage
	}
	var o trustOptions
	flags := flag.NewFlagSet("trust "+args[0], flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { _, _ = fmt.Fprint(stderr, trustUsage) }
	flags.StringVar(&o.dir, "dir", "", "")
	flags.StringVar(&o.root, "root", "", "")
	flags.BoolVar(&o.country, "country", false, "")
	flags.BoolVar(&o.dryRun, "dry-run", false, "")
	flags.BoolVar(&o.json, "json", false, "")
	flags.BoolVar(&o.removeGone, "remove-gone", false, "")
	files, err := parseMixed(flags, args[1:])
	if err != nil {
		return mistake(err, exitUsage)
	}
	o.dir = trustFolder(o.dir)
	single := !o.dryRun && !o.removeGone
	switch {
	case args[0] == "import" && o.root == "" && slices.ContainsFunc(files, isMasterList):
		_, _ = fmt.Fprintln(stderr, "kioskctl trust: a master list is believed only under a root that you have from elsewhere: --root ROOT.cer")
		return exitUsage
	case args[0] == "import" && len(files) == 1 && o.root != "" && !o.country:
		return importMasterList(o, files[0], stdout, stderr)
	case args[0] == "import" && len(files) > 0 && o.root == "" && o.country && !o.removeGone:
		return importCountries(o, files, stdout, stderr)
	case args[0] == "import" && len(files) > 0 && o.root == "" && single:
		return importTrust(o, files, stdout, stderr)
	case args[0] == "hosts" && len(files) == 0 && o.root == "" && !o.country && single:
		return printTrustHosts(o, stdout, stderr)
	case args[0] == "list" && len(files) == 0 && o.root == "" && !o.country && single:
		return listTrust(o, stdout, stderr)
	}
	flags.Usage()
	return exitUsage
}

func isMasterList(file string) bool {
	return strings.EqualFold(filepath.Ext(file), ".ml") || country.HoldsMasterList(file)
}

// parseMixed parses flags that may stand before, between and after the other arguments, which it returns.
func parseMixed(flags *flag.FlagSet, args []string) (rest []string, err error) {
	for {
		if err := flags.Parse(args); err != nil {
			return nil, err
		}
		if flags.NArg() == 0 {
			return rest, nil
		}
		rest, args = append(rest, flags.Arg(0)), flags.Args()[1:]
	}
}

// trustLine is one certificate as printed.
type trustLine struct {
	Kind     string `json:"kind"` // anchor, intermediate, csca, link or left out
	Outcome  string `json:"outcome,omitempty"`
	Country  string `json:"country,omitempty"`
	Title    string `json:"title"`
	NotAfter string `json:"not_after,omitempty"`
	SHA256   string `json:"sha256,omitempty"`
	File     string `json:"file,omitempty"`
}

// importTrust exits with 1 when a file was refused, so that a script notices.
func importTrust(o trustOptions, files []string, stdout, stderr io.Writer) int {
	report, err := trust.Import(o.dir, files...)
	if err != nil {
		return fail(stderr, "kioskctl trust", err)
	}
	var lines []trustLine
	for _, item := range report.Items {
		line := trustLine{Kind: "intermediate", Outcome: importOutcome(item), Title: item.Subject, File: item.File}
		if item.Anchor {
			line.Kind = "anchor"
		}
		if !item.NotAfter.IsZero() {
			line.NotAfter = item.NotAfter.Format(time.DateOnly)
		}
		if item.Refused != nil && isCountry(item.File) {
			line.Outcome += "; a country signing certificate? Then --country"
		}
		lines = append(lines, line)
	}
	err = writeTrust(o, stdout, lines, func(t io.Writer, l trustLine) {
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\n", l.Outcome, l.Title, l.File)
	})
	if err != nil {
		return fail(stderr, "kioskctl trust", err)
	}
	if len(report.Refused()) > 0 {
		return exitError
	}
	return exitOK
}

// isCountry reports whether a file that crypto/x509 refuses may be what --country is for.
func isCountry(file string) bool {
	c, err := country.ReadCertificate(file)
	return err == nil && c.Country != "" && c.SelfSigned()
}

// writeTrust prints lines as JSON or, by the function, as columns.
func writeTrust(o trustOptions, w io.Writer, lines []trustLine, row func(io.Writer, trustLine)) error {
	if o.json {
		return writeTrustJSON(w, append([]trustLine{}, lines...))
	}
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, l := range lines {
		row(t, l)
	}
	return t.Flush()
}

func writeTrustJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

func importOutcome(item trust.ImportItem) string {
	switch {
	case item.Refused != nil:
		return "refused: " + item.Refused.Error()
	case item.Duplicate:
		return "already there"
	case item.Anchor && time.Now().After(item.NotAfter):
		return "anchor, expired " + item.NotAfter.Format(time.DateOnly)
	case item.Anchor:
		return "anchor until " + item.NotAfter.Format(time.DateOnly)
	case item.Fault == trust.FaultUntrusted:
		return "intermediate, WITHOUT a chain to an anchor yet"
	case item.Fault == trust.FaultExpired:
		return "intermediate, expired " + item.NotAfter.Format(time.DateOnly)
	}
	return "intermediate until " + item.NotAfter.Format(time.DateOnly)
}

// listTrust shows the folder, and exits with 1 when a file of it is left out. One that has countries only is in order: it is just not yet one for the Citizen Card.
func listTrust(o trustOptions, stdout, stderr io.Writer) int {
	countries, err := country.Load(o.dir)
	if err != nil {
		return fail(stderr, "kioskctl trust", err)
	}
	var lines []trustLine
	store, err := trust.Load(o.dir)
	switch {
	case err == nil:
		for _, c := range store.Anchors() {
			lines = append(lines, trustLine{Kind: "anchor", Title: c.Subject.CommonName, NotAfter: c.NotAfter.Format(time.DateOnly), SHA256: fingerprint(c.Raw)})
		}
		for _, c := range store.Intermediates() {
			lines = append(lines, trustLine{Kind: "intermediate", Title: c.Subject.CommonName, NotAfter: c.NotAfter.Format(time.DateOnly), SHA256: fingerprint(c.Raw)})
		}
	case len(countries.Certificates())+len(countries.BadFiles()) == 0 || !errors.Is(err, trust.ErrNoAnchors):
		return fail(stderr, "kioskctl trust", err)
	}
	for _, c := range countries.Certificates() {
		lines = append(lines, countryLine(c))
	}
	bad := slices.Concat(store.BadFiles(), countries.BadFiles())
	for _, b := range bad {
		lines = append(lines, trustLine{Kind: "left out", Outcome: b.Err.Error(), Country: b.Country, File: b.File})
	}
	err = writeTrust(o, stdout, lines, func(t io.Writer, l trustLine) {
		title := l.Title
		if l.File != "" {
			_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", l.Kind, l.File, l.Country, l.Outcome)
			return
		}
		if l.Country != "" {
			title = l.Country + " " + title
		}
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", l.Kind, title, l.NotAfter, l.SHA256)
	})
	if err != nil {
		return fail(stderr, "kioskctl trust", err)
	}
	if len(bad) > 0 {
		return exitError
	}
	return exitOK
}

func fingerprint(der []byte) string { return fmt.Sprintf("%X", sha256.Sum256(der)) }
