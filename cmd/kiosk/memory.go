package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
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

// clobber has the collector overwrite what it frees (package runtime, "Environment Variables"). Names and numbers stand
// in Go strings, which cannot be wiped, in blocks that they share with what lives on and that are never given back.
const clobber = "clobberfree=1"

// overwriteFreed starts the program anew with clobber, which is read once, before main. It returns when that is set.
func overwriteFreed() error {
	set := os.Getenv("GODEBUG")
	if slices.Contains(strings.Split(set, ","), clobber) {
		return nil
	}
	program, err := os.Executable()
	if err == nil {
		err = os.Setenv("GODEBUG", strings.TrimPrefix(set+","+clobber, ","))
	}
	if err == nil {
		err = syscall.Exec(program, os.Args, os.Environ())
	}
	return fmt.Errorf("starting with %s: %w", clobber, err)
}

// forgetting has what a visit left collected, overwritten and given back to the system once the visit is over and
// its pages were drawn over. PINs and codes were wiped before.
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
