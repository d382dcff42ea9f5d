package schema_test

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5"

	"balcao/kiosk/central/schema"
)

func TestSignIn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	who := b.hire("supervisor")
	shift := newID()
	challenge := b.desk.begin(shift)
	if again := b.desk.begin(shift); len(challenge) != 32 || !bytes.Equal(again, challenge) {
		t.Errorf("begun again: another challenge")
	}
	want := signedIn{Staff: who.number, Name: "Name " + who.number, Role: "supervisor", TriesLeft: 5}
	var ends time.Time
	for range 2 { // it may be repeated
		got := must(b.desk.trySignIn(shift, who, challenge, ""))(t)
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(signedIn{}, "Ends")); diff != "" {
			t.Errorf("sign_in:\n%s", diff)
		}
		if left := time.Until(*got.Ends); left > 8*time.Hour || left < 8*time.Hour-time.Minute {
			t.Errorf("ends in %v, want 8 h", left)
		}
		if !ends.IsZero() && !ends.Equal(*got.Ends) {
			t.Error("repeated, it ends later")
		}
		ends = *got.Ends
	}
	other := b.hire("clerk")
	_, err := b.desk.trySignIn(shift, other, challenge, "")
	wantState(t, "another statement", err, "BK004")
	stranger := b.newDesk("other")
	_, err = stranger.trySignIn(shift, who, challenge, "")
	wantState(t, "at another desk", err, "BK015")
	_, err = stranger.b.centre.Exec(t.Context(), `select desk.begin_shift($1, $2)`, stranger.cert, shift)
	wantState(t, "begun at another desk", err, "BK015")

	// One shift a desk; and another desk's goes on.
	before := b.desk
	before.shift = shift
	b.desk = b.desk.with(other)
	_, err = before.tryOpen(newID(), citizen())
	wantState(t, "the shift before", err, "BK015")
	_, err = before.trySignIn(shift, who, challenge, "")
	wantState(t, "the sign-in before", err, "BK015")
	b.desk.open(citizen())
	stranger.open(citizen())
	if n := scalar[int](b, `select count(*) from centre.shift where desk = 'loja_1' and ended_at is null`); n != 1 {
		t.Errorf("%d live shifts, want 1", n)
	}
	// What nobody signs does not stay.
	for range 3 {
		b.desk.begin(newID())
	}
	if n := scalar[int](b, `select count(*) from centre.shift where desk = 'loja_1' and signed_at is null`); n != 1 {
		t.Errorf("%d unsigned shifts, want 1", n)
	}
	for range 2 {
		if err := b.desk.endShift(); err != nil {
			t.Fatal(err)
		}
	}
	_, err = b.desk.tryOpen(newID(), citizen())
	wantState(t, "signed out", err, "BK015")
}

// Each reason by itself.
func TestSignInRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for what, c := range map[string]struct {
		role    string
		prepare func(staffer)
		twist   func(challenge []byte) []byte
		admits  string
		refusal string
		left    int
	}{
		"nobody's card": {"", nil, nil, "", "staff_unknown", -1},
		"suspended":     {"clerk", func(s staffer) { b.exec(`update centre.staff set state = 'suspended' where number = $1`, s.number) }, nil, "", "staff_suspended", 5},
		"revoked": {"clerk", func(s staffer) {
			b.exec(`update centre.staff_certificate set revoked = true where staff = $1`, s.number)
		}, nil, "", "staff_revoked", 5},
		"followed": {"clerk", func(s staffer) {
			b.exec(`update centre.staff_certificate set ends_at = clock_timestamp() where staff = $1`, s.number)
		}, nil, "", "staff_revoked", 5},
		"another challenge": {"clerk", nil, func(c []byte) []byte { return append([]byte{c[0] ^ 1}, c[1:]...) }, "", "sign_in_invalid", 4},
		"too late": {"clerk", func(staffer) {
			b.exec(`update centre.shift set challenge_until = clock_timestamp() where signed_at is null`)
		},
			nil, "", "sign_in_invalid", 5},
		"a clerk admits":       {"clerk", nil, nil, "F1", "not_supervisor", 5},
		"an auditor admits":    {"auditor", nil, nil, "F1", "not_supervisor", 5},
		"nobody is admitted":   {"supervisor", nil, nil, "F999", "clerk_unknown", 5},
		"admits an auditor":    {"supervisor", nil, nil, "F2", "clerk_unknown", 5},
		"admits somebody gone": {"supervisor", nil, nil, "F3", "staff_suspended", 5},
		"admits themselves":    {"supervisor", nil, nil, "self", "clerk_unknown", 5},
	} {
		t.Run(what, func(t *testing.T) {
			b.exec(`insert into centre.staff (number, name, role, state) values ('F1', 'A', 'clerk', 'active'), ('F2', 'B', 'auditor', 'active'),
				('F3', 'C', 'clerk', 'suspended') on conflict do nothing`)
			who := staffer{"nobody", "", make([]byte, 32)}
			if c.role != "" {
				who = b.hire(c.role)
			}
			if c.admits == "self" {
				c.admits = who.number
			}
			shift := newID()
			challenge := b.desk.begin(shift)
			if c.prepare != nil {
				c.prepare(who)
			}
			if c.twist != nil {
				challenge = c.twist(challenge)
			}
			for range 2 {
				if got := must(b.desk.trySignIn(shift, who, challenge, c.admits))(t); got != (signedIn{Refusal: c.refusal, TriesLeft: c.left}) {
					t.Errorf("sign_in = %+v, want %s with %d tries", got, c.refusal, c.left)
				}
			}
			d := b.desk
			d.shift = shift
			_, err := d.tryOpen(newID(), citizen())
			wantState(t, "opening without a sign-in", err, "BK015")
		})
	}
	b.desk.open(citizen()) // whoever was signed in still is
}

// Wrong sign-ins lock one member of staff out at one desk, until a supervisor signs in there.
func TestWrongSignInsLock(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	clerk, boss, elsewhere := b.hire("clerk"), b.hire("supervisor"), b.newDesk("other")
	wrong := func(d desk, who staffer, refusal string, left int) {
		t.Helper()
		id := newID()
		for range 2 { // repeated, it counts once
			if r, n, err := d.fail(id, who); r != refusal || n != left || err != nil {
				t.Errorf("sign_in_failed = %q, %d, %v, want %q, %d", r, n, err, refusal, left)
			}
		}
	}
	signs := func(d desk, who staffer, refusal string, left int) {
		t.Helper()
		if _, s := d.signIn(who, ""); s.Refusal != refusal || s.TriesLeft != left {
			t.Errorf("sign_in = %+v, want %q, %d", s, refusal, left)
		}
	}
	for left := 4; left > 0; left-- {
		wrong(b.desk, clerk, "", left)
	}
	signs(b.desk, clerk, "", 5) // a good one makes up for the wrong ones
	for left := 4; left > 0; left-- {
		wrong(b.desk, clerk, "", left)
	}
	wrong(b.desk, clerk, "staff_locked", 0)
	signs(b.desk, clerk, "staff_locked", 0)
	wrong(b.desk, clerk, "staff_locked", 0)
	if n := scalar[int](b, `select count(*) from centre.sign_in_failure`); n != 5 {
		t.Errorf("%d failures are kept, want 5", n)
	}
	signs(elsewhere, clerk, "", 5)
	signs(elsewhere, boss, "", 5)
	signs(b.desk, b.hire("clerk"), "", 5)
	signs(b.desk, clerk, "staff_locked", 0)
	signs(b.desk, boss, "", 5)
	signs(b.desk, clerk, "", 5)

	// A supervisor is locked out as well, and another one ends that; or the operator does.
	for range 5 {
		_, _, err := b.desk.fail(newID(), boss)
		must(0, err)(t)
	}
	signs(b.desk, boss, "staff_locked", 0)
	signs(b.desk, b.hire("supervisor"), "", 5)
	signs(b.desk, boss, "", 5)
	for range 5 {
		_, _, err := b.desk.fail(newID(), boss)
		must(0, err)(t)
	}
	must(0, schema.ResumeStaff(t.Context(), b.db.Admin(), boss.number))(t)
	signs(b.desk, boss, "", 5)

	if r, n, err := b.desk.fail(newID(), staffer{card: make([]byte, 32)}); r != "staff_unknown" || n != -1 || err != nil {
		t.Errorf("a card that nobody has: %q, %d, %v", r, n, err)
	}
	id := newID()
	wrong(b.desk, clerk, "", 4)
	_, _, err := b.desk.fail(id, clerk)
	must(0, err)(t)
	_, _, err = b.desk.fail(id, boss)
	wantState(t, "the same failure of another", err, "BK004")
	_, _, err = elsewhere.fail(id, clerk)
	wantState(t, "the same failure elsewhere", err, "BK004")
}

// Many at once make one live shift, and five wrong ones count as five.
func TestSignInsAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	who := b.hire("clerk")
	shift := newID()
	challenge := b.desk.begin(shift)
	got := atOnce(8, func(int) string {
		s, err := b.desk.trySignIn(shift, who, challenge, "")
		return word(s.Refusal+s.Staff, err)
	})
	if got[who.number] != 8 {
		t.Errorf("one sign-in, repeated at once: %v", got)
	}
	got = atOnce(12, func(int) string {
		var refusal string
		err := b.centre.QueryRow(t.Context(), `select coalesce(refusal, '') from desk.sign_in_failed($1, $2, $3, $4)`,
			b.desk.cert, shift, newID(), who.card).Scan(&refusal)
		return word(refusal, err)
	})
	if got[""] != 4 || got["staff_locked"] != 8 {
		t.Errorf("wrong ones at once: %v, want 4 and then locked", got)
	}
}

// Who forgot their card works for one shift as a clerk, by a supervisor's.
func TestAdmission(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	boss := b.hire("supervisor")
	for _, who := range []staffer{b.hire("clerk"), b.hire("supervisor")} {
		shift, got := b.desk.signIn(boss, who.number)
		want := signedIn{Staff: who.number, Name: "Name " + who.number, Role: "clerk", AdmittedBy: boss.number, TriesLeft: 5}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(signedIn{}, "Ends")); diff != "" {
			t.Errorf("admitted:\n%s", diff)
		}
		d := b.desk
		d.shift = shift
		_, err := d.cases()
		wantState(t, "deciding cases", err, "BK016")
		d.bound(citizen())
		told := b.mustTake("w").Payload["shift"].(map[string]any)
		if told["staff"] != who.number || told["role"] != "clerk" || told["admitted_by"] != boss.number || told["admitted_role"] != "supervisor" ||
			told["admitted_fingerprint"] != hex.EncodeToString(boss.card) || told["admission"] == nil {
			t.Errorf("the registrar is told %v", told)
		}
		must(b.registrar.Exec(t.Context(), `select registrar.begin('w')`))(t)
		b.exec(`delete from centre.job`)
	}
	clerk := b.hire("clerk")
	shift, _ := b.desk.signIn(boss, clerk.number)
	d := b.desk
	d.shift = shift
	must(0, schema.SuspendStaff(t.Context(), b.db.Admin(), boss.number))(t)
	_, err := d.tryOpen(newID(), citizen())
	wantState(t, "once who admitted is suspended", err, "BK015")
}

// Which roles open cases.
func TestRoles(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for role, c := range map[string]struct{ open, list string }{
		"clerk": {"", "BK016"}, "supervisor": {"", ""}, "auditor": {"BK016", "BK016"},
	} {
		d := b.desk.with(b.hire(role))
		_, err := d.tryOpen(newID(), citizen())
		if got := word("", err); got != c.open {
			t.Errorf("%s opens: %q, want %q", role, got, c.open)
		}
		_, err = d.cases()
		if got := word("", err); got != c.list {
			t.Errorf("%s lists cases: %q, want %q", role, got, c.list)
		}
	}
}

// After eight hours nothing new begins; the case at hand ends well.
func TestShiftEnds(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	who := citizen()
	id := b.desk.proven(who, "sms", phone())
	b.exec(`update centre.shift set ends_at = clock_timestamp()`)
	_, err := b.desk.tryOpen(newID(), citizen())
	wantState(t, "a new case", err, "BK015")
	if o := must(b.desk.tryOpen(id, who))(t); len(o.Challenge) != 32 {
		t.Errorf("the case at hand, opened again: %+v", o)
	}
	must(b.desk.tryBind(id, cardEvidence))(t)
	if outcome, _ := b.activate(id, who, ana); outcome != "active" {
		t.Errorf("activate = %q", outcome)
	}
}

// Whoever is suspended, or whose card is revoked, in the middle of a case: it ends, the desk is told, and of what was
// bound comes no key. Other members of staff go on.
func TestCutOffInACase(t *testing.T) {
	t.Parallel()
	for what, cut := range map[string]func(*bench, staffer) error{
		"suspended": func(b *bench, s staffer) error { return schema.SuspendStaff(b.tb.Context(), b.db.Admin(), s.number) },
		"revoked": func(b *bench, s staffer) error {
			return schema.RevokeStaffCard(b.tb.Context(), b.db.Admin(), hex.EncodeToString(s.card))
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			clerk, other := b.hire("clerk"), b.newDesk("other")
			b.desk = b.desk.with(clerk)
			open, people := b.desk.proven(citizen(), "sms", phone()), citizen()
			bound, theirs := b.desk.bound(people), other.proven(citizen(), "sms", phone())
			waits := b.desk.bound(citizen())
			b.waiting(waits, "doubt")
			heard := must(pgx.Connect(t.Context(), b.db.Centre()))(t)
			t.Cleanup(func() { _ = heard.Close(t.Context()) })
			must(heard.Exec(t.Context(), `listen desk_events`))(t)
			for range 2 { // it may be repeated
				must(0, cut(b, clerk))(t)
			}
			for {
				if n := must(heard.WaitForNotification(t.Context()))(t); strings.Contains(n.Payload, `"shift"`) {
					if !strings.Contains(n.Payload, `"loja_1"`) {
						t.Errorf("notice = %s", n.Payload)
					}
					break
				}
			}
			_, err := b.desk.tryOpen(newID(), citizen())
			wantState(t, "a new case", err, "BK015")
			_, err = b.desk.trySend(open, newID(), "email", "a@exemplo.pt")
			wantState(t, "a code", err, "BK015")
			_, err = b.desk.tryBind(open, cardEvidence)
			wantState(t, "binding", err, "BK015")
			if s := b.desk.status(open); s.State != "abandoned" || s.Refusal != "staff_suspended" {
				t.Errorf("what was open: %+v", s)
			}
			for range 2 {
				if outcome, register := b.activate(bound, people, ana); outcome != "staff_suspended" || register != 0 {
					t.Errorf("what was bound: %q, %d", outcome, register)
				}
			}
			if s := b.desk.status(bound); s.State != "refused" {
				t.Errorf("what was bound: %+v", s)
			}
			must(other.tryBind(theirs, cardEvidence))(t)
			if what == "suspended" { // a shift that was cut off does not come back
				must(0, schema.ResumeStaff(t.Context(), b.db.Admin(), clerk.number))(t)
				_, err := b.desk.tryOpen(newID(), citizen())
				wantState(t, "resumed, without a sign-in", err, "BK015")
				b.desk.with(clerk).open(citizen())
			}
		})
	}
}
