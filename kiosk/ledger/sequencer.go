package ledger

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"balcao/kiosk/primary"
)

// Config is what a Sequencer works with. Witnesses and Log may be left out.
type Config struct {
	Database  string // connection string of a registrar
	Name      string // of this registrar among others
	Key       []byte // the log's private key, as GenerateKey makes it; no copy is kept
	State     string // the file that keeps what this registrar signed last
	Witnesses []WitnessAt
	Log       *slog.Logger

	// Before are logs that this one goes on from. A database that was brought back to an earlier time is behind what its log
	// signed, and that log can sign nothing any more; another, with a name of its own, begins with what is there.
	Before []note.Verifier
}

// Sequencer numbers committed leaves and signs the tree. Any number may run for one database, with the same key: the
// database's lease lets one of them work at a time.
//
// A leaf gets its number within a second. The numbers, the tree's new hashes and its size commit together; then the tree is
// signed, which is written to the file State before it is told to anybody. So the file is never ahead of the database
// unless the database went back, and then nothing is numbered or signed any more, and an alarm is raised.
type Sequencer struct {
	cfg    Config
	key    note.Signer
	public note.Verifier
	pool   *pgxpool.Pool
	tree   *tree             // as of the last batch; nil: the database is to be asked
	tell   []chan Checkpoint // to each witness, the newest only
	failed string            // the alarm that was logged last

	testOnlyAt func(point string) error
}

// tree is a tree whose root was compared with what was signed.
type tree struct {
	size  int64
	root  tlog.Hash
	edge  hashMap // its complete subtrees, from which it grows
	known int64   // the size of the newest checkpoint in the database
}

// newTree computes a tree from its hashes, of which it keeps those that it grows from.
func newTree(size int64, from tlog.HashReader) (_ *tree, err error) {
	t := &tree{size: size, edge: hashMap{}}
	t.root, err = tlog.TreeHash(size, tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes, err := from.ReadHashes(indexes)
		for i, h := range hashes {
			t.edge[indexes[i]] = h
		}
		return hashes, err
	}))
	if err != nil {
		return nil, fmt.Errorf("reading the tree: %w", err)
	}
	return t, nil
}

const (
	gather   = 200 * time.Millisecond // between two batches, so that one takes what came at once
	atMost   = 1000                   // leaves in a batch
	lease    = 10 * time.Second       // registrar.log_lease
	lookBack = 30 * time.Second       // an idle sequencer looks whether something is wrong
)

// NewSequencer checks the configuration and reads the state; it connects to nothing yet.
func NewSequencer(cfg Config) (*Sequencer, error) {
	key, public, err := parseKey(cfg.Key)
	if err != nil {
		return nil, err
	}
	cfg.Key = nil
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	pool, err := primary.Config(cfg.Database)
	if err != nil {
		return nil, err
	}
	pool.MaxConns, pool.MinConns = 2, 0 // one listens and works, one is the witnesses'
	s := &Sequencer{cfg: cfg, key: key, public: public}
	for range cfg.Witnesses {
		s.tell = append(s.tell, make(chan Checkpoint, 1))
	}
	if _, err := s.remembered(); err != nil {
		return nil, err
	}
	if s.pool, err = pgxpool.NewWithConfig(context.Background(), pool); err != nil {
		return nil, fmt.Errorf("opening the pool: %w", plain(err))
	}
	return s, nil
}

// Run works until ctx ends, and returns its error. Trouble with the database or a witness does not end it.
func (s *Sequencer) Run(ctx context.Context) error {
	defer s.pool.Close()
	witnesses := make(chan struct{})
	go func() { defer close(witnesses); s.cosign(ctx) }()
	defer func() { <-witnesses }()
	for {
		err := s.listen(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		s.tree = nil
		s.cfg.Log.WarnContext(ctx, "not sequencing the log", "cause", err.Error())
		if err := sleep(ctx, time.Second); err != nil {
			return err
		}
	}
}

// listen works on one connection until it breaks.
func (s *Sequencer) listen(ctx context.Context) error {
	pooled, err := s.pool.Acquire(ctx)
	if err != nil {
		return plain(err)
	}
	defer pooled.Release()
	conn := pooled.Conn()
	defer conn.Close(context.WithoutCancel(ctx)) // it listens for as long as it lives
	if _, err := conn.Exec(ctx, `listen log_work`); err != nil {
		return plain(err)
	}
	looked := time.Time{}
	over, cancel := context.WithCancel(ctx)
	cancel()
	for {
		for err == nil { // what was announced by now is for this batch
			_, err = conn.WaitForNotification(over)
		}
		if time.Since(looked) >= lookBack {
			looked = time.Now()
			if err := s.watch(ctx, conn); err != nil {
				return err
			}
		}
		wait, err := s.work(ctx, conn)
		if _, fork := errors.AsType[errFork](err); fork {
			s.alarm(ctx, conn, "log_fork", err)
			wait, s.tree = lookBack, nil
		} else if err != nil {
			return err
		} else {
			s.failed = ""
		}
		if err := sleep(ctx, gather); err != nil {
			return err
		}
		waiting, cancel := context.WithTimeout(ctx, max(wait-gather, 0))
		_, err = conn.WaitForNotification(waiting)
		expired := waiting.Err() != nil
		cancel()
		if err != nil && !expired {
			return plain(err)
		}
	}
}

// alarm tells an operator: by a row of the database, and once in the log.
func (s *Sequencer) alarm(ctx context.Context, conn *pgx.Conn, kind string, err error) {
	if s.failed != err.Error() {
		s.cfg.Log.ErrorContext(ctx, "the log", "alarm", kind, "cause", err.Error())
	}
	s.failed = err.Error()
	_, _ = conn.Exec(ctx, `select registrar.log_alarm($1)`, kind) // the line is there; the next round says it again
}

// watch looks for leaves that are late or missing.
func (s *Sequencer) watch(ctx context.Context, conn *pgx.Conn) error {
	rows, err := conn.Query(ctx, `select registrar.log_watch()`)
	if err != nil {
		return plain(err)
	}
	kinds, err := pgx.CollectRows(rows, pgx.RowTo[string])
	for _, kind := range kinds {
		s.cfg.Log.ErrorContext(ctx, "the log", "alarm", kind)
	}
	return plain(err)
}

// work numbers what waits and signs, and returns when to look again if nothing is announced before.
func (s *Sequencer) work(ctx context.Context, conn *pgx.Conn) (again time.Duration, err error) {
	for {
		var mine bool
		var free *float64
		var size int64
		var newest *string
		const sql = `select mine, extract(epoch from free_at - clock_timestamp())::float8, size, note from registrar.log_lease($1)`
		if err := conn.QueryRow(ctx, sql, s.cfg.Name).Scan(&mine, &free, &size, &newest); err != nil {
			return 0, fmt.Errorf("asking for the lease: %w", plain(err))
		}
		if !mine {
			s.tree = nil // what is announced is the other's, until its lease ends
			return 0, sleep(ctx, min(time.Duration(*free*float64(time.Second)), lease))
		}
		if s.tree == nil || s.tree.size != size {
			t, err := s.load(ctx, conn, size, newest)
			if err != nil {
				return 0, err
			}
			s.tree = t
		}
		n, err := s.number(ctx, conn)
		if overtaken(err) {
			s.tree = nil
			continue
		}
		if err != nil {
			return 0, err
		}
		if s.tree.size > s.tree.known {
			if err := s.sign(ctx, conn); err != nil {
				return 0, err
			}
		}
		if n < atMost {
			return lookBack, nil
		}
	}
}

// load reads the tree of the database and compares it with what this registrar and others signed.
func (s *Sequencer) load(ctx context.Context, conn *pgx.Conn, size int64, newest *string) (*tree, error) {
	mine, err := s.remembered()
	if err != nil {
		return nil, err
	}
	read := storedHashes(ctx, conn, hashesOfRegistrar)
	t, err := newTree(size, read)
	if err != nil {
		return nil, err
	}
	if newest != nil {
		theirs, ours, err := s.open([]byte(*newest))
		if err != nil {
			return nil, errFork{err}
		}
		if err := theirs.extends(size, t.root, read); err != nil {
			return nil, err
		}
		if t.known = -1; ours { // otherwise this log signs what the one before did
			t.known = theirs.Size
			s.tellWitnesses(theirs)
		}
	}
	return t, mine.extends(size, t.root, read)
}

// open reads a checkpoint of this log, or of one that it goes on from.
func (s *Sequencer) open(text []byte) (c Checkpoint, ours bool, err error) {
	if c, err = OpenCheckpoint(text, s.public); err == nil {
		return c, true, nil
	}
	for _, before := range s.cfg.Before {
		if c, err := OpenCheckpoint(text, before); err == nil {
			return c, false, nil
		}
	}
	return Checkpoint{}, false, err
}

// number gives a batch of leaves their numbers, and returns how many there were.
func (s *Sequencer) number(ctx context.Context, conn *pgx.Conn) (int, error) {
	rows, err := conn.Query(ctx, leafColumns+` from registrar.log_waiting($1)`, atMost)
	if err != nil {
		return 0, fmt.Errorf("reading leaves: %w", plain(err))
	}
	leaves, err := pgx.CollectRows(rows, scanLeaf)
	if err != nil || len(leaves) == 0 {
		return 0, plain(err)
	}
	t := s.tree
	grown := maps.Clone(t.edge)
	first := tlog.StoredHashCount(t.size)
	ids, added := make([]int64, len(leaves)), [][]byte(nil)
	for i, l := range leaves {
		ids[i] = l.ID
		hashes, err := tlog.StoredHashes(t.size+int64(i), l.Bytes(), grown)
		if err != nil {
			return 0, fmt.Errorf("growing the tree: %w", err)
		}
		for _, h := range hashes {
			grown[first+int64(len(added))] = h
			added = append(added, h[:])
		}
	}
	if err := s.at("counted"); err != nil {
		return 0, err
	}
	if _, err := conn.Exec(ctx, `select registrar.log_number($1, $2, $3, $4, $5)`, s.cfg.Name, t.size, ids, first, added); err != nil {
		if overtaken(err) {
			return 0, err
		}
		return 0, fmt.Errorf("numbering leaves: %w", plain(err))
	}
	if s.tree, err = newTree(t.size+int64(len(leaves)), grown); err != nil {
		return 0, err
	}
	s.tree.known = t.known
	return len(leaves), s.at("numbered")
}

// sign signs the tree, remembers that, and tells.
func (s *Sequencer) sign(ctx context.Context, conn *pgx.Conn) error {
	c, err := sign(s.tree.size, s.tree.root, s.key)
	if err != nil {
		return err
	}
	if err := replaceFile(s.cfg.State, c.Note); err != nil {
		return fmt.Errorf("remembering what was signed: %w", err)
	}
	if err := s.at("signed"); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, `select registrar.log_signed($1, $2)`, c.Size, string(c.Note)); err != nil {
		return fmt.Errorf("storing a checkpoint: %w", plain(err))
	}
	s.tree.known = c.Size
	s.tellWitnesses(c)
	return s.at("told")
}

// remembered is what this registrar signed last; the empty tree when nothing.
func (s *Sequencer) remembered() (Checkpoint, error) {
	text, err := os.ReadFile(s.cfg.State)
	if errors.Is(err, fs.ErrNotExist) {
		return Checkpoint{Root: emptyRoot}, nil
	}
	if err != nil {
		return Checkpoint{}, fmt.Errorf("reading what was signed last: %w", err)
	}
	c, err := OpenCheckpoint(text, s.public)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%s does not hold what the log signed last: %w", s.cfg.State, err)
	}
	return c, nil
}

// overtaken reports whether another registrar numbers by now.
func overtaken(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == "BK014"
}

func (s *Sequencer) at(point string) error {
	if s.testOnlyAt != nil {
		return s.testOnlyAt(point)
	}
	return nil
}

// replaceFile writes a file so that after a crash it is the old one or the new one.
func replaceFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Public is the public half of the log's key.
func (s *Sequencer) Public() note.Verifier { return s.public }
