package registrar_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/central/cluster"
	"balcao/kiosk/delivery"
	"balcao/kiosk/evidence"
	"balcao/kiosk/kiosktest"
	"balcao/kiosk/registrar"
	"balcao/kiosk/signin"
	"balcao/kiosk/transcript"
)

func TestWorker_WholePath(t *testing.T) {
	b := newBench(t)
	w := b.start(2, nil)
	v := b.visit()
	v.prove()
	v.askForCode(kiosk.Email, "zeferino@example.pt")
	v.confirm(kiosk.Email, b.Mail.Code(b.ctx, t, "zeferino@example.pt"))
	v.bind(goodPIN)
	status := v.judged()
	if status.State != central.StateActive || status.Level != kiosk.LevelHigh || status.ValidUntil.String() != "2034-03-02" {
		t.Fatalf("got %+v, want an active key that is valid until 30 days after the card", status)
	}
	for _, m := range []delivery.Message{
		b.SMS.Wait(b.ctx, t, v.phone, "welcome"),
		b.Mail.Wait(b.ctx, t, "zeferino@example.pt", "welcome"),
	} {
		if strings.Contains(m.Body, surname) || strings.Contains(m.Body, goodPIN) {
			t.Errorf("the welcome names the person or the PIN")
		}
	}
	w.Stop()

	hash := scalar[string](b, `select pin_hash from centre.key where enrolment = $1`, v.id)
	if !strings.HasPrefix(hash, "$argon2id-sha256$v=19$m=19456,t=2,p=1$") {
		t.Error("the hash did not cost what the settings say")
	}
	if !isPIN(t, hash, "PRT:"+v.civilNumber, goodPIN) {
		t.Error("the stored hash is not of the PIN that was chosen")
	}
	if n := scalar[int](b, `select count(*) from centre.job where state <> 'done'`); n != 0 {
		t.Errorf("%d jobs are not done", n)
	}
	var found struct {
		Checks []struct{ Name, Result, Source string }
	}
	b.check(json.Unmarshal([]byte(scalar[string](b, `select verification::text from centre.evidence`)), &found))
	if len(found.Checks) != 1 || found.Checks[0].Name != "certificate_revocation" || found.Checks[0].Result != "passed" {
		t.Errorf("what was found is kept as %+v", found)
	}
	if !scalar[bool](b, `select sealed_pin is null and identity is null from centre.evidence`) {
		t.Error("the sealed PIN or the identity file is still there")
	}
}

// What the evidence is held against is what the centre knows.
func TestWorker_Expectation(t *testing.T) {
	b := newBench(t)
	seen := make(chan evidence.Expect, 1)
	b.verifier = verifierFunc(func(ctx context.Context, sent transcript.Evidence, e evidence.Expect) (*evidence.Verified, error) {
		seen <- e
		if len(sent.SealedPIN) == 0 || string(sent.Identity) != "identity" || string(sent.SOD) != "sod" || string(sent.JWS) != `{"payload":"e30","signatures":[]}` {
			t.Errorf("it is not what the desk sent: %q", sent)
		}
		return believe(ctx, sent, e)
	})
	b.start(1, nil)
	v := b.visit()
	v.prove()
	v.bind(goodPIN)
	v.judged()
	e := <-seen
	if e.Enrolment != v.id || string(e.Challenge) != string(v.challenge) || e.Desk != "loja_1" || e.CivilNumber != v.civilNumber ||
		e.Kind != kiosk.CitizenCard || e.Country != "PRT" || e.OpenedAt.IsZero() {
		t.Errorf("got %+v", e)
	}
	own := sha256.Sum256(b.Own.Certificate[0])
	if len(e.DeskCertificates) != 1 || e.DeskCertificates[0] != own || !e.DeskAuthority.Equal(cluster.DeskAuthority()) {
		t.Errorf("certificates of the desk: got %x", e.DeskCertificates)
	}
	if len(e.Contacts) != 1 || e.Contacts[0].Value != v.phone || e.Contacts[0].Channel != kiosk.SMS || e.Contacts[0].At.IsZero() {
		t.Errorf("contacts: got %+v", e.Contacts)
	}
}

func TestWorker_Refusals(t *testing.T) {
	fail := func(reason string) verifierFunc {
		return func(context.Context, transcript.Evidence, evidence.Expect) (*evidence.Verified, error) {
			return nil, &evidence.Refusal{Reason: reason, Err: errors.New("naming " + surname)}
		}
	}
	young := func(ctx context.Context, b transcript.Evidence, e evidence.Expect) (*evidence.Verified, error) {
		v, err := believe(ctx, b, e)
		v.Identity.BirthDate = kiosk.DateOf(time.Now().AddDate(-16, 0, 1))
		return v, err
	}
	tests := []struct {
		name     string
		verifier verifierFunc
		pin      string
		want     string
	}{
		{"evidence", fail(evidence.RefusedChallenge), goodPIN, "challenge_mismatch"},
		{"document", fail(string(kiosk.ReasonCertificateRevoked)), goodPIN, "certificate_revoked"},
		{"under age", young, goodPIN, "under_age"},
		{"PIN too short", believe, "4829", registrar.RefusedPIN},
		{"PIN a sequence", believe, "123456", registrar.RefusedPIN},
		{"PIN the birth date", believe, "290280", registrar.RefusedPIN},
		{"PIN of the tax number", believe, "400000", registrar.RefusedPIN},
	}
	b := newBench(t)
	var current atomic.Pointer[verifierFunc]
	b.verifier = verifierFunc(func(ctx context.Context, sent transcript.Evidence, e evidence.Expect) (*evidence.Verified, error) {
		return (*current.Load())(ctx, sent, e)
	})
	b.start(1, nil)
	for _, tt := range tests {
		current.Store(&tt.verifier)
		v := b.visit()
		v.prove()
		v.bind(tt.pin)
		if got := v.judged(); got.State != central.StateRefused || got.Refusal != tt.want {
			t.Errorf("%s: got %s for %q, want refused for %q", tt.name, got.State, got.Refusal, tt.want)
		}
		if n := scalar[int](b, `select count(*) from centre.key`); n != 0 {
			t.Errorf("%s: %d keys", tt.name, n)
		}
	}
}

// A setting that is missing is no rule that lets everybody pass, or hashes for nothing.
func TestWorker_NoRule(t *testing.T) {
	for _, missing := range []string{"min_age", "pin_hash_passes"} {
		t.Run(missing, func(t *testing.T) {
			b := newBench(t)
			b.exec(`delete from centre.setting where name = $1`, missing)
			b.start(1, nil)
			v := b.visit()
			v.prove()
			v.bind(goodPIN)
			b.until("the job is put off", func() bool {
				return scalar[bool](b, `select error is not distinct from 'database' from centre.job where kind = 'verify' and enrolment = $1`, v.id)
			})
			if !strings.Contains(b.Log.String(), "no rule") {
				t.Errorf("the log does not say why:\n%s", b.Log)
			}
		})
	}
}

func TestWorker_PINOfAnotherEnrolment(t *testing.T) {
	b := newBench(t)
	b.start(1, nil)
	v := b.visit()
	v.prove()
	v.bindSealed(v.seal(newID(), goodPIN))
	if got := v.judged(); got.Refusal != registrar.RefusedSeal {
		t.Errorf("got %s for %q", got.State, got.Refusal)
	}
}

func TestWorker_OneKeyForEachPersonAndPhone(t *testing.T) {
	b := newBench(t)
	b.start(2, nil)
	first := b.visit()
	again := b.visitOf(first.civilNumber, first.phone) // at another desk at the same time
	other := b.visitOf("99999999", first.phone)
	for _, v := range []*visit{first, again, other} {
		v.askForCode(kiosk.Email, v.id.String()+"@example.pt")
		v.confirm(kiosk.Email, b.Mail.Code(b.ctx, t, v.id.String()+"@example.pt"))
	}
	first.prove()
	b.exec(`insert into centre.contact_proof (enrolment, channel, value, confirmed_at) values ($1, 'sms', $2, now())`, other.id, first.phone)
	first.bind(goodPIN)
	if got := first.judged(); got.State != central.StateActive {
		t.Fatalf("first: got %s for %q", got.State, got.Refusal)
	}
	for v, want := range map[*visit]string{again: "already_active", other: "contact_taken"} {
		v.bind(goodPIN)
		if got := v.judged(); got.State != central.StateRefused || got.Refusal != want {
			t.Errorf("got %s for %q, want refused for %q", got.State, got.Refusal, want)
		}
	}
}

// Nobody answered: the same evidence is tried again later, and refused when that was in vain too often.
func TestWorker_RevocationUnknown(t *testing.T) {
	b := newBench(t)
	var unknown atomic.Bool
	unknown.Store(true)
	b.verifier = verifierFunc(func(ctx context.Context, sent transcript.Evidence, e evidence.Expect) (*evidence.Verified, error) {
		if unknown.Load() {
			return nil, &evidence.Refusal{Reason: string(kiosk.ReasonRevocationUnknown), Temporary: true}
		}
		return believe(ctx, sent, e)
	})
	b.start(1, nil)
	recovers, never := b.visit(), b.visit()
	for _, v := range []*visit{recovers, never} {
		v.prove()
		v.bind(goodPIN)
		b.until("the job is put off", func() bool {
			return scalar[bool](b, `select attempts = 1 and error is not distinct from 'revocation_unknown' and due_at > now()
				from centre.job where kind = 'verify' and enrolment = $1`, v.id)
		})
	}
	b.exec(`update centre.job set attempts = 5, due_at = now() where enrolment = $1 and state = 'queued'`, never.id)
	b.exec(`notify registrar_work`)
	if got := never.judged(); got.Refusal != string(kiosk.ReasonRevocationUnknown) {
		t.Errorf("in vain: got %s for %q", got.State, got.Refusal)
	}
	unknown.Store(false)
	b.exec(`update centre.job set due_at = now() where enrolment = $1 and state = 'queued'`, recovers.id)
	b.exec(`notify registrar_work`)
	if got := recovers.judged(); got.State != central.StateActive {
		t.Errorf("answered at last: got %s for %q", got.State, got.Refusal)
	}
}

// A job that makes its worker panic is put off and does not stop the others.
func TestWorker_Panic(t *testing.T) {
	b := newBench(t)
	poisoned := b.visit()
	b.verifier = verifierFunc(func(ctx context.Context, sent transcript.Evidence, e evidence.Expect) (*evidence.Verified, error) {
		if e.Enrolment == poisoned.id {
			panic("about " + surname)
		}
		return believe(ctx, sent, e)
	})
	b.start(1, nil)
	healthy := b.visit()
	for _, v := range []*visit{poisoned, healthy} {
		v.prove()
		v.bind(goodPIN)
	}
	if got := healthy.judged(); got.State != central.StateActive {
		t.Errorf("got %s for %q", got.State, got.Refusal)
	}
	if got := scalar[string](b, `select error from centre.job where kind = 'verify' and enrolment = $1`, poisoned.id); got != "panic" {
		t.Errorf("got error %q", got)
	}
	b.exec(`update centre.job set attempts = 5, due_at = now() where enrolment = $1 and state = 'queued'`, poisoned.id)
	b.exec(`notify registrar_work`)
	if got := poisoned.judged(); got.State != central.StateRefused || got.Refusal != "panic" {
		t.Errorf("given up: got %s for %q", got.State, got.Refusal)
	}
	if !strings.Contains(b.Log.String(), "TestWorker_Panic") {
		t.Error("the log does not say where it was")
	}
}

func TestWorker_DeliveryFails(t *testing.T) {
	b := newBench(t)
	deny, later := "+351910000001", "+351910000002"
	var throttled atomic.Bool
	throttled.Store(true)
	b.SMS.Fail = func(m delivery.Message) error {
		switch {
		case m.To == deny:
			return &delivery.Error{Code: "sms_address"}
		case m.To == later && throttled.Load():
			return &delivery.Error{Code: "sms_throttled", Temporary: true}
		}
		return nil
	}
	b.start(1, nil)
	denied := b.visitOf("99777001", deny)
	denied.askForCode(kiosk.SMS, deny)
	b.until("the desk hears that it failed", func() bool {
		s, err := b.Centre.Status(b.ctx, denied.id)
		b.check(err)
		return s.SMS == kiosk.DeliveryFailed
	})
	put := b.visitOf("99777002", later)
	put.askForCode(kiosk.SMS, later)
	b.until("it is put off", func() bool {
		return scalar[bool](b, `select exists (select from centre.job where enrolment = $1 and error = 'sms_throttled')`, put.id)
	})
	throttled.Store(false) // its own timer, not a notice, brings it back
	put.confirm(kiosk.SMS, b.SMS.Code(b.ctx, t, later))
}

func TestReceipts(t *testing.T) {
	b := newBench(t)
	w := b.start(1, nil)
	v := b.visit()
	v.askForCode(kiosk.SMS, v.phone)
	b.until("it is sent", func() bool {
		s, err := b.Centre.Status(b.ctx, v.id)
		b.check(err)
		return s.SMS == kiosk.DeliverySent
	})
	id := scalar[string](b, `select message_id from centre.one_time_code where enrolment = $1`, v.id)
	b.check(registrar.Receipts(w.Pool)(b.ctx, delivery.Receipt{MessageID: id, Delivered: true}))
	if s, err := b.Centre.Status(b.ctx, v.id); err != nil || s.SMS != kiosk.DeliveryDelivered {
		t.Errorf("got %q, %v", s.SMS, err)
	}
}

// The desk's status bar follows the channels: from the first moment, and at once.
func TestWorker_Heartbeat(t *testing.T) {
	b := newBench(t)
	delivery := func() kiosk.Health {
		t.Helper()
		h, err := b.Centre.Hello(b.ctx)
		b.check(err)
		return h.Delivery
	}
	if got := delivery(); got != kiosk.HealthDown {
		t.Errorf("without a registrar: got %q", got)
	}
	b.SMS.Set(errors.New("not bound yet"))
	ready := make(chan struct{})
	b.start(1, func(r *kiosktest.Registrar) { r.Worker.Ready(func() { close(ready) }) })
	b.SMS.Set(nil)
	<-ready
	if got := delivery(); got != kiosk.HealthGood {
		t.Errorf("once it is ready: got %q", got)
	}
	began := time.Now()
	b.SMS.Set(errors.New("the bind was lost"))
	b.until("delivery is poor", func() bool { return delivery() == kiosk.HealthPoor })
	b.SMS.Set(nil)
	b.until("delivery is good", func() bool { return delivery() == kiosk.HealthGood })
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("told after %v", took)
	}
}

// A contact in another spelling, or one that no desk would take, gets no code.
func TestWorker_ContactForm(t *testing.T) {
	b := newBench(t)
	b.start(1, nil)
	for channel, values := range map[kiosk.Channel][]string{
		kiosk.SMS:   {"+3510912345678", "+351210000000", "+351760100100", "+99912345678"},
		kiosk.Email: {"a@xn--a.pt"},
	} {
		for _, value := range values {
			v := b.visit()
			sent, err := v.Centre.SendCode(v.ctx, v.id, central.CodeRequest{ID: newID(), Channel: channel, Value: value, Language: kiosk.Portuguese})
			b.check(err)
			if sent.Refusal == "" { // the centre's list of destinations leaves some of them to the registrar
				b.until("it is given up", func() bool {
					return scalar[bool](b, `select exists (select from centre.job where enrolment = $1 and state = 'failed' and error = 'contact_form')`, v.id)
				})
			}
			if n := scalar[int](b, `select count(*) from centre.one_time_code where enrolment = $1 and mac is not null`, v.id); n != 0 {
				t.Errorf("%s has a code", channel)
			}
		}
	}
}

// The database goes away under idle workers; they come back by themselves.
func TestWorker_ConnectionsLost(t *testing.T) {
	b := newBench(t)
	listening := make(chan struct{}, 8)
	w := b.start(2, func(r *kiosktest.Registrar) { r.Worker.Ready(func() { listening <- struct{}{} }) })
	<-listening
	b.kill(w)
	<-listening
	b.visit().prove()
}

func TestNew_ErrMissing(t *testing.T) {
	_, err := registrar.New(registrar.Config{})
	for _, want := range []string{"database", "verifier", "SMS", "mail", "identity", "support", "pepper"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not reported in %v", want, err)
		}
	}
}

func TestOpenPool_ErrKeepsThePassword(t *testing.T) {
	_, err := registrar.OpenPool(t.Context(), "host=x port=nonsense password=hunter2", 1)
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
}

func TestValidUntil(t *testing.T) {
	until := kiosk.Date{Year: 2028, Month: time.February, Day: 1}
	for nationality, want := range map[string]string{"PRT": "2028-03-02", "BRA": "2028-02-01"} {
		if got := registrar.ValidUntil(until, nationality, 30); got != want {
			t.Errorf("%s: got %s, want %s", nationality, got, want)
		}
	}
}

// isPIN reports whether what the database keeps is the hash of somebody's PIN.
func isPIN(t *testing.T, stored, subject, pin string) bool {
	t.Helper()
	h, err := signin.ParseHash(stored)
	if err != nil {
		t.Fatal(err)
	}
	hasher, err := signin.NewHasher(pepper, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	place, err := hasher.Reserve()
	if err != nil {
		t.Fatal(err)
	}
	is, err := place.Matches(t.Context(), h, subject, []byte(pin))
	if err != nil {
		t.Fatal(err)
	}
	return is
}
