package ledger_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"balcao/kiosk/ledger"
)

// leaf is one in the form of the package's comment.
const leaf = "balcao-log/1\nat 2031-04-15T09:30:00.123400Z\ntable key_event\nop insert\nrow 2:17\nactor 11:registrar-1\n" +
	"subject 9:person 12\nhidden 18:birth_date,surname\nsealed 5f0c\nat 30:2031-04-15T09:30:00.1234+00:00\ndesk -\nnote 3:a\nb\n"

func TestLeafBytes(t *testing.T) {
	l := ledger.Leaf{
		At: time.Date(2031, 4, 15, 10, 30, 0, 123400000, time.FixedZone("", 3600)), Table: "key_event", Op: ledger.OpInsert,
		Row: "17", Actor: "registrar-1", Subject: "person 12", Hidden: "birth_date,surname", Sealed: []byte{0x5f, 0x0c},
		Columns: "at 30:2031-04-15T09:30:00.1234+00:00\ndesk -\nnote 3:a\nb\n",
	}
	if got := string(l.Bytes()); got != leaf {
		t.Errorf("Bytes() = %q, want %q", got, leaf)
	}
	parsed, err := ledger.ParseLeaf([]byte(leaf))
	if err != nil || !bytes.Equal(parsed.Bytes(), []byte(leaf)) || parsed.Row != "17" || !parsed.At.Equal(l.At) {
		t.Errorf("ParseLeaf = %+v, %v", parsed, err)
	}
	columns, err := ledger.ParseColumns(parsed.Columns)
	if err != nil || len(columns) != 3 || columns["desk"] != nil || *columns["note"] != "a\nb" {
		t.Errorf("ParseColumns = %v, %v", columns, err)
	}
}

func TestParseLeafRefuses(t *testing.T) {
	for name, change := range map[string][2]string{
		"version":         {"log/1", "log/2"},
		"local time":      {"00Z", "00+01:00"},
		"short length":    {"row 2:17", "row 1:17"},
		"long length":     {"row 2:17", "row 900:17"},
		"signed length":   {"row 2:17", "row +2:17"},
		"missing field":   {"op insert\n", ""},
		"capital digits":  {"5f0c", "5F0C"},
		"columns' order":  {"desk -\nnote 3:a\nb\n", "note 3:a\nb\ndesk -\n"},
		"a column twice":  {"desk -\n", "desk -\ndesk -\n"},
		"a truncated end": {"a\nb\n", "a\nb"},
	} {
		bad := strings.Replace(leaf, change[0], change[1], 1)
		if bad == leaf {
			t.Fatalf("%s changes nothing", name)
		}
		if l, err := ledger.ParseLeaf([]byte(bad)); err == nil {
			t.Errorf("%s: parsed as %+v", name, l)
		}
	}
}
