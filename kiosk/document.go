package kiosk

import (
	"log/slog"
)

// DocumentKind is what lies on the reader.
type DocumentKind string

// Kinds of documents.
const (
	CitizenCard     DocumentKind = "citizen-card"
	Passport        DocumentKind = "passport"
	ResidencePermit DocumentKind = "residence-permit" // of a third-country national
	ResidenceCard   DocumentKind = "residence-card"   // of an EU citizen's family member
)

// Travel reports whether the document is read as ICAO 9303 has it: by its machine-readable zone, with a
// chip or without.
func (k DocumentKind) Travel() bool {
	switch k {
	case Passport, ResidencePermit, ResidenceCard:
		return true
	}
	return false
}

// CardGeneration tells the two generations of the Citizen Card apart.
type CardGeneration string

// Generations of the Citizen Card.
const (
	Generation1    CardGeneration = "1"    // 2007 to 2024, RSA
	Generation2024 CardGeneration = "2024" // since June 2024, P-256
)

// Identity is the person as the document states it.
type Identity struct {
	Kind           DocumentKind
	Generation     CardGeneration // Citizen Card only
	Country        string         // issuing State, ISO 3166-1 alpha-3
	DocumentNumber string         // as printed, for example "99000588 7 ZZ1"
	CivilNumber    string         // digits, with the check digit when the document has it
	Surname        string         // empty for people who have given names only
	GivenNames     string         // empty for people who have one name only
	Sex            string         // "M", "F" or "X"
	Nationality    string         // ISO 3166-1 alpha-3, or a code of ICAO 9303-3 §5 such as "UTO" or "XXA"
	BirthDate      Date           // month and day are 0 where a travel document does not know them
	BirthPrinted   string         // YYMMDD as a travel document prints it, where it is no date that a calendar has; else empty
	ValidFrom      Date           // zero when the document does not state it
	ValidUntil     Date
	TaxNumber      string // NIF, 9 digits, empty when not stated

	// Travel documents: the names as the machine-readable zone writes them, in capitals of the Latin
	// alphabet and at times cut off. They differ from the names above when the chip states the real spelling.
	MRZSurname    string
	MRZGivenNames string

	NameSource NameSource // where the names above are from
}

// NameSource says how far the names of an identity are the whole names.
type NameSource string

// Where names are from.
const (
	NameWhole NameSource = ""      // the document states them, as far as anybody can tell whole
	NameCut   NameSource = "cut"   // from a name field that is full to its last letter: they may be cut off (Doc 9303-3 §4.6)
	NameTyped NameSource = "typed" // typed, since the document may have cut them off, and agreeing with what is left; see Identity.Spelled
)

// Transliterated reports whether the machine-readable zone writes the names differently.
func (i Identity) Transliterated() bool {
	return (i.MRZSurname != "" || i.MRZGivenNames != "") && (i.MRZSurname != i.Surname || i.MRZGivenNames != i.GivenNames)
}

// LogValue keeps people out of logs.
func (i Identity) LogValue() slog.Value { return slog.StringValue("[identity]") }

// FullName returns given names and surname in the order of a Portuguese name.
func (i Identity) FullName() string {
	switch {
	case i.GivenNames == "":
		return i.Surname
	case i.Surname == "":
		return i.GivenNames
	}
	return i.GivenNames + " " + i.Surname
}

// ImageKind is the encoding of a photograph.
type ImageKind string

// Encodings of photographs for the screen.
const (
	JPEG ImageKind = "jpeg"
	PNG  ImageKind = "png" // what a JPEG 2000 photograph is decoded to
)

// Photo is the holder's photograph, only ever in memory. Whoever draws it wipes Data when a state comes
// without it: by then the session has let go of it.
type Photo struct {
	Kind ImageKind
	Data []byte // a whole image file
}

// LogValue keeps faces out of logs.
func (p Photo) LogValue() slog.Value { return slog.StringValue("[photo]") }
