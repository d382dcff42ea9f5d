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
)

// visit is what the runner keeps of one case: the card's files, the centre's challenge, the sealed
// PIN, the evidence. Its context ends with the case, and with it all work for it; when the last of
// that work has returned, everything is wiped.
type visit struct {
	id   kiosk.CaseID
	desk context.Context // ends when the desk shuts
	ctx  context.Context // ends with the case
	end  context.CancelFunc
	work sync.WaitGroup // the card's goroutine, and the questions to the centre
	jobs *queue[cardJob]
	gone chan struct{} // closed when the card's goroutine has given the card back

	// Written by the loop before the work that reads them begins.
	enrolment uuid.UUID // zero until asked for
	binding   bool      // the evidence is on its way, and is sent until the centre has answered
	farewell  string    // why the enrolment is abandoned, "" when it is not

	mu        sync.Mutex
	read      Reading
	challenge []byte
	openedAt  time.Time
	sends     map[int]uuid.UUID // by kiosk.SendCode.Number
	attempts  map[kiosk.Channel]attempt
	sealed    []byte
	jws       []byte
}

// attempt is a typed code whose answer has not come. Typed again it is the same try, because the
// centre may have counted it already.
type attempt struct {
	id   uuid.UUID
	code kiosk.Secret
}

func newVisit(ctx context.Context, id kiosk.CaseID) *visit {
	v := &visit{
		id: id, desk: ctx, jobs: newQueue[cardJob](), gone: make(chan struct{}),
		sends: map[int]uuid.UUID{}, attempts: map[kiosk.Channel]attempt{},
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
	clear(v.challenge)
	clear(v.sealed)
	clear(v.jws)
	v.challenge, v.sealed, v.jws = nil, nil, nil
}

// replaceReading takes what a card said and wipes what was known before.
func (v *visit) replaceReading(read Reading) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.read.Wipe()
	v.read = read
}

// opened takes the centre's challenge.
func (v *visit) opened(o central.Opened) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.challenge, v.openedAt = o.Challenge, o.OpenedAt
}

// pinSealed takes a sealed PIN. A signature over an earlier one is worth nothing any more.
func (v *visit) pinSealed(sealed []byte) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.sealed, v.jws = sealed, nil
}

// signed takes the card's signature.
func (v *visit) signed(jws []byte) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.jws = jws
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

// bundle is what goes to the centre; complete says that nothing of it is missing.
func (v *visit) bundle() (e central.Evidence, complete bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	e = central.Evidence{JWS: v.jws, Identity: v.read.Files.Identity, SOD: v.read.Files.SOD, SealedPIN: v.sealed}
	return e, v.signable() && len(e.JWS) > 0
}

// signable reports whether everything is there that a transcript speaks of.
func (v *visit) signable() bool {
	return v.enrolment != uuid.Nil && len(v.challenge) > 0 && len(v.sealed) > 0 && len(v.read.Chain) > 0 &&
		len(v.read.Files.Identity) > 0 && len(v.read.Files.SOD) > 0
}

// Reading is what was learnt from a card.
type Reading struct {
	Files  citizencard.Files
	Chain  [][]byte // verified, the card's certificate first, without the anchor
	Serial string   // recognises the card when it comes back
}

// Wipe overwrites everything personal.
func (r *Reading) Wipe() {
	r.Files.Wipe()
	for _, der := range r.Chain {
		clear(der)
	}
	*r = Reading{}
}
