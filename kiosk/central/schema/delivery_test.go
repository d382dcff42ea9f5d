package schema_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"

	"balcao/kiosk"
)

// told is a message as the desk hears of it.
type told struct {
	Kind, Channel, State, Reason string
	At                           time.Time
}

func (d desk) messages(tb testing.TB, id uuid.UUID) (all []told) {
	tb.Helper()
	raw := must(ask[[]byte](tb, d.b.centre, `select messages from desk.messages($1, $2)`, d.cert, id))(tb)
	if err := json.Unmarshal(raw, &all); err != nil {
		tb.Fatal(err)
	}
	return all
}

// wantMessage wants the newest message of an enrolment to be so.
func (d desk) wantMessage(tb testing.TB, id uuid.UUID, state, reason string) {
	tb.Helper()
	all := d.messages(tb, id)
	if len(all) == 0 {
		tb.Fatalf("no message, want %s", state)
	}
	if m := all[len(all)-1]; m.State != state || m.Reason != reason || m.At.IsZero() {
		tb.Errorf("got %+v, want %s %q", m, state, reason)
	}
}

// register does what a registrar does, and wants no error.
func (b *bench) register(sql string, args ...any) {
	b.tb.Helper()
	if _, err := b.registrar.Exec(b.tb.Context(), sql, args...); err != nil {
		b.tb.Fatal(err)
	}
}

// Every message has a state and, where it does not arrive, a reason that the desk is told.
func TestMessages(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.desk.open(citizen())
	if all := b.desk.messages(t, id); len(all) != 0 {
		t.Errorf("before any: %+v", all)
	}
	b.desk.send(id, "sms", phone())
	b.desk.wantMessage(t, id, "queued", "")
	j := b.mustTake("w")
	b.register(`select registrar.message_trouble($1, 'unavailable')`, j.ID)
	b.desk.wantMessage(t, id, "queued", "unavailable")
	b.register(`select registrar.job_retry($1, 'w', clock_timestamp(), 'sms_unbound')`, j.ID)
	j = b.mustTake("w")
	b.register(`select registrar.job_done($1, 'w'), registrar.message_sent($1, 'm1')`, j.ID)
	b.desk.wantMessage(t, id, "sent", "")
	b.register(`select registrar.receipt('m1', false, 'switched_off')`)
	b.desk.wantMessage(t, id, "failed", "switched_off")
	if s := b.desk.status(id); *s.SMS != "failed" {
		t.Errorf("the status says %s", *s.SMS)
	}
	b.register(`select registrar.receipt('m1', true)`)
	b.desk.wantMessage(t, id, "delivered", "")
	b.register(`select registrar.receipt('m1', false, 'other')`) // behind the other one
	b.desk.wantMessage(t, id, "delivered", "")

	refused := b.desk.open(citizen())
	b.desk.send(refused, "email", "nobody@example.pt")
	j = b.mustTake("w")
	b.register(`select registrar.message_trouble($1, 'mailbox_unknown'), registrar.job_failed($1, 'w', 'mail_address_550')`, j.ID)
	b.desk.wantMessage(t, refused, "failed", "mailbox_unknown")
	if s := b.desk.status(refused); *s.Email != "failed" {
		t.Errorf("the status says %s", *s.Email)
	}
	late := b.desk.open(citizen())
	b.desk.send(late, "sms", phone())
	b.later(301 * time.Second)
	if _, ok := b.take("w"); ok {
		t.Error("a code that had expired was handed out")
	}
	b.desk.wantMessage(t, late, "failed", "too_late")

	_, err := ask[[]byte](t, b.centre, `select messages from desk.messages($1, $2)`, b.newDesk("loja_9").cert, id)
	wantState(t, "another desk's", err, "BK001")
	for _, reason := range kiosk.FailReasons {
		b.exec(`update centre.message set state = 'failed', reason = $1`, string(reason))
	}
	if _, err := b.admin.Exec(t.Context(), `update centre.message set reason = 'bad luck'`); err == nil {
		t.Error("a reason that nobody knows was kept")
	}
}

// A message that may have left is settled by a receipt with its reference from its phone, and by no other.
func TestMessages_Unsure(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id, number := b.desk.open(citizen()), phone()
	b.desk.send(id, "sms", number)
	j := b.mustTake("w")
	b.register(`select registrar.message_unsure($1, 4711, $2)`, j.ID, number)
	b.register(`select registrar.job_retry($1, 'w', clock_timestamp() + interval '2 minutes', 'sms_timeout')`, j.ID)
	for message, receipt := range map[string]string{
		"of another phone":     `select registrar.receipt($1, true, null, 4711, '+351910000000')`,
		"of another reference": `select registrar.receipt($1, true, null, 4712, $2)`,
		"without a reference":  `select registrar.receipt($1, true, null, null, $2)`,
	} {
		args := []any{message, number}
		if message == "of another phone" {
			args = args[:1]
		}
		b.register(receipt, args...)
		b.desk.wantMessage(t, id, "queued", "")
	}
	b.register(`select registrar.receipt('m7', true, null, 4711, $1)`, number)
	b.desk.wantMessage(t, id, "delivered", "")
	b.exec(`update centre.job set due_at = clock_timestamp() where state = 'queued'`)
	if j, ok := b.take("w"); ok {
		t.Errorf("it is sent again: %+v", j)
	}
	if n := b.mentions(number[1:]); n == 0 {
		t.Fatal("the test does not find the number where it is")
	}
	if n := scalar[int](b, `select count(*) from centre.message where reference is not null or contact is not null`); n != 0 {
		t.Errorf("%d messages keep to whom they went", n)
	}
}

// A channel whose messages wait is an alarm, once an hour; one that is at work is none.
func TestMessagesWatch(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	alarms := func(want int) {
		t.Helper()
		b.register(`select registrar.messages_watch()`)
		if n := scalar[int](b, `select count(*) from centre.alert where kind = 'sms_waits'`); n != want {
			t.Errorf("%d alarms, want %d", n, want)
		}
	}
	id := b.desk.open(citizen())
	b.desk.send(id, "sms", phone())
	alarms(0)
	b.exec(`update centre.message set queued_at = queued_at - interval '121 seconds'`)
	alarms(1)
	alarms(1)
	b.exec(`update centre.alert set at = at - interval '61 minutes'`)
	alarms(2)
	b.exec(`update centre.alert set at = at - interval '61 minutes'`)
	b.exec(`update centre.message set state = 'sent'`)
	alarms(2)
	if n := scalar[int](b, `select count(*) from centre.alert where kind = 'email_waits'`); n != 0 {
		t.Errorf("%d alarms of the other channel", n)
	}
}
