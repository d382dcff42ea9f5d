package oidc

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/luikyv/go-oidc/pkg/goidc"

	"balcao/kiosk/login"
)

// In AuthnSession.Store, as JSON: maps of the library do not survive being kept as anything else.
const (
	keyAsked = "asked"
	keyVisit = "visit"
)

func put(as *goidc.AuthnSession, key string, value any) error {
	text, err := json.Marshal(value)
	if err == nil {
		as.Store[key] = string(text)
	}
	return err
}

func get(as *goidc.AuthnSession, key string, value any) bool {
	text, _ := as.Store[key].(string)
	return text != "" && json.Unmarshal([]byte(text), value) == nil
}

// pushed is goidc.HandleSessionFunc of pushed requests, once client and redirect URI are good.
func (p *Provider) pushed(as *goidc.AuthnSession, c *client, form map[string][]string) error {
	if as.RedirectURI == "" || !c.redirects(as.RedirectURI) {
		return goidc.NewError(goidc.ErrorCodeInvalidRequest, "invalid redirect_uri")
	}
	a, refusal := p.parse(c, form)
	if refusal != "" {
		return goidc.NewError(goidc.ErrorCode(refusal), "the request cannot be answered")
	}
	a.pushed(as)
	return put(as, keyAsked, a)
}

// setup is goidc.SetupAuthnFunc: what was asked for is kept, where it was not pushed before.
func (p *Provider) setup(r *http.Request, as *goidc.AuthnSession, _ *goidc.Client) bool {
	var a asked
	if get(as, keyAsked, &a) {
		return true
	}
	st := stateOf(r.Context())
	return st.asked != nil && put(as, keyAsked, st.asked) == nil
}

// authenticate is goidc.AuthnFunc: a turn of a visit. It is asked at /authorize once and at /authorize/{id} then.
func (p *Provider) authenticate(w http.ResponseWriter, r *http.Request, as *goidc.AuthnSession, lib *goidc.Client) (goidc.Status, error) {
	ctx, st, c := r.Context(), stateOf(r.Context()), ours(lib)
	fail := func(err error) (goidc.Status, error) {
		st.kept = true // the session is as it was
		p.pages.Fail(w, r, err)
		return goidc.StatusPending, nil
	}
	var a asked
	if !get(as, keyAsked, &a) {
		return fail(errors.New("a visit that nothing was asked for"))
	}
	var v login.Visit
	if !get(as, keyVisit, &v) {
		return p.begin(w, r, as, c, a)
	}
	bound := sha256.Sum256([]byte(p.pages.Browser(w, r)))
	if subtle.ConstantTimeCompare([]byte(hex.EncodeToString(bound[:])), []byte(v.Bound)) != 1 {
		return fail(login.ErrBrowser)
	}
	page := v.Page(p.now())
	page.Return = as.RedirectURI
	if r.Method != http.MethodPost {
		st.kept = true
		p.pages.Show(w, r, page)
		return goidc.StatusPending, nil
	}
	if err := p.sameOrigin.Check(r); err != nil {
		return fail(login.ErrBrowser)
	}
	action, err := p.pages.Read(r, page)
	if err != nil {
		return fail(err)
	}
	before := v.Signed
	v.Language = p.pages.Language(w, r, v.Language, a.Locales)
	if err := p.engine.Do(ctx, &v, action); err != nil {
		return fail(err)
	}
	if before == nil && v.Signed != nil {
		if err := p.signedIn(w, r, v); err != nil {
			return fail(err)
		}
	}
	return p.turned(w, r, as, c, a, v)
}

func (p *Provider) begin(w http.ResponseWriter, r *http.Request, as *goidc.AuthnSession, c *client, a asked) (goidc.Status, error) {
	ctx := r.Context()
	var session *login.Session
	if token := p.pages.Session(r); token != "" {
		session = &login.Session{}
		if err := p.engine.Get(ctx, login.KindSession, token, session); errors.Is(err, login.ErrGone) {
			session = nil
		} else if err != nil {
			stateOf(ctx).kept = true
			p.pages.Fail(w, r, err)
			return goidc.StatusPending, nil
		}
	}
	v, err := p.engine.Begin(ctx, a.request(c), session)
	if err != nil {
		stateOf(ctx).kept = true
		p.pages.Fail(w, r, err)
		return goidc.StatusPending, nil
	}
	bound := sha256.Sum256([]byte(p.pages.Browser(w, r)))
	v.Bound, v.Language = hex.EncodeToString(bound[:]), p.pages.Language(w, r, v.Language, a.Locales)
	return p.turned(w, r, as, c, a, v)
}

// signedIn gives the browser a session: a new token each time, so that nobody signs in to one that another made.
func (p *Provider) signedIn(w http.ResponseWriter, r *http.Request, v login.Visit) error {
	ctx := r.Context()
	if old := p.pages.Session(r); old != "" {
		if err := p.engine.Drop(ctx, login.KindSession, old); err != nil {
			return err
		}
	}
	token, err := p.engine.SignedIn(ctx, v)
	if err != nil {
		return err
	}
	p.pages.SignedIn(w, token)
	return nil
}

// turned goes on behind a turn: to the next page, or back to the service.
func (p *Provider) turned(w http.ResponseWriter, r *http.Request, as *goidc.AuthnSession, c *client, a asked, v login.Visit) (goidc.Status, error) {
	ctx := r.Context()
	if !v.Over() {
		err := put(as, keyVisit, v)
		if err == nil {
			err = store{p}.SaveSession(ctx, as) // before the browser asks for it
		}
		if err != nil {
			stateOf(ctx).kept = true
			p.pages.Fail(w, r, plainly(err))
			return goidc.StatusPending, nil
		}
		http.Redirect(w, r, p.path+"/authorize/"+as.ID, http.StatusSeeOther)
		return goidc.StatusPending, nil
	}
	if v.Step == login.StepRefused {
		return goidc.StatusFailure, goidc.NewError(goidc.ErrorCode(v.Error()), "")
	}
	return p.done(w, r, as, c, a, v)
}

// done makes the grant of a visit, once, whoever else posts its last page.
func (p *Provider) done(w http.ResponseWriter, r *http.Request, as *goidc.AuthnSession, c *client, a asked, v login.Visit) (goidc.Status, error) {
	ctx := r.Context()
	h, err := p.engine.Holder(ctx, *v.Signed)
	if err != nil {
		stateOf(ctx).kept = true
		p.pages.Fail(w, r, err)
		return goidc.StatusPending, nil
	}
	sub := p.subject(c.Sector, h.Person)
	if a.Subject != "" && a.Subject != sub {
		return goidc.StatusFailure, goidc.NewError(goidc.ErrorCodeLoginRequired, "") // OIDC Core §3.1.2.1, id_token_hint
	}
	acr, ok := v.Signed.Reported(v.Request)
	if !ok {
		return goidc.StatusFailure, goidc.NewError("unmet_authentication_requirements", "")
	}
	var taken json.RawMessage
	if first, err := p.engine.Take(ctx, kindVisit, as.ID, &taken); err != nil || !first {
		stateOf(ctx).kept = true
		if err == nil {
			err = login.ErrGone
		}
		p.pages.Fail(w, r, err)
		return goidc.StatusPending, nil
	}
	about := given{Signed: *v.Signed, ACR: acr, Shown: c.AcceptsShown}
	for _, claim := range v.Given {
		if contains(a.UserInfo, claim) {
			about.UserInfo = append(about.UserInfo, claim)
		}
		if contains(a.IDToken, claim) {
			about.IDToken = append(about.IDToken, claim)
		}
	}
	as.Store = map[string]any{}
	if err := put(as, keyGiven, about); err != nil {
		return goidc.StatusFailure, err
	}
	as.Subject, as.GrantedScopes = sub, as.Scopes
	return goidc.StatusSuccess, nil
}

// subject is whom a sector of services knows: each another, and none of them the person's number (OIDC Core §8.1).
func (p *Provider) subject(sector string, person int64) string {
	mac := hmac.New(sha256.New, p.subjects)
	mac.Write([]byte(sector))
	mac.Write([]byte{0})
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(person))) //nolint:gosec // an identity column
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
