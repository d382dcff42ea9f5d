package kiosk_test

import (
	"slices"
	"testing"

	"balcao/kiosk"
)

func TestErrands(t *testing.T) {
	t.Run("CheckStopsAfterTheDocument", func(t *testing.T) {
		d := newDesk(t).do(kiosk.ErrandChosen{Name: "check"}, kiosk.CentreChanged{Centre: kiosk.CentreStatus{Health: kiosk.HealthDown}})
		d.identified().at(kiosk.StepIdentity)
		d.do(kiosk.PersonConfirmed{}).asked(kiosk.Forget{Case: 1}).at(kiosk.StepDocument).problem("", false)
		if d.state.Case != 0 || d.state.Errand.Name != "enrol" {
			t.Errorf("got case %d of %s, want an empty desk that enrols", d.state.Case, d.state.Errand.Name)
		}
	})
	t.Run("EscEndsACheckUnasked", func(t *testing.T) {
		d := newDesk(t).do(kiosk.ErrandChosen{Name: "check"}).identified().do(kiosk.Cancel{})
		if d.state.ConfirmCancel || d.state.Case != 0 || d.state.Errand.Name != "enrol" {
			t.Errorf("asks %v, case %d of %s: nothing can be lost", d.state.ConfirmCancel, d.state.Case, d.state.Errand.Name)
		}
	})
	t.Run("OnlyOnAnEmptyDesk", func(t *testing.T) {
		if d := newDesk(t).identified().do(kiosk.ErrandChosen{Name: "check"}); d.state.Errand.Name != "enrol" {
			t.Errorf("got %s in mid-case", d.state.Errand.Name)
		}
	})
	t.Run("EscGoesBackToEnrolling", func(t *testing.T) {
		if d := newDesk(t).do(kiosk.ErrandChosen{Name: "check"}, kiosk.Cancel{}); d.state.Errand.Name != "enrol" {
			t.Errorf("got %s", d.state.Errand.Name)
		}
	})
	t.Run("AnotherDocumentIsOfTheSameErrand", func(t *testing.T) {
		d := newDesk(t).do(kiosk.ErrandChosen{Name: "check"}).identified().do(kiosk.OtherDocument{})
		if d.state.Case != 0 || d.state.Errand.Name != "check" {
			t.Errorf("got case %d of %s", d.state.Case, d.state.Errand.Name)
		}
	})
	t.Run("WithoutAContactTheReceiptNamesNoLogin", func(t *testing.T) {
		usual := kiosk.Errands
		t.Cleanup(func() { kiosk.Errands = usual })
		kiosk.Errands = append(slices.Clone(usual), kiosk.Errand{Name: "sign", Steps: []kiosk.Step{
			kiosk.StepDocument, kiosk.StepIdentity, kiosk.StepReview, kiosk.StepDone}})
		d := newDesk(t).do(kiosk.ErrandChosen{Name: "sign"}).identified().do(kiosk.PersonConfirmed{}).at(kiosk.StepReview)
		id := d.state.Case
		d.do(kiosk.Agreed{}, cardPIN(), kiosk.InCase{Case: id, Event: kiosk.Signed{Check: kiosk.Check{Result: kiosk.Passed}}})
		d.phase(kiosk.ReviewBinding).do(kiosk.InCase{Case: id, Event: kiosk.KeyActive{Register: 7}}).at(kiosk.StepDone)
		if got := d.state.Receipt; got.Register != 7 || got.Login != "" {
			t.Errorf("got register %d and login %q, want 7 and none", got.Register, got.Login)
		}
	})
	t.Run("ListIsOpenedAndClosed", func(t *testing.T) {
		d := newDesk(t).do(kiosk.ErrandsAsked{})
		if !d.state.Choosing || d.do(kiosk.Cancel{}).state.Choosing {
			t.Error("the list does not open or does not close")
		}
		if d.do(kiosk.ErrandsAsked{}, kiosk.ErrandChosen{Name: "check"}); d.state.Choosing || d.state.Errand.Name != "check" {
			t.Errorf("chosen, and the list is open %t with %s", d.state.Choosing, d.state.Errand.Name)
		}
		if d.do(kiosk.ErrandsAsked{}, kiosk.CardInserted{Reader: 1}); d.state.Choosing || d.state.Case == 0 {
			t.Error("a document does not close the list")
		}
	})
	t.Run("OfACitizenCardNothingElseIsAsked", func(t *testing.T) {
		d := newDesk(t).identified()
		for _, step := range d.state.Errand.Steps {
			if step == kiosk.StepEligibility {
				t.Error("a step is shown that nobody goes through")
			}
		}
		if !d.do(kiosk.PersonConfirmed{}).at(kiosk.StepContact).state.Past(kiosk.StepIdentity) {
			t.Error("the contact does not come after the identity")
		}
	})
}
