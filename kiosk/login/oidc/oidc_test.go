package oidc_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"balcao/kiosk/central/schema"
	"balcao/kiosk/login"
)

// TestSignIn goes all the way: from a service's request to the claims that the person let go.
func TestSignIn(t *testing.T) {
	b := newBench(t)
	h, s := b.holder(), b.service("portal", nil)
	verifier, hashed := challenge()
	br := b.browser()
	page, at := br.toConsent(s.start(hashed, "scope", "openid profile email phone pt_nif pt_niss pt_nsns document nationalities unheard-of",
		"claims", `{"id_token":{"email":{"essential":true}},"userinfo":{"pt_nic":null}}`), h)
	want := []login.Row{{Claim: "name", Value: "Inês Simões"}, {Claim: "birthdate", Value: "1992-08-22"}, {Claim: "nationalities", Value: "UKR"},
		{Claim: "document", Value: page.Rows[3].Value}, {Claim: "email", Value: h.Email, Essential: true}, {Claim: "phone_number", Value: h.Phone},
		{Claim: "pt_nic"}, {Claim: "pt_nif"}, {Claim: "pt_niss", Value: "12345678901", Source: "proven"}, {Claim: "pt_nsns"}}
	if diff := cmp.Diff(want, page.Rows); diff != "" || page.Service != "Portal portal" || page.Return != s.redirect {
		t.Errorf("asked for %s", diff)
	}
	back := br.do(at, "consent", "refused", "phone_number").to
	if q := back.Query(); q.Get("state") != "st4te" || q.Get("iss") != b.issuer || q.Get("code") == "" || !strings.HasPrefix(back.String(), s.redirect+"?") {
		t.Fatalf("back at %s", back)
	}
	status, tokens := s.redeem(back, verifier)
	if status != http.StatusOK || tokens["token_type"] != "Bearer" || tokens["refresh_token"] != nil {
		t.Fatalf("tokens: %d %v", status, tokens)
	}
	id := claims(t, tokens["id_token"])
	if id["nonce"] != "n0nce" || id["aud"] != "portal" || id["acr"] != login.Levels[1] || fmt.Sprint(id["amr"]) != "[pin otp sms mfa]" ||
		id["auth_time"] == nil || id["email"] != h.Email || id["name"] != nil {
		t.Errorf("ID token: %v", id)
	}
	status, info := b.userinfo(tokens["access_token"])
	if status != http.StatusOK || info["sub"] != id["sub"] || info["name"] != "Inês Simões" || info["given_name"] != "Inês" || info["pt_niss"] != "12345678901" ||
		info["phone_number"] != nil || info["pt_nif"] != nil || info["pt_nsns"] != nil || info["email_verified"] != true {
		t.Errorf("userinfo: %d %v", status, info)
	}
	if status, said := s.call("/introspect", url.Values{"token": {tokens["access_token"].(string)}}); status != http.StatusOK || said["active"] != true || said["sub"] != id["sub"] {
		t.Errorf("introspection: %d %v", status, said)
	}
	// Somebody else's sector knows another, one that accepts papers the number on it too, and the session asks for consent only.
	other := b.service("other", func(c *schema.Client) { c.AcceptsShown, c.IDTokenAlg = true, "ES256" })
	back = br.signIn(other.start(hashed, "scope", "openid pt_nif"), h)
	_, tokens = other.redeem(back, verifier)
	if sub := claims(t, tokens["id_token"])["sub"]; sub == nil || sub == id["sub"] {
		t.Error("two sectors know one subject")
	}
	if _, info = b.userinfo(tokens["access_token"]); info["pt_nif"] != "123456789" || info["pt_nif_source"] != "shown" || info["name"] != nil {
		t.Errorf("userinfo: %v", info)
	}
	if status, said := s.call("/introspect", url.Values{"token": {tokens["access_token"].(string)}}); status != http.StatusOK || said["active"] != false {
		t.Errorf("another's token: %d %v", status, said)
	}
	if status, _ := other.call("/revoke", url.Values{"token": {tokens["access_token"].(string)}}); status != http.StatusOK {
		t.Errorf("revoking: %d", status)
	}
	if status, _ := b.userinfo(tokens["access_token"]); status != http.StatusUnauthorized {
		t.Errorf("after revoking: %d", status)
	}
}

// TestAnswers: what services ask for beyond the usual, and what they are told.
func TestAnswers(t *testing.T) {
	b := newBench(t)
	h, s := b.holder(), b.service("portal", nil)
	verifier, hashed := challenge()
	signedIn := b.browser()
	first := signedIn.signIn(s.start(hashed), h)
	_, tokens := s.redeem(first, verifier)
	hint := tokens["id_token"].(string)
	for _, tt := range []struct {
		name string
		br   *browser
		more []string
		want string // an error of OAuth, or a step
	}{
		{"prompt=none, nobody", b.browser(), []string{"prompt", "none"}, "login_required"},
		{"prompt=none, somebody", signedIn, []string{"prompt", "none"}, "consent_required"},
		{"prompt=none and another", signedIn, []string{"prompt", "none login"}, "invalid_request"},
		{"prompt=login", signedIn, []string{"prompt", "login"}, "sign_in"},
		{"max_age=0", signedIn, []string{"max_age", "0"}, "sign_in"},
		{"max_age=600", signedIn, []string{"max_age", "600"}, "consent"},
		{"max_age=x", signedIn, []string{"max_age", "x"}, "invalid_request"},
		{"substantial", signedIn, []string{"acr_values", login.Levels[1]}, "consent"},
		{"high", signedIn, []string{"acr_values", login.Levels[2]}, "sign_in"},
		{"essential acr that it has", signedIn, []string{"claims", `{"id_token":{"acr":{"essential":true,"values":["` + login.Levels[1] + `"]}}}`}, "consent"},
		{"claims that are none", signedIn, []string{"claims", `{"id_token":`}, "invalid_request"},
		{"its own ID token", signedIn, []string{"id_token_hint", hint}, "consent"},
		{"no ID token", signedIn, []string{"id_token_hint", hint + "x"}, "invalid_request"},
		{"no openid", signedIn, []string{"scope", "profile"}, "invalid_scope"},
		{"a display", signedIn, []string{"display", "popup", "ui_locales", "fr-CA pt"}, "consent"},
		{"a hint", b.browser(), []string{"login_hint", h.Phone}, "sign_in"},
		{"a request object", signedIn, []string{"request", "e30.e30."}, "request_not_supported"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := tt.br.get(s.start(hashed, tt.more...))
			got := ""
			if a.to != nil && !strings.HasPrefix(a.to.String(), b.issuer) {
				got = a.to.Query().Get("error")
				if a.to.Query().Get("iss") != b.issuer || a.to.Query().Get("state") != "st4te" {
					t.Errorf("back at %s", a.to)
				}
			} else {
				page, _ := tt.br.page(a)
				got = string(page.Step)
			}
			if got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
	// Only an e-mail reaches less than what is asked for: SMS is all that is offered.
	br := b.browser()
	_, at := br.page(br.get(s.start(hashed, "acr_values", login.Levels[1])))
	if page, _ := br.page(br.do(at, "sign_in", "name", h.Email, "pin", h.PIN)); page.Channel != "sms" || page.Other != "" {
		t.Errorf("offered: %+v", page)
	}
	_, at = br.page(br.get(s.start(hashed, "acr_values", login.Levels[2])))
	page, at := br.page(br.do(at, "sign_in", "name", h.Email, "pin", h.PIN))
	if page.Step != login.StepStopped || page.Problem != login.LevelTooLow {
		t.Errorf("more than there is: %+v", page)
	}
	if got := br.do(at, "cancel").to.Query().Get("error"); got != "unmet_authentication_requirements" {
		t.Errorf("more than there is: %s", got)
	}
	_, at = br.page(br.get(s.start(hashed)))
	if got := br.do(at, "cancel").to.Query().Get("error"); got != "access_denied" {
		t.Errorf("cancelled: %s", got)
	}
	if a := br.get(at); a.status != http.StatusGone {
		t.Errorf("a visit that is over: %d", a.status)
	}
}

func TestDiscovery(t *testing.T) {
	b := newBench(t)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.issuer+"/.well-known/openid-configuration", nil)
	b.check(err)
	_, doc := b.json(r)
	for name, want := range map[string]any{
		"issuer": b.issuer, "registration_endpoint": nil, "request_uri_parameter_supported": false, "authorization_response_iss_parameter_supported": true,
		"claims_parameter_supported": true, "end_session_endpoint": b.issuer + "/logout",
	} {
		if doc[name] != want {
			t.Errorf("%s is %v, want %v", name, doc[name], want)
		}
	}
	for name, want := range map[string]string{"code_challenge_methods_supported": "[S256]", "response_types_supported": "[code]", "grant_types_supported": "[authorization_code]",
		"subject_types_supported": "[pairwise]", "id_token_signing_alg_values_supported": "[RS256 ES256]", "response_modes_supported": "[query]"} {
		if fmt.Sprint(doc[name]) != want {
			t.Errorf("%s is %v, want %v", name, doc[name], want)
		}
	}
	r, err = http.NewRequestWithContext(t.Context(), http.MethodGet, doc["jwks_uri"].(string), nil)
	b.check(err)
	_, set := b.json(r)
	keys := set["keys"].([]any)
	for _, k := range keys {
		for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "k"} {
			if k.(map[string]any)[private] != nil {
				t.Errorf("a private key is published: %s", private)
			}
		}
	}
	if len(keys) != 2 {
		t.Errorf("%d keys", len(keys))
	}
	for _, path := range []string{"/register", "/register/x", "/authorize/x/y", "/bc-authorize", "/device_authorization"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.issuer+path, nil)
		b.check(err)
		answer, err := http.DefaultClient.Do(r)
		b.check(err)
		_ = answer.Body.Close()
		if !slices.Contains([]int{http.StatusNotFound, http.StatusMethodNotAllowed}, answer.StatusCode) {
			t.Errorf("%s: %d", path, answer.StatusCode)
		}
	}
}

func TestLogout(t *testing.T) {
	b := newBench(t)
	h, s := b.holder(), b.service("portal", func(c *schema.Client) {
		c.Loopback, c.Sector, c.LogoutURIs = true, "portal.example", append(c.LogoutURIs, "http://127.0.0.1/bye")
	})
	verifier, hashed := challenge()
	br := b.browser()
	_, tokens := s.redeem(br.signIn(s.start(hashed), h), verifier)
	hint := tokens["id_token"].(string)
	ask := func(more ...string) answered {
		q := url.Values{}
		for i := 0; i+1 < len(more); i += 2 {
			q.Set(more[i], more[i+1])
		}
		return br.get(b.issuer + "/logout?" + q.Encode())
	}
	for _, more := range [][]string{
		{"id_token_hint", hint, "post_logout_redirect_uri", "https://evil.example/"},
		{"id_token_hint", hint, "post_logout_redirect_uri", "https://portal.example/bye/x"},
		{"id_token_hint", hint, "post_logout_redirect_uri", "http://127.0.0.1:4711/other"},
		{"id_token_hint", hint, "post_logout_redirect_uri", "http://10.0.0.1:4711/bye"},
		{"id_token_hint", hint + "x", "post_logout_redirect_uri", "https://portal.example/bye"},
		{"id_token_hint", hint, "client_id", "other", "post_logout_redirect_uri", "https://portal.example/bye"},
	} {
		if a := ask(more...); a.status != http.StatusBadRequest {
			t.Errorf("%v: %d %v", more, a.status, a.to)
		}
	}
	if a := ask("client_id", "portal", "post_logout_redirect_uri", "https://portal.example/bye"); a.to == nil || a.to.String() != b.issuer+"/sign-out" {
		t.Errorf("without an ID token: %d %v", a.status, a.to)
	}
	if page, _ := br.page(br.get(s.start(hashed))); page.Step != login.StepConsent {
		t.Errorf("signed out by who may not: %s", page.Step)
	}
	if a := ask("id_token_hint", hint, "post_logout_redirect_uri", "https://portal.example/bye", "state", "x"); a.to == nil || a.to.String() != "https://portal.example/bye?state=x" {
		t.Errorf("signed out to %d %v", a.status, a.to)
	}
	if page, _ := br.page(br.get(s.start(hashed))); page.Step != login.StepSignIn {
		t.Errorf("signed in still: %s", page.Step)
	}
	if a := ask("id_token_hint", hint, "post_logout_redirect_uri", "http://127.0.0.1:4711/bye"); a.to == nil || a.to.String() != "http://127.0.0.1:4711/bye" {
		t.Errorf("signed out to a port of this computer: %d %v", a.status, a.to)
	}
}
