package pki

import (
	"encoding/asn1"
	"fmt"
	"io/fs"
	"strings"

	"balcao/assets/testpki"
)

// A Scheme is how an authority of a country signs.
type Scheme string

// Signature schemes of ICAO 9303-12 §4.1.6.
const (
	RSASHA256   Scheme = "RSA-SHA256"
	PSSSHA256   Scheme = "RSA-PSS-SHA256"
	ECDSASHA256 Scheme = "ECDSA-SHA256"
	ECDSASHA384 Scheme = "ECDSA-SHA384"
	ECDSASHA512 Scheme = "ECDSA-SHA512"
)

// A CountryRole says what a certificate of ICAO 9303-12 is for.
type CountryRole int

// Roles in a country's hierarchy, which has two levels.
const (
	CSCA         CountryRole = iota // country signing certificate authority
	Link                            // an old CSCA certifies the key of the next
	TravelSigner                    // signs the security objects of travel documents
)

// A CountrySpec describes one certificate for travel documents. The generator makes it, the bench finds it
// again.
type CountrySpec struct {
	Slug          string
	Issuer        string // slug; empty: by itself
	Role          CountryRole
	Country       string // two letters, in names: "UT"
	State         string // three letters, as in the MRZ: "UTO"
	Common        string // common name
	Key           string // file name of the key, without folder and extension
	KeyKind       string // as newKey of the generator knows it
	Scheme        Scheme // how this key signs
	From, Until   int    // years of validity, from January 1st to January 1st
	UsedUntil     int    // year at whose beginning the private key ceased to be used
	StatusAt      string // slug in the CRL's address; empty: the issuer's
	DocumentTypes []string
	Trusted       bool // desks are given it
}

// Path is where the certificate is kept.
func (s CountrySpec) Path() string {
	if s.Trusted {
		return "trust/csca/" + s.Slug + ".cer"
	}
	return "issued/" + s.Slug + ".cer"
}

// The countries. Utopia has two CSCAs, the second linked to the first, as after a change of key. Portugal's
// test authority signs with RSA-PSS.
var (
	utopia   = CountrySpec{Country: "UT", State: "UTO"}
	portugal = CountrySpec{Country: "PT", State: "PRT"}
)

// What signers may sign (ICAO 9303-12 §7.1.1, documentTypeList).
var (
	passports = []string{"P"}
	permits   = []string{"AR", "CR", "IR"}
)

// Countries lists the certificates for travel documents, issuers first.
func Countries() []CountrySpec {
	all := []CountrySpec{
		utopia.csca("csca-ut-001", "CSCA Utopia 001", "RSA-3072", RSASHA256, 2014, 2031),
		utopia.csca("csca-ut-002", "CSCA Utopia 002", "brainpoolP384r1", ECDSASHA384, 2020, 2045),
		utopia.link("csca-ut-001-002", "csca-ut-001", "csca-ut-002"),
		portugal.csca("csca-pt-006", "CSCA Portugal 006", "RSA-3072", PSSSHA256, 2020, 2045),

		utopia.signer("ds-ut-01", "csca-ut-001", "RSA-2048", RSASHA256, 2021, 2031, passports),
		utopia.signer("ds-ut-02", "csca-ut-001", "RSA-2048", PSSSHA256, 2021, 2031, passports),
		utopia.signer("ds-ut-03", "csca-ut-002", "brainpoolP256r1", ECDSASHA256, 2021, 2040, passports),
		utopia.signer("ds-ut-04", "csca-ut-002", "brainpoolP384r1", ECDSASHA384, 2021, 2040, passports),
		utopia.signer("ds-ut-05", "csca-ut-002", "brainpoolP512r1", ECDSASHA512, 2021, 2040, passports),
		utopia.signer("ds-ut-06", "csca-ut-002", "brainpoolP256r1", ECDSASHA256, 2021, 2040, permits),
		utopia.signer("ds-ut-revoked", "csca-ut-002", "brainpoolP256r1", ECDSASHA256, 2021, 2040, passports),
		utopia.signer("ds-ut-silent", "csca-ut-002", "brainpoolP256r1", ECDSASHA256, 2021, 2040, passports),
		utopia.signer("ds-ut-expired", "csca-ut-001", "RSA-2048", RSASHA256, 2018, 2025, passports),
		portugal.signer("ds-pt-01", "csca-pt-006", "RSA-2048", PSSSHA256, 2021, 2040, passports),
		portugal.signer("ds-pt-02", "csca-pt-006", "P-256", ECDSASHA256, 2021, 2040, permits),

		utopia.csca("forged-csca-ut-002", "CSCA Utopia 002", "brainpoolP384r1", ECDSASHA384, 2020, 2045),
		utopia.signer("forged-ds-ut-03", "forged-csca-ut-002", "brainpoolP256r1", ECDSASHA256, 2021, 2040, passports),
	}
	for i := range all {
		s := &all[i]
		switch s.Slug {
		case "ds-ut-silent":
			s.StatusAt = "silent"
		case "forged-csca-ut-002", "forged-ds-ut-03":
			s.Trusted, s.StatusAt = false, "csca-ut-002" // a forger copies all he can
			s.Common = map[CountryRole]string{CSCA: "CSCA Utopia 002", TravelSigner: "Document Signer UT 03"}[s.Role]
		}
	}
	return all
}

func (s CountrySpec) csca(slug, common, kind string, scheme Scheme, from, until int) CountrySpec {
	s.Slug, s.Common, s.Key, s.KeyKind, s.Scheme, s.From, s.Until = slug, common, slug, kind, scheme, from, until
	s.UsedUntil, s.Trusted = until, true // it signs its revocation lists as long as it lives
	return s
}

// link certifies the key of a CSCA with that of an older one.
func (s CountrySpec) link(slug, older, newer string) CountrySpec {
	s = s.csca(slug, "CSCA Utopia 002", "brainpoolP384r1", ECDSASHA384, 2020, 2031)
	s.Role, s.Issuer, s.Key = Link, older, newer
	return s
}

func (s CountrySpec) signer(slug, issuer, kind string, scheme Scheme, from, until int, types []string) CountrySpec {
	s.Slug, s.Issuer, s.Role, s.Key, s.KeyKind, s.Scheme = slug, issuer, TravelSigner, slug, kind, scheme
	s.From, s.Until, s.UsedUntil, s.DocumentTypes = from, until, from+6, types
	s.Common = "Document Signer " + s.Country + " " + slug[len("ds-ut-"):]
	return s
}

// A CountryAuthority is a certificate for travel documents with its key. crypto/x509 does not parse
// most of them: they write their curves out, as ICAO 9303-12 §4.1.6.3 demands.
type CountryAuthority struct {
	CountrySpec
	Certificate []byte // DER
	key         signer
}

// Country returns the authority with that slug, of any country.
func (p *PKI) Country(slug string) (*CountryAuthority, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	spec, ok := countryBySlug(slug)
	if !ok {
		return nil, fmt.Errorf("no country authority %q in the test infrastructure", slug)
	}
	der, err := fs.ReadFile(testpki.FS, spec.Path())
	if err != nil {
		return nil, fmt.Errorf("reading authority %s: %w", slug, err)
	}
	key, err := p.key(spec.Key)
	if err != nil {
		return nil, err
	}
	return &CountryAuthority{CountrySpec: spec, Certificate: der, key: signer{key, spec.Scheme}}, nil
}

func countryBySlug(slug string) (CountrySpec, bool) {
	for _, s := range Countries() {
		if s.Slug == slug {
			return s, true
		}
	}
	return CountrySpec{}, false
}

// subject is the distinguished name, the country code first and in capitals (ICAO 9303-12 §7.1.1).
func (s CountrySpec) subject() ([]byte, error) {
	return s.named(func(text string) any { return text })
}

// respelt is the same name in another spelling (RFC 5280 §7.1): in capitals, with two spaces for one, as UTF8String.
func (s CountrySpec) respelt() ([]byte, error) {
	return s.named(func(text string) any {
		return asn1.RawValue{Tag: asn1.TagUTF8String, Bytes: []byte(strings.ReplaceAll(strings.ToUpper(text), " ", "  "))}
	})
}

func (s CountrySpec) named(value func(text string) any) ([]byte, error) {
	organization := map[string]string{"UT": "Utopia", "PT": "República Portuguesa"}[s.Country]
	der, err := asn1.Marshal(name(
		oidCountry, value(s.Country), oidOrganization, value(organization), oidCommonName, value("(Teste) "+s.Common),
	))
	if err != nil {
		return nil, fmt.Errorf("encoding the name of %s: %w", s.Slug, err)
	}
	return der, nil
}

// TravelKeys lists the keys made for the chips of travel documents, by kind.
func TravelKeys() map[string]string {
	return map[string]string{
		"travel-rsa1024": "RSA-1024", "travel-rsa2048": "RSA-2048", "travel-p256": "P-256", "travel-bp256": "brainpoolP256r1",
		"travel-bp384": "brainpoolP384r1", "travel-rsa2048-clone": "RSA-2048", "travel-bp256-clone": "brainpoolP256r1",
	}
}
