package country

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"balcao/kiosk/trust/folder"
	"balcao/kiosk/trust/icao"
)

// Change is what an import does to a certificate's place in the folder.
type Change string

// Changes. A changed one is another certificate for a name and a key that the folder has already, self-signed like
// the other or a link like it; both stay, because a certificate in a document may name either.
const (
	Added     Change = "new"
	Changed   Change = "changed"
	Unchanged Change = "unchanged"
)

// Import says how country signing certificates are imported. The zero value adds and never takes away.
type Import struct {
	DryRun     bool // only say what would be done
	RemoveGone bool // remove from the folder what is not among the certificates: for a list that is the only source
}

// Report says what an import did, or would do.
type Report struct {
	Items   []Item
	Gone    []*icao.Certificate // in the folder, but not among those imported
	Removed bool                // the Gone ones were removed
	Written int                 // files
}

// Item is one certificate of an import.
type Item struct {
	Certificate *icao.Certificate
	Change      Change // "" when Refused
	Refused     error  // why it is none of a country signing CA
}

// Import adds country signing certificates, self-signed ones and links, to a trust folder: so what is imported decides whom
// the kiosk believes. They are believed already when they come from a master list under a root that was verified;
// compare the fingerprint of one that comes alone. Expired ones are stored too: documents live that they signed.
//
// All files are written beside their places first and renamed at the end, so that neither a full disk nor a desk that loads
// the folder meanwhile sees half a file, or half a list for longer than the renaming takes. The error is about the folder.
func (o Import) Import(dir string, certificates []*icao.Certificate) (Report, error) {
	var report Report
	present, paths, err := presentIn(dir)
	if err != nil {
		return report, fmt.Errorf("reading the trust folder: %w", err)
	}
	fresh := make(map[string][]byte)
	for _, c := range certificates {
		item := Item{Certificate: c}
		if item.Refused = checkAuthority(c); item.Refused == nil {
			item.Change = changeOf(c, present)
		}
		if item.Change == Added || item.Change == Changed {
			fresh[filepath.Join(dir, authorityFolder, fileNameOf(c))] = c.Raw
		}
		report.Items = append(report.Items, item)
	}
	var gone []string
	for i, p := range present {
		if !slices.ContainsFunc(certificates, p.Equal) {
			report.Gone = append(report.Gone, p)
			gone = append(gone, paths[i])
		}
	}
	if o.DryRun {
		return report, nil
	}
	if err := writeAll(filepath.Join(dir, authorityFolder), fresh); err != nil {
		return report, fmt.Errorf("writing country signing certificates: %w", err)
	}
	report.Written = len(fresh)
	if !o.RemoveGone {
		return report, nil
	}
	for _, path := range gone {
		if err := os.Remove(path); err != nil {
			return report, fmt.Errorf("removing a country signing certificate: %w", err)
		}
	}
	report.Removed = true
	return report, nil
}

// presentIn reads the certificates of a folder with their paths. Bad files are not among them.
func presentIn(dir string) (certificates []*icao.Certificate, paths []string, err error) {
	files, _, err := readAuthorities(dir)
	for _, f := range files {
		certificates, paths = append(certificates, f.Content), append(paths, f.Path)
	}
	return certificates, paths, err
}

func changeOf(c *icao.Certificate, present []*icao.Certificate) Change {
	change := Added
	for _, p := range present {
		switch {
		case p.Equal(c):
			return Unchanged
		case bytes.Equal(p.SPKI, c.SPKI) && icao.SameName(p.RawSubject, c.RawSubject) && p.SelfSigned() == c.SelfSigned():
			change = Changed
		}
	}
	return change
}

// fileNameOf begins with the country, so that a listing of the folder is sorted as people look for things.
func fileNameOf(c *icao.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return fmt.Sprintf("%s-%s-%s.cer", strings.ToLower(c.Country), folder.Name(c.Title), hex.EncodeToString(sum[:4]))
}

// writeAll writes files by their paths, all in one folder: first all of them under other names, then the renaming.
func writeAll(dir string, files map[string][]byte) (err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // certificates are public
		return err
	}
	staged := make(map[string]string)
	defer func() {
		for _, temporary := range staged {
			_ = os.Remove(temporary)
		}
	}()
	for path, data := range files {
		if staged[path], err = folder.Stage(path, data); err != nil {
			delete(staged, path)
			return err
		}
	}
	for path, temporary := range staged {
		if err := os.Rename(temporary, path); err != nil {
			return err
		}
		delete(staged, path)
	}
	return nil
}
