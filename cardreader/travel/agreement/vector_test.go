package agreement_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"balcao/cardreader/travel/agreement"
)

// eachVector runs a test on every verified worked example of a kind. read fills the test's own struct
// from both halves of the entry.
func eachVector(t *testing.T, kind string, test func(t *testing.T, read func(any))) {
	t.Helper()
	raw, err := os.ReadFile("../testdata/icao-9303-vectors.json")
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

// mustGroup finds a group by the name that the examples use.
func mustGroup(t *testing.T, name string) agreement.Group {
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
