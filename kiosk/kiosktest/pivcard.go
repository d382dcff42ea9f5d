package kiosktest

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"math/big"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"balcao/cardreader/iso7816"
	"balcao/cardreader/staffcard"
	"balcao/kiosk/desk"
)

// pivCard is an emulated staff card as package staffcard has it, which needs pcscd. It knows as much of PIV as it needs.
type pivCard struct {
	desk.CardSession
	certificate *x509.Certificate
}

// OpenStaff implements desk.Readers.
func (s *Slots) OpenStaff(ctx context.Context, reader string) (desk.StaffCard, error) {
	session, err := s.Connect(ctx, reader, nil)
	if err != nil {
		return nil, err
	}
	c := &pivCard{CardSession: session}
	err = c.alone(ctx, func(ctx context.Context) error {
		if yes, err := staffcard.Is(ctx, c); err != nil || !yes {
			return errors.Join(staffcard.ErrNotStaffCard, err)
		}
		answer, err := iso7816.Send(ctx, c, iso7816.Command{INS: 0xCB, P1: 0x3F, P2: 0xFF, Data: []byte{0x5C, 3, 0x5F, 0xC1, 5}, Le: iso7816.MaxShortLe})
		if err != nil {
			return staffcard.ErrNoCertificate
		}
		der, err := inTag(answer, 0x53, 0x70)
		if err == nil {
			c.certificate, err = x509.ParseCertificate(der)
		}
		return err
	})
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

// inTag returns what is within tags, each the first in the one before.
func inTag(data []byte, tags ...byte) ([]byte, error) {
	for _, tag := range tags {
		input, inner := cryptobyte.String(data), cryptobyte.String(nil)
		if !input.ReadASN1(&inner, asn1.Tag(tag)) {
			return nil, errors.New("malformed answer")
		}
		data = inner
	}
	return data, nil
}

// alone runs work on the card in a transaction.
func (c *pivCard) alone(ctx context.Context, work func(context.Context) error) error {
	return c.Exclusive(ctx, work)
}

func (c *pivCard) Certificate() *x509.Certificate { return c.certificate }
func (c *pivCard) Chain() [][]byte                { return [][]byte{c.certificate.Raw} }
func (c *pivCard) Holder() (number, name string) {
	return c.certificate.Subject.SerialNumber, c.certificate.Subject.CommonName
}

// pin sends VERIFY; without a PIN it asks for the tries.
func (c *pivCard) pin(ctx context.Context, data []byte) (left int, err error) {
	err = c.alone(ctx, func(ctx context.Context) error {
		_, err := iso7816.Send(ctx, c, iso7816.Command{INS: 0x20, P2: 0x80, Data: data})
		return err
	})
	var status *iso7816.StatusError
	if errors.As(err, &status) {
		switch sw := status.SW; {
		case sw&0xFFF0 == 0x63C0:
			return int(sw & 0xF), nil
		case sw == 0x6983:
			return 0, nil
		}
	}
	return -1, err
}

func (c *pivCard) TriesLeft(ctx context.Context) (int, error) { return c.pin(ctx, nil) }

func (c *pivCard) Verify(ctx context.Context, pin []byte) error {
	padded := append(slices.Clone(pin), 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF)[:8]
	switch left, err := c.pin(ctx, padded); {
	case err != nil:
		return err
	case left == 0:
		return staffcard.ErrPINBlocked
	case left > 0:
		return &staffcard.WrongPIN{TriesLeft: left}
	}
	return nil
}

func (c *pivCard) SignDigest(ctx context.Context, digest []byte) (signature []byte, err error) {
	algorithm, block := byte(0x11), digest
	if c.certificate.PublicKeyAlgorithm == x509.RSA {
		info := append([]byte{0x30, 0x31, 0x30, 0x0D, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 0x20}, digest...)
		algorithm, block = 0x07, append(append([]byte{0, 1}, slices.Repeat([]byte{0xFF}, 256-3-len(info))...), append([]byte{0}, info...)...)
	}
	var b cryptobyte.Builder
	b.AddASN1(0x7C, func(b *cryptobyte.Builder) {
		b.AddASN1(0x82, func(*cryptobyte.Builder) {})
		b.AddASN1(0x81, func(b *cryptobyte.Builder) { b.AddBytes(block) })
	})
	data := b.BytesOrPanic()
	err = c.alone(ctx, func(ctx context.Context) error {
		for len(data) > iso7816.MaxShortData {
			if _, err := iso7816.Send(ctx, c, iso7816.Command{CLA: 0x10, INS: 0x87, P1: algorithm, P2: 0x9A, Data: data[:iso7816.MaxShortData]}); err != nil {
				return err
			}
			data = data[iso7816.MaxShortData:]
		}
		answer, err := iso7816.Send(ctx, c, iso7816.Command{INS: 0x87, P1: algorithm, P2: 0x9A, Data: data, Le: iso7816.MaxShortLe})
		if err == nil {
			signature, err = inTag(answer, 0x7C, 0x82)
		}
		return err
	})
	var status *iso7816.StatusError
	if errors.As(err, &status) && status.SW == 0x6982 {
		return nil, staffcard.ErrPINRequired
	}
	if err != nil || algorithm == 0x07 {
		return signature, err
	}
	input, inner := cryptobyte.String(signature), cryptobyte.String(nil)
	r, s := new(big.Int), new(big.Int)
	if !input.ReadASN1(&inner, asn1.SEQUENCE) || !inner.ReadASN1Integer(r) || !inner.ReadASN1Integer(s) {
		return nil, staffcard.ErrMalformed
	}
	size := crypto.SHA256.Size()
	return append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...), nil
}
