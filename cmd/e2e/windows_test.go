package e2e

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// Titles of the desk's windows, in Portuguese, which is what the demo starts with.
const (
	clerkTitle   = "Balcão · Chave Móvel Digital"
	citizenTitle = "Balcão · Ecrã da pessoa"
)

// arrange puts the windows side by side, or the only one at the left, and starts listening to which of them has the keyboard.
func (d *kioskDesk) arrange(t testing.TB, one bool) {
	t.Helper()
	d.windows = map[string]string{}
	titles := []string{clerkTitle, citizenTitle}
	if one {
		titles = titles[:1]
	}
	for _, title := range titles {
		ids := strings.Fields(d.screen.xdo(t, "search", "--sync", "--onlyvisible", "--name", "^"+title+"$"))
		d.windows[title] = ids[0]
	}
	d.screen.xdo(t, "windowmove", "--sync", d.windows[clerkTitle], "2", "26")
	if !one {
		d.screen.xdo(t, "windowmove", "--sync", d.windows[citizenTitle], "1300", "26")
	}
	d.focus = start(t, []string{"DISPLAY=" + d.screen.display}, "/usr/bin/xprop", "-root", "-spy", "_NET_ACTIVE_WINDOW")
	d.screen.xdo(t, "windowactivate", "--sync", d.windows[clerkTitle])
}

// has waits until the window has the keyboard: the desk gives it to whoever's turn it is.
func (d *kioskDesk) has(t testing.TB, title string) {
	t.Helper()
	// xprop prints every change; what counts is the last one.
	for mark := d.focus.mark(); ; {
		if d.screen.active() == d.windows[title] {
			return
		}
		_, mark = d.focus.await(t, "the keyboard at "+title, mark, func(string) bool { return true })
	}
}

// active is the window with the keyboard, "" in the moment in which none has it.
func (s *screen) active() string {
	cmd := exec.Command("xdotool", "getactivewindow")
	cmd.Env = append(os.Environ(), "DISPLAY="+s.display)
	out, err := cmd.Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// keysUntil presses a key, again every half second, until the desk is in a state with these values.
func (d *kioskDesk) keysUntil(t testing.TB, key string, wants ...string) {
	t.Helper()
	reached := make(chan struct{})
	go func() {
		defer close(reached)
		d.awaits(t, wants...)
	}()
	again := time.NewTicker(500 * time.Millisecond)
	defer again.Stop()
	for {
		d.keys(t, key)
		select {
		case <-reached:
			return
		case <-again.C:
		}
	}
}
