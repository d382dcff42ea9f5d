package pki

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1" // issues the old intermediate that a desk must still understand
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"
)

// IssueAuthority makes the certificate that spec describes, for key, signed by issuer (nil: by itself).
func IssueAuthority(spec Spec, key crypto.Signer, issuer *Authority) ([]byte, error) {
	subject, err := asn1.Marshal(spec.Name)
	if err != nil {
		return nil, fmt.Errorf("encoding the name of %s: %w", spec.Slug, err)
	}
	template := &x509.Certificate{
		SerialNumber: Serial(spec.Slug), RawSubject: subject,
		NotBefore: year(spec.From), NotAfter: year(spec.Until),
		BasicConstraintsValid: true, IsCA: spec.Role != DocumentSigner, MaxPathLen: -1,
		KeyUsage:        x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		ExtraExtensions: []pkix.Extension{policies(authorityPolicies[spec.Role]...)},
	}
	switch spec.Role {
	case Authentication, Signature:
		template.MaxPathLen, template.MaxPathLenZero = 0, true
	case DocumentSigner:
		template.KeyUsage = x509.KeyUsageDigitalSignature
	case Root, CitizenCard:
	}
	if issuer == nil {
		return create(template, nil, key.Public(), key)
	}
	template.OCSPServer = []string{OCSPURL(issuer.Slug)}
	template.IssuingCertificateURL = []string{IssuerURL(issuer.Slug)}
	template.CRLDistributionPoints = []string{CRLURL(issuer.Slug)}
	der, err := create(template, issuer.Certificate, key.Public(), issuer.Key)
	if err != nil || !spec.SHA1 {
		return der, err
	}
	return resignSHA1(der, issuer.Key)
}

// A Citizen is what a certificate says of a person, and how this certificate departs from the rule.
type Citizen struct {
	CardName    string // names the certificate's serial number
	Surname     string
	GivenNames  string
	CivilNumber string // NIC with its check digit
	BirthDate   time.Time
	Key         crypto.PublicKey
	From, Until time.Time
	Usage       x509.KeyUsage // zero: what the profile says
	StatusAt    string        // slug in the OCSP and CRL addresses; empty: the issuer's
}

// IssueAuthentication makes a citizen's authentication certificate.
func IssueAuthentication(issuer *Authority, c Citizen) ([]byte, error) {
	if c.Usage == 0 {
		c.Usage = x509.KeyUsageDigitalSignature | x509.KeyUsageKeyAgreement
	}
	template, err := c.template(issuer, "Autenticação do Cidadão", netscapeClientAndMail, authenticationPolicies)
	if err != nil {
		return nil, err
	}
	template.SerialNumber = Serial(c.CardName + " authentication")
	return create(template, issuer.Certificate, c.Key, issuer.Key)
}

// IssueSignature makes a citizen's qualified signature certificate.
func IssueSignature(issuer *Authority, c Citizen) ([]byte, error) {
	if c.Usage == 0 {
		c.Usage = x509.KeyUsageContentCommitment
	}
	template, err := c.template(issuer, "Assinatura Qualificada do Cidadão", netscapeMail, signaturePolicies)
	if err != nil {
		return nil, err
	}
	template.SerialNumber = Serial(c.CardName + " signature")
	template.ExtraExtensions = append(template.ExtraExtensions, qualifiedStatements())
	return create(template, issuer.Certificate, c.Key, issuer.Key)
}

// IssueResponder makes the certificate of a delegated OCSP responder (RFC 6960 §4.2.2.2), which clients
// need not check for revocation itself.
func IssueResponder(issuer *Authority, key crypto.PublicKey, at time.Time) ([]byte, error) {
	subject, err := asn1.Marshal(name(oidCountry, "PT", oidOrganization, "Cartão de Cidadão",
		oidUnit, "Serviços do Cartão de Cidadão", oidCommonName, "(Teste) Serviço de Validação on-line "+issuer.Slug))
	if err != nil {
		return nil, fmt.Errorf("encoding the responder's name: %w", err)
	}
	noCheck := pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 5}, Value: []byte{0x05, 0x00}}
	return create(&x509.Certificate{
		SerialNumber: Serial("responder of " + issuer.Slug), RawSubject: subject,
		NotBefore: at.AddDate(0, 0, -1), NotAfter: at.AddDate(0, 1, 0), BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning},
		ExtraExtensions: []pkix.Extension{noCheck},
	}, issuer.Certificate, key, issuer.Key)
}

func (c Citizen) template(issuer *Authority, unit string, netscape byte, pol []policy) (*x509.Certificate, error) {
	full := strings.ToUpper(c.GivenNames + " " + c.Surname)
	subject, err := asn1.Marshal(name(oidCountry, "PT", oidOrganization, "Cartão de Cidadão",
		oidUnit, "Cidadão Português", oidUnit, unit,
		oidSurname, strings.ToUpper(c.Surname), oidGivenName, strings.ToUpper(c.GivenNames),
		oidSerialNumber, "BI"+c.CivilNumber, oidCommonName, full))
	if err != nil {
		return nil, fmt.Errorf("encoding a citizen's name: %w", err)
	}
	status := c.StatusAt
	if status == "" {
		status = issuer.Slug
	}
	return &x509.Certificate{
		RawSubject: subject, NotBefore: c.From, NotAfter: c.Until,
		BasicConstraintsValid: true, KeyUsage: c.Usage,
		OCSPServer: []string{OCSPURL(status)}, CRLDistributionPoints: []string{CRLURL(status)},
		ExtraExtensions: []pkix.Extension{
			policies(pol...), dateOfBirth(c.BirthDate), netscapeType(netscape), freshestCRL(CRLURL(status)),
		},
	}, nil
}

// create signs without randomness: RSA PKCS #1 v1.5 needs none and ECDSA is then deterministic
// (RFC 6979), so the same card gets the same certificate in each run.
func create(template, parent *x509.Certificate, key crypto.PublicKey, issuerKey crypto.Signer) ([]byte, error) {
	keyID, err := keyIdentifier(key)
	if err != nil {
		return nil, err
	}
	template.SubjectKeyId = keyID
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(nil, template, parent, key, issuerKey)
	if err != nil {
		return nil, fmt.Errorf("creating a certificate: %w", err)
	}
	return der, nil
}

// resignSHA1 signs a certificate again with sha1WithRSAEncryption, which crypto/x509 refuses to do.
// Both algorithm identifiers are of the same length and differ in their last arc only: 11 and 5.
func resignSHA1(der []byte, issuerKey crypto.Signer) ([]byte, error) {
	var cert struct {
		TBS       asn1.RawValue
		Algorithm pkix.AlgorithmIdentifier
		Signature asn1.BitString
	}
	if _, err := asn1.Unmarshal(der, &cert); err != nil {
		return nil, fmt.Errorf("parsing the certificate to sign again: %w", err)
	}
	sha256OID := "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"
	tbs := strings.Replace(string(cert.TBS.FullBytes), sha256OID, sha256OID[:10]+"\x05", 1)
	key, ok := issuerKey.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("only RSA authorities signed with SHA-1")
	}
	digest := sha1.Sum([]byte(tbs))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA1, digest[:])
	if err != nil {
		return nil, fmt.Errorf("signing with SHA-1: %w", err)
	}
	cert.TBS = asn1.RawValue{FullBytes: []byte(tbs)}
	cert.Algorithm.Algorithm = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 5}
	cert.Signature = asn1.BitString{Bytes: signature, BitLength: 8 * len(signature)}
	return asn1.Marshal(cert)
}

// Issued is a certificate that an authority has on its books, and what became of it.
type Issued struct {
	Issuer    string // slug
	Serial    *big.Int
	RevokedAt time.Time // zero while it is good
	Reason    int       // RFC 5280 §5.3.1: 1 key compromise, 6 certificate hold
}

// Reasons for which the bench revokes.
const (
	ReasonKeyCompromise   = 1
	ReasonCertificateHold = 6
)

func year(y int) time.Time { return time.Date(y, time.January, 1, 0, 0, 0, 0, time.UTC) }
