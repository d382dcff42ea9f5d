package model_test

import (
	"crypto/ed25519"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"balcao/kiosk"
	"balcao/kiosk/record"
)

var (
	steps = flag.Int("model.steps", 2000, "how many steps")
	first = flag.Uint64("model.seed", 1, "of the first sequence; each of the next is one more")
)

// length is of one sequence: each has a centre of its own, so that what fails is repeated soon.
const length = 2000

// TestModel has desks do at random all that they can do, with registrars that are killed, doors that close and days that go by,
// and compares the centre with the model after each step, and the tables with the log.
func TestModel(t *testing.T) {
	began := time.Now()
	for done, seed := 0, *first; done < *steps; done, seed = done+length, seed+1 {
		if !t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			r := newRun(t, seed)
			for n := range min(length, *steps-done) {
				r.step()
				if n%500 == 499 {
					r.clean()
				}
			}
			r.clean()
			t.Logf("%d steps: %d keys, %d messages, %d registrars were killed", len(r.steps), len(r.keys), len(r.had), r.kills)
		}) {
			return
		}
	}
	t.Logf("%.0f steps a second", float64(*steps)/time.Since(began).Seconds())
}

func (r *run) clean() {
	if found := r.audit(); found != "[]" {
		r.fail("the audit finds %s", found)
	}
}

// compare compares messages and keys with what the model says of them. A registrar that has just started may be about to tell
// what the others would.
func (r *run) compare() {
	r.t.Helper()
	want := r.expected
	r.expected = nil
	slices.Sort(want)
	var got []letter
	for deadline := time.Now().Add(5 * time.Second); ; r.settled() {
		r.mu.Lock()
		got = append(got, r.letters...)
		r.letters = nil
		r.mu.Unlock()
		var about []string
		for _, l := range got {
			about = append(about, l.about)
		}
		slices.Sort(about)
		if slices.Equal(about, want) {
			break
		} else if time.Now().After(deadline) || len(about) > len(want) {
			r.fail("messages: the centre sent\n\t%s\nthe model says\n\t%s", strings.Join(about, "\n\t"), strings.Join(want, "\n\t"))
		}
	}
	for _, l := range got {
		r.read(l)
	}
	for _, k := range r.keys { // a letter's code is nowhere but on paper
		if a := k.activation; a != nil && a.channel == kiosk.Letter && a.code == "" {
			a.code = activationCode(r, k)
		}
	}
	r.compareKeys()
}

// read keeps the code that a message brings.
func (r *run) read(l letter) {
	fields := strings.Fields(l.about)
	switch occasion := fields[2]; {
	case occasion == "code" || occasion == "activation":
		r.awaits(l.code)
	case l.code != "":
		i := slices.IndexFunc(r.keys, func(k *key) bool { return fmt.Sprint(k.register) == fields[3] })
		r.notMe = append(r.notMe, &notMe{key: r.keys[i], code: l.code, made: now()})
		r.ends(notMeLife)
	}
}

func (r *run) compareKeys() {
	r.t.Helper()
	rows, err := r.Admin.Query(r.ctx, `select k.register, k.state, k.version, k.valid_until, k.pin_hash, x.record,
			(select coalesce(json_object_agg(c.channel, c.value), '{}') from centre.key_contact c where c.key = k.register),
			coalesce(s.pin_wrong, 0), coalesce(s.lock_step, 0), coalesce(s.code_wrong, 0), s.locked_until is not null,
			(select count(*) from centre.key_event e where e.key = k.register), (select count(*) from centre.notice n where n.key = k.register)
		from centre.key k left join centre.sign_in s on s.key = k.register
			left join centre.key_record x on x.key = k.register and x.version = k.version order by k.register`)
	r.check(err)
	defer rows.Close()
	n := 0
	for rows.Next() {
		var register int64
		var state, hash string
		var version, pinWrong, locks, codeWrong, events, notices int
		var until time.Time
		var jws, contacts []byte
		var locked bool
		r.check(rows.Scan(&register, &state, &version, &until, &hash, &jws, &contacts, &pinWrong, &locks, &codeWrong, &locked, &events, &notices))
		i := slices.IndexFunc(r.keys, func(k *key) bool { return k.register == register })
		if i < 0 {
			r.fail("key %d is not the model's", register)
		}
		k := r.keys[i]
		var has map[kiosk.Channel]string
		r.check(json.Unmarshal(contacts, &has))
		got := fmt.Sprint(state, " v", version, " until ", until.Format(time.DateOnly), has, " wrong PINs ", pinWrong, " locks ", locks, " wrong codes ", codeWrong, " locked ", locked, " events ", events, " notices ", notices)
		want := fmt.Sprint(k.state, " v", k.version, " until ", k.until.Format(time.DateOnly), k.contacts, " wrong PINs ", k.pinWrong, " locks ", k.locks, " wrong codes ", k.codeWrong, " locked ", !k.lockedUntil.IsZero(), " events ", k.events, " notices ", k.notices)
		is(r, fmt.Sprintf("key %d", register), got, want)
		if r.records[register] != version {
			r.records[register] = version
			r.signed(k, jws, hash)
		}
		n++
	}
	r.check(rows.Err())
	is(r, "keys", n, len(r.keys))
}

// signed compares the record of a key that a registrar signed.
func (r *run) signed(k *key, jws []byte, hash string) {
	r.t.Helper()
	got, err := record.Verify(jws, r.Records.Public().(ed25519.PublicKey))
	r.check(err)
	state := "active"
	if k.state == "pending" {
		state = k.state
	}
	contacts := map[kiosk.Channel]string{}
	for _, c := range got.Contacts {
		contacts[kiosk.Channel(c.Channel)] = c.Value
	}
	is(r, "the record's key", fmt.Sprint(got.Register, got.Version, got.State, got.ValidUntil, got.TaxNumber, got.Person.GivenNames),
		fmt.Sprint(k.register, k.version, state, k.until.Format(time.DateOnly), k.nif, k.of.name))
	is(r, "the record has the PIN's hash", got.HasPIN(hash), true)
	is(r, "the record's contacts", maps.Equal(contacts, k.contacts), true)
}
