package ledger_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/transparency-dev/formats/proof"
	merkle "github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"

	"balcao/kiosk/ledger"
)

func TestProof(t *testing.T) {
	c := newCentre(t)
	c.db.Desk("loja_1")
	if _, _, err := ledger.Newest(t.Context(), c.admin); !errors.Is(err, ledger.ErrNotLogged) {
		t.Errorf("a checkpoint before anything was signed: %v", err)
	}
	for _, row := range []string{"loja_1", "nobody's"} {
		if _, _, err := ledger.Prove(t.Context(), c.admin, "desk", row); !errors.Is(err, ledger.ErrNotLogged) {
			t.Errorf("a proof of %s before anything was signed: %v", row, err)
		}
	}
	c.start(c.config("r1"))
	c.person(1)
	c.sequenced()
	leaf, p, err := ledger.Prove(t.Context(), c.admin, "key_event", "1")
	c.check(err)
	if opened, err := ledger.OpenProof(p, c.verifier); err != nil || opened.Row != "1" || opened.Table != "key_event" ||
		!bytes.Equal(opened.Bytes(), leaf.Bytes()) {
		t.Errorf("OpenProof = %+v, %v", opened, err)
	}
	// Others compute the same.
	var parsed proof.TLogProof
	c.check(parsed.Unmarshal(p))
	checkpoint, err := ledger.OpenCheckpoint(parsed.Checkpoint, c.verifier)
	c.check(err)
	var path [][]byte
	for _, h := range parsed.Hashes {
		path = append(path, h[:])
	}
	hash := rfc6962.DefaultHasher.HashLeaf(leaf.Bytes())
	if err := merkle.VerifyInclusion(rfc6962.DefaultHasher, parsed.Index, uint64(checkpoint.Size), hash, path, checkpoint.Root[:]); err != nil {
		t.Errorf("by transparency-dev/merkle: %v", err)
	}

	other := newCentre(t)
	leaf.Row = "2"
	forged := parsed
	forged.ExtraData = leaf.Bytes()
	text := string(p)
	size := fmt.Sprintf("\n%d\n", checkpoint.Size)
	for name, bad := range map[string]string{
		"another leaf":       string(forged.Marshal()),
		"another index":      strings.Replace(text, "index ", "index 1", 1),
		"a longer proof":     strings.Replace(text, "\n\n", "\n"+strings.Repeat("A", 43)+"=\n\n", 1),
		"another checkpoint": strings.Replace(text, size, fmt.Sprintf("\n%d\n", checkpoint.Size+1), 1),
	} {
		if _, err := ledger.OpenProof(ledger.Proof(bad), c.verifier); err == nil || bad == text {
			t.Errorf("%s: the proof holds", name)
		}
	}
	if _, err := ledger.OpenProof(p, other.verifier); err == nil {
		t.Error("another log's key: the proof holds")
	}
}

// Two registrars sequence at once; one of them stops, and the other goes on.
func TestTwoSequencers(t *testing.T) {
	c := newCentre(t)
	stop := c.start(c.config("r1"))
	c.start(c.config("r2"))
	var all sync.WaitGroup
	for desk := range 8 {
		all.Go(func() {
			for n := range 10 {
				_, err := c.admin.Exec(t.Context(), `insert into centre.desk (name) values ($1)`, fmt.Sprintf("loja_%d_%d", desk, n))
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	c.sequenced()
	stop()
	c.exec(`update centre.log_state set until = now()`) // as ten seconds do
	c.exec(`update centre.desk set state = 'revoked'`)
	c.sequenced()
	if r := c.audit(ledger.Audited{}); len(r.Findings) > 0 || r.Leaves != r.Signed {
		t.Errorf("%+v", r)
	}
	if n := scalar[int](c, `select count(*) from centre.alert`); n > 0 {
		t.Errorf("%d alarms\n%s", n, c.log)
	}
}

// A registrar dies at each point; it, or another, goes on where it was.
func TestCrash(t *testing.T) {
	for _, point := range []string{"counted", "numbered", "signed", "told"} {
		for _, next := range []string{"r1", "r2"} {
			t.Run(point+" "+next, func(t *testing.T) {
				t.Parallel()
				c := newCentre(t)
				cfg := c.config("r1")
				c.start(cfg)() // begins a log of its own
				s, err := ledger.NewSequencer(cfg)
				c.check(err)
				died := make(chan struct{})
				ctx, kill := context.WithCancel(t.Context())
				defer kill()
				s.CrashAt(func(at string) error {
					if at != point {
						return nil
					}
					kill()
					return errors.New("killed")
				})
				c.exec(`insert into centre.desk (name) values ('loja_1')`)
				go func() { defer close(died); _ = s.Run(ctx) }()
				<-died
				if next == "r2" {
					cfg = c.config("r2")
				}
				c.exec(`update centre.log_state set until = now()`)
				c.start(cfg)
				c.exec(`insert into centre.desk (name) values ('loja_2')`)
				c.sequenced()
				if r := c.audit(ledger.Audited{}); len(r.Findings) > 0 || r.Leaves != r.Signed {
					t.Errorf("%+v", r)
				}
				if n := scalar[int](c, `select count(*) from centre.alert`); n > 0 {
					t.Errorf("%d alarms\n%s", n, c.log)
				}
			})
		}
	}
}

// refuses wants that nothing is numbered or signed any more, and an alarm.
func (c *centre) refuses(cfg ledger.Config) {
	c.t.Helper()
	size, signed := scalar[int](c, `select size from centre.log_state`), scalar[int](c, `select count(*) from centre.log_checkpoint`)
	c.exec(`update centre.log_state set until = now()`)
	c.start(c.here(cfg))
	c.exec(`insert into centre.desk (name) values ('loja_9')`)
	c.until("an alarm", `select exists (select from centre.alert where kind = 'log_fork')`)
	if n, m := scalar[int](c, `select size from centre.log_state`), scalar[int](c, `select count(*) from centre.log_checkpoint`); n != size || m != signed {
		c.t.Errorf("the log went from %d to %d leaves, from %d to %d checkpoints", size, n, signed, m)
	}
	c.says("log_fork")
}

// The registrar signs nothing that does not extend what it signed.
func TestRefusesToSign(t *testing.T) {
	c := newCentre(t)
	c.db.Desk("loja_1")
	cfg := c.config("r1")
	stop := c.start(cfg)
	c.person(1)
	c.sequenced()
	stop()
	old := c.copy(t) // as a backup
	stop = c.start(cfg)
	c.exec(`insert into centre.desk (name) values ('loja_2')`)
	c.sequenced()
	stop()
	rewritten, unsigned := c.copy(t), c.copy(t)

	t.Run("the database is rolled back", func(t *testing.T) {
		old.t = t
		old.refuses(cfg)
		r := old.audit(ledger.Audited{Checkpoints: []ledger.Kept{c.newest()}})
		if len(r.Findings) != 1 && len(r.Findings) != 2 || r.Findings[0].Kind != ledger.RolledBack {
			t.Errorf("%+v", r)
		}
	})
	t.Run("history is rewritten", func(t *testing.T) {
		rewritten.t = t
		rewritten.behind(`update centre.log_leaf set columns = replace(columns, '8:enrolled', '9:recovered') where kind = 'key_event'`)
		rewritten.recompute()
		rewritten.refuses(cfg)
	})
	t.Run("history is rewritten, and the checkpoints are gone", func(t *testing.T) {
		unsigned.t = t
		unsigned.behind(`update centre.log_leaf set columns = replace(columns, '8:enrolled', '9:recovered') where kind = 'key_event'`)
		unsigned.recompute()
		unsigned.exec(`delete from centre.log_checkpoint`)
		unsigned.refuses(cfg)
	})
	t.Run("what it signed is not readable", func(t *testing.T) {
		other := newCentre(t)
		cfg := cfg
		cfg.Key = other.key
		if _, err := ledger.NewSequencer(cfg); err == nil {
			t.Error("it begins with the state of another key")
		}
	})
}

func TestAlarms(t *testing.T) {
	c := newCentre(t)
	cfg := c.config("r1")
	stop := c.start(cfg)
	c.sequenced()
	stop()
	late, gap := c.copy(t), c.copy(t)
	for name, test := range map[string]struct {
		c    *centre
		do   string
		kind string
	}{
		"a leaf is not numbered": {late, `update centre.log_state set holder = 'another', until = 'infinity';
			insert into centre.log_leaf (at, kind, op, row, columns) values (now() - interval '61 seconds', 'setting', 'update', 'min_age', '')`, "log_late"},
		"a number is missing": {gap, `delete from centre.log_leaf where number = 7`, "log_gap"},
	} {
		t.Run(name, func(t *testing.T) {
			test.c.t = t
			if n := scalar[int](test.c, `select count(*) from registrar.log_watch()`); n != 0 {
				t.Errorf("%d alarms before", n)
			}
			test.c.behind(test.do)
			test.c.start(test.c.here(cfg))
			test.c.until("an alarm", `select exists (select from centre.alert where kind = $1)`, test.kind)
			test.c.says(test.kind)
			// One alarm an hour.
			if n := scalar[int](test.c, `select count(*) from registrar.log_watch(), centre.alert`); n != 1 {
				t.Errorf("%d alarms", n)
			}
		})
	}
}

// What retention deletes, the log forgets; it says that it did.
func TestForgotten(t *testing.T) {
	c := lived(t)
	c.exec(`update centre.key set state = 'expired', change = '{"cause": "expire", "reason": "validity_ended"}' where register = 1`)
	c.exec(`delete from centre.log_key where subject = 'person 1'`)
	c.start(c.config("r2"))
	c.sequenced()
	r := c.audit(ledger.Audited{})
	if len(r.Findings) > 0 || r.Forgotten != 5 { // person, person_event, key, key_contact, key_record
		t.Errorf("%+v", r)
	}
	// What happens to the same person afterwards is sealed anew.
	c.exec(`update centre.person set surname = 'Outra' where id = 1`)
	c.sequenced()
	if r := c.audit(ledger.Audited{}); len(r.Findings) > 0 || r.Forgotten != 4 {
		t.Errorf("%+v", r)
	}
	c.behind(`update centre.person set surname = 'Outra Vez' where id = 1`)
	if r := c.audit(ledger.Audited{}); len(r.Findings) != 1 || r.Findings[0].Table != "person" {
		t.Errorf("%+v", r)
	}
	conn, err := pgx.Connect(t.Context(), c.db.Registrar())
	c.check(err)
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), `delete from centre.log_key`); err == nil {
		t.Error("a registrar makes the log forget")
	}
}

// A key whose time is over is gone from all tables of history, and the audit finds nothing: it was logged. History that goes
// without that is found.
func TestRetained(t *testing.T) {
	c := lived(t)
	c.exec(`update centre.key set state = 'expired', change = '{"cause": "expire", "reason": "validity_ended"}' where register = 1`)
	c.start(c.config("r2"))
	c.sequenced()
	c.exec(`select internal.forget_key(1)`)
	c.sequenced()
	if r := c.audit(ledger.Audited{}); len(r.Findings) > 0 {
		t.Errorf("%+v", r)
	}
	conn, err := pgx.Connect(t.Context(), c.db.Admin())
	c.check(err)
	defer conn.Close(context.Background())
	var n int
	c.check(conn.QueryRow(t.Context(), `select (select count(*) from centre.key_event where key = 1) + (select count(*) from centre.key where register = 1)`).Scan(&n))
	if n != 0 {
		t.Errorf("%d rows of the key are left", n)
	}
	// Whoever turns the guard off leaves a leaf that nothing allows.
	c.exec(`alter table centre.key_event disable trigger key_event_append_only`)
	c.exec(`delete from centre.key_event where id = (select max(id) from centre.key_event)`)
	c.exec(`alter table centre.key_event enable trigger key_event_append_only`)
	c.sequenced()
	if r := c.audit(ledger.Audited{}); len(r.Findings) == 0 {
		t.Error("history that went without a deletion was not found")
	}
}
