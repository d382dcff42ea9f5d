package transcript

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

// Bounds of a JWS.
const (
	maxJWS   = 256 << 10
	maxChain = 8
)

// Signed is a transcript whose signature was verified with the first certificate of the chain. Whether that certificate
// is to be believed, nobody has asked yet.
type Signed struct {
	Transcript Transcript
	Payload    []byte            // the transcript as it was signed
	Leaf       *x509.Certificate // whose key signed: P-256, or RSA of 2048 bits or more
	Chain      [][]byte          // DER, from x5c, the leaf first
}

// protectedHeader is the only form of a protected header that is accepted, in its canonical order.
type protectedHeader struct {
	Algorithm jose.SignatureAlgorithm `json:"alg"`
	Type      jose.ContentType        `json:"typ"`
	Chain     []string                `json:"x5c"`
}

// Open verifies a JWS of one role, CitizenSignature or DeskSignature. The error wraps ErrForm when the signature is good
// and what was signed is no transcript. The JWS is decoded here strictly, then parsed
// and verified by go-jose; the algorithm is the one that the certificate's key has, and the header has to agree.
// Since the header is accepted in one form only, both readers see the same one.
//
// Exactly one signature is accepted now. A clerk's signature beside it will be looked up by its "typ".
func Open(data []byte, role jose.ContentType) (*Signed, error) {
	if len(data) > maxJWS {
		return nil, errors.New("JWS too long")
	}
	var general generalJWS
	if err := decodeStrictly(data, &general); err != nil {
		return nil, fmt.Errorf("JWS: %w", err)
	}
	// Between desk and registrar the JWS lies in a jsonb column, which puts spaces between its tokens and
	// changes nothing else. But for those, one form only is accepted, so that go-jose reads the same.
	var tight bytes.Buffer
	canonical, err := canonicalJSON(general)
	if err != nil || json.Compact(&tight, data) != nil || !bytes.Equal(canonical, tight.Bytes()) {
		return nil, errors.New("JWS in another form than the canonical one")
	}
	if len(general.Signatures) != 1 {
		return nil, fmt.Errorf("JWS with %d signatures", len(general.Signatures))
	}
	header, err := readHeader(general.Signatures[0].Protected, role)
	if err != nil {
		return nil, err
	}
	chain := make([][]byte, len(header.Chain))
	for i, s := range header.Chain {
		if chain[i], err = base64.StdEncoding.Strict().DecodeString(s); err != nil {
			return nil, errors.New("x5c is not base64")
		}
	}
	leaf, err := leafOf(chain)
	if err != nil {
		return nil, fmt.Errorf("signer's certificate: %w", err)
	}
	algorithm, err := algorithmFor(leaf.PublicKey)
	if err != nil {
		return nil, err
	}
	if header.Algorithm != algorithm {
		return nil, errors.New("algorithm is not the one of the certificate's key")
	}
	parsed, err := jose.ParseSignedJSON(string(canonical), []jose.SignatureAlgorithm{algorithm})
	if err != nil {
		return nil, fmt.Errorf("JWS: %w", err)
	}
	_, _, payload, err := parsed.VerifyMulti(leaf.PublicKey)
	if err != nil {
		return nil, errors.New("JWS signature does not verify")
	}
	t, err := Decode(payload)
	if err != nil {
		return nil, err
	}
	return &Signed{Transcript: t, Payload: payload, Leaf: leaf, Chain: chain}, nil
}

// readHeader decodes a protected header in its one form.
func readHeader(encoded string, role jose.ContentType) (protectedHeader, error) {
	var header protectedHeader
	raw, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return header, errors.New("protected header is not base64url")
	}
	if err := decodeStrictly(raw, &header); err != nil {
		return header, fmt.Errorf("protected header: %w", err)
	}
	again, err := canonicalJSON(header)
	if err != nil || !bytes.Equal(again, raw) {
		return header, errors.New("protected header in another form than the canonical one")
	}
	if header.Type != role {
		return header, fmt.Errorf("not a signature of role %q", role)
	}
	return header, nil
}

// leafOf parses the certificate that a JWS names as its signer's.
func leafOf(chain [][]byte) (*x509.Certificate, error) {
	if len(chain) == 0 || len(chain) > maxChain {
		return nil, fmt.Errorf("x5c with %d certificates", len(chain))
	}
	return x509.ParseCertificate(chain[0])
}
