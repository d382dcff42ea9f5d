package registrar

import (
	"context"

	"github.com/jackc/pgx/v5"

	"balcao/kiosk/evidence"
	keyrecord "balcao/kiosk/record"
)

// waiting has a supervisor decide.
func (w *Worker) waiting(j *job, v *evidence.Verified) record {
	found := w.findingOf(v)
	return func(ctx context.Context, tx pgx.Tx) error {
		outcome, err := waitForApproval(ctx, tx, j.Enrolment, v.Reasons, found)
		if err != nil {
			return err
		}
		w.at("waiting")
		w.logOutcome(ctx, j, outcome)
		return nil
	}
}

// declined ends a case that a supervisor refused. Why is theirs to know: the log has not the reason.
func (w *Worker) declined(j *job, reason string) record {
	return func(ctx context.Context, tx pgx.Tx) error {
		if err := exec(ctx, tx, "declining", `select registrar.decline($1, $2)`, j.Enrolment, reason); err != nil {
			return err
		}
		w.logOutcome(ctx, j, "declined")
		return nil
	}
}

// reopened has a case wait again: what was handed over as a decision is none.
func (w *Worker) reopened(j *job, reason string) record {
	return func(ctx context.Context, tx pgx.Tx) error {
		if err := exec(ctx, tx, "reopening a case", `select registrar.reopen($1)`, j.Enrolment); err != nil {
			return err
		}
		w.cfg.Log.WarnContext(ctx, "a decision does not hold", "enrolment", j.Enrolment, "reason", reason)
		return nil
	}
}

// sign signs the record of a key in the transaction that makes it.
func (w *Worker) sign(ctx context.Context, tx pgx.Tx, r keyrecord.Record) error {
	jws, err := keyrecord.Sign(r, w.cfg.RecordKey)
	if err != nil {
		return err
	}
	return exec(ctx, tx, "storing a record", `select registrar.record($1, $2, $3)`, r.Register, r.Version, jws)
}
