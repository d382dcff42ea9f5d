package cardreader_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"balcao/cardreader"
)

// watched runs Watch until the test ends.
type watched struct {
	events chan cardreader.Event
}

func watch(t *testing.T, opts cardreader.WatchOptions) *watched {
	t.Helper()
	w := &watched{events: make(chan cardreader.Event, 100)}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- cardreader.Watch(ctx, opts, func(e cardreader.Event) { w.events <- e }) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("Watch: %v", err)
			}
		case <-time.After(patience):
			t.Error("Watch did not end with its context")
		}
	})
	return w
}

// want takes the next events and compares them.
func (w *watched) want(t *testing.T, want ...cardreader.Event) {
	t.Helper()
	for _, e := range want {
		select {
		case got := <-w.events:
			if diff := cmp.Diff(e, got); diff != "" {
				t.Fatalf("next event (-want +got):\n%s", diff)
			}
		case <-time.After(patience):
			t.Fatalf("no event, want %+v", e)
		}
	}
}

// wantUnordered takes events up to the last of want. A pcscd that is stopped may still say that its
// readers go, in any order and down to the last one, before it is gone itself.
func (w *watched) wantUnordered(t *testing.T, want ...cardreader.Event) {
	t.Helper()
	var got []cardreader.Event
	for len(got) < len(want) {
		select {
		case e := <-w.events:
			if e.Kind != cardreader.NoReader {
				got = append(got, e)
			}
		case <-time.After(patience):
			t.Fatalf("no more events after %+v", got)
		}
	}
	byName := cmpopts.SortSlices(func(a, b cardreader.Event) bool {
		return a.Reader.Name+string(a.Kind) < b.Reader.Name+string(b.Kind)
	})
	if diff := cmp.Diff(want, got, byName); diff != "" || got[len(got)-1].Kind != cardreader.ServiceDown {
		t.Fatalf("events in any order (-want +got):\n%s", diff)
	}
}

var (
	first  = cardreader.Reader{Number: 1, Name: readerA}
	second = cardreader.Reader{Number: 2, Name: readerB}
)

func added(r cardreader.Reader) cardreader.Event {
	return cardreader.Event{Kind: cardreader.ReaderAdded, Reader: r}
}

func readerGone(r cardreader.Reader) cardreader.Event {
	return cardreader.Event{Kind: cardreader.ReaderRemoved, Reader: r}
}

func inserted(r cardreader.Reader) cardreader.Event {
	return cardreader.Event{Kind: cardreader.CardInserted, Reader: r, ATR: t1}
}

func removed(r cardreader.Reader) cardreader.Event {
	return cardreader.Event{Kind: cardreader.CardRemoved, Reader: r}
}

func up() cardreader.Event { return cardreader.Event{Kind: cardreader.ServiceUp} }

func down(cause cardreader.Cause) cardreader.Event {
	return cardreader.Event{Kind: cardreader.ServiceDown, Cause: cause}
}

func TestWatch(t *testing.T) {
	d := newDaemon(t)
	w := watch(t, cardreader.WatchOptions{})
	w.want(t, down(cardreader.ServiceStopped))

	d.mustStart(t)
	w.want(t, up(), added(first), added(second))

	c := d.mustInsert(t, 0, echo)
	w.want(t, inserted(first))
	other := d.mustInsert(t, 1, echo)
	w.want(t, inserted(second))
	c.remove()
	w.want(t, removed(first))

	for _, end := range []func(){d.stop, d.kill} {
		end()
		w.wantUnordered(t, readerGone(first), removed(second), readerGone(second), down(cardreader.ServiceStopped))
		other.remove()
		d.mustStart(t)
		w.want(t, up(), added(first), added(second))
		other = d.mustInsert(t, 1, echo)
		w.want(t, inserted(second))
	}
}

func TestWatch_CardsAlreadyThere(t *testing.T) {
	d := newDaemon(t)
	d.mustStart(t)
	d.mustInsert(t, 1, echo)
	mustConnect(t, cardreader.Dialer{}, readerB)
	w := watch(t, cardreader.WatchOptions{})
	w.want(t, up(), added(first), added(second), inserted(second))
}

func TestWatch_Ignore(t *testing.T) {
	d := newDaemon(t)
	d.mustStart(t)
	w := watch(t, cardreader.WatchOptions{Choice: cardreader.Choice{Ignore: []string{readerA}}})
	aside := cardreader.Event{Kind: cardreader.ReadersAside, Aside: []cardreader.LeftAside{{Name: readerA, Why: cardreader.AsideIgnored}}}
	w.want(t, up(), aside, added(cardreader.Reader{Number: 1, Name: readerB}))
}

func TestWatch_ErrWatching(t *testing.T) {
	w := watch(t, cardreader.WatchOptions{})
	w.want(t, down(cardreader.ServiceStopped))
	err := cardreader.Watch(context.Background(), cardreader.WatchOptions{}, func(cardreader.Event) {})
	if !errors.Is(err, cardreader.ErrWatching) {
		t.Errorf("got %v, want ErrWatching", err)
	}
}

// TestWatch_ErrStuck: a service that hangs holds nobody up, and a new Watch is possible when it no
// longer does.
func TestWatch_ErrStuck(t *testing.T) {
	d := newDaemon(t)
	d.mustStart(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ready := make(chan struct{}, 1)
	done := make(chan error)
	go func() {
		done <- cardreader.Watch(ctx, cardreader.WatchOptions{}, func(e cardreader.Event) {
			if e.Reader.Number == 2 {
				ready <- struct{}{}
			}
		})
	}()
	<-ready
	thaw := d.freeze(t)
	cancel()
	select {
	case err := <-done:
		if !errors.Is(err, cardreader.ErrStuck) {
			t.Errorf("got %v, want ErrStuck", err)
		}
	case <-time.After(patience):
		t.Error("Watch did not return")
	}
	thaw()
	eventually(t, "another Watch", func() bool {
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		return cardreader.Watch(ended, cardreader.WatchOptions{}, func(cardreader.Event) {}) == nil
	})
}
