package metrics_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"balcao/assets/testpki"
	"balcao/cmd/internal/metrics"
	"balcao/kiosk/central/door"
	"balcao/kiosk/delivery"
	"balcao/kiosk/evidence"
	"balcao/kiosk/registrar"
	"balcao/kiosk/trust"
	"balcao/kiosk/trust/country"
)

// The files of assets/deploy/prometheus are those that an operator copies.
const deploy = "../../../assets/deploy/prometheus"

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// promtool runs Debian's promtool in a folder.
func promtool(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "promtool", args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// nothing is a channel that sends nothing.
type nothing struct{}

func (nothing) Send(context.Context, delivery.Message) (string, error) { return "", nil }
func (nothing) Check(context.Context) error                            { return nil }

// fullName finds the name and the labels in the text of a description.
var fullName = regexp.MustCompile(`fqName: "([a-z0-9_]+)".*variableLabels: \{([a-z,]*)\}`)

// exported are the names of all that the programs export, of a histogram those of its three parts, with their labels.
func exported(t *testing.T) map[string][]string {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	dir := filepath.Join(t.TempDir(), "pki")
	must(os.CopyFS(dir, testpki.FS))
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, "tls/smtp.crt"), filepath.Join(dir, "tls/smtp.key"))
	must(err)
	d, err := door.New(door.Config{Database: "host=/nowhere user=nobody dbname=none", Certificate: pair, Desks: x509.NewCertPool(), Limits: door.DefaultLimits, Log: slog.Default()})
	must(err)
	pool, err := registrar.OpenPool(t.Context(), "host=/nowhere user=nobody dbname=none", 1)
	must(err)
	t.Cleanup(pool.Close)
	identity, err := age.GenerateX25519Identity()
	must(err)
	_, key, err := ed25519.GenerateKey(nil)
	must(err)
	w, err := registrar.New(registrar.Config{DB: pool, Verifier: evidence.Verifier{}, SMS: nothing{}, Mail: nothing{}, Texts: delivery.Texts{Support: "1"},
		Identity: identity, RecordKey: key, Pepper: bytes.Repeat([]byte{7}, registrar.PepperLength)})
	must(err)
	store, err := trust.Load(filepath.Join(dir, "trust"))
	must(err)
	countries, err := country.Load(filepath.Join(dir, "trust"))
	must(err)
	names := map[string][]string{}
	described := make(chan *prometheus.Desc, 1000)
	for _, c := range slices.Concat(d.Metrics(), w.Metrics(), metrics.Registrar(store, countries, pair.Leaf, 1)) {
		c.Describe(described)
	}
	close(described)
	for d := range described {
		found := fullName.FindStringSubmatch(d.String())
		if found == nil {
			t.Fatalf("a description is not read: %s", d)
		}
		name, labels := found[1], append(strings.Split(found[2], ","), "job", "instance", "le") // Prometheus' own
		names[name] = labels
		for _, part := range []string{"_bucket", "_sum", "_count"} {
			if strings.HasSuffix(name, "_seconds") {
				names[name+part] = labels
			}
		}
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	families, err := registry.Gather()
	must(err)
	for _, f := range families {
		names[f.GetName()] = []string{"job", "instance"}
	}
	return names
}

// metricName finds what may be the name of a metric in an expression.
var metricName = regexp.MustCompile(`\b(?:balcao|go|process)_[a-z0-9_]+\b`)

// selector is a metric with a condition on its labels; label one of the conditions.
var (
	selector = regexp.MustCompile(`\b((?:balcao|go|process)_[a-z0-9_]+)\{([^}]*)\}`)
	label    = regexp.MustCompile(`(\w+)(?:=|!=|=~|!~)"`)
)

func wantExported(t *testing.T, names map[string][]string, where, expressions string) {
	t.Helper()
	found := metricName.FindAllString(expressions, -1)
	if len(found) == 0 {
		t.Errorf("%s names no metric", where)
	}
	for _, name := range found {
		if names[name] == nil {
			t.Errorf("%s: no program exports %s", where, name)
		}
	}
	for _, s := range selector.FindAllStringSubmatch(expressions, -1) {
		for _, l := range label.FindAllStringSubmatch(s[2], -1) {
			if !slices.Contains(names[s[1]], l[1]) {
				t.Errorf("%s: %s has no label %s", where, s[1], l[1])
			}
		}
	}
}

func TestRules(t *testing.T) {
	promtool(t, deploy, "check", "config", "prometheus.yml")
	promtool(t, deploy, "test", "rules", "balcao.rules.test.yml")
	rules, tests, page := read(t, deploy+"/balcao.rules.yml"), read(t, deploy+"/balcao.rules.test.yml"), read(t, "../../../assets/doc/monitoring.md")
	names := exported(t)
	wantExported(t, names, "balcao.rules.yml", rules)
	wantExported(t, names, "balcao.rules.test.yml", tests)
	alerts := strings.Split(rules, "- alert: ")[1:]
	if len(alerts) < 20 {
		t.Errorf("%d alerts", len(alerts))
	}
	for _, text := range alerts {
		alert, said, _ := strings.Cut(text, "\n")
		for _, want := range []string{"severity: ", "summary: ", "means: ", "do: ", "runbook: assets/doc/monitoring.md#" + strings.ToLower(alert)} {
			if !strings.Contains(said, want) {
				t.Errorf("%s has no %s", alert, want)
			}
		}
		if !strings.Contains(page, "\n### "+alert+"\n") {
			t.Errorf("monitoring.md has no section %s", alert)
		}
		for _, value := range []string{"1", "0"} { // one that fires, and a near miss
			tested := regexp.MustCompile(fmt.Sprintf(`expr: count\(ALERTS\{alertname="%s", alertstate="firing"\}\) or vector\(0\)\n.*\n.*labels: '\{\}', value: %s\}`, alert, value))
			if !tested.MatchString(tests) {
				t.Errorf("%s has no test of value %s", alert, value)
			}
		}
	}
	for _, heading := range regexp.MustCompile(`(?m)^### (Balcao\w+)$`).FindAllStringSubmatch(page, -1) {
		if !strings.Contains(rules, "- alert: "+heading[1]+"\n") {
			t.Errorf("monitoring.md has a section %s, and there is no such alert", heading[1])
		}
	}
}

// Prometheus itself reads every expression of the dashboard, and all that is exported is on it or in a rule.
func TestDashboard(t *testing.T) {
	text := read(t, deploy+"/dashboard.json")
	var d struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		t.Fatal(err)
	}
	names := exported(t)
	rules := "groups:\n  - name: dashboard\n    rules:\n"
	all := read(t, deploy+"/balcao.rules.yml")
	for _, p := range d.Panels {
		for i, target := range p.Targets {
			if !strings.Contains(target.Expr, "ALERTS{") { // Prometheus' own
				wantExported(t, names, p.Title, target.Expr)
			}
			expr, err := json.Marshal(strings.ReplaceAll(target.Expr, "$__rate_interval", "5m"))
			if err != nil {
				t.Fatal(err)
			}
			rules += fmt.Sprintf("      - {record: \"panel:%s:%d\", expr: %s}\n", regexp.MustCompile(`\W+`).ReplaceAllString(p.Title, "_"), i, expr)
			all += target.Expr + "\n"
		}
	}
	file := filepath.Join(t.TempDir(), "dashboard.rules.yml")
	if err := os.WriteFile(file, []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	promtool(t, ".", "check", "rules", file)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if own := strings.HasPrefix(name, "balcao_"); own && !strings.Contains(all, name) && !regexp.MustCompile(`_(bucket|sum|count)$`).MatchString(name) {
			t.Errorf("nobody looks at %s", name)
		}
	}
}
