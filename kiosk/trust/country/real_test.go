//go:build shared

package country_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"balcao/kiosk/trust"
	"balcao/kiosk/trust/country"
	"balcao/kiosk/trust/icao"
	"balcao/kiosk/trust/trusttest"
)

// specimenGroups are the data groups that the German specimen signed.
var specimenGroups = []int{1, 2, 3, 14}

// The German specimen of 2008: SHA-1, ECDSA over explicit parameters of a brainpool curve of 224 bits, no country in the
// issuer's name.
func TestReadSOD_Specimen(t *testing.T) {
	dir := filepath.Join(trusttest.SharedFolder(t), "data", "specimen-de")
	object, err := country.ReadSOD(mustRead(t, filepath.Join(dir, "EF_SOD.bin")))
	if err != nil {
		t.Fatal(err)
	}
	if !object.Weak || object.Version != 0 || object.Signer.Country != "DE" || len(object.Hashes) != len(specimenGroups) {
		t.Errorf("got %+v", object)
	}
	groups := make(map[int][]byte)
	for _, number := range specimenGroups {
		data, err := os.ReadFile(filepath.Join(dir, "EF_DG"+strconv.Itoa(number)+".bin"))
		if errors.Is(err, os.ErrNotExist) && number == 3 {
			continue // fingerprints, which only authorised readers get
		}
		if err != nil {
			t.Fatal(err)
		}
		groups[number] = data
	}
	if differ := object.Match(groups); len(differ) > 0 {
		t.Errorf("groups %v differ", differ)
	}
	groups[1][20] ^= 1
	if differ := object.Match(groups); len(differ) != 1 || differ[0] != 1 {
		t.Errorf("an altered DG1: got %v", differ)
	}
	_, err = (*country.Authorities)(nil).TrustSigner(object, time.Date(2008, time.June, 1, 0, 0, 0, 0, time.UTC))
	if got, want := trust.FaultOf(err), trust.FaultUntrusted; got != want {
		t.Errorf("without anchors: got %q (%v), want %q", got, err, want)
	}
}

// Passports that OpenSSL signed, in every kind of signature: each is believed by its own country signing CA and
// by no other.
func TestTrustSigner_Interop(t *testing.T) {
	kinds := []string{"rsa", "pss", "p256", "bp256", "bp256x", "bp512"}
	anchors := make(map[string]*country.Authorities)
	objects := make(map[string]*country.SecurityObject)
	groups := make(map[string]map[int][]byte)
	for _, kind := range kinds {
		dir := mustMakePassport(t, kind)
		anchors[kind] = mustCountries(t, mustReadCertificate(t, filepath.Join(dir, "pki", "csca.der")))
		object, err := country.ReadSOD(mustRead(t, filepath.Join(dir, "011d.bin")))
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		objects[kind] = object
		groups[kind] = map[int][]byte{1: mustRead(t, filepath.Join(dir, "0101.bin")), 2: mustRead(t, filepath.Join(dir, "0102.bin"))}
	}
	for kind, object := range objects {
		if differ := object.Match(groups[kind]); len(differ) > 0 || object.Weak {
			t.Errorf("%s: groups %v differ, weak %v", kind, differ, object.Weak)
		}
		for anchor, countries := range anchors {
			chain, err := countries.TrustSigner(object, time.Now())
			switch {
			case anchor == kind && (err != nil || len(chain) != 2):
				t.Errorf("%s: got a chain of %d, %v", kind, len(chain), err)
			case anchor != kind && trust.FaultOf(err) != trust.FaultUntrusted:
				t.Errorf("%s is believed by the CA for %s: %v", kind, anchor, err)
			}
		}
	}
}

func mustMakePassport(t *testing.T, kind string) string {
	t.Helper()
	dir := t.TempDir()
	interop := filepath.Join(trusttest.SharedFolder(t), "interop")
	mrz := "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<" + "L898902C36UTO7408122F1204159ZE184226B<<<<<10"
	out, err := exec.Command("bash", filepath.Join(interop, "make-passport.sh"), dir, mrz, filepath.Join(interop, "face.jpg"), kind).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", kind, err, out)
	}
	return dir
}

func mustReadCertificate(t testing.TB, path string) *icao.Certificate {
	t.Helper()
	c, err := icao.ParseCertificate(mustRead(t, path))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return c
}

func mustCountries(t testing.TB, certificates ...*icao.Certificate) *country.Authorities {
	t.Helper()
	c, err := country.New(certificates)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func mustMasterList(t *testing.T) (list *country.MasterList, root *icao.Certificate) {
	t.Helper()
	dir := filepath.Join(trusttest.SharedFolder(t), "data", "master-lists")
	root = mustReadCertificate(t, filepath.Join(dir, "DE_ROOT_CA_CSCA07.cer"))
	at := time.Date(2026, time.June, 1, 0, 0, 0, 0, time.UTC)
	list, err := country.ReadMasterList(mustRead(t, filepath.Join(dir, "DE_ML_2026-05-28-08-28-45.ml")), []*icao.Certificate{root}, at)
	if err != nil {
		t.Fatal(err)
	}
	return list, root
}

// The German master list: every certificate is read, and its key and its signature are of a kind that can be verified.
func TestReadMasterList_German(t *testing.T) {
	list, _ := mustMasterList(t)
	if got, want := len(list.Certificates), 588; got != want || list.Unreadable != 0 {
		t.Errorf("got %d certificates, %d unreadable, want %d", got, list.Unreadable, want)
	}
	if list.Signer.Country != "DE" || list.SigningTime.IsZero() || list.Version != 0 {
		t.Errorf("got signer of %q, %v, version %d", list.Signer.Country, list.SigningTime, list.Version)
	}
	selfSigned := 0
	for _, c := range list.Certificates {
		if _, err := c.PublicKey(); err != nil || c.SignatureHash() == 0 || c.Country == "" {
			t.Errorf("%s: key %v, hash %v, country %q", c.Title, err, c.SignatureHash(), c.Country)
		}
		if c.SelfSigned() {
			selfSigned++
		}
	}
	if got, want := selfSigned, 374; got < want {
		t.Errorf("got %d self-signed certificates that verify, want at least %d", got, want)
	}
	if _, err := country.New(list.Certificates); err != nil {
		t.Error(err)
	}
}

// The list's signer stands under the newest German key. Who trusts only the earlier ones climbs to them over the link
// certificate.
func TestReadMasterList_RealLink(t *testing.T) {
	list, root := mustMasterList(t)
	var earlier, links []*icao.Certificate
	for _, c := range list.Certificates {
		switch {
		case c.Country != "DE":
		case !c.SelfSigned() && bytes.Equal(c.SPKI, root.SPKI):
			links = append(links, c)
		case !bytes.Equal(c.SPKI, root.SPKI):
			earlier = append(earlier, c)
		}
	}
	ml := mustRead(t, filepath.Join(trusttest.SharedFolder(t), "data", "master-lists", "DE_ML_2026-05-28-08-28-45.ml"))
	at := time.Date(2026, time.June, 1, 0, 0, 0, 0, time.UTC)
	if _, err := country.ReadMasterList(ml, slices.Concat(earlier, links), at); err != nil || len(links) == 0 {
		t.Errorf("with %d links: %v", len(links), err)
	}
	_, err := country.ReadMasterList(ml, earlier, at)
	if got, want := trust.FaultOf(err), trust.FaultUntrusted; got != want {
		t.Errorf("without the links: got %q (%v), want %q", got, err, want)
	}
	_, err = country.ReadMasterList(ml, links, at)
	if got, want := trust.FaultOf(err), trust.FaultUntrusted; got != want {
		t.Errorf("with nothing but links: got %q (%v), want %q", got, err, want)
	}
}

// Nearly all link certificates of the list lead to a self-signed one in it; the others' CAs have left the list.
func TestAuthorities_RealLinks(t *testing.T) {
	list, _ := mustMasterList(t)
	countries := mustCountries(t, list.Certificates...)
	links, linked := 0, 0
	for _, c := range list.Certificates {
		if c.SelfSigned() {
			continue
		}
		links++
		// A link's chain is looked for before its purpose, which is not to sign documents.
		if _, err := countries.TrustCertificate(c, time.Now()); trust.FaultOf(err) == trust.FaultPurpose {
			linked++
		}
	}
	if links != 213 || linked < 190 {
		t.Errorf("%d of %d link certificates lead to an anchor, want 190 of 213", linked, links)
	}
}
