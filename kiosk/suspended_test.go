package kiosk_test

import (
	"reflect"
	"testing"
	"time"

	"balcao/kiosk"
)

// suspended is what the runner tells when the centre deals with this desk no more.
var suspended = kiosk.CentreChanged{Centre: kiosk.CentreStatus{Health: kiosk.HealthDown, Suspended: true}}

// Whatever a case is at, a suspended desk ends it: the screens say so, nothing of the person stays, what is open at the
// centre is given up, and what is in the centre's hands is not called back.
func TestSuspended_EndsTheCase(t *testing.T) {
	for _, stage := range []struct {
		name    string
		reach   func(*desk) *desk
		abandon bool
	}{
		{"Reading", func(d *desk) *desk { return d.do(kiosk.CardInserted{Reader: 1}) }, false},
		{"Slipped", func(d *desk) *desk { return d.do(kiosk.CardInserted{Reader: 1}, kiosk.CardRemoved{Reader: 1}) }, false},
		{"Identity", (*desk).identified, false},
		{"Opening", func(d *desk) *desk { return d.identified().do(kiosk.PersonConfirmed{}) }, true},
		{"Contact", (*desk).opened, true},
		{"Sending", func(d *desk) *desk {
			return d.opened().do(kiosk.ContactEntered{Channel: kiosk.SMS, Text: "912 345 678"})
		}, true},
		{"PIN", func(d *desk) *desk { return d.settled().do(kiosk.Continue{}) }, true},
		{"Review", (*desk).reviewing, true},
		{"AskedWhetherToCancel", func(d *desk) *desk { return d.reviewing().do(kiosk.Cancel{}) }, true},
		{"CentreAway", func(d *desk) *desk {
			return d.identified().do(kiosk.PersonConfirmed{},
				kiosk.InCase{Case: d.state.Case, Event: kiosk.CommandFailed{Problem: kiosk.Problem{Code: kiosk.ProblemCentreDown}}})
		}, true},
		{"Signing", (*desk).signing, true},
		{"Binding", (*desk).binding, false},
	} {
		t.Run(stage.name, func(t *testing.T) {
			d := stage.reach(newDesk(t))
			id := d.state.Case
			d.do(suspended).problem(kiosk.ProblemDeskSuspended, true)
			want := []kiosk.Command{kiosk.Forget{Case: id}}
			switch {
			case stage.abandon:
				want = append([]kiosk.Command{kiosk.Abandon{Case: id, Reason: kiosk.ProblemDeskSuspended}}, want...)
			case stage.name == "Slipped": // and forgotten then
				want = nil
			}
			d.asked(want...)
			if found := search(reflect.ValueOf(d.session), []string{"Inventada", "912345678", goodPIN}); found != "" {
				t.Errorf("left at %s", found)
			}
			d.do(kiosk.InCase{Case: id, Event: kiosk.KeyActive{}}).asked().problem(kiosk.ProblemDeskSuspended, true)
			d.do(kiosk.NextPerson{}).problem(kiosk.ProblemDeskSuspended, false).at(kiosk.StepDocument)

			d = stage.reach(newDesk(t)).do(suspended, told(kiosk.UsualRules())).problem("", false).at(kiosk.StepDocument)
			if d.state.Case == id {
				t.Error("resumed: the case that ended is still there")
			}
		})
	}
}

// The receipt of a key that is active is not taken away.
func TestSuspended_Done(t *testing.T) {
	d := newDesk(t).done().do(suspended).problem("", false).at(kiosk.StepDone)
	d.do(kiosk.NextPerson{}).problem(kiosk.ProblemDeskSuspended, false)
}

// Nothing begins at a suspended desk, also when the centre does not answer any more. When it takes the desk back, the card
// that lies there is read.
func TestSuspended_BeginsNothing(t *testing.T) {
	rules := kiosk.UsualRules()
	rules.TypedMRZ = kiosk.TypedAllowed
	d := newDesk(t).do(told(rules), suspended).problem(kiosk.ProblemDeskSuspended, false)
	for _, e := range []kiosk.Event{
		kiosk.CardInserted{Reader: 1}, kiosk.Retry{}, kiosk.NoChip{}, kiosk.AccessTyped{Kind: kiosk.AccessMRZ, Text: theZone},
		kiosk.ErrandsAsked{}, kiosk.ErrandChosen{Name: "check"}, kiosk.CardInserted{Reader: 2}, kiosk.NextPerson{}, kiosk.OtherDocument{},
		kiosk.CentreChanged{Centre: kiosk.CentreStatus{Health: kiosk.HealthDown}}, kiosk.Retry{}, kiosk.Cancel{},
	} {
		d.do(e).asked().problem(kiosk.ProblemDeskSuspended, false)
		if d.state.Case != 0 {
			t.Fatalf("%T began a case", e)
		}
	}
	d.do(told(rules)).asked(kiosk.ReadDocument{Case: 1, Reader: 1}).problem("", false)
}

// A code that the centre does not send leaves the contact to be changed, and the other channel free.
func TestCodeRefused_ByTheCentre(t *testing.T) {
	for _, problem := range []kiosk.ContactProblem{kiosk.DestinationOff, kiosk.CentreBusy} {
		d := newDesk(t).opened().do(kiosk.ContactEntered{Channel: kiosk.SMS, Text: "912 345 678"})
		d.do(kiosk.InCase{Case: 1, Event: kiosk.CodeRefused{Channel: kiosk.SMS, Problem: problem}}).problem("", false)
		if phone := d.state.Contact.Phone; phone.Problem != problem || phone.Sending || d.state.Contact.Awaited != "" {
			t.Errorf("%s: got %+v", problem, phone)
		}
		d.do(kiosk.ContactEntered{Channel: kiosk.Email, Text: "ana@exemplo.pt"})
		d.asked(kiosk.SendCode{Case: 1, Number: 2, Channel: kiosk.Email, Value: "ana@exemplo.pt", Language: kiosk.Portuguese})
		d.do(d.queued(kiosk.Email), kiosk.Tick{Now: noon.Add(time.Minute)}, kiosk.ContactEntered{Channel: kiosk.SMS, Text: "912 345 678"})
		d.asked(kiosk.SendCode{Case: 1, Number: 3, Channel: kiosk.SMS, Value: annasPhone, Language: kiosk.Portuguese})
	}
}
