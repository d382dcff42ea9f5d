package pki

import (
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"io/fs"

	"balcao/assets/testpki"
)

// The authorities of staff cards. The second has the name of the first and a key of its own.
const (
	StaffAuthority       = "staff-ca"
	ForgedStaffAuthority = "forged-staff-ca"
)

// A StaffSpec describes the certificate of one staff card. The generator makes it, the bench finds it again.
type StaffSpec struct {
	Slug    string // name of the card, and of the files of its certificate and key
	Number  string // of the member of staff: serialNumber of the subject
	Name    string // commonName of the subject
	KeyKind string // "RSA-2048", "P-256", "P-384"
	Issuer  string // StaffAuthority or ForgedStaffAuthority
	Until   int    // year; validity begins in 2024 and ends when Until begins
}

// Path is where the certificate is kept, in PEM.
func (s StaffSpec) Path() string { return "staff/" + s.Slug + ".crt" }

// Key is the file name of the card's key, without folder and extension.
func (s StaffSpec) Key() string { return "cards/staff-" + s.Slug }

// Staff lists the certificates of staff cards. The people do not exist.
func Staff() []StaffSpec {
	return []StaffSpec{
		{"clerk", "F0417", "Rita Neves", "P-256", StaffAuthority, 2050},
		{"clerk-2", "F0452", "Duarte Feijó", "RSA-2048", StaffAuthority, 2050},
		{"supervisor", "F0102", "Marta Reis", "RSA-2048", StaffAuthority, 2050},
		{"supervisor-2", "F0119", "Leonor Salavisa", "P-384", StaffAuthority, 2050},
		{"auditor", "F0031", "Joel Antunes", "P-256", StaffAuthority, 2050},
		{"clerk-suspended", "F0233", "Otília Garção", "RSA-2048", StaffAuthority, 2050},
		{"clerk-revoked", "F0298", "Nuno Valadim", "P-256", StaffAuthority, 2050},
		{"clerk-expired", "F0185", "Graça Tendeiro", "P-256", StaffAuthority, 2025},
		{"clerk-blocked", "F0341", "Baltasar Mirandela", "P-256", StaffAuthority, 2050},
		{"clerk-other-pki", "F0417", "Rita Neves", "P-256", ForgedStaffAuthority, 2050},
	}
}

// IssueStaffAuthority makes the self-signed certificate of an authority of staff cards.
func IssueStaffAuthority(slug string, key crypto.Signer) ([]byte, error) {
	subject, err := asn1.Marshal(name(oidCountry, "PT", oidOrganization, "Balcão (Teste)",
		oidCommonName, "(Teste) Autoridade dos cartões de pessoal"))
	if err != nil {
		return nil, fmt.Errorf("encoding the name of %s: %w", slug, err)
	}
	return create(&x509.Certificate{
		SerialNumber: Serial(slug), RawSubject: subject, NotBefore: year(2024), NotAfter: year(2050),
		BasicConstraintsValid: true, IsCA: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}, nil, key.Public(), key)
}

// IssueStaff makes the certificate that spec describes: for PIV's slot 9A, so for authentication.
func IssueStaff(spec StaffSpec, key crypto.PublicKey, issuer *Authority) ([]byte, error) {
	subject, err := asn1.Marshal(name(oidCountry, "PT", oidOrganization, "Balcão (Teste)",
		oidSerialNumber, spec.Number, oidCommonName, spec.Name))
	if err != nil {
		return nil, fmt.Errorf("encoding the name on %s: %w", spec.Slug, err)
	}
	return create(&x509.Certificate{
		SerialNumber: Serial("staff card " + spec.Slug), RawSubject: subject, NotBefore: year(2024), NotAfter: year(spec.Until),
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}, issuer.Certificate, key, issuer.Key)
}

// StaffCertificate returns the certificate of a staff card, in DER.
func StaffCertificate(slug string) ([]byte, error) {
	return certificatePEM(StaffSpec{Slug: slug}.Path())
}

// StaffKey returns the key of a staff card.
func (p *PKI) StaffKey(slug string) (crypto.Signer, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.key(StaffSpec{Slug: slug}.Key())
}

// certificatePEM reads a certificate of the test infrastructure that is kept in PEM.
func certificatePEM(path string) ([]byte, error) {
	data, err := fs.ReadFile(testpki.FS, path)
	if err != nil {
		return nil, fmt.Errorf("reading a certificate: %w", err)
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, fmt.Errorf("%s is not PEM", path)
	}
	return block.Bytes, nil
}
