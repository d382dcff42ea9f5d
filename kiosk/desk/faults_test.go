package desk_test

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	"balcao/kiosk/central"
	"balcao/kiosk/desk"
	"balcao/kiosk/transcript"
)

// when a call to the centre fails.
type when int

const (
	never   when = iota
	before       // nothing reached the centre
	after        // the centre did it, and its answer was lost
	held         // done, and the answer comes when the context ends: never
	refused      // the centre says no, for good
	late         // done, and the answer comes with release
)

// shaky is a real centre over a line that can fail.
type shaky struct {
	desk.Centre
	quiet bool // notices are lost
	deaf  bool // there is no line at all

	mu    sync.Mutex
	plan  map[string][]when // by the question's name, one for each time it is asked
	asked map[string]int
	news  chan struct{}               // closed when something was asked
	hello func(*central.Hello)        // changes the answers
	down  func(context.Context) error // why there is none
	open  func(*central.Opened)

	release chan struct{} // closed when what is late comes
}

func newShaky(c desk.Centre) *shaky {
	return &shaky{Centre: c, plan: map[string][]when{}, asked: map[string]int{}, news: make(chan struct{}), release: make(chan struct{})}
}

// fail plans what happens to the next questions of a name.
func (s *shaky) fail(name string, plan ...when) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plan[name] = append(s.plan[name], plan...)
}

// left counts the failures that have not happened.
func (s *shaky) left() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, plan := range s.plan {
		n += len(plan)
	}
	return n
}

func (s *shaky) times(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[name]
}

// until waits until a question was answered or failed so many times.
func (s *shaky) until(ctx context.Context, name string, times int) bool {
	for {
		s.mu.Lock()
		n, news := s.asked[name], s.news
		s.mu.Unlock()
		if n >= times {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-news:
		}
	}
}

func question[T any](ctx context.Context, s *shaky, name string, ask func() (T, error)) (answer T, err error) {
	s.mu.Lock()
	now := never
	if plan := s.plan[name]; len(plan) > 0 {
		now, s.plan[name] = plan[0], plan[1:]
	}
	s.mu.Unlock()
	done := sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.asked[name]++
		close(s.news)
		s.news = make(chan struct{})
	})
	defer done()
	var none T
	switch now {
	case before:
		return none, central.ErrUnavailable
	case refused:
		return none, &central.Refused{Code: central.RefusedInvalid}
	}
	answer, err = ask()
	switch now {
	case after:
		return none, central.ErrUnavailable
	case late:
		done()
		select {
		case <-s.release:
		case <-ctx.Done():
		}
	case held:
		done()
		<-ctx.Done()
		return none, ctx.Err()
	}
	return answer, err
}

func (s *shaky) Hello(ctx context.Context) (central.Hello, error) {
	return question(ctx, s, "hello", func() (central.Hello, error) {
		if s.down != nil {
			return central.Hello{}, s.down(ctx)
		}
		h, err := s.Centre.Hello(ctx)
		if s.hello != nil {
			s.hello(&h)
		}
		return h, err
	})
}

func (s *shaky) Open(ctx context.Context, id uuid.UUID, p central.Person) (central.Opened, error) {
	return question(ctx, s, "open", func() (central.Opened, error) {
		o, err := s.Centre.Open(ctx, id, p)
		if s.open != nil {
			s.open(&o)
		}
		return o, err
	})
}

func (s *shaky) SendCode(ctx context.Context, id uuid.UUID, r central.CodeRequest) (central.CodeSent, error) {
	return question(ctx, s, "send", func() (central.CodeSent, error) { return s.Centre.SendCode(ctx, id, r) })
}

func (s *shaky) ConfirmCode(ctx context.Context, id uuid.UUID, a central.Attempt) (central.Confirmed, error) {
	return question(ctx, s, "confirm", func() (central.Confirmed, error) { return s.Centre.ConfirmCode(ctx, id, a) })
}

func (s *shaky) Bind(ctx context.Context, id uuid.UUID, e transcript.Evidence, marked bool) (central.Status, error) {
	return question(ctx, s, "bind", func() (central.Status, error) { return s.Centre.Bind(ctx, id, e, marked) })
}

func (s *shaky) ChipChallenge(ctx context.Context, id uuid.UUID, dg14 []byte) (central.ChipChallenge, error) {
	return question(ctx, s, "chip", func() (central.ChipChallenge, error) { return s.Centre.ChipChallenge(ctx, id, dg14) })
}

func (s *shaky) Status(ctx context.Context, id uuid.UUID) (central.Status, error) {
	return question(ctx, s, "status", func() (central.Status, error) { return s.Centre.Status(ctx, id) })
}

func (s *shaky) Abandon(ctx context.Context, id uuid.UUID, reason string) error {
	_, err := question(ctx, s, "abandon", func() (struct{}, error) { return struct{}{}, s.Centre.Abandon(ctx, id, reason) })
	return err
}

func (s *shaky) Listen(ctx context.Context, line central.Line) error {
	var mu sync.Mutex
	told, owed := line, false // owed: it is still to be said that something was missed
	beat := func(missed bool) {
		mu.Lock()
		defer mu.Unlock()
		owed = owed || missed
		if h, err := s.Hello(ctx); err == nil {
			told.Up(h, owed)
			owed = false
		} else if ctx.Err() == nil {
			owed = true
			told.Down(err)
		}
	}
	if s.deaf {
		beat(true) // once, for the status bar
		<-ctx.Done()
		return ctx.Err()
	}
	line.Up = func(_ central.Hello, missed bool) { beat(missed) }
	line.Down = func(err error) { mu.Lock(); defer mu.Unlock(); told.Down(err) }
	line.Notice = func(n central.Notice) {
		mu.Lock()
		defer mu.Unlock()
		if !s.quiet {
			told.Notice(n)
		}
	}
	var sooner sync.WaitGroup // than the centre's own
	defer sooner.Wait()
	sooner.Go(func() {
		for tick := time.Tick(50 * time.Millisecond); ; {
			select {
			case <-ctx.Done():
				return
			case <-tick:
				beat(false)
			}
		}
	})
	return s.Centre.Listen(ctx, line)
}

// nowhere is a centre that was never there.
type nowhere struct{ desk.Centre }

func (nowhere) Hello(context.Context) (central.Hello, error) {
	return central.Hello{}, central.ErrUnavailable
}

func (nowhere) Listen(ctx context.Context, line central.Line) error {
	line.Down(central.ErrUnavailable)
	<-ctx.Done()
	return ctx.Err()
}

func (s *shaky) BeginShift(ctx context.Context, shift uuid.UUID) (central.Shift, error) {
	return question(ctx, s, "begin", func() (central.Shift, error) { return s.Centre.BeginShift(ctx, shift) })
}

func (s *shaky) SignIn(ctx context.Context, shift uuid.UUID, jws []byte) (central.SignedIn, error) {
	return question(ctx, s, "sign in", func() (central.SignedIn, error) { return s.Centre.SignIn(ctx, shift, jws) })
}

func (s *shaky) Decide(ctx context.Context, shift, id uuid.UUID, jws []byte) (central.Decided, error) {
	return question(ctx, s, "decide", func() (central.Decided, error) { return s.Centre.Decide(ctx, shift, id, jws) })
}
