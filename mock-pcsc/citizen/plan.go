package citizen

import (
	"crypto"
	"crypto/x509"
	"fmt"
	"time"

	"balcao/mock-pcsc/card"
	"balcao/mock-pcsc/pki"
)

// A Plan is the order for one card. Its first part is a genuine card; each field of the second part
// is a fault that is put into it. A genuine card leaves those at their zero values.
type Plan struct {
	Name       string // of the card: names its certificates' serial numbers
	Generation string // First or Y2024
	Person     Person
	Key        string    // "RSA-2048", "RSA-3072" or "P-256"
	CardKey    string    // which committed key the card holds for authentication
	Issuer     string    // authentication authority; empty: the usual one of the generation
	PIN        string    // authentication PIN
	From       time.Time // first day of the document
	Until      time.Time // last day
	CAN        string    // card access number, printed on the 2024 generation

	CertificateFrom, CertificateUntil time.Time     // of the authentication certificate
	CertificateUsage                  x509.KeyUsage // wrong key usage
	CertificatePerson                 *Person       // whom the certificate names instead
	CertifiedKey                      string        // key in the certificate, when the card holds another
	SignatureCertificateTwice         bool          // the signature certificate lies where that for authentication belongs
	StatusAt                          string        // where the certificate says its status is found
	SecurityObjectBy                  string        // slug of another document signer
	SecurityObjectByHolder            bool          // the holder's own authentication key signed it
	BrokenSecurityObject              bool          // one bit of its signature is wrong
	AlteredPlace                      string        // place of request, changed after signing
	AlteredPhoto                      bool          // a byte of the photograph, changed after signing
	BlockedPIN                        bool          // all tries used up
	Absurd                            Absurd        // a file that cannot be what it says
	Trouble                           *card.Trouble // what the chip itself does
}

// Absurd names a file whose length is a lie.
type Absurd string

// Files with absurd lengths.
const (
	AbsurdNothing     Absurd = ""
	AbsurdSOD         Absurd = "sod"         // its outer length is 2 GiB, and so is the size in the FCI
	AbsurdCertificate Absurd = "certificate" // its outer length is 2 GiB
	AbsurdIdentity    Absurd = "identity"    // 2024: as the SOD; first generation: the file ends in the middle of a field
)

// PINs and codes that all cards share.
const (
	SignaturePIN  = "5678"
	AddressPIN    = "0000"
	UnblockCode   = "12345678"
	activationPIN = "999999"
)

// issuers are the authorities for one generation, by slug.
type issuers struct{ authentication, signature, card, document string }

func (p Plan) issuers() issuers {
	i := issuers{"auc-0014", "asc-0014", "cc-006", "ds-000014"}
	if p.Generation == Y2024 {
		i = issuers{"auc-0019", "asc-0019", "cc-008", "ds-000019"}
	}
	if p.Issuer != "" {
		i.authentication = p.Issuer
	}
	if p.SecurityObjectBy != "" {
		i.document = p.SecurityObjectBy
	}
	return i
}

// Make puts the card together.
func Make(authorities *pki.PKI, p Plan) (*card.Chip, error) {
	m := &maker{plan: p, pki: authorities}
	if err := m.gather(); err != nil {
		return nil, fmt.Errorf("making card %s: %w", p.Name, err)
	}
	build := m.firstGeneration
	if p.Generation == Y2024 {
		build = m.generation2024
	}
	contents, err := build()
	if err != nil {
		return nil, fmt.Errorf("making card %s: %w", p.Name, err)
	}
	contents.Trouble = p.Trouble
	contents.PINs = m.pins()
	return card.New(contents), nil
}

// Printed are the lines of the machine-readable zone on the card.
func (p Plan) Printed() []string {
	lines := mrz(p.Person, p.Until)
	return lines[:]
}

// maker holds what both generations need while a card is put together.
type maker struct {
	plan  Plan
	pki   *pki.PKI
	infos [][]byte // further security infos of data group 14

	keys struct{ authentication, signature crypto.Signer }
	ids  struct{ signed, written Identity } // as the SOD covers it, and as the card has it

	photo         struct{ signed, written []byte }
	certificates  struct{ authentication, signature, authenticationCA, signatureCA, cardCA []byte }
	authenticator *pki.Authority // holder's certificate and key
}

func (m *maker) gather() error {
	if err := m.gatherKeys(); err != nil {
		return err
	}
	version := map[string]string{"RSA-2048": "004.004.23", "RSA-3072": "006.008.24", "P-256": "07.36"}[m.plan.Key]
	m.ids.signed = newIdentity(m.plan.Person, m.plan.Generation, version, m.plan.From, m.plan.Until)
	m.ids.written = m.ids.signed
	if m.plan.AlteredPlace != "" {
		m.ids.written.Place = m.plan.AlteredPlace
	}
	if err := m.gatherPhoto(); err != nil {
		return err
	}
	return m.issue()
}

func (m *maker) gatherKeys() (err error) {
	if m.keys.authentication, err = m.pki.CardKey(m.plan.CardKey); err != nil {
		return err
	}
	signature := map[string]string{"RSA-2048": "rsa2048", "RSA-3072": "rsa3072", "P-256": "p256"}[m.plan.Key]
	m.keys.signature, err = m.pki.CardKey(signature + "-signature")
	return err
}

func (m *maker) gatherPhoto() error {
	if m.plan.Person.Portrait == "" {
		return nil
	}
	jp2, err := m.pki.Portrait(m.plan.Person.Portrait)
	if err != nil {
		return err
	}
	m.photo.signed = photoRecord(jp2)
	m.photo.written = append([]byte(nil), m.photo.signed...)
	if m.plan.AlteredPhoto {
		// Far inside the code stream: the picture still decodes, and only the hash can tell.
		m.photo.written[len(m.photo.written)*3/4] ^= 0x01
	}
	return nil
}

// issue makes the two certificates of the holder and collects those above them.
func (m *maker) issue() error {
	names := m.plan.issuers()
	issuer, err := m.pki.Authority(names.authentication)
	if err != nil {
		return err
	}
	above, err := m.pki.Issuer(names.authentication)
	if err != nil {
		return err
	}
	signatureIssuer, err := m.pki.Authority(names.signature)
	if err != nil {
		return err
	}
	authentication, err := m.authenticationCitizen()
	if err != nil {
		return err
	}
	c := &m.certificates
	if c.authentication, err = pki.IssueAuthentication(issuer, authentication); err != nil {
		return err
	}
	if c.signature, err = pki.IssueSignature(signatureIssuer, m.citizen(m.plan.Person, m.keys.signature)); err != nil {
		return err
	}
	cert, err := x509.ParseCertificate(c.authentication)
	if err != nil {
		return fmt.Errorf("parsing the certificate just made: %w", err)
	}
	m.authenticator = &pki.Authority{Certificate: cert, Key: m.keys.authentication}
	c.authenticationCA, c.signatureCA, c.cardCA = issuer.Certificate.Raw, signatureIssuer.Certificate.Raw, above.Certificate.Raw
	if m.plan.SignatureCertificateTwice {
		return m.misplaceSignatureCertificate(signatureIssuer)
	}
	return nil
}

// misplaced distinguishes the serial number of a holder's second signature certificate.
const misplaced = " misplaced"

// misplaceSignatureCertificate certifies the authentication key for signatures, so that nothing but
// the certificate's purpose is wrong.
func (m *maker) misplaceSignatureCertificate(issuer *pki.Authority) (err error) {
	c := m.citizen(m.plan.Person, m.keys.authentication)
	c.CardName += misplaced
	m.certificates.authentication, err = pki.IssueSignature(issuer, c)
	m.certificates.authenticationCA = issuer.Certificate.Raw
	return err
}

func (m *maker) citizen(p Person, key crypto.Signer) pki.Citizen {
	return pki.Citizen{
		CardName: m.plan.Name, Surname: p.Surname, GivenNames: p.GivenNames, CivilNumber: p.CivilNumber(),
		BirthDate: p.Birth, Key: key.Public(),
		From: m.plan.CertificateFrom, Until: m.plan.CertificateUntil, StatusAt: "",
	}
}

func (m *maker) authenticationCitizen() (pki.Citizen, error) {
	person, key := m.plan.Person, m.keys.authentication
	if m.plan.CertificatePerson != nil {
		person = *m.plan.CertificatePerson
	}
	if m.plan.CertifiedKey != "" {
		var err error
		if key, err = m.pki.CardKey(m.plan.CertifiedKey); err != nil {
			return pki.Citizen{}, err
		}
	}
	c := m.citizen(person, key)
	c.Usage, c.StatusAt = m.plan.CertificateUsage, m.plan.StatusAt
	return c, nil
}

// securityObject signs the data groups, as the plan says by whom.
func (m *maker) securityObject(groups map[int][]byte) ([]byte, error) {
	signer, err := m.pki.Authority(m.plan.issuers().document)
	if err != nil {
		return nil, err
	}
	if m.plan.SecurityObjectByHolder {
		signer = m.authenticator
	}
	sod, err := pki.SignSecurityObject(signer, groups)
	if err != nil {
		return nil, err
	}
	if m.plan.BrokenSecurityObject {
		sod[len(sod)-1] ^= 0x01 // the signature ends the structure
	}
	return sod, nil
}

func (m *maker) pins() []*card.PIN {
	authentication := card.NewPIN(card.PINAuthentication, m.plan.PIN, UnblockCode)
	if m.plan.BlockedPIN {
		authentication.Block()
	}
	return []*card.PIN{
		authentication,
		card.NewPIN(card.PINSignature, SignaturePIN, UnblockCode),
		card.NewPIN(card.PINAddress, AddressPIN, UnblockCode),
		card.NewPIN(card.PINActivation, activationPIN, UnblockCode),
	}
}

// lifeCycle is the CPLC data object: 42 bytes of which bytes 10 to 17 (fabrication date, serial, batch)
// tell one chip from another.
func lifeCycle(person Person) []byte {
	const length = 42
	data := []byte{0x9f, 0x7f, length, 0x40, 0x90, 0x78, 0x93, 0x12, 0x91, 0x70, 0x12, 0x01, 0x00}
	n := person.Number
	data = append(data, 0x41, 0x23, byte(n>>24), byte(n>>16), byte(n>>8), byte(n), 0x00, byte(n%97))
	return append(data, make([]byte, 3+length-len(data))...)
}

// padTo gives a file its size on the card. A content that does not fit would be cut unnoticed
// otherwise.
func padTo(size int, content []byte) []byte {
	if len(content) > size {
		panic(fmt.Sprintf("citizen: %d bytes do not fit into a file of %d", len(content), size))
	}
	return append(content, make([]byte, size-len(content))...)
}

// hugeLength is a length of 2 GiB less one, as BER would have it; declaredHuge says the same in an FCI.
const declaredHuge = 0x7fffffff

// absurdLength replaces the outer length of a data object with a tag of one byte and a length of three.
func absurdLength(object []byte) []byte {
	return append([]byte{object[0], 0x84, 0x7f, 0xff, 0xff, 0xff}, object[4:]...)
}

// Issued is what the authorities' books say of the certificates on the card that a plan orders.
// Reason is why the authentication certificate was revoked, 0 if it was not.
func Issued(p Plan, reason int) []pki.Issued {
	names := p.issuers()
	authentication := pki.Issued{Issuer: names.authentication, Serial: pki.Serial(p.Name + " authentication")}
	if reason != 0 {
		authentication.Reason, authentication.RevokedAt = reason, p.CertificateFrom.AddDate(0, 6, 0)
	}
	issued := []pki.Issued{authentication, {Issuer: names.signature, Serial: pki.Serial(p.Name + " signature")}}
	if p.SignatureCertificateTwice {
		issued = append(issued, pki.Issued{Issuer: names.signature, Serial: pki.Serial(p.Name + misplaced + " signature")})
	}
	return issued
}
