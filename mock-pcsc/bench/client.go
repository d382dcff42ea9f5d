package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"time"

	"balcao/mock-pcsc/inbox"
)

// ErrNotRunning says that no bench was found.
var ErrNotRunning = errors.New("no bench is running: start one with mock-pcsc serve (or make run), " +
	"or name its socket with " + Environment)

// Insert puts a card into a slot of the running bench and returns when the reader has seen it, or
// with an error after wait.
func Insert(ctx context.Context, card string, slot int, wait time.Duration) error {
	_, err := ask(ctx, request{Do: "insert", Card: card, Slot: slot, Wait: wait})
	return err
}

// Remove takes the card out of a slot of the running bench and says which it was.
func Remove(ctx context.Context, slot int) (card string, err error) {
	a, err := ask(ctx, request{Do: "remove", Slot: slot})
	return a.Card, err
}

// CurrentStatus asks the running bench what it holds.
func CurrentStatus(ctx context.Context) (Status, error) {
	a, err := ask(ctx, request{Do: "status"})
	if err != nil || a.Status == nil {
		return Status{}, err
	}
	return *a.Status, nil
}

// SetLine sets the card line's speed in the running bench; see ParseLine.
func SetLine(ctx context.Context, line string) error {
	_, err := ask(ctx, request{Do: "line", Line: line})
	return err
}

// Messages asks the running bench what arrived. With a wait it returns as soon as the filter selects
// at least one message, at once when it does already, and nothing when the wait is over.
func Messages(ctx context.Context, f inbox.Filter, wait time.Duration) ([]inbox.Message, error) {
	a, err := ask(ctx, request{Do: "inbox", To: f.To, After: f.After, Wait: wait})
	return a.Messages, err
}

// ask finds the running bench and asks it one thing.
func ask(ctx context.Context, asked request) (answer, error) {
	conn, err := dial(ctx)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	raw, err := json.Marshal(asked)
	if err != nil {
		return answer{}, fmt.Errorf("asking the bench: %w", err)
	}
	if _, err := conn.Write(append(raw, '\n')); err != nil {
		return answer{}, fmt.Errorf("asking the bench: %w", err)
	}
	line, err := bufio.NewReader(io.LimitReader(conn, maxAnswer)).ReadBytes('\n')
	if err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return answer{}, fmt.Errorf("the bench did not answer (is it being stopped?): %w", err)
	}
	var a answer
	if err := json.Unmarshal(line, &a); err != nil {
		return answer{}, fmt.Errorf("reading the bench's answer: %w", err)
	}
	if a.Error != "" {
		return answer{}, errors.New(a.Error)
	}
	return a, nil
}

func dial(ctx context.Context) (net.Conn, error) {
	var d net.Dialer
	for _, path := range paths() {
		conn, err := d.DialContext(ctx, "unix", path)
		if err == nil {
			return conn, nil
		}
		if errors.Is(err, fs.ErrPermission) {
			return nil, fmt.Errorf("the bench at %s belongs to another user; run this command as that user: %w", path, err)
		}
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return nil, ErrNotRunning
}
