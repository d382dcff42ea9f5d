package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// numbered is a leaf as the database has it.
type numbered struct {
	ID     int64
	Number *int64 // nil until it is sequenced
	Leaf
}

const leafColumns = `select id, number, at, kind, op, row, actor, coalesce(subject, ''), coalesce(hidden, ''), sealed, columns`

func scanLeaf(row pgx.CollectableRow) (l numbered, err error) {
	err = row.Scan(&l.ID, &l.Number, &l.At, &l.Table, &l.Op, &l.Row, &l.Actor, &l.Subject, &l.Hidden, &l.Sealed, &l.Columns)
	return l, err
}

// plain leaves out of a server's error what may quote rows. Errors of contexts stay themselves.
func plain(err error) error {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return fmt.Errorf("SQLSTATE %s", pg.Code)
	}
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return errors.New("the database does not answer")
}

// TrustSeen has the log say that this registrar works with the anchors of this SHA-256. Saying the same again adds nothing.
func TrustSeen(ctx context.Context, db interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}, digest []byte) error {
	_, err := db.Exec(ctx, `select registrar.trust_seen($1)`, digest)
	return plain(err)
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
