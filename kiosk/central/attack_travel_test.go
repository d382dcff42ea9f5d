package central_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"balcao/kiosk"
	"balcao/kiosk/central"
)

// The stolen desk of attack_test.go, which knows travel documents as well.

const openTravellerSQL = `select coalesce(refusal, 'opened') from desk.open_enrolment($1, $2, $3, null, $4, $5, $6)`

// Who has a key is told to nobody for free, whichever number is asked about: what is asked within a transaction
// is only recorded, and what is answered was committed and counts.
func TestAttack_AskWhoIsEnrolledByDocument(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	who := traveller()
	b.enrol(who)
	questions := map[string]central.Person{
		"document": {Document: kiosk.Passport, Country: who.Country, DocumentNumber: who.DocumentNumber, TaxNumber: taxNumber()},
		"NIF":      {Document: kiosk.Passport, Country: "D", DocumentNumber: "C01", TaxNumber: who.TaxNumber},
		"nobody":   traveller(),
	}
	desk := b.stolen()
	for name, q := range questions {
		tx, err := desk.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = tx.Rollback(context.Background()) }()
		id := newID()
		for range 2 {
			var got string
			err := tx.QueryRow(t.Context(), openTravellerSQL, id, q.Document, q.Country, q.DocumentNumber, q.TaxNumber, false).Scan(&got)
			if err != nil || got != "recorded" {
				t.Errorf("%s, before the commit: %q, %v, want \"recorded\"", name, got, err)
			}
		}
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	b.exec(`update cmd.setting set value = '4' where name = 'desk_opens_per_hour'`)
	for n, name := range []string{"document", "NIF", "document", "NIF", "nobody"} {
		o, err := b.desk.Open(t.Context(), newID(), questions[name])
		switch {
		case n < 4 && (err != nil || o.Refusal != central.AlreadyActive):
			t.Errorf("question %d: %+v, %v, want %q", n, o, err, central.AlreadyActive)
		case n == 4:
			wantRefused(t, err, central.RefusedTooMany)
		}
	}
	for _, number := range []string{who.DocumentNumber, who.TaxNumber} {
		// The person's, and the NIF the key's as well.
		if got := b.mentions(number); got > 2 {
			t.Errorf("a number that was asked about stands in %d rows", got)
		}
	}
}

// A question that is refused for want of a chip costs nothing and so tells nothing: of who has a key and who
// has none it says the same.
func TestAttack_AskWithoutChip(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	who := traveller()
	b.enrol(who)
	for name, q := range map[string]central.Person{"somebody with a key": who, "nobody": traveller()} {
		q.Typed = true
		for range 3 {
			if o, err := b.desk.Open(t.Context(), newID(), q); err != nil || o.Refusal != central.NoChip {
				t.Errorf("%s: %+v, %v, want %q", name, o, err, central.NoChip)
			}
		}
	}
}

// A desk cannot lay hands on the private half of a question to a chip: not its own enrolment's, by no function and
// no notice, and another's not even the public one.
func TestAttack_PrivateHalf(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.provenFor(traveller())
	must(b.desk.ChipChallenge(t.Context(), id, []byte("dg14")))(t)
	if err := b.made(id, []byte("send-this"), []byte("keep-this")); err != nil {
		t.Fatal(err)
	}
	desk := b.stolen()
	for _, sql := range []string{
		`select desk.chip_challenge($1, 'dg14')::text`,
		`select desk.enrolment_status($1)::text`,
		`select desk.hello()::text where $1::uuid is not null`,
		`select desk.bind($1, '{}', 'identity', 'sod', 'pin', 'proof')::text`,
	} {
		var said string
		if err := desk.QueryRow(t.Context(), sql, id).Scan(&said); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		if strings.Contains(said, "keep-this") || strings.Contains(said, fmt.Sprintf("%x", "keep-this")) {
			t.Errorf("%s: says %s", sql, said)
		}
	}
	for _, sql := range []string{
		`select private from cmd.chip_challenge where enrolment = $1`,
		`select registrar.chip_challenge_made($1, 'mine', 'mine')`,
		`select registrar.take_job() where $1::uuid is not null`,
		`update cmd.chip_challenge set private = 'mine' where enrolment = $1`,
	} {
		_, err := desk.Exec(t.Context(), sql, id)
		wantState(t, err, sql, "42501")
	}
	other := dialDesk(t, b.db, "other_"+b.db.Name)
	_, err := other.ChipChallenge(t.Context(), id, []byte("dg14"))
	wantRefused(t, err, central.RefusedUnknown)
}

// One enrolment, one question to one chip: a desk cannot have the centre make any number of them, nor change the
// chip once it was made.
func TestAttack_ManyQuestions(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.openFor(traveller())
	for n := range 5 {
		_, err := b.desk.ChipChallenge(t.Context(), id, fmt.Appendf(nil, "dg14 %d", n))
		if n > 0 {
			wantRefused(t, err, central.RefusedConflict)
		}
	}
	if got, want := scalar[int](b, `select count(*) from cmd.job where kind = 'chip_challenge'`), 1; got != want {
		t.Errorf("%d questions ordered, want %d", got, want)
	}
	// One that was rolled back was never asked.
	rolled := b.openFor(traveller())
	tx, err := b.stolen().Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `select desk.chip_challenge($1, 'dg14')`, rolled); err != nil {
		t.Fatal(err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := scalar[int](b, `select count(*) from cmd.job where enrolment = $1`, rolled); n != 0 {
		t.Errorf("%d jobs of a transaction that was rolled back", n)
	}
}
