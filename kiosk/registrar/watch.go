package registrar

import (
	"bytes"
	"context"
	"crypto/sha256"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"balcao/kiosk"
	"balcao/kiosk/transcript"
)

// How often the centre looks for misuse by rules that compare, and how often for what supervisors decided.
const (
	watchEvery  = time.Minute
	decideEvery = 5 * time.Second
)

// alertSlack is how far from the centre's clock the time in a decision may be, either way, as for the door.
const alertSlack = 10 * time.Minute

// watch has the centre look for misuse, and does what supervisors decided about it.
func (w *Worker) watch(ctx context.Context) error {
	var looked time.Time
	for {
		if time.Since(looked) >= watchEvery {
			looked = time.Now()
			// Trouble shows in listen; the next round makes up for this one.
			_ = exec(ctx, w.cfg.DB, "watching", `select registrar.watch()`)
		}
		_ = w.decideAlerts(ctx)
		if err := sleep(ctx, decideEvery); err != nil {
			return err
		}
	}
}

// alertJob is a decision about an alert that no registrar has verified yet. All but the JWS is the database's word.
type alertJob struct {
	Alert       uuid.UUID
	JWS         []byte
	Fingerprint []byte // SHA-256 of the certificate of the card with which the supervisor signed in
	Staff       string
	Role        string
	Shift       uuid.UUID
	At          time.Time
}

// decideAlerts does what supervisors decided about alerts, if they signed it: the door verified that before, but whoever
// has the door's log-in to the database could suspend keys with it otherwise.
func (w *Worker) decideAlerts(ctx context.Context) error {
	rows, err := w.cfg.DB.Query(ctx, `select * from registrar.alert_decisions()`)
	if err != nil {
		return plain(err)
	}
	jobs, err := pgx.CollectRows(rows, pgx.RowToStructByPos[alertJob])
	if err != nil {
		return plain(err)
	}
	for _, job := range jobs {
		var decision, reason *string
		if said := w.alertDecision(job); said != nil {
			decision, reason = &said.Decision, &said.Reason
		} else {
			w.cfg.Log.WarnContext(ctx, "a decision about an alert does not hold", "alert", job.Alert)
		}
		if err := exec(ctx, w.cfg.DB, "deciding about an alert", `select registrar.alert_decided($1, $2, $3)`, job.Alert, decision, reason); err != nil {
			w.cfg.Log.WarnContext(ctx, "cannot do what was decided about an alert", "alert", job.Alert, "cause", err.Error())
		}
	}
	return nil
}

// alertDecision is what a supervisor's own card signed; nil when that does not hold.
func (w *Worker) alertDecision(job alertJob) *transcript.AlertDecision {
	u, err := transcript.ParseAlertDecision(job.JWS)
	if err != nil || w.cfg.StaffTrust == nil {
		return nil
	}
	said, card := u.Said, sha256.Sum256(u.Signature.Chain[0])
	if said.Alert != job.Alert || said.Shift != job.Shift || kiosk.Role(job.Role) != kiosk.RoleSupervisor || !bytes.Equal(card[:], job.Fingerprint) ||
		said.At.Sub(job.At).Abs() > alertSlack || w.cfg.StaffTrust.Check(u.Signature.Chain, said.At) != nil || u.Verify() != nil {
		return nil
	}
	return &said
}
