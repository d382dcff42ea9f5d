package inbox_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/linxGnu/gosmpp"
	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"

	"balcao/mock-pcsc/inbox"
)

const patience = 10 * time.Second // of a test; nothing takes that long

// startCentre runs a message centre on a free port.
func startCentre(t *testing.T) (box *inbox.Inbox, addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	box = inbox.New(100)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- inbox.NewCentre("balcao", "balcao", box).Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return box, l.Addr().String()
}

// client is gosmpp's session with what it received.
type client struct {
	t        *testing.T
	session  *gosmpp.Session
	received chan pdu.PDU
}

func dial(t *testing.T, addr, password string, connector func(gosmpp.Dialer, gosmpp.Auth) gosmpp.Connector) (*client, error) {
	t.Helper()
	c := &client{t: t, received: make(chan pdu.PDU, 100)}
	auth := gosmpp.Auth{SMSC: addr, SystemID: "balcao", Password: password}
	session, err := gosmpp.NewSession(connector(gosmpp.NonTLSDialer, auth), gosmpp.Settings{
		EnquireLink: time.Minute, ReadTimeout: 2 * time.Minute, WriteTimeout: patience,
		OnPDU:            func(p pdu.PDU, _ bool) { c.received <- p },
		OnReceivingError: func(err error) { t.Log("receiving:", err) },
	}, 0)
	if err != nil {
		return nil, err
	}
	c.session = session
	t.Cleanup(func() { session.Close() })
	return c, nil
}

func trx(d gosmpp.Dialer, a gosmpp.Auth) gosmpp.Connector { return gosmpp.TRXConnector(d, a) }
func tx(d gosmpp.Dialer, a gosmpp.Auth) gosmpp.Connector  { return gosmpp.TXConnector(d, a) }
func rx(d gosmpp.Dialer, a gosmpp.Auth) gosmpp.Connector  { return gosmpp.RXConnector(d, a) }

func mustDial(t *testing.T, addr string) *client {
	t.Helper()
	c, err := dial(t, addr, "balcao", trx)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *client) submit(to, text string, encoding data.Encoding) {
	c.t.Helper()
	sm := pdu.NewSubmitSM().(*pdu.SubmitSM)
	sm.SourceAddr, sm.DestAddr = pdu.NewAddress(), pdu.NewAddress()
	if err := errors.Join(sm.SourceAddr.SetAddress("Balcao"), sm.DestAddr.SetAddress(to),
		sm.Message.SetLongMessageWithEnc(text, encoding)); err != nil {
		c.t.Fatal(err)
	}
	sm.RegisteredDelivery = 1
	parts, err := sm.Split() // which also encodes a short one
	if err != nil {
		c.t.Fatal(err)
	}
	for _, part := range parts {
		part.AssignSequenceNumber() // Split gives all parts the first one's
		if err := c.session.Transmitter().Submit(part); err != nil {
			c.t.Fatal(err)
		}
	}
}

// next returns the next PDU of a type, whatever else comes before it.
func next[T pdu.PDU](c *client) T {
	c.t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case p := <-c.received:
			if wanted, ok := p.(T); ok {
				return wanted
			}
		case <-deadline:
			c.t.Fatal("nothing received")
		}
	}
}

func waitFor(t *testing.T, box *inbox.Inbox, f inbox.Filter) []inbox.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	messages, err := box.Wait(ctx, f)
	if err != nil {
		t.Fatalf("waiting for a message to %q: %v", f.To, err)
	}
	return messages
}

func TestCentre_Bind(t *testing.T) {
	_, addr := startCentre(t)
	t.Run("WrongPassword", func(t *testing.T) {
		_, err := dial(t, addr, "wrong", trx)
		var refused gosmpp.BindError
		if !errors.As(err, &refused) || refused.CommandStatus != data.ESME_RINVPASWD {
			t.Errorf("got %v, want ESME_RINVPASWD", err)
		}
	})
	for name, connector := range map[string]func(gosmpp.Dialer, gosmpp.Auth) gosmpp.Connector{"Transceiver": trx, "Transmitter": tx, "Receiver": rx} {
		t.Run(name, func(t *testing.T) {
			if _, err := dial(t, addr, "balcao", connector); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestCentre_Texts(t *testing.T) {
	box, addr := startCentre(t)
	c := mustDial(t, addr)
	tests := []struct {
		name, text string
		encoding   data.Encoding
	}{
		{"GSM7", "Codigo: 123456 @ {€} à Ç", data.GSM7BIT},
		{"Latin1", "Código de ativação: 123456", data.LATIN1},
		{"UCS2", "Código de ativação: 123456 – Українська हिन्दी", data.UCS2},
		{"LongGSM7", strings.Repeat("0123456789 e assim por diante, ", 20), data.GSM7BIT},
		{"LongUCS2", strings.Repeat("ação – 123456; ", 30), data.UCS2},
	}
	var last int64
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c.submit("+351912345678", test.text, test.encoding)
			messages := waitFor(t, box, inbox.Filter{To: "351 912 345 678", After: last})
			last = messages[len(messages)-1].ID
			if got, want := messages[0].Text, test.text; len(messages) != 1 || got != want {
				t.Errorf("%d messages, the first\n%q, want\n%q", len(messages), got, want)
			}
		})
	}
}

func TestCentre_Receipts(t *testing.T) {
	box, addr := startCentre(t)
	c := mustDial(t, addr)
	for number, stat := range map[string]string{"+351912345678": "DELIVRD", "+351912340000": "UNDELIV"} {
		c.submit(number, "ola", data.GSM7BIT)
		id := next[*pdu.SubmitSMResp](c).MessageID
		receipt := next[*pdu.DeliverSM](c)
		text, err := receipt.Message.GetMessage()
		if err != nil {
			t.Fatal(err)
		}
		if receipt.EsmClass != 0x04 || !strings.Contains(text, "id:"+id+" ") || !strings.Contains(text, "stat:"+stat+" ") {
			t.Errorf("receipt of class %#x: %q, want id %s and stat %s", receipt.EsmClass, text, id, stat)
		}
		if got, want := receipt.SourceAddr.Address(), number; got != want {
			t.Errorf("receipt from %q, want %q", got, want)
		}
	}
	if all, _ := box.Messages(inbox.Filter{}); len(all) != 1 {
		t.Errorf("%d messages arrived, want 1: an undeliverable one does not", len(all))
	}
}

func TestCentre_HoldsReceiptsForAReceiver(t *testing.T) {
	_, addr := startCentre(t)
	sender, err := dial(t, addr, "balcao", tx)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		sender.submit("+351912345678", "ola", data.GSM7BIT)
	}
	// The first is held when the second is answered.
	id := next[*pdu.SubmitSMResp](sender).MessageID
	next[*pdu.SubmitSMResp](sender)
	receiver, err := dial(t, addr, "balcao", rx)
	if err != nil {
		t.Fatal(err)
	}
	text, err := next[*pdu.DeliverSM](receiver).Message.GetMessage()
	if err != nil || !strings.Contains(text, "id:"+id+" ") {
		t.Errorf("got %q, %v; want the receipt of %s", text, err, id)
	}
}

func TestCentre_Misbehaviour(t *testing.T) {
	_, addr := startCentre(t)
	c := mustDial(t, addr)
	steps := []struct {
		number string
		status data.CommandStatusType
	}{
		{"+351912341111", data.ESME_RINVDSTADR},
		{"+351912342222", data.ESME_RTHROTTLED},
		{"+351912342222", data.ESME_ROK},
		{"+351912342222", data.ESME_ROK},
		{"not a number", data.ESME_RINVDSTADR},
	}
	for _, step := range steps {
		c.submit(step.number, "ola", data.GSM7BIT)
		if got := next[*pdu.SubmitSMResp](c).CommandStatus; got != step.status {
			t.Errorf("%s: got %v, want %v", step.number, got, step.status)
		}
	}
}

// exchange sends raw requests and returns the header of each response: length, id, status, sequence.
func exchange(t *testing.T, addr string, requests ...[]byte) [][4]uint32 {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	var answers [][4]uint32
	for _, request := range requests {
		if _, err := conn.Write(request); err != nil {
			t.Fatal(err)
		}
		var header [4]uint32
		if err := binary.Read(conn, binary.BigEndian, &header); err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyN(io.Discard, conn, int64(header[0])-16); err != nil {
			t.Fatal(err)
		}
		answers = append(answers, header)
	}
	return answers
}

func request(id, sequence uint32, body string) []byte {
	frame := binary.BigEndian.AppendUint32(nil, uint32(16+len(body)))
	frame = binary.BigEndian.AppendUint32(frame, id)
	frame = binary.BigEndian.AppendUint32(frame, 0)
	frame = binary.BigEndian.AppendUint32(frame, sequence)
	return append(frame, body...)
}

func TestCentre_Protocol(t *testing.T) {
	_, addr := startCentre(t)
	const bind = "balcao\x00balcao\x00\x00\x34\x00\x00\x00"
	tests := []struct {
		name     string
		requests [][]byte
		id       uint32 // of the last response
		status   uint32
	}{
		{"EnquireLink", [][]byte{request(0x15, 7, "")}, 0x80000015, 0},
		{"UnknownCommand", [][]byte{request(0x77, 7, "abc")}, 0x80000000, 3},
		{"QuerySM", [][]byte{request(0x03, 7, "1\x00\x00\x00\x00")}, 0x80000000, 3},
		{"AfterUnknownCommand", [][]byte{request(0x77, 6, "abc"), request(0x15, 7, "")}, 0x80000015, 0},
		{"BindTwice", [][]byte{request(0x09, 6, bind), request(0x09, 7, bind)}, 0x80000009, 5},
		{"SubmitUnbound", [][]byte{request(0x04, 7, strings.Repeat("\x00", 17))}, 0x80000004, 4},
		{"SubmitAsReceiver", [][]byte{request(0x01, 6, bind), request(0x04, 7, strings.Repeat("\x00", 17))}, 0x80000004, 4},
		{"SubmitTruncated", [][]byte{request(0x09, 6, bind), request(0x04, 7, "\x00\x00")}, 0x80000004, 1},
		{"TooLong", [][]byte{{0x7F, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 7}}, 0x80000000, 2},
		{"WrongSystemID", [][]byte{request(0x09, 7, "x\x00y\x00\x00\x34\x00\x00\x00")}, 0x80000009, 15},
		{"Unbind", [][]byte{request(0x09, 6, bind), request(0x06, 7, "")}, 0x80000006, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			answers := exchange(t, addr, test.requests...)
			last := answers[len(answers)-1]
			if last[1] != test.id || last[2] != test.status || last[3] != 7 {
				t.Errorf("got id %#x, status %d, sequence %d; want %#x, %d, 7", last[1], last[2], last[3], test.id, test.status)
			}
		})
	}
}
