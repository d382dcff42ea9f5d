package door

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// Names of two desks.
var one, two = fingerprint{1}, fingerprint{2}

// arrive has a call of a desk enter and wait, and returns a channel on which it says that it has its place or why
// not. It leaves when leave is closed.
func arrive(g *gate, desk fingerprint, leave <-chan struct{}) <-chan error {
	said := make(chan error, 1)
	v, err := g.enter(desk)
	if err != nil {
		said <- err
		return said
	}
	go func() {
		err := v.wait(context.Background())
		said <- err
		if err == nil {
			<-leave
		}
		v.leave()
	}()
	return said
}

func TestGateTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(2)
		var leave [deskInside]chan struct{}
		var said [deskInside]<-chan error
		for i := range said {
			leave[i] = make(chan struct{})
			said[i] = arrive(g, one, leave[i])
			synctest.Wait()
		}
		if err := <-arrive(g, one, nil); !errors.Is(err, errBusy) {
			t.Errorf("call %d of one desk: %v, want errBusy", deskInside+1, err)
		}
		leaveOther := make(chan struct{})
		other := arrive(g, two, leaveOther)
		synctest.Wait()
		if len(said[0])+len(said[1]) != 2 || len(said[2])+len(other) != 0 {
			t.Fatal("the two places did not go to the first two")
		}
		close(leave[0])
		synctest.Wait()
		if len(said[2]) != 1 || len(other) != 0 {
			t.Error("the next place did not go to who came first")
		}
		close(leave[1])
		synctest.Wait()
		if len(said[3]) != 0 || len(other) != 1 {
			t.Error("the place after that did not go to the other desk, behind which nobody may jump")
		}
		// Nobody leaves any more: those who wait are told, and hold nothing.
		for i := 3; i < deskInside; i++ {
			if err := <-said[i]; !errors.Is(err, errUnavailable) {
				t.Errorf("call %d waited in vain: %v, want errUnavailable", i, err)
			}
		}
		synctest.Wait()
		if g.inside != 2 || len(g.desks) != 2 {
			t.Errorf("%d calls of %d desks are inside, want 2 of 2", g.inside, len(g.desks))
		}
		close(leave[2])
		close(leaveOther)
	})
}

func TestGateOwnFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(deskCalls + 1)
		leave := make(chan struct{})
		for range deskCalls {
			if err := <-arrive(g, one, leave); err != nil {
				t.Fatal(err)
			}
		}
		late := arrive(g, one, leave)
		if err := <-arrive(g, two, leave); err != nil {
			t.Errorf("the other desk, though there is a place: %v", err)
		}
		if err := <-late; !errors.Is(err, errBusy) {
			t.Errorf("who waits for nobody but their own desk: %v, want errBusy", err)
		}
		close(leave)
		synctest.Wait()
		if g.free != deskCalls+1 || g.inside != 0 || len(g.desks) != 0 {
			t.Errorf("%d free, %d inside, %d desks after all left", g.free, g.inside, len(g.desks))
		}
	})
}

// TestGateHammered: while dozens of callers of one desk come as fast as they can, every call of another has its turn,
// behind at most one of theirs, and nothing is lost of what the gate counts.
func TestGateHammered(t *testing.T) {
	const places, calls = 2, 50
	g := newGate(places)
	var served atomic.Int64
	stop := make(chan struct{})
	var hammering sync.WaitGroup
	for range 40 {
		hammering.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if v, err := g.enter(one); err == nil {
					if v.wait(t.Context()) == nil {
						served.Add(1)
					}
					v.leave()
				}
			}
		})
	}
	for served.Load() < 100 {
		runtime.Gosched()
	}
	for range calls {
		v, err := g.enter(two)
		if err != nil {
			t.Fatal(err)
		}
		g.mu.Lock()
		if n := len(g.turns); n > 1 {
			t.Errorf("%d turns of one desk are before the other's", n)
		}
		g.mu.Unlock()
		if err := v.wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		v.leave()
	}
	close(stop)
	hammering.Wait()
	if g.free != places || g.inside != 0 || len(g.desks) != 0 {
		t.Errorf("%d free, %d inside, %d desks after all left", g.free, g.inside, len(g.desks))
	}
}

// TestGateAll: what all desks together may have inside is bounded too, and is nobody's fault.
func TestGateAll(t *testing.T) {
	g := newGate(1)
	var inside []*visitor
	for i := range mostInside {
		v, err := g.enter(fingerprint{byte(i % 256), byte(i / 256)})
		if err != nil {
			t.Fatal(err)
		}
		inside = append(inside, v)
	}
	if _, err := g.enter(fingerprint{0, 0, 1}); !errors.Is(err, errUnavailable) {
		t.Errorf("one more: %v, want errUnavailable", err)
	}
	inside[0].leave()
	if _, err := g.enter(fingerprint{0, 0, 1}); err != nil {
		t.Errorf("after one left: %v", err)
	}
}
