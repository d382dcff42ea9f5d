package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/mod/sumdb/note"

	"balcao/cmd/internal/guarded"
	"balcao/kiosk/ledger"
)

// Names of the log's keys in the folder of keys, and of what was signed with them.
const (
	logKeyFile    = "log.key"    // private, a line in the form of golang.org/x/mod/sumdb/note
	logPublicFile = "log.pub"    // public: for audits and witnesses
	logStateFile  = "log.signed" // the newest checkpoint that this registrar signed
)

// logConfig is the log of all events. All registrars that sequence it have the same key.
type logConfig struct {
	// Key is the file that "registrar keygen" wrote; when left out it is looked for in $CREDENTIALS_DIRECTORY. A registrar
	// without it leaves the log to others.
	Key string `toml:"key"`
	// State is the file that keeps what this registrar signed last, log.signed in $STATE_DIRECTORY or else beside the key. It
	// is not to be copied between registrars or brought back from a backup.
	State string `toml:"state"`
	// Before are files with the public keys of logs that this one goes on from: after the database was brought back to an
	// earlier time, which those cannot sign. See assets/doc/backup.md.
	Before []string `toml:"before"`
	// Witnesses cosign every checkpoint (kioskctl witness, or another of C2SP tlog-witness).
	Witnesses []witnessConfig `toml:"witnesses"`
}

type witnessConfig struct {
	URL string `toml:"url"` // the submission prefix
	Key string `toml:"key"` // the file with its public key
}

// complete fills in what was left out, and makes paths relative to the folder of the configuration.
func (c *logConfig) complete(folder string) {
	guarded.Credential(&c.Key, logKeyFile)
	if _, err := os.Stat(c.Key); filepath.Dir(c.Key) == os.Getenv("CREDENTIALS_DIRECTORY") && errors.Is(err, fs.ErrNotExist) {
		c.Key = "" // this one was given none
	}
	if c.State == "" && c.Key != "" {
		c.State = filepath.Join(cmp.Or(os.Getenv("STATE_DIRECTORY"), filepath.Dir(c.Key)), logStateFile)
	}
	paths := []*string{&c.Key, &c.State}
	for i := range c.Witnesses {
		paths = append(paths, &c.Witnesses[i].Key)
	}
	for i := range c.Before {
		paths = append(paths, &c.Before[i])
	}
	for _, path := range paths {
		if *path != "" && !filepath.IsAbs(*path) {
			*path = filepath.Join(folder, *path)
		}
	}
}

func (c logConfig) validate() error {
	var problems []error
	if c.Key != "" {
		text, err := readSecret(c.Key)
		if err == nil {
			err = ledger.CheckKey(text)
		}
		clear(text)
		if err != nil {
			problems = append(problems, fmt.Errorf("key: %w", err))
		}
		if err := guarded.Folder(filepath.Dir(c.State)); err != nil {
			problems = append(problems, fmt.Errorf("state: %w", err))
		}
	}
	_, err := c.witnesses()
	_, errBefore := c.before()
	return errors.Join(append(problems, err, errBefore)...)
}

func (c logConfig) before() (all []note.Verifier, err error) {
	for _, path := range c.Before {
		v, err := ledger.LoadVerifier(path)
		if err != nil {
			return nil, fmt.Errorf("before: %w", err)
		}
		all = append(all, v)
	}
	return all, nil
}

func (c logConfig) witnesses() (all []ledger.WitnessAt, err error) {
	for _, w := range c.Witnesses {
		key, err := ledger.LoadCosigner(w.Key)
		if w.URL == "" {
			err = errors.New("no url")
		}
		if err != nil {
			return nil, fmt.Errorf("witnesses: %w", err)
		}
		all = append(all, ledger.WitnessAt{URL: w.URL, Key: key})
	}
	return all, nil
}

// sequencer makes the log's sequencer; nil when this registrar has not the log's key.
func (c config) sequencer(log *slog.Logger) (*ledger.Sequencer, error) {
	if c.Log.Key == "" {
		log.Warn("this registrar has not the log's key: another must number and sign the log")
		return nil, nil
	}
	witnesses, err := c.Log.witnesses()
	if err != nil {
		return nil, err
	}
	before, err := c.Log.before()
	if err != nil {
		return nil, err
	}
	key, err := readSecret(c.Log.Key)
	if err != nil {
		return nil, fmt.Errorf("reading the log's key: %w", err)
	}
	defer clear(key)
	host, _ := os.Hostname() // only a name among registrars
	return ledger.NewSequencer(ledger.Config{
		Database: c.Database, Name: cmp.Or(c.Name, fmt.Sprintf("%s/%d", host, os.Getpid())), Key: key,
		State: c.Log.State, Witnesses: witnesses, Before: before, Log: log,
	})
}

// tellTrust has the log say with which anchors this registrar works.
func (c config) tellTrust(ctx context.Context, db *pgxpool.Pool, log *slog.Logger) {
	digest, err := c.anchors()
	if err != nil {
		log.ErrorContext(ctx, "reading the anchors for the log", "cause", err.Error())
		return
	}
	for ctx.Err() == nil {
		if err := ledger.TrustSeen(ctx, db, digest); err == nil {
			return
		}
		select { // the worker says that the database does not answer
		case <-ctx.Done():
		case <-time.After(5 * time.Second):
		}
	}
}

// anchors is a SHA-256 over all whom this registrar believes: files and the files of folders, with their names in order.
func (c config) anchors() ([]byte, error) {
	all := sha256.New()
	for _, root := range []string{c.Trust, c.DeskAuthority, c.StaffAuthority, c.StaffCards} {
		if root == "" {
			continue
		}
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			name, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			content, err := os.ReadFile(path)
			_, _ = fmt.Fprintf(all, "%d:%s %x\n", len(name), name, sha256.Sum256(content)) // a hash takes everything
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return all.Sum(nil), nil
}
