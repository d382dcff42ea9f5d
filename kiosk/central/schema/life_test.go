package schema_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

var update = flag.Bool("update", false, "write what is made from the database")

var states = []string{"pending", "active", "suspended", "locked", "blocked", "cancelled", "expired"}

// allowed is centre.transition, written down a second time: cause, from, to.
func allowed() map[[3]string]bool {
	all := map[[3]string]bool{}
	for cause, way := range map[string][2]string{
		"enrol": {"none", "active"}, "enrol_later": {"none", "pending"}, "activate": {"pending", "active"},
		"pin": {"active locked blocked", "active"}, "unblock": {"locked blocked", "active"}, "reactivate": {"suspended", "active"},
		"suspend": {"active locked blocked", "suspended"}, "word": {"active locked blocked", "suspended"},
		"not_me": {"active locked blocked", "suspended"}, "alert": {"active locked blocked", "suspended"},
		"cancel": {"pending active suspended locked blocked", "cancelled"}, "expire": {"pending active suspended locked blocked", "expired"},
		"lock": {"active locked", "locked"}, "lock_ended": {"locked", "active"}, "block": {"active locked", "blocked"},
		"rehash": {"active", "active"},
	} {
		for _, from := range strings.Fields(way[0]) {
			all[[3]string{cause, from, way[1]}] = true
		}
	}
	for _, cause := range []string{"phone", "email", "renew"} {
		for _, state := range []string{"active", "locked", "blocked"} {
			all[[3]string{cause, state, state}] = true
		}
	}
	return all
}

// keyIn makes a key that is in a state, past every trigger.
func (b *bench) keyIn(state string) (register int64) {
	b.tb.Helper()
	_, register = b.desk.enrol(citizen(), name{fmt.Sprint("Nome", lastNumber.Add(1)), "Ana", "1980-01-01"})
	b.force(register, state)
	return register
}

// force puts a key into a state as nobody can who leaves the triggers on.
func (b *bench) force(register int64, state string) {
	b.tb.Helper()
	b.exec(fmt.Sprintf(`set session_replication_role = replica; update centre.key set state = '%s' where register = %d; reset session_replication_role`, state, register))
}

// Every pair of states, for every cause and for none, and as each role: what the table does not have is refused by the
// database itself.
func TestTransitions(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	table := allowed()
	for _, row := range must(pgx.CollectRows(must(b.admin.Query(t.Context(), `select cause || ' ' || from_state || ' ' || to_state from centre.transition`))(t), pgx.RowTo[string]))(t) {
		if f := strings.Fields(row); !table[[3]string(f)] {
			t.Errorf("centre.transition has %s", row)
		}
	}
	causes := must(pgx.CollectRows(must(b.admin.Query(t.Context(), `select cause || ' ' || min(reason) from centre.reason group by cause order by 1`))(t), pgx.RowTo[string]))(t)
	b.exec(`alter table centre.key disable trigger key_recorded`)
	for _, from := range states {
		register := b.keyIn(from)
		for _, to := range states {
			for _, why := range append(slices.Clone(causes), " ", "no_cause x", "enrol no_reason") {
				cause, reason, _ := strings.Cut(why, " ")
				err := try(t, b.admin, `update centre.key set state = $2, change = nullif(jsonb_build_object('cause', $3::text, 'reason', $4::text), '{"cause": "", "reason": ""}')
					where register = $1`, register, to, cause, reason)
				want := ""
				if !table[[3]string{cause, from, to}] && (why != " " || from != to) { // without a cause nothing changes
					want = "BK091"
				}
				if got := word("", err); got != want {
					t.Errorf("%s → %s for %q: %q, want %q", from, to, why, got, want)
				}
			}
			for role, pool := range map[string]*pgxpool.Pool{"the door": b.centre, "a registrar": b.registrar} {
				if got := word("", try(t, pool, `update centre.key set state = $2 where register = $1`, register, to)); got != "42501" {
					t.Errorf("%s → %s as %s: %q, want that it may not", from, to, role, got)
				}
			}
		}
	}
	register := b.keyIn("active")
	for what, sql := range map[string]string{
		"another holder":          `update centre.key set person = person + 1, change = '{"cause": "renew"}'`,
		"another beginning":       `update centre.key set activated_at = now(), change = '{"cause": "renew"}'`,
		"a PIN without cause":     `update centre.key set pin_hash = '$argon2id$y'`,
		"a level while locking":   `update centre.key set state = 'locked', level = 'substantial', change = '{"cause": "lock"}'`,
		"a day while suspending":  `update centre.key set state = 'suspended', valid_until = '2099-01-01', change = '{"cause": "not_me"}'`,
		"a PIN as a lock ends":    `update centre.key set state = 'active', pin_hash = '$argon2id$y', change = '{"cause": "lock_ended"}'`,
		"a reason of another":     `update centre.key set state = 'suspended', change = '{"cause": "suspend", "reason": "wrong_pins"}'`,
		"no reason of many":       `update centre.key set state = 'suspended', change = '{"cause": "suspend"}'`,
		"a key made suspended":    `insert into centre.key (person, state, level, pin_hash, valid_until, enrolment, change) select person, 'suspended', 'high', pin_hash, valid_until, gen_random_uuid(), '{"cause": "suspend", "reason": "request"}' from centre.key where register = $1`,
		"a key made without word": `insert into centre.key (person, state, level, pin_hash, valid_until, enrolment) select person, 'active', 'high', pin_hash, valid_until, gen_random_uuid() from centre.key where register = $1`,
	} {
		if !strings.Contains(sql, "$1") {
			sql += ` where register = $1`
		}
		wantState(t, what, try(t, b.admin, sql, register), "BK091")
	}
	for what, sql := range map[string]string{
		"a transition more":    `insert into centre.transition (cause, from_state, to_state) values ('lock', 'suspended', 'active')`,
		"a transition changed": `update centre.transition set to_state = 'active'`,
		"a transition less":    `delete from centre.transition`,
		"a cause changed":      `update centre.cause set records = false`,
		"a reason more":        `insert into centre.reason (cause, reason) values ('lock', 'because')`,
		"an errand changed":    `update centre.errand set needs_contact = ''`,
		"a key deleted":        `delete from centre.key`,
		"an event deleted":     `delete from centre.key_event`,
	} {
		wantState(t, what, try(t, b.admin, sql), "BK090")
	}
}

// try does something that must leave no trace.
func try(tb testing.TB, pool *pgxpool.Pool, sql string, args ...any) error {
	tb.Helper()
	tx, err := pool.Begin(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = tx.Rollback(tb.Context()) }()
	_, err = tx.Exec(tb.Context(), sql, args...)
	return err
}

// What is offered is what the table allows, and every change is told of.
func TestErrandsFollowTheTable(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for what, sql := range map[string]string{
		"offered, and not allowed": `select e.name || ' ' || s from centre.errand e, unnest(e.offered_in) s where e.cause is not null
			and not exists (select from centre.transition t where t.cause = e.cause and t.from_state = s)`,
		"allowed, and not offered": `select e.name || ' ' || t.from_state from centre.errand e join centre.transition t on t.cause = e.cause where t.from_state <> all (e.offered_in)`,
		"without a reason":         `select name from centre.cause c where not exists (select from centre.reason r where r.cause = c.name)`,
		"without a transition":     `select name from centre.cause c where not exists (select from centre.transition t where t.cause = c.name)`,
		"never told":               `select name from centre.cause where notice is null and name not in ('enrol', 'enrol_later', 'lock_ended', 'expire', 'rehash')`,
	} {
		if got := must(pgx.CollectRows(must(b.admin.Query(t.Context(), sql))(t), pgx.RowTo[string]))(t); len(got) > 0 {
			t.Errorf("%s: %v", what, got)
		}
	}
}

// The drawing of the states in assets/doc is made from the table.
func TestKeysAreDrawn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	type arrow struct{ From, To, Causes string }
	arrows := must(pgx.CollectRows(must(b.admin.Query(t.Context(), `select from_state, to_state, string_agg(cause, ', ' order by cause) from centre.transition
		group by from_state, to_state order by array_position('{none,pending,active,locked,blocked,suspended}', from_state),
			array_position('{pending,active,locked,blocked,suspended,cancelled,expired}', to_state)`))(t), pgx.RowToStructByPos[arrow]))(t)
	type cause struct {
		Name, Reasons   string
		Records, Passes bool
		Notice          string
	}
	causes := must(pgx.CollectRows(must(b.admin.Query(t.Context(), `select c.name, (select string_agg(r.reason, ', ' order by r.reason) from centre.reason r where r.cause = c.name),
		c.records, c.passes, coalesce(c.notice, '') from centre.cause c order by c.name`))(t), pgx.RowToStructByPos[cause]))(t)
	var doc bytes.Buffer
	doc.WriteString("# The states of a key\n\nMade from the tables `centre.transition` and `centre.cause` (`go test ./kiosk/central/schema -run TestKeysAreDrawn -update`).\n" +
		"A trigger refuses every other change, whoever asks.\n\n```mermaid\nstateDiagram-v2\n")
	for _, a := range arrows {
		fmt.Fprintf(&doc, "    %s --> %s: %s\n", strings.Replace(a.From, "none", "[*]", 1), a.To, a.Causes)
	}
	doc.WriteString("    cancelled --> [*]\n    expired --> [*]\n```\n\n" +
		"A cause that makes a new version of the key needs a record signed by a registrar; the others only take away, or end a lock.\n\n" +
		"| cause | reasons | new version | the holder is told |\n|---|---|---|---|\n")
	for _, c := range causes {
		fmt.Fprintf(&doc, "| %s | %s | %s | %s |\n", c.Name, c.Reasons, map[bool]string{true: "yes", false: ""}[c.Records], c.Notice)
	}
	const path = "../../../assets/doc/keys.md"
	if *update {
		if err := os.WriteFile(path, doc.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(doc.String(), string(must(os.ReadFile(path))(t))); diff != "" {
		t.Errorf("%s is not what the tables say: -update\n%s", path, diff)
	}
}

// code is what a registrar makes of a long code.
func (b *bench) long(sql string, row uuid.UUID, code string) bool {
	b.tb.Helper()
	key := bytes.Repeat([]byte{7}, 32)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(code))
	return must(ask[bool](b.tb, b.registrar, sql, row, key, mac.Sum(nil)))(b.tb)
}
