package registrar_test

import (
	"sync"
	"testing"

	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/delivery"
	"balcao/kiosk/registrar"
)

// messagesOf are the messages of a visit, as its desk hears of them.
func (v *visit) message() central.Message {
	v.t.Helper()
	all, err := v.Centre.Messages(v.ctx, v.id)
	v.check(err)
	if len(all) == 0 {
		v.t.Fatal("no message")
	}
	return all[len(all)-1]
}

// A provider that is down: the code waits, its desk is told why, an operator is told, and when the provider is back it leaves
// once.
func TestSend_ProviderDown(t *testing.T) {
	b := newBench(t)
	var mu sync.Mutex
	down := true
	b.SMS.Fail = func(delivery.Message) error {
		mu.Lock()
		defer mu.Unlock()
		if down {
			return &delivery.Error{Code: "sms_unbound", Temporary: true}
		}
		return nil
	}
	b.start(1, nil)
	v := b.visit()
	v.askForCode(kiosk.SMS, v.phone)
	b.until("the desk hears of it", func() bool {
		m := v.message()
		return m.State == kiosk.DeliveryQueued && m.Reason == kiosk.FailUnavailable && m.Kind == kiosk.MessageCode && m.Channel == kiosk.SMS
	})
	b.exec(`update centre.message set queued_at = queued_at - interval '3 minutes'`)
	b.exec(`select registrar.messages_watch()`)
	if n := scalar[int](b, `select count(*) from centre.alert where kind = 'sms_waits'`); n != 1 {
		t.Errorf("%d alarms, want 1", n)
	}
	mu.Lock()
	down = false
	mu.Unlock()
	b.until("it left", func() bool { return v.message().State == kiosk.DeliverySent })
	if m := v.message(); m.Reason != "" || len(b.SMS.To(v.phone, "code")) != 1 {
		t.Errorf("got %+v, sent %d times", m, len(b.SMS.To(v.phone, "code")))
	}
}

// What is wrong with the address is told at once, with the reason.
func TestSend_Refused(t *testing.T) {
	for code, want := range map[string]kiosk.FailReason{
		"sms_address": kiosk.FailUnknownNumber, "mail_address_550_5.1.1": kiosk.FailMailboxUnknown,
		"mail_address_552_5.2.2": kiosk.FailMailboxFull, "mail_refused_554_5.6.0": kiosk.FailRefused,
	} {
		t.Run(code, func(t *testing.T) {
			b := newBench(t)
			b.SMS.Fail = func(delivery.Message) error { return &delivery.Error{Code: code} }
			b.start(1, nil)
			v := b.visit()
			v.askForCode(kiosk.SMS, v.phone)
			b.until("it failed", func() bool { return v.message().State == kiosk.DeliveryFailed })
			if m := v.message(); m.Reason != want {
				t.Errorf("got %+v, want %s", m, want)
			}
		})
	}
}

// Nobody knows whether a message left. A code is the same one and goes again at once, in the place of the one before; a
// welcome waits for a receipt, and does not go again when it comes.
func TestSend_Unsure(t *testing.T) {
	b := newBench(t)
	var mu sync.Mutex
	var tried []delivery.Message
	b.SMS.Fail = func(m delivery.Message) error {
		mu.Lock()
		defer mu.Unlock()
		tried = append(tried, m)
		if len(tried) == 2 { // the code, again
			return nil
		}
		return &delivery.Error{Code: "sms_timeout", Temporary: true, Unsure: true}
	}
	r := b.start(1, nil)
	v := b.visit()
	v.prove()
	mu.Lock()
	if len(tried) != 2 || tried[0].Key == "" || tried[0].Key != tried[1].Key || tried[0].Replaces || !tried[1].Replaces ||
		tried[0].Body != tried[1].Body {
		t.Errorf("the code was tried %d times: %+v", len(tried), tried)
	}
	mu.Unlock()
	v.bind(goodPIN)
	v.judged()
	b.until("the welcome was tried", func() bool {
		return scalar[int](b, `select count(*) from centre.job where kind = 'welcome' and state = 'queued' and attempts = 1`) == 1
	})
	if s := scalar[float64](b, `select extract(epoch from due_at - clock_timestamp())::float8 from centre.job where kind = 'welcome'`); s < 60 {
		t.Errorf("the welcome goes again in %.0f s: before its receipt can come", s)
	}
	mu.Lock()
	welcome := tried[2]
	mu.Unlock()
	if welcome.Key == tried[0].Key {
		t.Error("two messages with one key")
	}
	b.check(registrar.Receipts(r.Pool)(b.ctx, delivery.Receipt{MessageID: "lost", Delivered: true, Reference: welcome.Reference(), From: v.phone}))
	if got := scalar[string](b, `select m.state || ' ' || j.state from centre.message m join centre.job j on j.id = m.job where m.kind = 'welcome'`); got != "delivered done" {
		t.Errorf("after the receipt: %s", got)
	}
}
