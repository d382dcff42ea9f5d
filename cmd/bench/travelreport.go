package main

import (
	"fmt"
	"strings"
)

// The targets.
const (
	mostCommands = 1.1 // of the least number
	mostExtended = 14  // commands in all, with BAC and extended lengths
)

// text is the part of the report about travel documents.
func (r TravelReport) text() string {
	sections := []string{r.files(), r.commands(), r.times(), r.atDesk(), r.processor()}
	for _, missing := range r.Missing {
		sections = append(sections, "Not measured: "+missing+"\n")
	}
	return strings.Join(sections, "\n")
}

// atOneSpeed are the chips once for each way of reading: what is counted does not depend on the line.
func (r TravelReport) atOneSpeed() (list []ChipReport) {
	seen := map[string]bool{}
	for _, c := range r.Chips {
		if !seen[c.name()] {
			seen[c.name()] = true
			list = append(list, c)
		}
	}
	return list
}

func (c ChipReport) name() string { return c.Card + ", " + lengthsName(c.Extended) }

func (r TravelReport) files() string {
	t := table{{"", "access", "read size", "DG1", "SOD", "DG2"}}
	for _, c := range r.atOneSpeed() {
		t.row(c.name(), c.Access, num(c.ReadSize), num(c.Lengths.DG1), num(c.Lengths.SOD), num(c.Lengths.DG2))
	}
	return "Travel documents: bytes of the files that are read, and the most that one read brings\n" + t.String()
}

func (r TravelReport) commands() string {
	t := table{{"", "reads", "least", "ratio", "≤ 1.10", "APDUs", "least", "ratio", "≤ 14", "on the wire", "mrtdreader", "ratio", "on the wire"}}
	for _, c := range r.atOneSpeed() {
		reads, in14 := float64(c.reads())/float64(c.leastReads()), ""
		if c.Extended && c.access == leastBAC {
			in14 = verdict(float64(c.APDUs), mostExtended)
		}
		row := []string{
			c.name(), num(c.reads()), num(c.leastReads()), ratio(reads), verdict(reads, mostCommands),
			num(c.APDUs), num(c.least()), ratio(float64(c.APDUs) / float64(c.least())), in14, num(c.wire()),
		}
		if o := c.MRTDReader; o != nil {
			row = append(row, num(o.APDUs), ratio(float64(c.APDUs)/float64(o.APDUs)), num(o.wire()))
		}
		t.row(row...)
	}
	return "Travel documents: commands and bytes for DG1, SOD and DG2 (the wire has commands and responses)\n" + t.String() +
		`  reads: commands once the chip is open; least: each file in as few as the read size allows. APDUs: all of
  them, recognising and opening included; least: those reads, and what opening cannot do without: BAC 3
  (application, challenge, authentication), PACE 7 (EF.CardAccess, announcement, four authentications,
  application). The target of 14 is for BAC and extended lengths. mrtdreader reads EF.COM too; ratio: our APDUs
  for each of its. The chip of vsmartcard-vpicc knows no short file identifiers: each file costs a SELECT.
`
}

func (r TravelReport) times() string {
	t := table{{"", "line", "ms", "mrtdreader", "ratio", "at best"}}
	for _, c := range r.Chips {
		row := []string{c.name(), c.Line, ms(c.Millis), "", "", ""}
		if c.Line == "" {
			row[1] = "(theirs)"
		}
		if o := c.MRTDReader; o != nil {
			row[3], row[4] = ms(o.Millis), ratio(c.Millis/o.Millis)
		}
		if bits := bitsPerSecond(c.Line); bits > 0 {
			row[5] = ms(lineAlone(c.Lengths.sum(), bits))
		}
		t.row(row...)
	}
	return "Travel documents: milliseconds from before the connection to the last byte, medians\n" + t.String() +
		`  mrtdreader: all of its process. at best: the bytes of the files on a line that carries nothing else and
  never rests. The line of the passport that is not ours rests 48 ms before each command, for every reader.
`
}

func (r TravelReport) atDesk() string {
	t := table{{"", "line", "APDUs", "identity", "original", "photograph", "shown", "identity first"}}
	for _, d := range r.AtDesk {
		first := "MISS"
		if d.First {
			first = "PASS"
		}
		t.row(d.Card, d.Line, num(d.APDUs), ms(d.Identity), ms(d.Original), ms(d.Photo), ms(d.Shown), first)
	}
	return "Travel documents at the desk: milliseconds since the connection began, the MRZ known\n" + t.String() +
		`  identity: DG1 told to the screen. original: the chip has proven that it is no copy, or cannot. photograph: all
  of it read. shown: decoded. APDUs: with the Citizen Card that is looked for first, and every file and proof.
`
}

func (r TravelReport) processor() string {
	t := table{{"", "ms", "keys"}}
	t.row("one PACE-GM, AES-128", fmt.Sprintf("%.2f", r.CPU.PACE), "brainpoolP256r1")
	for _, p := range r.CPU.Passive {
		t.row("passive authentication, "+p.Card, fmt.Sprintf("%.2f", p.Millis), p.Keys)
	}
	return "Travel documents: processor time at the desk, user and system\n" + t.String() + fmt.Sprintf(
		`  PACE: the desk's half; with the chip's half, here on the same machine, it takes %s ms. passive authentication:
  signature of the SOD, hashes of DG1 and DG2, document signer up to the country's authority, whose keys these are.
`, ms(r.CPU.PACEWall))
}
