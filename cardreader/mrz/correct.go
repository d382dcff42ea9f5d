package mrz

import (
	"cmp"
	"slices"
)

// maxCorrections is how many a group has at most: among more a person cannot choose.
const maxCorrections = 4

// alike lists for each character those it is taken for, the likeliest first: by eyes, and Y and Z by keyboards,
// where a German reader's and the desk's differ.
var alike = map[byte]string{
	'0': "ODQ", 'O': "0", 'D': "0", 'Q': "0", '1': "I", 'I': "1", '2': "Z", 'Z': "2Y", 'Y': "Z",
	'5': "S", 'S': "5", '6': "G", 'G': "6", '8': "B", 'B': "8",
}

// Ranks of a correction, best first.
const (
	mendsAll       = iota // group and composite
	mendsGroup            // the group; the composite is not there yet or has another fault to wait for
	mendsCharacter        // one character of several that cannot stand
)

// suggest adds to a group of an inspection what may have been meant.
func (z zone) suggest(i *Inspection, at int) {
	g := &i.Groups[at]
	switch {
	case g.State == GroupRight:
		g.Twins = z.twins(i, at)
	case g.State == GroupWrong && !z.repeated(i.Groups, at) && !z.follows(i.Groups, at):
		g.Corrections = z.corrections(i, at)
	}
}

// repeated reports whether the group is the second of a long document number.
func (z zone) repeated(groups []Group, at int) bool {
	return slices.ContainsFunc(groups[:at], func(g Group) bool { return g.Name == groups[at].Name })
}

// follows reports whether the group is the composite and may be wrong only because another is.
func (z zone) follows(groups []Group, at int) bool {
	return groups[at].Name == GroupComposite &&
		slices.ContainsFunc(groups, func(g Group) bool { return g.Name != GroupComposite && g.State == GroupWrong })
}

// places are the characters that may be to blame for a wrong group: its own, in all its parts, and for the
// composite also what it covers.
func (z zone) places(groups []Group, name string) []span {
	var out []span
	if name == GroupComposite {
		out = append(out, composites[z.format]...)
	}
	for _, g := range groups {
		if g.Name == name {
			out = append(out, span{g.Line, g.From, g.To})
		}
	}
	return out
}

// swaps calls try with each look-alike of each character of the places.
func (z zone) swaps(places []span, try func(c Correction, changed zone)) {
	for _, s := range places {
		for at, was := range []byte(z.text(s)) {
			for _, now := range []byte(alike[was]) {
				changed := z.with(s.line, s.from+at, now)
				try(Correction{Line: s.line, At: s.from + at, Was: was, Now: now, Text: changed.joined()}, changed)
			}
		}
	}
}

func (z zone) corrections(i *Inspection, at int) []Correction {
	type ranked struct {
		Correction
		rank, turns int
	}
	var found []ranked
	name := i.Groups[at].Name
	places := z.places(i.Groups, name)
	z.swaps(places, func(c Correction, changed zone) {
		if rank, ok := z.rank(i.Groups, name, c, changed); ok {
			found = append(found, ranked{c, rank, changed.turns(places)})
		}
	})
	slices.SortStableFunc(found, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.turns, b.turns))
	})
	var out []Correction
	for _, f := range found[:min(len(found), maxCorrections)] {
		out = append(out, f.Correction)
	}
	return out
}

// turns counts the changes between letters and digits. Of corrections that are as good, the one that leaves
// the fewest is the likeliest: numbers mostly are some letters and then digits, and a slip mostly is a
// letter among digits.
func (z zone) turns(places []span) int {
	n := 0
	for _, s := range places {
		text := z.text(s)
		for at := 1; at < len(text); at++ {
			if isDigit(text[at]) && isLetter(text[at-1]) || isLetter(text[at]) && isDigit(text[at-1]) {
				n++
			}
		}
	}
	return n
}

// rank says what a correction of the named group is worth, and whether it is worth anything: it must not
// make wrong what was right, other than the composite, which is wrong as long as anything else is.
func (z zone) rank(before []Group, name string, c Correction, changed zone) (int, bool) {
	after := states(changed)
	for _, g := range before {
		if g.State == GroupRight && g.Name != GroupComposite && after[g.Name] == GroupWrong {
			return 0, false
		}
	}
	switch {
	case after[name] == GroupRight && after[GroupComposite] == GroupRight:
		return mendsAll, true
	case after[name] == GroupRight:
		return mendsGroup, true
	case !z.stands(c.Line, c.At, c.Was) && z.stands(c.Line, c.At, c.Now):
		return mendsCharacter, true
	}
	return 0, false
}

// states returns each group's state by its name.
func states(z zone) map[string]GroupState {
	out := map[string]GroupState{}
	for _, f := range z.groups() {
		if _, seen := out[f.group]; !seen {
			out[f.group] = stateOf(z.fault(f))
		}
	}
	return out
}

// stands reports whether c can stand at a place of the zone.
func (z zone) stands(line, at int, c byte) bool {
	for _, f := range layouts[max(z.format, TD1)] {
		if f.line == line && at >= f.from && at < f.to {
			return stands(z.format, f.group, at-f.from, c)
		}
	}
	return false
}

// twins are swaps after which all that was right still is, composite and all.
func (z zone) twins(i *Inspection, at int) []Correction {
	g := i.Groups[at]
	if g.Name != GroupNumber && g.Name != GroupOptional && g.Name != GroupOptional2 {
		return nil
	}
	var out []Correction
	z.swaps([]span{{g.Line, g.From, g.To}}, func(c Correction, changed zone) {
		// In optional data without a check digit, everything would go until the composite is there.
		if c.Was != 'G' && c.Was != '6' {
			return
		}
		after := states(changed)
		for _, before := range i.Groups {
			if before.State == GroupRight && after[before.Name] != GroupRight {
				return
			}
		}
		out = append(out, c)
	})
	return out
}
