package registrar_test

import (
	"bytes"
	"strings"
	"testing"

	"balcao/kiosk/registrar"
)

// usualCost is what the centre's settings begin with.
const usualCost = `{"pin_hash_memory_kib":19456,"pin_hash_passes":2,"pin_hash_lanes":1,"min_age":16}`

func TestPINHash(t *testing.T) {
	h, err := registrar.HashPIN(usualCost, pepper, "PRT:99000588", []byte("482913"))
	if err != nil {
		t.Fatal(err)
	}
	text := h.String()
	if !strings.HasPrefix(text, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("got %s, want what the settings say", text)
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
	again, err := registrar.HashPIN(usualCost, pepper, "PRT:99000588", []byte("482913"))
	if err != nil || bytes.Equal(again.Salt, h.Salt) {
		t.Errorf("the same salt twice (%v)", err)
	}
}

// What a hash costs is a setting, and the hash says what it cost.
func TestPINHash_Cost(t *testing.T) {
	h, err := registrar.HashPIN(`{"pin_hash_memory_kib":7168,"pin_hash_passes":5,"pin_hash_lanes":2}`, pepper, "PRT:99000588", []byte("482913"))
	if err != nil || !strings.HasPrefix(h.String(), "$argon2id$v=19$m=7168,t=5,p=2$") || !registrar.VerifyPIN(pepper, h.String(), "PRT:99000588", []byte("482913")) {
		t.Errorf("got %s, %v", h, err)
	}
	for name, settings := range map[string]string{
		"nothing":             `{}`,
		"no memory":           `{"pin_hash_passes":2,"pin_hash_lanes":1}`,
		"no passes":           `{"pin_hash_memory_kib":19456,"pin_hash_lanes":1}`,
		"no lanes":            `{"pin_hash_memory_kib":19456,"pin_hash_passes":2}`,
		"passes of 0":         `{"pin_hash_memory_kib":19456,"pin_hash_passes":0,"pin_hash_lanes":1}`,
		"too little a lane":   `{"pin_hash_memory_kib":31,"pin_hash_passes":2,"pin_hash_lanes":4}`,
		"all of the memory":   `{"pin_hash_memory_kib":4294967295,"pin_hash_passes":2,"pin_hash_lanes":1}`,
		"below nothing":       `{"pin_hash_memory_kib":-1,"pin_hash_passes":2,"pin_hash_lanes":1}`,
		"passes for minutes":  `{"pin_hash_memory_kib":19456,"pin_hash_passes":1000,"pin_hash_lanes":1}`,
		"lanes beyond a byte": `{"pin_hash_memory_kib":19456,"pin_hash_passes":2,"pin_hash_lanes":257}`,
	} {
		if h, err := registrar.HashPIN(settings, pepper, "PRT:99000588", []byte("482913")); err == nil {
			t.Errorf("%s: got %s", name, h)
		}
	}
}
