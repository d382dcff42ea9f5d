package central

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// call is one request to the centre, which may be made several times.
type call struct {
	what         string // for errors: "send a code"
	method, path string
	request      any // one of wire.go's, or nil
	answer       any // where to, nil when there is none
	// timed is told when an answer's try began and ended, by the desk's clock, and whose answer it is.
	timed func(before, after time.Time, door *tls.ConnectionState)
}

// put is a call by PUT, whose path has the identifiers in place of its variables.
func put(what, path string, request, answer any, ids ...uuid.UUID) call {
	return call{what: what, method: http.MethodPut, path: fill(path, ids...), request: request, answer: answer}
}

// fill puts identifiers in place of a path's variables.
func fill(path string, ids ...uuid.UUID) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if strings.HasPrefix(part, "{") {
			parts[i], ids = ids[0].String(), ids[1:]
		}
	}
	return strings.Join(parts, "/")
}

const (
	// tries is how often a call is made before ErrUnavailable is returned. The waits between are short,
	// because a clerk and a person are waiting and the screen shows that the centre is away.
	tries = 3
	// longestWait is how long a call waits because the centre says so (Retry-After). When told to wait longer, it has
	// no answer for now.
	longestWait = 2 * time.Second
	// maxAnswer bounds an answer, in bytes. The longest is a case that a supervisor takes, whose JWS may have 256 KiB.
	maxAnswer = 512 << 10
)

// ask makes one call, again when it was cut off: every call is idempotent. Each centre's door is tried once before one
// is asked again.
func (c *Centre) ask(ctx context.Context, q call) error {
	var b body
	if q.request != nil {
		b.json = encode(q.request)
	}
	defer b.wipe()
	for n := 1; ; n++ {
		err := c.try(ctx, q, &b)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return fmt.Errorf("asking the centre to %s: %w", q.what, ctx.Err())
		}
		var later *postponed
		told := errors.As(err, &later)
		if !errors.Is(err, ErrUnavailable) || n >= max(tries, len(c.bases)) || told && n >= len(c.bases) && later.after > longestWait {
			return fmt.Errorf("asking the centre to %s: %w", q.what, err)
		}
		if n < len(c.bases) {
			continue
		}
		wait := backoff(n, 50*time.Millisecond, time.Second)
		if told {
			wait = max(wait, later.after)
		}
		if !pause(ctx, wait) {
			return fmt.Errorf("asking the centre to %s: %w", q.what, ctx.Err())
		}
	}
}

// try makes a call once. A door that has no answer is left for the next one.
func (c *Centre) try(ctx context.Context, q call, b *body) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	at := c.at.Load()
	err := c.once(ctx, c.base(at), q, b)
	if errors.Is(err, ErrUnavailable) {
		c.at.CompareAndSwap(at, at+1)
	}
	return err
}

func (c *Centre) base(at uint32) string { return c.bases[int(at)%len(c.bases)] }

func (c *Centre) once(ctx context.Context, base string, q call, b *body) error {
	r, err := http.NewRequestWithContext(ctx, q.method, base+q.path, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Accept", MediaJSON+", "+MediaProblem)
	if q.request != nil {
		r.Header.Set("Content-Type", MediaJSON)
		r.ContentLength = int64(len(b.json))
		r.Body = b.reader()
		r.GetBody = func() (io.ReadCloser, error) { return b.reader(), nil } // when a connection turns out to be closed
	}
	before := c.now()
	answer, err := c.http.Do(r)
	if err != nil {
		return unanswered(err)
	}
	defer func() { _ = answer.Body.Close() }() // only read
	raw, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	switch {
	case err != nil:
		return unanswered(err)
	case len(raw) > maxAnswer:
		return fmt.Errorf("%w: an answer too long", ErrUnavailable)
	case answer.StatusCode == http.StatusNoContent && q.answer == nil:
		return nil
	case answer.StatusCode != http.StatusOK:
		return problem(answer, raw)
	case !isMedia(answer, MediaJSON) || q.answer == nil || json.Unmarshal(raw, q.answer) != nil:
		return errNotTheCentre
	}
	if q.timed != nil {
		q.timed(before, c.now(), answer.TLS)
	}
	return nil
}

// isMedia reports whether an answer is of a media type.
func isMedia(answer *http.Response, media string) bool {
	got, _, err := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	return err == nil && got == media
}

// retryAfter is for how long an answer says to wait (RFC 9110 §10.2.3), 0 when it does not say it in seconds.
func retryAfter(answer *http.Response) time.Duration {
	seconds, err := strconv.ParseUint(answer.Header.Get("Retry-After"), 10, 16)
	if err != nil {
		return 0
	}
	return time.Duration(seconds) * time.Second //nolint:gosec // 16 bits
}

// backoff doubles from first, up to most, and then takes a random share of at least half, so that
// desks which lost the same server do not all reconnect at once.
func backoff(n int, first, most time.Duration) time.Duration {
	d := most
	if shift := n - 1; shift < 30 && first<<shift < most {
		d = first << shift
	}
	return d/2 + rand.N(d/2+1) //nolint:gosec // when, is no secret
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
