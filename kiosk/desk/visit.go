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
	ctx  context.Context
	end  context.CancelFunc
	work sync.WaitGroup // card work and questions of this visit
	card *queue[func(*cardWork)]

	mu        sync.Mutex
	read      Reading
	enrolment uuid.UUID // zero until asked for
	challenge []byte
	openedAt  time.Time
	sends     map[int]uuid.UUID // by kiosk.SendCode.Number
	attempt   attempt
	sealed    []byte
	jws       []byte
}

// attempt is a typed code whose answer has not come. Typed again it is the same try, because the
// centre may have counted it already.
type attempt struct {
	id      uuid.UUID
	channel kiosk.Channel
	code    kiosk.Secret
}

func newVisit(ctx context.Context, id kiosk.CaseID) *visit {
	v := &visit{id: id, card: newQueue[func(*cardWork)](), sends: map[int]uuid.UUID{}}
	v.ctx, v.end = context.WithCancel(ctx)
	return v
}

// wipe overwrites all that is about the person. Call it when no work of the visit runs any more.
func (v *visit) wipe() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.read.Wipe()
	v.attempt.code.Wipe()
	clear(v.challenge)
	clear(v.sealed)
	clear(v.jws)
	v.attempt, v.challenge, v.sealed, v.jws = attempt{}, nil, nil, nil
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
	if v.attempt.channel == channel && len(code) > 0 && bytes.Equal(v.attempt.code, code) {
		return v.attempt.id, nil
	}
	id, err := uuid.NewV7()
	if err != nil {
		return id, err
	}
	v.attempt.code.Wipe()
	v.attempt = attempt{id: id, channel: channel, code: bytes.Clone(code)}
	return id, nil
}

// answered forgets the attempt: the centre's answer is known.
func (v *visit) answered() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.attempt.code.Wipe()
	v.attempt = attempt{}
}

// bundle is what goes to the centre.
func (v *visit) bundle() central.Evidence {
	v.mu.Lock()
	defer v.mu.Unlock()
	return central.Evidence{JWS: v.jws, Identity: v.read.Files.Identity, SOD: v.read.Files.SOD, SealedPIN: v.sealed}
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
