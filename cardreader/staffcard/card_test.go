package staffcard

import (
	"bytes"
	"context"
	"errors"
	"testing"
)

// The cards themselves are opened in package mockpcsc_test, through a real pcscd.

type answers struct {
	response []byte
	err      error
	got      []byte
}

func (a *answers) Transmit(_ context.Context, command []byte) ([]byte, error) {
	a.got = bytes.Clone(command)
	return a.response, a.err
}

func TestIs(t *testing.T) {
	gone := errors.New("gone")
	for name, c := range map[string]struct {
		card answers
		want bool
		err  error
	}{
		"PIV":                 {answers{response: []byte{0x61, 0x00, 0x90, 0x00}}, true, nil},
		"unknown":             {answers{response: []byte{0x6a, 0x82}}, false, nil},
		"no SELECT at all":    {answers{response: []byte{0x6d, 0x00}}, false, nil},
		"nothing can be said": {answers{err: gone}, false, gone},
	} {
		got, err := Is(t.Context(), &c.card)
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
		if want := []byte{0, 0xa4, 4, 0, 5, 0xa0, 0, 0, 3, 8, 0}; !bytes.Equal(c.card.got, want) {
			t.Errorf("%s: sent %x", name, c.card.got)
		}
	}
}

func TestFixedSignature(t *testing.T) {
	for name, c := range map[string]struct{ der, want []byte }{
		"padded":            {[]byte{0x30, 7, 2, 1, 5, 2, 2, 0, 0x80}, []byte{0, 5, 0, 0x80}},
		"full":              {[]byte{0x30, 9, 2, 3, 0, 0xff, 1, 2, 2, 1, 2}, []byte{0xff, 1, 1, 2}},
		"too long":          {[]byte{0x30, 8, 2, 3, 1, 0, 0, 2, 1, 1}, nil},
		"zero":              {[]byte{0x30, 6, 2, 1, 0, 2, 1, 1}, nil},
		"negative":          {[]byte{0x30, 6, 2, 1, 0x80, 2, 1, 1}, nil},
		"more behind":       {[]byte{0x30, 6, 2, 1, 1, 2, 1, 1, 0}, nil},
		"three numbers":     {[]byte{0x30, 9, 2, 1, 1, 2, 1, 1, 2, 1, 1}, nil},
		"plain, not in DER": {[]byte{1, 2, 3, 4}, nil},
		"nothing":           {nil, nil},
	} {
		got, err := fixed(c.der, 2)
		if !bytes.Equal(got, c.want) || (err == nil) != (c.want != nil) || err != nil && !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %x, %v", name, got, err)
		}
	}
}
