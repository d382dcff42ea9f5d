package central

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// recorded is the answer to the first of two calls: it is committed, and the second returns its
// result.
const recorded Refusal = "recorded"

// errUnjudged means that the second call was answered as a first one is.
var errUnjudged = errors.New("the centre recorded a call and did not answer it")

// statement is prepared under its name, once per connection.
type statement struct{ name, sql string }

// askTwice makes the two calls that desk.open_enrolment and desk.confirm_code need, in two
// transactions but one round trip: the second is sent without waiting for the answer to the first,
// behind a synchronisation point, which commits. Parameters are in text form. It scans the second
// answer's columns.
func (c *Centre) askTwice(ctx context.Context, s statement, params [][]byte, columns ...any) error {
	conn, err := c.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	if _, err := conn.Conn().Prepare(ctx, s.name, s.sql); err != nil {
		return err
	}
	p := conn.Conn().PgConn().StartPipeline(ctx)
	for range 2 {
		p.SendQueryPrepared(s.name, params, nil, nil)
		p.SendPipelineSync()
	}
	err = scanLast(p, conn.Conn(), columns)
	if closeErr := p.Close(); err == nil {
		err = closeErr
	}
	return err
}

// scanLast reads both answers, of one row each, and scans the second; or returns the first error.
func scanLast(p *pgconn.Pipeline, conn *pgx.Conn, columns []any) error {
	if err := p.Flush(); err != nil {
		return err
	}
	for answers := 0; answers < 2; {
		results, err := p.GetResults()
		if err != nil {
			return err
		}
		rows, ok := results.(*pgconn.ResultReader)
		if !ok {
			if results == nil {
				return errors.New("the centre did not answer")
			}
			continue // a synchronisation point
		}
		answers++
		if err := scanRow(rows, conn.TypeMap(), columns); err != nil {
			return err
		}
	}
	return nil
}

func scanRow(rows *pgconn.ResultReader, types *pgtype.Map, columns []any) error {
	var scanErr error
	for rows.NextRow() {
		fields, values := rows.FieldDescriptions(), rows.Values()
		for i, column := range columns {
			scanErr = errors.Join(scanErr, types.Scan(fields[i].DataTypeOID, fields[i].Format, values[i], column))
		}
	}
	if _, err := rows.Close(); err != nil {
		return err
	}
	return scanErr
}
