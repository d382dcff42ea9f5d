package citizen_test

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"balcao/mock-pcsc/card"
	"balcao/mock-pcsc/citizen"
	"balcao/mock-pcsc/pki"
)

// specimen has the number of the registry's own test card, whose files are known byte by byte.
func specimen(generation, key, cardKey string) citizen.Plan {
	day := func(y int) time.Time { return time.Date(y, 2, 1, 0, 0, 0, 0, time.UTC) }
	return citizen.Plan{
		Name: "specimen", Generation: generation, Key: key, CardKey: cardKey, PIN: "1234",
		Person: citizen.Person{
			Number: 99000588, Surname: "Conceição-D'Ávila", GivenNames: "Zita", Sex: "F", Birth: day(1980), Height: "1,70", Portrait: "a",
		},
		From: day(2024), Until: day(2034), CertificateFrom: day(2024), CertificateUntil: day(2040),
	}
}

// read selects an application and a file and reads up to 256 bytes from an offset.
func read(t *testing.T, c card.Card, aid byte, offset int, path ...byte) []byte {
	t.Helper()
	c.Transmit([]byte{0x00, 0xa4, 0x04, 0x0c, 0x07, 0x60, 0x46, 0x32, 0xff, 0x00, 0x00, aid})
	c.Transmit(append([]byte{0x00, 0xa4, 0x08, 0x0c, byte(len(path))}, path...))
	answer := c.Transmit([]byte{0x00, 0xb0, byte(offset >> 8), byte(offset), 0x00}).Data
	if !bytes.HasSuffix(answer, []byte{0x90, 0x00}) {
		t.Fatalf("reading %x: % x", path, answer[max(0, len(answer)-2):])
	}
	return answer[:len(answer)-2]
}

func mustMake(t *testing.T, p citizen.Plan) card.Card {
	t.Helper()
	c, err := citizen.Make(pki.New(), p)
	if err != nil {
		t.Fatal(err)
	}
	c.PowerOn()
	return c
}

// TestKnownBytes compares with the files of a real development card.
func TestKnownBytes(t *testing.T) {
	c := mustMake(t, specimen(citizen.First, "RSA-2048", "rsa2048-1"))
	for name, want := range map[string]struct {
		path []byte
		hex  string
	}{
		"ODF": {
			[]byte{0x4f, 0x00, 0x50, 0x31},
			"a00a300804063f005f00ef0da10a300804063f005f00ef0ea40a300804063f005f00ef0ca80a300804063f005f004401" + strings.Repeat("00", 12),
		},
		"TokenInfo": {
			[]byte{0x4f, 0x00, 0x50, 0x32},
			"302c0201010408999900009900058" + "80c0747454d414c544f801143415254414f204445204349444144414f030100",
		},
		"AODF": {
			[]byte{0x5f, 0x00, 0x44, 0x01},
			"303a30170c1550494e20646120417574656e74696361c3a7c3a36f300704010102020081a1163014030203880a0101020104020108800200810401ff" +
				"303630130c1150494e206461204173",
		},
		"DIR":   {[]byte{0x2f, 0x00}, "611d4f0944462069737375657250" + "0c504f52545547414c20454944" + "51024f00"},
		"Trace": {[]byte{0x00, 0x03}, "000020040101"},
	} {
		got := hex.EncodeToString(read(t, c, 2, 0, want.path...))
		if !strings.HasPrefix(got, want.hex) {
			t.Errorf("%s: got %s, want %s…", name, got, want.hex)
		}
	}
}

func TestIdentity(t *testing.T) {
	c := mustMake(t, specimen(citizen.First, "RSA-2048", "rsa2048-1"))
	file := read(t, c, 2, 0, 0x5f, 0x00, 0xef, 0x02)
	if got, want := string(file[154:168]), "99000588 7 ZZ1"; got != want {
		t.Errorf("document number: got %q, want %q", got, want)
	}
	if got, want := string(file[120:139]), "Cartão de Cidadão"; got != want {
		t.Errorf("document type: got %q, want %q", got, want)
	}
	mrz := string(read(t, c, 2, 1282, 0x5f, 0x00, 0xef, 0x02)[:90])
	// Check digits worked out by hand with weights 7, 3, 1: 990005887ZZ1 gives 3 (of 533), 800201
	// gives 1 (of 71), 340201 gives 8 (of 48).
	for i, want := range []string{
		"I<PRT990005887<ZZ13<<<<<<<<<<<", "8002011F3402018PRT<<<<<<<<<<<", "CONCEICAO<DAVILA<<ZITA<<<<<<<<",
	} {
		if got := mrz[30*i : 30*i+len(want)]; got != want {
			t.Errorf("line %d: got %s, want %s", i+1, got, want)
		}
	}
}

// TestIdentity2024 finds the fields of the 2024 generation by their private tags.
func TestIdentity2024(t *testing.T) {
	c := mustMake(t, specimen(citizen.Y2024, "P-256", "p256-1"))
	file := read(t, c, 5, 0, 0x01, 0x0d)
	for _, want := range []string{"\xc3\x0e99000588 7 ZZ1", "\xd0\x09990005887", "\xcc\x0a01 02 1980", "\xca\x01F"} {
		if !bytes.Contains(file, []byte(want)) {
			t.Errorf("no %x in the identity", want)
		}
	}
	if got := read(t, c, 5, 0, 0x01, 0x01); len(got) != 95 || got[4] != 90 || string(got[5:10]) != "I<PRT" {
		t.Errorf("data group 1 is %d bytes and begins %x", len(got), got[:10])
	}
}

// TestDirectory2024: what PKCS #11 software asks application 4 for before anything else.
func TestDirectory2024(t *testing.T) {
	c := mustMake(t, specimen(citizen.Y2024, "P-256", "p256-1"))
	for name, want := range map[string]struct {
		path []byte
		hex  string
	}{
		"DIR":       {[]byte{0x2f, 0x00}, "611d4f09444620697373756572500c504f52545547414c2045494451024f00"},
		"TokenInfo": {[]byte{0x4f, 0x00, 0x50, 0x32}, "302c0201010408999900009900058" + "80c0747454d414c544f801143415254414f204445204349444144414f030100"},
	} {
		if got := hex.EncodeToString(read(t, c, 4, 0, want.path...)); !strings.HasPrefix(got, want.hex) {
			t.Errorf("%s: got %s, want %s…", name, got, want.hex)
		}
	}
}

func TestMakeRefuses(t *testing.T) {
	for name, change := range map[string]func(*citizen.Plan){
		"UnknownKey":      func(p *citizen.Plan) { p.CardKey = "no such key" },
		"UnknownIssuer":   func(p *citizen.Plan) { p.Issuer = "no such authority" },
		"UnknownPortrait": func(p *citizen.Plan) { p.Person.Portrait = "z" },
		"WrongKind":       func(p *citizen.Plan) { p.CardKey = "p256-1" },
		"LongName":        func(p *citizen.Plan) { p.Person.Surname = strings.Repeat("ã", 61) },
	} {
		plan := specimen(citizen.First, "RSA-2048", "rsa2048-1")
		change(&plan)
		if c, err := citizen.Make(pki.New(), plan); err == nil || c != nil {
			t.Errorf("%s: got %v, %v", name, c, err)
		}
	}
}
