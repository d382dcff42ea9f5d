package secure

import (
	"context"
	"crypto/cipher"
	"crypto/hmac"
	"errors"
	"fmt"

	"balcao/cardreader/iso7816"
)

// Tags of secure messaging (Doc 9303-11 §9.8.4; ISO/IEC 7816-4 §10).
const (
	tagCryptogramTLV iso7816.Tag = 0x85 // data of odd instructions, which is data objects
	tagCryptogram    iso7816.Tag = 0x87 // data, behind a byte that says how it is padded
	tagLe            iso7816.Tag = 0x97
	tagStatus        iso7816.Tag = 0x99
	tagChecksum      iso7816.Tag = 0x8E

	paddedMethod2 = 0x01
	classSM       = 0x0C // secure messaging with the header in the checksum
)

// Session is one secure messaging session. It is not safe for concurrent use.
type Session struct {
	cipher     Cipher
	encryption []byte
	mac        []byte
	ssc        []byte
	ended      bool
}

// New makes the session that a shared secret of full length gives. ssc is the send sequence counter to begin
// with, nil for zero; BAC is the only one that begins elsewhere.
func New(c Cipher, secret, ssc []byte) *Session {
	return NewFromKeys(c, c.DeriveKey(secret, ForEncryption), c.DeriveKey(secret, ForMAC), ssc)
}

// NewFromKeys makes a session from its two keys, which it takes over and wipes in the end. Keys or a counter
// of a wrong size are a programmer's error.
func NewFromKeys(c Cipher, encryption, mac, ssc []byte) *Session {
	counter := make([]byte, c.BlockSize())
	if ssc != nil && len(ssc) != len(counter) || len(encryption) != c.KeySize() || len(mac) != c.KeySize() {
		panic("secure: key or counter of a wrong size")
	}
	copy(counter, ssc)
	return &Session{cipher: c, encryption: encryption, mac: mac, ssc: counter}
}

// Cipher returns what the session encrypts with.
func (s *Session) Cipher() Cipher { return s.cipher }

// Ended reports whether the session is over.
func (s *Session) Ended() bool { return s.ended }

// Wipe ends the session and overwrites its keys.
func (s *Session) Wipe() {
	s.ended = true
	clear(s.encryption)
	clear(s.mac)
	clear(s.ssc)
}

// MaxRead is how many bytes of data an answer of so many bytes, its status included, has room for.
func (s *Session) MaxRead(answer int) int {
	const other = 2 + 4 + 2 + MACSize // the status, DO99 and DO8E
	header := 1 + 3 + 1               // tag, length and padding byte of DO87
	switch {
	case answer-other <= 1+2+0xFF:
		header = 1 + 2 + 1
	case answer-other > 1+3+0xFFFF:
		header = 1 + 4 + 1
	}
	blocks := (answer - other - header) / s.cipher.BlockSize()
	return max(blocks*s.cipher.BlockSize()-1, 0)
}

// Exchange protects a command, sends it and unwraps the answer. A status other than 9000 is no error here.
// The error is ErrResponse when the answer does not verify, together with an *iso7816.StatusError
// when the chip refused in clear, as it does when it has ended the session; or what the transmitter said.
// Each of them ends the session.
func (s *Session) Exchange(ctx context.Context, t iso7816.Transmitter, c iso7816.Command) ([]byte, iso7816.SW, error) {
	protected, err := s.Protect(c)
	if err != nil {
		return nil, 0, err
	}
	answer, sw, err := iso7816.Exchange(ctx, t, protected)
	if err != nil {
		s.Wipe() // the chip may have counted the command, or not
		return nil, 0, err
	}
	return s.Unprotect(c.INS, answer, sw)
}

// Protect wraps a command and advances the counter.
func (s *Session) Protect(c iso7816.Command) (iso7816.Command, error) {
	if s.ended {
		return iso7816.Command{}, fmt.Errorf("%w: the session is over", ErrResponse)
	}
	s.count()
	protected := iso7816.Command{CLA: c.CLA | classSM, INS: c.INS, P1: c.P1, P2: c.P2, Le: iso7816.MaxShortLe}
	block := s.cipher.BlockSize()
	var objects []byte
	if len(c.Data) > 0 {
		tag, value := tagCryptogramTLV, []byte(nil)
		if c.INS&1 == 0 {
			tag, value = tagCryptogram, []byte{paddedMethod2}
		}
		objects = iso7816.Append(nil, tag, append(value, s.encrypt(c.Data)...))
	}
	switch {
	case c.Le > iso7816.MaxShortLe:
		objects = iso7816.Append(objects, tagLe, []byte{byte(c.Le >> 8), byte(c.Le)})
		protected.Le = iso7816.MaxExtendedLe
	case c.Le > 0:
		objects = iso7816.Append(objects, tagLe, []byte{byte(c.Le)})
	}
	header := Pad([]byte{protected.CLA, protected.INS, protected.P1, protected.P2}, block)
	protected.Data = iso7816.Append(objects, tagChecksum, s.checksum(header, objects))
	// An answer that long, protected, does not fit a short APDU, so the whole command is sent
	// extended. Le 256 asks for all there is, which usually is less, and stays short.
	const short = iso7816.MaxShortLe
	if len(protected.Data) > iso7816.MaxShortData || c.Le < short && c.Le > s.MaxRead(short+2) {
		protected.Le = iso7816.MaxExtendedLe
	}
	return protected, nil
}

// Unprotect verifies and decrypts the answer to the last command, which was of this instruction. The status is
// the one under the checksum.
func (s *Session) Unprotect(ins byte, answer []byte, sw iso7816.SW) ([]byte, iso7816.SW, error) {
	data, err := s.unprotect(ins, answer, sw)
	if err != nil {
		s.Wipe()
		return nil, 0, err
	}
	return data, sw, nil
}

func (s *Session) unprotect(ins byte, answer []byte, sw iso7816.SW) ([]byte, error) {
	if s.ended {
		return nil, fmt.Errorf("%w: the session is over", ErrResponse)
	}
	s.count()
	if len(answer) == 0 {
		return nil, fmt.Errorf("%w: not protected: %w", ErrResponse, &iso7816.StatusError{INS: ins, SW: sw})
	}
	p, err := readProtected(answer)
	if err != nil {
		return nil, err
	}
	if !hmac.Equal(s.checksum(p.covered), p.checksum) {
		return nil, fmt.Errorf("%w: checksum", ErrResponse)
	}
	// Nothing of the answer is used before this check.
	if under := iso7816.SW(p.status[0])<<8 | iso7816.SW(p.status[1]); under != sw {
		return nil, fmt.Errorf("%w: status outside is not the one inside", ErrResponse)
	}
	if p.cryptogram == nil {
		return nil, nil
	}
	return s.decrypt(p.cryptogram)
}

// protectedAnswer is the parts of an answer.
type protectedAnswer struct {
	cryptogram []byte // without the padding byte; nil for none
	status     []byte
	checksum   []byte
	covered    []byte // what the checksum is over
}

// readProtected takes exactly the form of §9.8.4: an optional cryptogram, the status, the checksum, each once
// and in this order. Whatever else stands there is refused, even where the checksum would cover it.
func readProtected(answer []byte) (protectedAnswer, error) {
	objects, err := iso7816.Parse(answer)
	if err != nil {
		return protectedAnswer{}, fmt.Errorf("%w: %w", ErrResponse, err)
	}
	var p protectedAnswer
	if len(objects) > 0 {
		switch first := objects[0]; {
		case first.Tag == tagCryptogram && len(first.Value) > 1 && first.Value[0] == paddedMethod2:
			p.cryptogram, objects = first.Value[1:], objects[1:]
		case first.Tag == tagCryptogramTLV && len(first.Value) > 0:
			p.cryptogram, objects = first.Value, objects[1:]
		}
	}
	if len(objects) != 2 || objects[0].Tag != tagStatus || len(objects[0].Value) != 2 ||
		objects[1].Tag != tagChecksum || len(objects[1].Value) != MACSize {
		return protectedAnswer{}, fmt.Errorf("%w: not a cryptogram, a status and a checksum", ErrResponse)
	}
	p.status, p.checksum = objects[0].Value, objects[1].Value
	p.covered = answer[:len(answer)-2-MACSize]
	if answer[len(p.covered)] != byte(tagChecksum) {
		return protectedAnswer{}, fmt.Errorf("%w: length of the checksum", ErrResponse)
	}
	return p, nil
}

// count adds one to the counter, which wraps around.
func (s *Session) count() {
	for i := len(s.ssc) - 1; i >= 0; i-- {
		s.ssc[i]++
		if s.ssc[i] != 0 {
			return
		}
	}
}

// checksum is over the counter, the padded header of a command, and the data objects. The whole is padded
// again also for CMAC, which would not need it (§9.8.6).
func (s *Session) checksum(parts ...[]byte) []byte {
	message := append([]byte(nil), s.ssc...)
	for _, part := range parts {
		message = append(message, part...)
	}
	if s.cipher != TripleDES {
		message = Pad(message, s.cipher.BlockSize())
	}
	return s.cipher.MAC(s.mac, message)
}

func (s *Session) encrypt(data []byte) []byte {
	padded := Pad(data, s.cipher.BlockSize())
	block, iv := s.block()
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(padded, padded)
	return padded
}

func (s *Session) decrypt(cryptogram []byte) ([]byte, error) {
	if len(cryptogram)%s.cipher.BlockSize() != 0 {
		return nil, fmt.Errorf("%w: cryptogram of %d bytes", ErrResponse, len(cryptogram))
	}
	block, iv := s.block()
	plain := make([]byte, len(cryptogram))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, cryptogram)
	data, ok := Unpad(plain)
	if !ok {
		return nil, fmt.Errorf("%w: padding", ErrResponse)
	}
	return data, nil
}

// block returns the cipher and its initialisation vector: zero for 3DES, the encrypted counter for AES
// (§9.8.6.1, §9.8.6.2).
func (s *Session) block() (cipher.Block, []byte) {
	block := s.cipher.Block(s.encryption)
	iv := make([]byte, s.cipher.BlockSize())
	if s.cipher != TripleDES {
		block.Encrypt(iv, s.ssc)
	}
	return block, iv
}

// Refusal returns the status with which a chip refused in clear, if that is what err is.
func Refusal(err error) (iso7816.SW, bool) {
	var status *iso7816.StatusError
	if errors.Is(err, ErrResponse) && errors.As(err, &status) {
		return status.SW, true
	}
	return 0, false
}
