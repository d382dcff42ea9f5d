package registrar

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// keepEvery is how often the centre is asked whether the time of something is over, or somebody is to be told.
const keepEvery = time.Hour

// keep looks, once a minute, whether messages wait for too long; and once an hour it has holders told that their key
// ends, and deletes what is due.
func (w *Worker) keep(ctx context.Context) error {
	var kept time.Time
	for {
		// Trouble shows in listen; the next round makes up for this one.
		_ = exec(ctx, w.cfg.DB, "looking after messages", `select registrar.messages_watch()`)
		if time.Since(kept) >= keepEvery {
			if err := w.keepOnce(ctx); err == nil {
				kept = time.Now()
			}
		}
		if err := sleep(ctx, time.Minute); err != nil {
			return err
		}
	}
}

// keepOnce tells whoever is to be told, and deletes all that is due.
func (w *Worker) keepOnce(ctx context.Context) error {
	const most = 500
	for told := most; told == most; {
		if err := w.cfg.DB.QueryRow(ctx, `select registrar.tell_expiry($1)`, most).Scan(&told); err != nil {
			return fmt.Errorf("telling of the end of keys: %w", plain(err))
		}
	}
	for {
		gone, err := deleteDue(ctx, w.cfg.DB)
		if err != nil || len(gone) == 0 {
			return err
		}
		for _, g := range gone {
			w.cfg.Log.InfoContext(ctx, "deleted what was due", "rule", g.Rule, "n", g.N)
		}
		if err := sleep(ctx, 100*time.Millisecond); err != nil { // others work
			return err
		}
	}
}

// deleted is how much was deleted under a rule.
type deleted struct {
	Rule string
	N    int
}

// deleteDue deletes some of what is due, in a transaction, and nothing when nothing is.
func deleteDue(ctx context.Context, pool *pgxpool.Pool) ([]deleted, error) {
	rows, err := pool.Query(ctx, `select rule, n from registrar.keep()`)
	if err != nil {
		return nil, fmt.Errorf("deleting what is due: %w", plain(err))
	}
	gone, err := pgx.CollectRows(rows, pgx.RowToStructByPos[deleted])
	if err != nil {
		return nil, fmt.Errorf("deleting what is due: %w", plain(err))
	}
	return gone, nil
}
