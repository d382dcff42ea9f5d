package citizencard_test

import (
	"bytes"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"balcao/cardreader/citizencard"
)

func TestParsePhoto(t *testing.T) {
	images := map[string][]byte{
		"JP2":        jp2(900),
		"JPEG":       append([]byte{0xFF, 0xD8, 0xFF}, make([]byte, 50)...),
		"Codestream": {0xFF, 0x4F, 0xFF, 0x51, 1},
	}
	for name, image := range images {
		group := biometricGroup(image)
		// The first generation's record comes without its trailing zeros.
		got, err := citizencard.ParsePhoto(citizencard.Generation1, bytes.TrimRight(group, "\x00"))
		if err != nil || !bytes.Equal(got, image) {
			t.Errorf("%s, first generation: %d bytes, %v", name, len(got), err)
		}
		got, err = citizencard.ParsePhoto(citizencard.Generation2024, wrap(group, 0x75))
		if err != nil || !bytes.Equal(got, image) {
			t.Errorf("%s, 2024: %d bytes, %v", name, len(got), err)
		}
	}
}

func TestParsePhoto_ErrMalformed(t *testing.T) {
	tests := map[string]func(group []byte) []byte{
		"Empty":         func([]byte) []byte { return nil },
		"NoImage":       func([]byte) []byte { return biometricGroup(nil) },
		"OtherImage":    func([]byte) []byte { return biometricGroup([]byte("GIF89a")) },
		"NotFacial":     func(g []byte) []byte { g[34] = 'X'; return g },
		"TwoFaces":      func(g []byte) []byte { g[47] = 2; return g },
		"OtherLength":   func(g []byte) []byte { g[45]++; return g },
		"FeaturePoints": func(g []byte) []byte { g[52], g[53] = 0xFF, 0xFF; return g },
		"NoTemplate":    func(g []byte) []byte { g[9] = 0x62; return g },
		"AbsurdLength":  func(g []byte) []byte { return append([]byte{0x7F, 0x61, 0x84, 0x7F, 0xFF, 0xFF, 0xFF}, g[5:]...) },
		"Oversize":      func([]byte) []byte { return make([]byte, 40000) },
	}
	for name, change := range tests {
		group := change(biometricGroup(jp2(900)))
		if _, err := citizencard.ParsePhoto(citizencard.Generation1, group); !errors.Is(err, citizencard.ErrMalformed) {
			t.Errorf("%s, first generation: got %v, want ErrMalformed", name, err)
		}
		if _, err := citizencard.ParsePhoto(citizencard.Generation2024, wrap(group, 0x75)); !errors.Is(err, citizencard.ErrMalformed) {
			t.Errorf("%s, 2024: got %v, want ErrMalformed", name, err)
		}
	}
}

// TestParsePhoto_RoundTrip: any image comes out as it went in, whatever zeros it ends with.
func TestParsePhoto_RoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		image := append(jp2(12), rapid.SliceOfN(rapid.Byte(), 0, 600).Draw(t, "image")...)
		group := biometricGroup(image)
		got, err := citizencard.ParsePhoto(citizencard.Generation1, bytes.TrimRight(group, "\x00"))
		if err != nil || !bytes.Equal(got, image) {
			t.Fatalf("%d of %d bytes, %v", len(got), len(image), err)
		}
	})
}

func FuzzParsePhoto(f *testing.F) {
	f.Add(true, biometricGroup(jp2(20)))
	f.Add(false, wrap(biometricGroup(jp2(20)), 0x75))
	f.Add(true, []byte{0x7F, 0x61, 0x82, 0x7F, 0xFF})
	f.Add(false, []byte{0x75, 0x00})
	f.Fuzz(func(t *testing.T, first bool, raw []byte) {
		generation := citizencard.Generation2024
		if first {
			generation = citizencard.Generation1
		}
		image, err := citizencard.ParsePhoto(generation, raw)
		if err != nil && (image != nil || !errors.Is(err, citizencard.ErrMalformed)) {
			t.Errorf("error %v beside an image, or of another kind", err)
		}
		if err == nil && (len(image) == 0 || len(image) > 1<<15) {
			t.Errorf("image of %d bytes", len(image))
		}
	})
}
