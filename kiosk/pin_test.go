package kiosk_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"balcao/kiosk"
)

var sixToEight = kiosk.PINPolicy{MinDigits: 6, MaxDigits: 8, Personal: []string{"12081974", "120874", "081974", "351912345678", "990005887", "400000004"}}

// TestSealedPINStays: going back for something else costs nobody the PIN that they chose, unless what was entered
// since might be in it.
func TestSealedPINStays(t *testing.T) {
	back := func(t *testing.T) *desk {
		d := newDesk(t).reviewing().do(kiosk.SomethingWrong{}, kiosk.Back{}).at(kiosk.StepPIN)
		if d.state.PIN.Phase != kiosk.PINSealed {
			t.Fatalf("phase: got %q", d.state.PIN.Phase)
		}
		return d
	}
	t.Run("Kept", func(t *testing.T) {
		back(t).do(kiosk.Continue{}).phase(kiosk.ReviewReading).asked()
		back(t).do(kiosk.Back{}).at(kiosk.StepContact).do(kiosk.Continue{}).phase(kiosk.ReviewReading).asked()
	})
	t.Run("KeptWithAnotherAddress", func(t *testing.T) {
		d := back(t).do(kiosk.Back{}, enterMail)
		d.do(d.queued(kiosk.Email), typedCode(), confirmed(kiosk.Email), kiosk.Continue{}).phase(kiosk.ReviewReading)
	})
	t.Run("NotWithAnotherNumber", func(t *testing.T) {
		d := back(t).do(kiosk.Back{}, kiosk.ContactEntered{Channel: kiosk.SMS, Text: "912 345 679"})
		d.do(d.queued(kiosk.SMS), typedCode(), confirmed(kiosk.SMS), kiosk.Continue{}).at(kiosk.StepPIN)
		if pin := d.state.PIN; pin.Phase != kiosk.PINFirst || !pin.Outdated {
			t.Errorf("got %+v", pin)
		}
		d.do(kiosk.PINTyped{PIN: kiosk.Secret("912345")})
		if pin := d.state.PIN; !pin.Refused || pin.Outdated {
			t.Errorf("got %+v", pin)
		}
	})
	t.Run("AnotherIfWanted", func(t *testing.T) {
		d := back(t).do(kiosk.NewPIN{}, kiosk.PINTyped{PIN: kiosk.Secret(goodPIN)})
		d.do(kiosk.PINTyped{PIN: kiosk.Secret(goodPIN)}).asked(kiosk.SealPIN{Case: 1, PIN: kiosk.Secret(goodPIN)})
	})
}

func TestPINPolicy(t *testing.T) {
	for _, tt := range []struct {
		pin    string
		broken []kiosk.PINRule
	}{
		{"739150", nil},
		{"7391508", nil},
		{"73915086", nil},
		{"111739", nil},
		{"123497", nil}, // begins with a sequence, is none
		{"", []kiosk.PINRule{kiosk.PINLength, kiosk.PINPersonal, kiosk.PINPattern}},
		{"73915", []kiosk.PINRule{kiosk.PINLength, kiosk.PINPersonal, kiosk.PINPattern}},
		{"739150862", []kiosk.PINRule{kiosk.PINLength}},
		{"73915a", []kiosk.PINRule{kiosk.PINLength}},
		{"73 150", []kiosk.PINRule{kiosk.PINLength}},
		{"567890", []kiosk.PINRule{kiosk.PINPattern}},
		{"678901", []kiosk.PINRule{kiosk.PINPattern}},
		{"987654", []kiosk.PINRule{kiosk.PINPattern}},
		{"321098", []kiosk.PINRule{kiosk.PINPattern}},
		{"246802", []kiosk.PINRule{kiosk.PINPattern}},
		{"777777", []kiosk.PINRule{kiosk.PINPattern}},
		{"739999", []kiosk.PINRule{kiosk.PINPattern}},
		{"123123", []kiosk.PINRule{kiosk.PINPattern}},
		{"121212", []kiosk.PINRule{kiosk.PINPattern}},
		{"73917391", []kiosk.PINRule{kiosk.PINPattern}},
		{"7397397", []kiosk.PINRule{kiosk.PINPattern}},
		{"12081974", []kiosk.PINRule{kiosk.PINPersonal}},
		{"120819", []kiosk.PINRule{kiosk.PINPersonal}},
		{"91208747", []kiosk.PINRule{kiosk.PINPersonal}},
		{"081974", []kiosk.PINRule{kiosk.PINPersonal}},
		{"191234", []kiosk.PINRule{kiosk.PINPersonal}},
		{"005887", []kiosk.PINRule{kiosk.PINPersonal}},
		{"888888", []kiosk.PINRule{kiosk.PINPattern}},
		{"4000000", []kiosk.PINRule{kiosk.PINPersonal, kiosk.PINPattern}},
	} {
		var broken []kiosk.PINRule
		for _, r := range sixToEight.Check([]byte(tt.pin)) {
			if !r.Met {
				broken = append(broken, r.Rule)
			}
		}
		if !slices.Equal(broken, tt.broken) {
			t.Errorf("%q: broken %v, want %v", tt.pin, broken, tt.broken)
		}
		if got, want := sixToEight.Valid([]byte(tt.pin)), tt.broken == nil; got != want {
			t.Errorf("%q: valid %v, want %v", tt.pin, got, want)
		}
	}
}

func TestPINPolicyProperties(t *testing.T) {
	digitString := func(least, most int) *rapid.Generator[string] {
		return rapid.StringMatching(fmt.Sprintf("[0-9]{%d,%d}", least, most))
	}
	t.Run("NothingPersonal", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			personal := digitString(4, 14).Draw(t, "personal")
			policy := kiosk.PINPolicy{MinDigits: 4, MaxDigits: 8, Personal: []string{personal}}
			pin := digitString(4, 8).Draw(t, "pin")
			if policy.Valid([]byte(pin)) && (strings.Contains(personal, pin) || strings.Contains(pin, personal)) {
				t.Fatalf("accepted a PIN out of a personal number")
			}
			if least := min(len(personal), 8); policy.Valid([]byte(personal[:least])) {
				t.Fatalf("accepted the beginning of a personal number")
			}
		})
	})
	t.Run("NothingRepeated", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			block := digitString(1, 4).Draw(t, "block")
			pin := strings.Repeat(block, 8)[:rapid.IntRange(max(6, 2*len(block)), 8).Draw(t, "length")]
			if sixToEight.Valid([]byte(pin)) {
				t.Fatalf("accepted %q again and again", block)
			}
		})
	})
	t.Run("NoSteps", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			digit, step := rapid.IntRange(0, 9).Draw(t, "first"), rapid.IntRange(0, 9).Draw(t, "step")
			var pin []byte
			for range rapid.IntRange(6, 8).Draw(t, "length") {
				pin = append(pin, byte('0'+digit))
				digit = (digit + step) % 10
			}
			if (kiosk.PINPolicy{MinDigits: 6, MaxDigits: 8}).Valid(pin) {
				t.Fatalf("accepted a sequence by %d", step)
			}
		})
	})
	t.Run("LeavesThePINAlone", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			pin := rapid.SliceOfN(rapid.Byte(), 0, 12).Draw(t, "bytes")
			before := bytes.Clone(pin)
			valid := sixToEight.Valid(pin)
			if !bytes.Equal(pin, before) {
				t.Fatal("the PIN was changed")
			}
			if valid && (len(pin) < 6 || len(pin) > 8 || strings.Trim(string(pin), "0123456789") != "") {
				t.Fatal("accepted something else than six to eight digits")
			}
		})
	})
	t.Run("MostPINsAreGood", func(t *testing.T) {
		good := 0
		for n := range 1_000_000 {
			if n%10 == 7 && sixToEight.Valid(fmt.Appendf(nil, "%06d", n)) {
				good++
			}
		}
		if good < 98_000 {
			t.Errorf("only %d of 100000 PINs are allowed: the rules help a guesser", good)
		}
	})
}

func TestPINCheckCopiesNoPIN(t *testing.T) {
	pin := []byte("73915086")
	// The result list, and one buffer at most for each personal number; none depends on the PIN.
	with := testing.AllocsPerRun(100, func() { sixToEight.Check(pin) })
	without := testing.AllocsPerRun(100, func() { sixToEight.Check(nil) })
	if with > without+float64(2*len(sixToEight.Personal)) {
		t.Errorf("allocations: got %v, and %v for no PIN", with, without)
	}
}

func TestPolicyFor(t *testing.T) {
	contacts := []kiosk.ProvenContact{{Channel: kiosk.Email, Value: "739150862@exemplo.pt"}, {Channel: kiosk.SMS, Value: annasPhone}}
	policy := kiosk.PolicyFor(anna(), contacts, 6, 8)
	for pin, want := range map[string]bool{
		"739150": true, "120874": false, "74081219": false, "990005": false, "400000": false, "12345678": false, "13579": false,
	} {
		if got := policy.Valid([]byte(pin)); got != want {
			t.Errorf("%s: valid %v, want %v", pin, got, want)
		}
	}
	d := newDesk(t).settled().do(kiosk.Continue{})
	if diff := cmp.Diff(kiosk.PolicyFor(anna(), contacts, 6, 8), d.state.PIN.Policy); diff != "" {
		t.Errorf("the desk holds other rules than the centre (-centre +desk):\n%s", diff)
	}
}

func TestChoosing(t *testing.T) {
	pin := func(digits string) kiosk.PINTyped { return kiosk.PINTyped{PIN: kiosk.Secret(digits)} }
	phase := func(d *desk, want kiosk.PINPhase) {
		t.Helper()
		if got := d.state.PIN.Phase; got != want {
			t.Errorf("phase: got %q, want %q", got, want)
		}
	}
	choosing := func(t *testing.T) *desk { return newDesk(t).settled().do(kiosk.Continue{}).at(kiosk.StepPIN) }

	t.Run("Refused", func(t *testing.T) {
		for _, weak := range []string{"123456", "12081974", "120874", "197408", "345678", "990005", "400000"} {
			typed := pin(weak)
			d := choosing(t).do(typed).asked()
			phase(d, kiosk.PINFirst)
			if !d.state.PIN.Refused || !bytes.Equal(typed.PIN, make([]byte, len(weak))) {
				t.Errorf("%s: not refused, or not wiped", weak)
			}
		}
	})
	t.Run("Mismatch", func(t *testing.T) {
		first, second := pin(goodPIN), pin("739151")
		d := choosing(t).do(first)
		phase(d, kiosk.PINRepeat)
		d.do(second).asked()
		phase(d, kiosk.PINFirst)
		if !d.state.PIN.Mismatch || !bytes.Equal(append(first.PIN, second.PIN...), make([]byte, 12)) {
			t.Error("a mismatch is not shown, or an entry not wiped")
		}
		d.do(pin(goodPIN))
		if d.state.PIN.Mismatch {
			t.Error("the mismatch is still shown")
		}
	})
	t.Run("Match", func(t *testing.T) {
		first := pin(goodPIN)
		d := choosing(t).do(first).do(pin(goodPIN)).asked(kiosk.SealPIN{Case: 1, PIN: kiosk.Secret(goodPIN)})
		phase(d, kiosk.PINSealing)
		if !bytes.Equal(first.PIN, make([]byte, 6)) {
			t.Error("the first entry was not wiped")
		}
		third := pin(goodPIN)
		d.do(third, kiosk.Back{}).at(kiosk.StepPIN).asked()
		if !bytes.Equal(third.PIN, make([]byte, 6)) {
			t.Error("a PIN typed while sealing was not wiped")
		}
		d.do(kiosk.InCase{Case: 1, Event: kiosk.PINWasSealed{}}).at(kiosk.StepReview)
	})
	t.Run("BackForgetsTheFirstEntry", func(t *testing.T) {
		first := pin(goodPIN)
		d := choosing(t).do(first, kiosk.Back{}).at(kiosk.StepContact)
		phase(d, "")
		if !bytes.Equal(first.PIN, make([]byte, 6)) {
			t.Error("the first entry was not wiped")
		}
	})
	t.Run("SealingFails", func(t *testing.T) {
		d := choosing(t).do(pin(goodPIN), pin(goodPIN)).do(kiosk.InCase{Case: 1, Event: kiosk.CommandFailed{Problem: kiosk.Problem{Code: kiosk.ProblemInternal}}})
		phase(d, kiosk.PINFirst)
		d.problem(kiosk.ProblemInternal, false).do(pin(goodPIN)).problem("", false)
	})
}
