package chaos_test

import (
	"context"
	"net"
	"sync"
	"time"
)

// line is the network between a desk and the door, which can fail.
type line struct {
	address string // where the desk finds the door
	to      string
	l       net.Listener
	work    sync.WaitGroup

	mu      sync.Mutex
	changed chan struct{} // closed at the next change
	open    map[net.Conn]bool
	down    bool          // connections are refused
	silent  bool          // nothing gets through, and nothing is lost
	slow    time.Duration // for each piece that the door sends
	left    int           // bytes that the door sends before its connection is cut; below zero: none is
}

func newLine(ctx context.Context, to string) (*line, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	n := &line{address: l.Addr().String(), to: to, l: l, changed: make(chan struct{}), open: map[net.Conn]bool{}, left: -1}
	n.work.Go(func() {
		for {
			desk, err := l.Accept()
			if err != nil {
				return
			}
			n.work.Go(func() { n.carry(desk) })
		}
	})
	return n, nil
}

func (n *line) close() {
	_ = n.l.Close()
	n.set(func() { n.down, n.silent = true, false })
	n.work.Wait()
}

// set changes how the line is. One that is down loses its connections.
func (n *line) set(change func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	change()
	if n.down {
		for c := range n.open {
			_ = c.Close()
		}
	}
	close(n.changed)
	n.changed = make(chan struct{})
}

// cut ends all connections at once.
func (n *line) cut() {
	n.set(func() { n.down = true })
	n.set(func() { n.down = false })
}

func (n *line) whole() { n.set(func() { n.down, n.silent, n.slow, n.left = false, false, 0, -1 }) }

// keep notes a connection, so that it can be cut, and reports false when there is no line.
func (n *line) keep(c net.Conn) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.down {
		_ = c.Close()
		return false
	}
	n.open[c] = true
	return true
}

func (n *line) drop(c net.Conn) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.open, c)
	_ = c.Close()
}

// carry carries one connection, until either side ends it.
func (n *line) carry(desk net.Conn) {
	if !n.keep(desk) {
		return
	}
	defer n.drop(desk)
	door, err := net.Dial("tcp", n.to)
	if err != nil || !n.keep(door) {
		return
	}
	defer n.drop(door)
	var both sync.WaitGroup
	both.Go(func() { n.copy(door, desk, false) })
	both.Go(func() { n.copy(desk, door, true) })
	both.Wait()
}

func (n *line) copy(to, from net.Conn, answers bool) {
	defer func() { _, _ = to.Close(), from.Close() }()
	buf := make([]byte, 16<<10)
	for {
		read, err := from.Read(buf)
		send, cut := n.through(read, answers)
		if _, failed := to.Write(buf[:send]); err != nil || failed != nil || cut {
			return
		}
	}
}

// through waits until bytes get through, and says how many do, and whether the connection is cut behind them.
func (n *line) through(bytes int, answers bool) (send int, cut bool) {
	for {
		n.mu.Lock()
		silent, down, slow, changed := n.silent, n.down, n.slow, n.changed
		if !silent && answers && n.left >= 0 {
			send = min(bytes, n.left)
			n.left -= send
			if cut = send < bytes; cut {
				n.left = -1
			}
			n.mu.Unlock()
			return send, cut
		}
		n.mu.Unlock()
		switch {
		case down:
			return 0, true
		case silent:
			<-changed
		case slow > 0 && answers:
			timer := time.NewTimer(slow)
			select {
			case <-timer.C:
			case <-changed:
			}
			timer.Stop()
			return bytes, false
		default:
			return bytes, false
		}
	}
}
