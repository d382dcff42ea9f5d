package central_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"balcao/kiosk"
)

// meanwhile does something while a transaction is open, commits the transaction as soon as what it does
// waits for a lock, or has ended without waiting, and returns when it has ended.
func (b *bench) meanwhile(open pgx.Tx, do func() error) (waited bool) {
	b.tb.Helper()
	done := make(chan error, 1)
	go func() { done <- do() }()
	var err error
	for ended := false; !ended && !waited; {
		select {
		case err = <-done:
			ended = true
		default:
			waited = scalar[bool](b, `select count(*) > 0 from pg_stat_activity
				where datname = current_database() and wait_event_type = 'Lock'`)
		}
	}
	if commitErr := open.Commit(b.tb.Context()); commitErr != nil {
		b.tb.Fatal(commitErr)
	}
	if waited {
		err = <-done
	}
	if err != nil {
		b.tb.Fatal(err)
	}
	return waited
}

const sendSQL = `select coalesce(refusal, 'sent') from desk.send_code($1, $2, 'sms', $3, 'pt')`

// sqlDesk is the bench's desk without package central, and a transaction of it.
func (b *bench) sqlDesk() (*pgxpool.Pool, pgx.Tx) {
	b.tb.Helper()
	pool := mustPool(b.tb, b.db.Desk(b.desk.Desk()))
	tx, err := pool.Begin(b.tb.Context())
	if err != nil {
		b.tb.Fatal(err)
	}
	b.tb.Cleanup(func() { _ = tx.Rollback(b.tb.Context()) })
	return pool, tx
}

// TestOneContactIsCountedOnce sends to one phone from two enrolments, the second while the first is not
// committed.
func TestOneContactIsCountedOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	first, second, number := b.open(), b.open(), phone()
	pool, tx := b.sqlDesk()
	if _, err := tx.Exec(t.Context(), sendSQL, first, newID(), number); err != nil {
		t.Fatal(err)
	}
	var got string
	waited := b.meanwhile(tx, func() error {
		return pool.QueryRow(t.Context(), sendSQL, second, newID(), number).Scan(&got)
	})
	if want := "too_soon"; !waited || got != want {
		t.Errorf("waited %v, answer %q, want %q after waiting", waited, got, want)
	}
}

// TestOneEnrolmentIsCountedOnce changes the phone while a try of the first one is not committed.
func TestOneEnrolmentIsCountedOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.open()
	b.send(id, kiosk.SMS, phone())
	pool, tx := b.sqlDesk()
	_, err := tx.Exec(t.Context(), `select desk.confirm_code($1, $2, 'sms', '000000')`, id, newID())
	if err != nil {
		t.Fatal(err)
	}
	var left int
	waited := b.meanwhile(tx, func() error {
		return pool.QueryRow(t.Context(), `select tries_left from desk.send_code($1, $2, 'sms', $3, 'pt')`, id, newID(), phone()).Scan(&left)
	})
	if want := 2; !waited || left != want {
		t.Errorf("waited %v, %d tries left, want %d after waiting", waited, left, want)
	}
}

// TestCodeWorksOnce records two tries of the right code before either is judged.
func TestCodeWorksOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.open()
	b.send(id, kiosk.SMS, phone())
	pool, _ := b.sqlDesk()
	attempts := []uuid.UUID{newID(), newID()}
	for _, want := range [][]string{{"recorded", "recorded"}, {"right", "code_expired"}, {"right", "code_expired"}} {
		for i, attempt := range attempts {
			var got string
			err := pool.QueryRow(t.Context(), `select coalesce(refusal, 'right') from desk.confirm_code($1, $2, 'sms', '123456')`,
				id, attempt).Scan(&got)
			if err != nil {
				t.Fatal(err)
			}
			if got != want[i] {
				t.Errorf("attempt %d: %q, want %q", i+1, got, want[i])
			}
		}
	}
}

// TestReceiptRacesTheRecord lets the receipt arrive while the sending is recorded but not committed.
func TestReceiptRacesTheRecord(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.open()
	b.send(id, kiosk.SMS, phone())
	tx := b.begin()
	j := mustTake(t, tx)
	if _, err := tx.Exec(t.Context(), `select registrar.message_sent($1, 'm1'), registrar.job_done($1)`, j.ID); err != nil {
		t.Fatal(err)
	}
	b.meanwhile(tx, func() error {
		_, err := b.registrar.Exec(t.Context(), `select registrar.receipt('m1', true)`)
		return err
	})
	if got, want := b.delivery(id), kiosk.DeliveryDelivered; got != want {
		t.Errorf("delivery = %q, want %q", got, want)
	}
}
