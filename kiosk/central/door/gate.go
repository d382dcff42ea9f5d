package door

import (
	"context"
	"crypto/sha256"
	"slices"
	"sync"
	"time"
)

// fingerprint is the SHA-256 of a certificate.
type fingerprint [sha256.Size]byte

// Limits of one desk.
const (
	deskCalls   = 4  // at the database at a time
	deskInside  = 16 // those, and with a body on its way or waiting for a place
	mostInside  = 1024
	longestWait = 5 * time.Second // for a place
)

// gate shares the places at the database between the desks: each has at most deskCalls of them, and when there are
// fewer than are wanted, desks take turns. So a desk that asks as fast as it can takes its own places and no other's.
type gate struct {
	mu     sync.Mutex
	free   int // places
	inside int
	desks  map[fingerprint]*queue
	turns  []*queue // of desks that wait and may have one more place, each once
}

// queue is what the gate knows of one desk.
type queue struct {
	desk    fingerprint
	inside  int
	running int
	waiting []*visitor
	inTurn  bool
}

// visitor is one call between enter and leave.
type visitor struct {
	gate  *gate
	queue *queue
	turn  chan struct{} // closed when it has its place
	has   bool
}

func newGate(places int) *gate { return &gate{free: places, desks: map[fingerprint]*queue{}} }

// enter lets a call in, whose body may then be read: one that comes slowly holds no place. The caller leaves. The
// error is errBusy when the desk has too many calls inside, errUnavailable when all together have.
func (g *gate) enter(desk fingerprint) (*visitor, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	q := g.desks[desk]
	switch {
	case q != nil && q.inside == deskInside:
		return nil, errBusy
	case g.inside == mostInside:
		return nil, errUnavailable
	case q == nil:
		q = &queue{desk: desk}
		g.desks[desk] = q
	}
	q.inside++
	g.inside++
	return &visitor{gate: g, queue: q, turn: make(chan struct{})}, nil
}

// wait returns when the call has its place. The error is errBusy when the desk's own calls kept it from having one,
// and errUnavailable otherwise.
func (v *visitor) wait(ctx context.Context) error {
	g, q := v.gate, v.queue
	g.mu.Lock()
	q.waiting = append(q.waiting, v)
	g.line(q)
	g.serve()
	g.mu.Unlock()
	late := time.NewTimer(longestWait)
	defer late.Stop()
	select {
	case <-v.turn:
		return nil
	case <-ctx.Done():
	case <-late.C:
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	switch i := slices.Index(q.waiting, v); {
	case v.has:
		return nil
	case q.running == deskCalls:
		q.waiting = slices.Delete(q.waiting, i, i+1)
		return errBusy
	default:
		q.waiting = slices.Delete(q.waiting, i, i+1)
		return errUnavailable
	}
}

// leave ends the call and hands its place on.
func (v *visitor) leave() {
	g, q := v.gate, v.queue
	g.mu.Lock()
	defer g.mu.Unlock()
	if v.has {
		q.running--
		g.free++
		g.line(q)
		g.serve()
	}
	g.inside--
	if q.inside--; q.inside == 0 {
		delete(g.desks, q.desk)
	}
}

// line puts a desk at the end of those whose turn comes, when it wants a place and may have one.
func (g *gate) line(q *queue) {
	if !q.inTurn && len(q.waiting) > 0 && q.running < deskCalls {
		q.inTurn = true
		g.turns = append(g.turns, q)
	}
}

// serve gives the free places to the desks whose turn it is, one each.
func (g *gate) serve() {
	for g.free > 0 && len(g.turns) > 0 {
		q := g.turns[0]
		g.turns = g.turns[1:]
		q.inTurn = false
		if len(q.waiting) == 0 {
			continue // who waited gave up
		}
		v := q.waiting[0]
		q.waiting = slices.Delete(q.waiting, 0, 1)
		v.has = true
		q.running++
		g.free--
		close(v.turn)
		g.line(q)
	}
}
