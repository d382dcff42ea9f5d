package travel_test

import (
	"encoding/asn1"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"balcao/cardreader/travel/agreement"
	"balcao/cardreader/travel/secure"
)

// eachVector runs a test on every verified worked example of a kind. read fills the test's own struct
// from both halves of the entry.
func eachVector(t *testing.T, kind string, test func(t *testing.T, read func(any))) {
	t.Helper()
	raw, err := os.ReadFile("testdata/icao-9303-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Entries []struct {
			ID, Kind string
			Verified bool
			In, Out  json.RawMessage
		}
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, e := range file.Entries {
		if e.Kind != kind || !e.Verified {
			continue
		}
		ran++
		t.Run(e.ID, func(t *testing.T) {
			test(t, func(into any) {
				t.Helper()
				for _, half := range []json.RawMessage{e.In, e.Out} {
					if err := json.Unmarshal(half, into); err != nil {
						t.Fatal(err)
					}
				}
			})
		})
	}
	if ran == 0 {
		t.Fatalf("no example of kind %s", kind)
	}
}

// octets is bytes that are hexadecimal in JSON.
type octets []byte

func (o *octets) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	*o = b
	return err
}

func mustHex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// mustOID reads the content of an object identifier.
func mustOID(t testing.TB, content []byte) (oid asn1.ObjectIdentifier) {
	t.Helper()
	s := cryptobyte.String(append([]byte{byte(cbasn1.OBJECT_IDENTIFIER), byte(len(content))}, content...))
	if !s.ReadASN1ObjectIdentifier(&oid) {
		t.Fatalf("no object identifier: %X", content)
	}
	return oid
}

// mustGroup finds a group by the name that the examples use.
func mustGroup(t testing.TB, name string) agreement.Group {
	t.Helper()
	if name == "RFC5114-1024-160" {
		name = "DH-1024-160"
	}
	for id := range 32 {
		if g, err := agreement.Standardised(id); err == nil && g.Name() == name {
			return g
		}
	}
	t.Fatalf("no group %q", name)
	return nil
}

func mustCipher(t testing.TB, name string) secure.Cipher {
	t.Helper()
	c, ok := map[string]secure.Cipher{"3DES": secure.TripleDES, "AES128": secure.AES128, "AES192": secure.AES192, "AES256": secure.AES256}[name]
	if !ok {
		t.Fatalf("no cipher %q", name)
	}
	return c
}
