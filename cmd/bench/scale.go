package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"balcao/cmd/bench/growth"
	"balcao/kiosk/central/cluster"
)

// How much is measured at each size.
const (
	scaleCards   = 60     // real enrolments with a Citizen Card, half of each generation
	scaleRounds  = 6      // in which all sizes are measured in turn, so that a busy machine slows all of them
	scaleAlone   = 60     // binds and as many sign-ins of a round, one after the other
	scaleClients = 8      // connections that bind at once, and that pgbench has
	scaleEach    = 25     // binds of each of them in a round
	scaleBytes   = 15_000 // on disk for each enrolment
)

// scaleDocuments are the travel documents among those who really enrol: every way in which a chip proves itself.
var scaleDocuments = []string{"passport-bac-aa-rsa", "passport-aa-ecdsa", "passport-pace-gm", "passport-bac-ca", "passport-pace-im", "passport-pace-cam",
	"passport-pace-dh", "passport-pace-p384-aes256", "residence-permit", "residence-permit-bac"}

// sizes are how many people databases have.
type sizes []int

// String implements flag.Value.
func (s *sizes) String() string { return strings.Trim(fmt.Sprint(*s), "[]") }

// Set implements flag.Value.
func (s *sizes) Set(text string) error {
	*s = nil
	for part := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 1000 || len(*s) > 0 && n <= (*s)[len(*s)-1] {
			return errors.New("sizes are numbers of people from 1000 on, each larger than the one before, with commas between")
		}
		*s = append(*s, n)
	}
	return nil
}

// ScaleReport is what becomes slower as a centre's database grows, and how large it is; assets/doc/growth.md says what follows. Sizes are in bytes of all tables with their
// indexes, times milliseconds.
type ScaleReport struct {
	Cards     int `json:"real_cards"` // enrolments that really happened and were multiplied
	Documents int `json:"real_documents"`

	CardBytes     float64 `json:"bytes_card"`
	DocumentBytes float64 `json:"bytes_document"`

	Sizes []ScaleSize `json:"sizes"`
	Left  []int       `json:"left_out,omitempty"` // sizes for which the disk is too small
	Free  int64       `json:"disk_free"`
}

// ScaleSize is what was measured at one size.
type ScaleSize struct {
	People    int     `json:"people"`
	Bytes     float64 `json:"bytes"` // of an enrolment; all that is there by the number of people
	Filled    float64 `json:"seconds_filling"`
	Bind      float64 `json:"bind_ms_median"`
	BindP95   float64 `json:"bind_ms_p95"`
	SignIn    float64 `json:"sign_in_ms_median"`
	SignInP95 float64 `json:"sign_in_ms_p95"`
	Binds     float64 `json:"binds_per_second"`
	Updates   float64 `json:"pgbench_per_second"` // simple-update in the same rounds
	BindWAL   float64 `json:"bind_wal_bytes"`
	SignInWAL float64 `json:"sign_in_wal_bytes"`

	Tables  []growth.Size      `json:"tables"`
	Rounds  map[string]float64 `json:"rounds_ms"` // what registrars do again and again
	Scanned []string           `json:"scanned,omitempty"`
}

// measureScale enrols people by the real path, multiplies them in the database, and measures. Each size has a database of its
// own on one server, so that sizes are measured in turn.
func measureScale(ctx context.Context, dir string, people sizes, say func(string, ...any)) (r ScaleReport, err error) {
	s, err := openSite(ctx, dir, "shared_buffers=512MB", "max_wal_size=4GB", "maintenance_work_mem=256MB")
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	say("scale: %d people with Citizen Cards and %d with travel documents enrol", scaleCards, len(scaleDocuments))
	desks, err := r.seed(ctx, s)
	defer closeAll(desks)
	if err != nil {
		return r, err
	}
	sites := make([]*grown, 0, len(people))
	defer func() {
		for _, g := range sites {
			g.close()
		}
	}()
	if err := pgbenchTables(ctx, s); err != nil {
		return r, err
	}
	from := siteDatabase
	for _, n := range people {
		if r.Free, err = diskFree(s.cluster.Data()); err != nil {
			return r, err
		}
		if need := int64(n) * scaleBytes * 2; r.Free < need {
			say("scale: %d people need %d GB, twice what they are likely to take; %d GB are free", n, need>>30, r.Free>>30)
			r.Left = append(r.Left, n)
			continue
		}
		say("scale: filling a database of %d people", n)
		g, err := r.grow(ctx, s, from, desks, n)
		if err != nil {
			return r, err
		}
		sites, from = append(sites, g), g.name
	}
	syscall.Sync() // gigabytes that the kernel still has to write would hold up what is measured
	for _, g := range sites {
		if err := g.open(ctx, s); err != nil {
			return r, fmt.Errorf("%d people: %w", g.People, err)
		}
	}
	for round := range scaleRounds {
		say("scale: measuring, round %d of %d", round+1, scaleRounds)
		for _, g := range sites {
			if err := g.measure(ctx, s); err != nil {
				return r, fmt.Errorf("%d people: %w", g.People, err)
			}
		}
	}
	for _, g := range sites {
		size, err := g.report(ctx)
		if err != nil {
			return r, err
		}
		r.Sizes = append(r.Sizes, size)
	}
	return r, nil
}

// seed has people enrol, and prepares their multiplication. Afterwards nobody is connected to the database.
func (r *ScaleReport) seed(ctx context.Context, s *site) (desks []deskAt, err error) {
	o, err := newOffice(ctx, s, scaleCards, scaleDocuments...)
	if o != nil {
		defer func() { o.desks = nil; o.close() }() // the caller has the desks
		desks = o.desks
	}
	if err != nil {
		return desks, err
	}
	f, err := growth.NewFiller(ctx, s.admin())
	if err != nil {
		return desks, err
	}
	defer f.Close()
	for _, part := range []struct {
		name     string
		visitors []visitor
	}{{"card", o.visitors[:scaleCards]}, {"document", o.visitors[scaleCards:]}} {
		if _, err := o.enrol(ctx, part.visitors); err != nil {
			return desks, err
		}
		b, err := f.Take(ctx, part.name)
		if err != nil {
			return desks, err
		}
		if b.Visits != len(part.visitors) {
			return desks, fmt.Errorf("%d of %d enrolments became a key", b.Visits, len(part.visitors))
		}
	}
	r.Cards, r.Documents = scaleCards, len(scaleDocuments)
	err = s.centre.Stop(15 * time.Second)
	s.centre = nil
	return desks, err
}

// grow makes a database of so many people out of a smaller one, half of those who come with Citizen Cards. Nobody is connected to
// either before and after.
func (r *ScaleReport) grow(ctx context.Context, s *site, from string, desks []deskAt, people int) (g *grown, err error) {
	g = &grown{ScaleSize: ScaleSize{People: people}, name: fmt.Sprintf("people_%d", people), desks: desks}
	admin, err := pgx.Connect(ctx, s.cluster.DSN(cluster.Admin, "postgres"))
	if err != nil {
		return g, errors.New("connecting as administrator failed") // its errors may quote the connection string
	}
	defer func() { err = errors.Join(err, admin.Close(context.WithoutCancel(ctx))) }()
	if _, err := admin.Exec(ctx, fmt.Sprintf(`create database %s template %s`, g.name, from)); err != nil {
		return g, fmt.Errorf("making a database: %w", err)
	}
	began := time.Now()
	f, err := growth.NewFiller(ctx, s.cluster.DSN(cluster.Admin, g.name))
	if err != nil {
		return g, err
	}
	defer f.Close()
	there, err := f.People(ctx)
	if err != nil {
		return g, err
	}
	bytes := make([]int64, 3)
	for i, name := range []string{"", "card", "document"} {
		if i > 0 {
			if err := f.Add(ctx, growth.Block{Name: name, Visits: r.visits(name)}, (people-there)/2); err != nil {
				return g, err
			}
		}
		if r.CardBytes > 0 && i < 2 {
			continue // what each kind takes is known from a smaller size
		}
		if err := f.Settle(ctx); err != nil {
			return g, err
		}
		if bytes[i], err = f.Bytes(ctx); err != nil {
			return g, err
		}
	}
	if r.CardBytes == 0 {
		half := float64(people-there) / 2
		r.CardBytes, r.DocumentBytes = float64(bytes[1]-bytes[0])/half, float64(bytes[2]-bytes[1])/half
	}
	if g.People, err = f.People(ctx); err != nil {
		return g, err
	}
	g.Filled, g.Bytes = time.Since(began).Seconds(), float64(bytes[2])/float64(g.People)
	g.Tables, err = f.Sizes(ctx)
	return g, err
}

func (r *ScaleReport) visits(block string) int {
	if block == "card" {
		return r.Cards
	}
	return r.Documents
}

func diskFree(path string) (int64, error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(path, &fs); err != nil {
		return 0, &os.PathError{Op: "statfs", Path: path, Err: err}
	}
	return int64(fs.Bavail) * int64(fs.Bsize), nil
}
