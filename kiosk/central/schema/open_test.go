package schema_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"balcao/kiosk"
)

// The rule for NIFs in SQL is the one of package kiosk.
func TestTaxNumberRule(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	numbers := []string{"", "0", "00000000", "000000000", "012345678", "4000000080", "40000000O", "４０００００００８"}
	for n := range 300 {
		numbers = append(numbers, fmt.Sprintf("%09d", 123456700+n*1_234_567%876_543_299))
	}
	var want []bool
	for _, n := range numbers {
		want = append(want, kiosk.CheckTaxNumber(n))
	}
	got := scalar[[]bool](b, `select array_agg(internal.is_tax_number(n) order by i) from unnest($1::text[]) with ordinality u(n, i)`, numbers)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("kiosk and SQL differ:\n%s", diff)
	}
	if !slices.Contains(want, true) {
		t.Error("none of them is a NIF")
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.set("typed_mrz", 2)
	good := traveller()
	id := b.desk.open(good)
	for what, c := range map[string]struct {
		change      func(*person)
		fresh, same string // answers under a new identifier and under that of the good one
	}{
		"as it is":                 {func(*person) {}, "", ""},
		"another country":          {func(p *person) { p.Country = "D" }, "", "BK004"},
		"a long number":            {func(p *person) { p.Document = strings.Repeat("A", 22) }, "", "BK004"},
		"typed":                    {func(p *person) { p.Typed = true }, "", "BK004"},
		"a permit":                 {func(p *person) { p.Kind = "residence-permit" }, "", "BK004"},
		"another NIF":              {func(p *person) { p.Tax = taxNumber() }, "", "BK004"},
		"a Citizen Card":           {func(p *person) { *p = citizen() }, "", "BK004"},
		"no number":                {func(p *person) { p.Document = "" }, "BK005", "BK005"},
		"fillers":                  {func(p *person) { p.Document = "L898902C<" }, "BK005", "BK005"},
		"small letters":            {func(p *person) { p.Document = "l898902c" }, "BK005", "BK005"},
		"a longer number":          {func(p *person) { p.Document = strings.Repeat("1", 23) }, "BK005", "BK005"},
		"no NIF":                   {func(p *person) { p.Tax = "" }, "BK005", "BK005"},
		"a NIF that cannot be":     {func(p *person) { p.Tax = "400000009" }, "BK005", "BK005"},
		"no country":               {func(p *person) { p.Country = "" }, "BK005", "BK005"},
		"four letters":             {func(p *person) { p.Country = "UTOP" }, "BK005", "BK005"},
		"a country with a filler":  {func(p *person) { p.Country = "D<<" }, "BK005", "BK005"},
		"a passport as a card":     {func(p *person) { p.Kind = "citizen-card" }, "BK005", "BK005"},
		"two numbers":              {func(p *person) { p.Civil = "12345678" }, "BK005", "BK005"},
		"a Citizen Card, typed":    {func(p *person) { *p = citizen(); p.Typed = true }, "BK005", "BK005"},
		"a Citizen Card of Utopia": {func(p *person) { *p = citizen(); p.Country = "U" }, "BK005", "BK005"},
		"a short civil number":     {func(p *person) { *p = citizen(); p.Civil = "9900058" }, "BK005", "BK005"},
		"a long civil number":      {func(p *person) { *p = citizen(); p.Civil = "9900058878" }, "BK005", "BK005"},
		"letters in it":            {func(p *person) { *p = citizen(); p.Civil = "9900058A" }, "BK005", "BK005"},
	} {
		who := good
		c.change(&who)
		for id, want := range map[uuid.UUID]string{newID(): c.fresh, id: c.same} {
			o, err := b.desk.tryOpen(id, who)
			if got := word(o.Refusal, err); got != want {
				t.Errorf("%s: %q, want %q", what, got, want)
			}
		}
	}
	// One that is open stays so when the rule changes.
	typed := traveller()
	typed.Typed = true
	open := b.desk.proven(typed, "sms", phone())
	b.set("typed_mrz", 0)
	if o := must(b.desk.tryOpen(open, typed))(t); o.Refusal != "" {
		t.Errorf("again: %+v", o)
	}
	_, err := b.desk.tryBind(open, travelEvidence)
	wantState(t, "a chip's proof without chip", err, "BK005")
	must(b.desk.tryBind(open, evidence{JWS: []byte("{}"), Identity: []byte("mrz"), PIN: []byte("pin")}))(t)
}

// Whatever way an enrolment ends without a key, nothing of the person stays.
func TestWhatEndsIsForgotten(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		bind bool
		end  func(*bench, uuid.UUID) error
	}{
		"Abandoned": {false, func(b *bench, id uuid.UUID) error { return b.desk.abandon(id, "not_the_person") }},
		"Expired": {false, func(b *bench, id uuid.UUID) error {
			b.exec(`update centre.enrolment set expires_at = clock_timestamp()`)
			_, err := b.registrar.Exec(b.tb.Context(), `select registrar.expire()`)
			return err
		}},
		"Refused": {true, func(b *bench, id uuid.UUID) error {
			_, err := b.registrar.Exec(b.tb.Context(), `select registrar.refuse($1, 'data_altered')`, id)
			return err
		}},
		"Failed": {true, func(b *bench, id uuid.UUID) error {
			b.exec(`update centre.job set state = 'done' where kind <> 'verify'`)
			_, err := b.registrar.Exec(b.tb.Context(), `select registrar.job_failed(job, 'w', 'revocation_unknown') from registrar.take_job('w')`)
			return err
		}},
		"Suspended": {true, func(b *bench, id uuid.UUID) error {
			b.exec(`update centre.desk set state = 'suspended'`)
			_, _, err := b.tryActivate(id, person{Document: scalar[string](b, `select document_number from centre.enrolment`),
				Tax: scalar[string](b, `select tax_number from centre.enrolment`)}, ana)
			b.exec(`update centre.desk set state = 'active'`)
			return err
		}},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			who, number := traveller(), phone()
			id := b.desk.proven(who, "sms", number)
			must(b.desk.chip(id, []byte("dg14-of-a-chip")))(t)
			must(b.registrar.Exec(t.Context(), `select registrar.chip_challenge_made($1, 'send-this', 'keep-this')`, id))(t)
			texts := []string{who.Document, who.Tax, number, "dg14-of-a-chip", "send-this", "keep-this"}
			if c.bind {
				must(b.desk.tryBind(id, travelEvidence))(t)
				texts = append(texts, "DG1 DG11", "the-answer", "sealed", "the-transcript")
			}
			for _, text := range texts {
				if b.mentions(text) == 0 {
					t.Fatalf("the search does not find %q before", text)
				}
			}
			if err := c.end(b, id); err != nil {
				t.Fatal(err)
			}
			for _, text := range texts {
				if n := b.mentions(text); n > 0 {
					t.Errorf("%q stands in %d rows", text, n)
				}
			}
			if n := scalar[int](b, `select count(*) from centre.code_attempt`); n != 1 {
				t.Errorf("%d tries are remembered, want 1", n)
			}
			if err := b.desk.abandon(id, ""); err != nil {
				t.Errorf("abandon of what has ended: %v", err)
			}
			if _, err := b.desk.tryBind(id, cardEvidence); err == nil {
				t.Error("bind of what has ended: no error")
			}
		})
	}
}
