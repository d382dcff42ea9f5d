package travel

import (
	"crypto/cipher"
	"encoding/hex"
	"math/big"

	"balcao/cardreader/travel/secure"
)

// The constants of the pseudo-random function of PACE's integrated mapping, by the length of its block of work:
// 128 bits with 3DES and AES-128, 256 with longer keys (Doc 9303-11 §4.4.3.3.2).
var (
	constants128 = [2][]byte{mustHex("a668892a7c41e3ca739f40b057d85904"), mustHex("a4e136ac725f738b01c1f60217c188ad")}
	constants256 = [2][]byte{
		mustHex("d463d65234124ef7897054986dca0a174e28df758cbaa03f240616414d5a1676"),
		mustHex("54bd7255f0aaf831bec3423fcf39d69b6cbf066677d0faae5aadd99df8e53517"),
	}
)

func mustHex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic("travel: " + err.Error())
	}
	return b
}

// pseudoRandom is R(s,t) before it is taken modulo the field: a chain of CBC encryptions, begun by the chip's nonce s
// under our nonce t, that gives a number of at least 64 bits more than the field has.
func pseudoRandom(c secure.Cipher, s, t []byte, bits int) *big.Int {
	constants := constants128
	if c.KeySize() > 16 {
		constants = constants256
	}
	key := encryptChain(c, t, s)
	defer clear(key)
	var out []byte
	for 8*len(out) < bits+64 {
		out = append(out, encryptChain(c, key[:c.KeySize()], constants[1])...)
		key = encryptChain(c, key[:c.KeySize()], constants[0])
	}
	return new(big.Int).SetBytes(out)
}

// encryptChain encrypts in CBC from a zero vector, without padding.
func encryptChain(c secure.Cipher, key, plain []byte) []byte {
	block := c.Block(key)
	out := make([]byte, len(plain))
	cipher.NewCBCEncrypter(block, make([]byte, block.BlockSize())).CryptBlocks(out, plain) //nolint:gosec // the standard's
	return out
}
