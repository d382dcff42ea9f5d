package icao

import (
	"bytes"
	"crypto"
	_ "crypto/sha1" // a hash that only Options.SHA1 admits
	_ "crypto/sha256"
	_ "crypto/sha512"
	"encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// algorithmIdentifier is an AlgorithmIdentifier with its parameters as they stand (RFC 5280 §4.1.1.2).
type algorithmIdentifier struct {
	oid    string
	params []byte // DER of the parameters, nil when absent
}

// scheme is how a signature is made.
type scheme int

const (
	schemePKCS1v15 scheme = iota + 1
	schemePSS
	schemeECDSA
)

// SignatureAlgorithm is a scheme with its hash, and the salt length of PSS.
type SignatureAlgorithm struct {
	scheme scheme
	Hash   crypto.Hash
	salt   int
}

// derNULL is the encoding of NULL, the parameters of RSA and, in older messages, of hashes.
var derNULL = []byte{0x05, 0x00}

// hashes by object identifier (RFC 5754 §2).
var hashes = map[string]crypto.Hash{
	"1.3.14.3.2.26":          crypto.SHA1,
	"2.16.840.1.101.3.4.2.4": crypto.SHA224,
	"2.16.840.1.101.3.4.2.1": crypto.SHA256,
	"2.16.840.1.101.3.4.2.2": crypto.SHA384,
	"2.16.840.1.101.3.4.2.3": crypto.SHA512,
}

// rsaEncryption takes its hash from the digest algorithm (RFC 3370 §3.2).
const rsaEncryption = "1.2.840.113549.1.1.1"

// rsassaPSS takes its hash from its parameters (RFC 4056).
const rsassaPSS = "1.2.840.113549.1.1.10"

const mgf1 = "1.2.840.113549.1.1.8"

// signatures by object identifiers that name both scheme and hash (RFC 5754 §3, RFC 5753 §2.1).
var signatures = map[string]SignatureAlgorithm{
	"1.2.840.113549.1.1.5":  {scheme: schemePKCS1v15, Hash: crypto.SHA1},
	"1.2.840.113549.1.1.14": {scheme: schemePKCS1v15, Hash: crypto.SHA224},
	"1.2.840.113549.1.1.11": {scheme: schemePKCS1v15, Hash: crypto.SHA256},
	"1.2.840.113549.1.1.12": {scheme: schemePKCS1v15, Hash: crypto.SHA384},
	"1.2.840.113549.1.1.13": {scheme: schemePKCS1v15, Hash: crypto.SHA512},
	"1.2.840.10045.4.1":     {scheme: schemeECDSA, Hash: crypto.SHA1},
	"1.2.840.10045.4.3.1":   {scheme: schemeECDSA, Hash: crypto.SHA224},
	"1.2.840.10045.4.3.2":   {scheme: schemeECDSA, Hash: crypto.SHA256},
	"1.2.840.10045.4.3.3":   {scheme: schemeECDSA, Hash: crypto.SHA384},
	"1.2.840.10045.4.3.4":   {scheme: schemeECDSA, Hash: crypto.SHA512},
}

func ReadAlgorithm(data *cryptobyte.String) (algorithmIdentifier, error) {
	var seq, params cryptobyte.String
	var oid asn1.ObjectIdentifier
	if !data.ReadASN1(&seq, cbasn1.SEQUENCE) || !seq.ReadASN1ObjectIdentifier(&oid) {
		return algorithmIdentifier{}, Malformed("algorithm identifier")
	}
	id := algorithmIdentifier{oid: oid.String()}
	if seq.Empty() {
		return id, nil
	}
	var tag cbasn1.Tag
	if !seq.ReadAnyASN1Element(&params, &tag) || !seq.Empty() {
		return algorithmIdentifier{}, Malformed("algorithm parameters")
	}
	id.params = bytes.Clone(params)
	return id, nil
}

// plain reports whether there are no parameters, or NULL.
func (a algorithmIdentifier) plain() bool { return a.params == nil || bytes.Equal(a.params, derNULL) }

// Hash returns the hash an identifier names; its parameters are absent or NULL (RFC 5754 §2).
func (a algorithmIdentifier) Hash() (crypto.Hash, error) {
	h, ok := hashes[a.oid]
	if !ok || !a.plain() {
		return 0, Malformed("unknown digest algorithm " + a.oid)
	}
	return h, nil
}

// Signature returns the signature algorithm an identifier names. The digest is the hash of one whose
// identifier names the scheme alone; without it such an identifier is refused.
func (a algorithmIdentifier) Signature(digest crypto.Hash) (SignatureAlgorithm, error) {
	switch known, ok := signatures[a.oid]; {
	case ok && a.plain():
		return known, nil
	case a.oid == rsaEncryption && a.plain() && digest != 0:
		return SignatureAlgorithm{scheme: schemePKCS1v15, Hash: digest}, nil
	case a.oid == rsassaPSS:
		return parsePSS(a.params)
	}
	return SignatureAlgorithm{}, Malformed("unknown signature algorithm " + a.oid)
}

// parsePSS reads RSASSA-PSS-params (RFC 4055 §3.1). The hash of the mask generation has to be the
// Hash of the message, as everybody has it and as crypto/rsa supports it.
func parsePSS(der []byte) (SignatureAlgorithm, error) {
	s := SignatureAlgorithm{scheme: schemePSS, Hash: crypto.SHA1, salt: 20} // the defaults of the standard
	mask := crypto.SHA1
	if der == nil {
		return s, Malformed("RSASSA-PSS without parameters")
	}
	input := cryptobyte.String(der)
	var params, field cryptobyte.String
	var present bool
	if !input.ReadASN1(&params, cbasn1.SEQUENCE) || !input.Empty() {
		return s, Malformed("RSASSA-PSS parameters")
	}
	if !params.ReadOptionalASN1(&field, &present, ContextTag(0)) {
		return s, Malformed("RSASSA-PSS hash")
	}
	if present {
		id, err := ReadAlgorithm(&field)
		if err != nil || !field.Empty() {
			return s, Malformed("RSASSA-PSS hash")
		}
		if s.Hash, err = id.Hash(); err != nil {
			return s, err
		}
	}
	if !params.ReadOptionalASN1(&field, &present, ContextTag(1)) {
		return s, Malformed("RSASSA-PSS mask generation")
	}
	if present {
		var err error
		if mask, err = parseMGF1(field); err != nil {
			return s, err
		}
	}
	var salt, trailer int
	if !params.ReadOptionalASN1Integer(&salt, ContextTag(2), 20) ||
		!params.ReadOptionalASN1Integer(&trailer, ContextTag(3), 1) || !params.Empty() {
		return s, Malformed("RSASSA-PSS salt or trailer")
	}
	if salt < 0 || salt > 512 || trailer != 1 || mask != s.Hash {
		return s, Malformed("RSASSA-PSS parameters of an unusual kind")
	}
	s.salt = salt
	return s, nil
}

// parseMGF1 reads the mask generation function, which is MGF1 with some hash.
func parseMGF1(field cryptobyte.String) (crypto.Hash, error) {
	id, err := ReadAlgorithm(&field)
	if err != nil || !field.Empty() || id.oid != mgf1 || id.params == nil {
		return 0, Malformed("RSASSA-PSS mask generation")
	}
	params := cryptobyte.String(id.params)
	inner, err := ReadAlgorithm(&params)
	if err != nil || !params.Empty() {
		return 0, Malformed("RSASSA-PSS mask generation")
	}
	return inner.Hash()
}
