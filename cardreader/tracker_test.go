package cardreader_test

import (
	"testing"

	"github.com/ebfe/scard"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"balcao/cardreader"
)

// counted is a reader's state with its count of insertions and removals in the upper half.
func counted(count uint16, flags scard.StateFlag) scard.StateFlag {
	return scard.StateFlag(count)<<16 | flags
}

func TestTracker(t *testing.T) {
	const in = scard.StatePresent
	const out = scard.StateEmpty
	mute := func(r cardreader.Reader) cardreader.Event {
		return cardreader.Event{Kind: cardreader.CardUnresponsive, Reader: r}
	}
	noReader := cardreader.Event{Kind: cardreader.NoReader}
	tests := map[string]struct {
		do   func(tr cardreader.Tracker)
		want []cardreader.Event // after up, added(first), added(second)
	}{
		"ServiceEndsAfterLastReader": {func(tr cardreader.Tracker) {
			tr.Down(cardreader.AwaitsReader)
			tr.Down(cardreader.AwaitsReader)
		}, []cardreader.Event{readerGone(first), readerGone(second), noReader}},
		"InsertRemove": {func(tr cardreader.Tracker) {
			tr.State(readerA, counted(1, in), t1)
			tr.State(readerA, counted(2, out), nil)
		}, []cardreader.Event{inserted(first), removed(first)}},
		"OthersUseIt": {func(tr cardreader.Tracker) {
			tr.State(readerA, counted(1, in), t1)
			tr.State(readerA, counted(1, in|scard.StateInuse), t1)
			tr.State(readerA, counted(1, in|scard.StateInuse|scard.StateExclusive), t1)
			tr.State(readerA, counted(1, in|scard.StateUnpowered), t1)
		}, []cardreader.Event{inserted(first)}},
		"QuickSwap": {func(tr cardreader.Tracker) {
			tr.State(readerA, counted(1, in), t1)
			tr.State(readerA, counted(3, in), t1)
		}, []cardreader.Event{inserted(first), removed(first), inserted(first)}},
		"CounterWraps": {func(tr cardreader.Tracker) {
			tr.State(readerA, counted(0xFFFF, in), t1)
			tr.State(readerA, counted(1, in), t1)
		}, []cardreader.Event{inserted(first), removed(first), inserted(first)}},
		"InAndOutUnseen": {func(tr cardreader.Tracker) {
			tr.State(readerA, counted(2, out), nil)
		}, nil},
		"Mute": {func(tr cardreader.Tracker) {
			tr.State(readerB, counted(1, in|scard.StateMute), nil)
			tr.State(readerB, counted(2, out), nil)
		}, []cardreader.Event{mute(second), removed(second)}},
		"MuteThenTurned": {func(tr cardreader.Tracker) {
			tr.State(readerB, counted(1, in|scard.StateMute), nil)
			tr.State(readerB, counted(3, in), t1)
		}, []cardreader.Event{mute(second), removed(second), inserted(second)}},
		"ReaderUnplugged": {func(tr cardreader.Tracker) {
			tr.State(readerA, counted(1, in), t1)
			tr.Readers(readerB)
			tr.State(readerA, counted(2, out), nil) // a late word about it
			tr.Readers(readerA, readerB)
		}, []cardreader.Event{inserted(first), removed(first), readerGone(first), added(first)}},
		"AllUnplugged": {func(tr cardreader.Tracker) {
			tr.Readers()
			tr.Readers()
			tr.Readers(readerB)
			tr.Readers()
		}, []cardreader.Event{
			readerGone(first), readerGone(second), noReader, added(second), readerGone(second), noReader,
		}},
		"ServiceRestarts": {func(tr cardreader.Tracker) {
			tr.State(readerA, counted(5, in), t1)
			tr.Down(cardreader.ServiceStopped)
			tr.Down(cardreader.ServiceStopped)
			tr.Down(cardreader.ServiceMissing)
			tr.Up()
			tr.Readers(readerB, readerA)
			tr.State(readerA, counted(5, in), t1)
		}, []cardreader.Event{
			inserted(first), removed(first), readerGone(first), readerGone(second), down(cardreader.ServiceStopped),
			down(cardreader.ServiceMissing), up(), added(second), added(first), inserted(first),
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var got []cardreader.Event
			tr := cardreader.NewTracker(func(e cardreader.Event) { got = append(got, e) })
			tr.Up()
			tr.Up()
			tr.Readers(readerA, readerB)
			test.do(tr)
			want := append([]cardreader.Event{up(), added(first), added(second)}, test.want...)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}

// TestTracker_Balanced: whatever PC/SC says, nobody who counts is left with a card in a reader that is
// empty or gone, or with two cards in one.
func TestTracker_Balanced(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		readers, cards := map[string]bool{}, map[string]bool{}
		tr := cardreader.NewTracker(func(e cardreader.Event) {
			name := e.Reader.Name
			var ok bool
			switch e.Kind {
			case cardreader.ReaderAdded:
				ok = !readers[name]
				readers[name] = true
			case cardreader.ReaderRemoved:
				ok = readers[name] && !cards[name]
				readers[name] = false
			case cardreader.CardInserted, cardreader.CardUnresponsive:
				// A card that becomes unresponsive where it is, or wakes up, is reported again.
				ok = readers[name]
				cards[name] = true
			case cardreader.CardRemoved:
				ok = cards[name]
				cards[name] = false
			default:
				ok = e.Kind != cardreader.ServiceDown || len(cards) == 0 || (!cards[readerA] && !cards[readerB])
			}
			if !ok {
				t.Fatalf("impossible event %+v", e)
			}
		})
		tr.Up()
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			switch rapid.IntRange(0, 6).Draw(t, "step") {
			case 0:
				tr.Down(cardreader.ServiceStopped)
				tr.Up()
			case 1:
				tr.Readers(rapid.SliceOfDistinct(rapid.SampledFrom([]string{readerA, readerB}), rapid.ID[string]).Draw(t, "readers")...)
			default:
				flags := rapid.SampledFrom([]scard.StateFlag{
					scard.StateEmpty, scard.StatePresent, scard.StatePresent | scard.StateMute, scard.StateUnaware,
				}).Draw(t, "flags")
				tr.State(rapid.SampledFrom([]string{readerA, readerB}).Draw(t, "reader"),
					counted(rapid.Uint16Range(0, 3).Draw(t, "count"), flags), t1)
			}
		}
	})
}
