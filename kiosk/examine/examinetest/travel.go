package examinetest

import (
	"context"
	"crypto/cipher"
	"crypto/des"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"balcao/cardreader/mrz"
	"balcao/cardreader/travel"
	"balcao/kiosk"
	"balcao/kiosk/examine"
	"balcao/kiosk/trust"
	"balcao/kiosk/trust/country"
	"balcao/kiosk/trust/icao"
	"balcao/kiosk/trust/trusttest"
)

// Country is a State's country signing CA and a document signer.
type Country struct{ CSCA, Signer *trusttest.Authority }

// MustCountry makes a country.
func MustCountry(t testing.TB, code string) Country {
	t.Helper()
	template := trusttest.CaTemplate("(Test) CSCA " + code)
	template.Subject.Country = []string{code}
	var c Country
	c.CSCA = trusttest.MustIssue(t, template, nil, trusttest.MustKey(t))
	c.Signer = trusttest.MustIssue(t, DocumentSigner(code), c.CSCA, trusttest.MustKey(t))
	return c
}

// DocumentSigner is the template of a document signer.
func DocumentSigner(code string) x509.Certificate {
	return x509.Certificate{
		Subject:  pkix.Name{Country: []string{code}, CommonName: "(Test) Document Signer " + code},
		KeyUsage: x509.KeyUsageDigitalSignature,
	}
}

// MustCountries believes countries.
func MustCountries(t testing.TB, list ...Country) *country.Authorities {
	t.Helper()
	var certificates []*icao.Certificate
	for _, c := range list {
		certificates = append(certificates, MustParse(t, c.CSCA.Cert.Raw))
	}
	countries, err := country.New(certificates)
	if err != nil {
		t.Fatal(err)
	}
	return countries
}

// MustParse reads a certificate.
func MustParse(t testing.TB, der []byte) *icao.Certificate {
	t.Helper()
	c, err := icao.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// SignerStatus answers for the revocation of document signers.
type SignerStatus func(cert *icao.Certificate) (trust.Answer, error)

func (f SignerStatus) Check(_ context.Context, cert, _ *icao.Certificate) (trust.Answer, error) {
	return f(cert)
}

// SignersAre gives all signers the same status.
func SignersAre(status trust.Status) SignerStatus {
	return func(*icao.Certificate) (trust.Answer, error) {
		return trust.Answer{Status: status, Method: trust.MethodCRL, Source: "crl.test"}, nil
	}
}

// SignersAnswer gives no status but an error.
func SignersAnswer(err error) SignerStatus {
	return func(*icao.Certificate) (trust.Answer, error) { return trust.Answer{}, err }
}

// Chip is a travel document to be made: what its files say and which keys it holds.
type Chip struct {
	Zone    mrz.MRZ
	Name    string // of DG11; no DG11 when it and born are empty
	Born    string // of DG11, YYYYMMDD
	Face    []byte // what is in DG2; no DG2 when nil
	Active  *ecdsa.PrivateKey
	Agree   *ecdsa.PrivateKey
	Access  travel.Protection
	Signer  *trusttest.Authority
	Signing time.Time // stated by the SOD; zero when not
}

// Anna is whom a test's passport is for; the zone of Doc 9303's specimen with dates of ours.
func Anna() mrz.MRZ {
	return mrz.MRZ{
		Format: mrz.TD3, Code: "P", Issuer: "UTO", Nationality: "UTO", Surname: "ERIKSSON", GivenNames: "ANNA MARIA",
		Number: "L898902C3", Sex: "F", Birth: mrz.Date{Year: 1974, Month: 8, Day: 12}, Expiry: mrz.Date{Year: 2034, Month: 4, Day: 15},
	}
}

// Permit is a residence permit of Portugal.
func Permit() mrz.MRZ {
	m := Anna()
	m.Format, m.Code, m.Issuer, m.Number = mrz.TD1, "AR", "PRT", "PT0000001"
	return m
}

// PassportOf has everything: DG11, active and chip authentication, PACE.
func PassportOf(t testing.TB, c Country) *Chip {
	t.Helper()
	return &Chip{
		Zone: Anna(), Name: "Eriksson<<Anna<María", Born: "19740812", Face: []byte("a face"),
		Active: trusttest.MustKey(t), Agree: trusttest.MustKey(t), Signer: c.Signer,
		Access: travel.Protection{Mechanism: "PACE-GM", Cipher: "AES-128", Curve: "brainpoolP256r1"},
	}
}

// MustLines are the lines of an MRZ.
func MustLines(t testing.TB, zone mrz.MRZ) []string {
	t.Helper()
	lines, err := zone.Lines()
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// DG1 is EF.DG1 with an MRZ.
func DG1(t testing.TB, zone mrz.MRZ) []byte {
	t.Helper()
	text := strings.Join(MustLines(t, zone), "")
	return trusttest.Wrap(0x61, slices.Concat([]byte{0x5F, 0x1F, byte(len(text))}, []byte(text)))
}

// MustFiles are the chip's files as a desk reads them.
func (c *Chip) MustFiles(t testing.TB) examine.TravelFiles {
	t.Helper()
	groups := map[int][]byte{1: DG1(t, c.Zone)}
	if c.Face != nil {
		groups[2] = trusttest.Wrap(0x75, c.Face)
	}
	if c.Name != "" || c.Born != "" {
		groups[11] = DG11(c.Name, c.Born)
	}
	if c.Agree != nil || c.Active != nil {
		groups[14] = c.DG14(t)
	}
	if c.Active != nil {
		groups[15] = trusttest.Wrap(0x6F, MustSPKI(t, &c.Active.PublicKey))
	}
	return examine.TravelFiles{
		SOD: MustSOD(t, c.Signer, groups, c.Signing), Groups: groups, Access: c.Access, Typed: strings.Join(MustLines(t, c.Zone), "\n"),
	}
}

// DG11 is EF.DG11 with a name and a date of birth, without those that are empty.
func DG11(name, born string) []byte {
	tag := func(low byte, text string) []byte {
		if text == "" {
			return nil
		}
		return slices.Concat([]byte{0x5F, low, byte(len(text))}, []byte(text))
	}
	list := trusttest.Wrap(0x5C, []byte{0x5F, 0x0E, 0x5F, 0x2B})
	return trusttest.Wrap(0x6B, list, tag(0x0E, name), tag(0x2B, born))
}

func MustSPKI(t testing.TB, key *ecdsa.PublicKey) []byte {
	t.Helper()
	spki, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return spki
}

// DG14 has what the chip's keys are for (Doc 9303-11 §9.2): active authentication with SHA-256, chip authentication by ECDH
// with 3DES.
func (c *Chip) DG14(t testing.TB) []byte {
	t.Helper()
	oid := func(ids ...int) []byte { return trusttest.MustMarshal(t, asn1.ObjectIdentifier(ids)) }
	one := []byte{2, 1, 1}
	var infos []byte
	if c.Active != nil {
		infos = append(infos, trusttest.Wrap(0x30, oid(2, 23, 136, 1, 1, 5), one, oid(0, 4, 0, 127, 0, 7, 1, 1, 4, 1, 3))...)
	}
	if c.Agree != nil {
		infos = append(infos, trusttest.Wrap(0x30, oid(0, 4, 0, 127, 0, 7, 2, 2, 1, 2), MustSPKI(t, &c.Agree.PublicKey))...)
		infos = append(infos, trusttest.Wrap(0x30, oid(0, 4, 0, 127, 0, 7, 2, 2, 3, 2, 1), one)...)
	}
	return trusttest.Wrap(0x6E, trusttest.Wrap(0x31, infos))
}

// Sign is active authentication by ECDSA: r||s over the challenge.
func (c *Chip) Sign(t testing.TB, challenge []byte) []byte {
	t.Helper()
	digest := sha256.Sum256(challenge)
	signature, err := SoftCard{c.Active}.SignDigest(t.Context(), digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return signature
}

// Answer is the chip's half of chip authentication with the centre (Doc 9303-11 §6.2): it agrees on a secret, and protects the
// bare answer 9000 with the retail MAC of a session whose counter has come to 2 (§9.8.2, §9.8.6.1).
func (c *Chip) Answer(t testing.TB, sent travel.ChallengeToSend) []byte {
	t.Helper()
	ours, err := c.Agree.ECDH()
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := ecdh.P256().NewPublicKey(sent.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := ours.ECDH(theirs)
	if err != nil {
		t.Fatal(err)
	}
	key := sha1.Sum(binary.BigEndian.AppendUint32(secret, 2))
	status := []byte{0x99, 0x02, 0x90, 0x00}
	message := slices.Concat([]byte{0, 0, 0, 0, 0, 0, 0, 2}, status, []byte{0x80, 0, 0, 0})
	return slices.Concat(status, []byte{0x8E, 8}, retailMAC(t, key[:16], message), []byte{0x90, 0x00})
}

// retailMAC is MAC algorithm 3 of ISO/IEC 9797-1 over whole blocks.
func retailMAC(t testing.TB, key, message []byte) []byte {
	t.Helper()
	var blocks [2]cipher.Block
	for i := range blocks {
		block, err := des.NewCipher(key[8*i : 8*i+8])
		if err != nil {
			t.Fatal(err)
		}
		blocks[i] = block
	}
	out := make([]byte, len(message))
	cipher.NewCBCEncrypter(blocks[0], make([]byte, 8)).CryptBlocks(out, message)
	mac := out[len(out)-8:]
	blocks[1].Decrypt(mac, mac)
	blocks[0].Encrypt(mac, mac)
	return mac
}

// MustChallenge is what the centre asks the chip, and what it keeps.
func MustChallenge(t testing.TB, dg14 []byte) (sent travel.ChallengeToSend, state []byte) {
	t.Helper()
	challenge, err := travel.NewChipChallenge(rand.Reader, dg14)
	if err != nil {
		t.Fatal(err)
	}
	state, err = challenge.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return challenge.ToSend(), state
}

// Believing is a verifier that believes the countries, whose signers are in order.
func Believing(t testing.TB, list ...Country) *examine.Examiner {
	t.Helper()
	return &examine.Examiner{Countries: MustCountries(t, list...), CountryRevocation: SignersAre(trust.Good)}
}

// ExamineTravel examines whole files, and a chip that proved itself if it can.
func ExamineTravel(t testing.TB, v *examine.Examiner, files examine.TravelFiles) examine.Verdict {
	t.Helper()
	ex := v.ExamineTravel(t.Context(), nil)
	ex.Update(files)
	if examine.ProofOf(files.Groups) != examine.ProofNone {
		ex.ChipAuthenticity(examine.ChipAuthenticity{Source: "AA", Proven: true})
	}
	return ex.Wait()
}

// Changed is a copy of files with other groups.
func Changed(files examine.TravelFiles, change func(groups map[int][]byte)) examine.TravelFiles {
	files.Groups = maps.Clone(files.Groups)
	change(files.Groups)
	return files
}

// Brought is what a person without a Citizen Card has with them.
func Brought() kiosk.Eligibility {
	return kiosk.Eligibility{
		TaxNumber: "299999998", Independence: kiosk.Independent,
		Address: kiosk.Seen{Kind: kiosk.SeenLease, Issuer: "Senhorio", Issued: kiosk.Date{Year: 2025, Month: 2, Day: 3}},
	}
}
