package card_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"balcao/mock-pcsc/card"
)

const selectFirst = "00A4040C07604632FF000002"

var rsaKey = mustRSA(3072)

func mustRSA(bits int) *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	return key
}

func newChip() *card.Chip {
	c := card.New(card.Contents{
		ATR: []byte{0x3b}, Algorithms: card.AlgorithmsRSA4(),
		Objects: map[uint16][]byte{card.TagCPLC: make([]byte, 45)},
		Applications: []*card.Application{
			{
				AID: unhex("604632FF000002"), Holds: true,
				Objects: map[uint16][]byte{card.TagCPLC: make([]byte, 45), card.TagVersion: []byte("\xdf\x30\x07v4.01.2")},
				Root: &card.Dir{
					ID: 0x3f00, Name: "MF", Files: []*card.File{{ID: 0x2f00, Data: make([]byte, 78), Write: card.Never}},
					Dirs: []*card.Dir{{ID: 0x5f00, Name: "DF", Files: []*card.File{
						{ID: 0xef02, SFI: 2, Data: make([]byte, 15500), Write: card.Never},
						{ID: 0xef05, SFI: 5, Data: make([]byte, 300), Read: card.Access(card.PINAddress), Write: card.Never},
						{ID: 0xef06, SFI: 6, Data: make([]byte, 4000), Write: card.Never},
						{ID: 0xef07, SFI: 7, Data: make([]byte, 1000), Write: card.Access(card.PINAuthentication)},
					}}},
				},
			},
			{AID: unhex("604632FF000009"), Root: &card.Dir{ID: 0x3f00}},
		},
		PINs: []*card.PIN{
			card.NewPIN(card.PINAuthentication, "1234", "12345678"), card.NewPIN(card.PINSignature, "5678", "12345678"),
			card.NewPIN(card.PINAddress, "0000", "12345678"),
		},
		Keys: []*card.Key{
			{Ref: 2, PIN: card.PINAuthentication, Private: rsaKey},
			{Ref: 1, PIN: card.PINSignature, OneUse: true, Private: rsaKey},
		},
	})
	c.PowerOn()
	return c
}

// TestDialogues are commands and answers in turn. "…9000" wants any data before the status word.
func TestDialogues(t *testing.T) {
	const verify, wrong = "0020008108 31323334FFFFFFFF", "0020008108 39393939FFFFFFFF"
	for name, dialogue := range map[string][][2]string{
		"Select": {
			{"00A4040C07604632FF000004", "6A82"}, {"00A40008025F0000", "6A86"}, {"00A4080C025F00", "6A82"},
			{selectFirst, "9000"}, {"00A4040007604632FF00000200", "…9000"}, {"00A4080C043F005F00", "6A82"},
			{"00A4080C045F00EF02", "9000"}, {"00A4080C045F00EFFF", "6A82"}, {"00A4000C023F00", "9000"},
			{"00A4000C025F00", "9000"}, {"00A4020C02EF02", "9000"}, {"00A4090C02EF06", "9000"}, {"00A4030C", "9000"},
			{"00A4010C025F00", "9000"}, {"00A4000C", "9000"}, {"00A4050C025F00", "6A86"}, {"00A4080C015F", "6700"},
			{"00A4080C00", "6700"},
		},
		"ControlInformation": {
			{selectFirst, "9000"},
			{"00A40800045F00EF0200", "6F1581023C8C8201018302EF028A01058C051BFFFFFF009000"},
			{"00A40804045F00EF0200", "621581023C8C8201018302EF028A01058C051BFFFFFF009000"},
			{"00A40800025F0000", "6F0D83025F008C0306000084024446" + "9000"}, {"00A40800045F00EF02", "9000"},
		},
		"Read": {
			{"00B0000000", "6986"}, {selectFirst, "9000"}, {"00B0000000", "6986"}, {"00A4080C045F00EF02", "9000"},
			{"00B0000002", "00009000"}, {"00B03C8A00", "00009000"}, {"00B03C8A02", "00009000"}, {"00B03C8A03", "00006282"},
			{"00B03C8C01", "6B00"}, {"00B07FFF00", "6B00"}, {"00B00000", "6700"}, {"00B086D410", "…9000"},
			{"00B0860001", "009000"}, {"00B09F0001", "6A82"}, {"00B0A20001", "6A86"}, {"00B0800001", "6A86"},
		},
		"Address": {
			{selectFirst, "9000"}, {"00A4080C045F00EF05", "9000"}, {"00B0000001", "6982"},
			{"0020008308 30303030FFFFFFFF", "9000"}, {"00B0000001", "009000"},
		},
		"Notes": {
			{selectFirst, "9000"}, {"00A4080C045F00EF07", "9000"}, {"00D6000001AA", "6982"}, {verify, "9000"},
			{"00D6000001AA", "9000"}, {"00B0000001", "AA9000"}, {"00D603E702AABB", "6A84"}, {"00D603E901AA", "6B00"},
			{"00D6000000", "6700"}, {"00A4080C045F00EF02", "9000"}, {"00D6000001AA", "6982"},
		},
		"PIN": {
			{"00200081", "6A88"}, {selectFirst, "9000"}, {"00200081", "63C3"}, {"0020008100", "63C3"},
			{wrong, "63C2"}, {"00200081", "63C2"}, {verify, "9000"}, {"00200081", "9000"}, {"0020008100", "9000"},
			{"0020008104 31323334", "6700"}, {"00200081", "9000"}, {wrong, "63C2"}, {"00200081", "63C2"},
			{wrong, "63C1"}, {wrong, "63C0"}, {verify, "6983"}, {"00200081", "6983"}, {"00200089", "6A88"}, {"0020FF8100", "6A86"},
			{"002C008110 3939393939393939 393939FFFFFFFFFF", "6A80"},
			{"002C008108 3939393939393939", "6700"}, {"002C028108 3939393939393939", "6A86"},
			{"002C018108 3939393939393939", "63C2"},
			{"002C018108 3132333435363738", "9000"}, {"00200081", "63C3"}, {verify, "9000"},
			{"002C008110 3132333435363738 32333435FFFFFFFF", "9000"}, {"00200081", "63C3"}, {verify, "63C2"},
			{"0024008110 32333435FFFFFFFF 31323334FFFFFFFF", "9000"}, {verify, "9000"},
			{"0024008110 39393939FFFFFFFF 31323334FFFFFFFF", "63C2"}, {"0024008110 31323334FFFFFFFF 313233FFFFFFFFFF", "6A80"},
		},
		"SelectionForgets": {
			{selectFirst, "9000"}, {verify, "9000"}, {selectFirst, "9000"}, {"00200081", "63C3"},
			{"00A4040C07604632FF000009", "9000"}, {"00200081", "6A88"},
		},
		"Data": {
			{"00CA9F7F2D", "…9000"}, {"00CADF3000", "6A88"}, {selectFirst, "9000"}, {"00CA9F7F00", "…9000"}, {"00CA9F7F10", "6C2D"},
			{"00CA9F7F", "6700"}, {"00CADF3000", "DF300776342E30312E329000"}, {"80CADF0308", "6D00"}, {"00CADF0308", "6A88"},
			{"00CB00FF0AB6038301447F4902810000", "6A88"}, {"8084000008", "…9000"}, {"0084000008", "…9000"}, {"00840000", "6700"},
			{"0084010008", "6A86"}, {"00C0000000", "6985"},
		},
		"Classes": {
			{"", "6700"}, {"00", "6700"}, {"00A404", "6700"}, {"FF00000000", "6E00"}, {"0C20008100", "6882"}, {"1020008100", "6884"},
			{"0120008100", "6881"}, {"0001000000", "6D00"}, {"00B0000000000100", "6700"}, {"A0A40000023F00", "6E00"},
		},
		"Environment": {
			{"002241B606800142840102", "6985"}, {selectFirst, "9000"}, {"002241B606800142840102", "9000"},
			{"002241B606800143840102", "6A80"}, {"002241B606800142840107", "6A88"}, {"002241B603800142", "6A80"},
			{"002241B600", "6A80"}, {"002241A406800142840102", "6A88"}, {"0022F301", "9000"}, {"00227301", "9000"},
			{"002A90A003900101", "6985"}, {"002241B606800142840102", "9000"}, {"002A90A003900101", "6A80"}, {"002A9E9A00", "6985"},
			{"002A90A02290" + "20" + strings.Repeat("00", 32), "9000"}, {"002A9E9A00", "6982"}, {"002A9E9B00", "6A86"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newChip()
			for i, turn := range dialogue {
				got := strings.ToUpper(hex.EncodeToString(c.Transmit(unhex(turn[0])).Data))
				if tail, ok := strings.CutPrefix(turn[1], "…"); ok {
					if !strings.HasSuffix(got, tail) || len(got) <= len(tail) {
						t.Errorf("turn %d, %s: got %s, want data and %s", i, turn[0], got, tail)
					}
				} else if got != turn[1] {
					t.Errorf("turn %d, %s: got %s, want %s", i, turn[0], got, turn[1])
				}
			}
		})
	}
}

func TestReset(t *testing.T) {
	for name, cut := range map[string]func(*card.Chip){
		"Reset": (*card.Chip).Reset, "Power": func(c *card.Chip) { c.PowerOff(); c.PowerOn() },
	} {
		t.Run(name, func(t *testing.T) {
			c := newChip()
			c.Transmit(unhex(selectFirst))
			c.Transmit(unhex("0020008208 39393939FFFFFFFF"))
			c.Transmit(unhex("0020008108 31323334FFFFFFFF"))
			cut(c)
			c.Transmit(unhex(selectFirst))
			if got := fmt.Sprintf("%x", c.Transmit(unhex("00200081")).Data); got != "63c3" {
				t.Errorf("a verified PIN: got %s, want it forgotten", got)
			}
			if got := fmt.Sprintf("%x", c.Transmit(unhex("00200082")).Data); got != "63c2" {
				t.Errorf("a counter: got %s, want it kept", got)
			}
		})
	}
	t.Run("Unpowered", func(t *testing.T) {
		c := newChip()
		c.PowerOff()
		if r := c.Transmit(unhex(selectFirst)); !r.Silent {
			t.Errorf("got %x from a card without power", r.Data)
		}
	})
}

// TestSignRSA3072 takes the signature in the two pieces that a key of 3072 bits needs, for each way of asking.
func TestSignRSA3072(t *testing.T) {
	digest := sha256.Sum256([]byte("challenge"))
	for _, le := range []byte{0x00, 0x80} {
		for alg, verify := range map[string]func([]byte) error{
			"42": func(s []byte) error { return rsa.VerifyPKCS1v15(&rsaKey.PublicKey, crypto.SHA256, digest[:], s) },
			"45": func(s []byte) error { return rsa.VerifyPSS(&rsaKey.PublicKey, crypto.SHA256, digest[:], s, nil) },
			"02": func(s []byte) error { return rsa.VerifyPKCS1v15(&rsaKey.PublicKey, 0, digest[:], s) },
		} {
			c := newChip()
			for _, command := range []string{
				selectFirst, "0020008108 31323334FFFFFFFF", "002241B6068001" + alg + "840102", "002A90A0229020" + hex.EncodeToString(digest[:]),
			} {
				if got := c.Transmit(unhex(command)).Data; fmt.Sprintf("%x", got) != "9000" {
					t.Fatalf("%s: got %x", command, got)
				}
			}
			answer := c.Transmit([]byte{0x00, 0x2a, 0x9e, 0x9a, le}).Data
			signature := answer[:len(answer)-2]
			for answer[len(answer)-2] == 0x61 {
				answer = c.Transmit([]byte{0x00, 0xc0, 0x00, 0x00, answer[len(answer)-1]}).Data
				signature = append(signature[:len(signature):len(signature)], answer[:len(answer)-2]...)
			}
			if err := verify(signature); err != nil || len(signature) != 384 {
				t.Errorf("algorithm %s, Le %02x: %d bytes, %v", alg, le, len(signature), err)
			}
		}
	}
}

// TestConsent: the signature key wants its PIN each time, the authentication key once.
func TestConsent(t *testing.T) {
	c := newChip()
	c.Transmit(unhex(selectFirst))
	c.Transmit(unhex("0020008108 31323334FFFFFFFF"))
	c.Transmit(unhex("0020008208 35363738FFFFFFFF"))
	for _, want := range []struct{ key, first, second string }{{"02", "6180", "6180"}, {"01", "6180", "6982"}} {
		for _, status := range []string{want.first, want.second} {
			c.Transmit(unhex("002241B6068001428401" + want.key))
			c.Transmit(unhex("002A90A0229020" + strings.Repeat("11", 32)))
			got := c.Transmit(unhex("002A9E9A00")).Data
			if tail := fmt.Sprintf("%x", got[len(got)-2:]); tail != status {
				t.Errorf("key %s: got %s, want %s", want.key, tail, status)
			}
		}
	}
}

func TestModern(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := card.New(card.Contents{
		Modern: true, Algorithms: card.AlgorithmsECDSA(),
		Applications: []*card.Application{{AID: unhex("604632FF000004"), Root: &card.Dir{ID: 0x3f00}, Holds: true}},
		PINs:         []*card.PIN{card.NewPIN(card.PINAuthentication, "1234", "12345678")},
		Keys:         []*card.Key{{Ref: 6, PIN: card.PINAuthentication, Private: key}},
	})
	c.PowerOn()
	digest := sha256.Sum256([]byte("challenge"))
	for _, command := range []string{
		"00A4040C07604632FF000004", "0020008108 31323334FFFFFFFF", "002241B606800144840106", "002A90A0229020" + hex.EncodeToString(digest[:]),
	} {
		if got := c.Transmit(unhex(command)).Data; fmt.Sprintf("%x", got) != "9000" {
			t.Fatalf("%s: got %x", command, got)
		}
	}
	answer := c.Transmit(unhex("002A9E9A00")).Data
	if len(answer) != 66 || !ecdsa.Verify(&key.PublicKey, digest[:], new(big.Int).SetBytes(answer[:32]), new(big.Int).SetBytes(answer[32:64])) {
		t.Errorf("%d bytes that are no signature", len(answer)-2)
	}
	for _, turn := range [][2]string{{"0020008100", "9000"}, {"0020FF8100", "9000"}, {"0020008100", "63c3"}, {"002A9E9A00", "6985"}} {
		if got := fmt.Sprintf("%x", c.Transmit(unhex(turn[0])).Data); got != turn[1] {
			t.Errorf("%s: got %s, want %s", turn[0], got, turn[1])
		}
	}
}

func TestTrouble(t *testing.T) {
	c := card.New(card.Contents{Trouble: &card.Trouble{INS: 0xb0, Nth: 2, Response: card.Response{Removed: true}}})
	for range 2 {
		c.PowerOn()
		if r := c.Transmit(unhex("00B0000000")); r.Removed {
			t.Error("trouble at the first read, want it at the second")
		}
		if r := c.Transmit(unhex("00B0000000")); !r.Removed {
			t.Error("no trouble at the second read")
		}
	}
}

func TestBank(t *testing.T) {
	b := card.NewBank([]byte{0x3b})
	b.PowerOn()
	for _, turn := range [][2]string{
		{"00A404000E325041592E5359532E444446303100", "9000"}, {"00A404000E315041592E5359532E444446303100", "9000"},
		{"00B2010C00", "9000"}, {"00A4040C07604632FF000002", "6a82"}, {"00A4040C07604632FF000005", "6a82"},
		{"00A4040007A000000004306000", "9000"}, {"80A8000002830000", "9000"}, {"00B2010C00", "9000"}, {"00200080021234", "6700"},
		{"0020008008241234FFFFFFFFFF", "63c2"}, {"80CA9F1700", "9000"}, {"00A40000023F00", "6a82"},
	} {
		got := b.Transmit(unhex(turn[0])).Data
		if tail := fmt.Sprintf("%x", got[len(got)-2:]); tail != turn[1] {
			t.Errorf("%s: got %s, want %s", turn[0], tail, turn[1])
		}
	}
}

// TestCounters: whatever is typed, a counter never rises but by the right PIN, and three wrong ones block.
func TestCounters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := newChip()
		c.Transmit(unhex(selectFirst))
		left := 3
		for _, step := range rapid.SliceOfN(rapid.SampledFrom([]string{"right", "wrong", "reset"}), 1, 12).Draw(t, "steps") {
			switch {
			case step == "reset":
				c.Reset()
				c.Transmit(unhex(selectFirst))
				continue
			case step == "wrong" && left > 0:
				left--
			case step == "right" && left > 0:
				left = 3
			}
			pin := map[string]string{"right": "1234", "wrong": "4321"}[step]
			c.Transmit([]byte("\x00\x20\x00\x81\x08" + pin + "\xff\xff\xff\xff"))
			c.Reset()
			c.Transmit(unhex(selectFirst))
			want := fmt.Sprintf("63c%d", left)
			if left == 0 {
				want = "6983"
			}
			if got := fmt.Sprintf("%x", c.Transmit(unhex("00200081")).Data); got != want {
				t.Fatalf("got %s, want %s", got, want)
			}
		}
	})
}

// FuzzTransmit sends several commands, each led by its length, to one card: it never panics and always
// answers with a status word.
func FuzzTransmit(f *testing.F) {
	f.Add(unhex("0C" + selectFirst + "0500B0000000" + "0400200081"))
	f.Add(unhex("0C" + selectFirst + "0B002241B606800142840102" + "05002A9E9A00" + "0500C0000080"))
	f.Add(unhex("0C" + selectFirst + "0500B0860000" + "0900A4090C045F00EF02" + "0500D6000000"))
	f.Add([]byte{0, 1, 0, 2, 0, 0xa4, 255})
	f.Fuzz(func(t *testing.T, script []byte) {
		c, b := newChip(), card.NewBank(nil)
		b.PowerOn()
		for len(script) > 0 {
			n := min(int(script[0]), len(script)-1)
			command := script[1 : 1+n]
			script = script[1+n:]
			for _, r := range []card.Response{c.Transmit(command), b.Transmit(command)} {
				if len(r.Data) < 2 || len(r.Data) > 258 || r.Silent || r.Removed {
					t.Fatalf("%x: %d bytes, silent %v, removed %v", command, len(r.Data), r.Silent, r.Removed)
				}
			}
		}
	})
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}
