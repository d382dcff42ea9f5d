package evidence_test

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
	"balcao/kiosk/evidence"
	"balcao/kiosk/trust"
	"balcao/kiosk/trust/cms"
)

// country is a State's country signing CA and a document signer.
type country struct{ csca, signer authority }

func mustCountry(t testing.TB, code string) country {
	t.Helper()
	template := ca("(Test) CSCA " + code)
	template.Subject.Country = []string{code}
	var c country
	c.csca = mustIssue(t, template, authority{}, mustECKey(t))
	c.signer = mustIssue(t, documentSigner(code), c.csca, mustECKey(t))
	return c
}

func documentSigner(code string) x509.Certificate {
	return x509.Certificate{
		Subject:  pkix.Name{Country: []string{code}, CommonName: "(Test) Document Signer " + code},
		KeyUsage: x509.KeyUsageDigitalSignature,
	}
}

func mustCountries(t testing.TB, list ...country) *trust.Countries {
	t.Helper()
	var certificates []*cms.Certificate
	for _, c := range list {
		certificates = append(certificates, mustParse(t, c.csca.cert.Raw))
	}
	countries, err := trust.NewCountries(certificates)
	if err != nil {
		t.Fatal(err)
	}
	return countries
}

func mustParse(t testing.TB, der []byte) *cms.Certificate {
	t.Helper()
	c, err := cms.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// signerStatus answers for the revocation of document signers.
type signerStatus func(cert *cms.Certificate) (trust.Answer, error)

func (f signerStatus) Check(_ context.Context, cert, _ *cms.Certificate) (trust.Answer, error) {
	return f(cert)
}

func signersAre(status trust.Status) signerStatus {
	return func(*cms.Certificate) (trust.Answer, error) {
		return trust.Answer{Status: status, Method: trust.MethodCRL, Source: "crl.test"}, nil
	}
}

func signersAnswer(err error) signerStatus {
	return func(*cms.Certificate) (trust.Answer, error) { return trust.Answer{}, err }
}

// chip is a travel document to be made: what its files say and which keys it holds.
type chip struct {
	zone    mrz.MRZ
	name    string // of DG11; no DG11 when it and born are empty
	born    string // of DG11, YYYYMMDD
	face    []byte // what is in DG2; no DG2 when nil
	active  *ecdsa.PrivateKey
	agree   *ecdsa.PrivateKey
	access  travel.Protection
	signer  authority
	signing time.Time // stated by the SOD; zero when not
}

// anna is whom a test's passport is for; the zone of Doc 9303's specimen with dates of ours.
func anna() mrz.MRZ {
	return mrz.MRZ{
		Format: mrz.TD3, Code: "P", Issuer: "UTO", Nationality: "UTO", Surname: "ERIKSSON", GivenNames: "ANNA MARIA",
		Number: "L898902C3", Sex: "F", Birth: mrz.Date{Year: 1974, Month: 8, Day: 12}, Expiry: mrz.Date{Year: 2034, Month: 4, Day: 15},
	}
}

// permit is a residence permit of Portugal.
func permit() mrz.MRZ {
	m := anna()
	m.Format, m.Code, m.Issuer, m.Number = mrz.TD1, "AR", "PRT", "PT0000001"
	return m
}

// passportOf has everything: DG11, active and chip authentication, PACE.
func passportOf(t testing.TB, c country) *chip {
	t.Helper()
	return &chip{
		zone: anna(), name: "Eriksson<<Anna<María", born: "19740812", face: []byte("a face"),
		active: mustECKey(t), agree: mustECKey(t), signer: c.signer,
		access: travel.Protection{Mechanism: "PACE-GM", Cipher: "AES-128", Curve: "brainpoolP256r1"},
	}
}

func mustLines(t testing.TB, zone mrz.MRZ) []string {
	t.Helper()
	lines, err := zone.Lines()
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func dg1(t testing.TB, zone mrz.MRZ) []byte {
	t.Helper()
	text := strings.Join(mustLines(t, zone), "")
	return wrap(0x61, slices.Concat([]byte{0x5F, 0x1F, byte(len(text))}, []byte(text)))
}

// mustFiles are the chip's files as a desk reads them.
func (c *chip) mustFiles(t testing.TB) evidence.TravelFiles {
	t.Helper()
	groups := map[int][]byte{1: dg1(t, c.zone)}
	if c.face != nil {
		groups[2] = wrap(0x75, c.face)
	}
	if c.name != "" || c.born != "" {
		groups[11] = dg11(c.name, c.born)
	}
	if c.agree != nil || c.active != nil {
		groups[14] = c.dg14(t)
	}
	if c.active != nil {
		groups[15] = wrap(0x6F, mustSPKI(t, &c.active.PublicKey))
	}
	return evidence.TravelFiles{
		SOD: mustSOD(t, c.signer, groups, c.signing), Groups: groups, Access: c.access, Typed: strings.Join(mustLines(t, c.zone), "\n"),
	}
}

func dg11(name, born string) []byte {
	tag := func(low byte, text string) []byte {
		if text == "" {
			return nil
		}
		return slices.Concat([]byte{0x5F, low, byte(len(text))}, []byte(text))
	}
	list := wrap(0x5C, []byte{0x5F, 0x0E, 0x5F, 0x2B})
	return wrap(0x6B, list, tag(0x0E, name), tag(0x2B, born))
}

func mustSPKI(t testing.TB, key *ecdsa.PublicKey) []byte {
	t.Helper()
	spki, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return spki
}

// dg14 has what the chip's keys are for (Doc 9303-11 §9.2): active authentication with SHA-256, chip authentication by ECDH
// with 3DES.
func (c *chip) dg14(t testing.TB) []byte {
	t.Helper()
	oid := func(ids ...int) []byte { return mustMarshal(t, asn1.ObjectIdentifier(ids)) }
	one := []byte{2, 1, 1}
	var infos []byte
	if c.active != nil {
		infos = append(infos, wrap(0x30, oid(2, 23, 136, 1, 1, 5), one, oid(0, 4, 0, 127, 0, 7, 1, 1, 4, 1, 3))...)
	}
	if c.agree != nil {
		infos = append(infos, wrap(0x30, oid(0, 4, 0, 127, 0, 7, 2, 2, 1, 2), mustSPKI(t, &c.agree.PublicKey))...)
		infos = append(infos, wrap(0x30, oid(0, 4, 0, 127, 0, 7, 2, 2, 3, 2, 1), one)...)
	}
	return wrap(0x6E, wrap(0x31, infos))
}

// sign is active authentication by ECDSA: r||s over the challenge.
func (c *chip) sign(t testing.TB, challenge []byte) []byte {
	t.Helper()
	digest := sha256.Sum256(challenge)
	signature, err := softCard{c.active}.SignDigest(t.Context(), digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return signature
}

// answer is the chip's half of chip authentication with the centre (Doc 9303-11 §6.2): it agrees on a secret, and protects the
// bare answer 9000 with the retail MAC of a session whose counter has come to 2 (§9.8.2, §9.8.6.1).
func (c *chip) answer(t testing.TB, sent travel.ChallengeToSend) []byte {
	t.Helper()
	ours, err := c.agree.ECDH()
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

// mustChallenge is what the centre asks the chip, and what it keeps.
func mustChallenge(t testing.TB, dg14 []byte) (sent travel.ChallengeToSend, state []byte) {
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

// good is a verifier that believes the countries, whose signers are in order.
func believing(t testing.TB, list ...country) *evidence.Verifier {
	t.Helper()
	return &evidence.Verifier{Countries: mustCountries(t, list...), CountryRevocation: signersAre(trust.Good)}
}

// examineTravel examines whole files, and a chip that proved itself if it can.
func examineTravel(t testing.TB, v *evidence.Verifier, files evidence.TravelFiles) evidence.Verdict {
	t.Helper()
	ex := v.ExamineTravel(t.Context(), nil)
	ex.Update(files)
	if evidence.ProofOf(files.Groups) != evidence.ProofNone {
		ex.Originality(evidence.Originality{Source: "AA", Proven: true})
	}
	return ex.Wait()
}

// changed is a copy of files with other groups.
func changed(files evidence.TravelFiles, change func(groups map[int][]byte)) evidence.TravelFiles {
	files.Groups = maps.Clone(files.Groups)
	change(files.Groups)
	return files
}

// brought is what a person without a Citizen Card has with them.
func brought() kiosk.Eligibility {
	return kiosk.Eligibility{
		TaxNumber: "299999998", Independence: kiosk.Independent,
		Address: kiosk.Seen{Kind: kiosk.SeenLease, Issuer: "Senhorio", Issued: kiosk.Date{Year: 2025, Month: 2, Day: 3}},
	}
}
