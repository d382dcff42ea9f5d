package central_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"balcao/kiosk"
	"balcao/kiosk/central"
)

// later moves everything about codes into the past.
func (b *bench) later(d time.Duration) {
	b.tb.Helper()
	b.exec(`update cmd.one_time_code set sent_at = sent_at - $1::interval, expires_at = expires_at - $1::interval,
		resend_at = resend_at - $1::interval`, d)
	b.exec(`update cmd.code_attempt set at = at - $1::interval`, d)
}

// codeModel is what process.md says of codes, for two enrolments that share two phones.
type codeModel struct {
	now    time.Duration
	sends  []modelSend
	wrongs []modelWrong
}

type modelSend struct {
	enrolment int
	phone     int
	at        time.Duration
	code      string
	used      bool
}

type modelWrong struct {
	enrolment, phone int
	at               time.Duration
}

const (
	modelTries  = 3
	modelSends  = 4 // one and three resends
	modelWindow = 15 * time.Minute
)

func (m *codeModel) triesLeft(enrolment, phone int) int {
	var ofEnrolment, ofPhone int
	for _, w := range m.wrongs {
		if w.enrolment == enrolment {
			ofEnrolment++
		}
		if w.phone == phone && m.now-w.at < modelWindow {
			ofPhone++
		}
	}
	return modelTries - max(ofEnrolment, ofPhone)
}

// send says what the answer must be and, when it is yes, notes that it was sent.
func (m *codeModel) send(enrolment, phone int, code string) (refusal central.Refusal, sendsLeft int) {
	var ofEnrolment, ofPhone int
	soon := false
	for _, s := range m.sends {
		if s.enrolment == enrolment && m.now-s.at < modelWindow {
			ofEnrolment++
		}
		if s.phone == phone && m.now-s.at < modelWindow {
			ofPhone++
		}
		if s.phone == phone && m.now-s.at < 30*time.Second {
			soon = true
		}
	}
	sendsLeft = max(modelSends-max(ofEnrolment, ofPhone), 0)
	switch {
	case m.triesLeft(enrolment, phone) <= 0:
		return central.CodeLocked, sendsLeft
	case sendsLeft == 0:
		return central.ResendsUsed, sendsLeft
	case soon:
		return central.TooSoon, sendsLeft
	}
	m.sends = append(m.sends, modelSend{enrolment: enrolment, phone: phone, at: m.now, code: code})
	return "", sendsLeft - 1
}

// newest is the newest code of an enrolment, nil when none was sent.
func (m *codeModel) newest(enrolment int) *modelSend {
	for i := len(m.sends) - 1; i >= 0; i-- {
		if m.sends[i].enrolment == enrolment {
			return &m.sends[i]
		}
	}
	return nil
}

func (m *codeModel) confirm(enrolment int, code string) (refusal central.Refusal, triesLeft int) {
	s := m.newest(enrolment)
	left := m.triesLeft(enrolment, s.phone)
	switch {
	case left <= 0:
		return central.CodeLocked, 0
	case s.used || m.now-s.at >= 5*time.Minute:
		return central.CodeExpired, left
	case s.code == code:
		s.used = true
		return "", left
	}
	m.wrongs = append(m.wrongs, modelWrong{enrolment, s.phone, m.now})
	if left == 1 {
		return central.CodeLocked, 0
	}
	return central.CodeWrong, left - 1
}

// TestCodesFollowTheirRules plays random visits at the desk against the model.
func TestCodesFollowTheirRules(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	rapid.Check(t, func(rt *rapid.T) {
		m := &codeModel{}
		enrolments := [2]uuid.UUID{b.open(), b.open()}
		phones := [2]string{phone(), phone()}
		sent := 0
		var lastAttempt central.Attempt
		var lastEnrolment int
		var lastAnswer central.Confirmed
		which := rapid.IntRange(0, 1)
		rt.Repeat(map[string]func(*rapid.T){
			"send": func(rt *rapid.T) {
				e, p := which.Draw(rt, "enrolment"), which.Draw(rt, "phone")
				sent++
				code := fmt.Sprintf("%06d", 100000+sent)
				want, sendsLeft := m.send(e, p, code)
				req := central.CodeRequest{ID: newID(), Channel: kiosk.SMS, Value: phones[p], Language: kiosk.English}
				got := must(b.desk.SendCode(t.Context(), enrolments[e], req))(t)
				if got.Refusal != want || got.SendsLeft != sendsLeft || got.TriesLeft != max(m.triesLeft(e, p), 0) {
					rt.Fatalf("SendCode = %+v, want %q with %d sends and %d tries left", got, want, sendsLeft, m.triesLeft(e, p))
				}
				if want != "" {
					return
				}
				b.codeReady(req.ID, code)
				if again := must(b.desk.SendCode(t.Context(), enrolments[e], req))(t); again != got {
					rt.Fatalf("repeated SendCode = %+v, want %+v", again, got)
				}
			},
			"confirm": func(rt *rapid.T) {
				e := which.Draw(rt, "enrolment")
				s := m.newest(e)
				if s == nil {
					rt.Skip("no code was sent")
				}
				code := rapid.SampledFrom([]string{"000000", s.code, m.sends[0].code}).Draw(rt, "code")
				want, triesLeft := m.confirm(e, code)
				lastEnrolment, lastAttempt = e, central.Attempt{ID: newID(), Channel: kiosk.SMS, Code: []byte(code)}
				lastAnswer = must(b.desk.ConfirmCode(t.Context(), enrolments[e], lastAttempt))(t)
				if lastAnswer.Refusal != want || lastAnswer.TriesLeft != triesLeft || (want == "") != (lastAnswer.Proof != uuid.Nil) {
					rt.Fatalf("ConfirmCode = %+v, want %q with %d tries left", lastAnswer, want, triesLeft)
				}
			},
			"repeat": func(rt *rapid.T) {
				if lastAttempt.ID == uuid.Nil {
					rt.Skip("nothing was confirmed")
				}
				// Another code under the same identifier is the same try: no answer can be fished for.
				lastAttempt.Code = []byte(rapid.StringMatching(`[0-9]{6}`).Draw(rt, "code"))
				if got := must(b.desk.ConfirmCode(t.Context(), enrolments[lastEnrolment], lastAttempt))(t); got != lastAnswer {
					rt.Fatalf("repeated ConfirmCode = %+v, want %+v", got, lastAnswer)
				}
			},
			"later": func(rt *rapid.T) {
				// None of these, nor a sum of few, lies at a limit.
				d := rapid.SampledFrom([]time.Duration{7, 31, 127, 301, 907}).Draw(rt, "seconds") * time.Second
				m.now += d
				b.later(d)
			},
		})
	})
}

func TestParallelTriesDoNotExceedTheLimit(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.open()
	b.send(id, kiosk.SMS, phone())
	var mu sync.Mutex
	counts := map[central.Refusal]int{}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			c, err := b.desk.ConfirmCode(t.Context(), id, central.Attempt{ID: newID(), Channel: kiosk.SMS, Code: []byte("000000")})
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			counts[c.Refusal]++
			mu.Unlock()
		})
	}
	wg.Wait()
	if got, want := counts[central.CodeWrong], 2; got != want {
		t.Errorf("%d tries answered %q, want %d and all others locked: %v", got, central.CodeWrong, want, counts)
	}
	if got, want := scalar[int](b, `select count(*) from cmd.code_attempt where counts`), 3; got != want {
		t.Errorf("%d tries were compared, want %d", got, want)
	}
	if c := b.confirm(id, kiosk.SMS, "123456"); c.Refusal != central.CodeLocked {
		t.Errorf("the right code after that: %+v, want %q", c, central.CodeLocked)
	}
}

func TestParallelSendsDoNotExceedTheLimit(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	number := phone()
	var enrolments [4]uuid.UUID
	for i := range enrolments {
		enrolments[i] = b.open()
	}
	b.exec(`update cmd.setting set value = '0' where name = 'code_resend_after_seconds'`)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			_, err := b.desk.SendCode(t.Context(), enrolments[i%len(enrolments)],
				central.CodeRequest{ID: newID(), Channel: kiosk.SMS, Value: number, Language: kiosk.English})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got, want := scalar[int](b, `select count(*) from cmd.job`), 4; got != want {
		t.Errorf("%d messages to one phone, want %d", got, want)
	}
}

// TestRollbackTeachesNothing is a stolen desk that speaks SQL: it tries a code and rolls the count back.
func TestRollbackTeachesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.open()
	b.send(id, kiosk.SMS, phone())
	desk := mustPool(t, b.db.Desk("loja_"+b.db.Name))
	const sql = `select coalesce(refusal, 'right') from desk.confirm_code($1, $2, 'sms', $3)`
	for _, code := range []string{"000000", "123456"} {
		for _, iso := range []pgx.TxIsoLevel{pgx.ReadCommitted, pgx.RepeatableRead, pgx.Serializable} {
			tx, err := desk.BeginTx(t.Context(), pgx.TxOptions{IsoLevel: iso})
			if err != nil {
				t.Fatal(err)
			}
			attempt := newID()
			for range 2 {
				var got string
				err := tx.QueryRow(t.Context(), sql, id, attempt, code).Scan(&got)
				if iso == pgx.ReadCommitted && (err != nil || got != "recorded") {
					t.Errorf("code %s before its commit: %q, %v, want \"recorded\"", code, got, err)
				}
				if iso != pgx.ReadCommitted && err == nil {
					t.Errorf("in a %s transaction: %q, want an error", iso, got)
				}
			}
			if err := tx.Rollback(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	// In a savepoint, too, the row belongs to the transaction.
	err := pgx.BeginFunc(t.Context(), desk, func(tx pgx.Tx) error {
		return pgx.BeginFunc(t.Context(), tx, func(inner pgx.Tx) error {
			attempt := newID()
			for range 2 {
				var got string
				if err := inner.QueryRow(t.Context(), sql, id, attempt, "123456").Scan(&got); err != nil || got != "recorded" {
					t.Errorf("in a savepoint: %q, %v", got, err)
				}
			}
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestOldTransactionGainsNoTime uses a transaction that began before the code expired.
func TestOldTransactionGainsNoTime(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.open()
	b.send(id, kiosk.SMS, phone())
	desk := mustPool(t, b.db.Desk("loja_"+b.db.Name))
	tx, err := desk.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	var now time.Time
	if err := tx.QueryRow(t.Context(), `select now()`).Scan(&now); err != nil {
		t.Fatal(err)
	}
	// It expires after the transaction began and before it asks.
	b.exec(`update cmd.one_time_code set expires_at = clock_timestamp()`)
	if expires := scalar[time.Time](b, `select expires_at from cmd.one_time_code`); !expires.After(now) {
		t.Fatalf("the code expired at %v, before the transaction began at %v", expires, now)
	}
	var got string
	err = tx.QueryRow(t.Context(), `select refusal from desk.confirm_code($1, $2, 'sms', '123456')`, id, newID()).Scan(&got)
	if err != nil {
		t.Fatal(err)
	}
	if want := string(central.CodeExpired); got != want {
		t.Errorf("refusal = %q, want %q", got, want)
	}
}

func TestCodeBeforeItExists(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.open()
	_, err := b.desk.ConfirmCode(t.Context(), id, central.Attempt{ID: newID(), Channel: kiosk.SMS, Code: []byte("123456")})
	wantRefused(t, err, central.RefusedNoCode)

	number := phone()
	b.send(id, kiosk.SMS, number)
	b.later(31 * time.Second)
	// Asked for again, not made yet: the one that is in the person's hand still holds.
	req := central.CodeRequest{ID: newID(), Channel: kiosk.SMS, Value: number, Language: kiosk.English}
	if s := must(b.desk.SendCode(t.Context(), id, req))(t); s.Refusal != "" {
		t.Fatalf("resend: %+v", s)
	}
	if c := b.confirm(id, kiosk.SMS, "123456"); c.Refusal != "" {
		t.Errorf("the code at hand: %+v", c)
	}
}

func TestEmailCodeLivesLonger(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.open()
	s := b.send(id, kiosk.Email, "Ines.Teste@xn--exmplo-cva.pt")
	if got, want := s.ExpiresAt.Sub(s.SentAt), 15*time.Minute; got != want {
		t.Errorf("life of a code by e-mail = %v, want %v", got, want)
	}
	b.later(14 * time.Minute)
	if c := b.confirm(id, kiosk.Email, "123456"); c.Refusal != "" {
		t.Errorf("after 14 minutes: %+v", c)
	}
}

func TestContactsThatAreNone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.open()
	for channel, values := range map[kiosk.Channel][]string{
		kiosk.SMS: {"", "912345678", "+0912345678", "+351 912 345 678", "+35191234567890123", "+351912345678\n", "a@exemplo.pt"},
		kiosk.Email: {"", "a", "a@b", "a@b@c.pt", "a b@c.pt", "a@c.pt\r\nBcc: x@y.pt", "<a@c.pt>", "a,b@c.pt", "+351912345678",
			// Other spellings of a mailbox, and what a line of SMTP could be made of.
			"a@C.pt", "a@exémplo.pt", "a@c.pt.", "a@c..pt", ".a@c.pt", "a.@c.pt", "a..b@c.pt", `"a"@c.pt`, "a@[127.0.0.1]", "a@127.0.0.1",
			"a@c\u200b.pt", "ａ@c.pt", "a@-c.pt", "a%0d%0a@c.pt\n", strings.Repeat("a", 65) + "@c.pt"},
		"letter": {"Rua"},
		"":       {"+351912345678"},
	} {
		for _, v := range values {
			_, err := b.desk.SendCode(t.Context(), id, central.CodeRequest{ID: newID(), Channel: channel, Value: v, Language: "pt"})
			wantRefused(t, err, central.RefusedInvalid)
		}
	}
	b.send(id, kiosk.SMS, phone())
	for _, code := range []string{"", "123", "12345a", "１２３４５６", "12345678901"} {
		_, err := b.desk.ConfirmCode(t.Context(), id, central.Attempt{ID: newID(), Channel: kiosk.SMS, Code: []byte(code)})
		wantRefused(t, err, central.RefusedInvalid)
	}
}
