package oidc

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func writeKey(t *testing.T, dir, name string, key any) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func mustRSA(t *testing.T, bits int) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// TestKeys_Rotation: a key is published before its day, signs from then on, and the one before it verifies until its file goes.
func TestKeys_Rotation(t *testing.T) {
	dir := t.TempDir()
	old, next := mustRSA(t, 3072), mustRSA(t, 3072)
	writeKey(t, dir, "2026-01-01.pem", old)
	k, err := LoadKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	k.now, k.read = func() time.Time { return at }, time.Time{}
	signs := func() (first *rsa.PrivateKey, published int) {
		t.Helper()
		set, err := k.set(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		jwk, err := set.KeyByAlg("RS256")
		if err != nil {
			t.Fatal(err)
		}
		return jwk.Key.(*rsa.PrivateKey), len(set.Public().Keys)
	}
	writeKey(t, dir, "2026-12-01.pem", next)
	at = at.Add(2 * keysAge)
	if key, n := signs(); !key.Equal(old) || n != 2 {
		t.Errorf("the day before: %d keys", n)
	}
	at = at.Add(24 * time.Hour)
	if key, n := signs(); !key.Equal(next) || n != 2 {
		t.Errorf("on the day: %d keys", n)
	}
	if err := os.WriteFile(filepath.Join(dir, "2026-12-02.pem"), []byte("half a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	at = at.Add(2 * keysAge)
	if key, n := signs(); !key.Equal(next) || n != 2 {
		t.Errorf("a folder that cannot be read: %d keys", n)
	}
	if err := os.Remove(filepath.Join(dir, "2026-12-02.pem")); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "2026-01-01.pem")); err != nil {
		t.Fatal(err)
	}
	at = at.Add(2 * keysAge)
	if key, n := signs(); !key.Equal(next) || n != 1 {
		t.Errorf("without the old one: %d keys", n)
	}
}

func TestLoadKeys(t *testing.T) {
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	other, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	long := mustRSA(t, 3072)
	for name, tt := range map[string]struct {
		files map[string]any
		want  string
	}{
		"good":          {map[string]any{"2026-01-01.pem": long, "2026-01-01-es256.pem": curve}, ""},
		"none":          {nil, "no key for RS256"},
		"none yet":      {map[string]any{"9999-01-01.pem": long}, "no key for RS256"},
		"no RSA":        {map[string]any{"2026-01-01-es256.pem": curve}, "no key for RS256"},
		"short":         {map[string]any{"2026-01-01.pem": mustRSA(t, 2048)}, "3072"},
		"another curve": {map[string]any{"2026-01-01-es256.pem": other}, "P-256"},
		"another name":  {map[string]any{"key.pem": long}, "not named by a day"},
	} {
		dir := t.TempDir()
		for file, key := range tt.files {
			writeKey(t, dir, file, key)
		}
		_, err := LoadKeys(dir)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}
