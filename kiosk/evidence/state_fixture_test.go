package evidence_test

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
	"balcao/kiosk/evidence"
	"balcao/kiosk/trust"
)

// A small State made by the tests themselves, so that every detail of a document can be put wrong.
type state struct {
	root, cards, auth, signer authority
}

type authority struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// person is whom a test's card is for.
type person struct {
	surname, given, civil, born, from, until string // dates as on the card
}

var maria = person{"Inventada da Conceição", "Maria João", "990005887", "07 03 1988", "01 02 2024", "01 02 2034"}

var joao = person{"D’Outrora", "João", "990001237", "15 08 1979", "01 02 2024", "01 02 2034"}

var years = struct{ from, until time.Time }{
	time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2080, 1, 1, 0, 0, 0, 0, time.UTC),
}

var lastSerial struct {
	sync.Mutex
	n int64
}

func mustECKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

var sharedRSAKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic("evidence_test: " + err.Error())
	}
	return key
})

func mustIssue(t testing.TB, template x509.Certificate, issuer authority, key crypto.Signer) authority {
	t.Helper()
	lastSerial.Lock()
	lastSerial.n++
	template.SerialNumber = big.NewInt(lastSerial.n)
	lastSerial.Unlock()
	template.BasicConstraintsValid = true
	if template.NotBefore.IsZero() {
		template.NotBefore, template.NotAfter = years.from, years.until
	}
	if issuer.cert == nil {
		issuer = authority{cert: &template, key: key}
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, issuer.cert, key.Public(), issuer.key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return authority{cert: c, key: key}
}

func ca(name string) x509.Certificate {
	return x509.Certificate{
		Subject: pkix.Name{CommonName: name}, IsCA: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
}

func mustState(t testing.TB) state {
	t.Helper()
	var s state
	s.root = mustIssue(t, ca("(Teste) ECRaizEstado 002"), authority{}, mustECKey(t))
	s.cards = mustIssue(t, ca("(Teste) Cartão de Cidadão 006"), s.root, mustECKey(t))
	s.auth = mustIssue(t, ca("(Teste) EC de Autenticação do Cartão de Cidadão 0014"), s.cards, mustECKey(t))
	s.signer = mustIssue(t, x509.Certificate{
		Subject: pkix.Name{
			OrganizationalUnit: []string{"Entidade Certificadora de Documentos"},
			CommonName:         "(Teste) Entidade Certificadora de Documentos do Cartão de Cidadão 000014",
		},
		KeyUsage: x509.KeyUsageDigitalSignature,
	}, s.cards, mustECKey(t))
	return s
}

func (s state) verifier(t testing.TB) *evidence.Verifier {
	t.Helper()
	store, err := trust.NewStore([]*x509.Certificate{s.root.cert}, []*x509.Certificate{s.cards.cert, s.auth.cert})
	if err != nil {
		t.Fatal(err)
	}
	return &evidence.Verifier{Trust: store, Revocation: good}
}

// answerFunc answers for revocation.
type answerFunc func(cert *x509.Certificate) (trust.Answer, error)

func (f answerFunc) Check(_ context.Context, cert, _ *x509.Certificate) (trust.Answer, error) {
	return f(cert)
}

func answering(status trust.Status) answerFunc {
	return func(*x509.Certificate) (trust.Answer, error) {
		return trust.Answer{Status: status, Method: trust.MethodOCSP, Source: "ocsp.test"}, nil
	}
}

var good = answering(trust.Good)

var nobody answerFunc = func(*x509.Certificate) (trust.Answer, error) { return trust.Answer{}, trust.ErrUnknown }

// citizen is the template of a person's authentication certificate.
func citizen(t testing.TB, p person) x509.Certificate {
	t.Helper()
	oid, err := x509.ParseOID("2.16.620.1.1.1.2.4.2.0.7")
	if err != nil {
		t.Fatal(err)
	}
	born, err := time.Parse("02 01 2006", p.born)
	if err != nil {
		t.Fatal(err)
	}
	upper := strings.ToUpper
	attribute := wrap(0x30, mustMarshal(t, asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 9, 1}),
		wrap(0x31, wrap(0x18, []byte(born.Format("20060102")+"120000Z"))))
	return x509.Certificate{
		Subject: pkix.Name{
			OrganizationalUnit: []string{"Cidadão Português", "Autenticação do Cidadão"},
			SerialNumber:       "BI" + p.civil, CommonName: upper(p.given + " " + p.surname),
			ExtraNames: []pkix.AttributeTypeAndValue{
				{Type: asn1.ObjectIdentifier{2, 5, 4, 4}, Value: upper(p.surname)},
				{Type: asn1.ObjectIdentifier{2, 5, 4, 42}, Value: upper(p.given)},
			},
		},
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyAgreement, Policies: []x509.OID{oid},
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 9}, Value: wrap(0x30, attribute)}},
	}
}

// identityFile is the first generation's EF02[0:1282] (citizen-card fields by offset).
func identityFile(p person) []byte {
	file := make([]byte, 1282)
	for offset, text := range map[int]string{
		0: "República Portuguesa", 40: "PRT", 120: "Cartão de Cidadão", 154: p.civil[:8] + " " + p.civil[8:] + " ZZ1",
		214: "006.008.24", 230: p.from, 250: "Loja Inventada", 310: p.until, 330: p.surname, 450: p.given, 570: "F",
		572: "PRT", 578: p.born, 598: "1,70", 606: p.civil, 1104: "400000012",
	} {
		copy(file[offset:], text)
	}
	return file
}

// mustFiles is a card of a person: identity, card key, SOD by the State's signer.
func (s state) mustFiles(t testing.TB, p person, photo []byte) citizencard.Files {
	t.Helper()
	files := citizencard.Files{
		Generation: citizencard.Generation1, Identity: identityFile(p), Photo: photo, CardKey: []byte("key of the card"),
	}
	files.SOD = mustSOD(t, s.signer, files.DataGroups())
	return files
}

// softCard signs in place of a card.
type softCard struct{ key crypto.Signer }

func (c softCard) SignDigest(_ context.Context, digest []byte) ([]byte, error) {
	switch key := c.key.(type) {
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

func mustMarshal(t testing.TB, v any) []byte {
	t.Helper()
	der, err := asn1.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func wrap(tag byte, parts ...[]byte) []byte {
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

// mustSOD signs the hashes of data groups as ICAO 9303-10 §4.6.2 has it, with the signing time where one is given.
func mustSOD(t testing.TB, signer authority, groups map[int][]byte, at ...time.Time) []byte {
	t.Helper()
	oid := func(ids ...int) []byte { return mustMarshal(t, asn1.ObjectIdentifier(ids)) }
	sha := wrap(0x30, oid(2, 16, 840, 1, 101, 3, 4, 2, 1))
	var hashes []byte
	for n := 1; n <= 16; n++ {
		if content, ok := groups[n]; ok {
			h := sha256.Sum256(content)
			hashes = append(hashes, wrap(0x30, []byte{2, 1, byte(n)}, wrap(0x04, h[:]))...)
		}
	}
	object := wrap(0x30, []byte{2, 1, 0}, sha, wrap(0x30, hashes))
	digest := sha256.Sum256(object)
	contentType := oid(2, 23, 136, 1, 1, 1)
	attributes := append(
		wrap(0x30, oid(1, 2, 840, 113549, 1, 9, 3), wrap(0x31, contentType)),
		wrap(0x30, oid(1, 2, 840, 113549, 1, 9, 4), wrap(0x31, wrap(0x04, digest[:])))...)
	if len(at) > 0 && !at[0].IsZero() {
		attributes = append(attributes, wrap(0x30, oid(1, 2, 840, 113549, 1, 9, 5), wrap(0x31, mustMarshal(t, at[0].UTC())))...)
	}
	toSign := sha256.Sum256(wrap(0x31, attributes))
	signature, err := signer.key.Sign(rand.Reader, toSign[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	signerInfo := wrap(0x30, []byte{2, 1, 1},
		wrap(0x30, signer.cert.RawIssuer, mustMarshal(t, signer.cert.SerialNumber)),
		sha, wrap(0xA0, attributes), wrap(0x30, oid(1, 2, 840, 10045, 4, 3, 2)), wrap(0x04, signature))
	signed := wrap(0x30, []byte{2, 1, 3}, wrap(0x31, sha),
		wrap(0x30, contentType, wrap(0xA0, wrap(0x04, object))), wrap(0xA0, signer.cert.Raw), wrap(0x31, signerInfo))
	return wrap(0x77, wrap(0x30, oid(1, 2, 840, 113549, 1, 7, 2), wrap(0xA0, signed)))
}
