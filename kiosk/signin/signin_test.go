package signin_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"balcao/kiosk"
	"balcao/kiosk/signin"
)

func TestSignIn(t *testing.T) {
	b := newBench(t)
	h := b.holder()
	for by, name := range map[kiosk.Identifier]string{kiosk.ByPhone: h.phone, kiosk.ByEmail: h.email, kiosk.ByPassport: h.document} {
		h.later(time.Hour) // the codes before have left the window
		try := newID()
		a, err := b.checker.PIN(b.Context(), signin.Try{ID: try, By: by, Name: name, PIN: []byte(h.pin), Source: []byte("network")})
		b.check(err)
		if !a.Right || !slices.Equal(a.Channels, []kiosk.Channel{kiosk.SMS, kiosk.Email}) || len(a.Hashes) != 1 {
			t.Fatalf("%s: got %+v", by, a)
		}
		if sum := scalar[[]byte](b, `select sha256(convert_to(pin_hash, 'UTF8')) from centre.key where register = $1`, h.register); !slices.Equal(sum, a.Hashes[0][:]) {
			t.Errorf("%s: the hash that was compared is not the stored one", by)
		}
		if sent := h.code(try, kiosk.SMS); sent.Refusal != "" || sent.TriesLeft != 3 || sent.SendsLeft != 3 || !sent.ExpiresAt.After(sent.SentAt) {
			t.Fatalf("%s: got %+v", by, sent)
		}
		if s := h.enter(try, "123456"); s.Refusal != "" || s.Register != h.register || string(s.Record) != "record" {
			t.Errorf("%s: got %+v", by, s)
		}
		if s := h.enter(try, "123456"); s.Refusal != signin.Ended {
			t.Errorf("%s: one try signed in twice: %+v", by, s)
		}
	}
	if got := scalar[string](b, `select last_channel || ' ' || (last_success_at > now() - interval '1 minute') || ' ' || coalesce(last_failure_at::text, 'never')
		from centre.sign_in where key = $1`, h.register); got != "sms true never" {
		t.Errorf("what is known of the last sign-in: %s", got)
	}
}

// The same answer, whatever is wrong.
func TestPIN_No(t *testing.T) {
	b := newBench(t)
	h := b.holder()
	suspended, blocked, lapsed, locked := b.holder(), b.holder(), b.holder(), b.holder()
	b.exec(`select internal.change_key($1, 'suspend', 'request')`, suspended.register)
	b.exec(`select internal.change_key($1, 'block', 'wrong_codes')`, blocked.register)
	b.exec(`alter table centre.key disable trigger user; update centre.key set valid_until = current_date - 1 where register = ` + fmt.Sprint(lapsed.register) +
		`; alter table centre.key enable trigger user`)
	for range 3 {
		locked.try("000000")
	}
	for name, try := range map[string]signin.Try{
		"wrong":              {By: kiosk.ByPhone, Name: h.phone, PIN: []byte("482914")},
		"no PIN":             {By: kiosk.ByPhone, Name: h.phone},
		"unknown phone":      {By: kiosk.ByPhone, Name: "+351969999999", PIN: []byte(h.pin)},
		"unknown address":    {By: kiosk.ByEmail, Name: "nobody@example.pt", PIN: []byte(h.pin)},
		"unknown passport":   {By: kiosk.ByPassport, Name: "UKR:ZZ1", PIN: []byte(h.pin)},
		"suspended":          {By: kiosk.ByPhone, Name: suspended.phone, PIN: []byte(h.pin)},
		"blocked":            {By: kiosk.ByPhone, Name: blocked.phone, PIN: []byte(h.pin)},
		"past its last day":  {By: kiosk.ByPhone, Name: lapsed.phone, PIN: []byte(h.pin)},
		"locked":             {By: kiosk.ByPhone, Name: locked.phone, PIN: []byte(h.pin)},
		"phone as a mailbox": {By: kiosk.ByEmail, Name: "x@example.pt", PIN: []byte(h.pin)},
	} {
		try.ID = newID()
		a, err := b.checker.PIN(b.Context(), try)
		if want := (signin.Answer{}); err != nil || !cmp.Equal(a, want) {
			t.Errorf("%s: got %+v, %v", name, a, err)
		}
		if sent, err := b.checker.SendCode(b.Context(), try.ID, newID(), kiosk.SMS, "pt"); err != nil || sent.Refusal == "" {
			t.Errorf("%s: a code was sent (%v)", name, err)
		}
		if s, err := b.checker.Code(b.Context(), try.ID, newID(), []byte("123456")); err != nil || s.Refusal == "" || s.Register != 0 {
			t.Errorf("%s: signed in (%v)", name, err)
		}
	}
	for name, try := range map[string]signin.Try{
		"a phone in another spelling": {By: kiosk.ByPhone, Name: "912345678"},
		"no address":                  {By: kiosk.ByEmail, Name: "someone"},
		"a passport of nowhere":       {By: kiosk.ByPassport, Name: "FE1"},
		"named by something else":     {By: "nif", Name: "123456789"},
	} {
		try.ID = newID()
		if _, err := b.checker.PIN(b.Context(), try); !errors.Is(err, signin.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is shown of who is unknown is like what is shown of others, and always the same.
func TestBegin_Unknown(t *testing.T) {
	b := newBench(t)
	h := b.holder()
	type shown struct {
		Salt                  []byte
		Memory, Passes, Lanes int
		Subject               string
	}
	show := func(phone string) (s shown) {
		b.check(b.login.QueryRow(b.Context(), `select salt, memory, passes, lanes, subject from login.begin($1, 'phone', $2)`, newID(), phone).
			Scan(&s.Salt, &s.Memory, &s.Passes, &s.Lanes, &s.Subject))
		return s
	}
	known, nobody, other := show(h.phone), show("+351960000001"), show("+351960000002")
	if len(nobody.Salt) != len(known.Salt) || nobody.Memory != known.Memory || nobody.Passes != known.Passes || nobody.Lanes != known.Lanes || nobody.Subject == "" {
		t.Errorf("unknown %+v, known %+v", nobody, known)
	}
	if !cmp.Equal(nobody, show("+351960000001")) || cmp.Equal(nobody.Salt, other.Salt) || nobody.Subject == known.Subject {
		t.Error("what is shown of who is unknown changes, or is somebody else's")
	}
	// As old as the hashes of those who are known: otherwise a change of settings would tell them apart.
	b.set("pin_hash_passes", 2)
	if got := show("+351960000001"); got.Passes != known.Passes {
		t.Errorf("%d passes after a change of settings, the key has %d", got.Passes, known.Passes)
	}
}

func TestLocks(t *testing.T) {
	b := newBench(t)
	h := b.holder()
	wrong := func() {
		for range 3 {
			if h.try("000000") {
				t.Fatal("a wrong PIN was right")
			}
		}
	}
	left := func() time.Duration {
		return time.Duration(scalar[float64](b, `select extract(epoch from internal.locked_until($1) - clock_timestamp())::float8`, h.register) * float64(time.Second))
	}
	for _, want := range []time.Duration{5 * time.Minute, 30 * time.Minute, 24 * time.Hour, 24 * time.Hour, 24 * time.Hour} {
		wrong()
		if got := left(); h.state() != "locked" || got > want || got < want-time.Minute {
			t.Fatalf("the key is %s for %v, want locked for %v", h.state(), got, want)
		}
		b.again() // counters outlive the process
		before := left()
		if h.try(h.pin) || h.try("000000") || left() > before {
			t.Error("a locked key let somebody in, or was locked for longer by trying")
		}
		h.later(want + time.Second)
	}
	if want := []string{"locked email", "locked sms"}; !slices.Equal(h.notices()[:2], want) || len(h.notices()) != 10 {
		t.Errorf("the holder was told %v, want %v each time", h.notices(), want)
	}
	if !h.signIn() || h.state() != "active" {
		t.Fatalf("after the lock nobody signs in; the key is %s", h.state())
	}
	wrong()
	if got := left(); got > 5*time.Minute {
		t.Errorf("after a sign-in the first lock takes %v", got)
	}
}

// An operator may have a ladder end.
func TestLocks_Final(t *testing.T) {
	b := newBench(t)
	b.set("pin_final", 1)
	h := b.holder()
	for step := 1; step <= 4; step++ {
		for range 3 {
			h.try("000000")
		}
		h.later(48 * time.Hour)
	}
	if h.state() != "blocked" || h.try(h.pin) {
		t.Errorf("the key is %s", h.state())
	}
	// A desk gives all tries back.
	b.check(pgx.BeginFunc(b.Context(), b.admin, func(tx pgx.Tx) error {
		_, err := tx.Exec(b.Context(), `select internal.change_key($1, 'unblock', 'request')`, h.register)
		if err == nil {
			_, err = tx.Exec(b.Context(), `insert into centre.key_record (key, version, record) select register, version, 'record' from centre.key where register = $1`, h.register)
		}
		return err
	}))
	if !h.signIn() {
		t.Error("an unblocked key opens nothing")
	}
}

// A lock that is over is noticed without anybody trying, and so is what a killed process left.
func TestSweep(t *testing.T) {
	b := newBench(t)
	h, left := b.holder(), b.holder()
	for range 3 {
		h.try("000000")
	}
	h.later(time.Hour)
	for range 3 { // begun, and never compared
		b.check(b.login.QueryRow(b.Context(), `select from login.begin($1, 'phone', $2)`, newID(), left.phone).Scan())
	}
	if left.try(left.pin) {
		t.Error("a fourth try beside three that are open")
	}
	left.later(2 * time.Minute)
	if left.try(left.pin) {
		t.Error("tries that were lost with their caller did not count")
	}
	if _, err := b.registrar.Exec(b.Context(), `select registrar.expire()`); err != nil {
		t.Fatal(err)
	}
	if h.state() != "active" || left.state() != "locked" {
		t.Errorf("the keys are %s and %s", h.state(), left.state())
	}
	if !h.signIn() {
		t.Error("a key whose lock is over opens nothing")
	}
	b.exec(`update centre.job set state = 'done', ended_at = clock_timestamp() where kind = 'sign_in_code'`)
	b.exec(`update centre.sign_in_try set made_at = made_at - interval '2 days'`)
	b.exec(`select registrar.expire()`)
	if n := scalar[int](b, `select count(*) from centre.sign_in_try`); n != 0 {
		t.Errorf("%d tries are kept for more than a day", n)
	}
	if n := scalar[int](b, `select count(*) from centre.job where kind = 'sign_in_code'`); n != 0 {
		t.Errorf("the messages of %d codes outlive them", n)
	}
}

func TestTwentyAtOnce(t *testing.T) {
	b := newBench(t)
	for round, pin := range []string{"000000", ""} {
		h := b.holder()
		var right, all sync.Map
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				with := pin
				if with == "" && i < 3 { // among the others
					with = h.pin
				}
				a, err := b.checker.PIN(b.Context(), signin.Try{ID: newID(), By: kiosk.ByPhone, Name: h.phone, PIN: []byte(with)})
				all.Store(i, err)
				if a.Right {
					right.Store(i, true)
				}
			})
		}
		wg.Wait()
		b.checker.Wait()
		for i := range 20 {
			if err, _ := all.Load(i); err != nil {
				t.Fatal(err)
			}
		}
		n := 0
		right.Range(func(any, any) bool { n++; return true })
		admitted := scalar[int](b, `select count(*) from centre.sign_in_try where key = $1 and admitted`, h.register)
		step := scalar[int](b, `select lock_step from centre.sign_in where key = $1`, h.register)
		notices := len(h.notices())
		switch {
		case round == 0 && (admitted != 3 || step != 1 || n != 0 || h.state() != "locked" || notices != 2):
			t.Errorf("wrong ones: %d were compared, %d locks, %d right, %d notices, the key is %s", admitted, step, n, notices, h.state())
		case round == 1 && (n > 3 || step > 1 || admitted > 3*(1+n)):
			t.Errorf("with right ones among them: %d were compared, %d locks, %d right", admitted, step, n)
		}
	}
}

func TestCodes(t *testing.T) {
	b := newBench(t)
	h := b.holder()
	try, right := b.try(kiosk.ByEmail, h.email, h.pin)
	if !right {
		t.Fatal("the PIN is wrong")
	}
	if _, err := b.checker.Code(b.Context(), try, newID(), []byte("123456")); !errors.Is(err, signin.ErrUnknown) {
		t.Errorf("before a code was sent: %v", err)
	}
	h.code(try, kiosk.SMS)
	attempt := newID()
	for range 2 { // said twice, counted once
		s, err := b.checker.Code(b.Context(), try, attempt, []byte("000000"))
		if err != nil || s.Refusal != signin.CodeWrong || s.TriesLeft != 2 {
			t.Errorf("got %+v, %v", s, err)
		}
	}
	if sent := h.code(try, kiosk.Email); sent.TriesLeft != 2 {
		t.Errorf("a new code gave tries back: %+v", sent)
	}
	b.again()
	try, _ = b.try(kiosk.ByPhone, h.phone, h.pin) // nor does a new try
	h.code(try, kiosk.SMS)
	if s := h.enter(try, "000000"); s.Refusal != signin.CodeWrong || s.TriesLeft != 1 {
		t.Errorf("got %+v", s)
	}
	// Codes and PINs count apart.
	if h.try("000000") || h.try("000000") || scalar[int](b, `select code_wrong from centre.sign_in where key = $1`, h.register) != 2 {
		t.Error("wrong PINs count as wrong codes")
	}
	if s := h.enter(try, "000000"); s.Refusal != signin.Over || s.TriesLeft != 0 {
		t.Errorf("got %+v", s)
	}
	if h.state() != "blocked" || !slices.Equal(h.notices(), []string{"blocked email", "blocked sms"}) {
		t.Errorf("the key is %s, the holder was told %v", h.state(), h.notices())
	}
	if s := h.enter(try, "123456"); s.Refusal != signin.Over || h.try(h.pin) {
		t.Errorf("a blocked key let somebody in: %+v", s)
	}
}

// A code that went to a contact signs nobody in once that contact is the holder's no more.
func TestCodes_OfTheContactBefore(t *testing.T) {
	b := newBench(t)
	for _, cause := range []string{"phone", "email"} {
		h := b.holder()
		try, _ := b.try(kiosk.ByPhone, h.phone, h.pin)
		h.code(try, kiosk.SMS)
		b.check(pgx.BeginFunc(b.Context(), b.admin, func(tx pgx.Tx) error {
			_, err := tx.Exec(b.Context(), `select internal.change_key($1, $2, 'request')`, h.register, cause)
			if err == nil {
				_, err = tx.Exec(b.Context(), `insert into centre.key_record (key, version, record) select register, version, 'x' from centre.key where register = $1`, h.register)
			}
			return err
		}))
		if s := h.enter(try, "123456"); s.Refusal != signin.Ended {
			t.Errorf("%s: %+v", cause, s)
		}
		if try, right := b.try(kiosk.ByPhone, h.phone, h.pin); !right {
			t.Errorf("%s: the next try %s is wrong", cause, try)
		}
	}
}

func TestCodes_Limits(t *testing.T) {
	b := newBench(t)
	h := b.holder()
	try, _ := b.try(kiosk.ByPhone, h.phone, h.pin)
	for i := range 4 {
		if sent := h.code(try, kiosk.SMS); sent.Refusal != "" || sent.SendsLeft != 3-i {
			t.Fatalf("send %d: %+v", i, sent)
		}
	}
	again, _ := b.try(kiosk.ByPhone, h.phone, h.pin)
	if sent := h.code(again, kiosk.SMS); sent.Refusal != signin.ResendsUsed {
		t.Errorf("a fifth code within the window, in another try: %+v", sent)
	}
	if sent := h.code(again, kiosk.Email); sent.Refusal != "" {
		t.Errorf("on the other channel: %+v", sent)
	}
	h.later(6 * time.Minute)
	if s := h.enter(try, "123456"); s.Refusal != signin.CodeExpired || s.TriesLeft != 3 {
		t.Errorf("a code after six minutes: %+v", s)
	}
	h.later(10 * time.Minute)
	if s := h.enter(try, "123456"); s.Refusal != signin.Ended {
		t.Errorf("a try after a quarter of an hour: %+v", s)
	}
	b.exec(`update centre.destination set allowed = false`)
	late, _ := b.try(kiosk.ByPhone, h.phone, h.pin)
	if sent := h.code(late, kiosk.SMS); sent.Refusal != signin.DestinationOff {
		t.Errorf("to where nothing is sent: %+v", sent)
	}
}

// A try said again is the same try; with another name it is none.
func TestPIN_Again(t *testing.T) {
	b := newBench(t)
	h, other := b.holder(), b.holder()
	try := signin.Try{ID: newID(), By: kiosk.ByPhone, Name: h.phone, PIN: []byte("000000")}
	for range 5 {
		if a, err := b.checker.PIN(b.Context(), try); err != nil || a.Right {
			t.Fatalf("got %+v, %v", a, err)
		}
	}
	try.PIN = []byte(h.pin)
	if a, _ := b.checker.PIN(b.Context(), try); a.Right {
		t.Error("a try that was wrong is right with another PIN")
	}
	if n := scalar[int](b, `select pin_wrong from centre.sign_in where key = $1`, h.register); n != 1 {
		t.Errorf("one try counts %d times", n)
	}
	try.Name = other.phone
	if _, err := b.checker.PIN(b.Context(), try); !errors.Is(err, signin.ErrConflict) {
		t.Errorf("with another name: %v", err)
	}
	if _, err := b.checker.SendCode(b.Context(), newID(), newID(), kiosk.SMS, "pt"); !errors.Is(err, signin.ErrUnknown) {
		t.Errorf("a code for no try: %v", err)
	}
}

// Over capacity nothing is counted.
func TestPIN_ErrBusy(t *testing.T) {
	b := newBench(t)
	h := b.holder()
	small := newHasher(t, pepper, 1, 0)
	place, err := small.Reserve()
	b.check(err)
	defer place.Leave()
	full := signin.New(b.login, small)
	if _, err := full.PIN(b.Context(), signin.Try{ID: newID(), By: kiosk.ByPhone, Name: h.phone, PIN: []byte(h.pin)}); !errors.Is(err, signin.ErrBusy) {
		t.Errorf("got %v", err)
	}
	if n := scalar[int](b, `select count(*) from centre.sign_in_try`); n != 0 {
		t.Error("a try was counted that nobody made")
	}
}

// A PIN that is right is hashed anew where the settings changed, and a registrar is told; the hash stays until then.
func TestRehash(t *testing.T) {
	b := newBench(t)
	h := b.holder()
	before := scalar[string](b, `select pin_hash from centre.key where register = $1`, h.register)
	// Where the cost is today's there is nothing to hash anew: whoever signs people in puts no other PIN there.
	try := signin.Try{ID: newID(), By: kiosk.ByPhone, Name: h.phone, PIN: []byte(h.pin)}
	if a, err := b.checker.PIN(b.Context(), try); err != nil || !a.Right {
		t.Fatalf("got %+v, %v", a, err)
	}
	if _, err := b.login.Exec(b.Context(), `select login.rehash($1, $2, 7168, 1, $3, $4)`, try.ID, make([]byte, 16), scalar[int](b, `select internal.setting('pin_hash_lanes')`),
		make([]byte, 32)); err == nil || !strings.Contains(err.Error(), "BK005") {
		t.Errorf("another hash at the same cost: %v", err)
	}
	b.set("pin_hash_passes", 2)
	h.try("000000")
	a, err := b.checker.PIN(b.Context(), signin.Try{ID: newID(), By: kiosk.ByPhone, Name: h.phone, PIN: []byte(h.pin)})
	if err != nil || !a.Right || len(a.Hashes) != 2 {
		t.Fatalf("got %+v, %v", a, err)
	}
	if jobs := scalar[int](b, `select count(*) from centre.job where kind = 'rehash'`); jobs != 1 {
		t.Errorf("%d jobs", jobs)
	}
	anew := scalar[string](b, `select pin_hash from centre.pin_rehash where key = $1`, h.register)
	hash, err := signin.ParseHash(anew)
	if err != nil || hash.Passes != 2 || !matches(t, pepper, anew, "UKR:document:"+h.document[4:], h.pin) {
		t.Errorf("hashed anew as %+v, %v", hash.Cost, err)
	}
	if scalar[string](b, `select pin_hash from centre.key where register = $1`, h.register) != before {
		t.Error("the hash was exchanged without a record")
	}
}

// Who may call what: the sign-in service nothing but schema login, and nobody is told a hash.
func TestLoginRole(t *testing.T) {
	b := newBench(t)
	h := b.holder()
	for _, sql := range []string{`select pin_hash from centre.key`, `select internal.pin_parts('x')`, `select registrar.settings()`, `select desk.hello('')`,
		`select * from centre.sign_in`, `do $$ begin end $$`, `create temporary table x ()`} {
		if _, err := b.login.Exec(b.Context(), sql); err == nil {
			t.Errorf("the sign-in service may: %s", sql)
		}
	}
	digest := scalar[[]byte](b, `select digest from internal.pin_parts((select pin_hash from centre.key where register = $1))`, h.register)
	try := newID()
	for _, sql := range []string{`select b::text from login.begin($1, 'phone', $2) b`, `select p::text from login.pin($1, convert_to($2, 'UTF8') || '\x0000000000') p`} {
		var text string
		b.check(b.login.QueryRow(b.Context(), sql, try, h.phone).Scan(&text))
		if len(text) == 0 || slices.Contains([]string{text}, fmt.Sprintf("%x", digest)) {
			t.Error("a hash left the database")
		}
	}
}
