package attack_test

import (
	"crypto/rand"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"balcao/kiosk/central"
	"balcao/kiosk/evidence"
	"balcao/kiosk/ledger"
	"balcao/kiosk/transcript"
)

// as is a session of a log-in to the database.
func (s *system) as(dsn string) *pgx.Conn {
	s.t.Helper()
	conn, err := pgx.Connect(s.ctx, dsn)
	s.check(err)
	s.t.Cleanup(func() { _ = conn.Close(s.ctx) })
	return conn
}

// Attacker (e): the registrar's log-in to the database, and none of its keys.
func TestRegistrarLogin(t *testing.T) {
	s, _, _, kept := enrolled(t)
	conn := s.as(s.DB.Registrar())
	for _, sql := range []string{
		`select * from centre.key`, `update centre.key set level = 'high'`, `insert into centre.staff (number, name, role) values ('F1', 'x', 'clerk')`,
		`update centre.setting set value = '2' where name = 'typed_mrz'`, `delete from centre.log_leaf`, `select internal.cut_off('F0417')`,
		`select desk.hello('\x00')`, `create table centre.mine ()`, `alter table centre.key disable trigger all`,
	} {
		if _, err := conn.Exec(s.ctx, sql); err == nil || !strings.Contains(err.Error(), "42501") {
			t.Errorf("%s: %v, want no permission", sql, err)
		}
	}
	// An enrolment that a desk bound, and that the attacker takes before the true registrar does.
	s.registrar.Stop()
	e := s.enrolWithout(s.signIn(s.Centre, s.clerk), s.citizen("cc2024"))
	e.bind([]byte(`{"payload":"e30","signatures":[]}`), false)
	activate := func(record []byte) (register int64, err error) {
		err = pgx.BeginFunc(s.ctx, conn, func(tx pgx.Tx) error {
			if err := tx.QueryRow(s.ctx, `select register from registrar.apply($1, '{"surname": "Ninguém", "given_names": "Eva", "birth_date": "1990-01-01",
				"nationality": "PRT", "document_number": "1"}', '$argon2id$', 'high', '{}', '2040-01-01', null)`, e.id).Scan(&register); err != nil || record == nil {
				return err
			}
			_, err := tx.Exec(s.ctx, `select registrar.record($1, 1, $2)`, register, record)
			return err
		})
		return register, err
	}
	if _, err := activate(nil); err == nil || !strings.Contains(err.Error(), "BK093") {
		t.Errorf("a key without a record: %v", err)
	}
	register, err := activate([]byte("forged"))
	s.check(err)
	if register == 0 {
		t.Fatal("no key was made, which the door could refuse")
	}
	_, err = s.Centre.Status(s.ctx, e.id)
	s.unproven("a key of the registrar's log-in", err)
	s.audit(ledger.Audited{Checkpoints: []ledger.Kept{kept}}, "unsigned: key_record ")
}

// enrolWithout opens an enrolment whose phone the attacker did not have to prove: the table says it.
func (s *system) enrolWithout(in shift, card *citizen) *enrolment {
	s.t.Helper()
	e := &enrolment{system: s, shift: in, id: newID(), card: card, sealed: []byte("sealed")}
	var err error
	e.opened, err = in.desk.Open(s.ctx, e.id, central.Person{Document: "citizen-card", Country: "PRT", CivilNumber: card.holder.CivilNumber, Shift: in.id})
	s.check(err)
	s.exec(`insert into centre.contact_proof (enrolment, channel, value, confirmed_at) values ($1, 'sms', '+351920000000', clock_timestamp())`, e.id)
	return e
}

// Attacker (e): the door's log-in to the database. It is every desk at once, signs in whom it likes in the tables, and gets
// no key without the keys of desk, citizen and staff.
func TestCentreLogin(t *testing.T) {
	s := newSystem(t)
	conn := s.as(s.DB.Centre())
	for _, sql := range []string{
		`select * from centre.shift`, `update centre.staff set role = 'supervisor'`, `delete from centre.approval`,
		`select registrar.reopen(gen_random_uuid())`, `select internal.end_shifts('{}')`, `create function desk.mine() returns int language sql as 'select 1'`,
	} {
		if _, err := conn.Exec(s.ctx, sql); err == nil || !strings.Contains(err.Error(), "42501") {
			t.Errorf("%s: %v, want no permission", sql, err)
		}
	}
	sum := func(name string) []byte {
		return scalar[[]byte](s, `select fingerprint from centre.desk_certificate where desk = $1 limit 1`, name)
	}
	sql := func(dest any, query string, args ...any) {
		t.Helper()
		s.check(conn.QueryRow(s.ctx, query, args...).Scan(dest))
	}
	desk := s.Centre
	_ = s.Dial(t, "loja_2")
	// signIn signs somebody in without their card, at any desk.
	signIn := func(at string, m *member, jws []byte, admits any) shift {
		t.Helper()
		in := shift{id: newID(), who: m, desk: desk}
		var challenge []byte
		var staff string
		sql(&challenge, `select challenge from desk.begin_shift($1, $2)`, sum(at), in.id)
		sql(&staff, `select staff from desk.sign_in($1, $2, $3, $4, $5, $6)`, sum(at), in.id, m.fingerprint(), challenge, jws, admits)
		return in
	}
	in := signIn(desk.Desk(), s.clerk, []byte("nothing"), nil)
	// With an accomplice's own card, and the key of a desk.
	card := s.citizen("cc1-rsa2048")
	e := s.enrol(in, card)
	e.bind(e.signed(e.transcript(), nil), false)
	e.ends("a shift that nobody signed for", evidence.RefusedNoStaff)
	junk := make([]byte, 64)
	_, _ = rand.Read(junk)
	stranger := s.staffCard("clerk-other-pki")
	e = s.enrol(in, card)
	e.bind(e.signed(e.transcript(), stranger), false)
	e.ends("a stranger's card", evidence.RefusedStaffUntrusted)
	// An admission that no supervisor signed; a true sign-in of the supervisor's for one.
	in = signIn(desk.Desk(), s.boss, junk, s.clerk.number)
	in.who, in.admission = s.clerk, junk
	e = s.enrol(in, card)
	e.bind(e.honest(), false)
	e.ends("an admission that nobody signed", evidence.RefusedAdmission)
	jws, err := transcript.SignSignIn(s.ctx, transcript.SignIn{Shift: in.id, Challenge: junk[:32], Desk: desk.Desk(), At: e.opened.OpenedAt}, s.boss.chain, s.boss)
	s.check(err)
	in = signIn(desk.Desk(), s.boss, jws, s.clerk.number)
	in.who, in.admission = s.clerk, jws
	e = s.enrol(in, card)
	e.bind(e.honest(), false)
	e.ends("a supervisor's sign-in for an admission", evidence.RefusedAdmission)
	// A case that an honest clerk had doubts about, approved by nobody.
	honest := s.enrol(s.signIn(desk, s.clerk), card)
	honest.bind(honest.honest(), true)
	honest.waits()
	forged := honest.approval(shift{id: newID(), desk: desk})
	byStranger, err := transcript.SignApproval(s.ctx, forged, stranger.chain, stranger)
	s.check(err)
	for name, decision := range map[string][]byte{"nothing": junk, "a stranger's": byStranger} {
		boss := signIn("loja_2", s.boss, []byte("nothing"), nil)
		var refusal *string
		sql(&refusal, `select refusal from desk.take_case($1, $2, $3)`, sum("loja_2"), boss.id, honest.id)
		sql(&refusal, `select refusal from desk.decide($1, $2, $3, $4, $5)`, sum("loja_2"), boss.id, honest.id, s.boss.fingerprint(), decision)
		if refusal != nil {
			t.Fatalf("%s: %s", name, *refusal)
		}
		honest.reopens()
	}
}
