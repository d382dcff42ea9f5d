package cluster

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	osuser "os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// ErrNoServer says that no PostgreSQL server is installed.
var ErrNoServer = errors.New("no PostgreSQL server is installed (on Debian: apt-get install postgresql); " +
	"PG_BIN may name the folder of initdb and postgres")

// findBinaries returns the folder of initdb and postgres: $PG_BIN, what pg_config says, or the newest
// that Debian installed.
func findBinaries() (string, error) { return findIn("/usr/lib/postgresql") }

// findIn is findBinaries with Debian's folder of all versions.
func findIn(debian string) (string, error) {
	var candidates []string
	if dir := os.Getenv("PG_BIN"); dir != "" {
		candidates = append(candidates, dir)
	}
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		candidates = append(candidates, strings.TrimSpace(string(out)))
	}
	if dir := newestDebian(debian); dir != "" {
		candidates = append(candidates, dir)
	}
	for _, dir := range candidates {
		_, errInit := os.Stat(filepath.Join(dir, "initdb"))
		_, errServer := os.Stat(filepath.Join(dir, "postgres"))
		if errInit == nil && errServer == nil {
			return dir, nil
		}
	}
	return "", ErrNoServer
}

func newestDebian(debian string) string {
	dirs, err := filepath.Glob(filepath.Join(debian, "*", "bin"))
	if err != nil {
		return ""
	}
	newest, best := "", -1
	for _, dir := range dirs {
		version, err := strconv.Atoi(filepath.Base(filepath.Dir(dir)))
		if err == nil && version > best {
			newest, best = dir, version
		}
	}
	return newest
}

// account is who the server runs as; the zero value is the user of this program.
type account struct {
	uid, gid uint32
	other    bool
}

// serverUser is the user postgres for root, because PostgreSQL refuses to run as root.
func serverUser() (account, error) {
	if os.Geteuid() != 0 {
		return account{}, nil
	}
	u, err := osuser.Lookup("postgres")
	if err != nil {
		return account{}, fmt.Errorf("PostgreSQL does not run as root, and there is no user postgres: %w", err)
	}
	uid, errUID := strconv.ParseUint(u.Uid, 10, 32)
	gid, errGID := strconv.ParseUint(u.Gid, 10, 32)
	if err := errors.Join(errUID, errGID); err != nil {
		return account{}, fmt.Errorf("reading the identifiers of user postgres: %w", err)
	}
	return account{uid: uint32(uid), gid: uint32(gid), other: true}, nil
}

func (a account) attr() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{}
	if a.other {
		attr.Credential = &syscall.Credential{Uid: a.uid, Gid: a.gid}
	}
	return attr
}

func (a account) own(paths ...string) error {
	if !a.other {
		return nil
	}
	for _, p := range paths {
		if err := os.Chown(p, int(a.uid), int(a.gid)); err != nil {
			return fmt.Errorf("giving the server its directory: %w", err)
		}
	}
	return nil
}

func (a account) writeFile(path string, content []byte) error {
	if err := os.WriteFile(path, content, 0o600); err != nil {
		return fmt.Errorf("writing for the server: %w", err)
	}
	// WriteFile keeps the mode of a file that initdb made.
	if err := os.Chmod(path, 0o600); err != nil {
		return fmt.Errorf("writing for the server: %w", err)
	}
	return a.own(path)
}
