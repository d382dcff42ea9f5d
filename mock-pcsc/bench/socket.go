package bench

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// Environment names a socket when it is not in its usual place.
const Environment = "BALCAO_BENCH"

const socketName = "balcao-bench.sock"

// ServePath is where a bench makes its control socket: where BALCAO_BENCH says, else in the user's
// runtime folder, else in a folder of the user's own under /tmp.
func ServePath() string { return paths()[0] }

// paths are the places where a bench of this user may be, the likeliest first. A bench that was
// started in a desktop session is found from a shell that has no XDG_RUNTIME_DIR.
func paths() []string {
	if path := os.Getenv(Environment); path != "" {
		return []string{path}
	}
	uid := strconv.Itoa(os.Getuid())
	var list []string
	// Under sudo the variable may still name the folder of who called it.
	if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" && private(dir) == nil {
		list = append(list, filepath.Join(dir, socketName))
	}
	own := filepath.Join("/tmp", "balcao-bench-"+uid, "bench.sock")
	return append(list, own, filepath.Join("/run/user", uid, socketName))
}

// listenControl makes the control socket. Only its user may use it: whoever may insert a card may
// enrol at this desk.
func listenControl(path string) (net.Listener, error) {
	if err := privateFolder(filepath.Dir(path)); err != nil {
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if errors.Is(err, syscall.EADDRINUSE) {
		conn, dialErr := net.DialTimeout("unix", path, time.Second)
		if dialErr == nil {
			_ = conn.Close()
			return nil, fmt.Errorf("a bench is running already (%s); stop it, or give this one another socket with %s", path, Environment)
		}
		// Left by a bench that was killed: nobody listens, so nobody loses it.
		if err = os.Remove(path); err == nil {
			l, err = net.Listen("unix", path)
		}
	}
	if err == nil {
		err = os.Chmod(path, 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("making the control socket: %w; %s names another place (at most 107 characters)", err, Environment)
	}
	return l, nil
}

// privateFolder makes the folder, or accepts one that nobody else can put a socket into. /tmp itself,
// where a user who names a socket may want it, is safe for that by its sticky bit.
func privateFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making the folder of the control socket: %w", err)
	}
	return private(dir)
}

// private refuses a folder into which others can put a socket.
func private(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("looking at the folder of the control socket: %w", err)
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case info.Mode()&os.ModeSticky != 0:
		return nil
	case ok && int(owner.Uid) != os.Getuid() || info.Mode().Perm()&0o022 != 0:
		return fmt.Errorf("the folder %s belongs to others or can be written by them; name a private one with %s", dir, Environment)
	default:
		return nil
	}
}
