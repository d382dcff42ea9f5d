package chaos_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/central/cluster"
	"balcao/kiosk/delivery"
	"balcao/kiosk/desk"
	"balcao/kiosk/evidence"
	"balcao/kiosk/examine"
	"balcao/kiosk/kiosktest"
	"balcao/kiosk/registrar"
	"balcao/mock-pcsc/fixtures"
	"balcao/mock-pcsc/pcscd"
)

// server is a PostgreSQL of which each house has a database in its turn, and the clock of whoever uses it.
type server struct {
	*cluster.Cluster
	dir    string
	offset atomic.Int64 // seconds that the clock is ahead of this computer's
}

func startServer(ctx context.Context) (*server, error) {
	dir, err := os.MkdirTemp("", "chaos-clock-")
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(dir, 0o755); err != nil { // the server is another user
		return nil, err
	}
	s := &server{dir: dir}
	if err := s.set(0); err != nil {
		return nil, err
	}
	// A crash is the server's, not the computer's: what was written is there, whether or not it reached the disk.
	s.Cluster, err = cluster.Start(ctx, cluster.Options{Clock: s.file(), Settings: []string{"synchronous_commit=on"}})
	return s, err
}

func (s *server) file() string { return filepath.Join(s.dir, "clock") }

func (s *server) set(seconds int64) error {
	s.offset.Store(seconds)
	next := s.file() + ".next" // the server reads a whole file, at each look at the clock
	if err := os.WriteFile(next, fmt.Appendf(nil, "+%d", seconds), 0o644); err != nil {
		return err
	}
	return os.Rename(next, s.file())
}

func (s *server) now() time.Time {
	return time.Now().Add(time.Duration(s.offset.Load()) * time.Second)
}

func (s *server) stop() {
	_ = s.Stop()
	_ = os.RemoveAll(s.dir)
}

// told is a last page that the clerk saw.
type told struct {
	errand   string
	register int64
	pending  bool
	state    kiosk.KeyStatus // of the key; "" where the page says none
}

// house is a desk with a centre of its own, and those who stand at the desk.
type house struct {
	*kiosktest.Office
	t        *testing.T
	ctx      context.Context
	server   *server
	first    uint64     // seed of the house
	seed     uint64     // of the visit
	rand     *rand.Rand // of that seed
	at       *visit
	fixtures *fixtures.Fixtures
	examiner *examine.Examiner
	slots    *kiosktest.Slots
	line     *line
	machine  *kiosktest.Machine
	sms      *post
	mail     *post
	channels func(*registrar.Config)
	rig      *rig // nil in a house whose readers and messages end before the wire
	own      bool // the staff card has a reader of its own
	service  int  // that reader's number
	stopDesk func()
	runner   *desk.Runner

	away    map[string]bool // what is down: "database", "door", "pcscd"
	steps   []string        // what was done
	struck  []string        // the faults
	phones  int
	persons map[string]*person // by their card
	reader  map[int]string     // which card is in which reader
	gone    [4]bool            // readers that are unplugged
	killed  atomic.Bool        // pcscd, at a command
	cards   []string           // of those who come to this house
	visits  int                // that were served
	ended   map[string]int     // last pages that the clerk saw, by errand

	mu       sync.Mutex
	state    kiosk.State
	news     chan struct{} // closed when there is something new
	said     []told        // since the last check
	lastTold kiosk.CaseID
	cases    map[kiosk.CaseID]bool // true: wiped
	left     []string              // what was left of cases
}

// newHouse opens a house for the seeds from first on.
func newHouse(t *testing.T, s *server, first uint64, daemon *pcscd.Daemon) *house {
	t.Helper()
	if err := s.set(0); err != nil {
		t.Fatal(err)
	}
	h := &house{
		Office: kiosktest.NewOffice(t), t: t, ctx: t.Context(), server: s, first: first, seed: first, ended: map[string]int{}, persons: map[string]*person{},
		slots: kiosktest.NewSlots(t), away: map[string]bool{}, reader: map[int]string{}, news: make(chan struct{}), cases: map[kiosk.CaseID]bool{},
	}
	h.DB = s.NewDatabase(t)
	t.Cleanup(func() { h.check(h.DB.Drop(context.Background())) })
	h.OpenCentre(h.ctx, t)
	var err error
	h.fixtures, err = fixtures.Open()
	h.check(err)
	h.examiner = kiosktest.Examiner(t, h.fixtures.Issued())
	h.examiner.Now = s.now
	h.exec(`update centre.setting set value = case name when 'pin_hash_memory_kib' then '7168' when 'pin_hash_passes' then '1' else to_jsonb(highest) end
		where name in ('pin_hash_memory_kib', 'pin_hash_passes', 'desk_opens_per_hour', 'desk_codes_per_hour', 'centre_opens_per_hour',
			'centre_codes_per_hour', 'prefix_codes_per_hour')`)
	h.check(kiosktest.Employ(h.ctx, h.Admin, "clerk", "clerk-2"))
	h.sms, h.mail = &post{Outbox: &h.SMS, name: "sms"}, &post{Outbox: &h.Mail, name: "mail"}
	h.channels = func(cfg *registrar.Config) { cfg.SMS, cfg.Mail = h.sms, h.mail }
	if daemon != nil {
		h.newRig(daemon)
	}
	h.machine = h.registrar("")
	h.line, err = newLine(h.ctx, h.Door.Address)
	h.check(err)
	t.Cleanup(h.line.close)
	// Of the whole house's, whichever seed it begins with.
	h.rand = rand.New(rand.NewPCG((first-1)/inHouse, inHouse))
	h.own = !h.one(4)
	h.cards = []string{pick(h, people), pick(h, people), pick(h, people)}
	h.open()
	return h
}

func (h *house) registrar(name string) *kiosktest.Machine {
	h.t.Helper()
	return h.StartMachine(h.ctx, h.t, name, 2, func(cfg *registrar.Config) {
		cfg.Verifier, cfg.StaffTrust, cfg.Now = evidence.Verifier{Examiner: h.examiner}, kiosktest.StaffTrust(h.t), h.server.now
		h.channels(cfg)
	})
}

// open starts the desk.
func (h *house) open() {
	h.t.Helper()
	centre, err := central.Dial(central.Config{
		URLs: []string{"https://" + h.line.address}, Certificate: h.Own, Roots: kiosktest.Roots(h.t), Timeout: 4 * time.Second, Now: h.server.now,
	})
	h.check(err)
	cfg := h.DeskConfig()
	cfg.Centre, cfg.Readers, cfg.Examiner, cfg.Show, cfg.Now = centre, h.slots, h.examiner, h.show, h.server.now
	cfg.Pace, cfg.Forgotten = kiosktest.Hurried, h.forgot
	cfg.Settings.DeskName, cfg.Settings.ShiftRequired = "Loja de ensaio", true
	h.slots.Readers = 2
	if h.own {
		cfg.StaffReader, h.slots.Readers, h.slots.Spare, h.service = "serviço", 3, 3, 3
	}
	if h.rig != nil {
		cfg.Readers = desk.PCSC{}
		if h.own {
			cfg.StaffReader, h.service = pcscd.Slots[1], 2
		}
	}
	h.runner, err = desk.New(cfg)
	h.check(err)
	stop := kiosktest.Run(h.ctx, h.t, nil, h.runner.Run)
	h.stopDesk = sync.OnceFunc(func() { stop(); centre.Close() })
	h.t.Cleanup(h.stopDesk)
}

func (h *house) show(s kiosk.State) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.state = s
	if _, known := h.cases[s.Case]; s.Case != 0 && !known && s.Errand.Has(kiosk.StepDocument) {
		h.cases[s.Case] = false
	}
	if r := s.Receipt; r != nil && s.Step == kiosk.StepDone && s.Case != h.lastTold {
		h.lastTold = s.Case
		page := told{errand: r.Errand, register: r.Register, pending: r.Pending}
		if r.Key != nil {
			page.state = r.Key.State
		}
		h.said = append(h.said, page)
		h.ended[r.Errand]++
	}
	h.wake()
}

func (h *house) forgot(id kiosk.CaseID, left func() []string) {
	kept := left()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.cases[id] {
		h.left = append(h.left, fmt.Sprintf("case %d was wiped twice", id))
	}
	h.cases[id] = true
	if len(kept) > 0 {
		h.left = append(h.left, fmt.Sprintf("case %d: %v", id, kept))
	}
	h.wake()
}

func (h *house) wake() {
	close(h.news)
	h.news = make(chan struct{})
}

// now returns what the screens show, and what is closed when they change.
func (h *house) now() (kiosk.State, <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.state, h.news
}

func (h *house) note(format string, args ...any) {
	h.steps = append(h.steps, fmt.Sprintf("%4d %s  ", len(h.steps), h.server.now().UTC().Format(time.TimeOnly))+fmt.Sprintf(format, args...))
}

func (h *house) check(err error) {
	h.t.Helper()
	if err != nil {
		h.fail("%v", err)
	}
}

// fail ends the test, and says how to have it again.
func (h *house) fail(format string, args ...any) {
	h.t.Helper()
	s, _ := h.now()
	log := h.Log.String()
	h.t.Fatalf("%s\n\nagain: make chaos SEEDS=%d-%d (the last of them)\nfaults:\n\t%s\nthe desk: %s\nafter\n\t%s\n%s", fmt.Sprintf(format, args...), h.first, h.seed,
		strings.Join(h.struck, "\n\t"), situation(s), strings.Join(h.steps[max(0, len(h.steps)-60):], "\n\t"), quiet(log))
}

func (h *house) exec(sql string, args ...any) {
	h.t.Helper()
	_, err := h.Admin.Exec(h.ctx, sql, args...)
	h.check(err)
}

// pass lets time go by: for desk, door, registrars and database.
func (h *house) pass(seconds int64) {
	h.check(h.server.set(h.server.offset.Load() + seconds))
	h.runner.Send(kiosk.Tick{Now: h.server.now()})
	if !h.away["database"] { // registrars look at what is due, as they do after a while
		_, _ = h.Admin.Exec(h.ctx, `notify registrar_work`)
	}
}

// post is a way for messages that can fail (registrar.Channel).
type post struct {
	*kiosktest.Outbox
	name string
	how  atomic.Int32 // one of mail…
}

const (
	postWorks int32 = iota
	postDown
	postThrottles
	postMute // takes the message, and its answer is lost
	postLost // neither takes nor answers
)

// Send delivers a message, or not.
func (p *post) Send(ctx context.Context, m delivery.Message) (string, error) {
	switch p.how.Load() {
	case postDown:
		return "", &delivery.Error{Code: p.name + "_unbound", Temporary: true}
	case postThrottles:
		return "", &delivery.Error{Code: p.name + "_throttled", Temporary: true}
	case postMute:
		if _, err := p.Outbox.Send(ctx, m); err != nil {
			return "", err
		}
		return "", &delivery.Error{Code: p.name + "_unanswered", Temporary: true, Unsure: true}
	case postLost:
		return "", &delivery.Error{Code: p.name + "_unanswered", Temporary: true, Unsure: true}
	}
	return p.Outbox.Send(ctx, m)
}

// quiet is the end of a log without what went well.
func quiet(log string) string {
	var said []string
	for line := range strings.Lines(log) {
		if !strings.Contains(line, `"status":20`) && !strings.Contains(line, `"msg":"worked"`) {
			said = append(said, line)
		}
	}
	return strings.Join(said[max(0, len(said)-40):], "")
}
