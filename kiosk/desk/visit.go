package desk

import (
	"bytes"
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	"balcao/cardreader/citizencard"
	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/examine"
	"balcao/kiosk/transcript"
)

// visit is what the runner keeps of one case: the card's files, the centre's challenge, the sealed
// PIN, the evidence. Its context ends with the case, and with it all work for it; when the last of
// that work has returned, everything is wiped.
type visit struct {
	id         kiosk.CaseID
	verifyOnly bool            // nobody does anything at the centre
	anyAge     bool            // nobody enrols
	reference  string          // of the case, for the logs
	desk       context.Context // ends when the desk shuts
	ctx        context.Context // ends with the case
	end        context.CancelFunc
	work       sync.WaitGroup // the card's goroutine, and the requests to the centre
	jobs       *queue[cardJob]
	gone       chan struct{} // closed when the card's goroutine has given the card back

	// Written by the loop before the work that reads them begins.
	errand   string // for which an enrolment was asked for; "" before
	binding  bool   // the evidence is on its way, and is sent until the centre has answered
	farewell string // why the enrolment is abandoned, "" when it is not

	// Owned by the loop until the visit is forgotten.
	step      kiosk.Step // where the person is, since stepSince
	stepSince time.Time
	spent     map[kiosk.Step]time.Duration

	mu            sync.Mutex
	enrolmentID   uuid.UUID // of the enrolment; zero until asked for
	register      int64     // of the key that the enrolment is about
	before        uuid.UUID // an enrolment for another errand that is to be abandoned first
	searched      kiosk.Search
	searchedAs    uuid.UUID
	read          Reading
	challenge     []byte
	openedAt      time.Time
	sends         map[int]uuid.UUID // by kiosk.SendCode.Number
	attempts      map[kiosk.Channel]attempt
	evidence      transcript.Evidence // as far as it is known
	jws           []byte              // as the person and the desk signed it; the staff card signs behind them
	chipChallenge *chipChallenge      // the centre's to the chip
	trying        trying
}

// chipChallenge is the centre's challenge to a travel document's chip, which somebody at the centre has to make first.
type chipChallenge struct {
	ready chan struct{} // closed when the answer is known; nil while nobody asked
	send  []byte
	err   error
	told  chan struct{} // the centre says that there is news
}

func newChipChallenge() *chipChallenge { return &chipChallenge{told: make(chan struct{}, 1)} }

// enrolment is the centre's of this visit, zero until asked for.
func (v *visit) enrolment() uuid.UUID {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.enrolmentID
}

// turn begins another enrolment, for another errand. What was proven to the one before is worth nothing for it.
func (v *visit) turn(id uuid.UUID, errand string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.enrolmentID != uuid.Nil {
		v.before = v.enrolmentID
	}
	v.enrolmentID, v.errand, v.binding = id, errand, false
	v.chipChallenge, v.trying.id = newChipChallenge(), uuid.Nil
	v.evidence.SealedPIN, v.evidence.JWS, v.evidence.Proof, v.jws, v.challenge = nil, nil, nil, nil, nil
	for channel, a := range v.attempts {
		a.code.Wipe()
		delete(v.attempts, channel)
	}
}

// leaving returns the enrolment that is to be abandoned, and forgets it once it was.
func (v *visit) leaving(done bool) uuid.UUID {
	v.mu.Lock()
	defer v.mu.Unlock()
	id := v.before
	if done {
		v.before = uuid.Nil
	}
	return id
}

// searchID names a search; the same one asked for again keeps its name.
func (v *visit) searchID(c kiosk.Search) (uuid.UUID, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.searchedAs != uuid.Nil && v.searched == c {
		return v.searchedAs, nil
	}
	id, err := uuid.NewV7()
	if err == nil {
		v.searched, v.searchedAs = c, id
	}
	return id, err
}

// attempt is a typed code whose answer has not come. Typed again it is the same try, because the
// centre may have counted it already.
type attempt struct {
	id   uuid.UUID
	code kiosk.Secret
}

func (r *Runner) newVisit(ctx context.Context, id kiosk.CaseID, verifyOnly, anyAge bool) *visit {
	v := &visit{
		id: id, verifyOnly: verifyOnly, anyAge: anyAge, reference: r.session.State().Reference, desk: ctx, jobs: newQueue[cardJob](), gone: make(chan struct{}),
		sends: map[int]uuid.UUID{}, attempts: map[kiosk.Channel]attempt{},
		chipChallenge: newChipChallenge(), spent: map[kiosk.Step]time.Duration{},
		trying: trying{told: make(chan struct{}, 1)},
	}
	v.ctx, v.end = context.WithCancel(ctx)
	return v
}

// wipe overwrites all that is about the person. Call it when no work of the visit runs any more.
func (v *visit) wipe() {
	v.mu.Lock()
	defer v.mu.Unlock()
	for job, ok := v.jobs.take(); ok; job, ok = v.jobs.take() {
		job.pin.Wipe() // the case ended before its turn
	}
	for _, a := range v.attempts {
		a.code.Wipe()
	}
	v.read.Wipe()
	clear(v.attempts)
	v.searched = kiosk.Search{}
	clear(v.challenge)
	v.evidence.Wipe()
	clear(v.jws)
	v.challenge, v.jws = nil, nil
}

// left names what a visit still knows of a person.
func (v *visit) left() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	var left []string
	note := func(there bool, what string) {
		if there {
			left = append(left, what)
		}
	}
	f := v.read.Files
	note(len(f.Identity)+len(f.MRZ)+len(f.SOD)+len(f.Certificate)+len(f.Photo) > 0, "files")
	note(len(v.read.Chain) > 0, "chain")
	note(v.read.Serial != "", "serial")
	note(len(v.attempts) > 0, "code")
	note(v.challenge != nil, "challenge")
	note(v.evidence.SealedPIN != nil, "sealed PIN")
	note(v.evidence.JWS != nil, "signature")
	note(v.evidence.Proof != nil, "chip's proof")
	note(len(v.read.Travel.Groups)+len(v.read.Travel.SOD)+len(v.read.Travel.Typed) > 0, "travel files")
	note(len(v.read.Zone)+len(v.read.Secret.text) > 0, "what was typed")
	note(v.ctx.Err() == nil, "context")
	_, waiting := v.jobs.take()
	note(waiting, "card work")
	return left
}

// replaceReading takes what a card said and wipes what was known before.
func (v *visit) replaceReading(read Reading) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.read.Wipe()
	clear(v.evidence.Identity)
	v.read = read
	v.evidence.Identity, v.evidence.SOD = read.signed()
}

// opened takes the centre's challenge.
func (v *visit) opened(o central.Opened) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.challenge, v.openedAt, v.register = o.Challenge, o.OpenedAt, 0
	if o.Key != nil {
		v.register = o.Key.Register
	}
}

// keyOpened is the register number of the key that the enrolment is about; 0 where there is none, or it is not known yet.
func (v *visit) keyOpened() int64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.register
}

// pinSealed takes a sealed PIN. A signature over an earlier one is worth nothing any more.
func (v *visit) pinSealed(sealed []byte) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.evidence.SealedPIN, v.evidence.JWS, v.evidence.Proof = sealed, nil, nil
}

// signed takes the signature, and the chip's proof where there is one.
func (v *visit) signed(jws, proof []byte) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.evidence.JWS, v.evidence.Proof, v.jws = jws, proof, jws
}

// countersigned is what the staff card signs behind.
func (v *visit) countersigned() []byte {
	v.mu.Lock()
	defer v.mu.Unlock()
	return bytes.Clone(v.jws)
}

// staffSigned takes the whole of the signatures.
func (v *visit) staffSigned(jws []byte) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.ctx.Err() == nil { // otherwise it is being wiped
		v.evidence.JWS = jws
	}
}

// sendID returns the identifier of a message of this visit, the same for the same number.
func (v *visit) sendID(number int) (uuid.UUID, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if id, ok := v.sends[number]; ok {
		return id, nil
	}
	id, err := uuid.NewV7()
	if err == nil {
		v.sends[number] = id
	}
	return id, err
}

// attemptID returns the identifier under which a typed code is compared.
func (v *visit) attemptID(channel kiosk.Channel, code kiosk.Secret) (uuid.UUID, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	a, open := v.attempts[channel]
	if open && bytes.Equal(a.code, code) {
		return a.id, nil
	}
	id, err := uuid.NewV7()
	if err != nil {
		return id, err
	}
	a.code.Wipe()
	v.attempts[channel] = attempt{id: id, code: bytes.Clone(code)}
	return id, nil
}

// answered forgets the attempt on a channel: the centre's answer is known.
func (v *visit) answered(channel kiosk.Channel) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.attempts[channel].code.Wipe()
	delete(v.attempts, channel)
}

// complete returns what goes to the centre, unless something of it is missing.
func (v *visit) complete() (e transcript.Evidence, complete bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	proven := v.read.Signing != kiosk.SigningChip || len(v.evidence.Proof) > 0
	return v.evidence, v.signable() && len(v.evidence.JWS) > 0 && proven
}

// signable reports whether everything is there that a transcript speaks of.
func (v *visit) signable() bool {
	e := &v.evidence
	errand, known := errandNamed(v.errand)
	sealed := len(e.SealedPIN) > 0 || !errand.Has(kiosk.StepPIN)
	return known && v.enrolmentID != uuid.Nil && len(v.challenge) > 0 && sealed && len(e.Identity) > 0 &&
		(len(e.SOD) > 0 || len(v.read.Zone) > 0) && (len(v.read.Chain) > 0 || v.read.travels())
}

func errandNamed(name string) (kiosk.Errand, bool) {
	for _, errands := range [][]kiosk.Errand{kiosk.Errands, kiosk.Life} {
		for _, errand := range errands {
			if errand.Name == name {
				return errand, true
			}
		}
	}
	return kiosk.Errand{}, false
}

// Reading is what was learnt from a document: a Citizen Card's files, or a travel document's, or the zone that was
// typed.
type Reading struct {
	Files  citizencard.Files
	Chain  [][]byte // verified, the card's certificate first, without the anchor
	Serial string   // recognises the card when it comes back

	Travel examine.TravelFiles
	Zone   []byte // typed, in place of a chip; lines joined by line feeds

	Secret  AccessSecret // opens the chip again
	Signing kiosk.Signing
}

// travels reports whether the document is no Citizen Card.
func (r *Reading) travels() bool { return len(r.Travel.Groups) > 0 || len(r.Zone) > 0 }

// signed returns the bytes that identify the person, and the SOD over them; a typed zone has none.
func (r *Reading) signed() (identity, sod []byte) {
	switch {
	case len(r.Zone) > 0:
		identity, _ = examine.TypedFiles(string(r.Zone)) // it was examined, so it is a zone
		return identity, nil
	case r.travels():
		return examine.TravelBytes(r.Travel), r.Travel.SOD
	}
	return r.Files.Identity, r.Files.SOD
}

// access says in a transcript's words how the document was read.
func (r *Reading) access() string {
	switch {
	case len(r.Zone) > 0:
		return transcript.AccessTyped
	case r.travels():
		return examine.AccessText(r.Travel.Access)
	}
	return transcript.AccessContact
}

// Wipe overwrites everything personal.
func (r *Reading) Wipe() {
	r.Files.Wipe()
	r.Travel.Wipe()
	r.Secret.Wipe()
	clear(r.Zone)
	for _, der := range r.Chain {
		clear(der)
	}
	*r = Reading{}
}
