package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"balcao/mock-pcsc/inbox"
)

// The control protocol: one request and one answer for each connection, each a line of JSON. A
// request that waits ends when its connection does.

// maxRequest bounds a request, maxAnswer an answer with a full inbox.
const (
	maxRequest = 64 << 10
	maxAnswer  = 64 << 20
)

// request is what a client asks. Do is one of insert, remove, status, inbox, line.
type request struct {
	Do    string        `json:"do"`
	Card  string        `json:"card,omitempty"`
	Slot  int           `json:"slot,omitempty"`
	Line  string        `json:"line,omitempty"`
	To    string        `json:"to,omitempty"`
	After int64         `json:"after,omitempty"`
	Wait  time.Duration `json:"wait,omitempty"`
}

// answer is what the bench says: an error or what was asked for.
type answer struct {
	Error    string          `json:"error,omitempty"`
	Card     string          `json:"card,omitempty"`
	Status   *Status         `json:"status,omitempty"`
	Messages []inbox.Message `json:"messages,omitempty"`
}

func (b *Bench) serveControl(ctx context.Context, l net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	var connections sync.WaitGroup
	defer connections.Wait()
	defer cancel()
	for {
		conn, err := l.Accept()
		if ctx.Err() != nil {
			if err == nil {
				_ = conn.Close()
			}
			return nil
		}
		if err != nil {
			return fmt.Errorf("accepting on the control socket: %w", err)
		}
		connections.Go(func() { b.serveRequest(ctx, conn) })
	}
}

// errCallerGone is the cause when the one who asked hung up.
var errCallerGone = errors.New("the caller is gone")

func (b *Bench) serveRequest(ctx context.Context, conn net.Conn) {
	defer func() { _ = conn.Close() }()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Now()) })
	defer stop()

	r := bufio.NewReader(io.LimitReader(conn, maxRequest))
	line, err := r.ReadBytes('\n')
	if err != nil {
		return
	}
	var watching sync.WaitGroup
	defer watching.Wait()
	defer cancel(nil)
	watching.Go(func() {
		_, _ = r.ReadByte() // nothing more is said: this ends with the connection or the context
		cancel(errCallerGone)
	})
	var asked request
	reply := answer{Error: "a request is one line of JSON"}
	if json.Unmarshal(line, &asked) == nil {
		reply = b.answer(ctx, asked)
	}
	raw, err := json.Marshal(reply)
	if err != nil {
		raw = []byte(`{"error":"the answer cannot be written as JSON"}`)
	}
	_ = conn.SetWriteDeadline(time.Now().Add(10 * time.Second))
	_, _ = conn.Write(append(raw, '\n')) // a caller who is gone wants no answer
}

func (b *Bench) answer(ctx context.Context, asked request) answer {
	failed := func(err error) answer { return answer{Error: err.Error()} }
	switch asked.Do {
	case "insert":
		ctx, cancel := context.WithTimeout(ctx, asked.Wait)
		defer cancel()
		if err := b.Insert(ctx, asked.Card, asked.Slot); err != nil {
			return failed(err)
		}
		return answer{Card: asked.Card}
	case "remove":
		name, err := b.Remove(asked.Slot)
		if err != nil {
			return failed(err)
		}
		return answer{Card: name}
	case "status":
		status, _ := b.Status()
		return answer{Status: &status}
	case "line":
		line, err := ParseLine(asked.Line)
		if err != nil {
			return failed(err)
		}
		b.SetLine(line)
		return answer{}
	case "inbox":
		return b.answerInbox(ctx, asked)
	default:
		return failed(fmt.Errorf("the bench knows no %q; is it of another version than this command?", asked.Do))
	}
}

func (b *Bench) answerInbox(ctx context.Context, asked request) answer {
	filter := inbox.Filter{To: asked.To, After: asked.After}
	messages, _ := b.inbox.Messages(filter)
	if asked.Wait > 0 && len(messages) == 0 {
		ctx, cancel := context.WithTimeout(ctx, asked.Wait)
		defer cancel()
		messages, _ = b.inbox.Wait(ctx, filter) // no messages says it all
	}
	return answer{Messages: messages}
}
