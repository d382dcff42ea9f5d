package registrar_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"balcao/kiosk/registrar"
)

func TestPINHash(t *testing.T) {
	h, err := registrar.HashPIN(pepper, "PRT:99000588", []byte("482913"))
	if err != nil {
		t.Fatal(err)
	}
	text := h.String()
	if !strings.HasPrefix(text, "$argon2id$v=19$m=65536,t=3,p=4$") {
		t.Errorf("got %s, want the second recommendation of RFC 9106", text)
	}
	parsed, err := registrar.ParsePINHash(text)
	if err != nil {
		t.Fatal(err)
	}
	other := bytes.Clone(pepper)
	other[0] ^= 1
	tests := []struct {
		name, person, pin string
		pepper            []byte
		want              bool
	}{
		{"right", "PRT:99000588", "482913", pepper, true},
		{"other PIN", "PRT:99000588", "482914", pepper, false},
		{"other person", "PRT:99000596", "482913", pepper, false},
		{"digits moved between them", "PRT:990005884", "82913", pepper, false},
		{"other pepper", "PRT:99000588", "482913", other, false},
	}
	for _, tt := range tests {
		if got := registrar.VerifyPIN(tt.pepper, parsed, tt.person, []byte(tt.pin)); got != tt.want {
			t.Errorf("%s: got %v", tt.name, got)
		}
	}
	again, err := registrar.HashPIN(pepper, "PRT:99000588", []byte("482913"))
	if err != nil || bytes.Equal(again.Salt, h.Salt) {
		t.Errorf("the same salt twice (%v)", err)
	}
}

const goodPHC = "$argon2id$v=19$m=65536,t=3,p=4$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

func TestParsePINHash_Strict(t *testing.T) {
	if _, err := registrar.ParsePINHash(goodPHC); err != nil {
		t.Fatalf("good: %v", err)
	}
	replace := func(old, with string) string { return strings.Replace(goodPHC, old, with, 1) }
	bad := map[string]string{
		"empty":            "",
		"other function":   replace("argon2id", "argon2i"),
		"other version":    replace("v=19", "v=16"),
		"no version":       replace("$v=19", ""),
		"order":            replace("m=65536,t=3", "t=3,m=65536"),
		"leading zero":     replace("t=3", "t=03"),
		"sign":             replace("t=3", "t=+3"),
		"zero":             replace("t=3", "t=0"),
		"too much memory":  replace("m=65536", "m=4294967295"),
		"out of range":     replace("m=65536", "m=99999999999"),
		"too many passes":  replace("t=3", "t=1000"),
		"too many lanes":   replace("p=4", "p=256"),
		"too little room":  replace("m=65536", "m=31"),
		"fourth parameter": replace("p=4", "p=4,x=1"),
		"padding":          goodPHC + "=",
		"line break":       replace("AAECAwQFBgcICQoLDA0ODw$", "AAECAwQF\nBgcICQoLDA0ODw$"),
		"trailing bits":    goodPHC[:len(goodPHC)-1] + "9",
		"short salt":       replace("AAECAwQFBgcICQoLDA0ODw$", "AAEC$"),
		"short hash":       goodPHC[:len(goodPHC)-32],
		"trailing field":   goodPHC + "$",
		"space":            " " + goodPHC,
	}
	for name, text := range bad {
		if _, err := registrar.ParsePINHash(text); !errors.Is(err, registrar.ErrPHC) {
			t.Errorf("%s: got %v, want ErrPHC", name, err)
		}
	}
}

func FuzzParsePINHash(f *testing.F) {
	f.Add(goodPHC)
	f.Add("$argon2id$v=19$m=8,t=1,p=1$AAECAwQFBgc$AAECAwQFBgcICQoLDA0ODw")
	f.Add("$$$$$")
	f.Fuzz(func(t *testing.T, text string) {
		h, err := registrar.ParsePINHash(text)
		switch {
		case err != nil:
			if h.Salt != nil || h.Sum != nil || h.Memory != 0 {
				t.Error("a value beside an error")
			}
		case h.String() != text:
			t.Errorf("got %q back from %q", h.String(), text)
		}
	})
}
