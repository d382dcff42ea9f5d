package registrar

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/crypto/argon2"
)

// PINHash is an Argon2id hash with its parameters, as the PHC string format writes it.
type PINHash struct {
	Memory  uint32 // KiB
	Time    uint32 // passes
	Threads uint8  // lanes
	Salt    []byte
	Sum     []byte
}

// cost is what one hash takes.
type cost struct {
	memory  uint32 // KiB
	time    uint32 // passes
	threads uint8  // lanes
}

// UnmarshalJSON reads the centre's settings, which have other members besides. They begin at OWASP's recommendation of
// 19 MiB, two passes and one lane: against a PIN's few digits the pepper protects, and the hash slows down whoever has
// that too. A setting that is missing or out of bounds is an error.
func (c *cost) UnmarshalJSON(raw []byte) error {
	var s struct {
		Memory uint32 `json:"pin_hash_memory_kib"`
		Passes uint32 `json:"pin_hash_passes"`
		Lanes  uint8  `json:"pin_hash_lanes"`
	}
	err := json.Unmarshal(raw, &s)
	// RFC 9106 §3.1: at least eight blocks of memory for each lane.
	bounded := s.Passes > 0 && s.Passes <= maxTime && s.Lanes > 0 && s.Memory >= 8*uint32(s.Lanes) && s.Memory <= maxMemory
	if err != nil || !bounded {
		return errors.New("no rule for the cost of a PIN's hash")
	}
	*c = cost{memory: s.Memory, time: s.Passes, threads: s.Lanes}
	return nil
}

// Bounds of the settings: nobody shall have a registrar allocate all memory or work for minutes.
const (
	maxMemory = 1 << 20 // 1 GiB
	maxTime   = 16
)

// 128 bits of salt and 256 of output, RFC 9106 §4.
const (
	saltLength = 16
	sumLength  = 32
)

// hashPIN hashes the PIN of a person. The memory-hard function makes each guess dear; the HMAC inside it makes
// guessing impossible without the pepper, which no database holds, and six digits need that.
func (k keys) hashPIN(c cost, person string, pin []byte) (PINHash, error) {
	h := PINHash{Memory: c.memory, Time: c.time, Threads: c.threads, Salt: make([]byte, saltLength)}
	if _, err := rand.Read(h.Salt); err != nil {
		return PINHash{}, fmt.Errorf("making a salt: %w", err)
	}
	h.Sum = k.pinSum(h, person, pin)
	return h, nil
}

func (k keys) pinSum(h PINHash, person string, pin []byte) []byte {
	mac := hmac.New(sha256.New, k.pin)
	// The length first, so that no part of a person's key can be taken for digits of a PIN.
	mac.Write(binary.BigEndian.AppendUint32(nil, uint32(len(person))))
	mac.Write([]byte(person))
	mac.Write(pin)
	keyed := mac.Sum(nil)
	defer clear(keyed)
	return argon2.IDKey(keyed, h.Salt, h.Time, h.Memory, h.Threads, sumLength)
}

var phcBase64 = base64.RawStdEncoding

// String writes the hash in the PHC string format:
// $argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>, base64 without padding.
func (h PINHash) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.Memory, h.Time, h.Threads,
		phcBase64.EncodeToString(h.Salt), phcBase64.EncodeToString(h.Sum))
}
