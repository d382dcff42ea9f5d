package inbox

import (
	"bufio"
	"bytes"
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/fiorix/go-smpp/smpp/pdu"
	"github.com/fiorix/go-smpp/smpp/pdu/pdufield"
)

const (
	bindTimeout     = 30 * time.Second // to bind after connecting (SMPP 3.4 §7.2, session_init_timer)
	writeTimeout    = 10 * time.Second
	maxHeldReceipts = 256
)

// A Centre is an SMPP 3.4 message centre (SMSC). It delivers what is submitted into its inbox and
// sends the receipts that were asked for.
type Centre struct {
	systemID, password string
	inbox              *Inbox
	throttle           firstTry

	mu       sync.Mutex
	sessions map[*session]struct{}
	nextID   int64
	long     longMessages
	held     []pdu.Body // receipts while nobody who may receive is bound
}

// NewCentre makes a message centre with one account.
func NewCentre(systemID, password string, inbox *Inbox) *Centre {
	return &Centre{
		systemID: systemID, password: password, inbox: inbox,
		sessions: map[*session]struct{}{},
		// A bench that is restarted must not give out the identifiers that a sender still has.
		nextID: inbox.Now().Unix(),
	}
}

// Serve answers on the listener until ctx ends, closes it, and waits for its sessions.
func (c *Centre) Serve(ctx context.Context, l net.Listener) error {
	stop := context.AfterFunc(ctx, func() {
		_ = l.Close()
		c.mu.Lock()
		defer c.mu.Unlock()
		for s := range c.sessions {
			_ = s.conn.Close()
		}
	})
	defer stop()
	var sessions sync.WaitGroup
	defer sessions.Wait()
	for {
		conn, err := l.Accept()
		if ctx.Err() != nil {
			if err == nil {
				_ = conn.Close()
			}
			return nil
		}
		if err != nil {
			return fmt.Errorf("accepting an SMPP connection: %w", err)
		}
		s := &session{centre: c, conn: conn}
		c.mu.Lock()
		c.sessions[s] = struct{}{}
		c.mu.Unlock()
		if ctx.Err() != nil { // ended between the two: AfterFunc may have missed this one
			_ = conn.Close()
		}
		sessions.Go(s.run)
	}
}

// session is one connection. Only its own goroutine reads; the centre may write receipts.
type session struct {
	centre *Centre
	conn   net.Conn

	bind  pdu.ID // the bind request that was accepted; 0 before
	write sync.Mutex
}

func (s *session) transmits() bool {
	return s.bind == pdu.BindTransmitterID || s.bind == pdu.BindTransceiverID
}

func (s *session) receives() bool {
	return s.bind == pdu.BindReceiverID || s.bind == pdu.BindTransceiverID
}

func (s *session) run() {
	defer func() {
		_ = s.conn.Close()
		s.centre.mu.Lock()
		delete(s.centre.sessions, s)
		s.centre.mu.Unlock()
	}()
	if err := s.conn.SetReadDeadline(time.Now().Add(bindTimeout)); err != nil {
		return
	}
	r := bufio.NewReader(s.conn)
	for {
		request, err := readPDU(r)
		var refused *nack
		switch {
		case errors.As(err, &refused):
			response := pdu.NewGenericNACK()
			response.Header().Status, response.Header().Seq = refused.status, refused.sequence
			if s.send(response) != nil || refused.fatal {
				return
			}
		case err != nil:
			return
		case !s.handle(request):
			return
		}
	}
}

// handle answers one request and says whether the session goes on.
func (s *session) handle(request pdu.Body) bool {
	switch id := request.Header().ID; id {
	case pdu.BindReceiverID, pdu.BindTransmitterID, pdu.BindTransceiverID:
		return s.handleBind(request)
	case pdu.SubmitSMID:
		return s.handleSubmit(request)
	case pdu.EnquireLinkID:
		return s.send(respond(request, statusOK)) == nil
	case pdu.UnbindID:
		_ = s.send(respond(request, statusOK)) // the other side may be gone already
		return false
	default: // responses: nothing of ours waits for one
		return true
	}
}

func (s *session) handleBind(request pdu.Body) bool {
	if s.bind != 0 {
		return s.send(respond(request, statusAlreadyBound)) == nil
	}
	fields := request.Fields()
	status := statusInvalidMessage
	if fields[pdufield.SystemID] != nil && fields[pdufield.Password] != nil {
		status = s.centre.admit(fields[pdufield.SystemID].String(), fields[pdufield.Password].String())
	}
	response := respond(request, status)
	if status != statusOK {
		_ = s.send(response) // closing is the answer that counts
		return false
	}
	if response.Fields().Set(pdufield.SystemID, "bench") != nil || s.send(response) != nil {
		return false
	}
	s.centre.mu.Lock()
	s.bind = request.Header().ID
	var held []pdu.Body
	if s.receives() {
		held, s.centre.held = s.centre.held, nil
	}
	s.centre.mu.Unlock()
	for _, receipt := range held {
		if s.send(receipt) != nil {
			return false
		}
	}
	return s.conn.SetReadDeadline(time.Time{}) == nil
}

func (c *Centre) admit(systemID, password string) pdu.Status {
	switch {
	case systemID != c.systemID:
		return statusInvalidSystemID
	case subtle.ConstantTimeCompare([]byte(password), []byte(c.password)) != 1:
		return statusInvalidPassword
	default:
		return statusOK
	}
}

func (s *session) handleSubmit(request pdu.Body) bool {
	if !s.transmits() {
		return s.send(respond(request, statusInvalidBind)) == nil
	}
	submitted, err := parseSubmission(request)
	if err != nil {
		return s.send(respond(request, statusInvalidMessage)) == nil
	}
	if status := s.centre.accepts(submitted.destination); status != statusOK {
		return s.send(respond(request, status)) == nil
	}
	id, receipt := s.centre.deliver(submitted)
	response := respond(request, statusOK)
	if response.Fields().Set(pdufield.MessageID, id) != nil || s.send(response) != nil {
		return false
	}
	if receipt == nil {
		return true
	}
	return s.centre.sendReceipt(s, receipt) == nil
}

// accepts refuses what is no number (SMPP 3.4 §5.2.9: at most 20 characters) and the numbers that
// fail on purpose.
func (c *Centre) accepts(destination string) pdu.Status {
	number := address(destination)
	switch {
	case number == "" || len(destination) > 20 || invalid(number):
		return statusInvalidDestination
	case throttled(number) && c.throttle.refuse(number, c.inbox.Now()):
		return statusThrottled
	default:
		return statusOK
	}
}

// deliver puts a message that is complete into the inbox; it returns the message's identifier and
// the receipt, if one was asked for.
func (c *Centre) deliver(s submission) (id string, _ pdu.Body) {
	c.mu.Lock()
	c.nextID++
	id = fmt.Sprintf("%010d", c.nextID)
	whole, complete := c.long.add(s)
	c.mu.Unlock()

	r := receipt{
		id: id, source: s.source, destination: s.destination,
		submitted: c.inbox.Now(), done: c.inbox.Now(),
		text:      decodeText(s.coding, s.payload),
		delivered: !undeliverable(address(s.destination)),
	}
	if complete && r.delivered {
		c.inbox.Add(Message{
			Channel: SMS, From: s.source, To: s.destination, Text: decodeText(s.coding, whole),
		})
	}
	if !r.wanted(s.receipt) {
		return id, nil
	}
	return id, r.deliverSM()
}

// sendReceipt sends a receipt through the session that submitted, or another that may receive, or
// keeps it for the next one that binds.
func (c *Centre) sendReceipt(submitter *session, receipt pdu.Body) error {
	if submitter.receives() {
		return submitter.send(receipt)
	}
	c.mu.Lock()
	var receiver *session
	for s := range c.sessions {
		if s.receives() {
			receiver = s
			break
		}
	}
	if receiver == nil && len(c.held) < maxHeldReceipts {
		c.held = append(c.held, receipt)
	}
	c.mu.Unlock()
	if receiver != nil {
		_ = receiver.send(receipt) // its own goroutine notices that it is gone
	}
	return nil
}

// send writes one PDU in one piece.
func (s *session) send(p pdu.Body) error {
	var frame bytes.Buffer
	if err := p.SerializeTo(&frame); err != nil {
		return fmt.Errorf("encoding an SMPP response: %w", err)
	}
	s.write.Lock()
	defer s.write.Unlock()
	if err := s.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	_, err := s.conn.Write(frame.Bytes())
	return err
}
