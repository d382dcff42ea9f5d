// Package record is what sign-in trusts of a key: one signed record for each version of it. The registrar signs it with a
// key that no database holds, in the transaction that makes or changes the key, so a row without a good record opens nothing.
//
// A record is a JWS in the compact serialisation (RFC 7515 §7.1) with the protected header
//
//	{"alg":"EdDSA","typ":"balcao-record"}
//
// a Record in its canonical form (package canonical) as the payload, and an Ed25519 signature (RFC 8037 §3.1).
package record

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"balcao/kiosk/canonical"
)

// Version is of the form of records. Version 1 had the hash of the PIN itself: whoever read the log had what a guess is
// compared with.
const Version = 2

// ErrInvalid is wrapped by every error of Verify.
var ErrInvalid = errors.New("not a signed record of a key")

// Record is a key as it is from At on, until a record of a higher Version. Field order is the canonical order.
type Record struct {
	V          int             `json:"v"`
	Register   int64           `json:"register"`
	Version    int             `json:"version"` // of the key: 1, 2, …
	At         time.Time       `json:"at"`
	State      string          `json:"state"`  // pending or active: what takes from a key needs no record
	Reason     string          `json:"reason"` // of the change that made this version
	Person     Person          `json:"person"`
	Contacts   []Contact       `json:"contacts"`
	PINHash    string          `json:"pin_hash,omitempty"`   // in version 1: PHC string
	PIN        canonical.Bytes `json:"pin_sha256,omitempty"` // of centre.key.pin_hash
	Level      string          `json:"level"`
	ValidUntil string          `json:"valid_until"` // the last day, as 2031-04-15
	TaxNumber  string          `json:"tax_number"`  // that a Citizen Card proved, or empty
	Enrolment  uuid.UUID       `json:"enrolment"`
	Evidence   canonical.Bytes `json:"evidence_sha256"` // of the JWS of the enrolment
}

// Person is whose key it is.
type Person struct {
	Country        string `json:"country"`
	CivilNumber    string `json:"civil_number"`    // of a Citizen Card
	DocumentNumber string `json:"document_number"` // of the latest document
	Surname        string `json:"surname"`
	GivenNames     string `json:"given_names"`
	BirthDate      string `json:"birth_date"` // as stated: perhaps without day or month
	Nationality    string `json:"nationality"`
	Sex            string `json:"sex"`
}

// Contact is where the holder is reached.
type Contact struct {
	Channel  string    `json:"channel"`
	Value    string    `json:"value"`
	Proof    uuid.UUID `json:"proof"`
	ProvenAt time.Time `json:"proven_at"`
}

func (r Record) encode() ([]byte, error) {
	r.At = canonical.Time(r.At)
	contacts := make([]Contact, len(r.Contacts))
	for i, c := range r.Contacts {
		c.ProvenAt = canonical.Time(c.ProvenAt)
		contacts[i] = c
	}
	r.Contacts = contacts
	return canonical.JSON(r)
}

// HasPIN reports whether a hash of a PIN, as centre.key has it, is the record's.
func (r Record) HasPIN(stored string) bool {
	if r.V == 1 {
		return stored != "" && (stored == r.PINHash || stored == digested(r.PINHash))
	}
	return subtle.ConstantTimeCompare(PINOf(stored), r.PIN) == 1
}

// HasPINOf reports whether the SHA-256 of a hash of a PIN, as centre.key has it, is the record's.
func (r Record) HasPINOf(sum [sha256.Size]byte) bool {
	if r.V == 1 {
		return r.PINHash != "" && (bytes.Equal(PINOf(r.PINHash), sum[:]) || bytes.Equal(PINOf(digested(r.PINHash)), sum[:]))
	}
	return subtle.ConstantTimeCompare(sum[:], r.PIN) == 1
}

// PINOf is what a record says of a hash of a PIN, as centre.key has it.
func PINOf(stored string) canonical.Bytes {
	sum := sha256.Sum256([]byte(stored))
	return sum[:]
}

// digested is a hash of version 1 in the form in which the database keeps it since: with the SHA-256 of Argon2id's output in
// place of the output; "" when it is no such hash.
func digested(phc string) string {
	fields := strings.Split(phc, "$")
	if len(fields) != 6 || fields[1] != "argon2id" {
		return ""
	}
	output, err := base64.RawStdEncoding.Strict().DecodeString(fields[5])
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(output)
	fields[1], fields[5] = "argon2id-sha256", base64.RawStdEncoding.EncodeToString(sum[:])
	return strings.Join(fields, "$")
}

// header is the one protected header of a record.
var header = base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"EdDSA","typ":"balcao-record"}`))

// maxRecord is far more than any record needs, in bytes.
const maxRecord = 64 << 10

// Sign signs a record in the version of the form that this package writes, whatever V says; one of version 1 is converted.
func Sign(r Record, key ed25519.PrivateKey) ([]byte, error) {
	if r.V == 1 && len(r.PIN) == 0 {
		r.PIN = PINOf(digested(r.PINHash))
	}
	r.V, r.PINHash = Version, ""
	if len(r.PIN) == 0 {
		return nil, errors.New("signing a record: no PIN")
	}
	payload, err := r.encode()
	if err != nil {
		return nil, fmt.Errorf("signing a record: %w", err)
	}
	signed := header + "." + base64.RawURLEncoding.EncodeToString(payload)
	signature := ed25519.Sign(key, []byte(signed))
	return []byte(signed + "." + base64.RawURLEncoding.EncodeToString(signature)), nil
}

// Verify verifies a record with the keys of registrars, any of which may have signed it, and returns it. The error wraps
// ErrInvalid and says nothing of what is in the record.
func Verify(jws []byte, keys ...ed25519.PublicKey) (Record, error) {
	var none Record
	if len(jws) > maxRecord {
		return none, fmt.Errorf("%w: too long", ErrInvalid)
	}
	parts := strings.Split(string(jws), ".")
	if len(parts) != 3 || parts[0] != header {
		return none, fmt.Errorf("%w: not the JWS of one", ErrInvalid)
	}
	signature, err := base64.RawURLEncoding.Strict().DecodeString(parts[2])
	if err != nil || !slices.ContainsFunc(keys, func(key ed25519.PublicKey) bool {
		return len(key) == ed25519.PublicKeySize && ed25519.Verify(key, []byte(parts[0]+"."+parts[1]), signature)
	}) {
		return none, fmt.Errorf("%w: signed by no key that is trusted", ErrInvalid)
	}
	return decode(parts[1])
}

// Claimed reads what a record says, whoever signed it.
func Claimed(jws []byte) (Record, error) {
	parts := strings.Split(string(jws), ".")
	if len(jws) > maxRecord || len(parts) != 3 || parts[0] != header {
		return Record{}, fmt.Errorf("%w: not the JWS of one", ErrInvalid)
	}
	return decode(parts[1])
}

func decode(encoded string) (Record, error) {
	var none Record
	payload, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return none, fmt.Errorf("%w: payload", ErrInvalid)
	}
	r, err := canonical.Decode(payload, Record.encode)
	switch {
	case err != nil:
		return none, fmt.Errorf("%w: %w", ErrInvalid, err)
	case r.V != 1 && r.V != Version:
		return none, fmt.Errorf("%w: version %d of the form", ErrInvalid, r.V)
	case (r.V == 1) != (r.PINHash != "") || (r.V == 1) == (len(r.PIN) != 0):
		return none, fmt.Errorf("%w: the PIN of another version", ErrInvalid)
	}
	return r, nil
}
