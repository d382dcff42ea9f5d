package delivery_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fiorix/go-smpp/smpp/pdu"
	"github.com/fiorix/go-smpp/smpp/pdu/pdufield"
	"github.com/fiorix/go-smpp/smpp/smpptest"
	"go.uber.org/goleak"

	"balcao/kiosk"
	"balcao/kiosk/delivery"
)

func TestMain(m *testing.M) {
	log.SetOutput(io.Discard) // smpptest tells the standard logger of each closed connection
	goleak.VerifyTestMain(m)
}

// centre is a message centre made of another library than the sender's.
type centre struct {
	*smpptest.Server
	submits  chan pdu.Body
	receipts chan uint32 // command_status of each deliver_sm_resp

	mu     sync.Mutex
	status pdu.Status // of the next submit_sm_resp
	mute   bool       // take submits and answer nothing
	taken  int
	names  []string      // message_ids that are given instead of id-1, id-2 …
	conn   smpptest.Conn // of the last submit
}

// deliver writes to the sender between two answers: the server's connections are not for two at once.
func (c *centre) deliver(p pdu.Body) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.conn.Write(p)
}

func newCentre(t *testing.T) *centre {
	t.Helper()
	c := &centre{Server: smpptest.NewUnstartedServer(), submits: make(chan pdu.Body, 64), receipts: make(chan uint32, 16)}
	c.User, c.Passwd = "balcao", "balcao"
	c.Handler = c.handle
	c.Start()
	t.Cleanup(c.Close)
	return c
}

func (c *centre) handle(conn smpptest.Conn, p pdu.Body) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch p.Header().ID {
	case pdu.EnquireLinkID:
		answer := pdu.NewEnquireLinkRespSeq(p.Header().Seq)
		_ = conn.Write(answer)
	case pdu.DeliverSMRespID:
		c.receipts <- uint32(p.Header().Status)
	case pdu.UnbindID:
		_ = conn.Close()
	case pdu.SubmitSMID:
		c.conn = conn
		c.submits <- p
		if c.mute {
			return
		}
		answer := pdu.NewSubmitSMResp()
		answer.Header().Seq = p.Header().Seq
		answer.Header().Status = c.status
		c.taken++
		id := fmt.Sprintf("id-%d", c.taken)
		if c.taken <= len(c.names) {
			id = c.names[c.taken-1]
		}
		_ = answer.Fields().Set(pdufield.MessageID, id)
		_ = conn.Write(answer)
	}
}

func (c *centre) answerWith(status pdu.Status) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status = status
}

// start returns a sender whose Run ends with the test.
func start(t *testing.T, cfg delivery.SMSConfig, receipt func(context.Context, delivery.Receipt) error) *delivery.SMS {
	t.Helper()
	cfg.SystemID, cfg.Password, cfg.Source = "balcao", "balcao", "CMD"
	if cfg.Timeout == 0 {
		cfg.Timeout = 5 * time.Second
	}
	if receipt == nil {
		receipt = func(context.Context, delivery.Receipt) error { return nil }
	}
	s, err := delivery.NewSMS(cfg, slog.New(slog.NewTextHandler(t.Output(), nil)), receipt)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Run: got %v, want context.Canceled", err)
		}
	})
	return s
}

// rawPDU is a PDU written octet by octet: the library writes one too many into a deliver_sm.
type rawPDU struct {
	pdu.Body
	octets []byte
}

func (r rawPDU) SerializeTo(w io.Writer) error {
	_, err := w.Write(r.octets)
	return err
}

// deliverSM writes the mandatory parameters of SMPP 3.4 §4.6.1, and optional ones as they are.
func deliverSM(class byte, text string, optional ...byte) rawPDU {
	body := []byte("\x00\x01\x01351912345678\x00\x05\x00CMD\x00")
	body = append(body, class, 0, 0, 0, 0, 0, 0, 0, 0, byte(len(text)))
	body = append(append(body, text...), optional...)
	head := binary.BigEndian.AppendUint32(nil, uint32(16+len(body)))
	head = append(head, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 77)
	return rawPDU{octets: append(head, body...)}
}

func field(p pdu.Body, name pdufield.Name) string { return p.Fields()[name].String() }

func TestSMS_Send(t *testing.T) {
	c := newCentre(t)
	s := start(t, delivery.SMSConfig{Address: c.Addr()}, nil)
	id, err := s.Send(t.Context(), delivery.Message{To: "+351912345678", Body: "CMD: 048291\nUm código não é assim.", Expires: time.Now().Add(5 * time.Minute)})
	if err != nil || id != "id-1" {
		t.Fatalf("got %q, %v", id, err)
	}
	p := <-c.submits
	for name, want := range map[pdufield.Name]string{
		pdufield.DestinationAddr: "351912345678", pdufield.DestAddrTON: "1", pdufield.DestAddrNPI: "1",
		pdufield.SourceAddr: "CMD", pdufield.SourceAddrTON: "5",
		pdufield.RegisteredDelivery: "1", pdufield.DataCoding: "8", pdufield.ESMClass: "0",
		pdufield.ValidityPeriod: "000000000500000R",
	} {
		if got := field(p, name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if !s.Bound() {
		t.Error("not bound after sending")
	}
}

func TestSMS_SendLong(t *testing.T) {
	c := newCentre(t)
	s := start(t, delivery.SMSConfig{Address: c.Addr()}, nil)
	id, err := s.Send(t.Context(), delivery.Message{To: "+351912345678", Body: strings.Repeat("0123456789", 31) + "{"})
	if err != nil || id != "id-3" {
		t.Fatalf("got %q, %v; want the identifier of the last part", id, err)
	}
	var text string
	for i := range 3 {
		p := <-c.submits
		if got := field(p, pdufield.ESMClass); got != "64" {
			t.Errorf("part %d: esm_class %s, want 64", i, got)
		}
		wantReceipt := map[bool]string{false: "0", true: "1"}[i == 2]
		if got := field(p, pdufield.RegisteredDelivery); got != wantReceipt {
			t.Errorf("part %d: registered_delivery %s, want %s", i, got, wantReceipt)
		}
		text += string(p.Fields()[pdufield.ShortMessage].Bytes())
	}
	if !strings.Contains(text, "0123456789") {
		t.Errorf("the parts do not carry the text")
	}
}

func TestSMS_Refusals(t *testing.T) {
	c := newCentre(t)
	s := start(t, delivery.SMSConfig{Address: c.Addr()}, nil)
	tests := []struct {
		status    pdu.Status
		code      string
		temporary bool
		reason    kiosk.FailReason
	}{
		{0x0b, "sms_address", false, kiosk.FailUnknownNumber},
		{0x58, "sms_throttled", true, kiosk.FailUnavailable},
		{0x14, "sms_throttled", true, kiosk.FailUnavailable},
		{0x08, "sms_refused_08", true, kiosk.FailRefused},
	}
	for _, tt := range tests {
		c.answerWith(tt.status)
		s := start(t, delivery.SMSConfig{Address: c.Addr()}, nil) // as fast as one that was never slowed down
		_, err := s.Send(t.Context(), delivery.Message{To: "+351912345678", Body: "x"})
		<-c.submits
		if delivery.Code(err) != tt.code || delivery.IsTemporary(err) != tt.temporary || delivery.Reason(err) != tt.reason {
			t.Errorf("status %x: got %v, want %s", uint32(tt.status), err, tt.code)
		}
	}
	if _, err := s.Send(t.Context(), delivery.Message{To: "912345678", Body: "x"}); delivery.Code(err) != "sms_address" {
		t.Errorf("a number that is not E.164: got %v", err)
	}
}

func TestSMS_Unanswered(t *testing.T) {
	c := newCentre(t)
	c.mute = true
	s := start(t, delivery.SMSConfig{Address: c.Addr(), Timeout: 50 * time.Millisecond}, nil)
	_, err := s.Send(t.Context(), delivery.Message{To: "+351912345678", Body: "x"})
	failure, ok := errors.AsType[*delivery.Error](err)
	if !ok || failure.Code != "sms_timeout" || !failure.Temporary || !failure.Unsure {
		t.Errorf("got %#v, want an unsure sms_timeout", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-c.submits
		<-c.submits
		cancel()
	}()
	if _, err := s.Send(ctx, delivery.Message{To: "+351912345678", Body: "x"}); err == nil {
		t.Error("sent although nobody answered")
	}
}

func TestSMS_BindsAgain(t *testing.T) {
	c := newCentre(t)
	var lost atomic.Bool
	answer := c.Handler
	c.Handler = func(conn smpptest.Conn, p pdu.Body) {
		if p.Header().ID == pdu.SubmitSMID && !lost.Swap(true) {
			_ = conn.Close() // lost before the answer
			return
		}
		answer(conn, p)
	}
	s := start(t, delivery.SMSConfig{Address: c.Addr()}, nil)
	_, err := s.Send(t.Context(), delivery.Message{To: "+351912345678", Body: "x"})
	if delivery.Code(err) != "sms_lost" || !delivery.IsTemporary(err) {
		t.Fatalf("got %v, want sms_lost", err)
	}
	if id, err := s.Send(t.Context(), delivery.Message{To: "+351912345678", Body: "x"}); err != nil || id == "" {
		t.Errorf("after binding again: got %q, %v", id, err)
	}
}

func TestSMS_EnquireLink(t *testing.T) {
	c := newCentre(t)
	asked := make(chan struct{}, 100)
	answer := c.Handler
	c.Handler = func(conn smpptest.Conn, p pdu.Body) {
		if p.Header().ID == pdu.EnquireLinkID {
			asked <- struct{}{}
			return // silent: the sender has to give the connection up
		}
		if p.Header().ID == pdu.UnbindID {
			asked <- struct{}{}
		}
		answer(conn, p)
	}
	start(t, delivery.SMSConfig{Address: c.Addr(), EnquireEvery: time.Millisecond, Timeout: 50 * time.Millisecond}, nil)
	<-asked
	<-asked // unbind
}

func TestSMS_Receipts(t *testing.T) {
	c := newCentre(t)
	got := make(chan delivery.Receipt, 4)
	failing := errors.New("database down")
	fail := true
	s := start(t, delivery.SMSConfig{Address: c.Addr()}, func(_ context.Context, r delivery.Receipt) error {
		got <- r
		if fail {
			fail = false
			return failing
		}
		return nil
	})
	if _, err := s.Send(t.Context(), delivery.Message{To: "+351912345678", Body: "x"}); err != nil {
		t.Fatal(err)
	}
	receipt := func(class uint8, text string) {
		c.deliver(deliverSM(class, text))
	}
	const delivered = "id:id-1 sub:001 dlvrd:001 submit date:2611230800 done date:2611230801 stat:DELIVRD err:000 text:x"
	receipt(4, delivered)
	if status := <-c.receipts; status != 0x64 {
		t.Errorf("a receipt that could not be stored was acknowledged with %x, want 64 (temporary)", status)
	}
	receipt(4, delivered)
	receipt(0, "a message from a phone")
	receipt(4, strings.Replace(delivered, "DELIVRD", "ENROUTE", 1))
	receipt(4, strings.Replace(delivered, "DELIVRD", "UNDELIV", 1))
	for i := range 4 {
		if status := <-c.receipts; status != 0 {
			t.Errorf("deliver_sm %d acknowledged with %x", i, status)
		}
	}
	close(got)
	all := make([]delivery.Receipt, 0, 3)
	for r := range got {
		all = append(all, r)
	}
	arrived := delivery.Receipt{MessageID: "id-1", Delivered: true, From: "+351912345678"}
	want := []delivery.Receipt{arrived, arrived, {MessageID: "id-1", Reason: kiosk.FailOther, From: "+351912345678"}}
	if !slices.Equal(all, want) {
		t.Errorf("got %v, want %v", all, want)
	}
}

// What the parser cannot take ends the connection, never the process.
func TestSMS_Nonsense(t *testing.T) {
	c := newCentre(t)
	s := start(t, delivery.SMSConfig{Address: c.Addr()}, nil)
	send := func() {
		t.Helper()
		for { // one that was under way when the connection ended is lost
			_, err := s.Send(t.Context(), delivery.Message{To: "+351912345678", Body: "x"})
			if err == nil {
				return
			}
			if !delivery.IsTemporary(err) || t.Context().Err() != nil {
				t.Fatal(err)
			}
		}
	}
	send()
	for _, nonsense := range []rawPDU{
		deliverSM(4, "id:1 stat:DELIVRD", 0x04, 0x27, 0xff, 0xff), // an optional parameter of length -1
		deliverSM(0x44, "\xff"),                                   // a header of user data longer than the data
		{octets: []byte("\x7f\xff\xff\xff garbage garbage")},
	} {
		c.deliver(nonsense)
		send()
	}
}

func TestSMS_Unbound(t *testing.T) {
	c := newCentre(t)
	c.Passwd = "other" // the bind is refused by closing
	s := start(t, delivery.SMSConfig{Address: c.Addr()}, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Send(ctx, delivery.Message{To: "+351912345678", Body: "x"}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	if s.Bound() {
		t.Error("bound with a wrong password")
	}
}

func TestSMSConfig_Validate(t *testing.T) {
	good := delivery.SMSConfig{Address: "127.0.0.1:2775", SystemID: "balcao", Password: "balcao", Source: "CMD"}
	if err := good.Validate(); err != nil {
		t.Errorf("good: %v", err)
	}
	err := delivery.SMSConfig{Address: "nowhere", Password: "123456789", Source: "a name that is too long"}.Validate()
	for _, want := range []string{"address", "system_id", "password", "source"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not reported in %v", want, err)
		}
	}
	for source, ok := range map[string]bool{"CMD": true, "+351300003990": true, "3838": true, "Loja Cidadao": false, "": false, "Cidadão": false, "+": false} {
		good.Source = source
		if err := good.Validate(); (err == nil) != ok {
			t.Errorf("source %q: got %v", source, err)
		}
	}
}

// Codes and the password never cross a wire in the clear.
func TestSMSConfig_PlainOnlyOnThisComputer(t *testing.T) {
	for address, ok := range map[string]bool{
		"127.0.0.1:2775": true, "127.8.9.1:2775": true, "[::1]:2775": true, "localhost:2775": true, "[::ffff:127.0.0.1]:2775": true,
		"10.0.0.7:2775": false, "smsc.example.pt:2775": false, "[fe80::1]:2775": false, "0.0.0.0:2775": false,
		"localhost.example.pt:2775": false, "127.0.0.1.example.pt:2775": false,
	} {
		c := delivery.SMSConfig{Address: address, SystemID: "balcao", Source: "CMD"}
		if err := c.Validate(); (err == nil) != ok || err != nil && !strings.Contains(err.Error(), "tls") {
			t.Errorf("%s without TLS: got %v", address, err)
		}
		if c.TLS = true; c.Validate() != nil {
			t.Errorf("%s with TLS: got %v", address, c.Validate())
		}
	}
}
