package schema_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"balcao/kiosk/central/schema"
)

func (b *bench) tryWaiting(id uuid.UUID, reasons ...string) (string, error) {
	return ask[string](b.tb, b.registrar, `select outcome from registrar.wait_for_approval($1, $2, 'high', '[{"name": "signature"}]')`, id, reasons)
}

// waiting puts a bound enrolment before a supervisor, as a registrar would that has verified it.
func (b *bench) waiting(id uuid.UUID, reasons ...string) {
	b.tb.Helper()
	if outcome := must(b.tryWaiting(id, reasons...))(b.tb); outcome != "waiting" {
		b.tb.Fatalf("wait_for_approval = %q", outcome)
	}
	b.exec(`update centre.job set state = 'done' where enrolment = $1 and kind = 'verify'`, id)
}

type waitingCase struct {
	Enrolment         uuid.UUID
	Desk, Staff, Name string
	Reasons           []string
	LeasedTo          string
}

func (d desk) cases() ([]waitingCase, error) {
	rows, err := d.b.centre.Query(d.b.tb.Context(), `select enrolment, desk, coalesce(staff, ''), coalesce(name, ''), reasons,
		coalesce(leased_to, '') from desk.cases($1, $2)`, d.cert, d.shift)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[waitingCase])
}

type taken struct {
	Refusal     string
	JWS, Checks []byte
	Reasons     []string
	Desk, Staff *string
	LeasedUntil *time.Time
}

func (d desk) tryTake(id uuid.UUID) (taken, error) {
	return row[taken](d.b.tb, d.b.centre, `select coalesce(refusal, ''), jws, checks, reasons, desk, staff, leased_until
		from desk.take_case($1, $2, $3)`, d.cert, d.shift, id)
}

func (d desk) takes(id uuid.UUID) string {
	taken, err := d.tryTake(id)
	return word(taken.Refusal, err)
}

func (d desk) decides(id uuid.UUID, who staffer, jws string) string {
	refusal, err := ask[string](d.b.tb, d.b.centre, `select coalesce(refusal, '') from desk.decide($1, $2, $3, $4, $5)`,
		d.cert, d.shift, id, who.card, []byte(jws))
	return word(refusal, err)
}

func (d desk) release(id uuid.UUID) {
	d.b.tb.Helper()
	must(d.b.centre.Exec(d.b.tb.Context(), `select desk.release_case($1, $2, $3)`, d.cert, d.shift, id))(d.b.tb)
}

type caseStatus struct {
	State, Refusal string
	Register       *int64
}

func (d desk) caseStatus(id uuid.UUID) caseStatus {
	d.b.tb.Helper()
	return must(row[caseStatus](d.b.tb, d.b.centre, `select state, coalesce(refusal, ''), register from desk.case_status($1, $2, $3)`,
		d.cert, d.shift, id))(d.b.tb)
}

// approvers is a centre with a case that waits, the person of the case, and two supervisors at desks of their own.
func approvers(t *testing.T) (b *bench, id uuid.UUID, p person, desks [2]desk, staff [2]staffer) {
	t.Helper()
	b = newBench(t)
	p = citizen()
	id = b.desk.bound(p)
	b.waiting(id, "typed", "doubt")
	for i := range desks {
		staff[i] = b.hire("supervisor")
		desks[i] = b.newDesk(fmt.Sprintf("office_%d", i)).with(staff[i])
	}
	return b, id, p, desks, staff
}

// From the queue to a key, and to a refusal.
func TestApproval(t *testing.T) {
	t.Parallel()
	for _, approved := range []bool{true, false} {
		t.Run(fmt.Sprint("approved ", approved), func(t *testing.T) {
			t.Parallel()
			b, id, p, desks, staff := approvers(t)
			boss, office := staff[0], desks[0]
			clerk := scalar[string](b, `select staff from centre.shift where id = $1`, b.desk.shift)
			for range 2 {
				b.waiting(id, "typed", "doubt") // said again
			}
			if _, _, err := b.tryActivate(id, p, ana); err == nil {
				t.Error("a key without a decision")
			} else {
				wantState(t, "a key without a decision", err, "BK009")
			}
			want := []waitingCase{{id, "loja_1", clerk, "Name " + clerk, []string{"typed", "doubt"}, ""}}
			if diff := cmp.Diff(want, must(office.cases())(t)); diff != "" {
				t.Errorf("cases:\n%s", diff)
			}
			if got := office.decides(id, boss, "approved"); got != "leased" {
				t.Errorf("decided without taking it: %q", got)
			}
			got := must(office.tryTake(id))(t)
			if left := time.Until(*got.LeasedUntil); !bytes.Equal(got.JWS, cardEvidence.JWS) || !strings.Contains(string(got.Checks), "signature") ||
				len(got.Reasons) != 2 || *got.Desk != "loja_1" || *got.Staff != clerk || left > 5*time.Minute || left < 4*time.Minute {
				t.Errorf("taken: %+v", got)
			}
			if s := office.caseStatus(id); s.State != "waiting" {
				t.Errorf("taken: %+v", s)
			}
			if got := office.decides(id, staff[1], "approved"); got != "decision_invalid" {
				t.Errorf("signed with another card: %q", got)
			}
			for range 2 { // it may be repeated
				if got := office.decides(id, boss, "decided"); got != "" {
					t.Fatalf("decide: %q", got)
				}
			}
			if got := office.decides(id, boss, "another"); got != "gone" {
				t.Errorf("decided otherwise: %q", got)
			}
			if s := office.caseStatus(id); s.State != "deciding" {
				t.Errorf("decided: %+v", s)
			}
			if left := must(office.cases())(t); len(left) != 0 {
				t.Errorf("decided, and still listed: %v", left)
			}
			j := b.mustTake("w")
			told, _ := j.Payload["approval"].(map[string]any)
			statement, _ := told["jws"].(string)
			if text := must(base64.StdEncoding.DecodeString(statement))(t); j.Kind != "decide" || string(text) != "decided" || told["staff"] != boss.number ||
				told["role"] != "supervisor" || told["fingerprint"] != hex.EncodeToString(boss.card) || string(j.JWS) != string(cardEvidence.JWS) || j.Identity == nil {
				t.Errorf("job = %+v", j)
			}
			if again, ok := b.take("w"); ok {
				t.Errorf("another job: %+v", again)
			}
			must(b.registrar.Exec(t.Context(), `select registrar.job_done($1, 'w')`, j.ID))(t)
			if !approved {
				for range 2 {
					must(b.registrar.Exec(t.Context(), `select registrar.decline($1, 'under_pressure')`, id))(t)
				}
				if s := office.caseStatus(id); s.State != "refused" || s.Refusal != "declined" {
					t.Errorf("declined: %+v", s)
				}
				if s := b.desk.status(id); s.State != "refused" || s.Refusal != "declined" {
					t.Errorf("the desk hears %+v", s)
				}
			} else {
				outcome, register := b.activate(id, p, ana)
				if s := office.caseStatus(id); outcome != "active" || s.State != "active" || *s.Register != register {
					t.Errorf("approved: %q, %+v", outcome, s)
				}
			}
			if got := scalar[string](b, `select decision || coalesce(' ' || reason, '') || ' ' || decided_by from centre.approval`); !strings.HasSuffix(got, " "+boss.number) ||
				strings.HasPrefix(got, "approved") != approved || strings.Contains(got, "under_pressure") == approved {
				t.Errorf("kept: %s", got)
			}
			if n := b.mentions("sealed") + scalar[int](b, `select count(checks) from centre.approval`); n != 0 {
				t.Errorf("%d rows keep what only the decision needed", n)
			}
			if got := desks[1].takes(id); got != "gone" {
				t.Errorf("taken afterwards: %q", got)
			}
		})
	}
}

// Nobody decides a case that they opened, or whose clerk they admitted.
func TestNeverTheSamePerson(t *testing.T) {
	t.Parallel()
	b, _, _, desks, staff := approvers(t)
	boss := staff[0]
	own := desks[0].bound(citizen())
	b.waiting(own, "photo")
	clerk := b.hire("clerk")
	shift, _ := b.desk.signIn(boss, clerk.number)
	b.desk.shift = shift
	admitted := b.desk.bound(citizen())
	b.waiting(admitted, "level")
	b.exec(`update centre.shift set ended_at = null where id = $1`, desks[0].shift)
	for what, id := range map[string]uuid.UUID{"their own case": own, "of whom they admitted": admitted} {
		if got := desks[0].takes(id); got != "own_case" {
			t.Errorf("%s: %q, want own_case", what, got)
		}
		if got := desks[0].decides(id, boss, "approved"); got != "own_case" {
			t.Errorf("%s, decided: %q, want own_case", what, got)
		}
		if got := desks[1].takes(id); got != "" {
			t.Errorf("%s, taken by another: %q", what, got)
		}
		if s := b.desk.with(boss).takes(id); s != "own_case" {
			t.Errorf("%s, at another desk: %q, want own_case", what, s)
		}
	}
	for _, c := range must(desks[0].cases())(t) {
		if c.Enrolment == own || c.Enrolment == admitted {
			t.Errorf("listed: %+v", c)
		}
	}
	if got := desks[1].takes(newID()); got != "gone" {
		t.Errorf("no case at all: %q, want gone", got)
	}
}

// A case is one supervisor's until they give it back, sign out, or their time is over.
func TestCaseLease(t *testing.T) {
	t.Parallel()
	b, id, _, desks, staff := approvers(t)
	first, second := desks[0], desks[1]
	want := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	want("the first", first.takes(id), "")
	want("the first again", first.takes(id), "")
	want("the second", second.takes(id), "leased")
	if c := must(second.cases())(t); len(c) != 1 || c[0].LeasedTo != staff[0].number {
		t.Errorf("cases: %+v", c)
	}
	second.release(id)
	want("given back by another", second.takes(id), "leased")
	first.release(id)
	want("given back", second.takes(id), "")
	want("the first now", first.takes(id), "leased")
	want("decided by the first", first.decides(id, staff[0], "approved"), "leased")
	b.exec(`update centre.approval set leased_until = clock_timestamp()`)
	if c := must(first.cases())(t); len(c) != 1 || c[0].LeasedTo != "" {
		t.Errorf("its time is over: %+v", c)
	}
	want("its time is over", first.takes(id), "")
	if err := first.endShift(); err != nil {
		t.Fatal(err)
	}
	want("signed out", second.takes(id), "")
	b.exec(`update centre.approval set leased_until = clock_timestamp()`)
	want("late, and nobody else took it", second.decides(id, staff[1], "approved"), "")
	want("decided", first.with(staff[0]).takes(id), "gone")
}

// However many supervisors, one has the case.
func TestCaseTakenAtOnce(t *testing.T) {
	t.Parallel()
	b, id, _, _, _ := approvers(t)
	desks, staff := make([]desk, 6), make([]staffer, 6)
	for i := range desks {
		staff[i] = b.hire("supervisor")
		desks[i] = b.newDesk(fmt.Sprintf("many_%d", i)).with(staff[i])
	}
	got := atOnce(24, func(i int) string {
		answer := desks[i%6].takes(id)
		if answer == "" {
			answer = desks[i%6].decides(id, staff[i%6], "approved by "+staff[i%6].number)
		}
		return answer
	})
	if got[""] == 0 || got["leased"]+got["gone"]+got[""] != 24 {
		t.Errorf("%v", got)
	}
	if n := scalar[int](b, `select count(*) from centre.job where kind = 'decide'`); n != 1 {
		t.Errorf("%d decisions, want 1", n)
	}
}

// A supervisor who decided and was then suspended approved nothing.
func TestApproverCutOff(t *testing.T) {
	t.Parallel()
	b, id, p, desks, staff := approvers(t)
	if got := desks[0].takes(id) + desks[0].decides(id, staff[0], "approved"); got != "" {
		t.Fatal(got)
	}
	must(0, schema.SuspendStaff(t.Context(), b.db.Admin(), staff[0].number))(t)
	if outcome, _ := b.activate(id, p, ana); outcome != "staff_suspended" {
		t.Errorf("activate = %q, want staff_suspended", outcome)
	}
	_, err := desks[0].cases()
	wantState(t, "cases", err, "BK015")
}

// A decision that is none, or that could not be judged, leaves the case where it was.
func TestReopen(t *testing.T) {
	t.Parallel()
	b, id, p, desks, staff := approvers(t)
	for what, again := range map[string]func(job){
		"no good": func(j job) {
			must(b.registrar.Exec(t.Context(), `select registrar.job_done($1, 'w'), registrar.reopen($2)`, j.ID, id))(t)
		},
		"not judged": func(j job) {
			must(b.registrar.Exec(t.Context(), `select registrar.job_failed($1, 'w', 'timeout')`, j.ID))(t)
		},
	} {
		if got := desks[0].takes(id) + desks[0].decides(id, staff[0], "approved: "+what); got != "" {
			t.Fatalf("%s: %q", what, got)
		}
		again(b.mustTake("w"))
		if s := desks[0].caseStatus(id); s.State != "waiting" {
			t.Errorf("%s: %+v", what, s)
		}
		_, _, err := b.tryActivate(id, p, ana)
		wantState(t, what, err, "BK009")
	}
	_, err := b.registrar.Exec(t.Context(), `select registrar.decline($1, 'other')`, id)
	wantState(t, "declined by nobody", err, "BK009")
	if got := desks[1].takes(id) + desks[1].decides(id, staff[1], "approved"); got != "" {
		t.Fatal(got)
	}
	if outcome, _ := b.activate(id, p, ana); outcome != "active" {
		t.Errorf("activate = %q", outcome)
	}
}

// A case waits 72 hours, and one that was decided for as long as its registrar takes.
func TestWaitingCaseExpires(t *testing.T) {
	t.Parallel()
	b, id, p, desks, staff := approvers(t)
	if hours := scalar[float64](b, `select extract(epoch from expires_at - clock_timestamp())::float8 / 3600 from centre.enrolment where id = $1`, id); hours > 72 || hours < 71.9 {
		t.Errorf("waits %v h, want 72", hours)
	}
	other := b.desk.bound(citizen())
	b.waiting(other, "photo")
	if got := desks[0].takes(id) + desks[0].decides(id, staff[0], "approved"); got != "" {
		t.Fatal(got)
	}
	b.exec(`update centre.enrolment set expires_at = clock_timestamp()`)
	if s := b.desk.status(other); s.State != "expired" {
		t.Errorf("past its time: %+v", s)
	}
	if s := desks[0].caseStatus(other); s.State != "refused" || s.Refusal != "expired" {
		t.Errorf("past its time: %+v", s)
	}
	if got := desks[1].takes(other); got != "gone" {
		t.Errorf("past its time: %q, want gone", got)
	}
	if n := scalar[int](b, `select registrar.expire()`); n != 1 {
		t.Errorf("expire ended %d, want 1", n)
	}
	if s := b.desk.status(other); s.State != "expired" {
		t.Errorf("ended: %+v", s)
	}
	if n := b.mentions("sealed"); n != 1 {
		t.Errorf("%d rows with a PIN, want that of the decided case", n)
	}
	if outcome, _ := b.activate(id, p, ana); outcome != "active" {
		t.Errorf("what was decided in time: %q", outcome)
	}
}

// What waits keeps its person and its contact.
func TestWaitingCaseKeepsPersonAndContact(t *testing.T) {
	t.Parallel()
	for what, who := range map[string]person{"Citizen Card": citizen(), "passport": traveller()} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			number := phone()
			late, rival := b.desk.proven(citizen(), "sms", number), b.desk.bound(who)
			b.later(time.Hour)
			other := b.desk.bound(who)
			id := b.desk.proven(who, "sms", number)
			e := cardEvidence
			if who.Kind != "citizen-card" {
				e = travelEvidence
			}
			must(b.desk.tryBind(id, e))(t)
			b.waiting(id, "photo")

			fresh := newID()
			for range 2 {
				if o := must(b.desk.tryOpen(fresh, who))(t); o.Refusal != "waiting_case" {
					t.Errorf("the person opened again: %+v", o)
				}
			}
			if outcome := must(b.tryWaiting(rival, "photo"))(t); outcome != "waiting_case" {
				t.Errorf("a second case that waits: %q", outcome)
			}
			if outcome, _ := b.activate(other, who, ana); outcome != "waiting_case" {
				t.Errorf("a key for the person: %q", outcome)
			}
			must(b.desk.tryBind(late, cardEvidence))(t)
			if outcome := must(b.tryWaiting(late, "photo"))(t); outcome != "contact_taken" {
				t.Errorf("another case with the contact: %q", outcome)
			}
			b.later(time.Hour)
			stranger := b.desk.open(citizen())
			b.desk.send(stranger, "sms", number)
			if got := b.desk.confirm(stranger, "sms", "123456"); got.Refusal != "taken" {
				t.Errorf("the contact proven by another: %+v", got)
			}
			if o := must(b.desk.tryOpen(id, who))(t); len(o.Challenge) != 32 {
				t.Errorf("the case itself, opened again: %+v", o)
			}
			if s := must(b.desk.tryBind(id, e))(t); s.State != "waiting" {
				t.Errorf("the case itself, bound again: %+v", s)
			}
			wantState(t, "abandon", b.desk.abandon(id, ""), "BK002")
			must(b.registrar.Exec(t.Context(), `select registrar.refuse($1, 'signature')`, id))(t)
			if outcome, _ := b.activate(b.desk.bound(who), who, ana); outcome != "active" {
				t.Errorf("once it is refused: %q", outcome)
			}
		})
	}
}

// Of one person, one case waits, however many are told to at once.
func TestOneWaits(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	who := traveller()
	ids := make([]uuid.UUID, 6)
	for i := range ids {
		ids[i] = b.desk.bound(who)
	}
	got := atOnce(len(ids), func(i int) string { return word(b.tryWaiting(ids[i], "photo")) })
	if got["waiting"] != 1 || got["waiting_case"] != len(ids)-1 {
		t.Errorf("%v", got)
	}
}

// The clerk's doubt reaches the registrar and no answer to the desk.
func TestDoubtIsQuiet(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	answers := map[bool]status{}
	for _, marked := range []bool{false, true} {
		id := b.desk.proven(citizen(), "sms", phone())
		const bind = statusColumns + `desk.bind($1, $2, $3, $4, $5, $6, $7, $8)`
		e := cardEvidence
		s := must(row[status](t, b.centre, bind, b.desk.cert, id, e.JWS, e.Identity, e.SOD, e.PIN, e.Proof, marked))(t)
		if got := b.mustTake("w").Payload["marked"]; got != marked {
			t.Errorf("the registrar is told %v, want %v", got, marked)
		}
		b.waiting(id, map[bool]string{false: "photo", true: "doubt"}[marked])
		if s.State != "pending" {
			t.Errorf("bind = %+v", s)
		}
		answers[marked] = b.desk.status(id)
		must(b.registrar.Exec(t.Context(), `select registrar.begin('w')`))(t)
	}
	if diff := cmp.Diff(answers[false], answers[true]); diff != "" || answers[true].State != "waiting" {
		t.Errorf("the desk sees a difference:\n%s", diff)
	}
}

// Desks at which a supervisor is signed in hear of cases that come and go; no other does.
func TestSupervisorsAreTold(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.desk.bound(citizen())
	boss := b.hire("supervisor")
	office := b.newDesk("office").with(boss)
	heard := must(pgx.Connect(t.Context(), b.db.Centre()))(t)
	t.Cleanup(func() { _ = heard.Close(t.Context()) })
	must(heard.Exec(t.Context(), `listen desk_events`))(t)
	next := func(what string) {
		t.Helper()
		for {
			n := must(heard.WaitForNotification(t.Context()))(t)
			if strings.Contains(n.Payload, `"case"`) {
				if !strings.Contains(n.Payload, `"office"`) {
					t.Errorf("%s: %s", what, n.Payload)
				}
				return
			}
		}
	}
	b.waiting(id, "photo")
	next("a case")
	office.takes(id)
	if got := office.decides(id, boss, "approved"); got != "" {
		t.Fatal(got)
	}
	next("a decision")
	must(b.registrar.Exec(t.Context(), `select registrar.decline($1, 'other')`, id))(t)
	next("the end")
}

// Reasons are words of a list.
func TestReasonsOfApproval(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for what, reasons := range map[string][]string{"none": {}, "unknown": {"typed", "mood"}} {
		id := b.desk.bound(citizen())
		if _, err := b.tryWaiting(id, reasons...); err == nil {
			t.Errorf("%s: no error", what)
		}
		if s := b.desk.status(id); s.State != "pending" {
			t.Errorf("%s: %+v", what, s)
		}
	}
	id := b.desk.open(citizen())
	_, err := b.tryWaiting(id, "photo")
	wantState(t, "not bound", err, "BK009")
}
