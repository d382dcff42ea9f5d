package delivery

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/linxGnu/gosmpp"
	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"
	"golang.org/x/sync/errgroup"
)

var (
	errUnbound  = errors.New("the message centre unbound")
	errSilent   = errors.New("the message centre does not answer enquire_link")
	errNonsense = errors.New("the message centre sent a PDU that cannot be parsed")
)

// bind is one connection to a message centre, bound as a transceiver. The library makes the
// connection and the PDUs; reading and writing are ours, because its session keeps goroutines that
// no context stops and lets a PDU that it cannot parse end the process.
type bind struct {
	conn *gosmpp.Connection

	taken func(id string) // called with the id of each message that was taken, before anything that follows is read

	writing sync.Mutex

	mu      sync.Mutex
	pending map[int32]chan<- pdu.PDU // by sequence number
	over    bool
}

// connect dials the message centre and binds. Everything until the answer to the bind is bounded by
// the timeout and by ctx.
func connect(ctx context.Context, cfg SMSConfig) (_ *bind, err error) {
	defer func() {
		if recover() != nil {
			err = errNonsense
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, cfg.Timeout)
	defer cancel()
	stop := func() bool { return true }
	dial := func(address string) (net.Conn, error) {
		conn, err := cfg.dial(ctx, address)
		if err == nil { // the library knows no context: closing the connection ends its wait
			stop = context.AfterFunc(ctx, func() { _ = conn.Close() })
		}
		return conn, err
	}
	conn, err := gosmpp.TRXConnector(dial, gosmpp.Auth{
		SMSC:       cfg.Address,
		SystemID:   cfg.SystemID,
		Password:   cfg.Password,
		SystemType: cfg.SystemType,
	}).Connect()
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	return &bind{conn: conn, pending: make(map[int32]chan<- pdu.PDU)}, nil
}

// run reads until the connection ends or ctx does, and then answers every request that still waits
// with a closed channel. The function received is called with each deliver_sm and sees to
// its answer.
func (b *bind) run(ctx context.Context, every, patience time.Duration, received func(*pdu.DeliverSM)) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return b.read(ctx, received) })
	group.Go(func() error { return b.enquire(ctx, every, patience) })
	group.Go(func() error {
		<-ctx.Done()
		// unbind is sent behind what is being written; nobody waits for its answer (SMPP 3.4 §4.2).
		_ = b.conn.SetWriteDeadline(time.Now().Add(time.Second))
		_ = b.writeWithin(time.Second, pdu.NewUnbind())
		return b.conn.Close()
	})
	err := group.Wait()

	b.mu.Lock()
	defer b.mu.Unlock()
	b.over = true
	for _, answer := range b.pending {
		close(answer)
	}
	clear(b.pending)
	return err
}

// read takes PDUs off the connection one by one.
func (b *bind) read(ctx context.Context, received func(*pdu.DeliverSM)) (err error) {
	defer func() {
		if recover() != nil { // the library's parser may panic on malformed input
			err = errNonsense
		}
	}()
	for {
		p, err := pdu.Parse(b.conn)
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return fmt.Errorf("reading from the message centre: %w", err)
		}
		switch p := p.(type) {
		case *pdu.EnquireLink:
			err = b.write(p.GetResponse())
		case *pdu.Unbind:
			_ = b.write(p.GetResponse())
			return errUnbound
		case *pdu.DeliverSM:
			received(p)
		default:
			if taken, ok := p.(*pdu.SubmitSMResp); ok && taken.IsOk() {
				b.taken(taken.MessageID)
			}
			if !b.answered(p) && p.CanResponse() {
				err = b.refuse(p)
			}
		}
		if err != nil {
			return err
		}
	}
}

// enquire asks at intervals whether the message centre is still there, because a connection that a
// firewall has dropped shows no error until something is written to it.
func (b *bind) enquire(ctx context.Context, every, patience time.Duration) error {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
		asking, cancel := context.WithTimeout(ctx, patience)
		_, err := b.ask(asking, pdu.NewEnquireLink())
		cancel()
		if err != nil {
			return errSilent
		}
	}
}

// ask writes a request and waits for its answer. The error is ctx's, or errUnbound when the
// connection ended first.
func (b *bind) ask(ctx context.Context, request pdu.PDU) (pdu.PDU, error) {
	answer := make(chan pdu.PDU, 1)
	sequence := request.GetSequenceNumber()
	b.mu.Lock()
	if b.over {
		b.mu.Unlock()
		return nil, errUnbound
	}
	b.pending[sequence] = answer
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.pending, sequence)
	}()

	if err := b.write(request); err != nil {
		return nil, errUnbound
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case p, ok := <-answer:
		if !ok {
			return nil, errUnbound
		}
		return p, nil
	}
}

// answered gives a response to the caller that waits for it, and reports whether there was one.
func (b *bind) answered(p pdu.PDU) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	answer, ok := b.pending[p.GetSequenceNumber()]
	if !ok || p.CanResponse() {
		return false
	}
	delete(b.pending, p.GetSequenceNumber())
	answer <- p // has room for the one answer
	return true
}

// refuse answers a request that we do not serve (SMPP 3.4 §4.3).
func (b *bind) refuse(p pdu.PDU) error {
	nack := pdu.NewGenericNack().(*pdu.GenericNack)
	nack.SequenceNumber = p.GetSequenceNumber()
	nack.CommandStatus = data.ESME_RINVCMDID
	return b.write(nack)
}

func (b *bind) write(p pdu.PDU) error { return b.writeWithin(10*time.Second, p) }

func (b *bind) writeWithin(limit time.Duration, p pdu.PDU) error {
	b.writing.Lock()
	defer b.writing.Unlock()
	if err := b.conn.SetWriteTimeout(limit); err != nil {
		return fmt.Errorf("writing to the message centre: %w", err)
	}
	if _, err := b.conn.WritePDU(p); err != nil {
		return fmt.Errorf("writing to the message centre: %w", err)
	}
	return nil
}
