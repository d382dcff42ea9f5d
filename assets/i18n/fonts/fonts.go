// Package fonts finds the machine's fonts of scripts that the program itself has none for. Latin and
// Cyrillic are inside the binary; these come as packages of the distribution, or with Windows.
package fonts

import (
	"encoding/binary"
	"errors"
	"os"
	"slices"
	"unicode"
)

// Script is a script with fonts of its own.
type Script struct {
	Name    string // as Unicode names it
	Package string // which brings the fonts: Debian's; on Windows the language whose fonts they are
	Files   [2]string
	face    int // which font of a collection
	letters *unicode.RangeTable
}

// han is the characters and the signs that are as wide as they.
var han = func() *unicode.RangeTable {
	table := *unicode.Han
	table.R16 = slices.Concat([]unicode.Range16{{Lo: 0x3000, Hi: 0x303F, Stride: 1}, {Lo: 0xFF00, Hi: 0xFFEF, Stride: 1}}, table.R16)
	slices.SortFunc(table.R16, func(a, b unicode.Range16) int { return int(a.Lo) - int(b.Lo) })
	return &table
}()

// Of returns the script of a letter, nil for those that the program has itself.
func Of(letter rune) *Script {
	if letter < 0x300 {
		return nil
	}
	for _, s := range Scripts {
		if unicode.Is(s.letters, letter) {
			return s
		}
	}
	return nil
}

// Missing returns the packages whose fonts a text needs and the machine lacks.
func Missing(text string) []string {
	var packages []string
	for _, letter := range text {
		if s := Of(letter); s != nil && !s.There() && !slices.Contains(packages, s.Package) {
			packages = append(packages, s.Package)
		}
	}
	return packages
}

// There reports whether the machine has both weights.
func (s *Script) There() bool {
	for _, file := range s.Files {
		if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() {
			return false
		}
	}
	return true
}

// Read returns a weight as a file of one font: ISO/IEC 14496-22 (OpenType) §4.6 lets a collection share tables, which
// are copied out of it.
func (s *Script) Read(bold bool) ([]byte, error) {
	file := s.Files[0]
	if bold {
		file = s.Files[1]
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return alone(raw, s.face)
}

var errFont = errors.New("a font file that is cut short")

// alone takes one font out of a collection; another file is returned as it is.
func alone(raw []byte, face int) ([]byte, error) {
	if len(raw) < 12 || string(raw[:4]) != "ttcf" {
		return raw, nil
	}
	u32 := func(at int) int {
		if at < 0 || at+4 > len(raw) {
			return -1
		}
		return int(binary.BigEndian.Uint32(raw[at:]))
	}
	at := u32(12 + 4*face)
	if face >= u32(8) || at < 0 || at+12 > len(raw) {
		return nil, errFont
	}
	tables := int(binary.BigEndian.Uint16(raw[at+4:]))
	records := at + 12
	if records+16*tables > len(raw) {
		return nil, errFont
	}
	font := slices.Clone(raw[at : records+16*tables])
	for i := range tables {
		from, length := u32(records+16*i+8), u32(records+16*i+12)
		if from < 0 || from+length > len(raw) {
			return nil, errFont
		}
		binary.BigEndian.PutUint32(font[12+16*i+8:], uint32(len(font)))
		font = append(font, raw[from:from+length]...)
		font = append(font, make([]byte, -len(font)&3)...)
	}
	return font, nil
}
