package failover_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"balcao/kiosk/central"
	"balcao/kiosk/examine"
	"balcao/kiosk/kiosktest"
	"balcao/kiosk/transcript"
	"balcao/mock-pcsc/inbox"
	"balcao/mock-pcsc/pki"
)

// load is desks at which one person enrols after the other, as fast as the centre goes.
type load struct {
	site     *site
	examiner *examine.Examiner
	cards    *pki.PKI

	next, done atomic.Int64
	stop       chan struct{} // closed when nobody more is let in
	work       sync.WaitGroup

	mu     sync.Mutex
	active map[uuid.UUID]time.Time // when a desk was told that an enrolment is active
	times  []time.Time             // the same, in order
	failed []error                 // what a desk was told that is neither an answer nor "not now"
	more   chan struct{}           // closed at the next one
}

func newLoad(ctx context.Context, t *testing.T, s *site, issued []pki.Issued) *load {
	t.Helper()
	l := &load{site: s, examiner: kiosktest.Examiner(t, issued), cards: pki.New(), stop: make(chan struct{}), active: map[uuid.UUID]time.Time{}, more: make(chan struct{})}
	for i := range *desks {
		desk, line := s.openDesk(ctx, t, fmt.Sprintf("balcao-%02d", i+1), kiosktest.Clerks[i%len(kiosktest.Clerks)])
		d := &deskOfLoad{load: l, centre: line, news: map[uuid.UUID]chan struct{}{}}
		desk.Asks = d
		listening, deaf := context.WithCancel(ctx)
		t.Cleanup(deaf)
		go func() {
			_ = line.Listen(listening, central.Line{Up: d.up, Down: func(error) {}, Notice: func(n central.Notice) { d.wake(n.Enrolment) }})
		}()
		for range 2 {
			l.work.Go(func() { l.enrolAll(ctx, d, desk) })
		}
	}
	t.Cleanup(l.close)
	return l
}

// close lets nobody more in and waits for who is there.
func (l *load) close() {
	l.mu.Lock()
	select {
	case <-l.stop:
	default:
		close(l.stop)
	}
	l.mu.Unlock()
	l.work.Wait()
}

func (l *load) enrolAll(ctx context.Context, d *deskOfLoad, desk kiosktest.OpenDesk) {
	for ctx.Err() == nil {
		select {
		case <-l.stop:
			return
		default:
		}
		n := int(l.next.Add(1))
		if err := l.enrol(ctx, d, desk, n); err != nil {
			l.mu.Lock()
			l.failed = append(l.failed, fmt.Errorf("visitor %d: %w", n, err))
			l.mu.Unlock()
		}
	}
}

func (l *load) enrol(ctx context.Context, d *deskOfLoad, desk kiosktest.OpenDesk, n int) error {
	v, err := kiosktest.Admit(ctx, l.cards, l.examiner, l.site.recipient, n)
	if err != nil {
		return err
	}
	news := d.listen(v.Enrolment)
	defer d.listen(uuid.Nil, v.Enrolment)
	err = v.Enrol(ctx, desk, func(ctx context.Context) (string, error) {
		ctx, cancel := context.WithTimeout(ctx, 4*time.Minute) // a code is worth something for longer
		defer cancel()
		messages, err := l.site.phones.Wait(ctx, inbox.Filter{To: v.Phone})
		if err != nil {
			return "", err
		}
		return codeIn(messages[len(messages)-1].Text), nil
	})
	if err != nil {
		return err
	}
	for {
		status, err := d.status(ctx, v.Enrolment)
		switch {
		case err != nil:
			return err
		case status.State == central.StateActive:
			l.isActive(v.Enrolment)
			return nil
		case status.State != central.StatePending:
			return fmt.Errorf("%s: %s", status.State, status.Refusal)
		}
		select {
		case <-news:
		case <-time.After(3 * time.Second): // a notice may be lost with the line
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (l *load) isActive(id uuid.UUID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.active[id] = now
	l.times = append(l.times, now)
	l.done.Add(1)
	close(l.more)
	l.more = make(chan struct{})
}

// until waits until so many are active.
func (l *load) until(ctx context.Context, many int64) error {
	for {
		l.mu.Lock()
		more, failed := l.more, slices.Clone(l.failed)
		l.mu.Unlock()
		if err := errors.Join(failed...); err != nil {
			return err
		}
		if l.done.Load() >= many {
			return nil
		}
		select {
		case <-more:
		case <-time.After(time.Second):
		case <-ctx.Done():
			return fmt.Errorf("%d people are enrolled, not %d: %w", l.done.Load(), many, ctx.Err())
		}
	}
}

// gap is the longest time between two people whose keys became active, from a moment on.
func (l *load) gap(from time.Time) (longest time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, at := range l.times {
		if at.Before(from) {
			continue
		}
		longest, from = max(longest, at.Sub(from)), at
	}
	return max(longest, time.Since(from))
}

// deskOfLoad asks the centre, and while it does not answer asks again the same, as a desk's runner and its clerk do.
type deskOfLoad struct {
	load   *load
	centre *central.Centre

	mu   sync.Mutex
	news map[uuid.UUID]chan struct{}
}

// listen begins to listen for an enrolment, and ends it for others.
func (d *deskOfLoad) listen(to uuid.UUID, not ...uuid.UUID) <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, id := range not {
		delete(d.news, id)
	}
	if to == uuid.Nil {
		return nil
	}
	d.news[to] = make(chan struct{}, 1)
	return d.news[to]
}

func (d *deskOfLoad) wake(id uuid.UUID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if c, ok := d.news[id]; ok {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

func (d *deskOfLoad) up(_ central.Hello, missed bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.news {
		if missed {
			select {
			case c <- struct{}{}:
			default:
			}
		}
	}
}

// again asks until there is an answer.
func again[T any](ctx context.Context, ask func() (T, error)) (answer T, err error) {
	for {
		answer, err = ask()
		if !errors.Is(err, central.ErrUnavailable) {
			return answer, err
		}
		select {
		case <-ctx.Done():
			return answer, ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
	}
}

func (d *deskOfLoad) Open(ctx context.Context, id uuid.UUID, p central.Person) (central.Opened, error) {
	return again(ctx, func() (central.Opened, error) { return d.centre.Open(ctx, id, p) })
}

func (d *deskOfLoad) SendCode(ctx context.Context, id uuid.UUID, r central.CodeRequest) (central.CodeSent, error) {
	return again(ctx, func() (central.CodeSent, error) { return d.centre.SendCode(ctx, id, r) })
}

func (d *deskOfLoad) ConfirmCode(ctx context.Context, id uuid.UUID, a central.Attempt) (central.Confirmed, error) {
	return again(ctx, func() (central.Confirmed, error) { return d.centre.ConfirmCode(ctx, id, a) })
}

func (d *deskOfLoad) Bind(ctx context.Context, id uuid.UUID, e transcript.Evidence, marked bool) (central.Status, error) {
	return again(ctx, func() (central.Status, error) { return d.centre.Bind(ctx, id, e, marked) })
}

func (d *deskOfLoad) status(ctx context.Context, id uuid.UUID) (central.Status, error) {
	return again(ctx, func() (central.Status, error) { return d.centre.Status(ctx, id) })
}
