package metrics_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"balcao/cmd/internal/metrics"
)

func TestCheck(t *testing.T) {
	for address, good := range map[string]bool{
		"": true, "127.0.0.1:9464": true, "[::1]:9464": true, "0.0.0.0:9464": true, "watch.example.pt:9464": true,
		":9464": false, "9464": false, "127.0.0.1": false,
	} {
		if err := metrics.Check(address); (err == nil) != good {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func TestServe(t *testing.T) {
	var log bytes.Buffer
	own := prometheus.NewGauge(prometheus.GaugeOpts{Name: "balcao_test", Help: "Of this test."})
	own.Set(7)
	stop, err := metrics.Serve(t.Context(), "127.0.0.1:0", slog.New(slog.NewJSONHandler(&log, nil)), own)
	if err != nil {
		t.Fatal(err)
	}
	var line struct{ Address string }
	if err := json.Unmarshal(log.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/metrics", http.StatusOK}, {"POST", "/metrics", http.StatusMethodNotAllowed}, {"GET", "/", http.StatusNotFound},
		{"GET", "/debug/pprof/", http.StatusNotFound},
	} {
		r, err := http.NewRequestWithContext(t.Context(), c.method, "http://"+line.Address+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if err != nil || answer.StatusCode != c.status {
			t.Errorf("%s %s: %s, %v", c.method, c.path, answer.Status, err)
		}
		if c.status == http.StatusOK {
			for _, want := range []string{"\nbalcao_test 7\n", "\ngo_goroutines ", "\nprocess_open_fds "} {
				if !strings.Contains(string(text), want) {
					t.Errorf("%q is not in\n%s", want, text)
				}
			}
		}
	}
	stop()
	if answer, err := http.Get("http://" + line.Address + "/metrics"); err == nil {
		_ = answer.Body.Close()
		t.Error("it is served after the stop")
	}
	if stop, err := metrics.Serve(t.Context(), "", nil); err != nil {
		t.Error(err)
	} else {
		stop()
	}
}
