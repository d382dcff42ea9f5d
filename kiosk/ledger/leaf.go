// Package ledger is the centre's log: every change of what it logs is a leaf of one Merkle tree (RFC 6962 §2.1) that
// only grows, and whose sizes and roots are signed as checkpoints (C2SP tlog-checkpoint, signed-note) with a key that
// no database holds. Whoever kept a checkpoint finds out whether a leaf behind it was changed.
//
// The database's triggers write a leaf in the transaction of the change, without a number (centre.log_leaf). One
// Sequencer numbers what was committed and signs. A Witness elsewhere keeps the newest checkpoint and cosigns only what
// extends it (tlog-witness, cosignature/v1). Audit reads the tables and compares.
//
// # Bytes of a leaf
//
// Lines that end in LF, in this order. A value of free content is written as its length in bytes of UTF-8 (decimal),
// a colon and the bytes; "-" says that there is none.
//
//	balcao-log/1
//	at 2031-04-15T09:30:00.123456Z      UTC, six decimals: when the row changed, by the database's clock
//	table key_event
//	op insert                           insert, update, delete; found: the row was there when logging of it began
//	row 2:17                            its primary key; several columns are joined with "/"
//	actor 11:registrar-1                who was logged in to the database
//	subject 9:person 12                 whose key seals what is personal, or -
//	hidden 18:birth_date,surname        the names of the columns that are personal, by the order of their bytes, or -
//	sealed 5f0c…                        HMAC-SHA-256 of these columns in lower-case hexadecimal, or -
//	at 30:2031-04-15T09:30:00.1234+00:00    the row's other columns, by the order of their names' bytes, as they are after
//	…                                       the change (of a delete: before)
//
// A column is its name, a space and its value. Values are text as PostgreSQL's to_jsonb makes it: times as RFC 3339 in
// UTC without trailing zeros of the second, bytes as \x and hexadecimal, lists and objects as jsonb prints them. The
// HMAC is over the personal columns in the same form, under 32 random bytes of the subject (centre.log_key). When these
// are deleted the leaf says nothing of a person any more, and stays as it is.
package ledger

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// Operations of a leaf.
const (
	OpFound  = "found"
	OpInsert = "insert"
	OpUpdate = "update"
	OpDelete = "delete"
)

const leafVersion = "balcao-log/1"

// leafTime is RFC 3339 in UTC with microseconds, PostgreSQL's precision.
const leafTime = "2006-01-02T15:04:05.000000Z"

// Leaf is one change of one row.
type Leaf struct {
	At                    time.Time
	Table, Op, Row, Actor string
	Subject               string // "" when nothing in the row is personal
	Hidden                string // names of the personal columns, separated by commas
	Sealed                []byte // HMAC over them; nil without Subject
	Columns               string // the others, as Columns.text writes them
}

// Columns are a row's values by the names of their columns; nil is null.
type Columns map[string]*string

func (c Columns) text() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(c)) {
		b.WriteString(name)
		if v := c[name]; v == nil {
			b.WriteString(" -\n")
		} else {
			fmt.Fprintf(&b, " %d:%s\n", len(*v), *v)
		}
	}
	return b.String()
}

// seal is what a leaf says of personal columns.
func (c Columns) seal(key []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(c.text()))
	return mac.Sum(nil)
}

// Bytes are what is hashed; see the package.
func (l Leaf) Bytes() []byte {
	b := make([]byte, 0, 256+len(l.Columns))
	b = append(b, leafVersion+"\nat "...)
	b = l.At.UTC().AppendFormat(b, leafTime)
	b = append(b, "\ntable "+l.Table+"\nop "+l.Op+"\n"...)
	b = fmt.Appendf(b, "row %d:%s\nactor %d:%s\n", len(l.Row), l.Row, len(l.Actor), l.Actor)
	if l.Subject == "" {
		b = append(b, "subject -\nhidden -\nsealed -\n"...)
	} else {
		b = fmt.Appendf(b, "subject %d:%s\nhidden %d:%s\nsealed %x\n", len(l.Subject), l.Subject, len(l.Hidden), l.Hidden, l.Sealed)
	}
	return append(b, l.Columns...)
}

// Hash is the leaf's hash in the tree (RFC 6962 §2.1).
func (l Leaf) Hash() [sha256.Size]byte { return tlog.RecordHash(l.Bytes()) }

var errLeaf = errors.New("these are not the bytes of a leaf")

// ParseLeaf reads the bytes of a leaf. Whatever Bytes would not write is an error.
func ParseLeaf(data []byte) (Leaf, error) {
	lines := strings.SplitN(string(data), "\n", 5) // the version, three fields, the rest
	if len(lines) < 5 {
		return Leaf{}, errLeaf
	}
	at, err := time.Parse(leafTime, strings.TrimPrefix(lines[1], "at "))
	if err != nil {
		return Leaf{}, errLeaf
	}
	l := Leaf{At: at, Table: strings.TrimPrefix(lines[2], "table "), Op: strings.TrimPrefix(lines[3], "op ")}
	rest := lines[4]
	for _, field := range []*string{&l.Row, &l.Actor, &l.Subject, &l.Hidden} {
		_, value, more, ok := cutColumn(rest)
		if !ok {
			return Leaf{}, errLeaf
		}
		if rest = more; value != nil {
			*field = *value
		}
	}
	sealed, columns, _ := strings.Cut(rest, "\n")
	l.Sealed, _ = hex.DecodeString(strings.TrimPrefix(sealed, "sealed ")) // "-" is nil
	l.Columns = columns
	// The names and the order of all that was read above are compared here.
	if c, err := ParseColumns(columns); err != nil || c.text() != columns || !bytes.Equal(l.Bytes(), data) {
		return Leaf{}, errLeaf
	}
	return l, nil
}

// ParseColumns reads the columns of a leaf.
func ParseColumns(text string) (Columns, error) {
	c := Columns{}
	for text != "" {
		name, value, rest, ok := cutColumn(text)
		if !ok {
			return nil, errLeaf
		}
		c[name], text = value, rest
	}
	return c, nil
}

// cutColumn takes "name 5:value\n" or "name -\n" off the front.
func cutColumn(text string) (name string, value *string, rest string, ok bool) {
	name, text, ok = strings.Cut(text, " ")
	if !ok {
		return "", nil, "", false
	}
	if rest, ok := strings.CutPrefix(text, "-\n"); ok {
		return name, nil, rest, true
	}
	length, text, ok := strings.Cut(text, ":")
	n, err := strconv.Atoi(length)
	if !ok || err != nil || n < 0 || n >= len(text) || text[n] != '\n' {
		return "", nil, "", false
	}
	v := text[:n]
	return name, &v, text[n+1:], true
}
