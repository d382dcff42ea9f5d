package registrar_test

import (
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/central/cluster"
	"balcao/kiosk/central/schema"
	"balcao/kiosk/evidence"
	"balcao/kiosk/examine/examinetest"
	"balcao/kiosk/kiosktest"
	"balcao/kiosk/record"
	"balcao/kiosk/transcript"
	"balcao/kiosk/trust/staff"
	"balcao/kiosk/trust/trusttest"
)

// member is a member of staff with a card and, once they have signed in, a shift.
type member struct {
	*bench
	number string
	role   kiosk.Role
	card   *trusttest.Authority
	shifts map[string]uuid.UUID // the last, by desk
	shift  uuid.UUID            // the last of all
}

func (m *member) chain() [][]byte { return [][]byte{m.card.Cert.Raw} }

func (m *member) signer() examinetest.SoftCard { return examinetest.SoftCard{Key: m.card.Key} }

// hire registers somebody with a card of the authority.
func (b *bench) hire(number string, role kiosk.Role) *member {
	b.t.Helper()
	m := &member{bench: b, number: number, role: role, shifts: map[string]uuid.UUID{}}
	m.card = trusttest.MustIssue(b.t, trusttest.StaffTemplate(number, "Rita Neves"), b.staffAuthority, trusttest.MustKey(b.t))
	b.check(schema.AddStaff(b.ctx, b.DB.Admin(), schema.Staff{Number: number, Name: "Rita Neves", Role: string(role)}, m.card.Cert.Raw))
	return m
}

// signIn signs in at the desk, which whoever was there leaves; admits is who has no card.
func (m *member) signIn(admits *member) {
	m.t.Helper()
	m.signInAt(m.Centre, admits)
}

func (m *member) signInAt(desk *central.Centre, admits *member) {
	m.t.Helper()
	who := m
	statement := transcript.SignIn{Shift: newID(), Challenge: make([]byte, 32), Desk: desk.Desk(), At: time.Now()}
	var by, role any
	if admits != nil {
		who, statement.Admits, by, role = admits, admits.number, m.number, m.role
	}
	jws, err := transcript.SignSignIn(m.ctx, statement, m.chain(), m.signer())
	m.check(err)
	var admission []byte
	if admits != nil {
		admission = jws
	}
	who.shift, who.shifts[desk.Desk()] = statement.Shift, statement.Shift
	fingerprint := sha256.Sum256(m.card.Cert.Raw)
	m.exec(`update centre.shift set ended_at = clock_timestamp() where desk = $1 and ended_at is null`, desk.Desk())
	m.exec(`insert into centre.shift (id, desk, challenge, challenge_until, staff, role, fingerprint, sign_in, signed_at, ends_at,
			admitted_by, admitted_role, admission)
		values ($1, $2, $3, clock_timestamp(), $4, $5, $6, $7, clock_timestamp(), clock_timestamp() + interval '8 hours', $8, $9, $10)`,
		who.shift, desk.Desk(), []byte(statement.Challenge), who.number, who.role, fingerprint[:], jws, by, role, admission)
}

// at is their shift at a desk: they sign in where they are not.
func (m *member) at(desk *central.Centre) uuid.UUID {
	m.t.Helper()
	if !scalar[bool](m.bench, `select exists (select from centre.shift where id = $1 and ended_at is null)`, m.shifts[desk.Desk()]) {
		m.signInAt(desk, nil)
	}
	return m.shifts[desk.Desk()]
}

// signs adds the signature of their card.
func (m *member) signs(jws []byte) []byte {
	m.t.Helper()
	jws, err := transcript.AddStaff(m.ctx, jws, m.chain(), m.signer())
	m.check(err)
	return jws
}

// open opens an enrolment of a card's holder in the shift, with a contact that is proven.
func (m *member) open(card *heldCard) *cardVisit {
	m.t.Helper()
	v := m.openWith(card)
	v.prove()
	return v
}

// bindAs signs as everybody does and binds. The card of signs signs last; nil: nobody's.
func (v *cardVisit) bindAs(m, signs *member, change func(*transcript.Transcript), doubt bool) {
	v.t.Helper()
	agreed := v.transcript()
	agreed.Shift, agreed.Staff = v.shift, m.number
	if admission := scalar[[]byte](v.bench, `select admission from centre.shift where id = $1`, m.shift); admission != nil {
		agreed.Admission = hash(admission)
	}
	if change != nil {
		change(&agreed)
	}
	jws, err := transcript.Sign(v.ctx, agreed, v.card.chain, v.card)
	v.check(err)
	key := v.DB.Desk(v.Centre.Desk())
	jws, err = transcript.Countersign(jws, key.PrivateKey.(crypto.Signer), key.Certificate)
	v.check(err)
	if signs != nil {
		jws = signs.signs(jws)
	}
	_, err = v.Centre.Bind(v.ctx, v.id, transcript.Evidence{JWS: jws, Identity: v.card.files.Identity, SOD: v.card.files.SOD, SealedPIN: v.sealed}, doubt)
	v.check(err)
}

// state is the enrolment's in the database: a desk is told less.
func (v *visit) state() (state, refusal string) {
	v.t.Helper()
	v.check(v.Admin.QueryRow(v.ctx, `select state, coalesce(refusal, '') from centre.enrolment where id = $1`, v.id).Scan(&state, &refusal))
	return state, refusal
}

// waits waits until a supervisor has to decide, for exactly these reasons, and nobody has.
func (v *visit) waits(want ...kiosk.ApprovalReason) {
	v.t.Helper()
	v.until("the case waits", func() bool {
		state, refusal := v.state()
		if state != "pending" && state != "waiting" {
			v.t.Fatalf("got %s for %q, want waiting\n%s", state, refusal, v.Log)
		}
		return state == "waiting" && scalar[bool](v.bench, `select jws is null from centre.approval where enrolment = $1`, v.id)
	})
	if got := scalar[[]kiosk.ApprovalReason](v.bench, `select reasons from centre.approval where enrolment = $1`, v.id); !slices.Equal(got, want) {
		v.t.Errorf("waits for %q, want %q", got, want)
	}
}

// decideAs hands over a decision as the database takes it. change may put it wrong.
func (v *visit) decideAs(m *member, decision, reason string, change func(*transcript.Approval)) {
	v.t.Helper()
	var sent struct{ Payload string }
	v.check(json.Unmarshal(scalar[[]byte](v.bench, `select jws from centre.evidence where enrolment = $1`, v.id), &sent))
	var payload transcript.Bytes
	v.check(payload.UnmarshalText([]byte(sent.Payload)))
	a := transcript.Approval{
		Enrolment: v.id, Transcript: hash(payload), Decision: decision, Reason: reason, Shift: m.shift, Desk: v.Centre.Desk(), At: time.Now(),
	}
	if change != nil {
		change(&a)
	}
	jws, err := transcript.SignApproval(v.ctx, a, m.chain(), m.signer())
	v.check(err)
	v.exec(`update centre.approval set shift = $2, jws = $3, decided_at = clock_timestamp(), decided_by = $4, decided_role = $5 where enrolment = $1`,
		v.id, m.shift, jws, m.number, m.role)
	v.exec(`select internal.enqueue('decide', $1)`, v.id)
}

// ended waits for the end of the enrolment.
func (v *visit) ended() (state, refusal string) {
	v.t.Helper()
	v.until("the enrolment ends", func() bool {
		state, refusal = v.state()
		return state == "active" || state == "refused"
	})
	return state, refusal
}

// newStaffBench is a centre with a clerk and two supervisors, whose registrar verifies cards and signs records.
func newStaffBench(t *testing.T) (b *bench, c *cards, clerk, boss, other *member, key ed25519.PublicKey) {
	t.Helper()
	b = newBench(t)
	c = useCards(b)
	clerk, boss, other = b.clerk, b.boss, b.hire("F0103", kiosk.RoleSupervisor)
	b.start(1, nil)
	return b, c, clerk, boss, other, b.Records.Public().(ed25519.PublicKey)
}

func TestStaff(t *testing.T) {
	b, c, clerk, boss, other, key := newStaffBench(t)
	card := c.read(t, "cc1-rsa2048")
	t.Run("Active", func(t *testing.T) {
		clerk.signIn(nil)
		v := clerk.open(card)
		v.bindAs(clerk, clerk, nil, false)
		if state, refusal := v.ended(); state != "active" {
			t.Fatalf("got %s for %q\n%s", state, refusal, b.Log)
		}
		v.recorded(key)
		v.evidenced(c, key)
		b.exec(`delete from centre.key_contact; update centre.key set state = 'expired', change = '{"cause": "expire", "reason": "validity_ended"}' where state = 'active'`)
	})
	// What nobody but the registrar looks at: the door takes the JWS as it comes.
	for name, tt := range map[string]struct {
		want  string
		signs *member
		alter func(*transcript.Transcript)
	}{
		"no staff signature": {evidence.RefusedNoStaff, nil, nil},
		"another's card":     {evidence.RefusedStaff, boss, nil},
		"another shift":      {evidence.RefusedStaff, clerk, func(t *transcript.Transcript) { t.Shift = uuid.New() }},
	} {
		t.Run(name, func(t *testing.T) {
			clerk.signIn(nil)
			v := clerk.open(card)
			v.bindAs(clerk, tt.signs, tt.alter, false)
			if state, refusal := v.ended(); state != "refused" || refusal != tt.want {
				t.Errorf("got %s for %q, want %q", state, refusal, tt.want)
			}
		})
	}
	t.Run("Admitted", func(t *testing.T) {
		boss.signIn(clerk)
		v := clerk.open(card)
		v.bindAs(clerk, nil, nil, true)
		v.waits(kiosk.ApproveDoubt)
		boss.signIn(nil)
		v.decideAs(boss, "approved", "", nil) // who admitted
		v.reopened(evidence.RefusedSamePerson)
		other.signIn(nil)
		v.decideAs(other, "refused", "under_pressure", nil)
		if state, refusal := v.ended(); state != "refused" || refusal != "declined" {
			t.Errorf("got %s for %q", state, refusal)
		}
		if got := scalar[string](b, `select decision || ' ' || reason from centre.approval where enrolment = $1`, v.id); got != "refused under_pressure" {
			t.Errorf("the decision is kept as %q", got)
		}
	})
	t.Run("Approved", func(t *testing.T) {
		clerk.signIn(nil)
		v := clerk.open(card)
		v.bindAs(clerk, clerk, nil, true)
		v.waits(kiosk.ApproveDoubt)
		boss.signIn(nil)
		v.decideAs(boss, "approved", "", func(a *transcript.Approval) { a.Enrolment = uuid.New() })
		v.reopened(evidence.RefusedApproval)
		v.decideAs(boss, "approved", "", nil)
		if state, refusal := v.ended(); state != "active" {
			t.Fatalf("got %s for %q\n%s", state, refusal, b.Log)
		}
		v.recorded(key)
		v.evidenced(c, key)
	})
}

// evidenced verifies what the tables keep of an enrolment, once more and from scratch.
func (v *visit) evidenced(c *cards, key ed25519.PublicKey) {
	v.t.Helper()
	text, err := schema.Evidence(v.ctx, v.Admin, v.id)
	v.check(err)
	f, err := evidence.ReadFile(text)
	v.check(err)
	v.holds(c, key, f)
	if ids, err := schema.Enrolled(v.ctx, v.Admin, 0, f.Key.Register); err != nil || !slices.Equal(ids, []uuid.UUID{v.id}) {
		v.t.Errorf("key %d: got %v, %v", f.Key.Register, ids, err)
	}
}

// holds verifies a file of evidence.
func (b *bench) holds(c *cards, key ed25519.PublicKey, f *evidence.File) {
	b.t.Helper()
	anchors := b.anchors(c)
	anchors.Registry = []ed25519.PublicKey{key}
	if lines := f.Check(b.ctx, anchors); !evidence.Good(lines) || len(lines) < 8 {
		b.t.Errorf("%s does not hold:\n%v", f.Kind, lines)
	}
}

func (b *bench) anchors(c *cards) evidence.Anchors {
	return evidence.Anchors{
		Trust: kiosktest.Examiner(b.t, c.fixtures.Issued()), Desks: cluster.DeskAuthority(),
		Staff: staff.New([]*x509.Certificate{b.staffAuthority.Cert}, nil),
	}
}

// Every document of the fixtures that becomes a key can be verified again from what is kept of it.
func TestEvidence_EveryDocument(t *testing.T) {
	b, c, _, _, _, key := newStaffBench(t)
	for _, e := range c.fixtures.Entries() {
		if e.RefusedFor != "" {
			continue
		}
		b.t = t
		if len(e.MRZ) == 0 && e.CAN == "" {
			v := b.openWith(c.read(t, e.Name))
			v.prove()
			v.bindHonestly()
			if state, refusal := v.ended(); state != "active" {
				t.Errorf("%s: %s for %q", e.Name, state, refusal)
				continue
			}
			v.evidenced(c, key)
		} else if strings.HasPrefix(e.Name, "passport") || strings.HasPrefix(e.Name, "residence") {
			v := b.travelWith(c.lay(t, e.Name))
			v.proveChip()
			v.bind()
			if state, refusal := v.ended(); state != "active" {
				t.Logf("%s: %s for %q", e.Name, state, refusal)
				continue
			}
			v.evidenced(c, key)
		}
		b.exec(`delete from centre.key_contact; update centre.key set state = 'expired', change = '{"cause": "expire", "reason": "validity_ended"}' where state = 'active'`)
	}
	if n := scalar[int](b, `select count(*) from centre.key`); n < 8 {
		t.Errorf("only %d documents were verified", n)
	}
}

// reopened waits until a decision was found to be none.
func (v *visit) reopened(reason string) {
	v.t.Helper()
	v.waits(kiosk.ApproveDoubt)
	if !v.Log.Holds(`"`+reason+`"`) && !v.Log.Holds("reason="+reason) {
		v.t.Errorf("nothing says %s:\n%s", reason, v.Log)
	}
}

// recorded compares the key's record with the tables.
func (v *cardVisit) recorded(key ed25519.PublicKey) {
	v.t.Helper()
	var jws []byte
	var want record.Record
	row := v.Admin.QueryRow(v.ctx, `select r.record, k.register, k.version, k.state, k.pin_hash, k.level, k.valid_until::text, coalesce(k.tax_number, ''),
			k.enrolment, sha256((internal.whole(e)).jws), p.country, p.civil_number, p.document_number, p.surname, p.given_names, p.birth_stated, p.nationality, p.sex,
			c.channel, c.value, c.proof, c.proven_at
		from centre.key k join centre.person p on p.id = k.person join centre.evidence e on e.enrolment = k.enrolment
			join centre.key_contact c on c.key = k.register left join centre.key_record r on r.key = k.register and r.version = k.version
		where k.enrolment = $1`, v.id)
	p, contact, pin := &want.Person, record.Contact{}, ""
	v.check(row.Scan(&jws, &want.Register, &want.Version, &want.State, &pin, &want.Level, &want.ValidUntil, &want.TaxNumber,
		&want.Enrolment, (*[]byte)(&want.Evidence), &p.Country, &p.CivilNumber, &p.DocumentNumber, &p.Surname, &p.GivenNames, &p.BirthDate, &p.Nationality, &p.Sex,
		&contact.Channel, &contact.Value, &contact.Proof, &contact.ProvenAt))
	contact.ProvenAt = contact.ProvenAt.UTC()
	want.PIN = record.PINOf(pin)
	want.V, want.Reason, want.Contacts = record.Version, "enrolled", []record.Contact{contact}
	got, err := record.Verify(jws, key)
	v.check(err)
	want.At = got.At
	if diff := cmp.Diff(want, got); diff != "" || time.Since(got.At).Abs() > time.Minute {
		v.t.Errorf("record (-tables +record):\n%s", diff)
	}
}

// Without a trust in staff cards no enrolment of a shift becomes a key.
func TestStaff_NobodyTrusted(t *testing.T) {
	b := newBench(t)
	c := useCards(b)
	b.staffAuthority = nil
	clerk := b.clerk
	b.start(1, nil)
	clerk.signIn(nil)
	v := clerk.open(c.read(t, "cc1-rsa2048"))
	v.bindAs(clerk, clerk, nil, false)
	if state, refusal := v.ended(); state != "refused" || refusal != evidence.RefusedStaffUntrusted {
		t.Errorf("got %s for %q", state, refusal)
	}
}

// decide lets the supervisor decide, at another desk.
func (v *visit) decide(decision, reason string) {
	v.t.Helper()
	v.boss.signInAt(v.Dial(v.t, "loja_9"), nil)
	v.decideAs(v.boss, decision, reason, nil)
}
