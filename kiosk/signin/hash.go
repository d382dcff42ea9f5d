package signin

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/argon2"
)

// PepperLength is the length of the secret in bytes that PINs are hashed under. No database holds it.
const PepperLength = 32

// Cost is what one hash takes.
type Cost struct {
	Memory uint32 // KiB
	Passes uint32
	Lanes  uint8
}

// Bounds of a cost: nobody who may write to a database shall have a program allocate all memory or work for minutes.
const (
	maxMemory = 1 << 20 // 1 GiB
	maxPasses = 16
)

// valid reports whether a cost can be paid. RFC 9106 §3.1: at least eight blocks of memory for each lane.
func (c Cost) valid() bool {
	return c.Passes > 0 && c.Passes <= maxPasses && c.Lanes > 0 && c.Memory >= 8*uint32(c.Lanes) && c.Memory <= maxMemory
}

// UnmarshalJSON reads the centre's settings, which have other members besides. They begin at OWASP's recommendation of
// 19 MiB, two passes and one lane: against a PIN's few digits the pepper protects, and the hash slows down whoever has
// that too. A setting that is missing or out of bounds is an error.
func (c *Cost) UnmarshalJSON(raw []byte) error {
	var s struct {
		Memory uint32 `json:"pin_hash_memory_kib"`
		Passes uint32 `json:"pin_hash_passes"`
		Lanes  uint8  `json:"pin_hash_lanes"`
	}
	if json.Unmarshal(raw, &s) != nil || !Cost(s).valid() {
		return errors.New("no rule for the cost of a PIN's hash")
	}
	*c = Cost(s)
	return nil
}

// 128 bits of salt and 256 of output, RFC 9106 §4.
const (
	saltLength   = 16
	outputLength = 32
)

// Hash is how the PIN of a key is kept.
type Hash struct {
	Cost
	Salt   []byte
	Digest [sha256.Size]byte // of Argon2id's output
}

// String writes a hash in the manner of the PHC string format, as column pin_hash has it:
// $argon2id-sha256$v=19$m=19456,t=2,p=1$<salt>$<digest>, base64 without padding.
func (h Hash) String() string {
	return fmt.Sprintf("$argon2id-sha256$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.Memory, h.Passes, h.Lanes,
		base64.RawStdEncoding.EncodeToString(h.Salt), base64.RawStdEncoding.EncodeToString(h.Digest[:]))
}

// ErrBusy says that as many hashes wait as may. The caller answers that it is busy (HTTP 503): nothing was counted.
var ErrBusy = errors.New("too many PINs wait to be hashed")

// Hasher computes hashes of PINs, a few at once and a bounded number behind them: each takes memory, and a core for a
// moment. It is safe for concurrent use.
type Hasher struct {
	key   []byte        // what the pepper is stretched to for PINs: the pepper's other uses say nothing about it
	turns chan struct{} // a token for each hash that is computed
	room  chan struct{} // a token for each that is computed or waits
	now   atomic.Int64  // are computed
	most  atomic.Int64  // were, at once

	waited func(time.Duration)
}

// NewHasher returns a Hasher that computes atOnce hashes (more than there are cores take memory and no less time) while
// waiting others queue. It keeps no copy of the pepper, which the caller wipes.
func NewHasher(pepper []byte, atOnce, waiting int) (*Hasher, error) {
	if len(pepper) != PepperLength {
		return nil, fmt.Errorf("the pepper has %d bytes, want %d", len(pepper), PepperLength)
	}
	key, err := hkdf.Key(sha256.New, pepper, nil, "balcao PIN v1", sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("deriving the key of PINs: %w", err)
	}
	return &Hasher{key: key, turns: make(chan struct{}, max(atOnce, 1)), room: make(chan struct{}, max(atOnce, 1)+max(waiting, 0))}, nil
}

// Close wipes the key, when nobody hashes any more.
func (h *Hasher) Close() { clear(h.key) }

// Most returns how many hashes were computed at once, at most.
func (h *Hasher) Most() int { return int(h.most.Load()) }

// Inside returns how many hashes are computed or wait now.
func (h *Hasher) Inside() int { return len(h.room) }

// Waited has f called with how long each hash waited for its turn. Call it before the first.
func (h *Hasher) Waited(f func(time.Duration)) { h.waited = f }

// Place is a place among the hashes that wait. Whoever has one is served; leave it with Leave.
type Place struct{ hasher *Hasher }

// Reserve takes a place, or returns ErrBusy.
func (h *Hasher) Reserve() (Place, error) {
	select {
	case h.room <- struct{}{}:
		return Place{h}, nil
	default:
		return Place{}, ErrBusy
	}
}

// Leave gives the place back.
func (p Place) Leave() { <-p.hasher.room }

// output waits for its turn and returns Argon2id's output, which the caller wipes. The memory-hard function makes each
// guess dear; the HMAC inside it makes guessing impossible without the pepper, and six digits need that. Subject names
// whose PIN it is, so that no hash is worth anything on another's key.
func (p Place) output(ctx context.Context, c Cost, salt []byte, subject string, pin []byte) ([]byte, error) {
	if !c.valid() || len(salt) < 8 {
		return nil, errors.New("hashing a PIN: no cost that can be paid, or no salt")
	}
	began := time.Now()
	select {
	case p.hasher.turns <- struct{}{}:
		if p.hasher.waited != nil {
			p.hasher.waited(time.Since(began))
		}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-p.hasher.turns }()
	n := p.hasher.now.Add(1)
	defer p.hasher.now.Add(-1)
	for m := p.hasher.most.Load(); n > m && !p.hasher.most.CompareAndSwap(m, n); m = p.hasher.most.Load() {
	}
	mac := hmac.New(sha256.New, p.hasher.key)
	// The length first, so that no part of a subject can be taken for digits of a PIN.
	mac.Write(binary.BigEndian.AppendUint32(nil, uint32(len(subject)))) //nolint:gosec // far shorter
	mac.Write([]byte(subject))
	mac.Write(pin)
	keyed := mac.Sum(nil)
	defer clear(keyed)
	return argon2.IDKey(keyed, salt, c.Passes, c.Memory, c.Lanes, outputLength), nil
}

// New hashes a PIN that was chosen, with a salt of its own.
func (p Place) New(ctx context.Context, c Cost, subject string, pin []byte) (Hash, error) {
	h, output, err := p.fresh(ctx, c, subject, pin)
	clear(output)
	return h, err
}

func (p Place) fresh(ctx context.Context, c Cost, subject string, pin []byte) (h Hash, output []byte, err error) {
	h = Hash{Cost: c, Salt: make([]byte, saltLength)}
	if _, err = rand.Read(h.Salt); err != nil {
		return Hash{}, nil, fmt.Errorf("making a salt: %w", err)
	}
	if output, err = p.output(ctx, c, h.Salt, subject, pin); err != nil {
		return Hash{}, nil, err
	}
	h.Digest = sha256.Sum256(output)
	return h, output, nil
}

// ParseHash reads what String writes.
func ParseHash(text string) (Hash, error) {
	var h Hash
	var rest string
	_, err := fmt.Sscanf(text, "$argon2id-sha256$v=19$m=%d,t=%d,p=%d$%s", &h.Memory, &h.Passes, &h.Lanes, &rest)
	salt, digest, _ := strings.Cut(rest, "$")
	raw, errDigest := base64.RawStdEncoding.DecodeString(digest)
	h.Salt, _ = base64.RawStdEncoding.DecodeString(salt)
	copy(h.Digest[:], raw)
	if err != nil || errDigest != nil || h.String() != text {
		return Hash{}, errors.New("not the hash of a PIN")
	}
	return h, nil
}

// Matches reports whether a PIN is the one of a hash: for who audits or tests hashes, since sign-in never sees one.
func (p Place) Matches(ctx context.Context, h Hash, subject string, pin []byte) (bool, error) {
	output, err := p.output(ctx, h.Cost, h.Salt, subject, pin)
	if err != nil {
		return false, err
	}
	defer clear(output)
	got := sha256.Sum256(output)
	return hmac.Equal(got[:], h.Digest[:]), nil
}
