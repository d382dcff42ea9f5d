package registrar

import (
	"context"
	"sync"
	"time"

	"balcao/kiosk"
	"balcao/kiosk/delivery"
)

// How often the centre is told how the channels are, and how often the mail relay is asked, which
// takes a connection each time.
const (
	beatEvery  = 15 * time.Second
	probeEvery = time.Minute
)

// pulse remembers how the last message of each channel went.
type pulse struct {
	mu      sync.Mutex
	failing map[string]bool
}

// sent records how a send went. What is wrong with one address says nothing about the channel.
func (p *pulse) sent(channel string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failing == nil {
		p.failing = make(map[string]bool)
	}
	p.failing[channel] = err != nil && delivery.IsTemporary(err)
}

// health joins what a check of the channel and its last message say.
func (p *pulse) health(channel string, check error) kiosk.Health {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case check != nil:
		return kiosk.HealthDown
	case p.failing[channel]:
		return kiosk.HealthPoor
	}
	return kiosk.HealthGood
}

// heartbeat tells the centre, and through it every desk's status bar, that this registrar lives and
// how its channels are.
func (w *Worker) heartbeat(ctx context.Context) error {
	var mail error
	var probed time.Time
	pause := time.Second // the first beat comes before the bind is up; the second soon corrects it
	for {
		sms := w.check(ctx, w.cfg.SMS)
		if mail != nil || time.Since(probed) >= probeEvery {
			mail, probed = w.check(ctx, w.cfg.Mail), time.Now()
		}
		// Trouble shows in listen; a registrar that is not heard of counts as gone.
		_ = exec(ctx, w.cfg.DB, "beating", `select registrar.heartbeat($1, $2)`,
			string(w.pulse.health(string(kiosk.SMS), sms)), string(w.pulse.health(string(kiosk.Email), mail)))
		if err := sleep(ctx, pause); err != nil {
			return err
		}
		pause = beatEvery
	}
}

func (w *Worker) check(ctx context.Context, channel Channel) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return channel.Check(ctx)
}
