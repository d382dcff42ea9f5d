package oidc

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"
)

// Keys are those that sign ID tokens: a folder of PKCS #8 files in PEM, each named by the day (UTC) from which it signs,
// 2026-12-01.pem for RSA of at least 3072 bits (RS256) and 2026-12-01-es256.pem for P-256 (ES256). All are published; of each
// kind the newest whose day has come signs. So a new one is known to services before it signs, and an old one stays until
// its file is deleted.
type Keys struct {
	dir string
	now func() time.Time

	mu   sync.Mutex
	read time.Time
	keys []signingKey
}

type signingKey struct {
	from time.Time
	jwk  goidc.JSONWebKey
}

// keysAge is for how long the folder is not read again.
const keysAge = time.Minute

// LoadKeys reads the folder, which needs a key for RS256 whose day has come: every client can verify that.
func LoadKeys(dir string) (*Keys, error) {
	k := &Keys{dir: dir, now: time.Now}
	if err := k.load(); err != nil {
		return nil, err
	}
	set, _ := k.set(context.Background())
	if jwk, err := set.KeyByAlg(string(goidc.RS256)); err != nil || k.from(jwk.KeyID).After(time.Now()) {
		return nil, errors.New("no key for RS256 whose day has come, such as " + time.Now().UTC().Format(time.DateOnly) + ".pem")
	}
	return k, nil
}

func (k *Keys) from(id string) time.Time {
	for _, key := range k.keys {
		if key.jwk.KeyID == id {
			return key.from
		}
	}
	return time.Time{}
}

func (k *Keys) load() error {
	files, err := filepath.Glob(filepath.Join(k.dir, "*.pem"))
	if err != nil {
		return fmt.Errorf("reading the signing keys: %w", err)
	}
	var keys []signingKey
	for _, file := range files {
		key, err := loadKey(file)
		if err != nil {
			return fmt.Errorf("signing key %s: %w", filepath.Base(file), err)
		}
		keys = append(keys, key)
	}
	k.keys, k.read = keys, k.now()
	return nil
}

func loadKey(file string) (signingKey, error) {
	day, es := strings.CutSuffix(strings.TrimSuffix(filepath.Base(file), ".pem"), "-es256")
	from, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return signingKey{}, errors.New("not named by a day, as 2026-12-01.pem or 2026-12-01-es256.pem")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return signingKey{}, err
	}
	defer clear(text)
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "PRIVATE KEY" {
		return signingKey{}, errors.New("not a PRIVATE KEY in PEM")
	}
	defer clear(block.Bytes)
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return signingKey{}, errors.New("not a key") // the parser's words may quote it
	}
	jwk := goidc.JSONWebKey{Key: parsed, Use: "sig", Algorithm: string(goidc.RS256)}
	switch key := parsed.(type) {
	case *rsa.PrivateKey:
		if es || key.N.BitLen() < 3072 {
			return signingKey{}, errors.New("not RSA of at least 3072 bits")
		}
	case *ecdsa.PrivateKey:
		if !es || key.Curve != elliptic.P256() {
			return signingKey{}, errors.New("not a key on P-256 named -es256")
		}
		jwk.Algorithm = string(goidc.ES256)
	default:
		return signingKey{}, errors.New("neither RSA nor P-256")
	}
	print, err := jwk.Thumbprint(crypto.SHA256) // RFC 7638
	if err != nil {
		return signingKey{}, errors.New("no thumbprint")
	}
	jwk.KeyID = base64.RawURLEncoding.EncodeToString(print)
	return signingKey{from, jwk}, nil
}

// set is goidc.JWKSFunc: all keys, those that sign first, since the library signs with the first of an algorithm. A folder that
// cannot be read any more leaves the keys as they were.
func (k *Keys) set(context.Context) (goidc.JSONWebKeySet, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	if now.Sub(k.read) > keysAge {
		if k.load() != nil {
			k.read = now
		}
	}
	keys := slices.Clone(k.keys)
	slices.SortStableFunc(keys, func(a, b signingKey) int {
		if come := a.from.After(now); come != b.from.After(now) {
			if come {
				return 1
			}
			return -1
		}
		return b.from.Compare(a.from)
	})
	var set goidc.JSONWebKeySet
	for _, key := range keys {
		set.Keys = append(set.Keys, key.jwk)
	}
	return set, nil
}

// algorithms are those that tokens can be signed by, RS256 first.
func (k *Keys) algorithms() []goidc.SignatureAlgorithm {
	algs := []goidc.SignatureAlgorithm{goidc.RS256}
	set, _ := k.set(context.Background())
	if _, err := set.KeyByAlg(string(goidc.ES256)); err == nil {
		algs = append(algs, goidc.ES256)
	}
	return algs
}
