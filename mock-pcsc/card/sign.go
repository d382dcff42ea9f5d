package card

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1" // hashes that signatures name
	_ "crypto/sha256"
	_ "crypto/sha512"
	"maps"
)

// A Key is a private key of the card.
type Key struct {
	Ref     byte // tag 84 of MANAGE SECURITY ENVIRONMENT
	PIN     byte // reference of the one that must be verified
	OneUse  bool // each use takes the PIN's verification away (user consent)
	Private crypto.Signer
}

// An Algorithm is what an algorithm reference of MANAGE SECURITY ENVIRONMENT means.
type Algorithm struct {
	Hash        crypto.Hash // 0: the data are a finished DigestInfo
	PSS         bool        // RSASSA-PSS instead of PKCS #1 v1.5
	Unsupported bool        // known to the applet, refused when the hash comes
}

// AlgorithmsRSA3 returns the algorithms of the first generation's applet 3 by their references. It takes
// the reference of a hash longer than SHA-256 and refuses the hash.
func AlgorithmsRSA3() map[byte]Algorithm {
	return map[byte]Algorithm{
		0x02: {}, 0x12: {Hash: crypto.SHA1}, 0x42: {Hash: crypto.SHA256},
		0x52: {Hash: crypto.SHA384, Unsupported: true}, 0x62: {Hash: crypto.SHA512, Unsupported: true},
	}
}

// AlgorithmsRSA4 returns those of applet 4, which knows all four hashes and RSA-PSS.
func AlgorithmsRSA4() map[byte]Algorithm {
	all := AlgorithmsRSA3()
	maps.Copy(all, map[byte]Algorithm{
		0x52: {Hash: crypto.SHA384}, 0x62: {Hash: crypto.SHA512},
		0x15: {Hash: crypto.SHA1, PSS: true}, 0x45: {Hash: crypto.SHA256, PSS: true},
		0x55: {Hash: crypto.SHA384, PSS: true}, 0x65: {Hash: crypto.SHA512, PSS: true},
	})
	return all
}

// AlgorithmsECDSA are those of the 2024 generation.
func AlgorithmsECDSA() map[byte]Algorithm {
	return map[byte]Algorithm{
		0x14: {Hash: crypto.SHA1}, 0x34: {Hash: crypto.SHA224}, 0x44: {Hash: crypto.SHA256},
		0x54: {Hash: crypto.SHA384}, 0x64: {Hash: crypto.SHA512},
	}
}

// environment is the security environment: what the next signature is made with, and over what.
type environment struct {
	key  *Key
	alg  Algorithm
	hash []byte
}

// manageSecurity is MANAGE SECURITY ENVIRONMENT (ISO/IEC 7816-4 §11.6.11): SET for digital signatures, and
// RESTORE, which finds nothing stored and leaves the environment empty.
func (c *Chip) manageSecurity(cmd command) []byte {
	switch {
	case c.session.app == nil || !c.session.app.Holds:
		return statusConditions.alone()
	case (cmd.p1 == 0xf3 || cmd.p1 == 0x73) && len(cmd.data) == 0:
		c.session.env = environment{}
		return statusOK.alone()
	case cmd.p1 != 0x41:
		return statusWrongP1P2.alone()
	case cmd.p2 != 0xb6:
		return statusNotFound.alone()
	}
	alg, key, ok := references(cmd.data)
	if !ok {
		return statusWrongData.alone()
	}
	return c.setEnvironment(alg, key).alone()
}

func (c *Chip) setEnvironment(alg, ref byte) Status {
	algorithm, ok := c.Algorithms[alg]
	if !ok {
		return statusWrongData
	}
	for _, k := range c.Keys {
		if k.Ref == ref {
			c.session.env = environment{key: k, alg: algorithm}
			return statusOK
		}
	}
	return statusNotFound
}

// references reads the control reference template: 80 algorithm, 84 private key, in either order.
func references(data []byte) (alg, key byte, ok bool) {
	var haveAlg, haveKey bool
	for ; len(data) >= 3; data = data[3:] {
		switch {
		case data[1] != 1:
			return 0, 0, false
		case data[0] == 0x80:
			alg, haveAlg = data[2], true
		case data[0] == 0x84:
			key, haveKey = data[2], true
		default:
			return 0, 0, false
		}
	}
	return alg, key, haveAlg && haveKey && len(data) == 0
}

// perform is PERFORM SECURITY OPERATION (ISO/IEC 7816-8 §11): HASH takes a finished hash, COMPUTE DIGITAL
// SIGNATURE signs it. The card hashes nothing itself.
func (c *Chip) perform(cmd command) []byte {
	switch {
	case cmd.p1 == 0x90 && cmd.p2 == 0xa0:
		return c.takeHash(cmd.data).alone()
	case cmd.p1 == 0x9e && cmd.p2 == 0x9a:
		return c.computeSignature(cmd)
	}
	return statusWrongP1P2.alone()
}

func (c *Chip) takeHash(data []byte) Status {
	env := &c.session.env
	switch {
	case env.key == nil, env.alg.Unsupported:
		return statusConditions
	case len(data) < 3 || data[0] != 0x90 || int(data[1]) != len(data)-2:
		return statusWrongData
	}
	hash := data[2:]
	if env.alg.Hash != 0 && len(hash) != env.alg.Hash.Size() {
		return statusWrongData
	}
	env.hash = bytes.Clone(hash)
	return statusOK
}

func (c *Chip) computeSignature(cmd command) []byte {
	env := &c.session.env
	switch {
	case len(cmd.data) != 0:
		return statusWrongLength.alone()
	case env.key == nil || env.hash == nil:
		return statusConditions.alone()
	case !c.session.verified[env.key.PIN]:
		return statusSecurity.alone()
	}
	signature, err := env.sign()
	env.hash = nil
	if env.key.OneUse {
		delete(c.session.verified, env.key.PIN)
	}
	if err != nil {
		return statusWrongData.alone()
	}
	return c.reply(signature, cmd.le)
}

// sign makes what the card sends: PKCS #1 v1.5 or PSS, or r and s of fixed length side by side.
func (e environment) sign() ([]byte, error) {
	switch key := e.key.Private.(type) {
	case *rsa.PrivateKey:
		if e.alg.PSS {
			opts := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
			return rsa.SignPSS(rand.Reader, key, e.alg.Hash, e.hash, opts)
		}
		return rsa.SignPKCS1v15(nil, key, e.alg.Hash, e.hash)
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, key, e.hash)
		if err != nil {
			return nil, err
		}
		size := (key.Params().BitSize + 7) / 8
		out := make([]byte, 2*size)
		r.FillBytes(out[:size])
		s.FillBytes(out[size:])
		return out, nil
	}
	panic("card: key that is neither RSA nor on a curve")
}
