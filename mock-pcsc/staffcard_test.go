package mockpcsc_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	_ "crypto/sha512" // of P-384
	"errors"
	"math/big"
	"sync/atomic"
	"testing"
	"time"

	"balcao/cardreader"
	"balcao/cardreader/staffcard"
	"balcao/mock-pcsc/card"
	"balcao/mock-pcsc/fixtures"
)

// TestStaffCard reads the staff cards with the desk's own package, through the pcscd of the test.
func TestStaffCard(t *testing.T) {
	r := startReader(t)
	r.outside(t)
	for _, s := range fixtures.Staff() {
		t.Run(s.Name, func(t *testing.T) {
			remove := r.insert(t, mustCard(t, s.Name))
			defer remove()
			c := mustOpenStaff(t)
			if number, name := c.Holder(); number != s.Number || name != s.FullName {
				t.Errorf("the holder is %s %s, want %s %s", number, name, s.Number, s.FullName)
			}
			if chain := c.Chain(); len(chain) != 1 || !bytes.Equal(chain[0], s.Certificate) {
				t.Error("the card has another certificate than the fixtures say")
			}
			if s.Name == "clerk-blocked" {
				checkBlocked(t, c)
				return
			}
			checkPIN(t, c)
		})
	}
	t.Run("OfOthers", r.staffOfOthers)
	t.Run("Refused", r.staffRefused)
	t.Run("LeftVerified", r.staffLeftVerified)
	t.Run("Pulled", r.staffPulled)
	t.Run("Silent", r.staffSilent)
}

func mustOpenStaff(t *testing.T) *staffcard.Card {
	t.Helper()
	c, err := staffcard.Open(t.Context(), readerName)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// checkPIN gives no PIN, a wrong one and the right one, and verifies a signature.
func checkPIN(t *testing.T, c *staffcard.Card) {
	left := func(want int) {
		t.Helper()
		if got, err := c.TriesLeft(t.Context()); err != nil || got != want {
			t.Errorf("%d tries left, %v; want %d", got, err, want)
		}
	}
	hash := crypto.SHA256
	if key, ok := c.Certificate().PublicKey.(*ecdsa.PublicKey); ok && key.Params().BitSize == 384 {
		hash = crypto.SHA384
	}
	digest := bytes.Repeat([]byte{0xa5}, hash.Size())
	if _, err := c.SignDigest(t.Context(), digest); !errors.Is(err, staffcard.ErrPINRequired) {
		t.Errorf("without the PIN: %v", err)
	}
	left(3)
	if err := c.Verify(t.Context(), []byte("12345")); !errors.Is(err, staffcard.ErrPINFormat) {
		t.Errorf("a PIN of five digits: %v", err)
	}
	left(3)
	var wrong *staffcard.WrongPIN
	if err := c.Verify(t.Context(), []byte("654321")); !errors.As(err, &wrong) || wrong.TriesLeft != 2 {
		t.Errorf("a wrong PIN: %v", err)
	}
	left(2)
	if err := c.Verify(t.Context(), []byte("123456")); err != nil {
		t.Fatal(err)
	}
	left(-1)
	for range 2 { // one PIN is enough for the shift
		signature, err := c.SignDigest(t.Context(), digest)
		if err != nil {
			t.Fatal(err)
		}
		if !verifies(c.Certificate().PublicKey, hash, digest, signature) {
			t.Error("the signature is wrong")
		}
	}
}

func verifies(key crypto.PublicKey, hash crypto.Hash, digest, signature []byte) bool {
	switch key := key.(type) {
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(key, hash, digest, signature) == nil
	case *ecdsa.PublicKey:
		half := len(signature) / 2
		return 8*half == key.Params().BitSize &&
			ecdsa.Verify(key, digest, new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:]))
	}
	return false
}

func checkBlocked(t *testing.T, c *staffcard.Card) {
	if left, err := c.TriesLeft(t.Context()); err != nil || left != 0 {
		t.Errorf("%d tries left, %v; want none", left, err)
	}
	if err := c.Verify(t.Context(), []byte("123456")); !errors.Is(err, staffcard.ErrPINBlocked) {
		t.Errorf("the right PIN: %v", err)
	}
}

// plain is a PIV card as others make them: what YubiKeys added is refused, but for the version, as PivApplet has it.
type plain struct{ card.Card }

func (p plain) Transmit(raw []byte) card.Response {
	if len(raw) > 1 && raw[1] >= 0xf0 && raw[1] != 0xfd {
		return card.Response{Data: []byte{0x6d, 0x00}}
	}
	return p.Card.Transmit(raw)
}

func (r *reader) staffOfOthers(t *testing.T) {
	for _, name := range []string{"clerk", "supervisor"} {
		remove := r.insert(t, plain{mustCard(t, name)})
		c := mustOpenStaff(t)
		checkPIN(t, c)
		_ = c.Close()
		remove()
	}
}

// meddled is a card to which something happens at the nth command of an instruction, counted over resets.
type meddled struct {
	card.Card
	ins  byte
	nth  int32
	then card.Response
	seen atomic.Int32
}

func (m *meddled) Transmit(raw []byte) card.Response {
	if len(raw) > 1 && raw[1] == m.ins && m.seen.Add(1) == m.nth {
		return m.then
	}
	return m.Card.Transmit(raw)
}

// staffRefused: what cannot be opened is refused for its reason, and leaves the reader free.
func (r *reader) staffRefused(t *testing.T) {
	none := card.Response{Data: []byte{0x6a, 0x82}}
	for _, c := range []struct {
		name string
		card card.Card
		want error
	}{
		{"no certificate", mustCard(t, "staff-blank"), staffcard.ErrNoCertificate},
		{"a Citizen Card", mustCard(t, "cc2024"), staffcard.ErrNotStaffCard},
		{"a bank card", mustCard(t, "bank-card"), staffcard.ErrNotStaffCard},
		{"another card at the second look", &meddled{Card: mustCard(t, "clerk"), ins: 0xa4, nth: 2, then: none}, staffcard.ErrNotStaffCard},
		{"pulled at the second look", &meddled{Card: mustCard(t, "clerk"), ins: 0xa4, nth: 2, then: card.Response{Removed: true}}, cardreader.ErrRemoved},
		{"no version", &meddled{Card: mustCard(t, "clerk"), ins: 0xfd, nth: 1, then: card.Response{Data: []byte{0x6d, 0x00}}}, staffcard.ErrUnsupported},
		{"no certificate in its place", &meddled{Card: mustCard(t, "clerk"), ins: 0xcb, nth: 1, then: card.Response{Data: []byte{0x53, 0, 0x90, 0}}}, staffcard.ErrMalformed},
		{"pulled at the certificate", &meddled{Card: mustCard(t, "clerk"), ins: 0xcb, nth: 1, then: card.Response{Removed: true}}, cardreader.ErrRemoved},
	} {
		t.Run(c.name, func(t *testing.T) {
			remove := r.insert(t, c.card)
			_, err := staffcard.Open(t.Context(), readerName)
			remove()
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			again := r.insert(t, mustCard(t, "clerk"))
			defer again()
			mustOpenStaff(t)
		})
	}
}

// staffLeftVerified: nobody signs with the PIN of the one before.
func (r *reader) staffLeftVerified(t *testing.T) {
	remove := r.insert(t, mustCard(t, "clerk"))
	defer remove()
	c := mustOpenStaff(t)
	if err := c.Verify(t.Context(), []byte("123456")); err != nil {
		t.Fatal(err)
	}
	if _, err := staffcard.Open(t.Context(), readerName); !errors.Is(err, cardreader.ErrBusy) {
		t.Errorf("opened twice: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if err := c.Verify(t.Context(), []byte("123456")); !errors.Is(err, cardreader.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	again := mustOpenStaff(t)
	if _, err := again.SignDigest(t.Context(), make([]byte, 32)); !errors.Is(err, staffcard.ErrPINRequired) {
		t.Errorf("signing without the PIN after somebody else gave it: %v", err)
	}
}

func (r *reader) staffPulled(t *testing.T) {
	remove := r.insert(t, &meddled{Card: mustCard(t, "supervisor"), ins: 0x87, nth: 2, then: card.Response{Removed: true}})
	c := mustOpenStaff(t)
	if err := c.Verify(t.Context(), []byte("123456")); err != nil {
		t.Fatal(err)
	}
	if _, err := c.SignDigest(t.Context(), make([]byte, 32)); !errors.Is(err, cardreader.ErrRemoved) { // the second of a chain
		t.Errorf("pulled during the signature: %v", err)
	}
	remove()
	again := r.insert(t, mustCard(t, "supervisor")) // while the card that is gone is still open
	defer again()
	if err := c.Verify(t.Context(), []byte("123456")); !errors.Is(err, cardreader.ErrRemoved) {
		t.Errorf("with the same card in again: %v", err)
	}
	_ = c.Close()
	mustOpenStaff(t)
}

// staffSilent: a card that stops answering holds nobody up, and is given back when it is taken out.
func (r *reader) staffSilent(t *testing.T) {
	remove := r.insert(t, &meddled{Card: mustCard(t, "clerk"), ins: 0x20, nth: 1, then: card.Response{Silent: true}})
	c := mustOpenStaff(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := c.Verify(ctx, []byte("123456")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a card that does not answer: %v", err)
	}
	if err := c.Close(); !errors.Is(err, cardreader.ErrSilent) {
		t.Errorf("closing while it holds the reader: %v", err)
	}
	remove()
	again := r.insert(t, mustCard(t, "clerk"))
	defer again()
	mustOpenStaff(t)
}
