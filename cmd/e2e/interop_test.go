//go:build shared

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"balcao/cardreader/mrz"
)

// signatures are the kinds of signatures over a passport that make-passport.sh knows, each with one of the
// photographs that go with it.
var signatures = []struct{ kind, photo string }{
	{"rsa", "face.jpg"}, {"pss", "face.jp2"}, {"p256", "face.jpg"}, {"bp256", "face.jp2"}, {"bp256x", "face.jpg"}, {"bp512", "face.jp2"},
}

// TestInteropPassport reads a passport that nobody here wrote: its data was signed by openssl, and its chip is the
// one of Debian's vsmartcard-vpicc. That chip does BAC, enforces nothing and cannot prove that it is no copy,
// and kioskctl has to say all of that.
func TestInteropPassport(t *testing.T) {
	c := startDemo(t)
	zone := interopZone(t, "L898902C3")
	for _, s := range signatures {
		t.Run(s.kind, func(t *testing.T) {
			p := makePassport(t, zone, s.kind, s.photo)
			defer p.insert(t, c)()
			out, code := c.readPassport(t, zone, p.anchor)
			if code != 0 || !out.Genuine || out.Level != "substantial" || out.Access != "BAC/3DES/unenforced" || out.Photo != "shown" {
				t.Errorf("got exit code %d, level %q, access %q, photo %q, reasons %v; want a genuine passport of level substantial",
					code, out.Level, out.Access, out.Photo, out.Reasons)
			}
			if out.Identity == nil || out.Identity.Surname != "ERIKSSON" || out.Identity.Number != "L898902C3" {
				t.Errorf("got identity %+v", out.Identity)
			}
			for name, want := range map[string]string{
				"sod_signature": "passed", "sod_signer": "passed", "identity_data": "passed", "photo_data": "passed",
				"access_control": "absent/unenforced", "chip_original": "absent/no_originality",
			} {
				if got := out.check(name); got != want {
					t.Errorf("check %s: got %s, want %s", name, got, want)
				}
			}
			for _, clear := range p.wire.clear() {
				t.Errorf("read in clear: %s", clear)
			}
		})
	}
	c.refuses(t, zone)
}

// refuses sees the same passport refused when another country signing authority is trusted, and when another document's
// MRZ is given. Although the chip would give everything to anybody, nothing of it is read then.
func (c *centre) refuses(t *testing.T, zone []string) {
	p, other := makePassport(t, zone, "bp256", "face.jpg"), makePassport(t, zone, "bp256", "face.jpg")
	defer p.insert(t, c)()
	t.Run("ErrOtherAnchor", func(t *testing.T) {
		out, code := c.readPassport(t, zone, other.anchor)
		if code != 3 || out.Genuine || !slices.Equal(out.Reasons, []string{"sod_untrusted"}) {
			t.Errorf("got exit code %d and reasons %v, want 3 and sod_untrusted", code, out.Reasons)
		}
	})
	t.Run("ErrWrongMRZ", func(t *testing.T) {
		p.wire.forget()
		out, code := c.readPassport(t, interopZone(t, "L898902C4"), p.anchor)
		if code != 3 || out.Genuine || !slices.Equal(out.Reasons, []string{"access_denied"}) || out.Identity != nil {
			t.Errorf("got exit code %d, reasons %v, identity %+v; want 3, access_denied, nobody", code, out.Reasons, out.Identity)
		}
		if p.wire.exchanges() == 0 {
			t.Error("the chip was not asked at all")
		}
		for _, clear := range p.wire.clear() {
			t.Errorf("read in clear: %s", clear)
		}
	})
}

// interopZone is the MRZ of a passport that is valid today.
func interopZone(t *testing.T, number string) []string {
	t.Helper()
	lines, err := mrz.MRZ{
		Format: mrz.TD3, Code: "P", Issuer: "UTO", Nationality: "UTO", Surname: "ERIKSSON", GivenNames: "ANNA MARIA",
		Number: number, Birth: mrz.Date{Year: 1974, Month: 8, Day: 12}, Sex: "F", Optional: "ZE184226B",
		Expiry: mrz.Date{Year: time.Now().Year() + 5, Month: 4, Day: 15},
	}.Lines()
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// passport is the content of a chip, and what went over the wire of it.
type passport struct {
	dir, anchor string
	wire        *wire
}

func interop(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(os.Getenv("BALCAO_SHARED"), "interop", name)
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("BALCAO_SHARED has no %s: %v", name, err)
	}
	return path
}

// makePassport has openssl sign a passport.
func makePassport(t *testing.T, zone []string, kind, photo string) *passport {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command(interop(t, "make-passport.sh"), dir, strings.Join(zone, ""), interop(t, photo), kind)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make-passport.sh: %v\n%s", err, out)
	}
	return &passport{dir: dir, anchor: filepath.Join(dir, "pki", "csca.der")}
}

// vpcdPort is where the first slot of Debian's virtual reader waits for a card.
const vpcdPort = 35963

// insert starts the chip and puts it into the first slot. What it returns takes it out again, and waits until that was
// noticed: a chip that follows another faster inherits its state.
func (p *passport) insert(t *testing.T, c *centre) (remove func()) {
	t.Helper()
	p.wire = tap(t, fmt.Sprintf("127.0.0.1:%d", vpcdPort))
	chip := start(t, []string{"LDS_DIR=" + p.dir, fmt.Sprintf("VPORT=%d", p.wire.port())}, "/usr/bin/python3", interop(t, "passport-card.py"))
	return func() {
		chip.stop(t)
		p.wire.close()
		for deadline := time.Now().Add(patience); ; {
			if _, code := c.kioskctlCard(t, ""); code == noCard {
				return
			}
			if time.Now().After(deadline) {
				t.Fatal("the chip is still there")
			}
		}
	}
}

// noCard is the exit code of `kioskctl card` without one.
const noCard = 2

// readPassport runs `kioskctl card` as soon as the chip is there.
func (c *centre) readPassport(t *testing.T, zone []string, anchor string) (cardOutput, int) {
	t.Helper()
	args := []string{"--anchor", anchor}
	for _, line := range zone {
		args = append(args, "--mrz", line)
	}
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if out, code := c.kioskctlCard(t, "", args...); code != noCard {
			return out, code
		}
	}
	t.Fatal("no reader has the chip in it")
	return cardOutput{}, 0
}

// check is the result of a check with its reason.
func (o cardOutput) check(name string) string {
	for _, c := range o.Checks {
		if c.Name == name {
			return strings.TrimSuffix(c.Result+"/"+c.Reason, "/")
		}
	}
	return "not there"
}
