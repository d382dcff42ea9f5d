// Package country believes the documents of States: country signing CAs, their revocation lists, the document signers below
// them, and the master lists in which States hand on each other's CAs (Doc 9303-12). There is one authority per country, and
// curves that crypto/x509 does not know.
//
//	authorities, err := country.Load("/etc/balcao/trust")
//	object, err := country.ReadSOD(sod)
//	chain, err := authorities.TrustSigner(object, time.Now())
//	answer, err := revocation.Check(ctx, chain[0], chain[1])
package country

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"balcao/kiosk/trust"
	"balcao/kiosk/trust/fetch"
	"balcao/kiosk/trust/folder"
	"balcao/kiosk/trust/icao"
)

// The folders of country signing within a trust folder.
const (
	authorityFolder = "csca"
	listFolder      = "csca-crl"
)

// Authorities is the country signing CAs that passports and residence documents of their States are believed by
// (Doc 9303-12 §3.1.1): self-signed certificates, each a trust anchor, link certificates by which one key of
// a CA vouches for its next, and their revocation lists. It is immutable and safe for concurrent use; nil and
// empty ones trust nobody.
//
// A CA speaks for its own country only. One that has expired still vouches for what it signed while it was
// valid: the documents live on for ten years and the signer's certificate with them.
type Authorities struct {
	authorities map[string][]*icao.Certificate // by country; self-signed ones first
	lists       map[string][]*revocationList   // by country

	bad, badLists []*folder.BadFile
}

// New makes a set of certificates, in whatever order, and of lists. A certificate that cannot belong
// to a country signing CA is an error, so that a mistake is seen when it is made. A list that nobody in the set signed is
// no error: it is never used.
func New(certificates []*icao.Certificate, lists ...*icao.RevocationList) (*Authorities, error) {
	c := &Authorities{authorities: make(map[string][]*icao.Certificate), lists: make(map[string][]*revocationList)}
	for _, ca := range certificates {
		if err := checkAuthority(ca); err != nil {
			return nil, fmt.Errorf("country signing CA %q: %w", ca.Title, err)
		}
		known := c.authorities[ca.Country]
		if slices.ContainsFunc(known, ca.Equal) {
			continue
		}
		if icao.SameName(ca.RawIssuer, ca.RawSubject) {
			known = slices.Insert(known, 0, ca) // the shortest way to an anchor is tried first
		} else {
			known = append(known, ca)
		}
		c.authorities[ca.Country] = known
	}
	for _, l := range lists {
		c.lists[l.Country] = append(c.lists[l.Country], c.newList(l))
	}
	return c, nil
}

// Load reads a trust folder: certificates (*.cer, *.der, *.crt, *.pem) in "csca", revocation lists (*.crl, *.pem)
// in "csca-crl", each as DER, PEM or base64. Folders that are not there are empty ones. A file that is not what it should
// be is left out and among BadFiles; a bad list leaves open what its country has revoked.
func Load(dir string) (*Authorities, error) {
	certificates, bad, err := readAuthorities(dir)
	if err != nil {
		return nil, fmt.Errorf("reading country signing CAs: %w", err)
	}
	lists, badLists, err := folder.Read(dir, listFolder, []string{".crl", ".pem"}, fetch.MaxList, parseList)
	if err != nil {
		return nil, fmt.Errorf("reading country signing CAs' revocation lists: %w", err)
	}
	c, err := New(folder.Contents(certificates), folder.Contents(lists)...)
	if err != nil {
		return nil, err
	}
	for _, b := range badLists {
		if b.Country == "" {
			b.Country = c.countryIn(b.File)
		}
	}
	c.bad, c.badLists = bad, badLists
	return c, nil
}

// readAuthorities reads the certificates of the folder.
func readAuthorities(dir string) ([]folder.File[*icao.Certificate], []*folder.BadFile, error) {
	return folder.Read(dir, authorityFolder, folder.CertificateFiles, folder.MaxCertificate, func(data []byte) (*icao.Certificate, error) {
		c, err := parseCertificateFile(data)
		if err == nil {
			err = checkAuthority(c)
		}
		return c, err
	})
}

// parseList reads exactly one revocation list. The error names the country, where that much can be read.
func parseList(data []byte) (*icao.RevocationList, error) {
	u := folder.Unpack(data)
	der, err := u.One()
	if err != nil {
		return nil, err
	}
	l, err := icao.ParseRevocationList(der)
	if err != nil {
		return nil, &folder.BadFile{Country: icao.RevocationListCountry(der), Err: u.Named(err)}
	}
	return l, nil
}

// countryIn looks for a country of the set in the name of a file: "csca-ut.crl".
func (c *Authorities) countryIn(file string) string {
	for _, word := range strings.FieldsFunc(strings.ToUpper(filepath.Base(file)), func(r rune) bool { return r < 'A' || r > 'Z' }) {
		if len(c.authorities[word]) > 0 {
			return word
		}
	}
	return ""
}

// BadFiles returns the files of the folder that were left out.
func (c *Authorities) BadFiles() []*folder.BadFile {
	if c == nil {
		return nil
	}
	return slices.Concat(c.bad, c.badLists)
}

// badList returns a revocation list of a country that could not be read, or nil. With "" it is one of which
// nobody can tell whose it is.
func (c *Authorities) badList(country string) *folder.BadFile {
	for _, b := range c.badLists {
		if b.Country == country {
			return b
		}
	}
	return nil
}

// ReadCertificate reads a file that holds exactly one certificate, of whatever kind of key.
func ReadCertificate(path string) (*icao.Certificate, error) {
	data, err := folder.ReadBounded(path, folder.MaxCertificate)
	if err != nil {
		return nil, err
	}
	return parseCertificateFile(data)
}

// parseCertificateFile reads exactly one certificate, as DER, PEM or base64.
func parseCertificateFile(data []byte) (*icao.Certificate, error) {
	u := folder.Unpack(data)
	der, err := u.One()
	if err != nil {
		return nil, err
	}
	c, err := icao.ParseCertificate(der)
	return c, u.Named(err)
}

// Certificates returns all certificates, by country.
func (c *Authorities) Certificates() []*icao.Certificate {
	if c == nil {
		return nil
	}
	var all []*icao.Certificate
	for _, certificates := range c.authorities {
		all = append(all, certificates...)
	}
	slices.SortFunc(all, compareAuthorities)
	return all
}

func compareAuthorities(a, b *icao.Certificate) int {
	if order := strings.Compare(a.Country, b.Country); order != 0 {
		return order
	}
	if order := a.NotBefore.Compare(b.NotBefore); order != 0 {
		return order
	}
	return bytes.Compare(a.Raw, b.Raw)
}

// TrustSigner checks that a document signer of one of the countries made the object, and returns its chain:
// the signer's certificate, perhaps link certificates, and the CA's self-signed one. The signer's certificate
// is valid at the time given, and each of the others was when it signed the one before it. Any other outcome is a
// *ChainError. Revocation is another question: Status, Revocation.
func (c *Authorities) TrustSigner(o *SecurityObject, at time.Time) ([]*icao.Certificate, error) {
	return c.TrustCertificate(o.Signer, at)
}

// TrustCertificate does the same for a document signer's certificate from elsewhere: that of EF.CardSecurity.
func (c *Authorities) TrustCertificate(signer *icao.Certificate, at time.Time) ([]*icao.Certificate, error) {
	return c.chain(signer, at, checkDocumentSigner)
}

// chain climbs from a leaf to an anchor. What the leaf is for is asked before whether it is in its dates, so
// that "expired" means that nothing else speaks against it.
func (c *Authorities) chain(leaf *icao.Certificate, at time.Time, profile func(*icao.Certificate) error) ([]*icao.Certificate, error) {
	issuers, err := c.climb(leaf, nil)
	if err != nil && trust.FaultOf(err) != trust.FaultExpired {
		return nil, err
	}
	if purposeErr := profile(leaf); purposeErr != nil {
		return nil, purposeErr
	}
	if err != nil {
		return nil, err
	}
	if fault := outside(leaf.NotBefore, leaf.NotAfter, at); fault != nil {
		return nil, fault
	}
	return append([]*icao.Certificate{leaf}, issuers...), nil
}

// climb returns the certificates above one, up to an anchor. The path is the way up so far: CAs that certify each other
// must not send us round in circles.
//
// Path lengths are not counted. All country signing CAs have zero, also those that issue link certificates, because
// a link is no CA below another but the same CA with another key (Doc 9303-12 §2, §7.1.1.5), and nothing from a document
// ever stands between.
func (c *Authorities) climb(below *icao.Certificate, path []*icao.Certificate) ([]*icao.Certificate, error) {
	fault := &trust.ChainError{Fault: trust.FaultUntrusted, CA: len(path) > 0, Detail: "no country signing certificate of its issuer"}
	if c == nil || len(path) >= maxChain {
		return nil, fault
	}
	for _, ca := range c.authorities[below.Country] {
		if ca.Equal(below) || slices.ContainsFunc(path, ca.Equal) || !below.IssuedBy(ca) || below.CheckSignatureFrom(ca) != nil {
			continue
		}
		if expired := validWhenSigned(ca, below); expired != nil {
			fault = expired
			continue
		}
		if ca.SelfSigned() {
			return []*icao.Certificate{ca}, nil
		}
		upper, err := c.climb(ca, append(slices.Clip(path), below))
		if err == nil {
			return append([]*icao.Certificate{ca}, upper...), nil
		}
		if fault.Fault != trust.FaultExpired {
			_ = errors.As(err, &fault)
		}
	}
	return nil, fault
}

// dayOfIssue is by how much a certificate may begin before its CA's: States write midnight in the one and the hour in
// the other.
const dayOfIssue = 24 * time.Hour

// validWhenSigned checks that a CA was valid when it issued a certificate, which is when that one begins.
func validWhenSigned(ca, below *icao.Certificate) *trust.ChainError {
	fault := outside(ca.NotBefore.Add(-dayOfIssue), ca.NotAfter, below.NotBefore)
	if fault != nil {
		fault.CA = true
		fault.Detail += " when it signed"
	}
	return fault
}

// outside returns a fault unless a time lies within a validity.
func outside(from, until, at time.Time) *trust.ChainError {
	switch {
	case at.Before(from):
		return &trust.ChainError{Fault: trust.FaultExpired, NotYetValid: true, Detail: "valid from " + from.UTC().Format(time.DateOnly)}
	case at.After(until):
		return &trust.ChainError{Fault: trust.FaultExpired, Detail: "valid until " + until.UTC().Format(time.DateOnly)}
	}
	return nil
}

// maxChain bounds a chain from signer to anchor, links included.
const maxChain = 8
