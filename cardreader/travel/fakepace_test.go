package travel_test

import (
	"bytes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha1"
	"encoding/asn1"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"balcao/cardreader/iso7816"
	"balcao/cardreader/travel"
	"balcao/cardreader/travel/agreement"
	"balcao/cardreader/travel/secure"
)

// chipPACE is a run of PACE, or of chip authentication, from the chip's side.
type chipPACE struct {
	protocol  asn1.ObjectIdentifier
	cipher    secure.Cipher
	mapping   int // arc: 1, 2 GM; 3, 4 IM; 6 CAM
	group     agreement.Group
	key       []byte // K_pi
	step      int
	nonce     []byte
	generator []byte
	mapSecret []byte
	ours      []byte
	theirs    []byte
	secret    []byte
	chipAuth  bool
}

// paceOffers reads the PACEInfos of EF.CardAccess: protocol and parameter.
func (f *fakeChip) paceOffers() map[string][]int {
	offers := map[string][]int{}
	set, err := iso7816.Unwrap(f.access, 0x31)
	if err != nil {
		return offers
	}
	input := cryptobyte.String(set)
	for !input.Empty() {
		var info cryptobyte.String
		var protocol asn1.ObjectIdentifier
		version, parameter := 0, -1
		if !input.ReadASN1(&info, cbasn1.SEQUENCE) || !info.ReadASN1ObjectIdentifier(&protocol) {
			return offers
		}
		if len(protocol) == 11 && protocol[8] == 4 && info.ReadASN1Integer(&version) {
			if !info.Empty() {
				info.ReadASN1Integer(&parameter)
			}
			offers[protocol.String()] = append(offers[protocol.String()], parameter)
		}
	}
	return offers
}

func (f *fakeChip) setEnvironment(c iso7816.Command) iso7816.SW {
	objects, err := iso7816.Parse(c.Data)
	if err != nil || f.refusesLe && c.Le > 0 {
		return 0x6700
	}
	values := map[iso7816.Tag][]byte{}
	for _, o := range objects {
		values[o.Tag] = o.Value
	}
	switch int(c.P1)<<8 | int(c.P2) {
	case 0xC1A4:
		return f.announcePACE(values)
	case 0x41A6: // chip authentication with 3DES
		if f.caRefused != 0 {
			return f.caRefused
		}
		return f.agree(secure.TripleDES, values[0x91])
	case 0x41A4:
		if f.caRefused != 0 {
			return f.caRefused
		}
		protocol := values[0x80]
		f.pace = &chipPACE{chipAuth: true, cipher: secure.Cipher(protocol[len(protocol)-1])}
		return 0x9000
	}
	return 0x6A86
}

func (f *fakeChip) announcePACE(values map[iso7816.Tag][]byte) iso7816.SW {
	if f.paceRefused != 0 {
		return f.paceRefused
	}
	if !f.inMaster() {
		return 0x6A80 // the passwords are the master file's
	}
	var protocol asn1.ObjectIdentifier
	der := cryptobyte.String(append([]byte{6, byte(len(values[0x80]))}, values[0x80]...))
	if !der.ReadASN1ObjectIdentifier(&protocol) {
		return 0x6A80
	}
	parameters := f.paceOffers()[protocol.String()]
	if len(parameters) == 0 {
		return 0x6A80
	}
	parameter := parameters[0]
	if named, ok := values[0x84]; ok {
		if f.want84 < 0 {
			return 0x6A87
		}
		parameter = int(named[0])
	} else if f.want84 > 0 {
		return 0x6A88
	}
	if f.want84 > 0 && parameter != f.want84 {
		return 0x6A80
	}
	if parameter < 0 || parameter > 31 {
		parameter = 13 // the domain that these tests write out
	}
	group, err := agreement.Standardised(parameter)
	if err != nil {
		return 0x6A80
	}
	secret := []byte(can)
	if values[0x83][0] == 1 {
		hash := sha1.Sum([]byte(mrzKey))
		secret = hash[:]
	}
	c := secure.Cipher(protocol[10])
	f.pace = &chipPACE{protocol: protocol, cipher: c, mapping: protocol[9], group: group, key: c.DeriveKey(secret, 3)}
	f.authed = false
	return 0x9000
}

func (f *fakeChip) generalAuthenticate(c iso7816.Command) ([]byte, iso7816.SW) {
	content, err := iso7816.Unwrap(c.Data, 0x7C)
	if err != nil || f.pace == nil {
		return nil, 0x6985
	}
	objects, err := iso7816.Parse(content)
	if err != nil {
		return nil, 0x6A80
	}
	var value []byte
	if len(objects) > 0 {
		value = objects[0].Value
	}
	if f.pace.chipAuth {
		sw := f.agree(f.pace.cipher, value)
		f.pace = nil
		return []byte{0x7C, 0}, sw
	}
	f.pace.step++
	if chained := c.CLA&0x10 != 0; chained != (f.pace.step < 4) {
		return nil, 0x6883
	}
	tag, answer, extra := iso7816.Tag(0), []byte(nil), []byte(nil)
	switch f.pace.step {
	case 1:
		tag, answer = 0x80, f.pace.begin()
	case 2:
		tag, answer = 0x82, f.pace.mapWith(value)
	case 3:
		tag, answer = 0x84, f.pace.agree(value)
	case 4:
		if tag, answer = 0x86, f.pace.authenticate(value); answer == nil {
			f.pace = nil
			return nil, 0x6300
		}
		f.pending, f.authed = newChipSession(f.pace.cipher, f.pace.secret, nil), true
		if f.pace.mapping == 6 {
			extra = iso7816.Append(nil, 0x8A, f.proof())
		}
	}
	if answer == nil {
		return nil, 0x6A80
	}
	if f.breakPACE != nil {
		answer = f.breakPACE(f.pace.step, answer)
	}
	return iso7816.Append(nil, 0x7C, append(iso7816.Append(nil, tag, answer), extra...)), 0x9000
}

func (p *chipPACE) begin() []byte {
	size := 16
	if p.cipher.KeySize() > 16 && p.mapping != 1 && p.mapping != 2 {
		size = 32
	}
	p.nonce = mustRandom(size)
	encrypted := make([]byte, size)
	block := p.cipher.Block(p.key)
	cipher.NewCBCEncrypter(block, make([]byte, block.BlockSize())).CryptBlocks(encrypted, p.nonce)
	return encrypted
}

func (p *chipPACE) mapWith(theirs []byte) []byte {
	var err error
	if p.mapping == 3 || p.mapping == 4 {
		p.generator, err = p.group.MapInteger(travel.PseudoRandom(p.cipher, p.nonce, theirs, p.group.Bits()))
		if err != nil {
			return nil
		}
		return []byte{}
	}
	if p.mapSecret, err = p.group.Scalar(rand.Reader); err != nil {
		return nil
	}
	shared, err := p.group.Multiply(theirs, p.mapSecret)
	if err != nil {
		return nil
	}
	if p.generator, err = agreement.MapGeneric(p.group, p.nonce, shared); err != nil {
		return nil
	}
	public, err := p.group.Multiply(p.group.Generator(), p.mapSecret)
	if err != nil {
		return nil
	}
	return public
}

func (p *chipPACE) agree(theirs []byte) []byte {
	private, err := p.group.Scalar(rand.Reader)
	if err != nil {
		return nil
	}
	if p.ours, err = p.group.Multiply(p.generator, private); err != nil {
		return nil
	}
	shared, err := p.group.Multiply(theirs, private)
	if err != nil {
		return nil
	}
	p.theirs, p.secret = bytes.Clone(theirs), p.group.Secret(shared)
	return p.ours
}

// authenticate checks the terminal's token and makes ours.
func (p *chipPACE) authenticate(token []byte) []byte {
	mac := p.cipher.DeriveKey(p.secret, 2)
	over := func(public []byte) []byte {
		tag := iso7816.Tag(0x84)
		if p.group.Elliptic() {
			tag = 0x86
		}
		object := derive(func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(p.protocol) })
		return p.cipher.MAC(mac, iso7816.Append(nil, 0x7F49, iso7816.Append(object, tag, public)))
	}
	if !bytes.Equal(token, over(p.ours)) {
		return nil
	}
	return over(p.theirs)
}

// proof is the chip authentication data of CAM: the secret of the mapping over the static one.
func (f *fakeChip) proof() []byte {
	order := map[string]string{
		"P-256":           "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551",
		"brainpoolP256r1": "A9FB57DBA1EEA9BC3E660A909D838D718C397AA3B561A6F7901E0E82974856A7",
	}[f.pace.group.Name()]
	n, _ := new(big.Int).SetString(order, 16)
	static := new(big.Int).SetBytes(f.caSecret)
	if f.caClone {
		static.Add(static, big.NewInt(1))
	}
	number := new(big.Int).ModInverse(static, n)
	number.Mul(number, new(big.Int).SetBytes(f.pace.mapSecret)).Mod(number, n)
	s := f.pending
	iv := bytes.Repeat([]byte{0xFF}, 16)
	mustAES(s.enc).Encrypt(iv, iv)
	plain := secure.Pad(number.FillBytes(make([]byte, 32)), 16)
	cipher.NewCBCEncrypter(mustAES(s.enc), iv).CryptBlocks(plain, plain)
	return plain
}

// agree is chip authentication: the session goes over to what our static key and theirs agree on.
func (f *fakeChip) agree(c secure.Cipher, theirs []byte) iso7816.SW {
	if f.caGroup == nil {
		return 0x6A88
	}
	secret := f.caSecret
	if f.caClone {
		secret = append(bytes.Clone(secret[:len(secret)-1]), secret[len(secret)-1]^1)
	}
	shared, err := f.caGroup.Multiply(theirs, secret)
	if err != nil {
		return 0x6A80
	}
	f.pending = newChipSession(c, f.caGroup.Secret(shared), nil)
	return 0x9000
}
