package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"balcao/kiosk/central"
	"balcao/kiosk/central/cluster"
	"balcao/kiosk/central/schema"
	"balcao/kiosk/kiosktest"
)

// The attacks are those of one desk's stolen certificate, with nobody present, on a centre that runs as a process.
const (
	opensAllowed = 100
	codesAllowed = 50
	atOnce       = 32        // connections, the most that a desk has
	mostMemory   = 128 << 20 // of the process, in bytes
	mostWAL      = 4 << 20
)

// attack is a centre and its thief.
type attack struct {
	*testing.T
	site  site
	url   string
	pid   int
	admin *pgxpool.Pool
	thief []*http.Client // each a connection
	other *http.Client   // another desk's

	shifts [2]uuid.UUID // a clerk is signed in at the stolen desk still, and one at the other
}

func newAttack(t *testing.T) *attack {
	t.Helper()
	db := cluster.NewDatabase(t)
	for name, value := range map[string]int{"desk_opens_per_hour": opensAllowed, "desk_codes_per_hour": codesAllowed} {
		if err := schema.Set(t.Context(), db.Admin(), name, value); err != nil {
			t.Fatal(err)
		}
	}
	a := &attack{T: t, site: goodSite(t, db.Centre(), "")}
	p, url := start(t, a.site)
	a.url, a.pid = url, p.Cmd.Process.Pid
	var err error
	if a.admin, err = pgxpool.New(t.Context(), db.Admin()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.admin.Close)
	stolen, own := db.Desk("stolen"), db.Desk("loja_2")
	for range atOnce {
		a.thief = append(a.thief, a.site.client(&stolen))
	}
	a.other = a.site.client(&own)
	if err := kiosktest.Employ(t.Context(), a.admin, kiosktest.Clerks...); err != nil {
		t.Fatal(err)
	}
	for i, certificate := range []tls.Certificate{stolen, own} {
		desk, err := central.Dial(central.Config{URLs: []string{url}, Certificate: certificate, Roots: a.site.roots, Timeout: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(desk.Close)
		shift, err := kiosktest.SignIn(t.Context(), desk, kiosktest.Clerks[i])
		if err != nil {
			t.Fatal(err)
		}
		a.shifts[i] = shift.ID
	}
	return a
}

// put makes a call and returns its status, and the code of a problem or the refusal. A desk that is too busy comes again
// at once, as a thief does.
func (a *attack) put(ctx context.Context, c *http.Client, path, body string) (status int, word string, err error) {
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodPut, a.url+path, strings.NewReader(body))
		if err != nil {
			return 0, "", err
		}
		r.Header.Set("Content-Type", central.MediaJSON)
		answer, err := c.Do(r)
		if err != nil {
			return 0, "", err
		}
		text, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if err != nil {
			return 0, "", err
		}
		var said struct{ Code, Refusal string }
		if len(text) > 0 {
			if err := json.Unmarshal(text, &said); err != nil {
				return 0, "", err
			}
		}
		if said.Code != central.FailedBusy && said.Code != central.FailedUnavailable {
			return answer.StatusCode, said.Code + said.Refusal, nil
		}
	}
}

// all makes calls 0 to n-1 with all of the thief's connections and returns how often each answer came.
func (a *attack) all(n int, call func(i int) (path, body string)) map[string]int {
	var mu sync.Mutex
	answers := map[string]int{}
	var next atomic.Int64
	var working sync.WaitGroup
	for _, c := range a.thief {
		working.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				path, body := call(i)
				status, word, err := a.put(a.Context(), c, path, body)
				mu.Lock()
				answers[strings.TrimSpace(fmt.Sprint(status, " ", word))]++
				mu.Unlock()
				if err != nil {
					a.Error(err)
					return
				}
			}
		})
	}
	working.Wait()
	return answers
}

func (a *attack) scalar(sql string, args ...any) (n int64) {
	a.Helper()
	if err := a.admin.QueryRow(a.Context(), sql, args...).Scan(&n); err != nil {
		a.Fatal(err)
	}
	return n
}

func (a *attack) wal() int64 { return a.scalar(`select pg_current_wal_lsn() - '0/0'::pg_lsn`) }

// memory is the most that the process ever had.
func (a *attack) memory() int64 {
	a.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", a.pid))
	if err != nil {
		a.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if kB, is := strings.CutPrefix(line, "VmHWM:"); is {
			n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(kB), " kB"), 10, 64)
			if err != nil {
				a.Fatal(err)
			}
			return n << 10
		}
	}
	a.Fatal("the process does not say how much memory it had")
	return 0
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func enrolment() string { return "/v1/enrolments/" + newID() }

func person(shift uuid.UUID, number int) string {
	return fmt.Sprintf(`{"document_kind":"citizen-card","country":"PRT","civil_number":"%08d","shift":"%s"}`, number, shift)
}

// enrol has the other desk open an enrolment and send a code, and returns how long that took.
func (a *attack) enrol(number int) time.Duration {
	a.Helper()
	began, path := time.Now(), enrolment()
	for _, call := range [][2]string{
		{path, person(a.shifts[1], number)},
		{path + "/codes/" + newID(), fmt.Sprintf(`{"channel":"email","value":"p%d@balcao.example","language":"pt"}`, number)},
	} {
		if status, word, err := a.put(a.Context(), a.other, call[0], call[1]); err != nil || status != 200 || word != "" {
			a.Fatalf("the other desk: %d %s %v", status, word, err)
		}
	}
	return time.Since(began)
}

// TestAskingAboutPeople: 2,000 people are asked about; exactly as many answers come as a desk has an hour. Meanwhile
// another desk's codes are queued within 2 s each.
func TestAskingAboutPeople(t *testing.T) {
	a := newAttack(t)
	const people = 2000
	wal, done := a.wal(), make(chan struct{})
	var waited []time.Duration
	var beside sync.WaitGroup
	beside.Go(func() {
		for n := 0; n < 20; n++ {
			waited = append(waited, a.enrol(90000000+n))
			select {
			case <-done:
				return
			default:
			}
		}
	})
	answers := a.all(people, func(i int) (string, string) { return enrolment(), person(a.shifts[0], 10000000+i) })
	close(done)
	beside.Wait()
	if answers["200"] != opensAllowed || answers["429 too_many"] != people-opensAllowed {
		t.Errorf("answers: %v, want %d and %d too many", answers, opensAllowed, people-opensAllowed)
	}
	if got := a.scalar(`select count(*) from centre.enrolment where desk = 'stolen'`); got != opensAllowed {
		t.Errorf("%d enrolments, want %d", got, opensAllowed)
	}
	a.prompt(waited)
	a.bounded(wal, waited)
}

// prompt checks how long the other desk waited: 2 s at most as a rule, since thief and centre share the processor here.
func (a *attack) prompt(waited []time.Duration) {
	a.Helper()
	sorted := slices.Sorted(slices.Values(waited))
	if usual, longest := sorted[len(sorted)/2], sorted[len(sorted)-1]; usual > 2*time.Second || longest > 10*time.Second {
		a.Errorf("the other desk waited %v, usually %v", longest, usual)
	}
}

// bounded checks what the attack cost.
func (a *attack) bounded(walBefore int64, waited []time.Duration) {
	a.Helper()
	wal, memory := a.wal()-walBefore, a.memory()
	a.Logf("WAL %d KB, memory of the centre %d MB, the other desk waited %v", wal>>10, memory>>20, waited)
	if wal > mostWAL {
		a.Errorf("%d MB of WAL", wal>>20)
	}
	if memory > mostMemory {
		a.Errorf("%d MB of memory", memory>>20)
	}
}

// TestSendingCodes: as many codes are queued as a desk has an hour, whatever it asks.
func TestSendingCodes(t *testing.T) {
	a := newAttack(t)
	var open []string
	for i := range 40 {
		path := enrolment()
		if status, word, err := a.put(t.Context(), a.thief[0], path, person(a.shifts[0], 20000000+i)); err != nil || status != 200 {
			t.Fatal(status, word, err)
		}
		open = append(open, path)
	}
	wal := a.wal()
	answers := a.all(1000, func(i int) (string, string) {
		return open[i%len(open)] + "/codes/" + newID(), fmt.Sprintf(`{"channel":"sms","value":"+3519120%05d","language":"pt"}`, i)
	})
	if answers["200"] != codesAllowed {
		t.Errorf("answers: %v, want %d", answers, codesAllowed)
	}
	if got := a.scalar(`select count(*) from centre.one_time_code`); got != codesAllowed {
		t.Errorf("%d codes, want %d", got, codesAllowed)
	}
	a.bounded(wal, []time.Duration{a.enrol(90000000)})
}

// TestHoldingOn: the thief holds all it can, bodies that do not come, streams that are not read, and idle connections;
// the other desk does not notice.
func TestHoldingOn(t *testing.T) {
	a := newAttack(t)
	stolen := a.thief[0].Transport.(*http.Transport).TLSClientConfig
	address := strings.TrimPrefix(a.url, "https://")
	var held []*tls.Conn
	for i := range 400 {
		c, err := tls.Dial("tcp", address, stolen)
		if err != nil {
			continue // the centre closed it
		}
		defer c.Close()
		head := []string{
			"PUT " + enrolment() + "/evidence HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 540000\r\n\r\n{",
			"GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n",
			"POST /v1/hello HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
			"POST /v1/hello HTTP/1.1\r\n",
		}[i%4]
		if _, err := io.WriteString(c, head); err == nil {
			held = append(held, c)
		}
	}
	wal := a.wal()
	var waited []time.Duration
	for n := range 10 {
		waited = append(waited, a.enrol(90000000+n))
	}
	a.prompt(waited)
	if len(held) == 0 {
		t.Error("the thief held nothing")
	}
	if got := a.scalar(`select count(*) from pg_stat_activity where usename = 'balcao_centre' and datname = current_database()`); got > 17 {
		t.Errorf("%d backends", got)
	}
	a.bounded(wal, waited)
}
