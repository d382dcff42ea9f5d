package chaos_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"balcao/mock-pcsc/pcscd"
)

var (
	seeds = flag.String("chaos.seeds", "200", "how many seeds, or from-to")
	lanes = flag.Int("chaos.lanes", 4, "how many houses stand at a time")
)

// inHouse are the seeds that share a house, one behind the other: those who come back have keys by then. A house begins with
// the first of its seeds that was asked for.
const inHouse = 8

func TestMain(m *testing.M) { os.Exit(m.Run()) }

// drawnSeeds are the seeds that were asked for.
func drawnSeeds(text string) (from, to uint64, err error) {
	first, last, between := strings.Cut(text, "-")
	if !between {
		first, last = "1", text
	}
	if from, err = strconv.ParseUint(first, 10, 64); err == nil {
		to, err = strconv.ParseUint(last, 10, 64)
	}
	if err == nil && (from == 0 || to < from) {
		err = fmt.Errorf("no seeds: %q", text)
	}
	return from, to, err
}

// realEvery is of how many houses one has a real pcscd, SMPP and SMTP, which take seconds for each card.
const realEvery = 16

// TestChaos has each seed's people served, whatever fails.
func TestChaos(t *testing.T) {
	from, to, err := drawnSeeds(*seeds)
	if err != nil {
		t.Fatal(err)
	}
	t.Parallel()
	began := time.Now()
	daemon, real := startPCSCD(t), &sync.Mutex{}
	sum := &figures{ended: map[string]int{}}
	next := atomic.Uint64{} // number of a house
	next.Store((from - 1) / inHouse)
	var work sync.WaitGroup
	for range min(uint64(*lanes), (to-1)/inHouse-(from-1)/inHouse+1) { //nolint:gosec // few
		work.Go(func() {
			s, err := startServer(context.Background())
			if err != nil {
				t.Error(err)
				return
			}
			defer s.stop()
			for house := next.Add(1) - 1; house*inHouse < to && !t.Failed(); house = next.Add(1) - 1 {
				first, last := max(from, house*inHouse+1), min(to, (house+1)*inHouse)
				t.Run(fmt.Sprintf("seeds %d-%d", first, last), func(t *testing.T) {
					var own *pcscd.Daemon
					if house%realEvery == realEvery/2 {
						real.Lock()
						defer real.Unlock()
						own = daemon
					}
					h := newHouse(t, s, first, own)
					for seed := first; seed <= last; seed++ {
						h.serve(h.draw(seed))
					}
					h.finish()
					sum.add(h)
					if to-from < inHouse { // asked for by itself
						t.Log(strings.Join(h.steps, "\n"))
					}
				})
			}
		})
	}
	work.Wait()
	took := time.Since(began)
	t.Logf("%d seeds, %d faults in %.0f s: %.1f visits a second; %v", sum.visits, sum.faults, took.Seconds(), float64(sum.visits)/took.Seconds(), sum.ended)
}

// figures are what all houses came to.
type figures struct {
	mu             sync.Mutex
	visits, faults int
	ended          map[string]int // last pages, by errand
}

func (f *figures) add(h *house) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.visits += h.visits
	f.faults += len(h.struck)
	for errand, n := range h.ended {
		f.ended[errand] += n
	}
}
