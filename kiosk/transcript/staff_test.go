package transcript_test

import (
	"bytes"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"balcao/kiosk/transcript"
)

// general is a JWS as JSON, for tests that put it wrong.
type general struct {
	Payload    string             `json:"payload"`
	Signatures []generalSignature `json:"signatures"`
}

type generalSignature struct {
	Protected string `json:"protected"`
	Signature string `json:"signature"`
}

var (
	signIn = transcript.SignIn{
		Shift: uuid.MustParse("0199a1b2-0000-7000-8000-00000000000a"), Challenge: []byte{0xfb, 0xff}, Desk: "laranjeiras-07",
		At: time.Date(2026, 11, 23, 10, 0, 0, 123456789, time.UTC),
	}
	approval = transcript.Approval{
		Enrolment: uuid.MustParse("0199a1b2-0000-7000-8000-000000000001"), Transcript: []byte{1}, Decision: "approved",
		Shift: uuid.MustParse("0199a1b2-0000-7000-8000-00000000000b"), Desk: "coimbra-01", At: time.Date(2026, 11, 23, 11, 0, 0, 0, time.UTC),
	}
)

// The statements as they are signed, written out: what courts and other programs will read.
const (
	signInJSON   = `{"shift":"0199a1b2-0000-7000-8000-00000000000a","challenge":"-_8","desk":"laranjeiras-07","at":"2026-11-23T10:00:00.123456Z","admits":""}`
	approvalJSON = `{"enrolment":"0199a1b2-0000-7000-8000-000000000001","transcript_sha256":"AQ","decision":"approved","reason":"",` +
		`"shift":"0199a1b2-0000-7000-8000-00000000000b","desk":"coimbra-01","at":"2026-11-23T11:00:00Z"}`
)

func payloadOf(t *testing.T, jws []byte) (payload, typ string) {
	t.Helper()
	var g general
	if err := json.Unmarshal(jws, &g); err != nil || len(g.Signatures) != 1 {
		t.Fatalf("%v in %s", err, jws)
	}
	raw, err := base64.RawURLEncoding.DecodeString(g.Payload)
	header, err2 := base64.RawURLEncoding.DecodeString(g.Signatures[0].Protected)
	var h struct{ Typ string }
	if err := errors.Join(err, err2, json.Unmarshal(header, &h)); err != nil {
		t.Fatal(err)
	}
	return string(raw), h.Typ
}

func TestSignIn(t *testing.T) {
	for name, k := range map[string]key{"P-256": ecKey(t, elliptic.P256()), "P-384": ecKey(t, elliptic.P384()), "RSA": rsaKey(t, 2048)} {
		for _, admits := range []string{"", "F0417"} {
			want := signIn
			want.Admits = admits
			jws, err := transcript.SignSignIn(t.Context(), want, [][]byte{k.certificate}, card{k})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			payload, typ := payloadOf(t, jws)
			wantType := map[string]string{"": "balcao-sign-in", "F0417": "balcao-admission"}[admits]
			if payload != strings.Replace(signInJSON, `"admits":""`, `"admits":"`+admits+`"`, 1) || typ != wantType {
				t.Errorf("%s: got %s as %q", name, payload, typ)
			}
			got, err := transcript.ParseSignIn(jws)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if err := got.Verify(); err != nil || got.Said.Admits != admits || got.Said.Desk != want.Desk || !bytes.Equal(got.Signature.Chain[0], k.certificate) {
				t.Errorf("%s: got %+v, %v", name, got.Said, err)
			}
		}
	}
}

func TestApproval(t *testing.T) {
	k := ecKey(t, elliptic.P256())
	for _, tt := range []struct {
		decision, reason string
		ok               bool
	}{
		{"approved", "", true}, {"refused", "not_the_person", true}, {"refused", "under_pressure", true}, {"approved", "other", false},
		{"refused", "", false}, {"refused", "because", false}, {"", "", false}, {"perhaps", "", false},
	} {
		want := approval
		want.Decision, want.Reason = tt.decision, tt.reason
		jws, err := transcript.SignApproval(t.Context(), want, [][]byte{k.certificate}, card{k})
		if (err == nil) != tt.ok || err != nil && !errors.Is(err, transcript.ErrForm) {
			t.Errorf("%q %q: got %v", tt.decision, tt.reason, err)
		}
		payload := strings.NewReplacer(`"approved"`, `"`+tt.decision+`"`, `"reason":""`, `"reason":"`+tt.reason+`"`).Replace(approvalJSON)
		if tt.ok {
			if got, _ := payloadOf(t, jws); got != payload {
				t.Errorf("got %s", got)
			}
		} else {
			jws = forge(t, k, "balcao-approval", payload) // by somebody with another program
		}
		got, err := transcript.ParseApproval(jws)
		if (err == nil) != tt.ok || err != nil && !errors.Is(err, transcript.ErrForm) {
			t.Errorf("%q %q: got %v", tt.decision, tt.reason, err)
		}
		if tt.ok && (got.Verify() != nil || got.Said.Decision != tt.decision) {
			t.Errorf("got %+v", got.Said)
		}
	}
}

func TestAlertDecision(t *testing.T) {
	k := ecKey(t, elliptic.P256())
	const whole = `{"alert":"0199a1b2-0000-7000-8000-000000000009","decision":"D","reason":"R",` +
		`"shift":"0199a1b2-0000-7000-8000-00000000000b","desk":"coimbra-01","at":"2026-11-23T11:00:00Z"}`
	for _, tt := range []struct {
		decision, reason string
		ok               bool
	}{
		{"no_suspicion", "holder_confirmed", true}, {"watch_7_days", "other", true}, {"suspend_key", "fraud", true}, {"suspend_desk", "fraud", true},
		{"suspend_clerk", "fraud", true}, {"", "fraud", false}, {"cancel", "fraud", false}, {"suspend_key", "", false}, {"suspend_key", "Maria did it", false},
	} {
		payload := strings.NewReplacer(`"D"`, `"`+tt.decision+`"`, `"R"`, `"`+tt.reason+`"`).Replace(whole)
		jws, err := transcript.SignAlertDecision(t.Context(), transcript.AlertDecision{
			Alert: uuid.MustParse("0199a1b2-0000-7000-8000-000000000009"), Decision: tt.decision, Reason: tt.reason,
			Shift: approval.Shift, Desk: approval.Desk, At: approval.At,
		}, [][]byte{k.certificate}, card{k})
		if (err == nil) != tt.ok || err != nil && !errors.Is(err, transcript.ErrForm) {
			t.Errorf("%q %q: got %v", tt.decision, tt.reason, err)
		}
		if tt.ok {
			if got, typ := payloadOf(t, jws); got != payload || typ != "balcao-alert" {
				t.Errorf("got %s as %q", got, typ)
			}
		} else {
			jws = forge(t, k, "balcao-alert", payload)
		}
		got, err := transcript.ParseAlertDecision(jws)
		if (err == nil) != tt.ok || tt.ok && (got.Verify() != nil || got.Said.Decision != tt.decision) {
			t.Errorf("%q %q: read as %+v, %v", tt.decision, tt.reason, got, err)
		}
		if got, err := transcript.ParseAlertDecision(forge(t, k, "balcao-approval", payload)); err == nil || got != nil {
			t.Error("signed as a decision about a case: accepted")
		}
	}
}

// forge signs any payload in any role.
func forge(t *testing.T, k key, typ, payload string) []byte {
	t.Helper()
	return forgeWith(t, k, "ES256", typ, payload)
}

func forgeWith(t *testing.T, k key, alg, typ, payload string) []byte {
	t.Helper()
	head := `{"alg":"` + alg + `","typ":"` + typ + `","x5c":["` + base64.StdEncoding.EncodeToString(k.certificate) + `"]}`
	protected, body := base64.RawURLEncoding.EncodeToString([]byte(head)), base64.RawURLEncoding.EncodeToString([]byte(payload))
	digest := sha256.Sum256([]byte(protected + "." + body))
	signature, err := card{k}.SignDigest(t.Context(), digest[:])
	if err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(general{Payload: body, Signatures: []generalSignature{{protected, base64.RawURLEncoding.EncodeToString(signature)}}})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Nothing but the one form of a statement, signed as that statement, is read.
func TestParseSignIn_Refused(t *testing.T) {
	k := ecKey(t, elliptic.P256())
	replace := func(old, new string) []byte {
		if !strings.Contains(signInJSON, old) {
			t.Fatalf("%s is not in it", old)
		}
		return forge(t, k, "balcao-sign-in", strings.Replace(signInJSON, old, new, 1))
	}
	if _, err := transcript.ParseSignIn(forge(t, k, "balcao-sign-in", signInJSON)); err != nil {
		t.Fatalf("the honest one: %v", err)
	}
	good := string(forge(t, k, "balcao-sign-in", signInJSON))
	_, signature, _ := strings.Cut(good, `"signatures":[`)
	signature = strings.TrimSuffix(signature, "]}")
	for name, jws := range map[string][]byte{
		"empty":                    nil,
		"a space":                  []byte(good + " "),
		"two signatures":           []byte(strings.Replace(good, signature, signature+","+signature, 1)),
		"no signature":             []byte(strings.Replace(good, signature, "", 1)),
		"an unprotected header":    []byte(strings.Replace(good, `"protected"`, `"header":{},"protected"`, 1)),
		"signed as an admission":   forge(t, k, "balcao-admission", signInJSON),
		"signed as an enrolment":   forge(t, k, "balcao-staff", signInJSON),
		"an admission as sign-in":  replace(`"admits":""`, `"admits":"F0417"`),
		"a decision":               forge(t, k, "balcao-sign-in", approvalJSON),
		"an unknown field":         replace(`{`, `{"role":"supervisor",`),
		"a field twice":            replace(`"desk":`, `"desk":"x","desk":`),
		"a field missing":          replace(`,"admits":""`, ``),
		"another order":            replace(`"desk":"laranjeiras-07","at":"2026-11-23T10:00:00.123456Z"`, `"at":"2026-11-23T10:00:00.123456Z","desk":"laranjeiras-07"`),
		"another zone":             replace(`.123456Z`, `.123456+00:00`),
		"nanoseconds":              replace(`.123456Z`, `.123456789Z`),
		"padding":                  replace(`"-_8"`, `"-_8="`),
		"escapes":                  replace(`laranjeiras`, `laranje\u0069ras`),
		"too long":                 replace(`laranjeiras`, strings.Repeat("a", 5000)),
		"nested":                   replace(`"admits":""`, `"admits":[[[[]]]]`),
		"another algorithm":        forgeWith(t, k, "ES384", "balcao-sign-in", signInJSON),
		"a header with a critical": critical(t, k),
	} {
		if got, err := transcript.ParseSignIn(jws); err == nil || got != nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := transcript.ParseApproval(forge(t, k, "balcao-approval", signInJSON)); !errors.Is(err, transcript.ErrForm) {
		t.Errorf("a sign-in as a decision: %v", err)
	}
	// What another key signed parses, and does not verify.
	thief := ecKey(t, elliptic.P256())
	thief.certificate = k.certificate
	got, err := transcript.ParseSignIn(forge(t, thief, "balcao-sign-in", signInJSON))
	if err != nil || got.Verify() == nil {
		t.Errorf("another key: %v", err)
	}
}

func critical(t *testing.T, k key) []byte {
	t.Helper()
	return forge(t, k, `balcao-sign-in","crit":["exp"],"x":"`, signInJSON)
}

// The clerk's card signs last, and only what the desk has signed.
func TestAddStaff(t *testing.T) {
	citizen, desk, clerk := ecKey(t, elliptic.P256()), ecKey(t, elliptic.P256()), rsaKey(t, 2048)
	one, err := transcript.Sign(t.Context(), sample, [][]byte{citizen.certificate}, card{citizen})
	if err != nil {
		t.Fatal(err)
	}
	two, err := transcript.Countersign(one, desk, [][]byte{desk.certificate})
	if err != nil {
		t.Fatal(err)
	}
	alone, err := transcript.SignAsDesk(sample, desk, [][]byte{desk.certificate})
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		jws   []byte
		roles []transcript.Role
	}{
		"card and desk": {two, []transcript.Role{transcript.CitizenSignature, transcript.DeskSignature, transcript.StaffSignature}},
		"desk":          {alone, []transcript.Role{transcript.DeskSignature, transcript.StaffSignature}},
	} {
		jws, err := transcript.AddStaff(t.Context(), tt.jws, [][]byte{clerk.certificate}, card{clerk})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		read, err := transcript.Parse(jws, tt.roles...)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := read.Verify(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := transcript.Parse(tt.jws, tt.roles...); !errors.Is(err, transcript.ErrNoStaff) {
			t.Errorf("%s, without the clerk's: %v", name, err)
		}
		if _, err := transcript.AddStaff(t.Context(), jws, [][]byte{clerk.certificate}, card{clerk}); err == nil {
			t.Errorf("%s: a second clerk signed", name)
		}
	}
	for name, jws := range map[string][]byte{"the card's alone": one, "nothing": nil, "no JWS": []byte("{}")} {
		if got, err := transcript.AddStaff(t.Context(), jws, [][]byte{clerk.certificate}, card{clerk}); err == nil || got != nil {
			t.Errorf("%s: signed", name)
		}
	}
	other := rsaKey(t, 2048)
	if _, err := transcript.AddStaff(t.Context(), two, [][]byte{clerk.certificate}, card{other}); !errors.Is(err, transcript.ErrKeyMismatch) {
		t.Errorf("a card with another key: %v", err)
	}
}
