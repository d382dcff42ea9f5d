package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"balcao/kiosk/central/cluster"
	"balcao/kiosk/ledger"
)

// TestAuditAndWitness is what an auditor does, with a witness elsewhere.
func TestAuditAndWitness(t *testing.T) {
	server, err := cluster.Start(t.Context(), cluster.Options{})
	check(t, err)
	t.Cleanup(func() { check(t, server.Stop()) })
	check(t, server.Create(t.Context(), "balcao"))
	admin := server.DSN(cluster.Admin, "balcao")
	t.Setenv("BALCAO_ADMIN_DSN", admin)
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	private, public, err := ledger.GenerateKey("example.org/balcao")
	check(t, err)
	check(t, os.WriteFile(path("log.pub"), public, 0o600))
	run := func(want int, says string, do func(context.Context, []string, io.Writer, io.Writer) int, args ...string) string {
		t.Helper()
		var stdout, stderr bytes.Buffer
		if got := do(t.Context(), args, &stdout, &stderr); got != want || !strings.Contains(stdout.String()+stderr.String(), says) {
			t.Errorf("%q: exit %d, want %d and %q\n%s%s", args, got, want, says, &stdout, &stderr)
		}
		return stdout.String()
	}

	run(exitUsage, "Usage: kioskctl audit", runAudit)
	run(exitError, "no such file", runAudit, "--log-key", path("nowhere"))
	run(exitError, "not in the log yet", runLog, "checkpoint")
	run(exitUsage, "Usage: kioskctl log", runLog, "prove")
	run(exitUsage, "Usage: kioskctl witness", runWitness)
	run(exitOK, "", runWitness, "keygen", "witness.example/w1", dir)
	run(exitError, "exists", runWitness, "keygen", "witness.example/w1", dir)
	run(exitError, "lost its memory", runWitness, "--key", path("witness.key"), "--log-key", path("log.pub"), "--state", path("nowhere"))

	ctx, stop := context.WithCancel(t.Context())
	heard, says := io.Pipe()
	over := make(chan int, 1)
	go func() {
		over <- runWitness(ctx, []string{"--key", path("witness.key"), "--log-key", path("log.pub"), "--state", path("state"), "--listen", "127.0.0.1:0"}, says, io.Discard)
	}()
	line := make([]byte, 100)
	n, err := heard.Read(line)
	check(t, err)
	url := "http://" + strings.TrimSpace(strings.TrimPrefix(string(line[:n]), "listening on "))
	cosigner, err := ledger.LoadCosigner(path("witness.pub"))
	check(t, err)
	sequencer, err := ledger.NewSequencer(ledger.Config{Database: server.DSN(cluster.Registrar, "balcao"), Name: "r1", Key: private,
		State: path("log.signed"), Witnesses: []ledger.WitnessAt{{URL: url, Key: cosigner}}})
	check(t, err)
	done := make(chan struct{})
	go func() { defer close(done); _ = sequencer.Run(ctx) }()

	conn, err := pgx.Connect(t.Context(), admin)
	check(t, err)
	defer conn.Close(context.Background())
	for deadline, cosigned := time.Now().Add(30*time.Second), false; !cosigned; time.Sleep(50 * time.Millisecond) {
		const sql = `select exists (select from centre.log_checkpoint c, centre.log_state s where c.size = s.size and c.note like '%witness.example%')`
		check(t, conn.QueryRow(t.Context(), sql).Scan(&cosigned))
		if time.Now().After(deadline) {
			t.Fatal("the witness does not cosign")
		}
	}
	check(t, os.WriteFile(path("checkpoint"), []byte(run(exitOK, "example.org/balcao", runLog, "checkpoint")), 0o600))
	audit := []string{"--log-key", path("log.pub"), "--checkpoint", path("checkpoint"), "--witness", url, "--witness-key", path("witness.pub")}
	run(exitOK, " 0 more wait for a number.", runAudit, audit...)

	proof := run(exitOK, "c2sp.org/tlog-proof@v1", runLog, "prove", "setting", "min_age")
	check(t, os.WriteFile(path("proof"), []byte(proof), 0o600))
	run(exitOK, "row 7:min_age", runLog, "verify", path("proof"), "--log-key", path("log.pub"))
	check(t, os.WriteFile(path("proof"), []byte(strings.Replace(proof, "index ", "index 1", 1)), 0o600))
	run(exitTampered, "does not hold", runLog, "verify", path("proof"), "--log-key", path("log.pub"))
	run(exitError, "not in the log yet", runLog, "prove", "setting", "no_such_setting")

	stop()
	<-done
	if exit := <-over; exit != exitOK {
		t.Errorf("the witness ends with %d", exit)
	}
	_, err = conn.Exec(t.Context(), `set session_replication_role = replica; update centre.setting set value = '18' where name = 'min_age'`)
	check(t, err)
	run(exitTampered, "changed: setting min_age: ", runAudit, "--log-key", path("log.pub"))
	run(exitError, "asking the witness", runAudit, audit...)
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
