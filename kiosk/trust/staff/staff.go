// Package staff decides whether a certificate is one of a staff card: issued by an authority of the staff, or pinned by
// itself at sites that have none. Both come from files, never from the centre's database, so that no row makes anybody staff.
// Whose the card is, and whether it may still be used, the centre's tables say.
package staff

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"

	"balcao/kiosk/trust/folder"
)

// Trust is whom to believe. The zero value believes nobody.
type Trust struct {
	anchors []*x509.Certificate
	pinned  [][]byte // DER
}

// ErrNobody means that neither an authority nor a card is configured.
var ErrNobody = errors.New("no staff authority and no staff card is configured")

// ErrUntrusted is wrapped by every other error of Check.
var ErrUntrusted = errors.New("not a certificate of a staff card")

// New trusts the cards of authorities, and cards by themselves.
func New(authorities, cards []*x509.Certificate) *Trust {
	t := &Trust{anchors: authorities}
	for _, c := range cards {
		t.pinned = append(t.pinned, c.Raw)
	}
	return t
}

// maxAuthorities bounds the file of authorities, in bytes.
const maxAuthorities = 256 << 10

// Load reads a file of PEM with the certificates of authorities, and a folder of certificates of cards, each a file in DER
// or PEM. Either may be "": then there is none. A file that cannot be read is an error: whom it names could not sign in.
func Load(authorityFile, cardsFolder string) (*Trust, error) {
	t := &Trust{}
	if authorityFile != "" {
		text, err := folder.ReadBounded(authorityFile, maxAuthorities)
		if err == nil {
			t.anchors, err = authorities(text)
		}
		if err != nil {
			return nil, fmt.Errorf("reading the staff authority: %w", err)
		}
	}
	if cardsFolder != "" {
		cards, bad, err := folder.Read(cardsFolder, ".", folder.CertificateFiles, folder.MaxCertificate, oneCertificate)
		if err != nil {
			return nil, fmt.Errorf("reading the staff cards: %w", err)
		}
		for _, b := range bad {
			return nil, fmt.Errorf("reading the staff cards: %w", b)
		}
		if len(cards) == 0 {
			return nil, errors.New("reading the staff cards: no certificate in the folder")
		}
		for _, c := range cards {
			t.pinned = append(t.pinned, c.Content.Raw)
		}
	}
	return t, nil
}

func authorities(text []byte) (all []*x509.Certificate, err error) {
	for rest := bytes.TrimSpace(text); len(rest) > 0; rest = bytes.TrimSpace(rest) {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil || block.Type != "CERTIFICATE" {
			return nil, errors.New("not PEM of certificates")
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		if !c.IsCA {
			return nil, errors.New("not an authority's certificate")
		}
		all = append(all, c)
	}
	if len(all) == 0 {
		return nil, errors.New("no certificate in it")
	}
	return all, nil
}

func oneCertificate(data []byte) (*x509.Certificate, error) {
	if block, rest := pem.Decode(data); block != nil {
		if block.Type != "CERTIFICATE" || len(bytes.TrimSpace(rest)) > 0 {
			return nil, errors.New("not PEM of one certificate")
		}
		data = block.Bytes
	}
	return x509.ParseCertificate(data)
}

// Check decides whether a chain, DER with the card's certificate first, is a staff card's at a time: valid then, for
// digital signatures, and pinned or issued by an authority, perhaps through others that the chain brings. No signature is
// computed with the card's key. The error wraps ErrNobody or ErrUntrusted; it names no person.
func (t *Trust) Check(chain [][]byte, at time.Time) error {
	if t == nil || len(t.anchors)+len(t.pinned) == 0 {
		return ErrNobody
	}
	if len(chain) == 0 {
		return fmt.Errorf("%w: no certificate", ErrUntrusted)
	}
	leaf, err := x509.ParseCertificate(chain[0])
	switch {
	case err != nil:
		return fmt.Errorf("%w: not a certificate", ErrUntrusted)
	case at.Before(leaf.NotBefore) || at.After(leaf.NotAfter):
		return fmt.Errorf("%w: not valid at that time", ErrUntrusted)
	case leaf.IsCA || leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0 || serverOnly(leaf):
		return fmt.Errorf("%w: for another purpose", ErrUntrusted)
	case slices.ContainsFunc(t.pinned, func(der []byte) bool { return bytes.Equal(der, chain[0]) }):
		return nil
	}
	options := x509.VerifyOptions{
		Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(), CurrentTime: at,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}, // serverOnly looked
	}
	for _, c := range t.anchors {
		options.Roots.AddCert(c)
	}
	for _, der := range chain[1:] {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return fmt.Errorf("%w: not a certificate", ErrUntrusted)
		}
		options.Intermediates.AddCert(c)
	}
	if _, err := leaf.Verify(options); err != nil {
		return fmt.Errorf("%w: issued by nobody who is trusted", ErrUntrusted)
	}
	return nil
}

// serverOnly reports whether a certificate is for servers and nothing else: an authority that issues both must not make a
// member of staff of a computer.
func serverOnly(leaf *x509.Certificate) bool {
	for _, use := range leaf.ExtKeyUsage {
		if use != x509.ExtKeyUsageServerAuth {
			return false
		}
	}
	return len(leaf.ExtKeyUsage) > 0 && len(leaf.UnknownExtKeyUsage) == 0
}
