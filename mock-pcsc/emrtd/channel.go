package emrtd

import (
	"crypto/cipher"
	"crypto/subtle"
	"slices"
)

// channel is secure messaging (ICAO 9303-11 §9.8) with one pair of session keys.
type channel struct {
	cipher  Cipher
	enc     []byte
	mac     []byte
	counter []byte // send sequence counter, one block
}

// newChannel begins with a counter of zeros, as after PACE and chip authentication.
func newChannel(c Cipher, secret []byte) *channel {
	return &channel{
		cipher: c, enc: c.derive(secret, keyEncryption), mac: c.derive(secret, keyChecksum), counter: make([]byte, c.block()),
	}
}

// Tags of secure messaging data objects.
const (
	tagCryptogram      = 0x87 // with a padding indicator
	tagCryptogramPlain = 0x85 // without, for commands with odd INS
	tagLe              = 0x97
	tagStatus          = 0x99
	tagChecksum        = 0x8e
)

// checksumLength is the length of every checksum, AES-CMAC being cut to it.
const checksumLength = 8

// open verifies a protected command and returns it in clear.
func (c *channel) open(outer command) (command, status) {
	list, ok := objects(outer.data)
	if !ok {
		return command{}, statusWrongDataObjects
	}
	if len(list) == 0 || list[len(list)-1].tag != tagChecksum {
		return command{}, statusNoDataObjects
	}
	checksum := list[len(list)-1].value
	covered := outer.data[:len(outer.data)-len(object(tagChecksum, checksum))]
	c.count()
	header := pad([]byte{outer.cla, outer.ins, outer.p1, outer.p2}, c.cipher.block())
	if subtle.ConstantTimeCompare(c.checksum(append(header, covered...)), checksum) != 1 {
		return command{}, statusWrongDataObjects
	}
	inner := command{cla: outer.cla, ins: outer.ins, p1: outer.p1, p2: outer.p2}
	for _, o := range list[:len(list)-1] {
		if !c.apply(&inner, o) {
			return command{}, statusWrongDataObjects
		}
	}
	return inner, statusOK
}

// apply puts what one data object protects into the command.
func (c *channel) apply(inner *command, o dataObject) (ok bool) {
	switch {
	case o.tag == tagCryptogram && inner.data == nil && len(o.value) > 0 && o.value[0] == 0x01:
		inner.data, ok = c.decrypt(o.value[1:])
	case o.tag == tagCryptogramPlain && inner.data == nil && inner.ins&1 == 1:
		inner.data, ok = c.decrypt(o.value)
	case o.tag == tagLe && inner.le == 0 && len(o.value) == 1:
		inner.le, ok = expected(o.value, shortest), true
	case o.tag == tagLe && inner.le == 0 && len(o.value) == 2:
		inner.le, ok = expected(o.value, longest), true
	}
	return ok
}

// seal protects a response.
func (c *channel) seal(a answer, odd bool) []byte {
	c.count()
	var field []byte
	if len(a.data) > 0 {
		field = c.cryptogram(a.data, odd)
	}
	word := []byte{byte(a.status >> 8), byte(a.status)}
	field = append(field, object(tagStatus, word)...)
	field = append(field, object(tagChecksum, c.checksum(field))...)
	return append(field, word...)
}

func (c *channel) cryptogram(data []byte, odd bool) []byte {
	padded := pad(data, c.cipher.block())
	cipher.NewCBCEncrypter(c.cipher.key(c.enc), c.vector()).CryptBlocks(padded, padded)
	if odd {
		return object(tagCryptogramPlain, padded)
	}
	return object(tagCryptogram, []byte{0x01}, padded)
}

func (c *channel) decrypt(data []byte) ([]byte, bool) {
	if len(data) == 0 || len(data)%c.cipher.block() != 0 {
		return nil, false
	}
	plain := slices.Clone(data)
	cipher.NewCBCDecrypter(c.cipher.key(c.enc), c.vector()).CryptBlocks(plain, plain)
	return unpad(plain)
}

// room is how many bytes of data fit into a protected response whose data field may have n.
func (c *channel) room(n int, odd bool) int {
	const fixed = 4 + 2 + checksumLength // status and checksum objects
	block := c.cipher.block()
	for blocks := n / block; blocks > 0; blocks-- {
		content := blocks * block
		if !odd {
			content++ // padding indicator
		}
		if 1+len(length(content))+content+fixed <= n {
			return blocks*block - 1
		}
	}
	return 0
}

// vector is the initialisation vector: zeros for 3DES, the encrypted counter for AES (§9.8.6.1, §9.8.7.1).
func (c *channel) vector() []byte {
	iv := make([]byte, c.cipher.block())
	if c.cipher != TripleDES {
		c.cipher.key(c.enc).Encrypt(iv, c.counter)
	}
	return iv
}

func (c *channel) checksum(message []byte) []byte {
	return c.cipher.checksum(c.mac, pad(append(slices.Clone(c.counter), message...), c.cipher.block()))
}

func (c *channel) count() {
	for i := len(c.counter) - 1; i >= 0; i-- {
		if c.counter[i]++; c.counter[i] != 0 {
			return
		}
	}
}

// pad is method 2 of ISO/IEC 9797-1: a bit, and zeros up to the next whole block.
func pad(data []byte, block int) []byte {
	n := (len(data)/block + 1) * block
	out := make([]byte, n)
	copy(out, data)
	out[len(data)] = 0x80
	return out
}

func unpad(data []byte) ([]byte, bool) {
	for i := len(data) - 1; i >= 0; i-- {
		switch data[i] {
		case 0x00:
		case 0x80:
			return data[:i], true
		default:
			return nil, false
		}
	}
	return nil, false
}
