package window_test

import (
	"testing"

	"fyne.io/fyne/v2/test"

	"balcao/mock-pcsc/bench"
	"balcao/mock-pcsc/fixtures"
	"balcao/mock-pcsc/window"
	"balcao/ui/theme"
)

// staffed is a bench that has staff cards too.
type staffed struct{ *fakeBench }

func (s staffed) Entries() []fixtures.Entry {
	return append(s.fakeBench.Entries(),
		fixtures.Entry{Name: "clerk", Kind: fixtures.KindStaff, Generation: "PIV", Key: "P-256", PIN: "123456", Title: "Staff card of a clerk", Holder: "F0417 Rita Neves"},
		fixtures.Entry{Name: "lost", Kind: fixtures.KindStaff, Generation: "PIV", Key: "P-256", PIN: "123456", RefusedFor: "staff_revoked", Title: "Staff card that was lost"},
	)
}

// TestStaffCards: they have a group of their own, and the slot says what it means to take one out.
func TestStaffCards(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(theme.Theme(1, theme.Light))
	s := &shown{t: t, bench: newFake(), updates: make(chan func(), 100)}
	s.window = window.New(staffed{s.bench}, func(f func()) { s.updates <- f })
	w := test.NewTempWindow(t, s.window.Content())
	w.Resize(window.Size)
	s.canvas = w.Canvas()
	s.bench.set(2, bench.SlotStatus{State: bench.Inserted, Card: "clerk", Title: "Staff card of a clerk", Kind: fixtures.KindStaff})
	s.update()
	for _, want := range []string{
		"STAFF CARDS", "staff card · PIV · P-256 · PIN 123456 · clerk", "Refused: the centre revoked its certificate",
		"F0417 Rita Neves · PIN\u00a0123456 · taking it out locks the shift",
	} {
		if !s.shows(want) {
			t.Errorf("%q is not on the window", want)
		}
	}
}
