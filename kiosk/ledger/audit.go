package ledger

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/transparency-dev/formats/log"
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
	a := &audit{Audited: with, newest: map[rowKey]*newest{}, begun: map[string]bool{}, forgotten: map[string]int64{}, now: time.Now()}
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
	forgotten map[string]int64 // subjects, by the order of the leaf that says that their key was deleted
	keyOf     map[string][]byte
}

func (a *audit) find(kind, table, row, text string, args ...any) {
	a.report.Findings = append(a.report.Findings, Finding{kind, table, row, fmt.Sprintf(text, args...)})
}

// storedTree reads the hashes of the tree.
func (a *audit) storedTree(ctx context.Context, tx pgx.Tx) error {
	if err := tx.QueryRow(ctx, `select count(*) from centre.log_leaf where number is not null`).Scan(&a.report.Leaves); err != nil {
		return err
	}
	rows, err := tx.Query(ctx, `select index, hash from centre.log_hash order by index`)
	if err != nil {
		return err
	}
	var index int64
	var hash []byte
	most := tlog.StoredHashCount(2*a.report.Leaves + 1<<20) // a row far behind the end takes no memory
	_, err = pgx.ForEachRow(rows, []any{&index, &hash}, func() error {
		if len(hash) != tlog.HashSize || index < 0 || index > most {
			return nil
		}
		for int64(len(a.stored)) <= index {
			a.stored = append(a.stored, tlog.Hash{})
		}
		a.stored[index] = tlog.Hash(hash)
		return nil
	})
	return err
}

func (a *audit) storedLeaf(n int64) (h tlog.Hash) {
	if i := tlog.StoredHashIndex(0, n); i < int64(len(a.stored)) {
		h = a.stored[i]
	}
	return h
}

// ReadHashes is of tlog.HashReader.
func (a *audit) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		hashes[i] = a.tree[index]
	}
	return hashes, nil
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
	case l.Op == OpUpdate && t.events, l.Op == OpDelete && t.events:
		a.find(map[string]string{OpUpdate: Changed, OpDelete: Deleted}[l.Op], l.Table, l.Row,
			"%s did that at %s, and history is only ever added to", l.Actor, when(l.At))
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

// compareTree names what is not what the stored tree says.
func (a *audit) compareTree(ctx context.Context, tx pgx.Tx) error {
	if n := len(a.differs); n > 0 && a.differs[n-1] < a.report.Signed { // the leaves are those that were signed
		a.find(Changed, "", "", "%d hashes of the stored tree are not those of its leaves, the first of leaf %d", n, a.differs[0])
		return nil
	}
	if len(a.differs) == 0 {
		for i, h := range a.tree {
			if i >= len(a.stored) || a.stored[i] != h {
				a.find(Changed, "", "", "hash %d of the tree is not that of the leaves", i)
				break
			}
		}
		if len(a.stored) > len(a.tree) {
			a.find(Inserted, "", "", "the tree has hashes behind its %d leaves", a.report.Leaves)
		}
		return nil
	}
	// By their hashes: what is in both was at most moved.
	here, logged := map[tlog.Hash]int64{}, map[tlog.Hash]int64{}
	for _, n := range a.differs {
		here[a.tree[tlog.StoredHashIndex(0, n)]] = n
	}
	stored := slices.Clone(a.differs)
	for n := a.report.Leaves; a.storedLeaf(n) != (tlog.Hash{}); n++ {
		stored = append(stored, n)
	}
	var order []tlog.Hash // of what is in both, as it was logged
	for _, n := range stored {
		if h := a.storedLeaf(n); h != (tlog.Hash{}) {
			logged[h] = n
			if _, still := here[h]; still {
				order = append(order, h)
			}
		}
	}
	names, err := a.names(ctx, tx, a.differs)
	if err != nil {
		return err
	}
	for _, n := range a.differs {
		h, k := a.tree[tlog.StoredHashIndex(0, n)], names[n]
		old, both := logged[h]
		_, moved := here[a.storedLeaf(n)]
		switch {
		case both && order[0] != h:
			a.find(Reordered, k.table, k.row, "its leaf has number %d and was logged as %d", n, old)
		case !both && (moved || a.storedLeaf(n) == (tlog.Hash{})):
			a.find(Inserted, k.table, k.row, "its leaf, number %d, was not logged", n)
		case !both:
			a.find(Changed, k.table, k.row, "its leaf, number %d, is not the one that was logged", n)
			delete(logged, a.storedLeaf(n))
		}
		if both {
			order = order[1:]
			delete(logged, h)
		}
	}
	for _, n := range slices.Sorted(maps.Values(logged)) {
		a.find(Deleted, "", "", "the leaf that was logged as %d is missing", n)
	}
	return nil
}

// names are the rows of leaves.
func (a *audit) names(ctx context.Context, tx pgx.Tx, numbers []int64) (map[int64]rowKey, error) {
	rows, err := tx.Query(ctx, `select number, kind, row from centre.log_leaf where number = any($1)`, numbers)
	if err != nil {
		return nil, err
	}
	names := map[int64]rowKey{}
	var n int64
	var k rowKey
	_, err = pgx.ForEachRow(rows, []any{&n, &k.table, &k.row}, func() error { names[n] = k; return nil })
	return names, err
}

// checkpoints compares the tree with what was signed.
func (a *audit) checkpoints(ctx context.Context, tx pgx.Tx) error {
	rows, err := tx.Query(ctx, `select note from centre.log_checkpoint order by size, id`)
	if err != nil {
		return err
	}
	notes, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	known := slices.Clone(a.Checkpoints)
	for i, text := range notes {
		var c log.Checkpoint
		if _, err := c.Unmarshal([]byte(text)); err == nil && len(c.Hash) == tlog.HashSize && i < len(notes)-1 &&
			int64(c.Size) <= a.report.Leaves && a.root(int64(c.Size)) == tlog.Hash(c.Hash) {
			known = append(known, Kept{"the database", Checkpoint{int64(c.Size), tlog.Hash(c.Hash), []byte(text)}})
			continue // the signature of the last one is enough
		}
		signed, err := OpenCheckpoint([]byte(text), a.LogKey)
		if err != nil {
			a.find(Unsigned, "log_checkpoint", fmt.Sprint(c.Size), "the log's key did not sign it")
			continue
		}
		known = append(known, Kept{"the database", signed})
	}
	slices.SortStableFunc(known, func(x, y Kept) int { return int(x.Size - y.Size) })
	good, said := int64(0), false
	for _, k := range known {
		switch {
		case k.Size > a.report.Leaves:
			a.find(RolledBack, "", "", "it has %d leaves, and the checkpoint of %s has %d", a.report.Leaves, k.Source, k.Size)
		case a.root(k.Size) == k.Root:
			good = k.Size
			continue
		case said:
			continue
		default:
			if err := a.rewritten(ctx, tx, good, k); err != nil {
				return err
			}
		}
		said = true // once for all that follow
	}
	a.report.Signed = good
	if good == 0 && a.report.Leaves > 0 {
		a.find(Unsigned, "", "", "there is no checkpoint of its %d leaves", a.report.Leaves)
	}
	for _, w := range a.Witnesses {
		if !slices.ContainsFunc(known, func(k Kept) bool {
			_, err := note.Open(k.Note, note.VerifierList(w))
			return err == nil && k.Size <= good
		}) {
			a.find(Unsigned, "", "", "no checkpoint that it extends is cosigned by %s", w.Name())
		}
	}
	return nil
}

func (a *audit) root(size int64) tlog.Hash { return must(tlog.TreeHash(size, a)) }

// rewritten names the leaves between the last checkpoint that holds and the first that does not.
func (a *audit) rewritten(ctx context.Context, tx pgx.Tx, good int64, bad Kept) error {
	from, to := good, bad.Size
	if slices.ContainsFunc(a.differs, func(n int64) bool { return n >= from && n < to }) {
		return nil // compareTree named them
	}
	const most = 50
	var numbers []int64
	for n := from; n < to && n < from+most; n++ {
		numbers = append(numbers, n)
	}
	names, err := a.names(ctx, tx, numbers)
	if err != nil {
		return err
	}
	var rows []string
	for _, n := range numbers {
		rows = append(rows, names[n].table+" "+names[n].row)
	}
	more := ""
	if to-from > most {
		more = fmt.Sprintf(" and %d more", to-from-most)
	}
	a.find(Rewritten, "", "", "leaves %d to %d are not those of the checkpoint of %s; now they are of %s%s",
		from, to-1, bad.Source, strings.Join(rows, ", "), more)
	return nil
}
