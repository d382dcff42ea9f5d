package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"balcao/cardreader/citizencard"
	"balcao/cmd/internal/process"
)

// OpenSC is what OpenSC's tools took for the same files. They have no way to read a part of a file whose
// offset they are not told, so they read whole files; and they verify nothing.
type OpenSC struct {
	Traffic
	Millis  float64 `json:"ms"` // median, from the start of the program to its end
	Command string  `json:"command"`
}

// tool is a program of OpenSC's that reads a card's files.
type tool struct {
	path    string
	args    []string
	command string // for people
}

// openSC prepares the tool that reads the files of a card of this generation.
func (m *cardMeasure) openSC(ctx context.Context, generation string, photo bool) (tool, error) {
	switch {
	case generation == citizencard.Generation1:
		return m.explorer() // one file holds identity and photograph, so there is one way to read
	case photo:
		return m.sender(ctx, files2024)
	}
	return m.sender(ctx, files2024[:3])
}

// explorerScript is what opensc-explorer does with a card of the first generation.
var explorerScript = []string{"cd 5F00", "get EF02 %s", "get EF06 %s", "get EF09 %s"}

// explorer reads with opensc-explorer, which connects once and reads without PKCS#15 around it: nothing
// of OpenSC's reads these files faster.
func (m *cardMeasure) explorer() (tool, error) {
	script, saved := filepath.Join(m.dir, "opensc.script"), filepath.Join(m.dir, "opensc.file")
	text := strings.ReplaceAll(strings.Join(explorerScript, "\n")+"\n", "%s", saved)
	if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
		return tool{}, fmt.Errorf("writing a script for OpenSC: %w", err)
	}
	return tool{
		path: "opensc-explorer", args: []string{"-r", strconv.Itoa(m.number), script},
		command: "opensc-explorer with " + strings.ReplaceAll(strings.Join(explorerScript, "; "), " %s", ""),
	}, nil
}

// cardFile is a file of a card of 2024: the last byte of its application's AID, and its path.
type cardFile struct {
	application byte
	path        string
}

// files2024 are identity, SOD, certificate, and the photograph.
var files2024 = []cardFile{{5, "010D"}, {5, "011D"}, {4, "5F00EF02"}, {5, "0102"}}

// sender reads with opensc-tool, which sends commands that are written out: OpenSC 0.23 has no driver
// for the card of 2024. The sizes of the files are asked before the clock starts.
func (m *cardMeasure) sender(ctx context.Context, files []cardFile) (tool, error) {
	args := []string{"-r", strconv.Itoa(m.number), "-c", "default"}
	probe := args
	for _, f := range files {
		probe = append(probe, selection(f)...)
	}
	text, _, err := process.Output(ctx, nil, "opensc-tool", probe...)
	if err != nil {
		return tool{}, err
	}
	sizes := fileSizes(text)
	if len(sizes) != len(files) {
		return tool{}, fmt.Errorf("opensc-tool found %d of %d files", len(sizes), len(files))
	}
	for i, f := range files {
		args = append(append(args, selection(f)...), reads(sizes[i])...)
	}
	var names []string
	for _, f := range files {
		names = append(names, f.path)
	}
	return tool{
		path: "opensc-tool", args: args,
		command: "opensc-tool -c default -s (it has no driver): SELECT and READ BINARY of all of " + strings.Join(names, ", "),
	}, nil
}

// selection selects an application and a file with its control information.
func selection(f cardFile) []string {
	p1 := "02"
	if len(f.path) > 4 {
		p1 = "08"
	}
	return []string{
		"-s", fmt.Sprintf("00A4040C07604632FF0000%02X", f.application),
		"-s", fmt.Sprintf("00A4%s00%02X%s00", p1, len(f.path)/2, f.path),
	}
}

// reads is a READ BINARY for each 256 bytes of a file.
func reads(size int) []string {
	var list []string
	for at := 0; at < size; at += 256 {
		list = append(list, "-s", fmt.Sprintf("00B0%04X%02X", at, byte(min(256, size-at))))
	}
	return list
}

// sizeObject is the size in file control information (ISO/IEC 7816-4 table 12, tags 80 and 81) as
// opensc-tool prints it, at the beginning of a line.
var sizeObject = regexp.MustCompile(`(?m)^6F [0-9A-F]{2} 8[01] (?:02 ([0-9A-F]{2}) ([0-9A-F]{2})|03 00 ([0-9A-F]{2}) ([0-9A-F]{2})) `)

// fileSizes reads them in order.
func fileSizes(text string) []int {
	var sizes []int
	for _, m := range sizeObject.FindAllStringSubmatch(text, -1) {
		n, _ := strconv.ParseUint(m[1]+m[2]+m[3]+m[4], 16, 16) // four digits, says the expression
		sizes = append(sizes, int(n))
	}
	return sizes
}

// errOpenSCShort says that OpenSC did not read what it was compared for.
var errOpenSCShort = errors.New("OpenSC read less than the files hold")

// count runs the tool once more with its debug output, which names every command.
func (t tool) count(ctx context.Context) (Traffic, error) {
	text, _, err := process.Output(ctx, []string{"OPENSC_DEBUG=9"}, t.path, t.args...)
	return parseDebug(text), err
}
