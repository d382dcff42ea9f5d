package citizencard_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"math/big"
	"testing"

	"balcao/cardreader/citizencard"
)

func TestPIN(t *testing.T) {
	ctx := context.Background()
	eachGeneration(t, func(t *testing.T, fake *fakeCard, _ citizencard.Files) {
		card := mustOpen(t, fake)
		for _, malformed := range []string{"", "123", "123456789", "12a4", "１２３４"} {
			if err := card.VerifyPIN(ctx, []byte(malformed)); !errors.Is(err, citizencard.ErrPINFormat) {
				t.Errorf("%d bytes: got %v, want ErrPINFormat", len(malformed), err)
			}
		}
		if fake.tries != 3 {
			t.Fatalf("%d tries left after PINs that no card was asked about", fake.tries)
		}
		var wrong *citizencard.PINError
		for left := 2; left > 0; left-- {
			if err := card.VerifyPIN(ctx, []byte("0000")); !errors.As(err, &wrong) || wrong.TriesLeft != left {
				t.Errorf("got %v, want %d tries left", err, left)
			}
			if got, err := card.PINTries(ctx); err != nil || got != left {
				t.Errorf("got %d tries, %v, want %d", got, err, left)
			}
		}
		if err := card.VerifyPIN(ctx, []byte(fake.pin)); err != nil {
			t.Fatalf("right PIN: %v", err)
		}
		if got, err := card.PINTries(ctx); err != nil || got != 3 {
			t.Errorf("verified: got %d tries, %v, want 3", got, err)
		}
		fake.tries = 1
		for range 2 {
			if err := card.VerifyPIN(ctx, []byte("0000")); !errors.Is(err, citizencard.ErrPINBlocked) {
				t.Errorf("got %v, want ErrPINBlocked", err)
			}
		}
		if got, err := card.PINTries(ctx); err != nil || got != 0 {
			t.Errorf("blocked: got %d tries, %v, want 0", got, err)
		}
	})
}

// pinpad types a PIN.
type pinpad struct {
	card *fakeCard
	pin  string
	err  error
}

func (p pinpad) VerifyPIN(ctx context.Context, command []byte, minDigits, maxDigits int) ([]byte, error) {
	if p.err != nil {
		return nil, p.err
	}
	if minDigits != 4 || maxDigits != 8 {
		return nil, errors.New("PINs have 4 to 8 digits")
	}
	copy(command[5:], p.pin)
	return p.card.Transmit(ctx, command)
}

func TestVerifyPINOn(t *testing.T) {
	ctx := context.Background()
	eachGeneration(t, func(t *testing.T, fake *fakeCard, _ citizencard.Files) {
		card := mustOpen(t, fake)
		cancelled := errors.New("cancelled on the reader")
		if err := card.VerifyPINOn(ctx, pinpad{err: cancelled}); !errors.Is(err, cancelled) {
			t.Errorf("got %v, want the reader's error", err)
		}
		var wrong *citizencard.PINError
		if err := card.VerifyPINOn(ctx, pinpad{card: fake, pin: "0000"}); !errors.As(err, &wrong) {
			t.Errorf("got %v, want a PINError", err)
		}
		if err := card.VerifyPINOn(ctx, pinpad{card: fake, pin: fake.pin}); err != nil || !fake.verified {
			t.Errorf("right PIN: %v", err)
		}
	})
}

func TestSign(t *testing.T) {
	ctx := context.Background()
	digest := sha256.Sum256([]byte("what is agreed"))
	verify := map[string]func(signature []byte) bool{
		citizencard.Generation1: func(s []byte) bool {
			return rsa.VerifyPKCS1v15(&rsaKey().PublicKey, crypto.SHA256, digest[:], s) == nil
		},
		citizencard.Generation2024: func(s []byte) bool {
			return len(s) == 64 && ecdsa.Verify(&ecKey().PublicKey, digest[:],
				new(big.Int).SetBytes(s[:32]), new(big.Int).SetBytes(s[32:]))
		},
	}
	eachGeneration(t, func(t *testing.T, fake *fakeCard, want citizencard.Files) {
		card := mustOpen(t, fake)
		if _, err := card.Sign(ctx, digest[:]); !errors.Is(err, citizencard.ErrPINRequired) {
			t.Errorf("without the PIN: got %v, want ErrPINRequired", err)
		}
		if _, err := card.Sign(ctx, digest[:20]); err == nil {
			t.Error("a digest of 20 bytes was signed")
		}
		if err := card.VerifyPIN(ctx, []byte(fake.pin)); err != nil {
			t.Fatal(err)
		}
		signature, err := card.Sign(ctx, digest[:])
		if err != nil || !verify[want.Generation](signature) {
			t.Errorf("signature of %d bytes does not verify, %v", len(signature), err)
		}
		if fake.verified == (want.Generation == citizencard.Generation2024) {
			t.Errorf("PIN verified after the signature: %v", fake.verified)
		}
		fake.sign = func([]byte) ([]byte, error) { return make([]byte, 63), nil }
		if err := card.VerifyPIN(ctx, []byte(fake.pin)); err != nil {
			t.Fatal(err)
		}
		if _, err := card.Sign(ctx, digest[:]); !errors.Is(err, citizencard.ErrMalformed) {
			t.Errorf("63 bytes: got %v, want ErrMalformed", err)
		}
	})
}
