package registrar_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/delivery"
	"balcao/kiosk/kiosktest"
)

// scrape is what Prometheus reads of collectors.
func scrape(t *testing.T, collectors []prometheus.Collector) func() string {
	registry := prometheus.NewRegistry()
	for _, c := range collectors {
		registry.MustRegister(c)
	}
	return func() string {
		answer := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil)
		promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(answer, r)
		if answer.Code != http.StatusOK {
			t.Fatalf("%d: %s", answer.Code, answer.Body)
		}
		return answer.Body.String()
	}
}

// People enrol, are refused, and are not reached; what door and registrars tell Prometheus of that names none of them.
func TestMetrics_NothingPersonal(t *testing.T) {
	b := newBench(t)
	cards := useCards(b)
	const nobody = "+351912000999"
	b.SMS.Fail = func(m delivery.Message) error {
		if m.To == nobody {
			return &delivery.Error{Code: "sms_address"}
		}
		return nil
	}
	var registrarTells func() string
	b.start(2, func(r *kiosktest.Registrar) { registrarTells = scrape(t, r.Worker.Metrics()) })
	doorTells := scrape(t, b.Door.Metrics)

	personal := []string{goodPIN, "@", "+351"}
	remember := func(v *cardVisit) {
		h := v.card.holder
		for _, word := range append(strings.Fields(h.Surname+" "+h.GivenNames), h.CivilNumber, h.DocumentNumber, h.TaxNumber, v.value, v.value[1:], v.id.String(), v.card.pin) {
			if len(word) > 3 {
				personal = append(personal, word)
			}
		}
	}
	for _, name := range []string{"cc2024", "cc1-rsa2048"} {
		v := b.openWith(cards.read(t, name))
		v.prove()
		v.done()
		remember(v)
	}
	forged := b.openWith(cards.read(t, "cc1-rsa3072"))
	forged.prove()
	forged.card.files.SOD = cards.read(t, "cc2024").files.SOD
	forged.bindHonestly()
	if s := forged.judged(); s.State != central.StateRefused {
		t.Fatalf("another's document: %s", s.State)
	}
	remember(forged)
	unreached := b.openWith(cards.read(t, "cc1-no-photo"))
	unreached.askForCode(kiosk.SMS, nobody)
	remember(unreached)
	b.until("the message failed", func() bool {
		return scalar[bool](b, `select exists (select from centre.message where state = 'failed')`)
	})

	// Another registrar asks for the figures anew.
	var otherTells func() string
	b.start(1, func(r *kiosktest.Registrar) { otherTells = scrape(t, r.Worker.Metrics()) })
	b.until("the figures are there", func() bool { return strings.Contains(otherTells(), "balcao_figures_timestamp_seconds") })
	all := doorTells() + registrarTells() + otherTells()
	for _, want := range []string{
		`balcao_door_calls_total{code="ok",method="PUT",route="` + central.PathEvidence + `",status="2xx"} 3`,
		`balcao_door_desks_seen 1`, `balcao_door_database_up 1`,
		`balcao_enrolments_judged_total{outcome="active"} 2`, `balcao_enrolments_judged_total{outcome="refused"} 1`,
		`balcao_jobs_total{kind="verify",reason="",result="done"} 3`, `balcao_jobs_total{kind="send_code",reason="unknown_number",result="failed"} 1`,
		`balcao_job_seconds_count{kind="verify"} 3`, `balcao_pin_hash_wait_seconds_count 2`, `balcao_channel_state{channel="email",state="good"} 1`,
		`balcao_centre_messages{channel="sms",state="failed"} 1`, `balcao_centre_desks{state="heard"} 1`,
	} {
		if !strings.Contains(all, "\n"+want+"\n") {
			name, _, _ := strings.Cut(want, "{")
			t.Errorf("%s is not in", want)
			for line := range strings.Lines(all) {
				if strings.HasPrefix(line, name) {
					t.Log(strings.TrimSpace(line))
				}
			}
		}
	}
	for _, secret := range append(personal, b.SMS.Secrets()...) {
		if kiosktest.Holds(all, secret) {
			t.Errorf("Prometheus is told %q", secret)
		}
	}
	if len(personal) < 20 {
		t.Errorf("only %d words were looked for", len(personal))
	}
}
