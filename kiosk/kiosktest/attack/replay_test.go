package attack_test

import (
	"testing"
	"time"

	"balcao/kiosk/central"
)

// Attacker (f): true evidence, used again or mixed.
func TestReplay(t *testing.T) {
	s := newSystem(t)
	card := s.citizen("cc1-rsa2048")
	in := s.signIn(s.Centre, s.clerk)
	past := s.enrol(in, card)
	for name, tt := range map[string]struct {
		jws  func(e *enrolment) []byte
		want string
	}{
		"everything of another enrolment":     {func(*enrolment) []byte { return past.honest() }, "enrolment_mismatch"},
		"the clerk's signature of another":    {func(e *enrolment) []byte { return e.splice(past.honest(), 2) }, "signature_invalid"},
		"the desk's signature of another":     {func(e *enrolment) []byte { return e.splice(past.honest(), 1) }, "signature_invalid"},
		"no signature of the clerk":           {func(e *enrolment) []byte { return e.signed(e.transcript(), nil) }, "staff_missing"},
		"another clerk's card":                {func(e *enrolment) []byte { return e.signed(e.transcript(), s.boss) }, "staff_mismatch"},
		"a clerk's card of another authority": {func(e *enrolment) []byte { return e.signed(e.transcript(), s.staffCard("clerk-other-pki")) }, "staff_untrusted"},
		"a clerk's card that expired":         {func(e *enrolment) []byte { return e.signed(e.transcript(), s.staffCard("clerk-expired")) }, "staff_untrusted"},
		"the clerk's signature, twice": {func(e *enrolment) []byte {
			g := e.parts(e.honest())
			g.Signatures = append(g.Signatures, g.Signatures[2])
			return e.join(g)
		}, "signature_invalid"},
		"the clerk's signature for the desk's": {func(e *enrolment) []byte {
			g := e.parts(e.honest())
			g.Signatures[1] = g.Signatures[2]
			return e.join(g)
		}, "desk_mismatch"},
		"two transcripts of one enrolment, half and half": {func(e *enrolment) []byte {
			later := e.transcript()
			later.SignedAt = later.SignedAt.Add(time.Second)
			return e.splice(e.signed(later, s.clerk), 2)
		}, "signature_invalid"},
		"the shift of another day": {func(e *enrolment) []byte {
			t := e.transcript()
			t.Shift = newID()
			return e.signed(t, s.clerk)
		}, "staff_mismatch"},
		"another clerk's number": {func(e *enrolment) []byte {
			t := e.transcript()
			t.Staff = s.boss.number
			return e.signed(t, s.clerk)
		}, "staff_mismatch"},
		"signed before the desk had a certificate": {func(e *enrolment) []byte {
			t := e.transcript()
			t.SignedAt = t.SignedAt.AddDate(0, 0, -1)
			return e.signed(t, s.clerk)
		}, "desk_untrusted"},
	} {
		e := s.enrol(in, card)
		e.bind(tt.jws(e), false)
		e.ends(name, tt.want)
	}
	t.Run("admissions", func(t *testing.T) {
		before := s.admit(s.Centre, s.boss, s.clerk)
		now := s.admit(s.Centre, s.boss, s.clerk)
		e := s.enrol(now, card)
		e.admission = before.admission
		e.bind(e.honest(), false)
		e.ends("the admission of another shift", "admission_invalid")
		e = s.enrol(now, card)
		e.bind(e.signed(e.transcript(), s.clerk), false)
		e.ends("an admission, and a card after all", "signature_invalid")
		// The desk's and even a superuser's word that it was begun with an old admission.
		e = s.enrol(now, card)
		e.admission = before.admission
		s.exec(`alter table centre.shift disable trigger user`)
		s.exec(`update centre.shift set admission = $2, sign_in = $2 where id = $1`, now.id, before.admission)
		e.bind(e.honest(), false)
		e.ends("the admission of another shift, in the table", "admission_invalid")
		s.exec(`update centre.shift set admission = $2, sign_in = $2, signed_at = signed_at - interval '10 minutes' where id = $1`, now.id, now.admission)
		e = s.enrol(now, card)
		e.bind(e.honest(), false)
		e.ends("the admission of another hour", "admission_invalid")
		s.exec(`alter table centre.shift enable trigger user`)
	})
	t.Run("approvals", func(t *testing.T) {
		there := s.Dial(t, "loja_2")
		in := s.signIn(s.Centre, s.boss) // a supervisor who enrols
		e := s.enrol(in, card)
		e.bind(e.honest(), true)
		e.waits()
		other := s.enrol(in, s.citizen("cc1-rsa3072"))
		other.bind(other.honest(), true)
		other.waits()
		if r := e.decide(in, e.approval(in), s.boss); r != central.OwnCase {
			t.Errorf("one's own case: %q", r)
		}
		decides := s.signIn(there, s.other)
		if r := e.decide(decides, e.approval(decides), s.clerk); r != central.DecisionInvalid {
			t.Errorf("signed with a clerk's card: %q", r)
		}
		if r := e.decide(decides, other.approval(decides), s.other); r != central.DecisionInvalid {
			t.Errorf("the approval of another case: %q", r)
		}
		old := e.approval(decides)
		old.At = old.At.Add(-time.Hour)
		if r := e.decide(decides, old, s.other); r != central.DecisionInvalid {
			t.Errorf("an old approval: %q", r)
		}
		past := e.approval(decides)
		past.Transcript = other.approval(decides).Transcript
		if r := e.decide(decides, past, s.other); r != "" {
			t.Errorf("the approval of another transcript, which only the registrar sees: %q", r)
		}
		e.reopens()
		if r := e.decide(decides, e.approval(decides), s.other); r != "" {
			t.Errorf("an approval: %q", r)
		}
		e.ends("approved", "active")
		jws := scalar[[]byte](s, `select jws from centre.approval where enrolment = $1`, e.id)
		taken, err := there.TakeCase(s.ctx, decides.id, other.id)
		s.check(err)
		again, err := there.Decide(s.ctx, decides.id, other.id, jws)
		if err != nil || taken.Refusal != "" || again.Refusal != central.DecisionInvalid {
			t.Errorf("the same approval for a second case: %+v, %v", again, err)
		}
		forgot := s.admit(s.Centre, s.other, s.clerk)
		third := s.enrol(forgot, s.citizen("cc2024"))
		third.bind(third.honest(), true)
		third.waits()
		decides = s.signIn(there, s.other)
		if r := third.decide(decides, third.approval(decides), s.other); r != central.OwnCase {
			t.Errorf("who admitted the clerk approves: %q", r)
		}
	})
}
