package staffcard

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"

	"github.com/go-piv/piv-go/v2/piv"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"balcao/cardreader"
	"balcao/cardreader/iso7816"
)

// aid is the name of the PIV application without its version (SP 800-73-4 part 1 §2.2).
var aid = []byte{0xA0, 0x00, 0x00, 0x03, 0x08}

// Is reports whether the card has a PIV application. Its error means that the card did not answer.
func Is(ctx context.Context, t iso7816.Transmitter) (bool, error) {
	_, err := iso7816.Send(ctx, t, iso7816.Command{INS: 0xA4, P1: 0x04, Data: aid, Le: iso7816.MaxShortLe})
	var status *iso7816.StatusError
	if err == nil || errors.As(err, &status) {
		return err == nil, nil
	}
	return false, fmt.Errorf("looking for a staff card: %w", err)
}

// Card is a staff card that this program has for itself alone, from Open to Close. It is safe for concurrent use.
// Errors of its methods, besides those they name, are cardreader's: ErrRemoved and so on.
type Card struct {
	loan        *cardreader.Loan
	key         *piv.YubiKey
	certificate *x509.Certificate
	hash        crypto.Hash
	verified    bool // guarded by the loan, which runs one call at a time
}

// Open takes the card in a reader. No other program may be connected to it, nor may a session of this one. Errors:
// ErrNotStaffCard, ErrUnsupported, ErrNoCertificate, ErrMalformed, and cardreader's.
//
// piv-go, which opens the reader for itself, never gives it back when it finds no PIV application: so the card is looked
// at first.
func Open(ctx context.Context, reader string) (*Card, error) {
	if err := recognise(ctx, reader); err != nil {
		return nil, fmt.Errorf("opening a staff card: %w", err)
	}
	c := &Card{}
	loan, err := cardreader.Dialer{}.Lend(ctx, reader, func() (io.Closer, error) {
		key, err := piv.Open(reader)
		if err != nil {
			return nil, err
		}
		c.key = key
		return key, nil
	})
	if err != nil {
		return nil, fmt.Errorf("opening a staff card: %w", openError(err))
	}
	c.loan = loan
	if err := c.readCertificate(ctx); err != nil {
		_ = c.Close()
		return nil, fmt.Errorf("reading the certificate of a staff card: %w", err)
	}
	return c, nil
}

func recognise(ctx context.Context, reader string) error {
	session, err := cardreader.Dialer{}.Connect(ctx, reader)
	if err != nil {
		return err
	}
	defer func() { _ = session.Close() }()
	yes, err := Is(ctx, session)
	if err == nil && !yes {
		err = ErrNotStaffCard
	}
	return err
}

// openError says what it means that piv-go could not open a card that has a PIV application. It asks for the version of a
// YubiKey, which other cards may not know, and wants T=1.
func openError(err error) error {
	if errors.Is(err, piv.ErrNotFound) {
		return ErrNotStaffCard // another card came meanwhile
	}
	if isReaders(err) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrUnsupported, err)
}

// isReaders tells what the reader or the caller is to blame for from what the card is.
func isReaders(err error) bool {
	return slices.ContainsFunc([]error{
		cardreader.ErrRemoved, cardreader.ErrBusy, cardreader.ErrServiceGone, cardreader.ErrStuck, cardreader.ErrSilent,
		cardreader.ErrClosed, context.Canceled, context.DeadlineExceeded,
	}, func(known error) bool { return errors.Is(err, known) })
}

func (c *Card) readCertificate(ctx context.Context) error {
	var certificate *x509.Certificate
	err := c.loan.Call(ctx, func() (err error) {
		certificate, err = c.key.Certificate(piv.SlotAuthentication)
		return err
	})
	switch {
	case errors.Is(err, piv.ErrNotFound):
		return ErrNoCertificate
	case err != nil && !isReaders(err):
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	case err != nil:
		return err
	}
	if c.hash = hashFor(certificate.PublicKey); c.hash == 0 {
		return fmt.Errorf("%w: key of the certificate", ErrUnsupported)
	}
	c.certificate = certificate
	return nil
}

// hashFor is the hash that goes with a key (RFC 7518 §3.1): 0 for a key that staff cards must not have.
func hashFor(key crypto.PublicKey) crypto.Hash {
	switch key := key.(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() == 2048 {
			return crypto.SHA256
		}
	case *ecdsa.PublicKey:
		switch key.Curve {
		case elliptic.P256():
			return crypto.SHA256
		case elliptic.P384():
			return crypto.SHA384
		}
	}
	return 0
}

// Certificate returns the certificate in slot 9A. It is not verified here.
func (c *Card) Certificate() *x509.Certificate { return c.certificate }

// Chain returns what a signature carries, DER: the certificate alone, because PIV keeps no issuer's.
func (c *Card) Chain() [][]byte { return [][]byte{c.certificate.Raw} }

// Holder returns what the certificate says of whom the card belongs to: serialNumber, the number of the member of
// staff, and commonName. Both are empty where the certificate has none.
func (c *Card) Holder() (number, name string) {
	return c.certificate.Subject.SerialNumber, c.certificate.Subject.CommonName
}

// TriesLeft asks how many tries the PIN has left; 0 when it is blocked. Once the PIN was verified a card does not tell,
// and the result is -1.
func (c *Card) TriesLeft(ctx context.Context) (int, error) {
	left := -1
	err := c.loan.Call(ctx, func() (err error) {
		if !c.verified {
			left, err = c.key.Retries()
		}
		return err
	})
	if err != nil {
		return -1, fmt.Errorf("asking for the PIN's state: %w", err)
	}
	return left, nil
}

const (
	pinMin = 6
	pinMax = 8
)

// Verify presents the PIN, ASCII, which the caller wipes. piv-go takes a string, so a copy stays until the memory is
// used again. A *WrongPIN uses up a try, ErrPINBlocked says that none is left, ErrPINFormat that none was used.
func (c *Card) Verify(ctx context.Context, pin []byte) error {
	if len(pin) < pinMin || len(pin) > pinMax {
		return ErrPINFormat
	}
	digits := string(pin)
	err := c.loan.Call(ctx, func() error {
		err := c.key.VerifyPIN(digits)
		c.verified = err == nil
		return err
	})
	var wrong piv.AuthErr
	if errors.As(err, &wrong) {
		return c.wrongPIN(ctx, wrong.Retries)
	}
	if err != nil {
		return fmt.Errorf("verifying the PIN: %w", err)
	}
	return nil
}

// wrongPIN is the error of a PIN that was refused. A card may refuse without telling the tries (6300), which piv-go does
// not tell from none: so with none the card is asked again.
func (c *Card) wrongPIN(ctx context.Context, left int) error {
	if left == 0 {
		var err error
		if left, err = c.TriesLeft(ctx); err != nil {
			return err
		}
	}
	if left == 0 {
		return ErrPINBlocked
	}
	return &WrongPIN{TriesLeft: left}
}

// SignDigest lets the card sign with the key of slot 9A, after Verify: SHA-256 with RSA (PKCS #1 v1.5) and P-256,
// SHA-384 with P-384; ECDSA as r‖s. ErrPINRequired when the PIN has to be verified first.
func (c *Card) SignDigest(ctx context.Context, digest []byte) ([]byte, error) {
	if len(digest) != c.hash.Size() {
		return nil, fmt.Errorf("staffcard: digest of %d bytes is none of %v", len(digest), c.hash)
	}
	signature, err := c.sign(ctx, bytes.Clone(digest)) // the call may outlive this one
	if err != nil {
		return nil, fmt.Errorf("signing with a staff card: %w", err)
	}
	if public, ok := c.certificate.PublicKey.(*ecdsa.PublicKey); ok {
		return fixed(signature, (public.Params().BitSize+7)/8)
	}
	return signature, nil
}

// sign states the PIN policy, because piv-go would ask the card in a way that only YubiKeys understand. Never means
// that the library verifies none: Verify did, and a card that wants it again refuses.
func (c *Card) sign(ctx context.Context, digest []byte) ([]byte, error) {
	key, err := c.key.PrivateKey(piv.SlotAuthentication, c.certificate.PublicKey, piv.KeyAuth{PINPolicy: piv.PINPolicyNever})
	if err != nil {
		return nil, err
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, ErrUnsupported
	}
	var signature []byte
	err = c.loan.Call(ctx, func() (err error) {
		signature, err = signer.Sign(rand.Reader, digest, c.hash)
		c.verified = c.verified && !wantsPIN(err)
		return err
	})
	switch {
	case wantsPIN(err):
		return nil, ErrPINRequired
	case err != nil:
		return nil, err
	}
	return signature, nil
}

// wantsPIN recognises "security status not satisfied" (SP 800-73-4 part 1 table 6).
func wantsPIN(err error) bool {
	var answer interface{ Status() uint16 }
	return errors.As(err, &answer) && answer.Status() == 0x6982
}

// fixed turns the signature of a PIV card, r and s in DER, into r‖s of size bytes each (RFC 7518 §3.4).
func fixed(der []byte, size int) ([]byte, error) {
	input, inner := cryptobyte.String(der), cryptobyte.String(nil)
	r, s := new(big.Int), new(big.Int)
	if !input.ReadASN1(&inner, asn1.SEQUENCE) || !input.Empty() || !inner.ReadASN1Integer(r) || !inner.ReadASN1Integer(s) ||
		!inner.Empty() || r.Sign() <= 0 || s.Sign() <= 0 || r.BitLen() > 8*size || s.BitLen() > 8*size {
		return nil, fmt.Errorf("%w: signature", ErrMalformed)
	}
	return append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...), nil
}

// Close gives the card back, reset, so that the PIN is verified for nobody.
func (c *Card) Close() error { return c.loan.Close() }
