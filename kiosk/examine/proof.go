package examine

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"slices"

	"balcao/cardreader/travel"
)

// ProofKind says how a chip proves to the centre that it holds the key that its State signed.
type ProofKind byte

// Kinds of proof, by the first byte of the proof that goes to the centre.
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

// ProofAA is the proof for the centre of the chip's answer to AAChallenge.
func ProofAA(signature []byte) []byte { return append([]byte{byte(ProofActive)}, signature...) }

// ProofCA is the proof for the centre of the chip's answer to the centre's challenge.
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
