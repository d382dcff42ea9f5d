package desk_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"balcao/kiosk"
	"balcao/kiosk/central/cluster"
	"balcao/kiosk/desk"
	"balcao/kiosk/evidence"
	"balcao/kiosk/examine"
	"balcao/kiosk/kiosktest"
	"balcao/kiosk/registrar"
	"balcao/mock-pcsc/card"
	"balcao/mock-pcsc/fixtures"
)

func TestMain(m *testing.M) { cluster.TestMain(leakChecked{m}) }

// leakChecked runs the tests and then looks for goroutines that nobody waited for. The one that waits
// for the PostgreSQL server ends with it, which is later.
type leakChecked struct{ m *testing.M }

func (l leakChecked) Run() int {
	code := l.m.Run()
	server := goleak.IgnoreAnyFunction("os/exec.(*Cmd).Wait")
	if err := goleak.Find(server); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	return code
}

const goodPIN = "482913"

// bench is a desk on real parts but for the cable to the reader: emulated cards, the trust store of the
// test infrastructure and its status service, PostgreSQL with a registrar.
type bench struct {
	*kiosktest.Office
	t        *testing.T
	ctx      context.Context
	fixtures *fixtures.Fixtures
	slots    *kiosktest.Slots
	examiner *examine.Examiner
	centre   *shaky
	staffed  bool // desks want a shift, which a clerk opens: there is a centre
	numbers  int  // of phones that were given out
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := newCards(t)
	b.OpenCentre(b.ctx, t)
	b.centre = newShaky(b.Centre)
	r := b.NewRegistrar(b.ctx, t, 1, "", func(cfg *registrar.Config) {
		cfg.Verifier, cfg.Mail, cfg.StaffTrust = evidence.Verifier{Examiner: b.examiner}, cfg.SMS, kiosktest.StaffTrust(t)
	})
	r.Start(b.ctx, t)
	b.check(kiosktest.Employ(b.ctx, b.Admin))
	b.staffed, b.slots.Readers, b.slots.Spare = true, 3, 3
	return b
}

// newCards is a bench for tests that end before the centre is asked: there is none.
func newCards(t *testing.T) *bench {
	t.Helper()
	t.Parallel()
	b := &bench{Office: kiosktest.NewOffice(t), t: t, slots: kiosktest.NewSlots(t), centre: newShaky(nowhere{})}
	b.renew()
	var err error
	b.fixtures, err = fixtures.Open()
	b.check(err)
	b.examiner = kiosktest.Examiner(t, b.fixtures.Issued())
	t.Cleanup(func() {
		if n := b.slots.Unclosed(); n != 0 {
			t.Errorf("%d cards were not given back", n)
		}
		b.logIsClean()
	})
	return b
}

// renew begins the life time anew, for a test of many rounds: however many cards there are, each has as long.
func (b *bench) renew() {
	ctx, cancel := context.WithTimeout(b.t.Context(), kiosktest.LifeTime)
	b.t.Cleanup(cancel)
	b.ctx = ctx
}

func (b *bench) check(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// card returns a card of the fixtures and its PIN.
func (b *bench) card(name string) (card.Card, string) {
	b.t.Helper()
	c, err := b.fixtures.Card(name)
	b.check(err)
	for _, e := range b.fixtures.Entries() {
		if e.Name == name {
			return c, e.PIN
		}
	}
	return c, ""
}

// phone returns a number that was not used before in the test.
func (b *bench) phone() string {
	b.numbers++
	return fmt.Sprintf("+3519123456%02d", b.numbers)
}

func (b *bench) count(sql string) int {
	b.t.Helper()
	var n int
	b.check(b.Admin.QueryRow(b.ctx, sql).Scan(&n))
	return n
}

// oneKey says that there is exactly one key, with everything that belongs to it.
func (b *bench) oneKey() {
	b.t.Helper()
	if n := b.count(`select count(*) from centre.key`); n != 1 {
		b.t.Errorf("got %d keys, want 1", n)
	}
	if n := b.count(`select count(*) from centre.key where state = 'active'`); n != 1 {
		b.t.Errorf("got %d active keys, want 1", n)
	}
	if n := b.count(`select count(*) from centre.enrolment where state = 'pending'`); n != 0 {
		b.t.Errorf("%d enrolments are neither active nor refused", n)
	}
}

func (b *bench) noKey() {
	b.t.Helper()
	if n := b.count(`select count(*) from centre.key`); n != 0 {
		b.t.Errorf("got %d keys, want none", n)
	}
}

// logIsClean looks for anybody of the fixtures, and for what was typed, in the log.
func (b *bench) logIsClean() {
	text := b.Log.String()
	for _, e := range b.fixtures.Entries() {
		if e.Holder != "" && strings.Contains(text, e.Holder) {
			b.t.Errorf("the log names somebody:\n%s", text)
		}
	}
	for _, secret := range []string{goodPIN, "+351", "@"} {
		if kiosktest.Holds(text, secret) {
			b.t.Errorf("the log holds %q:\n%s", secret, text)
		}
	}
}

// running is a desk that runs.
type running struct {
	*bench
	runner *desk.Runner
	stop   func()

	mu        sync.Mutex
	seen      []kiosk.State
	news      chan struct{} // closed when there is something new
	forgotten map[kiosk.CaseID]func() []string
	from      int // the first state that until looks at
	channel   kiosk.Channel
	contact   string
	pin       string // of the card that was inserted last
}

// start starts a desk, at which the clerk signs in where there is a centre. change may alter its configuration.
func (b *bench) start(change func(*desk.Config)) *running {
	b.t.Helper()
	d := b.startEmpty(func(cfg *desk.Config) {
		if b.staffed {
			cfg.Settings.ShiftRequired, cfg.StaffReader = true, "serviço"
		}
		if change != nil {
			change(cfg)
		}
	})
	if b.staffed {
		d.signIn("clerk")
	}
	return d.fresh()
}

// startEmpty starts a desk at which nobody has signed in.
func (b *bench) startEmpty(change func(*desk.Config)) *running {
	b.t.Helper()
	d := &running{bench: b, news: make(chan struct{}), forgotten: map[kiosk.CaseID]func() []string{}}
	cfg := b.DeskConfig()
	cfg.Settings.DeskName, cfg.Centre, cfg.Readers, cfg.Examiner, cfg.Show = "Loja de ensaio", b.centre, b.slots, b.examiner, d.show
	cfg.Pace, cfg.Forgotten = kiosktest.Hurried, d.forgot
	change(&cfg)
	var err error
	d.runner, err = desk.New(cfg)
	b.check(err)
	stop := kiosktest.Run(b.ctx, b.t, nil, d.runner.Run)
	d.stop = sync.OnceFunc(func() { stop(); d.clean() })
	b.t.Cleanup(d.stop)
	return d
}

// part runs a subtest with the desk: what fails, fails there.
func (d *running) part(name string, f func()) bool {
	report := func(t *testing.T) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.t = t
	}
	whole := d.t
	defer report(whole)
	d.renew()
	return whole.Run(name, func(t *testing.T) { report(t); f() })
}

func (d *running) show(s kiosk.State) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if n := len(d.seen); n > 0 && (s.Case < d.seen[n-1].Case && s.Case != 0 || s.Now.Before(d.seen[n-1].Now)) {
		d.t.Errorf("a state of case %d at %v after one of case %d at %v", s.Case, s.Now, d.seen[n-1].Case, d.seen[n-1].Now)
	}
	d.seen = append(d.seen, s)
	d.wakeUp()
}

func (d *running) forgot(id kiosk.CaseID, left func() []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, twice := d.forgotten[id]; twice {
		d.t.Errorf("case %d was wiped twice", id)
	}
	d.forgotten[id] = left
	d.wakeUp()
}

func (d *running) wakeUp() {
	close(d.news)
	d.news = make(chan struct{})
}

// clean says that of every case that began nothing is left. Call it when the desk has ended.
func (d *running) clean() {
	d.mu.Lock()
	defer d.mu.Unlock()
	var last kiosk.CaseID
	approvals := map[kiosk.CaseID]bool{} // which have no document
	for _, s := range d.seen {
		last = max(last, s.Case)
		approvals[s.Case] = approvals[s.Case] || !s.Errand.Has(kiosk.StepDocument)
	}
	for id := kiosk.CaseID(1); id <= last; id++ {
		left, wiped := d.forgotten[id]
		if approvals[id] {
			continue
		}
		if !wiped {
			d.t.Errorf("case %d was not wiped", id)
		} else if left := left(); len(left) > 0 {
			d.t.Errorf("case %d: left %v", id, left)
		}
	}
}

// wait waits for something under the desk's lock.
func (d *running) wait(what string, met func() bool) {
	d.t.Helper()
	for {
		d.mu.Lock()
		ok, news := met(), d.news
		d.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-news:
		case <-d.ctx.Done():
			d.fail(what)
		}
	}
}

func (d *running) fail(what string) {
	d.t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.seen[len(d.seen)-1]
	problem := "none"
	if s.Problem != nil {
		problem = string(s.Problem.Code)
	}
	d.t.Fatalf("never came: %s. Case %d stands at %v, problem %s, review %q, contact %+v, awaited %q\n%s", what, s.Case, s.Step,
		problem, s.Review.Phase, s.Contact.Phone, s.Contact.Awaited, d.Log)
}

// until waits for a state since the last do or until.
func (d *running) until(what string, met func(kiosk.State) bool) (found kiosk.State) {
	d.t.Helper()
	d.wait(what, func() bool {
		for ; d.from < len(d.seen); d.from++ {
			if met(d.seen[d.from]) {
				found = d.seen[d.from]
				return true
			}
		}
		return false
	})
	return found
}

// fresh makes until look only at states to come.
func (d *running) fresh() *running {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.from = len(d.seen)
	return d
}

// do sends events; until then looks only at states that came after them.
func (d *running) do(events ...kiosk.Event) *running {
	d.fresh()
	for _, e := range events {
		d.runner.Send(e)
	}
	return d
}

func (d *running) untilForgotten(id kiosk.CaseID) {
	d.t.Helper()
	d.wait(fmt.Sprintf("end of case %d", id), func() bool { _, ok := d.forgotten[id]; return ok })
}

// ended is a context that is over.
func ended(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// supportFinds looks in the log for the line that tells the cause of an internal problem, by the reference that the screen
// shows.
func (d *running) supportFinds(s kiosk.State, cause string) {
	d.t.Helper()
	if s.Problem.Reference == "" {
		d.t.Errorf("the screen shows no reference: %+v", s.Problem)
		return
	}
	for line := range strings.Lines(d.Log.String()) {
		if strings.Contains(line, " reference="+s.Problem.Reference+" ") && strings.Contains(line, " "+cause+"=") {
			return
		}
	}
	d.t.Errorf("no line of the log has the reference and a cause:\n%s", d.Log)
}
