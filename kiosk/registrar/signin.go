package registrar

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"balcao/kiosk"
	"balcao/kiosk/delivery"
	keyrecord "balcao/kiosk/record"
	"balcao/kiosk/seal"
	"balcao/kiosk/signin"
)

// Kinds of jobs about those who sign in.
const (
	kindTry        = "try"
	kindSignInCode = "sign_in_code"
	kindRehash     = "rehash"
)

// tryJob is the payload of a try job: a PIN that a desk sealed.
type tryJob struct {
	Try       uuid.UUID        `json:"try"`
	By        kiosk.Identifier `json:"kind"`
	Name      string           `json:"value"`
	SealedPIN []byte           `json:"sealed_pin"` // base64
	Desk      string           `json:"desk"`
}

// tryKey compares the PIN of somebody who tries their key at a desk, as the sign-in service does. A try is counted once,
// however often its job is worked: it has the desk's identifier.
func (w *Worker) tryKey(ctx context.Context, j *job) (record, error) {
	var p tryJob
	if err := json.Unmarshal(j.Payload, &p); err != nil {
		return nil, unreadable()
	}
	pin, err := seal.Open(w.cfg.Identity, j.Enrolment, p.SealedPIN)
	if err != nil {
		return nil, &trouble{code: RefusedSeal, final: true}
	}
	defer clear(pin)
	answer, err := w.checker.PIN(ctx, signin.Try{ID: p.Try, By: p.By, Name: p.Name, PIN: pin, Source: []byte("desk " + p.Desk)})
	switch {
	case errors.Is(err, signin.ErrInvalid), errors.Is(err, signin.ErrConflict):
		return nil, &trouble{code: "payload", final: true, cause: err}
	case err != nil:
		return nil, &trouble{code: "busy", cause: err}
	}
	w.at("tried")
	outcome := "no"
	if answer.Right {
		outcome = "code"
	}
	return func(ctx context.Context, tx pgx.Tx) error {
		return exec(ctx, tx, "answering a try", `select registrar.try_compared($1, $2)`, p.Try, outcome)
	}, nil
}

// signInCodeJob is the payload of a sign_in_code job.
type signInCodeJob struct {
	Code      uuid.UUID     `json:"code"`
	Channel   kiosk.Channel `json:"channel"`
	Value     string        `json:"value"`
	Proves    bool          `json:"proves"` // the contact is not the key's yet
	Language  string        `json:"language"`
	ExpiresAt time.Time     `json:"expires_at"`
}

// sendSignInCode sends a code to sign in with, in the order of sendCode.
func (w *Worker) sendSignInCode(ctx context.Context, j *job) (record, error) {
	var p signInCodeJob
	if err := json.Unmarshal(j.Payload, &p); err != nil {
		return nil, unreadable()
	}
	if !w.cfg.Now().Before(p.ExpiresAt) {
		return nil, &trouble{code: "code_expired", final: true}
	}
	label := "sign-in " + string(p.Channel)
	if p.Proves {
		label = contactLabel(p.Channel, p.Value)
	}
	code := w.keys.oneTimeCode(p.Code, label, 0)
	defer clear(code)
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	var wanted bool
	err := w.cfg.DB.QueryRow(ctx, `select registrar.sign_in_code_ready($1, $2, $3)`, p.Code, key, codeMAC(key, code)).Scan(&wanted)
	switch {
	case err != nil:
		return nil, &trouble{code: "database", until: p.ExpiresAt, cause: plain(err)}
	case !wanted:
		return nil, &trouble{code: "overtaken", final: true}
	}
	m, err := w.cfg.Texts.Write("code", string(p.Channel), p.Language, delivery.Data{
		Code:    string(code), // a string cannot be wiped; it leaves by SMS a moment later
		Minutes: max(1, int(math.Round(p.ExpiresAt.Sub(w.cfg.Now()).Minutes()))),
	})
	if err != nil {
		return nil, &trouble{code: "text", final: true, cause: err}
	}
	m.To, m.Expires, m.Replaces = p.Value, p.ExpiresAt, j.Attempts > 0
	sending, cancel := context.WithDeadline(ctx, p.ExpiresAt)
	defer cancel()
	sent, err := w.send(sending, j, p.Channel, m)
	if err == nil {
		w.at("sign_in_code_sent")
	}
	return sent, err
}

// rehashJob is the payload of a rehash job.
type rehashJob struct {
	Rehash   uuid.UUID `json:"rehash"`
	Register int64     `json:"register"`
	Version  int       `json:"version"`
	Record   []byte    `json:"record"`     // base64; of that version
	PIN      []byte    `json:"pin_sha256"` // of the new hash, base64
}

// rehash puts a hash at the cost of today's settings in place of a key's, and signs the record that goes with it: the old
// one, as a registrar signed it, but for the hash.
func (w *Worker) rehash(_ context.Context, j *job) (record, error) {
	var p rehashJob
	if err := json.Unmarshal(j.Payload, &p); err != nil {
		return nil, unreadable()
	}
	r, err := keyrecord.Verify(p.Record, w.records...)
	if err != nil || r.Register != p.Register || r.Version != p.Version {
		return nil, &trouble{code: "record_missing", final: true, cause: err}
	}
	return func(ctx context.Context, tx pgx.Tx) error {
		var register *int64
		var version *int
		if err := tx.QueryRow(ctx, `select register, version from registrar.rehash($1, $2)`, p.Rehash, p.Version).Scan(&register, &version); err != nil {
			return fmt.Errorf("exchanging a hash: %w", plain(err))
		}
		if register == nil || version == nil {
			return nil // the key was changed meanwhile; its next sign-in comes back to it
		}
		r.Version, r.At, r.Reason, r.PIN = *version, w.cfg.Now(), "settings_changed", p.PIN
		return w.sign(ctx, tx, r)
	}, nil
}
