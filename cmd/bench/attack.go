package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"balcao/cmd/bench/load"
	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/central/deskca"
	"balcao/kiosk/central/schema"
	"balcao/kiosk/kiosktest"
)

// Attack is something that was tried with a stolen desk's certificate and key, and a clerk's card and PIN, and what an honest desk, the centre and
// its database had of it meanwhile.
type Attack struct {
	Name   string `json:"name"`
	Tried  int    `json:"tried"`
	Passed int    `json:"passed"`
	Limit  int    `json:"limit"` // how many may pass
	Said   string `json:"said"`  // to what did not pass

	Codes    int     `json:"honest_codes"` // of the honest desk, that arrived meanwhile
	Median   float64 `json:"ms_code"`      // from its call to the state sent or delivered
	Worst    float64 `json:"ms_code_worst"`
	WALMiB   float64 `json:"wal_mib"` // that PostgreSQL wrote meanwhile, for both desks
	WorstRSS float64 `json:"mib"`     // of the process centre, at most
}

// attacker has a desk's certificate, the centre's address, and an administrator who watches.
type attacker struct {
	base   *url.URL
	config *tls.Config
	stolen string // the desk's name
	client *http.Client
	admin  *pgxpool.Pool
	dsn    string // of admin
	honest *central.Centre
	shifts struct{ stolen, honest uuid.UUID }
	pid    int // of the process centre
	much   amount
	phones int64 // the last number of the honest desk
}

// attack does all of it to a demonstration on this machine, one after the other.
func attack(ctx context.Context, env map[string]string, much amount, say func(string, ...any)) (list []Attack, err error) {
	a, err := newAttacker(ctx, env, much)
	if err != nil {
		return nil, err
	}
	defer a.close()
	for _, one := range []struct {
		name string
		do   func(context.Context, *Attack) error
	}{
		{"connections, and bodies that never end", a.connections},
		{"event streams", a.streams},
		{fmt.Sprintf("codes to %d numbers", much.numbers), a.codes},
		{fmt.Sprintf("openings for %d other people", much.people), a.openings},
		{"PostgreSQL, with the desk's certificate", a.database},
	} {
		say("attack: %s", one.name)
		done, failed := a.during(ctx, one.name, one.do)
		if failed != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", one.name, failed))
			continue
		}
		list = append(list, done)
	}
	return list, err
}

func newAttacker(ctx context.Context, env map[string]string, much amount) (a *attacker, err error) {
	a = &attacker{dsn: env["BALCAO_ADMIN_DSN"], much: much, phones: time.Now().UnixMilli()}
	if a.base, err = url.Parse(env["BALCAO_CENTRE_URL"]); err != nil || !net.ParseIP(a.base.Hostname()).IsLoopback() {
		return nil, errors.New("BALCAO_CENTRE_URL is no address of this machine: nothing else is attacked")
	}
	if a.pid, err = strconv.Atoi(env["BALCAO_CENTRE_PID"]); err != nil {
		return nil, errors.New("BALCAO_CENTRE_PID is not the process centre")
	}
	cert, err := tls.LoadX509KeyPair(env["BALCAO_DESK_CERT"], env["BALCAO_DESK_KEY"])
	if err != nil {
		return nil, fmt.Errorf("reading the desk's certificate: %w", err)
	}
	a.stolen = cert.Leaf.Subject.CommonName
	ca, err := os.ReadFile(env["BALCAO_CENTRE_CA"])
	if err != nil {
		return nil, fmt.Errorf("reading the centre's authority: %w", err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	a.config = &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: roots, ServerName: a.base.Hostname(), Certificates: []tls.Certificate{cert}}
	a.client = &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{
		DialContext: elsewhere.DialContext, TLSClientConfig: a.config, MaxConnsPerHost: 24, MaxIdleConnsPerHost: 24}}
	if a.admin, err = pgxpool.New(ctx, a.dsn); err != nil {
		return nil, errors.New("connecting as administrator failed") // its errors may quote the connection string
	}
	if a.honest, err = a.addHonest(ctx, filepath.Join(filepath.Dir(env["BALCAO_CENTRE_CONFIG"]), "desk-ca"), roots); err != nil {
		a.close()
		return a, err
	}
	if err := a.signIn(ctx, cert, roots); err != nil {
		a.close()
		return a, err
	}
	return a, nil
}

// signIn has two clerks sign in, the attacker with the card and PIN of one: without, no enrolment is opened.
func (a *attacker) signIn(ctx context.Context, cert tls.Certificate, roots *x509.CertPool) error {
	stolen, err := central.Dial(central.Config{URLs: []string{a.base.String()}, Certificate: cert, Roots: roots})
	if err != nil {
		return err
	}
	defer stolen.Close()
	for i, into := range []*uuid.UUID{&a.shifts.stolen, &a.shifts.honest} {
		s, err := kiosktest.SignIn(ctx, []*central.Centre{stolen, a.honest}[i], kiosktest.Clerks[i])
		if err != nil {
			return err
		}
		*into = s.ID
	}
	return nil
}

// elsewhere dials from another address than the honest desk has: two desks are two computers.
var elsewhere = &net.Dialer{Timeout: 5 * time.Second, LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}

// addHonest makes a second desk, of the demonstration's authority.
func (a *attacker) addHonest(ctx context.Context, authority string, roots *x509.CertPool) (*central.Centre, error) {
	ca, err := deskca.Load(authority)
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("honesto-%d", a.phones)
	pair, err := ca.Login(name)
	if err != nil {
		return nil, err
	}
	cert, err := pair.TLS()
	if err != nil {
		return nil, err
	}
	if err := schema.AddDesk(ctx, a.dsn, name, pair.DER()); err != nil {
		return nil, err
	}
	return central.Dial(central.Config{URLs: []string{a.base.String()}, Certificate: cert, Roots: roots})
}

func (a *attacker) close() {
	if a.honest != nil {
		a.honest.Close()
	}
	a.client.CloseIdleConnections()
	a.admin.Close()
}

// How the honest desk and the centre's memory are watched. A desk opens no more than 100 enrolments an hour without a key.
const (
	probePause = 400 * time.Millisecond
	fewProbes  = 3  // even when the attack is over
	mostProbes = 18 // of an attack
)

// during attacks, and has the honest desk ask for codes meanwhile.
func (a *attacker) during(ctx context.Context, name string, do func(context.Context, *Attack) error) (r Attack, err error) {
	r.Name = name
	var before string
	if err := a.admin.QueryRow(ctx, `select pg_current_wal_insert_lsn()::text`).Scan(&before); err != nil {
		return r, err
	}
	ended, failed := make(chan struct{}), error(nil)
	go func() { failed = do(ctx, &r); close(ended) }()
	var took []float64
	var missed error
	for n, over := 0, false; n < fewProbes || !over; n++ {
		if n < mostProbes && missed == nil {
			var one time.Duration
			if one, missed = a.code(ctx); missed == nil {
				took = append(took, millis(one))
			}
		}
		if u, err := usageOf(a.pid); err == nil {
			r.WorstRSS = max(r.WorstRSS, u.rssMiB)
		}
		select {
		case <-ended:
			over = true
		case <-time.After(probePause):
		}
	}
	if err := errors.Join(failed, missed); err != nil {
		return r, err
	}
	r.Codes, r.Median = len(took), median(took)
	for _, one := range took {
		r.Worst = max(r.Worst, one)
	}
	const wal = `select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), $1::text::pg_lsn)::float8 / 1048576`
	return r, a.admin.QueryRow(ctx, wal, before).Scan(&r.WALMiB)
}

// code has the honest desk open an enrolment, and returns how long a code then takes to leave.
func (a *attacker) code(ctx context.Context) (time.Duration, error) {
	a.phones++
	enrolment := uuid.Must(uuid.NewV7())
	o, err := a.honest.Open(ctx, enrolment, central.Person{Document: kiosk.CitizenCard, Country: "UTO", CivilNumber: fmt.Sprint(a.phones), Shift: a.shifts.honest})
	if err != nil || o.Refusal != "" {
		return 0, load.Fault("the honest desk: opening", o.Refusal, err)
	}
	began := time.Now()
	s, err := a.honest.SendCode(ctx, enrolment, central.CodeRequest{ID: uuid.Must(uuid.NewV7()), Channel: kiosk.SMS,
		Value: fmt.Sprintf("+35192%07d", a.phones%10_000_000), Language: kiosk.Portuguese})
	if err != nil || s.Refusal != "" {
		return 0, load.Fault("the honest desk: asking for a code", s.Refusal, err)
	}
	for {
		st, err := a.honest.Status(ctx, enrolment)
		took := time.Since(began)
		switch {
		case err != nil:
			return 0, fmt.Errorf("the honest desk: asking how its code does: %w", err)
		case st.SMS == kiosk.DeliverySent || st.SMS == kiosk.DeliveryDelivered:
			return took, nil
		case took > time.Minute:
			return 0, errors.New("the honest desk: its code has not left after a minute")
		}
		if err := sleep(ctx, 20*time.Millisecond); err != nil {
			return 0, err
		}
	}
}
