package ledger_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"balcao/kiosk/ledger"
)

func (c *centre) audit(with ledger.Audited) ledger.Report {
	c.t.Helper()
	conn, err := pgx.Connect(c.t.Context(), c.dsn())
	c.check(err)
	defer conn.Close(context.Background())
	with.LogKey = c.verifier
	report, err := ledger.Audit(c.t.Context(), conn, with)
	c.check(err)
	return report
}

// newest is the newest checkpoint of the database, as somebody kept it.
func (c *centre) newest() ledger.Kept {
	c.t.Helper()
	text := scalar[string](c, `select note from centre.log_checkpoint order by size desc limit 1`)
	checkpoint, err := ledger.OpenCheckpoint([]byte(text), c.verifier)
	c.check(err)
	return ledger.Kept{Source: "a file", Checkpoint: checkpoint}
}

// behind does as a superuser who switches the triggers off.
func (c *centre) behind(sql string, args ...any) {
	c.t.Helper()
	c.check(pgx.BeginFunc(c.t.Context(), c.admin, func(tx pgx.Tx) error {
		if _, err := tx.Exec(c.t.Context(), `set local session_replication_role = replica`); err != nil {
			return err
		}
		for _, one := range strings.Split(sql, ";\n") {
			if _, err := tx.Exec(c.t.Context(), one, args...); err != nil {
				return fmt.Errorf("%s: %w", one, err)
			}
			args = nil
		}
		return nil
	}))
}

// lived is a centre where something happened and was signed, in several batches.
func lived(t testing.TB) *centre {
	t.Helper()
	c := newCentre(t)
	stop := c.start(c.config("r1"))
	c.db.Desk("loja_1")
	c.db.Desk("loja_2")
	c.sequenced()
	for n := range 3 {
		c.person(n)
	}
	c.sequenced()
	c.exec(`update centre.setting set value = '5' where name = 'code_tries'`)
	c.exec(`update centre.setting set value = '9' where name = 'code_tries'`)
	c.exec(`update centre.setting set value = '9.0' where name = 'code_tries'`) // other text, the same number
	c.exec(`update centre.desk set state = 'suspended' where name = 'loja_2'`)
	c.exec(`update centre.person set surname = 'Neves Reis' where id = 2`)
	c.exec(`insert into centre.legal_extension values ('Lei', '{citizen-card,passport}', '2026-01-01', '2026-02-01', '2027-01-01')`)
	c.exec(`insert into centre.staff (number, name, role) values ('F0417', 'Rita Neves', 'clerk')`)
	c.exec(`insert into centre.destination (prefix, allowed) values ('9999', true)`)
	c.exec(`delete from centre.destination where prefix = '9999'`)
	c.sequenced()
	stop()
	return c
}

func TestAuditClean(t *testing.T) {
	c := lived(t)
	r := c.audit(ledger.Audited{Checkpoints: []ledger.Kept{c.newest()}})
	if len(r.Findings) > 0 || r.Leaves != r.Signed || r.Leaves < 300 || r.Waiting != 0 || r.Forgotten != 0 {
		t.Errorf("%+v", r)
	}
	// The log remembers nobody's name.
	if n := scalar[int](c, `select count(*) from centre.log_leaf l where l::text ~ 'Neves|Ana|99000|91900'`); n > 0 {
		t.Errorf("%d leaves name a person", n)
	}
}
