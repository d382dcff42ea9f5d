package registrar

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	"balcao/kiosk"
	"balcao/kiosk/evidence"
)

// metrics are what Prometheus is told of a registrar. Labels are from the closed lists below; whatever else the database or
// a job says is "other". Nothing here is about a person.
type metrics struct {
	jobs    *prometheus.CounterVec
	took    *prometheus.HistogramVec
	judged  *prometheus.CounterVec
	waited  prometheus.Histogram
	channel *prometheus.GaugeVec
	centre  *centreFigures
	wanted  bool // by Metrics, before Run
}

// Values of labels.
var (
	jobKinds = []string{kindSendCode, kindVerify, kindWelcome, kindChip, kindDecide, kindActivation, kindNotify, kindTry, kindSignInCode, kindRehash}
	// jobReasons are the codes of this package's trouble, and why evidence may be judged later. Of a message it is a
	// kiosk.FailReason.
	jobReasons = []string{"attempts", "busy", "code_expired", "contact_form", "database", "held", "internal", "overtaken", "panic", "payload",
		"record_missing", "text", "timeout", "unknown_kind", RefusedSeal, string(kiosk.ReasonRevocationUnknown), evidence.RefusedRecord,
		string(kiosk.FailUnknownNumber), string(kiosk.FailMailboxUnknown), string(kiosk.FailDomainUnknown), string(kiosk.FailMailboxFull),
		string(kiosk.FailSwitchedOff), string(kiosk.FailBarred), string(kiosk.FailSpam), string(kiosk.FailRefused),
		string(kiosk.FailUnavailable), string(kiosk.FailTooLate)}
)

// among returns a value that is in the list, and "other" for any that is not.
func among(list []string, value string) string {
	if slices.Contains(list, value) {
		return value
	}
	return "other"
}

func newMetrics() *metrics {
	m := &metrics{
		jobs: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "balcao_jobs_total",
			Help: "Jobs that were worked, by kind, by what became of them (done, later, failed, lost: the lease ended before), and why."},
			[]string{"kind", "result", "reason"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "balcao_job_seconds", Help: "How long jobs were worked, whatever became of them.",
			Buckets: []float64{.01, .05, .1, .25, .5, 1, 2.5, 5, 10, 20}}, []string{"kind"}),
		judged: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "balcao_enrolments_judged_total",
			Help: "Enrolments whose evidence was judged: active, waiting (for a supervisor) or refused."}, []string{"outcome"}),
		waited: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "balcao_pin_hash_wait_seconds",
			Help: "How long PINs waited for their turn to be hashed (Argon2id).", Buckets: []float64{.001, .01, .05, .1, .25, .5, 1, 2.5, 5, 10}}),
		channel: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "balcao_channel_state",
			Help: "1 for the state that a channel of this registrar is in: good, poor (the last message did not leave) or down."}, []string{"channel", "state"}),
		centre: &centreFigures{},
	}
	// What one of is an alert begins at 0: Prometheus sees no increase in a series that begins with its first count.
	for _, kind := range jobKinds {
		for _, result := range []string{"later", "failed"} {
			m.jobs.WithLabelValues(kind, result, "panic")
		}
	}
	return m
}

// Metrics are the registrar's figures, for Prometheus, and those of the centre, which it asks the database for every
// half minute: a scrape asks nobody. Call it before Run.
func (w *Worker) Metrics() []prometheus.Collector {
	m := w.metrics
	m.wanted = true
	gauge := func(name, help string, value func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value)
	}
	return []prometheus.Collector{
		m.jobs, m.took, m.judged, m.waited, m.channel, m.centre,
		gauge("balcao_pin_hash_waiting", "PINs that are hashed or wait for it.", func() float64 { return float64(w.pins.Inside()) }),
		gauge("balcao_registrar_database_connections_used", "Connections to the database with a statement at work.",
			func() float64 { return float64(w.cfg.DB.Stat().AcquiredConns()) }),
		gauge("balcao_registrar_database_connections_most", "Connections to the database that there may be.",
			func() float64 { return float64(w.cfg.DB.Stat().MaxConns()) }),
	}
}

// worked counts a job; err is why it is not done.
func (m *metrics) worked(kind, result string, err error, took time.Duration) {
	reason := ""
	if t, ok := errors.AsType[*trouble](err); ok {
		if reason = t.code; t.reason != "" {
			reason = string(t.reason)
		}
		reason = among(jobReasons, reason)
	} else if err != nil {
		reason = "internal"
	}
	kind = among(jobKinds, kind)
	m.jobs.WithLabelValues(kind, result, reason).Inc()
	m.took.WithLabelValues(kind).Observe(took.Seconds())
}

// beat notes how a channel is.
func (m *metrics) beat(channel kiosk.Channel, health kiosk.Health) {
	for _, state := range []kiosk.Health{kiosk.HealthGood, kiosk.HealthPoor, kiosk.HealthDown} {
		is := 0.0
		if state == health {
			is = 1
		}
		m.channel.WithLabelValues(string(channel), string(state)).Set(is)
	}
}

// How often the centre's figures are asked for, and after how long without an answer they are told no more: then they say
// nothing, which is an alert of its own.
const (
	figuresEvery = 30 * time.Second
	figuresLast  = 3 * time.Minute
)

// figure is a row of registrar.figures.
type figure struct {
	Name, Label, State string
	Value              float64
}

// centreFigure says how a figure is called, and what its labels may be: of none, one, or two.
type centreFigure struct {
	*prometheus.Desc
	labels [][]string
}

var (
	messageChannels = []string{"sms", "email"}
	deskStates      = []string{"heard", "silent", "idle", "suspended"}
	retention       = []string{"key", "visit", "job", "search"}
	alarms          = []string{"contact_contested", "log_gap", "log_late", "log_fork", "log_witness", "sms_waits", "email_waits"}
	description     = func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}

	answeredDescription = description("balcao_figures_timestamp_seconds", "When the database last told the figures of the centre.")

	centreDescriptions = map[string]centreFigure{
		"jobs": {description("balcao_centre_jobs", "Jobs that are not done, by kind and state (queued, running).", "kind", "state"),
			[][]string{jobKinds, {"queued", "running"}}},
		"job_overdue": {description("balcao_centre_job_overdue_seconds", "For how long the job has been due that nobody takes, of each kind.", "kind"), [][]string{jobKinds}},
		"job_oldest": {description("balcao_centre_job_oldest_seconds", "How long ago the oldest job was queued that is not done, of each kind.", "kind"),
			[][]string{jobKinds}},
		"messages": {description("balcao_centre_messages", "Messages that wait (queued), and those of the last hour that were sent, delivered, failed.", "channel", "state"),
			[][]string{messageChannels, {"queued", "sent", "delivered", "failed"}}},
		"message_oldest": {description("balcao_centre_message_oldest_seconds", "For how long the oldest message waits.", "channel"), [][]string{messageChannels}},
		"registrars":     {description("balcao_centre_registrars", "Registrars that were heard of within a minute."), nil},
		"cases":          {description("balcao_centre_cases_waiting", "Cases that wait for a supervisor."), nil},
		"case_oldest":    {description("balcao_centre_case_oldest_seconds", "For how long the oldest of them waits."), nil},
		"alerts":         {description("balcao_centre_alerts_open", "Alerts about misuse that no supervisor has decided."), nil},
		"alarms": {description("balcao_centre_alarms", "What an operator should look at (kioskctl db alerts), of the last hour, by kind.", "kind"),
			[][]string{alarms}},
		"desks": {description("balcao_centre_desks", "Desks: heard of within 15 minutes, silent though somebody is signed in there, idle, suspended.", "state"),
			[][]string{deskStates}},
		"log_waiting":    {description("balcao_log_leaves_waiting", "Leaves of the log without a number."), nil},
		"log_late":       {description("balcao_log_late_seconds", "For how long the oldest leaf has waited for its number."), nil},
		"log_unsigned":   {description("balcao_log_unsigned_seconds", "For how long the log has leaves that no checkpoint covers."), nil},
		"log_checkpoint": {description("balcao_log_checkpoint_age_seconds", "Age of the newest checkpoint. It grows while nothing is logged."), nil},
		"log_witness": {description("balcao_log_witness_age_seconds",
			"For how long the newest checkpoints have been without a cosignature; only when a witness has cosigned one of the last thousand."), nil},
		"retention":     {description("balcao_retention_due", "Rows whose time is over and that are not deleted yet, at most 1000, by rule.", "rule"), [][]string{retention}},
		"standbys":      {description("balcao_database_standbys", "Standbys that stream, synchronous ones and others.", "state"), [][]string{{"sync", "async"}}},
		"standby_lag":   {description("balcao_database_standby_lag_bytes", "How much WAL the standby that is furthest behind has not replayed."), nil},
		"archive_fails": {description("balcao_database_archive_failing", "1 when the last WAL file could not be archived."), nil},
	}
)

// centreFigures are the figures of the whole centre, as the database told them last.
type centreFigures struct {
	mu    sync.Mutex
	at    time.Time
	known []prometheus.Metric
}

// Describe implements prometheus.Collector.
func (c *centreFigures) Describe(ch chan<- *prometheus.Desc) {
	ch <- answeredDescription
	for _, d := range centreDescriptions {
		ch <- d.Desc
	}
}

// Collect implements prometheus.Collector.
func (c *centreFigures) Collect(ch chan<- prometheus.Metric) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at.IsZero() {
		return
	}
	ch <- prometheus.MustNewConstMetric(answeredDescription, prometheus.GaugeValue, float64(c.at.UnixMilli())/1000)
	if time.Since(c.at) < figuresLast {
		for _, m := range c.known {
			ch <- m
		}
	}
}

// told keeps what the database told. What this program has no name for is left out; values that are no label's of the
// closed list are added up as "other".
func (c *centreFigures) told(figures []figure) {
	type series struct{ name, label, state string }
	values := map[series]float64{}
	for _, f := range figures {
		d, known := centreDescriptions[f.Name]
		if !known {
			continue
		}
		s := series{name: f.Name}
		if len(d.labels) > 0 {
			s.label = among(d.labels[0], f.Label)
		}
		if len(d.labels) > 1 {
			s.state = among(d.labels[1], f.State)
		}
		values[s] += f.Value
	}
	var all []prometheus.Metric
	for s, value := range values {
		d := centreDescriptions[s.name]
		all = append(all, prometheus.MustNewConstMetric(d.Desc, prometheus.GaugeValue, value, []string{s.label, s.state}[:len(d.labels)]...))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at, c.known = time.Now(), all
}

// figures asks for the centre's figures, as long as somebody wants them.
func (w *Worker) figures(ctx context.Context) error {
	for w.metrics.wanted {
		// Trouble shows in listen, and in the age of the figures.
		_ = w.askFigures(ctx)
		if err := sleep(ctx, figuresEvery); err != nil {
			return err
		}
	}
	return nil
}

func (w *Worker) askFigures(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	rows, err := w.cfg.DB.Query(ctx, `select figure, label, state, value from registrar.figures()`)
	if err != nil {
		return plain(err)
	}
	figures, err := pgx.CollectRows(rows, pgx.RowToStructByPos[figure])
	if err != nil {
		return plain(err)
	}
	w.metrics.centre.told(figures)
	return nil
}
