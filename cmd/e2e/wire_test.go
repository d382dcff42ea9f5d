//go:build shared

package e2e

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
)

// wire stands between an emulated chip and vpcd and remembers what went over it, so that a test sees what was
// really asked of the chip.
type wire struct {
	listener net.Listener
	reader   string // address of vpcd's slot
	work     sync.WaitGroup

	mu       sync.Mutex
	answered []exchange
}

type exchange struct{ command, response []byte }

// tap listens for one chip.
func tap(t *testing.T, reader string) *wire {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{listener: listener, reader: reader}
	w.work.Go(w.carry)
	t.Cleanup(w.close)
	return w
}

func (w *wire) port() int { return w.listener.Addr().(*net.TCPAddr).Port }

// close waits for the chip's end: stop it first. Closing twice is closing once.
func (w *wire) close() {
	_ = w.listener.Close()
	w.work.Wait()
}

// carry connects the chip with the slot until one of them goes away.
func (w *wire) carry() {
	chip, err := w.listener.Accept()
	if err != nil {
		return
	}
	defer func() { _ = chip.Close() }()
	reader, err := net.Dial("tcp", w.reader)
	if err != nil {
		return
	}
	defer func() { _ = reader.Close() }()
	for {
		command, err := message(reader, chip)
		if err != nil {
			return
		}
		// Of the reader's own messages, which are one byte long, only the question for the answer to reset, 4, is answered.
		if len(command) == 1 && command[0] != 4 {
			continue
		}
		response, err := message(chip, reader)
		if err != nil {
			return
		}
		if len(command) > 1 {
			w.mu.Lock()
			w.answered = append(w.answered, exchange{command, response})
			w.mu.Unlock()
		}
	}
}

// message passes one message on: two bytes of length, then as many.
func message(from io.Reader, to io.Writer) ([]byte, error) {
	head := make([]byte, 2)
	if _, err := io.ReadFull(from, head); err != nil {
		return nil, err
	}
	body := make([]byte, binary.BigEndian.Uint16(head))
	if _, err := io.ReadFull(from, body); err != nil {
		return nil, err
	}
	_, err := to.Write(append(head, body...))
	return body, err
}

func (w *wire) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answered = nil
}

func (w *wire) exchanges() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.answered)
}

// clear lists what a chip gave away outside secure messaging, beyond the first four bytes of a file: those of EF.COM
// tell whether it would have given the rest.
func (w *wire) clear() (list []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.answered {
		secured, read := e.command[0]&0x0C == 0x0C, e.command[1]|1 == 0xB1
		if n := len(e.response) - 2; !secured && read && n > 4 {
			list = append(list, fmt.Sprintf("%d bytes for command %X", n, e.command[:4]))
		}
	}
	return list
}
