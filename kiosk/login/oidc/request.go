package oidc

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"

	"balcao/kiosk"
	"balcao/kiosk/login"
)

// scopes are what a service may ask for in scope, and the claims that each stands for (OIDC Core §5.4).
var scopes = map[string][]string{
	"openid": nil, "profile": {"name", "birthdate"}, "email": {"email"}, "phone": {"phone_number"}, "nationalities": {"nationalities"},
	"document": {"document"}, "pt_nic": {"pt_nic"}, "pt_nif": {"pt_nif"}, "pt_niss": {"pt_niss"}, "pt_nsns": {"pt_nsns"},
}

func scopeNames() []string {
	var names []string
	for name := range scopes {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// asked is what an authorization request asks for beyond what the library knows, as JSON in a session.
type asked struct {
	UserInfo  []string          `json:"userinfo,omitempty"` // claims, of login.Claims
	IDToken   []string          `json:"id_token,omitempty"`
	Essential []string          `json:"essential,omitempty"`
	ACR       []string          `json:"acr,omitempty"`
	Exact     bool              `json:"exact,omitempty"`
	MaxAge    *int              `json:"max_age,omitempty"` // s
	Prompt    []string          `json:"prompt,omitempty"`
	Hint      string            `json:"hint,omitempty"`
	Locales   []kiosk.Language  `json:"locales,omitempty"`
	Subject   string            `json:"sub,omitempty"` // whom it has to be
	Library   map[string]string `json:"-"`             // what the library is asked
}

// one are the parameters of a request of which none may be there twice (RFC 6749 §3.1). Others are not understood, and ignored.
var one = []string{
	"client_id", "redirect_uri", "response_type", "response_mode", "scope", "state", "nonce", "code_challenge", "code_challenge_method",
	"prompt", "max_age", "ui_locales", "login_hint", "acr_values", "claims", "id_token_hint", "request", "request_uri",
}

// twice reports whether a parameter is there more than once.
func twice(form url.Values) bool {
	return slices.ContainsFunc(one, func(name string) bool { return len(form[name]) > 1 })
}

// parse checks the parameters of an authorization request whose client and redirect URI are good, and returns the error of
// OAuth that it is, or "". The library would let pass: no PKCE in a pushed request, a method that is not named (RFC 7636 has
// it be plain), numbers and JSON that cannot be read, other ways for the answer to go; and it refuses what OIDC has ignored.
func (p *Provider) parse(c *client, form url.Values) (a asked, refusal string) {
	a.Library = map[string]string{"client_id": c.ID, "redirect_uri": form.Get("redirect_uri"), "response_type": "code"}
	for _, name := range []string{"state", "nonce", "code_challenge", "code_challenge_method"} {
		if value := form.Get(name); len(value) <= 2048 {
			a.Library[name] = value
		} else {
			return a, "invalid_request"
		}
	}
	names := strings.Fields(form.Get("scope"))
	names = slices.DeleteFunc(names, func(name string) bool { _, known := scopes[name]; return !known })
	a.Library["scope"] = strings.Join(names, " ")
	switch {
	case form.Has("request"):
		return a, "request_not_supported"
	case form.Has("request_uri"):
		return a, "request_uri_not_supported"
	case form.Get("response_type") != "code":
		return a, "unsupported_response_type"
	case form.Get("response_mode") != "" && form.Get("response_mode") != "query":
		return a, "invalid_request"
	case !slices.Contains(names, "openid"):
		return a, "invalid_scope"
	case form.Get("code_challenge_method") != "S256" || len(form.Get("code_challenge")) != 43: // RFC 7636 §4.2
		return a, "invalid_request"
	}
	a.ACR = strings.Fields(form.Get("acr_values"))
	a.Prompt = strings.Fields(form.Get("prompt"))
	a.Hint = form.Get("login_hint")
	if slices.Contains(a.Prompt, "none") && len(a.Prompt) > 1 || len(a.Hint) > 320 {
		return a, "invalid_request"
	}
	if text := form.Get("max_age"); text != "" {
		age, err := strconv.Atoi(text)
		if err != nil || age < 0 {
			return a, "invalid_request"
		}
		a.MaxAge = &age
	}
	for _, tag := range strings.Fields(form.Get("ui_locales")) {
		base, _, _ := strings.Cut(tag, "-")
		for _, l := range kiosk.Languages {
			if known, _, _ := strings.Cut(string(l), "-"); strings.EqualFold(base, known) && !slices.Contains(a.Locales, l) {
				a.Locales = append(a.Locales, l)
			}
		}
	}
	for _, name := range names {
		for _, claim := range scopes[name] {
			a.UserInfo = add(a.UserInfo, claim)
		}
	}
	if !a.claims(form.Get("claims")) {
		return a, "invalid_request"
	}
	if hint := form.Get("id_token_hint"); hint != "" {
		sub, audience, ok := p.hint(hint)
		if !ok || audience != c.ID || a.Subject != "" && a.Subject != sub {
			return a, "invalid_request"
		}
		a.Subject = sub
	}
	return a, ""
}

// claims reads the parameter of OIDC Core §5.5 and reports whether it is one.
func (a *asked) claims(text string) bool {
	if text == "" {
		return true
	}
	type want struct {
		Essential bool            `json:"essential"`
		Value     json.RawMessage `json:"value"`
		Values    []string        `json:"values"`
	}
	var x struct {
		UserInfo map[string]*want `json:"userinfo"`
		IDToken  map[string]*want `json:"id_token"`
	}
	if len(text) > 8192 || json.Unmarshal([]byte(text), &x) != nil {
		return false
	}
	for i, from := range []map[string]*want{x.UserInfo, x.IDToken} {
		to := []*[]string{&a.UserInfo, &a.IDToken}[i]
		for name, w := range from {
			if w == nil {
				w = &want{}
			}
			var value string
			if len(w.Value) > 0 && string(w.Value) != "null" && json.Unmarshal(w.Value, &value) != nil {
				return false
			}
			switch claim := login.Standing(name); {
			case name == "sub" && value != "":
				a.Subject = value
			case name == "acr" && i == 1:
				if value != "" {
					w.Values = append(w.Values, value)
				}
				if w.Essential && len(w.Values) > 0 {
					a.ACR, a.Exact = w.Values, true
				} else if len(a.ACR) == 0 {
					a.ACR = w.Values
				}
			case claim != "":
				*to = add(*to, claim)
				if w.Essential {
					a.Essential = add(a.Essential, claim)
				}
			}
		}
	}
	return true
}

func add(list []string, item string) []string {
	if slices.Contains(list, item) {
		return list
	}
	return append(list, item)
}

// request is what a person is asked for.
func (a asked) request(c *client) login.Request {
	r := login.Request{Service: c.Name, ACR: a.ACR, Exact: a.Exact, Prompt: a.Prompt, Hint: a.Hint, Languages: a.Locales, AcceptsShown: c.AcceptsShown}
	if a.MaxAge != nil {
		age := time.Duration(*a.MaxAge) * time.Second
		r.MaxAge = &age
	}
	for _, claim := range login.Claims {
		if (slices.Contains(a.UserInfo, claim) || slices.Contains(a.IDToken, claim)) && c.mayAsk(claim) {
			r.Claims = append(r.Claims, login.Asked{Claim: claim, Essential: slices.Contains(a.Essential, claim)})
		}
	}
	return r
}

// library is what of a request the library is to see.
func (a asked) library() url.Values {
	form := url.Values{}
	for name, value := range a.Library {
		if value != "" {
			form.Set(name, value)
		}
	}
	return form
}

// pushed exchanges the parameters of a request for what the library sees of them.
func (a asked) pushed(as *goidc.AuthnSession) {
	as.AuthorizationParameters = goidc.AuthorizationParameters{RedirectURI: a.Library["redirect_uri"], ResponseType: goidc.ResponseTypeCode,
		Scopes: a.Library["scope"], State: a.Library["state"], Nonce: a.Library["nonce"], CodeChallenge: a.Library["code_challenge"],
		CodeChallengeMethod: goidc.CodeChallengeMethodSHA256}
}
