package trust

import (
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"balcao/kiosk/trust/cms"
)

// Report says what an import did, file by file.
type Report struct{ Items []ImportItem }

// ImportItem is one file of an import. It was stored unless Refused or Duplicate says otherwise.
type ImportItem struct {
	File      string // as given
	Subject   string // common name of the CA; empty when the file is no certificate
	NotAfter  time.Time
	Anchor    bool  // self-signed: stored as a trust anchor
	Duplicate bool  // already in the folder
	Refused   error // why it was not stored
	Fault     Fault // FaultUntrusted: no chain to an anchor yet; FaultExpired: only in the past; "" chains today
}

// Refused returns the items that were not stored because they are not what a trust store may hold.
func (r Report) Refused() []ImportItem {
	var refused []ImportItem
	for _, i := range r.Items {
		if i.Refused != nil {
			refused = append(refused, i)
		}
	}
	return refused
}

// Import adds CA certificates (DER or PEM, one per file) to a trust folder: self-signed ones become trust
// anchors, others intermediates. So what is imported decides whom the kiosk believes: compare the
// fingerprints of roots with those that the State publishes first. Expired CAs are stored, because the
// SODs of cards still valid were signed under them. Each file is written beside its place and renamed, so
// that a desk that loads the folder meanwhile sees it whole or not at all. The error is about the folder;
// what is wrong with a file is in the report.
func Import(dir string, files ...string) (Report, error) {
	var report Report
	for _, folder := range []string{anchorFolder, intermediateFolder} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o755); err != nil { //nolint:gosec // certificates are public
			return report, fmt.Errorf("making the trust folder: %w", err)
		}
	}
	certificates := make([]*x509.Certificate, len(files))
	for i, file := range files {
		item := ImportItem{File: file}
		c, err := readCertificate(file)
		if err == nil {
			item.Subject, item.NotAfter = c.Subject.CommonName, c.NotAfter
			err = checkCA(c)
		}
		if err != nil {
			item.Refused = err
			report.Items = append(report.Items, item)
			continue
		}
		certificates[i] = c
		item.Anchor = selfSigned(c)
		if item.Duplicate, err = store(dir, c, item.Anchor); err != nil {
			return report, fmt.Errorf("storing %s: %w", filepath.Base(file), err)
		}
		report.Items = append(report.Items, item)
	}
	return report, report.judge(dir, certificates)
}

// judge says of each stored certificate whether it chains, now that all are there.
func (r *Report) judge(dir string, certificates []*x509.Certificate) error {
	s, err := Load(dir)
	if err != nil && !errors.Is(err, ErrNoAnchors) {
		return err
	}
	for i, c := range certificates {
		if c == nil {
			continue
		}
		r.Items[i].Fault = FaultUntrusted
		if s == nil {
			continue
		}
		_, err := s.Chain(c, nil, time.Now())
		r.Items[i].Fault = FaultOf(err)
	}
	return nil
}

// selfSigned reports whether a certificate is signed with its own key. crypto/x509 does not verify SHA-1,
// which roots of that age have; there the names decide, since nothing rests on an anchor's signature.
func selfSigned(c *x509.Certificate) bool {
	if !cms.SameName(c.RawSubject, c.RawIssuer) {
		return false
	}
	var insecure x509.InsecureAlgorithmError
	err := c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature)
	return err == nil || errors.As(err, &insecure)
}

// store writes a certificate under a name made of its CA's name and fingerprint, and reports whether it
// was there already, under whatever name.
func store(dir string, c *x509.Certificate, anchor bool) (duplicate bool, err error) {
	folder := intermediateFolder
	if anchor {
		folder = anchorFolder
	}
	present, _, err := loadFolder(dir, folder) // what is bad there is no duplicate
	if err != nil {
		return false, err
	}
	for _, p := range present {
		if p.Equal(c) {
			return true, nil
		}
	}
	sum := fingerprintOf(c)
	name := fmt.Sprintf("%s-%s.der", fileName(c.Subject.CommonName), hex.EncodeToString(sum[:4]))
	return false, writeFile(filepath.Join(dir, folder, name), c.Raw)
}

// fileName turns a CA's name into plain lower-case ASCII.
func fileName(name string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(name) {
		switch {
		case r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			b.WriteRune(unicode.ToLower(r))
		case r == ' ' || r == '-' || r == '_':
			b.WriteByte('-')
		}
	}
	if b.Len() == 0 {
		return "ca"
	}
	return b.String()[:min(b.Len(), 64)]
}

// writeFile writes beside the place and renames.
func writeFile(path string, data []byte) error {
	temporary, err := stageFile(path, data)
	if err != nil {
		return err
	}
	if err := os.Rename(temporary, path); err != nil {
		_ = os.Remove(temporary)
		return err
	}
	return nil
}

// stageFile writes beside the place, under a name that no desk loads, and returns the name.
func stageFile(path string, data []byte) (temporary string, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".import-*")
	if err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return f.Name(), err
}
