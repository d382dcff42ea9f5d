package registrar_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"balcao/kiosk/registrar"
)

var pepper = bytes.Repeat([]byte{0x5a}, registrar.PepperLength)

// RFC 4226 §5.4: the worked example of dynamic truncation.
func TestTruncate_RFC4226Example(t *testing.T) {
	sum, err := hex.DecodeString("1f8698690e02ca16618550ef7f19da8e945b555a")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := registrar.Truncate(sum, 6), uint32(872921); got != want {
		t.Errorf("got %06d, want %06d", got, want)
	}
}

// RFC 4226 appendix D: ten counters under the secret "12345678901234567890".
func TestTruncate_RFC4226Values(t *testing.T) {
	want := []uint32{755224, 287082, 359152, 969429, 338314, 254676, 287922, 162583, 399871, 520489}
	for counter, want := range want {
		h := hmac.New(sha1.New, []byte("12345678901234567890"))
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(counter)))
		if got := registrar.Truncate(h.Sum(nil), 6); got != want {
			t.Errorf("counter %d: got %06d, want %06d", counter, got, want)
		}
	}
}

// RFC 6238 appendix B, the rows of SHA-256: the offset is in the last byte of the longer hash.
func TestTruncate_RFC6238Values(t *testing.T) {
	want := map[uint64]uint32{
		0x1: 46119246, 0x23523ec: 68084774, 0x23523ed: 67062674, 0x273ef07: 91819424, 0x3f940aa: 90698825, 0x27bc86aa: 77737706,
	}
	for counter, want := range want {
		h := hmac.New(sha256.New, []byte("12345678901234567890123456789012"))
		h.Write(binary.BigEndian.AppendUint64(nil, counter))
		if got := registrar.Truncate(h.Sum(nil), 8); got != want {
			t.Errorf("counter %x: got %08d, want %08d", counter, got, want)
		}
	}
}

func mustCode(t rapid.TB, pepper []byte, enrolment uuid.UUID, channel string, send uint32) string {
	t.Helper()
	code, err := registrar.OneTimeCode(pepper, enrolment, channel, send)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func TestOneTimeCode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		enrolment := uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "enrolment"))
		send := rapid.Uint32().Draw(t, "send")
		code := mustCode(t, pepper, enrolment, "sms", send)
		if len(code) != registrar.CodeDigits {
			t.Fatalf("got %d digits", len(code))
		}
		for _, r := range code {
			if r < '0' || r > '9' {
				t.Fatalf("not a digit in the code")
			}
		}
		if again := mustCode(t, pepper, enrolment, "sms", send); again != code {
			t.Error("the same send gives another code")
		}
	})
}

// Each input matters. One pair may agree by chance, once in a million; eight in a row do not.
func TestOneTimeCode_DependsOnEverything(t *testing.T) {
	other := bytes.Clone(pepper)
	other[31] ^= 1
	same := map[string]int{}
	const rounds = 8
	for i := range uint32(rounds) {
		enrolment := uuid.UUID{15: byte(i)}
		code := mustCode(t, pepper, enrolment, "sms", i)
		for name, variant := range map[string]string{
			"pepper":    mustCode(t, other, enrolment, "sms", i),
			"enrolment": mustCode(t, pepper, uuid.UUID{0: 1, 15: byte(i)}, "sms", i),
			"channel":   mustCode(t, pepper, enrolment, "email", i),
			"send":      mustCode(t, pepper, enrolment, "sms", i+1000),
		} {
			if variant == code {
				same[name]++
			}
		}
	}
	for name, n := range same {
		if n == rounds {
			t.Errorf("the %s does not matter", name)
		}
	}
}

// Codes are spread evenly: 20 000 of them over the ten last and ten first digits stay within five
// standard deviations.
func TestOneTimeCode_Spread(t *testing.T) {
	const n = 20_000
	var first, last [10]int
	for i := range uint32(n) {
		code := mustCode(t, pepper, uuid.UUID{}, "sms", i)
		first[code[0]-'0']++
		last[code[5]-'0']++
	}
	for digit := range 10 {
		for _, got := range []int{first[digit], last[digit]} {
			if got < n/10-212 || got > n/10+212 {
				t.Errorf("digit %d: %d times in %d", digit, got, n)
			}
		}
	}
}

func TestOneTimeCode_ErrPepper(t *testing.T) {
	if _, err := registrar.OneTimeCode([]byte("short"), uuid.UUID{}, "sms", 1); err == nil {
		t.Error("a short pepper was accepted")
	}
}
