package attack_test

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"

	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/central/cluster"
	"balcao/kiosk/central/schema"
	"balcao/kiosk/evidence"
	"balcao/kiosk/examine/examinetest"
	"balcao/kiosk/kiosktest"
	"balcao/kiosk/ledger"
	"balcao/kiosk/registrar"
	"balcao/kiosk/transcript"
	"balcao/kiosk/trust/staff"
	"balcao/mock-pcsc/fixtures"
	"balcao/mock-pcsc/pki"
)

func TestMain(m *testing.M) { cluster.TestMain(m) }

// system is a whole centre that runs: a door over TLS, PostgreSQL, a registrar that verifies everything, and the log.
type system struct {
	*kiosktest.Office
	t        *testing.T
	ctx      context.Context
	fixtures *fixtures.Fixtures
	log      note.Verifier
	logKey   []byte

	witnesses []ledger.WitnessAt // that a sequencer asks

	registrar *kiosktest.Registrar
	configure func(*registrar.Config)

	clerk, boss, other *member // a clerk and two supervisors
}

func newSystem(t *testing.T) *system {
	t.Helper()
	t.Parallel()
	return newSystemOn(t, nil)
}

// newSystemOn is newSystem on a database of the test's own; nil: any.
func newSystemOn(t *testing.T, db *cluster.Database) *system {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), kiosktest.LifeTime)
	t.Cleanup(cancel)
	s := &system{Office: kiosktest.NewOffice(t), t: t, ctx: ctx}
	s.DB = db
	s.OpenCentre(ctx, t)
	var err error
	s.fixtures, err = fixtures.Open()
	s.check(err)
	trusted := staff.New([]*x509.Certificate{kiosktest.StaffAuthority(t)}, nil)
	verifier := evidence.Verifier{Examiner: kiosktest.Examiner(t, s.fixtures.Issued())}
	s.configure = func(cfg *registrar.Config) { cfg.Verifier, cfg.StaffTrust = verifier, trusted }
	s.register()
	var public []byte
	s.logKey, public, err = ledger.GenerateKey("balcao.example/log")
	s.check(err)
	s.log, err = note.NewVerifier(strings.TrimSpace(string(public)))
	s.check(err)
	s.clerk, s.boss, s.other = s.employ("clerk", kiosk.RoleClerk), s.employ("supervisor", kiosk.RoleSupervisor), s.employ("supervisor-2", kiosk.RoleSupervisor)
	return s
}

// register starts a registrar.
func (s *system) register() {
	s.t.Helper()
	s.registrar = s.NewRegistrar(s.ctx, s.t, 1, "", s.configure)
	s.registrar.Start(s.ctx, s.t)
}

// sequence numbers and signs the log until stop, at the latest until the test ends.
func (s *system) sequence() (stop func()) {
	s.t.Helper()
	return s.sequenceAt(s.DB.Registrar())
}

// sequenceAt is sequence of another copy of the database, as a log that goes on from those before it.
func (s *system) sequenceAt(dsn string, before ...note.Verifier) (stop func()) {
	s.t.Helper()
	sequencer, err := ledger.NewSequencer(ledger.Config{
		Database: dsn, Before: before, Name: "worker-1", Key: slices.Clone(s.logKey), State: filepath.Join(s.t.TempDir(), "log.signed"),
		Witnesses: s.witnesses, Log: slog.New(slog.NewTextHandler(s.Log, nil)),
	})
	s.check(err)
	return kiosktest.Run(s.ctx, s.t, context.Canceled, sequencer.Run)
}

// checkpoint waits until all that happened is signed, and keeps the checkpoint elsewhere.
func (s *system) checkpoint() ledger.Kept {
	s.t.Helper()
	s.until("everything is signed", func() bool {
		return scalar[bool](s, `select not exists (select from centre.log_leaf where number is null)
			and coalesce((select max(size) from centre.log_checkpoint), 0) = (select size from centre.log_state)`)
	})
	c, err := ledger.OpenCheckpoint([]byte(scalar[string](s, `select note from centre.log_checkpoint order by size desc limit 1`)), s.log)
	s.check(err)
	return ledger.Kept{Source: "elsewhere", Checkpoint: c}
}

// audit compares the tables with the log, as kioskctl audit does. Every word of want is in what it finds.
func (s *system) audit(with ledger.Audited, want ...string) {
	s.t.Helper()
	s.auditAt(s.DB.Admin(), with, want...)
}

// auditAt is audit of another copy of the database.
func (s *system) auditAt(dsn string, with ledger.Audited, want ...string) {
	s.t.Helper()
	conn, err := pgx.Connect(s.ctx, dsn)
	s.check(err)
	defer conn.Close(context.Background())
	with.LogKey, with.RecordKeys = s.log, []ed25519.PublicKey{s.Records.Public().(ed25519.PublicKey)}
	report, err := ledger.Audit(s.ctx, conn, with)
	s.check(err)
	var found strings.Builder
	for _, f := range report.Findings {
		fmt.Fprintln(&found, f)
	}
	for _, w := range want {
		if !strings.Contains(found.String(), w) {
			s.t.Errorf("the audit does not say %q:\n%s", w, found.String())
		}
	}
	if len(want) == 0 && found.Len() > 0 {
		s.t.Errorf("the audit finds in honest work:\n%s", found.String())
	}
}

// behind does as a superuser who switches the triggers off.
func (s *system) behind(statements ...string) {
	s.t.Helper()
	s.check(pgx.BeginFunc(s.ctx, s.Admin, func(tx pgx.Tx) error {
		for _, sql := range append([]string{`set local session_replication_role = replica`}, statements...) {
			if _, err := tx.Exec(s.ctx, sql); err != nil {
				return fmt.Errorf("%s: %w", sql, err)
			}
		}
		return nil
	}))
}

func (s *system) check(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("%v\n%s", err, s.Log)
	}
}

func (s *system) exec(sql string, args ...any) {
	s.t.Helper()
	_, err := s.Admin.Exec(s.ctx, sql, args...)
	s.check(err)
}

func scalar[T any](s *system, sql string, args ...any) (v T) {
	s.t.Helper()
	s.check(s.Admin.QueryRow(s.ctx, sql, args...).Scan(&v))
	return v
}

// until asks again until it is so.
func (s *system) until(what string, is func() bool) {
	s.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-s.ctx.Done():
			s.t.Fatalf("waiting until %s\n%s", what, s.Log)
		}
	}
}

// refused checks that the door refuses a call with a code.
func (s *system) refused(what string, err error, code string) {
	s.t.Helper()
	if err == nil || !strings.Contains(err.Error(), code) {
		s.t.Errorf("%s: got %v, want %s", what, err, code)
	}
}

// member is somebody with a staff card: its certificate and key, which is what a card with its PIN is worth.
type member struct {
	number string
	role   kiosk.Role
	chain  [][]byte
	examinetest.SoftCard
}

// staffCard is a card of the fixtures that nobody registered.
func (s *system) staffCard(slug string) *member {
	s.t.Helper()
	certificate, err := pki.StaffCertificate(slug)
	s.check(err)
	key, err := pki.New().StaffKey(slug)
	s.check(err)
	all := pki.Staff()
	i := slices.IndexFunc(all, func(spec pki.StaffSpec) bool { return spec.Slug == slug })
	return &member{number: all[i].Number, chain: [][]byte{certificate}, SoftCard: examinetest.SoftCard{Key: key}}
}

func (s *system) employ(slug string, role kiosk.Role) *member {
	s.t.Helper()
	m := s.staffCard(slug)
	m.role = role
	s.check(schema.AddStaff(s.ctx, s.DB.Admin(), schema.Staff{Number: m.number, Name: "Staff " + slug, Role: string(role)}, m.chain[0]))
	return m
}

func (m *member) fingerprint() []byte { sum := sha256.Sum256(m.chain[0]); return sum[:] }

// shift is what a desk has of somebody's signing in.
type shift struct {
	id        uuid.UUID
	desk      *central.Centre
	who       *member
	admission []byte // when a supervisor admitted them
}

// begin begins a shift at a desk and returns what a card has to sign.
func (s *system) begin(desk *central.Centre) transcript.SignIn {
	s.t.Helper()
	id := newID()
	begun, err := desk.BeginShift(s.ctx, id)
	s.check(err)
	return transcript.SignIn{Shift: id, Challenge: begun.Challenge, Desk: desk.Desk(), At: time.Now()}
}

// signIn signs in through the door.
func (s *system) signIn(desk *central.Centre, m *member) shift {
	s.t.Helper()
	st := s.begin(desk)
	if in := s.present(desk, st, m); in.Refusal != "" {
		s.t.Fatalf("signing in: %s", in.Refusal)
	}
	return shift{id: st.Shift, desk: desk, who: m}
}

// admit lets a supervisor's card begin a clerk's shift.
func (s *system) admit(desk *central.Centre, by, clerk *member) shift {
	s.t.Helper()
	st := s.begin(desk)
	st.Admits = clerk.number
	jws, err := transcript.SignSignIn(s.ctx, st, by.chain, by)
	s.check(err)
	in, err := desk.SignIn(s.ctx, st.Shift, jws)
	s.check(err)
	if in.Refusal != "" || in.AdmittedBy != by.number {
		s.t.Fatalf("admitting: %+v", in)
	}
	return shift{id: st.Shift, desk: desk, who: clerk, admission: jws}
}

// present signs a statement and shows it to the door.
func (s *system) present(desk *central.Centre, st transcript.SignIn, m *member) central.SignedIn {
	s.t.Helper()
	jws, err := transcript.SignSignIn(s.ctx, st, m.chain, m)
	s.check(err)
	in, err := desk.SignIn(s.ctx, st.Shift, jws)
	s.check(err)
	return in
}
