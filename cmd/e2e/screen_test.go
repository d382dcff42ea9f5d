package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"balcao/cmd/internal/process"
)

// screen is an X server with a window manager.
type screen struct {
	display string
	dir     string // where pictures go
}

// startScreen starts a screen with a window manager until the test ends.
func startScreen(t testing.TB) *screen {
	t.Helper()
	display, stop, err := process.StartScreen()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	s := &screen{display: display, dir: os.Getenv("BALCAO_SCREENS")}
	if s.dir == "" {
		s.dir = "../../build/screens"
	}
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return s
}

// xdo runs xdotool.
func (s *screen) xdo(t testing.TB, args ...string) string {
	t.Helper()
	cmd := exec.Command("xdotool", args...)
	cmd.Env = append(os.Environ(), "DISPLAY="+s.display)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("xdotool %s: %v\n%s", args[0], err, out)
	}
	return strings.TrimSpace(string(out))
}

// picture saves what the monitors show, once it no longer changes: a window paints a moment after it
// says what it shows. Nothing is decided by a picture; it is for people to look at.
func (s *screen) picture(t testing.TB, name string) {
	t.Helper()
	var before []byte
	for same, tries := 0, 0; same < 3 && tries < 40; tries++ {
		now := s.capture(t)
		if same++; !bytes.Equal(now, before) {
			same = 0
		}
		before = now
	}
	s.save(t, name, before)
}

// capture is what the monitors show now, as PNG.
func (s *screen) capture(t testing.TB) []byte {
	t.Helper()
	cmd := exec.Command("import", "-window", "root", "-define", "png:exclude-chunks=date,time", "png:-")
	cmd.Env = append(os.Environ(), "DISPLAY="+s.display)
	now, err := cmd.Output()
	if err != nil {
		t.Fatalf("taking a picture: %v", err)
	}
	return now
}

func (s *screen) save(t testing.TB, name string, picture []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name+".png"), picture, 0o644); err != nil {
		t.Fatal(err)
	}
}

// kioskDesk is the desk application on a screen.
type kioskDesk struct {
	*program
	screen  *screen
	at      int               // lines of the log already looked at
	windows map[string]string // X window by title
	focus   *program          // tells when the keyboard moves
}

// startDesk opens the windows, and the clerk signs in.
func startDesk(t testing.TB, c *centre, s *screen) *kioskDesk {
	t.Helper()
	c.staffIn(t, "clerk")
	d := openDesk(t, c, s)
	d.signIn(t, c)
	return d
}

// openDesk opens the windows.
func openDesk(t testing.TB, c *centre, s *screen) *kioskDesk {
	t.Helper()
	p := start(t, append(c.variables(), "DISPLAY="+s.display), bin(t, "kiosk"), "-config", c.env["BALCAO_KIOSK_CONFIG"])
	d := &kioskDesk{program: p, screen: s}
	d.awaits(t, "shift=none")
	d.arrange(t, c.oneScreen)
	return d
}

// awaits waits until the desk says that it is in a state with these values.
func (d *kioskDesk) awaits(t testing.TB, wants ...string) state {
	t.Helper()
	var found state
	_, d.at = d.await(t, strings.Join(wants, " "), d.at, func(line string) bool {
		var s state
		if json.Unmarshal([]byte(line), &s) != nil || s["msg"] != "state" || !s.is(wants...) {
			return false
		}
		found = s
		return true
	})
	return found
}

// keys presses keys in whatever window has the focus.
func (d *kioskDesk) keys(t testing.TB, keys ...string) {
	t.Helper()
	d.screen.xdo(t, append([]string{"key", "--clearmodifiers", "--delay", "20"}, keys...)...)
}

// types types text in whatever window has the focus, as fast as a person can.
func (d *kioskDesk) types(t testing.TB, text string) {
	t.Helper()
	d.screen.xdo(t, "type", "--delay", "60", text)
}

// swipes types text as fast as a document reader does.
func (d *kioskDesk) swipes(t testing.TB, text string) {
	t.Helper()
	d.screen.xdo(t, "type", "--delay", "2", text)
}
