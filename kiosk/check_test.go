package kiosk_test

import (
	"testing"

	"balcao/kiosk"
)

func TestExpectedChecks(t *testing.T) {
	t.Run("NobodyElsesList", func(t *testing.T) {
		clear(kiosk.ExpectedChecks(kiosk.CitizenCard))
		for i, name := range kiosk.ExpectedChecks(kiosk.CitizenCard) {
			if name == "" {
				t.Fatalf("check %d was changed from outside", i)
			}
		}
	})
	t.Run("UnknownKindPassesAll", func(t *testing.T) {
		if got, want := len(kiosk.ExpectedChecks("library-card")), len(kiosk.ExpectedChecks(kiosk.CitizenCard)); got < want {
			t.Errorf("got %d checks, want at least %d", got, want)
		}
	})
}

func TestChecksThatAreNotInTheList(t *testing.T) {
	d := newDesk(t).do(kiosk.CardInserted{Reader: 1})
	d.do(kiosk.InCase{Case: 1, Event: kiosk.CheckDone{Check: kiosk.Check{Name: "watermark", Result: kiosk.Passed}}}).problem("", false)
	if _, ok := d.state.Document.Check("watermark"); !ok {
		t.Error("the answer is not shown")
	}
	if _, ok := d.state.Document.Check("hologram"); ok {
		t.Error("an answer that nobody gave is shown")
	}
	d.do(kiosk.InCase{Case: 1, Event: kiosk.CheckDone{Check: kiosk.Check{Name: "watermark", Result: kiosk.Failed}}}).problem(kiosk.ProblemInternal, true)
}
