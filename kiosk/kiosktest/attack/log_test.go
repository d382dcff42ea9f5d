package attack_test

import (
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	cosignature "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"balcao/kiosk/ledger"
)

// Attacker (h): the log's key, or a witness's, and a superuser's rights on the database.
func TestLogKeys(t *testing.T) {
	s := newSystem(t)
	private, public, err := ledger.GenerateCosigner("witness.example/w1")
	s.check(err)
	key, err := cosignature.NewSignerForCosignatureV1(strings.TrimSpace(string(private)))
	s.check(err)
	cosigner, err := cosignature.NewVerifierForCosignatureV1(strings.TrimSpace(string(public)))
	s.check(err)
	witness, err := ledger.NewWitness(key, []note.Verifier{s.log}, t.TempDir())
	s.check(err)
	server := httptest.NewServer(witness)
	t.Cleanup(server.Close)
	s.witnesses = []ledger.WitnessAt{{URL: server.URL, Key: cosigner}}
	stop := s.sequence()
	e := s.enrol(s.signIn(s.Centre, s.clerk), s.citizen("cc1-rsa2048"))
	e.bind(e.honest(), false)
	e.ends("honest", "active")
	kept := s.checkpoint()
	s.until("the witness cosigned", func() bool {
		return scalar[bool](s, `select note like '%witness.example%' from centre.log_checkpoint order by size desc limit 1`)
	})
	with := ledger.Audited{Witnesses: []note.Verifier{cosigner}}
	s.audit(with)
	stop()
	s.exec(`update centre.staff set role = 'auditor' where number = 'F0119'`) // the next leaf
	t.Run("the log's key without the witness", func(t *testing.T) {
		s.behind(`update centre.staff set role = 'auditor' where number = 'F0417'`,
			`update centre.log_leaf set columns = replace(columns, '5:clerk', '7:auditor') where kind = 'staff' and row = 'F0417'`)
		s.recompute()
		s.exec(`delete from centre.log_checkpoint`)
		// A registrar of the attacker's signs the tree as it is now; the witness was asked.
		stop := s.sequence()
		s.until("the witness refuses", func() bool { return s.Log.Holds("log_witness") || s.Log.Holds("log_fork") })
		stop()
		s.audit(with, "witness.example/w1")
		s.audit(ledger.Audited{Checkpoints: []ledger.Kept{kept}}, "rewritten: the log: ")
	})
	t.Run("the witness's key without the log's", func(t *testing.T) {
		forged, _, err := ledger.GenerateKey(s.log.Name())
		s.check(err)
		signer, err := note.NewSigner(strings.TrimSpace(string(forged)))
		s.check(err)
		text, err := note.Sign(&note.Note{Text: strings.Join(strings.SplitAfterN(string(kept.Note), "\n", 4)[:3], "")}, signer, key)
		s.check(err)
		if _, err := ledger.OpenCheckpoint(text, s.log); err == nil {
			t.Error("a checkpoint that the log did not sign is one")
		}
		s.exec(`delete from centre.log_checkpoint`)
		s.exec(`insert into centre.log_checkpoint (size, note) values ($1, $2)`, kept.Size, string(text))
		s.audit(with, "unsigned: log_checkpoint ")
	})
}

// recompute makes the stored tree anew from the leaves as they are.
func (s *system) recompute() {
	s.t.Helper()
	rows, err := s.Admin.Query(s.ctx, `select at, kind, op, row, actor, coalesce(subject, ''), coalesce(hidden, ''), sealed, columns
		from centre.log_leaf where number is not null order by number`)
	s.check(err)
	var tree []tlog.Hash
	read := tlog.HashReaderFunc(func(indexes []int64) (hashes []tlog.Hash, err error) {
		for _, i := range indexes {
			hashes = append(hashes, tree[i])
		}
		return hashes, nil
	})
	for n := int64(0); rows.Next(); n++ {
		var l ledger.Leaf
		s.check(rows.Scan(&l.At, &l.Table, &l.Op, &l.Row, &l.Actor, &l.Subject, &l.Hidden, &l.Sealed, &l.Columns))
		hashes, err := tlog.StoredHashes(n, l.Bytes(), read)
		s.check(err)
		tree = append(tree, hashes...)
	}
	s.check(rows.Err())
	var hashes [][]byte
	for _, h := range tree {
		hashes = append(hashes, slices.Clone(h[:]))
	}
	s.exec(`delete from centre.log_hash`)
	s.exec(`insert into centre.log_hash select n - 1, h from unnest($1::bytea[]) with ordinality x(h, n)`, hashes)
}
