package travel

import (
	"crypto/sha1"

	"balcao/cardreader/travel/secure"
)

// Password opens a chip: what is printed on the document. It is made by FromMRZ or FromCAN and wiped by its
// owner; a Chip keeps a copy of its own for as long as it may have to open the chip anew.
type Password struct {
	reference byte   // in MSE:Set AT (Doc 9303-11 §4.4.4.1)
	secret    []byte // K of §9.7.3: the hash of the MRZ information, or the number itself
}

const (
	referenceMRZ = 0x01
	referenceCAN = 0x02

	canDigits = 6
)

// FromMRZ is the password of a document whose MRZ was read. key is the MRZ information: number, date of birth and date
// of expiry with their check digits (Doc 9303-11 §4.3.2), as mrz.MRZ.Key returns it.
func FromMRZ(key string) Password {
	if key == "" {
		return Password{reference: referenceMRZ}
	}
	hash := sha1.Sum([]byte(key)) //nolint:gosec // the standard's
	return Password{reference: referenceMRZ, secret: hash[:]}
}

// FromCAN is the password of a document whose six-digit card access number was read.
func FromCAN(can string) Password {
	return Password{reference: referenceCAN, secret: []byte(can)}
}

// Wipe overwrites the secret.
func (p *Password) Wipe() {
	clear(p.secret)
	p.secret = nil
}

func (p Password) clone() Password {
	return Password{reference: p.reference, secret: append([]byte(nil), p.secret...)}
}

// possible reports whether any document could have this password.
func (p Password) possible() bool {
	if p.reference == referenceMRZ {
		return len(p.secret) == sha1.Size
	}
	if p.reference != referenceCAN || len(p.secret) != canDigits {
		return false
	}
	for _, digit := range p.secret {
		if digit < '0' || digit > '9' {
			return false
		}
	}
	return true
}

// key is K_pi, which the nonce of PACE is encrypted with.
func (p Password) key(c secure.Cipher) []byte { return c.DeriveKey(p.secret, secure.ForPassword) }

// basicSeed is K_seed of BAC (§9.7.2). Only an MRZ has one.
func (p Password) basicSeed() []byte { return p.secret[:16] }
