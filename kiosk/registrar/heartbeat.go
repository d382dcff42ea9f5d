package registrar

import (
	"context"
	"sync"
	"time"

	"balcao/kiosk"
	"balcao/kiosk/delivery"
)

// How often the centre is told how the channels are, when nothing changes; how often while one of them is
// not well; and how often a mail relay that is well is asked, which takes a connection each time.
const (
	beatEvery    = 15 * time.Second
	troubleEvery = 3 * time.Second
	probeEvery   = time.Minute
)

// firstBind is how long the first beat waits for the bind to the message centre, which begins when the
// registrar does. Without it every desk would show trouble for a moment after each start.
const firstBind = 2 * time.Second

// channels remembers how the last message of each channel went.
type channels struct {
	changed chan struct{} // holds a token when a channel's health changed

	mu      sync.Mutex
	failing map[kiosk.Channel]bool
}

func newChannels() *channels {
	return &channels{changed: make(chan struct{}, 1), failing: make(map[kiosk.Channel]bool)}
}

// sent records how a send went. What is wrong with one address says nothing about the channel.
func (c *channels) sent(channel kiosk.Channel, err error) {
	failing := err != nil && delivery.IsTemporary(err)
	c.mu.Lock()
	before := c.failing[channel]
	c.failing[channel] = failing
	c.mu.Unlock()
	if failing != before {
		select {
		case c.changed <- struct{}{}:
		default: // a token waits already
		}
	}
}

// health joins what a check of the channel and its last message say.
func (c *channels) health(channel kiosk.Channel, check error) kiosk.Health {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case check != nil:
		return kiosk.HealthDown
	case c.failing[channel]:
		return kiosk.HealthPoor
	}
	return kiosk.HealthGood
}

// heartbeat tells the centre, and through it every desk's status bar, that this registrar lives and
// how its channels are: at once when that changes.
func (w *Worker) heartbeat(ctx context.Context) error {
	w.awaitBind(ctx)
	var mail error
	var probed time.Time
	for {
		changed := changeOf(w.cfg.SMS) // before the check: what changes after it is not missed
		sms := check(ctx, w.cfg.SMS)
		if mail != nil || time.Since(probed) >= probeEvery {
			mail, probed = check(ctx, w.cfg.Mail), time.Now()
		}
		smsHealth, mailHealth := w.channels.health(kiosk.SMS, sms), w.channels.health(kiosk.Email, mail)
		w.metrics.beat(kiosk.SMS, smsHealth)
		w.metrics.beat(kiosk.Email, mailHealth)
		// Trouble shows in listen; a registrar that is not heard of counts as gone.
		_ = exec(ctx, w.cfg.DB, "beating", `select registrar.heartbeat(p_worker => $1, p_sms => $2, p_email => $3)`,
			w.cfg.Name, string(smsHealth), string(mailHealth))
		w.beaten()
		pause := beatEvery
		if smsHealth != kiosk.HealthGood || mailHealth != kiosk.HealthGood {
			pause = troubleEvery
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-changed:
		case <-w.channels.changed:
		}
		timer.Stop()
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// awaitBind waits for the message centre, for a moment.
func (w *Worker) awaitBind(ctx context.Context) {
	timer := time.NewTimer(firstBind)
	defer timer.Stop()
	for {
		changed := changeOf(w.cfg.SMS)
		if check(ctx, w.cfg.SMS) == nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			return
		case <-changed:
		}
	}
}

// changeOf returns a channel that is closed when Check may answer otherwise than now, of a channel that
// knows; *delivery.SMS does. A mail relay is only known by being asked.
func changeOf(channel Channel) <-chan struct{} {
	if c, ok := channel.(interface{ Changed() <-chan struct{} }); ok {
		return c.Changed()
	}
	return nil
}

func check(ctx context.Context, channel Channel) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return channel.Check(ctx)
}
