// Package trust decides whom the kiosk believes: trust anchors and intermediates from a folder that
// the operator fills, chains of certificates to them, the profiles that a citizen's authentication
// certificate and a document signer must have, and whether a certificate was revoked.
//
//	store, err := trust.Load("/etc/balcao/trust")
//	chain, err := store.Chain(leaf, issuersFromTheCard, time.Now())
//	answer, err := revocation.Check(ctx, chain[0], chain[1])
//
// The system's certificate pool is never asked: a web server's CA says nothing about a citizen. A nil
// or empty Store is an error, never "trust everybody". Functions return what they verified, not a
// bool beside it.
//
// Passports and residence documents have a world of their own: package country. What crypto/x509 can do stays with it: no
// certificate of the Citizen Card is read by our own parser, and neither set of anchors vouches for the other's documents.
package trust

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1" // only for links between CAs that the operator imported, see legacyLink
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"

	"balcao/kiosk/trust/folder"
	"balcao/kiosk/trust/icao"
)

// The folders of a store.
const (
	anchorFolder       = "anchors"
	intermediateFolder = "intermediates"
)

// ErrNoAnchors says that a store has no trust anchor, so nothing could ever be trusted.
var ErrNoAnchors = errors.New("no trust anchors")

// Store is a set of trust anchors and of the CA certificates between them and the leaves. It is
// immutable and safe for concurrent use.
type Store struct {
	anchors       []*x509.Certificate
	intermediates []*x509.Certificate

	roots *x509.CertPool // anchors, and the CAs in legacy
	pool  *x509.CertPool // the other intermediates
	names spelling       // in which both pools are

	// legacy maps a CA certificate in the store that was signed with SHA-1 to its issuer in the store.
	// crypto/x509 refuses SHA-1, so these links were verified when the store was made. See legacyLink.
	legacy map[fingerprint]*x509.Certificate

	bad []*folder.BadFile
}

type fingerprint [sha256.Size]byte

func fingerprintOf(c *x509.Certificate) fingerprint { return sha256.Sum256(c.Raw) }

// Load reads the store in a folder: DER or PEM files (*.der, *.crt, *.cer, *.pem) in "anchors" and in
// "intermediates"; the latter may be missing. A file that is not a CA certificate is left out and among BadFiles.
// Without an anchor the error is ErrNoAnchors.
func Load(dir string) (*Store, error) {
	anchors, bad, err := loadFolder(dir, anchorFolder)
	if err != nil {
		return nil, fmt.Errorf("reading trust anchors: %w", err)
	}
	intermediates, alsoBad, err := loadFolder(dir, intermediateFolder)
	if err != nil {
		return nil, fmt.Errorf("reading intermediate CAs: %w", err)
	}
	bad = append(bad, alsoBad...)
	s, err := NewStore(anchors, intermediates)
	if err != nil {
		for _, b := range bad {
			err = fmt.Errorf("%w; left out: %w", err, b)
		}
		return nil, err
	}
	s.bad = bad
	return s, nil
}

// BadFiles returns the files of the folder that were left out.
func (s *Store) BadFiles() []*folder.BadFile {
	if s == nil {
		return nil
	}
	return slices.Clone(s.bad)
}

// NewStore makes a store of certificates that are already parsed.
func NewStore(anchors, intermediates []*x509.Certificate) (*Store, error) {
	if len(anchors) == 0 {
		return nil, ErrNoAnchors
	}
	s := &Store{
		anchors: slices.Clone(anchors), intermediates: slices.Clone(intermediates),
		roots: x509.NewCertPool(), pool: x509.NewCertPool(),
		names: newSpelling(), legacy: make(map[fingerprint]*x509.Certificate),
	}
	s.names.learn(slices.Concat(anchors, intermediates)...)
	for _, c := range slices.Concat(anchors, intermediates) {
		if err := checkCA(c); err != nil {
			return nil, fmt.Errorf("CA %q: %w", c.Subject.CommonName, err)
		}
	}
	for _, c := range anchors {
		s.roots.AddCert(s.names.respell(c))
	}
	for _, c := range intermediates {
		if issuer := s.legacyLink(c); issuer != nil {
			s.legacy[fingerprintOf(c)] = issuer
			s.roots.AddCert(s.names.respell(c))
			continue
		}
		s.pool.AddCert(s.names.respell(c))
	}
	return s, nil
}

// Anchors returns the trust anchors.
func (s *Store) Anchors() []*x509.Certificate { return slices.Clone(s.anchors) }

// Intermediates returns the CA certificates that are not anchors.
func (s *Store) Intermediates() []*x509.Certificate { return slices.Clone(s.intermediates) }

func (s *Store) isAnchor(c *x509.Certificate) bool {
	return slices.ContainsFunc(s.anchors, c.Equal)
}

// legacyLink returns the issuer in the store of a CA certificate that was signed with SHA-1, or nil.
//
// Some intermediates that signed cards still in people's pockets were themselves signed with SHA-1.
// A forger needs a collision with a certificate of their own to abuse that, and such a certificate
// would be another one than the operator imported: so the link counts for exactly the certificates in
// the store, and never for one that a card brought along.
func (s *Store) legacyLink(c *x509.Certificate) *x509.Certificate {
	if c.SignatureAlgorithm != x509.SHA1WithRSA {
		return nil
	}
	digest := sha1.Sum(c.RawTBSCertificate) //nolint:gosec // see above
	for _, issuer := range slices.Concat(s.anchors, s.intermediates) {
		key, ok := issuer.PublicKey.(*rsa.PublicKey)
		if !ok || issuer.Equal(c) || !icao.SameName(issuer.RawSubject, c.RawIssuer) {
			continue
		}
		if rsa.VerifyPKCS1v15(key, crypto.SHA1, digest[:], c.Signature) == nil {
			return issuer
		}
	}
	return nil
}

// checkCA refuses certificates that cannot have issued any other.
func checkCA(c *x509.Certificate) error {
	switch {
	case !c.BasicConstraintsValid || !c.IsCA:
		return errors.New("not a CA certificate")
	case c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageCertSign == 0:
		return errors.New("its key may not sign certificates")
	case len(c.UnhandledCriticalExtensions) > 0:
		return fmt.Errorf("unknown critical extension %v", c.UnhandledCriticalExtensions[0])
	}
	if key, ok := c.PublicKey.(*rsa.PublicKey); ok {
		return icao.CheckRSA(key)
	}
	return nil
}

// loadFolder reads the CA certificates of a folder within a trust folder.
func loadFolder(dir, place string) ([]*x509.Certificate, []*folder.BadFile, error) {
	files, bad, err := folder.Read(dir, place, folder.CertificateFiles, folder.MaxCertificate, func(data []byte) (*x509.Certificate, error) {
		c, err := parseCA(data)
		if err == nil {
			err = checkCA(c)
		}
		return c, err
	})
	return folder.Contents(files), bad, err
}

// readCertificate reads a file that holds exactly one certificate.
func readCertificate(path string) (*x509.Certificate, error) {
	data, err := folder.ReadBounded(path, folder.MaxCertificate)
	if err != nil {
		return nil, err
	}
	return parseCA(data)
}

// parseCA reads exactly one certificate, as DER, PEM or base64.
func parseCA(data []byte) (*x509.Certificate, error) {
	u := folder.Unpack(data)
	der, err := u.One()
	if err != nil {
		return nil, err
	}
	c, err := x509.ParseCertificate(der)
	return c, u.Named(err)
}
