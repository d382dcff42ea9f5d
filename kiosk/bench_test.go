package kiosk_test

import (
	"testing"

	"balcao/kiosk"
)

// BenchmarkHandle is the cost of one event on a desk in the middle of a case.
func BenchmarkHandle(b *testing.B) {
	s := kiosk.NewSession(kiosk.Settings{}, noon)
	s.Handle(kiosk.ReaderAdded{Reader: 1})
	s.Handle(kiosk.ReaderAdded{Reader: 2})
	s.Handle(kiosk.CardInserted{Reader: 1})
	s.Handle(kiosk.InCase{Case: 1, Event: kiosk.IdentityRead{Identity: anna()}})
	for b.Loop() {
		s.Handle(kiosk.InCase{Case: 1, Event: kiosk.CheckDone{Check: kiosk.Check{Name: kiosk.CheckRevocation, Result: kiosk.Passed}}})
	}
}
