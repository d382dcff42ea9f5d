package evidence

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"slices"

	"balcao/cardreader/travel"
	"balcao/kiosk"
)

// ProofKind says how a chip proves to the centre that it holds the key that its State signed.
type ProofKind byte

// Kinds of proof, by the first byte of a Bundle's Proof.
const (
	ProofNone   ProofKind = 0
	ProofActive ProofKind = 1 // active authentication over AAChallenge
	ProofChip   ProofKind = 2 // chip authentication with a key pair of the centre's
)

// proofContext keeps the chip's signature from meaning anything elsewhere.
const proofContext = "balcao-aa-v1"

// AAChallenge is what a chip signs: bound to the whole transcript, given in its canonical form, so that a signature
// serves for nothing else that was ever agreed to.
func AAChallenge(transcript []byte) [travel.ActiveChallengeSize]byte {
	h := sha256.Sum256(slices.Concat([]byte(proofContext), transcript))
	return [travel.ActiveChallengeSize]byte(h[:])
}

// ProofAA is a Bundle's Proof of the chip's answer to AAChallenge.
func ProofAA(signature []byte) []byte { return append([]byte{byte(ProofActive)}, signature...) }

// ProofCA is a Bundle's Proof of the chip's answer to the centre's challenge.
func ProofCA(response []byte) []byte { return append([]byte{byte(ProofChip)}, response...) }

// ProofOf returns how the chip with these data groups proves itself: with the key of DG15 when there is one,
// else with one of DG14. Neither desk nor holder has a choice, so that nobody picks the proof that they can do.
// A key of a kind that nobody can verify here is as good as none.
func ProofOf(groups map[int][]byte) ProofKind {
	switch {
	case len(groups[groupActive]) > 0 && canSign(groups):
		return ProofActive
	case len(groups[groupChip]) > 0 && canAgree(groups[groupChip]):
		return ProofChip
	}
	return ProofNone
}

// canSign reports whether a signature of the key in DG15 could be verified. Bytes that are no signature fail
// in another way with a key that could.
func canSign(groups map[int][]byte) bool {
	var challenge [travel.ActiveChallengeSize]byte
	err := travel.VerifyActiveAuthentication(groups[groupActive], groups[groupChip], challenge[:], []byte{0})
	return errors.Is(err, travel.ErrClone)
}

// canAgree reports whether DG14 has a key that a challenge can be made for.
func canAgree(dg14 []byte) bool {
	challenge, err := travel.NewChipChallenge(rand.Reader, dg14)
	if err != nil {
		return false
	}
	challenge.Wipe()
	return true
}

// checkProof decides whether the chip holds the key that its State signed, proven in the chip's way. The groups are
// verified already. What the chip signed are the transcript's bytes as they were signed by the desk.
func checkProof(kind ProofKind, groups map[int][]byte, bundle Bundle, transcript []byte) error {
	switch {
	case kind == ProofNone && len(bundle.Proof) == 0:
		return nil
	case kind == ProofNone:
		return refuse(RefusedForm, errors.New("a proof of a chip that has no key"))
	case len(bundle.Proof) < 2 || ProofKind(bundle.Proof[0]) != kind:
		return refuse(RefusedProof, nil)
	}
	answer := bundle.Proof[1:]
	if kind == ProofActive {
		challenge := AAChallenge(transcript)
		return provenBy(travel.VerifyActiveAuthentication(groups[groupActive], groups[groupChip], challenge[:], answer))
	}
	switch {
	case len(bundle.ChipState) == 0:
		return refuse(RefusedProof, errors.New("no challenge was made for the chip"))
	case !slices.Equal(bundle.ChipDG14, groups[groupChip]):
		return refuse(RefusedDocument, errors.New("the challenge was made for another chip"))
	}
	challenge, err := travel.UnmarshalChipChallenge(bundle.ChipState)
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
