package travel

import (
	"bytes"
	"context"
	"crypto/cipher"
	"crypto/hmac"
	"errors"
	"fmt"
	"io"

	"balcao/cardreader/iso7816"
	"balcao/cardreader/travel/agreement"
	"balcao/cardreader/travel/secure"
)

// errRefused says that the chip refused a step of PACE before the password could matter.
var errRefused = errors.New("chip refused")

// paceResult is what a run of PACE leaves.
type paceResult struct {
	session *secure.Session
	mapped  []byte // the chip's public key of the mapping
	proof   []byte // the chip authentication data of CAM, nil in other mappings
}

// pace is one run of PACE (Doc 9303-11 §4.4).
type pace struct {
	t      iso7816.Transmitter
	random io.Reader
	suite  suite
	key    []byte // K_pi
}

// Tags of the dynamic authentication data (§4.4.4.2).
const (
	tagDynamic     iso7816.Tag = 0x7C
	tagNonce       iso7816.Tag = 0x80
	tagMapOurs     iso7816.Tag = 0x81
	tagMapChip     iso7816.Tag = 0x82
	tagKeyOurs     iso7816.Tag = 0x83
	tagKeyChip     iso7816.Tag = 0x84
	tagTokenOurs   iso7816.Tag = 0x85
	tagTokenChip   iso7816.Tag = 0x86
	tagProof       iso7816.Tag = 0x8A
	tagPublicKey   iso7816.Tag = 0x7F49
	tagPointInKey  iso7816.Tag = 0x86
	tagNumberInKey iso7816.Tag = 0x84
)

const classChained = 0x10

// maxNonce bounds the nonce, whose length the chip chooses.
const maxNonce = 64

// run does PACE. The errors are errRefused, ErrWrongPassword or ErrAccessControl, or the transmitter's.
func (p *pace) run(ctx context.Context) (paceResult, error) {
	nonce, err := p.nonce(ctx)
	if err != nil {
		return paceResult{}, fmt.Errorf("nonce: %w", err)
	}
	defer clear(nonce)
	generator, mapped, err := p.mapNonce(ctx, nonce)
	if err != nil {
		return paceResult{}, fmt.Errorf("mapping: %w", err)
	}
	secret, ours, theirs, err := p.agree(ctx, generator)
	if err != nil {
		return paceResult{}, fmt.Errorf("key agreement: %w", err)
	}
	defer clear(secret)
	c := p.suite.cipher
	encryption, mac := c.DeriveKey(secret, secure.ForEncryption), c.DeriveKey(secret, secure.ForMAC)
	proof, err := p.authenticate(ctx, mac, ours, theirs)
	if err == nil && p.suite.mapping == mapChipAuthentication {
		proof, err = p.openProof(encryption, proof)
	}
	if err != nil {
		clear(encryption)
		clear(mac)
		return paceResult{}, fmt.Errorf("mutual authentication: %w", err)
	}
	// The counter begins at zero (§9.8.6.3).
	return paceResult{secure.NewFromKeys(c, encryption, mac, nil), mapped, proof}, nil
}

// step is one GENERAL AUTHENTICATE: an object out, or nothing, and one back. last ends the chain.
func (p *pace) step(ctx context.Context, tag iso7816.Tag, value []byte, last bool) ([]iso7816.TLV, error) {
	var inner []byte
	if value != nil {
		inner = iso7816.Append(nil, tag, value)
	}
	return generalAuthenticate(ctx, p.t, inner, last, largeElements(p.suite.group))
}

// largeKey is the length beyond which a public key makes an APDU longer than a short one.
const largeKey = 200

func largeElements(g agreement.Group) bool { return len(g.Generator()) > largeKey }

// generalAuthenticate sends dynamic authentication data and returns what comes back. A status that is none of
// success comes back wrapped in errRefused.
func generalAuthenticate(ctx context.Context, t iso7816.Transmitter, inner []byte, last, large bool) ([]iso7816.TLV, error) {
	command := iso7816.Command{INS: 0x86, Data: iso7816.Append(nil, tagDynamic, inner), Le: iso7816.MaxShortLe}
	if !last {
		command.CLA = classChained
	}
	if large {
		command.Le = iso7816.MaxExtendedLe
	}
	answer, err := iso7816.Send(ctx, t, command)
	if err != nil {
		return nil, refused(err)
	}
	content, err := iso7816.Unwrap(answer, tagDynamic)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAccessControl, err)
	}
	objects, err := iso7816.Parse(content)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAccessControl, err)
	}
	return objects, nil
}

// refused marks a status of the chip, and leaves errors of the transmitter as they are.
func refused(err error) error {
	var status *iso7816.StatusError
	if errors.As(err, &status) {
		return fmt.Errorf("%w: %w", errRefused, err)
	}
	return err
}

// one returns the value of the first object, which has to have this tag.
func one(objects []iso7816.TLV, tag iso7816.Tag) ([]byte, error) {
	if len(objects) == 0 || objects[0].Tag != tag {
		return nil, fmt.Errorf("%w: no object %X", ErrAccessControl, uint32(tag))
	}
	return objects[0].Value, nil
}

// nonce has the chip choose the nonce and decrypts it. A wrong password gives a wrong nonce, which
// only the chip notices later, by our token.
func (p *pace) nonce(ctx context.Context) ([]byte, error) {
	objects, err := p.step(ctx, 0, nil, false)
	if err != nil {
		return nil, err
	}
	encrypted, err := one(objects, tagNonce)
	if err != nil {
		return nil, err
	}
	block := p.suite.cipher.Block(p.key)
	if n := len(encrypted); n == 0 || n > maxNonce || n%block.BlockSize() != 0 ||
		p.suite.mapping == mapIntegrated && n < p.suite.cipher.KeySize() {
		return nil, fmt.Errorf("%w: nonce of %d bytes", ErrAccessControl, n)
	}
	nonce := make([]byte, len(encrypted))
	cipher.NewCBCDecrypter(block, make([]byte, block.BlockSize())).CryptBlocks(nonce, encrypted)
	return nonce, nil
}

// mapNonce comes to the generator of this session, and returns the chip's public key of the mapping beside it.
func (p *pace) mapNonce(ctx context.Context, nonce []byte) (generator, mapped []byte, err error) {
	if p.suite.mapping == mapIntegrated {
		generator, err = p.mapIntegrated(ctx, nonce)
		return generator, nil, err
	}
	shared, _, theirs, err := p.exchange(ctx, p.suite.group.Generator(), tagMapOurs, tagMapChip)
	if err != nil {
		return nil, nil, err
	}
	defer clear(shared)
	generator, err = agreement.MapGeneric(p.suite.group, nonce, shared)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %v", ErrAccessControl, err)
	}
	return generator, theirs, nil
}

// mapIntegrated sends a second nonce in clear and computes the generator out of both (§4.4.3.3.2).
func (p *pace) mapIntegrated(ctx context.Context, nonce []byte) ([]byte, error) {
	second := make([]byte, p.suite.cipher.KeySize())
	if _, err := io.ReadFull(p.random, second); err != nil {
		return nil, fmt.Errorf("drawing a nonce: %w", err)
	}
	objects, err := p.step(ctx, tagMapOurs, second, false)
	if err != nil {
		return nil, err
	}
	// The chip returns no data here: an empty object or none.
	if len(objects) > 0 && (objects[0].Tag != tagMapChip || len(objects[0].Value) > 0) {
		return nil, fmt.Errorf("%w: an answer where none belongs", ErrAccessControl)
	}
	number := pseudoRandom(p.suite.cipher, nonce, second, p.suite.group.Bits())
	generator, err := p.suite.group.MapInteger(number)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrAccessControl, err)
	}
	return generator, nil
}

// agree is the Diffie-Hellman exchange with the mapped generator. secret is what keys are derived from.
func (p *pace) agree(ctx context.Context, generator []byte) (secret, ours, theirs []byte, err error) {
	shared, ours, theirs, err := p.exchange(ctx, generator, tagKeyOurs, tagKeyChip)
	if err != nil {
		return nil, nil, nil, err
	}
	defer clear(shared)
	return p.suite.group.Secret(shared), ours, theirs, nil
}

// exchange makes a key pair, sends its public half, and returns the element agreed with the chip's.
// A chip that returns our own public key is refused (§4.4.1).
func (p *pace) exchange(ctx context.Context, generator []byte, out, back iso7816.Tag) (shared, ours, theirs []byte, err error) {
	g := p.suite.group
	private, err := g.Scalar(p.random)
	if err != nil {
		return nil, nil, nil, err
	}
	defer clear(private)
	if ours, err = g.Multiply(generator, private); err != nil {
		return nil, nil, nil, fmt.Errorf("%w: %v", ErrAccessControl, err)
	}
	objects, err := p.step(ctx, out, ours, false)
	if err != nil {
		return nil, nil, nil, err
	}
	if theirs, err = one(objects, back); err != nil {
		return nil, nil, nil, err
	}
	if !g.Elliptic() && len(theirs) < len(ours) {
		// A number may come without its leading zeros; a token is over the number as long as the modulus.
		theirs = append(make([]byte, len(ours)-len(theirs)), theirs...)
	}
	if bytes.Equal(theirs, ours) {
		return nil, nil, nil, fmt.Errorf("%w: our own key came back", ErrAccessControl)
	}
	if shared, err = g.Multiply(theirs, private); err != nil {
		return nil, nil, nil, fmt.Errorf("%w: %v", ErrAccessControl, err)
	}
	return shared, ours, theirs, nil
}

// authenticate exchanges tokens: each side shows that it has the key by a checksum over the other's public
// key (§4.4.3.4). It returns the encrypted proof that may come beside the chip's token.
func (p *pace) authenticate(ctx context.Context, mac, ours, theirs []byte) (proof []byte, err error) {
	objects, err := p.step(ctx, tagTokenOurs, p.token(mac, theirs), true)
	if err != nil {
		if wrongPassword(err) {
			return nil, ErrWrongPassword
		}
		return nil, err
	}
	token, err := one(objects, tagTokenChip)
	if err != nil {
		return nil, err
	}
	if !hmac.Equal(token, p.token(mac, ours)) {
		return nil, fmt.Errorf("%w: the chip's token", ErrAccessControl)
	}
	for _, object := range objects[1:] {
		if object.Tag == tagProof {
			return object.Value, nil
		}
	}
	return nil, nil
}

// token is the checksum over a public key data object (§9.4.2 and §9.4.3).
func (p *pace) token(mac, public []byte) []byte {
	tag := tagNumberInKey
	if p.suite.group.Elliptic() {
		tag = tagPointInKey
	}
	content := iso7816.Append(nil, 0x06, oidContent(p.suite.oid))
	content = iso7816.Append(content, tag, public)
	return p.suite.cipher.MAC(mac, iso7816.Append(nil, tagPublicKey, content))
}

// wrongPassword reports whether a status at the last step of PACE or BAC means a wrong password.
// The standard has 6300 (§4.4.4.2); the others are in the field.
func wrongPassword(err error) bool {
	var status *iso7816.StatusError
	if !errors.As(err, &status) {
		return false
	}
	switch status.SW {
	case 0x6300, 0x6982, 0x6983, 0x6984, 0x6985, 0x6988, 0x6A80:
		return true
	}
	return status.SW&0xFFF0 == 0x63C0
}

// openProof decrypts the chip authentication data of CAM: under the session's key, with a counter of all
// ones (§4.4.3.5.2).
func (p *pace) openProof(encryption, encrypted []byte) ([]byte, error) {
	block := p.suite.cipher.Block(encryption)
	size := block.BlockSize()
	if len(encrypted) == 0 {
		return nil, fmt.Errorf("%w: no chip authentication data", ErrClone)
	}
	if len(encrypted)%size != 0 || len(encrypted) > 1024 {
		return nil, fmt.Errorf("%w: chip authentication data", ErrAccessControl)
	}
	iv := bytes.Repeat([]byte{0xFF}, size)
	block.Encrypt(iv, iv)
	proof := make([]byte, len(encrypted))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(proof, encrypted)
	scalar, ok := secure.Unpad(proof)
	if !ok || len(scalar) == 0 {
		return nil, fmt.Errorf("%w: chip authentication data", ErrAccessControl)
	}
	return scalar, nil
}
