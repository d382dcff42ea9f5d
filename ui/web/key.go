package web

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"balcao/assets/i18n"
	"balcao/kiosk"
	"balcao/kiosk/login"
	"balcao/kiosk/paper"
)

type (
	keyView struct {
		frame
		State, StateText, SignOut string
		Rows                      []rowView
		Tiles                     []tileView
		Moments                   []momentView
	}
	rowView    struct{ Label, Value string }
	tileView   struct{ Path, Title, Hint string }
	momentView struct{ What, Where, Why string }
	actView    struct { // something that is done with a button
		formView
		Texts, Rules     []string
		Do, Button, Kind string // Kind: main, grave
		Back             string
		Sure, SureError  string
	}
	storedView struct {
		frame
		PDF      string
		Sections []sectionView
	}
	sectionView struct {
		Heading string
		Rows    [][]rowView
	}
)

// ownPage begins a page of the holder's own.
func (p *Pages) ownPage(v visitor, title string) frame {
	f := p.page(v.w, v.r, v.language, title)
	f.Home = true
	return f
}

// key is how the key stands, what can be done, and what happened to it.
func (p *Pages) key(v visitor) error {
	o, err := p.Own.Overview(v.r.Context(), v.session)
	if err != nil {
		return err
	}
	f := p.ownPage(v, "web.key.title")
	view := keyView{frame: f, State: string(o.State), StateText: f.or("key.state.", string(o.State)), SignOut: p.token(v.w, v.r, "/sign-out")}
	for _, contact := range o.Contacts {
		label := map[kiosk.Channel]string{kiosk.SMS: "web.claim.phone_number", kiosk.Email: "web.claim.email"}[contact.Channel]
		view.Rows = append(view.Rows, rowView{f.T(label), nobreak(contact.Masked)})
	}
	view.Rows = append(view.Rows, rowView{f.T("web.key.valid"), f.day(o.ValidUntil)})
	if !o.Last.At.IsZero() {
		view.Rows = append(view.Rows, rowView{f.T("web.key.last"), f.F("web.key.last_"+string(o.Last.Channel), "When", f.when(o.Last.At))})
	}
	for _, name := range []string{"freeze", "pin", "stored", "end"} {
		view.Tiles = append(view.Tiles, tileView{"/key/" + name, f.T("web." + name + ".title"), f.T("web." + name + ".hint")})
	}
	for _, change := range o.History {
		where := []string{change.At.In(f.zone).Format("02-01-2006")}
		if change.Desk != "" {
			where = append(where, change.Desk)
		}
		moment := momentView{What: f.or("key.cause.", change.Cause), Where: strings.Join(where, ", ")}
		if !slices.Contains(plain, change.Reason) {
			moment.Why = f.or("key.reason.", string(change.Reason))
		}
		view.Moments = append(view.Moments, moment)
	}
	p.write(v.w, http.StatusOK, "key", formsHere, view)
	return nil
}

// plain reasons say no more than that something was done.
var plain = []kiosk.KeyReason{"", kiosk.ReasonRequest, "enrolled", "contact_later", "time_over", "not_me", "settings_changed"}

// act begins a page at which something is done.
func (p *Pages) act(v visitor, name, text, kind string) actView {
	f := p.ownPage(v, "web."+name+".title")
	return actView{formView: formView{frame: f}, Texts: []string{f.T(text)}, Button: f.T("web." + name + ".title"), Kind: kind, Back: "/key"}
}

// done says that something was done, after which nobody is signed in.
func (p *Pages) done(v visitor, text string) error {
	p.SignedOut(v.w)
	f := p.page(v.w, v.r, v.language, "citizen.changed.title")
	p.write(v.w, http.StatusOK, "message", formsHere, messageView{frame: f, Texts: []string{f.T(text)}})
	return nil
}

func (p *Pages) freeze(v visitor) error {
	if _, err := p.Own.Overview(v.r.Context(), v.session); err != nil {
		return err
	}
	view := p.act(v, "freeze", "errand.suspend.before", "main")
	view.Button = view.T("web.freeze.do")
	p.write(v.w, http.StatusOK, "act", formsHere, view)
	return nil
}

func (p *Pages) freezeSent(v visitor) error {
	if _, err := p.read(v.r); err != nil {
		return err
	}
	if err := p.Own.Freeze(v.r.Context(), v.session); err != nil {
		return err
	}
	return p.done(v, "errand.suspend.done")
}

func (p *Pages) end(v visitor) error { return p.endPage(v, false) }

// endPage says what is lost, and asks that the person says so. That they signed in just now is asked for first.
func (p *Pages) endPage(v visitor, unsure bool) error {
	if _, err := p.Own.Rules(v.r.Context(), v.session); err != nil {
		return err
	}
	view := p.act(v, "end", "errand.cancel.before", "grave")
	view.Texts = append(view.Texts, view.T("web.end.lost"))
	view.Sure = view.T("web.end.sure")
	if unsure {
		view.Failed, view.SureError = true, view.T("web.end.tick")
	}
	p.write(v.w, http.StatusOK, "act", formsHere, view)
	return nil
}

func (p *Pages) endSent(v visitor) error {
	f, err := p.read(v.r)
	if err != nil {
		return err
	}
	if !f.has("sure", "yes") {
		return p.endPage(v, true)
	}
	if err := p.Own.End(v.r.Context(), v.session); err != nil {
		return err
	}
	return p.done(v, "errand.cancel.done")
}

func (p *Pages) pin(v visitor) error { return p.pinPage(v, "") }

// pinPage asks for a new PIN, of which the rules are the desk's. What is wrong is a text's key.
func (p *Pages) pinPage(v visitor, wrong string) error {
	rules, err := p.Own.Rules(v.r.Context(), v.session)
	if err != nil {
		return err
	}
	view := p.act(v, "pin", "errand.pin.before", "main")
	length := i18n.Text(string(v.language), "pin.rule.length", map[string]any{"Min": rules.MinDigits, "Max": rules.MaxDigits})
	view.Rules = []string{length, view.T("pin.rule.personal"), view.T("pin.rule.pattern")}
	chosen, again := view.pinField("new", "web.pin.new", "new-password"), view.pinField("repeat", "web.pin.repeat", "new-password")
	chosen.about, chosen.Focus = "rules", true
	if wrong != "" {
		view.Failed = true
		chosen.wrong(view.T(wrong))
	}
	view.Fields = []field{chosen, again}
	p.write(v.w, http.StatusOK, "act", formsHere, view)
	return nil
}

func (p *Pages) pinSent(v visitor) error {
	f, err := p.read(v.r)
	if err != nil {
		return err
	}
	defer f.wipe()
	rules, err := p.Own.Rules(v.r.Context(), v.session)
	if err != nil {
		return err
	}
	chosen, again := f.digits("new"), f.digits("repeat")
	for _, rule := range rules.Check(chosen) {
		if !rule.Met {
			return p.pinPage(v, "citizen.pin.breaks_"+string(rule.Rule))
		}
	}
	if !slices.Equal(chosen, again) {
		return p.pinPage(v, "citizen.pin.mismatch")
	}
	change, problem, err := p.Own.ChangePIN(v.r.Context(), v.session, slices.Clone(chosen))
	switch {
	case err != nil:
		return err
	case problem == login.PINOK, problem == login.PINPending:
		http.Redirect(v.w, v.r, "/key/pin/"+change.String(), http.StatusSeeOther)
		return nil
	case problem == login.PINSame:
		return p.pinPage(v, "web.pin.same")
	case problem == login.PINStale:
		return login.ErrStale
	}
	return p.pinPage(v, "citizen.pin.refused")
}

// pinState says how far a change of PIN is. It needs no session: the new PIN ends all of them.
func (p *Pages) pinState(w http.ResponseWriter, r *http.Request) {
	v := visitor{w, r, p.Session(r), p.Language(w, r, "", nil)}
	change, err := uuid.Parse(r.PathValue("change"))
	if err != nil {
		p.fail(w, r, v.language, http.StatusNotFound, "not_found")
		return
	}
	state, err := p.Own.ChangeState(r.Context(), change)
	switch {
	case err != nil:
		p.Fail(w, r, err)
	case state == login.Applied:
		f := p.ownPage(v, "citizen.changed.title")
		p.write(w, http.StatusOK, "message", formsHere, messageView{frame: f, Texts: []string{f.T("errand.pin.done")}, Button: f.T("web.sign_in.title"), Path: "/"})
	case state == login.Failed:
		f := p.ownPage(v, "web.pin.title")
		p.write(w, http.StatusOK, "message", formsHere, messageView{frame: f, Texts: []string{f.T("web.pin.failed")}, Button: f.T("web.back"), Path: "/key"})
	default:
		p.wait(v)
	}
}

// wait says that something takes a moment, and shows the page again.
func (p *Pages) wait(v visitor) {
	f := p.ownPage(v, "web.wait.title")
	p.write(v.w, http.StatusOK, "message", formsHere, messageView{frame: f, Texts: []string{f.T("web.wait.text")}, Button: f.T("web.wait.look"), Path: v.r.URL.Path})
}

func (p *Pages) stored(v visitor) error {
	sections, err := p.Own.Stored(v.r.Context(), v.session)
	if err != nil {
		return err
	}
	view := storedView{frame: p.ownPage(v, "web.stored.title")}
	if p.Press != nil {
		view.PDF = "/key/stored.pdf"
	}
	for _, section := range sections {
		one := sectionView{Heading: view.or("stored.section_", section.Name)}
		for _, row := range section.Rows {
			var fields []rowView
			for _, column := range row {
				value := strings.TrimSpace(column.Text(view.zone))
				if value == "" {
					value = "—"
				}
				fields = append(fields, rowView{view.or("stored.field_", column.Name), value})
			}
			one.Rows = append(one.Rows, fields)
		}
		view.Sections = append(view.Sections, one)
	}
	p.write(v.w, http.StatusOK, "stored", formsHere, view)
	return nil
}

// storedPDF is the desk's paper of the same.
func (p *Pages) storedPDF(v visitor) error {
	if p.Press == nil {
		return errors.New("no press for papers")
	}
	sections, err := p.Own.Stored(v.r.Context(), v.session)
	if err != nil {
		return err
	}
	now := p.Now().In(p.Zone)
	sheet := paper.Of(kiosk.PrintReceipt{What: kiosk.PrintStored, Language: v.language, Stored: kiosk.StoredState{At: now, Sections: sections}}, paper.Where{At: now})
	sheet.Foot = v.r.Host + " · " + now.Format("02-01-2006 15:04")
	pdf, err := p.Press.Make(sheet, now)
	if err != nil {
		return err
	}
	defer pdf.Wipe()
	protect(v.w.Header(), formsHere)
	v.w.Header().Set("Content-Type", "application/pdf")
	v.w.Header().Set("Content-Disposition", `attachment; filename="chave-movel-digital.pdf"`)
	_, _ = v.w.Write(pdf.Data)
	return nil
}
