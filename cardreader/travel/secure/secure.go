// Package secure is the secure messaging of travel documents (ICAO Doc 9303-11 §9.8): the keys that come
// out of a shared secret, the checksums, and a Session that wraps commands and unwraps answers.
//
//	session, err := secure.New(secure.AES128, secret, ssc)
//	data, sw, err := session.Exchange(ctx, transmitter, command)
//
// A Session counts every command. One answer that does not verify ends it for good (§9.8.2),
// because the chip's counter is unknown from then on: every later call returns ErrResponse, and
// nothing is ever sent in clear instead. Key agreement is not part of this package.
//
// Keys are overwritten by Wipe. What crypto/aes and crypto/des expand from them cannot be, and is left to the
// garbage collector; it dies with the session.
package secure

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des" //nolint:gosec // what documents of the first years have
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/bits"
)

// ErrResponse means that an answer inside secure messaging was not made by the chip of this
// session: it is not protected, is cut short, or has a checksum that does not verify.
var ErrResponse = errors.New("answer fails secure messaging")

// Cipher is one of the four that Doc 9303-11 §9.8 has. The zero value is none.
type Cipher int

// The ciphers, weakest first, so that they can be compared.
const (
	TripleDES Cipher = iota + 1 // two keys, CBC; ISO/IEC 9797-1 MAC algorithm 3
	AES128                      // CBC; CMAC
	AES192
	AES256
)

// String returns "3DES", "AES-128" and so on.
func (c Cipher) String() string {
	switch c {
	case TripleDES:
		return "3DES"
	case AES128:
		return "AES-128"
	case AES192:
		return "AES-192"
	case AES256:
		return "AES-256"
	}
	return fmt.Sprintf("Cipher(%d)", int(c))
}

// KeySize is the length of a key in bytes.
func (c Cipher) KeySize() int {
	switch c {
	case AES192:
		return 24
	case AES256:
		return 32
	}
	return 16
}

// BlockSize is the length of a block in bytes, and of the send sequence counter.
func (c Cipher) BlockSize() int {
	if c == TripleDES {
		return des.BlockSize
	}
	return aes.BlockSize
}

// Block returns the block cipher with a key of KeySize bytes; another size is a programmer's error.
func (c Cipher) Block(key []byte) cipher.Block {
	if len(key) != c.KeySize() {
		panic(fmt.Sprintf("secure: key of %d bytes for %v", len(key), c))
	}
	var block cipher.Block
	var err error
	if c == TripleDES {
		three := append(append(make([]byte, 0, 24), key...), key[:8]...)
		defer clear(three)
		block, err = des.NewTripleDESCipher(three) //nolint:gosec // as above
	} else {
		block, err = aes.NewCipher(key)
	}
	if err != nil {
		panic("secure: " + err.Error()) // the size was right, and they refuse nothing else
	}
	return block
}

// What a key derived from a secret is for (Doc 9303-11 §9.7.1).
const (
	ForEncryption = 1
	ForMAC        = 2
	ForPassword   = 3 // K_pi of PACE
)

// DeriveKey is the key derivation function of Doc 9303-11 §9.7.1: the beginning of the hash of the secret and a
// counter. The secret has its full length, leading zeros included. DES keys get their parity.
func (c Cipher) DeriveKey(secret []byte, purpose byte) []byte {
	input := append(append(make([]byte, 0, len(secret)+4), secret...), 0, 0, 0, purpose)
	defer clear(input)
	key := make([]byte, c.KeySize())
	if c == AES192 || c == AES256 {
		hash := sha256.Sum256(input)
		copy(key, hash[:])
		clear(hash[:])
		return key
	}
	hash := sha1.Sum(input) //nolint:gosec // the standard's; collisions do not matter here
	copy(key, hash[:])
	clear(hash[:])
	if c == TripleDES {
		for i, b := range key {
			key[i] = b&0xFE | byte(bits.OnesCount8(b>>1)+1)&1
		}
	}
	return key
}
