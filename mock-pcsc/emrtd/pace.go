package emrtd

import (
	"bytes"
	"crypto/cipher"
	"crypto/sha1" // what the standard makes a password of an MRZ with
	"crypto/subtle"
	"fmt"
	"math/big"
	"slices"
)

// Mapping is how PACE makes a generator out of a password (ICAO 9303-11 §4.4.3.3).
type Mapping int

// Mappings.
const (
	Generic Mapping = iota
	Integrated
	ChipAuthentication // generic, and the chip proves itself in passing; curves and AES only
)

// References of passwords in MSE:Set AT.
const (
	PasswordMRZ = 0x01
	PasswordCAN = 0x02
)

// A PACE is one way in which a chip does PACE: what a PACEInfo announces.
type PACE struct {
	Mapping Mapping
	Cipher  Cipher
	Domain  byte     // standardised parameters (ICAO 9303-11 §9.5.1)
	Static  *big.Int // chip authentication mapping: the private key whose public half EF.CardSecurity has
}

// OID is the protocol's object identifier, content octets only.
func (p PACE) OID() []byte {
	arc := map[Mapping]byte{Generic: 2, Integrated: 4, ChipAuthentication: 6}[p.Mapping]
	if p.Domain <= 2 {
		arc--
	}
	return append(arcs(0x04), arc, byte(p.Cipher))
}

// arcs is a protocol of BSI TR-03110, 0.4.0.127.0.7.2.2.n.
func arcs(n byte) []byte { return []byte{0x04, 0x00, 0x7f, 0x00, 0x07, 0x02, 0x02, n} }

// run is one run of PACE, as far as it came.
type run struct {
	PACE
	group     group
	key       []byte // made of the password
	nonce     []byte
	generator element
	ephemeral *big.Int // of the mapping; for chip authentication mapping
	own       element
	theirs    element
	channel   *channel
	step      int
}

// manageSecurity is MANAGE SECURITY ENVIRONMENT: SET with the templates for PACE and chip authentication.
func (c *Chip) manageSecurity(cmd command) answer {
	list, ok := objects(cmd.data)
	if !ok {
		return refused(statusWrongData)
	}
	switch uint16(cmd.p1)<<8 | uint16(cmd.p2) {
	case 0xc1a4:
		return c.setPACE(list)
	case 0x41a4:
		return c.setChipKey(list)
	case 0x41a6:
		return c.setKeyAgreement(list)
	}
	return refused(statusWrongP1P2)
}

func (c *Chip) setPACE(list []dataObject) answer {
	var oid, password, domain []byte
	for _, o := range list {
		switch o.tag {
		case 0x80:
			oid = o.value
		case 0x83:
			password = o.value
		case 0x84:
			domain = o.value
		default:
			return refused(statusWrongData)
		}
	}
	if c.Fault != nil && c.Fault.RefusesPACE {
		return refused(statusWrongData)
	}
	if c.session.channel != nil {
		return refused(statusConditions)
	}
	var offers []PACE
	for _, p := range c.PACE {
		if bytes.Equal(p.OID(), oid) {
			offers = append(offers, p)
		}
	}
	switch {
	case len(offers) == 0 || len(password) != 1 || len(domain) > 1:
		return refused(statusWrongData)
	case len(offers) > 1 && domain == nil:
		return refused(statusNotFound) // which parameters is for the reader to say
	case len(offers) == 1 && domain != nil && c.Strict:
		return refused(statusSurplusData)
	}
	for _, p := range offers {
		if domain == nil || domain[0] == p.Domain {
			return c.beginPACE(p, password[0])
		}
	}
	return refused(statusNotFound)
}

func (c *Chip) beginPACE(p PACE, reference byte) answer {
	password, ok := c.Password[reference]
	if !ok {
		return refused(statusNotFound)
	}
	if reference == PasswordMRZ {
		sum := sha1.Sum(password)
		password = sum[:]
	}
	g, err := groupOf(p.Domain)
	if err != nil {
		return refused(statusNotFound)
	}
	c.session.pace = &run{PACE: p, group: g, key: p.Cipher.derive(password, keyPassword)}
	return with(nil)
}

// generalAuthenticate is GENERAL AUTHENTICATE: a step of PACE, or chip authentication.
func (c *Chip) generalAuthenticate(cmd command) answer {
	r := c.session.pace
	if cmd.p1 != 0 || cmd.p2 != 0 {
		return refused(statusWrongP1P2)
	}
	inner, ok := dynamic(cmd.data)
	switch {
	case !ok:
		c.session.pace = nil
		return refused(statusWrongData)
	case r == nil && c.session.chosen != nil && cmd.cla&chained == 0:
		return c.agreeAsChosen(inner)
	case r == nil:
		return refused(statusConditions)
	}
	steps := []struct {
		tag byte
		do  func(*run, []byte) answer
	}{{0, c.sendNonce}, {0x81, c.mapNonce}, {0x83, c.agree}, {0x85, c.confirm}}
	step := steps[r.step]
	last := r.step == len(steps)-1
	if inner.tag != step.tag || last != (cmd.cla&chained == 0) {
		c.session.pace = nil
		return refused(statusWrongData)
	}
	out := step.do(r, inner.value)
	r.step++
	if last || out.status != statusOK {
		c.session.pace = nil
	}
	return out
}

func (c *Chip) sendNonce(r *run, _ []byte) answer {
	n := 16
	if r.Mapping == Integrated {
		n = integratedLength(r.Cipher)
	}
	r.nonce = c.random(n)
	return with(object(0x7c, object(0x80, r.Cipher.encrypt(r.key, r.nonce))))
}

func (c *Chip) mapNonce(r *run, theirs []byte) answer {
	if r.Mapping == Integrated {
		if len(theirs) != r.Cipher.size() {
			return refused(statusWrongData)
		}
		r.generator = r.group.mapped(integrated(r.Cipher, r.group, r.nonce, theirs))
		return with([]byte{0x7c, 0x02, 0x82, 0x00})
	}
	e, ok := r.group.parse(theirs)
	if !ok {
		return refused(statusWrongData)
	}
	private, own, err := keyPair(r.group, r.group.generator(), c.Rand)
	if err != nil {
		panic(fmt.Sprintf("emrtd: %v", err))
	}
	shared := r.group.times(e, private)
	scaled := r.group.times(r.group.generator(), new(big.Int).SetBytes(r.nonce))
	r.generator, r.ephemeral = r.group.plus(scaled, shared), private
	return with(object(0x7c, object(0x82, r.group.encode(own))))
}

func (c *Chip) agree(r *run, theirs []byte) answer {
	e, ok := r.group.parse(theirs)
	if !ok {
		return refused(statusWrongData)
	}
	private, own, err := keyPair(r.group, r.generator, c.Rand)
	if err != nil {
		panic(fmt.Sprintf("emrtd: %v", err))
	}
	if bytes.Equal(r.group.encode(own), theirs) {
		return refused(statusWrongData) // a reader that echoes knows no password
	}
	r.own, r.theirs = own, e
	r.channel = newChannel(r.Cipher, r.group.secret(r.group.times(e, private)))
	return with(object(0x7c, object(0x84, r.group.encode(own))))
}

func (c *Chip) confirm(r *run, token []byte) answer {
	if subtle.ConstantTimeCompare(r.token(r.own), token) != 1 {
		return c.wrongPassword()
	}
	own := r.token(r.theirs)
	if c.Fault != nil && c.Fault.BadToken {
		own[0] ^= 0x01
	}
	reply := object(0x86, own)
	if r.Mapping == ChipAuthentication {
		reply = append(reply, object(0x8a, r.proof())...)
	}
	c.session.here, c.session.file = inMaster, nil
	c.grant(r.channel, ByPACE)
	return with(object(0x7c, reply))
}

// token authenticates a public key (ICAO 9303-11 §4.4.3.4): each side the other's.
func (r *run) token(key element) []byte {
	tag := byte(0x84)
	if r.group.elliptic() {
		tag = 0x86
	}
	content := append(object(0x06, r.OID()), object(tag, r.group.encode(key))...)
	message := slices.Concat([]byte{0x7f, 0x49}, length(len(content)), content)
	return r.Cipher.token(r.channel.mac, message)
}

// proof is what chip authentication mapping adds (ICAO 9303-11 §4.4.3.5): the mapping's ephemeral key over
// the static one, encrypted with the session key.
func (r *run) proof() []byte {
	n := r.group.order()
	quotient := new(big.Int).ModInverse(r.Static, n)
	quotient.Mod(quotient.Mul(quotient, r.ephemeral), n)
	plain := pad(quotient.FillBytes(make([]byte, r.group.exponent())), r.Cipher.block())
	block := r.Cipher.key(r.channel.enc)
	iv := bytes.Repeat([]byte{0xff}, r.Cipher.block())
	block.Encrypt(iv, iv)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(plain, plain)
	return plain
}
