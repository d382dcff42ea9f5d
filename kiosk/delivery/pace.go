package delivery

import (
	"context"
	"sync"
	"time"
)

// How far apart messages are once a message centre says that they come too fast, and how long one waits for its turn
// before it is given back, so that its job can be put off and somebody else's be worked.
const (
	firstGap    = 50 * time.Millisecond
	longestGap  = 5 * time.Second
	longestTurn = 5 * time.Second
)

// pace lets messages go to a message centre one by one: no more at a time than the window, and not faster than it takes
// them. Told that they come too fast it doubles the time between two; each one that is taken shortens it by an eighth.
type pace struct {
	window chan struct{}
	least  time.Duration // as configured

	mu     sync.Mutex
	gap    time.Duration
	next   time.Time // the next turn
	slowed time.Time
}

func newPace(window, perSecond int) *pace {
	p := &pace{window: make(chan struct{}, window)}
	if perSecond > 0 {
		p.least = time.Second / time.Duration(perSecond)
	}
	p.gap = p.least
	return p
}

// turn waits until a message may go; done is to be called when it was answered. The error is an *Error or ctx's.
func (p *pace) turn(ctx context.Context) (done func(), err error) {
	select {
	case p.window <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	done = func() { <-p.window }
	wait, ok := p.reserve(time.Now())
	if !ok {
		done()
		return nil, temporary(codeThrottled)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return done, nil
	case <-ctx.Done():
		done()
		return nil, ctx.Err()
	}
}

// reserve takes the next turn and says how long it is until then; false when that is too long to wait for.
func (p *pace) reserve(now time.Time) (wait time.Duration, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := now
	if p.next.After(now) {
		at = p.next
	}
	if wait = at.Sub(now); wait > longestTurn {
		return 0, false
	}
	p.next = at.Add(p.gap)
	return wait, true
}

// slower: a message came too fast. What was under way at the same time says so as well, and once is enough.
func (p *pace) slower() { p.slowerAt(time.Now()) }

func (p *pace) slowerAt(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.Sub(p.slowed) < p.gap {
		return
	}
	p.slowed = now
	p.gap = min(max(2*p.gap, firstGap), longestGap)
	if at := now.Add(p.gap); at.After(p.next) {
		p.next = at
	}
}

// faster: a message was taken.
func (p *pace) faster() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gap -= p.gap / 8; p.gap < 5*time.Millisecond {
		p.gap = 0
	}
	p.gap = max(p.gap, p.least)
}
