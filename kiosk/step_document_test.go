package kiosk_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"balcao/kiosk"
)

const theCAN = "683105"

// newTravelDesk is a desk that understands theZone, at a centre with those rules.
func newTravelDesk(t *testing.T, rules kiosk.Rules) *desk {
	t.Helper()
	d := &desk{t: t, session: kiosk.NewSession(kiosk.Settings{DeskName: "Balcão 07"}, noon)}
	return d.do(
		kiosk.ReaderAdded{Reader: 1, Name: "A"}, kiosk.ReaderAdded{Reader: 2, Name: "B"},
		kiosk.CentreChanged{Centre: kiosk.CentreStatus{Health: kiosk.HealthGood}, Delivery: kiosk.HealthGood, Rules: rules},
	)
}

// locked lays a chip on reader 1 that waits for what is printed on its document.
func (d *desk) locked() *desk {
	d.t.Helper()
	d.do(kiosk.CardInserted{Reader: 1})
	id := d.state.Case
	d.asked(kiosk.ReadDocument{Case: id, Reader: 1})
	d.do(kiosk.InCase{Case: id, Event: kiosk.DocumentRecognised{Accepts: []kiosk.AccessKind{kiosk.AccessMRZ, kiosk.AccessCAN}}})
	if !d.state.Document.Access.Asked || d.state.Document.Reading {
		d.t.Fatalf("nothing is asked for: %+v", d.state.Document.Access)
	}
	return d
}

// travelPasses answers the checks of a chip.
func (d *desk) travelPasses() *desk {
	d.t.Helper()
	for _, c := range d.state.Document.Checks {
		if c.Name != kiosk.CheckKey {
			d.do(kiosk.InCase{Case: d.state.Case, Event: kiosk.CheckDone{Check: kiosk.Check{Name: c.Name, Result: kiosk.Passed, Source: "chip", At: noon}}})
		}
	}
	return d
}

// travelled brings the desk to a passport that was read completely.
func (d *desk) travelled(signing kiosk.Signing) *desk {
	d.t.Helper()
	return d.travelledAs(traveller(), signing)
}

func (d *desk) travelledAs(person kiosk.Identity, signing kiosk.Signing) *desk {
	d.t.Helper()
	d.locked()
	id := d.state.Case
	d.do(kiosk.AccessTyped{Kind: kiosk.AccessMRZ, Text: theZone}, kiosk.Continue{})
	d.asked(kiosk.Unlock{Case: id, Kind: kiosk.AccessMRZ, Text: theZone})
	d.do(kiosk.InCase{Case: id, Event: kiosk.IdentityRead{Identity: person}}).at(kiosk.StepIdentity)
	d.travelPasses()
	return d.do(
		kiosk.InCase{Case: id, Event: kiosk.PhotoRead{Photo: &kiosk.Photo{Kind: kiosk.PNG, Data: []byte("face")}}},
		kiosk.InCase{Case: id, Event: kiosk.DocumentComplete{Assurance: kiosk.Assurance{Level: kiosk.LevelHigh}, Signing: signing}},
	)
}

func TestLockedChip(t *testing.T) {
	t.Run("OpensWithZone", func(t *testing.T) {
		d := newTravelDesk(t, kiosk.Rules{}).travelled(kiosk.SigningChip)
		if got := d.state.Document; !got.Complete || got.Kind != kiosk.Passport {
			t.Errorf("got %+v, want a complete passport", got)
		}
	})
	t.Run("OpensWithCAN", func(t *testing.T) {
		d := newTravelDesk(t, kiosk.Rules{}).locked()
		d.do(kiosk.AccessTyped{Kind: kiosk.AccessCAN, Text: theCAN[:5]}, kiosk.Continue{}).asked()
		d.do(kiosk.AccessTyped{Kind: kiosk.AccessCAN, Text: theCAN}, kiosk.Continue{})
		d.asked(kiosk.Unlock{Case: d.state.Case, Kind: kiosk.AccessCAN, Text: theCAN})
	})
	t.Run("SixDigitsForAZoneAreTheCAN", func(t *testing.T) {
		for _, typed := range []string{theCAN, theCAN + "\n"} {
			d := newTravelDesk(t, kiosk.Rules{}).locked().do(kiosk.AccessTyped{Kind: kiosk.AccessMRZ, Text: typed}).asked()
			if !d.state.Document.Access.Ready() {
				t.Error("Enter is not offered")
			}
			d.do(kiosk.Continue{}).asked(kiosk.Unlock{Case: 1, Kind: kiosk.AccessCAN, Text: theCAN})
			d.do(kiosk.InCase{Case: 1, Event: kiosk.AccessRefused{}})
			if access := d.state.Document.Access; access.Kind != kiosk.AccessCAN || access.CAN != theCAN || access.Wrong != 1 {
				t.Errorf("refused: got %+v, want the number to be corrected", access)
			}
		}
	})
	t.Run("SixDigitsAreNoCANOfAChipWithout", func(t *testing.T) {
		d := newTravelDesk(t, kiosk.Rules{}).do(kiosk.CardInserted{Reader: 1})
		d.do(kiosk.InCase{Case: 1, Event: kiosk.DocumentRecognised{Accepts: []kiosk.AccessKind{kiosk.AccessMRZ}}})
		d.do(kiosk.AccessTyped{Kind: kiosk.AccessMRZ, Text: theCAN}, kiosk.Continue{}).asked()
		newTravelDesk(t, kiosk.Rules{}).locked().do(kiosk.AccessTyped{Kind: kiosk.AccessMRZ, Text: theCAN + "7"}, kiosk.Continue{}).asked()
	})
	t.Run("NotWithHalfAZone", func(t *testing.T) {
		d := newTravelDesk(t, kiosk.Rules{}).locked()
		d.do(kiosk.AccessTyped{Kind: kiosk.AccessMRZ, Text: theZone[:5]}, kiosk.Continue{}).asked().at(kiosk.StepDocument)
	})
	t.Run("NotWithLetters", func(t *testing.T) {
		d := newTravelDesk(t, kiosk.Rules{}).locked()
		d.do(kiosk.AccessTyped{Kind: kiosk.AccessCAN, Text: "68310S"})
		if got := d.state.Document.Access.CAN; got != "" {
			t.Errorf("got a CAN of %q, want none", got)
		}
	})
	t.Run("IsNoCitizenCardWhenRefused", func(t *testing.T) {
		d := newTravelDesk(t, kiosk.Rules{}).locked()
		id := d.state.Case
		d.do(kiosk.AccessTyped{Kind: kiosk.AccessMRZ, Text: theZone}, kiosk.Continue{}, kiosk.InCase{Case: id, Event: kiosk.IdentityRead{Identity: traveller()}},
			kiosk.InCase{Case: id, Event: kiosk.CheckDone{Check: kiosk.Check{Name: kiosk.CheckAge, Result: kiosk.Failed, Reason: kiosk.ReasonUnderAge}}})
		d.problem(kiosk.ProblemCode(kiosk.ReasonUnderAge), true)
		if got := d.state.Status.Readers[0].Slot; got != kiosk.SlotTravel {
			t.Errorf("got a reader with %q, want a travel document", got)
		}
	})
	t.Run("RefusesAfterThree", func(t *testing.T) {
		d := newTravelDesk(t, kiosk.Rules{}).locked()
		d.do(kiosk.AccessTyped{Kind: kiosk.AccessMRZ, Text: theZone})
		for n := 1; n <= 3; n++ {
			d.problem("", false)
			d.do(kiosk.Continue{}, kiosk.InCase{Case: d.state.Case, Event: kiosk.AccessRefused{}})
		}
		d.problem(kiosk.ProblemCode(kiosk.ReasonAccessDenied), true)
	})
}

// TestLiftedToRead: a passport lies face down on the reader, so its zone is read with the passport in the hand.
func TestLiftedToRead(t *testing.T) {
	d := newTravelDesk(t, kiosk.Rules{}).locked()
	first := d.state.Case
	d.do(kiosk.AccessTyped{Kind: kiosk.AccessMRZ, Text: theZone[:4]}, kiosk.CardRemoved{Reader: 1}).problem("", false)
	d.do(kiosk.AccessTyped{Kind: kiosk.AccessMRZ, Text: theZone}, kiosk.Continue{}).asked().problem("", false)
	d.do(kiosk.CardInserted{Reader: 2})
	second := d.state.Case
	d.asked(kiosk.Forget{Case: first}, kiosk.ReadDocument{Case: second, Reader: 2})
	d.do(kiosk.InCase{Case: second, Event: kiosk.DocumentRecognised{Accepts: []kiosk.AccessKind{kiosk.AccessMRZ}}})
	d.asked(kiosk.Unlock{Case: second, Kind: kiosk.AccessMRZ, Text: theZone})
}

// TestSlippedWhileReading: nothing that was typed is typed twice, and of the person nothing stays.
func TestSlippedWhileReading(t *testing.T) {
	d := newTravelDesk(t, kiosk.Rules{}).locked()
	id := d.state.Case
	d.do(kiosk.AccessTyped{Kind: kiosk.AccessMRZ, Text: theZone}, kiosk.Continue{}, kiosk.InCase{Case: id, Event: kiosk.IdentityRead{Identity: traveller()}},
		kiosk.CardRemoved{Reader: 1}).problem(kiosk.ProblemCode(kiosk.ReasonRemoved), false)
	if d.state.Document.Identity != nil {
		t.Error("the person is still on the screen")
	}
	d.do(kiosk.CardInserted{Reader: 1})
	again := d.state.Case
	d.do(kiosk.InCase{Case: again, Event: kiosk.DocumentRecognised{Accepts: []kiosk.AccessKind{kiosk.AccessMRZ}}})
	d.asked(kiosk.Unlock{Case: again, Kind: kiosk.AccessMRZ, Text: theZone})
}

// TestWrongIsNotTriedByItself: laying a document down again does not spend another try on what was wrong.
func TestWrongIsNotTriedByItself(t *testing.T) {
	d := newTravelDesk(t, kiosk.Rules{}).locked()
	d.do(kiosk.AccessTyped{Kind: kiosk.AccessMRZ, Text: theZone}, kiosk.Continue{}, kiosk.InCase{Case: d.state.Case, Event: kiosk.AccessRefused{}})
	d.do(kiosk.CardRemoved{Reader: 1}, kiosk.CardInserted{Reader: 1})
	d.do(kiosk.InCase{Case: d.state.Case, Event: kiosk.DocumentRecognised{Accepts: []kiosk.AccessKind{kiosk.AccessMRZ}}}).asked()
	if got := d.state.Document.Access; got.Wrong != 1 || got.MRZ.Text != theZone {
		t.Errorf("got %+v, want what was typed and one wrong try", got)
	}
}

func TestTypeAnew(t *testing.T) {
	d := newTravelDesk(t, kiosk.Rules{}).travelled(kiosk.SigningChip)
	before := d.state.Case
	d.do(kiosk.AccessAgain{}).at(kiosk.StepDocument)
	d.asked(kiosk.Forget{Case: before}, kiosk.ReadDocument{Case: d.state.Case, Reader: 1})
	d.do(kiosk.InCase{Case: d.state.Case, Event: kiosk.DocumentRecognised{Accepts: []kiosk.AccessKind{kiosk.AccessMRZ}}}).asked()
	if got := d.state.Document.Access; got.MRZ.Text != theZone || got.Opening || d.state.Document.Identity != nil {
		t.Errorf("got %+v, want what was typed, not tried, and nobody's identity", got)
	}
}

func TestCitizenCardBehindPACE(t *testing.T) {
	d := newTravelDesk(t, kiosk.Rules{})
	d.do(kiosk.CardInserted{Reader: 1})
	id := d.state.Case
	d.do(kiosk.InCase{Case: id, Event: kiosk.DocumentRecognised{Kind: kiosk.CitizenCard, Accepts: []kiosk.AccessKind{kiosk.AccessCAN}}})
	d.do(kiosk.AccessTyped{Kind: kiosk.AccessCAN, Text: theCAN}, kiosk.Continue{})
	d.asked(kiosk.Unlock{Case: id, Kind: kiosk.AccessCAN, Text: theCAN})
	d.do(kiosk.InCase{Case: id, Event: kiosk.IdentityRead{Identity: anna(), PINTries: 3}})
	d.do(passes(id)...)
	d.do(kiosk.InCase{Case: id, Event: kiosk.PhotoRead{}}, kiosk.InCase{Case: id, Event: kiosk.DocumentComplete{}}, kiosk.PersonConfirmed{}).at(kiosk.StepContact)
}

func TestNoChip(t *testing.T) {
	t.Run("RefusedByTheCentre", func(t *testing.T) {
		d := newTravelDesk(t, kiosk.Rules{})
		if d.do(kiosk.NoChip{}).asked(); d.state.Case != 0 {
			t.Error("a case began")
		}
		d.problem(kiosk.ProblemNoChip, false)
	})
	t.Run("Allowed", func(t *testing.T) {
		for _, rule := range []kiosk.TypedRule{kiosk.TypedAllowed, kiosk.TypedSecond} { // a supervisor decides later
			d := newTravelDesk(t, rules(func(r *kiosk.Rules) { r.TypedMRZ = rule })).typed()
			d.do(kiosk.PersonConfirmed{}, kiosk.EligibilityEntered{Eligibility: brought()}, kiosk.Continue{}).at(kiosk.StepContact)
		}
	})
	t.Run("AChipAfterAll", func(t *testing.T) {
		d := newTravelDesk(t, rules(func(r *kiosk.Rules) { r.TypedMRZ = kiosk.TypedAllowed }))
		d.do(kiosk.NoChip{}, kiosk.AccessTyped{Kind: kiosk.AccessMRZ, Text: theZone}, kiosk.CardInserted{Reader: 1})
		id := d.state.Case
		d.do(kiosk.InCase{Case: id, Event: kiosk.DocumentRecognised{Accepts: []kiosk.AccessKind{kiosk.AccessMRZ}}})
		d.asked(kiosk.Unlock{Case: id, Kind: kiosk.AccessMRZ, Text: theZone})
	})
}

// typed brings the desk to a document without a chip whose zone was taken.
func (d *desk) typed() *desk {
	d.t.Helper()
	d.do(kiosk.NoChip{}, kiosk.AccessTyped{Kind: kiosk.AccessMRZ, Text: theZone}, kiosk.Continue{})
	id := d.state.Case
	d.asked(kiosk.ReadTyped{Case: id, MRZ: theZone})
	d.do(kiosk.InCase{Case: id, Event: kiosk.IdentityRead{Identity: traveller()}}, kiosk.InCase{Case: id, Event: kiosk.PhotoRead{}}).travelPasses()
	return d.do(kiosk.InCase{Case: id, Event: kiosk.DocumentComplete{Assurance: kiosk.Assurance{Level: kiosk.LevelSubstantial}, Signing: kiosk.SigningDesk}})
}

// brought is what makes a passport's holder eligible.
func brought() kiosk.Eligibility {
	return kiosk.Eligibility{
		TaxNumber: "400000008", Independence: kiosk.Independent,
		Residence: kiosk.Seen{Kind: kiosk.SeenEURegistration, Issuer: "Câmara Municipal", Issued: kiosk.Date{Year: 2025, Month: time.May, Day: 6}},
	}
}

func TestEligibilityPage(t *testing.T) {
	t.Run("FaultsAreSaidAndStay", func(t *testing.T) {
		d := newTravelDesk(t, kiosk.Rules{}).travelled(kiosk.SigningChip).do(kiosk.PersonConfirmed{}).at(kiosk.StepEligibility)
		if d.state.Eligible.Refused {
			t.Error("complains before anybody wanted to go on")
		}
		d.do(kiosk.Continue{}).asked().at(kiosk.StepEligibility)
		if got := len(d.state.Eligible.Faults); !d.state.Eligible.Refused || got != 3 {
			t.Errorf("got %d faults, want the tax number, the declaration and the residence", got)
		}
	})
	t.Run("GoesOn", func(t *testing.T) {
		d := newTravelDesk(t, kiosk.Rules{}).travelled(kiosk.SigningChip).do(kiosk.PersonConfirmed{})
		spaced := brought()
		spaced.TaxNumber = " 400 000 008"
		d.do(kiosk.EligibilityEntered{Eligibility: spaced}, kiosk.Continue{}).at(kiosk.StepContact)
		d.asked(kiosk.OpenEnrolment{Case: d.state.Case, Errand: "enrol", Identity: traveller(), TaxNumber: "400000008"})
	})
	t.Run("Accompanied", func(t *testing.T) {
		d := newTravelDesk(t, kiosk.Rules{}).travelled(kiosk.SigningChip).do(kiosk.PersonConfirmed{})
		accompanied := brought()
		accompanied.Independence = kiosk.Accompanied
		d.do(kiosk.EligibilityEntered{Eligibility: accompanied}, kiosk.Continue{}).problem(kiosk.ProblemAccompanied, true)
		if d.state.Document.Identity != nil || d.state.Eligible.Entered != (kiosk.Eligibility{}) {
			t.Error("something of the person stayed")
		}
	})
	t.Run("AccompaniedAllowed", func(t *testing.T) {
		d := newTravelDesk(t, rules(func(r *kiosk.Rules) { r.Accompanied = true })).travelled(kiosk.SigningChip).do(kiosk.PersonConfirmed{})
		accompanied := brought()
		accompanied.Independence = kiosk.Accompanied
		d.do(kiosk.EligibilityEntered{Eligibility: accompanied}, kiosk.Continue{}).at(kiosk.StepContact)
	})
}

// reviewed brings a traveller to the review, their contact proven and their PIN sealed.
func (d *desk) reviewed() *desk {
	d.t.Helper()
	id := d.state.Case
	d.do(kiosk.PersonConfirmed{}, kiosk.EligibilityEntered{Eligibility: brought()}, kiosk.Continue{},
		kiosk.InCase{Case: id, Event: kiosk.Opened{ExpiresAt: noon.Add(time.Hour)}}, kiosk.ContactEntered{Channel: kiosk.SMS, Text: "912345678"},
		kiosk.InCase{Case: id, Event: kiosk.CodeQueued{Channel: kiosk.SMS, SentAt: noon, ExpiresAt: noon.Add(time.Minute), SendsLeft: 3, TriesLeft: 3, Tries: 3}},
		kiosk.CodeTyped{Code: kiosk.Secret("123456")}, kiosk.InCase{Case: id, Event: kiosk.CodeAnswered{Channel: kiosk.SMS, At: noon, Proof: proof}}, kiosk.Continue{},
		kiosk.PINTyped{PIN: kiosk.Secret(goodPIN)}, kiosk.PINTyped{PIN: kiosk.Secret(goodPIN)}, kiosk.InCase{Case: id, Event: kiosk.PINWasSealed{}})
	return d.at(kiosk.StepReview)
}

func TestChipSigns(t *testing.T) {
	t.Run("OnTheReader", func(t *testing.T) {
		d := newTravelDesk(t, kiosk.Rules{}).travelled(kiosk.SigningChip).reviewed().do(kiosk.Agreed{})
		sign := mustSign(t, d)
		if got := sign.Transcript; got.Identity.TaxNumber != "400000008" || !got.PhotoCompared || got.Typed || got.Eligibility != brought() {
			t.Errorf("got %+v, want what was brought and compared", got)
		}
		d.do(kiosk.InCase{Case: d.state.Case, Event: kiosk.Signed{Check: kiosk.Check{Result: kiosk.Passed}}}).asked(kiosk.Bind{Case: d.state.Case})
	})
	t.Run("LaidAgain", func(t *testing.T) {
		d := newTravelDesk(t, kiosk.Rules{}).travelled(kiosk.SigningChip).reviewed()
		d.do(kiosk.CardRemoved{Reader: 1}, kiosk.Agreed{}).asked()
		if d.state.Review.Phase != kiosk.ReviewCard {
			t.Fatalf("got phase %s, want to wait for the document", d.state.Review.Phase)
		}
		d.do(kiosk.CardInserted{Reader: 1}).asked(kiosk.RecogniseAgain{Case: d.state.Case, Reader: 1})
		d.do(kiosk.InCase{Case: d.state.Case, Event: kiosk.CardReturned{Reader: 1}})
		mustSign(t, d)
	})
	t.Run("AnotherChip", func(t *testing.T) {
		d := newTravelDesk(t, kiosk.Rules{}).travelled(kiosk.SigningChip).reviewed()
		d.do(kiosk.CardRemoved{Reader: 1}, kiosk.Agreed{}, kiosk.CardInserted{Reader: 1})
		d.do(kiosk.InCase{Case: d.state.Case, Event: kiosk.SignFailed{Reason: kiosk.ReasonCardChanged}}).problem(kiosk.ProblemCode(kiosk.ReasonCardChanged), false)
	})
	t.Run("Slips", func(t *testing.T) {
		d := newTravelDesk(t, kiosk.Rules{}).travelled(kiosk.SigningChip).reviewed().do(kiosk.Agreed{})
		d.do(kiosk.CardRemoved{Reader: 1}, kiosk.InCase{Case: d.state.Case, Event: kiosk.SignFailed{Reason: kiosk.ReasonRemoved}}).asked()
		if d.state.Review.Phase != kiosk.ReviewCard {
			t.Errorf("got phase %s, want to wait for the document", d.state.Review.Phase)
		}
	})
	t.Run("IsACopy", func(t *testing.T) {
		d := newTravelDesk(t, kiosk.Rules{}).travelled(kiosk.SigningChip).reviewed().do(kiosk.Agreed{})
		d.do(kiosk.InCase{Case: d.state.Case, Event: kiosk.SignFailed{Reason: kiosk.ReasonKeyMismatch}}).problem(kiosk.ProblemCode(kiosk.ReasonKeyMismatch), true)
	})
}

// TestDeskSigns: nothing has to lie on a reader, and nothing claims that a chip proved something.
func TestDeskSigns(t *testing.T) {
	d := newTravelDesk(t, rules(func(r *kiosk.Rules) { r.TypedMRZ = kiosk.TypedAllowed })).typed().reviewed().do(kiosk.Agreed{})
	if got := mustSign(t, d).Transcript; !got.Typed || !got.PhotoCompared {
		t.Errorf("got %+v, want a typed zone, compared with the printed photograph", got)
	}
	d.do(kiosk.InCase{Case: d.state.Case, Event: kiosk.Signed{Check: kiosk.Check{Result: kiosk.Absent}}}).asked(kiosk.Bind{Case: d.state.Case})
	if _, there := d.state.Document.Check(kiosk.CheckKey); there {
		t.Error("a check of a chip that is not there")
	}
}

func mustSign(t *testing.T, d *desk) kiosk.Sign {
	t.Helper()
	if len(d.commands) == 0 {
		t.Fatalf("nothing is signed: step %v, phase %s, problem %+v", d.state.Step, d.state.Review.Phase, d.state.Problem)
	}
	sign, ok := d.commands[len(d.commands)-1].(kiosk.Sign)
	if !ok || sign.PIN != nil {
		t.Fatalf("got %T, want a signature without a PIN", d.commands[len(d.commands)-1])
	}
	return sign
}

// TestFaultsInTheOrderOfThePage: the first is where the clerk is sent.
func TestFaultsInTheOrderOfThePage(t *testing.T) {
	d := newTravelDesk(t, rules(func(r *kiosk.Rules) { r.TypedMRZ = kiosk.TypedSecond })).typed().do(kiosk.PersonConfirmed{}, kiosk.Continue{})
	var got []kiosk.Requirement
	for _, fault := range d.state.Eligible.Faults {
		got = append(got, fault.Requirement)
	}
	want := []kiosk.Requirement{kiosk.RequireTaxNumber, kiosk.RequireIndependence, kiosk.RequireResidence}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}

// TestSwipedOnEmptyDesk: a document may be swiped before anything else.
func TestSwipedOnEmptyDesk(t *testing.T) {
	swipe := kiosk.AccessTyped{Kind: kiosk.AccessMRZ, Text: theZone}
	t.Run("OpensTheChipThatFollows", func(t *testing.T) {
		d := newTravelDesk(t, kiosk.Rules{}).do(swipe)
		if access := d.state.Document.Access; d.state.Case == 0 || !access.Asked || !access.MRZ.Valid || access.NoChip {
			t.Fatalf("got %+v, want a case with the zone", access)
		}
		d.do(kiosk.Continue{}).asked().at(kiosk.StepDocument)
		d.do(kiosk.CardInserted{Reader: 1})
		d.asked(kiosk.Forget{Case: 1}, kiosk.ReadDocument{Case: 2, Reader: 1})
		d.do(kiosk.InCase{Case: 2, Event: kiosk.DocumentRecognised{Accepts: []kiosk.AccessKind{kiosk.AccessMRZ}}})
		d.asked(kiosk.Unlock{Case: d.state.Case, Kind: kiosk.AccessMRZ, Text: theZone})
	})
	t.Run("StandsForADocumentWithoutChip", func(t *testing.T) {
		d := newTravelDesk(t, rules(func(r *kiosk.Rules) { r.TypedMRZ = kiosk.TypedSecond })).do(swipe, kiosk.NoChip{}, kiosk.Continue{})
		d.asked(kiosk.Forget{Case: 1}, kiosk.ReadTyped{Case: 2, MRZ: theZone})
	})
	t.Run("AgainReplaces", func(t *testing.T) {
		d := newTravelDesk(t, kiosk.Rules{}).do(swipe, kiosk.AccessTyped{Kind: kiosk.AccessMRZ, Text: theZone + "X"})
		if got := d.state.Document.Access.MRZ.Text; got != theZone+"X" {
			t.Errorf("got %q, want what was swiped last", got)
		}
	})
	for name, d := range map[string]*desk{
		"SomethingShort": newTravelDesk(t, kiosk.Rules{}).do(kiosk.AccessTyped{Kind: kiosk.AccessMRZ, Text: theZone[:10]}),
		"ANumber":        newTravelDesk(t, kiosk.Rules{}).do(kiosk.AccessTyped{Kind: kiosk.AccessCAN, Text: theCAN}),
	} {
		if d.state.Case != 0 {
			t.Errorf("%s begins a case", name)
		}
	}
}
