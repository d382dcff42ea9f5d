package metrics

import (
	"crypto/x509"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"balcao/kiosk/trust"
	"balcao/kiosk/trust/country"
)

// Registrar are figures of what a registrar was given at its start: when what it believes ends, and how many witnesses
// cosign the log that it signs.
func Registrar(store *trust.Store, countries *country.Authorities, desks *x509.Certificate, witnesses int) []prometheus.Collector {
	ends := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "balcao_trust_end_timestamp_seconds",
		Help: "When the next of each kind ends that this registrar believes: anchor and intermediate of Citizen Cards, country (a signing CA of a State), " +
			"country_list (the newest revocation list of the State whose ends first; it may have ended), desk_authority."}, []string{"what"})
	set := func(what string, end time.Time) {
		if !end.IsZero() {
			ends.WithLabelValues(what).Set(float64(end.Unix()))
		}
	}
	now := time.Now()
	of := func(certificates []*x509.Certificate) (all []time.Time) {
		for _, c := range certificates {
			all = append(all, c.NotAfter)
		}
		return all
	}
	var states []time.Time
	for _, c := range countries.Certificates() {
		states = append(states, c.NotAfter)
	}
	set("anchor", nextEnd(of(store.Anchors()), now))
	set("intermediate", nextEnd(of(store.Intermediates()), now))
	set("country", nextEnd(states, now))
	set("country_list", countries.ListsEnd())
	set("desk_authority", desks.NotAfter)
	logWitnesses := prometheus.NewGauge(prometheus.GaugeOpts{Name: "balcao_log_witnesses", Help: "Witnesses that this registrar asks to cosign the log."})
	logWitnesses.Set(float64(witnesses))
	return []prometheus.Collector{ends, logWitnesses}
}

// nextEnd is the first end that is to come, and the last one when all have passed: expired CAs stay for old documents.
func nextEnd(ends []time.Time, now time.Time) (next time.Time) {
	for _, end := range ends {
		switch past, nextPast := end.Before(now), next.Before(now); {
		case next.IsZero(), nextPast && (!past || end.After(next)), !past && end.Before(next):
			next = end
		}
	}
	return next
}
