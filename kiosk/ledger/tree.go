package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/transparency-dev/formats/log"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// DB is a connection, pool or transaction.
type DB interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// Checkpoint is the size and root of a tree, with the note that says so.
type Checkpoint struct {
	Size int64
	Root tlog.Hash
	Note []byte
}

// OpenCheckpoint reads a checkpoint that the log signed: the key's name is the log's origin. A checkpoint with
// extension lines is refused, because nobody audits those (tlog-checkpoint, "Note text").
func OpenCheckpoint(text []byte, logKey note.Verifier) (Checkpoint, error) {
	c, more, _, err := log.ParseCheckpoint(text, logKey.Name(), logKey)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("reading a checkpoint: %w", err)
	}
	if len(more) > 0 || len(c.Hash) != tlog.HashSize || c.Size > 1<<62 {
		return Checkpoint{}, errors.New("reading a checkpoint: not one of this log")
	}
	return Checkpoint{int64(c.Size), tlog.Hash(c.Hash), text}, nil
}

// sign makes the checkpoint of a tree.
func sign(size int64, root tlog.Hash, key note.Signer) (Checkpoint, error) {
	body := log.Checkpoint{Origin: key.Name(), Size: uint64(size), Hash: root[:]}.Marshal()
	text, err := note.Sign(&note.Note{Text: string(body)}, key)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("signing a checkpoint: %w", err)
	}
	return Checkpoint{size, root, text}, nil
}

// errFork says that a tree is not, or does not extend, what was signed.
type errFork struct{ error }

// extends reports, with an error that says how it does not, whether the tree of this size and root has the checkpoint's
// as its beginning.
func (c Checkpoint) extends(size int64, root tlog.Hash, hashes tlog.HashReader) error {
	switch {
	case c.Size > size:
		return errFork{fmt.Errorf("the log has %d leaves, and %d were signed", size, c.Size)}
	case c.Size == size && c.Root != root, c.Size == 0 && c.Root != emptyRoot:
		return errFork{fmt.Errorf("the tree of %d leaves is another than was signed", c.Size)}
	case c.Size == size, c.Size == 0:
		return nil
	}
	proof, err := tlog.ProveTree(size, c.Size, hashes)
	if err != nil {
		return fmt.Errorf("reading the tree: %w", err)
	}
	if tlog.CheckTree(proof, size, root, c.Size, c.Root) != nil {
		return errFork{fmt.Errorf("the tree of %d leaves does not extend the one of %d that was signed", size, c.Size)}
	}
	return nil
}

// emptyRoot is SHA-256 of nothing (RFC 6962 §2.1).
var emptyRoot = must(tlog.TreeHash(0, nil))

func must(h tlog.Hash, err error) tlog.Hash {
	if err != nil {
		panic(err)
	}
	return h
}

// Where the tree's hashes are: tlog numbers them (StoredHashIndex).
const (
	hashesOfTable     = `select index, hash from centre.log_hash where index = any($1)`
	hashesOfRegistrar = `select index, hash from registrar.log_hashes($1)`
)

// storedHashes reads the tree's hashes from a database.
func storedHashes(ctx context.Context, db DB, sql string) tlog.HashReaderFunc {
	return func(indexes []int64) ([]tlog.Hash, error) {
		rows, err := db.Query(ctx, sql, indexes)
		if err != nil {
			return nil, plain(err)
		}
		found := map[int64]tlog.Hash{}
		var index int64
		var hash []byte
		if _, err := pgx.ForEachRow(rows, []any{&index, &hash}, func() error {
			if len(hash) == tlog.HashSize {
				found[index] = tlog.Hash(hash)
			}
			return nil
		}); err != nil {
			return nil, plain(err)
		}
		return hashMap(found).ReadHashes(indexes)
	}
}

// hashMap is part of a tree.
type hashMap map[int64]tlog.Hash

// ReadHashes is of tlog.HashReader.
func (m hashMap) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		h, ok := m[index]
		if !ok {
			return nil, errFork{fmt.Errorf("hash %d of the tree is missing", index)}
		}
		hashes[i] = h
	}
	return hashes, nil
}
