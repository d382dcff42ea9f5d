package trust

import (
	"crypto/x509"
	"fmt"
	"time"

	"balcao/kiosk/trust/cms"
	"balcao/kiosk/trust/sod"
)

// SecurityObject is a document security object whose signature was verified: what the data groups of
// the document must hash to.
type SecurityObject struct {
	sod.Content
	Signer      *x509.Certificate
	SigningTime time.Time           // as the signer claims; zero when not stated
	Chain       []*x509.Certificate // signer to anchor; nil until Store.TrustSigner
	others      []*x509.Certificate
}

// ReadSOD verifies the signature of a document security object with the certificate in it, whoever's
// that is, with or without its outer tag 77. What it returns is not to be believed before Store.TrustSigner. The error wraps
// sod.ErrMalformed (sod.ErrFraming among them) or sod.ErrSignature.
func ReadSOD(data []byte) (*SecurityObject, error) {
	message := data
	var err error
	if len(data) > 0 && data[0] == sod.Tag {
		if message, err = sod.Unwrap(data); err != nil {
			return nil, err
		}
	}
	content, verified, err := sod.Open(message, cms.Options{})
	if err != nil {
		return nil, err
	}
	object := &SecurityObject{Content: content, SigningTime: verified.SigningTime}
	if object.Signer, err = x509.ParseCertificate(verified.Signer); err != nil {
		return nil, fmt.Errorf("%w: signer's certificate: %v", sod.ErrMalformed, err)
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
