package signin_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"balcao/kiosk/signin"
)

var pepper = bytes.Repeat([]byte{7}, signin.PepperLength)

// usualCost is what the centre's settings begin with.
const usualCost = `{"pin_hash_memory_kib":19456,"pin_hash_passes":2,"pin_hash_lanes":1,"min_age":16}`

func newHasher(tb testing.TB, pepper []byte, atOnce, waiting int) *signin.Hasher {
	tb.Helper()
	h, err := signin.NewHasher(pepper, atOnce, waiting)
	if err != nil {
		tb.Fatal(err)
	}
	return h
}

func hash(tb testing.TB, settings string) (signin.Hash, error) {
	tb.Helper()
	var c signin.Cost
	if err := json.Unmarshal([]byte(settings), &c); err != nil {
		return signin.Hash{}, err
	}
	place, err := newHasher(tb, pepper, 1, 0).Reserve()
	if err != nil {
		tb.Fatal(err)
	}
	return place.New(tb.Context(), c, "PRT:99000588", []byte("482913"))
}

func matches(tb testing.TB, pepper []byte, text, subject, pin string) bool {
	tb.Helper()
	h, err := signin.ParseHash(text)
	if err != nil {
		tb.Fatal(err)
	}
	place, err := newHasher(tb, pepper, 1, 0).Reserve()
	if err != nil {
		tb.Fatal(err)
	}
	is, err := place.Matches(tb.Context(), h, subject, []byte(pin))
	if err != nil {
		tb.Fatal(err)
	}
	return is
}

func TestHash(t *testing.T) {
	h, err := hash(t, usualCost)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(h.String(), "$argon2id-sha256$v=19$m=19456,t=2,p=1$") {
		t.Errorf("got %s, want what the settings say", h)
	}
	other := bytes.Clone(pepper)
	other[0] ^= 1
	for _, tt := range []struct {
		name, person, pin string
		pepper            []byte
		want              bool
	}{
		{"right", "PRT:99000588", "482913", pepper, true},
		{"other PIN", "PRT:99000588", "482914", pepper, false},
		{"other person", "PRT:99000596", "482913", pepper, false},
		{"digits moved between them", "PRT:990005884", "82913", pepper, false},
		{"other pepper", "PRT:99000588", "482913", other, false},
	} {
		if got := matches(t, tt.pepper, h.String(), tt.person, tt.pin); got != tt.want {
			t.Errorf("%s: got %v", tt.name, got)
		}
	}
	again, err := hash(t, usualCost)
	if err != nil || bytes.Equal(again.Salt, h.Salt) {
		t.Errorf("the same salt twice (%v)", err)
	}
}

// What a hash costs is a setting, and the hash says what it cost.
func TestHash_Cost(t *testing.T) {
	h, err := hash(t, `{"pin_hash_memory_kib":7168,"pin_hash_passes":5,"pin_hash_lanes":2}`)
	if err != nil || !strings.HasPrefix(h.String(), "$argon2id-sha256$v=19$m=7168,t=5,p=2$") || !matches(t, pepper, h.String(), "PRT:99000588", "482913") {
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
		if h, err := hash(t, settings); err == nil {
			t.Errorf("%s: got %s", name, h)
		}
	}
}

func TestParseHash_Err(t *testing.T) {
	h, err := hash(t, usualCost)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA", h.String() + "=", h.String() + "$", strings.Replace(h.String(), "m=", "m=0", 1)} {
		if _, err := signin.ParseHash(text); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}

// Over capacity nobody waits, and what is given back is free again.
func TestHasher_ErrBusy(t *testing.T) {
	h := newHasher(t, pepper, 1, 2)
	var places []signin.Place
	for range 3 {
		p, err := h.Reserve()
		if err != nil {
			t.Fatal(err)
		}
		places = append(places, p)
	}
	if _, err := h.Reserve(); !errors.Is(err, signin.ErrBusy) {
		t.Errorf("the fourth of three: %v", err)
	}
	places[1].Leave()
	if _, err := h.Reserve(); err != nil {
		t.Errorf("after one left: %v", err)
	}
}
