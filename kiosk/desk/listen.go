package desk

import (
	"context"
	"time"

	"balcao/kiosk"
	"balcao/kiosk/central"
)

// listenCentre keeps the line on which the centre announces, and with it the status bar.
func (r *Runner) listenCentre(ctx context.Context) error {
	return r.cfg.Centre.Listen(ctx, central.Line{
		Up: func(h central.Hello, missed bool) {
			r.heard(h)
			if missed {
				r.checkShift(ctx)
			}
			if v := r.watched.Load(); v != nil {
				r.tellStatus(v) // a notice may have been lost with the line
			}
		},
		Down: func(err error) {
			if !r.barred(err) {
				r.Send(kiosk.CentreChanged{Centre: kiosk.CentreStatus{Health: kiosk.HealthDown}})
			}
		},
		Notice: func(n central.Notice) {
			v := r.watched.Load()
			switch {
			case n.Kind == central.NoticeShift:
				r.checkShift(ctx)
			case n.Kind == central.NoticeCase:
				r.casesChanged()
			case v == nil || v.enrolment() != n.Enrolment:
			case n.Kind == central.NoticeTry:
				r.tellTry(v)
			case n.Kind == central.NoticeChip:
				v.ordered().tell()
			default:
				r.tellStatus(v)
				r.tellTry(v)
			}
		},
	})
}

// heard tells the session what the centre says of itself.
func (r *Runner) heard(h central.Hello) { r.Send(r.noted(h)) }

// noted keeps what the centre says of itself, and returns what the session is to hear of it.
func (r *Runner) noted(h central.Hello) kiosk.CentreChanged {
	r.foreign.Store(h.Version != central.Version)
	r.rules.Store(&h.Rules)
	health := kiosk.HealthGood
	if h.RoundTrip > time.Second {
		health = kiosk.HealthPoor
	}
	return kiosk.CentreChanged{
		Centre:   kiosk.CentreStatus{Health: health, RoundTrip: h.RoundTrip, Skew: h.Skew},
		Delivery: h.Delivery,
		Rules:    h.Rules,
	}
}

// rulesHold asks the centre, before something is signed, whether its rules are still those that it last told. When they
// are not, the session is told of them and that nothing was signed. A centre that does not answer at once is
// not waited for: it decides anyway.
func (r *Runner) rulesHold(ctx context.Context, id kiosk.CaseID) bool {
	asking, cancel := context.WithTimeout(ctx, r.cfg.Pace.Rules)
	defer cancel()
	before := kiosk.UsualRules() // by which the session works until it hears of others
	if told := r.rules.Load(); told != nil {
		before = *told
	}
	h, err := r.cfg.Centre.Hello(asking)
	if err != nil || before.Equal(h.Rules) {
		return !r.barred(err)
	}
	r.Send(kiosk.InCase{Case: id, Event: kiosk.RulesChanged{Centre: r.noted(h)}})
	return false
}

// tellStatus asks how the watched enrolment stands and tells the session.
func (r *Runner) tellStatus(v *visit) {
	enrolment := v.enrolment()
	s, err := r.cfg.Centre.Status(v.ctx, enrolment)
	if err != nil {
		r.barred(err)
		return // not open yet, or the line is down: the next heartbeat asks again
	}
	r.tellDelivery(v)
	r.decided(v, enrolment, s)
}

// tellDelivery asks how far the visit's messages came and tells the session.
func (r *Runner) tellDelivery(v *visit) {
	enrolment := v.enrolment()
	messages, err := r.cfg.Centre.Messages(v.ctx, enrolment)
	if err != nil {
		r.barred(err)
		return
	}
	var told kiosk.MessagesChanged
	newest := make(map[kiosk.Channel]central.Message) // of the codes: the others are of no use any more
	for _, m := range messages {
		told.Messages = append(told.Messages, kiosk.Message{Kind: m.Kind, Channel: m.Channel, Delivery: m.State, Reason: m.Reason, At: m.At})
		if m.Kind == kiosk.MessageCode {
			newest[m.Channel] = m
		}
	}
	r.answerAbout(v, enrolment, told)
	for _, channel := range []kiosk.Channel{kiosk.SMS, kiosk.Email} {
		if m, ok := newest[channel]; ok {
			r.answerAbout(v, enrolment, kiosk.DeliveryChanged{Channel: channel, Delivery: m.State, Reason: m.Reason})
		}
	}
}
