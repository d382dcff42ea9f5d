package door

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"balcao/kiosk/central"
	"balcao/kiosk/primary"
)

// Limits of streams.
const (
	deskStreams  = 4
	streamBuffer = 64              // events that a stream may be behind
	streamWrite  = 5 * time.Second // until a write counts as stuck
	streamCheck  = 30 * time.Second
	streamAgain  = 2 * time.Second // after a check that nobody answered
)

// event is one server-sent event, as it is written.
type event []byte

func newEvent(name string, data any) event {
	text, err := json.Marshal(data)
	if err != nil {
		panic("door: an event does not marshal: " + err.Error())
	}
	return fmt.Appendf(nil, "event: %s\ndata: %s\n\n", name, text)
}

// hub passes what PostgreSQL announces on to the streams. It never waits for one.
type hub struct {
	log *slog.Logger
	// most is how many streams there may be.
	most int

	mu        sync.Mutex
	listening bool
	stopped   bool
	all       int
	streams   map[string][]*stream // by desk
	gone      int                  // how many desks were announced to be gone
}

func newHub(most int, log *slog.Logger) *hub {
	return &hub{most: most, log: log, streams: map[string][]*stream{}}
}

// stream is what one GET of the events hears.
type stream struct {
	desk   string
	events chan event // closed at the end
	why    *problem   // of the end
}

// heard counts the desks that are gone. Whoever asks the database about a desk asks for it before, and hands it to join.
func (h *hub) heard() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.gone
}

// errMissed says that some desk was gone between heard and join.
var errMissed = errors.New("a desk was announced to be gone meanwhile")

// join begins a stream, whose caller leaves.
func (h *hub) join(desk string, heard int) (*stream, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case !h.listening || h.stopped || h.all >= h.most:
		return nil, errUnavailable
	case len(h.streams[desk]) >= deskStreams:
		return nil, errBusy
	case heard != h.gone:
		return nil, errMissed
	}
	s := &stream{desk: desk, events: make(chan event, streamBuffer)}
	h.streams[desk] = append(h.streams[desk], s)
	h.all++
	return s, nil
}

// leave ends a stream that may have ended.
func (h *hub) leave(s *stream) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.end(s, errInternal)
}

// end tells a stream why it ends. The hub is locked.
func (h *hub) end(s *stream, why *problem) {
	for i, other := range h.streams[s.desk] {
		if other != s {
			continue
		}
		rest := append(append([]*stream{}, h.streams[s.desk][:i]...), h.streams[s.desk][i+1:]...)
		if h.streams[s.desk] = rest; len(rest) == 0 {
			delete(h.streams, s.desk)
		}
		h.all--
		s.why = why
		close(s.events)
	}
}

// tell passes an event on to some streams. One that is too far behind ends. The hub is locked.
func (h *hub) tell(e event, streams []*stream) {
	for _, s := range streams {
		select {
		case s.events <- e:
		default:
			h.end(s, errBusy)
		}
	}
}

// notify passes on what PostgreSQL announced.
func (h *hub) notify(payload string) {
	var n struct {
		Desk string `json:"desk"`
		central.Notice
	}
	if json.Unmarshal([]byte(payload), &n) != nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if n.Kind != kindGone {
		h.tell(newEvent(central.EventNotice, n.Notice), h.streams[n.Desk])
		return
	}
	h.gone++
	for _, s := range h.streams[n.Desk] {
		h.end(s, errGone)
	}
}

// kindGone announces that a desk was suspended or revoked.
const kindGone central.NoticeKind = "gone"

// errGone ends the streams of a desk that was announced to be gone.
var errGone = &problem{status: http.StatusForbidden, code: central.RefusedDesk}

// line says whether the hub hears PostgreSQL. Streams are told of both changes: what was announced in between is lost.
func (h *hub) line(up bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if up == h.listening {
		return
	}
	h.listening = up
	for _, streams := range h.streams {
		h.tell(missed, streams)
	}
}

var missed = event("event: " + central.EventMissed + "\ndata:\n\n")

// stop ends all streams, and lets none begin.
func (h *hub) stop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stopped = true
	for _, streams := range h.streams {
		for _, s := range streams {
			h.end(s, errUnavailable)
		}
	}
}

// count returns how many streams there are.
func (h *hub) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.all
}

// ready reports whether the hub hears a PostgreSQL that takes writes.
func (h *hub) ready() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.listening && !h.stopped
}

// How the line to PostgreSQL is kept.
const (
	lineMeasured   = 5 * time.Second // how often it is asked for a sign of life
	lineFirstRetry = 100 * time.Millisecond
	lineLastRetry  = 5 * time.Second
)

// listen keeps the line until ctx ends.
func (h *hub) listen(ctx context.Context, cfg *pgx.ConnConfig) {
	for delay := lineFirstRetry; ctx.Err() == nil; delay = min(2*delay, lineLastRetry) {
		err := h.listenOnce(ctx, cfg)
		if h.ready() {
			delay = lineFirstRetry
		}
		h.line(false)
		if ctx.Err() == nil {
			h.log.WarnContext(ctx, "the line to PostgreSQL is lost", "sqlstate", problemOf(err).state)
		}
		select {
		case <-ctx.Done():
		case <-time.After(delay/2 + rand.N(delay/2)): //nolint:gosec // when, is no secret
		}
	}
}

func (h *hub) listenOnce(ctx context.Context, cfg *pgx.ConnConfig) error {
	within := func(do func(context.Context) error) error {
		ctx, cancel := context.WithTimeout(ctx, lineMeasured)
		defer cancel()
		return do(ctx)
	}
	var conn *pgx.Conn
	err := within(func(ctx context.Context) (err error) {
		conn, err = pgx.ConnectConfig(ctx, cfg)
		return err
	})
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(ctx) // it may be broken already
	}()
	err = within(func(ctx context.Context) error {
		_, err := conn.Exec(ctx, "listen desk_events")
		return err
	})
	for err == nil {
		if !primary.Writable(conn) {
			return errors.New("the server became a standby")
		}
		h.line(true)
		err = within(func(ctx context.Context) error {
			for {
				n, err := conn.WaitForNotification(ctx)
				if err != nil && ctx.Err() != nil && !conn.IsClosed() {
					return nil // it is time to measure
				} else if err != nil {
					return err
				}
				h.notify(n.Payload)
			}
		})
		if err == nil && ctx.Err() == nil {
			err = within(conn.Ping)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return err
}

// events answers GET central.PathEvents: it goes on until the desk is gone, reads too slowly, or the centre stops.
func (d *Door) events(w http.ResponseWriter, r *http.Request, c caller) error {
	if r.ContentLength != 0 {
		return errTooLarge
	}
	s, err := d.join(r.Context(), c)
	if err != nil {
		return err
	}
	defer d.hub.leave(s)
	answer := http.NewResponseController(w)
	write := func(e event) error {
		if err := answer.SetWriteDeadline(time.Now().Add(streamWrite)); err != nil {
			return err
		}
		if _, err := w.Write(e); err != nil {
			return err
		}
		return answer.Flush()
	}
	w.Header().Set("Content-Type", central.MediaEvents)
	pause := time.NewTicker(central.EventPause)
	defer pause.Stop()
	check := time.NewTimer(streamCheck/2 + rand.N(streamCheck/2)) //nolint:gosec // when, is no secret
	defer check.Stop()
	next, open := event(":\n\n"), true
	for {
		if err := write(next); err != nil || !open {
			return nil //nolint:nilerr // whoever listened is gone
		}
		next = event(":\n\n")
		select {
		case <-r.Context().Done():
			return nil
		case <-pause.C:
		case next, open = <-s.events:
			if !open {
				next = newEvent(central.EventEnd, d.whyEnded(r.Context(), c, s).code)
			} else if string(next) == string(missed) {
				check.Reset(rand.N(time.Second)) //nolint:gosec // it may have been this desk's end
			}
		case <-check.C:
			_, err := d.hello(r.Context(), c)
			p := problemOf(err)
			switch {
			case err == nil:
				check.Reset(streamCheck)
			case p.status == http.StatusForbidden:
				next, open = newEvent(central.EventEnd, p.code), false
			default:
				check.Reset(streamAgain)
			}
		}
	}
}

// whyEnded is why a stream ended. A desk of which something was announced is asked about: what ended may have been
// another of its certificates, and it comes back.
func (d *Door) whyEnded(ctx context.Context, c caller, s *stream) *problem {
	if s.why != errGone {
		return s.why
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second/2)
	defer cancel()
	if _, err := d.hello(ctx, c); err != nil && problemOf(err).status == http.StatusForbidden {
		return problemOf(err)
	}
	return errUnavailable
}

// join begins a stream of a desk that the database knows.
func (d *Door) join(ctx context.Context, c caller) (*stream, error) {
	for {
		heard := d.hub.heard()
		desk, err := d.hello(ctx, c)
		if err != nil {
			return nil, err
		}
		s, err := d.hub.join(desk, heard)
		if err != nil && d.hub.ready() { // otherwise it is not for want of a place
			_ = d.figures.turnedAway("streams", err)
		}
		if !errors.Is(err, errMissed) {
			return s, err
		}
	}
}
