package examine

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"time"

	"balcao/cardreader/citizencard"
	"balcao/kiosk"
	"balcao/kiosk/transcript"
	"balcao/kiosk/trust"
	"balcao/kiosk/trust/sod"
)

// Examination is one Citizen Card being verified while it is read. Each check runs once, as soon as what it
// needs is there and what it rests on has passed: names in an identity file that nobody signed prove
// nothing, so they are not compared. A check whose ground gave way stays pending, and a document with one
// fault is refused for that one reason.
//
// Its methods may be called from several goroutines. After the last call, Wait.
type Examination struct {
	answers
	files citizencard.Files

	identity  *kiosk.Identity
	sod       *trust.SecurityObject
	leaf      *x509.Certificate
	chain     []*x509.Certificate
	photo     []byte
	photoRead bool
	extension string
}

// citizenNeeds are the checks without which a Citizen Card is not known to be genuine.
var citizenNeeds = []kiosk.CheckName{
	kiosk.CheckSODSignature, kiosk.CheckSODSigner, kiosk.CheckIdentityData, kiosk.CheckDocumentDate,
	kiosk.CheckCertificate, kiosk.CheckSamePerson,
}

// Examine begins the examination of a Citizen Card. Report is called with each answer when it is in, from
// one goroutine at a time; it must not call the Examination. It may be nil. The context ends the request
// for the revocation status.
func (v *Examiner) Examine(ctx context.Context, report func(kiosk.Check)) *Examination {
	return &Examination{answers: v.newAnswers(ctx, report)}
}

// Update gives the examination what was read so far, and runs the checks that have become possible.
// The photograph is given by Photo. If NeedsIssuers says so, Issuers come with the Certificate: its
// chain is judged once. The slices are kept; wipe them after the last call only.
func (e *Examination) Update(files citizencard.Files) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.files = files
	if files.Generation != "" {
		e.once(kiosk.CheckRecognised, func() kiosk.Check { return passed(SourceChip) })
	}
	if len(files.Identity) > 0 && e.identity == nil {
		if id, err := IdentityOf(files); err == nil {
			e.identity = &id
		}
	}
	if len(files.SOD) > 0 {
		e.once(kiosk.CheckSODSignature, e.checkSODSignature)
	}
	if len(files.Certificate) > 0 {
		e.checkCertificate()
	}
	e.advance()
}

// Photo gives the examination the photograph as Files.Photo has it; empty when the document has none.
func (e *Examination) Photo(raw []byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.photo, e.photoRead = raw, true
	e.advance()
}

// PIN says how many tries the authentication PIN has left.
func (e *Examination) PIN(triesLeft int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.once(kiosk.CheckPINState, func() kiosk.Check {
		if triesLeft <= 0 {
			return failed(kiosk.ReasonPINBlocked, SourceChip)
		}
		return passed(SourceChip)
	})
}

// Key checks a signature that the card made over a SHA-256 digest of something unpredictable with the
// key of its certificate. Without a certificate that was found good, it does nothing.
func (e *Examination) Key(digest, signature []byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.has(kiosk.CheckCertificate) {
		return
	}
	e.once(kiosk.CheckKey, func() kiosk.Check {
		if transcript.VerifyDigest(e.leaf.PublicKey, digest, signature) != nil {
			return failed(kiosk.ReasonKeyMismatch, SourceChip)
		}
		return passed(SourceChip)
	})
}

// Proven says that the card signed a transcript with the key of the certificate under examination, which the caller has
// verified.
func (e *Examination) Proven() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.has(kiosk.CheckCertificate) {
		e.once(kiosk.CheckKey, func() kiosk.Check { return passed(SourceChip) })
	}
}

// Chain returns the verified chain as DER for Sign, the certificate first and without the anchor; nil
// while there is none.
func (e *Examination) Chain() [][]byte {
	e.mu.Lock()
	defer e.mu.Unlock()
	var chain [][]byte
	for _, c := range e.chain[:max(0, len(e.chain)-1)] {
		chain = append(chain, c.Raw)
	}
	return chain
}

// Wait waits for the request for the revocation status, if it was asked, and returns the verdict.
func (e *Examination) Wait() Verdict {
	e.asking.Wait()
	return e.Verdict()
}

// Verdict returns what is known now.
func (e *Examination) Verdict() Verdict {
	e.mu.Lock()
	defer e.mu.Unlock()
	verdict := Verdict{Checks: e.list(Order), Extension: e.extension}
	if e.identity != nil {
		verdict.Identity = *e.identity
	}
	verdict.Reasons = reasonsOf(verdict.Checks)
	verdict.Assurance = assess(verdict.Checks, citizenNeeds)
	return verdict
}

// advance runs the checks that rest on others.
func (e *Examination) advance() {
	if e.has(kiosk.CheckSODSignature) {
		e.once(kiosk.CheckSODSigner, e.checkSODSigner)
	}
	signed := e.has(kiosk.CheckSODSigner)
	if signed && e.has(kiosk.CheckCertDates) && e.has(kiosk.CheckCertPurpose) {
		e.askRevocation()
	}
	if signed && len(e.files.Identity) > 0 {
		e.once(kiosk.CheckIdentityData, e.checkIdentityData)
	}
	if signed && e.photoRead {
		e.once(kiosk.CheckPhotoData, e.checkPhotoData)
	}
	if !e.has(kiosk.CheckIdentityData) {
		return
	}
	e.once(kiosk.CheckDocumentDate, e.checkDocumentDate)
	e.once(kiosk.CheckAge, func() kiosk.Check { return e.checkAge(*e.identity) })
	if e.has(kiosk.CheckCertificate) && e.has(kiosk.CheckCertPurpose) {
		e.once(kiosk.CheckSamePerson, e.checkSamePerson)
	}
}

// checkSODSignature verifies the SOD's own signature.
func (e *Examination) checkSODSignature() kiosk.Check {
	object, err := trust.ReadSOD(e.files.SOD)
	if err != nil {
		return failed(sodReason(err), SourceSOD)
	}
	e.sod = object
	return passed(SourceSOD)
}

// sodReason says why a SOD is refused. Bytes that are no TLV at all are a malformed chip. A message that is damaged, or
// written in a way that is not known here, says nothing against the document: the signature alone can be wrong.
func sodReason(err error) kiosk.Reason {
	switch {
	case errors.Is(err, sod.ErrFraming):
		return kiosk.ReasonMalformed
	case errors.Is(err, sod.ErrSignature):
		return kiosk.ReasonSODInvalid
	}
	return kiosk.ReasonSODUnreadable
}

// checkSODSigner checks who signed. Document signers are valid for about five years and cards for up to
// ten, so one that has expired since counts as of the day the document was issued; that day is in the
// identity file, which the SOD's hashes will bind or refuse. A card that expired signers would take
// back is the best known complaint about other readers.
func (e *Examination) checkSODSigner() kiosk.Check {
	err := e.v.Trust.TrustSigner(e.sod, e.now)
	if trust.FaultOf(err) == trust.FaultExpired {
		if e.identity == nil {
			if len(e.files.Identity) == 0 {
				return kiosk.Check{}
			}
			return failed(kiosk.ReasonMalformed, SourceChip)
		}
		d := e.identity.ValidFrom
		err = e.v.Trust.TrustSigner(e.sod, time.Date(d.Year, d.Month, d.Day, 12, 0, 0, 0, time.UTC))
	}
	if err != nil {
		return failed(kiosk.ReasonSODUntrusted, SourceSOD)
	}
	return passed(e.sod.Chain[len(e.sod.Chain)-1].Subject.CommonName)
}

// checkIdentityData compares every data group read but the photograph with its signed hash. Only then
// does it matter whether the identity can be read.
func (e *Examination) checkIdentityData() kiosk.Check {
	groups := e.files.DataGroups()
	delete(groups, photoGroup(e.files.Generation))
	if _, ok := groups[identityGroup(e.files.Generation)]; !ok {
		return failed(kiosk.ReasonMalformed, SourceChip)
	}
	if len(e.sod.Match(groups)) > 0 {
		return failed(kiosk.ReasonDataAltered, SourceSOD)
	}
	if e.identity == nil {
		return failed(kiosk.ReasonMalformed, SourceChip)
	}
	return passed(SourceSOD)
}

// checkPhotoData compares the photograph with its signed hash, and whatever else was read with it: the
// first generation keeps the card's own key before it. A document may have no photograph only if none
// was signed, or the hash of nothing.
func (e *Examination) checkPhotoData() kiosk.Check {
	number := photoGroup(e.files.Generation)
	groups := e.files.DataGroups()
	delete(groups, identityGroup(e.files.Generation))
	delete(groups, number)
	if _, signed := e.sod.Hashes[number]; signed || len(e.photo) > 0 {
		groups[number] = e.photo
	}
	switch {
	case len(e.sod.Match(groups)) > 0:
		return failed(kiosk.ReasonDataAltered, SourceSOD)
	case len(e.photo) == 0:
		return kiosk.Check{Result: kiosk.Absent, Source: SourceSOD}
	}
	return passed(SourceSOD)
}

func (e *Examination) checkDocumentDate() (c kiosk.Check) {
	c, e.extension = e.checkDates(*e.identity)
	return c
}

func (e *Examination) checkSamePerson() kiosk.Check {
	if SamePerson(e.leaf, *e.identity) != nil {
		return failed(kiosk.ReasonPersonMismatch, SourceSOD)
	}
	return passed(SourceSOD)
}

// checkCertificate runs the checks of the certificate: chain, dates, purpose.
func (e *Examination) checkCertificate() {
	var chainErr error
	e.once(kiosk.CheckCertificate, func() kiosk.Check {
		var check kiosk.Check
		check, chainErr = e.checkChain()
		return check
	})
	if !e.has(kiosk.CheckCertificate) {
		return
	}
	e.once(kiosk.CheckCertDates, func() kiosk.Check {
		if chainErr != nil {
			return failed(kiosk.ReasonCertificateExpired, SourceClock)
		}
		return passed(SourceClock)
	})
	e.once(kiosk.CheckCertPurpose, func() kiosk.Check {
		if trust.AuthenticationProfile().Check(e.leaf) != nil {
			return failed(kiosk.ReasonCertificatePurpose, SourceChip)
		}
		return passed(SourceChip)
	})
}

// checkChain builds the chain. One that is good but for its dates passes here, and its error goes to
// the check of the dates.
func (e *Examination) checkChain() (kiosk.Check, error) {
	// The parsed certificate refers to its bytes, which the caller may wipe.
	leaf, err := x509.ParseCertificate(bytes.Clone(e.files.Certificate))
	if err != nil {
		return failed(kiosk.ReasonMalformed, SourceChip), nil
	}
	var issuers []*x509.Certificate
	for _, der := range e.files.Issuers {
		if c, err := x509.ParseCertificate(der); err == nil {
			issuers = append(issuers, c)
		}
	}
	e.leaf = leaf
	chain, err := e.v.Trust.Chain(leaf, issuers, e.now)
	switch {
	case err == nil:
		e.chain = chain
		return passed(chain[len(chain)-1].Subject.CommonName), nil
	case trust.FaultOf(err) == trust.FaultExpired:
		return passed(leaf.Issuer.CommonName), err
	}
	return failed(kiosk.ReasonChainUntrusted, SourceChip), nil
}
