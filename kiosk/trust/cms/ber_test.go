package cms_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"balcao/kiosk/trust/cms"
	"balcao/kiosk/trust/icao"
)

func TestDER(t *testing.T) {
	for name, tt := range map[string]struct{ ber, want string }{
		"DER":                          {"3006040141020105", "3006040141020105"},
		"indefinite":                   {"3080040141020105 0000", "3006040141020105"},
		"indefinite in indefinite":     {"3080 a080 040141 0000 0000", "3005a003040141"},
		"indefinite in definite":       {"3007 a080 040141 0000", "3005a003040141"},
		"empty indefinite":             {"30800000", "3000"},
		"long length":                  {"308400000003 040141", "3003040141"},
		"long length of a string":      {"04820001 41", "040141"},
		"string in pieces":             {"2407 040141 04024243", "0403414243"},
		"pieces of pieces":             {"2480 2480 040141 0000 2403040142 0000", "04024142"},
		"no piece":                     {"24800000", "0400"},
		"bit string in pieces":         {"2309 03020041 03030442f0", "03040441 42f0"},
		"text in pieces":               {"2c80 0c0141 040142 0000", "0c024142"},
		"other context than a string":  {"a405 04014105 00", "a405040141 0500"},
		"tag of two bytes":             {"7f218003020041 0000", "7f2104 03020041"},
		"set keeps its order":          {"3180 020102 020101 0000", "3106020102020101"},
		"what is in a string stays":    {"0404 30800000", "040430800000"},
		"end of contents in a string ": {"0402 0000", "04020000"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := icao.DER(mustHex(t, tt.ber))
			if want := mustHex(t, tt.want); err != nil || !bytes.Equal(got, want) {
				t.Errorf("got %x, %v, want %x", got, err, want)
			}
		})
	}
	for name, ber := range map[string]string{
		"empty": "", "tag alone": "30", "trailing": "040000", "no end": "3080040141", "half an end": "308004014100",
		"too long": "3004040141", "end where nothing is open": "0000", "end in definite": "30020000", "indefinite string": "0480410000",
		"length of nothing": "3085", "length beyond int": "3088ffffffffffffffff", "reserved length": "30ff",
		"integer in a string": "2403020141", "piece of another kind": "2403030141", "unused bits in the middle": "2308 03020441 03020041",
		"bit string without its first byte": "23020300", "endless tag": "1f" + strings.Repeat("ff", 9),
		"very deep": strings.Repeat("3080", 4000) + strings.Repeat("0000", 4000),
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := icao.DER(mustHex(t, ber)); got != nil || err == nil {
				t.Errorf("got %x, %v", got, err)
			}
		})
	}
}

func mustHex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// OpenSSL streams messages in BER, in pieces; the same message in other forms of BER says the same.
func TestVerify_BER(t *testing.T) {
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			forms := map[string][]byte{"indefinite throughout": mustIndefinite(t, mustSign(t, kind.key, kind.sign...))}
			if !strings.HasPrefix(name, "PSS") { // which OpenSSL does not stream
				forms["streamed"] = mustSign(t, kind.key, append([]string{"-indef", "-stream"}, kind.sign...)...)
			}
			for form, ber := range forms {
				v, err := cms.Verify(ber, cms.Options{})
				if err != nil || !bytes.Equal(v.Content, content) {
					t.Errorf("%s: got %v, %v", form, v, err)
				}
				altered := bytes.Replace(ber, []byte("meant"), []byte("MEANT"), 1)
				if v, err := cms.Verify(altered, cms.Options{}); v != nil || !errors.Is(err, icao.ErrSignature) {
					t.Errorf("%s, altered: got %v, %v", form, v, err)
				}
			}
		})
	}
}

// What is hashed are the attributes in the order of DER, in whatever order they are written.
func TestVerify_AttributesOutOfOrder(t *testing.T) {
	der := mustSign(t, rsa2048, "-md", "sha256", "-nosmimecap")
	i := bytes.Index(der, mustHex(t, "06092a864886f70d010903")) - 2 // content-type, which is first
	first := der[i : i+2+int(der[i+1])]
	j := i + len(first)
	second := der[j : j+2+int(der[j+1])]
	swapped := bytes.Replace(der, append(bytes.Clone(first), second...), append(bytes.Clone(second), first...), 1)
	if bytes.Equal(der, swapped) {
		t.Fatal("nothing was swapped")
	}
	if v, err := cms.Verify(swapped, cms.Options{}); err != nil || !bytes.Equal(v.Content, content) {
		t.Errorf("got %v, %v", v, err)
	}
}

// mustIndefinite gives every constructed value a length that is indefinite, and cuts the strings that hold none into
// pieces of pieces. The first byte of a bit string stays with the first piece.
func mustIndefinite(t testing.TB, ber []byte) []byte {
	t.Helper()
	der, err := icao.DER(ber)
	if err != nil {
		t.Fatal(err)
	}
	var convert func(der []byte) []byte
	convert = func(der []byte) []byte {
		var out []byte
		for len(der) > 0 {
			size, head := int(der[1]), 2
			if der[1] >= 0x80 {
				head += int(der[1] & 0x7f)
				size = 0
				for _, b := range der[2:head] {
					size = size<<8 | int(b)
				}
			}
			tag, value := der[0], der[head:head+size]
			switch {
			case tag&0x20 != 0:
				out = append(out, tag, 0x80)
				out = append(append(out, convert(value)...), 0, 0)
			case tag == 0x04 && size > 1:
				out = append(out, 0x24, 0x80, 0x24, 0x80, 0x04, 1, value[0], 0, 0, 0x04, 0x83, 0, byte((size-1)>>8), byte(size-1))
				out = append(append(out, value[1:]...), 0, 0)
			default:
				out = append(out, der[:head+size]...)
			}
			der = der[head+size:]
		}
		return out
	}
	return convert(der)
}

func FuzzDER(f *testing.F) {
	f.Add(mustHex(f, "3080 2480 2480 040141 0000 2403040142 0000 a080 23080302004103020442 0000 0000"))
	f.Add(mustSign(f, rsa2048, "-md", "sha256", "-indef", "-stream"))
	f.Fuzz(func(t *testing.T, ber []byte) {
		der, err := icao.DER(ber)
		if (der == nil) == (err == nil) || len(der) > len(ber) {
			t.Fatalf("got %x, %v of %x", der, err, ber)
		}
		if err != nil {
			return
		}
		if again, err := icao.DER(der); err != nil || !bytes.Equal(again, der) {
			t.Fatalf("got %x, %v of the DER %x", again, err, der)
		}
	})
}
