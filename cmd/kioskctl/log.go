package main

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	cosignature "github.com/transparency-dev/formats/note"

	"balcao/cmd/internal/guarded"
	"balcao/kiosk/central/schema"
	"balcao/kiosk/ledger"
	"balcao/kiosk/record"
)

const auditUsage = `Usage: kioskctl audit --log-key FILE [flags]

Compares everything that is logged with the log, and the log with every checkpoint that is known, and names what was
changed, deleted, inserted, reordered or back-dated. Exit 0 when nothing was, 3 when something was.

  --log-key FILE       the public half of the log's key (log.pub of registrar keygen)
  --checkpoint FILE    a checkpoint from earlier (kioskctl log checkpoint), or a proof that ends in one; as many as there are
  --witness URL        take the newest checkpoint of this witness; as many as there are
  --witness-key FILE   a checkpoint that this witness cosigned is expected (witness.pub); as many as there are
  --record-key FILE    every living key has a record that this key signed (record.pub); as many as there are

Keep a checkpoint elsewhere after each audit: without one from outside, and without a witness, whoever has the database and
the log's key can rewrite everything.
The connection string of a superuser is --dsn, or better BALCAO_ADMIN_DSN.
`

const logUsage = `Usage: kioskctl log COMMAND [flags]

  checkpoint                          print the newest checkpoint, to be kept elsewhere (C2SP tlog-checkpoint)
  prove TABLE ROW                     print the proof that the newest change of a row is in the log (C2SP tlog-proof), for
                                      example: prove key_event 17; the row is its primary key, several columns joined with /
  verify FILE --log-key FILE          verify a proof, without a database, and print the leaf (exit 3 when it does not hold)

The connection string of a superuser is --dsn, or better BALCAO_ADMIN_DSN.
`

const witnessUsage = `Usage: kioskctl witness --key FILE --log-key FILE --state DIR [--listen ADDRESS]
       kioskctl witness keygen NAME DIR

Cosigns the checkpoints of logs, as long as each extends the one before (C2SP tlog-witness). It belongs on a computer that
the log's operators do not run. keygen makes DIR/witness.key, DIR/witness.pub and the folder DIR/state.

  --key FILE           witness.key
  --log-key FILE       log.pub of a log; as many as there are
  --state DIR          what it cosigned last; a witness that lost it gets a new key
  --listen ADDRESS     127.0.0.1:7380 when not said; TLS is a proxy's before it
`

// exitTampered is the answer of audit and log verify when something does not hold.
const exitTampered = 3

// files collects a flag that may be given several times.
func files(fs *flag.FlagSet, name string) *[]string {
	var all []string
	fs.Func(name, "", func(s string) error { all = append(all, s); return nil })
	return &all
}

// each loads a key from every file.
func each[K any](paths []string, load func(string) (K, error)) (keys []K, err error) {
	for _, path := range paths {
		k, err := load(path)
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// recordKey reads the public half of a registrar's key for records.
func recordKey(path string) (ed25519.PublicKey, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return record.ParsePublicKey(text)
}

// runAudit carries out "kioskctl audit".
func runAudit(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fs, dsn := adminFlags("audit", auditUsage, stderr)
	logKey := fs.String("log-key", "", "")
	checkpoints, urls, witnesses, records := files(fs, "checkpoint"), files(fs, "witness"), files(fs, "witness-key"), files(fs, "record-key")
	if exit, ok := parseAdmin(fs, dsn, args, stderr); !ok {
		return exit
	}
	if *logKey == "" {
		_, _ = fmt.Fprint(stderr, auditUsage)
		return exitUsage
	}
	with, err := audited(ctx, *logKey, *checkpoints, *urls, *witnesses, *records)
	if err != nil {
		return fail(stderr, fs.Name(), err)
	}
	var report ledger.Report
	err = schema.WithAdmin(ctx, *dsn, func(conn *pgx.Conn) error {
		report, err = ledger.Audit(ctx, conn, with)
		return err
	})
	if err != nil {
		return fail(stderr, fs.Name(), err)
	}
	for _, f := range report.Findings {
		_, _ = fmt.Fprintln(stdout, f)
	}
	_, _ = fmt.Fprintf(stdout, "%d leaves, %d of them signed; %d more wait for a number. %d rows compared, %d of forgotten people.\n",
		report.Leaves, report.Signed, report.Waiting, report.Rows, report.Forgotten)
	if len(report.Findings) > 0 {
		return exitTampered
	}
	return exitOK
}

// audited loads what an audit compares with.
func audited(ctx context.Context, logKey string, checkpoints, urls, witnesses, records []string) (with ledger.Audited, err error) {
	if with.LogKey, err = ledger.LoadVerifier(logKey); err != nil {
		return with, err
	}
	if with.Witnesses, err = each(witnesses, ledger.LoadCosigner); err != nil {
		return with, err
	}
	if with.RecordKeys, err = each(records, recordKey); err != nil {
		return with, err
	}
	keep := func(source string, text []byte) error {
		if strings.HasPrefix(string(text), "c2sp.org/tlog-proof@v1\n") {
			_, checkpoint, _ := strings.Cut(string(text), "\n\n")
			text = []byte(checkpoint)
		}
		c, err := ledger.OpenCheckpoint(text, with.LogKey)
		if err != nil {
			return fmt.Errorf("%s: %w", source, err)
		}
		with.Checkpoints = append(with.Checkpoints, ledger.Kept{Source: source, Checkpoint: c})
		return nil
	}
	for _, path := range checkpoints {
		text, err := os.ReadFile(path)
		if err != nil {
			return with, err
		}
		if err := keep(path, text); err != nil {
			return with, err
		}
	}
	for _, url := range urls {
		text, err := fetchCheckpoint(ctx, url, with.LogKey.Name())
		if err != nil {
			return with, fmt.Errorf("asking the witness %s: %w", url, err)
		}
		if err := keep(url, text); err != nil {
			return with, err
		}
	}
	return with, nil
}

// fetchCheckpoint asks a witness of this program for the newest checkpoint that it cosigned.
func fetchCheckpoint(ctx context.Context, url, origin string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	url = fmt.Sprintf("%s/checkpoint/%x", strings.TrimSuffix(url, "/"), sha256.Sum256([]byte(origin)))
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answers %s", response.Status)
	}
	return io.ReadAll(io.LimitReader(response.Body, 64<<10))
}

// runLog carries out "kioskctl log".
func runLog(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return oneOf(ctx, "kioskctl log", logUsage, map[string]command{
		"checkpoint": logPrint("log checkpoint", 0, func(ctx context.Context, conn *pgx.Conn, _ []string) ([]byte, error) {
			_, checkpoint, err := ledger.Newest(ctx, conn)
			return checkpoint, err
		}),
		"prove": logPrint("log prove", 2, func(ctx context.Context, conn *pgx.Conn, row []string) ([]byte, error) {
			_, proof, err := ledger.Prove(ctx, conn, row[0], row[1])
			return proof, err
		}),
		"verify": logVerify,
	}, args, stdout, stderr)
}

// logPrint is a command with n arguments that prints something of the log.
func logPrint(name string, n int, text func(context.Context, *pgx.Conn, []string) ([]byte, error)) command {
	return func(ctx context.Context, args []string, stdout, stderr io.Writer) int {
		fs, dsn := adminFlags(name, logUsage, stderr)
		leading, exit, ok := parseNamed(fs, dsn, n, args, stderr)
		if !ok {
			return exit
		}
		err := schema.WithAdmin(ctx, *dsn, func(conn *pgx.Conn) error {
			printed, err := text(ctx, conn, leading)
			if err == nil {
				_, err = stdout.Write(printed)
			}
			return err
		})
		if err != nil {
			return fail(stderr, fs.Name(), err)
		}
		return exitOK
	}
}

func logVerify(_ context.Context, args []string, stdout, stderr io.Writer) int {
	fs := newFlags("log verify", logUsage, stderr)
	logKey := fs.String("log-key", "", "")
	leading, exit, ok := parseNamed(fs, nil, 1, args, stderr)
	if !ok {
		return exit
	}
	if *logKey == "" {
		fs.Usage()
		return exitUsage
	}
	key, err := ledger.LoadVerifier(*logKey)
	if err != nil {
		return fail(stderr, fs.Name(), err)
	}
	text, err := os.ReadFile(leading[0])
	if err != nil {
		return fail(stderr, fs.Name(), err)
	}
	leaf, err := ledger.OpenProof(text, key)
	if err != nil {
		_, _ = fmt.Fprintf(stdout, "The proof does not hold: %v\n", err)
		return exitTampered
	}
	_, _ = fmt.Fprintf(stdout, "The log of %s has this leaf:\n%s", key.Name(), leaf.Bytes())
	return exitOK
}

// runWitness carries out "kioskctl witness".
func runWitness(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 3 && args[0] == "keygen" {
		if err := witnessKeygen(args[1], args[2]); err != nil {
			return fail(stderr, "kioskctl witness", err)
		}
		return exitOK
	}
	fs := newFlags("witness", witnessUsage, stderr)
	key, state, listen := fs.String("key", "", ""), fs.String("state", "", ""), fs.String("listen", "127.0.0.1:7380", "")
	logKeys := files(fs, "log-key")
	if _, exit, ok := parseNamed(fs, nil, 0, args, stderr); !ok {
		return exit
	}
	if *key == "" || *state == "" || len(*logKeys) == 0 {
		_, _ = fmt.Fprint(stderr, witnessUsage)
		return exitUsage
	}
	if err := serveWitness(ctx, *key, *state, *listen, *logKeys, stdout); err != nil {
		return fail(stderr, fs.Name(), err)
	}
	return exitOK
}

func witnessKeygen(name, dir string) error {
	private, public, err := ledger.GenerateCosigner(name)
	if err != nil {
		return err
	}
	defer clear(private)
	if err := os.MkdirAll(filepath.Join(dir, "state"), 0o700); err != nil {
		return err
	}
	for file, text := range map[string][]byte{"witness.key": private, "witness.pub": public} {
		f, err := os.OpenFile(filepath.Join(dir, file), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		_, err = f.Write(text)
		if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// serveWitness serves until ctx ends.
func serveWitness(ctx context.Context, keyPath, state, listen string, logKeys []string, stdout io.Writer) error {
	if err := guarded.Secret(keyPath); err != nil {
		return err
	}
	text, err := os.ReadFile(keyPath)
	if err != nil {
		return err
	}
	defer clear(text)
	key, err := cosignature.NewSignerForCosignatureV1(strings.TrimSpace(string(text)))
	if err != nil {
		return errors.New("the witness's key is none") // the parser may quote it
	}
	logs, err := each(logKeys, ledger.LoadVerifier)
	if err != nil {
		return err
	}
	witness, err := ledger.NewWitness(key, logs, state)
	if err != nil {
		return err
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", listen)
	if err != nil {
		return err
	}
	server := http.Server{Handler: witness, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second, MaxHeaderBytes: 8 << 10}
	stopped := context.AfterFunc(ctx, func() { _ = server.Shutdown(context.WithoutCancel(ctx)) })
	defer stopped()
	_, _ = fmt.Fprintf(stdout, "listening on %s\n", listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
