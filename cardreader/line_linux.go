package cardreader

import (
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/ebfe/scard"
)

// establishing is held while somebody connects to pcscd, so that it can be told whose a new connection is.
var establishing sync.Mutex

// establish is scard.EstablishContext. libpcsclite lets only one thread do it at a time, so waiting costs nothing.
func establish() (*scard.Context, error) {
	establishing.Lock()
	defer establishing.Unlock()
	return scard.EstablishContext()
}

// anotherName names a reader so that a call does not share its C string with Watch, which may be waiting with the same:
// the binding keeps them in a map by name. libpcsclite reads up to the NUL, so the bytes behind it make another key.
func anotherName(reader string) string { return reader + "\x00glance" }

// A line is this process's own hold on a connection to pcscd that another library made.
type line struct{ fd int }

// newLine starts connect, which closes done when it returns, on a goroutine, and returns the connection to pcscd that
// it makes: nil when it makes none.
func newLine(_ string, connect func(), done <-chan struct{}) *line {
	establishing.Lock()
	defer establishing.Unlock()
	before := connections()
	go connect()
	for range answerTime / time.Millisecond {
		var returned bool
		select {
		case <-done:
			returned = true // what it left open is to be seen once more
		case <-time.After(time.Millisecond):
		}
		for inode, fd := range connections() {
			if _, old := before[inode]; old {
				continue
			}
			if own, ok := hold(fd, inode); ok {
				return own
			}
		}
		if returned {
			break
		}
	}
	return nil
}

// hold duplicates the descriptor of a connection, so that it stays this one whatever the library does with its own.
func hold(fd int, inode uint64) (*line, bool) {
	syscall.ForkLock.RLock()
	own, err := syscall.Dup(fd)
	if err == nil {
		syscall.CloseOnExec(own)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, false
	}
	if now, ok := serviceSocket(own); !ok || now != inode {
		_ = syscall.Close(own)
		return nil, false
	}
	return &line{own}, true
}

// hangUp ends the connection as if the program had died. pcscd then gives back all that was connected through it. After
// that the library closes what it opened, nil when that is nothing.
func (l *line) hangUp(opened io.Closer) {
	_ = syscall.Shutdown(l.fd, syscall.SHUT_RDWR)
	_ = syscall.Close(l.fd)
	if opened != nil {
		_ = opened.Close() // pcscd has heard already
	}
}

// connections are the descriptors of this process's connections to pcscd, by the inodes of their sockets.
func connections() map[uint64]int {
	found := map[uint64]int{}
	open, _ := os.ReadDir("/proc/self/fd")
	for _, entry := range open {
		fd, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if inode, ok := serviceSocket(fd); ok {
			found[inode] = fd
		}
	}
	return found
}

// serviceSocket returns the inode of a descriptor that is connected to pcscd's socket.
func serviceSocket(fd int) (inode uint64, ok bool) {
	peer, err := syscall.Getpeername(fd)
	if err != nil {
		return 0, false
	}
	unix, ok := peer.(*syscall.SockaddrUnix)
	// The name is that under which pcscd listens, perhaps in another mount namespace.
	if !ok || filepath.Base(unix.Name) != filepath.Base(usualSocket) && unix.Name != socketPath() {
		return 0, false
	}
	var about syscall.Stat_t
	if syscall.Fstat(fd, &about) != nil {
		return 0, false
	}
	return about.Ino, true
}
