package evidence

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"balcao/cardreader/citizencard"
	"balcao/kiosk"
	"balcao/kiosk/canonical"
	"balcao/kiosk/examine"
	"balcao/kiosk/record"
	"balcao/kiosk/transcript"
	"balcao/kiosk/trust"
	"balcao/kiosk/trust/staff"
)

// Anchors are whom a file is verified against. Nobody is asked anything: what answers were given when it was signed, the
// file's verification says.
type Anchors struct {
	Trust    *examine.Examiner // its anchors of the State and of others; its Revocation and CountryRevocation are not used
	Desks    *x509.Certificate
	Staff    *staff.Trust
	Registry []ed25519.PublicKey // of registrars, that sign records; none: records are not verified
}

// Line is one check of a file. Passed holds, Failed does not; Absent says that there is nothing to check, or why nobody can.
type Line struct {
	Name   string
	Result kiosk.Result
	Note   string
}

// Good reports whether nothing of a file fails.
func Good(lines []Line) bool {
	return !slices.ContainsFunc(lines, func(l Line) bool { return l.Result != kiosk.Passed && l.Result != kiosk.Absent })
}

// fileCheck is a file being verified.
type fileCheck struct {
	verification
	file    *File
	anchors Anchors
	lines   []Line
}

// Check verifies a file as of the time of its signatures, line by line: all that Verify verifies, as far as a key's evidence
// is kept, and that sign-in, decision and record belong to it.
func (f *File) Check(ctx context.Context, a Anchors) []Line {
	c := &fileCheck{file: f, anchors: a}
	c.expect = f.expect(a)
	c.sent = transcript.Evidence{JWS: compact(f.JWS), SOD: f.SOD, Proof: f.Proof}
	roles := c.expect.roles()
	claimed, err := transcript.Parse(c.sent.JWS, roles...)
	if c.note("form", err, fmt.Sprintf("%d signatures, in their form", len(roles))); err != nil {
		return c.lines
	}
	c.Transcript = claimed.Transcript
	c.expect.Contacts, c.expect.Activation = f.proven(c.Contacts), c.Activation // where a code went is not kept
	examiner := *a.Trust
	examiner.Revocation, examiner.CountryRevocation = nil, nil
	c.examiner = examiner.AtCentre(kiosk.UsualRules(), c.SignedAt)
	c.day = kiosk.DateOf(c.SignedAt)

	believed := c.note("desk", checkDesk(claimed.Signatures[slices.Index(roles, transcript.DeskSignature)], c.SignedAt, c.expect), f.Desk)
	if c.expect.Shift.signs() {
		by := claimed.Signatures[len(roles)-1]
		believed = c.note("staff card", c.expect.checkCard(by, c.expect.Shift.Card, c.SignedAt), c.expect.Shift.Card.Number) && believed
	}
	if !f.Kind.Travel() {
		believed = c.citizen(ctx, claimed.Signatures[0]) && believed
	}
	if !believed {
		c.note("signatures", errors.New("not verified: who made them is not believed"), "")
		return c.lines
	}
	c.signed, err = claimed.Verify()
	if c.note("signatures", err, "all verify"); err != nil {
		return c.lines
	}
	c.note("enrolment", c.matchOpened(), f.Enrolment.String())
	c.note("errand", c.matchErrand(), c.expect.errandName())
	c.note("contacts", c.matchContacts(), fmt.Sprintf("%d", len(c.expect.Contacts)))
	c.shift()
	c.state(ctx)
	c.revocation()
	c.decision()
	c.record()
	return c.lines
}

// note writes a line down: failed with an error.
func (c *fileCheck) note(name string, err error, passed string) bool {
	l := Line{Name: name, Result: kiosk.Passed, Note: passed}
	if err != nil {
		l.Result, l.Note = kiosk.Failed, err.Error()
	}
	c.lines = append(c.lines, l)
	return err == nil
}

func (c *fileCheck) absent(name, why string) {
	c.lines = append(c.lines, Line{Name: name, Result: kiosk.Absent, Note: why})
}

// citizen verifies who the Citizen Card that signed belongs to: its certificate under the State's anchors, and the person's.
func (c *fileCheck) citizen(ctx context.Context, by transcript.Signature) bool {
	ex := c.examiner.Examine(ctx, nil)
	ex.Update(citizencard.Files{Certificate: by.Chain[0], Issuers: by.Chain[1:]})
	var err error
	for _, check := range ex.Verdict().Checks {
		chain := check.Name == kiosk.CheckCertificate || check.Name == kiosk.CheckCertDates || check.Name == kiosk.CheckCertPurpose
		if chain && check.Result != kiosk.Passed && err == nil {
			err = fmt.Errorf("%s: %s", check.Name, check.Reason)
		}
	}
	if err == nil {
		err = examine.SamePerson(by.Leaf, kiosk.Identity{
			CivilNumber: c.Document.CivilNumber, Surname: c.Person.Surname, GivenNames: c.Person.GivenNames, BirthDate: c.Person.BirthDate,
		})
	}
	return c.note("citizen's card", err, "the person's, under the State's anchors")
}

// shift compares the shift with what was signed, and verifies how it began.
func (c *fileCheck) shift() {
	s, err := c.file.Shift, c.matchShift()
	if err == nil && s == nil {
		c.absent("shift", "opened before staff signed in")
		return
	}
	if err != nil {
		c.note("shift", err, "")
		return
	}
	how := ", begun with their card"
	claimed, err := transcript.ParseSignIn(compact(s.SignIn))
	if err == nil && !slices.Equal(claimed.Said.Challenge, s.Challenge) {
		err = errors.New("begun with an answer to another challenge")
	}
	if s.AdmittedBy != "" {
		how = "; instead of their card's signature: admitted by " + s.AdmittedBy + ", whose card signed that"
	} else if err == nil {
		err = c.signIn(claimed)
	}
	c.note("shift", err, "of "+s.Staff+how)
}

// signIn verifies that the clerk's own card began the shift. An admission is verified with the transcript.
func (c *fileCheck) signIn(claimed *transcript.UnverifiedStatement[transcript.SignIn]) error {
	s, a := c.expect.Shift, claimed.Said
	if a.Shift != s.ID || a.Desk != c.expect.Desk || a.Admits != "" || !near(a.At, s.SignedAt) {
		return errors.New("the sign-in is another shift's")
	}
	if err := c.expect.checkCard(claimed.Signature, s.Card, a.At); err != nil {
		return err
	}
	return claimed.Verify()
}

// state verifies what the State signed, as far as it is kept, and that the chip proved itself.
func (c *fileCheck) state(ctx context.Context) {
	f := c.file
	groups, err := examine.ParseFiles(f.Kept)
	if f.Kind.Travel() && err == nil {
		err = c.holder(groups)
		c.note("holder", err, "the person of the document's machine-readable zone")
	} else if f.Kind.Travel() {
		c.note("holder", err, "")
	}
	if f.Typed {
		if len(f.SOD) > 0 || len(c.Document.SOD) > 0 {
			c.note("document", errors.New("a State's signature of a document without a chip"), "")
			return
		}
		c.absent("document", "typed: no State signed it, a supervisor or policy let it count")
		return
	}
	if !hashes(c.Document.SOD, f.SOD) {
		c.note("document", errors.New("another security object than the one agreed to"), "")
		return
	}
	if !f.Kind.Travel() {
		c.citizenObject()
		return
	}
	access, err := examine.ParseAccess(c.Document.Access)
	if err == nil {
		ex := c.examiner.ExamineTravel(ctx, nil)
		ex.Update(examine.TravelFiles{SOD: f.SOD, Groups: groups, Access: access, Dumped: true})
		for _, check := range ex.Wait().Checks {
			signed := check.Name == kiosk.CheckSODSignature || check.Name == kiosk.CheckSODSigner || check.Name == kiosk.CheckIdentityData
			if (signed && check.Result != kiosk.Passed || check.Result == kiosk.Failed && check.Name == kiosk.CheckSignerStatus) && err == nil {
				err = fmt.Errorf("%s: %s", check.Name, check.Reason)
			}
		}
	}
	if !c.note("document", err, "signed by its State") {
		return
	}
	c.expect.ChipDG14 = groups[groupChip]
	if examine.ProofOf(groups) == examine.ProofNone && len(f.Proof) == 0 {
		c.absent("chip", "has no key to prove that it is no copy")
		return
	}
	c.note("chip", c.checkProof(groups), "proved its own key for this enrolment")
}

// holder compares the transcript with the machine-readable zone. Names are not compared: a zone cuts them off, and DG11, which
// has them, is not kept.
func (c *fileCheck) holder(groups map[int][]byte) error {
	id, err := examine.TravelIdentity(examine.TravelFiles{Groups: groups}, c.SignedAt)
	d := c.Document
	if err == nil && (id.DocumentNumber != d.Number || id.Country != d.Country || id.Nationality != c.Person.Nationality ||
		id.ValidUntil != d.ValidUntil || id.BirthDate.Year%100 != c.Person.BirthDate.Year%100 || d.Kind != c.file.Kind) {
		err = errors.New("another person or document than the one agreed to")
	}
	return err
}

// citizenObject verifies the security object of a Citizen Card. A document signer that had expired counts as of its last day,
// as the day of issue, which was compared when the card was read, is not kept.
func (c *fileCheck) citizenObject() {
	object, err := trust.ReadSOD(c.file.SOD)
	if err == nil {
		store := c.anchors.Trust.Trust
		if err = store.TrustSigner(object, c.SignedAt); trust.FaultOf(err) == trust.FaultExpired && c.SignedAt.After(object.Signer.NotAfter) {
			err = store.TrustSigner(object, object.Signer.NotAfter)
		}
	}
	if !c.note("document", err, "its security object is signed by the State") {
		return
	}
	signed := func(h []byte) bool { return slices.Equal(h, c.Document.Identity) }
	var all [][]byte
	for _, h := range object.Hashes {
		all = append(all, h)
	}
	switch {
	case slices.ContainsFunc(all, signed):
		c.note("identity", nil, "the State signed the hash that was agreed to")
	case c.Document.Generation == kiosk.Generation2024 && !slices.ContainsFunc(all, func(h []byte) bool { return len(h) != sha256.Size }):
		c.note("identity", errors.New("the State signed another"), "")
	default:
		c.absent("identity", "hashed in another way by the State; compared when it was enrolled, and not kept")
	}
}

// revocation says who answered at the time, which the registrar wrote down.
func (c *fileCheck) revocation() {
	var found struct {
		Checks []struct {
			Name   kiosk.CheckName `json:"name"`
			Result kiosk.Result    `json:"result"`
			Reason kiosk.Reason    `json:"reason"`
			Source string          `json:"source"`
			At     time.Time       `json:"at"`
		} `json:"checks"`
	}
	if err := json.Unmarshal(c.file.Verification, &found); err != nil {
		c.note("revocation", errors.New("what the registrar found cannot be read"), "")
		return
	}
	for _, f := range found.Checks {
		if f.Name == kiosk.CheckRevocation || f.Name == kiosk.CheckSignerStatus {
			c.absent("revocation", fmt.Sprintf("asked at the time, and not again: %s %s %s at %s", f.Result, f.Reason, f.Source, f.At.Format(time.RFC3339)))
			return
		}
	}
	c.absent("revocation", "nobody was asked")
}

// decision verifies a supervisor's, where one was needed.
func (c *fileCheck) decision() {
	switch d := c.file.Decision; {
	case d != nil:
		said, _, err := c.decided()
		if err == nil && said != kiosk.DecisionApproved {
			err = errors.New("a supervisor refused it")
		}
		c.note("decision", err, fmt.Sprintf("approved by %s, asked for %q", d.Staff, d.Reasons))
	case c.file.Marked:
		c.note("decision", errors.New("marked by the clerk, and nobody decided"), "")
	default:
		c.absent("decision", "nobody had to decide")
	}
}

// record verifies what sign-in trusts of the key: that it is of this enrolment, person and contacts.
func (c *fileCheck) record() {
	if len(c.anchors.Registry) == 0 {
		c.absent("record", "not verified: no key of a registrar was given")
		return
	}
	if len(c.file.Records) == 0 {
		c.note("record", errors.New("no registrar signed the key"), "")
		return
	}
	var err error
	var r record.Record
	found := !c.expect.errand().Records
	for n, jws := range c.file.Records {
		r, err = record.Verify([]byte(jws), c.anchors.Registry...)
		if err == nil && (r.Version != n+1 || r.Register != c.file.Key.Register) {
			err = errors.New("versions are missing, or are another key's")
		}
		if err == nil && r.Enrolment == c.file.Enrolment && r.Reason != "settings_changed" {
			err, found = c.matchRecord(r), true
		}
		if err != nil {
			break
		}
	}
	if err == nil && !found {
		err = errors.New("none is of this visit")
	}
	// What only takes from a key needs no record.
	k := c.file.Key
	less := slices.Contains([]string{"locked", "blocked", "suspended", "cancelled", "expired"}, k.State)
	if err == nil && (r.Version != k.Version || r.State != k.State && !less || r.Level != k.Level || r.ValidUntil != k.ValidUntil) {
		err = errors.New("the tables say something else of the key")
	}
	c.note("record", err, fmt.Sprintf("key %d, version %d, signed by a registrar", k.Register, k.Version))
}

func (c *fileCheck) matchRecord(r record.Record) error {
	jws := sha256.Sum256(c.sent.JWS)
	recorded := contactsOf(r)
	same := !slices.ContainsFunc(c.expect.Contacts, func(p kiosk.ProvenContact) bool {
		k := recorded[p.Proof]
		return k.Channel != p.Channel || k.Value != p.Value || !sameTime(k.At, p.At)
	})
	p, d := r.Person, c.Document
	whole := !c.expect.errand().Renews || p.DocumentNumber == d.Number &&
		p.Surname == c.Person.Surname && p.GivenNames == c.Person.GivenNames && p.BirthDate == c.Person.BirthDate.String()
	if r.Enrolment != c.file.Enrolment || !slices.Equal(r.Evidence, canonical.Bytes(jws[:])) || !same || !whole || p.Country != d.Country ||
		p.CivilNumber != "" && !examine.SameCivilNumber(p.CivilNumber, d.CivilNumber) || p.CivilNumber == "" && p.DocumentNumber != d.Number {
		return errors.New("of another enrolment, person or contact")
	}
	return nil
}
