package login_test

import (
	"crypto/ed25519"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"balcao/kiosk"
	"balcao/kiosk/central/cluster"
	"balcao/kiosk/central/schema"
	"balcao/kiosk/evidence"
	"balcao/kiosk/kiosktest"
	"balcao/kiosk/login"
	"balcao/kiosk/registrar"
	"balcao/kiosk/signin"
)

func TestMain(m *testing.M) { cluster.TestMain(m) }

// bench is an engine with a registrar.
type bench struct {
	*testing.T
	*login.Engine
	office *kiosktest.Office
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{T: t, office: kiosktest.NewOffice(t)}
	b.office.OpenCentre(t.Context(), t)
	b.office.NewRegistrar(t.Context(), t, 2, "", func(cfg *registrar.Config) {
		cfg.Verifier = evidence.Verifier{Examiner: kiosktest.Examiner(t, nil)}
	}).Start(t.Context(), t)
	for name, value := range map[string]int{"pin_hash_memory_kib": 7168, "pin_hash_passes": 1, "code_resend_after_seconds": 0} {
		b.check(schema.Set(t.Context(), b.office.DB.Admin(), name, value))
	}
	pool, err := pgxpool.New(t.Context(), b.office.DB.Login())
	b.check(err)
	t.Cleanup(pool.Close)
	hasher, err := signin.NewHasher(kiosktest.Pepper(), 2, 40)
	b.check(err)
	checker := signin.New(pool, hasher)
	t.Cleanup(checker.Wait)
	b.Engine = login.New(pool, checker, []ed25519.PublicKey{b.office.Records.Public().(ed25519.PublicKey)})
	return b
}

func (b *bench) check(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// do does something on the holder's own pages.
func (b *bench) do(browser string, a login.Action) (login.Page, string) {
	b.Helper()
	page, session, err := b.OwnDo(b.Context(), browser, kiosk.Portuguese, a, []byte("home"))
	b.check(err)
	return page, session
}

// signIn signs in to them, by SMS.
func (b *bench) signIn(h kiosktest.Holder, pin string) (session string) {
	b.Helper()
	browser, before := login.NewToken(), len(b.office.SMS.To(h.Phone, kiosktest.CodeMessage))
	if page, _ := b.do(browser, login.SignIn{Identifier: h.Phone, PIN: []byte(pin)}); page.Step != login.StepCode || page.Contact != login.Masked(h.Phone) {
		b.Fatalf("behind the PIN: %+v", page)
	}
	page, session := b.do(browser, login.EnterCode{Code: []byte(b.office.SMS.NextCode(b.Context(), b, h.Phone, before))})
	if page.Step != login.StepDone || session == "" {
		b.Fatalf("behind the code: %+v", page)
	}
	return session
}

// TestOwn: what holders do on their own pages, and that it ends what it has to.
func TestOwn(t *testing.T) {
	b := newBench(t)
	h := b.office.NewHolder(t.Context(), t)
	ctx := t.Context()
	if _, err := b.Overview(ctx, login.NewToken()); !errors.Is(err, login.ErrSignedOut) {
		t.Errorf("nobody's: %v", err)
	}
	session := b.signIn(h, h.PIN)
	o, err := b.Overview(ctx, session)
	b.check(err)
	if o.State != kiosk.StatusActive || len(o.Contacts) != 2 || !slices.Contains(o.Contacts, login.OwnContact{Channel: kiosk.SMS, Masked: login.Masked(h.Phone)}) || o.Last.Channel != kiosk.SMS {
		t.Errorf("overview: %+v", o)
	}
	stored, err := b.Stored(ctx, session)
	if err != nil || len(stored) < 5 {
		t.Errorf("stored: %d sections, %v", len(stored), err)
	}
	if _, problem, err := b.ChangePIN(ctx, session, []byte("220892")); err != nil || problem != login.PINWeak { // their birthday
		t.Errorf("a weak PIN: %q %v", problem, err)
	}
	id, problem, err := b.ChangePIN(ctx, session, []byte("739146"))
	if err != nil || problem != login.PINOK {
		t.Fatalf("another PIN: %q %v", problem, err)
	}
	b.until(id, login.Applied)
	if _, err := b.Overview(ctx, session); !errors.Is(err, login.ErrSignedOut) {
		t.Errorf("with another PIN: %v", err)
	}
	if page, _ := b.do(login.NewToken(), login.SignIn{Identifier: h.Phone, PIN: []byte(h.PIN)}); page.Problem != login.No {
		t.Errorf("with the old PIN: %+v", page)
	}
	session = b.signIn(h, "739146")
	_, err = b.office.Admin.Exec(ctx, `update centre.sign_in_try set signed_at = signed_at - interval '10 minutes'`)
	b.check(err)
	if err := b.End(ctx, session); !errors.Is(err, login.ErrSignedOut) && !errors.Is(err, login.ErrStale) {
		t.Errorf("ended by a sign-in that is ten minutes old: %v", err)
	}
	b.check(b.Freeze(ctx, session))
	if _, err := b.Overview(ctx, session); !errors.Is(err, login.ErrSignedOut) {
		t.Errorf("a frozen key: %v", err)
	}
	other := b.office.NewHolder(ctx, t)
	session = b.signIn(other, other.PIN)
	b.check(b.SignOut(ctx, session))
	if err := b.Freeze(ctx, session); !errors.Is(err, login.ErrSignedOut) {
		t.Errorf("frozen by who signed out: %v", err)
	}
	session = b.signIn(other, other.PIN)
	b.check(b.End(ctx, session))
	var state string
	b.check(b.office.Admin.QueryRow(ctx, `select string_agg(state, ' ' order by register) from centre.key`).Scan(&state))
	if state != "suspended cancelled" {
		t.Errorf("the keys are %s", state)
	}
	if ok, err := b.NotMe(ctx, []byte("ABCDE-FGHJK"), []byte("home")); ok || err != nil {
		t.Errorf("a code of no notice: %v %v", ok, err)
	}
}

func (b *bench) until(id uuid.UUID, want login.Pending) {
	b.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		state, err := b.ChangeState(b.Context(), id)
		b.check(err)
		if state == want {
			return
		}
		if state == login.Failed || time.Now().After(deadline) {
			b.Fatalf("the change is %s", state)
		}
	}
}

// TestNotBelieved: whoever writes a hash of their own into the database, or a key, signs nobody in.
func TestNotBelieved(t *testing.T) {
	b := newBench(t)
	h, own := b.office.NewHolder(t.Context(), t), b.office.NewHolder(t.Context(), t)
	for name, sql := range map[string]string{
		"another's hash": `update centre.key set pin_hash = (select pin_hash from centre.key where register = $2), pin_subject = (select pin_subject from centre.key where register = $2) where register = $1`,
		"no record":      `update centre.key_record set record = 'x' where key = $1 and $2 > 0`,
	} {
		conn, err := b.office.Admin.Acquire(t.Context())
		b.check(err)
		for _, s := range []string{`set session_replication_role = replica`, sql, `reset session_replication_role`} {
			args := []any{h.Register, own.Register}
			if s != sql {
				args = nil
			}
			if _, err := conn.Exec(t.Context(), s, args...); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		conn.Release()
		browser, before := login.NewToken(), len(b.office.SMS.To(h.Phone, kiosktest.CodeMessage))
		page, _ := b.do(browser, login.SignIn{Identifier: h.Phone, PIN: []byte(h.PIN)})
		if page.Step == login.StepCode {
			page, _ = b.do(browser, login.EnterCode{Code: []byte(b.office.SMS.NextCode(t.Context(), t, h.Phone, before))})
		}
		if page.Step != login.StepStopped && page.Problem != login.No {
			t.Errorf("%s: %+v", name, page)
		}
	}
}

// TestByEmail reaches less, and says so; and of two codes the one that says less counts.
func TestByEmail(t *testing.T) {
	b := newBench(t)
	h := b.office.NewHolder(t.Context(), t)
	v, err := b.Begin(t.Context(), login.Request{Service: "Portal", Claims: []login.Asked{{Claim: "email"}}}, nil)
	b.check(err)
	b.check(b.Do(t.Context(), &v, login.SignIn{Identifier: h.Email, PIN: []byte(h.PIN)}))
	b.office.SMS.NextCode(t.Context(), t, h.Phone, 0)
	b.check(b.Do(t.Context(), &v, login.SendCode{Channel: kiosk.Email}))
	code := b.office.Mail.NextCode(t.Context(), t, h.Email, 0)
	b.check(b.Do(t.Context(), &v, login.EnterCode{Code: []byte(code)}))
	if v.Step != login.StepConsent || v.Signed.Level != 0 || slices.Contains(v.Signed.AMR, "sms") || v.Rows[0].Value != h.Email {
		t.Errorf("by e-mail: %+v", v)
	}
	if acr, ok := v.Signed.Reported(v.Request); acr != login.Levels[0] || !ok {
		t.Errorf("reported: %s", acr)
	}
}

// TestStore: a row is found and opened by its token, as what it is, and by nothing else.
func TestStore(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	token, err := b.New(ctx, "thing", map[string]string{"who": "Inês"}, time.Minute)
	b.check(err)
	var got map[string]string
	if err := b.Get(ctx, "thing", token, &got); err != nil || got["who"] != "Inês" {
		t.Errorf("got %v, %v", got, err)
	}
	for kind, other := range map[string]string{"thing": login.NewToken(), "another": token} {
		if err := b.Get(ctx, kind, other, &got); !errors.Is(err, login.ErrGone) {
			t.Errorf("by another token or kind: %v", err)
		}
	}
	first, err := b.Take(ctx, "thing", token, &got)
	again, errAgain := b.Take(ctx, "thing", token, &got)
	if err != nil || errAgain != nil || !first || again {
		t.Errorf("taken: %v %v, %v %v", first, again, err, errAgain)
	}
	if _, err := b.office.Admin.Exec(ctx, `update centre.login_row set sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1)`); err != nil {
		t.Fatal(err)
	}
	if err := b.Get(ctx, "thing", token, &got); !errors.Is(err, login.ErrGone) {
		t.Errorf("a row that somebody wrote into: %v", err)
	}
	b.check(b.Drop(ctx, "thing", token))
	if once, err := b.Once(ctx, "proof", "x", time.Minute); !once || err != nil {
		t.Errorf("once: %v %v", once, err)
	}
	if once, err := b.Once(ctx, "proof", "x", time.Minute); once || err != nil {
		t.Errorf("twice: %v %v", once, err)
	}
	var lengths int
	for _, text := range []string{"", "x", string(make([]byte, 300))} {
		_, err := b.New(ctx, "thing", text, time.Minute)
		b.check(err)
	}
	b.check(b.office.Admin.QueryRow(ctx, `select count(distinct octet_length(sealed)) from centre.login_row where sealed <> ''`).Scan(&lengths))
	if lengths != 2 { // 300 zero bytes are 1,800 in JSON
		t.Errorf("%d lengths", lengths)
	}
}
