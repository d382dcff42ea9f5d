package country

import (
	"crypto"
	"encoding/asn1"
	"errors"
	"fmt"
	"strings"
	"time"

	"balcao/kiosk/trust/cms"
	"balcao/kiosk/trust/icao"
	"balcao/kiosk/trust/sod"
)

// SecurityObject is the document security object of a passport or residence document, its signature verified with the
// certificate in it. What it says is not to be believed before Authorities.TrustSigner.
type SecurityObject struct {
	sod.Content
	Signer      *icao.Certificate
	SigningTime time.Time // as the signer claims; zero when not stated

	// Weak says that SHA-1 stands somewhere between the data groups and the country's certificate: in their
	// hashes, in the signature over them or in that over the signer's certificate. Nobody can invent a document
	// that fits such hashes, but whoever prepared two documents together could pass one off as the other. Such
	// documents were issued until about 2016, so the last have expired or soon will.
	Weak bool
}

// ReadSOD verifies the signature of an EF.SOD, which begins with tag 77, with the certificate in it, whoever's
// that is: RSA of 2048 bits and more (PKCS #1 v1.5 and PSS) and ECDSA over standardised curves of 224 bits and
// more, with SHA-1 to SHA-512. The error wraps sod.ErrMalformed (sod.ErrFraming among them) or sod.ErrSignature.
func ReadSOD(data []byte) (*SecurityObject, error) {
	message, err := sod.Unwrap(data)
	if err != nil {
		return nil, err
	}
	content, verified, err := sod.Open(message, cms.Options{SHA1: true, MixedHashes: true, ParseKey: icao.ParsePublicKey})
	if err != nil {
		return nil, err
	}
	o := &SecurityObject{Content: content, SigningTime: verified.SigningTime}
	if o.Signer, err = icao.ParseCertificate(verified.Signer); err != nil {
		return nil, fmt.Errorf("%w: signer's certificate: %w", sod.ErrMalformed, err)
	}
	for _, hash := range []crypto.Hash{o.Hash, verified.Digest, verified.SignedHash, o.Signer.SignatureHash()} {
		o.Weak = o.Weak || hash == crypto.SHA1
	}
	return o, nil
}

// Covers reports whether the signer's certificate allows documents of a type, given as the document code of the
// MRZ with or without filler: "P<", "AR". A certificate that names no types allows all (Doc 9303-12 §7.1.1.6).
func (o *SecurityObject) Covers(documentCode string) bool {
	code := strings.TrimRight(documentCode, "<")
	for _, t := range o.Signer.DocumentTypes {
		if t = strings.TrimRight(t, "<"); t == code || len(t) == 1 && strings.HasPrefix(code, t) {
			return true
		}
	}
	return len(o.Signer.DocumentTypes) == 0
}

// oidCardSecurity is the content type of EF.CardSecurity: id-SecurityObject (ICAO 9303-11 §9.2.11).
var oidCardSecurity = asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 3, 2, 1}

// ErrCardSecurity says that EF.CardSecurity is malformed, or that its signature does not verify with the
// certificate in it.
var ErrCardSecurity = errors.New("card security object does not verify")

// VerifyCardSecurity verifies the signature of an EF.CardSecurity with the certificate in it and returns the
// SecurityInfos that it signed, in DER (PACE with chip authentication mapping, ICAO 9303-11 §4.4.3.3.3). Believe them only
// after Authorities.TrustCertificate of the signer. The error wraps ErrCardSecurity.
func VerifyCardSecurity(der []byte) (content []byte, signer *icao.Certificate, err error) {
	verified, err := cms.Verify(der, cms.Options{MixedHashes: true, ParseKey: icao.ParsePublicKey})
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrCardSecurity, err)
	}
	if !verified.ContentType.Equal(oidCardSecurity) {
		return nil, nil, fmt.Errorf("%w: content of another type", ErrCardSecurity)
	}
	if signer, err = icao.ParseCertificate(verified.Signer); err != nil {
		return nil, nil, fmt.Errorf("%w: signer's certificate: %w", ErrCardSecurity, err)
	}
	if content, err = icao.DER(verified.Content); err != nil {
		return nil, nil, fmt.Errorf("%w: content: %w", ErrCardSecurity, err)
	}
	return content, signer, nil
}
