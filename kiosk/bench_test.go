package kiosk_test

import (
	"testing"

	"balcao/kiosk"
)

// BenchmarkHandle is the cost of one event on a desk in the middle of a case.
func BenchmarkHandle(b *testing.B) {
	s := kiosk.NewSession(kiosk.Settings{}, noon)
	s.Handle(kiosk.ReadersChanged{Readers: []kiosk.ReaderStatus{{Number: 1}, {Number: 2}}})
	s.Handle(kiosk.CardInserted{Reader: 1})
	s.Handle(kiosk.IdentityRead{Case: 1, Identity: anna()})
	for b.Loop() {
		s.Handle(kiosk.CheckDone{Case: 1, Check: kiosk.Check{Name: kiosk.CheckRevocation, Result: kiosk.Passed}})
	}
}
