package citizencard_test

import (
	"bytes"
	"context"
	"strconv"
	"testing"

	"balcao/cardreader/citizencard"
)

// narrow is a card behind a channel that carries less than a whole short answer, as secure messaging does.
type narrow struct {
	*fakeCard
	size int
}

func (n narrow) MaxRead() int { return n.size }

// TestCard_ThroughANarrowChannel: the card of 2024 is read as it is by contact, in as few reads as have room, and no
// read asks for more.
func TestCard_ThroughANarrowChannel(t *testing.T) {
	fake, want := generation2024()
	card, err := citizencard.Open(context.Background(), narrow{fake, 223})
	if err != nil {
		t.Fatal(err)
	}
	got, err := readAll(context.Background(), card)
	if err != nil {
		t.Fatal(err)
	}
	for name, pair := range map[string][2][]byte{
		"identity": {got.Identity, want.Identity}, "SOD": {got.SOD, want.SOD}, "certificate": {got.Certificate, want.Certificate}, "photograph": {got.Photo, want.Photo},
	} {
		if !bytes.Equal(pair[0], pair[1]) {
			t.Errorf("%s: got %d bytes, want %d", name, len(pair[0]), len(pair[1]))
		}
	}
	least := 0
	for _, file := range [][]byte{want.Identity, want.SOD, want.Certificate, want.Photo, want.Issuers[0], want.Issuers[1]} {
		least += (len(file) + 222) / 223
	}
	reads := 0
	for _, command := range fake.log {
		if command[2:4] != "b0" {
			continue
		}
		reads++
		if le, err := strconv.ParseUint(command[8:], 16, 8); err != nil || le == 0 || le > 223 {
			t.Errorf("a read asks for %d bytes, %v", le, err)
		}
	}
	if reads > least {
		t.Errorf("%d reads, and %d would do", reads, least)
	}
}
