package registrar_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"crypto/ed25519"

	"github.com/jackc/pgx/v5"

	"balcao/kiosk/ledger"
)

// What a registrar makes and signs is what an audit compares; what only the rows say, it names.
func TestAudited(t *testing.T) {
	b := newBench(t)
	audit := b.audited()
	b.start(2, nil)
	for range 2 {
		v := b.visit()
		v.prove()
		v.bind(goodPIN)
		if s := v.judged(); s.Register == 0 {
			t.Fatalf("%+v", s)
		}
	}
	if said := audit(); said != "[]" {
		t.Fatalf("a clean log: %s", said)
	}
	// With the log's triggers on, so that the log has it; but no registrar signed it, which a superuser may switch off.
	b.exec(`alter table centre.key disable trigger key_recorded`)
	for _, test := range []struct{ do, undo, want string }{
		{`update centre.person set surname = 'Outra' where id = 1`, `update centre.person set surname = '` + surname + `' where id = 1`, "changed: key 1: it is not what its signed record says: person"},
		{`update centre.key_contact set value = '+351910000000' where key = 1`, "", "its signed record says: contacts"},
		{`update centre.key set level = 'substantial', change = '{"cause": "renew"}' where register = 2`, `update centre.key set level = 'high', change = '{"cause": "renew"}' where register = 2`, "changed: key 2: it is not what its signed record says: version, level"},
		{`update centre.key set pin_hash = (select pin_hash from centre.key where register = 1), change = '{"cause": "pin"}' where register = 2`, "", "its signed record says: version, pin_hash"},
		{`insert into centre.key_record (key, version, record) select 1, 2, record from centre.key_record where key = 2`, "", "unsigned: key_record 1/2: no registrar signed it"},
	} {
		b.exec(test.do)
		if said := audit(); !strings.Contains(said, test.want) {
			t.Errorf("%s: %s", test.do, said)
		}
		if test.undo != "" {
			b.exec(test.undo)
		}
	}
}

// audited has a sequencer run, and returns what an audit finds.
func (b *bench) audited() func() string {
	t := b.t
	recordKey := b.Records.Public().(ed25519.PublicKey)
	logKey, _, err := ledger.GenerateKey("balcao.example/log")
	b.check(err)
	sequencer, err := ledger.NewSequencer(ledger.Config{Database: b.DB.Registrar(), Name: "r1", Key: logKey, State: filepath.Join(t.TempDir(), "signed")})
	b.check(err)
	ctx, stop := context.WithCancel(b.ctx)
	done := make(chan struct{})
	go func() { defer close(done); _ = sequencer.Run(ctx) }()
	t.Cleanup(func() { stop(); <-done })
	return func() string {
		t.Helper()
		b.until("every leaf is signed", func() bool {
			return scalar[bool](b, `select not exists (select from centre.log_leaf where number is null)
				and (select max(size) from centre.log_checkpoint) = (select size from centre.log_state)`)
		})
		conn, err := pgx.Connect(b.ctx, b.DB.Admin())
		b.check(err)
		defer conn.Close(context.Background())
		r, err := ledger.Audit(b.ctx, conn, ledger.Audited{LogKey: sequencer.Public(), RecordKeys: []ed25519.PublicKey{recordKey}})
		b.check(err)
		return fmt.Sprint(r.Findings)
	}
}
