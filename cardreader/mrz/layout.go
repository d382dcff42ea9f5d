package mrz

import "fmt"

// Format is the size of a document and with it the shape of its zone. The zero value is none.
type Format int

// The formats that are read.
const (
	TD1 Format = iota + 1 // card: 3 lines of 30 characters (ICAO 9303-5)
	TD2                   // larger card: 2 lines of 36 (9303-6)
	TD3                   // passport: 2 lines of 44 (9303-4)
)

// String returns "TD1", "TD2" or "TD3".
func (f Format) String() string {
	if f < TD1 || f > TD3 {
		return fmt.Sprintf("Format(%d)", int(f))
	}
	return [...]string{"TD1", "TD2", "TD3"}[f-TD1]
}

// Size returns how many lines a zone of the format has and how many characters each; zeros for none.
func (f Format) Size() (lines, width int) {
	switch f {
	case TD1:
		return 3, 30
	case TD2:
		return 2, 36
	case TD3:
		return 2, 44
	}
	return 0, 0
}

// Names of groups, as Group and Error have them.
const (
	GroupCode        = "code"
	GroupIssuer      = "issuer"
	GroupNames       = "names"
	GroupNumber      = "document_number"
	GroupNationality = "nationality"
	GroupBirth       = "birth"
	GroupSex         = "sex"
	GroupExpiry      = "expiry"
	GroupOptional    = "optional"  // TD3: the personal number
	GroupOptional2   = "optional2" // TD1, second line
	GroupComposite   = "composite"
)

// span is the characters [from, to) of a line.
type span struct{ line, from, to int }

func (s span) len() int { return s.to - s.from }

// field is a group's place. The last character of a checked field is its check digit.
type field struct {
	group string
	span
}

// layouts gives each format's groups in reading order (9303-4, -5, -6 §4.2.2).
var layouts = map[Format][]field{
	TD1: {
		{GroupCode, span{0, 0, 2}}, {GroupIssuer, span{0, 2, 5}},
		{GroupNumber, span{0, 5, 15}}, {GroupOptional, span{0, 15, 30}},
		{GroupBirth, span{1, 0, 7}}, {GroupSex, span{1, 7, 8}},
		{GroupExpiry, span{1, 8, 15}}, {GroupNationality, span{1, 15, 18}},
		{GroupOptional2, span{1, 18, 29}}, {GroupComposite, span{1, 29, 30}},
		{GroupNames, span{2, 0, 30}},
	},
	TD2: {
		{GroupCode, span{0, 0, 2}}, {GroupIssuer, span{0, 2, 5}}, {GroupNames, span{0, 5, 36}},
		{GroupNumber, span{1, 0, 10}}, {GroupNationality, span{1, 10, 13}},
		{GroupBirth, span{1, 13, 20}}, {GroupSex, span{1, 20, 21}}, {GroupExpiry, span{1, 21, 28}},
		{GroupOptional, span{1, 28, 35}}, {GroupComposite, span{1, 35, 36}},
	},
	TD3: {
		{GroupCode, span{0, 0, 2}}, {GroupIssuer, span{0, 2, 5}}, {GroupNames, span{0, 5, 44}},
		{GroupNumber, span{1, 0, 10}}, {GroupNationality, span{1, 10, 13}},
		{GroupBirth, span{1, 13, 20}}, {GroupSex, span{1, 20, 21}}, {GroupExpiry, span{1, 21, 28}},
		{GroupOptional, span{1, 28, 43}}, {GroupComposite, span{1, 43, 44}},
	},
}

// composites gives what the composite check digit covers (9303-4 §4.2.4, 9303-5 §4.2.4, 9303-6 §4.2.4).
var composites = map[Format][]span{
	TD1: {{0, 5, 30}, {1, 0, 7}, {1, 8, 15}, {1, 18, 29}},
	TD2: {{1, 0, 10}, {1, 13, 20}, {1, 21, 35}},
	TD3: {{1, 0, 10}, {1, 13, 20}, {1, 21, 43}},
}

// place returns where a format has a group.
func (f Format) place(group string) span {
	for _, field := range layouts[f] {
		if field.group == group {
			return field.span
		}
	}
	panic("mrz: " + f.String() + " has no " + group)
}
