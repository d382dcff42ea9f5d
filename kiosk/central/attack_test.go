package central_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"balcao/kiosk"
	"balcao/kiosk/central"
)

// These tests are a stolen desk: they have its login and speak SQL. What such a login may read or call at all
// is tested beside the schema; here it is what can be made of the functions that it may call.

// stolen is the connections of a desk's login.
func (b *bench) stolen() *pgxpool.Pool {
	b.tb.Helper()
	return mustPool(b.tb, b.db.Desk("loja_"+b.db.Name))
}

func wantState(t *testing.T, err error, what, state string) {
	t.Helper()
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) || pgErr.Code != state {
		t.Errorf("%s: error = %v, want SQLSTATE %s", what, err, state)
	}
}

const openSQL = `select coalesce(refusal, 'opened') from desk.open_enrolment($1, 'citizen-card', $2, $3, null, null, false)`

// enrolled is a person with a key, and the phone that it is bound to.
func (b *bench) enrolled() (central.Person, string) {
	b.tb.Helper()
	who, number, id := person(), phone(), newID()
	must(b.desk.Open(b.tb.Context(), id, who))(b.tb)
	b.send(id, kiosk.SMS, number)
	if c := b.confirm(id, kiosk.SMS, "123456"); c.Refusal != "" {
		b.tb.Fatalf("ConfirmCode: %s", c.Refusal)
	}
	b.bind(id)
	if outcome, _ := b.activate(id); outcome != "active" {
		b.tb.Fatalf("activate = %q", outcome)
	}
	return who, number
}

// Who has a key is told only to an enrolment that stays, and is counted.
func TestAttack_AskWhoIsEnrolled(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	who, _ := b.enrolled()
	desk := b.stolen()
	for _, civilNumber := range []string{who.CivilNumber, person().CivilNumber} {
		id := newID()
		tx, err := desk.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = tx.Rollback(context.Background()) }()
		for range 2 {
			var got string
			if err := tx.QueryRow(t.Context(), openSQL, id, "PRT", civilNumber).Scan(&got); err != nil || got != "recorded" {
				t.Errorf("before the commit: %q, %v, want \"recorded\"", got, err)
			}
		}
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	b.exec(`update cmd.setting set value = '3' where name = 'desk_opens_per_hour'`)
	for n := range 4 {
		o, err := b.desk.Open(t.Context(), newID(), who)
		switch {
		case n < 3 && (err != nil || o.Refusal != central.AlreadyActive):
			t.Errorf("question %d: %+v, %v, want %q", n, o, err, central.AlreadyActive)
		case n == 3:
			wantRefused(t, err, central.RefusedTooMany)
		}
	}
	if got := b.mentions(who.CivilNumber); got != 1 {
		t.Errorf("the civil number is in %d rows, want the person's only", got)
	}
}

// What becomes a key costs a desk nothing, and another desk's limit is its own.
func TestAttack_LimitOfOpens(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec(`update cmd.setting set value = '2' where name = 'desk_opens_per_hour'`)
	for range 3 {
		b.enrolled()
	}
	first := newID()
	who := person()
	must(b.desk.Open(t.Context(), first, who))(t)
	if err := b.desk.Abandon(t.Context(), b.open(), "cancelled"); err != nil {
		t.Fatal(err)
	}
	_, err := b.desk.Open(t.Context(), newID(), person())
	wantRefused(t, err, central.RefusedTooMany)
	if o, err := b.desk.Open(t.Context(), first, who); err != nil || len(o.Challenge) == 0 {
		t.Errorf("the enrolment at hand, asked for again: %+v, %v", o, err)
	}
	other := dialDesk(t, b.db, "other_"+b.db.Name)
	if _, err := other.Open(t.Context(), newID(), person()); err != nil {
		t.Errorf("another desk: %v", err)
	}
	b.exec(`update cmd.enrolment set opened_at = opened_at - interval '1 hour'`)
	if _, err := b.desk.Open(t.Context(), newID(), person()); err != nil {
		t.Errorf("an hour later: %v", err)
	}
}

func TestAttack_LimitOfCodes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec(`update cmd.setting set value = '2' where name = 'desk_codes_per_hour'`)
	for range 3 {
		b.enrolled()
	}
	for n := range 3 {
		s := b.send(b.open(), kiosk.SMS, phone())
		if want := map[bool]central.Refusal{true: central.ResendsUsed}[n == 2]; s.Refusal != want {
			t.Errorf("code %d: %+v, want refusal %q", n, s, want)
		}
	}
	if got := scalar[int](b, `select count(*) from cmd.job where kind = 'send_code'`); got != 3+2 {
		t.Errorf("%d messages ordered, want 5", got)
	}
}

// A civil number with its check digit is the one without it: one person, one key.
func TestAttack_CheckDigit(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	who, _ := b.enrolled()
	who.CivilNumber += "7"
	if o := must(b.desk.Open(t.Context(), newID(), who))(t); o.Refusal != central.AlreadyActive {
		t.Errorf("with check digit: %+v, want %q", o, central.AlreadyActive)
	}
	// Both open before either is active: the index decides.
	plain := person()
	with := plain
	with.CivilNumber += "4"
	var ids []uuid.UUID
	for _, p := range []central.Person{plain, with} {
		id := newID()
		must(b.desk.Open(t.Context(), id, p))(t)
		b.send(id, kiosk.SMS, phone())
		b.confirm(id, kiosk.SMS, "123456")
		b.bind(id)
		ids = append(ids, id)
	}
	if outcomes := b.activateAll(ids); outcomes["active"] != 1 || outcomes["already_active"] != 1 {
		t.Errorf("%v, want one active and one already_active", outcomes)
	}
	for _, number := range []string{"9900058", "9900058878", "9900058A"} {
		_, err := b.desk.Open(t.Context(), newID(), central.Person{Document: kiosk.CitizenCard, Country: "PRT", CivilNumber: number})
		wantRefused(t, err, central.RefusedInvalid)
	}
}

// Identifiers that a client makes belong to the enrolment and desk that used them first.
func TestAttack_BorrowedIdentifiers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id, who, number := newID(), person(), phone()
	must(b.desk.Open(t.Context(), id, who))(t)
	request := central.CodeRequest{ID: newID(), Channel: kiosk.SMS, Value: number, Language: kiosk.English}
	must(b.desk.SendCode(t.Context(), id, request))(t)
	b.codeReady(request.ID, "123456")
	attempt := central.Attempt{ID: newID(), Channel: kiosk.SMS, Code: []byte("123456")}
	if c := must(b.desk.ConfirmCode(t.Context(), id, attempt))(t); c.Proof == uuid.Nil {
		t.Fatalf("ConfirmCode = %+v", c)
	}

	other := dialDesk(t, b.db, "other_"+b.db.Name)
	own := newID()
	must(other.Open(t.Context(), own, person()))(t)
	_, err := other.Open(t.Context(), id, who)
	wantRefused(t, err, central.RefusedUnknown)
	_, err = other.SendCode(t.Context(), own, request)
	wantRefused(t, err, central.RefusedConflict)
	_, err = other.ConfirmCode(t.Context(), own, attempt)
	wantRefused(t, err, central.RefusedConflict)
	_, err = other.ConfirmCode(t.Context(), id, attempt)
	wantRefused(t, err, central.RefusedUnknown)
	_, err = other.Bind(t.Context(), own, someEvidence)
	wantRefused(t, err, central.RefusedNoContact)
	_, err = other.Bind(t.Context(), id, someEvidence)
	wantRefused(t, err, central.RefusedUnknown)
}

// One transaction that asks about many contacts holds the lock of few: the server's table of locks is
// everybody's.
func TestAttack_HoardLocks(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.open()
	tx, err := b.stolen().Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.Background()) }()
	for range 50 {
		_, err := tx.Exec(t.Context(), `select desk.send_code($1, $2, 'sms', $3, 'en')`, id, newID(), phone())
		if err != nil {
			t.Fatal(err)
		}
	}
	var held int
	const sql = `select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()`
	if err := tx.QueryRow(t.Context(), sql).Scan(&held); err != nil {
		t.Fatal(err)
	}
	if held > 4 {
		t.Errorf("%d locks held, want one for each code that was ordered", held)
	}
}

// A desk lifts its time limits and sits on a contact's lock; the registrars' round ends it, and nothing else.
func TestAttack_NeverEndingTransaction(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	number := phone()
	id, waiting := b.open(), b.open()
	desk := b.stolen()
	tx, err := desk.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.Background()) }()
	for _, sql := range []string{`set statement_timeout = 0`, `set lock_timeout = 0`, `set idle_in_transaction_session_timeout = 0`} {
		if _, err := tx.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := tx.Exec(t.Context(), `select desk.send_code($1, $2, 'sms', $3, 'en')`, id, newID(), number); err != nil {
		t.Fatal(err)
	}
	expire := func() {
		if _, err := b.registrar.Exec(t.Context(), `select registrar.expire()`); err != nil {
			t.Fatalf("expire: %v", err)
		}
	}
	expire() // too young yet
	if _, err := tx.Exec(t.Context(), `select 1`); err != nil {
		t.Fatalf("a young transaction was ended: %v", err)
	}
	b.exec(`update cmd.setting set lowest = 0, value = '0' where name = 'desk_transaction_seconds'`)
	expire()
	_, err = tx.Exec(t.Context(), `select 1`)
	wantState(t, err, "the old transaction", "57P01")
	if s := b.send(waiting, kiosk.SMS, number); s.Refusal != "" {
		t.Errorf("the contact after that: %+v", s)
	}
}

// Few bytes that would be many.
func TestAttack_SwollenEvidence(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.proven(kiosk.SMS, phone())
	for name, jws := range map[string]string{
		"numbers": `{"payload": [` + strings.Repeat("1e131071,", 50_000) + `0]}`,
		"one":     `{"payload": 1e131071}`,
		"array":   `[]`,
		"text":    `"x"`,
		"null":    `null`,
		"long":    `{"payload": "` + strings.Repeat("x", 300_000) + `"}`,
	} {
		began := time.Now()
		e := someEvidence
		e.JWS = []byte(jws)
		_, err := b.desk.Bind(t.Context(), id, e)
		wantRefused(t, err, central.RefusedInvalid)
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("%s: refused after %v", name, took)
		}
	}
}

// Anybody may notify anybody. What a desk believes is the status that it asks for.
func TestAttack_SpoofedNotices(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.open()
	ctx, cancel := context.WithCancel(t.Context())
	up, notices, ended := make(chan struct{}, 1), make(chan central.Notice, 8), make(chan struct{})
	go func() {
		defer close(ended)
		_ = b.desk.Listen(ctx, central.Line{
			Up:        func(time.Duration) { up <- struct{}{} },
			Down:      func(err error) { t.Errorf("the line went down: %v", err) },
			Notice:    func(n central.Notice) { notices <- n },
			Heartbeat: time.Hour,
		})
	}()
	defer func() { cancel(); <-ended }()
	<-up
	other := mustPool(t, b.db.Desk("other_"+b.db.Name))
	for _, payload := range []string{"", "{", `{"enrolment":"x"}`, strings.Repeat("x", 7000), `{"enrolment":"` + id.String() + `","kind":"key"}`} {
		if _, err := other.Exec(t.Context(), `select pg_notify($1, $2)`, "desk_loja_"+b.db.Name, payload); err != nil {
			t.Fatal(err)
		}
	}
	for n := range notices {
		if n.Enrolment == id {
			break
		}
	}
	if s := must(b.desk.Status(t.Context(), id))(t); s.State != central.StateOpen {
		t.Errorf("status = %+v, want open", s)
	}
}

// What a session may set for itself must not change what the functions do.
func TestAttack_SessionSettings(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	who, _ := b.enrolled()
	for _, setting := range []string{
		`search_path = pg_temp, desk, public`, `search_path = ''`, `standard_conforming_strings = off`,
		`transform_null_equals = on`, `array_nulls = off`, `datestyle = 'SQL, DMY'`, `timezone = 'Pacific/Kiritimati'`,
		`row_security = off`, `plan_cache_mode = force_generic_plan`, `bytea_output = 'escape'`, `backslash_quote = on`,
		`quote_all_identifiers = on`, `client_min_messages = debug5`, `debug_print_plan = on`,
	} {
		func() {
			conn, err := pgx.Connect(t.Context(), b.db.Desk("loja_"+b.db.Name))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close(t.Context())
			if _, err := conn.Exec(t.Context(), "set "+setting); err != nil {
				t.Fatalf("set %s: %v", setting, err)
			}
			ask := func(sql string, args ...any) (answer string) {
				t.Helper()
				if err := conn.QueryRow(t.Context(), sql, args...).Scan(&answer); err != nil {
					t.Errorf("with %s: %v", setting, err)
				}
				return answer
			}
			enrolled, fresh := newID(), newID()
			ask(openSQL, enrolled, who.Country, who.CivilNumber)
			if got := ask(openSQL, enrolled, who.Country, who.CivilNumber); got != string(central.AlreadyActive) {
				t.Errorf("with %s: an enrolled person is %q", setting, got)
			}
			ask(openSQL, fresh, "PRT", person().CivilNumber)
			passport, tax := newID(), taxNumber()
			open := func(id uuid.UUID, number string) string {
				return ask(openTravellerSQL, id, "passport", "UTO", number, tax, false)
			}
			open(passport, "L1")
			if got := open(passport, "L1"); got != "opened" {
				t.Errorf("with %s: a passport is %q", setting, got)
			}
			if got := ask(`select state from desk.chip_challenge($1, 'dg14')`, passport); got != "queued" {
				t.Errorf("with %s: a chip's question is %q", setting, got)
			}
			const send = `select coalesce(refusal, 'queued') from desk.send_code($1, $2, 'sms', $3, 'en')`
			if got := ask(send, fresh, newID(), phone()); got != "queued" {
				t.Errorf("with %s: a code is %q", setting, got)
			}
			_, err = conn.Exec(t.Context(), send, fresh, newID(), "912 345 678")
			wantState(t, err, "with "+setting+": a phone that is none", "BK005")
			if got := ask(`select coalesce(refusal, 'right') from desk.confirm_code($1, $2, 'sms', '000000')`, fresh, newID()); got != "recorded" {
				t.Errorf("with %s: a code before its commit is %q", setting, got)
			}
		}()
	}
}

// Errors name no other's data, whatever is thrown at the functions.
func TestAttack_Errors(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	victim, number := b.enrolled()
	desk := b.stolen()
	id := b.open()
	long := strings.Repeat("9", 100_000)
	for _, call := range []struct {
		sql  string
		args []any
	}{
		{openSQL, []any{newID(), "PRT", victim.CivilNumber + "'"}},
		{openSQL, []any{newID(), "PRT", long}},
		{openSQL, []any{nil, nil, nil}},
		{openTravellerSQL, []any{newID(), nil, nil, nil, nil, nil}},
		{openTravellerSQL, []any{newID(), "passport", "UTO", victim.CivilNumber + "'", "400000008", false}},
		{openTravellerSQL, []any{newID(), "passport", "UTO", long, "400000008", false}},
		{openTravellerSQL, []any{newID(), "passport", "UTO", "L1", long, false}},
		{openTravellerSQL, []any{newID(), long, "UTO", "L1", "400000008", false}},
		{openTravellerSQL, []any{newID(), "passport", "UTO", "L1", "400000008", nil}},
		{`select desk.chip_challenge($1, $2)`, []any{id, []byte(long)}},
		{`select desk.chip_challenge($1, null)`, []any{id}},
		{`select desk.chip_challenge(null, null)`, nil},
		{`select desk.send_code($1, $2, 'sms', $3, 'en')`, []any{id, nil, number}},
		{`select desk.send_code($1, $2, 'sms', $3, $4)`, []any{id, newID(), number, long}},
		{`select desk.send_code($1, $2, null, $3, null)`, []any{id, newID(), number}},
		{`select desk.confirm_code($1, $2, 'sms', $3)`, []any{id, newID(), long}},
		{`select desk.confirm_code($1, null, null, null)`, []any{id}},
		{`select desk.bind($1, '{}', '', '', '', '')`, []any{id}},
		{`select desk.bind($1, null, null, null, null, null)`, []any{id}},
		{`select desk.abandon($1, $2)`, []any{id, long}},
		{`select desk.enrolment_status(null)`, nil},
	} {
		_, err := desk.Exec(t.Context(), call.sql, call.args...)
		var pgErr *pgconn.PgError
		if !errors.As(err, &pgErr) || !strings.HasPrefix(pgErr.Code, "BK") {
			t.Errorf("%s: error = %v, want one of class BK", call.sql, err)
			continue
		}
		if said := fmt.Sprint(pgErr.Message, pgErr.Detail, pgErr.Hint); len(said) > 40 || strings.ContainsAny(said, "0123456789") {
			t.Errorf("%s: the error says %.200q", call.sql, said)
		}
	}
}
