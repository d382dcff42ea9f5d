package desk

import (
	"errors"

	"balcao/cardreader"
)

// anewMost is how often work with a card is begun: desktop card services look at every new card, some several times, and
// reset it each time.
const anewMost = 5

// Anew does work with a card. Where it fails by an error that a new connection cures, before it called begun, it is done
// again, a few times: whatever connection it used has to be given up by then. Work that begun was called in is not repeated,
// because a card counts the PINs it is given.
func Anew(cures func(error) bool, work func(begun func()) error) error {
	for try := 1; ; try++ {
		started := false
		err := work(func() { started = true })
		if err == nil || started || try == anewMost || !cures(err) {
			return err
		}
	}
}

// WasReset reports whether another program reset the card.
func WasReset(err error) bool { return errors.Is(err, cardreader.ErrReset) }
