package iso7816_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"balcao/cardreader/iso7816"
)

func TestReadHeader(t *testing.T) {
	tests := map[string]struct {
		in   []byte
		want iso7816.Header
	}{
		"Short":        {[]byte{0x77, 0x05}, iso7816.Header{Tag: 0x77, Length: 5, Size: 2}},
		"OneByte":      {[]byte{0x77, 0x81, 0x80}, iso7816.Header{Tag: 0x77, Length: 128, Size: 3}},
		"TwoBytes":     {[]byte{0x77, 0x82, 0x09, 0xCE}, iso7816.Header{Tag: 0x77, Length: 2510, Size: 4}},
		"NotShortest":  {[]byte{0x77, 0x82, 0x00, 0x10}, iso7816.Header{Tag: 0x77, Length: 16, Size: 4}},
		"Longest":      {[]byte{0x77, 0x84, 0x7F, 0xFF, 0xFF, 0xFF}, iso7816.Header{Tag: 0x77, Length: 1<<31 - 1, Size: 6}},
		"TwoByteTag":   {[]byte{0x7F, 0x61, 0x00}, iso7816.Header{Tag: 0x7F61, Length: 0, Size: 3}},
		"ThreeByteTag": {[]byte{0x5F, 0x81, 0x01, 0x01}, iso7816.Header{Tag: 0x5F8101, Length: 1, Size: 4}},
	}
	for name, test := range tests {
		got, err := iso7816.ReadHeader(test.in)
		if diff := cmp.Diff(test.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v, (-want +got):\n%s", name, err, diff)
		}
	}
}

func TestReadHeader_ErrTLV(t *testing.T) {
	for name, in := range map[string][]byte{
		"Nothing":        {},
		"Padding":        {0x00, 0x00},
		"NoLength":       {0x77},
		"Indefinite":     {0x77, 0x80},
		"FiveBytes":      {0x77, 0x85, 0, 0, 0, 0, 1},
		"LengthCutOff":   {0x77, 0x82, 0x01},
		"LengthTooLong":  {0x77, 0x84, 0x80, 0, 0, 0},
		"TagCutOff":      {0x7F},
		"TagLeadingZero": {0x7F, 0x80, 0x01, 0x00},
		"TagTooLong":     {0x7F, 0x81, 0x81, 0x01, 0x00},
	} {
		if _, err := iso7816.ReadHeader(in); !errors.Is(err, iso7816.ErrTLV) {
			t.Errorf("%s: got %v, want ErrTLV", name, err)
		}
	}
}

func TestUnwrap(t *testing.T) {
	if got, err := iso7816.Unwrap([]byte{0x6D, 2, 1, 2}, 0x6D); err != nil || !bytes.Equal(got, []byte{1, 2}) {
		t.Errorf("got %X, %v", got, err)
	}
	for name, in := range map[string][]byte{
		"OtherTag": {0x6E, 2, 1, 2},
		"Trailing": {0x6D, 2, 1, 2, 0},
		"CutOff":   {0x6D, 2, 1},
	} {
		if _, err := iso7816.Unwrap(in, 0x6D); !errors.Is(err, iso7816.ErrTLV) {
			t.Errorf("%s: got %v, want ErrTLV", name, err)
		}
	}
}

// TestParse_RoundTrip: what is written as TLV is read as it was, in whatever form the length is.
func TestParse_RoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var encoded []byte
		var want []iso7816.TLV
		for range rapid.IntRange(0, 8).Draw(t, "objects") {
			tag := rapid.SampledFrom([]iso7816.Tag{0x04, 0x30, 0xC0, 0x5F2E, 0x7F61}).Draw(t, "tag")
			value := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "value")
			if tag > 0xFF {
				encoded = append(encoded, byte(tag>>8))
			}
			encoded = append(encoded, byte(tag))
			if len(value) < 128 && rapid.Bool().Draw(t, "short") {
				encoded = append(encoded, byte(len(value)))
			} else {
				encoded = append(encoded, 0x82, byte(len(value)>>8), byte(len(value)))
			}
			encoded = append(encoded, value...)
			want = append(want, iso7816.TLV{Tag: tag, Value: value})
		}
		got, err := iso7816.Parse(encoded)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte{0x77, 0x82, 0x00, 0x01, 0xAA})
	f.Add([]byte{0x7F, 0x61, 0x03, 0x02, 0x01, 0x01})
	f.Add([]byte{0x30, 0x80, 0x00, 0x00})
	f.Add(bytes.Repeat([]byte{0x30, 0x84, 0x7F, 0xFF}, 50))
	f.Fuzz(func(t *testing.T, in []byte) {
		objects, err := iso7816.Parse(in)
		if err != nil {
			if objects != nil || !errors.Is(err, iso7816.ErrTLV) {
				t.Errorf("%d objects beside error %v", len(objects), err)
			}
			return
		}
		total := 0
		for _, object := range objects {
			total += len(object.Value) + 2
		}
		if total > len(in) {
			t.Errorf("objects of %d bytes out of %d", total, len(in))
		}
	})
}
