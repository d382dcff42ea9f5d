package citizencard_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"balcao/cardreader/citizencard"
)

// fakeCard answers commands from files by path, as the fact sheet of the card says. It is not the
// emulator of the test bench: a mistake shared with that would look like agreement.
type fakeCard struct {
	apps     map[string]map[string][]byte // AID → path → content
	sfi      map[string]string            // AID+SFI → path
	pin      string
	tries    int
	sign     func(digest []byte) ([]byte, error)
	keyAlg   []byte // what MSE SET must ask for
	eid      string // AID with PIN and key
	forceFCI bool   // SELECT with P2 0C is refused
	failAt   int    // this command, counted from 1, finds the card removed

	app      string
	file     []byte
	hasFile  bool
	verified bool
	hash     []byte
	pending  []byte

	log      []string // each command in hexadecimal
	received int      // data bytes that READ BINARY gave
}

var errPulled = errors.New("card pulled")

func (c *fakeCard) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c.log = append(c.log, hex.EncodeToString(command))
	if c.failAt == len(c.log) {
		return nil, errPulled
	}
	data, sw := c.answer(command)
	return append(bytes.Clone(data), byte(sw>>8), byte(sw)), nil
}

func (c *fakeCard) answer(command []byte) ([]byte, int) {
	p1, p2, body := command[2], command[3], command[4:]
	var data []byte
	le := 0
	switch {
	case len(body) == 1:
		le = (int(body[0])+255)%256 + 1
	case len(body) > 1:
		data = body[1 : 1+int(body[0])]
		if rest := body[1+len(data):]; len(rest) == 1 {
			le = (int(rest[0])+255)%256 + 1
		}
	}
	switch command[1] {
	case 0xA4:
		return c.selectFile(p1, p2, data, le)
	case 0xB0:
		return c.read(p1, p2, le)
	case 0xC0:
		return c.respond(le)
	case 0xCA:
		if p1 != 0x9F || p2 != 0x7F || le != 0x2D || c.app != c.eid {
			return nil, 0x6A88
		}
		cplc := append([]byte{0x9F, 0x7F, 0x2A}, make([]byte, 42)...)
		copy(cplc[13:], "\x01\x02\x03\x04\x05\x06\x07\x08")
		return cplc, 0x9000
	case 0x20:
		return nil, c.verify(p1, p2, data)
	case 0x22:
		if p1 != 0x41 || p2 != 0xB6 || !bytes.Equal(data, c.keyAlg) {
			return nil, 0x6A80
		}
		return nil, 0x9000
	case 0x2A:
		return c.operate(p1, p2, data, le)
	}
	return nil, 0x6D00
}

func (c *fakeCard) selectFile(p1, p2 byte, data []byte, le int) ([]byte, int) {
	if p1 == 0x04 {
		if _, there := c.apps[string(data)]; !there {
			return nil, 0x6A82
		}
		c.app, c.hasFile, c.verified = string(data), false, false
		return nil, 0x9000
	}
	if c.forceFCI && (p2 != 0 || le == 0) {
		return nil, 0x6A86
	}
	content, there := c.apps[c.app][string(data)]
	if !there || p1 != map[int]byte{2: 0x02, 4: 0x08}[len(data)] {
		return nil, 0x6A82
	}
	c.file, c.hasFile = content, true
	if p2 == 0 {
		return []byte{0x6F, 0x00}, 0x9000
	}
	return nil, 0x9000
}

func (c *fakeCard) read(p1, p2 byte, le int) ([]byte, int) {
	offset := int(p1)<<8 | int(p2)
	if p1&0x80 != 0 {
		path, there := c.sfi[c.app+string(p1&0x1F)]
		if !there {
			return nil, 0x6A82
		}
		c.file, c.hasFile, offset = c.apps[c.app][path], true, int(p2)
	}
	switch {
	case !c.hasFile:
		return nil, 0x6986
	case offset >= len(c.file):
		return nil, 0x6B00
	}
	data := c.file[offset:min(offset+le, len(c.file))]
	c.received += len(data)
	if len(data) < le {
		return data, 0x6282
	}
	return data, 0x9000
}

func (c *fakeCard) verify(p1, p2 byte, data []byte) int {
	switch {
	case c.app != c.eid || p2 != 0x81:
		return 0x6A88
	case p1 == 0xFF:
		c.verified = false
		return 0x9000
	case c.tries == 0:
		return 0x6983
	case data == nil && c.verified:
		return 0x9000
	case data == nil:
		return 0x63C0 | c.tries
	case string(data) != c.pin+strings.Repeat("\xFF", 8-len(c.pin)):
		c.tries--
		return 0x63C0 | c.tries
	}
	c.tries, c.verified = 3, true
	return 0x9000
}

func (c *fakeCard) operate(p1, p2 byte, data []byte, le int) ([]byte, int) {
	switch {
	case p1 == 0x90 && p2 == 0xA0 && len(data) == 34 && data[0] == 0x90 && data[1] == 32:
		c.hash = bytes.Clone(data[2:])
		return nil, 0x9000
	case p1 != 0x9E || p2 != 0x9A || c.hash == nil:
		return nil, 0x6985
	case !c.verified:
		return nil, 0x6982
	}
	signature, err := c.sign(c.hash)
	if err != nil {
		return nil, 0x6A80
	}
	c.pending = signature
	return c.respond(le)
}

// respond gives out what is pending in parts of at most 256 bytes.
func (c *fakeCard) respond(le int) ([]byte, int) {
	n := min(le, len(c.pending))
	part := c.pending[:n]
	c.pending = c.pending[n:]
	switch left := len(c.pending); {
	case left == 0:
		return part, 0x9000
	default:
		return part, 0x6100 | left&0xFF
	}
}

var (
	aidFirst = "\x60\x46\x32\xFF\x00\x00\x02"
	aidEID   = "\x60\x46\x32\xFF\x00\x00\x04"
	aidData  = "\x60\x46\x32\xFF\x00\x00\x05"
)

// object is a data object with a length of three bytes and size-5 or size-4 bytes of filling.
func object(size int, tag ...byte) []byte {
	n := size - len(tag) - 3
	b := append(bytes.Clone(tag), 0x82, byte(n>>8), byte(n))
	return append(b, bytes.Repeat([]byte{0xA5}, n)...)
}

// padded puts content into a file of a fixed size, as cards do.
func padded(content []byte, size int) []byte {
	return append(bytes.Clone(content), make([]byte, size-len(content))...)
}

// contents is what the fake cards hold; reading has to bring back exactly this.
var contents = citizencard.Files{
	SOD:         object(2514, 0x77),
	Certificate: object(1854, 0x30),
	Issuers:     [][]byte{object(1600, 0x30), object(1700, 0x30)},
	MRZ:         bytes.Repeat([]byte{'<'}, 90),
	CardKey:     append(bytes.Repeat([]byte{0x5A}, 128), 1, 0, 1),
}

func firstGeneration() (*fakeCard, citizencard.Files) {
	want := contents
	want.Generation = citizencard.Generation1
	want.Identity = fixedIdentity(nil)
	want.Photo = biometricGroup(jp2(13030))
	ef02 := bytes.Join([][]byte{want.Identity, want.MRZ, want.CardKey, want.Photo}, nil)
	return &fakeCard{
		apps: map[string]map[string][]byte{aidFirst: {
			"\x5F\x00\xEF\x02": padded(ef02, 15500),
			"\x5F\x00\xEF\x06": padded(want.SOD, 4000),
			"\x5F\x00\xEF\x09": padded(want.Certificate, 2700),
			"\x5F\x00\xEF\x10": padded(want.Issuers[0], 2700),
			"\x5F\x00\xEF\x11": padded(want.Issuers[1], 2700),
		}},
		sfi: map[string]string{aidFirst + "\x06": "\x5F\x00\xEF\x06"},
		pin: "1234", tries: 3, eid: aidFirst,
		keyAlg: []byte{0x80, 1, 0x42, 0x84, 1, 2},
		sign:   func(digest []byte) ([]byte, error) { return rsaKey().Sign(rand.Reader, digest, crypto.SHA256) },
	}, want
}

func generation2024() (*fakeCard, citizencard.Files) {
	want := contents
	want.Generation = citizencard.Generation2024
	want.Identity = taggedIdentity(nil)
	want.MRZ, want.CardKey = nil, nil
	want.Photo = wrap(biometricGroup(jp2(13030)), 0x75)
	return &fakeCard{
		apps: map[string]map[string][]byte{
			aidData: {
				"\x01\x0D": want.Identity,
				"\x01\x1D": padded(want.SOD, 3000),
				"\x01\x02": want.Photo,
			},
			aidEID: {
				"\x5F\x00\xEF\x02": padded(want.Certificate, 2700),
				"\x5F\x00\xEF\x06": padded(want.Issuers[0], 2700),
				"\x5F\x00\xEF\x0A": padded(want.Issuers[1], 2700),
			},
		},
		sfi: map[string]string{aidData + "\x1D": "\x01\x1D"},
		pin: "123456", tries: 3, eid: aidEID,
		keyAlg: []byte{0x80, 1, 0x44, 0x84, 1, 6},
		sign:   signRS,
	}, want
}

// eachGeneration runs a test on both.
func eachGeneration(t *testing.T, test func(t *testing.T, fake *fakeCard, want citizencard.Files)) {
	t.Helper()
	for _, make := range []func() (*fakeCard, citizencard.Files){firstGeneration, generation2024} {
		fake, want := make()
		t.Run(fmt.Sprintf("Generation%s", want.Generation), func(t *testing.T) { test(t, fake, want) })
	}
}

func mustOpen(t *testing.T, fake *fakeCard) *citizencard.Card {
	t.Helper()
	card, err := citizencard.Open(context.Background(), fake)
	if err != nil {
		t.Fatalf("opening the card: %v", err)
	}
	return card
}
