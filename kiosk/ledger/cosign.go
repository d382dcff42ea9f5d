package ledger

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// WitnessAt is a witness that is asked for cosignatures (C2SP tlog-witness).
type WitnessAt struct {
	URL string        // the submission prefix
	Key note.Verifier // of cosignature/v1, as LoadCosigner reads it
}

// refused says that a witness does not cosign, and would not if it were asked again.
type refused struct{ error }

// tellWitnesses has the witnesses asked about a checkpoint, in the place of an older one that they have not been asked about.
func (s *Sequencer) tellWitnesses(c Checkpoint) {
	for _, ch := range s.tell {
		select {
		case <-ch:
		default:
		}
		ch <- c
	}
}

// cosign asks the witnesses until ctx ends.
func (s *Sequencer) cosign(ctx context.Context) {
	var all sync.WaitGroup
	for i, w := range s.cfg.Witnesses {
		all.Go(func() { s.ask(ctx, w, s.tell[i]) })
	}
	all.Wait()
}

// ask has one witness cosign what comes. One that does not answer is asked again later.
func (s *Sequencer) ask(ctx context.Context, w WitnessAt, checkpoints <-chan Checkpoint) {
	var seen int64 // the size that the witness cosigned last, as far as is known
	down := false
	var c Checkpoint
	var retry <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case c = <-checkpoints:
		case <-retry:
		}
		retry = nil
		size, lines, err := w.cosign(ctx, c, seen, storedHashes(ctx, s.pool, hashesOfRegistrar))
		if err == nil && lines != "" {
			const sql = `select registrar.log_cosigned($1, $2, $3)`
			_, err = s.pool.Exec(ctx, sql, c.Size, string(c.Note), lines)
			err = plain(err)
		}
		seen = size
		_, no := errors.AsType[refused](err)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			down = false
			continue
		case no:
			s.cfg.Log.ErrorContext(ctx, "the log", "alarm", "log_witness", "witness", w.Key.Name(), "cause", err.Error())
			_, _ = s.pool.Exec(ctx, `select registrar.log_alarm('log_witness')`) // the line is there
		case !down:
			s.cfg.Log.WarnContext(ctx, "a witness of the log does not answer", "witness", w.Key.Name(), "cause", err.Error())
		}
		down = !no
		if down {
			retry = time.After(lookBack)
		}
	}
}

// cosign asks for the cosignature of a checkpoint, and returns it as lines of a note, none when it has one already; and the
// size that the witness cosigned last.
func (w WitnessAt) cosign(ctx context.Context, c Checkpoint, seen int64, hashes tlog.HashReader) (int64, string, error) {
	if _, err := note.Open(c.Note, note.VerifierList(w.Key)); err == nil {
		return c.Size, "", nil
	}
	for range 3 { // the first time it may answer with its size, and meanwhile another registrar may have asked
		status, answer, err := w.post(ctx, c, seen, hashes)
		if err != nil {
			return seen, "", err
		}
		switch status {
		case http.StatusOK:
			n, err := note.Open(append(bytes.Clone(c.Note), answer...), note.VerifierList(w.Key))
			if err != nil {
				return seen, "", refused{fmt.Errorf("what it answered is not its cosignature: %w", err)}
			}
			return c.Size, fmt.Sprintf("\u2014 %s %s\n", n.Sigs[0].Name, n.Sigs[0].Base64), nil
		case http.StatusConflict:
			size, err := strconv.ParseInt(strings.TrimSuffix(string(answer), "\n"), 10, 64)
			if err != nil || size == seen {
				return seen, "", refused{errors.New("it has seen another tree of this size")}
			}
			if seen = size; size > c.Size {
				return seen, "", nil // a newer checkpoint is on its way, or extends says that the log went back
			}
		case http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusUnprocessableEntity:
			return seen, "", refused{fmt.Errorf("it answers %d", status)}
		default:
			return seen, "", fmt.Errorf("it answers %d", status)
		}
	}
	return seen, "", errors.New("others ask it all the time")
}

var client = http.Client{Timeout: 10 * time.Second}

// post sends the request add-checkpoint.
func (w WitnessAt) post(ctx context.Context, c Checkpoint, seen int64, hashes tlog.HashReader) (int, []byte, error) {
	var body bytes.Buffer
	fmt.Fprintf(&body, "old %d\n", seen)
	if seen > 0 && seen < c.Size {
		proof, err := tlog.ProveTree(c.Size, seen, hashes)
		if err != nil {
			return 0, nil, fmt.Errorf("reading the tree: %w", err)
		}
		for _, h := range proof {
			body.WriteString(base64.StdEncoding.EncodeToString(h[:]) + "\n")
		}
	}
	body.WriteString("\n")
	body.Write(c.Note)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(w.URL, "/")+"/add-checkpoint", &body)
	if err != nil {
		return 0, nil, err
	}
	response, err := client.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxRequest))
	return response.StatusCode, answer, err
}
