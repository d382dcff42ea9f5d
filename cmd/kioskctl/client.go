package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"

	"balcao/kiosk/central/schema"
)

const clientUsage = `Usage: kioskctl client COMMAND [flags]

  add ID --name NAME --redirect URI… --claims A,B [--logout URI…] [--loopback] [--sector NAME] [--jwks FILE | --post | --basic]
         [--accepts-shown] [--alg RS256|ES256] [--par]
        register a service at which people sign in, and print its secret, which nobody can be told again.
        --redirect, --logout   may be said several times; https, or with --loopback http://127.0.0.1/… or http://[::1]/… on any port
        --claims               name given_name family_name birthdate nationalities document email phone_number pt_nic pt_nif pt_niss pt_nsns
        --sector               services of one sector know a person by one identifier; when not said, the host of its redirect URIs
        --jwks                 it signs with a key of its own (private_key_jwt), of which these are the public ones, and has no secret
        --post                 it sends its secret in the form (client_secret_post), and not in a header (--basic, when none is said)
        --accepts-shown        numbers that were only seen on a paper are given too, and marked so
        --par                  it has to push its requests (RFC 9126)
  set ID [any of these]
        change what is said; what is said several times is all there is then, and --par=false takes back. Secret and sector stay
  rotate ID [--overlap DURATION]
        make its next secret; the one before ends after the overlap (24h when not said, 0s: at once)
  suspend ID, resume ID
        have nobody sign in there any more, and let it go on
  list  print the services
  key DIR [--es256] [--from DAY]
        make a key that signs what services are told, a file of DIR for the login service, without a database. It signs
        from a day on, as 2031-04-15 (UTC): tomorrow when not said, or today where DIR has none. Delete old ones a day after

The connection string of a superuser is --dsn, or better BALCAO_ADMIN_DSN.
`

// runClient carries out "kioskctl client".
func runClient(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return oneOf(ctx, "kioskctl client", clientUsage, map[string]command{
		"add": clientAdd, "set": clientSet, "rotate": clientRotate, "list": clientList, "key": clientKey,
		"suspend": changeOne("client suspend", clientUsage, schema.SuspendClient, "Nobody signs in at %s any more.\n"),
		"resume":  changeOne("client resume", clientUsage, schema.ResumeClient, "People may sign in at %s again.\n"),
	}, args, stdout, stderr)
}

// clientFlags are the flags of what is registered of a service. apply puts what was said into a registration, and nothing else.
func clientFlags(fs *flag.FlagSet) (apply func(*schema.Client) error) {
	var said schema.Client
	fs.StringVar(&said.Name, "name", "", "")
	fs.StringVar(&said.Sector, "sector", "", "")
	fs.StringVar(&said.IDTokenAlg, "alg", "", "")
	fs.BoolVar(&said.Loopback, "loopback", false, "")
	fs.BoolVar(&said.AcceptsShown, "accepts-shown", false, "")
	fs.BoolVar(&said.RequirePAR, "par", false, "")
	fs.Func("redirect", "", func(uri string) error { said.RedirectURIs = append(said.RedirectURIs, uri); return nil })
	fs.Func("logout", "", func(uri string) error { said.LogoutURIs = append(said.LogoutURIs, uri); return nil })
	fs.Func("claims", "", func(list string) error { said.Claims = strings.Split(list, ","); return nil })
	basic, post, jwks := fs.Bool("basic", false, ""), fs.Bool("post", false, ""), fs.String("jwks", "", "")
	return func(c *schema.Client) (err error) {
		ways := map[string]bool{"client_secret_basic": *basic, "client_secret_post": *post, "private_key_jwt": *jwks != ""}
		maps.DeleteFunc(ways, func(_ string, said bool) bool { return !said })
		if len(ways) > 1 {
			return errors.New("--basic and --post are for a service with a secret, --jwks for one without: say one of them")
		}
		for c.Auth = range ways {
			c.JWKS = nil
		}
		if *jwks != "" {
			c.JWKS, err = os.ReadFile(*jwks)
		}
		fs.Visit(func(f *flag.Flag) {
			switch f.Name {
			case "name":
				c.Name = said.Name
			case "sector":
				c.Sector = said.Sector
			case "alg":
				c.IDTokenAlg = said.IDTokenAlg
			case "loopback":
				c.Loopback = said.Loopback
			case "accepts-shown":
				c.AcceptsShown = said.AcceptsShown
			case "par":
				c.RequirePAR = said.RequirePAR
			case "redirect":
				c.RedirectURIs = said.RedirectURIs
			case "logout":
				c.LogoutURIs = said.LogoutURIs
			case "claims":
				c.Claims = said.Claims
			}
		})
		return err
	}
}

func clientAdd(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fs, dsn := adminFlags("client add", clientUsage, stderr)
	apply := clientFlags(fs)
	leading, exit, ok := parseNamed(fs, dsn, 1, args, stderr)
	if !ok {
		return exit
	}
	c := schema.Client{ID: leading[0], Auth: "client_secret_basic"}
	err := apply(&c)
	secret := ""
	if err == nil {
		secret, err = schema.AddClient(ctx, *dsn, c)
	}
	if err != nil {
		return fail(stderr, fs.Name(), err)
	}
	_, _ = fmt.Fprintf(stdout, "People may sign in at %s.\n  client_id     = %q\n", c.Name, c.ID)
	printSecret(stdout, secret)
	return exitOK
}

func clientSet(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fs, dsn := adminFlags("client set", clientUsage, stderr)
	apply := clientFlags(fs)
	leading, exit, ok := parseNamed(fs, dsn, 1, args, stderr)
	if !ok {
		return exit
	}
	changes := 0
	fs.Visit(func(f *flag.Flag) {
		if f.Name != "dsn" {
			changes++
		}
	})
	if changes == 0 {
		fs.Usage()
		return exitUsage
	}
	secret, err := schema.ChangeClient(ctx, *dsn, leading[0], apply)
	if err != nil {
		return fail(stderr, fs.Name(), err)
	}
	_, _ = fmt.Fprintf(stdout, "%s is changed, for whoever signs in from now on.\n", leading[0])
	printSecret(stdout, secret)
	return exitOK
}

func printSecret(stdout io.Writer, secret string) {
	if secret != "" {
		_, _ = fmt.Fprintf(stdout, "  client_secret = %q\n", secret)
	}
}

func clientRotate(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fs, dsn := adminFlags("client rotate", clientUsage, stderr)
	overlap := fs.Duration("overlap", 24*time.Hour, "")
	leading, exit, ok := parseNamed(fs, dsn, 1, args, stderr)
	if !ok {
		return exit
	}
	secret, err := schema.RotateClient(ctx, *dsn, leading[0], *overlap)
	if err != nil {
		return fail(stderr, fs.Name(), err)
	}
	_, _ = fmt.Fprintf(stdout, "The secret of %s before this one ends in %s.\n", leading[0], *overlap)
	printSecret(stdout, secret)
	return exitOK
}

func clientList(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fs, dsn := adminFlags("client list", clientUsage, stderr)
	if exit, ok := parseAdmin(fs, dsn, args, stderr); !ok {
		return exit
	}
	clients, err := schema.Clients(ctx, *dsn)
	if err != nil {
		return fail(stderr, fs.Name(), err)
	}
	for _, c := range clients {
		_, _ = fmt.Fprintf(stdout, "%s  %s, %s, added %s, %s, sector %s\n", c.ID, c.Name, c.State, day(c.AddedAt), c.Auth, c.Sector)
		if c.FormerUntil != nil {
			_, _ = fmt.Fprintf(stdout, "  the secret before ends %s\n", c.FormerUntil.UTC().Format(time.RFC3339))
		}
		_, _ = fmt.Fprintf(stdout, "  %s\n  claims %s\n", strings.Join(c.RedirectURIs, " "), strings.Join(c.Claims, " "))
	}
	return exitOK
}

// clientKey makes a signing key of the login service, as kiosk/login/oidc reads it.
func clientKey(_ context.Context, args []string, stdout, stderr io.Writer) int {
	leading, rest := names(args)
	fs := newFlags("client key", clientUsage, stderr)
	es := fs.Bool("es256", false, "")
	from := fs.String("from", "", "")
	if exit, ok := parseAdmin(fs, nil, rest, stderr); !ok {
		return exit
	}
	if len(leading) != 1 {
		fs.Usage()
		return exitUsage
	}
	file, err := makeSigningKey(leading[0], *from, *es)
	if err != nil {
		return fail(stderr, fs.Name(), err)
	}
	_, _ = fmt.Fprintf(stdout, "%s signs from that day on; keep it secret, and the same on every computer of the login service.\n", file)
	return exitOK
}

func makeSigningKey(dir, from string, es bool) (file string, err error) {
	suffix := map[bool]string{true: "-es256"}[es]
	if from == "" {
		before, err := filepath.Glob(filepath.Join(dir, "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]"+suffix+".pem"))
		if err != nil {
			return "", err
		}
		begins := time.Now().UTC()
		if len(before) > 0 { // services hear of it before it signs
			begins = begins.AddDate(0, 0, 1)
		}
		from = begins.Format(time.DateOnly)
	}
	if _, err := time.Parse(time.DateOnly, from); err != nil {
		return "", errors.New("a day is written as 2031-04-15")
	}
	var key any
	if es {
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	} else {
		key, err = rsa.GenerateKey(rand.Reader, 3072)
	}
	if err != nil {
		return "", fmt.Errorf("making a key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", fmt.Errorf("encoding a key: %w", err)
	}
	defer clear(der)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	file = filepath.Join(dir, from+suffix+".pem")
	out, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // never over one that signs
	if err != nil {
		return "", err
	}
	return file, errors.Join(pem.Encode(out, &pem.Block{Type: "PRIVATE KEY", Bytes: der}), out.Close())
}
