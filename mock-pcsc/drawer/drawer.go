// Package drawer holds the cards of the test bench: good ones of each kind, and at least one bad card
// for each way in which a document can be refused. A bad card fails for its one reason only.
//
// The people on them do not exist, and neither could their numbers.
package drawer

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"balcao/mock-pcsc/card"
	"balcao/mock-pcsc/citizen"
	"balcao/mock-pcsc/pki"
	"balcao/mock-pcsc/travel"
)

// An Entry says what a card is before it is inserted.
type Entry struct {
	Name       string   `json:"name"`
	Kind       string   `json:"kind"`        // one of the kinds below
	Generation string   `json:"generation"`  // Citizen Card: "1", "2024"; travel document: how it is opened, "BAC", "PACE-GM"; or empty
	Key        string   `json:"key"`         // "RSA-2048", "P-256"; travel document: how it proves itself, "CA-ECDH-…", "AA-…", "none"; or empty
	PIN        string   `json:"pin"`         // for authentication; empty where there is none
	RefusedFor string   `json:"refused_for"` // reason code; empty for a good card
	Level      string   `json:"level"`       // that a good card reaches: "high" or "substantial"; empty for a bad one
	MRZ        []string `json:"mrz"`         // lines as the document shows them, where a chip is opened with them
	CAN        string   `json:"can"`         // card access number as the document shows it; empty: none
	Title      string   `json:"title"`       // one line for people
	Holder     string   `json:"holder"`      // full name; empty on a bank card
}

// Kinds of cards.
const (
	KindCitizen         = "citizen-card" // contactless when it has a CAN
	KindPassport        = "passport"
	KindResidencePermit = "residence-permit"
	KindResidenceCard   = "residence-card"
	KindBank            = "bank-card"
)

// Levels of assurance that good cards reach.
const (
	LevelHigh        = "high"
	LevelSubstantial = "substantial"
)

// A Drawer owns the physical cards. PIN counters live in it, so they survive removal.
type Drawer struct {
	items []item
	pki   *pki.PKI
	mu    sync.Mutex
	cards map[string]card.Card
}

// item is an entry with the order for its card: a Citizen Card's, unless it is a travel document's. Revoked is
// the reason in the authority's books.
type item struct {
	Entry
	plan    citizen.Plan
	travel  *travel.Plan
	revoked int
}

// Open fills a drawer for today. Cards are put together when they are first asked for.
func Open() (*Drawer, error) { return OpenOn(time.Now()) }

// OpenOn fills a drawer as it would be on another day: ages and expiries follow the day.
func OpenOn(today time.Time) (*Drawer, error) {
	return &Drawer{items: catalogue(today), pki: pki.New(), cards: map[string]card.Card{}}, nil
}

// Entries lists the cards in order, good ones first.
func (d *Drawer) Entries() []Entry {
	entries := make([]Entry, len(d.items))
	for i, it := range d.items {
		entries[i] = it.Entry
	}
	return entries
}

// Card returns the one card with that name.
func (d *Drawer) Card(name string) (card.Card, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if c, ok := d.cards[name]; ok {
		return c, nil
	}
	i := slices.IndexFunc(d.items, func(it item) bool { return it.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("no card named %q in the drawer", name)
	}
	c, err := d.make(d.items[i])
	if err != nil {
		return nil, err
	}
	d.cards[name] = c
	return c, nil
}

func (d *Drawer) make(it item) (card.Card, error) {
	switch {
	case it.Kind == KindBank:
		return card.NewBank(bankATR()), nil
	case it.travel != nil:
		return travel.Make(d.pki, *it.travel)
	case it.CAN != "":
		return citizen.MakeContactless(d.pki, it.plan)
	}
	return citizen.Make(d.pki, it.plan)
}

// Issued is what the authorities' books say of the certificates on the cards, for the revocation
// service. A forger's certificates are in no book.
func (d *Drawer) Issued() []pki.Issued {
	var all []pki.Issued
	for _, it := range d.items {
		if it.Kind == KindCitizen {
			all = append(all, citizen.Issued(it.plan, it.revoked)...)
		}
	}
	return append(all, travel.Issued()...)
}

// bankATR is T=1 with nothing but a word in the historical bytes; the last byte is their check.
func bankATR() []byte {
	atr := []byte{0x3b, 0xe5, 0x00, 0x00, 0x81, 0x21, 0x45, 'B', 'A', 'N', 'C', 'O'}
	check := byte(0)
	for _, b := range atr[1:] {
		check ^= b
	}
	return append(atr, check)
}
