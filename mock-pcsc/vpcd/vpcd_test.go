package vpcd_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"balcao/mock-pcsc/card"
	"balcao/mock-pcsc/vpcd"
)

// fake is a card that answers what its function says and counts what happens to it.
type fake struct {
	transmit           func([]byte) card.Response
	on, off, resetting int
}

func (f *fake) ATR() []byte                     { return []byte{0x3b, 0x00} }
func (f *fake) PowerOn()                        { f.on++ }
func (f *fake) PowerOff()                       { f.off++ }
func (f *fake) Reset()                          { f.resetting++ }
func (f *fake) Transmit(c []byte) card.Response { return f.transmit(c) }

func echo(c []byte) card.Response { return card.Response{Data: append(bytes.Clone(c), 0x90, 0x00)} }

// start serves a card to this test, which plays the reader at the other end of the connection.
func start(t *testing.T, c card.Card, opts vpcd.Options) (reader net.Conn, remove func(), ended <-chan error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- vpcd.Serve(ctx, l.Addr().String(), c, opts) }()
	if reader, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); reader.Close() })
	return reader, cancel, done
}

// send writes length and payload apart, as Debian's vpcd does.
func send(t *testing.T, conn net.Conn, payload ...byte) {
	t.Helper()
	head := binary.BigEndian.AppendUint16(nil, uint16(len(payload)))
	for _, part := range [][]byte{head, payload} {
		if _, err := conn.Write(part); err != nil {
			t.Fatal(err)
		}
	}
}

func receive(t *testing.T, conn net.Conn) []byte {
	t.Helper()
	var head [2]byte
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		t.Fatal(err)
	}
	payload := make([]byte, binary.BigEndian.Uint16(head[:]))
	if _, err := io.ReadFull(conn, payload); err != nil {
		t.Fatal(err)
	}
	return payload
}

func TestServe(t *testing.T) {
	f := &fake{transmit: echo}
	var seen int
	conn, remove, ended := start(t, f, vpcd.Options{OnAPDU: func(c, r []byte, _ time.Duration) { seen += len(c) + len(r) }})
	for _, code := range []byte{1, 2, 0, 1} { // unanswered
		send(t, conn, code)
	}
	send(t, conn, 4)
	if got := receive(t, conn); !bytes.Equal(got, f.ATR()) {
		t.Errorf("got ATR %x", got)
	}
	long := bytes.Repeat([]byte{7}, 60000)
	for _, command := range [][]byte{{0, 0xa4, 0, 0}, long} {
		send(t, conn, command...)
		if got := receive(t, conn); !bytes.Equal(got, append(bytes.Clone(command), 0x90, 0x00)) {
			t.Errorf("got %d bytes for %d", len(got), len(command))
		}
	}
	remove()
	if err := <-ended; err != nil {
		t.Errorf("got %v, want a card that its owner removed", err)
	}
	if f.on != 3 || f.off != 2 || f.resetting != 1 || seen != 4+6+60000+60002 {
		t.Errorf("on %d, off %d, reset %d, %d bytes seen", f.on, f.off, f.resetting, seen)
	}
}

func TestPulled(t *testing.T) {
	f := &fake{transmit: func([]byte) card.Response { return card.Response{Removed: true} }}
	conn, _, ended := start(t, f, vpcd.Options{})
	send(t, conn, 0, 0xb0, 0, 0, 0)
	if err := <-ended; !errors.Is(err, vpcd.ErrPulled) {
		t.Errorf("got %v", err)
	}
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("an answer from a card that is gone")
	}
}

func TestSilent(t *testing.T) {
	f := &fake{transmit: func([]byte) card.Response { return card.Response{Silent: true} }}
	t.Run("Removed", func(t *testing.T) {
		conn, remove, ended := start(t, f, vpcd.Options{})
		send(t, conn, 0, 0xb0, 0, 0, 0)
		remove()
		if err := <-ended; err != nil {
			t.Errorf("got %v", err)
		}
	})
	t.Run("ReaderGone", func(t *testing.T) {
		conn, _, ended := start(t, f, vpcd.Options{})
		send(t, conn, 0, 0xb0, 0, 0, 0)
		conn.Close()
		if err := <-ended; err == nil {
			t.Error("no error although the reader went away")
		}
	})
}

func TestNoReader(t *testing.T) {
	if err := vpcd.Serve(t.Context(), "127.0.0.1:1", &fake{}, vpcd.Options{}); err == nil {
		t.Error("served to nobody")
	}
}

// TestLine: at 250 kbit/s, 256 bytes and their status word cannot cross the line in less than 12.4 ms.
func TestLine(t *testing.T) {
	f := &fake{transmit: func([]byte) card.Response { return card.Response{Data: make([]byte, 258)} }}
	conn, _, _ := start(t, f, vpcd.Options{Line: 250_000})
	begin := time.Now()
	send(t, conn, 0, 0xb0, 0, 0, 0)
	receive(t, conn)
	if took, least := time.Since(begin), 263*12*time.Second/250_000; took < least {
		t.Errorf("took %v, less than %v", took, least)
	}
}

// TestDelay: a card that slows down is waited for where a line is modelled, and nowhere else.
func TestDelay(t *testing.T) {
	const delay = 300 * time.Millisecond
	f := &fake{transmit: func([]byte) card.Response { return card.Response{Data: []byte{0x63, 0x00}, Delay: delay} }}
	for line, waits := range map[int]bool{0: false, 1_000_000: true} {
		var took time.Duration
		options := vpcd.Options{Line: line, OnAPDU: func(_, _ []byte, d time.Duration) { took = d }}
		conn, _, _ := start(t, f, options)
		send(t, conn, 0, 0x82, 0, 0, 0)
		receive(t, conn)
		send(t, conn, 4) // OnAPDU is done when the ATR comes
		receive(t, conn)
		if (took >= delay) != waits {
			t.Errorf("line %d: took %v, want the card's delay of %v: %v", line, took, delay, waits)
		}
	}
}
