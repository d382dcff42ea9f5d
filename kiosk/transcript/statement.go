package transcript

import (
	"crypto/sha256"
	"time"

	"github.com/google/uuid"

	"balcao/kiosk"
	"balcao/kiosk/canonical"
)

// Statement is all that a transcript is made of. Whoever needs a transcript fills in one of these, so that a new field
// of the transcript is written in one place.
type Statement struct {
	Enrolment uuid.UUID
	Challenge []byte // the centre's
	Desk      string // its role at the centre
	OpenedAt  time.Time
	Facts     kiosk.TranscriptFacts // At is when it is signed; of a travel document, Identity has the tax number that was typed
	Evidence  Evidence              // what the transcript has hashes of: Identity, SOD and SealedPIN
	Access    string                // how the chip was opened, AccessContact or AccessTyped
	Shift     uuid.UUID             // zero without a shift
	Staff     string                // the number of the clerk whose shift it is
	Admission []byte                // the supervisor's JWS with which the shift began; empty when the clerk's own card signs
}

// Transcript is what the person agreed to, as it is signed.
func (s Statement) Transcript() Transcript {
	p := s.Facts.Identity
	t := Transcript{
		Version: Version, Enrolment: s.Enrolment, Challenge: s.Challenge, Desk: s.Desk,
		OpenedAt: s.OpenedAt, SignedAt: s.Facts.At,
		Document: Document{
			Kind: p.Kind, Generation: p.Generation, Country: p.Country, Number: p.DocumentNumber,
			CivilNumber: p.CivilNumber, ValidUntil: p.ValidUntil, Identity: hashOf(s.Evidence.Identity), SOD: hashOf(s.Evidence.SOD), Access: s.Access,
		},
		Person: Person{
			Surname: p.Surname, GivenNames: p.GivenNames, BirthDate: p.BirthDate, Nationality: p.Nationality, TaxNumber: p.TaxNumber,
			NameSource: p.NameSource,
		},
		Eligibility: Eligibility{
			Address: Seen(s.Facts.Eligibility.Address), Residence: Seen(s.Facts.Eligibility.Residence),
			Independence: s.Facts.Eligibility.Independence, Extension: s.Facts.Extension,
		},
		SealedPIN:     hashOf(s.Evidence.SealedPIN),
		PhotoCompared: s.Facts.PhotoCompared,
		PhotoPrinted:  s.Facts.PhotoPrinted,
		Language:      s.Facts.Language,
		Level:         s.Facts.Assurance.Level,
		Shift:         s.Shift, Staff: s.Staff, Admission: hashOf(s.Admission),
		Register: s.Facts.Key, Reason: s.Facts.Reason,
	}
	if s.Facts.Errand != Enrol {
		t.Errand = s.Facts.Errand
	}
	if a := s.Facts.Activation; a != nil {
		t.Activation = &Activation{Channel: a.Channel, Value: a.Value}
		if a.Channel == kiosk.Letter {
			t.Activation.Address = HashAddress(a.Address)
		}
	}
	for _, n := range s.Facts.Numbers {
		t.Numbers = append(t.Numbers, Number(n))
	}
	for _, c := range s.Facts.Contacts {
		t.Contacts = append(t.Contacts, Contact{Channel: c.Channel, Value: c.Value, Proof: uuid.UUID(c.Proof), ConfirmedAt: c.At})
	}
	return t
}

// HashAddress is the SHA-256 hash of the canonical form of an address.
func HashAddress(a kiosk.PostalAddress) Bytes {
	text, err := canonical.JSON(a)
	if err != nil {
		return nil // texts always have a form
	}
	defer clear(text)
	return hashOf(text)
}

// hashOf is the SHA-256 hash of data, and none of nothing.
func hashOf(data []byte) Bytes {
	if len(data) == 0 {
		return nil
	}
	sum := sha256.Sum256(data)
	return sum[:]
}
