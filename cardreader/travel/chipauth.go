package travel

import (
	"context"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"slices"

	"balcao/cardreader/iso7816"
	"balcao/cardreader/travel/agreement"
	"balcao/cardreader/travel/secure"
)

// chipKey is a static key of the chip with the protocol to use it in.
type chipKey struct {
	oid     asn1.ObjectIdentifier
	cipher  secure.Cipher
	group   agreement.Group
	element []byte
	id      int // or absent
}

// ChipAuthentication is how a chip proved that it has the key of DG14.
type ChipAuthentication struct {
	Cipher string // of the session since then: "3DES", "AES-128" and so on
	Curve  string // the group: "brainpoolP256r1", "DH-2048"
}

// chooseChipKey finds the keys in a DG14 as it was read and returns the one that makes the strongest session. Keys
// that are of no known kind are passed over. Documents of the first years have the key without
// saying what to do with it; that means 3DES (Doc 9303-11 §6.2). ErrUnsupported when nothing is left.
func chooseChipKey(dg14 []byte) (*chipKey, error) {
	infos, err := parseDG14(dg14)
	if err != nil {
		return nil, err
	}
	var keys []*chipKey
	for _, info := range infos.chipKeys {
		group, element, err := agreement.ParsePublicKey(info.spki)
		if err != nil || group.Elliptic() != info.elliptic {
			continue
		}
		for _, auth := range infos.authenticationsOf(info) {
			keys = append(keys, &chipKey{auth.oid, auth.cipher, group, element, info.id})
		}
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("%w: chip authentication of this document", ErrUnsupported)
	}
	return slices.MaxFunc(keys, func(a, b *chipKey) int { return a.rank() - b.rank() }), nil
}

func (k *chipKey) rank() int {
	if k.group.Elliptic() {
		return int(k.cipher)*1000 + k.group.Bits()
	}
	return int(k.cipher)*1000 + k.group.Bits()/16
}

// authenticationsOf returns the protocols that a key is for: those of its agreement, and of its identifier where
// both have one.
func (s securityInfos) authenticationsOf(key chipKeyInfo) []chipAuthInfo {
	var found []chipAuthInfo
	for _, auth := range s.chipAuths {
		if auth.elliptic == key.elliptic && (auth.id == key.id || auth.id == absent || key.id == absent) {
			found = append(found, auth)
		}
	}
	if len(s.chipAuths) == 0 {
		arc := 1
		if key.elliptic {
			arc = agreementECDH
		}
		oid := append(slices.Clone(oidChipAuth), arc, int(secure.TripleDES))
		found = append(found, chipAuthInfo{oid: oid, elliptic: key.elliptic, cipher: secure.TripleDES, id: key.id})
	}
	return found
}

// parseDG14 reads the security infos in a DG14.
func parseDG14(dg14 []byte) (securityInfos, error) {
	content, err := iso7816.Unwrap(dg14, files[DG14].tag)
	if err != nil {
		return securityInfos{}, fmt.Errorf("%w: DG14: %w", ErrMalformed, err)
	}
	infos, err := parseSecurityInfos(content)
	if err != nil {
		return securityInfos{}, fmt.Errorf("DG14: %w", err)
	}
	return infos, nil
}

// AuthenticateChip has the chip prove that it has the private key to the one in DG14 (Doc 9303-11 §6.2), given as it
// was read: both agree on a new secret, the session goes on under it, and one command shows that the chip
// has come to the same. ErrClone when it has not; ErrUnproven when it refuses; ErrUnsupported when DG14 has no key
// that can be used here. After ErrClone and ErrUnproven the chip is locked.
//
// It proves something about the document only if the caller has verified the hash of this DG14.
func (c *Chip) AuthenticateChip(ctx context.Context, dg14 []byte) (ChipAuthentication, error) {
	key, err := chooseChipKey(dg14)
	if err != nil {
		return ChipAuthentication{}, fmt.Errorf("authenticating the chip: %w", err)
	}
	if err := c.agreeWith(ctx, key); err != nil {
		return ChipAuthentication{}, fmt.Errorf("authenticating the chip: %w", err)
	}
	return ChipAuthentication{Cipher: key.cipher.String(), Curve: key.group.Name()}, nil
}

// agreeWith does chip authentication with a key and goes on under the new session.
func (c *Chip) agreeWith(ctx context.Context, key *chipKey) error {
	private, ours, err := key.pair(c.o.Rand)
	if err != nil {
		return err
	}
	defer clear(private)
	encryption, mac, err := key.keys(private)
	if err != nil {
		return err
	}
	session := secure.NewFromKeys(key.cipher, encryption, mac, nil)
	if err := c.sendKey(ctx, key.oid, key.id, ours); err != nil {
		session.Wipe()
		return err
	}
	c.session.Wipe()
	c.session, c.chipKey = session, key
	// Any command will do, and any answer that verifies: the status alone is under the checksum.
	_, err = c.send(ctx, iso7816.Command{INS: 0xB0, P1: 0x80 | files[COM].sfi, Le: 4})
	if errors.Is(err, ErrSecureMessaging) {
		c.endSession()
		return fmt.Errorf("%w: %w", ErrClone, err)
	}
	if err != nil && !isStatus(err) {
		return err
	}
	return nil
}

// keys are those of the session that a private key of ours and the chip's key give.
func (k *chipKey) keys(private []byte) (encryption, mac []byte, err error) {
	shared, err := k.group.Multiply(k.element, private)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %v", ErrMalformed, err)
	}
	defer clear(shared)
	secret := k.group.Secret(shared)
	defer clear(secret)
	return k.cipher.DeriveKey(secret, secure.ForEncryption), k.cipher.DeriveKey(secret, secure.ForMAC), nil
}

// pair makes a key pair of ours in the group of the chip's.
func (k *chipKey) pair(random io.Reader) (private, public []byte, err error) {
	if private, err = k.group.Scalar(random); err != nil {
		return nil, nil, err
	}
	if public, err = k.group.Multiply(k.group.Generator(), private); err != nil {
		return nil, nil, fmt.Errorf("%w: %v", ErrMalformed, err)
	}
	return private, public, nil
}

// sendKey gives the chip our public key inside the present session (§6.2.4): for 3DES in MSE:Set KAT, for AES with MSE:Set AT and
// GENERAL AUTHENTICATE. ErrUnproven when the chip refuses.
func (c *Chip) sendKey(ctx context.Context, oid asn1.ObjectIdentifier, id int, public []byte) error {
	if c.session == nil || c.session.Ended() {
		return ErrLocked
	}
	if len(public) > largeKey && !c.o.Extended {
		return fmt.Errorf("%w: key of %d bytes in short commands", ErrUnsupported, len(public))
	}
	var reference []byte
	if id != absent {
		reference = iso7816.Append(nil, 0x84, identifierBytes(id))
	}
	if secure.Cipher(oid[len(oid)-1]) == secure.TripleDES {
		data := append(iso7816.Append(nil, 0x91, public), reference...)
		_, err := c.send(ctx, iso7816.Command{INS: 0x22, P1: 0x41, P2: 0xA6, Data: data})
		return unproven(err)
	}
	data := append(iso7816.Append(nil, 0x80, oidContent(oid)), reference...)
	if _, err := c.send(ctx, iso7816.Command{INS: 0x22, P1: 0x41, P2: 0xA4, Data: data}); err != nil {
		return unproven(err)
	}
	inner := iso7816.Append(nil, 0x80, public)
	_, err := generalAuthenticate(ctx, inside{c}, inner, true, len(public) > largeKey)
	return unproven(err)
}

// unproven marks a refusal of the chip.
func unproven(err error) error {
	if isStatus(err) {
		return fmt.Errorf("%w: %w", ErrUnproven, err)
	}
	return err
}
