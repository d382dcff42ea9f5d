package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"balcao/mock-pcsc/pn532"
)

// MRTDReader is what Debian's mrtdreader took for the same files: BAC, short lengths, 100 bytes a read. It reads EF.COM
// too, and verifies nothing.
type MRTDReader struct {
	Traffic
	Millis float64 `json:"ms"` // from the start of the program to its end; median
}

const mrtdreader = "mrtdreader"

func hasMRTDReader() bool {
	_, err := exec.LookPath(mrtdreader)
	return err == nil
}

// mrtdReading is one run.
type mrtdReading struct {
	traffic Traffic
	took    time.Duration
}

// readMRTD lets mrtdreader read the chip in the first slot. It knows readers through libnfc only, so it is given an
// NFC module that passes its commands on to ours.
func readMRTD(ctx context.Context, dir string, zone []string) (r mrtdReading, err error) {
	session, _, err := firstCard(ctx)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	wire := &counted{CardSession: session}
	module, err := pn532.Open(func(command []byte) ([]byte, error) { return wire.Transmit(ctx, command) })
	if err != nil {
		return r, err
	}
	said, took, err := runMRTD(ctx, dir, module.Device(), zone[1])
	if err = errors.Join(err, module.Close()); err != nil {
		return r, err
	}
	picture := filepath.Join(dir, "image.jpg")
	if info, err := os.Stat(picture); err != nil || info.Size() == 0 || !strings.Contains(said, "Getting EF.SOD... done") {
		return r, fmt.Errorf("%s did not read the files: %s", mrtdreader, said[max(0, len(said)-400):])
	}
	return mrtdReading{traffic: wire.traffic, took: took}, os.Remove(picture)
}

// runMRTD runs the program where it may leave its picture.
func runMRTD(ctx context.Context, dir, device, zone string) (string, time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, mrtdreader, zone)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LIBNFC_DEVICE="+device, "LIBNFC_LOG_LEVEL=0", "LC_ALL=C")
	began := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%s: %w", mrtdreader, err)
	}
	return string(out), time.Since(began), err
}
