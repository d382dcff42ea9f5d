package registrar_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/central/cluster"
	"balcao/kiosk/evidence"
	"balcao/kiosk/kiosktest"
	"balcao/kiosk/registrar"
	"balcao/kiosk/seal"
	"balcao/kiosk/transcript"
	"balcao/kiosk/trust/staff"
	"balcao/kiosk/trust/trusttest"
)

func TestMain(m *testing.M) { cluster.TestMain(m) }

const (
	goodPIN = "482913"
	surname = "Inventado"
)

// bench is an office of a test's own, whose registrars the test starts.
type bench struct {
	*kiosktest.Office
	Centre   *central.Centre // of the desk at which it happens
	t        *testing.T
	ctx      context.Context
	notices  *pgx.Conn // hears what the desk hears
	verifier registrar.EvidenceVerifier
	orphan   bool          // the registrar knows no authority of desks
	real     *realChannels // instead of SMS and Mail
	options  string        // more of the workers' connection string: "&name=value"

	staffAuthority *trusttest.Authority // of staff cards; nil: registrars believe none
	clerk          *member              // is signed in
	boss           *member              // decides
}

func newBench(t *testing.T) *bench {
	t.Helper()
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), kiosktest.LifeTime)
	t.Cleanup(cancel)
	b := &bench{Office: kiosktest.NewOffice(t), t: t, ctx: ctx, verifier: verifierFunc(believe)}
	b.OpenCentre(ctx, t)
	b.Centre = b.Office.Centre
	var err error
	b.notices, err = pgx.Connect(ctx, b.DB.Admin())
	b.check(err)
	t.Cleanup(func() { _ = b.notices.Close(context.Background()) })
	b.staffAuthority = trusttest.MustIssue(t, trusttest.CaTemplate("(Test) staff"), nil, trusttest.MustKey(t))
	b.clerk, b.boss = b.hire("F0417", kiosk.RoleClerk), b.hire("F0102", kiosk.RoleSupervisor)
	b.clerk.signIn(nil)
	_, err = b.notices.Exec(ctx, `listen desk_events`)
	b.check(err)
	t.Cleanup(func() {
		for _, secret := range append(b.SMS.Secrets(), goodPIN, surname, "$argon2id") {
			if b.Log.Holds(secret) {
				t.Errorf("the log holds %q:\n%s", secret, b.Log)
			}
		}
	})
	return b
}

func (b *bench) check(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// start starts a registrar. change may alter it before it runs.
func (b *bench) start(workers int, change func(*kiosktest.Registrar)) *kiosktest.Registrar {
	b.t.Helper()
	return b.run(b.NewRegistrar(b.ctx, b.t, workers, b.options, b.configure), change)
}

// again starts a registrar that died, under its name.
func (b *bench) again(died *kiosktest.Registrar, workers int) *kiosktest.Registrar {
	b.t.Helper()
	return b.run(b.NewRegistrarNamed(b.ctx, b.t, died.Name, workers, b.options, b.configure), nil)
}

func (b *bench) configure(cfg *registrar.Config) {
	cfg.Verifier, cfg.Pepper = b.verifier, bytes.Clone(pepper)
	if b.staffAuthority != nil {
		cfg.StaffTrust = staff.New([]*x509.Certificate{b.staffAuthority.Cert}, nil)
	}
	if b.orphan {
		cfg.DeskAuthority = nil
	}
	if b.real != nil {
		cfg.SMS, cfg.Mail = b.real.sms, b.real.mail
	}
}

func (b *bench) run(r *kiosktest.Registrar, change func(*kiosktest.Registrar)) *kiosktest.Registrar {
	b.t.Helper()
	if change != nil {
		change(r)
	}
	r.Start(b.ctx, b.t)
	return r
}

// crash makes a worker die at a point: the server loses its connections, as when a process is killed,
// and not one more line of its job runs. died is closed then.
func (b *bench) crash(r *kiosktest.Registrar, point string) (died chan struct{}) {
	died = make(chan struct{})
	working := false
	r.Worker.CrashAt(func(at string) {
		working = working || at == "taken"
		if !working || at != point {
			return
		}
		b.kill(r)
		close(died)
		runtime.Goexit()
	})
	return died
}

// await waits for something that a worker does.
func (b *bench) await(done <-chan struct{}) {
	b.t.Helper()
	select {
	case <-done:
	case <-b.ctx.Done():
		b.t.Fatalf("it did not happen\n%s", b.Log)
	}
}

// free ends the leases of all jobs, as time does.
func (b *bench) free() {
	b.t.Helper()
	b.exec(`update centre.job set due_at = clock_timestamp() where state = 'running'`)
	b.exec(`notify registrar_work`)
}

// kill ends a worker's connections and returns when the server has forgotten them.
func (b *bench) kill(r *kiosktest.Registrar) {
	const sql = `select count(pg_terminate_backend(pid, 5000)) from pg_stat_activity
		where application_name = $1 and datname = current_database()`
	if _, err := b.Admin.Exec(b.ctx, sql, r.Name); err != nil {
		b.t.Errorf("killing: %v", err)
	}
}

func (b *bench) exec(sql string, args ...any) {
	b.t.Helper()
	_, err := b.Admin.Exec(b.ctx, sql, args...)
	b.check(err)
}

func scalar[T any](b *bench, sql string, args ...any) (v T) {
	b.t.Helper()
	b.check(b.Admin.QueryRow(b.ctx, sql, args...).Scan(&v))
	return v
}

// until asks again each time the desk hears something.
func (b *bench) until(what string, is func() bool) {
	b.t.Helper()
	for !is() {
		ctx, cancel := context.WithTimeout(b.ctx, 50*time.Millisecond) // not every change has a notice
		_, err := b.notices.WaitForNotification(ctx)
		cancel()
		if err != nil && (b.ctx.Err() != nil || b.notices.IsClosed()) {
			b.t.Fatalf("waiting until %s: %v\n%s", what, err, b.Log)
		}
	}
}

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

var lastNumber atomic.Int64

// visit is one enrolment from the desk's side.
type visit struct {
	*bench
	id          uuid.UUID
	shift       uuid.UUID // in which it was opened
	civilNumber string
	phone       string
	challenge   []byte
}

func (b *bench) visit() *visit {
	b.t.Helper()
	n := lastNumber.Add(1)
	return b.visitOf(fmt.Sprintf("99%06d", n), fmt.Sprintf("+35191%07d", n))
}

func (b *bench) visitOf(civilNumber, phone string) *visit {
	b.t.Helper()
	v := &visit{bench: b, id: newID(), shift: b.clerk.at(b.Centre), civilNumber: civilNumber, phone: phone}
	opened, err := b.Centre.Open(b.ctx, v.id, central.Person{Shift: v.shift, Document: kiosk.CitizenCard, Country: "PRT", CivilNumber: civilNumber})
	b.check(err)
	if opened.Refusal != "" {
		b.t.Fatalf("opening: %s", opened.Refusal)
	}
	v.challenge = opened.Challenge
	return v
}

func (v *visit) askForCode(channel kiosk.Channel, value string) {
	v.t.Helper()
	sent, err := v.Centre.SendCode(v.ctx, v.id, central.CodeRequest{ID: newID(), Channel: channel, Value: value, Language: kiosk.Portuguese})
	v.check(err)
	if sent.Refusal != "" {
		v.t.Fatalf("asking for a code: %s", sent.Refusal)
	}
}

func (v *visit) confirm(channel kiosk.Channel, code string) {
	v.t.Helper()
	answer, err := v.Centre.ConfirmCode(v.ctx, v.id, central.Attempt{ID: newID(), Channel: channel, Code: kiosk.Secret(code)})
	v.check(err)
	if answer.Refusal != "" {
		v.t.Fatalf("confirming: %s", answer.Refusal)
	}
}

// prove proves the phone with a code that a worker sends.
func (v *visit) prove() {
	v.t.Helper()
	v.askForCode(kiosk.SMS, v.phone)
	v.confirm(kiosk.SMS, v.SMS.Code(v.ctx, v.t, v.phone))
}

func (v *visit) bind(pin string) { v.bindSealed(v.seal(v.id, pin)) }

func (v *visit) seal(enrolment uuid.UUID, pin string) []byte {
	v.t.Helper()
	sealed, err := seal.PIN(v.Identity.Recipient(), enrolment, []byte(pin))
	v.check(err)
	return sealed
}

func (v *visit) bindSealed(sealed []byte) {
	v.t.Helper()
	_, err := v.Centre.Bind(v.ctx, v.id, transcript.Evidence{
		JWS: []byte(`{"payload":"e30","signatures":[]}`), Identity: []byte("identity"), SOD: []byte("sod"), SealedPIN: sealed,
	}, false)
	v.check(err)
}

// judged waits for the registrar's decision.
func (v *visit) judged() central.Status {
	v.t.Helper()
	var s central.Status
	v.until("the enrolment is judged", func() bool {
		var err error
		s, err = v.Centre.Status(v.ctx, v.id)
		v.check(err)
		return s.State == central.StateActive || s.State == central.StateRefused
	})
	return s
}

// verifierFunc is an evidence verifier.
type verifierFunc func(context.Context, transcript.Evidence, evidence.Expect) (*evidence.Verified, error)

func (f verifierFunc) Verify(ctx context.Context, b transcript.Evidence, e evidence.Expect) (*evidence.Verified, error) {
	return f(ctx, b, e)
}

// believe finds nothing wrong with any evidence.
func believe(_ context.Context, _ transcript.Evidence, e evidence.Expect) (*evidence.Verified, error) {
	return &evidence.Verified{
		Level: kiosk.LevelHigh, ValidUntil: kiosk.Date{Year: 2034, Month: 1, Day: 31},
		Identity: kiosk.Identity{
			Kind: e.Kind, Country: e.Country, CivilNumber: e.CivilNumber, DocumentNumber: e.CivilNumber + " 7 ZZ1",
			Surname: surname, GivenNames: "Zeferino", Sex: "M", Nationality: "PRT", TaxNumber: "400000001",
			BirthDate: kiosk.Date{Year: 1980, Month: 2, Day: 29}, ValidUntil: kiosk.Date{Year: 2034, Month: 1, Day: 31},
		},
		Checks: []kiosk.Check{{Name: kiosk.CheckRevocation, Result: kiosk.Passed, Source: "ocsp.example"}},
	}, nil
}
