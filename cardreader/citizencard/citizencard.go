// Package citizencard reads Portugal's Citizen Card (Cartão de Cidadão) through an iso7816.Transmitter:
// both generations, the first (RSA, 2007 to 2024) and that of 2024 (P-256), by contact.
//
// Open tells the generation by the application that answers. Then each step reads one thing, so that
// the identity can be on a screen while the rest is still on its way:
//
//	card, err := citizencard.Open(ctx, session)
//	raw, err := card.ReadIdentity(ctx)
//	person, err := citizencard.ParseIdentity(card.Generation(), raw)
//	…ReadSOD, ReadCertificate, PINTries, ReadPhoto, VerifyPIN, Sign
//
// A Card remembers which application and directory it selected. Use it within one transaction of the
// reader and open it anew for the next: in between another program may have selected something else.
//
// What is read is not verified here. Files.DataGroups gives the bytes that the document security
// object (SOD) has hashes of; checking them, the certificate and the signature is the caller's.
// The address, the signature key and contactless access (PACE) are not covered.
//
// # As few bytes as there can be
//
// Contact cards move about 20 kB/s, so a reader is as fast as it reads little. With READ BINARY limited
// to 256 bytes, an identity of 1282 bytes, a SOD of S and a certificate of C bytes cannot be had in fewer
// than 1282+S+C bytes and ⌈1282/256⌉+⌈S/256⌉+⌈C/256⌉ reads. Here it is exactly that many bytes, because
// files are read to the end that their own length tells and never to the end of their padding, and
// exactly that many reads. On top come three SELECTs in the first generation (application, identity,
// certificate; the SOD is read by its short identifier) and five in that of 2024 (an application that
// is not there, the two that are, identity, certificate). The photograph, many times the rest, comes
// last and costs its own bytes alone: the first generation keeps it behind the identity, in the file
// from whose byte 1282 reading goes on; for 2024 one more change of application.
package citizencard

import "errors"

// Generations of the Citizen Card, as Files.Generation names them.
const (
	Generation1    = "1"    // 2007 to 2024, RSA
	Generation2024 = "2024" // since June 2024, ECDSA P-256
)

var (
	// ErrUnknownCard means that no application of a Citizen Card is on the card.
	ErrUnknownCard = errors.New("not a Citizen Card")
	// ErrMalformed means that the card's content is invalid: impossible lengths, wrong structure,
	// text in no valid encoding. Errors that wrap it name the field, never its content.
	ErrMalformed = errors.New("malformed card content")
	// ErrPINBlocked means that the authentication PIN has no tries left.
	ErrPINBlocked = errors.New("authentication PIN is blocked")
	// ErrPINFormat means that a PIN is not 4 to 8 digits; the card was not asked and no try was used.
	ErrPINFormat = errors.New("authentication PIN is not 4 to 8 digits")
	// ErrPINRequired means that the card does not sign because the PIN was not verified, or no longer is.
	ErrPINRequired = errors.New("authentication PIN not verified")
)

// Files is what was read from one card. Fields not read are nil.
type Files struct {
	Generation  string   // Generation1 or Generation2024
	Identity    []byte   // first: EF02[0:1282]; 2024: the whole EF 010D
	MRZ         []byte   // first: EF02[1282:1372]; not covered by the SOD
	CardKey     []byte   // first: EF02[1372:1503], modulus and exponent of the card's own key
	SOD         []byte   // exact, with its tag 77
	Certificate []byte   // authentication certificate, DER, exact
	Issuers     [][]byte // CA certificates found on the card; not trusted because of that
	Photo       []byte   // first: EF02[1503:] without trailing zeros; 2024: the whole EF 0102
}

// Wipe overwrites everything personal and forgets it.
func (f *Files) Wipe() {
	for _, b := range [][]byte{f.Identity, f.MRZ, f.CardKey, f.SOD, f.Certificate, f.Photo} {
		clear(b)
	}
	*f = Files{Generation: f.Generation}
}
