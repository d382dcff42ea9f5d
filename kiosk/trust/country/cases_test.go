package country_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"balcao/kiosk/trust/country"
	"balcao/kiosk/trust/icao"
	"balcao/kiosk/trust/sod"
	"balcao/kiosk/trust/trusttest"
)

// testAnchors are the anchors of the test infrastructure, under which the invented documents in testdata were signed.
var testAnchors = filepath.Join("..", "..", "..", "assets", "testpki", "trust")

// Security objects as some States write them: other readers have called each of them a forgery.
func TestReadSOD_AsStatesWriteThem(t *testing.T) {
	countries, err := country.Load(testAnchors)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, time.November, 30, 12, 0, 0, 0, time.UTC)
	for _, name := range []string{"00-plain-control", "01-us-style-ber", "02-sid-other-string-type"} {
		t.Run(name, func(t *testing.T) {
			signed := mustRead(t, filepath.Join("testdata", name+".sod"))
			object, err := country.ReadSOD(signed)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := countries.TrustSigner(object, at); err != nil {
				t.Error(err)
			}
			signed[len(signed)-20] ^= 1 // in the signature
			if object, err := country.ReadSOD(signed); object != nil || !errors.Is(err, sod.ErrSignature) {
				t.Errorf("altered: got %v, %v", object, err)
			}
		})
	}
	t.Run("DataGroups", func(t *testing.T) {
		object, err := country.ReadSOD(mustRead(t, filepath.Join("testdata", "01-us-style-ber.sod")))
		if err != nil {
			t.Fatal(err)
		}
		dg1 := mustRead(t, filepath.Join("testdata", "01-us-style-ber.dg1"))
		if differ := object.Match(map[int][]byte{1: dg1}); len(differ) > 0 {
			t.Errorf("groups %v differ", differ)
		}
	})
}

// The content may be BER as well, in a message that is not.
func TestReadSOD_ContentInBER(t *testing.T) {
	u := mustUtopia(t)
	object := trusttest.MustMarshal(t, trusttest.SecurityObject{Algorithm: trusttest.Sha256ID, Hashes: trusttest.HashesOf(1, 3, 4)})
	content, ok := icao.Content(object, 0x30)
	if !ok {
		t.Fatalf("no SEQUENCE: %x", object)
	}
	ber := append(append([]byte{0x30, 0x80}, content...), 0, 0)
	o, err := country.ReadSOD(trusttest.MustSOD(t, u.firstSigner, ber))
	if err != nil || len(o.Hashes) != 3 {
		t.Errorf("got %v, %v", o, err)
	}
}

func mustRead(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
