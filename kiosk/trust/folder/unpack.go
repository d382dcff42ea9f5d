package folder

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"

	"balcao/kiosk/trust/icao"
)

// Unpacked is what a file of certificates or lists holds, in whatever form authorities publish such: DER, PEM (RFC 7468),
// base64 alone, or LDIF (RFC 2849), as the ICAO PKD does.
type Unpacked struct {
	form    string
	values  [][]byte // DER or BER, if they are what the form promises
	foreign bool     // the form is none that is known, and the value the whole file
}

// valueKind is what a value is.
type valueKind string

// The kinds of values, as they are called when a file is named for what it is.
const (
	kindCertificate   valueKind = "certificate"
	kindList          valueKind = "revocation list"
	kindMasterList    valueKind = "master list"
	kindCutMasterList valueKind = "master list that is cut off"
	kindMessage       valueKind = "other CMS message"
	kindUnknown       valueKind = "value of an unknown kind"
)

// sequence is the tag that all of them begin with.
const sequence = 0x30

// Unpack finds the values of a file.
func Unpack(data []byte) Unpacked {
	data = bytes.TrimPrefix(data, []byte("\uFEFF"))
	if u := (Unpacked{form: "PEM"}); bytes.Contains(data, []byte("-----BEGIN ")) {
		for rest := data; ; {
			var block *pem.Block
			if block, rest = pem.Decode(rest); block == nil {
				break
			}
			u.values = append(u.values, block.Bytes)
		}
		if len(u.values) > 0 {
			return u
		}
	}
	if values, ok := ldifValues(data); ok {
		return Unpacked{form: "LDIF", values: values}
	}
	if der, err := base64.StdEncoding.DecodeString(string(bytes.Join(bytes.Fields(data), nil))); err == nil && len(der) > 0 && der[0] == sequence {
		return Unpacked{form: "base64", values: [][]byte{der}}
	}
	if len(data) == 0 || data[0] != sequence {
		return Unpacked{form: foreignForm(data), values: [][]byte{data}, foreign: true}
	}
	return Unpacked{form: "DER", values: [][]byte{data}}
}

// foreignForm names what people put into such folders by mistake.
func foreignForm(data []byte) string {
	switch text := strings.ToLower(string(bytes.TrimSpace(data[:min(len(data), 1000)]))); {
	case text == "":
		return "an empty file"
	case strings.HasPrefix(text, "pk\x03\x04"):
		return "a ZIP archive"
	case strings.HasPrefix(text, "<!doctype html"), strings.HasPrefix(text, "<html"):
		return "a web page"
	}
	return "nothing that is known here"
}

// ldifValues returns the binary values of an LDIF file, which begins with a record or with its version. Long lines
// are folded: what follows begins with a space (RFC 2849, note 2).
func ldifValues(data []byte) (values [][]byte, ok bool) {
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	data = bytes.ReplaceAll(data, []byte("\n "), nil)
	for line := range bytes.Lines(data) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		name, value, found := bytes.Cut(line, []byte(":"))
		if !ok && (!found || !slices.Contains([]string{"dn", "version"}, strings.ToLower(string(name)))) {
			return nil, false
		}
		ok = true
		encoded, binary := bytes.CutPrefix(value, []byte(":"))
		if !binary || strings.EqualFold(string(name), "dn") {
			continue
		}
		encoded = bytes.TrimSpace(encoded)
		der := make([]byte, base64.StdEncoding.DecodedLen(len(encoded)))
		n, _ := base64.StdEncoding.Decode(der, encoded) // as far as it goes: a file that is cut off is named
		values = append(values, der[:n])
	}
	return values, ok
}

// kindOf tells what a value is. Of a master list that is enough which content its beginning announces.
func kindOf(value []byte) valueKind {
	signedData := []byte{0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02}
	masterList := []byte{0x06, 0x06, 0x67, 0x81, 0x08, 0x01, 0x01, 0x02}
	head := value[:min(len(value), 200)]
	switch _, err := icao.ParseCertificate(value); {
	case err == nil:
		return kindCertificate
	case bytes.Contains(head, signedData) && bytes.Contains(head, masterList):
		if _, err := icao.DER(value); err != nil {
			return kindCutMasterList
		}
		return kindMasterList
	case bytes.Contains(head, signedData):
		return kindMessage
	case icao.RevocationListCountry(value) != "":
		return kindList
	}
	return kindUnknown
}

// String says what the file is: "LDIF with 2 × master list".
func (u Unpacked) String() string {
	if u.foreign {
		return u.form
	}
	counts := make(map[valueKind]int)
	var kinds []valueKind
	for _, v := range u.values {
		kind := kindOf(v)
		if counts[kind]++; counts[kind] == 1 {
			kinds = append(kinds, kind)
		}
	}
	var parts []string
	for _, kind := range kinds {
		parts = append(parts, fmt.Sprintf("%d × %s", counts[kind], kind))
	}
	if len(parts) == 0 {
		return u.form + " without anything in it"
	}
	return u.form + " with " + strings.Join(parts, ", ")
}

// One returns the only value of the file.
func (u Unpacked) One() ([]byte, error) {
	if len(u.values) != 1 {
		return nil, fmt.Errorf("not one value: the file is %s", u)
	}
	return u.values[0], nil
}

// Named adds to an error what the file is instead.
func (u Unpacked) Named(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w; the file is %s", err, u)
}

// MasterLists returns the master lists of the file, whole and cut off.
func (u Unpacked) MasterLists() [][]byte {
	var lists [][]byte
	for _, v := range u.values {
		if kind := kindOf(v); kind == kindMasterList || kind == kindCutMasterList {
			lists = append(lists, v)
		}
	}
	return lists
}
