package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTable(t *testing.T) {
	figures := table{{"", "bytes", "ms"}, {"cc1 é", "5532", "325"}, {"x", "7"}}
	const want = "         bytes   ms\n" + "  cc1 é   5532  325\n" + "  x          7\n"
	if diff := cmp.Diff(want, figures.String()); diff != "" {
		t.Error(diff)
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{{nil, 0}, {[]float64{7}, 7}, {[]float64{9, 1, 5}, 5}, {[]float64{4, 1, 2, 9}, 3}} {
		if got := median(c.values); got != c.want {
			t.Errorf("median of %v: got %v, want %v", c.values, got, c.want)
		}
	}
}

func TestVerdict(t *testing.T) {
	if got := verdict(0.5, 0.5); got != "PASS" {
		t.Errorf("at the limit: got %s", got)
	}
	if got := verdict(0.51, 0.5); got != "MISS" {
		t.Errorf("above the limit: got %s", got)
	}
}

func TestLineAlone(t *testing.T) {
	if got, want := lineAlone(1000, bitsPerSecond("250k")), 48.0; got != want {
		t.Errorf("1000 bytes at 250 kbit/s: got %v ms, want %v", got, want)
	}
	if got := bitsPerSecond("full"); got != 0 {
		t.Errorf("full speed: got %d bit/s", got)
	}
}

func TestParseUsage(t *testing.T) {
	const stat = "4711 (a (strange) name) S 1 4711 4711 0 -1 4194560 9 0 0 0 250 50 0 0 20 0 9 0 100 1 2\n"
	const status = "Name:\tx\nVmHWM:\t  300000 kB\nVmRSS:\t  204800 kB\n"
	u, err := parseUsage(stat, status)
	if err != nil {
		t.Fatal(err)
	}
	if u != (usage{seconds: 3, rssMiB: 200}) {
		t.Errorf("got %+v, want 3 s and 200 MiB", u)
	}
	for _, bad := range [][2]string{{"", status}, {"1 (x) S 1", status}, {stat, ""}, {strings.Replace(stat, "250", "x", 1), status}} {
		if _, err := parseUsage(bad[0], bad[1]); err == nil {
			t.Errorf("no error for %q", bad)
		}
	}
}

func TestParseState(t *testing.T) {
	s, ok := parseState(`{"msg":"state","step":"identity","identity":true,"photo":false}`)
	if !ok || !s.Identity || s.Photo || s.Step != "identity" {
		t.Errorf("got %+v, %v", s, ok)
	}
	for _, other := range []string{"", "drawn", `{"msg":"read"}`, `{"msg":"state"`} {
		if _, ok := parseState(other); ok {
			t.Errorf("%q was taken for a state", other)
		}
	}
}

func TestReport(t *testing.T) {
	m := func(read, minimum int, verified, shown, opensc float64) Measured {
		return Measured{
			Traffic: Traffic{APDUs: 28, Sent: 100, Received: read + 56, FileBytes: read}, Minimum: minimum,
			Identity: 77, FilesRead: verified, Verified: verified, PhotoShown: shown, Process: verified + 20,
			OpenSC: OpenSC{Millis: opensc, Command: "opensc-explorer"},
		}
	}
	lengths := Lengths{Identity: 1282, SOD: 2414, Certificate: 1836, Photo: 13110}
	card := CardReport{
		Card: "cc1-rsa2048", Generation: "1", Line: "250k", Lengths: lengths,
		NoPhoto: m(5532, 5532, 325, 0, 1281), Photo: m(22200, 18642, 1082, 1187, 1281),
	}
	text := Report{
		Machine: Machine{Cores: 2}, Cards: []CardReport{card},
		Screen: ScreenReport{Desk: Window{Millis: 300}, Empty: Window{Millis: 200}, Drawn: []Drawn{{Card: "cc1-rsa2048", Line: "250k", Identity: 149, Photo: 1472, First: true}}},
		Centre: CentreReport{
			PerSecond: 220, VisitRate: 11.5, HashRate: 20, Calls: []CallReport{{"send_code", 3, 2}, {"bind", 5, 3}},
			HashProcessor: 36, Login: LoginReport{
				People: 180, AtOnce: 8, Rate: 12, Processor: LoginTime{50, 20, 10}, Functions: []LoginCall{{"login.pin", 1, 2.5}}, Killed: 7, Lost: 1,
			},
			Streams: StreamReport{Desks: 1000, Backends: 61},
		},
		Attacks: []Attack{
			{Name: "codes", Tried: 1200, Passed: 201, Limit: 200, Worst: 2001, Median: 40, Codes: 9, WALMiB: 65, WorstRSS: 257},
			{Name: "streams", Tried: 900, Passed: 4, Limit: 4, Worst: 2000, Median: 40, Codes: 9, WALMiB: 64, WorstRSS: 256},
		},
	}.text()
	for _, want := range []string{
		"cc1-rsa2048             28", "1.00    PASS", "1.19    MISS", // bytes
		"0.25    PASS     0.21", "0.84    MISS     0.70", // time, and what the line alone would take
		"PASS\n\nWindows", "load average",
		"1.50 ≤ 1.6 PASS", "1.67 ≤ 1.6 MISS", "61 backends ≤ 60 MISS", "≥ 11.6 MISS", "0.57 ≥ 0.5 PASS",
		"0.60 ≥ 0.7 MISS", "80.0 ms, 36.0 of a bare hash", "0.45 is the hash", "2.50 ms each", "7 sign-ins under way", "1 lost ≤ 0 MISS",
		"200  MISS      9       40.0   2001   MISS     65.0  MISS         257   MISS", "4  PASS      9       40.0   2000   PASS     64.0  PASS         256   PASS",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q:\n%s", want, text)
		}
	}
}

// A part that fails is named, and what was measured before it, in it and after it is still told.
func TestReport_Failed(t *testing.T) {
	var r Report
	r.try("screen", func() error {
		r.Screen.Drawn = []Drawn{{Card: "cc2024", Line: "full"}}
		return errors.Join(errors.New("no window"), errors.New("no display"))
	})
	r.try("centre", func() error {
		r.Centre.PerSecond = 220
		return nil
	})
	if diff := cmp.Diff([]Failure{{Part: "screen", Err: "no window; no display"}}, r.Failed); diff != "" {
		t.Error(diff)
	}
	text := r.text()
	for _, want := range []string{"cc2024", "220", "NOT MEASURED", "no window; no display"} {
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "Argon2id") || strings.Contains(text, "first screen ms") {
		t.Errorf("the report has figures that nobody measured:\n%s", text)
	}
}
