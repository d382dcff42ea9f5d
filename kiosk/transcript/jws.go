package transcript

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"

	"github.com/go-jose/go-jose/v4"

	"balcao/kiosk/canonical"
)

// Bounds of a JWS, in bytes as it is encoded: they hold before anything in it is decoded.
const (
	maxJWS       = 256 << 10
	maxHeader    = 64 << 10 // eight certificates of 4 KiB; a Citizen Card has three of 2 KiB
	maxSignature = 1 << 10  // of RSA with 4096 bits: 683
	maxChain     = 8
)

// Signatures that are wanted and missing.
var (
	ErrNoDesk  = errors.New("JWS without the desk's signature")
	ErrNoStaff = errors.New("JWS without the signature of a staff card")
)

// Unverified is a JWS that was read and of which nothing is believed yet. First ask whether the certificates of its
// Signatures are to be believed, then Verify.
type Unverified struct {
	Transcript Transcript // as it is claimed
	Signatures []Signature

	claimed claimed
}

// Signature is whose signature over a transcript or a statement it is.
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
// is bounded, in the one canonical form, and names keys with which verifying is little work. The error wraps ErrNoDesk or
// ErrNoStaff when that signature is wanted and missing, and ErrForm when what is signed is no transcript.
func Parse(data []byte, roles ...Role) (*Unverified, error) {
	claimed, err := parse(data, len(roles))
	if err != nil {
		return nil, err
	}
	var found []Role
	for _, s := range claimed.signatures {
		found = append(found, s.Role)
	}
	switch missing := func(r Role) bool { return slices.Contains(roles, r) && !slices.Contains(found, r) }; {
	case missing(DeskSignature):
		return nil, ErrNoDesk
	case missing(StaffSignature):
		return nil, ErrNoStaff
	case !slices.Equal(found, roles):
		return nil, fmt.Errorf("JWS signed as %q, want %q", found, roles)
	}
	u := &Unverified{Signatures: claimed.signatures, claimed: claimed}
	if u.Transcript, err = Decode(claimed.payload); err != nil {
		return nil, err
	}
	return u, nil
}

// claimed is a JWS of which nothing is believed.
type claimed struct {
	jws        generalJWS
	payload    []byte
	signatures []Signature
}

// parse reads a JWS with so many signatures at most. What is signed it does not look at.
func parse(data []byte, most int) (claimed, error) {
	if len(data) > maxJWS {
		return claimed{}, errors.New("JWS too long")
	}
	// One form only is accepted, so that go-jose reads the same.
	general, err := canonical.Decode(data, func(g generalJWS) ([]byte, error) { return canonical.JSON(g) })
	if err != nil {
		return claimed{}, fmt.Errorf("JWS: %w", err)
	}
	if n := len(general.Signatures); n > most {
		return claimed{}, fmt.Errorf("JWS with %d signatures", n)
	}
	c := claimed{jws: general}
	for _, s := range general.Signatures {
		signature, err := s.parse()
		if err != nil {
			return claimed{}, err
		}
		c.signatures = append(c.signatures, signature)
	}
	if c.payload, err = base64.RawURLEncoding.Strict().DecodeString(general.Payload); err != nil {
		return claimed{}, errors.New("JWS payload is not base64url")
	}
	return c, nil
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
	header, err = canonical.Decode(raw, func(h protectedHeader) ([]byte, error) { return canonical.JSON(h) })
	if err != nil {
		return header, fmt.Errorf("protected header: %w", err)
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
	if err := u.claimed.verify(); err != nil {
		return nil, err
	}
	return &Signed{Transcript: u.Transcript, Payload: u.claimed.payload, Signatures: u.Signatures}, nil
}

func (c claimed) verify() error {
	for i, s := range c.signatures {
		// Each by itself, so that none is verified with another's key.
		alone, err := canonical.JSON(generalJWS{Payload: c.jws.Payload, Signatures: c.jws.Signatures[i : i+1]})
		if err != nil {
			return err
		}
		parsed, err := jose.ParseSignedJSON(string(alone), []jose.SignatureAlgorithm{s.algorithm})
		if err != nil {
			return fmt.Errorf("JWS: %w", err)
		}
		payload, err := parsed.Verify(s.Leaf.PublicKey)
		if err != nil || !bytes.Equal(payload, c.payload) {
			return fmt.Errorf("JWS signature of %q does not verify", s.Role)
		}
	}
	return nil
}
