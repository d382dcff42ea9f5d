package kiosk

// AccessKind is what a chip opens with: something printed on the document.
type AccessKind string

// What a chip opens with.
const (
	AccessMRZ AccessKind = "mrz" // the machine-readable zone
	AccessCAN AccessKind = "can" // the card access number, six digits
)

// canDigits is the length of a card access number (ICAO 9303-11 §4.4.2 leaves it open; all in the field have six).
const canDigits = 6

// MRZEntry is a machine-readable zone while it is typed: what is understood of it so far.
type MRZEntry struct {
	Text     string   // as typed or swiped
	Lines    []string // as understood: capitals, no separators
	Format   string   // "TD1", "TD2", "TD3"; "" while it can be several
	Groups   []MRZGroup
	Complete bool // there is enough of it
	Valid    bool // complete, and every check digit is right
}

// MRZGroup is a group of characters with its name, and a check digit where it has one.
type MRZGroup struct {
	Name           string // "document_number", "birth", "expiry", "optional", "composite", "names", …
	Line, From, To int    // of MRZEntry.Lines, half open
	State          MRZGroupState
	Corrections    []MRZCorrection
	Twins          []MRZCorrection // of a right group: look-alikes that no check digit tells apart, G and 6
}

// MRZGroupState is how a group stands.
type MRZGroupState string

// How a group stands.
const (
	MRZMissing MRZGroupState = "missing"
	MRZRight   MRZGroupState = "right"
	MRZWrong   MRZGroupState = "wrong"
)

// MRZCorrection is a look-alike that would make a group right: O for 0.
type MRZCorrection struct {
	Line, At int
	Was, Now byte
	Text     string // the whole zone with it
}

// MRZReader understands machine-readable zones. It is a pure function of what was typed and of the day, which
// decides between centuries; the desk's wiring brings the real one.
type MRZReader interface {
	Inspect(text string, today Date) MRZEntry
}
