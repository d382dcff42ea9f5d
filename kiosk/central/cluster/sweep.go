package cluster

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// prefix begins the names of the servers' directories.
const prefix = "balcao-pg-"

// sweep removes the files of servers whose program was killed: the server ended with it, its files
// stayed. A directory younger than a start takes is kept, because its server may have no pid file
// yet.
func sweep(tmp string) {
	dirs, err := filepath.Glob(filepath.Join(tmp, prefix+"*"))
	if err != nil {
		return
	}
	for _, dir := range dirs {
		info, err := os.Lstat(dir)
		if err != nil || !info.IsDir() || time.Since(info.ModTime()) < 2*time.Minute || !mine(info) {
			continue
		}
		if !alive(filepath.Join(dir, "data", "postmaster.pid")) && !socketHeld(dir) {
			// Not worth an error: what is left costs disk, and the next start tries again.
			_ = os.RemoveAll(dir)
		}
	}
}

// mine reports whether the directory belongs to this user, or to root's servers when root asks.
func mine(info os.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && (os.Geteuid() == 0 || int(stat.Uid) == os.Geteuid())
}

// alive reports whether the process of a pid file exists. A number that was given to another process
// meanwhile counts as alive: the directory then stays.
func alive(pidFile string) bool {
	content, err := os.ReadFile(pidFile)
	if err != nil {
		return false
	}
	first, _, _ := bytes.Cut(content, []byte("\n"))
	return processExists(first)
}

// socketHeld reports whether a server whose data are elsewhere has its socket here.
func socketHeld(dir string) bool {
	locks, err := filepath.Glob(filepath.Join(dir, ".s.PGSQL.*.lock"))
	if err != nil {
		return true
	}
	for _, lock := range locks {
		if alive(lock) {
			return true
		}
	}
	return false
}

func processExists(pid []byte) bool {
	n, err := strconv.Atoi(string(bytes.TrimSpace(pid)))
	if err != nil || n <= 0 {
		return false
	}
	err = syscall.Kill(n, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}
