package registrar

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"balcao/kiosk"
	keyrecord "balcao/kiosk/record"
)

// kindOwnAct is the kind of jobs about what holders did on the web: another PIN, or the activation of their key.
const kindOwnAct = "own_act"

// ownActJob is the payload of an own_act job.
type ownActJob struct {
	Act      uuid.UUID `json:"act"`
	Kind     string    `json:"kind"` // pin or activate, which are also reasons of records
	Register int64     `json:"register"`
	Version  int       `json:"version"`
	Record   []byte    `json:"record"`     // base64; of that version
	PIN      []byte    `json:"pin_sha256"` // of the new hash, base64; of pin

	// Of activate: the code that was given and, when it came by post, that which proved a contact; and the contact.
	Send        int           `json:"send_no"`
	Code        string        `json:"code"`
	Contact     *uuid.UUID    `json:"contact"`
	ContactCode string        `json:"contact_code"`
	Channel     kiosk.Channel `json:"channel"`
	Value       string        `json:"value"`
	ProvenAt    time.Time     `json:"proven_at"`
}

// contactLabel is what a code is derived for that proves a contact on the web: of another contact it is another.
func contactLabel(channel kiosk.Channel, value string) string {
	return "contact " + string(channel) + " " + value
}

// ownAct signs the record of what a holder did on the web: the old one, as a registrar signed it, but for the PIN, whose
// hash nobody computes without the pepper; or now active, with a contact. That no database holds the codes of an
// activation is why one that was given is evidence: it is derived again here.
func (w *Worker) ownAct(_ context.Context, j *job) (record, error) {
	var p ownActJob
	if err := json.Unmarshal(j.Payload, &p); err != nil {
		return nil, unreadable()
	}
	r, err := keyrecord.Verify(p.Record, w.records...)
	if err != nil || r.Register != p.Register || r.Version != p.Version {
		return nil, &trouble{code: "record_missing", final: true, cause: err}
	}
	if p.Kind == "activate" && (r.State != "pending" || !canonical(p.Channel, p.Value) || !w.given(p)) {
		return nil, &trouble{code: "code_forged", final: true}
	}
	return func(ctx context.Context, tx pgx.Tx) error {
		var register *int64
		var version *int
		err := tx.QueryRow(ctx, `select register, version from registrar.own_act($1, $2, $3, $4, $5)`, p.Act, p.Version, p.Channel, p.Value, p.ProvenAt).
			Scan(&register, &version)
		if err != nil {
			return fmt.Errorf("doing what a holder asked for: %w", plain(err))
		}
		if register == nil || version == nil {
			return nil // the key was changed meanwhile: the holder is told so
		}
		r.Version, r.At, r.Reason, r.State = *version, w.cfg.Now(), p.Kind, outcomeActive
		if p.Kind == "activate" {
			r.Contacts = []keyrecord.Contact{{Channel: string(p.Channel), Value: p.Value, Proof: p.Act, ProvenAt: p.ProvenAt}}
		} else {
			r.V, r.PINHash, r.PIN = keyrecord.Version, "", p.PIN
		}
		return w.sign(ctx, tx, r)
	}, nil
}

// given reports whether the codes of an activation are those that registrars derive.
func (w *Worker) given(p ownActJob) bool {
	code := w.keys.activationCode(p.Register, p.Send)
	defer clear(code)
	good := subtle.ConstantTimeCompare(code, []byte(p.Code)) == 1
	if p.Contact != nil {
		proved := w.keys.oneTimeCode(*p.Contact, contactLabel(p.Channel, p.Value), 0)
		defer clear(proved)
		good = good && subtle.ConstantTimeCompare(proved, []byte(p.ContactCode)) == 1
	}
	return good
}
