// Package vpcd puts an emulated card into a slot of vsmartcard's virtual reader, which pcscd loads
// as an ordinary reader driver. The card is the client: it connects to the slot's TCP port, and
// the connection is the card's presence.
//
// Wire (virtualsmartcard 0.8, vpcd.h): each message is a 16-bit big-endian length and a payload. A
// payload of one byte is a control code; all others are command APDUs. Only command APDUs and the
// request for the ATR are answered.
package vpcd

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"balcao/mock-pcsc/card"
)

// ErrPulled is returned by Serve when the card itself left the reader.
var ErrPulled = errors.New("card pulled from the reader")

// Control codes of the wire.
const (
	codePowerOff = 0
	codePowerOn  = 1
	codeReset    = 2
	codeATR      = 4
)

// Options of a slot. The zero value is a card at full speed that nobody watches.
type Options struct {
	// Line is the speed of the modelled card line in bit/s; 0 means no delay. See lineTime.
	Line int
	// OnAPDU is called after each answered command, with lengths in mind: it must not keep the slices.
	OnAPDU func(command, response []byte, took time.Duration)
}

// Serve keeps c in the slot that listens on addr until ctx ends (nil: removed by its owner), the
// card pulls itself (ErrPulled), or the reader goes away (any other error).
func Serve(ctx context.Context, addr string, c card.Card, opts Options) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	switch {
	case ctx.Err() != nil && err != nil:
		return nil
	case err != nil:
		return fmt.Errorf("connecting to the virtual reader: %w", err)
	}
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	// A reader that has not noticed yet that its last card is gone will not say "power on".
	c.PowerOn()
	defer c.PowerOff()
	err = (&slot{ctx: ctx, conn: conn.(*net.TCPConn), card: c, opts: opts}).run()
	if ctx.Err() != nil {
		return nil
	}
	return err
}

type slot struct {
	ctx  context.Context
	conn *net.TCPConn
	card card.Card
	opts Options
	buf  []byte
}

func (s *slot) run() error {
	for {
		message, err := s.read()
		if err != nil {
			return fmt.Errorf("reading from the virtual reader: %w", err)
		}
		if err := s.handle(message); err != nil {
			return err
		}
	}
}

func (s *slot) handle(message []byte) error {
	if len(message) != 1 {
		return s.exchange(message)
	}
	switch message[0] {
	case codePowerOff:
		s.card.PowerOff()
	case codePowerOn:
		s.card.PowerOn()
	case codeReset:
		s.card.Reset()
	case codeATR:
		return s.write(s.card.ATR())
	}
	return nil
}

// exchange carries one command to the card and its answer back. A silent card sends nothing, and
// the loop goes on reading so that a reader that gives up is noticed.
func (s *slot) exchange(command []byte) error {
	start := time.Now()
	response := s.card.Transmit(command)
	switch {
	case response.Removed:
		return ErrPulled
	case response.Silent:
		return nil
	}
	delay := lineTime(len(command), s.opts.Line) + lineTime(len(response.Data), s.opts.Line)
	if s.opts.Line > 0 {
		delay += response.Delay
	}
	if err := s.wait(delay - time.Since(start)); err != nil {
		return err
	}
	if err := s.write(response.Data); err != nil {
		return err
	}
	if s.opts.OnAPDU != nil {
		s.opts.OnAPDU(command, response.Data, time.Since(start))
	}
	return nil
}

func (s *slot) wait(d time.Duration) error {
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
}

func (s *slot) read() ([]byte, error) {
	var head [2]byte
	quickAck(s.conn)
	if _, err := io.ReadFull(s.conn, head[:]); err != nil {
		return nil, err
	}
	n := int(binary.BigEndian.Uint16(head[:]))
	if cap(s.buf) < n {
		s.buf = make([]byte, n)
	}
	quickAck(s.conn)
	_, err := io.ReadFull(s.conn, s.buf[:n])
	return s.buf[:n], err
}

// write sends length and body in one segment: two would meet Nagle's algorithm.
func (s *slot) write(data []byte) error {
	out := binary.BigEndian.AppendUint16(make([]byte, 0, 2+len(data)), uint16(len(data)))
	if _, err := s.conn.Write(append(out, data...)); err != nil {
		return fmt.Errorf("writing to the virtual reader: %w", err)
	}
	return nil
}
