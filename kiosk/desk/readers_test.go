package desk_test

import (
	"testing"

	"balcao/cardreader"
	"balcao/kiosk"
	"balcao/kiosk/kiosktest"
)

// What PC/SC tells is what the status bar shows.
func TestReaders(t *testing.T) {
	b := newCards(t)
	d := b.start(nil)
	tell := func(events ...cardreader.Event) {
		d.fresh()
		b.slots.Lock()
		defer b.slots.Unlock()
		b.slots.Tell(events...)
	}
	slots := func(want ...kiosk.Slot) func(kiosk.State) bool {
		return func(s kiosk.State) bool {
			if len(s.Status.Readers) != len(want) {
				return false
			}
			for i, r := range s.Status.Readers {
				if r.Slot != want[i] || r.Name != kiosktest.ReaderNames[r.Number] {
					return false
				}
			}
			return true
		}
	}
	d.until("two readers", slots(kiosk.SlotEmpty, kiosk.SlotEmpty))
	tell(kiosktest.ReaderEvent(cardreader.CardUnresponsive, 2))
	d.until("mute card", slots(kiosk.SlotEmpty, kiosk.SlotUnresponsive))
	d.until("said so", problem(kiosk.ProblemCardUnresponsive))
	tell(kiosktest.ReaderEvent(cardreader.CardRemoved, 2))
	d.until("mute card gone", func(s kiosk.State) bool { return s.Problem == nil && slots(kiosk.SlotEmpty, kiosk.SlotEmpty)(s) })
	tell(kiosktest.ReaderEvent(cardreader.ReaderRemoved, 1))
	d.until("second reader left", func(s kiosk.State) bool { return len(s.Status.Readers) == 1 && s.Status.Readers[0].Number == 2 })
	tell(kiosktest.ReaderEvent(cardreader.ReaderRemoved, 2), cardreader.Event{Kind: cardreader.NoReader})
	d.until("no reader", problem(kiosk.ProblemNoReader))
	tell(kiosktest.ReaderEvent(cardreader.ReaderAdded, 2), kiosktest.ReaderEvent(cardreader.ReaderAdded, 1))
	d.until("both back", func(s kiosk.State) bool { return s.Problem == nil && slots(kiosk.SlotEmpty, kiosk.SlotEmpty)(s) })

	// A card in a reader that was unplugged before the desk got to it is a card that was removed.
	tell(kiosktest.ReaderEvent(cardreader.CardInserted, 1), kiosktest.ReaderEvent(cardreader.ReaderRemoved, 1))
	d.until("card gone", problem(kiosk.ProblemCode(kiosk.ReasonRemoved)))
}
