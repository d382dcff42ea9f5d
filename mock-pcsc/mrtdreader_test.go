package mockpcsc_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"balcao/mock-pcsc/drawer"
	"balcao/mock-pcsc/emrtd"
	"balcao/mock-pcsc/pn532"
)

// Files of the eMRTD application that mrtdreader reads.
const (
	fileZone     = 0x0101
	filePhoto    = 0x0102
	fileSecurity = 0x011d
	fileCommon   = 0x011e
)

// TestMRTDReader lets Debian's mrtdreader, which does BAC and nothing else, read our chips, and compares
// what it got byte for byte. No reader of ours is involved, and no pcscd: it sees an NFC module.
func TestMRTDReader(t *testing.T) {
	for _, name := range []string{"passport-bac", "passport-bac-aa-rsa", "passport-bac-ca", "passport-ds-expired-now-fine", "residence-permit-bac"} {
		t.Run(name, func(t *testing.T) {
			chip, access := travelDocument(t, name)
			r := readMRTD(t, chip, access...)
			equal(t, "EF.COM", r.file(t, "EF.COM"), contentOf(t, chip, fileCommon))
			equal(t, "EF.SOD", r.file(t, "EF.SOD"), contentOf(t, chip, fileSecurity))
			if zone := contentOf(t, chip, fileZone); !strings.Contains(r.said, "Getting EF.DG1... done\n"+string(zone)+"\n") {
				t.Errorf("mrtdreader did not print DG1 as it is:\n%s", r.said)
			}
			face := contentOf(t, chip, filePhoto)
			equal(t, "photograph", r.photo, face[max(0, bytes.Index(face, []byte("\xff\xd8\xff\xe0"))):])
		})
	}
}

// TestMRTDReaderWrongMRZ sees that a chip opens with its own document's MRZ only.
func TestMRTDReaderWrongMRZ(t *testing.T) {
	chip, _ := travelDocument(t, "passport-bac")
	_, other := travelDocument(t, "passport-bac-ca")
	r := readMRTD(t, chip, other...)
	if !strings.Contains(r.said, "Challenge failed") || strings.Contains(r.said, "Getting") || r.photo != nil {
		t.Errorf("the chip opened with another document's MRZ, or said anything:\n%s", r.said)
	}
}

// mrtdReading is what mrtdreader said and left behind.
type mrtdReading struct {
	said  string
	photo []byte // image.jpg, nil for none
}

// file is a file that mrtdreader prints in hexadecimal.
func (r mrtdReading) file(t *testing.T, name string) []byte {
	t.Helper()
	m := regexp.MustCompile(`Getting ` + name + `\.\.\. done\nFile content: ([0-9a-f]+)\n`).FindStringSubmatch(r.said)
	if m == nil {
		t.Fatalf("mrtdreader did not read %s:\n%s", name, r.said)
	}
	content, err := hex.DecodeString(m[1])
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func contentOf(t *testing.T, chip *emrtd.Chip, id uint16) []byte {
	t.Helper()
	i := slices.IndexFunc(chip.Files, func(f *emrtd.File) bool { return f.ID == id })
	if i < 0 {
		t.Fatalf("the chip has no file %04X", id)
	}
	return chip.Files[i].Data
}

func equal(t *testing.T, what string, got, want []byte) {
	t.Helper()
	if !bytes.Equal(got, want) {
		t.Errorf("%s: mrtdreader got %d bytes which are not the %d on the chip", what, len(got), len(want))
	}
}

// travelDocument is a document's chip, and what opens it as mrtdreader takes it.
func travelDocument(t *testing.T, name string) (chip *emrtd.Chip, access []string) {
	t.Helper()
	d, err := drawer.Open()
	if err != nil {
		t.Fatal(err)
	}
	c, err := d.Card(name)
	if err != nil {
		t.Fatal(err)
	}
	chip, ok := c.(*emrtd.Chip)
	entries := d.Entries()
	i := slices.IndexFunc(entries, func(e drawer.Entry) bool { return e.Name == name })
	if !ok || i < 0 {
		t.Fatalf("%s is no travel document", name)
	}
	zone := entries[i].MRZ
	if len(zone) == 2 {
		return chip, zone[1:]
	}
	// Three lines of 30: number, birth and expiry, without their check digits (ICAO 9303-5).
	return chip, []string{"-p", strings.TrimRight(zone[0][5:14], "<"), "-b", zone[1][0:6], "-e", zone[1][8:14]}
}

// readMRTD runs mrtdreader with the chip in the field of an NFC module. Its exit code says little.
func readMRTD(t *testing.T, chip *emrtd.Chip, access ...string) mrtdReading {
	t.Helper()
	chip.PowerOn()
	defer chip.PowerOff()
	module, err := pn532.Open(func(command []byte) ([]byte, error) {
		response := chip.Transmit(command)
		if response.Silent || response.Removed {
			return nil, errors.New("no answer")
		}
		return response.Data, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := module.Close(); err != nil {
			t.Error(err)
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "mrtdreader", access...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "LIBNFC_DEVICE="+module.Device(), "LIBNFC_LOG_LEVEL=0", "LC_ALL=C")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("mrtdreader (Debian package mrtdreader): %v\n%s", err, out)
	}
	photo, err := os.ReadFile(filepath.Join(cmd.Dir, "image.jpg"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return mrtdReading{said: string(out), photo: photo}
}
