package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"

	"balcao/kiosk/login"
)

// How long things last. A code's row outlives the code, so that one that is used again is known, and ends what the first use began.
const (
	visitLife = 15 * time.Minute
	pushLife  = time.Minute
	codeLife  = time.Minute
	tokenLife = 5 * time.Minute
	grantLife = codeLife + tokenLife
	proofLife = 10 * time.Minute // of a client's assertion
)

// Kinds of rows.
const (
	kindVisit = "visit"
	kindPush  = "pushed request"
	kindCode  = "code"
	kindGrant = "grant"
	kindOver  = "grant that is over"
	kindToken = "access token"
	kindProof = "client assertion"
)

// store is all of the library's managers, on sealed rows.
type store struct {
	*Provider
}

// state is what a request knows beyond itself, in its context.
type state struct {
	form     map[string][]string // of a pushed request, as it came
	asked    *asked              // of an authorization request
	clientID string              // who says to be calling
	kept     bool                // the session is as it is kept
	gone     bool                // there is no such session any more
	path     string
}

type stateKey struct{}

func stateOf(ctx context.Context) *state {
	if s, ok := ctx.Value(stateKey{}).(*state); ok {
		return s
	}
	return &state{}
}

// unavailable is an error that the library answers by 503.
func unavailable(err error) error {
	if errors.Is(err, login.ErrUnavailable) || errors.Is(err, login.ErrBusy) {
		return goidc.WrapError("temporarily_unavailable", "try again", err).WithStatusCode(http.StatusServiceUnavailable)
	}
	return err
}

func found(err error) error {
	if errors.Is(err, login.ErrGone) {
		return goidc.ErrNotFound
	}
	return unavailable(err)
}

func (s store) SaveSession(ctx context.Context, as *goidc.AuthnSession) error {
	st := stateOf(ctx)
	switch {
	case as.Status != goidc.StatusPending:
		if as.PolicyID == "" {
			return nil // a pushed request that does not hold: its row was taken
		}
		return unavailable(s.engine.Drop(ctx, kindVisit, as.ID))
	case st.kept:
		return nil
	}
	kind, token, life := kindVisit, as.ID, visitLife
	if as.PolicyID == "" {
		kind, token, life = kindPush, as.PushedAuthReqID, pushLife
	}
	kept := *as
	kept.ID, kept.PushedAuthReqID = "", ""
	st.kept = true
	return unavailable(s.engine.Put(ctx, kind, token, kept, life))
}

func (s store) Session(ctx context.Context, id string) (*goidc.AuthnSession, error) {
	as := &goidc.AuthnSession{}
	err := s.engine.Get(ctx, kindVisit, id, as)
	if errors.Is(err, login.ErrGone) {
		stateOf(ctx).gone = true
	}
	as.ID = id
	return as, found(err)
}

// SessionByPushedAuthReqID takes a pushed request: it begins one visit.
func (s store) SessionByPushedAuthReqID(ctx context.Context, id string) (*goidc.AuthnSession, error) {
	as := &goidc.AuthnSession{}
	first, err := s.engine.Take(ctx, kindPush, id, as)
	if err != nil {
		return nil, found(err)
	}
	if !first {
		stateOf(ctx).gone = true
		return nil, goidc.ErrNotFound
	}
	as.ID = login.NewToken()
	return as, nil
}

// given is what a grant is about, as JSON in its row: nothing of it says who, but for who has the row's token.
type given struct {
	Signed   login.Signed `json:"signed"`
	UserInfo []string     `json:"userinfo,omitempty"` // of login.Claims
	IDToken  []string     `json:"id_token,omitempty"`
	ACR      string       `json:"acr"`
	Shown    bool         `json:"shown,omitempty"`
}

const (
	keyGiven  = "given"  // in Grant.Store: a given, as JSON
	keyValues = "values" // in Grant.Store while a request is answered: a values
)

// values are claims as they go.
type values struct {
	userinfo, idToken map[string]any
}

func (s store) SaveGrant(ctx context.Context, g *goidc.Grant) error {
	if g.RevokedAt != 0 {
		return unavailable(s.engine.Put(ctx, kindOver, g.ID, true, grantLife))
	}
	kept := *g
	kept.ID, kept.AuthCode = "", ""
	kept.Store = map[string]any{keyGiven: g.Store[keyGiven]}
	kept.AuthParams = goidc.AuthorizationParameters{RedirectURI: g.AuthParams.RedirectURI, Nonce: g.AuthParams.Nonce,
		CodeChallenge: g.AuthParams.CodeChallenge, CodeChallengeMethod: g.AuthParams.CodeChallengeMethod}
	if err := s.engine.Put(ctx, kindGrant, g.ID, kept, grantLife); err != nil {
		return unavailable(err)
	}
	if g.AuthCode != "" && g.AuthCodeConsumedAt == 0 {
		return unavailable(s.engine.Put(ctx, kindCode, g.AuthCode, g.ID, grantLife))
	}
	return nil
}

// Grant reads a grant, with the claims that go with it. One whose holder is signed in no more counts as revoked.
func (s store) Grant(ctx context.Context, id string) (*goidc.Grant, error) {
	g := &goidc.Grant{}
	if err := s.engine.Get(ctx, kindGrant, id, g); err != nil {
		return nil, found(err)
	}
	g.ID = id
	var over bool
	switch err := s.engine.Get(ctx, kindOver, id, &over); {
	case err == nil:
		g.RevokedAt = 1
		return g, nil
	case !errors.Is(err, login.ErrGone):
		return nil, unavailable(err)
	}
	var about given
	text, _ := g.Store[keyGiven].(string)
	if err := json.Unmarshal([]byte(text), &about); err != nil {
		return nil, errors.New("a grant that cannot be read")
	}
	c, err := s.clients.read(ctx, g.ClientID)
	if err != nil {
		return nil, err
	}
	h, err := s.engine.Holder(ctx, about.Signed)
	switch {
	case errors.Is(err, login.ErrSignedOut), errors.Is(err, login.ErrNotBelieved):
		g.RevokedAt = 1
		return g, nil
	case err != nil:
		return nil, unavailable(err)
	}
	g.Store[keyValues] = values{s.told(c, h, about.UserInfo, about.Shown), s.told(c, h, about.IDToken, about.Shown)}
	values := g.Store[keyValues].(values).idToken
	values["acr"], values["amr"], values["auth_time"] = about.ACR, about.Signed.AMR, about.Signed.At.Unix()
	return g, nil
}

// told are the claims of those that were let go which a service may know.
func (s store) told(c *client, h login.Holder, names []string, shown bool) map[string]any {
	all := h.Values(names, shown)
	for name := range all {
		if !c.allows(name) {
			delete(all, name)
		}
	}
	return all
}

// GrantByAuthCode takes a code. One that was taken before, or whose grant is over, looks redeemed: the library then
// revokes the grant with what was made from it (RFC 9700 §4.5), and answers as RFC 6749 §5.2 has it.
func (s store) GrantByAuthCode(ctx context.Context, code string) (*goidc.Grant, error) {
	var id string
	first, err := s.engine.Take(ctx, kindCode, code, &id)
	if err != nil {
		return nil, found(err)
	}
	g, err := s.Grant(ctx, id)
	if err != nil {
		return nil, err
	}
	if !first || g.RevokedAt != 0 {
		g.AuthCodeConsumedAt, g.RevokedAt = 1, 0
	}
	return g, nil
}

func (s store) SaveToken(ctx context.Context, t *goidc.Token) error {
	kept := *t
	kept.ID = ""
	return unavailable(s.engine.Put(ctx, kindToken, t.ID, kept, tokenLife))
}

// Token reads an access token. For who asks about one of another's there is none (RFC 7662 §2.2).
func (s store) Token(ctx context.Context, id string) (*goidc.Token, error) {
	t := &goidc.Token{}
	if err := s.engine.Get(ctx, kindToken, id, t); err != nil {
		return nil, found(err)
	}
	t.ID = id
	if st := stateOf(ctx); st.path == "/introspect" && st.clientID != t.ClientID {
		return nil, goidc.ErrNotFound
	}
	return t, nil
}

// consume is goidc.ConsumeJTIFunc: each assertion of a client is good once, at whichever instance.
func (s store) consume(ctx context.Context, jti string) error {
	first, err := s.engine.Once(ctx, kindProof, stateOf(ctx).clientID+"\x00"+jti, 2*proofLife)
	if err == nil && !first {
		err = fmt.Errorf("an assertion that was used before")
	}
	return err
}
