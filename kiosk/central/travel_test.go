package central_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/transcript"
)

// taxNumber is a NIF of the range 40, which nobody has.
func taxNumber() string {
	digits := fmt.Sprintf("40%06d", lastNumber.Add(1))
	for check := range 10 {
		if nif := fmt.Sprintf("%s%d", digits, check); kiosk.CheckTaxNumber(nif) {
			return nif
		}
	}
	panic("a NIF without check digit")
}

// traveller is an invented person with a passport whom no other test has met.
func traveller() central.Person {
	return central.Person{Document: kiosk.Passport, Country: "UTO", DocumentNumber: fmt.Sprintf("L%08d", lastNumber.Add(1)),
		TaxNumber: taxNumber()}
}

// openFor opens an enrolment that must open.
func (b *bench) openFor(who central.Person) uuid.UUID {
	b.tb.Helper()
	id := newID()
	if o := must(b.desk.Open(b.tb.Context(), id, who))(b.tb); o.Refusal != "" || len(o.Challenge) != 32 {
		b.tb.Fatalf("Open = %+v", o)
	}
	return id
}

// provenFor opens an enrolment with a confirmed phone.
func (b *bench) provenFor(who central.Person) uuid.UUID {
	b.tb.Helper()
	id := b.openFor(who)
	b.send(id, kiosk.SMS, phone())
	if c := b.confirm(id, kiosk.SMS, "123456"); c.Refusal != "" {
		b.tb.Fatalf("ConfirmCode: %s", c.Refusal)
	}
	return id
}

// someProof is evidence with the answer of a chip to a challenge of the centre.
var someProof = transcript.Evidence{JWS: someEvidence.JWS, Identity: []byte("DG1 DG11 DG14"), SOD: []byte("sod"),
	SealedPIN: []byte("sealed"), Proof: []byte("\x02the-answer")}

const activateTravellerSQL = `select outcome, coalesce(register, 0) from registrar.activate($1, jsonb_build_object(
	'surname', 'Eriksson', 'given_names', 'Anna Maria', 'birth_date', '1985-12-31', 'birth_stated', '1985',
	'nationality', 'UTO', 'document_number', $2::text, 'tax_number', $3::text),
	'$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA', 'high', '{}', current_date + 1000, 'DG1 DG14')`

func (b *bench) activateTraveller(id uuid.UUID, who central.Person) (outcome string, register int64) {
	b.tb.Helper()
	err := b.registrar.QueryRow(b.tb.Context(), activateTravellerSQL, id, who.DocumentNumber, who.TaxNumber).Scan(&outcome, &register)
	if err != nil {
		b.tb.Fatal(err)
	}
	return outcome, register
}

// enrol takes a traveller to an active key.
func (b *bench) enrol(who central.Person) {
	b.tb.Helper()
	id := b.provenFor(who)
	must(b.desk.Bind(b.tb.Context(), id, someProof))(b.tb)
	if outcome, _ := b.activateTraveller(id, who); outcome != "active" {
		b.tb.Fatalf("activate = %q", outcome)
	}
}

func TestTraveller(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	who := traveller()
	id := b.provenFor(who)
	must(b.desk.Bind(t.Context(), id, someProof))(t)
	outcome, register := b.activateTraveller(id, who)
	if outcome != "active" {
		t.Fatalf("activate = %q", outcome)
	}
	if again, same := b.activateTraveller(id, who); again != "active" || same != register {
		t.Errorf("activate again = %q, %d, want key %d", again, same, register)
	}
	if st := must(b.desk.Status(t.Context(), id))(t); st.State != central.StateActive || st.Register != register {
		t.Errorf("status = %+v", st)
	}
	got := scalar[string](b, `select concat_ws(' ', p.country, p.civil_number, p.document_number, p.birth_date::text, p.birth_stated,
		p.tax_number, k.tax_number) from cmd.person p join cmd.key k on k.person = p.id`)
	if want := strings.Join([]string{"UTO", who.DocumentNumber, "1985-12-31", "1985", who.TaxNumber, who.TaxNumber}, " "); got != want {
		t.Errorf("kept %q, want %q", got, want)
	}
	// What the law and a court need, and nothing else.
	for text, want := range map[string]int{"DG1 DG14": 1, "DG11": 0, "sealed": 0, "the-answer": 1, "dGhlLXRyYW5zY3JpcHQ": 1, "sod": 1} {
		if got := b.mentions(text); got != want {
			t.Errorf("%q stands in %d rows, want %d", text, got, want)
		}
	}
}

func TestOpenTraveller_ErrInvalid(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec(`update cmd.setting set value = '2' where name = 'typed_mrz'`)
	good := traveller()
	for name, change := range map[string]func(*central.Person){
		"no number":                func(p *central.Person) { p.DocumentNumber = "" },
		"fillers":                  func(p *central.Person) { p.DocumentNumber = "L898902C<" },
		"small letters":            func(p *central.Person) { p.DocumentNumber = "l898902c" },
		"a longer number":          func(p *central.Person) { p.DocumentNumber = strings.Repeat("1", 23) },
		"no NIF":                   func(p *central.Person) { p.TaxNumber = "" },
		"a NIF that cannot be":     func(p *central.Person) { p.TaxNumber = "400000009" },
		"eight digits":             func(p *central.Person) { p.TaxNumber = good.TaxNumber[:8] },
		"ten digits":               func(p *central.Person) { p.TaxNumber += "0" },
		"no country":               func(p *central.Person) { p.Country = "" },
		"four letters":             func(p *central.Person) { p.Country = "UTOP" },
		"a country with a filler":  func(p *central.Person) { p.Country = "D<<" },
		"a passport as a card":     func(p *central.Person) { p.Document = kiosk.CitizenCard },
		"a Citizen Card, typed":    func(p *central.Person) { *p = person(); p.Typed = true },
		"a Citizen Card of Utopia": func(p *central.Person) { *p = person(); p.Country = "U" },
	} {
		t.Run(name, func(t *testing.T) {
			who := good
			change(&who)
			_, err := b.desk.Open(t.Context(), newID(), who)
			wantRefused(t, err, central.RefusedInvalid)
		})
	}
	for name, change := range map[string]func(*central.Person){
		"as it is":      func(*central.Person) {},
		"of Germany":    func(p *central.Person) { p.Country = "D" },
		"a long number": func(p *central.Person) { p.DocumentNumber = strings.Repeat("A", 22) },
		"typed":         func(p *central.Person) { p.Typed = true },
		"a permit":      func(p *central.Person) { p.Document = kiosk.ResidencePermit },
	} {
		who := traveller()
		change(&who)
		if o, err := b.desk.Open(t.Context(), newID(), who); err != nil || len(o.Challenge) != 32 {
			t.Errorf("%s: %+v, %v", name, o, err)
		}
	}
}

// The rule for NIFs in SQL is the one of package kiosk.
func TestTaxNumberRule(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	numbers := []string{"", "0", "00000000", "000000000", "012345678", "4000000080", "40000000O", "４０００００００８"}
	for n := range 300 {
		numbers = append(numbers, fmt.Sprintf("%09d", 123456700+n*1_234_567%876_543_299))
	}
	var got []bool
	for _, n := range numbers {
		got = append(got, kiosk.CheckTaxNumber(n))
	}
	want := scalar[[]bool](b, `select array_agg(cmd.is_tax_number(n) order by i) from unnest($1::text[]) with ordinality u(n, i)`, numbers)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("kiosk and SQL differ:\n%s", diff)
	}
	if !slices.Contains(got, true) {
		t.Error("none of them is a NIF")
	}
}

// Each part of what an enrolment is opened for belongs to its identifier.
func TestOpenTraveller_ErrConflict(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec(`update cmd.setting set value = '2' where name = 'typed_mrz'`)
	who := traveller()
	id := b.openFor(who)
	for name, change := range map[string]func(*central.Person){
		"kind":    func(p *central.Person) { p.Document = kiosk.ResidenceCard },
		"country": func(p *central.Person) { p.Country = "D" },
		"number":  func(p *central.Person) { p.DocumentNumber += "1" },
		"NIF":     func(p *central.Person) { p.TaxNumber = taxNumber() },
		"typed":   func(p *central.Person) { p.Typed = true },
		"person":  func(p *central.Person) { *p = person() },
	} {
		t.Run(name, func(t *testing.T) {
			other := who
			change(&other)
			_, err := b.desk.Open(t.Context(), id, other)
			wantRefused(t, err, central.RefusedConflict)
		})
	}
}

func TestTypedMRZ(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	who := traveller()
	who.Typed = true
	if o := must(b.desk.Open(t.Context(), newID(), who))(t); o.Refusal != central.NoChip || o.Challenge != nil {
		t.Errorf("by default: %+v, want %q", o, central.NoChip)
	}
	if n := scalar[int](b, `select count(*) from cmd.enrolment`); n != 0 {
		t.Errorf("%d enrolments, want none", n)
	}
	b.exec(`update cmd.setting set value = '1' where name = 'typed_mrz'`)
	id := b.provenFor(who)
	// One that is open stays so.
	b.exec(`update cmd.setting set value = '0' where name = 'typed_mrz'`)
	if o := must(b.desk.Open(t.Context(), id, who))(t); o.Refusal != "" {
		t.Errorf("again: %+v", o)
	}
	_, err := b.desk.ChipChallenge(t.Context(), id, []byte("dg14"))
	wantRefused(t, err, central.RefusedInvalid)
	_, err = b.desk.Bind(t.Context(), id, someProof)
	wantRefused(t, err, central.RefusedInvalid)
	must(b.desk.Bind(t.Context(), id, transcript.Evidence{JWS: someEvidence.JWS, Identity: []byte("mrz"), SealedPIN: []byte("pin")}))(t)
}

// An SOD that is missing, and a proof where there is no chip, are said to be wrong at once.
func TestBindTraveller_ErrInvalid(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.provenFor(traveller())
	for name, change := range map[string]func(*transcript.Evidence){
		"no SOD":       func(e *transcript.Evidence) { e.SOD = nil },
		"a long proof": func(e *transcript.Evidence) { e.Proof = make([]byte, 4097) },
	} {
		t.Run(name, func(t *testing.T) {
			e := someProof
			change(&e)
			_, err := b.desk.Bind(t.Context(), id, e)
			wantRefused(t, err, central.RefusedInvalid)
		})
	}
	must(b.desk.Bind(t.Context(), id, someProof))(t)
	other := someProof
	other.Proof = []byte("\x02another-answer")
	_, err := b.desk.Bind(t.Context(), id, other)
	wantRefused(t, err, central.RefusedConflict)
	card := b.proven(kiosk.SMS, phone())
	_, err = b.desk.Bind(t.Context(), card, someProof)
	wantRefused(t, err, central.RefusedInvalid)
}

// One NIF, one living key: a renewed passport, and a permit beside it, are one person, whichever the desk
// asks about.
func TestOneTaxNumberOneKey(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	who := traveller()
	b.enrol(who)
	for name, change := range map[string]func(*central.Person){
		"the same":           func(*central.Person) {},
		"another NIF":        func(p *central.Person) { p.TaxNumber = taxNumber() },
		"a renewed passport": func(p *central.Person) { p.DocumentNumber = "N" + p.DocumentNumber },
		"a residence permit": func(p *central.Person) {
			p.Document, p.Country, p.DocumentNumber = kiosk.ResidencePermit, "PRT", "AB0001"
		},
		"a Citizen Card, now": func(p *central.Person) { nif := p.TaxNumber; *p = person(); p.TaxNumber = nif },
	} {
		other := who
		change(&other)
		id := newID()
		for range 2 {
			if o := must(b.desk.Open(t.Context(), id, other))(t); o.Refusal != central.AlreadyActive {
				t.Errorf("%s: %+v, want %q", name, o, central.AlreadyActive)
			}
		}
	}
	// A document of another State with the same number is another document.
	other := traveller()
	other.DocumentNumber, other.Country = who.DocumentNumber, "D"
	b.enrol(other)
	// A number that names a Citizen Card names no travel document.
	card, _ := b.enrolled()
	b.exec(`update cmd.person set document_number = 'XX1' where civil_number = $1`, card.CivilNumber)
	permit := traveller()
	permit.Country, permit.DocumentNumber = "PRT", "XX1"
	b.enrol(permit)
	if got, want := scalar[int](b, `select count(*) from cmd.key where living`), 4; got != want {
		t.Errorf("%d living keys, want %d", got, want)
	}
}

// All open before any is active: the indexes decide between them.
func TestOneTaxNumberOneKey_AtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	base := traveller()
	people := make([]central.Person, 6)
	ids := make([]uuid.UUID, len(people))
	for i := range people {
		people[i] = base
		if i%2 == 0 {
			people[i].DocumentNumber = fmt.Sprintf("R%d%s", i, base.DocumentNumber)
		} else {
			people[i].TaxNumber = base.TaxNumber // the same passport as well
		}
		ids[i] = b.provenFor(people[i])
		must(b.desk.Bind(t.Context(), ids[i], someProof))(t)
	}
	var mu sync.Mutex
	outcomes := map[string]int{}
	var wg sync.WaitGroup
	for i, id := range ids {
		wg.Go(func() {
			var outcome string
			var register int64
			err := b.registrar.QueryRow(t.Context(), activateTravellerSQL, id, people[i].DocumentNumber, people[i].TaxNumber).
				Scan(&outcome, &register)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			outcomes[outcome]++
		})
	}
	wg.Wait()
	if outcomes["active"] != 1 || outcomes["already_active"] != len(people)-1 {
		t.Errorf("%v, want one active and the others already_active", outcomes)
	}
	if n := scalar[int](b, `select count(*) from cmd.key`); n != 1 {
		t.Errorf("%d keys, want 1", n)
	}
}

// A key that is past its last day makes room, also for another document of the same person.
func TestLapsedKeyMakesRoomForTheNextDocument(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	who := traveller()
	b.enrol(who)
	b.exec(`update cmd.key set valid_until = current_date - 1`)
	who.DocumentNumber = "N" + who.DocumentNumber
	b.enrol(who)
	if got := scalar[string](b, `select string_agg(state, ' ' order by register) from cmd.key`); got != "expired active" {
		t.Errorf("keys are %q, want the first expired and the second active", got)
	}
	// Nobody is joined with anybody for a NIF that was typed.
	if n := scalar[int](b, `select count(*) from cmd.person`); n != 2 {
		t.Errorf("%d people, want 2", n)
	}
}

// The registrar makes no key for other numbers than those that the enrolment was opened for.
func TestTravellerOfTheEvidenceIsTheEnrolments(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	who := traveller()
	id := b.provenFor(who)
	must(b.desk.Bind(t.Context(), id, someProof))(t)
	for _, numbers := range [][2]any{{who.DocumentNumber + "1", who.TaxNumber}, {nil, who.TaxNumber},
		{who.DocumentNumber, taxNumber()}, {who.DocumentNumber, nil}} {
		_, err := b.registrar.Exec(t.Context(), activateTravellerSQL, id, numbers[0], numbers[1])
		wantState(t, err, fmt.Sprintf("%v", numbers), "BK010")
	}
	if outcome, _ := b.activateTraveller(id, who); outcome != "active" {
		t.Errorf("activate = %q", outcome)
	}
}

// Whatever way an enrolment ends without a key, nothing of the document stays.
func TestWhatEndsIsForgotten_Traveller(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]string{
		"Refused":   `select registrar.refuse($1, 'data_altered')`,
		"Failed":    `select registrar.job_failed(j.id, 'revocation_unknown') from cmd.job j where j.enrolment = $1 and j.kind = 'verify'`,
		"HasAKey":   `select cmd.end_enrolment($1, 'refused', 'already_active')`,
		"Abandoned": `select cmd.end_enrolment($1, 'abandoned', null)`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			who := traveller()
			id := b.provenFor(who)
			must(b.desk.ChipChallenge(t.Context(), id, []byte("dg14-of-a-chip")))(t)
			if err := b.made(id, []byte("send-this"), []byte("keep-this")); err != nil {
				t.Fatal(err)
			}
			must(b.desk.Bind(t.Context(), id, someProof))(t)
			texts := []string{who.DocumentNumber, who.TaxNumber, "dg14-of-a-chip", "send-this", "keep-this", "DG1 DG11", "the-answer", "sealed"}
			for _, text := range texts {
				if b.mentions(text) == 0 {
					t.Fatalf("the search does not find %q while the enrolment is pending", text)
				}
			}
			b.exec(end, id)
			for _, text := range texts {
				if n := b.mentions(text); n > 0 {
					t.Errorf("%q stands in %d rows", text, n)
				}
			}
		})
	}
}
