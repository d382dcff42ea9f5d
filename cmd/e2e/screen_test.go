package e2e

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"balcao/cmd/internal/process"
)

// screen is an X server with a window manager.
type screen struct {
	display string
	frame   string // folder of the file with what is shown
	dir     string // where pictures go
}

// startScreen starts a screen with a window manager until the test ends.
func startScreen(t testing.TB) *screen {
	t.Helper()
	frame := t.TempDir()
	display, stop, err := process.StartScreen(frame)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	s := &screen{display: display, frame: frame, dir: os.Getenv("BALCAO_SCREENS")}
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

// rest is how long nothing changes on a screen that has painted what it shows, also on a busy machine.
const rest = 1500 * time.Millisecond

// picture saves what the monitors show, once it no longer changes: a window paints a moment after it
// says what it shows. Nothing is decided by a picture; it is for people to look at.
func (s *screen) picture(t testing.TB, name string) {
	t.Helper()
	s.save(t, name, s.settled(t, rest))
}

// settled is what the monitors show once nothing has changed for so long; where something always does, what they show then.
func (s *screen) settled(t testing.TB, long time.Duration) []byte {
	t.Helper()
	before, began := s.capture(t), time.Now()
	for since := began; time.Since(since) < long && time.Since(began) < 5*long; {
		<-time.After(long / 20)
		if now := s.capture(t); !bytes.Equal(now, before) {
			before, since = now, time.Now()
		}
	}
	return before
}

// capture is what the monitors show now, in the format of xwd(1).
func (s *screen) capture(t testing.TB) []byte {
	t.Helper()
	now, err := os.ReadFile(filepath.Join(s.frame, "Xvfb_screen0"))
	if err != nil {
		t.Fatalf("taking a picture: %v", err)
	}
	return now
}

// save writes a picture as PNG.
func (s *screen) save(t testing.TB, name string, dump []byte) {
	t.Helper()
	field := func(n int) int { return int(binary.BigEndian.Uint32(dump[4*n:])) } // of X11/XWDFile.h
	width, height, line, colours := field(4), field(5), field(12), field(19)
	pixels := dump[field(0)+12*colours:]
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			from, to := pixels[y*line+4*x:], picture.Pix[picture.PixOffset(x, y):]
			to[0], to[1], to[2], to[3] = from[2], from[1], from[0], 0xFF // blue is first
		}
	}
	var text bytes.Buffer
	err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&text, picture)
	if err == nil {
		err = os.WriteFile(filepath.Join(s.dir, name+".png"), text.Bytes(), 0o644)
	}
	if err != nil {
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
