package main

import (
	"context"
	"sync"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"

	"balcao/mock-pcsc/bench"
	"balcao/mock-pcsc/window"
	"balcao/ui/look"
)

// runWindow runs the bench behind its window, until ctx ends or the window is closed. The window
// toolkit wants the main goroutine, so the bench gets another.
func runWindow(ctx context.Context, b *bench.Bench, ready func()) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	a := app.NewWithID("pt.balcao.mock-pcsc")
	a.Settings().SetTheme(look.Theme(1))
	content := window.New(b, fyne.Do)
	w := a.NewWindow("Balcão · test bench")
	w.SetPadded(false)
	w.SetContent(content.Content())
	w.Resize(window.Size)
	w.Canvas().SetOnTypedKey(content.TypedKey)
	w.SetOnClosed(stop)

	var running sync.WaitGroup
	defer running.Wait()
	ended := make(chan error, 1)
	started := make(chan struct{})
	a.Lifecycle().SetOnStarted(func() {
		w.Canvas().Focus(content.First())
		close(started)
	})
	running.Go(func() {
		<-started // fyne.Do before that would wait for a loop that may never begin
		running.Go(func() { content.Run(ctx) })
		ended <- b.Run(ctx, ready)
		fyne.Do(a.Quit)
	})
	w.ShowAndRun()
	stop()
	return <-ended
}
