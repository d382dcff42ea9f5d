package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"time"

	"balcao/cmd/internal/process"
)

// Where Debian's pcscd listens, and where it learns of vpcd's virtual readers.
const (
	pcscdSocket = "/run/pcscd/pcscd.comm"
	vpcdConfig  = "/etc/reader.conf.d/vpcd"
)

// errNoVPCD says that the virtual reader's driver is missing.
var errNoVPCD = errors.New("the virtual reader (Debian package vsmartcard-vpcd) is not installed: run make setup")

// startPCSCD makes sure that a real pcscd runs. On a machine with systemd its socket starts it; where
// nothing does, the demo starts one and stops it at the end.
func startPCSCD(ctx context.Context, log string) (*process.Process, error) {
	if _, err := os.Stat(vpcdConfig); err != nil {
		return nil, errNoVPCD
	}
	if listening() {
		return nil, nil
	}
	path, err := exec.LookPath("pcscd")
	if err != nil {
		path = "/usr/sbin/pcscd"
	}
	args := []string{"--foreground"}
	if os.Geteuid() != 0 {
		args = append([]string{"--non-interactive", path}, args...)
		path = "sudo"
	}
	p, err := process.StartLogged(log, path, args...)
	if err != nil {
		return nil, err
	}
	for !listening() {
		select {
		case <-time.After(20 * time.Millisecond): // its folder and its socket are pcscd's to make
		case <-p.Done:
			return nil, fmt.Errorf("pcscd ended at once (%v); see %s", p.Err, log)
		case <-ctx.Done():
			_ = p.Stop(grace)
			return nil, fmt.Errorf("pcscd does not listen; see %s", log)
		}
	}
	return p, nil
}

func listening() bool {
	c, err := net.DialTimeout("unix", pcscdSocket, time.Second)
	if err != nil {
		return false
	}
	_ = c.Close()
	return true
}
