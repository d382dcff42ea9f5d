package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"balcao/cmd/bench/growth"
	"balcao/cmd/bench/load"
	"balcao/cmd/internal/process"
	"balcao/kiosk/central/cluster"
)

// grown is a database of some size, and whoever asks it. All are connected as pgbench is: by the socket, without TLS.
type grown struct {
	ScaleSize
	name   string
	desks  []deskAt
	filler *growth.Filler

	centre, login, registrars *pgxpool.Pool
	asking                    []load.Desk
	with                      load.Registrar
	named                     []growth.Named

	binds, signIns []float64
	rates, updates []float64
	wal            [2]int64 // of binds and of sign-ins one after the other
}

func (g *grown) open(ctx context.Context, s *site) (err error) {
	connect := func(role string) (*pgxpool.Pool, error) {
		cfg, err := pgxpool.ParseConfig(s.cluster.DSN(role, g.name))
		if err != nil {
			return nil, errors.New("the connection string cannot be parsed") // its errors quote it
		}
		cfg.MaxConns = scaleClients
		return pgxpool.NewWithConfig(ctx, cfg)
	}
	if g.filler, err = growth.NewFiller(ctx, s.cluster.DSN(cluster.Admin, g.name)); err != nil {
		return err
	}
	if g.centre, err = connect(cluster.Centre); err != nil {
		return err
	}
	if g.login, err = connect(cluster.Login); err != nil {
		return err
	}
	if g.registrars, err = connect(cluster.Registrar); err != nil {
		return err
	}
	for _, d := range g.desks[:scaleClients] {
		g.asking = append(g.asking, load.Desk{Asks: load.SQL{Pool: g.centre, Desk: d.cert.Certificate[0]}, Shift: d.shift.ID})
	}
	g.with = load.Registrar{Pool: g.registrars, Records: s.records}
	if g.named, err = g.filler.SignIns(ctx, scaleRounds*scaleAlone+scaleAlone); err != nil {
		return err
	}
	for range 10 { // connections and statements, which a centre at work has
		if _, err := load.Binds(ctx, g.asking, g.with, 1); err != nil {
			return err
		}
		if _, err := g.signIn(ctx); err != nil {
			return err
		}
	}
	g.Rounds = map[string]float64{}
	return g.filler.Forget(ctx)
}

func (g *grown) close() {
	for _, p := range []*pgxpool.Pool{g.centre, g.login, g.registrars} {
		if p != nil {
			p.Close()
		}
	}
	if g.filler != nil {
		g.filler.Close()
	}
}

// measure does one round.
func (g *grown) measure(ctx context.Context, s *site) error {
	before, err := g.filler.WAL(ctx)
	if err != nil {
		return err
	}
	for range scaleAlone {
		took, err := g.signIn(ctx)
		if err != nil {
			return err
		}
		g.signIns = append(g.signIns, millis(took))
	}
	between, err := g.filler.WAL(ctx)
	if err != nil {
		return err
	}
	one, err := load.Binds(ctx, g.asking[:1], g.with, scaleAlone)
	if err != nil {
		return err
	}
	after, err := g.filler.WAL(ctx)
	if err != nil {
		return err
	}
	g.binds = append(g.binds, one.Each...)
	g.wal[0], g.wal[1] = g.wal[0]+after-between, g.wal[1]+between-before
	all, err := load.Binds(ctx, g.asking, g.with, scaleEach)
	if err != nil {
		return err
	}
	g.rates = append(g.rates, all.PerSecond)
	tps, err := pgbench(ctx, s, "-N", "-M", "prepared", "-c", strconv.Itoa(scaleClients), "-j", "2", "-T", "3")
	if err != nil {
		return err
	}
	g.updates = append(g.updates, tps)
	return nil
}

// signIn is what the database does for one check of a PIN that is right: the person is found by phone or passport, their
// counters are, the outcome is, and what follows. Every fourth is unknown, whose PIN is wrong. The hash is computed elsewhere.
func (g *grown) signIn(ctx context.Context) (time.Duration, error) {
	if len(g.named) == 0 {
		return 0, errors.New("nobody is left to sign in")
	}
	who := g.named[0]
	want := "code"
	if len(g.signIns)%4 == 3 {
		who, want = growth.Named{Kind: "phone", Value: fmt.Sprintf("+1%013d", time.Now().UnixNano()%1e13), Output: make([]byte, 32)}, "no"
	} else {
		g.named = g.named[1:]
	}
	try := uuid.Must(uuid.NewV7())
	source := make([]byte, 8)
	_, _ = rand.Read(source) // never fails (Go 1.24)
	var salt []byte
	var outcome string
	began := time.Now()
	err := g.login.QueryRow(ctx, `select salt from login.begin($1, $2, $3, $4)`, try, who.Kind, who.Value, source).Scan(&salt)
	if err == nil {
		err = g.login.QueryRow(ctx, `select outcome from login.pin($1, $2)`, try, who.Output).Scan(&outcome)
	}
	if err == nil {
		_, err = g.login.Exec(ctx, `select login.settle($1)`, try)
	}
	took := time.Since(began)
	if err != nil || outcome != want {
		return took, load.Fault("signing in by "+who.Kind, outcome, err)
	}
	return took, nil
}

// report does the rounds, and sums up.
func (g *grown) report(ctx context.Context) (ScaleSize, error) {
	for _, sql := range growth.Rounds {
		began := time.Now()
		if _, err := g.registrars.Exec(ctx, sql); err != nil {
			return g.ScaleSize, fmt.Errorf("%s: %w", sql, err)
		}
		g.Rounds[sql[strings.Index(sql, "registrar.")+len("registrar."):]] = millis(time.Since(began))
	}
	g.Bind, g.BindP95, g.SignIn, g.SignInP95 = median(g.binds), p95(g.binds), median(g.signIns), p95(g.signIns)
	g.BindWAL, g.SignInWAL = float64(g.wal[0])/float64(len(g.binds)), float64(g.wal[1])/float64(len(g.signIns))
	g.Binds, g.Updates = median(g.rates), median(g.updates)
	var err error
	g.Scanned, err = g.filler.Scanned(ctx)
	return g.ScaleSize, err
}

const pgbenchDatabase = "pgbench"

// pgbenchTables makes the tables of pgbench on the same server.
func pgbenchTables(ctx context.Context, s *site) error {
	admin, err := pgx.Connect(ctx, s.cluster.DSN(cluster.Admin, "postgres"))
	if err != nil {
		return errors.New("connecting as administrator failed") // its errors may quote the connection string
	}
	defer func() { _ = admin.Close(context.WithoutCancel(ctx)) }()
	if _, err := admin.Exec(ctx, `create database `+pgbenchDatabase); err != nil {
		return fmt.Errorf("making a database: %w", err)
	}
	_, _, err = process.Output(ctx, nil, "pgbench", "-i", "-q", "-s", "20", s.cluster.DSN(cluster.Admin, pgbenchDatabase))
	return err
}

var tps = regexp.MustCompile(`(?m)^tps = ([0-9.]+)`)

func pgbench(ctx context.Context, s *site, args ...string) (float64, error) {
	out, _, err := process.Output(ctx, nil, "pgbench", append(args, s.cluster.DSN(cluster.Admin, pgbenchDatabase))...)
	if err != nil {
		return 0, err
	}
	found := tps.FindStringSubmatch(out)
	if found == nil {
		return 0, errors.New("pgbench says no tps")
	}
	return strconv.ParseFloat(found[1], 64)
}
