package trusttest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"testing"
	"time"
)

// GroupHash is DataGroupHash of ICAO 9303-10 §4.6.2.3.
type GroupHash struct {
	Number int
	Hash   []byte
}

// SecurityObject is LDSSecurityObject of ICAO 9303-10 §4.6.2.3.
type SecurityObject struct {
	Version   int
	Algorithm pkix.AlgorithmIdentifier
	Hashes    []GroupHash
	Info      asn1.RawValue `asn1:"optional"`
}

// Sha256ID identifies SHA-256.
var Sha256ID = pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}}

// Groups are the data groups of the tests' document.
var Groups = map[int][]byte{1: []byte("identity"), 3: []byte("photograph"), 4: []byte("card key")}

// HashesOf are the hashes of Groups.
func HashesOf(numbers ...int) []GroupHash {
	var hashes []GroupHash
	for _, n := range numbers {
		h := sha256.Sum256(Groups[n])
		hashes = append(hashes, GroupHash{n, h[:]})
	}
	return hashes
}

// MustMarshal is v in DER.
func MustMarshal(t testing.TB, v any) []byte {
	t.Helper()
	der, err := asn1.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// Wrap puts parts behind a tag and their length.
func Wrap(tag byte, parts ...[]byte) []byte {
	content := bytes.Join(parts, nil)
	header := []byte{tag}
	switch n := len(content); {
	case n < 0x80:
		header = append(header, byte(n))
	case n < 0x100:
		header = append(header, 0x81, byte(n))
	default:
		header = append(header, 0x82, byte(n>>8), byte(n))
	}
	return append(header, content...)
}

// MustSOD makes a SOD around an encoded LDSSecurityObject.
func MustSOD(t testing.TB, signer *Authority, object []byte, others ...*x509.Certificate) []byte {
	t.Helper()
	return Wrap(0x77, MustMessage(t, signer, OidSecurityObject, object, crypto.SHA256, others...))
}

// Content types of the messages in tests.
var (
	OidSecurityObject = asn1.ObjectIdentifier{2, 23, 136, 1, 1, 1}
	OidMasterList     = asn1.ObjectIdentifier{2, 23, 136, 1, 1, 2}
	OidCardSecurity   = asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 3, 2, 1}
)

// MustMessage makes and signs a Message without a time.
func MustMessage(t testing.TB, signer *Authority, contentType asn1.ObjectIdentifier, content []byte, hash crypto.Hash, others ...*x509.Certificate) []byte {
	t.Helper()
	return Message{Type: contentType, Content: content, Hash: hash}.MustSign(t, signer, others...)
}

// Message is a CMS message whose content is hashed with SHA-256.
type Message struct {
	Type    asn1.ObjectIdentifier
	Content []byte
	Hash    crypto.Hash // that it is signed with
	At      time.Time   // the signing time; zero when it states none
}

// MustSign signs the message. Other certificates travel beside the signer's.
func (m Message) MustSign(t testing.TB, signer *Authority, others ...*x509.Certificate) []byte {
	t.Helper()
	digest := sha256.Sum256(m.Content)
	oid := func(ids ...int) []byte { return MustMarshal(t, asn1.ObjectIdentifier(ids)) }
	attributes := bytes.Join([][]byte{
		Wrap(0x30, oid(1, 2, 840, 113549, 1, 9, 3), Wrap(0x31, MustMarshal(t, m.Type))),
		Wrap(0x30, oid(1, 2, 840, 113549, 1, 9, 4), Wrap(0x31, Wrap(0x04, digest[:]))),
	}, nil)
	if !m.At.IsZero() {
		attributes = append(attributes, Wrap(0x30, oid(1, 2, 840, 113549, 1, 9, 5), Wrap(0x31, MustMarshal(t, m.At.UTC())))...)
	}
	w := m.Hash.New()
	w.Write(Wrap(0x31, attributes))
	var signature, algorithm []byte
	var err error
	switch key := signer.Key.(type) {
	case *ecdsa.PrivateKey:
		algorithm = Wrap(0x30, oid(1, 2, 840, 10045, 4, 3, map[crypto.Hash]int{crypto.SHA256: 2, crypto.SHA384: 3}[m.Hash]))
		signature, err = ecdsa.SignASN1(rand.Reader, key, w.Sum(nil))
	default: // RSA
		algorithm = Wrap(0x30, oid(1, 2, 840, 113549, 1, 1, map[crypto.Hash]int{crypto.SHA256: 11, crypto.SHA384: 12}[m.Hash]), []byte{5, 0})
		signature, err = signer.Key.Sign(rand.Reader, w.Sum(nil), m.Hash)
	}
	if err != nil {
		t.Fatal(err)
	}
	certificates := signer.Cert.Raw
	for _, c := range others {
		certificates = append(bytes.Clone(certificates), c.Raw...)
	}
	sha := MustMarshal(t, Sha256ID)
	signerInfo := Wrap(0x30,
		[]byte{2, 1, 1},
		Wrap(0x30, signer.Cert.RawIssuer, MustMarshal(t, signer.Cert.SerialNumber)),
		sha, Wrap(0xA0, attributes), algorithm, Wrap(0x04, signature))
	signedData := Wrap(0x30,
		[]byte{2, 1, 3}, Wrap(0x31, sha),
		Wrap(0x30, MustMarshal(t, m.Type), Wrap(0xA0, Wrap(0x04, m.Content))),
		Wrap(0xA0, certificates), Wrap(0x31, signerInfo))
	return Wrap(0x30, oid(1, 2, 840, 113549, 1, 7, 2), Wrap(0xA0, signedData))
}
