package registrar

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"balcao/kiosk"
	"balcao/kiosk/delivery"
)

// Activation codes and "this was not me" codes are derived as one-time codes are: sent again they are the same, and no
// database holds them. What it compares them with is a MAC under a key of the row. Who reads that row would have to try
// 31^10, 8 × 10^14, for one code, and still has to come to a desk, with the document or to have a key frozen.

// ActivationCode derives the activation code of a send, as it is shown: two groups of five. It is for a program that prints
// letters; wipe it.
func ActivationCode(pepper []byte, register int64, send int) ([]byte, error) {
	k, err := newKeys(pepper)
	if err != nil {
		return nil, err
	}
	defer k.wipe()
	code := k.activationCode(register, send)
	defer clear(code)
	return shown(code), nil
}

func (k keys) activationCode(register int64, send int) []byte {
	return longCode(k.activation, binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, uint64(register)), uint64(send))) //nolint:gosec // as bits
}

func (k keys) noticeCode(notice uuid.UUID) []byte { return longCode(k.notice, notice[:]) }

// longCode reduces a MAC to characters of kiosk.ActivationAlphabet. Of 2^256 values each code has as many as any other, but for
// one in 2^206.
func longCode(key, of []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(of)
	sum := h.Sum(nil)
	defer clear(sum)
	n, base, digit := new(big.Int).SetBytes(sum), big.NewInt(int64(len(kiosk.ActivationAlphabet))), new(big.Int)
	code := make([]byte, kiosk.ActivationLength)
	for i := range code {
		n.DivMod(n, base, digit)
		code[i] = kiosk.ActivationAlphabet[digit.Int64()]
	}
	clear(n.Bits())
	return code
}

// shown is a code as people read it.
func shown(code []byte) []byte {
	half := len(code) / 2
	return fmt.Appendf(nil, "%s-%s", code[:half], code[half:])
}

// prepare commits what the database compares a code with, before its message leaves. It reports false when nobody wants the code
// any more.
func (w *Worker) prepare(ctx context.Context, function string, row uuid.UUID, code []byte) (wanted bool, err error) {
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return false, err
	}
	if err := w.cfg.DB.QueryRow(ctx, `select registrar.`+function+`($1, $2, $3)`, row, key, codeMAC(key, code)).Scan(&wanted); err != nil {
		return false, &trouble{code: "database", cause: fmt.Errorf("preparing a code: %w", plain(err))}
	}
	w.at("code_ready")
	return wanted, nil
}

// activationJob is the payload of an activation job.
type activationJob struct {
	Activation uuid.UUID     `json:"activation"`
	Register   int64         `json:"register"`
	Send       int           `json:"send_no"`
	Channel    kiosk.Channel `json:"channel"`
	Value      string        `json:"value"`
	Language   string        `json:"language"`
	ExpiresAt  time.Time     `json:"expires_at"`
}

// sendActivation sends an activation code, or lets a letter be printed, which whoever prints it derives the code for.
func (w *Worker) sendActivation(ctx context.Context, j *job) (record, error) {
	var p activationJob
	if err := json.Unmarshal(j.Payload, &p); err != nil {
		return nil, unreadable()
	}
	if p.Channel != kiosk.Letter && !canonical(p.Channel, p.Value) {
		return nil, &trouble{code: "contact_form", final: true}
	}
	code := w.keys.activationCode(p.Register, p.Send)
	defer clear(code)
	switch wanted, err := w.prepare(ctx, "activation_ready", p.Activation, code); {
	case err != nil:
		return nil, err
	case !wanted:
		return nil, &trouble{code: "overtaken", final: true}
	case p.Channel == kiosk.Letter:
		return func(context.Context, pgx.Tx) error { return nil }, nil
	}
	text := shown(code)
	defer clear(text)
	return w.write(ctx, j, "activation", p.Channel, p.Value, p.Language, p.ExpiresAt, delivery.Data{
		Code: string(text), Register: p.Register, Minutes: max(1, int(math.Round(p.ExpiresAt.Sub(w.cfg.Now()).Minutes()))),
	})
}

// noticeJob is the payload of a notify job.
type noticeJob struct {
	Notice     uuid.UUID     `json:"notice"`
	Kind       string        `json:"kind"` // one of delivery.Occasions
	Channel    kiosk.Channel `json:"channel"`
	Value      string        `json:"value"`
	Language   string        `json:"language"`
	Register   int64         `json:"register"`
	ValidUntil string        `json:"valid_until"`
	Coded      bool          `json:"coded"` // it is about a change, and brings a code that freezes the key
	Params     struct {
		Days     int       `json:"days"`
		Document string    `json:"document"` // last day
		Until    time.Time `json:"until"`    // of a lock
	} `json:"params"`
}

// notify tells a holder of a change of their key on a contact that was theirs before.
func (w *Worker) notify(ctx context.Context, j *job) (record, error) {
	var p noticeJob
	if err := json.Unmarshal(j.Payload, &p); err != nil {
		return nil, unreadable()
	}
	d := delivery.Data{Register: p.Register, Days: p.Params.Days}
	for day, to := range map[*string]*time.Time{&p.ValidUntil: &d.ValidUntil, &p.Params.Document: &d.Document} {
		at, err := time.Parse(time.DateOnly, *day)
		if err != nil && *day != "" {
			return nil, unreadable()
		}
		*to = at
	}
	if until := p.Params.Until; !until.IsZero() {
		d.Minutes = max(1, int(math.Ceil(until.Sub(w.cfg.Now()).Minutes())))
	}
	if p.Coded {
		code := w.keys.noticeCode(p.Notice)
		defer clear(code)
		switch wanted, err := w.prepare(ctx, "notice_ready", p.Notice, code); {
		case err != nil:
			return nil, err
		case !wanted:
			return nil, &trouble{code: "overtaken", final: true}
		}
		text := shown(code)
		defer clear(text)
		d.NotMe = string(text)
	}
	return w.write(ctx, j, p.Kind, p.Channel, p.Value, p.Language, time.Time{}, d)
}

// write sends the message of an occasion; the codes in it are worth nothing after expires, which may be zero.
func (w *Worker) write(ctx context.Context, j *job, occasion string, channel kiosk.Channel, to, language string, expires time.Time, d delivery.Data) (record, error) {
	m, err := w.cfg.Texts.Write(occasion, string(channel), language, d)
	if err != nil {
		return nil, &trouble{code: "text", final: true, cause: err}
	}
	m.To, m.Expires = to, expires
	sent, err := w.send(ctx, j, channel, m)
	if err == nil {
		w.at("sent")
	}
	return sent, err
}
