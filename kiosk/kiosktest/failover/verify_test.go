package failover_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// verify holds what desks were told against what every node has: each enrolment that a desk was told is active is there
// once and whole, and there is nothing else. Then the programs that operators have look for themselves.
func (s *site) verify(ctx context.Context, t *testing.T, l *load) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	if err := s.until(ctx, "the log is numbered and signed", func() bool {
		return scalar[bool](ctx, t, s, `select not exists (select from centre.log_leaf where number is null)
			and (select max(size) from centre.log_checkpoint) = (select size from centre.log_state)`)
	}); err != nil {
		t.Fatal(err)
	}
	check(t, s.well(ctx))
	told := make(map[uuid.UUID]bool, len(l.active))
	for id := range l.active {
		told[id] = true
	}
	// What an active enrolment has: one living key, a record that a registrar signed, evidence, an event, and its leaf with a number.
	const whole = `select e.id, count(*) over (partition by k.person), e.state,
			coalesce(k.state, ''), (select count(*) from centre.key_record r where r.key = e.key),
			(select count(*) from centre.evidence v where v.enrolment = e.id),
			(select count(*) from centre.key_event v where v.key = e.key and v.enrolment = e.id),
			(select count(*) from centre.key_event v join centre.log_leaf f on f.kind = 'key_event' and f.row = v.id::text
				where v.key = e.key and v.enrolment = e.id and f.number is not null)
		from centre.enrolment e left join centre.key k on k.register = e.key`
	rows, err := s.db.Query(ctx, whole)
	check(t, err)
	var id uuid.UUID
	var persons, records, evidence, events, leaves int
	var state, key string
	found := 0
	_, err = pgx.ForEachRow(rows, []any{&id, &persons, &state, &key, &records, &evidence, &events, &leaves}, func() error {
		found++
		if state != "active" || key != "active" || persons != 1 || records != 1 || evidence != 1 || events != 1 || leaves != 1 {
			t.Errorf("enrolment %v is not whole: %s, its key %q, of its person %d, records %d, evidence %d, events %d, leaves %d",
				id, state, key, persons, records, evidence, events, leaves)
		}
		if !told[id] {
			t.Errorf("enrolment %v: no desk was told", id)
		}
		delete(told, id)
		return nil
	})
	check(t, err)
	for id := range told {
		t.Errorf("enrolment %v was told to be active and is lost", id)
	}
	if keys := scalar[int](ctx, t, s, `select count(*) from centre.key`); keys != found {
		t.Errorf("%d keys of %d enrolments", keys, found)
	}
	s.commands(ctx, t)
}

// commands are kioskctl's, on what the registrars signed last.
func (s *site) commands(ctx context.Context, t *testing.T) {
	t.Helper()
	newest := ""
	for _, file := range []string{"log-1.signed", "log-2.signed"} {
		if at, err := os.Stat(s.path(file)); err == nil {
			if other, err := os.Stat(s.path(newest)); newest == "" || err == nil && at.ModTime().After(other.ModTime()) {
				newest = file
			}
		}
	}
	for _, args := range [][]string{
		{"audit", "--log-key", "keys/log.pub", "--record-key", "keys/record.pub", "--checkpoint", newest},
		{"evidence", "audit", "--sample", "100", "--trust", "pki/trust", "--desk-authority", "desk-ca/ca.crt", "--staff-authority", "staff-ca.crt",
			"--record-key", "keys/record.pub"},
		{"db", "check"},
	} {
		cmd := exec.CommandContext(ctx, filepath.Join(s.bin, "kioskctl"), args...)
		cmd.Dir, cmd.Env = s.dir, append(os.Environ(), "BALCAO_ADMIN_DSN="+s.admin)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("kioskctl %v: %v\n%s", args, err, out)
		}
	}
}
