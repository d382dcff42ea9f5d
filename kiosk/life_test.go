package kiosk_test

import (
	"slices"
	"testing"
	"time"

	"balcao/kiosk"
)

// in is an answer in the case at hand.
func (d *desk) in(events ...kiosk.CaseEvent) *desk {
	d.t.Helper()
	for _, e := range events {
		d.do(kiosk.InCase{Case: d.state.Case, Event: e})
	}
	return d
}

func key(state kiosk.KeyStatus, offered ...string) *kiosk.Key {
	return &kiosk.Key{Register: 20418, State: state, Offered: offered}
}

// keyShown brings the desk to the page of a key, from an errand of the list.
func keyShown(t *testing.T, errand string, k *kiosk.Key) *desk {
	t.Helper()
	d := newDesk(t).do(kiosk.ErrandChosen{Name: errand}).identified().do(kiosk.PersonConfirmed{}).at(kiosk.StepKey)
	return d.asked(kiosk.ReadKey{Case: d.state.Case, Identity: anna()}).in(kiosk.KeyRead{Key: k})
}

// agrees lets the person sign and the centre answer.
func (d *desk) agrees(answer kiosk.CaseEvent) *desk {
	d.t.Helper()
	d.at(kiosk.StepReview).do(kiosk.Agreed{}, cardPIN())
	return d.in(kiosk.Signed{Check: kiosk.Check{Result: kiosk.Passed}}, answer)
}

func TestErrandsOfAKey(t *testing.T) {
	proves := func(d *desk) {
		d.at(kiosk.StepContact).do(kiosk.ContactEntered{Channel: kiosk.Email, Text: "outra@exemplo.pt"})
		d.do(kiosk.ContactEntered{Channel: kiosk.SMS, Text: annasPhone})
		d.do(d.queued(kiosk.SMS), kiosk.CodeTyped{Code: kiosk.Secret("246813")})
		d.in(kiosk.CodeAnswered{Channel: kiosk.SMS, Proof: proof, At: noon})
	}
	tests := []struct {
		errand string
		state  kiosk.KeyStatus
		reason kiosk.KeyReason
		prove  func(*desk)
		undo   string
	}{
		{"phone", kiosk.StatusActive, "", proves, ""},
		{"pin", kiosk.StatusBlocked, "", func(d *desk) {
			d.at(kiosk.StepPIN).do(kiosk.PINTyped{PIN: kiosk.Secret(goodPIN)}, kiosk.PINTyped{PIN: kiosk.Secret(goodPIN)}).in(kiosk.PINWasSealed{})
		}, ""},
		{"unblock", kiosk.StatusBlocked, "", nil, ""},
		{"suspend", kiosk.StatusActive, kiosk.ReasonPhoneLost, nil, "reactivate"},
		{"reactivate", kiosk.StatusSuspended, kiosk.ReasonRecovered, nil, "suspend"},
		{"cancel", kiosk.StatusActive, kiosk.ReasonUnused, nil, ""},
		{"activate", kiosk.StatusPending, "", func(d *desk) {
			d.at(kiosk.StepActivation).do(kiosk.ActivationTyped{Code: kiosk.Secret("k7m2p 9qrtx")})
			d.asked(kiosk.ConfirmActivation{Case: 1, Code: kiosk.Secret("K7M2P9QRTX")})
			d.in(kiosk.ActivationAnswered{Channel: kiosk.SMS, Contact: annasPhone, Proof: proof, At: noon})
		}, ""},
		{"renew", kiosk.StatusActive, "", func(d *desk) {
			d.at(kiosk.StepTry).do(kiosk.TryNamed{By: kiosk.ByPhone, Channel: kiosk.SMS}, kiosk.TryPINTyped{PIN: kiosk.Secret(goodPIN)})
			d.in(kiosk.TryAnswered{}, kiosk.TryCodeSent{ExpiresAt: noon.Add(time.Hour)}).do(kiosk.TryCodeTyped{Code: kiosk.Secret("246813")})
			d.in(kiosk.TryCodeAnswered{Register: 20418}).do(kiosk.Continue{})
		}, ""},
	}
	for _, test := range tests {
		t.Run(test.errand, func(t *testing.T) {
			d := keyShown(t, test.errand, key(test.state, "stored", test.errand))
			if row := slices.IndexFunc(kiosk.Life, func(e kiosk.Errand) bool { return e.Name == test.errand }); row >= 0 && d.state.Errand.Channel != kiosk.Life[row].Channel {
				t.Errorf("the desk asks for contact %q, the errand is for %q", d.state.Errand.Channel, kiosk.Life[row].Channel)
			}
			if d.state.Key.Choosing != test.errand {
				t.Fatalf("chosen is %q of %v", d.state.Key.Choosing, d.state.Key.Offered)
			}
			if test.reason != "" {
				if d.do(kiosk.Continue{}).asked(); !d.state.Key.ReasonMissing {
					t.Error("goes on without a reason")
				}
				d.do(kiosk.ReasonChosen{Reason: test.reason})
			}
			d.do(kiosk.Continue{}).asked(kiosk.OpenEnrolment{Case: 1, Errand: test.errand, Identity: anna()}).in(kiosk.Opened{})
			if test.prove != nil {
				test.prove(d)
			}
			d.agrees(kiosk.KeyActive{Register: 20418, Key: key(kiosk.StatusActive)}).at(kiosk.StepDone)
			if got := d.state.Receipt; got.Errand != test.errand || got.Undo != test.undo || got.Key.Register != 20418 {
				t.Errorf("the receipt says %+v", got)
			}
		})
	}
}

// What is chosen on the page of the key goes on in the same case, whatever it began with.
func TestKeyPage(t *testing.T) {
	t.Run("FromAnEmptyDesk", func(t *testing.T) {
		d := newDesk(t).identified().do(kiosk.PersonConfirmed{}).in(kiosk.OpenRefused{Code: kiosk.ProblemAlreadyActive})
		d.in(kiosk.KeyRead{Key: key(kiosk.StatusBlocked, "pin", "unblock")})
		d.do(kiosk.KeyChosen{Errand: "pin"}, kiosk.Continue{}).asked(kiosk.OpenEnrolment{Case: 1, Errand: "pin", Identity: anna()})
		d.in(kiosk.Opened{}).at(kiosk.StepPIN)
		d.do(kiosk.Back{}).at(kiosk.StepKey).in(kiosk.KeyRead{Key: key(kiosk.StatusBlocked, "pin", "unblock")})
		d.do(kiosk.Continue{}).at(kiosk.StepPIN) // it is open already
		d.do(kiosk.Back{}).in(kiosk.KeyRead{Key: key(kiosk.StatusBlocked, "pin", "unblock")})
		d.do(kiosk.KeyChosen{Errand: "unblock"}, kiosk.Continue{}).asked(kiosk.OpenEnrolment{Case: 1, Errand: "unblock", Identity: anna()})
	})
	t.Run("WithoutAKeyOneEnrols", func(t *testing.T) {
		d := keyShown(t, "pin", nil)
		if s := d.state.Key; s.Phase != kiosk.KeyNone || s.Problem != kiosk.ProblemNoKey || s.Choosing != "enrol" {
			t.Fatalf("got %+v", s)
		}
		d.do(kiosk.Continue{}).at(kiosk.StepContact).asked(kiosk.OpenEnrolment{Case: 1, Errand: "enrol", Identity: anna()})
	})
	t.Run("WhatTheStateDoesNotAllow", func(t *testing.T) {
		d := keyShown(t, "unblock", key(kiosk.StatusActive, "suspend"))
		if s := d.state.Key; s.Problem != kiosk.ProblemWrongState || s.Choosing != "suspend" {
			t.Errorf("got %+v", s)
		}
		if d.do(kiosk.KeyChosen{Errand: "unblock"}); d.state.Key.Choosing == "unblock" {
			t.Error("chosen though it is not offered")
		}
	})
	t.Run("ChangedMeanwhile", func(t *testing.T) {
		d := keyShown(t, "unblock", key(kiosk.StatusBlocked, "unblock")).do(kiosk.Continue{}).in(kiosk.OpenRefused{Code: kiosk.ProblemWrongState})
		d.asked(kiosk.ReadKey{Case: 1, Identity: anna()}).in(kiosk.KeyRead{Key: key(kiosk.StatusActive, "suspend")})
		if s := d.state.Key; s.Problem != kiosk.ProblemWrongState || s.Phase != kiosk.KeyShown {
			t.Errorf("got %+v", s)
		}
	})
	t.Run("CentreDownAndUpAgain", func(t *testing.T) {
		d := newDesk(t).do(kiosk.ErrandChosen{Name: "key"}).identified().do(kiosk.PersonConfirmed{}, centreDown)
		d.problem(kiosk.ProblemCentreDown, false).do(centreUp).asked(kiosk.ReadKey{Case: 1, Identity: anna()}).problem("", false)
		d.in(kiosk.KeyRead{Key: key(kiosk.StatusActive, "stored")}).do(kiosk.Continue{}, centreDown)
		d.do(centreUp).asked(kiosk.OpenEnrolment{Case: 1, Errand: "stored", Identity: anna()})
	})
	t.Run("StoredIsShownAfterTheEvidence", func(t *testing.T) {
		d := keyShown(t, "stored", key(kiosk.StatusActive, "stored")).do(kiosk.Continue{}).in(kiosk.Opened{})
		d.agrees(kiosk.KeyActive{}).at(kiosk.StepStored).asked(kiosk.ReadStored{Case: 1})
		d.in(kiosk.StoredRead{Sections: []kiosk.StoredSection{{Name: "person"}}})
		d.do(kiosk.PrintAsked{What: kiosk.PrintStored}).in(kiosk.PrintShown{Pages: [][]byte{{1}, {2}}})
		if d.do(kiosk.PrintTurned{By: 5}); d.state.Print.Page != 1 {
			t.Errorf("page %d", d.state.Print.Page)
		}
		if d.do(kiosk.Continue{}).at(kiosk.StepDocument); d.state.Stored.Sections != nil || d.state.Print.Pages != nil {
			t.Error("something is left")
		}
	})
	t.Run("StoredIsNotShownBeforeASupervisorDecided", func(t *testing.T) {
		d := keyShown(t, "stored", key(kiosk.StatusActive, "stored")).do(kiosk.Continue{}).in(kiosk.Opened{})
		d.agrees(kiosk.KeyPending{}).problem(kiosk.ProblemWaitingCase, true)
		if d.state.Step == kiosk.StepStored || d.state.Document.Identity != nil {
			t.Errorf("at %s", d.state.Step)
		}
	})
	t.Run("RenewOnlyWithALaterDocument", func(t *testing.T) {
		last := anna().ValidUntil
		for days, want := range map[int]string{0: "renew", 29: "renew", 30: "pin"} { // the rules let a national's key outlive the document
			k := key(kiosk.StatusActive, "pin", "renew")
			k.ValidUntil = kiosk.DateOf(time.Date(last.Year, last.Month, last.Day+days, 12, 0, 0, 0, time.UTC))
			if s := keyShown(t, "key", k).state.Key; s.Choosing != want || !s.Suggested {
				t.Errorf("%d days after the document: begins at %s of %v", days, s.Choosing, s.Offered)
			}
		}
	})
	t.Run("Undo", func(t *testing.T) {
		d := keyShown(t, "suspend", key(kiosk.StatusActive, "suspend")).do(kiosk.ReasonChosen{Reason: kiosk.ReasonRequest}, kiosk.Continue{}).in(kiosk.Opened{})
		d.agrees(kiosk.KeyActive{}).at(kiosk.StepDone).do(kiosk.UndoChosen{})
		if d.state.Case != 2 || d.state.Errand.Name != "reactivate" || !d.state.Document.Reading {
			t.Errorf("case %d of %s", d.state.Case, d.state.Errand.Name)
		}
	})
}

// Nobody's contact can be proven now: an activation code goes out.
func TestLater(t *testing.T) {
	letter := kiosk.PostalAddress{Name: "Ana Exemplo", Lines: []string{"Rua Um 1", ""}, Postcode: "1000-001", Town: "Lisboa", Country: "PRT"}
	t.Run("Letter", func(t *testing.T) {
		d := newDesk(t).opened().do(kiosk.LaterChosen{Channel: kiosk.Letter}, kiosk.LaterEntered{Address: kiosk.PostalAddress{Name: "Ana"}}).asked()
		if d.state.Contact.Later.Fault != kiosk.AddressLines {
			t.Errorf("fault %q", d.state.Contact.Later.Fault)
		}
		abroad := letter
		abroad.Postcode = "99"
		if d.do(kiosk.LaterEntered{Address: abroad}); d.state.Contact.Later.Fault != kiosk.AddressPostcode {
			t.Errorf("fault %q of a postcode that is none of Portugal's", d.state.Contact.Later.Fault)
		}
		d.do(kiosk.LaterEntered{Address: letter})
		sent := letter
		sent.Lines = letter.Lines[:1]
		d.asked(kiosk.SetActivation{Case: 1, Number: 1, Language: kiosk.Portuguese, Activation: kiosk.ActivationFacts{Channel: kiosk.Letter, Address: sent}})
		d.do(centreDown).do(centreUp) // asked again it is the same message
		d.asked(kiosk.SetActivation{Case: 1, Number: 1, Language: kiosk.Portuguese, Activation: kiosk.ActivationFacts{Channel: kiosk.Letter, Address: sent}})
		d.in(kiosk.ActivationSet{ExpiresAt: noon.Add(time.Hour)}).at(kiosk.StepPIN)
		d.do(kiosk.PINTyped{PIN: kiosk.Secret(goodPIN)}, kiosk.PINTyped{PIN: kiosk.Secret(goodPIN)}).in(kiosk.PINWasSealed{})
		d.agrees(kiosk.KeyActive{Key: key(kiosk.StatusPending)}).at(kiosk.StepDone)
		if got := d.state.Receipt.Activation; got.Channel != kiosk.Letter || got.ExpiresAt.IsZero() {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("TakenBack", func(t *testing.T) {
		d := newDesk(t).opened().do(kiosk.LaterChosen{Channel: kiosk.SMS}, kiosk.LaterEntered{Text: annasPhone}).in(kiosk.ActivationSet{})
		d.at(kiosk.StepPIN).do(kiosk.Back{}, kiosk.ContactEntered{Channel: kiosk.SMS, Text: annasPhone})
		d.asked(kiosk.SetActivation{Case: 1, Number: 2, Language: kiosk.Portuguese},
			kiosk.SendCode{Case: 1, Number: 3, Channel: kiosk.SMS, Value: annasPhone, Language: kiosk.Portuguese})
		d.in(kiosk.ActivationSet{}).do(d.queued(kiosk.SMS), kiosk.CodeTyped{Code: kiosk.Secret("246813")})
		d.in(kiosk.CodeAnswered{Channel: kiosk.SMS, Proof: proof, At: noon}).at(kiosk.StepPIN)
	})
}

func TestWithoutADocument(t *testing.T) {
	found := func(d *desk) *desk {
		d.do(kiosk.ErrandChosen{Name: "search"}).at(kiosk.StepSearch)
		d.do(kiosk.SearchAsked{Kind: kiosk.SearchTax, Text: "400 000 008"}).asked() // nobody searches without a reason
		d.do(kiosk.SearchAsked{Kind: kiosk.SearchTax, Text: "400 000 009", Reason: kiosk.SearchHolderPhone}).asked()
		if !d.state.Search.Invalid {
			d.t.Error("a NIF that cannot be is searched")
		}
		d.do(kiosk.SearchAsked{Kind: kiosk.SearchTax, Text: "400 000 008", Reason: kiosk.SearchHolderPhone})
		d.asked(kiosk.Search{Case: 1, Kind: kiosk.SearchTax, Value: "400000008", Reason: kiosk.SearchHolderPhone})
		d.in(kiosk.Searched{ID: proof, Found: []kiosk.Key{*key(kiosk.StatusActive, "suspend", "pin")}})
		return d.do(kiosk.FoundChosen{Register: 20418}).at(kiosk.StepKey)
	}
	t.Run("Word", func(t *testing.T) {
		d := found(newDesk(t)).do(kiosk.ReasonChosen{Reason: kiosk.ReasonPhoneLost}, kiosk.Continue{}).at(kiosk.StepWord)
		birth := kiosk.Date{Year: 1974, Month: time.August, Day: 12}
		if d.do(kiosk.WordGiven{BirthDate: birth}).asked(); !d.state.Word.Incomplete {
			t.Error("suspends without the number that is asked for")
		}
		d.do(kiosk.WordGiven{BirthDate: birth, Number: "400 000 008"})
		d.asked(kiosk.SuspendByWord{Case: 1, Search: proof, Register: 20418, BirthDate: birth, Number: "400000008", Reason: kiosk.ReasonPhoneLost})
		if d.in(kiosk.WordRefused{Wrong: true}); !d.state.Word.Wrong {
			t.Error("nobody says that it was wrong")
		}
		d.do(kiosk.WordGiven{BirthDate: birth, Number: "400000008"}).in(kiosk.WordTaken{}).at(kiosk.StepDone)
		if d.state.Receipt.Undo != "reactivate" || d.state.Receipt.Key.State != kiosk.StatusSuspended {
			t.Errorf("the receipt says %+v", d.state.Receipt)
		}
	})
	t.Run("AllElseWantsTheDocument", func(t *testing.T) {
		d := found(newDesk(t)).do(kiosk.KeyChosen{Errand: "pin"}, kiosk.Continue{})
		if d.state.Case != 0 || d.state.Errand.Name != "pin" || d.state.Key.Key != nil || d.state.Search.Found != nil {
			t.Errorf("case %d of %s", d.state.Case, d.state.Errand.Name)
		}
	})
	t.Run("NotMe", func(t *testing.T) {
		d := newDesk(t).do(kiosk.ErrandChosen{Name: "not_me"}, kiosk.NotMeTyped{Code: kiosk.Secret("K7M2P-9QRTX")})
		d.asked(kiosk.NotMe{Case: 1, Code: kiosk.Secret("K7M2P9QRTX")})
		if d.in(kiosk.NotMeAnswered{Wrong: true}); !d.state.NotMe.Wrong {
			t.Error("nobody says that it was wrong")
		}
		d.do(kiosk.NotMeTyped{Code: kiosk.Secret("K7M2P9QRTX")}).in(kiosk.NotMeAnswered{Register: 7, State: kiosk.StatusSuspended})
		if d.at(kiosk.StepDone); d.state.Receipt.Register != 7 || d.state.Receipt.Undo != "" {
			t.Errorf("the receipt says %+v", d.state.Receipt)
		}
	})
}
