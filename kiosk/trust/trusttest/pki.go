// Package trusttest makes authorities, certificates and signed objects for tests, so that every detail can be put wrong.
package trusttest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"balcao/kiosk/trust"
)

// Now is the time that tests live in.
var Now = time.Date(2026, time.November, 23, 10, 0, 0, 0, time.UTC)

// Day is the first of a year.
func Day(y int) time.Time { return time.Date(y, time.January, 1, 0, 0, 0, 0, time.UTC) }

// Authority is a CA of a test with its key.
type Authority struct {
	Cert *x509.Certificate
	Key  crypto.Signer
}

var serials struct {
	sync.Mutex
	Next int64
}

func NextSerial() *big.Int {
	serials.Lock()
	defer serials.Unlock()
	serials.Next++
	return big.NewInt(1000 + serials.Next)
}

// MustKey returns a P-256 key, which is quick to make.
func MustKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// RsaKey is one RSA key that all tests share: making one takes long.
var RsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic("trust_test: " + err.Error())
	}
	return key
})

// MustIssue makes a certificate of a template: by itself when there is no issuer.
func MustIssue(t testing.TB, template x509.Certificate, issuer *Authority, key crypto.Signer) *Authority {
	t.Helper()
	template.SerialNumber = NextSerial()
	template.BasicConstraintsValid = true
	if template.NotBefore.IsZero() {
		template.NotBefore, template.NotAfter = Day(2020), Day(2050)
	}
	parent, signer := &template, key
	if issuer != nil {
		parent, signer = issuer.Cert, issuer.Key
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &Authority{Cert: c, Key: key}
}

// CaTemplate is the template of an authority.
func CaTemplate(name string) x509.Certificate {
	return x509.Certificate{
		Subject: pkix.Name{Country: []string{"PT"}, CommonName: name},
		IsCA:    true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
}

// MustOID reads an object identifier.
func MustOID(s string) x509.OID {
	oid, err := x509.ParseOID(s)
	if err != nil {
		panic(err)
	}
	return oid
}

// CitizenTemplate has the profile of an authentication certificate.
func CitizenTemplate() x509.Certificate {
	return x509.Certificate{
		Subject: pkix.Name{
			Country: []string{"PT"}, Organization: []string{"Cartão de Cidadão"},
			OrganizationalUnit: []string{"Cidadão Português", "Autenticação do Cidadão"},
			SerialNumber:       "BI990005887", CommonName: "MARIA INVENTADA",
		},
		KeyUsage:  x509.KeyUsageDigitalSignature | x509.KeyUsageKeyAgreement,
		Policies:  []x509.OID{MustOID("2.16.620.1.1.1.2.4.2.0.7")},
		NotBefore: Day(2024), NotAfter: Day(2034),
	}
}

// SignerTemplate is the template of a document signer.
func SignerTemplate() x509.Certificate {
	return x509.Certificate{
		Subject: pkix.Name{
			Country: []string{"PT"}, Organization: []string{"Cartão de Cidadão"},
			OrganizationalUnit: []string{"Serviços do Cartão de Cidadão", "Entidade Certificadora de Documentos"},
			CommonName:         "(Teste) Entidade Certificadora de Documentos do Cartão de Cidadão 000014",
		},
		KeyUsage:  x509.KeyUsageDigitalSignature,
		NotBefore: Day(2024), NotAfter: Day(2029),
	}
}

// StaffTemplate is the template of a staff card's certificate (NIST SP 800-73pt1-5, slot 9A).
func StaffTemplate(number, name string) x509.Certificate {
	return x509.Certificate{
		Subject:     pkix.Name{Country: []string{"PT"}, SerialNumber: number, CommonName: name},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
}

// World is a small State: a root, a CA for cards and one for authentication, a document signer and a citizen.
type World struct {
	Root, Cards, Auth, Signer, Citizen *Authority
}

// MustWorld makes a world.
func MustWorld(t testing.TB) World {
	t.Helper()
	var w World
	w.Root = MustIssue(t, CaTemplate("(Teste) ECRaizEstado 002"), nil, MustKey(t))
	w.Cards = MustIssue(t, CaTemplate("(Teste) Cartão de Cidadão 006"), w.Root, MustKey(t))
	auth := CaTemplate("(Teste) EC de Autenticação do Cartão de Cidadão 0014")
	auth.MaxPathLenZero = true
	w.Auth = MustIssue(t, auth, w.Cards, MustKey(t))
	w.Signer = MustIssue(t, SignerTemplate(), w.Cards, MustKey(t))
	w.Citizen = MustIssue(t, CitizenTemplate(), w.Auth, MustKey(t))
	return w
}

func (w World) Store(t testing.TB) *trust.Store {
	t.Helper()
	s, err := trust.NewStore([]*x509.Certificate{w.Root.Cert}, []*x509.Certificate{w.Cards.Cert, w.Auth.Cert})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// MustResignSHA1 signs a certificate anew with SHA-1, which crypto/x509 does not do.
func MustResignSHA1(t testing.TB, c *x509.Certificate, key *rsa.PrivateKey) *x509.Certificate {
	t.Helper()
	var outer struct {
		TBS       asn1.RawValue
		Algorithm pkix.AlgorithmIdentifier
		Signature asn1.BitString
	}
	if _, err := asn1.Unmarshal(c.Raw, &outer); err != nil {
		t.Fatal(err)
	}
	sha256WithRSA := []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b}
	sha1WithRSA := []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05}
	tbs := bytes.Replace(outer.TBS.FullBytes, sha256WithRSA, sha1WithRSA, 1)
	digest := sha1.Sum(tbs)
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA1, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	outer.TBS = asn1.RawValue{FullBytes: tbs}
	outer.Algorithm.Algorithm = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 5}
	outer.Signature = asn1.BitString{Bytes: signature, BitLength: 8 * len(signature)}
	der, err := asn1.Marshal(outer)
	if err != nil {
		t.Fatal(err)
	}
	out, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// MustWrite writes a file within a folder and returns its path.
func MustWrite(t testing.TB, dir, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// SharedFolder is the folder of material that is not in the repository: BALCAO_SHARED, or "shared"
// beside the repository.
func SharedFolder(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("BALCAO_SHARED")
	if dir == "" {
		_, here, _, _ := runtime.Caller(0)
		dir = filepath.Join(filepath.Dir(here), "..", "..", "..", "..", "shared")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Fatalf("the real CAs are not there: set BALCAO_SHARED to the folder that holds data/citizen-card-ca (%v)", err)
	}
	return dir
}
