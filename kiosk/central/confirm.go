package central

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"balcao/kiosk"
)

// Attempt is one typed code. ID (UUIDv7) makes it one try however often it is asked.
type Attempt struct {
	ID      uuid.UUID
	Channel kiosk.Channel
	Code    []byte // ASCII digits; the caller wipes it
}

// Confirmed is the answer to a typed code.
type Confirmed struct {
	Refusal   Refusal
	TriesLeft int
	Proof     uuid.UUID // the centre's record of the confirmation
	At        time.Time
}

// recorded is desk.confirm_code's answer to the first of the two calls.
const recorded Refusal = "recorded"

// ConfirmCode has a typed code compared. Codes of *Refused: Unknown, Ended, Expired, Conflict, Invalid,
// NoCode.
func (c *Centre) ConfirmCode(ctx context.Context, enrolment uuid.UUID, a Attempt) (Confirmed, error) {
	var answer Confirmed
	err := c.ask(ctx, "compare a code", func(ctx context.Context) error {
		conn, err := c.pool.Acquire(ctx)
		if err != nil {
			return err
		}
		defer conn.Release()
		answer, err = confirm(ctx, conn.Conn(), enrolment, a)
		return err
	})
	return answer, err
}

// confirm makes the two calls that the centre asks for, in two transactions but one round trip: the
// second is sent without waiting for the first's answer, with a synchronisation point, which commits,
// between them.
func confirm(ctx context.Context, conn *pgx.Conn, enrolment uuid.UUID, a Attempt) (Confirmed, error) {
	const name = "balcao_confirm_code"
	const sql = `select refusal, tries_left, proof, confirmed_at from desk.confirm_code($1, $2, $3, $4)`
	if _, err := conn.Prepare(ctx, name, sql); err != nil { // once per connection, then remembered
		return Confirmed{}, err
	}
	params := [][]byte{[]byte(enrolment.String()), []byte(a.ID.String()), []byte(a.Channel), a.Code}
	p := conn.PgConn().StartPipeline(ctx)
	p.SendQueryPrepared(name, params, nil, nil)
	p.SendPipelineSync()
	p.SendQueryPrepared(name, params, nil, nil)
	p.SendPipelineSync()
	answer, err := lastAnswer(p, conn.TypeMap())
	if closeErr := p.Close(); err == nil {
		err = closeErr
	}
	if err == nil && answer.Refusal == recorded {
		err = errors.New("the centre recorded a code without judging it")
	}
	return answer, err
}

// lastAnswer reads both answers and returns the first error or the second answer.
func lastAnswer(p *pgconn.Pipeline, types *pgtype.Map) (answer Confirmed, err error) {
	if err := p.Flush(); err != nil {
		return Confirmed{}, err
	}
	for answers := 0; answers < 2; {
		results, err := p.GetResults()
		if err != nil {
			return Confirmed{}, err
		}
		rows, ok := results.(*pgconn.ResultReader)
		if !ok {
			if results == nil {
				return Confirmed{}, errors.New("the centre did not answer")
			}
			continue // a synchronisation point
		}
		answers++
		if answer, err = readAnswer(rows, types); err != nil {
			return Confirmed{}, err
		}
	}
	return answer, nil
}

func readAnswer(rows *pgconn.ResultReader, types *pgtype.Map) (Confirmed, error) {
	var a Confirmed
	var left pgtype.Int4
	var proof pgtype.UUID
	targets := []any{(*word)(&a.Refusal), &left, &proof, (*instant)(&a.At)}
	var scanErr error
	for rows.NextRow() {
		fields, values := rows.FieldDescriptions(), rows.Values()
		for i, target := range targets {
			scanErr = errors.Join(scanErr, types.Scan(fields[i].DataTypeOID, fields[i].Format, values[i], target))
		}
	}
	if _, err := rows.Close(); err != nil {
		return Confirmed{}, err
	}
	a.TriesLeft, a.Proof = int(left.Int32), proof.Bytes
	return a, scanErr
}
