package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"balcao/kiosk"
	"balcao/kiosk/central"
)

// What the door allows one desk (kiosk/central/door).
const (
	bodiesOfDesk  = 16 // calls whose body is on its way or that wait for a place
	streamsOfDesk = 4
)

// answers counts what the centre said: "" to what passed.
type answers struct {
	mu   sync.Mutex
	said map[string]int
}

func (a *answers) add(word string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.said == nil {
		a.said = map[string]int{}
	}
	a.said[word]++
}

// to fills in an attack.
func (a *answers) to(r *Attack) {
	r.Passed = a.said[""]
	var list []string
	for _, word := range slices.Sorted(maps.Keys(a.said)) {
		if word != "" {
			list = append(list, fmt.Sprintf("%d %s", a.said[word], word))
		}
	}
	r.Said = strings.Join(list, ", ")
}

// peak counts what is held at the same time.
type peak struct {
	mu        sync.Mutex
	now, most int
}

func (p *peak) add(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now += n
	p.most = max(p.most, p.now)
}

// path fills a path of package central.
func path(pattern string, ids ...uuid.UUID) string {
	for _, id := range ids {
		begin, rest, _ := strings.Cut(pattern, "{")
		_, rest, _ = strings.Cut(rest, "}")
		pattern = begin + id.String() + rest
	}
	return pattern
}

// put makes a call again until the centre has an answer to it, which is "" when it passed, a refusal, or a problem's code.
func (a *attacker) put(ctx context.Context, path string, request any) string {
	body, _ := json.Marshal(request) // never fails
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodPut, a.base.String()+path, bytes.NewReader(body))
		if err != nil {
			return err.Error()
		}
		r.Header.Set("Content-Type", central.MediaJSON)
		answer, err := a.client.Do(r)
		if ctx.Err() != nil {
			return "not tried"
		} else if err != nil {
			continue // the connection was closed
		}
		var said struct{ Refusal, Code string }
		err = json.NewDecoder(io.LimitReader(answer.Body, 1<<16)).Decode(&said)
		_ = answer.Body.Close()
		switch {
		case err != nil:
			return "no JSON"
		case said.Code == central.FailedBusy || said.Code == central.FailedUnavailable:
			if sleep(ctx, 20*time.Millisecond) != nil {
				return "not tried"
			}
		default:
			return said.Refusal + said.Code
		}
	}
}

// number asks the database what the attacker cannot.
func (a *attacker) number(ctx context.Context, sql, arg string) (n int, err error) {
	err = a.admin.QueryRow(ctx, sql, arg).Scan(&n)
	return n, err
}

func (a *attacker) setting(ctx context.Context, name string) (int, error) {
	return a.number(ctx, `select value::integer from centre.setting where name = $1`, name)
}

// left is how many of a limit per hour the desk has not used before.
func (a *attacker) left(ctx context.Context, limit, used string) (int, error) {
	most, err := a.setting(ctx, limit)
	if err != nil {
		return 0, err
	}
	before, err := a.number(ctx, `select internal.`+used+`($1)`, a.stolen)
	return most - before, err
}

// somebody is the nth person who is not here.
func (a *attacker) somebody(n int) central.Person {
	return central.Person{Document: kiosk.CitizenCard, Country: "PRT", CivilNumber: fmt.Sprintf("%08d", 30_000_000+n), Shift: a.shifts.stolen}
}

// codes asks for codes to many numbers, in as many enrolments as the limit takes.
func (a *attacker) codes(ctx context.Context, r *Attack) (err error) {
	r.Tried = a.much.numbers
	if r.Limit, err = a.left(ctx, "desk_codes_per_hour", "fruitless_codes"); err != nil {
		return err
	}
	resends, err := a.setting(ctx, "code_resends")
	if err != nil {
		return err
	}
	enrolments := make([]uuid.UUID, r.Limit/(1+resends)+1)
	for i := range enrolments {
		enrolments[i] = uuid.Must(uuid.NewV7())
		if said := a.put(ctx, path(central.PathEnrolment, enrolments[i]), a.somebody(i)); said != "" {
			return fmt.Errorf("opening for codes: %s (a demonstration is attacked once an hour)", said)
		}
	}
	var said answers
	many(r.Tried, func(n int) {
		said.add(a.put(ctx, path(central.PathCode, enrolments[n%len(enrolments)], uuid.Must(uuid.NewV7())),
			central.CodeRequest{Channel: kiosk.SMS, Value: fmt.Sprintf("+35193%07d", n), Language: kiosk.Portuguese}))
	})
	said.to(r)
	return nil
}

// openings asks about people by opening enrolments for them.
func (a *attacker) openings(ctx context.Context, r *Attack) (err error) {
	r.Tried = a.much.people
	if r.Limit, err = a.left(ctx, "desk_opens_per_hour", "fruitless_opens"); err != nil {
		return err
	}
	var said answers
	many(r.Tried, func(n int) {
		said.add(a.put(ctx, path(central.PathEnrolment, uuid.Must(uuid.NewV7())), a.somebody(1000+n)))
	})
	said.to(r)
	return nil
}

// many does something so many times, as many at once as one desk may have connections, and some more wait.
func many(times int, do func(n int)) {
	var all sync.WaitGroup
	turns := make(chan struct{}, 40)
	for n := range times {
		turns <- struct{}{}
		all.Go(func() {
			do(n)
			<-turns
		})
	}
	all.Wait()
}

// Of connections and streams so many are tried at once; one that was closed is tried again after a pause.
const (
	grabbers   = 1500
	grabPause  = 200 * time.Millisecond
	countsHeld = time.Second // what is not answered for that long is held
)

// connections opens as many as it can get. Half say nothing at all; the others begin calls whose bodies never end.
func (a *attacker) connections(ctx context.Context, r *Attack) error {
	var silent, bodies peak
	r.Tried, r.Limit = a.grab(ctx, func(ctx context.Context, n int) {
		conn, err := elsewhere.DialContext(ctx, "tcp", a.base.Host)
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		held := &silent
		if n%2 == 1 {
			held = &bodies
			over := tls.Client(conn, a.config)
			if over.HandshakeContext(ctx) != nil {
				return
			}
			conn = over
			_, err = fmt.Fprintf(conn, "PUT %s HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\nContent-Length: 500000\r\n\r\n{",
				path(central.PathEvidence, uuid.Must(uuid.NewV7())), a.base.Host, central.MediaJSON)
			if err != nil {
				return
			}
		}
		hold(ctx, conn, held)
	}), bodiesOfDesk
	r.Passed, r.Said = bodies.most, fmt.Sprintf("%d silent connections at once", silent.most)
	return nil
}

// hold keeps a connection until the centre answers or closes it, and says a byte now and then.
func hold(ctx context.Context, conn net.Conn, held *peak) {
	one := make([]byte, 1)
	counted := 0
	defer func() { held.add(-counted) }()
	_, talks := conn.(*tls.Conn)
	for ctx.Err() == nil {
		_ = conn.SetReadDeadline(time.Now().Add(countsHeld)) // Read fails otherwise
		if _, err := conn.Read(one); err == nil || !errors.Is(err, os.ErrDeadlineExceeded) {
			return
		}
		if counted == 0 {
			counted = 1
			held.add(1)
		}
		if talks {
			if _, err := conn.Write([]byte(" ")); err != nil {
				return
			}
		}
	}
}

// streams opens as many as it can get.
func (a *attacker) streams(ctx context.Context, r *Attack) error {
	var open peak
	client := &http.Client{Transport: &http.Transport{DialContext: elsewhere.DialContext, TLSClientConfig: a.config, DisableKeepAlives: true}}
	r.Tried, r.Limit = a.grab(ctx, func(ctx context.Context, _ int) {
		q, err := http.NewRequestWithContext(ctx, http.MethodGet, a.base.String()+central.PathEvents, nil)
		if err != nil {
			return
		}
		answer, err := client.Do(q)
		if err != nil {
			return
		}
		defer func() { _ = answer.Body.Close() }()
		if answer.StatusCode == http.StatusOK {
			open.add(1)
			_, _ = io.Copy(io.Discard, answer.Body) // until it ends
			open.add(-1)
		}
	}), streamsOfDesk
	r.Passed = open.most
	return nil
}

// grab does something again and again, more and more at once, for as long as an attack lasts, and returns how often.
func (a *attacker) grab(ctx context.Context, one func(ctx context.Context, n int)) int {
	ctx, cancel := context.WithTimeout(ctx, a.much.attack)
	defer cancel()
	var tried atomic.Int64
	var all sync.WaitGroup
	for n := range grabbers {
		all.Go(func() {
			_ = sleep(ctx, a.much.attack/2*time.Duration(n)/grabbers) // it ends with ctx
			for ctx.Err() == nil {
				tried.Add(1)
				one(ctx, n)
				_ = sleep(ctx, grabPause)
			}
		})
	}
	all.Wait()
	return int(tried.Load())
}

// database tries to log in to PostgreSQL.
func (a *attacker) database(ctx context.Context, r *Attack) error {
	var addresses string
	if err := a.admin.QueryRow(ctx, `select current_setting('listen_addresses')`).Scan(&addresses); err != nil {
		return err
	}
	r.Tried, r.Said = len(roles), "it listens at "+cmp.Or(addresses, "a socket of its own folder only")
	return knock(ctx, a.dsn, a.config.Certificates[0], a.config.RootCAs)
}
