package delivery_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fiorix/go-smpp/smpp/pdu"
	"github.com/fiorix/go-smpp/smpp/pdu/pdufield"
	"github.com/fiorix/go-smpp/smpp/smpptest"

	"balcao/kiosk/delivery"
)

// Told that it is too fast the sender slows down, and comes back to full speed.
func TestPace(t *testing.T) {
	p := delivery.NewPace(10, 0)
	now := time.Now()
	if wait, ok := p.Reserve(now); wait != 0 || !ok {
		t.Errorf("before anything: wait %v, %v", wait, ok)
	}
	var gaps []time.Duration
	for range 12 {
		p.SlowerAt(now)
		p.SlowerAt(now) // of another that was under way
		gaps = append(gaps, p.Gap())
		now = now.Add(10 * time.Second)
	}
	for i, want := range []time.Duration{50, 100, 200, 400, 800, 1600, 3200, 5000, 5000} {
		if gaps[i] != want*time.Millisecond {
			t.Errorf("gap %d: got %v, want %v", i, gaps[i], want*time.Millisecond)
		}
	}
	var last time.Duration
	for range 3 {
		wait, ok := p.Reserve(now)
		if ok && wait < last {
			t.Errorf("turns overlap: %v after %v", wait, last)
		}
		last = wait
	}
	if _, ok := p.Reserve(now); ok {
		t.Error("a turn that is far away was waited for")
	}
	for n := 0; p.Gap() > 0; n++ {
		if p.Faster(); n > 200 {
			t.Fatalf("never at full speed again: %v", p.Gap())
		}
	}
	slow := delivery.NewPace(1, 100)
	slow.Faster()
	if slow.Gap() != 10*time.Millisecond {
		t.Errorf("faster than configured: %v", slow.Gap())
	}
}

// A message that a message centre is too busy for leaves when it is not, once.
func TestSMS_Throttled(t *testing.T) {
	c := newCentre(t)
	answer := c.Handler
	var refused atomic.Int32
	c.Handler = func(conn smpptest.Conn, p pdu.Body) {
		if p.Header().ID == pdu.SubmitSMID && refused.Add(1) <= 2 {
			no := pdu.NewSubmitSMResp()
			no.Header().Seq, no.Header().Status = p.Header().Seq, 0x58
			_ = conn.Write(no)
			return
		}
		answer(conn, p)
	}
	s := start(t, delivery.SMSConfig{Address: c.Addr()}, nil)
	began := time.Now()
	id, err := s.Send(t.Context(), delivery.Message{To: "+351912345678", Body: "x"})
	if err != nil || id != "id-1" {
		t.Fatalf("got %q, %v", id, err)
	}
	if took := time.Since(began); took < 150*time.Millisecond {
		t.Errorf("it did not slow down: %v", took)
	}
	if len(c.submits) != 1 {
		t.Errorf("taken %d times", len(c.submits))
	}
}

// No more messages wait for an answer at a time than the window has room for; the line is asked about meanwhile all the same.
func TestSMS_Window(t *testing.T) {
	c := newCentre(t)
	var (
		mu      sync.Mutex
		waiting []pdu.Body
		most    int
		asked   atomic.Int32
		conn    smpptest.Conn
	)
	full := make(chan struct{}, 100)
	answer := c.Handler
	c.Handler = func(by smpptest.Conn, p pdu.Body) {
		mu.Lock()
		defer mu.Unlock()
		switch p.Header().ID {
		case pdu.SubmitSMID:
			conn = by
			waiting = append(waiting, p)
			most = max(most, len(waiting))
			if len(waiting) == 3 {
				full <- struct{}{}
			}
			return
		case pdu.EnquireLinkID:
			asked.Add(1)
		}
		answer(by, p)
	}
	s := start(t, delivery.SMSConfig{Address: c.Addr(), Window: 3, EnquireEvery: 5 * time.Millisecond}, nil)
	const messages = 12
	var sending sync.WaitGroup
	for range messages {
		sending.Go(func() {
			if _, err := s.Send(t.Context(), delivery.Message{To: "+351912345678", Body: "x"}); err != nil {
				t.Error(err)
			}
		})
	}
	for range messages / 3 {
		<-full
		before := asked.Load()
		for asked.Load() == before { // the window is full, and the line is looked after
			time.Sleep(time.Millisecond)
		}
		mu.Lock()
		for _, p := range waiting {
			yes := pdu.NewSubmitSMResp()
			yes.Header().Seq = p.Header().Seq
			_ = yes.Fields().Set(pdufield.MessageID, "x")
			_ = conn.Write(yes)
		}
		waiting = nil
		mu.Unlock()
	}
	sending.Wait()
	if most != 3 {
		t.Errorf("%d waited at a time, want 3", most)
	}
}

// The same message has the same reference, and a code that is sent again replaces the one before where the message centre can.
func TestSMS_SameAgain(t *testing.T) {
	c := newCentre(t)
	s := start(t, delivery.SMSConfig{Address: c.Addr()}, nil)
	m := delivery.Message{To: "+351912345678", Body: "x", Key: "17", Replaces: true}
	if _, err := s.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	first := <-c.submits
	if got := field(first, pdufield.ReplaceIfPresentFlag); got != "1" {
		t.Errorf("replace_if_present_flag: got %s, want 1", got)
	}
	other := m
	other.Key = "18"
	if m.Reference() == 0 || m.Reference() == other.Reference() {
		t.Errorf("references %d and %d", m.Reference(), other.Reference())
	}
	answer := c.Handler
	c.Handler = func(conn smpptest.Conn, p pdu.Body) {
		if p.Header().ID == pdu.SubmitSMID && field(p, pdufield.ReplaceIfPresentFlag) == "1" {
			no := pdu.NewSubmitSMResp()
			no.Header().Seq, no.Header().Status = p.Header().Seq, 0x54 // ESME_RINVREPFLAG
			_ = conn.Write(no)
			return
		}
		answer(conn, p)
	}
	for range 2 {
		if _, err := s.Send(t.Context(), m); err != nil {
			t.Errorf("at a centre that replaces nothing: %v", err)
		}
		if got := field(<-c.submits, pdufield.ReplaceIfPresentFlag); got != "0" {
			t.Errorf("replace_if_present_flag: got %s, want 0", got)
		}
	}
}
