package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"balcao/cardreader/mrz"
	"balcao/cmd/internal/process"
	"balcao/kiosk/trust/country"
	"balcao/kiosk/trust/icao"
)

const interopName = "vsmartcard-vpicc"

// theirRuns bounds the runs with that passport, which take some seconds each.
const theirRuns = 3

// measureInterop measures a passport that nobody here wrote: signed by openssl, with the chip of Debian's
// vsmartcard-vpicc. Where its parts are not there, it is left out and the report says why.
func (m *travelMeasure) measureInterop(ctx context.Context) error {
	if !m.much.theirs {
		return nil
	}
	folder, why := interopFolder()
	if why != "" {
		m.report.Missing = append(m.report.Missing, "the passport of "+interopName+" was left out: "+why)
		return nil
	}
	runs := min(m.much.runs, theirRuns)
	m.say("reading the passport of %s, %d runs beside mrtdreader", interopName, runs)
	zone, err := interopZone()
	if err != nil {
		return err
	}
	dir := filepath.Join(m.dir, "interop")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return fmt.Errorf("making a folder: %w", err)
	}
	script := filepath.Join(folder, "make-passport.sh")
	if _, _, err := process.Output(ctx, nil, script, dir, strings.Join(zone, ""), filepath.Join(folder, "face.jpg")); err != nil {
		return err
	}
	chip, err := process.Start([]string{"LDS_DIR=" + dir}, systemPython, filepath.Join(folder, "passport-card.py"))
	if err != nil {
		return err
	}
	defer stop(chip)
	if err := awaitCard(ctx, chip); err != nil {
		return err
	}
	if err := m.measureTheirs(ctx, zone, runs); err != nil {
		return fmt.Errorf("the passport of %s: %w", interopName, err)
	}
	return proveInterop(m.files[interopName], filepath.Join(dir, "pki", "csca.der"))
}

// measureTheirs reads their chip with short lengths, and with extended ones if it says that it takes them.
func (m *travelMeasure) measureTheirs(ctx context.Context, zone []string, runs int) error {
	short, err := m.measureChip(ctx, interopName, zone, false, runs)
	if err != nil {
		return err
	}
	m.report.Chips = append(m.report.Chips, short)
	long, err := m.measureChip(ctx, interopName, zone, true, 1)
	if err != nil {
		return err
	}
	if long.ReadSize == short.ReadSize {
		m.report.Missing = append(m.report.Missing, interopName+" with extended lengths: the chip's answer to reset says that it takes none")
		return nil
	}
	if long, err = m.measureChip(ctx, interopName, zone, true, runs); err == nil {
		m.report.Chips = append(m.report.Chips, long)
	}
	return err
}

// systemPython is the one that Debian's packages are for.
const systemPython = "/usr/bin/python3"

// interopFolder finds the parts of that passport, or says what is missing.
func interopFolder() (folder, why string) {
	folder, err := filepath.Abs(filepath.Join(cmp.Or(os.Getenv("BALCAO_SHARED"), "../shared"), "interop"))
	if err != nil {
		return "", err.Error()
	}
	for _, path := range []string{filepath.Join(folder, "make-passport.sh"), filepath.Join(folder, "passport-card.py"), filepath.Join(folder, "face.jpg")} {
		if _, err := os.Stat(path); err != nil {
			return "", path + " is not there (BALCAO_SHARED)"
		}
	}
	if _, err := os.Stat("/usr/lib/python3/site-packages/virtualsmartcard"); err != nil {
		return "", "the package vsmartcard-vpicc is not installed"
	}
	if err := exec.Command(systemPython, "-c", "import Cryptodome, PIL").Run(); err != nil {
		return "", "the packages python3-pycryptodome and python3-pil are not installed"
	}
	return folder, ""
}

// interopZone is the MRZ of a passport that is valid today.
func interopZone() ([]string, error) {
	return mrz.MRZ{
		Format: mrz.TD3, Code: "P", Issuer: "UTO", Nationality: "UTO", Surname: "MEDIDA", GivenNames: "PESSOA INVENTADA",
		Number: "UT9900000", Birth: mrz.Date{Year: 1988, Month: 3, Day: 7}, Sex: "X",
		Expiry: mrz.Date{Year: time.Now().Year() + 5, Month: 3, Day: 7},
	}.Lines()
}

// awaitCard waits until pcscd has seen the card that a program puts into its reader.
func awaitCard(ctx context.Context, chip *process.Process) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		session, _, err := firstCard(ctx)
		if err == nil {
			return session.Close()
		}
		if !errors.Is(err, errNoCard) {
			return err
		}
		select {
		case <-chip.Done:
			return fmt.Errorf("%s ended; it said: %s", chip.Name, process.Tail(chip.Said(), 1))
		case <-time.After(noticing / 5):
		case <-ctx.Done():
			return fmt.Errorf("waiting for the card of %s: %w", chip.Name, ctx.Err())
		}
	}
}

// proveInterop sees that what was read is what was signed: fast and wrong would be no measurement.
func proveInterop(files chipFiles, anchor string) error {
	certificate, err := country.ReadCertificate(anchor)
	if err != nil {
		return err
	}
	countries, err := country.New([]*icao.Certificate{certificate})
	if err != nil {
		return err
	}
	_, err = passive(files, countries)
	return err
}
