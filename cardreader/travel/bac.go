package travel

import (
	"bytes"
	"context"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/subtle"
	"fmt"
	"io"

	"balcao/cardreader/iso7816"
	"balcao/cardreader/travel/secure"
)

const (
	challengeSize = 8
	basicKeySize  = 16
	basicSize     = 2*challengeSize + basicKeySize // of S and R, encrypted
)

// basicAccess does Basic Access Control (Doc 9303-11 §4.3): both sides show by a checksum and by each other's
// challenge that they know the MRZ, and give half of the session's secret each. The errors are
// ErrNoAccessControl, ErrWrongPassword or ErrAccessControl, or the transmitter's.
func basicAccess(ctx context.Context, t iso7816.Transmitter, random io.Reader, seed []byte) (*secure.Session, error) {
	const c = secure.TripleDES
	encryption, mac := c.DeriveKey(seed, secure.ForEncryption), c.DeriveKey(seed, secure.ForMAC)
	defer clear(encryption)
	defer clear(mac)

	theirs, err := iso7816.Send(ctx, t, iso7816.Command{INS: 0x84, Le: challengeSize})
	if err != nil {
		if isStatus(err) {
			return nil, fmt.Errorf("%w: %w", ErrNoAccessControl, err)
		}
		return nil, err
	}
	if len(theirs) != challengeSize {
		return nil, fmt.Errorf("%w: challenge of %d bytes", ErrAccessControl, len(theirs))
	}
	ours := make([]byte, challengeSize+basicKeySize)
	defer clear(ours)
	if _, err := io.ReadFull(random, ours); err != nil {
		return nil, fmt.Errorf("drawing a challenge: %w", err)
	}
	challenge, half := ours[:challengeSize], ours[challengeSize:]

	block := c.Block(encryption)
	plain := bytes.Join([][]byte{challenge, theirs, half}, nil)
	defer clear(plain)
	message := make([]byte, basicSize, basicSize+secure.MACSize)
	cipher.NewCBCEncrypter(block, make([]byte, c.BlockSize())).CryptBlocks(message, plain) //nolint:gosec // the standard's: it begins with a challenge
	message = append(message, c.MAC(mac, message)...)
	answer, err := iso7816.Send(ctx, t, iso7816.Command{INS: 0x82, Data: message, Le: basicSize + secure.MACSize})
	switch {
	case wrongPassword(err):
		return nil, ErrWrongPassword
	case err != nil:
		return nil, err
	case len(answer) != basicSize+secure.MACSize || !hmac.Equal(answer[basicSize:], c.MAC(mac, answer[:basicSize])):
		return nil, fmt.Errorf("%w: the chip's checksum", ErrAccessControl)
	}
	cipher.NewCBCDecrypter(block, make([]byte, c.BlockSize())).CryptBlocks(plain, answer[:basicSize])
	// Both challenges in the other order: the answer is to this command and from one who could read it.
	if subtle.ConstantTimeCompare(plain[:challengeSize], theirs)&subtle.ConstantTimeCompare(plain[challengeSize:2*challengeSize], challenge) != 1 {
		return nil, fmt.Errorf("%w: the chip's answer to the challenge", ErrAccessControl)
	}
	secret := make([]byte, basicKeySize)
	defer clear(secret)
	subtle.XORBytes(secret, half, plain[2*challengeSize:])
	// The counter is made of both challenges' last halves (§9.8.6.3).
	counter := append(bytes.Clone(theirs[challengeSize/2:]), challenge[challengeSize/2:]...)
	return secure.New(c, secret, counter), nil
}
