package mockpcsc_test

import (
	"bufio"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"balcao/mock-pcsc/curve"
	"balcao/mock-pcsc/emrtd"
	"balcao/mock-pcsc/travel"
)

// TestOpenPACE has OpenPACE, which Debian packages as libeac, do PACE with chips of every kind that both
// know: all groups, all ciphers, MRZ and CAN. It then reads protected. Debian builds it without the
// integrated mapping, which the examples of ICAO 9303-11 test in package emrtd.
func TestOpenPACE(t *testing.T) {
	program := build(t, "openpace.c", "libeac")
	var ways []emrtd.PACE
	ciphers := []emrtd.Cipher{emrtd.TripleDES, emrtd.AES128, emrtd.AES192, emrtd.AES256}
	for i, c := range curve.All {
		ways = append(ways, emrtd.PACE{Cipher: ciphers[i%len(ciphers)], Domain: c.Domain})
	}
	for domain := range byte(3) {
		ways = append(ways, emrtd.PACE{Cipher: ciphers[domain], Domain: domain})
	}
	for i, p := range ways {
		t.Run(fmt.Sprintf("Cipher%dDomain%d", p.Cipher, p.Domain), func(t *testing.T) {
			kind, secret := "can", "123456"
			if i%2 == 1 {
				kind, secret = "mrz", "I<UTOL898902C<3<<<<<<<<<<<<<<<6908061F9406236UTO<<<<<<<<<<<8ERIKSSON<<ANNA<MARIA<<<<<<<<<<"
			}
			if err := openPACE(t, program, p, kind, secret); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("WrongCAN", func(t *testing.T) {
		if err := openPACE(t, program, ways[0], "can", "123457"); err == nil || !strings.Contains(err.Error(), "the chip refuses") {
			t.Errorf("got %v, want the chip to refuse", err)
		}
	})
}

// openPACE puts a chip at the other end of the program.
func openPACE(t *testing.T, program string, p emrtd.PACE, kind, secret string) error {
	t.Helper()
	access, err := travel.CardAccess([]emrtd.PACE{p})
	if err != nil {
		t.Fatal(err)
	}
	chip := emrtd.New(emrtd.Contents{
		PACE: []emrtd.PACE{p}, Extended: true,
		Master: []*emrtd.File{{ID: 0x011d, SFI: 0x1d, Data: []byte("what is inside"), Read: emrtd.ByPACE}},
		Password: map[byte][]byte{
			emrtd.PasswordMRZ: []byte("L898902C<369080619406236"), emrtd.PasswordCAN: []byte("123456"),
		},
	})
	chip.PowerOn()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, hex.EncodeToString(access.Data), kind, secret)
	var complaints strings.Builder
	cmd.Stderr = &complaints
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	last := ""
	for lines.Scan() {
		last = lines.Text()
		command, err := hex.DecodeString(last)
		if err != nil {
			continue // no command: the end
		}
		if _, err := io.WriteString(in, hex.EncodeToString(chip.Transmit(command).Data)+"\n"); err != nil {
			break
		}
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("%w: %s", err, complaints.String())
	}
	if last != "read what is inside" {
		return fmt.Errorf("ends with %q", last)
	}
	return nil
}

// build compiles a program of testdata against a library. More are arguments for gcc.
func build(t *testing.T, source, library string, more ...string) string {
	t.Helper()
	flags, err := exec.Command("pkg-config", "--cflags", "--libs", library).Output()
	if err != nil {
		t.Fatalf("this test needs the development files of %s: %v", library, err)
	}
	program := filepath.Join(t.TempDir(), strings.TrimSuffix(source, ".c"))
	args := append(more, "-Wall", "-O1", "-o", program, filepath.Join("testdata", source))
	if out, err := exec.Command("gcc", append(args, strings.Fields(string(flags))...)...).CombinedOutput(); err != nil {
		t.Fatalf("gcc %s: %v\n%s", source, err, out)
	}
	return program
}
