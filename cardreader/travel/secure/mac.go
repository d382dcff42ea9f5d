package secure

import (
	"crypto/cipher"
	"crypto/des" //nolint:gosec // what documents of the first years have
	"crypto/subtle"
)

// MACSize is the length of a checksum: every one is cut to it.
const MACSize = 8

// MAC returns the 8-byte checksum of a message: for 3DES ISO/IEC 9797-1 MAC algorithm 3 with padding
// method 2, for AES the first half of CMAC (NIST SP 800-38B). Compare with hmac.Equal or subtle.
func (c Cipher) MAC(key, message []byte) []byte {
	if c == TripleDES {
		return retailMAC(key, Pad(message, des.BlockSize))
	}
	return cmac(c.Block(key), message)[:MACSize]
}

// Pad appends padding method 2 of ISO/IEC 9797-1: 80 and zeros, always at least one byte, to a copy.
func Pad(message []byte, block int) []byte {
	size := (len(message)/block + 1) * block
	padded := make([]byte, size)
	copy(padded, message)
	padded[len(message)] = 0x80
	return padded
}

// Unpad removes that padding; ok is false when there is none. It is called only after the checksum
// was verified, so that its result is no padding oracle.
func Unpad(padded []byte) (message []byte, ok bool) {
	for i := len(padded) - 1; i >= 0; i-- {
		switch padded[i] {
		case 0x00:
		case 0x80:
			return padded[:i:i], true
		default:
			return nil, false
		}
	}
	return nil, false
}

// retailMAC is DES in CBC with the first half of the key, and the last block decrypted with the second
// half and encrypted with the first again. The message is whole blocks.
func retailMAC(key, message []byte) []byte {
	first, err := des.NewCipher(key[:8]) //nolint:gosec // as above
	if err != nil {
		panic("secure: " + err.Error())
	}
	second, err := des.NewCipher(key[8:16]) //nolint:gosec // as above
	if err != nil {
		panic("secure: " + err.Error())
	}
	mac := make([]byte, des.BlockSize)
	for ; len(message) > 0; message = message[des.BlockSize:] {
		subtle.XORBytes(mac, mac, message[:des.BlockSize])
		first.Encrypt(mac, mac)
	}
	second.Decrypt(mac, mac)
	first.Encrypt(mac, mac)
	return mac
}

// cmac is NIST SP 800-38B §6.2, for blocks of 16 bytes.
func cmac(block cipher.Block, message []byte) []byte {
	size := block.BlockSize()
	subkey := make([]byte, size)
	block.Encrypt(subkey, subkey)
	double(subkey)
	mac := make([]byte, size)
	for len(message) > size {
		subtle.XORBytes(mac, mac, message[:size])
		block.Encrypt(mac, mac)
		message = message[size:]
	}
	last := message
	if len(message) < size {
		double(subkey)
		last = Pad(message, size)
	}
	subtle.XORBytes(mac, mac, last)
	subtle.XORBytes(mac, mac, subkey)
	block.Encrypt(mac, mac)
	return mac
}

// double multiplies by x in GF(2^128), SP 800-38B §6.1, without a branch on the key.
func double(b []byte) {
	carry := byte(0)
	for i := len(b) - 1; i >= 0; i-- {
		next := b[i] >> 7
		b[i] = b[i]<<1 | carry
		carry = next
	}
	b[len(b)-1] ^= 0x87 & -carry
}
