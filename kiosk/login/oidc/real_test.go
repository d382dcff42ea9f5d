package oidc_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"balcao/kiosk/central/schema"
)

// The clients are of those whom services are written by: nobody here wrote them.

// clientJS signs somebody in with openid-client: it prints where the browser goes, reads where it came back to, and prints
// what it was told.
const clientJS = `
import * as client from 'openid-client'
import { importPKCS8 } from 'jose'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
const key = await importPKCS8(readFileSync('key.pem', 'utf8'), 'ES256')
const config = await client.discovery(new URL(process.argv[2]), 'signs', { id_token_signed_response_alg: process.argv[3] }, client.PrivateKeyJwt({ key, kid: 'k1' }),
  { execute: [client.allowInsecureRequests] })
const pkceCodeVerifier = client.randomPKCECodeVerifier()
const expectedState = client.randomState(), expectedNonce = client.randomNonce()
const to = await client.buildAuthorizationUrlWithPAR(config, { redirect_uri: 'https://signs.example/cb', scope: 'openid profile email', state: expectedState,
  nonce: expectedNonce, code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier), code_challenge_method: 'S256', max_age: '900',
  acr_values: 'http://eidas.europa.eu/LoA/substantial', ui_locales: 'pt-PT', claims: JSON.stringify({ id_token: { email: { essential: true } } }) })
console.log(to.href)
for await (const line of createInterface({ input: process.stdin })) {
  const tokens = await client.authorizationCodeGrant(config, new URL(line), { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true, maxAge: 900 })
  const claims = tokens.claims()
  const info = await client.fetchUserInfo(config, tokens.access_token, claims.sub)
  const before = await client.tokenIntrospection(config, tokens.access_token)
  await client.tokenRevocation(config, tokens.access_token)
  const after = await client.tokenIntrospection(config, tokens.access_token)
  console.log(JSON.stringify({ claims, info, before, after, end: client.buildEndSessionUrl(config, { id_token_hint: tokens.id_token,
    post_logout_redirect_uri: 'https://signs.example/bye' }).href }))
  break
}
`

// TestOpenidClient signs in with npm's openid-client: pushed requests, private_key_jwt, both algorithms of ID tokens.
func TestOpenidClient(t *testing.T) {
	dir := t.TempDir()
	install := exec.Command("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "openid-client@6.8.9")
	install.Dir = dir
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("npm is needed here: %v\n%s", err, out)
	}
	b := newBench(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	b.check(err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	b.check(err)
	b.check(os.WriteFile(filepath.Join(dir, "key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
	b.check(os.WriteFile(filepath.Join(dir, "client.mjs"), []byte(clientJS), 0o600))
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k1", Algorithm: "ES256", Use: "sig"}}})
	b.check(err)
	for _, alg := range []string{"RS256", "ES256"} {
		t.Run(alg, func(t *testing.T) {
			b := &bench{T: t, office: b.office, issuer: b.issuer}
			_, _ = b.office.Admin.Exec(t.Context(), `delete from centre.client`)
			b.service("signs", func(c *schema.Client) { c.Auth, c.JWKS, c.RequirePAR, c.IDTokenAlg = "private_key_jwt", set, true, alg })
			h := b.holder()
			node := exec.CommandContext(t.Context(), "node", "client.mjs", b.issuer, alg)
			node.Dir = dir
			var complaints bytes.Buffer
			node.Stderr = &complaints
			in, err := node.StdinPipe()
			b.check(err)
			out, err := node.StdoutPipe()
			b.check(err)
			b.check(node.Start())
			defer func() { _ = in.Close(); _ = node.Wait() }()
			lines := bufio.NewScanner(out)
			lines.Buffer(nil, 1<<20)
			if !lines.Scan() {
				t.Fatalf("no request: %s", complaints.String())
			}
			br := b.browser()
			back := br.signIn(lines.Text(), h)
			_, err = fmt.Fprintln(in, back)
			b.check(err)
			if !lines.Scan() {
				t.Fatalf("no answer: %s", complaints.String())
			}
			var said struct {
				Claims, Info  map[string]any
				Before, After struct{ Active bool }
				End           string
			}
			b.check(json.Unmarshal(lines.Bytes(), &said))
			if said.Claims["email"] != h.Email || said.Claims["acr"] != "http://eidas.europa.eu/LoA/substantial" || said.Info["name"] != "Inês Simões" || !said.Before.Active || said.After.Active {
				t.Errorf("told: %s", lines.Bytes())
			}
			if a := br.get(said.End); a.to == nil || a.to.String() != "https://signs.example/bye" {
				t.Errorf("signed out to %v", a.to)
			}
		})
	}
}

// free is an address that nobody listens at.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// runs has a program run until the test ends, and waits until it answers.
func (b *bench) runs(address string, cmd *exec.Cmd) {
	b.Helper()
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	b.check(cmd.Start())
	b.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
		if b.Failed() {
			b.Log(said.String())
		}
	})
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if c, err := net.Dial("tcp", address); err == nil {
			_ = c.Close()
			return
		}
	}
	b.Fatalf("%s does not answer: %s", cmd.Path, said.String())
}

// protected goes to a page that another program protects, signs in, and returns that page.
func (br *browser) protected(target string, h holder) answered {
	br.b.Helper()
	a := br.get(target)
	for range 10 {
		if a.to == nil {
			return a
		}
		to := a.to.String()
		if strings.HasPrefix(to, br.b.issuer+"/authorize?") {
			to = br.signIn(to, h).String()
		}
		a = br.get(to)
	}
	br.b.Fatal("sent on for ever")
	return a
}

// oauth2Proxy is a version that was looked at; building it takes minutes once.
const oauth2Proxy = "github.com/oauth2-proxy/oauth2-proxy/v7@v7.15.6"

func TestOAuth2Proxy(t *testing.T) {
	tools, err := filepath.Abs("../../../build/tools")
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(tools, "oauth2-proxy-v7.15.6")
	if _, err := os.Stat(program); err != nil {
		build := exec.Command("go", "install", oauth2Proxy)
		build.Dir = t.TempDir()
		build.Env = append(os.Environ(), "GOBIN="+tools, "GOFLAGS=-trimpath")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if err := os.Rename(filepath.Join(tools, "oauth2-proxy"), program); err != nil {
			t.Fatal(err)
		}
	}
	b := newBench(t)
	h, address := b.holder(), free(t)
	s := b.service("proxy", func(c *schema.Client) {
		c.Loopback, c.Sector, c.RedirectURIs, c.LogoutURIs = true, "proxy.example", []string{"http://127.0.0.1/oauth2/callback"}, nil
	})
	behind := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprint(w, r.Header.Get("X-Forwarded-Email"))
	})}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	b.check(err)
	go func() { _ = behind.Serve(l) }()
	t.Cleanup(func() { _ = behind.Close() })
	b.runs(address, exec.CommandContext(context.WithoutCancel(t.Context()), program, "--provider=oidc", "--oidc-issuer-url="+b.issuer, "--client-id="+s.id, "--client-secret="+s.secret,
		"--redirect-url=http://"+address+"/oauth2/callback", "--http-address="+address, "--upstream=http://"+l.Addr().String(), "--cookie-secure=false",
		"--cookie-secret="+strings.Repeat("x", 32), "--email-domain=*", "--code-challenge-method=S256", "--scope=openid email", "--skip-provider-button"))
	if a := b.browser().protected("http://"+address+"/", h); a.status != http.StatusOK || string(a.body) != h.Email {
		t.Errorf("behind the proxy: %d %q", a.status, a.body)
	}
}

const apacheConf = `
ServerRoot %[1]s
PidFile %[1]s/pid
ErrorLog /dev/stderr
LogLevel warn auth_openidc:info
ServerName 127.0.0.1
Listen %[2]s
Mutex file:%[1]s
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authn_core_module /usr/lib/apache2/modules/mod_authn_core.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule authz_user_module /usr/lib/apache2/modules/mod_authz_user.so
LoadModule headers_module /usr/lib/apache2/modules/mod_headers.so
LoadModule auth_openidc_module /usr/lib/apache2/modules/mod_auth_openidc.so
User www-data
Group www-data
DocumentRoot %[1]s/html
OIDCProviderMetadataURL %[3]s/.well-known/openid-configuration
OIDCClientID %[4]s
OIDCClientSecret %[5]s
OIDCRedirectURI http://%[2]s/protected/cb
OIDCCryptoPassphrase 0123456789abcdef
OIDCPKCEMethod S256
OIDCScope "openid profile email"
OIDCAuthRequestParams claims=%%7B%%22id_token%%22%%3A%%7B%%22pt_niss%%22%%3Anull%%7D%%7D
<Location /protected>
AuthType openid-connect
Require valid-user
Header set X-Name "expr=%%{HTTP:OIDC_CLAIM_name}"
Header set X-Niss "expr=%%{HTTP:OIDC_CLAIM_pt_niss}"
</Location>
`

// TestModAuthOpenidc protects a page of Apache with Debian's module.
func TestModAuthOpenidc(t *testing.T) {
	b := newBench(t)
	h, address := b.holder(), free(t)
	s := b.service("apache", func(c *schema.Client) {
		c.Loopback, c.Sector, c.RedirectURIs, c.LogoutURIs = true, "apache.example", []string{"http://127.0.0.1/protected/cb"}, nil
	})
	dir, err := os.MkdirTemp("", "apache") // one that www-data reads
	b.check(err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	b.check(os.MkdirAll(filepath.Join(dir, "html", "protected"), 0o755))
	b.check(os.Chmod(dir, 0o755)) //nolint:gosec // nothing secret
	b.check(os.WriteFile(filepath.Join(dir, "html", "protected", "page"), []byte("inside"), 0o644))
	b.check(os.WriteFile(filepath.Join(dir, "conf"), fmt.Appendf(nil, apacheConf, dir, address, b.issuer, s.id, s.secret), 0o600))
	b.runs(address, exec.CommandContext(context.WithoutCancel(t.Context()), "apache2", "-f", filepath.Join(dir, "conf"), "-DFOREGROUND"))
	a := b.browser().protected("http://"+address+"/protected/page", h)
	if a.status != http.StatusOK || string(a.body) != "inside" || a.header.Get("X-Niss") != "12345678901" {
		t.Errorf("behind Apache: %d %q %v", a.status, a.body, a.header)
	}
}
