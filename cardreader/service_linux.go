package cardreader

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/ebfe/scard"
	"github.com/fsnotify/fsnotify"
)

const usualSocket = "/run/pcscd/pcscd.comm"

// socketPath is where libpcsclite looks for pcscd.
func socketPath() string {
	if path := os.Getenv("PCSCLITE_CSOCK_NAME"); path != "" {
		return path
	}
	return usualSocket
}

// daemonPaths is where pcscd may be installed, besides $PATH: a desktop session's has no sbin.
var daemonPaths = []string{"/usr/sbin/pcscd", "/usr/local/sbin/pcscd", "/sbin/pcscd", "/usr/bin/pcscd"}

// systemCodes are errors of the system itself that PC/SC passes on; libpcsclite passes none.
var systemCodes map[scard.Error]error

// absent reports whether a state of SCardStatus says that no card is in: pcsclite's are bits.
func absent(state scard.State) bool { return state&scard.Absent != 0 }

// causeOfEnd says why a service that was there is gone.
func causeOfEnd(error) Cause { return ServiceStopped }

// causeOf says why the service could not be reached.
func causeOf(err error) Cause {
	if errors.Is(classify(err), ErrNotAuthorised) {
		return NotAuthorised
	}
	for _, path := range daemonPaths {
		if _, err := os.Stat(path); err == nil {
			return ServiceStopped
		}
	}
	// In a container or sandbox the daemon runs outside and only its socket is here.
	if _, err := os.Stat(socketPath()); err == nil {
		return ServiceStopped
	}
	if _, err := exec.LookPath("pcscd"); err == nil {
		return ServiceStopped
	}
	return ServiceMissing
}

const (
	firstRetry = 10 * time.Millisecond // pcscd makes its socket a moment before it listens on it
	lastRetry  = time.Second           // after two seconds of doubling, only a changed file
	blindRetry = 5 * time.Second       // where changes are not seen: permissions, no inotify
)

// doorbell reports when the service's socket may have appeared. It watches the socket's directory,
// and the parent in which that directory itself appears.
type doorbell struct {
	dir   string
	files *fsnotify.Watcher // nil when the kernel has no more watches to give
	retry time.Duration     // next try after a ring, 0 to wait for the next ring
}

// awaitService returns what tells when it is worth trying to reach the service again.
func awaitService() *doorbell { return newDoorbell(socketPath()) }

func newDoorbell(socket string) *doorbell {
	files, err := fsnotify.NewWatcher()
	if err != nil {
		files = nil
	}
	b := &doorbell{dir: filepath.Dir(socket), files: files}
	b.arm()
	return b
}

// arm adds watches for the directories that exist now. Adding one twice has no effect; a directory
// that was removed and made again has to be added again.
func (b *doorbell) arm() (blind bool) {
	if b.files == nil {
		return true
	}
	above := b.files.Add(filepath.Dir(b.dir))
	inside := b.files.Add(b.dir)
	return above != nil && inside != nil
}

func (b *doorbell) close() {
	if b.files != nil {
		_ = b.files.Close()
	}
}

// wait returns when it is worth trying again, or with ctx's error.
func (b *doorbell) wait(ctx context.Context, cause Cause) error {
	blind := b.arm() || cause == NotAuthorised
	var retry <-chan time.Time
	switch {
	case b.retry > 0:
		retry = time.After(b.retry)
		if b.retry *= 2; b.retry > lastRetry {
			b.retry = 0
		}
	case blind:
		retry = time.After(blindRetry)
	}
	var rings <-chan fsnotify.Event
	var faults <-chan error
	if b.files != nil {
		rings, faults = b.files.Events, b.files.Errors
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-retry:
			return nil
		case <-faults: //nolint:errcheck // an overflow: something changed
			b.retry = firstRetry
			return nil
		case e := <-rings:
			// Other changes in the parent directory are ignored.
			if e.Name == b.dir || filepath.Dir(e.Name) == b.dir {
				b.retry = firstRetry
				return nil
			}
		}
	}
}
