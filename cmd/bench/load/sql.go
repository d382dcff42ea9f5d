package load

import (
	"context"
	"crypto/sha256"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"balcao/kiosk/central"
	"balcao/kiosk/transcript"
)

// SQL asks the functions of schema desk as the centre's door does, without one between.
type SQL struct {
	Pool *pgxpool.Pool // as balcao_centre
	Desk []byte        // its certificate, DER
}

// ask makes one statement, whose columns it returns by name.
func (s SQL) ask(ctx context.Context, sql string, args ...any) (map[string]any, error) {
	sum := sha256.Sum256(s.Desk)
	rows, err := s.Pool.Query(ctx, sql, append([]any{sum[:]}, args...)...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowToMap)
}

func refusal(answer map[string]any) central.Refusal {
	word, _ := answer["refusal"].(string)
	return central.Refusal(word)
}

// Open implements Desk.
func (s SQL) Open(ctx context.Context, enrolment uuid.UUID, p central.Person) (central.Opened, error) {
	a, err := s.ask(ctx, `select * from desk.open_enrolment($1, $2, $3, $4, nullif($5, ''), nullif($6, ''), nullif($7, ''), $8, $9)`,
		enrolment, p.Document, p.Country, p.CivilNumber, p.DocumentNumber, p.TaxNumber, p.Typed, p.Shift)
	return central.Opened{Refusal: refusal(a)}, err
}

// SendCode implements Desk.
func (s SQL) SendCode(ctx context.Context, enrolment uuid.UUID, r central.CodeRequest) (central.CodeSent, error) {
	a, err := s.ask(ctx, `select * from desk.send_code($1, $2, $3, $4, $5, $6)`, enrolment, r.ID, r.Channel, r.Value, r.Language)
	return central.CodeSent{Refusal: refusal(a)}, err
}

// ConfirmCode implements Desk.
func (s SQL) ConfirmCode(ctx context.Context, enrolment uuid.UUID, c central.Attempt) (central.Confirmed, error) {
	a, err := s.ask(ctx, `select * from desk.confirm_code($1, $2, $3, $4, $5)`, enrolment, c.ID, c.Channel, string(c.Code))
	return central.Confirmed{Refusal: refusal(a)}, err
}

// Bind implements Desk.
func (s SQL) Bind(ctx context.Context, enrolment uuid.UUID, e transcript.Evidence, marked bool) (central.Status, error) {
	a, err := s.ask(ctx, `select * from desk.bind($1, $2, $3, $4, $5, $6, $7, $8)`, enrolment, e.JWS, e.Identity, e.SOD, e.SealedPIN, e.Proof, marked)
	return status(a), err
}

// Status implements Desk.
func (s SQL) Status(ctx context.Context, enrolment uuid.UUID) (central.Status, error) {
	a, err := s.ask(ctx, `select * from desk.enrolment_status($1, $2)`, enrolment)
	return status(a), err
}

func status(answer map[string]any) central.Status {
	state, _ := answer["state"].(string)
	return central.Status{State: central.State(state), Refusal: string(refusal(answer))}
}
