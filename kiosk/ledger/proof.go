package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/transparency-dev/formats/proof"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Proof says that a leaf is in the log: the text of C2SP tlog-proof@v1, which ends in the newest checkpoint with the
// cosignatures of witnesses. It needs nothing else to be verified but the leaf and the log's key.
type Proof []byte

// ErrNotLogged says that there is no such leaf, or that it has no number yet or no checkpoint behind it.
var ErrNotLogged = errors.New("it is not in the log yet")

// Find returns the newest leaf of a row: its identifier (centre.log_leaf.id), for Prove, and itself. The error may be
// ErrNotLogged.
func Find(ctx context.Context, db DB, table, row string) (id int64, leaf Leaf, err error) {
	rows, err := db.Query(ctx, leafColumns+` from centre.log_leaf where kind = $1 and row = $2 order by id desc limit 1`, table, row)
	if err != nil {
		return 0, Leaf{}, fmt.Errorf("looking for a leaf: %w", plain(err))
	}
	found, err := pgx.CollectExactlyOneRow(rows, scanLeaf)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, Leaf{}, ErrNotLogged
	}
	if err != nil {
		return 0, Leaf{}, fmt.Errorf("looking for a leaf: %w", plain(err))
	}
	return found.ID, found.Leaf, nil
}

// Prove proves that a leaf is in the log. The connection reads the tables, as an administrator's does. The error may be
// ErrNotLogged.
func Prove(ctx context.Context, db DB, leafID int64) (Proof, error) {
	const sql = `select l.number, c.size, c.note from centre.log_leaf l,
		(select size, note from centre.log_checkpoint order by size desc, id limit 1) c where l.id = $1 and l.number < c.size`
	var number, size int64
	var checkpoint []byte
	err := db.QueryRow(ctx, sql, leafID).Scan(&number, &size, &checkpoint)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, ErrNotLogged
	}
	if err != nil {
		return nil, fmt.Errorf("proving a leaf: %w", plain(err))
	}
	path, err := tlog.ProveRecord(size, number, storedHashes(ctx, db, hashesOfTable))
	if err != nil {
		return nil, fmt.Errorf("proving a leaf: %w", err)
	}
	p := proof.TLogProof{Index: uint64(number), Checkpoint: checkpoint}
	for _, h := range path {
		p.Hashes = append(p.Hashes, h)
	}
	return p.Marshal(), nil
}

// VerifyProof verifies that a leaf (its bytes) is in the log whose key is given. Witnesses' cosignatures are not asked for.
func VerifyProof(p Proof, leaf []byte, logKey note.Verifier) error {
	var parsed proof.TLogProof
	if err := parsed.Unmarshal(p); err != nil {
		return fmt.Errorf("reading the proof: %w", err)
	}
	if !bytes.Equal(parsed.Marshal(), p) {
		return errors.New("reading the proof: it is not in the form of tlog-proof@v1")
	}
	c, err := OpenCheckpoint(parsed.Checkpoint, logKey)
	if err != nil {
		return err
	}
	if parsed.Index >= uint64(c.Size) {
		return errors.New("the leaf is not in the tree of the checkpoint")
	}
	path := make(tlog.RecordProof, len(parsed.Hashes))
	for i, h := range parsed.Hashes {
		path[i] = h
	}
	if tlog.CheckRecord(path, c.Size, c.Root, int64(parsed.Index), tlog.RecordHash(leaf)) != nil {
		return errors.New("the leaf is not in the tree of the checkpoint")
	}
	return nil
}
