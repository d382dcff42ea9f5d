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

// Proof says that a leaf is in the log: the text of C2SP tlog-proof@v1, with the bytes of the leaf as its extra data. It ends
// in the newest checkpoint with the cosignatures of witnesses, and needs nothing to be verified but the log's key.
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

// Newest returns the newest checkpoint. The error may be ErrNotLogged.
func Newest(ctx context.Context, db DB) (checkpoint []byte, err error) {
	err = db.QueryRow(ctx, `select note from centre.log_checkpoint order by size desc, id limit 1`).Scan(&checkpoint)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, ErrNotLogged
	}
	return checkpoint, plain(err)
}

// Prove proves that a leaf is in the log. The connection reads the tables, as an administrator's does. The error may be
// ErrNotLogged.
func Prove(ctx context.Context, db DB, leafID int64) (Proof, error) {
	rows, err := db.Query(ctx, leafColumns+` from centre.log_leaf where id = $1`, leafID)
	if err != nil {
		return nil, fmt.Errorf("proving a leaf: %w", plain(err))
	}
	leaf, err := pgx.CollectExactlyOneRow(rows, scanLeaf)
	var size int64
	var checkpoint []byte
	if err == nil {
		err = db.QueryRow(ctx, `select size, note from centre.log_checkpoint order by size desc, id limit 1`).Scan(&size, &checkpoint)
	}
	if errors.Is(err, pgx.ErrNoRows) || err == nil && (leaf.Number == nil || *leaf.Number >= size) {
		return nil, ErrNotLogged
	}
	if err != nil {
		return nil, fmt.Errorf("proving a leaf: %w", plain(err))
	}
	number := *leaf.Number
	path, err := tlog.ProveRecord(size, number, storedHashes(ctx, db, hashesOfTable))
	if err != nil {
		return nil, fmt.Errorf("proving a leaf: %w", err)
	}
	p := proof.TLogProof{Index: uint64(number), Checkpoint: checkpoint, ExtraData: leaf.Bytes()}
	for _, h := range path {
		p.Hashes = append(p.Hashes, h)
	}
	return p.Marshal(), nil
}

// VerifyProof verifies that a leaf (its bytes) is in the log whose key is given. Witnesses' cosignatures are not asked for.
func VerifyProof(p Proof, leaf []byte, logKey note.Verifier) error {
	_, err := verifyProof(p, leaf, logKey)
	return err
}

// OpenProof verifies a proof and returns the leaf that it is about.
func OpenProof(p Proof, logKey note.Verifier) (Leaf, error) {
	leaf, err := verifyProof(p, nil, logKey)
	if err != nil {
		return Leaf{}, err
	}
	return ParseLeaf(leaf)
}

// verifyProof takes the leaf from the proof when none is given.
func verifyProof(p Proof, leaf []byte, logKey note.Verifier) ([]byte, error) {
	var parsed proof.TLogProof
	if err := parsed.Unmarshal(p); err != nil {
		return nil, fmt.Errorf("reading the proof: %w", err)
	}
	if !bytes.Equal(parsed.Marshal(), p) {
		return nil, errors.New("reading the proof: it is not in the form of tlog-proof@v1")
	}
	c, err := OpenCheckpoint(parsed.Checkpoint, logKey)
	if err != nil {
		return nil, err
	}
	if leaf == nil {
		leaf = parsed.ExtraData
	}
	path := make(tlog.RecordProof, len(parsed.Hashes))
	for i, h := range parsed.Hashes {
		path[i] = h
	}
	if parsed.Index >= uint64(c.Size) || tlog.CheckRecord(path, c.Size, c.Root, int64(parsed.Index), tlog.RecordHash(leaf)) != nil {
		return nil, errors.New("the leaf is not in the tree of the checkpoint")
	}
	return leaf, nil
}
