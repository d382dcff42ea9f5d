package registrar

import (
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"balcao/kiosk"
)

// seriesOf counts the series of collectors, and adds up the values of gauges.
func seriesOf(t *testing.T, collectors ...prometheus.Collector) (n int, sum float64) {
	t.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors...)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		n += len(f.GetMetric())
		for _, m := range f.GetMetric() {
			sum += m.GetGauge().GetValue()
		}
	}
	return n, sum
}

// Whatever the database or a job says, there are no more series than the lists have values.
func TestMetrics_StayBounded(t *testing.T) {
	m := newMetrics()
	before, _ := seriesOf(t, m.jobs, m.took)
	for i := range 500 {
		m.worked(fmt.Sprint("kind_", i), "failed", &trouble{code: fmt.Sprint("smpp_", i)}, time.Second)
		m.worked(kindNotify, "later", &trouble{code: fmt.Sprint("mail_", i), reason: kiosk.FailReason(fmt.Sprint(i))}, time.Second)
	}
	if after, _ := seriesOf(t, m.jobs, m.took); after != before+4 {
		t.Errorf("%d series of jobs, were %d", after, before)
	}
	var told []figure
	for i := range 500 {
		told = append(told, figure{"jobs", fmt.Sprint("kind_", i), fmt.Sprint(i % 3), 1}, figure{fmt.Sprint("figure_", i), "", "", 1})
	}
	m.centre.told(append(told, figure{"jobs", kindVerify, "queued", 7}))
	n, sum := seriesOf(t, m.centre)
	if n != 3 { // when, verify, and other
		t.Errorf("%d series of figures", n)
	}
	if got := sum - float64(m.centre.at.UnixMilli())/1000; got < 506 || got > 508 {
		t.Errorf("they add up to %v, want 507", got)
	}
	m.centre.at = time.Now().Add(-figuresLast)
	if n, _ := seriesOf(t, m.centre); n != 1 {
		t.Errorf("%d series of figures that are old, want only when that was", n)
	}
}
