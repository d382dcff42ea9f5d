package evidence

import (
	"bytes"
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

// signedPayload is a payload whose signature was verified with the first certificate of the chain.
// Whose certificate that is, nobody has asked yet.
type signedPayload struct {
	payload []byte
	chain   [][]byte // DER, from x5c
}

// protectedHeader is the only form of a protected header that is accepted, in its canonical order.
type protectedHeader struct {
	Algorithm jose.SignatureAlgorithm `json:"alg"`
	Type      jose.ContentType        `json:"typ"`
	Chain     []string                `json:"x5c"`
}

// openJWS verifies a JWS of one role: a citizen's card, or a desk. It is decoded here strictly, then parsed
// and verified by go-jose; the algorithm is the one that the certificate's key has, and the header has to agree.
// Since the header is accepted in one form only, both readers see the same one.
//
// Exactly one signature is accepted now. A clerk's signature beside it will be looked up by its "typ".
func openJWS(data []byte, role jose.ContentType) (*signedPayload, error) {
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
	return &signedPayload{payload: payload, chain: chain}, nil
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
