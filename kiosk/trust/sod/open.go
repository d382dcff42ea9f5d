package sod

import (
	"encoding/asn1"
	"errors"
	"fmt"

	"balcao/kiosk/trust/cms"
	"balcao/kiosk/trust/icao"
)

// Errors of a document security object.
var (
	ErrMalformed = errors.New("malformed document security object")
	ErrFraming   = fmt.Errorf("%w: not the bytes its tag 77 announces", ErrMalformed)
	ErrSignature = errors.New("document security object's signature does not verify")
)

// oidLDSSecurityObject is the content type of a document security object (ICAO 9303-10 §4.6.2.3).
var oidLDSSecurityObject = asn1.ObjectIdentifier{2, 23, 136, 1, 1, 1}

// Tag is the application tag around the CMS message: 77, [APPLICATION 23] constructed.
const Tag = 0x77

// Unwrap takes off the tag 77, whose length must be that of the whole: it is a file's, whose lengths are definite also
// where those of the message are not (ISO 7816-4 §5.2.2.2). The error is ErrFraming.
func Unwrap(sod []byte) ([]byte, error) {
	message, ok := icao.Content(sod, Tag)
	if !ok {
		return nil, ErrFraming
	}
	return message, nil
}

// Open verifies the signature of a message with the certificate in it, whoever's that is, and reads the hashes. They may be
// SHA-1 only where the options allow it. The error wraps ErrMalformed or ErrSignature.
func Open(message []byte, options cms.Options) (Content, *cms.Verified, error) {
	verified, err := cms.Verify(message, options)
	switch {
	case errors.Is(err, icao.ErrSignature):
		return Content{}, nil, fmt.Errorf("%w: %w", ErrSignature, err)
	case err != nil:
		return Content{}, nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	case !verified.ContentType.Equal(oidLDSSecurityObject):
		return Content{}, nil, fmt.Errorf("%w: content is not an LDS security object", ErrMalformed)
	}
	accepted := digestHashes
	if options.SHA1 {
		accepted = withSHA1
	}
	content, err := parse(verified.Content, accepted)
	return content, verified, err
}
