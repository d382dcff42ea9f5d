package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"balcao/kiosk/trust/country"
	"balcao/kiosk/trust/icao"
)

// listReport is what the import of a master list prints.
type listReport struct {
	File      string         `json:"file"`
	Total     int            `json:"certificates"`
	Read      int            `json:"read"` // of Total
	Signer    string         `json:"signer"`
	SignedAt  *time.Time     `json:"signed_at,omitempty"`
	Root      trustLine      `json:"root"`
	Countries []countryCount `json:"countries"`
	New       []trustLine    `json:"new"`
	Changed   []trustLine    `json:"changed"`
	Expired   []trustLine    `json:"expired"` // imported all the same: documents live that they signed
	Gone      []trustLine    `json:"gone"`    // in the folder, not in the list
	Refused   []trustLine    `json:"refused"` // in the list, but of no country signing CA
	Written   int            `json:"written"`
	Removed   int            `json:"removed"`
	Others    int            `json:"other_lists"` // of the file: older, or of signers that the root does not vouch for
	DryRun    bool           `json:"dry_run"`
	Folder    string         `json:"folder"`
}

// countryCount is one country of a list.
type countryCount struct {
	Country      string `json:"country"`
	Certificates int    `json:"certificates"`
	Links        int    `json:"links"` // of Certificates: not self-signed
	Expired      int    `json:"expired"`
	New          int    `json:"new"`
	Changed      int    `json:"changed"`
}

// importMasterList exits with 1 when a certificate of the list cannot be used, and writes the others.
func importMasterList(o trustOptions, file string, stdout, stderr io.Writer) int {
	root, err := country.ReadCertificate(o.root)
	if err != nil {
		return fail(stderr, "kioskctl trust", fmt.Errorf("root %s: %w", filepath.Base(o.root), err))
	}
	list, err := readMasterList(file, root)
	if err != nil {
		return fail(stderr, "kioskctl trust", fmt.Errorf("%s: %w", filepath.Base(file), err))
	}
	imported, err := country.Import{DryRun: o.dryRun, RemoveGone: o.removeGone}.Import(o.dir, list.Certificates)
	if err != nil {
		return fail(stderr, "kioskctl trust", err)
	}
	report := newListReport(list, imported, time.Now())
	report.File, report.Root, report.DryRun, report.Folder = file, countryLine(root), o.dryRun, filepath.Join(o.dir, "csca")
	if o.json {
		err = writeTrustJSON(stdout, report)
	} else {
		err = report.writeText(stdout)
	}
	if err != nil {
		return fail(stderr, "kioskctl trust", err)
	}
	if len(report.Refused) > 0 || report.Read < report.Total {
		return exitError
	}
	return exitOK
}

func readMasterList(file string, root *icao.Certificate) (*country.MasterList, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.Size() > country.MaxMasterList {
		return nil, fmt.Errorf("%d bytes are no master list", info.Size())
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return country.ReadMasterList(data, []*icao.Certificate{root}, time.Now())
}

func newListReport(list *country.MasterList, imported country.Report, now time.Time) *listReport {
	r := &listReport{
		Total: len(list.Certificates) + list.Unreadable, Read: len(list.Certificates),
		Signer: list.Signer.Country + " " + list.Signer.Title, Written: imported.Written, Others: list.Others,
		New: []trustLine{}, Changed: []trustLine{}, Expired: []trustLine{}, Gone: []trustLine{}, Refused: []trustLine{},
	}
	if !list.SigningTime.IsZero() {
		r.SignedAt = &list.SigningTime
	}
	counts := make(map[string]*countryCount)
	slices.SortStableFunc(imported.Items, func(a, b country.Item) int {
		return strings.Compare(a.Certificate.Country, b.Certificate.Country)
	})
	for _, item := range imported.Items {
		c := item.Certificate
		line := countryLine(c)
		if item.Refused != nil {
			line.Outcome = "refused: " + item.Refused.Error()
			r.Refused = append(r.Refused, line)
			continue
		}
		if counts[c.Country] == nil {
			counts[c.Country] = &countryCount{Country: c.Country}
		}
		counts[c.Country].add(item, now)
		if now.After(c.NotAfter) {
			r.Expired = append(r.Expired, line)
		}
		switch item.Change {
		case country.Added:
			r.New = append(r.New, line)
		case country.Changed:
			r.Changed = append(r.Changed, line)
		}
	}
	for _, n := range counts {
		r.Countries = append(r.Countries, *n)
	}
	slices.SortFunc(r.Countries, func(a, b countryCount) int { return strings.Compare(a.Country, b.Country) })
	for _, c := range imported.Gone {
		r.Gone = append(r.Gone, countryLine(c))
	}
	if imported.Removed {
		r.Removed = len(imported.Gone)
	}
	return r
}

func (n *countryCount) add(item country.Item, now time.Time) {
	n.Certificates++
	if !item.Certificate.SelfSigned() {
		n.Links++
	}
	if now.After(item.Certificate.NotAfter) {
		n.Expired++
	}
	switch item.Change {
	case country.Added:
		n.New++
	case country.Changed:
		n.Changed++
	}
}

func (r *listReport) writeText(w io.Writer) error {
	_, _ = fmt.Fprintf(w, "%s: %d of %d certificates read\n", filepath.Base(r.File), r.Read, r.Total)
	signed := ""
	if r.SignedAt != nil {
		signed = " on " + r.SignedAt.UTC().Format(time.DateTime) + " UTC"
	}
	_, _ = fmt.Fprintf(w, "Signed by %s%s, under %s %s, SHA-256 %s\n", r.Signer, signed, r.Root.Country, r.Root.Title, r.Root.SHA256)
	if r.Others > 0 {
		_, _ = fmt.Fprintf(w, "%d more lists in the file are older, or of signers that this root does not vouch for: they were not used\n", r.Others)
	}
	_, _ = fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintf(t, "country\tcertificates\tof them links\texpired\tnew\tchanged\t\n")
	all := countryCount{Country: "all"}
	for _, n := range r.Countries {
		all.Certificates += n.Certificates
		all.Links += n.Links
		all.Expired += n.Expired
		all.New += n.New
		all.Changed += n.Changed
	}
	for _, n := range append(r.Countries, all) {
		_, _ = fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%d\t\n", n.Country, n.Certificates, n.Links, n.Expired, n.New, n.Changed)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, _ = fmt.Fprintln(w)
	t = tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	added := r.New
	if len(added) == r.Read {
		added = nil // the first import: all of it
	}
	for _, part := range []struct {
		what  string
		lines []trustLine
	}{{"expired", r.Expired}, {"new", added}, {"changed", r.Changed}, {"gone", r.Gone}, {"", r.Refused}} {
		for _, l := range part.lines {
			_, _ = fmt.Fprintf(t, "%s%s\t%s %s\tuntil %s\t%s\n", part.what, l.Outcome, l.Country, l.Title, l.NotAfter, l.SHA256)
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w, r.conclusion())
	return err
}

// conclusion says what was done to the folder.
func (r *listReport) conclusion() string {
	switch {
	case r.DryRun:
		return fmt.Sprintf("Nothing was written: %d are new, %d changed, %d in the folder are not in the list.", len(r.New), len(r.Changed), len(r.Gone))
	case r.Removed > 0:
		return fmt.Sprintf("%d written to %s, %d removed.", r.Written, r.Folder, r.Removed)
	case len(r.Gone) > 0:
		return fmt.Sprintf("%d written to %s. %d that are not in the list were kept; --remove-gone removes them.", r.Written, r.Folder, len(r.Gone))
	}
	return fmt.Sprintf("%d written to %s.", r.Written, r.Folder)
}

// importCountries adds single certificates. It exits with 1 when one was refused.
func importCountries(o trustOptions, files []string, stdout, stderr io.Writer) int {
	var lines []trustLine
	var certificates []*icao.Certificate
	var from []string
	refused := false
	for _, file := range files {
		c, err := country.ReadCertificate(file)
		if err != nil {
			refused = true
			lines = append(lines, trustLine{Kind: "csca", Outcome: "refused: " + err.Error(), File: file})
			continue
		}
		certificates, from = append(certificates, c), append(from, file)
	}
	report, err := country.Import{DryRun: o.dryRun}.Import(o.dir, certificates)
	if err != nil {
		return fail(stderr, "kioskctl trust", err)
	}
	for i, item := range report.Items {
		line := countryLine(item.Certificate)
		line.File, line.Outcome = from[i], countryOutcome(item, o.dryRun)
		refused = refused || item.Refused != nil
		lines = append(lines, line)
	}
	err = writeTrust(o, stdout, lines, func(t io.Writer, l trustLine) {
		_, _ = fmt.Fprintf(t, "%s\t%s %s\t%s\t%s\n", l.Outcome, l.Country, l.Title, l.SHA256, l.File)
	})
	if err != nil {
		return fail(stderr, "kioskctl trust", err)
	}
	if refused {
		return exitError
	}
	return exitOK
}

func countryOutcome(item country.Item, dryRun bool) string {
	until := "until " + item.Certificate.NotAfter.Format(time.DateOnly)
	if time.Now().After(item.Certificate.NotAfter) {
		until = "expired " + item.Certificate.NotAfter.Format(time.DateOnly)
	}
	switch {
	case item.Refused != nil:
		return "refused: " + item.Refused.Error()
	case item.Change == country.Unchanged:
		return "already there"
	case dryRun:
		return "would be added, " + until
	case !item.Certificate.SelfSigned():
		return "link certificate, " + until
	}
	return "country signing CA, " + until
}

func countryLine(c *icao.Certificate) trustLine {
	kind := "csca"
	if !c.SelfSigned() {
		kind = "link"
	}
	return trustLine{Kind: kind, Country: c.Country, Title: c.Title, NotAfter: c.NotAfter.Format(time.DateOnly), SHA256: fingerprint(c.Raw)}
}
