package registrar_test

import (
	"sync"
	"testing"

	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/kiosktest"
	"balcao/kiosk/registrar"
)

// A worker that dies while it sends a code: another sends it, with the same digits, and they are right.
func TestCrash_SendCode(t *testing.T) {
	for point, sends := range map[string]int{"taken": 1, "code_ready": 1, "sent": 2, "settled": 2} {
		t.Run(point, func(t *testing.T) {
			b := newBench(t)
			var died chan struct{}
			first := b.start(1, func(r *kiosktest.Registrar) { died = b.crash(r, point) })
			v := b.visit()
			v.askForCode(kiosk.SMS, v.phone)
			b.await(died)
			second := b.again(first, 1) // at once
			b.until("it is sent", func() bool {
				return scalar[int](b, `select count(*) from centre.job where kind = 'send_code' and state = 'done'`) == 1
			})
			second.Stop()
			messages := b.SMS.To(v.phone, "code")
			if len(messages) != sends {
				t.Errorf("sent %d times, want %d", len(messages), sends)
			}
			for _, m := range messages {
				if kiosktest.CodeIn(m) != kiosktest.CodeIn(messages[0]) {
					t.Error("sent again with another code")
				}
			}
			v.confirm(kiosk.SMS, kiosktest.CodeIn(messages[0]))
		})
	}
}

// A worker that dies while it judges an enrolment: another does it, and there is one key and one
// welcome, or none yet.
func TestCrash_Verify(t *testing.T) {
	for _, point := range []string{"taken", "verified", "hashed", "activated", "settled"} {
		t.Run(point, func(t *testing.T) {
			b := newBench(t)
			before := b.start(1, nil)
			v := b.visit()
			v.prove()
			before.Stop()

			v.bind(goodPIN)
			var died chan struct{}
			first := b.start(1, func(r *kiosktest.Registrar) { died = b.crash(r, point) })
			b.await(died)
			if n := scalar[int](b, `select count(*) from centre.key`); n != 0 {
				t.Fatalf("half a binding: %d keys after the crash", n)
			}
			if s, err := b.Centre.Status(b.ctx, v.id); err != nil || s.State != central.StatePending {
				t.Fatalf("after the crash: got %s, %v", s.State, err)
			}
			second := b.again(first, 2) // at once
			if got := v.judged(); got.State != central.StateActive {
				t.Fatalf("got %s for %q", got.State, got.Refusal)
			}
			b.SMS.Wait(b.ctx, t, v.phone, "welcome")
			second.Stop()
			once(b, 1)
			if n := len(b.SMS.To(v.phone, "welcome")); n != 1 {
				t.Errorf("%d welcomes", n)
			}
		})
	}
}

// A worker that is not dead but stands still, as on a computer that lost its network or was put to sleep:
// its lease ends, another does its job, and when the first goes on it finds that it is too late.
func TestCrash_StandsStill(t *testing.T) {
	for _, point := range []string{"verified", "activated", "settled"} {
		t.Run(point, func(t *testing.T) {
			b := newBench(t)
			b.options = "&idle_in_transaction_session_timeout=200"
			before := b.start(1, nil)
			v := b.visit()
			v.prove()
			before.Stop()

			v.bind(goodPIN)
			stands, goesOn := make(chan struct{}), make(chan struct{})
			working, still := false, sync.Once{}
			first := b.start(1, func(r *kiosktest.Registrar) {
				r.Worker.CrashAt(func(at string) {
					working = working || at == "taken"
					if working && at == point {
						still.Do(func() { close(stands); <-goesOn })
					}
				})
			})
			<-stands
			b.free()
			second := b.start(1, nil)
			if got := v.judged(); got.State != central.StateActive {
				t.Errorf("got %s for %q", got.State, got.Refusal)
			}
			close(goesOn)
			b.SMS.Wait(b.ctx, t, v.phone, "welcome")
			first.Stop()
			second.Stop()
			once(b, 1)
			if n := len(b.SMS.To(v.phone, "welcome")); n != 1 {
				t.Errorf("%d welcomes", n)
			}
		})
	}
}

// A worker that dies while it welcomes: the holder may be welcomed twice, there is still one key.
func TestCrash_Welcome(t *testing.T) {
	b := newBench(t)
	before := b.start(1, nil)
	v := b.visit()
	v.prove()
	before.Stop()
	v.bind(goodPIN)
	var died chan struct{}
	b.start(1, func(r *kiosktest.Registrar) { died = b.crash(r, "welcomed") })
	b.await(died)
	b.free()
	b.start(1, nil)
	b.until("it is done", func() bool {
		return scalar[int](b, `select count(*) from centre.job where kind = 'welcome' and state = 'done'`) == 1
	})
	once(b, 1)
	if n := len(b.SMS.To(v.phone, "welcome")); n != 2 {
		t.Errorf("%d welcomes, want 2", n)
	}
}

// Many people, several registrars with several workers each: everything happens once.
func TestWorkers_Together(t *testing.T) {
	b := newBench(t)
	for range 3 {
		b.start(2, nil)
	}
	const people = 8
	visits := make([]*visit, people)
	for i := range visits {
		visits[i] = b.visit()
		visits[i].askForCode(kiosk.SMS, visits[i].phone)
	}
	for _, v := range visits {
		v.confirm(kiosk.SMS, b.SMS.Code(b.ctx, t, v.phone))
		v.bind(goodPIN)
	}
	for _, v := range visits {
		if got := v.judged(); got.State != central.StateActive {
			t.Errorf("got %s for %q", got.State, got.Refusal)
		}
		b.SMS.Wait(b.ctx, t, v.phone, "welcome")
	}
	once(b, people)
	for _, v := range visits {
		if codes, welcomes := len(b.SMS.To(v.phone, "code")), len(b.SMS.To(v.phone, "welcome")); codes != 1 || welcomes != 1 {
			t.Errorf("%d codes and %d welcomes, want one each", codes, welcomes)
		}
	}
}

// once checks that there is one active key, one event and one end of judging for each person.
func once(b *bench, people int) {
	b.t.Helper()
	for what, sql := range map[string]string{
		"keys":      `select count(*) from centre.key where state = 'active'`,
		"events":    `select count(*) from centre.key_event`,
		"people":    `select count(*) from centre.person`,
		"judged":    `select count(*) from centre.job where kind = 'verify' and state = 'done'`,
		"welcomes":  `select count(*) from centre.job where kind = 'welcome'`,
		"enrolment": `select count(*) from centre.enrolment where state = 'active' and key is not null`,
	} {
		if got := scalar[int](b, sql); got != people {
			b.t.Errorf("%s: %d, want %d", what, got, people)
		}
	}
}

// A worker that dies while it sends an activation code: the code that arrives in the end is right, and the one before it is
// worth nothing any more.
func TestCrash_ActivationCode(t *testing.T) {
	for _, point := range []string{"taken", "code_ready"} {
		t.Run(point, func(t *testing.T) {
			b := newBench(t)
			before := b.start(1, nil)
			v := b.visit()
			letter := central.ActivationRequest{ID: newID(), Channel: kiosk.Letter, Language: kiosk.Portuguese,
				Address: kiosk.PostalAddress{Name: "Zeferino", Lines: []string{"Rua 1"}, Postcode: "1100-001", Town: "Lisboa", Country: "PRT"}}
			_, err := b.Centre.SetActivation(b.ctx, v.id, letter)
			b.check(err)
			v.bind(goodPIN)
			register := v.judged().Register
			before.Stop()

			again := newID()
			_, err = b.Centre.Open(b.ctx, again, central.Person{Shift: v.shift, Document: kiosk.CitizenCard, Country: "PRT", CivilNumber: v.civilNumber, Errand: "activate"})
			b.check(err)
			sent, err := b.Centre.ResendActivation(b.ctx, again, central.ActivationRequest{ID: newID(), Channel: kiosk.SMS, Value: v.phone, Language: kiosk.Portuguese})
			b.check(err)
			if sent.Refusal != "" {
				t.Fatal(sent.Refusal)
			}
			var died chan struct{}
			first := b.start(1, func(r *kiosktest.Registrar) { died = b.crash(r, point) })
			b.await(died)
			second := b.again(first, 1)
			code := kiosktest.LongCodeIn(b.SMS.Wait(b.ctx, t, v.phone, kiosktest.LongMessage))
			second.Stop()
			old, err := registrar.ActivationCode(pepper, register, 1)
			b.check(err)
			for _, try := range []struct {
				code    string
				refusal central.Refusal
			}{{string(old), central.CodeWrong}, {code, ""}} {
				got, err := b.Centre.ConfirmActivation(b.ctx, again, central.ActivationAttempt{ID: newID(), Code: []byte(try.code)})
				if err != nil || got.Refusal != try.refusal || try.refusal == "" && (got.Contact != v.phone || got.Channel != kiosk.SMS) {
					t.Errorf("got %+v, %v, want %q", got, err, try.refusal)
				}
			}
		})
	}
}
