// Package lds reads the files of a travel document's logical data structure (ICAO Doc 9303-10) as
// they come from its chip. Trailing bytes and encodings with two readings are refused.
//
//	zone, err := lds.ParseDG1(file, time.Now())
//	face, err := lds.ParseDG2(file)
//	details, err := lds.ParseDG11(file)
//
// It verifies no hash and no signature; those are over the files as they are, and the caller's.
// Images are taken out and not decoded: they are untrusted input, to be decoded in a process
// without secrets. DG14 and DG15 are keys, which package travel reads.
package lds

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"balcao/cardreader/iso7816"
	"balcao/cardreader/mrz"
)

// ErrMalformed means that a file is invalid or in a form that is not supported. Errors that wrap it
// name the field, never its content.
var ErrMalformed = errors.New("malformed file")

// Tags of the files and of what is in more than one of them (Doc 9303-10 §4.6, §4.7).
const (
	tagDG1  iso7816.Tag = 0x61
	tagDG2  iso7816.Tag = 0x75
	tagDG11 iso7816.Tag = 0x6B

	tagNumber iso7816.Tag = 0x02
	tagOthers iso7816.Tag = 0xA0
)

// fields are the data objects of a file, each at most once, except those in lists.
type fields struct {
	file   string
	values map[iso7816.Tag][]byte
	others []iso7816.TLV // what is in lists, in order
}

// fieldsOf reads the data objects in a file. A list (A0) is a number and as many objects; some documents have one
// for each kind of object, so it may be there more than once.
func fieldsOf(file []byte, tag iso7816.Tag, name string) (fields, error) {
	f := fields{file: name, values: map[iso7816.Tag][]byte{}}
	content, err := iso7816.Unwrap(file, tag)
	if err != nil {
		return fields{}, fmt.Errorf("%w: %s: %w", ErrMalformed, name, err)
	}
	objects, err := iso7816.Parse(content)
	if err != nil {
		return fields{}, fmt.Errorf("%w: %s: %w", ErrMalformed, name, err)
	}
	for _, object := range objects {
		if object.Tag == tagOthers {
			if err := f.list(object.Value); err != nil {
				return fields{}, err
			}
			continue
		}
		if _, twice := f.values[object.Tag]; twice {
			return fields{}, f.malformed(fmt.Sprintf("object %X is there twice", uint32(object.Tag)))
		}
		f.values[object.Tag] = object.Value
	}
	return f, nil
}

// list reads a list: 02 with how many there are, and those.
func (f *fields) list(content []byte) error {
	objects, err := iso7816.Parse(content)
	if err != nil || len(objects) == 0 || objects[0].Tag != tagNumber || len(objects[0].Value) != 1 ||
		int(objects[0].Value[0]) != len(objects)-1 {
		return f.malformed("list")
	}
	f.others = append(f.others, objects[1:]...)
	return nil
}

func (f *fields) malformed(what string) error {
	return fmt.Errorf("%w: %s: %s", ErrMalformed, f.file, what)
}

// text reads a text, empty when it is not there: UTF-8 (Doc 9303-10 §4.2). What could be read in two ways is
// refused: broken encoding, control characters that a screen would not show.
func (f *fields) text(tag iso7816.Tag) (string, error) {
	return f.decode(tag, f.values[tag])
}

func (f *fields) decode(tag iso7816.Tag, value []byte) (string, error) {
	if !utf8.Valid(value) || strings.ContainsFunc(string(value), unicode.IsControl) {
		return "", f.malformed(fmt.Sprintf("text %X", uint32(tag)))
	}
	return strings.TrimSpace(string(value)), nil
}

// list of texts under a tag: those in lists, and a single one outside, as the first documents had it.
func (f *fields) texts(tag iso7816.Tag) ([]string, error) {
	var texts []string
	add := func(value []byte) error {
		text, err := f.decode(tag, value)
		if err == nil && text != "" {
			texts = append(texts, text)
		}
		return err
	}
	if value, ok := f.values[tag]; ok {
		if err := add(value); err != nil {
			return nil, err
		}
	}
	for _, object := range f.others {
		if object.Tag != tag {
			continue
		}
		if err := add(object.Value); err != nil {
			return nil, err
		}
	}
	return texts, nil
}

func allDigits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// date reads YYYYMMDD, in ASCII or, as older documents have it, in four bytes of BCD. Parts that are not known are zeros or
// fillers; of a date that no calendar has the year alone is known. The zero date when it is not there or empty.
func (f *fields) date(tag iso7816.Tag) (mrz.Date, error) {
	value := f.values[tag]
	if len(value) == 4 {
		value = []byte(fmt.Sprintf("%X", value))
	}
	if len(value) == 0 {
		return mrz.Date{}, nil
	}
	d, ok := parseDate(strings.ReplaceAll(string(value), "<", "0"))
	if !ok {
		return mrz.Date{}, f.malformed(fmt.Sprintf("date %X", uint32(tag)))
	}
	return d, nil
}

func parseDate(text string) (mrz.Date, bool) {
	if len(text) != 8 || !allDigits([]byte(text)) {
		return mrz.Date{}, false
	}
	number := func(s string) (n int) {
		for _, c := range s {
			n = n*10 + int(c-'0')
		}
		return n
	}
	d := mrz.Date{Year: number(text[:4]), Month: number(text[4:6]), Day: number(text[6:])}
	switch {
	case d.Year == 0:
		return mrz.Date{}, true
	case d.Month == 0 && d.Day != 0, d.Month > 12, d.Day > daysIn(d.Year, d.Month):
		return mrz.Date{Year: d.Year}, true
	}
	return d, true
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && year%100 != 0 || year%400 == 0 {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}
