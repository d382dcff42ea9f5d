// Package paper makes the papers of a desk and of the back office as PDF: receipt, adhesion form, what is stored about a
// person, the letter with an activation code, the report of a day. What is on a paper is a Paper, plain data; Press draws it.
//
// A paper is in Portuguese, and beside it in the person's language where the PDF library can set its script: it joins no
// letters and orders no vowel signs, so Devanagari, Bengali and Chinese stay on screens and in messages, and the paper's
// second language is then English.
//
// A PDF that names a person is theirs: whoever made it wipes it (PDF.Wipe) and writes it to no file.
package paper

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/image/font/sfnt"

	"balcao/kiosk"
)

// ErrScript says that a text has letters which the paper's font has not, or cannot join. It does not quote the text.
var ErrScript = errors.New("a text on the paper is in a script that cannot be printed")

// Row is a line of a paper: what it is, and its value. Empty values are left out.
type Row struct {
	Key    string // of the label, in the catalogue
	Label  string // instead of Key, where it is no text of the catalogue
	Value  string
	Word   string // instead of Value: a key of the catalogue, said in both languages
	Strong bool   // it is what the paper is about
}

// Table is a table of texts whose first column is the widest.
type Table struct {
	Head []string // keys
	Rows [][]string
}

// Section is a part of a paper with a heading, a key of the catalogue.
type Section struct {
	Heading string
	Rows    []Row
	Table   *Table
}

// Paper is what is on a paper. Keys are of the catalogue (assets/i18n).
type Paper struct {
	Title    string         // key
	Language kiosk.Language // of the person; beside the Portuguese
	Sections []Section
	Code     string   // what the QR code says; empty for none
	CodeText string   // key of what stands beside it
	Args     Args     // of CodeText and Notes
	Notes    []string // keys; each may have a key ".lead" that is set bold before it
	Sign     []string // keys of whose signatures there is room for
	Foot     string   // where, who, when
}

// Args are the values that texts of a paper name.
type Args map[string]any

// PDF is a paper that can be printed.
type PDF struct {
	Data  []byte
	Pages int
}

// Wipe overwrites the paper.
func (p *PDF) Wipe() {
	clear(p.Data)
	*p = PDF{}
}

// Press makes papers. Its fonts are read once.
type Press struct {
	regular, bold, italic []byte
	glyphs                *sfnt.Font // of the regular one
}

// NewPress reads the fonts of papers from a folder, FontFolder.
func NewPress(folder string) (*Press, error) {
	p := &Press{}
	for name, into := range map[string]*[]byte{fontRegular: &p.regular, fontBold: &p.bold, fontItalic: &p.italic} {
		data, err := os.ReadFile(filepath.Join(folder, name)) //nolint:gosec // the operator's folder
		if err != nil {
			return nil, fmt.Errorf("reading the fonts of papers (%s): %w", fontSource, err)
		}
		*into = data
	}
	glyphs, err := sfnt.Parse(p.regular)
	if err != nil {
		return nil, fmt.Errorf("reading the fonts of papers: %w", err)
	}
	p.glyphs = glyphs
	return p, nil
}

// second is the language beside Portuguese.
func second(l kiosk.Language) kiosk.Language {
	switch l {
	case "", kiosk.Portuguese, "zh-Hans", "hi", "bn", "ne":
		return kiosk.English
	}
	return l
}

// settable reports whether the font has every letter of a text.
func (p *Press) settable(text string) bool {
	var b sfnt.Buffer
	return !strings.ContainsFunc(text, func(r rune) bool {
		if r == '\n' {
			return false
		}
		i, err := p.glyphs.GlyphIndex(&b, r)
		return err != nil || i == 0
	})
}
