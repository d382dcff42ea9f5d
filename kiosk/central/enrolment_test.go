package central_test

import (
	"bytes"
	"encoding/hex"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/transcript"
)

// mentions counts the rows of the whole database in which a text stands, also as bytes.
func (b *bench) mentions(text string) int {
	b.tb.Helper()
	rows, err := b.admin.Query(b.tb.Context(), `select format('%I.%I', schemaname, tablename) from pg_tables
		where schemaname in ('cmd', 'desk', 'registrar', 'public', 'crypto')`)
	if err != nil {
		b.tb.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		b.tb.Fatal(err)
	}
	total := 0
	for _, table := range tables {
		total += scalar[int](b, `select count(*) from `+table+` t where strpos(t::text, $1) > 0 or strpos(t::text, $2) > 0`,
			text, hex.EncodeToString([]byte(text)))
	}
	return total
}

func TestOpen(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id, who := newID(), person()
	first := must(b.desk.Open(t.Context(), id, who))(t)

	t.Run("Repeated", func(t *testing.T) {
		again := must(b.desk.Open(t.Context(), id, who))(t)
		if !bytes.Equal(again.Challenge, first.Challenge) || again.ExpiresAt != first.ExpiresAt {
			t.Errorf("Open again = %+v, want %+v", again, first)
		}
	})
	t.Run("AnotherChallengeEachTime", func(t *testing.T) {
		other := must(b.desk.Open(t.Context(), newID(), who))(t)
		if bytes.Equal(other.Challenge, first.Challenge) {
			t.Error("two enrolments have one challenge")
		}
	})
	t.Run("ErrConflict", func(t *testing.T) {
		_, err := b.desk.Open(t.Context(), id, person())
		wantRefused(t, err, central.RefusedConflict)
	})
	t.Run("ErrInvalid", func(t *testing.T) {
		for _, p := range []central.Person{{}, {Document: "x y", Country: "PRT", CivilNumber: "1"},
			{Document: kiosk.CitizenCard, Country: "pt", CivilNumber: "1"},
			{Document: kiosk.CitizenCard, Country: "PRT", CivilNumber: "1; --"}} {
			_, err := b.desk.Open(t.Context(), newID(), p)
			wantRefused(t, err, central.RefusedInvalid)
		}
	})
}

// TestDeskSeesItsOwn asks for another desk's enrolment in every way.
func TestDeskSeesItsOwn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	other := dialDesk(t, b.db, "other_"+b.db.Name)
	id, who := newID(), person()
	must(b.desk.Open(t.Context(), id, who))(t)
	b.send(id, kiosk.SMS, phone())
	b.confirm(id, kiosk.SMS, "123456")
	ctx := t.Context()
	for _, wanted := range []uuid.UUID{id, newID()} { // an answer that differed would tell which exist
		_, err := other.Status(ctx, wanted)
		wantRefused(t, err, central.RefusedUnknown)
		_, err = other.SendCode(ctx, wanted, central.CodeRequest{ID: newID(), Channel: kiosk.SMS, Value: phone(), Language: "pt"})
		wantRefused(t, err, central.RefusedUnknown)
		_, err = other.ConfirmCode(ctx, wanted, central.Attempt{ID: newID(), Channel: kiosk.SMS, Code: []byte("123456")})
		wantRefused(t, err, central.RefusedUnknown)
		_, err = other.Bind(ctx, wanted, someEvidence)
		wantRefused(t, err, central.RefusedUnknown)
		_, err = other.ChipChallenge(ctx, wanted, []byte("dg14"))
		wantRefused(t, err, central.RefusedUnknown)
		wantRefused(t, other.Abandon(ctx, wanted, ""), central.RefusedUnknown)
	}
	_, err := other.Open(ctx, id, who)
	wantRefused(t, err, central.RefusedUnknown)
}

func TestBind(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	t.Run("ErrNoContact", func(t *testing.T) {
		_, err := b.desk.Bind(ctx, b.open(), someEvidence)
		wantRefused(t, err, central.RefusedNoContact)
	})
	t.Run("Repeated", func(t *testing.T) {
		id := b.proven(kiosk.SMS, phone())
		for range 3 {
			if got, want := b.bind(id).State, central.StatePending; got != want {
				t.Errorf("state = %q, want %q", got, want)
			}
		}
		// The same JSON in other words is the same evidence.
		same := someEvidence
		same.JWS = []byte(` { "signatures" : [] , "payload" : "dGhlLXRyYW5zY3JpcHQ" } `)
		must(b.desk.Bind(ctx, id, same))(t)
		if got, want := scalar[int](b, `select count(*) from cmd.job where kind = 'verify' and enrolment = $1`, id), 1; got != want {
			t.Errorf("%d verifications queued, want %d", got, want)
		}
		b.activate(id)
		if got, want := b.bind(id).State, central.StateActive; got != want {
			t.Errorf("state after activation = %q, want %q", got, want)
		}
		for _, change := range []func(*transcript.Evidence){
			func(e *transcript.Evidence) { e.JWS = []byte(`{"payload":"e31","signatures":[]}`) },
			func(e *transcript.Evidence) { e.Identity = []byte("identitY") },
			func(e *transcript.Evidence) { e.SOD = []byte("soD") },
			func(e *transcript.Evidence) { e.SealedPIN = []byte("sealeD") },
		} {
			other := someEvidence
			change(&other)
			_, err := b.desk.Bind(ctx, id, other)
			wantRefused(t, err, central.RefusedConflict)
		}
	})
	t.Run("ErrInvalid", func(t *testing.T) {
		id := b.proven(kiosk.SMS, phone())
		for _, e := range []transcript.Evidence{
			{},
			{JWS: []byte(`[]`), Identity: []byte("i"), SOD: []byte("s"), SealedPIN: []byte("p")},
			{JWS: []byte(`{}`), Identity: bytes.Repeat([]byte("i"), 1<<16+1), SOD: []byte("s"), SealedPIN: []byte("p")},
			{JWS: []byte(`{"p":"` + strings.Repeat("x", 1<<18) + `"}`), Identity: []byte("i"), SOD: []byte("s"), SealedPIN: []byte("p")},
		} {
			_, err := b.desk.Bind(ctx, id, e)
			if e.JWS == nil {
				if err == nil {
					t.Error("no evidence: no error")
				}
				continue
			}
			wantRefused(t, err, central.RefusedInvalid)
		}
	})
	t.Run("ErrExpired", func(t *testing.T) {
		id := b.proven(kiosk.SMS, phone())
		b.exec(`update cmd.enrolment set expires_at = clock_timestamp() where id = $1`, id)
		_, err := b.desk.Bind(ctx, id, someEvidence)
		wantRefused(t, err, central.RefusedExpired)
	})
}

func TestOnePersonOneKey(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	who := person()
	const n = 6
	ids := make([]uuid.UUID, n)
	for i := range ids {
		ids[i] = newID()
		must(b.desk.Open(t.Context(), ids[i], who))(t)
		b.send(ids[i], kiosk.SMS, phone())
		b.confirm(ids[i], kiosk.SMS, "123456")
		b.bind(ids[i])
	}
	outcomes := b.activateAll(ids)
	if got, want := outcomes["active"], 1; got != want {
		t.Errorf("%d keys for one person, want %d: %v", got, want, outcomes)
	}
	if got, want := outcomes["already_active"], n-1; got != want {
		t.Errorf("%d times already_active, want %d: %v", got, want, outcomes)
	}
	// Asked again, the answers are the same.
	again := b.activateAll(ids)
	if again["active"] != 1 || again["already_active"] != n-1 {
		t.Errorf("activate again: %v", again)
	}
}

func TestOnePhoneOnePerson(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const n = 4
	ids := make([]uuid.UUID, n)
	for i := range ids {
		ids[i] = b.proven(kiosk.Email, []string{"a.teste@exemplo.pt", "A.Teste@exemplo.pt"}[i%2])
		b.bind(ids[i])
		b.later(1000e9) // past the window, or the address would be locked for resends
	}
	outcomes := b.activateAll(ids)
	if outcomes["active"] != 1 || outcomes["contact_taken"] != n-1 {
		t.Errorf("%v, want one active and the others contact_taken", outcomes)
	}
	for _, id := range ids {
		st := must(b.desk.Status(t.Context(), id))(t)
		if st.State == central.StateActive {
			continue
		}
		if st.State != central.StateRefused || st.Refusal != string(kiosk.ProblemContactTaken) {
			t.Errorf("status = %+v, want refused for %q", st, kiosk.ProblemContactTaken)
		}
	}
	// From now on it is said at the desk, but only to who has proven possession.
	late := b.open()
	if s := b.send(late, kiosk.Email, "a.teste@exemplo.pt"); s.Refusal != "" {
		t.Errorf("SendCode = %+v: whose address is enrolled was told for nothing", s)
	}
	if c := b.confirm(late, kiosk.Email, "000000"); c.Refusal != central.CodeWrong {
		t.Errorf("wrong code = %+v, want %q", c, central.CodeWrong)
	}
	if c := b.confirm(late, kiosk.Email, "123456"); c.Refusal != central.Taken || c.Proof != uuid.Nil {
		t.Errorf("right code = %+v, want %q", c, central.Taken)
	}
}

// activateAll activates all at once and counts the outcomes.
func (b *bench) activateAll(ids []uuid.UUID) map[string]int {
	b.tb.Helper()
	var mu sync.Mutex
	outcomes := map[string]int{}
	var wg sync.WaitGroup
	for _, id := range ids {
		wg.Go(func() {
			var outcome string
			var register int64
			if err := b.registrar.QueryRow(b.tb.Context(), activateSQL, id).Scan(&outcome, &register); err != nil {
				b.tb.Error(err)
			}
			mu.Lock()
			outcomes[outcome]++
			mu.Unlock()
		})
	}
	wg.Wait()
	return outcomes
}

// TestWhatEndsIsForgotten looks for the person in every row after each way to end without a key.
func TestWhatEndsIsForgotten(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*bench, uuid.UUID) error{
		"Abandoned": func(b *bench, id uuid.UUID) error { return b.desk.Abandon(b.tb.Context(), id, "not_the_person") },
		"Expired": func(b *bench, id uuid.UUID) error {
			b.exec(`update cmd.enrolment set expires_at = clock_timestamp()`)
			_, err := b.registrar.Exec(b.tb.Context(), `select registrar.expire()`)
			return err
		},
		"Refused": func(b *bench, id uuid.UUID) error {
			b.bind(id)
			_, err := b.registrar.Exec(b.tb.Context(), `select registrar.refuse($1, 'data_altered')`, id)
			return err
		},
		"VerificationFailed": func(b *bench, id uuid.UUID) error {
			b.bind(id)
			_, err := b.registrar.Exec(b.tb.Context(), `select registrar.job_failed(
				(select job from registrar.take_job() where kind = 'verify'), 'revocation_unknown')`)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			id, who := newID(), person()
			number := phone()
			must(b.desk.Open(t.Context(), id, who))(t)
			b.send(id, kiosk.SMS, number)
			b.confirm(id, kiosk.SMS, "000000")
			b.confirm(id, kiosk.SMS, "123456")
			b.exec(`update cmd.job set state = 'done' where kind = 'send_code'`)
			if b.mentions(number) == 0 || b.mentions(who.CivilNumber) == 0 {
				t.Fatal("the search finds nothing while the enrolment is open")
			}
			if err := end(b, id); err != nil {
				t.Fatal(err)
			}
			for what, text := range map[string]string{"number": who.CivilNumber, "phone": number, "identity": "identity",
				"sealed PIN": "sealed", "JWS": "dGhlLXRyYW5zY3JpcHQ"} {
				if n := b.mentions(text); n > 0 {
					t.Errorf("the %s stands in %d rows", what, n)
				}
			}
			if got, want := scalar[int](b, `select count(*) from cmd.code_attempt`), 2; got != want {
				t.Errorf("%d tries are remembered, want %d", got, want)
			}
			if err := b.desk.Abandon(t.Context(), id, ""); err != nil {
				t.Errorf("Abandon of what has ended: %v", err)
			}
			_, err := b.desk.Bind(t.Context(), id, transcript.Evidence{JWS: []byte(`{}`), Identity: []byte("x"), SOD: []byte("x"),
				SealedPIN: []byte("x")})
			if err == nil {
				t.Error("Bind of what has ended: no error")
			}
		})
	}
}

func TestActiveKeepsWhatACourtNeeds(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.proven(kiosk.SMS, phone())
	b.bind(id)
	b.activate(id)
	for text, want := range map[string]int{"identity": 0, "sealed": 0, "dGhlLXRyYW5zY3JpcHQ": 1, "sod": 1} {
		if got := b.mentions(text); got != want {
			t.Errorf("%q stands in %d rows, want %d", text, got, want)
		}
	}
	wantRefused(t, b.desk.Abandon(t.Context(), id, ""), central.RefusedEnded)
	if got, want := scalar[int](b, `select count(*) from cmd.key_event where enrolment = $1 and reason = 'enrolled'`, id), 1; got != want {
		t.Errorf("%d events, want %d", got, want)
	}
	for _, sql := range []string{`update cmd.key_event set reason = 'x'`, `delete from cmd.key_event`, `truncate cmd.key_event`,
		`update cmd.key set state = 'pending'`, `update cmd.key set person = person + 1`} {
		if _, err := b.admin.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s: no error", sql)
		}
	}
}

func TestExpiredKeyMakesRoom(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	who, number := person(), phone()
	for range 2 {
		id := newID()
		if o := must(b.desk.Open(t.Context(), id, who))(t); o.Refusal != "" {
			t.Fatalf("Open: %+v", o)
		}
		b.send(id, kiosk.SMS, number)
		b.confirm(id, kiosk.SMS, "123456")
		b.bind(id)
		if outcome, _ := b.activate(id); outcome != "active" {
			t.Fatalf("activate: %s", outcome)
		}
		b.exec(`update cmd.key set valid_until = current_date - 1`)
		b.later(1000e9)
	}
	if got, want := scalar[int](b, `select count(*) from cmd.key where living`), 1; got != want {
		t.Errorf("%d living keys, want %d", got, want)
	}
	if n := scalar[int](b, `select registrar.expire()`); n != 1 {
		t.Errorf("expire ended %d, want 1", n)
	}
}

func TestPersonOfTheEvidenceIsTheEnrolments(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.proven(kiosk.SMS, phone())
	b.bind(id)
	_, err := b.registrar.Exec(t.Context(), strings.Replace(activateSQL, `{"surname"`, `{"civil_number": "12345678", "surname"`, 1), id)
	if err == nil || !strings.Contains(err.Error(), "person_mismatch") {
		t.Errorf("error = %v, want person_mismatch", err)
	}
}

func TestSettingsStayInRange(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, sql := range []string{`update cmd.setting set value = '0' where name = 'code_tries'`,
		`update cmd.setting set value = '"3"' where name = 'code_tries'`,
		`update cmd.setting set value = '3600' where name = 'code_sms_seconds'`} {
		if _, err := b.admin.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s: no error", sql)
		}
	}
}
