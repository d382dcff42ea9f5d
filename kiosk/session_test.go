package kiosk_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"balcao/kiosk"
)

var noon = time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)

// anna is invented; her numbers cannot exist.
func anna() kiosk.Identity {
	return kiosk.Identity{
		Kind: kiosk.CitizenCard, Generation: kiosk.Generation1, Country: "PRT",
		DocumentNumber: "99000588 7 ZZ1", CivilNumber: "990005887",
		Surname: "Exemplo da Conceição", GivenNames: "Ana Inventada", Sex: "F", Nationality: "PRT",
		BirthDate: kiosk.Date{Year: 1974, Month: time.August, Day: 12}, ValidUntil: kiosk.Date{Year: 2034, Month: time.April, Day: 15},
		TaxNumber: "400000004",
	}
}

const (
	annasPhone = "+351912345678"
	goodPIN    = "739150"
)

// desk drives a session and keeps what it said last.
type desk struct {
	t        *testing.T
	session  *kiosk.Session
	state    kiosk.State
	commands []kiosk.Command
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, session: kiosk.NewSession(kiosk.Settings{DeskName: "Balcão 07"}, noon)}
	d.do(
		kiosk.ReaderAdded{Reader: 1, Name: "A"}, kiosk.ReaderAdded{Reader: 2, Name: "B"},
		kiosk.CentreChanged{Centre: kiosk.CentreStatus{Health: kiosk.HealthGood}, Delivery: kiosk.HealthGood},
	)
	return d
}

// do handles the events and keeps the commands of all of them.
func (d *desk) do(events ...kiosk.Event) *desk {
	d.t.Helper()
	d.commands = nil
	for _, e := range events {
		var commands []kiosk.Command
		d.state, commands = d.session.Handle(e)
		d.commands = append(d.commands, commands...)
	}
	return d
}

// asked fails unless the last events led to exactly these commands.
func (d *desk) asked(want ...kiosk.Command) *desk {
	d.t.Helper()
	if diff := cmp.Diff(want, d.commands); diff != "" {
		d.t.Fatalf("commands (-want +got):\n%s", diff)
	}
	return d
}

func (d *desk) at(step kiosk.Step) *desk {
	d.t.Helper()
	if d.state.Step != step {
		d.t.Fatalf("step: got %v, want %v (problem %+v)", d.state.Step, step, d.state.Problem)
	}
	return d
}

// problem fails unless the screens show that problem, "" for none.
func (d *desk) problem(code kiosk.ProblemCode, fatal bool) *desk {
	d.t.Helper()
	got := kiosk.Problem{}
	if d.state.Problem != nil {
		got = *d.state.Problem
	}
	if got.Code != code || got.Fatal != fatal {
		d.t.Fatalf("problem: got %q fatal %v, want %q fatal %v", got.Code, got.Fatal, code, fatal)
	}
	return d
}

func passes(id kiosk.CaseID) []kiosk.Event {
	var events []kiosk.Event
	for _, name := range kiosk.ExpectedChecks(kiosk.CitizenCard) {
		if name != kiosk.CheckKey {
			events = append(events, kiosk.InCase{Case: id, Event: kiosk.CheckDone{Check: kiosk.Check{Name: name, Result: kiosk.Passed, Source: "chip", At: noon}}})
		}
	}
	return events
}

// identified brings the desk to a complete, genuine document in reader 1.
func (d *desk) identified() *desk {
	d.t.Helper()
	d.do(kiosk.CardInserted{Reader: 1})
	id := d.state.Case
	d.asked(kiosk.ReadDocument{Case: id, Reader: 1, VerifyOnly: !d.state.Errand.NeedsCentre(), AnyAge: !d.state.Errand.MakesKey()})
	d.do(kiosk.InCase{Case: id, Event: kiosk.IdentityRead{Identity: anna(), PINTries: 3}})
	d.do(passes(id)...)
	d.do(
		kiosk.InCase{Case: id, Event: kiosk.PhotoRead{Photo: &kiosk.Photo{Kind: kiosk.PNG, Data: []byte("face")}}},
		kiosk.InCase{Case: id, Event: kiosk.DocumentComplete{Assurance: kiosk.Assurance{Level: kiosk.LevelSubstantial, Missing: []kiosk.CheckName{kiosk.CheckKey}}}},
	)
	return d.at(kiosk.StepIdentity).problem("", false)
}

func (d *desk) opened() *desk {
	d.t.Helper()
	d.identified().do(kiosk.PersonConfirmed{})
	d.asked(kiosk.OpenEnrolment{Case: d.state.Case, Errand: "enrol", Identity: anna()})
	return d.do(kiosk.InCase{Case: d.state.Case, Event: kiosk.Opened{ExpiresAt: noon.Add(time.Hour)}}).at(kiosk.StepContact)
}

func (d *desk) queued(c kiosk.Channel) kiosk.InCase {
	now := d.state.Now
	return kiosk.InCase{Case: d.state.Case, Event: kiosk.CodeQueued{
		Channel: c, SentAt: now, ExpiresAt: now.Add(5 * time.Minute),
		ResendAt: now.Add(30 * time.Second), SendsLeft: 3, TriesLeft: 3, Tries: 3,
	}}
}

var proof = uuid.MustParse("0192f0c1-2b3c-7d4e-8f50-617283940506")

func (d *desk) settled() *desk {
	d.t.Helper()
	d.opened().do(kiosk.ContactEntered{Channel: kiosk.SMS, Text: "912 345 678"})
	d.asked(kiosk.SendCode{Case: d.state.Case, Number: 1, Channel: kiosk.SMS, Value: annasPhone, Language: kiosk.Portuguese})
	d.do(d.queued(kiosk.SMS))
	code := kiosk.Secret("246813")
	d.do(kiosk.CodeTyped{Code: code}).asked(kiosk.ConfirmCode{Case: d.state.Case, Channel: kiosk.SMS, Code: code})
	return d.do(kiosk.InCase{Case: d.state.Case, Event: kiosk.CodeAnswered{Channel: kiosk.SMS, TriesLeft: 3, Proof: proof, At: noon}})
}

func (d *desk) reviewing() *desk {
	d.t.Helper()
	d.settled().do(kiosk.Continue{}).at(kiosk.StepPIN)
	d.do(kiosk.PINTyped{PIN: kiosk.Secret(goodPIN)}).asked()
	d.do(kiosk.PINTyped{PIN: kiosk.Secret(goodPIN)}).asked(kiosk.SealPIN{Case: d.state.Case, PIN: kiosk.Secret(goodPIN)})
	return d.do(kiosk.InCase{Case: d.state.Case, Event: kiosk.PINWasSealed{}}).at(kiosk.StepReview)
}

func (d *desk) transcript() kiosk.TranscriptFacts {
	return kiosk.TranscriptFacts{
		Identity:      anna(),
		Contacts:      []kiosk.ProvenContact{{Channel: kiosk.SMS, Value: annasPhone, Proof: proof, At: noon}},
		PhotoCompared: true, Language: kiosk.Portuguese, At: d.state.Now,
		Assurance: kiosk.Assurance{Level: kiosk.LevelSubstantial, Missing: []kiosk.CheckName{kiosk.CheckKey}},
		Errand:    "enrol",
	}
}

func (d *desk) signing() *desk {
	d.t.Helper()
	d.reviewing().do(kiosk.Agreed{}, kiosk.CardPINTyped{PIN: kiosk.Secret("1234")})
	return d.asked(kiosk.Sign{Case: d.state.Case, PIN: kiosk.Secret("1234"), Transcript: d.transcript()})
}

func (d *desk) binding() *desk {
	d.t.Helper()
	d.signing().do(kiosk.InCase{Case: d.state.Case, Event: kiosk.Signed{Check: kiosk.Check{Name: kiosk.CheckKey, Result: kiosk.Passed}}})
	return d.asked(kiosk.Bind{Case: d.state.Case})
}

func (d *desk) done() *desk {
	d.t.Helper()
	d.binding().do(
		kiosk.Tick{Now: noon.Add(3 * time.Minute)},
		kiosk.InCase{Case: d.state.Case, Event: kiosk.KeyActive{Register: 1204118, ActiveAt: noon, ValidUntil: kiosk.Date{Year: 2034, Month: time.May, Day: 15}, Level: kiosk.LevelHigh}},
	)
	return d.at(kiosk.StepDone)
}

func TestSessionBindsAKey(t *testing.T) {
	d := newDesk(t).done()
	want := &kiosk.Receipt{
		Person: "Ana Inventada Exemplo da Conceição", Register: 1204118, Login: annasPhone, ActiveAt: noon,
		ValidUntil: kiosk.Date{Year: 2034, Month: time.May, Day: 15}, Beyond: 30, Assurance: kiosk.Assurance{Level: kiosk.LevelHigh},
		DeskTime: 3 * time.Minute, WipeAt: noon.Add(3*time.Minute + 45*time.Second), Errand: "enrol",
	}
	if diff := cmp.Diff(want, d.state.Receipt); diff != "" {
		t.Errorf("receipt (-want +got):\n%s", diff)
	}
	id := d.state.Case
	d.do(kiosk.NextPerson{}).asked(kiosk.Forget{Case: id}).at(kiosk.StepDocument)
}

// Whatever makes a problem internal, the page has the reference of its case.
func TestInternal_Reference(t *testing.T) {
	for name, after := range map[string]func(*desk){
		"a command that failed": func(d *desk) {
			d.identified().do(kiosk.PersonConfirmed{}, kiosk.InCase{Case: 1, Event: kiosk.CommandFailed{Problem: kiosk.Problem{Code: kiosk.ProblemInternal, Fatal: true}}})
		},
		"a reading that failed": func(d *desk) {
			d.do(kiosk.CardInserted{Reader: 1}, kiosk.InCase{Case: 1, Event: kiosk.DocumentFailed{Problem: kiosk.Problem{Code: kiosk.ProblemInternal}}})
		},
		"a reading without its checks": func(d *desk) {
			d.do(kiosk.CardInserted{Reader: 1}, kiosk.InCase{Case: 1, Event: kiosk.DocumentComplete{}})
		},
		"a check without a reason": func(d *desk) {
			d.do(kiosk.CardInserted{Reader: 1}, kiosk.InCase{Case: 1, Event: kiosk.CheckDone{Check: kiosk.Check{Name: kiosk.CheckCertificate, Result: kiosk.Failed}}})
		},
	} {
		d := &desk{t: t, session: kiosk.NewSession(kiosk.Settings{Reference: func() string { return "AB3D-EF5H" }}, noon)}
		d.do(kiosk.ReaderAdded{Reader: 1, Name: "A"}, told(kiosk.UsualRules()))
		after(d)
		if p := d.state.Problem; p == nil || p.Code != kiosk.ProblemInternal || p.Reference != "AB3D-EF5H" {
			t.Errorf("%s: got %+v", name, p)
		}
	}
}
