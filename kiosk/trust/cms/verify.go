package cms

import (
	"crypto"
	"crypto/subtle"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"time"

	"balcao/kiosk/trust/icao"
)

// ErrNoSigner says that the message does not carry the certificate of its signer.
var ErrNoSigner = errors.New("CMS message without its signer's certificate")

// Options says what is accepted beyond the default. The zero value is the strictest.
type Options struct {
	// SHA1 admits messages hashed with SHA-1, which old travel documents are. Forging one needs
	// a collision prepared with the signer's help.
	SHA1 bool

	// MixedHashes admits a signature whose hash is another than that of the content, which some States'
	// documents have. Each of the two is one that is admitted by itself.
	MixedHashes bool

	// ParseKey reads a DER SubjectPublicKeyInfo; x509.ParsePKIXPublicKey when nil. It returns an
	// *rsa.PublicKey, a *PSSPublicKey or an *ecdsa.PublicKey, whose curve may be one that crypto/elliptic does not
	// have. ParsePublicKey reads those of travel documents.
	ParseKey func(spki []byte) (crypto.PublicKey, error)
}

// Verified is a message whose signature was verified.
type Verified struct {
	ContentType asn1.ObjectIdentifier
	Content     []byte
	Signer      []byte    // DER of the certificate whose key signed
	Others      [][]byte  // DER of the other certificates in the message; nothing vouches for them
	SigningTime time.Time // as the signer claims; zero when not stated
	Digest      crypto.Hash
	SignedHash  crypto.Hash // of the signature; Digest, unless Options.MixedHashes
}

// Verify parses and verifies a SignedData message in BER. The error wraps ErrMalformed,
// ErrNoSigner or ErrSignature.
func Verify(der []byte, options Options) (*Verified, error) {
	m, err := parse(der)
	if err != nil {
		return nil, err
	}
	if (m.signer.digest == crypto.SHA1 || m.signer.algorithm.Hash == crypto.SHA1) && !options.SHA1 {
		return nil, icao.Malformed("SHA-1 is not accepted")
	}
	if m.signer.algorithm.Hash != m.signer.digest && !options.MixedHashes {
		return nil, icao.Malformed("signature and message digest use different hashes")
	}
	if !m.signer.contentType.Equal(m.contentType) {
		return nil, fmt.Errorf("%w: content-type attribute differs", icao.ErrSignature)
	}
	if subtle.ConstantTimeCompare(m.signer.messageDigest, icao.Sum(m.signer.digest, m.content)) != 1 {
		return nil, fmt.Errorf("%w: message digest differs", icao.ErrSignature)
	}
	signer, others, err := m.findSigner()
	if err != nil {
		return nil, err
	}
	if err := m.signer.verify(signer, options); err != nil {
		return nil, err
	}
	return &Verified{
		ContentType: m.contentType, Content: m.content, Signer: signer.raw, Others: others,
		SigningTime: m.signer.signingTime, Digest: m.signer.digest, SignedHash: m.signer.algorithm.Hash,
	}, nil
}

// findSigner returns the one certificate that the SignerInfo names. Two that match are refused: nobody
// could say which of them signed.
func (m *message) findSigner() (certificate, [][]byte, error) {
	var signer certificate
	var others [][]byte
	for _, c := range m.certificates {
		switch {
		case !c.signedBy(m.signer):
			others = append(others, c.raw)
		case signer.raw == nil:
			signer = c
		default:
			return certificate{}, nil, icao.Malformed("two certificates of the signer")
		}
	}
	if signer.raw == nil {
		return certificate{}, nil, ErrNoSigner
	}
	return signer, others, nil
}

// verify checks the signature over the signed attributes.
func (s signerInfo) verify(signer certificate, options Options) error {
	parseKey := options.ParseKey
	if parseKey == nil {
		parseKey = func(spki []byte) (crypto.PublicKey, error) { return x509.ParsePKIXPublicKey(spki) }
	}
	key, err := parseKey(signer.spki)
	if err != nil {
		return fmt.Errorf("%w: signer's public key: %v", icao.ErrMalformed, err)
	}
	for _, attrs := range s.attrs {
		if err = s.algorithm.Verify(key, attrs, s.signature); err == nil {
			return nil
		}
	}
	return err
}
