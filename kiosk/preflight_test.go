package kiosk_test

import (
	"testing"
	"time"

	"balcao/kiosk"
)

// results are how the needs stand that are listed.
func results(p kiosk.PreflightState) map[kiosk.Need]kiosk.Readiness {
	all := map[kiosk.Need]kiosk.Readiness{}
	for _, n := range p.Needs {
		all[n.Need] = n
	}
	return all
}

func goodTrust() kiosk.Readiness { return kiosk.Readiness{Need: kiosk.NeedTrust, Result: kiosk.Passed} }

// looked answers the last LookAtDesk.
func (d *desk) looked(number int, needs ...kiosk.Readiness) *desk {
	return d.do(kiosk.DeskLooked{Number: number, Needs: append(needs, goodTrust())})
}

// morning is a desk whose first clerk of the day has just signed in.
func morning(t *testing.T) *desk {
	d := newShift(t, true).card(rita, false).do(staffPIN())
	who := rita
	who.Role = kiosk.RoleClerk
	return d.do(kiosk.SignedIn{Staff: who, EndsAt: noon.Add(8 * time.Hour)}).asked(kiosk.LookAtDesk{Number: 1})
}

func TestPreflight(t *testing.T) {
	shown := func(t *testing.T, d *desk, want bool) {
		t.Helper()
		if d.state.Preflight.Shown != want {
			t.Fatalf("shown %v, want %v: %+v", d.state.Preflight.Shown, want, d.state.Preflight)
		}
	}
	t.Run("AllWellGivesWay", func(t *testing.T) {
		d := morning(t)
		if p := d.state.Preflight; !p.Shown || !p.Looking || len(p.Needs) != 4 {
			t.Fatalf("got %+v, want readers, centre, clock and messages already, and the rest looked for", p)
		}
		d.looked(1)
		if p := d.state.Preflight; p.Looking || len(p.Needs) != 5 || p.ClosesAt.IsZero() || d.state.Wake.After(p.ClosesAt) {
			t.Fatalf("got %+v, woken at %v", p, d.state.Wake)
		}
		d.wait(time.Second)
		shown(t, d, true)
		d.wait(time.Second)
		shown(t, d, false)
	})
	t.Run("OnceADay", func(t *testing.T) {
		d := morning(t).looked(1).wait(3*time.Second).do(kiosk.SignOut{}, kiosk.CardRemoved{Reader: 3}).signedIn(marta)
		shown(t, d, false)
		d.do(kiosk.SignOut{}, kiosk.CardRemoved{Reader: 3}).wait(24*time.Hour).card(rita, false).do(staffPIN())
		d.do(kiosk.SignedIn{Staff: rita, EndsAt: d.state.Now.Add(8 * time.Hour)}).asked(kiosk.LookAtDesk{Number: 2})
	})
	t.Run("NotForAuditors", func(t *testing.T) {
		d := newShift(t, true).card(rita, false).do(staffPIN())
		auditor := rita
		auditor.Role = kiosk.RoleAuditor
		shown(t, d.do(kiosk.SignedIn{Staff: auditor, EndsAt: noon.Add(8 * time.Hour)}).asked(), false)
	})
	t.Run("BarsNobody", func(t *testing.T) {
		d := morning(t).do(kiosk.CardInserted{Reader: 1}).asked(kiosk.ReadDocument{Case: 1, Reader: 1})
		d.looked(1, kiosk.Readiness{Need: kiosk.NeedPrinter, Result: kiosk.Unknown, Lack: kiosk.LackPrinter}).wait(time.Hour)
		shown(t, morning(t).do(kiosk.ErrandsAsked{}), false)
		d = morning(t).looked(1, kiosk.Readiness{Need: kiosk.NeedPrinter, Result: kiosk.Unknown, Lack: kiosk.LackPrinter}).wait(time.Minute)
		shown(t, d, true) // until it was read
		d.do(kiosk.CardInserted{Reader: 1}).asked(kiosk.ReadDocument{Case: 1, Reader: 1}).do(kiosk.OtherDocument{}, kiosk.CardRemoved{Reader: 1})
		shown(t, d, true)
		shown(t, d.do(kiosk.PreflightClosed{}), false)
	})
	t.Run("LeftBeforeTheAnswer", func(t *testing.T) {
		d := morning(t).do(kiosk.PreflightClosed{}).looked(1, kiosk.Readiness{Need: kiosk.NeedScreen, Result: kiosk.Unknown, Lack: kiosk.LackSecondScreen})
		shown(t, d, false)
		d.do(kiosk.PreflightAsked{}).asked(kiosk.LookAtDesk{Number: 2}).looked(1)
		if !d.state.Preflight.Looking {
			t.Error("an answer of before ends the wait")
		}
		d.looked(2).wait(time.Minute)
		shown(t, d, true) // who asked reads it
	})
	t.Run("NotBehindTheLock", func(t *testing.T) {
		d := morning(t).do(kiosk.CardRemoved{Reader: 3}).shift(kiosk.ShiftLocked)
		shown(t, d, false)
		d.looked(1, kiosk.Readiness{Need: kiosk.NeedScreen, Result: kiosk.Unknown, Lack: kiosk.LackSecondScreen})
		shown(t, d.card(rita, true).unlock(), true)
	})
	t.Run("ServiceStopped", func(t *testing.T) { // with a staff card of one's own the desk would lock
		d := newShift(t, false).signedIn(rita).do(kiosk.ServiceChanged{Problem: kiosk.ProblemServiceStopped}).looked(1)
		if got := results(d.state.Preflight)[kiosk.NeedReaders]; got.Result != kiosk.Failed || got.Problem != kiosk.ProblemServiceStopped {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("NotOnceAsked", func(t *testing.T) { // of a desk that is not empty
		d := morning(t).looked(1).do(kiosk.PreflightClosed{}, kiosk.CardInserted{Reader: 1})
		shown(t, d.do(kiosk.PreflightAsked{}).asked(), false)
	})
}

func TestPreflight_Needs(t *testing.T) {
	good := kiosk.CentreStatus{Health: kiosk.HealthGood}
	for _, test := range []struct {
		name string
		e    []kiosk.Event
		want kiosk.Readiness
	}{
		{"NoDocumentReader", []kiosk.Event{kiosk.ReaderRemoved{Reader: 1}, kiosk.ReaderRemoved{Reader: 2}},
			kiosk.Readiness{Need: kiosk.NeedReaders, Result: kiosk.Failed, Lack: kiosk.LackDocumentReader, Count: 1}},
		{"CardDead", []kiosk.Event{kiosk.CardUnresponsive{Reader: 2}},
			kiosk.Readiness{Need: kiosk.NeedReaders, Result: kiosk.Unknown, Problem: kiosk.ProblemCardUnresponsive, Reader: 2, Count: 3}},
		{"PluggedIn", []kiosk.Event{kiosk.ReaderRemoved{Reader: 1}, kiosk.ReaderRemoved{Reader: 2}, kiosk.ReaderAdded{Reader: 1, Name: "A"}},
			kiosk.Readiness{Need: kiosk.NeedReaders, Result: kiosk.Passed, Count: 2}},
		{"CentreAway", []kiosk.Event{kiosk.CentreChanged{Centre: kiosk.CentreStatus{Health: kiosk.HealthDown}}},
			kiosk.Readiness{Need: kiosk.NeedCentre, Result: kiosk.Failed, Problem: kiosk.ProblemCentreDown}},
		{"Suspended", []kiosk.Event{kiosk.CentreChanged{Centre: kiosk.CentreStatus{Health: kiosk.HealthDown, Suspended: true}}},
			kiosk.Readiness{Need: kiosk.NeedCentre, Result: kiosk.Failed, Problem: kiosk.ProblemDeskSuspended}},
		{"CentreSlow", []kiosk.Event{kiosk.CentreChanged{Centre: kiosk.CentreStatus{Health: kiosk.HealthPoor, RoundTrip: 2 * time.Second}}},
			kiosk.Readiness{Need: kiosk.NeedCentre, Result: kiosk.Unknown, Lack: kiosk.LackSpeed, Off: 2 * time.Second}},
		{"AnotherVersion", []kiosk.Event{kiosk.DeskLooked{Number: 1, Needs: []kiosk.Readiness{{Need: kiosk.NeedCentre, Result: kiosk.Failed, Problem: kiosk.ProblemVersion}}}},
			kiosk.Readiness{Need: kiosk.NeedCentre, Result: kiosk.Failed, Problem: kiosk.ProblemVersion}},
		{"ClockDrifts", []kiosk.Event{kiosk.CentreChanged{Centre: kiosk.CentreStatus{Health: kiosk.HealthGood, Skew: -2 * time.Minute}}},
			kiosk.Readiness{Need: kiosk.NeedClock, Result: kiosk.Unknown, Lack: kiosk.LackTime, Off: -2 * time.Minute}},
		{"ClockOff", []kiosk.Event{kiosk.CentreChanged{Centre: kiosk.CentreStatus{Health: kiosk.HealthGood, Skew: 6 * time.Minute}}},
			kiosk.Readiness{Need: kiosk.NeedClock, Result: kiosk.Failed, Problem: kiosk.ProblemClockSkew, Off: 6 * time.Minute}},
		{"MessagesLate", []kiosk.Event{kiosk.CentreChanged{Centre: good, Delivery: kiosk.HealthPoor}},
			kiosk.Readiness{Need: kiosk.NeedDelivery, Result: kiosk.Unknown, Lack: kiosk.LackSomeMessages}},
		{"NoMessages", []kiosk.Event{kiosk.CentreChanged{Centre: good, Delivery: kiosk.HealthDown}},
			kiosk.Readiness{Need: kiosk.NeedDelivery, Result: kiosk.Failed, Lack: kiosk.LackMessages}},
		{"NothingSaidOfMessages", []kiosk.Event{kiosk.CentreChanged{Centre: good}}, kiosk.Readiness{Need: kiosk.NeedDelivery}},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := morning(t)
			for _, e := range test.e {
				d.do(e)
			}
			d.looked(1)
			got := results(d.state.Preflight)[test.want.Need]
			if test.want.Result == "" {
				test.want = kiosk.Readiness{} // it is not listed
			}
			if !same(got, test.want) {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
			if anything, enrolling := d.state.Preflight.Lacks(); anything != (test.want.Result == kiosk.Unknown || test.want.Result == kiosk.Failed) || enrolling != (test.want.Result == kiosk.Failed) {
				t.Errorf("lacks %v, enrolling %v", anything, enrolling)
			}
			if test.want.Result == kiosk.Unknown || test.want.Result == kiosk.Failed {
				if d.wait(time.Minute); !d.state.Preflight.Shown {
					t.Error("it goes before it was read")
				}
			}
		})
	}
}

func same(a, b kiosk.Readiness) bool {
	return a.Need == b.Need && a.Result == b.Result && a.Problem == b.Problem && a.Lack == b.Lack && a.Reader == b.Reader && a.Count == b.Count && a.Off == b.Off
}
