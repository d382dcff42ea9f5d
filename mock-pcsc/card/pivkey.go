package card

import (
	"bytes"
	"crypto"
	"crypto/des"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"math/big"
	"slices"
)

// Algorithms (SP 800-78-4 table 6-2).
const (
	piv3DES    = 0x03
	pivRSA2048 = 0x07
	pivP256    = 0x11
	pivP384    = 0x14
)

// pivManagementKey is that of every card from the factory.
var pivManagementKey = bytes.Repeat([]byte{1, 2, 3, 4, 5, 6, 7, 8}, 3)

// authenticate is GENERAL AUTHENTICATE (SP 800-73-4 part 2 §3.2.4): a signature, or one of the two commands with which
// a program and the card show each other that they have the management key.
func (p *PIV) authenticate(cmd command) []byte {
	template, rest, ok := cutTLV(0x7c, cmd.data)
	if !ok || len(rest) > 0 {
		return statusWrongData.alone()
	}
	fields := map[byte][]byte{}
	for len(template) > 0 {
		tag := template[0]
		if fields[tag], template, ok = cutTLV(tag, template); !ok {
			return statusWrongData.alone()
		}
	}
	if cmd.p2 == pivManagement {
		return p.manage(cmd.p1, fields)
	}
	key, ok := p.Keys[cmd.p2]
	switch {
	case !ok || cmd.p1 != pivAlgorithm(key):
		return statusWrongP1P2.alone()
	case cmd.p2 != pivCardAuth && !p.session.verified:
		return statusSecurity.alone()
	}
	signature, ok := pivSign(key, fields[0x81])
	if !ok {
		return statusWrongData.alone()
	}
	return p.reply(tlv(0x7c, tlv(0x82, signature)), cmd.le)
}

func pivAlgorithm(key crypto.Signer) byte {
	switch public := key.Public().(type) {
	case *rsa.PublicKey:
		return pivRSA2048
	case *ecdsa.PublicKey:
		if public.Curve == elliptic.P384() {
			return pivP384
		}
	}
	return pivP256
}

// pivSign signs what the program padded or hashed: RSA raises it to the private exponent, ECDSA takes it as the hash.
func pivSign(key crypto.Signer, input []byte) (signature []byte, ok bool) {
	switch key := key.(type) {
	case *rsa.PrivateKey:
		m := new(big.Int).SetBytes(input)
		if len(input) != key.Size() || m.Cmp(key.N) >= 0 {
			return nil, false
		}
		return m.Exp(m, key.D, key.N).FillBytes(make([]byte, key.Size())), true
	case *ecdsa.PrivateKey:
		if len(input) == 0 || len(input) > (key.Params().BitSize+7)/8 {
			return nil, false
		}
		signature, err := ecdsa.SignASN1(rand.Reader, key, input)
		return signature, err == nil
	}
	return nil, false
}

// manage is mutual authentication with the management key: the card gives a witness, which the program deciphers, and
// the program a challenge, which the card enciphers.
func (p *PIV) manage(algorithm byte, fields map[byte][]byte) []byte {
	cipher, err := des.NewTripleDESCipher(pivManagementKey)
	if err != nil || algorithm != piv3DES {
		return statusWrongP1P2.alone()
	}
	witness, asked := fields[0x80]
	out := make([]byte, des.BlockSize)
	switch expected := p.session.witness; {
	case asked && len(witness) == 0:
		p.session.witness = make([]byte, des.BlockSize)
		_, _ = rand.Read(p.session.witness) // never fails
		cipher.Encrypt(out, p.session.witness)
		return statusOK.after(tlv(0x7c, tlv(0x80, out)))
	case expected == nil || len(fields[0x81]) != des.BlockSize:
		return statusWrongData.alone()
	default:
		p.session.witness = nil
		if !bytes.Equal(witness, expected) {
			return statusSecurity.alone()
		}
	}
	p.session.managed = true
	cipher.Encrypt(out, fields[0x81])
	return statusOK.after(tlv(0x7c, tlv(0x82, out)))
}

// generate is GENERATE ASYMMETRIC KEY PAIR (SP 800-73-4 part 2 §3.3.2).
func (p *PIV) generate(cmd command) []byte {
	control, _, ok := cutTLV(0xac, cmd.data)
	algorithm, _, okToo := cutTLV(0x80, control)
	switch {
	case !p.session.managed:
		return statusSecurity.alone()
	case cmd.p2 < PIVAuthentication || cmd.p2 > pivCardAuth || cmd.p2 == pivManagement:
		return statusWrongP1P2.alone()
	case !ok || !okToo || len(algorithm) != 1:
		return statusWrongData.alone()
	}
	var key crypto.Signer
	var err error
	switch algorithm[0] {
	case pivRSA2048:
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	case pivP256:
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case pivP384:
		key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	default:
		return statusWrongData.alone()
	}
	if err != nil {
		return statusConditions.alone()
	}
	p.Keys[cmd.p2] = key
	return p.reply(append([]byte{0x7f}, tlv(0x49, pivPublic(key))...), cmd.le)
}

// pivPublic is a public key as GENERATE and the metadata have it: 81 modulus and 82 exponent, or 86 point.
func pivPublic(key crypto.Signer) []byte {
	switch public := key.Public().(type) {
	case *rsa.PublicKey:
		return append(tlv(0x81, public.N.Bytes()), tlv(0x82, big.NewInt(int64(public.E)).Bytes())...)
	case *ecdsa.PublicKey:
		point, err := public.Bytes()
		if err == nil {
			return tlv(0x86, point)
		}
	}
	return nil
}

// putData is PUT DATA (SP 800-73-4 part 2 §3.3.1). An empty object is none.
func (p *PIV) putData(cmd command) Status {
	tag, rest, ok := pivTag(cmd.data)
	object, rest, okToo := cutTLV(0x53, rest)
	switch {
	case !p.session.managed:
		return statusSecurity
	case !ok || !okToo || len(rest) > 0:
		return statusWrongData
	case len(object) == 0:
		delete(p.Objects, tag)
	default:
		p.Objects[tag] = bytes.Clone(object)
	}
	return statusOK
}

// metadata is YubiKeys' GET METADATA: 01 algorithm, 02 policies of PIN and touch, 03 origin, 04 public key, 05 whether
// it is from the factory, 06 tries.
func (p *PIV) metadata(cmd command) []byte {
	const (
		once, never, imported = 2, 1, 2
		factory               = 1
	)
	switch key, ok := p.Keys[cmd.p2]; {
	case ok:
		return p.reply(slices.Concat(tlv(0x01, []byte{pivAlgorithm(key)}), tlv(0x02, []byte{once, never}),
			tlv(0x03, []byte{imported}), tlv(0x04, pivPublic(key))), cmd.le)
	case cmd.p2 == pivManagement:
		return statusOK.after(slices.Concat(tlv(0x01, []byte{piv3DES}), tlv(0x02, []byte{0, never}), tlv(0x05, []byte{factory})))
	case cmd.p2 == PINPIV:
		return statusOK.after(slices.Concat(tlv(0x01, []byte{0xff}), tlv(0x05, []byte{0}), tlv(0x06, []byte{maxTries, byte(p.PIN.tries)})))
	}
	return statusNotFound.alone()
}
