package login

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"balcao/kiosk"
	"balcao/kiosk/signin"
)

var (
	now    = time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)
	seed   = uuid.MustParse("0190a7c1-0000-7000-8000-000000000001")
	both   = []kiosk.Channel{kiosk.SMS, kiosk.Email}
	portal = Request{Service: "Portal", Claims: []Asked{{Claim: "name"}, {Claim: "email"}}}
	signed = &Signed{Try: seed, Register: 7, At: now, Level: 1, AMR: []string{"pin", "otp", "sms", "mfa"}}
	rows   = []Row{{Claim: "name", Value: "Inês Simões"}, {Claim: "email", Value: "i@exemplo.pt"}, {Claim: "pt_nif"}}
	right  = pinChecked{right: true, channels: both, hashes: [][sha256.Size]byte{{1}}}
	sent   = codeSent{signin.Sent{ExpiresAt: now.Add(5 * time.Minute), ResendAt: now.Add(time.Minute), SendsLeft: 3, TriesLeft: 3}}
)

// walk does actions and results in turn. A result that nothing asked for fails the test.
func walk(t *testing.T, v *Visit, c command, steps ...any) command {
	t.Helper()
	for i, s := range steps {
		switch s := s.(type) {
		case Action:
			c = v.act(s)
		case result:
			if c == nil {
				t.Fatalf("step %d: nothing was asked for, and %T came", i, s)
			}
			c = v.take(c, s)
		}
	}
	return c
}

var (
	typed   = SignIn{Identifier: "912 345 678", PIN: []byte("482913")}
	entered = EnterCode{[]byte("123456")}
)

func TestVisit(t *testing.T) {
	young := &Session{Signed: Signed{Try: seed, At: now.Add(-time.Minute), Level: 1}}
	minute := time.Minute
	for _, tt := range []struct {
		name    string
		request Request
		session *Session
		steps   []any
		step    Step
		problem Problem
		error   string
		given   []string
	}{
		{name: "all the way", request: portal, steps: []any{typed, right, sent, entered, codeChecked{signed: signed}, rowsRead{true, rows}, Consent{}},
			step: StepDone, given: []string{"name", "email"}},
		{name: "one refused", request: portal, steps: []any{typed, right, sent, entered, codeChecked{signed: signed}, rowsRead{true, rows}, Consent{[]string{"email"}}},
			step: StepDone, given: []string{"name"}},
		{name: "own pages ask for no consent", steps: []any{typed, right, sent, entered, codeChecked{signed: signed}}, step: StepDone},
		{name: "unspelled", request: portal, steps: []any{SignIn{Identifier: "x", PIN: []byte("482913")}}, step: StepSignIn, problem: CountryMissing},
		{name: "no PIN", request: portal, steps: []any{SignIn{Identifier: "912345678"}}, step: StepSignIn, problem: Unspelled},
		{name: "wrong PIN", request: portal, steps: []any{typed, pinChecked{}}, step: StepSignIn, problem: No},
		{name: "nobody compared", request: portal, steps: []any{typed, failed{}}, step: StepSignIn, problem: Lost},
		{name: "wrong code", request: portal, steps: []any{typed, right, sent, entered, codeChecked{refusal: signin.CodeWrong, tries: 2}}, step: StepCode, problem: CodeWrong},
		{name: "no code", request: portal, steps: []any{typed, right, sent, EnterCode{[]byte("12")}}, step: StepCode, problem: Unspelled},
		{name: "late code", request: portal, steps: []any{typed, right, sent, entered, codeChecked{refusal: signin.CodeExpired}}, step: StepCode, problem: CodeExpired},
		{name: "blocked", request: portal, steps: []any{typed, right, sent, entered, codeChecked{refusal: signin.Over}}, step: StepStopped, problem: Blocked},
		{name: "blocked, and back", request: portal, steps: []any{typed, right, sent, entered, codeChecked{refusal: signin.Over}, Cancel{}},
			step: StepRefused, problem: Cancelled, error: "access_denied"},
		{name: "too long", request: portal, steps: []any{typed, right, sent, entered, codeChecked{refusal: signin.Ended}}, step: StepSignIn, problem: Ended},
		{name: "no record", request: portal, steps: []any{typed, right, sent, entered, codeChecked{}}, step: StepStopped, problem: NotBelieved},
		{name: "by e-mail", request: portal, steps: []any{typed, right, sent, SendCode{kiosk.Email}, sent}, step: StepCode},
		{name: "too soon", request: portal, steps: []any{typed, right, sent, SendCode{}, codeSent{signin.Sent{Refusal: signin.TooSoon}}}, step: StepCode, problem: TooSoon},
		{name: "nothing is sent there", request: portal, steps: []any{typed, right, codeSent{signin.Sent{Refusal: signin.DestinationOff}}}, step: StepCode, problem: NotSent},
		{name: "no channel reaches it", request: Request{Service: "P", ACR: Levels[2:]}, steps: []any{typed, pinChecked{right: true, hashes: right.hashes}, Cancel{}},
			step: StepRefused, problem: LevelTooLow, error: "unmet_authentication_requirements"},
		{name: "the key does not reach it", request: Request{Service: "P", ACR: Levels[1:]}, steps: []any{typed, right, sent, entered, codeChecked{signed: &Signed{Level: 0}}, Cancel{}},
			step: StepRefused, problem: LevelTooLow, error: "unmet_authentication_requirements"},
		{name: "cancelled", request: portal, steps: []any{Cancel{}}, step: StepRefused, problem: Cancelled, error: "access_denied"},
		{name: "in a session", request: portal, session: young, steps: []any{rowsRead{true, rows}}, step: StepConsent},
		{name: "in a session that is over", request: portal, session: young, steps: []any{rowsRead{}}, step: StepSignIn, problem: Ended},
		{name: "own pages in a session", session: young, step: StepDone},
		{name: "prompt=login", request: Request{Service: "P", Prompt: []string{"login"}}, session: young, step: StepSignIn},
		{name: "max_age", request: Request{Service: "P", MaxAge: new(time.Duration)}, session: young, step: StepSignIn},
		{name: "max_age that it is within", request: Request{Service: "P", MaxAge: &minute}, session: young, steps: []any{rowsRead{true, nil}}, step: StepConsent},
		{name: "step up", request: Request{Service: "P", ACR: Levels[2:]}, session: young, step: StepSignIn},
		{name: "prompt=none, nobody", request: Request{Service: "P", Prompt: []string{"none"}}, step: StepRefused, problem: LoginRequired, error: "login_required"},
		{name: "prompt=none, somebody", request: Request{Service: "P", Prompt: []string{"none"}}, session: young, step: StepRefused, problem: AskRequired, error: "consent_required"},
		{name: "a code before the PIN", request: portal, steps: []any{entered}, step: StepSignIn},
		{name: "consent before the PIN", request: portal, steps: []any{Consent{}}, step: StepSignIn},
		{name: "consent before the code", request: portal, steps: []any{typed, right, sent, Consent{}}, step: StepCode},
		{name: "a channel that there is none of", request: portal, steps: []any{typed, right, sent, SendCode{kiosk.Letter}}, step: StepCode},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v, c := begin(tt.request, seed, tt.session, now)
			if left := walk(t, &v, c, tt.steps...); left != nil {
				t.Fatalf("%T is still to be done", left)
			}
			if v.Step != tt.step || v.Problem != tt.problem || tt.step == StepRefused && v.Error() != tt.error || !slices.Equal(v.Given, tt.given) {
				t.Errorf("%s %q %q, given %v", v.Step, v.Problem, v.Error(), v.Given)
			}
		})
	}
}

// The same thing done twice, as by two clicks, is one thing for the centre; the next is another.
func TestVisit_Identifiers(t *testing.T) {
	v, _ := begin(portal, seed, nil, now)
	again := v
	first, second := v.act(typed).(checkPIN), again.act(typed).(checkPIN)
	if first.try != second.try {
		t.Error("two clicks are two tries")
	}
	v.take(first, pinChecked{})
	if v.act(typed).(checkPIN).try == first.try {
		t.Error("two tries are one")
	}
}

// TestVisit_Always walks at random: whatever anybody does and the centre says, nobody is signed in without both factors,
// nothing secret is kept, and what is over stays over.
func TestVisit_Always(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		session := rapid.SampledFrom([]*Session{nil, {Signed: Signed{Try: seed, At: now, Level: 1}}}).Draw(t, "session")
		request := rapid.SampledFrom([]Request{{}, portal, {Service: "P", ACR: Levels[2:]}, {Service: "P", Prompt: []string{"none"}}}).Draw(t, "request")
		v, c := begin(request, seed, session, now)
		believed, inSession := false, v.Signed != nil
		for range rapid.IntRange(0, 20).Draw(t, "steps") {
			if c == nil {
				before := v
				a := rapid.SampledFrom([]Action{typed, SignIn{}, SendCode{}, SendCode{kiosk.Email}, entered, Consent{}, Consent{[]string{"name"}}, Cancel{}}).Draw(t, "action")
				if c = v.act(a); before.Over() && !cmp.Equal(before, v) {
					t.Fatalf("%T changed a visit that is over", a)
				}
			} else {
				pin, isPIN := c.(checkPIN)
				var r result = failed{}
				switch c.(type) {
				case checkPIN:
					r = rapid.SampledFrom([]result{r, right, pinChecked{}, pinChecked{right: true}}).Draw(t, "result")
				case sendCode:
					r = rapid.SampledFrom([]result{r, sent, codeSent{signin.Sent{Refusal: signin.Over}}, codeSent{signin.Sent{Refusal: signin.Ended}}}).Draw(t, "result")
				case checkCode:
					r = rapid.SampledFrom([]result{r, codeChecked{signed: signed}, codeChecked{}, codeChecked{refusal: signin.Ended, signed: signed}}).Draw(t, "result")
				case readRows:
					r = rapid.SampledFrom([]result{r, rowsRead{true, rows}, rowsRead{}}).Draw(t, "result")
				}
				code, is := r.(codeChecked)
				believed = believed || is && code.refusal == "" && code.signed != nil
				if c = v.take(c, r); isPIN && v.Step == StepCode && !r.(pinChecked).right {
					t.Fatalf("a code for a PIN that is wrong, in try %s", pin.try)
				}
			}
			raw, err := v.Encode()
			if err != nil || bytes.Contains(raw, typed.PIN) || bytes.Contains(raw, entered.Code) {
				t.Fatalf("kept: %s, %v", raw, err)
			}
			if read, err := Decode(raw); err != nil || !cmp.Equal(read, v) {
				t.Fatalf("kept as %s: %v", raw, cmp.Diff(read, v))
			}
			page := v.Page(now)
			switch {
			case v.Signed != nil && !believed && !inSession:
				t.Fatal("signed in without a code")
			case v.Step == StepDone && v.Signed == nil, v.Step == StepConsent && v.Signed == nil:
				t.Fatalf("%s, and nobody is signed in", v.Step)
			case v.Over() && (v.Rows != nil || v.Typed != ""), len(page.Rows) > 0 && page.Step != StepConsent:
				t.Fatalf("a value stays: %+v", v)
			case v.Step == StepDone && request.prompts("none"):
				t.Fatal("nobody was asked")
			}
		}
	})
}

func TestNamed(t *testing.T) {
	for _, tt := range []struct {
		typed, country string
		by             kiosk.Identifier
		name           string
		problem        Problem
	}{
		{"912 345 678", "", kiosk.ByPhone, "+351912345678", OK},
		{"+44 7911 123456", "", kiosk.ByPhone, "+447911123456", OK},
		{" ines@Exemplo.PT ", "", kiosk.ByEmail, "ines@exemplo.pt", OK},
		{"fe123456", "ukr", kiosk.ByPassport, "UKR:FE123456", OK},
		{"UKR FE 123456", "", kiosk.ByPassport, "UKR:FE123456", OK},
		{"ukr:fe123456", "", kiosk.ByPassport, "UKR:FE123456", OK},
		{"123456789", "USA", kiosk.ByPassport, "USA:123456789", OK},
		{"FE123456", "", "", "", CountryMissing},
		{"", "", "", "", Unspelled},
		{"@", "", "", "", Unspelled},
		{"12", "", "", "", Unspelled},
		{"FE123456ı", "UKR", "", "", Unspelled},
		{"ıſß", "", "", "", Unspelled},
	} {
		if by, name, problem := Named(tt.typed, tt.country); by != tt.by || name != tt.name || problem != tt.problem {
			t.Errorf("%q %q: %s %q %q", tt.typed, tt.country, by, name, problem)
		}
	}
}

func TestMasked(t *testing.T) {
	for contact, want := range map[string]string{
		"+351912345678": "+351 912 ••• 678", "+447911123456": "+44 791 ••• 456", "ines@exemplo.pt": "i•••@exemplo.pt", "+2381234567": "+238 ••• 567", "": "•••",
	} {
		if got := Masked(contact); got != want {
			t.Errorf("%s: %q, want %q", contact, got, want)
		}
	}
}

func TestReported(t *testing.T) {
	for _, tt := range []struct {
		asked   []string
		exact   bool
		reached int
		want    string
		ok      bool
	}{
		{nil, false, 1, Levels[1], true},
		{Levels[:1], false, 1, Levels[1], true},
		{Levels[:1], true, 1, Levels[0], true},
		{Levels[1:], true, 1, Levels[1], true},
		{Levels[2:], false, 1, "", false},
		{[]string{"urn:other"}, true, 1, "", false},
		{nil, false, -1, "", false},
	} {
		if got, ok := (Request{ACR: tt.asked, Exact: tt.exact}).reported(tt.reached); got != tt.want || ok != tt.ok {
			t.Errorf("%v: %q %v", tt, got, ok)
		}
	}
}
