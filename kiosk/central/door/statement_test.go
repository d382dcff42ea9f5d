package door_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"balcao/kiosk/central"
	"balcao/kiosk/central/schema"
	"balcao/kiosk/examine/examinetest"
	"balcao/kiosk/record"
	"balcao/kiosk/transcript"
)

// card is a staff card.
type card struct {
	cert *x509.Certificate
	examinetest.SoftCard
}

// card makes one that counts until ends.
func (a authority) card(t *testing.T, number string, ends time.Time) card {
	t.Helper()
	serial := must(rand.Int(rand.Reader, big.NewInt(1<<62)))(t)
	template := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: "somebody", SerialNumber: number},
		KeyUsage: x509.KeyUsageDigitalSignature, NotBefore: time.Now().Add(-time.Hour), NotAfter: ends}
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t)
	der := must(x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key))(t)
	return card{must(x509.ParseCertificate(der))(t), examinetest.SoftCard{Key: key}}
}

func (c card) chain() [][]byte { return [][]byte{c.cert.Raw} }

func (c card) signIn(t *testing.T, s transcript.SignIn) []byte {
	t.Helper()
	return must(transcript.SignSignIn(t.Context(), s, c.chain(), c))(t)
}

func (c card) approval(t *testing.T, a transcript.Approval) []byte {
	t.Helper()
	return must(transcript.SignApproval(t.Context(), a, c.chain(), c))(t)
}

// signedAs is a JWS in which all is right but the typ.
func (c card) signedAs(t *testing.T, typ string, jws []byte) []byte {
	t.Helper()
	var j struct {
		Payload    string              `json:"payload"`
		Signatures []map[string]string `json:"signatures"`
	}
	if err := json.Unmarshal(jws, &j); err != nil {
		t.Fatal(err)
	}
	header := must(json.Marshal(struct {
		Alg string   `json:"alg"`
		Typ string   `json:"typ"`
		X5c []string `json:"x5c"`
	}{"ES256", typ, []string{base64.StdEncoding.EncodeToString(c.cert.Raw)}}))(t)
	protected := base64.RawURLEncoding.EncodeToString(header)
	digest := sha256.Sum256([]byte(protected + "." + j.Payload))
	signature := base64.RawURLEncoding.EncodeToString(must(c.SignDigest(t.Context(), digest[:]))(t))
	return []byte(`{"payload":"` + j.Payload + `","signatures":[{"protected":"` + protected + `","signature":"` + signature + `"}]}`)
}

// withSignatureOf puts the signature of another JWS of the same card in place of jws's own.
func withSignatureOf(other, jws []byte) []byte {
	const name = `"signature":"`
	before, _, _ := strings.Cut(string(jws), name)
	_, signature, _ := strings.Cut(string(other), name)
	return []byte(before + name + signature)
}

// employ registers a member of staff with a card of the authority's.
func (b *bench) employ(number, role string, with ...card) card {
	b.Helper()
	with = append(with, card{})
	c := with[0]
	if c.cert == nil {
		c = b.staff.card(b.T, number, time.Now().Add(time.Hour))
	}
	member := schema.Staff{Number: number, Name: "Staff " + number, Role: role}
	if err := schema.AddStaff(b.Context(), b.db.Admin(), member, c.cert.Raw); err != nil {
		b.Fatal(err)
	}
	return c
}

// begin begins a shift and returns what a card signs to sign in to it at loja_1, now.
func (b *bench) begin(desk *http.Client) transcript.SignIn {
	b.Helper()
	s := transcript.SignIn{Shift: uuid.Must(uuid.NewV7()), Desk: "loja_1", At: time.Now()}
	var begun central.Shift
	b.ask(desk, http.MethodPut, "/v1/shifts/"+s.Shift.String(), nil, &begun)
	if len(begun.Challenge) != 32 || !begun.ExpiresAt.After(time.Now()) {
		b.Fatalf("begun: %+v", begun)
	}
	s.Challenge = begun.Challenge
	return s
}

// ask makes a call that succeeds.
func (b *bench) ask(c *http.Client, method, path string, request, answer any) {
	b.Helper()
	status, _, text := b.say(c, method, path, request)
	if status != http.StatusOK && (status != http.StatusNoContent || answer != nil) {
		b.Fatalf("%s %s: %d %s", method, path, status, text)
	}
	if answer == nil {
		return
	}
	if err := json.Unmarshal([]byte(text), answer); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) say(c *http.Client, method, path string, request any) (int, http.Header, string) {
	b.Helper()
	media, body := "", ""
	if request != nil {
		media, body = central.MediaJSON, string(must(json.Marshal(request))(b.T))
	}
	return b.try(c, method, b.urls[0]+path, media, body)
}

func signInPath(s transcript.SignIn) string { return "/v1/shifts/" + s.Shift.String() + "/sign-in" }

// shift signs somebody in at a desk.
func (b *bench) shift(desk *http.Client, name string, c card) string {
	b.Helper()
	s := b.begin(desk)
	s.Desk = name
	var in central.SignedIn
	b.ask(desk, http.MethodPut, signInPath(s), central.SignIn{JWS: c.signIn(b.T, s)}, &in)
	if in.Refusal != "" {
		b.Fatalf("not signed in: %+v", in)
	}
	return s.Shift.String()
}

// TestSignIn: who is signed in by a statement in which all is right, and what is said of one in which one thing is not.
func TestSignIn(t *testing.T) {
	t.Parallel()
	b := newBench(t, limits)
	desk, soon := b.client(&b.desk), time.Now().Add(time.Hour)
	clerk, boss := b.employ("F0417", "clerk"), b.employ("F0102", "supervisor")
	b.employ("F0500", "clerk")
	done := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	suspended, revoked := b.employ("F0600", "clerk"), b.employ("F0601", "clerk")
	done(schema.SuspendStaff(t.Context(), b.db.Admin(), "F0600"))
	sum := sha256.Sum256(revoked.cert.Raw)
	done(schema.RevokeStaffCard(t.Context(), b.db.Admin(), hex.EncodeToString(sum[:])))
	forged := b.employ("F0700", "supervisor", newAuthority(t).card(t, "F0700", soon)) // a row, and no card of the staff's
	expired := b.employ("F0701", "clerk", b.staff.card(t, "F0701", time.Now().Add(-time.Minute)))
	stranger := b.staff.card(t, "F0800", soon)
	for _, test := range []struct {
		name string
		jws  func(s transcript.SignIn) []byte
		want central.SignedIn // of its times nothing
	}{
		{"a clerk", func(s transcript.SignIn) []byte { return clerk.signIn(t, s) },
			central.SignedIn{Staff: "F0417", Name: "Staff F0417", Role: "clerk", TriesLeft: 5}},
		{"a supervisor", func(s transcript.SignIn) []byte { return boss.signIn(t, s) },
			central.SignedIn{Staff: "F0102", Name: "Staff F0102", Role: "supervisor", TriesLeft: 5}},
		{"admitted", func(s transcript.SignIn) []byte { s.Admits = "F0500"; return boss.signIn(t, s) },
			central.SignedIn{Staff: "F0500", Name: "Staff F0500", Role: "clerk", TriesLeft: 5, AdmittedBy: "F0102"}},
		{"as long ago as it may", func(s transcript.SignIn) []byte { s.At = s.At.Add(-4 * time.Minute); return clerk.signIn(t, s) },
			central.SignedIn{Staff: "F0417", Name: "Staff F0417", Role: "clerk", TriesLeft: 5}},

		{"a signature of something else", func(s transcript.SignIn) []byte {
			other := s
			other.At = s.At.Add(time.Second)
			return withSignatureOf(clerk.signIn(t, other), clerk.signIn(t, s))
		}, central.SignedIn{Refusal: central.SignInInvalid, TriesLeft: 4}},
		{"another challenge", func(s transcript.SignIn) []byte { s.Challenge = make([]byte, 32); return clerk.signIn(t, s) },
			central.SignedIn{Refusal: central.SignInInvalid, TriesLeft: 3}},
		{"another shift", func(s transcript.SignIn) []byte { s.Shift = uuid.Must(uuid.NewV7()); return clerk.signIn(t, s) },
			central.SignedIn{Refusal: central.SignInInvalid, TriesLeft: 2}},
		{"another desk", func(s transcript.SignIn) []byte { s.Desk = "loja_2"; return clerk.signIn(t, s) },
			central.SignedIn{Refusal: central.SignInInvalid, TriesLeft: 1}},
		{"forgiven by a supervisor", func(s transcript.SignIn) []byte { return boss.signIn(t, s) },
			central.SignedIn{Staff: "F0102", Name: "Staff F0102", Role: "supervisor", TriesLeft: 5}},
		{"too long ago", func(s transcript.SignIn) []byte { s.At = s.At.Add(-6 * time.Minute); return clerk.signIn(t, s) },
			central.SignedIn{Refusal: central.SignInInvalid, TriesLeft: 4}},
		{"not yet", func(s transcript.SignIn) []byte { s.At = s.At.Add(6 * time.Minute); return clerk.signIn(t, s) },
			central.SignedIn{Refusal: central.SignInInvalid, TriesLeft: 3}},
		{"a forged row", func(s transcript.SignIn) []byte { return forged.signIn(t, s) },
			central.SignedIn{Refusal: central.SignInInvalid, TriesLeft: 4}},
		{"an expired card", func(s transcript.SignIn) []byte { return expired.signIn(t, s) },
			central.SignedIn{Refusal: central.SignInInvalid, TriesLeft: 4}},
		{"a card of nobody's", func(s transcript.SignIn) []byte { return stranger.signIn(t, s) },
			central.SignedIn{Refusal: central.StaffUnknown}},
		{"a suspended clerk", func(s transcript.SignIn) []byte { return suspended.signIn(t, s) },
			central.SignedIn{Refusal: central.StaffSuspended, TriesLeft: 5}},
		{"a revoked card", func(s transcript.SignIn) []byte { return revoked.signIn(t, s) },
			central.SignedIn{Refusal: central.StaffRevoked, TriesLeft: 5}},
		{"a clerk admits", func(s transcript.SignIn) []byte { s.Admits = "F0500"; return clerk.signIn(t, s) },
			central.SignedIn{Refusal: central.NotSupervisor, TriesLeft: 3}},
		{"nobody is admitted", func(s transcript.SignIn) []byte { s.Admits = "F9999"; return boss.signIn(t, s) },
			central.SignedIn{Refusal: central.ClerkUnknown, TriesLeft: 5}},
	} {
		s := b.begin(desk)
		jws := test.jws(s)
		for range 2 { // the same again has the same answer, and counts once
			var got central.SignedIn
			b.ask(desk, http.MethodPut, signInPath(s), central.SignIn{JWS: jws}, &got)
			if (got.Refusal == "") != got.EndsAt.After(time.Now().Add(7*time.Hour)) {
				t.Errorf("%s: until %v", test.name, got.EndsAt)
			}
			if got.EndsAt = (time.Time{}); got != test.want {
				t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
			}
		}
	}
	for name, jws := range map[string]func(s transcript.SignIn) []byte{
		"an admission's typ": func(s transcript.SignIn) []byte { return clerk.signedAs(t, "balcao-admission", clerk.signIn(t, s)) },
		"a clerk's typ":      func(s transcript.SignIn) []byte { return clerk.signedAs(t, "balcao-staff", clerk.signIn(t, s)) },
		"a desk's typ":       func(s transcript.SignIn) []byte { return clerk.signedAs(t, "balcao-desk", clerk.signIn(t, s)) },
		"an approval": func(s transcript.SignIn) []byte {
			return boss.approval(t, transcript.Approval{Enrolment: s.Shift, Transcript: s.Challenge, Decision: "approved", Shift: s.Shift, Desk: s.Desk, At: s.At})
		},
		"no statement": func(transcript.SignIn) []byte { return []byte(`{}`) },
		"nothing":      func(transcript.SignIn) []byte { return nil },
	} {
		s := b.begin(desk)
		status, h, text := b.say(desk, http.MethodPut, signInPath(s), central.SignIn{JWS: jws(s)})
		wantProblem(t, name, status, h, text, 422, "invalid")
	}
	if n := b.count(`select count(*) from centre.shift where desk = 'loja_1' and signed_at is not null and ended_at is null`); n != 1 {
		t.Errorf("%d shifts at one desk", n)
	}
	for _, secret := range []string{"F0417", "F0102", "Staff", "F9999"} {
		if strings.Contains(b.log.String(), secret) {
			t.Errorf("%s is in the log", secret)
		}
	}
}

// TestSignInReplayed: what was signed for one shift begins no other one, nor that one again.
func TestSignInReplayed(t *testing.T) {
	t.Parallel()
	b := newBench(t, limits)
	clerk, two := b.employ("F0417", "clerk"), b.db.Desk("loja_2")
	desk, other := b.client(&b.desk), b.client(&two)
	s := b.begin(desk)
	jws := central.SignIn{JWS: clerk.signIn(t, s)}
	var in central.SignedIn
	b.ask(desk, http.MethodPut, signInPath(s), jws, &in)

	next := b.begin(desk)
	b.ask(desk, http.MethodPut, signInPath(next), jws, &in)
	if in.Refusal != central.SignInInvalid || in.TriesLeft != 4 {
		t.Errorf("in the next shift: %+v", in)
	}
	elsewhere := b.begin(other)
	in = central.SignedIn{}
	b.ask(other, http.MethodPut, signInPath(elsewhere), jws, &in)
	if in.Refusal != central.SignInInvalid || in.TriesLeft != 4 {
		t.Errorf("at another desk: %+v", in)
	}
	status, h, text := b.say(other, http.MethodPut, signInPath(s), jws)
	wantProblem(t, "another desk's shift", status, h, text, 403, "no_shift")
	for range 2 {
		b.ask(desk, http.MethodPut, "/v1/shifts/"+s.Shift.String()+"/end", nil, nil)
	}
	status, h, text = b.say(desk, http.MethodPut, signInPath(s), jws)
	wantProblem(t, "after its end", status, h, text, 403, "no_shift")
}

// TestSignInLocked: five failures of whatever kind lock a member of staff out at that desk, until a supervisor signs in.
func TestSignInLocked(t *testing.T) {
	t.Parallel()
	b := newBench(t, limits)
	clerk, boss, two := b.employ("F0417", "clerk"), b.employ("F0102", "supervisor"), b.db.Desk("loja_2")
	desk, other := b.client(&b.desk), b.client(&two)
	sum := sha256.Sum256(clerk.cert.Raw)
	s := b.begin(desk)
	for left := 4; left >= 2; left-- {
		path := "/v1/shifts/" + s.Shift.String() + "/failures/" + newID()
		for range 2 {
			var f central.SignInFailed
			b.ask(desk, http.MethodPut, path, central.SignInFailure{Fingerprint: sum[:]}, &f)
			if want := (central.SignInFailed{TriesLeft: left}); f != want {
				t.Errorf("a wrong PIN: %+v, want %+v", f, want)
			}
		}
	}
	var in central.SignedIn
	for _, want := range []central.SignedIn{{Refusal: central.SignInInvalid, TriesLeft: 1}, {Refusal: central.StaffLocked}, {Refusal: central.StaffLocked}} {
		s = b.begin(desk)
		bad := s
		bad.Desk = "loja_2"
		in = central.SignedIn{}
		if b.ask(desk, http.MethodPut, signInPath(s), central.SignIn{JWS: clerk.signIn(t, bad)}, &in); in != want {
			t.Errorf("a bad statement: %+v, want %+v", in, want)
		}
	}
	in = central.SignedIn{}
	if b.ask(desk, http.MethodPut, signInPath(s), central.SignIn{JWS: clerk.signIn(t, s)}, &in); in.Refusal != central.StaffLocked {
		t.Errorf("a good one: %+v", in)
	}
	b.shift(other, "loja_2", clerk)
	b.shift(desk, "loja_1", boss)
	b.shift(desk, "loja_1", clerk)
	var f central.SignInFailed
	s = b.begin(desk)
	b.ask(desk, http.MethodPut, "/v1/shifts/"+s.Shift.String()+"/failures/"+newID(), central.SignInFailure{Fingerprint: make([]byte, 32)}, &f)
	if want := (central.SignInFailed{Refusal: central.StaffUnknown}); f != want {
		t.Errorf("a card of nobody's: %+v", f)
	}
}

// waiting is a case that waits for a supervisor, of an enrolment that a shift opened. Nobody bound it: that is the
// registrar's to judge, and the door does not.
func (b *bench) waiting(desk *http.Client, shift, civilNumber string) string {
	b.Helper()
	id, jws := newID(), []byte(`{"payload":"dGhl"}`)
	person := central.Person{Document: "citizen-card", Country: "PRT", CivilNumber: civilNumber, Shift: uuid.MustParse(shift)}
	b.ask(desk, http.MethodPut, "/v1/enrolments/"+id, person, &central.Opened{})
	b.exec(`update centre.enrolment set state = 'waiting', bound_at = now(), expires_at = now() + interval '3 days' where id = $1`, id)
	b.exec(`insert into centre.evidence (enrolment, content_hash, jws, identity, sod, sealed_pin, proof) values ($1, '', $2, '', '', '', '')`, id, jws)
	b.exec(`insert into centre.approval (enrolment, reasons, level, checks) values ($1, '{doubt,level}', 'substantial', $2)`, id,
		`[{"name": "chip_genuine", "result": "absent", "reason": "no_chip", "source": "chip", "at": "2026-11-30T19:00:00.123456Z"}]`)
	return id
}

// TestCases: a supervisor takes a case and decides it by a statement in which all is right.
func TestCases(t *testing.T) {
	t.Parallel()
	b := newBench(t, limits)
	clerk, boss, chief := b.employ("F0417", "clerk"), b.employ("F0102", "supervisor"), b.employ("F0103", "supervisor")
	two, three := b.db.Desk("loja_2"), b.db.Desk("loja_3")
	desk, other, third := b.client(&b.desk), b.client(&two), b.client(&three)
	heard := b.listen(two, 0)
	shift, their, chiefs := b.shift(desk, "loja_1", clerk), b.shift(other, "loja_2", boss), b.shift(third, "loja_3", chief)
	first, second := b.waiting(desk, shift, "12345678"), b.waiting(desk, shift, "87654321")
	cases := "/v1/shifts/" + their + "/cases"

	status, h, text := b.say(desk, http.MethodGet, "/v1/shifts/"+shift+"/cases", nil)
	wantProblem(t, "cases for a clerk", status, h, text, 403, "not_allowed")
	status, h, text = b.say(desk, http.MethodGet, cases, nil)
	wantProblem(t, "cases of another desk's shift", status, h, text, 403, "no_shift")
	var all central.Cases
	b.ask(other, http.MethodGet, cases, nil, &all)
	if len(all.Cases) != 2 {
		t.Fatalf("cases: %+v", all)
	}
	want := central.Case{Enrolment: uuid.MustParse(first), OpenedAt: all.Cases[0].OpenedAt, Desk: "loja_1", Staff: "F0417",
		Name: "Staff F0417", Reasons: []string{"doubt", "level"}}
	if got := all.Cases[0]; !reflect.DeepEqual(got, want) || time.Since(got.OpenedAt).Abs() > time.Minute || got.OpenedAt.Location() != time.UTC {
		t.Errorf("case: %+v, want %+v", got, want)
	}

	take := func(c *http.Client, shift, id string) (l central.LeasedCase) {
		t.Helper()
		b.ask(c, http.MethodPut, "/v1/shifts/"+shift+"/cases/"+id+"/lease", nil, &l)
		return l
	}
	leased := take(other, their, first)
	if wanted := (central.LeasedCase{Level: "substantial", JWS: []byte(`{"payload":"dGhl"}`), Reasons: want.Reasons, OpenedAt: want.OpenedAt, Desk: "loja_1",
		Staff: "F0417", Name: "Staff F0417", LeasedUntil: leased.LeasedUntil, Checks: []central.CaseCheck{{Name: "chip_genuine", Result: "absent",
			Reason: "no_chip", Source: "chip", At: time.Date(2026, 11, 30, 19, 0, 0, 123456000, time.UTC)}}}); !reflect.DeepEqual(leased, wanted) {
		t.Errorf("the case: %+v, want %+v", leased, wanted)
	}
	if l := take(third, chiefs, first); !reflect.DeepEqual(l, central.LeasedCase{Refusal: central.CaseLeased}) {
		t.Errorf("taken twice: %+v", l)
	}
	b.ask(other, http.MethodPut, cases+"/"+first+"/release", nil, nil)
	take(third, chiefs, first)
	b.ask(third, http.MethodPut, "/v1/shifts/"+chiefs+"/cases/"+first+"/release", nil, nil)
	take(other, their, first)
	if l := take(other, their, newID()); l.Refusal != central.CaseGone {
		t.Errorf("no case: %+v", l)
	}

	good := transcript.Approval{Enrolment: uuid.MustParse(first), Transcript: make([]byte, 32), Decision: "approved",
		Shift: uuid.MustParse(their), Desk: "loja_2", At: time.Now()}
	pki := newAuthority(t)
	decide := func(jws []byte) (d central.Decided) {
		t.Helper()
		b.ask(other, http.MethodPut, cases+"/"+first+"/decision", central.Decision{JWS: jws}, &d)
		return d
	}
	for name, jws := range map[string]func(a transcript.Approval) []byte{
		"another enrolment":    func(a transcript.Approval) []byte { a.Enrolment = uuid.MustParse(second); return boss.approval(t, a) },
		"another shift":        func(a transcript.Approval) []byte { a.Shift = uuid.MustParse(chiefs); return boss.approval(t, a) },
		"another desk":         func(a transcript.Approval) []byte { a.Desk = "loja_1"; return boss.approval(t, a) },
		"too long ago":         func(a transcript.Approval) []byte { a.At = a.At.Add(-6 * time.Minute); return boss.approval(t, a) },
		"not yet":              func(a transcript.Approval) []byte { a.At = a.At.Add(6 * time.Minute); return boss.approval(t, a) },
		"another supervisor's": func(a transcript.Approval) []byte { return chief.approval(t, a) },
		"a card of another authority": func(a transcript.Approval) []byte {
			return pki.card(t, "F0102", time.Now().Add(time.Hour)).approval(t, a)
		},
		"a signature of a refusal": func(a transcript.Approval) []byte {
			refused := a
			refused.Decision, refused.Reason = "refused", "other"
			return withSignatureOf(boss.approval(t, refused), boss.approval(t, a))
		},
	} {
		if d := decide(jws(good)); d.Refusal != central.DecisionInvalid {
			t.Errorf("%s: %+v", name, d)
		}
	}
	for name, jws := range map[string][]byte{
		"a sign-in's typ": boss.signedAs(t, "balcao-sign-in", boss.approval(t, good)),
		"a sign-in":       boss.signIn(t, transcript.SignIn{Shift: good.Shift, Challenge: make([]byte, 32), Desk: "loja_2", At: good.At}),
		"no statement":    []byte(`{}`),
	} {
		status, h, text := b.say(other, http.MethodPut, cases+"/"+first+"/decision", central.Decision{JWS: jws})
		wantProblem(t, name, status, h, text, 422, "invalid")
	}
	state := func(id string) (s central.CaseStatus) {
		t.Helper()
		b.ask(other, http.MethodGet, cases+"/"+id, nil, &s)
		return s
	}
	if s := state(first); s.State != central.StateWaiting {
		t.Errorf("after decisions that are none: %+v", s)
	}
	jws := boss.approval(t, good)
	for range 2 {
		if d := decide(jws); d.Refusal != "" {
			t.Errorf("a good decision: %+v", d)
		}
	}
	if s := state(first); s.State != central.StateDeciding {
		t.Errorf("after a decision: %+v", s)
	}
	if d := decide(boss.approval(t, good)); d.Refusal != central.CaseGone {
		t.Errorf("decided again: %+v", d)
	}
	b.wantEvents("a supervisor's desk", heard, "event: notice\ndata: {\"kind\":\"case\"}\n")
	if err := schema.SuspendStaff(t.Context(), b.db.Admin(), "F0102"); err != nil {
		t.Fatal(err)
	}
	b.wantEvents("the desk of whoever was suspended", heard, "event: notice\ndata: {\"kind\":\"shift\"}\n")
	status, h, text = b.say(other, http.MethodGet, cases, nil)
	wantProblem(t, "after that", status, h, text, 403, "no_shift")
}

// key has an enrolment be active as somebody at the database's console can, with the record that sign makes.
func (b *bench) key(enrolment string, sign func(register int64) []byte) (register int64) {
	b.Helper()
	tx := must(b.admin.Begin(b.Context()))(b.T)
	defer func() { _ = tx.Rollback(context.WithoutCancel(b.Context())) }() // after Commit it does nothing
	err := tx.QueryRow(b.Context(), `with p as (insert into centre.person (country, civil_number, surname, given_names, birth_date, birth_stated, nationality)
			values ('PRT', $1, 'A', 'B', '1990-01-01', '1990', 'PRT') returning id)
		insert into centre.key (person, state, level, pin_hash, valid_until, enrolment, change)
			select id, 'active', 'high', '$argon2id$', '2031-04-15', $2, '{"cause": "enrol"}' from p returning register`, enrolment[24:], enrolment).Scan(&register)
	if err != nil {
		b.Fatal(err)
	}
	for sql, args := range map[string][]any{
		`insert into centre.key_record (key, version, record) values ($1, 1, $2)`: {register, sign(register)},
		`update centre.enrolment set state = 'active', key = $1 where id = $2`:    {register, enrolment},
	} {
		if _, err := tx.Exec(b.Context(), sql, args...); err != nil {
			b.Fatal(err)
		}
	}
	if err := tx.Commit(b.Context()); err != nil {
		b.Fatal(err)
	}
	return register
}

// TestRecord: a key is active where a registrar signed that it is, and its row alone opens nothing.
func TestRecord(t *testing.T) {
	t.Parallel()
	b := newBench(t, limits)
	desk := b.client(&b.desk)
	_, stranger, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		make func(r record.Record) []byte
		good bool
	}{
		{"a registrar's", func(r record.Record) []byte { return must(record.Sign(r, b.signs))(t) }, true},
		{"a stranger's", func(r record.Record) []byte { return must(record.Sign(r, stranger))(t) }, false},
		{"of another key", func(r record.Record) []byte { r.Register++; return must(record.Sign(r, b.signs))(t) }, false},
		{"of another enrolment", func(r record.Record) []byte {
			r.Enrolment = uuid.Must(uuid.NewV7())
			return must(record.Sign(r, b.signs))(t)
		}, false},
		{"cancelled", func(r record.Record) []byte { r.State = "cancelled"; return must(record.Sign(r, b.signs))(t) }, false},
		{"of another level", func(r record.Record) []byte { r.Level = "substantial"; return must(record.Sign(r, b.signs))(t) }, false},
		{"of another day", func(r record.Record) []byte { r.ValidUntil = "2031-04-14"; return must(record.Sign(r, b.signs))(t) }, false},
		{"changed", func(r record.Record) []byte {
			signed := must(record.Sign(r, b.signs))(t)
			return []byte(strings.Replace(string(signed), ".eyJ", ".eyI", 1))
		}, false},
		{"rubbish", func(record.Record) []byte { return []byte("a.b.c") }, false},
	} {
		path := b.enrolment(desk)
		id := strings.TrimPrefix(path, "/v1/enrolments/")
		register := b.key(id, func(register int64) []byte {
			return test.make(record.Record{Register: register, Version: 1, At: time.Now(), State: "active", PIN: []byte{1}, Level: "high",
				ValidUntil: "2031-04-15", Enrolment: uuid.MustParse(id)})
		})
		status, h, text := b.say(desk, http.MethodGet, path, nil)
		if test.good {
			var s central.Status
			if err := json.Unmarshal([]byte(text), &s); err != nil || status != 200 || s.State != central.StateActive ||
				s.Register != register || strings.Contains(text, "record") {
				t.Errorf("%s: %d %s", test.name, status, text)
			}
			continue
		}
		wantProblem(t, test.name, status, h, text, 500, "record_invalid")
		if line := fmt.Sprintf("signed\" register=%d\n", register); !strings.Contains(b.log.String(), line) {
			t.Errorf("%s: the log does not say %q", test.name, line)
		}
	}
	// The same is said of a case, and of a key whose record somebody has taken away.
	boss := b.employ("F0102", "supervisor")
	shift := b.shift(desk, "loja_1", boss)
	id := b.waiting(desk, shift, "87654321")
	b.key(id, func(register int64) []byte {
		return must(record.Sign(record.Record{Register: register, Version: 1, At: time.Now(), State: "active", PIN: []byte{1}, Level: "high",
			ValidUntil: "2031-04-15", Enrolment: uuid.MustParse(id)}, b.signs))(t)
	})
	var s central.CaseStatus
	paths := []string{"/v1/shifts/" + shift + "/cases/" + id, "/v1/enrolments/" + id}
	if b.ask(desk, http.MethodGet, paths[0], nil, &s); s.State != central.StateActive || s.Register == 0 {
		t.Errorf("a case: %+v", s)
	}
	b.exec(`alter table centre.key_record disable trigger user`)
	b.exec(`delete from centre.key_record where key = $1`, s.Register)
	for _, path := range paths {
		status, h, text := b.say(desk, http.MethodGet, path, nil)
		wantProblem(t, "none", status, h, text, 500, "record_invalid")
	}
}

// TestNobodyTrusted: a door that was told of no staff lets nobody sign in, and counts nothing.
func TestNobodyTrusted(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.trust = nil
	b.open(b.db.Centre(), limits)
	desk, boss := b.client(&b.desk), b.employ("F0102", "supervisor")
	s := b.begin(desk)
	status, h, text := b.say(desk, http.MethodPut, signInPath(s), central.SignIn{JWS: boss.signIn(t, s)})
	wantProblem(t, "nobody is trusted", status, h, text, 500, "internal")
	if n := b.count(`select count(*) from centre.sign_in_failure`); n != 0 || !strings.Contains(b.log.String(), "staff_authority") {
		t.Errorf("%d failures; the log: %s", n, b.log)
	}
}
