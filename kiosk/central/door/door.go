// Package door is the centre's door: the HTTP server that desks call. It knows a desk by its client certificate,
// whose fingerprint it hands to one function of schema desk for each call; what a desk may do is decided there.
//
// The door trusts no desk. Whatever one can send is bounded before it is read, whatever it can hold is counted, and
// what is left of the database is shared between desks in turns. It keeps nothing, so any number may run.
//
// openapi.yaml says what is called and answered, and the tests hold it to that.
package door

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"balcao/kiosk/central"
	"balcao/kiosk/primary"
	"balcao/kiosk/trust/staff"
)

// Config is what a door needs.
type Config struct {
	Database    string // connection string of balcao_centre
	Certificate tls.Certificate
	Desks       *x509.CertPool      // the authority of desks
	Staff       *staff.Trust        // whose cards sign in; with nil nobody does
	Records     []ed25519.PublicKey // of registrars, for package record; with none no key is said to be active
	LogOrigin   string              // of the transparency log (package ledger), for receipts
	Limits      Limits
	Log         *slog.Logger
}

// Limits are of one process; none may be 0.
type Limits struct {
	Calls       int `toml:"calls"`       // at the database at a time: as many connections, and one more
	Streams     int `toml:"streams"`     // of events
	Connections int `toml:"connections"` // of TCP
	PerAddress  int `toml:"per_address"` // of TCP, from one address
}

// DefaultLimits suit a thousand desks.
var DefaultLimits = Limits{Calls: 16, Streams: 2048, Connections: 8192, PerAddress: 1024}

// How long a call may take.
const (
	bodyTime  = 10 * time.Second // until the body is there
	callTime  = 6 * time.Second  // at the database, which itself gives up after 5 s
	writeTime = 10 * time.Second // until the answer is taken
)

// Door answers desks.
type Door struct {
	cfg  Config
	pool *pgxpool.Pool
	gate *gate
	hub  *hub

	figures *figures
}

// New prepares a door. It does not wait for the database.
func New(cfg Config) (*Door, error) {
	pc, err := primary.Config(cfg.Database)
	if err != nil {
		return nil, err
	}
	if pc.ConnConfig.RuntimeParams["application_name"] == "" {
		pc.ConnConfig.RuntimeParams["application_name"] = "balcao-centre"
	}
	pc.ConnConfig.RuntimeParams["timezone"] = "UTC" // of times within JSON
	pc.MaxConns = int32(cfg.Limits.Calls)           //nolint:gosec // as configured
	pc.MinIdleConns = 1
	pc.MaxConnLifetime = 15 * time.Minute
	pc.MaxConnLifetimeJitter = 3 * time.Minute
	pc.AfterConnect = func(_ context.Context, conn *pgx.Conn) error {
		utc := &pgtype.TimestamptzCodec{ScanLocation: time.UTC}
		conn.TypeMap().RegisterType(&pgtype.Type{Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: utc})
		return nil
	}
	pool, err := pgxpool.NewWithConfig(context.Background(), pc)
	if err != nil {
		return nil, fmt.Errorf("preparing connections to the database: %w", problemOf(err))
	}
	return &Door{cfg: cfg, pool: pool, gate: newGate(cfg.Limits.Calls), hub: newHub(cfg.Limits.Streams, cfg.Log), figures: newFigures()}, nil
}

// Handler answers all paths.
func (d *Door) Handler() http.Handler {
	mux := http.NewServeMux()
	allowed := map[string][]string{}
	handle := func(method, path string, answer func(http.ResponseWriter, *http.Request) error) {
		allowed[path] = append(allowed[path], method)
		mux.Handle(method+" "+path, d.logged(path, answer))
	}
	for _, e := range endpoints {
		handle(e.method, e.path, d.desks(func(w http.ResponseWriter, r *http.Request, c caller) error { return d.call(w, r, c, e) }))
	}
	handle(http.MethodGet, central.PathEvents, d.desks(d.events))
	handle(http.MethodGet, pathHealth, func(w http.ResponseWriter, _ *http.Request) error { return alive(w, true) })
	handle(http.MethodGet, pathReady, func(w http.ResponseWriter, _ *http.Request) error { return alive(w, d.hub.ready()) })
	for path, methods := range allowed {
		mux.Handle(path, d.logged(path, func(w http.ResponseWriter, _ *http.Request) error {
			w.Header().Set("Allow", strings.Join(methods, ", "))
			return errMethod
		}))
	}
	mux.Handle("/", d.logged("/", func(http.ResponseWriter, *http.Request) error { return errNoPath }))
	return timed(mux)
}

// timed bounds how long a request may take, also one that the mux answers by itself (a path that is not clean).
func timed(answer http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		control, now := http.NewResponseController(w), time.Now()
		_ = control.SetWriteDeadline(now.Add(bodyTime + longestWait + callTime + writeTime))
		if r.ContentLength != 0 { // also for one that nobody wants: net/http reads on before it answers
			_ = control.SetReadDeadline(now.Add(bodyTime))
		}
		answer.ServeHTTP(w, r)
	})
}

// Paths that need no certificate.
const (
	pathHealth = "/healthz" // 204: the process answers
	pathReady  = "/readyz"  // 204: and the database takes writes, and is listened to
)

// alive answers and ends the connection: one without a desk's certificate has no business to stay.
func alive(w http.ResponseWriter, well bool) error {
	w.Header().Set("Connection", "close")
	if !well {
		return errUnavailable
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// caller is who calls, as TLS proved it. The name is that of the certificate, which is the name in the database for every
// certificate there.
type caller struct {
	desk fingerprint
	name string
	ends time.Time // the certificate
}

// desks lets only desks through: those with a certificate of the authority's. Whether it is still a desk's is
// for the database to say.
func (d *Door) desks(answer func(http.ResponseWriter, *http.Request, caller) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 {
			w.Header().Set("Connection", "close")
			return errNameless
		}
		cert := r.TLS.PeerCertificates[0]
		c := caller{sha256.Sum256(cert.Raw), cert.Subject.CommonName, cert.NotAfter}
		switch {
		case time.Now().After(cert.NotAfter): // since the connection began
			w.Header().Set("Connection", "close")
			return errNameless
		case !claim(r.Context(), c.desk):
			w.Header().Set("Connection", "close")
			return d.figures.turnedAway("connections", errBusy)
		}
		return answer(w, r, c)
	}
}

// call answers one endpoint.
func (d *Door) call(w http.ResponseWriter, r *http.Request, c caller, e endpoint) error {
	var answer any
	if e.answer != nil {
		answer = reflect.New(reflect.TypeOf(e.answer)).Interface()
	}
	if err := d.do(w, r, c, e, answer); err != nil {
		return err
	}
	d.figures.desks.saw(c)
	if answer == nil {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	text, err := json.Marshal(answer)
	if err != nil {
		return fmt.Errorf("%w: %v", errInternal, err)
	}
	w.Header().Set("Content-Type", central.MediaJSON)
	_, _ = w.Write(text) // whoever asked may be gone, and asks again
	return nil
}

// do does what an endpoint is for. The body is read before the call has a place at the database, and parsed after; the
// place is free again before the answer is written: the caller's line may be as slow as the caller likes.
func (d *Door) do(w http.ResponseWriter, r *http.Request, c caller, e endpoint, answer any) error {
	args := []any{c.desk[:]}
	for _, name := range identifiers(e.path) {
		id, err := uuid.Parse(r.PathValue(name))
		if err != nil || id.String() != r.PathValue(name) || id.Version() != 7 {
			return errMalformed
		}
		args = append(args, id)
	}
	v, err := d.gate.enter(c.desk)
	if err != nil {
		return d.figures.turnedAway("calls", err)
	}
	defer v.leave()
	body, err := readBody(w, r, e)
	if err != nil {
		return err
	}
	defer clear(body)
	if err := v.wait(r.Context()); err != nil {
		return d.figures.turnedAway("calls", err)
	}
	sql := e.sql
	if e.request != nil {
		request := reflect.New(reflect.TypeOf(e.request)).Interface()
		defer wipe(request)
		if err := decode(body, request); err != nil {
			return err
		}
		if e.verify == nil {
			args = append(args, arguments(request)...)
		} else if sql, args, err = e.verify(d, c, e, args, request); err != nil {
			return err
		}
	}
	if err := d.ask(r.Context(), answer, sql, args...); err != nil {
		return err
	}
	return d.proven(r.PathValue("enrolment"), answer)
}

// readBody reads what a call may send.
func readBody(w http.ResponseWriter, r *http.Request, e endpoint) ([]byte, error) {
	switch media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); {
	case r.ContentLength > e.body:
		return nil, errTooLarge
	case r.ContentLength < 0:
		return nil, errNoLength
	case e.request == nil:
		return nil, nil
	case err != nil || media != central.MediaJSON:
		return nil, errMedia
	}
	body := make([]byte, r.ContentLength)
	switch _, err := io.ReadFull(r.Body, body); {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, errSlow
	case err != nil:
		return nil, errMalformed
	}
	// Nothing more comes, and at the deadline net/http would take the caller for gone.
	if err := http.NewResponseController(w).SetReadDeadline(time.Time{}); err != nil {
		return nil, fmt.Errorf("%w: %v", errInternal, err)
	}
	return body, nil
}

// identifiers are the names of the identifiers in a path.
func identifiers(path string) (names []string) {
	for part := range strings.SplitSeq(path, "/") {
		if name, is := strings.CutPrefix(part, "{"); is {
			names = append(names, strings.TrimSuffix(name, "}"))
		}
	}
	return names
}

// ask makes one statement, which is one transaction. It is not given up when the caller goes away: that would end the
// connection, and whoever called and hung up would have the door do nothing but log in.
func (d *Door) ask(ctx context.Context, answer any, sql string, args ...any) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTime)
	defer cancel()
	rows, err := d.pool.Query(ctx, sql, args...)
	if err == nil {
		_, err = pgx.CollectExactlyOneRow(rows, scan(answer))
	}
	if lostServer(err) {
		d.pool.Reset() // the other connections lead to the same server
	}
	return err
}

// hello asks the database for the name of a desk.
func (d *Door) hello(ctx context.Context, c caller) (string, error) {
	v, err := d.gate.enter(c.desk)
	if err != nil {
		return "", d.figures.turnedAway("calls", err)
	}
	defer v.leave()
	if err := v.wait(ctx); err != nil {
		return "", d.figures.turnedAway("calls", err)
	}
	var h central.Hello
	err = d.ask(ctx, &h, `select desk from desk.hello($1)`, c.desk[:])
	if err == nil {
		d.figures.desks.saw(c)
	}
	return h.Desk, err
}

// logged answers problems, and logs what a call came to: nothing of what was said, and no address.
func (d *Door) logged(route string, answer func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		if route != central.PathEvents {
			d.figures.inFlight.Inc()
			defer d.figures.inFlight.Dec()
		}
		w.Header().Set("Cache-Control", "no-store")
		seen := &recorder{ResponseWriter: w, status: http.StatusOK}
		err := answer(seen, r)
		level, attrs := slog.LevelInfo, []slog.Attr{slog.String("method", r.Method), slog.String("route", route)}
		var p *problem
		if err != nil {
			p = problemOf(err)
			p.write(seen)
			attrs = append(attrs, slog.String("code", p.code))
			if p.state != "" {
				attrs = append(attrs, slog.String("sqlstate", p.state))
			}
			switch {
			case p.code == central.FailedInternal, p.code == central.FailedRecord:
				level = slog.LevelError
			case slices.Contains(cheap, p):
				level = slog.LevelDebug
			}
		} else if r.Method == http.MethodGet || route == central.PathHello {
			level = slog.LevelDebug // asking changes nothing, and every desk asks all day
		}
		if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 {
			level = slog.LevelDebug // anybody could fill a disk
		} else {
			name := r.TLS.PeerCertificates[0].Subject.CommonName
			attrs = append(attrs, slog.String("desk", name[:min(len(name), 64)]))
		}
		took := time.Since(began)
		d.figures.answered(r, route, seen.status, p, took)
		attrs = append(attrs, slog.Int("status", seen.status), slog.Duration("took", took))
		d.cfg.Log.LogAttrs(r.Context(), level, "call", attrs...)
	})
}

// cheap are problems that cost whoever makes them next to nothing: a line for each would let them fill a disk.
var cheap = []*problem{errNameless, errNoPath, errMethod, errMalformed, errNoLength, errTooLarge, errMedia, errStatement, errBusy}

// recorder remembers the status of an answer.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
