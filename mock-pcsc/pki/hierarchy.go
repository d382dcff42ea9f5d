package pki

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
)

// URL of everything that certificates point to: the revocation service of the bench.
const baseURL = "http://127.0.0.1:35980"

// OCSPURL is where the status of certificates issued by the authority slug is asked for.
func OCSPURL(slug string) string { return baseURL + "/ocsp/" + slug }

// CRLURL is where the revocation list of the authority slug is.
func CRLURL(slug string) string { return baseURL + "/crl/" + slug + ".crl" }

// IssuerURL is where the certificate of the authority slug is.
func IssuerURL(slug string) string { return baseURL + "/ca/" + slug + ".cer" }

// A Role says for what a certificate may be used, and so which extensions it has.
type Role int

// Roles in the hierarchy.
const (
	Root           Role = iota
	CitizenCard         // "Cartão de Cidadão 00x", under the root
	Authentication      // issues citizens' authentication certificates
	Signature           // issues citizens' qualified signature certificates
	DocumentSigner      // signs the security objects of cards
)

// A Spec describes one authority. The generator makes it, the bench finds it again.
type Spec struct {
	Slug    string
	Issuer  string // slug; empty for a root
	Role    Role
	Name    pkix.RDNSequence
	Key     string // file name of the key, without folder and extension
	KeyKind string // "RSA-2048", "RSA-4096", "P-256", "P-384", "P-521"
	From    int    // year; validity ends in Until
	Until   int
	SHA1    bool // signed with sha1WithRSAEncryption, as authorities were before 2015
	Bundled bool // desks are given it beforehand
}

// Path is where the certificate is kept.
func (s Spec) Path() string {
	switch {
	case s.Bundled && s.Role == Root:
		return "trust/anchors/" + s.Slug + ".der"
	case s.Bundled:
		return "trust/intermediates/" + s.Slug + ".der"
	}
	return "issued/" + s.Slug + ".der"
}

// Hierarchy lists all authorities, issuers first. Those whose slug begins with "forged" belong to a
// forger who uses the State's names with keys of his own: one for RSA, one for elliptic curves.
func Hierarchy() []Spec {
	return []Spec{
		{Slug: "raiz-002", Role: Root, Name: rootName(), Key: "raiz-002", KeyKind: "RSA-4096", From: 2019, Until: 2050, Bundled: true},
		{Slug: "cc-003", Issuer: "raiz-002", Role: CitizenCard, Name: cardName("003"), Key: "cc-003", KeyKind: "RSA-4096", From: 2020, Until: 2050, Bundled: true},
		{Slug: "cc-006", Issuer: "raiz-002", Role: CitizenCard, Name: cardName("006"), Key: "cc-006", KeyKind: "RSA-4096", From: 2020, Until: 2050, Bundled: true},
		{Slug: "cc-008", Issuer: "raiz-002", Role: CitizenCard, Name: cardName("008"), Key: "cc-008", KeyKind: "P-521", From: 2020, Until: 2050, Bundled: true},
		{Slug: "auc-0004", Issuer: "cc-003", Role: Authentication, Name: authenticationName("0004"), Key: "auc-0004", KeyKind: "RSA-2048", From: 2020, Until: 2050, SHA1: true, Bundled: true},
		{Slug: "auc-0014", Issuer: "cc-006", Role: Authentication, Name: authenticationName("0014"), Key: "auc-0014", KeyKind: "RSA-4096", From: 2020, Until: 2050, Bundled: true},
		{Slug: "auc-0016", Issuer: "cc-006", Role: Authentication, Name: authenticationName("0016"), Key: "auc-0016", KeyKind: "RSA-4096", From: 2020, Until: 2050},
		{Slug: "auc-0019", Issuer: "cc-008", Role: Authentication, Name: authenticationName("0019"), Key: "auc-0019", KeyKind: "P-384", From: 2020, Until: 2050, Bundled: true},
		{Slug: "asc-0014", Issuer: "cc-006", Role: Signature, Name: signatureName("0014"), Key: "asc-0014", KeyKind: "RSA-4096", From: 2020, Until: 2050, Bundled: true},
		{Slug: "asc-0019", Issuer: "cc-008", Role: Signature, Name: signatureName("0019"), Key: "asc-0019", KeyKind: "P-384", From: 2020, Until: 2050, Bundled: true},
		{Slug: "ds-000014", Issuer: "cc-006", Role: DocumentSigner, Name: signerName("000014"), Key: "ds-000014", KeyKind: "RSA-2048", From: 2020, Until: 2050},
		{Slug: "ds-000019", Issuer: "cc-008", Role: DocumentSigner, Name: signerName("000019"), Key: "ds-000019", KeyKind: "P-256", From: 2020, Until: 2050},

		{Slug: "forged-raiz-002", Role: Root, Name: rootName(), Key: "forger-rsa", KeyKind: "RSA-2048", From: 2019, Until: 2050},
		{Slug: "forged-cc-006", Issuer: "forged-raiz-002", Role: CitizenCard, Name: cardName("006"), Key: "forger-rsa", KeyKind: "RSA-2048", From: 2020, Until: 2050},
		{Slug: "forged-cc-008", Issuer: "forged-raiz-002", Role: CitizenCard, Name: cardName("008"), Key: "forger-ec", KeyKind: "P-384", From: 2020, Until: 2050},
		{Slug: "forged-auc-0014", Issuer: "forged-cc-006", Role: Authentication, Name: authenticationName("0014"), Key: "forger-rsa", KeyKind: "RSA-2048", From: 2020, Until: 2050},
		{Slug: "forged-auc-0019", Issuer: "forged-cc-008", Role: Authentication, Name: authenticationName("0019"), Key: "forger-ec", KeyKind: "P-384", From: 2020, Until: 2050},
		{Slug: "forged-ds-000014", Issuer: "forged-cc-006", Role: DocumentSigner, Name: signerName("000014"), Key: "forger-rsa", KeyKind: "RSA-2048", From: 2020, Until: 2050},
		{Slug: "forged-ds-000019", Issuer: "forged-cc-008", Role: DocumentSigner, Name: signerName("000019"), Key: "forger-ec", KeyKind: "P-384", From: 2020, Until: 2050},
	}
}

// CardKeys lists the keys made for cards, by kind.
func CardKeys() map[string]string {
	keys := map[string]string{
		"rsa2048-signature": "RSA-2048", "rsa3072-signature": "RSA-3072", "p256-signature": "P-256",
		"rsa2048-clone": "RSA-2048", "p256-clone": "P-256",
		"rsa1024-chip": "RSA-1024", "p384-chip": "P-384",
	}
	for i := 1; i <= 6; i++ {
		keys[fmt.Sprintf("rsa2048-%d", i)] = "RSA-2048"
	}
	for i := 1; i <= 2; i++ {
		keys[fmt.Sprintf("rsa3072-%d", i)] = "RSA-3072"
	}
	for i := 1; i <= 4; i++ {
		keys[fmt.Sprintf("p256-%d", i)] = "P-256"
	}
	return keys
}

func specBySlug(slug string) (Spec, bool) {
	for _, s := range Hierarchy() {
		if s.Slug == slug {
			return s, true
		}
	}
	return Spec{}, false
}

// Attribute types of distinguished names (X.520).
var (
	oidCommonName   = asn1.ObjectIdentifier{2, 5, 4, 3}
	oidSurname      = asn1.ObjectIdentifier{2, 5, 4, 4}
	oidSerialNumber = asn1.ObjectIdentifier{2, 5, 4, 5}
	oidCountry      = asn1.ObjectIdentifier{2, 5, 4, 6}
	oidOrganization = asn1.ObjectIdentifier{2, 5, 4, 10}
	oidUnit         = asn1.ObjectIdentifier{2, 5, 4, 11}
	oidGivenName    = asn1.ObjectIdentifier{2, 5, 4, 42}
)

// name builds a distinguished name of single-valued RDNs from pairs of type and value. The order is
// part of the name, which is why pkix.Name does not serve.
func name(pairs ...any) pkix.RDNSequence {
	var n pkix.RDNSequence
	for i := 0; i < len(pairs); i += 2 {
		oid := pairs[i].(asn1.ObjectIdentifier)
		n = append(n, pkix.RelativeDistinguishedNameSET{{Type: oid, Value: pairs[i+1]}})
	}
	return n
}

func rootName() pkix.RDNSequence {
	return name(oidCountry, "PT", oidOrganization, "Sistema de Certificação Eletrónica do Estado",
		oidCommonName, "(Teste) ECRaizEstado 002")
}

func cardName(number string) pkix.RDNSequence {
	return name(oidCountry, "PT", oidOrganization, "SCEE - Sistema de Certificação Electrónica do Estado",
		oidUnit, "ECEstado", oidCommonName, "(Teste) Cartão de Cidadão "+number)
}

func authenticationName(number string) pkix.RDNSequence {
	return subordinateName(number, "(Teste) EC de Autenticação do Cartão de Cidadão "+number)
}

func signatureName(number string) pkix.RDNSequence {
	return subordinateName(number, "(Teste) EC de Assinatura Digital Qualificada do Cartão de Cidadão "+number)
}

// subordinateName: the registry took the subordinate authorities over with the 2024 generation.
func subordinateName(number, common string) pkix.RDNSequence {
	if number >= "0019" {
		return name(oidCountry, "PT", oidOrganization, "Instituto dos Registos e do Notariado I.P.",
			oidUnit, "Cartão de Cidadão", oidUnit, "subECEstado", oidCommonName, common)
	}
	return name(oidCountry, "PT", oidOrganization, "Cartão de Cidadão",
		oidUnit, "subECEstado", oidCommonName, common)
}

func signerName(number string) pkix.RDNSequence {
	return name(oidCountry, "PT", oidOrganization, "Cartão de Cidadão",
		oidUnit, "Serviços do Cartão de Cidadão", oidUnit, "Entidade Certificadora de Documentos",
		oidCommonName, "(Teste) Entidade Certificadora de Documentos do Cartão de Cidadão "+number)
}
