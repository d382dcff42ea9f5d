package travel_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/rand"
	"crypto/sha1"
	"encoding/asn1"
	"errors"
	"math/big"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"balcao/cardreader/iso7816"
	"balcao/cardreader/travel/agreement"
	"balcao/cardreader/travel/secure"
)

const (
	mrzKey = "L898902C<369080619406236"
	can    = "500540"
)

var errPulled = errors.New("chip pulled")

// fakeChip is the chip's half of every protocol, made from Doc 9303-11 for these tests. It is not the emulator of the
// test bench: a mistake shared with that would look like agreement.
type fakeChip struct {
	access, security, info []byte            // EF.CardAccess, EF.CardSecurity, EF.ATR/INFO; nil for none
	files                  map[uint16][]byte // of the application; nil for no application
	basic                  bool              // does BAC
	open                   bool              // gives its files to anybody
	locksApplication       bool              // until PACE
	noSFI                  bool
	noSFIStatus            iso7816.SW // what it answers then; 0 for 6A82
	noSFIClear             bool       // in clear, ending the session
	refuses                uint16     // file that can be selected and is not read
	refusal                iso7816.SW // with this
	noMF                   iso7816.SW // what SELECT of the master file is refused with, 0 for success
	absent                 iso7816.SW // what a missing EF.CardAccess answers
	mostRead               int        // more in a read is wrongSize and ends the session; 0 for no bound
	wrongSize              iso7816.SW
	givesAtMost            int // bytes in one answer, without complaint; 0 for no bound
	shortOnly              bool
	refusesLe              bool // on SELECT and MSE
	want84                 int  // domain parameter that MSE:Set AT must name; -1 none may be named; 0 either
	caSecret               []byte
	caGroup                agreement.Group
	caClone                bool // has another key than it says
	caRefused              iso7816.SW
	signs                  func(challenge []byte, le int) ([]byte, iso7816.SW)
	answer                 func(n int, plain iso7816.Command, data []byte, sw iso7816.SW) ([]byte, iso7816.SW) // has the last word before protection
	raw                    func(n int, apdu, answer []byte) ([]byte, error)                                    // has the last word at all
	paceRefused            iso7816.SW
	breakPACE              func(step int, value []byte) []byte // changes what the chip sends in a step

	tooLong     bool              // this command is refused in clear, which ends the session
	current     map[uint16][]byte // the directory
	file        []byte
	authed      bool
	challenge   []byte
	pace        *chipPACE
	session     *chipSession
	pending     *chipSession // from the next command on
	n           int          // commands so far
	log         []iso7816.Command
	plainInside int // commands in clear while a session was on
}

// chipSession is secure messaging from the other end.
type chipSession struct {
	c        secure.Cipher
	enc, mac []byte
	ssc      *big.Int
}

func newChipSession(c secure.Cipher, secret, ssc []byte) *chipSession {
	return &chipSession{c, c.DeriveKey(secret, 1), c.DeriveKey(secret, 2), new(big.Int).SetBytes(ssc)}
}

func (s *chipSession) counter() []byte {
	size := uint(s.c.BlockSize() * 8)
	return new(big.Int).Mod(s.ssc, new(big.Int).Lsh(big.NewInt(1), size)).FillBytes(make([]byte, size/8))
}

func (s *chipSession) count() { s.ssc.Add(s.ssc, big.NewInt(1)) }

func (s *chipSession) checksum(content []byte) []byte {
	message := append(s.counter(), content...)
	if s.c != secure.TripleDES {
		message = secure.Pad(message, 16)
	}
	return s.c.MAC(s.mac, message)
}

func (s *chipSession) crypt(in []byte, encrypt bool) []byte {
	out := make([]byte, len(in))
	var iv []byte
	if s.c == secure.TripleDES {
		iv = make([]byte, 8)
	} else {
		iv = make([]byte, 16)
		mustAES(s.enc).Encrypt(iv, s.counter())
	}
	block := s.c.Block(s.enc)
	if encrypt {
		cipher.NewCBCEncrypter(block, iv).CryptBlocks(out, in)
	} else {
		cipher.NewCBCDecrypter(block, iv).CryptBlocks(out, in)
	}
	return out
}

func mustAES(key []byte) cipher.Block {
	b, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	return b
}

// open unwraps a command; ok is false when it was not made with our keys.
func (s *chipSession) open(p iso7816.Command) (plain iso7816.Command, ok bool) {
	s.count()
	objects, err := iso7816.Parse(p.Data)
	if err != nil || len(objects) == 0 {
		return plain, false
	}
	plain = iso7816.Command{CLA: p.CLA &^ 0x0C, INS: p.INS, P1: p.P1, P2: p.P2}
	covered := secure.Pad([]byte{p.CLA, p.INS, p.P1, p.P2}, s.c.BlockSize())
	last := len(objects) - 1
	for _, o := range objects[:last] {
		covered = iso7816.Append(covered, o.Tag, o.Value)
		switch o.Tag {
		case 0x87:
			plain.Data, _ = secure.Unpad(s.crypt(o.Value[1:], false))
		case 0x85:
			plain.Data, _ = secure.Unpad(s.crypt(o.Value, false))
		case 0x97:
			for _, b := range o.Value {
				plain.Le = plain.Le<<8 | int(b)
			}
			if plain.Le == 0 {
				plain.Le = 1 << (8 * len(o.Value))
			}
		}
	}
	return plain, objects[last].Tag == 0x8E && bytes.Equal(objects[last].Value, s.checksum(covered))
}

// protect wraps an answer.
func (s *chipSession) protect(ins byte, data []byte, sw iso7816.SW) []byte {
	s.count()
	var out []byte
	if len(data) > 0 {
		cryptogram := s.crypt(secure.Pad(data, s.c.BlockSize()), true)
		if ins&1 == 1 {
			out = iso7816.Append(out, 0x85, cryptogram)
		} else {
			out = iso7816.Append(out, 0x87, append([]byte{1}, cryptogram...))
		}
	}
	out = iso7816.Append(out, 0x99, []byte{byte(sw >> 8), byte(sw)})
	return iso7816.Append(out, 0x8E, s.checksum(out))
}

func (f *fakeChip) Transmit(ctx context.Context, apdu []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f.n++
	f.tooLong = false
	answer := f.transmit(apdu)
	if f.raw != nil {
		return f.raw(f.n, bytes.Clone(apdu), answer)
	}
	return answer, nil
}

func (f *fakeChip) transmit(apdu []byte) []byte {
	end := func(data []byte, sw iso7816.SW) []byte { return append(bytes.Clone(data), byte(sw>>8), byte(sw)) }
	c, err := iso7816.ParseCommand(bytes.Clone(apdu))
	if err != nil {
		return end(nil, 0x6700)
	}
	if f.shortOnly && (c.Le > 256 || len(c.Data) > 255) {
		f.session = nil
		return end(nil, 0x6700)
	}
	if c.CLA&0x0C != 0x0C {
		if f.session != nil {
			f.plainInside++
			f.session, f.authed = nil, false
		}
		f.log = append(f.log, c)
		data, sw := f.execute(c)
		if f.answer != nil {
			data, sw = f.answer(f.n, c, data, sw)
		}
		f.session, f.pending = f.pending, nil
		return end(data, sw)
	}
	if f.session == nil {
		return end(nil, 0x6988)
	}
	plain, ok := f.session.open(c)
	if !ok {
		f.session, f.authed = nil, false
		return end(nil, 0x6988)
	}
	f.log = append(f.log, plain)
	data, sw := f.execute(plain)
	if f.answer != nil {
		data, sw = f.answer(f.n, plain, data, sw)
	}
	if f.tooLong {
		f.session, f.authed, f.tooLong = nil, false, false
		return end(nil, sw)
	}
	out := f.session.protect(plain.INS, data, sw)
	if f.pending != nil {
		f.session, f.pending = f.pending, nil
	}
	if size := len(out) + 2; c.Le <= 256 && size > 258 {
		f.session, f.authed = nil, false
		return end(nil, 0x6700)
	}
	return end(out, sw)
}

func (f *fakeChip) execute(c iso7816.Command) ([]byte, iso7816.SW) {
	switch c.INS {
	case 0xA4:
		if f.refusesLe && c.Le > 0 {
			return nil, 0x6700
		}
		return nil, f.selectFile(c)
	case 0xB0, 0xB1:
		return f.read(c)
	case 0x84:
		if !f.basic || f.current == nil {
			return nil, 0x6D00
		}
		f.challenge = mustRandom(8)
		return f.challenge, 0x9000
	case 0x82:
		return f.externalAuthenticate(c.Data)
	case 0x22:
		return nil, f.setEnvironment(c)
	case 0x86:
		return f.generalAuthenticate(c)
	case 0x88:
		if f.signs == nil || !f.authed {
			return nil, 0x6985
		}
		return f.signs(c.Data, c.Le)
	}
	return nil, 0x6D00
}

// masterFiles is what the master file holds.
func (f *fakeChip) masterFiles() map[uint16][]byte {
	return map[uint16][]byte{0x011C: f.access, 0x011D: f.security, 0x2F01: f.info}
}

func (f *fakeChip) inMaster() bool { return f.current == nil }

func (f *fakeChip) selectFile(c iso7816.Command) iso7816.SW {
	switch {
	case c.P1 == 0x04:
		if f.files == nil || !bytes.Equal(c.Data, []byte{0xA0, 0, 0, 2, 0x47, 0x10, 1}) {
			return 0x6A82
		}
		if f.locksApplication && !f.authed {
			return 0x6982
		}
		f.current, f.file = f.files, nil
		return 0x9000
	case bytes.Equal(c.Data, []byte{0x3F, 0x00}):
		if f.noMF != 0 {
			return f.noMF
		}
		f.current, f.file = nil, nil
		return 0x9000
	case c.P1 == 0x02 && len(c.Data) == 2:
		id := uint16(c.Data[0])<<8 | uint16(c.Data[1])
		directory := f.current
		if f.inMaster() {
			directory = f.masterFiles()
		}
		content := directory[id]
		switch {
		case content == nil && id == 0x011C && f.absent != 0:
			return f.absent
		case content == nil:
			return 0x6A82
		case !f.permitted(id):
			return 0x6982
		}
		f.file = content
		return 0x9000
	}
	return 0x6A86
}

// permitted reports whether a file may be read now.
func (f *fakeChip) permitted(id uint16) bool {
	if f.inMaster() {
		return id != 0x011D || f.authed
	}
	return f.open || f.authed && f.session != nil
}

func (f *fakeChip) read(c iso7816.Command) ([]byte, iso7816.SW) {
	offset, le := int(c.P1)<<8|int(c.P2), c.Le
	switch {
	case c.INS == 0xB1:
		at, err := iso7816.Unwrap(c.Data, 0x54)
		if err != nil {
			return nil, 0x6A80
		}
		offset = int(new(big.Int).SetBytes(at).Int64())
	case c.P1&0x80 != 0:
		id := uint16(0x0100) | uint16(c.P1&0x1F)
		directory := f.current
		if f.inMaster() {
			directory = f.masterFiles()
		}
		switch {
		case directory[id] == nil && id == 0x011C && f.absent != 0:
			return nil, f.absent
		case f.noSFI && f.noSFIStatus != 0:
			f.tooLong = f.noSFIClear && f.session != nil
			return nil, f.noSFIStatus
		case f.noSFI, directory[id] == nil:
			return nil, 0x6A82
		case !f.permitted(id):
			return nil, 0x6982
		case f.refuses == id:
			f.tooLong = f.noSFIClear
			return nil, f.refusal
		}
		f.file, offset = directory[id], int(c.P2)
	}
	switch {
	case f.file == nil:
		return nil, 0x6986
	case f.refuses != 0 && len(f.file) > 0 && &f.file[0] == &f.current[f.refuses][0]:
		f.tooLong = f.noSFIClear
		return nil, f.refusal
	case f.mostRead > 0 && le > f.mostRead:
		f.tooLong = true
		return nil, f.wrongSize
	case offset >= len(f.file):
		return nil, 0x6B00
	}
	n := le
	if f.givesAtMost > 0 {
		n = min(n, f.givesAtMost)
	}
	if c.INS == 0xB1 {
		for n = min(n, len(f.file)-offset); len(iso7816.Append(nil, 0x53, make([]byte, n))) > le; n-- {
		}
		return iso7816.Append(nil, 0x53, f.file[offset:offset+n]), 0x9000
	}
	data := f.file[offset:min(offset+n, len(f.file))]
	if len(data) < le && f.givesAtMost == 0 {
		return data, 0x6282
	}
	return data, 0x9000
}

func (f *fakeChip) externalAuthenticate(data []byte) ([]byte, iso7816.SW) {
	seed := sha1.Sum([]byte(mrzKey))
	enc, mac := secure.TripleDES.DeriveKey(seed[:16], 1), secure.TripleDES.DeriveKey(seed[:16], 2)
	if f.challenge == nil || len(data) != 40 || !bytes.Equal(data[32:], secure.TripleDES.MAC(mac, data[:32])) {
		return nil, 0x6300
	}
	block, err := des.NewTripleDESCipher(append(bytes.Clone(enc), enc[:8]...))
	if err != nil {
		panic(err)
	}
	s := make([]byte, 32)
	cipher.NewCBCDecrypter(block, make([]byte, 8)).CryptBlocks(s, data[:32])
	if !bytes.Equal(s[8:16], f.challenge) {
		return nil, 0x6300
	}
	half := mustRandom(16)
	r := bytes.Join([][]byte{f.challenge, s[:8], half}, nil)
	answer := make([]byte, 32)
	cipher.NewCBCEncrypter(block, make([]byte, 8)).CryptBlocks(answer, r)
	secret := make([]byte, 16)
	for i := range secret {
		secret[i] = half[i] ^ s[16+i]
	}
	f.pending = newChipSession(secure.TripleDES, secret, append(bytes.Clone(f.challenge[4:]), s[4:8]...))
	f.authed, f.challenge = true, nil
	return append(answer, secure.TripleDES.MAC(mac, answer)...), 0x9000
}

func mustRandom(n int) []byte {
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		panic(err)
	}
	return b
}

// derive builds DER.
func derive(build func(b *cryptobyte.Builder)) []byte {
	var b cryptobyte.Builder
	build(&b)
	return b.BytesOrPanic()
}

func oid(arcs ...int) asn1.ObjectIdentifier {
	return append(asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 2, 2}, arcs...)
}

// paceInfo is PACEInfo; parameter -1 leaves it out.
func paceInfo(parameter int, arcs ...int) []byte {
	return derive(func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oid(append([]int{4}, arcs...)...))
			b.AddASN1Int64(2)
			if parameter >= 0 {
				b.AddASN1Int64(int64(parameter))
			}
		})
	})
}

func infoSet(infos ...[]byte) []byte {
	return iso7816.Append(nil, 0x31, bytes.Join(infos, nil))
}

// standardised is the AlgorithmIdentifier of standardised domain parameters.
func standardised(id int) []byte {
	return derive(func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 1, 2})
			b.AddASN1Int64(int64(id))
		})
	})
}

// chipKeyInfo is ChipAuthenticationPublicKeyInfo.
func chipKeyInfo(t testing.TB, id, keyID int, public []byte) []byte {
	g, err := agreement.Standardised(id)
	if err != nil {
		t.Fatal(err)
	}
	arc, bits := 2, public
	if !g.Elliptic() {
		arc, bits = 1, derive(func(b *cryptobyte.Builder) { b.AddASN1BigInt(new(big.Int).SetBytes(public)) })
	}
	return derive(func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oid(1, arc))
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddBytes(standardised(id))
				b.AddASN1BitString(bits)
			})
			if keyID >= 0 {
				b.AddASN1Int64(int64(keyID))
			}
		})
	})
}

// chipAuthInfo is ChipAuthenticationInfo.
func chipAuthInfo(keyID, agreementArc, cipherArc int) []byte {
	return derive(func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oid(3, agreementArc, cipherArc))
			b.AddASN1Int64(1)
			if keyID >= 0 {
				b.AddASN1Int64(int64(keyID))
			}
		})
	})
}
