package door_test

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"balcao/kiosk/central"
	"balcao/kiosk/central/door"
)

// told is what Prometheus is told of the door: values by name and labels.
func (b *bench) told() map[string]float64 {
	b.Helper()
	all := map[string]float64{}
	for _, f := range must(b.metrics.Gather())(b.T) {
		for _, m := range f.GetMetric() {
			name := f.GetName()
			for _, l := range m.GetLabel() {
				name += " " + l.GetValue()
			}
			all[name] = m.GetGauge().GetValue() + m.GetCounter().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return all
}

func (b *bench) wantTold(name string, want float64) {
	b.Helper()
	all := b.told()
	if got, there := all[name]; !there || got != want {
		b.Errorf("%s: got %v (%v), want %v", name, got, there, want)
		for other, value := range all {
			if first, _, _ := strings.Cut(name, " "); strings.HasPrefix(other, first) && value > 0 {
				b.Log(other, value)
			}
		}
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	b := newBench(t, limits)
	hello := "balcao_door_calls_total ok POST " + central.PathHello + " 2xx"
	c := b.client(&b.desk)
	if status, _, text := b.try(c, http.MethodPost, b.urls[0]+central.PathHello, "", ""); status != http.StatusOK {
		t.Fatal(text)
	}
	b.wantTold(hello, 1)
	b.wantTold("balcao_door_call_seconds "+central.PathHello, 1)
	b.wantTold("balcao_door_desks_seen", 1)
	b.wantTold("balcao_door_database_up", 1)
	b.wantTold("balcao_door_calls_in_flight", 0)
	b.wantTold("balcao_door_tls_failures_total", 0)
	// One of an alert is seen to be the first.
	b.wantTold("balcao_door_calls_total record_invalid GET "+central.PathEnrolment+" 5xx", 0)

	// Nobody at all, somebody of another authority, and somebody without a certificate.
	_, _, _ = b.try(&http.Client{Transport: &http.Transport{}}, http.MethodGet, b.urls[0]+"/healthz", "", "") // does not trust the door
	b.until("a failed handshake is counted", func() bool { return b.told()["balcao_door_tls_failures_total"] == 1 })
	if status, _, _ := b.try(b.client(nil), http.MethodPost, b.urls[0]+central.PathHello, "", ""); status != http.StatusUnauthorized {
		t.Errorf("without a certificate: %d", status)
	}
	b.wantTold("balcao_door_calls_total no_certificate POST "+central.PathHello+" 4xx", 1)
	b.wantTold("balcao_door_desks_seen", 1)

	// A certificate of the authority's that is no desk's is not seen; one that ends soon is named.
	b.try(b.client(b.dated.desk(t, "nobody", time.Now().Add(time.Hour))), http.MethodPost, b.urls[0]+central.PathHello, "", "")
	b.wantTold("balcao_door_desks_seen", 1)
	ends := time.Now().Add(59 * 24 * time.Hour)
	soon := b.dated.desk(t, "loja_1", ends)
	b.know(soon)
	b.try(b.client(soon), http.MethodPost, b.urls[0]+central.PathHello, "", "")
	b.wantTold("balcao_door_desk_certificate_end_timestamp_seconds loja_1", float64(ends.Unix()))

	stream := must(b.client(&b.desk).Get(b.urls[0] + central.PathEvents))(t)
	b.until("a stream is counted", func() bool { return b.told()["balcao_door_streams"] == 1 })
	b.wantTold("balcao_door_calls_in_flight", 0)
	_ = stream.Body.Close()
	b.until("it ended", func() bool { return b.told()["balcao_door_streams"] == 0 })
	if b.told()["balcao_door_connections"] < 1 {
		t.Error("no connection is counted")
	}
}

// know makes a certificate of somebody else's authority one of a desk in the database.
func (b *bench) know(c *tls.Certificate) {
	b.Helper()
	b.exec(`insert into centre.desk_certificate (desk, fingerprint) values ('loja_1', sha256($1))`, c.Certificate[0])
}

// Whoever asks for what is not there, in ways that are none, makes no more series than one.
func TestMetricsStayBounded(t *testing.T) {
	t.Parallel()
	b := newBench(t, door.Limits{Calls: 4, Streams: 4, Connections: 4, PerAddress: 2})
	c := b.client(&b.desk)
	c.Transport.(*http.Transport).MaxConnsPerHost = 1
	round := func(from int) int {
		for i := from; i < from+40; i++ {
			b.try(c, http.MethodGet, fmt.Sprintf("%s/nothing/%d", b.urls[0], i), "", "")
			b.try(c, fmt.Sprintf("BREW%c", 'A'+i%26), b.urls[0]+central.PathHello, "", "")
			b.try(c, http.MethodGet, b.urls[0]+strings.Replace(central.PathEnrolment, "{enrolment}", fmt.Sprint(i), 1), "", "")
			b.try(c, http.MethodPut, b.urls[0]+strings.Replace(central.PathAbandonment, "{enrolment}", newID(), 1), central.MediaJSON, fmt.Sprintf(`{"reason":"%d"}`, i))
		}
		return len(b.told())
	}
	before := round(0)
	if after := round(1000); after != before {
		t.Errorf("%d series, were %d", after, before)
	}
	b.wantTold("balcao_door_calls_total invalid other "+central.PathHello+" 4xx", 80)
	b.wantTold("balcao_door_calls_total invalid GET / 4xx", 80)
	// A third connection of one address finds no place.
	for range 3 {
		one := must(net.Dial("tcp", strings.TrimPrefix(b.urls[0], "https://")))(t)
		t.Cleanup(func() { _ = one.Close() })
	}
	b.until("one too many is counted", func() bool { return b.told()["balcao_door_turned_away_total connections"] >= 1 })
}
