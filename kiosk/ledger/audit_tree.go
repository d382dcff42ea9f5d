package ledger

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/transparency-dev/formats/log"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

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
