package attack_test

import (
	"testing"

	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/central/schema"
	"balcao/kiosk/transcript"
)

// Attacker (c): a clerk or a desk that was suspended, or whose card was reported, also in the middle of a case.
func TestSuspended(t *testing.T) {
	for name, tt := range map[string]struct {
		suspend func(*system) error
		signIn  central.Refusal // at the same desk
		call    string          // in a case that is open
		case_   string          // what becomes of a case that waits, when a supervisor approves it
		admits  bool            // the clerk had no card: the supervisor other let them in
	}{
		"a clerk": {func(s *system) error { return schema.SuspendStaff(s.ctx, s.DB.Admin(), s.clerk.number) },
			central.StaffSuspended, central.RefusedShift, "staff_suspended", false},
		"a clerk's card": {func(s *system) error { s.revoke(s.clerk); return nil },
			central.StaffRevoked, central.RefusedShift, "staff_suspended", false},
		"a clerk who was admitted": {func(s *system) error { return schema.SuspendStaff(s.ctx, s.DB.Admin(), s.clerk.number) },
			central.StaffSuspended, central.RefusedShift, "staff_suspended", true},
		"who admitted the clerk": {func(s *system) error { return schema.SuspendStaff(s.ctx, s.DB.Admin(), s.other.number) },
			"", central.RefusedShift, "staff_suspended", true},
		"the desk": {func(s *system) error { return schema.SuspendDesk(s.ctx, s.DB.Admin(), s.Centre.Desk()) },
			"", central.RefusedSuspended, "desk_suspended", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSystem(t)
			var in shift
			if tt.admits {
				in = s.admit(s.Centre, s.other, s.clerk)
			} else {
				in = s.signIn(s.Centre, s.clerk)
			}
			waiting := s.enrol(in, s.citizen("cc1-rsa2048"))
			waiting.bind(waiting.honest(), true)
			waiting.waits()
			open := s.enrol(in, s.citizen("cc1-rsa3072"))
			signed := open.honest()
			s.check(tt.suspend(s))

			_, err := s.Centre.Bind(s.ctx, open.id, transcript.Evidence{
				JWS: signed, Identity: open.card.files.Identity, SOD: open.card.files.SOD, SealedPIN: open.sealed}, false)
			s.refused("binding in the middle of a case", err, tt.call)
			_, err = s.Centre.Open(s.ctx, newID(), central.Person{Document: kiosk.CitizenCard, Country: "PRT", CivilNumber: "99001234", Shift: in.id})
			s.refused("opening", err, tt.call)
			if tt.call == central.RefusedShift {
				if again := s.present(s.Centre, s.begin(s.Centre), s.clerk); again.Refusal != tt.signIn {
					t.Errorf("signing in again: %+v", again)
				}
			} else if _, err = s.Centre.BeginShift(s.ctx, newID()); err == nil {
				t.Error("a desk that is suspended begins a shift")
			}
			there := s.signIn(s.Dial(t, "loja_2"), s.boss)
			if r := waiting.decide(there, waiting.approval(there), s.boss); r != "" {
				t.Errorf("deciding: %s", r)
			}
			waiting.ends("a case that waited", tt.case_)
			if n := scalar[int](s, `select count(*) from centre.key`); n != 0 {
				t.Errorf("%d keys", n)
			}
		})
	}
	t.Run("the supervisor, between decision and key", func(t *testing.T) {
		s := newSystem(t)
		e := s.enrol(s.signIn(s.Centre, s.clerk), s.citizen("cc1-rsa2048"))
		e.bind(e.honest(), true)
		e.waits()
		there := s.signIn(s.Dial(t, "loja_2"), s.boss)
		s.registrar.Stop()
		if r := e.decide(there, e.approval(there), s.boss); r != "" {
			t.Errorf("deciding: %s", r)
		}
		s.check(schema.SuspendStaff(s.ctx, s.DB.Admin(), s.boss.number))
		s.register()
		e.ends("approved by who was suspended", "staff_suspended")
	})
	t.Run("an auditor enrols nobody and decides nothing", func(t *testing.T) {
		s := newSystem(t)
		in := s.signIn(s.Centre, s.employ("auditor", kiosk.RoleAuditor))
		_, err := s.Centre.Open(s.ctx, newID(), central.Person{Document: kiosk.CitizenCard, Country: "PRT", CivilNumber: "99001234", Shift: in.id})
		s.refused("an auditor", err, central.RefusedRole)
		_, err = s.Centre.TakeCase(s.ctx, in.id, newID())
		s.refused("an auditor, deciding", err, central.RefusedRole)
	})
}
