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
var ErrNotLogged = errors.New("it is not in the log yet, or not at all")

// Newest returns the newest checkpoint, with cosignatures of witnesses, and its size, neither verified. The error may be
// ErrNotLogged.
func Newest(ctx context.Context, db DB) (size int64, note []byte, err error) {
	err = db.QueryRow(ctx, `select size, note from centre.log_checkpoint order by size desc, id desc limit 1`).Scan(&size, &note)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil, ErrNotLogged
	}
	return size, note, plain(err)
}

// Prove proves that the newest leaf of a row is in the log, and returns both. The row is named as in Leaf.Row. The connection
// reads the tables, as an administrator's does. The error may be ErrNotLogged.
func Prove(ctx context.Context, db DB, table, row string) (Leaf, Proof, error) {
	rows, err := db.Query(ctx, leafColumns+` from centre.log_leaf where kind = $1 and row = $2 order by id desc limit 1`, table, row)
	if err != nil {
		return Leaf{}, nil, fmt.Errorf("looking for a leaf: %w", plain(err))
	}
	leaf, err := pgx.CollectExactlyOneRow(rows, scanLeaf)
	if errors.Is(err, pgx.ErrNoRows) {
		return Leaf{}, nil, ErrNotLogged
	}
	if err != nil {
		return Leaf{}, nil, fmt.Errorf("looking for a leaf: %w", plain(err))
	}
	size, checkpoint, err := Newest(ctx, db)
	if err != nil {
		return Leaf{}, nil, err
	}
	if leaf.Number == nil || *leaf.Number >= size {
		return Leaf{}, nil, ErrNotLogged
	}
	path, err := tlog.ProveRecord(size, *leaf.Number, storedHashes(ctx, db, hashesOfTable))
	if err != nil {
		return Leaf{}, nil, fmt.Errorf("proving a leaf: %w", err)
	}
	p := proof.TLogProof{Index: uint64(*leaf.Number), Checkpoint: checkpoint, ExtraData: leaf.Bytes()}
	for _, h := range path {
		p.Hashes = append(p.Hashes, h)
	}
	return leaf.Leaf, p.Marshal(), nil
}

// OpenProof verifies a proof, of which nothing but the log's key is believed, and returns the leaf that it is about.
// Witnesses' cosignatures are not asked for.
func OpenProof(p Proof, logKey note.Verifier) (Leaf, error) {
	var parsed proof.TLogProof
	if err := parsed.Unmarshal(p); err != nil {
		return Leaf{}, fmt.Errorf("reading the proof: %w", err)
	}
	if !bytes.Equal(parsed.Marshal(), p) {
		return Leaf{}, errors.New("reading the proof: it is not in the form of tlog-proof@v1")
	}
	c, err := OpenCheckpoint(parsed.Checkpoint, logKey)
	if err != nil {
		return Leaf{}, err
	}
	path := make(tlog.RecordProof, len(parsed.Hashes))
	for i, h := range parsed.Hashes {
		path[i] = h
	}
	if parsed.Index >= uint64(c.Size) || tlog.CheckRecord(path, c.Size, c.Root, int64(parsed.Index), tlog.RecordHash(parsed.ExtraData)) != nil {
		return Leaf{}, errors.New("the leaf is not in the tree of the checkpoint")
	}
	return ParseLeaf(parsed.ExtraData)
}
