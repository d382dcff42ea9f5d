package web

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"balcao/assets/i18n"
	"balcao/kiosk"
	"balcao/kiosk/login"
)

type (
	formView struct { // a page with one form of fields
		frame
		Again  bool
		Fields []field
	}
	codeView struct {
		formView
		Text, Missing string
		Sends         []sendView
	}
	sendView    struct{ Channel, Text string }
	consentView struct {
		frame
		Claims []claimView
	}
	claimView struct {
		Name, Label, Value, Source string
		Known                      bool // what is not known cannot be sent
	}
	messageView struct {
		frame
		Texts        []string
		Button, Path string // a link
		Leave        string // a button that ends the visit
	}
)

// Show writes the page of a visit: by GET, whatever its step, and nothing is done by that. A service's page has ?lang=… for
// another language, and ?cancel, which asks whether the person wants to turn back.
func (p *Pages) Show(w http.ResponseWriter, r *http.Request, page login.Page) {
	language := p.Language(w, r, page.Language, page.Tongues)
	if r.URL.Query().Has("cancel") && page.Service != "" && page.Step != login.StepStopped {
		p.showCancel(w, r, page, language)
		return
	}
	switch page.Step {
	case login.StepSignIn:
		p.showSignIn(w, r, page, language)
	case login.StepCode:
		p.showCode(w, r, page, language)
	case login.StepConsent:
		p.showConsent(w, r, page, language)
	case login.StepStopped:
		p.showStopped(w, r, page, language)
	default:
		p.fail(w, r, language, http.StatusGone, "ended")
	}
}

// visitPage begins a page of a visit.
func (p *Pages) visitPage(w http.ResponseWriter, r *http.Request, page login.Page, language kiosk.Language, title string) frame {
	f := p.page(w, r, language, title)
	f.Home, f.Cancel = page.Service == "", page.Service != ""
	if page.Service != "" {
		f.Asks = f.F("web.sign_in.asks", "Service", page.Service)
	}
	return f
}

func (p *Pages) showSignIn(w http.ResponseWriter, r *http.Request, page login.Page, language kiosk.Language) {
	f := p.visitPage(w, r, page, language, "web.sign_in.title")
	if f.Asks == "" {
		f.Asks = f.T("web.sign_in.own")
	}
	who, where, pin := f.identifierField(page.Typed), f.countryField(page.Country), f.pinField("pin", "web.sign_in.pin", "current-password")
	switch page.Problem {
	case login.OK:
		who.Focus, pin.Focus = page.Typed == "", page.Typed != ""
	case login.CountryMissing:
		where.wrong(f.T("web.problem.country_missing"))
	case login.Unspelled:
		if _, _, problem := login.Named(page.Typed, page.Country); problem != login.OK {
			who.wrong(f.T("web.problem.unspelled"))
		} else {
			pin.wrong(f.T("web.problem.pin_form"))
		}
	default: // which of them is wrong nobody is told
		f.Problem = f.or("web.problem.", string(page.Problem))
		who.about, pin.about, who.Focus = "problem", "problem", true
		who.Invalid, pin.Invalid = page.Problem == login.No, page.Problem == login.No
	}
	f.Failed = page.Problem != login.OK
	fields := []field{who, pin}
	if page.Country != "" || page.Problem == login.CountryMissing {
		fields = []field{who, where, pin}
	}
	p.write(w, http.StatusOK, "sign_in", formsHere, formView{f, page.Again, fields})
}

func (p *Pages) showCode(w http.ResponseWriter, r *http.Request, page login.Page, language kiosk.Language) {
	f := p.visitPage(w, r, page, language, "citizen.code.title")
	view := p.code(f, page.Problem, page.TriesLeft)
	view.sent(page.Channel, page.Contact, page.ExpiresIn, page.ResendIn)
	if page.Problem == login.NotSent {
		view.Text = ""
	}
	if page.Other != "" {
		view.Sends = append(view.Sends, sendView{string(page.Other), f.T("web.code.other_" + string(page.Other))})
	}
	p.write(w, http.StatusOK, "code", formsHere, view)
}

// code is the page of a one-time code.
func (p *Pages) code(f frame, problem login.Problem, tries int) codeView {
	code := f.codeField()
	f.Failed = problem != login.OK
	switch problem {
	case login.OK:
	case login.CodeWrong:
		code.wrong(f.F("citizen.try.problem_code_wrong", "Count", tries))
	case login.Unspelled:
		code.wrong(f.T("web.problem.code_form"))
	default:
		f.Problem, code.about = f.or("web.problem.", string(problem)), "problem"
	}
	return codeView{formView: formView{frame: f, Fields: []field{code}}}
}

// sent says where the code went, and how long until which. A page without a script counts no seconds: it says the time of
// day, and its button is pressed at any.
func (v *codeView) sent(channel kiosk.Channel, contact string, left, again time.Duration) {
	v.Text = v.T("citizen.try.code_" + string(channel))
	if contact != "" {
		v.Text = v.F("citizen.code.text_"+string(channel), "Contact", nobreak(contact))
	}
	if left > 0 {
		v.Text += " " + v.F("web.code.until", "Time", v.clock(left, "15:04"))
	}
	v.Missing = v.T("web.code.missing")
	if again > 0 {
		v.Missing = v.F("web.code.again_after", "Time", v.clock(again, "15:04:05"))
	}
	v.Sends = []sendView{{string(channel), v.T("web.code.again")}}
}

func (p *Pages) showConsent(w http.ResponseWriter, r *http.Request, page login.Page, language kiosk.Language) {
	f := p.visitPage(w, r, page, language, "web.consent.title")
	f.Asks = f.F("web.consent.gets", "Service", page.Service)
	view := consentView{frame: f}
	for _, row := range page.Rows {
		claim := claimView{Name: row.Claim, Label: f.or("web.claim.", row.Claim), Value: f.T("web.consent.unknown")}
		if claim.Known = row.Value != ""; claim.Known {
			claim.Value, claim.Source = f.value(row.Claim, row.Value), f.T("web.source."+source(row))
		}
		view.Claims = append(view.Claims, claim)
	}
	p.write(w, http.StatusOK, "consent", formsTo(page.Return), view)
}

// source is where a value is from.
func source(row login.Row) string {
	switch {
	case row.Source == "proven", row.Source == "shown":
		return row.Source
	case row.Claim == "email", row.Claim == "phone_number":
		return "contact"
	}
	return "document"
}

// showCancel asks whether the person wants to turn back. It is a page of its own, since only its form leads elsewhere: a
// page that asks for a PIN sends nothing to anybody else.
func (p *Pages) showCancel(w http.ResponseWriter, r *http.Request, page login.Page, language kiosk.Language) {
	f := p.visitPage(w, r, page, language, "web.cancelling.title")
	view := messageView{f, []string{f.T("web.cancelling.text")}, f.T("action.continue"), r.URL.Path, f.F("web.to_service", "Service", page.Service)}
	p.write(w, http.StatusOK, "message", formsTo(page.Return), view)
}

func (p *Pages) showStopped(w http.ResponseWriter, r *http.Request, page login.Page, language kiosk.Language) {
	kind := map[login.Problem]string{login.Blocked: "blocked", login.LevelTooLow: "unmet"}[page.Problem]
	if kind == "" {
		kind = "not_believed"
	}
	f := p.visitPage(w, r, page, language, "web.error."+kind+".title")
	view := messageView{frame: f, Texts: []string{f.T("web.error." + kind + ".means"), f.T("web.error." + kind + ".next")}, Leave: f.T("web.back")}
	if page.Service != "" {
		view.Leave = f.F("web.to_service", "Service", page.Service)
	}
	p.write(w, http.StatusOK, "message", formsTo(page.Return), view)
}

// Read reads what the page at hand sent. ErrForged and ErrForm are for Fail. What it returns holds PIN and code as bytes,
// which the engine wipes.
func (p *Pages) Read(r *http.Request, page login.Page) (login.Action, error) {
	f, err := p.read(r)
	if err != nil {
		return nil, err
	}
	defer f.wipe()
	return f.action(page)
}

func (f *form) action(page login.Page) (login.Action, error) {
	switch f.text("do") {
	case "sign_in":
		return login.SignIn{Identifier: f.text("identifier"), Country: f.text("country"), PIN: slices.Clone(f.digits("pin"))}, nil
	case "code":
		return login.EnterCode{Code: slices.Clone(f.digits("code"))}, nil
	case "send":
		return login.SendCode{Channel: kiosk.Channel(f.text("channel"))}, nil
	case "consent":
		var refused []string
		for _, row := range page.Rows {
			if !f.has("send", row.Claim) {
				refused = append(refused, row.Claim)
			}
		}
		return login.Consent{Refused: refused}, nil
	case "cancel":
		return login.Cancel{}, nil
	}
	return nil, ErrForm
}

// failures are the pages of errors; of all others it is "down".
var failures = []struct {
	err    error
	status int
	kind   string
}{
	{ErrForged, http.StatusForbidden, "forged"},
	{login.ErrBrowser, http.StatusForbidden, "forged"},
	{ErrForm, http.StatusBadRequest, "request"},
	{login.ErrRequest, http.StatusBadRequest, "request"},
	{login.ErrGone, http.StatusGone, "ended"},
	{login.ErrSignedOut, http.StatusGone, "ended"},
	{login.ErrNotBelieved, http.StatusServiceUnavailable, "not_believed"},
	{login.ErrBusy, http.StatusServiceUnavailable, "busy"},
}

// Fail writes the page of an error: what happened, what it means, and what to do.
func (p *Pages) Fail(w http.ResponseWriter, r *http.Request, err error) {
	status, kind := http.StatusServiceUnavailable, "down"
	for _, f := range failures {
		if errors.Is(err, f.err) {
			status, kind = f.status, f.kind
		}
	}
	if kind == "down" {
		p.Log.Error("a page that failed", "error", err)
	}
	p.fail(w, r, p.Language(w, r, "", nil), status, kind)
}

func (p *Pages) fail(w http.ResponseWriter, r *http.Request, language kiosk.Language, status int, kind string) {
	f := p.page(w, r, language, "web.error."+kind+".title")
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "60")
	}
	view := messageView{frame: f, Texts: []string{f.T("web.error." + kind + ".means"), f.T("web.error." + kind + ".next")}}
	if p.Own != nil && status != http.StatusServiceUnavailable && kind != "request" {
		view.Button, view.Path = i18n.Text(string(language), "web.key.title", nil), "/"
	}
	p.write(w, status, "message", formsHere, view)
}
