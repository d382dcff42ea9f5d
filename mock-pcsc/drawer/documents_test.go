package drawer_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"math/big"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"balcao/mock-pcsc/curve"
	"balcao/mock-pcsc/drawer"
	"balcao/mock-pcsc/emrtd"
	"balcao/mock-pcsc/emrtdtest"
)

// opened is a travel document of the drawer with what was read of it.
type opened struct {
	entry    drawer.Entry
	terminal *emrtdtest.Terminal
	proof    *emrtdtest.Proof
	files    map[uint16][]byte
	err      error // what ended the reading
}

// fields are the access key's part of a printed zone, by its format.
func fields(lines []string) []byte {
	cut := func(s string, parts ...[2]int) string {
		var out string
		for _, p := range parts {
			out += s[p[0]:p[1]]
		}
		return out
	}
	switch {
	case len(lines) == 2:
		return []byte(cut(lines[1], [2]int{0, 10}, [2]int{13, 20}, [2]int{21, 28}))
	case lines[0][14] == '<':
		rest := strings.TrimRight(lines[0][15:], "<")
		return []byte(lines[0][5:14] + rest + cut(lines[1], [2]int{0, 7}, [2]int{8, 15}))
	}
	return []byte(lines[0][5:15] + cut(lines[1], [2]int{0, 7}, [2]int{8, 15}))
}

// way is how a document's chip does PACE; false where the terminal must use BAC.
func way(e drawer.Entry) (emrtd.PACE, bool) {
	p := emrtd.PACE{Cipher: emrtd.AES128, Domain: 13}
	switch e.Name {
	case "passport-pace-gm-3des":
		p = emrtd.PACE{Cipher: emrtd.TripleDES, Domain: 12}
	case "passport-pace-p384-aes256":
		p = emrtd.PACE{Cipher: emrtd.AES256, Domain: 16}
	case "passport-aa-ecdsa":
		p = emrtd.PACE{Cipher: emrtd.AES192, Domain: 12}
	}
	if e.Generation == "PACE-CAM" {
		p.Mapping = emrtd.ChipAuthentication
	}
	return p, strings.HasPrefix(e.Generation, "PACE") && e.Generation != "PACE-IM" && e.Name != "passport-pace-dh"
}

// read opens a document with what is printed on it and reads every file that EF.COM lists.
func read(t *testing.T, d *drawer.Drawer, e drawer.Entry) *opened {
	t.Helper()
	o := &opened{entry: e, terminal: emrtdtest.New(mustCard(t, d, e.Name)), files: map[uint16][]byte{}}
	if p, ok := way(e); ok {
		reference, password := byte(emrtd.PasswordMRZ), fields(e.MRZ)
		if e.CAN != "" {
			reference, password = emrtd.PasswordCAN, []byte(e.CAN)
		}
		if o.proof, o.err = o.terminal.PACE(p, reference, password); o.err != nil {
			return o
		}
		if o.err = o.terminal.SelectTravel(); o.err != nil {
			return o
		}
	} else if o.err = o.terminal.BAC(fields(e.MRZ)); o.err != nil {
		return o
	}
	if o.files[0x011e], o.err = o.terminal.File(0x011e, 200); o.err != nil {
		return o
	}
	list := o.files[0x011e]
	ids := []uint16{0x011d}
	for _, tag := range list[bytes.LastIndexByte(list, 0x5c)+2:] {
		ids = append(ids, map[byte]uint16{
			0x61: 0x0101, 0x75: 0x0102, 0x63: 0x0103, 0x6b: 0x010b, 0x6c: 0x010c, 0x6e: 0x010e, 0x6f: 0x010f,
		}[tag])
	}
	for _, id := range ids {
		if id == 0x0103 {
			continue
		}
		if o.files[id], o.err = o.terminal.File(id, 223); o.err != nil {
			return o
		}
	}
	return o
}

// TestDocuments looks at each travel document for the fault that it is refused for, and for all
// others.
func TestDocuments(t *testing.T) {
	d := mustOpen(t)
	stores := countryStores(t)
	for _, e := range d.Entries() {
		if !travels(e) {
			continue
		}
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			o := read(t, d, e)
			if ended := o.stopped(t); ended != "" {
				if ended != e.RefusedFor {
					t.Errorf("reading ends with %v: %s, want %s", o.err, ended, e.RefusedFor)
				}
				return
			}
			got := slices.Concat(o.zoneFaults(t), o.dateFaults(t), o.signatureFaults(t, stores), o.keyFaults(t))
			var want []string
			switch e.RefusedFor {
			case "", "signer_revoked", "revocation_unknown", "access_downgraded", "document_not_accepted":
				// What is wrong with these is not on the chip, or is seen elsewhere.
			case "card_malformed":
				want = []string{"data_altered"} // an absurd length is no altered data, but no hash fits it either
				if e.Name == "passport-absurd-sod" {
					want = []string{"sod_invalid"}
				}
			case "sod_unreadable":
				want = []string{"sod_invalid"} // OpenSSL says the same of both
			default:
				want = []string{e.RefusedFor}
			}
			if !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

func travels(e drawer.Entry) bool {
	return e.Kind == drawer.KindPassport || e.Kind == drawer.KindResidencePermit || e.Kind == drawer.KindResidenceCard
}

// stopped says for which reason reading ended before the end, if it did.
func (o *opened) stopped(t *testing.T) string {
	t.Helper()
	var status emrtdtest.StatusError
	switch {
	case o.err == nil:
		return ""
	case errors.Is(o.err, emrtdtest.ErrSilent):
		return "card_silent"
	case errors.Is(o.err, emrtdtest.ErrRemoved):
		return "card_removed"
	case errors.As(o.err, &status) && status == 0x6300:
		return "access_denied"
	case errors.As(o.err, &status) && status == 0x6a80 && o.entry.RefusedFor == "access_downgraded":
		return "access_downgraded"
	case strings.Contains(o.err.Error(), "token is wrong"), strings.Contains(o.err.Error(), "not protected"):
		return "access_failed"
	case errors.As(o.err, &status) && status == 0x6985:
		return "card_refused"
	case strings.Contains(o.err.Error(), "no end"):
		return "card_malformed"
	}
	t.Fatalf("reading: %v", o.err)
	return ""
}

func (o *opened) zoneFaults(t *testing.T) []string {
	t.Helper()
	zone := string(o.files[0x0101])
	printed := strings.Join(o.entry.MRZ, "")
	i := strings.Index(zone, printed[:2])
	if i < 0 {
		t.Fatal("no zone in data group 1")
	}
	switch {
	case zone[i:] == printed, o.entry.RefusedFor == "data_altered": // altered is what that names
		return nil
	}
	return []string{"mrz_mismatch"}
}

func (o *opened) dateFaults(t *testing.T) []string {
	t.Helper()
	key := string(fields(o.entry.MRZ))
	key = key[len(key)-14:]
	expiry, err := time.Parse("060102", key[7:13])
	if err != nil {
		t.Fatal(err)
	}
	var faults []string
	if today := time.Now().UTC().Truncate(24 * time.Hour); expiry.Before(today) {
		faults = append(faults, "document_expired")
	}
	// An unknown date, or one that no calendar has, proves no age and is no fault (9303-3 §4.8).
	if birth, err := time.Parse("060102", key[:6]); err == nil {
		if birth.After(time.Now()) {
			birth = birth.AddDate(-100, 0, 0)
		}
		if birth.AddDate(16, 0, 0).After(time.Now()) {
			faults = append(faults, "under_age")
		}
	}
	return faults
}

// countryStores are the CSCA certificates of each country in PEM, for openssl.
func countryStores(t *testing.T) map[string]string {
	t.Helper()
	stores := map[string]string{}
	for state, country := range map[string]string{"UTO": "ut", "PRT": "pt"} {
		names, err := filepath.Glob("../../assets/testpki/trust/csca/csca-" + country + "-???.cer")
		if err != nil || len(names) == 0 {
			t.Fatalf("no CSCA of %s: %v", state, err)
		}
		var pem []byte
		for _, name := range names {
			pem = append(pem, openssl(t, "x509", "-inform", "der", "-in", name)...)
		}
		stores[state] = filepath.Join(t.TempDir(), "store.pem")
		mustWrite(t, stores[state], pem)
	}
	return stores
}

// signatureFaults lets openssl verify the SOD, and compares the hashes that it contains.
func (o *opened) signatureFaults(t *testing.T, stores map[string]string) []string {
	t.Helper()
	state := o.entry.MRZ[0][2:5]
	var outer asn1.RawValue
	if _, err := asn1.Unmarshal(o.files[0x011d], &outer); err != nil {
		return []string{"sod_invalid"}
	}
	dir := t.TempDir()
	sod, content := filepath.Join(dir, "sod"), filepath.Join(dir, "content")
	mustWrite(t, sod, outer.Bytes)
	verify := []string{"cms", "-verify", "-inform", "der", "-in", sod, "-no_check_time", "-out", content}
	signer := filepath.Join(dir, "signer.pem")
	switch {
	case try(append(verify, "-CAfile", stores[state])...):
	case !try(append(verify, "-noverify", "-signer", signer)...):
		return []string{"sod_invalid"}
	case !explicitlySigned(t, signer, state):
		return []string{"sod_untrusted"}
	}
	var object struct {
		Version int
		Hash    struct{ OID asn1.ObjectIdentifier }
		Groups  []struct {
			Number int
			Hash   []byte
		}
		LDS asn1.RawValue `asn1:"optional"`
	}
	if rest, err := asn1.Unmarshal(mustRead(t, content), &object); err != nil || len(rest) > 0 {
		t.Fatalf("LDS security object: %v", err)
	}
	hash := map[string]crypto.Hash{
		"2.16.840.1.101.3.4.2.1": crypto.SHA256, "2.16.840.1.101.3.4.2.2": crypto.SHA384, "2.16.840.1.101.3.4.2.3": crypto.SHA512,
	}[object.Hash.OID.String()]
	for _, g := range object.Groups {
		file, ok := o.files[0x0100|uint16(g.Number)]
		if !ok && g.Number == 3 {
			continue
		}
		h := hash.New()
		h.Write(file)
		if !bytes.Equal(h.Sum(nil), g.Hash) {
			return []string{"data_altered"}
		}
	}
	return nil
}

// explicitlySigned says whether a CSCA of a country signed a certificate whose curve is written out. Those openssl
// lets into no chain, but it verifies their signatures.
func explicitlySigned(t *testing.T, certificate, state string) bool {
	t.Helper()
	if !bytes.Contains(openssl(t, "x509", "-in", certificate, "-noout", "-text"), []byte("Field Type: prime-field")) {
		return false
	}
	csca := filepath.Join("../../assets/testpki/trust/csca", map[string]string{"UTO": "csca-ut-002.cer", "PRT": "csca-pt-006.cer"}[state])
	var cert struct {
		TBS       asn1.RawValue
		Algorithm struct{ OID asn1.ObjectIdentifier }
		Signature asn1.BitString
	}
	if _, err := asn1.Unmarshal(openssl(t, "x509", "-in", certificate, "-outform", "der"), &cert); err != nil {
		t.Fatal(err)
	}
	if cert.Algorithm.OID.String() != "1.2.840.10045.4.3.3" { // ecdsa-with-SHA384, as csca-ut-002 signs
		return false
	}
	dir := t.TempDir()
	key := filepath.Join(dir, "key.pem")
	mustWrite(t, key, openssl(t, "x509", "-inform", "der", "-in", csca, "-noout", "-pubkey"))
	mustWrite(t, filepath.Join(dir, "tbs"), cert.TBS.FullBytes)
	mustWrite(t, filepath.Join(dir, "signature"), cert.Signature.Bytes)
	return try("dgst", "-sha384", "-verify", key, "-signature", filepath.Join(dir, "signature"), filepath.Join(dir, "tbs"))
}

// keyFaults has the chip prove itself in each way that it announces.
func (o *opened) keyFaults(t *testing.T) []string {
	t.Helper()
	genuine := true
	if o.proof != nil {
		genuine = o.mappingProof(t)
	}
	switch kind, name, _ := strings.Cut(o.entry.Key, "-"); kind {
	case "AA":
		genuine = genuine && o.activeProof(t)
	case "CA":
		genuine = o.chipProof(t, strings.TrimPrefix(name, "ECDH-")) && genuine
	case "none":
		if o.files[0x010f] != nil {
			t.Error("a key for active authentication, where there should be none")
		}
	default:
		t.Fatalf("key %q", o.entry.Key)
	}
	if genuine {
		return nil
	}
	return []string{"key_mismatch"}
}

// chipKey finds the public key of chip authentication in security infos.
func chipKey(t *testing.T, set []byte) []byte {
	t.Helper()
	var infos []asn1.RawValue
	if _, err := asn1.UnmarshalWithParams(set, &infos, "set"); err != nil {
		t.Fatalf("security infos: %v", err)
	}
	for _, raw := range infos {
		var info struct {
			OID asn1.ObjectIdentifier
			Key struct {
				Algorithm asn1.RawValue
				Point     asn1.BitString
			}
		}
		if _, err := asn1.Unmarshal(raw.FullBytes, &info); err == nil && info.OID.String() == "0.4.0.127.0.7.2.2.1.2" {
			return info.Key.Point.RightAlign()
		}
	}
	t.Fatal("no public key of chip authentication")
	return nil
}

// mappingProof verifies what PACE with chip authentication mapping gave, with the key of EF.CardSecurity,
// whose signature openssl verifies.
func (o *opened) mappingProof(t *testing.T) bool {
	t.Helper()
	terminal := emrtdtest.New(o.terminal.Chip)
	p, _ := way(o.entry)
	proof, err := terminal.PACE(p, emrtd.PasswordMRZ, fields(o.entry.MRZ))
	if err != nil {
		t.Fatal(err)
	}
	signed, err := terminal.File(0x011d, 200)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	mustWrite(t, filepath.Join(dir, "signed"), signed)
	openssl(t, "cms", "-verify", "-inform", "der", "-in", filepath.Join(dir, "signed"), "-noverify", "-out", filepath.Join(dir, "infos"))
	c, err := curve.ByDomain(p.Domain)
	if err != nil {
		t.Fatal(err)
	}
	x, y, ok := c.Parse(chipKey(t, mustRead(t, filepath.Join(dir, "infos"))))
	if !ok {
		t.Fatal("the certified key is no point")
	}
	x, y = c.ScalarMult(x, y, proof.Factor.Bytes())
	o.terminal = terminal
	if err := terminal.SelectTravel(); err != nil {
		t.Fatal(err)
	}
	return bytes.Equal(c.Point(x, y), proof.Mapping)
}

func (o *opened) chipProof(t *testing.T, name string) bool {
	t.Helper()
	c, err := curve.ByName(name)
	if err != nil {
		t.Fatal(err)
	}
	var group asn1.RawValue
	if _, err := asn1.Unmarshal(o.files[0x010e], &group); err != nil {
		t.Fatalf("data group 14: %v", err)
	}
	cipher := emrtd.AES128
	for _, possible := range []emrtd.Cipher{emrtd.TripleDES, emrtd.AES256} {
		if bytes.Contains(group.Bytes, emrtd.ChipOID(c.Domain, possible)) {
			cipher = possible
		}
	}
	if err := o.terminal.ChipAuthentication(c, cipher, chipKey(t, group.Bytes)); err != nil {
		t.Fatal(err)
	}
	_, err = o.terminal.File(0x0101, 100)
	return err == nil
}

func (o *opened) activeProof(t *testing.T) bool {
	t.Helper()
	o.terminal.Extended = o.entry.Key == "AA-RSA-2048"
	challenge := []byte("challeng")
	signature, err := o.terminal.Send([4]byte{0x00, 0x88, 0, 0}, challenge, 256)
	if err != nil {
		t.Fatal(err)
	}
	var group asn1.RawValue
	if _, err := asn1.Unmarshal(o.files[0x010f], &group); err != nil {
		t.Fatalf("data group 15: %v", err)
	}
	if name, ok := strings.CutPrefix(o.entry.Key, "AA-ECDSA-"); ok {
		if name == "P256" {
			name = "P-256"
		}
		c, err := curve.ByName(name)
		if err != nil {
			t.Fatal(err)
		}
		x, y, ok := c.Parse(group.Bytes[len(group.Bytes)-1-2*c.Size():])
		if !ok {
			t.Fatal("the certified key is no point")
		}
		key := &ecdsa.PublicKey{Curve: c.Curve, X: x, Y: y} //nolint:staticcheck // crypto/ecdsa parses NIST curves only
		h := crypto.SHA256.New()
		h.Write(challenge)
		half := len(signature) / 2
		return ecdsa.Verify(key, h.Sum(nil), new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:]))
	}
	parsed, err := x509.ParsePKIXPublicKey(group.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	key := parsed.(*rsa.PublicKey)
	f := new(big.Int).Exp(new(big.Int).SetBytes(signature), big.NewInt(int64(key.E)), key.N).FillBytes(make([]byte, key.Size()))
	hash, trailer := crypto.SHA1, 1
	if f[len(f)-1] == 0xcc {
		hash, trailer = map[byte]crypto.Hash{0x34: crypto.SHA256, 0x35: crypto.SHA512}[f[len(f)-2]], 2
	}
	if f[0] != 0x6a || hash == 0 {
		return false
	}
	end := len(f) - trailer
	h := hash.New()
	h.Write(f[1 : end-hash.Size()])
	h.Write(challenge)
	return bytes.Equal(h.Sum(nil), f[end-hash.Size():end])
}
