package main

import (
	"log/slog"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"balcao/kiosk"
)

// Pages are drawn over at once. Pictures of texts that no page shows any more stay a minute in the window toolkit, each
// until its own window paints again (package internal/cache of Fyne), which one that nobody touches does not do.
const (
	drawnOver = 2 * time.Second
	expired   = 65 * time.Second
	painted   = 5 * time.Second // after that
)

// clobber has the collector overwrite what it frees (package runtime, "Environment Variables"). Names and numbers stand
// in Go strings, which cannot be wiped, in blocks that they share with what lives on and that are never given back.
const clobber = "clobberfree=1"

// overwrites reports whether the program was started with clobber.
func overwrites() bool { return slices.Contains(strings.Split(os.Getenv("GODEBUG"), ","), clobber) }

// forgetting has what a visit left collected, overwritten and given back to the system once the visit is over and
// its pages were drawn over. PINs and codes were wiped before.
type forgetting struct {
	visit   kiosk.CaseID
	log     *slog.Logger
	closing func() bool // the windows may no longer be touched
}

// drawn notes a state that the windows show now.
func (f *forgetting) drawn(s kiosk.State) {
	ended := f.visit
	f.visit = s.Case
	if ended != 0 && ended != s.Case {
		time.AfterFunc(drawnOver, debug.FreeOSMemory)
		time.AfterFunc(expired, func() {
			fyne.Do(func() {
				if f.closing() {
					return
				}
				for _, w := range fyne.CurrentApp().Driver().AllWindows() {
					w.Content().Refresh()
				}
			})
			time.AfterFunc(painted, func() {
				debug.FreeOSMemory()
				f.log.Info("memory given back", "case", uint64(ended))
			})
		})
	}
}
