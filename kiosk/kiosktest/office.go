package kiosktest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5/pgxpool"

	"balcao/kiosk/central"
	"balcao/kiosk/central/cluster"
	"balcao/kiosk/delivery"
	"balcao/kiosk/desk"
	"balcao/kiosk/registrar"
)

const (
	LifeTime = 2 * time.Minute // of a test that hangs; the race detector on busy cores makes of one Argon2id tens of seconds
	DeskName = "loja_1"        // in the desk's certificate
)

// Office is a desk with its centre, of a test's own: a database, registrars and desks that the test starts.
type Office struct {
	Own      tls.Certificate     // the desk's, from OpenCentre on one that the centre knows
	Identity *age.X25519Identity // the centre's: opens the PINs
	Records  ed25519.PrivateKey  // the registrars': signs what sign-in trusts of a key
	SMS      Outbox
	Mail     Outbox
	Log      *Log // of desks and registrars

	// From OpenCentre on.
	DB     *cluster.Database
	Door   *Door
	Centre *central.Centre // as the desk reaches it
	Admin  *pgxpool.Pool

	registrars int  // that were made
	employed   bool // the clerks are registered
}

// NewOffice is an office without a database yet.
func NewOffice(t testing.TB) *Office {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	check(t, err)
	_, records, err := ed25519.GenerateKey(nil)
	check(t, err)
	return &Office{Own: NewDesk(t, DeskName), Identity: identity, Records: records, Log: &Log{}}
}

// OpenCentre makes the database, opens the centre's door, and connects the desk and an administrator. The package's
// TestMain is cluster.TestMain. A test with a server of its own has set DB.
func (o *Office) OpenCentre(ctx context.Context, t testing.TB) {
	t.Helper()
	if o.DB == nil {
		o.DB = cluster.NewDatabase(t)
	}
	var err error
	o.Admin, err = pgxpool.New(ctx, o.DB.Admin())
	check(t, err)
	t.Cleanup(o.Admin.Close)
	o.DB.Pool = o.Admin
	o.Door = o.NewDoor(ctx, t)
	o.Own = o.DB.Desk(DeskName)
	o.Centre = o.Dial(t, DeskName)
}

// Registrar is one of the office's, whose connections have a name of their own.
type Registrar struct {
	Worker *registrar.Worker
	Pool   *pgxpool.Pool
	Name   string
	Stop   func() // nil before Start
}

// NewRegistrar makes a registrar of so many workers, which does not run yet. set alters its configuration: it has no
// verifier of evidence. options is more of its connection string: "&name=value".
func (o *Office) NewRegistrar(ctx context.Context, t testing.TB, workers int, options string, set func(*registrar.Config)) *Registrar {
	t.Helper()
	o.registrars++
	return o.NewRegistrarNamed(ctx, t, fmt.Sprintf("worker-%d", o.registrars), workers, options, set)
}

// NewRegistrarNamed is NewRegistrar of a name, as of one that starts again.
func (o *Office) NewRegistrarNamed(ctx context.Context, t testing.TB, name string, workers int, options string, set func(*registrar.Config)) *Registrar {
	t.Helper()
	r := &Registrar{Name: name}
	dsn, separator := o.DB.Registrar(), "?"
	if strings.Contains(dsn, separator) {
		separator = "&"
	}
	few, err := registrar.PoolConfig(dsn+separator+"application_name="+r.Name+options, workers)
	check(t, err)
	few.MaxConns = int32(workers + 2) // a connection costs more than all that a test does on it
	r.Pool, err = pgxpool.NewWithConfig(ctx, few)
	check(t, err)
	t.Cleanup(r.Pool.Close)
	cfg := registrar.Config{
		DB: r.Pool, SMS: &o.SMS, Mail: &o.Mail, Texts: delivery.Texts{Support: "300 003 990"}, Workers: workers,
		Identity: o.Identity, RecordKey: bytes.Clone(o.Records), Pepper: bytes.Repeat([]byte{7}, registrar.PepperLength), DeskAuthority: cluster.DeskAuthority(), Name: r.Name,
		Log: slog.New(slog.NewJSONHandler(o.Log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	set(&cfg)
	r.Worker, err = registrar.New(cfg)
	check(t, err)
	return r
}

// Start runs it until Stop, or until the test ends.
func (r *Registrar) Start(ctx context.Context, t testing.TB) {
	stop := Run(ctx, t, context.Canceled, r.Worker.Run)
	r.Stop = func() { stop(); r.Pool.Close() }
}

// DeskConfig is the office's desk, without settings, readers, examiner and screens.
func (o *Office) DeskConfig() desk.Config {
	return desk.Config{
		Centre: o.Centre, Recipient: o.Identity.Recipient(), Own: o.Own,
		Log: slog.New(slog.NewTextHandler(o.Log, nil)),
	}
}

// Run runs something until stop, at the latest until the test ends, and fails the test when it returns anything but want.
func Run(ctx context.Context, t testing.TB, want error, run func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; !errors.Is(err, want) {
			t.Errorf("Run: got %v, want %v", err, want)
		}
	})
	t.Cleanup(stop)
	return stop
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
