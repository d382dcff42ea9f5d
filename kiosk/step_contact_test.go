package kiosk_test

import (
	"testing"
	"time"

	"balcao/kiosk"
)

// phone fails unless the phone's last problem is the one given.
func (d *desk) phone(want kiosk.ContactProblem) kiosk.ChannelState {
	d.t.Helper()
	if got := d.state.Contact.Phone.Problem; got != want {
		d.t.Fatalf("phone: got problem %q, want %q", got, want)
	}
	return d.state.Contact.Phone
}

func (d *desk) awaited(want kiosk.Channel) *desk {
	d.t.Helper()
	if got := d.state.Contact.Awaited; got != want {
		d.t.Fatalf("awaited: got %q, want %q", got, want)
	}
	return d
}

// failed fails unless that channel is what stopped, "" for none.
func (d *desk) failed(want kiosk.Channel) *desk {
	d.t.Helper()
	if got := d.state.Contact; got.Failed != want || want != "" && got.Awaited != "" {
		d.t.Fatalf("failed: got %q while %q is awaited, want %q", got.Failed, got.Awaited, want)
	}
	return d
}

func undelivered(c kiosk.Channel) kiosk.InCase {
	return kiosk.InCase{Case: 1, Event: kiosk.DeliveryChanged{Channel: c, Delivery: kiosk.DeliveryFailed}}
}

func (d *desk) later(after time.Duration) *desk {
	d.t.Helper()
	return d.do(kiosk.Tick{Now: d.state.Now.Add(after)})
}

func sendPhone(number int) kiosk.SendCode {
	return kiosk.SendCode{Case: 1, Number: number, Channel: kiosk.SMS, Value: annasPhone, Language: kiosk.Portuguese}
}

func sendMail(number int) kiosk.SendCode {
	return kiosk.SendCode{Case: 1, Number: number, Channel: kiosk.Email, Value: "ana@exemplo.pt", Language: kiosk.Portuguese}
}

var (
	enterPhone = kiosk.ContactEntered{Channel: kiosk.SMS, Text: "912 345 678"}
	enterMail  = kiosk.ContactEntered{Channel: kiosk.Email, Text: "ana@Exemplo.PT"}
	typedCode  = func() kiosk.CodeTyped { return kiosk.CodeTyped{Code: kiosk.Secret(secretCode)} }
	confirmed  = func(c kiosk.Channel) kiosk.InCase {
		return kiosk.InCase{Case: 1, Event: kiosk.CodeAnswered{Channel: c, TriesLeft: 3, Proof: proof, At: noon}}
	}
	centreDown = kiosk.InCase{Case: 1, Event: kiosk.CommandFailed{Problem: kiosk.Problem{Code: kiosk.ProblemCentreDown}}}
	centreUp   = kiosk.CentreChanged{Centre: kiosk.CentreStatus{Health: kiosk.HealthGood}, Delivery: kiosk.HealthGood}
)

func TestOpening(t *testing.T) {
	t.Run("ContactMayBeTypedMeanwhile", func(t *testing.T) {
		d := newDesk(t).identified().do(kiosk.PersonConfirmed{}, enterMail, enterPhone)
		d.asked(kiosk.OpenEnrolment{Case: 1, Errand: "enrol", Identity: anna()})
		d.do(kiosk.InCase{Case: 1, Event: kiosk.Opened{}}).asked(sendPhone(1), sendMail(2))
	})
	t.Run("AlreadyActive", func(t *testing.T) {
		d := newDesk(t).identified().do(kiosk.PersonConfirmed{}).do(kiosk.InCase{Case: 1, Event: kiosk.OpenRefused{Code: kiosk.ProblemAlreadyActive}})
		d.at(kiosk.StepKey).problem("", false).asked(kiosk.ReadKey{Case: 1, Identity: anna()})
		if d.state.Errand.Name != "key" || d.state.Document.Photo == nil {
			t.Errorf("got errand %s, want the person's key", d.state.Errand.Name)
		}
	})
	t.Run("CentreDownAndUpAgain", func(t *testing.T) {
		d := newDesk(t).identified().do(kiosk.PersonConfirmed{}, enterPhone).do(centreDown)
		d.problem(kiosk.ProblemCentreDown, false).at(kiosk.StepContact)
		d.do(centreUp).asked(kiosk.OpenEnrolment{Case: 1, Errand: "enrol", Identity: anna()}).problem("", false)
		d.do(kiosk.InCase{Case: 1, Event: kiosk.Opened{}}).asked(sendPhone(1))
	})
	t.Run("RetryByHand", func(t *testing.T) {
		d := newDesk(t).identified().do(kiosk.PersonConfirmed{}, centreDown).do(kiosk.Retry{})
		d.asked(kiosk.OpenEnrolment{Case: 1, Errand: "enrol", Identity: anna()}).problem("", false)
	})
	t.Run("BackAndForthOpensOnce", func(t *testing.T) {
		newDesk(t).opened().do(kiosk.Back{}, kiosk.PersonConfirmed{}).asked()
	})
	t.Run("BackAfterAFailureOpensAgain", func(t *testing.T) {
		d := newDesk(t).identified().do(kiosk.PersonConfirmed{}, centreDown, kiosk.Back{}).do(kiosk.PersonConfirmed{})
		d.asked(kiosk.OpenEnrolment{Case: 1, Errand: "enrol", Identity: anna()})
	})
	t.Run("NothingIsInheritedFromTheCaseBefore", func(t *testing.T) {
		d := newDesk(t).opened().do(enterPhone, enterMail, centreDown, kiosk.Cancel{}, kiosk.CancelConfirmed{}, kiosk.CardRemoved{Reader: 1})
		d.do(kiosk.Tick{Now: noon.Add(time.Hour)}, kiosk.CardInserted{Reader: 1}, kiosk.InCase{Case: 2, Event: kiosk.IdentityRead{Identity: anna()}})
		d.do(passes(2)...).do(kiosk.InCase{Case: 2, Event: kiosk.PhotoRead{}}, kiosk.InCase{Case: 2, Event: kiosk.DocumentComplete{}}, kiosk.PersonConfirmed{})
		d.later(time.Second).problem("", false).at(kiosk.StepContact)
		d.do(kiosk.InCase{Case: 2, Event: kiosk.Opened{}}).asked().do(kiosk.Retry{}).asked()
		want := sendPhone(1)
		want.Case = 2
		d.do(enterPhone).asked(want)
	})
	t.Run("Expires", func(t *testing.T) {
		d := newDesk(t).opened()
		for d.state.Now.Before(noon.Add(55 * time.Minute)) {
			d.later(5*time.Minute).do(enterPhone).problem("", false)
		}
		d.later(5*time.Minute).problem(kiosk.ProblemExpired, true).nobody()
		d.asked(kiosk.Abandon{Case: 1, Reason: kiosk.ProblemExpired}, kiosk.Forget{Case: 1})
	})
}

func TestProving(t *testing.T) {
	t.Run("OK", func(t *testing.T) {
		d := newDesk(t).settled()
		phone := d.phone(kiosk.ContactOK)
		if !phone.Confirmed() || phone.Proof != proof || !d.state.Contact.Settled {
			t.Errorf("phone: got %+v", phone)
		}
		d.awaited("").do(kiosk.Continue{}).at(kiosk.StepPIN)
	})
	t.Run("Invalid", func(t *testing.T) {
		d := newDesk(t).opened().do(kiosk.ContactEntered{Channel: kiosk.SMS, Text: "12"}).asked()
		d.phone(kiosk.PhoneDigitsMissing)
		d.do(kiosk.ContactEntered{Channel: kiosk.SMS, Text: "210 000 000"}).asked()
		d.phone(kiosk.ContactNotMobile)
		d.do(kiosk.Continue{}).at(kiosk.StepContact)
	})
	t.Run("GoesOnByItself", func(t *testing.T) {
		newDesk(t).settled().at(kiosk.StepPIN)
	})
	t.Run("WaitsForTheOtherThatIsOnItsWay", func(t *testing.T) {
		d := newDesk(t).opened().do(enterMail, enterPhone, mailQueued(), phoneQueued(3)).awaited(kiosk.SMS)
		d.do(typedCode(), confirmed(kiosk.SMS)).at(kiosk.StepContact).awaited(kiosk.Email)
		d.do(typedCode(), confirmed(kiosk.Email)).at(kiosk.StepPIN)
	})
	t.Run("ThePersonHasNotToWaitForIt", func(t *testing.T) {
		d := newDesk(t).opened().do(enterMail, enterPhone, mailQueued(), phoneQueued(3))
		d.do(typedCode(), confirmed(kiosk.SMS), kiosk.Continue{}).at(kiosk.StepPIN)
	})
	t.Run("TheOtherIsAddedLater", func(t *testing.T) {
		d := newDesk(t).settled().do(kiosk.Back{}).at(kiosk.StepContact).do(enterMail, mailQueued()).awaited(kiosk.Email)
		d.do(typedCode(), confirmed(kiosk.Email)).at(kiosk.StepPIN)
		if !d.state.Contact.Phone.Confirmed() || !d.state.Contact.Email.Confirmed() {
			t.Error("one of the two proofs is lost")
		}
	})
	t.Run("NotFromAnotherStep", func(t *testing.T) {
		newDesk(t).opened().do(enterPhone, phoneQueued(3), typedCode(), kiosk.Back{}, confirmed(kiosk.SMS)).at(kiosk.StepIdentity)
	})
	t.Run("AnotherValueMustBeProvenAnew", func(t *testing.T) {
		d := newDesk(t).settled().do(kiosk.Back{}, kiosk.ContactEntered{Channel: kiosk.SMS, Text: "912345679"})
		if d.state.Contact.Settled || d.state.Contact.Phone.Confirmed() {
			t.Error("the proof of another number was kept")
		}
		d.do(kiosk.Continue{}).at(kiosk.StepContact)
	})
	t.Run("TheSameValueStaysProven", func(t *testing.T) {
		d := newDesk(t).settled().do(kiosk.Back{}, kiosk.ContactEntered{Channel: kiosk.SMS, Text: "+351 912-345-678"}).asked()
		if !d.state.Contact.Settled {
			t.Error("the proof of the same number was lost")
		}
	})
	t.Run("Withdrawn", func(t *testing.T) {
		d := newDesk(t).settled().do(kiosk.Back{}, kiosk.ContactEntered{Channel: kiosk.SMS}).asked()
		if d.state.Contact != (kiosk.ContactState{}) {
			t.Errorf("contact: got %+v", d.state.Contact)
		}
	})
	t.Run("Resend", func(t *testing.T) {
		d := newDesk(t).opened().do(enterPhone, phoneQueued(1)).do(kiosk.Resend{Channel: kiosk.SMS}).asked()
		d.phone(kiosk.TooSoon)
		d.later(30 * time.Second).do(kiosk.Resend{Channel: kiosk.SMS}).asked(sendPhone(2))
		d.do(phoneQueued(0)).later(30 * time.Second).do(kiosk.Resend{Channel: kiosk.SMS}).asked()
		d.phone(kiosk.ResendsUsed)
		d.do(typedCode()).do(confirmed(kiosk.SMS)).phone(kiosk.ContactOK)
	})
	t.Run("ResendByTheCentresClock", func(t *testing.T) {
		ahead := kiosk.CentreChanged{Centre: kiosk.CentreStatus{Health: kiosk.HealthGood, Skew: time.Minute}}
		d := newDesk(t).opened().do(enterPhone, phoneQueued(1), ahead).later(30 * time.Second)
		d.do(kiosk.Resend{Channel: kiosk.SMS}).asked()
		d.phone(kiosk.TooSoon)
	})
	t.Run("RefusedByTheCentre", func(t *testing.T) {
		d := newDesk(t).opened().do(enterPhone, kiosk.InCase{Case: 1, Event: kiosk.CodeRefused{Channel: kiosk.SMS, Problem: kiosk.ResendsUsed}})
		d.phone(kiosk.ResendsUsed)
		d.awaited("")
	})
	t.Run("WrongThenRight", func(t *testing.T) {
		d := newDesk(t).opened().do(enterPhone, phoneQueued(3), typedCode())
		d.do(kiosk.InCase{Case: 1, Event: kiosk.CodeAnswered{Channel: kiosk.SMS, Problem: kiosk.CodeWrong, TriesLeft: 2}}).awaited(kiosk.SMS)
		if got := d.phone(kiosk.CodeWrong).TriesLeft; got != 2 {
			t.Errorf("tries left: got %d", got)
		}
		d.do(typedCode()).do(confirmed(kiosk.SMS)).phone(kiosk.ContactOK)
	})
	t.Run("ImpossibleCodeCostsNoTry", func(t *testing.T) {
		for _, code := range []string{"", "12345", "1234567", "12345a", "12 456"} {
			newDesk(t).opened().do(enterPhone, phoneQueued(3)).do(kiosk.CodeTyped{Code: kiosk.Secret(code)}).asked()
		}
	})
	t.Run("FailureOfNothing", func(t *testing.T) {
		newDesk(t).settled().do(centreDown).problem("", false)
	})
	t.Run("LockedStaysLockedForThisNumber", func(t *testing.T) {
		d := newDesk(t).opened().do(enterPhone, phoneQueued(3), typedCode())
		d.do(kiosk.InCase{Case: 1, Event: kiosk.CodeAnswered{Channel: kiosk.SMS, Problem: kiosk.CodeLocked}}).failed(kiosk.SMS)
		d.later(time.Minute).do(kiosk.Resend{Channel: kiosk.SMS}, enterPhone, typedCode()).asked()
		d.phone(kiosk.CodeLocked)
		d.do(enterMail).asked(sendMail(2))
	})
	t.Run("WrongCodesLockTheChannelNotTheNumber", func(t *testing.T) {
		wrong := kiosk.InCase{Case: 1, Event: kiosk.CodeAnswered{Channel: kiosk.SMS, Problem: kiosk.CodeWrong, TriesLeft: 1}}
		locked := kiosk.InCase{Case: 1, Event: kiosk.CodeAnswered{Channel: kiosk.SMS, Problem: kiosk.CodeLocked}}
		another := kiosk.ContactEntered{Channel: kiosk.SMS, Text: "912 345 679"}
		d := newDesk(t).opened().do(enterPhone, phoneQueued(3), typedCode(), wrong, typedCode(), wrong)
		d.do(another, d.queued(kiosk.SMS), typedCode(), locked).failed(kiosk.SMS) // the third in all: the centre counts by channel
		d.phone(kiosk.ChannelLocked)
		d.do(enterPhone, kiosk.ContactEntered{Channel: kiosk.SMS}, kiosk.Resend{Channel: kiosk.SMS}).asked()
		d.phone(kiosk.ChannelLocked)
		d.do(enterMail, d.queued(kiosk.Email)).awaited(kiosk.Email).do(typedCode(), confirmed(kiosk.Email), kiosk.Continue{}).at(kiosk.StepPIN)
	})
	t.Run("WrongCodesElsewhereLockTheNumberOnly", func(t *testing.T) {
		d := newDesk(t).opened().do(enterPhone, kiosk.InCase{Case: 1, Event: kiosk.CodeRefused{Channel: kiosk.SMS, Problem: kiosk.CodeLocked}})
		d.phone(kiosk.CodeLocked)
		d.do(kiosk.ContactEntered{Channel: kiosk.SMS, Text: "912 345 679"})
		if len(d.commands) != 1 {
			t.Errorf("another number is not tried: %v", d.commands)
		}
	})
	t.Run("Taken", func(t *testing.T) {
		d := newDesk(t).opened().do(enterPhone, phoneQueued(3), typedCode(), kiosk.HandOver{ToCitizen: true})
		d.do(kiosk.InCase{Case: 1, Event: kiosk.CodeAnswered{Channel: kiosk.SMS, Problem: kiosk.ContactTaken}}).failed(kiosk.SMS)
		d.phone(kiosk.ContactTaken)
		if d.state.HandedOver {
			t.Error("the person still has the only screen")
		}
		d.do(kiosk.Continue{}).at(kiosk.StepContact)
	})
	t.Run("Expired", func(t *testing.T) {
		d := newDesk(t).opened().do(enterPhone, phoneQueued(3)).later(5 * time.Minute).failed(kiosk.SMS)
		d.phone(kiosk.CodeExpired)
		d.do(typedCode()).asked()
		d.do(kiosk.Resend{Channel: kiosk.SMS}).asked(sendPhone(2)).failed(kiosk.SMS) // until it is out
		d.later(time.Second).failed(kiosk.SMS).do(d.queued(kiosk.SMS)).awaited(kiosk.SMS)
		d.phone(kiosk.ContactOK)
	})
	t.Run("Undelivered", func(t *testing.T) {
		d := newDesk(t).opened().do(enterPhone, phoneQueued(3)).do(undelivered(kiosk.SMS)).failed(kiosk.SMS)
		d.later(time.Minute).do(kiosk.Resend{Channel: kiosk.SMS}, d.queued(kiosk.SMS)).awaited(kiosk.SMS)
		d.do(undelivered(kiosk.SMS), kiosk.ContactEntered{Channel: kiosk.SMS, Text: "91"}).failed("").awaited("")
	})
	t.Run("ReceiptOfTheLastMomentAsksAgain", func(t *testing.T) {
		d := newDesk(t).opened().do(enterPhone, phoneQueued(3), undelivered(kiosk.SMS)).failed(kiosk.SMS)
		d.do(kiosk.InCase{Case: 1, Event: kiosk.DeliveryChanged{Channel: kiosk.SMS, Delivery: kiosk.DeliveryDelivered}}).awaited(kiosk.SMS)
	})
	t.Run("NobodyIsAskedForTheUndeliverable", func(t *testing.T) {
		d := newDesk(t).opened()
		d.do(enterMail, d.queued(kiosk.Email), enterPhone, phoneQueued(3), undelivered(kiosk.Email)).awaited(kiosk.SMS)
		d.do(typedCode(), confirmed(kiosk.SMS)).awaited("").failed("").do(kiosk.Continue{}).at(kiosk.StepPIN)
	})
	t.Run("ComparingFailsIsTold", func(t *testing.T) {
		d := newDesk(t).opened().do(enterPhone, phoneQueued(3), typedCode(), centreDown, centreUp).awaited(kiosk.SMS)
		d.phone(kiosk.CodeLost)
	})
	t.Run("BothChannels", func(t *testing.T) {
		d := newDesk(t).opened().do(enterPhone, phoneQueued(3), enterMail)
		d.do(d.queued(kiosk.Email)).awaited(kiosk.Email)
		d.do(typedCode(), confirmed(kiosk.Email)).awaited(kiosk.SMS)
		d.do(typedCode()).asked(kiosk.ConfirmCode{Case: 1, Channel: kiosk.SMS, Code: kiosk.Secret(secretCode)})
		d.do(kiosk.Continue{}).at(kiosk.StepContact) // the answer is on its way
		d.do(confirmed(kiosk.SMS)).awaited("").do(kiosk.Continue{}).at(kiosk.StepPIN)
	})
	t.Run("ReceiptsOvertakeEachOther", func(t *testing.T) {
		d := newDesk(t).opened().do(enterPhone, phoneQueued(3))
		for _, step := range []struct{ comes, want kiosk.Delivery }{
			{kiosk.DeliverySent, kiosk.DeliverySent},
			{kiosk.DeliveryDelivered, kiosk.DeliveryDelivered},
			{kiosk.DeliverySent, kiosk.DeliveryDelivered},
			{"lost", kiosk.DeliveryDelivered},
		} {
			d.do(kiosk.InCase{Case: 1, Event: kiosk.DeliveryChanged{Channel: kiosk.SMS, Delivery: step.comes}})
			if got := d.state.Contact.Phone.Delivery; got != step.want {
				t.Errorf("after %q: got %q, want %q", step.comes, got, step.want)
			}
		}
	})
	t.Run("NotSentIsSentOnce", func(t *testing.T) {
		d := newDesk(t).opened().do(enterPhone).do(centreDown).problem(kiosk.ProblemCentreDown, false)
		d.do(kiosk.Retry{}).asked(sendPhone(1)).problem("", false)
		d.do(centreDown).do(enterPhone).asked(sendPhone(1))
		d.do(phoneQueued(3)).later(time.Minute).do(kiosk.Resend{Channel: kiosk.SMS}).asked(sendPhone(2))
	})
	t.Run("OneChannelFails", func(t *testing.T) {
		failed := kiosk.InCase{Case: 1, Event: kiosk.CommandFailed{Channel: kiosk.SMS, Problem: kiosk.Problem{Code: kiosk.ProblemCentreDown}}}
		d := newDesk(t).opened().do(enterPhone, enterMail).do(failed)
		if !d.state.Contact.Email.Sending || d.state.Contact.Phone.Sending {
			t.Errorf("contact: got %+v", d.state.Contact)
		}
		d.do(kiosk.Retry{}).asked(sendPhone(1))
	})
	t.Run("ComparingFails", func(t *testing.T) {
		d := newDesk(t).opened().do(enterPhone, phoneQueued(3), typedCode()).do(centreDown).awaited(kiosk.SMS)
		d.do(kiosk.Retry{}).asked().problem("", false)
		d.do(typedCode()).do(confirmed(kiosk.SMS)).phone(kiosk.ContactOK)
	})
	t.Run("CitizensLanguage", func(t *testing.T) {
		d := newDesk(t).opened().do(kiosk.LanguageChosen{Citizen: true, Language: kiosk.English}).do(enterPhone)
		want := sendPhone(1)
		want.Language = kiosk.English
		d.asked(want)
	})
}

// phoneQueued is a message to the phone, sent at noon, with so many more allowed.
func phoneQueued(sends int) kiosk.InCase {
	return kiosk.InCase{Case: 1, Event: kiosk.CodeQueued{
		Channel: kiosk.SMS, SentAt: noon, ExpiresAt: noon.Add(5 * time.Minute), ResendAt: noon.Add(30 * time.Second),
		SendsLeft: sends, TriesLeft: 3, Tries: 3,
	}}
}

func mailQueued() kiosk.InCase {
	queued := phoneQueued(3).Event.(kiosk.CodeQueued)
	queued.Channel = kiosk.Email
	return kiosk.InCase{Case: 1, Event: queued}
}

// TestContactDraft: an address that was typed and not sent is still there after the page went on by itself.
func TestContactDraft(t *testing.T) {
	typed := kiosk.ContactDrafted{Channel: kiosk.Email, Text: "pessoa@exem"}
	sent := newDesk(t).opened().do(enterPhone, phoneQueued(3), typed)
	sent.do(typedCode(), confirmed(kiosk.SMS)).at(kiosk.StepPIN)
	sent.do(kiosk.ContactDrafted{Channel: kiosk.Email}) // the page is not there
	if got := sent.do(kiosk.Back{}).at(kiosk.StepContact).state.Contact; got.Email.Draft != typed.Text || got.Email.Text != "" || !got.Settled {
		t.Errorf("got %+v", got.Email)
	}
	sent.do(enterMail)
	if got := sent.state.Contact.Email; got.Draft != "" || got.Value == "" {
		t.Errorf("what was sent is still a draft: %+v", got)
	}
	sent.do(typed, kiosk.Cancel{}, kiosk.CancelConfirmed{})
	if got := sent.state.Contact.Email; got != (kiosk.ChannelState{}) {
		t.Errorf("something of it stayed: %+v", got)
	}
}
