// Command generate makes the test infrastructure of the bench anew: authorities, those of countries,
// card keys, staff cards, the mail server's certificate and the portraits, into assets/testpki. It was run once and
// its result is committed; running it again changes every certificate, which tests elsewhere may have
// copied.
//
//	go run ./mock-pcsc/pki/generate
//	go run ./mock-pcsc/pki/generate -only countries
//
// The portraits need opj_compress (Debian: libopenjp2-tools).
package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"balcao/mock-pcsc/curve"
	"balcao/mock-pcsc/pki"
)

func main() {
	log.SetFlags(0)
	out := flag.String("out", "assets/testpki", "folder to write to")
	only := flag.String("only", "", "make only this part: portraits, passport-portraits, countries, staff")
	flag.Parse()
	if err := run(*out, *only); err != nil {
		log.Fatal(err)
	}
}

func run(out, only string) error {
	switch only {
	case "countries":
		return makeCountries(out)
	case "staff":
		return makeStaff(out)
	case "passport-portraits":
		return drawPassportPortraits(filepath.Join(out, "portraits"))
	}
	if err := drawPortraits(filepath.Join(out, "portraits")); err != nil || only == "portraits" {
		return err
	}
	if err := makeCountries(out); err != nil {
		return err
	}
	if err := makeAuthorities(out); err != nil {
		return err
	}
	if err := makeStaff(out); err != nil {
		return err
	}
	for name, kind := range pki.CardKeys() {
		if _, err := makeKey(out, "cards/"+name, kind); err != nil {
			return err
		}
	}
	return makeMailServer(out)
}

func makeAuthorities(out string) error {
	made := map[string]*pki.Authority{}
	keys := map[string]crypto.Signer{}
	for _, spec := range pki.Hierarchy() {
		key, ok := keys[spec.Key]
		if !ok {
			var err error
			if key, err = makeKey(out, spec.Key, spec.KeyKind); err != nil {
				return err
			}
			keys[spec.Key] = key
		}
		der, err := pki.IssueAuthority(spec, key, made[spec.Issuer])
		if err != nil {
			return fmt.Errorf("issuing %s: %w", spec.Slug, err)
		}
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return fmt.Errorf("parsing %s: %w", spec.Slug, err)
		}
		made[spec.Slug] = &pki.Authority{Slug: spec.Slug, Certificate: cert, Key: key}
		if err := write(out, spec.Path(), der); err != nil {
			return err
		}
	}
	_, err := makeKey(out, "ocsp", "P-256")
	return err
}

func makeKey(out, name, kind string) (crypto.Signer, error) {
	key, err := newKey(kind)
	if err != nil {
		return nil, fmt.Errorf("making key %s: %w", name, err)
	}
	der, err := pki.MarshalKey(key)
	if err != nil {
		return nil, fmt.Errorf("encoding key %s: %w", name, err)
	}
	data := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	return key, write(out, "private/"+name+".pem", data)
}

func newKey(kind string) (crypto.Signer, error) {
	switch kind {
	case "RSA-1024":
		return rsa.GenerateKey(rand.Reader, 1024) // the size of the real chip's key
	case "RSA-2048":
		return rsa.GenerateKey(rand.Reader, 2048)
	case "RSA-3072":
		return rsa.GenerateKey(rand.Reader, 3072)
	case "RSA-4096":
		return rsa.GenerateKey(rand.Reader, 4096)
	case "P-256":
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "P-384":
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "P-521":
		return ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	}
	c, err := curve.ByName(kind)
	if err != nil {
		return nil, fmt.Errorf("unknown kind of key %q", kind)
	}
	return ecdsa.GenerateKey(c.Curve, rand.Reader)
}

func write(out, name string, data []byte) error {
	path := filepath.Join(out, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("making a folder: %w", err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil { // public test material
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}
