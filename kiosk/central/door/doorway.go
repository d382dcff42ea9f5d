package door

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// deskConnections is how many connections one certificate may have; a desk that is well needs two.
const deskConnections = 32

// doorway counts connections: in all and by address as they come, and by certificate once it is known. One too many
// is closed at once, so that whoever came finds another door.
type doorway struct {
	net.Listener
	limits  Limits
	figures *figures

	mu   sync.Mutex
	all  int
	held map[any]int // by address (string) and by fingerprint
}

// Accept implements net.Listener.
func (d *doorway) Accept() (net.Conn, error) {
	for {
		c, err := d.Listener.Accept()
		if err != nil {
			return nil, err
		}
		address, _, err := net.SplitHostPort(c.RemoteAddr().String())
		if err != nil {
			address = "" // a Unix socket
		}
		counted := &connection{Conn: c, door: d}
		if counted.count(address, d.limits.PerAddress) {
			return counted, nil
		}
		_ = counted.Close()
		_ = d.figures.turnedAway("connections", errUnavailable)
	}
}

// connection is one that is counted.
type connection struct {
	net.Conn
	door   *doorway
	counts []any // what it is counted for
	closed bool
}

// count counts the connection for one thing more, unless that has as many as it may.
func (c *connection) count(thing any, most int) bool {
	d := c.door
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, counted := range c.counts {
		if counted == thing {
			return true
		}
	}
	first := len(c.counts) == 0
	if c.closed || d.held[thing] >= most || first && d.all >= d.limits.Connections {
		return false
	}
	if first {
		d.all++
		d.figures.connections.Inc()
	}
	d.held[thing]++
	c.counts = append(c.counts, thing)
	return true
}

// Close implements net.Conn.
func (c *connection) Close() error {
	d := c.door
	d.mu.Lock()
	if len(c.counts) > 0 {
		d.all--
		d.figures.connections.Dec()
	}
	for _, thing := range c.counts {
		if d.held[thing]--; d.held[thing] == 0 {
			delete(d.held, thing)
		}
	}
	c.counts, c.closed = nil, true
	d.mu.Unlock()
	return c.Conn.Close()
}

type connectionKey struct{}

// claim counts the connection of a request for its certificate.
func claim(ctx context.Context, desk fingerprint) bool {
	c, is := ctx.Value(connectionKey{}).(*connection)
	return is && c.count(desk, deskConnections)
}

// Listen listens so that a connection whose other end is dead does not keep its place: what is sent and not
// acknowledged for that long ends it (tcp(7), TCP_USER_TIMEOUT), and one that is silent is asked.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	lc := net.ListenConfig{
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: pingTime, Interval: pingTime / 3, Count: 3},
		Control: func(_, _ string, raw syscall.RawConn) (err error) {
			controlErr := raw.Control(func(fd uintptr) {
				err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(2*pingTime/time.Millisecond))
			})
			return errors.Join(controlErr, err)
		},
	}
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listening for desks: %w", err)
	}
	return l, nil
}
