package emrtd

// Constants of the integrated mapping (ICAO 9303-11 §4.4.3.3.2), for nonces of 128 and of 256 bits.
var integratedConstants = map[int][2]string{
	16: {"a668892a7c41e3ca739f40b057d85904", "a4e136ac725f738b01c1f60217c188ad"},
	32: {
		"d463d65234124ef7897054986dca0a174e28df758cbaa03f240616414d5a1676",
		"54bd7255f0aaf831bec3423fcf39d69b6cbf066677d0faae5aadd99df8e53517",
	},
}

// integratedLength is the length of the chip's nonce: at least a key's.
func integratedLength(c Cipher) int {
	if c == AES192 || c == AES256 {
		return 32
	}
	return 16
}

// surplus is by how many bytes the pseudo-random number is longer than the field, so that reducing it
// favours no element.
const surplus = 8

// integrated is the pseudo-random function of the integrated mapping: blocks made of the chip's nonce s
// and the reader's nonce t, enough for the field. The caller reduces them.
func integrated(c Cipher, g group, s, t []byte) []byte {
	constants := integratedConstants[len(s)]
	c0, c1 := hex(constants[0]).FillBytes(make([]byte, len(s))), hex(constants[1]).FillBytes(make([]byte, len(s)))
	field := len(g.secret(g.generator()))
	var out []byte
	key := c.encrypt(t, s)
	for len(out) < field+surplus {
		k := key[:c.size()]
		out = append(out, c.encrypt(k, c1)...)
		key = c.encrypt(k, c0)
	}
	return out
}
