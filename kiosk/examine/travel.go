package examine

import (
	"context"

	"balcao/cardreader/mrz"
	"balcao/cardreader/travel/lds"
	"balcao/kiosk"
	"balcao/kiosk/trust/country"
	"balcao/kiosk/trust/icao"
)

// TravelOrder lists the checks of a travel document's chip in the order of a verdict, which is the clerk's.
var TravelOrder = kiosk.ExpectedChecks(kiosk.Passport)

// travelNeeds are the checks without which a travel document is not known to be genuine.
var travelNeeds = []kiosk.CheckName{
	kiosk.CheckSODSignature, kiosk.CheckSODSigner, kiosk.CheckIdentityData, kiosk.CheckAccepted, kiosk.CheckDocumentDate,
}

// TravelExamination is one travel document being verified while its chip is read (passive authentication, Doc
// 9303-11 §5.1, and what a desk asks beyond it). As in an Examination, each check runs once, as soon as what it
// needs is there and what it rests on has passed, and a document with one fault is refused for that one reason.
//
// The order of reading is free; the checks wait for DG1, for the SOD, and for those of DG11, DG14 and DG15 that the SOD
// lists. Its methods may be called from several goroutines. After the last call, Wait.
type TravelExamination struct {
	answers
	files TravelFiles

	mrz          *mrz.MRZ
	identity     *kiosk.Identity
	object       *country.SecurityObject
	chain        []*icao.Certificate
	authenticity *ChipAuthenticity
	proof        ProofKind // of the files as they were signed
	compared     map[int]bool
	extension    string
}

// ChipAuthenticity is what became of the chip's own proof at the desk: active authentication, chip authentication or PACE
// with chip authentication mapping.
type ChipAuthenticity struct {
	Source string // "AA", "CA ECDH-AES-128", "PACE-CAM": for the screens
	Proven bool   // the chip holds the key
}

// ExamineTravel begins the examination of a travel document whose chip was recognised. Report is called with each
// answer when it is in, from one goroutine at a time; it must not call the examination. It may be nil. The context
// ends the request for the revocation status.
func (v *Examiner) ExamineTravel(ctx context.Context, report func(kiosk.Check)) *TravelExamination {
	return &TravelExamination{answers: v.newAnswers(ctx, report), compared: make(map[int]bool)}
}

// Update gives the examination what was read so far, and runs the checks that have become possible. The
// photograph comes as DG2, the whole file, or empty when the chip has none. The slices are kept; wipe them after the
// last call only.
func (e *TravelExamination) Update(files TravelFiles) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.files = files
	e.once(kiosk.CheckRecognised, func() kiosk.Check { return passed(SourceChip) })
	switch {
	case files.Dumped:
		for _, name := range []kiosk.CheckName{kiosk.CheckAccess, kiosk.CheckChipAuthenticity, kiosk.CheckKey} {
			e.once(name, func() kiosk.Check { return absent(kiosk.ReasonNoChip, SourceChip) })
		}
	case files.Access.Mechanism != "":
		e.once(kiosk.CheckAccess, e.checkAccess)
	}
	if e.mrz == nil && len(files.Groups[groupMRZ]) > 0 {
		if z, err := lds.ParseDG1(files.Groups[groupMRZ], e.now); err == nil {
			e.mrz = &z
		}
	}
	if id, err := TravelIdentity(files, e.now); err == nil && !e.has(kiosk.CheckIdentityData) {
		e.identity = &id
	}
	if len(files.SOD) > 0 {
		e.once(kiosk.CheckSODSignature, e.checkSODSignature)
	}
	e.advance()
}

// ChipAuthenticity says what became of the chip's own proof. Without a call, a chip that has nothing to prove itself with is
// found out; one that has stays unanswered. For PACE with chip authentication mapping the certificate
// of the chip's key is verified here.
func (e *TravelExamination) ChipAuthenticity(o ChipAuthenticity) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.authenticity == nil {
		e.authenticity = &o
	}
	e.advance()
}

// Convinced says that nobody else has to be: whoever examines chose the challenge, so that the chip's proof of its
// authenticity is its proof of the key. At a desk the centre has to see it too.
func (e *TravelExamination) Convinced() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.has(kiosk.CheckChipAuthenticity) && ProofOf(e.files.Groups) != ProofNone {
		e.once(kiosk.CheckKey, func() kiosk.Check { return passed(e.checks[kiosk.CheckChipAuthenticity].Source) })
	}
}

// Proven says that the chip proved its key over a transcript or to the centre's challenge, which the caller has verified. A
// chip without a key has nothing to prove.
func (e *TravelExamination) Proven() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.proof == ProofNone {
		return
	}
	for _, name := range []kiosk.CheckName{kiosk.CheckChipAuthenticity, kiosk.CheckKey} {
		e.once(name, func() kiosk.Check { return passed(SourceChip) })
	}
}

// Hidden reports whether the SOD, once its signature was verified, lists files of evidence that the examination was not
// given. A desk could leave out a key that the chip cannot prove.
func (e *TravelExamination) Hidden() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, number := range evidenceGroups {
		if _, signed := e.object.Hashes[number]; signed && len(e.files.Groups[number]) == 0 {
			return true
		}
	}
	return false
}

// Wait waits for the request for the revocation status, if it was asked, and returns the verdict.
func (e *TravelExamination) Wait() Verdict {
	e.asking.Wait()
	return e.Verdict()
}

// Verdict returns what is known now.
func (e *TravelExamination) Verdict() Verdict {
	e.mu.Lock()
	defer e.mu.Unlock()
	verdict := Verdict{Checks: e.list(TravelOrder), Extension: e.extension}
	if e.identity != nil {
		verdict.Identity = *e.identity
	}
	verdict.Reasons = reasonsOf(verdict.Checks)
	verdict.Assurance = e.assess(verdict.Checks)
	return verdict
}

// assess is assess, and takes into account that a signature with SHA-1 was verified but is not worth the
// highest level.
func (e *TravelExamination) assess(checks []kiosk.Check) kiosk.Assurance {
	a := assess(checks, travelNeeds)
	if e.object != nil && e.object.Weak {
		if a.Level == kiosk.LevelHigh {
			a.Level = kiosk.LevelSubstantial
		}
		a.Missing = append([]kiosk.CheckName{kiosk.CheckSODSignature}, a.Missing...)
	}
	return a
}

// advance runs the checks that rest on others.
func (e *TravelExamination) advance() {
	if e.has(kiosk.CheckSODSignature) {
		e.once(kiosk.CheckSODSigner, e.checkSODSigner)
	}
	if !e.has(kiosk.CheckSODSigner) {
		return
	}
	e.askSignerStatus()
	e.once(kiosk.CheckIdentityData, e.checkIdentityData)
	if _, read := e.files.Groups[groupFace]; read {
		e.once(kiosk.CheckPhotoData, e.checkPhotoData)
	}
	if !e.has(kiosk.CheckIdentityData) {
		return
	}
	e.once(kiosk.CheckChipAuthenticity, e.checkAuthenticity)
	e.once(kiosk.CheckPrinted, e.checkPrinted)
	e.once(kiosk.CheckAccepted, func() kiosk.Check { return checkAccepted(*e.identity) })
	e.once(kiosk.CheckDocumentDate, func() (c kiosk.Check) {
		c, e.extension = e.checkDates(*e.identity)
		return c
	})
	e.once(kiosk.CheckAge, func() kiosk.Check { return e.checkAge(*e.identity) })
	if e.settled(kiosk.CheckChipAuthenticity) {
		e.once(kiosk.CheckKey, e.checkKey)
	}
}

// Lists reports whether the SOD, once its signature was verified, has a hash of a data group: so nobody asks the chip
// for files that it does not have.
func (e *TravelExamination) Lists(group int) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.object != nil && len(e.object.Hashes[group]) > 0
}
