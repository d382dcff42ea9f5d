package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"balcao/cmd/bench/load"
	"balcao/kiosk"
	"balcao/kiosk/signin"
)

// stormShare is how many sign-ins come of what Argon2id alone would allow.
const stormShare = 0.8

// StormReport is what enrolments notice of a storm of sign-ins. Times in milliseconds.
type StormReport struct {
	Rate    float64 `json:"sign_ins_per_second"` // that came, stormShare of HashRate
	Served  int     `json:"sign_ins"`            // that were answered
	Busy    int     `json:"sign_ins_busy"`       // that found the queue full, and were told so
	Median  float64 `json:"sign_in_ms_median"`
	P95     float64 `json:"sign_in_ms_p95"`
	Enrolls int     `json:"enrolments"` // beside them
	Calm    float64 `json:"send_confirm_ms_p95_before"`
	Storm   float64 `json:"send_confirm_ms_p95"` // sending a code and confirming it, together, through the door
}

// measureStorm has people enrol one after the other at a desk, first with nothing beside and then beside sign-ins that
// come at stormShare of the rate of bare Argon2id, each with a wrong PIN: those hash, count and compare as right ones do.
func measureStorm(ctx context.Context, s *site, hashes float64, much amount) (r StormReport, err error) {
	if hashes <= 0 {
		return r, errors.New("the rate of Argon2id was not measured")
	}
	service, err := pgxpool.New(ctx, s.signIns)
	if err != nil {
		return r, fmt.Errorf("connecting the sign-in service: %w", err)
	}
	defer service.Close()
	registrars, err := pgxpool.New(ctx, s.registrar)
	if err != nil {
		return r, fmt.Errorf("connecting a registrar: %w", err)
	}
	defer registrars.Close()
	desks, err := s.addDesks(ctx, "tempestade", 1)
	defer closeAll(desks)
	if err == nil {
		err = signIn(ctx, desks)
	}
	if err != nil {
		return r, err
	}
	desk, with := load.Desk{Asks: desks[0], Shift: desks[0].shift.ID}, load.Registrar{Pool: registrars, Records: s.records}
	enrol := func(ctx context.Context) (took []float64, err error) {
		until := time.Now().Add(much.storm)
		for time.Now().Before(until) || len(took) == 0 {
			one, err := load.Enrol(ctx, desk, with)
			if err != nil {
				return nil, err
			}
			took = append(took, millis(one.SendCode+one.Confirm))
			select { // a person takes their time; this is many desks
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-time.After(50 * time.Millisecond):
			}
		}
		return took, nil
	}
	calm, err := enrol(ctx)
	if err != nil {
		return r, err
	}
	hasher, err := signin.NewHasher(make([]byte, signin.PepperLength), runtime.GOMAXPROCS(0), 64)
	if err != nil {
		return r, err
	}
	defer hasher.Close()
	g, storming := errgroup.WithContext(ctx)
	storming, end := context.WithCancel(storming)
	defer end()
	r.Rate = stormShare * hashes
	g.Go(func() error { return r.storm(storming, signin.New(service, hasher)) })
	var took []float64
	g.Go(func() (err error) {
		defer end()
		took, err = enrol(storming)
		return err
	})
	if err := g.Wait(); err != nil {
		return r, err
	}
	r.Enrolls, r.Calm, r.Storm = len(took), p95(calm), p95(took)
	return r, nil
}

// storm lets sign-ins come at the rate, however long each takes, until ctx ends.
func (r *StormReport) storm(ctx context.Context, checker *signin.Checker) error {
	var mu sync.Mutex
	var took []float64
	var busy atomic.Int64
	var failed error
	var work sync.WaitGroup
	tick := time.NewTicker(time.Duration(float64(time.Second) / r.Rate))
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-tick.C:
			work.Go(func() {
				// Numbers that cannot exist, as those that package load enrols: North America has none of 13 digits.
				name := fmt.Sprintf("+1%013d", rand.N(int64(1_000_000))) //nolint:gosec // a name
				began := time.Now()
				_, err := checker.PIN(context.WithoutCancel(ctx), signin.Try{ID: uuid.Must(uuid.NewV7()), By: kiosk.ByPhone, Name: name, PIN: []byte("000000")})
				mu.Lock()
				defer mu.Unlock()
				switch {
				case errors.Is(err, signin.ErrBusy):
					busy.Add(1)
				case err != nil:
					failed = err
				default:
					took = append(took, millis(time.Since(began)))
				}
			})
		}
	}
	work.Wait()
	checker.Wait()
	r.Served, r.Busy = len(took), int(busy.Load())
	if len(took) > 0 {
		r.Median, r.P95 = median(took), p95(took)
	}
	return failed
}

func p95(values []float64) float64 {
	values = slices.Sorted(slices.Values(values))
	return values[len(values)*95/100]
}
