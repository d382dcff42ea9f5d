package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"balcao/cardreader/mrz"
)

// lengths are those of a passport with a photograph of 8 KB.
var lengths = ChipLengths{DG1: 93, SOD: 1823, DG2: 8244}

// newChipReport is a chip that was opened with BAC, or with PACE.
func newChipReport(c ChipReport, pace bool) ChipReport {
	c.access = leastBAC
	if pace {
		c.access = leastPACE
	}
	return c
}

func TestLeast(t *testing.T) {
	for _, c := range []struct {
		size        int
		pace        bool
		reads, want int
	}{
		{231, false, 1 + 8 + 36, 3 + 45},
		{223, true, 1 + 9 + 37, 7 + 47},
		{8244, false, 3, 6},
		{8243, false, 4, 7},
	} {
		r := newChipReport(ChipReport{ReadSize: c.size, Lengths: lengths}, c.pace)
		if r.leastReads() != c.reads || r.least() != c.want {
			t.Errorf("with %d bytes a read: got %d reads and %d commands, want %d and %d", c.size, r.leastReads(), r.least(), c.reads, c.want)
		}
	}
}

func TestTravelReport(t *testing.T) {
	short := newChipReport(ChipReport{
		Card: "one", Line: "250k", ReadSize: 231, Lengths: lengths, Opening: 7, Traffic: Traffic{APDUs: 57, Sent: 100, Received: 900},
		Millis: 750, MRTDReader: &MRTDReader{Traffic: Traffic{APDUs: 114}, Millis: 1500},
	}, false)
	long := newChipReport(ChipReport{
		Card: "two", Line: "full", Extended: true, ReadSize: 16384, Lengths: lengths, Opening: 12, Traffic: Traffic{APDUs: 15}, Millis: 8,
	}, false)
	text := TravelReport{
		Chips: []ChipReport{short, long},
		AtDesk: []DeskReading{
			{Card: "one", Line: "full", Identity: 17, Photo: 70, First: true}, {Card: "two", Line: "full", Identity: 71, Photo: 70},
		},
		CPU:     TravelCPU{PACE: 7.5, Passive: []PassiveCPU{{Card: "one", Keys: "RSA-2048, RSA-3072", Millis: 0.4}}},
		Missing: []string{"something else"},
	}.text()
	for _, want := range []string{
		"one, short        50     45   1.11    MISS", "57     48   1.19", "1000         114   0.50", // commands
		"two, extended      3      3   1.00    PASS     15      6   2.50  MISS",
		"one, short     250k  750        1500   0.50      488",                                                   // times
		"17.0       0.0        70.0    0.0            PASS", "71.0       0.0        70.0    0.0            MISS", // who is first
		"7.50", "0.40", "Not measured: something else\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q:\n%s", want, text)
		}
	}
}

func TestInteropZone(t *testing.T) {
	lines, err := interopZone()
	if err != nil {
		t.Fatal(err)
	}
	zone, err := mrz.Parse(strings.Join(lines, "\n"), time.Now())
	if err != nil || len(lines) != 2 || zone.Expiry.Year <= time.Now().Year() {
		t.Errorf("got a zone of %d lines that expires in %d, %v; want one that is valid", len(lines), zone.Expiry.Year, err)
	}
}

// TestInteropFolder: what is not there is said, not an error.
func TestInteropFolder(t *testing.T) {
	t.Setenv("BALCAO_SHARED", t.TempDir())
	if folder, why := interopFolder(); folder != "" || !strings.Contains(why, "make-passport.sh is not there") {
		t.Errorf("got folder %q and reason %q, want none and that make-passport.sh is missing", folder, why)
	}
}

func TestRun(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		code int
	}{{"Help", []string{"-help"}, 0}, {"ErrPart", []string{"--only", "coffee"}, 2}, {"ErrFlag", []string{"--coffee"}, 2}} {
		t.Run(c.name, func(t *testing.T) {
			var out, said bytes.Buffer
			if got := run(t.Context(), c.args, &out, &said); got != c.code || out.Len() > 0 || said.Len() == 0 {
				t.Errorf("got exit code %d, %q and %q; want %d and something said", got, out.String(), said.String(), c.code)
			}
		})
	}
}
