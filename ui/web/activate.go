package web

import (
	"net/http"
	"slices"

	"balcao/kiosk"
	"balcao/kiosk/login"
)

// activate is the page for who has an activation code.
func (p *Pages) activate(w http.ResponseWriter, r *http.Request) {
	page, err := p.Own.Activation(r.Context(), p.Browser(w, r))
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	v := visitor{w, r, "", p.Language(w, r, "", nil)}
	switch page.Step {
	case login.ActivationContact:
		p.activateContact(v, page)
	case login.ActivationProof:
		f := p.ownPage(v, "citizen.code.title")
		view := p.code(f, page.Problem, page.TriesLeft)
		view.sent(page.Channel, page.Contact, 0, page.ResendIn)
		p.write(w, http.StatusOK, "code", formsHere, view)
	case login.ActivationWaiting:
		p.wait(v)
	case login.ActivationDone:
		f := p.ownPage(v, "errand.activate.title")
		p.write(w, http.StatusOK, "message", formsHere, messageView{frame: f, Texts: []string{f.T("errand.activate.done")}, Button: f.T("web.sign_in.title"), Path: "/"})
	case login.ActivationStopped:
		p.fail(w, r, v.language, http.StatusOK, "activation")
	default:
		p.activateCode(v, page)
	}
}

// activateCode asks for the name, the code and the PIN. Which of them is wrong nobody is told.
func (p *Pages) activateCode(v visitor, page login.ActivationPage) {
	f := p.ownPage(v, "web.activate.title")
	code := f.longCodeField("web.activate.code", "citizen.activation.text")
	who, where, pin := f.identifierField(page.Typed), f.countryField(page.Country), f.pinField("pin", "web.sign_in.pin", "current-password")
	code.Focus = page.Problem == login.OK
	f.Failed = page.Problem != login.OK
	switch page.Problem {
	case login.OK:
	case login.CountryMissing:
		where.wrong(f.T("web.problem.country_missing"))
	case login.Unspelled:
		who.wrong(f.T("web.problem.unspelled"))
	case login.Lost:
		f.Problem = f.T("web.problem.lost")
	default:
		f.Problem = f.T("web.activate.wrong")
		for _, one := range []*field{&code, &who, &pin} {
			one.about, one.Invalid = "problem", true
		}
		code.Focus = true
	}
	fields := []field{code, who, pin}
	if page.Country != "" || page.Problem == login.CountryMissing {
		fields = slices.Insert(fields, 2, where)
	}
	p.write(v.w, http.StatusOK, "act", formsHere, actView{formView: formView{frame: f, Fields: fields},
		Texts: []string{f.T("web.activate.text")}, Do: "activate", Button: f.T("action.continue"), Kind: "main"})
}

// activateContact asks who got a letter for a contact.
func (p *Pages) activateContact(v visitor, page login.ActivationPage) {
	f := p.ownPage(v, "web.activate.contact_title")
	contact := field{Name: "contact", Label: f.T("web.activate.contact"), Type: "text", Auto: "tel email", Max: 320, Focus: true}
	contact.Auto = "on"
	if page.Problem != login.OK {
		f.Failed = true
		contact.wrong(f.T("web.activate.contact_wrong"))
	}
	p.write(v.w, http.StatusOK, "act", formsHere, actView{formView: formView{frame: f, Fields: []field{contact}},
		Texts: []string{f.T("web.activate.contact_text")}, Do: "contact", Button: f.T("action.continue"), Kind: "main"})
}

func (p *Pages) activateSent(w http.ResponseWriter, r *http.Request) {
	f, err := p.read(r)
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	defer f.wipe()
	var action login.Action
	switch f.text("do") {
	case "activate":
		code, ok := kiosk.ParseActivationCode(f.bytes("long_code"))
		if !ok {
			code = nil // the engine says of that what it says of a wrong one
		}
		action = login.Activate{Identifier: f.text("identifier"), Country: f.text("country"), Code: code, PIN: slices.Clone(f.digits("pin"))}
	case "contact":
		action = login.ActivateContact{Text: f.text("contact")}
	case "code", "send":
		action, err = f.action(login.Page{})
	default:
		err = ErrForm
	}
	if err == nil {
		_, err = p.Own.Activate(r.Context(), p.Browser(w, r), p.Language(w, r, "", nil), action, p.Source(r))
	}
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/activate", http.StatusSeeOther)
}

// notMe is the page for who got a notice of something that they did not do.
func (p *Pages) notMe(w http.ResponseWriter, r *http.Request) {
	p.notMePage(visitor{w, r, "", p.Language(w, r, "", nil)}, false)
}

func (p *Pages) notMePage(v visitor, wrong bool) {
	f := p.ownPage(v, "errand.not_me.title")
	code := f.longCodeField("web.not_me.code", "web.not_me.hint")
	code.Focus = true
	if wrong {
		f.Failed = true
		code.wrong(f.T("web.not_me.wrong"))
	}
	p.write(v.w, http.StatusOK, "act", formsHere, actView{formView: formView{frame: f, Fields: []field{code}},
		Texts: []string{f.T("web.not_me.text")}, Button: f.T("web.freeze.do"), Kind: "main"})
}

func (p *Pages) notMeSent(w http.ResponseWriter, r *http.Request) {
	f, err := p.read(r)
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	defer f.wipe()
	v := visitor{w, r, "", p.Language(w, r, "", nil)}
	code, ok := kiosk.ParseActivationCode(f.bytes("long_code"))
	if ok {
		ok, err = p.Own.NotMe(r.Context(), code, p.Source(r))
		clear(code)
	}
	switch {
	case err != nil:
		p.Fail(w, r, err)
	case !ok:
		p.notMePage(v, true)
	default:
		done := p.ownPage(v, "citizen.changed.title")
		p.write(w, http.StatusOK, "message", formsHere, messageView{frame: done, Texts: []string{done.T("errand.not_me.done")}})
	}
}
