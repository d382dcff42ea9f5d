package schema_test

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"balcao/kiosk/central/deskca"
	"balcao/kiosk/central/schema"
)

// calls makes each call of a desk, with arguments that an active one may give; what fails is the SQLSTATE.
func (d desk) calls(tb testing.TB) map[string]string {
	tb.Helper()
	answers := map[string]string{}
	for name, sql := range map[string]string{
		"hello":              `select from desk.hello($1)`,
		"open_enrolment":     `select from desk.open_enrolment($1, gen_random_uuid(), 'citizen-card', 'PRT', '12345678', null, null, false, $2)`,
		"send_code":          `select from desk.send_code($1, gen_random_uuid(), gen_random_uuid(), 'sms', '+351912345678', 'pt')`,
		"confirm_code":       `select from desk.confirm_code($1, gen_random_uuid(), gen_random_uuid(), 'sms', '123456')`,
		"chip_challenge":     `select from desk.chip_challenge($1, gen_random_uuid(), 'x')`,
		"bind":               `select from desk.bind($1, gen_random_uuid(), 'x', 'x', 'x', 'x', '')`,
		"enrolment_status":   `select from desk.enrolment_status($1, gen_random_uuid())`,
		"messages":           `select from desk.messages($1, gen_random_uuid())`,
		"abandon":            `select from desk.abandon($1, gen_random_uuid(), '')`,
		"begin_shift":        `select from desk.begin_shift($1, gen_random_uuid())`,
		"sign_in":            `select from desk.sign_in($1, gen_random_uuid(), sha256('x'), sha256('x'), 'x')`,
		"sign_in_failed":     `select from desk.sign_in_failed($1, gen_random_uuid(), gen_random_uuid(), sha256('x'))`,
		"end_shift":          `select from desk.end_shift($1, gen_random_uuid())`,
		"cases":              `select from desk.cases($1, gen_random_uuid())`,
		"take_case":          `select from desk.take_case($1, gen_random_uuid(), gen_random_uuid())`,
		"release_case":       `select from desk.release_case($1, gen_random_uuid(), gen_random_uuid())`,
		"decide":             `select from desk.decide($1, gen_random_uuid(), gen_random_uuid(), sha256('x'), 'x')`,
		"case_status":        `select from desk.case_status($1, gen_random_uuid(), gen_random_uuid())`,
		"alerts":             `select from desk.alerts($1, gen_random_uuid())`,
		"alert":              `select from desk.alert($1, gen_random_uuid(), gen_random_uuid())`,
		"decide_alert":       `select from desk.decide_alert($1, gen_random_uuid(), gen_random_uuid(), sha256('x'), 'unclear', 'unclear', 'x')`,
		"set_activation":     `select from desk.set_activation($1, gen_random_uuid(), gen_random_uuid(), 'sms', '+351912345678', null, 'pt')`,
		"resend_activation":  `select from desk.resend_activation($1, gen_random_uuid(), gen_random_uuid(), 'sms', '+351912345678', null, 'pt')`,
		"confirm_activation": `select from desk.confirm_activation($1, gen_random_uuid(), gen_random_uuid(), 'ABCDE23456')`,
		"stored":             `select from desk.stored($1, gen_random_uuid())`,
		"took":               `select from desk.took($1, gen_random_uuid(), '{}')`,
		"report":             `select from desk.report($1, gen_random_uuid(), '2026-11-30')`,
		"search":             `select from desk.search($1, gen_random_uuid(), gen_random_uuid(), 'nif', '123456789', null, 'other')`,
		"suspend_by_word":    `select from desk.suspend_by_word($1, gen_random_uuid(), gen_random_uuid(), 1, '1990-01-01', '1', 'request')`,
		"try":                `select from desk.try($1, gen_random_uuid(), gen_random_uuid(), 'phone', '', 'x')`,
		"try_status":         `select from desk.try_status($1, gen_random_uuid(), gen_random_uuid())`,
		"try_code":           `select from desk.try_code($1, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'sms', 'pt')`,
		"try_attempt":        `select from desk.try_attempt($1, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), '123456')`,
		"not_me":             `select from desk.not_me($1, gen_random_uuid(), gen_random_uuid(), 'ABCDE23456')`,
	} {
		args := []any{d.cert, d.shift}
		_, err := d.b.centre.Exec(tb.Context(), sql, args[:strings.Count(sql, "$")]...)
		answers[name] = word("", err)
	}
	return answers
}

// wantCalls wants one answer to each call, or with "" those of a desk that may call.
func (d desk) wantCalls(tb testing.TB, when, want string) {
	tb.Helper()
	answers := d.calls(tb)
	if n := scalar[int](d.b, `select count(*) from pg_proc where pronamespace = 'desk'::regnamespace`); n != len(answers) {
		tb.Errorf("%d functions of schema desk, %d are tried", n, len(answers))
	}
	for name, got := range answers {
		expect := want
		switch name {
		case "hello", "open_enrolment", "begin_shift":
		case "sign_in", "sign_in_failed", "end_shift", "cases", "take_case", "release_case", "decide", "case_status", "alerts", "alert", "decide_alert",
			"report", "search", "suspend_by_word", "not_me":
			expect = cmp.Or(want, "BK015") // the shift is nobody's
		default:
			expect = cmp.Or(want, "BK001") // so is the enrolment
		}
		if got != expect {
			tb.Errorf("%s: %s answers %q, want %q", when, name, got, expect)
		}
	}
}

func TestDesksAreRows(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	admin := b.db.Admin()
	heard := must(pgx.Connect(t.Context(), b.db.Centre()))(t)
	t.Cleanup(func() { _ = heard.Close(t.Context()) })
	must(heard.Exec(t.Context(), `listen desk_events`))(t)
	wantGone := func() {
		t.Helper()
		for {
			n := must(heard.WaitForNotification(t.Context()))(t)
			if strings.Contains(n.Payload, `"gone"`) {
				if !strings.Contains(n.Payload, `"loja_1"`) {
					t.Errorf("notice = %s", n.Payload)
				}
				return
			}
		}
	}
	b.desk.wantCalls(t, "active", "")
	bound, open := b.desk.bound(citizen()), b.desk.proven(citizen(), "sms", phone())
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	do(schema.SuspendDesk(t.Context(), admin, "loja_1"))
	b.desk.wantCalls(t, "suspended", "BK013")
	wantGone()
	if outcome, register := b.activate(bound, person{}, ana); outcome != "desk_suspended" || register != 0 {
		t.Errorf("what it had bound: %q, %d", outcome, register)
	}
	do(schema.ResumeDesk(t.Context(), admin, "loja_1"))
	_, err := b.desk.tryOpen(newID(), citizen())
	wantState(t, "without a new sign-in", err, "BK015")
	b.desk = b.desk.with(b.hire("clerk"))
	b.desk.wantCalls(t, "resumed", "")
	if s := b.desk.status(bound); s.State != "refused" || s.Refusal != "desk_suspended" {
		t.Errorf("what it had bound: %+v", s)
	}
	if s := b.desk.status(open); s.State != "abandoned" || s.Refusal != "desk_suspended" {
		t.Errorf("what it had opened: %+v", s)
	}
	if n := scalar[int](b, `select count(*) from centre.contact_proof where enrolment = $1 and value is not null`, open); n != 0 {
		t.Error("the contact of an enrolment that ended stays")
	}

	// Rotation: both certificates hold until the overlap ends, then the new one does.
	ca := must(deskca.New())(t)
	next := must(must(ca.Login("loja_1"))(t).TLS())(t)
	do(schema.RotateDesk(t.Context(), admin, "loja_1", next.Leaf.Raw, time.Hour))
	rotated := desk{b, "loja_1", sum(next), b.desk.shift}
	b.desk.wantCalls(t, "the old one, in the overlap", "")
	rotated.wantCalls(t, "the new one", "")
	b.exec(`update centre.desk_certificate set ends_at = clock_timestamp() where ends_at is not null`)
	b.desk.wantCalls(t, "the old one, after it", "BK012")
	rotated.wantCalls(t, "the new one, alone", "")
	if err := schema.RotateDesk(t.Context(), admin, "loja_1", b.db.Desk("loja_1").Leaf.Raw, time.Hour); !errors.Is(err, schema.ErrDeskCertificate) {
		t.Errorf("rotated back to a certificate that has ended: %v", err)
	}
	rotated.wantCalls(t, "as if nothing had been", "")
	third := must(must(ca.Login("loja_1"))(t).TLS())(t)
	do(schema.RotateDesk(t.Context(), admin, "loja_1", third.Leaf.Raw, 0))
	rotated.wantCalls(t, "without overlap", "BK012")
	wantGone()

	do(schema.RevokeDesk(t.Context(), admin, "loja_1"))
	wantGone()
	desk{b, "loja_1", sum(third), b.desk.shift}.wantCalls(t, "revoked", "BK012")
	for what, err := range map[string]error{
		"resumed": schema.ResumeDesk(t.Context(), admin, "loja_1"), "suspended": schema.SuspendDesk(t.Context(), admin, "loja_1"),
		"rotated":               schema.RotateDesk(t.Context(), admin, "loja_1", next.Leaf.Raw, 0),
		"added again":           schema.AddDesk(t.Context(), admin, "loja_1", third.Leaf.Raw),
		"added with a new file": schema.AddDesk(t.Context(), admin, "loja_1", must(ca.Login("loja_1"))(t).DER()),
	} {
		if !errors.Is(err, schema.ErrDeskRevoked) {
			t.Errorf("a revoked desk was %s: %v", what, err)
		}
	}
	do(schema.RevokeDesk(t.Context(), admin, "loja_1"))
	desk{b, "", make([]byte, 32), newID()}.wantCalls(t, "a stranger", "BK012")
	desk{b, "", nil, newID()}.wantCalls(t, "nobody", "BK012")

	desks := must(schema.Desks(t.Context(), admin))(t)
	if len(desks) != 1 || desks[0].State != "revoked" || len(desks[0].Certificates) != 3 || !desks[0].Certificates[2].Revoked ||
		desks[0].Certificates[0].EndsAt.IsZero() {
		t.Errorf("desks = %+v", desks)
	}
}

// What a desk bound becomes no key once it was suspended, also when both happen at once.
func TestSuspendedWhileActivated(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	who := citizen()
	id := b.desk.bound(who)
	tx := must(b.admin.Begin(t.Context()))(t)
	defer func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }() // after Commit it does nothing
	must(tx.Exec(t.Context(), `update centre.desk set state = 'suspended' where name = $1`, b.desk.name))(t)
	outcome := make(chan string, 1)
	go func() {
		got, _, err := b.tryActivate(id, who, ana)
		outcome <- word(got, err)
	}()
	for scalar[int](b, `select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`) == 0 {
		select {
		case got := <-outcome:
			t.Fatalf("activate = %q, before the suspension was done", got)
		default:
		}
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := <-outcome; got != "desk_suspended" {
		t.Errorf("activate = %q", got)
	}
}

func sum(c tls.Certificate) []byte {
	s := sha256.Sum256(c.Leaf.Raw)
	return s[:]
}

// A certificate that was revoked alone opens nothing, whatever its desk's state.
func TestRevokedCertificate(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec(`update centre.desk_certificate set revoked = true`)
	b.desk.wantCalls(t, "revoked", "BK012")
}

func TestAddDesk(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ca := must(deskca.New())(t)
	cert := func(name string) []byte { return must(ca.Login(name))(t).DER() }
	own, admin := cert("loja_9"), b.db.Admin()
	for range 2 {
		if err := schema.AddDesk(t.Context(), admin, "loja_9", own); err != nil {
			t.Fatal(err)
		}
	}
	for what, c := range map[string]struct{ got, want error }{
		"another certificate": {schema.AddDesk(t.Context(), admin, "loja_9", cert("loja_9")), schema.ErrDeskExists},
		"another's name":      {schema.AddDesk(t.Context(), admin, "loja_8", own), schema.ErrCertificate},
		"no desk":             {schema.SuspendDesk(t.Context(), admin, "loja_8"), schema.ErrNoDesk},
		"nothing to rotate":   {schema.RotateDesk(t.Context(), admin, "loja_8", cert("loja_8"), 0), schema.ErrNoDesk},
		"a role's name":       {schema.AddDesk(t.Context(), admin, "balcao_centre", cert("balcao_centre")), schema.ErrName},
		"no name":             {schema.AddDesk(t.Context(), admin, "", own), schema.ErrName},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v, want %v", what, c.got, c.want)
		}
	}
	if err := schema.AddDesk(t.Context(), admin, "loja_8", []byte("x")); err == nil {
		t.Error("no certificate: no error")
	}
}

// Identifiers that a client makes belong to the enrolment and desk that used them first.
func TestBorrowedIdentifiers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id, who, number, send, attempt := newID(), citizen(), phone(), newID(), newID()
	must(b.desk.tryOpen(id, who))(t)
	must(b.desk.trySend(id, send, "sms", number))(t)
	b.ready(send, "123456")
	if c := must(b.desk.tryConfirm(id, attempt, "sms", "123456"))(t); c.Proof == nil {
		t.Fatalf("confirm_code = %+v", c)
	}
	other := b.newDesk("other")
	own := other.open(citizen())
	for what, c := range map[string]struct {
		do   func() error
		want string
	}{
		"open":              {func() error { _, err := other.tryOpen(id, who); return err }, "BK001"},
		"send":              {func() error { _, err := other.trySend(own, send, "sms", number); return err }, "BK004"},
		"attempt":           {func() error { _, err := other.tryConfirm(own, attempt, "sms", "123456"); return err }, "BK004"},
		"attempt of theirs": {func() error { _, err := other.tryConfirm(id, attempt, "sms", "123456"); return err }, "BK001"},
		"bind unproven":     {func() error { _, err := other.tryBind(own, cardEvidence); return err }, "BK007"},
		"bind theirs":       {func() error { _, err := other.tryBind(id, cardEvidence); return err }, "BK001"},
		"chip of theirs":    {func() error { _, err := other.chip(id, []byte("dg14")); return err }, "BK001"},
		"abandon theirs":    {func() error { return other.abandon(id, "") }, "BK001"},
		"same send, other contact": {func() error {
			_, err := b.desk.trySend(id, send, "sms", phone())
			return err
		}, "BK004"},
	} {
		wantState(t, what, c.do(), c.want)
	}
}

// Errors name nobody's data, whatever is thrown at the functions.
func TestErrorsSayNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	who := citizen()
	b.desk.enrol(who, ana)
	id := b.desk.open(traveller())
	long := strings.Repeat("9", 100_000)
	const open = `select desk.open_enrolment($1, $2, $3, $4, $5, $6, $7, $8)`
	for _, call := range []struct {
		sql  string
		args []any
	}{
		{open, []any{newID(), "citizen-card", "PRT", who.Civil + "'", nil, nil, false}},
		{open, []any{newID(), "citizen-card", "PRT", long, nil, nil, false}},
		{open, []any{nil, nil, nil, nil, nil, nil, nil}},
		{open, []any{newID(), "passport", "UTO", nil, who.Civil + "'", "400000008", false}},
		{open, []any{newID(), "passport", "UTO", nil, long, "400000008", false}},
		{open, []any{newID(), "passport", "UTO", nil, "L1", long, false}},
		{open, []any{newID(), long, "UTO", nil, "L1", "400000008", false}},
		{open, []any{newID(), "passport", "UTO", nil, "L1", "400000008", nil}},
		{`select desk.chip_challenge($1, $2, $3)`, []any{id, []byte(long)}},
		{`select desk.chip_challenge($1, $2, null)`, []any{id}},
		{`select desk.send_code($1, $2, $3, 'sms', $4, 'en')`, []any{id, nil, phone()}},
		{`select desk.send_code($1, $2, $3, 'sms', $4, $5)`, []any{id, newID(), phone(), long}},
		{`select desk.send_code($1, $2, $3, 'email', $4, 'en')`, []any{id, newID(), long + "@" + long}},
		{`select desk.send_code($1, $2, $3, null, null, null)`, []any{id, newID()}},
		{`select desk.confirm_code($1, $2, $3, 'sms', $4)`, []any{id, newID(), long}},
		{`select desk.confirm_code($1, $2, null, null, null)`, []any{id}},
		{`select desk.bind($1, $2, '{}', '', '', '', '')`, []any{id}},
		{`select desk.bind($1, $2, null, null, null, null, null)`, []any{id}},
		{`select desk.bind($1, $2, $3, 'i', 's', 'p', '')`, []any{id, make([]byte, 262145)}},
		{`select desk.abandon($1, $2, $3)`, []any{id, long}},
		{`select desk.enrolment_status($1, null)`, nil},
		{`select desk.begin_shift($1, null)`, nil},
		{`select desk.sign_in($1, $2, $3, $3, $4)`, []any{b.desk.shift, []byte("short"), []byte(long)}},
		{`select desk.sign_in($1, $2, null, null, null, $3)`, []any{b.desk.shift, long}},
		{`select desk.sign_in($1, $2, $3, $3, $4, $5)`, []any{newID(), make([]byte, 32), []byte("jws"), long}},
		{`select desk.sign_in_failed($1, $2, null, null)`, []any{b.desk.shift}},
		{`select desk.decide($1, $2, null, $3, null)`, []any{b.desk.shift, []byte(long)}},
		{`select desk.take_case($1, $2, $3)`, []any{b.desk.shift, id}},
		{`select desk.case_status($1, $2, $3)`, []any{newID(), id}},
	} {
		_, err := b.centre.Exec(t.Context(), call.sql, append([]any{b.desk.cert}, call.args...)...)
		said := err.Error()
		if code := word("", err); !strings.HasPrefix(code, "BK0") || len(said) > 60 || strings.Contains(said, who.Civil) {
			t.Errorf("%s: %.200q, want one of class BK and nothing else", call.sql, said)
		}
	}
}

func TestHello(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	type hello struct {
		Now      time.Time
		Desk     string
		Version  int
		PINMin   int
		Delivery string
	}
	ask := func() hello {
		t.Helper()
		return must(row[hello](t, b.centre, `select now, desk, schema_version, (rules ->> 'pin_min')::integer, delivery from desk.hello($1)`,
			b.desk.cert))(t)
	}
	if h := ask(); h.Desk != "loja_1" || h.Version != schema.Version() || h.PINMin != 6 || h.Delivery != "down" {
		t.Errorf("hello = %+v", h)
	}
	for _, c := range []struct{ sms, email, want string }{
		{"good", "good", "good"}, {"good", "down", "poor"}, {"down", "poor", "poor"}, {"down", "down", "down"},
	} {
		must(b.registrar.Exec(t.Context(), `select registrar.heartbeat('one', $1, $2)`, c.sms, c.email))(t)
		if got := ask().Delivery; got != c.want {
			t.Errorf("sms %s, e-mail %s: delivery = %q, want %q", c.sms, c.email, got, c.want)
		}
	}
	must(b.registrar.Exec(t.Context(), `select registrar.heartbeat('another', 'good', 'good')`))(t)
	if got := ask().Delivery; got != "good" {
		t.Errorf("with another registrar: %q, want good", got)
	}
	b.exec(`update centre.worker set seen = seen - interval '61 seconds'`)
	if got := ask().Delivery; got != "down" {
		t.Errorf("when none was heard of for a minute: %q, want down", got)
	}
}
