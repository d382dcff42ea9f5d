package door

import (
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"balcao/kiosk/central"
)

// figures are what Prometheus is told of a door. Labels are from closed lists, whatever is called: the methods and routes
// of this package, classes of statuses, codes of package central; and the names in certificates of the desks' authority.
type figures struct {
	calls       *prometheus.CounterVec
	took        *prometheus.HistogramVec
	inFlight    prometheus.Gauge
	away        *prometheus.CounterVec
	connections prometheus.Gauge
	handshakes  prometheus.Counter
	desks       *desksSeen
}

func newFigures() *figures {
	f := &figures{
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "balcao_door_calls_total",
			Help: "Calls that were answered, by route, class of status, and code of the problem (ok when there was none)."},
			[]string{"method", "route", "status", "code"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "balcao_door_call_seconds",
			Help:    "How long calls took that were answered without a problem, events apart.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}}, []string{"route"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Name: "balcao_door_calls_in_flight", Help: "Calls being answered now, events apart."}),
		away: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "balcao_door_turned_away_total",
			Help: "Connections, calls and streams that a limit left no place for; desk_: the limit of one desk."}, []string{"limit"}),
		connections: prometheus.NewGauge(prometheus.GaugeOpts{Name: "balcao_door_connections", Help: "TCP connections now."}),
		handshakes: prometheus.NewCounter(prometheus.CounterOpts{Name: "balcao_door_tls_failures_total",
			Help: "Connections that came to nothing in the TLS handshake: no TLS, none that is taken, a certificate of another authority, too slow."}),
		desks: &desksSeen{seen: map[string]deskSeen{}},
	}
	// What one of is an alert begins at 0: Prometheus sees no increase in a series that begins with its first count.
	for _, e := range endpoints {
		for _, code := range []string{central.FailedInternal, central.FailedRecord} {
			f.calls.WithLabelValues(e.method, e.path, "5xx", code)
		}
	}
	return f
}

// Metrics are the door's figures, for Prometheus. They are counted in memory.
func (d *Door) Metrics() []prometheus.Collector {
	gauge := func(name, help string, value func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value)
	}
	f, own := d.figures, d.cfg.Certificate.Leaf
	all := []prometheus.Collector{
		f.calls, f.took, f.inFlight, f.away, f.connections, f.handshakes, f.desks,
		gauge("balcao_door_streams", "Streams of events now.", func() float64 { return float64(d.hub.count()) }),
		gauge("balcao_door_database_up", "1 when the door hears a database that takes writes, as /readyz.", func() float64 {
			if d.hub.ready() {
				return 1
			}
			return 0
		}),
		gauge("balcao_door_database_connections", "Connections to the database.", func() float64 { return float64(d.pool.Stat().TotalConns()) }),
		gauge("balcao_door_database_connections_used", "Connections to the database with a statement at work.", func() float64 { return float64(d.pool.Stat().AcquiredConns()) }),
		gauge("balcao_door_database_connections_most", "Connections to the database that there may be.", func() float64 { return float64(d.pool.Stat().MaxConns()) }),
	}
	if own != nil {
		all = append(all, gauge("balcao_door_certificate_end_timestamp_seconds", "When the door's own certificate ends.",
			func() float64 { return float64(own.NotAfter.Unix()) }))
	}
	return all
}

// answered counts a call. p is nil when there was no problem.
func (f *figures) answered(r *http.Request, route string, status int, p *problem, took time.Duration) {
	method := r.Method
	if !slices.Contains([]string{http.MethodGet, http.MethodPost, http.MethodPut}, method) {
		method = "other"
	}
	code := "ok"
	if p != nil {
		code = p.code
	} else if route != central.PathEvents {
		f.took.WithLabelValues(route).Observe(took.Seconds())
	}
	f.calls.WithLabelValues(method, route, strconv.Itoa(status/100)+"xx", code).Inc()
}

// turnedAway counts what found no place, by whose limit it was: a desk's own makes errBusy.
func (f *figures) turnedAway(limit string, err error) error {
	switch err { //nolint:errorlint // these two are made here and wrapped by nobody
	case errBusy:
		f.away.WithLabelValues("desk_" + limit).Inc()
	case errUnavailable:
		f.away.WithLabelValues(limit).Inc()
	}
	return err
}

// For how long a desk counts as seen, for how long its certificate is watched after that, and from when before its end.
const (
	seenTime    = 5 * time.Minute
	watchedTime = 24 * time.Hour
	endingTime  = 60 * 24 * time.Hour
)

// desksSeen are the desks that called, which the database knew.
type desksSeen struct {
	mu   sync.Mutex
	seen map[string]deskSeen // by name
}

type deskSeen struct{ at, ends time.Time }

func (s *desksSeen) saw(c caller) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[c.name] = deskSeen{at: time.Now(), ends: c.ends}
}

var (
	desksDescription = prometheus.NewDesc("balcao_door_desks_seen", "Desks that called this door within five minutes.", nil, nil)
	endsDescription  = prometheus.NewDesc("balcao_door_desk_certificate_end_timestamp_seconds",
		"When the certificate ends with which a desk called within a day, of those that end within 60 days.", []string{"desk"}, nil)
)

// Describe implements prometheus.Collector.
func (s *desksSeen) Describe(ch chan<- *prometheus.Desc) {
	ch <- desksDescription
	ch <- endsDescription
}

// Collect implements prometheus.Collector.
func (s *desksSeen) Collect(ch chan<- prometheus.Metric) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for name, d := range s.seen {
		switch age := now.Sub(d.at); {
		case age > watchedTime:
			delete(s.seen, name)
			continue
		case age <= seenTime:
			n++
		}
		if d.ends.Sub(now) < endingTime {
			ch <- prometheus.MustNewConstMetric(endsDescription, prometheus.GaugeValue, float64(d.ends.Unix()), name)
		}
	}
	ch <- prometheus.MustNewConstMetric(desksDescription, prometheus.GaugeValue, float64(n))
}
