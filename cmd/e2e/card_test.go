package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"testing"
)

// cardOutput is what `kioskctl card --json` prints, as far as these tests look.
type cardOutput struct {
	Genuine  bool     `json:"genuine"`
	Reasons  []string `json:"reasons"`
	Level    string   `json:"level"`
	Access   string   `json:"access"`
	Photo    string   `json:"photo"`
	Identity *struct {
		Surname string `json:"surname"`
		Number  string `json:"document_number"`
	} `json:"identity"`
	Checks []struct {
		Name, Result, Reason string
	} `json:"checks"`
}

// kioskctlCard runs `kioskctl card` on whatever is in the readers and returns its output and exit code.
func (c *centre) kioskctlCard(t testing.TB, pin string, args ...string) (cardOutput, int) {
	t.Helper()
	args = append([]string{"card", "--json", "--timeout", "2s"}, args...)
	if pin != "" {
		args = append(args, "--pin-stdin")
	}
	cmd := exec.Command(bin(t, "kioskctl"), args...)
	cmd.Env = append(os.Environ(), c.variables()...)
	cmd.Stdin = bytes.NewReader([]byte(pin + "\n"))
	var said bytes.Buffer
	cmd.Stderr = &said
	raw, err := cmd.Output()
	code := cmd.ProcessState.ExitCode()
	if code != 0 {
		t.Logf("kioskctl card: exit code %d: %s", code, said.String())
	}
	var out cardOutput
	if code == 0 || code == 3 {
		if err := json.Unmarshal(raw, &out); err != nil {
			t.Fatalf("kioskctl card printed no JSON: %v", err)
		}
	} else if err == nil {
		t.Fatal("kioskctl card: neither an exit code nor an error")
	}
	return out, code
}

// TestEveryCardOfTheFixtures reads each card as an operator would: a good one is genuine and reaches the
// level it says, high once a Citizen Card has signed; a bad one is refused for its one reason and no other.
func TestEveryCardOfTheFixtures(t *testing.T) {
	c := startDemo(t)
	if _, code := c.kioskctlCard(t, ""); code != 2 {
		t.Errorf("with no card: got exit code %d, want 2", code)
	}
	slots := make(chan string, 2) // both readers at once: most of a card's time, pcscd waits for its next look at a reader
	slots <- "1"
	slots <- "2"
	for _, entry := range c.fixtures(t) {
		t.Run(entry.Name, func(t *testing.T) {
			t.Parallel()
			slot := <-slots
			defer func() { slots <- slot }()
			c.mock(t, "insert", entry.Name, slot)
			out, code := c.kioskctlCard(t, entry.PIN, append(entry.printed(), "--reader", slot)...)
			if entry.RefusedFor == "" {
				if code != 0 || !out.Genuine || out.Level != entry.Level || out.Identity == nil {
					t.Errorf("got exit code %d, level %q, reasons %v; want a genuine card of level %s", code, out.Level, out.Reasons, entry.Level)
				}
			} else if want := []string{entry.RefusedFor}; code != 3 || out.Genuine || !slices.Equal(out.Reasons, want) {
				t.Errorf("got exit code %d and reasons %v, want 3 and %v", code, out.Reasons, want)
			}
			c.take(t, slot)
		})
	}
}

// TestPINWithoutPhotograph sees the chip proven also when the photograph stays on the card, and a card
// refused for what it is when there was no PIN to give.
func TestPINWithoutPhotograph(t *testing.T) {
	c := startDemo(t)
	for _, want := range []struct {
		card, pin string
		code      int
		reasons   []string
	}{
		{"cc1-rsa2048", "1234", 0, nil},
		{"cc2024", "2580", 0, nil},
		{"cc2024-clone", "1234", 3, []string{"key_mismatch"}},
		{"bank-card", "", 3, []string{"unknown_card"}},
		{"cc1-rsa3072", "", 1, nil},
	} {
		c.mock(t, "insert", want.card)
		out, code := c.kioskctlCard(t, want.pin, "--no-photo", "--pin-stdin")
		if code != want.code || !slices.Equal(out.Reasons, want.reasons) {
			t.Errorf("%s: got exit code %d and reasons %v, want %d and %v", want.card, code, out.Reasons, want.code, want.reasons)
		}
		proven := slices.ContainsFunc(out.Checks, func(check struct{ Name, Result, Reason string }) bool {
			return check.Name == "key_possession" && check.Result == "passed"
		})
		if proven != (want.code == 0) {
			t.Errorf("%s: the chip is proven: got %v", want.card, proven)
		}
		c.take(t, "1")
	}
}

// take empties a slot. Cards that are pulled by themselves are out already.
func (c *centre) take(t testing.TB, slot string) {
	t.Helper()
	cmd := exec.Command(bin(t, "mock-pcsc"), "remove", slot)
	cmd.Env = append(os.Environ(), c.variables()...)
	_ = cmd.Run() // an empty slot is an error of the command and fine here
}

// TestWrongPINIsCounted sees a wrong PIN cost a try, and the count survive the card's removal.
func TestWrongPINIsCounted(t *testing.T) {
	c := startDemo(t)
	c.mock(t, "insert", "cc2024")
	if _, code := c.kioskctlCard(t, "0000"); code != 1 {
		t.Errorf("wrong PIN: got exit code %d, want 1", code)
	}
	c.mock(t, "remove")
	c.mock(t, "insert", "cc2024")
	cmd := exec.Command(bin(t, "kioskctl"), "card", "--json")
	cmd.Env = append(os.Environ(), c.variables()...)
	raw, err := cmd.Output()
	if err != nil {
		t.Fatalf("reading the card again: %v", err)
	}
	var out struct {
		PINTries int `json:"pin_tries"`
	}
	if err := json.Unmarshal(raw, &out); err != nil || out.PINTries != 2 {
		t.Errorf("got %d tries left (%v), want 2", out.PINTries, err)
	}
	if out, code := c.kioskctlCard(t, "2580"); code != 0 || out.Level != "high" {
		t.Errorf("right PIN afterwards: got exit code %d and level %q, want 0 and high", code, out.Level)
	}
}
