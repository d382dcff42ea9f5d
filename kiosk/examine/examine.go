// Package examine decides what a document proves. Desk and centre use the same code: a document good at the desk is good
// at the centre.
//
// At the desk an Examination turns the files of a card, as they arrive, into checks with results:
//
//	ex := examiner.Examine(ctx, report)
//	ex.Update(files)             // again and again, with more of the card read each time
//	ex.Photo(files.Photo)        // when the photograph is read, or is known to be absent
//	ex.PIN(triesLeft)
//	verdict := ex.Wait()         // revocation has answered, or could not
//
// A TravelExamination does the same for the chip of a passport, residence permit or residence card, and
// ExamineTyped for one without a chip, whose MRZ was typed. A chip proves itself over the transcript or to the centre
// (ProofOf, ProofAA, ProofCA). Examiner.AtCentre repeats all of it as of the time of signing.
//
// The package reads no card and opens no connection but those of Revocation and CountryRevocation. Photographs are
// hashed at the desk and never leave it, so the centre's verdict has no check of them.
package examine

import (
	"context"
	"crypto/x509"
	"time"

	"balcao/cardreader/citizencard"
	"balcao/kiosk"
	"balcao/kiosk/trust"
	"balcao/kiosk/trust/country"
	"balcao/kiosk/trust/icao"
)

// Sources of answers that are not hosts or CAs.
const (
	SourceChip  = "chip"
	SourceSOD   = "SOD"
	SourceClock = "clock"
	SourceMRZ   = "MRZ"  // printed, and typed by the clerk
	SourceDesk  = "desk" // at the centre: nobody but the desk could see it
	SourceRules = "rules"
)

// Order lists the checks of a Citizen Card in the order of a verdict, which is the clerk's.
var Order = kiosk.ExpectedChecks(kiosk.CitizenCard)

// Revocation answers whether a certificate was revoked; *trust.Revocation does. An error means that
// nobody knows, which is never a yes.
type Revocation interface {
	Check(ctx context.Context, cert, issuer *x509.Certificate) (trust.Answer, error)
}

// CountryRevocation answers whether a document signer's certificate was revoked; *country.Revocation does. An
// error means that nobody knows, which is never a yes.
type CountryRevocation interface {
	Check(ctx context.Context, cert, issuer *icao.Certificate) (trust.Answer, error)
}

// Examiner holds what verdicts depend on besides the document. It is safe for concurrent use while its
// fields stay as they are; a copy may have others.
type Examiner struct {
	Trust             *trust.Store         // nil trusts nobody: every Citizen Card is refused
	Revocation        Revocation           // nil answers nothing: revocation stays unknown
	Countries         *country.Authorities // nil trusts no State: every travel document with a chip is refused
	CountryRevocation CountryRevocation    // nil asks nobody but the lists that came with Countries
	Rules             kiosk.Rules          // of the centre; the usual ones when there are none
	Now               func() time.Time     // time.Now when nil; its location is the one whose calendar counts
	VerifyOnly        bool                 // nobody enrols: who is too young for it, for example, has a genuine document all the same

	signed time.Time // at the centre: when the transcript was signed, as of which a document is judged; zero at a desk
}

// AtCentre returns an examiner that repeats a desk's examination, under the rules that the enrolment was opened under and
// as of the time when its transcript was signed. Its verdicts leave out what nobody but the desk can check: the printed
// page, the PIN's tries, and the photograph unless PhotoUnshown is called. The chip's own proof, or the card's, is verified
// by the caller, who calls Proven.
func (v *Examiner) AtCentre(rules kiosk.Rules, signed time.Time) *Examiner {
	at := *v
	at.Rules = rules
	at.Rules, at.signed = at.rules(), signed.In(v.Time().Location())
	return &at
}

func (v *Examiner) atCentre() bool { return !v.signed.IsZero() }

// at is when certificates and dates are judged.
func (v *Examiner) at() time.Time {
	if v.atCentre() {
		return v.signed
	}
	return v.Time()
}

// Time is the time by the examiner's clock.
func (v *Examiner) Time() time.Time {
	if v.Now != nil {
		return v.Now()
	}
	return time.Now()
}

func (v *Examiner) rules() kiosk.Rules {
	if !v.Rules.Known() {
		return kiosk.UsualRules()
	}
	return v.Rules
}

// NeedsIssuers reports whether the certificate does not chain to an anchor with the issuers of the trust
// store alone. Then it is worth the time to read the CA certificates that are on the card.
func (v *Examiner) NeedsIssuers(certificate []byte) bool {
	leaf, err := x509.ParseCertificate(certificate)
	if err != nil {
		return false
	}
	_, err = v.Trust.Chain(leaf, nil, v.Time())
	return trust.FaultOf(err) == trust.FaultUntrusted
}

// Verdict is what a document proves so far.
type Verdict struct {
	Identity  kiosk.Identity // as the document states it; believe it only without Reasons
	Checks    []kiosk.Check  // all that the document must answer, in the clerk's order, pending ones included
	Reasons   []kiosk.Reason // why the document is refused; empty when nothing speaks against it
	Assurance kiosk.Assurance
	Extension string // name of the law by which the document counts though it has expired; else empty
}

// Document is a whole document, for callers that read everything first.
type Document struct {
	Files    citizencard.Files
	PINTries int // of the authentication PIN
}

// Check examines a document that was read as a whole and waits for all answers. Each is reported when
// it is in. Key possession stays pending: see Examination for that.
func (v *Examiner) Check(ctx context.Context, doc Document, report func(kiosk.Check)) Verdict {
	ex := v.Examine(ctx, report)
	ex.Update(doc.Files)
	ex.Photo(doc.Files.Photo)
	ex.PIN(doc.PINTries)
	return ex.Wait()
}
