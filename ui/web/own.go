package web

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"balcao/kiosk"
	"balcao/kiosk/login"
)

// Own is kiosk/login as the holder's own pages use it. Browser and session are the values of cookies, by which sealed rows
// are found. Errors: login.ErrBusy; login.ErrSignedOut, when a session is none or over; login.ErrStale, when it takes a
// younger one; all others are failures.
type Own interface {
	OwnVisit(ctx context.Context, browser string, l kiosk.Language) (login.Page, error) // begun when there is none
	// OwnDo returns a session, under a token that is new, once the page's step is login.StepDone.
	OwnDo(ctx context.Context, browser string, l kiosk.Language, a login.Action, source []byte) (page login.Page, session string, err error)

	Overview(ctx context.Context, session string) (login.Overview, error)
	Stored(ctx context.Context, session string) ([]kiosk.StoredSection, error)
	Freeze(ctx context.Context, session string) error
	End(ctx context.Context, session string) error                      // ErrStale
	Rules(ctx context.Context, session string) (kiosk.PINPolicy, error) // for a new PIN; ErrStale
	ChangePIN(ctx context.Context, session string, pin []byte) (uuid.UUID, login.PINProblem, error)
	ChangeState(ctx context.Context, change uuid.UUID) (login.Pending, error)
	SignOut(ctx context.Context, session string) error

	Activation(ctx context.Context, browser string) (login.ActivationPage, error)
	Activate(ctx context.Context, browser string, l kiosk.Language, a login.Action, source []byte) (login.ActivationPage, error)
	NotMe(ctx context.Context, code, source []byte) (ok bool, err error)
}

// Handler serves the holder's own pages and the style sheet, and says of all else that there is no such page.
func (p *Pages) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+style, serveStyle)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		p.fail(w, r, p.Language(w, r, "", nil), http.StatusNotFound, "not_found")
	})
	if p.Own == nil {
		return mux
	}
	mux.HandleFunc("GET /{$}", p.signIn)
	mux.HandleFunc("POST /{$}", p.signInSent)
	mux.HandleFunc("GET /key", p.own(p.key))
	mux.HandleFunc("GET /key/stored", p.own(p.stored))
	mux.HandleFunc("GET /key/stored.pdf", p.own(p.storedPDF))
	mux.HandleFunc("GET /key/freeze", p.own(p.freeze))
	mux.HandleFunc("POST /key/freeze", p.own(p.freezeSent))
	mux.HandleFunc("GET /key/end", p.own(p.end))
	mux.HandleFunc("POST /key/end", p.own(p.endSent))
	mux.HandleFunc("GET /key/pin", p.own(p.pin))
	mux.HandleFunc("POST /key/pin", p.own(p.pinSent))
	mux.HandleFunc("GET /key/pin/{change}", p.pinState)
	mux.HandleFunc("GET /sign-out", p.own(p.signOut))
	mux.HandleFunc("POST /sign-out", p.own(p.signOutSent))
	mux.HandleFunc("GET /activate", p.activate)
	mux.HandleFunc("POST /activate", p.activateSent)
	mux.HandleFunc("GET /not-me", p.notMe)
	mux.HandleFunc("POST /not-me", p.notMeSent)
	return mux
}

// visitor is who asks for a page of the holder's own.
type visitor struct {
	w        http.ResponseWriter
	r        *http.Request
	session  string
	language kiosk.Language
}

// own has a page answer who has signed in, and asks all others to. An act takes a younger session than a look: then PIN and
// code are asked for again, and the way goes on where it stopped.
func (p *Pages) own(page func(visitor) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := visitor{w, r, p.Session(r), p.Language(w, r, "", nil)}
		err := login.ErrSignedOut
		if v.session != "" {
			err = page(v)
		}
		name, _ := strings.CutPrefix(r.URL.Path, "/key/")
		switch {
		case errors.Is(err, login.ErrSignedOut) && returns[name]:
			http.Redirect(w, r, "/?to="+name, http.StatusSeeOther)
		case errors.Is(err, login.ErrSignedOut):
			http.Redirect(w, r, "/", http.StatusSeeOther)
		case errors.Is(err, login.ErrStale):
			http.Redirect(w, r, "/?again&to="+name, http.StatusSeeOther)
		case err != nil:
			p.Fail(w, r, err)
		}
	}
}

// returns are the pages below /key to which a sign-in goes on: an address of somebody else's is none.
var returns = map[string]bool{"pin": true, "freeze": true, "end": true, "stored": true}

// signIn is the way to the holder's own page.
func (p *Pages) signIn(w http.ResponseWriter, r *http.Request) {
	language := p.Language(w, r, "", nil)
	again := r.URL.Query().Has("again")
	if s := p.Session(r); s != "" && !again {
		if _, err := p.Own.Overview(r.Context(), s); err == nil {
			http.Redirect(w, r, onward(r), http.StatusSeeOther)
			return
		}
	}
	page, err := p.Own.OwnVisit(r.Context(), p.Browser(w, r), language)
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	page.Again = again
	p.Show(w, r, page)
}

// signInSent goes a step on. A browser that then loads the page anew does nothing twice.
func (p *Pages) signInSent(w http.ResponseWriter, r *http.Request) {
	action, err := p.Read(r, login.Page{})
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	page, fresh, err := p.Own.OwnDo(r.Context(), p.Browser(w, r), p.Language(w, r, "", nil), action, p.Source(r))
	switch {
	case err != nil:
		p.Fail(w, r, err)
	case page.Step == login.StepDone:
		if old := p.Session(r); old != "" {
			_ = p.Own.SignOut(r.Context(), old) // it ends by itself
		}
		p.SignedIn(w, fresh)
		http.Redirect(w, r, onward(r), http.StatusSeeOther)
	default:
		http.Redirect(w, r, r.URL.RequestURI(), http.StatusSeeOther)
	}
}

// onward is where a sign-in goes on.
func onward(r *http.Request) string {
	if to := r.URL.Query().Get("to"); returns[to] {
		return "/key/" + to
	}
	return "/key"
}

// signOut asks, since a service may have led here.
func (p *Pages) signOut(v visitor) error {
	f := p.ownPage(v, "web.sign_out")
	p.write(v.w, http.StatusOK, "act", formsHere, actView{formView: formView{frame: f}, Button: f.T("web.sign_out"), Kind: "main", Back: "/key"})
	return nil
}

// signOutSent ends a session, here and at the centre.
func (p *Pages) signOutSent(v visitor) error {
	if _, err := p.read(v.r); err != nil {
		return err
	}
	if err := p.Own.SignOut(v.r.Context(), v.session); err != nil {
		return err
	}
	p.SignedOut(v.w)
	f := p.page(v.w, v.r, v.language, "web.out.title")
	p.write(v.w, http.StatusOK, "message", formsHere, messageView{frame: f, Texts: []string{f.T("web.out.text")}, Button: f.T("web.sign_in.title"), Path: "/"})
	return nil
}
