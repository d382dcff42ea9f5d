// Package travel reads the chips of passports, residence permits and residence cards (ICAO Doc 9303-10 and -11)
// through an iso7816.Transmitter: finds out what lies there, opens it with the MRZ or the card access number, reads
// its files and lets it prove that it is no copy.
//
//	chip, err := travel.Recognise(ctx, session, travel.Options{Extended: true, ATR: atr})
//	defer chip.Close()
//	… chip.Offers() says what to ask the clerk for …
//	protection, err := chip.Unlock(ctx, travel.FromMRZ(zone.Key()))
//	dg1, err := chip.Read(ctx, travel.DG1, nil)
//	sod, err := chip.Read(ctx, travel.SOD, nil)
//	dg14, err := chip.Read(ctx, travel.DG14, nil)
//	err = chip.ConfirmOffers(dg14)
//	_, err = chip.AuthenticateChip(ctx, dg14)
//
// Package travel/lds says what is in the files. Nothing read here is verified: the document security object, its
// signature and the hashes of the files are the caller's, and a chip authentication is worth as much as the
// signature over the key that it was done with (DG14, DG15, EF.CardSecurity).
//
// # What it never does
//
// Nothing personal is read in clear: without Unlock there is no Read, and when secure messaging fails the
// session is over. A chip that offers PACE is not opened with the weaker BAC unless Options.AllowDowngrade says so, and
// then Protection.Downgraded tells; ConfirmOffers finds out when PACE was hidden. One command in clear asks whether the chip would have given its
// contents to anybody (Protection.Unenforced); it is for EF.COM, which has nothing of a person, and its answer
// changes nothing else.
//
// # The centre's proof
//
// The centre does not rely on a desk's word that the chip proved itself. It makes a key pair with
// NewChipChallenge (chip authentication) or a challenge (active authentication), the desk passes it
// on with Chip.AnswerChallenge or Chip.ActiveAuthenticate, and the centre verifies the answer
// without a card, with ChipChallenge.Verify or VerifyActiveAuthentication. None of these speaks to
// a card at the centre, so a server links no reader. A chip authentication mapping of PACE is seen
// by the desk alone.
//
// # As few commands as there can be
//
// A read brings at most Chip.ReadSize bytes: what has room in a short answer under secure messaging (231 bytes with
// 3DES, 223 with AES), and up to 16 KiB in an extended one. DG1, DG2 and SOD cannot be had in fewer reads than the sum of
// ⌈file/ReadSize⌉, and that is what they take: the first read of a file selects it by its short identifier and is
// as large as any, so what is small costs one command. On top of the reads, a chip with BAC needs three commands
// (application, challenge, authentication) and gets seven: three that find no EF.CardAccess and one probe. With PACE it
// needs seven and gets ten: the application and the probe before, and the way back to the master file. A chip with BAC
// and extended length gives all three files in ten commands. A chip that knows no short identifiers costs one
// SELECT for each file, and three more to find out.
package travel

import (
	"errors"
	"fmt"

	"balcao/cardreader/iso7816"
	"balcao/cardreader/travel/secure"
)

var (
	// ErrNotTravelDocument means that neither EF.CardAccess nor the eMRTD application is on the chip.
	ErrNotTravelDocument = errors.New("not a travel document")
	// ErrLocked means that the chip was not unlocked, or that its session ended and Unlock has to come first.
	ErrLocked = errors.New("chip is not unlocked")
	// ErrWrongPassword means that the chip refused the MRZ or the card access number.
	ErrWrongPassword = errors.New("the chip does not open with this MRZ or number")
	// ErrPasswordKind means that this chip cannot be asked with this kind of password, or that it is malformed. The
	// chip was not asked.
	ErrPasswordKind = errors.New("the chip takes no such MRZ or number")
	// ErrDowngrade means that the chip offers PACE and refuses to do it. Only BAC is left, which Options.AllowDowngrade
	// would have allowed. Whoever sits between chip and reader can bring this about.
	ErrDowngrade = errors.New("chip offers PACE but does not do it")
	// ErrNoAccessControl means that the chip does neither PACE nor BAC. It is not read.
	ErrNoAccessControl = errors.New("chip has no access control")
	// ErrAccessControl means that PACE or BAC failed in a way that no correct chip causes: a token
	// that is wrong, a point that is on no curve, our own key returned.
	ErrAccessControl = errors.New("access control failed")
	// ErrSecureMessaging means that an answer was not protected, or not by this chip. The session is over.
	ErrSecureMessaging = secure.ErrResponse
	// ErrMalformed means that a file is invalid: impossible lengths, wrong structure. Errors that
	// wrap it name the file or field, never its content.
	ErrMalformed = errors.New("malformed chip content")
	// ErrNoFile means that the chip says that it does not have the file, or nothing in it.
	ErrNoFile = errors.New("no such file on the chip")
	// ErrUnsupported means that the document does something that is not implemented here.
	ErrUnsupported = errors.New("not supported")
	// ErrClone means that the chip does not have the key that its document says it has.
	ErrClone = errors.New("chip does not have its document's key")
	// ErrUnproven means that the chip refused to prove that it has the key. Whether it has it stays
	// unknown.
	ErrUnproven = errors.New("chip refused to prove its key")
)

// File is one of the files of the eMRTD application that are read here.
type File int

// The files (Doc 9303-10 §4.6, §4.7).
const (
	COM File = iota + 1
	SOD
	DG1  // machine-readable zone
	DG2  // face
	DG7  // displayed signature
	DG11 // additional personal details
	DG12 // additional document details
	DG14 // security options: chip authentication
	DG15 // active authentication public key
)

// fileSpec is where a file is and how it begins.
type fileSpec struct {
	name string
	sfi  byte
	id   uint16
	tag  iso7816.Tag
	face bool // as long as Options.MaxFile, not maxFile
}

// maxFile is the most that a file other than the face may be long; real ones hold a tenth of it.
const maxFile = 64 << 10

var files = map[File]fileSpec{
	COM:  {name: "EF.COM", sfi: 0x1E, id: 0x011E, tag: 0x60},
	SOD:  {name: "EF.SOD", sfi: 0x1D, id: 0x011D, tag: 0x77},
	DG1:  {name: "DG1", sfi: 0x01, id: 0x0101, tag: 0x61},
	DG2:  {name: "DG2", sfi: 0x02, id: 0x0102, tag: 0x75, face: true},
	DG7:  {name: "DG7", sfi: 0x07, id: 0x0107, tag: 0x67},
	DG11: {name: "DG11", sfi: 0x0B, id: 0x010B, tag: 0x6B},
	DG12: {name: "DG12", sfi: 0x0C, id: 0x010C, tag: 0x6C},
	DG14: {name: "DG14", sfi: 0x0E, id: 0x010E, tag: 0x6E},
	DG15: {name: "DG15", sfi: 0x0F, id: 0x010F, tag: 0x6F},
}

// cardSecurity is in the master file, where the same identifiers mean something else than in the application.
var cardSecurity = fileSpec{name: "EF.CardSecurity", sfi: 0x1D, id: 0x011D, tag: 0x30}

// String returns the file's name as the standard has it.
func (f File) String() string {
	if spec, ok := files[f]; ok {
		return spec.name
	}
	return fmt.Sprintf("File(%d)", int(f))
}

// DataGroup returns the number by which the document security object names the file; ok is false for
// COM and SOD, which it has no hash of.
func (f File) DataGroup() (number int, ok bool) {
	spec := files[f]
	return int(spec.sfi), spec.sfi > 0 && spec.sfi <= 16
}
