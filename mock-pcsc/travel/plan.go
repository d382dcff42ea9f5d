// Package travel personalises emulated travel documents: passports, residence permits and residence cards.
// It knows what is written in which file of a chip, and in which encoding (ICAO 9303-10). A Plan is a
// document as an issuer would order it, or as a forger would: each field of its second part is one
// departure from the rule.
//
// It shares no code with the programs that read documents: a mistake made here and there alike would
// look like agreement.
package travel

import (
	"crypto"
	"fmt"
	"strings"
	"time"

	"balcao/mock-pcsc/emrtd"
	"balcao/mock-pcsc/pki"
)

// A Person who does not exist.
type Person struct {
	Surname     string
	GivenNames  string
	Sex         string // "M", "F", or "<" for unspecified
	Birth       time.Time
	BirthZone   string // YYMMDD with unknown parts filled; empty: that of Birth
	Nationality string // three letters as in the MRZ
	Portrait    string // name of a drawn face with its ending: "a.jpg", "b.jp2"
}

// A Plan is the order for one document. A genuine one leaves the second part at its zero values.
type Plan struct {
	Name     string // of the card in the fixtures
	Format   Format
	Code     string // document code: "P", "IR"
	Issuer   string // three letters
	Number   string // up to 9 characters; longer in TD1 and TD2
	Personal string // optional data of the MRZ
	Person   Person
	From     time.Time // day of issue
	Until    time.Time // last day
	CAN      string    // printed card access number; empty: none

	BAC        bool
	PACE       []emrtd.PACE
	ChipKey    string         // committed key of chip authentication; empty: none
	ChipCipher []emrtd.Cipher // for which it is announced
	ActiveKey  string         // committed key of active authentication; empty: none
	ActiveHash crypto.Hash

	Signer       string      // slug of the document signer
	Hash         crypto.Hash // of the data groups; zero: SHA-256
	LDS          string      // see pki.SecurityObject
	SignerByKey  bool        // SOD names its signer by key identifier
	SigningTime  bool        // SOD says when it was signed
	BER, Respelt bool        // see pki.SecurityObject
	FullName     bool        // data group 11 has the name as it is spelled
	Details      bool        // data group 12
	Fingerprints bool        // data group 3, which nobody here may read
	Extended     bool        // extended lengths
	Longest      int         // see emrtd.Contents
	Strict       bool        // see emrtd.Chip
	NoShort      bool        // see emrtd.Contents

	ChipHolds     string  // clone: the key that the chip has instead of ChipKey
	ActiveHolds   string  // clone: the key that the chip has instead of ActiveKey
	StaticHolds   string  // clone: the key with which chip authentication mapping is done instead of ChipKey
	AlteredZone   bool    // one letter of data group 1, changed after signing
	AlteredPhoto  bool    // a byte of the photograph, changed after signing
	BrokenSOD     bool    // one bit of its signature is wrong
	HalfSOD       bool    // its second half was never written
	PrintedNumber string  // the document shows another number than the chip has
	PrintedCAN    string  // the document shows another CAN than the chip has
	ChipPerson    *Person // the chip names somebody else
	Absurd        Absurd
	Record        Record // how the photograph is written down
	Fault         *emrtd.Fault
}

// Absurd names a file that cannot be what it says.
type Absurd string

// Files with absurd lengths.
const (
	AbsurdNothing Absurd = ""
	AbsurdZone    Absurd = "dg1" // its outer length is 2 GiB
	AbsurdPhoto   Absurd = "dg2" // its outer length is 2 GiB, and the chip goes on for ever
	AbsurdSOD     Absurd = "sod" // its outer length is 2 GiB
)

// Record names a form of the photograph's record. All of them are signed as they are.
type Record string

// Forms of records.
const (
	RecordPlain      Record = ""           // ISO/IEC 19794-5:2005
	RecordLong       Record = "long"       // its length says one byte more than there is
	RecordExtensible Record = "extensible" // ISO/IEC 39794-5
	RecordUnreadable Record = "unreadable" // the frame of ISO/IEC 39794-5 and a picture where its blocks belong
)

// zone is the machine-readable zone of the chip's data.
func (p Plan) zone() zone {
	person := p.Person
	if p.ChipPerson != nil {
		person.Surname, person.GivenNames = p.ChipPerson.Surname, p.ChipPerson.GivenNames
	}
	birth := person.BirthZone
	if birth == "" {
		birth = short(person.Birth)
	}
	return zone{
		format: p.Format, code: p.Code, issuer: p.Issuer, surname: person.Surname, given: person.GivenNames,
		number: p.Number, nationality: person.Nationality, birth: birth, expiry: short(p.Until), sex: person.Sex,
		personal: p.Personal,
	}
}

// Printed are the lines of the machine-readable zone as the document shows them.
func (p Plan) Printed() []string {
	if p.PrintedNumber != "" {
		p.Number = p.PrintedNumber
	}
	p.ChipPerson = nil
	return p.zone().lines()
}

// ShownCAN is the card access number as the document shows it.
func (p Plan) ShownCAN() string {
	if p.PrintedCAN != "" {
		return p.PrintedCAN
	}
	return p.CAN
}

// Original says whether the chip can prove that it is no copy.
func (p Plan) Original() bool { return p.ChipKey != "" || p.ActiveKey != "" }

// Gap says whether something is missing in a good document for the highest level, beside a proof that it is no copy.
func (p Plan) Gap() bool {
	_, err := time.Parse("060102", p.Person.BirthZone)
	impossible := err != nil && p.Person.BirthZone != "" && !strings.Contains(p.Person.BirthZone, "<")
	return p.Record == RecordUnreadable || impossible
}

// Issued is what the books of the countries say of document signers. One was revoked.
func Issued() []pki.Issued {
	var all []pki.Issued
	for _, spec := range pki.Countries() {
		if spec.Role != pki.TravelSigner || strings.HasPrefix(spec.Slug, "forged-") {
			continue
		}
		issued := pki.Issued{Issuer: spec.Issuer, Serial: pki.Serial(spec.Slug)}
		if spec.Slug == RevokedSigner {
			issued.Reason, issued.RevokedAt = pki.ReasonKeyCompromise, time.Date(2025, time.March, 3, 9, 0, 0, 0, time.UTC)
		}
		all = append(all, issued)
	}
	return all
}

// RevokedSigner is the document signer whose certificate was revoked.
const RevokedSigner = "ds-ut-revoked"

// Make puts the document's chip together.
func Make(authorities *pki.PKI, p Plan) (*emrtd.Chip, error) {
	m := &maker{plan: p, pki: authorities}
	contents, err := m.contents()
	if err != nil {
		return nil, fmt.Errorf("making document %s: %w", p.Name, err)
	}
	return emrtd.New(contents), nil
}
