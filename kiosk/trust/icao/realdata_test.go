//go:build shared

package icao_test

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"balcao/kiosk/trust/cms"
	"balcao/kiosk/trust/icao"
)

// The certificates of the German master list: what crypto/x509 reads is read the same, and what it refuses is
// read too.
func TestParseCertificate_MasterList(t *testing.T) {
	dir := os.Getenv("BALCAO_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared")
	}
	message, err := os.ReadFile(filepath.Join(dir, "data", "master-lists", "DE_ML_2026-05-28-08-28-45.ml"))
	if err != nil {
		t.Fatalf("the master list is not there: set BALCAO_SHARED to the folder that holds data/master-lists (%v)", err)
	}
	v, err := cms.Verify(message, cms.Options{ParseKey: icao.ParsePublicKey})
	if err != nil {
		t.Fatal(err)
	}
	input := cryptobyte.String(v.Content)
	var list, set cryptobyte.String
	if !input.ReadASN1(&list, cbasn1.SEQUENCE) || !list.SkipASN1(cbasn1.INTEGER) || !list.ReadASN1(&set, cbasn1.SET) {
		t.Fatal("the list is none")
	}
	total, refused := 0, 0
	for !set.Empty() {
		var der cryptobyte.String
		if !set.ReadASN1Element(&der, cbasn1.SEQUENCE) {
			t.Fatal("the list is none")
		}
		total++
		c, err := icao.ParseCertificate(der)
		if err != nil {
			t.Errorf("certificate %d: %v", total, err)
			continue
		}
		want, err := x509.ParseCertificate(der)
		if err != nil {
			refused++
			continue
		}
		compareWithX509(t, c, want)
	}
	if total != 588 || refused != 164 {
		t.Errorf("%d certificates, of which crypto/x509 refuses %d; want 588, 164", total, refused)
	}
}
