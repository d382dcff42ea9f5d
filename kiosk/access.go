package kiosk

import "balcao/cardreader/mrz"

// AccessKind is what a chip opens with: something printed on the document.
type AccessKind string

// What a chip opens with.
const (
	AccessMRZ AccessKind = "mrz" // the machine-readable zone
	AccessCAN AccessKind = "can" // the card access number, six digits
)

// canDigits is the length of a card access number (ICAO 9303-11 §4.4.2 leaves it open; all in the field have six).
const canDigits = 6

// MRZEntry is a machine-readable zone while it is typed: the text, and what is understood of it so far.
type MRZEntry struct {
	Text string // as typed or swiped
	mrz.Inspection
}

// What an MRZEntry consists of, for the screens.
type (
	MRZGroup      = mrz.Group
	MRZGroupState = mrz.GroupState
	MRZCorrection = mrz.Correction
)

// How a group stands.
const (
	MRZMissing = mrz.GroupMissing
	MRZRight   = mrz.GroupRight
	MRZWrong   = mrz.GroupWrong
)
