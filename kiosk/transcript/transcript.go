// Package transcript is what a person agreed to, in the one form that is signed, and the JWS around it.
//
// At the desk a Statement is filled in and becomes a Transcript, which Sign lets a Citizen Card sign and the desk
// Countersigns. No other document can sign: there SignAsDesk signs for the desk alone. At the centre Parse says whose
// certificates signed what, which nobody has verified; once they are believed, Verify verifies the signatures.
package transcript

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"balcao/kiosk"
	"balcao/kiosk/canonical"
)

// Version is the version of the transcript's form that this package writes and accepts. Version 1
// knew Citizen Cards only; none was ever signed outside of tests.
const Version = 2

// What stands in a transcript's Access when no chip was opened through a protected channel.
const (
	AccessContact = "contact" // a Citizen Card in its contact reader
	AccessTyped   = "typed"   // no chip: the MRZ was typed
)

// maxTranscript is far more than any transcript needs; names and contacts are bounded by their sources.
const maxTranscript = 64 << 10

// ErrForm says that bytes are not a transcript in canonical form.
var ErrForm = errors.New("not a transcript in canonical form")

// Transcript is what the person agreed to, and what their card signs or, where a document cannot sign, the
// desk: who, from which document, over which challenge of the centre, with which contacts and which sealed PIN.
// It holds hashes of everything that travels beside it, but for the chip's proof, which is made over
// the transcript. Field order is the canonical order; a new field is a new version, unless it is left out where it says
// nothing: then what was signed before keeps its form, and who does not know the field refuses what has it.
type Transcript struct {
	Version       int            `json:"v"`
	Enrolment     uuid.UUID      `json:"enrolment"`
	Challenge     Bytes          `json:"challenge"`
	Desk          string         `json:"desk"`
	OpenedAt      time.Time      `json:"opened_at"` // by the centre's clock
	SignedAt      time.Time      `json:"signed_at"` // by the desk's
	Document      Document       `json:"document"`
	Person        Person         `json:"person"`
	Eligibility   Eligibility    `json:"eligibility"`
	Contacts      []Contact      `json:"contacts"`
	SealedPIN     Bytes          `json:"sealed_pin_sha256"`
	PhotoCompared bool           `json:"photo_compared"`          // with the chip's photograph, or the printed one
	PhotoPrinted  bool           `json:"photo_printed,omitempty"` // with the printed one: the chip has none that can be shown
	Language      kiosk.Language `json:"language"`                // in which the person read and agreed
	Level         kiosk.Level    `json:"level"`                   // as the desk saw it before the signature; the centre computes its own

	// Who stood at the desk; left out of an enrolment without a shift.
	Shift     uuid.UUID `json:"shift,omitzero"`
	Staff     string    `json:"staff,omitempty"`            // the number of the clerk whose shift it is
	Admission Bytes     `json:"admission_sha256,omitempty"` // of the statement with which a supervisor admitted a clerk who has no card

	// What the person came for.
	Errand     string      `json:"errand,omitempty"`     // its name; left out of an enrolment
	Register   int64       `json:"key,omitempty"`        // number of the key that changes
	Reason     string      `json:"reason,omitempty"`     // of the change, from the list of its cause
	Activation *Activation `json:"activation,omitempty"` // where the code goes that will activate the key
	Numbers    []Number    `json:"numbers,omitempty"`
}

// Enrol is the errand that a transcript without one is of.
const Enrol = "enrol"

// Activation is where an activation code goes, to someone whose contact was not proven on the spot.
type Activation struct {
	Channel kiosk.Channel `json:"channel"`
	Value   string        `json:"value"`          // E.164 or addr-spec; empty of a letter
	Address Bytes         `json:"address_sha256"` // of the canonical form of the kiosk.PostalAddress of a letter; empty of a message
}

// Number is a number by which portals know the person.
type Number struct {
	Kind   string `json:"kind"`   // nif, niss or nsns
	Value  string `json:"value"`  // digits
	Source string `json:"source"` // "chip": the State signed it; "paper": the clerk saw it on one; "said"
	Paper  string `json:"paper"`  // the kind of paper
}

// Document is the document and the hashes of what was read from it.
type Document struct {
	Kind        kiosk.DocumentKind   `json:"kind"`
	Generation  kiosk.CardGeneration `json:"generation"`
	Country     string               `json:"country"`
	Number      string               `json:"number"`       // of a travel document: as in the MRZ, without fillers
	CivilNumber string               `json:"civil_number"` // empty for a travel document
	ValidUntil  kiosk.Date           `json:"valid_until"`
	Identity    Bytes                `json:"identity_sha256"` // of the identity file or files
	SOD         Bytes                `json:"sod_sha256"`      // empty when the MRZ was typed
	Access      string               `json:"access"`          // how the chip was opened, AccessContact or AccessTyped
}

// Person is the person as the document states them; a travel document states no tax number, so there it
// is the one that was typed.
type Person struct {
	Surname     string     `json:"surname"` // empty for people who have given names only
	GivenNames  string     `json:"given_names"`
	BirthDate   kiosk.Date `json:"birth_date"` // "1985" or "1985-04" where a travel document knows no more
	Nationality string     `json:"nationality"`
	TaxNumber   string     `json:"tax_number"`

	NameSource kiosk.NameSource `json:"name_source,omitempty"` // "cut": the names may be cut off; "typed": and were typed whole
}

// Eligibility is what was brought and declared besides the document, and the law that made a document
// count that had expired. All of it is empty where nothing was asked for.
type Eligibility struct {
	Address      Seen               `json:"address"`
	Residence    Seen               `json:"residence"`
	Independence kiosk.Independence `json:"independence"`
	SecondClerk  *string            `json:"second_clerk,omitempty"` // a number that was typed, in transcripts of before staff had cards
	Extension    string             `json:"extension"`              // name of the law
}

// Seen is a paper that the clerk saw.
type Seen struct {
	Kind   kiosk.SeenKind `json:"kind"`
	Issuer string         `json:"issuer"`
	Issued kiosk.Date     `json:"issued"`
}

// Contact is a contact with the centre's record that its possession was proven.
type Contact struct {
	Channel     kiosk.Channel `json:"channel"`
	Value       string        `json:"value"` // E.164 or addr-spec
	Proof       uuid.UUID     `json:"proof"`
	ConfirmedAt time.Time     `json:"confirmed_at"` // by the centre's clock
}

// Bytes is a byte string as JOSE writes it.
type Bytes = canonical.Bytes

// Encode returns the transcript's canonical form: the bytes that are signed. Times are cut to
// microseconds, which is what the centre's database keeps, and written in UTC.
func (t Transcript) Encode() ([]byte, error) {
	t.OpenedAt, t.SignedAt = canonical.Time(t.OpenedAt), canonical.Time(t.SignedAt)
	contacts := make([]Contact, len(t.Contacts))
	for i, c := range t.Contacts {
		c.ConfirmedAt = canonical.Time(c.ConfirmedAt)
		contacts[i] = c
	}
	t.Contacts = contacts
	return canonical.JSON(t)
}

// Decode reads a transcript. Anything but the one canonical form of a transcript is refused
// with ErrForm: unknown or repeated or missing fields, another order, other spaces, trailing
// bytes. So two readers cannot read two transcripts in the same signed bytes.
func Decode(data []byte) (Transcript, error) {
	if len(data) > maxTranscript {
		return Transcript{}, fmt.Errorf("%w: too long", ErrForm)
	}
	t, err := canonical.Decode(data, Transcript.Encode)
	if err != nil {
		return Transcript{}, fmt.Errorf("%w: %w", ErrForm, err)
	}
	if t.Version != Version {
		return Transcript{}, fmt.Errorf("%w: version %d", ErrForm, t.Version)
	}
	return t, nil
}
