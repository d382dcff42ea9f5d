package desk_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/desk"
)

// The first sign-in of a day lists what the day needs, with what really is amiss; and whatever it lists, a case goes on.
func TestPreflight(t *testing.T) {
	t.Setenv("PATH", lpstat(t)+":"+os.Getenv("PATH"))
	t.Run("Desk", preflightNeeds) // which is parallel
}

func preflightNeeds(t *testing.T) {
	b := newBench(t)
	for _, test := range []struct {
		name   string
		change func(b *bench, cfg *desk.Config)
		want   kiosk.Readiness // zero: all is well
	}{
		{"AllWell", func(*bench, *desk.Config) {}, kiosk.Readiness{}},
		{"ReaderAbsent", func(b *bench, _ *desk.Config) { b.slots.Unplug(1); b.slots.Unplug(2) },
			kiosk.Readiness{Need: kiosk.NeedReaders, Result: kiosk.Failed, Lack: kiosk.LackDocumentReader}},
		{"CentreAway", func(b *bench, _ *desk.Config) {
			b.centre.down = func(context.Context) error { return central.ErrUnavailable }
		},
			kiosk.Readiness{Need: kiosk.NeedCentre, Result: kiosk.Failed, Problem: kiosk.ProblemCentreDown}},
		{"CentreSilent", func(b *bench, cfg *desk.Config) {
			cfg.Pace.Look = 50 * time.Millisecond
			b.centre.down = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		},
			kiosk.Readiness{Need: kiosk.NeedCentre, Result: kiosk.Failed, Problem: kiosk.ProblemCentreDown}},
		{"AnotherVersion", func(b *bench, _ *desk.Config) { b.centre.hello = func(h *central.Hello) { h.Version++ } },
			kiosk.Readiness{Need: kiosk.NeedCentre, Result: kiosk.Failed, Problem: kiosk.ProblemVersion}},
		{"ClockDrifts", func(b *bench, _ *desk.Config) { b.centre.hello = func(h *central.Hello) { h.Skew = 2 * time.Minute } },
			kiosk.Readiness{Need: kiosk.NeedClock, Result: kiosk.Unknown, Lack: kiosk.LackTime}},
		{"DoorEndsSoon", func(b *bench, _ *desk.Config) {
			b.centre.hello = func(h *central.Hello) { h.DoorEnds = time.Now().Add(central.CertificateSoon - time.Hour) }
		}, kiosk.Readiness{Need: kiosk.NeedCertificates, Result: kiosk.Unknown, Lack: kiosk.LackCentreSoon}},
		{"NoSecondScreen", func(_ *bench, cfg *desk.Config) {
			cfg.SecondScreen = func(context.Context) (bool, error) { return false, nil }
		}, kiosk.Readiness{Need: kiosk.NeedScreen, Result: kiosk.Unknown, Lack: kiosk.LackSecondScreen}},
		{"ScreenHangs", func(_ *bench, cfg *desk.Config) {
			cfg.Pace.Look = 500 * time.Millisecond
			cfg.SecondScreen = func(ctx context.Context) (bool, error) { <-ctx.Done(); return false, ctx.Err() }
		}, kiosk.Readiness{Need: kiosk.NeedScreen, Result: kiosk.Unknown, Lack: kiosk.LackAnswer}},
		{"PrinterRuns", func(_ *bench, cfg *desk.Config) { cfg.Papers.Printer = "running" }, kiosk.Readiness{}},
		{"PrinterStopped", func(_ *bench, cfg *desk.Config) { cfg.Papers.Printer = "stopped" },
			kiosk.Readiness{Need: kiosk.NeedPrinter, Result: kiosk.Unknown, Lack: kiosk.LackRunningPrinter}},
		{"NoPrinter", func(_ *bench, cfg *desk.Config) { cfg.Papers.Printer = "another" },
			kiosk.Readiness{Need: kiosk.NeedPrinter, Result: kiosk.Unknown, Lack: kiosk.LackPrinter}},
	} {
		b.centre.hello, b.centre.down = nil, nil
		d := b.start(func(cfg *desk.Config) { test.change(b, cfg) })
		d.part(test.name, func() {
			d.from = 0 // it came with the shift
			d.until("looked without being asked", func(s kiosk.State) bool { return s.Preflight.Shown && !s.Preflight.Asked })
			d.do(kiosk.PreflightAsked{})
			s := d.until("looked", func(s kiosk.State) bool { return s.Preflight.Asked && !s.Preflight.Looking })
			for _, n := range s.Preflight.Needs {
				switch {
				case n.Need == test.want.Need && (n.Result != test.want.Result || n.Lack != test.want.Lack || n.Problem != test.want.Problem):
					d.t.Errorf("got %+v, want %+v", n, test.want)
				case n.Need != test.want.Need && n.Result != kiosk.Passed:
					d.t.Errorf("%+v", n)
				}
			}
			if test.want.Need != kiosk.NeedReaders {
				d.insert("cc2024")
				d.until("read", func(s kiosk.State) bool { return s.Case == 1 && s.Document.Identity != nil })
				b.slots.Remove(1)
			}
		})
		d.stop()
		b.slots.Remove(3)
		if test.want.Need == kiosk.NeedReaders {
			b.slots.Plug(1)
			b.slots.Plug(2)
		}
	}
}

// lpstat is a folder with the program of a CUPS that has a queue which runs and one that is stopped.
func lpstat(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	const script = "#!/bin/sh\necho 'printer running is idle.  enabled since Tue 01 Dec 2026'\necho 'printer stopped disabled since Tue 01 Dec 2026 -'\necho '\tPaused'\n"
	if err := os.WriteFile(filepath.Join(dir, "lpstat"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}
