package guarded

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Memory closes this program's memory, where names, codes and PINs stand for a while, to every other program but
// root's: its user's programs can neither trace it nor read /proc/PID/mem, and no core is written when it crashes
// (prctl(2) PR_SET_DUMPABLE, setrlimit(2) RLIMIT_CORE). It is called first of all.
func Memory() error {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("closing the memory to other programs: %w", err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("switching core files off: %w", err)
	}
	return nil
}
