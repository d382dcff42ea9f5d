// Package examinetest makes documents for tests: a State with its authorities, Citizen Cards, and the chips of travel
// documents, so that every detail can be put wrong.
package examinetest

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"balcao/cardreader/citizencard"
	"balcao/kiosk/examine"
	"balcao/kiosk/trust"
	"balcao/kiosk/trust/trusttest"
)

// A small State made by the tests themselves, so that every detail of a document can be put wrong.
type State struct {
	Root, Cards, Auth, Signer *trusttest.Authority
}

// Person is whom a test's card is for.
type Person struct {
	Surname, Given, Civil, Born, From, Until string // dates as on the card
}

// Maria holds a good card.
var Maria = Person{"Inventada da Conceição", "Maria João", "990005887", "07 03 1988", "01 02 2024", "01 02 2034"}

// Joao is somebody else.
var Joao = Person{"D’Outrora", "João", "990001237", "15 08 1979", "01 02 2024", "01 02 2034"}

// MustState makes a State.
func MustState(t testing.TB) State {
	t.Helper()
	var s State
	s.Root = trusttest.MustIssue(t, trusttest.CaTemplate("(Teste) ECRaizEstado 002"), nil, trusttest.MustKey(t))
	s.Cards = trusttest.MustIssue(t, trusttest.CaTemplate("(Teste) Cartão de Cidadão 006"), s.Root, trusttest.MustKey(t))
	s.Auth = trusttest.MustIssue(t, trusttest.CaTemplate("(Teste) EC de Autenticação do Cartão de Cidadão 0014"), s.Cards, trusttest.MustKey(t))
	s.Signer = trusttest.MustIssue(t, x509.Certificate{
		Subject: pkix.Name{
			OrganizationalUnit: []string{"Entidade Certificadora de Documentos"},
			CommonName:         "(Teste) Entidade Certificadora de Documentos do Cartão de Cidadão 000014",
		},
		KeyUsage: x509.KeyUsageDigitalSignature,
	}, s.Cards, trusttest.MustKey(t))
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
	attribute := trusttest.Wrap(0x30, trusttest.MustMarshal(t, asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 9, 1}),
		trusttest.Wrap(0x31, trusttest.Wrap(0x18, []byte(born.Format("20060102")+"120000Z"))))
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
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 9}, Value: trusttest.Wrap(0x30, attribute)}},
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
		n := (key.Params().N.BitLen() + 7) / 8
		return append(r.FillBytes(make([]byte, n)), s.FillBytes(make([]byte, n))...), nil
	}
	return nil, errors.New("no such key")
}

// MustSOD signs the hashes of data groups as ICAO 9303-10 §4.6.2 has it, with the signing time where one is given.
func MustSOD(t testing.TB, signer *trusttest.Authority, groups map[int][]byte, at ...time.Time) []byte {
	t.Helper()
	object := trusttest.SecurityObject{Algorithm: trusttest.Sha256ID}
	for _, n := range slices.Sorted(maps.Keys(groups)) {
		h := sha256.Sum256(groups[n])
		object.Hashes = append(object.Hashes, trusttest.GroupHash{Number: n, Hash: h[:]})
	}
	message := trusttest.Message{Type: trusttest.OidSecurityObject, Content: trusttest.MustMarshal(t, object), Hash: crypto.SHA256}
	if len(at) > 0 {
		message.At = at[0]
	}
	return trusttest.Wrap(0x77, message.MustSign(t, signer))
}
