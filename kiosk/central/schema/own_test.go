package schema_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// said reads one value of the login service, or the code of its refusal.
func (b loginBench) said(sql string, args ...any) string {
	b.tb.Helper()
	got, err := ask[string](b.tb, b.login, `select coalesce((`+sql+`)::text, '')`, args...)
	if err != nil {
		return word("", err)
	}
	return got
}

// What holders see and do on the web: each needs a sign-in that stands, has the answer of before when it is repeated, is told to
// the holder, and is an event with a leaf.
func TestOwnKey(t *testing.T) {
	t.Parallel()
	b := newLoginBench(t)
	_, register := b.desk.enrol(citizen(), zeferina)
	_, other := b.desk.enrol(citizen(), name{"Outrem", "Gil", "1980-01-01"})
	try := b.webTry(register)
	var key struct {
		State, Level string
		Contacts     []struct{ Channel, Masked string }
		History      []struct{ Cause, Desk string }
	}
	if err := json.Unmarshal([]byte(b.said(`select login.own_key($1)`, try)), &key); err != nil || key.State != "active" || key.Level != "high" ||
		len(key.Contacts) != 1 || !strings.Contains(key.Contacts[0].Masked, "•••") || len(key.History) != 1 || key.History[0].Cause != "enrol" || key.History[0].Desk != "loja_1" {
		t.Errorf("%v %+v", err, key)
	}
	if got := b.said(`select login.stored($1)`, try); !strings.Contains(got, "Zeferina") || strings.Contains(got, "Outrem") || strings.Contains(got, "argon2id") {
		t.Errorf("stored: %s", got)
	}
	cost := `$2, '\x000102030405060708090a0b0c0d0e0f', (login.settings() ->> 'pin_hash_memory_kib')::integer, (login.settings() ->> 'pin_hash_passes')::integer,
		(login.settings() ->> 'pin_hash_lanes')::integer, sha256('x')`
	acts := map[string]string{"freeze": `select login.freeze($1, $2)`, "end": `select login.end_key($1, $2)`, "pin": `select login.change_pin($1, ` + cost + `)`}
	old := b.webTry(register)
	b.exec(`update centre.sign_in_try set signed_at = signed_at - interval '301 seconds' where id = $1`, old)
	stale := b.webTry(register)
	b.exec(`update centre.sign_in_try set epoch = 0 where id = $1`, stale)
	for kind, sql := range acts {
		for what, try := range map[string]uuid.UUID{"stale": stale, "nobody's": newID(), "not fresh": old} {
			if kind == "freeze" && what == "not fresh" {
				continue
			}
			if got := b.said(sql, try, newID()); got != "BK019" {
				t.Errorf("%s, %s: %q", kind, what, got)
			}
		}
	}
	for _, sql := range []string{`select login.own_key($1)`, `select login.stored($1)`, `select (login.new_pin($1)).subject`} {
		if got := b.said(sql, stale); got != "BK019" {
			t.Errorf("%s: %q", sql, got)
		}
	}
	if got := b.said(`select (login.new_pin($1)).subject`, old); got != "BK019" {
		t.Errorf("another PIN, not fresh: %q", got)
	}
	if got := b.said(`select login.freeze($1, $2, 'wrong_pins')`, try, newID()); got != "BK005" {
		t.Errorf("a reason of another cause: %q", got)
	}

	// Another PIN waits for the registrar.
	id := newID()
	if first, again, second := b.said(acts["pin"], try, id), b.said(acts["pin"], try, id), b.said(acts["pin"], try, newID()); first != "" || again != "" || second != "waiting" {
		t.Errorf("another PIN: %q, again %q, one more %q", first, again, second)
	}
	if got := b.said(acts["end"], try, id); got != "BK004" {
		t.Errorf("the identifier of another act: %q", got)
	}
	if got := b.said(`select login.change_state($1)`, id); got != "queued" {
		t.Errorf("it is %q", got)
	}
	signs := `select coalesce(x.version, 0) from (select a.*, case when a.register is not null then registrar.record(a.register, a.version, 'record') end
		from registrar.own_act($1, $2, '', '', now()) a offset 0) x`
	if got := must(ask[int](t, b.registrar, signs, id, 1))(t); got != 2 {
		t.Errorf("version %d", got)
	}
	if got := b.said(`select login.change_state($1)`, id); got != "done" {
		t.Errorf("it is %q", got)
	}
	if got := scalar[string](b.bench, `select concat_ws(' ', k.state, e.cause, e.reason, e.desk, (select count(*) from centre.notice n where n.event = e.id and n.kind = 'notice_pin'),
		(select count(*) from centre.log_leaf l where l.kind = 'key_event' and l.row = e.id::text), (select count(*) from centre.own_act where pin_hash is not null), k.pin_hash = internal.pin_text(
			internal.setting('pin_hash_memory_kib'), internal.setting('pin_hash_passes'), internal.setting('pin_hash_lanes'), '\x000102030405060708090a0b0c0d0e0f', sha256('x')))
		from centre.key k join centre.key_event e on e.id = internal.newest_event(k.register) where k.register = $1`, register); got != "active pin request 1 1 0 t" {
		t.Errorf("another PIN: %s", got)
	}
	// One that is overtaken comes to nothing.
	try, id = b.webTry(register), newID()
	if got := b.said(acts["pin"], try, id); got != "" {
		t.Fatal(got)
	}
	if got := b.said(acts["freeze"], try, newID()); got != "suspended" {
		t.Errorf("frozen: %q", got)
	}
	if got := must(ask[int](t, b.registrar, signs, id, 2))(t); got != 0 || b.said(`select login.change_state($1)`, id) != "failed" {
		t.Errorf("a PIN of a frozen key: version %d", got)
	}

	// The key of somebody else: frozen, said twice; ended.
	try, id = b.webTry(other), newID()
	for range 2 {
		if got := b.said(acts["freeze"], try, id); got != "suspended" {
			t.Errorf("frozen: %q", got)
		}
	}
	if got := b.said(acts["freeze"], try, newID()); got != "BK019" {
		t.Errorf("signed in after it: %q", got)
	}
	_, third := b.desk.enrol(citizen(), name{"Terceiro", "Rui", "1980-01-01"})
	try, id = b.webTry(third), newID()
	counts := atOnce(8, func(int) string { return b.said(acts["end"], try, id) })
	if n := scalar[int](b.bench, `select count(*) from centre.key_event where key = $1 and cause = 'cancel'`, third); n != 1 || counts["cancelled"] == 0 {
		t.Errorf("ended %d times: %v", n, counts)
	}
	if got := scalar[string](b.bench, `select string_agg(kind, ' ' order by key, id) from centre.notice where key in ($1, $2)`, other, third); got != "notice_suspended notice_cancelled" {
		t.Errorf("told: %s", got)
	}
	b.exec(`update centre.own_act set at = at - interval '2 days'`)
	must(ask[int](t, b.registrar, `select registrar.expire()`))(t)
	if n := scalar[int](b.bench, `select count(*) from centre.own_act`); n != 0 {
		t.Errorf("%d acts after two days", n)
	}
}

// pending makes a pending key whose PIN's output is "right", with a code that was sent to a channel.
func (b loginBench) pending(channel, value string) (who person, register int64) {
	b.tb.Helper()
	who = citizen()
	register = b.apply(b.desk.later(who, channel, value), who, "").Register
	b.exec(fmt.Sprintf(`set session_replication_role = replica; update centre.key set pin_hash = internal.pin_text(7168, 1, 1, '\x000102030405060708090a0b0c0d0e0f', 'right-right-right')
		where register = %d; reset session_replication_role`, register))
	b.made(register, rightCode)
	if channel == "letter" {
		b.exec(`update centre.activation set expires_at = now() + interval '1 day' where key = $1`, register)
	}
	return who, register
}

// begin tries a PIN of a pending key.
func (b loginBench) begin(kind, value, output, source string) (try uuid.UUID, outcome string) {
	b.tb.Helper()
	try = newID()
	if got := b.said(`select 'shown ' || (x.salt is not null) from login.begin($1, $2, $3, nullif($4, '')::bytea, true) x`, try, kind, value, source); got != "shown true" {
		b.tb.Fatalf("begin: %s", got)
	}
	outcome = b.said(`select outcome from login.pin($1, $2)`, try, []byte(output))
	b.said(`select login.settle($1)::text`, try)
	return try, outcome
}

// A pending key on the web: found by each of its names, behind its PIN only; wrong codes are counted; what is proven is no
// other person's.
func TestWebActivation(t *testing.T) {
	t.Parallel()
	b := newLoginBench(t)
	b.unhurried()
	const right = "right-right-right"
	number := phone()
	who, register := b.pending("sms", number)
	letter, posted := b.pending("letter", "")
	activation := func(try uuid.UUID, code string) string {
		return b.said(`select concat_ws(' ', refusal, tries_left, needs_contact) from login.activation($1, $2, $3, 'net')`, newID(), try, code)
	}
	for kind, value := range map[string]string{"phone": number, "passport": "PRT:" + who.Civil, "register": fmt.Sprint(register)} {
		if _, got := b.begin(kind, value, right, ""); got != "code" {
			t.Errorf("by %s: %s", kind, got)
		}
	}
	try, outcome := b.begin("phone", number, "wrong-wrong-wrong", "")
	if got := activation(try, rightCode); outcome != "no" || got != "code_wrong" {
		t.Errorf("behind a wrong PIN: %s, %s", outcome, got)
	}
	try, outcome = b.begin("phone", phone(), right, "")
	if got := activation(try, rightCode); outcome != "no" || got != "code_wrong" {
		t.Errorf("of nobody: %s, %s", outcome, got)
	}
	_, active := b.desk.enrol(citizen(), zeferina)
	if _, got := b.begin("register", fmt.Sprint(active), right, ""); got != "no" {
		t.Errorf("an active key: %s", got)
	}
	try, _ = b.begin("phone", number, right, "")
	for what, sql := range map[string]string{
		"a code to sign in with": `select refusal from login.send_code($1, gen_random_uuid(), 'sms', 'pt')`,
		"signing in":             `select refusal from login.code($1, gen_random_uuid(), '123456')`,
	} {
		if got := b.said(sql, try); got != "BK001" {
			t.Errorf("%s by a try of a pending key: %q", what, got)
		}
	}
	if got := b.said(`select person from login.holder($1)`, try); got != "BK019" {
		t.Errorf("who holds it: %q", got)
	}
	if got := b.said(`select refusal from login.activate($1, $2, $3)`, try, newID(), rightCode); got != "ended" {
		t.Errorf("activated without a code: %q", got)
	}
	if got := activation(try, wrongCode); got != "code_wrong 4" {
		t.Errorf("a wrong code: %s", got)
	}
	if got := activation(try, rightCode); got != "4 f" {
		t.Fatalf("the right code: %s", got)
	}
	act := newID()
	if got := b.said(`select refusal from login.activate($1, $2, $3)`, try, act, rightCode); got != "" {
		t.Fatalf("activate: %s", got)
	}
	signs := `select coalesce(x.version, 0) from (select a.*, case when a.register is not null then registrar.record(a.register, a.version, 'record') end
		from registrar.own_act($1, 1, 'sms', $2, now()) a offset 0) x`
	if got := must(ask[int](t, b.registrar, signs, act, number))(t); got != 2 {
		t.Errorf("version %d", got)
	}
	if got := scalar[string](b.bench, `select concat_ws(' ', k.state, c.value, e.cause, (select string_agg(n.kind || n.language, ' ') from centre.notice n where n.key = k.register),
		(select count(*) from centre.activation a where a.key = k.register and a.ended_at is null)) from centre.key k join centre.key_contact c on c.key = k.register
		join centre.key_event e on e.id = internal.newest_event(k.register) where k.register = $1`, register); got != "active "+number+" activate welcomezh-Hans 0" {
		t.Errorf("activated: %s", got)
	}

	// By post: a contact, which is not somebody else's.
	try, _ = b.begin("passport", "PRT:"+letter.Civil+"0", right, "")
	prove := func(value string) string {
		t.Helper()
		send := newID()
		if got := b.said(`select refusal from login.activation_contact($1, $2, 'sms', $3, 'pt')`, try, send, value); got != "" {
			return got
		}
		b.long(`select registrar.sign_in_code_ready($1, $2, $3)`, send, "123456")
		if got := b.said(`select refusal from login.activation_code($1, $2, '000000')`, try, newID()); got != "code_wrong" {
			t.Errorf("a wrong code: %s", got)
		}
		return b.said(`select refusal from login.activation_code($1, $2, '123456')`, try, newID())
	}
	if got := prove(phone()); got != "ended" {
		t.Errorf("a contact before the code: %q", got)
	}
	if got := activation(try, rightCode); got != "5 t" {
		t.Fatalf("the code of a letter: %s", got)
	}
	if got := prove(number); got != "taken" {
		t.Errorf("another's phone: %q", got)
	}
	if got := b.said(`select refusal from login.activate($1, $2, $3, '123456')`, try, newID(), rightCode); got != "ended" {
		t.Errorf("activated without a contact: %q", got)
	}
	if got := prove(phone()); got != "" {
		t.Errorf("a contact: %q", got)
	}
	act = newID()
	if got := b.said(`select refusal from login.activate($1, $2, $3, '123456')`, try, act, rightCode); got != "" {
		t.Errorf("activate: %q", got)
	}
	if got := must(ask[int](t, b.registrar, signs, act, number))(t); got != 0 || scalar[string](b.bench, `select state from centre.key where register = $1`, posted) != "pending" {
		t.Error("activated with a contact that nobody proved")
	}
	if got := b.said(`select login.change_state($1)`, act); got != "failed" {
		t.Errorf("it is %s", got)
	}

	// Wrong codes: of one activation, and from one network.
	b.set("web_codes_of_a_source", 8)
	value := phone()
	b.pending("sms", value)
	try, _ = b.begin("phone", value, right, "")
	var answers []string
	for range 8 {
		answers = append(answers, activation(try, wrongCode))
	}
	if got := strings.Join(answers, ","); got != "code_wrong 4,code_wrong 3,code_wrong 2,code_wrong 1,code_locked 0,BK011,BK011,BK011" {
		t.Errorf("wrong codes: %s", got)
	}
}

// "This was not me" on the web freezes the key; wrong codes are counted by network, and all together.
func TestWebNotMe(t *testing.T) {
	t.Parallel()
	b := newLoginBench(t)
	_, register := b.desk.enrol(citizen(), zeferina)
	b.exec(`select internal.change_key($1, 'lock', 'wrong_pins')`, register)
	b.long(`select registrar.notice_ready($1, $2, $3)`, scalar[uuid.UUID](b.bench, `select id from centre.notice`), rightCode)
	say := func(id uuid.UUID, code, source string) string {
		return b.said(`select concat_ws(' ', refusal, state) from login.not_me($1, $2, $3)`, id, code, []byte(source))
	}
	b.set("web_codes_of_a_source", 2)
	b.set("web_codes_in_all", 4)
	for source, want := range map[string]string{"a": "code_wrong code_wrong BK011"} {
		if got := strings.Join([]string{say(newID(), wrongCode, source), say(newID(), wrongCode, source), say(newID(), rightCode, source)}, " "); got != want {
			t.Errorf("from one network: %s", got)
		}
	}
	id := newID()
	for range 2 {
		if got := say(id, "abcde-23456", "b"); got != "suspended" {
			t.Errorf("the right code: %s", got)
		}
	}
	if got := say(newID(), rightCode, "b"); got != "code_wrong" {
		t.Errorf("a code that was used: %s", got)
	}
	if got := say(newID(), wrongCode, "c"); got != "code_wrong" {
		t.Errorf("from another network: %s", got)
	}
	if got := say(newID(), wrongCode, "d"); got != "BK011" {
		t.Errorf("from everywhere: %s", got)
	}
	b.exec(`update centre.long_code_try set at = at - interval '2 days'`)
	must(ask[int](t, b.registrar, `select registrar.expire()`))(t)
	if n := scalar[int](b.bench, `select count(*) from centre.long_code_try`); n != 0 {
		t.Errorf("%d tries after two days", n)
	}
}

// A network or a key that policy has wait is answered as a wrong PIN is, and nothing is counted.
func TestHeldSignIn(t *testing.T) {
	t.Parallel()
	b := newLoginBench(t)
	b.unhurried()
	number := phone()
	_, register := b.pending("sms", number)
	hold := func(per, subject string) {
		b.exec(`insert into centre.watch_hold (per, who, until) select $1, (internal.watch_names(now(), $1, $2))[1], now() + interval '1 hour'`, per, []byte(subject))
	}
	hold("source", "bad net")
	if _, got := b.begin("phone", number, "right-right-right", "bad net"); got != "no" {
		t.Errorf("from a network that waits: %s", got)
	}
	if _, got := b.begin("phone", number, "right-right-right", "good net"); got != "code" {
		t.Errorf("from another: %s", got)
	}
	hold("key", fmt.Sprint(register))
	if _, got := b.begin("phone", number, "right-right-right", "good net"); got != "no" {
		t.Errorf("a key that waits: %s", got)
	}
	for range 4 {
		b.begin("phone", number, "wrong-wrong-wrong", "good net")
	}
	if got := scalar[string](b.bench, `select pin_wrong || ' ' || (locked_until is null) from centre.sign_in where key = $1`, register); got != "0 true" {
		t.Errorf("what is not compared is counted: %s", got)
	}
	b.exec(`update centre.watch_hold set until = now()`)
	if _, got := b.begin("phone", number, "right-right-right", "bad net"); got != "code" {
		t.Errorf("afterwards: %s", got)
	}
}
