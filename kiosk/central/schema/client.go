package schema

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Client is a service at which people sign in, as it is registered.
type Client struct {
	ID, Name     string
	State        string   // active or suspended
	Sector       string   // services of one sector know a person by the same identifier; empty: the host of all redirect URIs
	RedirectURIs []string // compared whole
	Loopback     bool     // redirects to any port of http://127.0.0.1 or http://[::1] (RFC 8252 §7.3), the paths of RedirectURIs
	LogoutURIs   []string // where it may have people sent when they signed out
	Auth         string   // client_secret_basic, client_secret_post or private_key_jwt (OpenID Connect Core §9)
	JWKS         []byte   // of private_key_jwt: public keys (RFC 7517 §5)
	Claims       []string // what it may ask for
	AcceptsShown bool     // numbers that were only seen on a paper are of use to it
	IDTokenAlg   string   // RS256 or ES256
	RequirePAR   bool     // it asks by pushed requests only (RFC 9126)
	AddedAt      time.Time
	FormerUntil  *time.Time // until when the secret before the present one is taken
}

// Claims are what a service may be registered for.
var Claims = []string{"name", "given_name", "family_name", "birthdate", "nationalities", "document", "email", "phone_number",
	"pt_nic", "pt_nif", "pt_niss", "pt_nsns"}

// Errors of the services' rows.
var (
	ErrClient = errors.New("a service has an identifier of 2 to 63 lower-case letters, digits, dots, _ or -, a name of 1 to 100 characters, " +
		"and authenticates by client_secret_basic, client_secret_post or private_key_jwt")
	ErrClientExists   = errors.New("there is a service of this identifier; use rotate for another secret, set for the rest")
	ErrNoClient       = errors.New("there is no service of this identifier")
	ErrClientRedirect = errors.New("a redirect URI is https:// with a host and no fragment; only of a loopback service http://127.0.0.1 or http://[::1] without port")
	ErrClientSector   = errors.New("redirect URIs of several hosts, or of none: say the sector, such as the organisation's domain")
	ErrClientClaim    = errors.New("a claim is one of " + strings.Join(Claims, " "))
	ErrClientKeys     = errors.New("with private_key_jwt, and only then, there is a JWKS of at least one public key")
	ErrClientSecret   = errors.New("this service has no secret: it signs with a key of its own; give it other keys with set --jwks")
)

// check fills in what was not said, and returns what is wrong with a registration.
func (c *Client) check() error {
	if c.IDTokenAlg == "" {
		c.IDTokenAlg = "RS256"
	}
	hosts := map[string]bool{}
	for _, raw := range slices.Concat(c.RedirectURIs, c.LogoutURIs) {
		u, err := url.Parse(raw)
		if err != nil || u.Host == "" || u.Fragment != "" || strings.Contains(raw, "#") || u.User != nil {
			return ErrClientRedirect
		}
		own := u.Scheme == "http" && (u.Host == "127.0.0.1" || u.Host == "[::1]")
		if u.Scheme != "https" && (!own || !c.Loopback) {
			return ErrClientRedirect
		}
		if !own {
			hosts[u.Hostname()] = true
		}
	}
	if c.Sector == "" {
		if len(hosts) != 1 {
			return ErrClientSector
		}
		for host := range hosts {
			c.Sector = host
		}
	}
	for _, claim := range c.Claims {
		if !slices.Contains(Claims, claim) {
			return ErrClientClaim
		}
	}
	var keys struct{ Keys []map[string]any }
	if signs := c.Auth == "private_key_jwt"; signs != (len(c.JWKS) > 0) {
		return ErrClientKeys
	} else if signs {
		if err := json.Unmarshal(c.JWKS, &keys); err != nil || len(keys.Keys) == 0 {
			return ErrClientKeys
		}
		for _, k := range keys.Keys {
			if k["d"] != nil || k["k"] != nil || k["kty"] == nil { // RFC 7518 §6: what is private, or secret
				return ErrClientKeys
			}
		}
	}
	return nil
}

// newSecret makes a service's secret, and what the database has of it.
func newSecret() (secret string, sum []byte) {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails
	secret = base64.RawURLEncoding.EncodeToString(raw)
	digest := sha256.Sum256([]byte(secret))
	return secret, digest[:]
}

// AddClient registers a service and returns its secret, which nobody can be told again; none of one that signs with a key
// of its own. State, AddedAt and FormerUntil are not read. Errors: ErrClient, ErrClientRedirect, ErrClientSector,
// ErrClientClaim, ErrClientKeys, ErrClientExists.
func AddClient(ctx context.Context, adminDSN string, c Client) (secret string, err error) {
	if err := c.check(); err != nil {
		return "", err
	}
	var sum []byte
	if c.Auth != "private_key_jwt" {
		secret, sum = newSecret()
	}
	err = inTx(ctx, adminDSN, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `insert into centre.client (id, name, sector, redirect_uris, loopback, logout_uris, auth, secret, jwks, claims, accepts_shown,
				id_token_alg, require_par) values ($1, $2, $3, $4, $5, coalesce($6::text[], '{}'), $7, $8, $9::jsonb, coalesce($10::text[], '{}'), $11, $12, $13)
			on conflict do nothing`, c.ID, c.Name, c.Sector, c.RedirectURIs, c.Loopback, c.LogoutURIs, c.Auth, sum, orNull(c.JWKS), c.Claims, c.AcceptsShown,
			c.IDTokenAlg, c.RequirePAR)
		switch {
		case hasCode(err, "23514", "23502"): // check_violation, not_null_violation
			return ErrClient
		case err != nil:
			return fmt.Errorf("adding a service: %w", redact(err))
		case tag.RowsAffected() == 0:
			return ErrClientExists
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	return secret, nil
}

func orNull(raw []byte) *string {
	if len(raw) == 0 {
		return nil
	}
	s := string(raw)
	return &s
}

// RotateClient gives a service its next secret. The one before it is taken until the overlap is over; any before that is
// not any more. Errors: ErrNoClient, ErrClientSecret.
func RotateClient(ctx context.Context, adminDSN, id string, overlap time.Duration) (secret string, err error) {
	secret, sum := newSecret()
	err = inTx(ctx, adminDSN, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `update centre.client set former = secret, former_until = clock_timestamp() + make_interval(secs => $3), secret = $2
			where id = $1 and secret is not null`, id, sum, overlap.Seconds())
		if err != nil {
			return fmt.Errorf("changing a service's secret: %w", redact(err))
		} else if tag.RowsAffected() == 1 {
			return nil
		}
		var there bool
		if err := tx.QueryRow(ctx, `select exists (select from centre.client where id = $1)`, id).Scan(&there); err != nil {
			return fmt.Errorf("looking for a service: %w", redact(err))
		} else if there {
			return ErrClientSecret
		}
		return ErrNoClient
	})
	if err != nil {
		return "", err
	}
	return secret, nil
}

// ChangeClient changes what is registered of a service: change is given it, of which ID, State, AddedAt and FormerUntil stay. One
// that signed with a key of its own and is to have a secret is given one, which is returned. People are known by the same
// identifiers as long as the sector is the same, which other redirect URIs do not change. Errors: ErrNoClient, those of AddClient
// but ErrClientExists, and change's own.
func ChangeClient(ctx context.Context, adminDSN, id string, change func(*Client) error) (secret string, err error) {
	err = inTx(ctx, adminDSN, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, clientRows+` where id = $1 for update`, id)
		if err != nil {
			return fmt.Errorf("reading a service: %w", redact(err))
		}
		c, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Client])
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrNoClient
		} else if err != nil {
			return fmt.Errorf("reading a service: %w", redact(err))
		}
		signed := c.Auth == "private_key_jwt"
		if err := change(&c); err != nil {
			return err
		}
		if err := c.check(); err != nil {
			return err
		}
		var sum []byte
		if signed && c.Auth != "private_key_jwt" {
			secret, sum = newSecret()
		}
		_, err = tx.Exec(ctx, `update centre.client set name = $2, sector = $3, redirect_uris = $4, loopback = $5, logout_uris = coalesce($6::text[], '{}'),
				auth = $7, jwks = $8::jsonb, claims = coalesce($9::text[], '{}'), accepts_shown = $10, id_token_alg = $11, require_par = $12,
				secret = case when $8::jsonb is null then coalesce($13, secret) end, former = case when $8::jsonb is null then former end,
				former_until = case when $8::jsonb is null then former_until end
			where id = $1`, id, c.Name, c.Sector, c.RedirectURIs, c.Loopback, c.LogoutURIs, c.Auth, orNull(c.JWKS), c.Claims, c.AcceptsShown,
			c.IDTokenAlg, c.RequirePAR, sum)
		if hasCode(err, "23514", "23502") { // check_violation, not_null_violation
			return ErrClient
		} else if err != nil {
			return fmt.Errorf("changing a service: %w", redact(err))
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	return secret, nil
}

// SuspendClient has nobody sign in at a service any more until ResumeClient; nor is it told anything of those who did.
// Error: ErrNoClient.
func SuspendClient(ctx context.Context, adminDSN, id string) error {
	return setClient(ctx, adminDSN, id, "suspended")
}

// ResumeClient lets people sign in at a suspended service again. Error: ErrNoClient.
func ResumeClient(ctx context.Context, adminDSN, id string) error {
	return setClient(ctx, adminDSN, id, "active")
}

func setClient(ctx context.Context, adminDSN, id, state string) error {
	return inTx(ctx, adminDSN, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `update centre.client set state = $2 where id = $1`, id, state)
		if err != nil {
			return fmt.Errorf("changing a service: %w", redact(err))
		} else if tag.RowsAffected() == 0 {
			return ErrNoClient
		}
		return nil
	})
}

// Clients lists the services by identifier.
func Clients(ctx context.Context, adminDSN string) ([]Client, error) {
	return list[Client](ctx, adminDSN, "the services", clientRows+` order by id`)
}

const clientRows = `select id, name, state, sector, redirect_uris, loopback, logout_uris, auth, jwks, claims, accepts_shown,
	id_token_alg, require_par, added_at, case when former_until > clock_timestamp() then former_until end from centre.client`
