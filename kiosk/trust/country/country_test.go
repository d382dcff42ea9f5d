package country_test

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
	"balcao/kiosk/trust/country"
	"balcao/kiosk/trust/icao"
	"balcao/kiosk/trust/sod"
	"balcao/kiosk/trust/trusttest"
)

// countryTemplate is a country signing CA of tests.
func countryTemplate(country, name string) x509.Certificate {
	return x509.Certificate{
		Subject: pkix.Name{Country: []string{country}, Organization: []string{"State"}, CommonName: name},
		IsCA:    true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		NotBefore: trusttest.Day(2020), NotAfter: trusttest.Day(2035),
	}
}

func documentSignerTemplate() x509.Certificate {
	return x509.Certificate{
		Subject:   pkix.Name{Country: []string{"UT"}, Organization: []string{"State"}, CommonName: "document signer"},
		KeyUsage:  x509.KeyUsageDigitalSignature,
		NotBefore: trusttest.Day(2024), NotAfter: trusttest.Day(2034),
	}
}

// utopia is a country: its first CA, the link from it to its second, the second's own certificate, and a
// document signer of each.
type utopia struct {
	first, link, second     *trusttest.Authority
	firstSigner, nextSigner *trusttest.Authority
}

func mustUtopia(t testing.TB) utopia {
	t.Helper()
	var u utopia
	u.first = trusttest.MustIssue(t, countryTemplate("UT", "CSCA Utopia"), nil, trusttest.MustKey(t))
	u.second, u.link = mustRekey(t, u.first, countryTemplate("UT", "CSCA Utopia"))
	u.firstSigner = trusttest.MustIssue(t, documentSignerTemplate(), u.first, trusttest.MustKey(t))
	u.nextSigner = trusttest.MustIssue(t, documentSignerTemplate(), u.second, trusttest.MustKey(t))
	return u
}

// mustRekey gives a CA a new key: a self-signed certificate for it, and the link signed with the old one.
func mustRekey(t testing.TB, old *trusttest.Authority, template x509.Certificate) (root, link *trusttest.Authority) {
	t.Helper()
	template.NotBefore, template.NotAfter = trusttest.Day(2023), trusttest.Day(2038)
	key := trusttest.MustKey(t)
	root = trusttest.MustIssue(t, template, nil, key)
	template.AuthorityKeyId = old.Cert.SubjectKeyId
	return root, trusttest.MustIssue(t, template, old, key)
}

func mustParse(t testing.TB, a *trusttest.Authority) *icao.Certificate {
	t.Helper()
	c, err := icao.ParseCertificate(a.Cert.Raw)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func mustTrust(t testing.TB, authorities ...*trusttest.Authority) *country.Authorities {
	t.Helper()
	var certificates []*icao.Certificate
	for _, a := range authorities {
		certificates = append(certificates, mustParse(t, a))
	}
	c, err := country.New(certificates)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func mustTravelObject(t testing.TB, signer *trusttest.Authority) *country.SecurityObject {
	t.Helper()
	o, err := country.ReadSOD(trusttest.MustSOD(t, signer, trusttest.MustMarshal(t, trusttest.SecurityObject{Algorithm: trusttest.Sha256ID, Hashes: trusttest.HashesOf(1, 3, 4)})))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestTrustSigner(t *testing.T) {
	u := mustUtopia(t)
	first, next := mustTravelObject(t, u.firstSigner), mustTravelObject(t, u.nextSigner)

	cases := map[string]struct {
		object    *country.SecurityObject
		countries *country.Authorities
		at        time.Time
		chain     int // 0 for a fault
		fault     trust.Fault
		ca        bool
	}{
		"OK":                    {first, mustTrust(t, u.first), trusttest.Now, 2, "", false},
		"OK/Second":             {next, mustTrust(t, u.first, u.link, u.second), trusttest.Now, 2, "", false},
		"OK/OverTheLink":        {next, mustTrust(t, u.link, u.first), trusttest.Now, 3, "", false},
		"OK/CASinceExpired":     {first, mustTrust(t, expiredCA(t, u.first, trusttest.Day(2025))), trusttest.Now, 2, "", false},
		"ErrUntrusted/Nil":      {first, nil, trusttest.Now, 0, trust.FaultUntrusted, false},
		"ErrUntrusted/Empty":    {first, mustTrust(t), trusttest.Now, 0, trust.FaultUntrusted, false},
		"ErrUntrusted/OtherKey": {next, mustTrust(t, u.first), trusttest.Now, 0, trust.FaultUntrusted, false},
		"ErrUntrusted/LinkOnly": {next, mustTrust(t, u.link), trusttest.Now, 0, trust.FaultUntrusted, true},
		"ErrUntrusted/Stranger": {first, mustTrust(t, mustUtopia(t).first, mustUtopia(t).second), trusttest.Now, 0, trust.FaultUntrusted, false},
		"ErrExpired":            {first, mustTrust(t, u.first), trusttest.Day(2035), 0, trust.FaultExpired, false},
		"ErrExpired/NotYet":     {first, mustTrust(t, u.first), trusttest.Day(2023), 0, trust.FaultExpired, false},
		"ErrExpired/CAThen":     {first, mustTrust(t, expiredCA(t, u.first, trusttest.Day(2023))), trusttest.Now, 0, trust.FaultExpired, true},
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
func expiredCA(t testing.TB, ca *trusttest.Authority, until time.Time) *trusttest.Authority {
	t.Helper()
	template := countryTemplate(ca.Cert.Subject.Country[0], ca.Cert.Subject.CommonName)
	template.NotAfter = until
	return trusttest.MustIssue(t, template, nil, ca.Key)
}

// What is wrong with a document signer's certificate, one thing at a time.
func TestTrustSigner_Profile(t *testing.T) {
	ca := trusttest.MustIssue(t, countryTemplate("UT", "CSCA Utopia"), nil, trusttest.MustKey(t))
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
		"before its CA was":   {func(c *x509.Certificate) { c.NotBefore = trusttest.Day(2019) }, trust.FaultExpired},
		"expired and purpose": {func(c *x509.Certificate) { c.KeyUsage, c.NotAfter = 0, trusttest.Day(2025) }, trust.FaultPurpose},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			template := documentSignerTemplate()
			tt.change(&template)
			issuer := *ca
			if template.AuthorityKeyId != nil { // crypto/x509 writes the issuer's
				wrong := *ca.Cert
				wrong.SubjectKeyId = template.AuthorityKeyId
				issuer.Cert = &wrong
			}
			signer := trusttest.MustIssue(t, template, &issuer, trusttest.MustKey(t))
			_, err := countries.TrustSigner(mustTravelObject(t, signer), trusttest.Now)
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
func TestTrustSigner_OtherCountries(t *testing.T) {
	u := mustUtopia(t)
	other := trusttest.MustIssue(t, countryTemplate("PT", "CSCA Utopia"), nil, trusttest.MustKey(t))
	countries := mustTrust(t, other, u.first)
	foreign := documentSignerTemplate()
	foreign.Subject.Country = []string{"PT"}
	if _, err := countries.TrustSigner(mustTravelObject(t, trusttest.MustIssue(t, foreign, other, trusttest.MustKey(t))), trusttest.Now); err != nil {
		t.Errorf("its own: %v", err)
	}
	_, err := countries.TrustSigner(mustTravelObject(t, trusttest.MustIssue(t, foreign, u.first, trusttest.MustKey(t))), trusttest.Now)
	if got, want := trust.FaultOf(err), trust.FaultUntrusted; got != want {
		t.Errorf("another's: got %q (%v), want %q", got, err, want)
	}
}

// Links that certify each other end nowhere.
func TestTrustSigner_Circle(t *testing.T) {
	a := trusttest.MustIssue(t, countryTemplate("UT", "a"), nil, trusttest.MustKey(t))
	b := trusttest.MustIssue(t, countryTemplate("UT", "b"), nil, trusttest.MustKey(t))
	ab := trusttest.MustIssue(t, countryTemplate("UT", "b"), a, b.Key)
	ba := trusttest.MustIssue(t, countryTemplate("UT", "a"), b, a.Key)
	object := mustTravelObject(t, trusttest.MustIssue(t, documentSignerTemplate(), a, trusttest.MustKey(t)))
	_, err := mustTrust(t, ab, ba).TrustSigner(object, trusttest.Now)
	if got, want := trust.FaultOf(err), trust.FaultUntrusted; got != want {
		t.Errorf("got %q (%v), want %q", got, err, want)
	}
	if chain, err := mustTrust(t, ab, ba, b).TrustSigner(object, trusttest.Now); err != nil || len(chain) != 3 {
		t.Errorf("with an anchor: got a chain of %d, %v", len(chain), err)
	}
}

// A key of 1024 bits vouches for nothing, neither a CA's nor a signer's.
func TestTrustSigner_WeakRSA(t *testing.T) {
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	ca := trusttest.MustIssue(t, countryTemplate("UT", "CSCA Utopia"), nil, weak)
	_, err = mustTrust(t, ca).TrustSigner(mustTravelObject(t, trusttest.MustIssue(t, documentSignerTemplate(), ca, trusttest.MustKey(t))), trusttest.Now)
	if got, want := trust.FaultOf(err), trust.FaultUntrusted; got != want {
		t.Errorf("CA: got %q (%v), want %q", got, err, want)
	}
	strong := trusttest.MustIssue(t, countryTemplate("UT", "CSCA Utopia"), nil, trusttest.RsaKey())
	signer := trusttest.MustIssue(t, documentSignerTemplate(), strong, weak)
	signed := trusttest.MustSOD(t, signer, trusttest.MustMarshal(t, trusttest.SecurityObject{Algorithm: trusttest.Sha256ID, Hashes: trusttest.HashesOf(1)}))
	if _, err := country.ReadSOD(signed); !errors.Is(err, sod.ErrSignature) {
		t.Errorf("signer: got %v", err)
	}
	if _, err := mustTrust(t, strong).TrustSigner(mustTravelObject(t, trusttest.MustIssue(t, documentSignerTemplate(), strong, trusttest.RsaKey())), trusttest.Now); err != nil {
		t.Errorf("2048 bits: %v", err)
	}
}

func TestNew_Refused(t *testing.T) {
	ca := trusttest.MustIssue(t, countryTemplate("UT", "CSCA Utopia"), nil, trusttest.MustKey(t))
	nameless := countryTemplate("UT", "CSCA Utopia")
	nameless.Subject.Country = nil
	critical := countryTemplate("UT", "CSCA Utopia")
	critical.ExtraExtensions = extension(true, 0x05, 0x00)
	unconstrained := countryTemplate("UT", "CSCA Utopia")
	unconstrained.IsCA, unconstrained.MaxPathLenZero, unconstrained.KeyUsage = false, false, 0
	for name, a := range map[string]*trusttest.Authority{
		"a document signer": trusttest.MustIssue(t, documentSignerTemplate(), ca, trusttest.MustKey(t)),
		"no country":        trusttest.MustIssue(t, nameless, nil, trusttest.MustKey(t)),
		"unknown critical":  trusttest.MustIssue(t, critical, nil, trusttest.MustKey(t)),
		"neither":           trusttest.MustIssue(t, unconstrained, nil, trusttest.MustKey(t)),
	} {
		if got, err := country.New([]*icao.Certificate{mustParse(t, a)}); got != nil || err == nil {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
}

func TestLoad(t *testing.T) {
	u := mustUtopia(t)
	t.Run("OK/NoFolder", func(t *testing.T) {
		c, err := country.Load(t.TempDir())
		if err != nil || c == nil || len(c.Certificates()) != 0 {
			t.Errorf("got %v, %v", c, err)
		}
	})
	t.Run("OK", func(t *testing.T) {
		dir := t.TempDir()
		trusttest.MustWrite(t, dir, "csca/a.cer", u.first.Cert.Raw)
		trusttest.MustWrite(t, dir, "csca/b.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: u.second.Cert.Raw}))
		trusttest.MustWrite(t, dir, "csca/again.der", u.first.Cert.Raw)
		trusttest.MustWrite(t, dir, "csca/README", []byte("not a certificate"))
		trusttest.MustWrite(t, dir, "csca-crl/ut.crl", mustList(t, u.first, nil).Raw)
		c, err := country.Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := len(c.Certificates()), 2; got != want {
			t.Errorf("got %d certificates, want %d", got, want)
		}
		chain, err := c.TrustSigner(mustTravelObject(t, u.firstSigner), trusttest.Now)
		if err != nil {
			t.Fatal(err)
		}
		if answer, err := c.Status(chain[0], chain[1], trusttest.Now); err != nil || answer.Status != trust.Good {
			t.Errorf("got %+v, %v", answer, err)
		}
	})
}
