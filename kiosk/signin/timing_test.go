package signin_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"balcao/kiosk"
	"balcao/kiosk/signin"
)

// samples are how often each kind of identifier is tried, in turns, so that whatever slows the machine slows all of them.
const samples = 80

// times tries wrong PINs by kind of identifier and returns how long each answer took. before is called before each.
func (b *bench) times(names map[string]string, before func()) map[string][]time.Duration {
	b.Helper()
	took := map[string][]time.Duration{}
	for range samples {
		for kind, name := range names { // in another order each time
			before()
			try := signin.Try{ID: newID(), By: kiosk.ByPhone, Name: name, PIN: []byte("000000"), Pending: b.pending}
			began := time.Now()
			a, err := b.checker.PIN(b.Context(), try)
			took[kind] = append(took[kind], time.Since(began))
			if err != nil || a.Right {
				b.Fatalf("%s: got %+v, %v", kind, a, err)
			}
			b.checker.Wait()
		}
	}
	return took
}

// told returns the kinds whose median differs from that of unknown by more than chance: five standard errors of the
// difference, with those of medians estimated from the quartiles (π/2 · σ²/n, σ = quartile distance / 1.349), and at least
// a twentieth of a millisecond, which no network lets anybody see.
func told(took map[string][]time.Duration) (kinds []string) {
	median, variance := quartiles(took["unknown"])
	for kind, times := range took {
		m, v := quartiles(times)
		if math.Abs(m-median) > max(5*math.Sqrt(v+variance), float64(50*time.Microsecond)) {
			kinds = append(kinds, kind)
		}
	}
	slices.Sort(kinds)
	return kinds
}

func quartiles(times []time.Duration) (median, variance float64) {
	times = slices.Sorted(slices.Values(times))
	n := len(times)
	sigma := float64(times[3*n/4]-times[n/4]) / 1.349
	return float64(times[n/2]), math.Pi / 2 * sigma * sigma / float64(n)
}

// timed is a centre with one identifier of each kind.
func timed(t *testing.T) (b *bench, names map[string]string, anew func()) {
	b = newBench(t)
	known, suspended, locked := b.holder(), b.holder(), b.holder()
	for range 20 {
		b.holder()
	}
	b.exec(`analyze`)
	b.exec(`select internal.change_key($1, 'suspend', 'request')`, suspended.register)
	for range 3 {
		locked.try("000000")
	}
	names = map[string]string{"known": known.phone, "unknown": "+351969999999", "suspended": suspended.phone, "locked": locked.phone}
	return b, names, func() { // each try but the locked key's is the first of three
		b.exec(`update centre.sign_in set pin_wrong = 0, lock_step = 0 where followed is null and pin_wrong > 0`)
	}
}

// TestTiming: nobody can tell by the time of an answer whether an identifier is known, locked or suspended.
func TestTiming(t *testing.T) {
	b, names, anew := timed(t)
	var kinds []string
	for range 3 { // what chance says once it does not say three times
		took := b.times(names, anew)
		if kinds = told(took); len(kinds) == 0 {
			return
		}
		logTimes(t, took)
	}
	t.Errorf("their answers tell by their time: %v", kinds)
}

// TestTiming_Pending: nor whether a key waits for its activation.
func TestTiming_Pending(t *testing.T) {
	b := newBench(t)
	known, active := b.holder(), b.holder()
	for range 20 {
		b.holder()
	}
	b.exec(fmt.Sprintf(`set session_replication_role = replica;
		update centre.key set state = 'pending' where register = %[1]d; delete from centre.key_contact where key = %[1]d;
		insert into centre.activation (id, enrolment, key, channel, value, language) values (gen_random_uuid(), gen_random_uuid(), %[1]d, 'sms', '%[2]s', 'pt');
		reset session_replication_role; analyze`, known.register, known.phone))
	b.pending = true
	right := signin.Try{ID: newID(), By: kiosk.ByPhone, Name: known.phone, PIN: []byte(known.pin), Pending: true}
	if a, err := b.checker.PIN(t.Context(), right); err != nil || !a.Right || len(a.Channels) != 1 {
		t.Fatalf("the right PIN: %+v, %v", a, err)
	}
	names := map[string]string{"known": known.phone, "active": active.phone, "unknown": "+351969999999"}
	var kinds []string
	for range 3 {
		took := b.times(names, func() { b.exec(`update centre.sign_in set pin_wrong = 0, lock_step = 0`) })
		if kinds = told(took); len(kinds) == 0 {
			return
		}
		logTimes(t, took)
	}
	t.Errorf("their answers tell by their time: %v", kinds)
}

// TestTiming_Tells: the measure of TestTiming says no to a centre that takes a tenth of a second longer for those it knows.
func TestTiming_Tells(t *testing.T) {
	b, names, anew := timed(t)
	b.exec(`create function centre.dawdle() returns trigger language plpgsql as $$ begin perform pg_sleep(0.1); return new; end $$`)
	b.exec(`create trigger dawdle before insert on centre.sign_in_try for each row when (new.key > 0) execute function centre.dawdle()`)
	b.exec(`grant execute on function centre.dawdle() to public`)
	took := b.times(names, anew)
	if kinds := told(took); !slices.Equal(kinds, []string{"known", "locked", "suspended"}) {
		t.Errorf("a tenth of a second more for every key that there is, and what was noticed is %v", kinds)
		logTimes(t, took)
	}
}

func logTimes(t *testing.T, took map[string][]time.Duration) {
	for kind, times := range took {
		m, v := quartiles(times)
		t.Logf("%-9s median %v ± %v", kind, time.Duration(m), time.Duration(math.Sqrt(v)))
	}
}
