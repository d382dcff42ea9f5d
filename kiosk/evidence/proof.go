package evidence

import (
	"errors"
	"slices"

	"balcao/cardreader/travel"
	"balcao/kiosk"
	"balcao/kiosk/examine"
)

// Data groups with the keys of a chip (Doc 9303-10 §4.7).
const (
	groupChip   = 14 // of chip authentication
	groupActive = 15 // of active authentication
)

// checkProof decides whether the chip holds the key that its State signed, proven in the chip's way. The groups are
// verified already. What the chip signed are the transcript's bytes as they were signed by the desk.
func (v *verification) checkProof(groups map[int][]byte) error {
	kind, proof := examine.ProofOf(groups), v.sent.Proof
	switch {
	case kind == examine.ProofNone && len(proof) == 0:
		return nil
	case kind == examine.ProofNone:
		return refuse(RefusedForm, errors.New("a proof of a chip that has no key"))
	case len(proof) < 2 || examine.ProofKind(proof[0]) != kind:
		return refuse(RefusedProof, nil)
	}
	answer := proof[1:]
	if kind == examine.ProofActive {
		challenge := examine.AAChallenge(v.signed.Payload)
		return provenBy(travel.VerifyActiveAuthentication(groups[groupActive], groups[groupChip], challenge[:], answer))
	}
	switch {
	case len(v.expect.ChipState) == 0:
		return refuse(RefusedProof, errors.New("no challenge was made for the chip"))
	case !slices.Equal(v.expect.ChipDG14, groups[groupChip]):
		return refuse(RefusedDocument, errors.New("the challenge was made for another chip"))
	}
	challenge, err := travel.UnmarshalChipChallenge(v.expect.ChipState)
	if err != nil {
		return err // the centre's own fault: nothing is decided about the evidence
	}
	defer challenge.Wipe()
	return provenBy(challenge.Verify(answer))
}

func provenBy(err error) error {
	if err != nil {
		return refuse(string(kiosk.ReasonKeyMismatch), err)
	}
	return nil
}
