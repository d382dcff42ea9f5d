package trust

import (
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"balcao/kiosk/trust/folder"
	"balcao/kiosk/trust/icao"
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
	for _, place := range []string{anchorFolder, intermediateFolder} {
		if err := os.MkdirAll(filepath.Join(dir, place), 0o755); err != nil { //nolint:gosec // certificates are public
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
	if !icao.SameName(c.RawSubject, c.RawIssuer) {
		return false
	}
	var insecure x509.InsecureAlgorithmError
	err := c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature)
	return err == nil || errors.As(err, &insecure)
}

// store writes a certificate under a name made of its CA's name and fingerprint, and reports whether it
// was there already, under whatever name.
func store(dir string, c *x509.Certificate, anchor bool) (duplicate bool, err error) {
	place := intermediateFolder
	if anchor {
		place = anchorFolder
	}
	present, _, err := loadFolder(dir, place) // what is bad there is no duplicate
	if err != nil {
		return false, err
	}
	for _, p := range present {
		if p.Equal(c) {
			return true, nil
		}
	}
	sum := fingerprintOf(c)
	name := fmt.Sprintf("%s-%s.der", folder.Name(c.Subject.CommonName), hex.EncodeToString(sum[:4]))
	return false, folder.Write(filepath.Join(dir, place, name), c.Raw)
}
