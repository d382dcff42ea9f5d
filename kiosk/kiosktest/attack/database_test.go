package attack_test

import (
	"crypto/ed25519"
	"crypto/x509"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"balcao/kiosk/central"
	"balcao/kiosk/central/cluster"
	"balcao/kiosk/central/schema"
	"balcao/kiosk/evidence"
	"balcao/kiosk/kiosktest"
	"balcao/kiosk/ledger"
	"balcao/kiosk/trust/staff"
	"balcao/kiosk/trust/trusttest"
)

// enrolled is a centre with two active keys, all of it logged, and a checkpoint that somebody kept.
func enrolled(t *testing.T) (s *system, e, other *enrolment, kept ledger.Kept) {
	t.Helper()
	s = newSystem(t)
	s.sequence()
	in := s.signIn(s.Centre, s.clerk)
	e, other = s.enrol(in, s.citizen("cc1-rsa2048")), s.enrol(in, s.citizen("cc1-rsa3072"))
	for _, x := range []*enrolment{e, other} {
		x.bind(x.honest(), false)
		x.ends("honest", "active")
	}
	kept = s.checkpoint()
	s.audit(ledger.Audited{Checkpoints: []ledger.Kept{kept}})
	return s, e, other, kept
}

func (e *enrolment) register() (n int64) {
	e.t.Helper()
	return scalar[int64](e.system, `select key from centre.enrolment where id = $1`, e.id)
}

// unproven checks that the door does not say that a key is active which no registrar signed.
func (s *system) unproven(name string, err error) {
	s.t.Helper()
	s.refused(name, err, "HTTP 500")
	if !s.Log.Holds(central.FailedRecord) {
		s.t.Errorf("%s: the door's log does not say %s", name, central.FailedRecord)
	}
}

// invented makes an active key for somebody who does not exist, in all tables. %[1]d is a key whose enrolment it takes,
// %[2]s what its record is, %[3]s the enrolment.
const invented = `with p as (insert into centre.person (country, civil_number, surname, given_names, birth_date, birth_stated, nationality)
		values ('PRT', '99887766', 'Ninguém', 'Eva', '1990-01-01', '1990-01-01', 'PRT') returning id),
	n as (insert into centre.enrolment (id, desk, state, document_kind, country, civil_number, typed, challenge, opened_at, expires_at, shift)
		select '%[3]s', desk, 'active', document_kind, country, '99887766', typed, challenge, opened_at, expires_at, shift
		from centre.enrolment where key = %[1]d returning id),
	k as (insert into centre.key (person, state, level, pin_hash, valid_until, enrolment, change)
		select p.id, 'active', 'high', (select pin_hash from centre.key where register = %[1]d), (select valid_until from centre.key where register = %[1]d), n.id,
			jsonb_build_object('cause', 'enrol', 'enrolment', n.id) from p, n returning register),
	r as (insert into centre.key_record (key, version, record) select register, 1, %[2]s from k)
	select register from k`

// Attacker (d): a superuser on the database. The door refuses a key that no registrar signed, and the audit says what was done.
func TestSuperuser(t *testing.T) {
	s, e, other, kept := enrolled(t)
	n, m := e.register(), other.register()
	t.Run("an invented key", func(t *testing.T) {
		for name, record := range map[string]string{
			"a forged record":   `'eyJhbGciOiJFZERTQSJ9.e30.AA'`,
			"another's record":  fmt.Sprintf(`(select record from centre.key_record where key = %d)`, m),
			"a record of nulls": `'\x00'`,
		} {
			var register int64
			enrolment := newID()
			s.check(s.Admin.QueryRow(s.ctx, fmt.Sprintf(invented, n, record, enrolment)).Scan(&register))
			s.exec(`update centre.enrolment set key = $1 where id = $2`, register, enrolment)
			_, err := s.Centre.Status(s.ctx, enrolment)
			s.unproven(name, err)
			s.audit(ledger.Audited{Checkpoints: []ledger.Kept{kept}}, fmt.Sprintf("unsigned: key_record %d/1:", register))
			s.exec(`update centre.key set state = 'expired', change = '{"cause": "expire", "reason": "validity_ended"}' where register = $1`, register)
			s.exec(`update centre.person set civil_number = $2 where id = (select person from centre.key where register = $1)`, register, fmt.Sprintf("9988%04d", register))
		}
	})
	kept = s.checkpoint()
	before := scalar[int64](s, `select count(*) from centre.log_leaf`)
	for _, tt := range []struct {
		name     string
		do, undo string   // with the triggers off; %[1]d is the key's number, %[2]s its enrolment
		door     bool     // refuses to say that the key is active
		audit    []string // %[1]d
	}{
		{"a higher level", `update centre.key set level = 'substantial' where register = %[1]d`, `update centre.key set level = 'high' where register = %[1]d`, true, []string{"changed: key %[1]d:"}},
		{"a longer life", `update centre.key set valid_until = valid_until + 365 where register = %[1]d`, `update centre.key set valid_until = valid_until - 365 where register = %[1]d`, true, []string{"changed: key %[1]d:"}},
		{"another's PIN", `update centre.key set pin_hash = '$argon2id$' || pin_hash where register = %[1]d`, `update centre.key set pin_hash = substr(pin_hash, 11) where register = %[1]d`, false, []string{"changed: key %[1]d:"}},
		{"another phone", `update centre.key_contact set value = '9' || value where key = %[1]d`, `update centre.key_contact set value = substr(value, 2) where key = %[1]d`, false, []string{"changed: key_contact %[1]d/sms:"}},
		{"another holder", `update centre.person set surname = surname || 'x' where id = (select person from centre.key where register = %[1]d)`, `update centre.person set surname = left(surname, -1) where id = (select person from centre.key where register = %[1]d)`, false, []string{"changed: person "}},
		{"its record deleted", `create table centre.hidden as select * from centre.key_record where key = %[1]d; delete from centre.key_record where key = %[1]d`, `insert into centre.key_record select * from centre.hidden; drop table centre.hidden`, true, []string{"key_record", "%[1]d"}},
		{"another's record", `create table centre.hidden as select * from centre.key_record; update centre.key_record set record = (select record from centre.hidden where key <> %[1]d limit 1) where key = %[1]d`,
			`update centre.key_record k set record = h.record from centre.hidden h where h.key = k.key and h.version = k.version; drop table centre.hidden`, true, []string{"changed: key_record %[1]d/1:"}},
		{"its history deleted", `create table centre.hidden as select * from centre.key_event where key = %[1]d; delete from centre.key_event where key = %[1]d`, `insert into centre.key_event overriding system value select * from centre.hidden; drop table centre.hidden`, false, []string{"deleted: key_event "}},
		{"its history back-dated", `update centre.key_event set at = at - interval '1 year' where key = %[1]d`, `update centre.key_event set at = at + interval '1 year' where key = %[1]d`, false, []string{"changed: key_event "}},
		{"its history copied", `insert into centre.key_event (key, at, to_state, reason, desk, enrolment) select key, at, to_state, reason, desk, enrolment from centre.key_event where key = %[1]d`, `delete from centre.key_event where id = (select max(id) from centre.key_event where key = %[1]d)`, false, []string{"inserted: key_event "}},
		{"a clerk made supervisor", `update centre.staff set role = 'supervisor' where number = 'F0417'`, `update centre.staff set role = 'clerk' where number = 'F0417'`, false, []string{"changed: staff F0417:"}},
		{"another's card made a clerk's", `update centre.staff_certificate set staff = 'F0417' where staff = 'F0119'`, `update centre.staff_certificate set staff = 'F0119' where staff = 'F0417' and fingerprint <> (select fingerprint from centre.shift where staff = 'F0417' limit 1)`, false, []string{"changed: staff_certificate "}},
		{"who was signed in", `update centre.shift set staff = 'F0119' where staff = 'F0417'`, `update centre.shift set staff = 'F0417' where staff = 'F0119'`, false, []string{"changed: shift "}},
		{"a longer shift", `update centre.shift set ends_at = ends_at + interval '8 hours'`, `update centre.shift set ends_at = ends_at - interval '8 hours'`, false, []string{"changed: shift "}},
		{"a rule", `update centre.setting set value = '2' where name = 'typed_mrz'`, `update centre.setting set value = '0' where name = 'typed_mrz'`, false, []string{"changed: setting typed_mrz:"}},
		{"a trigger disabled", `alter table centre.key disable trigger log_key`, `alter table centre.key enable trigger log_key`, false, []string{"unlogged: key"}},
		{"the log's leaves and its tree", `create table centre.hidden as select * from centre.log_leaf where kind = 'staff'; update centre.log_leaf set columns = replace(columns, 'clerk', 'Clerk') where kind = 'staff'`,
			`update centre.log_leaf l set columns = h.columns from centre.hidden h where h.id = l.id; drop table centre.hidden`, false, []string{"changed: staff "}},
	} {
		fill := strings.NewReplacer("%[1]d", fmt.Sprint(n), "%[2]s", e.id.String()).Replace
		s.behind(strings.Split(fill(tt.do), "; ")...)
		status, err := s.Centre.Status(s.ctx, e.id)
		if tt.door {
			s.unproven(tt.name, err)
		} else if err != nil || status.State != central.StateActive {
			t.Errorf("%s: %+v, %v", tt.name, status, err)
		}
		var want []string
		for _, w := range tt.audit {
			want = append(want, fill(w))
		}
		s.audit(ledger.Audited{Checkpoints: []ledger.Kept{kept}}, want...)
		s.behind(strings.Split(fill(tt.undo), "; ")...)
	}
	if after := scalar[int64](s, `select count(*) from centre.log_leaf`); after != before {
		t.Errorf("%d leaves, then %d: something of this was logged", before, after)
	}
	t.Run("logged as anybody's change would be", func(t *testing.T) {
		if _, err := s.Admin.Exec(s.ctx, `update centre.key set pin_hash = pin_hash || 'x', change = '{"cause": "pin"}' where register = $1`, m); err == nil || !strings.Contains(err.Error(), "BK093") {
			t.Errorf("another PIN without a record: %v", err)
		}
		s.exec(`update centre.key_contact set value = '+351929999999' where key = $1`, m)
		s.exec(`update centre.person set surname = 'Outra' where id = (select person from centre.key where register = $1)`, m)
		s.audit(ledger.Audited{Checkpoints: []ledger.Kept{kept}}, fmt.Sprintf("changed: key %d: it is not what its signed record says: person, contacts", m))
	})
	t.Run("evidence exchanged", func(t *testing.T) {
		good := func() bool {
			text, err := schema.Evidence(s.ctx, s.Admin, e.id)
			s.check(err)
			f, err := evidence.ReadFile(text)
			s.check(err)
			return evidence.Good(f.Check(s.ctx, evidence.Anchors{
				Trust: kiosktest.Examiner(t, s.fixtures.Issued()), Desks: cluster.DeskAuthority(),
				Registry: []ed25519.PublicKey{s.Records.Public().(ed25519.PublicKey)},
				Staff:    staff.New([]*x509.Certificate{kiosktest.StaffAuthority(t)}, nil),
			}))
		}
		if !good() {
			t.Error("honest evidence does not hold")
		}
		s.exec(`update centre.evidence set (jws, payload, signed, content) = (select jws, payload, signed, content from centre.evidence where enrolment = $2)
			where enrolment = $1`, e.id, other.id)
		if good() {
			t.Error("another's evidence holds")
		}
	})
}

// What a superuser adds to the tables makes nobody staff, and an enrolment without its shift needs a clerk all the same.
func TestSuperuser_Staff(t *testing.T) {
	s := newSystem(t)
	forged := trusttest.MustIssue(t, trusttest.StaffTemplate("F9999", "Ninguém"), nil, trusttest.MustKey(t))
	own := &member{number: "F9999", chain: [][]byte{forged.Cert.Raw}}
	own.Key = forged.Key
	s.exec(`insert into centre.staff (number, name, role) values ('F9999', 'Ninguém', 'supervisor')`)
	s.exec(`insert into centre.staff_certificate (fingerprint, staff, certificate) values ($1, 'F9999', $2)`, own.fingerprint(), own.chain[0])
	if in := s.present(s.Centre, s.begin(s.Centre), own); in.Refusal != central.SignInInvalid {
		t.Errorf("a card of the superuser's own: %+v", in)
	}
	in := s.signIn(s.Centre, s.clerk)
	// The shift in the table is somebody else's, with the superuser's card.
	e := s.enrol(in, s.citizen("cc1-rsa2048"))
	s.exec(`alter table centre.shift disable trigger user`)
	s.exec(`update centre.shift set staff = 'F9999', fingerprint = $2 where id = $1`, in.id, own.fingerprint())
	e.who = own
	e.bind(e.honest(), false)
	e.ends("a card of the superuser's own in the evidence", "staff_untrusted")
	// Nobody signs, and the table says that nobody had to.
	e = s.enrol(s.signIn(s.Centre, s.clerk), s.citizen("cc1-rsa2048"))
	tr := e.transcript()
	tr.Shift, tr.Staff = [16]byte{}, ""
	s.exec(`update centre.enrolment set shift = null where id = $1`, e.id)
	e.bind(e.signed(tr, nil), false)
	e.ends("without a shift", "staff_missing")
}

// A superuser who turns the whole database back: a key that ended lives again, a card that was reported signs in.
func TestSuperuser_RolledBack(t *testing.T) {
	s, _, _, kept := enrolled(t)
	size := kept.Size
	s.revoke(s.clerk)
	later := s.checkpoint()
	if later.Size <= size {
		t.Fatalf("nothing was logged: %d, then %d", size, later.Size)
	}
	s.behind(`update centre.staff_certificate set revoked = false`, `update centre.shift set ended_at = null`,
		fmt.Sprintf(`delete from centre.log_leaf where number >= %d`, size), fmt.Sprintf(`delete from centre.log_checkpoint where size > %d`, size),
		fmt.Sprintf(`delete from centre.log_hash where index >= %d`, tlog.StoredHashCount(size)),
		fmt.Sprintf(`update centre.log_state set size = %d`, size))
	s.audit(ledger.Audited{Checkpoints: []ledger.Kept{later}}, "rolled back: ")
	// The registrar that signed the longer tree signs no other.
	s.exec(`update centre.setting set note = note || '.' where name = 'min_age'`)
	s.until("the registrar says so", func() bool {
		return s.Log.Holds("log_fork")
	})
}
