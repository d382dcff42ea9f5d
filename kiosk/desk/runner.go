// Package desk runs a kiosk.Session on real parts: it executes the session's commands against card
// readers and the centre, and feeds their results back as events.
//
// One goroutine owns the session and draws its state; one listens to the centre; one watches the
// readers; each document has one that talks to its card, and each request to the centre its own. The
// runner waits for all of them when it stops. Whatever belongs to a person lives in a visit and is wiped
// when the session says Forget.
package desk

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"filippo.io/age"
	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"balcao/kiosk"
	"balcao/kiosk/examine"
)

// Config is what a runner works with.
type Config struct {
	Settings  kiosk.Settings
	Centre    Centre            // the centre as a desk sees it
	Readers   Readers           // PC/SC
	Examiner  *examine.Examiner // trust anchors and revocation
	Recipient age.Recipient     // the centre's key for PINs
	// StaffReader is a part of the PC/SC name of the reader that is the staff card's alone; "" when staff cards share the
	// citizens'.
	StaffReader string
	Own         tls.Certificate // the desk's, which names it, and its key: under everything that goes to the centre
	Papers      Papers
	// SecondScreen, unless nil, tells whether the configured second monitor is there.
	SecondScreen func(context.Context) (bool, error)
	Show         func(kiosk.State) // draws; called with every state in order, must not block
	Log          *slog.Logger
	Now          func() time.Time
	Pace         Pace // UsualPace when zero
	// Forgotten, unless nil, is told when a case was wiped; left names what is still there of it when it is called: nothing.
	Forgotten func(id kiosk.CaseID, left func() []string)
}

// Runner drives one desk. Make it with New.
type Runner struct {
	cfg  Config
	desk string        // as its certificate names it
	key  crypto.Signer // of its certificate

	certificate *x509.Certificate
	session     *kiosk.Session // owned by the loop
	inbox       *queue[kiosk.Event]
	visit       *visit         // of the case at hand, nil between cases; owned by the loop
	work        sync.WaitGroup // visits that are not forgotten yet

	givenBack <-chan struct{} // closed when the last visit's card was given back; owned by the loop
	released  <-chan struct{} // closed when the last case was given back to the centre; nil before; owned by the loop

	staff    *staffWork
	shift    atomic.Pointer[shift]    // nil while nobody is signed in
	approval atomic.Pointer[approval] // of the case that a supervisor looks at, nil when none is

	watched atomic.Pointer[visit] // whose enrolment the centre's notices are about
	foreign atomic.Bool           // the centre speaks another version than this desk
	rules   atomic.Pointer[kiosk.Rules]
}

// New returns a runner that has not started. A desk without a certificate and its key has none: it could sign nothing.
func New(cfg Config) (*Runner, error) {
	key, ok := cfg.Own.PrivateKey.(crypto.Signer)
	if !ok || len(cfg.Own.Certificate) == 0 {
		return nil, errors.New("the desk has no certificate, or no key that can sign")
	}
	leaf, err := x509.ParseCertificate(cfg.Own.Certificate[0])
	if err != nil {
		return nil, fmt.Errorf("reading the desk's certificate: %w", err)
	}
	if public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool }); !ok || !public.Equal(leaf.PublicKey) {
		return nil, errors.New("the desk's key is not its certificate's")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Pace == (Pace{}) {
		cfg.Pace = UsualPace
	}
	cfg.Settings.StaffReader = cfg.StaffReader != ""
	if cfg.Settings.Reference == nil {
		cfg.Settings.Reference = newReference
	}
	r := &Runner{
		cfg:  cfg,
		desk: leaf.Subject.CommonName,
		key:  key, certificate: leaf,
		session: kiosk.NewSession(cfg.Settings, cfg.Now()),
		inbox:   newQueue[kiosk.Event](),
	}
	r.staff = &staffWork{runner: r, jobs: newQueue[staffJob]()}
	return r, nil
}

// newReference is short enough to be read out over the telephone, and random: it says nothing but which lines of the log
// belong together.
func newReference() string {
	text := rand.Text()
	return text[:4] + "-" + text[4:8]
}

// examiner is the configured one with the rules that the centre last told, for a visit.
func (r *Runner) examiner(of *visit) *examine.Examiner {
	v := *r.cfg.Examiner
	v.VerifyOnly = of.verifyOnly
	if rules := r.rules.Load(); rules != nil {
		v.Rules = *rules
	}
	if of.anyAge {
		v.Rules.MinAge = 0
	}
	return &v
}

// Send hands an event to the session. It never blocks and may be called from any goroutine.
func (r *Runner) Send(e kiosk.Event) { r.inbox.put(e) }

// answer hands the session what happened in a visit's case.
func (r *Runner) answer(v *visit, e kiosk.CaseEvent) { r.Send(kiosk.InCase{Case: v.id, Event: e}) }

// answerAbout hands the session what the centre says of an enrolment, unless the case has turned to another one since.
func (r *Runner) answerAbout(v *visit, enrolment uuid.UUID, e kiosk.CaseEvent) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.enrolmentID == enrolment {
		r.answer(v, e)
	}
}

// Run works until ctx ends, then cancels the case at hand, wipes it and waits for everything it started.
// It may be called once.
func (r *Runner) Run(ctx context.Context) error {
	g, running := errgroup.WithContext(ctx)
	g.Go(func() error { return r.loop(running) })
	g.Go(func() error { return r.watchReaders(running) })
	g.Go(func() error { return r.staff.run(running) })
	g.Go(func() error { return r.listenCentre(running) })
	err := g.Wait()
	r.shut(running)
	r.work.Wait()
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return err
}

// shut ends the case as the clerk's cancel would, so that the centre forgets the person as well, unless
// it is deciding. What nobody looked at any more goes to the session, which by then has no use for it and
// wipes the secrets in it.
func (r *Runner) shut(ctx context.Context) {
	last := []kiosk.Event{kiosk.ShiftEnded{}, kiosk.Cancel{}, kiosk.CancelConfirmed{}}
	for e, ok := r.inbox.take(); ok; e, ok = r.inbox.take() {
		last = append(last, e)
	}
	for _, e := range last {
		_, commands := r.session.Handle(e)
		r.execute(ctx, slices.DeleteFunc(commands, begins))
	}
	r.forget()
	r.endApproval()
	r.endShift(ctx)
}

// begins reports whether a command would begin something, which is too late when the desk shuts.
func begins(c kiosk.Command) bool {
	switch c.(type) {
	case kiosk.ReadDocument, kiosk.ReadTyped, kiosk.LookAtDesk, kiosk.ReadStaffCard, kiosk.SignIn, kiosk.UnlockShift, kiosk.ListCases, kiosk.TakeCase, kiosk.Decide,
		kiosk.ListAlerts, kiosk.OpenAlert, kiosk.DecideAlert:
		return true
	}
	return false
}

// loop is the only goroutine that touches the session.
func (r *Runner) loop(ctx context.Context) error {
	r.cfg.Show(r.session.State())
	wake := time.NewTimer(time.Hour)
	defer wake.Stop()
	for {
		r.setWake(wake)
		var e kiosk.Event
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-wake.C:
			e = kiosk.Tick{Now: r.cfg.Now()}
		case <-r.inbox.ready:
			var ok bool
			if e, ok = r.inbox.take(); !ok {
				continue
			}
		}
		r.handle(ctx, e)
	}
}

// handle gives the session the time, then the event, and carries out what it asks for.
func (r *Runner) handle(ctx context.Context, e kiosk.Event) {
	if _, tick := e.(kiosk.Tick); !tick {
		_, commands := r.session.Handle(kiosk.Tick{Now: r.cfg.Now()})
		r.execute(ctx, commands)
	}
	state, commands := r.session.Handle(e)
	r.cfg.Show(state)
	r.visit.spend(state.Step, r.cfg.Now())
	r.execute(ctx, commands)
}

func (r *Runner) setWake(timer *time.Timer) {
	at := r.session.State().Wake
	if at.IsZero() {
		timer.Stop()
		return
	}
	timer.Reset(max(0, at.Sub(r.cfg.Now())))
}

// execute carries out commands. Those that wait for something run elsewhere and report by Send.
func (r *Runner) execute(ctx context.Context, commands []kiosk.Command) {
	for _, c := range commands {
		switch c := c.(type) {
		case kiosk.ReadDocument:
			r.readDocument(ctx, c)
		case kiosk.Unlock:
			r.unlock(c)
		case kiosk.ReadTyped:
			r.readTyped(ctx, c)
		case kiosk.RecogniseAgain:
			r.recogniseAgain(c)
		case kiosk.Sign:
			r.sign(c)
		case kiosk.OpenEnrolment:
			r.open(c)
		case kiosk.SendCode:
			r.sendCode(c)
		case kiosk.ConfirmCode:
			r.confirmCode(c)
		case kiosk.CheckPIN:
			r.checkPIN(c)
		case kiosk.SendTryCode:
			r.sendTryCode(c)
		case kiosk.CheckTryCode:
			r.checkTryCode(c)
		case kiosk.SealPIN:
			r.sealPIN(c)
		case kiosk.ReadKey:
			r.readKey(c)
		case kiosk.SetActivation:
			r.setActivation(c)
		case kiosk.ConfirmActivation:
			r.confirmActivation(c)
		case kiosk.Search:
			r.search(ctx, c)
		case kiosk.SuspendByWord:
			r.suspendByWord(c)
		case kiosk.NotMe:
			r.notMe(ctx, c)
		case kiosk.ReadStored:
			r.readStored(c)
		case kiosk.ReadReport:
			r.readReport(ctx, c)
		case kiosk.PrintReceipt:
			r.printPaper(ctx, c)
		case kiosk.Bind:
			r.bind(c)
		case kiosk.Abandon:
			r.abandon(c)
		case kiosk.Forget:
			r.forget()
			r.endApproval()
		case kiosk.LookAtDesk:
			r.lookAtDesk(ctx, c)
		case kiosk.ReadStaffCard:
			r.readStaffCard(c)
		case kiosk.SignIn:
			r.signIn(c)
		case kiosk.UnlockShift:
			r.unlockShift(c)
		case kiosk.EndShift:
			r.endShift(ctx)
		case kiosk.StaffSign:
			r.staffSign(c)
		case kiosk.ListCases:
			r.listCases(ctx)
		case kiosk.TakeCase:
			r.takeCase(ctx, c)
		case kiosk.ReleaseCase:
			r.releaseCase(ctx, c)
		case kiosk.Decide:
			r.decide(c)
		case kiosk.ListAlerts:
			r.listAlerts(ctx, c)
		case kiosk.OpenAlert:
			r.openAlert(ctx, c)
		case kiosk.DecideAlert:
			r.decideAlert(c)
		}
	}
}

// queue is an unbounded first-in, first-out queue: senders never block, and the desk's own pace (a
// person's hands, a card) bounds its length.
type queue[T any] struct {
	mu    sync.Mutex
	items []T
	ready chan struct{}
}

func newQueue[T any]() *queue[T] { return &queue[T]{ready: make(chan struct{}, 1)} }

func (q *queue[T]) put(item T) {
	q.mu.Lock()
	q.items = append(q.items, item)
	q.mu.Unlock()
	q.signal()
}

func (q *queue[T]) signal() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

func (q *queue[T]) take() (item T, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.items) == 0 {
		return item, false
	}
	var none T
	item, q.items[0] = q.items[0], none // what was taken is not kept alive: it may be about a person
	q.items = q.items[1:]
	if len(q.items) > 0 {
		q.signal()
	}
	return item, true
}
