package registrar

import (
	"context"
	"time"
)

// keep has the centre look, once a minute, whether messages wait for too long.
func (w *Worker) keep(ctx context.Context) error {
	for {
		// Trouble shows in listen; the next round makes up for this one.
		_ = exec(ctx, w.cfg.DB, "looking after messages", `select registrar.messages_watch()`)
		if err := sleep(ctx, time.Minute); err != nil {
			return err
		}
	}
}
