package emrtdtest

import (
	"bytes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha1" // what passwords and seeds are made with
	"errors"
	"fmt"
	"math/big"

	"balcao/mock-pcsc/curve"
	"balcao/mock-pcsc/emrtd"
)

// BAC opens the eMRTD application with the MRZ information: number, birth and expiry with their check digits.
func (t *Terminal) BAC(information []byte) error {
	if err := t.SelectTravel(); err != nil {
		return fmt.Errorf("selecting the application: %w", err)
	}
	challenge, err := t.Send([4]byte{0x00, 0x84, 0, 0}, nil, 8)
	if err != nil {
		return fmt.Errorf("challenge: %w", err)
	}
	seed := sha1.Sum(information)
	enc := block(emrtd.TripleDES, derive(emrtd.TripleDES, seed[:16], 1))
	mac := derive(emrtd.TripleDES, seed[:16], 2)
	own := make([]byte, 8+16)
	_, _ = rand.Read(own)
	message := append(append(bytes.Clone(own[:8]), challenge...), own[8:]...)
	cipher.NewCBCEncrypter(enc, make([]byte, 8)).CryptBlocks(message, message)
	reply, err := t.Send([4]byte{0x00, 0x82, 0, 0}, append(message, checksum(true, mac, pad(message, 8))...), 40)
	if err != nil {
		return fmt.Errorf("authentication: %w", err)
	}
	if len(reply) != 40 || !bytes.Equal(checksum(true, mac, pad(reply[:32], 8)), reply[32:]) {
		return errors.New("the chip's answer is not authentic")
	}
	plain := make([]byte, 32)
	cipher.NewCBCDecrypter(enc, make([]byte, 8)).CryptBlocks(plain, reply[:32])
	if !bytes.Equal(plain[:8], challenge) || !bytes.Equal(plain[8:16], own[:8]) {
		return errors.New("the chip's answer is to another question")
	}
	shared := make([]byte, 16)
	for i := range shared {
		shared[i] = own[8+i] ^ plain[16+i]
	}
	t.Messages = NewMessages(emrtd.TripleDES, shared)
	t.Messages.counter.SetBytes(append(bytes.Clone(challenge[4:]), own[4:8]...))
	return nil
}

// A Proof is what chip authentication mapping adds to PACE: the chip's public key of the mapping, and the number by
// which its static key must be multiplied to give that.
type Proof struct {
	Mapping []byte
	Factor  *big.Int
}

// PACE opens the chip over a curve with generic mapping, or with that of chip authentication. MRZ information is
// hashed here.
func (t *Terminal) PACE(p emrtd.PACE, reference byte, password []byte) (*Proof, error) {
	c, err := curve.ByDomain(p.Domain)
	if err != nil {
		return nil, err
	}
	if reference == emrtd.PasswordMRZ {
		sum := sha1.Sum(password)
		password = sum[:]
	}
	setting := append(wrap(0x80, p.OID()), 0x83, 1, reference)
	if _, err := t.Send([4]byte{0x00, 0x22, 0xc1, 0xa4}, setting, 0); err != nil {
		return nil, fmt.Errorf("choosing PACE: %w", err)
	}
	key := block(p.Cipher, derive(p.Cipher, password, 3))
	nonce, err := t.step(0, nil, 0x80)
	if err != nil {
		return nil, err
	}
	cipher.NewCBCDecrypter(key, make([]byte, key.BlockSize())).CryptBlocks(nonce, nonce)

	private, public := pair(c, c.Params().Gx, c.Params().Gy)
	mapping, err := t.step(0x81, public, 0x82)
	if err != nil {
		return nil, err
	}
	x, y, ok := c.Parse(mapping)
	if !ok {
		return nil, errors.New("the chip's key of the mapping is no point")
	}
	hx, hy := c.ScalarMult(x, y, private)
	gx, gy := c.ScalarBaseMult(nonce)
	gx, gy = c.Add(gx, gy, hx, hy)

	private, public = pair(c, gx, gy)
	theirs, err := t.step(0x83, public, 0x84)
	if err != nil {
		return nil, err
	}
	if x, y, ok = c.Parse(theirs); !ok {
		return nil, errors.New("the chip's key is no point")
	}
	sx, _ := c.ScalarMult(x, y, private)
	messages := NewMessages(p.Cipher, sx.FillBytes(make([]byte, c.Size())))
	proof, err := t.tokens(p, messages, theirs, public)
	if err != nil {
		return nil, err
	}
	t.Messages = messages
	if proof != nil {
		return &Proof{Mapping: mapping, Factor: new(big.Int).SetBytes(proof)}, nil
	}
	return nil, nil
}

// tokens exchanges the authentication tokens, and decrypts what comes beside the chip's.
func (t *Terminal) tokens(p emrtd.PACE, m *Messages, theirs, own []byte) (proof []byte, err error) {
	token := func(public []byte) []byte {
		content := append(wrap(0x06, p.OID()), wrap(0x86, public)...)
		message := append([]byte{0x7f}, wrap(0x49, content)...)
		if m.tripleDES {
			message = pad(message, 8)
		}
		return checksum(m.tripleDES, m.mac, message)
	}
	answer, err := t.Send([4]byte{0x00, 0x86, 0, 0}, wrap(0x7c, wrap(0x85, token(theirs))), 256)
	if err != nil {
		return nil, fmt.Errorf("token: %w", err)
	}
	_, inside, _, _ := next(answer)
	tag, got, rest, ok := next(inside)
	if !ok || tag != 0x86 || !bytes.Equal(got, token(own)) {
		return nil, errors.New("the chip's token is wrong")
	}
	if len(rest) == 0 {
		return nil, nil
	}
	_, encrypted, _, _ := next(rest)
	iv := bytes.Repeat([]byte{0xff}, m.block.BlockSize())
	m.block.Encrypt(iv, iv)
	plain := make([]byte, len(encrypted))
	cipher.NewCBCDecrypter(m.block, iv).CryptBlocks(plain, encrypted)
	return plain[:bytes.LastIndexByte(plain, 0x80)], nil
}

// step is one GENERAL AUTHENTICATE of PACE, not the last.
func (t *Terminal) step(tag byte, value []byte, want byte) ([]byte, error) {
	var inner []byte
	if tag != 0 {
		inner = wrap(tag, value)
	}
	answer, err := t.Send([4]byte{0x10, 0x86, 0, 0}, wrap(0x7c, inner), 256)
	if err != nil {
		return nil, fmt.Errorf("general authenticate %02X: %w", tag, err)
	}
	_, inside, _, _ := next(answer)
	got, value, _, ok := next(inside)
	if !ok || got != want {
		return nil, fmt.Errorf("general authenticate %02X: no object %02X", tag, want)
	}
	return bytes.Clone(value), nil
}

// ChipAuthentication agrees on new keys with the chip's certified public key. Whether the chip has the
// private one shows with the next command.
func (t *Terminal) ChipAuthentication(c *curve.Curve, cipher emrtd.Cipher, certified []byte) error {
	x, y, ok := c.Parse(certified)
	if !ok {
		return errors.New("the certified key is no point")
	}
	private, public := pair(c, c.Params().Gx, c.Params().Gy)
	if cipher == emrtd.TripleDES {
		if _, err := t.Send([4]byte{0x00, 0x22, 0x41, 0xa6}, wrap(0x91, public), 0); err != nil {
			return fmt.Errorf("key agreement: %w", err)
		}
	} else {
		if _, err := t.Send([4]byte{0x00, 0x22, 0x41, 0xa4}, wrap(0x80, emrtd.ChipOID(c.Domain, cipher)), 0); err != nil {
			return fmt.Errorf("choosing chip authentication: %w", err)
		}
		if _, err := t.Send([4]byte{0x00, 0x86, 0, 0}, wrap(0x7c, wrap(0x80, public)), 256); err != nil {
			return fmt.Errorf("chip authentication: %w", err)
		}
	}
	sx, _ := c.ScalarMult(x, y, private)
	t.Messages = NewMessages(cipher, sx.FillBytes(make([]byte, c.Size())))
	return nil
}

// pair is a key pair over a generator.
func pair(c *curve.Curve, gx, gy *big.Int) (private, public []byte) {
	k, err := rand.Int(rand.Reader, new(big.Int).Sub(c.Params().N, big.NewInt(1)))
	if err != nil {
		panic("emrtdtest: " + err.Error())
	}
	private = k.Add(k, big.NewInt(1)).Bytes()
	x, y := c.ScalarMult(gx, gy, private)
	return private, c.Point(x, y)
}
