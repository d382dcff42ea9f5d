package chaos_test

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"balcao/kiosk/central/cluster"
	"balcao/kiosk/central/schema"
	"balcao/kiosk/evidence"
	"balcao/kiosk/kiosktest"
	"balcao/kiosk/ledger"
)

// never are questions whose answer is always 0.
var never = map[string]string{
	"people with more than one living key":   `select count(*) from (select person from centre.key where living group by person having count(*) > 1) x`,
	"codes that were accepted twice":         `select count(*) from (select code from centre.code_attempt where refusal is null group by code having count(*) > 1) x`,
	"enrolments of a key that are not ended": `select count(*) from centre.key k join centre.enrolment e on e.id = k.enrolment where e.state <> 'active'`,
	"keys that were made twice":              `select count(*) from (select key from centre.key_event where reason like 'enrol%' group by key having count(*) > 1) x`,
}

// notLater are questions whose answer is 0 once registrars have done all that there is to do.
var notLater = map[string]string{
	"enrolments that nobody decides":        `select count(*) from centre.enrolment where state = 'pending'`,
	"holders who were not told":             `select count(*) from centre.job where kind in ('welcome', 'notify', 'activation') and state <> 'done'`,
	"messages that are said to have failed": `select count(*) from centre.message where kind in ('welcome', 'notify', 'activation') and state not in ('sent', 'delivered')`,
}

// afterVisit says that what the clerk saw is so, that nothing of the person is left, and that the tables are as they may be.
func (h *house) afterVisit() {
	h.t.Helper()
	h.until("every case is wiped", func() bool {
		for _, wiped := range h.cases {
			if !wiped {
				return false
			}
		}
		return true
	})
	h.mu.Lock()
	left, said := h.left, h.said
	h.said = nil
	h.mu.Unlock()
	if len(left) > 0 {
		h.fail("something is left: %s", strings.Join(left, "; "))
	}
	for what, sql := range never {
		if n := h.count(sql); n != 0 {
			h.fail("%d %s", n, what)
		}
	}
	for _, page := range said {
		if page.pending || page.register == 0 {
			continue
		}
		var state string
		if err := h.Admin.QueryRow(h.ctx, `select state from centre.key where register = $1`, page.register).Scan(&state); err != nil {
			h.fail("the clerk was told of key %d (%s), which is not there: %v", page.register, page.errand, err)
		}
		want := string(page.state)
		if want == "" {
			want = "active"
		}
		if state != want {
			h.fail("the clerk was told that key %d is %s (%s), and it is %s", page.register, want, page.errand, state)
		}
	}
}

// until waits for what the desk does by itself.
func (h *house) until(what string, met func() bool) {
	h.t.Helper()
	limit := time.NewTimer(30 * time.Second)
	defer limit.Stop()
	for {
		h.mu.Lock()
		ok, news := met(), h.news
		h.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-news:
		case <-limit.C:
			h.fail("never: %s", what)
		}
	}
}

// count asks the database, again when a connection was cut since.
func (h *house) count(sql string) (n int) {
	h.t.Helper()
	err := h.Admin.QueryRow(h.ctx, sql).Scan(&n)
	for tries := 0; err != nil && tries < 20; tries++ {
		err = h.Admin.QueryRow(h.ctx, sql).Scan(&n)
	}
	h.check(err)
	return n
}

// finish closes the desk, has registrars finish, and looks at all that is there.
func (h *house) finish() {
	h.t.Helper()
	h.take(1)
	h.stopDesk()
	h.settle()
	for what, sql := range notLater {
		if n := h.count(sql); n != 0 {
			h.fail("%d %s", n, what)
		}
	}
	h.wholeEvidence()
	h.audit()
	if n := h.slots.Unclosed(); n != 0 {
		h.fail("%d cards were not given back", n)
	}
	h.cleanLog()
}

// settle waits until registrars have done all that there is to do.
func (h *house) settle() {
	h.t.Helper()
	for rounds := 0; h.count(`select count(*) from centre.job where state in ('queued', 'running')`) > 0; rounds++ {
		if rounds > 600 {
			h.fail("registrars do not finish: %s", h.text(`select string_agg(format('%s %s %s %s', kind, state, attempts, error), ', ') from centre.job where state in ('queued', 'running')`))
		}
		if rounds%10 == 9 {
			h.check(h.server.set(h.server.offset.Load() + 20))
			_, _ = h.Admin.Exec(h.ctx, `notify registrar_work`)
		}
		timer := time.NewTimer(20 * time.Millisecond)
		<-timer.C
	}
}

func (h *house) text(sql string) (s string) {
	h.t.Helper()
	h.check(h.Admin.QueryRow(h.ctx, sql).Scan(&s))
	return s
}

// wholeEvidence verifies the evidence of every key from nothing, as an auditor does.
func (h *house) wholeEvidence() {
	h.t.Helper()
	conn, err := pgx.Connect(h.ctx, h.DB.Admin())
	h.check(err)
	defer func() { _ = conn.Close(context.Background()) }()
	rows, err := conn.Query(h.ctx, `select register from centre.key`)
	h.check(err)
	registers, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	h.check(err)
	anchors := evidence.Anchors{Trust: h.examiner, Desks: cluster.DeskAuthority(), Staff: kiosktest.StaffTrust(h.t)}
	anchors.Registry = []ed25519.PublicKey{h.Records.Public().(ed25519.PublicKey)}
	for _, register := range registers {
		ids, err := schema.Enrolled(h.ctx, conn, 0, register)
		h.check(err)
		if len(ids) != 1 {
			h.fail("key %d has %d enrolments", register, len(ids))
		}
		text, err := schema.Evidence(h.ctx, conn, ids[0])
		h.check(err)
		file, err := evidence.ReadFile(text)
		h.check(err)
		if lines := file.Check(h.ctx, anchors); !evidence.Good(lines) {
			h.fail("key %d without whole evidence: %v", register, lines)
		}
	}
}

// audit compares the tables with the log.
func (h *house) audit() {
	h.t.Helper()
	logKey, _, err := ledger.GenerateKey("balcao.example/log")
	h.check(err)
	sequencer, err := ledger.NewSequencer(ledger.Config{
		Database: h.DB.Registrar(), Name: "r1", Key: logKey, State: filepath.Join(h.t.TempDir(), "signed"), Log: slog.New(slog.NewTextHandler(h.Log, nil)),
	})
	h.check(err)
	stop := kiosktest.Run(h.ctx, h.t, context.Canceled, sequencer.Run)
	for rounds := 0; h.count(`select count(*) from centre.log_leaf where number is null`) > 0 ||
		h.count(`select count(*) from centre.log_state where size <> coalesce((select max(size) from centre.log_checkpoint), 0)`) > 0; rounds++ {
		if rounds > 3000 {
			h.fail("the log is not signed")
		}
		timer := time.NewTimer(10 * time.Millisecond)
		<-timer.C
	}
	stop()
	conn, err := pgx.Connect(h.ctx, h.DB.Admin())
	h.check(err)
	defer func() { _ = conn.Close(context.Background()) }()
	found, err := ledger.Audit(h.ctx, conn, ledger.Audited{LogKey: sequencer.Public(), RecordKeys: []ed25519.PublicKey{h.Records.Public().(ed25519.PublicKey)}, Now: h.server.now()})
	h.check(err)
	if len(found.Findings) > 0 {
		h.fail("the audit finds %s", fmt.Sprint(found.Findings))
	}
}

// cleanLog looks for anybody of the fixtures, and for what was typed or sent, in what desk, door and registrars logged.
func (h *house) cleanLog() {
	h.t.Helper()
	text := h.Log.String()
	var secrets []string
	for _, e := range h.fixtures.Entries() {
		if e.Holder != "" {
			secrets = append(secrets, e.Holder)
		}
	}
	secrets = append(secrets, "482913", "739164", "850273", "+351", "@")
	secrets = append(append(secrets, h.SMS.Secrets()...), h.Mail.Secrets()...)
	for _, secret := range secrets {
		if kiosktest.Holds(text, secret) {
			h.fail("the log holds %q", secret)
		}
	}
}
