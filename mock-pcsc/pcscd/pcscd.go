// Package pcscd runs a pcscd of a test's own with Debian's virtual reader: in a mount namespace, where its socket hides the
// machine's. It can be killed and started again.
package pcscd

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Daemon is a pcscd with one virtual reader of two slots.
type Daemon struct {
	Port int    // of the first slot, on which the reader waits for a card (package vpcd); the second is the next one
	Dir  string // the test's

	mu     sync.Mutex // of the pipe and what comes back
	cmd    *exec.Cmd
	pipe   io.WriteCloser
	said   *bufio.Reader
	socket string // where this process finds pcscd
}

// FriendlyName is the reader's; PC/SC calls the slots by it and " 00 00", " 00 01".
const FriendlyName = "Virtual PCD"

// Slots are the names of the slots, as PC/SC has them.
var Slots = []string{FriendlyName + " 00 00", FriendlyName + " 00 01"}

// script runs pcscd as it is told. The pipe closes when the program that holds it ends, however it ends.
const script = `mount -t tmpfs tmpfs /run && mkdir -m 755 /run/pcscd || exit 1
pid=
while read -r word; do
	case $word in
	start) pcscd --foreground --config "$1" >>"$2" 2>&1 & pid=$! ;;
	kill) kill -9 "$pid"; wait "$pid" 2>/dev/null ;;
	esac
	echo "$word"
done
kill "$pid" && wait "$pid"`

// Start starts a pcscd whose files are in dir. It needs pcscd, vsmartcard-vpcd and util-linux. The caller stops it.
func Start(dir string) (*Daemon, error) {
	port, err := freePorts()
	if err != nil {
		return nil, err
	}
	// libpcsclite keeps the first path that it is told, so all daemons of a program have one, which leads to the last of them.
	d := &Daemon{Port: port, Dir: dir, socket: filepath.Join(os.TempDir(), fmt.Sprintf("balcao-pcscd-%d", os.Getpid()), "pcscd.comm")}
	conf := fmt.Sprintf("FRIENDLYNAME %q\nDEVICENAME /dev/null:0x%04X\nLIBPATH /usr/lib/pcsc/drivers/serial/libifdvpcd.so\nCHANNELID 0x%04X\n", FriendlyName, port, port)
	for _, folder := range []string{filepath.Join(dir, "conf"), filepath.Dir(d.socket)} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return nil, err
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "conf", "vpcd"), []byte(conf), 0o600); err != nil {
		return nil, err
	}
	d.cmd = exec.Command("unshare", "-rm", "bash", "-c", script, "bash", filepath.Join(dir, "conf"), filepath.Join(dir, "log"))
	said, err := d.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	d.said = bufio.NewReader(said)
	if d.pipe, err = d.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := d.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting pcscd (packages pcscd, vsmartcard-vpcd, util-linux): %w", err)
	}
	return d, d.Again()
}

// PID is of a process in the namespace of pcscd, for nsenter(1).
func (d *Daemon) PID() int { return d.cmd.Process.Pid }

// Env is the variable that points this process's libpcsclite to the daemon that was started last, and its value.
func (d *Daemon) Env() (name, value string) { return "PCSCLITE_CSOCK_NAME", d.socket }

func (d *Daemon) tell(word string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, err := fmt.Fprintln(d.pipe, word); err != nil {
		return fmt.Errorf("telling pcscd's keeper to %s: %w", word, err)
	}
	if line, err := d.said.ReadString('\n'); err != nil || strings.TrimSpace(line) != word {
		return errors.Join(fmt.Errorf("pcscd's keeper said %q to %s", line, word), err)
	}
	return nil
}

// Kill ends pcscd without a chance to tidy up.
func (d *Daemon) Kill() error { return d.tell("kill") }

// Again starts pcscd once more, and returns when it answers. Whoever waits for its socket sees it appear.
func (d *Daemon) Again() error {
	inside := fmt.Sprintf("/proc/%d/root/run/pcscd/pcscd.comm", d.PID())
	if err := d.tell("start"); err != nil {
		return err
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		conn, err := net.Dial("unix", inside)
		if err == nil {
			_ = conn.Close()
			break
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("pcscd does not answer: %w", err)
		}
	}
	_ = os.Remove(d.socket)
	return os.Symlink(inside, d.socket)
}

// Stop ends pcscd.
func (d *Daemon) Stop() {
	_ = d.pipe.Close()
	_ = d.cmd.Wait() // it ends by a signal
	_ = os.RemoveAll(filepath.Dir(d.socket))
}

// freePorts finds two ports in a row.
func freePorts() (int, error) {
	for range 100 {
		first, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return 0, err
		}
		port := first.Addr().(*net.TCPAddr).Port
		second, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port+1))
		_ = first.Close()
		if err == nil {
			_ = second.Close()
			return port, nil
		}
	}
	return 0, errors.New("no two free ports in a row")
}
