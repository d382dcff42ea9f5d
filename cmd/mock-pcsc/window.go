package main

import (
	"context"
	"errors"
	"image"
	"os"
	"sync"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
	"github.com/go-gl/glfw/v3.4/glfw"

	"balcao/mock-pcsc/bench"
	"balcao/mock-pcsc/window"
	"balcao/ui/theme"
)

// errNoWindow says that there was no window to open, or that it was closed before it was open.
var errNoWindow = errors.New("the window did not open; is there a display (DISPLAY)? Without --window the bench needs none")

// runWindow runs the bench behind its window, until ctx ends or the window is closed. The window
// toolkit wants the main goroutine, so the bench gets another.
func runWindow(ctx context.Context, b *bench.Bench, ready func()) error {
	if os.Getenv("DISPLAY") == "" {
		return errNoWindow // the toolkit would panic
	}
	ctx, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer stop() // before waiting, even when the toolkit panics over a display that is not there
	a := app.NewWithID("pt.balcao.mock-pcsc")
	a.Settings().SetTheme(theme.Theme(1, theme.Light))
	content := window.New(b, fyne.Do)
	w := a.NewWindow("Balcão · test bench")
	w.SetPadded(false)
	w.SetContent(content.Content())
	w.Resize(window.Size)
	if screen := screen(); !screen.Empty() {
		theme.Place(w, theme.PlacesOn(screen).Bench)
	}
	w.Canvas().SetOnTypedKey(content.TypedKey)
	w.SetOnClosed(stop)

	ended := make(chan error, 1)
	started := make(chan struct{})
	a.Lifecycle().SetOnStarted(func() {
		w.Canvas().Focus(content.First())
		close(started)
	})
	running.Go(func() {
		select {
		case <-started: // before that, fyne.Do would wait for a loop that may never begin
		case <-ctx.Done():
			ended <- errNoWindow
			return
		}
		running.Go(func() { content.Run(ctx) })
		ended <- b.Run(ctx, ready)
		fyne.Do(a.Quit)
	})
	w.ShowAndRun()
	stop()
	return <-ended
}

// screen is what panels leave of the primary monitor; empty when the toolkit will say what is wrong with it.
func screen() image.Rectangle {
	if glfw.Init() != nil { // twice is allowed: the toolkit does it again
		return image.Rectangle{}
	}
	monitor := glfw.GetPrimaryMonitor()
	if monitor == nil {
		return image.Rectangle{}
	}
	x, y, width, height := monitor.GetWorkarea()
	return image.Rect(x, y, x+width, y+height)
}
