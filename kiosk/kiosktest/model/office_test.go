package model_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/central/cluster"
	"balcao/kiosk/delivery"
	"balcao/kiosk/evidence"
	"balcao/kiosk/kiosktest"
	"balcao/kiosk/ledger"
	"balcao/kiosk/registrar"
	"balcao/kiosk/transcript"
)

// clock is the server's, which the test moves: all else goes by it.
var clock struct {
	file   string
	offset atomic.Int64 // seconds
}

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "model-clock-")
	if err != nil {
		panic(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil { // the server is another user
		panic(err)
	}
	clock.file = filepath.Join(dir, "clock")
	setClock(0)
	cluster.Shared.Clock = clock.file
	cluster.TestMain(cleaner{m, dir})
}

// cleaner removes the clock after the tests.
type cleaner struct {
	*testing.M
	dir string
}

func (c cleaner) Run() int {
	defer func() { _ = os.RemoveAll(c.dir) }()
	return c.M.Run()
}

func setClock(seconds int64) {
	clock.offset.Store(seconds)
	next := clock.file + ".next" // the server reads a whole file, at each look at the clock
	if err := os.WriteFile(next, fmt.Appendf(nil, "+%d", seconds), 0o644); err != nil {
		panic(err)
	}
	if err := os.Rename(next, clock.file); err != nil {
		panic(err)
	}
}

func now() time.Time { return time.Now().Add(time.Duration(clock.offset.Load()) * time.Second) }

// letter is a message that left.
type letter struct{ to, code, about string }

// desk is a desk at which a clerk is signed in.
type desk struct {
	name   string
	card   string
	centre *central.Centre
	shift  uuid.UUID
	until  time.Time
	visit  *visit // nil: nobody is there
}

// run is one sequence of steps, on a centre of its own.
type run struct {
	*kiosktest.Office
	*model
	t      *testing.T
	ctx    context.Context
	seed   uint64
	rand   *rand.Rand
	lisbon *time.Location
	audit  func() string

	desks    []*desk
	machines []*kiosktest.Machine
	holders  []*holder
	shared   map[kiosk.Channel][]string // contacts that several people say are theirs
	records  map[int64]int              // versions that were verified, by register

	mu      sync.Mutex
	letters []letter
	had     map[string]bool // messages, by their key: one that is sent again is the same
	steps   []string        // what was done
	kills   int
	awaits  func(code string) // of the next message that brings one
}

func (r *run) check(err error) {
	r.t.Helper()
	if err != nil {
		r.fail("%v", err)
	}
}

func (r *run) fail(format string, args ...any) {
	r.t.Helper()
	last := r.steps[max(0, len(r.steps)-25):]
	r.t.Fatalf("%s\n\nagain with: go test ./kiosk/kiosktest/model -run TestModel -model.seed %d -model.steps %d\nafter\n\t%s",
		fmt.Sprintf(format, args...), r.seed, *steps, strings.Join(last, "\n\t"))
}

// note writes down what is done.
func (r *run) note(format string, args ...any) {
	r.steps = append(r.steps, fmt.Sprintf("%4d %s  ", len(r.steps), now().UTC().Format(time.DateTime))+fmt.Sprintf(format, args...))
}

func (r *run) exec(sql string, args ...any) {
	r.t.Helper()
	_, err := r.Admin.Exec(r.ctx, sql, args...)
	r.check(err)
}

// texts are messages that say which they are: a code, the occasion, and the key.
func texts(t *testing.T) delivery.Texts {
	t.Helper()
	own := fstest.MapFS{}
	for _, occasion := range delivery.Occasions {
		body := "{{.Code}}\n" + occasion + " {{.Register}}\n"
		if occasion != "code" && occasion != "activation" {
			body = "{{.NotMe}}\n" + occasion + " {{.Register}}\n"
		}
		own[occasion+".sms.pt.txt"] = &fstest.MapFile{Data: []byte(body)}
		own[occasion+".email.pt.txt"] = &fstest.MapFile{Data: []byte("Subject: " + occasion + "\n\n" + body)}
	}
	loaded, err := delivery.LoadTexts("300 003 990", "", own)
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

// newRun opens a centre with desks, registrars and a log.
func newRun(t *testing.T, seed uint64) *run {
	t.Helper()
	setClock(0)
	r := &run{Office: kiosktest.NewOffice(t), model: &model{now: now, cost: 1}, t: t, seed: seed, ctx: t.Context(), rand: rand.New(rand.NewPCG(seed, seed)),
		had: map[string]bool{}, records: map[int64]int{}}
	for channel, outbox := range map[kiosk.Channel]*kiosktest.Outbox{kiosk.SMS: &r.SMS, kiosk.Email: &r.Mail} {
		outbox.Fail = func(m delivery.Message) error { r.received(channel, m); return nil }
	}
	var err error
	r.lisbon, err = time.LoadLocation("Europe/Lisbon")
	r.check(err)
	r.OpenCentre(r.ctx, t)
	// What watching for misuse does about keys, and the limits of desks, have tests of their own; a hash is to be cheap.
	r.exec(`update centre.watch_rule set act = 'none', hold_seconds = 0`)
	r.exec(`update centre.setting set value = case name when 'pin_hash_memory_kib' then '7168' when 'pin_hash_passes' then '1' else to_jsonb(highest) end
		where name in ('pin_hash_memory_kib', 'pin_hash_passes', 'desk_opens_per_hour', 'desk_codes_per_hour', 'centre_opens_per_hour',
			'centre_codes_per_hour', 'prefix_codes_per_hour', 'searches_per_hour', 'not_me_tries', 'sign_in_tries_of_a_visit')`)
	r.check(kiosktest.Employ(r.ctx, r.Admin, kiosktest.Clerks...))
	for i, name := range []string{kiosktest.DeskName, "loja_2", "loja_3"} {
		r.desks = append(r.desks, &desk{name: name, card: kiosktest.Clerks[i%len(kiosktest.Clerks)], centre: r.Dial(t, name)})
	}
	for range 2 {
		r.machines = append(r.machines, r.start(""))
	}
	r.audit = r.audited()
	r.populate()
	return r
}

// start starts a registrar, of the name of one that died if there is one.
func (r *run) start(died string) *kiosktest.Machine {
	return r.StartMachine(r.ctx, r.t, died, 2, func(cfg *registrar.Config) {
		cfg.Verifier, cfg.Texts, cfg.Now = believer{}, texts(r.t), now
	})
}

// received keeps a message.
func (r *run) received(channel kiosk.Channel, m delivery.Message) {
	lines := strings.Split(strings.TrimSpace(m.Body), "\n")
	l := letter{to: m.To, about: fmt.Sprintf("%s %s %s", channel, m.To, lines[len(lines)-1])}
	if len(lines) > 1 {
		l.code = lines[0]
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if key := fmt.Sprint(m.Key); !r.had[key] {
		r.had[key] = true
		r.letters = append(r.letters, l)
	}
}

// believer verifies nothing but whose key it is: what a desk hands over says what the document says.
type believer struct{}

// said is what this test hands over as evidence.
type said struct {
	Identity kiosk.Identity
	Reason   string
	Until    kiosk.Date
}

func (believer) Verify(_ context.Context, sent transcript.Evidence, expect evidence.Expect) (*evidence.Verified, error) {
	var jws struct{ Payload string }
	if err := json.Unmarshal(sent.JWS, &jws); err != nil {
		return nil, err
	}
	payload, err := base64.RawURLEncoding.DecodeString(jws.Payload)
	if err != nil {
		return nil, err
	}
	var s said
	if err := json.Unmarshal(payload, &s); err != nil {
		return nil, err
	}
	if expect.Record != nil && expect.Record.Person.GivenNames != s.Identity.GivenNames {
		return nil, &evidence.Refusal{Reason: evidence.RefusedKey}
	}
	return &evidence.Verified{Level: kiosk.LevelHigh, ValidUntil: s.Until, Identity: s.Identity, Transcript: transcript.Transcript{Reason: s.Reason}}, nil
}

// evidenceOf is what a desk hands over.
func evidenceOf(s said, sealed []byte) (transcript.Evidence, error) {
	payload, err := json.Marshal(s)
	if err != nil {
		return transcript.Evidence{}, err
	}
	jws, err := json.Marshal(map[string]any{"payload": base64.RawURLEncoding.EncodeToString(payload), "signatures": []string{}})
	return transcript.Evidence{JWS: jws, Identity: []byte("identity"), SOD: []byte("sod"), SealedPIN: sealed}, err
}

// settled waits until registrars have done all that there is to do. One that died is started again.
func (r *run) settled() {
	r.t.Helper()
	deadline, pushed := time.Now().Add(time.Minute), time.Now()
	for {
		for i, m := range r.machines {
			if m.Dead() {
				r.note("%s was killed", m.Name)
				r.kills++
				m.Bury()
				r.machines[i] = r.start(m.Name)
				deadline = time.Now().Add(time.Minute)
			}
		}
		var left int
		r.check(r.Admin.QueryRow(r.ctx, `select count(*) from centre.job where state in ('queued', 'running')`).Scan(&left))
		switch {
		case left == 0:
			return
		case time.Now().After(deadline):
			var busy string
			r.check(r.Admin.QueryRow(r.ctx, `select coalesce(string_agg(format('%s %s %s %s %s by %s: %s', pid, application_name, state, wait_event_type, wait_event, pg_blocking_pids(pid), query), E'\n'), '')
				from pg_stat_activity where state <> 'idle' and datname = current_database() and pid <> pg_backend_pid()`).Scan(&busy))
			r.fail("%d jobs are not done:\n%s\n%s", left, tail(r.Log.String()), busy)
		case time.Since(pushed) > 250*time.Millisecond: // what was put off, as a registrar does after trouble
			pushed = time.Now()
			r.exec(`update centre.job set due_at = clock_timestamp() where state = 'queued' and due_at > clock_timestamp()`)
			r.exec(`notify registrar_work`)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func tail(s string) string { return s[max(0, len(s)-4000):] }

// move moves the clock, and has a registrar look at what time did.
func (r *run) move(d time.Duration) {
	r.t.Helper()
	for open := 1; open > 0; { // a registrar's round that has begun would be logged with the time before: the audit calls that back-dated
		r.check(r.Admin.QueryRow(r.ctx, `select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
			and backend_type = 'client backend' and xact_start is not null`).Scan(&open))
	}
	setClock(clock.offset.Load() + int64(d/time.Second))
	for r.closeEdge() {
		setClock(clock.offset.Load() + 45)
	}
	r.note("the clock moves by %v", d)
	r.exec(`select * from registrar.keep()`)
	r.round()
	for _, d := range r.desks {
		if d.visit != nil && !now().Before(d.visit.ends) {
			d.visit = nil
		}
	}
}

// round is what registrars do every minute or hour, and when they start.
func (r *run) round() {
	r.t.Helper()
	r.exec(`select registrar.expire(), registrar.tell_expiry()`)
	r.pass(r.lisbon)
}

// closeEdge reports whether something ends just now: then nobody could say on which side of its end a call is.
func (r *run) closeEdge() bool {
	t := now()
	near := func(e time.Time) bool { return e.After(t.Add(-5*time.Second)) && e.Before(t.Add(15*time.Second)) }
	midnight := t.UTC().Truncate(24 * time.Hour)
	for _, e := range []time.Time{midnight, midnight.Add(23 * time.Hour), midnight.Add(24 * time.Hour)} { // of Lisbon in summer, too
		if near(e) {
			return true
		}
	}
	return slices.ContainsFunc(r.edges, near)
}

// audited has a sequencer run, and returns what an audit finds.
func (r *run) audited() func() string {
	logKey, _, err := ledger.GenerateKey("balcao.example/log")
	r.check(err)
	sequencer, err := ledger.NewSequencer(ledger.Config{Database: r.DB.Registrar(), Name: "r1", Key: logKey, State: filepath.Join(r.t.TempDir(), "signed")})
	r.check(err)
	ctx, stop := context.WithCancel(r.ctx)
	done := make(chan struct{})
	go func() { defer close(done); _ = sequencer.Run(ctx) }()
	r.t.Cleanup(func() { stop(); <-done })
	return func() string {
		for signed := false; !signed; time.Sleep(5 * time.Millisecond) {
			r.check(r.Admin.QueryRow(r.ctx, `select not exists (select from centre.log_leaf where number is null)
				and (select max(size) from centre.log_checkpoint) = (select size from centre.log_state)`).Scan(&signed))
		}
		conn, err := pgx.Connect(r.ctx, r.DB.Admin())
		r.check(err)
		defer func() { _ = conn.Close(context.Background()) }()
		found, err := ledger.Audit(r.ctx, conn, ledger.Audited{LogKey: sequencer.Public(), RecordKeys: []ed25519.PublicKey{r.Records.Public().(ed25519.PublicKey)}, Now: now()})
		r.check(err)
		said := fmt.Sprint(found.Findings)
		return said[:min(len(said), 3000)]
	}
}
