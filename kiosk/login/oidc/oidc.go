// Package oidc lets services sign people in by OpenID Connect: code flow with PKCE and nothing else. The protocol is
// github.com/luikyv/go-oidc's (v0.23.0, and no other: below v1 each may break), because it knows pushed requests (RFC 9126),
// answers that name who gives them (RFC 9207) and a visit of several pages; kiosk/login decides who is signed in, and sealed
// rows are all that is kept. What the library lets pass is refused before it (request.go), and no path leads to what of it is
// not wanted: registration over the web, above all.
//
// Of v0.23.0 one has to know, and look again before another takes its place:
//
//   - What a pushed request leaves out it takes from the URL, where anybody may write; and it asks no PKCE of a pushed request.
//     It sees client_id and request_uri only, and parse has read the rest.
//   - A code_challenge without a method is S256 to it, and plain by RFC 7636: refused. Answers may go into the fragment: refused.
//   - max_age and claims that it cannot read it ignores: refused. acr_values, display and ID tokens that expired it refuses, where
//     OIDC has them ignored or taken: it does not see them.
//   - Redirect URIs it compares as net/url writes them again, with any port of any loopback address: redirects compares before.
//   - Credentials of Basic it takes as they are (RFC 6749 §2.3.1 has them encoded), an assertion may be for others too, and
//     what consumes its jti is not told whose it is: called.
//   - About another's token it says 403 (RFC 7662 §2.2: inactive), with 401 it does not say how to authenticate, and of a code
//     whose grant is over expired_token: store, challenge.
//   - A grant is revoked by saving it, so who saves it last wins: that it is over is a row of its own.
//   - Clients are in its configuration, or registered over the web: we are the second, and that endpoint is neither routed nor
//     in the discovery document. It fetches a client's keys from jwks_uri: registrations have none.
//   - AuthnSession.Store is kept as JSON, from which no type comes back: ours are texts in it.
package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/luikyv/go-oidc/pkg/goidc"
	"github.com/luikyv/go-oidc/pkg/provider"

	"balcao/kiosk"
	"balcao/kiosk/login"
)

// SubjectKeyLength is the length of the key of subjects, in bytes.
const SubjectKeyLength = 32

// Config is what a Provider works with.
type Config struct {
	Issuer   string // https://host without a slash at the end; of a demonstration http://127.0.0.1:port
	Database *pgxpool.Pool
	Engine   *login.Engine
	Keys     *Keys
	Subjects []byte // the key that subjects are made with; another makes everybody somebody else everywhere
	Pages    Pages
}

// Provider answers services. Make it with New. It is safe for concurrent use, and any number may run on one database.
type Provider struct {
	issuer, path string
	engine       *login.Engine
	keys         *Keys
	subjects     []byte
	pages        Pages
	clients      clients
	now          func() time.Time
	sameOrigin   *http.CrossOriginProtection
	library      http.Handler
	discovery    []byte
}

// Algorithms that clients' assertions may be signed by.
var assertionAlgs = []goidc.SignatureAlgorithm{goidc.RS256, goidc.PS256, goidc.ES256, goidc.ES384, "EdDSA"}

// New returns a Provider.
func New(cfg Config) (*Provider, error) {
	u, err := url.Parse(cfg.Issuer)
	if err != nil || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, errors.New("an issuer is https:// and a host, with nothing behind it")
	}
	if len(cfg.Subjects) != SubjectKeyLength {
		return nil, fmt.Errorf("the key of subjects has %d bytes, want %d", len(cfg.Subjects), SubjectKeyLength)
	}
	p := &Provider{issuer: cfg.Issuer, path: u.Path, engine: cfg.Engine, keys: cfg.Keys, subjects: cfg.Subjects, pages: cfg.Pages,
		clients: clients{cfg.Database}, now: time.Now, sameOrigin: http.NewCrossOriginProtection()}
	s := store{p}
	algs := cfg.Keys.algorithms()
	var acrs []goidc.ACR
	for _, l := range login.Levels {
		acrs = append(acrs, goidc.ACR(l))
	}
	var known []goidc.Scope
	for _, name := range scopeNames() {
		known = append(known, goidc.NewScope(name))
	}
	token := func(context.Context) string { return login.NewToken() }
	lib, err := provider.New(cfg.Issuer, s, cfg.Keys.set,
		provider.WithAuthCodeGrant(s, goidc.ResponseTypeCode), provider.WithAuthCodeFunc(token), provider.WithAuthCodeLifetime(int(codeLife.Seconds())),
		provider.WithAuthnSessionIDFunc(token), provider.WithAuthSessionLifetime(int(visitLife.Seconds())), provider.WithGrantIDFunc(token),
		provider.WithPAR(s), provider.WithPARIDFunc(token), provider.WithPARLifetime(int(pushLife.Seconds())),
		provider.WithPARSessionHandler(func(ctx context.Context, as *goidc.AuthnSession, c *goidc.Client) error {
			return p.pushed(as, ours(c), stateOf(ctx).form)
		}),
		provider.WithOpaqueTokens(s), provider.WithOpaqueTokenFunc(func(context.Context, *goidc.Grant) string { return login.NewToken() }),
		provider.WithTokenOptions(func(context.Context, *goidc.Grant, *goidc.Client) goidc.TokenOptions {
			return goidc.NewOpaqueTokenOptions(int(tokenLife.Seconds()))
		}),
		provider.WithDCR(p.clients), // the only way to a client that is not in the configuration; see routes
		provider.WithPKCERequired(goidc.CodeChallengeMethodSHA256), provider.WithIssuerResponseParameter(), provider.WithOpenIDScopeRequired(),
		provider.WithSecretBasicAuthn(), provider.WithSecretPostAuthn(), provider.WithPrivateKeyJWTAuthn(assertionAlgs[0], assertionAlgs[1:]...),
		provider.WithJTIConsumer(s.consume), provider.WithJWTLifetime(int(proofLife.Seconds())), provider.WithClientSecretVerifier(verifySecret),
		provider.WithIDTokenSignatureAlgs(algs[0], algs[1:]...), provider.WithIDTokenLifetime(int(tokenLife.Seconds())),
		provider.WithSubIdentifierTypes(goidc.SubIdentifierPairwise), provider.WithPairwiseSubject(func(_ context.Context, sub string, _ *goidc.Client) string { return sub }),
		provider.WithScopes(known...), provider.WithACRs(acrs[0], acrs[1:]...), provider.WithClaimsParameter(),
		provider.WithIDTokenClaims(func(_ context.Context, g *goidc.Grant) map[string]any { return valuesOf(g).idToken }),
		provider.WithUserInfoClaims(func(_ context.Context, g *goidc.Grant) map[string]any { return valuesOf(g).userinfo }),
		provider.WithTokenIntrospection(func(_ context.Context, c *goidc.Client, t goidc.TokenInfo) bool { return t.ClientID == c.ID }),
		provider.WithTokenRevocation(func(context.Context, *goidc.Client) bool { return true }), provider.WithTokenRevocationRevokeGrantOnAccessToken(),
		provider.WithPolicies(goidc.NewPolicy("visit", p.setup, p.authenticate)), provider.WithErrorRenderer(p.failed),
	)
	if err != nil {
		return nil, fmt.Errorf("setting up OpenID Connect: %w", err)
	}
	p.library = lib.Handler()
	return p, p.discover()
}

func valuesOf(g *goidc.Grant) values {
	v, _ := g.Store[keyValues].(values)
	return v
}

func contains(list []string, item string) bool { return slices.Contains(list, item) }

// plainly is an error of ours out of one of the library's.
func plainly(err error) error {
	if errors.Is(err, login.ErrUnavailable) {
		return login.ErrUnavailable
	}
	return err
}

// failed is goidc.RenderErrorFunc. What the library says of a request may quote it.
func (p *Provider) failed(w http.ResponseWriter, r *http.Request, err error) error {
	var said goidc.Error
	switch {
	case stateOf(r.Context()).gone:
		err = login.ErrGone
	case errors.Is(err, login.ErrUnavailable):
		err = login.ErrUnavailable
	case errors.As(err, &said) && said.StatusCode() < 500:
		err = login.ErrRequest
	default:
		err = errors.New("a request of a service failed")
	}
	p.pages.Fail(w, r, err)
	return nil
}

// answer is what the library would have answered.
type answer struct {
	header http.Header
	status int
	body   []byte
}

func (a *answer) Header() http.Header    { return a.header }
func (a *answer) WriteHeader(status int) { a.status = status }
func (a *answer) Write(b []byte) (int, error) {
	a.body = append(a.body, b...)
	return len(b), nil
}

// discover is the library's discovery document, without what leads nowhere and with what it does not say.
func (p *Provider) discover() error {
	a := &answer{header: http.Header{}, status: http.StatusOK}
	r, err := http.NewRequest(http.MethodGet, "/.well-known/openid-configuration", nil) //nolint:noctx // answered here
	if err != nil {
		return err
	}
	p.library.ServeHTTP(a, r)
	var doc map[string]any
	if err := json.Unmarshal(a.body, &doc); err != nil || a.status != http.StatusOK {
		return errors.New("setting up OpenID Connect: no discovery document")
	}
	delete(doc, "registration_endpoint")
	doc["response_modes_supported"] = []string{"query"}
	doc["request_parameter_supported"], doc["request_uri_parameter_supported"] = false, false
	doc["end_session_endpoint"] = p.issuer + "/logout"
	doc["ui_locales_supported"] = kiosk.Languages
	doc["prompt_values_supported"] = []string{"none", "login", "consent", "select_account"}
	doc["claims_supported"] = append([]string{"sub", "iss", "aud", "exp", "iat", "nonce", "auth_time", "acr", "amr", "given_name", "family_name",
		"email_verified", "phone_number_verified"}, login.Claims...)
	p.discovery, err = json.Marshal(doc)
	return err
}

// bodyLimit is the most of a service's request, in bytes.
const bodyLimit = 64 << 10

// Routes are the patterns of all that a Provider answers.
var Routes = []string{
	"GET /.well-known/openid-configuration", "GET /jwks", "GET /authorize", "POST /authorize", "GET /authorize/{id}", "POST /authorize/{id}",
	"POST /par", "POST /token", "GET /userinfo", "POST /userinfo", "POST /introspect", "POST /revoke", "GET /logout", "POST /logout",
}

// ServeHTTP answers what matches one of Routes, and nothing else.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	switch path := r.URL.Path; {
	case path == "/.well-known/openid-configuration":
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "max-age=300")
		_, _ = w.Write(p.discovery)
	case path == "/jwks":
		p.library.ServeHTTP(w, r)
	case strings.HasPrefix(path, "/authorize/"):
		if strings.Count(path, "/") != 2 { // the library would answer below, too
			http.NotFound(w, r)
			return
		}
		p.library.ServeHTTP(w, with(r, &state{path: path}))
	case path == "/authorize", path == "/logout":
		form, err := p.form(w, r)
		switch {
		case err != nil:
			p.pages.Fail(w, r, login.ErrRequest)
		case path == "/logout":
			p.logout(w, r, form)
		default:
			p.authorize(w, r, form)
		}
	case path == "/par", path == "/token", path == "/introspect", path == "/revoke":
		p.called(w, r, path)
	case path == "/userinfo":
		r.Body = http.MaxBytesReader(w, r.Body, bodyLimit)
		if scheme, token, is := strings.Cut(r.Header.Get("Authorization"), " "); is && strings.EqualFold(scheme, "Bearer") {
			r.Header.Set("Authorization", "Bearer "+token) // RFC 9110 §11.1
		}
		p.library.ServeHTTP(challenge{w, `Bearer error="invalid_token"`}, with(r, &state{path: path}))
	default:
		http.NotFound(w, r)
	}
}

func with(r *http.Request, st *state) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), stateKey{}, st))
}

// form reads the parameters of a request that a browser brings: those of the URL, or those of the body, never of both.
func (p *Provider) form(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	if r.Method != http.MethodPost {
		return url.ParseQuery(r.URL.RawQuery)
	}
	r.Body = http.MaxBytesReader(w, r.Body, bodyLimit)
	if err := r.ParseForm(); err != nil {
		return nil, err
	}
	if r.URL.RawQuery != "" {
		return nil, login.ErrRequest
	}
	return r.PostForm, nil
}

// authorize checks an authorization request and has the library begin.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request, form url.Values) {
	c, err := p.clients.read(r.Context(), form.Get("client_id"))
	switch {
	case errors.Is(err, goidc.ErrNotFound), err == nil && twice(form):
		p.pages.Fail(w, r, login.ErrRequest)
		return
	case err != nil:
		p.pages.Fail(w, r, plainly(err))
		return
	}
	st := &state{path: "/authorize", clientID: c.ID}
	var ask url.Values
	if pushed := form.Get("request_uri"); strings.HasPrefix(pushed, "urn:ietf:params:oauth:request_uri:") {
		// Only what was pushed counts: the library fills in what is missing there from the URL, where anybody may write (RFC 9126 §7).
		ask = url.Values{"client_id": {c.ID}, "request_uri": {pushed}}
	} else {
		to := form.Get("redirect_uri")
		if c.RequirePAR || !c.redirects(to) {
			p.pages.Fail(w, r, login.ErrRequest)
			return
		}
		a, refusal := p.parse(c, form)
		if refusal != "" {
			back := url.Values{"error": {refusal}, "iss": {p.issuer}}
			if state := form.Get("state"); state != "" && len(state) <= 2048 {
				back.Set("state", state)
			}
			http.Redirect(w, r, withQuery(to, back), http.StatusSeeOther)
			return
		}
		st.asked, ask = &a, a.library()
	}
	r = with(r, st).Clone(context.WithValue(r.Context(), stateKey{}, st))
	r.Method, r.Body, r.Form, r.PostForm = http.MethodGet, http.NoBody, nil, nil
	r.URL.RawQuery = ask.Encode()
	p.library.ServeHTTP(w, r)
}

// called answers what services call themselves.
func (p *Provider) called(w http.ResponseWriter, r *http.Request, path string) {
	w = challenge{w, `Basic realm="services"`} // RFC 6749 §5.2
	form, err := p.form(w, r)
	if err != nil || twice(form) || len(form["code"]) > 1 || len(form["client_assertion"]) > 1 {
		refuse(w, http.StatusBadRequest, "invalid_request")
		return
	}
	if id, secret, is := r.BasicAuth(); is { // which are encoded as in forms (RFC 6749 §2.3.1); the library takes them as they are
		plainID, errID := url.QueryUnescape(id)
		plainSecret, errSecret := url.QueryUnescape(secret)
		if errID != nil || errSecret != nil || form.Has("client_assertion") || form.Has("client_secret") {
			refuse(w, http.StatusUnauthorized, "invalid_client")
			return
		}
		r.SetBasicAuth(plainID, plainSecret)
	}
	st := &state{path: path, form: form, clientID: form.Get("client_id")}
	if id, _, is := r.BasicAuth(); is {
		st.clientID = id
	}
	if text := form.Get("client_assertion"); text != "" {
		id, ok := asserted(text)
		if !ok {
			refuse(w, http.StatusUnauthorized, "invalid_client")
			return
		}
		st.clientID = id
	}
	r = with(r, st)
	if path == "/par" {
		// What the library checks is what it needs; all of it is read, by parse, once the client is known.
		kept := url.Values{}
		for _, name := range []string{"client_id", "client_secret", "client_assertion", "client_assertion_type", "redirect_uri"} {
			if form.Has(name) {
				kept.Set(name, form.Get(name))
			}
		}
		r.Form, r.PostForm = kept, kept
	}
	p.library.ServeHTTP(w, r)
}

// asserted is the client that an assertion names, unverified, and whether the assertion is for one audience only: one that is
// for several can be taken to another by whoever is the first (the library asks that we be among them).
func asserted(text string) (id string, ok bool) {
	parsed, err := jwt.ParseSigned(text, assertionAlgs)
	var claims jwt.Claims
	if err != nil || parsed.UnsafeClaimsWithoutVerification(&claims) != nil {
		return "", false
	}
	return claims.Issuer, len(claims.Audience) == 1 && len(claims.ID) <= 512
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(`{"error":"` + code + `"}`))
}

// challenge says with each 401 how to authenticate, which the library forgets (RFC 9110 §15.5.2).
type challenge struct {
	http.ResponseWriter
	how string
}

func (c challenge) WriteHeader(status int) {
	switch status {
	case http.StatusUnauthorized:
		c.Header().Set("WWW-Authenticate", c.how)
	case http.StatusServiceUnavailable:
		c.Header().Set("Retry-After", "2")
	}
	c.ResponseWriter.WriteHeader(status)
}

func (c challenge) Unwrap() http.ResponseWriter { return c.ResponseWriter }
