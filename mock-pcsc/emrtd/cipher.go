package emrtd

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/sha1" // what the standard derives 3DES and AES-128 keys with
	"crypto/sha256"
	"encoding/binary"
	"math/bits"

	"github.com/aead/cmac"
)

// Cipher is a block cipher of secure messaging, with the checksum that goes with it.
type Cipher byte

// Ciphers, by the last arc of the object identifiers of PACE and chip authentication.
const (
	TripleDES Cipher = 1
	AES128    Cipher = 2
	AES192    Cipher = 3
	AES256    Cipher = 4
)

// Counters of key derivation (ICAO 9303-11 §9.7.1).
const (
	keyEncryption = 1
	keyChecksum   = 2
	keyPassword   = 3
)

// derive is the key derivation function of ICAO 9303-11 §9.7.1.
func (c Cipher) derive(secret []byte, counter uint32) []byte {
	input := binary.BigEndian.AppendUint32(append([]byte(nil), secret...), counter)
	switch c {
	case AES192:
		sum := sha256.Sum256(input)
		return sum[:24]
	case AES256:
		sum := sha256.Sum256(input)
		return sum[:]
	case AES128:
		sum := sha1.Sum(input)
		return sum[:16]
	}
	sum := sha1.Sum(input)
	for i, b := range sum[:16] { // DES keys have odd parity
		sum[i] = b&0xfe | byte(^bits.OnesCount8(b&0xfe)&1)
	}
	return sum[:16]
}

// size is the length of a key in bytes.
func (c Cipher) size() int {
	switch c {
	case AES192:
		return 24
	case AES256:
		return 32
	}
	return 16
}

func (c Cipher) block() int {
	if c == TripleDES {
		return des.BlockSize
	}
	return aes.BlockSize
}

// key expands a key. 3DES keys have two parts, of which the first is used again.
func (c Cipher) key(k []byte) cipher.Block {
	expand := aes.NewCipher
	if c == TripleDES {
		expand, k = des.NewTripleDESCipher, append(append([]byte(nil), k...), k[:8]...)
	}
	block, err := expand(k)
	if err != nil {
		panic("emrtd: key of a wrong length: " + err.Error())
	}
	return block
}

// checksum is the retail MAC over whole blocks (ISO/IEC 9797-1 algorithm 3), or AES-CMAC cut to its
// first half.
func (c Cipher) checksum(k, blocks []byte) []byte {
	if c != TripleDES {
		sum, err := cmac.Sum(blocks, c.key(k), aes.BlockSize)
		if err != nil {
			panic("emrtd: " + err.Error())
		}
		return sum[:checksumLength]
	}
	first, err := des.NewCipher(k[:8])
	if err != nil {
		panic("emrtd: " + err.Error())
	}
	last, err := des.NewCipher(k[8:16])
	if err != nil {
		panic("emrtd: " + err.Error())
	}
	sum := make([]byte, des.BlockSize)
	for ; len(blocks) > 0; blocks = blocks[des.BlockSize:] {
		for i := range sum {
			sum[i] ^= blocks[i]
		}
		first.Encrypt(sum, sum)
	}
	last.Decrypt(sum, sum)
	first.Encrypt(sum, sum)
	return sum
}

// token is the checksum of PACE and BAC, over a message that is no whole number of blocks: CMAC pads by
// itself.
func (c Cipher) token(k, message []byte) []byte {
	if c == TripleDES {
		message = pad(message, c.block())
	}
	return c.checksum(k, message)
}

// encrypt and decrypt are CBC without padding from a vector of zeros, for nonces and BAC.
func (c Cipher) encrypt(k, data []byte) []byte {
	out := make([]byte, len(data))
	cipher.NewCBCEncrypter(c.key(k), make([]byte, c.block())).CryptBlocks(out, data)
	return out
}

func (c Cipher) decrypt(k, data []byte) []byte {
	out := make([]byte, len(data))
	cipher.NewCBCDecrypter(c.key(k), make([]byte, c.block())).CryptBlocks(out, data)
	return out
}
