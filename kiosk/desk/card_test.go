package desk_test

import (
	"sync/atomic"
	"testing"

	"balcao/cardreader"
	"balcao/kiosk"
	"balcao/kiosk/kiosktest"
)

// A card that is pulled at whichever command of the reading is read from the start when it comes back.
func TestPulledWhileReading(t *testing.T) {
	for _, name := range []string{"cc1-no-photo", "cc2024-no-photo"} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			d := b.start(nil)
			c, _ := b.card(name)
			for n := 1; ; n++ {
				b.slots.Interfere(kiosktest.At(n, b.slots.Pulled(n%2 == 0)))
				d.insert(name)
				s := d.until("pulled or read", func(s kiosk.State) bool {
					return complete(s) || s.Problem != nil && s.Problem.Code == kiosk.ProblemCode(kiosk.ReasonRemoved)
				})
				if complete(s) {
					if n < 15 {
						t.Errorf("a card was read with %d commands", n-1)
					}
					b.slots.Interfere(nil)
					break
				}
				if s.Document.Identity != nil || s.Document.Photo != nil {
					t.Errorf("pulled at command %d: somebody stays on the screen", n)
				}
				b.slots.Interfere(nil)
				d.fresh()
				b.slots.Insert(1, c)
				d.untilRead()
				b.slots.Remove(1)
				d.do(kiosk.OtherDocument{}).until("empty desk", empty)
			}
			d.fromReadToSigning(kiosk.SMS)
			d.finish()
			b.oneKey()
		})
	}
}

// In the photograph too, which is read last and takes longest.
func TestPulledInThePhotograph(t *testing.T) {
	b := newCards(t)
	d := b.start(nil)
	c, _ := b.card("cc2024")
	b.slots.Interfere(func(int) kiosktest.Hook { return kiosktest.Hook{} })
	d.read("cc2024")
	all := b.slots.Exchanged()
	for _, n := range []int{all / 2, all - 1, all} {
		b.slots.Remove(1)
		d.do(kiosk.OtherDocument{}).until("empty desk", empty)
		b.slots.Interfere(kiosktest.At(n, b.slots.Pulled(false)))
		d.insert("cc2024")
		d.until("pulled", problem(kiosk.ProblemCode(kiosk.ReasonRemoved)))
		b.slots.Interfere(nil)
		d.fresh()
		b.slots.Insert(1, c)
		d.untilRead()
	}
}

// A card that is pulled at whichever command of the signature, before the card has it or before its
// answer arrives, signs when it is back, and its key is active once. No try of the PIN is lost.
func TestPulledWhileSigning(t *testing.T) {
	for _, good := range goodCards {
		t.Run(good.name, func(t *testing.T) {
			b := newBench(t)
			d := b.start(nil)
			d.toSigning(good.name, good.channel)
			c, _ := b.card(good.name)
			for n := 2; ; n++ { // each command twice
				b.slots.Interfere(kiosktest.At(n/2, b.slots.Pulled(n%2 == 1)))
				d.typeCardPIN()
				s := d.until("card asked for, or signed", func(s kiosk.State) bool {
					return s.Review.Phase == kiosk.ReviewCard || done(s)
				})
				if done(s) {
					if n/2 < 6 {
						t.Errorf("signed with %d commands", n/2-1)
					}
					break
				}
				b.slots.Interfere(nil)
				d.fresh()
				b.slots.Insert(1+n/2%2, c) // in either reader
				if s := d.until("card's PIN asked for", phase(kiosk.ReviewCardPIN)); s.Document.PINTries != 3 {
					t.Errorf("pulled at command %d: %d tries left", n/2, s.Document.PINTries)
				}
			}
			b.oneKey()
		})
	}
}

// Pulled while it is being recognised, the card is recognised the next time.
func TestPulledWhileRecognised(t *testing.T) {
	b := newBench(t)
	d := b.start(nil)
	d.toSigning("cc2024", kiosk.Email)
	c, _ := b.card("cc2024")
	for n := 1; n <= 3; n++ {
		b.slots.Remove(1)
		d.fresh().until("card asked for", phase(kiosk.ReviewCard))
		gone := make(chan struct{})
		b.slots.Interfere(kiosktest.At(n, kiosktest.Hook{Before: func(number int) { b.slots.Pull(number); close(gone) }}))
		d.fresh()
		b.slots.Insert(1, c)
		<-gone
		b.slots.Interfere(nil)
		b.slots.Insert(1, c)
		d.until("card's PIN asked for", phase(kiosk.ReviewCardPIN))
	}
	d.finish()
	b.oneKey()
}

// Only the card that was read signs, whatever is put in meanwhile and into whichever reader.
func TestOtherCard(t *testing.T) {
	b := newBench(t)
	d := b.start(nil)
	d.toSigning("cc1-rsa2048", kiosk.SMS)
	right, _ := b.card("cc1-rsa2048")
	b.slots.Remove(1)
	d.until("card asked for", phase(kiosk.ReviewCard))
	for i, name := range []string{"cc1-rsa3072", "cc2024", "bank-card", "cc1-clone", "cc1-silent"} {
		other, _ := b.card(name)
		number := 1 + i%2
		d.fresh()
		b.slots.Insert(number, other)
		if s := d.until("other card refused", problem(kiosk.ProblemCode(kiosk.ReasonCardChanged))); s.Document.CardPresent {
			t.Errorf("%s passes for the card that was read", name)
		}
		d.do(kiosk.CardPINTyped{PIN: kiosk.Secret("1234")}, kiosk.Retry{})
		b.slots.Remove(number)
		d.until("other card gone", func(s kiosk.State) bool { return s.Problem == nil })
	}
	b.noKey()
	d.fresh()
	b.slots.Insert(2, right)
	d.until("card's PIN asked for", phase(kiosk.ReviewCardPIN))
	d.finish()
	b.oneKey()
}

// Exchanged between the PIN and the signature, faster than anybody sees: the other card is not asked to
// sign, and the PIN that was typed for the first is not presented to it.
func TestExchangedBeforeSigning(t *testing.T) {
	b := newBench(t)
	d := b.start(nil)
	d.toSigning("cc1-rsa2048", kiosk.SMS)
	other, _ := b.card("cc1-rsa3072")
	var presented atomic.Bool
	b.slots.Interfere(func(sent int) kiosktest.Hook {
		if sent == 1 {
			return kiosktest.Hook{Before: func(number int) { b.slots.Pull(number); b.slots.InsertLocked(number, other) }}
		}
		return kiosktest.Hook{Answer: func(command, resp []byte) []byte {
			if command[1] == 0x20 {
				presented.Store(true)
			}
			return resp
		}}
	})
	d.typeCardPIN()
	d.until("other card refused", problem(kiosk.ProblemCode(kiosk.ReasonCardChanged)))
	if presented.Load() {
		t.Error("the PIN went to another card")
	}
	b.noKey()
}

// Another program may reset the card at any time between our transactions, and holds it for a while.
func TestOtherPrograms(t *testing.T) {
	b := newBench(t)
	d := b.start(nil)

	b.slots.Interfere(kiosktest.At(5, kiosktest.Hook{Before: b.slots.Reset}))
	d.read("cc1-rsa2048") // read again, from the start

	b.slots.Remove(1)
	d.do(kiosk.OtherDocument{}).until("empty desk", empty)
	b.slots.Interfere(func(int) kiosktest.Hook { return kiosktest.Hook{Before: b.slots.Reset} })
	d.insert("cc1-rsa2048")
	d.until("reader busy", problem(kiosk.ProblemReaderBusy))
	b.slots.Interfere(nil)
	d.do(kiosk.Retry{})
	d.untilRead()

	d.fromReadToSigning(kiosk.SMS)
	b.slots.Lock()
	b.slots.Reset(1) // between reading and signing: the connection is dead, not the card
	b.slots.Unlock()
	b.slots.Interfere(kiosktest.At(4, kiosktest.Hook{Before: b.slots.Reset})) // while signing: the PIN has to be typed again
	d.typeCardPIN()
	d.until("reader busy", func(s kiosk.State) bool {
		return s.Review.Phase == kiosk.ReviewCardPIN && s.Problem != nil && s.Problem.Code == kiosk.ProblemReaderBusy
	})

	b.slots.Lock()
	b.slots.Hook, b.slots.Busy = nil, 1
	b.slots.Unlock()
	d.typeCardPIN()
	d.until("reader busy", func(s kiosk.State) bool {
		return s.Review.Phase == kiosk.ReviewCardPIN && s.Problem != nil && s.Problem.Code == kiosk.ProblemReaderBusy
	})
	if s := d.finish(); s.Receipt == nil {
		t.Error("no receipt")
	}
	b.oneKey()
}

// A reset may hide that the card was exchanged: nobody is shown with the document of somebody else.
func TestExchangedUnderAReset(t *testing.T) {
	b := newCards(t)
	d := b.start(nil)
	other, _ := b.card("cc1-rsa3072")
	b.slots.Interfere(func(sent int) kiosktest.Hook {
		if sent != 12 {
			return kiosktest.Hook{}
		}
		return kiosktest.Hook{Before: func(number int) {
			other.PowerOn()
			b.slots.Cards[number] = other
			b.slots.Reset(number)
		}}
	})
	d.insert("cc1-rsa2048")
	s := d.until("started anew or complete", func(s kiosk.State) bool {
		return complete(s) || problem(kiosk.ProblemCode(kiosk.ReasonRemoved))(s)
	})
	if complete(s) {
		t.Error("the document of one person was completed with another's")
	}
}

// What happens to PC/SC while a card is needed, and that the work goes on once it is cured.
func TestService(t *testing.T) {
	b := newBench(t)
	d := b.start(nil)
	for cause, want := range map[cardreader.Cause]kiosk.ProblemCode{
		cardreader.ServiceMissing: kiosk.ProblemServiceMissing,
		cardreader.ServiceStopped: kiosk.ProblemServiceStopped,
		cardreader.NotAuthorised:  kiosk.ProblemNotAuthorised,
	} {
		d.fresh()
		b.slots.StopService(cause)
		d.until(string(want), problem(want))
		b.slots.StartService()
		d.until("readers", func(s kiosk.State) bool { return s.Problem == nil && len(s.Status.Readers) == 3 })
		d.unlock()
	}
	for cause, want := range map[error]kiosk.ProblemCode{
		cardreader.ErrUnresponsive: kiosk.ProblemCardUnresponsive, cardreader.ErrBusy: kiosk.ProblemReaderBusy,
		cardreader.ErrServiceGone: kiosk.ProblemCode(kiosk.ReasonRemoved), // the watcher tells what is the matter
		cardreader.ErrStuck:       kiosk.ProblemCode(kiosk.ReasonRemoved),
		cardreader.ErrRemoved:     kiosk.ProblemCode(kiosk.ReasonRemoved),
	} {
		b.slots.FailNext(cause)
		d.insert("cc2024")
		d.until(string(want), problem(want))
		b.slots.Remove(1)
		d.do(kiosk.Cancel{}).until("empty desk", empty)
	}
	d.insert("cc2024")
	d.untilRead()

	d.fresh()
	b.slots.StopService(cardreader.ServiceStopped)
	d.until("service stopped", func(s kiosk.State) bool { return s.Status.Service == kiosk.ProblemServiceStopped })
	b.slots.StartService()
	d.unlock()
	d.until("card recognised", func(s kiosk.State) bool { return s.Document.CardPresent && s.Status.Service == "" })
	d.fromReadToSigning(kiosk.Email)

	stop := kiosktest.Hook{Before: func(int) { b.slots.StopServiceLocked(cardreader.ServiceStopped) }}
	b.slots.Interfere(kiosktest.At(6, stop)) // in the middle of the signature
	d.typeCardPIN()
	d.until("service stopped", problem(kiosk.ProblemServiceStopped))
	b.slots.Interfere(nil)
	d.fresh()
	b.slots.StartService()
	d.unlock()
	d.until("card's PIN asked for", phase(kiosk.ReviewCardPIN))
	d.finish()
	b.oneKey()
}

func TestCardPIN(t *testing.T) {
	t.Run("Wrong", func(t *testing.T) {
		b := newBench(t)
		d := b.start(nil)
		wrong := func(left int) {
			t.Helper()
			d.do(kiosk.CardPINTyped{PIN: kiosk.Secret("9753")})
			s := d.until("wrong PIN", func(s kiosk.State) bool { return s.Review.PINWrong && s.Review.Phase == kiosk.ReviewCardPIN })
			if s.Document.PINTries != left {
				t.Errorf("got %d tries left, want %d", s.Document.PINTries, left)
			}
		}
		d.toSigning("cc2024", kiosk.Email)
		wrong(2)
		wrong(1)
		s := d.do(kiosk.CardPINTyped{PIN: kiosk.Secret("9753")}).until("blocked", problem(kiosk.ProblemCode(kiosk.ReasonPINBlocked)))
		d.untilForgotten(s.Case)
		b.noKey()
		b.slots.Remove(1)
		d.do(kiosk.NextPerson{}).until("empty desk", empty)

		d.toSigning("cc1-rsa2048", kiosk.SMS)
		wrong(2)
		wrong(1)
		d.finish()
		b.oneKey()
	})
	// Pulled after the card has counted a wrong PIN and before it said so: the PIN is not presented twice.
	t.Run("WrongAndPulled", func(t *testing.T) {
		b := newBench(t)
		d := b.start(nil)
		d.toSigning("cc1-rsa2048", kiosk.SMS)
		c, _ := b.card("cc1-rsa2048")
		var verify atomic.Int32
		b.slots.Interfere(func(int) kiosktest.Hook {
			return kiosktest.Hook{Answer: func(command, resp []byte) []byte {
				if command[1] == 0x20 {
					verify.Add(1)
					b.slots.Pull(1)
					b.slots.InsertLocked(1, c)
					return nil
				}
				return resp
			}}
		})
		d.do(kiosk.CardPINTyped{PIN: kiosk.Secret("9753")})
		d.until("gone", func(s kiosk.State) bool { return !s.Document.CardPresent })
		d.until("back", func(s kiosk.State) bool { return s.Review.Phase == kiosk.ReviewCardPIN && s.Document.CardPresent })
		b.slots.Interfere(nil)
		d.do(kiosk.CardPINTyped{PIN: kiosk.Secret("9753")})
		s := d.until("wrong PIN", func(s kiosk.State) bool {
			return s.Review.Phase == kiosk.ReviewCardPIN && s.Review.PINWrong && s.Document.PINTries == 1
		})
		if n := verify.Load(); n != 1 {
			t.Errorf("the PIN was presented %d times, %d tries left", n, s.Document.PINTries)
		}
		d.finish()
	})
}

func TestKeypad(t *testing.T) {
	b := newBench(t)
	entries := make(chan any, 1)
	b.slots.Typed = func() (string, error) {
		switch e := (<-entries).(type) {
		case error:
			return "", e
		case string:
			return e, nil
		}
		panic("unreachable")
	}
	d := b.start(nil)
	d.toSigningOnKeypad("cc2024")
	again := func(s kiosk.State) bool { return s.Review.Phase == kiosk.ReviewCardPIN }
	for _, gaveUp := range []error{cardreader.ErrPINTimeout, cardreader.ErrPINCancelled, cardreader.ErrPINLength} {
		d.fresh()
		entries <- gaveUp
		d.until("asked again", again)
		d.do(kiosk.Agreed{}).until("signing", phase(kiosk.ReviewSigning))
	}
	d.fresh()
	entries <- "9753"
	d.until("wrong PIN", func(s kiosk.State) bool { return again(s) && s.Review.PINWrong && s.Document.PINTries == 2 })
	d.do(kiosk.Agreed{})
	entries <- d.pin
	d.until("key active", done)
	b.oneKey()
}

// toSigningOnKeypad walks until the reader's keypad asks for the PIN.
func (d *running) toSigningOnKeypad(name string) {
	d.t.Helper()
	d.read(name)
	d.confirmPerson()
	d.askForCode(kiosk.SMS)
	d.typeCode()
	d.choosePIN()
	d.do(kiosk.Agreed{}).until("signing", phase(kiosk.ReviewSigning))
}

// Another program holds the card: the clerk sees it, when it is to be read and when it is to sign, and the desk waits on.
func TestHeld(t *testing.T) {
	b := newBench(t)
	hold := func() (free func()) {
		b.slots.Lock()
		defer b.slots.Unlock()
		held := make(chan struct{})
		b.slots.Free = held
		return func() {
			b.slots.Lock()
			defer b.slots.Unlock()
			b.slots.Free = nil
			close(held)
		}
	}
	d := b.start(nil)
	free := hold()
	d.insert("cc2024")
	d.until("held", func(s kiosk.State) bool { return s.Document.Held && s.Document.Reading && s.Problem == nil })
	free()
	d.until("read", func(s kiosk.State) bool { return s.Document.Complete && !s.Document.Held })
	d.confirmPerson()
	d.askForCode(kiosk.SMS)
	d.typeCode()
	d.choosePIN()
	d.do(kiosk.Agreed{}).until("asks for the PIN", phase(kiosk.ReviewCardPIN))
	b.slots.Lock()
	b.slots.Reset(1) // so that the desk has to connect anew
	b.slots.Unlock()
	free = hold()
	d.typeCardPIN()
	d.until("held", func(s kiosk.State) bool { return s.Document.Held && s.Review.Phase == kiosk.ReviewSigning })
	free()
	d.until("key active", done)
	b.oneKey()
}

// A fault in our own code ends the case, and the desk goes on.
func TestFault(t *testing.T) {
	b := newCards(t)
	d := b.start(nil)
	b.slots.Interfere(kiosktest.At(3, kiosktest.Hook{Answer: func([]byte, []byte) []byte { panic("about somebody@example") }}))
	d.insert("cc2024")
	d.supportFinds(d.until("internal problem", func(s kiosk.State) bool {
		return problem(kiosk.ProblemInternal)(s) && s.Problem.Fatal && s.Document.Identity == nil
	}), "fault")
	b.slots.Remove(1)
	d.until("empty desk", empty)
	d.read("cc2024")
}
