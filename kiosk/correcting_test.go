package kiosk_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"balcao/kiosk"
)

// TestDisputed: what the person says is wrong is corrected where it was entered, and costs nothing else.
func TestDisputed(t *testing.T) {
	disputed := func(t *testing.T) *desk {
		return newDesk(t).reviewing().do(kiosk.SomethingWrong{}).phase(kiosk.ReviewReading)
	}
	t.Run("NobodyAgreesMeanwhile", func(t *testing.T) {
		d := disputed(t).do(kiosk.Agreed{}).phase(kiosk.ReviewReading).asked()
		d.do(kiosk.Continue{}, kiosk.Agreed{}).phase(kiosk.ReviewCardPIN) // shown again, and right
	})
	t.Run("Contact", func(t *testing.T) {
		d := disputed(t).do(kiosk.Correct{Step: kiosk.StepContact}).at(kiosk.StepContact)
		if got := d.state.Contact; !got.Correcting || !got.Phone.Confirmed() || d.state.PIN.Phase != kiosk.PINSealed {
			t.Errorf("got %+v, PIN %q", got, d.state.PIN.Phase)
		}
		d.do(kiosk.Continue{}).phase(kiosk.ReviewReading).asked() // nothing was wrong with it
		d.do(kiosk.SomethingWrong{}, kiosk.Correct{Step: kiosk.StepContact}, enterMail)
		if d.state.Contact.Correcting {
			t.Error("the other contact can still be changed by a slip")
		}
		d.do(d.queued(kiosk.Email), typedCode(), confirmed(kiosk.Email), kiosk.Continue{}).phase(kiosk.ReviewReading)
	})
	t.Run("ContactOnItsOwnPage", func(t *testing.T) {
		d := newDesk(t).settled().do(kiosk.Back{}, kiosk.Correct{Step: kiosk.StepContact})
		if !d.state.Contact.Correcting {
			t.Error("a proven contact cannot be changed")
		}
	})
	// Going on with the contact that is proven ends the matter of the other one: whoever comes back corrects what they came for.
	t.Run("BesideOneThatFailed", func(t *testing.T) {
		d := newDesk(t).settled().do(kiosk.Back{}, enterMail)
		d.do(d.queued(kiosk.Email), kiosk.InCase{Case: d.state.Case, Event: kiosk.DeliveryChanged{Channel: kiosk.Email, Delivery: kiosk.DeliveryFailed}})
		if got := d.state.Contact.Failed; got != kiosk.Email {
			t.Errorf("failed: %q", got)
		}
		d.do(kiosk.Continue{}).at(kiosk.StepPIN).do(kiosk.Back{}, kiosk.Correct{Step: kiosk.StepContact})
		if got := d.state.Contact; got.Failed != "" || !got.Correcting {
			t.Errorf("failed %q, correcting %v", got.Failed, got.Correcting)
		}
	})
	t.Run("OnlyWhatIsThere", func(t *testing.T) {
		disputed(t).do(kiosk.Correct{Step: kiosk.StepEligibility}, kiosk.Correct{Step: kiosk.StepPIN}).phase(kiosk.ReviewReading)
		newDesk(t).reviewing().do(kiosk.Correct{Step: kiosk.StepContact}).phase(kiosk.ReviewReading)
	})
	t.Run("Papers", func(t *testing.T) {
		d := newTravelDesk(t, rules(func(*kiosk.Rules) {})).travelled(kiosk.SigningChip).reviewed()
		other := brought()
		other.Residence.Issuer = "Outra Câmara"
		d.do(kiosk.SomethingWrong{}, kiosk.Correct{Step: kiosk.StepEligibility}).at(kiosk.StepEligibility)
		d.do(kiosk.EligibilityEntered{Eligibility: other}, kiosk.Continue{}).at(kiosk.StepContact).asked()
		d.do(kiosk.Continue{}).phase(kiosk.ReviewReading).asked()
		if got := d.state.Eligible.Entered; got != other {
			t.Errorf("got %+v", got)
		}
	})
}

// TestAnotherTaxNumber: the centre opened the enrolment with the one before, so the same document begins anew, and
// what was entered is still there; another document finds nothing of it.
func TestAnotherTaxNumber(t *testing.T) {
	other := brought()
	other.TaxNumber = "400000016"
	corrected := func(d *desk) *desk {
		d.do(kiosk.SomethingWrong{}, kiosk.Correct{Step: kiosk.StepEligibility})
		return d.do(kiosk.EligibilityEntered{Eligibility: other}, kiosk.Continue{})
	}
	readAgain := func(d *desk, identity kiosk.Identity) *desk {
		id := d.state.Case
		d.do(kiosk.InCase{Case: id, Event: kiosk.DocumentRecognised{Accepts: []kiosk.AccessKind{kiosk.AccessMRZ}}})
		d.asked(kiosk.Unlock{Case: id, Kind: kiosk.AccessMRZ, Text: theZone}).do(kiosk.InCase{Case: id, Event: kiosk.IdentityRead{Identity: identity}}).travelPasses()
		return d.do(kiosk.InCase{Case: id, Event: kiosk.PhotoRead{Photo: &kiosk.Photo{}}}, kiosk.InCase{Case: id, Event: kiosk.DocumentComplete{Signing: kiosk.SigningChip}}, kiosk.PersonConfirmed{})
	}
	opens := func(t *testing.T, d *desk) {
		t.Helper()
		if diff := cmp.Diff(other, d.state.Eligible.Entered); diff != "" {
			t.Fatalf("entered (-want +got):\n%s", diff)
		}
		d.do(kiosk.Continue{}).asked(kiosk.OpenEnrolment{Case: d.state.Case, Errand: "enrol", Identity: traveller(), TaxNumber: other.TaxNumber})
		if got := d.state.Contact; got.Phone.Text != "912345678" || got.Phone.Confirmed() || got.Settled {
			t.Errorf("contact: got %+v, want the number as it was typed, to be proven again", got)
		}
	}
	t.Run("OnTheReader", func(t *testing.T) {
		d := corrected(newTravelDesk(t, rules(func(*kiosk.Rules) {})).travelled(kiosk.SigningChip).reviewed())
		d.asked(kiosk.Abandon{Case: 1}, kiosk.Forget{Case: 1}, kiosk.ReadDocument{Case: 2, Reader: 1})
		opens(t, readAgain(d, traveller()))
	})
	t.Run("HeldByThePerson", func(t *testing.T) {
		d := corrected(newTravelDesk(t, rules(func(*kiosk.Rules) {})).travelled(kiosk.SigningChip).reviewed().do(kiosk.CardRemoved{Reader: 1}))
		d.problem(kiosk.ProblemCode(kiosk.ReasonRemoved), false).do(kiosk.CardInserted{Reader: 2})
		opens(t, readAgain(d, traveller()))
	})
	t.Run("AnotherDocument", func(t *testing.T) {
		d := corrected(newTravelDesk(t, rules(func(*kiosk.Rules) {})).travelled(kiosk.SigningChip).reviewed().do(kiosk.CardRemoved{Reader: 1}))
		stranger := traveller()
		stranger.DocumentNumber = "C01X00T47"
		readAgain(d.do(kiosk.CardInserted{Reader: 1}), stranger)
		if got := d.state.Eligible.Entered; got != (kiosk.Eligibility{}) {
			t.Errorf("another person's papers: %+v", got)
		}
	})
	t.Run("Typed", func(t *testing.T) {
		d := corrected(newTravelDesk(t, rules(func(r *kiosk.Rules) { r.TypedMRZ = kiosk.TypedAllowed })).typed().reviewed())
		id := d.state.Case
		d.asked(kiosk.Abandon{Case: id - 1}, kiosk.Forget{Case: id - 1}, kiosk.ReadTyped{Case: id, MRZ: theZone})
		d.do(kiosk.InCase{Case: id, Event: kiosk.IdentityRead{Identity: traveller()}}, kiosk.InCase{Case: id, Event: kiosk.PhotoRead{}}).travelPasses()
		d.do(kiosk.InCase{Case: id, Event: kiosk.DocumentComplete{Signing: kiosk.SigningDesk}}, kiosk.PersonConfirmed{})
		opens(t, d)
	})
}
