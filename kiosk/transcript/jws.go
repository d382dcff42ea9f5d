package transcript

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"

	"github.com/go-jose/go-jose/v4"
)

// Bounds of a JWS, in bytes as it is encoded: they hold before anything in it is decoded.
const (
	maxJWS       = 256 << 10
	maxHeader    = 64 << 10 // eight certificates of 4 KiB; a Citizen Card has three of 2 KiB
	maxSignature = 1 << 10  // of RSA with 4096 bits: 683
	maxChain     = 8
)

// ErrNoDesk says that the desk's signature is missing.
var ErrNoDesk = errors.New("JWS without the desk's signature")

// Unverified is a JWS that was read and of which nothing is believed yet. First ask whether the certificates of its
// Signatures are to be believed, then Verify.
type Unverified struct {
	Transcript Transcript // as it is claimed
	Signatures []Signature

	jws     generalJWS
	payload []byte
}

// Signature is whose signature over a transcript it is.
type Signature struct {
	Role  Role
	Leaf  *x509.Certificate // whose key signs: of a kind that algorithmFor knows, as all keys of the chain
	Chain [][]byte          // DER, from x5c, the leaf first

	algorithm jose.SignatureAlgorithm
}

// Signed is a transcript whose signatures were verified, each with the first certificate of its chain.
type Signed struct {
	Transcript Transcript
	Payload    []byte      // the transcript as it was signed
	Signatures []Signature // in the order of the roles
}

// generalJWS is a JWS in the general JSON serialisation (RFC 7515 §7.2.1), without unprotected headers: nothing in it
// is unsigned.
type generalJWS struct {
	Payload    string             `json:"payload"`
	Signatures []generalSignature `json:"signatures"`
}

type generalSignature struct {
	Protected string `json:"protected"`
	Signature string `json:"signature"`
}

// protectedHeader is the only form of a protected header that is accepted, in its canonical order.
type protectedHeader struct {
	Algorithm jose.SignatureAlgorithm `json:"alg"`
	Type      Role                    `json:"typ"`
	Chain     []string                `json:"x5c"`
}

// Parse reads a JWS with exactly one signature of each role, in their order. It computes no signature: what it accepts
// is bounded, in the one canonical form, and names keys with which verifying is little work. The error wraps ErrNoDesk
// when the desk's signature is wanted and missing, and ErrForm when what is signed is no transcript.
func Parse(data []byte, roles ...Role) (*Unverified, error) {
	if len(data) > maxJWS {
		return nil, errors.New("JWS too long")
	}
	var general generalJWS
	if err := decodeStrictly(data, &general); err != nil {
		return nil, fmt.Errorf("JWS: %w", err)
	}
	// One form only is accepted, so that go-jose reads the same.
	if canonical, err := canonicalJSON(general); err != nil || !bytes.Equal(canonical, data) {
		return nil, errors.New("JWS in another form than the canonical one")
	}
	if len(general.Signatures) > len(roles) {
		return nil, fmt.Errorf("JWS with %d signatures", len(general.Signatures))
	}
	u := &Unverified{jws: general}
	var found []Role
	for _, s := range general.Signatures {
		signature, err := s.parse()
		if err != nil {
			return nil, err
		}
		u.Signatures, found = append(u.Signatures, signature), append(found, signature.Role)
	}
	switch {
	case slices.Contains(roles, DeskSignature) && !slices.Contains(found, DeskSignature):
		return nil, ErrNoDesk
	case !slices.Equal(found, roles):
		return nil, fmt.Errorf("JWS signed as %q, want %q", found, roles)
	}
	var err error
	if u.payload, err = base64.RawURLEncoding.Strict().DecodeString(general.Payload); err != nil {
		return nil, errors.New("JWS payload is not base64url")
	}
	if u.Transcript, err = Decode(u.payload); err != nil {
		return nil, err
	}
	return u, nil
}

// parse reads a protected header and the certificates in it.
func (g generalSignature) parse() (Signature, error) {
	if len(g.Protected) > maxHeader || len(g.Signature) > maxSignature {
		return Signature{}, errors.New("JWS header or signature too long")
	}
	header, err := readHeader(g.Protected)
	if err != nil {
		return Signature{}, err
	}
	s := Signature{Role: header.Type, algorithm: header.Algorithm, Chain: make([][]byte, len(header.Chain))}
	for i, text := range header.Chain {
		if s.Chain[i], err = base64.StdEncoding.Strict().DecodeString(text); err != nil {
			return Signature{}, errors.New("x5c is not base64")
		}
	}
	certificates, err := parseChain(s.Chain)
	if err != nil {
		return Signature{}, err
	}
	s.Leaf = certificates[0]
	if algorithm, _, err := algorithmFor(s.Leaf.PublicKey); err != nil || algorithm != s.algorithm {
		return Signature{}, errors.New("algorithm is not the one of the certificate's key")
	}
	return s, nil
}

// readHeader decodes a protected header in its one form.
func readHeader(encoded string) (protectedHeader, error) {
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
	return header, nil
}

// parseChain parses the certificates of a signer, its own first. The keys of all of them are of a kind that signs
// transcripts: with each of them a signature may be verified before it is believed.
func parseChain(chain [][]byte) ([]*x509.Certificate, error) {
	if len(chain) == 0 || len(chain) > maxChain {
		return nil, fmt.Errorf("x5c with %d certificates", len(chain))
	}
	certificates := make([]*x509.Certificate, len(chain))
	for i, der := range chain {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, fmt.Errorf("certificate %d of x5c: %w", i, err)
		}
		if _, _, err := algorithmFor(c.PublicKey); err != nil {
			return nil, fmt.Errorf("certificate %d of x5c: %w", i, err)
		}
		certificates[i] = c
	}
	return certificates, nil
}

// Verify verifies every signature with the certificate that it names, by go-jose and with the algorithm of its key.
// Call it once the certificates are believed.
func (u *Unverified) Verify() (*Signed, error) {
	for i, s := range u.Signatures {
		// Each by itself, so that none is verified with another's key.
		alone, err := canonicalJSON(generalJWS{Payload: u.jws.Payload, Signatures: u.jws.Signatures[i : i+1]})
		if err != nil {
			return nil, err
		}
		parsed, err := jose.ParseSignedJSON(string(alone), []jose.SignatureAlgorithm{s.algorithm})
		if err != nil {
			return nil, fmt.Errorf("JWS: %w", err)
		}
		payload, err := parsed.Verify(s.Leaf.PublicKey)
		if err != nil || !bytes.Equal(payload, u.payload) {
			return nil, fmt.Errorf("JWS signature of %q does not verify", s.Role)
		}
	}
	return &Signed{Transcript: u.Transcript, Payload: u.payload, Signatures: u.Signatures}, nil
}
