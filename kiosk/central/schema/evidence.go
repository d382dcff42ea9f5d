package schema

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// ErrNoEvidence means that the enrolment became no key, or that its evidence is not kept any more.
var ErrNoEvidence = errors.New("there is no evidence under this number: no key or enrolment has it, or the enrolment became no key")

// Reader is a connection of an administrator, or several.
type Reader interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// Evidence is what the tables have of an enrolment that became a key, in the form of evidence.File (kiosk/evidence) without
// proofs that it was logged. It is personal. The errors are ErrNoEvidence and the database's.
func Evidence(ctx context.Context, conn Reader, enrolment uuid.UUID) (text []byte, err error) {
	const sql = `with b64 as materialized (select e.id, e.desk, e.opened_at, e.document_kind, e.typed, e.shift, v.jws, v.marked, v.verification, e.errand,
			y.register, y.version, y.state, y.level, y.valid_until,
			translate(encode(e.challenge, 'base64'), E'+/=\n', '-_') challenge, translate(encode(v.sod, 'base64'), E'+/=\n', '-_') sod,
			translate(encode(v.kept, 'base64'), E'+/=\n', '-_') kept, translate(encode(v.proof, 'base64'), E'+/=\n', '-_') proof,
			translate(encode(c.private, 'base64'), E'+/=\n', '-_') private
		from centre.enrolment e join centre.evidence stored on stored.enrolment = e.id, lateral internal.whole(stored) v, centre.key y
			left join centre.chip_challenge c on c.enrolment = $1 where e.id = $1 and y.register = e.key and v.jws is not null)
	select json_build_object('form', 'balcao-evidence/1', 'exported_at', clock_timestamp(), 'enrolment', e.id, 'challenge', e.challenge,
		'desk', e.desk, 'opened_at', e.opened_at, 'document_kind', e.document_kind, 'typed', e.typed,
		'desk_certificates', (select coalesce(json_agg(translate(encode(d.fingerprint, 'base64'), '+/=', '-_') order by d.added_at), '[]')
			from centre.desk_certificate d where d.desk = e.desk),
		'jws', convert_from(e.jws, 'UTF8')::json, 'sod', e.sod, 'kept', e.kept, 'proof', e.proof, 'chip_private', e.private,
		'contacts', (select coalesce(json_agg(json_build_object('channel', k.channel, 'value', k.value, 'proof', k.proof,
				'proven_at', k.proven_at) order by k.channel desc), '[]') from centre.key_contact k where k.key = e.register),
		'marked', e.marked, 'errand', e.errand,
		'shift', (select json_build_object('id', s.id, 'staff', s.staff, 'role', s.role,
				'challenge', translate(encode(s.challenge, 'base64'), '+/=', '-_'),
				'fingerprint', translate(encode(s.fingerprint, 'base64'), '+/=', '-_'), 'signed_at', s.signed_at,
				'sign_in', convert_from(s.sign_in, 'UTF8')::json,
				'admitted_by', coalesce(s.admitted_by, ''), 'admitted_role', coalesce(s.admitted_role, ''))
			from centre.shift s where s.id = e.shift),
		'decision', (select json_build_object('jws', convert_from(a.jws, 'UTF8')::json, 'staff', a.decided_by, 'role', a.decided_role,
				'fingerprint', translate(encode(s.fingerprint, 'base64'), '+/=', '-_'), 'at', a.decided_at, 'reasons', a.reasons)
			from centre.approval a join centre.shift s on s.id = a.shift where a.enrolment = e.id and a.jws is not null),
		'verification', e.verification,
		'key', json_build_object('register', e.register, 'version', e.version, 'state', e.state, 'level', e.level, 'valid_until', e.valid_until),
		'records', (select coalesce(json_agg(convert_from(r.record, 'UTF8') order by r.version), '[]')
			from centre.key_record r where r.key = e.register),
		'log', '[]'::json)::text::bytea from b64 e`
	switch err := conn.QueryRow(ctx, sql, enrolment).Scan(&text); {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, ErrNoEvidence
	case err != nil:
		return nil, fmt.Errorf("reading evidence: %w", redact(err))
	}
	return text, nil
}

// Enrolled are the enrolments of living keys, or so many of them by chance; 0 for all. With a register number, not 0, the
// enrolment of that key, whatever its state.
func Enrolled(ctx context.Context, conn Reader, sample int, register int64) ([]uuid.UUID, error) {
	rows, err := conn.Query(ctx, `select enrolment from centre.key where case when $2 <> 0 then register = $2 else living end
		order by random() limit nullif($1, 0)`, sample, register)
	if err != nil {
		return nil, fmt.Errorf("reading keys: %w", redact(err))
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, fmt.Errorf("reading keys: %w", redact(err))
	}
	return ids, nil
}
