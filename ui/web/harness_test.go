package web

import (
	"cmp"
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"balcao/kiosk"
	"balcao/kiosk/login"
	"balcao/kiosk/paper"
)

var now = time.Date(2026, 11, 29, 10, 47, 5, 0, time.UTC)

// fake is a login service of a test's own.
type fake struct {
	page       login.Page
	session    string // that is known
	stale      bool
	activation login.ActivationPage
	change     login.Pending
	problem    login.PINProblem
	known      bool // the code of a notice
	err        error
	last       kiosk.Channel
	done       []string
	action     login.Action
	browser    string
}

func (f *fake) OwnVisit(context.Context, string, kiosk.Language) (login.Page, error) {
	return f.page, f.err
}

func (f *fake) OwnDo(_ context.Context, browser string, _ kiosk.Language, a login.Action, _ []byte) (login.Page, string, error) {
	f.action, f.browser = a, browser
	if f.page.Step == login.StepDone {
		f.session = strings.Repeat("B", 43)[:42] + "A"
	}
	return f.page, f.session, f.err
}

func (f *fake) may(session string, fresh bool) error {
	switch {
	case f.err != nil:
		return f.err
	case session == "" || session != f.session:
		return login.ErrSignedOut
	case fresh && f.stale:
		return login.ErrStale
	}
	return nil
}

func (f *fake) note(what string) { f.done = append(f.done, what) }

func (f *fake) Overview(_ context.Context, session string) (login.Overview, error) {
	return login.Overview{
		State: kiosk.StatusActive, Level: "high", ValidUntil: kiosk.Date{Year: 2034, Month: 2, Day: 19},
		Contacts: []login.OwnContact{{Channel: kiosk.SMS, Masked: "+351 912 ••• 678"}, {Channel: kiosk.Email, Masked: "i•••@exemplo.pt"}},
		Last:     login.LastUse{At: now.Add(-7 * time.Minute), Channel: cmp.Or(f.last, kiosk.SMS)},
		History: []login.Change{
			{At: now.AddDate(0, -5, 0), To: kiosk.StatusActive, Cause: "email", Reason: kiosk.ReasonRequest, Desk: "Balcão 03"},
			{At: now.AddDate(0, -6, 0), To: kiosk.StatusActive, Cause: "lock_ended"},
			{At: now.AddDate(0, -6, 0), To: kiosk.StatusLocked, Cause: "lock", Reason: "wrong_pins"},
			{At: now.AddDate(0, -9, 0), To: kiosk.StatusActive, Cause: "enrol", Reason: "enrolled", Desk: "Balcão 07"},
		},
	}, f.may(session, false)
}

func (f *fake) Stored(_ context.Context, session string) ([]kiosk.StoredSection, error) {
	return []kiosk.StoredSection{
		{Name: "person", Rows: [][]kiosk.StoredField{{{Name: "surname", Value: "Guimarães Simões"}, {Name: "birth_date", Value: "1992-08-22"}, {Name: "sex", Value: ""}}}},
		{Name: "contact", Rows: [][]kiosk.StoredField{{{Name: "channel", Value: "sms"}, {Name: "value", Value: "+351912345678"}, {Name: "proven_at", Value: "2026-02-03T10:12:00Z"}}, {{Name: "record", Value: strings.Repeat("0a1b", 60)}}}},
		{Name: "letter"},
	}, f.may(session, false)
}

func (f *fake) Freeze(_ context.Context, session string) error {
	f.note("freeze")
	return f.may(session, false)
}

func (f *fake) End(_ context.Context, session string) error {
	f.note("end")
	return f.may(session, true)
}

func (f *fake) Rules(_ context.Context, session string) (kiosk.PINPolicy, error) {
	return kiosk.PINPolicy{MinDigits: 6, MaxDigits: 8, Personal: []string{"19920822"}}, f.may(session, true)
}

func (f *fake) ChangePIN(_ context.Context, session string, pin []byte) (uuid.UUID, login.PINProblem, error) {
	f.note("pin " + string(pin))
	return uuid.UUID{15: 1}, f.problem, f.may(session, true)
}

func (f *fake) ChangeState(context.Context, uuid.UUID) (login.Pending, error) { return f.change, f.err }

func (f *fake) SignOut(_ context.Context, session string) error {
	f.note("sign out " + session)
	return nil
}

func (f *fake) Activation(context.Context, string) (login.ActivationPage, error) {
	return f.activation, f.err
}

func (f *fake) Activate(_ context.Context, browser string, _ kiosk.Language, a login.Action, _ []byte) (login.ActivationPage, error) {
	f.action, f.browser = a, browser
	return f.activation, f.err
}

func (f *fake) NotMe(_ context.Context, code, _ []byte) (bool, error) {
	f.note("not me " + string(code))
	return f.known, f.err
}

var press = sync.OnceValues(func() (*paper.Press, error) { return paper.NewPress(paper.FontFolder) })

// somebody is a session's token.
var somebody = strings.Repeat("A", 43)

func newPages(t testing.TB, own *fake) *Pages {
	t.Helper()
	press, err := press()
	if err != nil {
		t.Fatal(err)
	}
	p, err := New(Options{Own: own, Press: press, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// sends is a request by which a browser sends a page's form.
func sends(r *http.Request, path string, values url.Values) *http.Request {
	browser := strings.Repeat("C", 42) + "A"
	values.Set("token", formToken(browser, path))
	sent := httptest.NewRequest(http.MethodPost, path, strings.NewReader(values.Encode()))
	sent.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	sent.Header.Set("Sec-Fetch-Site", "same-origin")
	if r != nil {
		sent.URL.RawQuery = r.URL.RawQuery
		sent.Header.Set("Accept-Language", r.Header.Get("Accept-Language"))
	}
	sent.AddCookie(&http.Cookie{Name: browserCookie, Value: browser})
	sent.AddCookie(&http.Cookie{Name: sessionCookie, Value: somebody})
	return sent
}

// screen is a page as somebody sees it.
type screen struct {
	name   string
	page   login.Page // is shown, unless path is set
	path   string     // of the holder's own
	form   url.Values // is sent there
	own    fake
	status int // 200 when 0
}

const portal = "Portal de demonstração"

var claims = []login.Row{
	{Claim: "name", Value: "Inês Conceição Guimarães Simões"}, {Claim: "birthdate", Value: "1992-08-22"}, {Claim: "nationalities", Value: "PRT"},
	{Claim: "document", Value: "citizen_card PRT 99000588 7 ZZ1"}, {Claim: "pt_nic", Value: "99000588"}, {Claim: "pt_nif", Value: "299999998", Source: "proven"},
	{Claim: "pt_niss", Value: "11999999990", Source: "shown"}, {Claim: "pt_nsns", Value: "399999999", Source: "shown"},
	{Claim: "email", Value: "ines@exemplo.pt"}, {Claim: "phone_number", Value: "+351912345678"},
}

// screens are all pages there are.
func screens() []screen {
	at := func(p login.Page) login.Page {
		p.Service, p.Return = portal, "https://portal.example/cb"
		return p
	}
	code := login.Page{Step: login.StepCode, Channel: kiosk.SMS, Contact: "+351 912 ••• 678", ResendIn: 25 * time.Second, ExpiresIn: 5 * time.Minute, SendsLeft: 2, TriesLeft: 3, Other: kiosk.Email}
	wrong := func(p login.Problem) login.Page { c := code; c.Problem = p; return at(c) }
	all := []screen{
		{name: "sign-in", page: at(login.Page{Step: login.StepSignIn})},
		{name: "sign-in-hint", page: at(login.Page{Step: login.StepSignIn, Typed: "+351 912 345 678", Again: true})},
		{name: "sign-in-own", path: "/"},
		{name: "sign-in-again", path: "/?again&to=pin"},
		{name: "cancel", page: at(login.Page{Step: login.StepSignIn, Problem: "cancel"})},
		{name: "code", page: at(code)},
		{name: "code-email", page: at(login.Page{Step: login.StepCode, Channel: kiosk.Email, Contact: "i•••@exemplo.pt", TriesLeft: 3, Other: kiosk.SMS})},
		{name: "code-unnamed", page: at(login.Page{Step: login.StepCode, Channel: kiosk.SMS, TriesLeft: 3})},
		{name: "consent", page: at(login.Page{Step: login.StepConsent, Rows: claims})},
		{name: "consent-names", page: at(login.Page{Step: login.StepConsent, Rows: []login.Row{{Claim: "given_name", Value: "Інес"}, {Claim: "family_name", Value: "Шевченко"}, {Claim: "pt_nif"}, {Claim: "nationalities", Value: "UKR XXA"}}})},
		{name: "consent-nothing", page: at(login.Page{Step: login.StepConsent})},
		{name: "stopped-blocked", page: at(login.Page{Step: login.StepStopped, Problem: login.Blocked})},
		{name: "stopped-level", page: at(login.Page{Step: login.StepStopped, Problem: login.LevelTooLow})},
		{name: "stopped-record", page: at(login.Page{Step: login.StepStopped, Problem: login.NotBelieved})},
		{name: "over", page: at(login.Page{Step: login.StepDone}), status: http.StatusGone},
		{name: "key", path: "/key"},
		{name: "key-email", path: "/key", own: fake{last: kiosk.Email}},
		{name: "freeze", path: "/key/freeze"},
		{name: "frozen", path: "/key/freeze", form: url.Values{}},
		{name: "end", path: "/key/end"},
		{name: "end-unsure", path: "/key/end", form: url.Values{}},
		{name: "ended", path: "/key/end", form: url.Values{"sure": {"yes"}}},
		{name: "pin", path: "/key/pin"},
		{name: "pin-pattern", path: "/key/pin", form: url.Values{"new": {"123456"}, "repeat": {"123456"}}},
		{name: "pin-other", path: "/key/pin", form: url.Values{"new": {"482913"}, "repeat": {"482914"}}},
		{name: "pin-same", path: "/key/pin", form: url.Values{"new": {"482913"}, "repeat": {"482913"}}, own: fake{problem: login.PINSame}},
		{name: "pin-waiting", path: "/key/pin/" + uuid.UUID{15: 1}.String(), own: fake{change: login.Queued}},
		{name: "pin-changed", path: "/key/pin/" + uuid.UUID{15: 1}.String(), own: fake{change: login.Applied}},
		{name: "pin-failed", path: "/key/pin/" + uuid.UUID{15: 1}.String(), own: fake{change: login.Failed}},
		{name: "stored", path: "/key/stored"},
		{name: "sign-out", path: "/sign-out"},
		{name: "signed-out", path: "/sign-out", form: url.Values{}},
		{name: "activate", path: "/activate", own: fake{activation: login.ActivationPage{Step: login.ActivationCode}}},
		{name: "activate-wrong", path: "/activate", own: fake{activation: login.ActivationPage{Step: login.ActivationCode, Problem: login.No, Typed: "+351 912 345 678"}}},
		{name: "activate-contact", path: "/activate", own: fake{activation: login.ActivationPage{Step: login.ActivationContact}}},
		{name: "activate-contact-wrong", path: "/activate", own: fake{activation: login.ActivationPage{Step: login.ActivationContact, Problem: login.ContactTaken}}},
		{name: "activate-code", path: "/activate", own: fake{activation: login.ActivationPage{Step: login.ActivationProof, Channel: kiosk.SMS, Contact: "+351 912 ••• 678"}}},
		{name: "activate-waiting", path: "/activate", own: fake{activation: login.ActivationPage{Step: login.ActivationWaiting}}},
		{name: "activate-done", path: "/activate", own: fake{activation: login.ActivationPage{Step: login.ActivationDone}}},
		{name: "activate-stopped", path: "/activate", own: fake{activation: login.ActivationPage{Step: login.ActivationStopped}}},
		{name: "not-me", path: "/not-me"},
		{name: "not-me-wrong", path: "/not-me", form: url.Values{"long_code": {"ABCDE-FGHJ2"}}},
		{name: "not-me-done", path: "/not-me", form: url.Values{"long_code": {"abcde fghj2"}}, own: fake{known: true}},
		{name: "not-found", path: "/nowhere", status: http.StatusNotFound},
		{name: "forged", path: "/key/freeze", form: url.Values{"": {"forged"}}, status: http.StatusForbidden},
		{name: "busy", path: "/activate", own: fake{err: login.ErrBusy}, status: http.StatusServiceUnavailable},
		{name: "down", path: "/activate", own: fake{err: os.ErrClosed}, status: http.StatusServiceUnavailable},
		{name: "request", page: login.Page{Step: "request"}, status: http.StatusBadRequest},
	}
	for _, problem := range []login.Problem{login.Unspelled, login.CountryMissing, login.No, login.Lost, login.Ended} {
		page := at(login.Page{Step: login.StepSignIn, Problem: problem, Typed: "FE123456"})
		all = append(all, screen{name: "sign-in-" + string(problem), page: page})
	}
	all = append(all, screen{name: "sign-in-pin", page: at(login.Page{Step: login.StepSignIn, Problem: login.Unspelled, Typed: "912345678"})})
	for _, problem := range []login.Problem{login.Unspelled, login.CodeWrong, login.CodeExpired, login.NotSent, login.TooSoon, "resends_used", login.Lost} {
		all = append(all, screen{name: "code-" + string(problem), page: wrong(problem)})
	}
	return all
}

// serve shows a screen.
func (s screen) serve(t testing.TB, w http.ResponseWriter, r *http.Request) {
	own := s.own
	own.session = somebody
	own.page = login.Page{Step: login.StepSignIn}
	p := newPages(t, &own)
	switch {
	case s.page.Step == "request":
		p.Fail(w, r, login.ErrRequest)
	case s.path == "" && s.page.Problem == "cancel":
		q := r.URL.Query()
		q.Set("cancel", "")
		r.URL.RawQuery = q.Encode()
		p.Show(w, r, s.page)
	case s.path == "":
		p.Show(w, r, s.page)
	case s.form != nil:
		sent := sends(r, s.path, s.form)
		if s.form.Has("") {
			sent.Header.Set("Sec-Fetch-Site", "cross-site")
		}
		p.Handler().ServeHTTP(w, sent)
	default:
		path, query, _ := strings.Cut(s.path, "?")
		q := r.URL.Query()
		for key, values := range mustQuery(query) {
			q[key] = values
		}
		inside := r.Clone(r.Context())
		inside.Method = http.MethodGet
		inside.URL = &url.URL{Path: path, RawQuery: q.Encode()}
		if s.name != "sign-in-own" {
			inside.AddCookie(&http.Cookie{Name: sessionCookie, Value: somebody})
		}
		p.Handler().ServeHTTP(w, inside)
	}
}

func mustQuery(text string) url.Values {
	q, err := url.ParseQuery(text)
	if err != nil {
		panic(err)
	}
	return q
}

// find is a screen by its name.
func find(t testing.TB, name string) screen {
	t.Helper()
	all := screens()
	i := slices.IndexFunc(all, func(s screen) bool { return s.name == name })
	if i < 0 {
		t.Fatalf("no screen %s", name)
	}
	return all[i]
}
