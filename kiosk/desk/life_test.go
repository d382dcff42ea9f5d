package desk_test

import (
	"testing"

	"balcao/kiosk"
	"balcao/kiosk/kiosktest"
)

// keyShown waits for the page of a key.
func (d *running) keyShown() kiosk.State {
	d.t.Helper()
	return d.until("the key", func(s kiosk.State) bool { return s.Step == kiosk.StepKey && s.Key.Phase == kiosk.KeyShown })
}

// toKey lays a document for an errand of the list and goes to the page of the key.
func (d *running) toKey(errand, name string) kiosk.State {
	d.t.Helper()
	d.do(kiosk.ErrandChosen{Name: errand})
	d.read(name)
	d.do(kiosk.PersonConfirmed{})
	return d.keyShown()
}

// begins opens an errand on the page of the key, for a reason where one is asked for.
func (d *running) begins(errand string, reason kiosk.KeyReason) {
	d.t.Helper()
	d.do(kiosk.KeyChosen{Errand: errand}, kiosk.ReasonChosen{Reason: reason}, kiosk.Continue{})
	d.until("open", func(s kiosk.State) bool { return s.Step != kiosk.StepKey })
}

// concludes signs, and returns the last page.
func (d *running) concludes() kiosk.State {
	d.t.Helper()
	d.until("review", phase(kiosk.ReviewReading))
	d.agree()
	return d.finish()
}

// away takes the document, and waits until nothing is left of its case.
func (d *running) leaves(s kiosk.State) {
	d.t.Helper()
	d.takeOut()
	d.untilForgotten(s.Case)
}

// The life of a key at one desk, against the centre itself: each errand is proven by the document anew, and ends with what
// the centre made of it.
func TestLifeOfAKey(t *testing.T) {
	b := newBench(t)
	d := b.start(nil)
	d.toSigning("cc2024", kiosk.SMS)
	s := d.finish()
	register := s.Receipt.Register
	first := d.contact
	d.leaves(s)

	is := func(s kiosk.State, errand string, want kiosk.KeyStatus) {
		t.Helper()
		r := s.Receipt
		if r == nil || r.Errand != errand || r.Register != register || r.Key == nil || r.Key.State != want {
			t.Fatalf("%s: the last page says %+v, key %+v", errand, r, r.Key)
		}
		if n := b.count(`select count(*) from centre.key where state = '` + string(want) + `'`); n != 1 {
			t.Fatalf("%s: %d keys are %s", errand, n, want)
		}
	}

	// Laid on the empty desk, the document leads to its holder's key, and what is chosen there goes on in the same case.
	d.read("cc2024")
	d.do(kiosk.PersonConfirmed{})
	s = d.keyShown()
	id := *s.Document.Identity
	if s.Case != 2 || s.Key.Key.Register != register || s.Key.Key.State != kiosk.StatusActive || len(s.Key.Key.Timeline) == 0 {
		t.Fatalf("case %d shows %+v", s.Case, s.Key.Key)
	}
	d.begins("suspend", kiosk.ReasonPhoneLost)
	s = d.concludes()
	is(s, "suspend", kiosk.StatusSuspended)

	// Undone on the last page, with the document that is still there.
	d.do(kiosk.UndoChosen{})
	d.until("read again", complete)
	d.do(kiosk.PersonConfirmed{})
	d.keyShown()
	d.begins("reactivate", kiosk.ReasonRecovered)
	s = d.concludes()
	is(s, "reactivate", kiosk.StatusActive)
	d.leaves(s)

	d.toKey("email", "cc2024")
	d.begins("email", "")
	d.askForCode(kiosk.Email)
	d.typeCode()
	s = d.concludes()
	is(s, "email", kiosk.StatusActive)
	if len(s.Receipt.Key.Contacts) != 2 {
		t.Errorf("contacts are %+v", s.Receipt.Key.Contacts)
	}
	d.leaves(s)

	// The notice of it went to the telephone that was there before; its code freezes the key without a document.
	code := kiosktest.LongCodeIn(d.SMS.Wait(d.ctx, t, first, kiosktest.LongMessage))
	d.do(kiosk.ErrandChosen{Name: "not_me"}, kiosk.NotMeTyped{Code: kiosk.Secret(code)})
	s = d.until("frozen", done)
	if s.Receipt.Register != register || s.Receipt.Key.State != kiosk.StatusSuspended {
		t.Errorf("the last page says %+v", s.Receipt)
	}
	d.do(kiosk.NextPerson{})

	d.toKey("reactivate", "cc2024")
	d.begins("reactivate", kiosk.ReasonRequest)
	s = d.concludes()
	is(s, "reactivate", kiosk.StatusActive)
	d.leaves(s)

	d.toKey("pin", "cc2024")
	d.begins("pin", "")
	d.do(kiosk.PINTyped{PIN: kiosk.Secret("48291375")}, kiosk.PINTyped{PIN: kiosk.Secret("48291375")})
	s = d.concludes()
	is(s, "pin", kiosk.StatusActive)
	d.leaves(s)

	d.toKey("stored", "cc2024")
	d.begins("stored", "")
	d.until("review", phase(kiosk.ReviewReading))
	d.agree()
	d.typeCardPIN()
	s = d.until("stored", func(s kiosk.State) bool { return s.Step == kiosk.StepStored && !s.Stored.At.IsZero() })
	if len(s.Stored.Sections) == 0 || len(s.Stored.Sections[0].Rows) == 0 {
		t.Errorf("nothing is stored: %+v", s.Stored)
	}
	d.do(kiosk.Continue{})
	d.fresh().slots.Remove(1)

	// Found by the telephone, and suspended at the holder's word.
	d.do(kiosk.ErrandChosen{Name: "search"}, kiosk.SearchAsked{Kind: kiosk.SearchPhone, Text: first, Reason: kiosk.SearchHolderPhone})
	s = d.until("found", func(s kiosk.State) bool { return len(s.Search.Found) == 1 })
	d.do(kiosk.FoundChosen{Register: s.Search.Found[0].Register})
	d.keyShown()
	d.begins("word", kiosk.ReasonPhoneLost)
	d.do(kiosk.WordGiven{BirthDate: kiosk.Date{Year: 1901, Month: 1, Day: 1}, Number: "1"})
	d.until("not believed", func(s kiosk.State) bool { return s.Word.Wrong })
	d.do(kiosk.WordGiven{BirthDate: id.BirthDate, Number: id.DocumentNumber})
	d.until("suspended", done)
	d.do(kiosk.NextPerson{})

	d.toKey("cancel", "cc2024")
	d.begins("cancel", kiosk.ReasonUnused)
	s = d.concludes()
	is(s, "cancel", kiosk.StatusCancelled)
	d.leaves(s)
	d.clean()
}

// Who travels, and is asked what an enrolment needs before the centre says that they have a key, does with it what they came for:
// nothing of that is in what they sign.
func TestKeyOfATraveller(t *testing.T) {
	b := newBench(t)
	d := b.start(nil)
	d.readTravel("passport-bac")
	d.bring(nil)
	d.toReview(kiosk.SMS)
	d.do(kiosk.Agreed{})
	d.leaves(d.until("key active", done))
	for _, errand := range []struct {
		name   string
		reason kiosk.KeyReason
		want   kiosk.KeyStatus
	}{{"suspend", kiosk.ReasonPhoneLost, kiosk.StatusSuspended}, {"reactivate", kiosk.ReasonRecovered, kiosk.StatusActive}, {"cancel", kiosk.ReasonUnused, kiosk.StatusCancelled}} {
		d.readTravel("passport-bac")
		d.do(kiosk.PersonConfirmed{}, kiosk.EligibilityEntered{Eligibility: papers(d.numbers)}, kiosk.Continue{})
		d.keyShown()
		d.begins(errand.name, errand.reason)
		d.until("review", phase(kiosk.ReviewReading))
		d.do(kiosk.Agreed{})
		s := d.until("decided", func(s kiosk.State) bool { return done(s) || s.Problem != nil })
		if !done(s) || s.Receipt.Key == nil || s.Receipt.Key.State != errand.want {
			t.Fatalf("%s: the clerk sees %+v", errand.name, s.Problem)
		}
		d.leaves(s)
	}
}

// Who cannot prove a contact now gets a code, and activates the key with it.
func TestActivationByCode(t *testing.T) {
	b := newBench(t)
	d := b.start(nil)
	d.read("cc2024")
	d.confirmPerson()
	to := d.phone()
	d.do(kiosk.LaterChosen{Channel: kiosk.SMS}, kiosk.LaterEntered{Text: to})
	d.until("PIN", func(s kiosk.State) bool { return s.Step == kiosk.StepPIN })
	d.choosePIN()
	s := d.concludes()
	if s.Receipt.Activation.Channel != kiosk.SMS || s.Receipt.Key == nil || s.Receipt.Key.State != kiosk.StatusPending {
		t.Fatalf("the last page says %+v, key %+v", s.Receipt, s.Receipt.Key)
	}
	d.leaves(s)
	code := kiosktest.LongCodeIn(d.SMS.Wait(d.ctx, t, to, kiosktest.LongMessage))
	d.toKey("activate", "cc2024")
	d.begins("activate", "")
	d.do(kiosk.ActivationTyped{Code: kiosk.Secret(code)})
	s = d.concludes()
	if s.Receipt.Key == nil || s.Receipt.Key.State != kiosk.StatusActive {
		t.Fatalf("the last page says %+v, key %+v", s.Receipt, s.Receipt.Key)
	}
	d.leaves(s)
	d.oneKey()
}
