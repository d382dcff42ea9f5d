// Package examinetest makes documents for tests: a State with its authorities, Citizen Cards, and the chips of travel
// documents, so that every detail can be put wrong.
package examinetest

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"balcao/cardreader/citizencard"
	"balcao/kiosk/examine"
	"balcao/kiosk/trust"
)

// A small State made by the tests themselves, so that every detail of a document can be put wrong.
type State struct {
	Root, Cards, Auth, Signer Authority
}

// Authority is a certificate with its key.
type Authority struct {
	Cert *x509.Certificate
	Key  crypto.Signer
}

// Person is whom a test's card is for.
type Person struct {
	Surname, Given, Civil, Born, From, Until string // dates as on the card
}

// Maria holds a good card.
var Maria = Person{"Inventada da Conceição", "Maria João", "990005887", "07 03 1988", "01 02 2024", "01 02 2034"}

// Joao is somebody else.
var Joao = Person{"D’Outrora", "João", "990001237", "15 08 1979", "01 02 2024", "01 02 2034"}

// Years are the dates of certificates that state none.
var Years = struct{ From, Until time.Time }{
	time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2080, 1, 1, 0, 0, 0, 0, time.UTC),
}

var lastSerial struct {
	sync.Mutex
	N int64
}

// MustECKey makes a P-256 key.
func MustECKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// SharedRSAKey is one RSA key for all tests, since making one takes long.
var SharedRSAKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic("evidence_test: " + err.Error())
	}
	return key
})

// MustIssue has an authority certify a key; one without a certificate signs itself.
func MustIssue(t testing.TB, template x509.Certificate, issuer Authority, key crypto.Signer) Authority {
	t.Helper()
	lastSerial.Lock()
	lastSerial.N++
	template.SerialNumber = big.NewInt(lastSerial.N)
	lastSerial.Unlock()
	template.BasicConstraintsValid = true
	if template.NotBefore.IsZero() {
		template.NotBefore, template.NotAfter = Years.From, Years.Until
	}
	if issuer.Cert == nil {
		issuer = Authority{Cert: &template, Key: key}
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, issuer.Cert, key.Public(), issuer.Key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return Authority{Cert: c, Key: key}
}

// CA is the template of an authority.
func CA(name string) x509.Certificate {
	return x509.Certificate{
		Subject: pkix.Name{CommonName: name}, IsCA: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
}

// MustState makes a State.
func MustState(t testing.TB) State {
	t.Helper()
	var s State
	s.Root = MustIssue(t, CA("(Teste) ECRaizEstado 002"), Authority{}, MustECKey(t))
	s.Cards = MustIssue(t, CA("(Teste) Cartão de Cidadão 006"), s.Root, MustECKey(t))
	s.Auth = MustIssue(t, CA("(Teste) EC de Autenticação do Cartão de Cidadão 0014"), s.Cards, MustECKey(t))
	s.Signer = MustIssue(t, x509.Certificate{
		Subject: pkix.Name{
			OrganizationalUnit: []string{"Entidade Certificadora de Documentos"},
			CommonName:         "(Teste) Entidade Certificadora de Documentos do Cartão de Cidadão 000014",
		},
		KeyUsage: x509.KeyUsageDigitalSignature,
	}, s.Cards, MustECKey(t))
	return s
}

func (s State) Examiner(t testing.TB) *examine.Examiner {
	t.Helper()
	store, err := trust.NewStore([]*x509.Certificate{s.Root.Cert}, []*x509.Certificate{s.Cards.Cert, s.Auth.Cert})
	if err != nil {
		t.Fatal(err)
	}
	return &examine.Examiner{Trust: store, Revocation: Good}
}

// AnswerFunc answers for revocation.
type AnswerFunc func(cert *x509.Certificate) (trust.Answer, error)

func (f AnswerFunc) Check(_ context.Context, cert, _ *x509.Certificate) (trust.Answer, error) {
	return f(cert)
}

// Answering gives everybody the same answer.
func Answering(status trust.Status) AnswerFunc {
	return func(*x509.Certificate) (trust.Answer, error) {
		return trust.Answer{Status: status, Method: trust.MethodOCSP, Source: "ocsp.test"}, nil
	}
}

// Good has revoked nothing.
var Good = Answering(trust.Good)

// Nobody never answers.
var Nobody AnswerFunc = func(*x509.Certificate) (trust.Answer, error) { return trust.Answer{}, trust.ErrUnknown }

// Citizen is the template of a person's authentication certificate.
func Citizen(t testing.TB, p Person) x509.Certificate {
	t.Helper()
	oid, err := x509.ParseOID("2.16.620.1.1.1.2.4.2.0.7")
	if err != nil {
		t.Fatal(err)
	}
	born, err := time.Parse("02 01 2006", p.Born)
	if err != nil {
		t.Fatal(err)
	}
	upper := strings.ToUpper
	attribute := Wrap(0x30, MustMarshal(t, asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 9, 1}),
		Wrap(0x31, Wrap(0x18, []byte(born.Format("20060102")+"120000Z"))))
	return x509.Certificate{
		Subject: pkix.Name{
			OrganizationalUnit: []string{"Cidadão Português", "Autenticação do Cidadão"},
			SerialNumber:       "BI" + p.Civil, CommonName: upper(p.Given + " " + p.Surname),
			ExtraNames: []pkix.AttributeTypeAndValue{
				{Type: asn1.ObjectIdentifier{2, 5, 4, 4}, Value: upper(p.Surname)},
				{Type: asn1.ObjectIdentifier{2, 5, 4, 42}, Value: upper(p.Given)},
			},
		},
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyAgreement, Policies: []x509.OID{oid},
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 9}, Value: Wrap(0x30, attribute)}},
	}
}

// IdentityFile is the first generation's EF02[0:1282] (citizen-card fields by offset).
func IdentityFile(p Person) []byte {
	file := make([]byte, 1282)
	for offset, text := range map[int]string{
		0: "República Portuguesa", 40: "PRT", 120: "Cartão de Cidadão", 154: p.Civil[:8] + " " + p.Civil[8:] + " ZZ1",
		214: "006.008.24", 230: p.From, 250: "Loja Inventada", 310: p.Until, 330: p.Surname, 450: p.Given, 570: "F",
		572: "PRT", 578: p.Born, 598: "1,70", 606: p.Civil, 1104: "400000012",
	} {
		copy(file[offset:], text)
	}
	return file
}

// MustFiles is a card of a person: identity, card key, SOD by the State's signer.
func (s State) MustFiles(t testing.TB, p Person, photo []byte) citizencard.Files {
	t.Helper()
	files := citizencard.Files{
		Generation: citizencard.Generation1, Identity: IdentityFile(p), Photo: photo, CardKey: []byte("key of the card"),
	}
	files.SOD = MustSOD(t, s.Signer, files.DataGroups())
	return files
}

// SoftCard signs in place of a card.
type SoftCard struct{ Key crypto.Signer }

func (c SoftCard) SignDigest(_ context.Context, digest []byte) ([]byte, error) {
	switch key := c.Key.(type) {
	case *rsa.PrivateKey:
		return rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest)
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, key, digest)
		if err != nil {
			return nil, err
		}
		return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...), nil
	}
	return nil, errors.New("no such key")
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

// MustSOD signs the hashes of data groups as ICAO 9303-10 §4.6.2 has it, with the signing time where one is given.
func MustSOD(t testing.TB, signer Authority, groups map[int][]byte, at ...time.Time) []byte {
	t.Helper()
	oid := func(ids ...int) []byte { return MustMarshal(t, asn1.ObjectIdentifier(ids)) }
	sha := Wrap(0x30, oid(2, 16, 840, 1, 101, 3, 4, 2, 1))
	var hashes []byte
	for n := 1; n <= 16; n++ {
		if content, ok := groups[n]; ok {
			h := sha256.Sum256(content)
			hashes = append(hashes, Wrap(0x30, []byte{2, 1, byte(n)}, Wrap(0x04, h[:]))...)
		}
	}
	object := Wrap(0x30, []byte{2, 1, 0}, sha, Wrap(0x30, hashes))
	digest := sha256.Sum256(object)
	contentType := oid(2, 23, 136, 1, 1, 1)
	attributes := append(
		Wrap(0x30, oid(1, 2, 840, 113549, 1, 9, 3), Wrap(0x31, contentType)),
		Wrap(0x30, oid(1, 2, 840, 113549, 1, 9, 4), Wrap(0x31, Wrap(0x04, digest[:])))...)
	if len(at) > 0 && !at[0].IsZero() {
		attributes = append(attributes, Wrap(0x30, oid(1, 2, 840, 113549, 1, 9, 5), Wrap(0x31, MustMarshal(t, at[0].UTC())))...)
	}
	toSign := sha256.Sum256(Wrap(0x31, attributes))
	signature, err := signer.Key.Sign(rand.Reader, toSign[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	signerInfo := Wrap(0x30, []byte{2, 1, 1},
		Wrap(0x30, signer.Cert.RawIssuer, MustMarshal(t, signer.Cert.SerialNumber)),
		sha, Wrap(0xA0, attributes), Wrap(0x30, oid(1, 2, 840, 10045, 4, 3, 2)), Wrap(0x04, signature))
	signed := Wrap(0x30, []byte{2, 1, 3}, Wrap(0x31, sha),
		Wrap(0x30, contentType, Wrap(0xA0, Wrap(0x04, object))), Wrap(0xA0, signer.Cert.Raw), Wrap(0x31, signerInfo))
	return Wrap(0x77, Wrap(0x30, oid(1, 2, 840, 113549, 1, 7, 2), Wrap(0xA0, signed)))
}
