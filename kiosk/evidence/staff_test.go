package evidence_test

import (
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"balcao/kiosk"
	"balcao/kiosk/evidence"
	"balcao/kiosk/examine/examinetest"
	"balcao/kiosk/transcript"
	"balcao/kiosk/trust"
	"balcao/kiosk/trust/staff"
	"balcao/kiosk/trust/trusttest"
)

// office is the staff of a centre and the shift of the clerk, honest unless a test changes it before bind.
type office struct {
	*enrolment
	authority               *trusttest.Authority
	clerk, supervisor, boss *trusttest.Authority // the supervisor admits, the boss decides
	signs                   *trusttest.Authority // whose card signs the enrolment; nil for none
	admission               *transcript.SignIn   // nil when the clerk's own card began the shift
	admits                  *trusttest.Authority // whose card signs the admission
	approval                *transcript.Approval // nil when nobody decided
	decides                 *trusttest.Authority
	payload                 []byte // of the enrolment, once signed
}

func (o *office) issue(t testing.TB, number string, change func(*x509.Certificate)) *trusttest.Authority {
	t.Helper()
	template := trusttest.StaffTemplate(number, "Rita Neves")
	if change != nil {
		change(&template)
	}
	return trusttest.MustIssue(t, template, o.authority, trusttest.MustKey(t))
}

func cardOf(number string, role kiosk.Role, card *trusttest.Authority) evidence.StaffCard {
	return evidence.StaffCard{Number: number, Role: role, Fingerprint: sha256.Sum256(card.Cert.Raw)}
}

var shiftID = uuid.MustParse("0199a1b2-0000-7000-8000-00000000000a")

func mustOffice(t testing.TB) *office {
	t.Helper()
	o := &office{enrolment: mustEnrolment(t)}
	o.authority = trusttest.MustIssue(t, trusttest.CaTemplate("(Test) staff"), nil, trusttest.MustKey(t))
	o.clerk, o.supervisor, o.boss = o.issue(t, "F0417", nil), o.issue(t, "F0102", nil), o.issue(t, "F0103", nil)
	o.signs, o.admits, o.decides = o.clerk, o.supervisor, o.boss
	o.expect.StaffTrust = staff.New([]*x509.Certificate{o.authority.Cert}, nil)
	o.expect.Shift = &evidence.Shift{
		ID: shiftID, SignedAt: o.expect.OpenedAt.Add(-time.Hour), Card: cardOf("F0417", kiosk.RoleClerk, o.clerk),
	}
	o.transcript.Shift, o.transcript.Staff = shiftID, "F0417"
	return o
}

// admitted makes the shift one of a clerk whose card is at home.
func (o *office) admitted() {
	shift := o.expect.Shift
	o.signs = nil
	shift.Card.Fingerprint, shift.AdmittedBy = [32]byte{}, cardOf("F0102", kiosk.RoleSupervisor, o.supervisor)
	o.admission = &transcript.SignIn{Shift: shiftID, Challenge: []byte("challenge"), Desk: deskName, At: shift.SignedAt, Admits: "F0417"}
}

// decided lets the boss approve.
func (o *office) decided() {
	at := o.expect.OpenedAt.Add(100 * time.Second)
	o.approval = &transcript.Approval{Enrolment: o.expect.Enrolment, Decision: "approved", Shift: uuid.New(), Desk: "coimbra-01", At: at}
	o.expect.Decision = &evidence.Decision{By: cardOf("F0103", kiosk.RoleSupervisor, o.boss), At: at}
}

func soft(a *trusttest.Authority) examinetest.SoftCard { return examinetest.SoftCard{Key: a.Key} }

// bind has everybody sign what they have to, unless a test has made it already.
func (o *office) bind(t testing.TB) (*evidence.Verified, error) {
	t.Helper()
	must := func(b []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	if o.admission != nil {
		o.expect.Shift.Admission = must(transcript.SignSignIn(t.Context(), *o.admission, [][]byte{o.admits.Cert.Raw}, soft(o.admits)))
		if o.transcript.Admission == nil {
			o.transcript.Admission = hash(o.expect.Shift.Admission)
		}
	}
	if o.sent.JWS == nil {
		o.sent.JWS = mustSign(t, o.transcript, o.chain, soft(o.card))
		if o.signs != nil {
			o.sent.JWS = must(transcript.AddStaff(t.Context(), o.sent.JWS, [][]byte{o.signs.Cert.Raw}, soft(o.signs)))
		}
	}
	o.payload = must(o.transcript.Encode())
	if o.approval != nil {
		if o.approval.Transcript == nil {
			o.approval.Transcript = hash(o.payload)
		}
		o.expect.Decision.JWS = must(transcript.SignApproval(t.Context(), *o.approval, [][]byte{o.decides.Cert.Raw}, soft(o.decides)))
	}
	return verify(t.Context(), o.examiner, o.sent, o.expect)
}

// What a clerk, or whoever admitted them, and a supervisor sign holds.
func TestVerify_Staff(t *testing.T) {
	for name, tt := range map[string]struct {
		change   func(t *testing.T, o *office)
		reasons  []kiosk.ApprovalReason
		decision kiosk.Decision
	}{
		"the clerk's card": {func(*testing.T, *office) {}, nil, ""},
		"a pinned card": {func(t *testing.T, o *office) {
			o.expect.StaffTrust = staff.New(nil, []*x509.Certificate{o.clerk.Cert})
		}, nil, ""},
		"RSA": {func(t *testing.T, o *office) {
			o.clerk = trusttest.MustIssue(t, trusttest.StaffTemplate("F0417", "Rita Neves"), o.authority, trusttest.RsaKey())
			o.signs, o.expect.Shift.Card = o.clerk, cardOf("F0417", kiosk.RoleClerk, o.clerk)
		}, nil, ""},
		"a supervisor enrols": {func(_ *testing.T, o *office) { o.expect.Shift.Card.Role = kiosk.RoleSupervisor }, nil, ""},
		"admitted":            {func(_ *testing.T, o *office) { o.admitted() }, nil, ""},
		"without a shift at all": {func(_ *testing.T, o *office) {
			o.expect.Shift, o.signs, o.transcript.Shift, o.transcript.Staff = nil, nil, uuid.Nil, ""
		}, nil, ""},
		"in doubt": {func(_ *testing.T, o *office) { o.expect.Doubt = true }, []kiosk.ApprovalReason{kiosk.ApproveDoubt}, ""},
		"approved": {func(_ *testing.T, o *office) {
			o.expect.Doubt = true
			o.decided()
		}, []kiosk.ApprovalReason{kiosk.ApproveDoubt}, kiosk.DecisionApproved},
		"admitted and refused": {func(_ *testing.T, o *office) {
			o.admitted()
			o.decided()
			o.approval.Decision, o.approval.Reason = "refused", "under_pressure"
		}, nil, kiosk.DecisionRefused},
		"nobody answers": {func(_ *testing.T, o *office) {
			o.examiner.Revocation, o.expect.Rules.ApproveRevocation = examinetest.Nobody, true
			o.expect.Rules.ApproveBelow = kiosk.LevelHigh
		}, []kiosk.ApprovalReason{kiosk.ApproveRevocation, kiosk.ApproveLevel}, ""},
		"nobody answers, as it was when it was approved": {func(_ *testing.T, o *office) {
			o.examiner.Revocation, o.expect.Rules.ApproveRevocation = examinetest.Nobody, true
			o.decided()
			o.expect.Decision.Seen = []kiosk.ApprovalReason{kiosk.ApproveRevocation}
		}, []kiosk.ApprovalReason{kiosk.ApproveRevocation}, kiosk.DecisionApproved},
		"the printed photograph": {func(_ *testing.T, o *office) {
			o.transcript.PhotoPrinted = true
		}, []kiosk.ApprovalReason{kiosk.ApprovePhoto}, ""},
		"the printed photograph where nobody has to decide": {func(_ *testing.T, o *office) {
			o.transcript.PhotoPrinted, o.expect.Rules.ApprovePhoto = true, false
		}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := mustOffice(t)
			tt.change(t, o)
			got, err := o.bind(t)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got.Reasons, tt.reasons) || got.Decision != tt.decision {
				t.Errorf("got %q, %q, want %q, %q", got.Reasons, got.Decision, tt.reasons, tt.decision)
			}
			if o.approval != nil && string(got.Declined) != o.approval.Reason {
				t.Errorf("got %q", got.Declined)
			}
		})
	}
}

// Only one thing of what staff sign is wrong at a time; each is refused for what it is.
func TestVerify_StaffRefused(t *testing.T) {
	other := uuid.MustParse("0199a1b2-0000-7000-8000-00000000000b")
	forged := func(t *testing.T, o *office) *trusttest.Authority {
		t.Helper()
		authority := trusttest.MustIssue(t, trusttest.CaTemplate("(Test) staff"), nil, trusttest.MustKey(t))
		return trusttest.MustIssue(t, trusttest.StaffTemplate("F0417", "Rita Neves"), authority, trusttest.MustKey(t))
	}
	issued := func(change func(*x509.Certificate)) func(t *testing.T, o *office) {
		return func(t *testing.T, o *office) {
			o.signs = o.issue(t, "F0417", change)
			o.expect.Shift.Card = cardOf("F0417", kiosk.RoleClerk, o.signs)
		}
	}
	admitted := func(change func(t *testing.T, o *office)) func(t *testing.T, o *office) {
		return func(t *testing.T, o *office) {
			o.admitted()
			change(t, o)
		}
	}
	decided := func(change func(t *testing.T, o *office)) func(t *testing.T, o *office) {
		return func(t *testing.T, o *office) {
			o.expect.Doubt = true
			o.decided()
			change(t, o)
		}
	}
	for name, tt := range map[string]struct {
		want   string
		change func(t *testing.T, o *office)
	}{
		// The clerk's card.
		"no staff signature":   {evidence.RefusedNoStaff, func(_ *testing.T, o *office) { o.signs = nil }},
		"another clerk's card": {evidence.RefusedStaff, func(t *testing.T, o *office) { o.signs = o.issue(t, "F0417", nil) }},
		"a card of a wrong authority": {evidence.RefusedStaffUntrusted, func(t *testing.T, o *office) {
			o.signs = forged(t, o)
			o.expect.Shift.Card = cardOf("F0417", kiosk.RoleClerk, o.signs)
		}},
		"another pinned card":          {evidence.RefusedStaffUntrusted, func(t *testing.T, o *office) { o.expect.StaffTrust = staff.New(nil, []*x509.Certificate{o.boss.Cert}) }},
		"nobody is trusted":            {evidence.RefusedStaffUntrusted, func(_ *testing.T, o *office) { o.expect.StaffTrust = nil }},
		"expired when it signed":       {evidence.RefusedStaffUntrusted, issued(func(c *x509.Certificate) { c.NotBefore, c.NotAfter = trusttest.Day(2020), time.Now().AddDate(0, 0, -1) })},
		"not valid yet when it signed": {evidence.RefusedStaffUntrusted, issued(func(c *x509.Certificate) { c.NotBefore, c.NotAfter = time.Now(), time.Now().AddDate(1, 0, 0) })},
		"a server's certificate":       {evidence.RefusedStaffUntrusted, issued(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} })},
		"a key of another use":         {evidence.RefusedStaffUntrusted, issued(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyAgreement })},
		"the authority's own": {evidence.RefusedStaffUntrusted, func(_ *testing.T, o *office) {
			o.signs = o.authority
			o.expect.Shift.Card = cardOf("F0417", kiosk.RoleClerk, o.authority)
		}},
		"another shift":                {evidence.RefusedStaff, func(_ *testing.T, o *office) { o.transcript.Shift = other }},
		"another clerk":                {evidence.RefusedStaff, func(_ *testing.T, o *office) { o.transcript.Staff = "F0418" }},
		"an auditor":                   {evidence.RefusedStaff, func(_ *testing.T, o *office) { o.expect.Shift.Card.Role = kiosk.RoleAuditor }},
		"before the shift":             {evidence.RefusedStaff, func(_ *testing.T, o *office) { o.expect.Shift.SignedAt = time.Now().Add(10 * time.Minute) }},
		"days after the shift began":   {evidence.RefusedStaff, func(_ *testing.T, o *office) { o.expect.Shift.SignedAt = time.Now().AddDate(0, 0, -2) }},
		"an admission beside the card": {evidence.RefusedStaff, func(_ *testing.T, o *office) { o.transcript.Admission = hash([]byte("admission")) }},
		"a shift that nobody began":    {evidence.RefusedStaff, func(_ *testing.T, o *office) { o.expect.Shift, o.signs = nil, nil }},
		"a number that was typed":      {evidence.RefusedForm, func(_ *testing.T, o *office) { o.transcript.Eligibility.SecondClerk = new(string) }},
		"a key that is not the card's": {evidence.RefusedSignature, func(t *testing.T, o *office) {
			payload, err := o.transcript.Encode()
			if err != nil {
				t.Fatal(err)
			}
			thief := &trusttest.Authority{Cert: o.clerk.Cert, Key: trusttest.MustKey(t)}
			citizen := signedWith(t, o.card, `{"alg":"ES256","typ":"balcao-citizen","x5c":`+x5c(o.chain...)+`}`, payload)
			clerk := signedWith(t, thief, `{"alg":"ES256","typ":"balcao-staff","x5c":`+x5c(o.clerk.Cert.Raw)+`}`, payload)
			o.sent.JWS = mustJSON(t, general{b64(payload), []signature{citizen, byDesk(t, payload), clerk}})
		}},

		// The admission.
		"admitted, and a card signs": {evidence.RefusedSignature, admitted(func(_ *testing.T, o *office) { o.signs = o.clerk })},
		"admitted by a clerk":        {evidence.RefusedAdmission, admitted(func(_ *testing.T, o *office) { o.expect.Shift.AdmittedBy.Role = kiosk.RoleClerk })},
		"admitted by themself":       {evidence.RefusedAdmission, admitted(func(_ *testing.T, o *office) { o.expect.Shift.AdmittedBy.Number = "F0417" })},
		"another clerk admitted":     {evidence.RefusedAdmission, admitted(func(_ *testing.T, o *office) { o.admission.Admits = "F0418" })},
		"admitted at another desk":   {evidence.RefusedAdmission, admitted(func(_ *testing.T, o *office) { o.admission.Desk = "coimbra-01" })},
		"admitted to another shift":  {evidence.RefusedAdmission, admitted(func(_ *testing.T, o *office) { o.admission.Shift = other })},
		"admitted at another time":   {evidence.RefusedAdmission, admitted(func(_ *testing.T, o *office) { o.admission.At = o.admission.At.Add(-6 * time.Minute) })},
		"admitted by another card":   {evidence.RefusedAdmission, admitted(func(_ *testing.T, o *office) { o.admits = o.boss })},
		"admitted by a card of a wrong authority": {evidence.RefusedAdmission, admitted(func(t *testing.T, o *office) {
			o.admits = forged(t, o)
			o.expect.Shift.AdmittedBy = cardOf("F0102", kiosk.RoleSupervisor, o.admits)
		})},
		"a sign-in instead of an admission": {evidence.RefusedAdmission, admitted(func(_ *testing.T, o *office) { o.admission.Admits = "" })},
		"an admission nobody agreed to":     {evidence.RefusedAdmission, admitted(func(_ *testing.T, o *office) { o.transcript.Admission = hash([]byte("another")) })},
		"an admission that is none": {evidence.RefusedAdmission, admitted(func(_ *testing.T, o *office) {
			o.admission, o.expect.Shift.Admission, o.transcript.Admission = nil, []byte("{}"), hash([]byte("{}"))
		})},

		// The decision.
		"decided by the clerk": {evidence.RefusedSamePerson, decided(func(_ *testing.T, o *office) {
			o.decides, o.expect.Decision.By = o.clerk, cardOf("F0417", kiosk.RoleSupervisor, o.clerk)
		})},
		"decided by the clerk's number": {evidence.RefusedSamePerson, decided(func(_ *testing.T, o *office) { o.expect.Decision.By.Number = "F0417" })},
		"decided with the clerk's card": {evidence.RefusedSamePerson, decided(func(_ *testing.T, o *office) {
			o.decides, o.expect.Decision.By = o.clerk, cardOf("F0103", kiosk.RoleSupervisor, o.clerk)
		})},
		"decided by who admitted": {evidence.RefusedSamePerson, decided(func(_ *testing.T, o *office) {
			o.admitted()
			o.decides, o.expect.Decision.By = o.supervisor, cardOf("F0102", kiosk.RoleSupervisor, o.supervisor)
		})},
		"decided by another clerk":  {evidence.RefusedApproval, decided(func(_ *testing.T, o *office) { o.expect.Decision.By.Role = kiosk.RoleClerk })},
		"decided with another card": {evidence.RefusedApproval, decided(func(_ *testing.T, o *office) { o.decides = o.supervisor })},
		"decided with a foreign card": {evidence.RefusedApproval, decided(func(t *testing.T, o *office) {
			o.decides = forged(t, o)
			o.expect.Decision.By = cardOf("F0103", kiosk.RoleSupervisor, o.decides)
		})},
		"decided about another enrolment":  {evidence.RefusedApproval, decided(func(_ *testing.T, o *office) { o.approval.Enrolment = other })},
		"decided about another transcript": {evidence.RefusedApproval, decided(func(_ *testing.T, o *office) { o.approval.Transcript = hash([]byte("another")) })},
		"decided at another time":          {evidence.RefusedApproval, decided(func(_ *testing.T, o *office) { o.expect.Decision.At = time.Now().Add(time.Hour) })},
		"decided before anything was known": {evidence.RefusedApproval, decided(func(_ *testing.T, o *office) {
			o.approval.At = o.expect.OpenedAt.Add(-time.Hour)
			o.expect.Decision.At = o.approval.At
		})},
		"a sign-in instead of a decision": {evidence.RefusedApproval, decided(func(t *testing.T, o *office) {
			o.approval = nil
			jws, err := transcript.SignSignIn(t.Context(), transcript.SignIn{Shift: shiftID, Desk: deskName, At: time.Now()}, [][]byte{o.boss.Cert.Raw}, soft(o.boss))
			if err != nil {
				t.Fatal(err)
			}
			o.expect.Decision.JWS = jws
		})},
		"revocation that the supervisor did not know to be unknown": {string(kiosk.ReasonRevocationUnknown), decided(func(_ *testing.T, o *office) {
			o.examiner.Revocation, o.expect.Rules.ApproveRevocation = examinetest.Nobody, true
			o.expect.Decision.Seen = []kiosk.ApprovalReason{kiosk.ApproveDoubt}
		})},
		"approved, and revoked": {string(kiosk.ReasonCertificateRevoked), decided(func(_ *testing.T, o *office) {
			o.examiner.Revocation, o.expect.Rules.ApproveRevocation = examinetest.Answering(trust.Revoked), true
		})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := mustOffice(t)
			tt.change(t, o)
			got, err := o.bind(t)
			refusal, ok := errors.AsType[*evidence.Refusal](err)
			if got != nil || !ok || refusal.Reason != tt.want {
				t.Fatalf("got %v, %v; want %s", got, err, tt.want)
			}
		})
	}
}

// Whoever kept all rows of an enrolment and puts them back later makes no key of them.
func TestVerify_Old(t *testing.T) {
	for days, want := range map[int]string{29: "", 32: evidence.RefusedTime, 400: evidence.RefusedTime} {
		o := mustOffice(t)
		earlier := func(at *time.Time) { *at = at.AddDate(0, 0, -days) }
		earlier(&o.expect.OpenedAt)
		earlier(&o.transcript.OpenedAt)
		earlier(&o.transcript.SignedAt)
		earlier(&o.expect.Shift.SignedAt)
		for i := range o.expect.Contacts {
			earlier(&o.expect.Contacts[i].At)
			earlier(&o.transcript.Contacts[i].ConfirmedAt)
		}
		_, err := o.bind(t)
		refusal, _ := errors.AsType[*evidence.Refusal](err)
		if want == "" && err != nil || want != "" && (refusal == nil || refusal.Reason != want) {
			t.Errorf("after %d days: %v, want %q", days, err, want)
		}
	}
}
