package examine

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"balcao/cardreader/mrz"
	"balcao/kiosk"
	"balcao/kiosk/trust"
	"balcao/kiosk/trust/country"
	"balcao/kiosk/trust/folder"
	"balcao/kiosk/trust/icao"
)

// checkAccess: the chip opened with what is printed on the document. One that would have opened to anybody has not
// shown that the document was in hand, which costs it the highest level.
func (e *TravelExamination) checkAccess() kiosk.Check {
	access := e.files.Access
	source := access.Mechanism + " " + access.Cipher
	if e.v.atCentre() {
		source = SourceDesk
	}
	switch {
	case access.Downgraded:
		return failed(kiosk.ReasonAccessDowngraded, source)
	case access.Unenforced:
		return absent(kiosk.ReasonUnenforced, source)
	}
	return passed(source)
}

// checkSODSignature verifies the SOD's own signature.
func (e *TravelExamination) checkSODSignature() kiosk.Check {
	object, err := country.ReadSOD(e.files.SOD)
	if err != nil {
		return failed(sodReason(err), SourceSOD)
	}
	e.object = object
	return passed(SourceSOD)
}

// checkSODSigner checks who signed: a document signer of the State that the document says it is of, for documents of
// this kind. What DG1 says counts only when it is what was signed; otherwise the next check refuses it.
func (e *TravelExamination) checkSODSigner() kiosk.Check {
	dg1 := e.files.Groups[groupMRZ]
	if len(dg1) == 0 && !e.files.Dumped {
		if _, looked := e.files.Groups[groupMRZ]; looked {
			return failed(kiosk.ReasonMalformed, SourceChip)
		}
		return kiosk.Check{}
	}
	chain, err := e.signerChain()
	if err != nil {
		return failed(kiosk.ReasonSODUntrusted, SourceSOD)
	}
	signed := len(dg1) > 0 && len(e.object.Match(map[int][]byte{groupMRZ: dg1})) == 0
	if signed && e.mrz != nil && (!sameState(e.mrz.Issuer, e.object.Signer.Country) || !e.object.Covers(e.mrz.Code)) {
		return failed(kiosk.ReasonSODUntrusted, SourceSOD)
	}
	e.chain = chain
	return passed(chain[len(chain)-1].Title)
}

// signerChain is the chain of the signer. Its certificate should be valid as long as the documents that it signed
// (Doc 9303-12 §7.1.2), but some States' are not, and a law may keep documents alive beyond both. A certificate
// that has expired counts as of the time when it signed, or of its last day where the object does not say when.
// That asks no more of who would steal an old key than its theft: both times are theirs to write.
func (e *TravelExamination) signerChain() ([]*icao.Certificate, error) {
	chain, err := e.v.Countries.TrustSigner(e.object, e.now)
	if trust.FaultOf(err) != trust.FaultExpired || !e.now.After(e.object.Signer.NotAfter) {
		return chain, err
	}
	signed := e.object.SigningTime
	if signed.IsZero() {
		signed = e.object.Signer.NotAfter
	}
	return e.v.Countries.TrustSigner(e.object, signed)
}

// askSignerStatus asks in the background whether the document signer's certificate was revoked.
func (e *TravelExamination) askSignerStatus() {
	signer, issuer := e.chain[0], e.chain[1]
	e.ask(kiosk.CheckSignerStatus, func(ctx context.Context) kiosk.Check { return e.v.signerStatus(ctx, signer, issuer, e.now) })
}

// signerStatus asks the lists at hand and, where they know nothing, whoever the certificate names. A State that
// gives no list to anybody cannot be asked, which costs the highest level; one that has a list and does not
// answer is no yes. A signer that is on hold is not to be believed now.
func (v *Examiner) signerStatus(ctx context.Context, signer, issuer *icao.Certificate, at time.Time) kiosk.Check {
	var answer trust.Answer
	var err error
	var bad *folder.BadFile
	if v.CountryRevocation != nil {
		answer, err = v.CountryRevocation.Check(ctx, signer, issuer)
	} else {
		answer, err = v.Countries.Status(signer, issuer, at)
	}
	switch {
	case err == nil && answer.Status == trust.Good:
		return passed(answer.Source)
	case err == nil && (answer.Status == trust.Revoked || answer.Status == trust.Suspended):
		return failed(kiosk.ReasonSignerRevoked, answer.Source)
	case errors.As(err, &bad):
		return kiosk.Check{Result: kiosk.Unknown, Reason: kiosk.ReasonRevocationList, Source: path.Base(bad.File)}
	case errors.Is(err, country.ErrNobodyToAsk):
		return absent(kiosk.ReasonNobodyToAsk, "")
	}
	return kiosk.Check{Result: kiosk.Unknown, Reason: kiosk.ReasonRevocationUnknown}
}

// checkIdentityData compares every data group read but the photograph with its signed hash, once all are read
// that were signed of those that matter here. A group that was signed and is not on the chip is one that somebody
// took away, perhaps with a key that the chip does not have.
func (e *TravelExamination) checkIdentityData() kiosk.Check {
	for _, number := range evidenceGroups {
		if _, signed := e.object.Hashes[number]; !signed {
			continue
		}
		content, looked := e.files.Groups[number]
		if !looked && e.files.Dumped && number != groupMRZ {
			continue
		}
		if !looked {
			return kiosk.Check{}
		}
		if len(content) == 0 {
			return failed(kiosk.ReasonDataAltered, SourceSOD)
		}
	}
	groups := e.files.read()
	delete(groups, groupFace)
	if c := e.compare(groups); c.Result != kiosk.Passed {
		return c
	}
	if e.identity == nil {
		return failed(kiosk.ReasonMalformed, SourceChip)
	}
	e.proof = ProofOf(groups)
	return passed(SourceSOD)
}

// checkPhotoData compares the photograph with its signed hash, and whatever was read since the rest was compared. A
// document may have no photograph only if none was signed.
func (e *TravelExamination) checkPhotoData() kiosk.Check {
	groups := e.files.read()
	for number := range e.compared {
		delete(groups, number)
	}
	if _, signed := e.object.Hashes[groupFace]; signed && groups[groupFace] == nil {
		return failed(kiosk.ReasonDataAltered, SourceSOD)
	}
	if c := e.compare(groups); c.Result != kiosk.Passed {
		return c
	}
	if groups[groupFace] == nil {
		return absent(kiosk.ReasonPhotoUnshown, SourceSOD)
	}
	return passed(SourceSOD)
}

// compare compares groups with their signed hashes and notes that it has.
func (e *TravelExamination) compare(groups map[int][]byte) kiosk.Check {
	if len(e.object.Match(groups)) > 0 {
		return failed(kiosk.ReasonDataAltered, SourceSOD)
	}
	for number := range groups {
		e.compared[number] = true
	}
	return passed(SourceSOD)
}

// checkAuthenticity decides about the chip's own proof. Whether it has something to prove itself with is for what was signed
// to say: a copy would gladly have nothing.
func (e *TravelExamination) checkAuthenticity() kiosk.Check {
	mapped := e.files.Access.Mechanism == chipMapping
	able := e.proof != ProofNone || mapped && !e.v.atCentre()
	switch o := e.authenticity; {
	case !able:
		return absent(kiosk.ReasonNoChipAuthenticity, SourceChip)
	case o == nil:
		return kiosk.Check{}
	case !o.Proven:
		return failed(kiosk.ReasonKeyMismatch, SourceChip)
	case o.Source == chipMapping:
		switch err := e.confirmMapping(); {
		case errors.Is(err, icao.ErrMalformed): // which proves nothing, but is no copy's mark either
			return failed(kiosk.ReasonMalformed, SourceChip)
		case err != nil:
			return failed(kiosk.ReasonKeyMismatch, SourceChip)
		}
		return passed(o.Source)
	default:
		return passed(o.Source)
	}
}

// confirmMapping verifies that a State signed the key which PACE with chip authentication mapping has shown the chip to
// hold: EF.CardSecurity, by a document signer of the same State as the SOD's.
func (e *TravelExamination) confirmMapping() error {
	content, signer, err := country.VerifyCardSecurity(e.files.Access.CardSecurity)
	if err != nil {
		return err
	}
	if signer.Country != e.object.Signer.Country {
		return errors.New("signer of EF.CardSecurity is another State's")
	}
	_, err = e.v.Countries.TrustCertificate(signer, e.now)
	if trust.FaultOf(err) == trust.FaultExpired && e.now.After(signer.NotAfter) {
		_, err = e.v.Countries.TrustCertificate(signer, signer.NotAfter)
	}
	if err != nil {
		return fmt.Errorf("signer of EF.CardSecurity: %w", err)
	}
	return e.files.Access.Confirm(content)
}

// checkKey: the chip proves its key once more, to the centre, when the person has agreed. What PACE alone has shown
// can be seen by the desk only.
func (e *TravelExamination) checkKey() kiosk.Check {
	switch {
	case e.proof != ProofNone:
		return kiosk.Check{}
	case e.has(kiosk.CheckChipAuthenticity):
		return absent(kiosk.ReasonNoChipAuthenticity, SourceChip)
	}
	return absent("", SourceChip) // and the check of authenticity says why
}

// checkPrinted compares the chip's MRZ with the one that was typed from the document, all of it: the key that
// opens a chip covers number and dates only, and the printed page is what is easiest to forge. Nothing was typed
// where the access number opened the chip.
func (e *TravelExamination) checkPrinted() kiosk.Check {
	if e.files.Typed == "" {
		return absent("", SourceMRZ)
	}
	typed, err := mrz.Parse(e.files.Typed, e.now)
	if err != nil || e.mrz == nil || plainMRZ(typed) != plainMRZ(*e.mrz) {
		return failed(kiosk.ReasonPrintedMismatch, SourceChip)
	}
	return passed(SourceChip)
}

// plainMRZ is an MRZ without the freedoms of spelling that say nothing.
func plainMRZ(z mrz.MRZ) mrz.MRZ {
	z.BirthField, z.ExpiryField = z.BirthPrinted(), z.ExpiryPrinted()
	z.NameField, z.FillerCheck, z.Truncated = "", false, false
	z.Number = strings.ReplaceAll(z.Number, "<", "")
	return z
}

// checkAccepted asks whether documents of this kind and issuer may enrol.
func checkAccepted(id kiosk.Identity) kiosk.Check {
	if !kiosk.Accepts(id.Kind, id.Country) {
		return failed(kiosk.ReasonNotAccepted, SourceRules)
	}
	return passed(SourceRules)
}
