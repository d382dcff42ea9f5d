package pn532

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// openTerminal opens a pseudo-terminal (pty(7)) that passes every byte on as it is.
func openTerminal() (ours, theirs *os.File, path string, err error) {
	if ours, err = os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		return nil, nil, "", err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ours.Close())
		}
	}()
	var number int
	err = control(ours, func(fd int) (err error) {
		if err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err == nil {
			number, err = unix.IoctlGetInt(fd, unix.TIOCGPTN)
		}
		return err
	})
	if err != nil {
		return nil, nil, "", err
	}
	path = fmt.Sprintf("/dev/pts/%d", number)
	if theirs, err = os.OpenFile(path, os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		return nil, nil, "", err
	}
	if err = control(theirs, raw); err != nil {
		return nil, nil, "", errors.Join(err, theirs.Close())
	}
	return ours, theirs, path, nil
}

// control does something with a descriptor. File.Fd would make the file one whose Close does not end a Read.
func control(f *os.File, do func(fd int) error) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	err = conn.Control(func(fd uintptr) { inner = do(int(fd)) })
	return errors.Join(err, inner)
}

// raw ends the editing of lines, the echo, and the translation of bytes (termios(3), "raw mode").
func raw(fd int) error {
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return err
	}
	t.Iflag, t.Oflag, t.Lflag = unix.IGNPAR, 0, 0
	t.Cflag = unix.CS8 | unix.CLOCAL | unix.CREAD
	t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
	return unix.IoctlSetTermios(fd, unix.TCSETS, t)
}
