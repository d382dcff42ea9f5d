package registrar

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

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
	time    uint32
	threads uint8
}

// recommended is the second recommendation of RFC 9106 §4: 64 MiB, three passes, four lanes. About 0.1 s on
// two cores.
var recommended = cost{memory: 64 << 10, time: 3, threads: 4}

// 128 bits of salt and 256 of output, RFC 9106 §4.
const (
	saltLength = 16
	sumLength  = 32
)

// ErrPHC says that a text is not an Argon2id hash in PHC string format, or asks for more work than
// this package ever does.
var ErrPHC = errors.New("not an Argon2id hash in PHC string format")

// hashPIN hashes the PIN of a person. The memory-hard function makes each guess dear; the HMAC inside it makes
// guessing impossible without the pepper, which no database holds, and six digits need that.
func (k keys) hashPIN(c cost, person string, pin []byte) (PINHash, error) {
	h := PINHash{Memory: c.memory, Time: c.time, Threads: c.threads, Salt: make([]byte, saltLength)}
	if _, err := rand.Read(h.Salt); err != nil {
		return PINHash{}, fmt.Errorf("making a salt: %w", err)
	}
	h.Sum = k.pinSum(h, person, pin, sumLength)
	return h, nil
}

// verifyPIN reports whether the PIN of the person is the one that was hashed.
func (k keys) verifyPIN(h PINHash, person string, pin []byte) bool {
	sum := k.pinSum(h, person, pin, uint32(len(h.Sum)))
	return subtle.ConstantTimeCompare(sum, h.Sum) == 1
}

func (k keys) pinSum(h PINHash, person string, pin []byte, length uint32) []byte {
	mac := hmac.New(sha256.New, k.pin)
	// The length first, so that no part of a person's key can be taken for digits of a PIN.
	mac.Write(binary.BigEndian.AppendUint32(nil, uint32(len(person))))
	mac.Write([]byte(person))
	mac.Write(pin)
	keyed := mac.Sum(nil)
	defer clear(keyed)
	return argon2.IDKey(keyed, h.Salt, h.Time, h.Memory, h.Threads, length)
}

var phcBase64 = base64.RawStdEncoding.Strict()

// String writes the hash in the PHC string format:
// $argon2id$v=19$m=65536,t=3,p=4$<salt>$<hash>, base64 without padding.
func (h PINHash) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.Memory, h.Time, h.Threads,
		phcBase64.EncodeToString(h.Salt), phcBase64.EncodeToString(h.Sum))
}

// Bounds of what ParsePINHash accepts: a hash comes from a database, and whoever can write there shall
// not be able to make a registrar allocate all memory or work for minutes.
const (
	maxMemory = 1 << 20 // 1 GiB
	maxTime   = 16
	maxBytes  = 64
)

// ParsePINHash reads what String writes, and nothing else: one spelling for each hash. The error is
// ErrPHC.
func ParsePINHash(text string) (PINHash, error) {
	fields := strings.Split(text, "$")
	if len(fields) != 6 || fields[0] != "" || fields[1] != "argon2id" || fields[2] != "v="+strconv.Itoa(argon2.Version) {
		return PINHash{}, ErrPHC
	}
	parameters := strings.Split(fields[3], ",")
	if len(parameters) != 3 {
		return PINHash{}, ErrPHC
	}
	memory, ok1 := parameter(parameters[0], "m=", maxMemory)
	time, ok2 := parameter(parameters[1], "t=", maxTime)
	threads, ok3 := parameter(parameters[2], "p=", math.MaxUint8)
	salt, err1 := phcBase64.DecodeString(fields[4])
	sum, err2 := phcBase64.DecodeString(fields[5])
	// RFC 9106 §3.1: at least eight blocks of memory for each lane.
	if !ok1 || !ok2 || !ok3 || err1 != nil || err2 != nil || memory < 8*threads {
		return PINHash{}, ErrPHC
	}
	if len(salt) < 8 || len(salt) > maxBytes || len(sum) < 16 || len(sum) > maxBytes {
		return PINHash{}, ErrPHC
	}
	h := PINHash{Memory: memory, Time: time, Threads: uint8(threads), Salt: salt, Sum: sum}
	if h.String() != text { // line breaks inside the base64, for one, which the decoder forgives
		return PINHash{}, ErrPHC
	}
	return h, nil
}

// parameter reads a decimal number from 1 to most after a name, without sign or leading zero.
func parameter(text, name string, most uint32) (uint32, bool) {
	digits, ok := strings.CutPrefix(text, name)
	if !ok || digits == "" || digits[0] < '1' || digits[0] > '9' {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 32)
	return uint32(n), err == nil && uint32(n) <= most
}
