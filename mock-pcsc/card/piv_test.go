package card_test

import (
	"bytes"
	"crypto"
	"encoding/hex"
	"testing"

	"balcao/mock-pcsc/card"
)

func newPIV() *card.PIV {
	return card.NewPIV(card.PIVContents{
		ATR: []byte{0x3b}, Serial: 0x01020304, PIN: card.NewPIN(card.PINPIV, "123456", "12345678"),
		Keys:    map[byte]crypto.Signer{},
		Objects: map[card.PIVObject][]byte{card.PIVCertificate9A: bytes.Repeat([]byte{0xab}, 600)},
	})
}

// TestPIVCommands holds the answers that clients rely on and that no client in the other tests provokes. Each row goes on
// where the one before ended.
func TestPIVCommands(t *testing.T) {
	c := newPIV()
	if !c.Transmit([]byte{0, 0xfd, 0, 0, 0}).Silent {
		t.Error("a card without power answers")
	}
	c.PowerOn()
	long := hex.EncodeToString(bytes.Repeat([]byte{0xab}, 252))
	for _, row := range []struct{ what, command, want string }{
		{"nothing is selected", "00fd000000", "6d00"},
		{"another application", "00a4040005a000000001", "6a82"},
		{"a name too short to be one", "00a4040002a000", "6a82"},
		{"the application", "00a4040005a000000308", "61114f0600001000010079074f05a0000003089000"},
		{"by its full name", "00a404000ba000000308000010000100", "61114f0600001000010079074f05a0000003089000"},
		{"version", "00fd000000", "0504039000"},
		{"serial number", "00f8000000", "010203049000"},
		{"tries", "00200080", "63c3"},
		{"PIN without padding", "0020008006313233343536", "6a80"},
		{"PIN of five digits", "00200080083132333435ffffff", "6a80"},
		{"another PIN", "0020009608313233343536ffff", "6a88"},
		{"wrong PIN", "0020008008363534333231ffff", "63c2"},
		{"right PIN", "0020008008313233343536ffff", "9000"},
		{"verified", "00200080", "9000"},
		{"no longer", "0020ff80", "9000"},
		{"and not", "00200080", "63c3"},
		{"no such object", "00cb3fff055c035fc10a", "6a82"},
		{"no tag list", "00cb3fff0153", "6a80"},
		{"an object in pieces", "00cb3fff055c035fc105", "53820258" + long + "6100"},
		{"the next piece", "00c0000000", "abababab" + long + "615c"},
		{"the last", "00c000005c", hex.EncodeToString(bytes.Repeat([]byte{0xab}, 92)) + "9000"},
		{"no more", "00c0000000", "9000"},
		{"discovery", "00cb3fff035c017e", "7e124f0ba0000003080000100001005f2f0240009000"},
		{"a template that is cut off", "0087119a247c2282008120" + hex.EncodeToString(make([]byte, 30)), "6a80"},
		{"no such key", "0087119a047c028200", "6a86"},
		{"generating without the management key", "0047009a05ac03800111", "6982"},
		{"writing without it", "00db3fff075c035fc1055300", "6982"},
		{"a chain", "1087119a027c02", "9000"},
		{"broken by another command", "0087119c00", "6884"},
		{"a chain", "1087119a027c02", "9000"},
		{"and its end", "0087119a028200", "6a86"},
		{"a secure channel", "0cfd000000", "6882"},
		{"half a command", "00fd", "6700"},
	} {
		command, err := hex.DecodeString(row.command)
		if err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(c.Transmit(command).Data); got != row.want {
			t.Errorf("%s: got %s, want %s", row.what, got, row.want)
		}
	}
	c.Reset()
	if got := hex.EncodeToString(c.Transmit([]byte{0, 0xfd, 0, 0, 0}).Data); got != "6d00" {
		t.Errorf("after a reset: %s", got)
	}
}

// FuzzPIV: whatever comes, the card answers with a status or not at all.
func FuzzPIV(f *testing.F) {
	f.Add([]byte{0, 0xa4, 4, 0, 5, 0xa0, 0, 0, 3, 8}, []byte{0, 0x87, 0x11, 0x9a, 4, 0x7c, 2, 0x82, 0})
	f.Add([]byte{0, 0xa4, 4, 0, 5, 0xa0, 0, 0, 3, 8}, []byte{0, 0x47, 0, 0x9a, 5, 0xac, 3, 0x80, 1, 7})
	f.Fuzz(func(t *testing.T, a, b []byte) {
		c := newPIV()
		c.PowerOn()
		for _, command := range [][]byte{{0, 0xa4, 4, 0, 5, 0xa0, 0, 0, 3, 8}, a, b} {
			if got := c.Transmit(command).Data; len(got) < 2 {
				t.Errorf("%x: answered %x", command, got)
			}
		}
	})
}
