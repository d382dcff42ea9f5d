package load_test

import (
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"balcao/cmd/bench/load"
	"balcao/kiosk/central/cluster"
	"balcao/kiosk/kiosktest"
	"balcao/kiosk/registrar"
)

func TestMain(m *testing.M) { cluster.TestMain(m) }

// The door and the SQL behind it are asked the same, or their comparison would say nothing.
func TestRun(t *testing.T) {
	t.Parallel()
	o := kiosktest.NewOffice(t)
	o.OpenCentre(t.Context(), t)
	pool, err := pgxpool.New(t.Context(), o.DB.Centre())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	registrars, err := registrar.OpenPool(t.Context(), o.DB.Registrar(), 4)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(registrars.Close)
	if err := kiosktest.Employ(t.Context(), o.Admin); err != nil {
		t.Fatal(err)
	}
	shift, err := kiosktest.SignIn(t.Context(), o.Centre, kiosktest.Clerks[0])
	if err != nil {
		t.Fatal(err)
	}
	sql := load.SQL{Pool: pool, Desk: o.DB.Desk(kiosktest.DeskName).Certificate[0]}
	desks := []load.Desk{{Asks: o.Centre, Shift: shift.ID}, {Asks: sql, Shift: shift.ID}}
	with := load.Registrar{Pool: registrars, Records: o.Records}
	r, err := load.Run(t.Context(), desks, with, 20)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := r.Enrolments, 20; got != want {
		t.Errorf("%d enrolments, want %d", got, want)
	}
	if r.PerSecond <= 0 || r.Median <= 0 || r.P95 < r.Median {
		t.Errorf("measured %+v", r)
	}
	if bound, active, err := load.Together(t.Context(), desks, with); err != nil || bound <= 0 || active < bound {
		t.Errorf("together: bound in %s, active in %s, %v", bound, active, err)
	}
	for _, desk := range desks {
		took, err := load.Enrol(t.Context(), desk, with)
		if err != nil {
			t.Fatal(err)
		}
		if took.SendCode <= 0 || took.Bind <= 0 || took.All < took.SendCode+took.Bind {
			t.Errorf("%T took %+v", desk.Asks, took)
		}
	}
}
