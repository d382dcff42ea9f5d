package central

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Line has the callbacks of Listen. All are called from one goroutine.
type Line struct {
	// Up is told what the centre says of itself: when the line is connected (again), at each comment of the centre's,
	// and when the centre may have missed something. When missed, notices may have been lost since the last time: ask what
	// they would have told.
	Up     func(h Hello, missed bool)
	Down   func(err error) // ErrUnavailable or *Refused; Listen goes on trying
	Notice func(Notice)
	// Silence is after how long a line on which nothing comes counts as dead; 25 s when zero.
	Silence time.Duration
}

// Listen keeps a line to the centre until ctx ends, and returns ctx's error. A line that broke and is back at once is
// not told of as Down.
func (c *Centre) Listen(ctx context.Context, line Line) error {
	if line.Silence == 0 {
		line.Silence = 2*EventPause + EventPause/2
	}
	for failures := 0; ; {
		connected, err := c.listenOnce(ctx, line)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		failures++
		if connected {
			failures = 1
		} else {
			line.Down(fmt.Errorf("listening to the centre: %w", err))
		}
		if !pause(ctx, backoff(failures, 250*time.Millisecond, 10*time.Second)) {
			return ctx.Err()
		}
	}
}

// listenOnce listens on one connection until it breaks.
func (c *Centre) listenOnce(ctx context.Context, line Line) (connected bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	at := c.at.Load()
	defer c.at.CompareAndSwap(at, at+1) // whatever ends the line: another door is tried next
	dead := time.AfterFunc(c.timeout, cancel)
	defer dead.Stop()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base(at)+PathEvents, nil)
	if err != nil {
		return false, err
	}
	r.Header.Set("Accept", MediaEvents+", "+MediaProblem)
	answer, err := c.http.Do(r)
	if err != nil {
		return false, unanswered(err)
	}
	defer func() { _ = answer.Body.Close() }() // only read
	switch {
	case answer.StatusCode != http.StatusOK:
		raw, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
		if err != nil {
			return false, unanswered(err)
		}
		return false, problem(answer, raw)
	case !isMedia(answer, MediaEvents):
		return false, errNotTheCentre
	}
	dead.Reset(line.Silence)
	events := bufio.NewScanner(answer.Body) // of lines up to 64 KB
	var e event
	missed := true // what was announced before this connection
	for events.Scan() {
		switch said := e.add(events.Text()); {
		case said == EventNotice:
			var n Notice
			if json.Unmarshal([]byte(e.data), &n) == nil {
				line.Notice(n)
			}
		case said == EventMissed, said == comment:
			missed = c.measure(ctx, line, missed || said == EventMissed)
		case said == EventEnd:
			var code string
			if json.Unmarshal([]byte(e.data), &code) == nil && stableWord.MatchString(code) && code != FailedUnavailable && code != FailedBusy {
				return false, &Refused{Code: code}
			}
		}
		dead.Reset(line.Silence)
	}
	return true, ErrUnavailable
}

// measure asks the centre how it is, and says so, with what was missed. It returns whether that is still to be said.
func (c *Centre) measure(ctx context.Context, line Line, missed bool) bool {
	switch h, err := c.Hello(ctx); {
	case err == nil:
		line.Up(h, missed)
		return false
	case ctx.Err() == nil:
		line.Down(err)
	}
	return missed
}

// event is what was said of a server-sent event so far (WHATWG HTML §9.2.6).
type event struct {
	name, data string
	whole      bool // the next line begins another
}

// comment is what add returns for a comment, which no event's name can be.
const comment = ":"

// add takes a line, and returns the name of the event that it completes, comment, or "".
func (e *event) add(line string) string {
	if strings.HasPrefix(line, ":") {
		return comment
	}
	if e.whole {
		*e = event{}
	}
	if line == "" {
		e.whole = true
		return e.name
	}
	field, value, _ := strings.Cut(line, ":")
	value = strings.TrimPrefix(value, " ")
	switch field {
	case "event":
		e.name = value
	case "data":
		e.data += value
	}
	return ""
}
