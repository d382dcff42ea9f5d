package travel

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/subtle"
	"encoding/asn1"
	"fmt"
	"math/big"

	// The hashes that active authentication may be done with.
	_ "crypto/sha1"
	_ "crypto/sha256"
	_ "crypto/sha512"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"balcao/cardreader/curve"
	"balcao/cardreader/iso7816"
)

// minActiveModulus is the smallest RSA key that a signature counts for. Documents of the first years, valid
// still, have 1024 bits.
const minActiveModulus = 1024

// VerifyActiveAuthentication decides whether a chip signed a challenge with the private key to that of DG15 (Doc
// 9303-11 §6.1). DG15 and DG14 are as they were read, and verified by the caller; DG14 says which
// hash an ECDSA key is used with, and may be nil. It needs no card, so the centre calls it too.
// ErrClone when the signature does not verify; ErrMalformed or ErrUnsupported when DG15 has no key
// that could.
func VerifyActiveAuthentication(dg15, dg14, challenge, signature []byte) error {
	if err := verifyActive(dg15, dg14, challenge, signature); err != nil {
		return fmt.Errorf("active authentication: %w", err)
	}
	return nil
}

func verifyActive(dg15, dg14, challenge, signature []byte) error {
	if len(challenge) != ActiveChallengeSize {
		return fmt.Errorf("travel: challenge of %d bytes", len(challenge))
	}
	spki, err := iso7816.Unwrap(dg15, files[DG15].tag)
	if err != nil {
		return fmt.Errorf("%w: DG15: %w", ErrMalformed, err)
	}
	public, err := curve.ParsePublicKey(spki)
	if err != nil {
		return fmt.Errorf("%w: DG15: %v", ErrMalformed, err)
	}
	switch key := public.(type) {
	case *rsa.PublicKey:
		return verifyRecovery(key, challenge, signature)
	case *ecdsa.PublicKey:
		hash, err := plainHash(dg14, key)
		if err != nil {
			return err
		}
		return verifyPlain(key, hash, challenge, signature)
	}
	return fmt.Errorf("%w: kind of key in DG15", ErrUnsupported)
}

// trailers gives the hash that the last bytes of a recovered message name (ISO/IEC 9796-2 §8.1.2, ISO/IEC 10118-3). BC
// alone means the hash that was agreed on, which is SHA-1 (Doc 9303-11 §6.1.2.1).
var trailers = map[byte]crypto.Hash{
	0x33: crypto.SHA1,
	0x34: crypto.SHA256,
	0x35: crypto.SHA512,
	0x36: crypto.SHA384,
	0x38: crypto.SHA224,
}

// verifyRecovery is ISO/IEC 9796-2 digital signature scheme 1 with partial recovery: 6A, the part M1 that the chip made
// up, the hash of M1 and the challenge, and the trailer.
func verifyRecovery(key *rsa.PublicKey, challenge, signature []byte) error {
	if key.N.BitLen() < minActiveModulus {
		return fmt.Errorf("%w: RSA key of %d bits in DG15", ErrUnsupported, key.N.BitLen())
	}
	// A signature may have lost its leading zeros on the way: as a number it is the same.
	s := new(big.Int).SetBytes(signature)
	if len(signature) == 0 || len(signature) > key.Size() || s.Cmp(key.N) >= 0 {
		return fmt.Errorf("%w: signature of %d bytes", ErrClone, len(signature))
	}
	recovered := s.Exp(s, big.NewInt(int64(key.E)), key.N)
	if recovered.Sign() == 0 {
		return fmt.Errorf("%w: signature", ErrClone)
	}
	if recovered.Bits()[0]&0xF != 0xC {
		recovered.Sub(key.N, recovered) // a signer may use the smaller of s and n-s; the last four bits tell
	}
	f := recovered.FillBytes(make([]byte, key.Size()))
	message, hash, ok := trailer(f)
	if !ok || message[0] != 0x6A || len(message) < 1+hash.Size() {
		return fmt.Errorf("%w: signature", ErrClone)
	}
	split := len(message) - hash.Size()
	digest := hash.New()
	digest.Write(message[1:split])
	digest.Write(challenge)
	if subtle.ConstantTimeCompare(digest.Sum(nil), message[split:]) != 1 {
		return fmt.Errorf("%w: signature", ErrClone)
	}
	return nil
}

// trailer takes the trailer off.
func trailer(f []byte) (message []byte, hash crypto.Hash, ok bool) {
	n := len(f)
	switch f[n-1] {
	case 0xBC:
		return f[:n-1], crypto.SHA1, true
	case 0xCC:
		hash, ok = trailers[f[n-2]]
		return f[:n-2], hash, ok
	}
	return nil, 0, false
}

// plainHashes gives the hash of BSI TR-03111's plain ECDSA signatures, by the last arc.
var plainHashes = map[int]crypto.Hash{1: crypto.SHA1, 2: crypto.SHA224, 3: crypto.SHA256, 4: crypto.SHA384, 5: crypto.SHA512}

// plainHash finds the hash that an ECDSA key is used with: in DG14, where the standard wants it (§9.2.7). Documents that
// leave it out use the one that is as strong as the curve.
func plainHash(dg14 []byte, key *ecdsa.PublicKey) (crypto.Hash, error) {
	var algorithm asn1.ObjectIdentifier
	if dg14 != nil {
		infos, err := parseDG14(dg14)
		if err != nil {
			return 0, err
		}
		algorithm = infos.activeAuth
	}
	if algorithm != nil {
		if under(algorithm, oidPlainECDSA) && len(algorithm) == len(oidPlainECDSA)+1 {
			if hash, ok := plainHashes[algorithm[len(algorithm)-1]]; ok {
				return hash, nil
			}
		}
		return 0, fmt.Errorf("%w: algorithm %v of active authentication", ErrUnsupported, algorithm)
	}
	switch bits := key.Params().BitSize; {
	case bits <= 192:
		return crypto.SHA1, nil
	case bits <= 224:
		return crypto.SHA224, nil
	case bits <= 320:
		return crypto.SHA256, nil
	case bits <= 384:
		return crypto.SHA384, nil
	}
	return crypto.SHA512, nil
}

// verifyPlain takes a signature as r || s, both as long as the order (BSI TR-03111 §5.2.1), and as the DER that Portuguese
// documents use.
func verifyPlain(key *ecdsa.PublicKey, hash crypto.Hash, challenge, signature []byte) error {
	digest := hash.New()
	digest.Write(challenge)
	size := (key.Params().N.BitLen() + 7) / 8
	r, s := new(big.Int), new(big.Int)
	if len(signature) == 2*size {
		r.SetBytes(signature[:size])
		s.SetBytes(signature[size:])
	} else {
		var sequence cryptobyte.String
		input := cryptobyte.String(signature)
		if !input.ReadASN1(&sequence, cbasn1.SEQUENCE) || !input.Empty() || !sequence.ReadASN1Integer(r) || !sequence.ReadASN1Integer(s) ||
			!sequence.Empty() {
			return fmt.Errorf("%w: signature of %d bytes", ErrClone, len(signature))
		}
	}
	if !ecdsa.Verify(key, digest.Sum(nil), r, s) {
		return fmt.Errorf("%w: signature", ErrClone)
	}
	return nil
}
