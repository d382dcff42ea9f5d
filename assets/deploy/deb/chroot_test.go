package deb_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

var long = flag.Bool("long", false, "follow assets/doc/installing.md in an empty Debian: some minutes, and packages from the network")

// TestMain runs the tests in mounts and processes of their own, so that whatever they mount and start ends with them.
func TestMain(m *testing.M) {
	flag.Parse()
	if os.Geteuid() != 0 {
		code := m.Run()
		_ = os.RemoveAll(once.folder)
		os.Exit(code)
	}
	if os.Getenv("BALCAO_APART") != "" {
		if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
			panic(err)
		}
		// A gigabyte is packed and unpacked, which no other test's database should wait for.
		folder, err := memory("tmp")
		if err != nil {
			panic(err)
		}
		_ = os.Setenv("TMPDIR", folder)
		code := m.Run()
		_ = errors.Join(syscall.Unmount(folder, syscall.MNT_DETACH), os.Remove(folder))
		os.Exit(code)
	}
	again := exec.Command(os.Args[0], os.Args[1:]...)
	again.Env = append(os.Environ(), "BALCAO_APART=1")
	again.Stdin, again.Stdout, again.Stderr = os.Stdin, os.Stdout, os.Stderr
	again.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID, Pdeathsig: syscall.SIGKILL}
	runtime.LockOSThread() // the thread whose end is the signal
	err := again.Run()
	if code := again.ProcessState.ExitCode(); code >= 0 {
		os.Exit(code)
	}
	_, _ = fmt.Fprintln(os.Stderr, err) // a signal ended it
	os.Exit(1)
}

// debian is a tar file of Debian 12's smallest installation and what balcao-centre needs. It is kept beside Go's cache: made
// from the network it takes a minute or more.
var debian = sync.OnceValues(func() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	kept := filepath.Join(cache, "balcao", "debian-12-1.tar")
	if _, err := os.Stat(kept); err == nil {
		return kept, nil
	}
	folder, err := memory("debian")
	if err != nil {
		return "", err
	}
	fmt.Println("an empty Debian is made the first time, from the network")
	if err := os.MkdirAll(filepath.Dir(kept), 0o755); err != nil {
		return "", err
	}
	out, err := exec.Command("sh", "-ec", `
		debootstrap --variant=minbase --include=ca-certificates,init-system-helpers,libpcsclite1,systemd bookworm "$1" >&2
		rm -f "$1"/var/cache/apt/archives/*.deb "$1"/etc/hostname
		tar -C "$1" -cf "$2.$$" . && mv "$2.$$" "$2"`, "sh", folder, kept).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("debootstrap: %w\n%s", err, out)
	}
	return kept, syscall.Unmount(folder, syscall.MNT_DETACH)
})

// memory mounts a folder that is in memory, where dpkg does not wait for the disk.
func memory(name string) (folder string, err error) {
	folder, err = os.MkdirTemp("", "balcao-"+name+"-")
	if err != nil {
		return "", err
	}
	return folder, syscall.Mount("tmpfs", folder, "tmpfs", 0, "mode=755")
}

// chroot is an empty Debian.
type chroot struct {
	t    *testing.T
	root string
}

func newChroot(t *testing.T) chroot {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can install packages in a chroot")
	}
	tar, err := debian()
	if err != nil {
		t.Fatal(err)
	}
	root, err := memory("chroot")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Unmount(root, syscall.MNT_DETACH)
		_ = os.Remove(root)
	})
	output(t, exec.Command("tar", "-C", root, "-xf", tar))
	for _, m := range []struct{ what, where, kind string }{{"proc", "proc", "proc"}, {"tmpfs", "run", "tmpfs"}} {
		if err := syscall.Mount(m.what, filepath.Join(root, m.where), m.kind, 0, ""); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mount("/dev", filepath.Join(root, "dev"), "", syscall.MS_BIND|syscall.MS_REC, ""); err != nil {
		t.Fatal(err)
	}
	return chroot{t, root}
}

func (c chroot) path(name string) string { return filepath.Join(c.root, name) }

// command is a line for the shell in it, as root and with the environment of a new log-in.
func (c chroot) command(line string) *exec.Cmd {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Minute) // also of a cleanup
	c.t.Cleanup(cancel)
	command := exec.CommandContext(ctx, "chroot", c.root, "/usr/bin/env", "-i", "HOME=/root", "USER=root", "LC_ALL=C.UTF-8",
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive", "bash", "-c", line)
	command.WaitDelay = time.Second
	return command
}

// run runs a line that has to succeed, and returns all that it said.
func (c chroot) run(line string) string {
	c.t.Helper()
	return output(c.t, c.command(line))
}

// write makes a file as an operator would.
func (c chroot) write(name, content string, mode os.FileMode) {
	c.t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(c.path(name)), 0o755), os.WriteFile(c.path(name), []byte(content), mode)); err != nil {
		c.t.Fatal(err)
	}
}

// output runs a command that has to succeed.
func output(t *testing.T, command *exec.Cmd) string {
	t.Helper()
	var said bytes.Buffer
	command.Stdout, command.Stderr = &said, &said
	if err := command.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(command.Args, " "), err, said.String())
	}
	return said.String()
}
