package e2e

import (
	"testing"
	"time"

	"github.com/ebfe/scard"
)

// holdCard keeps every other program off the card in the first reader, by a PC/SC transaction, until release.
func holdCard(t testing.TB) (release func()) {
	t.Helper()
	pc, err := scard.EstablishContext()
	if err != nil {
		t.Fatal(err)
	}
	readers, err := pc.ListReaders()
	if err != nil || len(readers) == 0 {
		t.Fatalf("no reader: %v", err)
	}
	card, err := pc.Connect(readers[0], scard.ShareShared, scard.ProtocolAny)
	if err != nil {
		t.Fatal(err)
	}
	if err := card.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	return func() {
		_ = card.EndTransaction(scard.LeaveCard)
		_ = card.Disconnect(scard.LeaveCard)
		_ = pc.Release()
	}
}

// TestHeldByAnotherProgram holds the card in another process for longer than a card may be silent, when it is to be read
// and when it is to sign: the clerk sees it, and the desk goes on when it is let go.
func TestHeldByAnotherProgram(t *testing.T) {
	const hold = 12 * time.Second
	c := startDemo(t)
	v := person("cc2024", "2580", 1)
	v.shots = "held"
	c.mock(t, "insert", v.card)
	release := holdCard(t)
	d := startDesk(t, c, startScreen(t))
	d.awaits(t, "held=true", "problem=")
	time.Sleep(hold)
	d.shot(t, v, "1-reading")
	release()
	d.awaits(t, "held=false", "step=identity", "checked=true", "problem=")
	d.confirmPerson(t)
	d.typeContact(t, v)
	d.typeCode(t, v, c.receivedCode(t, v))
	d.choosePIN(t, v)
	d.agree(t, v)
	release = holdCard(t)
	d.typeCardPIN(t, v)
	d.awaits(t, "held=true", "review=signing")
	time.Sleep(hold)
	d.shot(t, v, "2-signing")
	release()
	d.awaits(t, "step=done")
	c.one(t, "active")
}
