package travel_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"testing"

	"balcao/cardreader/travel"
)

// carry takes a challenge through a database and over the wire to a desk, has the chip answer, and gives both.
func carry(t *testing.T, f *fakeChip) (*travel.ChipChallenge, []byte) {
	t.Helper()
	made, err := travel.NewChipChallenge(rand.Reader, f.files[0x010E])
	if err != nil {
		t.Fatal(err)
	}
	stored, err := made.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	wire, err := json.Marshal(made.ToSend())
	if err != nil {
		t.Fatal(err)
	}
	var toSend travel.ChallengeToSend
	if err := json.Unmarshal(wire, &toSend); err != nil {
		t.Fatal(err)
	}
	chip, _ := mustUnlock(t, f, travel.Options{Extended: true, ATR: claimsExtended})
	mustRead(t, f, chip, travel.DG1)
	answer, err := chip.AnswerChallenge(context.Background(), toSend)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := chip.Read(context.Background(), travel.DG1, nil); !errors.Is(err, travel.ErrLocked) {
		t.Errorf("the session went on: %v", err)
	}
	restored, err := travel.UnmarshalChipChallenge(stored)
	if err != nil {
		t.Fatal(err)
	}
	return restored, answer
}

func TestChipChallenge(t *testing.T) {
	for _, k := range everyChipKey {
		f := withChipKey(t, pacePassport(t, 100, 12, 2, 2), k.id, k.keyID, k.cipher)
		challenge, answer := carry(t, f)
		if err := challenge.Verify(answer); err != nil {
			t.Errorf("%v: %v", k, err)
		}
		if err := challenge.Verify(answer); err != nil {
			t.Errorf("%v: verified again: %v", k, err)
		}
	}
}

func TestChipChallenge_ErrClone(t *testing.T) {
	for _, k := range everyChipKey {
		f := withChipKey(t, basicPassport(100), k.id, k.keyID, k.cipher)
		f.caClone = true
		challenge, answer := carry(t, f)
		if err := challenge.Verify(answer); !errors.Is(err, travel.ErrClone) {
			t.Errorf("%v: a clone: got %v, want ErrClone", k, err)
		}
	}
	f := withChipKey(t, basicPassport(100), 13, -1, 2)
	challenge, answer := carry(t, f)
	for bit := range 8 * len(answer) {
		changed := bytes.Clone(answer)
		changed[bit/8] ^= 1 << (bit % 8)
		if err := challenge.Verify(changed); !errors.Is(err, travel.ErrClone) {
			t.Errorf("bit %d: got %v, want ErrClone", bit, err)
		}
	}
	for name, answer := range map[string][]byte{"Nothing": nil, "OneByte": {0x90}, "InClear": {0x90, 0}, "TheCommand": challenge.ToSend().Command} {
		if err := challenge.Verify(answer); !errors.Is(err, travel.ErrClone) {
			t.Errorf("%s: got %v, want ErrClone", name, err)
		}
	}
	// An answer to one challenge is none to another of the same chip.
	other, _ := carry(t, f)
	if err := other.Verify(answer); !errors.Is(err, travel.ErrClone) {
		t.Errorf("another challenge: got %v, want ErrClone", err)
	}
}

// TestChipChallenge_OtherDocument: the chip has to bring the DG14 that it was asked with.
func TestChipChallenge_OtherDocument(t *testing.T) {
	f := withChipKey(t, basicPassport(100), 13, -1, 2)
	challenge, err := travel.NewChipChallenge(rand.Reader, f.files[0x010E])
	if err != nil {
		t.Fatal(err)
	}
	f.files[0x010E] = append([]byte{0x6E, 4, 1, 2, 3, 4}, f.files[0x010E]...)
	chip, _ := mustUnlock(t, f, travel.Options{})
	answer, err := chip.AnswerChallenge(context.Background(), challenge.ToSend())
	if err != nil {
		t.Fatal(err)
	}
	if err := challenge.Verify(answer); !errors.Is(err, travel.ErrClone) {
		t.Errorf("got %v, want ErrClone", err)
	}
	// A chip that does not give the file at all has shown its key all the same.
	delete(f.files, 0x010E)
	chip, _ = mustUnlock(t, f, travel.Options{})
	if answer, err = chip.AnswerChallenge(context.Background(), challenge.ToSend()); err != nil {
		t.Fatal(err)
	}
	if err := challenge.Verify(answer); err != nil {
		t.Error(err)
	}
}

func TestAnswerChallenge_Errors(t *testing.T) {
	f := withChipKey(t, basicPassport(100), 13, -1, 2)
	made, err := travel.NewChipChallenge(rand.Reader, f.files[0x010E])
	if err != nil {
		t.Fatal(err)
	}
	good := made.ToSend()
	chip, _ := mustUnlock(t, f, travel.Options{})
	for name, change := range map[string]func(c *travel.ChallengeToSend){
		"Protocol":      func(c *travel.ChallengeToSend) { c.Protocol = "1.2.3" },
		"NoProtocol":    func(c *travel.ChallengeToSend) { c.Protocol = "" },
		"Dots":          func(c *travel.ChallengeToSend) { c.Protocol = "0..4" },
		"Letters":       func(c *travel.ChallengeToSend) { c.Protocol = "0.4.a" },
		"LongNumber":    func(c *travel.ChallengeToSend) { c.Protocol = "0.4.99999999999999999999" },
		"UnknownCipher": func(c *travel.ChallengeToSend) { c.Protocol = "0.4.0.127.0.7.2.2.3.2.9" },
		"Command":       func(c *travel.ChallengeToSend) { c.Command = []byte{0} },
		"KeyID":         func(c *travel.ChallengeToSend) { c.KeyID = -2 },
	} {
		bad := good
		change(&bad)
		before := f.n
		if answer, err := chip.AnswerChallenge(context.Background(), bad); err == nil || f.n != before {
			t.Errorf("%s: got %X after %d commands", name, answer, f.n-before)
		}
	}
	bad := good
	bad.PublicKey = flipIf(true, bad.PublicKey)
	if _, err := chip.AnswerChallenge(context.Background(), bad); !errors.Is(err, travel.ErrUnproven) {
		t.Errorf("a point that is none: got %v, want ErrUnproven", err)
	}
	chip.Close()
	if _, err := chip.AnswerChallenge(context.Background(), good); !errors.Is(err, travel.ErrLocked) {
		t.Errorf("locked: got %v, want ErrLocked", err)
	}
}

func TestNewChipChallenge_Errors(t *testing.T) {
	if _, err := travel.NewChipChallenge(rand.Reader, nil); !errors.Is(err, travel.ErrMalformed) {
		t.Errorf("got %v, want ErrMalformed", err)
	}
	f := withChipKey(t, basicPassport(100), 13, -1, 2)
	if _, err := travel.NewChipChallenge(bytes.NewReader(nil), f.files[0x010E]); err == nil {
		t.Error("a challenge without randomness was made")
	}
}

func TestChipChallenge_Wipe(t *testing.T) {
	f := withChipKey(t, basicPassport(100), 13, -1, 2)
	challenge, answer := carry(t, f)
	challenge.Wipe()
	if err := challenge.Verify(answer); err == nil {
		t.Error("the keys are still there")
	}
}

func FuzzUnmarshalChipChallenge(f *testing.F) {
	chip := withChipKey(f, basicPassport(100), 13, 1, 2)
	made, err := travel.NewChipChallenge(rand.Reader, chip.files[0x010E])
	if err != nil {
		f.Fatal(err)
	}
	stored, err := made.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(stored)
	f.Add(stored[:len(stored)-1])
	f.Fuzz(func(t *testing.T, stored []byte) {
		challenge, err := travel.UnmarshalChipChallenge(stored)
		if err != nil {
			if challenge != nil || !errors.Is(err, travel.ErrMalformed) {
				t.Errorf("got %v beside %v", challenge, err)
			}
			return
		}
		challenge.ToSend()
		if err := challenge.Verify([]byte{0x90, 0}); !errors.Is(err, travel.ErrClone) {
			t.Errorf("got %v, want ErrClone", err)
		}
		again, err := challenge.Marshal()
		if err != nil || !bytes.Equal(again, stored) {
			t.Errorf("written again: %X, %v, was %X", again, err, stored)
		}
	})
}
