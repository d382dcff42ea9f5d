package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/crypto/argon2"

	"balcao/cmd/bench/load"
	"balcao/kiosk/central/cluster"
)

const (
	sqlDesks   = 8 // at once
	roleOfDesk = "medida-1"
)

// CentreReport is how many enrolments a centre of one server takes.
type CentreReport struct {
	Enrolments int     `json:"sql_enrolments"`
	Desks      int     `json:"sql_desks"`
	PerSecond  float64 `json:"sql_per_second"`
	Median     float64 `json:"sql_ms_median"`
	P95        float64 `json:"sql_ms_p95"`

	Verified  int     `json:"registrar_enrolments"`
	Registrar float64 `json:"registrar_per_second"` // evidence verified, PIN hashed, key activated
	Workers   int     `json:"registrar_workers"`

	Hash       float64 `json:"argon2id_ms"`
	HashMemory uint32  `json:"argon2id_memory_kib"`
	HashTime   uint32  `json:"argon2id_passes"`
	HashLanes  uint8   `json:"argon2id_lanes"`
}

// measureCentre measures on a PostgreSQL of its own that writes to disk as a centre's does. What was measured before an
// error is returned with it.
func measureCentre(ctx context.Context, much amount, say func(string, ...any)) (report CentreReport, err error) {
	say("the centre: starting PostgreSQL")
	c, err := cluster.Start(context.WithoutCancel(ctx), cluster.Options{Durable: true})
	if err != nil {
		return report, fmt.Errorf("starting PostgreSQL: %w", err)
	}
	defer func() { err = errors.Join(err, c.Stop()) }()
	say("the centre: %d enrolments by %d desks at once", much.enrolments, sqlDesks)
	if err := report.measureSQL(ctx, c, much); err != nil {
		return report, err
	}
	say("the centre: %d enrolments with the evidence of real signatures through a registrar", much.visits)
	err = report.measureRegistrar(ctx, c, much)
	return report, err
}

// database makes a database with a desk.
func database(ctx context.Context, c *cluster.Cluster, name string) (desk string, err error) {
	if err := c.Create(ctx, name); err != nil {
		return "", fmt.Errorf("making a database: %w", err)
	}
	if desk, err = c.Desk(ctx, roleOfDesk, name); err != nil {
		return "", fmt.Errorf("adding a desk: %w", err)
	}
	return desk, nil
}

func (r *CentreReport) measureSQL(ctx context.Context, c *cluster.Cluster, much amount) error {
	desk, err := database(ctx, c, "measure_sql")
	if err != nil {
		return err
	}
	result, err := load.Run(ctx, load.Options{
		DeskDSN: desk, RegistrarDSN: c.DSN(cluster.Registrar, "measure_sql"), Workers: sqlDesks, Enrolments: much.enrolments,
	})
	if err != nil {
		return fmt.Errorf("enrolling: %w", err)
	}
	r.Enrolments, r.Desks, r.PerSecond = result.Enrolments, sqlDesks, result.PerSecond
	r.Median, r.P95 = millis(result.Median), millis(result.P95)
	return nil
}

func (r *CentreReport) measureRegistrar(ctx context.Context, c *cluster.Cluster, much amount) error {
	const name = "measure_registrar"
	desk, err := database(ctx, c, name)
	if err != nil {
		return err
	}
	o, err := newOffice(ctx, desk, c.DSN(cluster.Registrar, name), much.visits)
	if err != nil {
		return err
	}
	defer o.close()
	if err := o.receive(ctx); err != nil {
		return err
	}
	took, err := o.decide(ctx)
	if err != nil {
		return err
	}
	r.Verified, r.Workers, r.Registrar = much.visits, officeWorkers, float64(much.visits)/took.Seconds()
	return r.measureHash(ctx, c.DSN(cluster.Admin, name), much.hashes)
}

// measureHash computes the hash that the registrar has just stored, with its parameters, alone.
func (r *CentreReport) measureHash(ctx context.Context, admin string, times int) error {
	conn, err := pgx.Connect(ctx, admin)
	if err != nil {
		return fmt.Errorf("asking for a PIN's hash: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	var text string
	if err := conn.QueryRow(ctx, `select pin_hash from centre.key limit 1`).Scan(&text); err != nil {
		return fmt.Errorf("asking for a PIN's hash: %w", err)
	}
	const phc = "$argon2id$v=19$m=%d,t=%d,p=%d$"
	if _, err := fmt.Sscanf(text, phc, &r.HashMemory, &r.HashTime, &r.HashLanes); err != nil {
		return fmt.Errorf("reading a PIN's hash: %w", err)
	}
	r.Hash, err = repeat(times, func() (time.Duration, error) {
		began := time.Now()
		argon2.IDKey(make([]byte, 32), make([]byte, 16), r.HashTime, r.HashMemory, r.HashLanes, 32)
		return time.Since(began), nil
	})
	return err
}

// repeat returns the median time of several runs in milliseconds.
func repeat(runs int, run func() (time.Duration, error)) (float64, error) {
	var all []float64
	for range runs {
		took, err := run()
		if err != nil {
			return 0, err
		}
		all = append(all, millis(took))
	}
	return median(all), nil
}
