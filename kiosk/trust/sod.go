package trust

import (
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"time"

	"balcao/kiosk/trust/cms"
)

// Errors of a document security object, besides *ChainError for a signer that is not believed.
var (
	ErrSODMalformed = errors.New("malformed document security object")
	ErrSODFraming   = fmt.Errorf("%w: not the bytes its tag 77 announces", ErrSODMalformed)
	ErrSODSignature = errors.New("document security object's signature does not verify")
)

// oidLDSSecurityObject is the content type of a document security object (ICAO 9303-10 §4.6.2.3).
var oidLDSSecurityObject = asn1.ObjectIdentifier{2, 23, 136, 1, 1, 1}

// tagSOD is the application tag around the CMS message: 77, [APPLICATION 23] constructed.
const tagSOD = 0x77

// SecurityObject is a document security object whose signature was verified: what the data groups of
// the document must hash to.
type SecurityObject struct {
	GroupHashes
	Signer      *x509.Certificate
	SigningTime time.Time           // as the signer claims; zero when not stated
	Chain       []*x509.Certificate // signer to anchor; nil until Store.TrustSigner
	others      []*x509.Certificate
}

// VerifySOD verifies a document security object, with or without its outer tag 77: the signature, and
// that a document signer under an anchor made it who was valid at the time given. The error wraps
// ErrSODMalformed (ErrSODFraming among them) or ErrSODSignature, or is a *ChainError about the signer.
func (s *Store) VerifySOD(sod []byte, at time.Time) (*SecurityObject, error) {
	object, err := ReadSOD(sod)
	if err != nil {
		return nil, err
	}
	if err := s.TrustSigner(object, at); err != nil {
		return nil, err
	}
	return object, nil
}

// ReadSOD verifies the signature of a document security object with the certificate in it, whoever's
// that is. What it returns is not to be believed before Store.TrustSigner.
func ReadSOD(sod []byte) (*SecurityObject, error) {
	message := sod
	if len(sod) > 0 && sod[0] == tagSOD {
		var err error
		if message, err = unwrapSOD(sod); err != nil {
			return nil, err
		}
	}
	verified, err := cms.Verify(message, cms.Options{})
	switch {
	case errors.Is(err, cms.ErrSignature):
		return nil, fmt.Errorf("%w: %w", ErrSODSignature, err)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrSODMalformed, err)
	case !verified.ContentType.Equal(oidLDSSecurityObject):
		return nil, fmt.Errorf("%w: content is not an LDS security object", ErrSODMalformed)
	}
	hashes, err := parseSecurityObject(verified.Content, digestHashes)
	if err != nil {
		return nil, err
	}
	object := &SecurityObject{GroupHashes: hashes, SigningTime: verified.SigningTime}
	if object.Signer, err = x509.ParseCertificate(verified.Signer); err != nil {
		return nil, fmt.Errorf("%w: signer's certificate: %v", ErrSODMalformed, err)
	}
	for _, der := range verified.Others {
		if c, err := x509.ParseCertificate(der); err == nil {
			object.others = append(object.others, c)
		}
	}
	return object, nil
}

// TrustSigner checks that a document signer under an anchor, valid at the time given, made the object, and
// sets its Chain. Certificates in the message may stand between signer and anchor.
func (s *Store) TrustSigner(object *SecurityObject, at time.Time) error {
	chain, err := s.Chain(object.Signer, object.others, at)
	if err != nil {
		return err
	}
	if err := checkDocumentSigner(object.Signer); err != nil {
		return err
	}
	object.Chain = chain
	return nil
}

// unwrapSOD takes off the tag 77, whose length must be that of the whole: it is a file's, whose lengths are definite also
// where those of the message are not (ISO 7816-4 §5.2.2.2).
func unwrapSOD(sod []byte) ([]byte, error) {
	message, ok := cms.Content(sod, tagSOD)
	if !ok {
		return nil, ErrSODFraming
	}
	return message, nil
}
