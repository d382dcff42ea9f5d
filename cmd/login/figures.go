package main

import (
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"balcao/kiosk/signin"
)

// figures are what Prometheus is told. Nothing in it is about a service or a person.
type figures struct {
	answered *prometheus.HistogramVec
	waited   prometheus.Histogram
	inside   prometheus.GaugeFunc
}

func newFigures(hasher *signin.Hasher) *figures {
	f := &figures{
		answered: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "balcao_login_request_seconds", Help: "Requests answered, by route and status.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}}, []string{"route", "status"}),
		waited: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "balcao_login_hash_wait_seconds", Help: "How long a PIN waited to be hashed.",
			Buckets: []float64{.001, .01, .05, .1, .25, .5, 1, 2.5, 5, 10}}),
		inside: prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "balcao_login_hashes_inside", Help: "PINs that are hashed or wait."},
			func() float64 { return float64(hasher.Inside()) }),
	}
	hasher.Waited(func(d time.Duration) { f.waited.Observe(d.Seconds()) })
	return f
}

func (f *figures) collectors() []prometheus.Collector {
	return []prometheus.Collector{f.answered, f.waited, f.inside}
}

// seen is an answer and its status.
type seen struct {
	http.ResponseWriter
	status int
}

func (s *seen) WriteHeader(status int) {
	if s.status == 0 {
		s.status = status
	}
	s.ResponseWriter.WriteHeader(status)
}

func (s *seen) Write(b []byte) (int, error) {
	if s.status == 0 {
		s.status = http.StatusOK
	}
	return s.ResponseWriter.Write(b)
}

func (s *seen) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// watch counts and logs what is answered: the pattern of the route, never what stands in its place, no address, no service
// and nobody.
func (f *figures) watch(log *slog.Logger, mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		s := &seen{ResponseWriter: w}
		_, route := mux.Handler(r)
		mux.ServeHTTP(s, r)
		if s.status == 0 {
			s.status = http.StatusOK
		}
		if strings.HasSuffix(route, "z") {
			return // health, each few seconds
		}
		took := time.Since(began)
		f.answered.WithLabelValues(route, strconv.Itoa(s.status)).Observe(took.Seconds())
		log.InfoContext(r.Context(), "answered", "route", route, "status", s.status, "ms", took.Milliseconds())
	})
}
