package desk

import (
	"crypto/sha256"

	"github.com/google/uuid"

	"balcao/kiosk"
	"balcao/kiosk/evidence"
)

// transcript is what the card signs: what the person agreed to, over the centre's challenge. It is not
// complete while something is missing of what it speaks of.
func (v *visit) transcript(desk string, facts kiosk.TranscriptFacts) (t evidence.Transcript, complete bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	identityBytes, sodBytes := v.read.signed()
	identity, sealed := sha256.Sum256(identityBytes), sha256.Sum256(v.sealed)
	var sod []byte // a typed zone has none, and no hash of nothing
	if len(sodBytes) > 0 {
		sum := sha256.Sum256(sodBytes)
		sod = sum[:]
	}
	p := facts.Identity
	t = evidence.Transcript{
		Version:   evidence.TranscriptVersion,
		Enrolment: v.enrolment,
		Challenge: v.challenge,
		Desk:      desk,
		OpenedAt:  v.openedAt,
		SignedAt:  facts.At,
		Document: evidence.TranscriptDocument{
			Kind: p.Kind, Generation: p.Generation, Country: p.Country, Number: p.DocumentNumber,
			CivilNumber: p.CivilNumber, ValidUntil: p.ValidUntil, Identity: identity[:], SOD: sod, Access: v.read.access(),
		},
		Eligibility: evidence.NewTranscriptEligibility(facts.Eligibility, v.read.Extension),
		Person: evidence.TranscriptPerson{
			Surname: p.Surname, GivenNames: p.GivenNames, BirthDate: p.BirthDate, Nationality: p.Nationality, TaxNumber: p.TaxNumber,
		},
		SealedPIN:     sealed[:],
		PhotoCompared: facts.PhotoCompared,
		Language:      facts.Language,
		Level:         facts.Assurance.Level,
	}
	for _, c := range facts.Contacts {
		t.Contacts = append(t.Contacts, evidence.TranscriptProof{Channel: c.Channel, Value: c.Value, Proof: uuid.UUID(c.Proof), ConfirmedAt: c.At})
	}
	return t, v.signable()
}
