package ledger_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"balcao/kiosk/ledger"
)

// events adds people with keys until there are so many leaves.
func (c *centre) events(leaves int) {
	c.t.Helper()
	c.db.Desk("loja_1")
	c.exec(`with e as (
			insert into centre.enrolment (id, desk, state, document_kind, typed, challenge, opened_at, expires_at)
			select gen_random_uuid(), 'loja_1', 'active', 'citizen-card', false, sha256('x'), now(), now() from generate_series(1, $1) n returning id),
		p as (insert into centre.person (country, civil_number, surname, given_names, birth_date, birth_stated, nationality, enrolment)
			select 'PRT', to_char(row_number() over (), 'fm00000000'), 'Neves', 'Ana Maria', '1980-02-29', '1980-02-29', 'PRT', id from e returning id, enrolment),
		k as (insert into centre.key (person, state, level, pin_hash, valid_until, enrolment, change)
			select id, 'active', 'high', '$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA', '2040-01-01', enrolment,
				jsonb_build_object('cause', 'enrol', 'desk', 'loja_1', 'enrolment', enrolment) from p returning register)
		insert into centre.key_record (key, version, record) select register, 1, decode(repeat('5a', 900), 'hex') from k`, leaves/6)
	c.exec(`insert into centre.key_contact (key, channel, value, proof, proven_at)
		select register, 'sms', '+3519' || to_char(register, 'fm00000000'), gen_random_uuid(), now() from centre.key`)
}

// BenchmarkAudit audits a clean log of 100,000 events: ≥ 20,000 events/s are asked for.
func BenchmarkAudit(b *testing.B) {
	c := newCentre(b)
	c.events(100_000)
	stop := c.start(c.config("r1"))
	for scalar[bool](c, `select exists (select from centre.log_leaf where number is null)`) {
		time.Sleep(time.Second)
	}
	c.sequenced()
	stop()
	c.exec(`vacuum analyze`)
	conn, err := pgx.Connect(b.Context(), c.dsn())
	c.check(err)
	defer conn.Close(context.Background())
	leaves := int64(0)
	for b.Loop() {
		r, err := ledger.Audit(b.Context(), conn, ledger.Audited{LogKey: c.verifier, Checkpoints: []ledger.Kept{c.newest()}})
		c.check(err)
		if len(r.Findings) > 0 || r.Leaves < 100_000 || r.Signed != r.Leaves {
			b.Fatalf("%d leaves, %d signed: %v", r.Leaves, r.Signed, r.Findings[:min(len(r.Findings), 5)])
		}
		leaves = r.Leaves
	}
	b.ReportMetric(float64(leaves)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
