package main

import (
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// portal is a service at which people sign in with their key. It is a client as any is: what it knows of OpenID Connect
// is two libraries of others'.
type portal struct {
	http.Server
	provider *oidc.Provider
	client   oauth2.Config

	mu      sync.Mutex
	begun   map[string]begun  // by state
	arrived map[string]person // by the cookie
}

// begun is a sign-in on its way.
type begun struct{ verifier, nonce, browser string }

// person is who signed in.
type person struct {
	Claims  []claim
	IDToken string
}

// claim is what the portal was told.
type claim struct{ Name, Value string }

// told are the claims that the portal asks for and shows, in this order, after those that say how somebody signed in.
var told = []string{"sub", "acr", "amr", "name", "given_name", "family_name", "birthdate", "nationalities", "document", "email", "phone_number",
	"pt_nic", "pt_nif", "pt_nif_source", "pt_niss", "pt_niss_source", "pt_nsns", "pt_nsns_source"}

// cookie is the portal's own; the sign-in service on another port of the same host has others.
const cookie = "portal"

//go:embed portal.html
var portalText string

var portalPage = template.Must(template.New("").Parse(portalText))

// startPortal starts it at an address of this computer.
func startPortal(ctx context.Context, address, id, secret string) (*portal, error) {
	provider, err := oidc.NewProvider(ctx, loginURL)
	if err != nil {
		return nil, fmt.Errorf("reaching the sign-in service: %w", err)
	}
	p := &portal{provider: provider, begun: map[string]begun{}, arrived: map[string]person{}, client: oauth2.Config{
		ClientID: id, ClientSecret: secret, Endpoint: provider.Endpoint(), RedirectURL: "http://" + address + "/callback",
		Scopes: []string{"openid", "profile", "email", "phone", "nationalities", "document", "pt_nic", "pt_nif", "pt_niss", "pt_nsns"},
	}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.home)
	mux.HandleFunc("GET /enter", p.enter)
	mux.HandleFunc("GET /callback", p.callback)
	mux.HandleFunc("POST /leave", p.leave)
	p.Handler, p.ReadHeaderTimeout = mux, 5*time.Second
	p.ErrorLog = log.New(os.Stderr, "portal: ", 0)
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("the portal: %w", err)
	}
	go func() { _ = p.Serve(l) }()
	return p, nil
}

// browser is the browser's cookie; it gets one when it has none.
func (p *portal) browser(w http.ResponseWriter, r *http.Request) string {
	if c, err := r.Cookie(cookie); err == nil {
		return c.Value
	}
	value := rand.Text()
	http.SetCookie(w, &http.Cookie{Name: cookie, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	return value
}

func (p *portal) home(w http.ResponseWriter, r *http.Request) { p.show(w, p.browser(w, r), "") }

// show writes the page: who is signed in, and what went wrong.
func (p *portal) show(w http.ResponseWriter, browser, problem string) {
	p.mu.Lock()
	who := p.arrived[browser]
	p.mu.Unlock()
	w.Header().Set("Cache-Control", "no-store")
	_ = portalPage.Execute(w, map[string]any{"Claims": who.Claims, "Problem": problem, "Login": loginURL})
}

// enter sends a person to where they sign in.
func (p *portal) enter(w http.ResponseWriter, r *http.Request) {
	state, b := rand.Text(), begun{oauth2.GenerateVerifier(), rand.Text(), p.browser(w, r)}
	p.mu.Lock()
	p.begun[state] = b
	p.mu.Unlock()
	http.Redirect(w, r, p.client.AuthCodeURL(state, oauth2.S256ChallengeOption(b.verifier), oidc.Nonce(b.nonce)), http.StatusSeeOther)
}

// callback is where a person comes back to.
func (p *portal) callback(w http.ResponseWriter, r *http.Request) {
	browser := p.browser(w, r)
	p.mu.Lock()
	b, known := p.begun[r.FormValue("state")]
	delete(p.begun, r.FormValue("state"))
	p.mu.Unlock()
	switch refusal := r.FormValue("error"); {
	case !known || b.browser != browser || r.FormValue("iss") != loginURL: // RFC 9207 §2.4
		p.show(w, browser, "esta resposta não é a um pedido deste navegador")
		return
	case refusal != "":
		p.show(w, browser, refusal)
		return
	}
	who, err := p.ask(r.Context(), r.FormValue("code"), b)
	if err != nil {
		p.show(w, browser, err.Error())
		return
	}
	p.mu.Lock()
	p.arrived[browser] = who
	p.mu.Unlock()
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// ask exchanges the code for what the service is told.
func (p *portal) ask(ctx context.Context, code string, b begun) (who person, err error) {
	token, err := p.client.Exchange(ctx, code, oauth2.VerifierOption(b.verifier))
	if err != nil {
		return who, fmt.Errorf("exchanging the code: %w", err)
	}
	who.IDToken, _ = token.Extra("id_token").(string)
	id, err := p.provider.Verifier(&oidc.Config{ClientID: p.client.ClientID}).Verify(ctx, who.IDToken)
	if err != nil {
		return who, fmt.Errorf("verifying the ID token: %w", err)
	}
	info, err := p.provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return who, fmt.Errorf("asking for the claims: %w", err)
	}
	var values map[string]any
	for _, claims := range []func(any) error{id.Claims, info.Claims} {
		if err := claims(&values); err != nil {
			return who, fmt.Errorf("reading the claims: %w", err)
		}
	}
	if id.Nonce != b.nonce || info.Subject != id.Subject {
		return who, fmt.Errorf("the answer is about another sign-in")
	}
	for _, name := range told {
		switch value := values[name].(type) {
		case nil:
		case string:
			who.Claims = append(who.Claims, claim{name, value})
		default:
			text, err := json.Marshal(value)
			if err != nil {
				return who, err
			}
			who.Claims = append(who.Claims, claim{name, string(text)})
		}
	}
	return who, nil
}

// leave signs a person out here and where they signed in (RP-Initiated Logout §2).
func (p *portal) leave(w http.ResponseWriter, r *http.Request) {
	browser := p.browser(w, r)
	p.mu.Lock()
	who := p.arrived[browser]
	delete(p.arrived, browser)
	p.mu.Unlock()
	out := url.Values{"id_token_hint": {who.IDToken}, "post_logout_redirect_uri": {"http://" + r.Host + "/"}}
	http.Redirect(w, r, loginURL+"/logout?"+out.Encode(), http.StatusSeeOther)
}

// openBrowser opens a page where the computer has a browser, and says its address anyway.
func (d *demo) openBrowser() {
	page := "http://" + portalAddress + "/"
	_, _ = fmt.Fprintln(d.out, "sign in with a key at", page)
	path, err := exec.LookPath("xdg-open")
	if err != nil {
		return
	}
	cmd := exec.Command(path, page)
	if cmd.Start() == nil {
		go func() { _ = cmd.Wait() }()
	}
}
