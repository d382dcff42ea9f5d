package central_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"balcao/kiosk/central"
)

// made answers a queued challenge as a registrar does; without bytes it cannot be made.
func (b *bench) made(id uuid.UUID, toSend, private []byte) error {
	_, err := b.registrar.Exec(b.tb.Context(), `select registrar.chip_challenge_made($1, $2, $3)`, id, toSend, private)
	return err
}

func TestChipChallenge(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	who := traveller()
	id := b.provenFor(who)
	dg14 := []byte("the chip's keys")
	ask := func() central.ChipChallenge {
		t.Helper()
		return must(b.desk.ChipChallenge(ctx, id, dg14))(t)
	}
	for range 2 {
		if q := ask(); q.State != central.ChipQueued || q.Challenge != nil {
			t.Errorf("before a registrar has made it: %+v", q)
		}
	}
	b.exec(`update cmd.job set state = 'done' where kind = 'send_code'`)
	tx := b.begin()
	j := mustTake(t, tx)
	if j.Kind != "chip_challenge" || j.Enrolment != id || string(j.ChipDG14) != string(dg14) || len(j.Payload) != 0 {
		t.Fatalf("took %+v", j)
	}
	heard := b.listen(t, id, central.NoticeChip)
	if _, err := tx.Exec(ctx, `select registrar.chip_challenge_made($1, 'send-this', 'keep-this'), registrar.job_done($2)`, id, j.ID); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	<-heard
	if q := ask(); q.State != central.ChipReady || string(q.Challenge) != "send-this" {
		t.Errorf("ready: %+v", q)
	}
	if err := b.made(id, []byte("another"), []byte("another")); err != nil {
		t.Error(err)
	}
	if q := ask(); string(q.Challenge) != "send-this" {
		t.Errorf("made twice: %+v", q)
	}
	_, err := b.desk.ChipChallenge(ctx, id, []byte("another chip's keys"))
	wantRefused(t, err, central.RefusedConflict)

	must(b.desk.Bind(ctx, id, someProof))(t)
	if q := ask(); q.State != central.ChipReady {
		t.Errorf("once it is bound: %+v", q)
	}
	tx = b.begin()
	j = mustTake(t, tx)
	if string(j.ChipState) != "keep-this" || string(j.ChipDG14) != string(dg14) || string(j.Evidence.Proof) != "\x02the-answer" {
		t.Errorf("verify has chip state %q of DG14 %q, and proof %q", j.ChipState, j.ChipDG14, j.Evidence.Proof)
	}
	if j.Payload["document_number"] != who.DocumentNumber || j.Payload["tax_number"] != who.TaxNumber || j.Payload["typed"] != false ||
		j.Payload["civil_number"] != nil {
		t.Errorf("verify speaks of %v", j.Payload)
	}
	if err := tx.Rollback(ctx); err != nil {
		t.Error(err)
	}
	if outcome, _ := b.activateTraveller(id, who); outcome != "active" {
		t.Fatalf("activate = %q", outcome)
	}
	// What the proof is verified with stays beside it; what was public of it does not.
	for text, want := range map[string]int{"keep-this": 1, "send-this": 0, string(dg14): 0} {
		if got := b.mentions(text); got != want {
			t.Errorf("%q stands in %d rows, want %d", text, got, want)
		}
	}
	_, err = b.desk.ChipChallenge(ctx, id, dg14)
	wantRefused(t, err, central.RefusedEnded)
}

// listen returns a channel that is closed when the desk hears something of an enrolment.
func (b *bench) listen(t *testing.T, id uuid.UUID, kind central.NoticeKind) <-chan struct{} {
	t.Helper()
	heard, up := make(chan struct{}), make(chan struct{})
	line := central.Line{Heartbeat: time.Hour, Up: func(time.Duration) { close(up) },
		Down: func(err error) { t.Errorf("the line went down: %v", err) }}
	var once sync.Once
	line.Notice = func(n central.Notice) {
		if n.Enrolment == id && n.Kind == kind {
			once.Do(func() { close(heard) })
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = b.desk.Listen(ctx, line) }()
	t.Cleanup(func() { cancel(); <-ended })
	<-up
	return heard
}

// A desk that lost its patience asks again while its first question is under way.
func TestChipChallenge_AtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.openFor(traveller())
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			if q, err := b.desk.ChipChallenge(t.Context(), id, []byte("dg14")); err != nil || q.State != central.ChipQueued {
				t.Errorf("%+v, %v", q, err)
			}
		})
	}
	wg.Wait()
	if n := scalar[int](b, `select count(*) from cmd.job where kind = 'chip_challenge'`); n != 1 {
		t.Errorf("%d questions ordered, want 1", n)
	}
}

func TestChipChallenge_Unsupported(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id, given := b.openFor(traveller()), b.openFor(traveller())
	for _, e := range []uuid.UUID{id, given} {
		must(b.desk.ChipChallenge(t.Context(), e, []byte("dg14")))(t)
	}
	if err := b.made(id, nil, nil); err != nil {
		t.Fatal(err)
	}
	b.exec(`select registrar.job_failed(j.id, 'payload') from cmd.job j where j.enrolment = $1`, given)
	for _, e := range []uuid.UUID{id, given} {
		if q := must(b.desk.ChipChallenge(t.Context(), e, []byte("dg14")))(t); q.State != central.ChipUnsupported || q.Challenge != nil {
			t.Errorf("%+v, want %q", q, central.ChipUnsupported)
		}
	}
	for _, halves := range [][2][]byte{{[]byte("x"), nil}, {nil, []byte("x")}, {{}, {}}} {
		wantState(t, b.made(given, halves[0], halves[1]), "half a challenge", "BK005")
	}
}

// An enrolment that ended is asked nothing, and what was asked is forgotten.
func TestChipChallenge_Ended(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	dg14 := []byte("dg14-of-a-chip")
	id, late, bound := b.openFor(traveller()), b.openFor(traveller()), b.provenFor(traveller())
	for _, e := range []uuid.UUID{id, late} {
		must(b.desk.ChipChallenge(t.Context(), e, dg14))(t)
	}
	if err := b.made(id, []byte("send-this"), []byte("keep-this")); err != nil {
		t.Fatal(err)
	}
	for _, e := range []uuid.UUID{id, late} {
		if err := b.desk.Abandon(t.Context(), e, ""); err != nil {
			t.Fatal(err)
		}
		_, err := b.desk.ChipChallenge(t.Context(), e, dg14)
		wantRefused(t, err, central.RefusedEnded)
	}
	for _, text := range []string{string(dg14), "send-this", "keep-this"} {
		if n := b.mentions(text); n > 0 {
			t.Errorf("%q stands in %d rows", text, n)
		}
	}
	wantState(t, b.made(late, []byte("x"), []byte("x")), "made too late", "BK009")
	b.exec(`update cmd.job set state = 'done' where kind = 'send_code'`)
	if j, ok, err := take(t.Context(), b.begin()); ok || err != nil {
		t.Errorf("took %+v, %v: nobody waits for it", j, err)
	}

	must(b.desk.Bind(t.Context(), bound, someProof))(t)
	_, err := b.desk.ChipChallenge(t.Context(), bound, dg14)
	wantRefused(t, err, central.RefusedEnded)
	expired := b.openFor(traveller())
	b.exec(`update cmd.enrolment set expires_at = clock_timestamp() where id = $1`, expired)
	_, err = b.desk.ChipChallenge(t.Context(), expired, dg14)
	wantRefused(t, err, central.RefusedExpired)
	for _, absurd := range [][]byte{nil, make([]byte, 16385)} {
		_, err := b.desk.ChipChallenge(t.Context(), b.openFor(traveller()), absurd)
		wantRefused(t, err, central.RefusedInvalid)
	}
	_, err = b.desk.ChipChallenge(t.Context(), b.open(), dg14)
	wantRefused(t, err, central.RefusedInvalid)
}
