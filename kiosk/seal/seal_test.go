package seal_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"balcao/kiosk/seal"
)

func mustIdentity(t testing.TB) *age.X25519Identity {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func mustSeal(t testing.TB, to age.Recipient, plain []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := age.Encrypt(&b, to)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPIN_RoundTrip(t *testing.T) {
	id := mustIdentity(t)
	lengths := make(map[int]bool)
	rapid.Check(t, func(t *rapid.T) {
		pin := rapid.StringMatching(`[0-9]{1,12}`).Draw(t, "pin")
		enrolment := uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "enrolment"))
		sealed, err := seal.PIN(id.Recipient(), enrolment, []byte(pin))
		if err != nil {
			t.Fatalf("PIN: %v", err)
		}
		lengths[len(sealed)] = true
		got, err := seal.Open(id, enrolment, sealed)
		if err != nil {
			t.Fatalf("Open: %v", err)
		}
		if string(got) != pin {
			t.Errorf("opened to other digits")
		}
	})
	if len(lengths) != 1 {
		t.Errorf("the length of the ciphertext tells the length of the PIN: %v", lengths)
	}
}

func TestPIN_ErrMalformed(t *testing.T) {
	id := mustIdentity(t)
	for _, pin := range []string{"", "12a4", "1234567890123", "12 34", "１２３４"} {
		if _, err := seal.PIN(id.Recipient(), uuid.New(), []byte(pin)); !errors.Is(err, seal.ErrMalformed) {
			t.Errorf("PIN(%q): got %v, want ErrMalformed", pin, err)
		}
	}
}

func TestOpen_Errors(t *testing.T) {
	id := mustIdentity(t)
	enrolment := uuid.New()
	sealed, err := seal.PIN(id.Recipient(), enrolment, []byte("482913"))
	if err != nil {
		t.Fatal(err)
	}
	with := func(tail string) []byte { return append(bytes.Clone(enrolment[:]), tail...) }
	tests := []struct {
		name      string
		identity  age.Identity
		enrolment uuid.UUID
		sealed    []byte
		want      error
	}{
		{"another centre", mustIdentity(t), enrolment, sealed, seal.ErrUnreadable},
		{"another enrolment", id, uuid.New(), sealed, seal.ErrOtherEnrolment},
		{"nothing", id, enrolment, nil, seal.ErrUnreadable},
		{"not age", id, enrolment, []byte("482913"), seal.ErrUnreadable},
		{"cut short", id, enrolment, sealed[:len(sealed)-1], seal.ErrUnreadable},
		{"too much", id, enrolment, bytes.Repeat([]byte{0}, 4096), seal.ErrUnreadable},
		{"not padded", id, enrolment, mustSeal(t, id.Recipient(), with("482913")), seal.ErrMalformed},
		{"too long", id, enrolment, mustSeal(t, id.Recipient(), with(strings.Repeat("1", 13))), seal.ErrMalformed},
		{"no digits", id, enrolment, mustSeal(t, id.Recipient(), with(strings.Repeat("\x00", 12))), seal.ErrMalformed},
		{"letters", id, enrolment, mustSeal(t, id.Recipient(), with("12a4"+strings.Repeat("\x00", 8))), seal.ErrMalformed},
		{"padding not zero", id, enrolment, mustSeal(t, id.Recipient(), with("1234\x001234567")), seal.ErrMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			pin, err := seal.Open(tt.identity, tt.enrolment, tt.sealed)
			if !errors.Is(err, tt.want) || pin != nil {
				t.Errorf("got %d digits, %v; want %v", len(pin), err, tt.want)
			}
		})
	}
}

func FuzzOpen(f *testing.F) {
	id := mustIdentity(f)
	enrolment := uuid.MustParse("01890000-0000-7000-8000-000000000001")
	good, err := seal.PIN(id.Recipient(), enrolment, []byte("482913"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte("age-encryption.org/v1\n-> X25519 a\nb\n--- c\n"))
	f.Fuzz(func(t *testing.T, sealed []byte) {
		pin, err := seal.Open(id, enrolment, sealed)
		if (err == nil) != (len(pin) > 0) {
			t.Errorf("got %d digits and error %v", len(pin), err)
		}
	})
}

func TestParseRecipient(t *testing.T) {
	id := mustIdentity(t)
	got, err := seal.ParseRecipient(id.Recipient().String())
	if err != nil || got.String() != id.Recipient().String() {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := seal.ParseRecipient("age1nonsense"); err == nil {
		t.Error("nonsense was parsed")
	}
}
