package main

import (
	"context"
	"image"
	"log/slog"

	"fyne.io/fyne/v2"
	"github.com/go-gl/glfw/v3.4/glfw"

	"balcao/ui"
)

// arrange says where the windows go. A desk whose second monitor is missing today works with one.
func arrange(cfg config, options ui.Options, log *slog.Logger) ui.Options {
	options.OneScreen = cfg.SingleScreen
	if cfg.SecondScreen {
		options.SecondScreen = secondMonitor()
		if options.SecondScreen == nil {
			log.Warn("no second monitor, the clerk hands the only screen over")
			options.OneScreen = true
		}
	}
	if cfg.sideBySide() {
		options.Screen, options.Pixels = screen(), pixels()
	}
	return options
}

// secondScreen tells whether the citizen's window is on a second monitor that is there, nil where none is wanted. One that
// came after the start has no window.
func secondScreen(cfg config, placed bool) func(context.Context) (bool, error) {
	if !cfg.SecondScreen {
		return nil
	}
	return func(ctx context.Context) (bool, error) {
		there := make(chan bool, 1)
		fyne.Do(func() { there <- secondMonitor() != nil })
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case is := <-there:
			return is && placed, nil
		}
	}
}

// secondMonitor returns where the first monitor beside the primary one begins, nil when there is none
// or it shows the same.
func secondMonitor() *image.Point {
	var first image.Point
	for i, monitor := range glfw.GetMonitors() { // the primary one comes first
		x, y := monitor.GetPos()
		at := image.Pt(x, y)
		if i == 0 {
			first = at
		} else if at != first {
			return &at
		}
	}
	return nil
}

// screen is what panels leave of the primary monitor.
func screen() image.Rectangle {
	monitor := glfw.GetPrimaryMonitor()
	if monitor == nil {
		return image.Rectangle{}
	}
	x, y, width, height := monitor.GetWorkarea()
	return image.Rect(x, y, x+width, y+height)
}
