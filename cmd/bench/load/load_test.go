package load_test

import (
	"testing"

	"balcao/cmd/bench/load"
	"balcao/kiosk/central/cluster"
)

func TestMain(m *testing.M) { cluster.TestMain(m) }

func TestRun(t *testing.T) {
	t.Parallel()
	db := cluster.NewDatabase(t)
	for _, travellers := range []bool{false, true} {
		r, err := load.Run(t.Context(), load.Options{DeskDSN: db.Desk("loja_1"), RegistrarDSN: db.Registrar(), Enrolments: 40,
			Travellers: travellers})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := r.Enrolments, 40; got != want {
			t.Errorf("%d enrolments, want %d", got, want)
		}
		if r.PerSecond <= 0 || r.Median <= 0 || r.P95 < r.Median {
			t.Errorf("measured %+v", r)
		}
	}
}

// BenchmarkEnrolment is the centre's part of one enrolment while eight go on.
func BenchmarkEnrolment(b *testing.B) {
	for name, travellers := range map[string]bool{"CitizenCard": false, "Passport": true} {
		b.Run(name, func(b *testing.B) {
			db := cluster.NewDatabase(b)
			r, err := load.Run(b.Context(), load.Options{DeskDSN: db.Desk("loja_1"), RegistrarDSN: db.Registrar(), Enrolments: b.N,
				Travellers: travellers})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(r.PerSecond, "enrolments/s")
			b.ReportMetric(float64(r.P95.Microseconds())/1000, "p95-ms")
		})
	}
}
