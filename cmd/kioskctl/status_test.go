package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	osexec "os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"balcao/assets/testpki"
	"balcao/kiosk/central/cluster"
	"balcao/kiosk/central/schema"
	"balcao/kiosk/kiosktest"
)

// status runs "kioskctl status".
func status(t *testing.T, args ...string) (code int, out string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(t.Context(), append([]string{"status"}, args...), nil, &stdout, &stderr)
	if stderr.Len() > 0 {
		t.Log(stderr.String())
	}
	return code, stdout.String()
}

// Each thing that goes wrong is told, with what to do; and what is set right is told no more.
func TestStatus(t *testing.T) {
	o := kiosktest.NewOffice(t)
	o.OpenCentre(t.Context(), t)
	t.Setenv("BALCAO_ADMIN_DSN", o.DB.Admin())
	authority, err := testpki.FS.ReadFile("tls/ca.crt")
	if err != nil {
		t.Fatal(err)
	}
	ca := filepath.Join(t.TempDir(), "ca.crt")
	if err := os.WriteFile(ca, authority, 0o600); err != nil {
		t.Fatal(err)
	}
	door := "https://" + o.Door.Address
	asked := []string{"--door", door, "--ca", ca}
	exec := func(sql string) {
		t.Helper()
		if _, err := o.Admin.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	const past = `set local session_replication_role = replica; ` // past the triggers that keep history
	const witnessed = past + `update centre.log_leaf l set number = x.n from (select id, row_number() over (order by id) - 1 n from centre.log_leaf) x where x.id = l.id;
		insert into centre.log_checkpoint (at, size, note) select clock_timestamp() - interval '%', count(*), E'log\n1\nx\n\n— log a\n— witness b\n' from centre.log_leaf`
	if _, err := o.Centre.Hello(t.Context()); err != nil {
		t.Fatal(err)
	}
	exec(`insert into centre.worker values ('r1', clock_timestamp() + interval '1 hour', 'good', 'good')`)
	well := func(when string) {
		t.Helper()
		exec(strings.Replace(witnessed, "%", "1 second", 1)) // however slow this computer is
		code, out := status(t, asked...)
		if code != exitOK || !strings.Contains(out, "All is well.") || strings.Contains(out, "NOT") {
			t.Errorf("%s: exit %d:\n%s", when, code, out)
		}
		for _, want := range []string{door + ": ready; its certificate ends on 20", "PostgreSQL 1", ", primary", "r1: sms good, e-mail good", "1 of 1 desks heard of",
			"0 jobs under way", "due for deletion: key 0", "1 desks have one for three weeks"} {
			if !strings.Contains(out, want) {
				t.Errorf("%s: %q is not in\n%s", when, want, out)
			}
		}
	}
	well("at first")
	for _, c := range []struct{ happens, told, do, undone string }{
		{`update centre.worker set sms = 'down'`, "nobody can send by sms", "ring the operator", `update centre.worker set sms = 'good'`},
		{`update centre.worker set email = 'poor'`, "r1: sms good, e-mail poor", "kioskctl messages", `update centre.worker set email = 'good'`},
		{`update centre.worker set seen = clock_timestamp() - interval '3 minutes'`, "none works", "systemctl start balcao-registrar",
			`update centre.worker set seen = clock_timestamp() + interval '1 hour'`},
		{past + `insert into centre.job (kind, enrolment, desk, due_at) values ('verify', gen_random_uuid(), 'loja_1', clock_timestamp() - interval '2 minutes')`,
			"1 jobs under way; too long: verify 2m", "start another one", past + `delete from centre.job`},
		{past + `insert into centre.job (kind, enrolment, desk) values ('verify', gen_random_uuid(), 'loja_1');
			insert into centre.message (job, kind, channel, queued_at) select id, 'send_code', 'sms', clock_timestamp() - interval '3 minutes' from centre.job`,
			"1 SMS and 0 e-mails wait; too long: sms 3m", "kioskctl messages", past + `delete from centre.message; delete from centre.job`},
		{`insert into centre.alert (kind) values ('log_gap')`, "of the last day: log_gap 1", "kioskctl audit", `delete from centre.alert`},
		{`insert into centre.watch_alert (id, rule, value, opened_at, seen_at, act) select gen_random_uuid(), name, 1, clock_timestamp(), clock_timestamp(), 'none'
			from centre.watch_rule limit 1`, "1 about misuse wait", "a supervisor decides", past + `delete from centre.watch_alert`},
		{past + `update centre.log_leaf set at = clock_timestamp() - interval '2 minutes'`, "leaves wait for a number, the oldest for 2m", "registrar with [log] key",
			strings.Replace(witnessed, "%", "1 second", 1)},
		{strings.Replace(strings.Replace(witnessed, "%", "20 minutes", 1), "— witness b\\n", "", 1), "witnesses have not cosigned for 20m", "kioskctl witness",
			past + `delete from centre.log_checkpoint where note not like '%witness%'`},
		{past + `update centre.desk_seen set at = at - interval '1 day';
			insert into centre.shift (id, desk, challenge, challenge_until, staff, role, fingerprint, sign_in, signed_at, ends_at)
			values (gen_random_uuid(), 'loja_1', decode(repeat('00', 32), 'hex'), clock_timestamp(), 'x', 'clerk', '', '', clock_timestamp() - interval '1 hour', clock_timestamp() + interval '1 hour')`,
			"silent, though somebody is signed in: loja_1 since ", "ring there", past + `delete from centre.shift; update centre.desk_seen set at = clock_timestamp()`},
		{past + `update centre.desk_certificate set added_at = added_at - interval '2 years' + interval '20 days'`, "desk loja_1: its certificate ends on", "kioskctl desk rotate loja_1",
			past + `update centre.desk_certificate set added_at = clock_timestamp()`},
		{past + `update centre.desk_certificate set revoked = true`, "desk loja_1 has no certificate", "kioskctl desk rotate loja_1", past + `update centre.desk_certificate set revoked = false`},
		{`grant select on centre.person to balcao_centre`, "not so: the door and registrars read no table", "revoke the rights", `revoke select on centre.person from balcao_centre`},
		{`alter table centre.worker rename to gone`, "cannot be told", "kioskctl db check", `alter table centre.gone rename to worker`},
	} {
		exec(c.happens)
		code, out := status(t, asked...)
		lines := strings.Split(out, "\n")
		i := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, "NOT") && strings.Contains(l, c.told) })
		if code != exitUnwell || i < 0 || !strings.Contains(lines[i+1], "do: ") || !strings.Contains(lines[i+1], c.do) {
			t.Errorf("after %s: exit %d, %q, %q not in\n%s", c.happens, code, c.told, c.do, out)
		}
		exec(c.undone)
	}
	well("at last")

	_, out := status(t, append(asked, "--json")...)
	var said struct {
		OK    bool
		Parts []struct {
			Name  string
			Lines []struct {
				OK       bool
				Text, Do string
			}
		}
	}
	if err := json.Unmarshal([]byte(out), &said); err != nil || !said.OK || len(said.Parts) != 9 || len(said.Parts[1].Lines) == 0 {
		t.Errorf("as JSON: %v, %s", err, out)
	}
}

// What is away is told as such, and the rest all the same.
func TestStatus_Away(t *testing.T) {
	o := kiosktest.NewOffice(t)
	o.OpenCentre(t.Context(), t)
	t.Setenv("BALCAO_ADMIN_DSN", o.DB.Admin())
	unready := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
	t.Cleanup(unready.Close)
	strange := "https://" + o.Door.Address // of an authority that is not named
	t.Setenv("BALCAO_DOORS", strange+" https://127.0.0.1:1 "+unready.URL)
	code, out := status(t)
	for _, want := range []string{strange + ": its certificate is not good", "https://127.0.0.1:1: does not answer", unready.URL + ": its certificate is not good", "database      ok"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	if code != exitUnwell {
		t.Errorf("exit %d", code)
	}
	t.Setenv("BALCAO_DOORS", "")
	code, out = status(t, "--dsn", "host=127.0.0.1 port=1 dbname=none user=none password=hunter2")
	if code != exitUnwell || !strings.Contains(out, "database      NOT  cannot be told") || strings.Contains(out, "hunter2") || strings.Contains(out, "All is well") {
		t.Errorf("without a database: exit %d:\n%s", code, out)
	}
}

// A synchronous standby that goes is told, by status and to registrars; so is an archive that fails.
func TestStatus_Standbys(t *testing.T) {
	server, err := cluster.Start(t.Context(), cluster.Options{Settings: []string{"archive_mode=on", "archive_command=false"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	if err := server.Create(t.Context(), "balcao"); err != nil {
		t.Fatal(err)
	}
	dsn := server.DSN(cluster.Admin, "balcao")
	t.Setenv("BALCAO_ADMIN_DSN", dsn)
	exec := func(sql string) {
		t.Helper()
		err := schema.WithAdmin(t.Context(), dsn, func(conn *pgx.Conn) error { _, err := conn.Exec(t.Context(), sql); return err })
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	until := func(want string, figure string, value float64) {
		t.Helper()
		for {
			_, out := status(t)
			all, err := figures(t.Context(), dsn)
			if err != nil {
				t.Fatal(err)
			}
			if got, there := all[figure]; strings.Contains(out, want) && there && got == value {
				return
			}
			select {
			case <-t.Context().Done():
				t.Fatalf("%q is not in\n%s, or %s is not %v in %v", want, out, figure, value, all)
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
	until("no standby, and none is wanted", "standbys sync", 0)
	// pg_receivewal is a standby that replays nothing.
	follow, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	folder := t.TempDir()
	receive := osexec.CommandContext(follow, "pg_receivewal", "--no-loop", "--synchronous", "-D", folder, "-d", server.DSN(cluster.Admin, "")+"&application_name=db2")
	var said bytes.Buffer
	receive.Stdout, receive.Stderr = &said, &said
	if err := receive.Start(); err != nil {
		t.Fatal(err)
	}
	until("standby db2: streaming, async", "standbys async", 1)
	exec(`alter system set synchronous_standby_names = 'db2'`)
	exec(`select pg_reload_conf()`)
	until("1 synchronous standbys (wanted: db2)", "standbys sync", 1)
	stop()
	_ = receive.Wait() // it was killed
	until("NOT  0 synchronous standbys (wanted: db2)", "standbys sync", 0)
	exec(`select pg_switch_wal()`)
	until("NOT  the last WAL file could not be archived", "archive_fails", 1)
}
