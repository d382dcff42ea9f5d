package e2e

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ebfe/scard"
)

// keepResetting resets the card in the first reader again and again from another process, as often as it gets hold of it,
// until the end of the test. It returns how often so far.
func keepResetting(t testing.TB) (times func() int32) {
	t.Helper()
	pc, err := scard.EstablishContext()
	if err != nil {
		t.Fatal(err)
	}
	readers, err := pc.ListReaders()
	if err != nil || len(readers) == 0 {
		t.Fatalf("no reader: %v", err)
	}
	var resets atomic.Int32
	var working sync.WaitGroup
	end := make(chan struct{})
	working.Go(func() {
		for {
			select {
			case <-end:
				return
			case <-time.After(100 * time.Millisecond):
			}
			card, err := pc.Connect(readers[0], scard.ShareShared, scard.ProtocolAny)
			if err == nil && card.Disconnect(scard.ResetCard) == nil {
				resets.Add(1)
			}
		}
	})
	t.Cleanup(func() {
		close(end)
		working.Wait()
		_ = pc.Release()
	})
	return resets.Load
}

// TestResetByAnotherProgram reads a card and has it sign while another program resets it whenever it can: at the latest
// between reading and signing. No try of the PIN is lost.
func TestResetByAnotherProgram(t *testing.T) {
	c := startDemo(t)
	c.mock(t, "insert", "cc1-rsa2048")
	times := keepResetting(t)
	for range 3 {
		out, code := c.kioskctlCard(t, "1234", "--timeout", "10s")
		if code != 0 || out.Level != "high" {
			t.Errorf("got exit code %d, level %q, reasons %v, want a genuine card of level high", code, out.Level, out.Reasons)
		}
	}
	c.mock(t, "remove")
	c.mock(t, "insert", "cc2024-contactless")
	entry := c.fixtures(t)
	for _, e := range entry {
		if e.Name != "cc2024-contactless" {
			continue
		}
		if out, code := c.kioskctlCard(t, e.PIN, append(e.printed(), "--timeout", "10s")...); code != 0 || out.Level != "high" {
			t.Errorf("contactless: got exit code %d, level %q, reasons %v, want level high", code, out.Level, out.Reasons)
		}
	}
	if times() == 0 {
		t.Error("the card was never reset")
	}
}
