package schema_test

import (
	"testing"

	"github.com/google/uuid"
)

// Questions to chips that cannot be, that nobody waits for, or that a chip cannot answer.
func TestChipChallenges(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	made := func(id uuid.UUID, toSend, private []byte) error {
		_, err := b.registrar.Exec(t.Context(), `select registrar.chip_challenge_made($1, $2, $3)`, id, toSend, private)
		return err
	}
	asked := func() uuid.UUID {
		id := b.desk.open(traveller())
		must(b.desk.chip(id, []byte("dg14")))(t)
		return id
	}
	none, failed, gone := asked(), asked(), asked()
	for _, halves := range [][2][]byte{{[]byte("x"), nil}, {nil, []byte("x")}, {{}, {}}} {
		wantState(t, "half a challenge", made(none, halves[0], halves[1]), "BK005")
	}
	if err := made(none, nil, nil); err != nil {
		t.Fatal(err)
	}
	if err := b.desk.abandon(gone, ""); err != nil {
		t.Fatal(err)
	}
	wantState(t, "made too late", made(gone, []byte("x"), []byte("x")), "BK009")
	if j := b.mustTake("w"); j.Enrolment != failed {
		t.Errorf("took %+v: nobody waits for it", j)
	} else {
		must(b.registrar.Exec(t.Context(), `select registrar.job_failed($1, 'w', 'payload')`, j.ID))(t)
	}
	for _, id := range []uuid.UUID{none, failed} {
		if c := must(b.desk.chip(id, []byte("dg14")))(t); c.State != "unsupported" || c.Challenge != nil {
			t.Errorf("chip_challenge = %+v, want unsupported", c)
		}
	}
	expired := b.desk.open(traveller())
	b.exec(`update centre.enrolment set expires_at = clock_timestamp() where id = $1`, expired)
	for what, c := range map[string]struct {
		id   uuid.UUID
		dg14 []byte
		want string
	}{
		"ended": {gone, []byte("dg14"), "BK002"}, "bound": {b.desk.bound(traveller()), []byte("dg14"), "BK002"},
		"expired": {expired, []byte("dg14"), "BK003"}, "none": {none, nil, "BK005"}, "long": {none, make([]byte, 16385), "BK005"},
		"a Citizen Card": {b.desk.open(citizen()), []byte("dg14"), "BK005"},
	} {
		_, err := b.desk.chip(c.id, c.dg14)
		wantState(t, what, err, c.want)
	}
	one := b.desk.open(traveller())
	if got := atOnce(6, func(int) string { c, err := b.desk.chip(one, []byte("dg14")); return word(c.State, err) }); got["queued"] != 6 {
		t.Errorf("asked at once: %v", got)
	}
	if n := scalar[int](b, `select count(*) from centre.job where enrolment = $1`, one); n != 1 {
		t.Errorf("%d questions ordered, want 1", n)
	}
}
