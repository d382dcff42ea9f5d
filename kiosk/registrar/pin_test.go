package registrar_test

import (
	"bytes"
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
		if got := registrar.VerifyPIN(tt.pepper, text, tt.person, []byte(tt.pin)); got != tt.want {
			t.Errorf("%s: got %v", tt.name, got)
		}
	}
	again, err := registrar.HashPIN(pepper, "PRT:99000588", []byte("482913"))
	if err != nil || bytes.Equal(again.Salt, h.Salt) {
		t.Errorf("the same salt twice (%v)", err)
	}
}
