package record

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

const (
	privateBlock = "PRIVATE KEY" // PKCS #8 (RFC 5958)
	publicBlock  = "PUBLIC KEY"  // SubjectPublicKeyInfo (RFC 5280 §4.1)
)

// GenerateKey makes a key that signs records, and its public half, both in PEM. Wipe the private one.
func GenerateKey() (private, public []byte, err error) {
	verifies, signs, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("making the key of records: %w", err)
	}
	defer clear(signs)
	der, err := x509.MarshalPKCS8PrivateKey(signs)
	if err != nil {
		return nil, nil, fmt.Errorf("making the key of records: %w", err)
	}
	defer clear(der)
	pub, err := x509.MarshalPKIXPublicKey(verifies)
	if err != nil {
		return nil, nil, fmt.Errorf("making the key of records: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: privateBlock, Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: publicBlock, Bytes: pub}), nil
}

// ParsePrivateKey reads the private half in PEM. Wipe it.
func ParsePrivateKey(text []byte) (ed25519.PrivateKey, error) {
	return parseKey[ed25519.PrivateKey](text, privateBlock, func(der []byte) (any, error) {
		defer clear(der)
		return x509.ParsePKCS8PrivateKey(der)
	})
}

// ParsePublicKey reads the public half in PEM.
func ParsePublicKey(text []byte) (ed25519.PublicKey, error) {
	return parseKey[ed25519.PublicKey](text, publicBlock, x509.ParsePKIXPublicKey)
}

func parseKey[K any](text []byte, kind string, parse func([]byte) (any, error)) (key K, err error) {
	block, rest := pem.Decode(text)
	if block == nil || block.Type != kind || len(bytes.TrimSpace(rest)) > 0 {
		return key, fmt.Errorf("reading the key of records: not PEM of one %s", kind)
	}
	parsed, err := parse(block.Bytes)
	if err != nil {
		return key, errors.New("reading the key of records: not a key") // the parser's words may quote it
	}
	key, ok := parsed.(K)
	if !ok {
		return key, errors.New("reading the key of records: not an Ed25519 key")
	}
	return key, nil
}
