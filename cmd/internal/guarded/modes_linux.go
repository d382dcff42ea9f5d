package guarded

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// Bits of a file's mode.
const (
	groupOrOthers      = 0o077
	groupOrOthersWrite = 0o022
	othersWrite        = 0o002
)

// unread refuses a file that others may read or write, or that is another's.
func unread(path string, info fs.FileInfo) error {
	switch {
	case !ours(info):
		return fmt.Errorf("%s belongs to another user: chown it to the user of this program, or to root", path)
	case info.Mode().Perm()&groupOrOthers != 0 && !onlyOurs(path):
		return fmt.Errorf("%s may be read by others: chmod 600 %s", path, path)
	}
	return nil
}

// cure is the command that keeps others from changing a file or folder; "" when they cannot. With a folder dir it is
// about everything in that. The mode's group bits are the most that an access control list grants anybody (acl(5), mask).
func cure(path string, info fs.FileInfo, dir string) string {
	flags := ""
	if dir != "" {
		flags, path = " -R", dir
	}
	switch {
	case !ours(info):
		return "chown" + flags + " root " + path
	case info.Mode().Perm()&groupOrOthersWrite != 0:
		return "chmod" + flags + " go-w " + path
	}
	return ""
}

// closing is the command that keeps others from replacing what is in a folder; "" when they cannot, because they may
// not write to it, or not rename what is not theirs, as in /tmp (the sticky bit).
func closing(dir string, info fs.FileInfo) string {
	if info.Mode().Perm()&othersWrite != 0 && info.Mode()&fs.ModeSticky == 0 {
		return "chmod o-w " + dir
	}
	return ""
}

// ours reports whether a file belongs to this program's user or to root.
func ours(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && (stat.Uid == 0 || int(stat.Uid) == os.Geteuid())
}
