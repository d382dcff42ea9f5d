package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"

	"balcao/cmd/internal/process"
	"balcao/kiosk/central/cluster"
	"balcao/kiosk/central/schema"
	"balcao/kiosk/login/oidc"
)

// Where people sign in, and the service at which they do. Both are in the clear, on this computer only. Fixed ports of the
// demonstration are below 32768, where Linux takes no port for a connection that leaves (ip_local_port_range): such a one
// may have any other port for itself when a server starts.
const (
	loginAddress  = "127.0.0.1:25985"
	portalAddress = "127.0.0.1:25986"
)

// loginURL is by what services and browsers know the sign-in service.
const loginURL = "http://" + loginAddress

// visitor is a client that is registered for whoever tries out another: all claims, and any port of the computer itself.
const visitor = "qa"

// paths are of the redirect URIs at which common clients expect their answer.
var paths = []string{"/", "/callback", "/cb", "/redirect", "/redirect_uri", "/oauth2/callback", "/oidc/callback", "/auth/callback"}

// startLogin starts the sign-in service, as its operator does, and the service that signs people in with it.
func (d *demo) startLogin(ctx context.Context) error {
	kioskctl := filepath.Join(d.programs, "kioskctl")
	if _, _, err := process.Output(ctx, nil, kioskctl, "client", "key", d.path("signing")); err != nil {
		return fmt.Errorf("making the key that signs what services are told: %w", err)
	}
	subjects := make([]byte, oidc.SubjectKeyLength)
	_, _ = rand.Read(subjects)
	if err := os.WriteFile(d.path("subjects"), subjects, 0o600); err != nil {
		return err
	}
	if err := writeTOML(d.path("login.toml"), map[string]any{
		"listen": loginAddress, "issuer": loginURL, "database": d.cluster.DSN(cluster.Login, database),
		"pepper": filepath.Join(d.path("keys"), "pepper"), "record_keys": []string{d.recordKey()},
		"signing_keys": "signing", "subject_key": "subjects",
	}); err != nil {
		return err
	}
	if err := d.startPart(ctx, "login", "-config", d.path("login.toml")); err != nil {
		return err
	}
	qa := schema.Client{ID: visitor, Name: "Serviço de ensaio", Sector: "ensaio.example"}
	for _, path := range paths {
		qa.RedirectURIs = append(qa.RedirectURIs, "http://127.0.0.1"+path, "http://[::1]"+path)
	}
	var err error
	if d.secret, err = d.addClient(ctx, qa); err != nil {
		return err
	}
	own := schema.Client{ID: "portal", Name: "Portal de demonstração", Sector: "portal.example", RedirectURIs: []string{"http://127.0.0.1/callback"}}
	secret, err := d.addClient(ctx, own)
	if err != nil {
		return err
	}
	d.portal, err = startPortal(ctx, portalAddress, own.ID, secret)
	return err
}

// addClient registers a service on this computer for all that may be asked for, and returns its secret.
func (d *demo) addClient(ctx context.Context, c schema.Client) (secret string, err error) {
	c.Loopback, c.Auth, c.Claims, c.AcceptsShown = true, "client_secret_basic", schema.Claims, true
	c.LogoutURIs = []string{"http://127.0.0.1/"}
	if secret, err = schema.AddClient(ctx, d.cluster.DSN(cluster.Admin, database), c); err != nil {
		return "", fmt.Errorf("registering %s: %w", c.Name, err)
	}
	return secret, nil
}
