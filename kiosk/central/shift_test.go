package central_test

import (
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"balcao/kiosk/central"
	"balcao/kiosk/central/schema"
	"balcao/kiosk/examine/examinetest"
	"balcao/kiosk/transcript"
	"balcao/mock-pcsc/pki"
)

// staffCard is a staff card of the fixtures.
type staffCard struct {
	number, name string
	chain        [][]byte
	examinetest.SoftCard
}

// employ registers a member of staff with a card of the fixtures.
func (b *bench) employ(slug, role string) staffCard {
	b.t.Helper()
	c := staffCard{chain: [][]byte{must(pki.StaffCertificate(slug))(b.t)}, SoftCard: examinetest.SoftCard{Key: must(pki.New().StaffKey(slug))(b.t)}}
	for _, s := range pki.Staff() {
		if s.Slug == slug {
			c.number, c.name = s.Number, s.Name
		}
	}
	member := schema.Staff{Number: c.number, Name: c.name, Role: role}
	if err := schema.AddStaff(b.t.Context(), b.DB.Admin(), member, c.chain[0]); err != nil {
		b.t.Fatal(err)
	}
	return c
}

// Every call about shifts and cases through the real door, and each of them twice: the answer is the same, and nothing was
// done twice. The cards have keys of both kinds.
func TestWholeShift(t *testing.T) {
	b := newBench(t)
	ctx, here, there := t.Context(), b.Centre, b.Dial(t, "loja_2")
	clerk, boss := b.employ("clerk", "clerk"), b.employ("supervisor", "supervisor")
	fingerprint := sha256.Sum256(clerk.chain[0])
	signIn := func(c *central.Centre, card staffCard, role string) transcript.SignIn {
		t.Helper()
		s := transcript.SignIn{Shift: newID(), Desk: c.Desk(), At: time.Now()}
		begun := must(c.BeginShift(ctx, s.Shift))(t)
		if again := must(c.BeginShift(ctx, s.Shift))(t); len(begun.Challenge) != 32 || string(again.Challenge) != string(begun.Challenge) {
			t.Errorf("BeginShift: %+v, then %+v", begun, again)
		}
		s.Challenge = begun.Challenge
		if role == "clerk" {
			failure := newID()
			for range 2 {
				if f := must(c.SignInFailed(ctx, s.Shift, failure, fingerprint[:]))(t); f != (central.SignInFailed{TriesLeft: 4}) {
					t.Errorf("SignInFailed: %+v", f)
				}
			}
		}
		jws := must(transcript.SignSignIn(ctx, s, card.chain, card))(t)
		for range 2 {
			in := must(c.SignIn(ctx, s.Shift, jws))(t)
			if want := (central.SignedIn{Staff: card.number, Name: card.name, Role: role, TriesLeft: 5, EndsAt: in.EndsAt}); in != want || in.EndsAt.Before(time.Now()) {
				t.Errorf("SignIn: %+v, want %+v", in, want)
			}
		}
		return s
	}
	shift, their := signIn(here, clerk, "clerk").Shift, signIn(there, boss, "supervisor").Shift
	id, who := newID(), b.person()
	who.Shift = shift
	must(here.Open(ctx, id, who))(t)
	b.waits(id)
	if st := must(here.Status(ctx, id))(t); st.State != central.StateWaiting {
		t.Errorf("the case is %+v", st)
	}
	if _, err := here.Cases(ctx, shift); err != nil {
		wantRefused(t, err, central.RefusedRole)
	} else {
		t.Error("a clerk is told of cases")
	}
	if all := must(there.Cases(ctx, their))(t); len(all) != 1 || all[0].Enrolment != id || all[0].Staff != clerk.number || all[0].Desk != here.Desk() {
		t.Errorf("Cases: %+v", all)
	}
	for range 2 {
		if l := must(there.TakeCase(ctx, their, id))(t); l.Refusal != "" || len(l.JWS) != longestJWS || l.Name != clerk.name {
			t.Errorf("TakeCase: %q, %d bytes, of %q", l.Refusal, len(l.JWS), l.Name)
		}
	}
	if err := errors.Join(there.ReleaseCase(ctx, their, id), there.ReleaseCase(ctx, their, id)); err != nil {
		t.Errorf("ReleaseCase: %v", err)
	}
	must(there.TakeCase(ctx, their, id))(t)
	decision := transcript.Approval{Enrolment: id, Transcript: make([]byte, 32), Decision: "refused", Reason: "other", Shift: their, Desk: there.Desk(), At: time.Now()}
	jws := must(transcript.SignApproval(ctx, decision, boss.chain, boss))(t)
	for range 2 {
		if d := must(there.Decide(ctx, their, id, jws))(t); d.Refusal != "" {
			t.Errorf("Decide: %+v", d)
		}
	}
	if s := must(there.CaseStatus(ctx, their, id))(t); s.State != central.StateDeciding {
		t.Errorf("CaseStatus: %+v", s)
	}
	if err := errors.Join(here.EndShift(ctx, shift), here.EndShift(ctx, shift)); err != nil {
		t.Errorf("EndShift: %v", err)
	}
	who = b.person()
	who.Shift = shift
	_, err := here.Open(ctx, newID(), who)
	wantRefused(t, err, central.RefusedShift)
}

// longestJWS is what the centre takes at most, in bytes.
const longestJWS = 256 << 10

// waits has an enrolment wait for a supervisor, with the longest evidence.
func (b *bench) waits(id any) {
	b.t.Helper()
	for _, sql := range []string{
		`update centre.enrolment set state = 'waiting', bound_at = now(), expires_at = now() + interval '3 days' where id = $1`,
		`insert into centre.evidence (enrolment, content_hash, jws, identity, sod, sealed_pin, proof)
			values ($1, '', convert_to(repeat('x', 262144), 'UTF8'), '', '', '', '')`,
		`insert into centre.approval (enrolment, reasons, level, checks) values ($1, '{doubt}', 'high', '[]')`,
	} {
		if _, err := b.Admin.Exec(b.t.Context(), sql, id); err != nil {
			b.t.Fatal(err)
		}
	}
}
