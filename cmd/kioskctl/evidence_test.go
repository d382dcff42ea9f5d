package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"balcao/kiosk"
	"balcao/kiosk/central/cluster"
	"balcao/kiosk/central/schema"
	"balcao/kiosk/evidence"
	"balcao/kiosk/examine"
	"balcao/kiosk/examine/examinetest"
	"balcao/kiosk/ledger"
	"balcao/kiosk/record"
	"balcao/kiosk/transcript"
	"balcao/kiosk/trust/trusttest"
)

func TestMain(m *testing.M) { cluster.TestMain(m) }

// evidenceSite is a centre with one key, of a document without a chip that a clerk enrolled, and what verifies it.
type evidenceSite struct {
	t       *testing.T
	dir     string
	dsn     string
	conn    *pgx.Conn
	anchors []string
	id      uuid.UUID
	key     int64
}

func (s *evidenceSite) check(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *evidenceSite) exec(sql string, args ...any) {
	s.t.Helper()
	_, err := s.conn.Exec(s.t.Context(), sql, args...)
	s.check(err)
}

// run runs a command and checks its exit code and that it says something.
func (s *evidenceSite) run(exit int, says string, args ...string) string {
	s.t.Helper()
	var stdout, stderr bytes.Buffer
	if got := runEvidence(s.t.Context(), args, &stdout, &stderr); got != exit || !strings.Contains(stdout.String()+stderr.String(), says) {
		s.t.Errorf("%s: exit %d, want %d and %q\n%s%s", strings.Join(args[:2], " "), got, exit, says, &stdout, &stderr)
	}
	return stdout.String()
}

func newEvidenceSite(t *testing.T) *evidenceSite {
	db := cluster.NewDatabase(t)
	s := &evidenceSite{t: t, dir: t.TempDir(), dsn: db.Admin(), id: uuid.Must(uuid.NewV7())}
	var err error
	s.conn, err = pgx.Connect(t.Context(), s.dsn)
	s.check(err)
	t.Cleanup(func() { _ = s.conn.Close(context.Background()) })
	const deskName = "laranjeiras-07"
	desk, now := db.Desk(deskName), time.Now().UTC().Truncate(time.Microsecond)
	inPEM := func(name string, der []byte) string {
		return trusttest.MustWrite(t, s.dir, name, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	}
	authority := trusttest.MustIssue(t, trusttest.CaTemplate("(Test) staff"), nil, trusttest.MustKey(t))
	clerk := trusttest.MustIssue(t, trusttest.StaffTemplate("F0417", "Rita Neves"), authority, trusttest.MustKey(t))
	chain, signer := [][]byte{clerk.Cert.Raw}, examinetest.SoftCard{Key: clerk.Key}
	s.check(schema.AddStaff(t.Context(), s.dsn, schema.Staff{Number: "F0417", Name: "Rita Neves", Role: "clerk"}, clerk.Cert.Raw))

	shift, challenge, fingerprint := uuid.Must(uuid.NewV7()), make([]byte, 32), sha256.Sum256(clerk.Cert.Raw)
	signIn, err := transcript.SignSignIn(t.Context(), transcript.SignIn{Shift: shift, Challenge: challenge, Desk: deskName, At: now}, chain, signer)
	s.check(err)
	zone := examinetest.DG1(t, examinetest.Anna())
	id, err := examine.TravelIdentity(examine.TravelFiles{Groups: map[int][]byte{1: zone}}, now)
	s.check(err)
	id.TaxNumber = "299999998"
	contact := kiosk.ProvenContact{Channel: kiosk.Email, Value: "pessoa@example.pt", Proof: uuid.New(), At: now}
	agreed := transcript.Statement{
		Enrolment: s.id, Challenge: challenge, Desk: deskName, OpenedAt: now, Shift: shift, Staff: "F0417", Access: transcript.AccessTyped,
		Facts: kiosk.TranscriptFacts{
			Identity: id, Contacts: []kiosk.ProvenContact{contact}, PhotoCompared: true, Language: kiosk.English,
			Assurance: kiosk.Assurance{Level: kiosk.LevelSubstantial}, At: now,
		},
		Evidence: transcript.Evidence{Identity: zone, SealedPIN: []byte("sealed")},
	}.Transcript()
	jws, err := transcript.SignAsDesk(agreed, desk.PrivateKey.(crypto.Signer), desk.Certificate)
	s.check(err)
	jws, err = transcript.AddStaff(t.Context(), jws, chain, signer)
	s.check(err)

	private, public, err := record.GenerateKey()
	s.check(err)
	signs, err := record.ParsePrivateKey(private)
	s.check(err)
	sum := sha256.Sum256(jws)
	r := record.Record{
		Version: 1, At: now, State: "active", Reason: "enrolled", Level: "substantial", ValidUntil: "2034-04-15", Enrolment: s.id, Evidence: sum[:], PIN: record.PINOf("$argon2id$"),
		Person:   record.Person{Country: id.Country, DocumentNumber: id.DocumentNumber, Surname: id.Surname, GivenNames: id.GivenNames, BirthDate: id.BirthDate.String()},
		Contacts: []record.Contact{{Channel: "email", Value: contact.Value, Proof: contact.Proof, ProvenAt: contact.At}},
	}
	s.exec(`insert into centre.shift (id, desk, challenge, challenge_until, staff, role, fingerprint, sign_in, signed_at, ends_at)
		values ($1, $2, $3, $4::timestamptz, 'F0417', 'clerk', $5, $6, $4, $4::timestamptz + interval '8 hours')`, shift, deskName, challenge, now, fingerprint[:], signIn)
	s.exec(`insert into centre.enrolment (id, desk, state, document_kind, typed, challenge, opened_at, expires_at, shift)
		values ($1, $2, 'active', 'passport', true, $3, $4, $4, $5)`, s.id, deskName, challenge, now, shift)
	s.exec(`insert into centre.evidence (enrolment, content_hash, jws, sod, proof, kept, verification) values ($1, '', $2, '', '', $3, '{"checks":[]}')`, s.id, jws, zone)
	tx, err := s.conn.Begin(t.Context())
	s.check(err)
	s.check(tx.QueryRow(t.Context(), `with p as (insert into centre.person (country, document_number, surname, given_names, birth_date, birth_stated, nationality)
			values ($1, $2, $3, $4, '1974-08-12', '1974-08-12', 'UTO') returning id)
		insert into centre.key (person, state, level, pin_hash, valid_until, enrolment, change)
			select id, 'active', 'substantial', '$argon2id$', '2034-04-15', $5, '{"cause": "enrol"}' from p
		returning register`, id.Country, id.DocumentNumber, id.Surname, id.GivenNames, s.id).Scan(&s.key))
	r.Register = s.key
	signed, err := record.Sign(r, signs)
	s.check(err)
	for sql, args := range map[string][]any{
		`insert into centre.key_contact (key, channel, value, proof, proven_at) values ($1, 'email', $2, $3, $4)`: {s.key, contact.Value, contact.Proof, contact.At},
		`insert into centre.key_record (key, version, record) values ($1, 1, $2)`:                                 {s.key, signed},
		`update centre.enrolment set key = $1 where id = $2`:                                                      {s.key, s.id},
	} {
		_, err := tx.Exec(t.Context(), sql, args...)
		s.check(err)
	}
	s.check(tx.Commit(t.Context()))

	logKey, logPublic, err := ledger.GenerateKey("example.org/balcao")
	s.check(err)
	sequencer, err := ledger.NewSequencer(ledger.Config{Database: db.Registrar(), Name: "r1", Key: logKey, State: filepath.Join(s.dir, "log.state")})
	s.check(err)
	running, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- sequencer.Run(running) }()
	t.Cleanup(func() { stop(); <-ended })
	s.anchors = []string{
		"--trust", "../../assets/testpki/trust", "--desk-authority", inPEM("desks.crt", cluster.DeskAuthority().Raw),
		"--staff-authority", inPEM("staff.crt", authority.Cert.Raw), "--record-key", trusttest.MustWrite(t, s.dir, "record.pub", public),
		"--log-key", trusttest.MustWrite(t, s.dir, "log.pub", logPublic),
	}
	for deadline := time.Now().Add(30 * time.Second); ; {
		var waiting bool
		s.check(s.conn.QueryRow(t.Context(), `select coalesce((select max(size) from centre.log_checkpoint), 0) < (select count(*) from centre.log_leaf)`).Scan(&waiting))
		if !waiting {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the log signs nothing")
		}
		_, _ = s.conn.Exec(t.Context(), `select pg_sleep(0.05)`)
	}
	return s
}

// TestEvidence is what an auditor does: export, verify without the database, audit, and find what somebody changed.
func TestEvidence(t *testing.T) {
	s := newEvidenceSite(t)
	file := filepath.Join(s.dir, "evidence.json")
	s.run(exitOK, "", "export", s.id.String(), "--dsn", s.dsn, "-o", file)
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v", info, err)
	}
	verify := func(exit int, says string, more ...string) {
		t.Helper()
		out := s.run(exit, says, append(append([]string{"verify", file}, s.anchors...), more...)...)
		if (exit == exitOK) == strings.Contains(out, "NO ") {
			t.Errorf("exit %d of\n%s", exit, out)
		}
	}
	verify(exitOK, "ok    log             records logged: 1")
	verify(exitOK, "ok    shift           of F0417, begun with their card")
	verify(exitTampered, "NO    desk", "--desk-authority", s.anchors[5])
	verify(exitTampered, "NO    staff card", "--staff-authority", s.anchors[3])
	s.run(exitError, "", append([]string{"verify", filepath.Join(s.dir, "none")}, s.anchors...)...)
	s.run(exitError, "neither an enrolment nor a key", "export", "Anna", "--dsn", s.dsn)
	s.run(exitError, schema.ErrNoEvidence.Error(), "export", uuid.NewString(), "--dsn", s.dsn)
	text := s.run(exitOK, `"form":"balcao-evidence/1"`, "export", "1", "--dsn", s.dsn)
	for old, want := range map[string]string{
		`"pessoa@example.pt"`: "NO    contacts", `"staff":"F0417"`: "NO    shift", `"typed":true`: "NO    document",
		`"valid_until":"2034-04-15"`: "NO    record",
	} {
		changed := strings.Replace(text, old, strings.NewReplacer("pessoa", "outra", "F0417", "F0418", "true", "false", "2034", "2035").Replace(old), 1)
		if changed == text {
			t.Fatalf("%s is not in the file", old)
		}
		s.check(os.WriteFile(file, []byte(changed), 0o600))
		verify(exitTampered, want)
	}
	s.check(os.WriteFile(file, []byte(text[:len(text)/2]), 0o600))
	verify(exitTampered, "NO    form")

	key, err := ledger.LoadVerifier(s.anchors[len(s.anchors)-1])
	s.check(err)
	for name, change := range map[string]func(*evidence.File){
		"another record":  func(f *evidence.File) { f.Records[0] += "x" },
		"another seal":    func(f *evidence.File) { f.Log[0].Seal[0] ^= 1 },
		"another leaf":    func(f *evidence.File) { f.Log[0].Leaf[20] ^= 1 },
		"another key":     func(f *evidence.File) { f.Key.Register++ },
		"another proof":   func(f *evidence.File) { f.Log[0].Proof = strings.Replace(f.Log[0].Proof, "balcao", "balcão", 1) },
		"nothing logged":  func(f *evidence.File) { f.Log = nil },
		"a record beside": func(f *evidence.File) { f.Records = append(f.Records, f.Records[0]) },
	} {
		f, err := evidence.ReadFile([]byte(text))
		s.check(err)
		if l := checkLog(f, key); l.Result != kiosk.Passed {
			t.Fatalf("the honest one: %s", l.Note)
		}
		if change(f); checkLog(f, key).Result != kiosk.Failed {
			t.Errorf("%s: passed", name)
		}
	}

	audit := func(exit int, says string) {
		t.Helper()
		s.run(exit, says, append([]string{"audit", "--dsn", s.dsn, "--sample", "5"}, s.anchors...)...)
	}
	audit(exitOK, "Keys verified again from their evidence: 1; that do not hold: 0.")
	s.exec(`update centre.evidence set kept = set_byte(kept, 60, 65)`)
	audit(exitTampered, s.id.String()+"  holder: ")
	s.exec(`update centre.evidence set jws = null`)
	audit(exitTampered, "form: "+schema.ErrNoEvidence.Error())
}

func TestEvidence_Usage(t *testing.T) {
	for _, args := range [][]string{{}, {"import"}, {"verify"}, {"verify", "a", "b"}, {"export", "--dsn", "x"}} {
		var stdout, stderr bytes.Buffer
		if got := runEvidence(t.Context(), args, &stdout, &stderr); got != exitUsage || !strings.Contains(stderr.String(), "kioskctl evidence") {
			t.Errorf("%v: exit %d\n%s", args, got, &stderr)
		}
	}
}
