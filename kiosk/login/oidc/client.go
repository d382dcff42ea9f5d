package oidc

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/luikyv/go-oidc/pkg/goidc"

	"balcao/kiosk/login"
)

// client is a service as it is registered (kiosk/central/schema.Client).
type client struct {
	ID           string          `json:"id"`
	Name         string          `json:"name"`
	Sector       string          `json:"sector"`
	RedirectURIs []string        `json:"redirect_uris"`
	Loopback     bool            `json:"loopback"`
	LogoutURIs   []string        `json:"logout_uris"`
	Auth         string          `json:"auth"`
	Secrets      []string        `json:"secrets"` // SHA-256, in hex
	JWKS         json.RawMessage `json:"jwks"`
	Claims       []string        `json:"claims"`
	AcceptsShown bool            `json:"accepts_shown"`
	IDTokenAlg   string          `json:"id_token_alg"`
	RequirePAR   bool            `json:"require_par"`
}

// clients reads registrations: whoever is suspended is unknown at the next request.
type clients struct{ db *pgxpool.Pool }

func (c clients) read(ctx context.Context, id string) (*client, error) {
	if id == "" || len(id) > 63 {
		return nil, goidc.ErrNotFound
	}
	var raw []byte
	if err := c.db.QueryRow(ctx, `select login.client($1)`, id).Scan(&raw); err != nil {
		return nil, unavailable(login.ErrUnavailable)
	}
	if raw == nil {
		return nil, goidc.ErrNotFound
	}
	var x client
	if err := json.Unmarshal(raw, &x); err != nil {
		return nil, errors.New("a registration that cannot be read")
	}
	return &x, nil
}

// registered is where the library finds ours in its own.
const registered = "registered"

// Client is goidc.DCRManager's. Nothing is registered over the web: no route leads there.
func (c clients) Client(ctx context.Context, id string) (*goidc.Client, error) {
	x, err := c.read(ctx, id)
	if err != nil {
		return nil, err
	}
	g := &goidc.Client{ID: x.ID, Secret: strings.Join(x.Secrets, " "), ClientMeta: goidc.ClientMeta{
		Name: x.Name, RedirectURIs: x.RedirectURIs, PostLogoutRedirectURIs: x.LogoutURIs,
		GrantTypes: []goidc.GrantType{goidc.GrantAuthorizationCode}, ResponseTypes: []goidc.ResponseType{goidc.ResponseTypeCode},
		ScopeIDs: strings.Join(scopeNames(), " "), TokenAuthnMethod: goidc.AuthnMethod(x.Auth), SubIdentifierType: goidc.SubIdentifierPairwise,
		IDTokenSigAlg: goidc.SignatureAlgorithm(x.IDTokenAlg), PARIsRequired: x.RequirePAR, CustomAttributes: map[string]any{registered: x},
	}}
	if x.Loopback {
		g.ApplicationType = goidc.ApplicationTypeNative // any port of a loopback address
	}
	if len(x.JWKS) > 0 && string(x.JWKS) != "null" {
		if err := json.Unmarshal(x.JWKS, &g.JWKS); err != nil {
			return nil, errors.New("a registration whose keys cannot be read")
		}
	}
	return g, nil
}

func (clients) SaveClient(context.Context, *goidc.Client) error { return errors.ErrUnsupported }
func (clients) DeleteClient(context.Context, string) error      { return errors.ErrUnsupported }

// ours is our registration in the library's.
func ours(c *goidc.Client) *client { return c.CustomAttributes[registered].(*client) }

// redirects reports whether answers may go to uri.
func (c *client) redirects(uri string) bool { return c.has(c.RedirectURIs, uri) }

// has reports whether a URI is, whole and as a string, one of those that were registered (RFC 9700 §2.1). Of a service on
// the person's own computer the port is any (RFC 8252 §7.3), and nothing else.
func (c *client) has(uris []string, uri string) bool {
	if slices.Contains(uris, uri) {
		return true
	}
	rest, is := strings.CutPrefix(uri, "http://")
	end := strings.IndexAny(rest, "/?#")
	if !c.Loopback || !is || end < 0 {
		return false
	}
	host, port, err := net.SplitHostPort(rest[:end])
	if err != nil || port == "" || strings.Trim(port, "0123456789") != "" || host != "127.0.0.1" && host != "::1" {
		return false
	}
	if host == "::1" {
		host = "[::1]"
	}
	return slices.Contains(uris, "http://"+host+rest[end:])
}

// allows reports whether a service may be told a claim as it goes, with those beside it that say what it is.
func (c *client) allows(claim string) bool {
	for _, suffix := range []string{"_verified", "_source"} {
		claim = strings.TrimSuffix(claim, suffix)
	}
	return slices.Contains(c.Claims, claim)
}

// mayAsk reports whether a claim that a person is shown stands for one that the service may be told.
func (c *client) mayAsk(claim string) bool {
	return slices.ContainsFunc(c.Claims, func(name string) bool { return login.Standing(name) == claim })
}

// verifySecret is goidc.VerifyClientSecretFunc: two secrets are good while one takes the other's place.
func verifySecret(_ context.Context, stored, presented string) error {
	sum := sha256.Sum256([]byte(presented))
	good := 0
	for _, secret := range strings.Fields(stored) {
		want, err := hex.DecodeString(secret)
		if err == nil {
			good |= subtle.ConstantTimeCompare(want, sum[:])
		}
	}
	if good != 1 {
		return errors.New("not the secret")
	}
	return nil
}

// withQuery adds parameters to a redirect URI, in front of nothing of it.
func withQuery(uri string, params url.Values) string {
	u, err := url.Parse(uri)
	if err != nil {
		return uri
	}
	query := u.Query()
	for name, values := range params {
		query[name] = values
	}
	u.RawQuery = query.Encode()
	return u.String()
}
