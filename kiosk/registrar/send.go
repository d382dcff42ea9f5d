package registrar

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"math"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"balcao/kiosk"
	"balcao/kiosk/delivery"
)

// codeJob is the payload of a send_code job.
type codeJob struct {
	Channel   string    `json:"channel"`
	Value     string    `json:"value"`
	Language  string    `json:"language"`
	Send      uint32    `json:"send_no"`
	ExpiresAt time.Time `json:"expires_at"`
	Row       uuid.UUID `json:"code_row"`
}

// sendCode sends a one-time code. The order matters: first the database can compare the code, and that
// is committed; then the message leaves; then it is recorded as sent. Killed in between, the next
// worker sends the same code again.
func (w *Worker) sendCode(ctx context.Context, j *job) (record, error) {
	var p codeJob
	if err := json.Unmarshal(j.Payload, &p); err != nil {
		return nil, unreadable()
	}
	if !w.cfg.Now().Before(p.ExpiresAt) {
		return nil, &trouble{code: "code_expired", final: true}
	}
	if !canonical(kiosk.Channel(p.Channel), p.Value) {
		return nil, &trouble{code: "contact_form", final: true}
	}
	code := w.keys.oneTimeCode(j.Enrolment, p.Channel, p.Send)
	defer clear(code)

	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	wanted, err := codeReady(ctx, w.cfg.DB, p.Row, key, codeMAC(key, code))
	if err != nil {
		return nil, &trouble{code: "database", until: p.ExpiresAt, cause: err}
	}
	if !wanted {
		return nil, &trouble{code: "overtaken", final: true}
	}
	w.at("code_ready")

	left := p.ExpiresAt.Sub(w.cfg.Now()).Minutes()
	m, err := w.cfg.Texts.Write("code", p.Channel, p.Language, delivery.Data{
		Code:    string(code), // a string cannot be wiped; it leaves by SMS a moment later
		Minutes: max(1, int(math.Round(left))),
	})
	if err != nil {
		return nil, &trouble{code: "text", final: true, cause: err}
	}
	m.To, m.Expires = p.Value, p.ExpiresAt
	m.Replaces = j.Attempts > 0
	sending, cancel := context.WithDeadline(ctx, p.ExpiresAt)
	defer cancel()
	sent, err := w.send(sending, j, kiosk.Channel(p.Channel), m)
	if err == nil {
		w.at("sent")
	}
	return sent, err
}

// unsureTime is how long a message that may have left waits for its receipt before it is sent again. A code does not wait: it
// is the same one, and somebody waits for it.
const unsureTime = 2 * time.Minute

// send sends what a job is about and returns what is written with the job's end. The message has the same key however often
// its job is worked; see delivery.Message.
func (w *Worker) send(ctx context.Context, j *job, channel kiosk.Channel, m delivery.Message) (record, error) {
	m.Key = w.keys.messageKey(j.ID)
	leaves := func(ctx context.Context) error {
		if channel != kiosk.SMS {
			return nil // no receipt will come
		}
		return exec(ctx, w.cfg.DB, "recording a message that leaves", `select registrar.message_unsure($1, $2, $3)`,
			j.ID, int(m.Reference()), m.To)
	}
	code := j.Kind == kindSendCode || j.Kind == kindSignInCode
	if !code {
		if err := leaves(ctx); err != nil { // before: a registrar that is killed cannot say so afterwards
			return nil, err
		}
	}
	via := w.cfg.Mail
	if channel == kiosk.SMS {
		via = w.cfg.SMS
	}
	id, err := via.Send(ctx, m)
	w.channels.sent(channel, err)
	if err == nil {
		return func(ctx context.Context, tx pgx.Tx) error { return messageSent(ctx, tx, j.ID, id) }, nil
	}
	_, known := errors.AsType[*delivery.Error](err)
	t := &trouble{code: delivery.Code(err), final: !delivery.IsTemporary(err), until: m.Expires, reason: delivery.Reason(err)}
	if delivery.IsUnsure(err) || !known {
		t.unsure = true
		if code {
			saying, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
			defer cancel()
			_ = leaves(saying) // without it the code is sent again, as it would be
		}
	}
	return nil, t
}

// canonical reports whether a contact is spelt in the one way in which a desk that keeps the rules spells
// it, and is of the kind that receives messages. Where the database takes more, such as a number to which
// a message costs dear, no code is made, so it is never proven.
func canonical(channel kiosk.Channel, value string) bool {
	var spelt string
	var problem kiosk.ContactProblem
	switch channel {
	case kiosk.SMS:
		spelt, problem = kiosk.ParsePhone(value, "")
	case kiosk.Email:
		spelt, problem = kiosk.ParseEmail(value)
	}
	return problem == kiosk.ContactOK && spelt == value && value != ""
}

// welcomeJob is the payload of a welcome job. The centre queues one for each channel that was proven,
// so that whoever holds the other one learns of the key as well.
type welcomeJob struct {
	Channel    string `json:"channel"`
	Value      string `json:"value"`
	Language   string `json:"language"`
	Register   int64  `json:"register"`
	ValidUntil string `json:"valid_until"`
}

// welcome tells the holder that the key is active.
func (w *Worker) welcome(ctx context.Context, j *job) (record, error) {
	var p welcomeJob
	if err := json.Unmarshal(j.Payload, &p); err != nil {
		return nil, unreadable()
	}
	until, err := time.Parse(time.DateOnly, p.ValidUntil)
	if err != nil {
		return nil, unreadable()
	}
	m, err := w.cfg.Texts.Write("welcome", p.Channel, p.Language, delivery.Data{Register: p.Register, ValidUntil: until})
	if err != nil {
		return nil, &trouble{code: "text", final: true, cause: err}
	}
	m.To = p.Value
	sent, err := w.send(ctx, j, kiosk.Channel(p.Channel), m)
	if err == nil {
		w.at("welcomed")
	}
	return sent, err
}

// unreadable is the trouble of a payload that this version does not understand. What the decoder says
// may quote it, so it is not repeated.
func unreadable() error {
	return &trouble{code: "payload", final: true, cause: errors.New("the payload of the job cannot be read")}
}
