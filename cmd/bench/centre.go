package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/crypto/argon2"

	"balcao/cmd/bench/load"
	"balcao/kiosk/central/schema"
)

// loadDesks is how many desks ask at once when the database alone is measured.
const loadDesks = 8

// CentreReport is what a centre of one server takes, and what it costs.
type CentreReport struct {
	Streams StreamReport `json:"streams,omitzero"`
	Refused bool         `json:"desk_refused_by_postgresql"`
	Calls   []CallReport `json:"calls,omitempty"`

	Enrolments int     `json:"load_enrolments"` // through the door, without a registrar
	Desks      int     `json:"load_desks"`
	PerSecond  float64 `json:"load_per_second"`
	Median     float64 `json:"load_ms_median"`
	P95        float64 `json:"load_ms_p95"`

	Visits    int     `json:"enrolments"` // all of it: codes sent, evidence verified, PINs hashed, keys activated
	Visited   int     `json:"desks"`
	VisitRate float64 `json:"per_second"`

	Hash          float64 `json:"argon2id_ms"` // while each core computes one
	HashRate      float64 `json:"argon2id_per_second"`
	HashProcessor float64 `json:"argon2id_processor_ms"`
	HashMemory    uint32  `json:"argon2id_memory_kib"`
	HashTime      uint32  `json:"argon2id_passes"`
	HashLanes     uint8   `json:"argon2id_lanes"`

	Login LoginReport `json:"login,omitzero"`

	Storm StormReport `json:"storm,omitzero"`

	Watch WatchReport `json:"watch,omitzero"`

	Log LogReport `json:"log,omitzero"`
}

// CallReport is one call through the door beside its SQL function, in milliseconds.
type CallReport struct {
	Call string  `json:"call"`
	Door float64 `json:"ms_door"`
	SQL  float64 `json:"ms_sql"`
}

// measureCentre measures on a PostgreSQL of its own that writes to disk, with the program centre before it. A part that
// fails keeps the others' figures.
func measureCentre(ctx context.Context, dir string, much amount, say func(string, ...any)) (report CentreReport, err error) {
	say("the centre: starting PostgreSQL and the door")
	s, err := openSite(ctx, filepath.Join(dir, "centre"))
	if err != nil {
		return report, err
	}
	say("the centre: %d desks that listen", much.listeners)
	report.Streams, err = measureStreams(ctx, s, much.listeners)
	say("the centre: %d enrolments with the evidence of real signatures, by %d desks", much.visits, officeDesks)
	err = errors.Join(err, report.measureOffice(ctx, s, much))
	// From here on jobs are left that no registrar works.
	say("the centre: %d enrolments through the door beside SQL, %d by %d desks at once", much.pairs, much.enrolments, loadDesks)
	err = errors.Join(err, report.measureLoad(ctx, s, much))
	say("the centre: a storm of sign-ins for %v", much.storm)
	var failed error
	report.Storm, failed = measureStorm(ctx, s, report.HashRate, much)
	err = errors.Join(err, failed)
	say("alerts: %d simulated days of honest people", much.watched)
	report.Watch, failed = measureWatch(ctx, s, much)
	err = errors.Join(err, failed)
	// Last: it switches the log off.
	say("the log: %d leaves, and %d desks that bind at once with it and without", much.leaves, much.together)
	report.Log, failed = measureLog(ctx, s, much)
	err = errors.Join(err, failed)
	return report, errors.Join(err, s.close())
}

// measureLogins measures whole enrolments, and the sign-ins of who was enrolled, alone.
func measureLogins(ctx context.Context, dir string, much amount, say func(string, ...any)) (report CentreReport, err error) {
	say("signing in: %d enrolments, and as many sign-ins at two instances", much.visits)
	s, err := openSite(ctx, filepath.Join(dir, "login"))
	if err != nil {
		return report, err
	}
	return report, errors.Join(report.measureOffice(ctx, s, much), s.close())
}

// measureLoad measures calls one by one through the door and by SQL in turn, so that a busy disk slows both, and then
// how many enrolments the database takes.
func (r *CentreReport) measureLoad(ctx context.Context, s *site, much amount) error {
	registrars, err := pgxpool.New(ctx, s.registrar)
	if err != nil {
		return fmt.Errorf("connecting a registrar: %w", err)
	}
	defer registrars.Close()
	with := load.Registrar{Pool: registrars, Records: s.records}
	pool, err := pgxpool.New(ctx, s.database)
	if err != nil {
		return fmt.Errorf("connecting as the door: %w", err)
	}
	defer pool.Close()
	desks, err := s.addDesks(ctx, "carga", loadDesks)
	defer closeAll(desks)
	if err == nil {
		err = signIn(ctx, desks)
	}
	if err != nil {
		return err
	}
	cert := desks[0].cert
	var asking []load.Desk
	for _, d := range desks {
		asking = append(asking, load.Desk{Asks: d, Shift: d.shift.ID})
	}
	door, sql := asking[0], load.Desk{Asks: load.SQL{Pool: pool, Desk: cert.Certificate[0]}, Shift: asking[0].Shift}
	if err := r.compare(ctx, door, sql, with, much.pairs); err != nil {
		return err
	}
	// The same connection string opens a session with the service's certificate, as the comparison has shown.
	if err := knock(ctx, s.database, cert, s.roots); err != nil {
		return err
	}
	r.Refused = true
	result, err := load.Run(ctx, asking, with, much.enrolments)
	if err != nil {
		return fmt.Errorf("enrolling: %w", err)
	}
	r.Enrolments, r.Desks, r.PerSecond = result.Enrolments, loadDesks, result.PerSecond
	r.Median, r.P95 = millis(result.Median), millis(result.P95)
	return nil
}

func (r *CentreReport) compare(ctx context.Context, door, sql load.Desk, registrar load.Registrar, pairs int) error {
	var send, bind [2][]float64
	for n := range pairs + 1 {
		for i, d := range []load.Desk{door, sql} {
			took, err := load.Enrol(ctx, d, registrar)
			if err != nil {
				return err
			}
			if n > 0 { // the first had to connect
				send[i], bind[i] = append(send[i], millis(took.SendCode)), append(bind[i], millis(took.Bind))
			}
		}
	}
	r.Calls = []CallReport{{"send_code", median(send[0]), median(send[1])}, {"bind", median(bind[0]), median(bind[1])}}
	return nil
}

// measureOffice measures whole enrolments, and nothing but the hash of each before and after, so that a busy machine slows
// both.
func (r *CentreReport) measureOffice(ctx context.Context, s *site, much amount) error {
	// A centre at work has asked everything once on each of its connections.
	warm := min(2*officeDesks, much.visits)
	o, err := newOffice(ctx, s, warm+much.visits)
	if err != nil {
		return err
	}
	defer o.close()
	if _, err := o.enrol(ctx, o.visitors[:warm]); err != nil {
		return err
	}
	if err := r.readCost(ctx, s.admin()); err != nil {
		return err
	}
	half := (much.hashes + 1) / 2
	idle, err := ownProcessor()
	if err != nil {
		return err
	}
	hashing := r.hash(half)
	hashed, err := ownProcessor()
	if err != nil {
		return err
	}
	r.HashProcessor = (hashed - idle) / float64(half*r.atOnce())
	took, err := o.enrol(ctx, o.visitors[warm:])
	if err != nil {
		return err
	}
	r.Visits, r.Visited, r.VisitRate = much.visits, officeDesks, float64(much.visits)/took.Seconds()
	hashing += r.hash(half)
	r.Hash, r.HashRate = millis(hashing)/float64(2*half), float64(2*half*r.atOnce())/hashing.Seconds()
	r.Login, err = measureLogin(ctx, s, o, warm)
	return err
}

// readCost reads the settings for the hash of a PIN.
func (r *CentreReport) readCost(ctx context.Context, admin string) error {
	settings, err := schema.Settings(ctx, admin)
	if err != nil {
		return err
	}
	for _, s := range settings {
		switch s.Name {
		case "pin_hash_memory_kib":
			r.HashMemory = uint32(s.Value)
		case "pin_hash_passes":
			r.HashTime = uint32(s.Value)
		case "pin_hash_lanes":
			r.HashLanes = uint8(s.Value)
		}
	}
	return nil
}

// atOnce is how many hashes all cores compute at once.
func (r *CentreReport) atOnce() int { return max(1, runtime.NumCPU()/int(r.HashLanes)) }

// hash computes hashes of PINs on all cores, so many on each and with nothing beside.
func (r *CentreReport) hash(times int) time.Duration {
	began := time.Now()
	var all sync.WaitGroup
	for range r.atOnce() {
		all.Go(func() {
			for range times {
				argon2.IDKey(make([]byte, 32), make([]byte, 16), r.HashTime, r.HashMemory, r.HashLanes, 32)
			}
		})
	}
	all.Wait()
	return time.Since(began)
}
