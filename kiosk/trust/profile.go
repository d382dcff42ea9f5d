package trust

import (
	"crypto/x509"
	"slices"
	"strings"
)

// Profile is what distinguishes a citizen's authentication certificate from every other certificate
// under the same anchors. The zero value is useless; see AuthenticationProfile.
type Profile struct {
	Unit     string   // an OU of the subject
	IssuerCN string   // part of the issuer's CN; "(Teste)" may stand before it and a number after it
	Policies []string // certificate policies of which at least one must be there
}

// AuthenticationProfile is the profile of the Citizen Card's authentication certificates: first
// generation from observed certificates, the policies of the 2024 generation's CAs beside it.
// Key usage is what really separates it from the signature certificate, whose policies overlap.
func AuthenticationProfile() Profile {
	return Profile{
		Unit:     "Autenticação do Cidadão",
		IssuerCN: "EC de Autenticação do Cartão de Cidadão",
		Policies: []string{
			"2.16.620.1.1.1.2.4.2.0.7",   // practice statement of the authentication CA
			"2.16.620.1.1.1.2.4.2.0.1.1", // policy of the authentication certificate
			"2.16.620.1.1.1.2.10",        // SCEE, authentication
			"2.16.620.1.1.1.2.20",
			"2.16.620.1.1.1.2.4.0.7", // what the 2024 generation's CAs carry
			"2.16.620.1.1.1.2.4.0.1.3",
		},
	}
}

// Check returns a *ChainError with FaultPurpose when a certificate does not have the profile. It says
// nothing about who issued the certificate: anyone can write these names, so ask Chain as well.
func (p Profile) Check(c *x509.Certificate) error {
	switch {
	case c.IsCA:
		return purpose("a CA certificate")
	case c.KeyUsage&x509.KeyUsageDigitalSignature == 0:
		return purpose("key usage without digitalSignature")
	case c.KeyUsage&(x509.KeyUsageCertSign|x509.KeyUsageCRLSign) != 0:
		return purpose("key usage of a CA")
	case !clientUse(c):
		return purpose("extended key usage for something else")
	case !slices.Contains(c.Subject.OrganizationalUnit, p.Unit):
		return purpose("subject is not marked as a citizen's authentication certificate")
	case !strings.Contains(c.Issuer.CommonName, p.IssuerCN):
		return purpose("issuer is not an authentication CA")
	case !slices.ContainsFunc(c.Policies, func(oid x509.OID) bool { return slices.Contains(p.Policies, oid.String()) }):
		return purpose("none of the expected certificate policies")
	}
	return nil
}

// clientUse reports whether the extended key usage allows authentication. The Citizen Card's
// certificates have none, which allows everything (RFC 5280 §4.2.1.12).
func clientUse(c *x509.Certificate) bool {
	if len(c.ExtKeyUsage) == 0 && len(c.UnknownExtKeyUsage) == 0 {
		return true
	}
	return slices.ContainsFunc(c.ExtKeyUsage, func(u x509.ExtKeyUsage) bool {
		return u == x509.ExtKeyUsageAny || u == x509.ExtKeyUsageClientAuth || u == x509.ExtKeyUsageEmailProtection
	})
}

// documentSignerUnit marks the certificates whose keys sign the data of Citizen Cards.
const documentSignerUnit = "Entidade Certificadora de Documentos"

// documentSignerCN begins their common names, after "(Teste) " in test cards.
const documentSignerCN = "Entidade Certificadora de Documentos do Cartão de Cidadão"

// checkDocumentSigner returns a *ChainError with FaultPurpose unless c may sign document security
// objects. Without this a citizen could sign an invented document with the key of their own card:
// that certificate chains to the same anchors.
func checkDocumentSigner(c *x509.Certificate) error {
	switch {
	case c.IsCA:
		return purpose("a CA certificate signed the document")
	case c.KeyUsage&x509.KeyUsageDigitalSignature == 0:
		return purpose("document signer's key usage without digitalSignature")
	case !slices.Contains(c.Subject.OrganizationalUnit, documentSignerUnit):
		return purpose("signer is not a document signer")
	case !strings.Contains(c.Subject.CommonName, documentSignerCN):
		return purpose("signer is not named as a document signer")
	case slices.Contains(c.Subject.OrganizationalUnit, AuthenticationProfile().Unit):
		return purpose("a citizen's certificate signed the document")
	}
	return nil
}

func purpose(detail string) error { return &ChainError{Fault: FaultPurpose, Detail: detail} }
