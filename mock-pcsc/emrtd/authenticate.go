package emrtd

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1" // hashes of active authentication
	_ "crypto/sha256"
	_ "crypto/sha512"
	"math/big"
	"slices"
)

// A ChipKey is a static key of chip authentication (ICAO 9303-11 §6.2). Ciphers says for which the chip
// announces it.
type ChipKey struct {
	ID      int // key identifier; negative: there is one key and it has none
	Ciphers []Cipher
	Domain  byte
	Private *big.Int
}

// ChipOID is the object identifier of chip authentication with a cipher, content octets only.
func ChipOID(domain byte, c Cipher) []byte {
	kind := byte(2)
	if domain <= 2 {
		kind = 1
	}
	return append(arcs(0x03), kind, byte(c))
}

// Public is the public key over standardised parameters, as DG14 has it and a reader sends its own.
func Public(domain byte, private *big.Int) ([]byte, error) {
	g, err := groupOf(domain)
	if err != nil {
		return nil, err
	}
	return g.encode(g.times(g.generator(), private)), nil
}

// chosenKey is what MSE:Set AT chose for the GENERAL AUTHENTICATE that follows.
type chosenKey struct {
	key    *ChipKey
	cipher Cipher
}

// mayAuthenticate says whether the chip would prove itself now: not to strangers.
func (c *Chip) mayAuthenticate() bool {
	return c.session.channel != nil && c.session.here != inMaster
}

func (c *Chip) setChipKey(list []dataObject) answer {
	c.session.chosen = nil
	if !c.mayAuthenticate() {
		return refused(statusSecurity)
	}
	var oid, reference []byte
	for _, o := range list {
		switch o.tag {
		case 0x80:
			oid = o.value
		case 0x84:
			reference = o.value
		default:
			return refused(statusWrongData)
		}
	}
	for _, k := range c.Chip {
		for _, cipher := range k.Ciphers {
			if bytes.Equal(ChipOID(k.Domain, cipher), oid) && k.named(reference, len(c.Chip)) {
				c.session.chosen = &chosenKey{k, cipher}
				return with(nil)
			}
		}
	}
	return refused(statusNotFound)
}

// named says whether a reference means the key. It may be left out where there is one key.
func (k *ChipKey) named(reference []byte, keys int) bool {
	if reference == nil {
		return keys == 1
	}
	return k.ID >= 0 && new(big.Int).SetBytes(reference).Cmp(big.NewInt(int64(k.ID))) == 0
}

// agreeAsChosen is chip authentication by GENERAL AUTHENTICATE.
func (c *Chip) agreeAsChosen(inner dataObject) answer {
	chosen := c.session.chosen
	c.session.chosen = nil
	if inner.tag != 0x80 {
		return refused(statusWrongData)
	}
	if !c.agreeWith(chosen.key, chosen.cipher, inner.value) {
		return refused(statusWrongData)
	}
	return with([]byte{0x7c, 0x00})
}

// setKeyAgreement is chip authentication by MSE:Set KAT, which only 3DES knows.
func (c *Chip) setKeyAgreement(list []dataObject) answer {
	if !c.mayAuthenticate() {
		return refused(statusSecurity)
	}
	var public, reference []byte
	for _, o := range list {
		switch o.tag {
		case 0x91:
			public = o.value
		case 0x84:
			reference = o.value
		default:
			return refused(statusWrongData)
		}
	}
	for _, k := range c.Chip {
		if slices.Contains(k.Ciphers, TripleDES) && k.named(reference, len(c.Chip)) {
			if !c.agreeWith(k, TripleDES, public) {
				return refused(statusWrongData)
			}
			return with(nil)
		}
	}
	return refused(statusNotFound)
}

// agreeWith makes new session keys, which count after the response.
func (c *Chip) agreeWith(k *ChipKey, cipher Cipher, public []byte) bool {
	g, err := groupOf(k.Domain)
	if err != nil {
		return false
	}
	theirs, ok := g.parse(public)
	if !ok {
		return false
	}
	c.session.next = newChannel(cipher, g.secret(g.times(theirs, k.Private)))
	return true
}

// An ActiveKey is the key of active authentication (ICAO 9303-11 §6.1): RSA or ECDSA.
type ActiveKey struct {
	Private crypto.Signer
	Hash    crypto.Hash
}

// activeChallenge is the length of the reader's challenge.
const activeChallenge = 8

// internalAuthenticate is INTERNAL AUTHENTICATE: the chip signs the reader's challenge.
func (c *Chip) internalAuthenticate(cmd command, room int) answer {
	switch {
	case cmd.p1 != 0 || cmd.p2 != 0:
		return refused(statusWrongP1P2)
	case !c.mayAuthenticate():
		return refused(statusSecurity)
	case len(cmd.data) != activeChallenge || cmd.le == 0:
		return refused(statusWrongLength)
	}
	signature := c.Active.sign(cmd.data)
	if len(signature) > room {
		return refused(statusWrongLength)
	}
	return with(signature)
}

func (k *ActiveKey) sign(challenge []byte) []byte {
	switch key := k.Private.(type) {
	case *rsa.PrivateKey:
		return k.recoverable(key, challenge)
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, key, k.sum(challenge))
		if err != nil {
			panic("emrtd: signing: " + err.Error())
		}
		size := (key.Params().N.BitLen() + 7) / 8
		return append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...)
	}
	panic("emrtd: key that is neither RSA nor on a curve")
}

// trailers of ISO/IEC 9796-2 by hash. SHA-1 may be implied, as nearly all chips do.
var trailers = map[crypto.Hash][]byte{
	crypto.SHA1: {0xbc}, crypto.SHA224: {0x38, 0xcc}, crypto.SHA256: {0x34, 0xcc},
	crypto.SHA384: {0x36, 0xcc}, crypto.SHA512: {0x35, 0xcc},
}

// recoverable is scheme 1 of ISO/IEC 9796-2 with partial recovery: the chip's own random message is
// inside the signature, the reader's challenge beside it.
func (k *ActiveKey) recoverable(key *rsa.PrivateKey, challenge []byte) []byte {
	trailer := trailers[k.Hash]
	message := make([]byte, key.Size()-1-k.Hash.Size()-len(trailer))
	_, _ = rand.Read(message) // never fails, see crypto/rand
	digest := k.sum(message, challenge)
	representative := slices.Concat([]byte{0x6a}, message, digest, trailer)
	signature := new(big.Int).Exp(new(big.Int).SetBytes(representative), key.D, key.N)
	return signature.FillBytes(make([]byte, key.Size()))
}

func (k *ActiveKey) sum(parts ...[]byte) []byte {
	h := k.Hash.New()
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}
