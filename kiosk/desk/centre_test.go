package desk_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/kiosktest"
)

// The line breaks at every question, before it reaches the centre or after, so that only the answer is
// lost. Whatever that was, it is asked again by itself and done once: one code, one try, one key.
func TestCentreAway(t *testing.T) {
	for _, good := range goodCards {
		t.Run(good.name, func(t *testing.T) {
			b := newBench(t)
			d := b.start(nil)
			for _, name := range []string{"open", "send", "bind"} {
				b.centre.fail(name, before, after, before, after, after)
			}
			b.centre.fail("status", before, after, before)
			d.read(good.name)
			d.confirmPerson()
			d.askForCode(good.channel)
			code := kiosk.Secret(d.SMS.Code(d.ctx, t, d.contact))
			// A code is a secret that the desk does not keep: the person types it again, and it is the same try.
			for _, w := range []when{before, after} {
				b.centre.fail("confirm", w)
				d.do(kiosk.CodeTyped{Code: slices.Clone(code)})
				d.until("centre away", problem(kiosk.ProblemCentreDown))
				d.until("centre back", func(s kiosk.State) bool { return s.Problem == nil })
			}
			d.do(kiosk.CodeTyped{Code: code})
			d.until("contact proven", func(s kiosk.State) bool { return s.Contact.Settled })
			d.choosePIN()
			d.agree()
			d.finish()
			b.oneKey()
			if n := b.centre.left(); n != 0 {
				t.Errorf("%d failures did not happen", n)
			}
			if n := len(b.SMS.To(d.contact, kiosktest.CodeMessage)); n != 1 {
				t.Errorf("%d codes were sent", n)
			}
			if n := b.count(`select count(*) from centre.enrolment`); n != 1 {
				t.Errorf("%d enrolments were opened", n)
			}
			if n := b.count(`select count(*) from centre.code_attempt`); n != 1 {
				t.Errorf("one code counted as %d tries", n)
			}
			if n := b.count(`select count(*) from centre.one_time_code`); n != 1 {
				t.Errorf("%d codes were ordered", n)
			}
		})
	}
}

// While the centre is away the citizen is told, and the binding goes on when it is back.
func TestBindWaits(t *testing.T) {
	b := newBench(t)
	d := b.start(nil)
	d.toSigning("cc2024", kiosk.Email)
	b.centre.fail("bind", slices.Repeat([]when{before}, 30)...)
	d.typeCardPIN()
	s := d.until("waiting", func(s kiosk.State) bool { return s.Review.Phase == kiosk.ReviewBinding && s.Review.Waiting })
	// Too late to cancel, and asked for again it is still one binding that goes on.
	busy := kiosk.InCase{Case: s.Case, Event: kiosk.CommandFailed{Problem: kiosk.Problem{Code: kiosk.ProblemReaderBusy}}}
	for _, e := range []kiosk.Event{kiosk.Cancel{}, kiosk.CancelConfirmed{}, busy, kiosk.Retry{}, busy, kiosk.Retry{}} {
		d.runner.Send(e)
	}
	b.slots.Remove(1)
	d.until("key active", done)
	b.oneKey()
	if n := b.centre.times("bind"); n != 31 {
		t.Errorf("the centre was asked to bind %d times, want 31", n)
	}
}

// A decision is heard of without a notice: from the line that asks when it is up, or from the binding that
// asks when there is no line.
func TestNoticesLost(t *testing.T) {
	t.Run("OnTheLine", func(t *testing.T) {
		b := newBench(t)
		b.centre.quiet = true
		d := b.start(nil)
		d.toSigning("cc2024", kiosk.Email)
		d.finish()
		b.oneKey()
	})
	t.Run("NoLine", func(t *testing.T) {
		b := newBench(t)
		b.centre.deaf = true
		d := b.start(nil)
		d.toSigning("cc2024", kiosk.Email)
		b.centre.fail("status", before, after) // and the first questions fail
		d.finish()
		b.oneKey()
	})
}

// What the centre says of an enrolment that the case has left for another errand is not taken for an answer about that.
func TestAnswerAboutAnEnrolmentLeft(t *testing.T) {
	b := newBench(t)
	d := b.start(nil)
	d.toSigning("cc2024", kiosk.SMS)
	d.leaves(d.finish())
	d.read("cc2024")
	d.do(kiosk.PersonConfirmed{})
	d.keyShown() // the centre refused to enrol, and says so whenever it is asked
	asked := b.centre.times("status")
	b.centre.fail("status", late)
	if !b.centre.until(b.ctx, "status", asked+1) {
		t.Fatal("nobody asked how it stands")
	}
	d.begins("cancel", kiosk.ReasonUnused)
	d.until("review", phase(kiosk.ReviewReading))
	d.agree()
	b.centre.fail("bind", slices.Repeat([]when{before}, 30)...)
	d.typeCardPIN()
	d.until("waiting", func(s kiosk.State) bool { return s.Review.Phase == kiosk.ReviewBinding && s.Review.Waiting })
	close(b.centre.release)
	s := d.until("cancelled, or refused", func(s kiosk.State) bool { return done(s) || s.Problem != nil && s.Problem.Fatal })
	if !done(s) || s.Receipt.Key == nil || s.Receipt.Key.State != kiosk.StatusCancelled {
		t.Errorf("the clerk sees %+v", s.Problem)
	}
}

// Notices about other enrolments, and one told twice, change nothing.
func TestNoticesAboutOthers(t *testing.T) {
	b := newBench(t)
	d := b.start(nil)
	d.toSigning("cc2024", kiosk.Email)
	stranger := uuid.Must(uuid.NewV7())
	b.exec(`select pg_notify('desk_events', '{"desk":"loja_1","enrolment":"` + stranger.String() + `","kind":"key"}')`)
	b.exec(`select pg_notify('desk_events', 'nonsense')`)
	s := d.finish()
	own := b.text(`select id::text from centre.enrolment`)
	for range 3 {
		b.exec(`select pg_notify('desk_events', '{"desk":"loja_1","enrolment":"` + own + `","kind":"key"}')`)
	}
	asked := b.centre.times("status")
	if !b.centre.until(b.ctx, "status", asked+3) {
		t.Fatal("the notices were not followed")
	}
	d.do(kiosk.LanguageChosen{Language: kiosk.English})
	now := d.until("still there", func(s kiosk.State) bool { return s.ClerkLanguage == kiosk.English })
	if now.Step != kiosk.StepDone || now.Receipt.Register != s.Receipt.Register || now.Case != s.Case {
		t.Errorf("told twice, the desk stands at %v", now.Step)
	}
}

// exec runs a statement as the administrator.
func (b *bench) exec(sql string) {
	b.t.Helper()
	_, err := b.Admin.Exec(b.ctx, sql)
	b.check(err)
}

func (b *bench) text(sql string) (text string) {
	b.t.Helper()
	b.check(b.Admin.QueryRow(b.ctx, sql).Scan(&text))
	return text
}

// The centre's no ends the case with the reason that has a text, and nothing stays.
func TestCentreRefuses(t *testing.T) {
	t.Run("EvidenceThatDoesNotHold", func(t *testing.T) {
		b := newBench(t)
		d := b.start(nil)
		d.toSigning("cc2024", kiosk.Email)
		d.exec(`update centre.enrolment set challenge = sha256(challenge)`) // which nobody signs
		d.typeCardPIN()
		s := d.until("refused", problem(kiosk.ProblemNotProven))
		if !s.Problem.Fatal || s.Document.Identity != nil {
			t.Errorf("got %+v", s.Problem)
		}
		d.untilForgotten(s.Case)
		b.noKey()
	})
	t.Run("WhatWasAsked", func(t *testing.T) {
		b := newBench(t)
		d := b.start(nil)
		for _, name := range []string{"open", "send", "confirm", "bind"} {
			b.centre.fail(name, refused)
			d.walkInto(name)
			s := d.until("internal problem", problem(kiosk.ProblemInternal))
			if !s.Problem.Fatal || s.Document.Identity != nil {
				t.Errorf("%s: got %+v", name, s.Problem)
			}
			d.supportFinds(s, "error")
			d.untilForgotten(s.Case)
			b.slots.Remove(1)
			d.do(kiosk.OtherDocument{}, kiosk.NextPerson{}).until("empty desk", empty)
		}
		b.noKey()
	})
	t.Run("OtherVersion", func(t *testing.T) {
		b := newBench(t)
		b.centre.hello = func(h *central.Hello) { h.Version++ }
		d := b.start(nil)
		d.until("centre there", func(s kiosk.State) bool { return s.Status.Centre.Health == kiosk.HealthGood })
		d.read("cc2024")
		d.do(kiosk.PersonConfirmed{}).until("refused", problem(kiosk.ProblemVersion))
		if n := b.centre.times("open"); n != 0 {
			t.Errorf("asked the centre %d times", n)
		}
	})
}

// walkInto walks as far as the question of that name.
func (d *running) walkInto(name string) {
	d.t.Helper()
	d.read("cc2024")
	d.do(kiosk.PersonConfirmed{})
	if name == "open" {
		return
	}
	d.until("enrolment open", func(s kiosk.State) bool { return s.Step == kiosk.StepContact && !s.Contact.Opening })
	d.contact = d.phone()
	d.do(kiosk.ContactEntered{Channel: kiosk.SMS, Text: d.contact})
	if name == "send" {
		return
	}
	d.until("code awaited", func(s kiosk.State) bool { return s.Contact.Awaited == kiosk.SMS })
	d.do(kiosk.CodeTyped{Code: kiosk.Secret(d.SMS.Code(d.ctx, d.t, d.contact))})
	if name == "confirm" {
		return
	}
	d.until("contact proven", func(s kiosk.State) bool { return s.Contact.Settled })
	d.choosePIN()
	d.agree()
	d.typeCardPIN()
}

// Nothing is signed, and nothing is sent, while something is missing that the evidence speaks of.
func TestIncomplete(t *testing.T) {
	b := newBench(t)
	b.centre.open = func(o *central.Opened) { o.Challenge = nil }
	d := b.start(nil)
	d.toSigning("cc2024", kiosk.Email)
	b.slots.Interfere(nil)
	d.typeCardPIN()
	s := d.until("internal problem", problem(kiosk.ProblemInternal))
	d.supportFinds(s, "error")
	d.untilForgotten(s.Case)
	if sent, asked := b.slots.Exchanged(), b.centre.times("bind"); sent+asked != 0 || !s.Problem.Fatal {
		t.Errorf("%d commands to the card, %d bindings", sent, asked)
	}
	b.noKey()
}

// Two channels at once: an answer on one leaves the other's try alone.
func TestTwoContacts(t *testing.T) {
	b := newBench(t)
	d := b.start(nil)
	d.read("cc1-rsa2048")
	d.confirmPerson()
	d.askForCode(kiosk.SMS)
	d.typeCode()
	phone := d.contact
	d.do(kiosk.Back{})
	d.until("contact", func(s kiosk.State) bool { return s.Step == kiosk.StepContact })
	d.askForCode(kiosk.Email)
	d.do(kiosk.CodeTyped{Code: kiosk.Secret("000000")})
	d.until("wrong code", func(s kiosk.State) bool {
		return s.Contact.Email.Problem == kiosk.CodeWrong && s.Contact.Email.TriesLeft == 2
	})
	d.do(kiosk.CodeTyped{Code: kiosk.Secret(d.SMS.Code(d.ctx, t, d.contact))})
	d.until("address proven", func(s kiosk.State) bool { return s.Contact.Email.Confirmed() })
	d.choosePIN()
	d.agree()
	if s := d.finish(); s.Receipt.Login != phone {
		t.Error("the receipt does not name the phone")
	}
	if n := b.count(`select count(*) from centre.key_contact`); n != 2 {
		t.Errorf("got %d contacts, want 2", n)
	}
}

// How the line is shows in the status bar.
func TestStatusBar(t *testing.T) {
	b := newBench(t)
	b.centre.hello = func(h *central.Hello) { h.RoundTrip, h.Delivery = 2*time.Second, kiosk.HealthPoor }
	d := b.start(nil)
	d.until("poor", func(s kiosk.State) bool {
		return s.Status.Centre.Health == kiosk.HealthPoor && s.Status.Delivery == kiosk.HealthPoor
	})
	d.fresh()
	b.centre.fail("hello", before)
	d.until("down", func(s kiosk.State) bool { return s.Status.Centre.Health == kiosk.HealthDown })
	d.fresh().until("back", func(s kiosk.State) bool { return s.Status.Centre.Health == kiosk.HealthPoor })
	d.fresh()
	b.Door.Stop()
	d.until("down", func(s kiosk.State) bool { return s.Status.Centre.Health == kiosk.HealthDown })
	b.Door.Start(b.ctx, t)
	d.until("back", func(s kiosk.State) bool { return s.Status.Centre.Health == kiosk.HealthPoor })
}
