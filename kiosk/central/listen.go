package central

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Line has the callbacks of Listen. All are called from one goroutine.
type Line struct {
	Up        func(roundTrip time.Duration) // connected (again), and every Heartbeat since; ask what may have been missed
	Down      func(err error)               // ErrUnavailable or *Refused; Listen goes on trying
	Notice    func(Notice)
	Heartbeat time.Duration // how often the line is measured; 10 s when zero
}

// Listen keeps a line to the centre until ctx ends, and returns ctx's error.
func (c *Centre) Listen(ctx context.Context, line Line) error {
	if line.Heartbeat == 0 {
		line.Heartbeat = 10 * time.Second
	}
	for failures := 0; ; {
		connected, err := c.listenOnce(ctx, line)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		line.Down(fmt.Errorf("listening to the centre: %w", classify(ctx, err)))
		failures++
		if connected {
			failures = 1
		}
		if !pause(ctx, backoff(failures, 250*time.Millisecond, 10*time.Second)) {
			return ctx.Err()
		}
	}
}

// listenOnce listens on one connection until it breaks. The connection is not taken from the pool,
// which has few, for calls.
func (c *Centre) listenOnce(ctx context.Context, line Line) (connected bool, err error) {
	conn, err := pgx.ConnectConfig(ctx, c.pool.Config().ConnConfig)
	if err != nil {
		return false, err
	}
	defer func() {
		closeCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(closeCtx) // it may be broken already; the error that matters is err
	}()
	before := time.Now()
	if err := c.subscribe(ctx, conn); err != nil {
		return false, err
	}
	line.Up(time.Since(before))
	for {
		if err := wait(ctx, conn, line); err != nil {
			return true, err
		}
		if !writable(conn) {
			return true, errors.New("the server became a standby")
		}
		before := time.Now()
		if err := c.ping(ctx, conn); err != nil {
			return true, err
		}
		line.Up(time.Since(before))
	}
}

// subscribe has a time limit like every call: without it, a server that accepts the connection and
// then does not answer would leave the desk without notices until TCP gives up.
func (c *Centre) subscribe(ctx context.Context, conn *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	_, err := conn.Exec(ctx, "listen "+pgx.Identifier{"desk_" + c.desk}.Sanitize())
	return err
}

func (c *Centre) ping(ctx context.Context, conn *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	return conn.Ping(ctx)
}

// wait passes notices on until the next heartbeat is due.
func wait(ctx context.Context, conn *pgx.Conn, line Line) error {
	heartbeat, cancel := context.WithTimeout(ctx, line.Heartbeat)
	defer cancel()
	for {
		n, err := conn.WaitForNotification(heartbeat)
		if err != nil {
			if heartbeat.Err() != nil && ctx.Err() == nil && !conn.IsClosed() {
				return nil // it is time to measure
			}
			return err
		}
		var notice Notice
		if json.Unmarshal([]byte(n.Payload), &notice) == nil {
			line.Notice(notice)
		}
	}
}
