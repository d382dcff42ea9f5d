package citizen_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"math/big"
	"testing"

	"balcao/mock-pcsc/card"
	"balcao/mock-pcsc/citizen"
	"balcao/mock-pcsc/curve"
	"balcao/mock-pcsc/emrtd"
	"balcao/mock-pcsc/emrtdtest"
	"balcao/mock-pcsc/pki"
)

var contactlessPACE = emrtd.PACE{Cipher: emrtd.AES128, Domain: 13}

func mustContactless(t *testing.T) (card.Card, citizen.Plan) {
	t.Helper()
	plan := specimen(citizen.Y2024, "P-256", "p256-1")
	plan.CAN = "123456"
	c, err := citizen.MakeContactless(pki.New(), plan)
	if err != nil {
		t.Fatal(err)
	}
	return c, plan
}

func mustOpen(t *testing.T, c card.Card) *emrtdtest.Terminal {
	t.Helper()
	terminal := emrtdtest.New(c)
	if _, err := terminal.PACE(contactlessPACE, emrtd.PasswordCAN, []byte("123456")); err != nil {
		t.Fatal(err)
	}
	return terminal
}

func wantStatus(t *testing.T, what string, err error, want emrtdtest.StatusError) {
	t.Helper()
	var got emrtdtest.StatusError
	if !errors.As(err, &got) || got != want {
		t.Errorf("%s: got %v, want %v", what, err, want)
	}
}

func aid(last byte) []byte { return []byte{0x60, 0x46, 0x32, 0xff, 0x00, 0x00, last} }

func TestContactless_Closed(t *testing.T) {
	c, _ := mustContactless(t)
	terminal := emrtdtest.New(c)
	for last := byte(4); last <= 6; last++ {
		wantStatus(t, "selecting", terminal.Select(aid(last)...), 0x6982)
	}
	if got, err := terminal.File(0x011c, 256); err != nil || got[0] != 0x31 {
		t.Errorf("EF.CardAccess: % x, %v", got, err)
	}
	if want := []byte{0x3b, 0x8f, 0x80, 0x01}; !bytes.HasPrefix(c.ATR(), want) {
		t.Errorf("got ATR % x", c.ATR())
	}
}

func TestContactless_MRZ(t *testing.T) {
	c, plan := mustContactless(t)
	lines := plan.Printed()
	// The number overflows its field: nine characters, then three and the check digit in the optional data.
	zone := lines[0][5:14] + lines[0][15:19] + lines[1][0:7] + lines[1][8:15]
	terminal := emrtdtest.New(c)
	if _, err := terminal.PACE(contactlessPACE, emrtd.PasswordMRZ, []byte(zone)); err != nil {
		t.Fatal(err)
	}
	if err := terminal.Select(aid(5)...); err != nil {
		t.Error(err)
	}
}

// TestContactless_Read compares with what the contact side has in the same files.
func TestContactless_Read(t *testing.T) {
	c, plan := mustContactless(t)
	contact := mustMake(t, plan)
	terminal := mustOpen(t, c)
	if err := terminal.Select(aid(5)...); err != nil {
		t.Fatal(err)
	}
	for _, id := range []uint16{0x0101, 0x0102, 0x010d, 0x010f} {
		got, err := terminal.File(id, 223)
		if err != nil {
			t.Fatal(err)
		}
		if want := read(t, contact, 5, 0, byte(id>>8), byte(id)); !bytes.HasPrefix(got, want) {
			t.Errorf("%04X differs from that of the contact side", id)
		}
	}
	security, err := terminal.File(0x010e, 223)
	if err != nil || !bytes.Contains(security, contactlessPACE.OID()) {
		t.Errorf("data group 14 does not say how the chip is opened: %v", err)
	}
}

// TestContactless_Sign verifies a PIN and signs through secure messaging; neither outlives the session.
func TestContactless_Sign(t *testing.T) {
	c, _ := mustContactless(t)
	terminal := mustOpen(t, c)
	if err := terminal.Select(aid(4)...); err != nil {
		t.Fatal(err)
	}
	certificate, err := terminal.Send([4]byte{0x00, 0xa4, 0x08, 0x0c}, []byte{0x5f, 0x00, 0xef, 0x02}, 0)
	if err != nil || len(certificate) != 0 {
		t.Fatal(err)
	}
	var file []byte
	for len(file) < 2700 {
		part, err := terminal.Send([4]byte{0x00, 0xb0, byte(len(file) >> 8), byte(len(file))}, nil, 100)
		if err != nil {
			t.Fatal(err)
		}
		file = append(file, part...)
	}
	sign := func(digest []byte) ([]byte, error) {
		if _, err := terminal.Send([4]byte{0x00, 0x22, 0x41, 0xb6}, []byte{0x80, 1, 0x44, 0x84, 1, 6}, 0); err != nil {
			return nil, err
		}
		if _, err := terminal.Send([4]byte{0x00, 0x2a, 0x90, 0xa0}, append([]byte{0x90, 32}, digest...), 0); err != nil {
			return nil, err
		}
		return terminal.Send([4]byte{0x00, 0x2a, 0x9e, 0x9a}, nil, 256)
	}
	digest := sha256.Sum256([]byte("a message"))
	_, err = sign(digest[:])
	wantStatus(t, "signing without PIN", err, 0x6982)
	_, err = terminal.Send([4]byte{0x00, 0x20, 0x00, 0x81}, []byte("9999\xff\xff\xff\xff"), 0)
	wantStatus(t, "a wrong PIN", err, 0x63c2)
	if _, err := terminal.Send([4]byte{0x00, 0x20, 0x00, 0x81}, []byte("1234\xff\xff\xff\xff"), 0); err != nil {
		t.Fatal(err)
	}
	signature, err := sign(digest[:])
	if err != nil {
		t.Fatal(err)
	}
	var object asn1.RawValue
	if _, err := asn1.Unmarshal(file, &object); err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(object.FullBytes)
	if err != nil {
		t.Fatal(err)
	}
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	if !ecdsa.Verify(cert.PublicKey.(*ecdsa.PublicKey), digest[:], r, s) {
		t.Error("not the holder's signature")
	}
	// In clear, as the State's middleware ends a session.
	_, err = terminal.Raw([]byte{0x00, 0xa4, 0x02, 0x00, 0x02, 0xab, 0xcd})
	wantStatus(t, "breaking the session", err, 0x6a82)
	terminal = mustOpen(t, c)
	if err := terminal.Select(aid(4)...); err != nil {
		t.Fatal(err)
	}
	_, err = sign(digest[:])
	wantStatus(t, "signing in a new session", err, 0x6982)
}

func TestContactless_Genuine(t *testing.T) {
	c, _ := mustContactless(t)
	terminal := mustOpen(t, c)
	if err := terminal.Select(aid(5)...); err != nil {
		t.Fatal(err)
	}
	group, err := terminal.File(0x010f, 223)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParsePKIXPublicKey(group[2:])
	if err != nil {
		t.Fatal(err)
	}
	key := parsed.(*ecdsa.PublicKey)
	signature, err := terminal.Send([4]byte{0x00, 0x88, 0, 0}, []byte("challeng"), 256)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte("challeng"))
	half := len(signature) / 2
	if half != 48 || !ecdsa.Verify(key, digest[:], new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:])) {
		t.Error("active authentication fails")
	}
	p384, err := curve.ByName("P-384")
	if err != nil {
		t.Fatal(err)
	}
	public, err := key.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if err := terminal.ChipAuthentication(p384, emrtd.AES128, public); err != nil {
		t.Fatal(err)
	}
	if _, err := terminal.File(0x0101, 95); err != nil {
		t.Errorf("reading with the keys of chip authentication: %v", err)
	}
}

func TestMakeContactless_Refuses(t *testing.T) {
	for name, change := range map[string]func(*citizen.Plan){
		"FirstGeneration": func(p *citizen.Plan) { p.Generation = citizen.First },
		"UnknownKey":      func(p *citizen.Plan) { p.CardKey = "no such key" },
	} {
		plan := specimen(citizen.Y2024, "P-256", "p256-1")
		change(&plan)
		if c, err := citizen.MakeContactless(pki.New(), plan); err == nil || c != nil {
			t.Errorf("%s: got %v, %v", name, c, err)
		}
	}
}
