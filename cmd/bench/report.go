package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// text is the report for people.
func (r Report) text() string {
	var b strings.Builder
	m := r.Machine
	fmt.Fprintf(&b, "Balcão, measured %s\n", r.At.Format("2006-01-02 15:04 UTC"))
	fmt.Fprintf(&b, "%d cores (%s), %d MiB, %s, %s, %s; load average %s at the start\n",
		m.Cores, m.Processor, m.MemoryMiB, m.System, m.Go, m.OpenSC, m.Load)
	for _, section := range r.sections() {
		b.WriteString("\n" + section)
	}
	return b.String()
}

// sections are the tables of the parts that were measured.
func (r Report) sections() (list []string) {
	if len(r.Cards) > 0 {
		list = append(list, r.lengths(), r.traffic(), r.times())
	}
	if len(r.Scale.Sizes) > 0 {
		list = append(list, r.Scale.text())
	}
	if len(r.Travel.Chips) > 0 {
		list = append(list, r.Travel.text())
	}
	if len(r.Screen.Drawn) > 0 {
		list = append(list, r.drawn())
	}
	if r.Screen.Empty.Millis > 0 && r.Screen.Desk.Millis > 0 {
		list = append(list, r.windows())
	}
	if text := r.Centre.text(); text != "" {
		list = append(list, text)
	}
	if len(r.Attacks) > 0 {
		list = append(list, attackText(r.Attacks))
	}
	if len(r.Failed) > 0 {
		list = append(list, r.failures())
	}
	return list
}

// failures names what could not be measured.
func (r Report) failures() string {
	t := table{{"", ""}}
	for _, f := range r.Failed {
		t.row(f.Part, f.Err)
	}
	return "NOT MEASURED, or not to the end\n" + t.String()
}

// atOneSpeed are the cards once each: what is counted does not depend on the line.
func (r Report) atOneSpeed() []CardReport {
	var list []CardReport
	seen := map[string]bool{}
	for _, c := range r.Cards {
		if !seen[c.Card] {
			seen[c.Card] = true
			list = append(list, c)
		}
	}
	return list
}

func (r Report) lengths() string {
	t := table{{"", "identity", "SOD", "certificate", "photograph", "minimum", "with photograph"}}
	for _, c := range r.atOneSpeed() {
		l := c.Lengths
		t.row(c.Card, num(l.Identity), num(l.SOD), num(l.Certificate), num(l.Photo), num(l.minimum(false)), num(l.minimum(true)))
	}
	return "Files needed, their exact lengths in bytes\n" + t.String()
}

// ways are the two readings of a card with their names.
func (c CardReport) ways() []way {
	return []way{{c.Card, c.NoPhoto}, {c.Card + " + photo", c.Photo}}
}

type way struct {
	name string
	Measured
}

func (r Report) traffic() string {
	t := table{{"", "APDUs", "on the wire", "file bytes", "minimum", "ratio", "≤ 1.05", "OpenSC APDUs", "on the wire", "file bytes"}}
	for _, c := range r.atOneSpeed() {
		for _, w := range c.ways() {
			o := w.OpenSC
			t.row(w.name, num(w.APDUs), num(w.wire()), num(w.FileBytes), num(w.Minimum), ratio(w.bytesRatio()),
				verdict(w.bytesRatio(), mostBytes), num(o.APDUs), num(o.wire()), num(o.FileBytes))
		}
	}
	return "Reading: commands and bytes (the wire has commands and responses)\n" + t.String()
}

// speeds are those of the lines that cards were read over.
func (r Report) speeds() (list []string) {
	for _, c := range r.Cards {
		if !slices.Contains(list, c.Line) {
			list = append(list, c.Line)
		}
	}
	return list
}

func (r Report) times() string {
	var b strings.Builder
	for _, speed := range r.speeds() {
		t := table{{"", "identity", "files", "verified", "shown", "process", "OpenSC", "verified/OpenSC", "≤ 0.50", "at best", "process/OpenSC"}}
		for _, c := range r.Cards {
			if c.Line != speed {
				continue
			}
			for _, w := range c.ways() {
				shown, best := "", ""
				if bits := bitsPerSecond(speed); bits > 0 {
					best = ratio(lineAlone(w.Minimum, bits) / w.OpenSC.Millis)
				}
				if w.PhotoShown > 0 {
					shown = ms(w.PhotoShown)
				}
				t.row(w.name, ms(w.Identity), ms(w.FilesRead), ms(w.Verified), shown, ms(w.Process), ms(w.OpenSC.Millis),
					ratio(w.timeRatio()), verdict(w.timeRatio(), mostTime), best, ratio(w.Process/w.OpenSC.Millis))
			}
		}
		fmt.Fprintf(&b, "Reading at --line %s: milliseconds, medians\n%s", speed, t)
	}
	b.WriteString(`  identity: told to the screen. files: the card has given everything. verified: the last check has its
  answer, OCSP from the bench included. shown: photograph decoded. All from before the connection, in
  process. OpenSC: all of its process; it verifies nothing. at best: the minimum of bytes on a line that
  carries nothing else and never rests, beside OpenSC. process: all of "kioskctl card --json [--no-photo]".
`)
	seen := map[string]bool{}
	for _, c := range r.Cards {
		for _, w := range c.ways() {
			if !seen[w.OpenSC.Command] {
				seen[w.OpenSC.Command] = true
				fmt.Fprintf(&b, "  OpenSC, generation %s: %s\n", c.Generation, w.OpenSC.Command)
			}
		}
	}
	return b.String()
}

func (r Report) drawn() string {
	t := table{{"", "line", "identity drawn", "photograph drawn", "identity first"}}
	for _, d := range r.Screen.Drawn {
		first := "MISS"
		if d.First {
			first = "PASS"
		}
		t.row(d.Card, d.Line, ms(d.Identity), ms(d.Photo), first)
	}
	return "The desk's windows: milliseconds since the card was put in (\"mock-pcsc insert\", pcscd's power-up included)\n" + t.String()
}

func (r Report) windows() string {
	desk, empty := r.Screen.Desk, r.Screen.Empty
	t := table{{"", "first screen ms", "idle % of a core", "RSS MiB"}}
	for _, w := range []struct {
		name string
		Window
	}{{"desk, two windows", desk}, {"empty Fyne window", empty}} {
		t.row(w.name, ms(w.Millis), fmt.Sprintf("%.2f", w.IdleCPU), fmt.Sprintf("%.0f", w.RSSMiB))
	}
	t.row("difference", ms(desk.Millis-empty.Millis), fmt.Sprintf("%.2f", desk.IdleCPU-empty.IdleCPU), fmt.Sprintf("%.0f", desk.RSSMiB-empty.RSSMiB))
	t.row("ratio", ratio(desk.Millis/empty.Millis), "", ratio(desk.RSSMiB/empty.RSSMiB))
	return fmt.Sprintf("Windows under Xvfb and openbox, software GL (idle over %g s; first screen ≤ %.1f of an empty window: %s)\n%s",
		r.Screen.Idle, mostFirst, verdict(desk.Millis/empty.Millis, mostFirst), t)
}

// unitsPerByte is what a byte takes on a T=1 line (ISO/IEC 7816-3 §11.3): start, eight bits, parity, guard time 2.
const unitsPerByte = 12

// lineAlone is how long n bytes occupy a line, in milliseconds.
func lineAlone(n, bitsPerSecond int) float64 {
	return 1000 * float64(n*unitsPerByte) / float64(bitsPerSecond)
}

// bitsPerSecond reads a speed as mock-pcsc takes it; 0 for full speed.
func bitsPerSecond(speed string) int {
	n, _ := strconv.Atoi(strings.TrimSuffix(speed, "k")) // "full" is no number
	return 1000 * n
}

func num(n int) string { return fmt.Sprint(n) }

func ratio(v float64) string { return fmt.Sprintf("%.2f", v) }
