package oidc

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/luikyv/go-oidc/pkg/goidc"

	"balcao/kiosk/login"
)

// hint reads an ID token that was made here, however old: about whom it is, and for which client. The library refuses one that
// has expired, though who signs out or comes again has no younger one (RP-Initiated Logout §2).
func (p *Provider) hint(token string) (sub, audience string, ok bool) {
	parsed, err := jwt.ParseSigned(token, p.keys.algorithms())
	if len(token) > 8192 || err != nil || len(parsed.Headers) != 1 {
		return "", "", false
	}
	set, _ := p.keys.set(context.Background())
	key, err := set.Public().Key(parsed.Headers[0].KeyID)
	if err != nil || key.Algorithm != parsed.Headers[0].Algorithm {
		return "", "", false
	}
	var claims jwt.Claims
	if parsed.Claims(key.Key, &claims) != nil || claims.Issuer != p.issuer || len(claims.Audience) != 1 || claims.Subject == "" {
		return "", "", false
	}
	return claims.Subject, claims.Audience[0], true
}

// logout signs a person out for a service, which says by an ID token of whom it speaks. Without one the person is asked, at
// their own page; and nobody is sent anywhere but to where the service is registered to have them.
func (p *Provider) logout(w http.ResponseWriter, r *http.Request, form url.Values) {
	ctx := r.Context()
	sub, audience, hinted := p.hint(form.Get("id_token_hint"))
	id := form.Get("client_id")
	if twice(form) || len(form["post_logout_redirect_uri"]) > 1 || form.Has("id_token_hint") && !hinted || hinted && id != "" && id != audience {
		p.pages.Fail(w, r, login.ErrRequest)
		return
	}
	if !hinted {
		http.Redirect(w, r, p.path+"/sign-out", http.StatusSeeOther)
		return
	}
	c, err := p.clients.read(ctx, audience)
	back := form.Get("post_logout_redirect_uri")
	switch {
	case errors.Is(err, goidc.ErrNotFound), err == nil && back != "" && !c.has(c.LogoutURIs, back):
		p.pages.Fail(w, r, login.ErrRequest)
		return
	case err != nil:
		p.pages.Fail(w, r, plainly(err))
		return
	}
	if token := p.pages.Session(r); token != "" {
		var s login.Session
		if p.engine.Get(ctx, login.KindSession, token, &s) == nil {
			if h, err := p.engine.Holder(ctx, s.Signed); err != nil || p.subject(c.Sector, h.Person) == sub {
				if err := p.engine.Drop(ctx, login.KindSession, token); err != nil {
					p.pages.Fail(w, r, err)
					return
				}
				p.pages.SignedOut(w)
			}
		}
	}
	if back == "" {
		http.Redirect(w, r, p.path+"/", http.StatusSeeOther)
		return
	}
	params := url.Values{}
	if form.Has("state") {
		params.Set("state", form.Get("state"))
	}
	http.Redirect(w, r, withQuery(back, params), http.StatusSeeOther)
}
