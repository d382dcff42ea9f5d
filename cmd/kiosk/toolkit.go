package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"fyne.io/fyne/v2"
	"github.com/go-gl/glfw/v3.4/glfw"

	"balcao/kiosk/desk"
	"balcao/ui"
)

// startError says what kept the desk from starting and what to do about it.
type startError struct {
	err  error
	cure string
}

func (e *startError) Error() string { return e.err.Error() + "\n" + e.cure }
func (e *startError) Unwrap() error { return e.err }

// errNoWindow: the toolkit ended without having begun.
var errNoWindow = &startError{
	errors.New("the windows were closed before they were open"),
	"Start the kiosk again. If they close by themselves, the log above has the toolkit's words.",
}

// screenWords is what is said when a display does not open.
type screenWords struct {
	on                     string // " on display :0", where there may be several
	whyClosed, whyNoOpenGL string
}

// openDisplay tries the display before the toolkit does: Fyne only logs that there is none, or none with
// OpenGL, and panics over its windows. Initialising GLFW twice is allowed; the window costs 25 ms.
func openDisplay() error {
	here, err := display()
	if err != nil {
		return err
	}
	if err := glfw.Init(); err != nil {
		return &startError{fmt.Errorf("opening the windows%s: %v", here.on, err), here.whyClosed}
	}
	glfw.WindowHint(glfw.Visible, glfw.False)
	defer glfw.DefaultWindowHints()
	probe, err := glfw.CreateWindow(1, 1, "", nil, nil)
	if err != nil {
		return &startError{fmt.Errorf("opening the windows%s: %v", here.on, err), here.whyNoOpenGL}
	}
	probe.Destroy()
	return nil
}

// serve runs the windows on this goroutine and the desk on another, and ends both together.
func serve(ctx context.Context, a fyne.App, screens *ui.UI, runner *desk.Runner) error {
	told := ctx // ends when the process is told to
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	started := make(chan struct{})
	a.Lifecycle().SetOnStarted(func() { close(started) })
	done := make(chan error, 1)
	go func() {
		select {
		case <-started: // before that, states would wait for a loop that may never begin
			err := runner.Run(ctx)
			if ctx.Err() == nil { // otherwise the windows are closing already, and Quit is theirs alone
				fyne.Do(a.Quit)
			}
			done <- err
		case <-ctx.Done():
			done <- neverOpened(told)
		}
	}()
	screens.ShowWindows()
	a.Run()
	screens.Wipe()
	cancel()
	return <-done
}

// neverOpened is no error when the process was told to end meanwhile.
func neverOpened(told context.Context) error {
	if told.Err() != nil {
		return nil
	}
	return errNoWindow
}

// toolkitLog turns what Fyne writes by package log into lines of ours. It writes up to three lines for
// one error: "Fyne error:", "Cause:" and "At:".
type toolkitLog struct {
	log   *slog.Logger
	quiet bool
}

// Write implements io.Writer; package log calls it once for each line, and never twice at a time.
func (t *toolkitLog) Write(line []byte) (int, error) {
	text := strings.TrimSpace(string(line))
	if strings.HasPrefix(text, "Fyne error:") {
		t.quiet = strings.Contains(text, "failed to watch theme settings") || // no D-Bus; there is one palette
			strings.Contains(text, "Preferences load error") // torn by a power cut; nothing of ours is in it
	}
	if !t.quiet {
		t.log.Warn("window toolkit", "said", text)
	}
	return len(line), nil
}
