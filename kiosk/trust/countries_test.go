package trust_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"testing"
	"time"

	"balcao/kiosk/trust"
	"balcao/kiosk/trust/cms"
)

// countryTemplate is a country signing CA of tests.
func countryTemplate(country, name string) x509.Certificate {
	return x509.Certificate{
		Subject: pkix.Name{Country: []string{country}, Organization: []string{"State"}, CommonName: name},
		IsCA:    true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		NotBefore: day(2020), NotAfter: day(2035),
	}
}

func documentSignerTemplate() x509.Certificate {
	return x509.Certificate{
		Subject:   pkix.Name{Country: []string{"UT"}, Organization: []string{"State"}, CommonName: "document signer"},
		KeyUsage:  x509.KeyUsageDigitalSignature,
		NotBefore: day(2024), NotAfter: day(2034),
	}
}

// utopia is a country: its first CA, the link from it to its second, the second's own certificate, and a
// document signer of each.
type utopia struct {
	first, link, second     *authority
	firstSigner, nextSigner *authority
}

func mustUtopia(t testing.TB) utopia {
	t.Helper()
	var u utopia
	u.first = mustIssue(t, countryTemplate("UT", "CSCA Utopia"), nil, mustKey(t))
	u.second, u.link = mustRekey(t, u.first, countryTemplate("UT", "CSCA Utopia"))
	u.firstSigner = mustIssue(t, documentSignerTemplate(), u.first, mustKey(t))
	u.nextSigner = mustIssue(t, documentSignerTemplate(), u.second, mustKey(t))
	return u
}

// mustRekey gives a CA a new key: a self-signed certificate for it, and the link signed with the old one.
func mustRekey(t testing.TB, old *authority, template x509.Certificate) (root, link *authority) {
	t.Helper()
	template.NotBefore, template.NotAfter = day(2023), day(2038)
	key := mustKey(t)
	root = mustIssue(t, template, nil, key)
	template.AuthorityKeyId = old.cert.SubjectKeyId
	return root, mustIssue(t, template, old, key)
}

func mustParse(t testing.TB, a *authority) *cms.Certificate {
	t.Helper()
	c, err := cms.ParseCertificate(a.cert.Raw)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func mustTrust(t testing.TB, authorities ...*authority) *trust.Countries {
	t.Helper()
	var certificates []*cms.Certificate
	for _, a := range authorities {
		certificates = append(certificates, mustParse(t, a))
	}
	c, err := trust.NewCountries(certificates)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func mustTravelObject(t testing.TB, signer *authority) *trust.TravelObject {
	t.Helper()
	o, err := trust.ReadTravelSOD(mustSOD(t, signer, mustMarshal(t, securityObject{Algorithm: sha256ID, Hashes: hashesOf(1, 3, 4)})))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestTrustSigner(t *testing.T) {
	u := mustUtopia(t)
	first, next := mustTravelObject(t, u.firstSigner), mustTravelObject(t, u.nextSigner)

	cases := map[string]struct {
		object    *trust.TravelObject
		countries *trust.Countries
		at        time.Time
		chain     int // 0 for a fault
		fault     trust.Fault
		ca        bool
	}{
		"OK":                    {first, mustTrust(t, u.first), now, 2, "", false},
		"OK/Second":             {next, mustTrust(t, u.first, u.link, u.second), now, 2, "", false},
		"OK/OverTheLink":        {next, mustTrust(t, u.link, u.first), now, 3, "", false},
		"OK/CASinceExpired":     {first, mustTrust(t, expiredCA(t, u.first, day(2025))), now, 2, "", false},
		"ErrUntrusted/Nil":      {first, nil, now, 0, trust.FaultUntrusted, false},
		"ErrUntrusted/Empty":    {first, mustTrust(t), now, 0, trust.FaultUntrusted, false},
		"ErrUntrusted/OtherKey": {next, mustTrust(t, u.first), now, 0, trust.FaultUntrusted, false},
		"ErrUntrusted/LinkOnly": {next, mustTrust(t, u.link), now, 0, trust.FaultUntrusted, true},
		"ErrUntrusted/Stranger": {first, mustTrust(t, mustUtopia(t).first, mustUtopia(t).second), now, 0, trust.FaultUntrusted, false},
		"ErrExpired":            {first, mustTrust(t, u.first), day(2035), 0, trust.FaultExpired, false},
		"ErrExpired/NotYet":     {first, mustTrust(t, u.first), day(2023), 0, trust.FaultExpired, false},
		"ErrExpired/CAThen":     {first, mustTrust(t, expiredCA(t, u.first, day(2023))), now, 0, trust.FaultExpired, true},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			chain, err := tt.countries.TrustSigner(tt.object, tt.at)
			if tt.chain > 0 {
				if err != nil || len(chain) != tt.chain || !chain[0].Equal(tt.object.Signer) || !chain[len(chain)-1].SelfSigned() {
					t.Errorf("got a chain of %d, %v; want %d", len(chain), err, tt.chain)
				}
				return
			}
			var fault *trust.ChainError
			if !errors.As(err, &fault) || fault.Fault != tt.fault || fault.CA != tt.ca || chain != nil {
				t.Errorf("got %v, %+v; want %s", chain, err, tt.fault)
			}
		})
	}
}

// expiredCA is the same CA with the same key, whose certificate ends earlier.
func expiredCA(t testing.TB, ca *authority, until time.Time) *authority {
	t.Helper()
	template := countryTemplate(ca.cert.Subject.Country[0], ca.cert.Subject.CommonName)
	template.NotAfter = until
	return mustIssue(t, template, nil, ca.key)
}

// What is wrong with a document signer's certificate, one thing at a time.
func TestTrustSigner_Profile(t *testing.T) {
	ca := mustIssue(t, countryTemplate("UT", "CSCA Utopia"), nil, mustKey(t))
	countries := mustTrust(t, ca)
	masterList := asn1.ObjectIdentifier{2, 23, 136, 1, 1, 3}
	cases := map[string]struct {
		change func(*x509.Certificate)
		want   trust.Fault
	}{
		"OK":                  {func(*x509.Certificate) {}, ""},
		"OK/AnyPurpose":       {func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} }, ""},
		"OK/LowerCase":        {func(c *x509.Certificate) { c.Subject.Country = []string{"ut"} }, ""},
		"no key usage":        {func(c *x509.Certificate) { c.KeyUsage = 0 }, trust.FaultPurpose},
		"other key usage":     {func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyAgreement }, trust.FaultPurpose},
		"signs lists":         {func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageCRLSign }, trust.FaultPurpose},
		"signs certificates":  {func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageCertSign }, trust.FaultPurpose},
		"CA":                  {func(c *x509.Certificate) { c.IsCA = true }, trust.FaultPurpose},
		"server":              {func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }, trust.FaultPurpose},
		"master list signer":  {func(c *x509.Certificate) { c.UnknownExtKeyUsage = []asn1.ObjectIdentifier{masterList} }, trust.FaultPurpose},
		"unknown critical":    {func(c *x509.Certificate) { c.ExtraExtensions = extension(true, 0x05, 0x00) }, trust.FaultPurpose},
		"another country":     {func(c *x509.Certificate) { c.Subject.Country = []string{"PT"} }, trust.FaultUntrusted},
		"no country":          {func(c *x509.Certificate) { c.Subject.Country = nil }, trust.FaultUntrusted},
		"two countries":       {func(c *x509.Certificate) { c.Subject.Country = []string{"UT", "PT"} }, trust.FaultUntrusted},
		"another key's name":  {func(c *x509.Certificate) { c.AuthorityKeyId = []byte("another") }, trust.FaultUntrusted},
		"before its CA was":   {func(c *x509.Certificate) { c.NotBefore = day(2019) }, trust.FaultExpired},
		"expired and purpose": {func(c *x509.Certificate) { c.KeyUsage, c.NotAfter = 0, day(2025) }, trust.FaultPurpose},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			template := documentSignerTemplate()
			tt.change(&template)
			issuer := *ca
			if template.AuthorityKeyId != nil { // crypto/x509 writes the issuer's
				wrong := *ca.cert
				wrong.SubjectKeyId = template.AuthorityKeyId
				issuer.cert = &wrong
			}
			signer := mustIssue(t, template, &issuer, mustKey(t))
			_, err := countries.TrustSigner(mustTravelObject(t, signer), now)
			if got := trust.FaultOf(err); got != tt.want || (err == nil) != (tt.want == "") {
				t.Errorf("got %q (%v), want %q", got, err, tt.want)
			}
		})
	}
}

// extension is one that nobody knows.
func extension(critical bool, value ...byte) []pkix.Extension {
	return []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 1}, Critical: critical, Value: value}}
}

// Two countries, the same names: each vouches for its own.
func TestTrustSigner_Countries(t *testing.T) {
	u := mustUtopia(t)
	other := mustIssue(t, countryTemplate("PT", "CSCA Utopia"), nil, mustKey(t))
	countries := mustTrust(t, other, u.first)
	foreign := documentSignerTemplate()
	foreign.Subject.Country = []string{"PT"}
	if _, err := countries.TrustSigner(mustTravelObject(t, mustIssue(t, foreign, other, mustKey(t))), now); err != nil {
		t.Errorf("its own: %v", err)
	}
	_, err := countries.TrustSigner(mustTravelObject(t, mustIssue(t, foreign, u.first, mustKey(t))), now)
	if got, want := trust.FaultOf(err), trust.FaultUntrusted; got != want {
		t.Errorf("another's: got %q (%v), want %q", got, err, want)
	}
}

// Links that certify each other end nowhere.
func TestTrustSigner_Circle(t *testing.T) {
	a := mustIssue(t, countryTemplate("UT", "a"), nil, mustKey(t))
	b := mustIssue(t, countryTemplate("UT", "b"), nil, mustKey(t))
	ab := mustIssue(t, countryTemplate("UT", "b"), a, b.key)
	ba := mustIssue(t, countryTemplate("UT", "a"), b, a.key)
	object := mustTravelObject(t, mustIssue(t, documentSignerTemplate(), a, mustKey(t)))
	_, err := mustTrust(t, ab, ba).TrustSigner(object, now)
	if got, want := trust.FaultOf(err), trust.FaultUntrusted; got != want {
		t.Errorf("got %q (%v), want %q", got, err, want)
	}
	if chain, err := mustTrust(t, ab, ba, b).TrustSigner(object, now); err != nil || len(chain) != 3 {
		t.Errorf("with an anchor: got a chain of %d, %v", len(chain), err)
	}
}

// A key of 1024 bits vouches for nothing, neither a CA's nor a signer's.
func TestTrustSigner_WeakRSA(t *testing.T) {
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	ca := mustIssue(t, countryTemplate("UT", "CSCA Utopia"), nil, weak)
	_, err = mustTrust(t, ca).TrustSigner(mustTravelObject(t, mustIssue(t, documentSignerTemplate(), ca, mustKey(t))), now)
	if got, want := trust.FaultOf(err), trust.FaultUntrusted; got != want {
		t.Errorf("CA: got %q (%v), want %q", got, err, want)
	}
	strong := mustIssue(t, countryTemplate("UT", "CSCA Utopia"), nil, rsaKey())
	signer := mustIssue(t, documentSignerTemplate(), strong, weak)
	sod := mustSOD(t, signer, mustMarshal(t, securityObject{Algorithm: sha256ID, Hashes: hashesOf(1)}))
	if _, err := trust.ReadTravelSOD(sod); !errors.Is(err, trust.ErrSODSignature) {
		t.Errorf("signer: got %v", err)
	}
	if _, err := mustTrust(t, strong).TrustSigner(mustTravelObject(t, mustIssue(t, documentSignerTemplate(), strong, rsaKey())), now); err != nil {
		t.Errorf("2048 bits: %v", err)
	}
}

func TestNewCountries_Refused(t *testing.T) {
	ca := mustIssue(t, countryTemplate("UT", "CSCA Utopia"), nil, mustKey(t))
	nameless := countryTemplate("UT", "CSCA Utopia")
	nameless.Subject.Country = nil
	critical := countryTemplate("UT", "CSCA Utopia")
	critical.ExtraExtensions = extension(true, 0x05, 0x00)
	unconstrained := countryTemplate("UT", "CSCA Utopia")
	unconstrained.IsCA, unconstrained.MaxPathLenZero, unconstrained.KeyUsage = false, false, 0
	for name, a := range map[string]*authority{
		"a document signer": mustIssue(t, documentSignerTemplate(), ca, mustKey(t)),
		"no country":        mustIssue(t, nameless, nil, mustKey(t)),
		"unknown critical":  mustIssue(t, critical, nil, mustKey(t)),
		"neither":           mustIssue(t, unconstrained, nil, mustKey(t)),
	} {
		if got, err := trust.NewCountries([]*cms.Certificate{mustParse(t, a)}); got != nil || err == nil {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
}

func TestLoadCountries(t *testing.T) {
	u := mustUtopia(t)
	t.Run("OK/NoFolder", func(t *testing.T) {
		c, err := trust.LoadCountries(t.TempDir())
		if err != nil || c == nil || len(c.Certificates()) != 0 {
			t.Errorf("got %v, %v", c, err)
		}
	})
	t.Run("OK", func(t *testing.T) {
		dir := t.TempDir()
		mustWrite(t, dir, "csca/a.cer", u.first.cert.Raw)
		mustWrite(t, dir, "csca/b.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: u.second.cert.Raw}))
		mustWrite(t, dir, "csca/again.der", u.first.cert.Raw)
		mustWrite(t, dir, "csca/README", []byte("not a certificate"))
		mustWrite(t, dir, "csca-crl/ut.crl", mustList(t, u.first, nil).Raw)
		c, err := trust.LoadCountries(dir)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := len(c.Certificates()), 2; got != want {
			t.Errorf("got %d certificates, want %d", got, want)
		}
		chain, err := c.TrustSigner(mustTravelObject(t, u.firstSigner), now)
		if err != nil {
			t.Fatal(err)
		}
		if answer, err := c.Status(chain[0], chain[1], now); err != nil || answer.Status != trust.Good {
			t.Errorf("got %+v, %v", answer, err)
		}
	})
}
