package main

import (
	"runtime/debug"
	"time"

	"balcao/kiosk"
)

// Pages are drawn over at once, but the window toolkit remembers the sizes of texts it drew for a
// minute after their last use, and looks through them when it paints, which the clock has it do every
// minute.
const (
	drawnOver = 2 * time.Second
	forgotten = 150 * time.Second
)

// forgetting gives memory back to the system once a visit is over and its pages were drawn over. PINs
// and codes were wiped before; names and numbers stood in Go strings, which cannot be overwritten, and
// without this would lie in free memory until it is used again.
type forgetting struct {
	visit kiosk.CaseID
}

// drawn notes a state that the windows show now.
func (f *forgetting) drawn(s kiosk.State) {
	ended := f.visit != 0 && s.Case != f.visit
	f.visit = s.Case
	if ended {
		time.AfterFunc(drawnOver, debug.FreeOSMemory)
		time.AfterFunc(forgotten, debug.FreeOSMemory)
	}
}
