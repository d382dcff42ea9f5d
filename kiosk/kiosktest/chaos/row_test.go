package chaos_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"
)

var row = flag.Int("chaos.row", 200, "how many visits in a row the memory of a desk is watched for; make chaos has 1000")

// held is what a program holds.
type held struct {
	heap       int // bytes, after a collection
	files      int // open files and connections
	goroutines int
}

func measure(t *testing.T) held {
	t.Helper()
	runtime.GC()
	runtime.GC() // what finalizers let go of
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return held{int(m.HeapAlloc), len(files), runtime.NumGoroutine()} //nolint:gosec // megabytes
}

// most is each figure's largest, and least its smallest.
func most(samples []held) (m held) {
	for _, s := range samples {
		m = held{max(m.heap, s.heap), max(m.files, s.files), max(m.goroutines, s.goroutines)}
	}
	return m
}

func least(samples []held) held {
	m := samples[0]
	for _, s := range samples {
		m = held{min(m.heap, s.heap), min(m.files, s.files), min(m.goroutines, s.goroutines)}
	}
	return m
}

// What may come of chance between two samples: a collection that kept something, and pooled connections, which come and go.
var chance = held{heap: 1 << 20, files: 8, goroutines: 16}

// alone tells a program that it is there for TestRow only: what others do would be counted.
const alone = "CHAOS_ROW_ALONE"

// TestRow has one desk serve one visit after the other, with a door and a registrar in the same program: memory, file
// handles and goroutines stay what they were after the first fifth.
func TestRow(t *testing.T) {
	if os.Getenv(alone) == "" {
		t.Parallel()
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestRow$", "-test.v", "-test.timeout=0", fmt.Sprintf("-chaos.row=%d", *row))
		cmd.Env = append(os.Environ(), alone+"=1")
		said, err := cmd.CombinedOutput()
		if t.Log(string(said)); err != nil {
			t.Error(err)
		}
		return
	}
	s, err := startServer(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.stop)
	h := newHouse(t, s, 1, nil)
	h.cards = []string{"cc1-no-photo", "cc2024-no-photo", "passport-bac", "cc1-rsa2048"}
	var samples []held
	began := time.Now()
	for n := range *row {
		v := h.draw(uint64(n + 1)) //nolint:gosec // few
		v.faults, v.doubt = nil, false
		clear(v.commands)
		h.serve(v)
		if (n+1)%max(1, *row/20) == 0 {
			h.cleanLog() // and what only the test keeps goes
			h.Log.Clear()
			h.SMS.Clear()
			h.Mail.Clear()
			h.steps, h.struck = nil, nil
			samples = append(samples, measure(t))
		}
	}
	warm := len(samples) / 5
	before, after := most(samples[warm:len(samples)*3/5]), least(samples[len(samples)*4/5:])
	t.Logf("%d visits in %.0f s; heap, files, goroutines: at most %v from a fifth to three, at least %v in the last: %v", *row, time.Since(began).Seconds(), before, after,
		samples)
	if after.heap > before.heap+chance.heap || after.files > before.files+chance.files || after.goroutines > before.goroutines+chance.goroutines {
		t.Errorf("it grows: from at most %+v to at least %+v", before, after)
	}
	h.finish()
}
