package cardreader

import (
	"bytes"
	"slices"

	"github.com/ebfe/scard"
)

// tracker turns the reader states of PC/SC into events. It makes no calls into PC/SC; Watch does.
type tracker struct {
	emit    func(Event)
	numbers map[string]int // every reader ever seen keeps its number
	slots   map[string]slot
	left    []LeftAside
	service Event // the last ServiceUp, ServiceDown or NoReader, to say each once
}

// slot is what is known of a reader that is there.
type slot struct {
	flags scard.StateFlag // as PC/SC reported, fed back to it
	held  holding
	count uint16 // insertions and removals so far, modulo 2¹⁶
}

// holding is what is in a reader.
type holding int

const (
	empty holding = iota
	card
	unresponsiveCard
)

func newTracker(emit func(Event)) *tracker {
	return &tracker{emit: emit, numbers: map[string]int{}, slots: map[string]slot{}}
}

func (t *tracker) reader(name string) Reader { return Reader{Number: t.numbers[name], Name: name} }

// up reports that the service can be reached.
func (t *tracker) up() {
	if t.service.Kind == "" || t.service.Kind == ServiceDown {
		t.say(Event{Kind: ServiceUp})
	}
}

// down reports that the service cannot be reached, after the removal of every card and reader.
func (t *tracker) down(cause Cause) {
	if cause == awaitsReader {
		t.up()
		t.readers(nil)
		return
	}
	t.leave(nil)
	t.aside(nil)
	t.say(Event{Kind: ServiceDown, Cause: cause})
}

// aside takes what there is now that is no reader.
func (t *tracker) aside(left []LeftAside) {
	if slices.Equal(t.left, left) {
		return
	}
	t.left = left
	t.emit(Event{Kind: ReadersAside, Aside: left})
}

func (t *tracker) say(e Event) {
	if t.service.Kind == e.Kind && t.service.Cause == e.Cause {
		return
	}
	t.service = e
	t.emit(e)
}

// readers takes the list of readers that there are now.
func (t *tracker) readers(names []string) {
	t.leave(names)
	for _, name := range names {
		if _, known := t.slots[name]; known {
			continue
		}
		if _, seen := t.numbers[name]; !seen {
			t.numbers[name] = len(t.numbers) + 1
		}
		t.slots[name] = slot{flags: scard.StateUnaware}
		t.emit(Event{Kind: ReaderAdded, Reader: t.reader(name)})
	}
	if len(names) == 0 {
		t.say(Event{Kind: NoReader})
	} else {
		t.service = Event{Kind: ServiceUp} // so that a later NoReader is reported
	}
}

// leave reports the readers gone that are not among names, in the order of their numbers.
func (t *tracker) leave(names []string) {
	var gone []Reader
	for name := range t.slots {
		if !slices.Contains(names, name) {
			gone = append(gone, t.reader(name))
		}
	}
	slices.SortFunc(gone, func(a, b Reader) int { return a.Number - b.Number })
	for _, r := range gone {
		if t.slots[r.Name].held != empty {
			t.emit(Event{Kind: CardRemoved, Reader: r})
		}
		delete(t.slots, r.Name)
		t.emit(Event{Kind: ReaderRemoved, Reader: r})
	}
}

// state takes a reader's event state, whose upper half counts insertions and removals. When a card
// is in as before but the count has changed, it was taken out in between, and may be another card.
// A card that was inserted and removed between two states is not reported.
func (t *tracker) state(name string, flags scard.StateFlag, atr []byte) {
	was, known := t.slots[name]
	if !known {
		return
	}
	now := slot{flags: flags &^ scard.StateChanged, held: holds(flags), count: uint16(flags >> 16)}
	t.slots[name] = now
	swapped := was.held != empty && now.held != empty && now.count != was.count
	if was.held != empty && (now.held == empty || swapped) {
		t.emit(Event{Kind: CardRemoved, Reader: t.reader(name)})
	}
	if now.held == was.held && !swapped {
		return
	}
	switch now.held {
	case card:
		t.emit(Event{Kind: CardInserted, Reader: t.reader(name), ATR: bytes.Clone(atr)})
	case unresponsiveCard:
		t.emit(Event{Kind: CardUnresponsive, Reader: t.reader(name)})
	}
}

func holds(flags scard.StateFlag) holding {
	switch {
	case flags&scard.StatePresent == 0:
		return empty
	case flags&scard.StateMute != 0:
		return unresponsiveCard
	}
	return card
}
