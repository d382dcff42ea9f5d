package ledger

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// What a Finding says was done.
const (
	Changed    = "changed"
	Deleted    = "deleted"
	Inserted   = "inserted"
	Reordered  = "reordered"
	BackDated  = "back-dated"
	RolledBack = "rolled back" // a checkpoint is ahead of the log
	Rewritten  = "rewritten"   // leaves are not those that were signed, and what they were is not known any more
	Unlogged   = "unlogged"    // a trigger that logs is missing or disabled
	Late       = "late"        // nobody numbers the leaf
	Unsigned   = "unsigned"    // a checkpoint, or a key's record, is missing or not signed
)

// Finding is one thing that is not as it was logged.
type Finding struct {
	Kind       string
	Table, Row string // empty when it is about the log itself
	Text       string // no personal data
}

func (f Finding) String() string {
	where := "the log"
	if f.Table != "" {
		where = f.Table + " " + f.Row
	}
	return fmt.Sprintf("%s: %s: %s", f.Kind, where, f.Text)
}

// Kept is a checkpoint from outside the database: a file, a witness.
type Kept struct {
	Source string
	Checkpoint
}

// Audited is what an audit compares with. The key of the log is required.
type Audited struct {
	LogKey      note.Verifier
	Witnesses   []note.Verifier // of each of them a cosigned checkpoint is expected
	Checkpoints []Kept
	RecordKeys  []ed25519.PublicKey // none: the signatures of keys' records are not looked at
	Now         time.Time           // by the centre's clock; zero: by this computer's
}

// Report is what an audit found. Without Findings nothing was tampered with, as far as Signed leaves go: what came later
// is compared with its table, and might have been changed before it was signed.
type Report struct {
	Leaves, Signed, Waiting int64 // in the tree, under its newest checkpoint, without a number yet
	Rows                    int   // that were compared with their newest leaf
	Forgotten               int   // of these, whose personal columns nobody can compare any more: the deletion of the key is logged
	Findings                []Finding
}

// tolerance is how much later than its change a leaf may be numbered, or written. A leaf that waits longer is an alarm.
const tolerance = time.Minute

// Audit reads the whole log and all that is logged, in one snapshot, and compares: leaves with the tree, the tree with every
// checkpoint that is known, rows with their newest leaves, keys with their events and signed records. It computes everything
// anew from raw columns and calls no function of the database's schema. Memory: half a kilobyte for each row that is logged.
// The connection is a superuser's or the owner's.
func Audit(ctx context.Context, conn *pgx.Conn, with Audited) (Report, error) {
	a := &audit{Audited: with, newest: map[rowKey]*newest{}, begun: map[string]bool{}, overs: map[string]bool{}, forgotten: map[string]int64{}, now: with.Now}
	if a.now.IsZero() {
		a.now = time.Now()
	}
	err := pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		const plainText = `set local timezone = 'UTC'; set local datestyle = 'ISO, YMD'; set local bytea_output = 'hex'; set local search_path = pg_catalog`
		if _, err := tx.Exec(ctx, plainText); err != nil {
			return err
		}
		for _, step := range []func(context.Context, pgx.Tx) error{
			a.triggers, a.storedTree, a.leaves, a.checkpoints, a.compareTree, a.keysOfSubjects, a.tables, a.keys,
		} {
			if err := step(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return Report{}, fmt.Errorf("auditing: %w", plain(err))
	}
	return a.report, nil
}

type rowKey struct{ table, row string }

// newest is the last leaf of a row.
type newest struct {
	Leaf
	order   int64 // of the leaf among all
	deleted bool
	seen    bool // the row is there
}

type audit struct {
	Audited
	report Report
	now    time.Time

	stored    []tlog.Hash // the tree as the database has it; zero where a hash is missing
	tree      []tlog.Hash // computed from the leaves
	differs   []int64     // numbers of leaves whose hash is not the stored one
	latest    time.Time   // of the leaves so far
	order     int64
	newest    map[rowKey]*newest
	begun     map[string]bool  // tables whose changes are logged by now
	overs     map[string]bool  // "key 17", "person 17" and "all search": of what a deletion was logged
	forgotten map[string]int64 // subjects, by the order of the leaf that says that their key was deleted
	keyOf     map[string][]byte
}

func (a *audit) find(kind, table, row, text string, args ...any) {
	a.report.Findings = append(a.report.Findings, Finding{kind, table, row, fmt.Sprintf(text, args...)})
}

// leaves computes the tree from the leaves, and follows each row through them.
func (a *audit) leaves(ctx context.Context, tx pgx.Tx) error {
	rows, err := tx.Query(ctx, leafColumns+` from centre.log_leaf order by number nulls last, id`)
	if err != nil {
		return err
	}
	defer rows.Close()
	next := int64(0)
	add := func(h tlog.Hash) error {
		hashes, err := tlog.StoredHashesForRecordHash(next, h, a)
		a.tree = append(a.tree, hashes...)
		next++
		return err
	}
	for rows.Next() {
		l, err := scanLeaf(rows)
		if err != nil {
			return err
		}
		if l.Number == nil {
			a.report.Waiting++
			if a.now.Sub(l.At) > tolerance {
				a.find(Late, l.Table, l.Row, "its leaf of %s has no number: no registrar sequences the log", when(l.At))
			}
			a.follow(l)
			continue
		}
		for next < *l.Number && a.storedLeaf(next) != (tlog.Hash{}) {
			if err := add(a.storedLeaf(next)); err != nil { // the others are compared all the same
				return err
			}
			a.find(Deleted, "", "", "leaf %d is missing, written between %s and %s", next-1, when(a.latest), when(l.At))
		}
		if next != *l.Number {
			a.find(Inserted, l.Table, l.Row, "its leaf has number %d, where %d is the next", *l.Number, next)
			continue
		}
		h := tlog.RecordHash(l.Bytes())
		if h != a.storedLeaf(next) {
			a.differs = append(a.differs, next)
		}
		if err := add(h); err != nil {
			return err
		}
		a.follow(l)
	}
	for end := next; len(a.differs) == 0 && a.storedLeaf(end) != (tlog.Hash{}); end++ {
		if err := add(a.storedLeaf(end)); err != nil {
			return err
		}
		a.find(Deleted, "", "", "leaf %d is missing, written after %s", end, when(a.latest))
	}
	a.report.Leaves = next
	return rows.Err()
}

// deletion notes what a row of the table of deletions says: that the time of a key, a person, or of rows of a table is over.
func (a *audit) deletion(l numbered) {
	c, err := ParseColumns(l.Columns)
	if err != nil {
		return
	}
	if c["key"] == nil && c["rule"] != nil {
		a.overs["all "+*c["rule"]] = true
	}
	for _, what := range []string{"key", "person"} {
		if c[what] != nil {
			a.overs[what+" "+*c[what]] = true
		}
	}
}

// over reports whether a deletion that was logged before says that the time of a row of history is over.
func (a *audit) over(l numbered) bool {
	c, err := ParseColumns(l.Columns)
	if err != nil || a.overs["all "+l.Table] {
		return err == nil
	}
	for _, what := range []string{"key", "person"} {
		if c[what] != nil && a.overs[what+" "+*c[what]] {
			return true
		}
	}
	return false
}

func when(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// follow takes a leaf as the newest of its row, if it can follow the one before.
func (a *audit) follow(l numbered) {
	a.order++
	if l.At.Before(a.latest.Add(-tolerance)) {
		a.find(BackDated, l.Table, l.Row, "its leaf says %s and was logged after %s", when(l.At), when(a.latest))
	} else if l.At.After(a.latest) {
		a.latest = l.At
	}
	if l.At.After(a.now.Add(tolerance)) {
		a.find(BackDated, l.Table, l.Row, "its leaf says %s, which has not come yet", when(l.At))
	}
	if l.Table == "log_key" {
		a.forgotten[l.Row] = a.order
		return
	}
	t, known := logged[l.Table]
	if !known {
		a.find(Inserted, l.Table, l.Row, "its leaf is of a table that is not logged")
		return
	}
	k := rowKey{t.name, l.Row} // the table's name is one string for all
	before := a.newest[k]
	there := before != nil && !before.deleted
	switch {
	case l.Op == OpFound && a.begun[l.Table] && !t.seeded:
		a.find(Inserted, l.Table, l.Row, "it was found at %s, when its table was logged already", when(l.At))
	case (l.Op == OpFound || l.Op == OpInsert) && there:
		a.find(Inserted, l.Table, l.Row, "a leaf of %s inserts it once more", when(l.At))
	case (l.Op == OpUpdate || l.Op == OpDelete) && !there:
		a.find(Deleted, l.Table, l.Row, "the leaf of its insertion is missing, before %s", when(l.At))
	case l.Op == OpUpdate && t.events, l.Op == OpDelete && t.events && !a.over(l):
		a.find(map[string]string{OpUpdate: Changed, OpDelete: Deleted}[l.Op], l.Table, l.Row,
			"%s did that at %s, and history is only ever added to", l.Actor, when(l.At))
	}
	if l.Table == "deletion" {
		a.deletion(l)
	}
	if l.Op != OpFound {
		a.begun[l.Table] = true
	}
	if l.Op == OpInsert && t.time != "" {
		c, err := ParseColumns(l.Columns)
		var at time.Time
		if v := c[t.time]; err == nil && v != nil {
			at, err = time.Parse(time.RFC3339Nano, *v)
		}
		if d := l.At.Sub(at); err != nil || d > tolerance || d < -tolerance {
			a.find(BackDated, l.Table, l.Row, "it says %s and was logged at %s", when(at), when(l.At))
		}
	}
	l.Table, l.Actor = t.name, ""
	a.newest[k] = &newest{Leaf: l.Leaf, order: a.order, deleted: l.Op == OpDelete}
}
